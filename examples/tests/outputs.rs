//! What is written: whole or not at all, under names of their own.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use common::{said, scratch};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const WALK: &str = "t_us,foot,event\n1000000,left,heel_off\n1500000,left,heel_strike\n2200000,left,heel_off\n2700000,left,heel_strike\n";

/// A folder with nothing in it.
fn empty(name: &str) -> PathBuf {
    let dir = scratch(name);
    fs::remove_dir_all(&dir).unwrap();
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn names(dir: &PathBuf) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// In a folder, on a disk that has room for no file of more than 4 KiB or so.
fn on_a_full_disk(dir: &PathBuf, args: &str) -> Option<i32> {
    let line = format!("trap '' XFSZ; ulimit -f 8; exec {} {args}", env!("CARGO_BIN_EXE_nmes"));
    let output = Command::new("sh").args(["-c", &line]).current_dir(dir).output().unwrap();
    output.status.code()
}

/// REQ-APP-355: where a file cannot be written to its end, the one before stays as it was, and nothing else is left.
#[test]
fn a_full_disk_leaves_what_was_there() {
    let dir = empty("full-disk");
    fs::write(dir.join("old"), "as it was").unwrap();
    for args in [
        "events foot-drop --seconds 10 --out old",
        "plot knee-oa --seconds 20 --out old",
        "wave symmetric --svg old",
        "wave symmetric --samples new --svg old",
        "run foot-drop --seconds 10 --out-dir .",
    ] {
        assert_eq!(on_a_full_disk(&dir, args), Some(2), "{args}");
        assert_eq!(names(&dir), ["old"], "{args}");
        assert_eq!(fs::read_to_string(dir.join("old")).unwrap(), "as it was", "{args}");
    }
}

/// REQ-APP-355: two files that are written have two names, however one is spelled or linked.
#[test]
fn two_files_have_two_names() {
    let dir = empty("two-names");
    fs::write(dir.join("old"), "as it was").unwrap();
    fs::hard_link(dir.join("old"), dir.join("linked")).unwrap();
    let at = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    for (one, other) in [("new", "new"), ("new", "./new"), ("old", "../two-names/old"), ("old", "linked")] {
        let (status, _, err) = said(&["wave", "symmetric", "--samples", &at(one), "--svg", &at(other)]);
        assert!(status == 2 && err.contains("for two files that are written"), "{one} {other}: {err}");
        assert_eq!(names(&dir), ["linked", "old"], "{one} {other}");
        assert_eq!(fs::read_to_string(dir.join("old")).unwrap(), "as it was");
    }
    let (status, _, err) = said(&["wave", "symmetric", "--samples", &at("new"), "--svg", &at("old")]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(fs::read_to_string(dir.join("old")).unwrap().starts_with("<svg"));
}

/// REQ-APP-355: a hard link of a file that is read is that file.
#[test]
fn a_linked_input_is_no_output() {
    let dir = empty("linked-input");
    let at = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    fs::write(at("walk.csv"), WALK).unwrap();
    fs::hard_link(at("walk.csv"), at("pulses.csv")).unwrap();
    for args in [
        ["events", "--out", &at("pulses.csv")],
        ["plot", "--out", &at("pulses.csv")],
        ["run", "--out-dir", &at("")],
    ] {
        let [command, flag, value] = args;
        let (status, _, err) = said(&[command, "foot-drop", "--gait", &at("walk.csv"), flag, value]);
        assert!(status == 2 && err.contains("would be written over what --gait reads"), "{command}: {err}");
        assert_eq!(fs::read_to_string(at("walk.csv")).unwrap(), WALK, "{command}");
    }
}
