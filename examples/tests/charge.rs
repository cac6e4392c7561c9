//! Charge, counted from the level changes that `nmes events` prints, by code and tick.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use common::{Row, events, pulses, rows, said, sum};
use nmes_examples::gait::{Foot, built_in};

const PERIOD: u64 = 25_000;
const PULSE: u64 = 700;

/// Trains of onsets: a gap of two periods or more begins another.
fn trains(onsets: &[u64]) -> Vec<Vec<u64>> {
    let mut trains: Vec<Vec<u64>> = Vec::new();
    for &onset in onsets {
        match trains.last_mut() {
            Some(train) if onset - train.last().unwrap() < 2 * PERIOD => train.push(onset),
            _ => trains.push(vec![onset]),
        }
    }
    trains
}

/// REQ-APP-006: what is printed sums to zero, pulse by pulse and in all; it ends open, and it is what was asked.
#[test]
fn printed_events_balance_and_are_what_was_asked() {
    let (status, out, err) = said(&["events", "foot-drop", "--format", "csv"]);
    assert_eq!(status, 0, "{err}");
    let rows = rows(&out);
    assert_eq!(rows.last().unwrap().1, None, "the channel ends open");
    assert!(rows.is_sorted_by(|a, b| a.0 < b.0), "one row a change");
    let pulses = pulses(&rows);
    for pulse in &pulses {
        assert_eq!(sum(pulse), 0, "{pulse:?}");
        // 300 µs, gap of 100 µs, 300 µs
        assert_eq!((pulse.len(), pulse[0].1, pulse[1].0 - pulse[0].0, pulse[1].1), (2, 300, 400, 300));
    }
    // full level: 40 mA in codes of 61.035 µA is 655.4, so 655 codes, 0.06 % low
    let highest = pulses.iter().map(|p| p[0].2.abs()).max();
    assert_eq!(highest, Some(655));
    let onsets: Vec<u64> = pulses.iter().map(|p| p[0].0).collect();
    let steps = built_in(20_000_000).steps(Foot::Left);
    let trains = trains(&onsets);
    assert_eq!(trains.len(), steps.len());
    for (train, step) in trains.iter().zip(&steps) {
        assert!(train.windows(2).all(|w| w[1] - w[0] == PERIOD), "40 Hz to the tick");
        // the debounce of 25 ms, and one edge spacing
        assert_eq!(train[0], step.heel_off.unwrap() + 25_000 + 1);
        let last = *train.last().unwrap();
        assert!(last > step.strike.unwrap() && last < step.strike.unwrap() + 450_000 + PERIOD);
    }
}

/// REQ-APP-006: the same on other hardware: coarse and fine codes, odd codes, fast and slow clocks, either control.
#[test]
fn events_balance_on_other_hardware() {
    let table: [&[&str]; 9] = [
        &["--na-per-code", "37000"],
        &["--na-per-code", "61035", "--phase-us", "217"],
        &["--na-per-code", "1000", "--code-min", "-65535", "--code-max", "65535"],
        &["--na-per-code", "1000000", "--code-min", "-100", "--code-max", "100"],
        &["--na-per-code", "53377", "--ticks-hz", "32768", "--phase-us", "365"],
        &["--ticks-hz", "64000000"],
        &["--ticks-hz", "100000", "--frequency-hz", "33.3"],
        &["--control", "width"],
        &["--gap-us", "0", "--amplitude-ma", "27.5"],
    ];
    for options in table {
        let rows = events(&[options, &["--seconds", "4"]].concat());
        assert_eq!(rows.last().unwrap().1, None, "{options:?}");
        let pulses = pulses(&rows);
        assert!(pulses.len() > 30, "{options:?}: {}", pulses.len());
        for pulse in &pulses {
            assert_eq!(sum(pulse), 0, "{options:?}: {pulse:?}");
        }
    }
}

/// Ticks at which to stop: each of 780 consecutive microseconds, from before the first pulse to after its end.
fn stops(check: impl Fn(u64, u64) + Sync) {
    let first = events(&["--seconds", "3"])[0].0;
    let all: Vec<u64> = (first - 40..first + PULSE + 40).collect();
    std::thread::scope(|scope| {
        for part in all.chunks(all.len().div_ceil(8)) {
            let check = &check;
            scope.spawn(move || part.iter().for_each(|&stop| check(first, stop)));
        }
    });
}

fn stopped(stop: u64, how: &str) -> Vec<Row> {
    // a small amplitude is raised sooner; the pulse has the same edges
    let at = stop.to_string();
    events(&[
        "--seconds",
        "3",
        "--stop-at-us",
        &at,
        "--stop",
        how,
        "--amplitude-ma",
        "10",
        "--motor-threshold-ma",
        "8",
    ])
}

/// REQ-APP-007: stopped at any microsecond with `finish`, the pulse under way is whole and nothing follows.
#[test]
fn finish_leaves_nothing_at_any_microsecond() {
    stops(|first, stop| {
        let rows = stopped(stop, "finish");
        let pulses = if rows.is_empty() { Vec::new() } else { pulses(&rows) };
        assert_eq!(pulses.len(), usize::from(stop >= first), "stopped at {stop}");
        for pulse in &pulses {
            assert_eq!(
                (sum(pulse), pulse[0].0, pulse[0].1, pulse[1].1),
                (0, first, 300, 300),
                "stopped at {stop}"
            );
            assert_eq!(*rows.last().unwrap(), (first + PULSE, None), "stopped at {stop}");
        }
    });
}

/// REQ-APP-007: stopped at any microsecond with `recover`, the charge is paid back at once, no stronger than it came.
#[test]
fn recover_leaves_nothing_at_any_microsecond() {
    stops(|first, stop| {
        let rows = stopped(stop, "recover");
        let spans = if rows.is_empty() { Vec::new() } else { common::spans(&rows) };
        assert_eq!(spans.is_empty(), stop < first, "stopped at {stop}");
        assert_eq!(sum(&spans), 0, "stopped at {stop}: {spans:?}");
        if let Some(end) = rows.last() {
            let highest = spans.iter().map(|s| s.2.abs()).max();
            assert_eq!(highest, Some(spans[0].2.abs()), "stopped at {stop}: {spans:?}");
            assert!(
                end.1.is_none() && end.0 <= (stop + 310).min(first + PULSE + 5),
                "stopped at {stop}: {end:?}"
            );
        }
    });
}

/// REQ-APP-008: `off` opens at once and says what is left.
#[test]
fn off_opens_at_once_and_says_what_is_left() {
    let first = events(&["--seconds", "3"])[0].0;
    let at = (first + 100).to_string();
    let options = ["--seconds", "3", "--stop-at-us", &at, "--stop", "off"];
    let rows = events(&options);
    assert_eq!(*rows.last().unwrap(), (first + 100, None));
    let left = sum(&common::spans(&rows)) * 61_035;
    assert!(left != 0);
    let dir = common::scratch("off");
    let run = ["run", "foot-drop", "--out-dir", dir.to_str().unwrap()];
    let (status, out, err) = said(&[&run[..], &options].concat());
    assert_eq!(status, 0, "{err}");
    assert!(out.contains(&format!("(off): {left} nA·ticks (")), "{out}");
}

/// REQ-APP-009: edges late by up to 15 µs: after any pulse within two balancing codes × L, at the end of the session
/// within one code × L.
#[test]
fn late_edges_are_paid_back_within_their_bounds() {
    let late = 15;
    for seed in ["7", "1", "2", "3"] {
        let rows = events(&["--seconds", "10", "--late-us", "15", "--seed", seed]);
        let onsets: Vec<u64> = pulses(&rows).iter().map(|p| p[0].0).collect();
        assert!(onsets.windows(2).any(|w| w[1] - w[0] != PERIOD), "seed {seed}: edges are late");
        let mut ledger = 0;
        let mut worst = 0;
        for pulse in pulses(&rows) {
            ledger += sum(&pulse);
            let balancing = pulse.iter().map(|s| s.2.abs()).max().unwrap();
            assert!(ledger.abs() <= 2 * balancing * late, "seed {seed}: {ledger} after {pulse:?}");
            worst = worst.max(ledger.abs());
        }
        assert!(worst > 0, "seed {seed}: late edges leave something to pay back");
        assert!(ledger.abs() <= late, "seed {seed}: {ledger} code-ticks at the end");
        assert_eq!(rows.last().unwrap().1, None);
    }
}

/// REQ-APP-009: later than declared is a fault, named, with exit status 1; the output ends open.
#[test]
fn later_than_declared_is_a_fault() {
    let dir = common::scratch("late");
    let late = ["--late-us", "30", "--declared-late-us", "15"];
    let run = ["run", "foot-drop", "--out-dir", dir.to_str().unwrap()];
    let (status, out, err) = said(&[&run[..], &late].concat());
    assert_eq!(status, 1);
    assert!(err.contains("ticks late; the hardware declares at most 15"), "{err}");
    assert!(out.contains("ticks late"), "the report says so too: {out}");
    let (status, out, _) = said(&[&["events", "foot-drop"][..], &late].concat());
    assert_eq!(status, 1);
    assert_eq!(rows(&out).last().unwrap().1, None);
}
