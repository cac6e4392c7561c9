//! Rules that inform and warn, and the least setting: each on both sides of its figure.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod check_support;

use check_support::{Case, exercise};
use nmes_core::*;
use nmes_safety::{Remark, Rule, Verdict, rules};

/// The case passes the rule at `at`, and gets the verdict at `past`, which is one step further.
fn sides(rule: &Rule, at: (Case, u64), past: (Case, u64), verdict: Verdict) {
    assert_eq!(at.0.row(rule), (Verdict::Pass, Some(at.1)), "{} at its limit", rule.id);
    assert_eq!(past.0.row(rule), (verdict, Some(past.1)), "{} past its limit", rule.id);
}

/// REQ-SAF-575: above 10 mA r.m.s. a device needs a warning mark, or above 10 V at the load that is stated. It informs.
#[test]
fn a_warning_mark() {
    // 2·t·f is ¼: the r.m.s. is half the peak
    let case = |ohms: Option<u32>, ua| {
        let setup = exercise(100_000);
        let setup = ohms.map_or(setup, |ohms| setup.with_load_ohm(ohms).unwrap());
        Case { setup, ..Case::pulse(ua, 500, 250) }
    };
    for ohms in [None, Some(500), Some(1_000)] {
        let (at, past) = (case(ohms, 20_000), case(ohms, 20_001));
        sides(&rules::N_MARK_1, (at, 10_000), (past, 10_001), Verdict::Inform);
        assert_eq!(past.report().row(&rules::N_MARK_1).unwrap().remark, Some(Remark::MarkNeeded));
    }
    let high = |ua| case(Some(2_000), ua);
    sides(&rules::N_MARK_1, (high(10_000), 5_000), (high(10_001), 5_001), Verdict::Inform);
    assert_eq!(high(10_000).report().row(&rules::N_MARK_1).unwrap().limit, Some(5_000));
}

/// REQ-SAF-576: one code of 1 mA is 2 % of a range of 50 codes, and more than that of 49, the way the pulses lead.
#[test]
fn the_least_setting() {
    let case = |least: i32, most, leading| Case {
        dac: ChannelHardware::symmetric(1_000_000, -least, most),
        leading,
        ..Case::new()
    };
    for (at, past) in [
        (case(50, 50, Polarity::Positive), case(50, 49, Polarity::Positive)),
        (case(50, 50, Polarity::Negative), case(49, 50, Polarity::Negative)),
    ] {
        sides(&rules::N_MIN_1, (at, 20), (past, 21), Verdict::Deny);
    }
    let offset = Case {
        dac: ChannelHardware { offset_na: 1, ..case(50, 50, Polarity::Positive).dac },
        ..case(50, 50, Polarity::Positive)
    };
    assert_eq!(offset.row(&rules::N_MIN_1), (Verdict::Deny, Some(21)), "the offset counts");
    // a code and a range of the polarity that leads: half as strong, both of them
    let negative = case(50, 50, Polarity::Negative);
    let half = Case { dac: ChannelHardware { na_per_code_negative: 500_000, ..negative.dac }, ..negative };
    assert_eq!(half.row(&rules::N_MIN_1), (Verdict::Pass, Some(20)));
}

/// REQ-SAF-577: J²·t with the whole session as on: 50 mA r.m.s. on half of 10 cm² are 10 mA/cm², and 9,200 s of it 0.92 A²·s/cm⁴. It
/// warns; the density denies long before.
#[test]
fn heat() {
    let case = |length_ms| Case {
        setup: exercise(1_000),
        schedule: Schedule::Continuous,
        length_ms,
        ..Case::pulse(100_000, 500, 250)
    };
    sides(&rules::E_J2T_1, (case(9_200_000), 920_000), (case(9_200_001), 920_001), Verdict::Warn);
    assert_eq!(case(9_200_000).row(&rules::E_J_2).0, Verdict::Deny);
    // half the contact is four times as much
    let half = Case { setup: exercise(500), ..case(2_300_000) };
    assert_eq!(half.row(&rules::E_J2T_1), (Verdict::Pass, Some(920_000)));
    // the facts' own: 25 min at 2 mA/cm² are 0.006
    let facts = Case { length_ms: 1_500_000, setup: exercise(5_000), ..case(1) };
    assert_eq!(facts.row(&rules::E_J2T_1), (Verdict::Pass, Some(6_000)));
    assert_eq!(facts.row(&rules::E_J_2), (Verdict::Pass, Some(2_000)));
    let nobody = Case {
        channels: 2,
        setup: nmes_safety::Setup::new(&[5_000], nmes_safety::UseClass::Exercise).unwrap(),
        ..facts
    };
    assert_eq!(nobody.row(&rules::E_J2T_1), (Verdict::NotEvaluated, None));
}

/// REQ-SAF-578: what only a device can show is not evaluated, and the row names what is missing; it denies nothing.
#[test]
fn what_the_device_has_to_show() {
    let report = Case::new().report();
    let shown: Vec<(&str, Remark)> = report
        .rows()
        .filter(|row| row.remark.is_some_and(Remark::is_of_device))
        .map(|row| {
            assert_eq!(
                (row.verdict, row.value, row.limit),
                (Verdict::NotEvaluated, None, Some(row.rule.limit))
            );
            (row.rule.id, row.remark.unwrap())
        })
        .collect();
    let expected = [
        ("N-IND-2", Remark::ShowIndicator),
        ("N-ACC-1", Remark::ShowAccuracy),
        ("N-SUP-1", Remark::ShowSupply),
        ("N-OCSC-1", Remark::ShowOpenShort),
        ("N-LEAK-1", Remark::ShowLeakage),
        ("N-LEAK-1-F", Remark::ShowLeakage),
        ("N-LEAK-2", Remark::ShowLeakage),
        ("N-LEAK-2-F", Remark::ShowLeakage),
        ("N-TEMP-1", Remark::ShowTemperature),
    ];
    assert_eq!(shown, expected);
    assert_eq!(Case::new().checked(), Ok(()));
    let setup = exercise(5_000).with_limit(nmes_safety::Layer::Device, &rules::N_LEAK_1, 5).unwrap();
    let row = *Case { setup, ..Case::new() }.report().row(&rules::N_LEAK_1).unwrap();
    assert_eq!((row.limit, row.layer), (Some(5), nmes_safety::Layer::Device), "a stricter layer binds");
}
