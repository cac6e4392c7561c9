//! A plan played on a virtual clock.

use super::{Action, Frame};
use crate::*;
use std::vec::Vec;
use std::{assert, panic};

/// One level change as it was put out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The stamp.
    pub tick: u64,
    /// When it was due.
    pub ideal: u64,
    /// The channel.
    pub channel: u8,
    /// Number of the frame and of the edge in it; `None` when a channel goes open without a frame.
    pub frame: Option<(u32, u16)>,
    /// The level from now on.
    pub level: Level,
}

/// What came out of a plan.
#[derive(Debug, Default)]
pub struct Run {
    /// Every frame that was offered; all were accepted.
    pub frames: Vec<Frame>,
    /// Every level change.
    pub edges: Vec<Edge>,
    /// Every receipt.
    pub receipts: Vec<PulseReceipt>,
    /// What gate inputs were answered.
    pub answers: Vec<GateAnswer>,
    /// The end, unless a fault came before.
    pub finished: Option<Finished>,
    /// The fault.
    pub fault: Option<EngineFault>,
    /// Counts of each channel.
    pub counters: Vec<Counters>,
    /// The last ledger of each channel.
    pub ledgers: Vec<Charge>,
    /// Of frames and edges.
    pub hash: u64,
    /// When a stop came.
    pub stopped_at: Option<u64>,
}

impl Run {
    /// The charge of a channel from its edges alone, in nanoampere-ticks: the independent sum.
    ///
    /// # Panics
    /// When the channel is not open at the end.
    #[must_use]
    pub fn charge_from_edges(&self, channel: u8, hardware: &ChannelHardware) -> i64 {
        let edges: Vec<_> = self.edges.iter().filter(|e| e.channel == channel).collect();
        assert!(edges.last().is_none_or(|e| e.level == Level::Open), "a run ends open");
        let area = |pair: &[&Edge]| {
            pair[0].level.current_na(hardware) * i64::try_from(pair[1].tick - pair[0].tick).unwrap()
        };
        edges.windows(2).map(area).sum()
    }

    /// Receipts of pulses, without trims and recoveries.
    pub fn pulses(&self) -> impl Iterator<Item = &PulseReceipt> {
        self.receipts.iter().filter(|r| r.kind == FrameKind::Pulse)
    }
}

/// What is asked of an output.
#[derive(Clone, Copy, Debug)]
pub enum Put<'a> {
    /// The changes of one instant, at their tick.
    Step(&'a [Change]),
    /// Every channel opens: a hard off.
    Off,
}

/// The clock after an output did what it was asked; `None` when it failed, which ends the run.
pub type Answer = Option<u64>;

/// Plays a plan: every edge late by what `late` says, actions between edges at their ticks.
///
/// # Panics
/// When the run does not end within two million steps.
#[must_use]
pub fn play(plan: &Plan<'_>, script: &[(u64, Action)], mut late: impl FnMut() -> i64) -> Run {
    play_through(plan, script, |now, due, put| match put {
        Put::Step([]) | Put::Off => Some(now),
        Put::Step(_) => Some(now.max(due.saturating_add_signed(late()))),
    })
}

/// Plays a plan on an output: `output` is told the time, the tick that the changes are due at (not before the time) and
/// what to put out, and answers with the stamp.
///
/// # Panics
/// When the run does not end within two million steps.
#[must_use]
pub fn play_through(
    plan: &Plan<'_>,
    script: &[(u64, Action)],
    output: impl FnMut(u64, u64, Put<'_>) -> Answer,
) -> Run {
    let mut storage = [ChannelState::new(); MAX_CHANNELS];
    let engine = Engine::new(plan, &mut storage).unwrap_or_else(|e| panic!("{e}"));
    let mut player =
        Player { engine, output, run: Run::default(), hash: TraceHash::new(), now: 0, failed: false };
    let mut script = script.iter().peekable();
    for turn in 0.. {
        assert!(turn < 2_000_000, "a run ends");
        player.accept();
        let edge = match player.engine.next() {
            Next::At(t) => t,
            Next::Never => u64::MAX,
        };
        if let Some((at, action)) = script.next_if(|(at, _)| *at <= edge.max(player.now)) {
            player.now = player.now.max(*at);
            player.act(*action);
        } else if edge == u64::MAX || !player.step(edge) {
            break;
        }
        if player.failed {
            break;
        }
    }
    player.end(plan)
}

struct Player<'p, 's, O> {
    engine: Engine<'p, 's>,
    output: O,
    run: Run,
    hash: TraceHash,
    now: u64,
    failed: bool,
}

impl<O: FnMut(u64, u64, Put<'_>) -> Answer> Player<'_, '_, O> {
    fn accept(&mut self) {
        while let Some(frame) = self.engine.pending() {
            self.hash.frame(&frame);
            self.run.frames.push(Frame::of(&frame));
            assert!(self.engine.accept(frame.channel(), frame.sequence()), "{frame:?} waits");
        }
    }

    /// Puts out what is due; false when that ended the run.
    fn step(&mut self, due: u64) -> bool {
        let Some(step) = self.engine.step() else { return false };
        assert!(step.at_tick() == due, "{step:?} at {due}");
        let changes: Vec<_> = step.changes().collect();
        self.now = if changes.is_empty() { self.now.max(due) } else { self.now };
        let Some(stamp) = (self.output)(self.now, due, Put::Step(&changes)) else {
            self.failed = true;
            return false;
        };
        self.now = stamp;
        for change in &changes {
            self.hash.edge(stamp, change);
            let (channel, level) = (change.channel, change.level);
            let frame = change.edge.map(|e| (change.sequence, e));
            self.run.edges.push(Edge { tick: stamp, ideal: due, channel, frame, level });
        }
        self.run.fault = self.engine.applied(stamp).err();
        if self.run.fault.is_none() {
            self.run.receipts.extend(core::iter::from_fn(|| self.engine.take_receipt()));
        }
        self.run.fault.is_none()
    }

    fn act(&mut self, action: Action) {
        let now = self.now;
        match action {
            Action::Start => self.engine.start(now),
            Action::Command(channel, setting) => {
                // a random setting may be refused; then nothing changes
                let _ = self.engine.command(channel, setting, now);
            }
            Action::Gate(input) => self.run.answers.push(self.engine.gate(input, now)),
            Action::GateChannel(channel, input) => {
                self.run.answers.push(self.engine.gate_channel(channel, input, now));
            }
            Action::Pause => {
                let _ = self.engine.pause(now);
            }
            Action::Resume => {
                let _ = self.engine.resume(now);
            }
            Action::Stop(policy) => self.stop(policy),
        }
    }

    fn stop(&mut self, policy: StopPolicy) {
        self.run.stopped_at = Some(self.now);
        let levels: Vec<_> = (0..).map_while(|c| self.engine.level(c)).collect();
        if policy == StopPolicy::HardOff {
            match (self.output)(self.now, self.now, Put::Off) {
                Some(stamp) => self.now = stamp,
                None => self.failed = true,
            }
            let open = (0_u8..).zip(levels).filter(|(_, level)| *level != Level::Open);
            let (tick, ideal) = (self.now, self.now);
            let edge = |(channel, _)| Edge { tick, ideal, channel, frame: None, level: Level::Open };
            self.run.edges.extend(open.map(edge));
        }
        self.engine.stop(policy, self.now);
        // the records of what a hard off cuts
        self.run.receipts.extend(core::iter::from_fn(|| self.engine.take_receipt()));
    }

    fn end(mut self, plan: &Plan<'_>) -> Run {
        let end = self.engine.start_tick().unwrap_or(0).saturating_add(plan.length_ticks());
        self.engine.tick(end.max(self.now));
        let all = 0..plan.channel_count();
        self.run.finished = self.engine.finished();
        self.run.counters = all.clone().filter_map(|c| self.engine.counters(c)).collect();
        self.run.ledgers = all.filter_map(|c| self.engine.ledger(c)).collect();
        self.run.hash = self.hash.finish();
        self.run
    }
}
