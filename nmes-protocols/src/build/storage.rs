//! Room for what a session is made of.

use nmes_core::{
    Balance, Channel, Cycle, Form, MAX_CHANNELS, MAX_STAGES, MicroAmps, Micros, Millis, PulseShape, Ramp,
    Rate, Repeat, Setting, Stage, Timing, Train,
};

/// Room for the channels and stages of a session, to lend to [`build_session`](crate::build_session): about two kilobytes. What stands in it
/// before does not matter.
#[derive(Clone, Copy, Debug)]
pub struct Storage {
    pub(crate) channels: [Channel<'static>; MAX_CHANNELS],
    pub(crate) stages: [Stage; MAX_STAGES],
}

impl Storage {
    /// Room.
    #[must_use]
    pub const fn new() -> Self {
        Self { channels: [EMPTY; MAX_CHANNELS], stages: [NO_STAGE; MAX_STAGES] }
    }
}

impl Default for Storage {
    fn default() -> Self {
        Self::new()
    }
}

/// The same as [`Storage::new`].
#[must_use]
pub const fn channel_storage() -> Storage {
    Storage::new()
}

pub(crate) const NO_STAGE: Stage = Stage {
    cycle: Cycle { hold: Millis::ZERO, rest: Millis::ZERO },
    repeats: 0,
    level_permille: 0,
    rate: None,
};

// Evaluated by the compiler: the panic can only be a build error.
pub(crate) const EMPTY: Channel<'static> = Channel {
    pulse: PulseShape {
        gap: Micros::ZERO,
        balance: Balance::Symmetric,
        leading: nmes_core::Polarity::Positive,
        form: Form::Rectangular,
        repeat: Repeat::ONCE,
    },
    rate: match Rate::new(1, 1_000_000) {
        Ok(rate) => rate,
        Err(_) => panic!("one in a second"),
    },
    train: Train { timing: Timing::Even, pulses_max: 0, stale_after: Millis::ZERO, pattern: None },
    set: Setting { amplitude: MicroAmps::ZERO, width: Micros::ZERO },
    ceiling: Setting { amplitude: MicroAmps::ZERO, width: Micros::ZERO },
    ramp: Ramp {
        control: nmes_core::Control::Amplitude,
        slope: nmes_core::Slope::Linear,
        up: Millis::ZERO,
        down: Millis::ZERO,
        down_min: Millis::ZERO,
        floor: 0,
    },
    offset: Micros::ZERO,
};
