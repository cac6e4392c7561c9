//! What shows although nothing happens: silence, missing edges, a stopped clock, windows, time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use guard_support::*;
use nmes_core::*;
use nmes_safety::*;

/// REQ-SAF-048: a host that is silent for more than a second ramps down (E-WD-1) and latches.
#[test]
fn keep_alive() {
    let checked = Rig::default().checked();
    for (silence, expected) in [(1_000_000, None), (1_000_001, Some(Fault::KeepAlive))] {
        let (mut guard, now) = ready(checked);
        let answer = guard.tick(now + silence);
        assert_eq!(
            answer.err().map(|trip| (trip.fault, trip.response)),
            expected.map(|f| (f, Response::RampDown))
        );
    }
    let (mut guard, now) = ready(checked);
    guard.tick(now + 1_000_001).unwrap_err();
    assert!(
        guard.admit(now + 1_000_002, &pulse(checked, 0, now + 1_000_100)).is_ok(),
        "it may still ramp down"
    );
    guard.tick(now + 1_550_000).unwrap();
    let trip = guard.tick(now + 1_550_001).unwrap_err();
    assert_eq!(
        (trip.fault, trip.response, guard.state()),
        (Fault::KeepAlive, Response::OpenNow, State::Fault)
    );
    assert_eq!(guard.black_box().entries().count(), 1, "one fault, one entry");
    let mut idle = Guard::new(checked, 0);
    assert!(idle.tick(5_000_000).is_ok(), "nobody has to call while nothing is armed");
}

/// REQ-SAF-689: pulses that go on while no tick comes open the output after E-WD-1 and no sooner, whatever the host says; counted
/// from the last tick, or from the first frame since the guard was armed.
#[test]
fn no_tick() {
    let checked = Rig::default().checked();
    let after = |ticked: bool, silence: u64| {
        let (mut guard, now) = ready(checked);
        let began = now + 5_000_000;
        if ticked {
            tended(&mut guard, began);
        }
        guard.admit(began, &pulse(checked, 0, began + 100)).unwrap();
        let later = began + silence;
        guard.keep_alive(later);
        let answer = guard.admit(later, &pulse(checked, 1, later + 100)).map(drop);
        (answer.map_err(|trip| (trip.fault, trip.response, trip.rule)), guard.state())
    };
    for ticked in [false, true] {
        assert_eq!(after(ticked, 1_000_000), (Ok(()), State::Armed));
        let tripped = (Fault::SlowSide, Response::OpenNow, "E-WD-1");
        assert_eq!(after(ticked, 1_000_001), (Err(tripped), State::Fault));
    }
    // arming anew counts anew
    let (mut guard, now) = ready(checked);
    tended(&mut guard, now);
    guard.handle(now, Event::Disarm).unwrap();
    let later = now + 60_000_000;
    for event in [Event::Probe, Event::Contact] {
        guard.handle(later, event).unwrap();
    }
    let now = raise(&mut guard, checked, later);
    assert!(guard.admit(now, &pulse(checked, 0, now + 100)).is_ok());
}

/// REQ-SAF-048: pulses that go on after the ramp-down was due are opened.
#[test]
fn ramp_down_that_does_not_end() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    guard.tick(now + 1_000_001).unwrap_err();
    let frame = pulse(checked, 0, now + 1_550_000);
    guard.admit(now + 1_549_000, &frame).unwrap();
    guard.edge(now + 1_550_000, &change(&frame, 0), None).unwrap();
    assert_eq!(fault(guard.tick(now + 1_550_001)), Fault::RampDownOverdue);
}

/// REQ-SAF-049: an edge that is due and did not come, L + ε later and no sooner; the last may come a stretch later.
#[test]
fn missing_edge() {
    let checked = Rig { late: 10, stamp: 2, ..Rig::default() }.checked();
    for (edges, due, slack) in [(1, 300, 12), (2, 400, 12), (3, 700, 12 + 44)] {
        for (wait, expected) in [(slack, None), (slack + 1, Some(Fault::MissingEdge))] {
            let (mut guard, now) = ready(checked);
            let frame = pulse(checked, 0, now);
            guard.admit(now, &frame).unwrap();
            for edge in 0..edges {
                guard.edge(frame.edge_tick(edge).unwrap(), &change(&frame, edge), None).unwrap();
            }
            let answer = guard.tick(now + due + wait);
            assert_eq!(answer.err().map(|trip| trip.fault), expected, "{edges} edges, {wait} late");
        }
    }
    let (mut guard, now) = ready(checked);
    guard.admit(now, &pulse(checked, 0, now + 10)).unwrap();
    assert!(guard.tick(now + 900_000).is_ok(), "a frame that never began misses nothing");
}

/// REQ-SAF-049: ten calls at one tick are a stopped clock.
#[test]
fn stopped_clock() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    for _ in 0..10 {
        guard.tick(now).unwrap();
    }
    assert_eq!(fault(guard.tick(now)), Fault::ClockStopped);
    let (mut guard, now) = ready(checked);
    for n in 0..100 {
        guard.tick(now + n / 10).unwrap();
    }
}

/// REQ-SAF-033: more than the r.m.s. row in a second trips. The check lets nobody plan that; a stage that delivers
/// more than is commanded, within E-OC-1, does it.
#[test]
fn rms() {
    // 110 mA, 500 µs, 140 Hz: 41.2 mA r.m.s. as planned; 48.6 at 118 %, which the window makes more than 50
    let rig = Rig {
        hz: 140,
        set: (110_000, 500),
        ceiling: (110_000, 500),
        gains: (1_000_000, 1_000_000),
        class: UseClass::Continuous,
        ..Rig::default()
    };
    let run = |permille: i64| {
        let checked = rig.checked();
        let (mut guard, now) = ready(checked);
        let mut highest = 0;
        for n in 0..300_u32 {
            let onset = now + u64::from(n) * 7_142 + u64::from(n) / 7;
            play_sensed(&mut guard, checked, &pulse(checked, n, onset + 10), |_| permille)?;
            highest = highest.max(guard.tick(onset + 3_000)?.rms_second_ua);
        }
        Ok::<u32, Trip>(highest)
    };
    let planned = run(1_000).unwrap();
    // 1.125 s and eight pulses on the edges of buckets: at most 1.19 times I²t
    assert!((41_158..=44_870).contains(&planned), "{planned}: the true value, or up to 9 % more");
    let trip = run(1_180).unwrap_err();
    assert_eq!((trip.fault, trip.response, trip.rule), (Fault::Rms, Response::OpenNow, "N-RMS-1"));
    assert!(run(1_100).is_ok(), "45.3 mA, 49.3 in the window");
}

/// REQ-SAF-544: a train that is too long on one channel does not hide an edge that is missing on the next: the output opens at
/// once, before and during the ramp-down of the first.
#[test]
fn what_opens_comes_first() {
    let schedule = Schedule::Cyclic(Cycle { hold: ms(2_000), rest: ms(2_000) });
    let checked = Rig { schedule, channels: 2, ..Rig::default() }.checked();
    for ramping in [false, true] {
        let (mut guard, now) = ready(checked);
        let onset = |n: u32| now + u64::from(n) * 25_000;
        let too_long = 122;
        for n in 0..=too_long {
            play(&mut guard, &pulse(checked, n, onset(n))).unwrap();
            if n < too_long || ramping {
                let found = guard.tick(onset(n) + 1_000).err().map(|trip| (trip.fault, trip.response));
                assert_eq!(found, (n == too_long).then_some((Fault::OnTime, Response::RampDown)));
            }
        }
        let frame = checked.plan().frame(1, setting(40_000, 300), onset(too_long) + 2_000).unwrap();
        guard.admit(frame.onset_tick(), &frame).unwrap();
        guard.edge(frame.onset_tick(), &change(&frame, 0), None).unwrap();
        let trip = guard.tick(frame.onset_tick() + 5_000).unwrap_err();
        assert_eq!(
            (trip.fault, trip.channel, trip.response),
            (Fault::MissingEdge, Some(1), Response::OpenNow)
        );
    }
}

/// REQ-SAF-028: a contraction or a gated train that does not end is ramped down; it is only warned about where the
/// gate's least Off is too short to tell two trains apart.
#[test]
fn on_time() {
    let cycle = Schedule::Cyclic(Cycle { hold: ms(2_000), rest: ms(2_000) });
    let gate = |off| {
        Schedule::Gated(Gate {
            max_on: ms(3_000),
            min_off: ms(off),
            max_triggers_per_minute: 60,
            refractory: Millis::ZERO,
        })
    };
    // 0.5 s up, 0.5 s down, one period of 25 ms
    for (schedule, limit_ms, trips) in
        [(cycle, 3_025, true), (gate(51), 4_025, true), (gate(50), 4_025, false)]
    {
        let checked = Rig { schedule, class: UseClass::FunctionalWear, ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        let mut n = 0;
        let answer = loop {
            let onset = now + u64::from(n) * 25_000;
            play(&mut guard, &pulse(checked, n, onset)).unwrap();
            n += 1;
            match guard.tick(onset + 1_000) {
                Ok(report) if report.warning.is_none() && n < 1_000 => {}
                other => break other,
            }
        };
        assert_eq!(n - 2, limit_ms / 25, "the last pulse that passed");
        let trip = if trips { answer.unwrap_err() } else { answer.unwrap().warning.unwrap() };
        let response = if trips { Response::RampDown } else { Response::Warn };
        assert_eq!((trip.fault, trip.response), (Fault::OnTime, response));
    }
}

/// REQ-SAF-671: a pause of up to half of the schedule's rest, whatever made it, is none between two contractions.
#[test]
fn a_short_pause_ends_no_contraction() {
    let cycle = Cycle { hold: ms(2_000), rest: ms(2_000) };
    let stage = Stage { cycle, repeats: 100, level_permille: 1_000, rate: None };
    let programme: &'static [Stage] = vec![stage].leak();
    for schedule in [Schedule::Cyclic(cycle), Schedule::Program(programme)] {
        // from the last pulse of 50 to the first of the next
        for (pause, trips) in [(1_000_000, true), (1_000_001, false)] {
            let checked = Rig { schedule, class: UseClass::FunctionalWear, ..Rig::default() }.checked();
            let (mut guard, mut onset) = ready(checked);
            let mut trip = None;
            for n in 0..400 {
                play(&mut guard, &pulse(checked, n, onset)).unwrap();
                trip = trip.or(guard.tick(onset + 1_000).err());
                onset += if n % 50 == 49 { pause } else { 25_000 };
                guard.keep_alive(onset);
                if trip.is_some() {
                    break;
                }
            }
            assert_eq!(trip.map(|trip| trip.fault), trips.then_some(Fault::OnTime), "{pause}, {schedule:?}");
        }
    }
}

/// REQ-SAF-028: contractions with a rest of two periods or less cannot be told apart, in a cycle or a programme, and none of them
/// is taken as one that does not end.
#[test]
fn contractions_that_cannot_be_told_apart() {
    let of = |rest| Cycle { hold: ms(2_000), rest: ms(rest) };
    let programme = |rest| {
        let stage = Stage { cycle: of(rest), repeats: 100, level_permille: 1_000, rate: None };
        Schedule::Program(vec![stage].leak())
    };
    for (schedule, ends) in [
        (Schedule::Cyclic(of(50)), false),
        (Schedule::Cyclic(of(51)), true),
        (programme(50), false),
        (programme(51), true),
    ] {
        let checked = Rig { schedule, ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        let trip = (0..200).find_map(|n| {
            let onset = now + u64::from(n) * 25_000;
            play(&mut guard, &pulse(checked, n, onset)).unwrap();
            guard.tick(onset + 1_000).err()
        });
        assert_eq!(trip.map(|trip| trip.fault), ends.then_some(Fault::OnTime), "{schedule:?}");
    }
}

/// REQ-SAF-028: a rest between two contractions is told from a pause: however many there are, none is too long.
#[test]
fn contractions_end() {
    let schedule = Schedule::Cyclic(Cycle { hold: ms(2_000), rest: ms(2_000) });
    let checked = Rig { schedule, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    for n in 0..400 {
        let onset = now + u64::from(n) * 25_000 + u64::from(n / 100) * 2_000_000;
        tended(&mut guard, onset);
        play(&mut guard, &pulse(checked, n, onset)).unwrap();
        guard.tick(onset + 1_000).unwrap();
    }
}

/// REQ-SAF-033: a pulse that is cut counts for as long as it was on.
#[test]
fn a_cut_pulse_counts() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 0, now);
    guard.admit(now, &frame).unwrap();
    guard.edge(now, &change(&frame, 0), None).unwrap();
    guard.off(now + 250);
    let report = guard.tick(now + 1_000).unwrap();
    // 40 mA for a quarter of a thousandth of a second; what it leaves is no direct current
    assert_eq!((report.rms_second_ua, report.warning), (632, None));
}

/// REQ-SAF-033: what was put out though nobody admitted it counts, in the last second and the last five.
#[test]
fn what_nobody_admitted_counts() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let stray = Change { channel: 0, sequence: 0, edge: Some(0), level: Level::Code(400) };
    let trip = guard.edge(now, &stray, None).unwrap_err();
    assert_eq!((trip.fault, trip.response), (Fault::OutOfOrder, Response::OpenNow));
    guard.off(now + 1_000);
    guard.reset(now + 1_000, trip.fault).unwrap();
    let report = guard.tick(now + 2_000).unwrap();
    // 40 mA for a thousandth of a second
    assert_eq!(report.rms_second_ua, 1_264);
    assert!(report.rms_five_ua > 500 && report.indicator);
}

/// REQ-SAF-033: the indicator is on whenever something was put out in the last five seconds (N-IND-2).
#[test]
fn indicator() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    assert!(!guard.tick(now).unwrap().indicator);
    play(&mut guard, &pulse(checked, 0, now + 10)).unwrap();
    for (wait, on) in [(1_000, true), (4_999_000, true), (7_000_000, false)] {
        guard.keep_alive(now + wait);
        assert_eq!(guard.tick(now + wait).unwrap().indicator, on, "after {wait}");
    }
}

/// REQ-SAF-033: the indicator is lit from the first edge of the first pulse on, on whichever channel it is (N-IND-2).
#[test]
fn indicator_within_the_first_pulse() {
    let checked = Rig { channels: 2, ..Rig::default() }.checked();
    for channel in 0..2 {
        let (mut guard, now) = ready(checked);
        assert!(!guard.tick(now).unwrap().indicator);
        let set = checked.plan().session().channels()[0].set;
        let frame = checked.plan().frame(channel, set, now + 5).unwrap();
        guard.admit(now + 1, &frame).unwrap();
        guard.edge(now + 5, &change(&frame, 0), None).unwrap();
        assert!(guard.tick(now + 6).unwrap().indicator, "channel {channel}");
    }
}

/// REQ-SAF-048: arming counts as a sign of life, the contact check and its good end each.
#[test]
fn arming_is_alive() {
    let checked = Rig::default().checked();
    let mut guard = Guard::new(checked, 0);
    guard.handle(0, Event::Passed).unwrap();
    guard.handle(5_000_000, Event::Probe).unwrap();
    guard.tick(5_900_000).unwrap();
    guard.handle(5_950_000, Event::Contact).unwrap();
    guard.tick(6_950_000).unwrap();
    assert_eq!(fault(guard.tick(6_950_001)), Fault::KeepAlive);
}

/// REQ-SAF-045: what ends output until a reset says so, and no more does.
#[test]
fn responses_that_latch() {
    let latch = [Response::Warn, Response::ProbeLevel, Response::RampDown, Response::OpenNow];
    assert_eq!(latch.map(Response::latches), [false, false, true, true]);
}
