//! A pulse that comes again, and edges on their tick: what is taken the short way is judged as the rest is.

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

const PERIOD: u64 = 25_000;

/// A guard that has seen one whole pulse, and the onset after it.
fn after_one(rig: &Rig) -> (&'static Checked<'static>, Guard<'static>, u64) {
    let checked = rig.checked();
    let (mut guard, now) = ready(checked);
    play(&mut guard, &pulse(checked, 0, now)).unwrap();
    (checked, guard, now + PERIOD)
}

/// REQ-SAF-500: number, time, rate, session and state of a pulse that comes again are looked at as those of the first.
#[test]
fn what_depends_on_time() {
    let rig = Rig { seconds: 30, ..Rig::default() };
    let at = |sequence: u32, shift: i64, now_shift: i64| {
        let (checked, mut guard, onset) = after_one(&rig);
        let onset = onset.checked_add_signed(shift).unwrap();
        let now = onset.checked_add_signed(now_shift).unwrap();
        tended(&mut guard, now);
        guard.admit(now, &pulse(checked, sequence, onset)).err().map(|trip| trip.fault)
    };
    assert_eq!(at(1, 0, 0), None);
    assert_eq!(at(0, 0, 0), Some(Fault::Sequence));
    assert_eq!(at(1, -1, 0), None, "the first of a session waits an edge spacing");
    assert_eq!(at(1, -2, 0), Some(Fault::Rate));
    assert_eq!(at(1, 0, 1), Some(Fault::OnsetPast));
    assert_eq!(at(1, 31_000_000, 0), Some(Fault::SessionLength));

    let (checked, mut guard, onset) = after_one(&rig);
    tended(&mut guard, onset - 1);
    assert_eq!(fault(guard.admit(onset - 2, &pulse(checked, 1, onset))), Fault::ClockBackwards);

    let (checked, mut guard, onset) = after_one(&rig);
    guard.admit(onset, &pulse(checked, 1, onset)).unwrap();
    guard.edge(onset, &change(&pulse(checked, 1, onset), 0), None).unwrap();
    let second = pulse(checked, 2, onset + PERIOD);
    assert_eq!(fault(guard.admit(onset + 1, &second)), Fault::OutOfOrder, "one is under way");

    let (checked, mut guard, onset) = after_one(&rig);
    guard.handle(onset, Event::Disarm).unwrap();
    assert_eq!(fault(guard.admit(onset, &pulse(checked, 1, onset))), Fault::NotArmed);
}

/// REQ-SAF-500: a pulse is held against the set level as it is now: lowered by one code, the pulse before is too strong;
/// narrowed by one tick, too wide; raised again, it is admitted.
#[test]
fn another_set_level() {
    let lower = [(setting(39_800, 300), Fault::Amplitude), (setting(40_000, 299), Fault::Width)];
    for (set, expected) in lower {
        let (checked, mut guard, onset) = after_one(&Rig::default());
        guard.set_level(onset, 0, set).unwrap();
        assert_eq!(fault(guard.admit(onset, &pulse(checked, 1, onset))), expected);
    }
    let (checked, mut guard, onset) = after_one(&Rig::default());
    guard.set_level(onset, 0, setting(39_500, 300)).unwrap();
    let weaker = pulse_at(checked, setting(39_500, 300), 1, onset);
    play(&mut guard, &weaker).unwrap();
    let later = onset + 10 * PERIOD; // E-SLEW-1
    guard.keep_alive(later);
    guard.set_level(later, 0, setting(40_000, 300)).unwrap();
    play(&mut guard, &pulse(checked, 2, later)).unwrap();
}

/// REQ-SAF-500: what the guard answers with is the frame it was shown, number and onset included.
#[test]
fn the_frame_as_it_was_shown() {
    let (checked, mut guard, onset) = after_one(&Rig::default());
    assert!(guard.admitted(0).is_none(), "nothing is under way");
    let frame = pulse(checked, 7, onset + 3);
    assert_eq!(guard.admit(onset, &frame).unwrap().frame(), &frame);
    assert_eq!(guard.admitted(0).unwrap().frame(), &frame);
    guard.edge(onset + 3, &change(&frame, 0), None).unwrap();
    assert_eq!(guard.admitted(0).unwrap().frame(), &frame);
    assert!(guard.admitted(1).is_none());
}

/// REQ-SAF-552: what an output is given for an edge is that edge of the frame that was admitted, its last one marked, and nothing
/// past it.
#[test]
fn edges_as_they_are_given_out() {
    let repeat = Repeat { count: 2, gap: Micros::from_micros(100).unwrap() };
    for rig in
        [Rig::default(), Rig { repeat, set: (20_000, 300), ceiling: (20_000, 300), hz: 20, ..Rig::default() }]
    {
        let checked = Rig { channels: 2, ..rig }.checked();
        let (mut guard, now) = ready(checked);
        let set = checked.plan().session().channels()[1].set;
        for channel in 0..2 {
            let mut frame = checked.plan().frame(channel, set, now).unwrap();
            frame.move_to(7, now);
            let admitted = *guard.admit(now, &frame).unwrap();
            for edge in 0..frame.edge_count() {
                let given = admitted.edge(edge).unwrap();
                assert_eq!((given.sequence(), given.change()), (7, change(&frame, edge)));
                assert_eq!((given.channel(), given.number()), (channel, edge));
                assert_eq!((Some(given.level()), given.kind()), (frame.edge_level(edge), FrameKind::Pulse));
                assert_eq!(given.is_last(), edge + 1 == frame.edge_count());
            }
            assert_eq!(admitted.edge(frame.edge_count()), None);
        }
    }
}

/// REQ-SAF-501: edges that are all on their tick, and edges that are all as late as each other, come to the same ledger at
/// each edge and the same r.m.s. current; the first are counted the short way.
#[test]
fn the_short_way_counts_the_same() {
    let rig = Rig { late: 10, gap_us: 120, ..Rig::default() };
    let run = |late: u64| {
        let checked = rig.checked();
        let (mut guard, now) = ready(checked);
        let mut seen = Vec::new();
        for n in 0..50_u32 {
            let frame = pulse(checked, n, now + u64::from(n) * PERIOD);
            tended(&mut guard, frame.onset_tick());
            guard.admit(frame.onset_tick(), &frame).unwrap();
            for edge in 0..frame.edge_count() {
                guard.edge(frame.edge_tick(edge).unwrap() + late, &change(&frame, edge), None).unwrap();
                seen.push(guard.ledger(0).unwrap().as_nanoamp_ticks());
            }
        }
        guard.keep_alive(now + 50 * PERIOD);
        let report = guard.tick(now + 50 * PERIOD).unwrap();
        (seen, report.rms_second_ua, report.rms_five_ua)
    };
    let (on_time, late) = (run(0), run(5));
    assert_eq!(on_time, late);
    assert_eq!(on_time.0[..4], [0, 40_000_000 * 300, 40_000_000 * 300, 0]);
    assert!(on_time.1 > 4_000, "{}", on_time.1);
}

/// REQ-SAF-501: an offset that flows in a driven gap counts as the phase does that pays it back, on its tick or late: in a second
/// nothing is left of it.
#[test]
fn an_offset_in_a_gap_counts() {
    // half a code: 1 mA × 105 µs × 120 Hz by itself are 12.6 µA
    let rig = Rig {
        hz: 120,
        gap_us: 105,
        gap_rest: Rest::DrivenZero,
        gains: (2_000_000, 2_000_000),
        ..Rig::default()
    };
    let usual = Rig { late: 10, set: (20_000, 300), ceiling: (20_000, 300), ..rig }.checked();
    let output = ChannelHardware { offset_na: 1_000_000, ..*usual.plan().hardware().channel(0).unwrap() };
    let hardware = Hardware::new(*usual.plan().hardware().timing(), &[output], 0).unwrap();
    let plan = Plan::compile(usual.plan().session(), &hardware).unwrap();
    let checked: &'static _ = Box::leak(Box::new(check(plan, usual.setup(), usual.profile()).unwrap()));
    let level = |code, ticks| Segment { level: Level::Code(code), ticks };
    // 21 mA × 300 µs and 1 mA × 105 µs are 21 mA × 305 µs
    let segments = [level(10, 300), level(0, 105), level(-11, 305)];
    for late in [0, 1] {
        let (mut guard, now) = ready(checked);
        for n in 0..150 {
            let onset = now + u64::from(n) * 8_334;
            let frame = remade(&pulse(checked, n, onset), n, onset, &segments);
            guard.keep_alive(onset);
            guard.admit(onset, &frame).unwrap();
            for edge in 0..frame.edge_count() {
                guard.edge(frame.edge_tick(edge).unwrap() + late, &change(&frame, edge), None).unwrap();
            }
            let report = guard.tick(onset + 5_000).unwrap();
            assert_eq!(report.warning, None, "pulse {n}, {late} late");
        }
    }
}

/// REQ-SAF-501: an edge on its tick is refused all the same at another level, under another number, out of order, after the
/// clock went back, and once a fault is latched; and its level is counted.
#[test]
fn the_short_way_looks_at_everything() {
    let begun = || {
        let (checked, mut guard, onset) = after_one(&Rig::default());
        let frame = pulse(checked, 1, onset);
        guard.admit(onset, &frame).unwrap();
        guard.edge(onset, &change(&frame, 0), None).unwrap();
        (guard, frame, onset + 300)
    };
    let wrong: [fn(&mut Change); 3] =
        [|c| c.level = Level::Code(1), |c| c.sequence += 1, |c| c.edge = Some(2)];
    for spoil in wrong {
        let (mut guard, frame, t) = begun();
        let mut change = change(&frame, 1);
        spoil(&mut change);
        assert_eq!(fault(guard.edge(t, &change, None)), Fault::OutOfOrder);
        assert_eq!(guard.ledger(0).unwrap().as_nanoamp_ticks(), 40_000_000 * 300, "it is out all the same");
    }
    let (mut guard, frame, t) = begun();
    let rest = Sensed { current_na: 0, voltage_mv: 0, at_tick: t + 1, instant: SampleInstant::Rest };
    guard.sample(t + 1, 0, rest).unwrap();
    assert_eq!(fault(guard.edge(t, &change(&frame, 1), None)), Fault::ClockBackwards);
    let (mut guard, frame, t) = begun();
    guard.report_output_failure(t);
    assert_eq!(fault(guard.edge(t, &change(&frame, 1), None)), Fault::Output);
}

/// REQ-SAF-502: a guard has room for the channels its type says, and refuses a plan of more.
#[test]
fn room_for_channels() {
    let checked = Rig::default().checked();
    let mut one = Guard::<1>::sized(checked, 0).unwrap();
    let mut eight = Guard::new(checked, 0);
    assert_eq!(one.handle(0, Event::Passed), eight.handle(0, Event::Passed));
    let Err(ConfigError::Below { field, value, limit, .. }) = Guard::<0>::sized(checked, 0) else {
        panic!("a guard of no channel watches one");
    };
    assert_eq!((field, value, limit), (Field::Channels, 0, 1));
    assert!(size_of::<Guard<'_, 1>>() * 3 < size_of::<Guard<'_>>());
}

/// REQ-SAF-500: an admitted edge is of its own change and of none that differs in one thing.
#[test]
fn an_edge_is_of_its_change() {
    let (checked, mut guard, onset) = after_one(&Rig::default());
    let frame = pulse(checked, 1, onset);
    tended(&mut guard, onset);
    let admitted = *guard.admit(onset, &frame).unwrap();
    for number in 0..frame.edge_count() {
        let (edge, own) = (admitted.edge(number).unwrap(), change(&frame, number));
        let is_of = |change: &Change| EdgeWords::of(change).is_some_and(|due| edge.is_of(&due));
        assert!(is_of(&own) && edge.change() == own, "{edge:?}");
        for other in [
            Change { channel: 1, ..own },
            Change { sequence: 2, ..own },
            Change { edge: None, ..own },
            Change { edge: Some(number + 1), ..own },
            Change { level: Level::Code(1), ..own },
        ] {
            assert!(!is_of(&other), "{edge:?} and {other:?}");
        }
    }
}
