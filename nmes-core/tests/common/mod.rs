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

pub use bounds::*;
pub use nmes_core::strategies::{Action, Case, Edge, Frame, Kind, Lateness, Run, case, play, random};
use nmes_core::*;
use proptest::prelude::*;

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

/// [`Case::script`]; of every second case its inputs stand in clusters around onsets.
pub fn script(case: &Case) -> Vec<(u64, Action)> {
    let mut script = case.script();
    if case.seed & 0x1_0000 == 0 {
        draw_near(case, &mut script);
    }
    script
}

/// Moves inputs to within some edge spacings of every third onset.
fn draw_near(case: &Case, script: &mut [(u64, Action)]) {
    let timing = case.hardware.timing();
    let spacing = u64::from(case.hardware.edge_spacing_ticks()) + u64::from(timing.dead_ticks);
    let mut draw = random(1_000_000, case.seed);
    for (n, (tick, _)) in script.iter_mut().enumerate().filter(|(_, (tick, _))| *tick > 0) {
        let channel = &case.channels[n % case.channels.len()];
        let period_us = u64::from(channel.rate.per_us()) / u64::from(channel.rate.pulses().max(1));
        let period = (period_us * u64::from(timing.ticks_per_second) / 1_000_000).max(1);
        let reach = [3 * spacing + 3, spacing + 2, 6][draw() as usize % 3] as i64;
        let first = if draw().is_multiple_of(2) { spacing } else { 0 };
        let beside = draw() as i64 % (2 * reach + 1) - reach;
        *tick = (*tick / period / 3 * 3 * period + first).saturating_add_signed(beside);
    }
    script.sort_by_key(|(tick, _)| *tick);
}

/// The script that sets every channel to its session value and starts at tick 0.
pub fn started(session: &Session<'_>) -> Vec<(u64, Action)> {
    let set = session.channels().iter().enumerate();
    let mut script: Vec<_> = set.map(|(i, c)| (0, Action::Command(i as u8, c.set))).collect();
    script.push((0, Action::Start));
    script
}

/// How late the stamps of edges are: up to L for the edge, and off by up to ε either way.
pub fn lateness(timing: &HardwareTiming, seed: u64) -> impl FnMut() -> i64 + use<> {
    Lateness::Random(seed).ticks(timing)
}

pub fn ms(n: u32) -> Millis {
    Millis::from_millis(n).unwrap()
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

/// The balancing level of a pulse: the strongest code against its leading way, at least one. Custom points need not begin
/// with a level that drives the leading way.
pub fn paying_code(frame: &Frame, leading: Polarity) -> u32 {
    let against = if leading == Polarity::Positive { -1 } else { 1 };
    let code = |s: Segment| match s.level {
        Level::Code(code) if code.signum() == against => code.unsigned_abs(),
        Level::Code(_) | Level::Open | Level::Shorted => 0,
    };
    frame.segments().map(code).max().unwrap_or(0).max(1)
}

/// What tests ask of a run.
pub trait Asked {
    fn shared_at_once(&self, hardware: &Hardware) -> Option<u64>;
    fn onsets(&self, channel: u8) -> Vec<(u64, i32)>;
    fn least_open_and_spacing(&self, channel: u8) -> (u64, u64);
}

impl Asked for Run {
    /// The first tick at which two channels on one source drive it together.
    fn shared_at_once(&self, hardware: &Hardware) -> Option<u64> {
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
    fn onsets(&self, channel: u8) -> Vec<(u64, i32)> {
        self.pulses().filter(|r| r.channel == channel).map(|r| (r.onset_tick, r.code)).collect()
    }

    /// The least time a channel was open between two opposite polarities, and between two edges.
    fn least_open_and_spacing(&self, channel: u8) -> (u64, u64) {
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
