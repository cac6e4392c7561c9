//! What a careless or damaged caller asks of a guard: repayments that are none, probing with what is left of a session, a clock
//! compared with no tolerance, a contact check in place of a reset.

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
use nmes_safety::selftest::ClockCount;
use nmes_safety::*;

fn of(kind: FrameKind, onset: u64, segments: &[(Level, u32)]) -> PulseFrame<'static> {
    let segments: Vec<_> = segments.iter().map(|&(level, ticks)| Segment { level, ticks }).collect();
    PulseFrame::from_parts(0, kind, 2, onset, &segments, Level::Open).unwrap()
}

fn told<T>(answer: Result<T, Trip>) -> Result<(), (Fault, &'static str)> {
    answer.map(drop).map_err(|trip| (trip.fault, trip.rule))
}

/// A pulse whose last edge is `late`, and when that was.
fn ended_late(checked: &'static Checked<'static>, late: u64) -> (Guard<'static>, u64) {
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 1, now + 100);
    guard.admit(now, &frame).unwrap();
    let last = frame.edge_count() - 1;
    for edge in 0..=last {
        let late = if edge == last { late } else { 0 };
        guard.edge(frame.edge_tick(edge).unwrap() + late, &change(&frame, edge), None).unwrap();
    }
    (guard, frame.edge_tick(last).unwrap() + late)
}

/// REQ-SAF-684: an offset current lets a trim go no further beyond what is owed than a code and the offset for one tick, however
/// long it is.
#[test]
fn a_trim_against_an_offset() {
    let checked = Rig { late: 5, ..Rig::default() }.checked();
    let old = checked.plan().hardware();
    let output = ChannelHardware { offset_na: -49_000, ..*old.channel(0).unwrap() };
    let hardware = Hardware::new(*old.timing(), &[output], 0).unwrap();
    let plan = Plan::compile(checked.plan().session(), &hardware).unwrap();
    let checked: &'static Checked<'static> =
        Box::leak(Box::new(check(plan, checked.setup(), checked.profile()).unwrap()));
    let owed = {
        let (guard, _) = ended_late(checked, 5);
        guard.ledger(0).unwrap()
    };
    assert!(owed < Charge::ZERO, "{owed:?}");
    // one code up is 51 µA
    let most = u32::try_from((owed.magnitude() + 149_000) / 51_000).unwrap();
    for (ticks, expected) in [(most, Ok(())), (most + 1, Err((Fault::Repayment, "LEDGER")))] {
        let (mut guard, ended) = ended_late(checked, 5);
        let trim = of(FrameKind::Trim, ended + 100, &[(Level::Code(1), ticks)]);
        assert_eq!(told(guard.admit(ended, &trim)), expected, "{ticks} of {most}");
    }
}

/// REQ-SAF-592: what a session before it left is not repaid stronger than a contact check while probing; it is while idle.
#[test]
fn no_repayment_of_a_session_while_probing() {
    let checked = Rig { late: 12, stamp: 3, ..Rig::default() }.checked();
    for (probes, code, expected) in
        [(false, 400, Ok(())), (true, 41, Err((Fault::Amplitude, "PROBING"))), (true, 40, Ok(()))]
    {
        let (mut guard, ended) = ended_late(checked, 12);
        guard.handle(ended, Event::Disarm).unwrap();
        if probes {
            guard.handle(ended, Event::Probe).unwrap();
        }
        let trim = of(FrameKind::Trim, ended + 100, &[(Level::Code(code), 12)]);
        assert_eq!(told(guard.admit(ended, &trim)), expected, "{probes} {code}");
    }
}

/// REQ-SAF-667: a recovery out of a step of no code within a phase waits for the dead time: the bridge still drives the way of the
/// step before.
#[test]
fn a_recovery_out_of_a_step_of_no_code() {
    let steps: &'static [i16] = vec![FULL_SCALE, 200].leak();
    let set = (2_000, 300);
    let rig = Rig { dead: 10, form: Form::Table(steps), set, ceiling: set, ..Rig::default() };
    for gap_rest in [Rest::Open, Rest::Shorted, Rest::DrivenZero] {
        let checked = Rig { gap_rest, ..rig }.checked();
        for (open, expected) in
            [(0, Err((Fault::Form, "HARDWARE"))), (9, Err((Fault::Form, "HARDWARE"))), (10, Ok(()))]
        {
            let (mut guard, now) = ready(checked);
            let frame = pulse(checked, 1, now + 100);
            guard.admit(now, &frame).unwrap();
            assert_eq!(frame.edge_level(1), Some(Level::Code(0)));
            for edge in 0..2 {
                guard.edge(frame.edge_tick(edge).unwrap(), &change(&frame, edge), None).unwrap();
            }
            let at = frame.edge_tick(1).unwrap();
            let parts = [(Level::Open, open), (Level::Code(-20), 100)];
            let recover = of(FrameKind::Recover, at + 20, &parts[usize::from(open == 0)..]);
            assert_eq!(told(guard.admit(at, &recover)), expected, "{gap_rest:?} {open}");
        }
    }
}

/// REQ-SAF-685: the length of a session counts from its first pulse, not from that of the contact check before it.
#[test]
fn a_contact_check_is_no_part_of_the_session() {
    let checked = Rig { seconds: 10, set: (10_000, 300), ceiling: (10_000, 300), ..Rig::default() }.checked();
    let mut guard = Guard::new(checked, 0);
    guard.handle(0, Event::Passed).unwrap();
    guard.handle(0, Event::Probe).unwrap();
    guard.set_level(0, 0, setting(1_000, 200)).unwrap();
    play(&mut guard, &pulse_at(checked, setting(1_000, 200), 1, 1_000)).unwrap();
    guard.handle(10_000, Event::Contact).unwrap();
    let now = raise(&mut guard, checked, 10_000).max(9_000_000);
    tended(&mut guard, now);
    play(&mut guard, &pulse(checked, 2, now)).unwrap();
    for (number, after, expected) in [(3, 10_000_000, Ok(())), (4, 10_000_001, Err(Fault::SessionLength))] {
        tended(&mut guard, now + after);
        let answer = guard.admit(now + after, &pulse(checked, number, now + after));
        assert_eq!(answer.map(drop).map_err(|trip| trip.fault), expected, "{after}");
        if expected.is_ok() {
            guard.off(now + after);
        }
    }
}

/// REQ-SAF-686: a second clock that stands still is found with a tolerance of nothing too, which counts as a millionth.
#[test]
fn clocks_without_a_tolerance() {
    let checked = Rig::default().checked();
    let stopped = ClockCount { ticks: 7, ticks_per_second: 32_768 };
    for tolerance_ppm in [0, 1] {
        let (mut guard, _) = (Guard::new(checked, 0), 0);
        assert_eq!(guard.cross_check(0, stopped, tolerance_ppm), Ok(None));
        // 8 × 10⁶ ticks of the slower one are 244 s
        assert_eq!(guard.cross_check(244_000_000, stopped, tolerance_ppm), Ok(None));
        let trip = guard.cross_check(245_000_000, stopped, tolerance_ppm).unwrap_err();
        assert_eq!((trip.fault, trip.value), (Fault::ClockDisagrees, i64::MAX));
    }
}

/// A guard that asked for a ramp-down because contact was lost in a session, and when.
fn lost_in_a_session() -> (Guard<'static>, u64) {
    let schedule = Schedule::Cyclic(Cycle { hold: ms(5_000), rest: ms(10_000) });
    let checked = Rig { class: UseClass::Exercise, schedule, seconds: 600, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let pulses = (1..=3).map(|n| pulse(checked, n, now + u64::from(n) * 25_000));
    let trip = pulses.map(|frame| play_sensed(&mut guard, checked, &frame, |_| 0)).find_map(Result::err);
    let trip = trip.unwrap();
    assert_eq!((trip.fault, trip.response), (Fault::ContactLoss, Response::RampDown));
    (guard, trip.at_tick)
}

/// REQ-SAF-740: a contact check that finds no contact is no way around the reset that a contact lost in a session needs.
#[test]
fn a_contact_check_is_no_reset() {
    for checks in [0, 1, 2] {
        let (mut guard, mut now) = lost_in_a_session();
        guard.handle(now, Event::Disarm).unwrap();
        for _ in 0..checks {
            guard.handle(now, Event::Probe).unwrap();
            guard.handle(now, Event::NoContact).unwrap();
        }
        assert_eq!(guard.ramping_down().map(|trip| trip.fault), Some(Fault::ContactLoss), "{checks}");
        now += 3_000_000;
        assert_eq!(fault(guard.tick(now)), Fault::ContactLoss, "{checks}");
        assert_eq!(guard.state(), State::Fault, "{checks}");
        guard.reset(now, Fault::ContactLoss).unwrap();
    }
}

/// How long after contact is back the level takes from there to 8 mA, in ms, asked for each 10 ms; `turned` is what it was turned to
/// while the pad was off, seconds before.
fn way_back_ms(turned: &[u32]) -> u64 {
    let checked = Rig { set: (8_000, 300), ceiling: (8_000, 300), ..Rig::default() }.checked();
    let (mut guard, start) = ready(checked);
    let mut at = start;
    let mut pulses = 0..;
    let mut pulse_of = |guard: &mut Guard<'static>, permille| {
        at += 25_000;
        tended(guard, at - 5_000);
        let set = guard.authorised(0).unwrap();
        let frame = pulse_at(checked, set, pulses.next().unwrap(), at);
        (at, play_sensed(guard, checked, &frame, |_| permille))
    };
    let lost = [0; 3].map(|permille| pulse_of(&mut guard, permille)).map(|(_, answer)| answer.is_err());
    assert_eq!(lost, [false, false, true]);
    for ua in turned {
        let now = (0..40).map(|_| pulse_of(&mut guard, 0).0).last().unwrap();
        guard.set_level(now + 10_000, 0, setting(*ua, 300)).unwrap();
    }
    (0..120).for_each(|_| pulse_of(&mut guard, 0).1.unwrap());
    let back = [1_000; 3].map(|permille| pulse_of(&mut guard, permille).0)[2];
    for now in (back + 1_000..).step_by(10_000) {
        tended(&mut guard, now);
        let present = guard.authorised(0).unwrap().amplitude.as_microamps();
        for step in [1_000, 100] {
            let _ = guard.set_level(now, 0, setting((present + step).min(8_000), 300));
        }
        if guard.authorised(0).unwrap().amplitude.as_microamps() == 8_000 {
            return (now - back) / 1_000;
        }
    }
    0
}

/// REQ-SAF-741: the way back from a lost contact takes E-RAMP-1 from when it is back, whatever the level was turned to while it was lost.
#[test]
fn a_level_turned_while_contact_is_lost() {
    for turned in [&[][..], &[2_000, 3_000], &[1_000, 2_000]] {
        let took = way_back_ms(turned);
        assert!((2_000..2_100).contains(&took), "{took} ms after {turned:?}");
    }
}
