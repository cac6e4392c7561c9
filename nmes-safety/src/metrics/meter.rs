//! Sums over the levels of one pulse, as they follow one another.

use nmes_core::wide::{product, times};

use super::{PulseMetrics, charge_of, square_of};
use crate::rules::LONG_PULSE_US;

/// A phase: what flows one way before anything flows the other way.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    /// +1 the way of the main phase, −1 against it, 0 for none.
    sign: i64,
    charge: u128,
    square: u128,
    ticks: u64,
    peak_na: u64,
}

/// Takes the levels of one repeat in order, counted in the direction of the main phase, and sums them up.
///
/// Every edge may be up to `late` ticks from its place. Moved edges lengthen one level at the cost of its neighbour; the
/// most that this adds to Σ|I|t is what the magnitude falls by at each edge × `late`, and the same with squares.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    late: u64,
    /// The levels stand for all those below them: a rest does not end a phase, since it would hide its length, and a phase
    /// of 0.1 s or longer stands for every shorter one.
    up_to: bool,
    /// Phases that drive against the main way are primary too.
    both_ways: bool,
    sums: PulseMetrics,
    run: Run,
    runs: u32,
    first: Option<Run>,
    /// A repeat begins with a rest that ends a phase.
    rests_first: bool,
    /// Rest since the run last drove.
    idle: u64,
    last_na: i64,
    swing_na: u128,
    /// The charge that was moved so far, and its ends.
    moved: i128,
    low: i128,
    high: i128,
    /// What flowed while nothing was driven.
    leaked: u128,
}

/// A level of which only bounds are known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounded {
    /// +1 or −1; 0 for a rest.
    pub(super) sign: i64,
    pub(super) peak_na: u64,
    pub(super) ticks: u64,
    pub(super) charge: u128,
    pub(super) square: u128,
}

impl Bounded {
    /// A level that is known.
    pub(super) fn level(current_na: i64, ticks: u64) -> Self {
        let peak_na = current_na.unsigned_abs();
        let charge = product(peak_na, ticks);
        Self { sign: current_na.signum(), peak_na, ticks, charge, square: square_of(current_na, ticks) }
    }

    /// The same for some ticks more.
    pub(super) fn longer(&self, ticks: u64) -> Self {
        let more = product(self.peak_na, ticks);
        Self {
            ticks: self.ticks.saturating_add(ticks),
            charge: self.charge.saturating_add(more),
            square: self.square.saturating_add(times(more, u128::from(self.peak_na))),
            ..*self
        }
    }
}

impl Run {
    fn times(&self, count: u64) -> Self {
        let charge = times(self.charge, u128::from(count));
        Self { charge, ticks: self.ticks.saturating_mul(count), ..*self }
    }

    fn then(&self, other: &Self) -> Self {
        let charge = self.charge.saturating_add(other.charge);
        let ticks = self.ticks.saturating_add(other.ticks);
        Self { charge, ticks, peak_na: self.peak_na.max(other.peak_na), ..*self }
    }
}

impl Meter {
    /// For the levels of one frame.
    pub(super) fn new(ticks_per_second: u32, both_ways: bool) -> Self {
        Self::of(ticks_per_second, 0, false, both_ways)
    }

    /// For levels that stand for all those below them too.
    pub(super) fn up_to(ticks_per_second: u32, late: u64, both_ways: bool) -> Self {
        Self::of(ticks_per_second, late, true, both_ways)
    }

    fn of(ticks_per_second: u32, late: u64, up_to: bool, both_ways: bool) -> Self {
        Self {
            late,
            up_to,
            both_ways,
            sums: PulseMetrics { ticks_per_second, ..PulseMetrics::default() },
            run: Run::default(),
            runs: 0,
            first: None,
            rests_first: false,
            idle: 0,
            last_na: 0,
            swing_na: 0,
            moved: 0,
            low: 0,
            high: 0,
            leaked: 0,
        }
    }

    pub(super) fn feed(&mut self, current_na: i64, ticks: u64) {
        self.feed_bounded(&Bounded::level(current_na, ticks));
        let charge = charge_of(current_na, ticks);
        self.move_charge(charge);
    }

    pub(super) fn feed_bounded(&mut self, level: &Bounded) {
        let signed = i64::try_from(level.peak_na).unwrap_or(i64::MAX).saturating_mul(level.sign);
        self.edge_to(signed);
        if level.sign == 0 {
            self.idle = self.idle.saturating_add(level.ticks);
            if !self.up_to {
                self.close();
                self.rests_first = self.rests_first || self.runs == 0;
            }
            return;
        }
        if self.run.sign != level.sign {
            self.close();
            self.idle = 0;
        }
        let run = &mut self.run;
        run.sign = level.sign;
        run.charge = run.charge.saturating_add(level.charge);
        run.square = run.square.saturating_add(level.square);
        run.ticks = run.ticks.saturating_add(self.idle).saturating_add(level.ticks);
        run.peak_na = run.peak_na.max(level.peak_na);
        self.idle = 0;
    }

    /// A rest in which an offset flows: too weak to be a phase, and counted.
    pub(super) fn leak(&mut self, current_na: i64, ticks: u64) {
        self.feed(0, ticks);
        self.count_leak(current_na, ticks);
    }

    /// A level too weak for a code, which is still a phase of its own, or part of one: at a higher ceiling it drives.
    pub(super) fn faint(&mut self, sign: i64, offset_na: i64, ticks: u64) {
        self.feed_bounded(&Bounded { sign, ticks, ..Bounded::default() });
        self.count_leak(offset_na, ticks);
    }

    fn count_leak(&mut self, current_na: i64, ticks: u64) {
        // both its edges may be late
        let ticks = if ticks > 0 { ticks.saturating_add(self.late) } else { 0 };
        let charge = charge_of(current_na, ticks);
        self.move_charge(charge);
        if self.up_to {
            self.sums.peak_na = self.sums.peak_na.max(current_na.unsigned_abs());
        }
        self.leaked = self.leaked.saturating_add(charge.unsigned_abs());
        self.sums.absolute = self.sums.absolute.saturating_add(charge.unsigned_abs());
        let square = square_of(current_na, ticks);
        self.sums.square = self.sums.square.saturating_add(square);
        self.sums.short_square = self.sums.short_square.saturating_add(square);
    }

    fn move_charge(&mut self, charge: i128) {
        self.moved = self.moved.saturating_add(charge);
        self.low = self.low.min(self.moved);
        self.high = self.high.max(self.moved);
    }

    /// The phase in hand may go on for so much more.
    pub(super) fn may_go_on(&mut self, charge: u128, ticks: u64) {
        self.run.charge = self.run.charge.saturating_add(charge);
        self.run.ticks = self.run.ticks.saturating_add(ticks);
    }

    /// The largest magnitude so far.
    pub(super) fn peak_na(&self) -> u64 {
        self.sums.peak_na.max(self.run.peak_na)
    }

    /// The repeat leaves no more than this, either way.
    pub(super) fn settle(&mut self, most: u64) {
        self.moved = i128::from(most);
    }

    /// Ends the last level of the repeat: all its changes added up, from rest to rest.
    pub(super) fn swing_na(&mut self) -> u128 {
        self.edge_to(0);
        self.swing_na
    }

    /// What flowed while nothing was driven.
    pub(super) fn leaked(&self) -> u128 {
        self.leaked
    }

    /// The edge from the level before to `next`, as late as may be.
    fn edge_to(&mut self, next: i64) {
        let before = self.last_na;
        let same_way = before.signum() == next.signum();
        let kept = if same_way { before.unsigned_abs().min(next.unsigned_abs()) } else { 0 };
        if self.late > 0 {
            let fell = before.unsigned_abs().saturating_sub(kept);
            let more = square_of(before, self.late);
            let less = times(product(kept, kept), u128::from(self.late));
            self.run.charge = self.run.charge.saturating_add(product(fell, self.late));
            self.run.square = self.run.square.saturating_add(more.saturating_sub(less));
        }
        self.swing_na = self.swing_na.saturating_add(u128::from(before.abs_diff(next)));
        self.last_na = next;
    }

    fn close(&mut self) {
        let run = core::mem::take(&mut self.run);
        if run.sign == 0 {
            return;
        }
        self.first.get_or_insert(run);
        self.runs = self.runs.saturating_add(1);
        self.sums.absolute = self.sums.absolute.saturating_add(run.charge);
        self.sums.square = self.sums.square.saturating_add(run.square);
        let ticks = run.ticks.saturating_add(self.late);
        let short = if self.sums.is_long(ticks) { self.just_short(&run) } else { run.square };
        self.sums.short_square = self.sums.short_square.saturating_add(short);
        self.judge(&run);
    }

    /// What counts of one run as a phase.
    fn judge(&mut self, run: &Run) {
        let ticks = run.ticks.saturating_add(self.late);
        let sums = &mut self.sums;
        sums.peak_na = sums.peak_na.max(run.peak_na);
        sums.largest = sums.largest.max(run.charge);
        sums.longest_ticks = sums.longest_ticks.max(ticks);
        if run.sign > 0 || self.both_ways {
            sums.primary = sums.primary.max(run.charge);
            sums.primary_ticks = sums.primary_ticks.max(ticks);
        }
        if sums.is_long(ticks) {
            sums.long_peak_na = sums.long_peak_na.max(run.peak_na);
        }
    }

    /// A width ceiling above [`LONG_PULSE_US`] also allows a pulse just below it, which is still limited by its energy.
    fn just_short(&self, run: &Run) -> u128 {
        if !self.up_to {
            return 0;
        }
        let limit = u64::from(self.sums.ticks_per_second).saturating_mul(LONG_PULSE_US).div_ceil(1_000_000);
        square_of(i64::try_from(run.peak_na).unwrap_or(i64::MAX), limit).min(run.square)
    }

    /// Ends the repeat and takes it `cycles` times. Where one follows at once on the other (`joined`) the last phase
    /// goes on in the first one of the next, and what a repeat leaves adds up.
    pub(super) fn finish(mut self, cycles: u64, joined: bool) -> PulseMetrics {
        self.edge_to(0);
        let last = self.run;
        let goes_on = self.up_to || (self.idle == 0 && !self.rests_first);
        self.close();
        let again = if joined { cycles.saturating_sub(1) } else { 0 };
        if let Some(first) = self.first.filter(|first| again > 0 && goes_on && first.sign == last.sign) {
            let over = if self.runs == 1 { first.times(cycles) } else { first.then(&last) };
            self.judge(&over);
        }
        let left = times(self.moved.unsigned_abs(), u128::from(again));
        let range = self.high.abs_diff(self.low).saturating_add(left);
        let each = u128::from(cycles);
        let sums = &mut self.sums;
        sums.largest = sums.largest.max(range);
        if self.up_to {
            let leaked = times(self.leaked, each);
            sums.largest = sums.largest.saturating_add(leaked);
            sums.primary = sums.primary.saturating_add(leaked);
        }
        sums.absolute = times(sums.absolute, each);
        sums.square = times(sums.square, each);
        sums.short_square = times(sums.short_square, each);
        sums.net = self.moved.saturating_mul(i128::from(cycles));
        self.sums
    }
}
