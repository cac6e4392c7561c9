//! The table of transitions, the drawing and the code agree.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

mod common;

use common::{config, millis};
use nmes_protocols::gait::DIAGRAM;
use nmes_protocols::{GaitConfig, GaitTimes, Heel, State, TRANSITIONS, Trigger};
use std::collections::BTreeSet;

type Edges = BTreeSet<(&'static str, &'static str)>;

fn table() -> Edges {
    TRANSITIONS.iter().map(|(from, to)| (from.name(), to.name())).collect()
}

/// REQ-PRO-010: the list under the drawing is the table, each line with a cause, and the drawing names every state.
#[test]
fn drawing_and_table_agree() {
    let (drawing, _) = DIAGRAM.split_once(" stop, pause and an open line").unwrap();
    for state in State::ALL {
        assert!(drawing.contains(state.name()), "{state} is not drawn");
    }
    let listed: Vec<_> = DIAGRAM
        .lines()
        .filter_map(|line| line.strip_prefix(' ')?.split_once(" -> "))
        .map(|(from, rest)| {
            let (to, cause) = rest.split_once("  ").unwrap();
            assert!(!cause.trim().is_empty(), "{from} -> {to} has no cause");
            (from.trim().to_owned(), to.trim().to_owned())
        })
        .filter(|(from, _)| State::ALL.iter().any(|s| s.name() == from))
        .collect();
    let listed: BTreeSet<_> = listed.iter().map(|(f, t)| (f.as_str(), t.as_str())).collect();
    assert_eq!(listed, table().into_iter().collect::<BTreeSet<(&str, &str)>>());
    assert_eq!(table().len(), TRANSITIONS.len(), "no row stands twice");
}

/// A small generator of inputs; the seed is the test's.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn input(trigger: &mut Trigger, now: u64, dice: &mut Dice) {
    let _command = match dice.roll(60) {
        0 => trigger.pause(now),
        1 => trigger.stop(now),
        2 => trigger.manual_test(now),
        3 => trigger.heel(now, Heel::LineOpen),
        4..=6 => trigger.acknowledge(now),
        7..=9 => trigger.start(now),
        10..=13 => trigger.resume(now),
        14..=24 => trigger.heel(now, Heel::Lifted),
        25..=34 => trigger.heel(now, Heel::Loaded),
        40..=49 => trigger.other_heel(now, Heel::Lifted),
        50..=59 => trigger.other_heel(now, Heel::Loaded),
        _ => trigger.poll(now),
    };
}

/// REQ-PRO-010: long random runs, polled every millisecond, take every transition of the table and no other.
#[test]
fn code_takes_every_transition_and_no_other() {
    let mut seen = Edges::new();
    for (seed, delay) in [(1, 0), (2, 60), (3, 150)] {
        // a ramp of 60 ms and a delay: every state lasts longer than the debounce time, so one poll crosses few
        let times = GaitTimes { delay: millis(delay), ramp_up: millis(60), ..*config().times() };
        let mut trigger = Trigger::new(GaitConfig::new(times).unwrap());
        let mut dice = Dice(seed);
        let mut now = 0;
        for _ in 0..60_000 {
            now += match dice.roll(50) {
                0 => 6_500_000,
                1..=5 => 500_000,
                6..=25 => 60_000 + dice.roll(300_000),
                _ => 1_000 + dice.roll(30_000),
            };
            step(&mut trigger, now, &mut seen, |t| {
                t.poll(now);
            });
            step(&mut trigger, now, &mut seen, |t| input(t, now, &mut dice));
        }
    }
    late_lifts(&mut seen);
    let missing: Vec<_> = table().difference(&seen).copied().collect();
    let extra: Vec<_> = seen.difference(&table()).copied().collect();
    assert_eq!((missing, extra), (vec![], vec![]), "(missing, extra)");
}

/// Polls one due moment at a time, so that no state is passed unseen, except where two are due at the same moment.
fn step(trigger: &mut Trigger, now: u64, seen: &mut Edges, act: impl FnOnce(&mut Trigger)) {
    while let nmes_protocols::PollAt::At(at) = trigger.poll_at() {
        if at > now {
            break;
        }
        record(trigger, seen, |t| {
            t.poll(at);
        });
    }
    record(trigger, seen, act);
}

fn record(trigger: &mut Trigger, seen: &mut Edges, act: impl FnOnce(&mut Trigger)) {
    let from = trigger.state();
    act(trigger);
    let to = trigger.state();
    if from == to {
        return;
    }
    // states that are left at the moment they are entered: STANCE with a heel long loaded, ARM with a heel already up
    let direct = [(from.name(), to.name())];
    let via: &[(State, State)] = match (from, to) {
        (State::Paused | State::RampDown, State::Arm) => {
            &[(from, State::Stance), (State::Stance, State::Arm)]
        }
        (State::Paused | State::RampDown, State::Early) => {
            &[(from, State::Stance), (State::Stance, State::Arm), (State::Arm, State::Early)]
        }
        (State::Stance, State::RampUp | State::Delay | State::Early) => {
            &[(State::Stance, State::Arm), (State::Arm, to)]
        }
        _ => &[],
    };
    if via.is_empty() {
        seen.extend(direct);
    } else {
        seen.extend(via.iter().map(|(f, t)| (f.name(), t.name())));
    }
}

/// A host that polls far too late: the lift is older than its time-out when it is seen, or when its delay is over.
fn late_lifts(seen: &mut Edges) {
    for delay in [0, 100] {
        let times = GaitTimes { delay: millis(delay), ..*config().times() };
        let mut trigger = Trigger::new(GaitConfig::new(times).unwrap());
        trigger.start(0);
        trigger.heel(0, Heel::Loaded);
        trigger.resume(0);
        trigger.heel(1_000_000, Heel::Lifted);
        if delay > 0 {
            trigger.poll(1_030_000);
        }
        record(&mut trigger, seen, |t| {
            t.poll(9_000_000);
        });
        assert_eq!(trigger.state(), State::Stance);
    }
}
