//! Tables of moments: when, what comes in, what comes out and where the trigger is then.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

mod common;

use common::{Driver, config, millis};
use nmes_protocols::GateCommand::{Close, Hold, Open};
use nmes_protocols::Heel::{Lifted, LineOpen, Loaded};
use nmes_protocols::{GaitConfig, GaitTimes, GateCommand, Heel, State, Trigger, TriggerNote};

#[derive(Clone, Copy, Debug)]
enum In {
    Start,
    Resume,
    Pause,
    Stop,
    Test,
    Acknowledge,
    Heel(Heel),
    Edge(Heel),
    Poll,
}

type Row = (u64, In, Option<GateCommand>, State);

/// Plays a table; between two moments the trigger is polled as it asks, and every command must be in the table.
fn play(config: GaitConfig, table: &[Row]) -> Driver {
    let mut driver = Driver::new(config);
    for (i, (ms, input, expected, state)) in table.iter().enumerate() {
        let now = ms * 1_000;
        let before = driver.commands.len();
        driver.run_to(now);
        assert_eq!(
            driver.commands.len(),
            before,
            "row {i} at {ms} ms: a command before it: {:?}",
            driver.commands
        );
        let command = driver.act(now, |t: &mut Trigger, n| match input {
            In::Start => t.start(n),
            In::Resume => t.resume(n),
            In::Pause => t.pause(n),
            In::Stop => t.stop(n),
            In::Test => t.manual_test(n),
            In::Acknowledge => t.acknowledge(n),
            In::Heel(heel) => t.heel(n, *heel),
            In::Edge(heel) => t.heel_edge(n, *heel),
            In::Poll => t.poll(n),
        });
        assert_eq!((command, driver.state()), (*expected, *state), "row {i} at {ms} ms, {input:?}");
    }
    driver
}

fn close(ms: u32) -> Option<GateCommand> {
    Some(Close { down: millis(ms) })
}

const READY: [Row; 3] = [
    (0, In::Start, None, State::Paused),
    (0, In::Heel(Loaded), None, State::Paused),
    (0, In::Resume, None, State::Arm),
];

fn ready(rest: &[Row]) -> Vec<Row> {
    READY.iter().chain(rest).copied().collect()
}

/// REQ-PRO-010, REQ-PRO-011: one step with its debounce, ramp, hold, extension and ramp-down. No stance is known yet,
/// so extension and ramp-down take 60 % of 400 ms.
#[test]
fn one_step() {
    let driver = play(
        config(),
        &ready(&[
            (1_000, In::Heel(Lifted), None, State::Arm),
            (1_025, In::Poll, Some(Open), State::RampUp),
            (1_125, In::Poll, None, State::Hold),
            (1_600, In::Heel(Loaded), None, State::Hold),
            (1_625, In::Poll, None, State::Extend),
            (1_640, In::Poll, close(200), State::RampDown),
            (1_840, In::Poll, None, State::Arm),
        ]),
    );
    assert_eq!(driver.trigger.counters().steps, 1);
    assert_eq!(driver.trigger.counters().on_us, 815_000);
}

/// REQ-PRO-010: the delay contains the debounce time; a strike within the delay makes no step.
#[test]
fn delay_and_a_strike_within_it() {
    let times = GaitTimes { delay: millis(150), ..*config().times() };
    play(
        GaitConfig::new(times).unwrap(),
        &ready(&[
            (1_000, In::Heel(Lifted), None, State::Arm),
            (1_025, In::Poll, None, State::Delay),
            (1_100, In::Heel(Loaded), None, State::Delay),
            (1_125, In::Poll, None, State::Stance),
            (1_300, In::Poll, None, State::Arm),
            (2_000, In::Heel(Lifted), None, State::Arm),
            (2_025, In::Poll, None, State::Delay),
            (2_150, In::Poll, Some(Open), State::RampUp),
        ]),
    );
}

/// REQ-PRO-010: strike while the level still rises keeps the level through the extension.
#[test]
fn strike_in_ramp_up_holds_the_level() {
    let times = GaitTimes { ramp_up: millis(100), ..*config().times() };
    play(
        GaitConfig::new(times).unwrap(),
        &ready(&[
            (1_000, In::Heel(Lifted), None, State::Arm),
            (1_025, In::Poll, Some(Open), State::RampUp),
            (1_060, In::Heel(Loaded), None, State::RampUp),
            (1_085, In::Poll, Some(Hold), State::Extend),
            (1_100, In::Poll, close(200), State::RampDown),
            (1_300, In::Poll, None, State::Arm),
        ]),
    );
}

/// REQ-PRO-013, REQ-PRO-018: a heel that stays up times out; a touch of the ground is not enough to start again.
#[test]
fn time_out_needs_a_full_strike() {
    let mut driver = play(
        config(),
        &ready(&[
            (1_000, In::Heel(Lifted), None, State::Arm),
            (1_025, In::Poll, Some(Open), State::RampUp),
            (1_125, In::Poll, None, State::Hold),
            (3_400, In::Poll, close(200), State::RampDown),
            (3_600, In::Poll, None, State::Stance),
            (5_000, In::Heel(Loaded), None, State::Stance),
            (5_150, In::Heel(Lifted), None, State::Stance),
            (5_600, In::Heel(Loaded), None, State::Stance),
            (5_800, In::Poll, None, State::Arm),
            (6_000, In::Heel(Lifted), None, State::Arm),
            (6_025, In::Poll, Some(Open), State::RampUp),
        ]),
    );
    assert_eq!(driver.notes(), [TriggerNote::TimedOut { after_ms: 2_400 }]);
}

/// REQ-PRO-017: shuffling. Heel-off during extension and during ramp-down opens again from the present level.
#[test]
fn heel_off_in_extension_and_in_ramp_down() {
    let mut driver = play(
        config(),
        &ready(&[
            (1_000, In::Heel(Lifted), None, State::Arm),
            (1_025, In::Poll, Some(Open), State::RampUp),
            (1_125, In::Poll, None, State::Hold),
            (1_500, In::Heel(Loaded), None, State::Hold),
            (1_525, In::Poll, None, State::Extend),
            (1_540, In::Poll, close(200), State::RampDown),
            (1_600, In::Heel(Lifted), None, State::RampDown),
            (1_625, In::Poll, Some(Open), State::RampUp),
            (1_725, In::Poll, None, State::Hold),
            (2_000, In::Heel(Loaded), None, State::Hold),
            // the stance of 100 ms allows 60 ms: the shortest ramp-down, and no extension beyond the debounce time
            (2_025, In::Poll, close(100), State::RampDown),
            (2_125, In::Poll, None, State::Stance),
            (2_200, In::Poll, None, State::Arm),
        ]),
    );
    assert_eq!(driver.notes(), [TriggerNote::Merged { off_ms: 0 }]);
    assert_eq!(driver.trigger.counters().merged, 1);

    let times = GaitTimes { stance_first: millis(1_000), ..*config().times() };
    play(
        GaitConfig::new(times).unwrap(),
        &ready(&[
            (1_000, In::Heel(Lifted), None, State::Arm),
            (1_025, In::Poll, Some(Open), State::RampUp),
            (1_125, In::Poll, None, State::Hold),
            (1_500, In::Heel(Loaded), None, State::Hold),
            (1_525, In::Poll, None, State::Extend),
            (1_600, In::Heel(Lifted), None, State::Extend),
            (1_625, In::Poll, Some(Open), State::RampUp),
        ]),
    );
}

/// REQ-PRO-012: a lift before the refractory time is over is not lost: the step opens when it is.
#[test]
fn an_early_lift_opens_late() {
    let times = GaitTimes {
        ramp_down: millis(50),
        ramp_down_min: millis(50),
        extension: millis(0),
        ..*config().times()
    };
    play(
        GaitConfig::new(times).unwrap(),
        &ready(&[
            (1_000, In::Heel(Lifted), None, State::Arm),
            (1_025, In::Poll, Some(Open), State::RampUp),
            (1_125, In::Poll, None, State::Hold),
            (1_500, In::Heel(Loaded), None, State::Hold),
            (1_525, In::Poll, close(50), State::RampDown),
            (1_575, In::Poll, None, State::Stance),
            (1_600, In::Heel(Lifted), None, State::Stance),
            (1_700, In::Poll, Some(Open), State::RampUp),
        ]),
    );
}

/// REQ-PRO-019: an open line is not a lifted heel: it ramps down, and stays a fault until it is mended and acknowledged.
#[test]
fn broken_wire() {
    let mut driver = play(
        config(),
        &ready(&[
            (1_000, In::Heel(Lifted), None, State::Arm),
            (1_025, In::Poll, Some(Open), State::RampUp),
            (1_125, In::Poll, None, State::Hold),
            (1_200, In::Heel(LineOpen), close(200), State::RampDown),
            (1_400, In::Poll, None, State::Fault),
            (1_500, In::Acknowledge, None, State::Fault),
            (1_600, In::Resume, None, State::Fault),
            (1_700, In::Heel(Loaded), None, State::Fault),
            (1_800, In::Acknowledge, None, State::Off),
            (1_900, In::Start, None, State::Paused),
            (1_900, In::Resume, None, State::Arm),
            (2_000, In::Heel(LineOpen), None, State::Fault),
        ]),
    );
    assert_eq!(driver.notes(), [TriggerNote::LineOpen, TriggerNote::LineOpen]);
}

/// REQ-PRO-015: without a switch that ever answered there is no start; a pause ends output over the shortest ramp; a
/// test burst is timed and only possible while paused.
#[test]
fn pause_test_and_no_switch() {
    let mut driver = play(
        config(),
        &[
            (0, In::Start, None, State::Paused),
            (10, In::Resume, None, State::Paused),
            (20, In::Test, Some(Open), State::ManualTest),
            (30, In::Heel(Lifted), None, State::ManualTest),
            (2_020, In::Poll, close(200), State::RampDown),
            (2_220, In::Poll, None, State::Paused),
            (2_300, In::Resume, None, State::Stance),
            (2_400, In::Test, None, State::Stance),
            (2_500, In::Heel(Loaded), None, State::Stance),
            (2_700, In::Poll, None, State::Arm),
            (3_000, In::Heel(Lifted), None, State::Arm),
            (3_025, In::Poll, Some(Open), State::RampUp),
            (3_060, In::Pause, close(100), State::RampDown),
            (3_160, In::Poll, None, State::Paused),
            (3_200, In::Test, None, State::Paused),
            (3_300, In::Test, Some(Open), State::ManualTest),
            (3_310, In::Stop, close(200), State::RampDown),
            (3_510, In::Poll, None, State::Off),
        ],
    );
    assert_eq!(driver.notes(), [TriggerNote::NoSwitch]);
    assert_eq!(driver.trigger.counters().tests, 2);
}

/// REQ-PRO-024: two heel-offs in a row: noted, and the time-out runs from the first.
#[test]
fn two_heel_offs_in_a_row() {
    let mut driver = play(
        config(),
        &ready(&[
            (1_000, In::Edge(Lifted), None, State::Arm),
            (1_025, In::Poll, Some(Open), State::RampUp),
            (1_125, In::Poll, None, State::Hold),
            (2_000, In::Edge(Lifted), None, State::Hold),
            (3_400, In::Poll, close(200), State::RampDown),
            (3_600, In::Poll, None, State::Stance),
        ]),
    );
    let expected = [TriggerNote::RepeatedEdge { lifted: true }, TriggerNote::TimedOut { after_ms: 2_400 }];
    assert_eq!(driver.notes(), expected);
    assert_eq!(driver.trigger.counters().contradictions, 1);
}

/// REQ-PRO-024: a recording that ends in mid-step ends in OFF, and says so.
#[test]
fn file_ends_mid_step() {
    let mut driver = play(
        config(),
        &ready(&[
            (1_000, In::Heel(Lifted), None, State::Arm),
            (1_025, In::Poll, Some(Open), State::RampUp),
            (1_125, In::Poll, None, State::Hold),
            (1_300, In::Stop, close(200), State::RampDown),
            (1_500, In::Poll, None, State::Off),
        ]),
    );
    assert_eq!(driver.notes(), [TriggerNote::EndedMidStep]);
}

/// REQ-PRO-011: a switch that bounces at 100 Hz makes no burst from stance, and none that outlasts the time-out in
/// swing; a spike of 20 ms in stance does nothing.
#[test]
fn bounce_storms() {
    let storm = |driver: &mut Driver, from: u64, ms: u64| {
        for i in 0..ms / 5 {
            driver.heel(from + i * 5_000, if i % 2 == 0 { Lifted } else { Loaded });
        }
    };
    let mut driver = Driver::walking(config(), 0);
    storm(&mut driver, 1_000_000, 10_000);
    driver.run_to(15_000_000);
    assert_eq!((driver.commands.len(), driver.state()), (0, State::Arm));
    assert_eq!(driver.notes()[0], TriggerNote::BounceStorm);
    assert!(driver.trigger.counters().bounces > 900);

    let mut driver = Driver::walking(config(), 0);
    driver.heel(1_000_000, Lifted);
    storm(&mut driver, 1_200_000, 10_000);
    driver.heel(11_300_000, Lifted);
    driver.run_to(20_000_000);
    let commands: Vec<_> = driver.commands.iter().map(|m| (m.t_us, m.command)).collect();
    assert_eq!(commands, [(1_025_000, Open), (3_400_000, close(200).unwrap())]);
    assert_eq!(driver.state(), State::Stance);

    let mut driver = Driver::walking(config(), 0);
    driver.heel(1_000_000, Lifted);
    driver.heel(1_020_000, Loaded);
    driver.run_to(5_000_000);
    assert_eq!(driver.commands, []);
}

/// REQ-PRO-017: a vibration as slow as a shuffle, with stances too short for an Off, cannot hold the output on for ever.
#[test]
fn vibration_ends() {
    let mut driver = Driver::walking(config(), 0);
    for i in 0..2_000_u64 {
        let (lift, heel) = if i % 2 == 0 { (0, Lifted) } else { (300_000, Loaded) };
        driver.heel(1_000_000 + i / 2 * 400_000 + lift, heel);
    }
    driver.run_to(420_000_000);
    let last = driver.commands.last().unwrap();
    assert!(
        matches!(last.command, Close { .. }) && last.t_us < 1_000_000 + 10_000_000 + 2_400_000,
        "{last:?}"
    );
    let notes = driver.notes();
    assert!(notes.contains(&TriggerNote::Merged { off_ms: 0 }) && !notes.contains(&TriggerNote::Chatter));
    assert!(!driver.state().is_on());
}

/// REQ-PRO-028: a contact that chatters slower than the debounce and faster than any foot is no gait: six of its levels
/// end the output by a ramp-down, in swing as well, and nothing starts until the heel was loaded for the refractory time.
#[test]
fn chatter_ends_in_off() {
    for level_ms in [26, 30, 60, 99] {
        let mut driver = Driver::walking(config(), 0);
        let chatter = |driver: &mut Driver, from: u64| {
            for i in 0..400 {
                driver.heel(from + i * level_ms * 1_000, if i % 2 == 0 { Lifted } else { Loaded });
            }
            from + 400 * level_ms * 1_000
        };
        let end = chatter(&mut driver, 1_000_000);
        driver.run_to(end);
        let last = *driver.commands.last().unwrap();
        assert!(matches!(last.command, Close { .. }), "{last:?}");
        assert!(last.t_us < 1_000_000 + 8 * level_ms * 1_000, "{level_ms} ms: {last:?}");
        assert_eq!(driver.state(), State::Stance, "{level_ms} ms");
        assert!(driver.notes().contains(&TriggerNote::Chatter), "{level_ms} ms");
        assert!(driver.trigger.counters().contradictions > 0);
        // the last level was "loaded": after the refractory time the next lift is a step again
        driver.heel(end + 1_000_000, Lifted);
        driver.run_to(end + 1_100_000);
        assert_eq!(driver.state(), State::Hold, "{level_ms} ms");
        chatter(&mut driver, end + 1_200_000);
        assert!(!driver.state().is_on(), "{level_ms} ms: chatter in swing");
    }
}

/// REQ-PRO-022: the clock may jump ahead, go back, or reach the end of its 64 bits: the output ends.
#[test]
fn clocks() {
    let mut driver = Driver::walking(config(), 0);
    driver.heel(1_000_000, Lifted);
    driver.run_to(1_500_000);
    assert_eq!(driver.trigger.poll(3_600_000_000), close(200), "jumped an hour ahead in mid-swing");

    let mut driver = Driver::walking(config(), 0);
    driver.trigger.heel(1_000_000, Lifted);
    assert_eq!(
        driver.trigger.poll(3_600_000_000),
        None,
        "the lift is older than its time-out: nothing opens"
    );
    assert_eq!(driver.state(), State::Stance);

    let mut driver = Driver::walking(config(), 1_000_000);
    driver.trigger.poll(10);
    assert_eq!(driver.notes(), [TriggerNote::ClockBackwards]);

    let start = u64::MAX - 1_500_000;
    let mut driver = Driver::walking(config(), start);
    driver.heel(start + 1_000_000, Lifted);
    driver.run_to(u64::MAX);
    assert_eq!(driver.state(), State::Hold);
    assert_eq!(driver.trigger.poll(u64::MAX), close(200), "the end of time is a time-out");
    driver.trigger.poll(u64::MAX);
    assert!(!driver.state().is_on());
}

/// REQ-PRO-013: the time-out is twice the median swing of the last five, never below 2 s, never above 6 s.
#[test]
fn adaptive_time_out() {
    let mut driver = Driver::walking(config(), 0);
    assert_eq!(driver.trigger.hold_max_us(), 2_400_000);
    let mut now = 1_000_000;
    for (lift_ms, expected) in [
        (600, 2_000_000),
        (1_500, 2_000_000),
        (1_500, 3_000_000),
        (1_900, 3_000_000),
        (2_800, 3_000_000),
        (5_900, 3_800_000),
    ] {
        driver.heel(now, Lifted);
        driver.heel(now + lift_ms * 1_000, Loaded);
        now += (lift_ms + 1_000) * 1_000;
        driver.run_to(now);
        assert_eq!(driver.trigger.hold_max_us(), expected, "after {lift_ms} ms");
    }
    for _ in 0..5 {
        driver.heel(now, Lifted);
        driver.heel(now + 5_000_000, Loaded);
        now += 6_000_000;
    }
    driver.run_to(now);
    assert_eq!(driver.trigger.hold_max_us(), 6_000_000);
}
