#![no_std]
#![doc = include_str!("../README.md")]

mod alarm;
mod bridge;
mod dac_bridge;
mod eeprom;
mod enable;
mod error;
mod layer;
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
mod store;
mod supply;
mod sync_lines;
mod watchdog;
pub mod wire;

pub use alarm::{Alarm, Extend, Extend16, Extend32, Late};
pub use bridge::{BridgeState, HBridge};
pub use dac_bridge::{DacBridge, WiringError};
pub use eeprom::I2cEeprom;
pub use enable::{Enable, OneShot, PulseEnable};
pub use error::Error;
pub use layer::LayerError;
pub use mcp4922::{DacChannel, Mcp4922};
pub use outcome::{ArmError, ArmRefusal, Cause, CommandError, Stats, Stopped, Ticked};
pub use output::{Output, SafeState};
pub use sense::{Contact, NoSense, Sense};
pub use stimulator::Stimulator;
pub use store::{Store, StoreError, load, save};
pub use supply::{PinSupply, PinSupplyError, Powered, Supply};
pub use sync_lines::{MarkerMode, PinSync, PinSyncError, SyncLines, Synced};
pub use watchdog::{PinWatchdog, Watchdog};

#[cfg(test)]
mod dac_bridge_tests;
