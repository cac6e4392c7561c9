//! Pausing a channel, and what a stale command does: its level goes down by the ramp, and comes back by the ramp.

use crate::channel::ChannelState;
use crate::channel_plan::ChannelPlan;
use crate::envelope::{Envelope, FULL};

/// A way down to silence, or up again: from what was left of full level at a tick on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duck {
    at: u64,
    from: u32,
    up: bool,
}

#[cfg(feature = "fault-injection")]
crate::flip_fields!(Duck { at, from, up });

impl Duck {
    fn fraction(&self, plan: &ChannelPlan<'_>, tick: u64) -> u32 {
        let (close_tick, up_ticks) = if self.up { (u64::MAX, plan.up_ticks) } else { (self.at, u64::MAX) };
        let way = Envelope::opening(self.at, close_tick, up_ticks, plan.down_ticks);
        Envelope { from: self.from, ..way }.fraction(tick).unwrap_or(0)
    }
}

impl ChannelState {
    /// Ramps down from the present level and stays silent until [`ChannelState::resume`]. False when it is paused.
    pub(crate) fn pause(&mut self, plan: &ChannelPlan<'_>, now: u64) -> bool {
        if self.paused {
            return false;
        }
        self.settle(plan, now);
        self.duck_down(plan, now);
        self.paused = true;
        true
    }

    /// Ramps up from the present level. False when it was not paused.
    pub(crate) fn resume(&mut self, plan: &ChannelPlan<'_>, now: u64) -> bool {
        if !self.paused {
            return false;
        }
        self.settle(plan, now);
        self.paused = false;
        self.duck_up(plan, now);
        true
    }

    /// A command came: what was stale is good again. Whether the next onset was planned without it.
    pub(crate) fn refresh(&mut self, plan: &ChannelPlan<'_>, now: u64) -> bool {
        self.settle(plan, now);
        self.steady_until = 0;
        let missed = self.stale || self.onsets.tick().max(self.at) > self.stale_from(plan);
        self.commanded_at = now;
        if self.stale {
            self.stale = false;
            self.duck_up(plan, now);
        }
        missed
    }

    /// Up to here the last command is good; for ever where commands do not go stale, and before the first one, when there is
    /// nothing to put out.
    pub(crate) fn stale_from(&self, plan: &ChannelPlan<'_>) -> u64 {
        if plan.stale_ticks == 0 { u64::MAX } else { self.commanded_at.saturating_add(plan.stale_ticks) }
    }

    /// At `now` the last command is too old: the ramp down began when it became so.
    pub(crate) fn settle(&mut self, plan: &ChannelPlan<'_>, now: u64) {
        let from = self.stale_from(plan);
        if now > from && !self.stale {
            self.duck_down(plan, from);
            self.stale = true;
            self.counters.stale = self.counters.stale.saturating_add(1);
        }
    }

    /// What a pause leaves of full level at `tick`, or a command that is too old by then.
    pub(crate) fn left_at(&self, plan: &ChannelPlan<'_>, tick: u64) -> u32 {
        let from = self.stale_from(plan);
        if tick > from && !self.stale && !self.paused {
            return self.falling(plan, from).fraction(plan, tick);
        }
        self.ducked(plan, tick)
    }

    /// Forgets a pause whose way back is over.
    pub(crate) fn forget_duck(&mut self, plan: &ChannelPlan<'_>, now: u64) {
        let lasts = self.paused || self.stale || now > self.stale_from(plan);
        if self.duck.is_some() && !lasts && self.ducked(plan, now) == FULL {
            self.duck = None;
        }
    }

    fn falling(&self, plan: &ChannelPlan<'_>, at: u64) -> Duck {
        Duck { at, from: self.ducked(plan, at), up: false }
    }

    fn duck_down(&mut self, plan: &ChannelPlan<'_>, now: u64) {
        if self.paused || self.stale {
            return;
        }
        self.duck = Some(self.falling(plan, now));
    }

    fn duck_up(&mut self, plan: &ChannelPlan<'_>, now: u64) {
        if self.paused || self.stale {
            return;
        }
        self.duck = Some(Duck { at: now, from: self.ducked(plan, now), up: true });
    }

    fn ducked(&self, plan: &ChannelPlan<'_>, now: u64) -> u32 {
        self.duck.map_or(FULL, |duck| duck.fraction(plan, now))
    }
}
