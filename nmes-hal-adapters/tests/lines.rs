//! Marker and gate beside an output that stops, fails or is cut: in which order, and what is kept.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use embedded_hal_mock::eh1::MockError;
use embedded_hal_mock::eh1::digital::{Mock as PinMock, State as PinState, Transaction as PinTx};
use nmes_core::*;
use nmes_hal_adapters::sim::{Bench, SimAlarm, SimError, SimOutput};
use nmes_hal_adapters::*;
use nmes_safety::{Admitted, AdmittedEdge, UseClass};
use std::cell::{Cell, RefCell};

/// What the lines and the output were told, in order.
type Log = RefCell<Vec<&'static str>>;

/// Lines that write down what they are told; all fail or none, each with a number of its own.
struct Lines<'l> {
    log: &'l Log,
    fails: bool,
    calls: Cell<usize>,
}

impl Lines<'_> {
    fn set(&self, what: &'static str) -> Result<(), usize> {
        self.log.borrow_mut().push(what);
        self.calls.set(self.calls.get() + 1);
        if self.fails { Err(self.calls.get()) } else { Ok(()) }
    }
}

impl SyncLines for Lines<'_> {
    type Error = usize;
    fn marker(&mut self, high: bool) -> Result<(), usize> {
        self.set(if high { "marker" } else { "no marker" })
    }
    fn blank(&mut self, high: bool) -> Result<(), usize> {
        self.set(if high { "gate" } else { "no gate" })
    }
    fn triggered(&mut self) -> Result<bool, usize> {
        Ok(false)
    }
}

/// An output that writes down what it is told, and fails at the edge at which it is told to.
struct Told<'b, 'l>(SimOutput<'b, ()>, &'l Log, &'l Cell<bool>);

impl Output for Told<'_, '_> {
    type Error = SimError;
    fn hardware(&self) -> &Hardware {
        self.0.hardware()
    }
    fn begin(&mut self, frame: &Admitted<'_>) -> Result<(), SimError> {
        self.0.begin(frame)
    }
    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), SimError> {
        self.1.borrow_mut().push("edge");
        if self.2.get() { Err(SimError::Stopped) } else { self.0.apply(edges) }
    }
    fn channel_off(&mut self, channel: u8) -> Result<(), SimError> {
        self.0.channel_off(channel)
    }
    fn off(&mut self) -> Result<(), SimError> {
        self.1.borrow_mut().push("off");
        self.0.off()
    }
}

type Clock = fn() -> u64;
type Stim<'a, 'b, 'l> = Stimulator<'a, Synced<Told<'b, 'l>, Lines<'l>, Clock>, SimAlarm<'b>, NoSense>;

/// Runs up to the second edge of a pulse in mid-train: a pulse has four.
fn within_a_pulse(fails: bool, body: impl FnOnce(Stim<'_, '_, '_>, &Bench, &Log, &Cell<bool>)) {
    let (log, broken) = (Log::default(), Cell::new(false));
    let channels = [channel(setting(20_000, 300))];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let told = Told(bench.output(), &log, &broken);
    let clock: Clock = || 0;
    let output = Synced::new(told, Lines { log: &log, fails, calls: Cell::new(0) }, MarkerMode::Pulse, clock);
    let mut states = [ChannelState::new(); 1];
    let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), NoSense).unwrap();
    stim.start().unwrap();
    raise(&mut stim, bench.clock(), &[setting(20_000, 300)]).unwrap();
    stim.gate(GateInput::Open).unwrap();
    run_to(&mut stim, bench.clock(), bench.clock().now() + 300_000, &mut Seen::default()).unwrap();
    while stim.engine().step().unwrap().changes().all(|change| change.edge != Some(0)) {
        let _ = bench.clock().fire();
        stim.on_alarm().unwrap();
    }
    log.take();
    for _ in 0..2 {
        let _ = bench.clock().fire();
        stim.on_alarm().unwrap();
    }
    body(stim, &bench, &log, &broken);
}

/// REQ-HAL-284: both lines rise before the level changes and fall after it has.
#[test]
fn lines_rise_before_the_level_and_fall_after_it() {
    within_a_pulse(false, |mut stim, bench, log, _| {
        for _ in 0..2 {
            let _ = bench.clock().fire();
            stim.on_alarm().unwrap();
        }
        assert_eq!(log.take(), ["marker", "gate", "edge", "edge", "edge", "edge", "no marker", "no gate"]);
    });
}

/// REQ-HAL-284: where a pulse is cut at once the lines fall once the output is off, and nothing of it is left for the next one.
#[test]
fn lines_fall_with_a_pulse_that_is_cut() {
    within_a_pulse(false, |mut stim, _, log, _| {
        log.take();
        stim.stop(StopPolicy::HardOff).unwrap();
        assert_eq!(log.take(), ["off", "no marker", "no gate"]);
    });
    within_a_pulse(false, |mut stim, bench, log, broken| {
        log.take();
        broken.set(true);
        let _ = bench.clock().fire();
        assert!(stim.on_alarm().is_err());
        assert_eq!(log.take(), ["edge", "no marker", "no gate", "off"]);
    });
}

/// REQ-HAL-284: what pays a pulse back is no pulse: the gate covers it, and the marker does not rise again.
#[test]
fn a_repayment_has_no_marker() {
    within_a_pulse(false, |mut stim, bench, log, _| {
        log.take();
        stim.stop(StopPolicy::RecoverNow).unwrap();
        run_to(&mut stim, bench.clock(), bench.clock().now() + 20_000, &mut Seen::default()).unwrap();
        let after = log.take();
        assert!(after.contains(&"edge") && !after.contains(&"marker"), "{after:?}");
        assert_eq!(after.iter().filter(|what| **what == "no gate").count(), 1, "{after:?}");
    });
}

/// REQ-HAL-284: of several failures of the lines the first is kept, and the output goes on.
#[test]
fn the_first_failure_of_a_line_is_kept() {
    within_a_pulse(true, |stim, _, _, _| {
        let first = *stim.output().line_error().unwrap();
        assert_eq!((first, stim.stopped()), (1, None));
    });
}

/// REQ-HAL-284: a train is told from the rest by the time since the last edge, not since the last onset.
#[test]
fn a_train_is_told_by_its_last_edge() {
    let channels = [channel(setting(20_000, 300))];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    // 25,000 from onset to onset, 700 of which are a pulse
    for (gap_ticks, of_each) in [(24_500, false), (24_100, true)] {
        let (log, broken) = (Log::default(), Cell::new(false));
        let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
        let (told, lines) =
            (Told(bench.output(), &log, &broken), Lines { log: &log, fails: false, calls: Cell::new(0) });
        let output = Synced::new(told, lines, MarkerMode::Train { gap_ticks }, || bench.clock().now());
        let mut states = [ChannelState::new(); 1];
        let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), NoSense).unwrap();
        stim.start().unwrap();
        raise(&mut stim, bench.clock(), &[setting(20_000, 300)]).unwrap();
        stim.gate(GateInput::Open).unwrap();
        run_to(&mut stim, bench.clock(), bench.clock().now() + 1_010_000, &mut Seen::default()).unwrap();
        let rises = log.borrow().iter().filter(|what| **what == "marker").count();
        assert!(if of_each { rises > 30 } else { rises == 1 }, "{gap_ticks}: {rises}");
    }
}

/// REQ-HAL-284: a line that fails as it is made is no reason not to try the other one.
#[test]
fn both_lines_are_tried_at_first() {
    let (low, broken) = (PinState::Low, MockError::Io(std::io::ErrorKind::Other));
    let mut marker = PinMock::new(&[PinTx::set(low).with_error(broken), PinTx::set(low)]);
    let mut gate = PinMock::new(&[PinTx::set(low), PinTx::set(low)]);
    let mut trigger = PinMock::new(&[]);
    assert!(PinSync::new(&mut marker, &mut gate, &mut trigger).is_err());
    marker.done();
    gate.done();
    trigger.done();
}
