//! When the next train of a channel opens, and how it rises and falls.

use crate::channel::ChannelState;
use crate::channel_plan::ChannelPlan;
use crate::envelope::{Envelope, FULL};
use crate::plan::Plan;
use crate::schedule::{Contraction, Cycle, Schedule, in_stages, period_ms};
use crate::ticks::millis_to_ticks;
use crate::timing::Period;
use crate::train::Clockwork;
use crate::units::Millis;

/// What a schedule has next.
pub(crate) enum Opening {
    /// A train with this envelope.
    Train(Envelope),
    /// Nothing until something from outside.
    Wait,
    /// Nothing any more.
    Never,
}

impl ChannelState {
    pub(crate) fn next_opening(
        &mut self,
        plan: &Plan<'_>,
        channel: &ChannelPlan<'_>,
        clock: &Clockwork,
        start: u64,
    ) -> Opening {
        let begin = start.saturating_add(channel.offset_ticks);
        let found = match plan.session().schedule() {
            Schedule::Gated(_) => {
                let queued = self.queued.take();
                return queued
                    .map_or(Opening::Wait, |(open, close)| Opening::Train(gated(channel, open, close)));
            }
            Schedule::Continuous => {
                (self.contraction == 0).then(|| continuous(channel, begin, clock.end_of(channel)))
            }
            Schedule::Cyclic(cycle) => {
                self.contraction(plan, channel, begin, cyclic(channel, &cycle, self.contraction))
            }
            Schedule::Program(stages) => {
                self.contraction(plan, channel, begin, in_stages(stages, ramps_ms(channel), self.contraction))
            }
        };
        found.map_or(Opening::Never, Opening::Train)
    }

    /// Its start stands on the exact millisecond, so starts do not drift. `None` when it would not end within the
    /// session.
    fn contraction(
        &mut self,
        plan: &Plan<'_>,
        channel: &ChannelPlan<'_>,
        begin: u64,
        contraction: Option<Contraction>,
    ) -> Option<Envelope> {
        let contraction = contraction?;
        let on = ramps_ms(channel).saturating_add(u64::from(contraction.hold.as_millis()));
        if contraction.begin_ms.saturating_add(on) > u64::from(plan.session().length().as_millis()) {
            return None;
        }
        let hz = channel.ticks_per_second;
        let elapsed = contraction.begin_ms.checked_mul(u64::from(hz))? / 1_000;
        let open_tick = begin.checked_add(elapsed)?;
        let level = u32::from(contraction.level_permille);
        self.peak = FULL.saturating_mul(level).saturating_add(500) / 1_000;
        // compile has seen that it is no faster than the channel's rate
        self.stage_period = contraction.rate.map(|rate| Period::of(rate, hz));
        let hold = millis_to_ticks(contraction.hold, hz);
        let close_tick = open_tick.checked_add(channel.up_ticks)?.checked_add(hold)?;
        Some(Envelope::opening(open_tick, close_tick, channel.up_ticks, channel.down_ticks))
    }
}

fn gated(channel: &ChannelPlan<'_>, open: u64, close: u64) -> Envelope {
    Envelope::opening(open, close, channel.up_ticks, channel.down_ticks)
}

fn continuous(channel: &ChannelPlan<'_>, begin: u64, end: u64) -> Envelope {
    let close = end.saturating_sub(channel.down_ticks).max(begin);
    Envelope::opening(begin, close, channel.up_ticks, channel.down_ticks)
}

pub(crate) fn ramps_ms(channel: &ChannelPlan<'_>) -> u64 {
    let ms = |part: Millis| u64::from(part.as_millis());
    ms(channel.channel().ramp.up).saturating_add(ms(channel.channel().ramp.down))
}

/// Contraction number `k` of a cycle that goes on to the end of the session.
fn cyclic(channel: &ChannelPlan<'_>, cycle: &Cycle, k: u64) -> Option<Contraction> {
    let begin_ms = k.checked_mul(period_ms(cycle, ramps_ms(channel)))?;
    Some(Contraction { begin_ms, hold: cycle.hold, level_permille: 1_000, rate: None })
}
