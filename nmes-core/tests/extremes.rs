//! The largest and the smallest numbers everywhere at once: refused or run, without an overflow, a wrap, a panic or a
//! long loop. Overflow checks are on in tests.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::{Action, cases, plain, play};
use nmes_core::*;
use proptest::prelude::*;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Numbers of a case, one after the other, and how many of 64 of them are extreme.
struct Draw<'d> {
    left: Cell<&'d [u32]>,
    wild: u32,
}

impl Draw<'_> {
    fn raw(&self) -> u32 {
        let left = self.left.get();
        self.left.set(left.get(1..).unwrap_or(&[]));
        left.first().copied().unwrap_or(7)
    }
    /// Of a usual range, or an extreme.
    fn number(&self, low: u32, high: u32) -> u32 {
        if self.raw() % 64 >= self.wild {
            return low + self.raw() % (high - low + 1);
        }
        let near = self.raw();
        match near % 6 {
            0 => 0,
            1 => 1,
            2 => u32::MAX,
            3 => u32::MAX - near % 7,
            4 => 1 << (near % 32),
            _ => near,
        }
    }
    fn small(&self, low: u32, high: u32) -> u16 {
        u16::try_from(self.number(low, high)).unwrap_or(u16::MAX)
    }
    /// As large as the unit goes, where the number is larger.
    fn us(&self, low: u32, high: u32) -> Micros {
        Micros::from_micros(self.number(low, high)).unwrap_or(Micros::MAX)
    }
    fn ms(&self, low: u32, high: u32) -> Millis {
        Millis::from_millis(self.number(low, high)).unwrap_or(Millis::MAX)
    }
    fn ua(&self, low: u32, high: u32) -> MicroAmps {
        MicroAmps::from_microamps(self.number(low, high)).unwrap_or(MicroAmps::MAX)
    }
    fn setting(&self) -> Setting {
        Setting { amplitude: self.ua(500, 60_000), width: self.us(100, 600) }
    }
    fn rate(&self, low: u32, high: u32) -> Rate {
        Rate::new(self.number(low, high), self.number(1_000_000, 1_000_000))
            .unwrap_or(Rate::from_hz(40).unwrap())
    }
    fn cycle(&self) -> nmes_core::Cycle {
        nmes_core::Cycle { hold: self.ms(1, 200), rest: self.ms(0, 200) }
    }
    fn one_in(&self, n: u32) -> bool {
        self.raw().is_multiple_of(n)
    }
    fn yes(&self) -> bool {
        self.one_in(2)
    }
}

/// What slices of a session point to.
struct Owned {
    points: Vec<Point>,
    table: Vec<i16>,
    intervals: Vec<Micros>,
    pattern: Vec<PatternPoint>,
}

impl Owned {
    fn of(draw: &Draw<'_>) -> Self {
        let level = |n| i16::try_from(draw.number(0, n)).unwrap_or(i16::MAX);
        let half: Vec<_> = (0..1 + draw.raw() % 8)
            .map(|_| Point { permille: level(1_000), width: draw.us(50, 300) })
            .collect();
        let back = half.iter().map(|p| Point { permille: p.permille.saturating_neg(), ..*p });
        let table = (0..draw.number(2, 60).min(5_100)).map(|_| level(16_384)).collect();
        let intervals = (0..draw.number(1, 20).min(70_000)).map(|_| draw.us(25_000, 60_000)).collect();
        let at = |command_permille| PatternPoint { command_permille, setting: draw.setting() };
        let pattern = vec![
            PatternPoint { command_permille: 0, setting: Setting::ZERO },
            at(draw.small(1, 999)),
            at(draw.small(1_000, 1_000)),
        ];
        Self { points: half.iter().copied().chain(back).collect(), table, intervals, pattern }
    }

    fn form(&self, draw: &Draw<'_>) -> Form<'_> {
        let percent = || u8::try_from(draw.number(1, 90)).unwrap_or(u8::MAX);
        match draw.raw() % 5 {
            0 => Form::Prepulse(Prepulse { amplitude_percent: percent(), width: draw.us(100, 300) }),
            1 => Form::Triphasic { outer_percent: percent() },
            2 => Form::Points(&self.points),
            3 => Form::Table(&self.table),
            _ => Form::Rectangular,
        }
    }

    fn timing(&self, draw: &Draw<'_>) -> Timing<'_> {
        let law = if draw.yes() { SweepLaw::Linear } else { SweepLaw::Exponential };
        match draw.raw() % 4 {
            0 => Timing::Bursts(Bursts { pulses: draw.small(1, 4), every: draw.rate(1, 10) }),
            1 => Timing::Sweep(Sweep {
                from: draw.rate(1, 40),
                to: draw.rate(1, 40),
                over: draw.ms(1, 2_000),
                law,
            }),
            2 => Timing::List(&self.intervals),
            _ => Timing::Even,
        }
    }

    fn channel(&self, draw: &Draw<'_>) -> Channel<'_> {
        let balance = match draw.raw() % 4 {
            0 => Balance::Asymmetric { length_percent: draw.small(100, 800) },
            1 => Balance::DeclaredDc { at_most: draw.ua(0, 1_000_000) },
            _ => Balance::Symmetric,
        };
        let (form, leading) =
            (self.form(draw), if draw.yes() { Polarity::Positive } else { Polarity::Negative });
        let count = if draw.one_in(4) { draw.small(1, 5) } else { 1 };
        let repeat = Repeat { count, gap: draw.us(0, 2_000) };
        let mut set = draw.setting();
        if form == Form::Points(&self.points) && !draw.one_in(8) {
            let sum = self.points.iter().map(|p| u64::from(p.width.as_micros())).sum::<u64>();
            set.width = u32::try_from(sum).ok().and_then(Micros::from_micros).unwrap_or(Micros::MAX);
        }
        if matches!(form, Form::Table(_)) && !draw.one_in(8) {
            set.width = Micros::from_micros(set.width.as_micros().saturating_mul(20)).unwrap_or(Micros::MAX);
        }
        let ceiling = if draw.yes() { set } else { Setting { amplitude: draw.ua(60_000, 80_000), ..set } };
        let control = if draw.one_in(4) { Control::Width } else { Control::Amplitude };
        let slope = [Slope::Linear, Slope::RaisedCosine, Slope::Exponential][draw.raw() as usize % 3];
        let down = draw.ms(0, 300);
        let down_min = if draw.yes() { down } else { draw.ms(0, 0) };
        let ramp = Ramp { control, slope, up: draw.ms(0, 300), down, down_min, floor: draw.number(0, 400) };
        let pattern = Pattern::new(&self.pattern).ok().filter(|_| draw.yes());
        let train = Train {
            timing: self.timing(draw),
            pulses_max: draw.number(0, 9),
            stale_after: draw.ms(0, 500),
            pattern,
        };
        let pulse = PulseShape { form, gap: draw.us(0, 200), balance, leading, repeat };
        Channel { pulse, rate: draw.rate(10, 60), train, set, ceiling, ramp, offset: draw.us(0, 20_000) }
    }
}

fn hardware(draw: &Draw<'_>, channels: usize) -> Result<Hardware, ConfigError> {
    let rest = || [Rest::Open, Rest::Shorted, Rest::DrivenZero][draw.raw() as usize % 3];
    let late = if draw.yes() { 0 } else { draw.number(4, 8) };
    let dead_ticks = if draw.yes() { 0 } else { draw.number(1, 20) };
    let timing = HardwareTiming {
        ticks_per_second: draw.number(1_000_000, 1_000_000),
        late_max_ticks: late,
        stamp_error_ticks: if late == 0 { 0 } else { draw.number(0, 1) },
        write_ticks: draw.number(0, 0),
        settle_ticks: draw.number(0, 2),
        min_edge_ticks: draw.number(1, 3),
        dead_ticks,
        has_latch: draw.yes(),
        gap_rest: rest(),
        pulse_rest: if dead_ticks > 0 { Rest::Open } else { rest() },
    };
    let na = draw.number(1_000, 40_000);
    let signed = |n: u32, minus: bool| i32::try_from(n).map_or(i32::MIN, |n| if minus { -n } else { n });
    let output = ChannelHardware {
        na_per_code_positive: na,
        na_per_code_negative: if draw.yes() { na } else { draw.number(1_000, 40_000) },
        offset_na: if draw.yes() { 0 } else { signed(draw.number(0, 500), draw.yes()) },
        code_min: signed(draw.number(30_000, 8_000_000), true),
        code_max: signed(draw.number(30_000, 8_000_000), false),
        source: u8::try_from(draw.raw() % 3).unwrap_or(0),
    };
    Hardware::new(timing, &vec![output; channels], 0)
}

/// Something from outside.
fn poke(engine: &mut Engine<'_, '_>, draw: &Draw<'_>, now: u64) {
    let channel = u8::try_from(draw.raw() % 9).unwrap_or(0);
    match draw.raw() % 9 {
        0 => drop(engine.command(channel, draw.setting(), now)),
        1 => drop(engine.command_level(channel, draw.small(0, 1_000), now)),
        2 => drop(engine.gate(GateInput::Open, now)),
        3 => drop(engine.gate(GateInput::Close { down: Some(draw.ms(0, 100)) }, now)),
        4 => drop(engine.gate(GateInput::Toggle, now)),
        5 => drop(engine.pause(now)),
        6 => drop(engine.resume(now)),
        7 => engine.tick(now.saturating_add(u64::from(draw.number(0, 1_000)))),
        _ => drop(engine.gate(GateInput::Hold, now)),
    }
}

/// A few hundred steps with inputs between them; what was wrong, if anything.
fn drive(plan: &Plan<'_>, draw: &Draw<'_>) -> Result<(), String> {
    let mut storage = [ChannelState::new(); MAX_CHANNELS];
    let mut engine = Engine::new(plan, &mut storage).unwrap();
    let mut now = match draw.raw() % 4 {
        0 => u64::MAX - u64::from(draw.number(0, 2_000_000)),
        1 => u64::from(draw.number(0, 1_000)) << 32,
        _ => 0,
    };
    for (index, channel) in (0_u8..).zip(plan.session().channels()) {
        let _ = engine.command(index, channel.set, now);
    }
    engine.start(now);
    engine.gate(GateInput::Open, now);
    let late = plan.hardware().timing().late_max_ticks;
    let mut still = 0;
    for turn in 0..400 {
        if turn % 16 == 15 {
            poke(&mut engine, draw, now);
        }
        for _ in 0..64 {
            let Some(frame) = engine.pending() else { break };
            let channel = plan.channel(frame.channel()).unwrap();
            let (output, pulse) = (channel.hardware(), channel.channel().pulse);
            let _ = (frame.length_ticks(), frame.edge_tick(frame.edge_count()));
            let charge = frame.net_charge(output).map(Charge::magnitude);
            let gain = u64::from(output.na_per_code_positive.max(output.na_per_code_negative));
            let most =
                if output.is_exact() { 0 } else { gain.saturating_mul(2 * u64::from(pulse.repeat.count)) };
            if frame.kind() == FrameKind::Pulse
                && pulse.balance.is_balanced()
                && charge.is_none_or(|c| c > most)
            {
                return Err(format!("{charge:?} nA·ticks in {:?}", frame.segments().collect::<Vec<_>>()));
            }
            engine.accept(frame.channel(), frame.sequence());
        }
        if engine.pending().is_some() {
            return Err(format!("frames that wait without end at {now}"));
        }
        let Next::At(at) = engine.next() else { continue };
        let by = if draw.one_in(200) { draw.raw() } else { draw.raw() % late.saturating_add(1) };
        let ahead = now > at;
        let before = now;
        now = now.max(at.saturating_add(u64::from(by)));
        still = if now > before { 0 } else { still + 1 };
        if still > 64 {
            return Err(format!("{still} steps at {now}, due at {at}"));
        }
        let _ = engine.step().map(|step| step.changes().count());
        match engine.applied(now) {
            Ok(()) => {}
            // an edge as late as the hardware declares is no fault
            Err(EngineFault::Repayment { ledger, .. }) if by <= late && !ahead => {
                return Err(format!("{ledger} nA·ticks not repaid at {now}"));
            }
            Err(_) => break,
        }
        while engine.take_receipt().is_some() {}
    }
    for policy in [StopPolicy::FinishPulse, StopPolicy::RecoverNow, StopPolicy::HardOff] {
        engine.stop(policy, now);
        let _ = (engine.pending(), engine.next());
    }
    let open = (0..plan.channel_count()).all(|c| engine.level(c) == Some(Level::Open));
    let over = engine.finished().is_some() && engine.next() == Next::Never;
    if open && over {
        Ok(())
    } else {
        Err(format!(
            "open {open}, over {over} after {now}, {:?}, {:?}, {:?}, {:?}",
            engine.fault(),
            engine.finished(),
            engine.next(),
            engine.ledger(0)
        ))
    }
}

/// REQ-CORE-86, REQ-INV-06: in the upper half of the 64-bit clock the ledger is known, and a recovery is made.
#[test]
fn the_upper_half_of_the_clock() {
    common::with_plan(&[plain()], Schedule::Continuous, 1_000, HardwareTiming::ideal(1_000_000), |plan| {
        for start in [0, i64::MAX as u64 - 100, u64::MAX - 10_000_000] {
            let script = [
                (start, Action::Command(0, plain().set)),
                (start, Action::Start),
                (start + 25_150, Action::Stop(StopPolicy::RecoverNow)),
            ];
            let run = play(plan, &script, || 0);
            assert_eq!(
                run.finished.map(|f| (f.residual, f.at_tick - start)),
                Some((Charge::ZERO, 25_302)),
                "from {start}"
            );
            assert_eq!(run.ledgers, [Charge::ZERO]);
        }
    });
}

thread_local! {
    static RAN: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
    static SEEN: Cell<u32> = const { Cell::new(0) };
}

/// A bit for each kind of thing that a plan runs.
fn kinds(plan: &Plan<'_>) -> u32 {
    let schedule = match plan.session().schedule() {
        Schedule::Continuous => 0,
        Schedule::Cyclic(_) => 1,
        Schedule::Gated(_) => 2,
        Schedule::Program(_) => 3,
    };
    let timing = plan.hardware().timing();
    let mut seen =
        1 << schedule | u32::from(timing.late_max_ticks > 0) << 4 | u32::from(timing.dead_ticks > 0) << 5;
    for channel in plan.session().channels() {
        let form = match channel.pulse.form {
            Form::Rectangular => 6,
            Form::Prepulse(_) => 7,
            Form::Triphasic { .. } => 8,
            Form::Points(_) => 9,
            Form::Table(_) => 10,
        };
        let timing = match channel.train.timing {
            Timing::Even => 11,
            Timing::Bursts(_) => 12,
            Timing::Sweep(_) => 13,
            Timing::List(_) => 14,
        };
        let balance = match channel.pulse.balance {
            Balance::Symmetric => 15,
            Balance::Asymmetric { .. } => 16,
            Balance::DeclaredDc { .. } => 17,
        };
        seen |= 1 << form | 1 << timing | 1 << balance | u32::from(channel.pulse.repeat.count > 1) << 18;
        seen |= u32::from(channel.train.pattern.is_some()) << 19;
    }
    seen | u32::from(plan.shares_sources()) << 20
}

fn try_case(numbers: &[u32], wild: u32) -> Result<(), TestCaseError> {
    let draw = Draw { left: Cell::new(numbers), wild };
    let begin = Instant::now();
    let owned: Vec<_> = (0..1 + draw.raw() % 3).map(|_| Owned::of(&draw)).collect();
    let channels: Vec<_> = owned.iter().map(|owned| owned.channel(&draw)).collect();
    let stages: Vec<_> = (0..draw.number(1, 4).min(17))
        .map(|_| Stage {
            cycle: draw.cycle(),
            repeats: draw.small(1, 3),
            level_permille: draw.small(1, 1_000),
            rate: draw.yes().then(|| draw.rate(1, 10)),
        })
        .collect();
    let schedule = match draw.raw() % 4 {
        0 => Schedule::Cyclic(draw.cycle()),
        1 => Schedule::Gated(Gate {
            max_on: draw.ms(1, 500),
            min_off: draw.ms(0, 500),
            max_triggers_per_minute: draw.small(1, 600),
            refractory: draw.ms(0, 20),
        }),
        2 => Schedule::Program(&stages),
        _ => Schedule::Continuous,
    };
    let overlap = if draw.one_in(4) { Overlap::Forbid } else { Overlap::Defer(draw.us(0, 30_000)) };
    let hardware = hardware(&draw, channels.len());
    let session = Session::new(&channels, schedule, draw.ms(1_000, 6_000)).map(|s| s.with_overlap(overlap));
    let (Ok(hardware), Ok(session)) = (hardware, session) else { return Ok(()) };
    let plan = Plan::compile(&session, &hardware);
    let (all, ran) = RAN.get();
    RAN.set((all + 1, ran + u32::from(plan.is_ok())));
    if let Ok(plan) = plan {
        SEEN.set(SEEN.get() | kinds(&plan));
        for channel in 0..plan.channel_count() {
            let _ = plan.rounding(channel).map(|r| r.rows().iter().map(Rounded::error).max());
        }
        let wrong = drive(&plan, &draw).err();
        prop_assert!(wrong.is_none(), "{wrong:?}: {:?} on {:?}", session, hardware);
    }
    prop_assert!(
        begin.elapsed() < Duration::from_secs(10),
        "{:?} for {session:?} on {hardware:?}",
        begin.elapsed()
    );
    Ok(())
}

/// REQ-CORE-86: over forms, timings, schedules, overlaps, hardwares and inputs, from usual numbers with an extreme one
/// among them to extremes everywhere.
#[test]
fn extremes_are_refused_or_run() {
    let numbers =
        (prop::collection::vec(any::<u32>(), 1_200), prop::sample::select(vec![0_u32, 1, 1, 2, 4, 16, 64]));
    let config = ProptestConfig { failure_persistence: None, ..cases(20_000) };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let result = runner.run(&numbers, |(numbers, wild)| try_case(&numbers, wild));
    let (all, ran) = RAN.get();
    println!("{all} sessions on a hardware, {ran} compiled and run");
    // a failure prints the session, not the numbers it is drawn from
    if let Err(proptest::test_runner::TestError::Fail(reason, _)) = &result {
        panic!("{reason}");
    }
    assert!(result.is_ok());
    assert!(ran > all / 20, "{ran} of {all}");
    assert!(all < 4_000 || SEEN.get() == (1 << 21) - 1, "not every kind ran: {:b}", SEEN.get());
}

/// REQ-CORE-165: a frame from parts has the levels that it was made of, or there is none: no code reads back as open or shorted.
#[test]
fn a_frame_has_the_levels_it_was_made_of() {
    let edges = [i32::MIN, i32::MIN + 1, -8_388_608, 0, 8_388_607, i32::MAX - 1, i32::MAX];
    let levels = edges.map(Level::Code).into_iter().chain([Level::Open, Level::Shorted]);
    for level in levels {
        let kept = !matches!(level, Level::Code(i32::MIN | i32::MAX));
        for (first, rest) in [(level, Level::Open), (Level::Code(1), level)] {
            let segments = [Segment { level: first, ticks: 5 }];
            let frame = PulseFrame::from_parts(0, FrameKind::Pulse, 0, 100, &segments, rest);
            assert_eq!(frame.is_some(), kept, "{level:?}");
            let Some(frame) = frame else { continue };
            assert_eq!((frame.segments().next().map(|s| s.level), frame.rest()), (Some(first), rest));
        }
    }
}
