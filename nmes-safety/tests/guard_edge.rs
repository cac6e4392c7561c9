//! Edges: order, time, and the guard's own ledger.

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

/// Applies the edges of one pulse at the grid plus an offset each; the answer of the first that trips.
fn offsets(rig: Rig, late: &[i64]) -> Result<(), Trip> {
    let checked = rig.checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 0, now + 100);
    guard.admit(now, &frame)?;
    for (edge, late) in (0..frame.edge_count()).zip(late) {
        let t = frame.edge_tick(edge).unwrap().checked_add_signed(*late).unwrap();
        guard.edge(t, &change(&frame, edge), None)?;
    }
    Ok(())
}

/// REQ-SAF-029: every edge but the last is at most L + ε late, and no earlier than ε.
#[test]
fn lateness() {
    let exact = Rig::default();
    let late = Rig { late: 10, stamp: 2, ..Rig::default() };
    let cases: [(Rig, [i64; 4], Option<Fault>); 12] = [
        (exact, [0, 0, 0, 0], None),
        (exact, [1, 0, 0, 0], Some(Fault::Late)),
        (exact, [0, 1, 0, 0], Some(Fault::Late)),
        (exact, [0, 0, 1, 0], Some(Fault::Late)),
        (exact, [0, 0, 0, 1], Some(Fault::Late)),
        (exact, [-1, 0, 0, 0], Some(Fault::Early)),
        (late, [12, 12, 12, 12], None),
        (late, [13, 0, 0, 0], Some(Fault::Late)),
        (late, [0, 13, 0, 0], Some(Fault::Late)),
        (late, [0, 0, 13, 0], Some(Fault::Late)),
        (late, [-2, -2, -2, -2], None),
        (late, [0, -3, 0, 0], Some(Fault::Early)),
    ];
    for (rig, late, expected) in cases {
        assert_eq!(offsets(rig, &late).err().map(|trip| trip.fault), expected, "L = {}, {late:?}", rig.late);
    }
}

/// REQ-SAF-030: the last edge may move by the plan's stretch and come L + ε late after that, no further.
#[test]
fn last_edge_moves_within_the_stretch() {
    let rig = Rig { late: 10, stamp: 2, ..Rig::default() };
    let stretch = i64::try_from(rig.checked().plan().channel(0).unwrap().stretch_ticks()).unwrap();
    // three times L + 2 ε, and two for rounding
    assert_eq!(stretch, 3 * 14 + 2);
    let fault = |last| offsets(rig, &[0, 0, 0, last]).err().map(|trip| trip.fault);
    // within the window it is the ledger that tells: 2 × 400 codes × 14 ticks may stay
    for (last, expected) in [
        (28, None),
        (29, Some(Fault::Ledger)),
        (-28, None),
        (-29, Some(Fault::Ledger)),
        (stretch + 12, Some(Fault::Ledger)),
        (stretch + 13, Some(Fault::Late)),
        (-stretch - 2, Some(Fault::Ledger)),
        (-stretch - 3, Some(Fault::Early)),
    ] {
        assert_eq!(fault(last), expected, "last edge {last}");
    }
    // and a ledger that is paid back passes wherever the edge stands
    assert_eq!(offsets(rig, &[0, 12, 0, 12]).err(), None, "primary 12 longer, repaid by 12 more");
    assert_eq!(offsets(rig, &[12, 0, 12, 0]).err(), None, "primary 12 shorter, repaid by 12 less");
}

/// REQ-SAF-031: edges come in order, once, at the admitted level.
#[test]
fn order() {
    let checked = Rig::default().checked();
    let frame_at = |now| pulse(checked, 3, now + 100);
    type Corrupt = fn(Change) -> Change;
    let cases: [(&str, u16, Corrupt); 5] = [
        ("level", 0, |c| Change { level: Level::Code(401), ..c }),
        ("sequence", 0, |c| Change { sequence: 2, ..c }),
        ("skipped edge", 0, |c| Change { edge: Some(1), ..c }),
        ("repeated edge", 1, |c| Change { edge: Some(0), ..c }),
        ("level of a later edge", 2, |c| Change { level: Level::Code(400), ..c }),
    ];
    for (what, at, corrupt) in cases {
        let (mut guard, now) = ready(checked);
        let frame = frame_at(now);
        guard.admit(now, &frame).unwrap();
        for edge in 0..at {
            guard.edge(frame.edge_tick(edge).unwrap(), &change(&frame, edge), None).unwrap();
        }
        let t = frame.edge_tick(at).unwrap();
        let trip = guard.edge(t, &corrupt(change(&frame, at)), None).unwrap_err();
        assert_eq!((trip.fault, trip.response), (Fault::OutOfOrder, Response::OpenNow), "{what}");
    }
}

/// REQ-SAF-031: the first edge of an admitted frame carries its number.
#[test]
fn the_first_edge_has_the_number() {
    let checked = Rig::default().checked();
    for (number, expected) in [(1, None), (0, Some(Fault::OutOfOrder)), (2, Some(Fault::OutOfOrder))] {
        let (mut guard, now) = ready(checked);
        let frame = pulse(checked, 1, now + 100);
        guard.admit(now, &frame).unwrap();
        let first = Change { sequence: number, ..change(&frame, 0) };
        assert_eq!(guard.edge(now + 100, &first, None).err().map(|trip| trip.fault), expected);
    }
}

/// REQ-SAF-032: after a trim on late hardware two of its codes × L may be left, and not a tick more, short as it is.
#[test]
fn what_a_trim_leaves() {
    let checked = Rig { late: 10, ..Rig::default() }.checked();
    for (late, expected) in [(0, None), (20, None), (21, Some(Fault::Ledger))] {
        let (mut guard, now) = ready(checked);
        let frame = pulse(checked, 0, now);
        guard.admit(now, &frame).unwrap();
        for edge in 0..4 {
            let t = frame.edge_tick(edge).unwrap() + u64::from(edge == 3);
            guard.edge(t, &change(&frame, edge), None).unwrap();
        }
        // 400 codes × 1 tick are owed, and this pays them
        let segments = [Segment { level: Level::Code(40), ticks: 10 }];
        let begin = frame.edge_tick(3).unwrap() + 50;
        let trim = PulseFrame::from_parts(0, FrameKind::Trim, 1, begin, &segments, Level::Open).unwrap();
        guard.admit(begin - 10, &trim).unwrap();
        guard.edge(begin, &change(&trim, 0), None).unwrap();
        let answer = guard.edge(begin + 10 + late, &change(&trim, 1), None);
        assert_eq!(answer.err().map(|trip| trip.fault), expected, "{late} ticks late");
    }
}

/// REQ-SAF-031: of a recovery that waits its first edge comes next, and no other, on whatever tick.
#[test]
fn a_recovery_begins_with_its_first_edge() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 0, now);
    guard.admit(now, &frame).unwrap();
    guard.edge(now, &change(&frame, 0), None).unwrap();
    let pays = |code| Segment { level: Level::Code(code), ticks: 50 };
    let segments = [pays(-400), pays(-399)];
    let recovery =
        PulseFrame::from_parts(0, FrameKind::Recover, 1, now + 100, &segments, Level::Open).unwrap();
    guard.admit(now + 50, &recovery).unwrap();
    assert_eq!(fault(guard.edge(now + 300, &change(&recovery, 1), None)), Fault::OutOfOrder);
}

/// REQ-SAF-031: a pulse that is under way when the state no longer permits output is watched to its end, late edges too.
#[test]
fn a_disarm_within_a_pulse() {
    let checked = Rig { late: 10, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 0, now);
    guard.admit(now, &frame).unwrap();
    guard.edge(now, &change(&frame, 0), None).unwrap();
    guard.handle(now + 100, Event::Disarm).unwrap();
    for edge in 1..frame.edge_count() {
        guard.edge(frame.edge_tick(edge).unwrap() + 1, &change(&frame, edge), None).unwrap();
    }
}

/// REQ-SAF-031: an edge has its own number, also where another one of the frame goes to the same level, and no first edge comes
/// twice.
#[test]
fn numbers_of_edges() {
    let repeat = Repeat { count: 3, gap: Micros::from_micros(100).unwrap() };
    let checked =
        Rig { repeat, hz: 20, set: (20_000, 300), ceiling: (20_000, 300), ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let frame = checked.plan().frame(0, checked.plan().session().channels()[0].set, now).unwrap();
    guard.admit(now, &frame).unwrap();
    guard.edge(now, &change(&frame, 0), None).unwrap();
    assert_eq!(frame.edge_level(1), frame.edge_level(5));
    assert_eq!(fault(guard.edge(now + 300, &change(&frame, 5), None)), Fault::OutOfOrder);
    let (mut guard, now) = ready(Rig::default().checked());
    let frame = pulse(Rig::default().checked(), 0, now);
    guard.admit(now, &frame).unwrap();
    guard.edge(now, &change(&frame, 0), None).unwrap();
    let segments = [Segment { level: Level::Code(-400), ticks: 100 }];
    let recovery =
        PulseFrame::from_parts(0, FrameKind::Recover, 1, now + 100, &segments, Level::Open).unwrap();
    guard.admit(now + 50, &recovery).unwrap();
    guard.edge(now + 100, &change(&recovery, 0), None).unwrap();
    assert_eq!(fault(guard.edge(now + 100, &change(&recovery, 0), None)), Fault::OutOfOrder);
}

/// REQ-SAF-039: a measurement at rest on the tick of an edge is of the level that the edge goes to.
#[test]
fn a_rest_on_the_tick_of_an_edge() {
    for (edge, at, expected) in
        [(1, 0, Some(Fault::StuckOutput)), (1, -1, None), (2, 0, None), (2, -1, Some(Fault::StuckOutput))]
    {
        let checked = Rig::default().checked();
        let (mut guard, now) = ready(checked);
        let frame = pulse(checked, 0, now);
        guard.admit(now, &frame).unwrap();
        for before in 0..edge {
            guard.edge(frame.edge_tick(before).unwrap(), &change(&frame, before), None).unwrap();
        }
        let t = frame.edge_tick(edge).unwrap();
        let at_tick = t.checked_add_signed(at).unwrap();
        let rest = Sensed { current_na: 2_000_000, voltage_mv: 0, at_tick, instant: SampleInstant::Rest };
        let answer = guard.edge(t, &change(&frame, edge), Some(rest));
        assert_eq!(answer.err().map(|trip| trip.fault), expected, "edge {edge}, {at}");
    }
}

/// REQ-SAF-032: a pulse on late hardware may leave what a last level that is too short to be moved by all of it leaves, and no
/// more.
#[test]
fn what_a_short_last_level_leaves() {
    let balance = Balance::Asymmetric { length_percent: 200 };
    let rig = Rig { late: 10, balance, set: (20_000, 300), ceiling: (20_000, 300), ..Rig::default() };
    // 200 codes × 300 ticks, paid with 98 and 99 codes, of which the last lasts 24 ticks
    let cases: [([u64; 5], Option<Fault>); 4] = [
        ([0, 0, 0, 0, 0], None),
        // both edges that add to what is owed come late: 200 and 99 codes × 10 ticks
        ([0, 10, 10, 10, 10], None),
        // 299 codes × 10 ticks of edges, 4 × 98 codes × 10 that the level cannot know, less its 23 ticks of room
        ([0, 0, 0, 0, 47], None),
        ([0, 0, 0, 0, 48], Some(Fault::Ledger)),
    ];
    for (late, expected) in cases {
        let checked = rig.checked();
        let (mut guard, now) = ready(checked);
        let made = pulse(checked, 0, now);
        let pays = |code, ticks| Segment { level: Level::Code(code), ticks };
        let segments = [list(&made)[0], list(&made)[1], pays(-98, 588), pays(-99, 24)];
        let frame = remade(&made, 0, now, &segments);
        guard.admit(now, &frame).unwrap();
        let mut answer = Ok(());
        for (edge, late) in (0..).zip(late) {
            answer = guard.edge(frame.edge_tick(edge).unwrap() + late, &change(&frame, edge), None);
        }
        assert_eq!(answer.err().map(|trip| trip.fault), expected, "{late:?}");
    }
}

/// REQ-SAF-031, REQ-SAF-745: nothing starts that was not admitted, and a channel that is not there trips.
#[test]
fn edges_need_admission() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 0, now + 100);
    assert_eq!(fault(guard.edge(now + 100, &change(&frame, 0), None)), Fault::OutOfOrder);
    let (mut guard, now) = ready(checked);
    let stray = Change { channel: 7, ..change(&frame, 0) };
    assert_eq!(fault(guard.edge(now, &stray, None)), Fault::Channel);
    let (mut guard, now) = ready(checked);
    let sensed = Sensed { current_na: 0, voltage_mv: 0, at_tick: now, instant: SampleInstant::Rest };
    assert_eq!(guard.sample(now, 0, sensed), Ok(()));
    assert_eq!(fault(guard.sample(now, 9, sensed)), Fault::Channel);
}

/// REQ-SAF-031: going open needs no admission, at any time, and nothing else may be called that.
#[test]
fn opening_is_always_in_order() {
    let checked = Rig::default().checked();
    let open = Change { channel: 0, sequence: 0, edge: None, level: Level::Open };
    let (mut guard, now) = ready(checked);
    guard.edge(now, &open, None).unwrap();
    let frame = pulse(checked, 0, now + 100);
    guard.admit(now + 50, &frame).unwrap();
    guard.edge(now + 100, &change(&frame, 0), None).unwrap();
    guard.edge(now + 150, &open, None).unwrap();
    assert_eq!(
        guard.ledger(0),
        Some(Charge::from_nanoamp_ticks(40_000_000 * 50)),
        "the residual of a cut pulse"
    );
    let driven = Change { level: Level::Code(1), ..open };
    assert_eq!(fault(guard.edge(now + 200, &driven, None)), Fault::OutOfOrder);
}

/// REQ-SAF-543: a pulse that was cut is paid back before the next one begins; what a late edge may leave is not.
#[test]
fn a_cut_pulse_is_owed() {
    let checked = Rig::default().checked();
    let open = Change { channel: 0, sequence: 0, edge: None, level: Level::Open };
    // after its first pulse a channel is in the ways of a repeated one, too
    for before in [0_u32, 1, 2] {
        let (mut guard, now) = ready(checked);
        let at = |n: u32| now + 100 + u64::from(n) * 25_000;
        for n in 0..before {
            play(&mut guard, &pulse(checked, n, at(n))).unwrap();
        }
        let cut = pulse(checked, before, at(before));
        guard.admit(at(before) - 50, &cut).unwrap();
        guard.edge(at(before), &change(&cut, 0), None).unwrap();
        guard.edge(at(before) + 300, &open, None).unwrap();
        let next = pulse(checked, before + 1, at(before + 1));
        let trip = guard.admit(at(before + 1) - 50, &next).unwrap_err();
        assert_eq!((trip.fault, trip.value, trip.limit), (Fault::Ledger, 40_000_000 * 300, 0));
        assert_eq!(trip.response, Response::OpenNow);
    }
}

/// REQ-SAF-031: one clock for all calls, and it never goes back.
#[test]
fn clock_backwards() {
    let checked = Rig::default().checked();
    for back in [0, 1] {
        let (mut guard, now) = ready(checked);
        guard.tick(now + 50).unwrap();
        let answer = guard.admit(now + 50 - back, &pulse(checked, 0, now + 100));
        assert_eq!(answer.err().map(|trip| trip.fault), (back > 0).then_some(Fault::ClockBackwards));
    }
}

/// REQ-SAF-032: on exact hardware that is never late the ledger is exactly zero after every pulse.
#[test]
fn ledger_is_zero() {
    let checked = Rig { balance: Balance::Asymmetric { length_percent: 337 }, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    for n in 0..100_u32 {
        let set = setting(1_000 + n * 390, 300);
        tended(&mut guard, now + u64::from(n) * 25_000);
        play(&mut guard, &pulse_at(checked, set, n, now + 10 + u64::from(n) * 25_000)).unwrap();
        assert_eq!(guard.ledger(0), Some(Charge::ZERO));
    }
}

/// REQ-SAF-032: a ledger that overflows is a fault, not a wrong number.
#[test]
fn ledger_overflow() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 0, now);
    guard.admit(now, &frame).unwrap();
    guard.edge(now, &change(&frame, 0), None).unwrap();
    let never = now + u64::try_from(i64::MAX).unwrap() / 40_000_000;
    let mut other = ready(checked).0;
    other.admit(now, &frame).unwrap();
    other.edge(now, &change(&frame, 0), None).unwrap();
    let open = Change { channel: 0, sequence: 0, edge: None, level: Level::Open };
    assert!(guard.edge(never, &open, None).is_ok());
    assert_eq!(fault(other.edge(never + 1, &open, None)), Fault::LedgerOverflow);
}

/// REQ-SAF-045: the first faults are kept in order, later ones only counted, and the latched one is the first.
#[test]
fn black_box() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let open = Change { channel: 0, sequence: 0, edge: None, level: Level::Code(1) };
    let mut at = now;
    for n in 0..12_u64 {
        at = now + n;
        let trip = guard.edge(at, &open, None).unwrap_err();
        assert_eq!(guard.reset(at, trip.fault), Ok(State::SelfTest));
    }
    let stamps: Vec<u64> = guard.black_box().entries().map(|trip| trip.at_tick).collect();
    assert_eq!(stamps, (now..now + 8).collect::<Vec<_>>());
    assert_eq!(guard.black_box().later(), 4);
    assert_eq!(at, now + 11);
}

/// REQ-SAF-747: a channel rests from the last edge of a pulse on, and not within one, in its gap neither; a channel that is not
/// there does not rest. What is driven outside a frame does not rest.
#[test]
fn since_when_a_channel_rests() {
    let checked = Rig { channels: 2, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let since = |guard: &Guard<'_>| [0, 1, 2].map(|channel| guard.rests_since(channel));
    assert_eq!(since(&guard), [Some(0), Some(0), None]);
    let frame = pulse(checked, 0, now + 100);
    guard.keep_alive(now);
    guard.admit(now, &frame).unwrap();
    assert_eq!(since(&guard), [Some(0), Some(0), None], "it waits");
    for edge in 0..frame.edge_count() {
        assert!(guard.rests_since(0) == if edge == 0 { Some(0) } else { None }, "before edge {edge}");
        guard.edge(frame.edge_tick(edge).unwrap(), &change(&frame, edge), None).unwrap();
    }
    assert_eq!(since(&guard), [Some(now + 800), Some(0), None]);
    // a level that nobody admitted is there all the same
    let stray = Change { channel: 1, sequence: 7, edge: Some(0), level: Level::Code(9) };
    assert_eq!(fault(guard.edge(now + 900, &stray, None)), Fault::OutOfOrder);
    assert_eq!(since(&guard), [Some(now + 800), None, None]);
}
