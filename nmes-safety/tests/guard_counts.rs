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

/// 2.5 s at full level, every pulse followed by a tick, the first `shift` ticks later than it might be: whether the guard
/// tripped.
fn trips(checked: &'static Checked<'static>, shift: u64) -> bool {
    let (mut guard, now) = ready(checked);
    let period = checked.plan().channel(0).unwrap().period_ticks();
    let onsets = (1..).map(|n| now + shift + n * period).take_while(|onset| *onset < now + 2_500_000);
    for (sequence, onset) in (0..).zip(onsets) {
        let frame = pulse(checked, sequence, onset);
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
    let (mut told, mut tripped, mut untold) = (0, 0, 0);
    let long = |us| Rig { set: (40_000, us), ceiling: (40_000, us), ..Rig::default() };
    for rig in [
        Rig::default(),
        Rig { hz: 7, ..Rig::default() },
        Rig { hz: 1, ..Rig::default() },
        Rig { hz: 80, late: 6, stamp: 1, ..Rig::default() },
        Rig { hz: 16, balance: Balance::Asymmetric { length_percent: 400 }, ..Rig::default() },
        Rig { hz: 125, ..long(500) },
    ] {
        let rms = rig.checked().report().row(&rules::N_RMS_X).unwrap().value.unwrap();
        for percent in [98, 100, 103, 106, 110, 116, 125, 150, 200, 300] {
            let Some(checked) = limited(&rig, rms * percent / 100) else {
                assert!(percent < 100, "{percent} % of {rms}");
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
    assert!(tripped >= 12 && told <= 3 * tripped && untold >= 6, "{tripped} of {told}, {untold}");
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
