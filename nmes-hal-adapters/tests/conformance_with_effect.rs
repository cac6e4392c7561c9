//! A transfer of the board that takes effect and is told as failed: a driver of one's own that keeps the code it believed to be
//! out is caught.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

use embedded_hal::digital::OutputPin;
use embedded_hal::spi::SpiDevice;
use nmes_core::conformance::{check, holds};
use nmes_core::{ChannelHardware, Hardware, HardwareTiming, Level};
use nmes_hal_adapters::Output;
use nmes_hal_adapters::conformance::{Board, BoardError, Chip, OutputRig, Pin, SpiWires};
use nmes_safety::AdmittedEdge;

/// A converter of 12 bits, out at once, and two pins that each close a diagonal.
#[derive(Default)]
struct Stage {
    code: Option<u16>,
    pins: [Option<bool>; 2],
}

impl Chip for Stage {
    fn spi(&mut self, _bus: u8, bytes: &[u8]) {
        self.code = Some(u16::from_be_bytes([bytes[0], bytes[1]]));
    }

    fn pin(&mut self, pin: u8, high: bool) {
        self.pins[usize::from(pin)] = Some(high);
    }

    fn level(&self, _channel: u8) -> Option<Level> {
        let code = i32::from(self.code?);
        match (self.pins[0]?, self.pins[1]?) {
            (false, false) => Some(Level::Open),
            (true, false) => Some(Level::Code(code)),
            (false, true) => Some(Level::Code(-code)),
            (true, true) => panic!("both diagonals are closed"),
        }
    }

    fn is_closed(&self, _channel: u8) -> bool {
        self.pins.contains(&Some(true))
    }

    fn set_point(&self, _channel: u8) -> Option<i32> {
        self.code.map(i32::from)
    }
}

/// Writes a code only where it believes that another one is out.
struct Cached {
    spi: SpiWires<Stage>,
    pins: [Pin<Stage>; 2],
    hardware: Hardware,
    out: Option<u16>,
    side: Option<usize>,
    forgets: bool,
    stopped: bool,
}

#[derive(Debug)]
#[expect(dead_code, reason = "what is in it is read by Debug")]
enum Fault {
    Board(BoardError),
    Refused,
}

impl Cached {
    fn write(&mut self, code: u16) -> Result<(), Fault> {
        if self.out == Some(code) {
            return Ok(());
        }
        self.out = self.out.filter(|_| !self.forgets);
        self.spi.write(&code.to_be_bytes()).map_err(Fault::Board)?;
        self.out = Some(code);
        Ok(())
    }

    fn open(&mut self) -> Result<(), Fault> {
        self.side = None;
        let pins = [0, 1].map(|pin: usize| self.pins[pin].set_low().map_err(Fault::Board));
        let code = self.write(0);
        pins.into_iter().chain([code]).collect()
    }

    fn put(&mut self, edge: &AdmittedEdge) -> Result<(), Fault> {
        let (side, code) = match edge.level() {
            Level::Open => (None, 0),
            Level::Code(code @ ..=-1) if code >= -4_095 => (Some(1), code.unsigned_abs()),
            Level::Code(code @ 0..=4_095) => (Some(0), code.unsigned_abs()),
            Level::Code(_) | Level::Shorted => return Err(Fault::Refused),
        };
        if edge.channel() != 0 {
            return Err(Fault::Refused);
        }
        if side != self.side || side.is_none() {
            self.write(0)?;
            self.open()?;
        }
        if let Some(pin) = side.filter(|_| side != self.side) {
            self.pins[pin].set_high().map_err(Fault::Board)?;
            self.side = side;
        }
        self.write(u16::try_from(code).unwrap())
    }

    fn after(&mut self, result: Result<(), Fault>) -> Result<(), Fault> {
        if result.is_err() {
            let _ = self.open();
            self.stopped = true;
        }
        result
    }
}

impl Output for Cached {
    type Error = Fault;

    fn hardware(&self) -> &Hardware {
        &self.hardware
    }

    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), Fault> {
        let refused = if self.stopped { Err(Fault::Refused) } else { Ok(()) };
        let result = refused.and_then(|()| edges.iter().try_for_each(|edge| self.put(edge)));
        self.after(result)
    }

    fn channel_off(&mut self, channel: u8) -> Result<(), Fault> {
        let result = if channel == 0 && !self.stopped { self.open() } else { Err(Fault::Refused) };
        self.after(result)
    }

    fn off(&mut self) -> Result<(), Fault> {
        let result = self.open();
        self.stopped = result.is_err();
        result
    }
}

impl Drop for Cached {
    fn drop(&mut self) {
        let _ = self.open();
    }
}

fn rig(forgets: bool) -> OutputRig<Stage, Cached> {
    let board = Board::new(Stage::default(), 1);
    let timing = HardwareTiming { has_latch: false, ..HardwareTiming::ideal(1_000_000) };
    let hardware = Hardware::new(timing, &[ChannelHardware::symmetric(25_000, -4_095, 4_095)], 0).unwrap();
    let (spi, pins) = (board.spi(0), [board.pin(0), board.pin(1)]);
    let mut output = Cached { spi, pins, hardware, out: None, side: None, forgets, stopped: false };
    output.open().unwrap();
    OutputRig::new(&board, output)
}

/// REQ-HAL-472: a driver on the board that keeps its code over a write that failed is caught by the level that comes out after the
/// next `off`; one that forgets it passes.
#[test]
fn a_code_that_outlives_an_error_is_caught() {
    check(|| rig(true), 50).unwrap_or_else(|violation| panic!("{violation}"));
    let told = holds("nothing_follows_an_error", || rig(false), 1);
    let told = told.map_or_else(|violation| violation.to_string(), |()| "it passed".into());
    assert!(told.contains("took effect and failed, and off was called"), "{told}");
}
