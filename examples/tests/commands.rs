//! The commands as a person or a program meets them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    reason = "a test"
)]

mod common;

use common::{rows, said, scratch};
use nmes_protocols::Innervation;

/// REQ-APP-016: `run` says first that it is a simulation and what it assumed, then all that it has to show, and
/// writes both files.
#[test]
fn run_shows_everything_and_writes_both_files() {
    let dir = scratch("run");
    let (status, out, err) = said(&["run", "foot-drop", "--out-dir", dir.to_str().unwrap()]);
    assert_eq!((status, err.as_str()), (0, ""));
    let first = out.lines().next().unwrap();
    assert!(first.contains("SIMULATION") && first.contains("not for use on a person"), "{first}");
    assert!(out.lines().nth(1).unwrap().contains("\"no\" to all"), "{out}");
    let shown = [
        "R-m",
        "ours",
        "recalled with high, medium, low confidence",
        "Rounded for this hardware: amplitude",
        "steps ",
        "full level by toe-off",
        "gaps in swing over two periods",
        "stances without 80 ms of Off",
        "the same, strictly",
        "swings that no heel announced",
        "output in mid-stance",
        "ON share",
        "heel-off to motor threshold",
        "phase charge",
        "r.m.s. while on",
        "r.m.s. density",
        "compliance needed",
        "commanded, in all",
        "0 nA·ticks",
        "measured d.c.",
        "blocking capacitor",
        "margin",
        "ended in OFF",
        "foot-drop.svg",
        "pulses.csv",
    ];
    for phrase in shown {
        assert!(out.contains(phrase), "{phrase}: {out}");
    }
    for never in ["compliant", "\u{1b}["] {
        assert!(!out.contains(never), "{never:?}: {out}");
    }
    let svg = std::fs::read_to_string(dir.join("foot-drop.svg")).unwrap();
    for phrase in [
        "<svg",
        "motor threshold",
        "heel strike",
        "toe-off",
        "missed",
        "One pulse",
        "not for use on a person",
    ] {
        assert!(svg.contains(phrase), "{phrase}");
    }
    let csv = std::fs::read_to_string(dir.join("pulses.csv")).unwrap();
    let pulses = csv.lines().count() - 1;
    assert!(
        out.lines()
            .any(|line| line.trim_start().starts_with("pulses  ") && line.contains(&pulses.to_string()))
    );
}

/// REQ-APP-016: the two files are the same whenever the same is asked.
#[test]
fn a_run_repeats_to_the_byte() {
    let read = |name: &str| {
        let dir = scratch(name);
        let asked =
            ["run", "foot-drop", "--late-us", "15", "--seed", "7", "--out-dir", dir.to_str().unwrap()];
        assert_eq!(said(&asked).0, 0);
        ["foot-drop.svg", "pulses.csv"].map(|file| std::fs::read(dir.join(file)).unwrap())
    };
    assert_eq!(read("again-1"), read("again-2"));
}

/// REQ-APP-016: `run --json` is one JSON value that says the same.
#[test]
fn run_json_is_for_programs() {
    let dir = scratch("json");
    let (status, out, _) = said(&["run", "foot-drop", "--json", "--out-dir", dir.to_str().unwrap()]);
    assert_eq!(status, 0);
    let run: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(run["simulation"].as_str().unwrap().contains("not for use on a person"));
    assert_eq!(run["balance"]["commanded_na_ticks"], 0);
    assert_eq!(run["trigger"]["ended_in"], "OFF");
    assert_eq!(run["fault"], serde_json::Value::Null);
    assert!(run["criteria"].as_array().unwrap().iter().all(|c| c["passes"] == true || c["of"] == 0));
    assert!(run["settings"].as_array().unwrap().len() > 20);
}

/// REQ-APP-017: `events` as JSON lines says what the CSV says, and `--out` writes it to a file.
#[test]
fn events_have_two_formats_and_a_file() {
    let asked = ["events", "foot-drop", "--seconds", "3"];
    let (_, csv, _) = said(&asked);
    let (status, jsonl, _) = said(&[&asked[..], &["--format", "jsonl"]].concat());
    assert_eq!(status, 0);
    let rows = rows(&csv);
    assert!(rows.len() > 100);
    assert_eq!(jsonl.lines().count(), rows.len());
    for (line, (tick, code)) in jsonl.lines().zip(&rows) {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((row["tick"].as_u64(), row["code"].as_i64()), (Some(*tick), *code));
        assert_eq!(row["t_us"].as_f64(), Some(f64::from(u32::try_from(*tick).unwrap())));
        let current = code.map_or(0.0, |code| f64::from(i32::try_from(code).unwrap()) * 61.035);
        assert!((row["current_ua"].as_f64().unwrap() - current).abs() < 1e-6);
    }
    let file = scratch("events").join("events.csv");
    let (status, out, _) = said(&[&asked[..], &["--out", file.to_str().unwrap()]].concat());
    assert_eq!((status, out.as_str()), (0, ""));
    assert_eq!(std::fs::read_to_string(file).unwrap(), csv);
}

/// What `list` says to be denied `check` denies, by those rules, and nothing else.
fn denied_as_checked(list: &str) {
    for row in nmes_protocols::CATALOGUE {
        let line =
            list.lines().find(|line| line.trim_start().starts_with(&format!("{} ", row.name))).unwrap();
        let word = ["intact", "partial", "denervated"].into_iter();
        let states = [Innervation::Intact, Innervation::PartiallyDenervated, Innervation::Denervated];
        let (word, _) = word.zip(states).find(|(_, state)| row.needs.accepts(*state)).unwrap();
        let gate = row.specialist.map(|_| "--specialist");
        let asked = ["check", row.name, "--innervation", word].into_iter().chain(gate);
        let (status, _, err) = said(&asked.collect::<Vec<_>>());
        let Some((_, rules)) = line.split_once("DENIED by ") else {
            let disabled = line.contains("DISABLED");
            assert!(status == 0 || disabled, "{line}: {err}");
            continue;
        };
        assert_eq!(status, 1, "{line}: {err}");
        let rules: Vec<_> = rules.split_once(". ").unwrap().0.split(", ").collect();
        let named = |rule: &&&str| err.contains(&format!("{rule}: "));
        assert_eq!(rules.iter().filter(named).count(), rules.len(), "{line}: {err}");
    }
}

/// REQ-APP-018, REQ-APP-243, REQ-APP-245: `list` names the protocol, its numbers and where they are from.
#[test]
fn list_names_protocols_and_sources() {
    let (status, out, _) = said(&["list"]);
    assert_eq!(status, 0);
    for phrase in [
        "foot-drop",
        "Knee osteoarthritis",
        "Denervated muscle",
        "40 Hz R-m",
        "300 µs ours",
        "positive",
        "DISABLED",
    ] {
        assert!(out.contains(phrase), "{phrase}: {out}");
    }
    // of what is not even the fastest rate is listed, and said to be that
    for row in nmes_protocols::CATALOGUE.iter().filter(|row| row.timing.is_some()) {
        let line = out.lines().find(|line| line.trim_start().starts_with(&format!("{} ", row.name))).unwrap();
        assert!(line.contains("up to "), "{line}");
    }
    denied_as_checked(&out);
    // what was not shown comes before what it is
    let spasm = out.lines().find(|line| line.contains("spasm-fatigue")).unwrap();
    assert!(
        spasm.contains(" none ") && spasm.find("No benefit shown") < spasm.find("Muscle spasm:"),
        "{spasm}"
    );
    let (status, json, _) = said(&["list", "--json"]);
    assert_eq!(status, 0);
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(rows[0]["name"], "foot-drop");
    assert_eq!(rows.as_array().unwrap().len(), 102);
    let range = &rows[0]["rate"];
    assert!(range["chosen"]["recalled"]["source"]["tag"].is_string(), "{range}");
}

/// REQ-APP-018, REQ-PRO-220: `show` has every number of a protocol with its source; of one without benefit that comes
/// first; a name that is not known is answered with the nearest.
#[test]
fn show_has_every_number_with_its_source() {
    let (status, out, _) = said(&["show", "knee-oa"]);
    assert_eq!(status, 0);
    for phrase in [
        "knee-oa: ",
        "phase width",
        "300 µs",
        "F PRO-S2",
        "contractions a week, at least",
        "Sources",
        "PRO-S66",
    ] {
        assert!(out.contains(phrase), "{phrase}: {out}");
    }
    for row in nmes_protocols::CATALOGUE {
        let (status, out, _) = said(&["show", row.name]);
        assert_eq!(status, 0);
        assert_eq!(out.starts_with("No benefit shown"), row.shows_no_benefit(), "{}", row.name);
        for (name, _) in row.ranges() {
            assert!(out.contains(name), "{} {name}", row.name);
        }
    }
    let (status, _, err) = said(&["show", "knee-0a"]);
    assert!(status == 2 && err.contains("did you mean knee-oa?"), "{err}");
    let (status, _, err) = said(&["show", "café"]);
    assert!(status == 2 && !err.contains("did you mean"), "{err}");
}

/// REQ-PRO-221: `screen` blocks, asks or lets pass, names each list, and answers programs in JSON.
#[test]
fn screen_blocks_or_asks_with_reasons() {
    let (status, out, err) = said(&["screen", "foot-drop", "--pacemaker", "--pregnant"]);
    assert_eq!(status, 1);
    for phrase in ["blocked", "another active implant: blocks (absolute)", "PRO-S63", "STD-S8", "precaution"]
    {
        assert!(out.contains(phrase), "{phrase}: {out}");
    }
    assert!(err.contains("screening of foot-drop: blocked"), "{err}");
    let (status, out, _) = said(&["screen", "foot-drop", "--epilepsy"]);
    assert!(status == 1 && out.contains("to be acknowledged"), "{out}");
    let (status, out, _) = said(&["screen", "foot-drop", "--epilepsy", "--acknowledge", "epilepsy"]);
    assert!(status == 0 && out.contains("no block found"), "{out}");
    let (status, out, _) = said(&["screen", "foot-drop", "--unanswered"]);
    assert!(status == 1 && out.contains("not answered, and that blocks"), "{out}");
    let (_, json, _) = said(&["screen", "tens-al", "--site", "arm", "--epilepsy", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (json["outcome"].as_str(), json["site"].as_str()),
        (Some("needs_acknowledgement"), Some("arm"))
    );
    let (status, _, err) = said(&["screen", "tens-al", "--site", "knee"]);
    assert!(status == 2 && err.contains("lower-leg"), "{err}");
}

/// REQ-PRO-219: the general profile refuses the rows for denervated muscle and says why; without a specialist's word, or
/// for an intact nerve, they are refused before; `check` takes other rows too.
#[test]
fn check_takes_every_protocol() {
    let (status, out, err) = said(&["check", "knee-oa"]);
    assert_eq!(status, 0, "{out}{err}");
    let rise = ["check", "denervated-rise-1", "--innervation", "denervated"];
    let (status, _, err) = said(&rise);
    assert!(status == 1 && err.contains("is for specialists"), "{err}");
    let (status, _, err) = said(&[&rise[..], &["--specialist"]].concat());
    assert!(status == 1 && err.contains("N-EN-1") && err.contains("energy of one pulse"), "{err}");
    let (status, _, err) = said(&["check", "denervated-rise-1", "--specialist"]);
    assert!(status == 1 && err.contains("takes far less charge") || err.contains("far less charge"), "{err}");
}

/// REQ-APP-018: `plot` writes the picture alone.
#[test]
fn plot_writes_the_picture_alone() {
    let dir = scratch("plot");
    let file = dir.join("walk.svg");
    let (status, out, err) = said(&["plot", "foot-drop", "--seconds", "5", "--out", file.to_str().unwrap()]);
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("not for use on a person"));
    assert!(std::fs::read_to_string(file).unwrap().starts_with("<svg"));
    assert_eq!(std::fs::read_dir(dir).unwrap().count(), 1);
}

/// REQ-APP-018: a late and a missed step are marked in the picture.
#[test]
fn the_picture_marks_late_steps() {
    let lines = "1000000,left,heel_off\n1020000,left,toe_off\n1500000,left,heel_strike\n\
                 2300000,left,heel_off\n2600000,left,toe_off\n3000000,left,heel_strike\n";
    let walk = common::save_lines("hurried.csv", lines);
    let file = scratch("late-plot").join("late.svg");
    let asked = ["plot", "foot-drop", "--gait", walk.to_str().unwrap(), "--out", file.to_str().unwrap()];
    assert_eq!(said(&asked).0, 0);
    let svg = std::fs::read_to_string(file).unwrap();
    // heel-off leads by 20 ms; motor threshold comes 50 ms after heel-off
    assert!(svg.contains("+30 ms") && svg.contains("1 on time, 1 late, 0 missed"), "late step");
}

/// REQ-APP-019: `--help` has every command, an example and the exit statuses; so has no argument at all.
#[test]
fn help_can_be_followed() {
    let (status, out, _) = said(&["--help"]);
    assert_eq!(status, 0);
    for phrase in [
        "list",
        "check",
        "run",
        "events",
        "plot",
        "nmes run foot-drop",
        "Exit status",
        "not for use on a person",
    ] {
        assert!(out.contains(phrase), "{phrase}: {out}");
    }
    let (_, help, _) = said(&["run", "--help"]);
    for flag in [
        "--seconds",
        "--gait",
        "--side",
        "--amplitude-ma",
        "--phase-us",
        "--frequency-hz",
        "--control",
        "--trigger",
        "--delay-ms",
        "--ramp-up-ms",
        "--extension-ms",
        "--ramp-down-ms",
        "--ramp-floor-ma",
        "--innervation",
        "--motor-threshold-ma",
        "--ticks-hz",
        "--na-per-code",
        "--code-min",
        "--code-max",
        "--late-us",
        "--seed",
        "--declared-late-us",
        "--stop-at-us",
        "--stop",
        "--load-ohm",
        "--rail-v",
        "--polarity-mismatch-pct",
        "--electrode-cm2",
        "--contact-fraction",
        "--profile",
        "--json",
    ] {
        assert!(help.contains(flag), "{flag}");
    }
    assert_eq!(said(&[]).0, 2);
}

/// REQ-APP-029: `walk` writes a walk that `run --gait` takes and tells: forefoot landings, shuffles, kerbs; the same seed
/// is the same walk, and what cannot be is refused.
#[test]
fn a_made_walk_is_run() {
    let dir = scratch("made-walk");
    let file = dir.join("slow.csv");
    let file = file.to_str().unwrap();
    let made =
        ["walk", "--strides", "20", "--shuffle-every", "4", "--kerb-every", "7", "--forefoot-every", "9"];
    let (status, text, err) = said(&made);
    assert_eq!((status, err.as_str()), (0, ""));
    let (status, out, _) = said(&[&made[..], &["--out", file]].concat());
    assert_eq!((status, out.as_str()), (0, ""));
    assert_eq!(std::fs::read_to_string(file).unwrap(), text, "the same seed is the same walk");
    let (status, other, _) = said(&[&made[..], &["--seed", "2"]].concat());
    assert!(status == 0 && other != text);

    let out_dir = dir.to_str().unwrap();
    let (status, out, err) = said(&["run", "foot-drop", "--gait", file, "--out-dir", out_dir]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    let shuffled = out.lines().find(|line| line.trim_start().starts_with("steps ")).unwrap();
    assert!(shuffled.contains("4 shuffled"), "{shuffled}");

    let (status, _, err) = said(&["walk", "--strides", "1"]);
    assert!(status == 2 && err.contains("--strides") && err.contains("2..=2000"), "{err}");
}
