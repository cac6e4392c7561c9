//! What a host may rely on: a mailbox that begins anew, a clock that it moves on, a loop that gives its tick its turn, a timer that is
//! given back.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use embedded_hal::delay::DelayNs;
use nmes_core::*;
use nmes_hal_adapters::sim::{Bench, SimAlarm, SimClock, SimOutput};
use nmes_hal_adapters::*;
use nmes_safety::{Fault, UseClass};
use std::cell::{Cell, RefCell};

type Stim<'a, 'b> = Stimulator<'a, SimOutput<'b, ()>, SimAlarm<'b>, NoSense>;

fn set() -> Setting {
    setting(20_000, 300)
}

fn started(schedule: Schedule<'_>, body: impl FnOnce(Stim<'_, '_>, &Bench)) {
    let channels = [channel(set())];
    let session = Session::new(&channels, schedule, ms(600_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let class =
        if matches!(schedule, Schedule::Gated(_)) { UseClass::FunctionalWear } else { UseClass::Continuous };
    let checked = checked(&session, &hardware, class);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let mut stim = Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), NoSense).unwrap();
    stim.start().unwrap();
    body(stim, &bench);
}

/// REQ-HAL-302: a stop is done before a message that would raise a level, and a close that nothing can take is refused.
#[test]
fn a_stop_comes_before_a_level() {
    started(gated(), |mut stim, bench| {
        raise(&mut stim, bench.clock(), &[setting(5_000, 300)]).unwrap();
        let mut mailbox = Mailbox::new();
        let (mut sender, mut receiver) = mailbox.split();
        sender.send(Mail::Aim { channel: 0, setting: set() }).unwrap();
        sender.keep_alive();
        sender.stop(StopPolicy::FinishPulse);
        stim.on_mail(&mut receiver).unwrap();
        assert_eq!(sender.fate(), Fate::Refused);
    });
    started(Schedule::Continuous, |mut stim, _| {
        let mut mailbox = Mailbox::new();
        let (mut sender, mut receiver) = mailbox.split();
        for mail in [Mail::Close, Mail::Open] {
            sender.send(mail).unwrap();
            stim.on_mail(&mut receiver).unwrap();
            assert_eq!(sender.fate(), Fate::Refused, "{mail:?}: it has no gate");
        }
    });
}

/// REQ-HAL-302: one sign of life is one: a host that gives none after it is silent.
#[test]
fn a_sign_of_life_counts_once() {
    started(gated(), |mut stim, bench| {
        let mut mailbox = Mailbox::new();
        let (mut sender, mut receiver) = mailbox.split();
        sender.keep_alive();
        assert!(receiver.was_alive());
        assert!(!receiver.was_alive());
        sender.keep_alive();
        let ended = (0..4_000).any(|_| {
            bench.clock().advance_to(bench.clock().now() + SLOW);
            stim.on_mail(&mut receiver).unwrap();
            !matches!(stim.on_tick(), Ok(Ticked::Well(_)))
        });
        assert!(ended);
    });
}

/// REQ-HAL-477: a mailbox that is split again begins anew: no message, stop or sign of life of before is in it.
#[test]
fn a_mailbox_begins_anew() {
    let mut mailbox = Mailbox::new();
    let (mut sender, mut receiver) = mailbox.split();
    sender.send(Mail::Open).unwrap();
    assert_eq!(receiver.take(), Some(Mail::Open));
    receiver.answer(true);
    sender.send(Mail::Close).unwrap();
    sender.stop(StopPolicy::HardOff);
    sender.keep_alive();
    let (mut sender, mut receiver) = mailbox.split();
    assert_eq!((receiver.take(), receiver.stop(), receiver.was_alive()), (None, None, false));
    assert_eq!(sender.fate(), Fate::None);
    sender.send(Mail::Open).unwrap();
    assert_eq!(receiver.take(), Some(Mail::Open));
}

/// REQ-HAL-353: an alarm that was answered, and one that was set again to what has passed, is not set any more; the worst lateness
/// stays the worst.
#[test]
fn a_paced_alarm_is_answered_once() {
    let clock = PacedClock::new(5_000);
    let mut alarm = clock.alarm();
    assert!(!clock.turn(100, false));
    alarm.set(1_000).unwrap();
    assert!(clock.turn(4_000, false));
    assert_eq!((clock.due_at(), clock.worst_late()), (None, 3_000));
    assert!(!clock.turn(4_500, false));
    alarm.set(5_000).unwrap();
    assert!(clock.turn(5_001, false));
    assert_eq!(clock.worst_late(), 3_000);
    alarm.set(9_000).unwrap();
    assert!(alarm.set(5_000).is_err());
    assert_eq!(clock.due_at(), None);
    assert!(!clock.turn(10_000, false));
}

/// REQ-HAL-400: of several times that a host was away too long the first one is told.
#[test]
fn the_first_time_away_is_told() {
    let clock = PacedClock::following(50_000);
    for at in [1_000_000, 1_050_000, 1_110_000, 1_300_000] {
        let _ = clock.turn(at, false);
    }
    assert_eq!(clock.alarm().overdue(), Some(Late { by_ticks: 60_000 }));
}

/// REQ-HAL-400: time that follows its host neither waits nor stalls, however late one alarm is, and takes no notice of an output that is
/// busy.
#[test]
fn time_that_follows_waits_for_nothing() {
    let clock = PacedClock::following(50_000);
    let mut alarm = clock.alarm();
    assert!(!clock.turn(1_000, false));
    alarm.set(1_500).unwrap();
    assert!(clock.turn(50_000, true));
    alarm.set(1_501).unwrap();
    assert!(clock.turn(99_000, true));
    assert_eq!((clock.now(), clock.worst_late()), (1_501, 97_499));
    assert_eq!((clock.waited(), clock.stalls(), clock.is_held(), alarm.overdue()), (0, 0, false, None));
    assert!(!clock.turn(100_000, false));
    assert_eq!(clock.now(), 100_000);
}

/// REQ-HAL-353: each time that a session waits for its host is counted, later than the clock bears and not at it; what it waited adds up.
#[test]
fn each_stall_is_counted() {
    let clock = PacedClock::new(5_000);
    let (mut host, mut waited, mut stalls) = (0, 0, 0);
    for late in [5_000, 5_001, 4_999, 9_000, 5_001] {
        let at = clock.now() + 20_000;
        clock.alarm().set(at).unwrap();
        assert_eq!(clock.due_at(), Some(at + waited));
        host = clock.host_tick(at) + late;
        assert!(clock.turn(host, false));
        if late > 5_000 {
            (waited, stalls) = (waited + late, stalls + 1);
        }
        assert_eq!((clock.waited(), clock.stalls(), clock.now()), (waited, stalls, at), "{late}");
    }
    assert!(!clock.turn(host, false));
}

struct Sleep<'c>(&'c SimClock);

impl DelayNs for Sleep<'_> {
    fn delay_ns(&mut self, ns: u32) {
        self.0.advance_to(self.0.now() + u64::from(ns / 1_000));
    }
}

/// Runs the blocking runner on a continuous session until `tick`, which is told how long ago it was called last, says stop.
fn blocking(
    pace: Pace,
    mut tick: impl FnMut(&mut StimPolled<'_, '_, '_>, u64) -> bool,
) -> Result<(), Stopped> {
    let channels = [channel(set())];
    let session = Session::new(&channels, Schedule::Continuous, ms(600_000)).unwrap();
    let hardware = hardware(late(15), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::Continuous);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let clock = bench.clock();
    let mut look = || {
        clock.advance_to(clock.now() + 1);
        clock.now()
    };
    let alarm: Polled<&mut dyn FnMut() -> u64> = Polled(&mut look);
    let mut states = [ChannelState::new(); 1];
    let mut stim = Stimulator::arm(&checked, &mut states, bench.output(), alarm, NoSense).unwrap();
    stim.start().unwrap();
    stim.aim(0, setting(1_000, 300)).unwrap();
    let mut runner = Blocking::new(stim, Sleep(clock), pace);
    let mut last = clock.now();
    runner.run(|stim| {
        let since = clock.now() - last;
        last = clock.now();
        tick(stim, since)
    })
}

type StimPolled<'a, 'b, 'f> =
    Stimulator<'a, SimOutput<'b, ()>, Polled<&'f mut (dyn FnMut() -> u64 + 'f)>, NoSense>;

/// REQ-HAL-300: a tick that finds no room between edges is done all the same, later by one pulse at most.
#[test]
fn a_tick_without_room_has_its_turn() {
    // a tick is said to take longer than there is between any two edges
    let pace = Pace { slow_ticks: 5_000, tick_ticks: 30_000, spin_ticks: 60 };
    let (mut ticks, mut longest) = (0, 0);
    let ran = blocking(pace, |stim, since| {
        stim.keep_alive();
        (ticks, longest) = (ticks + 1, since.max(longest));
        ticks < 200
    });
    assert_eq!((ran, ticks), (Ok(()), 200));
    // later by one period at most
    assert!(longest <= 5_000 + 25_000, "{longest}");
}

/// REQ-HAL-300: a tick that ends the session ends the loop, with the cause, and the closure is not called after it.
#[test]
fn a_tick_that_fails_ends_the_loop() {
    let pace = Pace { slow_ticks: 5_000, tick_ticks: 400, spin_ticks: 60 };
    let stopped_at_call = Cell::new(None);
    let mut calls = 0;
    let ran = blocking(pace, |stim, _| {
        calls += 1;
        if stim.stopped().is_some() {
            stopped_at_call.set(Some(calls));
        }
        calls < 4_000
    });
    let Err(Stopped { cause: Cause::Guard(trip), .. }) = ran else { panic!("{ran:?}") };
    assert_eq!((trip.fault, stopped_at_call.get()), (Fault::KeepAlive, None));
}

/// A timer that writes down what it is told.
struct Timer<'l>(&'l RefCell<Vec<&'static str>>);

impl CompareTimer for Timer<'_> {
    fn count(&mut self) -> u32 {
        7
    }
    fn set_compare(&mut self, _at: u32) {
        self.0.borrow_mut().push("set");
    }
    fn clear_compare(&mut self) {
        self.0.borrow_mut().push("clear");
    }
    fn pend(&mut self) {
        self.0.borrow_mut().push("pend");
    }
}

/// REQ-HAL-286: a timer is taken and given back with no interrupt asked for.
#[test]
fn a_timer_is_given_back_without_an_interrupt() {
    let calls = RefCell::new(Vec::new());
    let mut alarm = TimerAlarm::<_, 16>::new(Timer(&calls), 1);
    assert_eq!(calls.take(), ["clear"]);
    alarm.set(100).unwrap();
    let _ = alarm.into_timer();
    assert_eq!(calls.take(), ["set", "clear"]);
}
