//! The workbench: the whole road from a condition to edges on a DAC, on a desk.
//!
//! The `nmes` program is a thin layer over this library; see its `--help`. Everything here is a simulation, and not
//! for use on a person, but for what `--device` connects: that is its user's responsibility.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    reason = "a host tool that reports and draws; nothing here is on the way to an output"
)]

pub mod app;
mod as_it_stands;
#[cfg(feature = "campaign")]
pub mod campaign;
mod catalogue;
pub mod cli;
pub mod desk;
pub mod device;
mod diary;
pub mod envelope;
pub mod failure;
mod files;
pub mod flags;
pub mod gait;
pub mod heels;
pub mod judge;
pub mod made_walk;
pub mod memory;
mod names;
mod notes;
pub mod own;
pub mod parse;
pub mod phase;
pub mod picture;
pub mod play;
pub mod plot;
pub mod records;
pub mod report;
pub mod rig;
pub mod scenario;
pub mod screen;
pub mod serve;
mod setup;
pub mod simulation;
pub mod text;
mod titrate;
mod today;
pub mod trial;
pub mod wave;
mod written;

/// The example of the root README, compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct ReadMe;
