//! What comes from outside: start, commands, pauses, stops.

use nmes_core::*;

use super::level::Turn;
use super::{Machine, Next, millis};
use crate::common::Action;

impl Machine<'_> {
    pub(super) fn act(&mut self, action: Action, now: i128) {
        match action {
            Action::Start if self.start.is_none() => {
                self.start = Some(now);
                self.all_anew(now);
            }
            Action::Start => {}
            Action::Command(channel, setting) => self.command(usize::from(channel), setting, now),
            Action::GateChannel(channel, input) => {
                let channel = usize::from(channel);
                let answer = self.gate(channel..channel + 1, input, now);
                self.record.answers.push(answer);
            }
            Action::Gate(input) => {
                let answer = self.gate(0..self.lines.len(), input, now);
                self.record.answers.push(answer);
            }
            Action::Pause | Action::Resume => {
                let turn = if matches!(action, Action::Pause) { Turn::Down } else { Turn::Up };
                for number in 0..self.lines.len() {
                    let good = millis(self.lines[number].channel().train.stale_after, self.hz);
                    if self.lines[number].ducks.turn(turn, now, good) && !self.stays(number, now) {
                        self.decide_anew(number, now);
                    }
                }
            }
            Action::Stop(policy) => self.stop(policy, now),
        }
    }

    pub(super) fn all_anew(&mut self, now: i128) {
        for number in 0..self.lines.len() {
            self.decide_anew(number, now);
        }
    }

    /// A new setting: from the next pulse on that begins more than an edge spacing later.
    pub(super) fn command(&mut self, number: usize, setting: Setting, now: i128) {
        let next = self.lines[number].train.as_ref().map_or(i128::MIN, |_| self.ideal(number));
        let next = match self.lines[number].next {
            Next::Begin { at, .. } | Next::Pass { at, .. } | Next::Trim { at, .. } => next.max(at),
            Next::Nothing | Next::Open { .. } => next,
        };
        let line = &mut self.lines[number];
        let ua = setting.amplitude.as_microamps();
        let (code, width) = (line.maker.code(ua), line.maker.ticks(setting.width));
        // a setting that is above the ceiling or cannot be put out is refused
        let ceiling = line.channel().ceiling;
        let allowed = setting.amplitude <= ceiling.amplitude && setting.width <= ceiling.width;
        if !allowed || (ua > 0 && !line.maker.takes(code, width)) {
            return;
        }
        let good = millis(line.channel().train.stale_after, self.hz);
        let missed = line.ducks.command(now, good, next);
        if line.settings.last().unwrap().0 != setting || missed {
            line.settings.push((setting, if ua == 0 { 0 } else { code }, width));
            if !self.is_imminent(number, now) {
                self.decide_anew(number, now);
            }
        }
    }

    /// What comes next is due within an edge spacing, or a silent onset is past: a setting leaves it as it is.
    fn is_imminent(&self, number: usize, now: i128) -> bool {
        let soon = now + self.spacing;
        match self.lines[number].next {
            Next::Nothing => false,
            Next::Begin { at, .. } | Next::Trim { at, .. } | Next::Open { at } => at <= soon,
            Next::Pass { .. } => self.ideal(number) < now,
        }
    }

    /// The same for a gate input or a pause, which leave no pulse of a train that they end or silence, and one that can stand
    /// where it is made anew.
    pub(super) fn stays(&self, number: usize, now: i128) -> bool {
        let line = &self.lines[number];
        let runs = line.train.is_some() && !line.closing;
        let goes_on = match line.next {
            Next::Nothing => false,
            Next::Open { .. } | Next::Trim { .. } => true,
            Next::Pass { .. } => runs,
            Next::Begin { at, .. } => runs && at < now + self.spacing && self.is_driven_at(number, at),
        };
        goes_on && self.is_imminent(number, now)
    }

    /// Neither is the train over at a tick, nor a pause at its bottom.
    fn is_driven_at(&self, number: usize, tick: i128) -> bool {
        let line = &self.lines[number];
        let ramp = &line.channel().ramp;
        let [good, up, down] =
            [line.channel().train.stale_after, ramp.up, ramp.down].map(|time| millis(time, self.hz));
        line.train.as_ref().is_some_and(|train| train.envelope.at(tick).is_some())
            && line.ducks.left(tick, good, up, down) > 0
    }

    pub(super) fn stop(&mut self, policy: StopPolicy, now: i128) {
        let again = core::mem::replace(&mut self.stopping, true);
        self.lines.iter_mut().for_each(|line| line.queued = None);
        match policy {
            StopPolicy::FinishPulse if again => {}
            StopPolicy::FinishPulse => {
                self.withdraw();
                self.all_anew(now);
            }
            StopPolicy::RecoverNow => {
                self.recovering = true;
                if !again {
                    self.withdraw();
                    self.all_anew(now);
                }
                for number in 0..self.lines.len() {
                    self.recover(number, now);
                }
            }
            StopPolicy::HardOff => {
                for number in 0..self.lines.len() {
                    self.cut(number, now);
                }
            }
        }
    }

    /// What has not begun comes no more, so that nothing waits for it.
    fn withdraw(&mut self) {
        self.lines.iter_mut().for_each(|line| line.next = Next::Nothing);
    }

    /// Open at once: the record of a pulse that is cut says what flowed.
    pub(super) fn cut(&mut self, number: usize, now: i128) {
        let was_open = self.lines[number].level == Level::Open;
        let line = &mut self.lines[number];
        line.under_way.clear();
        (line.next, line.train, line.done) = (Next::Nothing, None, true);
        if !was_open {
            self.put_out(number, now, Level::Open);
        }
        self.end_pulse(number, now, true);
    }
}
