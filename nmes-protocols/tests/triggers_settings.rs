//! Settings of every trigger: taken at both ends of their ranges, and refused beyond, by name.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::as_conversions,
    clippy::float_arithmetic,
    reason = "tests: a panic is a failed test"
)]

mod triggers;

use nmes_core::Millis;
use nmes_protocols::triggers::SettingError;
use nmes_protocols::triggers::crank::{Crank, CrankTimes, Encoder, Window};
use nmes_protocols::triggers::emg::{Emg, EmgTimes, ThresholdStart};
use nmes_protocols::triggers::opposite::{Opposite, OppositeTimes};
use nmes_protocols::triggers::switch::{Mode, Switch, SwitchTimes};
use nmes_protocols::triggers::tilt::{Tilt, TiltTimes};
use nmes_protocols::triggers::timer::{Timer, TimerTimes};
use triggers::*;

/// A setting: its name, range and unit, and what becomes of a trigger that has it so.
type Row<'a> = (&'a str, i64, i64, &'a str, &'a dyn Fn(i64) -> Option<SettingError>);

fn at_both_ends(trigger: &str, rows: &[Row<'_>]) {
    for (what, min, max, unit, made) in rows {
        for taken in [*min, *max] {
            assert_eq!(made(taken), None, "{trigger}, {what}: {taken} {unit}");
        }
        for value in [min - 1, max + 1] {
            // a time is never below zero nor above what a `Millis` holds
            if value < 0 && *unit == "ms" || value > i64::from(Millis::MAX.as_millis()) {
                continue;
            }
            let error = made(value).unwrap_or_else(|| panic!("{trigger}, {what}: {value} is taken"));
            assert_eq!((error.trigger, error.what, error.unit), (trigger, *what, *unit));
            assert_eq!((error.value, error.min, error.max), (value, *min, *max), "{error}");
        }
    }
}

fn n(value: i64) -> u32 {
    u32::try_from(value).unwrap()
}

fn time(value: i64) -> Millis {
    ms(n(value))
}

const LONGEST: i64 = Millis::MAX.as_millis() as i64;

/// REQ-PRO-390: what a setting that is refused is told as.
#[test]
fn told() {
    let base = SwitchTimes::new(Mode::Hold, ms(3_000), ms(DOWN_MS));
    let error = Switch::new(SwitchTimes { debounce: ms(201), ..base }).unwrap_err();
    assert_eq!(error.to_string(), "switch, debounce: 201 ms; accepted: 1 to 200 ms");
    let error = Crank::new(crank_times(ENCODER), &[]).unwrap_err();
    assert_eq!(error.to_string(), "crank, windows: 0; accepted: 1 to 8");
}

/// REQ-PRO-352: a train of a timer has a length.
#[test]
fn of_the_timer() {
    let made = |on| {
        Timer::new(TimerTimes { on: time(on), first: ms(0), off: ms(0), ramp_down: ms(0), repeats: 0 }).err()
    };
    at_both_ends("timer", &[("on", 1, LONGEST, "ms", &made)]);
}

/// REQ-PRO-353: settings of a switch.
#[test]
fn of_a_switch() {
    let base = SwitchTimes::new(Mode::Hold, ms(3_000), ms(DOWN_MS));
    let made = |times| Switch::new(times).err();
    at_both_ends(
        "switch",
        &[
            ("debounce", 1, 200, "ms", &|v| made(SwitchTimes { debounce: time(v), ..base })),
            ("longest train", 26, LONGEST, "ms", &|v| made(SwitchTimes { max_on: time(v), ..base })),
            ("train of a press", 1, 3_000, "ms", &|v| {
                made(SwitchTimes { mode: Mode::Press(time(v)), ..base })
            }),
        ],
    );
}

/// REQ-PRO-344: settings of the other heel.
#[test]
fn of_the_other_heel() {
    let base = OppositeTimes::new(ms(DOWN_MS));
    let made = |times| Opposite::new(times).err();
    at_both_ends(
        "other heel",
        &[
            ("debounce", 1, LONGEST, "ms", &|v| made(OppositeTimes { debounce: time(v), ..base })),
            ("share of the stride", 1, 100, "%", &|v| {
                made(OppositeTimes { stride_percent: u32::try_from(v).unwrap_or(0), ..base })
            }),
            ("first train, up to the longest", 1, 2_000, "ms", &|v| {
                made(OppositeTimes { on_first: time(v), ..base })
            }),
        ],
    );
}

/// REQ-PRO-345: settings of the tilt.
#[test]
fn of_the_tilt() {
    let base = TiltTimes {
        start_mdeg: -15_000,
        end_mdeg: 10_000,
        wait: ms(150),
        max_on: ms(2_000),
        ramp_down: ms(DOWN_MS),
        silence: ms(100),
    };
    let made = |times| Tilt::new(times).err();
    let start = |v: i64| i32::try_from(v).unwrap();
    at_both_ends(
        "tilt",
        &[
            ("start", -60_000, 60_000, "mdeg", &|v| {
                // the end is in its own range as far as there is one above the start
                let end_mdeg = (start(v) + 3_000).min(60_000);
                made(TiltTimes { start_mdeg: start(v), end_mdeg, ..base })
                    .filter(|error| error.what == "start")
            }),
            ("end", -12_000, 60_000, "mdeg", &|v| made(TiltTimes { end_mdeg: start(v), ..base })),
            ("longest train", 1, LONGEST, "ms", &|v| made(TiltTimes { max_on: time(v), ..base })),
            ("time without a reading", 5, 200, "ms", &|v| made(TiltTimes { silence: time(v), ..base })),
        ],
    );
}

/// REQ-PRO-354: settings of the EMG trigger.
#[test]
fn of_emg() {
    let base = emg_times();
    let made = |times| Emg::new(times).err();
    at_both_ends(
        "EMG",
        &[
            ("samples a second", 500, 10_000, "", &|v| made(EmgTimes { samples_per_second: n(v), ..base })),
            ("rail", 1_000_000, 2_000_000_000, "nV", &|v| {
                made(EmgTimes { rail_nv: i32::try_from(v).unwrap(), ..base })
            }),
            ("window", 50, 100, "ms", &|v| made(EmgTimes { window: time(v), ..base })),
            ("blanking", 10, 500, "ms", &|v| made(EmgTimes { blank: time(v), ..base })),
            ("baseline", 500, 60_000, "ms", &|v| made(EmgTimes { baseline: time(v), ..base })),
            ("sustain", 1, 2_000, "ms", &|v| made(EmgTimes { sustain: time(v), ..base })),
            ("on", 1, 60_000, "ms", &|v| made(EmgTimes { on: time(v), ..base })),
            ("attempt", 1_000, 120_000, "ms", &|v| made(EmgTimes { attempt: time(v), ..base })),
            ("attempts", 1, 10, "", &|v| {
                made(EmgTimes { start: ThresholdStart::BestOf(u8::try_from(v).unwrap()), ..base })
            }),
            ("threshold", 1_000, 10_000_000, "nV", &|v| {
                made(EmgTimes { start: ThresholdStart::Given(n(v)), ..base })
            }),
        ],
    );
}

/// REQ-PRO-351: settings of the crank, the most cadence at least twice the least.
#[test]
fn of_the_crank() {
    let base = crank_times(ENCODER);
    let made = |times| Crank::new(times, &WINDOWS).map(drop).err();
    let encoder = |encoder| made(CrankTimes { encoder, ..base });
    let brief = CrankTimes { ramp_down: ms(50), ..base };
    let window = |start_deg, width_deg| Crank::new(brief, &[Window { start_deg, width_deg }]).map(drop).err();
    let degrees = |v: i64| u16::try_from(v).unwrap_or(u16::MAX);
    at_both_ends(
        "crank",
        &[
            ("counts in a turn", 36, 65_536, "", &|v| encoder(Encoder { counts_per_turn: n(v), ..ENCODER })),
            ("delay", 0, 300, "ms", &|v| made(CrankTimes { delay: time(v), ..base })),
            ("least cadence", 5, 30, "1/min", &|v| {
                made(CrankTimes { min_rpm: degrees(v), max_rpm: 60, ..base })
                    .filter(|error| error.what == "least cadence")
            }),
            ("most cadence", 24, 90, "1/min", &|v| {
                made(CrankTimes { min_rpm: 12, max_rpm: degrees(v), ..base })
            }),
            ("ramp-down", 0, 1_000, "ms", &|v| made(CrankTimes { ramp_down: time(v), min_rpm: 5, ..base })),
            ("time without a sample", 5, 100, "ms", &|v| made(CrankTimes { silence: time(v), ..base })),
            ("windows", 1, 8, "", &|v| {
                Crank::new(base, &vec![WINDOWS[0]; usize::try_from(v).unwrap()]).map(drop).err()
            }),
            ("width of a window", 10, 300, "degrees", &|v| window(0, degrees(v))),
        ],
    );
    // 200 ms at 12 turns a minute are 14.4 degrees, and a window needs two of them
    let never = |width_deg| Crank::new(base, &[Window { start_deg: 0, width_deg }]).map(drop).err();
    assert_eq!(never(29), None);
    let error = never(28).unwrap();
    assert_eq!((error.what, error.min), ("width of a window, for two ramps at the least cadence", 29));
    assert_eq!([0, 359].map(|start| window(start, 10)), [None; 2]);
    assert_eq!(window(360, 10).map(|error| error.what), Some("start of a window"));
    let index = |index_mdeg| encoder(Encoder { index_mdeg, ..ENCODER }).map(|error| error.what);
    assert_eq!([None, Some(0), Some(359_999), Some(360_000)].map(index), [None, None, None, Some("index")]);
}
