//! Session, subject and diary files, titration and runs of every kind, as a person or a program meets them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::float_arithmetic,
    reason = "a test"
)]

mod common;
#[path = "common/schema.rs"]
mod schema;

use clap::Parser;
use common::{said, scratch};
use nmes_examples::app::run_cli;
use nmes_examples::cli::Cli;
use nmes_protocols::files::{SessionFile, SubjectFile, Syntax};
use nmes_protocols::{
    Answers, Availability, CATALOGUE, Condition, Innervation, Request, Side, Storage, Subject, build_session,
};
use schema::complaints;
use serde_json::Value;
use std::path::PathBuf;

const SESSION: &str = include_str!("../../docs/schema/session-file.schema.json");
const SUBJECT: &str = include_str!("../../docs/schema/subject-file.schema.json");
const DIARY: &str = include_str!("../../docs/schema/diary-file.schema.json");

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn file(folder: &str, name: &str, text: &str) -> String {
    let path = scratch(folder).join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn exported(row: &'static Condition) -> SessionFile {
    let fits = [Innervation::Intact, Innervation::PartiallyDenervated, Innervation::Denervated];
    let person = Subject::new(fits.into_iter().find(|i| row.needs.accepts(*i)).unwrap(), Side::Left);
    let request = Request { specialist: true, ..Request::default() };
    let mut storage = Storage::new();
    let built = build_session(row, &person, &request, &Answers::all_no(), &mut storage).unwrap();
    SessionFile::of(row, &request, &built).unwrap()
}

/// Every place of a value where a number could be a word, and each object with one field more and each with one less.
fn broken(value: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    match value {
        Value::Object(fields) => {
            let mut more = fields.clone();
            more.insert("more".to_owned(), Value::from(1));
            all.push(Value::Object(more));
            for (name, inner) in fields {
                let mut less = fields.clone();
                less.remove(name);
                all.push(Value::Object(less));
                for changed in broken(inner) {
                    let mut with = fields.clone();
                    with.insert(name.clone(), changed);
                    all.push(Value::Object(with));
                }
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate().take(3) {
                for changed in broken(inner) {
                    let mut with = items.clone();
                    with[index] = changed;
                    all.push(Value::Array(with));
                }
            }
        }
        Value::Number(_) => all.extend([Value::from("word"), Value::from(-1), Value::from(u64::MAX)]),
        Value::String(_) | Value::Bool(_) => all.push(Value::from(3)),
        Value::Null => {}
    }
    all
}

/// REQ-APP-110: every row that is exported fits the schema; what the schema refuses the types refuse, and the other way
/// round, for every file with one field more, one less, and every value of another kind or out of range.
#[test]
fn schema_and_types_agree() {
    let schema = json(SESSION);
    let mut tried = 0;
    for row in CATALOGUE.iter().filter(|row| row.availability == Availability::Enabled) {
        let whole = json(&exported(row).to_text(Syntax::Json));
        assert_eq!(complaints(&schema, &whole), Vec::<String>::new(), "{}", row.name);
        if ["foot-drop", "copd-hf", "tens-burst", "denervated-small", "acl-williams", "fes-cycle"]
            .contains(&row.name)
        {
            for changed in broken(&whole) {
                let taken = SessionFile::from_text(&changed.to_string(), Syntax::Json);
                let fits = complaints(&schema, &changed).is_empty();
                assert_eq!(fits, taken.is_ok(), "{}: {taken:?}\n{changed}", row.name);
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "{tried}");
}

fn titrated(folder: &str, options: &[&str]) -> (PathBuf, String) {
    let path = scratch(folder).join("person.json");
    let _ = std::fs::remove_file(&path);
    let mut args = vec!["titrate", "foot-drop", "--seed", "4", "--out", path.to_str().unwrap()];
    args.extend(options);
    let (status, out, err) = said(&args);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    (path, out)
}

/// REQ-APP-110: the same of subject and diary files.
#[test]
fn subjects_and_diaries_fit_their_schemas() {
    let (path, _) = titrated(
        "schema",
        &[
            "--repeats",
            "1",
            "--maximum-ma",
            "30",
            "--functional-ma",
            "22",
            "--motor-ma",
            "14",
            "--sensory-ma",
            "8",
        ],
    );
    let mut whole = json(&std::fs::read_to_string(path).unwrap());
    whole["screening"]["yes"] = json(r#"["driving"]"#);
    whole["limits"] = json(r#"[{"rule": "E-PEAK-1", "value": 60000}]"#);
    whole["home"] = json(r#"{"set_by": "C-2", "date": "2026-11-20", "supervised": "2026-11-20"}"#);
    let schema = json(SUBJECT);
    assert_eq!(complaints(&schema, &whole), Vec::<String>::new());
    for changed in broken(&whole) {
        let taken = SubjectFile::from_text(&changed.to_string(), Syntax::Json);
        // order and days are beyond a schema, and so are the limits of rules
        let fits = complaints(&schema, &changed).is_empty();
        assert!(fits || taken.is_err(), "{changed}");
        if !fits && taken.is_ok()
            || fits && taken.as_ref().is_err_and(|e| e.to_string().contains("unknown field"))
        {
            panic!("{taken:?} {changed}");
        }
    }
    let diary = json(&said(&["diary", &diary_file("schema"), "--format", "json"]).1);
    assert_eq!(complaints(&json(DIARY), &diary), Vec::<String>::new());
}

/// REQ-APP-111: `session export` writes what `session validate` takes and `check` and `run` use; an edit outside the row is
/// refused with file, place, value and range; a flag that the file already answers is refused.
#[test]
fn a_session_goes_out_and_in() {
    let path = scratch("session").join("knee.toml");
    let _ = std::fs::remove_file(&path);
    let name = path.to_str().unwrap();
    let (status, out, _) = said(&["session", "export", "knee-oa", "--out", name]);
    assert!(status == 0 && out.contains("Written"), "{out}");
    let (status, out, _) = said(&["session", "validate", name]);
    assert!(
        status == 0 && out.contains("a session of knee-oa") && out.contains("by default: nothing"),
        "{out}"
    );
    let whole = said(&["check", "knee-oa"]);
    assert_eq!(said(&["check", "--session", name]), whole, "the same check");
    let text = std::fs::read_to_string(&path).unwrap();
    let edited = file("session", "low.toml", &text.replace("amplitude_ua = 70000", "amplitude_ua = 55000"));
    let (status, out, _) = said(&["session", "validate", &edited]);
    assert!(status == 0 && out.contains("by default: amplitude"), "{out}");
    let dir = scratch("session-run");
    let (status, out, err) =
        said(&["run", "--session", &edited, "--json", "--out-dir", dir.to_str().unwrap()]);
    assert_eq!((status, err.as_str()), (0, ""));
    let run = json(&out);
    assert_eq!(run["channels"][0]["trains"], 15);
    assert_eq!(run["channels"][0]["commanded_na_ticks"], 0);
    assert_eq!(run["fault"], Value::Null);
    let wide = file("session", "wide.toml", &text.replace("width_us = 300", "width_us = 900"));
    for command in
        [&["session", "validate", &wide][..], &["check", "--session", &wide], &["events", "--session", &wide]]
    {
        let (status, _, err) = said(command);
        assert_eq!(status, 2, "{err}");
        for part in ["wide.toml", "channels[0].pulse.width_us: 900 µs", "accepted: 250 to 300 µs"] {
            assert!(err.contains(part), "{err}");
        }
    }
    let (status, _, err) = said(&["check", "--session", name, "--amplitude-ma", "30"]);
    assert!(status == 2 && err.contains("cannot be used with"), "{err}");
    assert_eq!(said(&["check", "--session", "no-such-file.toml"]).0, 2);
    assert_eq!(said(&["check"]).0, 2);
}

/// REQ-APP-111: what a protocol changes by week is in the file of that week; JSON where the name says so.
#[test]
fn a_week_is_exported() {
    let rest = |week: &str| {
        let (status, out, _) =
            said(&["session", "export", "stroke-wrist-powell", "--week", week, "--format", "json"]);
        assert_eq!(status, 0);
        json(&out)["schedule"]["cyclic"]["rest_ms"].as_u64().unwrap()
    };
    assert_eq!([rest("1"), rest("2"), rest("3"), rest("4")], [20_000, 15_000, 10_000, 5_000]);
}

/// REQ-APP-112: a subject file's answers, limits and pads hold: questions without an answer block, a limit of the person
/// denies and is named as theirs, and flags for the person are refused beside it.
#[test]
fn a_subject_file_holds() {
    let (path, out) = titrated("subject", &["--date", "2026-11-21"]);
    assert!(out.contains("made up"), "{out}");
    let name = path.to_str().unwrap();
    let (status, _, err) = said(&["check", "foot-drop", "--subject", name]);
    assert!(status == 1 && err.contains("denied") && err.contains("screening"), "{err}");
    let mut person = json(&std::fs::read_to_string(&path).unwrap());
    person["screening"]["others"] = Value::from("no");
    let answered = file("subject", "answered.json", &person.to_string());
    let (status, out, err) = said(&["check", "foot-drop", "--subject", &answered, "--json"]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    person["limits"] = json(r#"[{"rule": "E-PEAK-1", "value": 20000}]"#);
    let limited = file("subject", "limited.json", &person.to_string());
    let (status, out, err) = said(&["check", "foot-drop", "--subject", &limited]);
    assert!(status == 1 && err.contains("E-PEAK-1") && err.contains("20 mA"), "{err}");
    assert!(err.contains("subject") || out.contains("subject"), "{out}{err}");
    let (status, _, err) = said(&["check", "foot-drop", "--subject", name, "--motor-threshold-ma", "10"]);
    assert!(status == 2 && err.contains("cannot be used with"), "{err}");
    person["home"] = json(r#"{"set_by": "C-2", "date": "2026-11-20"}"#);
    let home = file("subject", "home.json", &person.to_string());
    let (status, _, err) = said(&["check", "foot-drop", "--subject", &home]);
    assert!(status == 1 && err.contains("under supervision"), "{err}");
}

/// REQ-APP-113: a titration finds the thresholds of the made-up person to a step, each train out of the simulated
/// stimulator; the file says when, with which pads and polarity; the same seed gives the same file.
#[test]
fn a_titration_finds_what_is_there() {
    let given =
        ["--sensory-ma", "7.5", "--motor-ma", "14.2", "--functional-ma", "21", "--maximum-ma", "33.3"];
    let (path, out) = titrated("titrate", &[&given[..], &["--trains", "--date", "2026-11-21"]].concat());
    let person = json(&std::fs::read_to_string(path).unwrap());
    let measured = &person["measured"][0];
    assert_eq!(measured["sensory_ua"], 8_000);
    assert_eq!(measured["functional_ua"], 21_000);
    assert_eq!(measured["maximum_ua"], 34_000);
    // what is seen of the model's force, a little above where it begins
    let motor = measured["motor_ua"].as_u64().unwrap();
    assert!((15_000..=19_000).contains(&motor), "{motor}");
    assert_eq!(
        (measured["date"].as_str(), measured["ended"].as_str()),
        (Some("2026-11-21"), Some("maximum"))
    );
    assert_eq!(measured["electrode"]["area_mm2"], 2_000);
    assert!(out.contains("102 trains, the highest 34 mA; ended in DONE"), "{out}");
    let again = |folder| std::fs::read(titrated(folder, &[]).0).unwrap();
    assert_eq!(again("titrate-1"), again("titrate-2"));
}

/// REQ-APP-114: a key ends it with status 1 and no file; a ceiling is never passed and, reached, is said; a ceiling above the
/// protocol's range or the person's limit is refused; a denied train ends it.
#[test]
fn a_titration_stops_and_never_passes_its_ceiling() {
    let path = scratch("stopped").join("none.toml");
    let _ = std::fs::remove_file(&path);
    let name = path.to_str().unwrap();
    let (status, out, err) = said(&["titrate", "foot-drop", "--key-at-ma", "12", "--out", name]);
    assert!(
        status == 1 && err.contains("a key was pressed") && out.contains("ended in STOPPED"),
        "{out}{err}"
    );
    assert!(!path.exists(), "nothing is written");
    let (status, out, _) =
        said(&["titrate", "foot-drop", "--ceiling-ma", "12", "--maximum-ma", "40", "--repeats", "2"]);
    assert_eq!(status, 0);
    assert!(out.contains("24 trains, the highest 12 mA") && out.contains("The ceiling was reached"), "{out}");
    assert!(out.contains("ended = \"ceiling\""), "{out}");
    let (status, _, err) = said(&["titrate", "foot-drop", "--ceiling-ma", "500"]);
    assert!(status == 2 && err.contains("at most"), "{err}");
    let (status, _, err) = said(&["titrate", "foot-drop", "--electrode-cm2", "0.1"]);
    assert!(status == 1 && err.contains("denied") && err.contains("a train of"), "{err}");
    let (status, _, err) = said(&["titrate", "foot-drop", "--innervation", "denervated"]);
    assert!(status == 1 && err.contains("needs an intact"), "{err}");
}

fn diary_file(folder: &str) -> String {
    let one = |date: &str, skin: &str| {
        format!(
            "[[sessions]]\ndate = \"{date}\"\nprotocol = \"knee-oa\"\nplanned_ms = 900000\ndelivered_ms = 450000\namplitude_ua = 60000\npain = 3\nskin = \"{skin}\"\n"
        )
    };
    let event = "event = { grade = \"mild\", what = \"sore, the day after\" }\n";
    let head = "format = \"nmes-diary\"\nversion = 1\ncode = \"P-017\"\n";
    let text = format!("{head}{}{event}{}", one("2026-11-16", "clear"), one("2026-11-18", "burn"));
    file(folder, "diary.toml", &text)
}

/// REQ-APP-115: a diary is shown with adherence and the next place of the pads, says that a burn stops sessions, and is
/// written as CSV and as JSON, entry for entry.
#[test]
fn a_diary_is_shown_and_exported() {
    let name = diary_file("diary");
    let (status, out, _) = said(&["diary", &name]);
    assert_eq!(status, 0);
    for phrase in [
        "2 sessions in 3 days",
        "50 % of the planned time",
        "pads next time",
        "mild: sore",
        "Stop, and have the skin",
    ] {
        assert!(out.contains(phrase), "{phrase}: {out}");
    }
    let (status, csv, _) = said(&["diary", &name, "--format", "csv"]);
    assert_eq!((status, csv.lines().count()), (0, 3));
    assert!(csv.lines().nth(1).unwrap().contains("\"sore, the day after\""), "{csv}");
    let (status, out, _) = said(&["diary", &name, "--format", "json"]);
    let diary = json(&out);
    let entries = diary["sessions"].as_array().unwrap();
    let texts =
        |key: &str| entries.iter().map(|entry| entry[key].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!((status, &diary["code"]), (0, &Value::from("P-017")));
    assert_eq!(
        (texts("date"), texts("skin")),
        (vec!["2026-11-16".to_owned(), "2026-11-18".to_owned()], vec!["clear".to_owned(), "burn".to_owned()])
    );
    assert!(
        entries.iter().all(|entry| entry["delivered_ms"] == 450_000 && entry["amplitude_ua"] == 60_000),
        "{out}"
    );
    assert_eq!(entries[0]["event"]["what"], "sore, the day after");
    assert!(said(&["session", "validate", &name]).1.contains("a diary of 2 sessions"));
    let text = std::fs::read_to_string(&name).unwrap();
    let (_, out, _) =
        said(&["diary", &file("diary", "escape.toml", &text.replace("sore,", "\\u001b[2Jsore,"))]);
    assert!(out.contains("mild: \u{fffd}[2Jsore") && !out.contains('\u{1b}'), "{out}");
    for (percent, status) in [(150, 0), (151, 2)] {
        let strong = text.replace("pain = 3", &format!("pain = 3\nmvic_percent = {percent}"));
        assert_eq!(said(&["diary", &file("diary", "strong.toml", &strong)]).0, status);
    }
    let late = text.replace("2026-11-16", "2026-11-20");
    let (status, _, err) = said(&["diary", &file("diary", "late.toml", &late)]);
    assert!(
        status == 2
            && err.contains("sessions[1].date: earlier than the session before it; accepted: dates in order"),
        "{err}"
    );
}

/// REQ-APP-350: a diary of a year is shown, written and looked at with 1 MiB of stack, which is what a program has on Windows.
#[test]
fn a_long_diary_takes_little_stack() {
    let text = std::fs::read_to_string(diary_file("long-diary")).unwrap();
    let (head, first) = text.split_once("[[sessions]]").unwrap();
    let first = first.split("event").next().unwrap();
    let long = format!("{head}{}", format!("[[sessions]]{first}").repeat(732));
    let name = file("long-diary", "long.toml", &long);
    let work = move || {
        for args in [
            ["diary", &name].as_slice(),
            &["diary", &name, "--format", "json"],
            &["session", "validate", &name],
        ] {
            let cli = Cli::try_parse_from([&["nmes"], args].concat()).unwrap();
            let mut out = Vec::new();
            run_cli(&cli, &mut out).unwrap();
            assert!(out.len() > 30, "{args:?}");
        }
    };
    let thread = std::thread::Builder::new().stack_size(1_024 * 1_024);
    thread.spawn(work).unwrap().join().unwrap();
}

/// REQ-APP-116: rows of every schedule run to their end on the simulated stage: contractions, one train, stages, and a timer
/// in place of a trigger; every channel sums to zero; what a profile denies is not run.
#[test]
fn every_kind_of_row_runs() {
    for (row, trains) in [("warm-up", 1), ("disuse-dirks", 0), ("stroke-gait", 0), ("icu-kho-quadriceps", 0)]
    {
        let dir = scratch("plays");
        let args = [
            "run",
            row,
            "--json",
            "--stop-at-us",
            "60000000",
            "--stop",
            "finish",
            "--out-dir",
            dir.to_str().unwrap(),
        ];
        let (status, out, err) = said(&args);
        assert_eq!((status, err.as_str()), (0, ""), "{row}");
        let run = json(&out);
        let channels = run["channels"].as_array().unwrap();
        assert!(!channels.is_empty());
        for channel in channels {
            assert_eq!(channel["commanded_na_ticks"], 0, "{row}");
            assert_eq!(channel["residual_na_ticks"], 0, "{row}");
            assert!(channel["pulses"].as_u64().unwrap() > 20, "{row}: {channel}");
            let counted = channel["trains"].as_u64().unwrap();
            assert!(if trains > 0 { counted == trains } else { counted > 1 }, "{row}: {counted}");
        }
        assert_eq!(run["timer_openings"].is_null(), row != "stroke-gait", "{row}");
        let csv = std::fs::read_to_string(dir.join("pulses.csv")).unwrap();
        let pulses: u64 = channels.iter().map(|c| c["pulses"].as_u64().unwrap()).sum();
        assert!(csv.lines().count() as u64 > pulses, "{row}");
    }
    let (status, _, err) = said(&["run", "denervated-rise-1", "--specialist", "--innervation", "denervated"]);
    assert!(status == 1 && err.contains("N-EN-1"), "{err}");
}
