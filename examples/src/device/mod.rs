//! Commercial stimulators on a port, and simulated ones at the far end.

mod delivered;
pub(crate) mod port;
mod progress;
pub(crate) mod rig;
pub(crate) mod run;
pub(crate) mod sent;
pub(crate) mod simulate;

use crate::failure::Failure;
use clap::{Args, ValueEnum};
use port::LineSettings;

/// Which stimulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeviceWord {
    /// ScienceMode 4: P24, RehaMove3.
    Sciencemode4,
    /// ScienceMode 2: RehaStim 2.
    Rehastim2,
}

/// A commercial stimulator in place of the simulation.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Device (in place of the simulation; responsibility is the user's)")]
pub struct DeviceArgs {
    /// Play the checked session on this stimulator.
    #[arg(long, value_enum, requires = "port")]
    pub device: Option<DeviceWord>,
    /// Its serial port, or tcp:HOST:PORT.
    #[arg(long, value_name = "PATH", requires = "device")]
    pub port: Option<String>,
    /// Bits a second; default: 115200 (sciencemode4, over USB any will do), 460800 (rehastim2).
    #[arg(long, value_name = "N", requires = "device")]
    pub baud: Option<u32>,
}

impl DeviceArgs {
    pub(crate) fn port(&self) -> Result<&str, Failure> {
        self.port.as_deref().ok_or_else(|| Failure::Input("--device: no --port".to_owned()))
    }

    pub(crate) fn line(&self, device: DeviceWord) -> LineSettings {
        let (usual, even_parity) = match device {
            DeviceWord::Sciencemode4 => (115_200, false),
            DeviceWord::Rehastim2 => (460_800, true),
        };
        LineSettings { baud: self.baud.unwrap_or(usual), even_parity }
    }
}
