//! The row through the neighbours: the check of nmes-safety, and the engine of nmes-core on real walks.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

mod common;

use common::{Foot, Pulse, Shape, judge_pulses, regular, subject, walks};
use nmes_core::{
    ChannelHardware, ChannelState, Charge, Engine, FrameKind, Hardware, HardwareTiming, MicroAmps, Micros,
    Next, Plan, StopPolicy,
};
use nmes_protocols::{
    Answers, FOOT_DROP, GateCommand, Heel, PollAt, Request, Trigger, build_session, channel_storage,
};
use nmes_safety::{Profile, Setup, assess};

fn hardware() -> Hardware {
    // 1 tick is 1 µs
    let dac = ChannelHardware::symmetric(50_000, -4_096, 4_095);
    Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap()
}

/// REQ-PRO-027: over the usual band of amplitudes, the row passes every rule of its use class with its own pads.
#[test]
fn the_row_passes_the_check() {
    let setup = Setup::new(&[FOOT_DROP.electrodes.area.default], FOOT_DROP.use_class.value).unwrap();
    let (low, high) = FOOT_DROP.typical_amplitude_ua.value;
    for amplitude in [low, FOOT_DROP.amplitude.default, high] {
        for width in [FOOT_DROP.phase_width.min, FOOT_DROP.phase_width.default] {
            let mut storage = channel_storage();
            let request = Request {
                amplitude: MicroAmps::from_microamps(amplitude),
                width: Micros::from_micros(width),
                ..Request::default()
            };
            let built =
                build_session(&FOOT_DROP, &subject(), &request, &Answers::all_no(), &mut storage).unwrap();
            let plan = Plan::compile(&built.session, &hardware()).unwrap();
            let report = assess(&plan, &setup, &Profile::default());
            let denied: Vec<_> = report.denied().collect();
            assert!(denied.is_empty(), "{amplitude} µA, {width} µs: {denied:?}");
        }
    }
}

/// The engine and the trigger on one clock: whoever is due first goes first.
fn run(foot: &Foot) -> (Vec<Pulse>, Shape, Charge) {
    let mut storage = channel_storage();
    let built =
        build_session(&FOOT_DROP, &subject(), &Request::default(), &Answers::all_no(), &mut storage).unwrap();
    let plan = Plan::compile(&built.session, &hardware()).unwrap();
    let mut states = [ChannelState::new(); 1];
    let mut engine = Engine::new(&plan, &mut states).unwrap();
    let mut trigger = Trigger::new(built.gait);
    engine.command(0, built.session.channels()[0].set, 0).unwrap();
    engine.start(0);
    trigger.start(0);
    trigger.heel(0, Heel::Loaded);
    trigger.other_heel(0, Heel::Loaded);
    trigger.resume(0);
    let mut pulses = Vec::new();
    for (t, other, heel) in foot.switches() {
        until(t, &mut engine, &mut trigger, &mut pulses);
        let command = if other { trigger.other_heel(t, heel) } else { trigger.heel(t, heel) };
        gate(&mut engine, command, t);
    }
    let end = foot.events.last().unwrap().0 + 3_000_000;
    until(end, &mut engine, &mut trigger, &mut pulses);
    engine.stop(StopPolicy::FinishPulse, end);
    (pulses, Shape::of(&built.session), engine.ledger(0).unwrap())
}

fn gate(engine: &mut Engine<'_, '_>, command: Option<GateCommand>, now: u64) {
    if let Some(command) = command {
        let answer = engine.gate(command.into(), now);
        assert!(
            !matches!(answer, nmes_core::GateAnswer::Refused(_) | nmes_core::GateAnswer::Waiting { .. }),
            "{answer:?}"
        );
    }
}

fn until(end: u64, engine: &mut Engine<'_, '_>, trigger: &mut Trigger, pulses: &mut Vec<Pulse>) {
    loop {
        while let Some(frame) = engine.pending() {
            engine.accept(frame.channel(), frame.sequence());
        }
        let edge = match engine.next() {
            Next::At(tick) => tick,
            Next::Never => u64::MAX,
        };
        let poll = match trigger.poll_at() {
            PollAt::At(at) => at,
            PollAt::Never => u64::MAX,
        };
        if edge.min(poll) >= end {
            return;
        }
        if poll <= edge {
            let command = trigger.poll(poll);
            gate(engine, command, poll);
        } else {
            engine.applied(edge).unwrap();
            while let Some(receipt) = engine.take_receipt() {
                let ua = u64::from(receipt.setting.amplitude.as_microamps());
                if receipt.kind == FrameKind::Pulse && ua > 0 {
                    pulses.push(Pulse { t_us: receipt.onset_tick, ua });
                }
            }
        }
    }
}

/// REQ-PRO-020, REQ-PRO-027: the pulses that the engine makes of the trigger's commands meet the goals as well, and
/// the gate refuses and delays nothing. Walks beside the repository where there are any, and a made one always.
#[test]
fn engine_and_trigger_walk() {
    let made = regular("made", 1_100_000, 200_000, 640_000, 30);
    for foot in walks().into_iter().chain([made]) {
        let (pulses, shape, ledger) = run(&foot);
        let verdict = judge_pulses(&foot, &pulses, &shape, 450_000);
        assert!(verdict.passes(), "{}: {verdict:?}", foot.name);
        assert_eq!(ledger, Charge::ZERO);
        assert!(pulses.iter().all(|p| p.ua >= shape.floor_ua && p.ua <= shape.set_ua));
    }
}
