//! What a second reason does to a ramp-down that a first one began, and which of them is reported.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use nmes_core::*;
use nmes_hal_adapters::sim::{Bench, SimEdge, StageFault};
use nmes_hal_adapters::{Alarm, Cause, NoSense, Output, Sense, Stimulator, Stopped, Streamer};
use nmes_safety::{Fault, PROBE_LEVEL, UseClass};
use std::cell::{Cell, RefCell};

/// What comes while a ramp-down is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Second {
    Nothing,
    /// A converter that is stuck: opens at once.
    Stuck,
    WriteError,
    /// A supply that is lost, which only the board can see.
    Reported,
    /// An emergency stop.
    HardOff,
    RecoverNow,
    FinishPulse,
    PadOff,
    /// A host that falls silent, or stays so.
    Silence,
    /// A host that was silent is there again.
    HostBack,
}

/// What has to come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Becomes {
    /// Opened at the next edge at the latest, and this is the cause.
    Opened(Fault),
    /// So many pulses begin at the most, and nothing else is the cause than what began the ramp-down.
    Last(usize),
    /// The ramp goes on to its end.
    GoesOn,
}

use Becomes::{GoesOn, Last, Opened};

#[derive(Clone, Copy, Debug)]
struct First {
    fault: Fault,
    schedule: Schedule<'static>,
    class: UseClass,
}

fn wear(fault: Fault) -> First {
    let gate =
        Gate { max_on: ms(60_000), min_off: ms(50), max_triggers_per_minute: 60, refractory: Millis::ZERO };
    First { fault, schedule: Schedule::Gated(gate), class: UseClass::FunctionalWear }
}

fn exercise(fault: Fault) -> First {
    First { fault, schedule: cyclic(), class: UseClass::Exercise }
}

fn go<O: Output, A: Alarm, S: Sense>(
    stim: &mut Stimulator<'_, O, A, S>,
    bench: &Bench,
    until: u64,
    alive: bool,
) -> Result<(), Stopped> {
    while bench.clock().now() < until {
        let slow = (bench.clock().now() / SLOW + 1) * SLOW;
        if bench.clock().alarm_by(slow.min(until)) {
            stim.on_alarm()?;
        } else if bench.clock().now() == slow {
            if alive {
                stim.keep_alive();
            }
            stim.on_tick()?;
        }
    }
    Ok(())
}

/// 20 mA at 40 Hz that ramp down for a second, up to the first reason.
fn to_the_first<O: Output, A: Alarm, S: Sense>(
    first: First,
    stim: &mut Stimulator<'_, O, A, S>,
    bench: &Bench,
    set: Setting,
) {
    if first.class == UseClass::FunctionalWear {
        stim.start().unwrap();
    }
    raise(stim, bench.clock(), &[set]).unwrap();
    stim.start().unwrap();
    stim.gate(GateInput::Open).unwrap();
    let after = |time: u64| bench.clock().now() + time;
    go(stim, bench, after(500_000), true).unwrap();
    while stim.ramping_down().is_none() {
        if first.fault == Fault::ContactLoss {
            bench.inject(0, StageFault::OpenCircuit);
            go(stim, bench, after(100_000), true).unwrap();
            if stim.ramping_down().is_none() {
                bench.inject(0, StageFault::None);
                go(stim, bench, after(4_000_000), true).unwrap();
            }
        } else {
            go(stim, bench, after(SLOW), false).unwrap();
        }
    }
}

/// What is found at once, where something is.
fn comes<O: Output, A: Alarm, S: Sense>(
    second: Second,
    stim: &mut Stimulator<'_, O, A, S>,
    bench: &Bench,
) -> Result<(), Stopped> {
    match second {
        Second::Nothing | Second::Silence | Second::HostBack => Ok(()),
        Second::Stuck => breaks(bench, StageFault::StuckCode { magnitude: 1_200 }),
        Second::WriteError => breaks(bench, StageFault::WriteError),
        Second::PadOff => breaks(bench, StageFault::OpenCircuit),
        Second::Reported => Err(stim.report_fault()),
        Second::HardOff => stim.stop(StopPolicy::HardOff),
        Second::RecoverNow => stim.stop(StopPolicy::RecoverNow),
        Second::FinishPulse => stim.stop(StopPolicy::FinishPulse),
    }
}

/// Not to be seen before the next edge.
fn breaks(bench: &Bench, fault: StageFault) -> Result<(), Stopped> {
    bench.inject(0, fault);
    Ok(())
}

/// Leading phases that begin at or after a tick, and the strongest code of them.
fn onsets(edges: &[SimEdge], from: u64) -> (usize, i64) {
    let begins = |pair: &&[SimEdge]| code_of(pair[0].level) == 0 && code_of(pair[1].level) > 0;
    let of = edges.windows(2).filter(begins).filter(|pair| pair[1].at_tick >= from);
    of.fold((0, 0), |(count, most), pair| (count + 1, code_of(pair[1].level).max(most)))
}

fn fault_of(stopped: &Stopped) -> Fault {
    match stopped.cause {
        Cause::Guard(trip) => trip.fault,
        Cause::Output | Cause::Reported => Fault::Output,
        other => panic!("{other}"),
    }
}

fn scene(first: First, second: Second, in_pulse: bool, becomes: Becomes) {
    let why = format!("{:?} {:?}, then {second:?} (in a pulse: {in_pulse})", first.fault, first.class);
    let set = setting(20_000, 300);
    let ramp = Ramp { up: ms(200), down: ms(1_000), down_min: ms(200), ..Ramp::default() };
    let channels = [Channel { ramp, ..channel(set) }];
    let session = Session::new(&channels, first.schedule, ms(600_000)).unwrap();
    let checked = checked(&session, &hardware(late(0), 25_000, 1), first.class);
    let bench = bench(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
    let (edges, mut states) = (RefCell::new(Vec::new()), [ChannelState::new(); 1]);
    let output = bench.output_to(|edge: SimEdge| edges.borrow_mut().push(edge));
    let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), bench.sense()).unwrap();
    to_the_first(first, &mut stim, &bench, set);
    // 100 ms of the ramp, and into the next pulse or out of it
    let alive = first.fault != Fault::KeepAlive;
    let mut to = bench.clock().now() + 100_000;
    while in_pulse && bench.level(0) == Level::Open && bench.clock().now() < to + 50_000 {
        go(&mut stim, &bench, to, alive).unwrap();
        to += 50;
    }
    go(&mut stim, &bench, to, alive).unwrap();

    let at = bench.clock().now();
    let found = comes(second, &mut stim, &bench);
    let alive = if alive { second != Second::Silence } else { second == Second::HostBack };
    let next_edge = bench.clock().next_alarm().unwrap_or(at);
    let found = found.and_then(|()| go(&mut stim, &bench, at + 3_000_000, alive));
    let stopped = found.expect_err(&why);
    let (pulses, most) = onsets(&edges.borrow(), at);
    assert_eq!(bench.level(0), Level::Open, "{why}");
    assert_eq!(stim.ramping_down().map(|trip| trip.fault), Some(first.fault), "{why}: the first stays");
    let kept: Vec<_> = stim.black_box().entries().map(|trip| trip.fault).collect();
    let place = |fault| kept.iter().position(|&kept| kept == fault);
    let cause = fault_of(&stopped);
    match becomes {
        Opened(fault) => {
            assert_eq!(cause, fault, "{why}");
            // what is between two pulses shows at the first edges of the next
            assert!(stopped.at_tick <= next_edge + 300, "{why}: {stopped}");
            assert!(place(first.fault) < place(fault) && place(fault).is_some(), "{why}: {kept:?}");
        }
        Last(so_many) => assert!(cause == first.fault && pulses <= so_many, "{why}: {pulses}, {stopped}"),
        GoesOn => assert!(cause == first.fault && (25..40).contains(&pulses), "{why}: {pulses}, {stopped}"),
    }
    if second == Second::PadOff && becomes == GoesOn && first.fault == Fault::KeepAlive {
        let late = edges.borrow().iter().map(|edge| edge.at_tick).max().unwrap() - 500_000;
        let probe = i64::from(PROBE_LEVEL.as_microamps() / 25);
        assert!(most > probe && onsets(&edges.borrow(), late).1 <= probe, "{why}: {most}");
        assert_eq!(stim.last_trip().map(|trip| trip.fault), Some(Fault::ContactLoss), "{why}");
    }
}

/// REQ-HAL-479: whatever comes while a ramp-down is under way and ends output sooner does end it: by opening in the middle of a
/// pulse, by the last pulse. What does not lets the ramp go on. The first reason is kept in each.
#[test]
fn a_ramp_down_is_no_shelter() {
    let lost = Fault::ContactLoss;
    let table = [
        //                                 host silent, wear      host silent, exercise  contact lost, wear
        (Second::Nothing, [GoesOn, GoesOn, GoesOn]),
        (Second::Silence, [GoesOn, GoesOn, GoesOn]),
        (Second::HostBack, [GoesOn, GoesOn, GoesOn]),
        (Second::PadOff, [GoesOn, Last(3), GoesOn]),
        (Second::FinishPulse, [Last(0), Last(0), Last(0)]),
        (Second::RecoverNow, [Last(0), Last(0), Last(0)]),
        (Second::HardOff, [Last(0), Last(0), Last(0)]),
        (Second::Stuck, [Opened(Fault::OverCurrent); 3]),
        (Second::WriteError, [Opened(Fault::Output); 3]),
        (Second::Reported, [Opened(Fault::Output); 3]),
    ];
    for (second, becomes) in table {
        let firsts = [wear(Fault::KeepAlive), exercise(Fault::KeepAlive), wear(lost)];
        for (first, becomes) in firsts.into_iter().zip(becomes) {
            for in_pulse in [false, true] {
                scene(first, second, in_pulse, becomes);
            }
        }
    }
}

/// REQ-HAL-479: where no pulse follows the first reason, none follows because of a second: what asks for a ramp begins none.
#[test]
fn a_second_reason_lengthens_nothing() {
    for second in [Second::Nothing, Second::Silence, Second::FinishPulse, Second::RecoverNow, Second::HardOff]
    {
        scene(exercise(Fault::ContactLoss), second, false, Last(0));
    }
    scene(exercise(Fault::ContactLoss), Second::Reported, false, Opened(Fault::Output));
}

/// REQ-HAL-479: a ramp-down goes on past the end of its session by nothing.
#[test]
fn a_ramp_down_ends_with_its_session() {
    let set = setting(20_000, 300);
    let ramp = Ramp { up: ms(200), down: ms(1_000), down_min: ms(200), ..Ramp::default() };
    let channels = [Channel { ramp, ..channel(set) }];
    let after = |length: u32| {
        let session = Session::new(&channels, Schedule::Continuous, ms(length)).unwrap();
        let checked = checked(&session, &hardware(late(0), 25_000, 1), UseClass::Specialist);
        let bench = bench(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
        let (edges, mut states) = (RefCell::new(Vec::new()), [ChannelState::new(); 1]);
        let output = bench.output_to(|edge: SimEdge| edges.borrow_mut().push(edge));
        let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), bench.sense()).unwrap();
        raise(&mut stim, bench.clock(), &[set]).unwrap();
        let began = bench.clock().now();
        stim.start().unwrap();
        let stopped = go(&mut stim, &bench, began + 4_000_000, false).unwrap_err();
        assert_eq!(fault_of(&stopped), Fault::KeepAlive, "{stopped}");
        let tripped = stim.ramping_down().unwrap().at_tick;
        assert!((began + 900_000..began + 1_100_000).contains(&tripped), "{tripped}");
        let end = began + u64::from(length) * 1_000;
        (onsets(&edges.borrow(), tripped).0, onsets(&edges.borrow(), end).0)
    };
    let ((long, _), (short, beyond)) = (after(60_000), after(1_300));
    assert!(long > 25 && (5..=13).contains(&short) && beyond == 0, "{long} {short} {beyond}");
}

/// REQ-HAL-479: the same of a stream: what cuts its ramp-down, what is the cause then, and what stays the first reason.
#[test]
fn a_ramp_down_of_a_stream_is_no_shelter() {
    let set = setting(20_000, 300);
    let ramp = Ramp { up: ms(200), down: ms(1_000), down_min: ms(200), ..Ramp::default() };
    let channels = [Channel { ramp, ..channel(set) }];
    let session = Session::new(&channels, Schedule::Continuous, ms(60_000)).unwrap();
    let own = hardware(HardwareTiming::ideal(100_000), 25_000, 1);
    let checked = checked(&session, &own, UseClass::Specialist);
    let finish = Some(StopPolicy::FinishPulse);
    // a stop, a half that is skipped, the halves of 5 ms with current that follow at the most, and whether the host is the cause
    for (stop, skipped, most, silent) in [
        (None, false, 50, true),
        (finish, false, 2, true),
        (Some(StopPolicy::RecoverNow), false, 2, true),
        (Some(StopPolicy::HardOff), false, 0, true),
        (None, true, 0, false),
    ] {
        let (line, mut states, mut half) = (Cell::new(false), [ChannelState::new(); 1], [0_i16; 500]);
        let mut stream = Streamer::arm(&checked, &mut states, &own, EnableLine(&line), &mut NoSense).unwrap();
        stream.aim(0, set).unwrap();
        stream.start().unwrap();
        let mut number = 0;
        while stream.ramping_down().is_none() {
            if stream.engine().setting(0) != Some(set) {
                stream.keep_alive();
            }
            stream.fill(number, &mut half).unwrap();
            number += 1;
        }
        for _ in 0..20 {
            stream.fill(number, &mut half).unwrap();
            number += 1;
        }
        if let Some(policy) = stop {
            stream.stop(policy).unwrap();
        }
        number += u32::from(skipped);
        let mut peaks = Vec::new();
        let stopped = (number..number + 600)
            .find_map(|number| {
                let filled = stream.fill(number, &mut half);
                let peak = half.iter().copied().max().filter(|&peak| peak != 0 && line.get());
                peaks.extend(peak);
                filled.err()
            })
            .unwrap();
        let cause = matches!(stopped.cause, Cause::Guard(trip) if trip.fault == Fault::KeepAlive);
        assert_eq!((cause, line.get()), (silent, false), "{stop:?} {skipped}: {stopped}");
        let ramped =
            || peaks.len() > 20 && peaks.is_sorted_by(|a, b| a >= b) && peaks[0] > 4 * peaks[peaks.len() - 1];
        assert!(peaks.len() <= most && (most < 50 || ramped()), "{stop:?} {skipped}: {peaks:?}");
        assert_eq!(stream.ramping_down().map(|trip| trip.fault), Some(Fault::KeepAlive));
        assert_eq!(stream.black_box().first().map(|trip| trip.fault), Some(Fault::KeepAlive));
    }
}
