//! What a plan or an engine tells of a session, against what comes out.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::*;
use nmes_core::*;
use proptest::prelude::*;

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

fn point(permille: i16, width: u32) -> Point {
    Point { permille, width: us(width) }
}

/// A plan for one output and a clock of its own.
fn plan_for<R>(
    channel: Channel<'_>,
    output: ChannelHardware,
    (hz, min_edge_ticks): (u32, u32),
    then: impl FnOnce(Result<Plan<'_>, ConfigError>) -> R,
) -> R {
    let channels = [channel];
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
    let timing = HardwareTiming { min_edge_ticks, ..HardwareTiming::ideal(hz) };
    then(Plan::compile(&session, &Hardware::new(timing, &[output], 0).unwrap()))
}

/// REQ-CORE-171: the length of a custom pulse, and of its last point, which pays the others back and is made longer or shorter for it,
/// are told as they are put out, repeated or not.
#[test]
fn lengths_of_points_are_those_put_out() {
    let (wide, weak) = ([point(1_000, 200), point(-300, 667)], [point(1_000, 100), point(-50, 2_000)]);
    let cases: [&[Point]; 2] = [&wide, &weak];
    let (mut longer, mut shorter) = (0, 0);
    for (points, count) in cases.into_iter().flat_map(|points| [(points, 1), (points, 3)]) {
        for gain in [100_000, 250_000, 500_000, 1_000_000] {
            for clock in [(10_000, 2), (100_000, 10), (1_000_000, 100)] {
                let width = points.iter().map(|p| p.width.as_micros()).sum();
                let set = Setting::new(10_000, width).unwrap();
                let repeat = Repeat { count, gap: us(400) };
                let pulse = PulseShape { form: Form::Points(points), repeat, ..PulseShape::default() };
                let channel = Channel { pulse, set, ceiling: set, ..plain() };
                let output = ChannelHardware::symmetric(gain, -2_048, 2_047);
                plan_for(channel, output, clock, |plan| {
                    let Ok(plan) = plan else { return };
                    let frame = plan.frame(0, set, 0).unwrap();
                    let gaps = u64::from(count - 1) * u64::from(plan.channel(0).unwrap().repeat_gap_ticks());
                    let ns = |ticks: u64| ticks * 1_000_000_000 / u64::from(clock.0);
                    let whole = (frame.length_ticks() - gaps) / u64::from(count);
                    let first = u64::from(frame.segment(0).unwrap().ticks);
                    let report = plan.rounding(0).unwrap();
                    let told = |field| report.rows().iter().filter(move |row| row.field == field);
                    let lengths = |field| told(field).map(|row| row.realised).collect::<Vec<_>>();
                    assert_eq!(lengths(Field::PhaseWidth), [ns(whole)], "{gain} nA at {clock:?}");
                    assert_eq!(lengths(Field::PointWidth), [ns(first), ns(whole - first)]);
                    let last = told(Field::PointWidth).next_back().unwrap();
                    longer += u32::from(last.error() > i64::from(1_000_000_000 / clock.0));
                    shorter += u32::from(last.error() < -i64::from(1_000_000_000 / clock.0));
                });
            }
        }
    }
    assert!(longer > 0 && shorter > 0, "{longer} and {shorter}");
}

/// The direct current that a channel has at its ceiling or below, by the refusal of one that declares none; 0 where that is taken.
fn least_declared(pulse: PulseShape<'_>, set: Setting, output: ChannelHardware) -> Option<u32> {
    let balance = Balance::DeclaredDc { at_most: MicroAmps::ZERO };
    let channel = Channel { pulse: PulseShape { balance, ..pulse }, set, ceiling: set, ..plain() };
    plan_for(channel, output, (1_000_000, 1), |plan| match plan {
        Ok(_) => Some(0),
        Err(ConfigError::Above { field: Field::DirectCurrent, value, .. }) => u32::try_from(value).ok(),
        Err(_) => None,
    })
}

/// The most direct current in nA, rounded up, that a pulse of such a channel has at an amplitude of whole milliamperes, with so
/// much declared.
fn most_of_all(pulse: PulseShape<'_>, set: Setting, output: ChannelHardware, at_most: u32) -> u64 {
    let at_most = MicroAmps::from_microamps(at_most).unwrap();
    let pulse = PulseShape { balance: Balance::DeclaredDc { at_most }, ..pulse };
    plan_for(Channel { pulse, set, ceiling: set, ..plain() }, output, (1_000_000, 1), |plan| {
        let plan = plan.unwrap();
        let settings = (1..=set.amplitude.as_microamps() / 1_000)
            .map(|ma| Setting { amplitude: MicroAmps::from_microamps(ma * 1_000).unwrap(), ..set });
        let charges = settings.filter_map(|setting| plan.frame(0, setting, 0)?.net_charge(&output));
        charges.map(|charge| (charge.magnitude() * 40).div_ceil(1_000_000)).max().unwrap()
    })
}

proptest! {
    #![proptest_config(cases(1_000))]

    /// REQ-CORE-172: a direct current that a session declares is not exceeded at any amplitude up to the ceiling, whichever way the
    /// levels of custom points are rounded there.
    #[test]
    fn a_declared_direct_current_covers_all_amplitudes(
        first in 1_i16..=1_000, second in -1_000_i16..=1_000, last in -1_000_i16..=1_000, widths in (50_u32..400, 50_u32..400, 50_u32..400),
        ma in 1_u32..30, other in 800_000_u32..1_200_000, offset_na in -400_000_i32..400_000, count in 1_u16..3, exact in any::<bool>(),
    ) {
        let points = [point(first, widths.0), point(second, widths.1), point(last, widths.2)];
        let set = Setting::new(ma * 1_000, widths.0 + widths.1 + widths.2).unwrap();
        let repeat = Repeat { count, gap: us(200) };
        let pulse = PulseShape { form: Form::Points(&points), repeat, ..PulseShape::default() };
        let plain = ChannelHardware::symmetric(1_000_000, -100, 100);
        let output = if exact { plain } else { ChannelHardware { na_per_code_negative: other, offset_na, ..plain } };
        let Some(declared) = least_declared(pulse, set, output) else { return Err(TestCaseError::reject("not to be had")) };
        let most = most_of_all(pulse, set, output, declared);
        prop_assert!(most <= u64::from(declared) * 1_000, "{most} nA of {declared} µA");
    }
}

/// REQ-CORE-172: two levels of 1,000 and −333 ‰, 100 and 300 µs: at 6 mA they come to nothing in codes of 1 mA, at 1 mA to 10 µA at
/// 100 a second; half a code for 300 µs is 15. What is not rounded takes no more than it has, as does a charge of one polarity.
#[test]
fn a_direct_current_is_declared_for_what_is_rounded() {
    let output = ChannelHardware::symmetric(1_000_000, -100, 100);
    let declared = |points: &[Point], ma: u32| {
        let set = Setting::new(ma * 1_000, points.iter().map(|p| p.width.as_micros()).sum()).unwrap();
        let pulse = PulseShape { form: Form::Points(points), ..PulseShape::default() };
        least_declared(pulse, set, output)
    };
    // at 40 a second: 6 mA for 0.1 µs, and half a code for 300 µs
    assert_eq!(declared(&[point(1_000, 100), point(-333, 300)], 6), Some(7));
    assert_eq!(declared(&[point(1_000, 100), point(-1_000, 100)], 6), Some(0));
    assert_eq!(declared(&[point(1_000, 100), point(500, 100)], 6), Some(36));
    assert_eq!(declared(&[point(1_000, 300), point(0, 100)], 40), Some(480));
}

/// REQ-CORE-196: a gate is held, closed or toggled while its train goes on, and not after a stop, within the last pulse and after it.
/// (Within the pulse a hold was answered with `Continued`, and the others with `Closed` and a time.)
#[test]
fn nothing_is_held_or_closed_after_a_stop() {
    let repeat = Repeat { count: 19, gap: us(100) };
    let pulse = PulseShape { repeat, ..plain().pulse };
    let channels = [Channel { pulse, ..plain() }, plain()];
    let refused = GateAnswer::Refused(GateRefusal::Stopped);
    let close = GateInput::Close { down: None };
    let inputs =
        [(GateInput::Hold, GateAnswer::Ignored), (close, GateAnswer::Ignored), (GateInput::Toggle, refused)];
    for (at, (input, stopped)) in
        [2_000, 2_001, 14_000, 20_000].into_iter().flat_map(|at| inputs.map(|i| (at, i)))
    {
        let answer = |stop: Option<StopPolicy>| {
            let mut script = vec![(0, Action::Gate(GateInput::Open))];
            script.extend(stop.map(|policy| (2_000, Action::Stop(policy))));
            script.push((at, Action::Gate(input)));
            with_plan(&channels, gated(5_000, 0, 60), 20_000, HardwareTiming::ideal(1_000_000), |plan| {
                *play_on(plan, &script, || 0).answers.last().unwrap()
            })
        };
        let goes_on = match input {
            GateInput::Hold | GateInput::Open => GateAnswer::Continued,
            GateInput::Close { .. } | GateInput::Toggle => GateAnswer::Closed { over_tick: at },
        };
        assert_eq!(answer(None), goes_on, "{at}, {input:?}");
        for policy in [StopPolicy::FinishPulse, StopPolicy::RecoverNow, StopPolicy::HardOff] {
            assert_eq!(answer(Some(policy)), stopped, "{at}, {input:?}, {policy:?}");
        }
    }
}

/// The answer to closing the gate of all channels at 1,560 ms, and when the last edge comes. Before that each channel of `closed`
/// was closed at its time, in ms, and the first opens once more where `again` says.
fn closed_together(closed: &[(u64, u8)], again: Option<u64>) -> (GateAnswer, u64) {
    let ramp = Ramp { up: ms(0), down: ms(500), down_min: ms(200), ..Ramp::default() };
    let channels = [Channel { ramp, ..plain() }, Channel { ramp, offset: us(300_000), ..plain() }];
    let shut = GateInput::Close { down: None };
    let mut script = vec![(0, Action::Gate(GateInput::Open))];
    script.extend(closed.iter().map(|&(at, channel)| (at * 1_000, Action::GateChannel(channel, shut))));
    script.extend(again.map(|at| (at * 1_000, Action::GateChannel(1, GateInput::Open))));
    script.push((1_560_000, Action::Gate(shut)));
    with_plan(&channels, gated(5_000, 2_000, 60), 20_000, HardwareTiming::ideal(1_000_000), |plan| {
        let run = play_on(plan, &script, || 0);
        (*run.answers.last().unwrap(), run.edges.last().unwrap().tick)
    })
}

/// REQ-CORE-173: a gate that closes says when the last channel is over, also where one of them was closed before and takes longer than
/// those that it closes. (Of a channel that waited for its least OFF time it answered 1,860 ms; another had pulses until 1,976 ms.)
#[test]
fn a_gate_is_over_when_its_last_channel_is() {
    let over = |ms: u64| GateAnswer::Closed { over_tick: ms * 1_000 };
    let cases = [
        (vec![], None, over(2_360)),
        (vec![(1_500, 1)], None, over(2_300)),
        (vec![(1_500, 0)], None, over(2_360)),
        (vec![(1_000, 1), (1_500, 0)], Some(1_550), over(2_000)),
        (vec![(1_000, 1), (1_500, 0)], None, GateAnswer::Ignored),
    ];
    for (closed, again, expected) in cases {
        let (answer, last) = closed_together(&closed, again);
        assert_eq!(answer, expected, "{closed:?}, {again:?}");
        if let GateAnswer::Closed { over_tick } = answer {
            // a pulse begins before, and ends up to 700 µs later
            assert!(
                (over_tick - 25_000..over_tick + 700).contains(&last),
                "{closed:?}: {last} of {over_tick}"
            );
        }
    }
}

/// A session of one channel at 1 mA a code, and how many edges of it drive.
fn driven(pulse: PulseShape<'_>, set: Setting, ramp: Ramp) -> Result<(usize, Counters), ConfigError> {
    let output = ChannelHardware::symmetric(1_000_000, -31, 31);
    plan_for(Channel { pulse, set, ceiling: set, ramp, ..plain() }, output, (1_000_000, 1), |plan| {
        let run = play_on(&plan?, &[], || 0);
        let drives = run.edges.iter().filter(|e| matches!(e.level, Level::Code(code) if code != 0));
        Ok((drives.count(), run.counters[0]))
    })
}

/// REQ-CORE-174: a table whose levels all round to no code is refused, as is a command for such a pulse; in a ramp it is silent and
/// counted as silent. (A table of 16/16,384 of 25 mA compiled, and was counted as 40 pulses.)
#[test]
fn levels_of_no_code_are_no_pulse() {
    let set = |ma: u32| Setting::new(ma * 1_000, 600).unwrap();
    let declared = Balance::DeclaredDc { at_most: MicroAmps::MAX };
    let forms = [
        (Form::Table(&[0, 327]), Balance::Symmetric),
        (Form::Table(&[327, 0]), Balance::Asymmetric { length_percent: 200 }),
        (Form::Table(&[0, 327]), declared),
    ];
    for (form, balance) in forms {
        let pulse = PulseShape { form, balance, ..PulseShape::default() };
        let refused = driven(pulse, set(25), Ramp::default());
        let Err(ConfigError::Below { field: Field::AmplitudeCodes, value: 0, limit: 1, .. }) = refused else {
            panic!("{form:?}: {refused:?}");
        };
        // half a code is one
        let (edges, counters) = driven(pulse, set(26), Ramp::default()).unwrap();
        assert_eq!((counters.pulses, counters.silent), (40, 0));
        assert!(edges >= 40, "{form:?}: {edges}");
        let (edges, counters) = driven(pulse, set(26), ramped(1_000, 0, 0)).unwrap();
        assert_eq!((counters.pulses, counters.silent), (0, 40), "{form:?}: in a ramp that ends at its top");
        assert_eq!(edges, 0);
    }
}

/// When a session that began at 5 s, or did not, and was stopped after 20 pulses is over.
fn over_at(command: Option<u32>, began: bool) -> u64 {
    with_plan(&[plain()], Schedule::Continuous, 1_000, HardwareTiming::ideal(1_000_000), |plan| {
        let mut storage = [ChannelState::new()];
        let mut engine = Engine::new(plan, &mut storage).unwrap();
        if let Some(ua) = command {
            engine.command(0, Setting::new(ua, 300).unwrap(), 0).unwrap();
        }
        if began {
            engine.start(5_000_000);
        }
        let mut last = 0;
        while last < 5_475_700 {
            let Some(tick) = advance(&mut engine, 0) else { break };
            last = tick;
        }
        engine.stop(StopPolicy::FinishPulse, last + 1_000);
        while advance(&mut engine, 0).is_some() {}
        engine.finished().unwrap().at_tick
    })
}

/// REQ-CORE-175: a session in which nothing was put out is over at the tick at which it began, not at 0; another one at its last edge.
#[test]
fn a_silent_session_is_over_when_it_began() {
    assert_eq!(over_at(None, true), 5_000_000);
    // the twentieth of the 25 ms, with a gap of 100 µs between two phases of 300
    assert_eq!(over_at(Some(40_000), true), 5_475_700);
    assert_eq!(over_at(None, false), 0);
}

/// What is told of a channel against its pulse at the set value: the strongest level the leading way, the main phase, the whole of what
/// balances a rectangular pulse, the whole of custom points.
fn report_is_of(plan: &Plan<'_>, number: u8) -> Result<(), TestCaseError> {
    let channel = plan.channel(number).unwrap();
    let (shape, output) = (channel.channel().pulse, channel.hardware());
    let frame = plan.frame(number, channel.channel().set, 0).unwrap();
    let way = if channel.leading() == Polarity::Positive { 1 } else { -1 };
    let along = |s: &Segment| s.level.current_na(output) * way;
    let hz = u128::from(plan.hardware().timing().ticks_per_second);
    let count = u64::from(shape.repeat.count);
    let gaps = (count - 1) * u64::from(channel.repeat_gap_ticks());
    let told = plan.rounding(number).unwrap();
    let ns = |field| told.rows().iter().find(|row| row.field == field).map(|row| u128::from(row.realised));
    let of = |ticks: u64| Some(u128::from(ticks) * 1_000_000_000 / hz);
    let levels = matches!(shape.form, Form::Points(_) | Form::Table(_));
    if !levels {
        let main = frame.segment(frame.main_segment()).unwrap();
        prop_assert_eq!(ns(Field::PhaseWidth), of(u64::from(main.ticks)));
        let strongest = frame.segments().map(|s| along(&s)).max().unwrap();
        prop_assert_eq!(ns(Field::Amplitude), u128::try_from(strongest).ok());
    }
    if matches!(shape.form, Form::Points(_)) {
        prop_assert_eq!(ns(Field::PhaseWidth), of((frame.length_ticks() - gaps) / count));
    }
    if shape.form == Form::Rectangular && shape.balance.is_balanced() {
        let against = |s: &Segment| matches!(s.level, Level::Code(code) if code != 0 && along(s) < 0);
        let balancing: u64 = frame.segments().filter(against).map(|s| u64::from(s.ticks)).sum();
        prop_assert_eq!(ns(Field::BalanceLength), of(balancing / count));
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(1_000))]

    /// REQ-CORE-12, REQ-CORE-159, REQ-CORE-171: over random sessions the report of roundings is of the pulse at the set value, and each
    /// pulse at full level has the code that its command was answered with.
    #[test]
    fn reports_and_receipts_are_of_what_comes_out(case in case(Kind { late: false, exact: false })) {
        let session = case.session();
        let Ok(plan) = Plan::compile(&session, &case.hardware) else { return Err(TestCaseError::reject("not to be had")) };
        for number in 0..plan.channel_count() {
            report_is_of(&plan, number)?;
        }
        let whole = !matches!(session.schedule(), Schedule::Program(_));
        let run = play_on(&plan, &[(0, Action::Gate(GateInput::Open))], || 0);
        let codes = with_engine(&plan, |engine| {
            let set = session.channels().iter().zip(0..);
            set.map(|(channel, number)| engine.command(number, channel.set, 0).unwrap().codes).collect::<Vec<_>>()
        });
        for pulse in run.pulses().filter(|pulse| whole && pulse.full_level) {
            prop_assert_eq!(pulse.code.unsigned_abs(), codes[usize::from(pulse.channel)]);
        }
    }

    /// REQ-CORE-173: whatever came before, and whichever channels are on their way up or down, no pulse stands at or after the tick that
    /// a closing of all of them is answered with.
    #[test]
    fn no_pulse_comes_after_a_closed_gate(
        inputs in prop::collection::vec((1_u64..200, 0_u8..5, 0_u8..4), 1..30), downs in prop::collection::vec(20_u32..500, 3),
        offsets in prop::collection::vec(0_u32..300_000, 3), min_off in 0_u32..300,
    ) {
        let with = |(down, offset): (&u32, &u32)| Channel { ramp: ramped(40, *down, 0), offset: us(*offset), ..plain() };
        let channels: Vec<_> = downs.iter().zip(&offsets).map(with).collect();
        let mut tick = 0;
        let mut script: Vec<_> = inputs.into_iter().map(|(after, kind, channel)| {
            tick += after * 1_000;
            let input = [GateInput::Open, GateInput::Open, GateInput::Hold, GateInput::Toggle, GateInput::Close { down: None }];
            let input = input[usize::from(kind)];
            (tick, if channel == 3 { Action::Gate(input) } else { Action::GateChannel(channel, input) })
        }).collect();
        script.push((tick + 30_000, Action::Gate(GateInput::Close { down: None })));
        let run = with_plan(&channels, gated(2_000, min_off, 600), 20_000, HardwareTiming::ideal(1_000_000), |plan| {
            play_on(plan, &script, || 0)
        });
        if let Some(GateAnswer::Closed { over_tick }) = run.answers.last() {
            let last = run.pulses().map(|pulse| pulse.onset_tick).max();
            prop_assert!(last.is_none_or(|last| last < *over_tick), "{last:?}, over at {over_tick}");
        }
    }
}
