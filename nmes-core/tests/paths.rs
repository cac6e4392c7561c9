//! The ways through the engine besides the plain one: stops asked twice, repayments nobody accepts, dead time,
//! spacing, stamps that are off, faults, and the records they leave.
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

const GAIN: u64 = 100_000;

fn ideal() -> HardwareTiming {
    HardwareTiming::ideal(1_000_000)
}

fn late(ticks: u32) -> HardwareTiming {
    HardwareTiming { late_max_ticks: ticks, ..ideal() }
}

fn asymmetric() -> Channel<'static> {
    let pulse = PulseShape { balance: Balance::Asymmetric { length_percent: 400 }, ..plain().pulse };
    Channel { pulse, ..plain() }
}

fn continuous<R>(channel: Channel, timing: HardwareTiming, then: impl FnOnce(&mut Engine<'_, '_>) -> R) -> R {
    with_plan(&[channel], Schedule::Continuous, 1_000, timing, |plan| with_engine(plan, then))
}

const AGAIN: [Action; 7] = [
    Action::Stop(StopPolicy::RecoverNow),
    Action::Stop(StopPolicy::FinishPulse),
    Action::Command(0, Setting::ZERO),
    Action::Start,
    Action::Gate(GateInput::Open),
    Action::Gate(GateInput::Hold),
    Action::Gate(GateInput::Close { down: None }),
];

fn act(engine: &mut Engine<'_, '_>, action: Action, now: u64) {
    match action {
        Action::Start => engine.start(now),
        Action::Command(channel, setting) => drop(engine.command(channel, setting, now).unwrap()),
        Action::Gate(input) => drop(engine.gate(input, now)),
        Action::GateChannel(channel, input) => drop(engine.gate_channel(channel, input, now)),
        Action::Pause => drop(engine.pause(now)),
        Action::Resume => drop(engine.resume(now)),
        Action::Stop(policy) => engine.stop(policy, now),
    }
}

/// REQ-CORE-06, REQ-INV-06: a second stop, a command or a gate input after `RecoverNow` leaves the repayment where it
/// is, before it is accepted and after; nothing after it is stronger than the pulse's balancing level.
#[test]
fn a_recovery_is_not_lost() {
    for (channel, jitter) in
        [(plain(), 0), (plain(), 1), (plain(), 15), (asymmetric(), 0), (asymmetric(), 15)]
    {
        for (into, again, accepted) in [1_u64, 150, 298, 310, 380]
            .into_iter()
            .flat_map(|i| AGAIN.map(|a| (i, a)))
            .flat_map(|(i, a)| [(i, a, false), (i, a, true)])
        {
            with_plan(&[channel], gated(1_000, 0, 60), 5_000, late(jitter), |plan| {
                with_engine(plan, |engine| {
                    engine.gate(GateInput::Open, 0);
                    let pulse = engine.pending().unwrap();
                    let onset = advance(engine, 0).unwrap();
                    if into > 300 {
                        advance(engine, 0).unwrap();
                    }
                    engine.stop(StopPolicy::RecoverNow, onset + into);
                    let first = engine.pending().unwrap();
                    assert_eq!((first.kind(), first.onset_tick()), (FrameKind::Recover, onset + into + 1));
                    if accepted {
                        accept_all(engine);
                    }
                    act(engine, again, onset + into);
                    let (frames, receipts) = run_out(engine, random(jitter, into));
                    let why = format!("{again:?} {into} µs into it, L = {jitter}");
                    let finished = engine.finished().unwrap();
                    assert!(finished.residual.magnitude() <= GAIN * u64::from(jitter), "{finished:?} {why}");
                    assert!(
                        frames.iter().all(|f| f.peak_na(&DAC)
                            <= u64::from(paying_code(&Frame::of(&pulse), channel.pulse.leading)) * GAIN),
                        "{why}"
                    );
                    assert_eq!(receipts[0].kind, FrameKind::Recover, "{why}");
                    assert_eq!(receipts[0].sequence, first.sequence(), "{why}");
                    assert_eq!(engine.counters(0).unwrap().pulses, 1, "{why}");
                });
            });
        }
    }
}

/// REQ-CORE-06: a repayment nobody accepts leaves the edges of the pulse due, so that the output ends all the same.
#[test]
fn an_unaccepted_recovery_leaves_the_pulse_going() {
    for channel in [plain(), asymmetric()] {
        continuous(channel, ideal(), |engine| {
            let onset = advance(engine, 0).unwrap();
            engine.stop(StopPolicy::RecoverNow, onset + 100);
            let mut offered = vec![];
            while let Next::At(at) = engine.next() {
                offered.extend(engine.pending().map(|f| (f.kind(), f.onset_tick() - onset)));
                engine.applied(at).unwrap();
            }
            // once in the primary phase, once more in the gap, and not when the balancing phase pays
            assert_eq!(offered, [(FrameKind::Recover, 101), (FrameKind::Recover, 301)]);
            let receipt = engine.take_receipt().unwrap();
            assert_eq!((receipt.kind, receipt.ledger), (FrameKind::Pulse, Charge::ZERO));
            assert_eq!(engine.finished().unwrap().residual, Charge::ZERO);
            assert_eq!(engine.level(0), Some(Level::Open));
        });
    }
}

/// REQ-CORE-06: refused once, the repayment is offered again after the next edge, one edge spacing later, and works;
/// the first one can no longer be accepted then.
#[test]
fn a_later_recovery_works() {
    for spacing in [1, 20] {
        let timing = HardwareTiming { min_edge_ticks: spacing, ..ideal() };
        continuous(plain(), timing, |engine| {
            let onset = advance(engine, 0).unwrap();
            engine.stop(StopPolicy::RecoverNow, onset + 100);
            let first = engine.pending().unwrap();
            assert_eq!(first.onset_tick(), onset + 100 + u64::from(spacing));
            assert_eq!(engine.next(), Next::At(onset + 300));
            engine.applied(onset + 300).unwrap();
            assert!(!engine.accept(0, first.sequence()));
            let second = engine.pending().unwrap();
            assert_eq!(second.onset_tick(), onset + 300 + u64::from(spacing));
            assert!(second.sequence() > first.sequence() && engine.accept(0, second.sequence()));
            assert!(!engine.accept(0, second.sequence()), "once");
            let (_, receipts) = run_out(engine, || 0);
            assert_eq!(receipts.len(), 1);
            assert_eq!((receipts[0].kind, receipts[0].primary_ticks), (FrameKind::Recover, 300));
            assert_eq!(engine.finished().unwrap().residual, Charge::ZERO);
            assert_eq!(engine.finished().unwrap().at_tick, onset + 600 + u64::from(spacing));
        });
    }
}

fn dead_holds(run: &Run, plan: &Plan<'_>) {
    let timing = plan.hardware().timing();
    for channel in 0..plan.channel_count() {
        let (open, spacing) = run.least_open_and_spacing(channel);
        assert!(open >= u64::from(timing.dead_ticks), "open for {open} of {}", timing.dead_ticks);
        let least = u64::from(plan.hardware().edge_spacing_ticks());
        assert!(spacing >= least, "edges {spacing} apart, not {least}");
    }
}

/// REQ-CORE-07: dead time at every instant of a recovery, in the primary phase and in the gap, for gaps shorter and
/// longer than it, in time and late.
#[test]
fn recoveries_keep_the_dead_time() {
    for (gap, jitter, gap_rest) in [
        (0, 0, Rest::Open),
        (200, 0, Rest::Open),
        (200, 15, Rest::Open),
        (250, 0, Rest::Shorted),
        (250, 15, Rest::DrivenZero),
    ] {
        let pulse = PulseShape { gap: Micros::from_micros(gap).unwrap(), ..PulseShape::default() };
        let timing = HardwareTiming { dead_ticks: 100, gap_rest, min_edge_ticks: 4, ..late(jitter) };
        with_plan(&[Channel { pulse, ..plain() }], Schedule::Continuous, 100, timing, |plan| {
            for at in 25_000..26_000 {
                let stop = [(at, Action::Stop(StopPolicy::RecoverNow))];
                let run = play_on(plan, &stop, lateness(&timing, at));
                assert_eq!(run.fault, None);
                dead_holds(&run, plan);
            }
        });
    }
}

/// REQ-CORE-07: dead time between pulses that follow one another as closely as the plan allows, and before trims.
#[test]
fn tight_periods_keep_the_dead_time() {
    for (gap, jitter) in [(0, 0), (0, 15), (100, 15)] {
        let timing = HardwareTiming { dead_ticks: 50, ..late(jitter) };
        let channel = |us| Channel {
            rate: Rate::new(1, us).unwrap(),
            pulse: PulseShape { gap: Micros::from_micros(gap).unwrap(), ..PulseShape::default() },
            ..plain()
        };
        let compiles = |us: u32| {
            let channels = [channel(us)];
            let session = Session::new(&channels, Schedule::Continuous, ms(1)).unwrap();
            Plan::compile(&session, &Hardware::new(timing, &[DAC], 0).unwrap()).is_ok()
        };
        let least = (600..20_000).find(|&us| compiles(us)).unwrap();
        with_plan(&[channel(least)], Schedule::Continuous, 500, timing, |plan| {
            for seed in 0..20 {
                let run = play_on(plan, &[], lateness(&timing, seed));
                assert_eq!(run.fault, None);
                assert_eq!(u64::from(run.counters[0].pulses), 500_000_u64.div_ceil(u64::from(least)));
                dead_holds(&run, plan);
            }
        });
    }
}

/// REQ-CORE-07: dead time from one repeat to the next, of which the edge before is moved, whichever edges are late: the gap is made so
/// long.
#[test]
fn repeats_keep_the_dead_time() {
    for (percent, dead, jitter) in [(100, 20, 20), (150, 150, 20), (150, 60, 10), (300, 100, 20)] {
        let balance =
            if percent == 100 { Balance::Symmetric } else { Balance::Asymmetric { length_percent: percent } };
        let repeat = Repeat { count: 2, gap: Micros::ZERO };
        let pulse = PulseShape { balance, repeat, ..PulseShape::default() };
        let timing = HardwareTiming { dead_ticks: dead, ..late(jitter) };
        with_plan(&[Channel { pulse, ..plain() }], Schedule::Continuous, 500, timing, |plan| {
            let mut least = u64::MAX;
            for pattern in 0..64_u32 {
                let late = |edge: u16| if pattern >> (edge % 6) & 1 == 1 { u64::from(jitter) } else { 0 };
                least = least.min(open_with(plan, late));
            }
            // no longer than it has to be for the worst of them
            let dead = u64::from(dead);
            let room = plan.channel(0).unwrap().stretch_ticks();
            assert!((dead..=dead + room).contains(&least), "{percent} %: {least} of {dead}");
        });
    }
}

/// The shortest time between two polarities of channel 0 at full level, with each edge so late.
fn open_with(plan: &Plan<'_>, late: impl Fn(u16) -> u64) -> u64 {
    let mut storage = [ChannelState::new()];
    let mut engine = Engine::new(plan, &mut storage).unwrap();
    engine.command(0, plan.session().channels()[0].set, 0).unwrap();
    engine.start(0);
    let (mut way, mut off, mut least) = (0, 0, u64::MAX);
    loop {
        while let Some(frame) = engine.pending() {
            engine.accept(frame.channel(), frame.sequence());
        }
        let Next::At(tick) = engine.next() else { return least };
        let change = engine.step().unwrap().changes().next();
        let t = tick + change.and_then(|change| change.edge).map_or(0, &late);
        let code = change.map_or(0, |change| match change.level {
            Level::Code(code) => code.signum(),
            Level::Open | Level::Shorted => 0,
        });
        if code != 0 && way != 0 && code != way {
            least = least.min(t - off);
        }
        if change.is_some() {
            (way, off) = (if code == 0 { way } else { code }, t);
        }
        engine.applied(t).unwrap();
    }
}

/// REQ-CORE-07: a bridge with a dead time rests open between pulses, or it is refused.
#[test]
fn dead_time_needs_an_open_rest() {
    for (pulse_rest, ok) in [(Rest::Open, true), (Rest::Shorted, false), (Rest::DrivenZero, false)] {
        let made = Hardware::new(HardwareTiming { dead_ticks: 1, pulse_rest, ..ideal() }, &[DAC], 0);
        assert_eq!(made.is_ok(), ok);
        assert!(made.is_ok() || made.unwrap_err().field() == Field::RestMode);
        assert!(Hardware::new(HardwareTiming { pulse_rest, ..ideal() }, &[DAC], 0).is_ok());
    }
}

/// REQ-CORE-08: without L, stamps that are off need edges as close as 2 ε for the trim.
#[test]
fn stamps_need_close_edges() {
    for (stamp_error_ticks, min_edge_ticks, ok) in [(2, 4, true), (2, 5, false), (0, 5, true), (1, 4, false)]
    {
        let timing = HardwareTiming { stamp_error_ticks, min_edge_ticks, ..ideal() };
        let made = Hardware::new(timing, &[DAC], 0).map(drop).map_err(|e| e.field());
        assert_eq!(made, if ok { Ok(()) } else { Err(Field::Lateness) });
    }
}

fn compiled(case: &Case) -> Result<Plan<'_>, TestCaseError> {
    Plan::compile(&case.session(), &case.hardware).map_err(|e| TestCaseError::reject(e.to_string()))
}

fn with_error(case: Case, stamp_error_ticks: u32) -> Result<Case, TestCaseError> {
    let timing = HardwareTiming { stamp_error_ticks, ..*case.hardware.timing() };
    let hardware = Hardware::new(timing, case.hardware.channels(), 0);
    Ok(Case { hardware: hardware.map_err(|e| TestCaseError::reject(e.to_string()))?, ..case })
}

fn stopped_script(case: &Case, plan: &Plan<'_>, stop: Option<StopPolicy>) -> Vec<(u64, Action)> {
    let mut script = script(case);
    script.push((0, Action::Gate(GateInput::Open)));
    script.extend(stop.map(|policy| (case.seed % plan.length_ticks(), Action::Stop(policy))));
    script.sort_by_key(|(tick, _)| *tick);
    script
}

fn stops() -> impl Strategy<Value = Option<StopPolicy>> {
    prop_oneof![Just(None), Just(Some(StopPolicy::FinishPulse)), Just(Some(StopPolicy::RecoverNow))]
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// REQ-CORE-07: dead time and edge spacing hold on every path, whatever comes from outside, late or not.
    #[test]
    fn dead_time_and_spacing_hold(
        case in prop_oneof![case(Kind { late: true, exact: true }), case(Kind { late: true, exact: false }), case(Kind { late: false, exact: true })],
        stop in stops(),
    ) {
        let case = with_error(case, 0)?;
        let plan = compiled(&case)?;
        let run = play(&plan, &stopped_script(&case, &plan, stop), case.lateness());
        prop_assert_eq!(run.fault, None);
        dead_holds(&run, &plan);
    }

    /// REQ-CORE-73: channels on one source never drive it together, in pulses, trims and repayments, whatever comes from
    /// outside, late or not.
    #[test]
    fn a_source_serves_one_channel_at_a_time(
        case in prop_oneof![case(Kind { late: true, exact: true }), case(Kind { late: false, exact: true })],
        stop in stops(),
    ) {
        let outputs: Vec<_> = case.hardware.channels().iter().map(|o| ChannelHardware { source: 1, ..*o }).collect();
        let case = Case { hardware: Hardware::new(*case.hardware.timing(), &outputs, 0).unwrap(), ..case };
        let plan = compiled(&case)?;
        let run = play(&plan, &stopped_script(&case, &plan, stop), case.lateness());
        prop_assert_eq!(run.fault, None);
        prop_assert_eq!(run.shared_at_once(&case.hardware), None);
    }

    /// REQ-CORE-08, REQ-INV-03: stamps that are as far off as declared, all at one end or the other: the ledger keeps
    /// its bound after every pulse, trims are few, short, gentle and at most the last balancing level, and it ends.
    #[test]
    fn adversarial_stamps_keep_the_bounds(
        case in prop_oneof![case(Kind { late: true, exact: true }), case(Kind { late: true, exact: false }), case(Kind { late: false, exact: true })],
        error in 1_u32..16, stop in stops(), pattern in 0_u8..3,
    ) {
        let case = with_error(case, error)?;
        let plan = compiled(&case)?;
        let (least, most) = (-i64::from(error), plan.channel(0).unwrap().late_limit_ticks() as i64);
        let (mut draw, mut turn) = (random(1, case.seed), 0_u64);
        let run = play(&plan, &stopped_script(&case, &plan, stop), || {
            turn += 1;
            let early = match pattern { 0 => draw() == 0, 1 => turn.is_multiple_of(2), _ => turn % 4 == 1 };
            if early { least } else { most }
        });
        prop_assert_eq!(run.fault, None);
        prop_assert!(run.finished.is_some());
        for channel in 0..plan.channel_count() {
            let output = case.hardware.channel(channel).unwrap();
            let c = plan.channel(channel).unwrap();
            let (one, jitter) = (code_tick(output) as u64, c.jitter_ticks());
            if !balanced(&case, channel) {
                continue;
            }
            let (mut paying, mut row, mut row_began, mut ended, mut ledger) = (0, 0, 0, 0, 0);
            for receipt in run.receipts.iter().filter(|r| r.channel == channel) {
                let left = receipt.ledger.magnitude();
                if receipt.kind != FrameKind::Trim {
                    let pulse = run.frames.iter().rev().find(|f| f.channel() == channel && f.kind() == FrameKind::Pulse && f.sequence() <= receipt.sequence);
                    (paying, row) = (u64::from(paying_code(pulse.unwrap(), case.pulse(channel).leading)), 0);
                    let bound = ledger_bound(&case, pulse.unwrap(), jitter as i64) as u64;
                    prop_assert!(left <= bound, "{receipt:?} over {bound}");
                }
                if receipt.kind == FrameKind::Trim {
                    let code = u64::from(receipt.code.unsigned_abs());
                    // with an offset of half a code the weakest code is a third of the strongest code × tick; exactly: below
                    prop_assert!(code <= paying && code <= (ledger / one * 4 / (8 * jitter)).max(1), "{receipt:?} for {ledger}");
                    if row == 0 || receipt.onset_tick > ended + 100 { (row, row_began) = (0, receipt.onset_tick); }
                    row += 1;
                    prop_assert!(row <= 24);
                    let took = receipt.end_tick - row_began;
                    prop_assert!(took <= c.trim_ticks() + jitter, "{took} of {}", c.trim_ticks());
                }
                (ended, ledger) = (receipt.end_tick, left);
            }
            let carried = if output.is_exact() { 0 } else { 1 + repeats(&case, channel) as u64 };
            prop_assert!(run.ledgers[usize::from(channel)].magnitude() <= one * (jitter + carried));
        }
    }

    /// REQ-INV-03, REQ-CORE-169: the first trim after a pulse has the fewest codes with which it takes no more than 8 (L + 2 ε), and no
    /// more than the pulse's balancing level. Where that is not what holds it, it stands no longer than that, late.
    #[test]
    fn trims_start_low(case in case(Kind { late: true, exact: true })) {
        let plan = compiled(&case)?;
        let run = play(&plan, &stopped_script(&case, &plan, Some(StopPolicy::FinishPulse)), case.lateness());
        for channel in 0..plan.channel_count() {
            let gain = u64::from(case.hardware.channel(channel).unwrap().na_per_code_positive);
            let jitter = plan.channel(channel).unwrap().jitter_ticks();
            let receipts: Vec<_> = run.receipts.iter().filter(|r| r.channel == channel).collect();
            for pair in receipts.windows(2).filter(|p| p[1].kind == FrameKind::Trim) {
                let fewest = (pair[0].ledger.magnitude() / gain).div_ceil(8 * jitter);
                let codes = u64::from(pair[1].code.unsigned_abs());
                prop_assert!(codes <= fewest.max(1), "{:?} then {:?}", pair[0], pair[1]);
                let stood = pair[1].end_tick - pair[1].onset_tick;
                prop_assert!(codes < fewest || stood <= 10 * jitter + 2, "{:?} then {:?}", pair[0], pair[1]);
            }
        }
    }
}
