//! What a run leaves behind: a picture for every protocol, a record for every pulse, all of it or nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use common::{said, scratch};
use std::path::{Path, PathBuf};

/// An empty folder.
fn empty(name: &str) -> PathBuf {
    let folder = scratch("pictures").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn run(folder: &Path, asked: &[&str]) -> (i32, String, String) {
    said(&[asked, &["--out-dir", folder.to_str().unwrap()]].concat())
}

/// The corners of a polygon of an SVG document, as pixels.
fn corners(svg: &str) -> Vec<Vec<(i32, i32)>> {
    let pair = |text: &str| {
        let (x, y) = text.split_once(',')?;
        Some((x.parse().ok()?, y.parse().ok()?))
    };
    let points = |line: &str| {
        let inside = line.split_once("points=\"")?.1.split_once('"')?.0;
        Some(inside.split_whitespace().filter_map(pair).collect())
    };
    svg.lines().filter(|line| line.starts_with("<polygon")).filter_map(points).collect()
}

/// REQ-APP-238: `run` and `plot` draw the level of every channel of a protocol that runs by its own clock, with units, contractions
/// and ramps: the contraction that is drawn large rises, holds and falls as the session has it.
#[test]
fn every_clock_has_its_picture() {
    let folder = empty("knee");
    let (status, out, err) = run(&folder, &["run", "knee-oa"]);
    assert_eq!(
        (status, names(&folder)),
        (0, vec!["knee-oa.svg".to_owned(), "pulses.csv".to_owned()]),
        "{err}"
    );
    assert!(out.contains("knee-oa.svg, ") && !out.contains("in place of"), "{out}");
    let svg = std::fs::read_to_string(folder.join("knee-oa.svg")).unwrap();
    for phrase in [
        "not for use on a person",
        "channel 0",
        "session time (s)",
        "\nmA\n",
        "set level",
        "ramps 2 s up, 1 s down",
    ] {
        assert!(svg.contains(phrase), "{phrase}");
    }
    // 15 contractions, and the first of them again
    let trains = corners(&svg);
    assert_eq!(trains.len(), 16);
    let large = trains.last().unwrap();
    let (bottom, top) = (large[0].1, large.iter().map(|corner| corner.1).min().unwrap());
    let at_top: Vec<i32> = large.iter().filter(|corner| corner.1 <= top + 1).map(|corner| corner.0).collect();
    let (from, to) = (large[0].0, large.last().unwrap().0);
    let (up, hold, down) =
        (at_top[0] - from, at_top.last().unwrap() - at_top[0], to - at_top.last().unwrap());
    assert!(bottom - top > 80, "{bottom} to {top}");
    // 2 s up, 7 s, 1 s down, within two pixels
    assert!((up * 7 - hold * 2).abs() <= 18 && (up - down * 2).abs() <= 6, "{up} {hold} {down}");
    let (_, out, _) = run(&folder, &["run", "knee-oa"]);
    assert_eq!(out.matches("in place of the one before").count(), 2, "{out}");

    for (protocol, channels) in [("tens-al", 1), ("recovery-ladder", 2), ("fes-stand", 2), ("fes-cycle", 6)] {
        let file = folder.join(format!("{protocol}-plot.svg"));
        let (status, out, err) = said(&["plot", protocol, "--out", file.to_str().unwrap()]);
        assert_eq!(status, 0, "{out}{err}");
        let svg = std::fs::read_to_string(&file).unwrap();
        assert!((0..channels).all(|nth| svg.contains(&format!("channel {nth}"))), "{protocol}");
        assert!(!svg.contains(&format!("channel {channels}")), "{protocol}");
    }
}

/// REQ-APP-238: a run on a crank and one on an EMG write every pulse, and show settings with their marks, channels and limits.
#[test]
fn trials_show_what_other_runs_show() {
    for (protocol, picture) in [("fes-cycle", "fes-cycle.svg"), ("stroke-wrist-emg", "emg.svg")] {
        let folder = empty(protocol);
        let (status, out, err) = run(&folder, &["run", protocol]);
        assert_eq!((status, names(&folder)), (0, vec![picture.to_owned(), "pulses.csv".to_owned()]), "{err}");
        for phrase in
            ["Assumed of the person", "Settings", "ours", "Channels", "Limits", "E-Q-1", "pulses.csv"]
        {
            assert!(out.contains(phrase), "{protocol} {phrase}: {out}");
        }
        let (_, json, _) = run(&folder, &["run", protocol, "--json"]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let channels = json["session"]["channels"].as_array().unwrap();
        let pulses: u64 = channels.iter().map(|channel| channel["pulses"].as_u64().unwrap()).sum();
        let csv = std::fs::read_to_string(folder.join("pulses.csv")).unwrap();
        let rows = csv.lines().skip(1).filter(|line| line.split(',').nth(1) == Some("pulse")).count();
        assert!(pulses > 100 && u64::try_from(rows).unwrap() == pulses, "{rows} of {pulses}");
        assert!(
            json["session"]["settings"].is_array() && json["residual_na_ticks"] != serde_json::Value::Null
        );
    }
}

/// REQ-APP-238: stages without a rest between them are one train.
#[test]
fn stages_without_rest_are_one_train() {
    let (_, json, _) = run(&empty("stages"), &["run", "recovery-ladder", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["channels"][0]["trains"], 1);
    assert!(json["channels"][0]["on_s"].as_f64().unwrap() > 1_000.0);
}

/// REQ-APP-239: fewer seconds than a protocol's shortest session are the first ones of that, pulse for pulse; within its range
/// they are its length; where nothing is run they are refused.
#[test]
fn seconds_cut_a_session_short() {
    let events = |seconds: &str| {
        let (status, csv, err) = said(&["events", "knee-oa", "--seconds", seconds]);
        assert_eq!(status, 0, "{err}");
        csv
    };
    let (three, whole) = (events("3"), events("900"));
    assert!(three.lines().count() > 300);
    // the last pulse before the cut is finished
    let last = three.lines().last().unwrap().split(',').next().unwrap().parse::<u64>().unwrap();
    assert!((2_980_000..3_010_000).contains(&last), "{last}");
    let head = three.lines().take(three.lines().count() - 1);
    assert!(
        head.eq(whole.lines().take(three.lines().count() - 1)),
        "the first seconds are those of the session"
    );
    let folder = empty("seconds");
    let (_, json, _) = run(&folder, &["run", "knee-oa", "--seconds", "1200", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let length = json["settings"].as_array().unwrap().iter().find(|s| s["name"] == "session length").unwrap();
    assert_eq!(length["value"], 1_200_000);
    assert!(json["seconds"].as_f64().unwrap() > 1_100.0, "{}", json["seconds"]);
    assert_eq!(json["stopped_early"], false);
    let (_, out, _) = run(&folder, &["run", "knee-oa", "--seconds", "3"]);
    assert!(out.contains(": 3 s, stopped before its end."), "{out}");
    let (status, _, err) = said(&["check", "knee-oa", "--seconds", "3"]);
    assert!(status == 2 && err.contains("takes 900 s to 1200 s"), "{err}");
    let (status, _, err) = said(&["events", "knee-oa", "--seconds", "1300"]);
    assert!(status == 2 && err.contains("takes 900 s to 1200 s"), "{err}");
}

/// REQ-APP-344: the length of a session is given where somebody gave it: not where fewer seconds are run of the protocol's shortest
/// session, nor where it is as long as the walk, in text and JSON.
#[test]
fn a_length_that_nobody_gave_is_not_given() {
    let folder = empty("length");
    for (args, mark, reason) in [
        (&["knee-oa", "--seconds", "61.7"][..], Some("ours"), "\"row\""),
        (&["knee-oa", "--seconds", "900"], Some("given"), "given"),
        (&["foot-drop"], Some("walk"), "as long as the walk"),
        (&["foot-drop", "--seconds", "10"], Some("given"), "given"),
    ] {
        let (_, out, _) = run(&folder, &[&["run"], args].concat());
        let line = out.lines().find(|line| line.contains("session length")).unwrap();
        assert_eq!(line.split_whitespace().last(), mark, "{args:?}: {line}");
        let (_, json, _) = run(&folder, &[&["run"], args, &["--json"]].concat());
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let settings = json["settings"].as_array().unwrap();
        let length = settings.iter().find(|s| s["name"] == "session length").unwrap();
        assert!(length["origin"].to_string().contains(reason), "{args:?}: {length}");
    }
}

/// REQ-APP-240: where one file of a run cannot be written, none is, and what stood there stays.
#[test]
fn files_are_written_together_or_not_at_all() {
    for (protocol, picture) in
        [("foot-drop", "foot-drop.svg"), ("knee-oa", "knee-oa.svg"), ("fes-cycle", "fes-cycle.svg")]
    {
        let folder = empty(&format!("half-{protocol}"));
        std::fs::create_dir_all(folder.join("pulses.csv")).unwrap();
        let (status, _, err) = run(&folder, &["run", protocol, "--seconds", "5"]);
        assert!(status == 2 && err.contains("pulses.csv: cannot be written"), "{err}");
        assert_eq!(names(&folder), ["pulses.csv"], "{protocol}");
        std::fs::write(folder.join(picture), "before").unwrap();
        assert_eq!(run(&folder, &["run", protocol, "--seconds", "5"]).0, 2);
        assert_eq!(std::fs::read_to_string(folder.join(picture)).unwrap(), "before");
        std::fs::remove_dir(folder.join("pulses.csv")).unwrap();
        assert_eq!(run(&folder, &["run", protocol, "--seconds", "5"]).0, 0);
        assert_eq!(names(&folder), [picture, "pulses.csv"]);
    }
}
