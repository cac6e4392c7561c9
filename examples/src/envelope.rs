//! The picture of a session that runs by its own clock or by a timer, from what was played.

use crate::desk::length_text;
use crate::plot::envelope::{EnvelopePicture, Row};
use crate::report::PlayedShown;
use crate::text::{thousandths, trimmed};
use nmes_core::{Channel, Control, Schedule};

/// As many of the first trains are drawn large as are over within this; at least one.
const LARGE_S: f64 = 30.0;
/// Of a train longer than this only the first seconds are.
const LONG_S: f64 = 60.0;
const FIRST_S: f64 = 10.0;

/// The picture of a session.
#[must_use]
pub fn envelope(shown: &PlayedShown<'_>) -> EnvelopePicture {
    let session = shown.checked.plan().session();
    let channels = session.channels();
    let rows: Vec<Row> = (0_u8..).zip(channels).map(|(nth, channel)| row(shown, nth, channel)).collect();
    let played_s = shown.played.end_us as f64 / 1e6;
    EnvelopePicture {
        title: format!("{}: a simulation, not for use on a person", shown.scenario.row.name),
        subtitle: subtitle(shown),
        whole_s: played_s.max(1e-3),
        close_up_s: close_up(&rows, played_s),
        rows,
    }
}

/// Where the ramps move the width, a level is a charge, told as the amplitude that carries it at the set width.
fn unit(channel: &Channel<'_>) -> String {
    match channel.ramp.control {
        Control::Amplitude => "mA".to_owned(),
        Control::Width => format!("mA at {} µs", channel.set.width.as_micros()),
    }
}

fn row(shown: &PlayedShown<'_>, nth: u8, channel: &Channel<'_>) -> Row {
    let hz = f64::from(shown.scenario.hardware.timing().ticks_per_second);
    let width_us = f64::from(channel.set.width.as_micros());
    let level = |pulse: &crate::desk::DeliveredPulse| match channel.ramp.control {
        Control::Amplitude => pulse.delivered.peak_ua / 1e3,
        Control::Width => pulse.level_ma(width_us),
    };
    let trains = shown.trains(nth).into_iter().map(|train| {
        train.into_iter().map(|pulse| (pulse.receipt.onset_tick as f64 / hz, level(pulse))).collect()
    });
    Row {
        name: format!("channel {nth}"),
        unit: unit(channel),
        full: f64::from(channel.set.amplitude.as_microamps()) / 1e3,
        trains: trains.collect(),
    }
}

/// The first trains and a quarter more; of a long one its first seconds.
fn close_up(rows: &[Row], played_s: f64) -> (f64, f64) {
    let ends = |train: &Vec<(f64, f64)>| Some((train.first()?.0, train.last()?.0));
    let trains: Vec<(f64, f64)> = rows.iter().flat_map(|row| row.trains.iter().filter_map(ends)).collect();
    let Some(from) = trains.iter().map(|train| train.0).reduce(f64::min) else { return (0.0, FIRST_S) };
    let firsts = rows.iter().filter_map(|row| row.trains.first().and_then(ends));
    let one = firsts.map(|train| train.1).fold(from, f64::max);
    let some = trains.iter().map(|train| train.1).filter(|to| to - from < LARGE_S).fold(one, f64::max);
    let length = if one - from > LONG_S { FIRST_S } else { (1.25 * (some - from)).max(0.1) };
    ((from - 0.05 * length).max(0.0), (from + length).min(played_s).max(from + 0.1))
}

fn subtitle(shown: &PlayedShown<'_>) -> String {
    let session = shown.checked.plan().session();
    let Some(channel) = session.channels().first() else { return String::new() };
    let (set, ramp) = (channel.set, channel.ramp);
    let hz = f64::from(channel.rate.pulses()) * 1e6 / f64::from(channel.rate.per_us());
    let seconds = |ms: u32| thousandths(u64::from(ms), 3);
    let times = match session.schedule() {
        Schedule::Continuous => "one train".to_owned(),
        Schedule::Cyclic(cycle) => {
            let (hold, rest) = (cycle.hold.as_millis(), cycle.rest.as_millis());
            format!("{} s at full level, {} s of rest", seconds(hold), seconds(rest))
        }
        Schedule::Program(stages) => format!("{} stages", stages.len()),
        Schedule::Gated(_) => "a timer in place of the trigger".to_owned(),
    };
    format!(
        "{} mA, {} µs, {} Hz; ramps {} s up, {} s down; {times}; {} at {} s, length {}; {} ohm",
        thousandths(u64::from(set.amplitude.as_microamps()), 3),
        set.width.as_micros(),
        trimmed(hz, 3),
        seconds(ramp.up.as_millis()),
        seconds(ramp.down.as_millis()),
        if shown.played.cut_short { "stopped" } else { "over" },
        trimmed(shown.played.end_us as f64 / 1e6, 1),
        length_text(session),
        shown.scenario.load_ohm
    )
}
