//! A bench without a bench: virtual clock, output stage, electrodes and skin, and faults on purpose.
//!
//! For hosts (`f64`). Nothing here is on the path of a real output.
//!
//! ```text
//!                 ┌──────────────── Bench ────────────────┐
//!   SimAlarm ────►│ SimClock: virtual ticks, late by 0..=N │
//!   SimOutput ───►│ ChannelStage × 8: source, rail, faults │──► EdgeSink
//!   SimSense ◄────│   └ Load: R_s + (R_p ∥ C_p) [+ C_b]    │──► Delivered, MeanDc
//!                 └────────────────────────────────────────┘
//! ```
//! [`Bench`] is shared by reference (it uses `Cell`s), so that the output is still with the
//! [`Stimulator`](crate::Stimulator) while the host looks at what came out.
#![expect(clippy::float_arithmetic, reason = "a simulation of analogue parts on a host, not an output path")]

mod bench;
mod clock;
mod device;
mod faulty;
mod load;
mod p24;
mod parts;
mod random;
mod rehastim;
mod stage;

#[cfg(test)]
mod stage_tests;

pub use bench::{Bench, EdgeSink, SimEdge, SimError, SimOutput, SimSense};
pub use clock::{SimAlarm, SimClock};
pub use device::{FarEnd, Send};
pub use faulty::{FaultyError, FaultyOutput};
pub use load::Load;
pub use p24::{P24Fault, Running, SimP24};
pub use parts::{LineEvent, PowerFailed, SimEnable, SimStore, SimSupply, SimSync, SimWatchdog};
pub use random::Random;
pub use rehastim::{RehaStimFault, SimRehaStim2};
pub use stage::{ChannelStage, Delivered, MeanDc, Point, Stage, StageFault};
