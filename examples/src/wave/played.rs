//! A plan of one channel, run on a virtual clock: level changes, sums, samples.

use crate::desk::LevelChange;
use crate::failure::Failure;
use nmes_core::{
    ChannelState, Charge, Counters, Engine, EngineFault, FrameKind, Level, Next, Plan, PulseFrame, Renderer,
};
use nmes_hal_adapters::sim::Random;

/// A pulse, as its frame says: where it begins, and Σ code × ticks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PulseSum {
    /// The tick of its first edge.
    pub onset: u64,
    /// Its strongest code, as a magnitude.
    pub peak: u32,
    /// Σ code × ticks.
    pub code_ticks: i64,
}

/// What came out.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// Every level change.
    pub changes: Vec<LevelChange>,
    /// Every pulse.
    pub pulses: Vec<PulseSum>,
    /// Σ code × ticks over all level changes.
    pub code_ticks: i64,
    /// What is left on the ledger.
    pub ledger: Charge,
    /// Counts of the channel.
    pub counters: Counters,
}

impl Played {
    /// Runs the plan, every edge late by a random 0 to `late` ticks.
    ///
    /// # Errors
    /// An edge later than declared.
    pub(super) fn of(plan: &Plan<'_>, seed: u64, late: u32) -> Result<Self, Failure> {
        let mut storage = [ChannelState::new(); 1];
        let mut engine = started(plan, &mut storage)?;
        let (mut played, mut random) = (Self::default(), Random::new(seed));
        loop {
            while let Some(frame) = engine.pending() {
                if frame.kind() == FrameKind::Pulse {
                    played.pulses.push(sum_of(&frame));
                }
                engine.accept(frame.channel(), frame.sequence());
            }
            let (Next::At(due), Some(step)) = (engine.next(), engine.step()) else { break };
            let changes: Vec<_> = step.changes().collect();
            let tick = due + if changes.is_empty() { 0 } else { u64::from(random.up_to(late)) };
            let changed = changes.iter().map(|c| LevelChange { tick, channel: c.channel, level: c.level });
            played.changes.extend(changed);
            engine.applied(tick).map_err(|fault| faulted(&fault))?;
        }
        played.code_ticks = code_ticks(&played.changes);
        played.ledger = engine.ledger(0).unwrap_or_default();
        played.counters = engine.counters(0).unwrap_or_default();
        // a frame that was withdrawn was not put out
        let put_out: Vec<u64> = played.changes.iter().map(|c| c.tick).collect();
        played.pulses.retain(|p| put_out.iter().any(|t| (p.onset..=p.onset + u64::from(late)).contains(t)));
        Ok(played)
    }
}

fn started<'p, 's>(plan: &'p Plan<'p>, storage: &'s mut [ChannelState]) -> Result<Engine<'p, 's>, Failure> {
    let told = |error: nmes_core::ConfigError| crate::flags::of_config(&error);
    let mut engine = Engine::new(plan, storage).map_err(told)?;
    for channel in plan.session().channels() {
        engine.command(0, channel.set, 0).map_err(told)?;
    }
    engine.start(0);
    Ok(engine)
}

fn faulted(fault: &EngineFault) -> Failure {
    Failure::Faulted(format!("{fault}; --late-us is more than --declared-late-us"))
}

fn sum_of(frame: &PulseFrame<'_>) -> PulseSum {
    let mut sum = PulseSum { onset: frame.onset_tick(), peak: 0, code_ticks: 0 };
    for segment in frame.segments() {
        if let Level::Code(code) = segment.level {
            sum.peak = sum.peak.max(code.unsigned_abs());
            sum.code_ticks += i64::from(code) * i64::from(segment.ticks);
        }
    }
    sum
}

fn code_ticks(changes: &[LevelChange]) -> i64 {
    let area = |pair: &[LevelChange]| match pair[0].level {
        Level::Code(code) => i64::from(code) * (pair[1].tick - pair[0].tick) as i64,
        Level::Open | Level::Shorted => 0,
    };
    changes.windows(2).map(area).sum()
}

/// The plan as samples, one a tick up to its last edge, by the renderer and not from the level changes.
///
/// # Errors
/// A session of more ticks than `most`; late edges; codes of more than 16 bits.
pub(super) fn samples(plan: &Plan<'_>, most: u64) -> Result<Vec<i16>, Failure> {
    let length = plan.length_ticks();
    if length > most {
        return Err(Failure::Input(format!(
            "--samples: {length} ticks are more than the {most} that are written; accepted: a shorter --seconds or a \
             lower --ticks-hz"
        )));
    }
    let mut storage = [ChannelState::new(); 1];
    let refused = |error: nmes_core::ConfigError| Failure::Input(format!("--samples: {error}"));
    let mut renderer = Renderer::<i16>::new(started(plan, &mut storage)?, 0).map_err(refused)?;
    let (mut samples, mut ticks) = (Vec::new(), length);
    loop {
        let mut block = [vec![0_i16; usize::try_from(ticks).unwrap_or(0)]];
        let rendered = renderer.render(&mut block, &mut |_: &PulseFrame<'_>| true);
        rendered.map_err(|fault| Failure::Faulted(format!("rendering: {fault}")))?;
        samples.extend_from_slice(&block[0]);
        // the last pulse may end after the length, and is put out whole
        let Next::At(due) = renderer.engine().next() else { return Ok(samples) };
        ticks = due + 1 - renderer.tick();
    }
}
