//! Steps, times and the ceiling of a titration.

use core::fmt;
use nmes_core::MicroAmps;
use nmes_safety::rules;

/// A configuration that is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TitrationError {
    /// Which value.
    pub field: &'static str,
    /// The value given.
    pub value: u32,
    /// The least that is taken.
    pub min: u32,
    /// The most that is taken.
    pub max: u32,
    /// Why.
    pub source: &'static str,
}

impl fmt::Display for TitrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, value, min, max, source } = self;
        write!(f, "{field}: {value}; accepted: {min} to {max} ({source})")
    }
}

impl core::error::Error for TitrationError {}

/// Steps, times and the ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TitrationConfig {
    pub(super) step_ua: u32,
    pub(super) ceiling_ua: u32,
    pub(super) train_ms: u32,
    pub(super) rest_ms: u32,
    pub(super) answer_ms: u32,
    pub(super) repeats: u8,
}

/// A train of a second, two of rest, a minute for an answer; three ascents. Ours.
const TIMES_MS: (u32, u32, u32) = (1_000, 2_000, 60_000);
const REPEATS: u8 = 3;

impl TitrationConfig {
    /// Steps of 1 mA up to this ceiling, trains of 1 s, rests of 2 s, 60 s to answer, three ascents.
    ///
    /// # Errors
    /// The ceiling is below one step.
    pub fn new(ceiling: MicroAmps) -> Result<Self, TitrationError> {
        let step = u32::try_from(rules::N_STEP_1.limit).unwrap_or(1_000);
        let (train_ms, rest_ms, answer_ms) = TIMES_MS;
        let base = Self { step_ua: step, ceiling_ua: 0, train_ms, rest_ms, answer_ms, repeats: REPEATS };
        base.with_ceiling(ceiling)
    }

    fn with_ceiling(self, ceiling: MicroAmps) -> Result<Self, TitrationError> {
        let (ceiling_ua, most) = (ceiling.as_microamps(), MicroAmps::MAX.as_microamps());
        within("ceiling (µA)", ceiling_ua, (self.step_ua, most), "at least one step")?;
        Ok(Self { ceiling_ua, ..self })
    }

    /// Another step, 1 µA to 1 mA: rule N-STEP-1.
    ///
    /// # Errors
    /// Out of range, or above the ceiling.
    pub fn with_step(self, step: MicroAmps) -> Result<Self, TitrationError> {
        let (step_ua, most) = (step.as_microamps(), u32::try_from(rules::N_STEP_1.limit).unwrap_or(1_000));
        within("step (µA)", step_ua, (1, most.min(self.ceiling_ua)), "rule N-STEP-1 and the ceiling")?;
        Ok(Self { step_ua, ..self })
    }

    /// Another number of ascents, 1 to 5.
    ///
    /// # Errors
    /// Out of range.
    pub fn with_repeats(self, repeats: u8) -> Result<Self, TitrationError> {
        within("ascents", u32::from(repeats), (1, 5), "an odd number has one middle")?;
        Ok(Self { repeats, ..self })
    }

    /// Other times, in milliseconds: a train of 100 to 5,000, a rest of at least the train and at most 60,000, an answer
    /// within 1,000 to 600,000.
    ///
    /// # Errors
    /// Out of range.
    pub fn with_times_ms(self, train_ms: u32, rest_ms: u32, answer_ms: u32) -> Result<Self, TitrationError> {
        within("train (ms)", train_ms, (100, 5_000), "short trains: enough to be felt, too short to tire")?;
        within("rest (ms)", rest_ms, (train_ms, 60_000), "at least as long as a train")?;
        within("answer (ms)", answer_ms, (1_000, 600_000), "somebody has to be there")?;
        Ok(Self { train_ms, rest_ms, answer_ms, ..self })
    }

    /// Length of a train, in milliseconds.
    #[must_use]
    pub const fn train_ms(&self) -> u32 {
        self.train_ms
    }

    /// The most that is asked for, in microamperes.
    #[must_use]
    pub const fn ceiling_ua(&self) -> u32 {
        self.ceiling_ua
    }

    /// How many ascents.
    #[must_use]
    pub const fn repeats(&self) -> u8 {
        self.repeats
    }
}

fn within(
    field: &'static str,
    value: u32,
    (min, max): (u32, u32),
    source: &'static str,
) -> Result<(), TitrationError> {
    if value < min || value > max { Err(TitrationError { field, value, min, max, source }) } else { Ok(()) }
}
