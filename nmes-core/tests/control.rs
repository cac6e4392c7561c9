//! What comes from outside, to the tick: latencies, refractory times, toggles, most pulses, pauses, stale commands, a
//! programme, shared sources and recruitment patterns.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::*;
use nmes_core::*;

const MS: u64 = 1_000;
const OPEN: Action = Action::Gate(GateInput::Open);
const CLOSE: Action = Action::Gate(GateInput::Close { down: None });
const TOGGLE: Action = Action::Gate(GateInput::Toggle);

fn ideal() -> HardwareTiming {
    HardwareTiming::ideal(1_000_000)
}

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

fn run(channels: &[Channel], schedule: Schedule, length_ms: u32, inputs: &[(u64, Action)]) -> Run {
    with_plan(channels, schedule, length_ms, ideal(), |plan| play_on(plan, inputs, || 0))
}

/// REQ-CORE-82: a first pulse stands one edge spacing after its trigger, or a period after the pulse before.
#[test]
fn a_first_pulse_comes_an_edge_spacing_after_its_trigger() {
    for spacing in [1, 7, 40] {
        let timing = HardwareTiming { min_edge_ticks: spacing, ..ideal() };
        with_plan(&[plain()], gated(5_000, 0, 60), 9_000, timing, |plan| {
            for at in [1_000, 33_333] {
                let run = play_on(plan, &[(at, OPEN)], || 0);
                let first = at + u64::from(spacing);
                assert_eq!(run.answers, [GateAnswer::Started { at_tick: first }]);
                assert_eq!(run.onsets(0)[0].0, first);
            }
            // closed and opened again in the first period
            let again = play_on(plan, &[(1_000, OPEN), (2_000, CLOSE), (3_000, OPEN)], || 0);
            assert_eq!(again.onsets(0)[1].0, 1_000 + u64::from(spacing) + 25_000);
            let GateAnswer::Started { at_tick } = again.answers[2] else { panic!("{:?}", again.answers) };
            assert_eq!(at_tick, again.onsets(0)[1].0);
        });
    }
}

/// REQ-CORE-82: a command has the next pulse that begins more than an edge spacing later, and no earlier one.
#[test]
fn a_command_has_the_next_pulse() {
    let timing = HardwareTiming { min_edge_ticks: 10, ..ideal() };
    with_plan(&[plain()], Schedule::Continuous, 200, timing, |plan| {
        // the onsets stand at 10, 25,000, 50,000 …
        for (at, first) in [(24_000, 1), (24_989, 1), (24_990, 2), (24_999, 2), (25_000, 2), (25_500, 2)] {
            let weaker = Action::Command(0, Setting::new(20_000, 300).unwrap());
            let run = play_on(plan, &[(at, weaker)], || 0);
            let codes: Vec<_> = run.onsets(0).iter().take(3).map(|p| p.1).collect();
            let expected: Vec<_> = (0..3).map(|n| if n < first { 400 } else { 200 }).collect();
            assert_eq!(codes, expected, "{at}");
            assert!(run.onsets(0).iter().skip(1).all(|p| p.0 % 25_000 == 0), "the grid stays");
        }
    });
}

/// REQ-CORE-82: no pulse stands at or after the end that a close answers with, and one that could stand before it does.
#[test]
fn a_close_ends_where_it_says() {
    for (down, at) in [(0, 500_000), (0, 500_001), (0, 500_002), (0, 510_000), (100, 510_000)] {
        let channels = [Channel { ramp: ramped(0, down, 20_000), ..plain() }];
        let all = run(&channels, gated(5_000, 0, 60), 9_000, &[(0, OPEN), (at, CLOSE)]);
        let over_tick = at + u64::from(down) * MS;
        assert_eq!(all.answers[1], GateAnswer::Closed { over_tick });
        // the last onset of the grid of 1 + n × 25,000 before the end; at the tick of a close the close comes first
        let expected = (over_tick - 2) / 25_000 * 25_000 + 1;
        assert_eq!(all.pulses().last().unwrap().onset_tick, expected, "{down} {at}");
    }
}

/// REQ-CORE-82: a recovery begins one edge spacing after the stop, when it is accepted at once.
#[test]
fn a_recovery_begins_an_edge_spacing_after_the_stop() {
    for spacing in [1_u32, 12] {
        let timing = HardwareTiming { min_edge_ticks: spacing, ..ideal() };
        with_plan(&[plain()], Schedule::Continuous, 200, timing, |plan| {
            for into in [20, 100, 250] {
                let onset = u64::from(spacing);
                let run = play_on(plan, &[(onset + into, Action::Stop(StopPolicy::RecoverNow))], || 0);
                let frame = run.frames.iter().find(|f| f.kind() == FrameKind::Recover).unwrap();
                assert_eq!(frame.onset_tick(), onset + into + u64::from(spacing));
            }
        });
    }
}

/// REQ-CORE-77: within the refractory time an opening is refused, at its end it is taken; a refused one does not begin it
/// anew, and closing is not held up.
#[test]
fn the_refractory_time_is_kept() {
    let gate = Gate { max_on: ms(5_000), min_off: ms(0), max_triggers_per_minute: 60, refractory: ms(300) };
    let refused = GateAnswer::Refused(GateRefusal::Refractory);
    for (again, taken) in [(300_999, false), (301_000, true), (400_000, true)] {
        let inputs = [(1_000, OPEN), (50_000, CLOSE), (200_000, OPEN), (again, OPEN)];
        let all = run(&[plain()], Schedule::Gated(gate), 9_000, &inputs);
        assert!(matches!(all.answers[1], GateAnswer::Closed { .. }));
        assert_eq!(all.answers[2], refused);
        assert_eq!(all.answers[3] != refused, taken, "{again}");
    }
}

/// REQ-CORE-77: a toggle opens, closes what is open or waits, and opens again what is ramping down.
#[test]
fn a_toggle_turns_over() {
    let channels = [Channel { ramp: ramped(100, 200, 20_000), ..plain() }];
    let inputs = [0, 500, 600, 1_500, 1_900, 1_950].map(|at| (at * MS, TOGGLE));
    let all = run(&channels, gated(5_000, 400, 60), 9_000, &inputs);
    assert_eq!(all.answers[0], GateAnswer::Started { at_tick: 1 });
    assert_eq!(all.answers[1], GateAnswer::Closed { over_tick: 700 * MS });
    assert_eq!(all.answers[2], GateAnswer::Continued);
    assert_eq!(all.answers[3], GateAnswer::Closed { over_tick: 1_700 * MS });
    assert!(
        matches!(all.answers[4], GateAnswer::Waiting { at_tick } if at_tick > 2_000 * MS),
        "{:?}",
        all.answers
    );
    // what waits is closed before it opens, and the answer is no earlier than that of a train that is on
    assert_eq!(all.answers[5], GateAnswer::Closed { over_tick: 2_150 * MS });
    assert!(all.pulses().all(|p| p.onset_tick < 1_700 * MS));
}

/// REQ-CORE-77: a train has at most as many pulses as it declares, and ends without a ramp; behind a gate it can be opened
/// again.
#[test]
fn a_train_ends_after_its_most_pulses() {
    let train = Train { pulses_max: 7, ..Train::default() };
    let channels = [Channel { train, ramp: ramped(0, 200, 0), ..plain() }];
    assert_eq!(run(&channels, Schedule::Continuous, 9_000, &[]).onsets(0).len(), 7);
    let cycle = Schedule::Cyclic(Cycle { hold: ms(500), rest: ms(100) });
    assert_eq!(run(&channels, cycle, 4_000, &[]).onsets(0).len(), 7 * 5);
    let all = run(&channels, gated(5_000, 0, 60), 9_000, &[(0, TOGGLE), (1_000 * MS, TOGGLE)]);
    assert_eq!(all.onsets(0).len(), 14);
    assert!(all.pulses().all(|p| p.code == 400), "no ramp-down");
    assert_eq!(all.counters[0].forced_closes, 0);
}

/// Ticks from a millisecond to a tick, 0 before it.
fn after(tick: u64, ms: u64) -> i64 {
    tick.saturating_sub(ms * MS) as i64
}

/// REQ-CORE-75: a pause takes the level down by the ramp from full, the output opens, and a resume brings it back by the
/// ramp from where it had come to; the onsets keep their grid.
#[test]
fn a_pause_ramps_from_the_level_reached() {
    let timing = HardwareTiming { pulse_rest: Rest::Shorted, ..ideal() };
    let channels = [Channel { ramp: ramped(400, 200, 0), ..plain() }];
    for (resume, back) in [(1_100, 200), (1_150, 100), (1_700, 0)] {
        let inputs = [(1_000 * MS, Action::Pause), (resume * MS, Action::Resume)];
        let all =
            with_plan(&channels, Schedule::Continuous, 4_000, timing, |plan| play_on(plan, &inputs, || 0));
        for (onset, code) in all.onsets(0).into_iter().filter(|p| (900 * MS..3_700 * MS).contains(&p.0)) {
            let falling = 400 - after(onset, 1_000) * 2 / 1_000;
            let expected = if onset < resume * MS { falling } else { back + after(onset, resume) / 1_000 };
            let off = (i64::from(code) - expected.clamp(0, 400)).abs();
            assert!(off <= 1, "{code} for {expected} at {onset}, {resume}");
            // an input at the onset itself puts it off by the edge spacing
            assert!(onset % 25_000 <= u64::from(onset / MS == 1_000 || onset / MS == resume));
        }
        let opened = all.edges.iter().filter(|e| e.frame.is_none()).map(|e| e.tick).min().unwrap();
        assert_eq!(opened < 3_900 * MS, resume == 1_700, "open when it is silent, at {opened}");
    }
    // twice is once, and a resume without a pause is none
    with_plan(&channels, Schedule::Continuous, 4_000, timing, |plan| {
        with_engine(plan, |engine| {
            assert!(!engine.resume(10));
            assert!(engine.pause(20) && !engine.pause(30));
            assert!(engine.resume(40) && !engine.resume(50));
        });
    });
}

/// REQ-CORE-75: a pause in a ramp up leaves a lower level where it is until the ramp down comes by.
#[test]
fn a_pause_never_lifts_a_level() {
    let channels = [Channel { ramp: ramped(1_000, 400, 0), ..plain() }];
    let all = run(&channels, Schedule::Continuous, 6_000, &[(500 * MS, Action::Pause)]);
    for (onset, code) in all.onsets(0) {
        let (rising, falling) = (onset as i64 * 400 / 1_000_000, 400 - after(onset, 500) / 1_000);
        assert!((i64::from(code) - rising.min(falling)).abs() <= 1, "{code} at {onset}");
    }
    assert!(all.onsets(0).last().unwrap().0 < 900 * MS);
}

/// REQ-CORE-74: a command is good for exactly as long as declared; then the level falls by the ramp, it is counted once,
/// and the next command, also of the same setting, brings it back by the ramp from the level reached.
#[test]
fn a_stale_command_ramps_down() {
    let train = Train { stale_after: ms(500), ..Train::default() };
    let channels = [Channel { train, ramp: ramped(400, 200, 0), ..plain() }];
    let command = Action::Command(0, channels[0].set);
    let steady = |p: &(u64, i32)| (400 * MS..2_700 * MS).contains(&p.0);
    for (again, back) in [(600, 200), (650, 100), (1_500, 0)] {
        let inputs: Vec<_> = (0..9).map(|n| ((again + n * 400) * MS, command)).collect();
        let all = run(&channels, Schedule::Continuous, 3_000, &inputs);
        assert_eq!(all.counters[0].stale, 1);
        for (onset, code) in all.onsets(0).into_iter().filter(steady) {
            let falling = 400 - after(onset, 500) * 2 / 1_000;
            let expected = if onset < again * MS { falling } else { back + after(onset, again) / 1_000 };
            assert!(
                (i64::from(code) - expected.clamp(0, 400)).abs() <= 1,
                "{code} for {expected} at {onset}"
            );
        }
    }
    // a command every 500 ms is in time, and nothing is counted, though onsets are planned before it
    let inputs: Vec<_> = (1..6).map(|n| (n * 500 * MS, command)).collect();
    let all = run(&channels, Schedule::Continuous, 3_000, &inputs);
    assert_eq!(all.counters[0].stale, 0);
    assert!(all.onsets(0).iter().filter(|p| steady(p)).all(|p| p.1 == 400));
}

/// REQ-CORE-74: a channel whose command was too old before its train began puts nothing out.
#[test]
fn a_command_that_is_too_old_starts_nothing() {
    let train = Train { stale_after: ms(500), ..Train::default() };
    let channels = [Channel { train, ramp: ramped(0, 200, 0), ..plain() }];
    for (open, pulses) in [(400, true), (600, true), (700, false), (5_000, false)] {
        let all = run(&channels, gated(3_000, 0, 60), 9_000, &[(open * MS, OPEN)]);
        assert_eq!(all.pulses().count() > 0, pulses, "{open}");
        assert!(all.onsets(0).iter().all(|p| i64::from(p.1) <= 401 - after(p.0, 500) * 2 / 1_000));
        assert_eq!(all.counters[0].stale, 1);
    }
}

fn stage(hold: u32, rest: u32, repeats: u16, level_permille: u16, hz: Option<u32>) -> Stage {
    let rate = hz.map(|hz| Rate::from_hz(hz).unwrap());
    Stage { cycle: Cycle { hold: ms(hold), rest: ms(rest) }, repeats, level_permille, rate }
}

/// REQ-CORE-76: warm-up, work and cool-down: every pulse of every contraction, its level and its rate.
#[test]
fn a_programme_is_put_out_in_order() {
    let stages =
        [stage(500, 300, 2, 500, Some(10)), stage(300, 200, 3, 1_000, None), stage(400, 0, 1, 250, Some(20))];
    let channels = [Channel { ramp: ramped(100, 100, 0), ..plain() }];
    // 2 × 1,000 and 3 × 700 and 600 ms
    let all = run(&channels, Schedule::Program(&stages), 4_700, &[]);
    let mut events = vec![];
    let [warm_up, work, cool_down] = [(700_usize, 100, 200), (500, 25, 400), (600, 50, 100)];
    let begins = [0, 1_000, 2_000, 2_700, 3_400, 4_100_u64];
    for (begin, (on, period, full)) in begins.into_iter().zip([warm_up, warm_up, work, work, work, cool_down])
    {
        for onset in (0..on).step_by(period) {
            let code =
                (full * onset / 100).min(full).min(full - full * (onset + 100).saturating_sub(on) / 100);
            events.extend((code > 0).then_some((((begin + onset as u64) * MS), code as i32)));
        }
    }
    let onsets = all.onsets(0);
    let alike = |a: &(u64, i32), b: &(u64, i32)| a.0 == b.0 && a.1.abs_diff(b.1) <= 1;
    assert_eq!(onsets.len(), events.len(), "{onsets:?} {events:?}");
    assert!(onsets.iter().zip(&events).all(|(a, b)| alike(a, b)), "{onsets:?} {events:?}");
    assert!(all.pulses().filter(|p| p.full_level).all(|p| [100, 200, 400].contains(&p.code)));
    let too_short = Session::new(&channels, Schedule::Program(&stages), ms(4_699)).unwrap();
    let refused = Plan::compile(&too_short, &Hardware::new(ideal(), &[DAC], 0).unwrap()).unwrap_err();
    assert_eq!(refused.field(), Field::SessionLength);
}

fn shared(later: u32) -> [Channel<'static>; 2] {
    [plain(), Channel { offset: us(later), ..plain() }]
}

fn on_one_source(
    channels: &[Channel<'_>],
    schedule: Schedule<'_>,
    overlap: Overlap,
) -> Result<Run, ConfigError> {
    let session = Session::new(channels, schedule, ms(1_000)).unwrap().with_overlap(overlap);
    let output = ChannelHardware { source: 3, ..DAC };
    let hardware = Hardware::new(ideal(), &vec![output; channels.len()], 0).unwrap();
    Plan::compile(&session, &hardware).map(|plan| {
        let run = play_on(&plan, &[], || 0);
        assert_eq!(run.shared_at_once(&hardware), None);
        run
    })
}

/// REQ-CORE-73: offsets on one source are far enough apart, or refused: both sides of the limit, at both ends of a period.
#[test]
fn offsets_on_one_source_are_far_enough_apart() {
    let room = with_plan(&[plain()], Schedule::Continuous, 1_000, ideal(), |plan| {
        let c = plan.channel(0).unwrap();
        c.longest_ticks() + c.stretch_ticks() + c.trim_ticks() + 1
    });
    // an edge spacing for a command just before a pulse, and two ticks for remainders
    let least = u32::try_from(room).unwrap() + 3;
    for (later, fits) in [
        (least - 1, false),
        (least, true),
        (25_000 - least, true),
        (25_001 - least, false),
        (0, false),
        (25_000 + least, true),
    ] {
        let made = on_one_source(&shared(later), Schedule::Continuous, Overlap::Forbid);
        assert_eq!(
            made.map(drop).map_err(|e| e.field()),
            if fits { Ok(()) } else { Err(Field::Overlap) },
            "{later}"
        );
    }
}

/// REQ-CORE-73: what is not proved apart is refused, and runs where it may wait.
#[test]
fn what_is_not_proved_apart_is_refused() {
    let apart = shared(12_000);
    let cyclic = |rest| Schedule::Cyclic(Cycle { hold: ms(100), rest: ms(rest) });
    let list = [us(25_000)];
    let train = Train { timing: Timing::List(&list), ..Train::default() };
    let [first, second] = apart;
    for (second, schedule, fits) in [
        (second, cyclic(26), true),
        (second, cyclic(25), false),
        (second, gated(500, 0, 60), false),
        (Channel { rate: Rate::from_hz(39).unwrap(), ..second }, Schedule::Continuous, false),
        (Channel { ramp: ramped(10, 0, 0), ..second }, Schedule::Continuous, false),
        (Channel { train, ..second }, Schedule::Continuous, false),
    ] {
        let made = |overlap| on_one_source(&[first, second], schedule, overlap);
        assert_eq!(made(Overlap::Forbid).is_ok(), fits, "{schedule:?}");
        assert!(made(Overlap::Defer(us(25_000))).is_ok());
    }
    // 33 ms apart, 30 of which are 990 ms: with a cycle of 4 s the second contraction of the one comes upon the first of the other
    let rate = Rate::new(1, 33_000).unwrap();
    let late = |offset_us| {
        [first, second]
            .map(|c| Channel { rate, ..c })
            .map(|c| if c.offset == Micros::ZERO { c } else { Channel { offset: us(offset_us), ..c } })
    };
    let cycle = |hold, rest| Cycle { hold: ms(hold), rest: ms(rest) };
    let stage = |rest| Stage { cycle: cycle(2_000, rest), repeats: 2, level_permille: 1_000, rate: None };
    for (offset_us, hold, rest, fits) in [
        (3_010_000, 2_000, 2_000, false),
        (1_990_000, 2_000, 2_000, true),
        (2_000_000, 2_000, 2_000, false),
        // 4,026 ms are 122 periods
        (3_010_000, 2_000, 2_026, true),
    ] {
        let (channels, stages) = (late(offset_us), [stage(2_026), stage(rest)]);
        for schedule in [Schedule::Cyclic(cycle(hold, rest)), Schedule::Program(&stages)] {
            let session =
                Session::new(&channels, schedule, ms(20_000)).unwrap().with_overlap(Overlap::Forbid);
            let outputs = [ChannelHardware { source: 3, ..DAC }; 2];
            let hardware = Hardware::new(ideal(), &outputs, 0).unwrap();
            let made = Plan::compile(&session, &hardware).map(drop);
            assert_eq!(
                made.map_err(|e| e.field()),
                if fits { Ok(()) } else { Err(Field::Overlap) },
                "{offset_us} {schedule:?}"
            );
        }
    }
}

/// REQ-CORE-73: the later onset waits as long as allowed, and is counted; when it would wait longer it is dropped, and
/// counted.
#[test]
fn a_shared_source_defers_and_drops() {
    // a pulse of 0.7 ms every 25 ms, with room for a phase that is widened; the other would begin 0.2 ms later
    let run = |most| on_one_source(&shared(200), Schedule::Continuous, Overlap::Defer(us(most))).unwrap();
    let deferred = run(600);
    assert_eq!((deferred.counters[1].deferred, deferred.counters[1].dropped), (40, 0));
    let waited: Vec<_> = deferred.pulses().filter(|p| p.channel == 1).map(|p| p.deferred_ticks).collect();
    let least = *waited.iter().min().unwrap();
    assert!(waited.len() == 40 && (500..600).contains(&least), "{waited:?}");
    let most = u32::try_from(*waited.iter().max().unwrap()).unwrap();
    assert_eq!((run(most).counters[1].dropped, run(most).counters[1].pulses), (0, 40));
    let dropped = run(u32::try_from(least).unwrap() - 1);
    assert_eq!((dropped.counters[1].dropped, dropped.counters[1].pulses), (40, 0));
    assert_eq!((dropped.counters[0].pulses, dropped.counters[0].deferred), (40, 1));
}

/// REQ-CORE-73: a channel on a source of its own is not held to the wait of others.
#[test]
fn a_source_of_its_own_waits_for_nobody() {
    let channels =
        [plain(), Channel { offset: us(5_000), ..plain() }, Channel { offset: us(200), ..plain() }];
    let overlap = Overlap::Defer(Micros::ZERO);
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap().with_overlap(overlap);
    let outputs = [1, 1, 0].map(|source| ChannelHardware { source, ..DAC });
    let hardware = Hardware::new(ideal(), &outputs, 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    // a pause and a resume just before an onset put it off by a tick
    let inputs = [(50_199, Action::Pause), (50_199, Action::Resume)];
    let run = play_on(&plan, &inputs, || 0);
    assert_eq!((run.counters[2].pulses, run.counters[2].dropped), (40, 0));
}

/// REQ-CORE-78: a command by recruitment pattern sets what the pattern says, of both values; what is too small for the
/// hardware is silence; without a pattern, or above full, it is refused and nothing changes.
#[test]
fn a_recruitment_pattern_commands() {
    let at =
        |command_permille, ua, us| PatternPoint { command_permille, setting: Setting::new(ua, us).unwrap() };
    let points = [at(0, 20_000, 0), at(400, 20_000, 300), at(1_000, 40_000, 300)];
    let pattern = Some(Pattern::new(&points).unwrap());
    let channels = [Channel { train: Train { pattern, ..Train::default() }, ..plain() }, plain()];
    let timing = HardwareTiming { min_edge_ticks: 30, ..ideal() };
    with_plan(&channels, Schedule::Continuous, 1_000, timing, |plan| {
        with_engine(plan, |engine| {
            for (command, codes, width) in
                [(1_000, 400, 300), (700, 300, 300), (400, 200, 300), (200, 200, 150), (40, 200, 30)]
            {
                let receipt = engine.command_level(0, command, 0).unwrap();
                assert_eq!((receipt.codes, receipt.width_ticks), (codes, width), "{command}");
            }
            for command in [38, 20, 1, 0] {
                assert_eq!(engine.command_level(0, command, 0).unwrap().codes, 0, "{command}");
                assert_eq!(engine.setting(0).unwrap().amplitude, MicroAmps::ZERO);
            }
            engine.command_level(0, 500, 0).unwrap();
            let before = engine.setting(0);
            assert_eq!(engine.command_level(0, 1_001, 0).unwrap_err().field(), Field::PatternCommand);
            assert_eq!(engine.command_level(1, 500, 0).unwrap_err().field(), Field::PatternPoints);
            assert_eq!(engine.command_level(2, 500, 0).unwrap_err().field(), Field::Channels);
            assert_eq!(engine.setting(0), before);
        });
    });
}

/// REQ-CORE-151: a level of no code, commanded within a train or at the foot of a ramp, is silence: an output that rests at
/// something goes open once, and one that is open has no edge for it. A level that is back plays again.
#[test]
fn silence_opens_an_output_that_rests_at_something() {
    for rest in [Rest::DrivenZero, Rest::Shorted, Rest::Open] {
        let channels = [plain()];
        let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
        let timing = HardwareTiming { pulse_rest: rest, ..HardwareTiming::ideal(1_000_000) };
        let plan = Plan::compile(&session, &Hardware::new(timing, &[DAC], 0).unwrap()).unwrap();
        let mut script = started(&session);
        let (silence, back) = (Setting::new(0, 300).unwrap(), channels[0].set);
        script.extend([(101_000, Action::Command(0, silence)), (301_000, Action::Command(0, back))]);
        let run = play(&plan, &script, || 0);
        let offs: Vec<_> = run.edges.iter().filter(|edge| edge.frame.is_none()).collect();
        // within an edge spacing of the command, and at the end of the train
        let expected = if rest == Rest::Open { 0 } else { 2 };
        assert_eq!(offs.len(), expected, "{rest:?}: {offs:?}");
        assert!(offs.iter().all(|edge| edge.level == Level::Open));
        assert!(offs.first().is_none_or(|edge| (101_000..=101_002).contains(&edge.tick)), "{offs:?}");
        assert_eq!((run.counters[0].pulses, run.counters[0].silent), (32, 8), "{rest:?}");
    }
}
