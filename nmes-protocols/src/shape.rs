//! The ramps of a step: what the row's rules make of them for one person.

use crate::build::{add, ms};
use crate::build_error::BuildError;
use crate::condition::Condition;
use crate::provenance::{Provenance, Ranged, Unit};
use crate::request::{Param, Request, Subject, pick};
use crate::settings::{Origin, Settings};
use nmes_core::{Control, MicroAmps, Millis, Ramp, Setting};

/// Ramps, and what could not be done for them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) ramp: Ramp,
    pub(crate) no_floor_for_width: bool,
}

const FLOOR_UNKNOWN: &str =
    "motor threshold unknown, not below the set level, or the width is ramped: from 0";
const FROM_FLOOR: &str =
    "of the shortest ramp from 0, 100 ms, the part above the floor: at least 50 ms, at most 400 mA/s";
const SLOPE_LIMIT: &str = "longer than the row's ramp, so that the slope is at most 400 mA/s";
const DOWN_MIN: &str = "short stances shorten the ramp-down no further: at most 400 mA/s, at least 100 ms";
const FLOOR_RANGE: &str = "a ramp starts between 0 and the set value";

pub(crate) fn shape(
    row: &Condition,
    subject: &Subject,
    request: &Request,
    set: Setting,
    settings: &mut Settings,
) -> Result<Shape, BuildError> {
    let control = request.control.unwrap_or_default();
    let floor = floor(row, subject, request, set, settings)?;
    let up = ramp_up(row, request, control, set, floor)?;
    let down = ramp_down(row, request, set)?;
    let down_min = if row.schedule.step().is_some() { down.0.min(shortest(row, set)) } else { down.0 };
    settings.add("ramp-up", up.0, Unit::Millis, up.1);
    settings.add("ramp-down", down.0, Unit::Millis, down.1);
    settings.add(
        "ramp-down, at least",
        down_min,
        Unit::Millis,
        Origin::Row(Provenance::Ours { reason: DOWN_MIN }),
    );
    let ramp =
        Ramp { control, up: ms(up.0), down: ms(down.0), down_min: ms(down_min), floor, ..Ramp::default() };
    let no_floor_for_width =
        control == Control::Width && request.ramp_floor.is_none() && subject.motor_threshold.is_some();
    Ok(Shape { ramp, no_floor_for_width })
}

/// Where the ramp starts: asked for, or the row's share of the motor threshold where that is below the set level.
fn floor(
    row: &Condition,
    subject: &Subject,
    request: &Request,
    set: Setting,
    settings: &mut Settings,
) -> Result<u32, BuildError> {
    let control = request.control.unwrap_or_default();
    let (max, unit) = match control {
        Control::Amplitude => (set.amplitude.as_microamps(), Unit::MicroAmps),
        Control::Width => (set.width.as_micros(), Unit::Micros),
    };
    let threshold = subject.motor_threshold.filter(|_| control == Control::Amplitude);
    let percent = row.ramp_floor.value.percent_of_motor_threshold;
    let derived = threshold.map(|t| share(t, percent)).filter(|floor| *floor < max);
    let limit = Provenance::Ours { reason: FLOOR_RANGE };
    let chosen = if derived.is_some() {
        row.ramp_floor.provenance
    } else {
        Provenance::Ours { reason: FLOOR_UNKNOWN }
    };
    let range = Ranged { min: 0, default: derived.unwrap_or(0), max, unit, range: limit, chosen };
    let floor = pick(row.name, Param::RampFloor, &range, request.ramp_floor)?;
    add(settings, "ramp floor", floor, &range, request.ramp_floor.is_some());
    Ok(floor)
}

/// The ramp-up and its origin. From a floor it is the part above it of the shortest ramp from 0: what is left out is
/// what the muscle cannot feel. Never steeper than the row's limit, nor shorter than its shortest from a floor.
fn ramp_up(
    row: &Condition,
    request: &Request,
    control: Control,
    set: Setting,
    floor: u32,
) -> Result<(u32, Origin), BuildError> {
    let range = &row.schedule.ramps().up;
    let asked = request.ramp_up.map(Millis::as_millis);
    let usual = pick(row.name, Param::RampUp, range, asked)?;
    if asked.is_some() {
        return Ok((usual, Origin::Given));
    }
    if floor == 0 {
        return Ok(limited(usual, no_steeper(row, set), None, range));
    }
    let whole = match control {
        Control::Amplitude => set.amplitude.as_microamps(),
        Control::Width => set.width.as_micros(),
    };
    let rule = &row.ramp_floor.value;
    let up = above_floor(rule.shortest_ms, whole, floor).max(rule.shortest_from_floor_ms);
    // a millisecond more than the slope needs, as a hardware rounds floor and top to its codes
    let steep = above_floor(steepness(row, set), whole, floor).saturating_add(1);
    Ok(limited(up, steep, Some(FROM_FLOOR), range))
}

/// The share of a time that a ramp over the whole level spends above the floor, rounded up.
fn above_floor(time_ms: u32, whole: u32, floor: u32) -> u32 {
    let above = u64::from(whole.saturating_sub(floor)).saturating_mul(u64::from(time_ms));
    let share = above.saturating_add(u64::from(whole.saturating_sub(1))).checked_div(u64::from(whole));
    share.and_then(|n| u32::try_from(n).ok()).unwrap_or(time_ms)
}

fn ramp_down(row: &Condition, request: &Request, set: Setting) -> Result<(u32, Origin), BuildError> {
    let range = &row.schedule.ramps().down;
    let asked = request.ramp_down.map(Millis::as_millis);
    let usual = pick(row.name, Param::RampDown, range, asked)?;
    if asked.is_some() {
        return Ok((usual, Origin::Given));
    }
    Ok(limited(usual, no_steeper(row, set), None, range))
}

/// A default ramp, lengthened where it would be steeper than the row allows.
const fn limited(time: u32, steep: u32, reason: Option<&'static str>, range: &Ranged) -> (u32, Origin) {
    if steep > time {
        return (steep, Origin::Row(Provenance::Ours { reason: SLOPE_LIMIT }));
    }
    match reason {
        Some(reason) => (time, Origin::Row(Provenance::Ours { reason })),
        None => (time, Origin::Row(range.chosen)),
    }
}

/// The time that the whole set amplitude needs at the steepest slope. A ramp of the width counts the same: its charge
/// rises as that of an amplitude would.
fn steepness(row: &Condition, set: Setting) -> u32 {
    ceil_div(set.amplitude, row.ramp_floor.value.steepest_ua_per_ms)
}

/// A millisecond more than the slope needs, as a hardware rounds the top to its codes.
fn no_steeper(row: &Condition, set: Setting) -> u32 {
    steepness(row, set).saturating_add(1)
}

fn shortest(row: &Condition, set: Setting) -> u32 {
    let least = row.ramp_floor.value.shortest_ms;
    if steepness(row, set) > least { no_steeper(row, set) } else { least }
}

/// From nothing to the level and back, as short as the row's rule for ramps allows.
pub(crate) fn train_ramp(row: &Condition, set: Setting) -> Ramp {
    let time = ms(shortest(row, set).max(no_steeper(row, set)));
    Ramp { up: time, down: time, down_min: time, ..Ramp::default() }
}

fn ceil_div(amplitude: MicroAmps, by: u32) -> u32 {
    let rounded_up = amplitude.as_microamps().saturating_add(by.saturating_sub(1));
    rounded_up.checked_div(by).unwrap_or(0)
}

fn share(threshold: MicroAmps, percent: u32) -> u32 {
    let scaled = u64::from(threshold.as_microamps()).saturating_mul(u64::from(percent)) / 100;
    u32::try_from(scaled).unwrap_or(u32::MAX)
}
