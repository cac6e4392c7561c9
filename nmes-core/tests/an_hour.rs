//! An hour of pulses at rates that are no whole number of ticks, by the engine itself.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::as_conversions,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::{DAC, ms, plain, random};
use nmes_core::*;

/// 30, 33.3, 40 and 71.3 Hz, and one pulse in three seconds: pulses, in so many microseconds, in an hour.
const RATES: [(u32, u32, u64); 5] = [
    (30, 1_000_000, 108_000),
    (333, 10_000_000, 119_880),
    (40, 1_000_000, 144_000),
    (713, 10_000_000, 256_680),
    (1, 3_000_000, 1_200),
];

/// What an hour was like.
#[derive(Debug, Default)]
struct Hour {
    pulses: u64,
    /// The most by which an onset of the grid is off its ideal time, in parts of a tick, and where the last one is.
    worst: (u128, u128),
    last: (u128, u128),
    /// The most by which a first edge was applied after its place on the grid.
    latest: u64,
    counters: Counters,
}

/// Runs a session of an hour, edges late by up to `late` ticks, and looks at each onset against exact fractions.
fn hour(pulses: u32, per_us: u32, hz: u32, late: u32) -> Hour {
    let channels = [Channel { rate: Rate::new(pulses, per_us).unwrap(), ..plain() }];
    let session = Session::new(&channels, Schedule::Continuous, ms(3_600_000)).unwrap();
    let timing = HardwareTiming { late_max_ticks: late, ..HardwareTiming::ideal(hz) };
    let plan = Plan::compile(&session, &Hardware::new(timing, &[DAC], 0).unwrap()).unwrap();
    let mut storage = [ChannelState::new()];
    let mut engine = Engine::new(&plan, &mut storage).unwrap();
    engine.command(0, channels[0].set, 0).unwrap();
    engine.start(0);
    let mut random = random(late, u64::from(pulses));
    let mut hour = Hour::default();
    let (numerator, divisor) = (u128::from(per_us) * u128::from(hz), u128::from(pulses) * 1_000_000);
    let mut onset = 0;
    loop {
        while let Some(frame) = engine.pending() {
            onset = frame.onset_tick();
            assert!(engine.accept(0, frame.sequence()));
        }
        let Next::At(at) = engine.next() else { break };
        engine.applied(at + if late == 0 { 0 } else { random() }).unwrap();
        let Some(receipt) = engine.take_receipt().filter(|r| r.kind == FrameKind::Pulse) else { continue };
        // the first pulse stands one edge spacing after the start, and its deferral says so
        let grid = u128::from(onset - receipt.deferred_ticks);
        let ideal = u128::from(hour.pulses) * numerator;
        let off = (grid * divisor).abs_diff(ideal);
        assert_eq!(receipt.deferred_ticks, u64::from(hour.pulses == 0), "pulse {}", hour.pulses);
        hour.worst = (hour.worst.0.max(off), divisor);
        hour.last = (off, divisor);
        hour.latest = hour.latest.max(receipt.onset_tick - onset);
        hour.pulses += 1;
    }
    hour.counters = engine.counters(0).unwrap();
    hour
}

/// REQ-INV-04, REQ-CORE-88: the exact count of pulses, the worst onset less than one tick off its ideal time, and at
/// the end of the hour no more off than at its beginning.
#[test]
fn an_hour_has_its_pulses_and_no_drift() {
    for hz in [1_000_000, 32_768, 48_000, 100_000] {
        for (pulses, per_us, expected) in RATES {
            let hour = hour(pulses, per_us, hz, 0);
            let of = format!("{pulses} in {per_us} µs at {hz} Hz: {hour:?}");
            assert_eq!(hour.pulses, expected, "{of}");
            assert!(hour.worst.0 < hour.worst.1, "{of}");
            assert!(hour.last.0 <= hour.worst.0 && hour.latest == 0, "{of}");
            assert_eq!((hour.counters.pulses as u64, hour.counters.dropped), (expected, 0), "{of}");
            // an ideal time that is a whole tick is met to the tick, in the last second as in the first
            let whole = u128::from(per_us) * u128::from(hz) % (u128::from(pulses) * 1_000_000) == 0;
            assert_eq!(whole, hour.worst.0 == 0, "{of}");
        }
    }
}

/// REQ-INV-04, REQ-CORE-88: edges up to L late move no onset of the grid: the count is exact, and the first edge of
/// each pulse is applied within L of a place that is less than one tick off.
#[test]
fn late_edges_make_no_drift() {
    for (pulses, per_us, expected) in RATES {
        let hour = hour(pulses, per_us, 1_000_000, 15);
        assert_eq!(hour.pulses, expected, "{hour:?}");
        assert!(hour.worst.0 < hour.worst.1 && (14..=15).contains(&hour.latest), "{hour:?}");
        assert_eq!((hour.counters.deferred, hour.counters.dropped), (1, 0), "{hour:?}");
    }
}
