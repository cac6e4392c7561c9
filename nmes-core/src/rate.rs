//! Rational pulse rates and onsets that do not drift.

use crate::error::{ConfigError, Field, at_least};

/// A pulse rate as an exact fraction: `pulses` in `per_us` microseconds.
///
/// ```
/// use nmes_core::Rate;
/// let forty = Rate::from_hz(40).unwrap();
/// let third = Rate::new(1, 3_000_000).unwrap(); // one pulse every 3 s
/// let odd = Rate::from_millihertz(33_300).unwrap(); // 33.3 Hz
/// assert!(Rate::new(0, 1).is_err());
/// # let _ = (forty, third, odd);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "RawRate", into = "RawRate")
)]
pub struct Rate {
    pulses: u32,
    per_us: u32,
}

#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRate {
    pulses: u32,
    per_us: u32,
}

#[cfg(feature = "serde")]
impl TryFrom<RawRate> for Rate {
    type Error = ConfigError;
    fn try_from(raw: RawRate) -> Result<Self, ConfigError> {
        Self::new(raw.pulses, raw.per_us)
    }
}

#[cfg(feature = "serde")]
impl From<Rate> for RawRate {
    fn from(rate: Rate) -> Self {
        Self { pulses: rate.pulses, per_us: rate.per_us }
    }
}

impl Rate {
    /// `pulses` in each `per_us` microseconds, both at least 1.
    ///
    /// # Errors
    /// Names the field that is zero.
    pub const fn new(pulses: u32, per_us: u32) -> Result<Self, ConfigError> {
        if pulses == 0 {
            return Err(zero(Field::RatePulses));
        }
        if per_us == 0 {
            return Err(zero(Field::RatePer));
        }
        Ok(Self { pulses, per_us })
    }

    /// A whole number of pulses a second.
    ///
    /// # Errors
    /// Zero.
    pub const fn from_hz(hz: u32) -> Result<Self, ConfigError> {
        Self::new(hz, 1_000_000)
    }

    /// Thousandths of a pulse a second.
    ///
    /// # Errors
    /// Zero.
    pub const fn from_millihertz(millihertz: u32) -> Result<Self, ConfigError> {
        Self::new(millihertz, 1_000_000_000)
    }

    /// Thousandths of a pulse a second, rounded down.
    pub(crate) fn millihertz_down(self) -> u64 {
        u64::from(self.pulses).saturating_mul(1_000_000_000).checked_div(u64::from(self.per_us)).unwrap_or(0)
    }

    /// Thousandths of a pulse a second, rounded up.
    #[must_use]
    pub fn as_millihertz(self) -> u64 {
        // at most 2^32 × 10^9, below 2^62
        u64::from(self.pulses).saturating_mul(1_000_000_000).div_ceil(u64::from(self.per_us).max(1))
    }

    /// More pulses in the same time.
    pub(crate) fn is_faster_than(self, other: Self) -> bool {
        let one = u64::from(self.pulses).saturating_mul(u64::from(other.per_us));
        one > u64::from(other.pulses).saturating_mul(u64::from(self.per_us))
    }

    /// The pulses counted in [`Self::per_us`].
    #[must_use]
    pub const fn pulses(self) -> u32 {
        self.pulses
    }

    /// The time the pulses are counted in, in microseconds.
    #[must_use]
    pub const fn per_us(self) -> u32 {
        self.per_us
    }
}

const fn zero(field: Field) -> ConfigError {
    ConfigError::Below { field, value: 0, limit: 1, source: "a rate is a fraction of two positive numbers" }
}

/// Onsets of one rate on one clock: whole ticks, the remainder accumulated, so that onset `n` is
/// `floor(n × period)` for every `n`, without a division and without drift.
///
/// ```
/// use nmes_core::{Onsets, Rate};
/// let mut onsets = Onsets::new(Rate::from_hz(30).unwrap(), 1_000_000).unwrap();
/// for n in 0..=30 {
///     assert_eq!(onsets.tick(), n * 1_000_000 / 30);
///     onsets.advance();
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Onsets {
    tick: u64,
    accumulated: u64,
    whole: u64,
    remainder: u64,
    divisor: u64,
}

impl Onsets {
    /// The onsets of `rate` on a clock of `ticks_per_second`, from tick 0.
    ///
    /// # Errors
    /// The rate is faster than one pulse a tick.
    pub fn new(rate: Rate, ticks_per_second: u32) -> Result<Self, ConfigError> {
        let numerator = u64::from(rate.per_us).saturating_mul(u64::from(ticks_per_second));
        let divisor = u64::from(rate.pulses).saturating_mul(1_000_000);
        let whole = numerator.checked_div(divisor).unwrap_or(0);
        let remainder = numerator.checked_rem(divisor).unwrap_or(0);
        at_least(
            Field::Period,
            i64::try_from(whole).unwrap_or(i64::MAX),
            1,
            "a period is at least one tick",
        )?;
        Ok(Self { tick: 0, accumulated: 0, whole, remainder, divisor })
    }

    /// The tick of the present onset.
    #[must_use]
    pub const fn tick(&self) -> u64 {
        self.tick
    }

    /// Ticks from one onset to the next, rounded down.
    #[must_use]
    pub const fn period_ticks(&self) -> u64 {
        self.whole
    }

    /// The same rate with its onset number 0 at `tick`.
    #[must_use]
    pub const fn starting_at(mut self, tick: u64) -> Self {
        self.tick = tick;
        self.accumulated = 0;
        self
    }

    /// Goes to the next onset. Saturates at the end of the 64-bit clock, 584,000 years at 1 MHz.
    pub const fn advance(&mut self) {
        let mut step = self.whole;
        // accumulated and remainder are below the divisor, which is at most 2^32 × 10^6 < 2^52
        self.accumulated = self.accumulated.saturating_add(self.remainder);
        if self.accumulated >= self.divisor {
            self.accumulated = self.accumulated.saturating_sub(self.divisor);
            step = step.saturating_add(1);
        }
        self.tick = self.tick.saturating_add(step);
    }
}
