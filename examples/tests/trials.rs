//! Rows that a crank or an EMG triggers, as a person or a program meets them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    reason = "a test"
)]

mod common;

use common::{said, scratch};
use serde_json::Value;

/// The values of a run, which ended by a fault where it says one: then standard error has it, and the exit status is 1.
fn json(args: &[&str], dir: &str) -> Value {
    let dir = scratch(dir);
    let all: Vec<&str> = args.iter().copied().chain(["--json", "--out-dir", dir.to_str().unwrap()]).collect();
    let (status, out, err) = said(&all);
    let told: Value = serde_json::from_str(&out).unwrap();
    let fault = told["fault"].as_str();
    let ended = fault.map(|fault| format!("the trigger ended output: {fault}"));
    assert_eq!(told["session"]["fault"].as_str(), ended.as_deref(), "{args:?}");
    assert_eq!(status, i32::from(fault.is_some()), "{args:?} {err}");
    assert_eq!(err, ended.map_or(String::new(), |ended| format!("fault: {ended}\n")));
    let mut files = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
    let svg = files.find(|path| path.extension().is_some_and(|end| end == "svg")).unwrap();
    assert!(std::fs::read_to_string(svg).unwrap().trim_end().ends_with("</svg>"));
    told
}

/// REQ-APP-132: at 20, 35 and 50 turns a minute and from 20 to 50: every muscle of both legs is stimulated once a turn, led by
/// 115 ms, in its window: no pulse pulls more than 3 degrees beside it, and all charge is paid back.
#[test]
fn cycling_at_cadences() {
    for (words, lead) in [
        (&["--rpm", "20"][..], Some(13.8)),
        (&["--rpm", "35"], Some(24.15)),
        (&["--rpm", "50"], Some(34.5)),
        (&["--rpm", "50", "--windows", "simulated-cycle"], Some(34.5)),
        (&["--rpm", "20", "--rpm-to", "50"], None),
    ] {
        let args: Vec<&str> = ["run", "fes-cycle", "--seconds", "24"].iter().chain(words).copied().collect();
        let ride = json(&args, "ride");
        let muscles = ride["muscles"].as_array().unwrap();
        assert_eq!(muscles.len(), 6);
        let turns = ride["turns"].as_f64().unwrap();
        for muscle in muscles {
            assert_eq!(muscle["outside"], 0, "{words:?} {muscle}");
            let trains = muscle["trains"].as_f64().unwrap();
            assert!(trains >= turns - 2.0 && trains <= turns + 1.0, "{words:?} {muscle}");
            if let Some(lead) = lead {
                assert!((muscle["lead_deg"].as_f64().unwrap() - lead).abs() < 0.2, "{muscle}");
                // the first pulse of a ramp from 0 is silent, so a train is a period late
                let start = muscle["asked_deg"][0].as_f64().unwrap();
                let late = (muscle["start_deg"].as_f64().unwrap() - start).rem_euclid(360.0);
                assert!(late < 0.026 * lead / 0.115 + 1.0, "{words:?} {muscle}");
            }
        }
        assert!(ride["residual_na_ticks"].as_array().unwrap().iter().all(|r| *r == 0));
        assert_eq!((&ride["state"], &ride["refused"]), (&Value::from("TURNING"), &Value::from(0)));
    }
}

/// A muscle has the trains and pulses of its channel.
fn counted_alike(ride: &Value) {
    let of = |rows: &Value| -> Vec<(Value, Value)> {
        rows.as_array().unwrap().iter().map(|row| (row["trains"].clone(), row["pulses"].clone())).collect()
    };
    assert_eq!(of(&ride["muscles"]), of(&ride["session"]["channels"]), "{ride}");
}

/// REQ-APP-133: each harm to crank or encoder ends output: pulses stop within the stated time and the ramp of 76 ms, and the
/// report says which it was. REQ-APP-317: what is a fault of the trigger is one of the session. REQ-APP-328: a muscle has the trains and
/// the pulses of its channel, those after a harm too.
#[test]
fn cycling_with_harms() {
    for (harm, within_ms, says) in [
        ("stop", 300, None),
        ("reverse", 300, None),
        // 25 turns a minute more take 0.42 s
        ("race", 300 + 420, None),
        ("silent", 50, Some("no sample")),
        ("lost", 300, Some("motor")),
        ("jump", 10, Some("more counts")),
        ("tremble", 100, Some("sense")),
    ] {
        for at in ["7", "7.3", "7.7", "8.2"] {
            let ride =
                json(&["run", "fes-cycle", "--seconds", "11", "--harm", harm, "--harm-at-s", at], "harm");
            counted_alike(&ride);
            let after = ride["off_after_us"].as_u64().unwrap();
            assert!(after <= (within_ms + 76) * 1_000, "{harm} at {at}: {after} µs");
            assert!(ride["muscles"].as_array().unwrap().iter().all(|m| m["outside"] == 0), "{harm}");
            let fault = ride["fault"].as_str();
            assert_eq!(fault.is_some(), says.is_some(), "{harm}: {fault:?}");
            assert!(says.is_none_or(|word| fault.unwrap().contains(word)), "{harm}: {fault:?}");
            assert_eq!(ride["state"], if says.is_some() { "FAULT" } else { "STILL" }, "{harm}");
            assert!(ride["residual_na_ticks"].as_array().unwrap().iter().all(|r| *r == 0), "{harm}");
        }
    }
}

/// REQ-APP-134: with blanking, efforts while the trigger listens are answered within a second and nothing else is, in noise
/// and in hum; an electrode that comes off is named and ends output, REQ-APP-317: by a fault of the session.
#[test]
fn efforts_of_the_wrist() {
    for (seed, words) in [
        ("1", &[][..]),
        ("2", &["--noise-uv", "6", "--effort-uv", "60"]),
        ("3", &["--hum-uv", "5", "--effort-uv", "70"]),
    ] {
        let args: Vec<&str> =
            ["run", "stroke-wrist-emg", "--seed", seed].iter().chain(words).copied().collect();
        let tried = json(&args, "efforts");
        assert!(tried["efforts"].as_u64().unwrap() >= 5, "{tried}");
        assert_eq!(
            (&tried["false_triggers"], &tried["missed"]),
            (&Value::from(0), &Value::from(0)),
            "{words:?} {tried}"
        );
        assert_eq!((&tried["residual_na_ticks"], &tried["refused"]), (&Value::from(0), &Value::from(0)));
        assert!(tried["latency_ms"][2].as_u64().unwrap() < 1_000, "{tried}");
    }
    let off = json(&["run", "stroke-wrist-emg", "--seconds", "60", "--lead-off-at-s", "17"], "efforts");
    assert!(off["fault"].as_str().unwrap().contains("electrode"), "{off}");
    assert!(off["pulses"].as_u64().unwrap() < 150, "the first train was cut short: {off}");
}

/// REQ-APP-294: a train that answers an effort which began in the rest after a train is no train without an effort.
#[test]
fn efforts_that_begin_in_the_rest() {
    let tried = json(&["run", "stroke-wrist-emg", "--seed", "1", "--effort-every-s", "9"], "rest");
    assert_eq!((&tried["false_triggers"], &tried["missed"]), (&Value::from(0), &Value::from(0)));
}

/// REQ-APP-135: the reports for people name what they show, and say first that it is a simulation.
#[test]
fn reports_for_people() {
    let dir = scratch("people");
    let dir = dir.to_str().unwrap();
    for (args, words) in [
        (
            &["run", "fes-cycle", "--seconds", "9", "--harm", "reverse"][..],
            &[
                "right quadriceps",
                "asked, deg",
                "pull from",
                "outside",
                "backwards at 6.000 s",
                "last pulse",
                "fes-cycle.svg",
            ][..],
        ),
        (
            &["run", "stroke-wrist-emg", "--seconds", "40"],
            &[
                "efforts while it listened",
                "false triggers",
                "missed",
                "latency, ms",
                "are blanked",
                "emg.svg",
            ],
        ),
    ] {
        let all: Vec<&str> = args.iter().copied().chain(["--out-dir", dir]).collect();
        let (status, out, err) = said(&all);
        assert_eq!((status, err.as_str()), (0, ""), "{args:?}");
        assert!(out.lines().next().unwrap().contains("SIMULATION"), "{out}");
        for word in words {
            assert!(out.contains(word), "{word}: {out}");
        }
    }
    for (args, word) in [
        (&["run", "fes-cycle", "--rpm", "0"][..], "1 to 120 turns a minute"),
        (&["run", "stroke-wrist-emg", "--noise-uv", "-1"], "0 to 10000 µV"),
        (&["run", "fes-cycle", "--harm-at-s", "3"], "--harm"),
    ] {
        let (status, _, err) = said(args);
        assert!(status == 2 && err.contains(word), "{args:?}: {err}");
    }
}

/// REQ-APP-242: where the trigger never came to listen, the run says why and what would change it.
#[test]
fn an_emg_that_hears_nothing_says_why() {
    let dir = scratch("deaf");
    for (more, why) in [
        (&["--noise-uv", "40"][..], "the level at rest was above 15 µV"),
        (&["--hum-uv", "60"], "the level at rest was above 15 µV"),
        (&["--effort-uv", "5"], "fewer than 3 attempts came to twice the level at rest"),
        (&["--seconds", "1"], "before the muscle had rested for 2000 ms"),
    ] {
        let asked = [&["run", "stroke-wrist-emg", "--out-dir", dir.to_str().unwrap()], more].concat();
        let (status, out, err) = said(&asked);
        assert_eq!((status, err.as_str()), (0, ""), "{more:?}");
        assert!(
            out.contains("The trigger never listened: no threshold was set: ") && out.contains(why),
            "{out}"
        );
    }
    let (_, out, _) = said(&["run", "stroke-wrist-emg", "--out-dir", dir.to_str().unwrap()]);
    assert!(!out.contains("never listened"), "{out}");
}

/// REQ-APP-306: no opening of a trigger that a protocol is for is refused by its gate, which counts 61 seconds as a minute: at the
/// fastest turn that there is output at, and of a timer in its place.
#[test]
fn a_gate_has_room_for_its_trigger() {
    let dir = scratch("room");
    let to = ["--out-dir", dir.to_str().unwrap()];
    let (_, out, _) = said(&[&["run", "fes-cycle", "--rpm", "59.5", "--seconds", "120"], &to[..]].concat());
    assert!(out.contains("openings refused by the gate: 0"), "{out}");
    let (_, out, _) = said(&[&["run", "re-education", "--seconds", "130", "--json"], &to[..]].concat());
    let run: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(run["timer_openings"], run["channels"][0]["trains"]);
}

/// REQ-APP-317: a session that a fault of its trigger ended is counted as faulted where it is kept, and told as that for people.
#[test]
fn a_fault_of_a_trigger_is_kept() {
    let dir = scratch("trigger-fault");
    let (out, memory) = (dir.join("out"), dir.join("memory"));
    let _ = std::fs::remove_dir_all(&memory);
    let [out, memory] = [&out, &memory].map(|path| path.to_str().unwrap());
    let lost = &["fes-cycle", "--seconds", "9", "--harm", "lost", "--harm-at-s", "6"][..];
    let asked = [
        lost,
        &["fes-cycle", "--seconds", "9"],
        &["stroke-wrist-emg", "--seconds", "60", "--lead-off-at-s", "30"],
    ];
    for (asked, (status, words)) in asked.iter().zip([
        (1, "the trigger ended output: crank"),
        (0, ""),
        (1, "the trigger ended output: EMG: an electrode is off"),
    ]) {
        let (ended, text, err) = said(&[&["run"], *asked, &["--out-dir", out, "--memory", memory]].concat());
        assert_eq!(ended, status, "{asked:?} {err}");
        assert!(text.contains(words) && err.contains(words), "{asked:?} {err} {text}");
    }
    let (_, json, _) = said(&["records", memory, "--format", "json"]);
    assert!(json.contains("\"faulted\": 2") && json.contains("\"begun\": 3"), "{json}");
}
