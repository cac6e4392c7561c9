//! From the units of a session to ticks and back.

use crate::units::{Micros, Millis};

pub(crate) fn micros_to_ticks(us: Micros, hz: u32) -> u32 {
    u32::try_from(micros_to_ticks_long(us, hz)).unwrap_or(u32::MAX)
}

pub(crate) fn micros_to_ticks_long(us: Micros, hz: u32) -> u64 {
    // at most 3.6 × 10^9 × 10^9, below 2^62
    u64::from(us.as_micros()).saturating_mul(u64::from(hz)).saturating_add(500_000) / 1_000_000
}

pub(crate) fn millis_to_ticks(ms: Millis, hz: u32) -> u64 {
    // at most 1.8 × 10^8 × 10^9, below 2^64
    u64::from(ms.as_millis()).saturating_mul(u64::from(hz)).saturating_add(500) / 1_000
}

pub(crate) fn ticks_to_ns(ticks: u64, hz: u32) -> u64 {
    let ns = u128::from(ticks).saturating_mul(1_000_000_000).checked_div(u128::from(hz)).unwrap_or(0);
    u64::try_from(ns).unwrap_or(u64::MAX)
}
