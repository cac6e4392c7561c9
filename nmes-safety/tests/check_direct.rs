//! Where the direct current that a setup declares is counted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod check_support;

use check_support::{Case, exercise};
use nmes_core::*;
use nmes_safety::{Profile, Rule, Verdict, rules};

/// 40 mA r.m.s. of pulses, and so much direct current.
fn with(direct_ua: u32, mm2: u32) -> Case {
    let setup = exercise(mm2).with_declared_dc(MicroAmps::from_microamps(direct_ua).unwrap()).unwrap();
    Case { setup, ..Case::pulse(80_000, 500, 250) }
}

fn denies(rule: &Rule, at: Case, past: (Case, u64)) {
    assert_eq!(at.row(rule), (Verdict::Pass, Some(rule.limit)), "{} at its limit", rule.id);
    assert_eq!(past.0.row(rule), (Verdict::Deny, Some(past.1)), "{} past its limit", rule.id);
}

/// REQ-SAF-645: a declared direct current adds to the r.m.s. current in every rule on the total: 10 mA to 40 mA.
#[test]
fn it_adds_to_the_total() {
    denies(&rules::N_RMS_X, with(10_000, 100_000), (with(10_001, 100_000), 50_001));
    denies(&rules::N_DOC_1, with(10_000, 2_500), (with(10_001, 2_500), 2_001));
    denies(&rules::E_J_2, with(10_000, 5_000), (with(10_001, 5_000), 2_001));
    denies(&rules::G_PD_1, with(10_000, 500), (with(10_001, 500), 250_011));
    let profile = Profile::named("fda-limited-output-draft").unwrap();
    let drafted = |ua| Case { profile, ..with(ua, 2_500) };
    denies(&rules::G_LO_J, drafted(10_000), (drafted(10_001), 2_001));
    assert_eq!(with(10_000, 100_000).row(&rules::N_MARK_1).1, Some(50_000));
    // (2 mA/cm²)² for 20 minutes
    assert_eq!(with(10_000, 5_000).row(&rules::E_J2T_1).1, Some(4 * 1_200));
}

/// REQ-SAF-645: it may be what an indicator is needed for; of the energy of a pulse it counts for as long as that lasts.
#[test]
fn it_may_need_an_indicator() {
    let case = |ua| Case { setup: with(ua, 5_000).setup, ..Case::pulse(16_000, 500, 250) };
    assert_eq!(case(2_000).row(&rules::N_IND_1), (Verdict::Pass, Some(10_000)));
    assert_eq!(case(2_001).row(&rules::N_IND_1), (Verdict::Inform, Some(10_001)));
    // 10 mA in 1 kohm for 2 × 50 ms; a balancing phase may be 16 µs longer
    let long = |ua| Case { setup: with(ua, 5_000).setup, ..Case::pulse(1_000, 50_000, 2) };
    let energy = |case: Case| case.row(&rules::N_IND_1_ENERGY).1.unwrap();
    assert_eq!(energy(Case { setup: exercise(5_000), ..long(1) }), 100);
    assert!((12_100..12_110).contains(&energy(long(10_000))), "{}", energy(long(10_000)));
}

/// REQ-SAF-645: on a shared electrode that of each channel adds.
#[test]
fn it_adds_on_a_shared_electrode() {
    let setup = |ua| with(ua, 100_000).setup.with_shared(0b11, 100_000).unwrap();
    let pair = |ua| Case { channels: 2, setup: setup(ua), ..Case::pulse(40_000, 500, 250) };
    denies(&rules::N_RMS_X, pair(5_000), (pair(5_001), 50_002));
}

/// REQ-SAF-645: the rows by rate are for the pulses; beside them N-DC-1 limits the direct current.
#[test]
fn it_is_not_in_the_rows_by_rate() {
    for (rule, us, hz) in
        [(&rules::N_RMS_1, 500, 250), (&rules::N_RMS_2, 125, 1_000), (&rules::N_RMS_3, 50, 2_500)]
    {
        let case = Case { setup: with(20_000, 100_000).setup, ..Case::pulse(80_000, us, hz) };
        assert_eq!(case.row(rule), (Verdict::Pass, Some(40_000)), "{}", rule.id);
        assert_eq!(case.row(&rules::N_DC_1), (Verdict::Pass, Some(20_000)));
        assert!(rule.source.contains("never less than the a.c. part"));
    }
}

/// REQ-SAF-688: it adds to the mean of the current and to its peak, and to the voltage that the peak needs.
#[test]
fn it_adds_to_the_mean_and_the_peak() {
    let direct = |ua: u32| MicroAmps::from_microamps(ua).unwrap();
    let drafted = |ua: u32| {
        let setup = exercise(100_000).with_declared_dc(direct(ua)).unwrap();
        let profile = Profile::named("fda-limited-output-draft").unwrap();
        // 80 mA for 2 × 250 µs, 200 times a second
        Case { setup, profile, ..Case::pulse(80_000, 250, 200) }
    };
    denies(&rules::G_LO_I, drafted(2_000), (drafted(2_001), 10_001));
    let strong = |ua: u32| {
        let setup = exercise(100_000).with_declared_dc(direct(ua)).unwrap();
        Case { setup, ceiling: (118_000, 100), ..Case::new() }
    };
    denies(&rules::E_PEAK_1, strong(12_000), (strong(12_001), 130_001));
    let near = |ua: u32| {
        let setup =
            exercise(100_000).with_rail_mv(100_000).and_then(|setup| setup.with_load_ohm(1_000)).unwrap();
        Case { setup: setup.with_declared_dc(direct(ua)).unwrap(), ceiling: (80_000, 100), ..Case::new() }
    };
    // 80 mA and 10 mA in 1 kohm are nine tenths of 100 V
    assert_eq!(near(10_000).row(&rules::E_COMP_1).1, Some(900));
    assert_eq!(near(10_001).row(&rules::E_COMP_1).1, Some(901));
}
