//! Session, subject and diary files and a device's records: what is written, shown and measured for them.

use super::Ask;
use crate::parse;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What can be done with session files.
#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "one command line, parsed once")]
pub enum SessionCommand {
    /// Write the session of a protocol, every number of it.
    Export(ExportArgs),
    /// Hold a session, subject or diary file against what such a file may say.
    Validate(ValidateArgs),
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FileSyntax {
    /// For people.
    Toml,
    /// For programs.
    Json,
}

/// Arguments of `session export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// What is asked.
    #[command(flatten)]
    pub ask: Ask,
    /// How the file is written; default: by the end of its name, else toml.
    #[arg(long, value_enum, help_heading = "Output")]
    pub format: Option<FileSyntax>,
    /// The week of treatment: what the protocol changes by week holds, where nothing else is asked for.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..), conflicts_with = "session")]
    pub week: Option<u8>,
    /// Write to a file instead of the terminal.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
}

/// Arguments of `session validate`.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// The file; `.json` is JSON, anything else TOML.
    pub file: PathBuf,
}

/// Arguments of `diary`.
#[derive(Debug, Args)]
pub struct DiaryArgs {
    /// The file; `.json` is JSON, anything else TOML.
    pub file: PathBuf,
    /// How it is shown.
    #[arg(long, value_enum, default_value_t = DiaryShape::Text)]
    pub format: DiaryShape,
}

/// How a diary is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiaryShape {
    /// Tables.
    Text,
    /// One line a session.
    Csv,
    /// As the file has it.
    Json,
}

/// Arguments of `titrate`.
#[derive(Debug, Args)]
pub struct TitrateArgs {
    /// What is asked.
    #[command(flatten)]
    pub ask: Ask,
    /// Keys instead of the simulated person: after each train a line of s, m, f, x (sensory, motor, functional, no more)
    /// or nothing; any other key stops at once.
    #[arg(long, help_heading = "Simulated person")]
    pub keys: bool,
    /// Amplitude that is just felt; default: drawn from the seed, as are the others.
    #[arg(long, value_name = "X", value_parser = parse::milliamps, help_heading = "Simulated person")]
    pub sensory_ma: Option<u32>,
    /// Amplitude at which the muscle model just answers.
    #[arg(long, value_name = "X", value_parser = parse::milliamps, help_heading = "Simulated person")]
    pub motor_ma: Option<u32>,
    /// Amplitude at which what is aimed at is seen.
    #[arg(long, value_name = "X", value_parser = parse::milliamps, help_heading = "Simulated person")]
    pub functional_ma: Option<u32>,
    /// Amplitude at which the person says no more.
    #[arg(long, value_name = "X", value_parser = parse::milliamps, help_heading = "Simulated person")]
    pub maximum_ma: Option<u32>,
    /// The person presses a key in the first train at this amplitude.
    #[arg(long, value_name = "X", value_parser = parse::milliamps, help_heading = "Simulated person")]
    pub key_at_ma: Option<u32>,
    /// Never above this; default: the top of the protocol's range, or the person's limit where that is lower.
    #[arg(long, value_name = "X", value_parser = parse::milliamps, help_heading = "Titration")]
    pub ceiling_ma: Option<u32>,
    /// Ascents of which the medians are taken.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=5), help_heading = "Titration")]
    pub repeats: u8,
    /// The channel that is measured, of those that the protocol may have.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=7), help_heading = "Titration")]
    pub channel: u8,
    /// The day that the file says, as 2026-11-21; default: today, by the clock of this computer and UTC.
    #[arg(long, value_name = "DAY", value_parser = parse::day, help_heading = "Output")]
    pub date: Option<nmes_protocols::Date>,
    /// Where the active pad is, in words.
    #[arg(long, value_name = "WORDS", default_value = "marked on the skin", help_heading = "Output")]
    pub placement: String,
    /// A code for the person.
    #[arg(long, value_name = "CODE", default_value = "SIM-1", help_heading = "Output")]
    pub code: String,
    /// The subject file to write; default: only shown.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// List every train.
    #[arg(long, help_heading = "Output")]
    pub trains: bool,
}

/// Arguments of `records`.
#[derive(Debug, Args)]
pub struct RecordsArgs {
    /// Files, or folders as `nmes run --memory` writes them.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// How they are shown.
    #[arg(long, value_enum, default_value_t = RecordShape::Text)]
    pub format: RecordShape,
}

/// How records are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RecordShape {
    /// Tables; of a delivered log a line for each session and channel.
    Text,
    /// One line a pulse, of delivered logs alone.
    Csv,
    /// Every field.
    Json,
}
