//! Errors of the layers below, with the flag that they are about.

use crate::failure::Failure;
use crate::report::shown_value;
use nmes_core::{ConfigError, Field};
use nmes_protocols::{BuildError, Condition, GaitConfigError, Param, RangeError};

/// A session that was not built: a gate or an answer denies, a value is bad input.
#[must_use]
pub fn of_build(error: &BuildError) -> Failure {
    match error {
        BuildError::Innervation(_)
        | BuildError::Screening(_)
        | BuildError::SpecialistOnly { .. }
        | BuildError::Disabled { .. }
        | BuildError::NotAtHome { .. }
        | BuildError::DirectCurrent { .. } => Failure::Denied(error.to_string()),
        BuildError::Range(range) => Failure::Input(of_range(range)),
        BuildError::Session(config) => of_config(config),
        BuildError::Gait(times) => Failure::Input(format!("{}: {times}", of_times(times))),
        BuildError::NoOtherBalance { .. }
        | BuildError::NoHold { .. }
        | BuildError::Site { .. }
        | BuildError::ChannelTimes { .. }
        | _ => Failure::Input(error.to_string()),
    }
}

/// The same for a session of this row. An amplitude that nobody asked for is its rule's, not a flag's.
#[must_use]
pub fn of_row(error: &BuildError, row: &Condition, asked: bool) -> Failure {
    let BuildError::Range(range @ RangeError { param: Param::Amplitude, .. }) = error else {
        return of_build(error);
    };
    if asked {
        return of_build(error);
    }
    let [value, min, max] = [range.value, range.min, range.max].map(|value| shown_value(value, range.unit));
    let rule = row.amplitude_rule.value;
    Failure::Input(format!(
        "amplitude: what was measured comes to {value} ({rule}; no more than was tolerated): {} takes {min} to {max} ({}); \
         accepted: --amplitude-ma in that range, or another protocol",
        range.row, range.limit
    ))
}

/// A session or a hardware that was refused.
#[must_use]
pub fn of_config(error: &ConfigError) -> Failure {
    Failure::Input(match of_field(error.field()) {
        Some(flag) => format!("{flag}: {error}"),
        None => error.to_string(),
    })
}

/// A session or a plan that was refused. A phase shorter than the declared lateness is the lateness's matter, and ramps
/// longer than a session of an asked-for length are the length's.
#[must_use]
pub fn of_plan(error: &ConfigError, late_ticks: u32, asked_ms: Option<u32>) -> Failure {
    if let ConfigError::Below { field: Field::PhaseTicks, value, .. } = error
        && late_ticks > 0
        && *value <= i64::from(late_ticks)
    {
        return Failure::Input(format!("--late-us, --declared-late-us: longer than a phase: {error}"));
    }
    if let ConfigError::Above { field: Field::RampTime, limit, .. } = error
        && asked_ms.is_some_and(|asked| *limit <= i64::from(asked))
    {
        return Failure::Input(format!("--seconds: too short for a ramp up and down: {error}"));
    }
    of_config(error)
}

fn of_range(error: &RangeError) -> String {
    let show = |value| shown_value(value, error.unit);
    let (value, min, max) = (show(error.value), show(error.min), show(error.max));
    format!("{} {value}: {} takes {min} to {max} ({})", of_param(error), error.row, error.limit)
}

const fn of_param(error: &RangeError) -> &'static str {
    match error.param {
        Param::Amplitude => "--amplitude-ma",
        Param::PhaseWidth => "--phase-us",
        Param::Rate => "--frequency-hz",
        Param::Gap => "--gap-us",
        Param::Delay => "--delay-ms",
        Param::RampUp => "--ramp-up-ms",
        Param::RampDown => "--ramp-down-ms",
        Param::Extension => "--extension-ms",
        Param::RampFloor => "--ramp-floor-ma",
        Param::SessionLength => "--seconds",
        Param::On => "on",
        Param::Off => "off",
        Param::Channels => "channels",
        _ => "settings",
    }
}

const fn of_times(error: &GaitConfigError) -> &'static str {
    match error {
        GaitConfigError::HoldBelowRamp { .. } => "--delay-ms, --ramp-up-ms",
        GaitConfigError::RampDownMin { .. } => "--ramp-down-ms",
        GaitConfigError::NoDebounce
        | GaitConfigError::RefractoryBelowDebounce { .. }
        | GaitConfigError::HoldAboveCap { .. }
        | GaitConfigError::StanceShare { .. }
        | _ => "step times",
    }
}

/// Whether it is about the output stage, which flags state, and not about the session.
#[must_use]
pub const fn is_of_stage(error: &ConfigError) -> bool {
    matches!(
        error.field(),
        Field::TicksPerSecond
            | Field::NanoampsPerCode
            | Field::CodeMin
            | Field::CodeMax
            | Field::Lateness
            | Field::ClosingCharge
    )
}

const fn of_field(field: Field) -> Option<&'static str> {
    Some(match field {
        Field::PhaseWidth | Field::PhaseTicks => "--phase-us",
        Field::InterphaseGap => "--gap-us",
        Field::Amplitude | Field::AmplitudeCodes => "--amplitude-ma, --na-per-code",
        Field::RampFloor => "--ramp-floor-ma",
        Field::RampTime => "--ramp-up-ms, --ramp-down-ms",
        Field::RatePulses | Field::RatePer | Field::Period | Field::PulseLength => "--frequency-hz",
        Field::SessionLength => "--seconds",
        Field::TicksPerSecond => "--ticks-hz",
        Field::NanoampsPerCode => "--na-per-code",
        Field::CodeMin => "--code-min",
        Field::CodeMax => "--code-max",
        Field::Lateness | Field::ClosingCharge => "--late-us, --declared-late-us",
        Field::BalanceLength
        | Field::Offset
        | Field::Hold
        | Field::Cycle
        | Field::GateMaxOn
        | Field::GateTriggers
        | Field::Channels
        | Field::OffsetCurrent
        | Field::EdgeSpacing
        | Field::RestMode
        | Field::BurstPulses
        | Field::SweepRate
        | Field::SweepRatio
        | Field::SweepTime
        | Field::Intervals
        | Field::Interval
        | Field::Curvature
        | Field::PhasePercent
        | Field::Points
        | Field::PointLevel
        | Field::Repeat
        | Field::DirectCurrent
        | Field::Stages
        | Field::Repeats
        | Field::StageLevel
        | Field::StageRate
        | Field::Overlap
        | Field::PatternPoints
        | Field::PatternCommand
        | Field::PatternCharge
        | _ => return None,
    })
}
