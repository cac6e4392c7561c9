//! ScienceMode 4, the protocol of the P24 and RehaMove3 stimulators by HASOMED.
//!
//! Written from the facts in the vendor's public C library (STD-S26) and held byte for byte against an independent
//! implementation (STD-S35); never run against a device. Intended use, limits and instructions of a device are its
//! maker's; to connect one, and what follows from it, is the responsibility of who does.
//!
//! ```text
//! Command ─ encode ─► frame ─► port ─► device          Session  what to send when, and what each answer means
//! Reply  ◄─ decode ─ Packet ◄─ Decoder ◄─ port ◄─ device   Driver   a Session on an embedded-io port
//! ```
//! Nothing rounds here: [`Point`], [`Train`] and [`Update`] refuse what is off the device's [`GRID`].

mod bind;
mod commands;
mod framing;
mod machine;
mod points;
mod replies;
mod session;
#[cfg(feature = "sim")]
mod trial;

pub use bind::hardware;
pub use commands::{
    CHANNELS, Channel, ChannelConfig, Command, Connector, HighVoltage, Kind, Measurement, Plain, Train,
    Update,
};
pub use framing::{COMMAND_LONGEST, Decoder, FRAME_LONGEST, Packet, Wire};
pub use machine::{Fault, Phase, Timing};
pub use points::{GRID, POINTS_MAX, Point, Points};
pub use replies::{Answer, Body, ChannelState, Reply, ResultCode, Samples, StimState, Version};
pub use session::{Identity, Session};
#[cfg(feature = "sim")]
pub use trial::Denied;
