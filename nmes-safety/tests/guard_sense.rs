//! What measurements show: over-current, polarity, stuck output, contact, balance, silence.

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

fn sensed(current_na: i64, at_tick: u64, instant: SampleInstant) -> Option<Sensed> {
    Some(Sensed { current_na, voltage_mv: 0, at_tick, instant })
}

/// The answer to one sample at the end of the primary phase of a 40 mA pulse.
fn primary(current_na: i64) -> Option<Trip> {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 0, now);
    guard.admit(now, &frame).unwrap();
    guard.edge(now, &change(&frame, 0), None).unwrap();
    guard.edge(now + 300, &change(&frame, 1), sensed(current_na, now + 299, SampleInstant::PhaseEnd)).err()
}

/// REQ-SAF-038: over 120 % of what is commanded opens at once (E-OC-1); 120 % does not.
#[test]
fn over_current() {
    assert_eq!(primary(48_000_000), None);
    let trip = primary(48_000_001).unwrap();
    assert_eq!((trip.fault, trip.response, trip.rule), (Fault::OverCurrent, Response::OpenNow, "E-OC-1"));
    assert_eq!((trip.value, trip.limit), (48_000_001, 48_000_000));
    assert_eq!(trip.table_rule(), Some(&rules::E_OC_1));
}

/// REQ-SAF-038: over the peak ceiling (E-PEAK-1) and the noise opens at once, whatever was commanded.
#[test]
fn over_peak() {
    let base =
        Rig { set: (110_000, 300), ceiling: (110_000, 300), gains: (1_000_000, 1_000_000), ..Rig::default() };
    for (current, rule) in
        [(131_000_000, None), (131_000_001, Some("E-PEAK-1")), (132_000_001, Some("E-OC-1"))]
    {
        let checked = base.checked();
        let (mut guard, now) = ready(checked);
        let frame = pulse(checked, 0, now);
        guard.admit(now, &frame).unwrap();
        // of the level this edge goes to
        let answer =
            guard.edge(now, &change(&frame, 0), sensed(current, now + 50, SampleInstant::PhaseStart));
        assert_eq!(answer.err().map(|trip| trip.rule), rule, "{current}");
    }
}

/// REQ-SAF-039: current the wrong way opens at once, above the noise floor.
#[test]
fn polarity() {
    assert_eq!(primary(-1_000_000), None, "noise");
    let trip = primary(-1_000_001).unwrap();
    assert_eq!((trip.fault, trip.response), (Fault::Polarity, Response::OpenNow));
    assert_eq!(primary(-40_000_000).unwrap().fault, Fault::Polarity);
}

/// REQ-SAF-039: current while the output is open, in the gap, after a pulse, or between pulses, opens at once.
#[test]
fn stuck_output() {
    for (current, stuck) in [(1_000_000, false), (1_000_001, true), (-1_000_001, true)] {
        let expected = stuck.then_some(Fault::StuckOutput);
        let checked = Rig::default().checked();
        let frame_of = |guard: &mut Guard<'_>, now: u64| {
            let frame = pulse(checked, 0, now);
            guard.admit(now, &frame).unwrap();
            frame
        };
        // in the gap, seen at its end
        let (mut guard, now) = ready(checked);
        let frame = frame_of(&mut guard, now);
        guard.edge(now, &change(&frame, 0), None).unwrap();
        guard.edge(now + 300, &change(&frame, 1), None).unwrap();
        let answer =
            guard.edge(now + 400, &change(&frame, 2), sensed(current, now + 390, SampleInstant::Rest));
        assert_eq!(answer.err().map(|trip| trip.fault), expected);
        // after the last edge, and between pulses
        let (mut guard, now) = ready(checked);
        play(&mut guard, &pulse(checked, 0, now)).unwrap();
        let sample = sensed(current, now + 5_000, SampleInstant::Rest).unwrap();
        assert_eq!(guard.sample(now + 5_001, 0, sample).err().map(|trip| trip.fault), expected);
    }
}

/// Plays pulses `from..to` measured at `permille`, ticking after each.
fn run(
    guard: &mut Guard<'_>,
    checked: &Checked<'_>,
    start: u64,
    pulses: core::ops::Range<u32>,
    ua: u32,
    permille: i64,
) -> Result<TickReport, Trip> {
    let mut report = None;
    for n in pulses {
        let onset = start + u64::from(n) * 25_000;
        play_sensed(guard, checked, &pulse_at(checked, setting(ua, 300), n, onset), |_| permille)?;
        report = Some(guard.tick(onset + 5_000)?);
    }
    Ok(report.unwrap())
}

/// REQ-SAF-040: less than 80 % for three pulses in a row is a lost contact (E-DEL-1); 80 %, or two pulses, is not.
#[test]
fn contact_is_lost_after_three() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    run(&mut guard, checked, now, 0..10, 40_000, 800).unwrap();
    run(&mut guard, checked, now, 10..12, 40_000, 799).unwrap();
    run(&mut guard, checked, now, 12..13, 40_000, 800).unwrap();
    run(&mut guard, checked, now, 13..15, 40_000, 799).unwrap();
    let trip = run(&mut guard, checked, now, 15..16, 40_000, 799).unwrap_err();
    assert_eq!((trip.fault, trip.response, trip.rule), (Fault::ContactLoss, Response::ProbeLevel, "E-DEL-1"));
    assert_eq!((trip.value, trip.limit), (799, 800));
    assert_eq!(guard.latched(), None, "functional wear goes on");
    assert_eq!(
        guard.authorised(0),
        Some(Setting { amplitude: PROBE_LEVEL, width: Micros::from_micros(300).unwrap() })
    );
}

/// REQ-SAF-040: in functional wear a lost contact is held at the probe level, raised again after three good pulses,
/// and ends output the third time.
#[test]
fn contact_comes_back() {
    let checked = Rig::default().checked();
    let (mut guard, start) = ready(checked);
    let start = start + 500_000;
    let mut n = 0;
    for loss in 1..=CONTACT_LOSSES {
        let trip = run(&mut guard, checked, start, n..n + 3, 3_000, 0).unwrap_err();
        n += 3;
        assert_eq!(trip.fault, Fault::ContactLoss);
        if loss == CONTACT_LOSSES {
            assert_eq!(trip.response, Response::RampDown);
            break;
        }
        assert_eq!(trip.response, Response::ProbeLevel, "loss {loss}");
        let at = start + u64::from(n) * 25_000;
        let refusal = guard.set_level(at - 20_000, 0, setting(4_000, 300)).unwrap_err();
        assert_eq!(refusal.rule, "E-DEL-1", "not while the contact is lost");
        assert_eq!((refusal.value, refusal.limit), (4_000, PROBE_LEVEL.as_microamps()));
        let report = run(&mut guard, checked, start, n..n + 2, 3_000, 1_000).unwrap();
        assert_eq!((report.contact_lost, report.state), (1, State::Ramping));
        assert_eq!(report.warning.map(|w| (w.fault, w.response)), Some((Fault::ContactLoss, Response::Warn)));
        let report = run(&mut guard, checked, start, n + 2..n + 3, 3_000, 1_000).unwrap();
        assert_eq!((report.contact_lost, report.warning), (0, None));
        n += 3;
        guard.set_level(start + u64::from(n) * 25_000 - 19_000, 0, setting(3_500, 300)).unwrap();
    }
    // the ramp-down is due after 500 ms and two periods, and then the guard opens by itself
    let at = start + u64::from(n) * 25_000 - 24_000;
    guard.keep_alive(at);
    guard.tick(at).unwrap();
    let trip = guard.tick(at + 600_000).unwrap_err();
    assert_eq!((trip.fault, trip.response), (Fault::ContactLoss, Response::OpenNow));
    assert_eq!(guard.state(), State::Fault);
}

/// REQ-SAF-040: in the other classes a lost contact ramps down and latches the first time.
#[test]
fn contact_in_exercise() {
    let checked = Rig { class: UseClass::Continuous, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let trip = run(&mut guard, checked, now, 0..3, 40_000, 0).unwrap_err();
    assert_eq!((trip.fault, trip.response), (Fault::ContactLoss, Response::RampDown));
    assert!(guard.set_level(now + 60_000, 0, setting(40_000, 300)).is_ok(), "not a rise");
    assert_eq!(guard.set_level(now + 60_000, 0, setting(40_000, 301)).unwrap_err().rule, "N-LOCK-1");
}

/// REQ-SAF-048: a ramp-down that is in hand is over when it was to be over, and for the reason that it began for, whatever else is
/// found meanwhile that would end in one.
#[test]
fn a_ramp_down_is_not_put_off() {
    let checked = Rig { class: UseClass::Specialist, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let silent = now + 1_000_001;
    assert_eq!(guard.ramping_down(), None);
    let first = guard.tick(silent).unwrap_err();
    assert_eq!(first.fault, Fault::KeepAlive);
    assert_eq!(guard.ramping_down(), Some(&first));
    let lost = run(&mut guard, checked, silent + 1_000, 0..3, 25_000, 0).unwrap_err();
    assert_eq!((lost.fault, lost.response), (Fault::ContactLoss, Response::RampDown));
    guard.tick(silent + 549_999).unwrap();
    let over = guard.tick(silent + 550_000).unwrap_err();
    assert_eq!((over.fault, over.response), (Fault::KeepAlive, Response::OpenNow));
    assert_eq!(guard.ramping_down(), Some(&first), "until a reset");
}

/// REQ-SAF-041: a measured imbalance over 10 % of the phase charge trips after three pulses, over 2 % warns
/// (E-BAL-2).
#[test]
fn measured_balance() {
    let second_phase = |permille: i64| move |edge: u16| if edge == 3 { permille } else { 1_000 };
    let run = |permille: i64, pulses: u32| {
        let checked = Rig::default().checked();
        let (mut guard, now) = ready(checked);
        let mut report = None;
        for n in 0..pulses {
            let frame = pulse(checked, n, now + u64::from(n) * 25_000);
            let answer = play_sensed(&mut guard, checked, &frame, second_phase(permille));
            if let Err(trip) = answer {
                return Err((n, trip));
            }
            report = Some(guard.tick(frame.onset_tick() + 5_000).map_err(|trip| (n, trip))?);
        }
        Ok(report.unwrap())
    };
    let warning = |report: TickReport| report.warning.map(|w| w.fault);
    // the noise floor over both phases is 1 mA × 600 µs, 5 % of 40 mA × 300 µs
    assert_eq!(run(950, 3).map(warning), Ok(None));
    assert_eq!(run(949, 3).map(warning), Ok(Some(Fault::MeasuredBalance)));
    let (n, trip) = run(899, 9).unwrap_err();
    assert_eq!((n, trip.fault, trip.response), (2, Fault::MeasuredBalance, Response::OpenNow));
    assert_eq!((trip.value, trip.limit), (101, 100));
    assert!(run(900, 3).is_ok());
}

/// REQ-SAF-041: a measured direct current over 50 µA in a second trips, over 10 µA warns (E-DC-3).
#[test]
fn measured_dc() {
    // 40 mA × 300 µs × 40 Hz is 480 µA one way, so a permille of imbalance is 0.48 µA
    let run = |permille: i64| {
        let checked = Rig::default().checked();
        let (mut guard, now) = ready(checked);
        let mut warned = false;
        for n in 0..120 {
            let frame = pulse(checked, n, now + u64::from(n) * 25_000);
            let uneven = |edge| if edge == 3 { 1_000 - permille } else { 1_000 };
            play_sensed(&mut guard, checked, &frame, uneven).unwrap();
            let report = guard.tick(frame.onset_tick() + 5_000)?;
            warned |= report.warning.is_some_and(|w| w.rule == "E-DC-3");
        }
        Ok::<bool, Trip>(warned)
    };
    // windows are up to an eighth too long: 45 pulses of a second's 40
    assert_eq!(run(18), Ok(false), "8.6 µA, 9.7 µA in the window");
    assert_eq!(run(19), Ok(true), "9.1 µA, 10.3 µA in the window");
    assert_eq!(run(92), Ok(true), "44.2 µA, 49.7 µA in the window");
    let trip = run(93).unwrap_err();
    assert_eq!((trip.fault, trip.response, trip.rule), (Fault::MeasuredDc, Response::OpenNow, "E-DC-3"));
    assert_eq!(trip.limit, 50_000_000_000);
}

/// REQ-SAF-047: measurements that came and then stopped count as the worst after three pulses; a frozen one too.
#[test]
fn stale_measurement() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    run(&mut guard, checked, now, 0..2, 40_000, 1_000).unwrap();
    let frozen = sample(checked, &pulse(checked, 0, now), 1, now + 300, 1_000);
    for n in 2..5 {
        let frame = pulse(checked, n, now + u64::from(n) * 25_000);
        guard.admit(frame.onset_tick(), &frame).unwrap();
        for edge in 0..frame.edge_count() {
            let t = frame.edge_tick(edge).unwrap();
            let answer = guard.edge(t, &change(&frame, edge), frozen);
            let last = n == 4 && edge + 1 == frame.edge_count();
            assert_eq!(
                answer.err().map(|trip| trip.fault),
                last.then_some(Fault::SenseStale),
                "pulse {n} edge {edge}"
            );
        }
    }
    // who never measured is not waited for
    let (mut guard, now) = ready(checked);
    for n in 0..20 {
        play(&mut guard, &pulse(checked, n, now + u64::from(n) * 25_000)).unwrap();
    }
}

/// REQ-SAF-548: where a measurement is promised, one that never comes is a fault after three pulses.
#[test]
fn dead_from_the_start() {
    let checked = Rig { measured: true, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    for n in 0..2 {
        play(&mut guard, &pulse(checked, n, now + u64::from(n) * 25_000)).unwrap();
    }
    assert_eq!(fault(play(&mut guard, &pulse(checked, 2, now + 50_000))), Fault::SenseStale);
}

/// REQ-SAF-040: under 2 mA what is missing cannot be told from noise, and is no lost contact.
#[test]
fn a_weak_level_is_not_judged() {
    for (ua, lost) in [(1_900, false), (2_000, true)] {
        let checked = Rig { set: (ua, 300), ceiling: (ua, 300), ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        let mut answers = vec![];
        for n in 0..4 {
            let frame = pulse(checked, n, now + 100 + u64::from(n) * 25_000);
            answers.push(play_sensed(&mut guard, checked, &frame, |_| 0).is_err());
        }
        assert_eq!(answers.contains(&true), lost, "{ua} µA");
    }
}

/// REQ-SAF-039: at a commanded level no stronger than the noise floor the way of what is measured is not judged; a code above it
/// is.
#[test]
fn polarity_of_a_weak_level() {
    for (ua, wrong) in [(1_000, None), (1_100, Some(Fault::Polarity))] {
        let checked = Rig { set: (ua, 300), ceiling: (ua, 300), ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        let frame = pulse(checked, 0, now);
        guard.admit(now, &frame).unwrap();
        guard.edge(now, &change(&frame, 0), None).unwrap();
        let sample = sensed(-1_100_000, now + 299, SampleInstant::PhaseEnd);
        let answer = guard.edge(now + 300, &change(&frame, 1), sample);
        assert_eq!(answer.err().map(|trip| trip.fault), wrong, "{ua} µA");
    }
}

/// REQ-SAF-501: a phase that was measured at its start or in its midst counts as one that was measured at its end, although
/// nothing is measured at the edge that ends it.
#[test]
fn a_measurement_counts_whenever_it_comes() {
    let run = |at_edge: bool| {
        let checked = Rig::default().checked();
        let (mut guard, now) = ready(checked);
        for n in 0..40 {
            let frame = pulse(checked, n, now + u64::from(n) * 25_000);
            guard.admit(frame.onset_tick(), &frame).unwrap();
            for edge in 0..frame.edge_count() {
                let t = frame.edge_tick(edge).unwrap();
                let taken = sample(checked, &frame, edge, t, if edge == 1 { 1_001 } else { 1_000 });
                if let Some(taken) = taken.filter(|_| !at_edge) {
                    guard.sample(t - 1, 0, taken).unwrap();
                }
                guard.edge(t, &change(&frame, edge), taken.filter(|_| at_edge)).unwrap();
            }
        }
        let report = guard.tick(now + 999_000).unwrap();
        (report.measured_dc_na, report.rms_second_ua, report.warning.map(|warning| warning.fault))
    };
    assert_eq!(run(true), run(false));
    // a permille of 40 mA × 300 µs × 40 Hz
    assert_eq!(run(true).0, 480);
}

/// REQ-SAF-041: the imbalance of a pulse of repeats is held against the charge of all of them, with a gap between them or none.
#[test]
fn imbalance_of_repeats() {
    for gap_us in [0, 1_000] {
        let repeat = Repeat { count: 4, gap: Micros::from_micros(gap_us).unwrap() };
        let rig = Rig { set: (20_000, 300), ceiling: (20_000, 300), repeat, hz: 20, ..Rig::default() };
        let checked = rig.checked();
        for (permille, expected) in [(900, None), (899, Some(Fault::MeasuredBalance))] {
            let (mut guard, now) = ready(checked);
            let set = checked.plan().session().channels()[0].set;
            let play = |n: u32| {
                let mut frame = checked.plan().frame(0, set, 0).unwrap();
                frame.move_to(n, now + u64::from(n) * 50_000);
                let short = |edge: u16| match frame.edge_level(edge.saturating_sub(1)) {
                    Some(Level::Code(code)) if code < 0 => permille,
                    _ => 1_000,
                };
                play_sensed(&mut guard, checked, &frame, short).err().map(|trip| trip.fault)
            };
            assert_eq!((0..3).find_map(play), expected, "{permille} with {gap_us} µs between");
        }
    }
}

/// What pulses measured as told are answered with: the rule of the first warning.
fn judged(ua: u32, pulses: u32, of: impl Fn(u32, u16) -> Option<i64>) -> Result<Option<&'static str>, Trip> {
    let checked = Rig { set: (ua, 300), ceiling: (ua, 300), ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let mut seen = None;
    for n in 0..pulses {
        let frame = pulse(checked, n, now + u64::from(n) * 25_000);
        guard.keep_alive(frame.onset_tick());
        guard.admit(frame.onset_tick(), &frame)?;
        for edge in 0..frame.edge_count() {
            let t = frame.edge_tick(edge).unwrap();
            let taken = of(n, edge).and_then(|permille| sample(checked, &frame, edge, t, permille));
            guard.edge(t, &change(&frame, edge), taken)?;
        }
        seen = seen.or(guard.tick(frame.onset_tick() + 5_000)?.warning.map(|warning| warning.rule));
    }
    Ok(seen)
}

/// REQ-SAF-041: the limit of the warning itself passes, where it is above the noise; a pulse of which one phase was not measured
/// has no imbalance.
#[test]
fn what_of_an_imbalance_is_judged() {
    let short = |permille| move |_, edge| Some(if edge == 3 { permille } else { 1_000 });
    // 2 % of 100 mA are the noise of 1 mA in both phases
    assert_eq!(judged(100_000, 5, short(980)), Ok(None));
    assert_eq!(judged(100_000, 5, short(979)), Ok(Some("E-BAL-2")));
    for phase in [1, 3] {
        let alone = judged(40_000, 3, |_, edge| (edge == phase).then_some(1_000));
        assert_eq!(alone, Ok(None), "edge {phase}: neither an imbalance nor a direct current");
        let alone = judged(100_000, 5, |_, edge| (edge == phase).then_some(970));
        assert_eq!(alone, Ok(None), "edge {phase}: 3 % of one is no imbalance of two");
    }
    // 10 % itself is not one of the three in a row
    let last = |n: u32, edge| {
        Some(if edge != 3 {
            1_000
        } else if n < 2 {
            900
        } else {
            899
        })
    };
    assert!(judged(40_000, 4, last).is_ok());
    assert_eq!(fault(judged(40_000, 5, last)), Fault::MeasuredBalance);
}
