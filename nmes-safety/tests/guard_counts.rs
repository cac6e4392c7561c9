//! What the guard counts in a second against what the check counts: where a plan within its limit may trip, the check says so.

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

/// The plan of a rig with the r.m.s. current that a subject is allowed; none where the check denies it.
fn limited(rig: &Rig, microamps: u64) -> Option<&'static Checked<'static>> {
    let old = rig.checked();
    let plan = Plan::compile(old.plan().session(), old.plan().hardware()).unwrap();
    let setup = old.setup().with_limit(Layer::Subject, &rules::N_RMS_X, microamps).unwrap();
    Some(Box::leak(Box::new(check(plan, &setup, old.profile()).ok()?)))
}

/// When the pulses of a train stand, in µs, for so long.
fn onsets(channel: &ChannelPlan<'_>, until: u64) -> Vec<u64> {
    let period = channel.period_ticks();
    let sums = |list: &[Micros]| -> Vec<u64> {
        let all = list
            .iter()
            .cycle()
            .scan(0, |at, us| Some(std::mem::replace(at, *at + u64::from(us.as_micros()))));
        all.take_while(|at| *at < until).collect()
    };
    match channel.channel().train.timing {
        Timing::Bursts(Bursts { pulses, every }) => {
            let last = every.per_us() - (u32::from(pulses) - 1) * u32::try_from(period).unwrap();
            let within = Micros::from_micros(u32::try_from(period).unwrap()).unwrap();
            let list: Vec<Micros> = std::iter::repeat_n(within, usize::from(pulses) - 1)
                .chain(Micros::from_micros(last))
                .collect();
            sums(&list)
        }
        Timing::List(list) => sums(list),
        _ => (0..).map(|n| n * period).take_while(|at| *at < until).collect(),
    }
}

/// 2.5 s at full level, every pulse followed by a tick, the first `shift` ticks later than it might be: whether the guard
/// tripped.
fn trips(checked: &'static Checked<'static>, shift: u64) -> bool {
    let (mut guard, now) = ready(checked);
    let channel = checked.plan().channel(0).unwrap();
    let first = now + shift + channel.period_ticks();
    for (sequence, at) in (0..).zip(onsets(channel, 2_500_000)) {
        let onset = first + at;
        let frame = pulse(checked, sequence, onset);
        tended(&mut guard, onset - 1_000);
        play(&mut guard, &frame).unwrap();
        let answer = guard.tick(frame.edge_tick(frame.edge_count() - 1).unwrap());
        if let Err(trip) = answer {
            assert_eq!((trip.fault, trip.rule), (Fault::Rms, "N-RMS-X"), "{trip}");
            return true;
        }
    }
    false
}

/// REQ-SAF-553: at a limit that a plan keeps the guard trips only where the check says that it may; and it does say so, and
/// trip, just below the limit.
#[test]
fn a_trip_within_the_limit_is_told_of() {
    let long = |us| Rig { set: (40_000, us), ceiling: (40_000, us), ..Rig::default() };
    let rigs = [
        Rig::default(),
        Rig { hz: 7, ..Rig::default() },
        Rig { hz: 1, ..Rig::default() },
        Rig { hz: 80, late: 6, stamp: 1, ..Rig::default() },
        Rig { hz: 16, balance: Balance::Asymmetric { length_percent: 400 }, ..Rig::default() },
        Rig { hz: 125, ..long(500) },
    ];
    let [told, tripped, untold] = told_and_tripped(&rigs);
    assert!(tripped >= 12 && told <= 3 * tripped && untold >= 6, "{tripped} of {told}, {untold}");
}

/// REQ-SAF-553, REQ-SAF-701, REQ-SAF-708: the same of bursts and of listed intervals. Their limit is that of a period within a burst,
/// so that the guard comes near it only where a burst lasts as long as its window.
#[test]
fn a_trip_of_uneven_trains_is_told_of() {
    let bursts = |hz, pulses, per_us| {
        let every = Rate::new(1, per_us).unwrap();
        let train = Train { timing: Timing::Bursts(Bursts { pulses, every }), ..Train::default() };
        Rig { hz, train, ..Rig::default() }
    };
    let list = |hz, ms: &[u32]| {
        let all: Vec<Micros> = ms.iter().map(|ms| Micros::from_micros(ms * 1_000).unwrap()).collect();
        let train = Train { timing: Timing::List(all.leak()), ..Train::default() };
        Rig { hz, train, ..Rig::default() }
    };
    let rigs = [
        bursts(40, 60, 3_000_000),
        bursts(80, 95, 1_900_000),
        bursts(100, 130, 1_400_000),
        list(20, &[50, 51, 50, 55]),
        list(8, &[125, 125, 130]),
    ];
    let [told, tripped, untold] = told_and_tripped(&rigs);
    assert!(tripped >= 12 && told <= 2 * tripped && untold >= 3, "{tripped} of {told}, {untold}");
    let rigs = [bursts(100, 7, 500_000), bursts(100, 20, 1_900_000), list(40, &[25, 25, 25, 25, 800])];
    let [told, tripped, untold] = told_and_tripped(&rigs);
    assert!(told + tripped == 0 && untold >= 20, "{tripped} of {told}, {untold}");
}

/// REQ-SAF-709: bursts and lists as they are planned are admitted for as long as they go on; at the rate within a burst no more
/// than one burst has, and in the long run no more than the plan's.
#[test]
fn bursts_that_do_not_end() {
    let bursts = Timing::Bursts(Bursts { pulses: 7, every: Rate::from_hz(1).unwrap() });
    let list = [25_000, 25_000, 25_000, 25_000, 800_000].map(|us| Micros::from_micros(us).unwrap());
    let list = Timing::List(list.to_vec().leak());
    for (hz, timing, period, most, average) in
        [(100, bursts, 10_000, 7, 142_857), (40, list, 25_000, 5, 180_000)]
    {
        let checked = Rig { hz, train: Train { timing, ..Train::default() }, ..Rig::default() }.checked();
        let planned = onsets(checked.plan().channel(0).unwrap(), 60_000_000);
        assert_eq!(refused(checked, planned.into_iter()), None);
        assert_eq!(refused(checked, (0..).map(|n| n * period)), Some(most + 1));
        assert_eq!(refused(checked, (0..2_000).map(|n| n * average)), None);
        assert!(refused(checked, (0..2_000).map(|n| n * (average - average / 100))).is_some());
    }
}

/// REQ-SAF-709: E-DC-3 is widened by the pulses that a burst has, of a declared direct current, and not by as many as a second has
/// periods: in nine eighths of a second two bursts may come.
#[test]
fn declared_current_of_bursts() {
    let timing = Timing::Bursts(Bursts { pulses: 7, every: Rate::from_hz(1).unwrap() });
    let rig = Rig {
        hz: 100,
        gap_us: 0,
        train: Train { timing, ..Train::default() },
        set: (2_000, 300),
        ceiling: (2_000, 300),
        balance: Balance::DeclaredDc { at_most: MicroAmps::from_microamps(1_000).unwrap() },
        more: |setup| setup.with_measurement_noise(MicroAmps::from_microamps(20).unwrap()).unwrap(),
        ..Rig::default()
    };
    let (mut guard, now) = ready(rig.checked());
    play(&mut guard, &pulse(rig.checked(), 1, now)).unwrap();
    let trip = (1..2_000).find_map(|n| {
        let at_tick = now + 1_000 + n * 1_000;
        guard.keep_alive(at_tick);
        let leak = Sensed { current_na: 110_000, voltage_mv: 0, at_tick, instant: SampleInstant::Rest };
        guard.sample(at_tick, 0, leak).and_then(|()| guard.tick(at_tick)).err()
    });
    let trip = trip.unwrap();
    assert_eq!((trip.fault, trip.limit), (Fault::MeasuredDc, 50_000_000_000 + 14 * 2_000_000 * 300));
}

/// REQ-SAF-709: a train that begins anew begins a burst, however soon after the one before.
#[test]
fn bursts_that_begin_anew() {
    let timing = Timing::Bursts(Bursts { pulses: 7, every: Rate::from_hz(1).unwrap() });
    let train = Train { timing, ..Train::default() };
    let anew = |rest| {
        let schedule = Schedule::Cyclic(Cycle { hold: ms(200), rest: ms(rest) });
        Rig { hz: 100, train, schedule, class: UseClass::Specialist, ..Rig::default() }.checked()
    };
    // two bursts' pulses, and what comes due while they come
    for (rest, most) in [(1_000, 16), (3_000, 15)] {
        // as soon as the rest is over
        let again = 60_000 + u64::from(rest) * 1_000;
        let trains = (0..60_u64).flat_map(|train| (0..7).map(move |n| train * again + n * 10_000));
        assert_eq!(refused(anew(rest), trains), None, "{rest}");
        assert_eq!(refused(anew(rest), (0..200).map(|n| n * 10_000)), Some(most + 1), "{rest}");
    }
}

/// REQ-SAF-709: a burst after a fresh arming is one of its own, however soon after the one before, and after pulses that looked for
/// contact.
#[test]
fn a_burst_after_a_fresh_arming() {
    let timing = Timing::Bursts(Bursts { pulses: 7, every: Rate::new(1, 10_000_000).unwrap() });
    let set = (1_000, 200);
    let rig =
        Rig { hz: 100, train: Train { timing, ..Train::default() }, set, ceiling: set, ..Rig::default() };
    let checked = rig.checked();
    let burst = |guard: &mut Guard<'static>, from: u32, at: u64| {
        (0..7).try_for_each(|n| play(guard, &pulse(checked, from + n, at + u64::from(n) * 10_000)))
    };
    let (mut guard, now) = ready(checked);
    burst(&mut guard, 0, now).unwrap();
    let later = now + 200_000;
    guard.handle(later, Event::Disarm).unwrap();
    // E-SLEW-1
    let later = later + 1_000_000;
    guard.handle(later, Event::Probe).unwrap();
    guard.set_level(later, 0, setting(1_000, 200)).unwrap();
    for n in 0..5 {
        let at = later + 10_000 + u64::from(n) * 100_000;
        assert!(play(&mut guard, &pulse(checked, 10 + n, at)).is_ok(), "{n}");
    }
    let armed = later + 600_000;
    guard.handle(armed, Event::Contact).unwrap();
    let now = raise(&mut guard, checked, armed);
    assert!(now < later + 4_000_000, "within the ten seconds of a burst");
    burst(&mut guard, 20, now).unwrap();
}

/// At how many limits that a plan keeps it is told that the guard may trip, at how many it does, and at how many near the
/// value nothing is told. It never does where nothing is told.
fn told_and_tripped(rigs: &[Rig]) -> [u32; 3] {
    let (mut told, mut tripped, mut untold) = (0, 0, 0);
    for rig in rigs {
        let rms = rig.checked().report().row(&rules::N_RMS_X).unwrap().value.unwrap();
        for percent in [98, 100, 103, 106, 110, 116, 125, 150, 200, 300] {
            let Some(checked) = limited(rig, rms * percent / 100) else {
                assert!(percent < 103, "{percent} % of {rms}");
                continue;
            };
            let row = checked.report().row(&rules::N_RMS_X).unwrap();
            assert_eq!(row.verdict, Verdict::Pass);
            let may = row.remark == Some(Remark::GuardMayTrip);
            let does = [0, 20_000, 62_400, 124_700].into_iter().any(|shift| trips(checked, shift));
            assert!(may || !does, "{percent} % of {rms} µA: {rig:?}");
            told += u32::from(may);
            tripped += u32::from(does);
            untold += u32::from(!may && percent <= 150);
        }
    }
    [told, tripped, untold]
}

/// REQ-SAF-553: the same of a pulse whose repeats last 0.8 s: one of them is whole in each eighth that it touches, up to eight.
#[test]
fn a_long_pulse_counts_in_every_eighth() {
    let repeat = Repeat { count: 3, gap: Micros::from_micros(399_000).unwrap() };
    let rig = Rig { hz: 1, repeat, ..Rig::default() };
    let rms = rig.checked().report().row(&rules::N_RMS_X).unwrap().value.unwrap();
    let seen = [100, 200, 250, 280, 300, 450].map(|percent| {
        let checked = limited(&rig, rms * percent / 100).unwrap();
        let told = checked.report().row(&rules::N_RMS_X).unwrap().remark == Some(Remark::GuardMayTrip);
        let tripped = (0..20).any(|n| {
            let (mut guard, now) = ready(checked);
            let set = checked.plan().session().channels()[0].set;
            let frame = checked.plan().frame(0, set, now + 10 + n * 7_000).unwrap();
            play(&mut guard, &frame).unwrap();
            guard.tick(frame.edge_tick(frame.edge_count() - 1).unwrap()).is_err()
        });
        assert!(told || !tripped, "{percent} %");
        (told, tripped)
    });
    assert_eq!((seen[3], seen[5]), ((true, true), (false, false)), "{seen:?}");
}

/// REQ-SAF-702: a channel that the guard may trip on is told of in the row of another one that has more.
#[test]
fn the_worst_channel_hides_none() {
    let told = |channels: &[(u32, u32)]| {
        let rig = Rig::default().checked();
        let usual = rig.plan().session().channels()[0];
        let all: Vec<Channel<'_>> = channels
            .iter()
            .map(|&(ua, hz)| {
                let set = setting(ua, 500);
                Channel { set, ceiling: set, rate: Rate::from_hz(hz).unwrap(), ..usual }
            })
            .collect();
        let dac = *rig.plan().hardware().channel(0).unwrap();
        let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &vec![dac; all.len()], 0).unwrap();
        let session = Session::new(&all, Schedule::Continuous, ms(60_000)).unwrap();
        let plan = Plan::compile(&session, &hardware).unwrap();
        let setup = Setup::new(&vec![5_000; all.len()], UseClass::Specialist).unwrap();
        let setup = setup.with_limit(Layer::Device, &rules::N_RMS_X, 7_000).unwrap();
        let report = assess(&plan, &setup, &Profile::default());
        let row = *report.row(&rules::N_RMS_X).unwrap();
        (row.value, row.verdict, row.remark == Some(Remark::GuardMayTrip))
    };
    assert_eq!(told(&[(130_000, 1)]), (Some(4_111), Verdict::Pass, true));
    assert_eq!(told(&[(29_000, 40)]), (Some(5_800), Verdict::Pass, false));
    assert_eq!(told(&[(130_000, 1), (29_000, 40)]), (Some(5_800), Verdict::Pass, true));
}
