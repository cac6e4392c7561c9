//! Inputs next to an onset: how long it waits, at most, and what they leave alone.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::*;
use nmes_core::*;

fn spaced(late_max_ticks: u32) -> HardwareTiming {
    let min_edge_ticks = if late_max_ticks == 0 { 20 } else { late_max_ticks };
    HardwareTiming { min_edge_ticks, late_max_ticks, ..HardwareTiming::ideal(1_000_000) }
}

/// REQ-CORE-145: a storm of gate inputs and of pauses, nearer to one another than an edge spacing, moves no onset.
#[test]
fn a_storm_of_inputs_moves_no_onset() {
    let storms: [&[Action]; 2] =
        [&[Action::Gate(GateInput::Open), Action::Gate(GateInput::Hold)], &[Action::Pause, Action::Resume]];
    for (storm, late) in storms.into_iter().flat_map(|storm| [(storm, 0), (storm, 20)]) {
        let channels = [Channel { ramp: ramped(50, 50, 0), ..plain() }];
        with_plan(&channels, gated(900, 0, 600), 1_000, spaced(late), |plan| {
            let open = (0, Action::Gate(GateInput::Open));
            let all = |step: usize| {
                let inputs = (90_000..130_000_u64).step_by(step).enumerate();
                let inputs = inputs.map(|(n, at)| (at, storm[n % storm.len()]));
                std::iter::once(open).chain(inputs).chain([(130_000, storm[1])]).collect::<Vec<_>>()
            };
            let (quiet, stormy) = (play_on(plan, &[open], || 0), play_on(plan, &all(15), || 0));
            let ticks = |run: &Run| run.onsets(0).iter().map(|p| p.0).collect::<Vec<_>>();
            assert_eq!(ticks(&stormy), ticks(&quiet), "{storm:?}");
            assert_eq!(stormy.counters[0].deferred, quiet.counters[0].deferred);
        });
    }
}

/// REQ-CORE-145: nor do settings move an onset that is silent when its time comes.
#[test]
fn a_storm_of_settings_moves_no_silent_onset() {
    with_plan(&[plain()], Schedule::Continuous, 200, spaced(0), |plan| {
        let silent = |us| {
            Action::Command(0, Setting { amplitude: MicroAmps::ZERO, ..Setting::new(1_000, us).unwrap() })
        };
        let storm = (49_990..50_500_u64).step_by(15).zip([290, 300].into_iter().cycle());
        let mut script = vec![(1, silent(300))];
        script.extend(storm.map(|(at, us)| (at, silent(us))));
        script.push((50_505, Action::Command(0, plain().set)));
        let run = play_on(plan, &script, || 0);
        let second = run.pulses().nth(1).unwrap();
        assert_eq!((second.onset_tick, second.deferred_ticks), (75_000, 0));
    });
}

/// REQ-CORE-145: what ends a train or silences it takes away a pulse that is to begin an edge spacing later.
#[test]
fn what_ends_a_train_takes_its_next_pulse() {
    for last in [Action::Gate(GateInput::Close { down: None }), Action::Pause] {
        with_plan(&[plain()], gated(900, 0, 60), 1_000, spaced(0), |plan| {
            // onsets stand at 20 and every 25 ms after it
            for (at, pulses) in [(50_020 - 20, 2), (50_020 - 1, 2), (50_020 + 1, 3)] {
                let run = play_on(plan, &[(0, Action::Gate(GateInput::Open)), (at, last)], || 0);
                assert_eq!(run.counters[0].pulses, pulses, "{last:?} at {at}");
            }
        });
    }
}

/// REQ-CORE-146: of two settings at one instant the last one counts, also where the first makes a frame that begins an edge
/// spacing later; once that was accepted, it is left as it is.
#[test]
fn the_last_of_two_settings_counts() {
    for accepts in [false, true] {
        with_plan(&[plain()], Schedule::Continuous, 1_000, spaced(0), |plan| {
            with_engine(plan, |engine| {
                let silent = Setting { amplitude: MicroAmps::ZERO, ..plain().set };
                engine.command(0, silent, 0).unwrap();
                advance(engine, 0);
                let Next::At(onset) = engine.next() else { panic!("a silent onset") };
                assert_eq!(engine.step().unwrap().changes().count(), 0);
                engine.command(0, plain().set, onset).unwrap();
                if accepts {
                    accept_all(engine);
                }
                engine.command(0, silent, onset).unwrap();
                let (_, receipts) = run_out(engine, || 0);
                assert_eq!(receipts.len(), usize::from(accepts));
            });
        });
    }
}

/// REQ-CORE-147: asked whether it would take a setting, an engine answers as it would a command, and nothing changes.
#[test]
fn validate_changes_nothing() {
    with_plan(&[plain()], Schedule::Continuous, 1_000, spaced(0), |plan| {
        with_engine(plan, |engine| {
            advance(engine, 0);
            let seen = |engine: &Engine<'_, '_>| {
                (engine.setting(0), engine.next(), engine.pending().map(|f| f.sequence()))
            };
            let before = seen(engine);
            let settings =
                [(0, 300), (39_000, 300), (40_000, 300), (40_001, 300), (40_000, 301), (40, 300), (1_000, 0)];
            for (channel, (ua, us)) in settings.into_iter().map(|s| (0, s)).chain([(1, (1_000, 300))]) {
                let setting = Setting::new(ua, us).unwrap();
                let asked = engine.validate(channel, setting);
                assert_eq!(seen(engine), before);
                let mut storage = [ChannelState::new()];
                let mut other = Engine::new(plan, &mut storage).unwrap();
                assert_eq!(asked, other.command(channel, setting, 0).map(drop), "{setting:?}");
            }
        });
    });
}

/// The second pulse of a train, which was lowered to `ua` `ahead` ticks before it, after a first whose last edge was late.
fn lowered(plan: &Plan<'_>, ua: u32, ahead: u64) -> u64 {
    with_engine(plan, |engine| {
        let late = u64::from(plan.hardware().timing().late_max_ticks);
        for edge in 0..4 {
            advance(engine, if edge == 3 { late } else { 0 });
        }
        assert_eq!(engine.take_receipt().unwrap().kind, FrameKind::Pulse);
        accept_all(engine);
        let Next::At(onset) = engine.next() else { panic!("a pulse") };
        engine.command(0, Setting::new(ua, 300).unwrap(), onset - ahead).unwrap();
        let (_, receipts) = run_out(engine, || late);
        receipts.iter().find(|r| r.kind == FrameKind::Pulse).unwrap().deferred_ticks
    })
}

/// REQ-CORE-148: an onset waits for a setting just before it, and for the trims that a weaker pulse then needs; never longer
/// than the plan says. Where no edge is late there are none.
#[test]
fn a_lowered_pulse_waits_for_its_trims() {
    for late in [0, 1, 5, 20] {
        with_plan(&[plain()], Schedule::Continuous, 200, spaced(late), |plan| {
            let spacing = u64::from(plan.hardware().edge_spacing_ticks());
            let most = plan.channel(0).unwrap().deferral_ticks();
            let waits: Vec<u64> = [100, 500, 3_000, 39_000]
                .iter()
                .flat_map(|&ua| (1 + spacing..500).map(move |ahead| (ua, ahead)))
                .map(|(ua, ahead)| lowered(plan, ua, ahead))
                .collect();
            let longest = *waits.iter().max().unwrap();
            assert!(longest <= most, "{longest} of {most}");
            assert_eq!(longest > spacing, late > 0, "L = {late}: {longest}");
            assert_eq!((late == 0).then_some(most), (late == 0).then_some(20));
        });
    }
}

/// REQ-CORE-148: three inputs around an onset, at every instant and in every order that does something: the pulse waits no
/// longer than the plan says, and one that is kept from beginning by a pause does not come after it.
#[test]
fn no_three_inputs_put_an_onset_off_twice() {
    let timing = HardwareTiming { min_edge_ticks: 8, ..HardwareTiming::ideal(1_000_000) };
    let (onset, gate) = (50_008_u64, [GateInput::Open, GateInput::Hold]);
    for (up, floor) in [0, 50, 200, 2_000].into_iter().flat_map(|up| [(up, 0), (up, 20_000)]) {
        let channels = [Channel { ramp: ramped(up, up, floor), ..plain() }];
        with_plan(&channels, gated(900, 0, 600), 4_950, timing, |plan| {
            let most = plan.channel(0).unwrap().deferral_ticks();
            let near = onset - 9..onset + 12;
            for (first, second) in near.clone().flat_map(|a| (a + 1..near.end).map(move |b| (a, b))) {
                for (third, last) in (second..near.end).step_by(3).flat_map(|c| gate.map(|g| (c, g))) {
                    let inputs = [
                        (0, Action::Gate(GateInput::Open)),
                        (100, Action::Pause),
                        (first, Action::Resume),
                        (second, Action::Pause),
                        (third, Action::Gate(last)),
                    ];
                    let run = play_on(plan, &inputs, || 0);
                    let waits: Vec<_> = run.pulses().map(|p| (p.onset_tick, p.deferred_ticks)).collect();
                    assert!(waits.iter().all(|w| w.1 <= most), "{up} ms {inputs:?}: {waits:?}, not {most}");
                    let after = waits.iter().filter(|w| w.0 > second).count();
                    assert!(up > 0 || after == 0, "{inputs:?}: {waits:?}");
                }
            }
        });
    }
}

/// REQ-CORE-148: a pulse that waits for another channel is silent where its setting is too old by then, and comes where a
/// command made it good again before it.
#[test]
fn a_pulse_that_waits_looks_at_its_setting_when_it_comes() {
    let train = Train { stale_after: ms(100), ..Train::default() };
    let channels = [plain(), Channel { train, ..plain() }];
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
    let session = session.with_overlap(Overlap::Defer(Micros::from_micros(5_000).unwrap()));
    let output = ChannelHardware { source: 1, ..DAC };
    let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[output, output], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    // the pulse of 100 ms stands at 100,717, and a command of tick 300 is good up to 100,300
    for (again, pulses) in [(None, 4), (Some(99_000), 8)] {
        let set = |at| (at, Action::Command(1, plain().set));
        let run = play_on(&plan, &[vec![set(300)], again.map(set).into_iter().collect()].concat(), || 0);
        let onsets = run.onsets(1);
        let every: Vec<_> = (1..pulses).map(|n| (n * 25_000 + 717, 400)).collect();
        assert_eq!(onsets[1..], every, "{again:?}");
    }
}
