//! Trains and ramps of plans that are played out edge by edge, against the check.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test stops at the first surprise"
)]

mod check_support;
mod played_support;

use check_support::{Case, config, exercise, ms};
use nmes_core::*;
use nmes_safety::*;
use played_support::{Lateness, Wave, play, step, value};
use proptest::prelude::*;

/// A gated channel of 20 Hz, with what a trigger may do to it.
fn gated(gate: Gate, ramps: (u32, u32, u32)) -> Case {
    Case {
        schedule: Schedule::Gated(gate),
        up_down_min: ramps,
        length_ms: 70_000,
        rate: (20, 1_000_000),
        setup: exercise(5_000),
        ..Case::new()
    }
}

/// Trains as they were played: the first and the last onset of each, where a pause of `rest` or more parts two.
fn trains(wave: &Wave, rest: u64) -> Vec<(u64, u64)> {
    let mut trains: Vec<(u64, u64)> = Vec::new();
    for &(at, _) in wave.frames.iter().filter(|frame| frame.1) {
        match trains.last_mut() {
            Some(train) if at - train.1 < rest => train.1 = at,
            _ => trains.push((at, at)),
        }
    }
    trains
}

/// The steepest change of the level from one pulse of a train to the next, in µA a second.
fn steepest(wave: &Wave, rest: u64) -> u64 {
    let peak = |at: u64| {
        let first = wave.steps.partition_point(|step| step.0 < at);
        wave.steps[first..].iter().take(3).map(|step| step.1.unsigned_abs()).max().unwrap_or(0)
    };
    let pulses: Vec<(u64, u64)> =
        wave.frames.iter().filter(|frame| frame.1).map(|f| (f.0, peak(f.0))).collect();
    let pairs = pulses.windows(2).filter(|pair| pair[1].0 - pair[0].0 < rest);
    // a code, 1 µA, is rounded either way
    let slope = |pair: &[(u64, u64)]| {
        pair[0].1.abs_diff(pair[1].1).saturating_sub(2_000) * 1_000 / (pair[1].0 - pair[0].0)
    };
    pairs.map(slope).max().unwrap_or(0)
}

proptest! {
    #![proptest_config(config(25))]

    /// REQ-SAF-402: whatever a trigger does, no train of a gated session is longer, no rest shorter and no ramp steeper than
    /// the check counts with.
    #[test]
    fn gates(
        max_on in 500_u32..6_000, min_off in 200_u32..3_000, per_minute in 1_u16..40,
        ramps in (100_u32..1_500, 100_u32..1_500, 100_u32..1_500), seed in any::<u64>(), greedy in any::<bool>(),
    ) {
        let gate = Gate { max_on: ms(max_on), min_off: ms(min_off), max_triggers_per_minute: per_minute, refractory: Millis::ZERO };
        let (up, down) = (ramps.0, ramps.1.max(ramps.2));
        let case = gated(gate, (up, down, ramps.2.min(ramps.1)));
        let played = case.try_plan(|plan| {
            let report = assess(&plan, &case.setup, &case.profile);
            let mut random = seed | 1;
            let mut trigger = |now: u32| {
                random = step(random);
                match (random >> 40) % 1_000 {
                    _ if greedy && now.is_multiple_of(10) => Some(GateInput::Open),
                    0 | 1 => Some(GateInput::Open),
                    2 => Some(GateInput::Hold),
                    3 => Some(GateInput::Close { down: Some(case.channel().ramp.down_min) }),
                    _ => None,
                }
            };
            (report, play(&plan, Lateness::Never, 70_000, &mut trigger))
        });
        let Ok((report, Some(waves))) = played else { return Err(TestCaseError::reject("not a plan")) };
        let rest = u64::from(min_off) * 1_000;
        let trains = trains(&waves[0], rest);
        let longest = trains.iter().map(|train| (train.1 - train.0) / 1_000).max().unwrap_or(0);
        prop_assert!(u128::from(longest) <= value(&report, &rules::E_DUTY_1), "{} ms on", longest);
        let shortest = trains.windows(2).map(|pair| (pair[1].0 - pair[0].1) / 1_000).min().unwrap_or(u64::MAX);
        prop_assert!(u128::from(shortest) >= value(&report, &rules::E_REST_1), "{} ms of rest", shortest);
        let steepest = steepest(&waves[0], rest);
        prop_assert!(u128::from(steepest) <= value(&report, &rules::E_SLEW_2), "{} µA a second", steepest);
    }
}

/// REQ-SAF-402: the longest train that a trigger makes of a gate is within 1.25 of what the check counts with, however it is
/// opened again, and with its rests it is what the check counts with.
#[test]
fn a_gate_at_its_worst() {
    let gate =
        Gate { max_on: ms(4_000), min_off: ms(1_000), max_triggers_per_minute: 40, refractory: Millis::ZERO };
    let case = gated(gate, (500, 500, 250));
    for again in [100, 1_900, 3_900, 4_200, 4_490, 5_000] {
        case.plan(|plan| {
            let report = assess(&plan, &case.setup, &case.profile);
            let mut open = |now: u32| (now % again == 1).then_some(GateInput::Open);
            let waves = play(&plan, Lateness::Never, 70_000, &mut open).unwrap();
            let longest =
                trains(&waves[0], 1_000_000).iter().map(|train| (train.1 - train.0) / 1_000).max().unwrap();
            let most = u64::try_from(value(&report, &rules::E_DUTY_1)).unwrap();
            assert!(longest <= most && most * 4 <= longest * 5, "{longest} ms on, {most} ms counted with");
            assert_eq!(value(&report, &rules::E_REST_1), 1_000);
        });
    }
}

/// REQ-SAF-701: even trains that follow one another without a rest stand nearer than a period by what is rounded, which counts on a
/// slow clock.
#[test]
fn trains_without_a_rest_on_a_slow_clock() {
    for (rate_mhz, hold, rest) in [(141_000, 7, 0), (110_000, 9, 0), (99_100, 1, 9), (20_000, 1_440, 0)] {
        let case = Case {
            schedule: Schedule::Cyclic(Cycle { hold: ms(hold), rest: ms(rest) }),
            up_down_min: (0, 0, 0),
            length_ms: 5_000,
            rate: (rate_mhz, 1_000_000_000),
            timing: HardwareTiming::ideal(10_000),
            setup: exercise(5_000),
            ..Case::pulse(20_000, 400, 40)
        };
        case.plan(|plan| {
            let report = assess(&plan, &case.setup, &case.profile);
            let wave = play(&plan, Lateness::Never, 5_000, &mut |_| None).unwrap().swap_remove(0);
            let second = played_support::square;
            let played = wave.window(9_999, second).unsigned_abs() / 10_000;
            let counted = value(&report, &rules::N_IND_1);
            assert!(played <= counted * counted * 1_000_000, "{rate_mhz} {hold} {rest}: {counted} µA");
            assert!(wave.frames.len() > 60, "{}", wave.frames.len());
        });
    }
}

/// REQ-SAF-692: on a slow clock, where each onset of a sweep is up to two ticks from its ideal, no second of one has more than the
/// check counts.
#[test]
fn sweeps_on_a_slow_clock() {
    let rate = |mhz| Rate::from_millihertz(mhz).unwrap();
    for step in 0..60_u32 {
        let (slow, fast) = (rate(1_300 + step * 777), rate(41_000 + step * 613));
        let law = if step % 2 == 0 { SweepLaw::Linear } else { SweepLaw::Exponential };
        for (from, to) in [(slow, fast), (fast, slow)] {
            let timing = Timing::Sweep(Sweep { from, to, over: ms(700 + step * 13), law });
            let case = Case {
                schedule: Schedule::Continuous,
                up_down_min: (0, 0, 0),
                length_ms: 2_600,
                rate: (41_000 + step * 613, 1_000_000_000),
                train: Train { timing, ..Train::default() },
                timing: HardwareTiming::ideal(2_000),
                setup: exercise(5_000),
                ..Case::pulse(20_000, 1_000, 40)
            };
            case.plan(|plan| {
                let report = assess(&plan, &case.setup, &case.profile);
                let wave = play(&plan, Lateness::Never, 2_600, &mut |_| None).unwrap().swap_remove(0);
                let played = wave.window(1_999, played_support::square).unsigned_abs() / 2_000;
                let counted = value(&report, &rules::N_IND_1);
                assert!(played <= counted * counted * 1_000_000, "{from:?} {to:?}: {counted} µA");
            });
        }
    }
}
