//! What is asked: channels, pulses, rates, ramps and when they run. Immutable and validated.

use crate::error::{ConfigError, Field, at_least, at_most};
use crate::hardware::MAX_CHANNELS;
use crate::rate::Rate;
use crate::units::{MicroAmps, Micros, Millis};

/// Which way the primary phase drives. `Negative` makes the first-named electrode the cathode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Polarity {
    /// The primary phase is above zero.
    #[default]
    Positive,
    /// The primary phase is below zero.
    Negative,
}

/// How the balancing phase pays the primary phase back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Balance {
    /// As long and as strong as the primary phase.
    #[default]
    Symmetric,
    /// `length_percent` of the primary phase's width, at the amplitude that makes the sum zero; 100 to 2,000.
    Asymmetric {
        /// Width of the balancing phase in percent of the primary phase.
        length_percent: u16,
    },
}

impl Balance {
    /// Width of the balancing phase in percent of the primary phase.
    #[must_use]
    pub const fn length_percent(self) -> u16 {
        match self {
            Self::Symmetric => 100,
            Self::Asymmetric { length_percent } => length_percent,
        }
    }
}

/// A balanced biphasic pulse: primary phase, interphase gap, balancing phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct PulseShape {
    /// Gap between the phases.
    pub gap: Micros,
    /// How the charge comes back.
    pub balance: Balance,
    /// Which way the primary phase drives.
    pub leading: Polarity,
}

/// Amplitude and width of the primary phase: what is set on a channel, or the most that may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Setting {
    /// Amplitude of the primary phase.
    pub amplitude: MicroAmps,
    /// Width of the primary phase.
    pub width: Micros,
}

impl Setting {
    /// No amplitude, no width.
    pub const ZERO: Self = Self { amplitude: MicroAmps::ZERO, width: Micros::ZERO };

    /// Both at once, in microamperes and microseconds; `None` when a unit does not hold one of them.
    #[must_use]
    pub const fn new(amplitude_ua: u32, width_us: u32) -> Option<Self> {
        match (MicroAmps::from_microamps(amplitude_ua), Micros::from_micros(width_us)) {
            (Some(amplitude), Some(width)) => Some(Self { amplitude, width }),
            _ => None,
        }
    }
}

/// Which of the two a ramp moves; the other stays as set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Control {
    /// The ramp moves the amplitude.
    #[default]
    Amplitude,
    /// The ramp moves the width of the primary phase.
    Width,
}

/// The trapezoid's slopes. A ramp starts at the floor, not below it, and goes linearly to the set value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Ramp {
    /// What the ramp moves.
    pub control: Control,
    /// Time from the floor to the set value.
    pub up: Millis,
    /// Time from the set value to the floor.
    pub down: Millis,
    /// The shortest ramp-down a gate may ask for instead, at most `down`.
    pub down_min: Millis,
    /// Where the ramp starts: microamperes or microseconds, as `control` says. Just under motor threshold when
    /// that is known, else 0. A set value below the floor has no ramp.
    pub floor: u32,
}

/// One channel of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Channel {
    /// The shape of one pulse.
    pub pulse: PulseShape,
    /// Pulses per time while on.
    pub rate: Rate,
    /// Amplitude and width at full level.
    pub set: Setting,
    /// The most that `command` may set; the check before a session looks at this, not at `set`.
    pub ceiling: Setting,
    /// The slopes of each contraction.
    pub ramp: Ramp,
    /// How much later than the others this channel does everything: its contractions, its gate, its end.
    pub offset: Micros,
}

/// One contraction after another: ramp up, `hold`, ramp down, `rest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Cycle {
    /// Time at full level.
    pub hold: Millis,
    /// Time with no output.
    pub rest: Millis,
}

/// Bounds on a train that is started from outside. The engine enforces them, whatever the trigger does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Gate {
    /// The longest one opening may last before it is closed by a ramp.
    pub max_on: Millis,
    /// The least time with no output between two trains; an opening before that waits for it.
    pub min_off: Millis,
    /// The most openings in a minute (1 to 600); more are refused.
    pub max_triggers_per_minute: u16,
}

/// When the channels run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Schedule {
    /// One train over the whole session.
    Continuous,
    /// Contractions and rests.
    Cyclic(Cycle),
    /// Trains started and ended from outside.
    Gated(Gate),
}

/// All that is asked of a stimulator, independent of any hardware.
///
/// ```
/// use nmes_core::*;
/// let set = Setting::new(40_000, 300).unwrap(); // 40 mA, 300 µs
/// let channel = Channel {
///     pulse: PulseShape { gap: Micros::from_micros(100).unwrap(), ..PulseShape::default() },
///     rate: Rate::from_hz(40).unwrap(),
///     set,
///     ceiling: set,
///     ramp: Ramp { up: Millis::from_millis(200).unwrap(), ..Ramp::default() },
///     offset: Micros::ZERO,
/// };
/// let channels = [channel];
/// let session = Session::new(&channels, Schedule::Continuous, Millis::from_millis(10_000).unwrap()).unwrap();
/// assert_eq!(session.channels().len(), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Session<'a> {
    channels: &'a [Channel],
    schedule: Schedule,
    length: Millis,
}

impl<'a> Session<'a> {
    /// Checks and takes a session.
    ///
    /// # Errors
    /// Names the first value out of range: no channel or more than eight, a zero width, length, hold or gate
    /// time, a set value above its ceiling, a balancing phase shorter than the primary.
    pub fn new(channels: &'a [Channel], schedule: Schedule, length: Millis) -> Result<Self, ConfigError> {
        let count = i64::try_from(channels.len()).unwrap_or(i64::MAX);
        at_least(Field::Channels, count, 1, "a session has 1 to 8 channels")?;
        at_most(
            Field::Channels,
            count,
            i64::try_from(MAX_CHANNELS).unwrap_or(8),
            "a session has 1 to 8 channels",
        )?;
        at_least(Field::SessionLength, i64::from(length.as_millis()), 1, "a session lasts at least 1 ms")?;
        validate_schedule(&schedule)?;
        for channel in channels {
            validate_channel(channel)?;
        }
        Ok(Self { channels, schedule, length })
    }

    /// The channels.
    #[must_use]
    pub const fn channels(&self) -> &'a [Channel] {
        self.channels
    }

    /// When they run.
    #[must_use]
    pub const fn schedule(&self) -> Schedule {
        self.schedule
    }

    /// How long the session lasts. No pulse starts later (on a channel with an offset, by that much later); ramps end
    /// within it.
    #[must_use]
    pub const fn length(&self) -> Millis {
        self.length
    }
}

fn validate_schedule(schedule: &Schedule) -> Result<(), ConfigError> {
    match schedule {
        Schedule::Continuous => Ok(()),
        Schedule::Cyclic(cycle) => at_least(
            Field::Hold,
            i64::from(cycle.hold.as_millis()),
            1,
            "a contraction holds its level at least 1 ms",
        ),
        Schedule::Gated(gate) => {
            at_least(
                Field::GateMaxOn,
                i64::from(gate.max_on.as_millis()),
                1,
                "a gate may be open at least 1 ms",
            )?;
            let triggers = i64::from(gate.max_triggers_per_minute);
            at_least(Field::GateTriggers, triggers, 1, "a gate takes 1 to 600 openings a minute")?;
            at_most(Field::GateTriggers, triggers, 600, "a gate takes 1 to 600 openings a minute")
        }
    }
}

fn validate_channel(channel: &Channel) -> Result<(), ConfigError> {
    let width = i64::from(channel.set.width.as_micros());
    let amplitude = i64::from(channel.set.amplitude.as_microamps());
    at_least(Field::PhaseWidth, width, 1, "a phase lasts at least 1 µs")?;
    at_most(Field::PhaseWidth, width, i64::from(channel.ceiling.width.as_micros()), "the channel's ceiling")?;
    at_least(Field::Amplitude, amplitude, 1, "an amplitude of 0 is no stimulation")?;
    at_most(
        Field::Amplitude,
        amplitude,
        i64::from(channel.ceiling.amplitude.as_microamps()),
        "the channel's ceiling",
    )?;
    let length = i64::from(channel.pulse.balance.length_percent());
    at_least(Field::BalanceLength, length, 100, "the balancing phase is never stronger than the primary")?;
    at_most(Field::BalanceLength, length, 2_000, "a balancing phase is at most twenty times as long")?;
    let down = i64::from(channel.ramp.down.as_millis());
    at_most(
        Field::RampTime,
        i64::from(channel.ramp.down_min.as_millis()),
        down,
        "the shortest ramp-down is at most the usual one",
    )
}
