//! Gated sessions: what a trigger may do, and what the session's own bounds do whatever it does.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::{Action, Case, Kind, Run, case, cases, ms, play, script, started};
use nmes_core::*;
use proptest::prelude::*;

const MS: u64 = 1_000;

fn gated(gate: Gate, floor: u32) -> ([Channel<'static>; 1], Schedule<'static>) {
    let set = Setting::new(40_000, 300).unwrap();
    let ramp = Ramp {
        up: ms(200),
        down: ms(200),
        down_min: ms(80),
        floor,
        control: Control::Amplitude,
        slope: Slope::Linear,
    };
    let channel = Channel {
        pulse: PulseShape { gap: Micros::from_micros(100).unwrap(), ..PulseShape::default() },
        rate: Rate::from_hz(40).unwrap(),
        train: Train::default(),
        set,
        ceiling: set,
        ramp,
        offset: Micros::ZERO,
    };
    ([channel], Schedule::Gated(gate))
}

fn gate(max_on: u32, min_off: u32, triggers: u16) -> Gate {
    Gate {
        max_on: ms(max_on),
        min_off: ms(min_off),
        max_triggers_per_minute: triggers,
        refractory: Millis::ZERO,
    }
}

fn run(bounds: Gate, floor: u32, length_ms: u32, inputs: &[(u64, GateInput)]) -> Run {
    let (channels, schedule) = gated(bounds, floor);
    let session = Session::new(&channels, schedule, ms(length_ms)).unwrap();
    let hardware = Hardware::new(
        HardwareTiming::ideal(1_000_000),
        &[ChannelHardware::symmetric(100_000, -2_048, 2_047)],
        0,
    )
    .unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let mut all = started(&session);
    all.extend(inputs.iter().map(|(at, input)| (*at, Action::Gate(*input))));
    play(&plan, &all, || 0)
}

/// The codes of the pulses, with their onsets in milliseconds.
fn pulses(run: &Run) -> Vec<(u64, i32)> {
    run.receipts.iter().map(|r| (r.onset_tick / MS, r.code)).collect()
}

/// REQ-CORE-03: a trigger gives a pulse at the floor one edge spacing later, a ramp from there, full level, and a
/// ramp down; nothing stands at or after its end.
#[test]
fn a_step_is_a_trapezoid_from_the_floor() {
    let close = GateInput::Close { down: None };
    let run = run(gate(2_000, 0, 60), 20_000, 5_000, &[(100 * MS, GateInput::Open), (600 * MS, close)]);
    assert_eq!(
        run.answers,
        [GateAnswer::Started { at_tick: 100 * MS + 1 }, GateAnswer::Closed { over_tick: 800 * MS }]
    );
    let pulses = pulses(&run);
    assert_eq!(pulses[0], (100, 200), "20 mA at once");
    assert_eq!(pulses[4], (200, 300), "half way after half the ramp");
    assert_eq!(pulses[8], (300, 400), "40 mA after the ramp");
    let (last, code) = *pulses.last().unwrap();
    assert!(last < 800 && code < 400 && code > 200, "{last} ms, {code}");
    assert_eq!(pulses.len(), 28);
    assert!(run.receipts.iter().all(|r| r.full_level == (r.code == 400)));
}

/// REQ-CORE-03: without a floor the first onset is silent, and no level is left out or doubled.
#[test]
fn a_ramp_from_zero_starts_silent() {
    let close = GateInput::Close { down: None };
    let run = run(gate(2_000, 0, 60), 0, 5_000, &[(100 * MS, GateInput::Open), (600 * MS, close)]);
    assert_eq!(pulses(&run)[0], (125, 50));
    assert_eq!(run.counters[0].silent, 1);
}

/// REQ-CORE-04: a hold during the ramp keeps the level it found; opening again goes on from there.
#[test]
fn hold_keeps_the_level() {
    let inputs = [(0, GateInput::Open), (100 * MS, GateInput::Hold), (500 * MS, GateInput::Open)];
    let run = run(gate(2_000, 0, 60), 0, 5_000, &inputs);
    let pulses = pulses(&run);
    assert!(pulses.iter().filter(|(at, _)| (101..500).contains(at)).all(|(_, code)| *code == 200));
    assert_eq!(pulses.iter().find(|(at, _)| *at == 600).unwrap().1, 400);
}

/// REQ-CORE-04: a close with a shorter ramp is taken within the channel's bounds, and closes anyway outside them.
#[test]
fn closing_always_closes() {
    for (down, over) in [(Some(80), 80), (Some(79), 200), (Some(201), 200), (Some(200), 200), (None, 200)] {
        let close = GateInput::Close { down: down.map(ms) };
        let run = run(gate(2_000, 0, 60), 0, 5_000, &[(0, GateInput::Open), (500 * MS, close)]);
        assert_eq!(run.answers[1], GateAnswer::Closed { over_tick: (500 + over) * MS });
        assert!(run.receipts.last().unwrap().onset_tick < (500 + over) * MS);
    }
}

/// REQ-CORE-05: a gate that stays open is closed by a ramp after its longest time, and it is counted.
#[test]
fn longest_on_time_is_enforced() {
    let run = run(gate(1_000, 0, 60), 0, 9_000, &[(0, GateInput::Open)]);
    let last = run.receipts.last().unwrap().onset_tick;
    assert!((1_150 * MS..1_201 * MS).contains(&last), "{last}");
    assert_eq!(run.counters[0].forced_closes, 1);
}

/// REQ-CORE-05: an opening within the least OFF time waits for its end, and is not lost.
#[test]
fn least_off_time_is_enforced() {
    let close = GateInput::Close { down: Some(ms(80)) };
    let inputs = [(0, GateInput::Open), (500 * MS, close), (700 * MS, GateInput::Open)];
    let run = run(gate(1_000, 300, 60), 20_000, 5_000, &inputs);
    let ended = run.receipts.iter().filter(|r| r.onset_tick < 600 * MS).map(|r| r.end_tick).max().unwrap();
    assert_eq!(run.answers[2], GateAnswer::Waiting { at_tick: ended + 300 * MS });
    let next = run.receipts.iter().find(|r| r.onset_tick > 600 * MS).unwrap();
    assert_eq!(next.onset_tick, ended + 300 * MS);
}

/// REQ-CORE-05: one opening more than the session's triggers a minute is refused and counted.
#[test]
fn triggers_a_minute_are_enforced() {
    let close = GateInput::Close { down: Some(ms(80)) };
    let inputs: Vec<_> =
        (0..40).flat_map(|n| [(n * 1_000 * MS, GateInput::Open), ((n * 1_000 + 300) * MS, close)]).collect();
    let run = run(gate(1_000, 0, 30), 20_000, 60_000, &inputs);
    let refused =
        run.answers.iter().filter(|a| **a == GateAnswer::Refused(GateRefusal::TooManyTriggers)).count();
    assert_eq!(refused, 10);
    let started = run.answers.iter().filter(|a| matches!(a, GateAnswer::Started { .. })).count();
    assert_eq!(started, 30);
}

/// REQ-CORE-05: two trains never put two onsets nearer than a period.
#[test]
fn a_trigger_storm_keeps_the_rate() {
    let close = GateInput::Close { down: Some(ms(80)) };
    let inputs: Vec<_> =
        (0..200).map(|n| (n * 7 * MS, if n % 2 == 0 { GateInput::Open } else { close })).collect();
    let run = run(gate(1_000, 0, 600), 20_000, 5_000, &inputs);
    assert!(run.receipts.len() > 20);
    for pair in run.receipts.windows(2) {
        assert!(pair[1].onset_tick - pair[0].onset_tick >= 25 * MS);
    }
}

/// REQ-CORE-05: nothing before the start, after the end, after a stop, or in a session that runs by itself.
#[test]
fn openings_out_of_place_are_refused() {
    let (channels, schedule) = gated(gate(1_000, 0, 60), 0);
    let hardware = Hardware::new(
        HardwareTiming::ideal(1_000_000),
        &[ChannelHardware::symmetric(100_000, -2_048, 2_047)],
        0,
    )
    .unwrap();
    let session = Session::new(&channels, schedule, ms(1_000)).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let mut storage = [ChannelState::new()];
    let mut engine = Engine::new(&plan, &mut storage).unwrap();
    assert_eq!(engine.gate(GateInput::Open, 0), GateAnswer::Refused(GateRefusal::Stopped));
    engine.start(10);
    assert_eq!(engine.gate(GateInput::Hold, 10), GateAnswer::Ignored);
    assert_eq!(engine.gate(GateInput::Open, 1_000_010), GateAnswer::Refused(GateRefusal::SessionOver));
    engine.stop(StopPolicy::FinishPulse, 20);
    assert_eq!(engine.gate(GateInput::Open, 30), GateAnswer::Refused(GateRefusal::Stopped));
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let mut engine = Engine::new(&plan, &mut storage).unwrap();
    engine.start(0);
    assert_eq!(engine.gate(GateInput::Open, 0), GateAnswer::Refused(GateRefusal::NotGated));
}

fn period_of(case: &Case, channel: u8) -> u64 {
    let rate = case.channels[usize::from(channel)].rate;
    let hz = u64::from(case.hardware.timing().ticks_per_second);
    (u128::from(rate.per_us()) * u128::from(hz) / (u128::from(rate.pulses()) * 1_000_000)) as u64
}

proptest! {
    #![proptest_config(cases(512))]

    /// REQ-INV-08, REQ-CORE-05: whatever the trigger and the commands do, no two onsets of a channel stand nearer
    /// than its period, no code is above the ceiling's, and none stands outside the session.
    #[test]
    fn bounds_hold_whatever_comes(case in case(Kind { late: false, exact: true })) {
        let Ok(plan) = Plan::compile(&case.session(), &case.hardware) else { return Err(TestCaseError::reject("refused")) };
        let run = play(&plan, &script(&case), || 0);
        for channel in 0..plan.channel_count() {
            let c = plan.channel(channel).unwrap();
            let ceiling = c.code_for(c.channel().ceiling.amplitude);
            let receipts: Vec<_> = run.receipts.iter().filter(|r| r.channel == channel && r.kind == FrameKind::Pulse).collect();
            for pair in receipts.windows(2) {
                prop_assert!(pair[1].onset_tick - pair[0].onset_tick + pair[0].deferred_ticks >= period_of(&case, channel));
            }
            for receipt in receipts {
                prop_assert!(receipt.code.unsigned_abs() <= ceiling);
                let offset = u64::from(c.channel().offset.as_micros()) * u64::from(case.hardware.timing().ticks_per_second);
                prop_assert!(receipt.onset_tick < plan.length_ticks() + offset.div_ceil(1_000_000));
            }
        }
    }

    /// REQ-CORE-03: the level rises and falls without a step back within each ramp.
    #[test]
    fn ramps_are_monotonic(floor in 0_u32..40_000, open_ms in 0_u64..900, on_ms in 1_u64..900) {
        let close = GateInput::Close { down: None };
        let end = open_ms + on_ms;
        let run = run(gate(2_000, 0, 60), floor, 5_000, &[(open_ms * MS, GateInput::Open), (end * MS, close)]);
        let codes: Vec<_> = run.receipts.iter().map(|r| (r.onset_tick, r.code)).collect();
        for pair in codes.windows(2) {
            let rising = pair[1].0 < end * MS;
            let falling = pair[0].0 >= end * MS;
            prop_assert!(!rising || pair[1].1 >= pair[0].1);
            prop_assert!(!falling || pair[1].1 <= pair[0].1);
        }
    }
}
