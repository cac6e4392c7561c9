//! Repayments that the guard admits: recoveries and trims, on both sides of each limit.

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

fn repayment(kind: FrameKind, sequence: u32, onset: u64, code: i32, ticks: u32) -> PulseFrame<'static> {
    let segments = [Segment { level: Level::Code(code), ticks }];
    PulseFrame::from_parts(0, kind, sequence, onset, &segments, Level::Open).unwrap()
}

/// A guard whose ledger holds 400 codes × 300 ticks: the primary phase of a pulse that is still at its gap.
fn owing() -> (&'static Checked<'static>, Guard<'static>, u64) {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 0, now);
    guard.admit(now, &frame).unwrap();
    guard.edge(now, &change(&frame, 0), None).unwrap();
    guard.edge(now + 300, &change(&frame, 1), None).unwrap();
    assert_eq!(guard.ledger(0), Some(Charge::from_nanoamp_ticks(12_000_000_000)));
    (checked, guard, now + 310)
}

/// REQ-SAF-027: a recovery goes against the ledger, not beyond it, at no more than the balancing level.
#[test]
fn recovery_fits_the_ledger() {
    let cases = [
        (-400, 300, None),
        (-401, 299, None),
        (-402, 290, Some(Fault::Repayment)), // over the balancing level and its code
        (-400, 301, Some(Fault::Repayment)), // 400 code-ticks over
        (-1, 300, None),
        (400, 300, Some(Fault::Repayment)), // the wrong way
    ];
    for (code, ticks, expected) in cases {
        let (_, mut guard, now) = owing();
        let answer = guard.admit(now, &repayment(FrameKind::Recover, 1, now + 5, code, ticks));
        assert_eq!(answer.err().map(|trip| trip.fault), expected, "{code} × {ticks}");
    }
    let (_, mut guard, now) = owing();
    let trim = repayment(FrameKind::Trim, 1, now + 5, -100, 300);
    assert_eq!(fault(guard.admit(now, &trim)), Fault::OutOfOrder, "a trim does not cut a pulse");
}

/// REQ-SAF-027: a repayment goes beyond what is owed by one code × one tick at most; a recovery where edges may be late also by
/// its level over an edge spacing.
#[test]
fn no_further_than_a_code() {
    for (late, spacings) in [(0, 0), (10, 1)] {
        let checked = Rig { late, ..Rig::default() }.checked();
        let spacing = u32::from(spacings > 0) * checked.plan().hardware().edge_spacing_ticks();
        // the level of the pulse, and a code
        let most = 120_000 + 401 * spacing + 1;
        for (ticks, expected) in [(most, None), (most + 1, Some(Fault::Repayment))] {
            let (mut guard, now) = ready(checked);
            let frame = pulse(checked, 0, now);
            guard.admit(now, &frame).unwrap();
            guard.edge(now, &change(&frame, 0), None).unwrap();
            guard.edge(now + 300, &change(&frame, 1), None).unwrap();
            let answer = guard.admit(now + 310, &repayment(FrameKind::Recover, 1, now + 315, -1, ticks));
            assert_eq!(answer.err().map(|trip| trip.fault), expected, "late {late}: {ticks}");
        }
    }
}

/// REQ-SAF-027: what pays back is no stronger than the pulse that is cut is in that direction.
#[test]
fn recovery_is_as_weak_as_the_pulse() {
    let balance = Balance::Asymmetric { length_percent: 400 };
    let usual = Rig { balance, ..Rig::default() }.checked();
    for (leading, way) in [(Polarity::Positive, -1), (Polarity::Negative, 1)] {
        let checked = led(usual, leading);
        for (code, expected) in [(101, None), (102, Some(Fault::Repayment)), (300, Some(Fault::Repayment))] {
            let (mut guard, now) = ready(checked);
            let frame = pulse(checked, 0, now);
            guard.admit(now, &frame).unwrap();
            guard.edge(now, &change(&frame, 0), None).unwrap();
            guard.edge(now + 300, &change(&frame, 1), None).unwrap();
            let recovery = repayment(FrameKind::Recover, 1, now + 315, way * code, 300);
            let answer = guard.admit(now + 310, &recovery);
            assert_eq!(answer.err().map(|trip| trip.fault), expected, "{code} {leading:?}");
        }
    }
}

/// REQ-SAF-027: a triphasic pulse that is cut in its first phase is paid back the leading way, as strong as its main phase.
#[test]
fn recovery_of_a_first_phase() {
    let rig = Rig {
        form: Form::Triphasic { outer_percent: 40 },
        set: (20_000, 300),
        ceiling: (20_000, 300),
        ..Rig::default()
    };
    for (code, expected) in [(201, None), (202, Some(Fault::Repayment))] {
        let checked = rig.checked();
        let (mut guard, now) = ready(checked);
        let frame = pulse(checked, 0, now);
        guard.admit(now, &frame).unwrap();
        guard.edge(now, &change(&frame, 0), None).unwrap();
        guard.edge(now + 300, &change(&frame, 1), None).unwrap();
        assert_eq!(guard.ledger(0), Some(Charge::from_nanoamp_ticks(-8_000_000 * 300)));
        let answer = guard.admit(now + 310, &repayment(FrameKind::Recover, 1, now + 315, code, 100));
        assert_eq!(answer.err().map(|trip| trip.fault), expected, "{code}");
    }
}

/// REQ-SAF-545: a recovery begins at the latest when the edge is due that it stands in for: until then the level goes on.
#[test]
fn recovery_comes_in_time() {
    // the gap is over 90 ticks after this guard's time
    let late = |ticks: u64| {
        let (_, mut guard, now) = owing();
        guard.admit(now, &repayment(FrameKind::Recover, 1, now + 90 + ticks, -400, 300)).err()
    };
    assert_eq!(late(0), None);
    let trip = late(1).unwrap();
    assert_eq!((trip.fault, trip.value, trip.limit), (Fault::Repayment, 1, 0));
}

/// REQ-SAF-027: a recovery that was admitted takes the pulse's place, and ends with nothing owed.
#[test]
fn recovery_is_put_out() {
    let (_, mut guard, now) = owing();
    let frame = repayment(FrameKind::Recover, 1, now + 5, -400, 300);
    guard.admit(now, &frame).unwrap();
    guard.edge(now + 5, &change(&frame, 0), None).unwrap();
    guard.edge(now + 305, &change(&frame, 1), None).unwrap();
    assert_eq!(guard.ledger(0), Some(Charge::ZERO));
}

/// REQ-SAF-027: with nothing owed there is nothing to repay.
#[test]
fn no_repayment_without_debt() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    play(&mut guard, &pulse(checked, 0, now + 5)).unwrap();
    let trim = repayment(FrameKind::Trim, 1, now + 2_000, -1, 20);
    assert_eq!(fault(guard.admit(now + 1_500, &trim)), Fault::Repayment);
}

/// A guard whose last pulse left 100 mA·µs: its last edge came late, on hardware that may be.
fn left_over() -> (&'static Checked<'static>, Guard<'static>, u64) {
    left_over_by(Rig { late: 10, ..Rig::default() }.checked())
}

fn left_over_by(checked: &'static Checked<'static>) -> (&'static Checked<'static>, Guard<'static>, u64) {
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 0, now);
    guard.admit(now, &frame).unwrap();
    for edge in 0..3 {
        guard.edge(frame.edge_tick(edge).unwrap(), &change(&frame, edge), None).unwrap();
    }
    let end = frame.edge_tick(3).unwrap() + 10;
    guard.edge(end, &change(&frame, 3), None).unwrap();
    assert_eq!(guard.ledger(0), Some(Charge::from_nanoamp_ticks(-400_000_000)));
    (checked, guard, end)
}

/// REQ-SAF-405: after a disarm what is left is repaid, and no pulse is admitted.
#[test]
fn idle_repays_and_does_nothing_else() {
    let (checked, mut guard, end) = left_over();
    assert_eq!(guard.handle(end, Event::Disarm), Ok(State::Idle));
    let trim = repayment(FrameKind::Trim, 1, end + 50, 40, 90);
    guard.admit(end + 5, &trim).unwrap();
    guard.edge(end + 50, &change(&trim, 0), None).unwrap();
    guard.edge(end + 140, &change(&trim, 1), None).unwrap();
    assert_eq!(guard.ledger(0), Some(Charge::from_nanoamp_ticks(-40_000_000)));
    let frame = pulse(checked, 2, end + 30_000);
    assert_eq!(fault(guard.admit(end + 29_000, &frame)), Fault::NotArmed);
}

/// REQ-SAF-405: a trim is no stronger than the balancing level of the last pulse and a code, goes one way, and against what
/// is owed.
#[test]
fn a_trim_is_weak_and_one_way() {
    let one = |code, ticks| vec![Segment { level: Level::Code(code), ticks }];
    let cases = [
        (one(401, 9), None),
        (one(402, 9), Some(Fault::Repayment)),
        (one(-1, 9), Some(Fault::Repayment)),
        ([one(40, 60), one(20, 30)].concat(), None),
        ([one(40, 60), one(-20, 30)].concat(), Some(Fault::Form)),
        ([one(-20, 30), one(40, 60)].concat(), Some(Fault::Form)),
    ];
    for (segments, expected) in cases {
        let (_, mut guard, end) = left_over();
        let frame = PulseFrame::from_parts(0, FrameKind::Trim, 1, end + 50, &segments, Level::Open).unwrap();
        let answer = guard.admit(end + 5, &frame);
        assert_eq!(answer.err().map(|trip| trip.fault), expected, "{segments:?}");
    }
}

/// REQ-SAF-405: a trim stands an edge spacing after the last edge, and no nearer.
#[test]
fn a_trim_keeps_its_distance() {
    let checked = timed(Rig { late: 20, ..Rig::default() }.checked(), |timing| timing.min_edge_ticks = 20);
    let spacing = u64::from(checked.plan().hardware().edge_spacing_ticks());
    assert!(spacing >= 20);
    for (after, expected) in
        [(spacing, None), (spacing - 1, Some(Fault::OnsetPast)), (2, Some(Fault::OnsetPast))]
    {
        let (_, mut guard, end) = left_over_by(checked);
        let answer = guard.admit(end + 1, &repayment(FrameKind::Trim, 1, end + after, 40, 90));
        assert_eq!(answer.err().map(|trip| trip.fault), expected, "{after} ticks after the last edge");
    }
}

/// REQ-SAF-405: a trim that comes again is looked at again: it does not pay twice.
#[test]
fn a_trim_pays_once() {
    let (_, mut guard, end) = left_over();
    // 400 codes × 10 ticks
    let trim = |n: u32, onset| repayment(FrameKind::Trim, n, onset, 40, 100);
    let first = trim(1, end + 50);
    guard.admit(end + 5, &first).unwrap();
    guard.edge(end + 50, &change(&first, 0), None).unwrap();
    guard.edge(end + 150, &change(&first, 1), None).unwrap();
    assert_eq!(guard.ledger(0), Some(Charge::ZERO));
    let trip = guard.admit(end + 200, &trim(2, end + 250)).unwrap_err();
    assert_eq!((trip.fault, trip.rule), (Fault::Repayment, "LEDGER"));
}

/// REQ-SAF-405: of an asymmetric pulse the trim is as weak as its balancing phase, not as strong as its main phase.
#[test]
fn a_trim_of_an_asymmetric_pulse() {
    for (leading, way) in [(Polarity::Positive, 1), (Polarity::Negative, -1)] {
        for (code, expected) in [(101, None), (102, Some(Fault::Repayment))] {
            let balance = Balance::Asymmetric { length_percent: 400 };
            let checked = led(Rig { late: 10, balance, ..Rig::default() }.checked(), leading);
            let (mut guard, now) = ready(checked);
            let frame = pulse(checked, 0, now);
            guard.admit(now, &frame).unwrap();
            for edge in 0..4 {
                let t = frame.edge_tick(edge).unwrap() + 10 * u64::from(edge == 3);
                guard.edge(t, &change(&frame, edge), None).unwrap();
            }
            let end = frame.edge_tick(3).unwrap() + 10;
            let trim = repayment(FrameKind::Trim, 1, end + 50, way * code, 9);
            assert_eq!(
                guard.admit(end + 5, &trim).err().map(|trip| trip.fault),
                expected,
                "{code} {leading:?}"
            );
        }
    }
}

/// REQ-SAF-030: the last edge of a recovery moves by what the level that it ends left by a late edge, which at a weaker level
/// takes longer; where no edge is late it does not move.
#[test]
fn a_weak_recovery_takes_longer() {
    for (late, moved, expected) in [
        (10, 0, None),
        (10, 110, None),
        (10, 1_000, Some(Fault::Late)),
        (0, 0, None),
        (0, 1, Some(Fault::Late)),
    ] {
        let checked = Rig { late, ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        let frame = pulse(checked, 0, now);
        guard.admit(now, &frame).unwrap();
        guard.edge(now, &change(&frame, 0), None).unwrap();
        // 400 codes × 150 ticks, paid with a tenth of that; the edge that cuts comes as late as it may where the last one moves
        let recovery = repayment(FrameKind::Recover, 1, now + 150, -40, 1_500);
        guard.admit(now + 100, &recovery).unwrap();
        let began = now + 150 + if moved == 110 { u64::from(late) } else { 0 };
        guard.edge(began, &change(&recovery, 0), None).unwrap();
        let answer = guard.edge(now + 150 + 1_500 + moved, &change(&recovery, 1), None);
        assert_eq!(answer.err().map(|trip| trip.fault), expected, "{moved} on {late}");
        assert!(expected.is_some() || guard.ledger(0) == Some(Charge::ZERO), "{moved} on {late}");
    }
}
