//! Reports for papers and for programs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]

mod common;
#[path = "common/schema.rs"]
mod schema;

use common::said;
use schema::complaints;
use serde_json::Value;

const CHECK: &str = include_str!("../../docs/schema/check-report.schema.json");
const OUTPUT: &str = include_str!("../../docs/schema/output-report.schema.json");

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// REQ-SAF-323: all seventeen rows, row 14 with its parts, with the figures of the foot-drop row at its ceilings.
#[test]
fn seventeen_rows() {
    let (status, out, err) = said(&["report", "foot-drop", "--format", "fda-510k-table"]);
    assert_eq!((status, err.as_str()), (0, ""));
    for number in
        (1..=13).map(|n| n.to_string()).chain(["14a", "14b", "14c", "14d", "15", "16", "17"].map(Into::into))
    {
        let row = |line: &str| line.split_whitespace().next() == Some(number.as_str());
        assert!(out.lines().any(row), "row {number}: {out}");
    }
    let answers = [
        "symmetrically balanced",
        "19.989 V @ 500 ohm, 79.956 V @ 2000 ohm, 150 V @ 10000 ohm",
        "39.978 mA @ 500 ohm, 39.978 mA @ 2000 ohm, 15 mA @ 10000 ohm",
        "40 Hz",
        "11.993378 µC",
        "± __ %",
        "the maker states",
        "A simulation",
    ];
    for phrase in answers {
        assert!(out.contains(phrase), "{phrase}: {out}");
    }
    for never in ["complian", "certif", "\u{1b}["] {
        assert!(!out.contains(never), "{never:?}: {out}");
    }
    assert_eq!(said(&["report", "foot-drop"]).1, out, "this is what is printed when nothing is asked");
}

/// REQ-SAF-323: the other lists, and settings that change them.
#[test]
fn other_lists() {
    let (status, out, _) = said(&["report", "foot-drop", "--format", "cfr-882-5891"]);
    assert_eq!(status, 0);
    assert!(
        out.contains("882.5891") && out.contains("impedance monitoring") && out.contains("0.96 mA"),
        "{out}"
    );
    let rules = said(&["report", "foot-drop", "--format", "rules"]);
    assert_eq!(rules, said(&["check", "foot-drop"]));
    let (_, out, _) = said(&["report", "foot-drop", "--rail-v", "60"]);
    assert!(out.contains("30 mA @ 2000 ohm, 6 mA @ 10000 ohm"), "{out}");
}

/// REQ-SAF-323: a plan that a rule denies is shown and then denied; what cannot be taken is named.
#[test]
fn denied_and_refused() {
    let (status, out, err) = said(&["report", "foot-drop", "--electrode-cm2", "1"]);
    assert_eq!(status, 1);
    assert!(out.contains("maximum current density") && err.contains("denied: "), "{err}");
    let (status, out, err) = said(&["report", "foot-drop", "--format", "pdf"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("fda-510k-table") && err.contains("cfr-882-5891"), "{err}");
    let (_, help, _) = said(&["report", "--help"]);
    assert!(help.contains("seventeen output specifications") && help.contains("882.5891"), "{help}");
}

/// Options under which rows pass, warn, are denied, are not evaluated, and have remarks.
const ASKED: [&[&str]; 8] = [
    &[],
    &["--electrode-cm2", "1"],
    &["--profile", "fda-limited-output-draft", "--amplitude-ma", "90"],
    &["--profile", "aami-ns4-style-tens"],
    &["--profile", "specialist-direct-muscle", "--one-shot-us", "1000"],
    &["--profile", "percutaneous-research", "--electrode-cm2", "20"],
    &["--one-shot-us", "4000"],
    &["--late-us", "5", "--contact-fraction", "0.2", "--checked-load-ohm", "5000"],
];

/// Who holds a rule that is no row: no guard has the contact before arming, the rise of an impedance or a figure of a bench.
fn holder(id: &str) -> &'static str {
    match id {
        "E-Z-1-S" | "E-Z-1-O" => "looked at before arming, where something measures the electrodes: ",
        "E-Z-2" => "told to whoever asks, where something measures the electrodes; nothing ends by it: ",
        "E-EST-1" => "a figure of the bench, which nothing here holds: ",
        _ => "held while it runs: ",
    }
}

/// REQ-SAF-584, REQ-SAF-587, REQ-APP-345: what people see of a check has each rule with its mark, those of the device and those of the run in a line
/// each, and the sources of all with how sure they are; a run shows the same table.
#[test]
fn each_rule_shows_how_sure_it_is() {
    let (_, out, _) = said(&["check", "foot-drop"]);
    let (table, sources) = out.split_once("Where each limit is from").unwrap();
    let marks = ["F", "R-h", "R-m", "R-l", "ours"];
    let marked = |line: &str, id: &str| {
        let mut words = line.split([' ', ',']).filter(|word| !word.is_empty()).skip_while(|word| *word != id);
        words.any(|word| marks.contains(&word))
    };
    let report = json(&said(&["check", "foot-drop", "--json"]).1);
    let rows = report["rows"].as_array().unwrap();
    for row in rows {
        let id = row["rule"]["id"].as_str().unwrap();
        let of_device = row["remark"].as_str().is_some_and(|remark| remark.starts_with("show_"));
        let begins = |line: &&str| line.trim_start().starts_with(&format!("{id} "));
        let line =
            table.lines().find(|line| if of_device { line.contains("to be shown") } else { begins(line) });
        assert!(line.is_some_and(|line| marked(line, id)), "{id}: {line:?}");
        let source = sources.lines().find(begins).unwrap();
        let sure = ["[found]", "[recalled, ", "[our choice]"].iter().any(|sure| source.contains(sure));
        assert!(sure && source.contains(row["rule"]["source"].as_str().unwrap()), "{source}");
    }
    for rule in nmes_safety::held_at_run_time() {
        let held = table.lines().find(|line| line.contains(holder(rule.id))).unwrap();
        assert!(marked(held, rule.id), "{}: {held}", rule.id);
        let source = sources.lines().find(|line| line.starts_with(&format!("  {} ", rule.id))).unwrap();
        assert!(source.contains(holder(rule.id)), "{source}");
    }
    let of_device =
        rows.iter().filter(|row| row["remark"].as_str().is_some_and(|r| r.starts_with("show_"))).count();
    assert_eq!(of_device, 9);
    // the rule table and nothing else: as many lines as rows, a head, the five lines and what the marks mean
    let lines = table
        .lines()
        .skip_while(|line| !line.trim_start().starts_with("rule "))
        .filter(|line| !line.trim().is_empty());
    assert_eq!(lines.count(), 1 + rows.len() - of_device + 6);
    let dir = common::scratch("marks");
    let (_, run, _) = said(&["run", "foot-drop", "--seconds", "20", "--out-dir", dir.to_str().unwrap()]);
    for line in
        ["to be shown on the device: N-IND-2 F, N-ACC-1 R-m", "N-LOCK-1 R-h", "R-h, R-m, R-l recalled"]
    {
        assert!(run.contains(line), "{line}: {run}");
    }
}

/// REQ-SAF-582, REQ-SAF-585, REQ-SAF-615: the profiles for specialists and for research by name: a row for nerves is denied by the first with the
/// reason; one for denervated muscle runs by it and by no other; Shannon denies in the second and informs elsewhere.
#[test]
fn profiles_for_specialists_and_research() {
    let (status, out, err) = said(&["check", "foot-drop", "--profile", "specialist-direct-muscle"]);
    assert!(
        status == 1 && out.contains("for use class specialist only") && err.contains("E-W-1"),
        "{out} {err}"
    );
    let row = out.lines().find(|line| line.trim_start().starts_with("E-W-1 ")).unwrap();
    let words: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(words[1..7], ["deny", "-", "500", "µs", "-", "ours"], "{row}");
    assert!(row.contains("ours  the profile is for use class specialist only (not compared: width"), "{row}");
    let strong =
        ["check", "foot-drop", "--amplitude-ma", "100", "--phase-us", "365", "--electrode-cm2", "20"];
    let shannon = |options: &[&str]| {
        let (_, out, _) = said(&[&strong, options].concat());
        out.lines().find(|line| line.trim_start().starts_with("E-SH-1 ")).unwrap().to_owned()
    };
    let (elsewhere, own) = (shannon(&[]), shannon(&["--profile", "percutaneous-research"]));
    assert!(elsewhere.contains("inform") && elsewhere.contains("only informs"), "{elsewhere}");
    assert!(own.contains("deny") && own.contains("µC²/cm²"), "{own}");
    let (_, help, _) = said(&["check", "--help"]);
    let help: String = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(nmes_safety::Profile::NAMES.iter().all(|name| help.contains(name)), "{help}");
}

/// REQ-SAF-324: `check --json` is what docs/schema/check-report.schema.json says, denied or not.
#[test]
fn check_is_as_its_schema_says() {
    let schema = json(CHECK);
    for options in ASKED {
        for command in
            [vec!["check", "foot-drop", "--json"], vec!["report", "foot-drop", "--format", "rules", "--json"]]
        {
            let (_, out, err) = said(&[&command[..], options].concat());
            let found = complaints(&schema, &json(&out));
            assert!(found.is_empty(), "{options:?}: {found:#?} {err}");
        }
    }
}

/// REQ-SAF-324: `report --json` is what docs/schema/output-report.schema.json says.
#[test]
fn output_is_as_its_schema_says() {
    let schema = json(OUTPUT);
    for format in ["fda-510k-table", "cfr-882-5891"] {
        for options in ASKED {
            let (_, out, err) =
                said(&[&["report", "foot-drop", "--json", "--format", format], options].concat());
            let found = complaints(&schema, &json(&out));
            assert!(found.is_empty(), "{format} {options:?}: {found:#?} {err}");
        }
    }
}

/// Commands that come to no report, with their exit status: a gate, an option, a protocol, files.
const REFUSED: [(&[&str], i32); 5] = [
    (&["bells-denervated"], 1),
    (&["foot-drop", "--amplitude-ma", "200"], 2),
    (&["no-such-protocol"], 2),
    (&["--session", "no-such-file.toml"], 2),
    (&["foot-drop", "--subject", "no-such-file.toml"], 2),
];

/// REQ-APP-260, REQ-SAF-324: `check` and `report` print one JSON value where they were asked for JSON and have no report: why, as on
/// standard error, and the exit status. Without `--json` they print nothing.
#[test]
fn a_refusal_is_json_too() {
    let schemas = [json(CHECK), json(OUTPUT)];
    let commands: [(&[&str], usize); 4] = [
        (&["check"], 0),
        (&["report", "--format", "rules"], 0),
        (&["report", "--format", "fda-510k-table"], 1),
        (&["report", "--format", "cfr-882-5891"], 1),
    ];
    for (asked, status) in &REFUSED {
        for (command, schema) in &commands {
            let asked = [*command, *asked].concat();
            let (code, out, err) = said(&[&asked[..], &["--json"]].concat());
            assert_eq!(code, *status, "{asked:?}");
            let value = json(&out);
            let found = complaints(&schemas[*schema], &value);
            assert!(found.is_empty(), "{asked:?}: {found:#?}");
            assert_eq!((&value["exit_status"], &value["refused"]), (&(*status).into(), &err.trim().into()));
            let (code, out, again) = said(&asked);
            assert_eq!((code, out.as_str(), again), (*status, "", err), "{asked:?}");
        }
    }
}

/// REQ-APP-260: so do the other commands that take `--json`, and a report that is shown and denied stays one value.
#[test]
fn one_json_value_each() {
    for asked in [
        &["show", "knee"][..],
        &["screen", "foot-drop", "--site", "nose"],
        &["run", "foot-drop", "--amplitude-ma", "200"],
    ] {
        let (code, out, err) = said(&[asked, &["--json"]].concat());
        assert_eq!((code, json(&out)["refused"].as_str().unwrap()), (2, err.trim()), "{asked:?}");
    }
    for command in ["check", "report"] {
        let (code, out, err) = said(&[command, "foot-drop", "--electrode-cm2", "1", "--json"]);
        assert!(code == 1 && err.starts_with("denied: "), "{err}");
        assert!(json(&out)["refused"].is_null() && json(&out).is_object());
    }
}

/// REQ-SAF-324: the schema refuses what is not a report: it is not so wide that everything fits.
#[test]
fn the_schema_can_say_no() {
    let schema = json(CHECK);
    let good = json(&said(&["check", "foot-drop", "--json"]).1);
    let changes: [fn(&mut Value); 8] = [
        |report| report["verdict"] = "compliant".into(),
        |report| report["rows"] = Value::Array(vec![]),
        |report| report["rows"][0]["value"] = 1.5.into(),
        |report| report["rows"][0]["value"] = (-1).into(),
        |report| report["rows"][0]["rule"]["unit"] = "mA".into(),
        |report| report["rows"][0]["rule"]["load"] = Value::Null,
        |report| drop(report["rows"][0].as_object_mut().unwrap().remove("layer")),
        |report| drop(report.as_object_mut().unwrap().insert("extra".into(), Value::Null)),
    ];
    assert!(complaints(&schema, &good).is_empty());
    let refused = json(&said(&["check", "no-such-protocol", "--json"]).1);
    let bad: [fn(&mut Value); 3] = [
        |refused| refused["exit_status"] = 0.into(),
        |refused| refused["refused"] = Value::Null,
        |refused| drop(refused.as_object_mut().unwrap().insert("rows".into(), Value::Null)),
    ];
    for (index, change) in bad.iter().enumerate() {
        let mut bad = refused.clone();
        change(&mut bad);
        assert!(!complaints(&schema, &bad).is_empty(), "change {index} of a refusal");
    }
    for (index, change) in changes.iter().enumerate() {
        let mut bad = good.clone();
        change(&mut bad);
        assert!(!complaints(&schema, &bad).is_empty(), "change {index}");
    }
}

/// Variants of an enum in a source, as serde writes them.
fn variants(source: &str, name: &str) -> Vec<String> {
    let body = source.split(&format!("pub enum {name} {{")).nth(1).unwrap().split("\n}").next().unwrap();
    let names = body
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter_map(|line| line.split([',', '(']).next());
    let names = names.filter(|name| name.starts_with(char::is_uppercase));
    let snake = |name: &str| {
        let mut text = String::new();
        for (index, letter) in name.chars().enumerate() {
            if letter.is_uppercase() && index > 0 {
                text.push('_');
            }
            text.extend(letter.to_lowercase());
        }
        text
    };
    names.map(snake).collect()
}

/// REQ-SAF-324: each unit, remark and class that a report can have is in the schema.
#[test]
fn the_schema_knows_every_word() {
    let schema = json(CHECK);
    let rules = include_str!("../../nmes-safety/src/rules.rs");
    let report = include_str!("../../nmes-safety/src/report.rs");
    let places = [
        (rules, "Unit", "/$defs/rule/properties/unit/enum"),
        (rules, "Confidence", "/$defs/rule/properties/confidence/enum"),
        (rules, "Effect", "/$defs/rule/properties/effect/enum"),
        (report, "Remark", "/$defs/row/properties/remark/enum"),
        (report, "Verdict", "/$defs/row/properties/verdict/enum"),
    ];
    for (source, name, pointer) in places {
        let known = schema.pointer(pointer).unwrap().as_array().unwrap();
        let named = variants(source, name);
        assert!(named.len() > 2, "{name}");
        for word in named {
            assert!(known.contains(&Value::String(word.clone())), "{name}: {word}");
        }
    }
}
