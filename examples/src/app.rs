//! The commands.

use crate::catalogue::{list, show};
use crate::cli::{
    Ask, CheckArgs, Cli, Command, EventsArgs, PlotArgs, ReportArgs, ReportFormat, RunArgs, unused,
};
use crate::desk::{LevelChange, end_us};
use crate::device;
use crate::diary;
use crate::envelope::envelope;
use crate::failure::Failure;
use crate::files;
use crate::made_walk::made_walk;
use crate::memory::{self, Memory};
use crate::picture::picture;
use crate::play::play;
use crate::plot::DrawError;
use crate::records::{write_changes, write_pulses};
use crate::report::{
    CheckJson, Listing, PULSES, PlayedShown, RefusedJson, RunJson, Shown, WARNING, limits_text, run_text,
    sources_text,
};
use crate::scenario::Scenario;
use crate::screen::screen;
use crate::simulation::{Run, run};
use crate::text::Paint;
use crate::titrate;
use crate::wave::wave;
use crate::written::{Files, is_no_input};
use indicatif::{ProgressBar, ProgressStyle};
use nmes_core::{Plan, Session};
use nmes_protocols::{Built, CATALOGUE, Condition, GaitConfig, Storage};
use nmes_safety::{Checked, assess, check};
use serde::Serialize;
use std::io::Write;

/// Does what was asked; everything for people or programs goes to `out`. Where JSON was asked for and there is none of what was
/// asked, the refusal is JSON too.
///
/// # Errors
/// See [`Failure`].
pub fn run_cli(cli: &Cli, out: &mut dyn Write) -> Result<(), Failure> {
    let mut told = Told { out, any: false };
    let done = run_command(&cli.command, &mut told);
    let silent = cli.command.is_json() && !told.any;
    if let Some(failure) = done.as_ref().err().filter(|_| silent) {
        say_json(&mut told, &RefusedJson::of(failure, !cli.command.drives_a_stimulator()))?;
    }
    done
}

/// An output that knows whether anything was written to it.
struct Told<'o> {
    out: &'o mut dyn Write,
    any: bool,
}

impl Write for Told<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.any = true;
        self.out.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

fn run_command(command: &Command, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        Command::List(args) => list(args, out),
        Command::Show(args) => show(args, out),
        Command::Screen(args) => screen(args, out),
        Command::Check(args) => check_only(args, out).map_err(Failure::of_check),
        Command::Report(args) => report(args, out).map_err(Failure::of_check),
        Command::Walk(args) => made_walk(args, out),
        Command::Run(args) => match args.device.device {
            Some(device) => device::run::run(args, device, out),
            None => run_all(args, out),
        },
        Command::Serve(args) => crate::serve::serve(args),
        Command::SimulateDevice(args) => device::simulate::simulate(args, out),
        Command::Events(args) => events(args, out),
        Command::Plot(args) => plot(args, out),
        Command::Wave(args) => wave(args, out),
        Command::Session(command) => files::run(command, out),
        Command::Titrate(args) => titrate::run(args, out),
        Command::Diary(args) => diary::run(args, out),
        Command::Records(args) => memory::show(args, out),
    }
}

pub(crate) fn say(out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    match out.write_all(text.as_bytes()) {
        // whoever read has had enough, `nmes events … | head` for one
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|error| Failure::Input(format!("standard output: {error}"))),
    }
}

pub(crate) fn say_json(out: &mut dyn Write, value: &impl serde::Serialize) -> Result<(), Failure> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Failure::Input(format!("JSON: {error}")))?;
    say(out, &format!("{text}\n"))
}

/// A run for programs.
#[derive(Serialize)]
struct WithMemory<'m, T> {
    #[serde(flatten)]
    run: T,
    /// What was wrong with one slot of the dose.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_damaged: Option<&'m str>,
}

/// A run for programs, with what was wrong with the memory that it keeps its session in.
pub(crate) fn say_run(
    out: &mut dyn Write,
    memory: Option<&Memory>,
    run: &impl Serialize,
) -> Result<(), Failure> {
    say_json(out, &WithMemory { run, memory_damaged: memory.and_then(Memory::damaged) })
}

/// On standard error, where it is in the way of nothing that was asked for.
fn say_aside(line: &str) {
    // nobody reads it: what was asked for is said all the same
    let _ = writeln!(std::io::stderr(), "{}", Paint::for_stderr().warn(line));
}

fn check_only(args: &CheckArgs, out: &mut dyn Write) -> Result<(), Failure> {
    with_plan(&args.ask, |scenario, built, plan| {
        say_rules(scenario, built, plan, args.json, out)?;
        let paint = Paint::for_stdout();
        let notes = scenario.notes(built).into_iter().filter(|_| !args.json);
        let notes: String = notes.map(|note| format!("{}\n", paint.warn(&format!("note: {note}")))).collect();
        say(out, &notes)
    })
}

/// The road up to a plan, for somebody to look at; denied when a rule denies it, after it was shown.
fn with_plan(
    ask: &Ask,
    look: impl FnOnce(&Scenario, &Built<'_>, &Plan<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    unused::where_nothing_runs(ask)?;
    let scenario = Scenario::of(ask)?;
    let mut storage = Storage::new();
    let built = scenario.build(&mut storage)?;
    let plan = scenario.compile(&built)?;
    look(&scenario, &built, &plan)?;
    check(plan, &scenario.setup, &scenario.profile)
        .map(drop)
        .map_err(|denied| Failure::Denied(denied_text(&denied)))
}

fn say_rules(
    scenario: &Scenario,
    built: &Built<'_>,
    plan: &Plan<'_>,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let report = assess(plan, &scenario.setup, &scenario.profile);
    if json {
        return say_json(out, &CheckJson { report: &report, notes: scenario.all_notes(built) });
    }
    let paint = Paint::for_stdout();
    let head = format!(
        "{}, profile {}, use class {}, {} ohm assumed; worst case at the ceilings:",
        scenario.row.name,
        report.profile(),
        report.use_class(),
        scenario.checked_ohm
    );
    let made_up = scenario.made_up().map_or(String::new(), |what| format!("  {what}\n"));
    let (limits, sources) = (limits_text(&report, paint), sources_text(&report));
    say(out, &format!("{}\n{made_up}{limits}\nWhere each limit is from\n{sources}", paint.head(&head)))
}

fn report(args: &ReportArgs, out: &mut dyn Write) -> Result<(), Failure> {
    with_plan(&args.ask, |scenario, built, plan| {
        let listing = match args.format {
            ReportFormat::Rules => return say_rules(scenario, built, plan, args.json, out),
            ReportFormat::Fda510kTable => Listing::fda_1999(plan, &scenario.setup),
            ReportFormat::Cfr8825891 => Listing::cfr_882_5891(plan, &scenario.setup),
        };
        if args.json {
            say_json(out, &listing.json(scenario.row.name))
        } else {
            say(out, &listing.text(scenario.row.name, Paint::for_stdout()))
        }
    })
}

pub(crate) fn denied_text(denied: &nmes_safety::Denied<'_>) -> String {
    let rows: Vec<String> = denied.report().denied().map(ToString::to_string).collect();
    rows.join("\n  ")
}

/// The whole road of one scenario, up to the end of the run, for somebody to look at.
///
/// # Errors
/// Bad input, or denied; a fault in the run is no error here, see [`Shown::fault`].
pub fn with_run<T>(ask: &Ask, look: impl FnOnce(&Shown<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    with_kept_run(ask, None, look)
}

fn with_kept_run<T>(
    ask: &Ask,
    memory: Option<&Memory>,
    look: impl FnOnce(&Shown<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let scenario = Scenario::of(ask)?;
    let mut storage = Storage::new();
    let built = scenario.build(&mut storage)?;
    let gait = gait_of(&built, scenario.row)?;
    let plan = scenario.compile(&built)?;
    let checked = check(plan, &scenario.setup, &scenario.profile);
    let checked = checked.map_err(|denied| Failure::Denied(denied_text(&denied)))?;
    memory.map_or(Ok(()), Memory::begin)?;
    let run = with_progress(&scenario, &gait, &checked)?;
    look(&Shown::of(&scenario, (&built, &gait), &checked, &run))
}

/// The workbench runs what a walk triggers.
fn gait_of(built: &Built<'_>, row: &Condition) -> Result<GaitConfig, Failure> {
    built.gait.ok_or_else(|| {
        let steps = CATALOGUE.iter().filter(|row| row.schedule.step().is_some()).map(|row| row.name);
        let steps: Vec<&str> = steps.collect();
        Failure::Input(format!(
            "protocol {}: no trains that follow steps, and only those are run on a walk; accepted: {}; `nmes run` and \
             `nmes check` take every protocol",
            row.name,
            steps.join(", ")
        ))
    })
}

/// A bar on standard error, where that is a terminal; else nothing.
fn with_progress(scenario: &Scenario, gait: &GaitConfig, checked: &Checked<'_>) -> Result<Run, Failure> {
    let bar = progress(checked.plan().session());
    let result = run(scenario, gait, checked, &mut |t_us| bar.set_position(t_us / 1_000));
    bar.finish_and_clear();
    result
}

fn progress(session: &Session<'_>) -> ProgressBar {
    let bar = ProgressBar::new(end_us(session).div_ceil(1_000));
    if let Ok(style) = ProgressStyle::with_template("simulating {bar:40} {percent} %") {
        bar.set_style(style);
    }
    bar
}

/// A run that was not "done" ends with exit status 1, after all that there is to show.
fn verdict(shown: &Shown<'_>) -> Result<(), Failure> {
    shown.fault().map_or(Ok(()), |fault| Err(Failure::Faulted(fault)))
}

fn run_all(args: &RunArgs, out: &mut dyn Write) -> Result<(), Failure> {
    // a session file is played as it stands
    let row = args.ask.protocol.as_deref().and_then(nmes_protocols::find);
    let own = row.is_some_and(|row| crate::trial::has_own_trigger(row.trigger.value));
    unused::in_run(args, row)?;
    let memory = args.memory.as_deref().map(Memory::open).transpose()?;
    let memory = memory.as_ref();
    memory.and_then(Memory::damaged).into_iter().for_each(|damaged| say_aside(&format!("note: {damaged}")));
    if own { crate::trial::run_trial(args, memory, out) } else { run_and_show(args, memory, out) }
}

/// A session that runs by its own clock, or by a timer in place of its trigger, for somebody to look at.
///
/// # Errors
/// Bad input, or denied; a fault in the run is no error here, see [`PlayedShown::fault`].
pub fn with_play<T>(
    scenario: &Scenario,
    memory: Option<&Memory>,
    look: impl FnOnce(&PlayedShown<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut storage = Storage::new();
    let built = scenario.build(&mut storage)?;
    let plan = scenario.compile(&built)?;
    let checked = check(plan, &scenario.setup, &scenario.profile);
    let checked = checked.map_err(|denied| Failure::Denied(denied_text(&denied)))?;
    memory.map_or(Ok(()), Memory::begin)?;
    let bar = progress(checked.plan().session());
    let desk = scenario.desk();
    let played = play(&desk, &checked, scenario.stop, &mut |t_us| bar.set_position(t_us / 1_000));
    bar.finish_and_clear();
    look(&PlayedShown { scenario, built: &built, checked: &checked, played: &played? })
}

fn play_and_show(
    args: &RunArgs,
    scenario: &Scenario,
    memory: Option<&Memory>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    with_play(scenario, memory, |shown| {
        memory.map_or(Ok(()), |memory| memory.keep(shown.checked, shown.played))?;
        let svg = args.out_dir.join(picture_name(scenario.row));
        let drawn = envelope(shown).to_svg().map_err(|error| Failure::writing(&svg, &error))?;
        let mut files = Files::default();
        files.add(&svg, |file| file.write_all(drawn.as_bytes()))?;
        files.add(&args.out_dir.join(PULSES), |file| {
            write_pulses(&shown.played.pulses, &scenario.hardware, file)
        })?;
        let written = files.keep()?;
        if args.json {
            say_run(out, memory, &shown.json())?;
        } else {
            say(out, &format!("{}\nWritten: {written}\n", shown.text(Paint::for_stdout())))?;
        }
        shown.verdict()
    })
}

/// Whether the session is not one of steps, and so runs without a walk.
fn plays(scenario: &Scenario) -> bool {
    scenario.row.schedule.step().is_none()
}

fn run_and_show(args: &RunArgs, memory: Option<&Memory>, out: &mut dyn Write) -> Result<(), Failure> {
    let scenario = Scenario::to_run(&args.ask)?;
    let names = [picture_name(scenario.row), PULSES.to_owned()];
    names.iter().try_for_each(|name| is_no_input(&args.out_dir.join(name), &args.ask))?;
    if plays(&scenario) {
        unused::steps_of(args, scenario.row)?;
        return play_and_show(args, &scenario, memory, out);
    }
    with_kept_run(&args.ask, memory, |shown| {
        memory.map_or(Ok(()), |memory| memory.keep(shown.checked, &shown.run.played))?;
        let svg = args.out_dir.join(picture_name(scenario.row));
        let drawn = picture(shown).to_svg().map_err(|error| Failure::writing(&svg, &error))?;
        let mut files = Files::default();
        files.add(&svg, |file| file.write_all(drawn.as_bytes()))?;
        files.add(&args.out_dir.join(PULSES), |file| {
            write_pulses(&shown.run.played.pulses, &shown.scenario.hardware, file)
        })?;
        let written = files.keep()?;
        if args.json {
            say_run(out, memory, &RunJson::from(shown))?;
        } else {
            let text = run_text(shown, args.steps, Paint::for_stdout());
            say(out, &format!("{text}\nWritten: {written}\n"))?;
        }
        verdict(shown)
    })
}

fn events(args: &EventsArgs, out: &mut dyn Write) -> Result<(), Failure> {
    args.out.iter().try_for_each(|path| is_no_input(path, &args.ask))?;
    let scenario = Scenario::to_run(&args.ask)?;
    if plays(&scenario) {
        return with_play(&scenario, None, |shown| {
            say_changes(args, &shown.played.changes, &scenario, out)?;
            shown.aside().iter().for_each(|line| say_aside(line));
            shown.verdict()
        });
    }
    with_run(&args.ask, |shown| {
        say_changes(args, &shown.run.played.changes, shown.scenario, out)?;
        shown.notes().iter().for_each(|note| say_aside(&format!("note: {note}")));
        verdict(shown)
    })
}

fn say_changes(
    args: &EventsArgs,
    changes: &[LevelChange],
    scenario: &Scenario,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let hardware = &scenario.hardware;
    if let Some(path) = &args.out {
        let mut files = Files::default();
        files.add(path, |file| write_changes(changes, hardware, args.format, file))?;
        return files.keep().map(drop);
    }
    let mut text = Vec::new();
    let written = write_changes(changes, hardware, args.format, &mut text);
    written.map_err(|error| Failure::Input(format!("standard output: {error}")))?;
    say(out, &String::from_utf8_lossy(&text))
}

/// What the picture of a run is called where no other name is given.
fn picture_name(row: &Condition) -> String {
    let name = if row.schedule.step().is_some() { "foot-drop" } else { row.name };
    format!("{name}.svg")
}

fn plot(args: &PlotArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let scenario = Scenario::to_run(&args.ask)?;
    let path = args.out.clone().unwrap_or_else(|| picture_name(scenario.row).into());
    is_no_input(&path, &args.ask)?;
    let mut write = |drawn: Result<String, DrawError>| {
        let drawn = drawn.map_err(|error| Failure::writing(&path, &error))?;
        let mut files = Files::default();
        files.add(&path, |file| file.write_all(drawn.as_bytes()))?;
        say(out, &format!("{WARNING}\nWritten: {}\n", files.keep()?))
    };
    if plays(&scenario) {
        return with_play(&scenario, None, |shown| {
            write(envelope(shown).to_svg())?;
            shown.aside().iter().for_each(|line| say_aside(line));
            shown.verdict()
        });
    }
    with_run(&args.ask, |shown| {
        write(picture(shown).to_svg())?;
        shown.notes().iter().for_each(|note| say_aside(&format!("note: {note}")));
        verdict(shown)
    })
}
