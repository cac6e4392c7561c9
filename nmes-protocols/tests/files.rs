//! Session files: there and back, refusals, and what a hand-edited file comes to.
#![cfg(all(feature = "text", feature = "postcard"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

mod files_common;

use files_common::*;
use nmes_core::{ChannelHardware, Hardware, HardwareTiming, Plan};
use nmes_protocols::files::{BytesError, FileRoom, SessionFile, Syntax, TextError};
use nmes_protocols::{
    Answers, CATALOGUE, Condition, Innervation, Item, Request, Side, Storage, Subject, build_session, find,
};
use proptest::prelude::*;

fn exported(row: &'static Condition, request: &Request) -> SessionFile {
    let mut storage = Storage::new();
    let built = build_session(row, &person(row), request, &Answers::all_no(), &mut storage).unwrap();
    SessionFile::of(row, request, &built).unwrap()
}

fn hardwares() -> [Hardware; 3] {
    [(1_000_000, 61_035, 2_047), (100_000, 61_035, 2_047), (1_000_000, 500_000, 260)].map(
        |(hz, na, codes)| {
            let channel = ChannelHardware::symmetric(na, -codes, codes);
            Hardware::new(HardwareTiming::ideal(hz), &[channel; 8], 0).unwrap()
        },
    )
}

/// REQ-PRO-300: every row that can be built, as TOML, JSON and bytes and back, comes to the same session, trigger times
/// and account of values, and to the same plan on three hardwares; without a catalogue too.
#[test]
fn every_row_goes_there_and_back() {
    let mut rows = 0;
    for row in enabled() {
        let mut storage = Storage::new();
        let built =
            build_session(row, &person(row), &specialist(), &Answers::all_no(), &mut storage).unwrap();
        let file = SessionFile::of(row, &specialist(), &built).unwrap();
        for syntax in BOTH {
            let text = file.to_text(syntax);
            assert_eq!(SessionFile::from_text(&text, syntax).unwrap(), file, "{text}");
        }
        let mut room = [0; 4_096];
        let bytes = file.to_bytes(&mut room).unwrap();
        let back = SessionFile::from_bytes(bytes).unwrap();
        assert_eq!(back, file);
        let mut again = Storage::new();
        let rebuilt = back.build(&person(row), &Answers::all_no(), &mut again);
        let rebuilt = rebuilt.unwrap_or_else(|error| panic!("{}: {error}", row.name));
        assert_eq!((rebuilt.session, rebuilt.gait), (built.session, built.gait), "{}", row.name);
        assert_eq!(rebuilt.settings, built.settings, "{}", row.name);
        let mut room = FileRoom::new();
        let alone = back.session(&mut room).unwrap();
        assert_eq!(alone, built.session, "{}", row.name);
        for hardware in hardwares() {
            let plans =
                [&built.session, &rebuilt.session, &alone].map(|s| Plan::compile(s, &hardware).unwrap());
            assert!(plans[0] == plans[1] && plans[0] == plans[2], "{}", row.name);
        }
        rows += 1;
    }
    assert_eq!(rows, CATALOGUE.len() - 3, "all but the disabled ones");
}

/// What an edit of the text of a row comes to: refused in the text, or by the row.
fn edited(row: &str, from: &str, to: &str) -> String {
    let text = exported(find(row).unwrap(), &specialist()).to_text(Syntax::Toml);
    assert!(text.contains(from), "{from:?} is not in\n{text}");
    let file = match SessionFile::from_text(&text.replacen(from, to, 1), Syntax::Toml) {
        Ok(file) => file,
        Err(error) => return error.to_string(),
    };
    let mut storage = Storage::new();
    match file.build(&person(find(row).unwrap()), &Answers::all_no(), &mut storage) {
        Ok(_) => "built".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// REQ-PRO-301: what is no field, no value of its field or no version of this release is refused with the place, the
/// value and what is allowed.
#[test]
fn texts_are_refused_with_place_value_and_what_is_allowed() {
    for (from, to, said) in [
        ("version = 1", "version = 2", "version: 2 is not known; accepted: 1"),
        (
            "nmes-session",
            "nmes-subject",
            "format: \"nmes-subject\" is another kind of file; accepted: \"nmes-session\"",
        ),
        (
            "width_us = ",
            "widht_us = ",
            "channels[0].pulse.widht_us: unknown field `widht_us`, expected one of",
        ),
        ("amplitude_ua = ", "amplitude_ua = -", "channels[0].pulse.amplitude_ua: invalid value: integer `-"),
        ("amplitude_ua = ", "amplitude_ua = 1", "channels[0].pulse.amplitude_ua: 170000 µA is outside"),
        (
            "amplitude_ua = ",
            "amplitude_ua = 10",
            "channels[0].pulse.amplitude_ua: 1070000 µA is above the 1000000 µA",
        ),
        (
            "width_us = 300",
            "width_us = \"300\"",
            "channels[0].pulse.width_us: invalid type: string \"300\", expected a whole number from 0 to 4294967295",
        ),
        (
            "leading = \"negative\"",
            "leading = \"up\"",
            "channels[0].pulse.leading: unknown variant `up`, expected `positive`",
        ),
        (
            "\"symmetric\"",
            "{ asymmetric = { length_percent = 200, more = 1 } }",
            "channels[0].pulse.balance.asymmetric: unexpected keys in table: more, available keys: length_percent",
        ),
        ("site = \"thigh\"", "", "missing field `site`"),
        (
            "hold_ms = ",
            "hold_s = ",
            "schedule.cyclic.hold_s: unknown field `hold_s`, expected `hold_ms` or `rest_ms`",
        ),
    ] {
        let answer = edited("knee-oa", from, to);
        assert!(answer.contains(said), "{from:?} → {to:?}: {answer}");
    }
    let two = exported(find("knee-oa").unwrap(), &Request { channels: Some(2), ..specialist() });
    let json = two.to_text(Syntax::Json);
    let second = json.rfind("\"width_us\": ").unwrap();
    let broken = format!("{}\"width_us\": true, \"x\": {}", &json[..second], &json[second + 12..]);
    let error = SessionFile::from_text(&broken, Syntax::Json).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "channels[1].pulse.width_us: invalid type: boolean `true`, expected a whole number from 0"
        ),
        "{error}"
    );
    let many = json.replacen(
        "\"channels\": [",
        &format!("\"channels\": [{}", format!("{},", one_channel(&json)).repeat(8)),
        1,
    );
    let error = SessionFile::from_text(&many, Syntax::Json).unwrap_err().to_string();
    assert!(error.contains("channels") && error.contains("a list of at most 8"), "{error}");
    for syntax in BOTH {
        assert!(matches!(
            SessionFile::from_text("{[", syntax),
            Err(TextError::Syntax { .. } | TextError::Field { .. })
        ));
    }
}

fn one_channel(json: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    value["channels"][0].to_string()
}

/// REQ-PRO-302: a file that was edited by hand is held against its protocol: ranges with the place, the range and its
/// source; structure that the protocol does not make with what it makes; gates as everywhere.
#[test]
fn an_edited_file_is_held_against_its_protocol() {
    for (row, from, to, said) in [
        ("knee-oa", "amplitude_ua = 70000", "amplitude_ua = 60000", "built"),
        (
            "knee-oa",
            "width_us = 300",
            "width_us = 301",
            "channels[0].pulse.width_us: 301 µs is outside what the protocol takes; accepted: 250 to 300 µs (found:",
        ),
        (
            "knee-oa",
            "rate_millihertz = 50000",
            "rate_millihertz = 90000",
            "channels[0].rate_millihertz: 90000 mHz",
        ),
        ("knee-oa", "hold_ms = 7000", "hold_ms = 700000", "schedule.cyclic.hold_ms: 700000 ms"),
        ("knee-oa", "rest_ms = 50000", "rest_ms = 1", "schedule.cyclic.rest_ms: 1 ms"),
        ("knee-oa", "length_ms = ", "length_ms = 9", "length_ms: 9"),
        ("knee-oa", "up_ms = 2000", "up_ms = 20000", "channels[0].ramp.up_ms: 20000 ms"),
        (
            "knee-oa",
            "offset_us = 0",
            "offset_us = 5",
            "channels[0].offset_us: 5 µs is not what the protocol makes of it; accepted: 0 µs",
        ),
        ("knee-oa", "wave = \"rectangular\"", "wave = \"slow_rise\"", "channels[0].pulse.wave: slow rise"),
        (
            "knee-oa",
            "balance = \"symmetric\"",
            "balance = { declared_dc = { at_most = 900 } }",
            "channels[0].pulse.balance: a declared direct current of 900 µA; accepted:",
        ),
        ("knee-oa", "protocol = \"knee-oa\"", "protocol = \"kneeoa\"", "protocol: no protocol has this name"),
        ("knee-oa", "protocol = \"knee-oa\"", "protocol = \"dysphagia\"", "protocol: dysphagia is disabled"),
        ("knee-oa", "site = \"thigh\"", "site = \"face\"", "site: knee-oa has no pads at face"),
        (
            "denervated-rise-1",
            "specialist = true",
            "specialist = false",
            "specialist: denervated-rise-1 is for specialists",
        ),
        (
            "denervated-small",
            "at_most = ",
            "at_most = 1",
            "channels[0].pulse.balance: a declared direct current of",
        ),
        ("foot-drop", "max_on_ms = ", "max_on_ms = 9", "schedule.steps.gate.max_on_ms: 9"),
        ("foot-drop", "hold_cap_ms = ", "hold_cap_ms = 9", "schedule.steps.times.hold_cap_ms: 9"),
        (
            "foot-drop",
            "extension_ms = 250",
            "extension_ms = 2000",
            "schedule.steps.times.extension_ms: 2000 ms is outside",
        ),
        (
            "copd-hf",
            "repeats = 68",
            "repeats = 69",
            "schedule.program[1].repeats: 69 is not what the protocol makes of it; accepted: 68",
        ),
        ("tens-burst", "pulses = ", "pulses = 1", "channels[0].timing: this timing is not"),
        ("fes-cycle", "min_off_ms = ", "min_off_ms = 7", "schedule.gated.min_off_ms: 7"),
    ] {
        let answer = edited(row, from, to);
        assert!(answer.starts_with(said), "{row}: {from:?} → {to:?}: {answer}");
    }
}

/// REQ-PRO-302: the person's own answers and nerve stand against a file as they do against a row.
#[test]
fn a_file_is_screened() {
    let file = exported(find("knee-oa").unwrap(), &Request::default());
    let mut storage = Storage::new();
    let intact = Subject::new(Innervation::Intact, Side::Left);
    for (subject, answers, said) in [
        (intact, Answers::unanswered(), "screening"),
        (intact, Answers::all_no().yes(Item::ElectronicImplant), "screening"),
        (Subject::new(Innervation::Denervated, Side::Left), Answers::all_no(), "needs an intact"),
    ] {
        let error = file.build(&subject, &answers, &mut storage).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
    // less feeling, less current: the file's own amplitude is above the range that is left
    let numb = Answers::all_no().yes(Item::ImpairedSensation).acknowledge(Item::ImpairedSensation);
    let high = Request { amplitude: nmes_core::MicroAmps::from_microamps(100_000), ..Request::default() };
    let mut high = exported(find("knee-oa").unwrap(), &high);
    assert!(high.build(&intact, &Answers::all_no(), &mut storage).is_ok());
    high.site = file.site;
    assert!(
        high.build(&intact, &numb, &mut storage).is_ok() || {
            let error = high.build(&intact, &numb, &mut storage).unwrap_err();
            error.to_string().starts_with("channels[0].pulse.amplitude_ua: 100000 µA is outside")
        }
    );
}

/// REQ-PRO-303: channels of a file may differ within the row; what is listed is the first one's, and a note says so.
#[test]
fn channels_may_differ() {
    let row = find("knee-oa").unwrap();
    let mut file = exported(row, &Request { channels: Some(2), ..Request::default() });
    let mut second = file.channels[1].clone();
    second.pulse.amplitude_ua = nmes_core::MicroAmps::from_microamps(55_000).unwrap();
    file.channels = [file.channels[0].clone(), second].into_iter().collect();
    let mut storage = Storage::new();
    let built = file.build(&person(row), &Answers::all_no(), &mut storage).unwrap();
    let set: Vec<_> = built.session.channels().iter().map(|c| c.set.amplitude.as_microamps()).collect();
    assert_eq!(set, [70_000, 55_000]);
    assert!(built.notes().any(|note| note.to_string().contains("channels differ")));
    assert_eq!(built.settings.get("amplitude").unwrap().value, 70_000);
}

/// REQ-PRO-304: bytes that are cut, longer, of another version or changed are an error of a type, and never a panic.
#[test]
fn broken_bytes_are_errors() {
    for row in enabled() {
        let file = exported(row, &specialist());
        let mut room = [0; 4_096];
        let bytes = file.to_bytes(&mut room).unwrap().to_vec();
        for length in 0..bytes.len() {
            assert_eq!(
                SessionFile::from_bytes(&bytes[..length]),
                Err(BytesError::Short),
                "{} {length}",
                row.name
            );
        }
        let longer = [&bytes[..], &[0, 0]].concat();
        assert_eq!(SessionFile::from_bytes(&longer), Err(BytesError::Long { bytes: 2 }));
        assert_eq!(file.to_bytes(&mut [0; 8]), Err(BytesError::NoRoom));
        let mut other = bytes.clone();
        other[1] = 7;
        assert_eq!(SessionFile::from_bytes(&other), Err(BytesError::Version { found: 7, known: 1 }));
        other[0] = 9;
        assert_eq!(SessionFile::from_bytes(&other), Err(BytesError::Value));
    }
}

fn rows_by_index() -> impl Strategy<Value = &'static Condition> {
    (0..enabled().count()).prop_map(|index| enabled().nth(index).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(200)) })]

    /// REQ-PRO-303, REQ-PRO-304: whatever a change of bytes leaves, a file that builds comes to exactly what stands in it,
    /// and nothing else builds: never above the ranges of its row, never another structure.
    #[test]
    fn what_builds_is_what_the_file_says(
        row in rows_by_index(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut room = [0; 4_096];
        let mut bytes = exported(row, &specialist()).to_bytes(&mut room).unwrap().to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let Ok(file) = SessionFile::from_bytes(&bytes) else { return Ok(()) };
        let mut storage = Storage::new();
        let Ok(row) = file.row() else { return Ok(()) };
        let Ok(built) = file.build(&person(row), &Answers::all_no(), &mut storage) else { return Ok(()) };
        let mut room = FileRoom::new();
        prop_assert_eq!(file.session(&mut room).unwrap(), built.session);
        for channel in built.session.channels() {
            prop_assert!(row.amplitude.holds(channel.set.amplitude.as_microamps()));
            prop_assert!(row.phase_width.holds(channel.set.width.as_micros()));
            prop_assert_eq!(channel.ceiling, channel.set);
        }
        prop_assert!(row.session_length.holds(built.session.length().as_millis()));
    }
}

fn cases(usual: u32) -> u32 {
    std::env::var("NMES_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// REQ-PRO-430: of a person who was measured at another width, too, what the builder made is built from its own file, whatever
/// amplitude was asked for, with the same origin where none was.
#[test]
fn what_was_measured_at_another_width_goes_there_and_back() {
    let ua = nmes_core::MicroAmps::from_microamps;
    let mut pairs = 0;
    for row in enabled() {
        for (from_us, share) in [(100, 70), (200, 70), (1_000, 40)] {
            let tolerated = row.amplitude.default * share / 100;
            let subject = Subject {
                tolerated: ua(tolerated),
                motor_threshold: ua(tolerated / 3),
                measured_width: nmes_core::Micros::from_micros(from_us),
                ..person(row)
            };
            for asked in [None, ua(tolerated), ua(tolerated * 98 / 100)] {
                let request = Request { amplitude: asked, ..specialist() };
                let (mut one, mut other) = (Storage::new(), Storage::new());
                let built = build_session(row, &subject, &request, &Answers::all_no(), &mut one);
                let Ok(built) = built else { continue };
                let file = SessionFile::of(row, &request, &built).unwrap();
                let again = file.build(&subject, &Answers::all_no(), &mut other);
                let again = again.unwrap_or_else(|error| panic!("{} {asked:?}: {error}", row.name));
                assert_eq!(again.session, built.session, "{} {asked:?}", row.name);
                let [here, there] = [&built, &again].map(|b| b.settings.get("amplitude").unwrap().origin);
                assert!(asked.is_some() || here == there, "{}: {here:?}, {there:?}", row.name);
                pairs += 1;
            }
        }
    }
    assert!(pairs > 200, "{pairs}");
}

const PULSE: &[&str] = &["amplitude_ua", "width_us", "gap_us", "leading", "wave", "balance"];

/// REQ-PRO-432: a list that stands for a table by the order of its values is refused at any depth, in JSON and TOML, and where it stands
/// is said: width and amplitude the wrong way round would be taken as they stand.
#[test]
fn values_without_names_are_refused() {
    let file = exported(find("knee-oa").unwrap(), &specialist());
    let value: serde_json::Value = serde_json::from_str(&file.to_text(Syntax::Json)).unwrap();
    for (pointer, names, place) in [
        ("/channels/0/pulse", PULSE, "channels[0].pulse"),
        ("/channels/0/ramp", &["control", "up_ms", "down_ms", "down_min_ms", "floor"], "channels[0].ramp"),
        ("/channels/0", &["rate_millihertz", "offset_us", "pulse", "timing", "ramp"], "channels[0]"),
        ("/schedule/cyclic", &["hold_ms", "rest_ms"], "schedule.cyclic"),
    ] {
        let mut unnamed = value.clone();
        let table = unnamed.pointer_mut(pointer).unwrap();
        assert_eq!(table.as_object().unwrap().len(), names.len());
        *table = names.iter().map(|name| table[*name].clone()).collect();
        for (syntax, text) in
            [(Syntax::Json, unnamed.to_string()), (Syntax::Toml, toml::to_string(&unnamed).unwrap())]
        {
            let told = SessionFile::from_text(&text, syntax).map(drop).map_err(|error| error.to_string());
            let told = told.expect_err(&format!("{syntax:?} {place}"));
            assert!(
                told.starts_with(&format!("{place}: a table of fields is expected")),
                "{syntax:?}: {told}"
            );
        }
    }
    assert_eq!(SessionFile::from_text(&value.to_string(), Syntax::Json).unwrap(), file);
}
