//! Rolling sums over the last second and the last five seconds, in a few conservative buckets.
//!
//! A window of T is kept as whole buckets that together cover at least T, plus the bucket that is filling. Squared
//! current is counted in full in every bucket its pulse touches, and the oldest bucket is kept whole, so a sum is
//! never below the true one over T: a limit trips early, never late. It is at most one bucket too long (an eighth of
//! the second, 6 % of the r.m.s. value) and counts a pulse on a bucket's edge twice (at most eight in the second);
//! where that can trip within the limit the check says so (`onsets::Onsets::in_guard`).
//!
//! Scales: squared current is µA² × ticks in a `u64`, each current rounded up to a whole microampere. 1 A for 5 s at
//! 1 GHz does not fit, so the sum saturates; a saturated sum is above every limit (the largest, 100 mA r.m.s. over
//! 1 s at 1 GHz, is 10¹⁹, just over half of `u64::MAX`). Charge is nA × ticks in an `i64`, 1 A for 5 s at 1 GHz is
//! 5 × 10¹⁸ and fits; it saturates too, and a saturated charge is above every limit.

/// Whole buckets of the second; one more is filling, which makes nine in its ring.
pub(crate) const EIGHTHS: u64 = 8;

/// What one pulse adds to the windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dose {
    /// Σ I²·t, µA² × ticks, of the larger of commanded and measured current.
    pub(crate) squared: u64,
    /// Σ I·t as commanded and applied, nA × ticks.
    pub(crate) commanded: i64,
    /// Σ I·t as measured, nA × ticks; what was not measured is not in it.
    pub(crate) measured: i64,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Dose { squared, commanded, measured });

impl Dose {
    /// Counts a current that flowed for a time.
    pub(crate) fn add_squared(&mut self, nanoamps: i64, ticks: u64) {
        self.squared = self.squared.saturating_add(squared(nanoamps, ticks));
    }

    fn add(&mut self, other: &Self) {
        self.squared = self.squared.saturating_add(other.squared);
        self.commanded = self.commanded.saturating_add(other.commanded);
        self.measured = self.measured.saturating_add(other.measured);
    }
}

/// I²·t in µA² × ticks, the current rounded up; saturates. Up to 65 mA for 2³² ticks it is two short products.
pub(crate) fn squared(nanoamps: i64, ticks: u64) -> u64 {
    let magnitude = nanoamps.unsigned_abs();
    let Ok(narrow) = u32::try_from(magnitude) else {
        let microamps = magnitude.div_ceil(1_000);
        return microamps.saturating_mul(microamps).saturating_mul(ticks);
    };
    let microamps = u64::from(thousandth(narrow));
    // below 2^23 each
    let square = microamps.saturating_mul(microamps);
    match (u32::try_from(square), u32::try_from(ticks)) {
        (Ok(square), Ok(ticks)) => u64::from(square).saturating_mul(u64::from(ticks)),
        _ => square.saturating_mul(ticks),
    }
}

/// A thousandth, rounded up, without a division: 2³⁸ / 1,000 is near enough to a whole number for each number of 32 bits.
fn thousandth(number: u32) -> u32 {
    let down = u32::try_from(u64::from(number).wrapping_mul(274_877_907) >> 38).unwrap_or(u32::MAX);
    if down.wrapping_mul(1_000) == number { down } else { down.wrapping_add(1) }
}

/// I·t in nA × ticks; `None` when it does not fit. Up to 2 A for 2³¹ ticks it is one short product.
pub(crate) fn charge(nanoamps: i64, ticks: u64) -> Option<i64> {
    match (i32::try_from(nanoamps), i32::try_from(ticks)) {
        (Ok(nanoamps), Ok(ticks)) => i64::from(nanoamps).checked_mul(i64::from(ticks)),
        _ => nanoamps.checked_mul(i64::try_from(ticks).ok()?),
    }
}

/// The r.m.s. value in µA of Σ I²·t over a time, rounded down; for reports.
pub(crate) fn rms_ua(squared: u64, ticks: u64) -> u32 {
    let mean = squared.checked_div(ticks).unwrap_or(0);
    u32::try_from(mean.isqrt()).unwrap_or(u32::MAX)
}

/// One rolling window of `N − 1` whole buckets and the one that is filling.
#[derive(Clone, Copy, Debug)]
struct Ring<B, const N: usize> {
    buckets: [B; N],
    /// First tick of the newest bucket.
    start: u64,
    bucket_ticks: u32,
    /// Place of the newest bucket.
    at: u8,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Ring<Dose, 9> { buckets, at, start, bucket_ticks });
#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Ring<u64, 6> { buckets, at, start, bucket_ticks });
#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Windows { second, five });

impl<B: Copy + Default, const N: usize> Ring<B, N> {
    fn new(now: u64, window_ticks: u64) -> Self {
        let whole = u64::try_from(N.saturating_sub(1)).unwrap_or(1).max(1);
        // a second of at most 10^9 ticks, or an eighth of one
        let bucket_ticks = u32::try_from(window_ticks.div_ceil(whole).max(1)).unwrap_or(u32::MAX);
        Self { buckets: [B::default(); N], start: now, bucket_ticks, at: 0 }
    }

    /// Whether the bucket that holds `now` is open.
    #[inline]
    fn is_at(&self, now: u64) -> bool {
        now.checked_sub(self.start).is_none_or(|since| since < u64::from(self.bucket_ticks))
    }

    /// Opens the bucket that holds `now`; at most `N` steps. Mostly it is the one that is open, which takes a comparison.
    #[inline]
    fn advance(&mut self, now: u64) {
        if !self.is_at(now) {
            self.open(now);
        }
    }

    #[inline(never)]
    fn open(&mut self, now: u64) {
        let length = u64::from(self.bucket_ticks);
        for _ in 0..N {
            if self.is_at(now) {
                return;
            }
            self.start = self.start.saturating_add(length);
            self.at = self.at.checked_add(1).filter(|at| usize::from(*at) < N).unwrap_or(0);
            if let Some(bucket) = self.buckets.get_mut(usize::from(self.at)) {
                *bucket = B::default();
            }
        }
        // all are empty
        let passed = now.saturating_sub(self.start).checked_div(length).unwrap_or(0);
        self.start = self.start.saturating_add(passed.saturating_mul(length));
    }

    /// The buckets that a pulse from `from` to now touches, the newest first.
    fn touched(&mut self, from: u64, mut take: impl FnMut(&mut B, bool)) {
        let (mut start, mut at) = (self.start, usize::from(self.at));
        for step in 0..N {
            if let Some(bucket) = self.buckets.get_mut(at) {
                take(bucket, step == 0);
            }
            if from >= start {
                break;
            }
            at = at.checked_sub(1).unwrap_or(N.saturating_sub(1));
            start = start.saturating_sub(u64::from(self.bucket_ticks));
        }
    }
}

/// The windows of one channel: 1 s in eighths, 5 s in seconds. Of the longer one only squares are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows {
    second: Ring<Dose, 9>,
    five: Ring<u64, 6>,
}

impl Windows {
    pub(crate) fn new(now: u64, ticks_per_second: u32) -> Self {
        let second = u64::from(ticks_per_second);
        Self { second: Ring::new(now, second), five: Ring::new(now, second.saturating_mul(5)) }
    }

    /// The shorter of its buckets, an eighth of a second.
    pub(crate) fn bucket_ticks(&self) -> u64 {
        u64::from(self.second.bucket_ticks)
    }

    /// Lets the oldest buckets go. At most 15 steps.
    pub(crate) fn advance(&mut self, now: u64) {
        self.second.advance(now);
        self.five.advance(now);
    }

    /// Counts a pulse from `from` to `now`: its squares in every bucket it touches, its charge once. At most 17 additions.
    pub(crate) fn add(&mut self, from: u64, now: u64, dose: &Dose) {
        self.advance(now);
        self.second.touched(from, |bucket, newest| {
            if newest {
                bucket.add(dose);
            } else {
                bucket.squared = bucket.squared.saturating_add(dose.squared);
            }
        });
        self.five.touched(from, |bucket, _| *bucket = bucket.saturating_add(dose.squared));
    }

    /// The clock began anew: what was counted by the old one counts as if it were now.
    pub(crate) fn not_ahead_of(&mut self, now: u64) {
        self.second.start = self.second.start.min(now);
        self.five.start = self.five.start.min(now);
    }

    /// At least the sums of the last second.
    pub(crate) fn second(&self) -> Dose {
        self.second.buckets.iter().fold(Dose::default(), |mut sum, bucket| {
            sum.add(bucket);
            sum
        })
    }

    /// At least the squares of the last five seconds.
    pub(crate) fn five(&self) -> u64 {
        self.five.buckets.iter().fold(0, |sum, squared| sum.saturating_add(*squared))
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests: an overflow here is a failed test")]
mod tests {
    extern crate std;

    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    const TPS: u32 = 1_000_000;

    fn pulse(squared: u64) -> Dose {
        Dose { squared, commanded: 3, measured: -5 }
    }

    /// REQ-SAF-033: a pulse is in the window for a full second and gone after one bucket more.
    #[test]
    fn a_pulse_stays_for_the_window() {
        let mut windows = Windows::new(0, TPS);
        windows.add(10, 20, &pulse(7));
        windows.advance(1_000_020);
        assert_eq!(windows.second(), pulse(7), "the oldest bucket is kept whole");
        windows.advance(1_124_999);
        assert_eq!(windows.second(), pulse(7));
        windows.advance(1_125_000);
        assert_eq!(windows.second(), Dose::default());
        assert_eq!(windows.five(), 7);
        windows.advance(5_999_999);
        assert_eq!(windows.five(), 7);
        windows.advance(6_000_000);
        assert_eq!(windows.five(), 0);
    }

    /// REQ-SAF-033: squares count in every bucket they touch, charge counts once.
    #[test]
    fn a_pulse_on_a_bucket_edge_counts_in_both() {
        let mut windows = Windows::new(0, TPS);
        windows.add(124_900, 125_100, &pulse(7));
        assert_eq!(windows.second(), Dose { squared: 14, commanded: 3, measured: -5 });
        let mut within = Windows::new(0, TPS);
        within.add(125_000, 125_100, &pulse(7));
        assert_eq!(within.second().squared, 7);
    }

    /// REQ-SAF-033: nanoamperes are rounded up to microamperes, at each thousand of 32 bits and beside it.
    #[test]
    fn thousandths_are_rounded_up() {
        assert_eq!((thousandth(0), thousandth(u32::MAX)), (0, u32::MAX.div_ceil(1_000)));
        // under Miri all of them take twenty minutes
        let step = if cfg!(miri) { 9_973 } else { 1 };
        for number in (1..=u32::MAX / 1_000).step_by(step).map(|n| n * 1_000) {
            assert_eq!(thousandth(number), number / 1_000);
            assert_eq!(thousandth(number - 999), number / 1_000);
            assert_eq!(thousandth(number + 1), number / 1_000 + 1);
        }
    }

    /// REQ-SAF-033: sums saturate upwards, never wrap.
    #[test]
    fn sums_saturate() {
        assert_eq!(squared(1_000_000_000, 5_000_000_000), u64::MAX);
        assert_eq!(squared(100_000_000, 1_000_000_000), 10_000_000_000_000_000_000);
        assert_eq!(squared(-1, 3), 3, "one nanoampere is rounded up to a microampere");
        let mut dose = pulse(u64::MAX);
        dose.add_squared(1_000, 1);
        assert_eq!(dose.squared, u64::MAX);
        assert_eq!(rms_ua(squared(50_000_000, 1_000_000), 1_000_000), 50_000);
    }

    proptest! {
        /// REQ-SAF-033: the sum is never below the exact sum over the last second, and never above the exact sum
        /// over one bucket more with each pulse counted twice.
        #[test]
        fn never_below_the_exact_sum(steps in proptest::collection::vec((1_u64..60_000, 1_u64..5_000, 1_u64..100), 1..200)) {
            let mut windows = Windows::new(0, TPS);
            let mut pulses = Vec::new();
            let mut now = 0;
            for (pause, length, value) in steps {
                let from = now + pause;
                now = from + length;
                windows.add(from, now, &pulse(value));
                pulses.push((now, value));
                let over = |t: u64| pulses.iter().filter(|p| p.0 + t > now).map(|p| p.1).sum::<u64>();
                let sum = windows.second().squared;
                prop_assert!(sum >= over(1_000_000), "{sum} < {}", over(1_000_000));
                prop_assert!(sum <= 2 * over(1_125_001));
            }
        }
    }
}
