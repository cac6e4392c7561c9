//! What the trigger does when something is due.

use super::debounce::Settled;
use super::other::SWING_DEBOUNCES;
use super::trigger::{Trigger, us};
use super::{GateCommand, State, TriggerNote};
use nmes_core::Millis;

/// A stance longer than this is standing, not walking, and is not measured. Ours: twice the stance of a 2 s cycle.
const STANDING_US: u64 = 2_500_000;
/// More changes of state than any one call can need.
const MOST_CHANGES: u32 = 16;

/// A state with the deadline that lives in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Off,
    Paused,
    Stance { rearm_us: u64, full_strike: bool },
    Arm,
    Delay { until_us: u64, lifted_us: u64 },
    Early { from_us: u64, until_us: u64, broken: bool },
    RampUp { full_us: u64, hold_until_us: u64, hold_us: u64 },
    Hold { hold_until_us: u64, hold_us: u64 },
    Extend { until_us: u64, down_us: u64 },
    RampDown { until_us: u64, then: Then },
    Fault,
    ManualTest { until_us: u64 },
}

/// Where a ramp-down leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Stance {
        full_strike: bool,
    },
    /// STANCE, and a lift may open again meanwhile: it merges nothing.
    FalseStart,
    Paused,
    Off,
    Fault,
}

impl Phase {
    pub(super) const fn state(&self) -> State {
        match self {
            Self::Off => State::Off,
            Self::Paused => State::Paused,
            Self::Stance { .. } => State::Stance,
            Self::Arm => State::Arm,
            Self::Delay { .. } => State::Delay,
            Self::Early { .. } => State::Early,
            Self::RampUp { .. } => State::RampUp,
            Self::Hold { .. } => State::Hold,
            Self::Extend { .. } => State::Extend,
            Self::RampDown { .. } => State::RampDown,
            Self::Fault => State::Fault,
            Self::ManualTest { .. } => State::ManualTest,
        }
    }
}

impl Trigger {
    /// Everything due by now, in the order in which it became due.
    pub(super) fn advance(&mut self, now: u64) {
        for _ in 0..MOST_CHANGES {
            let heel = self.heel_due();
            let phase = self.phase_due();
            match (heel, phase) {
                (Some(h), p) if h <= now && p.is_none_or(|p| h <= p) => self.settle(now),
                (_, Some(p)) if p <= now => self.phase_elapsed(now),
                _ => return,
            }
        }
    }

    pub(super) fn due(&self) -> Option<u64> {
        match (self.heel_due(), self.phase_due()) {
            (Some(h), Some(p)) => Some(h.min(p)),
            (h, p) => h.or(p),
        }
    }

    /// The earliest time for another opening.
    pub(super) fn may_open_us(&self) -> u64 {
        self.last_open_us.map_or(0, |t| t.saturating_add(us(self.times().refractory.as_millis())))
    }

    fn heel_due(&self) -> Option<u64> {
        self.heel.and_then(|h| h.due_us(us(self.times().debounce.as_millis())))
    }

    pub(super) fn stable(&self) -> Option<Settled> {
        self.heel.map(|h| h.stable())
    }

    pub(super) fn is_lifted(&self) -> bool {
        self.stable().is_some_and(|s| s.lifted)
    }

    /// A heel that is believed to be up reads down: until that is believed or gone nothing opens.
    fn is_landing(&self) -> bool {
        self.heel.is_some_and(|heel| heel.is_landing())
    }

    fn phase_due(&self) -> Option<u64> {
        match self.phase {
            Phase::Off | Phase::Paused | Phase::Fault => None,
            Phase::Stance { full_strike: false, .. } | Phase::Delay { .. } if self.is_landing() => None,
            Phase::Stance { rearm_us, full_strike: false } => Some(rearm_us.max(self.may_open_us())),
            Phase::Stance { full_strike: true, .. } => {
                let strike = self.stable().filter(|s| !s.lifted)?;
                let full = strike.at_us.saturating_add(us(self.times().refractory.as_millis()));
                Some(full.max(self.may_open_us()))
            }
            Phase::Arm => (self.is_lifted() || self.may_start_early()).then_some(self.last_us),
            Phase::Delay { until_us, .. } | Phase::ManualTest { until_us } => Some(until_us),
            Phase::Early { until_us, .. } => Some(self.unlifted_us().map_or(until_us, |t| t.min(until_us))),
            Phase::RampUp { full_us, hold_until_us, .. } => Some(full_us.min(hold_until_us)),
            Phase::Hold { hold_until_us, .. } => Some(hold_until_us),
            Phase::Extend { until_us, .. }
            | Phase::RampDown { until_us, then: Then::Stance { full_strike: false } | Then::FalseStart } => {
                Some(self.reopen_us().map_or(until_us, |t| t.min(until_us)))
            }
            Phase::RampDown { until_us, .. } => Some(until_us),
        }
    }

    /// When the heel that is up again may open again, if it may: within the run, and before its time-out.
    fn reopen_us(&self) -> Option<u64> {
        let lifted = self.stable().filter(|s| s.lifted && !self.is_landing())?;
        let at = self.may_open_us().max(lifted.at_us);
        let earliest = at.max(self.last_us);
        let in_time = earliest < lifted.at_us.saturating_add(self.hold_max_us());
        (in_time && earliest <= self.run_end_us()).then_some(at)
    }

    fn run_end_us(&self) -> u64 {
        self.run_start_us.saturating_add(us(self.times().merge_max.as_millis()))
    }

    fn phase_elapsed(&mut self, now: u64) {
        match self.phase {
            Phase::Off | Phase::Paused | Phase::Fault => {}
            Phase::Stance { .. } => self.phase = Phase::Arm,
            Phase::Arm if self.is_lifted() => self.begin_step(now),
            Phase::Arm => self.begin_early(now),
            Phase::Early { .. } => self.false_start(now),
            Phase::Delay { lifted_us, .. } => self.open(now, lifted_us, false),
            Phase::ManualTest { .. } => self.close(now, us(self.times().ramp_down.as_millis()), Then::Paused),
            Phase::RampUp { full_us, hold_until_us, hold_us } => {
                if full_us <= now && now < hold_until_us {
                    self.phase = Phase::Hold { hold_until_us, hold_us };
                } else {
                    self.time_out(now, hold_us);
                }
            }
            Phase::Hold { hold_us, .. } => self.time_out(now, hold_us),
            Phase::Extend { until_us, down_us } => {
                if !self.try_reopen(now) && until_us <= now {
                    self.close(now, down_us, Then::Stance { full_strike: false });
                }
            }
            Phase::RampDown { until_us, then } => {
                let may = matches!(then, Then::Stance { full_strike: false } | Then::FalseStart);
                if !(may && self.try_reopen(now)) && until_us <= now {
                    self.ramped_down(now, then);
                }
            }
        }
    }

    fn begin_step(&mut self, now: u64) {
        let lifted_us = self.stable().map_or(now, |s| s.at_us);
        let until_us = lifted_us.saturating_add(us(self.times().delay.as_millis()));
        if until_us > now {
            self.phase = Phase::Delay { until_us, lifted_us };
        } else {
            self.open(now, lifted_us, false);
        }
    }

    fn try_reopen(&mut self, now: u64) -> bool {
        if self.reopen_us().is_none_or(|at| at > now) {
            return false;
        }
        if !matches!(self.phase, Phase::RampDown { then: Then::FalseStart, .. }) {
            self.merged(0);
        }
        self.open(now, self.stable().map_or(now, |s| s.at_us), true);
        true
    }

    fn open(&mut self, now: u64, lifted_us: u64, again: bool) {
        let hold_us = self.hold_max_us();
        let hold_until_us = lifted_us.saturating_add(hold_us);
        if hold_until_us <= now {
            // found out too late, after a jump of the clock or a long gap between polls
            self.timed_out(hold_us);
            self.phase = Phase::Stance { rearm_us: now, full_strike: true };
            return;
        }
        self.counted(false);
        self.opened(now, again);
        let full_us = now.saturating_add(us(self.times().ramp_up.as_millis()));
        self.phase = Phase::RampUp { full_us, hold_until_us, hold_us };
    }

    /// Books an opening: of a step, of a step again, or of a test.
    pub(super) fn opened(&mut self, now: u64, again: bool) {
        if !again {
            self.run_begins(now);
        }
        self.last_open_us = Some(now);
        self.command = Some(GateCommand::Open);
    }

    /// A run of output begins; whether there was an Off before it.
    pub(super) fn run_begins(&mut self, now: u64) {
        self.run_start_us = now;
        let off_us = self.off_since_us.map_or(u64::MAX, |t| now.saturating_sub(t));
        if off_us < us(self.times().off_min.as_millis()) {
            self.merged(off_us);
        }
    }

    /// Counts a step, and tells once when the other heel is silent meanwhile.
    pub(super) fn counted(&mut self, early: bool) {
        self.counters.steps = self.counters.steps.saturating_add(1);
        self.counters.early = self.counters.early.saturating_add(u32::from(early));
        if self.other.step() {
            self.note(TriggerNote::OtherSilent);
        }
    }

    fn merged(&mut self, off_us: u64) {
        self.counters.merged = self.counters.merged.saturating_add(1);
        self.note(TriggerNote::Merged { off_ms: millis(off_us).as_millis() });
    }

    pub(super) fn close(&mut self, now: u64, down_us: u64, then: Then) {
        // an opening that nobody was told of leaves the ramp before it as it is
        let falls = matches!(self.command, Some(GateCommand::Open));
        let before_us = if falls { self.ramp_end_us } else { 0 };
        let until_us = now.saturating_add(down_us).max(before_us);
        self.command = Some(GateCommand::Close { down: millis(down_us) });
        self.ramp_end_us = until_us;
        self.phase = Phase::RampDown { until_us, then };
    }

    pub(super) fn time_out(&mut self, now: u64, hold_us: u64) {
        self.timed_out(hold_us);
        self.close(now, us(self.times().ramp_down.as_millis()), Then::Stance { full_strike: true });
    }

    fn timed_out(&mut self, hold_us: u64) {
        self.counters.timeouts = self.counters.timeouts.saturating_add(1);
        self.note(TriggerNote::TimedOut { after_ms: millis(hold_us).as_millis() });
    }

    fn ramped_down(&mut self, now: u64, then: Then) {
        self.off_since_us = Some(now);
        let on_us = now.saturating_sub(self.run_start_us);
        self.counters.on_us = self.counters.on_us.saturating_add(on_us);
        self.phase = match then {
            Then::Stance { full_strike } => {
                let run_ended = !full_strike && self.is_lifted() && now > self.run_end_us();
                if run_ended {
                    self.note(TriggerNote::RunEnded);
                }
                let refractory_us = us(self.times().refractory.as_millis());
                let rearm_us = self.struck_us.map_or(now, |t| t.saturating_add(refractory_us));
                Phase::Stance { rearm_us, full_strike: full_strike || run_ended }
            }
            Then::FalseStart => Phase::Stance { rearm_us: now, full_strike: false },
            Then::Paused => Phase::Paused,
            Then::Off => Phase::Off,
            Then::Fault => Phase::Fault,
        };
    }

    /// The raw level has lasted for the debounce time.
    fn settle(&mut self, now: u64) {
        let before_us = self.stable().map_or(0, |s| s.at_us);
        let Some(change) = self.heel.as_mut().map(super::debounce::Debounce::settle) else { return };
        let debounce_us = us(self.times().debounce.as_millis());
        let least_us = debounce_us.saturating_mul(2);
        if change.lifted {
            let stance = self.struck_us.map(|t| change.at_us.saturating_sub(t));
            if let Some(stance) = stance.filter(|s| (least_us..=STANDING_US).contains(s)) {
                self.stances.push(stance);
            }
            self.lifted_us = Some(change.at_us);
            self.confirm(now, change.at_us);
        } else {
            let swing = self.lifted_us.map(|t| change.at_us.saturating_sub(t));
            let cap_us = us(self.times().hold_cap.as_millis());
            if let Some(swing) = swing.filter(|s| (least_us..=cap_us).contains(s)) {
                self.swings.push(swing);
            }
            self.struck_us = Some(change.at_us);
            self.struck(now, change.at_us);
        }
        if change.at_us.saturating_sub(before_us) < debounce_us.saturating_mul(SWING_DEBOUNCES) {
            self.chattered(now);
        }
    }

    fn struck(&mut self, now: u64, strike_us: u64) {
        let (extension_us, down_us) = self.tail_us();
        let extend = Phase::Extend { until_us: strike_us.saturating_add(extension_us), down_us };
        let refractory_us = us(self.times().refractory.as_millis());
        let rearm_us = strike_us.saturating_add(refractory_us);
        match self.phase {
            Phase::RampUp { full_us, .. } => {
                if now < full_us {
                    self.command = Some(GateCommand::Hold);
                }
                self.phase = extend;
            }
            Phase::Hold { .. } => self.phase = extend,
            Phase::Delay { .. } => self.phase = Phase::Stance { rearm_us, full_strike: false },
            Phase::Stance { full_strike, .. } => self.phase = Phase::Stance { rearm_us, full_strike },
            Phase::Off
            | Phase::Paused
            | Phase::Arm
            | Phase::Early { .. }
            | Phase::Extend { .. }
            | Phase::RampDown { .. }
            | Phase::Fault
            | Phase::ManualTest { .. } => {}
        }
    }
}

/// Whole milliseconds of a time in microseconds, rounded down.
pub(super) fn millis(time_us: u64) -> Millis {
    u32::try_from(time_us / 1_000).ok().and_then(Millis::from_millis).unwrap_or(Millis::MAX)
}
