//! The EMG trigger: blanking, threshold, and what is no effort.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::as_conversions,
    clippy::float_arithmetic,
    reason = "tests: a panic is a failed test"
)]

mod triggers;

use nmes_protocols::triggers::emg::{Emg, EmgSample, EmgState, EmgTimes, ThresholdStart};
use triggers::*;

/// An EMG trigger that listens, from 2.5 s on, and its noise.
fn listening(times: EmgTimes) -> (Emg, Log, Dice) {
    let (mut emg, mut log, mut dice) = (Emg::new(times).unwrap(), Log::default(), Dice(11));
    emg.start(0);
    feed(&mut emg, &mut log, &mut dice, 0, 2_500_000, 4_000);
    assert_eq!(emg.state(), EmgState::Listen);
    (emg, log, dice)
}

/// REQ-PRO-354: the artefacts of another channel's pulses open nothing while they are blanked; they would without.
#[test]
fn blanking_keeps_artefacts_out() {
    for blanked in [true, false] {
        let (mut emg, mut log, mut dice) = listening(emg_times());
        for now in (2_500_000..5_000_000_u64).step_by(1_000) {
            // 20 pulses a second; each leaves 3 mV that decay with 3 ms
            let after = (now / 1_000 % 50) as i32;
            if after == 0 && blanked {
                emg.stimulated(now);
            }
            let artefact = if after < 15 { 3_000_000 >> (after / 2) } else { 0 };
            let EmgSample::Nanovolts(noise) = muscle(&mut dice, 4_000) else { unreachable!() };
            let command = emg.sample(now, EmgSample::Nanovolts(noise + artefact));
            log.book(now, command);
        }
        assert_eq!(log.opened() > 0, !blanked, "blanked: {blanked}");
        if blanked {
            let mut opened = None;
            for now in (5_000_000..6_000_000_u64).step_by(1_000) {
                if now / 1_000 % 50 == 0 {
                    emg.stimulated(now);
                }
                if emg.sample(now, muscle(&mut dice, 90_000)).is_some() {
                    opened.get_or_insert(now);
                }
            }
            assert!(
                opened.is_some_and(|at| at < 5_200_000),
                "effort is heard between the pulses: {opened:?}"
            );
        }
    }
}

/// REQ-PRO-354: a window of which blanking leaves less than half is not judged: pulses too near one another hide effort, and
/// are no reason to open.
#[test]
fn blanked_all_the_time_is_deaf() {
    let (mut emg, mut log, mut dice) = listening(emg_times());
    for now in (2_500_000..5_000_000_u64).step_by(1_000) {
        // 20 ms of blanking for each pulse, 25 times a second: half; 30 times: more than half
        if now / 1_000 % 33 == 0 {
            emg.stimulated(now);
        }
        let command = emg.sample(now, muscle(&mut dice, 90_000));
        log.book(now, command);
    }
    assert_eq!(log.opened(), 0);
}

/// REQ-PRO-355: an attempt that pauses for a moment is one, and rest after one, however long, is none.
#[test]
fn attempts_are_counted_once() {
    let times = EmgTimes { start: ThresholdStart::BestOf(3), ..emg_times() };
    let (mut emg, mut log, mut dice) = (Emg::new(times).unwrap(), Log::default(), Dice(11));
    emg.start(0);
    let mut now = 0;
    let mut go = |emg: &mut Emg, ms: u64, nv: i32| {
        feed(emg, &mut log, &mut dice, now, now + ms * MS, nv);
        now += ms * MS;
    };
    go(&mut emg, 2_500, 4_000);
    for attempt in 1..=3 {
        go(&mut emg, 300, 80_000);
        go(&mut emg, 100, 4_000);
        assert_eq!(emg.state(), EmgState::Attempts, "attempt {attempt} pauses");
        go(&mut emg, 300, 80_000);
        if attempt < 3 {
            go(&mut emg, 5_000, 4_000);
            assert_eq!(emg.state(), EmgState::Attempts, "rest after attempt {attempt}");
        }
    }
    go(&mut emg, 800, 4_000);
    assert_eq!(emg.state(), EmgState::Listen);
}

/// REQ-PRO-355: the threshold starts at 80 % of the best of three, rises by 5 % after three successes in a row, falls by 5 %
/// after two misses in a row, and never below the rest and its wandering.
#[test]
fn threshold_follows_the_person() {
    let times = EmgTimes { start: ThresholdStart::BestOf(3), ..emg_times() };
    let (mut emg, mut log, mut dice) = (Emg::new(times).unwrap(), Log::default(), Dice(11));
    emg.start(0);
    assert_eq!(emg.threshold_nv(), None);
    let mut now = 2_500_000;
    feed(&mut emg, &mut log, &mut dice, 0, now, 4_000);
    assert_eq!(emg.state(), EmgState::Attempts);
    let floor = emg.attempt_nv().unwrap() / 2;
    let mut best = 0;
    for nv in [60_000, 90_000, 75_000] {
        for _ in 0..500 {
            feed(&mut emg, &mut log, &mut dice, now, now + MS, nv);
            now += MS;
            best = best.max(emg.level_nv().unwrap());
        }
        feed(&mut emg, &mut log, &mut dice, now, now + 500_000, 4_000);
        now += 500_000;
    }
    assert_eq!((emg.state(), log.opened()), (EmgState::Listen, 0), "attempts open nothing");
    let start = u64::from(emg.threshold_nv().unwrap());
    assert_eq!(start, u64::from(best) * 80 / 100);
    let effort = |emg: &mut Emg, log: &mut Log, dice: &mut Dice, now: &mut u64| {
        feed(emg, log, dice, *now, *now + 400_000, 120_000);
        feed(emg, log, dice, *now + 400_000, *now + 3_000_000, 4_000);
        *now += 3_000_000;
    };
    for success in 1..=6 {
        effort(&mut emg, &mut log, &mut dice, &mut now);
        assert_eq!(log.opened(), success);
        let raised = (0..success / 3).fold(start, |nv, _| nv * 105 / 100);
        assert_eq!(u64::from(emg.threshold_nv().unwrap()), raised);
    }
    let before = u64::from(emg.threshold_nv().unwrap());
    // listening began within the last three seconds, and an attempt is three
    feed(&mut emg, &mut log, &mut dice, now, now + 5_900_000, 4_000);
    assert_eq!((emg.counters().misses, u64::from(emg.threshold_nv().unwrap())), (2, before * 95 / 100));
    now += 5_900_000;
    feed(&mut emg, &mut log, &mut dice, now, now + 700_000_000, 4_000);
    assert_eq!(emg.threshold_nv(), Some(floor), "never below");
}

/// REQ-PRO-354: a spike that is shorter than the sustain time opens nothing; a rest that is none gives no threshold.
#[test]
fn spikes_and_restlessness() {
    let (mut emg, mut log, mut dice) = listening(EmgTimes { sustain: ms(200), ..emg_times() });
    feed(&mut emg, &mut log, &mut dice, 2_500_000, 2_550_000, 90_000);
    feed(&mut emg, &mut log, &mut dice, 2_550_000, 4_000_000, 4_000);
    assert_eq!(log.opened(), 0);
    let (mut emg, mut log, mut dice) = (Emg::new(emg_times()).unwrap(), Log::default(), Dice(2));
    emg.start(0);
    feed(&mut emg, &mut log, &mut dice, 0, 20_000_000, 60_000);
    assert_eq!((emg.state(), log.opened()), (EmgState::Baseline, 0));
    assert_eq!(emg.counters().restless, 1);
}

/// REQ-PRO-354: a level that stays at the threshold to the nanovolt opens once: only below it the muscle has let go.
#[test]
fn at_the_threshold_is_not_below_it() {
    // 100 Hz, so that every window has the same level
    let square =
        |now: u64| EmgSample::Nanovolts(if (now / 5_000).is_multiple_of(2) { 60_000 } else { -60_000 });
    let run = |threshold: u32| {
        let times = EmgTimes { start: ThresholdStart::Given(threshold), ..emg_times() };
        let (mut emg, mut log, mut dice) = (Emg::new(times).unwrap(), Log::default(), Dice(3));
        emg.start(0);
        feed(&mut emg, &mut log, &mut dice, 0, 2_500_000, 4_000);
        for now in (2_500_000..9_000_000_u64).step_by(1_000) {
            let command = emg.sample(now, square(now));
            log.book(now, command);
        }
        (emg.level_nv().unwrap(), log.opened())
    };
    let (level, _) = run(20_000);
    assert_eq!(run(level), (level, 1));
}

/// REQ-PRO-426: before the attempts are over there is no threshold, also where they end in a fault; what counts as an attempt
/// is told: twice the level at rest with its wandering.
#[test]
fn no_threshold_before_there_is_one() {
    let times = EmgTimes { start: ThresholdStart::BestOf(1), ..emg_times() };
    let (mut emg, mut log, mut dice) = (Emg::new(times).unwrap(), Log::default(), Dice(3));
    emg.start(0);
    assert_eq!(emg.attempt_nv(), None);
    feed(&mut emg, &mut log, &mut dice, 0, 3_000_000, 4_000);
    assert_eq!((emg.state(), emg.threshold_nv()), (EmgState::Attempts, None));
    let attempt = emg.attempt_nv().unwrap();
    assert!(attempt > 2 * emg.level_nv().unwrap(), "{attempt}");
    let mut faulty = emg;
    faulty.sample(3_000_000, EmgSample::LeadOff);
    assert_eq!((faulty.state(), faulty.threshold_nv()), (EmgState::Fault, None));
    feed(&mut emg, &mut log, &mut dice, 3_000_000, 3_400_000, 120_000);
    feed(&mut emg, &mut log, &mut dice, 3_400_000, 6_000_000, 4_000);
    assert_eq!((emg.state(), emg.attempt_nv()), (EmgState::Listen, None));
    assert!(emg.threshold_nv().unwrap() > attempt / 2);
}

/// REQ-PRO-427: a muscle that does not rest for a while is counted once, however many windows that takes.
#[test]
fn restless_once_a_rest() {
    let (mut emg, mut log, mut dice) = (Emg::new(emg_times()).unwrap(), Log::default(), Dice(3));
    emg.start(0);
    for (times, from) in [(1, 0), (2, 2_000_000)] {
        feed(&mut emg, &mut log, &mut dice, from, from + 1_000_000, 4_000);
        feed(&mut emg, &mut log, &mut dice, from + 1_000_000, from + 2_000_000, 90_000);
        assert_eq!((emg.state(), emg.counters().restless), (EmgState::Baseline, times));
    }
}
