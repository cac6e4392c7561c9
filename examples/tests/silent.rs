//! What was taken without a word and did nothing, or something else, is refused.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that fails may panic; the numbers are small"
)]

mod common;

use common::{said, scratch};
use nmes_protocols::Item;

/// REQ-APP-330: An acknowledged item that was not answered with yes is refused with both flags, whether the rest was answered or
/// not; with its yes it is taken.
#[test]
fn nothing_is_acknowledged_without_a_yes() {
    for item in Item::ALL {
        let (own, flag) = (item.flag(), format!("--{}", item.flag()));
        for rest in [&[][..], &["--unanswered"], &["--json"]] {
            let (status, out, err) = said(&[&["screen", "foot-drop", "--acknowledge", own], rest].concat());
            assert_eq!((status, out.contains("no block found")), (2, false), "{own}: {out}");
            let told = format!("{out}{err}");
            assert!(told.contains(&format!("--acknowledge {own}")) && told.contains(&flag), "{told}");
        }
        let (status, _, err) = said(&["screen", "foot-drop", &flag, "--acknowledge", own]);
        assert!(status < 2, "{own}: {err}");
    }
    let (status, _, err) = said(&["screen", "foot-drop", "--epilepsy", "--acknowledge", "pacemaker"]);
    assert!(status == 2 && err.contains("--pacemaker --acknowledge pacemaker"), "{err}");
}

/// A subject file that a titration writes for a protocol, as text.
fn titrated(protocol: &str, more: &[&str]) -> (i32, String, String) {
    let given = ["--sensory-ma", "5", "--motor-ma", "10", "--functional-ma", "20", "--maximum-ma", "30"];
    said(&[&["titrate", protocol, "--repeats", "1"], &given[..], more].concat())
}

/// REQ-APP-331: A channel that no session of the protocol has is not measured, at the limit and past it, and no file is written.
#[test]
fn channels_that_are_not_there_are_not_measured() {
    let path = scratch("silent").join("no-channel.toml");
    let name = path.to_str().unwrap();
    let _ = std::fs::remove_file(&path);
    for (protocol, channel, most) in
        [("tka-stevens-lapsley", "2", 1), ("tka-stevens-lapsley", "7", 1), ("ptns", "1", 0)]
    {
        let (status, _, err) = titrated(protocol, &["--channel", channel, "--out", name]);
        let told = format!("--channel {channel}: {protocol} has ");
        assert!(
            status == 2 && err.contains(&told) && err.contains(&format!("accepted: 0 to {most}")),
            "{err}"
        );
        assert!(!path.exists());
    }
    assert_eq!(titrated("tka-stevens-lapsley", &["--channel", "1"]).0, 0);
}

/// REQ-APP-332: A measurement of a channel that the session does not have is a note of `check` and of `run`; one of a channel that
/// it has is none.
#[test]
fn measurements_of_other_channels_are_told() {
    let folder = scratch("silent");
    let (path, out) = (folder.join("other-channel.toml"), folder.join("other-channel"));
    let (name, out) = (path.to_str().unwrap(), out.to_str().unwrap());
    let _ = std::fs::remove_file(&path);
    assert_eq!(titrated("tka-stevens-lapsley", &["--out", name]).0, 0);
    let text = std::fs::read_to_string(&path).unwrap();
    let own = text.replace("others = \"unanswered\"", "others = \"no\"");
    let other = own.replace("channel = 0", "channel = 5");
    assert!(own != text && other != own, "{text}");
    for (text, told) in [(own, false), (other, true)] {
        std::fs::write(&path, text).unwrap();
        for command in ["check", "run"] {
            let more = ["--seconds", "5", "--out-dir", out];
            let more = if command == "run" { &more[..] } else { &[] };
            let (_, out, err) = said(&[&[command, "tka-stevens-lapsley", "--subject", name], more].concat());
            assert_eq!(out.contains("measurements of channel 5"), told, "{command}: {out}{err}");
        }
    }
}

/// REQ-APP-333: A floor above all of the set value is refused with flag, value and limit, in amplitude and in width; at the limit
/// it is taken.
#[test]
fn floors_above_the_set_value_are_refused() {
    for control in ["amplitude", "width"] {
        let ramp = |percent: &str| {
            said(&["wave", "ramp", "--control", control, "--format", "csv", "--floor-percent", percent])
        };
        for percent in ["101", "200", "255"] {
            let (status, out, err) = ramp(percent);
            assert!(status == 2 && out.is_empty(), "{out}");
            assert!(
                err.contains(&format!("--floor-percent {percent}:")) && err.contains("0 to 100"),
                "{err}"
            );
        }
        let (status, out, err) = ramp("100");
        assert!(status == 0 && out.lines().count() > 10, "{err}");
    }
}

/// REQ-APP-334: A titration refuses every flag that would do nothing in it, before a train and before a file is read.
#[test]
fn a_titration_takes_no_flag_of_a_session() {
    let flags =
        ["--stop-at-us", "--seconds", "--amplitude-ma", "--delay-ms", "--ramp-up-ms", "--extension-ms"];
    let flags = flags.into_iter().chain(["--ramp-down-ms", "--ramp-floor-ma"]).map(|flag| (flag, "5"));
    for (flag, value) in flags.chain([("--gait", "not-there.csv"), ("--trigger", "heel")]) {
        let (status, out, err) = titrated("foot-drop", &[flag, value]);
        assert!(status == 2 && out.is_empty(), "{flag}: {out}");
        assert!(err.contains(&format!("{flag}: a titration")) && err.contains("run, events, plot"), "{err}");
    }
}

/// REQ-APP-335: A simulated device that nobody connects to ends after its time, and says so.
#[test]
fn a_device_that_nobody_asks_ends() {
    for device in ["sciencemode4", "rehastim2"] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_nmes"))
            .args(["simulate-device", device, "--listen", "127.0.0.1:0", "--seconds", "1"])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let begin = std::time::Instant::now();
        while child.try_wait().unwrap().is_none() && begin.elapsed().as_secs() < 20 {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let ended = child.try_wait().unwrap();
        let _ = child.kill();
        let out = child.wait_with_output().unwrap();
        let out = String::from_utf8(out.stdout).unwrap();
        assert!(ended.is_some_and(|status| status.success()), "{device}: {out}");
        assert!(out.contains("end: nobody connected") && begin.elapsed().as_millis() > 900, "{out}");
    }
}

/// REQ-APP-336: A log without a pulse has the header that one with pulses has, and no line more.
#[test]
fn a_log_without_a_pulse_has_its_columns() {
    let folder = scratch("silent").join("no-pulse");
    let _ = std::fs::remove_dir_all(&folder);
    let (device, out) = (folder.join("device"), folder.join("out"));
    let (device, out) = (device.to_str().unwrap(), out.to_str().unwrap());
    let run =
        |stop| said(&["run", "foot-drop", "--stop-at-us", stop, "--memory", device, "--out-dir", out]).0;
    let csv = || said(&["records", "--format", "csv", device]).1;
    assert_eq!(run("1000"), 0);
    let none = csv();
    assert_eq!(none.lines().count(), 1, "{none}");
    assert_eq!(run("3000000"), 0);
    let some = csv();
    assert!(some.starts_with(&none) && some.lines().count() > 10, "{some}");
    assert_eq!(none.split(',').count(), 14);
}

/// REQ-APP-339: What a command reads stands as it was after it was named as what is written, under another name of it too; a walk and
/// a log that are there are not written over.
#[test]
fn what_is_there_is_not_written_over() {
    let folder = scratch("silent").join("inputs");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let (recorded, made) = (folder.join("pulses.csv"), folder.join("made.csv"));
    let (gait, made, dir) = (recorded.to_str().unwrap(), made.to_str().unwrap(), folder.to_str().unwrap());
    let same = folder.join(".").join("pulses.csv");
    assert_eq!(said(&["walk", "--out", made]).0, 0);
    let walk = std::fs::read(made).unwrap();
    std::fs::write(&recorded, &walk).unwrap();
    for (command, flag, to) in [
        ("events", "--out", gait),
        ("events", "--out", same.to_str().unwrap()),
        ("plot", "--out", gait),
        ("run", "--out-dir", dir),
    ] {
        let (status, _, err) = said(&[command, "foot-drop", "--gait", gait, flag, to]);
        assert!(status == 2 && err.contains("pulses.csv") && err.contains("what --gait reads"), "{err}");
        assert_eq!(std::fs::read(&recorded).unwrap(), walk, "{command}");
    }
    let (status, _, err) = said(&["walk", "--seed", "2", "--out", gait]);
    assert!(status == 2 && err.contains("--out") && err.contains("is there already"), "{err}");
    let (status, _, err) = said(&["serve", "--listen", "127.0.0.1:0", "--log", gait]);
    assert!(status == 2 && err.contains("--log") && err.contains("is there already"), "{err}");
    assert_eq!(std::fs::read(&recorded).unwrap(), walk);
    assert_eq!(said(&["walk", "--out", made]).0, 0, "the same walk again is no loss");
}

/// REQ-APP-338: A walk of more than 12 hours is refused with its flags, the length and the limit; what is made is read, and its folder
/// is made.
#[test]
fn made_walks_are_no_longer_than_read_ones() {
    let folder = scratch("silent").join("walk");
    let _ = std::fs::remove_dir_all(&folder);
    let path = folder.join("in/a/folder/w.csv");
    let name = path.to_str().unwrap();
    let long = ["walk", "--strides", "2000", "--kerb-every", "1"];
    let (status, out, err) = said(&[&long[..], &["--kerb-ms", "60000", "--out", name]].concat());
    assert!(status == 2 && out.is_empty() && !path.exists(), "{out}");
    assert!(
        err.contains("--strides 2000") && err.contains("--kerb-ms 60000") && err.contains("43200.000 s"),
        "{err}"
    );
    // just below 12 hours
    let (status, _, err) = said(&[&long[..], &["--kerb-ms", "20000", "--out", name]].concat());
    assert_eq!((status, err.as_str()), (0, ""));
    let (status, out, err) = said(&["events", "foot-drop", "--gait", name, "--stop-at-us", "9000000"]);
    assert!(status == 0 && out.lines().count() > 10, "{err}");
}
