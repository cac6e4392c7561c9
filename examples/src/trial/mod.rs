//! Rows that something else than a walk triggers: a simulated crank, a simulated EMG.

mod effort;
mod ride;

pub use effort::{EffortSummary, try_wrist};
pub use ride::{MuscleRow, RideSummary, ride};

use crate::app::{denied_text, say, say_json};
use crate::cli::RunArgs;
use crate::desk::Played;
use crate::failure::Failure;
use crate::memory::Memory;
use crate::records::save;
use crate::scenario::Scenario;
use crate::text::Paint;
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
    let kind = crate::scenario::find_row(ask.protocol.as_deref().unwrap_or_default())?.trigger.value;
    if kind == TriggerKind::CrankAngle {
        ride::prepare(&mut ask);
        let scenario = Scenario::of(&ask)?;
        with_checked(&scenario, |_, checked| {
            let shown = ride(&scenario, checked, &args.crank, seconds.unwrap_or(30_000))?;
            finish(args, "fes-cycle.svg", (memory, checked), shown, out)
        })
    } else {
        let scenario = Scenario::of(&ask)?;
        with_checked(&scenario, |_, checked| {
            let shown = try_wrist(&scenario, checked, &args.emg, seconds.unwrap_or(240_000))?;
            finish(args, "emg.svg", (memory, checked), shown, out)
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

fn finish<S: Serialize>(
    args: &RunArgs,
    file: &str,
    (memory, checked): (Option<&Memory>, &Checked<'_>),
    shown: Shown<S>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    memory.map_or(Ok(()), |memory| memory.keep(checked, &shown.played))?;
    let svg = args.out_dir.join(file);
    save(&svg, |file| file.write_all(shown.picture.as_bytes()))?;
    if args.json {
        say_json(out, &shown.summary)?;
    } else {
        let warning = Paint::for_stdout().head(crate::report::WARNING);
        say(out, &format!("{warning}\n{}\nWritten: {}\n", shown.text, svg.display()))?;
    }
    shown.played.stopped.map_or(Ok(()), |why| Err(Failure::Faulted(why.to_string())))
}
