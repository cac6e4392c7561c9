//! The limits that a device looks at in itself: rules, profiles, and what was stated of a checked plan.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    clippy::panic,
    clippy::unreachable,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use guard_support::Rig;
use nmes_safety::selftest::*;
use nmes_safety::{Crc32, Layer, Profile, Rule, Setup, UseClass, check, rules};

/// REQ-SAF-314: the table in the program is the one that was compiled.
#[test]
fn rules_as_compiled() {
    assert_eq!(check_rules(), Ok(RULES_CRC));
}

/// The place of what an enum prints as, in the order of its definition, and the number in brackets behind it.
fn coded(value: &impl std::fmt::Debug, names: &str) -> (u8, u32) {
    let text = format!("{value:?}");
    let (name, number) = text.split_once('(').unwrap_or((&text, "0)"));
    let place = names.split(' ').position(|known| known == name).unwrap();
    (u8::try_from(place).unwrap(), number.trim_end_matches(')').parse().unwrap())
}

/// REQ-SAF-536: the sum of the table is over every field of every rule, worked out here a second time.
#[test]
fn the_sum_of_the_table() {
    let text = |crc: Crc32, text: &str| crc.update(text.as_bytes()).update(&[0xFF]);
    let units = "MicroAmps MicroAmpsRms MicroAmpsRmsPerCm2 MicroAmpsPerCm2 MicroAmpsPerSecond MicroWattsPerCm2 MicroJoules \
        MilliVolts Ohms PicoCoulombs Micros Millis MilliHertz Permille MilliCelsius NanoMicroCoulombsPerCm2 \
        MilliAmps2SecondsPerCm4 Items";
    let windows = "Instant Pulse Pulses Period Rolling Cycle Ramp Action Start Session BeforeArming";
    let sum = rules::ALL.iter().fold(Crc32::new(), |crc, rule| {
        let texts = [rule.id, rule.quantity, rule.formula, rule.source];
        let crc = texts.iter().fold(crc, |crc, part| text(crc, part));
        let numbers = [rule.limit, rule.loosest, rule.warn.unwrap_or(u64::MAX)];
        let crc = numbers.iter().fold(crc, |crc, n| crc.update(&n.to_le_bytes()));
        let bound = coded(&rule.bound, "AtMost AtLeast").0;
        let effect = coded(&rule.effect, "Deny Trip Warn Inform Bench").0;
        let crc = crc.update(&[bound, effect, coded(&rule.unit, units).0]);
        let ranges = [coded(&rule.window, windows), coded(&rule.load, "Ohms Open Real Any")];
        let crc = ranges.iter().fold(crc, |crc, (code, n)| crc.update(&[*code]).update(&n.to_le_bytes()));
        let class = coded(&rule.class, "Standard Guidance Ours").0;
        let sure = coded(&rule.confidence, "Found RecalledHigh RecalledMedium RecalledLow Ours").0;
        crc.update(&[class, sure])
    });
    assert_eq!(sum.value(), RULES_CRC);
}

/// REQ-SAF-537: who states a limit is in the sum: the same limit of another layer is another sum.
#[test]
fn the_layer_is_in_the_sum() {
    let checked = Rig::default().checked();
    let mut sums: Vec<u32> = [Layer::Device, Layer::Protocol, Layer::Subject]
        .into_iter()
        .map(|layer| {
            let setup = checked.setup().with_limit(layer, &rules::E_PEAK_1, 100_000).unwrap();
            LimitsSum::of_checked(&check(*checked.plan(), &setup, checked.profile()).unwrap()).value()
        })
        .collect();
    let profile = checked.profile().with_limit(&rules::E_PEAK_1, 100_000).unwrap();
    sums.push(LimitsSum::of_checked(&check(*checked.plan(), checked.setup(), &profile).unwrap()).value());
    sums.sort_unstable();
    sums.dedup();
    assert_eq!(sums.len(), 4);
}

/// REQ-SAF-314: a changed number of a profile, whichever rule's, changes the sum; the same numbers give the same one.
#[test]
fn sum_of_a_profile() {
    let base = Profile::default();
    let kept = LimitsSum::of_profile(&base);
    assert_eq!(kept.verify_profile(&Profile::default()), Ok(kept.value()));
    let mut sums = vec![kept.value()];
    let stricter = |rule: &'static Rule| match rule.bound {
        nmes_safety::Bound::AtMost => rule.limit.saturating_sub(1),
        nmes_safety::Bound::AtLeast => rule.limit + 1,
    };
    for rule in rules::ALL.iter().filter(|rule| rule.limit > 0) {
        let changed = base.with_limit(rule, stricter(rule)).unwrap();
        let fault = kept.verify_profile(&changed).unwrap_err();
        assert_eq!(fault.expected, kept.value(), "{}", rule.id);
        assert!(fault.to_string().ends_with(&format!("{:#010x}, not {:#010x}", fault.found, fault.expected)));
        sums.push(fault.found);
    }
    for name in Profile::NAMES {
        sums.push(LimitsSum::of_profile(&Profile::named(name).unwrap()).value());
    }
    let all = sums.len();
    sums.sort_unstable();
    sums.dedup();
    assert_eq!(sums.len(), all - 1, "all differ, but the base profile stands there twice");
}

/// REQ-SAF-314: a limit that the device, the protocol or the subject states is in the sum of a checked plan.
#[test]
fn sum_of_a_checked_plan() {
    let checked = Rig::default().checked();
    let kept = LimitsSum::of_checked(checked);
    assert_eq!(kept.verify_checked(Rig::default().checked()), Ok(kept.value()));
    let setup = Setup::new(&[5_000], UseClass::FunctionalWear).unwrap();
    let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, 28_800_000).unwrap();
    for layer in [Layer::Device, Layer::Protocol, Layer::Subject] {
        let stricter = setup.with_limit(layer, &rules::E_PEAK_1, 100_000).unwrap();
        let other = check(*checked.plan(), &stricter, checked.profile()).unwrap();
        assert!(kept.verify_checked(&other).is_err(), "{layer}");
    }
    let same = check(*checked.plan(), &setup, checked.profile()).unwrap();
    assert!(kept.verify_checked(&same).is_ok());
    assert_ne!(kept, LimitsSum::of_profile(checked.profile()));
}
