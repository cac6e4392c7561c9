#![no_std]
#![doc = include_str!("../README.md")]

#[cfg(feature = "proptest")]
extern crate std;

mod adc_sense;
mod alarm;
mod blocking;
mod bridge;
mod calibration;
#[cfg(feature = "proptest")]
pub mod conformance;
mod contact_sense;
mod dac;
mod dac_bridge;
mod eeprom;
mod enable;
mod error;
mod layer;
mod mailbox;
mod outcome;
mod output;
mod paced;
mod prepared;
pub mod rehastim2;
pub mod sciencemode4;
mod sense;
#[cfg(feature = "sim")]
pub mod sim;
mod start;
mod stimulator;
mod store;
mod streamer;
mod supply;
mod sync_lines;
mod timer_alarm;
mod watchdog;
pub mod wire;

pub use adc_sense::{AdcSense, Reading};
pub use alarm::{Alarm, Extend, Extend16, Extend32, Late};
pub use blocking::{Blocking, Pace, Polled};
pub use bridge::{BridgeState, HBridge};
pub use calibration::{Calibration, CalibrationError, Line};
pub use contact_sense::ContactSense;
#[expect(deprecated, reason = "kept for those who named them")]
pub use dac::{Ad57x2, Ad57x4};
pub use dac::{
    Ad57xx, Ad5722, Ad5724, Ad5732, Ad5734, Ad5752, Ad5754, Coding, Dac, DacError, LowPass, Mcp492x, Mcp4725,
    Mcp4728, Mcp4921, Mcp4922, OnChipDac, PwmDac, Range, Reference, Report,
};
pub use dac_bridge::{DacBridge, WiringError};
pub use eeprom::I2cEeprom;
pub use enable::{Enable, OneShot, PulseEnable};
pub use error::Error;
pub use layer::LayerError;
pub use mailbox::{Fate, Full, Mail, Mailbox, Receiver, Sender};
pub use outcome::{ArmError, ArmRefusal, Cause, CommandError, Stats, Stopped, Ticked};
pub use output::{Output, SafeState};
pub use paced::{PacedAlarm, PacedClock};
pub use sense::{Contact, NoSense, Sense};
pub use start::StartContact;
pub use stimulator::Stimulator;
pub use store::{Store, StoreError, begin_anew, load, save};
pub use streamer::{Filled, Streamer};
pub use supply::{PinSupply, PinSupplyError, Powered, Supply};
pub use sync_lines::{MarkerMode, PinSync, PinSyncError, SyncLines, Synced};
pub use timer_alarm::{CompareTimer, TimerAlarm};
pub use watchdog::{PinWatchdog, Watchdog};

#[cfg(test)]
mod converter_tests;
#[cfg(test)]
mod dac_bridge_tests;
#[cfg(test)]
mod latch_tests;
#[cfg(test)]
mod part_tests;
#[cfg(test)]
mod test_log;
