//! Edges of repeats and tables, the ledger where trims repay, and declared direct current while it runs.

#![allow(
    clippy::unwrap_used,
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

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

const DECLARED: Balance = Balance::DeclaredDc { at_most: MicroAmps::MAX };

fn rig(form: Form<'static>, repeat: Repeat, width: u32) -> Rig {
    Rig {
        form,
        repeat,
        hz: 20,
        set: (20_000, width),
        ceiling: (20_000, width),
        class: UseClass::Specialist,
        ..Rig::default()
    }
}

/// The frame at the set value, its edges and their ticks.
fn planned(checked: &'static Checked<'static>, onset: u64) -> (PulseFrame<'static>, Vec<(u64, Change)>) {
    let set = checked.plan().session().channels()[0].set;
    let frame = checked.plan().frame(0, set, onset).unwrap();
    let mut tick = onset;
    let mut edges = Vec::new();
    for (edge, segment) in (0..).zip(frame.segments()) {
        edges.push((tick, Change { channel: 0, sequence: 0, edge: Some(edge), level: segment.level }));
        tick += u64::from(segment.ticks);
    }
    let edge = Some(frame.segment_count());
    edges.push((tick, Change { channel: 0, sequence: 0, edge, level: frame.rest() }));
    (frame, edges)
}

/// Puts the edges out, each moved by what `shift` says, up to the first trip.
fn run(
    guard: &mut Guard<'static>,
    frame: &PulseFrame<'static>,
    edges: &[(u64, Change)],
    shift: impl Fn(usize) -> i64,
) -> Result<(), (usize, Trip)> {
    guard.keep_alive(frame.onset_tick());
    guard.admit(frame.onset_tick(), frame).map_err(|trip| (0, trip))?;
    for (index, (tick, change)) in edges.iter().enumerate() {
        let t = tick.saturating_add_signed(shift(index));
        guard.edge(t, change, None).map_err(|trip| (index, trip))?;
    }
    Ok(())
}

/// REQ-SAF-214: every edge of a frame of repeats and tables is held against its own place on the grid: one tick late, one
/// tick early, another level or another number is a fault, at any of them.
#[test]
fn every_edge_of_a_long_frame() {
    let triplet = rig(Form::Rectangular, Repeat { count: 3, gap: us(700) }, 200);
    let burst = rig(Form::Rectangular, Repeat { count: 10, gap: us(0) }, 200);
    let table = rig(Form::Table(&shapes::TRIANGULAR), Repeat { count: 2, gap: us(50) }, 640);
    for rig in [triplet, burst, table] {
        let checked = rig.checked();
        let (_, now) = ready(checked);
        let (frame, edges) = planned(checked, now);
        for wrong in (0..edges.len()).step_by(if edges.len() > 100 { 7 } else { 1 }) {
            for (by, fault) in [(1, Fault::Late), (-1, Fault::Early)] {
                let (mut guard, _) = ready(checked);
                let answer = run(&mut guard, &frame, &edges, |index| if index == wrong { by } else { 0 });
                let (at, trip) = answer.unwrap_err();
                let expected = if wrong == 0 && by < 0 { Fault::ClockBackwards } else { fault };
                assert_eq!((at, trip.fault), (wrong, expected), "{rig:?}");
            }
            let (mut guard, _) = ready(checked);
            let mut others = edges.clone();
            others[wrong].1.level = Level::Code(77);
            assert_eq!(run(&mut guard, &frame, &others, |_| 0).unwrap_err().0, wrong);
        }
        let (mut guard, _) = ready(checked);
        run(&mut guard, &frame, &edges, |_| 0).unwrap();
        assert_eq!(guard.ledger(0), Some(Charge::ZERO));
    }
}

/// REQ-SAF-214: a frame of 63,699 segments; the work for an edge does not depend on where it is.
#[test]
fn longest_frame() {
    static LEVELS: [i16; 32] = [16_384; 32];
    let table = Rig { gap_us: 0, ..rig(Form::Table(&LEVELS), Repeat { count: 980, gap: us(10) }, 160) };
    let rig = Rig { hz: 2, set: (2_000, 160), ceiling: (2_000, 160), ..table };
    let checked = rig.checked();
    let (mut guard, now) = ready(checked);
    let (frame, edges) = planned(checked, now);
    assert_eq!(frame.segment_count(), 63_699);
    run(&mut guard, &frame, &edges, |_| 0).unwrap();
    assert_eq!(guard.ledger(0), Some(Charge::ZERO));
    let (mut guard, now) = ready(checked);
    let (frame, edges) = planned(checked, now);
    let (at, trip) = run(&mut guard, &frame, &edges, |index| i64::from(index == 60_000)).unwrap_err();
    assert_eq!((at, trip.fault), (60_000, Fault::Late));
}

/// REQ-SAF-214: an edge in the middle of a repeated frame that is due and does not come.
#[test]
fn missing_edge_of_a_repeat() {
    let checked = rig(Form::Rectangular, Repeat { count: 3, gap: us(700) }, 200).checked();
    let (mut guard, now) = ready(checked);
    let (frame, edges) = planned(checked, now);
    guard.admit(now, &frame).unwrap();
    for (tick, change) in &edges[..6] {
        guard.edge(*tick, change, None).unwrap();
    }
    guard.keep_alive(edges[6].0);
    assert!(guard.tick(edges[6].0).is_ok());
    assert_eq!(fault(guard.tick(edges[6].0 + 1)), Fault::MissingEdge);
}

/// REQ-SAF-214: in each repeat the last edge may be moved by the stretch, and no other.
#[test]
fn each_repeat_is_repaid() {
    let repeated = rig(Form::Rectangular, Repeat { count: 3, gap: us(700) }, 200);
    let rig = Rig { late: 10, ..repeated };
    let checked = rig.checked();
    let stretch = i64::try_from(checked.plan().channel(0).unwrap().stretch_ticks()).unwrap();
    // main, gap, back, gap to the next: the fourth edge of each ends a repeat
    for (edge, most) in [(1, 10), (3, 10 + stretch), (4, 10), (7, 10 + stretch), (8, 10), (11, 10 + stretch)]
    {
        for (by, admitted) in [(most, true), (most + 1, false)] {
            let (mut guard, now) = ready(checked);
            let (frame, edges) = planned(checked, now);
            let answer = run(&mut guard, &frame, &edges[..=edge], |index| if index == edge { by } else { 0 });
            let late = answer.err().is_some_and(|(_, trip)| trip.fault == Fault::Late);
            assert_eq!(late, !admitted, "edge {edge} by {by}");
        }
    }
}

/// REQ-SAF-215: where no edge is moved a pulse may leave what its late edges add, and the pulses that follow may not add
/// to it for want of a trim.
#[test]
fn ledger_of_a_mirrored_table() {
    static STEPS: [i16; 3] = [8_192, 16_384, 8_192];
    let table = Rig { late: 5, ..rig(Form::Table(&STEPS), Repeat::ONCE, 300) };
    let checked = table.checked();
    assert_eq!(checked.plan().channel(0).unwrap().stretch_ticks(), 0);
    // each edge changes the level by 100 codes of 0.1 mA: those that raise it are late
    let late = |index: usize| if [0, 1, 6, 7].contains(&index) { 5 } else { 0 };
    let (mut guard, now) = ready(checked);
    let mut left = Vec::new();
    for turn in 0..4_u32 {
        let (frame, edges) = planned(checked, now + 10 + u64::from(turn) * 50_000);
        let frame = remade_with(&frame, turn);
        let edges: Vec<_> = edges.iter().map(|(t, c)| (*t, Change { sequence: turn, ..*c })).collect();
        match run(&mut guard, &frame, &edges, late) {
            Ok(()) => left.push(guard.ledger(0).unwrap().magnitude()),
            Err((at, trip)) => {
                left.push(u64::MAX);
                assert_eq!((at, trip.fault), (7, Fault::Ledger));
                // all changes of the level, 800 codes × 5 ticks
                assert_eq!(trip.limit, 400_000_000);
                break;
            }
        }
    }
    assert_eq!(left, [200_000_000, 400_000_000, u64::MAX]);
}

/// Six segments and a gap fit a frame of parts.
fn remade_with(frame: &PulseFrame<'static>, sequence: u32) -> PulseFrame<'static> {
    remade(frame, sequence, frame.onset_tick(), &list(frame))
}

/// REQ-SAF-216: the ledger of a declared direct current follows the sums of its frames; what late edges add to one pulse
/// is bounded, and does not count against the next.
#[test]
fn declared_ledger() {
    let plain = rig(Form::Rectangular, Repeat::ONCE, 300);
    let rig = Rig { balance: DECLARED, late: 10, ..plain };
    let checked = rig.checked();
    let (mut guard, now) = ready(checked);
    for turn in 0..50_u32 {
        let (frame, edges) = planned(checked, now + 10 + u64::from(turn) * 50_000);
        let frame = remade_with(&frame, turn);
        let edges: Vec<_> = edges.iter().map(|(t, c)| (*t, Change { sequence: turn, ..*c })).collect();
        // the second edge late each time: 200 codes × 310 ticks
        run(&mut guard, &frame, &edges, |index| if index == 1 { 10 } else { 0 }).unwrap();
        let charge = 6_200_000_000 * i64::from(turn + 1);
        assert_eq!(guard.ledger(0), Some(Charge::from_nanoamp_ticks(charge)));
        guard.tick(edges[1].0 + 20).unwrap();
    }
    let (frame, edges) = planned(checked, now + 10 + 50 * 50_000);
    let frame = remade_with(&frame, 50);
    let edges: Vec<_> = edges.iter().map(|(t, c)| (*t, Change { sequence: 50, ..*c })).collect();
    let (_, trip) = run(&mut guard, &frame, &edges, |index| if index == 1 { 11 } else { 0 }).unwrap_err();
    assert_eq!(trip.fault, Fault::Late);
}

/// REQ-SAF-216: a measured direct current above what is declared, and E-DC-3 beyond it, trips.
#[test]
fn declared_current_is_measured() {
    let plain = rig(Form::Rectangular, Repeat::ONCE, 300);
    let checked = Rig { balance: DECLARED, ..plain }.checked();
    let tripped = |permille: i64| {
        let (mut guard, now) = ready(checked);
        for turn in 0..40_u32 {
            let onset = now + 10 + u64::from(turn) * 50_000;
            let (frame, edges) = planned(checked, onset);
            let frame = remade_with(&frame, turn);
            guard.keep_alive(onset);
            guard.admit(onset, &frame).unwrap();
            for (t, change) in edges {
                let sensed = sample(checked, &frame, change.edge.unwrap(), t, permille);
                if let Err(trip) = guard.edge(t, &Change { sequence: turn, ..change }, sensed) {
                    return Some(trip.fault);
                }
            }
            if let Err(trip) = guard.tick(onset + 1_000) {
                return Some(trip.fault);
            }
        }
        None
    };
    assert_eq!(tripped(1_000), None);
    assert_eq!(tripped(1_080), None, "what fits with a pulse more in the window");
    assert_eq!(tripped(1_190), Some(Fault::MeasuredBalance), "the stage's own part");
}

/// REQ-SAF-217: a contraction whose pulses come slowly, and one of a stage that is slower than its channel, is told from a
/// rest, and ends.
#[test]
fn slow_trains_end() {
    let stage = Stage {
        cycle: Cycle { hold: ms(1_000), rest: ms(3_000) },
        repeats: 3,
        level_permille: 1_000,
        rate: Some(Rate::from_hz(5).unwrap()),
    };
    let stages: &'static [Stage] = Box::leak(Box::new([stage]));
    let every = Rate::from_hz(5).unwrap();
    let bursts = Train { timing: Timing::Bursts(Bursts { pulses: 1, every }), ..Train::default() };
    let cyclic = Schedule::Cyclic(stage.cycle);
    let plain = Rig { set: (5_000, 300), ceiling: (5_000, 300), ..rig(Form::Rectangular, Repeat::ONCE, 300) };
    for rig in [
        Rig { schedule: Schedule::Program(stages), ..plain },
        Rig { schedule: cyclic, train: bursts, ..plain },
    ] {
        let checked = rig.checked();
        let (mut guard, now) = ready(checked);
        // a second of hold, half a second of ramp each way, a period
        let mut trips = Vec::new();
        for turn in 0..20_u32 {
            let onset = now + 10 + u64::from(turn) * 200_000;
            let frame = pulse(checked, turn, onset);
            if play(&mut guard, &frame).is_err() {
                break;
            }
            if let Err(trip) = guard.tick(onset + 1_000) {
                trips.push((turn, trip.fault));
                break;
            }
        }
        assert_eq!(trips, [(12, Fault::OnTime)], "{rig:?}");
    }
}
