#![no_std]
#![doc = include_str!("../README.md")]

mod alarm;
mod bridge;
mod contact_sense;
mod dac_bridge;
mod error;
mod mcp4922;
mod outcome;
mod output;
mod prepared;
pub mod rehastim2;
pub mod sciencemode4;
mod sense;
#[cfg(feature = "sim")]
pub mod sim;
mod stimulator;
pub mod wire;

pub use alarm::{Alarm, Extend, Extend16, Extend32, Late};
pub use bridge::{BridgeState, HBridge};
pub use contact_sense::ContactSense;
pub use dac_bridge::{DacBridge, WiringError};
pub use error::Error;
pub use mcp4922::{DacChannel, Mcp4922};
pub use outcome::{ArmError, ArmRefusal, Cause, CommandError, Stats, Stopped, Ticked};
pub use output::{Output, SafeState};
pub use sense::{Contact, NoSense, Sense};
pub use stimulator::Stimulator;

#[cfg(test)]
mod dac_bridge_tests;
