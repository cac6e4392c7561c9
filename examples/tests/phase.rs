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

use common::{said, scratch};
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
