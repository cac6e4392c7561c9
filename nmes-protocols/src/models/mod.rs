//! How a muscle may answer: recruitment, strength-duration, force and fatigue, as published equations.
//!
//! These models compare protocols with one another on a desk. **They are never on the way to an output:** no crate of
//! this project takes a number of theirs for a level, a width, a time or a limit, they widen no limit, and they stand
//! behind a feature that no device needs. Their parameters are fits to few people and describe none in particular.
//! They are no medical advice.
//!
//! | model | in | out | file |
//! |---|---|---|---|
//! | [`Recruitment`] | phase width | share of the muscle, 0 to 1 | `recruitment.rs` |
//! | [`StrengthDuration`] | phase width | threshold amplitude and charge | `strength_duration.rs` |
//! | [`Calcium`] | pulses in time | activation before the force | `calcium.rs` |
//! | [`Muscle`] | pulses in time | isometric force, and its fatigue | `muscle.rs` |
//! | [`PulseWidth`] | phase width | share of the force scale, 0 to 1 | `pulse_width.rs` |
//! | [`AmplitudeGain`] | amplitude | weight of a pulse | `amplitude.rs` |
//! | [`Fitness`] | activation in time | fitness, 1 fresh | `fitness.rs` |
//!
//! Every model is generic over [`num_traits::Float`]: `f64` on a host, `f32` where that is what there is. Without
//! `std` the elementary functions are those of `libm`. Times are seconds, forces newtons, widths microseconds,
//! amplitudes milliamperes. NaN, infinity and negative quantities are refused by name ([`ModelError`]).
//!
//! The numbers stand once, in [`data`], each with its source and, where sources disagree, with what is in
//! [doubt](data::Constant::doubt). What a model cannot show is data as well: [`CANNOT_SHOW`].
//!
//! ```
//! use nmes_protocols::models::{Muscle, data};
//! let mut muscle = Muscle::<f64>::new(data::DING_2003.parameters(), None).unwrap();
//! for _ in 0..20 {
//!     muscle.pulse(1.0).unwrap();
//!     muscle.advance(0.050).unwrap(); // 20 pulses a second
//! }
//! assert!((muscle.force() - 232.74).abs() < 0.01);
//! ```
#![expect(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "models for a desk, in floating point; nothing here is on the way to an output"
)]

mod amplitude;
mod calcium;
mod cannot;
pub mod data;
mod error;
mod fitness;
mod muscle;
mod parameters;
mod pulse_width;
mod recruitment;
mod strength_duration;

pub use amplitude::AmplitudeGain;
pub use calcium::Calcium;
pub use cannot::{Blind, CANNOT_SHOW};
pub use error::{Field, Limit, ModelError};
pub use fitness::Fitness;
pub use muscle::Muscle;
pub use parameters::{Enhancement, FatigueParameters, ForceParameters};
pub use pulse_width::PulseWidth;
pub use recruitment::Recruitment;
pub use strength_duration::{Law, StrengthDuration};

use num_traits::Float;

/// A literal in the number type of a model. What the type cannot hold becomes NaN, which every constructor refuses.
pub(crate) fn real<T: Float>(value: f64) -> T {
    T::from(value).unwrap_or_else(T::nan)
}
