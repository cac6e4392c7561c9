//! Gate inputs, for channels without an offset.

use core::ops::Range;

use nmes_core::*;

use super::{Machine, millis};

impl Machine<'_> {
    pub(super) fn gate(&mut self, which: Range<usize>, input: GateInput, now: i128) -> GateAnswer {
        let Schedule::Gated(gate) = self.session.schedule() else {
            return GateAnswer::Refused(GateRefusal::NotGated);
        };
        let close = GateInput::Close { down: None };
        match input {
            GateInput::Toggle if which.clone().any(|n| self.is_open(n, now)) => self.gate(which, close, now),
            GateInput::Toggle | GateInput::Open => self.open(which, &gate, now),
            GateInput::Hold => self.each(which, now, |machine, n| machine.hold(n, now)),
            GateInput::Close { down } => {
                let answer = self.each(which.clone(), now, |machine, n| machine.close(n, down, now));
                self.with_those_closed_before(which, answer)
            }
        }
    }

    /// A closing tells the latest time also of channels that are on their way down already.
    fn with_those_closed_before(&self, which: Range<usize>, answer: GateAnswer) -> GateAnswer {
        let GateAnswer::Closed { over_tick } = answer else { return answer };
        let falling = self.lines[which].iter().filter(|line| !line.closing && !line.done);
        let over = falling.filter_map(|line| Some(&line.train.as_ref()?.envelope)).map(|e| e.close + e.down);
        GateAnswer::Closed { over_tick: over.max().map_or(over_tick, |over| over_tick.max(over as u64)) }
    }

    /// Of several channels the latest time.
    fn each(
        &mut self,
        which: Range<usize>,
        now: i128,
        input: impl Fn(&mut Self, usize) -> GateAnswer,
    ) -> GateAnswer {
        let mut all = GateAnswer::Ignored;
        for number in which {
            let this = input(self, number);
            if this != GateAnswer::Ignored && !self.stays(number, now) {
                self.decide_anew(number, now);
            }
            all = match (all, this) {
                (GateAnswer::Started { at_tick: a }, GateAnswer::Started { at_tick: b }) => {
                    GateAnswer::Started { at_tick: a.max(b) }
                }
                (
                    GateAnswer::Waiting { at_tick: a } | GateAnswer::Started { at_tick: a },
                    GateAnswer::Waiting { at_tick: b } | GateAnswer::Started { at_tick: b },
                ) => GateAnswer::Waiting { at_tick: a.max(b) },
                (GateAnswer::Closed { over_tick: a }, GateAnswer::Closed { over_tick: b }) => {
                    GateAnswer::Closed { over_tick: a.max(b) }
                }
                (GateAnswer::Ignored, this) => this,
                (all, _) => all,
            };
        }
        all
    }

    /// A train is running, and not over.
    fn is_on(&self, number: usize, now: i128) -> bool {
        let line = &self.lines[number];
        !line.closing && line.train.as_ref().is_some_and(|train| train.envelope.at(now).is_some())
    }

    fn is_open(&self, number: usize, now: i128) -> bool {
        let line = &self.lines[number];
        let closes = line.train.as_ref().is_some_and(|train| now < train.envelope.close);
        !self.stopping && (line.queued.is_some() || (self.is_on(number, now) && closes))
    }

    /// The last moment from which a ramp-down ends within the session.
    pub(super) fn latest(&self, number: usize) -> i128 {
        self.end_of(number) - millis(self.lines[number].channel().ramp.down, self.hz)
    }

    /// When a new train may open: after the least OFF time, which begins when the last one was closed or, when that is
    /// still to come, where its next onset would have stood.
    fn rested(&self, gate: &Gate, number: usize, now: i128) -> i128 {
        let line = &self.lines[number];
        let played = line.counters.pulses > 0;
        let ended = if line.train.is_none() && !line.done {
            line.ended
        } else {
            played.then_some(line.soonest_onset)
        };
        let rested = ended.map_or(0, |tick| tick + millis(gate.min_off, self.hz));
        rested.max(now + self.spacing)
    }

    fn open(&mut self, which: Range<usize>, gate: &Gate, now: i128) -> GateAnswer {
        let Some(start) = self.start.filter(|_| !self.stopping) else {
            return GateAnswer::Refused(GateRefusal::Stopped);
        };
        let last = |n: usize| self.lines[n].openings.last();
        if which.clone().any(|n| last(n).is_some_and(|at| now - at < millis(gate.refractory, self.hz))) {
            return GateAnswer::Refused(GateRefusal::Refractory);
        }
        for number in which.clone() {
            let on = self.is_on(number, now);
            let opens = if on { now } else { self.rested(gate, number, now) };
            if opens >= self.latest(number) {
                return GateAnswer::Refused(GateRefusal::SessionOver);
            }
            let opened = self.lines[number].train.as_ref().map_or(0, |train| train.opened);
            if on && now >= opened + millis(gate.max_on, self.hz) {
                return GateAnswer::Refused(GateRefusal::LongestOn);
            }
        }
        let second = |tick: i128| (tick - start) / self.hz;
        let recent =
            |n: usize| self.lines[n].openings.iter().filter(|at| second(now) - second(**at) <= 60).count();
        let begins = |n: &usize| self.lines[*n].queued.is_none() && !self.is_on(*n, now);
        let begin: Vec<usize> = which.clone().filter(begins).collect();
        if begin.iter().any(|&n| recent(n) >= usize::from(gate.max_triggers_per_minute)) {
            return GateAnswer::Refused(GateRefusal::TooManyTriggers);
        }
        begin.into_iter().for_each(|n| self.lines[n].openings.push(now));
        self.each(which, now, |machine, number| machine.open_channel(gate, number, now))
    }

    fn open_channel(&mut self, gate: &Gate, number: usize, now: i128) -> GateAnswer {
        let (on, latest, longest) =
            (self.is_on(number, now), self.latest(number), millis(gate.max_on, self.hz));
        let open = self.rested(gate, number, now);
        let spacing = self.spacing;
        let line = &mut self.lines[number];
        if let Some((at, _)) = line.queued {
            return GateAnswer::Waiting { at_tick: at as u64 };
        }
        let down = millis(line.maker.channel.ramp.down, self.hz);
        if let Some(train) = line.train.as_mut().filter(|_| on) {
            let envelope = &mut train.envelope;
            if now < envelope.open {
                return GateAnswer::Waiting { at_tick: envelope.open as u64 };
            }
            if envelope.close <= now || envelope.held.is_some_and(|held| held <= now) {
                (envelope.from, envelope.open) = (envelope.at(now).unwrap_or(0), now);
            }
            train.limited = train.opened + longest < latest;
            (envelope.held, envelope.close, envelope.down) =
                (None, (train.opened + longest).min(latest), down);
            return GateAnswer::Continued;
        }
        line.queued = Some((open, (open + longest).min(latest)));
        line.closing |= line.train.is_some();
        let at_tick = open.max(line.soonest_onset) as u64;
        if open > now + spacing { GateAnswer::Waiting { at_tick } } else { GateAnswer::Started { at_tick } }
    }

    fn hold(&mut self, number: usize, now: i128) -> GateAnswer {
        let stopping = self.stopping;
        let line = &mut self.lines[number];
        let closing = line.closing || stopping;
        match line.train.as_mut().map(|train| &mut train.envelope) {
            Some(e) if !closing && e.held.is_none() && now >= e.open && now < e.close => {
                e.held = Some(now);
                GateAnswer::Continued
            }
            _ => GateAnswer::Ignored,
        }
    }

    fn close(&mut self, number: usize, down: Option<Millis>, now: i128) -> GateAnswer {
        let (hz, stopping) = (self.hz, self.stopping);
        let line = &mut self.lines[number];
        if line.queued.take().is_some() {
            return GateAnswer::Closed { over_tick: now as u64 };
        }
        let ramp = &line.maker.channel.ramp;
        let down = millis(down.filter(|d| *d >= ramp.down_min && *d <= ramp.down).unwrap_or(ramp.down), hz);
        let closing = line.closing || stopping;
        match line.train.as_mut() {
            Some(train) if !closing && now < train.envelope.close => {
                train.limited = false;
                (train.envelope.close, train.envelope.down) = (now, down);
                GateAnswer::Closed { over_tick: (now + down) as u64 }
            }
            _ => GateAnswer::Ignored,
        }
    }
}
