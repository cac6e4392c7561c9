//! The shape of one pulse, as it is asked for.

use crate::error::{ConfigError, Field, at_least, at_most};
use crate::units::{MicroAmps, Micros};
use crate::widen::{count, signed, wide, wide8, wide16};

/// Which way the main phase drives. `Negative` makes the first-named electrode the cathode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Polarity {
    /// The main phase is above zero.
    #[default]
    Positive,
    /// The main phase is below zero.
    Negative,
}

/// How the charge of a pulse comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
pub enum Balance {
    /// By a phase as long and as strong as the main phase; a [`Form::Table`] by its mirror image.
    #[default]
    Symmetric,
    /// By a rectangular phase of `length_percent` of the main phase's width, 100 to 2,000, at the amplitude that makes
    /// the sum zero.
    Asymmetric {
        /// Width of the balancing phase in percent of the main phase.
        length_percent: u16,
    },
    /// It does not: a monophasic pulse. The mean direct current of every setting up to the ceiling is declared and held against
    /// this, with half a code for each level of custom points of both polarities that is rounded; a safety profile may still
    /// deny it.
    DeclaredDc {
        /// The most mean direct current, phase charge × rate, that the session admits to.
        at_most: MicroAmps,
    },
}

impl Balance {
    /// Width of the balancing phase in percent of the main phase; 100 where there is none.
    #[must_use]
    pub const fn length_percent(self) -> u16 {
        match self {
            Self::Symmetric | Self::DeclaredDc { .. } => 100,
            Self::Asymmetric { length_percent } => length_percent,
        }
    }

    /// Whether the sum of a pulse is meant to be zero.
    #[must_use]
    pub const fn is_balanced(self) -> bool {
        !matches!(self, Self::DeclaredDc { .. })
    }
}

/// A weak phase of the same polarity ahead of the main phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Prepulse {
    /// Amplitude in percent of the main phase, 1 to 100.
    pub amplitude_percent: u8,
    /// Width.
    pub width: Micros,
}

/// One level of a custom pulse, held for a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Point {
    /// Level in thousandths of the set amplitude, −1,000 to 1,000; above zero drives the leading way. 0 rests as in the
    /// interphase gap. Every level is this part of the code of the set amplitude, so on an output with unequal gains one of
    /// the other polarity is off by as much as they differ; its calibrated charge is what is counted and paid back.
    pub permille: i16,
    /// How long.
    pub width: Micros,
}

/// The most points of a custom pulse.
pub const MAX_POINTS: usize = 16;

/// What a pulse is made of, before its charge comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Form<'a> {
    /// One rectangular phase.
    #[default]
    Rectangular,
    /// A weak phase, then the main phase, both of the leading polarity.
    Prepulse(Prepulse),
    /// An outer phase of the other polarity, the main phase, and an outer phase that balances. All as wide as set.
    Triphasic {
        /// Amplitude of the first outer phase in percent of the main phase, 1 to 90.
        outer_percent: u8,
    },
    /// Two to sixteen levels. They sum to zero, and the last one takes the rounding: it is put out in two levels one
    /// code apart where that makes the sum exact, and where it would need more than the set amplitude, by more than a
    /// code, or, on a bridge with a dead time, the other polarity than it has, the pulse is not put out. The set width is the sum of the widths. With [`Balance::DeclaredDc`] they need not
    /// sum to zero, and the last one is as given.
    Points(&'a [Point]),
    /// Equal steps over the set width, each a fraction of the set amplitude with [`crate::FULL_SCALE`] as one. See the
    /// tables in [`crate::shapes`]. Symmetric balance is the mirror image.
    Table(&'a [i16]),
}

/// The same pulse several times in one frame: doublets to sextuplets, or the cycles of a kHz burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Repeat {
    /// How often, 1 to 1,000.
    pub count: u16,
    /// From the end of one to the beginning of the next. It rests as the gap between two phases does; open where a driven
    /// zero would have an offset.
    pub gap: Micros,
}

impl Repeat {
    /// Once.
    pub const ONCE: Self = Self { count: 1, gap: Micros::ZERO };
}

impl Default for Repeat {
    fn default() -> Self {
        Self::ONCE
    }
}

/// One pulse: its form, the gap between its phases, how its charge comes back, and how often it is repeated.
///
/// ```
/// use nmes_core::*;
/// let us = |n| Micros::from_micros(n).unwrap();
/// let biphasic = PulseShape { gap: us(100), ..PulseShape::default() };
/// let doublet = PulseShape { repeat: Repeat { count: 2, gap: us(5_000) }, ..biphasic };
/// // 2.5 kHz for 10 ms: 25 cycles of 200 µs up and 200 µs down
/// let russian = PulseShape { repeat: Repeat { count: 25, gap: Micros::ZERO }, ..PulseShape::default() };
/// let triphasic = PulseShape { form: Form::Triphasic { outer_percent: 50 }, ..biphasic };
/// # let _ = (doublet, russian, triphasic);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PulseShape<'a> {
    /// What it is made of.
    pub form: Form<'a>,
    /// Gap between two phases.
    pub gap: Micros,
    /// How the charge comes back.
    pub balance: Balance,
    /// Which way the main phase drives.
    pub leading: Polarity,
    /// How often.
    pub repeat: Repeat,
}

impl PulseShape<'_> {
    /// A symmetric biphasic rectangular pulse without a gap: the default, in a constant.
    pub const SYMMETRIC: Self = Self {
        form: Form::Rectangular,
        gap: Micros::ZERO,
        balance: Balance::Symmetric,
        leading: Polarity::Positive,
        repeat: Repeat::ONCE,
    };

    /// What does not depend on the hardware.
    pub(crate) const fn validate(&self, width: Micros) -> Result<(), ConfigError> {
        if let Err(e) = self.validate_balance() {
            return Err(e);
        }
        let times = "a pulse is repeated 1 to 1,000 times";
        if let Err(e) = at_least(Field::Repeat, wide16(self.repeat.count), 1, times) {
            return Err(e);
        }
        if let Err(e) = at_most(Field::Repeat, wide16(self.repeat.count), 1_000, times) {
            return Err(e);
        }
        self.form.validate(width, self.balance)
    }

    const fn validate_balance(&self) -> Result<(), ConfigError> {
        if !matches!(self.balance, Balance::Asymmetric { .. }) {
            return Ok(());
        }
        let length = wide16(self.balance.length_percent());
        let least = "the balancing phase is never stronger than the main phase";
        if let Err(e) = at_least(Field::BalanceLength, length, 100, least) {
            return Err(e);
        }
        at_most(Field::BalanceLength, length, 2_000, "a balancing phase is at most twenty times as long")
    }
}

impl Form<'_> {
    const fn validate(&self, width: Micros, balance: Balance) -> Result<(), ConfigError> {
        match self {
            Self::Rectangular => Ok(()),
            Self::Prepulse(prepulse) => prepulse.validate(balance),
            Self::Triphasic { outer_percent } => triphasic(*outer_percent, balance),
            Self::Points(points) => validate_points(points, width, balance),
            Self::Table(levels) => validate_table(levels),
        }
    }
}

impl Prepulse {
    const fn validate(&self, balance: Balance) -> Result<(), ConfigError> {
        if !balance.is_balanced() {
            return Err(needs_balance());
        }
        let percent = wide8(self.amplitude_percent);
        let source = "a pre-pulse has 1 to 100 % of the main phase's amplitude";
        if let Err(e) = at_least(Field::PhasePercent, percent, 1, source) {
            return Err(e);
        }
        if let Err(e) = at_most(Field::PhasePercent, percent, 100, source) {
            return Err(e);
        }
        let width = wide(self.width.as_micros());
        if let Err(e) = at_least(Field::PhaseWidth, width, 1, "a phase lasts at least 1 µs") {
            return Err(e);
        }
        at_most(Field::PhaseWidth, width, 10_000_000, "a phase lasts at most 10 s")
    }
}

const fn triphasic(outer_percent: u8, balance: Balance) -> Result<(), ConfigError> {
    if !matches!(balance, Balance::Symmetric) {
        return Err(needs_balance());
    }
    let source = "an outer phase of a triphasic pulse has 1 to 90 % of the main phase's amplitude";
    let percent = wide8(outer_percent);
    if let Err(e) = at_least(Field::PhasePercent, percent, 1, source) {
        return Err(e);
    }
    at_most(Field::PhasePercent, percent, 90, source)
}

const fn needs_balance() -> ConfigError {
    let reason = "this form balances itself: a triphasic pulse and custom points take `Symmetric` (or, points, a \
                  declared direct current), a pre-pulse `Symmetric` or `Asymmetric`";
    ConfigError::Conflict { field: Field::BalanceLength, reason }
}

const fn validate_points(points: &[Point], width: Micros, balance: Balance) -> Result<(), ConfigError> {
    if matches!(balance, Balance::Asymmetric { .. }) {
        return Err(needs_balance());
    }
    let number = count(points.len());
    if let Err(e) = at_least(Field::Points, number, 2, "a custom pulse has 2 to 16 points") {
        return Err(e);
    }
    if let Err(e) = at_most(Field::Points, number, count(MAX_POINTS), "a custom pulse has 2 to 16 points") {
        return Err(e);
    }
    let mut left = points;
    let (mut total, mut charge, mut peak) = (0_i64, 0_i64, 0_i64);
    while let [point, rest @ ..] = left {
        let level = signed(point.permille);
        if let Err(e) =
            at_most(Field::PointLevel, level.saturating_abs(), 1_000, "a level is −1,000 to 1,000 ‰")
        {
            return Err(e);
        }
        let us = wide(point.width.as_micros());
        if let Err(e) = at_least(Field::PhaseWidth, us, 1, "a phase lasts at least 1 µs") {
            return Err(e);
        }
        total = total.saturating_add(us);
        charge = charge.saturating_add(level.saturating_mul(us));
        peak = if level > peak { level } else { peak };
        left = rest;
    }
    if let Err(e) = at_least(Field::PointLevel, peak, 1, "at least one point drives the leading way") {
        return Err(e);
    }
    if total != wide(width.as_micros()) {
        let reason = "the set width of a custom pulse is the sum of its points' widths, and stays";
        return Err(ConfigError::Conflict { field: Field::PhaseWidth, reason });
    }
    balanced_points(points, charge, balance)
}

/// The last point pays the others back: it is driven, and its nominal charge is right to its own rounding, one
/// thousandth of the amplitude.
const fn balanced_points(points: &[Point], charge: i64, balance: Balance) -> Result<(), ConfigError> {
    let Some(last) = points.last() else { return Ok(()) };
    if !balance.is_balanced() {
        return Ok(());
    }
    let reason = "the points of a custom pulse sum to zero within a thousandth of the last one's amplitude, and the \
                  last one is not zero; or declare a direct current";
    let nearly = charge.saturating_abs() <= wide(last.width.as_micros());
    if last.permille == 0 || !nearly {
        Err(ConfigError::Conflict { field: Field::PointLevel, reason })
    } else {
        Ok(())
    }
}

const fn validate_table(levels: &[i16]) -> Result<(), ConfigError> {
    let number = count(levels.len());
    let source = "a table has 2 to 5,000 levels";
    if let Err(e) = at_least(Field::Points, number, 2, source) {
        return Err(e);
    }
    if let Err(e) = at_most(Field::Points, number, 5_000, source) {
        return Err(e);
    }
    let mut left = levels;
    let mut peak = 0_i64;
    while let [level, rest @ ..] = left {
        let value = signed(*level);
        let full = signed(crate::FULL_SCALE);
        if let Err(e) =
            at_least(Field::PointLevel, value, 0, "a table holds one polarity: levels of 0 to 16,384")
        {
            return Err(e);
        }
        if let Err(e) = at_most(Field::PointLevel, value, full, "a table holds levels of 0 to 16,384") {
            return Err(e);
        }
        peak = if value > peak { value } else { peak };
        left = rest;
    }
    at_least(Field::PointLevel, peak, 1, "at least one level of a table is above zero")
}
