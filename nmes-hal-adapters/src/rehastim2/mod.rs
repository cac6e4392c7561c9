//! ScienceMode 2, the protocol of the RehaStim 2 stimulator by HASOMED: its channel list mode.
//!
//! Written from the facts in public implementations (STD-S27, STD-S36) and the vendor's page (STD-S34); the vendor's
//! description of the protocol was not read, and nothing here was ever run against a device. Intended use, limits and
//! instructions of a device are its maker's; to connect one, and what follows from it, is the responsibility of who
//! does.
//!
//! The port is 460,800 baud, 8 bits, even parity, one stop bit (STD-S27). The device speaks first; it makes both
//! phases of a pulse by itself, of equal width and current, and repeats all pulses at one period.
//!
//! Nothing rounds here: [`List`] and [`Pulse`] refuse what is off the device's [`GRID`].

mod bind;
mod commands;
mod framing;
mod machine;
mod replies;
mod session;
#[cfg(feature = "sim")]
mod trial;

pub use bind::hardware;
pub use commands::{CHANNELS, Command, Count, GRID, InitResult, Kind, List, Pulse, Start};
pub use framing::{Decoder, FRAME_LONGEST, Packet, Wire};
pub use machine::{Fault, Phase, Timing};
pub use replies::{Mode, Reply, ResultCode, Said, StimulationError};
pub use session::Session;
#[cfg(feature = "sim")]
pub use trial::Denied;
