//! Use classes against schedules, and whose figure the length of a session is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod check_support;

use check_support::{Case, ms};
use nmes_core::*;
use nmes_safety::{Layer, Profile, Remark, Rule, Setup, UseClass, Verdict, rules};

const DAY: u32 = 86_400_000;

fn setup(class: UseClass) -> Setup {
    Setup::new(&[5_000; 2], class).unwrap()
}

fn said(case: &Case, rule: &Rule) -> (Verdict, Option<u64>, Option<Remark>) {
    let report = case.report();
    let row = report.row(rule).unwrap();
    (row.verdict, row.value, row.remark)
}

fn cyclic(hold: u32, rest: u32) -> Schedule<'static> {
    Schedule::Cyclic(Cycle { hold: ms(hold), rest: ms(rest) })
}

/// REQ-SAF-651: where the protocol is to state how long a session may be, a device's or a subject's figure denies past it and
/// passes nothing; the protocol's or the profile's passes.
#[test]
fn whose_figure_a_session_has() {
    let rule = &rules::E_SES_1;
    let by = |layer, limit: u64, length_ms| {
        let setup = setup(UseClass::FunctionalWear).with_limit(layer, rule, limit).unwrap();
        let schedule = Schedule::Continuous;
        let (verdict, value, remark) = said(&Case { setup, schedule, length_ms, ..Case::new() }, rule);
        assert_eq!(value, Some(length_ms.into()));
        (verdict, remark)
    };
    for layer in [Layer::Device, Layer::Subject] {
        let unstated = (Verdict::NotEvaluated, Some(Remark::SessionLengthUnstated));
        assert_eq!(by(layer, 172_800_000, DAY), unstated, "{layer}");
        assert_eq!(by(layer, DAY.into(), DAY), unstated, "{layer}");
        assert_eq!(by(layer, DAY.into(), DAY + 1), (Verdict::Deny, None), "{layer}");
    }
    // what was not compared is no denial, and what was denied by its value has no other reason
    let setup_of = setup(UseClass::FunctionalWear);
    let case = Case { setup: setup_of, schedule: Schedule::Continuous, length_ms: DAY, ..Case::new() };
    let report = case.report();
    for (rule, has_value) in [(rule, true), (&rules::E_REST_1, false)] {
        let row = report.row(rule).unwrap();
        assert_eq!((row.verdict, row.denied_because()), (Verdict::NotEvaluated, None));
        assert_eq!((row.value.is_some(), row.remark.is_some()), (has_value, true));
    }
    assert_eq!(by(Layer::Protocol, DAY.into(), DAY), (Verdict::Pass, None));
    let profile = Profile::default().with_limit(rule, DAY.into()).unwrap();
    let setup = setup(UseClass::Continuous).with_limit(Layer::Device, rule, DAY.into()).unwrap();
    let case = Case { setup, profile, schedule: Schedule::Continuous, length_ms: DAY, ..Case::new() };
    assert_eq!(said(&case, rule).0, Verdict::Pass);
}

/// REQ-SAF-652: contractions and rests under a class that has none warn for longer than exercise may last, stated or not.
#[test]
fn a_day_of_contractions() {
    let rule = &rules::E_SES_1;
    let warns = |length_ms| (Verdict::Warn, Some(u64::from(length_ms)), Some(Remark::ClassAndSchedule));
    for class in [UseClass::FunctionalWear, UseClass::Continuous] {
        let unstated = setup(class);
        let stated = unstated.with_limit(Layer::Protocol, rule, DAY.into()).unwrap();
        let lasts = |setup, length_ms| said(&Case { setup, length_ms, ..Case::new() }, rule);
        assert_eq!(lasts(unstated, 3_600_000).0, Verdict::NotEvaluated, "{class}");
        assert_eq!(lasts(unstated, 3_600_001), warns(3_600_001), "{class}");
        assert_eq!(lasts(stated, 3_600_000), (Verdict::Pass, Some(3_600_000), None), "{class}");
        assert_eq!(lasts(stated, DAY), warns(DAY), "{class}");
        assert_eq!(lasts(stated, DAY + 1).0, Verdict::Deny, "{class}");
    }
}

/// REQ-SAF-652: and where one contraction is longer, or a rest shorter, than in exercise; a gate is for wear, one train for
/// continuous use.
#[test]
fn contractions_under_another_class() {
    let with = |class, schedule, rule: &Rule| {
        let setup = setup(class);
        said(&Case { setup, schedule, length_ms: 70_000, ..Case::new() }, rule)
    };
    let other = (Verdict::NotEvaluated, None, Some(Remark::UseClass));
    let warns = |value| (Verdict::Warn, Some(value), Some(Remark::ClassAndSchedule));
    for class in [UseClass::FunctionalWear, UseClass::Continuous] {
        assert_eq!(with(class, cyclic(28_000, 1_000), &rules::E_DUTY_1), other, "{class}");
        assert_eq!(with(class, cyclic(28_001, 1_000), &rules::E_DUTY_1), warns(30_001), "{class}");
        assert_eq!(with(class, cyclic(28_000, 1_000), &rules::E_REST_1), other, "{class}");
        assert_eq!(with(class, cyclic(28_000, 999), &rules::E_REST_1), warns(999), "{class}");
        assert_eq!(with(class, Schedule::Continuous, &rules::E_REST_1), other, "{class}");
    }
    assert_eq!(with(UseClass::Specialist, cyclic(28_001, 999), &rules::E_DUTY_1), other);
    let gate =
        Gate { max_on: ms(40_000), min_off: ms(999), max_triggers_per_minute: 1, refractory: Millis::ZERO };
    assert_eq!(with(UseClass::FunctionalWear, Schedule::Gated(gate), &rules::E_REST_1), other);
    assert_eq!(with(UseClass::Continuous, Schedule::Gated(gate), &rules::E_REST_1), warns(999));
    let programme = |rest| {
        let cycle = Cycle { hold: ms(28_001), rest: ms(rest) };
        let stage = Stage { cycle, repeats: 2, level_permille: 500, rate: None };
        let stages: &'static [Stage] = Box::leak(Box::new([stage]));
        with(UseClass::FunctionalWear, Schedule::Program(stages), &rules::E_DUTY_1)
    };
    assert_eq!(programme(1_000), warns(30_001));
    assert_eq!(programme(0), other, "one train");
}
