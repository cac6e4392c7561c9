//! A clock, a script and random sessions for the property tests.
#![allow(
    dead_code,
    unused_imports,
    missing_docs,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "test support: a panic here is a failed test"
)]

mod bounds;
mod forms;
mod frame;
mod random_cases;

pub use bounds::*;
pub use frame::Frame;
use nmes_core::*;
use proptest::prelude::*;
pub use random_cases::{Case, Kind, case, ms, script};

/// Cases of each property: `NMES_CASES`, or `usual`.
pub fn cases(usual: u32) -> ProptestConfig {
    let cases = std::env::var("NMES_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual);
    let failure_persistence: Option<Box<dyn proptest::test_runner::FailurePersistence>> =
        Some(Box::new(proptest::test_runner::FileFailurePersistence::WithSource("regressions")));
    ProptestConfig {
        cases,
        failure_persistence,
        max_global_rejects: cases.saturating_mul(20),
        ..ProptestConfig::default()
    }
}

/// What happens from outside, and when.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    Start,
    Command(u8, Setting),
    Gate(GateInput),
    GateChannel(u8, GateInput),
    Pause,
    Resume,
    Stop(StopPolicy),
}

/// One level change as it was put out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    pub tick: u64,
    pub ideal: u64,
    pub channel: u8,
    pub frame: Option<(u32, u16)>,
    pub level: Level,
}

#[derive(Debug, Default)]
pub struct Run {
    pub frames: Vec<Frame>,
    pub edges: Vec<Edge>,
    pub receipts: Vec<PulseReceipt>,
    pub answers: Vec<GateAnswer>,
    pub finished: Option<Finished>,
    pub fault: Option<EngineFault>,
    pub counters: Vec<Counters>,
    pub ledgers: Vec<Charge>,
    pub hash: u64,
    pub stopped_at: Option<u64>,
}

impl Run {
    /// The charge of a channel from its edges alone, in nanoampere-ticks: the independent sum.
    pub fn charge_from_edges(&self, channel: u8, hardware: &ChannelHardware) -> i64 {
        let mut sum = 0_i64;
        let mut last: Option<Edge> = None;
        for edge in self.edges.iter().filter(|e| e.channel == channel) {
            if let Some(before) = last {
                sum += before.level.current_na(hardware) * i64::try_from(edge.tick - before.tick).unwrap();
            }
            last = Some(*edge);
        }
        assert!(last.is_none_or(|e| e.level == Level::Open), "a run ends open");
        sum
    }

    pub fn pulses(&self) -> impl Iterator<Item = &PulseReceipt> {
        self.receipts.iter().filter(|r| r.kind == FrameKind::Pulse)
    }
}

/// Plays a plan on a virtual clock: every edge late by what `late` says, outside actions between edges.
pub fn play(plan: &Plan<'_>, script: &[(u64, Action)], mut late: impl FnMut() -> i64) -> Run {
    let mut storage = [ChannelState::new(); MAX_CHANNELS];
    let mut engine = Engine::new(plan, &mut storage).unwrap();
    let mut run = Run::default();
    let mut hash = TraceHash::new();
    let mut now = 0_u64;
    let mut script = script.iter().peekable();
    for turn in 0.. {
        assert!(turn < 2_000_000, "a run ends");
        while let Some(frame) = engine.pending() {
            hash.frame(&frame);
            run.frames.push(Frame::of(&frame));
            assert!(engine.accept(frame.channel(), frame.sequence()));
        }
        let edge = match engine.next() {
            Next::At(t) => t,
            Next::Never => u64::MAX,
        };
        if let Some((at, action)) = script.next_if(|(at, _)| *at <= edge.max(now)) {
            now = now.max(*at);
            act(&mut engine, *action, now, &mut run);
            continue;
        }
        if edge == u64::MAX {
            break;
        }
        let step = engine.step().unwrap();
        assert_eq!(step.at_tick(), edge);
        now = now.max(edge.saturating_add_signed(if step.changes().next().is_none() { 0 } else { late() }));
        for change in step.changes() {
            hash.edge(now, &change);
            run.edges.push(Edge {
                tick: now,
                ideal: edge,
                channel: change.channel,
                frame: change.edge.map(|e| (change.sequence, e)),
                level: change.level,
            });
        }
        if let Err(fault) = engine.applied(now) {
            run.fault = Some(fault);
            break;
        }
        while let Some(receipt) = engine.take_receipt() {
            run.receipts.push(receipt);
        }
    }
    let end = engine.start_tick().unwrap_or(0).saturating_add(plan.length_ticks());
    engine.tick(end.max(now));
    run.finished = engine.finished();
    run.counters = (0..plan.channel_count()).map(|c| engine.counters(c).unwrap()).collect();
    run.ledgers = (0..plan.channel_count()).map(|c| engine.ledger(c).unwrap()).collect();
    run.hash = hash.finish();
    run
}

fn act(engine: &mut Engine<'_, '_>, action: Action, now: u64, run: &mut Run) {
    match action {
        Action::Start => engine.start(now),
        Action::Command(channel, setting) => {
            // a random setting may be refused; then nothing changes
            let _ = engine.command(channel, setting, now);
        }
        Action::Gate(input) => run.answers.push(engine.gate(input, now)),
        Action::GateChannel(channel, input) => run.answers.push(engine.gate_channel(channel, input, now)),
        Action::Pause => drop(engine.pause(now)),
        Action::Resume => drop(engine.resume(now)),
        Action::Stop(policy) => {
            run.stopped_at = Some(now);
            let before: Vec<_> = (0..8).map_while(|c| engine.level(c)).collect();
            engine.stop(policy, now);
            if policy == StopPolicy::HardOff {
                for (channel, level) in before.into_iter().enumerate().filter(|(_, l)| *l != Level::Open) {
                    let _ = level;
                    let channel = u8::try_from(channel).unwrap();
                    run.edges.push(Edge { tick: now, ideal: now, channel, frame: None, level: Level::Open });
                }
            }
        }
    }
}

/// The script that sets every channel to its session value and starts at tick 0.
pub fn started(session: &Session<'_>) -> Vec<(u64, Action)> {
    let set = session.channels().iter().enumerate();
    let mut script: Vec<_> = set.map(|(i, c)| (0, Action::Command(i as u8, c.set))).collect();
    script.push((0, Action::Start));
    script
}

/// A small random generator for lateness: a linear congruence, so that a case is its seed.
pub fn random(limit: u32, seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed | 1;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % (u64::from(limit) + 1)
    }
}

/// How late the stamps of edges are: up to L for the edge, and off by up to ε either way.
pub fn lateness(timing: &HardwareTiming, seed: u64) -> impl FnMut() -> i64 + use<> {
    let error = i64::from(timing.stamp_error_ticks);
    let mut random = random(timing.late_max_ticks + 2 * timing.stamp_error_ticks, seed);
    move || random() as i64 - error
}

/// An output with equal gains, 0.1 mA a code.
pub const DAC: ChannelHardware = ChannelHardware::symmetric(100_000, -2_048, 2_047);

/// 40 mA, 300 µs, a gap of 100 µs, 40 Hz, no ramp.
pub fn plain() -> Channel<'static> {
    let set = Setting::new(40_000, 300).unwrap();
    let pulse = PulseShape { gap: Micros::from_micros(100).unwrap(), ..PulseShape::default() };
    let (rate, ramp, offset) = (Rate::from_hz(40).unwrap(), Ramp::default(), Micros::ZERO);
    Channel { pulse, rate, train: Train::default(), set, ceiling: set, ramp, offset }
}

pub fn ramped(up: u32, down: u32, floor: u32) -> Ramp {
    Ramp { up: ms(up), down: ms(down), floor, ..Ramp::default() }
}

pub fn gated(max_on: u32, min_off: u32, triggers: u16) -> Schedule<'static> {
    Schedule::Gated(Gate {
        max_on: ms(max_on),
        min_off: ms(min_off),
        max_triggers_per_minute: triggers,
        refractory: Millis::ZERO,
    })
}

/// Compiles for as many equal outputs as there are channels, and hands the plan on.
pub fn with_plan<R>(
    channels: &[Channel<'_>],
    schedule: Schedule<'_>,
    length_ms: u32,
    timing: HardwareTiming,
    then: impl FnOnce(&Plan<'_>) -> R,
) -> R {
    let session = Session::new(channels, schedule, ms(length_ms)).unwrap();
    let hardware = Hardware::new(timing, &vec![DAC; channels.len()], 0).unwrap();
    then(&Plan::compile(&session, &hardware).unwrap())
}

/// [`play`] with every channel set and started at tick 0, and `more` after that.
pub fn play_on(plan: &Plan<'_>, more: &[(u64, Action)], late: impl FnMut() -> i64) -> Run {
    let mut script = started(plan.session());
    script.extend_from_slice(more);
    play(plan, &script, late)
}

/// An engine with every channel set and started at tick 0.
pub fn with_engine<R>(plan: &Plan<'_>, then: impl FnOnce(&mut Engine<'_, '_>) -> R) -> R {
    let mut storage = [ChannelState::new(); MAX_CHANNELS];
    let mut engine = Engine::new(plan, &mut storage).unwrap();
    for (index, channel) in (0_u8..).zip(plan.session().channels()) {
        engine.command(index, channel.set, 0).unwrap();
    }
    engine.start(0);
    then(&mut engine)
}

/// Accepts every frame that waits.
pub fn accept_all(engine: &mut Engine<'_, '_>) -> Vec<Frame> {
    let mut frames = vec![];
    while let Some(frame) = engine.pending() {
        assert!(engine.accept(frame.channel(), frame.sequence()));
        frames.push(Frame::of(&frame));
    }
    frames
}

/// Accepts what waits and applies the next step, `late` ticks late; when that was. `None` when nothing is due.
pub fn advance(engine: &mut Engine<'_, '_>, late: u64) -> Option<u64> {
    accept_all(engine);
    let Next::At(at) = engine.next() else { return None };
    engine.applied(at + late).unwrap();
    Some(at + late)
}

/// Goes on until nothing is due; the frames that were accepted and the receipts.
pub fn run_out(
    engine: &mut Engine<'_, '_>,
    mut late: impl FnMut() -> u64,
) -> (Vec<Frame>, Vec<PulseReceipt>) {
    let (mut frames, mut receipts) = (vec![], vec![]);
    for turn in 0.. {
        assert!(turn < 1_000_000, "a run ends");
        frames.extend(accept_all(engine));
        let Next::At(at) = engine.next() else { break };
        engine.applied(at + late()).unwrap();
        receipts.extend(core::iter::from_fn(|| engine.take_receipt()));
    }
    (frames, receipts)
}

/// The strongest code of a pulse against its main phase.
pub fn paying_code(frame: &Frame) -> u32 {
    let code = |s: Segment| match s.level {
        Level::Code(code) => code,
        Level::Open | Level::Shorted => 0,
    };
    let from_main = frame.segments().skip(usize::from(frame.main)).map(code);
    let main = from_main.map(i32::signum).find(|sign| *sign != 0).unwrap_or(0);
    let against = frame.segments().map(code).filter(|c| c.signum() == -main);
    against.map(i32::unsigned_abs).max().unwrap_or(0)
}

impl Run {
    /// The first tick at which two channels on one source drive it together.
    pub fn shared_at_once(&self, hardware: &Hardware) -> Option<u64> {
        let mut driven = [false; MAX_CHANNELS];
        for edge in &self.edges {
            let own = usize::from(edge.channel);
            let source = hardware.channel(edge.channel).unwrap().source;
            driven[own] = matches!(edge.level, Level::Code(code) if code != 0);
            let same = |c: usize| {
                c != own && source != 0 && hardware.channels().get(c).is_some_and(|o| o.source == source)
            };
            if driven[own] && (0..MAX_CHANNELS).any(|c| driven[c] && same(c)) {
                return Some(edge.tick);
            }
        }
        None
    }

    /// Onsets and codes of the pulses of a channel.
    pub fn onsets(&self, channel: u8) -> Vec<(u64, i32)> {
        self.pulses().filter(|r| r.channel == channel).map(|r| (r.onset_tick, r.code)).collect()
    }

    /// The least time a channel was open between two opposite polarities, and between two edges.
    pub fn least_open_and_spacing(&self, channel: u8) -> (u64, u64) {
        let (mut least_open, mut spacing, mut open, mut driven) = (u64::MAX, u64::MAX, 0, 0);
        let edges: Vec<_> = self.edges.iter().filter(|e| e.channel == channel).collect();
        for pair in edges.windows(2) {
            let ticks = pair[1].tick - pair[0].tick;
            spacing = spacing.min(ticks);
            match pair[0].level {
                Level::Code(code) if code != 0 => {
                    if driven == -code.signum() {
                        least_open = least_open.min(open);
                    }
                    (driven, open) = (code.signum(), 0);
                }
                Level::Open => open += ticks,
                Level::Code(_) | Level::Shorted => {}
            }
        }
        (least_open, spacing)
    }
}
