//! A second engine, slow and plain: written from the documents, for outputs that are never late. It keeps lists of what
//! happened, works every level and every onset out anew from them, and looks at one edge at a time.
//!
//! [`late`] is another one, for one channel of plain pulses whose edges are late.
//!
//! Both leave out what other tests hold: late edges of other forms, sweeps (exact to two ticks, not to one), and gates
//! on channels with an offset.
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
pub mod late;
mod level;
mod onsets;
mod pulse;
mod recover;
mod source;

use contractions::contraction;
use level::{Ducks, FULL, Trapezoid, between, shaped};
use nmes_core::*;
use onsets::onset;
pub use pulse::Maker;
use pulse::{Parts, Pulse, nearest};
pub use source::Turns;

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
    /// When the frame under way began.
    begun: i128,
    /// Edges of the pulse under way, its levels and its record.
    under_way: Vec<(i128, Level)>,
    pulse: Option<Pulse>,
    receipt: Option<PulseReceipt>,
    /// What is under way pays back a pulse that was cut.
    paying: bool,
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
    lines: Vec<Line<'a>>,
    record: Record,
}

fn millis(ms: Millis, hz: i128) -> i128 {
    nearest(i128::from(ms.as_millis()) * hz, 1_000)
}

/// Plays a script on outputs that are never late.
pub fn play<'a>(
    session: &'a Session<'a>,
    hardware: &'a Hardware,
    channels: &'a [Channel<'static>],
    turns: &[Turns],
    script: &[(u64, Action)],
) -> Record {
    let timing = hardware.timing();
    let spacing = i128::from(timing.min_edge_ticks.max(timing.write_ticks + timing.settle_ticks).max(1));
    let line = |number: usize| {
        let (channel, output) = (&channels[number], &hardware.channels()[number]);
        let maker = Maker { channel, output, timing, spacing, jitter: 0 };
        Line::new(number as u8, maker, turns[number])
    };
    let mut machine = Machine {
        session: *session,
        hz: i128::from(timing.ticks_per_second),
        rest: Level::from(timing.pulse_rest),
        turn: spacing.max(i128::from(timing.dead_ticks)),
        spacing,
        start: None,
        stopping: false,
        recovering: false,
        lines: (0..channels.len()).map(line).collect(),
        record: Record::default(),
    };
    for (tick, action) in script {
        machine.until(i128::from(*tick));
        machine.act(*action, i128::from(*tick));
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
            pulse: None,
            receipt: None,
            paying: false,
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
        if let Some((tick, _)) = self.under_way.first() {
            return Some(*tick);
        }
        match &self.next {
            Next::Nothing => None,
            Next::Begin { at, .. } | Next::Pass { at, .. } | Next::Open { at } => Some(*at),
        }
    }
}

impl Machine<'_> {
    /// Everything that is due before `tick`, one edge at a time; of several at one tick the lowest channel first.
    fn until(&mut self, tick: i128) {
        loop {
            let due = |n: usize| self.lines[n].due().map(|at| (at, n));
            let Some((at, number)) = (0..self.lines.len()).filter_map(due).min() else { return };
            if at >= tick {
                return;
            }
            self.happen(number, at);
        }
    }

    fn put_out(&mut self, number: usize, tick: i128, level: Level) {
        let line = &mut self.lines[number];
        line.put_out += line.maker.current(line.level) * (tick - line.changed);
        (line.level, line.changed) = (level, tick);
        self.record.edges.push(Edge { tick, channel: line.number, level });
    }

    fn happen(&mut self, number: usize, at: i128) {
        if !self.lines[number].under_way.is_empty() {
            let (_, level) = self.lines[number].under_way.remove(0);
            self.put_out(number, at, level);
            if self.lines[number].under_way.is_empty() {
                self.end_pulse(number, at, false);
                self.decide(number, at + self.turn);
            } else if self.recovering {
                self.recover(number, at);
            }
            return;
        }
        match core::mem::replace(&mut self.lines[number].next, Next::Nothing) {
            Next::Nothing => {}
            Next::Open { .. } => {
                self.put_out(number, at, Level::Open);
                self.decide(number, at + self.turn);
            }
            Next::Pass { dropped, .. } => {
                let line = &mut self.lines[number];
                let good = millis(line.channel().train.stale_after, self.hz);
                let count = if dropped { &mut line.counters.dropped } else { &mut line.counters.silent };
                *count += 1;
                line.ducks.settle(at, good);
                line.train.as_mut().unwrap().passed += 1;
                self.decide(number, at + self.turn);
            }
            Next::Begin { pulse, receipt, .. } => self.begin(number, at, &pulse, receipt),
        }
    }

    fn begin(&mut self, number: usize, at: i128, pulse: &Pulse, receipt: PulseReceipt) {
        let period = self.period(number);
        let line = &mut self.lines[number];
        line.carry = pulse.carry;
        line.counters.pulses += 1;
        line.counters.deferred += u32::from(receipt.deferred_ticks > 0);
        line.soonest_onset = at + period;
        line.receipt = Some(receipt);
        line.pulse = Some(pulse.clone());
        let good = millis(line.channel().train.stale_after, self.hz);
        line.ducks.settle(at, good);
        let train = line.train.as_mut().unwrap();
        (train.passed, train.pulses) = (train.passed + 1, train.pulses + 1);
        let (mut tick, mut edges) = (at, vec![]);
        for (level, ticks) in &pulse.segments {
            edges.push((tick, *level));
            tick += ticks;
        }
        edges.push((tick, self.rest));
        (line.under_way, line.begun) = (edges, at);
        self.happen(number, at);
    }

    /// The record of a pulse that is over: what is left is the sum of all edges.
    fn end_pulse(&mut self, number: usize, at: i128, cut: bool) {
        let line = &mut self.lines[number];
        let ledger = Charge::from_nanoamp_ticks(line.put_out as i64);
        let ended = line.receipt.take().map(|r| PulseReceipt { end_tick: at as u64, ledger, cut, ..r });
        self.record.receipts.extend(ended);
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

    /// What a channel does next, not before `soonest`.
    fn decide(&mut self, number: usize, soonest: i128) {
        self.lines[number].next = Next::Nothing;
        while !self.lines[number].done {
            if self.lines[number].train.is_some() && !self.lines[number].closing && !self.stopping {
                match self.next_onset(number, soonest) {
                    Ok(Some(next)) => {
                        self.lines[number].next = next;
                        return;
                    }
                    Ok(None) => {}
                    Err(()) => {
                        self.lines[number].counters.dropped += 1;
                        self.lines[number].train.as_mut().unwrap().passed += 1;
                    }
                }
                self.lines[number].closing = true;
            }
            if self.lines[number].closing || self.stopping {
                if self.lines[number].level != Level::Open {
                    self.lines[number].next = Next::Open { at: soonest };
                    return;
                }
                self.end_train(number, soonest);
            }
            if self.lines[number].done || !self.begin_train(number) {
                return;
            }
        }
    }

    fn end_train(&mut self, number: usize, soonest: i128) {
        let next = self.lines[number].train.as_ref().map(|_| self.ideal(number));
        let line = &mut self.lines[number];
        if let (Some(train), Some(next)) = (&line.train, next) {
            let reached = if self.stopping { soonest } else { next };
            line.counters.forced_closes += u32::from(train.limited && reached >= train.envelope.close);
        }
        let played = line.counters.pulses > 0;
        (line.train, line.closing, line.ended) = (None, false, played.then_some(line.changed));
        line.done = self.stopping;
        let (Schedule::Gated(gate), Some(ended)) = (self.session.schedule(), line.ended) else { return };
        let later = |open: i128| (ended + millis(gate.min_off, self.hz) - open).max(0);
        let latest = self.latest(number);
        let queued = self.lines[number]
            .queued
            .map(|(open, close)| (open + later(open), (close + later(open)).min(latest)));
        self.lines[number].queued = queued.filter(|(open, _)| *open < latest);
    }

    /// The next contraction, or the train that waits. False when none comes by itself.
    fn begin_train(&mut self, number: usize) -> bool {
        let Some(start) = self.start else { return false };
        let end = self.end_of(number);
        let hz = self.hz;
        let line = &mut self.lines[number];
        let channel = line.channel();
        let (up, down) = (millis(channel.ramp.up, hz), millis(channel.ramp.down, hz));
        let begin = start + line.maker.ticks(channel.offset);
        let (open, close, peak, rate, timing) = match self.session.schedule() {
            Schedule::Continuous if line.trains == 0 => {
                (begin, (end - down).max(begin), FULL, channel.rate, channel.train.timing)
            }
            Schedule::Gated(_) => {
                let Some((open, close)) = line.queued.take() else { return false };
                (open, close, FULL, channel.rate, channel.train.timing)
            }
            schedule @ (Schedule::Continuous | Schedule::Cyclic(_) | Schedule::Program(_)) => {
                match contraction(schedule, channel, self.session.length(), line.trains) {
                    None => {
                        line.done = true;
                        return false;
                    }
                    Some((ms, hold, permille, rate)) => {
                        let open = begin + ms * hz / 1_000;
                        let close = open + up + millis(hold, hz);
                        let peak = (FULL * permille + 500) / 1_000;
                        let timing = if rate.is_some() { Timing::Even } else { channel.train.timing };
                        (open, close, peak, rate.unwrap_or(channel.rate), timing)
                    }
                }
            }
        };
        let envelope = Trapezoid { open, from: 0, held: None, close, up, down };
        let gated = matches!(self.session.schedule(), Schedule::Gated(_));
        let limited = gated && close + down < end;
        line.trains += 1;
        let base = open.max(line.soonest_onset);
        line.train =
            Some(Train { envelope, opened: open, base, passed: 0, pulses: 0, peak, rate, timing, limited });
        true
    }

    /// The next onset of the train under way; `None` when it is over, an error when that one would wait past its end.
    fn next_onset(&self, number: usize, soonest: i128) -> Result<Option<Next>, ()> {
        let (line, ideal) = (&self.lines[number], self.ideal(number));
        let train = line.train.as_ref().unwrap();
        let at = self.free(number, ideal.max(soonest), line.turns.room);
        let channel = line.channel();
        let full = channel.train.pulses_max > 0 && train.pulses >= channel.train.pulses_max;
        if at >= self.end_of(number) || train.envelope.at(at).is_none() || full {
            let stood = ideal < self.end_of(number) && train.envelope.at(ideal).is_some();
            return if stood && !full { Err(()) } else { Ok(None) };
        }
        let Some(envelope) = train.envelope.at(ideal) else { return Ok(None) };
        let (up, down) = (millis(channel.ramp.up, self.hz), millis(channel.ramp.down, self.hz));
        let slope = channel.ramp.slope;
        let asked = between(0, train.peak, shaped(slope, envelope));
        let left = line.ducks.left(at, millis(channel.train.stale_after, self.hz), up, down);
        let fraction = asked.min(shaped(slope, left));
        let silenced = left < FULL && fraction == 0;
        if silenced && line.level != Level::Open {
            return Ok(Some(Next::Open { at: soonest }));
        }
        let waited = at - ideal;
        let too_long = line.turns.most.is_some_and(|most| waited > most);
        let dropped = waited > 0 && (too_long || waited >= self.period(number));
        let (setting, code, width) = self.at_fraction(line, fraction);
        if silenced || dropped {
            return Ok(Some(Next::Pass { at, dropped }));
        }
        let Some(pulse) = line.maker.pulse(code, width, line.carry) else {
            let open = line.level == Level::Open;
            return Ok(Some(if open { Next::Pass { at, dropped } } else { Next::Open { at: soonest } }));
        };
        let end_tick = at + pulse.segments.iter().map(|s| s.1).sum::<i128>();
        let receipt = PulseReceipt {
            channel: line.number,
            sequence: 0,
            kind: FrameKind::Pulse,
            onset_tick: at as u64,
            end_tick: end_tick as u64,
            setting,
            code: pulse.code as i32,
            primary_ticks: pulse.main_ticks as u32,
            primary_charge: Charge::from_nanoamp_ticks(pulse.main_charge as i64),
            repeats: line.channel().pulse.repeat.count,
            ledger: Charge::from_nanoamp_ticks(pulse.carry as i64),
            deferred_ticks: waited as u64,
            full_level: fraction == train.peak,
            cut: false,
        };
        Ok(Some(Next::Begin { at, pulse: Box::new(pulse), receipt }))
    }

    /// The set values at a part of full level: in their own units, and in codes and ticks.
    fn at_fraction(&self, line: &Line<'_>, fraction: i128) -> (Setting, i128, i128) {
        let (set, code, width) = *line.settings.last().unwrap();
        if fraction == FULL {
            return (set, code, width);
        }
        let ramp = &line.channel().ramp;
        let floor = i128::from(ramp.floor);
        let (ua, us) = (i128::from(set.amplitude.as_microamps()), i128::from(set.width.as_micros()));
        match ramp.control {
            Control::Amplitude => {
                let codes = if ramp.floor == 0 { 0 } else { line.maker.code(ramp.floor) };
                let ua = between(floor, ua, fraction);
                (Setting::new(ua as u32, us as u32).unwrap(), between(codes, code, fraction), width)
            }
            Control::Width => {
                let ticks = line.maker.ticks(Micros::from_micros(ramp.floor).unwrap());
                let us = between(floor, us, fraction);
                (Setting::new(ua as u32, us as u32).unwrap(), code, between(ticks, width, fraction))
            }
        }
    }
}
