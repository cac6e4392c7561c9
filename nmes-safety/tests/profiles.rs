//! The profiles for specialists and for research: what they allow, to whom, and what they leave as it is.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod check_support;

use check_support::{Case, exercise};
use nmes_core::*;
use nmes_safety::{
    Confidence, Layer, LimitError, Profile, Remark, Rule, Setup, UseClass, Verdict, rules,
    selftest::LimitsSum,
};

fn named(name: &str) -> Profile {
    Profile::named(name).unwrap()
}

fn muscle() -> Profile {
    named("specialist-direct-muscle")
}

fn specialist() -> Setup {
    Setup::new(&[20_000; 2], UseClass::Specialist).unwrap()
}

fn denies(rule: &Rule, at: (Case, u64), past: (Case, u64)) {
    assert_eq!(at.0.row(rule), (Verdict::Pass, Some(at.1)), "{} at its limit", rule.id);
    assert_eq!(past.0.row(rule), (Verdict::Deny, Some(past.1)), "{} past its limit", rule.id);
}

/// A pulse every two seconds on muscle without its nerve.
fn long(ua: u32, us: u32) -> Case {
    Case { profile: muscle(), setup: specialist(), rate: (1, 2_000_000), ..Case::pulse(ua, us, 1) }
}

/// REQ-SAF-582: phases up to 200 ms and 6 mC pass the two rules in that profile, one microsecond and one microampere more do
/// not; the row has the profile's figure, layer, source and confidence.
#[test]
fn direct_muscle() {
    denies(&rules::E_W_1, (long(10_000, 200_000), 200_000), (long(10_000, 200_001), 200_001));
    denies(&rules::E_Q_1, (long(60_000, 100_000), 6_000_000_000), (long(60_001, 100_000), 6_000_100_000));
    let report = long(10_000, 200_000).report();
    for rule in [&rules::E_W_1, &rules::E_Q_1] {
        let row = report.row(rule).unwrap();
        assert_eq!((row.layer, row.rule.confidence), (Layer::Profile, Confidence::Ours));
        assert!(row.rule.source.starts_with("direct muscle: ") && row.to_string().contains(row.rule.source));
    }
    assert_eq!(long(30_000, 100_000).checked(), Ok(()));
    assert!(Case { profile: Profile::default(), ..long(30_000, 100_000) }.checked().is_err());
}

/// REQ-SAF-582, REQ-SAF-615: with any other use class it denies, and says so; its figures do not bind then.
#[test]
fn direct_muscle_is_for_specialists() {
    for class in [UseClass::Exercise, UseClass::FunctionalWear, UseClass::Continuous] {
        let setup = Setup::new(&[20_000; 2], class).unwrap();
        let short = Case { setup, ..long(10_000, 300) };
        let report = short.report();
        let row = report.row(&rules::E_W_1).unwrap();
        assert_eq!((row.verdict, row.remark), (Verdict::Deny, Some(Remark::OtherUseClass)));
        // it would pass as a width: no value and no margin that read like a pass, and the reason ahead of the rest
        assert_eq!((row.value, row.margin_permille, row.denied_because()), (None, None, row.remark));
        let words = row.to_string();
        assert!(
            words.starts_with("E-W-1: the profile is for use class specialist only; not compared: width"),
            "{words}"
        );
        assert_eq!(words.matches("specialist").count(), 1, "{words}");
        assert_eq!((row.limit, row.layer, row.rule), (Some(500), Layer::Rule, &rules::E_W_1));
        assert_eq!(report.row(&rules::E_Q_1).unwrap().limit, Some(65_000_000));
        assert!(short.checked().unwrap_err().contains("specialist"));
    }
    assert_eq!(long(10_000, 300).row(&rules::E_W_1).0, Verdict::Pass);
    let compared = long(10_000, 200_001).report();
    let row = compared.row(&rules::E_W_1).unwrap();
    assert_eq!((row.verdict, row.value, row.denied_because()), (Verdict::Deny, Some(200_001), None));
    assert_eq!((muscle().only_for(), Profile::default().only_for()), (Some(UseClass::Specialist), None));
}

/// REQ-SAF-582: every other rule has the limit that it has in the general profile, and denies what it denies there.
#[test]
fn direct_muscle_loosens_nothing_else() {
    let (own, general) = (muscle(), Profile::default());
    for rule in rules::ALL {
        let same = own.limit(rule) == general.limit(rule) && own.applies(rule) == general.applies(rule);
        assert_eq!(same, ![&rules::E_W_1, &rules::E_Q_1].contains(&rule), "{}", rule.id);
    }
    for (case, rule) in [
        (long(63_246, 75_000), &rules::N_EN_1),
        (long(80_001, 100_000), &rules::N_DC_2),
        (long(130_001, 1_000), &rules::E_PEAK_1),
        (
            Case { setup: Setup::new(&[500], UseClass::Specialist).unwrap(), ..long(30_000, 100_000) },
            &rules::E_J_2,
        ),
        (Case { rate: (20, 1_000_000), ..long(60_000, 20_000) }, &rules::N_RMS_1),
    ] {
        assert_eq!(case.row(rule).0, Verdict::Deny, "{}", rule.id);
    }
    let declared = Balance::DeclaredDc { at_most: MicroAmps::MAX };
    let direct = Case { balance: declared, ..long(10_000, 100_000) };
    assert_eq!(direct.row(&rules::E_BAL_1).0, Verdict::Deny);
    let small = Case { setup: Setup::new(&[100], UseClass::Specialist).unwrap(), ..direct };
    assert_eq!(small.row(&rules::E_DC_4).0, Verdict::Deny);
}

/// REQ-SAF-583: a profile of one's own may be made of it, as strict as one likes and no looser; in another use class, where its base
/// does not bind, a figure that only the base allows does not either. Device, protocol and subject bind below it.
#[test]
fn nobody_loosens_further() {
    let ours = |rule, value| Profile::custom("ours", &muscle()).with_limit(rule, value);
    let looser = ours(&rules::E_W_1, 200_001);
    assert!(matches!(looser, Err(LimitError::Looser { value: 200_001, .. })), "{looser:?}");
    assert!(Profile::default().with_limit(&rules::E_W_1, 1_001).is_err());
    let profile = ours(&rules::E_W_1, 50_000).unwrap();
    let case = |us| Case { profile, ..long(10_000, us) };
    denies(&rules::E_W_1, (case(50_000), 50_000), (case(50_001), 50_001));
    let exercised = Case { setup: exercise(20_000), ..case(300) }.report();
    assert_eq!(exercised.row(&rules::E_W_1).unwrap().limit, Some(500));
    for layer in [Layer::Device, Layer::Protocol, Layer::Subject] {
        let setup = specialist().with_limit(layer, &rules::E_Q_1, 10_000_000).unwrap();
        let row = *Case { setup, ..long(10_000, 1_000) }.report().row(&rules::E_Q_1).unwrap();
        assert_eq!((row.limit, row.layer), (Some(10_000_000), layer));
        assert!(specialist().with_limit(layer, &rules::E_W_1, 1_001).is_err(), "{layer}");
    }
}

/// REQ-SAF-581: what a stuck output may deliver is twice the phase charge as it binds: 2 × 10 µC with a phase charge of 10 µC from
/// any layer, in both rows; a stricter figure of their own binds; with a one-shot that is too long the plan is denied.
#[test]
fn twice_the_phase_charge_that_binds() {
    for layer in [Layer::Device, Layer::Protocol, Layer::Subject] {
        let setup = exercise(5_000).with_limit(layer, &rules::E_Q_1, 10_000_000).unwrap();
        let shot = |us| {
            let setup = setup.with_one_shot(Micros::from_micros(us).unwrap()).unwrap();
            Case { setup, ..Case::pulse(20_000, 300, 40) }
        };
        denies(&rules::E_STUCK_1, (shot(1_000), 20_000_000), (shot(1_001), 20_020_000));
        assert!(shot(1_000).checked().is_ok() && shot(1_001).checked().unwrap_err().contains("E-STUCK-1"));
        let row = *shot(1_001).report().row(&rules::E_STUCK_1).unwrap();
        assert_eq!((row.limit, row.layer, row.remark), (Some(20_000_000), layer, Some(Remark::OneShotLong)));
        let none = Case { setup: setup.with_measurement(), ..Case::pulse(20_000, 300, 40) };
        assert_eq!(
            none.row(&rules::E_STUCK_1),
            (Verdict::Warn, Some(500_000_000)),
            "without one it only warns"
        );
        let gap = |gap_us| Case { gap_us, ..none };
        assert_eq!(gap(1_000).row(&rules::E_STUCK_2), (Verdict::Pass, Some(20_000_000)));
        assert_eq!(gap(1_001).row(&rules::E_STUCK_2), (Verdict::Warn, Some(20_020_000)));
        let own = setup.with_limit(Layer::Device, &rules::E_STUCK_1, 15_000_000).unwrap();
        assert_eq!(own.limit(&rules::E_STUCK_1, &Profile::default()).unwrap().value, 15_000_000);
    }
    let profile = Profile::custom("weak", &Profile::default()).with_limit(&rules::E_Q_1, 10_000_000).unwrap();
    assert_eq!(exercise(5_000).limit(&rules::E_STUCK_2, &profile).unwrap().value, 20_000_000);
    let stuck = profile.with_limit(&rules::E_STUCK_1, 25_000_000).unwrap();
    assert_eq!(exercise(5_000).limit(&rules::E_STUCK_1, &stuck).unwrap().value, 20_000_000);
    let stuck = profile.with_limit(&rules::E_STUCK_1, 15_000_000).unwrap();
    assert_eq!(exercise(5_000).limit(&rules::E_STUCK_1, &stuck).unwrap().value, 15_000_000);
    assert_eq!(specialist().limit(&rules::E_STUCK_1, &muscle()).unwrap().value, 12_000_000_000);
}

/// REQ-SAF-585: Shannon by hand. 100 mA × 400 µs on 25 cm² are 64 µC²/cm², k = 1.81. On 25 cm² k is 1.5 at √(31.622 × 25) = 28.117 µC
/// and 1.75 at √(56.234 × 25) = 37.494 µC. It warns and denies in its own profile, and informs in all others.
#[test]
fn shannon() {
    let on = |profile, ua, us| Case { profile, setup: exercise(2_500), ..Case::pulse(ua, us, 20) };
    let research = |ua, us| on(named("percutaneous-research"), ua, us);
    // 1,000 µs × 28.117 mA, in steps of 1 nC
    let at = |ua: u32| research(ua, 1_000).row(&rules::E_SH_1);
    assert_eq!(at(28_116), (Verdict::Pass, Some(31_621)));
    assert_eq!(at(28_117), (Verdict::Warn, Some(31_623)));
    assert_eq!(at(37_494), (Verdict::Warn, Some(56_233)));
    assert_eq!(at(37_495), (Verdict::Deny, Some(56_236)));
    denies(&rules::E_SH_1, (research(28_116, 1_000), 31_621), (research(37_495, 1_000), 56_236));
    assert_eq!(research(100_000, 400).row(&rules::E_SH_1), (Verdict::Deny, Some(64_000)));
    for name in Profile::NAMES.into_iter().filter(|name| *name != "percutaneous-research") {
        let row = *on(named(name), 100_000, 400).report().row(&rules::E_SH_1).unwrap();
        assert_eq!(
            (row.verdict, row.value, row.remark),
            (Verdict::Inform, Some(64_000), Some(Remark::Advisory))
        );
        assert_eq!(on(named(name), 28_116, 1_000).row(&rules::E_SH_1).0, Verdict::Pass);
    }
}

/// REQ-SAF-585: the two figures are 10^1.5 and 10^1.75 in thousandths, rounded down: (10^1.5)² is 10³, (10^1.75)⁴ is 10⁷.
#[test]
fn the_figures_of_shannon() {
    let (deny, warn) = (u128::from(rules::E_SH_1.limit), u128::from(rules::E_SH_1.warn.unwrap()));
    let thousand = |power: u32| 1_000_u128.pow(power);
    assert!(warn.pow(2) <= 1_000 * thousand(2) && (warn + 1).pow(2) > 1_000 * thousand(2));
    assert!(deny.pow(4) <= 10_000_000 * thousand(4) && (deny + 1).pow(4) > 10_000_000 * thousand(4));
}

/// REQ-SAF-585: on an electrode that channels share their charges add, and a channel without an area is not compared.
#[test]
fn shannon_on_a_shared_electrode() {
    let profile = named("percutaneous-research");
    let setup = exercise(100_000).with_shared(0b11, 2_500).unwrap();
    let shared = Case { profile, setup, channels: 2, ..Case::pulse(50_000, 400, 20) };
    let row = *shared.report().row(&rules::E_SH_1).unwrap();
    assert_eq!((row.verdict, row.value, row.channel()), (Verdict::Deny, Some(64_000), None));
    let setup = Setup::new(&[2_500], UseClass::Exercise).unwrap();
    let row = Case { setup, ..shared }.row(&rules::E_SH_1);
    assert_eq!(row.0, Verdict::NotEvaluated);
}

/// REQ-SAF-585: the rules for the skin bind in that profile too: what a muscle needs is denied on the area of a needle.
#[test]
fn percutaneous_keeps_the_rules_for_skin() {
    let (own, general) = (named("percutaneous-research"), Profile::default());
    assert!(rules::ALL.iter().all(|rule| own.limit(rule) == general.limit(rule)));
    let needle = Setup::new(&[10], UseClass::Continuous).unwrap();
    let case = Case { profile: own, setup: needle, ..Case::pulse(10_000, 200, 20) };
    assert_eq!(case.row(&rules::E_J_2).0, Verdict::Deny);
    assert_ne!(LimitsSum::of_profile(&own), LimitsSum::of_profile(&Profile::custom(own.name(), &general)));
}

/// REQ-SAF-653: the name of a built-in profile stands for it as it is, and for no other and none whose numbers were changed.
#[test]
fn a_built_in_name_is_of_the_built_in() {
    for name in Profile::NAMES {
        let profile = named(name);
        assert_eq!(profile.name(), name);
        for base in Profile::NAMES.map(named) {
            let expected = if base == profile { name } else { Profile::UNNAMED };
            assert_eq!(Profile::custom(name, &base).name(), expected, "{name}");
        }
        let changed = profile.with_limit(&rules::E_PEAK_1, 1_000).unwrap();
        let report = Case { profile: changed, ..Case::new() }.report();
        assert_eq!((changed.name(), report.profile()), (Profile::UNNAMED, Profile::UNNAMED), "{name}");
        assert_eq!(Profile::custom("ours", &changed).name(), "ours");
    }
    assert!(!Profile::NAMES.contains(&Profile::UNNAMED));
}

/// REQ-SAF-653: a text that says a figure was read is no source of one that was recalled; what only a bench holds says so.
#[test]
fn sources_fit_their_confidence() {
    for rule in rules::ALL {
        let recalled = !matches!(rule.confidence, Confidence::Found | Confidence::Ours);
        assert!(!(recalled && rule.source.contains("read in")), "{}: {}", rule.id, rule.source);
    }
    assert!(rules::N_DC_2.source.contains("not read"));
    assert!(rules::N_IND_1.source.contains("5 s is recalled"));
    let bench: Vec<_> = rules::ALL.iter().filter(|rule| rule.effect == nmes_safety::Effect::Bench).collect();
    let held = |id: &str| bench.iter().any(|rule| rule.id == id);
    assert!(held("N-ACC-1") && held("E-EST-1") && bench.len() == 9, "{bench:?}");
}

/// REQ-SAF-714: a limit that any layer states binds in every profile, of a rule that only some profiles have too, and of the one that
/// elsewhere only informs: at the limit it passes, one unit past it it denies, with the layer that stated it.
#[test]
fn what_is_stated_binds_everywhere() {
    let value = |profile, rule| Case { profile: named(profile), ..Case::new() }.row(rule).1.unwrap();
    for (profile, rule) in [
        ("fda-limited-output-draft", &rules::G_LO_Q),
        ("fda-limited-output-draft", &rules::G_LO_I),
        ("fda-limited-output-draft", &rules::G_LO_T),
        ("fda-limited-output-draft", &rules::G_LO_J),
        ("aami-ns4-style-tens", &rules::G_NS4_Q),
        ("percutaneous-research", &rules::E_SH_1),
    ] {
        let value = value(profile, rule);
        let bound = |limit, of: &dyn Fn(u64) -> Case| {
            let report = of(limit).report();
            let row = report.row(rule).unwrap();
            (row.verdict, row.limit, row.layer)
        };
        for layer in [Layer::Profile, Layer::Device, Layer::Protocol, Layer::Subject] {
            let case = |limit| match layer {
                Layer::Profile => {
                    let profile = Profile::custom("clinic", &Profile::default());
                    Case { profile: profile.with_limit(rule, limit).unwrap(), ..Case::new() }
                }
                Layer::Rule | Layer::Device | Layer::Protocol | Layer::Subject => {
                    let setup = Case::new().setup.with_limit(layer, rule, limit).unwrap();
                    Case { setup, ..Case::new() }
                }
            };
            assert_eq!(bound(value, &case), (Verdict::Pass, Some(value), layer), "{}", rule.id);
            assert_eq!(bound(value - 1, &case), (Verdict::Deny, Some(value - 1), layer), "{}", rule.id);
        }
        assert!(Case::new().checked().is_ok(), "nobody states it, and it does not bind");
    }
}
