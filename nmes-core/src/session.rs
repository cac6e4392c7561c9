//! What is asked: channels, pulses, rates, ramps and when they run. Immutable and validated.

use crate::error::{ConfigError, Field, at_least, at_most};
use crate::hardware::MAX_CHANNELS;
use crate::pattern::Pattern;
use crate::pulse::PulseShape;
use crate::rate::Rate;
use crate::schedule::Schedule;
use crate::slope::Slope;
use crate::timing::Timing;
use crate::units::{MicroAmps, Micros, Millis};
use crate::widen::{count, wide};

/// Amplitude and width of the main phase: what is set on a channel, or the most that may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Setting {
    /// Amplitude of the main phase.
    pub amplitude: MicroAmps,
    /// Width of the main phase; of a custom pulse or a table, of all its levels.
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
    /// The ramp moves the width of the main phase.
    Width,
}

/// The slopes of an envelope. A ramp starts at the floor, not below it, and goes to the set value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Ramp {
    /// What the ramp moves.
    pub control: Control,
    /// How it gets from the floor to the set value; the way down is the mirror image.
    #[cfg_attr(feature = "serde", serde(default))]
    pub slope: Slope,
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

impl Ramp {
    /// No ramp: the default, in a constant.
    pub const NONE: Self = Self {
        control: Control::Amplitude,
        slope: Slope::Linear,
        up: Millis::ZERO,
        down: Millis::ZERO,
        down_min: Millis::ZERO,
        floor: 0,
    };
}

/// When the pulses of a train stand, and what else bounds or drives it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Train<'a> {
    /// When the pulses stand; evenly, unless it says otherwise.
    pub timing: Timing<'a>,
    /// The most pulses of one train, after which it ends without a ramp; 0 for as many as fit.
    pub pulses_max: u32,
    /// How long a command stays good: when no newer one came for longer than this, the channel ramps down as by
    /// [`crate::Engine::pause`], from the moment at which the last one was that old, and a command brings it back by a
    /// ramp. Zero for ever.
    pub stale_after: Millis,
    /// What a command in thousandths means on this channel; see [`crate::Engine::command_level`].
    pub pattern: Option<Pattern<'a>>,
}

impl Train<'_> {
    /// Even pulses without bounds: the default, in a constant.
    pub const EVEN: Self =
        Self { timing: Timing::Even, pulses_max: 0, stale_after: Millis::ZERO, pattern: None };
}

/// One channel of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Channel<'a> {
    /// The shape of one pulse.
    pub pulse: PulseShape<'a>,
    /// Pulses per time while on; the fastest there is, where the timing varies.
    pub rate: Rate,
    /// When the pulses stand, and what bounds a train.
    pub train: Train<'a>,
    /// Amplitude and width at full level.
    pub set: Setting,
    /// The most that `command` may set; the check before a session looks at this, not at `set`.
    pub ceiling: Setting,
    /// The slopes of each contraction.
    pub ramp: Ramp,
    /// How much later than the others this channel does everything: its contractions, its gate, its end. See
    /// [`crate::Synchrony`].
    pub offset: Micros,
}

/// What happens when two channels want one current source at a time. Which channels share a source, the hardware says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Overlap {
    /// They never do: `compile` proves it or refuses.
    #[default]
    Forbid,
    /// The later onset waits, at most this long, and is counted as deferred; then it is dropped, and counted. Waiting for
    /// the channel's own pulse before, or for a command just before it, counts as well.
    ///
    /// A pulse keeps the source from its onset on for as long as the longest one of its channel may take with all that may follow:
    /// [`crate::ChannelPlan::longest_ticks`], [`crate::ChannelPlan::stretch_ticks`], [`crate::ChannelPlan::trim_ticks`], and
    /// the edge spacing (or the dead time, if longer). It has its place from when it is planned: when what the channel put out
    /// before is over, or when an input plans it anew. An onset that is planned later takes the first place from its own tick on
    /// that is free for so long; so it waits also for one that stands a little after it. Of channels that plan at one instant the
    /// lower number is first. An onset at which nothing is put out waits like another, and keeps nothing. A trim waits for a place
    /// for itself, with its worst stretch and the turn, however long; it keeps the source like a pulse, after a stop for itself only.
    Defer(Micros),
}

/// All that is asked of a stimulator, independent of any hardware.
///
/// ```
/// use nmes_core::*;
/// let set = Setting::new(40_000, 300).unwrap(); // 40 mA, 300 µs
/// let channel = Channel {
///     pulse: PulseShape { gap: Micros::from_micros(100).unwrap(), ..PulseShape::default() },
///     rate: Rate::from_hz(40).unwrap(),
///     train: Train::default(),
///     set,
///     ceiling: set,
///     ramp: Ramp { up: Millis::from_millis(200).unwrap(), ..Ramp::default() },
///     offset: Micros::ZERO,
/// };
/// let channels = [channel];
/// let session = Session::new(&channels, Schedule::Continuous, Millis::from_millis(10_000).unwrap()).unwrap();
/// assert_eq!(session.channels().len(), 1);
/// ```
///
/// It can be a `static`: [`crate::constant!`] makes a wrong one a compile error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Session<'a> {
    channels: &'a [Channel<'a>],
    schedule: Schedule<'a>,
    length: Millis,
    overlap: Overlap,
}

impl<'a> Session<'a> {
    /// Checks and takes a session.
    ///
    /// # Errors
    /// Names the first value out of range: no channel or more than eight, a zero width, length, hold or gate
    /// time, a set value above its ceiling, a balancing phase shorter than the main phase.
    pub const fn new(
        channels: &'a [Channel<'a>],
        schedule: Schedule<'a>,
        length: Millis,
    ) -> Result<Self, ConfigError> {
        let number = count(channels.len());
        let source = "a session has 1 to 8 channels";
        if let Err(e) = at_least(Field::Channels, number, 1, source) {
            return Err(e);
        }
        if let Err(e) = at_most(Field::Channels, number, count(MAX_CHANNELS), source) {
            return Err(e);
        }
        let source = "a session lasts at least 1 ms";
        if let Err(e) = at_least(Field::SessionLength, wide(length.as_millis()), 1, source) {
            return Err(e);
        }
        if let Err(e) = schedule.validate() {
            return Err(e);
        }
        let mut left = channels;
        while let [channel, rest @ ..] = left {
            if let Err(e) = channel.validate() {
                return Err(e);
            }
            left = rest;
        }
        Ok(Self { channels, schedule, length, overlap: Overlap::Forbid })
    }

    /// The same with another answer to two channels that want one source.
    #[must_use]
    pub const fn with_overlap(self, overlap: Overlap) -> Self {
        Self { overlap, ..self }
    }

    /// The channels.
    #[must_use]
    pub const fn channels(&self) -> &'a [Channel<'a>] {
        self.channels
    }

    /// When they run.
    #[must_use]
    pub const fn schedule(&self) -> Schedule<'a> {
        self.schedule
    }

    /// How long the session lasts. No pulse starts later (on a channel with an offset, by that much later); ramps end
    /// within it.
    #[must_use]
    pub const fn length(&self) -> Millis {
        self.length
    }

    /// What happens when two channels want one source.
    #[must_use]
    pub const fn overlap(&self) -> Overlap {
        self.overlap
    }
}

impl Channel<'_> {
    const fn validate(&self) -> Result<(), ConfigError> {
        let width = wide(self.set.width.as_micros());
        let amplitude = wide(self.set.amplitude.as_microamps());
        let (most_wide, most) =
            (wide(self.ceiling.width.as_micros()), wide(self.ceiling.amplitude.as_microamps()));
        let ceiling = "the channel's ceiling";
        if let Err(e) = at_least(Field::PhaseWidth, width, 1, "a phase lasts at least 1 µs") {
            return Err(e);
        }
        if let Err(e) = at_most(Field::PhaseWidth, most_wide, 10_000_000, "a phase lasts at most 10 s") {
            return Err(e);
        }
        if let Err(e) = at_most(Field::PhaseWidth, width, most_wide, ceiling) {
            return Err(e);
        }
        if let Err(e) = at_least(Field::Amplitude, amplitude, 1, "an amplitude of 0 is no stimulation") {
            return Err(e);
        }
        if let Err(e) = at_most(Field::Amplitude, amplitude, most, ceiling) {
            return Err(e);
        }
        if let Err(e) = self.pulse.validate(self.set.width) {
            return Err(e);
        }
        self.validate_ramp()
    }

    const fn validate_ramp(&self) -> Result<(), ConfigError> {
        let fixed = matches!(self.pulse.form, crate::pulse::Form::Points(_));
        if fixed
            && (matches!(self.ramp.control, Control::Width)
                || self.set.width.as_micros() != self.ceiling.width.as_micros())
        {
            let reason = "the widths of custom points stay as they are: ramp and set the amplitude";
            return Err(ConfigError::Conflict { field: Field::PhaseWidth, reason });
        }
        let (down, least) = (wide(self.ramp.down.as_millis()), wide(self.ramp.down_min.as_millis()));
        at_most(Field::RampTime, least, down, "the shortest ramp-down is at most the usual one")
    }
}
