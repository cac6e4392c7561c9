//! The short way through a train: a pulse that is the one before it again, put out with each edge on its tick, or all of them
//! late by the same, which the lengths of its phases do not show.
//!
//! Whatever else happens (an edge off its tick, another level, a command, a stop) goes the long way, by
//! [`ChannelState::apply`], after [`ChannelState::catch_up`] has taken up what was left for later here.

use crate::cell::Body;
use crate::channel::ChannelState;
use crate::channel_plan::ChannelPlan;
use crate::envelope::FULL;
use crate::frame::FrameKind;
use crate::ledger::weight;
use crate::plan::Plan;
use crate::train::Clockwork;

/// What became of an edge that was offered to the short way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnGrid {
    /// Nothing: it has to go the long way.
    No,
    /// The next edge is due then.
    Next(u64),
    /// The pulse is over, and the frame of the next one waits for admission.
    Waits,
}

impl ChannelState {
    /// Takes what is pending, applied at `t`; not before its own tick.
    #[inline]
    pub(crate) fn take_on_grid<'p>(
        &mut self,
        plan: impl Fn(u8) -> Option<&'p ChannelPlan<'p>>,
        t: u64,
    ) -> OnGrid {
        // before its tick it is later than 32 bits say
        let Ok(late) = u32::try_from(t.wrapping_sub(self.at)) else { return OnGrid::No };
        let last = usize::from(self.frame.cell.stored_len());
        let edge = usize::from(self.edge);
        if edge == 0 {
            if self.steady_until == 0 || self.owed != 0 {
                return OnGrid::No;
            }
        } else if !self.plain || late != self.late {
            return OnGrid::No;
        } else if edge == last {
            return self.end_again(t);
        }
        let Some(at) = self.at.checked_add(u64::from(self.next_ticks)) else { return OnGrid::No };
        if edge == 0 && !plan(self.frame.channel).is_some_and(|plan| self.begin_again(plan, late)) {
            return OnGrid::No;
        }
        (self.level, self.since, self.at) = (self.next, t, at);
        self.edge = self.edge.wrapping_add(1);
        let edge = edge.wrapping_add(1);
        (self.next, self.next_ticks) =
            if edge == last { (self.frame.rest, 0) } else { self.frame.cell.at(edge) };
        OnGrid::Next(at)
    }

    /// The first edge of a pulse that is the one before it again; false, and nothing done, at the end of the clock, or where it
    /// is too late. No segment is shorter than the edge spacing and L + ε, so the next edge is not pushed on.
    #[inline]
    fn begin_again(&mut self, plan: &ChannelPlan<'_>, late: u32) -> bool {
        if u64::from(late) > plan.late_limit_ticks() {
            return false;
        }
        // the onset in hand stands where it is planned, so all that is counted from it is counted from here
        let onset = self.frame.onset_tick;
        let Some(earliest) = onset.checked_add(self.period_ticks(plan)) else { return false };
        self.earliest_onset = earliest;
        self.advance_onset(plan);
        (self.plain, self.late) = (true, late);
        self.receipt_ready = false;
        // planned again before it began, it may be the first of its kind, and follow trims
        self.balancing_code = self.planned.balancing_code;
        self.trims_in_row = 0;
        self.counters.pulses = self.counters.pulses.saturating_add(1);
        true
    }

    /// The last edge of a pulse, and the frame of the next, when that is to be the same.
    #[inline]
    fn end_again(&mut self, t: u64) -> OnGrid {
        let onset = self.onsets.tick();
        if onset >= self.steady_until || !self.recorded {
            return OnGrid::No;
        }
        self.plain = false;
        (self.level, self.since) = (self.next, t);
        self.receipt.sequence = self.frame.sequence;
        (self.receipt.onset_tick, self.receipt.end_tick) = (self.began(), t);
        self.receipt_ready = true;
        self.number(onset);
        (self.next, self.next_ticks) = self.frame.cell.at(0);
        OnGrid::Waits
    }

    /// When the pulse in hand began.
    fn began(&self) -> u64 {
        self.frame.onset_tick.saturating_add(u64::from(self.late))
    }

    /// Takes up what the short way leaves for later in a pulse under way: its record, the place within it, and what its late
    /// edges owe until the last of them. From here on the pulse goes the long way.
    pub(crate) fn catch_up(&mut self, plan: &ChannelPlan<'_>) {
        if !self.plain {
            return;
        }
        self.owed = self.owed_plain(plan);
        self.plain = false;
        let began = self.began();
        self.begin_receipt(began);
        let cell = &self.frame.cell;
        self.within = self.edge;
        self.left = cell.total().saturating_sub(self.edge);
        let ahead = (0..usize::from(cell.main.min(self.edge))).map(|index| cell.at(index).1);
        let main_began = ahead.fold(began, |t, ticks| t.saturating_add(u64::from(ticks)));
        if self.edge > cell.main {
            self.main_began = main_began;
        }
        // the main phase of such a cell is one segment
        if self.edge > cell.main_end {
            let (level, ticks) = cell.at(usize::from(cell.main));
            self.note_primary(level, main_began.saturating_add(u64::from(ticks)));
        }
    }

    /// What is owed, with what the short way leaves for later: the level in place began late, and all before it came to
    /// what is planned.
    pub(crate) fn owed_plain(&self, plan: &ChannelPlan<'_>) -> i64 {
        if !self.plain || self.late == 0 {
            return self.owed;
        }
        // a level of 2^24 codes, or 2^55 nA, late by an L of at most 2^31 ticks; saturated it is more than any pulse repays
        let late = weight(plan, self.level).saturating_mul(i64::from(self.late));
        self.owed.saturating_sub(late)
    }

    /// Whether the cell in hand is one of stored segments, put out once, that nothing asked to cut.
    pub(crate) fn can_be_plain(&self) -> bool {
        self.frame.cell.body_len == 0 && self.frame.cell.cycles == 1 && !self.recover
    }

    /// After a pulse with edges off their ticks: plans the next one when that is to be the same and is not delayed, and
    /// what is owed can wait until its last edge. False, and nothing done, otherwise.
    pub(crate) fn plan_again(&mut self, channel: &ChannelPlan<'_>, earliest: u64) -> bool {
        let onset = self.onsets.tick();
        if onset >= self.steady_until || onset < earliest {
            return false;
        }
        if self.owed != 0 && self.owed.unsigned_abs() > self.allowed_ahead(channel, true) {
            return false;
        }
        self.recorded = self.owed == 0 && self.is_recorded(channel);
        self.restart(onset, channel);
        true
    }

    /// The frame in hand is that of the last pulse again. Before which tick all that come will be the same: at full
    /// level, and not delayed when on time. 0 when that is not so, or pulses are counted.
    pub(crate) fn steady_until(&self, plan: &Plan<'_>, channel: &ChannelPlan<'_>, clock: &Clockwork) -> u64 {
        let full = self.planned.full_level && self.planned.deferred_ticks == 0 && self.duck.is_none();
        let counted = channel.channel().train.pulses_max > 0 || plan.shares_sources();
        if !full || counted || !self.can_be_plain() || !self.has_room(channel) {
            return 0;
        }
        if self.envelope.fraction(self.frame.onset_tick) != Some(FULL) {
            return 0;
        }
        let stale = self.stale_from(channel).saturating_add(1);
        let until = self.envelope.close_tick.min(clock.end_of(channel)).min(stale);
        // a stale command may leave enough for a stage of a lower level; its pulse is not one of these
        if self.frame.onset_tick < until { until } else { 0 }
    }

    /// A pulse whose edges are all late by the same never delays the onset after it.
    fn has_room(&self, channel: &ChannelPlan<'_>) -> bool {
        let after = u64::from(channel.turn_ticks).saturating_add(channel.late_limit_ticks());
        self.frame.cell.cycle_ticks(Body::None).saturating_add(after) <= self.period_ticks(channel)
    }

    /// The record of the last pulse is that of the frame in hand, but for times and number.
    pub(crate) fn is_recorded(&self, channel: &ChannelPlan<'_>) -> bool {
        let (main, planned) = (self.frame.cell.stored(self.frame.cell.main), &self.planned);
        self.receipt.kind == FrameKind::Pulse
            && self.receipt.code == self.frame.cell.code
            && main.is_some_and(|(_, ticks)| ticks == self.receipt.primary_ticks)
            && (self.receipt.setting, self.receipt.deferred_ticks) == (planned.setting, 0)
            && (self.receipt.full_level, self.receipt.cut) == (true, false)
            && self.ledger(channel) == Some(self.receipt.ledger)
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests: a panic here is a failed test"
)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use crate::*;

    /// Of a train of 40 pulses, each edge late by so many ticks, those after which the short way goes on.
    fn short_after(late: u64) -> (Vec<u32>, u32) {
        let set = Setting::new(40_000, 300).unwrap();
        let (up, length) = (Millis::from_millis(100).unwrap(), Millis::from_millis(1_000).unwrap());
        let ramp = Ramp { up, ..Ramp::default() };
        let rate = Rate::from_hz(40).unwrap();
        let (pulse, train, offset) = (PulseShape::default(), Train::default(), Micros::ZERO);
        let channels = [Channel { pulse, rate, train, set, ceiling: set, ramp, offset }];
        let session = Session::new(&channels, Schedule::Continuous, length).unwrap();
        let dac = ChannelHardware::symmetric(100_000, -2_048, 2_047);
        let timing = HardwareTiming { late_max_ticks: 12, ..HardwareTiming::ideal(1_000_000) };
        let hardware = Hardware::new(timing, &[dac], 0).unwrap();
        let plan = Plan::compile(&session, &hardware).unwrap();
        let mut storage = [ChannelState::new(); 1];
        let mut engine = Engine::new(&plan, &mut storage).unwrap();
        engine.command(0, set, 0).unwrap();
        engine.start(0);
        let (mut short, mut plain) = (Vec::new(), 0);
        while engine.offer(|_| true) {
            let Next::At(tick) = engine.next() else { break };
            if engine.counters(0).unwrap().pulses == 20 {
                engine.command(0, set, tick).unwrap();
                assert_eq!(engine.channels[0].steady_until, 0);
            }
            engine.applied(tick + late).unwrap();
            let state = &engine.channels[0];
            plain += u32::from(state.plain && u64::from(state.late) == late);
            if state.edge == 0 && state.recorded && state.steady_until > 0 {
                short.push(engine.counters(0).unwrap().pulses);
            }
        }
        (short, plain)
    }

    /// REQ-CORE-130: the short way is taken once a pulse at full level has a record, and left by a command until the next
    /// pulse is planned; so what `tests/short_way.rs` compares is not the long way twice. It is taken as well where every edge
    /// is late by the same.
    #[test]
    fn is_taken() {
        // the first onset of the ramp is silent; pulse 4 is the first at full level, 39 the last
        for late in [0, 1, 12] {
            let (short, plain) = short_after(late);
            assert_eq!(short, Vec::from_iter(4..39), "{late}");
            // two edges of each pulse but, late, those of the ramp, the first at full level and the one after the command
            assert!((2 * 33..2 * 40).contains(&plain), "{late}: {plain}");
        }
    }
}
