#![no_std]
#![doc = include_str!("../README.md")]

#[cfg(feature = "proptest")]
extern crate std;

mod agenda;
mod balance;
mod bounds;
mod cell;
mod channel;
mod channel_plan;
mod commands;
#[cfg(feature = "proptest")]
pub mod conformance;
mod constant;
mod contraction;
mod duck;
mod engine;
mod envelope;
mod error;
#[cfg(feature = "fault-injection")]
pub mod flip;
mod frame;
mod gate;
mod hardware;
mod ledger;
mod overlap;
mod pattern;
mod plan;
mod product;
mod pulse;
mod rate;
mod receipt;
mod recipe;
mod recovery;
mod render;
mod rounding;
mod schedule;
mod session;
pub mod shapes;
mod slope;
mod source;
mod steady;
mod step;
#[cfg(feature = "proptest")]
pub mod strategies;
mod synchrony;
mod ticks;
mod timing;
mod trace;
mod train;
mod units;
pub mod wide;
mod widen;
mod word;

pub use balance::WIDEN_MAX_TICKS;
pub use channel::ChannelState;
pub use channel_plan::ChannelPlan;
#[doc(hidden)]
pub use constant::Given;
pub use engine::{Change, CommandReceipt, Engine, Finished, Next, StopPolicy};
pub use error::{ConfigError, EngineFault, Field};
pub use frame::{FrameKind, Level, MAX_SEGMENTS, PulseFrame, Segment, Segments};
pub use gate::{GateAnswer, GateInput, GateRefusal};
pub use hardware::{ChannelHardware, Hardware, HardwareTiming, MAX_CHANNELS, Rest};
pub use pattern::{MAX_PATTERN_POINTS, Pattern, PatternPoint};
pub use plan::Plan;
pub use pulse::{Balance, Form, MAX_POINTS, Point, Polarity, Prepulse, PulseShape, Repeat};
pub use rate::{Onsets, Rate};
pub use receipt::{Counters, PulseReceipt};
pub use render::{RenderCause, RenderFault, Rendered, Renderer, Sample, Watch};
pub use rounding::{Rounded, RoundingReport};
pub use schedule::{Cycle, Gate, MAX_STAGES, Schedule, Stage};
pub use session::{Channel, Control, Overlap, Ramp, Session, Setting, Train};
pub use shapes::FULL_SCALE;
pub use slope::Slope;
pub use step::{EdgeWords, Step};
pub use synchrony::Synchrony;
pub use timing::{Bursts, MAX_INTERVALS, Sweep, SweepLaw, Timing};
pub use trace::TraceHash;
pub use units::{Charge, MicroAmps, Micros, Millis, UnitError};

/// For properties of the unit tests: 2,000 cases, or as many as `PROPTEST_CASES` says (few under Miri, many to verify).
#[cfg(test)]
fn unit_cases() -> proptest::prelude::ProptestConfig {
    let said = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    proptest::prelude::ProptestConfig::with_cases(said.unwrap_or(2_000))
}
