//! Where two parts of the engine have to agree about an instant: ends and openings, waits and counts, clocks and grids.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::*;
use nmes_core::*;

const MS: u64 = 1_000;
const OPEN: Action = Action::Gate(GateInput::Open);
const HOLD: Action = Action::Gate(GateInput::Hold);
const CLOSE: Action = Action::Gate(GateInput::Close { down: None });

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

fn late(ticks: u32) -> HardwareTiming {
    HardwareTiming { min_edge_ticks: 20, late_max_ticks: ticks, ..HardwareTiming::ideal(1_000_000) }
}

/// Two channels on one source, each of which may wait `most` for the other.
fn shared<R>(
    channels: &[Channel<'_>],
    schedule: Schedule<'_>,
    length_ms: u32,
    overlap: Overlap,
    then: impl FnOnce(Result<Plan<'_>, ConfigError>) -> R,
) -> R {
    let session = Session::new(channels, schedule, ms(length_ms)).unwrap().with_overlap(overlap);
    let output = ChannelHardware { source: 1, ..DAC };
    let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[output, output], 0).unwrap();
    then(Plan::compile(&session, &hardware))
}

/// REQ-CORE-05: the least OFF time begins at the last edge, also where trims follow the closing and the opening was answered before
/// them; of bursts the last pulse may be long ago.
#[test]
fn trims_are_no_rest() {
    let train = Train {
        timing: Timing::Bursts(Bursts { pulses: 2, every: Rate::from_hz(1).unwrap() }),
        ..Train::default()
    };
    let mut trimmed = 0;
    for (channel, close) in [(plain(), 24_900), (plain(), 25_010), (Channel { train, ..plain() }, 500_000)] {
        for (after, seed) in
            [0, 5, 10, 25].into_iter().flat_map(|after| (0..20).map(move |seed| (after, seed)))
        {
            with_plan(&[channel], gated(3_000, 100, 600), 4_000, late(20), |plan| {
                let mut draw = random(21, seed);
                let inputs = [(0, OPEN), (close, CLOSE), (close + after, OPEN), (close + 400_000, CLOSE)];
                let run = play_on(plan, &inputs, || (draw() % 21) as i64);
                let second = run.pulses().find(|p| p.onset_tick > close + 50_000).unwrap().onset_tick;
                let before = run.receipts.iter().filter(|r| r.end_tick < second);
                let last = before.max_by_key(|r| r.end_tick).unwrap();
                trimmed += u32::from(last.kind == FrameKind::Trim);
                let off = second - last.end_tick;
                assert!(off >= 100_000, "{off} ticks after {last:?}: {:?}", run.answers);
            });
        }
    }
    assert!(trimmed > 100, "{trimmed}");
}

/// REQ-CORE-155: a stop that is asked for again and again puts nothing off: neither what goes open nor the trims at the end.
#[test]
fn a_storm_of_stops_ends_when_one_does() {
    let shorted = HardwareTiming { pulse_rest: Rest::Shorted, ..late(0) };
    for (timing, policy) in [
        (shorted, StopPolicy::FinishPulse),
        (late(20), StopPolicy::FinishPulse),
        (shorted, StopPolicy::RecoverNow),
        (late(20), StopPolicy::RecoverNow),
    ] {
        with_plan(&[plain()], Schedule::Continuous, 1_000, timing, |plan| {
            let ends = |stops: &[(u64, Action)]| {
                let mut lates = [0_i64, 20, 0, 20, 7, 3].into_iter().cycle();
                let most = i64::from(timing.late_max_ticks);
                play_on(plan, stops, || lates.next().unwrap().min(most)).finished.unwrap().at_tick
            };
            for first in [60_000, 50_100, 50_650] {
                let storm: Vec<_> =
                    (first..first + 20_000).step_by(15).map(|tick| (tick, Action::Stop(policy))).collect();
                assert_eq!(ends(&storm), ends(&storm[..1]), "{policy:?} at {first}");
            }
        });
    }
}

/// REQ-CORE-156: what a session does is the same whenever its clock began: the first command is no stale one, and no train has ended
/// before the first.
#[test]
fn a_clock_may_begin_anywhere() {
    let train = Train { stale_after: ms(500), ..Train::default() };
    let channels = [Channel { train, ramp: ramped(200, 200, 20_000), ..plain() }];
    let stale = |t0: u64| {
        with_plan(&channels, Schedule::Continuous, 400, late(0), |plan| {
            let run = play(plan, &[(t0, Action::Command(0, plain().set)), (t0, Action::Start)], || 0);
            (run.pulses().map(|p| (p.onset_tick - t0, p.code)).collect::<Vec<_>>(), run.counters[0])
        })
    };
    assert_eq!(stale(0), stale(10_000_000));
    let opened = |t0: u64| {
        with_plan(&[plain()], gated(900, 300, 60), 2_000, late(0), |plan| {
            let gates = [(5_000, OPEN), (5_000, CLOSE), (6_000, OPEN)];
            let begin = [(t0, Action::Command(0, plain().set)), (t0, Action::Start)];
            let script: Vec<_> = begin.into_iter().chain(gates.map(|(t, gate)| (t0 + t, gate))).collect();
            play(plan, &script, || 0).pulses().next().map(|p| p.onset_tick - t0)
        })
    };
    assert_eq!((opened(0), opened(10_000_000)), (Some(6_020), Some(6_020)));
}

/// REQ-CORE-143: a setting that is too old when a pulse comes that waited is counted with it.
#[test]
fn a_stale_command_is_counted_where_it_silences() {
    let train = Train { stale_after: ms(100), ..Train::default() };
    let channels = [plain(), Channel { train, ..plain() }];
    shared(&channels, Schedule::Continuous, 110, Overlap::Defer(us(5_000)), |plan| {
        let run = play_on(&plan.unwrap(), &[(300, Action::Command(1, plain().set))], || 0);
        assert_eq!((run.counters[1].silent, run.counters[1].stale), (1, 1));
    });
}

/// REQ-CORE-73: an onset that would wait past the end of its train or session is counted as dropped, and a train that its longest
/// time ended as closed.
#[test]
fn what_would_wait_past_the_end_is_counted() {
    let pulse = PulseShape { repeat: Repeat { count: 3, gap: us(1_000) }, ..plain().pulse };
    let channels = [Channel { pulse, ..plain() }; 2];
    for (schedule, length, onsets, forced) in
        [(gated(26, 0, 60), 500, 2, 1), (Schedule::Continuous, 101, 5, 0)]
    {
        shared(&channels, schedule, length, Overlap::Defer(us(8_000)), |plan| {
            let run = play_on(&plan.unwrap(), &[(0, OPEN)], || 0);
            for counters in &run.counters[..2] {
                assert_eq!(counters.pulses + counters.silent + counters.dropped, onsets, "{counters:?}");
                assert_eq!(counters.forced_closes, forced, "{counters:?}");
            }
            assert_eq!((run.counters[0].dropped, run.counters[1].dropped), (0, 1));
        });
    }
}

/// REQ-CORE-11: a channel with an offset goes on from a hold when the others did, and its offset later: with their levels.
#[test]
fn a_held_channel_goes_on_its_offset_later() {
    let mut channels = [Channel { ramp: ramped(1_000, 200, 0), ..plain() }; 2];
    let offset = 210 * MS;
    channels[1].offset = us(offset as u32);
    with_plan(&channels, gated(3_000, 0, 60), 5_000, late(0), |plan| {
        for open in [520, 700, 900] {
            let inputs = [(0, OPEN), (300 * MS, HOLD), (open * MS, OPEN), (2_500 * MS, CLOSE)];
            let run = play_on(plan, &inputs, || 0);
            let later: Vec<_> = run.onsets(0).iter().map(|(tick, code)| (tick + offset, *code)).collect();
            assert_eq!(run.onsets(1), later, "opened again at {open} ms");
        }
    });
}

/// REQ-CORE-157: a resume that a pause follows at once lets nothing rise: not even where the ramp up would be over before the next
/// edge could come.
#[test]
fn a_pause_falls_from_the_level_there_is() {
    let timing = HardwareTiming { min_edge_ticks: 250, ..HardwareTiming::ideal(1_000_000) };
    with_plan(
        &[Channel { ramp: ramped(1, 100, 0), ..plain() }],
        Schedule::Continuous,
        1_000,
        timing,
        |plan| {
            let pause = (110_000, Action::Pause);
            let codes = |inputs: &[(u64, Action)]| play_on(plan, inputs, || 0).onsets(0);
            let plainly = codes(&[pause]);
            let between = codes(&[pause, (132_000, Action::Resume), (132_001, Action::Pause)]);
            assert!(plainly.len() > 7, "{plainly:?}");
            for ((tick, once), (other, twice)) in plainly.iter().zip(&between) {
                // a tick of rise, and a tick later down
                assert!(tick == other && *twice <= once + 2, "{plainly:?} {between:?}");
            }
        },
    );
}

/// REQ-CORE-158: of several channels that a gate opens, one of which has to wait, the answer is the latest time.
#[test]
fn an_answer_is_the_latest_time() {
    with_plan(&[plain(), plain()], gated(900, 300, 60), 2_000, late(0), |plan| {
        let [open, close] = [GateInput::Open, GateInput::Close { down: None }];
        for first in [0, 1] {
            let inputs = [
                (0, Action::GateChannel(first, open)),
                (100_000, Action::GateChannel(first, close)),
                (200_000, OPEN),
            ];
            let run = play_on(plan, &inputs, || 0);
            let GateAnswer::Waiting { at_tick } = run.answers[2] else { panic!("{:?}", run.answers) };
            let begins = run.onsets(first).iter().find(|p| p.0 > 110_000).unwrap().0;
            assert_eq!(at_tick, begins);
        }
    });
}

/// REQ-CORE-73: offsets thousands of periods apart, of which each has a remainder, are proved apart only where they are: no channel of
/// a plan that was proved waits.
#[test]
fn offsets_are_counted_in_exact_periods() {
    let mut refused = 0;
    for (pulses, per_us, offset_us) in [
        (30, 1_000_000, 100_000_000),
        (30, 1_000_000, 100_010_000),
        (7, 500_000, 720_000),
        (7, 500_000, 715_000),
    ] {
        let rate = Rate::new(pulses, per_us).unwrap();
        let channels = [Channel { rate, ..plain() }, Channel { rate, offset: us(offset_us), ..plain() }];
        let length = offset_us / 1_000 + 20_000;
        refused += shared(&channels, Schedule::Continuous, length, Overlap::Forbid, |plan| {
            let Ok(plan) = plan else { return 1 };
            let run = play_on(&plan, &[], || 0);
            // the first one of all stands an edge spacing after the start
            let waits = run.pulses().filter(|p| p.onset_tick > 1 && p.deferred_ticks > 0).count();
            assert_eq!(waits, 0, "{pulses} in {per_us} µs, {offset_us} µs later");
            0
        });
    }
    assert_eq!(refused, 2);
}
