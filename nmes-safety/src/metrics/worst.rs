//! The most that a pulse of a channel amounts to, in closed form over its structure.

use nmes_core::wide::{div_up, times};
use nmes_core::{Balance, ChannelHardware, ChannelPlan, FULL_SCALE, Form, Plan, Point, Polarity, Prepulse};

use super::PulseMetrics;
use super::back::{joined, may_turn, moved, points, rounded, spread, widened};
use super::meter::{Bounded, Meter};
use super::primary::both_ways;

/// FULL_SCALE as a divisor.
pub(super) const FULL: u128 = 16_384;
const _: () = assert!(FULL_SCALE == 16_384, "the divisor above");

impl PulseMetrics {
    /// The most that a pulse of a channel amounts to at any amplitude and width up to its ceilings, with every edge
    /// as late as the hardware declares and all repeats counted; `None` for a channel that is not there. The work does
    /// not depend on the length of the session: it is one pass over the points or the table of a pulse.
    ///
    /// What stands ahead of the balancing part is as strong and as long as at the ceiling, each level longer by what
    /// L + 2 ε adds. The balancing part has a level and a length that its charge allows at any width, and lasts
    /// [`nmes_core::ChannelPlan::stretch_ticks`] + L + 2 ε longer; a mirrored table is the table. Where no edge is moved
    /// to repay late ones the trims are counted; where one is, the trim that closes a train is not: it repays what a
    /// pulse before it fell short by. A declared direct current leaves its whole charge.
    ///
    /// On a hardware that is never late, with equal gains and no offset, these are the sums of the pulse at the ceiling,
    /// but for the rounding of codes where levels are paid back in two: they are looser by at most a code's half over
    /// the widths of custom points, and by a quarter of a code squared over the length of a balancing part.
    #[must_use]
    pub fn worst(plan: &Plan<'_>, channel: u8) -> Option<Self> {
        Some(Ceiling::of(plan, channel)?.sums())
    }

    /// By how many ticks the last of balanced custom points may be widened; 0 for other forms.
    pub(crate) fn widened(plan: &Plan<'_>, channel: u8) -> u32 {
        let ticks = Ceiling::of(plan, channel).map_or(0, |ceiling| match ceiling.plan.channel().pulse.form {
            Form::Points(given) => widened(&ceiling, given),
            Form::Rectangular | Form::Prepulse(_) | Form::Triphasic { .. } | Form::Table(_) => 0,
        });
        u32::try_from(ticks).unwrap_or(u32::MAX)
    }
}

/// A channel at its ceiling. Codes are magnitudes, and currents count in the direction of the main phase.
pub(super) struct Ceiling<'p> {
    pub(super) plan: &'p ChannelPlan<'p>,
    pub(super) output: &'p ChannelHardware,
    ticks_per_second: u32,
    pub(super) code: i32,
    pub(super) width: u64,
    /// L + 2 ε.
    pub(super) late: u64,
    /// Least time between two edges.
    pub(super) spacing: u32,
}

impl<'p> Ceiling<'p> {
    fn of(plan: &'p Plan<'_>, channel: u8) -> Option<Self> {
        let compiled = plan.channel(channel)?;
        let ceiling = compiled.channel().ceiling;
        Some(Self {
            plan: compiled,
            output: compiled.hardware(),
            ticks_per_second: plan.hardware().timing().ticks_per_second,
            code: i32::try_from(compiled.code_for(ceiling.amplitude)).unwrap_or(i32::MAX),
            width: u64::from(compiled.width_ticks(ceiling.width)),
            late: compiled.jitter_ticks(),
            spacing: plan.hardware().edge_spacing_ticks(),
        })
    }

    fn sums(&self) -> PulseMetrics {
        let pulse = &self.plan.channel().pulse;
        let mut meter = Meter::up_to(self.ticks_per_second, self.late, both_ways(pulse));
        self.front(&mut meter);
        if pulse.balance.is_balanced() {
            self.back(&mut meter);
            meter.settle(self.carried());
        }
        let between = self.plan.repeat_gap_ticks();
        self.drive(&mut meter, 0, true, u64::from(between));
        let cycles = u64::from(pulse.repeat.count);
        let (swing, leaked) = (meter.swing_na(), meter.leaked());
        let mut sums = meter.finish(cycles, between == 0);
        let late = times(swing, u128::from(self.late));
        if let Form::Points(given) = pulse.form {
            self.moved(&mut sums, given, late);
        }
        if pulse.balance.is_balanced() {
            sums.net = 0;
            self.trims(&mut sums, times(swing, u128::from(cycles)));
        } else {
            // from rest to rest the level rises as much as it falls
            let each = i128::try_from(div_up(late, 2).saturating_add(leaked)).unwrap_or(i128::MAX);
            sums.net = sums.net.saturating_add(each.saturating_mul(i128::from(cycles)));
        }
        sums
    }

    /// What custom points move, whose codes round up at one setting and down at another.
    fn moved(&self, sums: &mut PulseMetrics, given: &[Point], late: u128) {
        let pulse = &self.plan.channel().pulse;
        let balanced = pulse.balance.is_balanced();
        let moved = moved(self, given, given.len().saturating_sub(usize::from(balanced)));
        let more = rounded(self, given);
        let net = moved.net.saturating_add(more);
        let repeats = if self.plan.repeat_gap_ticks() == 0 { pulse.repeat.count } else { 1 };
        let again = if balanced { 0 } else { u128::from(repeats).saturating_sub(1) };
        let range = moved.range.saturating_add(more).saturating_add(late);
        sums.largest = sums.largest.max(range.saturating_add(times(net, again)));
        let all = times(net, u128::from(pulse.repeat.count));
        sums.net = i128::try_from(all).unwrap_or(i128::MAX);
        if balanced && may_turn(self, given) {
            // the last of one repeat may go on in the first of the next, and join what stands before it to that
            let over = joined(self, given, repeats > 1);
            sums.primary_ticks = sums.primary_ticks.max(over.ticks);
            sums.primary = sums.primary.max(over.charge.saturating_add(late));
        }
    }

    pub(super) fn leads_up(&self) -> bool {
        self.plan.leading() == Polarity::Positive
    }

    /// Nanoamperes for one code, in the direction of the main phase or against it.
    pub(super) fn gain(&self, along: bool) -> u64 {
        let positive = along == self.leads_up();
        u64::from(if positive { self.output.na_per_code_positive } else { self.output.na_per_code_negative })
    }

    /// What a balanced repeat may leave: nothing on an exact output, else less than a code for a tick.
    fn carried(&self) -> u64 {
        if self.output.is_exact() { 0 } else { self.gain(true).max(self.gain(false)) }
    }

    pub(super) fn offset(&self) -> u64 {
        u64::from(self.output.offset_na.unsigned_abs())
    }

    /// The offset, in the direction of the main phase.
    fn offset_along(&self) -> i64 {
        let offset = i64::from(self.output.offset_na);
        if self.leads_up() { offset } else { offset.saturating_neg() }
    }

    /// The current of a code, 0 of none.
    fn current(&self, code: i32, along: bool) -> i64 {
        if code == 0 {
            return 0;
        }
        let magnitude =
            self.output.current_na(if along == self.leads_up() { code } else { code.saturating_neg() });
        let magnitude = i64::try_from(magnitude.unsigned_abs()).unwrap_or(i64::MAX);
        if along { magnitude } else { magnitude.saturating_neg() }
    }

    /// A level of so many codes; where it is none an offset may flow.
    fn drive(&self, meter: &mut Meter, code: i32, along: bool, ticks: u64) {
        if code == 0 {
            meter.leak(self.offset_along(), ticks);
        } else {
            meter.feed(self.current(code, along), ticks);
        }
    }

    /// Everything ahead of the balancing part.
    fn front(&self, meter: &mut Meter) {
        match self.plan.channel().pulse.form {
            Form::Rectangular => self.drive(meter, self.code, true, self.width),
            Form::Prepulse(prepulse) => {
                let ahead = percent(self.code, prepulse.amplitude_percent);
                self.drive(meter, ahead, true, self.pre_ticks(&prepulse));
                self.drive(meter, self.code, true, self.width);
            }
            Form::Triphasic { outer_percent } => {
                self.drive(meter, percent(self.code, outer_percent), false, self.width);
                self.gap(meter);
                self.drive(meter, self.code, true, self.width);
            }
            Form::Points(given) => self.points(meter, given),
            Form::Table(levels) => self.steps(levels, |code, ticks| self.drive(meter, code, true, ticks)),
        }
    }

    /// A gap within the pulse.
    fn gap(&self, meter: &mut Meter) {
        self.drive(meter, 0, true, u64::from(self.plan.gap_ticks()));
    }

    pub(super) fn pre_ticks(&self, prepulse: &Prepulse) -> u64 {
        u64::from(self.plan.width_ticks(prepulse.width))
    }

    /// Points in ticks: each ends on the tick nearest to its time.
    pub(super) fn in_ticks<'g>(&'g self, given: &'g [Point]) -> impl Iterator<Item = (i16, u64)> + 'g {
        let (mut us, mut before) = (nmes_core::Micros::ZERO, 0_u64);
        given.iter().map(move |point| {
            us = us.checked_add(point.width).unwrap_or(nmes_core::Micros::MAX);
            let end = u64::from(self.plan.width_ticks(us));
            let ticks = end.saturating_sub(before);
            before = end;
            (fraction(point.permille), ticks)
        })
    }

    fn points(&self, meter: &mut Meter, given: &[Point]) {
        let balanced = self.plan.channel().pulse.balance.is_balanced();
        let body = given.len().saturating_sub(usize::from(balanced));
        for (part, ticks) in self.in_ticks(given).take(body) {
            let code = scale(self.code, part.saturating_abs());
            if part != 0 && code == 0 {
                meter.faint(i64::from(part.signum()), self.offset_along(), ticks);
            } else {
                self.drive(meter, code, part > 0, ticks);
            }
        }
    }

    /// The steps of a table, the first ones a tick longer where the width is no multiple of their number.
    pub(super) fn steps(&self, levels: &[i16], mut step: impl FnMut(i32, u64)) {
        let count = u64::try_from(levels.len()).unwrap_or(u64::MAX);
        let each = self.width.checked_div(count).unwrap_or(0);
        let mut longer = self.width.checked_rem(count).unwrap_or(0);
        for level in levels {
            let ticks = each.saturating_add(u64::from(longer > 0));
            longer = longer.saturating_sub(1);
            step(scale(self.code, *level), ticks);
        }
    }

    /// The balancing part.
    fn back(&self, meter: &mut Meter) {
        let pulse = &self.plan.channel().pulse;
        let symmetric = pulse.balance == Balance::Symmetric && self.output.is_exact();
        if !matches!(pulse.form, Form::Points(_)) {
            self.gap(meter);
        }
        let repaid = match pulse.form {
            Form::Table(levels) if symmetric => {
                return self.steps(levels, |code, ticks| self.drive(meter, code, false, ticks));
            }
            Form::Rectangular if symmetric => Bounded::level(self.current(self.code, false), self.width),
            Form::Triphasic { outer_percent } if symmetric => {
                let left = self.code.saturating_sub(percent(self.code, outer_percent));
                Bounded::level(self.current(left, false), self.width)
            }
            Form::Points(given) => points(self, meter, given),
            Form::Rectangular | Form::Prepulse(_) | Form::Triphasic { .. } | Form::Table(_) => {
                spread(self, meter.peak_na())
            }
        };
        // for as much longer as the last edge may move
        meter.feed_bounded(&repaid.longer(self.plan.stretch_ticks()));
    }

    /// Where no edge moves, trims repay what late ones leave: at most half of all changes of the level × (L + 2 ε) and
    /// what was left before, a quarter of it left by each. They are at most an eighth of that charge over L + 2 ε
    /// strong. Counted twice over, for their own lateness.
    fn trims(&self, sums: &mut PulseMetrics, swing: u128) {
        if self.late == 0 || self.plan.stretch_ticks() > 0 {
            return;
        }
        let code = u128::from(self.gain(true).max(self.gain(false)));
        let charge = times(swing.saturating_add(code), u128::from(self.late)).saturating_mul(2);
        let level = div_up(swing, 8).saturating_add(code.saturating_mul(2));
        let square = times(level, charge);
        sums.absolute = sums.absolute.saturating_add(charge);
        sums.square = sums.square.saturating_add(square);
        sums.short_square = sums.short_square.saturating_add(square);
    }
}

/// Thousandths as a part of [`FULL_SCALE`], to nearest.
pub(crate) fn fraction(permille: i16) -> i16 {
    let scaled = i32::from(permille).saturating_mul(i32::from(FULL_SCALE));
    let half = if scaled < 0 { -500 } else { 500 };
    i16::try_from(scaled.saturating_add(half) / 1_000).unwrap_or(FULL_SCALE)
}

/// A part of a code, halves away from zero.
pub(crate) fn scale(code: i32, part: i16) -> i32 {
    let (size, part_size) = (code.unsigned_abs(), u32::from(part.unsigned_abs()));
    // the upper and the lower half of the code by themselves, so that 32 bits are enough: 2^30 · 4 is past the range already
    let upper = (size >> 16).wrapping_mul(part_size).min(0x3fff_ffff).wrapping_mul(4);
    let lower = (size & 0xffff).wrapping_mul(part_size).wrapping_add(8_192) >> 14;
    let scaled = i32::try_from(upper.saturating_add(lower)).unwrap_or(i32::MAX);
    if code.is_negative() == part.is_negative() { scaled } else { scaled.saturating_neg() }
}

/// A percentage of a code, halves up.
pub(crate) fn percent(code: i32, percent: u8) -> i32 {
    code.saturating_mul(i32::from(percent)).saturating_add(50) / 100
}
