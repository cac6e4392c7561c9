//! Session, subject and diary files on the command line.

use crate::app::say;
use crate::cli::{ExportArgs, FileSyntax, SessionCommand, ValidateArgs, unused};
use crate::desk::length_text;
use crate::failure::Failure;
use crate::flags;
use crate::names::find_row;
use crate::own::SessionOnDisk;
use crate::scenario::{Scenario, usual_hardware};
use crate::text::shown;
use crate::written::save_whole;
use nmes_core::Plan;
use nmes_protocols::files::{
    DiaryFile, FileError, FileProblem, FileRoom, OwnFile, SessionFile, SubjectFile, Syntax, TextError,
};
use nmes_protocols::{Answers, Built, Condition, Innervation, Side, Storage, Subject};
use std::io::{Read, Write};
use std::path::Path;

/// Longer files are not read: the largest diary is well below it.
const LONGEST: u64 = 4_000_000;

/// What is in a file, or comes out of a pipe, of up to `most` bytes.
///
/// # Errors
/// It cannot be read, or there is more.
pub(crate) fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let mut read = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(most.saturating_add(1)).read_to_end(&mut read).map_err(|error| error.to_string())?;
    if read.len() as u64 > most {
        return Err(format!("more than {most} bytes; accepted: up to {most}"));
    }
    Ok(read)
}

fn text(path: &Path) -> Result<(String, Syntax), Failure> {
    let refuse = |what: &dyn std::fmt::Display| Failure::Input(format!("{}: {what}", path.display()));
    let read = bytes(path, LONGEST).map_err(|what| refuse(&what))?;
    let text = String::from_utf8(read).map_err(|error| refuse(&format!("not UTF-8: {error}")))?;
    let text = text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned);
    Ok((text, Syntax::of_name(&path.to_string_lossy())))
}

fn read<T>(path: &Path, parse: impl Fn(&str, Syntax) -> Result<T, TextError>) -> Result<T, Failure> {
    let (text, syntax) = text(path)?;
    parse(&text, syntax).map_err(|error| Failure::Input(format!("{}: {error}", path.display())))
}

/// A session file of either kind and its path.
pub(crate) fn session(path: &Path) -> Result<(String, SessionOnDisk), Failure> {
    let (text, syntax) = text(path)?;
    let file = match format_of(&text, syntax).as_deref() {
        Some("nmes-own-session") => SessionOnDisk::Own(Box::leak(Box::new(read(path, OwnFile::from_text)?))),
        _ => SessionOnDisk::Protocol(Box::new(read(path, SessionFile::from_text)?)),
    };
    Ok((path.display().to_string(), file))
}

/// Before anything is made of them, the pads of a session of one's own are held against what a file may say.
pub(crate) fn sizes(file: Option<&(String, SessionOnDisk)>) -> Result<(), Failure> {
    let Some((path, SessionOnDisk::Own(own))) = file else { return Ok(()) };
    own.session(&mut FileRoom::new()).map(drop).map_err(|error| refused(path, &error))
}

pub(crate) fn subject(path: &Path) -> Result<SubjectFile, Failure> {
    read(path, SubjectFile::from_text)
}

pub(crate) fn diary(path: &Path) -> Result<DiaryFile, Failure> {
    read(path, DiaryFile::from_text)
}

/// A file that its protocol does not take: a gate or an answer denies, anything else is bad input.
pub(crate) fn refused(path: &str, error: &FileError) -> Failure {
    let said = format!("{path}: {error}");
    if let FileProblem::Build(build) = &error.problem
        && matches!(flags::of_build(build), Failure::Denied(_))
    {
        return Failure::Denied(said);
    }
    Failure::Input(said)
}

/// The protocol that a session file names; or what stands for one.
pub(crate) fn row(path: &str, file: &SessionOnDisk) -> Result<&'static Condition, Failure> {
    if let SessionOnDisk::Protocol(file) = file {
        let known = |failure: Failure| match &failure {
            Failure::Input(said) => Failure::Input(format!("{path}: {said}")),
            Failure::Denied(_) | Failure::Refused(_) | Failure::Faulted(_) => failure,
        };
        return find_row(&file.protocol).map_err(known);
    }
    file.row().map_err(|error| refused(path, &error))
}

/// `nmes session`.
pub(crate) fn run(command: &SessionCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        SessionCommand::Export(args) => export(args, out).map_err(Failure::of_check),
        SessionCommand::Validate(args) => validate(args, out).map_err(Failure::of_check),
    }
}

fn export(args: &ExportArgs, out: &mut dyn Write) -> Result<(), Failure> {
    unused::where_nothing_runs(&args.ask)?;
    unused::in_export(&args.ask)?;
    let mut scenario = Scenario::of(&args.ask)?;
    unused::week_of(args.week, scenario.row)?;
    if let Some(week) = args.week {
        scenario.request = scenario.row.in_week(week, &scenario.request);
    }
    // the length of a walk is no length of a protocol
    if scenario.length_from_walk {
        scenario.request.length = None;
    }
    let mut storage = Storage::new();
    let built = scenario.build(&mut storage)?;
    let file = match &scenario.file {
        Some((_, file)) => file.clone(),
        None => SessionFile::of(scenario.row, &scenario.request, &built)
            .map(|file| SessionOnDisk::Protocol(Box::new(file)))
            .ok_or_else(|| Failure::Input(format!("{}: no room in a file", scenario.row.name)))?,
    };
    let by_name = args.out.as_deref().map_or(Syntax::Toml, |path| Syntax::of_name(&path.to_string_lossy()));
    let syntax = match args.format {
        Some(FileSyntax::Toml) => Syntax::Toml,
        Some(FileSyntax::Json) => Syntax::Json,
        None => by_name,
    };
    let text = file.to_text(syntax);
    match &args.out {
        None => say(out, &text),
        Some(path) => {
            let own = args.ask.session.as_deref();
            save_whole(path, own, "--session", text.as_bytes())?;
            let made_up = scenario.made_up().map_or(String::new(), |what| format!(" ({what})"));
            say(out, &format!("Written: {}{made_up}\n", path.display()))
        }
    }
}

/// Only the head of a file.
#[derive(serde::Deserialize)]
struct Head {
    format: Option<String>,
}

/// What the first line says that a file is.
fn format_of(text: &str, syntax: Syntax) -> Option<String> {
    let head: Option<Head> = match syntax {
        Syntax::Json => serde_json::from_str(text).ok(),
        Syntax::Toml => toml::from_str(text).ok(),
    };
    head.and_then(|head| head.format)
}

fn validate(args: &ValidateArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let (text, syntax) = text(&args.file)?;
    let path = args.file.display();
    match format_of(&text, syntax).as_deref() {
        Some("nmes-subject") => {
            let file = subject(&args.file)?;
            let measured = counted(file.measured.len(), "channel");
            let limits = counted(file.limits.len(), "limit");
            say(out, &format!("{path}: a subject, {measured} measured, {limits} of their own\n"))
        }
        Some("nmes-diary") => {
            let file = diary(&args.file)?;
            say(out, &format!("{path}: a diary of {}\n", counted(file.sessions.len(), "session")))
        }
        _ => validate_session(args, out),
    }
}

/// For somebody whom the row is for and who answered every question with no.
fn validate_session(args: &ValidateArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let (path, file) = session(&args.file)?;
    let row = row(&path, &file)?;
    let fits = [Innervation::Intact, Innervation::PartiallyDenervated, Innervation::Denervated];
    let innervation = fits.into_iter().find(|i| row.needs.accepts(*i)).unwrap_or(Innervation::Unknown);
    let mut storage = Storage::new();
    let built = file.build(&Subject::new(innervation, Side::Left), &Answers::all_no(), &mut storage);
    let built = built.map_err(|error| refused(&path, &error))?;
    compiles(&path, &built)?;
    let channels = counted(built.session.channels().len(), "channel");
    let length = length_text(&built.session);
    if let SessionOnDisk::Own(own) = &file {
        let head = format!("{path}: a session of one's own, \"{}\", {channels}, {length}", shown(&own.name));
        return say(
            out,
            &format!(
                "{head}; no protocol stands behind it.\n  Taken for somebody with \"no\" to every question; \
                 `nmes check --session` holds it against every limit.\n"
            ),
        );
    }
    let changed = built.settings.iter().filter(|applied| applied.origin.mark() == "given");
    let changed: Vec<&str> = changed.map(|applied| applied.name).collect();
    let changed = if changed.is_empty() { "nothing".to_owned() } else { changed.join(", ") };
    let notes: String = built.notes().map(|note| format!("  note: {note}\n")).collect();
    say(
        out,
        &format!(
            "{path}: a session of {}, {channels}, {length}; not as the protocol has it by default: {changed}\n{notes}  \
             Taken for somebody with \"no\" to every question; `nmes check --session` holds it against every limit.\n",
            row.name
        ),
    )
}

/// Whether the stage that `nmes run` simulates by default can put it out: what core takes may still be beyond any output.
fn compiles(path: &str, built: &Built<'_>) -> Result<(), Failure> {
    let channels = built.session.channels().len();
    let hardware = usual_hardware(channels).map_err(|error| flags::of_config(&error))?;
    let plan = Plan::compile(&built.session, &hardware);
    plan.map(drop).map_err(|error| Failure::Input(format!("{path}: on the stage that is simulated: {error}")))
}

/// A number of things.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
