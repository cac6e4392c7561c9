//! Bad input, value by value: each refusal with its field, the value and the limit, and what stands one unit on the
//! other side.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::{DAC, ms, plain};
use nmes_core::*;

/// What is to come of a case.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    Taken,
    Below(Field, i64, i64),
    Above(Field, i64, i64),
    Conflict(Field),
}
use Wanted::{Above, Below, Conflict, Taken};

type Answer = Result<(), ConfigError>;
type Case = (Answer, Wanted);

#[track_caller]
fn check(cases: &[Case]) {
    for (number, (answer, wanted)) in cases.iter().enumerate() {
        let same = match (*answer, *wanted) {
            (Ok(()), Taken) => true,
            (Err(ConfigError::Below { field, value, limit, .. }), Below(f, v, l)) => {
                (field, value, limit) == (f, v, l)
            }
            (Err(ConfigError::Above { field, value, limit, .. }), Above(f, v, l)) => {
                (field, value, limit) == (f, v, l)
            }
            (Err(ConfigError::Conflict { field, .. }), Conflict(f)) => field == f,
            _ => false,
        };
        assert!(same, "case {number}: {answer:?}, wanted {wanted:?}");
        if let Err(error) = answer {
            let text = error.to_string();
            assert!(
                text.contains(&error.field().to_string()) && text.contains("; ") || text.contains(": "),
                "{text}"
            );
        }
    }
}

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

fn setting(ua: u32, us: u32) -> Setting {
    Setting::new(ua, us).unwrap()
}

fn session(channel: Channel<'_>) -> Answer {
    Session::new(&[channel], Schedule::Continuous, ms(1_000)).map(drop)
}

fn scheduled(schedule: Schedule<'_>) -> Answer {
    Session::new(&[plain()], schedule, ms(60_000)).map(drop)
}

fn shaped(pulse: PulseShape<'_>) -> Answer {
    session(Channel { pulse, ..plain() })
}

fn form(form: Form<'_>) -> Answer {
    shaped(PulseShape { form, ..PulseShape::default() })
}

fn at(set: Setting, ceiling: Setting) -> Answer {
    session(Channel { set, ceiling, ..plain() })
}

/// REQ-CORE-85: channels, settings, lengths and ramps of a session.
#[test]
fn sessions() {
    let of = |n: usize, length| Session::new(&vec![plain(); n], Schedule::Continuous, ms(length)).map(drop);
    let ramp = |down, down_min| {
        session(Channel {
            ramp: Ramp { down: ms(down), down_min: ms(down_min), ..Ramp::default() },
            ..plain()
        })
    };
    let top = setting(1_000_000, 10_000_000);
    check(&[
        (of(0, 1), Below(Field::Channels, 0, 1)),
        (of(1, 1), Taken),
        (of(8, 172_800_000), Taken),
        (of(9, 1), Above(Field::Channels, 9, 8)),
        (of(1_000, 1), Above(Field::Channels, 1_000, 8)),
        (of(1, 0), Below(Field::SessionLength, 0, 1)),
        (at(setting(1, 0), top), Below(Field::PhaseWidth, 0, 1)),
        (at(setting(0, 1), top), Below(Field::Amplitude, 0, 1)),
        (at(setting(1, 1), top), Taken),
        (at(top, top), Taken),
        (at(setting(1, 1), setting(1, 10_000_001)), Above(Field::PhaseWidth, 10_000_001, 10_000_000)),
        (at(setting(1, 1), setting(1, 3_600_000_000)), Above(Field::PhaseWidth, 3_600_000_000, 10_000_000)),
        (at(setting(2, 301), setting(2, 300)), Above(Field::PhaseWidth, 301, 300)),
        (at(setting(3, 300), setting(2, 300)), Above(Field::Amplitude, 3, 2)),
        (at(setting(1, 1), Setting::ZERO), Above(Field::PhaseWidth, 1, 0)),
        (ramp(100, 100), Taken),
        (ramp(100, 101), Above(Field::RampTime, 101, 100)),
        (ramp(0, 172_800_000), Above(Field::RampTime, 172_800_000, 0)),
    ]);
    assert_eq!(Setting::new(1_000_001, 1), None);
    assert_eq!(Setting::new(u32::MAX, u32::MAX), None);
}

/// REQ-CORE-85: balance, repeats, pre-pulses and outer phases.
#[test]
fn shapes() {
    let balance = |length_percent| {
        shaped(PulseShape { balance: Balance::Asymmetric { length_percent }, ..PulseShape::default() })
    };
    let repeat = |count| shaped(PulseShape { repeat: Repeat { count, gap: us(1) }, ..PulseShape::default() });
    let prepulse =
        |amplitude_percent, width| form(Form::Prepulse(Prepulse { amplitude_percent, width: us(width) }));
    let outer = |outer_percent| form(Form::Triphasic { outer_percent });
    let with = |form, balance| shaped(PulseShape { form, balance, ..PulseShape::default() });
    let dc = Balance::DeclaredDc { at_most: MicroAmps::MAX };
    let longer = Balance::Asymmetric { length_percent: 200 };
    let weak = Form::Prepulse(Prepulse { amplitude_percent: 10, width: us(100) });
    check(&[
        (balance(0), Below(Field::BalanceLength, 0, 100)),
        (balance(99), Below(Field::BalanceLength, 99, 100)),
        (balance(100), Taken),
        (balance(2_000), Taken),
        (balance(2_001), Above(Field::BalanceLength, 2_001, 2_000)),
        (balance(u16::MAX), Above(Field::BalanceLength, 65_535, 2_000)),
        (repeat(0), Below(Field::Repeat, 0, 1)),
        (repeat(1), Taken),
        (repeat(1_000), Taken),
        (repeat(1_001), Above(Field::Repeat, 1_001, 1_000)),
        (repeat(u16::MAX), Above(Field::Repeat, 65_535, 1_000)),
        (prepulse(0, 100), Below(Field::PhasePercent, 0, 1)),
        (prepulse(100, 1), Taken),
        (prepulse(101, 100), Above(Field::PhasePercent, 101, 100)),
        (prepulse(255, 100), Above(Field::PhasePercent, 255, 100)),
        (prepulse(10, 0), Below(Field::PhaseWidth, 0, 1)),
        (prepulse(10, 10_000_000), Taken),
        (prepulse(10, 10_000_001), Above(Field::PhaseWidth, 10_000_001, 10_000_000)),
        (with(weak, dc), Conflict(Field::BalanceLength)),
        (with(weak, longer), Taken),
        (outer(0), Below(Field::PhasePercent, 0, 1)),
        (outer(1), Taken),
        (outer(90), Taken),
        (outer(91), Above(Field::PhasePercent, 91, 90)),
        (outer(255), Above(Field::PhasePercent, 255, 90)),
        (with(Form::Triphasic { outer_percent: 50 }, longer), Conflict(Field::BalanceLength)),
        (with(Form::Triphasic { outer_percent: 50 }, dc), Conflict(Field::BalanceLength)),
    ]);
}

fn point(permille: i16, width: u32) -> Point {
    Point { permille, width: us(width) }
}

/// REQ-CORE-85: custom points. [`plain`] is 300 µs wide.
#[test]
fn points() {
    let pair = |a, b| form(Form::Points(&[point(a, 150), point(b, 150)]));
    let many = |n: usize| {
        let points: Vec<_> = (0..n).map(|i| point(if i % 2 == 0 { 500 } else { -500 }, 300 / 20)).collect();
        let set = setting(40_000, 15 * u32::try_from(n).unwrap().max(1));
        let pulse = PulseShape { form: Form::Points(&points), ..PulseShape::default() };
        session(Channel { pulse, set, ceiling: set, ..plain() })
    };
    let good = [point(1_000, 150), point(-1_000, 150)];
    let with = |balance| shaped(PulseShape { form: Form::Points(&good), balance, ..PulseShape::default() });
    let pulse = PulseShape { form: Form::Points(&good), ..PulseShape::default() };
    let wide = Ramp { control: Control::Width, ..Ramp::default() };
    check(&[
        (many(0), Below(Field::Points, 0, 2)),
        (many(1), Below(Field::Points, 1, 2)),
        (many(2), Taken),
        (many(16), Taken),
        (many(17), Above(Field::Points, 17, 16)),
        (pair(1_000, -1_000), Taken),
        (pair(1_001, -1_000), Above(Field::PointLevel, 1_001, 1_000)),
        (pair(1_000, -1_001), Above(Field::PointLevel, 1_001, 1_000)),
        (pair(i16::MIN, 1), Above(Field::PointLevel, 32_768, 1_000)),
        (pair(1, i16::MAX), Above(Field::PointLevel, 32_767, 1_000)),
        (pair(0, 0), Below(Field::PointLevel, 0, 1)),
        (pair(-500, -500), Below(Field::PointLevel, 0, 1)),
        (pair(500, 0), Conflict(Field::PointLevel)),
        (pair(500, -498), Conflict(Field::PointLevel)),
        (pair(500, -499), Taken),
        (form(Form::Points(&[point(1, 0), point(-1, 300)])), Below(Field::PhaseWidth, 0, 1)),
        (form(Form::Points(&[point(1, 150), point(-1, 149)])), Conflict(Field::PhaseWidth)),
        (form(Form::Points(&[point(1_000, 3_600_000_000); 16])), Conflict(Field::PhaseWidth)),
        (with(Balance::Asymmetric { length_percent: 100 }), Conflict(Field::BalanceLength)),
        (with(Balance::DeclaredDc { at_most: MicroAmps::MAX }), Taken),
        (session(Channel { pulse, ramp: wide, ..plain() }), Conflict(Field::PhaseWidth)),
        (session(Channel { pulse, ceiling: setting(40_000, 301), ..plain() }), Conflict(Field::PhaseWidth)),
    ]);
}

/// REQ-CORE-85: tables.
#[test]
fn tables() {
    let table = |levels: &[i16]| form(Form::Table(levels));
    check(&[
        (table(&[]), Below(Field::Points, 0, 2)),
        (table(&[1]), Below(Field::Points, 1, 2)),
        (table(&[1, 0]), Taken),
        (table(&[1; 5_000]), Taken),
        (table(&[1; 5_001]), Above(Field::Points, 5_001, 5_000)),
        (table(&[0, -1]), Below(Field::PointLevel, -1, 0)),
        (table(&[i16::MIN, 1]), Below(Field::PointLevel, -32_768, 0)),
        (table(&[FULL_SCALE, 0]), Taken),
        (table(&[FULL_SCALE + 1, 0]), Above(Field::PointLevel, 16_385, 16_384)),
        (table(&[i16::MAX, 0]), Above(Field::PointLevel, 32_767, 16_384)),
        (table(&[0, 0]), Below(Field::PointLevel, 0, 1)),
    ]);
}

/// REQ-CORE-85: cycles, gates and stages.
#[test]
fn schedules() {
    let gate = |max_on, triggers| {
        scheduled(Schedule::Gated(Gate {
            max_on: ms(max_on),
            min_off: Millis::MAX,
            max_triggers_per_minute: triggers,
            refractory: Millis::MAX,
        }))
    };
    let cycle = |hold| Cycle { hold: ms(hold), rest: Millis::MAX };
    let stage =
        |hold, repeats, level_permille| Stage { cycle: cycle(hold), repeats, level_permille, rate: None };
    let one = |stage| scheduled(Schedule::Program(&[stage]));
    check(&[
        (scheduled(Schedule::Cyclic(cycle(0))), Below(Field::Hold, 0, 1)),
        (scheduled(Schedule::Cyclic(cycle(1))), Taken),
        (gate(0, 1), Below(Field::GateMaxOn, 0, 1)),
        (gate(1, 0), Below(Field::GateTriggers, 0, 1)),
        (gate(1, 600), Taken),
        (gate(1, 601), Above(Field::GateTriggers, 601, 600)),
        (gate(1, u16::MAX), Above(Field::GateTriggers, 65_535, 600)),
        (scheduled(Schedule::Program(&[])), Below(Field::Stages, 0, 1)),
        (scheduled(Schedule::Program(&[stage(1, 1, 1); 16])), Taken),
        (scheduled(Schedule::Program(&[stage(1, 1, 1); 17])), Above(Field::Stages, 17, 16)),
        (one(stage(0, 1, 1)), Below(Field::Hold, 0, 1)),
        (one(stage(1, 0, 1)), Below(Field::Repeats, 0, 1)),
        (one(stage(1, 1, 0)), Below(Field::StageLevel, 0, 1)),
        (one(stage(1, u16::MAX, 1_000)), Taken),
        (one(stage(1, 1, 1_001)), Above(Field::StageLevel, 1_001, 1_000)),
        (one(stage(1, 1, u16::MAX)), Above(Field::StageLevel, 65_535, 1_000)),
    ]);
}

/// REQ-CORE-85: rates and recruitment patterns.
#[test]
fn rates_and_patterns() {
    let at = |command_permille, ua, width| PatternPoint { command_permille, setting: setting(ua, width) };
    let pattern = |points: &[PatternPoint]| Pattern::new(points).map(drop);
    let many =
        |n: u16| (0..n).map(|i| at(if i + 1 == n { 1_000 } else { i }, 1_000, 100)).collect::<Vec<_>>();
    let good = [at(0, 0, 0), at(1_000, 1_000, 100)];
    let level = |n| Pattern::new(&good).unwrap().setting(n).map(drop);
    check(&[
        (Rate::new(0, 1).map(drop), Below(Field::RatePulses, 0, 1)),
        (Rate::new(1, 0).map(drop), Below(Field::RatePer, 0, 1)),
        (Rate::new(0, 0).map(drop), Below(Field::RatePulses, 0, 1)),
        (Rate::new(u32::MAX, u32::MAX).map(drop), Taken),
        (Rate::from_millihertz(0).map(drop), Below(Field::RatePulses, 0, 1)),
        (pattern(&[]), Below(Field::PatternPoints, 0, 2)),
        (pattern(&many(1)), Below(Field::PatternPoints, 1, 2)),
        (pattern(&many(2)), Taken),
        (pattern(&many(20)), Taken),
        (pattern(&many(21)), Above(Field::PatternPoints, 21, 20)),
        (pattern(&[at(1, 0, 0), at(1_000, 1, 1)]), Above(Field::PatternCommand, 1, 0)),
        (pattern(&[at(0, 0, 0), at(999, 1, 1)]), Below(Field::PatternCommand, 999, 1_000)),
        (pattern(&[at(0, 0, 0), at(1_001, 1, 1)]), Above(Field::PatternCommand, 1_001, 1_000)),
        (
            pattern(&[at(0, 0, 0), at(500, 1, 1), at(500, 1, 1), at(1_000, 1, 1)]),
            Below(Field::PatternCommand, 500, 501),
        ),
        (
            pattern(&[at(0, 0, 0), at(500, 1, 1), at(499, 1, 1), at(1_000, 1, 1)]),
            Below(Field::PatternCommand, 499, 501),
        ),
        (pattern(&[at(0, 2, 3), at(1_000, 5, 1)]), Below(Field::PatternCharge, 5, 6)),
        (level(1_000), Taken),
        (level(1_001), Above(Field::PatternCommand, 1_001, 1_000)),
        (level(u16::MAX), Above(Field::PatternCommand, 65_535, 1_000)),
    ]);
}

/// REQ-CORE-85: the clock and the times of a hardware.
#[test]
fn hardware_times() {
    let ideal = HardwareTiming::ideal(1_000_000);
    let make = |timing| Hardware::new(timing, &[DAC], 0).map(drop);
    let count = |n: usize| Hardware::new(ideal, &vec![DAC; n], 0).map(drop);
    let long = u32::MAX;
    let over = |field| Above(field, i64::from(u32::MAX), 1_000_000);
    check(&[
        (count(0), Below(Field::Channels, 0, 1)),
        (count(8), Taken),
        (count(9), Above(Field::Channels, 9, 8)),
        (count(1_000), Above(Field::Channels, 1_000, 8)),
        (make(HardwareTiming::ideal(0)), Below(Field::TicksPerSecond, 0, 1_000)),
        (make(HardwareTiming::ideal(999)), Below(Field::TicksPerSecond, 999, 1_000)),
        (make(HardwareTiming::ideal(1_000)), Taken),
        (make(HardwareTiming::ideal(1_000_000_000)), Taken),
        (
            make(HardwareTiming::ideal(1_000_000_001)),
            Above(Field::TicksPerSecond, 1_000_000_001, 1_000_000_000),
        ),
        (make(HardwareTiming { late_max_ticks: long, ..ideal }), over(Field::Lateness)),
        (make(HardwareTiming { late_max_ticks: 1_000_000, ..ideal }), Taken),
        (
            make(HardwareTiming { late_max_ticks: 1_000_001, ..ideal }),
            Above(Field::Lateness, 1_000_001, 1_000_000),
        ),
        (make(HardwareTiming { stamp_error_ticks: long, ..ideal }), over(Field::Lateness)),
        (make(HardwareTiming { min_edge_ticks: long, ..ideal }), over(Field::EdgeSpacing)),
        (make(HardwareTiming { write_ticks: long, ..ideal }), over(Field::EdgeSpacing)),
        (make(HardwareTiming { settle_ticks: long, ..ideal }), over(Field::EdgeSpacing)),
        (make(HardwareTiming { dead_ticks: long, ..ideal }), over(Field::EdgeSpacing)),
        (
            make(HardwareTiming { dead_ticks: 1, pulse_rest: Rest::Shorted, ..ideal }),
            Conflict(Field::RestMode),
        ),
        (
            make(HardwareTiming { late_max_ticks: 4, min_edge_ticks: 5, ..ideal }),
            Below(Field::Lateness, 4, 5),
        ),
        (make(HardwareTiming { late_max_ticks: 5, min_edge_ticks: 5, ..ideal }), Taken),
    ]);
}

/// REQ-CORE-85: the currents of a hardware.
#[test]
fn hardware_currents() {
    let make = |output| Hardware::new(HardwareTiming::ideal(1_000_000), &[DAC, output], 0).map(drop);
    let (low, high) = (-8_388_608, 8_388_607);
    let of = ChannelHardware::symmetric;
    let offset = |offset_na| make(ChannelHardware { offset_na, ..of(1_001, -1, 1) });
    check(&[
        (make(of(0, -1, 1)), Below(Field::NanoampsPerCode, 0, 1)),
        (make(of(1, -1, 1)), Taken),
        (make(of(100_000_000, low, high)), Taken),
        (make(of(100_000_001, -1, 1)), Above(Field::NanoampsPerCode, 100_000_001, 100_000_000)),
        (make(ChannelHardware { na_per_code_negative: 0, ..DAC }), Below(Field::NanoampsPerCode, 0, 1)),
        (
            make(ChannelHardware { na_per_code_negative: u32::MAX, ..DAC }),
            Above(Field::NanoampsPerCode, i64::from(u32::MAX), 100_000_000),
        ),
        (make(of(1, 0, 1)), Above(Field::CodeMin, 0, -1)),
        (make(of(1, i32::MAX, 1)), Above(Field::CodeMin, i64::from(i32::MAX), -1)),
        (make(of(1, -1, 0)), Below(Field::CodeMax, 0, 1)),
        (make(of(1, -1, i32::MIN)), Below(Field::CodeMax, i64::from(i32::MIN), 1)),
        (make(of(1, 1, -1)), Above(Field::CodeMin, 1, -1)),
        (make(of(1, low - 1, 1)), Below(Field::CodeMin, -8_388_609, -8_388_608)),
        (make(of(1, -1, high + 1)), Above(Field::CodeMax, 8_388_608, 8_388_607)),
        (offset(500), Taken),
        (offset(-500), Taken),
        (offset(501), Above(Field::OffsetCurrent, 501, 500)),
        (offset(-501), Above(Field::OffsetCurrent, 501, 500)),
        (offset(i32::MIN), Above(Field::OffsetCurrent, 2_147_483_648, 500)),
    ]);
}
