//! What random sessions and a second reading found in the engine: each a case as small as it can be, and what should
//! happen in it.
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

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

fn ideal() -> HardwareTiming {
    HardwareTiming::ideal(1_000_000)
}

fn point(permille: i16, width: u32) -> Point {
    Point { permille, width: us(width) }
}

/// A channel at 2 Hz with a pulse and a set value of its own.
fn slow(pulse: PulseShape<'_>, ua: u32, width: u32) -> Channel<'_> {
    let set = Setting::new(ua, width).unwrap();
    Channel { pulse, set, ceiling: set, rate: Rate::from_hz(2).unwrap(), ..plain() }
}

fn compile_error(channel: Channel<'_>, timing: HardwareTiming, output: ChannelHardware) -> Option<Field> {
    let channels = [channel];
    let session = Session::new(&channels, Schedule::Continuous, ms(2_000)).unwrap();
    let hardware = Hardware::new(timing, &[output], 0).unwrap();
    Plan::compile(&session, &hardware).err().map(|e| e.field())
}

/// A run for two seconds, of which the edges alone say what the ledger says.
fn run(
    channel: Channel<'_>,
    timing: HardwareTiming,
    output: ChannelHardware,
    late: impl FnMut() -> i64,
) -> Run {
    let channels = [channel];
    let session = Session::new(&channels, Schedule::Continuous, ms(2_000)).unwrap();
    let hardware = Hardware::new(timing, &[output], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let run = play_on(&plan, &[], late);
    assert_eq!(run.fault, None);
    assert_eq!(run.charge_from_edges(0, &output), run.ledgers[0].as_nanoamp_ticks());
    run
}

/// REQ-CORE-80, REQ-INV-02: a repeat of nine segments (triphasic, dead step and gap twice, two balancing levels, a gap to
/// the next) is stored whole.
#[test]
fn nine_segments_fit() {
    let form = Form::Triphasic { outer_percent: 1 };
    let pulse =
        PulseShape { form, gap: us(62), repeat: Repeat { count: 2, gap: us(31) }, ..PulseShape::default() };
    let timing = HardwareTiming { dead_ticks: 31, gap_rest: Rest::Shorted, ..ideal() };
    let output = ChannelHardware { offset_na: -1, ..ChannelHardware::symmetric(129_793, -2_048, 2_047) };
    let run = run(slow(pulse, 2_701, 60), timing, output, || 0);
    assert_eq!(run.frames[0].each, 9);
    assert!(run.receipts.iter().all(|r| r.ledger.magnitude() < 2 * 129_794));
}

/// REQ-CORE-80, REQ-INV-02: between repeats nothing flows that is not counted: a gap that would be a driven zero with an
/// offset is open.
#[test]
fn repeats_of_an_output_with_an_offset() {
    let pulse = PulseShape { repeat: Repeat { count: 3, gap: us(200) }, ..PulseShape::default() };
    let timing = HardwareTiming { gap_rest: Rest::DrivenZero, ..ideal() };
    let output = ChannelHardware { offset_na: 500, ..ChannelHardware::symmetric(60_000, -2_048, 2_047) };
    let all = run(slow(pulse, 2_000, 60), timing, output, || 0);
    assert!(all.frames[0].segments().any(|s| s == Segment { level: Level::Open, ticks: 200 }));
}

/// REQ-CORE-70, REQ-CORE-80: the last of custom points pays the rounding of the others, but no more than the set
/// amplitude and a code: at a low code nothing is put out, where it was 700 times the set amplitude.
#[test]
fn the_last_point_is_no_stronger_than_set() {
    let mut points = vec![];
    for _ in 0..7 {
        points.extend([point(500, 100), point(-499, 100)]);
    }
    points.push(point(-700, 1));
    let pulse = PulseShape { form: Form::Points(&points), ..PulseShape::default() };
    assert_eq!(compile_error(slow(pulse, 100, 1_401), ideal(), DAC), Some(Field::AmplitudeCodes));
    let run = run(slow(pulse, 200_000, 1_401), ideal(), DAC, || 0);
    assert!(run.frames.iter().all(|f| f.peak_na(&DAC) <= 200_100_000));
}

/// REQ-CORE-80, REQ-CORE-07: across a dead time the last of custom points drives only its own way.
#[test]
fn the_last_point_turns_over_only_after_a_rest() {
    let timing = HardwareTiming { dead_ticks: 50, ..ideal() };
    // at one code the points before the last are −1 × 100 and 1 × 100, 1 × 100: the last would have to be negative
    let points = [point(-900, 200), point(0, 100), point(500, 200), point(400, 200)];
    let pulse = PulseShape { form: Form::Points(&points), ..PulseShape::default() };
    for ua in [100, 200, 300, 40_000] {
        let channel = slow(pulse, ua, 700);
        if compile_error(channel, timing, DAC).is_some() {
            continue;
        }
        let run = run(channel, timing, DAC, || 0);
        assert!(run.least_open_and_spacing(0).0 >= 50, "{ua} µA");
    }
    assert_eq!(compile_error(slow(pulse, 40_000, 700), timing, DAC), None);
}

/// REQ-CORE-164: custom points are asked for the dead time between opposite polarities alone, whichever of them leads: a
/// short rest was refused beside a positive point, and taken beside a negative one.
#[test]
fn points_rest_only_where_they_turn_over() {
    let timing = HardwareTiming { dead_ticks: 50, ..ideal() };
    let takes = |points: &[(i16, u32)]| {
        let width = points.iter().map(|p| p.1).sum();
        let points: Vec<_> = points.iter().map(|(permille, width)| point(*permille, *width)).collect();
        let pulse = PulseShape { form: Form::Points(&points), ..PulseShape::default() };
        compile_error(slow(pulse, 40_000, width), timing, DAC)
    };
    for taken in [
        &[(500, 100), (0, 20), (500, 100), (0, 100), (-1_000, 100)][..],
        &[(1_000, 100), (0, 100), (-500, 100), (0, 20), (-500, 100)],
        &[(-500, 50), (0, 20), (-500, 50), (0, 60), (1_000, 50)],
        &[(0, 20), (1_000, 100), (0, 50), (-1_000, 100)],
        &[(0, 20), (-1_000, 100), (0, 50), (1_000, 100)],
        &[(1_000, 100), (0, 50), (0, 20), (-1_000, 100)],
    ] {
        assert_eq!(takes(taken), None, "{taken:?}");
    }
    for refused in [
        &[(1_000, 100), (0, 49), (-1_000, 100)][..],
        &[(-1_000, 100), (0, 49), (1_000, 100)],
        &[(-1_000, 100), (1_000, 100)],
        &[(1_000, 100), (0, 49), (0, 49), (-1_000, 100)],
        &[(-500, 50), (0, 60), (-500, 50), (0, 20), (1_000, 50)],
    ] {
        assert_eq!(takes(refused), Some(Field::PointLevel), "{refused:?}");
    }
}

/// REQ-CORE-80, REQ-INV-09: no level is outside the code range, where that is not the same both ways.
#[test]
fn levels_stay_in_the_code_range() {
    let narrow = ChannelHardware { code_min: -300, ..DAC };
    let points = [point(1_000, 100), point(-800, 100), point(-200, 100)];
    let table = [16_384, 8_192];
    let triphasic = Form::Triphasic { outer_percent: 80 };
    for (form, width, most) in
        [(Form::Points(&points), 300, 37_500), (Form::Table(&table), 100, 30_000), (triphasic, 100, 37_500)]
    {
        let pulse = PulseShape { form, ..PulseShape::default() };
        assert_eq!(compile_error(slow(pulse, most, width), ideal(), narrow), None, "{form:?}");
        assert_eq!(
            compile_error(slow(pulse, most + 1_000, width), ideal(), narrow),
            Some(Field::AmplitudeCodes),
            "{form:?}"
        );
        assert_eq!(compile_error(slow(pulse, most + 1_000, width), ideal(), DAC), None, "{form:?}");
    }
}

/// REQ-CORE-80, REQ-INV-09: the segments of a frame are counted as they may be at any setting, not at the ceiling alone.
#[test]
fn segments_are_counted_at_any_setting() {
    // 63 steps, one gap and one balancing level, or two: 65 or 66, a thousand times
    let table = [16_384; 63];
    for (steps, fits) in [(63, false), (62, true)] {
        let pulse = PulseShape {
            form: Form::Table(&table[..steps]),
            gap: us(1),
            balance: Balance::Asymmetric { length_percent: 200 },
            repeat: Repeat { count: 1_000, gap: us(0) },
            ..PulseShape::default()
        };
        let channel =
            Channel { rate: Rate::new(1, 1_000_000).unwrap(), ..slow(pulse, 40_000, steps as u32 * 4) };
        assert_eq!(compile_error(channel, ideal(), DAC), if fits { None } else { Some(Field::Repeat) });
    }
}

/// REQ-CORE-81, REQ-INV-03: trims repay custom points and mirrored tables, in bounded time, whatever is left over and
/// however weak the level that pays is; with repeats.
#[test]
fn trims_repay_what_is_not_retimed() {
    let weak = [point(1_000, 200), point(-100, 1_500), point(-500, 100)];
    let table: Vec<i16> = (0..16).map(|n| if n % 2 == 0 { 16_384 } else { 300 }).collect();
    for (form, width, count) in
        [(Form::Points(&weak), 1_800, 1), (Form::Points(&weak), 1_800, 6), (Form::Table(&table), 640, 6)]
    {
        let pulse = PulseShape { form, repeat: Repeat { count, gap: us(400) }, ..PulseShape::default() };
        let timing = HardwareTiming { late_max_ticks: 9, ..ideal() };
        for seed in 0..60 {
            let channel = slow(pulse, 30_000 + seed as u32 * 100, width);
            let run = run(channel, timing, DAC, lateness(&timing, seed));
            assert!(run.ledgers[0].magnitude() <= 9 * 100_000);
            // the first onset, at the start itself, stands an edge spacing after it
            assert_eq!(
                (run.counters[0].deferred, run.counters[0].dropped),
                (1, 0),
                "{form:?} {count} {seed}"
            );
            let trims = run
                .receipts
                .windows(2)
                .filter(|w| w[0].kind == FrameKind::Pulse && w[1].kind == FrameKind::Trim);
            assert!(trims.count() > 0 || seed > 0);
        }
    }
}

/// REQ-CORE-81, REQ-INV-03: a balancing phase that cannot be shortened by as much as late edges owe is refused.
#[test]
fn weak_balancing_phases_need_little_lateness() {
    for (outer_percent, late_max_ticks, fits) in [(50, 2, true), (89, 2, false), (89, 0, true)] {
        let pulse =
            PulseShape { form: Form::Triphasic { outer_percent }, gap: us(98), ..PulseShape::default() };
        let timing = HardwareTiming { late_max_ticks, ..ideal() };
        let error = compile_error(slow(pulse, 5_900, 70), timing, DAC);
        assert_eq!(
            error,
            if fits { None } else { Some(Field::PhaseTicks) },
            "{outer_percent} {late_max_ticks}"
        );
    }
}

/// REQ-CORE-81, REQ-INV-06: a pulse that is cut in a phase of the other polarity is paid back no stronger than its
/// balancing level, which is here a tenth of the main phase.
#[test]
fn a_recovery_is_as_weak_as_the_balancing_level() {
    let pulse =
        PulseShape { form: Form::Triphasic { outer_percent: 10 }, gap: us(50), ..PulseShape::default() };
    let points = [point(-100, 1_000), point(1_000, 100)];
    let custom = PulseShape { form: Form::Points(&points), ..PulseShape::default() };
    for (pulse, width, most) in [(pulse, 300, 90), (custom, 1_100, 10)] {
        let channels = [slow(pulse, 10_000, width)];
        with_plan(&channels, Schedule::Continuous, 2_000, ideal(), |plan| {
            for at in [100, 299, 320] {
                let run = play_on(plan, &[(at, Action::Stop(StopPolicy::RecoverNow))], || 0);
                let paid: Vec<_> = run.frames.iter().filter(|f| f.kind() == FrameKind::Recover).collect();
                assert!(paid.iter().all(|f| f.peak_na(&DAC) <= most * 100_000), "{paid:?}");
                assert!(run.counters[0].trims == 1 && run.ledgers[0] == Charge::ZERO);
            }
        });
    }
}

/// REQ-CORE-80, REQ-INV-01: a declared direct current whose sum leaves the ledger is a fault, not silence.
#[test]
fn an_endless_direct_current_is_a_fault() {
    let balance = Balance::DeclaredDc { at_most: MicroAmps::MAX };
    let set = Setting::new(1_000_000, 900_000).unwrap();
    let pulse = PulseShape { balance, ..PulseShape::default() };
    let channels = [Channel { pulse, set, ceiling: set, rate: Rate::from_hz(1).unwrap(), ..plain() }];
    let session = Session::new(&channels, Schedule::Continuous, ms(20_000)).unwrap();
    let output = ChannelHardware::symmetric(100_000_000, -20, 20);
    let hardware = Hardware::new(HardwareTiming::ideal(1_000_000_000), &[output], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let run = play_on(&plan, &[], || 0);
    // 0.9 × 10^18 nA·ticks a pulse: the eleventh does not fit
    assert_eq!(run.fault, Some(EngineFault::LedgerOverflow { channel: 0 }));
    assert_eq!((run.counters[0].pulses, run.counters[0].silent), (10, 0));
}

/// REQ-CORE-80, REQ-INV-09: the widths of custom points do not move, so a command with another width is refused.
#[test]
fn commands_do_not_move_the_widths_of_points() {
    let points = [point(1_000, 100), point(-500, 200)];
    let pulse = PulseShape { form: Form::Points(&points), ..PulseShape::default() };
    with_plan(&[slow(pulse, 10_000, 300)], Schedule::Continuous, 2_000, ideal(), |plan| {
        with_engine(plan, |engine| {
            let refused = engine.command(0, Setting::new(10_000, 299).unwrap(), 0).unwrap_err();
            assert_eq!(refused.field(), Field::PhaseWidth);
            assert_eq!(engine.command(0, Setting::new(5_000, 300).unwrap(), 0).unwrap().codes, 50);
            assert_eq!(engine.command(0, Setting::ZERO, 0).unwrap().codes, 0);
        });
    });
}

/// REQ-CORE-80, REQ-INV-09: a stage that is faster than its channel by less than a thousandth of a pulse a second is
/// refused as well.
#[test]
fn stages_are_no_faster_than_their_channel() {
    for (pulses, fits) in [(133_332, true), (133_333, true), (133_334, false), (133_340, false)] {
        let rate = Rate::new(pulses, 4_000_000_000).ok();
        let stage =
            Stage { cycle: Cycle { hold: ms(100), rest: ms(0) }, repeats: 1, level_permille: 1_000, rate };
        let channels = [Channel { rate: Rate::new(133_333, 4_000_000_000).unwrap(), ..plain() }];
        let stages = [stage];
        let session = Session::new(&channels, Schedule::Program(&stages), ms(1_000)).unwrap();
        let made = Plan::compile(&session, &Hardware::new(ideal(), &[DAC], 0).unwrap());
        assert_eq!(
            made.err().map(|e| e.field()),
            if fits { None } else { Some(Field::StageRate) },
            "{pulses}"
        );
    }
}

/// REQ-CORE-05: a train that its longest time closes is counted once, when it is over, and not when the gate closes it.
#[test]
fn forced_closes_are_counted_once() {
    let channels = [Channel { rate: Rate::from_hz(1).unwrap(), ..plain() }];
    for (inputs, forced) in [
        (vec![(500_000, GateInput::Open)], 1),
        (vec![(500_000, GateInput::Close { down: None })], 0),
        (vec![(200_000, GateInput::Open), (400_000, GateInput::Open)], 1),
    ] {
        with_plan(&channels, gated(1_900, 0, 60), 9_000, ideal(), |plan| {
            let mut script = vec![(0, Action::Gate(GateInput::Open))];
            script.extend(inputs.iter().map(|(tick, input)| (*tick, Action::Gate(*input))));
            let run = play_on(plan, &script, || 0);
            assert_eq!(run.counters[0].forced_closes, forced, "{inputs:?}");
        });
    }
}

/// REQ-CORE-09, REQ-INV-04: contractions that the rate leaves without an onset do not put off the next one.
#[test]
fn passed_contractions_move_no_onset() {
    let timing = HardwareTiming { min_edge_ticks: 60, ..ideal() };
    for (hold, rest) in [(300, 0), (1, 0), (7, 6)] {
        let channels = [Channel { rate: Rate::from_hz(1).unwrap(), ..plain() }];
        let cycle = Schedule::Cyclic(Cycle { hold: ms(hold), rest: ms(rest) });
        let run = with_plan(&channels, cycle, 20_000, timing, |plan| play_on(plan, &[], || 0));
        assert!(run.pulses().count() > 10 && run.counters[0].deferred == 1);
        for pair in run.onsets(0).windows(2).skip(1) {
            assert!(pair[1].0 - pair[0].0 <= 1_000_000 + 6_000, "{pair:?}");
        }
        assert!(run.pulses().skip(1).all(|p| p.deferred_ticks == 0));
    }
}

/// A second pulse that is cut at `into` ticks after its onset, and what its record says of its main phase.
fn cut_record(channel: Channel<'_>, policy: StopPolicy, into: u64) -> PulseReceipt {
    let channels = [Channel { rate: Rate::from_hz(20).unwrap(), ..channel }];
    with_plan(&channels, Schedule::Continuous, 1_000, ideal(), |plan| {
        let run = play_on(plan, &[(50_000 + into, Action::Stop(policy))], || 0);
        *run.receipts.iter().find(|r| r.onset_tick == 50_000).unwrap()
    })
}

/// REQ-CORE-141: a pulse that is cut before its main phase has none in its record, by a recovery and by a hard off. (It was
/// counted from the main phase of the pulse before, or from tick 0.)
#[test]
fn nothing_of_a_main_phase_that_did_not_begin() {
    let prepulse = Form::Prepulse(Prepulse { amplitude_percent: 20, width: us(400) });
    for (form, begins) in [(prepulse, 400), (Form::Triphasic { outer_percent: 50 }, 400)] {
        let pulse = PulseShape { form, ..plain().pulse };
        for (into, policy) in [1, 50, 299, 398, 405, 500, 690]
            .into_iter()
            .flat_map(|into| [StopPolicy::HardOff, StopPolicy::RecoverNow].map(|policy| (into, policy)))
        {
            let receipt = cut_record(Channel { pulse, ..plain() }, policy, into);
            // the repayment begins an edge spacing after the stop
            let cut = into + u64::from(policy == StopPolicy::RecoverNow);
            let of_main = cut.saturating_sub(begins).min(300);
            assert_eq!(u64::from(receipt.primary_ticks), of_main, "{policy:?} {into} into {form:?}");
            assert_eq!(Some(receipt.primary_charge), Charge::of(40_000_000, of_main));
            assert_eq!(receipt.cut, policy == StopPolicy::HardOff);
        }
    }
}

/// REQ-CORE-141: of a main phase of several levels the record says what was put out of each, also of a pulse that is cut.
/// (It was the whole phase after a hard off, and the level that was cut for all of it after a recovery.)
#[test]
fn main_phases_of_several_levels_are_summed_up_to_the_cut() {
    let points = [point(500, 100), point(1_000, 200), point(-500, 500)];
    let levels = [FULL_SCALE / 2, FULL_SCALE, FULL_SCALE];
    let codes_at = |into: u64| if into < 100 { into * 20 } else { 2_000 + (into.min(300) - 100) * 40 };
    for (form, width) in [(Form::Points(&points), 800), (Form::Table(&levels), 300)] {
        let set = Setting::new(4_000, width).unwrap();
        let channel = Channel { set, ceiling: set, pulse: PulseShape { form, ..plain().pulse }, ..plain() };
        for into in [1, 60, 98, 101, 250, 298, 310, 350] {
            for policy in [StopPolicy::HardOff, StopPolicy::RecoverNow] {
                let receipt = cut_record(channel, policy, into);
                let cut = into + u64::from(policy == StopPolicy::RecoverNow);
                let charge = Charge::of(100_000, codes_at(cut));
                assert_eq!(
                    (u64::from(receipt.primary_ticks), Some(receipt.primary_charge)),
                    (cut.min(300), charge)
                );
            }
        }
    }
}

/// REQ-CORE-142, REQ-INV-06: where an offset flows against a repayment, that takes longer, and no code above the strongest
/// balancing one. (It took one code more.)
#[test]
fn recoveries_against_an_offset_are_gentle() {
    let mut seen = 0;
    for (offset_na, skew) in [(40_000, 0), (-40_000, 0), (45_000, 5_000), (-45_000, -5_000)] {
        for leading in [Polarity::Positive, Polarity::Negative] {
            let output = ChannelHardware {
                offset_na,
                na_per_code_negative: 100_000_u32.strict_add_signed(skew),
                ..DAC
            };
            let set = Setting::new(4_000, 300).unwrap();
            let pulse = PulseShape { leading, ..plain().pulse };
            let channels = [Channel { pulse, set, ceiling: set, ..plain() }];
            let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
            let plan = Plan::compile(&session, &Hardware::new(ideal(), &[output], 0).unwrap());
            let Ok(plan) = plan else { continue };
            for into in 0..650 {
                let run = play_on(&plan, &[(25_000 + into, Action::Stop(StopPolicy::RecoverNow))], || 0);
                let Some(recovery) = run.frames.iter().find(|f| f.kind() == FrameKind::Recover) else {
                    continue;
                };
                let pulse = run.frames.iter().rev().find(|f| f.kind() == FrameKind::Pulse).unwrap();
                let strongest = recovery.segments().map(|s| match s.level {
                    Level::Code(code) => code.unsigned_abs(),
                    Level::Open | Level::Shorted => 0,
                });
                assert!(strongest.max().unwrap() <= paying_code(pulse, leading), "{into}: {recovery:?}");
                assert!(run.ledgers[0].magnitude() < 2 * 110_000, "{:?}", run.ledgers);
                seen += 1;
            }
        }
    }
    assert!(seen > 1_000, "{seen}");
}

/// REQ-CORE-143: a command that goes stale is counted with the first pulse after it, also where that pulse is the one before it
/// again, because the ramp down is still above the level of a stage. (That pulse took the short way.)
#[test]
fn a_stale_command_is_counted_in_a_low_stage() {
    let stages =
        [Stage { cycle: Cycle { hold: ms(900), rest: ms(0) }, repeats: 1, level_permille: 300, rate: None }];
    let train = Train { stale_after: ms(100), ..Train::default() };
    let channels = [Channel { train, ramp: ramped(0, 500, 0), ..plain() }];
    with_plan(&channels, Schedule::Program(&stages), 2_000, ideal(), |plan| {
        // pulses every 25 ms; the one at 100 ms is the last that is not stale
        for (stop, stale) in [(100_001, 0), (125_001, 1), (150_001, 1)] {
            let run = play_on(plan, &[(stop, Action::Stop(StopPolicy::FinishPulse))], || 0);
            assert!(run.pulses().all(|p| p.code == 120), "the ramp down is above the stage");
            assert_eq!(run.counters[0].stale, stale, "stopped at {stop}");
        }
    });
}
