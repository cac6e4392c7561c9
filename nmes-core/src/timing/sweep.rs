//! Where the onsets of a sweep stand: the integral of the rate, inverted in integers.
//!
//! With `f` the rate at the first onset and `g` the rate at onset `n`, the time of onset `n` is `n` periods of the mean
//! of the two. For a linear sweep, `g² = f² + n × constant` and the mean is `(f + g) / 2`. For an exponential one,
//! `g = f + n × constant` and the mean is `(g − f) / ln(g / f)`. Nothing is added up from onset to onset but `n`, so no
//! error is either.
//!
//! Rates are in pulses a tick, scaled so that the faster one has 62 or 63 bits; the slower has at least 47.

use super::{Sweep, SweepLaw, cross};
use crate::rate::Rate;
use crate::wide::{divide, product, quotient, times};

/// The natural logarithm of 2, in 56 fractional bits.
const LN_2: u128 = 49_946_518_145_322_874;
/// 1 in 62 fractional bits.
const ONE: u128 = 1 << 62;
/// 1, 1/3, 1/5, … from the last to the first, in 62 fractional bits: for arguments up to 1/3 what is left out is
/// below 2^-64.
const ODD_PARTS: [u128; 19] = [
    ONE / 37,
    ONE / 35,
    ONE / 33,
    ONE / 31,
    ONE / 29,
    ONE / 27,
    ONE / 25,
    ONE / 23,
    ONE / 21,
    ONE / 19,
    ONE / 17,
    ONE / 15,
    ONE / 13,
    ONE / 11,
    ONE / 9,
    ONE / 7,
    ONE / 5,
    ONE / 3,
    ONE,
];

/// A sweep on one clock. Every product named below fits in 128 bits for every rate, time and clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SweepPlan {
    law: SweepLaw,
    /// The rate at the start, scaled.
    from: u64,
    /// The rate at the end, scaled.
    to: u64,
    /// Bits that rates are scaled by, 62 to 106.
    scale: u32,
    /// By how much an onset changes the square of the rate (linear), or the rate in 60 more fractional bits
    /// (exponential).
    step: u128,
    /// Onsets until the end, scaled like rates; below 2^114.
    end_phase: u128,
    /// Length in thousandths of a tick, 1 to 2^60.
    end: u64,
    /// Logarithm of the ratio of the rates in 56 fractional bits, at most 2^60.
    log: u64,
}

impl SweepPlan {
    /// Takes a sweep that `timing` has validated.
    pub(super) fn new(sweep: &Sweep, ticks_per_second: u32) -> Self {
        let Sweep { from, to, over, law } = *sweep;
        let fastest = if cross(from, to) > cross(to, from) { from } else { to };
        let scale = scale(fastest, ticks_per_second);
        let end = u64::from(over.as_millis()).saturating_mul(u64::from(ticks_per_second));
        let (from, to) = (scaled(from, ticks_per_second, scale), scaled(to, ticks_per_second, scale));
        let log = logarithm(from.min(to), from.max(to));
        let mut plan = Self { law, from, to, scale, step: 0, end_phase: 0, end, log };
        plan.step = match law {
            SweepLaw::Linear => plan.linear_step(),
            SweepLaw::Exponential => plan.exponential_step(),
        };
        // twice the mean is below 2^64, the length at most 2^60
        plan.end_phase = quotient(times(plan.twice_mean(), u128::from(end)), 2_000);
        plan
    }

    /// 2 × (to − from) × 2^scale / length: the quotient first, so that nothing is above 2^128 but what ends the sweep
    /// at the first onset.
    fn linear_step(&self) -> u128 {
        let each = quotient(u128::from(self.from.abs_diff(self.to)).unbounded_shl(60), u128::from(self.end));
        times(times(each, 2_000), power_of_two(self.scale.saturating_sub(60)))
    }

    /// logarithm × 2^scale / length, in 60 more fractional bits.
    fn exponential_step(&self) -> u128 {
        let each = quotient(u128::from(self.log).unbounded_shl(60), u128::from(self.end));
        times(times(each, 1_000), power_of_two(self.scale.saturating_sub(56)))
    }

    /// Twice the mean rate over the whole sweep, scaled.
    fn twice_mean(&self) -> u128 {
        let sum = u128::from(self.from).saturating_add(u128::from(self.to));
        let (lower, higher) = (self.from.min(self.to), self.from.max(self.to));
        match (self.law, octaves(lower, higher)) {
            (SweepLaw::Linear, _) => sum,
            (SweepLaw::Exponential, 0) => {
                divide(sum.unbounded_shl(62), series(lower, higher)).map_or(sum, |(mean, _)| mean)
            }
            (SweepLaw::Exponential, _) => {
                quotient(u128::from(higher.abs_diff(lower)).unbounded_shl(57), u128::from(self.log))
            }
        }
    }

    /// The rate has arrived at `elapsed` ticks.
    pub(super) fn is_over(&self, elapsed: u64) -> bool {
        product(elapsed, 1_000) >= u128::from(self.end)
    }

    /// Ticks from onset 0 to onset `index`, rounded down.
    pub(super) fn elapsed(&self, index: u64) -> u64 {
        let phase = times(u128::from(index), power_of_two(self.scale));
        let ticks = match phase.checked_sub(self.end_phase) {
            Some(beyond) => {
                let end = quotient(product(self.to, self.end), 1_000);
                quotient(end.saturating_add(beyond), u128::from(self.to))
            }
            None => self.inside(phase, self.rate_at(index)),
        };
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }

    /// The scaled rate at onset `index`, between the two ends.
    fn rate_at(&self, index: u64) -> u64 {
        let moved = times(self.step, u128::from(index));
        let from = u128::from(self.from);
        let rate = match (self.law, self.from <= self.to) {
            (SweepLaw::Linear, true) => root(product(self.from, self.from).saturating_add(moved)),
            (SweepLaw::Linear, false) => root(product(self.from, self.from).saturating_sub(moved)),
            (SweepLaw::Exponential, true) => from.saturating_add(moved.unbounded_shr(60)),
            (SweepLaw::Exponential, false) => from.saturating_sub(moved.unbounded_shr(60)),
        };
        u64::try_from(rate).unwrap_or(u64::MAX).clamp(self.from.min(self.to), self.from.max(self.to))
    }

    /// Ticks to the onset of `phase`, below 2^114, at which the rate is `rate`.
    fn inside(&self, phase: u128, rate: u64) -> u128 {
        let sum = u128::from(self.from).saturating_add(u128::from(rate));
        if self.law == SweepLaw::Linear {
            return quotient(phase.saturating_mul(2), sum);
        }
        let (lower, higher) = (self.from.min(rate), self.from.max(rate));
        if octaves(lower, higher) == 0 {
            // near one another: from the mean, in 8 fractional bits
            let ticks = quotient(phase.unbounded_shl(9), sum);
            return times(ticks, series(lower, higher)).unbounded_shr(70);
        }
        // far apart: the part of the way, on a logarithmic scale
        quotient(product(logarithm(lower, higher), self.end), product(self.log, 1_000))
    }
}

/// The scale at which a rate of at most one pulse a tick has 62 or 63 bits.
fn scale(rate: Rate, ticks_per_second: u32) -> u32 {
    let (numerator, divisor) = fraction(rate, ticks_per_second);
    62_u32.saturating_add(numerator.leading_zeros()).saturating_sub(divisor.leading_zeros())
}

/// The rate in pulses a tick, as a fraction: below 2^52, below 2^64.
fn fraction(rate: Rate, ticks_per_second: u32) -> (u64, u64) {
    (
        u64::from(rate.pulses()).saturating_mul(super::MICROS_PER_SECOND),
        u64::from(rate.per_us()).saturating_mul(u64::from(ticks_per_second)),
    )
}

/// A rate that is at most the one `scale` was worked out for: the quotient is below 2^63, the shifted one below 2^127.
fn scaled(rate: Rate, ticks_per_second: u32, scale: u32) -> u64 {
    let (numerator, divisor) = fraction(rate, ticks_per_second);
    u64::try_from(quotient(u128::from(numerator).unbounded_shl(scale), u128::from(divisor)))
        .unwrap_or(u64::MAX)
        .max(1)
}

/// How many times `lower` can be doubled without getting above `higher`.
const fn octaves(lower: u64, higher: u64) -> u32 {
    let bits = lower.leading_zeros().saturating_sub(higher.leading_zeros());
    if lower.unbounded_shl(bits) > higher { bits.saturating_sub(1) } else { bits }
}

/// `z` = (higher − lower) / (higher + lower), at most 1/3 within an octave, in 62 fractional bits.
fn distance(lower: u64, higher: u64) -> u128 {
    let sum = u128::from(higher).saturating_add(u128::from(lower));
    quotient(u128::from(higher.saturating_sub(lower)).unbounded_shl(62), sum)
}

/// 1 + z²/3 + z⁴/5 + …, in 62 fractional bits: half the logarithm of the ratio over z. Rates within an octave.
fn series(lower: u64, higher: u64) -> u128 {
    let z = distance(lower, higher);
    let z_squared = times(z, z).unbounded_shr(62);
    ODD_PARTS.iter().fold(0_u128, |sum, part| part.saturating_add(times(sum, z_squared).unbounded_shr(62)))
}

/// ln(higher / lower) in 56 fractional bits; 44.4 at most, so below 2^62.
fn logarithm(lower: u64, higher: u64) -> u64 {
    let octaves = octaves(lower, higher);
    let near = lower.unbounded_shl(octaves);
    let rest = times(distance(near, higher), series(near, higher)).unbounded_shr(67);
    let whole = times(LN_2, u128::from(octaves));
    u64::try_from(whole.saturating_add(rest)).unwrap_or(u64::MAX)
}

const fn power_of_two(exponent: u32) -> u128 {
    1_u128.unbounded_shl(exponent)
}

/// The square root, rounded down: one bit of it in each of 64 steps of shifts and subtractions.
fn root(value: u128) -> u128 {
    let (mut rest, mut root, mut bit) = (value, 0_u128, power_of_two(126));
    for _ in 0..64 {
        let trial = root | bit;
        root >>= 1;
        if let Some(left) = rest.checked_sub(trial) {
            rest = left;
            root |= bit;
        }
        bit >>= 2;
    }
    root
}
