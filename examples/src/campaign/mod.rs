//! A campaign of faults: one fault at a random instant of a running session, thousands of times, and what came of it.
//!
//! The whole road runs: session, plan, check, engine, guard and stimulator, on a simulated board in which time, clock, bus,
//! stage, load, measurement, one-shot, watchdog and host can each be put wrong.
#![expect(clippy::wildcard_enum_match_arm, reason = "what is not told apart here is treated alike")]

mod board;
mod faults;
mod host;
mod kinds;
mod plant;
mod rest;
mod road;
mod scenes;
mod table;
mod tally;
mod wire;

pub use faults::{Alarming, Analogue, Fault, Sensing, Ticking};
pub use host::Pest;
pub use kinds::{KINDS, Kind, Must};
pub use plant::{Board, Bus, CameOut, Measures, Plant};
pub use rest::Stored;
pub use road::{End, Outcome, run};
pub use scenes::{Scene, scenes};
pub use table::page;
pub use tally::{Tally, campaign};
