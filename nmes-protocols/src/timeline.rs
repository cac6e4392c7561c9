//! From a row's schedule and what is asked for to the schedule of a session.

use crate::build::{add, ms, us};
use crate::build_error::BuildError;
use crate::condition::Condition;
use crate::gait::{GaitConfig, GaitTimes};
use crate::provenance::{Provenance, Unit};
use crate::request::{Param, Request, pick};
use crate::schedule_row::{
    CycleRow, GateRow, GatedRow, OnIncludesRamps, ProgramRow, ScheduleRow, StageRow, StepRow,
};
use crate::settings::{Origin, Settings};
use crate::shape::Shape;
use nmes_core::{Cycle, Gate, MAX_STAGES, Micros, Millis, Rate, Schedule, Stage};

/// When a session runs.
pub(crate) struct Timeline<'a> {
    pub(crate) schedule: Schedule<'a>,
    pub(crate) gait: Option<GaitConfig>,
    pub(crate) length: Millis,
    /// How much later the second half of the channels works.
    pub(crate) later: Micros,
}

pub(crate) fn timeline<'a>(
    row: &Condition,
    request: &Request,
    shape: &Shape,
    stages: &'a mut [Stage; MAX_STAGES],
    settings: &mut Settings,
) -> Result<Timeline<'a>, BuildError> {
    let mut later = Micros::ZERO;
    let mut trigger = None;
    let schedule = match &row.schedule {
        ScheduleRow::Continuous(_) => Schedule::Continuous,
        ScheduleRow::Cyclic(cycle_row) => {
            let cycle = cycle(row, cycle_row, request, shape, settings)?;
            later = if cycle_row.alternate { half_cycle(&cycle, shape) } else { Micros::ZERO };
            Schedule::Cyclic(cycle)
        }
        ScheduleRow::Program(program) => Schedule::Program(fill(program, stages)?),
        ScheduleRow::Steps { step, gate: bounds } => {
            let gait = gait(row, step, request, shape, settings)?;
            trigger = Some(gait);
            Schedule::Gated(gate(bounds, &gait, settings))
        }
        ScheduleRow::Gated(gated) => Schedule::Gated(gate_of(gated, settings)),
    };
    let asked = request.length.map(Millis::as_millis);
    let length = pick(row.name, Param::SessionLength, &row.session_length, asked)?;
    add(settings, "session length", length, &row.session_length, request.length.is_some());
    let within = within_longest(row, length, later);
    if within < length {
        settings.add("session length, of each channel", within, row.session_length.unit, LATER);
    }
    Ok(Timeline { schedule, gait: trigger, length: ms(within), later })
}

const LATER: Origin = Origin::Row(Provenance::Ours {
    reason: "channels that alternate begin half a cycle apart, and the last one ends within the longest session of the row",
});

/// A session lasts until the channel that begins last ends: its length, or what the row's longest leaves for it.
fn within_longest(row: &Condition, length: u32, later: Micros) -> u32 {
    let most = row.session_length.max.saturating_sub(later.as_micros().div_ceil(1_000));
    length.min(most.max(row.session_length.min))
}

const INSIDE: &str =
    "ON of the row less the ramps, which it includes or does not mention: the shorter reading";

fn cycle(
    row: &Condition,
    cycle: &CycleRow,
    request: &Request,
    shape: &Shape,
    settings: &mut Settings,
) -> Result<Cycle, BuildError> {
    let on = pick(row.name, Param::On, &cycle.on, request.on.map(Millis::as_millis))?;
    let off = pick(row.name, Param::Off, &cycle.off, request.off.map(Millis::as_millis))?;
    add(settings, "on", on, &cycle.on, request.on.is_some());
    add(settings, "off", off, &cycle.off, request.off.is_some());
    let ramps_ms = ramps_ms(shape);
    let hold =
        cycle.hold_ms(on, ramps_ms).ok_or(BuildError::NoHold { row: row.name, on_ms: on, ramps_ms })?;
    let origin = match cycle.on_includes_ramps.value {
        OnIncludesRamps::No => cycle.on_includes_ramps.provenance,
        OnIncludesRamps::Yes | OnIncludesRamps::Unstated => Provenance::Ours { reason: INSIDE },
    };
    settings.add("at full level", hold, Unit::Millis, Origin::Row(origin));
    Ok(Cycle { hold: ms(hold), rest: ms(off) })
}

fn ramps_ms(shape: &Shape) -> u32 {
    shape.ramp.up.as_millis().saturating_add(shape.ramp.down.as_millis())
}

/// Half the time from one contraction to the next.
fn half_cycle(cycle: &Cycle, shape: &Shape) -> Micros {
    let whole = ramps_ms(shape).saturating_add(cycle.hold.as_millis()).saturating_add(cycle.rest.as_millis());
    us(whole.saturating_mul(500))
}

fn fill<'a>(program: &ProgramRow, room: &'a mut [Stage; MAX_STAGES]) -> Result<&'a [Stage], BuildError> {
    for (slot, stage) in room.iter_mut().zip(program.stages) {
        *slot = stage_of(stage)?;
    }
    Ok(room.get(..program.stages.len()).unwrap_or_default())
}

fn stage_of(stage: &StageRow) -> Result<Stage, BuildError> {
    let rate = match stage.rate_millihertz {
        Some(rate) => Some(Rate::from_millihertz(rate.value).map_err(BuildError::Session)?),
        None => None,
    };
    Ok(Stage {
        cycle: Cycle { hold: ms(stage.hold_ms.value), rest: ms(stage.rest_ms.value) },
        repeats: stage.repeats.value,
        level_permille: stage.level_permille.value,
        rate,
    })
}

fn gate_of(row: &GatedRow, settings: &mut Settings) -> Gate {
    add(settings, "gate, longest opening", row.max_on.default, &row.max_on, false);
    add(settings, "gate, least Off", row.min_off.default, &row.min_off, false);
    let triggers = row.max_triggers_per_minute;
    let origin = Origin::Row(triggers.provenance);
    settings.add("gate, openings a minute", u32::from(triggers.value), Unit::Count, origin);
    Gate {
        max_on: ms(row.max_on.default),
        min_off: ms(row.min_off.default),
        max_triggers_per_minute: triggers.value,
        refractory: Millis::ZERO,
    }
}

fn gait(
    row: &Condition,
    step: &StepRow,
    request: &Request,
    shape: &Shape,
    settings: &mut Settings,
) -> Result<GaitConfig, BuildError> {
    let delay = pick(row.name, Param::Delay, &step.delay, request.delay.map(Millis::as_millis))?;
    let extension =
        pick(row.name, Param::Extension, &step.extension, request.extension.map(Millis::as_millis))?;
    add(settings, "delay", delay, &step.delay, request.delay.is_some());
    add(settings, "extension, at most", extension, &step.extension, request.extension.is_some());
    for (name, range) in [
        ("extension and ramp-down, share of stance", &step.stance_share),
        ("stance before one was measured", &step.stance_first),
        ("debounce", &step.debounce),
        ("refractory time", &step.refractory),
        ("time-out, at least", &step.hold_max),
        ("time-out, at most", &step.hold_cap),
        ("time-out before a step was measured", &step.hold_first),
        ("time-out, share of heel-off to strike", &step.hold_percent),
        ("longest run without an Off", &step.merge_max),
        ("other heel vouches for a lift within", &step.vouch),
    ] {
        add(settings, name, range.default, range, false);
    }
    let times = GaitTimes {
        delay: ms(delay),
        extension: ms(extension),
        ramp_up: shape.ramp.up,
        ramp_down: shape.ramp.down,
        ramp_down_min: shape.ramp.down_min,
        ..GaitTimes::of_row(step)
    };
    GaitConfig::new(times).map_err(BuildError::Gait)
}

fn gate(row: &GateRow, gait: &GaitConfig, settings: &mut Settings) -> Gate {
    let max_on = gait.times().longest_on_ms();
    let (min_off, triggers) = (row.min_off_ms.value, row.max_triggers_per_minute.value);
    settings.add("gate, longest opening", max_on, Unit::Millis, Origin::Row(row.max_on.provenance));
    settings.add("gate, least Off", min_off, Unit::Millis, Origin::Row(row.min_off_ms.provenance));
    let origin = Origin::Row(row.max_triggers_per_minute.provenance);
    settings.add("gate, openings a minute", u32::from(triggers), Unit::Count, origin);
    Gate {
        max_on: ms(max_on),
        min_off: ms(min_off),
        max_triggers_per_minute: triggers,
        refractory: Millis::ZERO,
    }
}
