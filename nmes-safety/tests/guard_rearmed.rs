//! What a guard that goes on over armings, resets and losses of contact keeps, and what it does not.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use guard_support::*;
use nmes_core::*;
use nmes_safety::*;

const PERIOD: u64 = 25_000;

fn rearm(guard: &mut Guard<'_>, t: u64) {
    for event in [Event::Disarm, Event::Probe, Event::Contact] {
        guard.handle(t, event).unwrap();
    }
}

/// REQ-SAF-710: E-BAL-2 takes three pulses in a row; two of an arming before are none of this one.
#[test]
fn imbalance_of_an_arming_before() {
    let checked = asymmetric().checked();
    let clipped = |edge: u16| if edge == 1 { 850 } else { 1_000 };
    let (mut guard, now) = ready(checked);
    for n in 1..=2 {
        play_sensed(&mut guard, checked, &pulse(checked, n, now + u64::from(n) * PERIOD), clipped).unwrap();
    }
    rearm(&mut guard, now + 3 * PERIOD);
    let now = raise(&mut guard, checked, now + 600_000_000) + PERIOD;
    let first = play_sensed(&mut guard, checked, &pulse(checked, 3, now), clipped);
    assert_eq!(first.err().map(|t| t.fault), None, "ten minutes later, one pulse");
}

/// REQ-SAF-710: three pulses without a measurement are stale; two of an arming before are none of this one.
#[test]
fn silence_of_an_arming_before() {
    let checked = Rig { measured: true, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    for n in 1..=2 {
        play(&mut guard, &pulse(checked, n, now + u64::from(n) * PERIOD)).unwrap();
    }
    rearm(&mut guard, now + 3 * PERIOD);
    let now = raise(&mut guard, checked, now + 600_000_000) + PERIOD;
    assert_eq!(play(&mut guard, &pulse(checked, 3, now)).err().map(|t| t.fault), None);
}

/// REQ-SAF-710: a warning of imbalance is of the last pulse: ten minutes later there is nothing to warn of, armed again or not.
#[test]
fn a_warning_of_imbalance_ages() {
    let checked = Rig { more: quiet, ..asymmetric() }.checked();
    let (mut guard, now) = ready(checked);
    let clipped = |edge: u16| if edge == 1 { 920 } else { 1_000 };
    play_sensed(&mut guard, checked, &pulse(checked, 1, now + PERIOD), clipped).unwrap();
    let warned = guard.tick(now + PERIOD + 5_000).unwrap().warning.map(|t| t.fault);
    assert_eq!(warned, Some(Fault::MeasuredBalance));
    rearm(&mut guard, now + 2 * PERIOD);
    let later = now + 600_000_000;
    guard.keep_alive(later);
    assert_eq!(
        guard.tick(later).unwrap().warning.map(|t| t.fault),
        None,
        "ten minutes later, nothing put out"
    );
}

/// REQ-SAF-710: a warning of a channel that puts nothing out any more hides none of one that does.
#[test]
fn an_old_warning_hides_no_new_one() {
    let checked =
        Rig { channels: 2, more: |s| quiet(s.with_rail_mv(100_000).unwrap()), ..asymmetric() }.checked();
    let (mut guard, now) = ready(checked);
    let clipped = |edge: u16| if edge == 1 { 920 } else { 1_000 };
    play_sensed(&mut guard, checked, &pulse(checked, 1, now + PERIOD), clipped).unwrap();
    guard.set_level(now + 2 * PERIOD, 0, setting(0, 300)).unwrap();
    let at = now + 60_000_000;
    let mut frame = checked.plan().frame(1, setting(40_000, 300), at).unwrap();
    frame.move_to(1, at);
    tended(&mut guard, at);
    guard.admit(at, &frame).unwrap();
    for edge in 0..frame.edge_count() {
        let t = frame.edge_tick(edge).unwrap();
        let high = sample(checked, &frame, edge, t, 1_000)
            .map(|s| Sensed { voltage_mv: 99_000 * i32::try_from(s.current_na.signum()).unwrap(), ..s });
        guard.edge(t, &change(&frame, edge), high).unwrap();
    }
    let warning = guard.tick(at + 2_000).unwrap().warning.map(|t| (t.channel, t.fault));
    assert_eq!(
        warning,
        Some((Some(1), Fault::Compliance)),
        "a minute after the only uneven pulse of channel 0"
    );
}

/// REQ-SAF-710: the voltage of a pulse that was cut is none of the next pulse.
#[test]
fn voltage_of_a_cut_pulse() {
    let checked =
        Rig { measured: true, more: |s| s.with_rail_mv(100_000).unwrap(), ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 1, now);
    guard.keep_alive(now);
    guard.admit(now, &frame).unwrap();
    guard.edge(now, &change(&frame, 0), None).unwrap();
    let high = Sensed {
        current_na: 40_000_000,
        voltage_mv: 99_000,
        at_tick: now + 100,
        instant: SampleInstant::PhaseEnd,
    };
    guard.sample(now + 100, 0, high).unwrap();
    guard.off(now + 150);
    // what it left is paid back
    let t = now + 1_000;
    let segments = [Segment { level: Level::Code(-400), ticks: 150 }];
    let trim = PulseFrame::from_parts(0, FrameKind::Trim, 2, t, &segments, Level::Open).unwrap();
    guard.admit(t, &trim).unwrap();
    for edge in 0..trim.edge_count() {
        guard.edge(trim.edge_tick(edge).unwrap(), &change(&trim, edge), None).unwrap();
    }
    rearm(&mut guard, t + 1_000);
    let low = setting(2_000, 300);
    let mut at = t + 600_000_000;
    guard.keep_alive(at);
    guard.set_level(at, 0, setting(1_000, 300)).unwrap();
    at += 2_100_000;
    guard.keep_alive(at);
    guard.set_level(at, 0, low).unwrap();
    play_sensed(&mut guard, checked, &pulse_at(checked, low, 3, at), |_| 1_000).unwrap();
    assert_eq!(guard.tick(at + 1_000).unwrap().warning.map(|t| (t.fault, t.value)), None);
}

/// REQ-SAF-712: the longest contact check on the session's own guard is no contraction of it.
#[test]
fn a_check_is_no_contraction() {
    let checked = Rig {
        class: UseClass::Exercise,
        schedule: Schedule::Cyclic(Cycle { hold: ms(1_000), rest: ms(10_000) }),
        seconds: 600,
        ramp_down_ms: 500,
        ..Rig::default()
    }
    .checked();
    let mut guard = Guard::new(checked, 0);
    guard.handle(0, Event::Passed).unwrap();
    guard.handle(0, Event::Probe).unwrap();
    guard.set_level(0, 0, setting(1_000, 200)).unwrap();
    for n in 0..26_u32 {
        let at = 1_000 + u64::from(n) * 100_000;
        play(&mut guard, &pulse_at(checked, setting(1_000, 200), n + 1, at)).unwrap();
        guard.keep_alive(at + 5_000);
        guard.tick(at + 5_000).unwrap_or_else(|trip| panic!("pulse {n}: {trip}"));
    }
}

/// REQ-SAF-712: pulses of a contact check are no burst of the plan, whose bursts come once in half a second.
#[test]
fn a_check_is_no_burst() {
    let train = Train {
        timing: Timing::Bursts(Bursts { pulses: 2, every: Rate::from_hz(2).unwrap() }),
        ..Train::default()
    };
    let checked = Rig { train, ..Rig::default() }.checked();
    let mut guard = Guard::new(checked, 0);
    guard.handle(0, Event::Passed).unwrap();
    guard.handle(0, Event::Probe).unwrap();
    guard.set_level(0, 0, setting(1_000, 200)).unwrap();
    let mut n = 0;
    for _ in 0..26_u32 {
        let at = 1_000 + u64::from(n) * 100_000;
        n += 1;
        play(&mut guard, &pulse_at(checked, setting(1_000, 200), n, at))
            .unwrap_or_else(|trip| panic!("pulse {n}: {trip}"));
        guard.tick(at + 5_000).unwrap();
    }
}

/// REQ-SAF-709: bursts of one arming and of the next, a third of a second later.
#[test]
fn bursts_of_several_armings() {
    let train = Train {
        timing: Timing::Bursts(Bursts { pulses: 7, every: Rate::from_hz(2).unwrap() }),
        ..Train::default()
    };
    let checked =
        Rig { hz: 100, set: (20_000, 300), ceiling: (20_000, 300), train, ..Rig::default() }.checked();
    let mut guard = armed(checked, 0);
    let mut t = 0;
    let mut n = 0;
    for round in 0..6 {
        guard.keep_alive(t);
        guard.set_level(t, 0, setting(500, 300)).unwrap_or_else(|r| panic!("{round} {r}"));
        for k in 0..7 {
            n += 1;
            play(&mut guard, &pulse_at(checked, setting(500, 300), n, t + 1_000 + k * 10_000))
                .unwrap_or_else(|trip| panic!("{round} {k} {trip}"));
            guard.tick(t + 6_000 + k * 10_000).unwrap();
        }
        t += 300_000;
        rearm(&mut guard, t);
    }
}

/// REQ-SAF-709: a burst of fifty in 5 s, and again after a contact check of 3 s.
#[test]
fn slow_bursts_after_a_fresh_arming() {
    let every = Rate::new(1, 5_000_000).unwrap();
    let train = Train { timing: Timing::Bursts(Bursts { pulses: 50, every }), ..Train::default() };
    let checked =
        Rig { hz: 50, set: (20_000, 300), ceiling: (20_000, 300), train, ..Rig::default() }.checked();
    let mut guard = armed(checked, 0);
    let (mut t, mut n) = (0, 0);
    for round in 0..2 {
        guard.keep_alive(t);
        guard.set_level(t, 0, setting(1_000, 300)).unwrap();
        for k in 0..50 {
            n += 1;
            let at = t + 1_000 + k * 20_000;
            guard.keep_alive(at);
            play(&mut guard, &pulse_at(checked, setting(1_000, 300), n, at))
                .unwrap_or_else(|trip| panic!("arming {round}, pulse {k}: {trip}"));
            guard.tick(at + 6_000).unwrap();
        }
        t += 1_100_000;
        guard.handle(t, Event::Disarm).unwrap();
        guard.handle(t, Event::Probe).unwrap();
        t += 2_600_000;
        guard.handle(t, Event::Contact).unwrap();
    }
}

/// REQ-SAF-020: a frame that waits at a disarm does not begin after the next arming, whose levels are at zero.
#[test]
fn a_frame_that_waits_at_a_disarm() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 1, now + 20_000);
    guard.admit(now, &frame).unwrap();
    for event in [Event::Disarm, Event::Probe, Event::Contact] {
        guard.handle(now + 1_000, event).unwrap();
    }
    assert!(guard.admitted(0).is_none());
    assert_eq!(
        fault(guard.edge(now + 20_000, &change(&frame, 0), None)),
        Fault::OutOfOrder,
        "40 mA at a set level of zero"
    );
}

/// REQ-SAF-031: a frame that waits when its channel is opened does not begin.
#[test]
fn a_frame_that_waits_when_all_is_opened() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 1, now + 1_000);
    guard.admit(now, &frame).unwrap();
    guard.off(now + 500);
    assert!(guard.admitted(0).is_none());
    assert_eq!(fault(guard.edge(now + 1_000, &change(&frame, 0), None)), Fault::OutOfOrder);
}

/// REQ-SAF-033: a reset in a pulse counts what that pulse put out.
#[test]
fn a_reset_in_a_pulse() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 0, now);
    guard.admit(now, &frame).unwrap();
    guard.edge(now, &change(&frame, 0), None).unwrap();
    let trip = guard.report_output_failure(now + 250);
    guard.reset(now + 250, trip.fault).unwrap();
    let report = guard.tick(now + 1_000).unwrap();
    assert_eq!((report.rms_second_ua, report.indicator), (632, true));
}

/// REQ-SAF-044, REQ-SAF-045: a failure that is reported after a fault latched leaves that fault the answer, and the only entry.
#[test]
fn the_first_trip_that_latched_stays() {
    let checked = Rig::default().checked();
    let mut guard = armed(checked, 0);
    let first = guard.admit(10, &pulse(checked, 0, 5)).map(|_| ()).unwrap_err();
    assert_ne!(first.fault, Fault::Output);
    assert_eq!(guard.report_output_failure(20).fault, first.fault);
    assert_eq!(guard.latched().map(|trip| trip.fault), Some(first.fault));
    assert_eq!(guard.black_box().entries().count(), 1);
}

/// REQ-SAF-036: after a disarm late in a session E-RAMP-1 begins anew.
#[test]
fn the_first_rise_begins_anew() {
    let checked = Rig { set: (4_000, 300), ceiling: (4_000, 300), ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let t = now + 10_000_000;
    for event in [Event::Disarm, Event::Probe, Event::Contact] {
        guard.handle(t, event).unwrap();
    }
    guard.set_level(t, 0, setting(1_000, 300)).unwrap();
    assert_eq!(guard.set_level(t + 300_000, 0, setting(2_000, 300)).unwrap_err().rule, "E-RAMP-1");
}

/// REQ-SAF-040: a lost contact does not raise what is authorised on a channel below the probe level.
#[test]
fn a_weak_channel_that_loses_contact() {
    let checked = Rig { measured: true, ..Rig::default() }.checked();
    let mut guard = armed(checked, 0);
    let mut now = 0;
    for ua in [1_000, 2_000] {
        while guard.set_level(now, 0, setting(ua, 300)).is_err() {
            now += 10_000;
        }
    }
    for n in 1..=3 {
        now += PERIOD;
        let answer = play_sensed(&mut guard, checked, &pulse_at(checked, setting(2_000, 300), n, now), |_| 0);
        assert_eq!(answer.is_err(), n == 3);
    }
    assert_eq!(guard.authorised(0), Some(setting(2_000, 300)));
}

/// REQ-SAF-048: a host that falls silent while the contact check runs.
#[test]
fn silent_while_probing() {
    let checked = Rig::default().checked();
    let mut guard = Guard::new(checked, 0);
    guard.handle(0, Event::Passed).unwrap();
    guard.handle(0, Event::Probe).unwrap();
    guard.tick(1_000_000).unwrap();
    assert_eq!(fault(guard.tick(1_000_001)), Fault::KeepAlive);
}

fn probing_lost(class: UseClass) -> (&'static Checked<'static>, Guard<'static>, u64, u32) {
    let checked = Rig {
        class,
        schedule: Schedule::Cyclic(Cycle { hold: ms(5_000), rest: ms(10_000) }),
        seconds: 600,
        ..Rig::default()
    }
    .checked();
    let mut guard = Guard::new(checked, 0);
    guard.handle(0, Event::Passed).unwrap();
    guard.handle(0, Event::Probe).unwrap();
    let mut now = 0;
    for ua in [1_000, 2_000, 3_000] {
        while guard.set_level(now, 0, setting(ua, 200)).is_err() {
            now += 10_000;
        }
    }
    (checked, guard, now, 0)
}

/// REQ-SAF-048: that there is no contact answers a lost contact, and not a silent host.
#[test]
fn no_contact_is_no_answer_to_silence() {
    let (_, mut guard, now, _) = probing_lost(UseClass::Exercise);
    guard.keep_alive(now);
    let trip = guard.tick(now + 1_000_001).unwrap_err();
    assert_eq!((trip.fault, trip.response), (Fault::KeepAlive, Response::RampDown));
    guard.handle(now + 1_000_100, Event::NoContact).unwrap();
    assert_eq!(fault(guard.tick(now + 3_000_000)), Fault::KeepAlive);
}

/// REQ-SAF-593: a clock that goes wrong after an hour is found as soon as one that is wrong from the start.
#[test]
fn a_clock_that_goes_wrong_later() {
    use nmes_safety::selftest::ClockCount;
    let checked = Rig::default().checked();
    let mut guard = Guard::new(checked, 0);
    let other = |ticks| ClockCount { ticks, ticks_per_second: 32_768 };
    for second in 0..=3_600_u64 {
        guard.cross_check(second * 1_000_000, other(second * 32_768), 10_000).unwrap();
    }
    // from here on twice as fast
    let found = (1..=4_u64).find_map(|n| {
        guard.cross_check(3_600_000_000 + n * 2_000_000, other((3_600 + n) * 32_768), 10_000).err()
    });
    assert_eq!(found.map(|trip| trip.fault), Some(Fault::ClockDisagrees));
}

/// REQ-SAF-031: time that went on does not go back because all is opened at an earlier one.
#[test]
fn opening_turns_no_clock_back() {
    let mut guard = armed(Rig::default().checked(), 0);
    guard.tick(1_000).unwrap();
    guard.off(500);
    assert_eq!(fault(guard.tick(600)), Fault::ClockBackwards);
}

/// REQ-SAF-593: a second clock is no news once a fault latched.
#[test]
fn another_clock_after_a_fault() {
    use nmes_safety::selftest::ClockCount;
    let mut guard = armed(Rig::default().checked(), 0);
    let latched = guard.report_output_failure(10);
    let answer = guard.cross_check(20, ClockCount { ticks: 1, ticks_per_second: 32_768 }, 10_000);
    assert_eq!(answer.unwrap_err().fault, latched.fault);
}

/// REQ-SAF-216: of a declared direct current what a cut pulse left is not owed.
#[test]
fn a_cut_pulse_of_a_declared_current() {
    let declared = Balance::DeclaredDc { at_most: MicroAmps::from_microamps(1_000).unwrap() };
    let level = (2_000, 300);
    let checked =
        Rig { balance: declared, gap_us: 0, set: level, ceiling: level, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 1, now);
    guard.admit(now, &frame).unwrap();
    guard.edge(now, &change(&frame, 0), None).unwrap();
    guard.off(now + 150);
    play(&mut guard, &pulse(checked, 2, now + PERIOD)).unwrap();
}

/// In functional wear with a gate: contact is lost at 10 mA, and back with the third good pulse after so many trains
/// `without`; then trains of so many pulses, with half
/// a second between them, where `again` lost with the third pulse of the second. The highest level that is taken in each train, asked for in steps each 10 ms, also while it is off.
fn regained(pulses: u32, (without, again): (u32, bool)) -> Vec<u32> {
    let gate =
        Gate { max_on: ms(10_000), min_off: ms(200), max_triggers_per_minute: 60, refractory: Millis::ZERO };
    let checked =
        Rig { schedule: Schedule::Gated(gate), set: (10_000, 300), ceiling: (10_000, 300), ..Rig::default() }
            .checked();
    let (mut guard, start) = ready(checked);
    let (mut n, mut at) = (0, start + PERIOD);
    let mut pulse_of = |guard: &mut Guard<'static>, at: u64, permille: i64| {
        n += 1;
        let set = guard.authorised(0).unwrap();
        play_sensed(guard, checked, &pulse_at(checked, set, n, at), |_| permille)
    };
    for permille in [0; 3] {
        assert_eq!(pulse_of(&mut guard, at, permille).is_err(), at == start + 3 * PERIOD);
        at += PERIOD;
    }
    for _ in 0..without {
        at += 20 * PERIOD;
        tended(&mut guard, at - 1_000);
        pulse_of(&mut guard, at, 0).unwrap();
        at += PERIOD;
    }
    for permille in [1_000; 3] {
        tended(&mut guard, at - 1_000);
        pulse_of(&mut guard, at, permille).unwrap();
        at += PERIOD;
    }
    let rise = |guard: &mut Guard<'static>, from: u64| {
        for now in [from + 5_000, from + 15_000] {
            tended(guard, now);
            let present = guard.authorised(0).unwrap().amplitude.as_microamps();
            let up = |by: u32| setting((present + by).min(10_000), 300);
            let _ = guard.set_level(now, 0, up(1_000)).or_else(|_| guard.set_level(now, 0, up(100)));
        }
        guard.authorised(0).unwrap().amplitude.as_microamps()
    };
    let mut highest = vec![];
    for train in 0..4 {
        let mut most = 0;
        for pulse in 0..pulses {
            let off = again && train == 1 && pulse < 3;
            let lost = pulse_of(&mut guard, at, if off { 0 } else { 1_000 }).is_err();
            assert_eq!(lost, off && pulse == 2);
            most = rise(&mut guard, at);
            at += PERIOD;
        }
        highest.push(most);
        for off in 0..20 {
            rise(&mut guard, at + off * PERIOD);
        }
        at += 20 * PERIOD;
    }
    highest
}

/// REQ-SAF-724: after a lost contact in a gated session the level goes back over two trains that begin with contact: in the rest of the one
/// in which it is back, and in the first, half of the way from the probe level, 3 mA, to 10 mA and no further; in the second, all of it. A
/// train that lasts longer than a rise is no step, and is gone up in.
#[test]
fn the_way_back_is_two_trains() {
    assert_eq!(regained(50, (0, false)), [6_500, 6_500, 10_000, 10_000], "1.25 s each");
    assert_eq!(
        regained(50, (2, false)),
        [6_500, 6_500, 10_000, 10_000],
        "what begins without contact is none"
    );
    assert_eq!(
        regained(50, (0, true)),
        [6_500, 6_500, 6_500, 10_000],
        "half of the way to what it was at first"
    );
    assert_eq!(regained(200, (0, false)), [10_000; 4], "five seconds each");
}
