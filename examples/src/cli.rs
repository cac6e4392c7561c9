//! The command line: what can be asked, in words a person can follow.

use crate::device::DeviceArgs;
use crate::device::simulate::SimulateArgs;
use crate::gait::Foot;
use crate::made_walk::MadeWalkArgs;
use crate::parse;
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
  nmes report foot-drop --format fda-510k-table
      what the plan puts out, in the seventeen rows of FDA's guidance of 1999
  nmes list
      all protocols by group
  nmes show knee-oa
      every number with its source
  nmes screen foot-drop --pacemaker --pregnant
      what blocks, what asks, and why
  nmes campaign --kinds clock,bridge --runs 100
      what comes of faults in clock and bridge, at 100 random instants each
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
  nmes titrate foot-drop --seed 4 --out person.toml
      thresholds of a simulated person, train by train

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
    /// Print every level change on the output, one a line.
    Events(EventsArgs),
    /// Draw the picture of a run, nothing else.
    Plot(PlotArgs),
    /// Show one pulse and a train of any kind: as compiled for an output stage, level by level; list the kinds.
    Wave(Box<WaveArgs>),
    /// Put one fault after another into simulated sessions, and print what came of it as a page of Markdown.
    Campaign(CampaignArgs),
    /// Write a protocol as a session file, or look at a file.
    #[command(subcommand)]
    Session(SessionCommand),
    /// Measure thresholds of a simulated person, train by train, and write a subject file.
    Titrate(TitrateArgs),
    /// Show a diary: sessions, adherence, skin, events; or write it for other programs.
    Diary(DiaryArgs),
}

/// Arguments of `campaign`.
#[derive(Debug, Args)]
pub struct CampaignArgs {
    /// Kinds of fault by their names in the page, or how these begin, separated by commas; default: all.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub kinds: Vec<String>,
    /// Random instants of each kind.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub runs: u32,
    /// Seed of the instants; the same seed gives the same page.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Write to a file instead of the terminal.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
}

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
    /// The channel that is measured.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=7), help_heading = "Titration")]
    pub channel: u8,
    /// The day that the file says, as 2026-11-21.
    #[arg(long, value_name = "DAY", value_parser = parse::day, default_value = "2026-01-01", help_heading = "Output")]
    pub date: nmes_protocols::Date,
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
    /// An item that was answered with yes, read and accepted, by its word below; may stand several times.
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
    /// Where foot-drop.svg and pulses.csv are written; fes-cycle.svg for a crank, emg.svg for an EMG trigger.
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "Output")]
    pub out_dir: PathBuf,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes the doc comment of a flattened field for a help text")]
    pub crank: CrankArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub emg: EmgArgs,
}

/// The crank.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Crank (a simulated one, for protocols that a crank triggers)")]
pub struct CrankArgs {
    /// Turns a minute.
    #[arg(long, value_name = "X", value_parser = parse::rpm, allow_hyphen_values = true, default_value = "35")]
    pub rpm: u32,
    /// Turns a minute at the end; changes evenly over the middle third.
    #[arg(long, value_name = "X", value_parser = parse::rpm, allow_hyphen_values = true)]
    pub rpm_to: Option<u32>,
    /// Whose windows.
    #[arg(long, value_enum, default_value_t = CrankWord::Trike)]
    pub windows: CrankWord,
    /// What is done to crank or encoder.
    #[arg(long, value_enum)]
    pub harm: Option<CrankHarm>,
    /// When; default: after two thirds.
    #[arg(long, value_name = "S", value_parser = parse::seconds, requires = "harm", allow_hyphen_values = true)]
    pub harm_at_s: Option<u32>,
}

/// Sources of windows for the legs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CrankWord {
    /// The trike of EMA.
    Trike,
    /// A cycle in simulation.
    SimulatedCycle,
}

/// Harm to a crank or its encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CrankHarm {
    /// The rider stops.
    Stop,
    /// The crank turns backwards.
    Reverse,
    /// The crank turns faster and faster.
    Race,
    /// No sample comes any more.
    Silent,
    /// The counter stands while a motor turns the crank.
    Lost,
    /// The counter jumps by a fifth of a turn.
    Jump,
    /// The counter trembles by twenty counts.
    Tremble,
}

impl CrankHarm {
    /// A few words for a report.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stop => "the rider stops",
            Self::Reverse => "backwards",
            Self::Race => "faster and faster",
            Self::Silent => "no samples",
            Self::Lost => "a counter that stands while the motor turns",
            Self::Jump => "a jump of the counter",
            Self::Tremble => "a counter that trembles",
        }
    }
}

/// The forearm.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "EMG (a simulated one, for protocols that it triggers)")]
pub struct EmgArgs {
    /// Noise at rest, one standard deviation.
    #[arg(long, value_name = "UV", value_parser = parse::microvolts, allow_hyphen_values = true, default_value = "3")]
    pub noise_uv: u32,
    /// EMG of an effort, one standard deviation.
    #[arg(long, value_name = "UV", value_parser = parse::microvolts, allow_hyphen_values = true, default_value = "40")]
    pub effort_uv: u32,
    /// Hum of the mains.
    #[arg(long, value_name = "UV", value_parser = parse::microvolts, allow_hyphen_values = true, default_value = "0")]
    pub hum_uv: u32,
    /// An effort this often; those that fall into a train or its rest are not waited for.
    #[arg(long, value_name = "S", value_parser = parse::seconds, allow_hyphen_values = true, default_value = "11")]
    pub effort_every_s: u32,
    /// The trigger is not told of the pulses.
    #[arg(long)]
    pub no_blanking: bool,
    /// An electrode comes off at this second.
    #[arg(long, value_name = "S", value_parser = parse::seconds, allow_hyphen_values = true)]
    pub lead_off_at_s: Option<u32>,
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
    /// The SVG file to write.
    #[arg(long, value_name = "FILE", default_value = "foot-drop.svg", help_heading = "Output")]
    pub out: PathBuf,
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

/// Which of the two a ramp moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ControlWord {
    /// The amplitude; the width stays.
    Amplitude,
    /// The width; the amplitude stays.
    Width,
}

/// Which switches start a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TriggerWord {
    /// The treated heel alone, debounced before each step.
    Heel,
    /// The treated heel; just after a strike of the other heel at the first edge of its lift.
    BothHeels,
}

/// What is known of the nerve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InnervationWord {
    /// The peroneal nerve conducts.
    Intact,
    /// Some of it does.
    Partial,
    /// The muscle has lost its nerve.
    Denervated,
    /// Nobody looked.
    Unknown,
}

/// How output ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StopWord {
    /// The pulse under way is finished; nothing is left over.
    Finish,
    /// The charge of the pulse under way is paid back at once.
    Recover,
    /// Open at once; the charge left over is reported.
    Off,
}

/// What is asked of a session: all options that a run, a check and a listing share.
#[derive(Clone, Debug, Args)]
pub struct Ask {
    /// The protocol, for example foot-drop (see `nmes list`).
    #[arg(required_unless_present = "session")]
    pub protocol: Option<String>,
    /// A session file in place of a protocol and of the settings of pulse and step (see `nmes session`).
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "protocol", "specialist", "amplitude_ma", "phase_us", "frequency_hz", "gap_us", "control", "delay_ms",
            "ramp_up_ms", "extension_ms", "ramp_down_ms", "ramp_floor_ma", "seconds",
        ]
    )]
    pub session: Option<PathBuf>,
    /// A subject file in place of what is said of the person; its answers, thresholds, pads and limits hold.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["side", "innervation", "motor_threshold_ma"])]
    pub subject: Option<PathBuf>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes the doc comment of a flattened field for a help text")]
    pub person: Person,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub pulse: PulseArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub shape: StepShape,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub walk: WalkArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub stage: StageArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub load: LoadArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub stop: StopArgs,
}

/// What is known of the person.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Person (a simulated one)")]
pub struct Person {
    /// The treated foot.
    #[arg(long, value_enum, default_value_t = Foot::Left)]
    pub side: Foot,
    /// State of the nerve of the muscle.
    #[arg(long, value_enum, default_value_t = InnervationWord::Intact)]
    pub innervation: InnervationWord,
    /// Motor threshold at the set width; ramps start just below it.
    #[arg(long, value_name = "X", value_parser = parse::milliamps, allow_hyphen_values = true, default_value = "25")]
    pub motor_threshold_ma: u32,
    /// A specialist asks: opens the protocols that are kept behind that gate, and loosens nothing else.
    #[arg(long)]
    pub specialist: bool,
}

/// The pulse and its rate.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Pulse (default: as the protocol states)")]
pub struct PulseArgs {
    /// Amplitude of the primary phase.
    #[arg(long, value_name = "X", value_parser = parse::milliamps, allow_hyphen_values = true)]
    pub amplitude_ma: Option<u32>,
    /// Width of the primary phase.
    #[arg(long, value_name = "N", value_parser = parse::phase_us, allow_hyphen_values = true)]
    pub phase_us: Option<u32>,
    /// Pulses a second while on.
    #[arg(long, value_name = "F", value_parser = parse::hertz, allow_hyphen_values = true)]
    pub frequency_hz: Option<u32>,
    /// Gap between the phases.
    #[arg(long, value_name = "N", value_parser = parse::short_us, allow_hyphen_values = true)]
    pub gap_us: Option<u32>,
    /// What the ramps move.
    #[arg(long, value_enum)]
    pub control: Option<ControlWord>,
}

/// The shape of one step's stimulation.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Step (default: as the protocol states)")]
pub struct StepShape {
    /// Which heel events start a step; a walk without the other foot's runs on the treated heel alone.
    #[arg(long, value_enum, default_value_t = TriggerWord::BothHeels)]
    pub trigger: TriggerWord,
    /// From heel-off to the start of the ramp.
    #[arg(long, value_name = "N", value_parser = parse::millis, allow_hyphen_values = true)]
    pub delay_ms: Option<u32>,
    /// From the floor to full level.
    #[arg(long, value_name = "N", value_parser = parse::millis, allow_hyphen_values = true)]
    pub ramp_up_ms: Option<u32>,
    /// How long the level stays after heel strike.
    #[arg(long, value_name = "N", value_parser = parse::millis, allow_hyphen_values = true)]
    pub extension_ms: Option<u32>,
    /// From full level to the floor.
    #[arg(long, value_name = "N", value_parser = parse::millis, allow_hyphen_values = true)]
    pub ramp_down_ms: Option<u32>,
    /// Where ramps start; default 0.9 of the motor threshold.
    #[arg(long, value_name = "X", value_parser = parse::milliamps_or_zero, allow_hyphen_values = true)]
    pub ramp_floor_ma: Option<u32>,
}

/// The walk.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Walk")]
pub struct WalkArgs {
    /// Foot events: columns t_us,foot,event (left, right; heel_off, toe_off, heel_strike); default: a built-in walk.
    #[arg(long, value_name = "FILE.csv")]
    pub gait: Option<PathBuf>,
    /// End after S seconds of session time; default: when the walk is over.
    #[arg(long, value_name = "S", value_parser = parse::seconds, allow_hyphen_values = true)]
    pub seconds: Option<u32>,
}

/// The simulated output stage.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output stage (what the plan is compiled for)")]
pub struct StageArgs {
    /// Ticks of its timer in one second.
    #[arg(long, value_name = "N", value_parser = parse::whole, allow_hyphen_values = true, default_value = "1000000")]
    pub ticks_hz: u32,
    /// Nanoamperes of one DAC code.
    #[arg(long, value_name = "N", value_parser = parse::whole, allow_hyphen_values = true, default_value = "61035")]
    pub na_per_code: u32,
    /// Lowest DAC code.
    #[arg(long, value_name = "N", value_parser = parse::code, allow_hyphen_values = true, default_value = "-2048")]
    pub code_min: i32,
    /// Highest DAC code.
    #[arg(long, value_name = "N", value_parser = parse::code, allow_hyphen_values = true, default_value = "2047")]
    pub code_max: i32,
    /// Apply every edge late by a random 0 to N µs.
    #[arg(long, value_name = "N", value_parser = parse::short_us, allow_hyphen_values = true, default_value = "0")]
    pub late_us: u32,
    /// Seed of the lateness.
    #[arg(long, value_name = "N", value_parser = parse::seed, allow_hyphen_values = true, default_value = "1")]
    pub seed: u64,
    /// The lateness the plan is compiled for; default: as --late-us. Later than declared is a fault.
    #[arg(long, value_name = "M", value_parser = parse::short_us, allow_hyphen_values = true)]
    pub declared_late_us: Option<u32>,
}

/// The simulated load, and what the check assumes of it.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Load and limits")]
pub struct LoadArgs {
    /// Resistance between the electrodes, as simulated.
    #[arg(long, value_name = "R", value_parser = parse::ohms, allow_hyphen_values = true, default_value = "1000")]
    pub load_ohm: u32,
    /// The resistance that the check takes as the largest; what really comes may be more, as pads dry out.
    #[arg(long, value_name = "R", value_parser = parse::ohms, allow_hyphen_values = true, default_value = "1000")]
    pub checked_load_ohm: u32,
    /// Supply rail of the output stage.
    #[arg(long, value_name = "V", value_parser = parse::volts, allow_hyphen_values = true, default_value = "150")]
    pub rail_v: u32,
    /// How much stronger the negative polarity is than commanded.
    #[arg(long, value_name = "P", value_parser = parse::percent, allow_hyphen_values = true, default_value = "0")]
    pub polarity_mismatch_pct: i32,
    /// Area of the smaller electrode; default: 20 in walking, else as the protocol states.
    #[arg(long, value_name = "A", value_parser = parse::square_cm, allow_hyphen_values = true)]
    pub electrode_cm2: Option<u32>,
    /// Share of that area that touches the skin, as the check assumes it; default: as the rule states.
    #[arg(long, value_name = "K", value_parser = parse::fraction, allow_hyphen_values = true)]
    pub contact_fraction: Option<u32>,
    /// The set of limits.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// An early end.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Stop")]
pub struct StopArgs {
    /// Stop at this microsecond of session time.
    #[arg(long, value_name = "T", value_parser = parse::moment_us, allow_hyphen_values = true)]
    pub stop_at_us: Option<u64>,
    /// How.
    #[arg(long, value_enum, default_value_t = StopWord::Finish, requires = "stop_at_us")]
    pub stop: StopWord,
}
