//! The ways through gated and cyclic sessions besides the plain one: openings and holds while waiting, bounces,
//! offsets between channels, contractions without an onset, and the end of the session.
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
use proptest::prelude::*;

const MS: u64 = 1_000;
const OPEN: Action = Action::Gate(GateInput::Open);
const HOLD: Action = Action::Gate(GateInput::Hold);
const CLOSE: Action = Action::Gate(GateInput::Close { down: None });

fn ideal() -> HardwareTiming {
    HardwareTiming::ideal(1_000_000)
}

fn offset(ms: u32) -> Micros {
    Micros::from_micros(ms * 1_000).unwrap()
}

fn run(channels: &[Channel], schedule: Schedule, length_ms: u32, inputs: &[(u64, Action)]) -> Run {
    with_plan(channels, schedule, length_ms, ideal(), |plan| play_on(plan, inputs, || 0))
}

fn with_ramp(ramp: Ramp) -> [Channel<'static>; 1] {
    [Channel { ramp, ..plain() }]
}

fn cycle(hold: u32, rest: u32) -> Schedule<'static> {
    Schedule::Cyclic(Cycle { hold: ms(hold), rest: ms(rest) })
}

/// Pulses of a cyclic session without ramps, from whole half milliseconds alone: in each contraction the first onset
/// stands at its start, or a period after the pulse before if that is later.
fn pulses_of(period: u64, hold: u64, rest: u64, length: u64) -> u32 {
    let (mut count, mut soonest, mut start) = (0, 0, 0);
    while start + hold <= length {
        let mut onset = soonest.max(start);
        while onset < start + hold {
            count += 1;
            soonest = onset + period;
            onset = soonest;
        }
        start += hold + rest;
    }
    count
}

/// REQ-CORE-09: contractions that the rate leaves without an onset are passed over, and those that have one get it.
#[test]
fn contractions_without_an_onset_are_passed() {
    for (hertz, hold, rest, pulses) in [(1, 300, 0, 30), (2, 200, 200, 50), (1, 10, 90, 30), (1, 10, 91, 30)]
    {
        let channels = [Channel { rate: Rate::from_hz(hertz).unwrap(), ..plain() }];
        let all = run(&channels, cycle(hold, rest), 30_000, &[]);
        assert_eq!(all.pulses().count(), pulses, "{hertz} Hz, {hold} ms of {}", hold + rest);
        assert!(all.finished.is_some() && all.finished.unwrap().at_tick < 30_000 * MS);
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// REQ-CORE-09: the number of pulses of a cyclic session is that of an independent count, on each channel.
    #[test]
    fn cyclic_sessions_have_their_pulses(
        periods in prop::array::uniform2(4_u32..4_000), hold in 1_u32..600, rest in 0_u32..600, many in 1_u32..60,
        extra in 0_u32..600, later in 0_u32..900, shorted in any::<bool>(),
    ) {
        let set = Setting::new(2_000, 60).unwrap();
        let mut channels = periods.map(|p| Channel { rate: Rate::new(1, p * 500).unwrap(), set, ceiling: set, ..plain() });
        channels[1].offset = offset(later);
        let length = many * (hold + rest) + extra.max(hold);
        let timing = HardwareTiming { pulse_rest: if shorted { Rest::Shorted } else { Rest::Open }, ..ideal() };
        let all = with_plan(&channels, cycle(hold, rest), length, timing, |plan| play_on(plan, &[], || 0));
        prop_assert_eq!(all.fault, None);
        prop_assert!(all.finished.is_some());
        let [hold, rest, length] = [hold, rest, length].map(|ms| u64::from(ms) * 2);
        for (channel, period) in periods.into_iter().enumerate() {
            prop_assert_eq!(all.counters[channel].pulses, pulses_of(u64::from(period), hold, rest, length), "channel {}", channel);
        }
    }

    /// REQ-CORE-09: every session that runs by itself is over by itself, whatever is commanded; a gated one when its
    /// time is over.
    #[test]
    fn sessions_finish(case in prop_oneof![case(Kind { late: true, exact: true }), case(Kind { late: false, exact: false })]) {
        let Ok(plan) = Plan::compile(&case.session(), &case.hardware) else { return Err(TestCaseError::reject("refused")) };
        let all = play(&plan, &script(&case), case.lateness());
        prop_assert_eq!(all.fault, None);
        prop_assert!(all.finished.is_some());
    }

    /// REQ-CORE-05, REQ-CORE-11: whatever a trigger does, no more than the longest ON and a ramp-down lie between two
    /// pauses as long as the least OFF; each train begins at the floor, on its rate, and no level jumps, with an
    /// offset too.
    #[test]
    fn trains_are_bounded_whatever_the_trigger_does(
        inputs in prop::collection::vec((1_u64..400, 0_u8..4), 1..60), min_off in 150_u32..600, down in 0_u32..120, later in prop_oneof![Just(0_u32), 0_u32..100, 100_u32..900],
    ) {
        let mut channels = [Channel { ramp: ramped(100, down, 20_000), ..plain() }; 2];
        channels[1].offset = offset(later);
        let mut tick = 0;
        let inputs: Vec<_> = inputs.into_iter().map(|(after, kind)| {
            tick += after * MS;
            (tick, match kind { 0 | 1 => OPEN, 2 => HOLD, _ => CLOSE })
        }).collect();
        let all = run(&channels, gated(700, min_off, 600), 30_000, &inputs);
        // 20 mA in 100 ms, and as much in the ramp-down
        let step = |ms: u32| if ms == 0 { 200 } else { (200 * 25 / ms as i32 + 2).min(200) };
        for channel in 0..2 {
            let mut began = None;
            let mut last: Option<PulseReceipt> = None;
            for pulse in all.pulses().filter(|p| p.channel == channel) {
                let rested = |l: PulseReceipt| pulse.onset_tick >= l.end_tick + u64::from(min_off) * MS;
                if last.is_none_or(rested) {
                    prop_assert!(pulse.code == 200 && last.is_none_or(|l| l.code <= 200 + step(down)), "{last:?} {pulse:?}");
                    began = Some(pulse.onset_tick);
                } else if let Some(last) = last {
                    // one tick later when an input comes at the onset itself
                    prop_assert!((pulse.onset_tick - last.onset_tick).abs_diff(25 * MS) <= 1, "{last:?} {pulse:?}");
                    prop_assert!(pulse.code - last.code <= step(100), "{last:?} {pulse:?}");
                    prop_assert!(last.code - pulse.code <= step(down), "{last:?} {pulse:?}");
                }
                prop_assert!(pulse.onset_tick < began.unwrap() + (700 + u64::from(down)) * MS);
                last = Some(*pulse);
            }
        }
    }
}

/// REQ-CORE-09: the last contraction that fits is not lost to the rounding of its parts to ticks, nor to an offset;
/// one that does not fit is not begun.
#[test]
fn the_last_contraction_counts() {
    let set = Setting::new(40_000, 3_000).unwrap();
    let rate = Rate::from_hz(20).unwrap();
    let channels = [Channel { ramp: ramped(101, 101, 0), set, ceiling: set, rate, ..plain() }];
    for (length, contractions) in [(503, 1), (1_005, 1), (1_006, 2), (1_007, 2), (1_509, 3)] {
        let timing = HardwareTiming::ideal(32_768);
        let all = with_plan(&channels, cycle(301, 0), length, timing, |plan| play_on(plan, &[], || 0));
        // silent at its first onset, then every 50 ms; the next one's first stands a period after
        let (first, last) = (all.pulses().next().unwrap(), all.pulses().last().unwrap());
        let tick = |ms: u64| ms * 32_768 / 1_000;
        assert!(first.onset_tick <= tick(101) && last.onset_tick < tick(503 * contractions));
        assert!(last.onset_tick >= tick(503 * contractions - 60), "{contractions}: {}", last.onset_tick);
    }
    for (length, pulses) in [(999, 20), (1_000, 40), (1_499, 40), (1_500, 60)] {
        let channels =
            [plain(), Channel { offset: offset(10), ..plain() }, Channel { offset: offset(700), ..plain() }];
        let all = run(&channels, cycle(500, 0), length, &[]);
        assert!(all.counters.iter().all(|c| c.pulses == pulses), "{:?}", all.counters);
    }
}

/// REQ-CORE-11: a channel with an offset does everything that much later, with the same levels: in a session that runs
/// by itself, in contractions and behind a gate.
#[test]
fn an_offset_shifts_everything() {
    for (schedule, first) in [(Schedule::Continuous, 0), (cycle(300, 200), 0), (gated(2_000, 0, 60), 1)] {
        let mut channels = [Channel { ramp: ramped(200, 200, 0), ..plain() }; 2];
        channels[1].offset = offset(210);
        let inputs = [(0, OPEN), (900 * MS, HOLD), (1_500 * MS, CLOSE)];
        let all = run(&channels, schedule, 5_000, &inputs);
        let (one, two) = (all.onsets(0), all.onsets(1));
        assert_eq!(one[0], (25 * MS + first, 50), "silent at the first onset, an eighth at the next");
        let later: Vec<_> = one.iter().map(|(onset, code)| (onset + 210 * MS, *code)).collect();
        assert_eq!(two, later, "{schedule:?}");
        assert!(one.iter().any(|p| p.1 == 400));
    }
}

/// REQ-CORE-11: an opening that comes while a channel with an offset has not got to the one before does not let it
/// begin in mid-ramp, and one after a close does not cut the train that its offset still lets run.
#[test]
fn inputs_within_an_offset_do_not_jump() {
    let channels = [plain(), Channel { offset: offset(500), ..plain() }]
        .map(|c| Channel { ramp: ramped(200, 100, 20_000), ..c });
    let again =
        run(&channels, gated(3_000, 300, 60), 9_000, &[(0, OPEN), (100 * MS, OPEN), (400 * MS, OPEN)]);
    let once = run(&channels, gated(3_000, 300, 60), 9_000, &[(0, OPEN)]);
    assert_eq!(again.onsets(1), once.onsets(1));
    assert_eq!(once.onsets(1)[0], (500 * MS + 1, 200));
    let inputs = [(0, OPEN), (1_000 * MS, CLOSE), (1_150 * MS, OPEN)];
    let all = run(&channels, gated(3_000, 300, 60), 9_000, &inputs);
    let (first, second): (Vec<_>, Vec<_>) = all.onsets(1).into_iter().partition(|p| p.0 < 1_700 * MS);
    let last = first.last().unwrap();
    assert!((1_575 * MS..1_600 * MS).contains(&last.0) && last.1 <= 250, "{last:?}");
    assert!(second[0].0 >= last.0 + 300 * MS && second[0].1 == 200, "{:?}", second[0]);
}

/// REQ-CORE-04: a second opening while the first one waits changes nothing: the train ramps from the floor when the
/// least OFF time is over. A hold while it waits is ignored.
#[test]
fn inputs_while_waiting_change_nothing() {
    for (up, floor) in [(200, 0), (200, 20_000), (0, 0), (0, 20_000)] {
        let channels = with_ramp(ramped(up, 0, floor));
        let plainly = [(0, OPEN), (500 * MS, CLOSE), (550 * MS, OPEN)];
        let quiet = run(&channels, gated(1_000, 300, 60), 5_000, &plainly);
        let GateAnswer::Waiting { at_tick } = quiet.answers[2] else { panic!("{:?}", quiet.answers) };
        assert!((775 * MS..=801 * MS).contains(&at_tick), "{at_tick}");
        let second: Vec<_> = quiet.onsets(0).into_iter().filter(|p| p.0 > 510 * MS).collect();
        assert!(up == 0 || second[0].1 <= 250, "{second:?}");
        assert!(second[0].0 >= at_tick && second.len() >= 38);
        for (more, answer) in [(OPEN, GateAnswer::Waiting { at_tick }), (HOLD, GateAnswer::Ignored)] {
            let mut inputs = plainly.to_vec();
            inputs.extend([(560 * MS, more), (700 * MS, more)]);
            let all = run(&channels, gated(1_000, 300, 60), 5_000, &inputs);
            assert_eq!(all.answers[3..], [answer; 2]);
            assert_eq!(all.onsets(0), quiet.onsets(0), "{more:?}");
        }
    }
}

/// REQ-CORE-04: a second hold does not override the first; opening again lifts it.
#[test]
fn the_first_hold_stays() {
    let inputs = [(0, OPEN), (50 * MS, HOLD), (150 * MS, HOLD), (400 * MS, OPEN), (500 * MS, HOLD)];
    let all = run(&with_ramp(ramped(200, 0, 0)), gated(2_000, 0, 60), 5_000, &inputs);
    assert_eq!(all.answers[2], GateAnswer::Ignored);
    let held = all.onsets(0).into_iter().filter(|p| (51 * MS..400 * MS).contains(&p.0));
    assert!(held.clone().count() > 10 && held.map(|p| p.1).all(|code| code == 100));
    let later = all.onsets(0).into_iter().filter(|p| (501 * MS..1_500 * MS).contains(&p.0));
    assert!(later.map(|p| p.1).all(|code| code == 300));
}

/// REQ-CORE-05: the longest ON counts from the train's first opening, whatever reopens it; in its ramp-down another
/// opening is refused, and after the least OFF time one is taken.
#[test]
fn the_longest_on_counts_from_the_start() {
    let channels = with_ramp(ramped(100, 100, 20_000));
    let mut inputs: Vec<_> = (0..11).map(|n| (n * 90 * MS, OPEN)).collect();
    inputs.extend([
        (850 * MS, CLOSE),
        (880 * MS, OPEN),
        (1_002 * MS, OPEN),
        (1_060 * MS, OPEN),
        (1_110 * MS, OPEN),
    ]);
    inputs.sort_by_key(|i| i.0);
    let all = run(&channels, gated(1_000, 500, 600), 10_000, &inputs);
    assert!(
        all.answers[1..=12].iter().all(|a| matches!(a, GateAnswer::Continued | GateAnswer::Closed { .. }))
    );
    assert_eq!(all.answers[13..15], [GateAnswer::Refused(GateRefusal::LongestOn); 2]);
    let GateAnswer::Waiting { at_tick } = all.answers[15] else { panic!("{:?}", all.answers) };
    let onsets = all.onsets(0);
    let last = onsets.iter().rfind(|p| p.0 < 1_200 * MS).unwrap();
    assert!((1_075 * MS..1_101 * MS).contains(&last.0) && last.1 < 260, "{last:?}");
    let next = onsets.iter().find(|p| p.0 > last.0).unwrap();
    assert_eq!((next.0, next.1), (at_tick, 200));
    assert!(at_tick >= last.0 + 700 + 500 * MS);
    assert_eq!(all.counters[0].forced_closes, 2, "the second train is closed by its longest time as well");
}

/// REQ-CORE-05: the least OFF time holds also when opened again in the last pulse, before the output went open, in a
/// trim, and after a close with a ramp of no length.
#[test]
fn the_least_off_holds_on_every_path() {
    let schedule = gated(10_000, 500, 60);
    // the pulse after the opening begins at 1, the second at 25,001; close in it, then open again in it
    for (rest, spacing) in [(Rest::Open, 1), (Rest::Shorted, 1), (Rest::Shorted, 20), (Rest::DrivenZero, 20)]
    {
        let timing = HardwareTiming { pulse_rest: rest, min_edge_ticks: spacing, ..ideal() };
        for open in (25_101..26_000).step_by(7).chain([30_000, 60_000, 500_000]) {
            let inputs = [(0, OPEN), (25_100, CLOSE), (open, OPEN)];
            let all = with_plan(&[plain()], schedule, 20_000, timing, |plan| play_on(plan, &inputs, || 0));
            let (second, third) = (all.pulses().nth(1).unwrap(), all.pulses().nth(2).unwrap());
            assert!(second.onset_tick < 25_100 && matches!(all.answers[2], GateAnswer::Waiting { .. }));
            assert!(third.onset_tick >= second.end_tick + 500 * MS, "{open}: {third:?}");
        }
    }
    // in the trim after the last pulse, and in every step of it
    let timing = HardwareTiming { late_max_ticks: 15, pulse_rest: Rest::Shorted, ..ideal() };
    with_plan(&[plain()], schedule, 20_000, timing, |plan| {
        let mut tried = 0;
        for seed in 0..30 {
            let inputs = [(0, OPEN), (990 * MS, CLOSE)];
            let all = play_on(plan, &inputs, lateness(&timing, seed));
            for trim in all.receipts.iter().filter(|r| r.kind == FrameKind::Trim) {
                let mut again = inputs.to_vec();
                again.push((trim.onset_tick + 1, OPEN));
                let again = play_on(plan, &again, lateness(&timing, seed));
                let next = again.pulses().find(|p| p.onset_tick > trim.onset_tick).unwrap();
                let before = again.pulses().filter(|p| p.onset_tick < trim.onset_tick).last().unwrap();
                assert!(next.onset_tick >= before.end_tick + 500 * MS, "{next:?}");
                tried += 1;
            }
        }
        assert!(tried > 10, "{tried}");
    });
}

/// REQ-CORE-05: 55 openings a minute are never refused under a limit of 60; the 61st within a minute is, it is counted,
/// and one that comes a minute after the first is taken again.
#[test]
fn the_limit_a_minute_is_the_limit() {
    let channels = with_ramp(ramped(10, 10, 0));
    let regular: Vec<_> =
        (0..270).flat_map(|n| [(n * 1_090 * MS, OPEN), ((n * 1_090 + 400) * MS, CLOSE)]).collect();
    let all = run(&channels, gated(600, 0, 60), 300_000, &regular);
    assert!(all.answers.iter().all(|a| matches!(a, GateAnswer::Started { .. } | GateAnswer::Closed { .. })));
    let train = |at: u64| [(at * MS, OPEN), ((at + 400) * MS, CLOSE)];
    let refused = GateAnswer::Refused(GateRefusal::TooManyTriggers);
    let mut sixty: Vec<_> = (0..60).flat_map(|n| train(n * 900)).collect();
    sixty.extend([(54_000 * MS, OPEN), (59_999 * MS, OPEN), (61_000 * MS, OPEN)]);
    let all = run(&channels, gated(600, 0, 60), 300_000, &sixty);
    let begun = all.answers.iter().filter(|a| matches!(a, GateAnswer::Started { .. })).count();
    assert_eq!((begun, &all.answers[120..122]), (61, &[refused; 2][..]));
    assert!(matches!(all.answers[122], GateAnswer::Started { .. }));
    // never more than sixty in a minute, wherever its seconds begin
    let mut late: Vec<_> = (0..60).flat_map(|n| train(900 + n * 900)).collect();
    late.extend([(60_800 * MS, OPEN)]);
    assert_eq!(run(&channels, gated(600, 0, 60), 300_000, &late).answers.last(), Some(&refused));
}

/// REQ-CORE-05: an opening of a train that is on, as of a switch that bounces, or of one that waits, uses up none of a minute's.
#[test]
fn a_bounce_uses_up_no_opening() {
    let channels = with_ramp(ramped(10, 100, 0));
    let step = |n: u64| {
        let (up, down) = (n * 1_200 * MS, (n * 1_200 + 500) * MS);
        // bounces within the train, in its ramp-down, and while the next one waits for its least OFF time
        let bounces = (1..5).map(move |k| (up + k * 2 * MS, OPEN));
        let again =
            [(down + 2 * MS, OPEN), (down + 4 * MS, CLOSE), (down + 150 * MS, OPEN), (down + 152 * MS, OPEN)];
        std::iter::once((up, OPEN))
            .chain(bounces)
            .chain([(down, CLOSE)])
            .chain(again)
            .chain([(down + 160 * MS, CLOSE)])
    };
    let steps: Vec<_> = (0..100).flat_map(step).collect();
    let refused = |limit| {
        let all = run(&channels, gated(600, 200, limit), 300_000, &steps);
        all.answers.iter().filter(|a| matches!(a, GateAnswer::Refused(_))).count()
    };
    // each step begins a train, and another one that waits: 50 and 50 a minute, of which 61 seconds are counted
    assert_eq!(refused(102), 0);
    assert!(refused(99) > 0);
}

/// REQ-CORE-09, REQ-INV-09: a session in which no contraction fits with its ramps is refused, to the millisecond.
#[test]
fn ramps_fit_into_the_session() {
    let channels = with_ramp(ramped(200, 150, 20_000));
    let hardware = Hardware::new(ideal(), &[DAC], 0).unwrap();
    for (schedule, least) in [(Schedule::Continuous, 350), (cycle(70, 500), 420), (gated(10, 0, 60), 151)] {
        for (length, ok) in [(least, true), (least - 1, false)] {
            let session = Session::new(&channels, schedule, ms(length)).unwrap();
            let made = Plan::compile(&session, &hardware).map(drop).map_err(|e| e.field());
            assert_eq!(made, if ok { Ok(()) } else { Err(Field::RampTime) }, "{schedule:?} {length}");
        }
        let all = run(&channels, schedule, least, &[(0, OPEN)]);
        assert!(all.pulses().count() > 0 && all.finished.is_some(), "{schedule:?}");
    }
}

/// REQ-CORE-11: a gate that stays open ramps down at the end of the session; nothing stands at or after it.
#[test]
fn a_gated_session_ramps_at_its_end() {
    for later in [0, 90] {
        let channels = [Channel { ramp: ramped(100, 400, 0), offset: offset(later), ..plain() }];
        let all = run(&channels, gated(100_000, 0, 60), 2_000, &[(0, OPEN)]);
        let end = (2_000 + u64::from(later)) * MS;
        let falling: Vec<_> = all.onsets(0).into_iter().filter(|p| p.0 >= end - 400 * MS).collect();
        assert_eq!(falling.len(), 16 - 1 + usize::from(falling[0].1 == 400), "{falling:?}");
        for pair in falling.windows(2) {
            assert!((24..=26).contains(&(pair[0].1 - pair[1].1)), "{pair:?}");
        }
        assert!(falling.last().unwrap().1 <= 26 && falling.last().unwrap().0 < end);
        assert_eq!(all.counters[0].forced_closes, 0, "it is the session that ends, not the longest time");
    }
}

/// REQ-CORE-11: too near the end for a ramp-down an opening is refused, one tick before that it is taken; a train that
/// is ramping down there goes on as it was.
#[test]
fn nothing_jumps_near_the_end() {
    let channels = with_ramp(ramped(100, 400, 20_000));
    let schedule = gated(5_000, 0, 60);
    let refused = GateAnswer::Refused(GateRefusal::SessionOver);
    for (at, taken) in [(1_590, true), (1_600, false), (1_650, false), (1_999, false)] {
        let all = run(&channels, schedule, 2_000, &[(at * MS, OPEN)]);
        assert_eq!(all.answers[0] != refused, taken, "{at}");
        assert_eq!(all.pulses().count() > 0, taken);
        assert!(all.pulses().all(|p| p.onset_tick < 2_000 * MS));
    }
    let quiet = run(&channels, schedule, 2_000, &[(0, OPEN)]);
    for at in [1_000, 1_450, 1_598, 1_600, 1_700, 1_950] {
        let all = run(&channels, schedule, 2_000, &[(0, OPEN), (at * MS, OPEN)]);
        assert_eq!(all.onsets(0), quiet.onsets(0), "opened again at {at}");
        assert_eq!(all.answers[1] == refused, at >= 1_600, "{at}");
    }
}

/// REQ-CORE-04: a train that is opened again after a short close has its own ramp-down again.
#[test]
fn a_short_close_is_not_kept() {
    let channels = with_ramp(ramped(100, 400, 0));
    let short = Action::Gate(GateInput::Close { down: Some(ms(50)) });
    let inputs = [(0, OPEN), (500 * MS, short), (520 * MS, OPEN)];
    let all = run(&channels, gated(1_000, 0, 60), 20_000, &inputs);
    let falling: Vec<_> = all.onsets(0).into_iter().filter(|p| p.0 > 1_001 * MS).collect();
    assert!(
        falling.len() >= 15 && falling.windows(2).all(|w| (24..=26).contains(&(w[0].1 - w[1].1))),
        "{falling:?}"
    );
}

/// REQ-CORE-03: of several channels the answer to a close is the latest end, and no pulse stands at or after it.
#[test]
fn the_end_of_a_close_is_the_latest() {
    for (one, two, later, over) in
        [(100, 900, 0, 900), (900, 100, 0, 900), (300, 100, 250, 350), (0, 0, 250, 250)]
    {
        let channel = |down| Channel { ramp: ramped(100, down, 20_000), ..plain() };
        let channels = [channel(one), Channel { offset: offset(later), ..channel(two) }];
        let all = run(&channels, gated(5_000, 0, 60), 20_000, &[(0, OPEN), (500 * MS, CLOSE)]);
        let over_tick = (500 + over) * MS;
        assert_eq!(all.answers[1], GateAnswer::Closed { over_tick });
        let last = all.pulses().map(|p| p.onset_tick).max().unwrap();
        assert!((over_tick - 26 * MS..over_tick).contains(&last), "{last}");
    }
    // nor does a command just before the end move one past it
    for at in (599_900..600_060).step_by(3) {
        let timing = HardwareTiming { min_edge_ticks: 50, ..ideal() };
        let rate = Rate::from_hz(100).unwrap();
        let channels = [Channel { ramp: ramped(0, 100, 20_000), rate, ..plain() }];
        let less = Action::Command(0, Setting::new(30_000, 300).unwrap());
        let inputs = [(0, OPEN), (500_060, CLOSE), (at, less)];
        let all =
            with_plan(&channels, gated(5_000, 0, 60), 20_000, timing, |plan| play_on(plan, &inputs, || 0));
        assert_eq!(all.answers[1], GateAnswer::Closed { over_tick: 600_060 });
        assert!(all.pulses().all(|p| p.onset_tick < 600_060), "{at}");
    }
}
