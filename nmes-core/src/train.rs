//! What a channel does next: the next pulse of its train, a trim, open, or nothing.

use crate::cell::{Cell, Packed};
use crate::channel::{ChannelState, Pending, Train};
use crate::channel_plan::ChannelPlan;
use crate::contraction::Opening;
use crate::envelope::{FULL, between};
use crate::error::EngineFault;
use crate::frame::{FrameKind, Level};
use crate::ledger::weight;
use crate::plan::Plan;
use crate::receipt::Planned;
use crate::recipe::Made;
use crate::session::{Control, Setting};
use crate::source::Reserved;
use crate::timing::Period;
use crate::units::{MicroAmps, Micros};

/// What all channels share while a session runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clockwork {
    /// Tick of session time zero; `None` before `start`.
    pub(crate) start: Option<u64>,
    /// No onset of a channel without offset stands at or after this tick.
    pub(crate) end: u64,
    /// A stop was asked for: trains close and none begins.
    pub(crate) stopping: bool,
    /// What the other channels on this channel's source have planned.
    pub(crate) reserved: Reserved,
}

/// From the first edge of a trim to the next that may come.
fn trim_room(channel: &ChannelPlan<'_>, ticks: u32) -> u64 {
    let after = channel.repayment_stretch_ticks().saturating_add(u64::from(channel.turn_ticks));
    u64::from(ticks).saturating_add(after)
}

impl Clockwork {
    /// No onset of a channel stands at or after this tick: the session's end, later by the channel's offset.
    pub(crate) fn end_of(&self, channel: &ChannelPlan<'_>) -> u64 {
        self.end.saturating_add(channel.offset_ticks)
    }
}

/// Trims that follow one another at most; each leaves at most a quarter, so more mean that stamps lie.
const TRIMS_MAX: u8 = 24;

/// The pulse that an onset would have.
struct Onset {
    at: u64,
    waited: u64,
    fraction: u32,
    /// By a pause or a stale command.
    silenced: bool,
    code: u32,
    width: u32,
}

impl ChannelState {
    /// A silent onset has passed, at `at`: counted as silent, or as dropped when it had waited a period for the
    /// pulse before it.
    pub(crate) fn pass_onset(&mut self, channel: &ChannelPlan<'_>, at: u64) {
        let waited = at.saturating_sub(self.onsets.tick());
        let dropped = waited >= self.period_ticks(channel) || waited > channel.wait_ticks;
        let count = if dropped { &mut self.counters.dropped } else { &mut self.counters.silent };
        *count = count.saturating_add(1);
        self.settle(channel, at);
        self.advance_onset(channel);
    }

    /// The least time between two onsets.
    pub(crate) fn period_ticks(&self, channel: &ChannelPlan<'_>) -> u64 {
        self.stage_period.as_ref().map_or(channel.period_ticks(), Period::ticks)
    }

    pub(crate) fn advance_onset(&mut self, channel: &ChannelPlan<'_>) {
        match &self.stage_period {
            None => self.onsets.advance(&channel.onsets),
            Some(period) => self.onsets.step(period),
        }
    }

    /// Decides what comes next, not before `earliest`. Looks at one onset at most: a bounded amount of work.
    pub(crate) fn plan_next(
        &mut self,
        plan: &Plan<'_>,
        channel: &ChannelPlan<'_>,
        clock: &Clockwork,
        earliest: u64,
    ) {
        self.pending = Pending::Nothing;
        (self.steady_until, self.recorded) = (0, false);
        if clock.stopping && self.train != Train::Done {
            self.train = Train::Closing;
        }
        // running (over) → closing → idle → running is the longest way through to an onset
        for _ in 0..4 {
            match self.train {
                Train::Done => return,
                Train::Closing => {
                    if self.close(channel, clock, earliest) {
                        return;
                    }
                    self.count_forced(clock, earliest);
                    self.train_end = Some(self.since).filter(|_| self.has_played());
                    self.rest_before_next(plan, channel, clock);
                    self.train = if clock.stopping { Train::Done } else { Train::Idle };
                }
                Train::Idle => {
                    if !self.schedule(plan, channel, clock) {
                        return;
                    }
                }
                Train::Running => {
                    if self.next_onset(plan, channel, clock, earliest) {
                        return;
                    }
                    self.train = Train::Closing;
                }
            }
        }
        // contractions that the rate leaves without an onset: look on at once, before the next onset
        self.pend(Pending::Pause, earliest);
    }

    /// A train is over: whether its longest time closed it.
    fn count_forced(&mut self, clock: &Clockwork, earliest: u64) {
        let closed = if clock.stopping { earliest } else { self.onsets.tick() } >= self.envelope.close_tick;
        if core::mem::take(&mut self.limited) && closed {
            self.counters.forced_closes = self.counters.forced_closes.saturating_add(1);
        }
    }

    fn pend(&mut self, pending: Pending, at: u64) {
        self.pending = pending;
        self.at = at;
    }

    /// The end of a train: trims until the ledger is small, then open. False when there is nothing left to do.
    fn close(&mut self, channel: &ChannelPlan<'_>, clock: &Clockwork, earliest: u64) -> bool {
        if self.trim(channel, clock, earliest, channel.jitter_ticks(), Packed::OPEN) {
            return true;
        }
        self.opens(earliest)
    }

    /// Goes open when it is not. False when it is.
    fn opens(&mut self, earliest: u64) -> bool {
        if self.level == Packed::OPEN {
            return false;
        }
        self.pend(Pending::Off, earliest);
        true
    }

    /// How long the frame in hand keeps its source: a pulse with all that may follow it; at the end of a session, when none comes any
    /// more, a trim itself.
    pub(crate) fn room(&self, channel: &ChannelPlan<'_>, clock: &Clockwork) -> u64 {
        if clock.stopping && self.frame.kind == FrameKind::Trim {
            trim_room(channel, self.frame.cell.at(0).1)
        } else {
            channel.room_ticks
        }
    }

    /// Makes a trim when more than `allowed` code-ticks are owed, of the fewest codes with which it takes no more than 8 (L + 2 ε): so
    /// that it is no longer than a phase, which a one-shot lets be. Each leaves at most a quarter.
    /// Never stronger than the last pulse's balancing level, and only while a shared source is free.
    fn trim(
        &mut self,
        channel: &ChannelPlan<'_>,
        clock: &Clockwork,
        earliest: u64,
        allowed: u64,
        rest: Packed,
    ) -> bool {
        if self.owed == 0 || channel.jitter == 0 || !channel.channel().pulse.balance.is_balanced() {
            return false;
        }
        let step: i32 = if self.owed < 0 { 1 } else { -1 };
        let one = |code: i32| weight(channel, Packed::driven(code)).unsigned_abs();
        let owed = self.owed.unsigned_abs();
        let units = if channel.exact { owed } else { owed.checked_div(one(step)).unwrap_or(0) };
        if units <= allowed {
            return false;
        }
        if self.trims_in_row >= TRIMS_MAX {
            let ledger = self.owed.saturating_mul(channel.unit_na);
            self.fault.get_or_insert(EngineFault::Repayment { channel: self.frame.channel, ledger });
            return false;
        }
        let eighth = units.div_ceil(channel.jitter_ticks().saturating_mul(8).max(1));
        let limit = channel.hardware().code_limit(self.owed < 0).min(self.balancing_code);
        let Ok(codes) = i32::try_from(eighth.min(u64::from(limit)).max(1)) else { return false };
        let code = codes.saturating_mul(step);
        let ticks =
            self.owed.unsigned_abs().checked_div(one(code)).unwrap_or(0).max(u64::from(channel.spacing));
        let Ok(ticks) = u32::try_from(ticks) else { return false };
        let onset = clock.reserved.free_from(earliest, trim_room(channel, ticks));
        self.set_trim(channel, onset, code, ticks, rest)
    }

    fn set_trim(
        &mut self,
        channel: &ChannelPlan<'_>,
        onset: u64,
        code: i32,
        ticks: u32,
        rest: Packed,
    ) -> bool {
        let mut cell = Cell { movable: 0, ..Cell::EMPTY };
        cell.push(Packed::driven(code), ticks);
        let Some(outcome) = weight(channel, Packed::driven(code)).checked_mul(i64::from(ticks)) else {
            return false;
        };
        self.outcome = outcome;
        self.made_for = None;
        self.set_frame(FrameKind::Trim, onset, cell, rest, channel);
        true
    }

    /// Starts the next train of a session that runs by itself. False when none will come by itself.
    fn schedule(&mut self, plan: &Plan<'_>, channel: &ChannelPlan<'_>, clock: &Clockwork) -> bool {
        let Some(start) = clock.start else { return false };
        match self.next_opening(plan, channel, clock, start) {
            Opening::Train(envelope) => {
                self.contraction = self.contraction.saturating_add(1);
                self.envelope = envelope;
                self.onsets =
                    crate::timing::OnsetState::starting_at(envelope.open_tick.max(self.earliest_onset));
                self.train = Train::Running;
                self.train_open = envelope.open_tick;
                self.train_pulses = 0;
                // a gated train that does not last to the end of the session is closed by its longest time
                self.limited = plan.is_gated() && envelope.over_tick() < clock.end_of(channel);
                true
            }
            Opening::Wait => false,
            Opening::Never => {
                self.train = Train::Done;
                false
            }
        }
    }

    /// Plans the onset in hand. False when the train is over.
    fn next_onset(
        &mut self,
        plan: &Plan<'_>,
        channel: &ChannelPlan<'_>,
        clock: &Clockwork,
        earliest: u64,
    ) -> bool {
        let ideal = self.onsets.tick();
        let at = clock.reserved.free_from(ideal.max(earliest), channel.room_ticks);
        let enough = channel.channel().train.pulses_max;
        let over = at >= clock.end_of(channel)
            || (at > ideal && self.envelope.fraction(at).is_none())
            || (enough > 0 && self.train_pulses >= enough);
        let stood = self.envelope.fraction(ideal).filter(|_| ideal < clock.end_of(channel));
        let Some(fraction) = stood.filter(|_| !over) else {
            // one that would wait past the end of its train
            let enough = enough > 0 && self.train_pulses >= enough;
            if stood.is_some() && at > ideal && !enough {
                self.counters.dropped = self.counters.dropped.saturating_add(1);
                self.advance_onset(channel);
            }
            return false;
        };
        self.forget_duck(channel, earliest.saturating_sub(u64::from(channel.turn_ticks)));
        // what a pause leaves when the pulse comes, or one that waits would come after the pause
        let (fraction, ducked) = self.shaped(channel, fraction, at);
        let silenced = ducked && fraction == 0;
        if silenced && self.opens(earliest) {
            return true;
        }
        let (code, width) = self.level_at(channel, fraction);
        let waited = at.saturating_sub(ideal);
        let onset = Onset { at, waited, fraction, silenced, code, width };
        self.set_onset(plan, channel, clock, earliest, &onset)
    }

    /// The fraction of the set value: the envelope's, by the channel's slope, up to the stage's level, and no more than
    /// a pause or a stale command leaves; and whether one of them leaves less than all.
    fn shaped(&self, channel: &ChannelPlan<'_>, fraction: u32, tick: u64) -> (u32, bool) {
        let slope = channel.channel().ramp.slope;
        let mut shaped = slope.shape(fraction);
        if self.peak < FULL {
            shaped = between(0, self.peak, shaped);
        }
        let left = self.left_at(channel, tick);
        if left == FULL { (shaped, false) } else { (shaped.min(slope.shape(left)), true) }
    }

    fn set_onset(
        &mut self,
        plan: &Plan<'_>,
        channel: &ChannelPlan<'_>,
        clock: &Clockwork,
        earliest: u64,
        onset: &Onset,
    ) -> bool {
        let late = onset.waited > 0
            && (onset.waited >= self.period_ticks(channel) || onset.waited > channel.wait_ticks);
        let silent = late || onset.silenced;
        let again = channel.exact && self.made_for == Some((onset.code, onset.width)) && !silent;
        let made = if again || silent { None } else { self.make(channel, onset) };
        let rest = Packed::from(Level::from(plan.hardware().timing().pulse_rest));
        if self.owed != 0 {
            let allowed = self.allowed_ahead(channel, again || made.is_some());
            if self.trim(channel, clock, earliest, allowed, rest) {
                return true;
            }
        }
        if let Some(made) = made {
            self.outcome = made.carry;
            let against = made.code.signum().saturating_neg();
            self.planned.balancing_code = self.frame.cell.strongest(against, channel.body());
            (self.frame.kind, self.frame.rest) = (FrameKind::Pulse, rest);
            self.restart(onset.at, channel);
            self.made_for =
                channel.channel().pulse.balance.is_balanced().then_some((onset.code, onset.width));
        } else if again {
            self.restart(onset.at, channel);
        } else {
            // a level of no code is silence: an output that rests at something, or repeats by itself, is told of it once
            if !late && self.opens(earliest) {
                return true;
            }
            self.pend(Pending::Silent, onset.at);
            return true;
        }
        let full_level = onset.fraction == FULL.min(self.peak);
        let setting = self.commanded(channel, onset.fraction);
        self.planned = Planned { setting, deferred_ticks: onset.waited, full_level, ..self.planned };
        if again {
            self.steady_until = self.steady_until(plan, channel, clock);
            self.recorded = self.owed == 0 && self.steady_until > 0 && self.is_recorded(channel);
        }
        true
    }

    /// Makes the levels of the next pulse, in the place of those in hand. The sum of a declared direct current has run
    /// for too long when it does not fit.
    fn make(&mut self, channel: &ChannelPlan<'_>, onset: &Onset) -> Option<Made> {
        self.made_for = None;
        let cell = &mut self.frame.cell;
        if channel.channel().pulse.balance.is_balanced() {
            return channel.make(cell, onset.code, onset.width, self.carry);
        }
        let made = channel.make(cell, onset.code, onset.width, 0)?;
        let carry = self.carry.checked_add(made.carry);
        if carry.is_none() {
            self.fault.get_or_insert(EngineFault::LedgerOverflow { channel: self.frame.channel });
        }
        Some(Made { carry: carry?, ..made })
    }

    /// What may be owed ahead of a pulse, in code-ticks: what its last edge can take in, by one tick each code; after a
    /// silence one code × (L + 2 ε).
    pub(crate) fn allowed_ahead(&self, channel: &ChannelPlan<'_>, pulse: bool) -> u64 {
        let cell = pulse.then_some(&self.frame.cell);
        let movable = cell.and_then(|c| c.part(c.movable, channel.body()));
        let late = channel.jitter_ticks();
        movable.map_or(late, |(level, _)| {
            late.saturating_add(1).saturating_mul(u64::from(level.code().unsigned_abs()))
        })
    }

    fn level_at(&self, channel: &ChannelPlan<'_>, fraction: u32) -> (u32, u32) {
        if fraction == FULL {
            return self.set_ticks;
        }
        let floor = channel.floor(self.set_ticks);
        (between(floor.0, self.set_ticks.0, fraction), between(floor.1, self.set_ticks.1, fraction))
    }

    /// The set values under the envelope, in the units they were given in.
    fn commanded(&self, channel: &ChannelPlan<'_>, fraction: u32) -> Setting {
        if fraction == FULL {
            return self.set;
        }
        let ramp = &channel.channel().ramp;
        let mut setting = self.set;
        match ramp.control {
            Control::Amplitude => {
                let top = setting.amplitude.as_microamps();
                let ua = between(ramp.floor.min(top), top, fraction);
                setting.amplitude = MicroAmps::from_microamps(ua).unwrap_or(setting.amplitude);
            }
            Control::Width => {
                let top = setting.width.as_micros();
                let us = between(ramp.floor.min(top), top, fraction);
                setting.width = Micros::from_micros(us).unwrap_or(setting.width);
            }
        }
        setting
    }
}
