#![no_std]
#![doc = include_str!("../README.md")]

mod check;
mod checked;
mod crc32;
mod metrics;
pub mod output_table;
mod profile;
pub mod records;
mod report;
pub mod rules;
pub mod selftest;
mod setup;

pub use check::{assess, held_at_run_time};
pub use checked::{Checked, Denied, check, check_into};
pub use crc32::Crc32;
pub use metrics::{Phase, PulseMetrics, density_ua_per_cm2, power_uw_per_cm2};
pub use profile::{Layer, Limit, LimitError, MAX_STATED, Profile};
pub use report::{Detail, Place, Remark, Report, Row, Verdict};
pub use rules::{Amount, Bound, Class, Confidence, Effect, Load, Rule, Unit, Window};
pub use setup::{MAX_SHARED, Setup, SetupError, SetupField, UseClass};

mod admitted;
mod blackbox;
mod contact;
mod fault;
mod guard;
mod guard_admit;
mod guard_clocks;
mod guard_edge;
mod guard_form;
mod guard_probing;
mod guard_short;
mod guard_sums;
mod guard_tick;
mod interlock;
mod limits;
mod onsets;
mod probe;
mod sense;
mod set_level;
mod stages;
mod survey;
mod terms;
mod watch;
mod windows;

pub use admitted::{Admitted, AdmittedEdge};
pub use blackbox::{BLACK_BOX_ENTRIES, BlackBox};
pub use contact::{CONTACT_AGE_MS, CONTACT_PHASES, Contact, ContactState, Impedance};
pub use fault::{Fault, Response, Trip};
pub use guard::{CONTACT_LOSSES, Guard, PROBE_LEVEL};
pub use guard_tick::TickReport;
pub use interlock::{Event, Interlock, Refused, State, TRANSITIONS};
pub use probe::{CheckedProbe, PROBE_LIMITS, Probe, ProbeError};
pub use sense::{NOISE_FLOOR, SampleInstant, Sensed};
pub use set_level::SetRefusal;
