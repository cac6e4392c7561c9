//! What a run keeps in place of a device's memory, session after session.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]

mod common;

use common::{said, scratch};
use nmes_safety::records::{DOSE_BYTES, DoseRecord, LogEntry, LogFlags, StoredBlackBox, log_entries};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn dose(folder: &Path, page: &str) -> (DoseRecord, u32) {
    DoseRecord::decode(&std::fs::read(folder.join(page)).unwrap()).unwrap()
}

fn pulses(folder: &Path) -> Vec<LogEntry> {
    let bytes = std::fs::read(folder.join("delivered.log")).unwrap();
    log_entries(&bytes).map(Result::unwrap).collect()
}

/// A folder that holds nothing yet.
fn empty(name: &str) -> PathBuf {
    let folder = scratch("memory").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// Exit status, and all that was said.
fn all(args: &[&str]) -> (i32, String) {
    let (status, out, err) = said(args);
    (status, out + &err)
}

fn run_into(folder: &Path, more: &[&str]) -> (i32, String) {
    let (device, out) = (folder.join("device"), folder.join("out"));
    let mut args = vec!["run", "foot-drop", "--seconds", "8"];
    let (device, out) = (device.to_str().unwrap(), out.to_str().unwrap());
    args.extend(["--memory", device, "--out-dir", out]);
    args.extend(more);
    all(&args)
}

/// REQ-APP-220: a run adds its session to the dose in the other slot, appends one entry a pulse, and says how to read each
/// channel; what the log says of a pulse is what the table of pulses says.
#[test]
fn sessions_add_up() {
    let folder = empty("sums");
    let device = folder.join("device");
    assert_eq!(run_into(&folder, &[]).0, 0);
    let (begun, number) = dose(&device, "dose-a.bin");
    assert_eq!((number, begun.begun, begun.pulses), (1, 1, 0), "before arming");
    let (first, number) = dose(&device, "dose-b.bin");
    assert_eq!((number, first.begun, first.completed, first.faulted), (2, 1, 1, 0));
    assert_eq!((first.session_ms, first.last_level[0].as_microamps()), (8_000, 40_000));
    let csv = std::fs::read_to_string(folder.join("out/pulses.csv")).unwrap();
    let rows: Vec<&str> = csv.lines().skip(1).collect();
    let entries = pulses(&device);
    assert_eq!((first.pulses, entries.len()), (u64::try_from(rows.len()).unwrap(), rows.len() + 1));
    let LogEntry::Channel(channel) = &entries[0] else { panic!("{:?}", entries[0]) };
    assert_eq!(
        (channel.session, channel.ticks_per_second, channel.limits_crc),
        (1, 1_000_000, first.limits_crc)
    );
    let mut onset = 0;
    for (entry, row) in entries[1..].iter().zip(&rows) {
        let LogEntry::Pulse(pulse) = entry else { panic!("{entry:?}") };
        let cells: Vec<&str> = row.split(',').collect();
        assert_eq!(
            (pulse.sequence.to_string(), pulse.code.to_string()),
            (cells[0].to_owned(), cells[8].to_owned())
        );
        assert!(pulse.flags.has(LogFlags::MEASURED) && pulse.onset_tick > onset && pulse.ledger == 0);
        onset = pulse.onset_tick;
    }
    assert_eq!(run_into(&folder, &["--stop-at-us", "5000000"]).0, 0);
    let (second, number) = dose(&device, "dose-b.bin");
    assert_eq!((number, second.begun, second.completed, second.faulted), (4, 2, 1, 0), "stopped early");
    assert!(second.pulses > first.pulses && second.session_ms < 16_000);
    assert_eq!(pulses(&device).len() as u64, second.pulses + 2);
    assert!(!device.join("black-box-1.bin").exists());
}

/// REQ-APP-220: a session that a fault ends is counted as that, its last pulse is marked, and its first faults are kept.
#[test]
fn a_fault_is_kept() {
    let folder = empty("fault");
    let device = folder.join("device");
    let (status, said) = run_into(&folder, &["--late-us", "30", "--declared-late-us", "15"]);
    assert_eq!(status, 1, "{said}");
    let (kept, _) = dose(&device, "dose-b.bin");
    assert_eq!((kept.begun, kept.completed, kept.faulted), (1, 0, 1));
    let bytes = std::fs::read(device.join("black-box-1.bin")).unwrap();
    let stored = StoredBlackBox::decode(&bytes).unwrap();
    assert_eq!((stored.session(), stored.ticks_per_second()), (1, 1_000_000));
    let first = *stored.entries().next().unwrap();
    assert_eq!(first.fault, nmes_safety::Fault::Late);
    let (status, shown) = all(&["records", device.to_str().unwrap()]);
    assert_eq!(status, 0, "{shown}");
    assert!(
        shown.contains("session 1, 1000000 ticks a second")
            && shown.contains("Late")
            && shown.contains("ended by a fault")
            && shown.contains("black-box-1.bin"),
        "{shown}"
    );
}

/// What `records` writes as JSON, and its exit status.
fn as_json(path: &Path) -> (i32, Value) {
    let (status, out, err) = said(&["records", "--format", "json", path.to_str().unwrap()]);
    (status, serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}")))
}

/// REQ-APP-221: dose, log and first faults as tables, as columns and as JSON have the figures that the files have; columns are
/// the log's alone.
#[test]
fn records_are_shown_in_three_forms() {
    let folder = empty("forms");
    let device = folder.join("device");
    assert_eq!(run_into(&folder, &["--late-us", "30", "--declared-late-us", "15"]).0, 1);
    let (kept, number) = dose(&device, "dose-b.bin");
    let entries = pulses(&device);
    let (status, text) = all(&["records", device.to_str().unwrap()]);
    assert_eq!(status, 0, "{text}");
    for name in ["black-box-1.bin", "delivered.log", "dose-b.bin"] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(text.lines().any(|line| line.trim_start().starts_with("pulses ")), "{text}");
    let (status, csv) = all(&["records", "--format", "csv", device.to_str().unwrap()]);
    assert_eq!((status, csv.lines().count()), (0, entries.len()), "a head, and a line a pulse: {csv}");
    assert!(csv.starts_with("session,channel,kind,sequence,onset_us,"), "{csv}");
    let (status, json) = as_json(&device);
    let kinds: Vec<_> = json.as_array().unwrap().iter().map(|file| file["kind"].as_str().unwrap()).collect();
    assert_eq!((status, kinds), (0, vec!["black_box", "delivered", "dose", "dose"]));
    assert_eq!(json[0]["content"]["entries"][0]["fault"], "Late");
    assert_eq!(json[1]["content"], serde_json::to_value(&entries).unwrap());
    assert_eq!(json[3]["content"]["number"], number);
    assert_eq!(json[3]["content"]["record"], serde_json::to_value(kept).unwrap());
    let (status, said) = all(&["records", "--format", "csv", device.join("dose-a.bin").to_str().unwrap()]);
    assert!(status == 2 && said.contains("only pulses have columns"), "{said}");
}

/// REQ-APP-220 and REQ-APP-221: damaged entries are counted, the first is named and the others are read, as tables, as columns and as
/// JSON, where each stands in its place; a folder whose dose record is lost is refused before anything is run, and stays as
/// it is; what is no record says what would be.
#[test]
fn damage_is_named() {
    let folder = empty("damage");
    let device = folder.join("device");
    assert_eq!(run_into(&folder, &[]).0, 0);
    let log = device.join("delivered.log");
    let mut bytes = std::fs::read(&log).unwrap();
    let whole: Vec<LogEntry> = pulses(&device);
    bytes[64 * 3 + 20] ^= 4;
    bytes[64 * 9 + 20] ^= 4;
    std::fs::write(&log, &bytes).unwrap();
    let rows = whole.len() - 3;
    let named = format!("2 of {} entries damaged, the first is number 3", whole.len());
    let (status, csv) = all(&["records", "--format", "csv", log.to_str().unwrap()]);
    let read = csv.lines().filter(|line| line.starts_with("1,0,pulse")).count();
    assert_eq!((status, read), (1, rows), "{csv}");
    assert!(csv.contains(&named), "{csv}");
    let (status, text) = all(&["records", log.to_str().unwrap()]);
    let counts: Vec<_> =
        text.lines().filter(|line| line.split_whitespace().nth(2) == Some(&rows.to_string())).collect();
    assert_eq!((status, counts.len()), (1, 1), "{text}");
    assert!(text.contains(&named), "{text}");
    let (status, json) = as_json(&log);
    let entries = json[0]["content"].as_array().unwrap();
    assert_eq!((status, entries.len()), (1, whole.len()));
    for (at, (shown, entry)) in entries.iter().zip(&whole).enumerate() {
        match at {
            3 | 9 => assert!(shown["damaged"].is_string(), "{at}: {shown}"),
            _ => assert_eq!(*shown, serde_json::to_value(entry).unwrap(), "{at}"),
        }
    }
    // a record of a newer program refuses; both pages damaged are a record that is lost
    let page = device.join("dose-a.bin");
    let mut newer = std::fs::read(&page).unwrap();
    newer[4] = 2;
    let crc = nmes_safety::Crc32::of(&newer[..DOSE_BYTES - 4]);
    newer[DOSE_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
    std::fs::write(&page, newer).unwrap();
    let (status, said) = run_into(&folder, &[]);
    assert!(status == 2 && said.contains("version 2"), "{said}");
    std::fs::write(&page, [7; DOSE_BYTES]).unwrap();
    std::fs::write(device.join("dose-b.bin"), [7; DOSE_BYTES]).unwrap();
    let (status, said) = run_into(&folder, &[]);
    assert_eq!(status, 2, "{said}");
    assert_eq!(std::fs::read(&log).unwrap(), bytes, "nothing was run");
    let (status, said) = all(&["records", page.to_str().unwrap()]);
    assert!(status == 1 && said.contains("NMDS"), "{said}");
    let (status, said) = all(&["records", folder.join("out").to_str().unwrap()]);
    assert!(status == 2 && said.contains("no records"), "{said}");
}

/// REQ-APP-293: a damaged file is shown as that in its place, what stands beside it is shown all the same, and the status says that
/// not all was read. (It ended `records`, and nothing was shown.)
#[test]
fn a_damaged_file_hides_no_other() {
    let folder = empty("beside");
    let device = folder.join("device");
    assert_eq!(run_into(&folder, &[]).0, 0);
    std::fs::write(device.join("a.bin"), "none of them").unwrap();
    let mut page = std::fs::read(device.join("dose-a.bin")).unwrap();
    page[50] ^= 1;
    std::fs::write(device.join("dose-a.bin"), page).unwrap();
    let (status, text) = all(&["records", device.to_str().unwrap()]);
    assert_eq!((status, text.matches("  damaged: ").count()), (1, 2), "{text}");
    for shown in
        ["no record: accepted are", "dose and progress", "ledger nA", "a.bin: no record", "dose-a.bin: "]
    {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    let (status, json) = as_json(&device);
    let kinds: Vec<_> = json.as_array().unwrap().iter().map(|file| file["kind"].as_str().unwrap()).collect();
    assert_eq!((status, kinds), (1, vec!["damaged", "delivered", "damaged", "dose"]));
    assert!(json[2]["content"]["damaged"].is_string(), "{json}");
    let (status, csv) = all(&["records", "--format", "csv", device.to_str().unwrap()]);
    assert!(status == 1 && csv.lines().count() > pulses(&device).len() - 1, "{csv}");
}

/// REQ-APP-265: a run that was ended while it ran counts as begun, and the next one has a number of its own; behind a torn entry the
/// log goes on at the next whole one. A plan that is denied begins no session.
#[test]
fn what_was_cut_is_gone_on_from() {
    let folder = empty("cut");
    let device = folder.join("device");
    assert_eq!(run_into(&folder, &[]).0, 0);
    // as it is left by a run that was ended after it began, and by one that was ended while it wrote its log
    std::fs::write(device.join("dose-b.bin"), []).unwrap();
    let log = device.join("delivered.log");
    let mut bytes = std::fs::read(&log).unwrap();
    let whole = bytes.len() / 64;
    bytes.extend_from_within(64..64 + 30);
    std::fs::write(&log, &bytes).unwrap();
    assert_eq!(run_into(&folder, &[]).0, 0);
    let (kept, number) = dose(&device, "dose-a.bin");
    assert_eq!((number, kept.begun, kept.completed, kept.faulted), (3, 2, 1, 0));
    let bytes = std::fs::read(&log).unwrap();
    let entries: Vec<_> = log_entries(&bytes).collect();
    assert_eq!((bytes.len() % 64, entries.iter().filter(|entry| entry.is_err()).count()), (0, 1));
    assert!(entries[whole].is_err());
    let sessions: Vec<u32> = entries.iter().flatten().filter_map(session_of).collect();
    assert_eq!(sessions, [1, 2]);
    let (status, said) = run_into(&folder, &["--electrode-cm2", "1"]);
    assert!(status != 0 && said.contains("nothing was run"), "{said}");
    assert_eq!(dose(&device, "dose-a.bin"), (kept, 3), "{said}");
}

fn session_of(entry: &LogEntry) -> Option<u32> {
    if let LogEntry::Channel(channel) = entry { Some(channel.session) } else { None }
}

/// REQ-APP-230: a session that played its last train counts as completed, although the length that it was given ends later;
/// one that was ended before does not.
#[test]
fn a_session_by_its_own_clock_is_completed() {
    for (protocol, more, completed) in [
        ("knee-oa", &[][..], 1),
        ("tens-al", &[], 1),
        ("venous-pump", &[], 1),
        ("recovery-ladder", &[], 1),
        ("knee-oa", &["--stop-at-us", "60000000"], 0),
        ("stroke-wrist-emg", &["--seconds", "20"], 0),
    ] {
        let folder = empty("completed");
        let (device, out) = (folder.join("device"), folder.join("out"));
        let mut args = vec!["run", protocol, "--memory", device.to_str().unwrap()];
        args.extend(["--out-dir", out.to_str().unwrap()]);
        args.extend(more);
        let (status, said) = all(&args);
        assert_eq!(status, 0, "{said}");
        let (kept, _) = dose(&device, "dose-b.bin");
        assert_eq!((kept.begun, kept.completed, kept.faulted), (1, completed, 0), "{args:?}");
    }
}

/// REQ-APP-237: runs that end at the same time are all kept; a lock that nobody gives back is waited for, then named with what
/// to do, and nothing is run.
#[test]
fn runs_at_once_are_all_kept() {
    let folder = empty("at-once");
    let device = folder.join("device");
    let run = |n: usize| {
        let (device, out) = (device.clone(), folder.join(n.to_string()));
        std::thread::spawn(move || {
            let (device, out) = (device.to_str().unwrap(), out.to_str().unwrap());
            all(&["run", "foot-drop", "--seconds", "4", "--memory", device, "--out-dir", out])
        })
    };
    let runs: Vec<_> = (0..5).map(run).collect();
    for run in runs {
        let (status, said) = run.join().unwrap();
        assert_eq!(status, 0, "{said}");
    }
    let last = ["dose-a.bin", "dose-b.bin"].map(|page| dose(&device, page).0.begun).into_iter().max();
    assert_eq!(last, Some(5));
    let mut sessions: Vec<u32> = pulses(&device).iter().filter_map(session_of).collect();
    sessions.sort_unstable();
    assert_eq!(sessions, [1, 2, 3, 4, 5]);

    let lock = device.join("lock");
    assert!(!lock.exists(), "given back");
    std::fs::write(&lock, "held by process 1\n").unwrap();
    let (status, said) = run_into(&folder, &[]);
    assert_eq!(status, 2, "{said}");
    for phrase in [lock.to_str().unwrap(), "held by process 1", "delete this file"] {
        assert!(said.contains(phrase), "{phrase}: {said}");
    }
    assert_eq!(pulses(&device).iter().filter(|entry| matches!(entry, LogEntry::Channel(_))).count(), 5);
    std::fs::remove_file(&lock).unwrap();
    assert_eq!(run_into(&folder, &[]).0, 0, "it can be gone on from");
}

/// REQ-APP-341: Where the entry that says how to read a channel is damaged, the pulses after it are of a session that is not known and
/// have no times, in `records` as tables and as columns and in the program of docs/records.md; a damaged pulse changes nothing.
#[test]
fn pulses_without_their_channel_entry_have_no_session() {
    let folder = empty("no-entry");
    let (device, out) = (folder.join("device"), folder.join("out"));
    for more in [&["--ticks-hz", "100000"][..], &[]] {
        let run = ["run", "knee-oa", "--seconds", "30", "--memory", device.to_str().unwrap()];
        let (status, said) = all(&[&run[..], &["--out-dir", out.to_str().unwrap()], more].concat());
        assert_eq!(status, 0, "{said}");
    }
    let log = device.join("delivered.log");
    let entries = pulses(&device);
    let at: Vec<usize> = (0..entries.len()).filter(|at| session_of(&entries[*at]).is_some()).collect();
    let (own, all_of) = (at[at.len() / 2], entries.len());
    let (first, second) = (own - at.len() / 2, all_of - own - at.len() / 2);
    let mut bytes = std::fs::read(&log).unwrap();
    let mut damage = |entry: usize| {
        bytes[64 * entry + 20] ^= 4;
        std::fs::write(&log, &bytes).unwrap();
        let (text, csv) = (
            all(&["records", log.to_str().unwrap()]),
            all(&["records", "--format", "csv", log.to_str().unwrap()]),
        );
        assert_eq!((text.0, csv.0), (1, 1));
        (text.1, csv.1)
    };
    let (text, _) = damage(own - 5);
    assert!(!text.contains("unknown"), "{text}");
    let channels = at.len() / 2;
    (0..channels - 1).for_each(|n| drop(damage(own + 1 + n)));
    let (text, csv) = damage(own);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let of =
        |session: &str| -> Vec<&Vec<&str>> { lines.iter().filter(|l| l.first() == Some(&session)).collect() };
    let count = |session: &str| -> usize {
        of(session).iter().map(|l| l[2].parse::<usize>().unwrap() + l[3].parse::<usize>().unwrap()).sum()
    };
    assert_eq!((count("1"), count("unknown"), of("2").len()), (first - 1, second, 0), "{text}");
    assert!(of("unknown").iter().all(|line| line[4] == "-" && line[5] == "-"), "{text}");
    assert!(of("1").iter().all(|line| line[5].parse::<f64>().unwrap() < 30.0), "{text}");
    let unknown = csv.lines().filter(|line| line.starts_with(",0,pulse,") || line.starts_with(",1,pulse,"));
    assert!(
        unknown.clone().count() >= second / 2 && unknown.clone().all(|line| line.contains(",,,")),
        "{csv}"
    );
    let document = include_str!("../../docs/records.md");
    let program = document.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let Ok(read) =
        std::process::Command::new("python3").args(["-c", program, log.to_str().unwrap()]).output()
    else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "python3 did not run");
        return;
    };
    let text = String::from_utf8(read.stdout).unwrap();
    assert!(read.status.success() && text.contains("channel 0: session unknown\ntick "), "{text}");
    assert_eq!(text.matches("session unknown").count(), channels, "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("tick ")).count(), second);
}
