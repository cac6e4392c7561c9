//! What a run tells of charge: of one phase, at the level that it is said of.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    reason = "a test"
)]

mod common;

use clap::Parser;
use common::{said, scratch};
use nmes_examples::app::with_play;
use nmes_examples::cli::{Cli, Command};
use nmes_examples::envelope::envelope;
use nmes_examples::scenario::Scenario;
use serde_json::Value;

/// What a run says as JSON and for people, and its pulses: the named columns of each.
fn run(asked: &[&str]) -> (Value, String, Vec<Vec<String>>) {
    let dir = scratch("phase").join(asked.join("-"));
    let all = [&["run"], asked, &["--out-dir", dir.to_str().unwrap()]].concat();
    let (status, text, err) = said(&all);
    assert_eq!(status, 0, "{asked:?} {err}");
    let (_, json, _) = said(&[&all[..], &["--json"]].concat());
    let csv = std::fs::read_to_string(dir.join("pulses.csv")).unwrap();
    let rows = csv.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    (serde_json::from_str(&json).unwrap(), text, rows)
}

/// The charge that is told for people of channel 0, as it is written.
fn shown(text: &str) -> String {
    let mut lines = text.lines().skip_while(|line| !line.trim_start().starts_with("channel  "));
    let (head, row) = (lines.next().unwrap(), lines.next().unwrap());
    let end = head.find("charge").unwrap() + "charge".len();
    row.chars().take(end).collect::<String>().rsplit("  ").next().unwrap().trim().to_owned()
}

/// REQ-APP-314: a timer in place of a trigger holds each opening for two seconds at full level, where the gate lets it, also after a long
/// ramp.
#[test]
fn a_timer_comes_to_full_level() {
    for asked in
        [&["re-education", "--seconds", "60"][..], &["fes-stand", "--specialist", "--seconds", "120"]]
    {
        let (json, text, rows) = run(asked);
        let charge = json["channels"][0]["phase_charge_uc"].as_f64().unwrap();
        assert!(charge > 1.0 && shown(&text).ends_with(" µC"), "{asked:?} {charge} {text}");
        let full = |row: &&Vec<String>| row[1] == "pulse" && row[7] == "true" && row[20] == "0";
        assert!(rows.iter().filter(full).count() > 20, "{asked:?}");
    }
}

/// REQ-APP-315: the charge at full level is told as nothing where no pulse came to that level, and not as 0.
#[test]
fn no_full_level_has_no_charge() {
    let (json, text, _) = run(&["re-education", "--seconds", "60", "--stop-at-us", "2000000"]);
    assert!(json["channels"][0]["pulses"].as_u64().unwrap() > 5, "{json}");
    assert_eq!(json["channels"][0]["phase_charge_uc"], Value::Null);
    assert_eq!(shown(&text), "-", "{text}");
    let (json, _, _) = run(&["foot-drop", "--seconds", "3", "--stop-at-us", "1000000"]);
    assert_eq!(json["dose"]["phase_charge_uc"], Value::Null);
}

/// Rows of which a pulse is a burst, with the charge of a phase as row 11 of their report has it, in µC.
const BURSTS: [(&str, f64); 5] = [
    ("acl-snyder-mackler", 7.001_936),
    ("acl-fitzgerald", 7.001_936),
    ("acl-williams", 8.950_173),
    ("tka-petterson", 7.001_936),
    ("strength-holcomb", 5.109_851),
];

/// REQ-APP-316: the charge of a phase is that of one phase, of a burst too, in words, as JSON and in pulses.csv; each is held against what
/// was commanded.
#[test]
fn a_burst_has_the_charge_of_one_phase() {
    let near = |value: f64, of: f64| (value / of - 1.0).abs() < 0.005;
    for (row, uc) in BURSTS {
        let (json, text, rows) = run(&[row, "--seconds", "60"]);
        let charge = json["channels"][0]["phase_charge_uc"].as_f64().unwrap();
        assert!(near(charge, uc), "{row}: {charge} µC");
        assert!(near(shown(&text).trim_end_matches(" µC").parse().unwrap(), uc), "{row}: {text}");
        let (_, report, _) = said(&["report", row]);
        assert!(report.contains(&format!("{uc} µC")), "{report}");
        let column = |name: &str| rows[0].iter().position(|head| head == name).unwrap();
        let [commanded, primary, balance] =
            ["primary_charge_na_ticks", "measured_primary_nc", "measured_balance_nc"].map(column);
        for pulse in rows.iter().skip(1).filter(|pulse| pulse[1] == "pulse" && pulse[8] != "0") {
            let number = |at: usize| pulse[at].parse::<f64>().unwrap();
            let nc = number(commanded) / 1e6;
            assert!(near(number(primary), nc) && near(-number(balance), nc), "{row}: {pulse:?}");
        }
    }
}

/// REQ-APP-316: where the ramps move the width the picture has a level by the charge of one phase.
#[test]
fn the_picture_of_a_burst_keeps_to_its_level() {
    let args = ["nmes", "run", "acl-snyder-mackler", "--seconds", "60", "--control", "width"];
    let Command::Run(run) = Cli::try_parse_from(args).unwrap().command else { panic!("run was asked for") };
    let drawn = with_play(&Scenario::to_run(&run.ask).unwrap(), None, |shown| Ok(envelope(shown))).unwrap();
    let levels = drawn.rows[0].trains.iter().flatten().map(|(_, level)| *level);
    let most = levels.fold(0.0, f64::max);
    assert!((most / drawn.rows[0].full - 1.0).abs() < 0.01, "{most} of {}", drawn.rows[0].full);
}
