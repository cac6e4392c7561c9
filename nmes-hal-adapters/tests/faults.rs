//! Faults on purpose: each opens the output at once, or does what the guard's answer says.
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
use embedded_hal::digital::{ErrorKind, ErrorType, OutputPin};
use nmes_core::*;
use nmes_hal_adapters::sim::{Bench, FaultyError, FaultyOutput, SimEdge, SimError, Stage, StageFault};
use nmes_hal_adapters::{Cause, NoSense, Output, Sense, Stimulator, Stopped, Streamer, Ticked};
use nmes_safety::{Fault, PROBE_LEVEL, Response, State, Trip, UseClass};
use std::cell::{Cell, RefCell};

/// What a scene left behind.
struct After {
    stopped: Option<Stopped>,
    last_trip: Option<Trip>,
    state: State,
    setting: Setting,
    edges: Vec<SimEdge>,
    first_in_black_box: Option<Fault>,
    injected_at: u64,
}

/// 20 mA × 300 µs at 40 Hz for half a second; then the stage breaks 150 µs into a pulse (or between two), and
/// half a second more. `act` sees the stimulator every 5 ms of it.
fn broken(stage: Stage, fault: StageFault, in_pulse: bool, class: UseClass) -> After {
    let set = setting(20_000, 300);
    let channels = [channel(set)];
    let schedule = if class == UseClass::Exercise { cyclic() } else { gated() };
    let session = Session::new(&channels, schedule, ms(600_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let checked = checked(&session, &hardware, class);
    let bench = bench(hardware, stage, 0, 0);
    let edges = RefCell::new(Vec::new());
    let mut states = [ChannelState::new(); 1];
    let output = bench.output_to(|edge: SimEdge| edges.borrow_mut().push(edge));
    let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), bench.sense()).unwrap();
    let clock = bench.clock();
    if class != UseClass::Exercise {
        stim.start().unwrap();
    }
    raise(&mut stim, clock, &[set]).unwrap();
    stim.start().unwrap();
    let _ = stim.gate(GateInput::Open).unwrap();
    let seen = &mut Seen::default();
    run_to(&mut stim, clock, clock.now() + 500_000, seen).unwrap();
    // to the middle of the next primary phase, or to 10 ms after the pulse
    let before = edges.borrow().len();
    while edges.borrow().len() < before + if in_pulse { 1 } else { 4 } {
        run_to(&mut stim, clock, clock.now() + 1, seen).unwrap();
    }
    run_to(&mut stim, clock, clock.now() + if in_pulse { 150 } else { 10_000 }, seen).unwrap();
    let injected_at = clock.now();
    bench.inject(0, fault);
    let stopped = run_to(&mut stim, clock, injected_at + 500_000, seen).err();
    let after = After {
        stopped,
        last_trip: stim.last_trip().copied(),
        state: stim.state(),
        setting: stim.engine().setting(0).unwrap(),
        edges: Vec::new(),
        first_in_black_box: stim.black_box().first().map(|t| t.fault),
        injected_at,
    };
    assert_eq!(stim.stopped().copied(), stopped);
    drop(stim);
    After { edges: edges.into_inner(), ..after }
}

fn trip_of(stopped: Option<Stopped>) -> Trip {
    match stopped.unwrap().cause {
        Cause::Guard(trip) => trip,
        other => panic!("{other}"),
    }
}

/// REQ-HAL-030: what impugns the output opens it at the first edge at which it shows, latches, and is kept.
#[test]
fn faults_of_the_output_open_it_at_once() {
    let stuck = StageFault::StuckCode { magnitude: 1_200 };
    let table = [
        // fault, within a pulse, what is found, at which edge after it (ticks)
        (StageFault::StuckOn, true, Fault::StuckOutput, 150),
        (stuck, true, Fault::OverCurrent, 150),
        (stuck, false, Fault::OverCurrent, 25_000),
        (StageFault::WrongPolarity, true, Fault::Polarity, 150),
        (StageFault::WrongPolarity, false, Fault::Polarity, 25_000),
    ];
    for (fault, in_pulse, expected, within) in table {
        let after = broken(stage(1_000.0, 120.0), fault, in_pulse, UseClass::FunctionalWear);
        let trip = trip_of(after.stopped);
        assert_eq!((trip.fault, trip.response), (expected, Response::OpenNow), "{fault:?}");
        let stopped = after.stopped.unwrap();
        assert!(stopped.at_tick <= after.injected_at + within, "{fault:?}: {stopped}");
        assert_eq!(stopped.at_tick, trip.at_tick);
        assert_eq!(after.state, State::Fault);
        assert_eq!(after.first_in_black_box, Some(expected));
        let last = after.edges.last().unwrap();
        assert!(fault == StageFault::StuckOn || (last.level, last.at_tick) == (Level::Open, stopped.at_tick));
    }
}

/// REQ-HAL-031: a refused write opens the output, tells its own error, and latches.
#[test]
fn a_write_error_opens_the_output() {
    let after = broken(stage(1_000.0, 120.0), StageFault::WriteError, true, UseClass::FunctionalWear);
    let stopped = after.stopped.unwrap();
    assert_eq!(stopped.cause, Cause::Output);
    assert!(!stopped.off_failed && stopped.at_tick == after.injected_at + 150);
    assert_eq!((after.state, after.edges.last().unwrap().level), (State::Fault, Level::Open));
    assert_eq!(after.first_in_black_box, Some(Fault::Output));
}

/// REQ-HAL-032: contact lost in functional wear goes to the probe level and stays on; in exercise it ends the session
/// by latching, without output.
#[test]
fn lost_contact_depends_on_the_use() {
    for (stage, fault) in [
        (stage(1_000.0, 60.0), StageFault::OpenCircuit),
        (stage(1_000.0, 60.0), StageFault::Peel { percent: 20.0 }),
    ] {
        let after = broken(stage, fault, false, UseClass::FunctionalWear);
        assert_eq!(after.stopped, None, "{fault:?}");
        let trip = after.last_trip.unwrap();
        assert_eq!((trip.fault, trip.response), (Fault::ContactLoss, Response::ProbeLevel));
        // within three pulses, and then never above the probe level
        assert!(trip.at_tick <= after.injected_at + 3 * 25_000);
        if fault == StageFault::OpenCircuit {
            assert!(after.setting.amplitude <= PROBE_LEVEL);
        }
        let later = after.edges.iter().filter(|e| e.at_tick > trip.at_tick);
        let peak = later.map(|e| code_of(e.level).abs()).max().unwrap();
        let probe = i64::from(PROBE_LEVEL.as_microamps() / 25);
        assert!(peak > 0 && (fault != StageFault::OpenCircuit || peak <= probe), "{peak}");
    }
    let after = broken(stage(1_000.0, 60.0), StageFault::OpenCircuit, false, UseClass::Exercise);
    let trip = after.last_trip.unwrap();
    assert_eq!((trip.fault, trip.response), (Fault::ContactLoss, Response::RampDown));
    assert_eq!(after.edges.last().unwrap().level, Level::Open);
    assert!(after.edges.last().unwrap().at_tick <= trip.at_tick + 25_000, "no pulse follows");
}

/// REQ-HAL-032: a rail that is too low for the load from the start is found as lost contact, by name, and 5 kΩ at
/// 20 mA from 50 V never gets more than 10 mA.
#[test]
fn a_rail_too_low_is_found() {
    let after = broken_rail();
    assert_eq!(after.0.fault, Fault::ContactLoss);
    assert!(after.1 <= 10_000.0 + 1e-6, "{}", after.1);
}

fn broken_rail() -> (Trip, f64) {
    let set = setting(20_000, 300);
    let channels = [channel(set)];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let bench = bench(hardware, stage(5_000.0, 50.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let mut stim =
        Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense()).unwrap();
    stim.start().unwrap();
    raise(&mut stim, bench.clock(), &[set]).unwrap();
    stim.gate(GateInput::Open).unwrap();
    let now = bench.clock().now();
    run_to(&mut stim, bench.clock(), now + 300_000, &mut Seen::default()).unwrap();
    let delivered = bench.take_delivered(0);
    assert!(delivered.clipped);
    (*stim.last_trip().unwrap(), delivered.peak_ua)
}

/// REQ-HAL-033: when the pad is back, the level is raised again to where it was, as slowly as the guard asks, and
/// without a fault.
#[test]
fn contact_that_comes_back_is_ramped_again() {
    let set = setting(20_000, 300);
    let channels = [channel(set)];
    let gate =
        Gate { max_on: ms(30_000), min_off: ms(50), max_triggers_per_minute: 60, refractory: Millis::ZERO };
    let session = Session::new(&channels, Schedule::Gated(gate), ms(600_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let mut stim =
        Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense()).unwrap();
    let (clock, seen) = (bench.clock(), &mut Seen::default());
    stim.start().unwrap();
    raise(&mut stim, clock, &[set]).unwrap();
    stim.gate(GateInput::Open).unwrap();
    run_to(&mut stim, clock, clock.now() + 500_000, seen).unwrap();
    bench.inject(0, StageFault::OpenCircuit);
    run_to(&mut stim, clock, clock.now() + 200_000, seen).unwrap();
    let Ok(Ticked::Well(report)) = stim.on_tick() else { panic!("{:?}", stim.stopped()) };
    assert_eq!((report.contact_lost, stim.engine().setting(0).unwrap().amplitude), (1, PROBE_LEVEL));
    bench.inject(0, StageFault::None);
    let back = clock.now();
    let mut last = PROBE_LEVEL;
    while stim.engine().setting(0) != Some(set) {
        run_to(&mut stim, clock, clock.now() + 5_000, seen).unwrap();
        let now = stim.engine().setting(0).unwrap().amplitude;
        let rise = now.as_microamps().saturating_sub(last.as_microamps());
        assert!(rise <= 2_000, "two ticks, a step each: {rise} µA");
        last = now;
        assert!(clock.now() < back + 20_000_000, "{now}");
    }
    assert!(clock.now() > back + 1_000_000, "not at once");
    assert_eq!(stim.stopped(), None);
}

/// REQ-HAL-034: a silent host is answered by a ramp-down, not by a cut, and then by a latched fault, in sessions of every kind, at
/// once where a channel begins and ends later than others.
#[test]
fn a_silent_host_is_ramped_down() {
    for offset_us in [0, 300_000] {
        silent_host(gated(), UseClass::FunctionalWear, offset_us);
        silent_host(Schedule::Continuous, UseClass::FunctionalWear, offset_us);
        let cycle = Cycle { hold: ms(29_000), rest: ms(60_000) };
        silent_host(Schedule::Cyclic(cycle), UseClass::Exercise, offset_us);
    }
}

fn silent_host(schedule: Schedule<'_>, class: UseClass, offset_us: u32) {
    let set = setting(20_000, 300);
    let offset = Micros::from_micros(offset_us).unwrap();
    let channels = [Channel { offset, ..channel(set) }];
    let session = Session::new(&channels, schedule, ms(600_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let checked = checked(&session, &hardware, class);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let mut stim = Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), NoSense).unwrap();
    let clock = bench.clock();
    stim.start().unwrap();
    raise(&mut stim, clock, &[set]).unwrap();
    let gated = matches!(schedule, Schedule::Gated(_));
    if gated {
        stim.gate(GateInput::Open).unwrap();
    }
    run_to(&mut stim, clock, clock.now() + 1_000_000, &mut Seen::default()).unwrap();
    let (mut codes, mut tripped, mut fed) = (Vec::new(), false, 0);
    let stopped = loop {
        let result = if clock.alarm_by(clock.now() + SLOW) {
            stim.on_alarm()
        } else {
            stim.on_tick_feeding(|| fed += 1).map(|t| tripped |= matches!(t, Ticked::Tripped(_)))
        };
        assert!(!tripped || stim.resume() == Ok(false) || stim.stopped().is_some(), "it is ending");
        codes.extend(stim.take_receipt().filter(|_| tripped).map(|r| (r.code, r.ledger)));
        if let Err(stopped) = result {
            break stopped;
        }
    };
    assert_eq!(trip_of(Some(stopped)).fault, Fault::KeepAlive);
    assert!(codes.len() > 3 && codes.is_sorted_by(|a, b| a.0 >= b.0), "{codes:?}");
    assert!(codes.iter().all(|c| c.1 == Charge::ZERO), "no pulse is cut");
    let (first, last) = (codes[0].0, codes[codes.len() - 1].0);
    assert!(last * 4 < first, "it ramps: {first} to {last}");
    assert_eq!((stim.state(), bench.level(0)), (State::Fault, Level::Open));
    assert!(fed > 0);
    assert_eq!(stim.gate(GateInput::Open), Err(stopped));
}

/// Runs a pulse train over an output that fails `count` calls from `from` on.
fn failing(from: u32, count: u32) -> (Option<Stopped>, u64, Level, Option<FaultyError<SimError>>, u32) {
    let set = setting(5_000, 300);
    let channels = [channel(set)];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let output = FaultyOutput::new(bench.output(), from, count);
    let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), bench.sense()).unwrap();
    stim.start().unwrap();
    raise(&mut stim, bench.clock(), &[set]).unwrap();
    stim.gate(GateInput::Open).unwrap();
    let until = bench.clock().now() + 250_000;
    let stopped = run_to(&mut stim, bench.clock(), until, &mut Seen::default()).err();
    let at = bench.clock().now();
    for _ in 0..20 {
        if stopped.is_some() {
            assert_eq!(stim.on_alarm().unwrap_err().cause, Cause::Output);
        }
    }
    let calls = stim.output().calls();
    (stopped, at, bench.level(0), stim.output_error().copied(), calls)
}

/// REQ-HAL-031: an error at any call of a train opens the output within that edge, keeps the cause, and nothing is
/// put out any more. If opening fails too, that is told, and tried again at every call.
#[test]
fn an_error_at_any_call_opens_the_output() {
    let (stopped, .., calls) = failing(u32::MAX, 0);
    assert_eq!(stopped, None);
    assert!(calls > 30);
    for from in 1..calls {
        let (stopped, at, level, error, _) = failing(from, 1);
        let stopped = stopped.unwrap();
        assert_eq!((stopped.cause, stopped.at_tick, stopped.off_failed), (Cause::Output, at, false));
        assert_eq!(level, Level::Open);
        assert_eq!(error, Some(FaultyError::OnPurpose { call: from }), "the first cause stays");
        let (stopped, _, level, error, later) = failing(from, 10);
        assert!(stopped.unwrap().off_failed);
        assert_eq!((level, error), (Level::Open, Some(FaultyError::OnPurpose { call: from })));
        assert_eq!(later, from + 11, "tried until it worked, then not again");
    }
}

/// REQ-HAL-443: whether the output could be opened is told of the last try: a stop at once after a fault opens it, or finds that
/// it cannot be opened any more, and then it is tried again.
#[test]
fn whether_it_is_off_is_of_the_last_try() {
    let channels = [channel(setting(5_000, 300))];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let checked = checked(&session, &hardware(late(0), 25_000, 1), UseClass::FunctionalWear);
    let bench = bench(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
    // call 0 is that of arm, call 1 that of the fault, call 2 that of the stop, which is tried twice
    for (from, count, tries) in [(1, 1, [true, false, false]), (2, 2, [false, true, false])] {
        let mut states = [ChannelState::new(); 1];
        let output = FaultyOutput::new(bench.output(), from, count);
        let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), NoSense).unwrap();
        let stopped = stim.report_fault();
        let off = stim.stop(StopPolicy::HardOff).unwrap_err();
        let next = stim.on_alarm().unwrap_err();
        assert_eq!([stopped, off, next].map(|stopped| stopped.off_failed), tries, "{from}");
        assert_eq!((off.cause, stim.stopped()), (Cause::Reported, Some(&next)));
    }
}

/// An enable line that fails so often to go low.
struct Stuck<'c>(&'c Cell<u32>);

impl ErrorType for Stuck<'_> {
    type Error = ErrorKind;
}

impl OutputPin for Stuck<'_> {
    fn set_low(&mut self) -> Result<(), ErrorKind> {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        if left > 0 { Err(ErrorKind::Other) } else { Ok(()) }
    }

    fn set_high(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

/// REQ-HAL-443: the same of the enable line of a stream, and a stop at once of a stream that has stopped says so.
#[test]
fn whether_the_line_is_low_is_of_the_last_try() {
    let channels = [channel(setting(5_000, 300))];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let own = hardware(HardwareTiming::ideal(100_000), 25_000, 1);
    let checked = checked(&session, &own, UseClass::FunctionalWear);
    for (at_fault, at_stop, tries) in [(1, 0, [true, false, false]), (0, 2, [false, true, false])] {
        let (mut states, left) = ([ChannelState::new(); 1], Cell::new(0));
        let armed = Streamer::<i16, _>::arm(&checked, &mut states, &own, Stuck(&left), &mut NoSense);
        let (mut streamer, mut half) = (armed.unwrap(), [0; 500]);
        left.set(at_fault);
        let stopped = streamer.fill(1, &mut half).unwrap_err();
        left.set(at_stop);
        let off = streamer.stop(StopPolicy::HardOff).unwrap_err();
        let next = streamer.fill(1, &mut half).unwrap_err();
        assert_eq!([stopped, off, next].map(|stopped| stopped.off_failed), tries, "{at_fault}");
        assert_eq!((off.cause, streamer.stopped()), (Cause::Overrun, Some(&next)));
    }
}

/// REQ-HAL-035: dropping the stimulator in the middle of a pulse opens the output and takes the alarm back.
#[test]
fn dropping_opens_the_output() {
    fn in_mid_pulse<O: Output, S: Sense>(bench: &Bench, output: O, sense: S) {
        let set = setting(5_000, 300);
        let channels = [channel(set)];
        let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
        let hardware = hardware(late(0), 25_000, 1);
        let checked = checked(&session, &hardware, UseClass::FunctionalWear);
        let mut states = [ChannelState::new(); 1];
        let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), sense).unwrap();
        stim.start().unwrap();
        raise(&mut stim, bench.clock(), &[set]).unwrap();
        stim.gate(GateInput::Open).unwrap();
        while !matches!(bench.level(0), Level::Code(_)) {
            let now = bench.clock().now();
            run_to(&mut stim, bench.clock(), now + 1, &mut Seen::default()).unwrap();
        }
        assert!(bench.clock().next_alarm().is_some());
    }
    let bench = bench(hardware(late(0), 25_000, 1), stage(1_000.0, 120.0), 0, 0);
    let mut output = bench.output();
    in_mid_pulse(&bench, &mut output, bench.sense());
    assert_eq!((bench.level(0), bench.clock().next_alarm()), (Level::Open, None));
}
