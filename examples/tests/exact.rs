//! What is printed, drawn and written of a session is what came out, of every channel and up to the last edge.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use common::{said, scratch};
use std::fmt::Write as _;

/// A file of one's own session: contractions of 8 s with a rest of 1.5 s, channel by channel rate, amplitude, width and control.
fn session(name: &str, channels: &[(u32, u32, u32, &str)]) -> String {
    let mut text = String::from(
        "format = \"nmes-own-session\"\nversion = 1\nname = \"x\"\nsite = \"thigh\"\nuse_class = \"exercise\"\n\
         specialist = false\nlength_ms = 30000\n\n[schedule.cyclic]\nhold_ms = 6000\nrest_ms = 1500\n",
    );
    for (nth, (rate, ua, us, control)) in channels.iter().enumerate() {
        let _ = write!(
            text,
            "\n[[channels]]\nrate_millihertz = {rate}\noffset_us = {}\ntiming = \"even\"\nelectrode_mm2 = 5000\n\n\
             [channels.pulse]\namplitude_ua = {ua}\nwidth_us = {us}\ngap_us = 100\nleading = \"negative\"\n\
             balance = \"symmetric\"\nwave = \"rectangular\"\n\n[channels.ramp]\ncontrol = \"{control}\"\n\
             up_ms = 1000\ndown_ms = 1000\ndown_min_ms = 1000\nfloor = 0\n",
            5_000 * nth
        );
    }
    let path = scratch("exact").join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What `nmes run` of it prints, and its picture.
fn ran(name: &str, channels: &[(u32, u32, u32, &str)]) -> (String, String) {
    let (file, folder) = (session(&format!("{name}.toml"), channels), scratch("exact").join(name));
    let (status, out, err) = said(&["run", "--session", &file, "--out-dir", folder.to_str().unwrap()]);
    assert_eq!(status, 0, "{out}{err}");
    (out, std::fs::read_to_string(folder.join("own-session.svg")).unwrap())
}

/// REQ-APP-296: samples go on to the last edge of the last pulse, so that their sum is the one printed; so does the picture, whose
/// line never runs back.
#[test]
fn the_last_pulse_is_whole() {
    let dir = scratch("exact");
    let (raw, svg) = (dir.join("last.raw"), dir.join("last.svg"));
    for args in [
        &["wave", "symmetric", "--seconds", "0.101", "--phase-us", "700"][..],
        &["wave", "sine", "--seconds", "1.05", "--frequency-hz", "20", "--phase-us", "20000"],
    ] {
        let files = ["--samples", raw.to_str().unwrap(), "--svg", svg.to_str().unwrap()];
        let (status, out, err) = said(&[args, &files].concat());
        assert!(status == 0 && out.contains("0 in every pulse; 0 over all"), "{args:?}: {out}{err}");
        let bytes = std::fs::read(&raw).unwrap();
        let sum: i64 = bytes.chunks_exact(2).map(|b| i64::from(i16::from_le_bytes([b[0], b[1]]))).sum();
        assert_eq!(sum, 0, "{args:?}");
        assert!(out.contains(&format!("({} samples", bytes.len() / 2)), "{out}");
        let text = std::fs::read_to_string(&svg).unwrap();
        for line in text.lines().filter(|line| line.starts_with("<polyline")) {
            let points = line.split_once("points=\"").unwrap().1.split_once('"').unwrap().0;
            let x = points.split_whitespace().map(|p| p.split_once(',').unwrap().0.parse::<i32>().unwrap());
            assert!(x.is_sorted(), "{args:?}: the line runs back");
        }
    }
}

/// REQ-APP-297: what the hardware rounds is told of every channel, by its number where channels differ.
#[test]
fn every_channel_is_rounded() {
    let first = (40_000, 30_000, 200, "amplitude");
    let (alike, _) = ran("alike", &[first, first]);
    assert!(
        alike.contains("Rounded for this hardware: amplitude 30 as 30.0292 mA (+0.097 %); other"),
        "{alike}"
    );
    let (differ, _) = ran("differ", &[first, (40_000, 20_030, 400, "amplitude")]);
    for phrase in ["channel 0: amplitude 30 as 30.0292 mA", "channel 1: amplitude 20.03 as 20.0195 mA"] {
        assert!(differ.contains(phrase), "{phrase}: {differ}");
    }
}

/// REQ-APP-298: pulses.csv has its header without a pulse too, and says which pulse a hard off cut.
#[test]
fn pulses_have_a_header_and_say_what_was_cut() {
    let written = |name: &str, at_us: &str| {
        let folder = scratch("exact").join(name);
        let to = folder.to_str().unwrap();
        let args = ["run", "foot-drop", "--stop-at-us", at_us, "--stop", "off", "--out-dir", to];
        let (status, out, err) = said(&args);
        assert_eq!(status, 0, "{out}{err}");
        std::fs::read_to_string(folder.join("pulses.csv")).unwrap()
    };
    let cut = written("cut", "1200101");
    let none = written("none", "0");
    assert_eq!(none.lines().collect::<Vec<_>>(), [cut.lines().next().unwrap()]);
    assert!(none.starts_with("pulse,kind,onset_tick,") && none.ends_with(",clipped,channel,cut\n"), "{none}");
    let last: Vec<&str> = cut.lines().skip(1).map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(last, ["true"], "{cut}");
}

/// REQ-APP-299: the floor of a ramp is the share of the set value that was asked for, to the nearest unit.
#[test]
fn a_floor_is_a_share_to_the_unit() {
    let args = "wave ramp --control width --phase-us 350 --floor-percent 50 --format csv";
    let (status, csv, err) = said(&args.split(' ').collect::<Vec<_>>());
    assert_eq!(status, 0, "{err}");
    assert_eq!(common::spans(&common::rows(&csv))[0].1, 175);
}

/// REQ-APP-300: each channel's axis has that channel's unit.
#[test]
fn each_channel_has_its_unit() {
    let (_, svg) = ran("units", &[(40_000, 30_000, 200, "width"), (40_000, 30_000, 400, "width")]);
    assert!(svg.contains("mA at 200 µs") && svg.contains("mA at 400 µs"));
    let (_, svg) = ran("mixed", &[(40_000, 30_000, 200, "width"), (40_000, 30_000, 400, "amplitude")]);
    assert!(svg.contains("mA at 200 µs") && svg.contains("\nmA\n"));
}

/// REQ-APP-301: contractions are counted as such where a period is longer than half the rest.
#[test]
fn slow_pulses_are_no_trains() {
    let file = session("slow.toml", &[(1_000, 30_000, 300, "amplitude")]);
    let folder = scratch("exact").join("slow");
    let (_, json, err) = said(&["run", "--session", &file, "--json", "--out-dir", folder.to_str().unwrap()]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap_or_else(|_| panic!("{err}"));
    let channel = &json["channels"][0];
    assert_eq!((&channel["pulses"], &channel["trains"]), (&21.into(), &3.into()), "{channel}");
    // seven pulses a contraction, from the first onset to the last end
    assert!((channel["on_s"].as_f64().unwrap() - 18.0).abs() < 0.01, "{channel}");
}

/// REQ-APP-302: numbers of an axis have the decimals that tell them apart.
#[test]
fn numbers_of_an_axis_differ() {
    let file = scratch("exact").join("small.svg");
    let (status, out, err) = said(&[
        "wave",
        "symmetric",
        "--amplitude-ma",
        "0.1",
        "--na-per-code",
        "1000",
        "--svg",
        file.to_str().unwrap(),
    ]);
    assert_eq!(status, 0, "{out}{err}");
    let svg = std::fs::read_to_string(file).unwrap();
    for number in ["-0.1", "-0.05", "0", "0.05", "0.1"] {
        assert!(svg.lines().filter(|line| *line == number).count() >= 2, "{number}");
    }
}

/// REQ-APP-303: where nothing is late, lateness is not what a phase is too short for.
#[test]
fn lateness_is_blamed_where_there_is_some() {
    let (status, _, err) = said(&["wave", "russian", "--ticks-hz", "1000"]);
    assert!(status == 2 && err.contains("--phase-us") && !err.contains("--late-us"), "{err}");
    let (status, _, err) = said(&["wave", "symmetric", "--phase-us", "5", "--late-us", "10"]);
    assert!(status == 2 && err.contains("--late-us"), "{err}");
}
