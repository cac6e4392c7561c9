//! A recovery on every kind of output and pulse: a stop at every microsecond ends open, without a fault, and leaves no
//! more than is stated.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::{Action, Asked, DAC, Frame, lateness, ms, paying_code, plain, play, started};
use nmes_core::*;

/// Stops at every microsecond of a pulse by `RecoverNow`; the largest residual and how many stops were a fault.
fn recover(channel: Channel<'_>, timing: HardwareTiming, output: ChannelHardware) -> Option<(u64, u32, u64)> {
    let channels = [Channel { rate: Rate::from_hz(20).unwrap(), ..channel }];
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
    let hardware = Hardware::new(timing, &[output], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).ok()?;
    let length = plan.channels().map(ChannelPlan::longest_ticks).max()?;
    let (mut residual, mut faults, mut longest) = (0, 0, 0);
    for at in 50_000..=50_000 + length {
        let mut script = started(&session);
        script.push((at, Action::Stop(StopPolicy::RecoverNow)));
        let run = play(&plan, &script, lateness(&timing, at));
        let end = run.finished.filter(|_| run.fault.is_none());
        faults += u32::from(end.is_none());
        residual = residual.max(end.map_or(0, |f| f.residual.magnitude()));
        longest = longest.max(end.map_or(0, |f| f.at_tick.saturating_sub(at)));
    }
    Some((residual, faults, longest))
}

/// REQ-INV-06: on outputs with an offset or unequal gains, at few codes and many edge spacings, a recovery leaves less
/// than a code × a tick for each edge spacing, and is never taken for a repayment that cannot be made.
#[test]
fn calibrated_outputs_recover() {
    let offsets = [900, -900, 40_000].map(|offset_na| ChannelHardware { offset_na, ..DAC });
    let skewed = ChannelHardware { na_per_code_negative: 103_000, ..DAC };
    let mut seen = 0;
    for (output, ua) in
        offsets.iter().chain([&skewed, &DAC]).flat_map(|o| [400, 1_000, 5_000].map(|ua| (*o, ua)))
    {
        for spacing in [1, 2, 5, 10, 20] {
            for length_percent in [100, 400, 1_000] {
                let balance = Balance::Asymmetric { length_percent };
                let set = Setting::new(ua, 200).unwrap();
                let pulse = PulseShape { balance, ..PulseShape::default() };
                let channel = Channel { set, ceiling: set, pulse, ..plain() };
                let timing = HardwareTiming { min_edge_ticks: spacing, ..HardwareTiming::ideal(1_000_000) };
                let Some((residual, faults, longest)) = recover(channel, timing, output) else { continue };
                println!("{output:?} {ua} {spacing} {length_percent}: {residual} {faults} {longest}");
                assert_eq!(faults, 0, "{ua} µA, spacing {spacing}, {length_percent} %, {output:?}");
                // less than a code × tick of the pulses before, and of the recovery as much for an edge spacing
                let most = 103_000 * (1 + u64::from(spacing));
                assert!(residual < most, "{residual} nA·ticks: {ua} {spacing} {length_percent} {output:?}");
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

/// REQ-INV-06: where less is owed than one code pays in an edge spacing, the pulse goes on to its next edge and nothing is left.
#[test]
fn too_little_for_one_code_waits() {
    let point = |permille, n| Point { permille, width: Micros::from_micros(n).unwrap() };
    // 10, −9, −3 and 2 codes: 3 µs into the third level 1 code × µs is owed
    let points = [point(1_000, 10), point(-900, 10), point(-300, 6), point(200, 4)];
    let set = Setting::new(10 * DAC.na_per_code_positive / 1_000, 30).unwrap();
    let pulse = PulseShape { form: Form::Points(&points), ..PulseShape::default() };
    let channel = Channel { set, ceiling: set, pulse, ..plain() };
    for spacing in [1, 2, 3] {
        let timing = HardwareTiming { min_edge_ticks: spacing, ..HardwareTiming::ideal(1_000_000) };
        let (residual, faults, _) = recover(channel, timing, DAC).unwrap();
        assert_eq!((residual, faults), (0, 0), "spacing {spacing}");
    }
}

/// REQ-INV-03, REQ-INV-06: with late edges too, whatever the form of the pulse: also those whose last edge is not moved,
/// and those whose balancing level is far below the level that is cut. At most a code × L is left.
#[test]
fn late_recoveries_of_every_form() {
    let us = |n| Micros::from_micros(n).unwrap();
    let point = |permille, n| Point { permille, width: us(n) };
    let points = [point(1_000, 200), point(0, 100), point(-500, 400)];
    let slow = [point(1_000, 200), point(-100, 2_000)];
    let levels = [FULL_SCALE / 4, FULL_SCALE, FULL_SCALE / 2];
    let forms = [
        (Form::Rectangular, 300),
        (Form::Prepulse(Prepulse { amplitude_percent: 20, width: us(300) }), 300),
        (Form::Triphasic { outer_percent: 50 }, 300),
        (Form::Points(&points), 700),
        (Form::Points(&slow), 2_200),
        (Form::Table(&levels), 600),
    ];
    let mut seen = 0;
    for ((form, us), late) in forms.iter().flat_map(|form| [0, 5, 15].map(|late| (*form, late))) {
        for offset_na in [0, 900, -900] {
            let set = Setting::new(20_000, us).unwrap();
            let channel =
                Channel { set, ceiling: set, pulse: PulseShape { form, ..PulseShape::default() }, ..plain() };
            let timing = HardwareTiming { late_max_ticks: late, ..HardwareTiming::ideal(1_000_000) };
            let output = ChannelHardware { offset_na, ..DAC };
            // a triphasic pulse on a calibrated output takes no L of 15
            let Some((residual, faults, longest)) = recover(channel, timing, output) else { continue };
            seen += 1;
            let most = u64::from(late) * 100_000 + if offset_na == 0 { 0 } else { 200_000 };
            let of = format!("{form:?} L {late} offset {offset_na}: {residual} {faults} {longest}");
            assert!(faults == 0 && residual <= most, "{of}");
        }
    }
    assert!(seen >= 50, "{seen} of 54 compile");
}

/// REQ-INV-03: a train of pulses whose last edge is not moved is trimmed after each pulse, and runs to its end.
#[test]
fn late_trains_of_points_and_tables_are_trimmed() {
    let us = |n| Micros::from_micros(n).unwrap();
    let point = |permille, n| Point { permille, width: us(n) };
    let points = [point(1_000, 200), point(0, 100), point(-500, 400)];
    let levels = [FULL_SCALE / 4, FULL_SCALE, FULL_SCALE / 2];
    for (form, us) in [(Form::Points(&points), 700), (Form::Table(&levels), 600)] {
        for (late, offset_na) in [(1, 0), (5, 0), (15, 0), (15, 900)] {
            let set = Setting::new(20_000, us).unwrap();
            let channels = [Channel {
                set,
                ceiling: set,
                pulse: PulseShape { form, ..PulseShape::default() },
                ..plain()
            }];
            let session = Session::new(&channels, Schedule::Continuous, ms(5_000)).unwrap();
            let timing = HardwareTiming { late_max_ticks: late, ..HardwareTiming::ideal(1_000_000) };
            let hardware = Hardware::new(timing, &[ChannelHardware { offset_na, ..DAC }], 0).unwrap();
            let run =
                play(&Plan::compile(&session, &hardware).unwrap(), &started(&session), lateness(&timing, 9));
            assert_eq!(run.fault, None, "{form:?}, L {late}");
            assert_eq!((run.counters[0].pulses, run.counters[0].dropped), (200, 0));
            assert!(run.ledgers[0].magnitude() <= u64::from(late + 2) * 100_000, "{:?}", run.ledgers);
        }
    }
}

/// REQ-INV-01, REQ-INV-02: the pulse with the most segments (three phases, an open step and a rest in each gap, two
/// balancing levels, a gap to the next repeat) loses none of them: it is balanced, and its repeats stand apart.
#[test]
fn the_longest_cell_keeps_its_last_segment() {
    let us = |n| Micros::from_micros(n).unwrap();
    let pulse = PulseShape {
        form: Form::Triphasic { outer_percent: 21 },
        gap: us(29),
        repeat: Repeat { count: 4, gap: us(116) },
        ..PulseShape::default()
    };
    let set = Setting::new(2_300, 201).unwrap();
    let channels = [Channel { set, ceiling: set, pulse, ..plain() }];
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
    let timing =
        HardwareTiming { dead_ticks: 5, gap_rest: Rest::Shorted, ..HardwareTiming::ideal(1_000_000) };
    let output = ChannelHardware { na_per_code_negative: 103_000, ..DAC };
    let hardware = Hardware::new(timing, &[output], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let frame = plan.frame(0, set, 0).unwrap();
    assert_eq!(frame.segment_count(), 4 * 9 - 1);
    assert_eq!(frame.cycle_segments().last(), Some(Segment { level: Level::Open, ticks: 116 }));
    assert!(frame.net_charge(&output).unwrap().magnitude() < 4 * 103_000, "{:?}", frame.net_charge(&output));
}

/// REQ-INV-01, REQ-INV-07: between two repeats an output with an offset is open where its gap is a driven zero: the
/// offset would flow there, and nothing would pay it back.
#[test]
fn no_offset_flows_between_repeats() {
    let us = |n| Micros::from_micros(n).unwrap();
    let pulse =
        PulseShape { gap: us(100), repeat: Repeat { count: 3, gap: us(5_000) }, ..PulseShape::default() };
    let channels = [Channel { pulse, ..plain() }];
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
    let timing = HardwareTiming { gap_rest: Rest::DrivenZero, ..HardwareTiming::ideal(1_000_000) };
    for (offset_na, between) in [(0, Level::Code(0)), (900, Level::Open), (-900, Level::Open)] {
        let output = ChannelHardware { offset_na, ..DAC };
        let hardware = Hardware::new(timing, &[output], 0).unwrap();
        let plan = Plan::compile(&session, &hardware).unwrap();
        let frame = plan.frame(0, plain().set, 0).unwrap();
        assert_eq!(frame.segment(1).map(|s| s.level), Some(Level::Code(0)), "counted, in the gap of a pulse");
        assert_eq!(frame.cycle_segments().last().map(|s| s.level), Some(between));
        let run = play(&plan, &started(&session), || 0);
        assert_eq!(run.charge_from_edges(0, &output), run.ledgers[0].as_nanoamp_ticks(), "{offset_na}");
        assert!(run.ledgers[0].magnitude() < 3 * 100_000, "{:?}", run.ledgers);
    }
}

/// REQ-INV-06: custom points may begin against the leading way, and with a weak level. Their recovery, from a stop at any
/// microsecond, drives no stronger than the strongest level against the leading way, and none that the pulse does not
/// have in that polarity. (The levels are those of a random session, in which a recovery at 10 codes was taken to be too
/// strong: against the 9 of the other polarity.)
#[test]
fn points_that_begin_backwards_recover_gently() {
    let point = |permille, n| Point { permille, width: Micros::from_micros(n).unwrap() };
    let points = [
        (-111, 104),
        (0, 120),
        (586, 175),
        (0, 120),
        (-206, 187),
        (0, 120),
        (-684, 125),
        (0, 120),
        (477, 107),
        (0, 120),
        (-696, 104),
        (0, 120),
        (-496, 119),
        (0, 120),
        (415, 273),
    ]
    .map(|(permille, n)| point(permille, n));
    let set = Setting::new(2_181, 2_034).unwrap();
    let (mut recovered, mut beyond_the_other) = (0, 0);
    for (leading, late) in
        [Polarity::Positive, Polarity::Negative].into_iter().flat_map(|l| [(l, 0), (l, 10)])
    {
        let pulse = PulseShape { form: Form::Points(&points), leading, ..PulseShape::default() };
        let channels = [Channel { pulse, set, ceiling: set, ..plain() }];
        let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
        let timing = HardwareTiming { late_max_ticks: late, ..HardwareTiming::ideal(1_000_000) };
        let output = ChannelHardware::symmetric(140_710, -600, 32_767);
        let hardware = Hardware::new(timing, &[output], 0).unwrap();
        let plan = Plan::compile(&session, &hardware).unwrap();
        let whole = Frame::of(&plan.frame(0, set, 0).unwrap());
        for at in 0..=plan.channel(0).unwrap().longest_ticks() {
            let mut script = started(&session);
            script.push((25_000 + at, Action::Stop(StopPolicy::RecoverNow)));
            let run = play(&plan, &script, lateness(&timing, at));
            assert_eq!(run.fault, None);
            for frame in run.frames.iter().filter(|f| f.kind() == FrameKind::Recover) {
                let codes = frame
                    .segments()
                    .filter_map(|s| if let Level::Code(code) = s.level { Some(code) } else { None });
                let strongest = codes.max_by_key(|code| code.unsigned_abs()).unwrap();
                let way = if strongest < 0 { Polarity::Positive } else { Polarity::Negative };
                assert!(strongest.unsigned_abs() <= paying_code(&whole, leading), "{at}: {frame:?}");
                assert!(strongest.unsigned_abs() <= paying_code(&whole, way), "{at}: {frame:?}");
                let other =
                    if leading == Polarity::Positive { Polarity::Negative } else { Polarity::Positive };
                recovered += 1;
                beyond_the_other += u32::from(strongest.unsigned_abs() > paying_code(&whole, other));
            }
            assert!(run.ledgers[0].magnitude() <= 140_710 * u64::from(late), "{at}: {:?}", run.ledgers);
        }
    }
    assert!(recovered > 1_000 && beyond_the_other > 100, "{recovered} recoveries, {beyond_the_other}");
}

/// REQ-CORE-104: a stop in the first ticks of a pulse, while it still pays back what a late edge left of the one before,
/// leaves at most two balancing codes × L before its trims, however late the cut is; also where the balancing level is far
/// below the main one. (It drove on the same way, for a tick, and a late cut left a main code × L.)
#[test]
fn a_stop_just_after_an_onset_recovers_what_was_carried() {
    let set = Setting::new(40_000, 300).unwrap();
    for (length_percent, dead_ticks) in [100, 194, 400, 800].into_iter().flat_map(|l| [(l, 0), (l, 40)]) {
        let pulse = PulseShape { balance: Balance::Asymmetric { length_percent }, ..plain().pulse };
        let channels = [Channel { pulse, set, ceiling: set, rate: Rate::from_hz(20).unwrap(), ..plain() }];
        let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
        let timing = HardwareTiming { late_max_ticks: 15, dead_ticks, ..HardwareTiming::ideal(1_000_000) };
        let plan = Plan::compile(&session, &Hardware::new(timing, &[DAC], 0).unwrap()).unwrap();
        let balancing = u64::from(paying_code(&Frame::of(&plan.frame(0, set, 0).unwrap()), pulse.leading));
        let edges = u64::from(plan.frame(0, set, 0).unwrap().edge_count());
        for (into, late_cut) in (1..60).flat_map(|into| [0, 7, 15].map(|late| (into, late))) {
            let mut script = started(&session);
            script.push((50_000 + into, Action::Stop(StopPolicy::RecoverNow)));
            // the last edge of the first pulse is late; the second begins in time, and is cut late
            let mut number = 0;
            let run = play(&plan, &script, || {
                number += 1;
                if number == edges {
                    15
                } else if number == edges + 2 {
                    late_cut
                } else {
                    0
                }
            });
            assert_eq!(run.fault, None);
            let recovered = run.receipts.iter().find(|r| r.kind == FrameKind::Recover).unwrap();
            let left = recovered.ledger.magnitude() / 100_000;
            assert!(
                left <= 2 * balancing * 15,
                "{length_percent} %, {into} µs, late {late_cut}: {left} of {balancing}"
            );
            assert!(run.ledgers[0].magnitude() <= 100_000 * 15, "{:?}", run.ledgers);
        }
    }
}

/// REQ-CORE-105: a weak step of a table, or a weak point, rounds to a driven zero; the bridge is closed one way during it.
/// A recovery that drives the other way is open for the dead time first.
#[test]
fn recoveries_from_a_driven_zero_keep_the_dead_time() {
    let us = |n| Micros::from_micros(n).unwrap();
    let point = |permille, n| Point { permille, width: us(n) };
    let levels = [5_573, 14_290, 111, 6_773];
    let points = [point(1_000, 100), point(10, 100), point(500, 100), point(0, 100), point(-503, 300)];
    for (form, width) in [(Form::Table(&levels), 400), (Form::Points(&points), 700)] {
        let set = Setting::new(2_000, width).unwrap();
        let pulse = PulseShape { form, gap: us(100), ..PulseShape::default() };
        let channels = [Channel { pulse, set, ceiling: set, ..plain() }];
        let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
        for late_max_ticks in [0, 5] {
            let timing =
                HardwareTiming { dead_ticks: 31, late_max_ticks, ..HardwareTiming::ideal(1_000_000) };
            let plan = Plan::compile(&session, &Hardware::new(timing, &[DAC], 0).unwrap()).unwrap();
            let frame = Frame::of(&plan.frame(0, set, 0).unwrap());
            assert!(frame.segments().any(|s| s.level == Level::Code(0)), "{frame:?}");
            for at in 0..u64::from(width) {
                let mut script = started(&session);
                script.push((25_000 + at, Action::Stop(StopPolicy::RecoverNow)));
                let run = play(&plan, &script, lateness(&timing, at));
                assert_eq!(run.fault, None);
                let (open, _) = run.least_open_and_spacing(0);
                assert!(open >= 31, "{form:?}: stopped {at} µs into it, open for {open}");
            }
        }
    }
}

/// REQ-CORE-73: a channel whose pulse ends with the repeat that is paying keeps the source until then, also when the others are planned
/// anew: by a second stop, or by a setting.
#[test]
fn a_last_repeat_keeps_its_source() {
    let us = |n| Micros::from_micros(n).unwrap();
    let pulse =
        |count| PulseShape { gap: us(0), repeat: Repeat { count, gap: us(1_000) }, ..PulseShape::default() };
    let channels =
        [Channel { pulse: pulse(3), offset: us(5_000), ..plain() }, Channel { pulse: pulse(1), ..plain() }];
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
    let session = session.with_overlap(Overlap::Defer(us(20_000)));
    let timing = HardwareTiming { late_max_ticks: 12, ..HardwareTiming::ideal(1_000_000) };
    let output = ChannelHardware { source: 1, ..DAC };
    let hardware = Hardware::new(timing, &[output; 2], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let less = Setting::new(30_000, 300).unwrap();
    let mut cut = 0;
    for (seed, at) in (0..40).flat_map(|seed| [55_320, 55_400, 55_480].map(|at| (seed, at))) {
        for again in [Action::Stop(StopPolicy::FinishPulse), Action::Command(1, less), Action::Pause] {
            let mut script = started(&session);
            script.extend([(at, Action::Stop(StopPolicy::RecoverNow)), (at + 10, again)]);
            let run = play(&plan, &script, lateness(&timing, seed));
            assert_eq!((run.fault, run.shared_at_once(&hardware)), (None, None), "{seed} {at} {again:?}");
            cut += u32::from(run.receipts.iter().any(|receipt| receipt.kind == FrameKind::Trim));
        }
    }
    assert!(cut > 100, "{cut}");
}
