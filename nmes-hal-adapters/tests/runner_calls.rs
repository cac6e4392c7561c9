//! What each call of the runner for interrupts leaves behind: levels, targets, the alarm, and what is prepared.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use nmes_core::*;
use nmes_hal_adapters::sim::{Bench, FaultyOutput, SimAlarm, SimEdge, SimOutput, SimSense};
use nmes_hal_adapters::{Alarm, Cause, CommandError, Late, NoSense, Stimulator, Stopped, Ticked};
use nmes_safety::selftest::ClockCount;
use nmes_safety::{Checked, Fault, State, UseClass};
use std::cell::Cell;

const SET: (u32, u32) = (20_000, 300);

type Stim<'a, 'b> = Stimulator<'a, SimOutput<'b, ()>, SimAlarm<'b>, SimSense<'b>>;

fn set() -> Setting {
    setting(SET.0, SET.1)
}

/// Two channels of a session for `length`, each behind a gate of its own, on hardware with this timing.
fn session_of<'a>(channels: &'a [Channel<'a>], timing: HardwareTiming, length: Millis) -> Checked<'a> {
    let session = Session::new(channels, gated(), length).unwrap();
    checked(&session, &hardware(timing, 25_000, channels.len()), UseClass::FunctionalWear)
}

/// Two channels, armed and started, with levels at zero.
fn two(body: impl FnOnce(Stim<'_, '_>, &Bench)) {
    let channels = [channel(set()); 2];
    let checked = session_of(&channels, late(0), ms(600_000));
    let bench = bench(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 2];
    let mut stim =
        Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense()).unwrap();
    stim.start().unwrap();
    body(stim, &bench);
}

fn run_for(stim: &mut Stim<'_, '_>, bench: &Bench, ticks: u64) -> Seen {
    let mut seen = Seen::default();
    run_to(stim, bench.clock(), bench.clock().now() + ticks, &mut seen).unwrap();
    seen
}

fn level(stim: &Stim<'_, '_>, channel: u8) -> Setting {
    stim.engine().setting(channel).unwrap()
}

/// REQ-HAL-466: an alarm that was set before is taken back by arming, none is set while no edge is due, and none after a stop.
#[test]
fn an_alarm_is_set_only_for_an_edge() {
    let channels = [Channel { offset: Micros::from_micros(200_000).unwrap(), ..channel(set()) }];
    let checked = session_of(&channels, late(0), ms(600_000));
    let bench = bench(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
    let clock = bench.clock();
    for by_fault in [true, false] {
        clock.alarm().set(clock.now() + 1_000).unwrap();
        let mut states = [ChannelState::new(); 1];
        let mut stim =
            Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense()).unwrap();
        assert_eq!((clock.next_alarm(), stim.due()), (None, None), "armed");
        stim.start().unwrap();
        raise(&mut stim, clock, &[set()]).unwrap();
        assert_eq!((clock.next_alarm(), stim.due()), (None, None), "raised");
        for (input, is_set) in [(GateInput::Open, true), (GateInput::Close { down: None }, false)] {
            stim.gate(input).unwrap();
            assert_eq!((clock.next_alarm().is_some(), clock.next_alarm()), (is_set, stim.due()), "{input:?}");
        }
        run_for(&mut stim, &bench, 300_000);
        stim.gate(GateInput::Open).unwrap();
        run_for(&mut stim, &bench, 400_000);
        assert_eq!((clock.next_alarm().is_some(), clock.next_alarm()), (true, stim.due()), "running");
        if by_fault {
            stim.report_fault();
        } else {
            stim.stop(StopPolicy::HardOff).unwrap();
        }
        assert_eq!((clock.next_alarm(), stim.due()), (None, None), "stopped");
    }
}

/// REQ-HAL-467: a stimulator that has stopped takes no call: each answers why, and neither output, alarm nor record is touched.
#[test]
fn a_stopped_stimulator_takes_no_call() {
    let channels = [channel(set())];
    let checked = session_of(&channels, late(0), ms(600_000));
    let bench = bench(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let output = FaultyOutput::new(bench.output(), u32::MAX, 0);
    let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), NoSense).unwrap();
    let stopped = stim.report_fault();
    let (calls, first) = (stim.output().calls(), *stim.black_box());
    let one = setting(1_000, 300);
    let by_command = |error| match error {
        CommandError::Stopped(stopped) => stopped,
        other => panic!("{other}"),
    };
    let answers: [Result<(), Stopped>; 14] = [
        stim.start(),
        stim.on_alarm(),
        stim.on_tick().map(drop),
        stim.on_tick_feeding(|| panic!("it is not fed")).map(drop),
        stim.command(0, one).map_err(by_command),
        stim.aim(0, one).map_err(by_command),
        stim.modulate(0, Setting::ZERO).map(drop).map_err(by_command),
        stim.pause().map(drop),
        stim.resume().map(drop),
        stim.gate(GateInput::Open).map(drop),
        stim.gate_channel(0, GateInput::Open).map(drop),
        stim.stop(StopPolicy::FinishPulse),
        stim.cross_check(ClockCount { ticks: 1, ticks_per_second: 1_000 }, 100).map(drop),
        Err(stim.report_fault()),
    ];
    assert!(answers.iter().all(|answer| *answer == Err(stopped)), "{answers:?}");
    assert_eq!((stim.output().calls(), stim.black_box()), (calls, &first));
    assert_eq!((bench.clock().next_alarm(), stim.due()), (None, None));
}

/// REQ-HAL-468: a gated session that nobody opens is over when its time is, and disarmed; nothing is aimed at any more.
#[test]
fn a_session_that_nobody_opens_is_over_in_time() {
    let channels = [channel(set())];
    let checked = session_of(&channels, late(0), ms(20_000));
    let bench = bench(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let mut stim =
        Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense()).unwrap();
    stim.start().unwrap();
    raise(&mut stim, bench.clock(), &[set()]).unwrap();
    run_for(&mut stim, &bench, 25_000_000);
    assert!(stim.finished().is_some());
    assert_eq!((stim.state(), level(&stim, 0).amplitude), (State::Idle, MicroAmps::ZERO));
    assert_eq!(stim.aim(0, set()), Err(CommandError::Ending));
    assert_eq!(stim.resume(), Ok(false));
}

/// REQ-HAL-042: right after a stop at once every channel is at zero and disarmed, not from the next tick on.
#[test]
fn a_stop_at_once_disarms_at_once() {
    two(|mut stim, bench| {
        raise(&mut stim, bench.clock(), &[set(), set()]).unwrap();
        stim.gate(GateInput::Open).unwrap();
        run_for(&mut stim, bench, 300_000);
        stim.stop(StopPolicy::HardOff).unwrap();
        assert_eq!((stim.state(), stim.due()), (State::Idle, None));
        for channel in 0..2 {
            assert_eq!(level(&stim, channel).amplitude, MicroAmps::ZERO, "{channel}");
            assert_eq!(stim.guard().authorised(channel).unwrap().amplitude, MicroAmps::ZERO, "{channel}");
        }
    });
}

/// REQ-HAL-469: what is refused leaves no target: no tick after it moves a level, and a rise under way goes on.
#[test]
fn a_refusal_leaves_no_target() {
    let (high, above) = (setting(9_000, 300), setting(SET.0 + 1_000, SET.1));
    two(|mut stim, bench| {
        assert!(matches!(stim.command(0, high), Err(CommandError::Guard(_))));
        assert!(matches!(stim.command(0, above), Err(CommandError::Plan(_))));
        assert!(matches!(stim.aim(0, above), Err(CommandError::Plan(_))));
        run_for(&mut stim, bench, 3_000_000);
        assert_eq!(level(&stim, 0).amplitude, MicroAmps::ZERO);
        stim.aim(0, high).unwrap();
        run_for(&mut stim, bench, 10_000);
        // under one code, and above what is authorised
        assert!(matches!(stim.modulate(0, setting(1, 300)), Err(CommandError::Plan(_))));
        assert!(matches!(stim.modulate(0, high), Err(CommandError::NotAuthorised { channel: 0, .. })));
        run_for(&mut stim, bench, 10_000_000);
        assert_eq!(level(&stim, 0), high);
    });
}

/// REQ-HAL-469: a refused level changes neither side: what the engine cannot have, the guard has not authorised either.
#[test]
fn a_refused_level_changes_neither_side() {
    two(|mut stim, bench| {
        raise(&mut stim, bench.clock(), &[setting(5_000, 200)]).unwrap();
        let before = (stim.engine().setting(0), stim.guard().authorised(0));
        // under one code: once lower in all, once wider
        for asked in [setting(1, 200), setting(1, 300)] {
            assert!(matches!(stim.command(0, asked), Err(CommandError::Plan(_))), "{asked:?}");
            assert_eq!((stim.engine().setting(0), stim.guard().authorised(0)), before, "{asked:?}");
        }
        let lower = setting(2_000, 200);
        stim.command(0, lower).unwrap();
        assert_eq!((stim.engine().setting(0), stim.guard().authorised(0)), (Some(lower), Some(lower)));
    });
}

/// REQ-HAL-469: what is lower than the level of its channel is taken at once, as a target too, and while the session ends.
#[test]
fn lower_is_taken_at_once() {
    let (low, lower) = (setting(8_000, 300), setting(4_000, 300));
    two(|mut stim, bench| {
        raise(&mut stim, bench.clock(), &[set(), setting(2_000, 300)]).unwrap();
        // not lower than its own level, although lower than that of channel 0
        stim.aim(1, low).unwrap();
        assert_eq!(level(&stim, 1), setting(2_000, 300));
        stim.aim(0, low).unwrap();
        assert_eq!(level(&stim, 0), low);
        run_for(&mut stim, bench, 5_000_000);
        assert_eq!((level(&stim, 0), level(&stim, 1)), (low, low));
        stim.gate(GateInput::Open).unwrap();
        run_for(&mut stim, bench, 300_000);
        stim.stop(StopPolicy::FinishPulse).unwrap();
        assert_eq!(stim.command(0, set()), Err(CommandError::Ending));
        assert_eq!(stim.aim(0, set()), Err(CommandError::Ending));
        assert_eq!(stim.modulate(0, lower), Err(CommandError::Ending));
        stim.aim(0, lower).unwrap();
        assert_eq!(level(&stim, 0), lower);
    });
}

/// REQ-HAL-352: each channel moves within what it is itself authorised to, and goes silent at any width.
#[test]
fn each_channel_has_its_own_bound() {
    two(|mut stim, bench| {
        let own = setting(2_000, 200);
        raise(&mut stim, bench.clock(), &[set(), own]).unwrap();
        assert_eq!(
            stim.modulate(1, setting(8_000, 200)),
            Err(CommandError::NotAuthorised { channel: 1, most: own })
        );
        let silent = setting(0, 300);
        assert_eq!(stim.modulate(1, silent).unwrap().codes, 0);
        assert_eq!((level(&stim, 1), level(&stim, 0)), (silent, set()));
    });
}

/// REQ-HAL-403: each channel has its own gate, and while the session is ending a close is taken by it.
#[test]
fn each_channel_has_its_own_gate() {
    two(|mut stim, bench| {
        raise(&mut stim, bench.clock(), &[set(), set()]).unwrap();
        let answer = stim.gate_channel(1, GateInput::Open).unwrap();
        assert!(!matches!(answer, GateAnswer::Refused(_) | GateAnswer::Ignored), "{answer:?}");
        let seen = run_for(&mut stim, bench, 300_000);
        assert!(seen.receipts.len() > 8 && seen.receipts.iter().all(|receipt| receipt.channel == 1));
        // a host that is silent is followed by a ramp-down, which a close may shorten
        while !matches!(stim.on_tick().unwrap(), Ticked::Tripped(_)) {
            while bench.clock().alarm_by(bench.clock().now() + SLOW) {
                stim.on_alarm().unwrap();
            }
        }
        let down = Some(Millis::ZERO);
        let answer = stim.gate_channel(1, GateInput::Close { down }).unwrap();
        assert!(!matches!(answer, GateAnswer::Refused(_)), "{answer:?}");
    });
}

/// Ticks without a sign of life, and from one of them on a target. How many there were, and the level after the last one.
fn silent(aimed_after: u32) -> (u32, MicroAmps) {
    let (mut ticks, mut last) = (0, MicroAmps::ZERO);
    two(|mut stim, bench| {
        loop {
            if ticks == aimed_after {
                stim.aim(0, set()).unwrap();
            }
            ticks += 1;
            if let Ticked::Tripped(trip) = stim.on_tick().unwrap() {
                assert_eq!(trip.fault, Fault::KeepAlive);
                break;
            }
            bench.clock().advance_to(bench.clock().now() + SLOW);
        }
        last = level(&stim, 0).amplitude;
    });
    (ticks, last)
}

/// REQ-HAL-034: the tick that finds the host silent raises nothing any more, one before it does.
#[test]
fn nothing_rises_in_the_tick_that_ends_it() {
    let (ticks, _) = silent(u32::MAX);
    assert!(silent(ticks - 2).1 > MicroAmps::ZERO);
    assert_eq!(silent(ticks - 1), (ticks, MicroAmps::ZERO));
}

/// REQ-HAL-034: pulses that go on while no tick comes are ended by the guard, and its word is the cause.
#[test]
fn edges_alone_do_not_go_on() {
    two(|mut stim, bench| {
        raise(&mut stim, bench.clock(), &[set(), set()]).unwrap();
        stim.gate(GateInput::Open).unwrap();
        let stopped = loop {
            assert!(bench.clock().fire().is_some());
            if let Err(stopped) = stim.on_alarm() {
                break stopped;
            }
        };
        assert!(matches!(stopped.cause, Cause::Guard(trip) if trip.fault == Fault::SlowSide), "{stopped}");
    });
}

/// A clock that reaches the time of an alarm while it is set, so many times.
struct Nick<'b> {
    alarm: SimAlarm<'b>,
    bench: &'b Bench,
    times: &'b Cell<u32>,
}

impl Alarm for Nick<'_> {
    fn now(&mut self) -> u64 {
        self.alarm.now()
    }
    fn set(&mut self, at_tick: u64) -> Result<(), Late> {
        let Some(left) = self.times.get().checked_sub(1) else { return self.alarm.set(at_tick) };
        self.times.set(left);
        self.bench.clock().advance_to(at_tick);
        Err(Late { by_ticks: 0 })
    }
    fn clear(&mut self) {
        self.alarm.clear();
    }
}

/// REQ-HAL-489: a call puts out sixteen steps, each channel twice, where so many are due; where one more is, it ends there, with the
/// output open.
#[test]
fn a_call_puts_out_sixteen_steps() {
    let channels = [channel(set())];
    let checked = session_of(&channels, late(0), ms(600_000));
    for (overtaken, steps, stops) in
        [(0, 1, false), (7, 8, false), (15, 16, false), (16, 16, true), (40, 16, true)]
    {
        let bench = bench(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
        let (times, edges, mut states) = (Cell::new(0), Cell::new(0), [ChannelState::new(); 1]);
        let alarm = Nick { alarm: bench.alarm(), bench: &bench, times: &times };
        let output = bench.output_to(|_: SimEdge| edges.set(edges.get() + 1));
        let mut stim = Stimulator::arm(&checked, &mut states, output, alarm, NoSense).unwrap();
        stim.start().unwrap();
        raise(&mut stim, bench.clock(), &[setting(5_000, 300)]).unwrap();
        stim.gate(GateInput::Open).unwrap();
        // past the ramp, to the first edge of a pulse
        run_to(&mut stim, bench.clock(), bench.clock().now() + 300_000, &mut Seen::default()).unwrap();
        while bench.level(0) != Level::Open || bench.clock().next_alarm() < Some(bench.clock().now() + 5_000)
        {
            run_to(&mut stim, bench.clock(), bench.clock().now() + 1_000, &mut Seen::default()).unwrap();
        }
        bench.clock().advance_to(bench.clock().next_alarm().unwrap());
        times.set(overtaken);
        let before = edges.get();
        let answer = stim.on_alarm();
        assert_eq!(answer.is_err(), stops, "{overtaken}: {answer:?}");
        // four whole pulses, after which it is open by itself
        assert_eq!(edges.get() - before, steps, "{overtaken}");
        assert!(!stops || bench.level(0) == Level::Open);
        assert!(!stops || stim.stopped().unwrap().cause == Cause::Overrun);
    }
}
