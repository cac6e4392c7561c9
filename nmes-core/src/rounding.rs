//! What was asked and what a hardware makes of it.

use crate::error::Field;

/// One value before and after quantisation, both in `unit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Rounded {
    /// What the value is.
    pub field: Field,
    /// As asked.
    pub requested: u64,
    /// As the hardware does it.
    pub realised: u64,
    /// "nA" or "ns".
    pub unit: &'static str,
}

impl Rounded {
    /// Realised minus requested; saturates at the ends of `i64`.
    ///
    /// ```
    /// use nmes_core::{Field, Rounded};
    /// let r = Rounded { field: Field::Amplitude, requested: 40_000_000, realised: 39_997_000, unit: "nA" };
    /// assert_eq!(r.error(), -3_000);
    /// ```
    #[must_use]
    pub fn error(&self) -> i64 {
        let difference = i128::from(self.realised).saturating_sub(i128::from(self.requested));
        i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
    }
}

/// All roundings of one channel of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RoundingReport {
    pub(crate) rows: [Rounded; 7],
}

impl RoundingReport {
    /// The rows: amplitude, phase width, interphase gap, balancing phase, ramp up, ramp down, offset.
    #[must_use]
    pub const fn rows(&self) -> &[Rounded] {
        &self.rows
    }
}
