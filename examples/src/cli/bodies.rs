//! What a trigger listens to, simulated: a crank and a forearm.

use crate::parse;
use clap::{Args, ValueEnum};

/// The crank.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Crank (a simulated one, for protocols that a crank triggers)")]
pub struct CrankArgs {
    /// Turns a minute; default: 35.
    #[arg(long, value_name = "X", value_parser = parse::rpm, allow_hyphen_values = true)]
    pub rpm: Option<u32>,
    /// Turns a minute at the end; changes evenly over the middle third.
    #[arg(long, value_name = "X", value_parser = parse::rpm, allow_hyphen_values = true)]
    pub rpm_to: Option<u32>,
    /// Whose windows; default: trike.
    #[arg(long, value_enum)]
    pub windows: Option<CrankWord>,
    /// What is done to crank or encoder.
    #[arg(long, value_enum)]
    pub harm: Option<CrankHarm>,
    /// When; default: after two thirds.
    #[arg(long, value_name = "S", value_parser = parse::seconds, requires = "harm", allow_hyphen_values = true)]
    pub harm_at_s: Option<u32>,
}

impl CrankArgs {
    /// Turns a minute at the start, in thousandths.
    #[must_use]
    pub fn rpm_milli(&self) -> u32 {
        self.rpm.unwrap_or(35_000)
    }

    /// Each flag, and whether it was given.
    pub(crate) const fn given(&self) -> [(&'static str, bool); 5] {
        [
            ("--rpm", self.rpm.is_some()),
            ("--rpm-to", self.rpm_to.is_some()),
            ("--windows", self.windows.is_some()),
            ("--harm", self.harm.is_some()),
            ("--harm-at-s", self.harm_at_s.is_some()),
        ]
    }
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
    /// Noise at rest, one standard deviation; default: 3 µV.
    #[arg(long, value_name = "UV", value_parser = parse::microvolts, allow_hyphen_values = true)]
    pub noise_uv: Option<u32>,
    /// EMG of an effort, one standard deviation; default: 40 µV.
    #[arg(long, value_name = "UV", value_parser = parse::microvolts, allow_hyphen_values = true)]
    pub effort_uv: Option<u32>,
    /// Hum of the mains; default: 0 µV.
    #[arg(long, value_name = "UV", value_parser = parse::microvolts, allow_hyphen_values = true)]
    pub hum_uv: Option<u32>,
    /// An effort this often, by default every 11 s; those that fall into a train or its rest are not waited for.
    #[arg(long, value_name = "S", value_parser = parse::seconds, allow_hyphen_values = true)]
    pub effort_every_s: Option<u32>,
    /// The trigger is not told of the pulses.
    #[arg(long)]
    pub no_blanking: bool,
    /// An electrode comes off at this second.
    #[arg(long, value_name = "S", value_parser = parse::seconds, allow_hyphen_values = true)]
    pub lead_off_at_s: Option<u32>,
}

impl EmgArgs {
    /// Noise at rest in nV.
    #[must_use]
    pub fn noise_nv(&self) -> u32 {
        self.noise_uv.unwrap_or(3_000)
    }

    /// EMG of an effort in nV.
    #[must_use]
    pub fn effort_nv(&self) -> u32 {
        self.effort_uv.unwrap_or(40_000)
    }

    /// Hum in nV.
    #[must_use]
    pub fn hum_nv(&self) -> u32 {
        self.hum_uv.unwrap_or(0)
    }

    /// From one effort to the next, in ms.
    #[must_use]
    pub fn effort_every_ms(&self) -> u32 {
        self.effort_every_s.unwrap_or(11_000)
    }

    /// Each flag, and whether it was given.
    pub(crate) const fn given(&self) -> [(&'static str, bool); 6] {
        [
            ("--noise-uv", self.noise_uv.is_some()),
            ("--effort-uv", self.effort_uv.is_some()),
            ("--hum-uv", self.hum_uv.is_some()),
            ("--effort-every-s", self.effort_every_s.is_some()),
            ("--no-blanking", self.no_blanking),
            ("--lead-off-at-s", self.lead_off_at_s.is_some()),
        ]
    }
}
