//! A host, a heel switch and whoever else calls from outside, at their worst.

use nmes_core::{GateInput, Millis, Setting};
use nmes_hal_adapters::sim::Random;
use nmes_hal_adapters::{Alarm, Output, Sense, Stimulator};

/// Calls that come from outside, again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pest {
    /// Settings that could be meant, up to 10,000 a second.
    Flood,
    /// Settings and channels that nobody could mean.
    Absurd,
    /// A trigger that opens and closes every few hundred microseconds.
    Chatter,
    /// A trigger that never lets go.
    Stuck,
}

impl Pest {
    /// The next call.
    pub fn call<O: Output, A: Alarm, S: Sense>(
        self,
        stim: &mut Stimulator<'_, O, A, S>,
        random: &mut Random,
    ) {
        match self {
            Self::Flood => command(stim, random, (25_000, 300)),
            Self::Absurd => command(stim, random, (1_000_000, 10_000_000)),
            Self::Chatter => {
                let input = match random.up_to(3) {
                    0 => GateInput::Open,
                    1 => GateInput::Hold,
                    2 => GateInput::Toggle,
                    _ => GateInput::Close { down: Millis::from_millis(random.up_to(50)) },
                };
                let _ = stim.gate(input);
            }
            Self::Stuck => {
                let _ = stim.gate(GateInput::Open);
            }
        }
    }

    /// Ticks until the call after it.
    pub fn pause(self, random: &mut Random) -> u64 {
        let most = match self {
            Self::Flood | Self::Absurd => 400,
            Self::Chatter => 1_000,
            Self::Stuck => 10_000,
        };
        1 + u64::from(random.up_to(most))
    }
}

fn command<O: Output, A: Alarm, S: Sense>(
    stim: &mut Stimulator<'_, O, A, S>,
    random: &mut Random,
    most: (u32, u32),
) {
    let channel = u8::try_from(random.up_to(8)).unwrap_or(u8::MAX);
    let Some(setting) = Setting::new(random.up_to(most.0), random.up_to(most.1)) else { return };
    // a refusal is the answer that is wanted; what comes of those that are taken is measured
    if random.up_to(1) == 0 {
        let _ = stim.command(channel, setting);
    } else {
        let _ = stim.aim(channel, setting);
    }
}
