//! What a model does not take: which quantity, its value, the limit, and where the limit is from.

use crate::provenance::Provenance;
use core::fmt;
use num_traits::Float;

/// A quantity that a model is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Field {
    /// Time constant of calcium, s.
    CalciumTime,
    /// Force scale at rest, N/s.
    ForceScale,
    /// Time constant of force without bound cross-bridges, s.
    Tau1,
    /// Further time constant of force with bound cross-bridges, s.
    Tau2,
    /// Half-saturation of calcium.
    HalfSaturation,
    /// What a pulse gains from the one before it, R0.
    Enhancement,
    /// Loss of force scale by force, s⁻².
    AlphaA,
    /// Lengthening of tau1 by force, N⁻¹.
    AlphaTau1,
    /// Rise of half-saturation by force, s⁻¹ N⁻¹.
    AlphaKm,
    /// Time constant of recovery, s.
    RecoveryTime,
    /// Time constant of fatigue, s.
    FatigueTime,
    /// Step of integration, s.
    Step,
    /// A length of time, s.
    Duration,
    /// Weight of one pulse.
    Weight,
    /// Share of the force scale.
    Drive,
    /// Share of the muscle that is active.
    Activation,
    /// Least fitness.
    LeastFitness,
    /// Width of a phase, µs.
    Width,
    /// Width under which nothing answers, µs.
    WidthThreshold,
    /// Constant of the width, µs.
    WidthConstant,
    /// Width at which all answer, µs.
    WidthSaturation,
    /// Slope at a width, µs⁻¹.
    WidthSlope,
    /// Amplitude, mA.
    Amplitude,
    /// Height of an amplitude curve.
    GainHeight,
    /// Slope of an amplitude curve, mA⁻¹.
    GainSlope,
    /// Middle of an amplitude curve, mA.
    GainMiddle,
    /// Offset of an amplitude curve.
    GainOffset,
    /// Rheobase, mA.
    Rheobase,
    /// Chronaxie, µs.
    Chronaxie,
    /// Pulses a second.
    Frequency,
}

impl Field {
    /// The name and the unit, for messages.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::CalciumTime => ("time constant of calcium", "s"),
            Self::ForceScale => ("force scale at rest", "N/s"),
            Self::Tau1 => ("tau1", "s"),
            Self::Tau2 => ("tau2", "s"),
            Self::HalfSaturation => ("half-saturation Km", ""),
            Self::Enhancement => ("enhancement R0", ""),
            Self::AlphaA => ("alpha_A", "s⁻²"),
            Self::AlphaTau1 => ("alpha_tau1", "N⁻¹"),
            Self::AlphaKm => ("alpha_Km", "s⁻¹ N⁻¹"),
            Self::RecoveryTime => ("time constant of recovery", "s"),
            Self::FatigueTime => ("time constant of fatigue", "s"),
            Self::Step => ("step of integration", "s"),
            Self::Duration => ("duration", "s"),
            Self::Weight => ("weight of a pulse", ""),
            Self::Drive => ("share of the force scale", ""),
            Self::Activation => ("activation", ""),
            Self::LeastFitness => ("least fitness", ""),
            Self::Width => ("phase width", "µs"),
            Self::WidthThreshold => ("threshold width", "µs"),
            Self::WidthConstant => ("constant of the width", "µs"),
            Self::WidthSaturation => ("saturation width", "µs"),
            Self::WidthSlope => ("slope at a width", "µs⁻¹"),
            Self::Amplitude => ("amplitude", "mA"),
            Self::GainHeight => ("height of the amplitude curve", ""),
            Self::GainSlope => ("slope of the amplitude curve", "mA⁻¹"),
            Self::GainMiddle => ("middle of the amplitude curve", "mA"),
            Self::GainOffset => ("offset of the amplitude curve", ""),
            Self::Rheobase => ("rheobase", "mA"),
            Self::Chronaxie => ("chronaxie", "µs"),
            Self::Frequency => ("frequency", "Hz"),
        }
    }
}

/// The limit that a value did not keep.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Limit {
    /// Neither NaN nor infinite.
    Finite,
    /// Greater than this.
    MoreThan(f64),
    /// This or greater.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

/// A quantity that a model refuses.
///
/// ```
/// use nmes_protocols::models::{Field, Limit, StrengthDuration};
/// let refused = StrengthDuration::weiss(5.0, f64::NAN).unwrap_err();
/// assert_eq!((refused.field, refused.limit), (Field::Chronaxie, Limit::Finite));
/// let refused = StrengthDuration::weiss(-5.0, 300.0).unwrap_err();
/// assert!(refused.to_string().starts_with("rheobase: -5 mA is not more than 0 mA"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ModelError {
    /// Which quantity.
    pub field: Field,
    /// What was given, in the unit of the field.
    pub value: f64,
    /// What it has to keep.
    pub limit: Limit,
    /// Where that limit is from.
    pub source: Provenance,
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, unit) = self.field.words();
        let space = if unit.is_empty() { "" } else { " " };
        write!(f, "{name}: {}{space}{unit} is not ", self.value)?;
        match self.limit {
            Limit::Finite => f.write_str("finite")?,
            Limit::MoreThan(limit) => write!(f, "more than {limit}{space}{unit}")?,
            Limit::AtLeast(limit) => write!(f, "{limit}{space}{unit} or more")?,
            Limit::AtMost(limit) => write!(f, "{limit}{space}{unit} or less")?,
        }
        write!(f, " ({})", self.source)
    }
}

impl core::error::Error for ModelError {}

/// Limits of our own: outside them the arithmetic, not the physiology, would decide the result.
const OURS: Provenance =
    Provenance::Ours { reason: "outside it the equation has no meaning, or its integration no accuracy" };

fn refuse<T: Float>(field: Field, value: T, limit: Limit) -> ModelError {
    ModelError { field, value: value.to_f64().unwrap_or(f64::NAN), limit, source: OURS }
}

/// `value`, if it is finite and keeps both limits.
pub(crate) fn within<T: Float>(field: Field, value: T, least: f64, most: f64) -> Result<T, ModelError> {
    let given = finite(field, value)?;
    if given < least {
        return Err(refuse(field, value, Limit::AtLeast(least)));
    }
    if given > most {
        return Err(refuse(field, value, Limit::AtMost(most)));
    }
    Ok(value)
}

/// `value`, if it is greater than `floor` and not above `most`.
pub(crate) fn above<T: Float>(field: Field, value: T, floor: f64, most: f64) -> Result<T, ModelError> {
    if finite(field, value)? <= floor {
        return Err(refuse(field, value, Limit::MoreThan(floor)));
    }
    within(field, value, floor, most)
}

fn finite<T: Float>(field: Field, value: T) -> Result<f64, ModelError> {
    value.to_f64().filter(|given| given.is_finite()).ok_or_else(|| refuse(field, value, Limit::Finite))
}
