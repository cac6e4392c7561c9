//! What lies between two frames, two arms or two samples.

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

fn of(kind: FrameKind, sequence: u32, onset: u64, code: i32, ticks: u32) -> PulseFrame<'static> {
    let segments = [Segment { level: Level::Code(code), ticks }];
    PulseFrame::from_parts(0, kind, sequence, onset, &segments, Level::Open).unwrap()
}

fn told<T>(answer: Result<T, Trip>) -> Result<(), (Fault, &'static str)> {
    answer.map(drop).map_err(|trip| (trip.fault, trip.rule))
}

/// REQ-SAF-676: what repays after the level has opened waits for the dead time of the bridge, as a recovery in a gap does and a trim
/// behind a pulse.
#[test]
fn the_dead_time_after_an_open_level() {
    let (refused, dead) = (Err((Fault::OnsetPast, "HARDWARE")), 10);
    for (after, expected) in [(1, refused), (9, refused), (10, Ok(()))] {
        let checked = Rig { dead, ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        let frame = pulse(checked, 1, now + 100);
        guard.admit(now, &frame).unwrap();
        for edge in 0..2 {
            guard.edge(frame.edge_tick(edge).unwrap(), &change(&frame, edge), None).unwrap();
        }
        let opened = frame.edge_tick(1).unwrap();
        let recover = of(FrameKind::Recover, 2, opened + after, -400, 300);
        assert_eq!(told(guard.admit(opened, &recover)), expected, "{after}");
    }
    for (after, expected) in [(1, refused), (19, refused), (20, Ok(()))] {
        let checked = timed(Rig { dead: 20, ..Rig::default() }.checked(), |timing| timing.late_max_ticks = 5);
        let (mut guard, now) = ready(checked);
        let frame = pulse(checked, 1, now + 100);
        guard.admit(now, &frame).unwrap();
        let last = frame.edge_count() - 1;
        for edge in 0..=last {
            let late = if edge == last { 5 } else { 0 };
            guard.edge(frame.edge_tick(edge).unwrap() + late, &change(&frame, edge), None).unwrap();
        }
        let opened = frame.edge_tick(last).unwrap() + 5;
        let trim = of(FrameKind::Trim, 2, opened + after, 100, 20);
        assert_eq!(told(guard.admit(opened, &trim)), expected, "{after}");
    }
}

/// A pulse at full level is stopped with `RecoverNow`, `stop` ticks after its onset; edges are late by `late.0` ticks before that
/// and by `late.1` after it. What the guard answers, and how long the output had not been driven when it was driven the other way.
fn recovered(
    checked: &'static Checked<'static>,
    stop: u64,
    late: (u64, u64),
) -> (Result<(), Trip>, Option<u64>) {
    let (mut guard, mut now) = ready(checked);
    let mut storage = [ChannelState::new()];
    let mut engine = Engine::new(checked.plan(), &mut storage).unwrap();
    engine.command(0, checked.plan().session().channels()[0].set, now).unwrap();
    engine.start(now);
    let risen = now + 700_000;
    let (mut began, mut stopped, mut kind) = (u64::MAX, false, FrameKind::Pulse);
    let (mut way, mut idle_since, mut waited) = (0, None, None);
    loop {
        let at = began.saturating_add(stop);
        if began < u64::MAX && !stopped && matches!(engine.next(), Next::At(due) if due + late.0 > at) {
            engine.stop(StopPolicy::RecoverNow, at);
            (stopped, now) = (true, at);
        }
        while let Some(frame) = engine.pending() {
            kind = frame.kind();
            guard.keep_alive(now);
            if let Err(trip) = guard.admit(now, &frame) {
                return (Err(trip), waited);
            }
            assert!(engine.accept(frame.channel(), frame.sequence()));
        }
        let (Next::At(due), Some(step)) = (engine.next(), engine.step()) else { return (Ok(()), waited) };
        now = due + if stopped { late.1 } else { late.0 };
        for change in step.changes() {
            if let Err(trip) = guard.edge(now, &change, None) {
                return (Err(trip), waited);
            }
            if change.edge == Some(0) && now > risen {
                began = began.min(now);
            }
            let code = if let Level::Code(code) = change.level { code.signum() } else { 0 };
            if code == 0 {
                idle_since.get_or_insert(now);
                continue;
            }
            if waited.is_none() && kind == FrameKind::Recover && code == -way {
                waited = Some(idle_since.map_or(0, |since| now - since));
            }
            (way, idle_since) = (code, None);
        }
        engine.applied(now).unwrap();
    }
}

/// REQ-SAF-676: the engine's own recovery is admitted wherever in the main phase or in the gap it is asked for, whatever the gap
/// rests at, and drives when the bridge has been open for its dead time; what is longer open of the frame counts.
#[test]
fn a_recovery_at_every_tick_of_a_gap() {
    for (rest, dead, late) in [
        (Rest::Open, 20, 0),
        (Rest::Open, 20, 5),
        (Rest::Shorted, 20, 0),
        (Rest::DrivenZero, 20, 0),
        (Rest::Open, 0, 0),
    ] {
        let set = (10_000, 100);
        let checked = Rig { dead, gap_rest: rest, late, set, ceiling: set, ..Rig::default() }.checked();
        let (mut paid, always) = (0, u64::from(late));
        for stop in 60..200 {
            let (answer, waited) = recovered(checked, stop, (always, always));
            assert_eq!(told(answer), Ok(()), "{rest:?} {dead} {late} {stop}");
            assert!(
                waited.is_none_or(|ticks| ticks >= u64::from(dead)),
                "{rest:?} {dead} {stop}: {waited:?}"
            );
            paid += u32::from(waited.is_some());
        }
        assert!(paid > 100, "{rest:?} {dead} {late}: {paid}");
    }
}

/// The same plan on an output with an offset current.
fn offset(checked: &'static Checked<'static>, offset_na: i32) -> &'static Checked<'static> {
    let old = checked.plan().hardware();
    let output = ChannelHardware { offset_na, ..*old.channel(0).unwrap() };
    let hardware = Hardware::new(*old.timing(), &[output], 0).unwrap();
    let plan = Plan::compile(checked.plan().session(), &hardware).unwrap();
    Box::leak(Box::new(check(plan, checked.setup(), checked.profile()).unwrap()))
}

/// REQ-SAF-683: the engine's own recovery on an output with an offset current near half a code is admitted and ends in order, at
/// every tick, with and without late edges.
#[test]
fn a_recovery_against_an_offset() {
    let cases = [
        (1_000, 400, 5, 40_000),
        (500, 100, 2, 40_000),
        (2_000, 1_000, 5, -40_000),
        (600, 1_000, 0, 36_364),
        (200, 100, 0, 26_000),
        (200, 200, 0, 45_000),
        (500, 100, 0, 13_000),
    ];
    for (ua, length_percent, late, offset_na) in cases {
        let balance = Balance::Asymmetric { length_percent };
        let set = (ua, 300);
        let rig = Rig { hz: 20, balance, late, set, ceiling: set, ..Rig::default() };
        let checked = offset(rig.checked(), offset_na);
        for (stop, last) in (5..300).flat_map(|stop| [(stop, 0), (stop, u64::from(late))]) {
            let (answer, _) = recovered(checked, stop, (0, last));
            assert_eq!(told(answer), Ok(()), "{ua} {length_percent} {late} {offset_na}: {stop} {last}");
        }
    }
}

/// REQ-SAF-683: custom points whose weak end pays on the way of the point before it: at no tick does a late recovery leave what the
/// guard does not allow.
#[test]
fn a_recovery_of_points_that_go_on_the_same_way() {
    let point = |permille, width| Point { permille, width: Micros::from_micros(width).unwrap() };
    let points: &'static [Point] = vec![point(-200, 250), point(1_000, 49), point(20, 50)].leak();
    let set = (10_000, 349);
    let rig = Rig { gap_us: 0, form: Form::Points(points), late: 5, set, ceiling: set, ..Rig::default() };
    let checked = rig.checked();
    for (stop, last) in (1..349).flat_map(|stop| [(stop, 0), (stop, 5)]) {
        assert_eq!(told(recovered(checked, stop, (0, last)).0), Ok(()), "{stop} {last}");
    }
}

/// REQ-SAF-676: a recovery that turns a driven output round is open for the dead time first.
#[test]
fn a_recovery_out_of_a_phase() {
    let checked = Rig { dead: 10, ..Rig::default() }.checked();
    for (open, expected) in [(9, Err((Fault::Form, "HARDWARE"))), (10, Ok(()))] {
        let (mut guard, now) = ready(checked);
        let frame = pulse(checked, 1, now + 100);
        guard.admit(now, &frame).unwrap();
        let began = frame.onset_tick();
        guard.edge(began, &change(&frame, 0), None).unwrap();
        let segments =
            [Segment { level: Level::Open, ticks: open }, Segment { level: Level::Code(-400), ticks: 100 }];
        let recover =
            PulseFrame::from_parts(0, FrameKind::Recover, 2, began + 100, &segments, Level::Open).unwrap();
        assert_eq!(told(guard.admit(began + 50, &recover)), expected, "{open}");
    }
}

/// REQ-SAF-677: a sample that shows current where the output is open is told although the same edge ends a pulse that lost contact,
/// or whose phases do not cancel.
#[test]
fn a_stuck_output_at_the_edge_that_loses_contact() {
    for (permille, stuck) in [(700, true), (700, false), (1_000, true)] {
        let balance = Balance::Asymmetric { length_percent: 300 };
        let checked = Rig { measured: true, balance, ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        let mut answer = Ok(());
        for n in 1..=3_u32 {
            let frame = pulse(checked, n, now + u64::from(n) * 25_000);
            guard.keep_alive(frame.onset_tick());
            guard.admit(frame.onset_tick(), &frame).unwrap();
            for edge in 0..frame.edge_count() {
                let t = frame.edge_tick(edge).unwrap();
                let own = sample(checked, &frame, edge, t, if edge == 1 { permille } else { 1_000 });
                let last = n == 3 && edge + 1 == frame.edge_count();
                if last {
                    // of the phase before its end, and of the rest at it
                    guard.sample(t - 1, 0, own.unwrap()).unwrap();
                    let current_na = if stuck { 30_000_000 } else { 0 };
                    let rest = Sensed { current_na, voltage_mv: 0, at_tick: t, instant: SampleInstant::Rest };
                    answer = guard.edge(t, &change(&frame, edge), Some(rest));
                } else {
                    guard.edge(t, &change(&frame, edge), own).unwrap();
                }
            }
        }
        let expected = if stuck { Fault::StuckOutput } else { Fault::ContactLoss };
        assert_eq!(fault(answer), expected, "{permille}");
        assert_eq!(guard.state() == State::Fault, stuck, "{permille}");
    }
}

/// REQ-SAF-665: a level that falls in one of amplitude and width and rises in the other withdraws a waiting pulse that is above it;
/// one that fits goes on waiting.
#[test]
fn a_level_that_falls_one_way() {
    for (amplitude, width, waits) in [(10_000, 201, false), (40_000, 199, false), (40_000, 201, true)] {
        let checked = Rig { set: (40_000, 200), ceiling: (40_000, 300), ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        let now = now + 5_000_000;
        guard.admit(now, &pulse(checked, 1, now + 20_000)).unwrap();
        guard.set_level(now, 0, setting(amplitude, width)).unwrap();
        assert_eq!(guard.admitted(0).is_some(), waits, "{amplitude} {width}");
    }
}

/// REQ-SAF-678: on a source that two channels share pulses of a contact check may wait, and do not come faster for it.
#[test]
fn waits_of_a_contact_check_do_not_add_up() {
    for (source, hz) in [(0, 20), (1, 20), (1, 15), (1, 40)] {
        let rig = Rig { hz, channels: 2, set: (20_000, 200), ceiling: (20_000, 200), ..Rig::default() };
        let rig = rig.checked();
        let mut channels = rig.plan().session().channels().to_vec();
        channels[1].offset = Micros::from_micros(500_000 / hz).unwrap();
        let session = Session::new(channels.leak(), Schedule::Continuous, ms(3_600_000)).unwrap();
        let output = ChannelHardware { source, ..ChannelHardware::symmetric(100_000, -2_048, 2_047) };
        let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[output, output], 0).unwrap();
        let plan = Plan::compile(&session, &hardware).unwrap();
        let checked: &'static Checked<'static> =
            Box::leak(Box::new(check(plan, rig.setup(), rig.profile()).unwrap()));
        let played = |period: u64| {
            let mut guard = Guard::new(checked, 0);
            guard.handle(0, Event::Passed).unwrap();
            guard.handle(0, Event::Probe).unwrap();
            guard.set_level(0, 0, setting(1_000, 200)).unwrap();
            let mut pulses = (0..40_u64).map(|n| {
                let at = 1_000 + n * period;
                tended(&mut guard, at - 500);
                play(&mut guard, &pulse_at(checked, setting(1_000, 200), u32::try_from(n).unwrap() + 1, at))
            });
            pulses.try_for_each(told)
        };
        assert_eq!(played(100_000), Ok(()), "{source} {hz}");
        for period in [50_000, 66_700, 90_000] {
            assert_eq!(played(period), Err((Fault::Rate, "PROBING")), "{source} {hz} {period}");
        }
    }
}

/// REQ-SAF-679: a contraction after a fresh arming is one of its own, however soon after the one before.
#[test]
fn a_contraction_after_a_fresh_arming() {
    let schedule = Schedule::Cyclic(Cycle { hold: ms(5_000), rest: ms(30_000) });
    let checked = Rig { class: UseClass::Exercise, schedule, seconds: 600, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let (mut number, mut t) = (0, now + 1_000);
    for contraction in 0..2 {
        let end = t + 5_000_000;
        while t < end {
            number += 1;
            play(&mut guard, &pulse(checked, number, t)).unwrap();
            guard.tick(t + 5_000).unwrap_or_else(|trip| panic!("{contraction}: {trip}"));
            t += 25_000;
        }
        for event in [Event::Disarm, Event::Probe, Event::Contact] {
            guard.handle(t, event).unwrap();
        }
        t = raise(&mut guard, checked, t) + 1_000;
    }
}

/// REQ-SAF-682: what repeats with nothing between them leave of a declared direct current is counted once for each.
#[test]
fn repeats_of_a_declared_direct_current() {
    let balance = Balance::DeclaredDc { at_most: MicroAmps::MAX };
    let repeat = Repeat { count: 3, gap: Micros::ZERO };
    let rig =
        Rig { hz: 1, set: (2_000, 50), ceiling: (2_000, 50), gap_us: 0, balance, repeat, ..Rig::default() };
    let checked = rig.checked();
    let (mut guard, now) = ready(checked);
    play(&mut guard, &checked.plan().frame(0, setting(2_000, 50), now + 1_000).unwrap()).unwrap();
    assert_eq!(guard.ledger(0), Some(Charge::from_nanoamp_ticks(3 * 2_000_000 * 50)));
}

/// REQ-SAF-680: the last of custom points is admitted as long as it was checked, and no longer.
#[test]
fn a_last_point_is_as_long_as_it_was_checked() {
    let point = |permille, width| Point { permille, width: Micros::from_micros(width).unwrap() };
    let points: &'static [Point] = vec![point(-1_000, 250), point(500, 500)].leak();
    let wide = Rig {
        set: (20_000, 750),
        ceiling: (20_000, 750),
        gap_us: 0,
        form: Form::Points(points),
        ..Rig::default()
    };
    let wide = wide.checked();
    let checked = check(*wide.plan(), wide.setup(), &Profile::default()).unwrap();
    let checked: &'static Checked<'static> = Box::leak(Box::new(checked));
    assert_eq!(checked.report().row(&rules::E_W_1).unwrap().value, Some(500));
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 1, now + 100);
    let wider = |ticks: [u32; 2]| {
        let level = |code, ticks| Segment { level: Level::Code(code), ticks };
        remade(&frame, 1, now + 100, &[level(-200, 250), level(100, ticks[0]), level(99, ticks[1])])
    };
    // 50,000 = 100 × 500 = 100 × 401 + 99 × 100, over 501
    assert_eq!(told(guard.admit(now, &wider([401, 100]))), Err((Fault::Form, "PLAN")));
    let (mut guard, now) = ready(checked);
    guard.admit(now, &pulse(checked, 1, now + 100)).unwrap();
}

/// REQ-SAF-680: a last point that the engine widens at a low setting is admitted so: 404 code·ticks are no whole codes over 400
/// ticks but for 4, which is nearer than two edges may be.
#[test]
fn a_last_point_that_is_widened() {
    let point = |permille, width| Point { permille, width: Micros::from_micros(width).unwrap() };
    let points: &'static [Point] = vec![point(1_000, 101), point(-100, 10), point(-250, 400)].leak();
    let set = (20_000, 511);
    let rig = Rig { gap_us: 0, form: Form::Points(points), late: 5, set, ceiling: set, ..Rig::default() };
    let checked = rig.checked();
    let low = setting(400, 511);
    let (mut guard, now) = ready(checked);
    guard.set_level(now, 0, low).unwrap();
    let frame = pulse_at(checked, low, 1, now + 100);
    let ticks: u32 =
        list(&frame).iter().filter(|s| matches!(s.level, Level::Code(..0))).map(|s| s.ticks).sum();
    assert!((401..=416).contains(&ticks), "{ticks}");
    guard.admit(now, &frame).unwrap();
}
