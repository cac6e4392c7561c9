//! The gate of one channel: each channel may follow a trigger of its own, and the bounds hold for each by itself.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::*;
use nmes_core::*;
use proptest::prelude::*;

const MS: u64 = 1_000;

fn input(kind: u8) -> GateInput {
    match kind {
        0 | 1 => GateInput::Open,
        2 => GateInput::Hold,
        3 => GateInput::Toggle,
        _ => GateInput::Close { down: None },
    }
}

fn run(count: usize, schedule: Schedule, inputs: &[(u64, Action)]) -> Run {
    let channels = vec![Channel { ramp: ramped(100, 60, 20_000), ..plain() }; count];
    with_plan(&channels, schedule, 20_000, HardwareTiming::ideal(1_000_000), |plan| {
        play_on(plan, inputs, || 0)
    })
}

/// Pulses of one channel without what tells the channels apart.
fn of(run: &Run, channel: u8) -> Vec<(u64, u64, i32)> {
    run.pulses().filter(|p| p.channel == channel).map(|p| (p.onset_tick, p.end_tick, p.code)).collect()
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// REQ-PRO-340: what one channel does under its own gate is what a session of that channel alone does, whatever the
    /// others are told, refusals for too many openings included.
    #[test]
    fn each_channel_goes_its_own_way(
        inputs in prop::collection::vec((1_u64..300, 0_u8..5, 0_u8..3), 1..60), min_off in 0_u32..300, limit in 1_u16..40,
    ) {
        let mut tick = 0;
        let inputs: Vec<_> = inputs.into_iter().map(|(after, kind, channel)| {
            tick += after * MS;
            (tick, channel, input(kind))
        }).collect();
        let schedule = gated(500, min_off, limit);
        let all: Vec<_> = inputs.iter().map(|&(t, c, i)| (t, Action::GateChannel(c, i))).collect();
        let all = run(3, schedule, &all);
        let mut refused = 0;
        for channel in 0..3 {
            let own: Vec<_> = inputs.iter().filter(|(_, c, _)| *c == channel).map(|&(t, _, i)| (t, Action::Gate(i))).collect();
            let alone = run(1, schedule, &own);
            prop_assert_eq!(of(&all, channel), of(&alone, 0), "channel {}", channel);
            refused += alone.answers.iter().filter(|a| **a == GateAnswer::Refused(GateRefusal::TooManyTriggers)).count();
        }
        prop_assert_eq!(refused, all.answers.iter().filter(|a| **a == GateAnswer::Refused(GateRefusal::TooManyTriggers)).count());
    }

    /// REQ-PRO-340: a gate for all is the same as one for each, where all are told the same.
    #[test]
    fn together_is_one_by_one(inputs in prop::collection::vec((1_u64..300, 0_u8..5), 1..40), min_off in 0_u32..300) {
        let mut tick = 0;
        let mut together = Vec::new();
        let mut apart = Vec::new();
        for (after, kind) in inputs {
            tick += after * MS;
            together.push((tick, Action::Gate(input(kind))));
            apart.extend((0..2).map(|c| (tick, Action::GateChannel(c, input(kind)))));
        }
        let (together, apart) = (run(2, gated(500, min_off, 600), &together), run(2, gated(500, min_off, 600), &apart));
        for channel in 0..2 {
            prop_assert_eq!(of(&together, channel), of(&apart, channel));
        }
    }
}

/// REQ-PRO-340: a channel that is not there is ignored, and a session that is not gated says so.
#[test]
fn what_is_not_there_is_ignored() {
    let open = |channel| (1_000, Action::GateChannel(channel, GateInput::Open));
    let none = run(2, gated(500, 0, 60), &[open(2), open(255)]);
    assert_eq!(none.answers, [GateAnswer::Ignored; 2]);
    assert_eq!(none.pulses().count(), 0);
    let own = run(1, Schedule::Continuous, &[open(0)]);
    assert_eq!(own.answers, [GateAnswer::Refused(GateRefusal::NotGated)]);
}
