//! Faults and what they leave, the records of pulses, trims and commands, and what makes an onset wait.
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

fn ideal() -> HardwareTiming {
    HardwareTiming::ideal(1_000_000)
}

fn late(ticks: u32) -> HardwareTiming {
    HardwareTiming { late_max_ticks: ticks, ..ideal() }
}

fn continuous<R>(channel: Channel, timing: HardwareTiming, then: impl FnOnce(&mut Engine<'_, '_>) -> R) -> R {
    with_plan(&[channel], Schedule::Continuous, 1_000, timing, |plan| with_engine(plan, then))
}

/// REQ-CORE-10, REQ-INV-03: after a late edge, level and ledger of every channel of that step are what was put out.
#[test]
fn a_fault_leaves_the_true_ledger() {
    continuous(plain(), late(15), |engine| {
        let onset = advance(engine, 0).unwrap();
        assert_eq!(engine.next(), Next::At(onset + 300));
        let fault = EngineFault::Late { channel: 0, by_ticks: 16, limit_ticks: 15 };
        assert_eq!(engine.applied(onset + 316), Err(fault));
        assert_eq!((engine.level(0), engine.fault()), (Some(Level::Open), Some(fault)));
        engine.stop(StopPolicy::HardOff, onset + 516);
        assert_eq!(engine.finished().unwrap().residual, Charge::of(40_000_000, 316).unwrap());
    });
    let negative = Channel { pulse: PulseShape { leading: Polarity::Negative, ..plain().pulse }, ..plain() };
    with_plan(&[plain(), negative], Schedule::Continuous, 1_000, ideal(), |plan| {
        with_engine(plan, |engine| {
            accept_all(engine);
            let Next::At(at) = engine.next() else { panic!("due") };
            assert_eq!(engine.step().unwrap().changes().count(), 2);
            assert_eq!(
                engine.applied(at + 1),
                Err(EngineFault::Late { channel: 0, by_ticks: 1, limit_ticks: 0 })
            );
            assert_eq!((engine.level(0), engine.level(1)), (Some(Level::Code(400)), Some(Level::Code(-400))));
            assert_eq!((engine.pending(), engine.next(), engine.step().is_none()), (None, Next::Never, true));
            engine.stop(StopPolicy::HardOff, at + 201);
            assert_eq!(engine.ledger(0), Charge::of(40_000_000, 200));
            assert_eq!(engine.ledger(1), Charge::of(-40_000_000, 200));
        });
    });
}

/// REQ-CORE-10: a hard off whose interval overflows the ledger opens all the same, and says so; an edge that does is
/// that fault before it is a late one.
#[test]
fn an_overflow_is_open_and_a_fault() {
    let overflow = EngineFault::LedgerOverflow { channel: 0 };
    continuous(plain(), ideal(), |engine| {
        advance(engine, 0);
        engine.stop(StopPolicy::HardOff, u64::MAX);
        assert_eq!((engine.level(0), engine.fault()), (Some(Level::Open), Some(overflow)));
        assert!(engine.finished().is_some() && engine.take_receipt().unwrap().cut);
        assert_eq!(engine.next(), Next::Never);
    });
    continuous(plain(), ideal(), |engine| {
        advance(engine, 0);
        assert_eq!(engine.applied(u64::MAX), Err(overflow));
        assert_eq!(engine.fault(), Some(overflow));
    });
}

/// REQ-CORE-10: a clock that goes back is a fault, also where the edge itself would not be early.
#[test]
fn a_clock_that_goes_back_is_a_fault() {
    let second = Channel { offset: Micros::from_micros(5).unwrap(), ..plain() };
    with_plan(&[plain(), second], Schedule::Continuous, 1_000, late(15), |plan| {
        with_engine(plan, |engine| {
            assert_eq!(advance(engine, 9), Some(10));
            accept_all(engine);
            assert_eq!(engine.next(), Next::At(5));
            let fault = EngineFault::ClockBackwards { last_tick: 10, now_tick: 9 };
            assert_eq!(engine.applied(9), Err(fault));
            assert_eq!(engine.fault(), Some(fault));
        });
    });
}

/// Cuts the first pulse, which begins so many ticks late, so many after its onset.
fn cut(engine: &mut Engine<'_, '_>, late_by: u64, into: u64) -> (u64, PulseReceipt) {
    let onset = advance(engine, late_by).unwrap() - late_by;
    while let Next::At(at) = engine.next() {
        if at > onset + into {
            break;
        }
        engine.applied(at).unwrap();
    }
    engine.stop(StopPolicy::HardOff, onset + into);
    (onset, engine.take_receipt().unwrap())
}

/// REQ-CORE-10, REQ-CORE-12, REQ-CORE-141: a pulse that a hard off cuts has its record, at every microsecond; one that had not
/// begun has none.
#[test]
fn a_cut_pulse_has_its_record() {
    for into in 0..700_u64 {
        continuous(plain(), ideal(), |engine| {
            let (onset, receipt) = cut(engine, 0, into);
            // in the gap too, where the output is open already and half of the pulse is owed
            assert_eq!(receipt.cut, into < 700, "{into}");
            assert_eq!((receipt.onset_tick, receipt.end_tick), (onset, onset + into));
            assert_eq!(u64::from(receipt.primary_ticks), into.min(300));
            assert_eq!(Some(receipt.primary_charge), Charge::of(40_000_000, into.min(300)));
            assert_eq!(Some(receipt.ledger), engine.ledger(0));
            assert_eq!(engine.counters(0).unwrap().pulses, 1);
        });
    }
    continuous(plain(), ideal(), |engine| {
        engine.stop(StopPolicy::HardOff, 0);
        assert_eq!(engine.take_receipt(), None);
    });
}

/// REQ-CORE-141, REQ-CORE-184: of a main phase of several levels that has ended the record says what was planned, also where a late
/// beginning made it shorter, and a hard off comes after it. (Of one that was three ticks shorter the last three ticks were left out.)
#[test]
fn a_main_phase_that_has_ended_is_whole() {
    let levels = [FULL_SCALE / 2, FULL_SCALE];
    let form = Form::Table(&levels);
    let channel = Channel { pulse: PulseShape { form, ..plain().pulse }, ..plain() };
    // 20 mA for 150 µs and 40 mA for as long, then a gap
    for (late_by, into) in
        [0, 3, 15].into_iter().flat_map(|late| [299, 300, 301, 399].map(|into| (late, into)))
    {
        continuous(channel, late(15), |engine| {
            let (_, receipt) = cut(engine, late_by, into);
            assert_eq!(u64::from(receipt.primary_ticks), into.min(300) - late_by);
            let begun = if into < 300 { into - late_by } else { 300 };
            let charge = Charge::of(20_000_000, 150 + 2 * (begun - 150));
            assert_eq!(Some(receipt.primary_charge), charge, "{late_by} late, {into} into it");
        });
    }
}

/// REQ-CORE-160: a receipt says how many repeats have begun their main phase, in a pulse that runs out, is cut or is paid back.
#[test]
fn repeats_that_were_begun() {
    let prepulse =
        Form::Prepulse(Prepulse { amplitude_percent: 20, width: Micros::from_micros(400).unwrap() });
    let repeat = Repeat { count: 3, gap: Micros::from_micros(1_000).unwrap() };
    for (form, begins, each) in [(Form::Rectangular, 0, 1_700), (prepulse, 400, 2_180)] {
        let channel = Channel { pulse: PulseShape { form, repeat, ..plain().pulse }, ..plain() };
        for (into, policy) in [0, 150, 350, 500, 900, 1_690, 1_900, 2_500, 3_500, 4_000, 5_000, 7_000]
            .into_iter()
            .flat_map(|into| [StopPolicy::HardOff, StopPolicy::RecoverNow].map(|policy| (into, policy)))
        {
            continuous(channel, ideal(), |engine| {
                let onset = advance(engine, 0).unwrap();
                while let Next::At(at) = engine.next() {
                    if at > onset + into {
                        break;
                    }
                    engine.applied(at).unwrap();
                }
                engine.stop(policy, onset + into);
                let ended = engine.take_receipt();
                let receipt = ended.unwrap_or_else(|| run_out(engine, || 0).1[0]);
                let begun = (0..3).filter(|n| n * each + begins <= into).count();
                assert_eq!(usize::from(receipt.repeats), begun, "{policy:?} {into} into {form:?}");
            });
        }
    }
}

/// REQ-CORE-10, REQ-INV-06: the residual of a session is the largest of its channels, with its sign.
#[test]
fn the_residual_is_the_largest() {
    let mut channels = [plain(); 3];
    channels[1].pulse.leading = Polarity::Negative;
    for (channel, us) in channels.iter_mut().zip([0, 100, 200]) {
        channel.offset = Micros::from_micros(us).unwrap();
    }
    with_plan(&channels, Schedule::Continuous, 1_000, ideal(), |plan| {
        for (at, left) in
            [(101, [100, -1, 0]), (350, [300, -250, 150]), (450, [251, -300, 250]), (650, [51, -150, 250])]
        {
            let run = play_on(plan, &[(at, Action::Stop(StopPolicy::HardOff))], || 0);
            let left = left.map(|us| Charge::from_nanoamp_ticks(us * 40_000_000));
            assert_eq!(run.ledgers, left, "{at}");
            let largest = left.into_iter().max_by_key(|l| l.magnitude()).unwrap();
            assert_eq!(run.finished.unwrap().residual, largest);
        }
    });
}

/// REQ-CORE-12: trims and repayments say what they are; a pulse paid back early keeps its own primary phase.
#[test]
fn records_of_trims_and_repayments() {
    let timing = late(15);
    with_plan(&[plain()], Schedule::Continuous, 100, timing, |plan| {
        let mut trims = 0;
        for seed in 0..40 {
            let run = play_on(plan, &[], lateness(&timing, seed));
            for receipt in run.receipts.iter().filter(|r| r.kind == FrameKind::Trim) {
                let frame = run.frames.iter().find(|f| f.sequence() == receipt.sequence).unwrap();
                assert_eq!(frame.segment(0).unwrap().level, Level::Code(receipt.code));
                assert_eq!((receipt.primary_ticks, receipt.primary_charge), (0, Charge::ZERO));
                assert_eq!((receipt.setting, receipt.deferred_ticks), (Setting::ZERO, 0));
                assert!(!receipt.full_level && !receipt.cut);
                trims += 1;
            }
            let counted = run.receipts.iter().filter(|r| r.kind == FrameKind::Trim).count();
            assert_eq!(run.counters[0].trims as usize, counted);
        }
        assert!(trims > 20, "{trims}");
    });
    continuous(plain(), ideal(), |engine| {
        let onset = advance(engine, 0).unwrap();
        engine.stop(StopPolicy::RecoverNow, onset + 149);
        let (frames, receipts) = run_out(engine, || 0);
        let receipt = receipts[0];
        assert_eq!((receipts.len(), receipt.kind, receipt.cut), (1, FrameKind::Recover, false));
        assert_eq!((receipt.sequence, frames[0].kind()), (frames[0].sequence(), FrameKind::Recover));
        assert_eq!((receipt.onset_tick, receipt.primary_ticks), (onset, 150));
        assert_eq!(Some(receipt.primary_charge), Charge::of(40_000_000, 150));
        assert_eq!((receipt.code, receipt.full_level, receipt.ledger), (400, true, Charge::ZERO));
        assert_eq!(receipt.end_tick, onset + 300);
        assert_eq!((engine.counters(0).unwrap().pulses, engine.counters(0).unwrap().trims), (1, 1));
    });
}

/// REQ-CORE-12, REQ-INV-09: the receipt of a command has the codes and the width that are put out, also where only a
/// lower code can be paid back, and no frame before its number has them.
#[test]
fn command_receipts_say_what_comes() {
    let pulse = PulseShape { balance: Balance::Asymmetric { length_percent: 777 }, ..plain().pulse };
    let channels = [Channel { pulse, rate: Rate::from_hz(10).unwrap(), ..plain() }];
    let timing = HardwareTiming { min_edge_ticks: 70, ..ideal() };
    with_plan(&channels, Schedule::Continuous, 300_000, timing, |plan| {
        let mut lowered = 0;
        with_engine(plan, |engine| {
            for ua in (100..40_000).step_by(100) {
                let now = advance(engine, 0).unwrap();
                let setting = Setting::new(ua, 300).unwrap();
                let Ok(receipt) = engine.command(0, setting, now) else {
                    assert_eq!(plan.frame(0, setting, 0), None, "{ua} µA");
                    continue;
                };
                lowered += u32::from(receipt.codes < ua / 100);
                loop {
                    engine.take_receipt();
                    advance(engine, 0).unwrap();
                    let Some(pulse) = engine.take_receipt() else { continue };
                    assert!(pulse.setting != setting || pulse.sequence >= receipt.from_sequence);
                    if pulse.setting == setting {
                        assert_eq!(
                            (pulse.code.unsigned_abs(), pulse.primary_ticks),
                            (receipt.codes, receipt.width_ticks)
                        );
                        break;
                    }
                }
            }
        });
        assert!(lowered > 0);
    });
}

/// REQ-CORE-12, REQ-INV-09: the rounding report, to the nanosecond and the nanoampere.
#[test]
fn rounding_is_reported_exactly() {
    let us = |n| Micros::from_micros(n).unwrap();
    let pulse = PulseShape { balance: Balance::Asymmetric { length_percent: 150 }, ..plain().pulse };
    let ramp = ramped(7, 13, 0);
    let channels = [Channel { pulse, ramp, offset: us(33), ..plain() }];
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
    let output = ChannelHardware::symmetric(61_035, -2_048, 2_047);
    let hardware = Hardware::new(HardwareTiming::ideal(1_048_576), &[output], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    // 655 codes; 315, 105, 473, 7,340, 13,631 and 35 ticks of 953.67 ns
    let expected = [
        (Field::Amplitude, 40_000_000, 39_977_925, "nA"),
        (Field::PhaseWidth, 300_000, 300_407, "ns"),
        (Field::InterphaseGap, 100_000, 100_135, "ns"),
        (Field::BalanceLength, 450_000, 451_087, "ns"),
        (Field::RampTime, 7_000_000, 6_999_969, "ns"),
        (Field::RampTime, 13_000_000, 12_999_534, "ns"),
        (Field::Offset, 33_000, 33_378, "ns"),
    ];
    let rows = plan.rounding(0).unwrap();
    let rows: Vec<_> = rows.rows().iter().map(|r| (r.field, r.requested, r.realised, r.unit)).collect();
    assert_eq!(rows, expected);
    assert!(plan.rounding(1).is_none());
}

/// REQ-CORE-144: nothing is said to be rounded that a pulse has not: no gap without a second phase, no balancing length where
/// it follows from the rest of the form.
#[test]
fn only_what_there_is_is_rounded() {
    let us = |n| Micros::from_micros(n).unwrap();
    let fields = |pulse: PulseShape<'_>| {
        let channels = [Channel { pulse, ..plain() }];
        let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
        let output = ChannelHardware::symmetric(61_035, -2_048, 2_047);
        let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[output], 0).unwrap();
        let report = Plan::compile(&session, &hardware).unwrap().rounding(0).unwrap();
        let has = |field| report.rows().iter().any(|row| row.field == field);
        (has(Field::InterphaseGap), has(Field::BalanceLength), report.rows().len())
    };
    let usual = plain().pulse;
    let points = [Point { width: us(150), permille: 1_000 }, Point { width: us(150), permille: -1_000 }];
    let dc = Balance::DeclaredDc { at_most: MicroAmps::MAX };
    let pre = Prepulse { amplitude_percent: 20, width: us(100) };
    assert_eq!(fields(usual), (true, true, 7));
    assert_eq!(fields(PulseShape { form: Form::Triphasic { outer_percent: 50 }, ..usual }), (true, false, 6));
    assert_eq!(fields(PulseShape { form: Form::Prepulse(pre), ..usual }), (true, false, 7));
    assert_eq!(fields(PulseShape { form: Form::Points(&points), gap: us(0), ..usual }), (false, false, 7));
    assert_eq!(fields(PulseShape { balance: dc, gap: us(0), ..usual }), (false, false, 5));
}

/// REQ-CORE-166: a pre-pulse, the gap of repeats, which a dead time lengthens, and every point are told of as they are put out.
#[test]
fn every_part_of_a_pulse_is_in_the_report() {
    let us = |n| Micros::from_micros(n).unwrap();
    let rows = |pulse: PulseShape<'_>, hz, dead_ticks| {
        let channels = [Channel { pulse, ..plain() }];
        let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
        let output = ChannelHardware::symmetric(61_035, -2_048, 2_047);
        let timing = HardwareTiming { dead_ticks, ..HardwareTiming::ideal(hz) };
        let hardware = Hardware::new(timing, &[output], 0).unwrap();
        let report = Plan::compile(&session, &hardware).unwrap().rounding(0).unwrap();
        let further =
            |row: &&Rounded| matches!(row.field, Field::PrepulseWidth | Field::RepeatGap | Field::PointWidth);
        let said = report.rows().iter().filter(further).map(|r| (r.field, r.requested, r.realised));
        said.collect::<Vec<_>>()
    };
    let usual = PulseShape { gap: us(0), ..plain().pulse };
    let pre = Form::Prepulse(Prepulse { amplitude_percent: 20, width: us(100) });
    assert_eq!(
        rows(PulseShape { form: pre, ..usual }, 1_048_576, 0),
        [(Field::PrepulseWidth, 100_000, 100_135)]
    );
    let twice = PulseShape { repeat: Repeat { count: 2, gap: us(20) }, ..usual };
    assert_eq!(rows(twice, 1_000_000, 60), [(Field::RepeatGap, 20_000, 60_000)]);
    let point = |width, permille| Point { width: us(width), permille };
    let points = [point(100, 1_000), point(50, 0), point(100, -500), point(50, -1_000)];
    // each ends on the tick nearest to its time: 105, 157, 262 and 315 ticks
    assert_eq!(
        rows(PulseShape { form: Form::Points(&points), ..usual }, 1_048_576, 0),
        [(100_000, 100_135), (50_000, 49_591), (100_000, 100_135), (50_000, 50_544)].map(|(asked, is)| (
            Field::PointWidth,
            asked,
            is
        ))
    );
}

/// REQ-INV-03: an onset that would wait a period or more is dropped and counted, one that waits less is put out and
/// counted, and the grid stays where it was.
#[test]
fn late_onsets_are_dropped() {
    for (waited, dropped, deferred) in
        [(24_999, 0, 24_999), (25_000, 1, 1), (62_500, 2, 12_502), (87_499, 3, 12_502)]
    {
        with_plan(&[plain()], gated(900, 0, 60), 1_000, ideal(), |plan| {
            with_engine(plan, |engine| {
                engine.gate(GateInput::Open, 0);
                // nobody accepts the first frame until `waited`; then a gate input makes it anew
                assert!(engine.pending().is_some() && engine.next() == Next::Never);
                assert_eq!(engine.gate(GateInput::Hold, waited), GateAnswer::Continued);
                let (_, receipts) = run_out(engine, || 0);
                let counters = engine.counters(0).unwrap();
                assert_eq!(
                    (counters.dropped, counters.silent, counters.deferred),
                    (dropped, 0, if waited == 24_999 { 2 } else { 1 }),
                    "{waited}"
                );
                assert_eq!(receipts[0].deferred_ticks, deferred, "{waited}");
                assert_eq!(receipts.len() as u32, 36 - dropped);
                for (n, receipt) in (u64::from(dropped)..).zip(&receipts) {
                    assert_eq!(receipt.onset_tick - receipt.deferred_ticks, 1 + n * 25_000);
                }
            });
        });
    }
}

/// REQ-INV-12: with a latch the edges of one instant are one step; without, one channel at a time, in order.
#[test]
fn a_latch_puts_edges_out_together() {
    for has_latch in [true, false] {
        let timing = HardwareTiming { has_latch, ..late(15) };
        with_plan(&[plain(); 3], Schedule::Continuous, 1_000, timing, |plan| {
            with_engine(plan, |engine| {
                for edge in 0..4 {
                    for turn in 0..if has_latch { 1 } else { 3 } {
                        accept_all(engine);
                        let step = engine.step().unwrap();
                        let channels: Vec<_> = step.changes().map(|c| (c.channel, c.edge)).collect();
                        let all: Vec<_> = (0..3).map(|c| (c, Some(edge))).collect();
                        assert_eq!(channels, if has_latch { all } else { vec![all[turn]] });
                        engine.applied(step.at_tick()).unwrap();
                    }
                }
            });
        });
    }
}

/// REQ-INV-04: a storm of commands that change the setting, nearer to one another than an edge spacing, moves no onset.
#[test]
fn a_command_storm_moves_no_onset() {
    for jitter in [0, 20] {
        let timing = HardwareTiming { min_edge_ticks: 20, ..late(jitter) };
        with_plan(&[plain()], Schedule::Continuous, 200, timing, |plan| {
            let storm =
                |n: u64| Action::Command(0, Setting::new(30_000 + (n % 2) as u32 * 1_000, 300).unwrap());
            let all: Vec<_> = (0..1_600).map(|n| (49_000 + n * 15, storm(n))).collect();
            let (quiet, stormy) = (play_on(plan, &[], || 0), play_on(plan, &all, || 0));
            let ticks = |run: &Run| run.onsets(0).iter().map(|p| p.0).collect::<Vec<_>>();
            assert_eq!(ticks(&stormy), ticks(&quiet));
            assert_eq!(stormy.counters[0].deferred, quiet.counters[0].deferred);
            assert!(stormy.onsets(0).iter().any(|p| p.1 == 310 || p.1 == 300));
        });
    }
}

/// REQ-INV-07: a trim in the middle of a train rests as declared between pulses.
#[test]
fn a_trim_rests_as_declared() {
    for pulse_rest in [Rest::Open, Rest::Shorted, Rest::DrivenZero] {
        let timing = HardwareTiming { pulse_rest, ..late(15) };
        with_plan(&[plain()], Schedule::Continuous, 1_000, timing, |plan| {
            let weak = |k: u64| Setting::new(if k.is_multiple_of(2) { 500 } else { 40_000 }, 300).unwrap();
            let all: Vec<_> = (0..18).map(|k| (2_000 + k * 50_000, Action::Command(0, weak(k)))).collect();
            let run = play_on(plan, &all, lateness(&timing, 9));
            let last = run.pulses().last().unwrap().onset_tick;
            let middle = run.frames.iter().filter(|f| f.kind() == FrameKind::Trim && f.onset_tick() < last);
            let mut seen = 0;
            for trim in middle {
                assert_eq!(trim.rest(), Level::from(pulse_rest));
                seen += 1;
            }
            assert!(seen > 5, "{seen}");
            assert_eq!(run.edges.last().unwrap().level, Level::Open);
        });
    }
}
