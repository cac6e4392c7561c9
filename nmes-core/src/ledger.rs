//! The ledger of a channel: what the plan puts out, and what late edges add to it.
//!
//! An edge that stands at its grid tick adds nothing: the plan's own sums are known. One that is applied `d` ticks
//! from it adds (level before − level after) × d. So an edge on time costs no arithmetic, and the sum is exact all the
//! same: Σ level × time = Σ level × planned time + Σ (level before − level after) × d.

use crate::cell::Packed;
use crate::channel::{ChannelState, Pending, Train};
use crate::channel_plan::ChannelPlan;
use crate::error::EngineFault;
use crate::frame::{FrameKind, Level};
use crate::product::product;
use crate::units::Charge;

/// What a level counts: its code on an exact channel, its calibrated nanoamperes on another.
pub(crate) fn weight(plan: &ChannelPlan<'_>, level: Packed) -> i64 {
    if plan.exact { i64::from(level.code()) } else { Level::from(level).current_na(plan.hardware()) }
}

impl ChannelState {
    /// Takes the pending edge, applied at `t`. `Ok(true)` when it was the last.
    #[inline]
    pub(crate) fn take_edge(&mut self, plan: &ChannelPlan<'_>, t: u64) -> Result<bool, EngineFault> {
        self.catch_up(plan);
        if self.edge == 0 {
            (self.within, self.left) = (0, self.frame.cell.total());
        }
        self.recovery = None;
        let overflow = EngineFault::LedgerOverflow { channel: self.frame.channel };
        let late = check_time(self.frame.channel, plan, self.at, t);
        let shift = late.map_or_else(EngineFault::shift, Some).and_then(|late| self.moved.checked_add(late));
        let before = self.level;
        let counted = self.count_edge(plan, shift, t);
        (self.level, self.since) = (self.next, t);
        counted.ok_or(overflow)?;
        let shift = shift.unwrap_or(0);
        if self.edge == self.frame.cell.main && self.frame.kind == FrameKind::Pulse {
            self.main_began = t;
        }
        if let Err(fault) = late {
            // it is out all the same: the record and the sums are those of a pulse under way
            if self.edge == 0 && self.frame.kind == FrameKind::Pulse {
                self.begin_receipt(t);
            }
            self.edge = self.edge.saturating_add(1);
            return Err(fault);
        }
        if self.edge == 0 {
            self.begin(plan, before, shift, t);
        } else if self.edge == self.frame.cell.main_end && self.frame.kind == FrameKind::Pulse {
            self.note_primary(before, t);
        }
        if self.left == 0 {
            self.end(plan, t).ok_or(overflow)?;
            return Ok(true);
        }
        self.go_on(plan, t, shift)?;
        Ok(false)
    }

    /// Counts an edge that is `shift` ticks from its grid tick.
    #[inline]
    fn count_edge(&mut self, plan: &ChannelPlan<'_>, shift: Option<i32>, t: u64) -> Option<()> {
        if self.edge == 0 {
            self.count_level(plan, t)?;
        }
        match shift? {
            0 => Some(()),
            shift => self.count_shift(plan, shift),
        }
    }

    /// The next edge of the frame becomes the pending one.
    fn go_on(&mut self, plan: &ChannelPlan<'_>, t: u64, shift: i32) -> Result<(), EngineFault> {
        let overflow = EngineFault::LedgerOverflow { channel: self.frame.channel };
        let starts = self.within;
        let soonest = t.saturating_add(u64::from(plan.spacing));
        let grid = self.grid().and_then(|g| g.checked_add(u64::from(self.next_ticks))).ok_or(overflow)?;
        self.edge = self.edge.saturating_add(1);
        self.left = self.left.saturating_sub(1);
        self.within = self.within.saturating_add(1);
        if self.frame.cell.cycles > 1 && self.within >= self.frame.cell.per_cycle() {
            self.within = 0;
        }
        let moved = if starts == self.frame.cell.movable { self.repaying_shift(plan, shift)? } else { 0 };
        if self.left == 0 {
            (self.next, self.next_ticks) = (self.frame.rest, 0);
        } else {
            let body = self.body(plan);
            (self.next, self.next_ticks) =
                self.frame.cell.part(self.within, body).ok_or(EngineFault::OutOfOrder)?;
        }
        self.stand(grid, moved, soonest).ok_or(overflow)?;
        if self.last_repeat && starts == self.frame.cell.last_paying() {
            // what follows this edge is another repeat, which is not wanted any more
            self.pending = Pending::Off;
        }
        Ok(())
    }

    /// The grid tick of the pending edge.
    fn grid(&self) -> Option<u64> {
        self.at.checked_add_signed(i64::from(self.moved).checked_neg()?)
    }

    /// Places the pending edge `moved` ticks from its grid tick, not before `soonest`.
    #[inline]
    fn stand(&mut self, grid: u64, moved: i32, soonest: u64) -> Option<()> {
        self.at = if moved == 0 { grid } else { grid.checked_add_signed(i64::from(moved))? };
        self.moved = moved;
        if self.at < soonest {
            let more = i32::try_from(soonest.checked_sub(self.at)?).ok()?;
            self.moved = moved.checked_add(more)?;
            self.at = soonest;
        }
        Some(())
    }

    /// By how much the end of the movable segment, begun `shift` ticks from its grid tick, has to move for the ledger
    /// to come out as planned if that edge is as late as this one: so a latency that stays the same cancels. When
    /// nothing is owed, nothing is divided.
    fn repaying_shift(&self, plan: &ChannelPlan<'_>, shift: i32) -> Result<i32, EngineFault> {
        let overflow = EngineFault::LedgerOverflow { channel: self.frame.channel };
        let weight = weight(plan, self.level);
        let mut left = self.owed;
        if self.frame.kind != FrameKind::Pulse {
            left = left.checked_add(self.outcome).ok_or(overflow)?;
        }
        if shift != 0 {
            left = product(weight, i64::from(shift)).and_then(|w| w.checked_add(left)).ok_or(overflow)?;
        }
        if left == 0 {
            return Ok(self.moved);
        }
        let by = round_div(left, weight).and_then(i64::checked_neg).ok_or(overflow)?;
        // a trim's own edge moves by what it leaves over and its lateness, whatever the pulse; a recovery may take in
        // the late cut of a much stronger level, and no onset comes after it
        if self.frame.kind == FrameKind::Pulse && by > plan.stretch {
            let ledger = left.saturating_mul(plan.unit_na);
            return Err(EngineFault::Repayment { channel: self.frame.channel, ledger });
        }
        i32::try_from(by).ok().and_then(|by| by.checked_add(self.moved)).ok_or(overflow)
    }

    /// (level before − level after) × the distance from the grid.
    fn count_shift(&mut self, plan: &ChannelPlan<'_>, shift: i32) -> Option<()> {
        // at the first edge what was on before counts from when it went on
        let before = if self.edge == 0 { 0 } else { weight(plan, self.level) };
        let step = before.checked_sub(weight(plan, self.next))?;
        let more = if plan.exact {
            // |step| < 2^25 and |shift| < 2^31
            step.wrapping_mul(i64::from(shift))
        } else {
            product(step, i64::from(shift))?
        };
        self.owed = self.owed.checked_add(more)?;
        Some(())
    }

    /// Counts the present level from when it went on, outside any plan: a pulse that is cut, or a rest.
    pub(crate) fn count_level(&mut self, plan: &ChannelPlan<'_>, t: u64) -> Option<()> {
        if self.level.is_driven() {
            let ticks = i64::try_from(t.checked_sub(self.since)?).ok()?;
            self.owed = product(weight(plan, self.level), ticks)?.checked_add(self.owed)?;
        }
        self.since = t;
        Some(())
    }

    /// What the frame in hand has put out by plan up to the present level's beginning on the grid, and when that was.
    fn planned_so_far(&self, plan: &ChannelPlan<'_>) -> Option<(i64, u64)> {
        let body = self.body(plan);
        let (cycles, within) = self.frame.cell.locate(self.edge.saturating_sub(1));
        let charge = |count: u16| {
            (0..count).try_fold((0_i64, 0_u64), |(sum, time), index| {
                let (level, ticks) = self.frame.cell.part(index, body)?;
                let part = product(weight(plan, level), i64::from(ticks))?;
                Some((sum.checked_add(part)?, time.checked_add(u64::from(ticks))?))
            })
        };
        let (whole, length) = if cycles == 0 { (0, 0) } else { charge(self.frame.cell.per_cycle())? };
        let (part, time) = charge(within)?;
        let sum = whole.checked_mul(i64::from(cycles))?.checked_add(part)?;
        let begin =
            length.checked_mul(u64::from(cycles))?.checked_add(time)?.checked_add(self.frame.onset_tick)?;
        Some((sum, begin))
    }

    /// What was put out beside the nominal ledger before the frame in hand, up to `t` if nothing changes before.
    pub(crate) fn owed_at(&self, plan: &ChannelPlan<'_>, t: u64) -> Option<i64> {
        if self.edge == 0 {
            let ticks = i64::try_from(t.checked_sub(self.since)?).ok()?;
            let on = if self.level.is_driven() { weight(plan, self.level) } else { 0 };
            return product(on, ticks)?.checked_add(self.owed);
        }
        let (planned, begin) = self.planned_so_far(plan)?;
        let ticks = signed_between(begin, t)?;
        product(weight(plan, self.level), ticks)?.checked_add(planned)?.checked_add(self.owed_plain(plan))
    }

    /// The commanded charge, up to the last level change.
    pub(crate) fn ledger(&self, plan: &ChannelPlan<'_>) -> Option<Charge> {
        let owed = product(self.owed_at(plan, self.since)?, plan.unit_na)?;
        self.carry.checked_add(owed).map(Charge::from_nanoamp_ticks)
    }

    fn begin(&mut self, plan: &ChannelPlan<'_>, before: Packed, shift: i32, t: u64) {
        match self.frame.kind {
            FrameKind::Recover => self.recovery_begins(before, t),
            FrameKind::Trim => {
                self.begin_receipt(t);
                self.trims_in_row = self.trims_in_row.saturating_add(1);
                self.counters.trims = self.counters.trims.saturating_add(1);
            }
            FrameKind::Pulse => {
                self.plain = shift == 0 && self.owed == 0 && self.can_be_plain();
                self.late = 0;
                self.receipt_ready = false;
                if !self.plain {
                    self.begin_receipt(t);
                }
                self.counters.pulses = self.counters.pulses.saturating_add(1);
                self.train_pulses = self.train_pulses.saturating_add(1);
                if self.planned.deferred_ticks > 0 {
                    self.counters.deferred = self.counters.deferred.saturating_add(1);
                }
                self.trims_in_row = 0;
                self.balancing_code = self.planned.balancing_code;
                self.settle(plan, self.frame.onset_tick);
                self.earliest_onset = self.frame.onset_tick.saturating_add(self.period_ticks(plan));
                self.advance_onset(plan);
            }
        }
    }

    fn end(&mut self, plan: &ChannelPlan<'_>, t: u64) -> Option<()> {
        self.pending = Pending::Nothing;
        self.note_repeats();
        self.edge = 0;
        match self.frame.kind {
            FrameKind::Pulse => self.carry = self.outcome,
            FrameKind::Trim | FrameKind::Recover => self.owed = self.owed.checked_add(self.outcome)?,
        }
        self.end_receipt(plan, t, false);
        Some(())
    }

    /// The output went open at the end of a train, or at the end of a repeat after which no more are wanted.
    pub(crate) fn take_off(&mut self, plan: &ChannelPlan<'_>, t: u64) -> Result<(), EngineFault> {
        let overflow = EngineFault::LedgerOverflow { channel: self.frame.channel };
        let late = check_time(self.frame.channel, plan, self.at, t);
        self.leave_frame(plan).ok_or(overflow)?;
        self.count_level(plan, t).ok_or(overflow)?;
        self.level = Packed::OPEN;
        if self.last_repeat {
            self.last_repeat = false;
            self.end_receipt(plan, t, false);
        }
        late.map(|_| ())
    }

    /// Leaves the frame in hand: what it has put out by plan is counted as owed, up to the present level's beginning.
    pub(crate) fn leave_frame(&mut self, plan: &ChannelPlan<'_>) -> Option<()> {
        self.catch_up(plan);
        if self.edge == 0 {
            return Some(());
        }
        self.note_repeats();
        let (planned, begin) = self.planned_so_far(plan)?;
        let shift = signed_between(begin, self.since)?;
        let shifted = weight(plan, self.level).checked_mul(shift)?;
        self.owed = self.owed.checked_add(planned)?.checked_add(shifted)?;
        self.edge = 0;
        self.made_for = None;
        Some(())
    }

    /// The output was opened at `t`, whatever came before: the level is open in any case, and a pulse that was under
    /// way keeps a record. `None` when the ledger overflowed.
    pub(crate) fn open_now(&mut self, plan: &ChannelPlan<'_>, t: u64) -> Option<()> {
        self.catch_up(plan);
        let (cut, before) = (self.under_way(), self.level);
        if cut {
            self.note_main(plan, t);
        }
        let counted = self.leave_frame(plan).and_then(|()| self.count_level(plan, t));
        (self.level, self.since) = (Packed::OPEN, t);
        self.pending = Pending::Nothing;
        self.train = Train::Done;
        self.recovery = None;
        self.queued = None;
        if cut {
            self.note_primary(before, t);
            self.end_receipt(plan, t, true);
        }
        counted
    }
}

/// Ticks from one moment to another, which may be before it.
fn signed_between(from: u64, to: u64) -> Option<i64> {
    let ticks = i64::try_from(from.abs_diff(to)).ok()?;
    if to < from { ticks.checked_neg() } else { Some(ticks) }
}

/// By how much an edge was late, or its fault.
#[inline]
fn check_time(channel: u8, plan: &ChannelPlan<'_>, at: u64, t: u64) -> Result<i32, EngineFault> {
    let Some(by_ticks) = t.checked_sub(at) else {
        let by_ticks = at.saturating_sub(t);
        return match i32::try_from(by_ticks) {
            Ok(early) if by_ticks <= u64::from(plan.stamp_error) => Ok(early.saturating_neg()),
            _ => Err(EngineFault::Early { channel, by_ticks }),
        };
    };
    match i32::try_from(by_ticks) {
        Ok(late) if by_ticks <= plan.late_limit_ticks() => Ok(late),
        _ => Err(EngineFault::Late { channel, by_ticks, limit_ticks: plan.late_limit_ticks() }),
    }
}

impl EngineFault {
    /// How far from its time the edge was that is at fault; `None` when that is more than the ledger takes.
    fn shift(self) -> Option<i32> {
        match self {
            Self::Late { by_ticks, .. } => i32::try_from(by_ticks).ok(),
            Self::Early { by_ticks, .. } => i32::try_from(by_ticks).ok()?.checked_neg(),
            Self::ClockBackwards { .. }
            | Self::LedgerOverflow { .. }
            | Self::Repayment { .. }
            | Self::OutOfOrder => Some(0),
        }
    }
}

/// `a / b` to the nearest, with the sign of the quotient; one 32-bit division where both fit.
fn round_div(a: i64, b: i64) -> Option<i64> {
    let (n, d) = (a.unsigned_abs(), b.unsigned_abs());
    let n = n.checked_add(d >> 1)?;
    let quotient = match (u32::try_from(n), u32::try_from(d)) {
        (Ok(n), Ok(d)) => u64::from(n.checked_div(d)?),
        _ => n.checked_div(d)?,
    };
    let quotient = i64::try_from(quotient).ok()?;
    if (a < 0) == (b < 0) { Some(quotient) } else { quotient.checked_neg() }
}
