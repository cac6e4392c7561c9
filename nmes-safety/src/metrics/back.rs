//! Bounds on a balancing part that is paid in two levels one code apart.

use nmes_core::wide::{div_up, product, quotient, times};
use nmes_core::{Form, Micros, Point, WIDEN_MAX_TICKS};

use super::meter::{Bounded, Meter};
use super::worst::{Ceiling, FULL, scale};
use super::{narrow, square_of};

/// What a balancing part pays: at most `per_tick` × w + `besides`, over a nominal length of a percentage of w, for a w
/// between two ends.
struct Owed {
    per_tick: u128,
    besides: u128,
    shortest: u64,
    longest: u64,
}

/// The balancing part of a rectangular or triphasic pulse, of one with a pre-pulse, or of a table. `peak_na` is the
/// strongest level ahead of it, which it does not exceed on exact hardware.
pub(super) fn spread(ceiling: &Ceiling<'_>, peak_na: u64) -> Bounded {
    let exact = ceiling.output.is_exact();
    let owed = ceiling.owed();
    let percent = ceiling.plan.channel().pulse.balance.length_percent();
    let gain = u128::from(ceiling.gain(false));
    let (least, longest) = (nominal(percent, owed.shortest), nominal(percent, owed.longest));
    let charge = times(owed.per_tick, u128::from(owed.longest));
    let at_least = times(owed.per_tick, u128::from(owed.shortest));
    // (a·w + b)² / n = a²·w²/n, which grows with w, and (2·a·w + b)·b/n, which falls
    let in_proportion = times(div_up(times(charge, 200), longest), charge);
    let both = at_least.saturating_mul(2).saturating_add(owed.besides);
    let besides = times(div_up(times(both, 200), least), owed.besides);
    let ticks = div_up(longest.saturating_add(200), 200).saturating_add(u128::from(WIDEN_MAX_TICKS));
    let level = div_up(times(at_least.saturating_add(owed.besides), 200), least).saturating_add(gain);
    Bounded {
        sign: -1,
        peak_na: if exact { narrow(level).min(peak_na) } else { narrow(level) },
        ticks: narrow(ticks),
        charge: charge.saturating_add(owed.besides),
        square: in_proportion
            .saturating_add(besides)
            .saturating_add(apart(gain, ticks))
            .saturating_add(if exact { 0 } else { ceiling.gap_square() }),
    }
}

/// What custom points move at the ceiling, before rounding to codes, in nA·ticks.
pub(super) struct Moved {
    /// In all.
    pub(super) net: u128,
    /// Which way: +1 the way of the main phase, −1 against it, 0 for none.
    way: i16,
    /// The most one way between any two instants.
    pub(super) range: u128,
}

/// The first `count` of custom points.
pub(super) fn moved(ceiling: &Ceiling<'_>, given: &[Point], count: usize) -> Moved {
    let (mut sum, mut low, mut high) = (0_i128, 0_i128, 0_i128);
    for (part, ticks) in ceiling.in_ticks(given).take(count) {
        let weight = i128::from(part).saturating_mul(i128::from(ticks));
        sum = sum.saturating_add(weight.saturating_mul(i128::from(ceiling.gain(part > 0))));
        low = low.min(sum);
        high = high.max(sum);
    }
    let code = u128::from(ceiling.code.unsigned_abs());
    let at_ceiling = |sum: u128| div_up(times(sum, code), FULL);
    let way = i16::try_from(sum.signum()).unwrap_or(0);
    Moved { net: at_ceiling(sum.unsigned_abs()), way, range: at_ceiling(high.abs_diff(low)) }
}

/// The last of custom points. After points of both signs, roundings may turn its sign round at some settings; it then goes
/// on with the phase before it.
pub(super) fn points(ceiling: &Ceiling<'_>, meter: &mut Meter, given: &[Point]) -> Bounded {
    let Some((part, ticks)) = ceiling.in_ticks(given).last() else { return Bounded::default() };
    let most = u128::from(ceiling.gain(true).max(ceiling.gain(false)));
    let rounded = rounded(ceiling, given);
    let body = given.len().saturating_sub(1);
    let moved = moved(ceiling, given, body);
    let charge = moved.net.saturating_add(rounded);
    let length = u128::from(ticks).saturating_add(u128::from(widened(ceiling, given)));
    if may_turn(ceiling, given) {
        // unequal gains may turn it at the ceiling too, with all its charge
        let turned = moved.way == part.signum();
        meter.may_go_on(if turned { charge } else { rounded }, narrow(length));
    }
    // it drives no stronger than the strongest point may, rounded up to codes, and one code
    let code = product(u64::from(ceiling.code.unsigned_abs()), ceiling.gain(true));
    let strongest = code.saturating_add(most.saturating_mul(2));
    let level = div_up(charge, u128::from(ticks)).min(strongest);
    Bounded {
        sign: if part > 0 { 1 } else { -1 },
        peak_na: narrow(
            level.saturating_add(most).min(strongest).saturating_add(u128::from(ceiling.offset())),
        ),
        ticks: narrow(length),
        charge,
        square: times(level, charge).saturating_add(apart(most, length)),
    }
}

/// By how many ticks the last of custom points may be widened. None where it pays any charge in two levels as long as it is given,
/// within the range of codes and no stronger than the strongest point: levels may last one tick, or all points are as strong as
/// it is and take as long as it does, so that one level is enough at every code.
pub(super) fn widened(ceiling: &Ceiling<'_>, given: &[Point]) -> u64 {
    let Some((last, ticks)) = ceiling.in_ticks(given).last() else { return 0 };
    let body = || ceiling.in_ticks(given).take(given.len().saturating_sub(1));
    let alike = body().all(|(part, _)| part == 0 || part.unsigned_abs() == last.unsigned_abs());
    let owed = |sum: i64, (part, ticks): (i16, u64)| {
        let ticks = i64::try_from(ticks).unwrap_or(i64::MAX);
        sum.saturating_sub(ticks.saturating_mul(i64::from(part.signum().saturating_mul(last.signum()))))
    };
    let even = alike && ceiling.output.is_exact() && i64::try_from(ticks) == Ok(body().fold(0, owed));
    // the shortest level that a plan has
    let shortest = u64::from(ceiling.spacing).saturating_add(ceiling.late);
    let free = ceiling.offset() == 0 && (shortest <= 1 || even);
    if free && fits(ceiling, given, even) { 0 } else { u64::from(WIDEN_MAX_TICKS) }
}

/// Whether what the last of custom points pays is within the range of codes and at most a code above the strongest point, at any
/// amplitude, whichever way it drives and however codes are rounded; `even` where its code is that of the points before it.
fn fits(ceiling: &Ceiling<'_>, given: &[Point], even: bool) -> bool {
    let Some((_, ticks)) = ceiling.in_ticks(given).last() else { return false };
    let (one, other) = (u128::from(ceiling.gain(true)), u128::from(ceiling.gain(false)));
    let (rounded, code) = if even { (0, 0) } else { (rounded(ceiling, given), one.max(other)) };
    let net = moved(ceiling, given, given.len().saturating_sub(1)).net;
    let ticks = u128::from(ticks);
    let highest = u128::from(ceiling.code.unsigned_abs()).max(1);
    // no stronger at the highest code and, with a code more, not at the lowest: so at none between
    let strongest = times(one, ticks);
    let least = div_up(net, highest).saturating_add(rounded);
    let a_code_more = strongest.saturating_add(times(one.min(other), ticks));
    if net > times(strongest, highest) || least > a_code_more {
        return false;
    }
    let charge = net.saturating_add(rounded);
    let codes = ceiling.output.code_max.unsigned_abs().min(ceiling.output.code_min.unsigned_abs());
    let most = times(one.min(other), u128::from(codes));
    div_up(charge, ticks).saturating_add(code) <= most
}

/// Whether the last of custom points drives the other way than it is given at some code, because the roundings of
/// the points before it outweigh it. Only codes at which they can are looked at, and 64 of them at most.
pub(super) fn may_turn(ceiling: &Ceiling<'_>, given: &[Point]) -> bool {
    let last = given.last().map_or(0, |point| point.permille);
    let body = given.len().saturating_sub(1);
    let one_way = |sign: i16| given.iter().take(body).all(|p| p.permille.signum() != sign);
    if one_way(1) || one_way(-1) {
        return false;
    }
    let (at_ceiling, rounded) = (moved(ceiling, given, body).net.max(1), rounded(ceiling, given));
    let code = u128::from(ceiling.code.unsigned_abs());
    let turns_below = div_up(times(rounded, code), at_ceiling).min(code);

    let turned = |code: i32| {
        let charge = ceiling.in_ticks(given).take(body).fold(0_i128, |sum, (part, ticks)| {
            let na = i128::from(scale(code, part)).saturating_mul(i128::from(ceiling.gain(part > 0)));
            sum.saturating_add(na.saturating_mul(i128::from(ticks)))
        });
        charge.saturating_mul(i128::from(last.signum())) > 0
    };
    turns_below > 64
        || !ceiling.output.is_exact()
        || (1..=64).take(usize::try_from(turns_below).unwrap_or(64)).any(turned)
}

/// Points that drive one way, rests between them counted, at the ceiling before rounding to codes.
#[derive(Clone, Copy, Default)]
pub(super) struct Joined {
    sign: i16,
    pub(super) ticks: u64,
    /// In nA·ticks.
    pub(super) charge: u128,
}

/// The last of custom points where it turns, together with the phase before it and the first one of the next repeat, whichever
/// of them goes the same way then.
pub(super) fn joined(ceiling: &Ceiling<'_>, given: &[Point], again: bool) -> Joined {
    let (mut first, mut run) = (None, Joined::default());
    for (part, ticks) in ceiling.in_ticks(given).take(given.len().saturating_sub(1)) {
        if part.signum() == run.sign.saturating_neg() && part != 0 {
            first = first.or(Some(run).filter(|run| run.sign != 0));
            run = Joined::default();
        }
        let weight = product(u64::from(part.unsigned_abs()), ticks);
        let charge = times(weight, u128::from(ceiling.gain(part > 0)));
        let sign = if part == 0 { run.sign } else { part.signum() };
        run = Joined {
            sign,
            ticks: run.ticks.saturating_add(ticks),
            charge: run.charge.saturating_add(charge),
        };
    }
    let (last, ticks) = ceiling.in_ticks(given).last().unwrap_or_default();
    let turned = last.signum().saturating_neg();
    let code = u128::from(ceiling.code.unsigned_abs());
    // gains and ticks that are rounded may turn it at the ceiling too, with all its charge
    let moved = moved(ceiling, given, given.len().saturating_sub(1));
    let whole = if moved.way == last.signum() { moved.net } else { 0 };
    let first = first.filter(|_| again).unwrap_or_default();
    let sides = [first, run].into_iter().filter(|side| side.sign == turned);
    sides.fold(
        Joined {
            sign: turned,
            ticks: ticks.saturating_add(widened(ceiling, given)).saturating_add(ceiling.late),
            charge: whole.saturating_add(rounded(ceiling, given)),
        },
        |all, side| Joined {
            ticks: all.ticks.saturating_add(side.ticks),
            charge: all.charge.saturating_add(div_up(times(side.charge, code), FULL)),
            ..all
        },
    )
}

/// What the rounding of custom points to codes moves at most, in nA·ticks: half a code over all that are driven, and on a
/// calibrated channel the offset over all of them and one code × one tick that is carried.
pub(super) fn rounded(ceiling: &Ceiling<'_>, given: &[Point]) -> u128 {
    let sum = |ticks: u128, point: (i16, u64)| ticks.saturating_add(u128::from(point.1));
    let driven = ceiling.in_ticks(given).filter(|(part, _)| *part != 0).fold(0, sum);
    let most = u128::from(ceiling.gain(true).max(ceiling.gain(false)));
    let half = div_up(times(driven, most), 2);
    if ceiling.output.is_exact() {
        return half;
    }
    let offset = times(u128::from(ceiling.offset()), ceiling.in_ticks(given).fold(0, sum));
    half.saturating_add(offset).saturating_add(most)
}

/// Levels one code apart add at most a quarter of a code squared to the mean square.
fn apart(gain: u128, ticks: u128) -> u128 {
    div_up(times(times(gain, gain), ticks), 4)
}

/// The least nominal length of the balancing phase of a width, in 1/200 tick: nearest to `percent` of it, and never
/// shorter than it.
fn nominal(percent: u16, width: u64) -> u128 {
    let scaled = product(u64::from(percent).saturating_mul(2), width);
    scaled.saturating_sub(100).max(product(width, 200)).max(1)
}

impl Ceiling<'_> {
    /// One code × one tick that is carried, and what an offset puts out in a driven gap: not in proportion to the width,
    /// so it weighs most in the shortest pulse.
    fn besides(&self) -> u128 {
        if self.output.is_exact() {
            return 0;
        }
        let in_gap = product(self.offset(), self.gap_ticks());
        u128::from(self.gain(false)).saturating_add(in_gap)
    }

    /// All gaps of a repeat.
    fn gap_ticks(&self) -> u64 {
        let gaps = if matches!(self.plan.channel().pulse.form, Form::Triphasic { .. }) { 2 } else { 1 };
        let one = u64::from(self.plan.gap_ticks()).saturating_add(self.late);
        let between = u64::from(self.plan.repeat_gap_ticks());
        one.saturating_mul(gaps).saturating_add(between)
    }

    fn gap_square(&self) -> u128 {
        square_of(i64::from(self.output.offset_na), self.gap_ticks())
    }

    fn owed(&self) -> Owed {
        let peak = self.main_na();
        let shortest = u64::from(self.plan.width_min_ticks().max(self.least_set()).max(1));
        let plain = Owed { per_tick: peak, besides: self.besides(), shortest, longest: self.width };
        match self.plan.channel().pulse.form {
            Form::Rectangular | Form::Points(_) => plain,
            Form::Prepulse(prepulse) => {
                self.owed_with_prepulse(&plain, prepulse.amplitude_percent, self.pre_ticks(&prepulse))
            }
            Form::Triphasic { outer_percent } => self.owed_triphasic(plain, outer_percent),
            Form::Table(levels) => self.owed_table(&plain, levels),
        }
    }

    /// Widths are whole microseconds, also in a ramp.
    fn least_set(&self) -> u32 {
        Micros::from_micros(1).map_or(1, |us| self.plan.width_ticks(us))
    }

    fn main_na(&self) -> u128 {
        let code = if self.leads_up() { self.code } else { self.code.saturating_neg() };
        u128::from(self.output.current_na(code).unsigned_abs())
    }

    /// The width that counts is that of the main phase and of the pre-pulse, in proportion to its level: what the main
    /// phase alone would take for the same charge.
    fn owed_with_prepulse(&self, plain: &Owed, percent: u8, pre: u64) -> Owed {
        let code = u128::from(self.code.unsigned_abs()).max(1);
        // the pre-pulse is rounded to a code: at most half a code more
        let ahead = times(code, u128::from(percent)).saturating_mul(2).saturating_add(100);
        let equal = div_up(times(ahead, u128::from(pre)), times(code, 200));
        let offset = u128::from(self.offset());
        Owed {
            per_tick: plain.per_tick.saturating_add(offset),
            besides: plain.besides.saturating_add(times(offset, u128::from(pre))),
            shortest: plain.shortest,
            longest: plain.longest.saturating_add(narrow(equal)),
        }
    }

    /// The main phase less the outer one, which may be rounded down by half a code and weakened by an offset. Equal gains
    /// without an offset do not come here.
    fn owed_triphasic(&self, plain: Owed, outer_percent: u8) -> Owed {
        let (back, code) = (u128::from(self.gain(false)), u128::from(self.code.unsigned_abs()));
        let outer = quotient(times(times(back, code), u128::from(outer_percent)), 100);
        let rounded = div_up(back, 2).saturating_add(product(self.offset(), 2));
        Owed { per_tick: plain.per_tick.saturating_sub(outer).saturating_add(rounded), ..plain }
    }

    /// The mean level, and by how much the first steps are above it: they are a tick longer where the width is no
    /// multiple of their number.
    fn owed_table(&self, plain: &Owed, levels: &[i16]) -> Owed {
        let count = u64::try_from(levels.len()).unwrap_or(u64::MAX).max(1);
        let gain = u128::from(self.gain(true));
        let current = |code: i32| times(u128::from(code.unsigned_abs()), gain);
        let mut sum = 0_u128;
        self.steps(levels, |code, _| sum = sum.saturating_add(current(code)));
        let mean = div_up(sum, u128::from(count));
        let (mut partial, mut even, mut excess) = (0_u128, 0_u128, 0_u128);
        self.steps(levels, |code, _| {
            partial = partial.saturating_add(current(code));
            even = even.saturating_add(mean);
            excess = excess.max(partial.saturating_sub(even));
        });
        Owed {
            per_tick: mean.saturating_add(u128::from(self.offset())),
            besides: plain.besides.saturating_add(excess),
            shortest: plain.shortest.max(count),
            longest: plain.longest,
        }
    }
}
