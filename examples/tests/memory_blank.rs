//! Memories with a damaged slot, with blank slots, and with a blank end.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use common::{said, scratch};
use nmes_safety::records::{LogEntry, log_entries};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A folder with one session in it, and its name.
fn device(name: &str) -> (PathBuf, String) {
    let folder = scratch("memory-blank").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    let named = folder.to_str().unwrap().to_owned();
    assert_eq!(run(&named, "foot-drop", &[]).0, 0);
    (folder, named)
}

fn run(device: &str, protocol: &str, more: &[&str]) -> (i32, String, String) {
    let out = scratch("memory-blank-out");
    let args = ["run", protocol, "--seconds", "8", "--memory", device, "--out-dir", out.to_str().unwrap()];
    said(&[&args[..], more].concat())
}

fn records(path: &Path, format: &str) -> (i32, String, String) {
    said(&["records", "--format", format, path.to_str().unwrap()])
}

/// REQ-APP-325: a dose slot that is damaged, while the other one is good, is told by `run --memory`: on standard error by its name and
/// what is wrong, and in the JSON; the session is run, the slot is written anew, and a memory without damage is told nothing of.
#[test]
fn a_damaged_slot_is_told() {
    for (name, page) in [("slot-b", "dose-b.bin"), ("slot-a", "dose-a.bin")] {
        for (protocol, more) in [("foot-drop", &[][..]), ("knee-oa", &[]), ("fes-cycle", &["--rpm", "35"])] {
            let (folder, named) = device(name);
            let spoil = || {
                let mut bytes = std::fs::read(folder.join(page)).unwrap();
                bytes[50] ^= 0x55;
                std::fs::write(folder.join(page), bytes).unwrap();
            };
            spoil();
            let (status, out, err) = run(&named, protocol, more);
            assert_eq!(status, 0, "{out}{err}");
            assert!(err.contains(page) && err.contains("damaged") && err.contains("checksum"), "{err}");
            let (status, out, err) = run(&named, protocol, more);
            assert_eq!((status, err.as_str()), (0, ""), "written anew: {out}");
            spoil();
            let json = [more, &["--json"]].concat();
            let (status, out, err) = run(&named, protocol, &json);
            let told: Value = serde_json::from_str(&out).unwrap();
            assert!(status == 0 && err.contains(page), "{err}");
            assert!(told["memory_damaged"].as_str().unwrap().contains(page), "{told}");
            let (_, out, _) = run(&named, protocol, &json);
            let told: Value = serde_json::from_str(&out).unwrap();
            assert!(told.get("memory_damaged").is_none(), "{told}");
        }
    }
}

/// REQ-APP-326: a slot or a log that is blank, all ones or all zeros, was never written: `records` says that, with exit status 0, as
/// text and as JSON, beside one that was written too. One that is not blank to its last byte is damaged.
#[test]
fn a_blank_memory_was_never_written() {
    let folder = scratch("never-written");
    for (name, length) in
        [("dose-a.bin", 100), ("delivered.log", 640), ("delivered.log", 64), ("x.bin", 4_096)]
    {
        for byte in [0, 0xFF] {
            let path = folder.join(name);
            let mut bytes = vec![byte; length];
            std::fs::write(&path, &bytes).unwrap();
            let (status, out, err) = records(&path, "text");
            assert_eq!((status, out.contains("never written"), err.as_str()), (0, true, ""), "{name} {out}");
            let (status, out, _) = records(&path, "json");
            let told: Value = serde_json::from_str(&out).unwrap();
            assert_eq!((status, told[0]["kind"].as_str()), (0, Some("blank")), "{told}");
            bytes[length - 1] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let (status, out, _) = records(&path, "text");
            assert_eq!((status, out.contains("damaged")), (1, true), "{name} {out}");
        }
    }
    let (folder, _) = device("one-erased");
    std::fs::write(folder.join("dose-a.bin"), [0xFF; 100]).unwrap();
    let (status, out, err) = records(&folder, "text");
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("never written") && out.contains("dose and progress"), "{out}");
    let lines = |path: &Path| records(path, "csv").1.lines().count();
    assert!(lines(&folder) > 10);
    let (status, _, err) = records(&folder.join("dose-a.bin"), "csv");
    assert!(status == 2 && err.contains("only pulses have columns"), "{err}");
    std::fs::write(folder.join("delivered.log"), [0xFF; 640]).unwrap();
    assert_eq!((records(&folder, "csv").0, lines(&folder)), (0, 1), "a header alone");
}

/// REQ-APP-327: a log goes on at its end, over what is blank behind it: every entry of both sessions reads, whatever the blank end is
/// made of, and the rest of a blank end that is longer stays. A torn entry before a blank end is filled up.
#[test]
fn a_log_goes_on_over_its_blank_end() {
    let all_read = |log: &Path| -> Vec<u32> {
        let bytes = std::fs::read(log).unwrap();
        let entries: Vec<LogEntry> = log_entries(&bytes).map(Result::unwrap).collect();
        let session =
            |entry| if let LogEntry::Channel(channel) = entry { Some(channel.session) } else { None };
        entries.into_iter().filter_map(session).collect()
    };
    let (ones, zeros) = ([0xFF; 640].to_vec(), [0; 640].to_vec());
    let (long, odd) = (vec![0xFF; 64 * 2_000], vec![0; 100]);
    for blank in [ones.clone(), zeros.clone(), [ones, zeros].concat(), long.clone(), odd] {
        let (folder, named) = device("blank-end");
        let log = folder.join("delivered.log");
        let written = std::fs::read(&log).unwrap();
        std::fs::write(&log, [&written[..], &blank].concat()).unwrap();
        assert_eq!(run(&named, "foot-drop", &[]).0, 0);
        assert_eq!(all_read(&log), [1, 2], "{} bytes", blank.len());
        assert_eq!(records(&folder, "text").0, 0);
        let now = std::fs::read(&log).unwrap();
        assert!(now.starts_with(&written));
        assert_eq!(now.len(), (written.len() + blank.len()).max(2 * written.len()), "{} bytes", blank.len());
    }
    let (folder, named) = device("all-blank");
    let log = folder.join("delivered.log");
    std::fs::write(&log, &long).unwrap();
    assert_eq!(run(&named, "foot-drop", &[]).0, 0);
    assert_eq!(all_read(&log), [2]);
    let mut torn = std::fs::read(&log).unwrap();
    let end = torn.iter().rposition(|byte| *byte != 0xFF).unwrap() / 64 * 64 + 64;
    torn[end..end + 30].fill(7);
    std::fs::write(&log, torn).unwrap();
    assert_eq!(run(&named, "foot-drop", &[]).0, 0);
    let bytes = std::fs::read(&log).unwrap();
    let bad: Vec<usize> =
        log_entries(&bytes).enumerate().filter(|(_, entry)| entry.is_err()).map(|(at, _)| at).collect();
    assert_eq!(bad, [end / 64]);
}
