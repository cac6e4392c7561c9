//! A heel that is down again and not believed yet, and a pause at the moment of an opening.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

mod common;

use common::{Driver, config, millis};
use nmes_protocols::{GaitConfig, GaitTimes, GateCommand, Heel, PollAt, State};

fn delayed(delay: u32) -> GaitConfig {
    GaitConfig::new(GaitTimes { delay: millis(delay), ..*config().times() }).unwrap()
}

/// REQ-PRO-423: a heel that strikes within the delay makes no step, also where it is down for less than the debounce time when
/// the delay is over.
#[test]
fn a_strike_within_the_delay() {
    for down_ms in 26..60 {
        let mut driver = Driver::walking(delayed(60), 0);
        driver.heel(1_000_000, Heel::Lifted);
        driver.heel(1_000_000 + down_ms * 1_000, Heel::Loaded);
        driver.run_to(3_000_000);
        assert_eq!(driver.commands, [], "down after {down_ms} ms: {:?}", driver.states);
    }
}

/// REQ-PRO-423: a heel that only bounces as the delay ends opens at once when it is up again.
#[test]
fn a_bounce_at_the_end_of_the_delay() {
    let mut driver = Driver::walking(delayed(60), 0);
    driver.heel(1_000_000, Heel::Lifted);
    driver.heel(1_050_000, Heel::Loaded);
    driver.run_to(1_070_000);
    assert_eq!((driver.state(), driver.trigger.poll_at()), (State::Delay, PollAt::At(1_075_000)));
    assert_eq!(driver.heel(1_070_000, Heel::Lifted), Some(GateCommand::Open));
}

/// REQ-PRO-423: nothing opens on a heel that is down: neither after a ramp nor from within one, whenever it comes down.
#[test]
fn nothing_opens_on_a_heel_that_is_down() {
    for lift_ms in (20..700).step_by(5) {
        for down_ms in (26..400).step_by(3) {
            let mut driver = Driver::walking(config(), 0);
            let mut lifted = false;
            let second = 1_045_000 + lift_ms * 1_000;
            for (at, heel) in [
                (1_000_000, Heel::Lifted),
                (1_045_000, Heel::Loaded),
                (second, Heel::Lifted),
                (second + down_ms * 1_000, Heel::Loaded),
                (5_000_000, Heel::Loaded),
            ] {
                let told = driver.commands.len();
                driver.run_to(at);
                let opened = driver.commands[told..].iter().any(|m| m.command == GateCommand::Open);
                assert!(
                    lifted || !opened,
                    "lifted after {lift_ms}, down after {down_ms}: {:?}",
                    driver.commands
                );
                lifted = heel == Heel::Lifted;
                driver.heel(at, heel);
            }
        }
    }
}

/// REQ-PRO-424: a pause at the moment at which a heel that is up again would open is PAUSED no sooner than the ramp is over
/// that was begun before.
#[test]
fn a_pause_instead_of_an_opening() {
    let mut driver = Driver::walking(config(), 0);
    driver.heel(1_000_000, Heel::Lifted);
    driver.heel(1_120_000, Heel::Loaded);
    driver.heel(1_180_000, Heel::Lifted);
    let mut falls_until = 0;
    let at = loop {
        let PollAt::At(next) = driver.trigger.poll_at() else { panic!("it does not open again") };
        let mut probe = driver.trigger;
        if driver.state() == State::RampDown && probe.poll(next) == Some(GateCommand::Open) {
            break next;
        }
        driver.run_to(next + 1);
        if let Some((t_us, GateCommand::Close { down })) = driver.commands.last().map(|m| (m.t_us, m.command))
        {
            falls_until = t_us + u64::from(down.as_millis()) * 1_000;
        }
        assert!(next < 3_000_000, "{:?}", driver.states);
    };
    assert!(at + 100_000 < falls_until, "{at} {falls_until}");
    driver.act(at, |t, n| t.pause(n));
    driver.run_to(falls_until);
    assert_eq!(driver.state(), State::RampDown);
    driver.run_to(falls_until + 1);
    assert_eq!(driver.state(), State::Paused);
}
