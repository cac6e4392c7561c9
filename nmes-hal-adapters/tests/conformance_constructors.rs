//! Constructors that fail half way, and what they leave.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests; a panic is a failure"
)]

use embedded_hal::digital::OutputPin;
use embedded_hal::spi::SpiDevice;
use nmes_core::Level;
use nmes_hal_adapters::conformance::{Board, BoardError, Chip, Pin, SpiWires, check_constructor};

/// A converter of one byte behind one switch; it powers up with anything.
#[derive(Default)]
struct Stage {
    code: Option<u8>,
    switch: Option<bool>,
}

impl Chip for Stage {
    fn spi(&mut self, _bus: u8, bytes: &[u8]) {
        self.code = Some(bytes[0]);
    }
    fn pin(&mut self, _pin: u8, high: bool) {
        self.switch = Some(high);
    }
    fn level(&self, _channel: u8) -> Option<Level> {
        if self.switch? { Some(Level::Code(i32::from(self.code?))) } else { Some(Level::Open) }
    }
    fn is_closed(&self, _channel: u8) -> bool {
        self.switch == Some(true)
    }
    fn set_point(&self, _channel: u8) -> Option<i32> {
        self.code.map(i32::from)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Nothing,
    /// It puts a level out to try it.
    Drives,
    /// It closes the switch to try it, at zero, and goes back by `?` with no drop of its own.
    LeavesTheSwitch,
    /// It writes a code to try the converter, and goes back the same way.
    LeavesACode,
    /// It takes a write that failed for one that worked.
    SaysNothing,
    /// It cannot be put together at all.
    AlwaysFails,
    /// It asks nothing of the parts.
    DoesNothing,
    /// It never comes to an end, all of it well.
    GoesOn,
}

/// Zero and open, then what is wrong.
fn new(board: &Board<Stage>, wrong: Wrong) -> Result<(SpiWires<Stage>, Pin<Stage>), BoardError> {
    let (mut spi, mut switch) = (board.spi(0), board.pin(0));
    if wrong == Wrong::DoesNothing {
        return Ok((spi, switch));
    }
    switch.set_low()?;
    let zero = spi.write(&[0]);
    if wrong != Wrong::SaysNothing {
        zero?;
    }
    match wrong {
        Wrong::Drives => {
            let tried = switch.set_high().and_then(|()| spi.write(&[1]));
            tried.and(spi.write(&[0])).and(switch.set_low())?;
        }
        Wrong::LeavesTheSwitch => {
            switch.set_high()?;
            switch.set_low()?;
        }
        Wrong::LeavesACode => {
            spi.write(&[9])?;
            spi.write(&[0])?;
        }
        Wrong::AlwaysFails => return Err(BoardError { event: 7 }),
        Wrong::GoesOn => (0..2_000).try_for_each(|_| switch.set_low())?,
        Wrong::Nothing | Wrong::SaysNothing | Wrong::DoesNothing => {}
    }
    Ok((spi, switch))
}

/// REQ-HAL-481: a constructor that leaves a level or a set-point where it fails, says nothing of a failure, cannot succeed, or has no
/// transfer to look at or too many, is found; one that opens first and has nothing to leave passes.
#[test]
fn a_constructor_that_leaves_something_is_found() {
    let found = |wrong| check_constructor(|| Board::new(Stage::default(), 1), |board| new(board, wrong));
    assert_eq!(found(Wrong::Nothing), Ok(()));
    for (wrong, words) in [
        (Wrong::Drives, "channel 0 was at Code(1)"),
        (Wrong::LeavesTheSwitch, "before it took effect: channel 0 was left closed"),
        (
            Wrong::LeavesACode,
            "transfer 3 of the constructor failed before it took effect: the set-point of channel 0 was left at 9",
        ),
        (
            Wrong::SaysNothing,
            "transfer 1 of the constructor failed before it took effect: the constructor did not say so",
        ),
        (Wrong::AlwaysFails, "and none has"),
        (Wrong::DoesNothing, "no transfer of the constructor can fail"),
        (Wrong::GoesOn, "more than 1000 transfers"),
    ] {
        let why = found(wrong).unwrap_err();
        assert!(why.contains(words), "{wrong:?}: {why}");
    }
}
