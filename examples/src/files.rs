//! Session, subject and diary files on the command line.

use crate::app::say;
use crate::cli::{ExportArgs, FileSyntax, SessionCommand, ValidateArgs, unused};
use crate::failure::Failure;
use crate::flags;
use crate::own::SessionOnDisk;
use crate::records::save;
use crate::scenario::Scenario;
use nmes_protocols::files::{
    DiaryFile, FileError, FileProblem, OwnFile, SessionFile, SubjectFile, Syntax, TextError,
};
use nmes_protocols::{Answers, Innervation, Side, Storage, Subject};
use std::io::Write;
use std::path::Path;

/// Longer files are not read: the largest diary is well below it.
const LONGEST: u64 = 4_000_000;

fn text(path: &Path) -> Result<(String, Syntax), Failure> {
    let refuse = |what: &dyn std::fmt::Display| Failure::Input(format!("{}: {what}", path.display()));
    let length = std::fs::metadata(path).map_err(|error| refuse(&error))?.len();
    if length > LONGEST {
        return Err(refuse(&format!("{length} bytes; accepted: up to {LONGEST}")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| refuse(&error))?;
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

/// `nmes session`.
pub(crate) fn run(command: &SessionCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        SessionCommand::Export(args) => export(args, out).map_err(Failure::of_check),
        SessionCommand::Validate(args) => validate(args, out).map_err(Failure::of_check),
    }
}

fn export(args: &ExportArgs, out: &mut dyn Write) -> Result<(), Failure> {
    unused::where_nothing_runs(&args.ask)?;
    let mut scenario = Scenario::of(&args.ask)?;
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
            save(path, |to| to.write_all(text.as_bytes()))?;
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
            let (measured, limits) = (file.measured.len(), file.limits.len());
            say(
                out,
                &format!("{path}: a subject, {} channels measured, {limits} limits of their own\n", measured),
            )
        }
        Some("nmes-diary") => {
            let file = diary(&args.file)?;
            say(out, &format!("{path}: a diary of {} sessions\n", file.sessions.len()))
        }
        _ => validate_session(args, out),
    }
}

/// For somebody whom the row is for and who answered every question with no.
fn validate_session(args: &ValidateArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let (path, file) = session(&args.file)?;
    let row = file.row().map_err(|error| refused(&path, &error))?;
    let fits = [Innervation::Intact, Innervation::PartiallyDenervated, Innervation::Denervated];
    let innervation = fits.into_iter().find(|i| row.needs.accepts(*i)).unwrap_or(Innervation::Unknown);
    let mut storage = Storage::new();
    let built = file.build(&Subject::new(innervation, Side::Left), &Answers::all_no(), &mut storage);
    let built = built.map_err(|error| refused(&path, &error))?;
    let (channels, seconds) = (built.session.channels().len(), built.session.length().as_millis() / 1_000);
    if let SessionOnDisk::Own(own) = &file {
        let head =
            format!("{path}: a session of one's own, \"{}\", {channels} channels, {seconds} s", own.name);
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
            "{path}: a session of {}, {} channels, {} s; not as the protocol has it by default: {changed}\n{notes}  Taken \
             for somebody with \"no\" to every question; `nmes check --session` holds it against every limit.\n",
            row.name, channels, seconds
        ),
    )
}
