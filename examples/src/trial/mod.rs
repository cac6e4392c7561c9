//! Rows that something else than a walk triggers: a simulated crank, a simulated EMG.

mod effort;
mod ride;

pub use effort::{EffortSummary, try_wrist};
pub use ride::{MuscleRow, RideSummary, ride};

use crate::app::{denied_text, say, say_run};
use crate::cli::RunArgs;
use crate::desk::Played;
use crate::failure::Failure;
use crate::memory::Memory;
use crate::records::write_pulses;
use crate::report::{PULSES, PlayedJson, PlayedShown, WARNING};
use crate::scenario::Scenario;
use crate::text::Paint;
use crate::written::Files;
use nmes_core::Plan;
use nmes_protocols::{Built, Storage, TriggerKind};
use nmes_safety::{Checked, check};
use serde::Serialize;
use std::io::Write;

/// Whether a row is run on a simulated trigger of its own.
#[must_use]
pub fn has_own_trigger(kind: TriggerKind) -> bool {
    matches!(kind, TriggerKind::CrankAngle | TriggerKind::EmgThreshold)
}

/// What a trial shows: text, values for programs, a picture, and whether something was wrong.
pub struct Shown<S> {
    /// For people.
    pub text: String,
    /// For programs.
    pub summary: S,
    /// An SVG document.
    pub picture: String,
    /// What came out.
    pub played: Played,
}

/// Runs a row on its simulated trigger and writes its picture.
///
/// # Errors
/// Bad input, denied, or a fault.
pub fn run_trial(args: &RunArgs, memory: Option<&Memory>, out: &mut dyn Write) -> Result<(), Failure> {
    let mut ask = args.ask.clone();
    // `--seconds` is how long is simulated; the session is as long as its row says
    let seconds = ask.walk.seconds.take();
    let kind = crate::names::find_row(ask.protocol.as_deref().unwrap_or_default())?.trigger.value;
    if kind == TriggerKind::CrankAngle {
        ride::prepare(&mut ask);
        let scenario = Scenario::of(&ask)?;
        with_checked(&scenario, |built, checked| {
            memory.map_or(Ok(()), Memory::begin)?;
            let shown = ride(&scenario, checked, &args.crank, seconds.unwrap_or(30_000))?;
            finish(args, "fes-cycle.svg", memory, (&scenario, built, checked), &shown, out)
        })
    } else {
        let scenario = Scenario::of(&ask)?;
        with_checked(&scenario, |built, checked| {
            memory.map_or(Ok(()), Memory::begin)?;
            let shown = try_wrist(&scenario, checked, &args.emg, seconds.unwrap_or(240_000))?;
            finish(args, "emg.svg", memory, (&scenario, built, checked), &shown, out)
        })
    }
}

fn with_checked(
    scenario: &Scenario,
    look: impl FnOnce(&Built<'_>, &Checked<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut storage = Storage::new();
    let built = scenario.build(&mut storage)?;
    let plan: Plan<'_> = scenario.compile(&built)?;
    let checked = check(plan, &scenario.setup, &scenario.profile);
    look(&built, &checked.map_err(|denied| Failure::Denied(denied_text(&denied)))?)
}

/// What the trigger did, and the same as of a session that runs by its own clock.
#[derive(Serialize)]
struct TrialJson<'s, S> {
    #[serde(flatten)]
    trial: &'s S,
    session: PlayedJson<'s>,
}

fn finish<S: Serialize>(
    args: &RunArgs,
    file: &str,
    memory: Option<&Memory>,
    (scenario, built, checked): (&Scenario, &Built<'_>, &Checked<'_>),
    shown: &Shown<S>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let played = PlayedShown { scenario, built, checked, played: &shown.played };
    memory.map_or(Ok(()), |memory| memory.keep(checked, &shown.played))?;
    let mut files = Files::default();
    files.add(&args.out_dir.join(file), |file| file.write_all(shown.picture.as_bytes()))?;
    let pulses = |file: &mut dyn Write| write_pulses(&shown.played.pulses, &scenario.hardware, file);
    files.add(&args.out_dir.join(PULSES), pulses)?;
    let written = files.keep()?;
    if args.json {
        say_run(out, memory, &TrialJson { trial: &shown.summary, session: played.json() })?;
    } else {
        let paint = Paint::for_stdout();
        let (warning, sections) = (paint.head(WARNING), played.sections(paint));
        let person = scenario.person_text(&built.screening);
        say(out, &format!("{warning}\n{person}\n\n{}{sections}\nWritten: {written}\n", shown.text))?;
    }
    played.verdict()
}
