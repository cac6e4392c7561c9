//! What reports, rules and faults say of themselves.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops at the first surprise"
)]

mod check_support;

use check_support::Case;
use nmes_safety::{Profile, Remark, Unit, rules};

/// REQ-SAF-539: each profile says in a line of its own what it is, and a report names the one it was made with.
#[test]
fn profiles() {
    let mut abouts = Vec::new();
    for name in Profile::NAMES {
        let profile = Profile::named(name).unwrap();
        assert_eq!(Case { profile, ..Case::new() }.report().profile(), name);
        abouts.push(profile.about());
    }
    assert_eq!(Profile::custom("ours", &Profile::default()).about(), abouts[0]);
    assert!(abouts[0].contains("IEC 60601-2-10") && abouts[1].contains("FDA") && abouts[2].contains("NS4"));
    assert!(abouts[3].contains("direct muscle") && abouts[4].contains("percutaneous"));
}

/// REQ-SAF-539: each remark says its own thing, and reads the same as text and shown.
#[test]
fn remarks() {
    let all = [
        (Remark::RailUnknown, "rail"),
        (Remark::LoadUnknown, "load"),
        (Remark::NoDcDeclared, "direct current"),
        (Remark::ElectrodeUnknown, "electrode area"),
        (Remark::UseClass, "use class"),
        (Remark::SessionLengthUnstated, "session length"),
        (Remark::NoOneShot, "no hardware one-shot: "),
        (Remark::Unwatched, "no watchdog"),
        (Remark::OneShotShort, "cut pulses"),
        (Remark::OneShotLong, "too long"),
        (Remark::MarkNeeded, "warning mark"),
        (Remark::Advisory, "only informs"),
        (Remark::OtherUseClass, "specialist only"),
        (Remark::WithOneShot, "E-STUCK-1"),
        (Remark::IndicatorNeeded, "indicator"),
        (Remark::Carried, "carried"),
        (Remark::NoPulse, "no pulse"),
    ];
    for (remark, word) in all {
        assert!(remark.text().contains(word), "{remark:?}: {remark}");
        assert_eq!(remark.to_string(), remark.text());
        assert!(!remark.is_of_device(), "{remark:?}");
    }
    let of_device = [
        (Remark::ShowIndicator, "indicator"),
        (Remark::ShowAccuracy, "amplitude, width and rate"),
        (Remark::ShowSupply, "supply"),
        (Remark::ShowOpenShort, "open and shorted"),
        (Remark::ShowLeakage, "leakage current"),
        (Remark::ShowTemperature, "temperature"),
    ];
    for (remark, word) in of_device {
        assert!(
            remark.text().starts_with("to be shown on the device: ") && remark.text().contains(word),
            "{remark}"
        );
        assert!(remark.is_of_device(), "{remark:?}");
    }
}

/// REQ-SAF-584: a row says how sure its limit is, ours as well as recalled and found.
#[test]
fn confidence() {
    let report = Case::new().report();
    for (rule, word) in [
        (&rules::N_RMS_1, "; found), "),
        (&rules::N_MIN_1, "; recalled, high confidence), "),
        (&rules::N_MARK_1, "; recalled, medium confidence), "),
        (&rules::E_PEAK_1, "; our choice), "),
    ] {
        let said = report.row(rule).unwrap().to_string();
        assert!(said.contains(word), "{said}");
    }
}

/// REQ-SAF-539: a unit reads as people write it, and the amount of a value ends with it.
#[test]
fn units() {
    let said = [
        (Unit::MicroAmps, "mA"),
        (Unit::MicroJoules, "mJ"),
        (Unit::MilliVolts, "V"),
        (Unit::Ohms, "ohm"),
        (Unit::PicoCoulombs, "µC"),
        (Unit::Micros, "µs"),
        (Unit::Millis, "s"),
        (Unit::MilliHertz, "Hz"),
        (Unit::Permille, "%"),
    ];
    for (unit, name) in said {
        assert_eq!(unit.to_string(), name);
    }
    for rule in rules::ALL {
        let amount = rule.amount(rule.limit).to_string();
        assert!(amount.ends_with(&format!(" {}", rule.unit)), "{amount}");
    }
}
