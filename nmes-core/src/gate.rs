//! Opening and closing a gated session from outside, within the bounds it declares.

use crate::channel::{ChannelState, Train};
use crate::channel_plan::ChannelPlan;
use crate::plan::Plan;
use crate::schedule::{Gate, Schedule};
use crate::ticks::millis_to_ticks;
use crate::train::Clockwork;
use crate::units::Millis;

/// What a trigger asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateInput {
    /// Ramp up and stay; from the present level when a train is under way.
    Open,
    /// Stay at the present level, also when the ramp is not at its top yet.
    Hold,
    /// Ramp down and end the train. Closing always happens: a `down` outside the channel's `down_min..=down` is
    /// answered by the channel's own ramp. A ramp-down under way goes on as it began.
    Close {
        /// A shorter ramp-down than the channel's.
        down: Option<Millis>,
    },
    /// [`GateInput::Close`] with the channel's own ramp when a train is under way or waits, else [`GateInput::Open`]; after a stop
    /// nothing is, and an opening is refused.
    Toggle,
}

/// What became of a gate input. Of several channels it tells the latest time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateAnswer {
    /// A train begins; its first pulse stands at this tick at the earliest, and later where trims follow the train before it.
    Started {
        /// Ticks.
        at_tick: u64,
    },
    /// A train begins when the least OFF time is over, in this or another channel.
    Waiting {
        /// Ticks.
        at_tick: u64,
    },
    /// The train under way goes on, from its present level.
    Continued,
    /// The ramp-down began; no pulse stands at or after this tick, also on the channels that the input is for and that were
    /// ramping down already.
    Closed {
        /// Ticks.
        over_tick: u64,
    },
    /// There was nothing to hold or close: no train is on, or a stop came, after which the pulse under way is the last.
    Ignored,
    /// Not taken; nothing changes.
    Refused(GateRefusal),
}

impl GateAnswer {
    /// The answer of two channels.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Started { at_tick: a }, Self::Started { at_tick: b }) => {
                Self::Started { at_tick: a.max(b) }
            }
            (
                Self::Waiting { at_tick: a } | Self::Started { at_tick: a },
                Self::Waiting { at_tick: b } | Self::Started { at_tick: b },
            ) => Self::Waiting { at_tick: a.max(b) },
            (Self::Closed { over_tick: a }, Self::Closed { over_tick: b }) => {
                Self::Closed { over_tick: a.max(b) }
            }
            (Self::Ignored, answer) => answer,
            (answer, _) => answer,
        }
    }

    /// Of an input that closes a channel: a train of another may last as long.
    pub(crate) fn as_late_as(self, until: u64) -> Self {
        if let Self::Closed { over_tick } = self {
            Self::Closed { over_tick: over_tick.max(until) }
        } else {
            self
        }
    }
}

/// Why a gate was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GateRefusal {
    /// The session runs by itself.
    NotGated,
    /// More openings in the last minute than the session declares; counted in whole seconds, 61 of them at most.
    TooManyTriggers,
    /// Sooner after the last opening that was taken than the session's refractory time.
    Refractory,
    /// The train has been on for the session's longest time and is ramping down; open again when it is over.
    LongestOn,
    /// Not started yet, stopped, or faulted.
    Stopped,
    /// Too near the end of the session for a train and its ramp-down.
    SessionOver,
}

/// Seconds that are counted: the present one and the minute before it.
const SPANS: usize = 61;

/// Openings of a channel in the present second and the sixty before: never fewer than in the last minute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Openings {
    spans: [u16; SPANS],
    newest: u64,
    /// Tick of the last one that was taken.
    last: Option<u64>,
}

#[cfg(feature = "fault-injection")]
crate::flip_fields!(Openings { spans, newest, last });

impl Openings {
    pub(crate) const EMPTY: Self = Self { spans: [0; SPANS], newest: 0, last: None };

    /// Whether `now` is less than `refractory` ticks after the last one.
    pub(crate) fn is_sooner(&self, now: u64, refractory: u64) -> bool {
        self.last.is_some_and(|at| now.saturating_sub(at) < refractory)
    }

    /// Whether one more, so many whole seconds after the start, is within the limit of a minute.
    pub(crate) fn has_room(&mut self, second: u64, limit: u16) -> bool {
        let passed = usize::try_from(second.saturating_sub(self.newest)).unwrap_or(SPANS).min(SPANS);
        self.spans.rotate_right(passed);
        for span in self.spans.iter_mut().take(passed) {
            *span = 0;
        }
        self.newest = self.newest.max(second);
        self.spans.iter().fold(0_u16, |sum, n| sum.saturating_add(*n)) < limit
    }

    /// Counts one, in the second that [`Self::has_room`] was asked about.
    pub(crate) fn taken(&mut self, now: u64) {
        if let Some(first) = self.spans.first_mut() {
            *first = first.saturating_add(1);
        }
        self.last = Some(now);
    }
}

/// When an opening of a channel may take effect.
struct Times {
    now: u64,
    /// Now, at this channel: its offset later.
    here: u64,
    /// The last moment at which a ramp-down can begin and still end within the session.
    latest: u64,
    longest: u64,
}

impl ChannelState {
    fn times(plan: &ChannelPlan<'_>, gate: &Gate, now: u64, end: u64) -> Times {
        let here = now.saturating_add(plan.offset_ticks);
        let latest = end.saturating_add(plan.offset_ticks).saturating_sub(plan.down_ticks);
        Times { now, here, latest, longest: millis_to_ticks(gate.max_on, plan.ticks_per_second) }
    }

    /// Whether an opening at `now` can be taken at all.
    pub(crate) fn may_open(
        &self,
        plan: &ChannelPlan<'_>,
        gate: &Gate,
        now: u64,
        end: u64,
    ) -> Option<GateRefusal> {
        let times = Self::times(plan, gate, now, end);
        let on = self.is_on(times.here);
        let opens = if on { times.here } else { self.rested(plan, gate, &times) };
        if opens >= times.latest {
            return Some(GateRefusal::SessionOver);
        }
        (on && times.here >= self.train_open.saturating_add(times.longest)).then_some(GateRefusal::LongestOn)
    }

    /// Whether anything was put out yet, so that there is an end to rest from.
    pub(crate) const fn has_played(&self) -> bool {
        self.counters.pulses > 0
    }

    /// A train is over, at its last edge: one that waits keeps the least OFF time from there, also where trims came after the
    /// answer to its opening. It is not opened where the session has no room for it any more.
    pub(crate) fn rest_before_next(&mut self, plan: &Plan<'_>, channel: &ChannelPlan<'_>, clock: &Clockwork) {
        let Schedule::Gated(gate) = plan.session().schedule() else { return };
        let Some(((open, close), ended)) = self.queued.zip(self.train_end) else { return };
        let rested = ended.saturating_add(millis_to_ticks(gate.min_off, channel.ticks_per_second));
        let later = rested.saturating_sub(open);
        let latest = clock.end_of(channel).saturating_sub(channel.down_ticks);
        let close = close.saturating_add(later).min(latest);
        self.queued = Some((open.max(rested), close)).filter(|(open, _)| *open < latest);
    }

    /// When a new train may open: after the least OFF time. A train that is over but not closed yet has ended before
    /// its next onset would have stood; one that an offset still lets run, before one after its ramp-down.
    fn rested(&self, plan: &ChannelPlan<'_>, gate: &Gate, times: &Times) -> u64 {
        let soonest = times.here.saturating_add(u64::from(plan.spacing));
        let ended = match self.train {
            Train::Idle => self.train_end,
            Train::Running if self.is_on(times.now) => {
                Some(self.envelope.over_tick().saturating_add(plan.period_ticks()))
            }
            Train::Running | Train::Closing | Train::Done => {
                Some(self.earliest_onset).filter(|_| self.has_played())
            }
        };
        let off = millis_to_ticks(gate.min_off, plan.ticks_per_second);
        soonest.max(ended.map_or(0, |t| t.saturating_add(off)))
    }

    /// An opening at `now` begins a train: none is on, and none waits.
    pub(crate) fn begins_train(&self, plan: &ChannelPlan<'_>, now: u64) -> bool {
        self.queued.is_none() && !self.is_on(now.saturating_add(plan.offset_ticks))
    }

    /// A train is on, or waits to open: a toggle closes it.
    pub(crate) fn is_open(&self, plan: &ChannelPlan<'_>, now: u64) -> bool {
        let here = now.saturating_add(plan.offset_ticks);
        self.queued.is_some() || (self.is_on(here) && here < self.envelope.close_tick)
    }

    /// A train is running and not over at `tick`.
    fn is_on(&self, tick: u64) -> bool {
        self.train == Train::Running && self.envelope.fraction(tick).is_some()
    }

    /// No pulse of the train stands at or after this tick; 0 without one.
    pub(crate) fn ramps_until(&self) -> u64 {
        if self.train == Train::Running { self.envelope.over_tick() } else { 0 }
    }

    pub(crate) fn open_gate(
        &mut self,
        plan: &ChannelPlan<'_>,
        gate: &Gate,
        now: u64,
        end: u64,
    ) -> GateAnswer {
        let times = Self::times(plan, gate, now, end);
        if let Some(waiting) = self.queued {
            return GateAnswer::Waiting { at_tick: waiting.0 };
        }
        if self.is_on(times.here) {
            if times.here < self.envelope.open_tick {
                return GateAnswer::Waiting { at_tick: self.envelope.open_tick };
            }
            let close = self.train_open.saturating_add(times.longest);
            self.limited = close < times.latest;
            let close = close.min(times.latest);
            self.envelope.open_again(times.now, times.here, close, plan.down_ticks);
            return GateAnswer::Continued;
        }
        self.queue_train(plan, gate, &times)
    }

    /// A new train, after the least OFF time. What is left of the one before is closed first.
    fn queue_train(&mut self, plan: &ChannelPlan<'_>, gate: &Gate, times: &Times) -> GateAnswer {
        let open_tick = self.rested(plan, gate, times);
        let close_tick = open_tick.saturating_add(times.longest).min(times.latest);
        self.queued = Some((open_tick, close_tick));
        if self.train == Train::Running && !self.is_on(times.now) {
            self.train = Train::Closing;
        }
        let at_tick = open_tick.max(self.earliest_onset);
        let waits = open_tick > times.here.saturating_add(u64::from(plan.spacing));
        if waits { GateAnswer::Waiting { at_tick } } else { GateAnswer::Started { at_tick } }
    }

    pub(crate) fn hold(&mut self, plan: &ChannelPlan<'_>, now: u64) -> GateAnswer {
        let here = now.saturating_add(plan.offset_ticks);
        let rising = self.train == Train::Running
            && here >= self.envelope.open_tick
            && here < self.envelope.close_tick
            && self.envelope.hold_tick == u64::MAX;
        if !rising {
            return GateAnswer::Ignored;
        }
        self.envelope.hold_tick = here;
        GateAnswer::Continued
    }

    pub(crate) fn close_gate(
        &mut self,
        plan: &ChannelPlan<'_>,
        down: Option<Millis>,
        now: u64,
    ) -> GateAnswer {
        let here = now.saturating_add(plan.offset_ticks);
        if self.queued.take().is_some() {
            return GateAnswer::Closed { over_tick: here };
        }
        if self.train != Train::Running || here >= self.envelope.close_tick {
            return GateAnswer::Ignored;
        }
        let ramp = plan.channel().ramp;
        let down = down.filter(|d| *d >= ramp.down_min && *d <= ramp.down).unwrap_or(ramp.down);
        self.limited = false;
        self.envelope.close_tick = here;
        self.envelope.down_ticks = millis_to_ticks(down, plan.ticks_per_second);
        GateAnswer::Closed { over_tick: here.saturating_add(self.envelope.down_ticks) }
    }
}
