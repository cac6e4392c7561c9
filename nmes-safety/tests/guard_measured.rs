//! Measurements of pulses one after another, and limits that a setup makes stricter.

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

/// REQ-SAF-041: an imbalance trips after three pulses in a row, not after any three.
#[test]
fn three_in_a_row() {
    let checked = asymmetric().checked();
    let (mut guard, now) = ready(checked);
    for n in 1..=8_u32 {
        let gain = move |edge: u16| if edge == 1 && n % 2 == 0 { 850 } else { 1_000 };
        play_sensed(&mut guard, checked, &pulse(checked, n, now + u64::from(n) * PERIOD), gain).unwrap();
    }
}

/// REQ-SAF-041: the warning of an imbalance is of the last pulse, measured or not.
#[test]
fn the_warning_goes() {
    let checked = Rig { more: quiet, ..asymmetric() }.checked();
    let (mut guard, now) = ready(checked);
    play_sensed(
        &mut guard,
        checked,
        &pulse(checked, 1, now + PERIOD),
        |edge| if edge == 1 { 920 } else { 1_000 },
    )
    .unwrap();
    assert!(guard.tick(now + PERIOD + 5_000).unwrap().warning.is_some());
    // one pulse of which one phase is not measured
    let frame = pulse(checked, 2, now + 2 * PERIOD);
    guard.admit(now + 2 * PERIOD, &frame).unwrap();
    for edge in 0..frame.edge_count() {
        let t = frame.edge_tick(edge).unwrap();
        let sense = sample(checked, &frame, edge, t, 1_000).filter(|_| edge == 1);
        guard.edge(t, &change(&frame, edge), sense).unwrap();
    }
    assert_eq!(guard.tick(now + 2 * PERIOD + 5_000).unwrap().warning, None);
}

/// REQ-SAF-041, REQ-SAF-590: where a setup lets a pulse leave less than what the rule warns of, it is warned of that.
#[test]
fn a_warning_is_never_past_the_trip() {
    let warned = |more: fn(Setup) -> Setup, permille: i64| {
        let checked = Rig { more, ..asymmetric() }.checked();
        let (mut guard, now) = ready(checked);
        let gain = move |edge: u16| if edge == 1 { permille } else { 1_000 };
        play_sensed(&mut guard, checked, &pulse(checked, 1, now + PERIOD), gain).unwrap();
        guard.tick(now + PERIOD + 5_000).unwrap().warning.map(|trip| (trip.fault, trip.limit))
    };
    let uneven = |limit| Some((Fault::MeasuredBalance, limit));
    let strict = |setup: Setup| quiet(setup).with_limit(Layer::Device, &rules::E_BAL_2, 10).unwrap();
    assert_eq!([980, 979].map(|permille| warned(quiet, permille)), [None, uneven(20)]);
    assert_eq!([990, 989].map(|permille| warned(strict, permille)), [None, uneven(10)]);
}

/// REQ-SAF-715: what is left of a pulse is rounded towards the limit: ten percent and a hundredth of the current that is delivered too
/// much trips on the third pulse, as eleven do, and ten percent do not.
#[test]
fn a_part_of_a_thousandth_is_more() {
    let trips = |more_na: i64| {
        let checked = Rig { more: quiet, ..asymmetric() }.checked();
        let (mut guard, now) = ready(checked);
        (1..=3).find_map(|n| {
            let frame = pulse(checked, n, now + u64::from(n) * PERIOD);
            guard.keep_alive(frame.onset_tick());
            guard.admit(frame.onset_tick(), &frame).unwrap();
            (0..frame.edge_count()).find_map(|edge| {
                let t = frame.edge_tick(edge).unwrap();
                let sense = sample(checked, &frame, edge, t, 1_000).map(|s| match edge {
                    1 => Sensed { current_na: s.current_na + more_na, ..s },
                    _ => s,
                });
                let trip = guard.edge(t, &change(&frame, edge), sense).err()?;
                Some((n, trip.fault, trip.value))
            })
        })
    };
    let checked = Rig { more: quiet, ..asymmetric() }.checked();
    let frame = pulse(checked, 1, PERIOD);
    let current_na = frame.edge_level(0).unwrap().current_na(checked.plan().hardware().channel(0).unwrap());
    assert_eq!(trips(current_na / 10), None, "{current_na}");
    assert_eq!(trips(current_na / 10 + 1), Some((3, Fault::MeasuredBalance, 101)));
}

/// REQ-SAF-590: E-PEAK-1 as the device states it holds for what is measured too, to within what noise may read.
#[test]
fn stricter_peak() {
    let trips = |more: fn(Setup) -> Setup, na: i64| {
        let checked = Rig { more, ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        let frame = pulse(checked, 1, now);
        guard.admit(now, &frame).unwrap();
        guard.edge(now, &change(&frame, 0), None).unwrap();
        let sensed =
            Sensed { current_na: na, voltage_mv: 0, at_tick: now + 20, instant: SampleInstant::PhaseStart };
        guard.sample(now + 20, 0, sensed).err().map(|trip| (trip.fault, trip.rule))
    };
    let own = |setup: Setup| setup;
    let strict = |setup: Setup| setup.with_limit(Layer::Device, &rules::E_PEAK_1, 40_000).unwrap();
    let noise = i64::from(Rig::default().checked().setup().measurement_noise().as_microamps()) * 1_000;
    let over = |rule| Some((Fault::OverCurrent, rule));
    assert_eq!([0, 1].map(|more| trips(strict, 40_000_000 + noise + more)), [None, over("E-PEAK-1")]);
    assert_eq!([0, 1].map(|more| trips(own, 48_000_000 + more)), [None, over("E-OC-1")]);
}

/// Plays pulse `n` with all its current and so many millivolts, and says what the tick after it warns of.
fn warned_at(
    guard: &mut Guard<'static>,
    checked: &'static Checked<'static>,
    (n, at): (u32, u64),
    mv: i32,
) -> Option<Trip> {
    let frame = pulse(checked, n, at);
    guard.keep_alive(at);
    guard.admit(at, &frame).unwrap();
    for edge in 0..frame.edge_count() {
        let t = frame.edge_tick(edge).unwrap();
        let sense = sample(checked, &frame, edge, t, 1_000)
            .map(|s| Sensed { voltage_mv: if s.current_na < 0 { -mv } else { mv }, ..s });
        guard.edge(t, &change(&frame, edge), sense).unwrap();
    }
    guard.tick(at + 5_000).unwrap().warning
}

fn rail(setup: Setup) -> Setup {
    setup.with_rail_mv(100_000).unwrap()
}

/// REQ-SAF-590, REQ-SAF-595: E-COMP-1 as the device states it is what a measured voltage is held against.
#[test]
fn stricter_compliance() {
    let warned = |more: fn(Setup) -> Setup, mv: i32| {
        let checked = Rig { measured: true, more, ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        warned_at(&mut guard, checked, (1, now), mv).map(|trip| (trip.fault, trip.limit))
    };
    let strict = |setup: Setup| rail(setup).with_limit(Layer::Device, &rules::E_COMP_1, 800).unwrap();
    let clips = |limit| Some((Fault::Compliance, limit));
    assert_eq!([90_000, 90_001].map(|mv| warned(rail, mv)), [None, clips(90_000)]);
    assert_eq!([80_000, 80_001].map(|mv| warned(strict, mv)), [None, clips(80_000)]);
}

/// REQ-SAF-595: a voltage near the rail is warned of while pulses have it, and not after one that has not.
#[test]
fn the_voltage_of_the_last_pulse() {
    let checked = Rig { measured: true, more: rail, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    for (n, mv) in [(1_u32, 99_000), (2, 20_000)] {
        let warned =
            warned_at(&mut guard, checked, (n, now + u64::from(n) * PERIOD), mv).map(|trip| trip.fault);
        assert_eq!(warned, (n == 1).then_some(Fault::Compliance), "pulse {n}");
    }
}

/// REQ-SAF-590: E-DC-3 as the device states it, 30 µA and not 50.
#[test]
fn stricter_direct_current() {
    let run = |more: fn(Setup) -> Setup| {
        let checked = Rig { more, ..Rig::default() }.checked();
        let mut guard = armed(checked, 0);
        (1..200_u64).find_map(|n| {
            let now = n * 10_000;
            let leak =
                Sensed { current_na: 40_000, voltage_mv: 0, at_tick: now, instant: SampleInstant::Rest };
            guard.keep_alive(now);
            guard.sample(now, 0, leak).and_then(|()| guard.tick(now).map(drop)).err().map(|trip| trip.fault)
        })
    };
    assert_eq!(run(quiet), None, "the rule's own");
    assert_eq!(
        run(|setup| quiet(setup).with_limit(Layer::Device, &rules::E_DC_3, 30).unwrap()),
        Some(Fault::MeasuredDc)
    );
}

/// REQ-SAF-590: E-WD-1 as the device states it.
#[test]
fn stricter_keep_alive() {
    let checked =
        Rig { more: |s| s.with_limit(Layer::Device, &rules::E_WD_1, 500).unwrap(), ..Rig::default() }
            .checked();
    let mut guard = armed(checked, 0);
    guard.tick(500_000).unwrap();
    assert_eq!(fault(guard.tick(500_001)), Fault::KeepAlive);
}

/// REQ-SAF-034, REQ-SAF-590: N-STEP-1 as the subject states it.
#[test]
fn stricter_step() {
    let checked =
        Rig { more: |s| s.with_limit(Layer::Subject, &rules::N_STEP_1, 500).unwrap(), ..Rig::default() }
            .checked();
    let mut guard = armed(checked, 0);
    assert_eq!(guard.set_level(0, 0, setting(501, 300)).unwrap_err().rule, "N-STEP-1");
    guard.set_level(0, 0, setting(500, 300)).unwrap();
}

/// REQ-SAF-590: the row for r.m.s. current as the subject has it is what the guard trips by, here the value of the plan itself, of which
/// its windows count more than a second.
#[test]
fn stricter_root_mean_square() {
    let rig = Rig::default().checked();
    let value = rig.report().row(&rules::N_RMS_1).unwrap().value.unwrap();
    let plan = Plan::compile(rig.plan().session(), rig.plan().hardware()).unwrap();
    let setup = rig.setup().with_limit(Layer::Subject, &rules::N_RMS_1, value).unwrap();
    let stricter: &'static Checked<'static> =
        Box::leak(Box::new(check(plan, &setup, rig.profile()).unwrap()));
    let trips = [rig, stricter].map(|checked| {
        let (mut guard, now) = ready(checked);
        (1..120).find_map(|n| {
            let onset = now + u64::from(n) * PERIOD;
            tended(&mut guard, onset - 1_000);
            let played = play(&mut guard, &pulse(checked, n, onset))
                .and_then(|()| guard.tick(onset + 1_000).map(drop));
            played.err().map(|trip| (trip.fault, trip.rule))
        })
    });
    assert_eq!(trips, [None, Some((Fault::Rms, "N-RMS-1"))], "{value} µA");
}

/// Plays two seconds of pulses, each driven phase read so many nA stronger; the highest r.m.s. current that a tick told of.
fn read_stronger(rig: Rig, by_na: i64) -> Result<u32, Trip> {
    let checked = rig.checked();
    let (mut guard, now) = ready(checked);
    let mut highest = 0;
    for n in 1..=80_u32 {
        let frame = pulse(checked, n, now + u64::from(n) * PERIOD);
        guard.keep_alive(frame.onset_tick());
        guard.admit(frame.onset_tick(), &frame)?;
        for edge in 0..frame.edge_count() {
            let t = frame.edge_tick(edge).unwrap();
            let stronger =
                |s: Sensed| Sensed { current_na: s.current_na + by_na * s.current_na.signum(), ..s };
            guard.edge(t, &change(&frame, edge), sample(checked, &frame, edge, t, 1_000).map(stronger))?;
        }
        highest = highest.max(guard.tick(frame.onset_tick() + 5_000)?.rms_second_ua);
    }
    Ok(highest)
}

/// REQ-SAF-721: r.m.s. current is that of the larger of commanded and measured current, and what is measured within the declared
/// error is no larger: readings 1 mA too high trip nothing at the limit of what is commanded, one nA more does.
#[test]
fn noise_is_no_rms_current() {
    let rig = |more| Rig { set: (20_000, 300), ceiling: (20_000, 300), more, ..Rig::default() };
    let plain = read_stronger(rig(|setup| setup), 0).unwrap();
    assert_eq!(plain, 3_286, "what the limit below is one above");
    let capped = |setup: Setup| setup.with_limit(Layer::Device, &rules::N_RMS_X, 3_287).unwrap();
    assert_eq!(read_stronger(rig(capped), 1_000_000), Ok(plain));
    assert_eq!(fault(read_stronger(rig(capped), 1_000_001)), Fault::Rms);
}

/// REQ-SAF-722: a gap that is driven at zero with an offset is measured there: what stands beside it by 1 mA is no stuck output, no
/// imbalance and no direct current, one nA more is the first.
#[test]
fn a_zero_with_an_offset_is_not_stuck() {
    let rig = Rig { gap_rest: Rest::DrivenZero, gains: (200_000, 200_000), ..Rig::default() };
    for offset_na in [90_000, -90_000] {
        let old = rig.checked();
        let output = ChannelHardware { offset_na, ..*old.plan().hardware().channel(0).unwrap() };
        let hardware = Hardware::new(*old.plan().hardware().timing(), &[output], 0).unwrap();
        let plan = Plan::compile(old.plan().session(), &hardware).unwrap();
        let checked = Box::leak(Box::new(check(plan, old.setup(), old.profile()).unwrap()));
        let way = i64::from(offset_na.signum());
        let gap_read_at = |na: i64| {
            let (mut guard, now) = ready(checked);
            let mut dc_na = 0;
            for n in 1..=4_u32 {
                let frame = pulse(checked, n, now + u64::from(n) * PERIOD);
                guard.keep_alive(frame.onset_tick());
                guard.admit(frame.onset_tick(), &frame)?;
                for edge in 0..frame.edge_count() {
                    let t = frame.edge_tick(edge).unwrap();
                    let of_gap = edge > 0 && frame.edge_level(edge - 1) == Some(Level::Code(0));
                    let read = Sensed {
                        current_na: i64::from(offset_na) + na,
                        voltage_mv: 0,
                        at_tick: t - 1,
                        instant: SampleInstant::Rest,
                    };
                    let sense = if of_gap { Some(read) } else { sample(checked, &frame, edge, t, 1_000) };
                    guard.edge(t, &change(&frame, edge), sense)?;
                }
                dc_na = guard.tick(frame.onset_tick() + 5_000)?.measured_dc_na;
            }
            Ok(dc_na)
        };
        // 9 nC a pulse would be 36 nA
        for na in [0, way * 1_000_000] {
            let dc_na = gap_read_at(na).unwrap();
            assert!(dc_na.abs() < 5, "{dc_na} nA: the phases pay back what the gap leaves");
        }
        assert_eq!(fault(gap_read_at(way * 1_000_001)), Fault::StuckOutput);
        assert_eq!(fault(gap_read_at(-way * 1_000_001)), Fault::StuckOutput);
    }
}
