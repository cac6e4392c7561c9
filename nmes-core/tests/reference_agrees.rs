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
    let room = Plan::compile(&case.session(), &case.hardware).map_or(0, |plan| turns(&plan)[0].room);
    let us = times as u128 * room as u128 * 1_000_000 / u128::from(case.hardware.timing().ticks_per_second);
    if times < 3 {
        case.overlap = Overlap::Defer(Micros::from_micros(us as u32).unwrap());
    }
    case
}

fn turns(plan: &Plan<'_>) -> Vec<reference::Turns> {
    let (spacing, dead) = (plan.hardware().edge_spacing_ticks(), plan.hardware().timing().dead_ticks);
    let turn = i128::from(spacing.max(dead));
    (0..plan.channel_count()).map(|number| reference::Turns::of(plan, number, turn)).collect()
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
    let run = play(&plan, &script, || 0);
    let second = reference::play(&session, &case.hardware, &case.channels, &turns(&plan), &script);
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

    /// REQ-CORE-79, REQ-INV-03: one channel of plain pulses with late edges and stamps that are off: where the last edge of
    /// each pulse stands, and every trim, in the train and at its end.
    #[test]
    fn both_engines_agree_on_late_edges(case in case(Kind { late: true, exact: true })) {
        let mut case = simple(case);
        let channel = &mut case.channels[0];
        let pulse = PulseShape { form: Form::Rectangular, repeat: Repeat::ONCE, ..channel.pulse };
        let balance = if pulse.balance.is_balanced() { pulse.balance } else { Balance::Symmetric };
        let width = channel.set.width.as_micros().clamp(200, 600);
        let set = Setting::new(channel.set.amplitude.as_microamps(), width).unwrap();
        let (train, offset) = (Train::default(), Micros::ZERO);
        *channel = Channel { pulse: PulseShape { balance, ..pulse }, set, ceiling: set, ramp: Ramp::default(), train, offset, ..*channel };
        case.channels.truncate(1);
        case.schedule = Schedule::Continuous;
        late_edges_agree(&case)?;
    }
}

/// Pulses of a strong and a weak setting in turn, so that trims come in the train as well.
fn late_edges_agree(case: &Case) -> Result<(), TestCaseError> {
    let session = case.session();
    let plan = Plan::compile(&session, &case.hardware).map_err(|e| TestCaseError::reject(e.to_string()))?;
    let weak = case.channels[0].set.amplitude.as_microamps() / 7;
    let weak = Setting { amplitude: MicroAmps::from_microamps(weak).unwrap(), ..case.channels[0].set };
    if plan.frame(0, weak, 0).is_none() {
        return Err(TestCaseError::reject("the weak setting cannot be paid back"));
    }
    let (start, timing, c) = (100_000_u64, case.hardware.timing(), plan.channel(0).unwrap());
    let set = c.channel().set;
    let mut script = vec![(0, Action::Command(0, set)), (start, Action::Start)];
    let mut onsets = Onsets::new(c.rate(), timing.ticks_per_second).unwrap();
    let mut ideals = vec![];
    let turns = case.seed % 5 + 1;
    for n in 0.. {
        if onsets.tick() >= plan.length_ticks() {
            break;
        }
        let setting = if n % (2 * turns) < turns { set } else { weak };
        let mut commanded = 0;
        if n > 0 && n % turns == 0 {
            commanded = start + onsets.tick() - c.period_ticks() / 8;
            script.push((commanded, Action::Command(0, setting)));
        }
        let code = i128::from(c.code_for(setting.amplitude));
        ideals.push((i128::from(start + onsets.tick()), code, i128::from(commanded)));
        onsets.advance();
    }
    let run = play(&plan, &script, case.lateness());
    prop_assert_eq!(run.fault, None);
    let (spacing, jitter) = (i128::from(case.hardware.edge_spacing_ticks()), i128::from(c.jitter_ticks()));
    let output = &case.hardware.channels()[0];
    let maker = reference::Maker { channel: &case.channels[0], output, timing, spacing, jitter };
    let (rest, turn) = (Level::from(timing.pulse_rest), spacing.max(i128::from(timing.dead_ticks)));
    let mut second = reference::late::Late {
        maker,
        rest,
        turn,
        late: case.lateness(),
        now: i128::from(start),
        edges: vec![],
    };
    second.play(i128::from(start), &ideals, i128::from(c.width_ticks(set.width)));
    let one: Vec<_> = run.edges.iter().map(|e| (i128::from(e.tick), e.level)).collect();
    for (one, two) in one.iter().zip(&second.edges) {
        prop_assert_eq!(one, two);
    }
    prop_assert_eq!(one.len(), second.edges.len());
    Ok(())
}
