//! Faults and trips in the units that people read: the layers below count nanoamperes and ticks.

use crate::text::trimmed;
use nmes_hal_adapters::{Cause, Stopped};
use nmes_safety::{Trip, rules};

/// A moment in ticks as seconds, to the microsecond.
fn at(tick: u64, hz: u32) -> String {
    format!("at {} s", trimmed(tick as f64 / f64::from(hz), 6))
}

/// A value of a trip with its unit. The words after the unit, where there are any, stay.
fn amount(value: i64, unit: &str, hz: u32) -> String {
    let (value, hz) = (value as f64, f64::from(hz));
    let is = |head: &str| unit.strip_prefix(head);
    if let Some(rest) = is("nA·ticks in a second") {
        // nA·s in a second are nA on average
        format!("{} µA{rest}", trimmed(value / hz / 1e3, 3))
    } else if let Some(rest) = is("µA²·ticks in a second") {
        format!("{} mA r.m.s.{rest}", trimmed((value / hz).max(0.0).sqrt() / 1e3, 3))
    } else if let Some(rest) = is("nA·ticks") {
        format!("{} µC{rest}", trimmed(value / hz / 1e3, 6))
    } else if let Some(rest) = is("nA") {
        format!("{} mA{rest}", trimmed(value / 1e6, 3))
    } else if let Some(rest) = is("ticks") {
        format!("{} µs{rest}", trimmed(value / hz * 1e6, 3))
    } else {
        format!("{value} {unit}")
    }
}

/// What the guard found, in words.
pub(super) fn trip_text(trip: &Trip, hz: u32) -> String {
    format!("{} {}", found_text(trip, hz), at(trip.at_tick, hz))
}

/// All of it.
pub(super) fn found_by_guard(trips: &[Trip], hz: u32) -> Vec<String> {
    trips.iter().map(|trip| trip_text(trip, hz)).collect()
}

fn found_text(trip: &Trip, hz: u32) -> String {
    let channel = trip.channel.map_or(String::new(), |channel| format!("channel {channel}: "));
    let found = if trip.unit.is_empty() {
        String::new()
    } else {
        format!(": {} against {}", amount(trip.value, trip.unit, hz), amount(trip.limit, trip.unit, hz))
    };
    let sure = rules::by_id(trip.rule).map_or(String::new(), |rule| format!("; {}", rule.confidence));
    format!("{channel}{}{found} ({}; {}{sure})", trip.fault, trip.rule, trip.source)
}

/// Why a stimulator stopped by itself, in words.
pub(super) fn stopped_text(stopped: &Stopped, hz: u32) -> String {
    let cause = if let Cause::Guard(trip) = &stopped.cause {
        found_text(trip, hz)
    } else {
        stopped.cause.to_string()
    };
    let left_on = if stopped.off_failed { "; the output could not be opened, cut the supply" } else { "" };
    format!("stopped {}: {cause}{left_on}", at(stopped.at_tick, hz))
}

/// A charge in nA·ticks, also in µC.
pub(super) fn charge_text(na_ticks: i64, hz: u32) -> String {
    let micro = trimmed(na_ticks as f64 / f64::from(hz) / 1e3, 6);
    if na_ticks == 0 { "0 nA·ticks".to_owned() } else { format!("{na_ticks} nA·ticks ({micro} µC)") }
}

#[cfg(test)]
mod tests {
    use super::{amount, charge_text};

    /// REQ-APP-020: values of the guard are told in mA, µA, µC and µs.
    #[test]
    fn values_are_told_in_units_that_are_read() {
        for (value, unit, said) in [
            (29_278_490, "nA", "29.278 mA"),
            (-500, "nA", "-0.001 mA"),
            (11, "ticks", "5.5 µs"),
            (2_000_000_000, "nA·ticks", "1 µC"),
            (100_000_000_000, "nA·ticks in a second", "50 µA"),
            (50_000_000_000_000, "µA²·ticks in a second", "5 mA r.m.s."),
            (4, "ticks too soon after an edge", "2 µs too soon after an edge"),
            (7, "apples", "7 apples"),
        ] {
            assert_eq!(amount(value, unit, 2_000_000), said);
        }
        assert_eq!(charge_text(-3_000, 1_000_000), "-3000 nA·ticks (-0.000003 µC)");
    }
}
