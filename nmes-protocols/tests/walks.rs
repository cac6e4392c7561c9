//! The trigger on six real walks, both feet, judged by an envelope made from its commands.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

mod common;

use common::{Moment, build, judge, millis, walks};
use nmes_protocols::{GateCommand, Request};

const TAIL_US: u64 = 450_000;

/// REQ-PRO-020: above threshold by toe-off, full through swing, Off in stance, nothing stray; no note, no merged stance.
///
/// Every swing of a step that heel-off announces by 150 ms counts by itself. All swings of a walk together count as
/// well, the first steps and turns included, whose heel-off comes with or just before toe-off: there, full level at
/// 95 % of the swing would need a start before the foot moves.
#[test]
fn six_walks_meet_the_goals_on_both_sides() {
    let (config, shape) = build(&Request::default());
    for foot in walks() {
        let mut driver = foot.drive(config);
        let verdict = judge(&foot, &driver.commands, &shape, TAIL_US);
        println!("{:18} {verdict:?}", foot.name);
        assert!(verdict.passes(), "{}: {verdict:?}", foot.name);
        assert_eq!(driver.notes(), [], "{}", foot.name);
        let counters = driver.trigger.counters();
        assert_eq!(
            (usize::try_from(counters.steps), counters.merged),
            (Ok(foot.steps().len()), 0),
            "{}",
            foot.name
        );
    }
}

/// REQ-PRO-020: the judgement is one that a trigger can fail: one that is always on, and one that never is.
#[test]
fn always_on_and_never_on_fail() {
    let (_, shape) = build(&Request::default());
    for foot in walks() {
        let end = foot.events.last().unwrap().0 + 1_000_000;
        let always = [
            Moment { t_us: 0, command: GateCommand::Open },
            Moment { t_us: end, command: GateCommand::Close { down: millis(200) } },
        ];
        let verdict = judge(&foot, &always, &shape, TAIL_US);
        assert!(
            !verdict.passes() && verdict.stances.1 == 0 && verdict.stray > 0,
            "{}: {verdict:?}",
            foot.name
        );
        assert_eq!(verdict.above, verdict.led, "always on is above threshold");
        let verdict = judge(&foot, &[], &shape, TAIL_US);
        assert!(
            !verdict.passes() && verdict.above == 0 && verdict.pooled_permille == 0,
            "{}: {verdict:?}",
            foot.name
        );
    }
}

/// REQ-PRO-008: why the slope is kept from the floor: a ramp of the row's full 200 ms, from the floor or from 0, fails
/// the swings of every walk whose heel-off leads by less than 0.2 s.
#[test]
fn a_full_length_ramp_is_too_slow() {
    for request in [
        Request { ramp_up: Some(millis(200)), ..Request::default() },
        Request { ramp_floor: Some(0), ..Request::default() },
    ] {
        let (config, shape) = build(&request);
        let walks = walks();
        let failed =
            walks.iter().filter(|foot| !judge(foot, &foot.drive(config).commands, &shape, TAIL_US).passes());
        assert!(walks.is_empty() || failed.count() > walks.len() / 2);
    }
}
