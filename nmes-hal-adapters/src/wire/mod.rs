//! What the wire formats of ScienceMode 4 and ScienceMode 2 share: stuffing, a resynchronising collector, refusals.
//!
//! Both frame a packet between 0xF0 and 0x0F. Where one of these, or 0x81, stands in the packet, 0x81 is sent and then
//! the byte XOR 0x55 (STD-S26, STD-S27). The few bytes of the header (length, checksum) are always sent that way.

mod bind;
mod codes;
mod collector;
mod crc;
mod driver;
mod exchange;
mod fields;
mod play;
mod refusal;
mod run_on;
mod stops;
mod unsent;
mod writer;

pub(crate) use bind::{BOUND, TICKS, at_most, even_period_us, refuse, second_plan};
pub(crate) use codes::codes;
pub use collector::{Collector, Counts, Format};
pub use crc::{crc8, crc16};
pub use driver::{Driver, DriverError};
pub use exchange::{Exchange, Poll};
pub use fields::DecodeError;
pub(crate) use fields::Fields;
pub(crate) use play::whole_pulse;
pub use play::{DeviceOutput, PlayError, Plays, Shared, StopAnswer};
pub use refusal::{Field, Grid, Limit, Refusal};
pub use run_on::RunOn;
pub(crate) use stops::Stops;
pub(crate) use unsent::Unsent;
pub use writer::{EncodeError, Writer};

/// First byte of a frame.
pub const START: u8 = 0xF0;
/// Last byte of a frame.
pub const STOP: u8 = 0x0F;
/// The byte before an escaped one.
pub const ESCAPE: u8 = 0x81;
/// What an escaped byte is XORed with.
pub const KEY: u8 = 0x55;

/// Whether a byte has a meaning of its own in the stream.
#[must_use]
pub const fn is_reserved(byte: u8) -> bool {
    matches!(byte, START | STOP | ESCAPE)
}
