//! Slow affected gaits, made from published timing: cycles of 1.2 to 2.0 s, missing heel load, shuffling, a kerb.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

mod common;

use common::{Driver, Event, Foot, Shape, build, judge, pulses, regular, with_other};
use nmes_protocols::{GaitConfig, GateCommand, Heel, Request, State, TriggerNote};

fn built() -> (GaitConfig, Shape) {
    build(&Request::default())
}

/// REQ-PRO-021: hemiparetic cycles with heel-off to strike of 0.5 to 1.2 s meet the same goals as the walks, with the
/// other heel and without.
#[test]
fn slow_cycles() {
    let (config, shape) = built();
    for cycle_ms in (1_200..=2_000).step_by(100) {
        for lift_percent in [40, 50, 65] {
            let lift = cycle_ms * lift_percent / 100 * 1_000;
            let foot = regular("slow", cycle_ms * 1_000, lift * 4 / 10, lift, 20);
            for foot in [foot.clone(), with_other(foot, cycle_ms * 1_000)] {
                let mut driver = foot.drive(config);
                let verdict = judge(&foot, &driver.commands, &shape, 450_000);
                assert!(verdict.passes(), "{cycle_ms} ms, {lift_percent} %: {verdict:?}");
                assert_eq!(verdict.swings, (20, 20));
                assert_eq!((verdict.led, driver.notes()), (20, vec![]), "{cycle_ms} ms, {lift_percent} %");
            }
        }
    }
}

/// REQ-PRO-021: a slow stride leaves room for the whole extension and ramp-down once stances were measured.
#[test]
fn long_stances_get_the_whole_tail() {
    let foot = regular("slow", 2_000_000, 300_000, 900_000, 8);
    let driver = foot.drive(built().0);
    assert_eq!(driver.trigger.tail_us(), (250_000, 200_000));
    let strike = foot.steps()[7].strike;
    assert!(
        driver
            .commands
            .iter()
            .any(|m| m.t_us == strike + 250_000 && matches!(m.command, GateCommand::Close { .. }))
    );
}

/// REQ-PRO-016: extension and ramp-down together take at most 60 % of the median stance, down to the shortest ramp.
#[test]
fn tail_follows_the_stance() {
    for (stance_ms, tail) in [
        (1_000, (250_000, 200_000)),
        (700, (220_000, 200_000)),
        (450, (70_000, 200_000)),
        (300, (0, 180_000)),
        (150, (0, 100_000)),
    ] {
        let foot = regular("stance", 600_000 + stance_ms * 1_000, 200_000, 600_000, 6);
        assert_eq!(foot.drive(built().0).trigger.tail_us(), tail, "stance of {stance_ms} ms");
    }
}

/// REQ-PRO-021: no heel load: a heel that never comes down makes one step, then nothing.
#[test]
fn missing_heel_load() {
    let (config, shape) = built();
    let mut driver = Driver::walking(config, 0);
    driver.heel(1_000_000, Heel::Lifted);
    driver.run_to(60_000_000);
    assert_eq!((driver.state(), driver.trigger.counters().steps), (State::Stance, 1));
    assert_eq!(driver.notes(), [TriggerNote::TimedOut { after_ms: 2_400 }]);
    let last = pulses(&driver.commands, &shape).last().unwrap().t_us;
    assert!(last < 1_000_000 + 2_400_000 + 200_000);

    // every other strike does not load the switch: the lift lasts two strides, within the time-out nothing is cut
    let foot = regular("every other", 2_400_000, 200_000, 1_900_000, 10);
    let driver = foot.drive(config);
    assert_eq!((driver.trigger.counters().steps, driver.trigger.counters().timeouts), (10, 0));
}

/// REQ-PRO-017, REQ-PRO-021: shuffling with stances of 0.1 to 0.25 s: each is a step, merged ones are counted, and the
/// tail shrinks until there is an Off again where the shortest ramp leaves room for one.
#[test]
fn shuffling() {
    let (config, shape) = built();
    for (stance_ms, merged_after_five) in [(250, 0), (200, 5), (100, 5)] {
        let foot = regular("shuffle", 500_000 + stance_ms * 1_000, 150_000, 500_000, 10);
        let driver = foot.drive(config);
        let counters = driver.trigger.counters();
        assert_eq!(counters.steps, 10, "stance of {stance_ms} ms");
        assert!(counters.merged >= merged_after_five, "stance of {stance_ms} ms: {counters:?}");
        let pulses = pulses(&driver.commands, &shape);
        let last = foot.steps()[9].strike;
        assert!(pulses.last().unwrap().t_us < last + 450_000);
        for step in foot.steps() {
            assert!(
                pulses.iter().any(|p| (step.toe_off..step.strike).contains(&p.t_us) && p.ua == shape.set_ua)
            );
        }
    }
}

/// REQ-PRO-021: a foot held up at a kerb for longer than usual keeps its output up to the time-out.
#[test]
fn kerb_pause() {
    let (config, shape) = built();
    let mut foot = regular("kerb", 1_600_000, 250_000, 800_000, 6);
    let kerb = foot.events.last().unwrap().0 + 800_000;
    foot.events.extend([
        (kerb, Event::HeelOff),
        (kerb + 250_000, Event::ToeOff),
        (kerb + 1_950_000, Event::Strike),
    ]);
    let mut driver = foot.drive(config);
    assert_eq!(driver.notes(), []);
    let verdict = judge(&foot, &driver.commands, &shape, 450_000);
    assert!(verdict.passes(), "{verdict:?}");

    let mut foot = regular("kerb", 1_600_000, 250_000, 800_000, 6);
    foot.events.extend([
        (kerb, Event::HeelOff),
        (kerb + 250_000, Event::ToeOff),
        (kerb + 4_000_000, Event::Strike),
    ]);
    let mut driver = foot.drive(config);
    assert_eq!(driver.notes(), [TriggerNote::TimedOut { after_ms: 2_000 }]);
    let last = pulses(&driver.commands, &shape).last().unwrap().t_us;
    assert!(last > kerb + 1_950_000 && last < kerb + 2_200_000, "cut neither early nor late: {last}");
}

/// REQ-PRO-014: standing still: no step, no output.
#[test]
fn standing() {
    let foot = Foot { name: "standing".into(), events: Vec::new(), other: Vec::new() };
    let driver = foot.drive(built().0);
    assert_eq!((driver.commands.len(), driver.state()), (0, State::Arm));
}
