//! `nmes run --device` against `nmes simulate-device`, two processes on a pseudo-terminal or a socket.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests; a panic is a failure"
)]

mod devices;

use devices::*;
use nmes_hal_adapters::sciencemode4 as sm4;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

/// REQ-APP-150: says whose responsibility it is, plays the ramp pulse by pulse as `delivered.csv` has it, and ends on Ctrl-C
/// with an answered stop and exit status 0. REQ-APP-185: where standard error is no terminal nothing is drawn on it.
#[test]
fn a_p24_on_a_pseudo_terminal() {
    let (output, csv, far) = play("ctrl-c", &["sciencemode4"], &[], Some(Duration::from_secs(4)));
    let said = text(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.starts_with("THIS DRIVES A REAL STIMULATOR."), "{said}");
    assert!(output.stderr.is_empty() && !said.contains("repeats pulses"), "{said}");
    assert!(said.contains("connected: P24 SIMULATED") && said.contains("stopped by Ctrl-C"), "{said}");
    assert!(said.contains("the stop of the device was answered"), "{said}");
    let shown = far.end();
    let pulses = pulses(&shown);
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|row| row.split(',').collect()).collect();
    assert!(pulses.len() > 50, "{} pulses", pulses.len());
    assert_eq!(pulses.len(), rows.len());
    for ((_, points), row) in pulses.iter().zip(&rows) {
        let ua: i64 = row[3].parse::<i64>().unwrap() * 500;
        let width: i64 = row[4].parse().unwrap();
        assert_eq!(*points, [width, ua, 100, 0, width, -ua]);
    }
    let level = |row: &Vec<&str>| row[3].parse::<i64>().unwrap().abs();
    assert!(level(&rows[0]) <= 2 && level(rows.last().unwrap()) > 10, "it rises");
    // in order: status, version, identity, init, pulses, one stop and nothing after it
    let last = shown.iter().rfind(|(_, arrow, _)| *arrow == '<').unwrap();
    assert!(last.2.contains("LowLevelStop"), "{last:?}");
    assert_eq!((heard(&shown, "LowLevelStop"), heard(&shown, "LowLevelInit")), (1, 1));
    assert_eq!(heard(&shown, "no command"), 0);
}

/// REQ-APP-261: with `--json` standard output is one JSON value, how it ended as fields; whose responsibility it is stands on standard
/// error. What is refused is one JSON value too. REQ-APP-310: which says of no stimulator that was asked for that none is connected.
#[test]
fn one_json_value() {
    let (output, csv, far) = play("json", &["sciencemode4"], &["--json"], Some(Duration::from_secs(4)));
    far.gone();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), told["ended"].as_str()), (Some(0), Some("interrupted")), "{told}");
    assert_eq!(told["pulses"].as_u64().unwrap(), csv.lines().count() as u64 - 1);
    assert!(
        told["written"].as_str().unwrap().ends_with("/delivered.csv") && told["replaced"] == false,
        "{told}"
    );
    assert!(told["stop_answered"] == true && told["fault"].is_null(), "{told}");
    assert!(told["end_us"].as_u64().unwrap() > 1_000_000 && told["protocol"] == "tka-stevens-lapsley");
    let aside = String::from_utf8(output.stderr).unwrap();
    assert!(
        aside.starts_with("THIS DRIVES A REAL STIMULATOR.") && aside.contains("connected: P24"),
        "{aside}"
    );
    let port =
        ["run", "tka-stevens-lapsley", "--device", "sciencemode4", "--port", "/no/such/port", "--json"];
    let output = nmes(&port).output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), told["exit_status"].as_i64()), (Some(2), Some(2)));
    assert!(told["refused"].as_str().unwrap().contains("/no/such/port"), "{told}");
    assert!(told.get("simulation").is_none(), "{told}");
    let told: serde_json::Value =
        serde_json::from_slice(&nmes(&["run", "no-such-row", "--json"]).output().unwrap().stdout).unwrap();
    assert!(told["simulation"].as_str().unwrap().contains("no stimulator is connected"), "{told}");
}

/// REQ-APP-270: a session whose stop the device refused has ended by a fault, told as such in words, in JSON and by exit status 1.
/// REQ-APP-274: a refusal is told apart from a stop that was not answered.
#[test]
fn a_stop_that_is_not_taken_is_a_fault() {
    let (port, far) = refusing(sm4::Kind::LowLevelStop, sm4::ResultCode::Busy);
    let (output, _) = run("refused-stop", "sciencemode4", &port, &["--json"], Some(Duration::from_secs(3)));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let words = "the device refused its stop";
    assert_eq!((output.status.code(), told["ended"].as_str()), (Some(1), Some("interrupted")), "{told}");
    assert_eq!((&told["stop_answered"], told["fault"].as_str()), (&false.into(), Some(words)));
    assert!(String::from_utf8(output.stderr).unwrap().contains(&format!("fault: {words}")));
    // fewer where the machine was busy
    let stops = far.join().unwrap().into_iter().filter(|kind| *kind == sm4::Kind::LowLevelStop).count();
    assert!((3..=30).contains(&stops), "{stops} stops");
}

/// REQ-APP-274: a stop that was taken is told as such after a fault too.
#[test]
fn a_stop_that_is_taken_after_a_fault_is_told() {
    let (port, far) = refusing(sm4::Kind::LowLevelChannel, sm4::ResultCode::Electrode);
    let (output, _) = run("taken-stop", "sciencemode4", &port, &["--json"], None);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), told["ended"].as_str()), (Some(1), Some("fault")), "{told}");
    assert_eq!(told["stop_answered"], true, "{told}");
    let stops = far.join().unwrap().into_iter().filter(|kind| *kind == sm4::Kind::LowLevelStop);
    assert_eq!(stops.count(), 1);
}

/// REQ-APP-271: a pulse that was sent and is cut by the end is counted and stands in `delivered.csv`.
#[test]
fn a_pulse_that_the_end_cuts_is_counted() {
    let (port, far) = refusing(sm4::Kind::LowLevelChannel, sm4::ResultCode::Electrode);
    let (output, csv) = run("cut", "sciencemode4", &port, &["--json"], None);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), told["ended"].as_str()), (Some(1), Some("fault")), "{told}");
    let heard = far.join().unwrap();
    let sent = heard.iter().filter(|kind| **kind == sm4::Kind::LowLevelChannel).count();
    assert_eq!((sent, csv.lines().count() - 1, told["pulses"].as_u64()), (1, 1, Some(1)));
}

/// REQ-APP-307: a session whose record has no place is refused before its port is opened.
#[test]
fn a_record_has_a_place_before_the_port_is_opened() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = format!("tcp:{}", listener.local_addr().unwrap());
    let file = folder("no-place").join("a-file");
    std::fs::write(&file, "kept").unwrap();
    let arguments = ["run", "tka-stevens-lapsley", "--device", "sciencemode4", "--port", &port, "--out-dir"];
    let output = nmes(&arguments).arg(&file).output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("a-file: cannot be written") && !said.contains("THIS DRIVES"), "{said}");
    assert!(listener.accept().is_err(), "the port was opened");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "kept");
    std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
}

/// REQ-APP-308: where the record can no longer be written after a session, its end, its fault and the stop that was not answered are told
/// all the same, and it ends by the fault; REQ-APP-274.
#[test]
fn a_record_that_is_lost_hides_no_fault() {
    for json in [false, true] {
        let far = FarEnd::new(&["sciencemode4", "--fault", "silent", "--after-ms", "400"]);
        let out = folder(if json { "lost-json" } else { "lost" });
        let arguments =
            ["run", "tka-stevens-lapsley", "--device", "sciencemode4", "--port", &far.port, "--out-dir"];
        let mut command = nmes(&arguments);
        command.arg(&out).args(json.then_some("--json")).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        while std::fs::read_dir(&out).unwrap().next().is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::fs::remove_dir_all(&out).unwrap();
        let output = child.wait_with_output().unwrap();
        let (said, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{said}{err}");
        assert!(
            err.contains("fault: the device: no answer to") && err.contains("cannot be written"),
            "{err}"
        );
        if json {
            let told: serde_json::Value = serde_json::from_str(&said).unwrap();
            assert_eq!((&told["stop_answered"], &told["written"]), (&false.into(), &().into()), "{told}");
            assert!(told["not_written"].as_str().unwrap().contains("delivered.csv"), "{told}");
        } else {
            assert!(said.contains("ended by a fault") && said.contains("not answered"), "{said}");
            assert!(!said.contains("Written"), "{said}");
        }
    }
}

/// REQ-APP-309: a record that stands in the place of an earlier one says so, and one of a session that was not played takes no place.
#[test]
fn an_earlier_record_is_named() {
    let out = folder("earlier");
    let file = out.join("delivered.csv");
    let play = |port: &str| {
        let arguments = ["run", "tka-stevens-lapsley", "--device", "sciencemode4", "--port", port];
        text(&nmes(&arguments).arg("--out-dir").arg(&out).output().unwrap())
    };
    let (port, far) = refusing(sm4::Kind::LowLevelChannel, sm4::ResultCode::Electrode);
    assert!(!play(&port).contains("in place of"));
    far.join().unwrap();
    std::fs::write(&file, "earlier").unwrap();
    play("/no/such/port");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "earlier");
    let (port, far) = refusing(sm4::Kind::LowLevelChannel, sm4::ResultCode::Electrode);
    assert!(play(&port).contains("delivered.csv (in place of the one before)"));
    far.join().unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 2);
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1);
    std::fs::remove_dir_all(&out).unwrap();
}

/// REQ-APP-150: a terminal that closes and a request to end are taken as Ctrl-C: the device is stopped first.
#[test]
fn a_terminal_that_closes_stops_the_device() {
    for name in ["-HUP", "-TERM"] {
        let far = FarEnd::new(&["sciencemode4"]);
        let out = folder(name);
        let arguments =
            ["run", "tka-stevens-lapsley", "--device", "sciencemode4", "--port", &far.port, "--out-dir"];
        let mut child = nmes(&arguments).arg(&out).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(said.any(|line| line.starts_with("connected: ")), "{name}");
        std::thread::sleep(Duration::from_millis(2_000));
        signal(&child, name);
        let rest: Vec<String> = said.collect();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{name}: {rest:?}");
        std::fs::remove_dir_all(&out).unwrap();
        let shown = far.end();
        assert!(pulses(&shown).len() > 10, "{name}");
        assert!(
            shown.iter().rfind(|(_, arrow, _)| *arrow == '<').unwrap().2.contains("LowLevelStop"),
            "{name}"
        );
    }
}

/// REQ-APP-151: an error reply, a silence, garbage, a device that starts again and a pulled cable each end the session with
/// exit status 1 and the device's own words; where a stop can get through one does, and no pulse comes after it. REQ-APP-274: and
/// whether that one was answered.
#[test]
fn a_p24_that_goes_wrong() {
    for (fault, words, stops, answered) in [
        ("error", "the device refused LowLevelChannel: Electrode", true, true),
        ("silent", "no answer to", true, false),
        ("garbage", "broken frames", true, true),
        ("restart", "NotInitialised", true, true),
        ("unplug", "the port is gone", false, false),
    ] {
        let device = ["sciencemode4", "--fault", fault, "--after-ms", "600"];
        let (output, csv, far) = play(fault, &device, &[], None);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{fault}: {said}");
        assert!(said.contains(words) && said.contains("ended by a fault"), "{fault}: {said}");
        let stop =
            format!("the stop of the device was {}", if answered { "answered" } else { "not answered" });
        assert!(csv.lines().count() > 2 && said.contains(&stop), "{fault}: {said}");
        if !stops {
            far.gone(); // with its port
            continue;
        }
        let shown = far.end();
        let stop = shown.iter().position(|(_, _, words)| words.contains("LowLevelStop")).expect(fault);
        assert!(pulses(&shown[stop..]).is_empty(), "{fault}");
        let wrong = shown.iter().find(|(_, arrow, _)| *arrow == '!').unwrap().0;
        assert!(shown[stop].0 - wrong < 1_500, "{fault}");
    }
}

/// REQ-APP-152: in the rest between two contractions, and before the first pulse, the device is asked for its status.
#[test]
fn a_p24_is_kept_alive() {
    let device = ["sciencemode4", "--listen", "127.0.0.1:0"];
    let more = ["--amplitude-ma", "1"]; // one code, which comes late in the ramp
    let (output, _, far) = play("alive", &device, &more, Some(Duration::from_secs(3)));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let shown = far.end();
    let pulse =
        shown.iter().position(|(_, _, words)| words.contains("LowLevelChannel")).unwrap_or(shown.len());
    assert!(heard(&shown[..pulse], "StimStatus") >= 2, "{shown:?}");
}

/// REQ-APP-153: a RehaStim 2 over a socket: list, rising pulses, kept alive, and an answered stop on Ctrl-C. REQ-HAL-390: what
/// it repeats on its own when the link is lost is said before it is connected: at 50 Hz one onset more than 60.
#[test]
fn a_rehastim_over_a_socket() {
    let device = ["rehastim2", "--listen", "127.0.0.1:0"];
    let (output, _, far) = play("rehastim", &device, &["--gap-us", "0"], Some(Duration::from_secs(5)));
    let said = text(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("the stop of the device was answered"), "{said}");
    let (before, _) = said.split_once("connected: ").unwrap();
    assert!(before.contains("for up to 1.2 s: at most 61 pulses"), "{said}");
    let shown = far.end();
    assert_eq!(
        (heard(&shown, "InitList"), heard(&shown, "StopList"), heard(&shown, "no command")),
        (1, 1, 0)
    );
    let lists: Vec<u32> = shown
        .iter()
        .filter_map(|(_, arrow, words)| (*arrow == '<').then(|| words.split_once("StartList 250 "))?)
        .map(|(_, words)| words.split(' ').next().unwrap().parse().unwrap())
        .collect();
    assert!(lists.len() >= 2 && lists.windows(2).all(|pair| pair[1] >= pair[0]), "{lists:?}");
    assert!(lists.iter().all(|ua| ua % 2_000 == 0), "{lists:?}");
    assert!(heard(&shown, "GetMode") + heard(&shown, "Watchdog") >= 8);
}

/// REQ-APP-153: the same on a pseudo-terminal, where an error of the device and a pulled cable end it.
#[test]
fn a_rehastim_that_goes_wrong() {
    for (fault, words) in [
        ("error", "Electrode"),
        ("silent", "no answer to"),
        ("restart", "started again"),
        ("unplug", "the port is gone"),
    ] {
        let device = ["rehastim2", "--fault", fault, "--after-ms", "400"];
        let (output, _, far) = play(fault, &device, &["--gap-us", "0"], None);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{fault}: {said}");
        assert!(said.contains(words) && said.contains("ended by a fault"), "{fault}: {said}");
        far.gone();
    }
}

/// REQ-APP-154: what the device cannot do, options of the simulation, protocols that follow a switch, a wrong port and half
/// of the options are refused with what would be accepted, before anything is sent; REQ-APP-312.
#[test]
fn what_is_refused() {
    let refused = |arguments: &[&str], words: &[&str]| {
        let output = nmes(arguments).output().unwrap();
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
    };
    let p24 = |more: &[&str], words: &[&str]| {
        let mut all =
            vec!["run", "tka-stevens-lapsley", "--device", "sciencemode4", "--port", "/nowhere/p24"];
        all.extend(more);
        refused(&all, words);
    };
    p24(&[], &["/nowhere/p24", "tcp:HOST:PORT"]);
    for (flag, value) in
        [("--na-per-code", "37000"), ("--late-us", "10"), ("--seed", "7"), ("--load-ohm", "1000000")]
    {
        p24(&[flag, value], &[flag, "leave it out"]);
    }
    let rs = ["run", "tka-stevens-lapsley", "--device", "rehastim2", "--port", "tcp:127.0.0.1:1"];
    let with = |more: &[&'static str]| [&rs[..], more].concat();
    refused(&with(&["--gap-us", "0"]), &["Connection refused"]);
    refused(&with(&[]), &["--gap-us", "100 µs", "only 0 µs"]);
    let foot = ["run", "foot-drop", "--device", "sciencemode4", "--port", "/nowhere"];
    refused(&foot, &["foot-drop", "switch"]);
    refused(&["run", "tka-stevens-lapsley", "--device", "sciencemode4"], &["--port"]);
    refused(&["run", "tka-stevens-lapsley", "--port", "/nowhere"], &["--device"]);
    refused(
        &["run", "tka-stevens-lapsley", "--device", "p24", "--port", "x"],
        &["sciencemode4", "rehastim2"],
    );
}
