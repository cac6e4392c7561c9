//! The command line: what can be asked, in words a person can follow.

mod ask;
mod bodies;
mod files;
pub(crate) mod unused;

pub use ask::{
    Ask, ControlWord, GuardArgs, InnervationWord, LoadArgs, Person, PulseArgs, StageArgs, StepShape,
    StopArgs, StopWord, TriggerWord, WalkArgs,
};
pub(crate) use ask::{CHECKED_OHM, CODE_MAX, CODE_MIN, LOAD_OHM, NA_PER_CODE, RAIL, SEED, TICKS_HZ};
pub use bodies::{CrankArgs, CrankHarm, CrankWord, EmgArgs};
pub use files::{
    DiaryArgs, DiaryShape, ExportArgs, FileSyntax, RecordShape, RecordsArgs, SessionCommand, TitrateArgs,
    ValidateArgs,
};

use crate::device::DeviceArgs;
use crate::device::simulate::SimulateArgs;
use crate::made_walk::MadeWalkArgs;
use crate::screen::YesFlags;
use crate::serve::ServeArgs;
use crate::wave::args::WaveArgs;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  nmes run foot-drop
      a built-in walk, at the protocol's own settings
  nmes run foot-drop --gait walk.csv --side right
      your own foot events
  nmes run foot-drop --amplitude-ma 30 --ramp-up-ms 100
      other settings
  nmes run fes-cycle --rpm 35 --harm reverse
      windows of a simulated crank, and what happens when it turns backwards
  nmes run stroke-wrist-emg --noise-uv 5
      trains that a simulated EMG starts
  nmes check foot-drop --electrode-cm2 8
      the limits only, nothing is run
  nmes run knee-oa --seconds 60
      any protocol: knee-oa.svg has the level of every channel over the session, pulses.csv each pulse
  nmes report foot-drop --format fda-510k-table
      what the plan puts out, in the seventeen rows of FDA's guidance of 1999
  nmes list
      all protocols by group
  nmes show knee-oa
      every number with its source
  nmes screen foot-drop --pacemaker --pregnant
      what blocks, what asks, and why
  nmes events foot-drop --seconds 10 --format csv
      every level change on the output
  nmes wave triphasic --svg triphasic.svg
      one pulse and a train of any kind, as compiled; `nmes wave` lists the kinds
  nmes simulate-device sciencemode4
      a simulated stimulator on a pseudo-terminal, whose name it prints
  nmes run tka-stevens-lapsley --device sciencemode4 --port /dev/pts/3
      a checked session on it, or on a real one, at its user's responsibility
  nmes serve --channels 8 --ceiling-ma 10
      control from another program, as JSON lines (docs/serve.md)
  nmes session export knee-oa --out knee.toml
      every number of a session as a file, to be edited
  nmes check --session knee.toml --subject person.toml
      a file is built, screened and checked like everything else
  nmes run knee-oa --memory device && nmes records device
      what a device keeps of its sessions, and how it reads
  nmes titrate foot-drop --seed 4 --out person.toml
      thresholds of a simulated person, train by train

Programs of their own, which draw force and fatigue, a force held inside a ceiling, and foot drop on both feet:
  cargo run --release -p nmes-examples --example force_and_fatigue -- force-and-fatigue.svg
  cargo run --release -p nmes-examples --example closed_loop -- closed-loop.svg
  cargo run --release -p nmes-examples --example both_feet

Exit status: 0 done; 1 denied by a rule or ended by a fault, which is named; 2 the input cannot be taken.

Everything here is a simulation and not for use on a person, but for what --device connects: see `nmes run --help`.";

/// Electrical muscle stimulation on a desk: from a condition to edges on a DAC, screened, checked and simulated.
#[derive(Debug, Parser)]
#[command(name = "nmes", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the workbench can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the protocols by group, with where their numbers are from and what they were shown to do.
    List(ListArgs),
    /// Show every number and text of a protocol with its source.
    Show(ShowArgs),
    /// Hold answers against the screening table: what blocks, what has to be acknowledged, and why.
    Screen(ScreenArgs),
    /// Hold a protocol against every limit, without running it.
    Check(CheckArgs),
    /// Print what a protocol puts out, in the rows that regulators' documents ask for; nothing is run.
    Report(ReportArgs),
    /// Make a slow, affected walk as a file for `--gait`.
    Walk(MadeWalkArgs),
    /// Run a protocol on a walk, a crank or an EMG against a simulated output stage: report, picture, pulses. With --device,
    /// play a protocol that follows a clock on a commercial stimulator: delivered.csv.
    Run(RunArgs),
    /// Be a simulated commercial stimulator on a pseudo-terminal or a TCP port, and show the whole conversation.
    SimulateDevice(SimulateArgs),
    /// Take commands from another program, pulse by pulse, as JSON lines over TCP.
    Serve(ServeArgs),
    /// Print every level change on the output, one a line. A timer stands in for every trigger but a walk's: of a crank or an EMG that
    /// is another session than `run` has, and standard error says so, with the notes of the session.
    Events(EventsArgs),
    /// Draw the picture of a run, nothing else: a walk with what its steps got, or the level of every channel over a session. A timer
    /// stands in for every trigger but a walk's: of a crank or an EMG that is another session than `run` has, and standard error says
    /// so, with the notes of the session.
    Plot(PlotArgs),
    /// Show one pulse and a train of any kind: as compiled for an output stage, level by level; list the kinds.
    Wave(Box<WaveArgs>),
    /// Write a protocol as a session file, or look at a file.
    #[command(subcommand)]
    Session(SessionCommand),
    /// Measure thresholds of a simulated person, train by train, and write a subject file.
    Titrate(TitrateArgs),
    /// Show what a device kept: dose, delivered pulses, first faults (docs/records.md).
    Records(RecordsArgs),
    /// Show a diary: sessions, adherence, skin, events; or write it for other programs.
    Diary(DiaryArgs),
}

impl Command {
    /// Whether a stimulator was asked for in place of the simulation, of those that print JSON.
    #[must_use]
    pub const fn drives_a_stimulator(&self) -> bool {
        matches!(self, Self::Run(args) if args.device.device.is_some())
    }

    /// Whether JSON was asked for, of those that can be.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        match self {
            Self::List(args) => args.json,
            Self::Show(args) => args.json,
            Self::Screen(args) => args.json,
            Self::Check(args) => args.json,
            Self::Report(args) => args.json,
            Self::Run(args) => args.json,
            Self::Walk(_)
            | Self::SimulateDevice(_)
            | Self::Serve(_)
            | Self::Events(_)
            | Self::Plot(_)
            | Self::Wave(_)
            | Self::Session(_)
            | Self::Titrate(_)
            | Self::Records(_)
            | Self::Diary(_) => false,
        }
    }
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print JSON for programs.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The protocol, for example knee-oa (see `nmes list`).
    pub protocol: String,
    /// Print JSON for programs.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `screen`.
#[derive(Debug, Args)]
pub struct ScreenArgs {
    /// The protocol, for example foot-drop (see `nmes list`).
    pub protocol: String,
    /// Where the pads are, where the protocol knows several places.
    #[arg(long, value_name = "SITE")]
    pub site: Option<String>,
    /// What is known of the nerve; without it that gate is named and not held.
    #[arg(long, value_enum)]
    pub innervation: Option<InnervationWord>,
    /// A specialist asks.
    #[arg(long)]
    pub specialist: bool,
    /// An item that was answered with yes, read and accepted, by its word below, beside its own flag; may stand several times.
    #[arg(long, value_name = "ITEM")]
    pub acknowledge: Vec<String>,
    /// Questions that are not named were not answered; else they are taken as answered with no.
    #[arg(long)]
    pub unanswered: bool,
    /// Print JSON for programs.
    #[arg(long)]
    pub json: bool,
    /// Items that were answered with yes.
    #[command(flatten)]
    pub yes: YesFlags,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// What is asked.
    #[command(flatten)]
    pub ask: Ask,
    /// Print JSON for programs.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// What is asked.
    #[command(flatten)]
    pub ask: Ask,
    /// Which rows.
    #[arg(long, value_enum, default_value_t = ReportFormat::Fda510kTable, help_heading = "Output")]
    pub format: ReportFormat,
    /// Print JSON for programs.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What is asked.
    #[command(flatten)]
    pub ask: Ask,
    /// Print JSON for programs.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes the doc comment of a flattened field for a help text")]
    pub device: DeviceArgs,
    /// List every step, not only those that were not on time.
    #[arg(long, help_heading = "Output")]
    pub steps: bool,
    /// Where the picture and pulses.csv are written. The picture is foot-drop.svg of a walk, fes-cycle.svg of a crank, emg.svg
    /// of an EMG, and else the protocol's name: the level of every channel over the session.
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "Output")]
    pub out_dir: PathBuf,
    /// A folder in place of the device's memory: dose, delivered pulses and first faults are kept there, after those of the
    /// sessions before (see `nmes records`).
    #[arg(long, value_name = "DIR", help_heading = "Output", conflicts_with = "device")]
    pub memory: Option<PathBuf>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes the doc comment of a flattened field for a help text")]
    pub crank: CrankArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub emg: EmgArgs,
}

/// Arguments of `events`.
#[derive(Debug, Args)]
pub struct EventsArgs {
    /// What is asked.
    #[command(flatten)]
    pub ask: Ask,
    /// How each level change is written.
    #[arg(long, value_enum, default_value_t = Format::Csv, help_heading = "Output")]
    pub format: Format,
    /// Write to a file instead of the terminal.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
}

/// Arguments of `plot`.
#[derive(Debug, Args)]
pub struct PlotArgs {
    /// What is asked.
    #[command(flatten)]
    pub ask: Ask,
    /// The SVG file to write; default: as `run` calls it.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
}

/// Which document's rows a report has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// The seventeen output specifications of FDA's guidance on powered muscle stimulators, 1999.
    #[value(name = "fda-510k-table")]
    Fda510kTable,
    /// The output characteristics that 21 CFR 882.5891 lists.
    #[value(name = "cfr-882-5891")]
    Cfr8825891,
    /// Every rule with value, limit, margin and source, as `nmes check` prints them.
    Rules,
}

/// How level changes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A header, then one line each.
    Csv,
    /// One JSON object a line.
    Jsonl,
}
