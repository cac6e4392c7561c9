#![no_std]
#![doc = include_str!("../README.md")]

mod build;
mod catalogue;
mod condition;
mod foot_drop;
pub mod gait;
mod innervation;
#[cfg(feature = "models")]
pub mod models;
mod provenance;
mod request;
pub mod screening;
mod settings;
mod shape;
pub mod sources;

pub use build::{BuildError, BuildNote, Built, build_session, channel_storage};
pub use catalogue::{CATALOGUE, find, names};
pub use condition::{
    CeilingRule, Condition, Electrodes, Finding, GateRow, InnervationGate, RampFloorRule, StepRow, Waveform,
    WidthConvention,
};
pub use foot_drop::FOOT_DROP;
pub use gait::{
    Counters, GaitConfig, GaitConfigError, GaitTimes, GateCommand, Heel, PollAt, State, TRANSITIONS, Trigger,
    TriggerNote,
};
pub use innervation::{Innervation, InnervationRefusal, check_innervation};
pub use provenance::{Confidence, Evidence, Provenance, Ranged, Source, Sourced, Unit};
pub use request::{BalanceChoice, Param, RangeError, Request, Side, Subject};
pub use screening::{
    Action, Answers, Entry, Item, ItemSet, ListSays, Outcome, Screening, Site, TABLE, Why, screen,
};
pub use settings::{Applied, Origin, Settings};
