//! Opening and closing a gated session from outside, within the bounds it declares.

use crate::channel::{ChannelState, Train};
use crate::envelope::Envelope;
use crate::plan::{ChannelPlan, millis_to_ticks};
use crate::session::Gate;
use crate::units::Millis;

/// What a trigger asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateInput {
    /// Ramp up and stay; from the present level when a train is under way.
    Open,
    /// Stay at the present level, also when the ramp is not at its top yet.
    Hold,
    /// Ramp down and end the train. Closing always happens: a `down` outside the channel's `down_min..=down` is
    /// answered by the channel's own ramp.
    Close {
        /// A shorter ramp-down than the channel's.
        down: Option<Millis>,
    },
}

/// What became of a gate input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateAnswer {
    /// A train begins; its first pulse stands at this tick at the earliest.
    Started {
        /// Ticks.
        at_tick: u64,
    },
    /// A train begins when the least OFF time is over.
    Waiting {
        /// Ticks.
        at_tick: u64,
    },
    /// The train under way goes on, from its present level.
    Continued,
    /// The ramp-down began; no pulse stands at or after this tick.
    Closed {
        /// Ticks.
        over_tick: u64,
    },
    /// There was nothing to hold or close.
    Ignored,
    /// Not taken.
    Refused(GateRefusal),
}

/// Why a gate was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GateRefusal {
    /// The session runs by itself.
    NotGated,
    /// More openings in the last minute than the session declares.
    TooManyTriggers,
    /// Not started yet, stopped, or faulted.
    Stopped,
    /// The session's time is over.
    SessionOver,
}

/// Openings in the present and the six previous spans of ten seconds: never fewer than in the last minute.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TriggerCount {
    spans: [u16; 7],
    newest: u64,
    pub(crate) refused: u32,
}

impl TriggerCount {
    /// Counts an opening `elapsed` ticks after the start; false, and not counted, when it is one too many.
    pub(crate) fn admit(&mut self, elapsed: u64, ticks_per_second: u32, limit: u16) -> bool {
        let span = elapsed.checked_div(u64::from(ticks_per_second).saturating_mul(10)).unwrap_or(0);
        let passed = span.saturating_sub(self.newest).min(7);
        for _ in 0..passed {
            self.spans.rotate_right(1);
            if let Some(first) = self.spans.first_mut() {
                *first = 0;
            }
        }
        self.newest = self.newest.max(span);
        let total = self.spans.iter().fold(0_u16, |sum, n| sum.saturating_add(*n));
        if total >= limit {
            self.refused = self.refused.saturating_add(1);
            return false;
        }
        if let Some(first) = self.spans.first_mut() {
            *first = first.saturating_add(1);
        }
        true
    }
}

impl ChannelState {
    pub(crate) fn open_gate(&mut self, plan: &ChannelPlan, gate: &Gate, now: u64, end: u64) -> GateAnswer {
        let hz = plan.ticks_per_second;
        let latest = end.saturating_sub(plan.down_ticks);
        let longest = millis_to_ticks(gate.max_on, hz);
        if self.train == Train::Running {
            self.limited = now.saturating_add(longest) < latest;
            self.envelope.open_again(now, now.saturating_add(longest).min(latest));
            return GateAnswer::Continued;
        }
        let soonest = now.saturating_add(u64::from(plan.spacing));
        let rested = self.train_end.map_or(0, |t| t.saturating_add(millis_to_ticks(gate.min_off, hz)));
        let at_tick = soonest.max(rested);
        self.limited = at_tick.saturating_add(longest) < latest;
        self.envelope = Envelope {
            open_tick: at_tick,
            from: 0,
            hold_tick: u64::MAX,
            close_tick: at_tick.saturating_add(longest).min(latest),
            up_ticks: plan.up_ticks,
            down_ticks: plan.down_ticks,
        };
        let first = at_tick.saturating_add(plan.offset_ticks).max(self.earliest_onset);
        self.onsets = plan.onsets.starting_at(first);
        self.train = Train::Running;
        if rested > soonest {
            GateAnswer::Waiting { at_tick }
        } else {
            GateAnswer::Started { at_tick: first }
        }
    }

    pub(crate) fn hold(&mut self, now: u64) -> GateAnswer {
        if self.train != Train::Running || now >= self.envelope.close_tick {
            return GateAnswer::Ignored;
        }
        self.envelope.hold_tick = self.envelope.hold_tick.min(now);
        GateAnswer::Continued
    }

    pub(crate) fn close_gate(&mut self, plan: &ChannelPlan, down: Option<Millis>, now: u64) -> GateAnswer {
        if self.train != Train::Running || now >= self.envelope.close_tick {
            return GateAnswer::Ignored;
        }
        let ramp = plan.channel().ramp;
        let down = down.filter(|d| *d >= ramp.down_min && *d <= ramp.down).unwrap_or(ramp.down);
        self.limited = false;
        self.envelope.close_tick = now;
        self.envelope.down_ticks = millis_to_ticks(down, plan.ticks_per_second);
        GateAnswer::Closed { over_tick: now.saturating_add(self.envelope.down_ticks) }
    }
}
