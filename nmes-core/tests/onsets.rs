//! Onsets do not drift, and what overruns waits or is dropped, and is counted.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::{Action, cases, ms, play, started};
use nmes_core::*;
use proptest::prelude::*;

fn one_channel(rate: Rate, width: u32) -> [Channel<'static>; 1] {
    let set = Setting::new(40_000, width).unwrap();
    let (pulse, ramp, offset) = (PulseShape::default(), Ramp::default(), Micros::ZERO);
    [Channel { pulse, rate, train: Train::default(), set, ceiling: set, ramp, offset }]
}

fn hardware(timing: HardwareTiming) -> Hardware {
    Hardware::new(timing, &[ChannelHardware::symmetric(100_000, -2_048, 2_047)], 0).unwrap()
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// REQ-INV-04: onset n is floor(n × period), for any rational rate and clock.
    #[test]
    fn onsets_are_floors(pulses in 1_u32..1_000_000, per_us in 1_u32..u32::MAX, hz in 1_000_u32..1_000_000_000, from in 0_u64..1 << 40) {
        let rate = Rate::new(pulses, per_us).unwrap();
        let Ok(onsets) = Onsets::new(rate, hz) else {
            prop_assert!(u128::from(per_us) * u128::from(hz) < u128::from(pulses) * 1_000_000);
            return Ok(());
        };
        let mut onsets = onsets.starting_at(from);
        for n in 0..200_u128 {
            let ideal = n * u128::from(per_us) * u128::from(hz) / (u128::from(pulses) * 1_000_000);
            prop_assert_eq!(u128::from(onsets.tick()), u128::from(from) + ideal);
            onsets.advance();
        }
    }
}

/// REQ-INV-04: a command moves no onset: a frame that is about to begin is not made anew.
#[test]
fn a_command_moves_no_onset() {
    let channels = one_channel(Rate::from_hz(100).unwrap(), 400);
    let session = Session::new(&channels, Schedule::Continuous, ms(100)).unwrap();
    let timing = HardwareTiming { late_max_ticks: 40, ..HardwareTiming::ideal(1_000_000) };
    let hardware = hardware(timing);
    let plan = Plan::compile(&session, &hardware).unwrap();
    // commanded anew one tick before the second onset: too near to be made anew, so it stands where it stood; a
    // gate or a stop would make it anew. Commanded at the onset of the third: the same.
    let other = Setting::new(20_000, 400).unwrap();
    let mut script = started(&session);
    script.push((9_999, Action::Command(0, other)));
    let run = play(&plan, &script, || 0);
    assert_eq!(run.receipts.len(), 10);
    assert_eq!((run.receipts[1].onset_tick, run.receipts[1].code), (10_000, 400));
    assert_eq!((run.receipts[2].onset_tick, run.receipts[2].code), (20_000, 200));
    assert_eq!(run.counters[0].deferred, 1, "the first: it is made at its onset");
}

/// REQ-CORE-02: contractions start on the exact millisecond however many there were, on a clock without whole
/// milliseconds too.
#[test]
fn contractions_do_not_drift() {
    let mut channels = one_channel(Rate::from_hz(50).unwrap(), 200);
    channels[0].ramp = Ramp { up: ms(100), down: ms(100), ..Ramp::default() };
    let cycle = Schedule::Cyclic(Cycle { hold: ms(300), rest: ms(501) });
    let session = Session::new(&channels, cycle, ms(1_001 * 300)).unwrap();
    let plan = Plan::compile(&session, &hardware(HardwareTiming::ideal(32_768))).unwrap();
    let run = play(&plan, &started(&session), || 0);
    // a ramp from zero is silent at its first onset: the first pulse stands one period later
    let mut first_pulses = vec![];
    let mut last = None;
    for receipt in &run.receipts {
        if last.is_none_or(|l: u64| receipt.onset_tick - l > 3_000) {
            first_pulses.push(receipt.onset_tick);
        }
        last = Some(receipt.onset_tick);
    }
    assert_eq!(first_pulses.len(), 300);
    for (k, first) in first_pulses.iter().enumerate() {
        let start = k as u64 * 1_001 * 32_768 / 1_000;
        assert!(first - start <= 2 * 32_768 / 50 + 1, "contraction {k} starts at {first}, not {start}");
    }
    assert_eq!(run.counters[0].pulses as usize, run.receipts.len());
}
