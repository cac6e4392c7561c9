//! What a channel does next: a trim, the next pulse of its train, open, the next train, or nothing.

use nmes_core::*;

use super::contractions::contraction;
use super::level::{FULL, Trapezoid, between, shaped};
use super::{Line, Machine, Next, Train, millis};

impl Machine<'_> {
    /// What a channel does next, not before `soonest`.
    pub(super) fn decide(&mut self, number: usize, soonest: i128) {
        self.lines[number].next = Next::Nothing;
        let jitter = self.lines[number].maker.jitter;
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
                if let Some(trim) = self.trim(number, soonest, jitter, Level::Open) {
                    self.lines[number].next = trim;
                    return;
                }
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
        let made = line.maker.pulse(code, width, line.carry).filter(|_| !silenced && !dropped);
        let taken_in = made.as_ref().map_or(line.maker.jitter, |pulse| line.maker.taken_in(pulse));
        if let Some(trim) = self.trim(number, soonest, taken_in, self.rest) {
            return Ok(Some(trim));
        }
        if silenced || dropped {
            return Ok(Some(Next::Pass { at, dropped }));
        }
        let Some(pulse) = made else {
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
            primary_ticks: 0,
            primary_charge: Charge::ZERO,
            repeats: 0,
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
