//! What a device cannot do, said before it is asked.

use core::fmt;

/// The grid of a device: what it does exactly, and between which bounds. Integers, as the wire has them.
///
/// # Binding
/// A [`Hardware`](nmes_core::Hardware) record for the device has one tick a microsecond, `current_step_ua` as the
/// nanoamperes of one code (times 1,000), `current_max_ua / current_step_ua` as the code range, `width_least_us` as
/// edge spacing, and onsets on multiples of `period_step_us`. `Plan::compile` then does all the rounding; each type
/// of this crate refuses what is left off the grid, so nothing rounds on the way to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Channels.
    pub channels: u8,
    /// Step of the current, µA.
    pub current_step_ua: u32,
    /// Largest current of either sign, µA.
    pub current_max_ua: u32,
    /// Step of a phase's width, µs.
    pub width_step_us: u32,
    /// Shortest phase, µs.
    pub width_least_us: u32,
    /// Longest phase, µs.
    pub width_most_us: u32,
    /// Step of the period, µs.
    pub period_step_us: u32,
    /// Shortest period, µs.
    pub period_least_us: u32,
    /// Longest period, µs.
    pub period_most_us: u32,
    /// Where the figures are from.
    pub source: &'static str,
}

impl Grid {
    pub(crate) fn check(
        &self,
        field: Field,
        value: i64,
        step: u32,
        range: (i64, i64),
    ) -> Result<i64, Refusal> {
        let refuse = |limit| Err(Refusal { field, value, limit, source: self.source });
        if value < range.0 {
            refuse(Limit::AtLeast(range.0))
        } else if value > range.1 {
            refuse(Limit::AtMost(range.1))
        } else if value.checked_rem(i64::from(step)) != Some(0) {
            refuse(Limit::MultipleOf(i64::from(step)))
        } else {
            Ok(value.checked_div(i64::from(step)).unwrap_or_default())
        }
    }

    pub(crate) fn period(&self, period_us: u32) -> Result<i64, Refusal> {
        let range = (i64::from(self.period_least_us), i64::from(self.period_most_us));
        self.check(Field::Period, i64::from(period_us), self.period_step_us, range)
    }

    pub(crate) fn width(&self, width_us: u16) -> Result<(), Refusal> {
        let range = (i64::from(self.width_least_us), i64::from(self.width_most_us));
        self.check(Field::Width, i64::from(width_us), self.width_step_us, range).map(|_| ())
    }
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// A current, µA.
    Current,
    /// The width of a phase, µs.
    Width,
    /// A period, µs.
    Period,
    /// Pulses of the device's own ramp.
    Ramp,
    /// Number of points.
    Points,
    /// Index of a channel, from 0.
    Channel,
    /// Number of active channels.
    Channels,
    /// Time between the pulses of a doublet or triplet, µs.
    PulseGap,
    /// Low-frequency factor.
    LowFrequency,
    /// Time within a second that the one current source is busy, µs.
    Busy,
    /// Charge that a pulse leaves, nC.
    Net,
    /// Form of a pulse: 1 for one that the device can make.
    Form,
    /// Gap between the two phases of a pulse, µs.
    PhaseGap,
    /// Form of a train: 1 for even pulses; or its largest number of pulses, where the device does not count.
    Trains,
    /// How much later a channel does everything, µs.
    Offset,
    /// Pulses of all channels in a second, thousandths.
    Rate,
    /// Ticks of the plan's clock in a second.
    Ticks,
    /// Current of one code of the plan's hardware, nA.
    Code,
    /// Number of plans in one conversation.
    Plans,
    /// How late edges may be by the plan's hardware, µs.
    Late,
    /// Time between two keep-alives or before a reply is missed, ms.
    Timing,
}

impl Field {
    const fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::Current => ("current", " µA"),
            Self::Width => ("width", " µs"),
            Self::Period => ("period", " µs"),
            Self::Ramp => ("ramp", " pulses"),
            Self::Points => ("number of points", ""),
            Self::Channel => ("channel", ""),
            Self::Channels => ("number of channels", ""),
            Self::PulseGap => ("time between pulses", " µs"),
            Self::LowFrequency => ("low-frequency factor", ""),
            Self::Busy => ("busy time in a second", " µs"),
            Self::Net => ("charge left by a pulse", " nC"),
            Self::Form => ("form of a pulse", ""),
            Self::PhaseGap => ("gap between phases", " µs"),
            Self::Trains => ("form of a train", ""),
            Self::Offset => ("offset of a channel", " µs"),
            Self::Rate => ("rate", " mHz"),
            Self::Ticks => ("clock of the plan", " ticks/s"),
            Self::Code => ("current of one code of the plan", " nA"),
            Self::Plans => ("number of plans", ""),
            Self::Late => ("lateness of the plan", " µs"),
            Self::Timing => ("time", " ms"),
        }
    }
}

/// The bound that was crossed, in the unit of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Not below.
    AtLeast(i64),
    /// Not above.
    AtMost(i64),
    /// Only multiples.
    MultipleOf(i64),
    /// Only this.
    Equal(i64),
}

/// The device cannot do what is asked, and nothing was sent.
///
/// ```
/// use nmes_hal_adapters::sciencemode4::Point;
/// let refusal = Point::new(200, 20_300).unwrap_err();
/// assert_eq!(refusal.to_string(), "current 20300 µA: only multiples of 500 µA (STD-S26)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What was asked for.
    pub field: Field,
    /// How much of it, in the unit of the field.
    pub value: i64,
    /// The limit.
    pub limit: Limit,
    /// Where the limit is from: a tag of `docs/sources.md`, or "ours".
    pub source: &'static str,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, unit) = self.field.text();
        write!(f, "{name} {}{unit}: ", self.value)?;
        match self.limit {
            Limit::AtLeast(least) => write!(f, "at least {least}{unit}")?,
            Limit::AtMost(most) => write!(f, "at most {most}{unit}")?,
            Limit::Equal(only) => write!(f, "only {only}{unit}")?,
            Limit::MultipleOf(step) => write!(f, "only multiples of {step}{unit}")?,
        }
        write!(f, " ({})", self.source)
    }
}

impl core::error::Error for Refusal {}
