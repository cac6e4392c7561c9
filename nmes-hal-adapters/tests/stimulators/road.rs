//! The whole road to a simulated stimulator: a checked session, the runner, the link and the far end.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "test support: a panic here is a failed test"
)]

use std::cell::RefCell;

use nmes_core::*;
use nmes_hal_adapters::sim::FarEnd;
use nmes_hal_adapters::wire::{DeviceOutput, Plays, Shared};
use nmes_hal_adapters::{Cause, NoSense, PacedAlarm, PacedClock, Stimulator, sciencemode4 as sm4};
use nmes_safety::{Checked, UseClass};

use crate::common::{self, channel, ms};
use crate::stimulators::Line;

pub(crate) type Stim<'r, S> = Stimulator<'r, DeviceOutput<'r, S>, PacedAlarm<'r>, NoSense>;

/// A contraction of 2 s of 50 Hz, then 3 s of rest, ramps of half a second.
pub(crate) fn session_channels(count: usize, set: Setting, apart: u32) -> Vec<Channel<'static>> {
    let ramp = Ramp { up: ms(500), down: ms(500), down_min: ms(500), ..Ramp::default() };
    let pulse = PulseShape::default();
    let rate = Rate::from_hz(40).unwrap();
    (0..count as u32)
        .map(|i| Channel {
            pulse,
            rate,
            ramp,
            offset: Micros::from_micros(i * apart).unwrap(),
            ..channel(set)
        })
        .collect()
}

pub(crate) fn checked_on<'a>(channels: &'a [Channel<'a>], hardware: &Hardware) -> Checked<'a> {
    let cycle = Schedule::Cyclic(Cycle { hold: ms(2_000), rest: ms(3_000) });
    let session = Session::new(channels, cycle, ms(20_000)).unwrap();
    common::checked(&session, hardware, UseClass::Exercise)
}

pub(crate) fn low() -> sm4::Session {
    sm4::Session::low_level(sm4::Timing::default(), sm4::Measurement::None, sm4::HighVoltage::Standard)
}

pub(crate) struct Road<'r, S: Plays, D> {
    pub(crate) stim: Stim<'r, S>,
    clock: &'r PacedClock,
    pub(crate) line: Line<Shared<'r, S>, D>,
    pub(crate) receipts: Vec<PulseReceipt>,
}

impl<S: Plays, D: FarEnd> Road<'_, S, D> {
    /// A millisecond of the host. `Err` is the cause of the stop.
    pub(crate) fn step(&mut self) -> Result<(), Cause> {
        // a host looks at its clock at any microsecond
        let host_tick = self.line.now * 1_000 + self.line.now * 7_919 % 1_000;
        let stopped = |stopped: nmes_hal_adapters::Stopped| stopped.cause;
        while self.clock.turn(host_tick, self.line.session.0.borrow().is_behind()) {
            self.stim.on_alarm().map_err(stopped)?;
            self.keep();
        }
        if self.line.now.is_multiple_of(5) && !self.clock.is_held() {
            self.stim.keep_alive();
            self.stim.on_tick().map_err(stopped)?;
        }
        self.keep();
        self.line.step();
        Ok(())
    }

    pub(crate) fn keep(&mut self) {
        while let Some(receipt) = self.stim.take_receipt() {
            self.receipts.push(receipt);
        }
    }

    pub(crate) fn run(&mut self, ms: u64) -> Result<(), Cause> {
        (0..ms).try_for_each(|_| self.step())
    }
}

/// Opens the conversation, arms, and raises the set levels as fast as the guard lets them: nothing is put out meanwhile.
pub(crate) fn on<'r, S: Plays, D: FarEnd>(
    cell: &'r RefCell<S>,
    device: D,
    checked: &'r Checked<'r>,
    states: &'r mut [ChannelState],
    clock: &'r PacedClock,
) -> Road<'r, S, D> {
    let mut line = Line::new(Shared(cell), device);
    line.run(600);
    assert!(cell.borrow().is_ready());
    let output = DeviceOutput::bind(cell, checked.plan()).unwrap();
    let stim = Stimulator::arm(checked, states, output, clock.alarm(), NoSense).unwrap();
    let mut road = Road { stim, clock, line, receipts: Vec::new() };
    let targets: Vec<_> = checked.plan().session().channels().iter().map(|c| c.set).collect();
    for (channel, set) in (0_u8..).zip(&targets) {
        road.stim.aim(channel, *set).unwrap();
    }
    while (0_u8..).zip(&targets).any(|(channel, set)| road.stim.engine().setting(channel) != Some(*set)) {
        road.step().unwrap();
        assert!(road.line.now < 60_000, "the level rises");
    }
    road
}
