//! What cannot be taken is refused before anything runs, with the place, the value and what would be accepted.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use common::{said, save_lines, scratch};

/// Exit status 2, nothing on standard output, no file, and every phrase on standard error.
fn refused(args: &[&str], phrases: &[&str]) {
    let dir = scratch("refused");
    let dir = dir.to_str().unwrap();
    let (status, out, err) = said(&[args, &["--out-dir", dir]].concat());
    assert_eq!(status, 2, "{args:?}: {err}");
    assert!(out.is_empty(), "{args:?} printed {out}");
    for phrase in phrases {
        assert!(err.contains(phrase), "{args:?} does not say {phrase:?}: {err}");
    }
    assert_eq!(std::fs::read_dir(dir).unwrap().count(), 0, "{args:?} wrote a file");
}

fn foot_drop(options: &[&str], phrases: &[&str]) {
    refused(&[&["run", "foot-drop"], options].concat(), phrases);
}

/// REQ-APP-003: an unknown protocol suggests the nearest.
#[test]
fn an_unknown_protocol_suggests_the_nearest() {
    refused(&["run", "foot-drp"], &["\"foot-drp\"", "did you mean foot-drop?"]);
    refused(&["run", "wrist"], &["\"wrist\"", "accepted: foot-drop"]);
}

/// REQ-APP-001: gait files that cannot be taken.
#[test]
fn gait_files_that_cannot_be_taken() {
    let file = |name: &str, lines: &str| save_lines(name, lines).to_str().unwrap().to_owned();
    let empty = file("empty.csv", "");
    foot_drop(&["--gait", &empty], &["empty.csv", "empty; expected"]);
    let unsorted = file("unsorted.csv", "500,left,heel_off\n400,left,toe_off\n");
    foot_drop(&["--gait", &unsorted], &["unsorted.csv, line 3", "t_us 400 is before the 500"]);
    let foot = file("foot.csv", "500,middle,heel_off\n");
    foot_drop(&["--gait", &foot], &["foot.csv, line 2", "\"middle\" does not exist; accepted: left, right"]);
    let nan = file("nan.csv", "NaN,left,heel_off\n");
    foot_drop(&["--gait", &nan], &["nan.csv, line 2", "\"NaN\"", "whole number of microseconds"]);
    foot_drop(&["--gait", "/no/such.csv"], &["/no/such.csv", "cannot be read"]);
    let right = file("right.csv", "500,right,heel_off\n900,right,heel_strike\n");
    foot_drop(&["--gait", &right, "--side", "left"], &["of the left foot", "--side right has some"]);
    foot_drop(&["--side", "middle"], &["'middle' for '--side", "left, right"]);
}

/// REQ-APP-004: values out of range name the flag, the value and the range.
#[test]
fn values_out_of_range_name_the_flag_and_the_range() {
    let table: [(&[&str], &[&str]); 24] = [
        (&["--amplitude-ma", "100.001"], &["--amplitude-ma 100.001 mA", "takes 1 mA to 100 mA", "recalled"]),
        (&["--amplitude-ma", "NaN"], &["'NaN' for '--amplitude-ma", "accepted: 0.001 to 1000 mA"]),
        (&["--amplitude-ma", "-5"], &["'-5' for '--amplitude-ma", "accepted: 0.001"]),
        (&["--motor-threshold-ma", "inf"], &["'inf' for '--motor-threshold-ma"]),
        (&["--frequency-hz", "0"], &["'0' for '--frequency-hz", "accepted: 0.1 to 1000 Hz"]),
        (&["--frequency-hz", "61"], &["--frequency-hz 61 Hz", "takes 20 Hz to 60 Hz"]),
        (&["--phase-us", "0"], &["'0' for '--phase-us", "accepted: 1 to 10000000 µs"]),
        (&["--phase-us", "366"], &["--phase-us 366 µs", "takes 25 µs to 365 µs"]),
        (&["--code-min", "1"], &["--code-min", "1 is above -1", "codes below zero, zero and above"]),
        (&["--code-max", "0"], &["--code-max", "0 is below 1"]),
        (&["--na-per-code", "10000"], &["--na-per-code", "4000 is above 2048", "the code range"]),
        (&["--seconds", "1e300"], &["'1e300' for '--seconds", "43200 s (12 hours)"]),
        (&["--seconds", "99999999999999999999"], &["--seconds", "43200 s (12 hours)"]),
        (&["--late-us", "31"], &["--late-us", "31 is above 30", "10 % of the shortest phase"]),
        (&["--profile", "iec-60601"], &["--profile \"iec-60601\"", "did you mean iec-60601-2-10-style?"]),
        (
            &["--stop-at-us", "99999999999999"],
            &["'99999999999999' for '--stop-at-us", "accepted: 0 to 43200000000 µs"],
        ),
        (&["--stop-at-us=-1"], &["'-1' for '--stop-at-us", "accepted: 0 to 43200000000 µs"]),
        (&["--seed=-1"], &["'-1' for '--seed", "accepted: 0 to 18446744073709551615"]),
        (&["--ticks-hz", "x"], &["'x' for '--ticks-hz", "accepted: 0 to 4294967295, whole numbers"]),
        (&["--code-max", "+5"], &["'+5' for '--code-max", "accepted: -2147483648 to 2147483647"]),
        (&["--seconds", "0.1"], &["--seconds: too short for a ramp up and down"]),
        (
            &["--na-per-code", "2000001"],
            &["--na-per-code 2000001: too coarse", "N-STEP-1", "accepted: up to 2000000"],
        ),
        (&["--declared-late-us", "3000"], &["--late-us, --declared-late-us: longer than a phase"]),
        (&["--trigger", "toes"], &["'toes' for '--trigger", "heel, both-heels"]),
    ];
    for (options, phrases) in table {
        foot_drop(options, phrases);
    }
}

/// REQ-APP-343: an area has two decimals of a square centimetre, whole square millimetres; a third would be cut, and is refused.
#[test]
fn an_area_is_not_cut() {
    for area in ["8.009", "8.000", "0.101", "0.09", "1000.01"] {
        let accepted =
            format!("'{area}' for '--electrode-cm2 <A>': accepted: 0.1 to 1000 cm², at most 2 decimals");
        foot_drop(&["--electrode-cm2", area], &[&accepted]);
        let (status, _, err) = said(&["serve", "--electrode-cm2", area]);
        assert!(status == 2 && err.contains(&accepted), "{err}");
    }
    let (_, out, err) = said(&["check", "foot-drop", "--electrode-cm2", "8.01"]);
    assert!((out + &err).contains("pads of 8.01 cm²"), "{err}");
}

/// REQ-PRO-434: a pad so small that a row's own cap on direct current is passed is denied by that cap, by check and by run; the
/// report says that it is the protocol's.
#[test]
fn a_small_pad_meets_the_cap_of_its_row() {
    let small = ["bells-high-volt", "--specialist", "--innervation", "partial", "--electrode-cm2", "0.2"];
    for command in ["check", "run"] {
        let (status, out, err) = said(&[&[command][..], &small].concat());
        assert_eq!(status, 1, "{command}: {out}{err}");
        assert!(err.contains("at most 0.25 mA/cm² (limit of the protocol"), "{command}: {err}");
    }
}

/// REQ-APP-311: a time that is refused is told to the millisecond, and not as the limit that it is above.
#[test]
fn a_refused_time_is_told_exactly() {
    for (asked, told) in [
        ("900.04", "--seconds 900.04 s: tka-stevens-lapsley takes 60 s to 900 s"),
        ("59.999", "--seconds 59999 ms:"),
    ] {
        let (status, _, err) = said(&["check", "tka-stevens-lapsley", "--seconds", asked]);
        assert!(status == 2 && err.contains(told), "{err}");
    }
}

/// REQ-APP-004: an amplitude above a limit of the profile is denied, with rule, value, limit and source.
#[test]
fn an_amplitude_above_the_profile_is_denied() {
    let options = ["run", "foot-drop", "--amplitude-ma", "100", "--profile", "fda-limited-output-draft"];
    let (status, out, err) = said(&options);
    assert_eq!((status, out.as_str()), (1, ""), "{err}");
    for phrase in ["nothing was run", "G-LO-Q", "29.99", "28.4 µC", "FDA 2010 draft"] {
        assert!(err.contains(phrase), "{phrase}: {err}");
    }
}

/// Runs a gait file of the left foot: exit status 0, and what it prints.
fn odd_walk(name: &str, lines: &str) -> (String, Vec<common::Row>) {
    let path = save_lines(name, lines);
    let (path, dir) = (path.to_str().unwrap(), scratch("odd"));
    let (status, out, err) = said(&["run", "foot-drop", "--gait", path, "--out-dir", dir.to_str().unwrap()]);
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("ended in OFF"), "{out}");
    let (status, events, err) = said(&["events", "foot-drop", "--gait", path]);
    assert_eq!(status, 0, "{err}");
    let rows = common::rows(&events);
    assert_eq!(rows.last().unwrap().1, None, "the channel ends open");
    (out, rows)
}

const TWO_STEPS: &str = "1000000,left,heel_off\n1200000,left,toe_off\n1700000,left,heel_strike\n\
                         2400000,left,heel_off\n2600000,left,toe_off\n3100000,left,heel_strike\n";

/// REQ-APP-005: a gait file that ends mid-step.
#[test]
fn a_walk_that_ends_mid_step_ends_in_off_and_is_named() {
    let (out, rows) =
        odd_walk("mid.csv", &format!("{TWO_STEPS}3800000,left,heel_off\n4000000,left,toe_off\n"));
    assert!(out.contains("the walk ends mid-step: the heel is lifted at 3.800 s"), "{out}");
    assert!(out.contains("no heel strike within 2000 ms"), "{out}");
    let last = rows.last().unwrap().0;
    // the time-out of 2 s from heel-off, the ramp-down of 200 ms, one period
    assert!((5_000_000..=3_800_000 + 2_000_000 + 200_000 + 25_000).contains(&last), "{last}");
}

/// REQ-APP-005: a heel switch that stays open while the other foot walks on.
#[test]
fn a_switch_stuck_open_ends_by_its_time_out() {
    let other: String = (0..8)
        .map(|n| 4_000_000 + n * 1_400_000)
        .map(|t| {
            format!("{t},right,heel_off\n{},right,toe_off\n{},right,heel_strike\n", t + 200_000, t + 700_000)
        })
        .collect();
    let (out, rows) = odd_walk("stuck.csv", &format!("{TWO_STEPS}3800000,left,heel_off\n{other}"));
    assert!(out.contains("no heel strike within 2000 ms: output ended"), "{out}");
    assert!(rows.last().unwrap().0 <= 6_025_000, "{:?}", rows.last());
}

/// REQ-APP-005: two heel-offs in a row.
#[test]
fn two_heel_offs_in_a_row_are_named() {
    let lines =
        format!("{TWO_STEPS}3800000,left,heel_off\n4100000,left,heel_off\n4600000,left,heel_strike\n");
    let (out, _) = odd_walk("twice.csv", &lines);
    assert!(out.contains("two heel-offs in a row without a strike: 1, first at 4.100 s"), "{out}");
    assert!(out.contains("two heel-offs in a row: the strike between was lost"), "{out}");
}

/// REQ-APP-005: a storm of bounces makes at most one train in a refractory time, and ends.
#[test]
fn a_bounce_storm_is_named_and_makes_few_trains() {
    let bounce = |n: u64| {
        let t = 3_800_000 + n * 10_000;
        format!("{t},left,heel_off\n{},left,heel_strike\n", t + 5_000)
    };
    let storm: String = (0..200).map(bounce).collect();
    let (out, rows) = odd_walk("storm.csv", &format!("{TWO_STEPS}{storm}"));
    assert!(out.contains("the heel switch chatters"), "{out}");
    assert!(out.contains("399 heel events closer than the 25 ms debounce"), "{out}");
    let during: Vec<u64> = rows.iter().map(|r| r.0).filter(|t| (3_800_000..6_000_000).contains(t)).collect();
    let trains = during.windows(2).filter(|w| w[1] - w[0] > 60_000).count() + usize::from(!during.is_empty());
    assert!(trains <= 11, "{trains} trains in 2.2 s");
}
