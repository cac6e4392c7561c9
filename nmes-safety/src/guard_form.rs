//! The structure of a pulse, held against what its plan puts out at the frame's own main code and width.
//!
//! All of it is worked out again from the session: no recipe of the engine is called.

use nmes_core::{
    Balance, ChannelHardware, ChannelPlan, Form, Level, Micros, Point, Polarity, Prepulse, PulseFrame,
    Segment, Segments, WIDEN_MAX_TICKS,
};

use crate::metrics::{fraction, percent, scale};
use crate::windows::charge;

/// Code of a driven level; `None` when nothing is driven, or zero.
pub(crate) fn driven(level: Level) -> Option<i32> {
    match level {
        Level::Code(code) if code != 0 => Some(code),
        Level::Code(_) | Level::Open | Level::Shorted => None,
    }
}

/// The main phase of a frame that has the form of its plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Main {
    /// Its code as a magnitude: of custom points and tables the least set code that gives their levels.
    pub(crate) code: i32,
    /// Its width, in ticks.
    pub(crate) ticks: u32,
    /// What the balancing part is as strong as, in nA, to a code: what was moved before it over its nominal time.
    pub(crate) repaid_na: u64,
}

/// A frame and the plan that it is held against.
pub(crate) struct Shape<'e> {
    pub(crate) frame: &'e PulseFrame<'e>,
    pub(crate) plan: &'e ChannelPlan<'e>,
    pub(crate) hardware: &'e ChannelHardware,
    /// How the output rests in a gap.
    pub(crate) gap_rest: Level,
    /// By how many ticks the last of custom points may be widened.
    pub(crate) widen: u32,
}

/// The segments of a repeat one after the other, and what they have moved so far, in nA·ticks.
struct Parts<'f> {
    left: Segments<'f>,
    ahead: Option<Segment>,
    hardware: &'f ChannelHardware,
    moved: i64,
}

impl Parts<'_> {
    fn next(&mut self) -> Option<Segment> {
        self.next_if(|_| true)
    }

    fn next_if(&mut self, wanted: impl Fn(&Segment) -> bool) -> Option<Segment> {
        let segment = self.ahead.filter(wanted)?;
        self.ahead = self.left.next();
        let current = segment.level.current_na(self.hardware);
        let ticks = u64::from(segment.ticks);
        let charge = charge(current, ticks).unwrap_or(if current < 0 { i64::MIN } else { i64::MAX });
        self.moved = self.moved.saturating_add(charge);
        Some(segment)
    }
}

/// The set codes that give the levels seen so far.
#[derive(Clone, Copy, Debug)]
struct SetCode {
    low: i32,
    high: i32,
}

impl SetCode {
    const ANY: Self = Self { low: 0, high: 0 };

    /// Takes a level that is `part` of the set code, as a magnitude. `None` when no set code gives it and all before it.
    /// Two divisions, at levels that leave fewer set codes than those before them.
    fn take(&mut self, code: i32, part: i16) -> Option<()> {
        if part == 0 {
            return (code == 0).then_some(());
        }
        // what gives the least and the highest of them gives all between
        if self.high != 0 && scale(self.low, part) == code && scale(self.high, part) == code {
            return Some(());
        }
        let found = Self::of(code, part)?;
        let (low, high) = (self.low.max(found.low), self.high.min(found.high));
        *self = if self.high == 0 { found } else { Self { low, high } };
        (self.low <= self.high).then_some(())
    }

    /// `None` where nothing told.
    fn main(self, ticks: u32) -> Option<Main> {
        (self.low > 0).then_some(Main { code: self.low, ticks, repaid_na: 0 })
    }

    /// `code` × 2¹⁴ is within half of 2¹⁴ of `set` × `part`.
    fn of(code: i32, part: i16) -> Option<Self> {
        let (wide, part) = (i64::from(code).checked_mul(16_384)?, i64::from(part));
        let low = wide.checked_sub(8_192)?.checked_add(part.checked_sub(1)?)?.checked_div(part)?;
        let high = wide.checked_add(8_191)?.checked_div(part)?;
        Some(Self { low: i32::try_from(low.max(1)).ok()?, high: i32::try_from(high).ok()? })
            .filter(|s| s.low <= s.high)
    }
}

impl Shape<'_> {
    /// The main phase, when every segment of a repeat is as the plan puts it out.
    pub(crate) fn main(&self) -> Option<Main> {
        let pulse = &self.plan.channel().pulse;
        if self.frame.cycles() != pulse.repeat.count {
            return None;
        }
        let mut left = self.frame.cycle_segments();
        let ahead = left.next();
        let mut parts = Parts { left, ahead, hardware: self.hardware, moved: 0 };
        let main = match pulse.form {
            Form::Rectangular => self.rectangular(&mut parts)?,
            Form::Prepulse(prepulse) => self.with_prepulse(&mut parts, &prepulse)?,
            Form::Triphasic { outer_percent } => self.triphasic(&mut parts, outer_percent)?,
            Form::Points(given) => self.points(&mut parts, given)?,
            Form::Table(levels) => self.table(&mut parts, levels)?,
        };
        self.between(&mut parts)?;
        parts.next().is_none().then_some(main)
    }

    fn leads_up(&self) -> bool {
        self.plan.leading() == Polarity::Positive
    }

    /// The code of a level, counted in the leading direction; 0 for none.
    fn along(&self, level: Level) -> i32 {
        let code = driven(level).unwrap_or(0);
        if self.leads_up() { code } else { code.saturating_neg() }
    }

    fn is_rest(&self, level: Level) -> bool {
        driven(level).is_none() && (level == Level::Open || level == self.gap_rest)
    }

    /// A driven segment of the leading way.
    fn lead(&self, parts: &mut Parts<'_>) -> Option<Main> {
        let segment = parts.next()?;
        let code = self.along(segment.level);
        (code > 0).then_some(Main { code, ticks: segment.ticks, repaid_na: 0 })
    }

    /// Exactly this level, counted in the leading direction; a level of no code is a rest.
    fn is_level(&self, segment: &Segment, code: i32, ticks: u32) -> Option<()> {
        let level = if code == 0 { self.is_rest(segment.level) } else { self.along(segment.level) == code };
        (level && segment.ticks == ticks).then_some(())
    }

    /// The gap between two phases, to the tick.
    fn gap(&self, parts: &mut Parts<'_>) -> Option<()> {
        let mut ticks = self.plan.gap_ticks();
        while ticks > 0 {
            let rest = parts.next().filter(|s| self.is_rest(s.level))?;
            ticks = ticks.checked_sub(rest.ticks)?;
        }
        Some(())
    }

    /// The gap to the next repeat, to the tick; none after the last.
    fn between(&self, parts: &mut Parts<'_>) -> Option<()> {
        let gap = self.plan.repeat_gap_ticks();
        if self.plan.channel().pulse.repeat.count == 1 || gap == 0 {
            return Some(());
        }
        let rest = parts.next()?;
        (self.is_rest(rest.level) && rest.ticks == gap).then_some(())
    }

    /// One level against the leading way, or two one code apart, over at most `ticks` and what they may be wider, and no
    /// stronger than a code above the level that pays all that was moved before over that time. Answers with that level.
    fn repay(&self, parts: &mut Parts<'_>, ticks: u32) -> Option<u64> {
        self.pay(parts, ticks, WIDEN_MAX_TICKS, false)
    }

    fn pay(&self, parts: &mut Parts<'_>, ticks: u32, widen: u32, along: bool) -> Option<u64> {
        let carried = if self.hardware.is_exact() { 0 } else { self.coarser_gain() };
        let owed = parts.moved.unsigned_abs().saturating_add(carried);
        let paying = |s: &Segment| driven(s.level).is_some() && (self.along(s.level) > 0) == along;
        let first = parts.next_if(paying)?;
        let second = parts.next_if(paying);
        let one = self.along(first.level);
        let other = second.map_or(one, |s| self.along(s.level));
        let paid = first.ticks.checked_add(second.map_or(0, |s| s.ticks))?;
        let apart = second.is_none() || one.abs_diff(other) == 1;
        let in_time = paid <= ticks.saturating_add(widen);
        let level_na = owed.checked_div(u64::from(ticks))?;
        let strongest = |s: &Segment| s.level.current_na(self.hardware).unsigned_abs();
        let peak_na = strongest(&first).max(second.as_ref().map_or(0, strongest));
        let weak = peak_na <= level_na.saturating_add(self.coarser_gain());
        (apart && in_time && weak).then_some(level_na)
    }

    fn coarser_gain(&self) -> u64 {
        u64::from(self.hardware.na_per_code_positive.max(self.hardware.na_per_code_negative))
    }

    fn balanced(&self) -> bool {
        self.plan.channel().pulse.balance.is_balanced()
    }

    fn rectangular(&self, parts: &mut Parts<'_>) -> Option<Main> {
        let main = self.lead(parts)?;
        if !self.balanced() {
            return Some(main);
        }
        self.gap(parts)?;
        let repaid_na = self.repay(parts, self.plan.balancing_ticks(main.ticks))?;
        Some(Main { repaid_na, ..main })
    }

    fn with_prepulse(&self, parts: &mut Parts<'_>, prepulse: &Prepulse) -> Option<Main> {
        let (ahead, pre) = (parts.next()?, self.plan.width_ticks(prepulse.width));
        let main = self.lead(parts)?;
        let weak = percent(main.code, prepulse.amplitude_percent);
        self.is_level(&ahead, weak, pre)?;
        self.gap(parts)?;
        // as long as makes it no stronger than the main phase
        let charge = |code: i32, ticks: u32| u64::from(code.unsigned_abs()).checked_mul(u64::from(ticks));
        let units = charge(weak, pre)?.checked_add(charge(main.code, main.ticks)?)?;
        let code = u64::from(main.code.unsigned_abs());
        let equal = u32::try_from(units.checked_add(code.saturating_sub(1))?.checked_div(code)?).ok()?;
        let repaid_na = self.repay(parts, self.plan.balancing_ticks(equal))?;
        Some(Main { repaid_na, ..main })
    }

    fn triphasic(&self, parts: &mut Parts<'_>, outer_percent: u8) -> Option<Main> {
        let outer = parts.next()?;
        self.gap(parts)?;
        let main = self.lead(parts)?;
        self.is_level(&outer, percent(main.code, outer_percent).saturating_neg(), main.ticks)?;
        self.gap(parts)?;
        let repaid_na = self.repay(parts, main.ticks)?;
        Some(Main { repaid_na, ..main })
    }

    /// Each point for its own time, at its part of one set code; the last one pays the others back, either way.
    fn points(&self, parts: &mut Parts<'_>, given: &[Point]) -> Option<Main> {
        let (mut set, mut us, mut before) = (SetCode::ANY, Micros::ZERO, 0_u32);
        let paying = if self.balanced() { given.len().checked_sub(1)? } else { given.len() };
        for (index, point) in given.iter().enumerate() {
            us = us.checked_add(point.width)?;
            if index == paying {
                let end = self.plan.width_ticks(us);
                let along = self.along(parts.ahead?.level) > 0;
                let repaid_na = self.pay(parts, end.checked_sub(before)?, self.widen, along)?;
                return self.both_ways(set.main(end)?, repaid_na);
            }
            let segment = parts.next()?;
            before = before.checked_add(segment.ticks).filter(|end| self.plan.is_width(us, *end))?;
            self.point(&segment, fraction(point.permille), &mut set)?;
        }
        self.both_ways(set.main(before)?, 0)
    }

    /// Custom points may drive at the set code against the leading way, where a code may be more.
    fn both_ways(&self, main: Main, repaid_na: u64) -> Option<Main> {
        let against = if self.leads_up() { main.code.checked_neg()? } else { main.code };
        let repaid_na = self.hardware.current_na(against).unsigned_abs().max(repaid_na);
        Some(Main { repaid_na, ..main })
    }

    fn point(&self, segment: &Segment, part: i16, set: &mut SetCode) -> Option<()> {
        if part == 0 {
            return self.is_rest(segment.level).then_some(());
        }
        let code = self.along(segment.level);
        if code == 0 && segment.level != Level::Code(0) && !self.is_rest(segment.level) {
            return None;
        }
        let towards = if part < 0 { code.checked_neg()? } else { code };
        set.take(towards, part.checked_abs()?)
    }

    /// Equal steps, the first ones a tick longer where the width is no multiple of their number; then their mirror image or
    /// a rectangle.
    fn table(&self, parts: &mut Parts<'_>, levels: &[i16]) -> Option<Main> {
        let mut set = SetCode::ANY;
        let (each, longer) = self.steps(parts, levels, &mut set, 1, None)?;
        let count = u32::try_from(levels.len()).ok()?;
        let ticks = each.checked_mul(count)?.checked_add(longer)?;
        if !self.balanced() {
            return set.main(ticks);
        }
        self.gap(parts)?;
        if self.plan.channel().pulse.balance == Balance::Symmetric && self.hardware.is_exact() {
            self.steps(parts, levels, &mut set, -1, Some((each, longer)))?;
        } else {
            let repaid_na = self.repay(parts, self.plan.balancing_ticks(ticks))?;
            return set.main(ticks).map(|main| Main { repaid_na, ..main });
        }
        set.main(ticks)
    }

    /// Length of a step, and how many of them are a tick longer; `like` those of the table where they are the image.
    fn steps(
        &self,
        parts: &mut Parts<'_>,
        levels: &[i16],
        set: &mut SetCode,
        sign: i32,
        like: Option<(u32, u32)>,
    ) -> Option<(u32, u32)> {
        let mut lengths = Lengths::default();
        for level in levels {
            let segment = parts.next()?;
            let Level::Code(_) = segment.level else { return None };
            set.take(self.along(segment.level).checked_mul(sign)?, *level)?;
            lengths.take(segment.ticks)?;
        }
        let found = lengths.found();
        like.is_none_or(|like| like == found).then_some(found)
    }
}

/// Steps that are equally long but for the first ones, a tick longer.
#[derive(Clone, Copy, Debug, Default)]
struct Lengths {
    first: u32,
    last: u32,
    count: u32,
    /// How many are as long as the first.
    as_first: u32,
}

impl Lengths {
    fn take(&mut self, ticks: u32) -> Option<()> {
        if self.count == 0 {
            (self.first, self.last) = (ticks, ticks);
        }
        if ticks == self.first && self.last == self.first {
            self.as_first = self.as_first.checked_add(1)?;
        } else if ticks.checked_add(1)? != self.first {
            return None;
        }
        self.last = ticks;
        self.count = self.count.checked_add(1)?;
        Some(())
    }

    /// The length of the shorter ones, and how many are a tick longer.
    const fn found(&self) -> (u32, u32) {
        if self.as_first == self.count { (self.first, 0) } else { (self.last, self.as_first) }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        /// REQ-SAF-670: levels are taken as long as one set code at least gives all of them, and the least that does is the
        /// answer: as found by trying each, also where the first level is so small that thousands give it.
        #[test]
        fn set_codes_are_those_that_give_every_level(
            parts in proptest::collection::vec(prop_oneof![0_i16..20, 0_i16..=16_384], 1..6),
            set in 1_i32..3_000,
            off in (0_usize..6, -1_i32..2),
        ) {
            let level = |(place, part): (usize, &i16)| {
                scale(set, *part).saturating_add(if place == off.0 { off.1 } else { 0 })
            };
            let levels: Vec<_> = parts.iter().enumerate().map(level).collect();
            // one code more of a part of 1 is 1.5 × 16,384 set codes more, at most
            let mut left: Vec<_> = (1..28_000).collect();
            let mut codes = SetCode::ANY;
            for (code, part) in levels.iter().zip(&parts) {
                left.retain(|set| if *part == 0 { *code == 0 } else { scale(*set, *part) == *code });
                let taken = codes.take(*code, *part);
                prop_assert_eq!(taken.is_some(), !left.is_empty());
                if taken.is_none() {
                    return Ok(());
                }
                if codes.high > 0 {
                    prop_assert_eq!(Some(&codes.low), left.first());
                }
            }
        }
    }
}
