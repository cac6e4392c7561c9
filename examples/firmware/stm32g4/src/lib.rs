//! What the STM32G474 image does, apart from its registers: so it runs on a host too, and is tested there.
//!
//! The session after a knee replacement, played by DMA from the processor's own converter ([`Streamer`]); the current
//! converted once a sample and held against what was played ([`Delivered`]); one interrupt for it all ([`Player`]).
//!
//! **Not a medical device, and not to be connected to a person as it stands.**
//!
//! [`Streamer`]: nmes_hal_adapters::Streamer
#![no_std]

mod delivered;
mod halves;
mod player;
mod samples;
mod session;

pub use delivered::{Delivered, Mismatch};
pub use halves::{Half, Halves};
pub use player::{NotReady, Phase, Player, Seen, Why};
pub use samples::Samples;
pub use session::{CALIBRATION, CHANNELS, HALF, ONE_SHOT_US, RING, Refused, SAMPLE_HZ, checked, hardware};
