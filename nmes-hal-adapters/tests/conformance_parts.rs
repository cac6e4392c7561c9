//! The converters and the parts around an output, held against the conformance suite by their pins and bytes.
//!
//! The models are from the data sheets: what a frame or a pin does, not what the drivers do.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

use embedded_hal::digital::{ErrorType, InputPin};
use embedded_hal::pwm::SetDutyCycle;
use embedded_hal_mock::eh1::delay::NoopDelay;
use nmes_core::conformance::{Rig, Seen, cases, holds, properties};
use nmes_core::*;
use nmes_hal_adapters::conformance::{
    Board, Chip, I2cWires, OutputRig, Pin, Pwm, SpiWires, check_constructor,
};
use nmes_hal_adapters::*;
use std::convert::Infallible;

const LDAC: u8 = 40;
const TRIGGER: u8 = 41;
const CLEAR: u8 = 42;
const CONVERTER: u8 = 43;
const HOLD: u8 = 44;

/// Which converter it is.
#[derive(Clone, Copy)]
enum Part {
    Mcp4921,
    Mcp4725,
    Mcp4728,
    Ad5752,
    Ad5754,
    /// Twelve bits: what is below them is dropped.
    Ad5724,
    Duty,
}

/// A converter and, for each of its channels, pins from 4 × channel on.
struct Stage {
    part: Part,
    pins_each: usize,
    /// LDAC is tied low.
    transparent: bool,
    input: [Option<i32>; 4],
    output: [Option<i32>; 4],
    /// An AD57xx holds its outputs at ground until it is powered up.
    powered: bool,
    pins: [Option<bool>; 64],
    /// Behind a one-shot: whether it is armed. Behind a supply: whether it is up.
    armed: Option<bool>,
    charged: Option<bool>,
    /// What the next read answers.
    answer: Vec<u8>,
}

impl Stage {
    /// It holds its outputs at ground until it is powered up.
    fn is_bipolar(&self) -> bool {
        matches!(self.part, Part::Ad5752 | Part::Ad5754 | Part::Ad5724)
    }

    fn take(&mut self, channel: usize, code: i32) {
        self.input[channel] = Some(code);
        if self.transparent {
            self.output = self.input;
        }
    }

    fn ad57xx(&mut self, bytes: &[u8]) {
        let data = u16::from_be_bytes([bytes[1], bytes[2]]);
        let whole = i32::from(data) - 0x8000;
        let code = if matches!(self.part, Part::Ad5724) { whole >> 4 } else { whole };
        let step = if matches!(self.part, Part::Ad5752) { 2 } else { 1 };
        self.answer = vec![0; 3];
        match bytes[0] {
            4 => (0..4).for_each(|channel| self.take(channel, code)),
            address @ 0..=3 => {
                assert_eq!(usize::from(address) % step, 0, "no such address");
                self.take(usize::from(address) / step, code);
            }
            0x0C => assert_eq!(data, 4, "±10 V"),
            0x10 => self.powered = data & 0xF != 0,
            0x19 => assert_eq!(data, 0x0C),
            0x1D => self.output = self.input,
            0x88 => self.answer = vec![0, 0, 4],
            0x99 => self.answer = vec![0, 0, 0x0C],
            0x18 => {}
            other => panic!("no such command: {other:#x}"),
        }
    }
}

impl Chip for Stage {
    fn spi(&mut self, _bus: u8, bytes: &[u8]) {
        match self.part {
            Part::Mcp4921 => {
                let word = u16::from_be_bytes([bytes[0], bytes[1]]);
                assert_eq!((bytes.len(), word >> 12), (2, 0b0011));
                self.take(0, i32::from(word & 0xFFF));
            }
            Part::Ad5752 | Part::Ad5754 | Part::Ad5724 => self.ad57xx(bytes),
            Part::Mcp4725 | Part::Mcp4728 | Part::Duty => panic!("not on SPI"),
        }
    }

    fn spi_read(&mut self, _bus: u8, buffer: &mut [u8]) {
        if self.answer.len() == buffer.len() {
            buffer.copy_from_slice(&self.answer);
        }
    }

    fn i2c(&mut self, _address: u8, bytes: &[u8]) {
        let word = |high: u8, low: u8| i32::from(u16::from_be_bytes([high & 0xF, low]));
        match (self.part, bytes) {
            (Part::Mcp4725, &[high, low]) => {
                assert_eq!(high >> 4, 0, "fast mode, powered");
                self.take(0, word(high, low));
            }
            (Part::Mcp4728, bytes) if bytes.len() == 8 => {
                for (channel, pair) in bytes.chunks(2).enumerate() {
                    assert_eq!(pair[0] >> 4, 0, "fast write, powered");
                    self.take(channel, word(pair[0], pair[1]));
                }
            }
            (Part::Mcp4728, &[command, high, low]) => {
                assert_eq!((command >> 3, high & 0xF0), (0b0_1000, 0x80), "multi-write, 2.048 V, powered");
                let channel = usize::from(command >> 1 & 3);
                self.take(channel, word(high, low));
                // UDAC = 0: out as the byte ends, whatever LDAC does
                if command & 1 == 0 {
                    self.output[channel] = self.input[channel];
                }
            }
            (_, bytes) => panic!("no such frame: {bytes:?}"),
        }
    }

    fn pwm(&mut self, channel: u8, duty: u16) {
        self.take(usize::from(channel), i32::from(duty));
    }

    fn pin(&mut self, pin: u8, high: bool) {
        let before = self.pins[usize::from(pin)].replace(high);
        let clear = self.pins[usize::from(CLEAR)];
        match pin {
            LDAC if !high => self.output = self.input,
            CLEAR if !high => self.armed = self.armed.map(|_| false),
            TRIGGER if high && before == Some(false) => {
                self.armed = self.armed.map(|armed| armed || clear == Some(true));
            }
            HOLD => self.charged = self.charged.map(|_| high),
            _ => {}
        }
    }

    fn level(&self, channel: u8) -> Option<Level> {
        if self.armed == Some(false) || self.charged == Some(false) {
            return Some(Level::Open);
        }
        let pin = |n: usize| self.pins[4 * usize::from(channel) + n];
        let code = self.set_point(channel)?;
        let state = match self.pins_each {
            1 => (pin(0)?, false),
            2 => (pin(0)?, pin(1)?),
            _ if !pin(2)? => (false, false),
            _ if pin(0)? == pin(1)? => return Some(Level::Shorted),
            _ => (pin(0)?, pin(1)?),
        };
        Some(match state {
            (false, false) => Level::Open,
            (true, false) => Level::Code(code),
            (false, true) => Level::Code(-code),
            (true, true) => panic!("both diagonals are closed"),
        })
    }

    fn is_closed(&self, channel: u8) -> bool {
        let pin = |n: usize| self.pins[4 * usize::from(channel) + n];
        let held = self.armed == Some(false) || self.charged == Some(false);
        let closed = match self.pins_each {
            1 => pin(0) == Some(true),
            2 => pin(0) == Some(true) || pin(1) == Some(true),
            _ => pin(2) == Some(true) && pin(0) != pin(1),
        };
        closed && !held
    }

    fn set_point(&self, channel: u8) -> Option<i32> {
        if self.is_bipolar() && !self.powered { Some(0) } else { self.output[usize::from(channel)] }
    }
}

fn board(part: Part, channels: u8, pins_each: usize, transparent: bool) -> Board<Stage> {
    let stage = Stage {
        part,
        pins_each,
        transparent,
        input: [None; 4],
        output: [None; 4],
        powered: false,
        pins: [None; 64],
        armed: None,
        charged: None,
        answer: Vec::new(),
    };
    Board::new(stage, channels)
}

fn hardware(timing: HardwareTiming, channels: usize, least: i32, most: i32) -> Hardware {
    Hardware::new(timing, &vec![ChannelHardware::symmetric(1_000, least, most); channels], 7).unwrap()
}

fn latched() -> HardwareTiming {
    HardwareTiming::ideal(1_000_000)
}

/// A change of polarity writes twice, and so does that of each of the other channels.
fn in_turn() -> HardwareTiming {
    HardwareTiming {
        late_max_ticks: 12,
        write_ticks: 6,
        dead_ticks: 12,
        has_latch: false,
        ..HardwareTiming::ideal(2_000_000)
    }
}

type P = Pin<Stage>;
type Bridged<D, const PINS: usize, const N: usize> = OutputRig<Stage, DacBridge<D, P, PINS, N>>;

fn diagonals<const N: usize>(board: &Board<Stage>) -> [HBridge<P, 2>; N] {
    core::array::from_fn(|n| {
        let first = 4 * u8::try_from(n).unwrap();
        HBridge::diagonal(board.pin(first), board.pin(first + 1)).unwrap()
    })
}

fn enabled<const N: usize>(board: &Board<Stage>) -> [HBridge<P, 3>; N] {
    core::array::from_fn(|n| {
        let first = 4 * u8::try_from(n).unwrap();
        HBridge::with_enable(board.pin(first), board.pin(first + 1), board.pin(first + 2)).unwrap()
    })
}

fn switches<const N: usize>(board: &Board<Stage>) -> [HBridge<P, 1>; N] {
    core::array::from_fn(|n| HBridge::switch(board.pin(4 * u8::try_from(n).unwrap())).unwrap())
}

fn rig<D: Dac, const PINS: usize, const N: usize>(
    board: &Board<Stage>,
    dac: D,
    bridges: [HBridge<P, PINS>; N],
    hardware: Hardware,
) -> Bridged<D, PINS, N> {
    OutputRig::new(board, DacBridge::new(dac, bridges, hardware).unwrap())
}

fn mcp4921() -> Bridged<Mcp4921<SpiWires<Stage>, P>, 2, 1> {
    let board = board(Part::Mcp4921, 1, 2, false);
    let dac = Mcp4921::new(board.spi(0), Some(board.pin(LDAC))).unwrap();
    rig(&board, dac, diagonals(&board), hardware(latched(), 1, -4_095, 4_095))
}

fn mcp4725() -> Bridged<Mcp4725<I2cWires<Stage>>, 2, 1> {
    let board = board(Part::Mcp4725, 1, 2, true);
    let dac = Mcp4725::new(board.i2c(), 0x60).unwrap();
    rig(&board, dac, diagonals(&board), hardware(in_turn(), 1, -4_095, 4_095))
}

fn mcp4728_latched() -> Bridged<Mcp4728<I2cWires<Stage>, P>, 3, 4> {
    let board = board(Part::Mcp4728, 4, 3, false);
    let dac = Mcp4728::new(board.i2c(), 0x60, Reference::Internal, Some(board.pin(LDAC))).unwrap();
    let timing = HardwareTiming { gap_rest: Rest::Shorted, pulse_rest: Rest::Shorted, ..latched() };
    rig(&board, dac, enabled(&board), hardware(timing, 4, -4_095, 4_095))
}

fn mcp4728_in_turn() -> Bridged<Mcp4728<I2cWires<Stage>, P>, 2, 2> {
    let board = board(Part::Mcp4728, 2, 2, true).with_transfer_ticks(3);
    let dac = Mcp4728::new(board.i2c(), 0x60, Reference::Internal, None::<P>).unwrap();
    rig(&board, dac, diagonals(&board), hardware(in_turn(), 2, -4_095, 4_095))
}

fn ad5754_latched() -> Bridged<Ad5754<SpiWires<Stage>, P>, 1, 4> {
    let board = board(Part::Ad5754, 4, 1, false);
    let ldac = Some(board.pin(LDAC));
    let dac = Ad5754::new(board.spi(0), ldac, Range::Bipolar10, Coding::OffsetBinary, &mut NoopDelay::new());
    rig(&board, dac.unwrap(), switches(&board), hardware(latched(), 4, -32_768, 32_767))
}

fn ad5752_in_turn() -> Bridged<Ad5752<SpiWires<Stage>, P>, 1, 2> {
    let board = board(Part::Ad5752, 2, 1, true).with_transfer_ticks(3);
    let (range, coding) = (Range::Bipolar10, Coding::OffsetBinary);
    let dac = Ad5752::new(board.spi(0), None::<P>, range, coding, &mut NoopDelay::new());
    rig(&board, dac.unwrap(), switches(&board), hardware(in_turn(), 2, -30_000, 32_767))
}

fn ad5724_latched() -> Bridged<Ad5724<SpiWires<Stage>, P>, 1, 4> {
    let board = board(Part::Ad5724, 4, 1, false);
    let ldac = Some(board.pin(LDAC));
    let dac = Ad5724::new(board.spi(0), ldac, Range::Bipolar10, Coding::OffsetBinary, &mut NoopDelay::new());
    rig(&board, dac.unwrap(), switches(&board), hardware(latched(), 4, -2_048, 2_047))
}

/// REQ-HAL-389: a rig's clock begins with the rig. An AD5752 takes 11 transfers to be set up; counted, they made its first
/// edge late.
#[test]
fn setting_up_takes_no_time_of_a_session() {
    let mut rig = ad5752_in_turn();
    let set_up = rig.seen();
    assert!(!set_up.is_empty() && set_up.iter().all(|seen| seen.tick == 0));
    let spacing = u64::from(in_turn().write_ticks);
    assert_eq!(rig.apply(spacing, &[(0, Level::Code(750))]), Ok(spacing + 3), "one transfer");
    // of both signs without a change of the switch: a change of polarity is one transfer too
    assert_eq!(rig.apply(100, &[(0, Level::Code(-750))]), Ok(103));
}

fn pwm() -> Bridged<PwmDac<Pwm<Stage>>, 2, 1> {
    let board = board(Part::Duty, 1, 2, true);
    let dac = PwmDac::new(board.pwm(0, 1_023)).unwrap();
    rig(&board, dac, diagonals(&board), hardware(in_turn(), 1, -1_023, 1_023))
}

/// A rig whose converter cannot fail: nothing is made to.
struct Infallibly<R>(R);

impl<R: Rig> Rig for Infallibly<R> {
    type Error = R::Error;

    fn hardware(&self) -> Hardware {
        self.0.hardware()
    }
    fn apply(&mut self, now: u64, edges: &[(u8, Level)]) -> Result<u64, R::Error> {
        self.0.apply(now, edges)
    }
    fn channel_off(&mut self, now: u64, channel: u8) -> Result<u64, R::Error> {
        self.0.channel_off(now, channel)
    }
    fn off(&mut self, now: u64) -> Result<u64, R::Error> {
        self.0.off(now)
    }
    fn end(&mut self, now: u64) {
        self.0.end(now);
    }
    fn fail_after(&mut self, _transfers: u32) {}
    fn failed(&self) -> bool {
        false
    }
    fn set_point(&self, channel: u8) -> Option<i32> {
        self.0.set_point(channel)
    }
    fn seen(&mut self) -> Vec<Seen> {
        self.0.seen()
    }
}

fn on_chip() -> impl Rig {
    let board = board(Part::Duty, 2, 2, true);
    let mut registers = [board.pwm(0, 4_095), board.pwm(1, 4_095)];
    let dac = OnChipDac::<_, 2>::new(4_095, move |channel, code| {
        registers[usize::from(channel)].set_duty_cycle(code).unwrap();
    });
    let timing = HardwareTiming { dead_ticks: 0, ..in_turn() };
    Infallibly(rig(&board, dac, diagonals::<2>(&board), hardware(timing, 2, -4_095, 4_095)))
}

type Bare = DacBridge<Mcp4728<I2cWires<Stage>, P>, P, 2, 2>;

/// Two channels, for the parts around an output.
fn two() -> Board<Stage> {
    board(Part::Mcp4728, 2, 2, false)
}

fn bare(board: &Board<Stage>) -> Bare {
    let dac = Mcp4728::new(board.i2c(), 0x60, Reference::Internal, Some(board.pin(LDAC))).unwrap();
    // each write to the pin is a transfer of the board that fails in turn
    let dac = dac.with_ldac_writes(1);
    DacBridge::new(dac, diagonals(board), hardware(latched(), 2, -4_095, 4_095)).unwrap()
}

fn one_shot() -> OutputRig<Stage, OneShot<Bare, PulseEnable<P>>> {
    let board = two();
    board.with(|stage| stage.armed = Some(false));
    let part = PulseEnable::new(board.pin(TRIGGER), Some(board.pin(CLEAR)), 500).unwrap();
    OutputRig::new(&board, OneShot::new(bare(&board), part))
}

/// The comparator of a rail that is up whenever it is asked.
struct Good;
impl ErrorType for Good {
    type Error = Infallible;
}
impl InputPin for Good {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(true)
    }
    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(false)
    }
}

fn powered() -> OutputRig<Stage, Powered<Bare, PinSupply<P, Good>>> {
    let board = two();
    board.with(|stage| stage.charged = Some(false));
    let supply = PinSupply::new(board.pin(CONVERTER), board.pin(HOLD), Good).unwrap();
    let mut output = Powered::new(bare(&board), supply);
    output.supply().charge().unwrap();
    OutputRig::new(&board, output)
}

type Marked = Synced<Bare, Lines, fn() -> u64>;

/// Lines of their own, which are not on the board.
struct Lines;
impl SyncLines for Lines {
    type Error = Infallible;
    fn marker(&mut self, _high: bool) -> Result<(), Infallible> {
        Ok(())
    }
    fn blank(&mut self, _high: bool) -> Result<(), Infallible> {
        Ok(())
    }
    fn triggered(&mut self) -> Result<bool, Infallible> {
        Ok(false)
    }
}

fn synced() -> OutputRig<Stage, Marked> {
    let board = two();
    let clock: fn() -> u64 = || 0;
    OutputRig::new(&board, Synced::new(bare(&board), Lines, MarkerMode::Pulse, clock))
}

// REQ-HAL-450: a part of 12 bits keeps the suite.
nmes_core::output_conformance!(ad5724_latched, super::ad5724_latched);

// REQ-HAL-296: each converter behind a bridge or switch, and each part around an output, keeps the suite.
nmes_core::output_conformance!(mcp4921, super::mcp4921);
nmes_core::output_conformance!(mcp4725, super::mcp4725);
nmes_core::output_conformance!(mcp4728_latched, super::mcp4728_latched);
nmes_core::output_conformance!(mcp4728_in_turn, super::mcp4728_in_turn);
nmes_core::output_conformance!(ad5754_latched, super::ad5754_latched);
nmes_core::output_conformance!(ad5752_in_turn, super::ad5752_in_turn);
nmes_core::output_conformance!(pwm, super::pwm);
nmes_core::output_conformance!(one_shot, super::one_shot);
nmes_core::output_conformance!(powered, super::powered);
nmes_core::output_conformance!(synced, super::synced);

/// REQ-HAL-296: an on-chip converter keeps the suite, but for the properties of errors, which it cannot have.
#[test]
fn an_on_chip_converter_keeps_the_suite() {
    let of_errors = |name: &str| name.contains("error") || name == "hardware_stays";
    for property in properties().into_iter().filter(|name| !of_errors(name)) {
        holds(property, on_chip, cases(200)).unwrap_or_else(|violation| panic!("{violation}"));
    }
}

/// A converter behind switches, each of its transfers failing in turn.
fn constructed<D, E: std::fmt::Debug>(
    part: Part,
    new: impl Fn(&Board<Stage>) -> Result<D, E>,
) -> Result<(), String> {
    let parts = |board: &Board<Stage>| {
        let dac = new(board).map_err(|error| format!("{error:?}"))?;
        Ok::<_, String>((dac, HBridge::switch(board.pin(0)).map_err(|error| format!("{error:?}"))?))
    };
    check_constructor(|| board(part, 1, 1, false), parts)
}

/// REQ-HAL-481: each converter whose constructor fails, at whichever transfer, says so and leaves nothing on.
#[test]
fn a_constructor_that_fails_leaves_nothing_on() {
    let (range, coding) = (Range::Bipolar10, Coding::OffsetBinary);
    let delay = NoopDelay::new;
    constructed(Part::Mcp4921, |board| Mcp4921::new(board.spi(0), Some(board.pin(LDAC)))).unwrap();
    constructed(Part::Mcp4725, |board| Mcp4725::new(board.i2c(), 0x60)).unwrap();
    constructed(Part::Mcp4728, |board| {
        Mcp4728::new(board.i2c(), 0x60, Reference::Internal, Some(board.pin(LDAC)))
    })
    .unwrap();
    let ldac = |board: &Board<Stage>| Some(board.pin(LDAC));
    constructed(Part::Ad5754, |board| Ad5754::new(board.spi(0), ldac(board), range, coding, &mut delay()))
        .unwrap();
    constructed(Part::Duty, |board| PwmDac::new(board.pwm(0, 1_023))).unwrap();
}
