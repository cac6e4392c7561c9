//! Paying back a pulse that is cut by [`crate::StopPolicy::RecoverNow`].

use crate::balance::{Balancing, Payer, repay, repay_units};
use crate::cell::{Body, Cell, Packed};
use crate::channel::{ChannelState, Pending};
use crate::channel_plan::ChannelPlan;
use crate::frame::{FrameKind, Level, PulseFrame};
use crate::ledger::weight;

/// A repayment that waits for admission: an open time where a bridge needs one, then one or two levels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recovery {
    pub(crate) sequence: u32,
    onset: u64,
    open_ticks: u32,
    parts: [(i32, u32); 2],
}

#[cfg(feature = "fault-injection")]
crate::flip_fields!(Recovery { sequence, onset, open_ticks, parts });

impl Recovery {
    fn cell(&self) -> Option<Cell> {
        let mut cell = Cell::EMPTY;
        cell.push(Packed::OPEN, self.open_ticks);
        for (code, ticks) in self.parts {
            cell.push(Packed::driven(code), ticks);
        }
        cell.tail = u16::from(self.open_ticks > 0);
        cell.movable = cell.per_cycle().checked_sub(1)?;
        Some(cell)
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn frame(&self, channel: u8) -> Option<PulseFrame<'static>> {
        Some(PulseFrame {
            channel,
            kind: FrameKind::Recover,
            sequence: self.sequence,
            onset_tick: self.onset,
            rest: Packed::OPEN,
            cell: self.cell()?,
            body: Body::None,
        })
    }
}

impl ChannelState {
    /// Makes the repayment, from `cut` on, of a pulse whose charge is not yet coming back. It takes the place of the
    /// frame in hand when it is accepted; until then that frame's edges stay due. Nothing is made when the frame in
    /// hand is already paying back, has an edge before `cut` after which this is asked again, or leaves a declared
    /// direct current. A pulse with repeats ends with the repeat that is paying back.
    pub(crate) fn make_recovery(&mut self, plan: &ChannelPlan<'_>, cut: u64) {
        let begun = self.pending == Pending::Frame && self.edge > 0 && self.frame.kind == FrameKind::Pulse;
        let balanced = plan.channel().pulse.balance.is_balanced();
        if !begun || !balanced || self.at <= cut || self.recovery.is_some() {
            return;
        }
        self.catch_up(plan);
        let (_, within) = self.frame.cell.locate(self.edge.saturating_sub(1));
        if within >= self.frame.cell.tail {
            self.end_with_repeat(within);
            return;
        }
        self.recovery = self.repayment(plan, cut);
        self.sequence = self.sequence.wrapping_add(u32::from(self.recovery.is_some()));
    }

    fn end_with_repeat(&mut self, within: u16) {
        if self.frame.cell.cycles == 1 || self.left == 0 {
            return;
        }
        self.last_repeat = true;
        if within >= self.frame.cell.last_paying() {
            self.pending = Pending::Off;
        }
    }

    fn repayment(&self, plan: &ChannelPlan<'_>, cut: u64) -> Option<Recovery> {
        let cut = self.after_carry(plan, cut)?;
        let owed = self.owed_at(plan, cut)?;
        let direction: i32 = if owed < 0 { 1 } else { -1 };
        let magnitude = owed.checked_abs()?.checked_mul(plan.unit_na)?;
        let cap = self.frame.cell.strongest(direction, plan.body()).min(self.balancing_code);
        let balancing = levels(plan, magnitude, direction > 0, cap)?;
        let part =
            |(codes, ticks): (u32, u32)| Some((i32::try_from(codes).ok()?.checked_mul(direction)?, ticks));
        Some(Recovery {
            sequence: self.sequence,
            onset: cut,
            open_ticks: self.dead_left(plan, cut, direction),
            parts: [part(balancing.first)?, part(balancing.last)?],
        })
    }

    /// Where edges may be late, a cut waits until the level it ends has paid back what was carried into the pulse: a few
    /// ticks after an onset. Before that the repayment would drive on the same way, too short to take back what a late cut
    /// adds at the stronger level.
    fn after_carry(&self, plan: &ChannelPlan<'_>, cut: u64) -> Option<u64> {
        let (owed, each) = (self.owed_at(plan, cut)?, weight(plan, self.level));
        if plan.jitter_ticks() == 0 || each == 0 || owed.signum() != each.signum().saturating_neg() {
            return Some(cut);
        }
        let ticks = owed.unsigned_abs().checked_div(each.unsigned_abs())?.checked_add(1)?;
        let later = cut.checked_add(ticks)?;
        // a level that ends before it has paid is not cut: this is asked again after the next edge
        Some(later).filter(|later| *later < self.at)
    }

    /// How long the output has to be open from `cut` on before it may drive `direction`.
    fn dead_left(&self, plan: &ChannelPlan<'_>, cut: u64, direction: i32) -> u32 {
        let opened = u32::try_from(cut.saturating_sub(self.since)).unwrap_or(u32::MAX);
        let (_, within) = self.frame.cell.locate(self.edge.saturating_sub(1));
        let left = match Level::from(self.level) {
            // a zero in a gap follows its open step; one in a body is a weak level, and the bridge still closed its way
            Level::Code(0) if within >= self.frame.cell.body_len => 0,
            Level::Shorted => 0,
            Level::Code(code) if code.signum() == direction => 0,
            Level::Code(_) => plan.dead_ticks,
            Level::Open => plan.dead_ticks.saturating_sub(opened),
        };
        if left == 0 { 0 } else { left.max(plan.segment_min) }
    }

    /// The repayment was admitted: the frame it cuts is left as far as it came.
    pub(crate) fn begin_recovery(&mut self, plan: &ChannelPlan<'_>, recovery: &Recovery) -> Option<()> {
        let cell = recovery.cell()?;
        self.note_main(plan, recovery.onset);
        self.leave_frame(plan)?;
        let drives = (0..cell.per_cycle()).filter_map(|within| cell.part(within, Body::None));
        self.outcome = drives.into_iter().try_fold(0_i64, |sum, (level, ticks)| {
            weight(plan, level).checked_mul(i64::from(ticks))?.checked_add(sum)
        })?;
        let next = self.sequence;
        self.sequence = recovery.sequence;
        self.set_frame(FrameKind::Recover, recovery.onset, cell, Packed::OPEN, plan);
        self.sequence = next;
        self.made_for = None;
        self.accepted = true;
        Some(())
    }

    /// A pulse that is cut keeps its own record; its kind and number become those of the repayment.
    pub(crate) fn recovery_begins(&mut self, before: Packed, t: u64) {
        self.counters.trims = self.counters.trims.saturating_add(1);
        self.note_primary(before, t);
        self.receipt.kind = FrameKind::Recover;
        self.receipt.sequence = self.frame.sequence;
    }
}

/// Levels that pay `owed` nanoampere-ticks back at no more than `cap` codes. Without lateness exactly, as a last
/// resort with one code for as long as it takes; nothing where that is less than one code for an edge spacing, so that
/// this is asked again after the next edge. With lateness at the cap: the last edge is re-timed and a trim
/// follows, so that a late cut is repaid about as fast as it came.
fn levels(plan: &ChannelPlan<'_>, owed: i64, positive: bool, cap: u32) -> Option<Balancing> {
    let cap = cap.max(1);
    let payer = plan.payer(positive);
    // against an offset it takes more codes than are owed
    let payer = Payer { code_limit: payer.code_limit.min(cap), ..payer };
    let units = u64::try_from(owed.checked_div(payer.gain_na)?).ok()?;
    // what flows at so many codes, the offset with it
    let strength = |codes: u32| {
        let driven = i64::from(codes).checked_mul(payer.gain_na)?.checked_sub(payer.drift_na)?;
        u64::try_from(driven).ok().filter(|driven| *driven > 0)
    };
    let debt = owed.unsigned_abs();
    let width = u32::try_from(debt.div_ceil(strength(cap)?)).ok()?.max(plan.spacing);
    let single = |codes, ticks| Some(Balancing { first: (0, 0), last: (codes, ticks), left_na_ticks: 0 });
    if owed == 0 {
        return None;
    }
    if plan.jitter_ticks() > 0 {
        return single(cap, width);
    }
    let over = |w| if plan.exact { repay_units(units, w, &payer) } else { repay(owed, w, &payer) };
    // at half the level a width that fits is found within a few ticks, so this seldom goes further
    let widths = (0..8).map_while(|half| width.checked_shl(half));
    widths.map(over).find_map(|parts| parts).or_else(|| {
        let ticks = u32::try_from(debt.checked_div(strength(1)?)?).ok()?;
        if ticks >= payer.spacing { single(1, ticks) } else { None }
    })
}
