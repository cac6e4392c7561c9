//! Outputs of every kind.

use super::Kind;
use crate::*;
use proptest::prelude::*;
use std::prelude::v1::*;

/// Clocks, lateness and stamp errors (where the kind has them), edge spacings, dead times, rests, latch or none.
///
/// A driven zero between pulses is left out where channels may have an offset.
pub fn hardware_timing(kind: Kind) -> impl Strategy<Value = HardwareTiming> {
    let rest = || prop_oneof![Just(Rest::Open), Just(Rest::Shorted), Just(Rest::DrivenZero)];
    let clock = prop_oneof![Just(1_000_000_u32), Just(250_000), Just(1_048_576), Just(8_000_000)];
    let late = if kind.late { 1_u32..=18 } else { 0_u32..=0 };
    (clock, late, 1_u32..4, 0_u32..60, rest(), rest(), any::<bool>()).prop_map(
        move |(hz, late_us, spacing, dead_us, gap_rest, pulse_rest, has_latch)| {
            let us = |n: u32| u32::try_from(u64::from(n) * u64::from(hz) / 1_000_000).unwrap();
            let dead_ticks = if dead_us > 30 { us(dead_us) } else { 0 };
            let no_zero = !kind.exact && pulse_rest == Rest::DrivenZero;
            HardwareTiming {
                late_max_ticks: if kind.late { us(late_us).max(spacing) } else { 0 },
                stamp_error_ticks: if kind.late && dead_us % 4 == 0 { us(1) } else { 0 },
                min_edge_ticks: spacing,
                dead_ticks,
                gap_rest,
                pulse_rest: match (dead_ticks, no_zero) {
                    (1.., _) => Rest::Open,
                    (0, true) => Rest::Shorted,
                    (0, false) => pulse_rest,
                },
                has_latch,
                ..HardwareTiming::ideal(hz)
            }
        },
    )
}

/// 60 to 400 µA for one code; where the kind is not exact, up to 5 µA more or less for a negative one, and an offset of
/// up to 20 µA. A few ranges are narrow, and not the same both ways.
pub fn channel_hardware(kind: Kind) -> impl Strategy<Value = ChannelHardware> {
    let gain = (60_000_u32..400_000, -5_000_i32..5_000, -20_000_i32..20_000);
    gain.prop_map(move |(na, skew, offset)| {
        let code_min = if skew % 7 == 0 { -600 } else { -32_768 };
        let mut output = ChannelHardware::symmetric(na, code_min, 32_767);
        if !kind.exact {
            output.na_per_code_negative = na.saturating_add_signed(skew);
            output.offset_na = offset;
        }
        output
    })
}

/// Four outputs of 0.1 mA a code on sources of their own, 1 MHz; edges up to 10 µs late where the kind has that.
pub(super) fn plain_hardware(kind: Kind) -> Hardware {
    let late_max_ticks = if kind.late { 10 } else { 0 };
    let timing = HardwareTiming { late_max_ticks, ..HardwareTiming::ideal(1_000_000) };
    Hardware::new(timing, &[ChannelHardware::symmetric(100_000, -32_768, 32_767); 4], 0).unwrap()
}

/// Four equal channels; on sources of their own, or some or all on one.
pub fn hardware(kind: Kind) -> impl Strategy<Value = Hardware> {
    let shared = prop_oneof![4 => Just([0_u8; 4]), 1 => Just([0, 1, 1, 0]), 1 => Just([1; 4])];
    (hardware_timing(kind), channel_hardware(kind), shared).prop_map(|(timing, output, shared)| {
        Hardware::new(timing, &shared.map(|source| ChannelHardware { source, ..output }), 0).unwrap()
    })
}
