//! A level of zero on simulated stimulators that repeat pulses by themselves.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests; a panic is a failure"
)]

mod common;
#[path = "stimulators/road.rs"]
mod road;
mod stimulators;

use common::setting;
use nmes_core::*;
use nmes_hal_adapters::sim::{FarEnd, SimP24, SimRehaStim2};
use nmes_hal_adapters::wire::Plays;
use nmes_hal_adapters::{PacedClock, rehastim2 as rs2, sciencemode4 as sm4};
use road::{Stim, checked_on, on, session_channels};
use std::cell::RefCell;

/// Whether the simulated device gives pulses by itself now.
trait Gives: FarEnd {
    fn gives(&self) -> bool;
}

impl Gives for SimRehaStim2 {
    fn gives(&self) -> bool {
        self.start.is_some_and(|start| start.active() > 0)
    }
}

impl Gives for SimP24 {
    fn gives(&self) -> bool {
        self.active != 0
    }
}

type Lowers<S> = fn(&mut Stim<'_, S>, Setting);

/// The three ways to another level.
fn ways<S: Plays>() -> [Lowers<S>; 3] {
    [
        |stim, level| stim.command(0, level).unwrap(),
        |stim, level| assert_eq!(stim.modulate(0, level).unwrap().codes, 0),
        |stim, level| stim.aim(0, level).unwrap(),
    ]
}

/// A train at 20 mA is commanded to zero in its hold, and up again.
fn down_and_up<S: Plays, D: Gives>(session: S, device: D, hardware: &Hardware, lower: Lowers<S>) {
    let channels = session_channels(1, setting(20_000, 250), 0);
    let checked = checked_on(&channels, hardware);
    let cell = RefCell::new(session);
    let (clock, mut states) = (PacedClock::following(50_000), [ChannelState::new(); 1]);
    let mut road = on(&cell, device, &checked, &mut states, &clock);
    road.stim.start().unwrap();
    road.run(1_000).unwrap();
    assert!(road.line.device.gives());
    lower(&mut road.stim, setting(0, 250));
    road.run(100).unwrap();
    let given = road.receipts.len();
    for _ in 0..500 {
        road.step().unwrap();
        assert!(!road.line.device.gives());
    }
    assert_eq!(road.receipts.len(), given);
    road.stim.aim(0, setting(20_000, 250)).unwrap();
    road.run(200).unwrap();
    assert!(road.line.device.gives() && road.receipts.len() > given);
}

/// REQ-HAL-441: a device that repeats by itself is told within four periods that a running channel is commanded to zero, gives
/// nothing on it from then on, and plays again when a level is commanded.
#[test]
fn a_level_of_zero_is_told_to_what_repeats() {
    for way in ways() {
        down_and_up(
            rs2::Session::new(rs2::Timing::default()),
            SimRehaStim2::new(),
            &rs2::hardware(1).unwrap(),
            way,
        );
    }
    for way in ways() {
        down_and_up(
            sm4::Session::mid_level(sm4::Timing::default()),
            SimP24::new(),
            &sm4::hardware(1).unwrap(),
            way,
        );
    }
}
