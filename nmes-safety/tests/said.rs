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

use std::collections::BTreeSet;

use check_support::Case;
use nmes_safety::records::{DecodeError, SlotError, StoredBlackBox};
use nmes_safety::selftest::*;
use nmes_safety::*;

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
        (Remark::ClassAndSchedule, "not exercise"),
        (Remark::SessionLengthUnstated, "session length"),
        (Remark::NoOneShot, "no hardware one-shot: "),
        (Remark::Unwatched, "no watchdog"),
        (Remark::OneShotShort, "cut pulses"),
        (Remark::OneShotLong, "too long"),
        (Remark::OneShotHeld, "while edges go on"),
        (Remark::OneShotEach, "re-armed by the edges of all"),
        (Remark::MarkNeeded, "warning mark"),
        (Remark::Advisory, "only informs"),
        (Remark::OtherUseClass, "specialist only"),
        (Remark::WithOneShot, "E-STUCK-1"),
        (Remark::IndicatorNeeded, "indicator"),
        (Remark::Carried, "carried"),
        (Remark::NoPulse, "no pulse"),
        (Remark::StepsToFloor, "ramp floor"),
        (Remark::GuardMayTrip, "guard may trip"),
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

/// Each fault that a stored black box can name, by its numbers from 1.
fn faults() -> Vec<Fault> {
    let mut blank = StoredBlackBox::from(&BlackBox::new()).encode();
    // one entry, whose first byte is the fault and whose second opens the output
    (blank[5], blank[21]) = (1, 4);
    let stored = |code: u8| {
        let mut bytes = blank;
        bytes[20] = code;
        let body = bytes.len() - 4;
        let sum = Crc32::of(&bytes[..body]).to_le_bytes();
        bytes[body..].copy_from_slice(&sum);
        StoredBlackBox::decode(&bytes).ok()
    };
    (1..=u8::MAX).map_while(stored).map(|stored| stored.entries().next().unwrap().fault).collect()
}

/// So many texts, none of them empty and no two alike.
fn differ<T: ToString>(all: &[T], count: usize) {
    let texts: BTreeSet<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), count, "{texts:?}");
    assert!(texts.iter().all(|text| !text.is_empty() && !text.ends_with(' ')), "{texts:?}");
}

/// REQ-SAF-539: each fault says its own thing.
#[test]
fn each_fault() {
    let all = faults();
    assert!(all.len() >= 34 && all.contains(&Fault::Output), "{all:?}");
    differ(&all, all.len());
    let said =
        [(Fault::ContactLoss, "contact"), (Fault::KeepAlive, "keep-alive"), (Fault::OverCurrent, "current")];
    assert!(said.iter().all(|(fault, word)| fault.to_string().contains(word)));
}

/// REQ-SAF-539: verdicts, use classes, layers and degrees of confidence say which they are; a verdict fills a column.
#[test]
fn kinds_by_name() {
    let verdicts = [Verdict::Pass, Verdict::Inform, Verdict::NotEvaluated, Verdict::Warn, Verdict::Deny];
    differ(&verdicts, 5);
    assert_eq!(format!("[{:>6}]", Verdict::Deny), "[  deny]");
    let classes = [UseClass::Exercise, UseClass::FunctionalWear, UseClass::Continuous, UseClass::Specialist];
    differ(&classes, 4);
    assert_eq!(classes.map(|c| c.to_string().split(' ').next().map(str::to_owned)), {
        ["exercise", "functional", "continuous", "specialist"].map(|word| Some(word.to_owned()))
    });
    let sure = rules::ALL.iter().map(|rule| rule.confidence).collect::<Vec<_>>();
    let kinds: BTreeSet<String> = sure.iter().map(|kind| format!("{kind:?}")).collect();
    differ(&sure, kinds.len());
    assert!(kinds.len() >= 4, "{kinds:?}");
}

/// REQ-SAF-539, REQ-SAF-584: a row says how sure its limit is, also where it is our own.
#[test]
fn rows_say_how_sure_they_are() {
    for name in Profile::NAMES {
        let report = Case { profile: Profile::named(name).unwrap(), ..Case::new() }.report();
        for row in report.rows() {
            let sure = format!("; {}), {}", row.rule.confidence, row.place);
            assert!(row.to_string().contains(&sure), "{row}");
        }
    }
}

/// REQ-SAF-539: a setup that is refused names the value, what was given, its range and why.
#[test]
fn refused_setups() {
    let one = Setup::new(&[2_500], UseClass::Exercise).unwrap();
    let errors = [
        Setup::new(&[], UseClass::Exercise).unwrap_err(),
        Setup::new(&[0], UseClass::Exercise).unwrap_err(),
        one.with_contact_permille(0).unwrap_err(),
        one.with_shared(1, 100).unwrap_err(),
        one.with_rail_mv(0).unwrap_err(),
        one.with_load_ohm(0).unwrap_err(),
        one.with_declared_dc(nmes_core::MicroAmps::ZERO).unwrap_err(),
        one.with_one_shot(nmes_core::Micros::ZERO).unwrap_err(),
        one.with_watchdog(nmes_core::Millis::ZERO).unwrap_err(),
    ];
    differ(&errors.map(|error| error.field), errors.len());
    for error in errors {
        let SetupError { field, value, least, most, source } = error;
        assert_eq!(error.to_string(), format!("{field}: {value} is not in {least} to {most}; {source}"));
    }
}

/// REQ-SAF-539: an event that is refused is named with the state, and so is a channel's level with its rule.
#[test]
fn refused_events() {
    let mut interlock = Interlock::new();
    let refused = interlock.handle(Event::Contact).unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("Contact") && text.contains("SelfTest") && text.contains("N-LOCK-1"), "{text}");
}

/// REQ-SAF-539: what a self-test or a record refuses says what was found and what should have been there.
#[test]
fn refusals_say_what_was_found() {
    let (expected, found) = (0x1234_5678, 0x9ABC_DEF0);
    let lost = SlotError::Lost { a: DecodeError::Blank, b: DecodeError::Magic };
    let all = [
        (ClockFault::Stopped.to_string(), "stands still"),
        (ClockFault::TooShort { least: 7_001 }.to_string(), "7001 ticks"),
        (ClockFault::Off { ppm: -480, tolerance_ppm: 100 }.to_string(), "-480 millionths, more than 100"),
        (FlashFault::Checksum { expected, found }.to_string(), "0x9abcdef0, not 0x12345678"),
        (FlashFault::Length { expected: 4_096, found: 4_095 }.to_string(), "4095 bytes, not 4096"),
        (FlashFault::Nothing.to_string(), "no byte"),
        (
            RamFault::Word { index: 3, wrote: expected, read: found }.to_string(),
            "word 3 reads 0x9abcdef0 after",
        ),
        (RamFault::Coupled.to_string(), "changed another"),
        (RamFault::Nothing.to_string(), "no word"),
        (lost.to_string(), "slot A: "),
        (SlotError::Newer { slot: nmes_safety::records::Slot::B, version: 3 }.to_string(), "slot B holds"),
        (SlotError::SameNumber { sequence: 9 }.to_string(), "number 9"),
        (SlotError::NumbersUsedUp.to_string(), "as often as it can be"),
    ];
    for (text, words) in all {
        assert!(text.contains(words), "{text:?} has no {words:?}");
    }
}
