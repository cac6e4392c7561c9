//! What `nmes run --device` keeps of a session, against what went on the wire.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests; a panic is a failure"
)]

mod devices;
mod serving;

use devices::*;
use nmes_hal_adapters::sciencemode4 as sm4;
use serde_json::Value;
use serving::{SMALL, Served};
use std::process::Output;
use std::time::Duration;

/// The widths of a record, a pulse each, µs.
fn widths(csv: &str) -> Vec<&str> {
    csv.lines().skip(1).map(|row| row.split(',').nth(4).unwrap()).collect()
}

/// As many pulses in the record and in the JSON as on the wire, each as long as it was sent.
fn agrees(what: &str, output: &Output, csv: &str, sent: usize) {
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let widths = widths(csv);
    assert_eq!((widths.len(), told["pulses"].as_u64()), (sent, u64::try_from(sent).ok()), "{what}: {told}");
    assert!(widths.iter().all(|us| *us == "250"), "{what}: {widths:?}");
}

/// REQ-APP-321: whatever ends a session on a P24, its record has the pulses that went on the wire, each as long as it was sent. (A pulse
/// that was never sent was the last row, and one that was sent was as long as the host had waited.)
#[test]
fn a_record_has_what_was_sent() {
    for fault in ["error", "silent", "garbage", "restart"] {
        let device = ["sciencemode4", "--fault", fault, "--after-ms", "700"];
        let (output, csv, far) = play(&format!("record-{fault}"), &device, &["--json"], None);
        agrees(fault, &output, &csv, pulses(&far.end()).len());
    }
    let (output, csv, far) =
        play("record-ctrl-c", &["sciencemode4"], &["--json"], Some(Duration::from_secs(3)));
    agrees("Ctrl-C", &output, &csv, pulses(&far.end()).len());
    let (port, far) = refusing(sm4::Kind::LowLevelChannel, sm4::ResultCode::Electrode);
    let (output, csv) = run("record-first", "sciencemode4", &port, &["--json"], None);
    far.join().unwrap();
    agrees("the first", &output, &csv, 1);
}

/// REQ-APP-321: a pulled cable leaves no row of nothing; the last pulse may have been handed to a port that was gone.
#[test]
fn a_pulled_cable_leaves_whole_pulses() {
    let device = ["sciencemode4", "--fault", "unplug", "--after-ms", "700"];
    let (output, csv, far) = play("record-unplug", &device, &["--json"], None);
    let heard = pulses(&far.end()).len();
    let rows = widths(&csv).len();
    assert!((heard..=heard + 1).contains(&rows), "{heard} heard, {rows} rows");
    agrees("unplug", &output, &csv, rows);
}

/// REQ-APP-321: of a device that repeats by itself each row is a pulse as commanded, the last one too.
#[test]
fn a_record_of_a_rehastim_has_whole_pulses() {
    for fault in ["silent", "error", "unplug"] {
        let device = ["rehastim2", "--fault", fault, "--after-ms", "400"];
        let (output, csv, far) = play(&format!("whole-{fault}"), &device, &["--gap-us", "0", "--json"], None);
        far.gone();
        assert!(widths(&csv).len() > 5, "{fault}: {csv}");
        agrees(fault, &output, &csv, widths(&csv).len());
    }
}

/// The pulses in the log of a `serve` whose channel is commanded until a fault of the device ends the session.
fn logged(port: &str) -> Vec<Value> {
    let device = ["--device", "sciencemode4", "--port", port, "--channels", "1"];
    let served = Served::new(&[&SMALL[..], &device].concat());
    let mut client = served.client();
    client.arm();
    for seq in 1_u64.. {
        client.set(0, 3_000, seq);
        if client.next()["event"] == "fault" {
            break;
        }
    }
    served.end().into_iter().filter(|line| line.get("pulse").is_some()).collect()
}

/// REQ-APP-323: the log of `serve` has the pulses that went to a P24, whatever ended the session, each as long as it was sent. (One that
/// was under way as the device refused it was not in it.)
#[test]
fn a_log_has_what_was_sent() {
    let whole = |line: &Value| line["us"] == 250 && line["cut"] == false;
    for fault in ["error", "silent"] {
        let far = FarEnd::new(&["sciencemode4", "--fault", fault, "--after-ms", "700"]);
        let log = logged(&far.port);
        assert_eq!(log.len(), pulses(&far.end()).len(), "{fault}: {:?}", log.last());
        assert!(log.iter().all(whole), "{fault}: {log:?}");
    }
    let (port, far) = refusing(sm4::Kind::LowLevelChannel, sm4::ResultCode::Electrode);
    let log = logged(&port);
    let sent = far.join().unwrap().into_iter().filter(|kind| *kind == sm4::Kind::LowLevelChannel);
    assert_eq!((log.len(), sent.count()), (1, 1));
    assert!(whole(&log[0]), "{log:?}");
}
