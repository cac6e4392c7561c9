//! What the guard is told wrong: times that are none, samples from the future, events that are not its caller's, frames that
//! outlive what they were admitted for.

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

/// REQ-SAF-660: a time ahead of the clock, told with a keep-alive, a set level or a stop of the contact check, is found at the next
/// call that looks at the clock; it keeps no silent host alive, and no level that it let rise goes out.
#[test]
fn a_time_from_the_future() {
    type Told = fn(&mut Guard<'static>, u64);
    let told: [Told; 2] = [
        |guard, t| guard.keep_alive(t),
        |guard, t| {
            let _ = guard.set_level(t, 0, setting(1_000, 300));
        },
    ];
    for tell in told {
        for ahead in [1, 1 << 32, u64::MAX - 1_000_000_000] {
            let checked = Rig::default().checked();
            let (mut guard, now) = ready(checked);
            guard.tick(now + 1).unwrap();
            tell(&mut guard, now + 1);
            guard.tick(now + 1).unwrap();
            tell(&mut guard, now + 1 + ahead);
            assert_eq!(fault(guard.tick(now + 1)), Fault::ClockBackwards, "{ahead}");
        }
    }
    let checked = Rig::default().checked();
    let mut guard = armed(checked, 0);
    for step in 1..=40_u32 {
        guard.set_level(u64::from(step) * 10_000_000, 0, setting(step * 1_000, 300)).unwrap();
    }
    assert_eq!(fault(guard.admit(100, &pulse(checked, 1, 100))), Fault::ClockBackwards);
}

/// REQ-SAF-660: a time that is past counts as the present one: no rise is earned by it.
#[test]
fn a_time_from_the_past() {
    let rise_at = |told: u64| {
        let mut guard = armed(Rig::default().checked(), 0);
        guard.keep_alive(10_000_000);
        guard.tick(10_000_000).unwrap();
        guard.set_level(told, 0, setting(1_000, 300)).unwrap();
        guard.set_level(10_000_000, 0, setting(2_000, 300)).err().map(|refused| refused.rule)
    };
    assert!(rise_at(10_000_000).is_some());
    assert_eq!(rise_at(0), rise_at(10_000_000));
}

/// REQ-SAF-661: to ask for the indicator changes nothing, whatever the time.
#[test]
fn the_indicator_only_asks() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    for n in 1..40 {
        play(&mut guard, &pulse(checked, n, now + u64::from(n) * PERIOD)).unwrap();
    }
    let now = now + 40 * PERIOD;
    let before = guard.tick(now - 10_000).unwrap();
    assert!(guard.indicator(now) && !guard.indicator(now + 100_000_000) && guard.indicator(now));
    let after = guard.tick(now).unwrap();
    assert_eq!((before.rms_second_ua, before.rms_five_ua), (after.rms_second_ua, after.rms_five_ua));
    assert!(after.indicator && after.rms_second_ua > 4_000);
}

/// REQ-SAF-662: after a clock that began anew the windows go on with it: what was put out counts for a time more, and then no
/// longer, and what is put out now is judged as ever.
#[test]
fn windows_on_a_new_clock() {
    let checked = Rig::default().checked();
    let hour = 3_600_000_000;
    let mut guard = armed(checked, hour);
    let now = raise(&mut guard, checked, hour);
    for n in 1..80 {
        tended(&mut guard, now + u64::from(n) * PERIOD);
        play(&mut guard, &pulse(checked, n, now + u64::from(n) * PERIOD)).unwrap();
    }
    let usual = guard.tick(now + 80 * PERIOD).unwrap().rms_second_ua;
    assert_eq!(fault(guard.tick(1_000)), Fault::ClockBackwards);
    guard.reset(2_000, Fault::ClockBackwards).unwrap();
    for event in [Event::Passed, Event::Probe, Event::Contact] {
        guard.handle(3_000, event).unwrap();
    }
    let report = guard.tick(10_000).unwrap();
    assert_eq!(report.rms_second_ua, usual, "what was put out still counts");
    assert!(guard.indicator(4_900_000) && !guard.indicator(7_000_000), "for a time");
    let now = raise(&mut guard, checked, 10_000);
    tended(&mut guard, now);
    for n in 1..800 {
        let onset = now + u64::from(n) * PERIOD;
        play(&mut guard, &pulse(checked, n, onset)).unwrap();
        assert!(guard.tick(onset + 5_000).unwrap().rms_second_ua <= usual + usual / 10, "pulse {n}");
    }
}

/// REQ-SAF-663: what the guard sees for itself nobody tells it: the first pulse starts the session's time in any case.
#[test]
fn what_the_guard_sees_itself() {
    for event in [Event::Pulse, Event::Level, Event::Ramp] {
        let checked = Rig { seconds: 60, ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        assert_eq!(guard.handle(now, event), Err(Refused { state: State::Armed, event }));
        let onset = now + PERIOD;
        play(&mut guard, &pulse(checked, 1, onset)).unwrap();
        let late = onset + 60_000_000;
        tended(&mut guard, late);
        play(&mut guard, &pulse(checked, 2, late)).unwrap();
        let trip = guard.admit(late + 1_000, &pulse(checked, 3, late + PERIOD)).unwrap_err();
        assert_eq!((trip.fault, trip.rule), (Fault::SessionLength, "PLAN"), "its own length is the less");
    }
    let half = |setup: Setup| setup.with_limit(Layer::Subject, &rules::E_SES_1, 60_000).unwrap();
    let checked = Rig { seconds: 60, more: half, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    play(&mut guard, &pulse(checked, 1, now)).unwrap();
    let late = now + 60_000_001;
    let trip = guard.admit(now + 1_000, &pulse(checked, 2, late)).unwrap_err();
    assert_eq!((trip.fault, trip.value, trip.limit), (Fault::SessionLength, 60_000_001, 60_000_000));
}

/// REQ-SAF-646: a channel whose offset keeps it out of the way of another ends by as much later, and not a tick.
#[test]
fn the_last_pulse_of_a_channel_with_an_offset() {
    let minute = |setup: Setup| setup.with_limit(Layer::Subject, &rules::E_SES_1, 60_000).unwrap();
    let rig = Rig { channels: 2, seconds: 59, more: minute, ..Rig::default() }.checked();
    let mut channels = rig.plan().session().channels().to_vec();
    channels[1].offset = Micros::from_micros(12_500).unwrap();
    let session = Session::new(channels.leak(), Schedule::Continuous, ms(60_000)).unwrap();
    let plan = Plan::compile(&session, rig.plan().hardware()).unwrap();
    let checked: &'static _ = Box::leak(Box::new(check(plan, rig.setup(), rig.profile()).unwrap()));
    for (over, expected) in [(0, None), (1, Some(Fault::SessionLength))] {
        let (mut guard, now) = ready(checked);
        play(&mut guard, &pulse(checked, 1, now)).unwrap();
        let last = now + 60_000_000 + 12_500 + over;
        tended(&mut guard, last - 200);
        let answer = guard.admit(last - 100, &pulse(checked, 2, last)).map(|_| ());
        assert_eq!(answer.err().map(|trip| trip.fault), expected, "{over}");
    }
}

/// REQ-SAF-664: a sample stamped later than it can have been taken counts for nothing, at an edge and at rest, so that a
/// measurement that is frozen ages.
#[test]
fn a_sample_from_the_future() {
    let until_stale = |at_tick: u64| {
        let checked = Rig { measured: true, ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        let frozen = Sensed {
            current_na: 40_000_000,
            voltage_mv: 20_000,
            at_tick,
            instant: SampleInstant::PhaseStart,
        };
        (1..100_u32).find_map(|n| {
            let frame = pulse(checked, n, now + u64::from(n) * PERIOD);
            guard.keep_alive(frame.onset_tick());
            guard.admit(frame.onset_tick(), &frame).unwrap();
            let mut edges = (0..frame.edge_count()).map(|edge| {
                let sample = (edge == 0).then_some(frozen);
                guard.edge(frame.edge_tick(edge).unwrap(), &change(&frame, edge), sample)
            });
            edges.find_map(Result::err).map(|trip| (n, trip.fault))
        })
    };
    assert_eq!(until_stale(u64::MAX), until_stale(0));
    assert_eq!(until_stale(u64::MAX).map(|(_, fault)| fault), Some(Fault::SenseStale));

    // an eighth of a second after the edge it still counts, a tick later no more
    for (after, expected) in [(125_000, Some(Fault::OverCurrent)), (125_001, None)] {
        let checked = Rig::default().checked();
        let (mut guard, now) = ready(checked);
        let frame = pulse(checked, 1, now);
        guard.admit(now, &frame).unwrap();
        let strong = sensed(60_000_000, now + after, SampleInstant::PhaseStart);
        let answer = guard.edge(now, &change(&frame, 0), strong);
        assert_eq!(answer.err().map(|trip| trip.fault), expected, "{after}");
    }
}

fn sensed(current_na: i64, at_tick: u64, instant: SampleInstant) -> Option<Sensed> {
    Some(Sensed { current_na, voltage_mv: 0, at_tick, instant })
}

/// REQ-SAF-665: a pulse that waits is admitted no longer once the set level is below it, by one code or one tick; one that still
/// fits, and one that begins within an edge spacing and L, goes on.
#[test]
fn a_level_lowered_under_a_pulse_that_waits() {
    let rig = Rig { late: 10, ..Rig::default() };
    let spacing = u64::from(rig.checked().plan().hardware().edge_spacing_ticks());
    let cases = [
        ((39_900, 300), 600_000_000, false),
        ((40_000, 299), 600_000_000, false),
        ((0, 300), 600_000_000, false),
        ((40_000, 300), 600_000_000, true),
        ((39_960, 300), 600_000_000, true),
        ((39_900, 300), spacing + 11, false),
        ((39_900, 300), spacing + 10, true),
    ];
    for ((ua, us), ahead, goes_on) in cases {
        let checked = rig.checked();
        let (mut guard, now) = ready(checked);
        let frame = pulse(checked, 1, now + ahead);
        guard.admit(now, &frame).unwrap();
        guard.set_level(now, 0, setting(ua, us)).unwrap();
        assert_eq!(guard.admitted(0).is_some(), goes_on, "{ua} µA, {us} µs, {ahead}");
        let edge = guard.edge(now + ahead, &change(&frame, 0), None);
        assert_eq!(edge.is_ok(), goes_on, "{ua} µA, {us} µs, {ahead}");
    }
}

/// REQ-SAF-665: what waits to pay back is kept when the level is lowered.
#[test]
fn a_trim_waits_on_under_a_lower_level() {
    let checked = Rig { late: 10, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 1, now + 100);
    guard.admit(now, &frame).unwrap();
    for edge in 0..frame.edge_count() {
        let late = if edge + 1 == frame.edge_count() { 5 } else { 0 };
        guard.edge(frame.edge_tick(edge).unwrap() + late, &change(&frame, edge), None).unwrap();
    }
    let end = now + 805;
    let trim = Segment { level: Level::Code(100), ticks: 20 };
    let trim = PulseFrame::from_parts(0, FrameKind::Trim, 2, end + 1_000, &[trim], Level::Open).unwrap();
    guard.admit(end, &trim).unwrap();
    guard.set_level(end, 0, setting(1_000, 300)).unwrap();
    for edge in 0..2 {
        guard.edge(trim.edge_tick(edge).unwrap(), &change(&trim, edge), None).unwrap();
    }
    assert_eq!(guard.ledger(0), Some(Charge::ZERO));
}

/// REQ-SAF-666: channels of one current source put out one pulse at a time: a second one trips at its first edge, in whichever
/// state, until the first is over; those of sources of their own do not.
#[test]
fn two_pulses_on_one_source() {
    for (source, apart, expected) in
        [(0, 1, None), (1, 1, Some("SOURCE")), (1, 699, Some("SOURCE")), (1, 700, None), (1, 12_500, None)]
    {
        let checked = on_one_source(source);
        let (mut guard, now) = ready(checked);
        for n in 1..4 {
            let onset = now + u64::from(n) * PERIOD;
            guard.keep_alive(onset);
            let frames = [0_u8, 1].map(|channel| {
                let onset = onset + u64::from(channel) * apart;
                let made = checked.plan().frame(channel, setting(20_000, 300), onset).unwrap();
                remade(&made, n, onset, &list(&made))
            });
            let mut edges = Vec::new();
            for frame in &frames {
                guard.admit(onset, frame).unwrap();
                edges.extend(
                    (0..frame.edge_count()).map(|edge| (frame.edge_tick(edge).unwrap(), change(frame, edge))),
                );
            }
            edges.sort_by_key(|(t, change)| (*t, change.edge == Some(0)));
            let trip = edges.iter().find_map(|(t, change)| guard.edge(*t, change, None).err());
            assert_eq!(trip.map(|trip| trip.rule), expected, "source {source}, {apart} ticks apart");
            if let Some(trip) = trip {
                assert_eq!((trip.channel, trip.at_tick), (Some(1), onset + apart), "at its first edge");
                break;
            }
        }
    }
}

/// Two channels of 700 µs each, half a period apart.
fn on_one_source(source: u8) -> &'static Checked<'static> {
    let rig = Rig { channels: 2, set: (20_000, 300), ceiling: (20_000, 300), ..Rig::default() }.checked();
    let mut channels = rig.plan().session().channels().to_vec();
    channels[1].offset = Micros::from_micros(12_500).unwrap();
    let session = Session::new(channels.leak(), Schedule::Continuous, ms(3_600_000)).unwrap();
    let output = ChannelHardware { source, ..ChannelHardware::symmetric(100_000, -2_048, 2_047) };
    let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[output, output], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    Box::leak(Box::new(check(plan, rig.setup(), rig.profile()).unwrap()))
}

/// REQ-SAF-667: a recovery that turns round the level it cuts is open for the dead time of the bridge before.
#[test]
fn a_recovery_keeps_the_dead_time() {
    for (open, expected) in [(0, Some(Fault::Form)), (19, Some(Fault::Form)), (20, None), (25, None)] {
        let checked = Rig { dead: 20, ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        let frame = pulse(checked, 1, now);
        guard.admit(now, &frame).unwrap();
        guard.edge(now, &change(&frame, 0), None).unwrap();
        let back = Segment { level: Level::Code(-400), ticks: 100 };
        let rest = Segment { level: Level::Open, ticks: open };
        let all = [rest, back];
        let segments = if open == 0 { &all[1..] } else { &all };
        let recovery =
            PulseFrame::from_parts(0, FrameKind::Recover, 2, now + 100, segments, Level::Open).unwrap();
        let answer = guard.admit(now + 50, &recovery).map(|_| ());
        assert_eq!(answer.err().map(|trip| trip.fault), expected, "open for {open}");
    }
}

/// A guard in functional wear whose contact was just lost, the next number and the next onset.
fn lost(rig: &Rig) -> (&'static Checked<'static>, Guard<'static>, u32, u64) {
    let checked = Rig { measured: true, ..*rig }.checked();
    let (mut guard, now) = ready(checked);
    for n in 1..10_u32 {
        let onset = now + u64::from(n) * PERIOD;
        if let Err(trip) = play_sensed(&mut guard, checked, &pulse(checked, n, onset), |_| 0) {
            assert_eq!((trip.fault, trip.response), (Fault::ContactLoss, Response::ProbeLevel));
            return (checked, guard, n + 1, onset + PERIOD);
        }
    }
    panic!("contact is never lost");
}

/// REQ-SAF-668: with contact lost a level may be lowered and raised again as far as the probe level, where contact is found again;
/// no further.
#[test]
fn contact_comes_back_after_a_level_was_lowered() {
    for low in [0, 1_900] {
        let (checked, mut guard, mut number, mut onset) = lost(&Rig::default());
        guard.set_level(onset, 0, setting(low, 300)).unwrap();
        let probe = PROBE_LEVEL.as_microamps();
        for ua in [low + 1_000, probe.min(low + 2_000), probe] {
            onset += 2_000_000;
            guard.keep_alive(onset);
            guard.set_level(onset, 0, setting(ua, 300)).unwrap();
        }
        let refused = guard.set_level(onset, 0, setting(probe + 1, 300)).unwrap_err();
        assert_eq!((refused.rule, refused.value, refused.limit), ("E-DEL-1", probe + 1, probe));
        assert_eq!(guard.tick(onset).unwrap().contact_lost, 1);
        for _ in 0..3 {
            onset += PERIOD;
            let frame = pulse_at(checked, setting(probe, 300), number, onset);
            play_sensed(&mut guard, checked, &frame, |_| 1_000).unwrap();
            number += 1;
        }
        assert_eq!(guard.tick(onset + 5_000).unwrap().contact_lost, 0);
        onset += 2_000_000;
        guard.keep_alive(onset);
        guard.set_level(onset, 0, setting(probe + 1_000, 300)).unwrap();
    }
}

/// REQ-SAF-668: a fresh arming knows of no contact that was lost before.
#[test]
fn contact_begins_anew_with_an_arming() {
    let (_, mut guard, _, now) = lost(&Rig::default());
    guard.handle(now, Event::Disarm).unwrap();
    for event in [Event::Probe, Event::Contact] {
        guard.handle(now, event).unwrap();
    }
    let now = now + 2_000_000;
    guard.keep_alive(now);
    guard.set_level(now, 0, setting(1_000, 300)).unwrap();
    assert_eq!(guard.tick(now).unwrap().contact_lost, 0);
}

/// REQ-SAF-669: phases that do not cancel because one is short are a lost contact where that is answered by the probe level, and
/// are counted anew there; where it is not, and when it has been lost too often, they open.
#[test]
fn a_short_phase_of_an_uneven_pulse() {
    let uneven = Balance::Asymmetric { length_percent: 300 };
    for (class, expected) in [
        (UseClass::FunctionalWear, (Fault::ContactLoss, Response::ProbeLevel)),
        (UseClass::Continuous, (Fault::MeasuredBalance, Response::OpenNow)),
    ] {
        let checked = Rig { more: quiet, balance: uneven, class, ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        let at = |n: u32| now + u64::from(n) * PERIOD;
        let clipped = |edge: u16| if edge == 1 { 700 } else { 1_000 };
        let trips: Vec<_> = (1..=3)
            .map(|n| play_sensed(&mut guard, checked, &pulse(checked, n, at(n)), clipped).err())
            .map(|trip| trip.map(|trip| (trip.fault, trip.response)))
            .collect();
        assert_eq!(trips, [None, None, Some(expected)], "{class:?}");
        if class == UseClass::Continuous {
            continue;
        }
        // still short at the probe level, for two more pulses and the third
        let probe = setting(PROBE_LEVEL.as_microamps(), 300);
        let trips: Vec<_> = (4..=6)
            .map(|n| {
                play_sensed(&mut guard, checked, &pulse_at(checked, probe, n, at(n)), |e| {
                    if e == 1 { 100 } else { 1_000 }
                })
            })
            .map(|played| played.err().map(|trip| trip.fault))
            .collect();
        assert_eq!(trips, [None, None, Some(Fault::MeasuredBalance)]);
    }
}
