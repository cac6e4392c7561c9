//! The check against numbers worked out by hand, and the cases that once were wrong.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod check_support;

use check_support::{Case, exercise, ms, wear};
use nmes_core::*;
use nmes_safety::{
    Phase, Place, Profile, PulseMetrics, Remark, Setup, UseClass, Verdict, power_uw_per_cm2, rules,
};

fn phases(ma: i64, us: u64, count: usize) -> Vec<Phase> {
    (0..count)
        .map(|n| Phase { current_na: ma * 1_000_000 * if n % 2 == 0 { 1 } else { -1 }, ticks: us })
        .collect()
}

/// `value` in thousandths, to the nearest `step` thousandths.
fn nearest(value: u64, step: u64) -> u64 {
    (value + step / 2) / step * step
}

/// REQ-SAF-007: the vectors of the limits sheet, to the last digit given there: r.m.s., energy, charge, voltage at
/// 500 ohm, mean absolute current, power; and as the rows of a report give them.
#[test]
fn vectors() {
    // mA, µs, Hz, phases | µA r.m.s. and digit, µJ, pC, mV, µA mean and digit, µW and digit
    #[rustfmt::skip]
    let table = [
        ((200, 200, 200, 1), (40_000, 100), 4_000, 40_000_000, 100_000, (8_000, 100), (800_000, 10_000)),
        ((100, 300, 50, 2), (17_320, 10), 3_000, 30_000_000, 50_000, (3_000, 100), (150_000, 10_000)),
        ((60, 400, 40, 2), (10_730, 10), 1_440, 24_000_000, 30_000, (1_920, 10), (58_000, 1_000)),
        ((130, 500, 50, 2), (29_070, 10), 8_450, 65_000_000, 65_000, (6_500, 100), (420_000, 10_000)),
        ((130, 500, 100, 2), (41_110, 10), 8_450, 65_000_000, 65_000, (13_000, 100), (850_000, 10_000)),
        ((130, 500, 148, 2), (50_010, 10), 8_450, 65_000_000, 65_000, (19_200, 100), (1_250_000, 10_000)),
    ];
    for ((ma, us, hz, count), rms, uj, pc, mv, mean, power) in table {
        let pulse = PulseMetrics::of(&phases(ma, us, count), 1_000_000);
        let rate = Rate::from_hz(hz).unwrap();
        assert_eq!(nearest(pulse.rms_ua(rate), rms.1), rms.0, "r.m.s. of {ma} mA × {us} µs × {hz} Hz");
        assert_eq!(pulse.energy_uj(500), uj);
        assert_eq!(pulse.phase_charge_pc(), pc);
        assert_eq!(pulse.peak_mv(500), mv);
        assert_eq!(nearest(pulse.mean_absolute_ua(rate), mean.1), mean.0);
        let on_one_cm2 = power_uw_per_cm2(pulse.mean_square_na2(rate), 500, 100);
        assert_eq!(nearest(on_one_cm2, power.1), power.0);
        let limited = Profile::named("fda-limited-output-draft").unwrap();
        // 1 cm², and a rail of 1,000 V of which a permille is 1 V
        let setup = exercise(100).with_rail_mv(1_000_000).and_then(|s| s.with_load_ohm(500)).unwrap();
        let balance =
            if count == 2 { Balance::Symmetric } else { Balance::DeclaredDc { at_most: MicroAmps::MAX } };
        let width = u32::try_from(us).unwrap();
        let case = Case {
            setup,
            balance,
            profile: limited,
            ..Case::pulse(u32::try_from(ma).unwrap() * 1_000, width, hz)
        };
        let report = case.report();
        let row = |rule| report.row(rule).unwrap().value.unwrap();
        assert_eq!(nearest(row(&rules::N_RMS_1), rms.1), rms.0);
        assert_eq!((row(&rules::N_EN_1), row(&rules::E_Q_1), row(&rules::E_COMP_1)), (uj, pc, mv / 1_000));
        assert_eq!(nearest(row(&rules::G_LO_I), mean.1), mean.0);
        assert_eq!(nearest(row(&rules::G_PD_1), power.1), power.0);
    }
}

/// REQ-SAF-007: the fifth vector is 2.06 mA/cm² on 20 cm² and is denied; the sixth is just over N-RMS-1.
#[test]
fn vectors_that_are_denied() {
    let case = Case { setup: exercise(2_000), ..Case::pulse(130_000, 500, 100) };
    let (verdict, value) = case.row(&rules::N_DOC_1);
    assert_eq!((verdict, nearest(value.unwrap(), 10)), (Verdict::Deny, 2_060));
    let (verdict, value) = Case::pulse(130_000, 500, 148).row(&rules::N_RMS_1);
    assert_eq!((verdict, nearest(value.unwrap(), 10)), (Verdict::Deny, 50_010));
    assert_eq!(Case::pulse(130_000, 500, 147).row(&rules::N_RMS_1).0, Verdict::Pass);
}

/// REQ-SAF-007: where 50 mA r.m.s. is reached: at the last rate it is not passed, at the next one it is.
#[test]
fn rates_that_reach_the_cap() {
    for (ma, us, hz) in [(60, 300, 1_157), (100, 300, 416), (120, 250, 347), (100, 500, 250), (130, 500, 147)]
    {
        let pulse = PulseMetrics::of(&phases(ma, us, 2), 1_000_000);
        let rms = |hz| pulse.rms_ua(Rate::from_hz(hz).unwrap());
        assert!(rms(hz) <= 50_000 && rms(hz + 1) > 50_000, "{ma} mA × {us} µs × {hz} Hz");
    }
}

/// REQ-SAF-007: 300 mJ monophasic, and 80 mA for 0.1 s beside it.
#[test]
fn energy_of_long_pulses() {
    for (ua, us) in [(1_095_445, 500), (774_596, 1_000), (346_410, 5_000)] {
        let joules = |ua: i64| {
            PulseMetrics::of(&[Phase { current_na: ua * 1_000, ticks: us }], 1_000_000).energy_uj(500)
        };
        assert!(joules(ua) <= 300_000 && joules(ua + 1) > 300_000, "{us} µs");
    }
    assert_eq!(PulseMetrics::of(&phases(80, 100_000, 1), 1_000_000).energy_uj(500), 320_000);
}

fn foot_drop(area_mm2: u32, contact_permille: u16) -> Case {
    let gate =
        Gate { max_on: ms(3_000), min_off: ms(100), max_triggers_per_minute: 90, refractory: Millis::ZERO };
    Case {
        schedule: Schedule::Gated(gate),
        up_down_min: (300, 300, 260),
        setup: wear(area_mm2).with_contact_permille(contact_permille).unwrap(),
        ..Case::pulse(100_000, 365, 40)
    }
}

/// REQ-SAF-007: 100 mA × 365 µs × 40 Hz is 17.1 mA r.m.s.: 8 cm² is denied, 9 cm² passes; at half contact 17.1 cm².
#[test]
fn foot_drop_electrodes() {
    assert_eq!(foot_drop(800, 1_000).row(&rules::N_RMS_1), (Verdict::Pass, Some(17_089)));
    assert_eq!(foot_drop(800, 1_000).row(&rules::N_DOC_1), (Verdict::Deny, Some(2_137)));
    assert_eq!(foot_drop(900, 1_000).row(&rules::N_DOC_1), (Verdict::Pass, Some(1_899)));
    assert_eq!(foot_drop(900, 1_000).row(&rules::E_J_2).0, Verdict::Deny);
    assert_eq!(foot_drop(1_708, 1_000).row(&rules::E_J_2).0, Verdict::Deny);
    assert_eq!(foot_drop(1_709, 1_000).row(&rules::E_J_2).0, Verdict::Pass);
    assert_eq!(foot_drop(1_708, 500).row(&rules::E_J_2).0, Verdict::Deny);
    assert_eq!(foot_drop(1_709, 500).row(&rules::E_J_2).0, Verdict::Pass);
    assert_eq!(foot_drop(1_709, 500).checked(), Ok(()));
    let words = foot_drop(900, 1_000).checked().unwrap_err();
    assert!(words.contains("E-J-2: ") && !words.contains("N-DOC-1: "), "{words}");
    let words = foot_drop(800, 1_000).checked().unwrap_err();
    for part in
        ["N-DOC-1", "2.137 mA r.m.s./cm²", "2 mA r.m.s./cm²", rules::N_DOC_1.source, "limit of the rule"]
    {
        assert!(words.contains(part), "{part} in {words}");
    }
}

/// REQ-SAF-007: ramps of 0.2 s worn all day are no exercise: the rules on contractions and the set level leave them be.
#[test]
fn ordinary_foot_drop_passes() {
    let day = wear(2_500).with_limit(nmes_safety::Layer::Protocol, &rules::E_SES_1, 57_600_000).unwrap();
    let case = Case {
        setup: day,
        length_ms: 57_600_000,
        ceiling: (60_000, 300),
        up_down_min: (200, 300, 200),
        ..foot_drop(2_500, 500)
    };
    assert_eq!(case.checked(), Ok(()));
    assert_eq!(case.row(&rules::E_SLEW_2), (Verdict::Pass, Some(300_000)));
}

/// REQ-SAF-007: 10 mA × 100 ms × 2 a second is 2 mA of direct current, and on 1 cm² it is refused.
#[test]
fn long_pulse_direct_current() {
    let mean = PulseMetrics::of(&phases(10, 100_000, 1), 1_000_000).mean_dc_ua(Rate::from_hz(2).unwrap());
    assert_eq!(mean, 2_000);
    let current = MicroAmps::from_microamps(u32::try_from(mean).unwrap()).unwrap();
    let setup = exercise(100).with_contact_permille(1_000).and_then(|s| s.with_declared_dc(current)).unwrap();
    assert_eq!(Case { setup, ..Case::new() }.row(&rules::E_DC_4), (Verdict::Deny, Some(2_000)));
}

/// REQ-SAF-007: what a ledger of zero does not show: 1 % between the polarities at 40 mA × 300 µs × 40 Hz is 4.8 µA.
#[test]
fn delivered_is_not_commanded() {
    let pair = [Phase { current_na: 40_000_000, ticks: 300 }, Phase { current_na: -39_600_000, ticks: 300 }];
    let pulse = PulseMetrics::of(&pair, 1_000_000);
    assert_eq!(pulse.net_na_ticks() * 40, 4_800_000_000); // nA·µs in a second: 4.8 µA
    assert_eq!(pulse.mean_dc_ua(Rate::from_hz(40).unwrap()), 5); // rounded up
}

/// REQ-SAF-404: the larger phase of an asymmetric pulse clipped from 40 to 30 mA for 300 µs is 3 µC a pulse, 120 µA at 40 Hz,
/// and what was commanded sums to zero.
#[test]
fn clipping_is_not_commanded() {
    let pulse = |main_na| {
        let back = Phase { current_na: -10_000_000, ticks: 1_200 };
        PulseMetrics::of(&[Phase { current_na: main_na, ticks: 300 }, back], 1_000_000)
    };
    assert_eq!(pulse(40_000_000).net_na_ticks(), 0);
    assert_eq!(pulse(30_000_000).net_na_ticks(), -3_000_000_000); // nA·µs: 3 µC
    assert_eq!(pulse(30_000_000).mean_dc_ua(Rate::from_hz(40).unwrap()), 120);
}

/// REQ-SAF-404: 130 mA that stay on for a period of 25 ms are 3.25 mC, 50 times a phase of 65 µC.
#[test]
fn one_stuck_output() {
    let measured = Setup::with_measurement;
    let report = Case { setup: measured(Case::new().setup), ..Case::pulse(130_000, 500, 40) }.report();
    let value = |rule| report.row(rule).unwrap().value.unwrap();
    assert_eq!((value(&rules::E_STUCK_1), value(&rules::E_Q_1)), (3_250_000_000, 65_000_000));
}

/// REQ-SAF-404: 10 mA × 100 ms × 2 a second as a plan of its own that declares its direct current: 2 mA/cm² on 1 cm², and
/// refused; a quarter of it on the same electrode passes that rule.
#[test]
fn long_pulse_as_a_plan() {
    let long = |ua, hz| Case {
        balance: Balance::DeclaredDc { at_most: MicroAmps::from_microamps(2_000).unwrap() },
        setup: exercise(100).with_contact_permille(1_000).unwrap(),
        ..Case::pulse(ua, 100_000, hz)
    };
    assert_eq!(long(10_000, 2).row(&rules::E_DC_4), (Verdict::Deny, Some(2_000)));
    assert_eq!(long(2_500, 2).row(&rules::E_DC_4), (Verdict::Pass, Some(500)));
    assert_eq!(long(2_501, 2).row(&rules::E_DC_4).0, Verdict::Deny);
}

/// REQ-SAF-009: channels that share an electrode add, as currents and not as squares; the row names the electrode.
#[test]
fn shared_electrodes_add() {
    let own = exercise(5_000).with_contact_permille(1_000).unwrap();
    let pair = |setup| Case { setup, channels: 2, ..Case::pulse(50_000, 500, 250) }; // 25 mA r.m.s. each
    assert_eq!(pair(own).row(&rules::N_RMS_X), (Verdict::Pass, Some(25_000)));
    let shared = |mm2| own.with_shared(0b11, mm2).unwrap();
    assert_eq!(pair(shared(2_500)).row(&rules::N_RMS_X), (Verdict::Pass, Some(50_000)));
    assert_eq!(pair(shared(2_500)).row(&rules::N_DOC_1), (Verdict::Pass, Some(2_000)));
    assert_eq!(pair(shared(2_499)).row(&rules::N_DOC_1), (Verdict::Deny, Some(2_001)));
    let report = pair(shared(2_499)).report();
    assert_eq!(report.row(&rules::N_DOC_1).unwrap().place, Place::Shared(0b11));
    assert!(report.row(&rules::N_DOC_1).unwrap().to_string().contains("shared by channels 0 1"));
    let over = Case { ceiling: (50_001, 500), ..pair(shared(5_000)) };
    assert_eq!(over.row(&rules::N_RMS_1).0, Verdict::Deny);
    let declared = shared(2_500).with_declared_dc(MicroAmps::from_microamps(40_001).unwrap()).unwrap();
    assert_eq!(pair(declared).row(&rules::N_DC_1), (Verdict::Deny, Some(80_002)));
    for bad in [0b1, 0, 0b100, 0b111] {
        assert!(own.with_shared(bad, 100).is_err(), "{bad:b}");
    }
    for (mm2, taken) in [(0, false), (1, true), (100_000, true), (100_001, false)] {
        assert_eq!(own.with_shared(0b11, mm2).is_ok(), taken, "{mm2} mm²");
        assert_eq!(Setup::new(&[mm2], UseClass::Exercise).is_ok(), taken, "{mm2} mm²");
    }
}

/// REQ-SAF-010: a channel of the plan without an electrode denies, and the row says what is missing.
#[test]
fn missing_electrode() {
    let one = Setup::new(&[5_000], UseClass::Exercise).unwrap();
    let case = Case { setup: one, channels: 2, ..Case::new() };
    let report = case.report();
    for rule in [&rules::N_DOC_1, &rules::E_J_2, &rules::G_PD_1, &rules::E_DC_4] {
        let row = report.row(rule).unwrap();
        assert_eq!(
            (row.verdict, row.remark, row.channel()),
            (Verdict::Deny, Some(Remark::ElectrodeUnknown), Some(1))
        );
    }
    assert!(case.checked().is_err());
}

/// REQ-SAF-005: what was not compared names the datum that is missing, and does not deny.
#[test]
fn not_evaluated_says_why() {
    let bare = Case { setup: wear(5_000), ..Case::new() };
    let report = bare.report();
    for (rule, remark) in [
        (&rules::N_V_1, Remark::RailUnknown),
        (&rules::E_COMP_1, Remark::RailUnknown),
        (&rules::E_DC_4, Remark::NoDcDeclared),
        (&rules::E_DUTY_1, Remark::UseClass),
        (&rules::E_REST_1, Remark::UseClass),
        (&rules::E_SES_1, Remark::SessionLengthUnstated),
    ] {
        let row = report.row(rule).unwrap();
        assert_eq!((row.verdict, row.remark), (Verdict::NotEvaluated, Some(remark)), "{}", rule.id);
        assert!(row.to_string().contains(remark.text()), "{row}");
    }
    let unnamed = report.rows().filter(|row| row.verdict == Verdict::NotEvaluated && row.remark.is_none());
    assert_eq!(unnamed.count(), 0);
    assert_eq!(bare.checked(), Ok(()));
    let rail = Case { setup: wear(5_000).with_rail_mv(90_000).unwrap(), ..bare };
    assert_eq!(rail.report().row(&rules::E_COMP_1).unwrap().remark, Some(Remark::LoadUnknown));
}

/// REQ-SAF-012: every rule that the check knows has one row at most, in any profile, and each row its margin.
#[test]
fn one_row_a_rule() {
    for name in Profile::NAMES {
        let profile = Profile::named(name).unwrap();
        let report = Case { profile, channels: 2, ..Case::new() }.report();
        let ids: Vec<_> = report.rows().map(|row| row.rule.id).collect();
        let mut unique = ids.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), ids.len(), "{ids:?}");
        for row in report.rows() {
            let is_missing = row.verdict == Verdict::NotEvaluated || row.denied_because().is_some();
            let compared = !is_missing && row.limit != Some(0);
            assert_eq!(row.margin_permille.is_some(), compared, "{row}");
        }
    }
    assert_eq!(Profile::named("iec-60601"), None);
    let mut ids: Vec<_> = rules::ALL.iter().map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), rules::ALL.len());
}

/// REQ-SAF-012: the margin is in thousandths of the limit, below zero past it, and the worst channel is shown.
#[test]
fn margins() {
    let margin = |case: Case, rule| case.report().row(rule).unwrap().margin_permille;
    assert_eq!(margin(Case::pulse(117_000, 100, 40), &rules::E_PEAK_1), Some(100));
    assert_eq!(margin(Case::pulse(143_000, 100, 40), &rules::E_PEAK_1), Some(-100));
    let rest =
        |rest| Case { schedule: Schedule::Cyclic(Cycle { hold: ms(5_000), rest: ms(rest) }), ..Case::new() };
    assert_eq!(margin(rest(1_500), &rules::E_REST_1), Some(500));
    let uneven = Setup::new(&[5_000, 1_000], UseClass::Exercise).unwrap();
    let report = Case { setup: uneven, channels: 2, ..Case::new() }.report();
    assert_eq!(report.row(&rules::N_DOC_1).unwrap().channel(), Some(1));
    let alike = Case { channels: 2, ..Case::new() }.report();
    assert_eq!(alike.row(&rules::N_DOC_1).unwrap().channel(), Some(0), "of two alike the first");
    assert_eq!(
        report.tightest().unwrap().margin_permille,
        report.rows().filter_map(|r| r.margin_permille).min()
    );
}

/// REQ-SAF-013: a refusal names rule, value, limit, unit and source of every rule that denies, and gives the plan back.
#[test]
fn refusals_give_the_plan_back() {
    let case = Case { gap_us: 251, ..Case::pulse(130_001, 500, 40) };
    case.plan(|plan| {
        let denied = nmes_safety::check(plan, &case.setup, &case.profile).unwrap_err();
        let words = denied.to_string();
        for part in [
            "E-PEAK-1",
            "130.001 mA",
            "130 mA",
            "E-Q-1",
            "65.0005 µC",
            "65 µC",
            "E-IPG-1",
            "251 µs",
            "250 µs",
        ] {
            assert!(words.contains(part), "{part} in {words}");
        }
        assert_eq!(denied.report().verdict(), Verdict::Deny);
        assert_eq!(denied.into_plan(), plan);
    });
}

/// REQ-SAF-006: the same report for a minute and for 48 hours of pulses, but for the rows on the length itself and on what
/// it multiplies.
#[test]
fn cost_and_rows_do_not_depend_on_length() {
    let timing = HardwareTiming::ideal(1_000_000_000);
    let long = |length_ms| Case {
        length_ms,
        timing,
        setup: wear(5_000),
        schedule: Schedule::Continuous,
        ..Case::new()
    };
    let (short, long) = (long(60_000).report(), long(172_800_000).report());
    for (one, other) in short.rows().zip(long.rows()) {
        if ![&rules::E_SES_1, &rules::E_J2T_1].contains(&one.rule) {
            assert_eq!(one, other);
        }
    }
    assert_eq!(short.rows().count(), long.rows().count());
    assert_eq!(long.row(&rules::E_SES_1).unwrap().value, Some(172_800_000));
}

/// REQ-SAF-713: in the caller's place is the permission that `check` gives; where a rule denies there is none, and what stood there
/// before is gone.
#[test]
fn a_permission_in_its_place() {
    let (good, bad) = (Case::new(), Case::pulse(130_001, 500, 40));
    good.plan(|plan| {
        let checked = nmes_safety::check(plan, &good.setup, &good.profile).unwrap();
        let mut place = None;
        assert_eq!(nmes_safety::check_into(&mut place, &plan, &good.setup, &good.profile), Ok(&checked));
        assert_eq!(place, Some(checked));
        bad.plan(|other| {
            let mut place = place;
            let report = nmes_safety::check_into(&mut place, &other, &bad.setup, &bad.profile).unwrap_err();
            assert_eq!(report, nmes_safety::assess(&other, &bad.setup, &bad.profile));
            assert_eq!(place, None, "no permission of the plan before");
        });
    });
}

/// REQ-SAF-001: what comes out of `check` is what went in, and only when no row denies. That nothing else makes a
/// `Checked` is shown by the `compile_fail` examples in its documentation.
#[test]
fn checked_is_what_was_checked() {
    let case = Case::new();
    case.plan(|plan| {
        let checked = nmes_safety::check(plan, &case.setup, &case.profile).unwrap();
        assert_eq!((checked.plan(), checked.setup(), checked.profile()), (&plan, &case.setup, &case.profile));
        assert_eq!(checked.report(), &nmes_safety::assess(&plan, &case.setup, &case.profile));
        assert_eq!(checked.limit(&rules::E_PEAK_1).map(|limit| limit.value), Some(130_000));
    });
    for (rule, bad) in
        [(&rules::E_PEAK_1, Case::pulse(130_001, 100, 40)), (&rules::E_F_1, Case::pulse(1_000, 100, 151))]
    {
        let denied = bad.report().denied().map(|row| row.rule.id).collect::<Vec<_>>();
        assert_eq!(denied, [rule.id]);
        assert!(bad.checked().is_err());
    }
}
