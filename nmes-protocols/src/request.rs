//! Who is stimulated, and what is asked for beyond the row.

use crate::innervation::Innervation;
use crate::provenance::{Provenance, Ranged, Unit};
use crate::screening::Site;
use core::fmt;
use nmes_core::{Control, MicroAmps, Micros, Millis};

/// The treated side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Side {
    /// Left.
    Left,
    /// Right.
    Right,
}

/// What is known of the person.
///
/// ```
/// use nmes_core::MicroAmps;
/// use nmes_protocols::{Innervation, Side, Subject};
/// let subject = Subject {
///     motor_threshold: MicroAmps::from_microamps(25_000),
///     ..Subject::new(Innervation::Intact, Side::Left)
/// };
/// assert!(subject.sensory_threshold.is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Subject {
    /// State of the lower motor neurone.
    pub innervation: Innervation,
    /// Treated side.
    pub side: Side,
    /// Amplitude at which the muscle just answers, if it was measured.
    pub motor_threshold: Option<MicroAmps>,
    /// Amplitude that is just felt, if it was measured.
    pub sensory_threshold: Option<MicroAmps>,
    /// Amplitude at which what the row aims at was seen (the movement, the force), if it was measured.
    pub effect: Option<MicroAmps>,
    /// The most that was tolerated, if it was measured.
    pub tolerated: Option<MicroAmps>,
    /// The width at which the four amplitudes were measured; `None`: at the width that is set. Another width moves them by
    /// Weiss's law, see [`Subject::at_width`].
    pub measured_width: Option<Micros>,
    /// Force at `effect` in percent of the maximal voluntary one, if it was measured.
    pub mvic_percent: Option<u8>,
    /// The session runs at the person's home.
    pub home: Option<Home>,
}

/// Use at home, within what a clinician set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Home {
    /// The first session took place under supervision.
    pub supervised: bool,
}

impl Subject {
    /// A person of whom no threshold is known.
    #[must_use]
    pub const fn new(innervation: Innervation, side: Side) -> Self {
        Self {
            innervation,
            side,
            motor_threshold: None,
            sensory_threshold: None,
            effect: None,
            tolerated: None,
            measured_width: None,
            mvic_percent: None,
            home: None,
        }
    }
}

/// The balance of a pulse, as a row offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum BalanceChoice {
    /// The row's default.
    Default,
    /// The row's other one.
    Option,
}

/// What is asked for beyond the row. `None` takes the row's value. Every value is held against the row's range.
///
/// ```
/// use nmes_core::Micros;
/// use nmes_protocols::Request;
/// let request = Request { width: Micros::from_micros(250), ..Request::default() };
/// assert!(request.amplitude.is_none());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, default)
)]
pub struct Request {
    /// Amplitude of the primary phase.
    pub amplitude: Option<MicroAmps>,
    /// Width of the primary phase.
    pub width: Option<Micros>,
    /// Pulses a second, in millihertz.
    pub rate_millihertz: Option<u32>,
    /// Gap between the phases.
    pub gap: Option<Micros>,
    /// Symmetric or asymmetric, as the row has them.
    pub balance: Option<BalanceChoice>,
    /// Which of amplitude and width a ramp moves.
    pub control: Option<Control>,
    /// Time from heel-off to the start of the ramp.
    pub delay: Option<Millis>,
    /// Time from the floor to the set level, taken as it is given.
    pub ramp_up: Option<Millis>,
    /// Time from the set level to the floor.
    pub ramp_down: Option<Millis>,
    /// Time at level after heel strike. The trigger still shortens it to the person's stance.
    pub extension: Option<Millis>,
    /// Where a ramp starts: microamperes, or microseconds when the width is ramped.
    pub ramp_floor: Option<u32>,
    /// Length of the session.
    pub length: Option<Millis>,
    /// Time of one contraction, as the row counts it.
    pub on: Option<Millis>,
    /// Rest after it.
    pub off: Option<Millis>,
    /// How many channels.
    pub channels: Option<u8>,
    /// Where the pads are, where the row knows several places.
    pub site: Option<Site>,
    /// A specialist asks: opens what rows keep behind that gate, and loosens nothing else.
    pub specialist: bool,
}

/// A value that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Param {
    /// Amplitude of the primary phase.
    Amplitude,
    /// Width of the primary phase.
    PhaseWidth,
    /// Pulses a second.
    Rate,
    /// Gap between the phases.
    Gap,
    /// Heel-off to start of ramp.
    Delay,
    /// Floor to set level.
    RampUp,
    /// Set level to floor.
    RampDown,
    /// Level after heel strike.
    Extension,
    /// Start of a ramp.
    RampFloor,
    /// Length of the session.
    SessionLength,
    /// Time of one contraction.
    On,
    /// Rest after it.
    Off,
    /// Channels.
    Channels,
}

impl Param {
    /// The name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Amplitude => "amplitude",
            Self::PhaseWidth => "phase width",
            Self::Rate => "frequency",
            Self::Gap => "interphase gap",
            Self::Delay => "delay",
            Self::RampUp => "ramp-up",
            Self::RampDown => "ramp-down",
            Self::Extension => "extension",
            Self::RampFloor => "ramp floor",
            Self::SessionLength => "session length",
            Self::On => "on",
            Self::Off => "off",
            Self::Channels => "channels",
        }
    }
}

/// A value outside what the row takes: which, how much, the range, and where the range is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RangeError {
    /// The row.
    pub row: &'static str,
    /// Which value.
    pub param: Param,
    /// The value given.
    pub value: u32,
    /// The least that would be accepted.
    pub min: u32,
    /// The most that would be accepted.
    pub max: u32,
    /// The unit of the three.
    pub unit: Unit,
    /// Where the range is from.
    pub limit: Provenance,
}

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.unit.symbol();
        let (side, limit) = if self.value < self.min { ("below", self.min) } else { ("above", self.max) };
        write!(f, "{} {}: {} {unit} is {side} {limit} {unit}", self.row, self.param.name(), self.value)?;
        write!(f, "; accepted: {} to {} {unit} ({})", self.min, self.max, self.limit)
    }
}

impl core::error::Error for RangeError {}

/// The value asked for, held against the range, or the row's own.
pub(crate) fn pick(
    row: &'static str,
    param: Param,
    range: &Ranged,
    asked: Option<u32>,
) -> Result<u32, RangeError> {
    match asked {
        None => Ok(range.default),
        Some(value) if range.holds(value) => Ok(value),
        Some(value) => Err(RangeError {
            row,
            param,
            value,
            min: range.min,
            max: range.max,
            unit: range.unit,
            limit: range.range,
        }),
    }
}
