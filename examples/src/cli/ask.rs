//! What is asked of a session: person, pulse, step, walk, output stage, load and stop.

use crate::gait::Foot;
use crate::parse;
use clap::{Args, ValueEnum};
use nmes_protocols::Innervation;
use std::path::PathBuf;

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
    /// The treated side.
    #[arg(long, value_enum, default_value_t = Foot::Left)]
    pub side: Foot,
    /// State of the nerve of the muscle.
    #[arg(long, value_enum, default_value_t = InnervationWord::Intact)]
    pub innervation: InnervationWord,
    /// Motor threshold at the set width; default: 25 mA where trains follow steps and ramps start just below it, else not
    /// known, and the protocol's own amplitude holds.
    #[arg(long, value_name = "X", value_parser = parse::milliamps, allow_hyphen_values = true)]
    pub motor_threshold_ma: Option<u32>,
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
    /// Which heel events start a step; default: both-heels. A walk without the other foot's runs on the treated heel alone.
    #[arg(long, value_enum)]
    pub trigger: Option<TriggerWord>,
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

impl StepShape {
    /// Which heel events start a step.
    #[must_use]
    pub fn heels(&self) -> TriggerWord {
        self.trigger.unwrap_or(TriggerWord::BothHeels)
    }
}

/// The walk.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Walk")]
pub struct WalkArgs {
    /// Foot events: columns t_us,foot,event (left, right; heel_off, toe_off, heel_strike); default: a built-in walk.
    #[arg(long, value_name = "FILE.csv")]
    pub gait: Option<PathBuf>,
    /// A session of S seconds; default: as long as the walk, or as the protocol states. Where the protocol's shortest is longer,
    /// what runs is the first S seconds of that. On a crank or an EMG: how long is simulated.
    #[arg(long, value_name = "S", value_parser = parse::seconds, allow_hyphen_values = true)]
    pub seconds: Option<u32>,
}

/// Ticks in one second of the stage that is simulated where no flag says another: µs.
pub(crate) const TICKS_HZ: u32 = 1_000_000;
/// Its nanoamperes for one code: 125 mA over 12 bits with a sign.
pub(crate) const NA_PER_CODE: u32 = 61_035;
/// Its lowest code.
pub(crate) const CODE_MIN: i32 = -2_048;
/// Its highest code.
pub(crate) const CODE_MAX: i32 = 2_047;
/// The seed of its lateness.
pub(crate) const SEED: u64 = 1;
/// The resistance that is simulated where no flag says another.
pub(crate) const LOAD_OHM: u32 = 1_000;
/// The resistance that a check takes where no flag says another.
pub(crate) const CHECKED_OHM: u32 = 1_000;
/// The rail, in volts as they are written.
pub(crate) const RAIL: &str = "150";

/// The simulated output stage.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output stage (what the plan is compiled for)")]
pub struct StageArgs {
    /// Ticks of its timer in one second.
    #[arg(long, value_name = "N", value_parser = parse::whole, allow_hyphen_values = true, default_value_t = TICKS_HZ)]
    pub ticks_hz: u32,
    /// Nanoamperes of one DAC code.
    #[arg(long, value_name = "N", value_parser = parse::whole, allow_hyphen_values = true, default_value_t = NA_PER_CODE)]
    pub na_per_code: u32,
    /// Lowest DAC code.
    #[arg(long, value_name = "N", value_parser = parse::code, allow_hyphen_values = true, default_value_t = CODE_MIN)]
    pub code_min: i32,
    /// Highest DAC code.
    #[arg(long, value_name = "N", value_parser = parse::code, allow_hyphen_values = true, default_value_t = CODE_MAX)]
    pub code_max: i32,
    /// Apply every edge late by a random 0 to N µs.
    #[arg(long, value_name = "N", value_parser = parse::short_us, allow_hyphen_values = true, default_value = "0")]
    pub late_us: u32,
    /// Seed of the lateness.
    #[arg(long, value_name = "N", value_parser = parse::seed, allow_hyphen_values = true, default_value_t = SEED)]
    pub seed: u64,
    /// The lateness the plan is compiled for; default: as --late-us. Later than declared is a fault.
    #[arg(long, value_name = "M", value_parser = parse::short_us, allow_hyphen_values = true)]
    pub declared_late_us: Option<u32>,
}

/// The simulated load, and what the check assumes of it.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Load and limits")]
pub struct LoadArgs {
    /// Resistance between the electrodes, as simulated. Where they touch (below E-Z-1-S) or one is off (above E-Z-1-O) nothing is
    /// armed.
    #[arg(long, value_name = "R", value_parser = parse::ohms, allow_hyphen_values = true, default_value_t = LOAD_OHM)]
    pub load_ohm: u32,
    /// The resistance that the check takes as the largest; what really comes may be more, as pads dry out.
    #[arg(long, value_name = "R", value_parser = parse::ohms, allow_hyphen_values = true, default_value_t = CHECKED_OHM)]
    pub checked_load_ohm: u32,
    /// Supply rail of the output stage.
    #[arg(long, value_name = "V", value_parser = parse::volts, allow_hyphen_values = true, default_value = RAIL)]
    pub rail_v: u32,
    /// How much stronger the negative polarity is than commanded.
    #[arg(long, value_name = "P", value_parser = parse::percent, allow_hyphen_values = true, default_value = "0")]
    pub polarity_mismatch_pct: i32,
    /// Area of the smaller electrode; default: 20 in walking, else as the protocol states.
    #[arg(long, value_name = "A", value_parser = parse::square_cm, allow_hyphen_values = true)]
    pub electrode_cm2: Option<u32>,
    /// Share of that area that touches the skin, as the check assumes it; default: half, of which rule E-J-2 takes no more.
    #[arg(long, value_name = "K", value_parser = parse::fraction, allow_hyphen_values = true)]
    pub contact_fraction: Option<u32>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes the doc comment of a flattened field for a help text")]
    pub guards: GuardArgs,
    /// The set of limits: iec-60601-2-10-style (default), fda-limited-output-draft, aami-ns4-style-tens, specialist-direct-muscle
    /// (long pulses, for specialists' protocols only), percutaneous-research (Shannon).
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// What opens a stuck output, as the check counts it.
#[derive(Clone, Debug, Args)]
pub struct GuardArgs {
    /// A hardware one-shot on the enable line lets one level stand for N µs (rule E-STUCK-1); default: there is none.
    #[arg(long, value_name = "N", value_parser = parse::phase_us, allow_hyphen_values = true)]
    pub one_shot_us: Option<u32>,
    /// A watchdog opens the output at the latest N ms after it was last fed (rule E-STUCK-1); default: there is none.
    #[arg(long, value_name = "N", value_parser = parse::millis, allow_hyphen_values = true)]
    pub watchdog_ms: Option<u32>,
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
    /// A strike of the other heel; the treated one is not read, and a step lasts a share of the stride.
    OtherHeel,
}

/// What is known of the nerve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InnervationWord {
    /// It answers short pulses.
    Intact,
    /// Some of it does.
    Partial,
    /// The muscle has lost its nerve.
    Denervated,
    /// Nobody has tested it.
    Unknown,
}

impl InnervationWord {
    /// As the protocols have it.
    #[must_use]
    pub const fn state(self) -> Innervation {
        match self {
            Self::Intact => Innervation::Intact,
            Self::Partial => Innervation::PartiallyDenervated,
            Self::Denervated => Innervation::Denervated,
            Self::Unknown => Innervation::Unknown,
        }
    }
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
