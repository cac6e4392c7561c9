//! Two clocks against each other.

use core::fmt;

/// Ticks that a clock counted, and how many it should count in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockCount {
    /// Counted.
    pub ticks: u64,
    /// Declared.
    pub ticks_per_second: u32,
}

/// What is wrong with two clocks. Neither says which of the two it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockFault {
    /// A clock counted nothing, or declares nothing.
    Stopped,
    /// Too few ticks to see a difference as small as the tolerance: one tick of the slower clock is already more.
    TooShort {
        /// The least ticks that each clock has to count.
        least: u64,
    },
    /// They differ by more than the tolerance.
    Off {
        /// By how much the first is fast (above zero) or slow against the second, in millionths.
        ppm: i64,
        /// The tolerance, in millionths.
        tolerance_ppm: u32,
    },
}

impl fmt::Display for ClockFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("a clock stands still"),
            Self::TooShort { least } => write!(f, "too short: each clock has to count {least} ticks"),
            Self::Off { ppm, tolerance_ppm } => {
                write!(f, "the clocks differ by {ppm} millionths, more than {tolerance_ppm}")
            }
        }
    }
}

impl core::error::Error for ClockFault {}

/// The most that two clocks may be said to be apart, in millionths: a tenth. At half its rate a clock is off by 500,000. Our choice.
pub const MOST_PPM: u32 = 100_000;

/// How much the first clock is fast against the second, in millionths, when that is within the tolerance. Fixed work.
///
/// Both counts are of the same time, each one tick uncertain; that is why a clock has to count 4 × 10⁶ / tolerance ticks.
/// The two clocks need sources of their own: two timers on one crystal always agree. A tolerance above [`MOST_PPM`] counts as that.
///
/// ```
/// use nmes_safety::selftest::{ClockCount, ClockFault, compare_clocks};
/// let timer = ClockCount { ticks: 1_004_000, ticks_per_second: 1_000_000 };
/// let watch = ClockCount { ticks: 32_768, ticks_per_second: 32_768 };
/// assert_eq!(compare_clocks(timer, watch, 5_000), Ok(4_000)); // 0.4 % fast, 0.5 % allowed
/// assert_eq!(
///     compare_clocks(timer, watch, 3_000),
///     Err(ClockFault::Off { ppm: 4_000, tolerance_ppm: 3_000 })
/// );
/// ```
///
/// # Errors
/// [`ClockFault`].
pub fn compare_clocks(one: ClockCount, other: ClockCount, tolerance_ppm: u32) -> Result<i64, ClockFault> {
    let tolerance_ppm = tolerance_ppm.min(MOST_PPM);
    let counts = [one, other];
    if counts.iter().any(|count| count.ticks == 0 || count.ticks_per_second == 0) {
        return Err(ClockFault::Stopped);
    }
    let least = 4_000_000_u64.checked_div(u64::from(tolerance_ppm)).unwrap_or(u64::MAX);
    if one.ticks.min(other.ticks) < least {
        return Err(ClockFault::TooShort { least });
    }
    let time =
        |a: ClockCount, b: ClockCount| i128::from(a.ticks).saturating_mul(i128::from(b.ticks_per_second));
    let (first, second) = (time(one, other), time(other, one));
    let scaled = first.saturating_sub(second).saturating_mul(1_000_000);
    let whole = scaled.checked_div(second).unwrap_or(i128::MAX);
    let ppm = i64::try_from(whole).unwrap_or(i64::MAX);
    // without the rounding of a division
    let allowed = second.saturating_mul(i128::from(tolerance_ppm));
    if scaled.saturating_abs() <= allowed { Ok(ppm) } else { Err(ClockFault::Off { ppm, tolerance_ppm }) }
}
