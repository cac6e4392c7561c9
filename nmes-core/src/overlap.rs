//! The proof that pulses on one current source never overlap.

use crate::channel_plan::ChannelPlan;
use crate::contraction::ramps_ms;
use crate::error::{ConfigError, Field};
use crate::plan::Plan;
use crate::schedule::{Cycle, Schedule, period_ms};
use crate::ticks::millis_to_ticks;
use crate::timing::Timing;
use crate::wide::{product, quotient, rest, times};

impl Plan<'_> {
    /// Every two channels on one source keep apart by their offsets, or are refused.
    ///
    /// The proof is for channels whose trains begin together (a session that runs by itself, with the same ramps), that
    /// have one even rate and no rates of stages, rest for more than a period, and rest for longer than their offsets are apart or
    /// begin a contraction every so many whole periods: then the distance of their onsets, modulo the period, is that of their
    /// offsets to within a tick, and each needs as much room as its longest pulse with all that may follow it.
    pub(crate) fn prove_apart(&self) -> Result<(), ConfigError> {
        for (index, one) in (0_u8..).zip(self.channels()) {
            let source = one.hardware().source;
            let others = self.channels().skip(usize::from(index).saturating_add(1));
            for other in others.filter(|c| source != 0 && c.hardware().source == source) {
                self.pair_apart(one, other)?;
            }
        }
        Ok(())
    }

    fn pair_apart(&self, one: &ChannelPlan<'_>, other: &ChannelPlan<'_>) -> Result<(), ConfigError> {
        let even = |c: &ChannelPlan<'_>| c.channel().train.timing == Timing::Even;
        let (a, b) = (one.channel(), other.channel());
        let together = one.rate() == other.rate() && even(one) && even(other);
        let alike = a.ramp.up == b.ramp.up && a.ramp.down == b.ramp.down;
        // the remainder of a period may put an onset a tick earlier or later; a command just before one, a spacing later
        let margin = u64::from(one.spacing).saturating_add(2);
        let apart = one.offset_ticks().abs_diff(other.offset_ticks());
        let met = apart.saturating_add(one.room_ticks.max(other.room_ticks)).saturating_add(margin);
        if !together || !alike || !self.runs_alike(one, met) {
            let reason = "on one source only channels of one even rate and the same ramps, in a session that runs by \
                          itself with rests of at least a period, and longer than their offsets are apart where a cycle is \
                          no whole number of periods, are proved apart: give each a source of its own, or allow a wait with \
                          `Overlap::Defer`";
            return Err(ConfigError::Conflict { field: Field::Overlap, reason });
        }
        let (gap, back) = self.distances(one, other);
        let fits = |gap: u64, room: u64| gap >= room.saturating_add(margin);
        if fits(gap, one.room_ticks) && fits(back, other.room_ticks) {
            return Ok(());
        }
        let limit =
            i64::try_from(one.room_ticks.max(other.room_ticks).saturating_add(margin)).unwrap_or(i64::MAX);
        let value = i64::try_from(gap.min(back)).unwrap_or(0);
        let source =
            "offsets of channels on one source keep their pulses apart, in ticks, with all that may follow";
        Err(ConfigError::Below { field: Field::Overlap, value, limit, source })
    }

    /// From an onset of the one to the next of the other, and from there to the next of the one, in ticks, rounded down. Counted in
    /// exact periods: offsets may be thousands of them apart.
    fn distances(&self, one: &ChannelPlan<'_>, other: &ChannelPlan<'_>) -> (u64, u64) {
        let (rate, hz) = (one.rate(), u64::from(self.hardware().timing().ticks_per_second));
        // so many parts are a tick, and so many a period
        let tick = product(rate.pulses().into(), 1_000_000).max(1);
        let period = product(rate.per_us().into(), hz).max(1);
        let place = |c: &ChannelPlan<'_>| rest(times(u128::from(c.offset_ticks()), tick), period);
        let ahead = place(other).saturating_add(period).saturating_sub(place(one));
        let ahead = rest(ahead, period);
        let ticks = |parts: u128| u64::try_from(quotient(parts, tick)).unwrap_or(u64::MAX);
        (ticks(ahead), ticks(period.saturating_sub(ahead)))
    }

    /// Every contraction begins where the schedule says: after a rest shorter than a period its first onset would wait
    /// for the pulse before, on a channel that had one. A contraction of the later channel comes upon the next one of the
    /// other only where the rest is shorter than `met`, and there on the same grid if a cycle is whole periods.
    fn runs_alike(&self, one: &ChannelPlan<'_>, met: u64) -> bool {
        let hz = self.hardware().timing().ticks_per_second;
        let rate = one.rate();
        let whole = |cycle: &Cycle| {
            let us = product(period_ms(cycle, ramps_ms(one)), 1_000);
            rest(times(us, u128::from(rate.pulses())), u128::from(rate.per_us())) == 0
        };
        let rested = |cycle: &Cycle| {
            let rest = millis_to_ticks(cycle.rest, hz);
            rest > one.period_ticks() && (rest >= met || whole(cycle))
        };
        match self.session().schedule() {
            Schedule::Continuous => true,
            Schedule::Cyclic(cycle) => rested(&cycle),
            Schedule::Gated(_) => false,
            Schedule::Program(stages) => {
                stages.iter().all(|stage| stage.rate.is_none() && rested(&stage.cycle))
            }
        }
    }
}
