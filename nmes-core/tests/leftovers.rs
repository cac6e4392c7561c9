//! What another run, a fault or a late word from outside leaves behind.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::*;
use nmes_core::*;
use proptest::prelude::*;

fn late(late_max_ticks: u32) -> HardwareTiming {
    HardwareTiming { late_max_ticks, ..HardwareTiming::ideal(1_000_000) }
}

fn continuous<R>(timing: HardwareTiming, then: impl FnOnce(&mut Engine<'_, '_>) -> R) -> R {
    with_plan(&[plain()], Schedule::Continuous, 1_000, timing, |plan| with_engine(plan, then))
}

/// All that a run shows.
#[derive(Debug, PartialEq)]
struct Shown {
    frames: Vec<Frame>,
    edges: Vec<(u64, Change)>,
    receipts: Vec<PulseReceipt>,
    answer: GateAnswer,
    held: Vec<(Option<Setting>, Option<Level>, Option<Charge>)>,
    counters: Vec<Option<Counters>>,
    finished: Option<Finished>,
}

/// So many steps on storage that is given, every channel set but the last, without an input after the start.
fn played(plan: &Plan<'_>, storage: &mut [ChannelState], steps: u32) -> Shown {
    let mut engine = Engine::new(plan, storage).unwrap();
    for (index, channel) in (0_u8..).zip(plan.session().channels()).skip(1) {
        engine.command(index - 1, channel.set, 3).ok();
    }
    engine.start(5);
    let answer = engine.gate(GateInput::Open, 5);
    let (mut frames, mut edges, mut receipts) = (vec![], vec![], vec![]);
    for _ in 0..steps {
        frames.extend(accept_all(&mut engine));
        let Next::At(at) = engine.next() else { break };
        edges.extend(engine.step().unwrap().changes().map(|change| (at, change)));
        engine.applied(at).unwrap();
        receipts.extend(core::iter::from_fn(|| engine.take_receipt()));
    }
    let each = || 0..plan.channel_count();
    let held = each().map(|c| (engine.setting(c), engine.level(c), engine.ledger(c))).collect();
    let counters = each().map(|c| engine.counters(c)).collect();
    Shown { frames, edges, receipts, answer, held, counters, finished: engine.finished() }
}

proptest! {
    #![proptest_config(cases(150))]

    /// REQ-CORE-178: storage that ran another session, up to any step, gives what fresh storage gives.
    #[test]
    fn used_storage_is_as_new(
        one in case(Kind { late: false, exact: false }), other in case(Kind { late: false, exact: false }),
        steps in 0_u32..400, stop in 0_u8..4,
    ) {
        let mut used = [ChannelState::new(); MAX_CHANNELS];
        let session = one.session();
        let plan = Plan::compile(&session, &one.hardware);
        let plan = plan.map_err(|e| TestCaseError::reject(e.to_string()))?;
        {
            let mut engine = Engine::new(&plan, &mut used).unwrap();
            for (index, channel) in (0_u8..).zip(session.channels()) {
                engine.command(index, channel.set, 0).unwrap();
            }
            engine.start(0);
            engine.gate(GateInput::Open, 0);
            for _ in 0..steps {
                advance(&mut engine, 0);
            }
            match stop {
                0 => drop(engine.pause(0)),
                1 => engine.stop(StopPolicy::HardOff, u64::MAX),
                2 => engine.stop(StopPolicy::RecoverNow, 0),
                _ => {}
            }
        }
        let session = other.session();
        let plan = Plan::compile(&session, &other.hardware);
        let plan = plan.map_err(|e| TestCaseError::reject(e.to_string()))?;
        let mut fresh = [ChannelState::new(); MAX_CHANNELS];
        prop_assert_eq!(played(&plan, &mut used, 300), played(&plan, &mut fresh, 300));
    }
}

/// REQ-CORE-10, REQ-CORE-179: a session that has a fault before it began does not begin.
#[test]
fn a_start_after_a_fault_is_none() {
    with_plan(&[plain()], Schedule::Continuous, 1_000, late(0), |plan| {
        let mut storage = [ChannelState::new()];
        let mut engine = Engine::new(plan, &mut storage).unwrap();
        assert_eq!(engine.applied(3), Err(EngineFault::OutOfOrder));
        engine.start(5);
        assert_eq!((engine.start_tick(), engine.next(), engine.pending()), (None, Next::Never, None));
        engine.stop(StopPolicy::HardOff, 9);
        assert_eq!(engine.finished().map(|end| end.at_tick), Some(9));
    });
}

/// REQ-CORE-179: after a fault nothing but a hard off ends the session: no other stop, command, pause or resume makes it one that is
/// over, counts anything or has anything come.
#[test]
fn only_a_hard_off_ends_what_has_a_fault() {
    continuous(late(0), |engine| {
        for _ in 0..8 {
            advance(engine, 0);
        }
        assert!(engine.pending().is_some(), "between two pulses");
        assert_eq!(engine.applied(60_000), Err(EngineFault::OutOfOrder), "its frame was not accepted");
        let counted = engine.counters(0);
        engine.command(0, Setting::new(20_000, 300).unwrap(), 60_001).unwrap();
        engine.pause(60_002);
        engine.resume(60_003);
        for policy in [StopPolicy::FinishPulse, StopPolicy::RecoverNow] {
            engine.stop(policy, 60_004);
            assert_eq!(engine.finished(), None, "{policy:?}");
        }
        assert_eq!((engine.pending(), engine.next(), engine.counters(0)), (None, Next::Never, counted));
        engine.stop(StopPolicy::HardOff, 60_005);
        assert!(engine.finished().is_some());
    });
}

/// REQ-CORE-10, REQ-INV-01: an output that was on for longer than the ledger holds is a fault, whichever part of the sum does not fit.
#[test]
fn a_ledger_that_does_not_fit_is_a_fault() {
    for ticks in [u64::MAX / 2, 1 << 62, 1 << 56] {
        continuous(late(0), |engine| {
            let onset = advance(engine, 0).unwrap();
            engine.stop(StopPolicy::HardOff, onset.saturating_add(ticks));
            assert_eq!(engine.fault(), Some(EngineFault::LedgerOverflow { channel: 0 }), "{ticks}");
            assert_eq!(engine.level(0), Some(Level::Open));
        });
    }
}

/// REQ-CORE-10, REQ-CORE-179: the first fault stays, whatever is done after it, and nothing of its pulse is due any more.
#[test]
fn the_first_fault_stays() {
    continuous(late(0), |engine| {
        let onset = advance(engine, 0).unwrap();
        let fault = EngineFault::Late { channel: 0, by_ticks: 7, limit_ticks: 0 };
        assert_eq!(engine.applied(onset + 307), Err(fault));
        assert_eq!(engine.applied(onset + 400), Err(EngineFault::OutOfOrder));
        engine.stop(StopPolicy::RecoverNow, onset + 401);
        assert_eq!((engine.next(), engine.step().is_none(), engine.pending()), (Next::Never, true, None));
        engine.stop(StopPolicy::HardOff, u64::MAX);
        assert_eq!(engine.fault(), Some(fault));
    });
}

/// REQ-CORE-10: an edge that is stamped before it was due is a fault, and counts from its stamp all the same, whichever it is.
#[test]
fn an_early_edge_counts_from_its_stamp() {
    for (edge, left) in [(1, 250), (2, 300), (3, 50)] {
        continuous(late(0), |engine| {
            for _ in 0..edge {
                advance(engine, 0);
            }
            accept_all(engine);
            let Next::At(at) = engine.next() else { panic!("due") };
            let by_ticks = 50;
            assert_eq!(engine.applied(at - by_ticks), Err(EngineFault::Early { channel: 0, by_ticks }));
            engine.stop(StopPolicy::HardOff, at - by_ticks);
            assert_eq!(engine.ledger(0), Charge::of(40_000_000, left), "edge {edge}");
        });
    }
}

/// REQ-CORE-10, REQ-CORE-12: a pulse whose first edge is too late, or too early, is out all the same: it has a record of its own.
#[test]
fn a_fault_at_an_onset_has_its_record() {
    continuous(late(0), |engine| {
        for _ in 0..4 {
            advance(engine, 0);
        }
        let before = engine.take_receipt().unwrap();
        engine.command(0, Setting::new(20_000, 300).unwrap(), before.end_tick).unwrap();
        let sequence = accept_all(engine)[0].sequence();
        let Next::At(at) = engine.next() else { panic!("due") };
        assert!(engine.applied(at + 1).is_err());
        engine.stop(StopPolicy::HardOff, at + 101);
        let receipt = engine.take_receipt().unwrap();
        assert_eq!((receipt.sequence, receipt.code, receipt.cut), (sequence, 200, true));
        assert_eq!((receipt.onset_tick, receipt.end_tick, receipt.primary_ticks), (at + 1, at + 101, 100));
        assert_eq!(Some(receipt.primary_charge), Charge::of(20_000_000, 100));
        assert_eq!(engine.take_receipt(), None);
    });
}

/// REQ-CORE-10, REQ-CORE-12: a pulse of which a later edge is too late keeps the record it began with.
#[test]
fn a_fault_within_a_pulse_keeps_its_record() {
    for (edge, primary) in [(1, 307), (2, 300), (3, 300)] {
        continuous(late(0), |engine| {
            let onset = advance(engine, 0).unwrap();
            assert_eq!((1..edge).filter_map(|_| advance(engine, 0)).count(), edge - 1);
            let Next::At(at) = engine.next() else { panic!("due") };
            assert!(engine.applied(at + 7).is_err());
            engine.stop(StopPolicy::HardOff, at + 7);
            let receipt = engine.take_receipt().unwrap();
            assert_eq!((receipt.onset_tick, receipt.end_tick), (onset, at + 7), "edge {edge}");
            assert_eq!((receipt.code, receipt.primary_ticks), (400, primary), "edge {edge}");
            assert_eq!(Some(receipt.ledger), engine.ledger(0));
        });
    }
}

/// REQ-CORE-10: a clock that goes back is a fault also in a train that is as it was: the step before was put out late, the next is
/// stamped on its tick, but before that.
#[test]
fn a_clock_that_goes_back_in_a_steady_train_is_a_fault() {
    let second = Channel { offset: Micros::from_micros(5).unwrap(), ..plain() };
    let timing = HardwareTiming { has_latch: true, ..late(15) };
    for channels in [&[plain(), second][..], &[plain(), plain(), second]] {
        with_plan(channels, Schedule::Continuous, 1_000, timing, |plan| {
            (0..8).for_each(|edge| goes_back(plan, 40 + edge));
        });
    }
}

/// After so many steps one is late and the next, where it is due before that, is stamped before it: a tick, or as late as those of its
/// channel always are.
fn goes_back(plan: &Plan<'_>, steps: u32) {
    let last = plan.channel_count() - 1;
    for usual in [0, 3] {
        with_engine(plan, |engine| {
            let late = |engine: &Engine<'_, '_>| {
                let own = engine.step().is_some_and(|step| step.changes().all(|c| c.channel == last));
                if own { usual } else { 0 }
            };
            for _ in 0..steps {
                accept_all(engine);
                assert!(advance(engine, late(engine)).is_some());
            }
            let last_tick = advance(engine, 9).unwrap();
            accept_all(engine);
            let Next::At(then) = engine.next() else { panic!("due") };
            let now_tick = if usual == 0 { last_tick - 1 } else { then + late(engine) };
            if then <= now_tick && now_tick < last_tick {
                let fault = EngineFault::ClockBackwards { last_tick, now_tick };
                assert_eq!(engine.applied(now_tick), Err(fault), "{steps}, {usual}");
            }
        });
    }
}

/// REQ-CORE-132: while the only frame there is waits, nothing is due; also in a train that is as it was.
#[test]
fn nothing_is_due_while_the_only_frame_waits() {
    continuous(late(15), |engine| {
        for edge in 0..80 {
            if engine.is_waiting() {
                assert_eq!((engine.next(), engine.step().is_none()), (Next::Never, true), "{edge}");
            }
            advance(engine, 0).unwrap();
        }
    });
}

/// REQ-CORE-180: a stop that is given a time before the last edge acts from that edge: nothing is put out in the past, and
/// no charge is lost or made up.
#[test]
fn a_stop_of_an_earlier_time_acts_from_the_last_edge() {
    for edges in 5..8 {
        continuous(late(0), |engine| {
            let last = (0..edges).filter_map(|_| advance(engine, 0)).last().unwrap();
            let there = engine.ledger(0).unwrap();
            engine.take_receipt();
            engine.stop(StopPolicy::HardOff, last - 40);
            assert_eq!(
                (engine.fault(), engine.ledger(0), engine.level(0)),
                (None, Some(there), Some(Level::Open))
            );
            assert_eq!(engine.finished().map(|end| (end.at_tick, end.residual)), Some((last, there)));
            assert_eq!(engine.take_receipt().map(|receipt| receipt.end_tick), Some(last));
        });
    }
    continuous(late(0), |engine| {
        let onset = (0..5).filter_map(|_| advance(engine, 0)).last().unwrap();
        engine.take_receipt();
        engine.stop(StopPolicy::RecoverNow, onset - 40);
        accept_all(engine);
        assert_eq!(engine.next(), Next::At(onset + 1), "an edge spacing after the last edge");
        let receipts = run_out(engine, || 0).1;
        assert_eq!((receipts[0].primary_ticks, receipts[0].ledger), (1, Charge::ZERO));
        assert_eq!(engine.finished().map(|end| end.residual), Some(Charge::ZERO));
    });
}

/// REQ-INV-06, REQ-CORE-160: a repeated pulse that is stopped while it pays back, in whichever of two levels, ends with that repeat and
/// leaves nothing.
#[test]
fn a_stop_while_a_repeat_pays_back_ends_it_whole() {
    let repeat = Repeat { count: 3, gap: Micros::from_micros(2_000).unwrap() };
    let pulse = PulseShape { balance: Balance::Asymmetric { length_percent: 370 }, repeat, ..plain().pulse };
    let channel = Channel { pulse, rate: Rate::from_hz(20).unwrap(), ..plain() };
    with_plan(&[channel], Schedule::Continuous, 1_000, late(0), |plan| {
        // 120,000 code-ticks over 1,110: 120 ticks of 109 codes, 990 of 108
        for into in [401, 450, 519, 521, 900, 1_508] {
            with_engine(plan, |engine| {
                let onset = advance(engine, 0).unwrap();
                while matches!(engine.next(), Next::At(at) if at <= onset + into) {
                    advance(engine, 0);
                }
                engine.stop(StopPolicy::RecoverNow, onset + into);
                let (frames, receipts) = run_out(engine, || 0);
                assert!(frames.is_empty());
                assert_eq!((receipts[0].repeats, receipts[0].end_tick), (1, onset + 1_510), "{into}");
                let end = engine.finished().unwrap();
                assert_eq!((end.residual, end.at_tick), (Charge::ZERO, onset + 1_510), "{into}");
            });
        }
    });
}

/// REQ-CORE-82: a recovery that had to wait for an edge begins an edge spacing after it, also where a bridge has a longer dead time.
#[test]
fn a_recovery_begins_an_edge_spacing_after_the_edge_it_waited_for() {
    let width = Micros::from_micros(400).unwrap();
    let pulse =
        PulseShape { form: Form::Prepulse(Prepulse { amplitude_percent: 20, width }), ..plain().pulse };
    let timing = HardwareTiming { dead_ticks: 40, ..late(0) };
    with_plan(&[Channel { pulse, ..plain() }], Schedule::Continuous, 1_000, timing, |plan| {
        with_engine(plan, |engine| {
            let onset = advance(engine, 0).unwrap();
            engine.stop(StopPolicy::RecoverNow, onset + 399);
            assert_eq!((engine.pending(), engine.next()), (None, Next::At(onset + 400)));
            engine.applied(onset + 400).unwrap();
            assert_eq!(engine.pending().map(|frame| frame.onset_tick()), Some(onset + 401));
            run_out(engine, || 0);
            assert_eq!(engine.finished().map(|end| end.residual), Some(Charge::ZERO));
        });
    });
}
