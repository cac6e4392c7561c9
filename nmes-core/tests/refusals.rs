//! Every refusal names the field, and stands on the right side of its limit by one unit.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::{cases, ms};
use nmes_core::*;
use proptest::prelude::*;

fn channel(ua: u32, us: u32, hz: u32) -> Channel<'static> {
    let set = Setting::new(ua, us).unwrap();
    let (pulse, ramp, offset) = (PulseShape::default(), Ramp::default(), Micros::ZERO);
    Channel {
        pulse,
        rate: Rate::from_hz(hz).unwrap(),
        train: Train::default(),
        set,
        ceiling: set,
        ramp,
        offset,
    }
}

fn timing() -> HardwareTiming {
    HardwareTiming::ideal(1_000_000)
}

fn compile(channel: Channel, timing: HardwareTiming, output: ChannelHardware) -> Result<(), ConfigError> {
    let channels = [channel];
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000))?;
    Plan::compile(&session, &Hardware::new(timing, &[output], 0)?).map(drop)
}

const DAC: ChannelHardware = ChannelHardware::symmetric(100_000, -2_048, 2_047);

#[track_caller]
fn refused(result: Result<(), ConfigError>, field: Field) {
    let error = result.unwrap_err();
    assert_eq!(error.field(), field, "{error}");
    assert!(error.to_string().contains(&field.to_string()), "{error}");
}

/// REQ-INV-09: the units hold their largest value and not one more.
#[test]
fn units_end_where_they_say() {
    assert!(MicroAmps::from_microamps(1_000_000).is_some() && MicroAmps::from_microamps(1_000_001).is_none());
    assert!(Micros::from_micros(3_600_000_000).is_some() && Micros::from_micros(3_600_000_001).is_none());
    assert!(Millis::from_millis(172_800_000).is_some() && Millis::from_millis(172_800_001).is_none());
    assert_eq!(MicroAmps::MAX.checked_add(MicroAmps::from_microamps(1).unwrap()), None);
    assert_eq!(Micros::ZERO.checked_sub(Micros::from_micros(1).unwrap()), None);
}

/// REQ-INV-09: a session's values, one by one.
#[test]
fn session_refusals() {
    let good = channel(40_000, 300, 40);
    let make = |c: Channel| Session::new(&[c], Schedule::Continuous, ms(1)).map(drop);
    assert!(make(good).is_ok());
    refused(Session::new(&[], Schedule::Continuous, ms(1)).map(drop), Field::Channels);
    refused(Session::new(&[good; 9], Schedule::Continuous, ms(1)).map(drop), Field::Channels);
    assert!(Session::new(&[good; 8], Schedule::Continuous, ms(1)).is_ok());
    refused(Session::new(&[good], Schedule::Continuous, ms(0)).map(drop), Field::SessionLength);
    refused(make(channel(0, 300, 40)), Field::Amplitude);
    refused(make(channel(40_000, 0, 40)), Field::PhaseWidth);
    refused(make(Channel { ceiling: Setting::new(39_999, 300).unwrap(), ..good }), Field::Amplitude);
    refused(make(Channel { ceiling: Setting::new(40_000, 299).unwrap(), ..good }), Field::PhaseWidth);
    for (length_percent, ok) in [(99, false), (100, true), (2_000, true), (2_001, false)] {
        let pulse = PulseShape { balance: Balance::Asymmetric { length_percent }, ..PulseShape::default() };
        assert_eq!(make(Channel { pulse, ..good }).is_ok(), ok, "{length_percent} %");
    }
    let ramp = Ramp { down: ms(100), down_min: ms(101), ..Ramp::default() };
    refused(make(Channel { ramp, ..good }), Field::RampTime);
    let cycle = Schedule::Cyclic(Cycle { hold: ms(0), rest: ms(0) });
    refused(Session::new(&[good], cycle, ms(1)).map(drop), Field::Hold);
    let gate = |on, n| {
        Schedule::Gated(Gate {
            max_on: ms(on),
            min_off: ms(0),
            max_triggers_per_minute: n,
            refractory: Millis::ZERO,
        })
    };
    refused(Session::new(&[good], gate(0, 1), ms(1)).map(drop), Field::GateMaxOn);
    refused(Session::new(&[good], gate(1, 0), ms(1)).map(drop), Field::GateTriggers);
    refused(Session::new(&[good], gate(1, 601), ms(1)).map(drop), Field::GateTriggers);
    assert!(Session::new(&[good], gate(1, 600), ms(1)).is_ok());
    assert_eq!(Rate::from_hz(0).unwrap_err().field(), Field::RatePulses);
    assert_eq!(Rate::new(1, 0).unwrap_err().field(), Field::RatePer);
}

/// REQ-INV-09: a hardware's values, one by one.
#[test]
fn hardware_refusals() {
    let make = |timing, output| Hardware::new(timing, &[output], 0).map(drop);
    assert!(make(timing(), DAC).is_ok());
    refused(Hardware::new(timing(), &[], 0).map(drop), Field::Channels);
    refused(Hardware::new(timing(), &[DAC; 9], 0).map(drop), Field::Channels);
    refused(make(HardwareTiming::ideal(999), DAC), Field::TicksPerSecond);
    refused(make(HardwareTiming::ideal(1_000_000_001), DAC), Field::TicksPerSecond);
    refused(make(timing(), ChannelHardware::symmetric(0, -1, 1)), Field::NanoampsPerCode);
    refused(make(timing(), ChannelHardware::symmetric(100_000_001, -1, 1)), Field::NanoampsPerCode);
    refused(make(timing(), ChannelHardware::symmetric(1_000, 0, 4_095)), Field::CodeMin);
    refused(make(timing(), ChannelHardware::symmetric(1_000, -4_095, 0)), Field::CodeMax);
    refused(make(timing(), ChannelHardware::symmetric(1_000, i32::MIN, 1)), Field::CodeMin);
    refused(make(timing(), ChannelHardware::symmetric(1_000, -1, i32::MAX)), Field::CodeMax);
    let offset = |offset_na| ChannelHardware { offset_na, ..ChannelHardware::symmetric(1_000, -10, 10) };
    assert!(make(timing(), offset(500)).is_ok() && make(timing(), offset(-500)).is_ok());
    refused(make(timing(), offset(501)), Field::OffsetCurrent);
    let driven = HardwareTiming { pulse_rest: Rest::DrivenZero, ..timing() };
    assert!(make(driven, offset(0)).is_ok());
    refused(make(driven, offset(1)), Field::RestMode);
    let late = |late_max_ticks| HardwareTiming { late_max_ticks, min_edge_ticks: 5, ..timing() };
    assert!(make(late(5), DAC).is_ok() && make(late(0), DAC).is_ok());
    refused(make(late(4), DAC), Field::Lateness);
    refused(make(late(u32::MAX), DAC), Field::Lateness);
}

/// REQ-INV-03, REQ-INV-09: each refusal of `compile`, on both sides.
#[test]
fn compile_refusals() {
    let good = channel(40_000, 300, 40);
    assert!(compile(good, timing(), DAC).is_ok());
    let two = [good; 2];
    let session = Session::new(&two, Schedule::Continuous, ms(1)).unwrap();
    refused(Plan::compile(&session, &Hardware::new(timing(), &[DAC], 0).unwrap()).map(drop), Field::Channels);
    let faster = Channel { rate: Rate::new(u32::MAX, 1).unwrap(), ..good };
    refused(compile(faster, timing(), DAC), Field::Period);
    refused(compile(channel(49, 300, 40), timing(), DAC), Field::AmplitudeCodes);
    assert!(compile(channel(50, 300, 40), timing(), DAC).is_ok(), "half a code rounds up to one");
    assert!(compile(channel(204_700, 300, 40), timing(), DAC).is_ok());
    refused(compile(channel(204_800, 300, 40), timing(), DAC), Field::AmplitudeCodes);
    let small = ChannelHardware::symmetric(100_000, -300, 2_047);
    refused(compile(good, timing(), small), Field::AmplitudeCodes);
    let late = |ticks| HardwareTiming { late_max_ticks: ticks, ..timing() };
    assert!(compile(good, late(30), DAC).is_ok());
    refused(compile(good, late(31), DAC), Field::Lateness);
    let spaced = |ticks| HardwareTiming { min_edge_ticks: ticks, ..timing() };
    assert!(compile(good, spaced(300), DAC).is_ok());
    refused(compile(good, spaced(301), DAC), Field::PhaseTicks);
    let asymmetric =
        PulseShape { balance: Balance::Asymmetric { length_percent: 300 }, ..PulseShape::default() };
    assert!(compile(Channel { pulse: asymmetric, ..good }, spaced(75), DAC).is_ok());
    refused(compile(Channel { pulse: asymmetric, ..good }, spaced(76), DAC), Field::PhaseTicks);
}

/// REQ-INV-03: the closing charge is at most 5 % of a phase: one code for 15 ticks against one code for 300.
#[test]
fn closing_charge_is_bounded() {
    let one_code = channel(100, 300, 40);
    let late = |ticks| HardwareTiming { late_max_ticks: ticks, ..timing() };
    assert!(compile(one_code, late(15), DAC).is_ok());
    refused(compile(one_code, late(16), DAC), Field::ClosingCharge);
}

/// REQ-INV-03: the period holds the pulse, its stretch and the trim, to the tick.
#[test]
fn period_is_long_enough() {
    let period = |us| Channel { rate: Rate::new(1, us).unwrap(), ..channel(40_000, 300, 1) };
    for late in [0, 10, 30] {
        let timing = HardwareTiming { late_max_ticks: late, ..timing() };
        let least = (600..20_000).find(|&us| compile(period(us), timing, DAC).is_ok()).unwrap();
        refused(compile(period(least - 1), timing, DAC), Field::PulseLength);
        assert_eq!(least > 1_000, late > 0, "{least} µs at L = {late}");
    }
}

/// REQ-INV-08: a command above a ceiling is an error and changes nothing; at it, it is taken.
#[test]
fn commands_keep_the_ceiling() {
    let ceiling = Setting::new(50_000, 350).unwrap();
    let channels = [Channel { ceiling, ..channel(40_000, 300, 40) }];
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
    let plan = Plan::compile(&session, &Hardware::new(timing(), &[DAC], 0).unwrap()).unwrap();
    let mut storage = [ChannelState::new()];
    let mut engine = Engine::new(&plan, &mut storage).unwrap();
    let receipt = engine.command(0, ceiling, 0).unwrap();
    assert_eq!((receipt.codes, receipt.width_ticks, receipt.from_sequence), (500, 350, 0));
    for (ua, us, field) in
        [(50_001, 350, Field::Amplitude), (50_000, 351, Field::PhaseWidth), (1_000, 0, Field::PhaseTicks)]
    {
        refused(engine.command(0, Setting::new(ua, us).unwrap(), 0).map(drop), field);
        assert_eq!(engine.setting(0), Some(ceiling));
    }
    refused(engine.command(1, ceiling, 0).map(drop), Field::Channels);
    assert!(engine.command(0, Setting::new(0, 0).unwrap(), 0).is_ok(), "silence is always to be had");
    assert!(Engine::new(&plan, &mut []).is_err());
}

proptest! {
    #![proptest_config(cases(512))]

    /// REQ-INV-10: extreme numbers everywhere are refused or compiled, without a panic, an overflow or a long loop.
    #[test]
    fn extremes_are_answered(
        n in prop::array::uniform12(prop_oneof![Just(0_u32), Just(1), Just(u32::MAX), any::<u32>(), 0_u32..2_000]),
        signs in prop::array::uniform3(any::<i32>()),
        flags in prop::array::uniform4(any::<bool>()),
    ) {
        let timing = HardwareTiming {
            ticks_per_second: n[0], late_max_ticks: n[1], stamp_error_ticks: n[2], write_ticks: n[3],
            settle_ticks: n[4], min_edge_ticks: n[5], dead_ticks: n[6], has_latch: flags[0],
            gap_rest: if flags[1] { Rest::DrivenZero } else { Rest::Open }, pulse_rest: Rest::Shorted,
        };
        let output = ChannelHardware {
            na_per_code_positive: n[7], na_per_code_negative: n[8], offset_na: signs[0], code_min: signs[1], code_max: signs[2], source: 0,
        };
        let Ok(hardware) = Hardware::new(timing, &[output; 2], 0) else { return Ok(()) };
        let set = Setting {
            amplitude: MicroAmps::from_microamps(n[9]).unwrap_or(MicroAmps::MAX),
            width: Micros::from_micros(n[10]).unwrap_or(Micros::MAX),
        };
        let Ok(rate) = Rate::new(n[11], n[9]) else { return Ok(()) };
        let balance = Balance::Asymmetric { length_percent: (n[8] % 2_100) as u16 };
        let pulse = PulseShape { gap: Micros::from_micros(n[4]).unwrap_or(Micros::MAX), balance, leading: Polarity::Negative, ..PulseShape::default() };
        let ramp = Ramp { up: Millis::MAX, down: Millis::MAX, down_min: Millis::ZERO, floor: n[5], control: Control::Width, slope: Slope::Exponential };
        let channels = [Channel { pulse, rate, train: Train::default(), set, ceiling: set, ramp, offset: Micros::MAX }];
        let Ok(session) = Session::new(&channels, Schedule::Continuous, Millis::MAX) else { return Ok(()) };
        let Ok(plan) = Plan::compile(&session, &hardware) else { return Ok(()) };
        let mut storage = [ChannelState::new()];
        let mut engine = Engine::new(&plan, &mut storage).unwrap();
        let _ = engine.command(0, set, u64::from(n[0]));
        engine.start(u64::MAX - u64::from(n[1]));
        for _ in 0..20 {
            if let Some(frame) = engine.pending() { engine.accept(0, frame.sequence()); }
            let Next::At(at) = engine.next() else { break };
            if engine.applied(at.saturating_add(u64::from(n[2]))).is_err() { break; }
        }
        engine.stop(StopPolicy::RecoverNow, u64::MAX);
        engine.stop(StopPolicy::HardOff, u64::MAX);
        prop_assert_eq!(engine.level(0), Some(Level::Open));
        prop_assert!(engine.finished().is_some());
    }
}

/// REQ-INV-10: reports out of order are faults, and a fault ends everything.
#[test]
fn out_of_order_is_a_fault() {
    let channels = [channel(40_000, 300, 40)];
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
    let plan = Plan::compile(&session, &Hardware::new(timing(), &[DAC], 0).unwrap()).unwrap();
    let mut storage = [ChannelState::new()];
    let mut engine = Engine::new(&plan, &mut storage).unwrap();
    assert_eq!(engine.applied(0), Err(EngineFault::OutOfOrder));
    let mut engine = Engine::new(&plan, &mut storage).unwrap();
    engine.command(0, channels[0].set, 0).unwrap();
    engine.start(100);
    assert_eq!(engine.next(), Next::Never, "an unaccepted frame is never due");
    let frame = engine.pending().unwrap();
    assert!(!engine.accept(0, frame.sequence() + 1) && !engine.accept(1, 0));
    assert!(engine.accept(0, frame.sequence()));
    let Next::At(first) = engine.next() else { panic!("due") };
    assert_eq!(engine.applied(first - 1), Err(EngineFault::Early { channel: 0, by_ticks: 1 }));
    assert_eq!(engine.next(), Next::Never);
    assert_eq!(engine.fault(), Some(EngineFault::Early { channel: 0, by_ticks: 1 }));
    assert_eq!(engine.applied(first), Err(EngineFault::OutOfOrder));
    engine.stop(StopPolicy::HardOff, first);
    assert!(engine.finished().is_some());
}
