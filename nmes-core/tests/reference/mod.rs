//! A second engine, slow and plain: written from the documents. It keeps lists of what happened, works every level and every
//! onset out anew from them, and sums the ledger up from all edges as they were applied.
//!
//! It leaves out what other tests hold: sweeps (exact to two ticks, not to one), and gates on channels with an offset.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::as_conversions,
    reason = "test support: a panic here is a failed test"
)]

mod contractions;
mod gate;
mod inputs;
mod level;
mod next;
mod onsets;
mod pulse;
mod recover;
mod repay;
mod source;

use level::{Ducks, Trapezoid};
use nmes_core::*;
use onsets::onset;
use pulse::{Maker, Parts, Pulse, nearest};
use repay::Due;
use source::Turns;
pub use source::room;

use crate::common::Action;

/// One level change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    pub tick: i128,
    pub channel: u8,
    pub level: Level,
}

/// What was put out.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub edges: Vec<Edge>,
    pub receipts: Vec<PulseReceipt>,
    pub answers: Vec<GateAnswer>,
    pub counters: Vec<Counters>,
}

/// A train: its envelope, its stage, and the onsets that have passed.
#[derive(Clone, Debug)]
struct Train {
    envelope: Trapezoid,
    opened: i128,
    base: i128,
    passed: i128,
    pulses: u32,
    peak: i128,
    rate: Rate,
    timing: Timing<'static>,
    limited: bool,
}

/// What a channel does next, if nothing comes from outside.
#[derive(Clone, Debug)]
enum Next {
    Nothing,
    Begin { at: i128, pulse: Box<Pulse>, receipt: PulseReceipt },
    Trim { at: i128, code: i128, ticks: i128, rest: Level },
    Pass { at: i128, dropped: bool },
    Open { at: i128 },
}

/// One channel: lists of what happened to it, and what is under way.
struct Line<'a> {
    number: u8,
    maker: Maker<'a>,
    turns: Turns,
    settings: Vec<(Setting, i128, i128)>,
    ducks: Ducks,
    trains: u64,
    train: Option<Train>,
    queued: Option<(i128, i128)>,
    closing: bool,
    done: bool,
    ended: Option<i128>,
    soonest_onset: i128,
    carry: i128,
    changed: i128,
    level: Level,
    /// Everything that was put out, up to the last change, in nanoampere-ticks.
    put_out: i128,
    /// Where the frame under way began by plan, its edges to come, and when those of a pulse were applied that begin a level.
    begun: i128,
    under_way: Vec<Due>,
    stamps: Vec<i128>,
    /// The last pulse, and the record of what is under way.
    pulse: Option<Pulse>,
    receipt: Option<PulseReceipt>,
    /// What is under way pays back a pulse that was cut, here by plan.
    cut: Option<i128>,
    /// The trim under way, by plan.
    trimming: Option<i128>,
    /// A pulse ends before its time.
    paying: bool,
    /// The strongest code of the last pulse against its leading way.
    balancing: i128,
    next: Next,
    counters: Counters,
    /// When its gate was opened.
    openings: Vec<i128>,
}

/// The whole machine.
struct Machine<'a> {
    session: Session<'a>,
    hz: i128,
    rest: Level,
    turn: i128,
    spacing: i128,
    start: Option<i128>,
    stopping: bool,
    /// The stop was to pay pulses back.
    recovering: bool,
    has_latch: bool,
    /// How late the next edge is, and the clock, which does not go back.
    late: Box<dyn FnMut() -> i64 + 'a>,
    now: i128,
    lines: Vec<Line<'a>>,
    record: Record,
}

fn millis(ms: Millis, hz: i128) -> i128 {
    nearest(i128::from(ms.as_millis()) * hz, 1_000)
}

/// Plays a script; of the plan only its bounds are looked at.
pub fn play<'a>(
    plan: &'a Plan<'a>,
    channels: &'a [Channel<'static>],
    script: &[(u64, Action)],
    late: impl FnMut() -> i64 + 'a,
) -> Record {
    let (session, hardware) = (plan.session(), plan.hardware());
    let timing = hardware.timing();
    let spacing = i128::from(timing.min_edge_ticks.max(timing.write_ticks + timing.settle_ticks).max(1));
    let turn = spacing.max(i128::from(timing.dead_ticks));
    let jitter = i128::from(hardware.jitter_ticks());
    let line = |number: usize| {
        let (channel, output) = (&channels[number], &hardware.channels()[number]);
        let bounds = plan.channel(number as u8).unwrap();
        let maker = Maker { channel, output, timing, spacing, jitter, bounds };
        Line::new(number as u8, maker, Turns::of(plan, number as u8))
    };
    let mut machine = Machine {
        session: *session,
        hz: i128::from(timing.ticks_per_second),
        rest: Level::from(timing.pulse_rest),
        turn,
        spacing,
        start: None,
        stopping: false,
        recovering: false,
        has_latch: timing.has_latch,
        late: Box::new(late),
        now: 0,
        lines: (0..channels.len()).map(line).collect(),
        record: Record::default(),
    };
    for (tick, action) in script {
        machine.until(i128::from(*tick));
        machine.now = machine.now.max(i128::from(*tick));
        machine.act(*action, machine.now);
    }
    machine.until(i128::MAX);
    let counters = machine.lines.iter().map(|l| Counters { stale: l.ducks.count, ..l.counters }).collect();
    Record { counters, ..machine.record }
}

impl<'a> Line<'a> {
    fn new(number: u8, maker: Maker<'a>, turns: Turns) -> Self {
        Self {
            number,
            maker,
            turns,
            settings: vec![(Setting::ZERO, 0, 0)],
            ducks: Ducks::default(),
            trains: 0,
            train: None,
            queued: None,
            closing: false,
            done: false,
            ended: None,
            soonest_onset: 0,
            carry: 0,
            changed: 0,
            level: Level::Open,
            put_out: 0,
            begun: 0,
            under_way: vec![],
            stamps: vec![],
            pulse: None,
            receipt: None,
            cut: None,
            trimming: None,
            paying: false,
            balancing: 1,
            next: Next::Nothing,
            counters: Counters::default(),
            openings: vec![],
        }
    }

    fn channel(&self) -> &'a Channel<'static> {
        self.maker.channel
    }

    /// When its next edge, or passing of an onset, is.
    fn due(&self) -> Option<i128> {
        if let Some(edge) = self.under_way.first() {
            return Some(edge.at);
        }
        match &self.next {
            Next::Nothing => None,
            Next::Begin { at, .. } | Next::Trim { at, .. } | Next::Pass { at, .. } | Next::Open { at } => {
                Some(*at)
            }
        }
    }
}

impl Machine<'_> {
    /// Everything that is due before `tick`: together what is due together, where the output has a latch; else one channel
    /// after the other, the lowest first.
    fn until(&mut self, tick: i128) {
        loop {
            let all = 0..self.lines.len();
            let due = |n: usize| self.lines[n].due().map(|at| (at, n));
            let Some((at, first)) = all.clone().filter_map(due).min() else { return };
            if at.max(self.now) >= tick {
                return;
            }
            let also = |n: &usize| *n == first || (self.has_latch && self.lines[*n].due() == Some(at));
            let those: Vec<usize> = all.filter(also).collect();
            let passes = |n: &usize| {
                self.lines[*n].under_way.is_empty() && matches!(self.lines[*n].next, Next::Pass { .. })
            };
            let late = if those.iter().all(passes) { 0 } else { i128::from((self.late)()) };
            self.now = self.now.max(at + late);
            those.into_iter().for_each(|number| self.happen(number, self.now));
        }
    }

    fn put_out(&mut self, number: usize, tick: i128, level: Level) {
        let line = &mut self.lines[number];
        line.put_out += line.maker.current(line.level) * (tick - line.changed);
        (line.level, line.changed) = (level, tick);
        self.record.edges.push(Edge { tick, channel: line.number, level });
    }

    /// What is due on a channel is done, at `t`.
    fn happen(&mut self, number: usize, t: i128) {
        if !self.lines[number].under_way.is_empty() {
            return self.edge(number, t);
        }
        match core::mem::replace(&mut self.lines[number].next, Next::Nothing) {
            Next::Nothing => {}
            Next::Open { .. } => {
                self.put_out(number, t, Level::Open);
                self.decide(number, t + self.turn);
            }
            Next::Pass { dropped, at } => {
                let line = &mut self.lines[number];
                let good = millis(line.channel().train.stale_after, self.hz);
                let count = if dropped { &mut line.counters.dropped } else { &mut line.counters.silent };
                *count += 1;
                line.ducks.settle(at, good);
                line.train.as_mut().unwrap().passed += 1;
                self.decide(number, t + self.turn);
            }
            Next::Trim { at, code, ticks, rest } => self.begin_trim(number, t, at, (code, ticks, rest)),
            Next::Begin { at, pulse, receipt } => self.begin(number, t, at, &pulse, receipt),
        }
    }

    /// The first edge of a pulse that is due at `at`, at `t`.
    fn begin(&mut self, number: usize, t: i128, at: i128, pulse: &Pulse, receipt: PulseReceipt) {
        let period = self.period(number);
        let line = &mut self.lines[number];
        line.counters.pulses += 1;
        line.counters.deferred += u32::from(receipt.deferred_ticks > 0);
        line.soonest_onset = at + period;
        line.receipt = Some(PulseReceipt { onset_tick: t as u64, ..receipt });
        line.pulse = Some(pulse.clone());
        line.balancing = line.maker.balancing(pulse);
        let good = millis(line.channel().train.stale_after, self.hz);
        line.ducks.settle(at, good);
        let train = line.train.as_mut().unwrap();
        (train.passed, train.pulses) = (train.passed + 1, train.pulses + 1);
        line.under_way = line.maker.edges(pulse, at, line.carry, self.rest);
        (line.begun, line.stamps) = (at, vec![]);
        self.edge(number, t);
    }

    /// Where the next onset of the train stands on its grid.
    fn ideal(&self, number: usize) -> i128 {
        let train = self.lines[number].train.as_ref().unwrap();
        onset(train.base, train.passed, train.rate, &train.timing, self.hz)
    }

    /// The least time between two onsets.
    fn period(&self, number: usize) -> i128 {
        let line = &self.lines[number];
        let rate = line.train.as_ref().map_or(line.channel().rate, |t| t.rate);
        i128::from(rate.per_us()) * self.hz / (i128::from(rate.pulses()) * 1_000_000)
    }

    fn end_of(&self, number: usize) -> i128 {
        let length = millis(self.session.length(), self.hz);
        self.start.unwrap_or(0) + length + self.lines[number].maker.ticks(self.lines[number].channel().offset)
    }

    /// Withdraws what has not begun, and decides again.
    fn decide_anew(&mut self, number: usize, now: i128) {
        let line = &self.lines[number];
        if line.under_way.is_empty() && !line.done {
            let soonest = (now + self.spacing).max(line.changed + self.turn);
            self.decide(number, soonest);
        }
    }
}
