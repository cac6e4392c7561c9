#![no_std]
#![doc = include_str!("../README.md")]

mod balance;
mod channel;
mod engine;
mod envelope;
mod error;
mod frame;
mod gate;
mod hardware;
mod plan;
mod rate;
mod recipe;
mod rounding;
mod session;
mod trace;
mod train;
mod units;

pub use balance::WIDEN_MAX_TICKS;
pub use channel::{ChannelState, Counters, PulseReceipt};
pub use engine::{Change, CommandReceipt, Engine, Finished, Next, Step, StopPolicy};
pub use error::{ConfigError, EngineFault, Field};
pub use frame::{FrameKind, Level, MAX_SEGMENTS, PulseFrame, Segment};
pub use gate::{GateAnswer, GateInput, GateRefusal};
pub use hardware::{ChannelHardware, Hardware, HardwareTiming, MAX_CHANNELS, Rest};
pub use plan::{ChannelPlan, Plan};
pub use rate::{Onsets, Rate};
pub use rounding::{Rounded, RoundingReport};
pub use session::{
    Balance, Channel, Control, Cycle, Gate, Polarity, PulseShape, Ramp, Schedule, Session, Setting,
};
pub use trace::TraceHash;
pub use units::{Charge, MicroAmps, Micros, Millis, UnitError};
