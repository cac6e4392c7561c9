//! Every output of this crate, held against the conformance suite of nmes-core by its pins and bytes.
//!
//! The models of the parts are from the data sheets: what a word or a pin does, not what the drivers do.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

use embedded_hal::digital::OutputPin;
use nmes_core::conformance::{Rig, Seen, check, holds};
use nmes_core::*;
use nmes_hal_adapters::conformance::{Board, Chip, OutputRig, Pin, SpiWires, permits};
use nmes_hal_adapters::sim::{Bench, EdgeSink, Load, SimEdge, SimError, SimOutput, Stage, StageFault};
use nmes_hal_adapters::{DacBridge, HBridge, Mcp4922, OneShot, Output};
use std::cell::RefCell;
use std::rc::Rc;

/// What two pins do to a bridge.
#[derive(Clone, Copy)]
enum Bridge {
    /// Each pin closes a diagonal.
    Diagonal,
    /// Two inputs and an enable: enabled, each input connects its side to the supply, or to ground when low.
    WithEnable,
}

/// An MCP4922 and a bridge for each of its DACs. LDAC is pin 15; the bridge of channel `n` has the pins from 4 n on.
struct Mcp {
    bridge: Bridge,
    /// Written, and out.
    input: [Option<u16>; 2],
    output: [Option<u16>; 2],
    pins: [Option<bool>; 16],
    /// LDAC tied low: out at once.
    transparent: bool,
}

const LDAC: u8 = 15;

impl Chip for Mcp {
    fn spi(&mut self, _bus: u8, bytes: &[u8]) {
        assert_eq!(bytes.len(), 2, "16 clocks, or the word is ignored");
        let word = u16::from_be_bytes([bytes[0], bytes[1]]);
        let dac = usize::from(word >> 15);
        assert_eq!(word >> 12 & 0b111, 0b011, "unbuffered, gain 1, not shut down");
        self.input[dac] = Some(word & 0xFFF);
        if self.transparent {
            self.output[dac] = self.input[dac];
        }
    }

    fn pin(&mut self, pin: u8, high: bool) {
        self.pins[usize::from(pin)] = Some(high);
        if pin == LDAC && !high {
            self.output = self.input;
        }
    }

    fn level(&self, channel: u8) -> Option<Level> {
        let code = i32::from(self.output[usize::from(channel)]?);
        let pin = |n: usize| self.pins[4 * usize::from(channel) + n];
        let (a, b) = (pin(0)?, pin(1)?);
        match self.bridge {
            Bridge::WithEnable if !pin(2)? => Some(Level::Open),
            Bridge::Diagonal if !a && !b => Some(Level::Open),
            Bridge::WithEnable if a == b => Some(Level::Shorted),
            Bridge::Diagonal if a && b => panic!("both diagonals are closed"),
            Bridge::Diagonal | Bridge::WithEnable => Some(Level::Code(if a { code } else { -code })),
        }
    }

    fn is_closed(&self, channel: u8) -> bool {
        let pin = |n: usize| self.pins[4 * usize::from(channel) + n];
        match self.bridge {
            Bridge::Diagonal => pin(0) == Some(true) || pin(1) == Some(true),
            Bridge::WithEnable => pin(2) == Some(true) && pin(0) != pin(1),
        }
    }

    fn set_point(&self, channel: u8) -> Option<i32> {
        self.output[usize::from(channel)].map(i32::from)
    }
}

fn mcp(bridge: Bridge, transparent: bool) -> Board<Mcp> {
    let (input, output, pins) = ([None; 2], [None; 2], [None; 16]);
    Board::new(Mcp { bridge, input, output, pins, transparent }, 2)
}

fn hardware(timing: HardwareTiming, channels: usize) -> Hardware {
    Hardware::new(timing, &vec![ChannelHardware::symmetric(25_000, -4_095, 4_095); channels], 0xC0FFEE)
        .unwrap()
}

type Wired<const PINS: usize, const N: usize> =
    DacBridge<Mcp4922<SpiWires<Mcp>, Pin<Mcp>>, Pin<Mcp>, PINS, N>;

/// Two channels with a latch, whose bridges short in the gap.
fn two_latched() -> OutputRig<Mcp, Wired<3, 2>> {
    let board = mcp(Bridge::WithEnable, false);
    let dac = Mcp4922::new(board.spi(0), Some(board.pin(LDAC))).unwrap();
    let bridges = [0, 4].map(|first| {
        HBridge::with_enable(board.pin(first), board.pin(first + 1), board.pin(first + 2)).unwrap()
    });
    let timing = HardwareTiming {
        gap_rest: Rest::Shorted,
        pulse_rest: Rest::Shorted,
        ..HardwareTiming::ideal(1_000_000)
    };
    OutputRig::new(&board, DacBridge::new(dac, bridges, hardware(timing, 2)).unwrap())
}

/// Two channels without a latch: a transfer takes 3 ticks, and a bridge has a dead time.
fn two_in_turn() -> OutputRig<Mcp, Wired<2, 2>> {
    let board = mcp(Bridge::Diagonal, true).with_transfer_ticks(3);
    let dac = Mcp4922::new(board.spi(0), None::<Pin<Mcp>>).unwrap();
    let bridges = [0, 4].map(|first| HBridge::diagonal(board.pin(first), board.pin(first + 1)).unwrap());
    // a change of polarity writes twice, and so does that of the other channel
    let timing = HardwareTiming {
        late_max_ticks: 9,
        write_ticks: 6,
        dead_ticks: 12,
        has_latch: false,
        ..HardwareTiming::ideal(2_000_000)
    };
    OutputRig::new(&board, DacBridge::new(dac, bridges, hardware(timing, 2)).unwrap())
}

/// One channel on a calibrated output.
fn one_calibrated() -> OutputRig<Mcp, Wired<2, 1>> {
    let board = mcp(Bridge::Diagonal, true);
    let dac = Mcp4922::new(board.spi(0), None::<Pin<Mcp>>).unwrap();
    let bridge = HBridge::diagonal(board.pin(0), board.pin(1)).unwrap();
    let channel = ChannelHardware {
        na_per_code_negative: 24_900,
        offset_na: 2_000,
        ..ChannelHardware::symmetric(25_000, -4_000, 4_095)
    };
    let hardware = Hardware::new(HardwareTiming::ideal(8_000_000), &[channel], 1).unwrap();
    // the second DAC has no terminals
    OutputRig::new(&board, DacBridge::new(dac, [bridge], hardware).unwrap())
}

nmes_core::output_conformance!(mcp4922_latched, two_latched);
nmes_core::output_conformance!(mcp4922_in_turn, two_in_turn);
nmes_core::output_conformance!(mcp4922_calibrated, one_calibrated);

/// REQ-CORE-103: the suite runs on real drivers by their pins: crossed bridge wires, a latch pin that is not there and a
/// part of another output word are found, each by the property that is there for it.
#[test]
fn wrong_wiring_is_found() {
    let crossed = || {
        let board = mcp(Bridge::Diagonal, true);
        let dac = Mcp4922::new(board.spi(0), None::<Pin<Mcp>>).unwrap();
        let bridge = HBridge::diagonal(board.pin(1), board.pin(0)).unwrap();
        OutputRig::new(
            &board,
            DacBridge::new(dac, [bridge], hardware(HardwareTiming::ideal(1_000_000), 1)).unwrap(),
        )
    };
    let told = holds("codes_come_out", crossed, 1).unwrap_err().to_string();
    assert_eq!(told, "codes_come_out: after [(0, Code(-4095))], channel 0 is Code(4095), not Code(-4095)");

    let unlatched = || {
        // LDAC of the parts is tied low, whatever the pin does
        let board = mcp(Bridge::WithEnable, true);
        let dac = Mcp4922::new(board.spi(0), Some(board.pin(LDAC))).unwrap();
        let bridges = [0, 4].map(|first| {
            HBridge::with_enable(board.pin(first), board.pin(first + 1), board.pin(first + 2)).unwrap()
        });
        OutputRig::new(
            &board,
            DacBridge::new(dac, bridges, hardware(HardwareTiming::ideal(1_000_000), 2)).unwrap(),
        )
    };
    let told = holds("instants_are_together", unlatched, 1).unwrap_err().to_string();
    assert!(told.contains("with a latch") && told.ends_with("one after the other"), "{told}");

    let short = || {
        let board = mcp(Bridge::Diagonal, true);
        let dac = Mcp4922::new(board.spi(0), None::<Pin<Mcp>>).unwrap();
        let bridge = HBridge::diagonal(board.pin(0), board.pin(2)).unwrap();
        OutputRig::new(
            &board,
            DacBridge::new(dac, [bridge], hardware(HardwareTiming::ideal(1_000_000), 1)).unwrap(),
        )
    };
    let told = holds("starts_open", short, 1).unwrap_err().to_string();
    assert_eq!(told, "starts_open: after construction, channel 0 is unknown, not Open");
}

/// What the stage of a channel really is at, after each edge.
struct Recorder(&'static Bench, Rc<RefCell<Vec<Seen>>>);

impl EdgeSink for Recorder {
    fn edge(&mut self, edge: SimEdge) {
        let (tick, channel) = (edge.at_tick, edge.channel);
        self.1.borrow_mut().push(Seen { tick, event: tick, channel, level: self.0.level(channel) });
    }
}

/// A simulated output. A write of `apply` fails on purpose; opening cannot.
struct Simulated {
    bench: &'static Bench,
    output: Option<SimOutput<'static, Recorder>>,
    seen: Rc<RefCell<Vec<Seen>>>,
    fail_in: Option<usize>,
    failed: bool,
}

impl Simulated {
    fn new(hardware: Hardware) -> Self {
        let stage = Stage::ideal(200.0, Load::resistor(1_000.0).unwrap());
        let bench: &'static _ = Box::leak(Box::new(Bench::new(hardware, stage, 0, 1)));
        let seen = Rc::default();
        let output = Some(bench.output_to(Recorder(bench, Rc::clone(&seen))));
        // the stages are open from the start
        let mut record = Recorder(bench, Rc::clone(&seen));
        for channel in 0..hardware.channel_count() {
            let (level, point) = (Level::Open, bench.point(channel, 0));
            record.edge(SimEdge { at_tick: 0, channel, level, point });
        }
        Self { bench, output, seen, fail_in: None, failed: false }
    }

    fn go_to(&self, now: u64) -> &'static Bench {
        self.bench.clock().advance_to(now);
        self.bench
    }
}

impl Rig for Simulated {
    type Error = SimError;

    fn hardware(&self) -> Hardware {
        *self.output.as_ref().unwrap().hardware()
    }

    fn apply(&mut self, now: u64, edges: &[(u8, Level)]) -> Result<u64, SimError> {
        let bench = self.go_to(now);
        let Some(permits) = permits(edges) else { return self.channel_off(now, u8::MAX) };
        let failing = self.fail_in.and_then(|n| edges.get(n)).map(|(channel, _)| *channel);
        self.fail_in = self.fail_in.and_then(|n| n.checked_sub(edges.len()));
        if let Some(channel) = failing {
            bench.inject(channel, StageFault::WriteError);
        }
        let result = self.output.as_mut().unwrap().apply(&permits);
        if let Some(channel) = failing {
            bench.inject(channel, StageFault::None);
            self.failed = matches!(result, Err(SimError::Write { .. }));
        }
        result.map(|()| bench.clock().now())
    }

    fn channel_off(&mut self, now: u64, channel: u8) -> Result<u64, SimError> {
        let bench = self.go_to(now);
        self.output.as_mut().unwrap().channel_off(channel).map(|()| bench.clock().now())
    }

    fn off(&mut self, now: u64) -> Result<u64, SimError> {
        let bench = self.go_to(now);
        self.output.as_mut().unwrap().off().map(|()| bench.clock().now())
    }

    fn end(&mut self, now: u64) {
        self.go_to(now);
        self.output = None;
    }

    fn fail_after(&mut self, transfers: u32) {
        (self.fail_in, self.failed) = (Some(transfers as usize), false);
    }

    fn opening_can_fail(&self) -> bool {
        false
    }

    fn failed(&self) -> bool {
        self.failed
    }

    fn seen(&mut self) -> Vec<Seen> {
        self.seen.take()
    }
}

fn simulated_latched() -> Simulated {
    Simulated::new(hardware(
        HardwareTiming { gap_rest: Rest::Shorted, ..HardwareTiming::ideal(1_000_000) },
        3,
    ))
}

fn simulated_in_turn() -> Simulated {
    let timing = HardwareTiming {
        late_max_ticks: 4,
        write_ticks: 3,
        dead_ticks: 5,
        has_latch: false,
        ..HardwareTiming::ideal(1_000_000)
    };
    Simulated::new(hardware(timing, 2))
}

nmes_core::output_conformance!(simulated_with_a_latch, simulated_latched);
nmes_core::output_conformance!(simulated_without_a_latch, simulated_in_turn);

/// REQ-HAL-453: a simulated output that is switched off after its one-shot ran out has forgotten its code: the next edge of another channel
/// lets no current flow.
#[test]
fn off_after_the_one_shot_ran_out_is_off() {
    let hardware = hardware(HardwareTiming::ideal(1_000_000), 2);
    let bench = Bench::new(hardware, Stage::ideal(120.0, Load::resistor(1_000.0).unwrap()), 0, 1);
    let bench = bench.with_one_shot(500);
    let mut output = OneShot::new(bench.output(), bench.enable());
    output.apply(&permits(&[(0, Level::Code(800))]).unwrap()).unwrap();
    assert_eq!(bench.level(0), Level::Code(800));
    bench.clock().advance_to(10_000);
    assert_eq!(bench.level(0), Level::Open, "the processor stood still");
    output.off().unwrap();
    output.apply(&permits(&[(1, Level::Code(5))]).unwrap()).unwrap();
    assert_eq!((bench.level(0), bench.level(1)), (Level::Open, Level::Code(5)));
}

/// REQ-HAL-474: a constructor that closes the bridge for a moment, while nobody knows what the DAC has, is found; nothing is where
/// another pin moves.
#[test]
fn a_bridge_closed_on_an_unknown_dac_is_found() {
    let rig = |early: Option<u8>| {
        let board = mcp(Bridge::Diagonal, true);
        if let Some(pin) = early {
            OutputPin::set_high(&mut board.pin(pin)).unwrap();
            OutputPin::set_low(&mut board.pin(pin)).unwrap();
        }
        let dac = Mcp4922::new(board.spi(0), None::<Pin<Mcp>>).unwrap();
        let bridge = HBridge::diagonal(board.pin(0), board.pin(1)).unwrap();
        let timing = HardwareTiming { has_latch: false, ..HardwareTiming::ideal(1_000_000) };
        OutputRig::new(&board, DacBridge::new(dac, [bridge], hardware(timing, 1)).unwrap())
    };
    for pin in [0, 1] {
        let found = check(|| rig(Some(pin)), 1).unwrap_err().to_string();
        assert!(found.contains("within construction"), "{found}");
    }
    for harmless in [None, Some(14)] {
        check(|| rig(harmless), 1).unwrap();
    }
}
