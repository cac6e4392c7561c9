//! Subject files: there and back, refusals, and what a hand-edited file comes to.
#![cfg(all(feature = "text", feature = "postcard"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

mod files_common;

use files_common::*;
use nmes_core::{ChannelHardware, Hardware, HardwareTiming, Plan};
use nmes_protocols::files::{LimitFile, SubjectFile, Syntax};
use nmes_protocols::{Answers, BuildError, Item, Request, Storage, Subject, build_session, find};
use nmes_safety::{Layer, Profile, Setup, UseClass, assess, rules};

const SUBJECT: &str = r#"
format = "nmes-subject"
version = 1
code = "P-017"
innervation = "intact"
side = "left"

[screening]
yes = ["driving"]
acknowledged = ["driving"]
others = "no"

[[measured]]
channel = 0
date = "2026-11-21"
width_us = 250
sensory_ua = 12000
motor_ua = 25000
functional_ua = 38000
maximum_ua = 60000
repeats = 3
ended = "maximum"
electrode = { area_mm2 = 2500, leading = "negative", placement = "fibular head, marked" }

[[limits]]
rule = "E-PEAK-1"
value = 45000
"#;

/// REQ-PRO-305: a subject file goes there and back, and comes to the person, the answers and the limits that it says.
#[test]
fn a_subject_file_is_the_person() {
    let file = SubjectFile::from_text(SUBJECT, Syntax::Toml).unwrap();
    for syntax in BOTH {
        assert_eq!(SubjectFile::from_text(&file.to_text(syntax), syntax).unwrap(), file);
    }
    let mut room = [0; 512];
    assert_eq!(SubjectFile::from_bytes(file.to_bytes(&mut room).unwrap()).unwrap(), file);
    let subject = file.subject(0);
    let ua = |value: Option<nmes_core::MicroAmps>| value.map(nmes_core::MicroAmps::as_microamps);
    assert_eq!(
        [subject.sensory_threshold, subject.motor_threshold, subject.effect, subject.tolerated].map(ua),
        [Some(12_000), Some(25_000), Some(38_000), Some(60_000)]
    );
    assert_eq!(file.subject(1).motor_threshold, None, "the other channel was not measured");
    assert!(file.answers().is_acknowledged(Item::Driving));
    assert_eq!(file.answers().answer(Item::Pregnancy), Some(false));
}

/// REQ-PRO-305: what cannot stand in a subject file is refused with the place, the value and what is allowed.
#[test]
fn subject_files_are_refused() {
    for (from, to, said) in [
        ("channel = 0", "channel = 8", "measured[0].channel: 8; accepted: 0 to 7"),
        (
            "motor_ua = 25000",
            "motor_ua = 11000",
            "measured[0].motor_ua: 11000; accepted: none below the one before",
        ),
        ("area_mm2 = 2500", "area_mm2 = 0", "measured[0].electrode.area_mm2: 0; accepted: 1 to 100000 mm²"),
        ("width_us = 250", "width_us = 0", "measured[0].width_us: 0; accepted"),
        (
            "2026-11-21",
            "2026-11-31",
            "measured[0].date: invalid value: string \"2026-11-31\", expected a day as in",
        ),
        ("E-PEAK-1", "E-PEAK-9", "limits[0].rule: this rule is not in the table"),
        (
            "value = 45000",
            "value = 500000",
            "limits[0].value: 500 mA is looser than E-PEAK-1 lets anybody state; accepted: 0 mA to 130 mA",
        ),
        (
            "acknowledged = [\"driving\"]",
            "acknowledged = [\"pregnancy\"]",
            "screening.acknowledged[0]: pregnant; accepted: items that were answered with yes",
        ),
        ("yes = [\"driving\"]", "yes = [\"driven\"]", "screening.yes[0]: unknown variant `driven`"),
        ("version = 1", "version = 0", "version: 0 is not known; accepted: 1"),
        ("ended =", "endet =", "measured[0].endet: unknown field"),
    ] {
        assert!(SUBJECT.contains(from), "{from}");
        let error =
            SubjectFile::from_text(&SUBJECT.replacen(from, to, 1), Syntax::Toml).unwrap_err().to_string();
        let plain = error.replace(',', "");
        assert!(plain.starts_with(&said.replace(',', "")), "{from:?} → {to:?}: {error}");
    }
    let twice = SUBJECT.replace(
        "[[limits]]",
        &format!("{}\n[[limits]]", {
            let start = SUBJECT.find("[[measured]]").unwrap();
            &SUBJECT[start..SUBJECT.find("[[limits]]").unwrap()]
        }),
    );
    let error = SubjectFile::from_text(&twice, Syntax::Toml).unwrap_err().to_string();
    assert!(error.starts_with("measured[1].channel: 0; accepted: each channel once"), "{error}");
}

/// REQ-PRO-305: what was measured with the other polarity, or with pads that a row does not take, does not hold for it.
#[test]
fn measurements_fit_their_row() {
    let fits = |row: &str, from: &str, to: &str| {
        let file = SubjectFile::from_text(&SUBJECT.replacen(from, to, 1), Syntax::Toml).unwrap();
        file.fits(find(row).unwrap()).map_err(|error| error.to_string())
    };
    assert_eq!(fits("foot-drop", "", ""), Ok(()));
    let error = fits("foot-drop", "leading = \"negative\"", "leading = \"positive\"").unwrap_err();
    assert!(
        error.starts_with("measured[0].electrode.leading: positive") && error.ends_with("accepted: negative"),
        "{error}"
    );
    let area = find("foot-drop").unwrap().electrodes.area;
    for (mm2, holds) in [(area.min, true), (area.max, true), (area.min - 1, false), (area.max + 1, false)] {
        let fit = fits("foot-drop", "area_mm2 = 2500", &format!("area_mm2 = {mm2}"));
        assert_eq!(fit.is_ok(), holds, "{fit:?}");
        assert!(
            fit.is_ok()
                || fit.unwrap_err().starts_with(&format!("measured[0].electrode.area_mm2: {mm2} mm²"))
        );
    }
}

/// REQ-PRO-306: the limits of a person are a layer of the check: they bind where they are the strictest, deny on their
/// wrong side, and never loosen anything.
#[test]
fn limits_of_a_person_bind() {
    let file = SubjectFile::from_text(SUBJECT, Syntax::Toml).unwrap();
    let row = find("foot-drop").unwrap();
    for (ua, denied) in [(45_000, false), (45_100, true)] {
        let request = Request { amplitude: nmes_core::MicroAmps::from_microamps(ua), ..Request::default() };
        let mut storage = Storage::new();
        let built = build_session(row, &file.subject(0), &request, &file.answers(), &mut storage).unwrap();
        let channel = ChannelHardware::symmetric(50_000, -4_096, 4_095);
        let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[channel], 0).unwrap();
        let plan = Plan::compile(&built.session, &hardware).unwrap();
        let setup = file.limit(Setup::new(&[2_500], row.use_class.value).unwrap()).unwrap();
        let report = assess(&plan, &setup, &Profile::default());
        let peak = report.row(&rules::E_PEAK_1).unwrap();
        assert_eq!((peak.layer, peak.limit), (Layer::Subject, Some(45_000)));
        assert_eq!(report.denied().any(|row| row.rule.id == "E-PEAK-1"), denied, "{ua}");
    }
}

/// REQ-PRO-442: a measurement of no ascent is refused with its place; one of one, or of many by hand, is taken.
#[test]
fn what_was_measured_was_measured_once() {
    let with = |repeats: u8| {
        let text = SUBJECT.replace("repeats = 3", &format!("repeats = {repeats}"));
        SubjectFile::from_text(&text, Syntax::Toml).map_err(|error| error.to_string())
    };
    let told = with(0).unwrap_err();
    assert!(told.starts_with("measured[0].repeats: 0; accepted: 1 to 255"), "{told}");
    for repeats in [1, 5, 255] {
        assert_eq!(with(repeats).unwrap().measured(0).unwrap().repeats, repeats);
    }
}

/// REQ-PRO-429: a limit that names no rule or is looser than its rule is an error where the limits are laid over a setup, though the
/// file was never held against itself; none is left out.
#[test]
fn a_limit_that_does_not_hold_is_not_left_out() {
    let setup = Setup::new(&[2_500], UseClass::Exercise).unwrap();
    let limited = |rule: &str, value| {
        let mut file = SubjectFile::from_text(SUBJECT, Syntax::Toml).unwrap();
        file.limits = [LimitFile { rule: rule.try_into().unwrap(), value }].into_iter().collect();
        file.limit(setup).map_err(|error| error.to_string())
    };
    assert_ne!(limited("E-PEAK-1", 45_000), Ok(setup));
    let told = limited("E-PEAK-01", 20_000).unwrap_err();
    assert!(told.starts_with("limits[0].rule: this rule is not in the table"), "{told}");
    let told = limited("E-PEAK-1", 900_000_000).unwrap_err();
    assert!(told.starts_with("limits[0].value: ") && told.contains("is looser than E-PEAK-1"), "{told}");
}

/// REQ-PRO-307: at home nothing is built that is for specialists, and nothing before a supervised first session.
#[test]
fn at_home() {
    let home = "\n[home]\nset_by = \"C-2\"\ndate = \"2026-11-20\"\n";
    let alone = SubjectFile::from_text(&format!("{SUBJECT}{home}"), Syntax::Toml).unwrap();
    let supervised =
        SubjectFile::from_text(&format!("{SUBJECT}{home}supervised = \"2026-11-20\"\n"), Syntax::Toml)
            .unwrap();
    let build = |file: &SubjectFile, name: &str| {
        let mut storage = Storage::new();
        let row = find(name).unwrap();
        let subject = Subject { innervation: person(row).innervation, ..file.subject(0) };
        build_session(row, &subject, &specialist(), &Answers::all_no(), &mut storage).map(drop)
    };
    assert!(matches!(build(&alone, "foot-drop"), Err(BuildError::NotAtHome { .. })));
    assert_eq!(build(&supervised, "foot-drop"), Ok(()));
    let mut apart = 0;
    for row in enabled() {
        let result = build(&supervised, row.name);
        let refused = matches!(result, Err(BuildError::NotAtHome { .. }));
        assert_eq!(refused, row.specialist.is_some(), "{}: {result:?}", row.name);
        apart += u32::from(refused);
    }
    assert!(apart > 10, "{apart}");
}
