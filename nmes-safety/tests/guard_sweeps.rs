//! What the guard holds trains to whose rate moves, or whose stages have rates of their own.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod check_support;
mod guard_support;

use guard_support::*;
use nmes_core::*;
use nmes_safety::*;
use proptest::prelude::*;

/// When the pulses of a session stand as the engine makes them, from the first, in ticks.
fn played(checked: &Checked<'_>) -> Vec<u64> {
    let mut storage = [ChannelState::new()];
    let mut engine = Engine::new(checked.plan(), &mut storage).unwrap();
    engine.command(0, checked.plan().session().channels()[0].ceiling, 0).unwrap();
    engine.start(0);
    let mut onsets = Vec::new();
    loop {
        if let Some(frame) = engine.pending() {
            onsets.extend((frame.kind() == FrameKind::Pulse).then_some(frame.onset_tick()));
            engine.accept(frame.channel(), frame.sequence());
        }
        let Next::At(tick) = engine.next() else { break };
        engine.applied(tick).unwrap();
    }
    // none where a train is over before its second onset: the first stands at the foot of its ramp
    let first = onsets.first().copied().unwrap_or(0);
    onsets.into_iter().map(|onset| onset - first).collect()
}

fn sweep(from: Rate, to: Rate, over_ms: u32, law: SweepLaw) -> Train<'static> {
    Train { timing: Timing::Sweep(Sweep { from, to, over: ms(over_ms), law }), ..Train::default() }
}

/// REQ-SAF-693: a sweep that falls may be ahead of the rate that it ends at by what its beginning has, and no more; one that rises not
/// at all, whatever rate the channel may have.
#[test]
fn sweeps_that_do_not_end() {
    let hz = |hz| Rate::from_hz(hz).unwrap();
    // 55 pulses in the first second, 10 in each after it: 45 ahead, what comes due meanwhile, and what is rounded
    for (from, over, most) in [(100, 1_000, 52..=57), (20, 2_000, 13..=17), (10, 1_000, 2..=5)] {
        let train = sweep(hz(from), hz(10), over, SweepLaw::Linear);
        let checked = Rig { hz: 100, train, ..Rig::default() }.checked();
        assert_eq!(refused(checked, played(checked).into_iter()), None);
        let first = refused(checked, (0..).map(|n| n * 10_000)).unwrap();
        assert!(most.contains(&first), "{from}: {first}");
        assert_eq!(refused(checked, (0..600).map(|n| n * 100_000)), None);
        assert!(refused(checked, (0..6_000).map(|n| n * 99_000)).is_some());
    }
    let checked =
        Rig { hz: 100, train: sweep(hz(5), hz(20), 1_000, SweepLaw::Linear), ..Rig::default() }.checked();
    assert_eq!(refused(checked, played(checked).into_iter()), None);
    assert_eq!(refused(checked, (0..).map(|n| n * 10_000)), Some(3));
}

/// REQ-SAF-693: of stages that all have rates of their own the fastest is the most there is.
#[test]
fn stages_with_rates() {
    let stage = |hz, hold| Stage {
        cycle: Cycle { hold: ms(hold), rest: ms(500) },
        repeats: 5,
        level_permille: 1_000,
        rate: Rate::from_hz(hz).ok(),
    };
    let slow = Schedule::Program(vec![stage(5, 2_000), stage(20, 1_000), stage(3, 900)].leak());
    let own = Schedule::Program(vec![stage(5, 2_000), Stage { rate: None, ..stage(20, 1_000) }].leak());
    let of = |schedule| Rig { hz: 100, schedule, class: UseClass::Specialist, ..Rig::default() }.checked();
    assert_eq!(
        [slow, own].map(|schedule| refused(of(schedule), played(of(schedule)).into_iter())),
        [None; 2]
    );
    assert_eq!(refused(of(slow), (0..).map(|n| n * 10_000)), Some(3));
    assert_eq!(refused(of(own), (0..150).map(|n| n * 10_000)), None);
}

proptest! {
    #![proptest_config(check_support::config(150))]

    /// REQ-SAF-693: whatever sweep is planned, in trains of any length after rests of any length, is admitted.
    #[test]
    fn sweeps_as_they_are_planned(
        rate in (2_u32..100, 900_000_u32..1_500_000), slower in (1_u32..20, 1_u32..20), over in 1_u32..4_000,
        exponential in any::<bool>(), hold in 100_u32..3_000, rest in 0_u32..3_000,
    ) {
        let law = if exponential { SweepLaw::Exponential } else { SweepLaw::Linear };
        let at = |times| Rate::new(rate.0, rate.1 * times).unwrap();
        let schedule = Schedule::Cyclic(Cycle { hold: ms(hold), rest: ms(rest) });
        let train = sweep(at(slower.0), at(slower.1), over, law);
        let hz = (rate.0 * 1_000_000).div_ceil(rate.1);
        let usual = Rig { class: UseClass::Specialist, seconds: 30, ..Rig::default() };
        for schedule in [schedule, Schedule::Continuous] {
            let checked = Rig { hz, train, schedule, ..usual }.checked();
            prop_assert_eq!(refused(checked, played(checked).into_iter()), None);
        }
    }
}
