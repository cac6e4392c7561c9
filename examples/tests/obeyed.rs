//! What is asked for is obeyed, refused or said; nothing that was not given is taken for given.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use common::{said, scratch};
use nmes_protocols::{Availability, CATALOGUE, Innervation, Item};

fn dir(name: &str) -> String {
    let path = scratch("obeyed").join(name);
    let _ = std::fs::remove_file(&path);
    path.to_str().unwrap().to_owned()
}

/// The flags that let a row through its gates.
fn gates(row: &nmes_protocols::Condition) -> Vec<&'static str> {
    let states = [
        (Innervation::Intact, "intact"),
        (Innervation::Denervated, "denervated"),
        (Innervation::PartiallyDenervated, "partial"),
    ];
    let (_, word) = states.into_iter().find(|(state, _)| row.needs.accepts(*state)).unwrap();
    let mut flags = vec!["--innervation", word];
    flags.extend(row.specialist.map(|_| "--specialist"));
    flags
}

/// REQ-APP-231: where no threshold is given, every row is exported at its own amplitude, and nothing is called changed; a
/// walk's threshold is made up, and each command says so.
#[test]
fn nothing_is_made_up_but_the_threshold_of_a_walk() {
    for row in CATALOGUE.iter().filter(|row| row.availability == Availability::Enabled) {
        let file = dir(&format!("{}.toml", row.name));
        let (status, out, err) =
            said(&[&["session", "export", row.name, "--out", &file], &gates(row)[..]].concat());
        assert_eq!(status, 0, "{}: {err}", row.name);
        let text = std::fs::read_to_string(&file).unwrap();
        let amplitude = format!("amplitude_ua = {}\n", row.amplitude.default);
        assert!(text.contains(&amplitude), "{}: {text}", row.name);
        let (status, valid, err) = said(&["session", "validate", &file]);
        assert_eq!(status, 0, "{}: {err}", row.name);
        let steps = row.schedule.step().is_some();
        assert_eq!(out.contains("motor threshold 25 mA assumed"), steps, "{out}");
        let changed = if steps { "default: ramp floor" } else { "default: nothing" };
        assert!(valid.contains(changed), "{valid}");
    }
    let (_, out, _) = said(&["check", "foot-drop"]);
    assert!(out.contains("motor threshold 25 mA assumed"), "{out}");
    let (_, out, _) = said(&["check", "foot-drop", "--motor-threshold-ma", "25"]);
    assert!(!out.contains("assumed, and"), "{out}");
    let (_, out, _) = said(&["run", "knee-oa", "--motor-threshold-ma", "30", "--out-dir", &dir("given")]);
    assert!(out.contains("motor threshold 30 mA"), "{out}");
}

/// REQ-APP-232: a flag that the protocol has no use for is refused with the protocols that have one, before anything is run.
#[test]
fn a_flag_that_would_do_nothing_is_refused() {
    let out = dir("nothing");
    let table: [(&[&str], &str, &str); 15] = [
        (&["run", "foot-drop", "--rpm", "35"], "--rpm", "fes-cycle"),
        (&["run", "knee-oa", "--windows", "trike"], "--windows", "fes-cycle"),
        (&["run", "knee-oa", "--gait", "walk.csv"], "--gait", "foot-drop"),
        (&["run", "knee-oa", "--steps"], "--steps", "foot-drop"),
        (&["run", "knee-oa", "--trigger", "both-heels"], "--trigger", "foot-drop"),
        (&["run", "knee-oa", "--extension-ms", "100"], "--extension-ms", "foot-drop"),
        (&["run", "knee-oa", "--delay-ms", "10"], "--delay-ms", "foot-drop"),
        (&["run", "fes-cycle", "--gait", "walk.csv"], "--gait", "foot-drop"),
        (&["run", "fes-cycle", "--steps"], "--steps", "foot-drop"),
        (&["run", "fes-cycle", "--noise-uv", "3"], "--noise-uv", "stroke-wrist-emg"),
        (&["run", "stroke-wrist-emg", "--rpm", "35"], "--rpm", "fes-cycle"),
        (&["run", "foot-drop", "--no-blanking"], "--no-blanking", "stroke-wrist-emg"),
        (&["events", "knee-oa", "--gait", "walk.csv"], "--gait", "foot-drop"),
        (&["check", "knee-oa", "--stop-at-us", "100"], "--stop-at-us", "run, events, plot"),
        (&["session", "export", "knee-oa", "--stop-at-us", "100"], "--stop-at-us", "run, events, plot"),
    ];
    for (args, flag, accepted) in table {
        let to: &[&str] = if args[0] == "run" { &["--out-dir", &out] } else { &[] };
        let (status, _, err) = said(&[args, to].concat());
        assert_eq!(status, 2, "{args:?}: {err}");
        assert!(err.contains(flag) && err.contains(accepted), "{args:?}: {err}");
    }
    assert!(!std::path::Path::new(&out).exists(), "nothing was run");
    let (_, json, _) = said(&["run", "knee-oa", "--rpm", "35", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["exit_status"], 2);
}

/// REQ-APP-312: what only a simulation has is refused where nothing is run.
#[test]
fn nothing_of_a_simulation_is_taken_where_nothing_runs() {
    for (flag, value) in [("--load-ohm", "100000"), ("--seed", "7"), ("--polarity-mismatch-pct", "-3")] {
        for command in [&["check", "knee-oa"][..], &["report", "knee-oa"], &["session", "export", "knee-oa"]]
        {
            let (status, out, err) = said(&[command, &[flag, value]].concat());
            assert_eq!((status, out.as_str()), (2, ""), "{command:?} {flag}");
            assert!(
                err.contains(&format!("{flag}: ")) && err.contains("accepted: run, events, plot"),
                "{err}"
            );
        }
    }
    let (status, _, err) = said(&["check", "knee-oa", "--checked-load-ohm", "1500", "--late-us", "2"]);
    assert_eq!(status, 0, "{err}");
}

/// REQ-APP-232: `--stop-at-us` ends a run on a crank and one on an EMG: not a pulse begins after it.
#[test]
fn a_stop_ends_every_run() {
    for protocol in ["fes-cycle", "stroke-wrist-emg", "knee-oa", "foot-drop"] {
        let out = dir(&format!("stop-{protocol}"));
        let asked = ["run", protocol, "--stop-at-us", "19500000", "--out-dir", &out];
        let (status, text, err) = said(&asked);
        assert_eq!(status, 0, "{text}{err}");
        let csv = std::fs::read_to_string(std::path::Path::new(&out).join("pulses.csv")).unwrap();
        let onset = |line: &str| line.split(',').nth(2).unwrap().parse::<u64>().unwrap();
        let last = csv.lines().skip(1).map(onset).max().unwrap();
        assert!((5_000_000..19_500_000).contains(&last), "{protocol}: {last}");
    }
}

/// REQ-APP-233: a titration is written with the day that it is, or the one that was given.
#[test]
fn a_titration_has_its_day() {
    let day = |name: &str, more: &[&str]| {
        let file = dir(name);
        assert_eq!(said(&[&["titrate", "foot-drop", "--out", &file], more].concat()).0, 0);
        let text = std::fs::read_to_string(file).unwrap();
        let line = text.lines().find(|line| line.starts_with("date = ")).unwrap().to_owned();
        nmes_protocols::Date::parse(line.trim_start_matches("date = ").trim_matches('"')).unwrap()
    };
    let since = nmes_protocols::Date::parse("1970-01-01").unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let days = i32::try_from(now.as_secs() / 86_400).unwrap();
    let written = day("today.toml", &[]).days_after(since);
    assert!((days - 1..=days + 1).contains(&written), "{written} against {days}");
    assert_eq!(day("given.toml", &["--date", "2025-02-28"]).to_string(), "2025-02-28");
}

/// REQ-APP-234: `screen` says first what no answer changes (disabled, for specialists, the state of the nerve) and denies by
/// it as the builder would; so it does for every row.
#[test]
fn screening_names_the_gates() {
    for row in CATALOGUE {
        let disabled = row.availability != Availability::Enabled;
        let (status, out, err) = said(&["screen", row.name]);
        assert_eq!(status == 0, !disabled && row.specialist.is_none(), "{}: {out}{err}", row.name);
        assert_eq!(out.starts_with("DISABLED"), disabled, "{out}");
        assert_eq!(out.contains("For specialists: "), row.specialist.is_some(), "{out}");
        assert!(out.contains(row.needs.nerve), "{out}");
        let (status, out, err) = said(&[&["screen", row.name], &gates(row)[..]].concat());
        assert_eq!(status == 0, !disabled, "{}: {out}{err}", row.name);
    }
    let (status, _, err) = said(&["screen", "knee-oa", "--innervation", "denervated"]);
    assert!(status == 1 && err.contains("innervation denervated"), "{err}");
    let asked = ["screen", "bells-denervated", "--specialist", "--innervation", "intact", "--json"];
    let (status, json, _) = said(&asked);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (status, json["specialist"].as_bool(), json["innervation"].as_str()),
        (1, Some(true), Some("intact"))
    );
    assert!(json["refused"].as_str().unwrap().contains("far less charge"), "{json}");
    assert!(json["for_specialists"].is_string() && json["disabled"].is_null(), "{json}");
}

/// REQ-APP-234: no "yes" is dropped: what the protocol does not ask is said and denies, what means nothing with pads there is
/// said.
#[test]
fn no_yes_is_dropped() {
    for row in CATALOGUE.iter().filter(|row| row.availability == Availability::Enabled) {
        let flags: Vec<String> = Item::ALL.iter().map(|item| format!("--{}", item.flag())).collect();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let (status, out, _) = said(&[&["screen", row.name], &flags[..]].concat());
        assert_eq!(status, 1);
        for entry in nmes_protocols::TABLE {
            assert!(out.contains(&format!("\n{}: ", entry.text)), "{} {:?}: {out}", row.name, entry.item);
        }
    }
    for flag in ["--knee-flare", "--laryngospasm"] {
        let (status, out, err) = said(&["screen", "foot-drop", flag]);
        assert_eq!(status, 1, "{out}");
        assert!(out.contains("not asked by this protocol") && err.contains(flag), "{out}{err}");
    }
    let (status, json, _) = said(&["screen", "foot-drop", "--knee-flare", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((status, json["findings"][0]["why"].as_str()), (1, Some("not_asked")));
}

/// REQ-APP-235: `show` has what is asked before a session, with what a "yes" does, and the reason of every number that is ours.
#[test]
fn show_has_questions_and_reasons() {
    let (_, out, _) = said(&["show", "knee-oa"]);
    let asked = |what: &str, action: &str| {
        out.lines().any(|line| line.trim_start().starts_with(action) && line.contains(what))
    };
    assert!(
        asked("a knee that is hot and swollen, or unstable (this protocol's own question)", "blocks"),
        "{out}"
    );
    assert!(asked("epilepsy", "to be acknowledged") && asked("pacemaker", "blocks"), "{out}");
    for row in CATALOGUE {
        let (_, out, _) = said(&["show", row.name]);
        let mut reasons = 0;
        for (_, range) in row.ranges() {
            for provenance in [range.chosen, range.range] {
                if let nmes_protocols::Provenance::Ours { reason } = provenance {
                    assert!(out.contains(&format!(") {reason}\n")), "{}: {reason}", row.name);
                    reasons += 1;
                }
            }
        }
        assert!(reasons > 0 && out.contains("ours (1)") && out.contains("\n  (1) "), "{}", row.name);
        for item in row.specific_items {
            let entry = nmes_protocols::TABLE.iter().find(|entry| entry.item == *item).unwrap();
            let own = entry.general || entry.action(row.site) == nmes_protocols::Action::Clear;
            assert!(own || out.contains(entry.text), "{}: {}", row.name, entry.text);
        }
    }
}

/// REQ-APP-236: questions that nobody answered come as a list by the words of the subject file, with how they are answered;
/// answered that way the session runs.
#[test]
fn unanswered_questions_say_the_way_out() {
    let file = dir("unanswered.toml");
    let (_, out, _) = said(&["titrate", "foot-drop", "--out", &file]);
    assert!(out.contains("its screening questions are unanswered"), "{out}");
    let session = dir("unanswered-session.toml");
    assert_eq!(said(&["session", "export", "foot-drop", "--out", &session]).0, 0);
    for asked in [&["check", "foot-drop"][..], &["check", "--session", &session]] {
        let (status, _, err) = said(&[asked, &["--subject", &file]].concat());
        assert_eq!(status, 1);
        for phrase in [
            "questions unanswered",
            &file,
            "[screening]",
            "others = \"no\"",
            "\n    electronic_implant: pacemaker",
        ] {
            assert!(err.contains(phrase), "{phrase}: {err}");
        }
        assert!(err.lines().all(|line| line.chars().count() < 400), "{err}");
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let blocked =
        text.replace("yes = []", "yes = [\"electronic_implant\"]").replace("\"unanswered\"", "\"no\"");
    std::fs::write(&file, blocked).unwrap();
    let (status, _, err) = said(&["check", "foot-drop", "--subject", &file]);
    assert!(status == 1 && err.contains("active implant: blocks") && !err.contains("unanswered"), "{err}");
    std::fs::write(&file, text.replace("\"unanswered\"", "\"no\"")).unwrap();
    let (status, _, err) = said(&["check", "foot-drop", "--subject", &file]);
    assert_eq!(status, 0, "{err}");
}

/// REQ-APP-244: a one-shot and a watchdog that are said to be there count in what one stuck output delivers; one that would cut
/// pulses is denied.
#[test]
fn what_opens_the_output_is_counted() {
    let stuck = |options: &[&str]| {
        let (status, out, _) = said(&[&["check", "foot-drop"], options].concat());
        let line = out.lines().find(|line| line.contains("E-STUCK-1")).unwrap_or_default().to_owned();
        (status, line)
    };
    // 40 mA × 500 µs; without a one-shot × the whole of a session that nobody triggers, as nothing is said to measure it
    let (status, line) = stuck(&["--one-shot-us", "500", "--watchdog-ms", "50"]);
    assert!(status == 0 && line.contains("pass") && line.contains("19.98"), "{line}");
    for options in [&[][..], &["--watchdog-ms", "50"]] {
        let (status, line) = stuck(options);
        assert!(status == 0 && line.contains("warn") && line.contains("748588."), "{line}");
        assert!(line.contains("no watchdog") == options.is_empty(), "{line}");
    }
    let (status, line) = stuck(&["--one-shot-us", "299"]);
    assert!(status != 0 && line.contains("deny"), "{status} {line}");
    // trains of a titration are checked by themselves, and as strictly
    let (status, _, error) = said(&["titrate", "foot-drop", "--one-shot-us", "299"]);
    assert!(status == 1 && error.contains("E-STUCK-1"), "{status} {error}");
    let (status, _, error) = said(&["check", "foot-drop", "--watchdog-ms", "0"]);
    assert!(status == 2 && error.contains("--watchdog-ms"), "{error}");
}
