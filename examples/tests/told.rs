//! What a run tells a person: units, cautions, causes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "a test"
)]

mod common;

use common::{ask, said, save_lines, scratch};
use nmes_examples::app::with_run;
use nmes_examples::judge::Outcome;

/// Runs with these options; exit status, standard output, standard error.
fn run(name: &str, options: &[&str]) -> (i32, String, String) {
    let dir = scratch(name);
    said(&[&["run", "foot-drop", "--out-dir", dir.to_str().unwrap()], options].concat())
}

fn has(text: &str, phrases: &[&str]) {
    for phrase in phrases {
        assert!(text.contains(phrase), "{phrase:?} is not in {text}");
    }
}

fn steps(count: u64, toe_off: bool) -> String {
    let step = |n: u64| {
        let t = 1_000_000 + n * 1_300_000;
        let toe = if toe_off { format!("{},left,toe_off\n", t + 200_000) } else { String::new() };
        format!("{t},left,heel_off\n{toe}{},left,heel_strike\n", t + 600_000)
    };
    (0..count).map(step).collect()
}

fn svg(name: &str, options: &[&str]) -> String {
    let file = scratch(name).join("picture.svg");
    let asked = [&["plot", "foot-drop", "--out", file.to_str().unwrap()], options].concat();
    said(&asked);
    std::fs::read_to_string(file).unwrap()
}

/// REQ-APP-020: a fault is told in seconds, milliamperes and microamperes, not in ticks and nanoamperes.
#[test]
fn faults_are_told_in_units_that_are_read() {
    let (status, out, err) = run("units", &["--polarity-mismatch-pct", "30"]);
    assert_eq!(status, 1);
    has(&err, &["fault: stopped at 1.200001 s: channel 0: over-current: 29.278 mA against 27.026 mA"]);
    assert!(!err.contains(" nA") && !err.contains("tick "), "{err}");
    has(&out, &["negative phase 30 % stronger"]);
    has(&run("weaker", &["--polarity-mismatch-pct", "-1"]).1, &["negative phase 1 % weaker"]);
    has(
        &run("alike", &[]).1,
        &["both polarities alike", "set amplitude × the simulated 1000 ohm (E-COMP-1 took"],
    );
}

/// REQ-APP-021: with the width ramped, text and picture say that a level is a charge; a set amplitude that is not above
/// motor threshold makes no step on time.
#[test]
fn levels_say_what_they_are() {
    let (_, out, _) = run("width", &["--control", "width"]);
    has(&out, &["mean the charge of the pulse as an amplitude at 300 µs"]);
    assert!(svg("width-plot", &["--control", "width"]).contains("mA at 300 µs, by charge"));
    assert!(!svg("amplitude-plot", &[]).contains("by charge"));
    for threshold in ["40", "55"] {
        let ask = ask(&["--motor-threshold-ma", threshold]);
        with_run(&ask, |shown| {
            assert_eq!(shown.judgement.count(Outcome::Missed), shown.judgement.steps.len());
            assert!(!shown.judgement.criteria()[0].passes());
            Ok(())
        })
        .unwrap();
        let (_, out, _) = run("no-contraction", &["--motor-threshold-ma", threshold]);
        has(&out, &["expect no contraction", "no pulse counts as above it"]);
    }
}

/// REQ-APP-022: a heel switch that chatters at 33 Hz is named, and the output stays off after its first moments.
#[test]
fn chatter_is_named_and_ends_in_off() {
    let word = |i: u64| if i.is_multiple_of(2) { "heel_off" } else { "heel_strike" };
    let chatter = |from: u64, n: u64| {
        (0..n).map(|i| format!("{},left,{}\n", from + i * 30_000, word(i))).collect::<String>()
    };
    let lines = format!("{}{}", steps(2, true), chatter(4_000_000, 200));
    let walk = save_lines("chatter.csv", &lines);
    let (status, out, err) = run("chatter", &["--gait", walk.to_str().unwrap()]);
    assert_eq!(status, 0, "{err}");
    has(
        &out,
        &[
            "the heel switch chatters faster than any foot: output ended",
            "ended in OFF",
            "more; --steps lists all",
        ],
    );
    with_run(&ask(&["--gait", walk.to_str().unwrap()]), |shown| {
        let last = shown.pulses.last().unwrap().onset_us;
        assert!(last < 4_000_000 + 500_000, "the last pulse stands at {last} µs");
        Ok(())
    })
    .unwrap();
}

/// REQ-APP-023: a walk without toe-off says that no swing can be judged; long lists of steps are cut, and say so.
#[test]
fn a_walk_without_toe_off_is_told() {
    let walk = save_lines("no-toe-off.csv", &steps(40, false));
    let (status, out, _) = run("no-toe-off", &["--gait", walk.to_str().unwrap()]);
    assert_eq!(status, 0);
    has(&out, &["the walk has no toe_off of the left foot", "… and 16 more; --steps lists all"]);
    let (_, all, _) = run("no-toe-off", &["--gait", walk.to_str().unwrap(), "--steps"]);
    assert_eq!(all.matches("shuffle: no toe-off").count(), 40);
    assert!(!run("toe-off", &[]).1.contains("has no toe_off"));
}

/// REQ-APP-313: a stop that a session did not come to is not told as one: of a walk, of a clock and of a crank.
#[test]
fn a_stop_that_never_came_is_no_stop() {
    let dir = scratch("never-stopped");
    for (protocol, length) in [("foot-drop", "10"), ("tka-stevens-lapsley", "60"), ("fes-cycle", "10")] {
        let asked =
            ["run", protocol, "--seconds", length, "--out-dir", dir.to_str().unwrap(), "--stop-at-us"];
        let (status, out, err) = said(&[&asked[..], &["40000000000"]].concat());
        assert_eq!(status, 0, "{err}");
        let told = "--stop-at-us: no stop at 40000 s, the session was over at ";
        assert!(out.contains(told) && !out.contains("session stopped"), "{protocol}: {out}");
        let (_, out, _) = said(&[&asked[..], &["9000000"]].concat());
        assert!(!out.contains("no stop at"), "{out}");
    }
    has(&run("stopped", &["--stop-at-us", "9000000"]).1, &["session stopped at 9.000 s (finish)"]);
}

/// The lines of a text that begin with a word, without it.
fn lines(text: &str, word: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.trim_start().strip_prefix(word)).map(str::to_owned).collect()
}

fn strings(value: &serde_json::Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// REQ-APP-318: what the guard found stands in the JSON of a run as in its text: of a walk, of a clock and of a crank.
#[test]
fn what_the_guard_found_is_for_programs_too() {
    let dir = scratch("found");
    for protocol in ["foot-drop", "knee-oa", "fes-cycle"] {
        let asked =
            ["run", protocol, "--seconds", "20", "--load-ohm", "5000", "--rail-v", "100", "--out-dir"];
        let asked = [&asked[..], &[dir.to_str().unwrap()]].concat();
        let found = lines(&said(&asked).1, "guard: ");
        let json: serde_json::Value =
            serde_json::from_str(&said(&[&asked[..], &["--json"]].concat()).1).unwrap();
        let session = json.get("session").unwrap_or(&json);
        assert!(!found.is_empty(), "{protocol}");
        assert_eq!(strings(&session["warnings"]), found, "{protocol}");
    }
    let json: serde_json::Value = serde_json::from_str(&run("found-none", &["--json"]).1).unwrap();
    assert_eq!(json["warnings"].as_array().unwrap().len(), 0);
}

/// REQ-APP-319: notes of the text stand in the JSON too, and what could not be judged has no verdict there.
#[test]
fn what_to_know_is_for_programs_too() {
    let walk = save_lines("no-toe-off-json.csv", &steps(10, false));
    let asked = ["--gait", walk.to_str().unwrap(), "--control", "width", "--stop-at-us", "40000000000"];
    let (_, out, _) = run("know", &asked);
    let (_, json, _) = run("know", &[&asked[..], &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let notes = strings(&json["notes"]);
    let said = [lines(&out, "note: "), lines(&out, "--stop-at-us: ")].concat();
    assert!(said.len() >= 3 && said.iter().all(|line| notes.iter().any(|n| n.ends_with(line))), "{notes:?}");
    let judged = json["criteria"].as_array().unwrap();
    for criterion in judged {
        assert_eq!(criterion["passes"].is_null(), criterion["of"] == 0, "{criterion}");
    }
    assert!(judged[0]["passes"].is_null(), "{json}");
}

/// REQ-APP-320: a motor threshold that was made up is called that in the JSON of a check and of a run, and one that was given is not.
#[test]
fn what_was_made_up_is_said_to_programs() {
    let dir = scratch("made-up");
    let check = &["check", "foot-drop", "--json"][..];
    let rules = &["report", "foot-drop", "--format", "rules", "--json"];
    let ran = &["run", "foot-drop", "--seconds", "5", "--json", "--out-dir", dir.to_str().unwrap()];
    for asked in [check, rules, ran] {
        for (more, made_up) in [(&[][..], true), (&["--motor-threshold-ma", "25"], false)] {
            let (_, json, _) = said(&[asked, more].concat());
            let json: serde_json::Value = serde_json::from_str(&json).unwrap();
            let told =
                strings(&json["notes"]).iter().any(|note| note.starts_with("motor threshold 25 mA assumed"));
            assert_eq!(told, made_up, "{asked:?} {}", json["notes"]);
        }
    }
}

/// REQ-APP-024: the picture draws nothing for a foot that the walk does not have, and marks where a fault ended output.
#[test]
fn the_picture_shows_what_is_missing() {
    let walk = save_lines("one-foot.csv", &steps(4, true));
    let picture = svg("one-foot", &["--gait", walk.to_str().unwrap()]);
    has(&picture, &["no event of the right foot in the walk"]);
    let fault = svg("fault", &["--polarity-mismatch-pct", "30"]);
    assert_eq!(fault.matches("output ended by a fault").count(), 2, "in both panels");
    assert!(!svg("well", &[]).contains("by a fault"));
}

/// REQ-APP-025: `--trigger heel` debounces every lift; without the other foot's events both heels come to the same.
#[test]
fn the_trigger_can_be_chosen() {
    let lines = "500000,right,heel_off\n1000000,right,heel_strike\n1100000,left,heel_off\n1110000,left,toe_off\n\
                 1600000,left,heel_strike\n";
    let first = |options: &[&str], lines: &str| {
        let walk = save_lines("chosen.csv", lines);
        let options = [&["--gait", walk.to_str().unwrap()], options].concat();
        with_run(&ask(&options), |shown| {
            Ok((shown.pulses[0].onset_us, shown.run.trigger.counters.map(|c| c.early)))
        })
        .unwrap()
    };
    assert_eq!(first(&[], lines), (1_100_001, Some(1)));
    assert_eq!(first(&["--trigger", "heel"], lines), (1_125_001, Some(0)));
    let left: String = lines.lines().filter(|l| l.contains("left")).map(|l| format!("{l}\n")).collect();
    assert_eq!(first(&[], &left), (1_125_001, Some(0)));
    let walk = save_lines("left-only.csv", &left);
    has(
        &run("left-only", &["--gait", walk.to_str().unwrap()]).1,
        &["the walk has no heel events of the other foot"],
    );
    has(&run("heel", &["--trigger", "heel"]).1, &["debounced (--trigger heel)"]);
}

/// REQ-APP-222: with `--trigger other-heel` a step starts at the other heel's strike, debounced, and the treated heel is not
/// read; what this trigger does not have is refused.
#[test]
fn the_other_heel_can_start_a_step() {
    let lines = "100000,left,heel_off\n500000,right,heel_off\n700000,left,heel_strike\n1000000,right,heel_strike\n\
                 1400000,left,heel_off\n1410000,left,toe_off\n1900000,left,heel_strike\n";
    let walk = save_lines("other-heel.csv", lines);
    let other = ["--gait", walk.to_str().unwrap(), "--trigger", "other-heel"];
    let seen = with_run(&ask(&other), |shown| {
        let end = &shown.run.trigger;
        assert_eq!((end.openings, end.counters, end.state), (1, None, "OFF"));
        Ok((shown.pulses[0].onset_us, shown.pulses.last().unwrap().onset_us))
    });
    let (first, last) = seen.unwrap();
    assert_eq!(first, 1_025_001);
    // 700 ms before a stride was measured, and the ramp
    assert!((1_700_000..2_100_000).contains(&last), "{last}");
    has(&run("other", &["--trigger", "other-heel"]).1, &["the other heel alone", "(--trigger other-heel)"]);
    let refused = [&other[..], &["--extension-ms", "100"]].concat();
    has(&run("extension", &refused).2, &["--extension-ms", "share of a stride"]);
    let treated: String = lines.lines().filter(|l| l.contains("left")).map(|l| format!("{l}\n")).collect();
    let alone = save_lines("one-heel.csv", &treated);
    let refused = ["--gait", alone.to_str().unwrap(), "--trigger", "other-heel"];
    has(&run("one-heel", &refused).2, &["no heel_off or heel_strike of the right foot", "both-heels"]);
}

/// REQ-APP-026: the built-in walk is the same however long the session is, and a session that ends within it is judged
/// up to its end.
#[test]
fn the_built_in_walk_does_not_depend_on_the_session() {
    let heel_offs = |options: &[&str]| {
        with_run(&ask(options), |shown| {
            assert!(shown.judgement.passes(), "{options:?}: {:?}", shown.judgement.criteria());
            Ok(shown.scenario.walk.events().to_vec())
        })
        .unwrap()
    };
    let whole = heel_offs(&[]);
    for seconds in ["2.2", "3", "5", "9.5"] {
        assert_eq!(heel_offs(&["--seconds", seconds]), whole, "{seconds} s");
    }
    assert!(heel_offs(&["--seconds", "30"]).len() > whole.len());
}

/// REQ-APP-027: what is refused is refused once: as JSON where JSON was asked for; `check` does not speak of running.
#[test]
fn refusals_have_one_form_each() {
    let denied = ["--amplitude-ma", "100", "--profile", "fda-limited-output-draft"];
    for (options, status) in [(&denied[..], 1), (&["--amplitude-ma", "101"][..], 2)] {
        let (code, out, err) = run("refused-json", &[options, &["--json"]].concat());
        assert_eq!(code, status);
        let refused: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(refused["exit_status"], status);
        assert_eq!(refused["refused"].as_str().unwrap(), err.trim());
    }
    let (status, _, err) = said(&[&["check", "foot-drop"], &denied[..]].concat());
    assert_eq!(status, 1);
    assert!(err.starts_with("denied: ") && !err.contains("run"), "{err}");
}

/// REQ-APP-028: folders that files are written to are made.
#[test]
fn folders_are_made() {
    let dir = scratch("folders");
    let _ = std::fs::remove_dir_all(&dir);
    let (picture, events) = (dir.join("a/b/walk.svg"), dir.join("c/d/events.csv"));
    assert_eq!(said(&["plot", "foot-drop", "--out", picture.to_str().unwrap()]).0, 0);
    assert_eq!(said(&["events", "foot-drop", "--out", events.to_str().unwrap()]).0, 0);
    assert!(picture.exists() && events.exists());
}
