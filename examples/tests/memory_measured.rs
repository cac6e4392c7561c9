//! What the delivered log of a simulated run says was measured, and what stood meanwhile.
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
use nmes_safety::records::{LogEntry, LogFlags, PulseRecord, log_entries};

const OWN: &str = r#"
format = "nmes-own-session"
version = 1
name = "a form"
site = "thigh"
use_class = "exercise"
specialist = false
length_ms = 4000

[schedule.cyclic]
hold_ms = 1000
rest_ms = 2000

[[channels]]
rate_millihertz = 40000
offset_us = 0
timing = "even"
electrode_mm2 = 5000

[channels.pulse]
amplitude_ua = 30000
width_us = 200
gap_us = 0
leading = "positive"
balance = "symmetric"
wave = "rectangular"

[channels.ramp]
control = "amplitude"
up_ms = 500
down_ms = 500
down_min_ms = 500
floor = 0
"#;

/// The pulses that a run keeps, and the nanoamperes of a code above zero and below.
fn kept(name: &str, run: &[&str]) -> (Vec<PulseRecord>, [i64; 2]) {
    let folder = scratch("measured").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    let (device, out) = (folder.join("device"), folder.join("out"));
    let mut args = vec!["run", "--memory", device.to_str().unwrap(), "--out-dir", out.to_str().unwrap()];
    args.extend(run);
    said(&args);
    let bytes = std::fs::read(device.join("delivered.log")).unwrap();
    let (mut pulses, mut gains) = (vec![], [0; 2]);
    for entry in log_entries(&bytes).map(Result::unwrap) {
        match entry {
            LogEntry::Channel(of) => gains = [of.na_per_code_positive.into(), of.na_per_code_negative.into()],
            LogEntry::Pulse(pulse) => pulses.push(pulse),
        }
    }
    (pulses, gains)
}

/// REQ-APP-291: the current of the log is that of the main phase, with its sign, also where a phase of the other polarity is
/// stronger, or comes first. (It was the largest of the whole pulse.)
#[test]
fn the_current_is_of_the_main_phase() {
    let triphasic = "wave = { triphasic = { outer_percent = 50 } }";
    let slow = "balance = { asymmetric = { length_percent = 400 } }";
    for (name, from, to, percent) in [
        ("plain", "", "", 100),
        ("negative", "\"positive\"", "\"negative\"", 102),
        ("triphasic", "wave = \"rectangular\"", triphasic, 100),
        ("asymmetric", "balance = \"symmetric\"", slow, 100),
    ] {
        let file = scratch("measured").join(format!("{name}.toml"));
        std::fs::write(&file, OWN.replace(from, to)).unwrap();
        let (pulses, gains) =
            kept(name, &["--session", file.to_str().unwrap(), "--polarity-mismatch-pct", "2"]);
        assert!(pulses.len() > 50, "{name}");
        for pulse in pulses {
            let gain = gains[usize::from(pulse.code < 0)];
            let ua = (i64::from(pulse.code) * gain * percent) as f64 / 1e5;
            assert!((f64::from(pulse.measured_ua) - ua).abs() <= 0.51, "{name}: {ua} {pulse:?}");
            assert!(pulse.flags.has(LogFlags::MEASURED), "{name}");
        }
    }
}

/// REQ-APP-292: pulses are marked while a warning stands and while contact is taken as lost, and only then. (None was.)
#[test]
fn warnings_and_lost_contact_are_marked() {
    let run = |name, more: &[&str]| {
        let (pulses, _) = kept(name, &[&["foot-drop", "--seconds", "8"], more].concat());
        let with = |flag| pulses.iter().filter(|pulse| pulse.flags.has(flag)).count();
        (pulses.len(), with(LogFlags::WARNING), with(LogFlags::PROBE_LEVEL))
    };
    let (_, warned, lost) = run("well", &[]);
    assert_eq!((warned, lost), (0, 0));
    let (all, warned, lost) = run("mismatch", &["--polarity-mismatch-pct", "3"]);
    assert!(warned > 100 && warned < all && lost == 0, "{warned} of {all}");
    let (all, warned, lost) = run("lost", &["--load-ohm", "5000", "--rail-v", "50"]);
    assert!(lost > 3 && lost < all && warned >= lost, "{lost} of {all}");
}
