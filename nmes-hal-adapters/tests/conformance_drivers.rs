//! A driver of one's own on the board of the conformance suite, right and with one thing wrong: what `Output` asks for beside
//! levels is looked at too.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

use embedded_hal::digital::OutputPin;
use embedded_hal::i2c::I2c;
use nmes_core::conformance::{Rig, check, holds};
use nmes_core::{ChannelHardware, Hardware, HardwareTiming, Level, Rest};
use nmes_hal_adapters::Output;
use nmes_hal_adapters::conformance::{Board, Chip, I2cWires, OutputRig, Pin};
use nmes_safety::{Admitted, AdmittedEdge};

const LDAC: u8 = 20;
const CHANNELS: u8 = 2;
const CODE_MAX: i32 = 65_000;

/// Two converters of 16 bits on I2C with a common LDAC, each with a bridge of two inputs and an enable.
struct Parts {
    input: [Option<u16>; 2],
    output: [Option<u16>; 2],
    pins: [Option<bool>; 24],
}

impl Chip for Parts {
    fn i2c(&mut self, address: u8, bytes: &[u8]) {
        assert_eq!((bytes.len(), bytes[0]), (3, 0x10), "the input register");
        self.input[usize::from(address - 0x4C)] = Some(u16::from_be_bytes([bytes[1], bytes[2]]));
    }

    fn pin(&mut self, pin: u8, high: bool) {
        self.pins[usize::from(pin)] = Some(high);
        if pin == LDAC && !high {
            self.output = self.input;
        }
    }

    fn level(&self, channel: u8) -> Option<Level> {
        let pin = |n: u8| self.pins[usize::from(4 * channel + n)];
        if !pin(2)? {
            return Some(Level::Open);
        }
        let code = i32::from(self.output[usize::from(channel)]?);
        Some(match (pin(0)?, pin(1)?) {
            (true, false) => Level::Code(code),
            (false, true) => Level::Code(-code),
            (false, false) | (true, true) => Level::Shorted,
        })
    }

    fn is_closed(&self, channel: u8) -> bool {
        let pin = |n: u8| self.pins[usize::from(4 * channel + n)];
        pin(2) == Some(true) && pin(0) != pin(1)
    }

    fn set_point(&self, channel: u8) -> Option<i32> {
        self.output[usize::from(channel)].map(i32::from)
    }
}

/// What is wrong with a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Nothing,
    /// The converters are left: by the constructor,
    SetPointUnwritten,
    /// by `off` and by errors,
    SetPointLeft,
    /// and by the drop.
    SetPointLeftByDrop,
    /// The drop gives up at the first pin that fails.
    DropGivesUp,
    /// A stopped driver does nothing when it is dropped.
    StoppedDropDoesNothing,
    /// `begin` puts out a code,
    BeginDrives,
    /// opens,
    BeginOpens,
    /// or fails.
    BeginFails,
    /// `off` writes the converters first.
    BusFirst,
    /// `channel_off` of a channel that is not there is taken: of the next one,
    TakesTheNext,
    /// or of number 255.
    TakesTheLast,
    /// `channel_off` after an error opens one.
    OpensOneAfterError,
    /// `channel_off` after an error ends it.
    ChannelOffEndsError,
}

struct Driver {
    i2c: I2cWires<Parts>,
    ldac: Pin<Parts>,
    bridges: Vec<[Pin<Parts>; 3]>,
    hardware: Hardware,
    /// What each bridge is known to be at.
    sides: [Option<Side>; 2],
    stopped: bool,
    made: bool,
    wrong: Wrong,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Open,
    Shorted,
    Forward,
    Reverse,
}

fn side(level: Level) -> Side {
    match level {
        Level::Open => Side::Open,
        Level::Shorted => Side::Shorted,
        Level::Code(0..) => Side::Forward,
        Level::Code(_) => Side::Reverse,
    }
}

type Told = Result<(), String>;

fn told<E: std::fmt::Debug>(result: Result<(), E>) -> Told {
    result.map_err(|e| format!("{e:?}"))
}

impl Driver {
    fn new(board: &Board<Parts>, hardware: Hardware, wrong: Wrong) -> Self {
        let bridge = |c: u8| [0, 1, 2].map(|n| board.pin(4 * c + n));
        let bridges = (0..CHANNELS).map(bridge).collect();
        let (i2c, ldac, sides) = (board.i2c(), board.pin(LDAC), [None; 2]);
        let mut driver = Self { i2c, ldac, bridges, hardware, sides, stopped: false, made: false, wrong };
        driver.ldac.set_high().unwrap();
        driver.all_off().unwrap();
        driver.made = true;
        driver
    }

    fn is(&self, wrong: Wrong) -> bool {
        self.wrong == wrong
    }

    /// The enable opens first.
    fn open(&mut self, channel: usize) -> Told {
        self.sides[channel] = None;
        let mut first = Ok(());
        for pin in self.bridges[channel].iter_mut().rev() {
            first = first.and(told(pin.set_low()));
        }
        self.sides[channel] = first.is_ok().then_some(Side::Open);
        first
    }

    fn write(&mut self, channel: usize, code: u16) -> Told {
        let [high, low] = code.to_be_bytes();
        told(self.i2c.write(0x4C + channel as u8, &[0x10, high, low]))
    }

    fn latch(&mut self) -> Told {
        told(self.ldac.set_low()).and(told(self.ldac.set_high()))
    }

    fn zero(&mut self) -> Told {
        let mut first = Ok(());
        for channel in 0..2 {
            first = first.and(self.write(channel, 0));
        }
        first.and(self.latch())
    }

    fn all_off(&mut self) -> Told {
        let mut first = if self.is(Wrong::BusFirst) { self.zero() } else { Ok(()) };
        for channel in 0..2 {
            first = first.and(self.open(channel));
        }
        let left = if self.made { Wrong::SetPointLeft } else { Wrong::SetPointUnwritten };
        if self.is(left) || self.is(Wrong::BusFirst) { first } else { first.and(self.zero()) }
    }

    fn check(&self, (channel, level): (u8, Level)) -> Told {
        if channel >= CHANNELS {
            return Err("no such channel".into());
        }
        match level {
            Level::Code(code) if code.abs() > CODE_MAX => Err("no such code".into()),
            Level::Open | Level::Shorted | Level::Code(_) => Ok(()),
        }
    }

    fn close(&mut self, channel: usize, to: Side) -> Told {
        self.open(channel)?;
        self.sides[channel] = None;
        let [a, b, enable] = &mut self.bridges[channel];
        told(a.set_state((to == Side::Forward).into()))?;
        told(b.set_state((to == Side::Reverse).into()))?;
        told(enable.set_state((to != Side::Open).into()))?;
        self.sides[channel] = Some(to);
        Ok(())
    }

    fn put(&mut self, edges: &[(u8, Level)]) -> Told {
        edges.iter().try_for_each(|edge| self.check(*edge))?;
        let turned = edges.iter().filter(|(c, level)| self.sides[usize::from(*c)] != Some(side(*level)));
        let turned: Vec<_> = turned.map(|(c, level)| (usize::from(*c), side(*level))).collect();
        for (channel, _) in &turned {
            self.write(*channel, 0)?;
        }
        self.latch()?;
        for (channel, to) in turned {
            self.close(channel, to)?;
        }
        for (channel, level) in edges {
            let code = if let Level::Code(code) = level { code.unsigned_abs() } else { 0 };
            self.write(usize::from(*channel), code as u16)?;
        }
        self.latch()
    }

    fn guarded(&mut self, edges: &[(u8, Level)]) -> Told {
        let result = if self.stopped { Err("stopped".into()) } else { self.put(edges) };
        if result.is_err() {
            self.stopped = true;
            let _ = self.all_off();
        }
        result
    }

    /// After an error.
    fn all_for_one(&mut self, channel: u8) -> Told {
        if self.is(Wrong::OpensOneAfterError) {
            return self.open(usize::from(channel));
        }
        let result = self.all_off();
        self.stopped = !self.is(Wrong::ChannelOffEndsError);
        result
    }
}

impl Output for Driver {
    type Error = String;

    fn hardware(&self) -> &Hardware {
        &self.hardware
    }

    fn begin(&mut self, frame: &Admitted<'_>) -> Told {
        let channel = frame.frame().channel();
        for (wrong, level) in [(Wrong::BeginDrives, Level::Code(1)), (Wrong::BeginOpens, Level::Open)] {
            if self.is(wrong) {
                return self.guarded(&[(channel, level)]);
            }
        }
        if self.is(Wrong::BeginFails) { Err("it does not begin".into()) } else { Ok(()) }
    }

    fn apply(&mut self, edges: &[AdmittedEdge]) -> Told {
        let edges: Vec<_> = edges.iter().map(|edge| (edge.channel(), edge.level())).collect();
        self.guarded(&edges)
    }

    fn channel_off(&mut self, channel: u8) -> Told {
        match (self.wrong, channel) {
            (Wrong::TakesTheNext, CHANNELS) | (Wrong::TakesTheLast, u8::MAX) => Ok(()),
            _ if self.stopped => self.all_for_one(channel),
            _ => self.guarded(&[(channel, Level::Open)]),
        }
    }

    fn off(&mut self) -> Told {
        let result = self.all_off();
        self.stopped = result.is_err();
        result
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let told = if self.is(Wrong::StoppedDropDoesNothing) && self.stopped {
            Ok(())
        } else if self.is(Wrong::SetPointLeftByDrop) {
            self.open(0).and(self.open(1))
        } else if self.is(Wrong::DropGivesUp) {
            (0..2).try_for_each(|channel| self.open(channel)).and_then(|()| self.zero())
        } else {
            self.all_off()
        };
        // nobody is left to hear of a failure
        drop(told);
    }
}

fn rig(wrong: Wrong) -> OutputRig<Parts, Driver> {
    let board = Board::new(Parts { input: [None; 2], output: [None; 2], pins: [None; 24] }, CHANNELS);
    let timing = HardwareTiming { gap_rest: Rest::Shorted, ..HardwareTiming::ideal(1_000_000) };
    let channel = ChannelHardware::symmetric(1_000, -CODE_MAX, CODE_MAX);
    let hardware = Hardware::new(timing, &[channel; CHANNELS as usize], 7).unwrap();
    OutputRig::new(&board, Driver::new(&board, hardware, wrong))
}

/// The property finds it, and says so in these words.
fn found(wrong: Wrong, property: &str, words: &str) {
    let held = holds(property, || rig(wrong), 1);
    let told = held.map_or_else(|violation| violation.to_string(), |()| "it passed".into());
    assert!(told.contains(words), "{wrong:?}: {told}");
    assert!(check(|| rig(wrong), 1).is_err(), "{wrong:?}");
}

/// REQ-HAL-460, REQ-HAL-461, REQ-HAL-462, REQ-HAL-463, REQ-HAL-465: a driver that does what `Output` asks for passes.
#[test]
fn a_right_driver_passes() {
    check(|| rig(Wrong::Nothing), 200).unwrap_or_else(|violation| panic!("{violation}"));
}

/// REQ-HAL-460: a set-point that stays on behind an open stage is found: after construction, `off`, an error and a drop.
#[test]
fn a_set_point_that_is_left_is_found() {
    let unwritten = "after construction, nobody has written the set-point of channel 0";
    found(Wrong::SetPointUnwritten, "starts_open", unwritten);
    for (property, words) in [
        ("off_opens", "the set-point of channel 0 is 1, not 0"),
        ("errors_open", "of Apply failed, the set-point of channel 0 is 1, not 0"),
        ("what_does_not_fit_is_refused", "was refused, the set-point of channel 0 is 1, not 0"),
        ("drop_opens", "the set-point of channel 0 is 1, not 0"),
    ] {
        found(Wrong::SetPointLeft, property, words);
    }
    found(Wrong::SetPointLeftByDrop, "drop_opens", "the set-point of channel 0 is 1, not 0");
}

/// REQ-HAL-461: a drop that gives up at the first error, or that does nothing after one, is found.
#[test]
fn a_drop_that_meets_or_follows_an_error_is_looked_at() {
    let property = "drop_opens_despite_errors";
    found(Wrong::DropGivesUp, property, "after transfer 0 of Drop failed, a channel drives Code(");
    let words = "of Off failed, and it was dropped, channel 0 is";
    found(Wrong::StoppedDropDoesNothing, property, words);
}

/// REQ-HAL-461: what is at stake: the other channel goes on driving, and nobody is left to tell it.
#[test]
fn a_drop_that_gives_up_goes_on_driving() {
    for (wrong, drives) in [(Wrong::Nothing, false), (Wrong::DropGivesUp, true)] {
        let mut rig = rig(wrong);
        rig.apply(100, &[(0, Level::Code(5)), (1, Level::Code(5))]).unwrap();
        rig.fail_after(0);
        rig.end(200);
        let last = rig.seen().into_iter().rfind(|seen| seen.channel == 1).unwrap().level;
        assert_eq!(last == Level::Code(5), drives, "{wrong:?}: {last:?}");
    }
}

/// REQ-HAL-462: the suite begins each frame before its first edge: a level in `begin`, and one that fails, are found.
#[test]
fn what_begin_lets_out_is_found() {
    found(Wrong::BeginDrives, "open_is_open", "came within begin, before its edge");
    found(Wrong::BeginOpens, "only_rests_between", "came within begin, before its edge");
    found(Wrong::BeginFails, "codes_come_out", "it does not begin");
}

/// REQ-HAL-463: after an error, until `off` has succeeded, `channel_off` opens every channel, and does not end the error.
#[test]
fn a_channel_off_after_an_error_opens_all() {
    let property = "nothing_follows_an_error";
    let words = "of Off failed, and channel_off(0) was called, channel 1 is";
    found(Wrong::OpensOneAfterError, property, words);
    let words = "of Apply failed, and channel_off(0) was called, Seen";
    found(Wrong::ChannelOffEndsError, property, words);
}

/// REQ-HAL-464: `channel_off` of a channel that is not there is asked for, right behind the last one and at 255.
#[test]
fn a_channel_off_of_no_channel_is_asked_for() {
    let property = "what_does_not_fit_is_refused";
    found(Wrong::TakesTheNext, property, "channel_off(2) of 2 channels was taken");
    found(Wrong::TakesTheLast, property, "was taken");
}

/// REQ-HAL-465: an `off` that asks the bus while pins could have opened the channel is found.
#[test]
fn an_off_that_asks_the_bus_first_is_found() {
    found(Wrong::BusFirst, "off_opens", "waited for a transfer on a bus");
}

/// A switch behind a register on a bus, which a pin then lets through.
#[derive(Default)]
struct Register {
    written: u8,
    closed: Option<bool>,
    /// The model says what the pin is.
    says: bool,
}

impl Chip for Register {
    fn i2c(&mut self, _address: u8, bytes: &[u8]) {
        self.written = bytes[0];
    }
    fn pin(&mut self, _pin: u8, high: bool) {
        self.closed = if high { Some(self.written != 0) } else { self.closed };
    }
    fn level(&self, _channel: u8) -> Option<Level> {
        self.closed.map(|closed| if closed { Level::Code(1) } else { Level::Open })
    }
    fn is_closed(&self, _channel: u8) -> bool {
        false
    }
    fn set_point(&self, _channel: u8) -> Option<i32> {
        None
    }
    fn waits_for_bus(&self, _pin: u8) -> bool {
        self.says
    }
}

/// Closes and opens it.
struct Switched {
    i2c: I2cWires<Register>,
    pin: Pin<Register>,
    hardware: Hardware,
}

impl Switched {
    fn set(&mut self, closed: bool) -> Told {
        told(self.i2c.write(0x20, &[closed.into()]))?;
        told(self.pin.set_high())?;
        told(self.pin.set_low())
    }
}

impl Output for Switched {
    type Error = String;
    fn hardware(&self) -> &Hardware {
        &self.hardware
    }
    fn apply(&mut self, edges: &[AdmittedEdge]) -> Told {
        self.set(edges[0].level() != Level::Open)
    }
    fn channel_off(&mut self, _channel: u8) -> Told {
        self.set(false)
    }
    fn off(&mut self) -> Told {
        self.set(false)
    }
}

/// REQ-HAL-465: a pin that only lets through what a bus wrote cannot go first; the model says which one that is.
#[test]
fn a_pin_that_waits_for_a_bus_comes_after_it() {
    let opened = |says| {
        let board = Board::new(Register { says, ..Register::default() }, 1);
        let channel = ChannelHardware::symmetric(1_000, -1, 1);
        let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[channel], 0).unwrap();
        let mut rig = OutputRig::new(&board, Switched { i2c: board.i2c(), pin: board.pin(0), hardware });
        rig.apply(100, &[(0, Level::Code(1))]).unwrap();
        rig.off(200)
    };
    assert_eq!(opened(true), Ok(200));
    assert!(opened(false).unwrap_err().contains("waited for a transfer on a bus"));
}
