//! Parts around an output: one-shot, supply, lines, watchdog. Each on a simulated bench and on pins.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::wildcard_enum_match_arm,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use embedded_hal_mock::eh1::MockError;
use embedded_hal_mock::eh1::digital::{Mock as PinMock, State as PinState, Transaction as PinTx};
use nmes_core::*;
use nmes_hal_adapters::sim::{FaultyOutput, LineEvent, SimEdge, SimSupply, SimSync, SimWatchdog};
use nmes_hal_adapters::*;
use nmes_safety::{AdmittedEdge, Checked, UseClass};
use std::cell::{Cell, RefCell};

const SET_UA: u32 = 20_000;

fn session<'a>(channels: &'a [Channel<'a>]) -> Session<'a> {
    Session::new(channels, gated(), ms(600_000)).unwrap()
}

/// A one-shot that is out of sight: the check was not told of it.
struct Unseen<O>(O);
impl<O: Output> Output for Unseen<O> {
    type Error = O::Error;
    fn hardware(&self) -> &Hardware {
        self.0.hardware()
    }
    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), O::Error> {
        self.0.apply(edges)
    }
    fn channel_off(&mut self, channel: u8) -> Result<(), O::Error> {
        self.0.channel_off(channel)
    }
    fn off(&mut self) -> Result<(), O::Error> {
        self.0.off()
    }
}

/// Runs `output` with the level up and a train of a second; what the runner said last.
fn train<O: Output>(
    checked: &Checked<'_>,
    bench: &nmes_hal_adapters::sim::Bench,
    output: O,
    act: impl FnOnce(&mut Stimulator<'_, O, nmes_hal_adapters::sim::SimAlarm<'_>, NoSense>),
) -> Result<u32, Stopped> {
    let mut states = [ChannelState::new(); 1];
    let mut stim = Stimulator::arm(checked, &mut states, output, bench.alarm(), NoSense).unwrap();
    stim.start()?;
    raise(&mut stim, bench.clock(), &[setting(SET_UA, 300)])?;
    act(&mut stim);
    let _ = stim.gate(GateInput::Open)?;
    run_to(&mut stim, bench.clock(), bench.clock().now() + 1_000_000, &mut Seen::default())?;
    Ok(stim.counters(0).unwrap().pulses)
}

fn low_high_low() -> [PinTx; 3] {
    [PinTx::set(PinState::Low), PinTx::set(PinState::High), PinTx::set(PinState::Low)]
}

/// REQ-HAL-280: a one-shot that is longer than the longest segment changes nothing; re-armed at every edge it never runs
/// out within a pulse, and it is open before the first edge and after the last.
#[test]
fn a_one_shot_that_is_long_enough_changes_nothing() {
    let channels = [channel(setting(SET_UA, 300))];
    let hardware = hardware(late(10), 25_000, 1);
    let session = session(&channels);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let run = |hold: Option<u64>| {
        let bench = bench(hardware, stage(1_000.0, 120.0), 10, 3);
        let bench = match hold {
            Some(hold) => bench.with_one_shot(hold),
            None => bench,
        };
        let edges = RefCell::new(Vec::new());
        let output = bench.output_to(|edge: SimEdge| edges.borrow_mut().push(edge));
        let output = Unseen(OneShot::new(output, bench.enable()));
        let pulses = train(&checked, &bench, output, |_| ()).unwrap();
        assert!(pulses > 30);
        let delivered = bench.take_delivered(0);
        assert_eq!(bench.level(0), Level::Open);
        (delivered, (bench.one_shot_cuts(), pulses), edges.into_inner())
    };
    // 300 µs, 10 late at most, and the next edge on time
    let (with, cuts, edges) = run(Some(330));
    let (without, _, same) = run(None);
    assert_eq!((cuts.0, with), (0, without));
    assert_eq!(edges, same);
    // and one that is shorter than the shortest phase, which began late and ended on time, cuts each of them
    let (_, (cuts, pulses), _) = run(Some(270));
    assert_eq!(cuts, 2 * pulses);
}

/// REQ-HAL-280: when the processor stands still within a phase, the level ends after the one-shot's time, whatever the
/// stage has: also where it is stuck on.
#[test]
fn a_one_shot_bounds_a_level_nobody_ends() {
    for fault in [sim::StageFault::None, sim::StageFault::StuckOn] {
        let hardware = hardware(late(0), 25_000, 1);
        let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0).with_one_shot(500);
        let channels = [channel(setting(SET_UA, 300))];
        let session = session(&channels);
        let checked = checked(&session, &hardware, UseClass::FunctionalWear);
        let output = OneShot::new(bench.output(), bench.enable());
        assert_eq!(output.hold_us(), 500);
        let mut states = [ChannelState::new(); 1];
        let mut stim =
            Stimulator::arm(&checked, &mut states, Unseen(output), bench.alarm(), NoSense).unwrap();
        stim.start().unwrap();
        raise(&mut stim, bench.clock(), &[setting(SET_UA, 300)]).unwrap();
        let _ = stim.gate(GateInput::Open).unwrap();
        let clock = bench.clock();
        while bench.level(0) == Level::Open {
            run_to(&mut stim, clock, clock.now() + 1, &mut Seen::default()).unwrap();
        }
        bench.inject(0, fault);
        let onset = clock.now();
        clock.advance_to(onset + 499);
        assert_ne!(bench.level(0), Level::Open);
        clock.advance_to(onset + 500);
        assert_eq!(bench.level(0), Level::Open);
        clock.advance_to(onset + 100_000);
        let nc = bench.take_delivered(0).net_nc.abs();
        let code = bench.point(0, clock.now()).current_ua;
        assert_eq!(code, 0.0);
        // at most the set level for 500 µs
        assert!(nc > 0.0 && nc <= f64::from(SET_UA) * 500e-3 + 1.0, "{nc}");
        // the runner comes back: the edge is far too late, which opens everything
        assert!(stim.on_alarm().is_err());
        assert_eq!(bench.level(0), Level::Open);
    }
}

/// REQ-HAL-280: on pins: low in `new`, one pulse for each `rearm`, clear low on release and on drop.
#[test]
fn a_pulse_enable_moves_its_pins() {
    let mut trigger = PinMock::new(
        &[
            &low_high_low()[..],
            &[PinTx::set(PinState::High)],
            &low_high_low()[..1],
            &low_high_low()[..1],
            &low_high_low()[..1],
        ]
        .concat(),
    );
    let set = PinTx::set;
    let mut clear = PinMock::new(&[
        set(PinState::Low),
        set(PinState::High),
        set(PinState::High),
        set(PinState::Low),
        set(PinState::Low),
    ]);
    let mut part = PulseEnable::new(&mut trigger, Some(&mut clear), 500).unwrap();
    part.rearm().unwrap();
    part.rearm().unwrap();
    part.release().unwrap();
    assert_eq!(part.hold_us(), 500);
    drop(part);
    trigger.done();
    clear.done();
}

/// REQ-HAL-280: a trigger that fails opens the output, and no edge goes out.
#[test]
fn a_one_shot_that_fails_opens_the_output() {
    let hardware = hardware(late(0), 25_000, 1);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let channels = [channel(setting(SET_UA, 300))];
    let session = session(&channels);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let broken = MockError::Io(std::io::ErrorKind::Other);
    let low = PinTx::set(PinState::Low);
    // new, off of `arm`, the edge, off, off again as it stops, off of the drop, release twice
    let mut pin = PinMock::new(&[
        low.clone(),
        low.clone(),
        PinTx::set(PinState::High).with_error(broken),
        low.clone(),
        low.clone(),
        low.clone(),
        low.clone(),
        low,
    ]);
    let part = PulseEnable::new(&mut pin, None, 500).unwrap();
    let stopped = train(&checked, &bench, Unseen(OneShot::new(bench.output(), part)), |_| ()).unwrap_err();
    assert_eq!(stopped.cause, Cause::Output);
    assert_eq!(bench.take_delivered(0), Default::default());
    pin.done();
}

/// REQ-HAL-281: nothing is driven until the rail is up, and a rail that falls stops output at the next edge.
#[test]
fn nothing_is_driven_before_the_rail_is_up() {
    let hardware = hardware(late(0), 25_000, 1);
    let channels = [channel(setting(SET_UA, 300))];
    let session = session(&channels);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let broken = Cell::new(false);
    for (charge, breaks, drives) in [(false, false, false), (true, false, true), (true, true, false)] {
        broken.set(false);
        let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
        let supply = SimSupply::new(bench.clock(), 200_000, &broken);
        let mut output = Powered::new(bench.output(), supply);
        if charge {
            output.supply().charge().unwrap();
            assert!(!output.supply().ready().unwrap(), "it takes its time");
        }
        let run = train(&checked, &bench, output, |_| broken.set(breaks));
        assert_eq!(run.is_ok(), drives);
        assert_eq!(bench.take_delivered(0).peak_ua > 0.0, drives);
        if let Err(stopped) = run {
            assert_eq!(stopped.cause, Cause::Output);
        }
    }
}

/// REQ-HAL-281: an output that cannot be opened has its supply cut.
#[test]
fn an_output_that_cannot_be_opened_loses_its_supply() {
    let hardware = hardware(late(0), 25_000, 1);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let broken = Cell::new(false);
    let mut supply = SimSupply::new(bench.clock(), 0, &broken);
    supply.charge().unwrap();
    let mut output = Powered::new(FaultyOutput::new(bench.output(), 1, 1), &mut supply);
    output.off().unwrap();
    assert!(output.supply().is_charging());
    assert!(matches!(output.off(), Err(LayerError::Output(_))));
    assert!(!output.supply().is_charging());
    output.supply().charge().unwrap();
    drop(output);
    assert!(!supply.is_charging(), "and on drop");
}

/// REQ-HAL-281: on pins: converter off before bleeding, bleeding ended before converting, both tried on every error.
#[test]
fn a_pin_supply_moves_its_pins() {
    let set = PinTx::set;
    let (low, high) = (PinState::Low, PinState::High);
    let broken = || MockError::Io(std::io::ErrorKind::Other);
    let mut converter =
        PinMock::new(&[set(low), set(high), set(low), set(high).with_error(broken()), set(low), set(low)]);
    let mut hold = PinMock::new(&[set(low), set(high), set(low), set(high), set(low), set(low)]);
    let mut good = PinMock::new(&[PinTx::get(high), PinTx::get(low), PinTx::get(low).with_error(broken())]);
    let mut supply = PinSupply::new(converter.clone(), hold.clone(), good.clone()).unwrap();
    supply.charge().unwrap();
    assert!(supply.ready().unwrap());
    assert!(!supply.ready().unwrap());
    assert_eq!(supply.ready(), Err(PinSupplyError::Good(broken())));
    supply.discharge().unwrap();
    assert_eq!(supply.charge(), Err(PinSupplyError::Control(broken())));
    drop(supply);
    converter.done();
    hold.done();
    good.done();
}

/// REQ-HAL-284: the marker rises once a pulse at its first edge and falls at its last, and the gate covers the whole
/// pulse, its open gap included.
#[test]
fn lines_follow_each_pulse() {
    let (lines, edges, pulses) = with_lines(MarkerMode::Pulse);
    let marks: Vec<_> = lines.iter().filter_map(rise_of_marker).collect();
    assert_eq!(marks.len(), usize::try_from(pulses).unwrap());
    let onsets: Vec<_> = edges.chunks(4).map(|pulse| pulse[0].at_tick).collect();
    assert_eq!(marks, onsets);
    let gates: Vec<_> = lines.iter().filter_map(gate_of).collect();
    for (gate, pulse) in gates.chunks(2).zip(edges.chunks(4)) {
        assert_eq!(gate, [(pulse[0].at_tick, true), (pulse[3].at_tick, false)]);
    }
    assert_eq!(gates.len(), 2 * marks.len());
}

/// REQ-HAL-284: with a train's marker the first pulse of each train has it, and no other.
#[test]
fn the_marker_of_a_train_rises_once() {
    // 40 Hz: 25 ms between pulses of a train
    let (lines, edges, pulses) = with_lines(MarkerMode::Train { gap_ticks: 30_000 });
    assert!(pulses > 30);
    let marks: Vec<_> = lines.iter().filter_map(rise_of_marker).collect();
    assert_eq!(marks, [edges[0].at_tick]);
    let falls = lines.iter().filter(|l| matches!(l, LineEvent::Marker { high: false, .. })).count();
    assert_eq!(falls, 1);
}

fn rise_of_marker(event: &LineEvent) -> Option<u64> {
    match event {
        LineEvent::Marker { at_tick, high: true } => Some(*at_tick),
        _ => None,
    }
}

fn gate_of(event: &LineEvent) -> Option<(u64, bool)> {
    match event {
        LineEvent::Blank { at_tick, high } => Some((*at_tick, *high)),
        LineEvent::Marker { .. } => None,
    }
}

/// A train of pulses with four edges each.
fn with_lines(mode: MarkerMode) -> (Vec<LineEvent>, Vec<SimEdge>, u32) {
    let hardware = hardware(late(0), 25_000, 1);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let channels = [channel(setting(SET_UA, 300))];
    let session = session(&channels);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let (lines, edges) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let trigger = Cell::new(true);
    let mut sync = SimSync::new(bench.clock(), &trigger, |event| lines.borrow_mut().push(event));
    assert_eq!((sync.triggered(), sync.triggered()), (Ok(true), Ok(false)));
    let output = bench.output_to(|edge: SimEdge| edges.borrow_mut().push(edge));
    let output = Synced::new(output, &mut sync, mode, || bench.clock().now());
    let pulses = train(&checked, &bench, output, |_| ()).unwrap();
    let first = edges.borrow().iter().position(|e: &SimEdge| matches!(e.level, Level::Code(_))).unwrap();
    // the drop has lowered lines that were low already
    let mut lines = lines.take();
    lines.truncate(lines.len() - 2);
    (lines, edges.into_inner().split_off(first), pulses)
}

/// REQ-HAL-456: where pulses of two channels overlap, or follow without a rest, the marker rises for each; for pulses that begin at one
/// instant it rises once.
#[test]
fn the_marker_rises_for_each_pulse() {
    for (offset_us, each) in [(0, 1), (100, 2), (400, 2), (700, 2), (900, 2)] {
        let offset = Micros::from_micros(offset_us).unwrap();
        let channels = [channel(setting(SET_UA, 300)), Channel { offset, ..channel(setting(SET_UA, 300)) }];
        let hardware = hardware(late(0), 25_000, 2);
        let checked = checked(&session(&channels), &hardware, UseClass::FunctionalWear);
        let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
        let (rises, high, never) = (Cell::new(0), Cell::new(false), Cell::new(false));
        let lines = SimSync::new(bench.clock(), &never, |event| {
            if let LineEvent::Marker { high: now, .. } = event {
                let rose = now && !high.get();
                high.set(now);
                rises.set(rises.get() + u32::from(rose));
            }
        });
        let mut states = [ChannelState::new(); 2];
        let output = Synced::new(bench.output(), lines, MarkerMode::Pulse, || 0);
        let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), NoSense).unwrap();
        stim.start().unwrap();
        raise(&mut stim, bench.clock(), &[setting(SET_UA, 300); 2]).unwrap();
        let _ = stim.gate(GateInput::Open).unwrap();
        run_to(&mut stim, bench.clock(), bench.clock().now() + 1_010_000, &mut Seen::default()).unwrap();
        let [first, second] = [0, 1].map(|channel| stim.counters(channel).unwrap().pulses);
        assert!(first > 30 && first == second, "{first} {second}");
        assert_eq!((rises.get(), high.get()), (each * first, false), "{offset_us} µs");
    }
}

/// REQ-HAL-284: lines on pins are low before and after, a trigger counts once an edge, and a line that fails is told and
/// changes nothing of the output.
#[test]
fn pin_lines_are_low_before_and_after() {
    let set = PinTx::set;
    let (low, high) = (PinState::Low, PinState::High);
    let broken = || MockError::Io(std::io::ErrorKind::Other);
    let mut marker = PinMock::new(&[set(low), set(high), set(low)]);
    let mut gate = PinMock::new(&[set(low), set(high).with_error(broken()), set(low)]);
    let reads = [high, low, high, high, low, high];
    let mut trigger = PinMock::new(&reads.map(PinTx::get));
    let mut lines = PinSync::new(&mut marker, &mut gate, &mut trigger).unwrap();
    let seen: Vec<_> = reads.iter().map(|_| lines.triggered().unwrap()).collect();
    assert_eq!(seen, [false, false, true, false, false, true], "one high at the start is none");
    lines.marker(true).unwrap();
    assert_eq!(lines.blank(true), Err(LayerError::Output(broken())));
    drop(lines);
    marker.done();
    gate.done();
    trigger.done();
}

/// REQ-HAL-285: the watchdog is fed by ticks in which nothing had stopped, and by nothing else; a stopped stimulator lets
/// it bite.
#[test]
fn a_stopped_stimulator_starves_the_watchdog() {
    let hardware = hardware(late(0), 25_000, 1);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let channels = [channel(setting(SET_UA, 300))];
    let session = session(&channels);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let fed_at = Cell::new(0);
    let clock = bench.clock();
    let mut states = [ChannelState::new(); 1];
    // in the third pulse
    let output = FaultyOutput::new(bench.output(), 9, 1);
    let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), NoSense).unwrap();
    stim.start().unwrap();
    raise(&mut stim, clock, &[setting(SET_UA, 300)]).unwrap();
    let mut watchdog = SimWatchdog::new(clock, 50_000, MHZ, &fed_at);
    let _ = stim.gate(GateInput::Open).unwrap();
    let mut stopped_at = None;
    let end = clock.now() + 500_000;
    let mut slow = clock.now();
    while clock.now() < end {
        if clock.alarm_by(slow) {
            stopped_at = stopped_at.or(stim.on_alarm().err().map(|s| s.at_tick));
        } else {
            stim.keep_alive();
            let fed = stim.on_tick_watched(&mut watchdog).is_ok();
            assert_eq!(fed, stopped_at.is_none());
            slow = clock.now() + SLOW;
        }
        let stopped_for = stopped_at.map_or(0, |at| clock.now() - at);
        assert!(!watchdog.has_bitten() || stopped_for > 50_000 - SLOW);
    }
    assert!(stopped_at.is_some() && watchdog.has_bitten());
    assert!(fed_at.get() <= stopped_at.unwrap());
    // and a reset that it made is known afterwards
    assert!(watchdog.after_reset().caused_reset());
}
