//! Quantities.

use crate::{MicroAmps, Micros, Millis, Rate, Setting};
use proptest::prelude::*;
use std::ops::RangeInclusive;

/// An amplitude of a range, in microamperes; a number that the unit does not hold becomes its largest.
pub fn micro_amps(range: RangeInclusive<u32>) -> impl Strategy<Value = MicroAmps> {
    range.prop_map(|n| MicroAmps::from_microamps(n).unwrap_or(MicroAmps::MAX))
}

/// A time of a range, in microseconds; a number that the unit does not hold becomes its largest.
pub fn micros(range: RangeInclusive<u32>) -> impl Strategy<Value = Micros> {
    range.prop_map(|n| Micros::from_micros(n).unwrap_or(Micros::MAX))
}

/// A time of a range, in milliseconds; a number that the unit does not hold becomes its largest.
pub fn millis(range: RangeInclusive<u32>) -> impl Strategy<Value = Millis> {
    range.prop_map(|n| Millis::from_millis(n).unwrap_or(Millis::MAX))
}

/// Any rate that there is: pulses in microseconds, mostly with a remainder at every pulse.
pub fn rate() -> impl Strategy<Value = Rate> {
    prop_oneof![
        (1_u32..=200).prop_map(|hz| Rate::from_hz(hz).ok()),
        (1_u32..=200_000).prop_map(|millihertz| Rate::from_millihertz(millihertz).ok()),
        (1_u32..=1_000, 1_000_u32..=1_000_000_000)
            .prop_map(|(pulses, per_us)| Rate::new(pulses, per_us).ok()),
    ]
    .prop_filter_map("no such rate", |rate| rate)
}

/// A setting up to a ceiling, amplitude zero included.
pub fn setting(ceiling: Setting) -> impl Strategy<Value = Setting> {
    let width = ceiling.width.as_micros();
    (micro_amps(0..=ceiling.amplitude.as_microamps()), micros(width.min(1)..=width))
        .prop_map(|(amplitude, width)| Setting { amplitude, width })
}
