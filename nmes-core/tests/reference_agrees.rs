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

/// The same, with channels that share a source, and others beside them.
fn on_sources(mut case: Case) -> Case {
    const SHARED: [[u8; 4]; 5] = [[1; 4], [1, 1, 2, 2], [1, 2, 1, 2], [0, 7, 0, 7], [0, 0, 3, 3]];
    let shared = SHARED[(case.seed >> 40) as usize % SHARED.len()];
    let outputs = case.hardware.channels().iter().zip(shared);
    let outputs: Vec<_> = outputs.map(|(o, source)| ChannelHardware { source, ..*o }).collect();
    case.hardware = Hardware::new(*case.hardware.timing(), &outputs, 0).unwrap();
    let mut case = simple(case);
    // some may wait for exactly as long as one pulse takes, or two
    let times = case.seed >> 50 & 3;
    let room = Plan::compile(&case.session(), &case.hardware).map_or(0, |plan| reference::room(&plan, 0));
    let us = times as u128 * room as u128 * 1_000_000 / u128::from(case.hardware.timing().ticks_per_second);
    if times < 3 {
        case.overlap = Overlap::Defer(Micros::from_micros(us as u32).unwrap());
    }
    case
}

/// The script of a case, some time after tick 0, with a stop; some inputs are for one channel.
fn later(case: &Case, stop: Option<StopPolicy>, length: u64) -> Vec<(u64, Action)> {
    let mut script = script(case);
    for (number, (_, action)) in script.iter_mut().enumerate() {
        let (one, channel) = (case.seed >> (number % 32) & 1 == 1, number % case.channels.len());
        if let (Action::Gate(input), true) = (*action, one) {
            *action = Action::GateChannel(channel as u8, input);
        }
    }
    script.insert(0, (0, Action::Gate(GateInput::Open)));
    let stop = stop.map(|policy| (case.seed % (length + 1), Action::Stop(policy)));
    // and once more, as a host that was not answered would
    let again = stop.filter(|_| case.seed & 4 == 0).map(|(tick, action)| (tick + case.seed % 50, action));
    script.extend(stop.into_iter().chain(again));
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
    same(case, &plan, &script)
}

fn same(case: &Case, plan: &Plan<'_>, script: &[(u64, Action)]) -> Result<(), TestCaseError> {
    let run = play(plan, script, case.lateness());
    let second = reference::play(plan, &case.channels, script, case.lateness());
    prop_assert_eq!(run.fault, None);
    prop_assert_eq!(&run.answers, &second.answers);
    let edge = |e: &Edge| reference::Edge { tick: i128::from(e.tick), channel: e.channel, level: e.level };
    let (one, two) = (in_order(run.edges.iter().map(edge).collect()), in_order(second.edges));
    for (one, two) in one.iter().zip(&two) {
        prop_assert_eq!(one, two);
    }
    prop_assert_eq!(one.len(), two.len());
    for channel in 0..plan.channel_count() {
        let own = |r: &&PulseReceipt| r.channel == channel;
        let one: Vec<_> =
            run.receipts.iter().filter(own).map(|r| PulseReceipt { sequence: 0, ..*r }).collect();
        let two: Vec<_> = second.receipts.iter().filter(own).copied().collect();
        for (one, two) in one.iter().zip(&two) {
            prop_assert_eq!(one, two);
        }
        prop_assert_eq!(one.len(), two.len());
        prop_assert_eq!(run.counters[usize::from(channel)], second.counters[usize::from(channel)]);
    }
    Ok(())
}

fn stops() -> impl Strategy<Value = Option<StopPolicy>> {
    let recover = Just(Some(StopPolicy::RecoverNow));
    prop_oneof![2 => Just(None), 1 => Just(Some(StopPolicy::FinishPulse)), 2 => recover, 1 => Just(Some(StopPolicy::HardOff))]
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

    /// REQ-CORE-79, REQ-CORE-182: the same where channels share current sources, and have to wait for one another.
    #[test]
    fn both_engines_agree_on_shared_sources(case in case(Kind { late: false, exact: true }), stop in stops()) {
        agrees(&on_sources(case), stop)?;
    }

    /// REQ-CORE-79, REQ-CORE-183, REQ-INV-03: the same with late edges and stamps that are off: where the last edge of each pulse
    /// stands, and every trim, in the train and at its end; on sources of their own and on shared ones.
    #[test]
    fn both_engines_agree_on_late_edges(case in late_case(), stop in stops()) {
        agrees(&case, stop)?;
    }

    /// REQ-CORE-79, REQ-CORE-185: the same where trims wait for others and a gate opens meanwhile.
    #[test]
    fn both_engines_agree_on_gates_of_shared_sources((case, script) in gated_case()) {
        let session = case.session();
        let plan = Plan::compile(&session, &case.hardware).map_err(|e| TestCaseError::reject(e.to_string()))?;
        same(&case, &plan, &script)?;
    }
}

/// Late edges on shared sources, each channel closed by itself and opened again: often while it is still being trimmed, as its
/// trims wait for others. From the start, or while all run into the end of the session.
fn gated_case() -> impl Strategy<Value = (Case, Vec<(u64, Action)>)> {
    let input = (0_u32..40_000, 0_usize..4, 0_u32..4_000);
    let times = (0_u32..60, 20_u32..300, 0_usize..3, any::<bool>(), 0_u32..8_000);
    (late_case(), prop::collection::vec(input, 1..=20), times).prop_map(|(case, inputs, times)| {
        let (off, on, down, ending, left) = times;
        let (down, mut case) = (if ending { 30 } else { [0, 3, 30][down] }, on_sources(case));
        case.late = Lateness::Random(case.seed);
        case.channels.extend_from_within(..usize::from(case.channels.len() < 4));
        case.schedule = gated(if ending { 2_500 } else { on }, off.saturating_sub(30), 600);
        for channel in &mut case.channels {
            (channel.offset, channel.ramp.down) = (Micros::ZERO, ms(down));
            if ending {
                channel.ramp.up = Millis::ZERO;
            }
            // more trims, where no edge moves
            if matches!(channel.pulse.form, Form::Rectangular) && channel.set.width.as_micros() > 200 {
                channel.pulse.form = Form::Table(&[FULL_SCALE / 2, FULL_SCALE, FULL_SCALE]);
            }
        }
        let end = (case.length.as_millis() - down) * 1_000;
        let mut us = if ending { end - down * 1_000 - left } else { 0 };
        let hz = u64::from(case.hardware.timing().ticks_per_second);
        let mut script = started(&case.session());
        script.push((0, Action::Gate(GateInput::Open)));
        for (after, number, again) in inputs.into_iter().take(if ending { 3 } else { 20 }) {
            us += if ending { after / 10 } else { after };
            let channel = (number % case.channels.len()) as u8;
            let mut act = |us: u32, input| {
                script.push((u64::from(us) * hz / 1_000_000, Action::GateChannel(channel, input)));
            };
            act(us, GateInput::Close { down: None });
            act(us + down * 1_000 + again, GateInput::Open);
        }
        script.sort_by_key(|(tick, _)| *tick);
        (case, script)
    })
}

fn late_case() -> impl Strategy<Value = Case> {
    any::<bool>()
        .prop_flat_map(|exact| case(Kind { late: true, exact }))
        .prop_map(|case| if case.seed & 1 << 60 == 0 { simple(case) } else { on_sources(case) })
}
