//! Pausing a channel, and what a stale command does: its level goes down by the ramp, and comes back by the ramp.

use crate::channel::ChannelState;
use crate::channel_plan::ChannelPlan;
use crate::envelope::{Envelope, FULL};

impl ChannelState {
    /// Ramps down from the present level and stays silent until [`ChannelState::resume`]. False when it is paused.
    pub(crate) fn pause(&mut self, plan: &ChannelPlan<'_>, now: u64) -> bool {
        if self.paused {
            return false;
        }
        self.duck_down(plan, now);
        self.paused = true;
        true
    }

    /// Ramps up from the present level. False when it was not paused.
    pub(crate) fn resume(&mut self, plan: &ChannelPlan<'_>, now: u64) -> bool {
        if !self.paused {
            return false;
        }
        self.paused = false;
        self.duck_up(plan, now);
        true
    }

    /// A command came: what was stale is good again.
    pub(crate) fn refresh(&mut self, plan: &ChannelPlan<'_>, now: u64) {
        self.commanded_at = now;
        if self.stale {
            self.stale = false;
            self.duck_up(plan, now);
        }
    }

    /// Ramps down at an onset for which no command is new enough.
    pub(crate) fn look_at_commands(&mut self, plan: &ChannelPlan<'_>, tick: u64) {
        if plan.stale_ticks == 0 || self.stale {
            return;
        }
        if tick.saturating_sub(self.commanded_at) > plan.stale_ticks {
            self.duck_down(plan, tick);
            self.stale = true;
            self.counters.stale = self.counters.stale.saturating_add(1);
        }
    }

    fn duck_down(&mut self, plan: &ChannelPlan<'_>, now: u64) {
        if self.paused || self.stale {
            return;
        }
        let from = self.ducked(now);
        let falling =
            Envelope { from, close_tick: now, ..Envelope::opening(now, now, u64::MAX, plan.down_ticks) };
        self.duck = Some(falling);
    }

    fn duck_up(&mut self, plan: &ChannelPlan<'_>, now: u64) {
        if self.paused || self.stale {
            return;
        }
        let from = self.ducked(now);
        self.duck =
            Some(Envelope { from, ..Envelope::opening(now, u64::MAX, plan.up_ticks, plan.down_ticks) });
    }

    fn ducked(&self, now: u64) -> u32 {
        self.duck.map_or(FULL, |duck| duck.fraction(now).unwrap_or(0))
    }
}
