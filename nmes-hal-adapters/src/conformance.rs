//! The conformance suite of [`nmes_core::conformance`] around an [`Output`] (feature `proptest`, which needs std: for tests
//! only).
//!
//! A [`Board`] hands out buses and pins that record, and that fail when told to, before or after they took effect. A [`Chip`],
//! which the author of a driver writes, says from the bytes and pins alone what the terminals do: from the data sheet, never
//! from the driver's code. [`OutputRig`] puts the two and the output together. Levels reach the output as admitted edges, from
//! guards over plans of 1 µA a code: every code of up to 100,000 is within their limits. Where an edge is the first one of its
//! frame, as every code but 0 is, the frame is [begun](Output::begin) before it. A level that comes within that is told as an error
//! of the instant, and a channel that a pin opens within [`Output::off`] only after a bus was asked as one of `off`. What a
//! constructor leaves that fails, [`check_constructor`] looks at.
//!
//! ```
//! use nmes_core::{ChannelHardware, Hardware, HardwareTiming, Level};
//! use nmes_hal_adapters::conformance::{Board, Chip, OutputRig, Pin};
//! use nmes_hal_adapters::{DacBridge, HBridge, Mcp4922};
//!
//! /// An MCP4921 (`W` = 0x3000 | code, out at once) and a bridge of two pins, each closing a diagonal.
//! #[derive(Default)]
//! struct Stage { code: Option<u16>, pins: [Option<bool>; 2] }
//!
//! impl Chip for Stage {
//!     fn spi(&mut self, _bus: u8, bytes: &[u8]) {
//!         let word = u16::from_be_bytes([bytes[0], bytes[1]]);
//!         if word & 0xF000 == 0x3000 { self.code = Some(word & 0xFFF); }
//!     }
//!     fn pin(&mut self, pin: u8, high: bool) { self.pins[usize::from(pin)] = Some(high); }
//!     fn level(&self, _channel: u8) -> Option<Level> {
//!         let code = i32::from(self.code?);
//!         match (self.pins[0]?, self.pins[1]?) {
//!             (false, false) => Some(Level::Open),
//!             (true, false) => Some(Level::Code(code)),
//!             (false, true) => Some(Level::Code(-code)),
//!             (true, true) => panic!("both diagonals are closed"),
//!         }
//!     }
//!     // whatever the DAC has: power-up may have left anything in it
//!     fn is_closed(&self, _channel: u8) -> bool { self.pins.contains(&Some(true)) }
//!     fn set_point(&self, _channel: u8) -> Option<i32> { self.code.map(i32::from) }
//! }
//!
//! fn rig() -> OutputRig<Stage, impl nmes_hal_adapters::Output> {
//!     let board = Board::new(Stage::default(), 1);
//!     let timing = HardwareTiming { has_latch: false, ..HardwareTiming::ideal(1_000_000) };
//!     let hardware = Hardware::new(timing, &[ChannelHardware::symmetric(25_000, -4_095, 4_095)], 0).unwrap();
//!     let dac = Mcp4922::new(board.spi(0), None::<Pin<Stage>>).unwrap();
//!     let bridge = HBridge::diagonal(board.pin(0), board.pin(1)).unwrap();
//!     OutputRig::new(&board, DacBridge::new(dac, [bridge], hardware).unwrap())
//! }
//!
//! // in a file of tests: nmes_core::output_conformance!(my_stage, rig); see nmes_core::conformance for [dev-dependencies]
//! nmes_core::conformance::check(rig, 8).unwrap();
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "for tests: a panic is a failed test"
)]

mod board;
mod construction;
mod permits;

pub use board::{Board, BoardError, Chip, I2cWires, Pin, Pwm, SpiWires, UNKNOWN};
pub use construction::check_constructor;

use crate::output::Output;
use core::fmt;
use nmes_core::conformance::{Rig, Seen};
use nmes_core::{Hardware, Level};
use nmes_safety::{Admitted, AdmittedEdge};
use std::format;
use std::string::String;
use std::vec::Vec;

/// Permissions for levels, for a rig that is not on a [`Board`]; `None` when there is a channel that no hardware has.
///
/// Each is from a guard of its own, over a plan of eight channels with 1 µA a code.
///
/// # Panics
/// For a code beyond ±100,000.
#[must_use]
pub fn permits(edges: &[(u8, Level)]) -> Option<Vec<AdmittedEdge>> {
    Some(permits::of(edges)?.into_iter().map(|(edge, _)| edge).collect())
}

/// An output on a board, as a [`Rig`].
///
/// # Panics
/// Where the output is asked for a code beyond ±100,000, for which there is no permission, or after [`Rig::end`].
#[derive(Debug)]
pub struct OutputRig<C: Chip, O: Output> {
    board: Board<C>,
    output: Option<O>,
    hardware: Hardware,
}

impl<C: Chip, O: Output> OutputRig<C, O> {
    /// Puts an output, which is on the pins and buses of the board, on a rig. Tick 0 is now, however long its parts took
    /// to be set up.
    pub fn new(board: &Board<C>, output: O) -> Self {
        board.begin();
        let hardware = *output.hardware();
        Self { board: board.clone(), output: Some(output), hardware }
    }

    fn ask<E: fmt::Debug>(
        &mut self,
        now: u64,
        ask: impl FnOnce(&mut O) -> Result<(), E>,
    ) -> Result<u64, String> {
        self.board.go_to(now);
        let output = self.output.as_mut().unwrap();
        ask(output).map_err(|e| format!("{e:?}"))?;
        Ok(self.board.now())
    }

    /// As a runner does it. Nothing may come out before the edges.
    fn begin(&mut self, now: u64, frames: &[Admitted<'static>]) -> Result<(), String> {
        let count = self.board.seen_count();
        self.ask(now, |output| frames.iter().try_for_each(|frame| output.begin(frame)))?;
        let seen = self.board.seen_after(count);
        seen.map_or(Ok(()), |seen| Err(format!("{seen:?} came within begin, before its edge")))
    }
}

impl<C: Chip, O: Output> Rig for OutputRig<C, O> {
    type Error = String;

    fn hardware(&self) -> Hardware {
        self.output.as_ref().map_or(self.hardware, |output| *output.hardware())
    }

    fn apply(&mut self, now: u64, edges: &[(u8, Level)]) -> Result<u64, String> {
        let Some(permits) = permits::of(edges) else {
            return self.ask(now, |output| output.channel_off(u8::MAX));
        };
        let first = permits.iter().filter(|(edge, _)| edge.number() == 0);
        let frames: Vec<_> = first.map(|(_, frame)| *frame).collect();
        self.begin(now, &frames)?;
        let edges: Vec<_> = permits.into_iter().map(|(edge, _)| edge).collect();
        self.ask(now, |output| output.apply(&edges))
    }

    fn channel_off(&mut self, now: u64, channel: u8) -> Result<u64, String> {
        self.ask(now, |output| output.channel_off(channel))
    }

    fn off(&mut self, now: u64) -> Result<u64, String> {
        self.board.off_begins();
        let done = self.ask(now, Output::off);
        let late = self.board.off_ends();
        let stamp = done?;
        late.map_or(Ok(stamp), |channel| {
            Err(format!("channel {channel}, which a pin opened, waited for a transfer on a bus"))
        })
    }

    fn end(&mut self, now: u64) {
        self.board.go_to(now);
        self.output = None;
    }

    fn fail_after(&mut self, transfers: u32) {
        self.board.fail_after(transfers, false);
    }

    fn fail_with_effect_after(&mut self, transfers: u32) -> bool {
        self.board.fail_after(transfers, true);
        true
    }

    fn failed(&self) -> bool {
        self.board.failed()
    }

    fn set_point(&self, channel: u8) -> Option<i32> {
        self.board.with(|chip| chip.set_point(channel))
    }

    fn seen(&mut self) -> Vec<Seen> {
        self.board.seen()
    }
}
