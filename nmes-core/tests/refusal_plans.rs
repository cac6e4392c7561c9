//! Bad input that only a session and a hardware together show, and bad commands: each refusal with its field, the value
//! and the limit, and what stands one unit on the other side.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::{DAC, advance, ms, plain, with_engine};
use nmes_core::*;

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

fn setting(ua: u32, us: u32) -> Setting {
    Setting::new(ua, us).unwrap()
}

fn plan_on(channel: Channel<'_>, timing: HardwareTiming, output: ChannelHardware) -> Result<(), ConfigError> {
    let channels = [channel];
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
    Plan::compile(&session, &Hardware::new(timing, &[output], 0).unwrap()).map(drop)
}

fn plan(channel: Channel<'_>) -> Result<(), ConfigError> {
    plan_on(channel, HardwareTiming::ideal(1_000_000), DAC)
}

#[track_caller]
fn below(result: Result<(), ConfigError>, field: Field, value: i64, limit: i64) {
    let Err(ConfigError::Below { field: f, value: v, limit: l, source }) = result else {
        panic!("{result:?}")
    };
    assert_eq!((f, v, l), (field, value, limit), "{source}");
}

#[track_caller]
fn above(result: Result<(), ConfigError>, field: Field, value: i64, limit: i64) {
    let Err(ConfigError::Above { field: f, value: v, limit: l, source }) = result else {
        panic!("{result:?}")
    };
    assert_eq!((f, v, l), (field, value, limit), "{source}");
}

/// REQ-CORE-152: on a fast clock what is longer than a level can last is refused, and no length of a pulse is cut short.
#[test]
fn long_levels_on_fast_clocks() {
    let fast = |hz| HardwareTiming::ideal(hz);
    let most = 42_949_672;
    let rate = Rate::new(1, 120_000_000).unwrap();
    let twice = |gap| PulseShape { repeat: Repeat { count: 2, gap: us(gap) }, ..PulseShape::default() };
    let session = |pulse| plan_on(Channel { pulse, rate, ..plain() }, fast(100_000_000), DAC);
    assert_eq!(session(twice(42_949_672)), Ok(()));
    above(session(twice(42_949_673)), Field::RepeatGap, 42_949_673, most);
    let once = PulseShape { repeat: Repeat { count: 1, gap: us(42_949_673) }, ..PulseShape::default() };
    assert_eq!(session(once), Ok(()), "a gap that no repeat has");
    let gap = |gap| PulseShape { gap: us(gap), ..PulseShape::default() };
    assert_eq!(session(gap(42_949_672)), Ok(()));
    above(session(gap(42_949_673)), Field::InterphaseGap, 42_949_673, most);
    // 4 s of a hundredth before 4 s, and as long again: 12 s in 9
    let pulse = PulseShape {
        form: Form::Prepulse(Prepulse { amplitude_percent: 1, width: us(4_000_000) }),
        gap: us(0),
        ..PulseShape::default()
    };
    let set = setting(204_700, 4_000_000);
    let rate = Rate::new(1, 9_000_000).unwrap();
    let long = plan_on(Channel { pulse, rate, set, ceiling: set, ..plain() }, fast(1_000_000_000), DAC);
    assert!(matches!(long, Err(ConfigError::Above { field: Field::PulseLength, .. })), "{long:?}");
}

/// REQ-CORE-85: rates beyond the ticks, and what is longer than the period: a phase, a gap, a doublet.
#[test]
fn periods() {
    let rate = |pulses, per_us| Channel { rate: Rate::new(pulses, per_us).unwrap(), ..plain() };
    below(plan(rate(u32::MAX, 1)), Field::Period, 0, 1);
    below(plan(rate(1_000_001, 1_000_000)), Field::Period, 0, 1);
    // 300 + 100 + 300 µs, 16 ticks by which a balancing phase may be widened, one to the next edge
    assert_eq!(plan(rate(1, 717)), Ok(()));
    above(plan(rate(1, 716)), Field::PulseLength, 717, 716);
    assert_eq!(plan(rate(1, u32::MAX)), Ok(()));
    let gap = |n| Channel { pulse: PulseShape { gap: us(n), ..PulseShape::default() }, ..plain() };
    assert_eq!(plan(gap(24_383)), Ok(()));
    above(plan(gap(24_384)), Field::PulseLength, 25_001, 25_000);
    above(plan(gap(3_600_000_000)), Field::PulseLength, 3_600_000_617, 25_000);
    let doublet = |n| Channel {
        pulse: PulseShape { repeat: Repeat { count: 2, gap: us(n) }, ..PulseShape::default() },
        ..plain()
    };
    assert_eq!(plan(doublet(23_767)), Ok(()));
    above(plan(doublet(23_768)), Field::PulseLength, 25_001, 25_000);
    above(plan(doublet(3_600_000_000)), Field::PulseLength, 3_600_001_233, 25_000);
    let thousand =
        PulseShape { repeat: Repeat { count: 1_000, gap: us(3_600_000_000) }, ..PulseShape::default() };
    // a gap has 32 bits of ticks, a pulse 64
    above(plan(Channel { pulse: thousand, ..plain() }), Field::PulseLength, 3_596_400_616_001, 25_000);
}

/// REQ-CORE-85: phases and edges that the clock does not resolve.
#[test]
fn ticks() {
    let slow = |width| {
        let set = setting(40_000, width);
        plan_on(
            Channel { set, ceiling: set, pulse: PulseShape::default(), ..plain() },
            HardwareTiming::ideal(1_000),
            DAC,
        )
    };
    below(slow(499), Field::PhaseTicks, 0, 1);
    assert_eq!(slow(500), Ok(()), "half a tick is one");
    let spaced = |ticks| {
        plan_on(plain(), HardwareTiming { min_edge_ticks: ticks, ..HardwareTiming::ideal(1_000_000) }, DAC)
    };
    assert_eq!(spaced(300), Ok(()));
    below(spaced(301), Field::PhaseTicks, 300, 301);
    let late = |ticks| {
        plan_on(plain(), HardwareTiming { late_max_ticks: ticks, ..HardwareTiming::ideal(1_000_000) }, DAC)
    };
    assert_eq!(late(30), Ok(()));
    above(late(31), Field::Lateness, 31, 30);
    below(late(1_000_000), Field::PhaseTicks, 300, 1_000_001);
    let points = [Point { permille: 1_000, width: us(400) }, Point { permille: -400, width: us(1_000) }];
    let set = setting(40_000, 1_400);
    let pulse = PulseShape { form: Form::Points(&points), ..PulseShape::default() };
    let custom = Channel { pulse, set, ceiling: set, ..plain() };
    below(plan_on(custom, HardwareTiming::ideal(1_000), DAC), Field::PhaseTicks, 0, 1);
    let levels = [FULL_SCALE; 300];
    let table = |n| {
        let set = setting(40_000, n);
        let pulse = PulseShape { form: Form::Table(&levels), ..PulseShape::default() };
        plan(Channel { pulse, set, ceiling: set, ..plain() })
    };
    assert_eq!(table(300), Ok(()));
    below(table(299), Field::PhaseTicks, 299, 300);
}

/// REQ-CORE-85: amplitudes that the codes do not hold, and frames with too many edges.
#[test]
fn codes() {
    let of = |ua| Channel { set: setting(ua, 300), ceiling: setting(ua, 300), ..plain() };
    below(plan(of(49)), Field::AmplitudeCodes, 0, 1);
    assert_eq!(plan(of(50)), Ok(()));
    assert_eq!(plan(of(204_700)), Ok(()));
    above(plan(of(204_800)), Field::AmplitudeCodes, 2_048, 2_047);
    above(plan(of(1_000_000)), Field::AmplitudeCodes, 10_000, 2_047);
    let ideal = HardwareTiming::ideal(1_000_000);
    let one = ChannelHardware::symmetric(100_000_000, -1, 1);
    below(plan_on(of(49_999), ideal, one), Field::AmplitudeCodes, 0, 1);
    assert_eq!(plan_on(of(149_999), ideal, one), Ok(()));
    above(plan_on(of(150_000), ideal, one), Field::AmplitudeCodes, 2, 1);
    let high = Channel { ceiling: setting(204_800, 300), ..plain() };
    above(plan(high), Field::AmplitudeCodes, 2_048, 2_047);
    let levels = [FULL_SCALE; 2];
    let pulse = PulseShape {
        form: Form::Table(&levels),
        repeat: Repeat { count: 1_000, gap: us(1) },
        ..PulseShape::default()
    };
    let set = setting(40_000, 4);
    let slowly = Channel { pulse, set, ceiling: set, rate: Rate::new(1, 1_000_000).unwrap(), ..plain() };
    assert_eq!(
        plan(slowly),
        Ok(()),
        "five segments a repeat, and one more where the balancing phase has two levels"
    );
    let long = [FULL_SCALE; 33];
    let pulse = PulseShape { form: Form::Table(&long), ..pulse };
    let set = setting(40_000, 33);
    above(plan(Channel { pulse, set, ceiling: set, ..slowly }), Field::Repeat, 68_000, 65_000);
}

/// REQ-CORE-85: timings, on a channel of 40 Hz.
#[test]
fn timings() {
    let timed = |timing| plan(Channel { train: Train { timing, ..Train::default() }, ..plain() });
    let hz = |n| Rate::from_hz(n).unwrap();
    let bursts = |pulses, every| timed(Timing::Bursts(Bursts { pulses, every: hz(every) }));
    below(bursts(0, 1), Field::BurstPulses, 0, 1);
    assert_eq!(bursts(40, 1), Ok(()));
    above(bursts(41, 1), Field::BurstPulses, 41, 40);
    above(bursts(1, 41), Field::BurstPulses, 1, 0);
    above(bursts(u16::MAX, u32::MAX), Field::BurstPulses, 65_535, 0);
    let sweep =
        |from, to, over| timed(Timing::Sweep(Sweep { from, to, over: ms(over), law: SweepLaw::Linear }));
    below(sweep(hz(1), hz(2), 0), Field::SweepTime, 0, 1);
    assert_eq!(sweep(hz(1), hz(40), 1), Ok(()));
    above(sweep(hz(41), hz(40), 1), Field::SweepRate, 41_000, 40_000);
    above(sweep(hz(1), hz(u32::MAX), 1), Field::SweepRate, 4_294_967_295_000, 40_000);
    let slow = |per_us| Rate::new(1, per_us).unwrap();
    assert_eq!(sweep(slow(250_000_000), hz(40), 1), Ok(()));
    above(sweep(slow(250_000_001), hz(40), 1), Field::SweepRatio, 10_001, 10_000);
    let list = |us: &[Micros]| {
        plan(Channel { train: Train { timing: Timing::List(us), ..Train::default() }, ..plain() })
    };
    below(list(&[]), Field::Intervals, 0, 1);
    assert_eq!(list(&vec![us(25_000); 65_535]), Ok(()));
    above(list(&vec![us(25_000); 65_536]), Field::Intervals, 65_536, 65_535);
    below(list(&[us(25_000), us(24_999)]), Field::Interval, 24_999, 25_000);
    below(list(&[Micros::ZERO]), Field::Interval, 0, 25_000);
    assert_eq!(list(&[Micros::MAX]), Ok(()));
}

/// REQ-CORE-85: ramps, floors, direct currents, stages.
#[test]
fn the_rest_of_a_plan() {
    let ramp = |up, down, floor| {
        plan(Channel { ramp: Ramp { up: ms(up), down: ms(down), floor, ..Ramp::default() }, ..plain() })
    };
    assert_eq!(ramp(500, 500, 1_000_000), Ok(()));
    above(ramp(501, 500, 0), Field::RampTime, 1_001, 1_000);
    above(ramp(172_800_000, 172_800_000, 0), Field::RampTime, 345_600_000, 1_000);
    above(ramp(0, 0, 1_000_001), Field::RampFloor, 1_000_001, 1_000_000);
    above(ramp(0, 0, u32::MAX), Field::RampFloor, i64::from(u32::MAX), 1_000_000);
    // 40 mA for 300 µs, 40 times a second: 480 µA
    let dc = |ua| {
        let balance = Balance::DeclaredDc { at_most: MicroAmps::from_microamps(ua).unwrap() };
        plan(Channel { pulse: PulseShape { balance, ..PulseShape::default() }, ..plain() })
    };
    assert_eq!(dc(480), Ok(()));
    above(dc(479), Field::DirectCurrent, 480, 479);
    above(dc(0), Field::DirectCurrent, 480, 0);
    let staged = |repeats, rate| {
        let (hold, rest) = (ms(100), ms(100));
        let stages = [Stage { cycle: Cycle { hold, rest }, repeats, level_permille: 1_000, rate }];
        let channels = [plain()];
        let session = Session::new(&channels, Schedule::Program(&stages), ms(1_000)).unwrap();
        let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[DAC], 0).unwrap();
        Plan::compile(&session, &hardware).map(drop)
    };
    assert_eq!(staged(5, Some(Rate::from_hz(40).unwrap())), Ok(()));
    above(staged(6, None), Field::SessionLength, 1_100, 1_000);
    above(staged(u16::MAX, None), Field::SessionLength, 13_106_900, 1_000);
    above(staged(1, Some(Rate::from_hz(41).unwrap())), Field::StageRate, 41_000, 40_000);
    above(
        staged(1, Some(Rate::new(u32::MAX, 1).unwrap())),
        Field::StageRate,
        4_294_967_295_000_000_000,
        40_000,
    );
}

/// REQ-CORE-85, REQ-INV-08: commands, by setting and by level; one that is refused changes nothing.
#[test]
fn commands() {
    let at = |command_permille, ua| PatternPoint { command_permille, setting: setting(ua, 300) };
    let points = [at(0, 0), at(1_000, 80_000)];
    let pattern = Some(Pattern::new(&points).unwrap());
    let channels = [Channel { train: Train { pattern, ..Train::default() }, ..plain() }, plain()];
    common::with_plan(&channels, Schedule::Continuous, 1_000, HardwareTiming::ideal(1_000_000), |plan| {
        common::with_engine(plan, |engine| {
            let before = engine.setting(0);
            let set = |engine: &mut Engine<'_, '_>, channel, ua, us| {
                engine.command(channel, setting(ua, us), 0).map(drop)
            };
            above(set(engine, 2, 1, 1), Field::Channels, 2, 1);
            above(set(engine, 255, 1, 1), Field::Channels, 255, 1);
            above(set(engine, 0, 40_001, 300), Field::Amplitude, 40_001, 40_000);
            above(set(engine, 0, 1_000_000, 300), Field::Amplitude, 1_000_000, 40_000);
            above(set(engine, 0, 40_000, 301), Field::PhaseWidth, 301, 300);
            above(set(engine, 0, 0, 3_600_000_000), Field::PhaseWidth, 3_600_000_000, 300);
            below(set(engine, 0, 49, 300), Field::AmplitudeCodes, 0, 1);
            below(set(engine, 0, 40_000, 0), Field::PhaseTicks, 0, 1);
            let level =
                |engine: &mut Engine<'_, '_>, channel, n| engine.command_level(channel, n, 0).map(drop);
            above(level(engine, 2, 1), Field::Channels, 2, 1);
            above(level(engine, 0, 1_001), Field::PatternCommand, 1_001, 1_000);
            above(level(engine, 0, u16::MAX), Field::PatternCommand, 65_535, 1_000);
            above(level(engine, 0, 501), Field::Amplitude, 40_080, 40_000);
            assert_eq!(level(engine, 1, 1).unwrap_err().field(), Field::PatternPoints);
            assert_eq!(engine.setting(0), before);
            assert_eq!(level(engine, 0, 500), Ok(()));
            assert_eq!(level(engine, 0, 0), Ok(()));
        });
    });
}

/// REQ-CORE-154: a contraction with its ramps and its rest lasts two edge spacings or dead times at least, also in each stage; one
/// that the rate leaves without a pulse is passed in time then, and the session ends when it should.
#[test]
fn contractions_that_fall_behind() {
    let set = setting(40_000, 20_000);
    let ramp = Ramp { up: ms(3), down: ms(2), ..Ramp::default() };
    let channels = [Channel { rate: Rate::from_hz(1).unwrap(), set, ceiling: set, ramp, ..plain() }];
    let spaced = HardwareTiming { min_edge_ticks: 10, ..HardwareTiming::ideal(1_000) };
    let dead = HardwareTiming { dead_ticks: 10, ..HardwareTiming::ideal(1_000) };
    for (timing, rest, fits) in [(spaced, 14, true), (spaced, 13, false), (dead, 14, true), (dead, 13, false)]
    {
        let cycle = Cycle { hold: ms(1), rest: ms(rest) };
        let long = Cycle { hold: ms(1_000), ..cycle };
        let stage = |cycle| Stage { cycle, repeats: 300, level_permille: 1_000, rate: None };
        let stages = [stage(long), stage(cycle)];
        for (schedule, length) in [(Schedule::Cyclic(cycle), 10_000), (Schedule::Program(&stages), 400_000)] {
            let session = Session::new(&channels, schedule, ms(length)).unwrap();
            let hardware = Hardware::new(timing, &[DAC], 0).unwrap();
            let plan = Plan::compile(&session, &hardware);
            let Ok(plan) = plan else {
                assert!(!fits);
                below(plan.map(drop), Field::Cycle, 19, 20);
                continue;
            };
            assert!(fits, "{timing:?}");
            let last = with_engine(&plan, |engine| std::iter::from_fn(|| advance(engine, 0)).last().unwrap());
            assert!(last <= u64::from(length), "{last} of {length}");
        }
    }
}
