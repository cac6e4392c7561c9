//! Buses and pins that record what happens, and fail when told to.

use core::cell::RefCell;
use core::fmt;
use embedded_hal::{digital, i2c, pwm, spi};
use nmes_core::Level;
use nmes_core::conformance::Seen;
use std::rc::Rc;
use std::vec;
use std::vec::Vec;

/// What the parts on a board make of what is written to them: the author's model, from the data sheets.
///
/// Each has a default that does nothing; [`Chip::level`] is asked after each transfer and each change of a pin. What is written
/// before a read comes before it, also within one transaction.
pub trait Chip {
    /// One SPI transaction: all bytes that were written in it, or up to a read in it and from there on.
    fn spi(&mut self, _bus: u8, _bytes: &[u8]) {}

    /// What an SPI device answers; zeros. A transfer both ways is this and then a write of its bytes: a part shifts
    /// out what it had.
    fn spi_read(&mut self, _bus: u8, _buffer: &mut [u8]) {}

    /// The bytes of one write to an I2C device.
    fn i2c(&mut self, _address: u8, _bytes: &[u8]) {}

    /// What an I2C device answers; zeros.
    fn i2c_read(&mut self, _address: u8, _buffer: &mut [u8]) {}

    /// A pin is set, whether it changes or not.
    fn pin(&mut self, _pin: u8, _high: bool) {}

    /// A duty cycle is set.
    fn pwm(&mut self, _channel: u8, _duty: u16) {}

    /// What the terminals of a channel do now; `None` while it follows from power-up and not from what was written.
    fn level(&self, channel: u8) -> Option<Level>;

    /// Asked while [`Chip::level`] is `None`: whether what was written lets through whatever the channel powered up with. With a
    /// bridge, that a pair of its switches is closed, whether its DAC was written or not; without one, that the output is on.
    /// Counts as a level that drives, [`UNKNOWN`], which no property takes.
    fn is_closed(&self, channel: u8) -> bool;

    /// What the current source of a channel is asked for now, whether its output is open or not: the code that its converter has
    /// out. It has to be 0 while nothing is asked for. `None` while the converter has what it powered up with, which is not zero;
    /// and always `None` where nothing but the terminals is known, so that nothing is looked at.
    fn set_point(&self, channel: u8) -> Option<i32>;

    /// Whether a pin only lets through what was written on a bus, as the latch of a shift register does whose outputs are the
    /// switches. Any other pin that opens a channel within [`Output::off`](crate::Output::off) has to do so before the bus is asked.
    fn waits_for_bus(&self, _pin: u8) -> bool {
        false
    }
}

/// What is seen of a channel whose output is closed on a level that nobody wrote.
pub const UNKNOWN: Level = Level::Code(i32::MAX);

/// A board of parts, recorded. Clones are the same board.
#[derive(Debug)]
pub struct Board<C>(Rc<RefCell<State<C>>>);

impl<C> Clone for Board<C> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

#[derive(Debug)]
struct State<C> {
    chip: C,
    levels: Vec<Option<Level>>,
    seen: Vec<Seen>,
    now: u64,
    event: u64,
    transfer_ticks: u32,
    fail_in: Option<u32>,
    /// What fails takes effect first.
    has_effect: bool,
    failed: bool,
    /// Within an `off`.
    off: Option<Off>,
}

/// What an `off` did so far.
#[derive(Debug)]
struct Off {
    /// Channels that drove at a transfer on a bus, and were not opened since.
    waited: Vec<bool>,
    /// One that a pin opened after that.
    late: Option<u8>,
}

/// What happens on a board.
#[derive(Clone, Copy, Debug)]
enum Wire {
    Bus,
    Pin(u8),
    Register,
}

/// A transfer or a change of a pin that failed, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoardError {
    /// Number of the transfer or change, from 1.
    pub event: u64,
}

impl fmt::Display for BoardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {} of the board failed on purpose", self.event)
    }
}

impl core::error::Error for BoardError {}

impl spi::Error for BoardError {
    fn kind(&self) -> spi::ErrorKind {
        spi::ErrorKind::Other
    }
}

impl i2c::Error for BoardError {
    fn kind(&self) -> i2c::ErrorKind {
        i2c::ErrorKind::Other
    }
}

impl digital::Error for BoardError {
    fn kind(&self) -> digital::ErrorKind {
        digital::ErrorKind::Other
    }
}

impl pwm::Error for BoardError {
    fn kind(&self) -> pwm::ErrorKind {
        pwm::ErrorKind::Other
    }
}

impl<C: Chip> Board<C> {
    /// A board at tick 0 whose parts put out `channels` channels.
    #[must_use]
    pub fn new(chip: C, channels: u8) -> Self {
        let levels = vec![None; usize::from(channels)];
        Self(Rc::new(RefCell::new(State {
            chip,
            levels,
            seen: vec![],
            now: 0,
            event: 0,
            transfer_ticks: 0,
            fail_in: None,
            has_effect: false,
            failed: false,
            off: None,
        })))
    }

    /// The same board, on which each transfer on a bus takes so many ticks. None, when it is not said.
    #[must_use]
    pub fn with_transfer_ticks(self, ticks: u32) -> Self {
        self.0.borrow_mut().transfer_ticks = ticks;
        self
    }

    /// A device on an SPI bus, with its chip select.
    #[must_use]
    pub fn spi(&self, bus: u8) -> SpiWires<C> {
        SpiWires(self.clone(), bus)
    }

    /// An I2C bus.
    #[must_use]
    pub fn i2c(&self) -> I2cWires<C> {
        I2cWires(self.clone())
    }

    /// An output pin.
    #[must_use]
    pub fn pin(&self, pin: u8) -> Pin<C> {
        Pin(self.clone(), pin)
    }

    /// A PWM channel with a largest duty.
    #[must_use]
    pub fn pwm(&self, channel: u8, max_duty: u16) -> Pwm<C> {
        Pwm { board: self.clone(), channel, max_duty }
    }

    /// Looks at the parts.
    pub fn with<T>(&self, look: impl FnOnce(&mut C) -> T) -> T {
        look(&mut self.0.borrow_mut().chip)
    }

    pub(super) fn channels(&self) -> u8 {
        u8::try_from(self.0.borrow().levels.len()).unwrap_or(u8::MAX)
    }

    /// Tick 0, and what was seen so far was seen at it.
    pub(super) fn begin(&self) {
        let mut state = self.0.borrow_mut();
        state.now = 0;
        state.seen.iter_mut().for_each(|seen| seen.tick = 0);
    }

    pub(super) fn go_to(&self, now: u64) {
        let mut state = self.0.borrow_mut();
        state.now = state.now.max(now);
    }

    pub(super) fn now(&self) -> u64 {
        self.0.borrow().now
    }

    pub(super) fn fail_after(&self, transfers: u32, has_effect: bool) {
        let mut state = self.0.borrow_mut();
        (state.fail_in, state.has_effect, state.failed) = (Some(transfers), has_effect, false);
    }

    pub(super) fn failed(&self) -> bool {
        self.0.borrow().failed
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        core::mem::take(&mut self.0.borrow_mut().seen)
    }

    /// The first of what was seen since there were so many of it.
    pub(super) fn seen_after(&self, count: usize) -> Option<Seen> {
        self.0.borrow().seen.get(count).copied()
    }

    /// How much was seen and not taken.
    pub(super) fn seen_count(&self) -> usize {
        self.0.borrow().seen.len()
    }

    pub(super) fn off_begins(&self) {
        let mut state = self.0.borrow_mut();
        state.off = Some(Off { waited: vec![false; state.levels.len()], late: None });
    }

    /// A channel that a pin opened within it, and could have before the bus was asked.
    pub(super) fn off_ends(&self) -> Option<u8> {
        self.0.borrow_mut().off.take()?.late
    }

    /// One transfer or change of a pin. One that fails does nothing, or takes effect first, as it was asked for.
    fn happens(&self, wire: Wire, what: impl FnOnce(&mut C)) -> Result<(), BoardError> {
        let mut state = self.0.borrow_mut();
        state.event += 1;
        if matches!(wire, Wire::Bus) {
            state.now += u64::from(state.transfer_ticks);
            state.bus_is_asked();
        }
        let fails = state.fail_in == Some(0);
        state.fail_in = state.fail_in.and_then(|left| left.checked_sub(1));
        state.failed |= fails;
        if !fails || state.has_effect {
            what(&mut state.chip);
            state.look();
            state.may_have_opened(wire);
        }
        if fails { Err(BoardError { event: state.event }) } else { Ok(()) }
    }
}

impl<C: Chip> State<C> {
    fn bus_is_asked(&mut self) {
        let Some(off) = &mut self.off else { return };
        for (waited, level) in off.waited.iter_mut().zip(&self.levels) {
            *waited |= matches!(level, Some(Level::Code(code)) if *code != 0);
        }
    }

    fn may_have_opened(&mut self, wire: Wire) {
        let Some(off) = &mut self.off else { return };
        let could_go_first = match wire {
            Wire::Bus => false,
            Wire::Pin(pin) => !self.chip.waits_for_bus(pin),
            Wire::Register => true,
        };
        for ((channel, waited), level) in (0_u8..).zip(&mut off.waited).zip(&self.levels) {
            if *waited && *level == Some(Level::Open) {
                *waited = false;
                off.late = off.late.or(could_go_first.then_some(channel));
            }
        }
    }

    fn look(&mut self) {
        for (channel, last) in (0_u8..).zip(&mut self.levels) {
            let unknown = || self.chip.is_closed(channel).then_some(UNKNOWN);
            let Some(level) = self.chip.level(channel).or_else(unknown) else { continue };
            if *last != Some(level) {
                *last = Some(level);
                self.seen.push(Seen { tick: self.now, event: self.event, channel, level });
            }
        }
    }
}

/// A device on an SPI bus of a [`Board`].
#[derive(Debug)]
pub struct SpiWires<C>(Board<C>, u8);

impl<C> spi::ErrorType for SpiWires<C> {
    type Error = BoardError;
}

impl<C: Chip> spi::SpiDevice for SpiWires<C> {
    fn transaction(&mut self, operations: &mut [spi::Operation<'_, u8>]) -> Result<(), BoardError> {
        let bus = self.1;
        self.0.happens(Wire::Bus, |chip| {
            let mut written = vec![];
            for operation in operations {
                match operation {
                    spi::Operation::Write(bytes) => written.extend_from_slice(bytes),
                    spi::Operation::Read(buffer) => answer(chip, bus, &mut written, buffer),
                    spi::Operation::Transfer(buffer, bytes) => {
                        answer(chip, bus, &mut written, buffer);
                        written.extend_from_slice(bytes);
                    }
                    spi::Operation::TransferInPlace(buffer) => {
                        let bytes = buffer.to_vec();
                        answer(chip, bus, &mut written, buffer);
                        written.extend_from_slice(&bytes);
                    }
                    spi::Operation::DelayNs(_) => {}
                }
            }
            flush(&mut written, |bytes| chip.spi(bus, bytes));
        })
    }
}

/// What an SPI device answers to what was written before.
fn answer(chip: &mut impl Chip, bus: u8, written: &mut Vec<u8>, buffer: &mut [u8]) {
    flush(written, |bytes| chip.spi(bus, bytes));
    buffer.fill(0);
    chip.spi_read(bus, buffer);
}

/// Hands on what was written since the last read.
fn flush(written: &mut Vec<u8>, hand_on: impl FnOnce(&[u8])) {
    if !written.is_empty() {
        hand_on(written);
        written.clear();
    }
}

/// An I2C bus of a [`Board`].
#[derive(Debug)]
pub struct I2cWires<C>(Board<C>);

impl<C> i2c::ErrorType for I2cWires<C> {
    type Error = BoardError;
}

impl<C: Chip> i2c::I2c for I2cWires<C> {
    fn transaction(&mut self, address: u8, operations: &mut [i2c::Operation<'_>]) -> Result<(), BoardError> {
        self.0.happens(Wire::Bus, |chip| {
            let mut written = vec![];
            for operation in operations {
                match operation {
                    i2c::Operation::Write(bytes) => written.extend_from_slice(bytes),
                    i2c::Operation::Read(buffer) => {
                        flush(&mut written, |bytes| chip.i2c(address, bytes));
                        buffer.fill(0);
                        chip.i2c_read(address, buffer);
                    }
                }
            }
            flush(&mut written, |bytes| chip.i2c(address, bytes));
        })
    }
}

/// A pin of a [`Board`].
#[derive(Debug)]
pub struct Pin<C>(Board<C>, u8);

impl<C> digital::ErrorType for Pin<C> {
    type Error = BoardError;
}

impl<C: Chip> digital::OutputPin for Pin<C> {
    fn set_low(&mut self) -> Result<(), BoardError> {
        self.0.happens(Wire::Pin(self.1), |chip| chip.pin(self.1, false))
    }

    fn set_high(&mut self) -> Result<(), BoardError> {
        self.0.happens(Wire::Pin(self.1), |chip| chip.pin(self.1, true))
    }
}

/// A PWM channel of a [`Board`].
#[derive(Debug)]
pub struct Pwm<C> {
    board: Board<C>,
    channel: u8,
    max_duty: u16,
}

impl<C> pwm::ErrorType for Pwm<C> {
    type Error = BoardError;
}

impl<C: Chip> pwm::SetDutyCycle for Pwm<C> {
    fn max_duty_cycle(&self) -> u16 {
        self.max_duty
    }

    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), BoardError> {
        self.board.happens(Wire::Register, |chip| chip.pwm(self.channel, duty))
    }
}
