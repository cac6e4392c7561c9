//! A flag that would do nothing for a protocol is refused, so that nobody takes it for obeyed.

use super::{Ask, CHECKED_OHM, CODE_MAX, CODE_MIN, LOAD_OHM, NA_PER_CODE, RAIL, RunArgs, SEED, TICKS_HZ};
use crate::failure::Failure;
use crate::gait::Foot;
use crate::parse;
use nmes_protocols::{CATALOGUE, Change, Condition, TriggerKind};

/// A flag, and whether it was given.
type Given = (&'static str, bool);

const NO_STEPS: &str = "has no steps of a walk";

/// What follows the steps of a walk, where the protocol has none.
///
/// # Errors
/// Names the first such flag and the protocols that take it.
pub(crate) fn in_ask(ask: &Ask, row: &Condition) -> Result<(), Failure> {
    let (shape, walk) = (&ask.shape, &ask.walk);
    let of_steps = [
        ("--gait", walk.gait.is_some()),
        ("--trigger", shape.trigger.is_some()),
        ("--delay-ms", shape.delay_ms.is_some()),
        ("--extension-ms", shape.extension_ms.is_some()),
    ];
    refuse(&of_steps, row.name, NO_STEPS, &has_steps, has_steps(row))
}

/// The simulated crank and forearm, and the list of steps, where the protocol has none; `row` is nothing for a session
/// file, which is played as it stands and has neither of the two.
///
/// # Errors
/// As [`in_ask`].
pub(crate) fn in_run(args: &RunArgs, row: Option<&Condition>) -> Result<(), Failure> {
    let name = row.map_or("a session file", |row| row.name);
    let is = |kind: TriggerKind| move |row: &Condition| row.trigger.value == kind;
    let (crank, emg) = (is(TriggerKind::CrankAngle), is(TriggerKind::EmgThreshold));
    refuse(&args.crank.given(), name, "is run on no crank", &crank, row.is_some_and(crank))?;
    refuse(&args.emg.given(), name, "is run on no EMG", &emg, row.is_some_and(emg))?;
    // whether a session file has steps is known once it was read
    row.map_or(Ok(()), |row| steps_of(args, row))
}

/// The list of steps.
///
/// # Errors
/// As [`in_ask`].
pub(crate) fn steps_of(args: &RunArgs, row: &Condition) -> Result<(), Failure> {
    refuse(&[("--steps", args.steps)], row.name, NO_STEPS, &has_steps, has_steps(row))
}

fn has_steps(row: &Condition) -> bool {
    row.schedule.step().is_some()
}

/// An end of a run and what only a simulation has, where nothing is run.
///
/// # Errors
/// Names the first such flag and what takes it.
pub(crate) fn where_nothing_runs(ask: &Ask) -> Result<(), Failure> {
    let (load, stage) = (&ask.load, &ask.stage);
    let given: [(&str, bool, &str); 4] = [
        ("--stop-at-us", ask.stop.stop_at_us.is_some(), "nothing is run here that could stop"),
        (
            "--load-ohm",
            load.load_ohm != LOAD_OHM,
            "the load of a simulation, and nothing is run here; --checked-load-ohm is what a check takes",
        ),
        ("--seed", stage.seed != SEED, "of a simulation, and nothing is run here"),
        (
            "--polarity-mismatch-pct",
            load.polarity_mismatch_pct != 0,
            "of the stage of a simulation, and nothing is run here",
        ),
    ];
    let Some((flag, _, why)) = given.iter().find(|(_, given, _)| *given) else { return Ok(()) };
    Err(Failure::Input(format!("{flag}: {why}; accepted: run, events, plot")))
}

/// Flags of the simulated output stage, each with whether it says other than its default.
pub(crate) fn of_stage(ask: &Ask) -> [(&'static str, bool); 6] {
    let stage = &ask.stage;
    [
        ("--ticks-hz", stage.ticks_hz != TICKS_HZ),
        ("--na-per-code", stage.na_per_code != NA_PER_CODE),
        ("--code-min", stage.code_min != CODE_MIN),
        ("--code-max", stage.code_max != CODE_MAX),
        ("--late-us", stage.late_us != 0),
        ("--declared-late-us", stage.declared_late_us.is_some()),
    ]
}

/// What a session file does not hold: pads, stage, load, limits, side and walk; and of a person, where a file is written as it is.
///
/// # Errors
/// Names the first such flag and what takes it.
pub(crate) fn in_export(ask: &Ask) -> Result<(), Failure> {
    let load = &ask.load;
    let given = [
        ("--side", ask.person.side != Foot::Left),
        ("--motor-threshold-ma", ask.session.is_some() && ask.person.motor_threshold_ma.is_some()),
        ("--trigger", ask.shape.trigger.is_some()),
        ("--gait", ask.walk.gait.is_some()),
        ("--checked-load-ohm", load.checked_load_ohm != CHECKED_OHM),
        ("--rail-v", parse::volts(RAIL) != Ok(load.rail_v)),
        ("--electrode-cm2", load.electrode_cm2.is_some()),
        ("--contact-fraction", load.contact_fraction.is_some()),
        ("--one-shot-us", load.guards.one_shot_us.is_some()),
        ("--watchdog-ms", load.guards.watchdog_ms.is_some()),
        ("--profile", load.profile.is_some()),
    ];
    let mut all = of_stage(ask).into_iter().chain(given);
    let Some((flag, _)) = all.find(|(_, given)| *given) else { return Ok(()) };
    Err(Failure::Input(format!(
        "{flag}: changes nothing in a session file; accepted with check, report, run, events, plot"
    )))
}

/// The week, where the protocol changes no number by week.
///
/// # Errors
/// As [`in_ask`].
pub(crate) fn week_of(week: Option<u8>, row: &Condition) -> Result<(), Failure> {
    let by_week = |row: &Condition| {
        row.progression.iter().any(|step| step.from_week > 0 && !matches!(step.change, Change::Text(_)))
    };
    refuse(&[("--week", week.is_some())], row.name, "changes no number by week", &by_week, by_week(row))
}

/// What a titration has of its own: level, ramp and length of its trains, and their end.
///
/// # Errors
/// As [`in_ask`].
pub(crate) fn in_titration(ask: &Ask) -> Result<(), Failure> {
    let (shape, walk) = (&ask.shape, &ask.walk);
    let given = [
        ("--stop-at-us", ask.stop.stop_at_us.is_some()),
        ("--gait", walk.gait.is_some()),
        ("--seconds", walk.seconds.is_some()),
        ("--amplitude-ma", ask.pulse.amplitude_ma.is_some()),
        ("--trigger", shape.trigger.is_some()),
        ("--delay-ms", shape.delay_ms.is_some()),
        ("--ramp-up-ms", shape.ramp_up_ms.is_some()),
        ("--extension-ms", shape.extension_ms.is_some()),
        ("--ramp-down-ms", shape.ramp_down_ms.is_some()),
        ("--ramp-floor-ma", shape.ramp_floor_ma.is_some()),
    ];
    let Some((flag, _)) = given.into_iter().find(|(_, given)| *given) else { return Ok(()) };
    Err(Failure::Input(format!(
        "{flag}: a titration puts out single trains with a level, a ramp and a length of its own, so it would do nothing; \
         accepted with run, events, plot"
    )))
}

fn refuse(
    flags: &[Given],
    name: &str,
    why: &str,
    takes: &dyn Fn(&Condition) -> bool,
    taken: bool,
) -> Result<(), Failure> {
    let Some((flag, _)) = flags.iter().find(|(_, given)| *given && !taken) else { return Ok(()) };
    let rows: Vec<&str> = CATALOGUE.iter().filter(|row| takes(row)).map(|row| row.name).collect();
    Err(Failure::Input(format!(
        "{flag}: {name} {why}, so it would do nothing; accepted with {}",
        rows.join(", ")
    )))
}
