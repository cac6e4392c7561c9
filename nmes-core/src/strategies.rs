//! Random inputs of every type, for property tests (feature `proptest`, which needs std: for tests only).
//!
//! | what | where |
//! |---|---|
//! | units | [`micro_amps`], [`micros`], [`millis`], [`rate`], [`setting`] |
//! | outputs | [`hardware`], [`channel_hardware`], [`hardware_timing`] |
//! | pulses of every form, with the width they are set to | [`pulse`] |
//! | timings, envelopes, schedules | [`train`], [`ramp`], [`schedule`] |
//! | whole sessions on a hardware, nearly all of which compile | [`case`], [`case_on`] |
//! | what happens while it runs | [`Action`], which a [`Case`] has a script of; [`Lateness`], [`stop`] |
//!
//! They shrink to few channels, plain pulses, no ramps, no inputs, edges on time, each of these at once where what is looked
//! for is still there; the `Debug` of a [`Case`] is a line for each channel. [`play`] runs a plan on a virtual clock and takes down what comes out.
//!
//! ```
//! use nmes_core::strategies::{case, play, Kind};
//! use nmes_core::{Charge, Plan};
//! use proptest::prelude::*;
//!
//! proptest!(|(case in case(Kind { late: false, exact: true }))| {
//!     let session = case.session();
//!     let Ok(plan) = Plan::compile(&session, &case.hardware) else { return Ok(()) };
//!     let run = play(&plan, &case.script(), case.lateness());
//!     prop_assert_eq!(run.fault, None);
//!     for pulse in run.pulses().filter(|p| case.pulse(p.channel).balance.is_balanced()) {
//!         prop_assert_eq!(pulse.ledger, Charge::ZERO);
//!     }
//! });
//! ```
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "for tests: a panic is a failed test"
)]

mod cases;
mod forms;
mod frame;
mod inputs;
mod outputs;
mod played;
mod pulses;
mod simply;
mod units;

pub use cases::{Case, case, case_on, channel, ramp, schedule};
pub use frame::Frame;
pub use inputs::{Action, Input, Lateness, inputs, lateness, script_of, stop};
pub use outputs::{channel_hardware, hardware, hardware_timing};
pub use played::{Answer, Edge, Put, Run, play, play_through};
pub use pulses::{Kind, pulse, train};
pub use units::{micro_amps, micros, millis, rate, setting};

/// Numbers from a seed, 0 to `limit`: a linear congruence, so that what is made of them is one number.
pub fn random(limit: u32, seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed | 1;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % (u64::from(limit) + 1)
    }
}

fn us(n: u32) -> crate::Micros {
    crate::Micros::from_micros(n).unwrap()
}

fn ms(n: u32) -> crate::Millis {
    crate::Millis::from_millis(n).unwrap()
}
