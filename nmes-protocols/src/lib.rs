#![no_std]
#![doc = include_str!("../README.md")]

mod amplitude;
mod build;
mod build_error;
mod catalogue;
mod condition;
pub mod conditions;
mod crank;
mod date;
#[cfg(feature = "files")]
mod diary;
mod dose;
#[cfg(feature = "files")]
pub mod files;
pub mod gait;
mod innervation;
#[cfg(feature = "models")]
pub mod models;
mod provenance;
mod regrowth;
mod request;
mod rotation;
mod row_values;
mod schedule_row;
pub mod screening;
mod settings;
mod shape;
pub mod sources;
mod timeline;
pub mod titration;
mod transfer;
pub mod triggers;
mod waveform;

pub use amplitude::AmplitudeRule;
pub use build::{Built, Storage, build_channels, build_session, build_train, channel_storage};
pub use build_error::{BuildError, BuildNote};
pub use catalogue::{CATALOGUE, find, names, of_family};
pub use condition::{
    Availability, CeilingRule, Condition, Electrodes, Family, Finding, InnervationGate, RampFloorRule,
    SpecialistGate,
};
pub use conditions::{FOOT_DROP, FOOT_DROP_STEP};
pub use crank::{CRANKS, CrankSource, CrankWindow};
pub use date::Date;
#[cfg(feature = "files")]
pub use diary::{Adherence, AdverseEvent, DiaryEntry, Grade, Skin, with_diary};
pub use dose::{Change, Dose, Progress};
pub use gait::{
    Counters, GaitConfig, GaitConfigError, GaitTimes, GateCommand, Heel, PollAt, State, TRANSITIONS, Trigger,
    TriggerNote,
};
pub use innervation::{Innervation, InnervationRefusal, check_innervation};
pub use provenance::{Confidence, Evidence, Provenance, Ranged, Source, Sourced, Unit};
pub use regrowth::{ENDPLATE_DAYS, LATENCY_DAYS, MM_PER_DAY, Regrowth};
pub use request::{BalanceChoice, Home, Param, RangeError, Request, Side, Subject};
pub use rotation::{PadPlace, SHIFT_PERCENT, Towards};
pub use row_values::RowValue;
pub use schedule_row::{
    CycleRow, GateRow, GatedRow, OnIncludesRamps, ProgramRow, RampRow, ScheduleRow, StageRow, StepRow,
    TriggerKind,
};
pub use screening::{
    Action, Answers, Entry, Item, ItemRule, ItemSet, ListSays, Outcome, RuleAction, Screening, Severity,
    Site, TABLE, Why, screen, screen_row,
};
pub use settings::{Applied, Origin, Settings};
pub use transfer::{MOTOR_CHRONAXIE_US, MUSCLE_CHRONAXIE_US, SENSORY_CHRONAXIE_US, weiss_transfer};
pub use waveform::{Carrier, ChargeReturn, TimingRow, WaveKind, Waveform, WidthConvention};
