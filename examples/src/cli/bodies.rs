//! What a trigger listens to, simulated: a crank and a forearm.

use crate::parse;
use clap::{Args, ValueEnum};

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
