//! The engine against a second one, written from the documents: the same edges and records over random sessions.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests: a panic here is a failed test"
)]

mod common;
mod reference;

use common::*;
use nmes_core::*;
use proptest::prelude::*;

/// What the reference leaves out is taken out of a case.
fn simple(mut case: Case) -> Case {
    let outputs: Vec<_> =
        case.hardware.channels().iter().map(|o| ChannelHardware { source: 0, ..*o }).collect();
    case.hardware = Hardware::new(*case.hardware.timing(), &outputs, 0).unwrap();
    let gated = matches!(case.schedule, Schedule::Gated(_));
    for channel in &mut case.channels {
        if matches!(channel.train.timing, Timing::Sweep(_)) {
            channel.train.timing = Timing::Even;
        }
        if gated {
            channel.offset = Micros::ZERO;
        }
    }
    case
}

/// The script of a case, some time after tick 0, with a stop.
fn later(case: &Case, stop: Option<StopPolicy>, length: u64) -> Vec<(u64, Action)> {
    let mut script = script(case);
    script.insert(0, (0, Action::Gate(GateInput::Open)));
    script.extend(stop.map(|policy| (case.seed % (length + 1), Action::Stop(policy))));
    script.sort_by_key(|(tick, _)| *tick);
    script.iter().map(|(tick, action)| (tick + 100_000, *action)).collect()
}

/// In the order of time and, at one tick, of channels: without a latch edges of one tick come one by one.
fn in_order(mut edges: Vec<reference::Edge>) -> Vec<reference::Edge> {
    edges.sort_by_key(|edge| (edge.tick, edge.channel));
    edges
}

fn agrees(case: &Case, stop: Option<StopPolicy>) -> Result<(), TestCaseError> {
    let session = case.session();
    let plan = Plan::compile(&session, &case.hardware).map_err(|e| TestCaseError::reject(e.to_string()))?;
    let script = later(case, stop, plan.length_ticks());
    let run = play(&plan, &script, || 0);
    let second = reference::play(&session, &case.hardware, &case.channels, &script);
    prop_assert_eq!(run.fault, None);
    prop_assert_eq!(&run.answers, &second.answers);
    let edge = |e: &Edge| reference::Edge { tick: i128::from(e.tick), channel: e.channel, level: e.level };
    let (one, two) = (in_order(run.edges.iter().map(edge).collect()), in_order(second.edges));
    for (one, two) in one.iter().zip(&two) {
        prop_assert_eq!(one, two);
    }
    prop_assert_eq!(one.len(), two.len());
    for channel in 0..plan.channel_count() {
        let own = |r: &&PulseReceipt| r.channel == channel && !r.cut;
        let one = run.receipts.iter().filter(own).map(|r| PulseReceipt { sequence: 0, ..*r });
        let two: Vec<_> = second.receipts.iter().filter(own).copied().collect();
        prop_assert_eq!(one.collect::<Vec<_>>(), two);
        prop_assert_eq!(run.counters[usize::from(channel)], second.counters[usize::from(channel)]);
    }
    Ok(())
}

fn stops() -> impl Strategy<Value = Option<StopPolicy>> {
    prop_oneof![Just(None), Just(Some(StopPolicy::FinishPulse)), Just(Some(StopPolicy::HardOff))]
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// REQ-CORE-79, REQ-INV-05: edge for edge and record for record, on exact outputs.
    #[test]
    fn both_engines_agree(case in case(Kind { late: false, exact: true }), stop in stops()) {
        agrees(&simple(case), stop)?;
    }

    /// REQ-CORE-79, REQ-INV-02: the same with unequal gains and offsets.
    #[test]
    fn both_engines_agree_on_calibrated_outputs(case in case(Kind { late: false, exact: false }), stop in stops()) {
        agrees(&simple(case), stop)?;
    }
}
