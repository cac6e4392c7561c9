//! What a stimulator puts out by itself once nothing reaches it any more.

use core::fmt;

use nmes_core::{Level, Plan, PulseFrame};

/// Pulses that nobody asked for: those that a device repeats from the moment its link is lost until it stops by itself.
///
/// A worst case beside the check's report, which knows the plan and not the device: every channel at its ceiling, the loss
/// just before an onset. Windows of the check that are shorter than a train are as they were, for a device repeats at the
/// rate of the plan; what is longer is the train.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunOn {
    /// For how long, in milliseconds.
    pub time_ms: u32,
    /// Pulses on all channels.
    pub pulses: u64,
    /// Charge of their leading phases in all, in picocoulombs.
    pub charge_pc: u64,
}

impl RunOn {
    /// Of a plan whose ticks are microseconds, as those for every device here are. Full where it does not fit.
    pub(crate) fn of(plan: &Plan<'_>, time_ms: u32) -> Self {
        let mut sum = Self { time_ms, pulses: 0, charge_pc: 0 };
        for (index, channel) in (0_u8..).zip(plan.channels()) {
            let own = channel.channel();
            let time_us = u64::from(time_ms).saturating_mul(1_000);
            let periods = time_us.saturating_mul(u64::from(own.rate.pulses()));
            let onsets =
                periods.checked_div(u64::from(own.rate.per_us())).unwrap_or(u64::MAX).saturating_add(1);
            let frame = plan.frame(index, own.ceiling, 0);
            let each = frame.as_ref().map_or(0, |frame| leading_pc(frame, plan, index));
            let cycles = frame.as_ref().map_or(0, |frame| u64::from(frame.cycles()));
            let pulses = onsets.saturating_mul(cycles);
            sum.pulses = sum.pulses.saturating_add(pulses);
            sum.charge_pc = sum.charge_pc.saturating_add(each.saturating_mul(pulses));
        }
        sum
    }
}

/// What flows one way in one repeat of a frame: nA × µs are femtocoulombs.
fn leading_pc(frame: &PulseFrame<'_>, plan: &Plan<'_>, channel: u8) -> u64 {
    let Some(output) = plan.hardware().channel(channel) else { return 0 };
    let mut femtocoulombs = 0_u64;
    for segment in frame.cycle_segments() {
        if let Level::Code(code) = segment.level
            && let Ok(current) = u64::try_from(output.current_na(code))
        {
            femtocoulombs = femtocoulombs.saturating_add(current.saturating_mul(u64::from(segment.ticks)));
        }
    }
    femtocoulombs / 1_000
}

impl fmt::Display for RunOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, tenth) = (self.time_ms / 1_000, self.time_ms % 1_000 / 100);
        let (uc, part) = (self.charge_pc / 1_000_000, self.charge_pc % 1_000_000 / 10_000);
        write!(
            f,
            "if the link is lost it goes on by itself for up to {whole}.{tenth} s: at most {} pulses, {uc}.{part:02} µC one way \
             in all, beside what the check has counted",
            self.pulses
        )
    }
}
