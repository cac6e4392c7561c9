//! Properties over random heel sequences, controls and polling.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

mod common;

use common::{Driver, build};
use nmes_protocols::{GateCommand, Heel, PollAt, Request, State, Trigger};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum In {
    Heel(Heel),
    Edge(Heel),
    Pause,
    Resume,
    Test,
    Stop,
    Start,
    Acknowledge,
}

fn inputs() -> impl Strategy<Value = Vec<(u64, In)>> {
    let gap = prop_oneof![3 => 0..20_000_u64, 4 => 20_000..300_000_u64, 4 => 300_000..1_500_000_u64, 1 => 1_500_000..9_000_000_u64];
    let heel = prop_oneof![5 => Just(Heel::Lifted), 5 => Just(Heel::Loaded), 1 => Just(Heel::LineOpen)];
    let input = prop_oneof![
        20 => heel.clone().prop_map(In::Heel),
        3 => heel.prop_map(In::Edge),
        1 => Just(In::Pause),
        2 => Just(In::Resume),
        1 => Just(In::Test),
        1 => Just(In::Stop),
        2 => Just(In::Start),
        2 => Just(In::Acknowledge),
    ];
    prop::collection::vec((gap, input), 1..120)
}

fn give(trigger: &mut Trigger, now: u64, input: In) -> Option<GateCommand> {
    match input {
        In::Heel(heel) => trigger.heel(now, heel),
        In::Edge(heel) => trigger.heel_edge(now, heel),
        In::Pause => trigger.pause(now),
        In::Resume => trigger.resume(now),
        In::Test => trigger.manual_test(now),
        In::Stop => trigger.stop(now),
        In::Start => trigger.start(now),
        In::Acknowledge => trigger.acknowledge(now),
    }
}

fn run(inputs: &[(u64, In)]) -> (Driver, u64) {
    let (config, _) = build(&Request::default());
    let mut driver = Driver::walking(config, 0);
    let mut now = 0;
    for (gap, input) in inputs {
        now += gap;
        driver.act(now, |t, n| give(t, n, *input));
    }
    (driver, now)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// REQ-PRO-013: from an opening, the level rises or holds for at most the time-out of that moment; the cap bounds it.
    #[test]
    fn hold_is_bounded(inputs in inputs()) {
        let (config, _) = build(&Request::default());
        let mut driver = Driver::walking(config, 0);
        let (mut now, mut open, mut limit) = (0, None, 0);
        for (gap, input) in inputs.into_iter().chain([(20_000_000, In::Resume)]) {
            now += gap;
            let before = driver.trigger.hold_max_us();
            let from = driver.commands.len();
            driver.act(now, |t, n| give(t, n, input));
            for moment in &driver.commands[from..] {
                if moment.command == GateCommand::Open {
                    limit = before.max(driver.trigger.hold_max_us()).max(2_000_000);
                    open = Some(moment.t_us);
                } else if let Some(t) = open.take() {
                    prop_assert!(moment.t_us - t <= limit + 25_000 + 250_000, "open at {t}, {moment:?}, limit {limit}");
                    prop_assert!(moment.t_us - t <= 6_000_000 + 275_000);
                }
            }
        }
        prop_assert!(open.is_none(), "an opening is always followed by a hold or a close");
    }

    /// REQ-PRO-012: openings stand at least the refractory time apart.
    #[test]
    fn one_opening_a_refractory_time(inputs in inputs()) {
        let (driver, _) = run(&inputs);
        let opens: Vec<_> =
            driver.commands.iter().filter(|m| m.command == GateCommand::Open).map(|m| m.t_us).collect();
        for pair in opens.windows(2) {
            prop_assert!(pair[1] - pair[0] >= 200_000, "{pair:?}");
        }
    }

    /// REQ-PRO-014: after silence there is no output, wherever the sequence ended, and the last command closes.
    #[test]
    fn silence_ends_in_off(inputs in inputs()) {
        let (mut driver, end) = run(&inputs);
        // the time-out cap, the longest tail, a test burst
        driver.run_to(end + 6_000_000 + 450_000 + 2_000_000);
        prop_assert!(!driver.state().is_on(), "{:?}", driver.state());
        prop_assert_eq!(driver.trigger.poll_at(), PollAt::Never);
        if let Some(last) = driver.commands.last() {
            prop_assert!(matches!(last.command, GateCommand::Close { .. }), "{last:?}");
        }
    }

    /// REQ-PRO-015: in OFF, PAUSED, FAULT, STANCE, ARM and DELAY there is no output: between an opening and the end of
    /// its ramp-down the state is one with output, and no opening comes out of PAUSED except a test.
    #[test]
    fn states_tell_the_output(inputs in inputs()) {
        let (config, _) = build(&Request::default());
        let mut driver = Driver::walking(config, 0);
        let (mut now, mut on_until) = (0_u64, 0_u64);
        for (gap, input) in inputs {
            now += gap;
            driver.run_to(now);
            let (state, count) = (driver.state(), driver.commands.len());
            driver.act(now, |t, n| give(t, n, input));
            if let Some(moment) = driver.commands.get(count) {
                let from_test = matches!(input, In::Test) && state == State::Paused;
                if moment.command == GateCommand::Open && !from_test {
                    prop_assert!(!matches!(state, State::Paused | State::Fault | State::Off), "{state} {input:?}");
                }
            }
            for moment in &driver.commands {
                on_until = match moment.command {
                    GateCommand::Open | GateCommand::Hold => u64::MAX,
                    GateCommand::Close { down } => moment.t_us + u64::from(down.as_millis()) * 1_000,
                };
            }
            if !driver.state().is_on() {
                prop_assert!(driver.commands.is_empty() || on_until <= now, "{:?} with output", driver.state());
            }
        }
    }

    /// REQ-PRO-023: polling early, often or exactly gives the same commands at the same times, and `poll_at` is in the
    /// future after a poll that had nothing left to do.
    #[test]
    fn polling_more_often_changes_nothing(inputs in inputs(), extra in 1_000..40_000_u64) {
        let (exact, end) = run(&inputs);
        let (config, _) = build(&Request::default());
        let mut often = Driver::walking(config, 0);
        let mut now = 0;
        for (gap, input) in &inputs {
            let next = now + gap;
            let mut at = now + extra;
            while at < next {
                often.act(at, Trigger::poll);
                at += extra;
            }
            now = next;
            often.act(now, |t, n| give(t, n, *input));
            if let PollAt::At(at) = often.trigger.poll_at() {
                prop_assert!(at > now, "due at {at}, polled at {now}");
            }
        }
        prop_assert_eq!(now, end);
        prop_assert_eq!(&often.commands, &exact.commands);
        prop_assert_eq!(often.trigger.counters(), exact.trigger.counters());
    }

    /// REQ-PRO-017: without an Off between, output lasts at most the longest run, a time-out and a tail: what the gate
    /// of the session allows.
    #[test]
    fn runs_end(inputs in inputs()) {
        let (driver, _) = run(&inputs);
        let longest = u64::from(driver.trigger.config().times().longest_on_ms()) * 1_000;
        let mut on_since = None;
        for (t, state) in &driver.states {
            match (state.is_on(), on_since) {
                (true, None) => on_since = Some(*t),
                (false, Some(since)) => {
                    prop_assert!(t - since <= longest, "on from {since} to {t}");
                    on_since = None;
                }
                _ => {}
            }
        }
    }
}
