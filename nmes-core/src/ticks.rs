//! From the units of a session to ticks and back.

use crate::units::{Micros, Millis};
use crate::wide::{product, quotient};

pub(crate) fn micros_to_ticks(us: Micros, hz: u32) -> u32 {
    u32::try_from(micros_to_ticks_long(us, hz)).unwrap_or(u32::MAX)
}

pub(crate) fn micros_to_ticks_long(us: Micros, hz: u32) -> u64 {
    // at most 3.6 × 10^9 × 10^9, below 2^62
    u64::from(us.as_micros()).saturating_mul(u64::from(hz)).saturating_add(500_000) / 1_000_000
}

/// Whether `ticks` is [`micros_to_ticks`], with products only.
pub(crate) fn is_micros(us: Micros, ticks: u32, hz: u32) -> bool {
    // below 2^62, and below 2^52
    let exact = u64::from(us.as_micros()).wrapping_mul(u64::from(hz)).wrapping_add(500_000);
    let least = u64::from(ticks).wrapping_mul(1_000_000);
    match exact.checked_sub(least) {
        Some(over) => over < 1_000_000 || ticks == u32::MAX,
        None => false,
    }
}

pub(crate) fn millis_to_ticks(ms: Millis, hz: u32) -> u64 {
    // at most 1.8 × 10^8 × 10^9, below 2^64
    u64::from(ms.as_millis()).saturating_mul(u64::from(hz)).saturating_add(500) / 1_000
}

pub(crate) fn ticks_to_ns(ticks: u64, hz: u32) -> u64 {
    let ns = quotient(product(ticks, 1_000_000_000), u128::from(hz));
    u64::try_from(ns).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests: a panic here is a failed test")]
mod tests {
    use super::*;

    /// REQ-CORE-150: a width takes so many ticks exactly where the division says so, at the ends of the clock and the width too.
    #[test]
    fn products_say_what_the_division_says() {
        for hz in [1, 32_768, 999_999, 1_000_000, 1_500_000, 3_000_000_000] {
            for us in [0, 1, 2, 49, 50, 333, 500, 499_999, 500_000, 1_000_001, 3_600_000_000] {
                let us = Micros::from_micros(us).unwrap();
                let ticks = micros_to_ticks(us, hz);
                let near = [ticks.wrapping_sub(1), ticks, ticks.wrapping_add(1), 0, 1, u32::MAX];
                for other in near {
                    assert_eq!(is_micros(us, other, hz), other == ticks, "{us:?} at {hz} Hz, {other} ticks");
                }
            }
        }
    }
}
