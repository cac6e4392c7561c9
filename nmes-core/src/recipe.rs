//! The shape of one pulse: primary phase, dead step, gap, balancing phase.

use crate::balance::{Balancing, Payer, repay, repay_units};
use crate::frame::{Level, MAX_SEGMENTS, Segment};
use crate::plan::ChannelPlan;
use crate::session::Polarity;
use crate::units::Charge;

/// How many codes lower a pulse may be made when no balancing phase fits the one that was asked for.
const LOWER_MAX: u32 = 8;

/// The shape of one pulse at one setting; all but its place in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recipe {
    pub(crate) asked: (u32, u32),
    pub(crate) code: i32,
    pub(crate) segments: [Segment; MAX_SEGMENTS],
    pub(crate) len: u8,
    /// Nominal ledger after the pulse, in nanoampere-ticks.
    pub(crate) carry: i64,
}

impl Recipe {
    pub(crate) const EMPTY: Self = Self {
        asked: (0, 0),
        code: 0,
        segments: [Segment { level: Level::Open, ticks: 0 }; MAX_SEGMENTS],
        len: 0,
        carry: 0,
    };

    fn push(&mut self, level: Level, ticks: u32) {
        if let Some(slot) = self.segments.get_mut(usize::from(self.len)).filter(|_| ticks > 0) {
            *slot = Segment { level, ticks };
            self.len = self.len.saturating_add(1);
        }
    }
}

impl ChannelPlan {
    /// The pulse of about `code` codes and `width` ticks with a nominal ledger of `carry` before it. Where no
    /// balancing phase fits, a code a little lower is taken.
    pub(crate) fn recipe(&self, code: u32, width: u32, carry: i64) -> Option<Recipe> {
        if width < self.width_min {
            return None;
        }
        let lowest = code.saturating_sub(LOWER_MAX).max(1);
        let mut candidate = code;
        while candidate >= lowest {
            if let Some(recipe) = self.recipe_at(candidate, width, carry) {
                return Some(Recipe { asked: (code, width), ..recipe });
            }
            candidate = candidate.checked_sub(1)?;
        }
        None
    }

    fn recipe_at(&self, code: u32, width: u32, carry: i64) -> Option<Recipe> {
        let leading = self.channel.pulse.leading == Polarity::Positive;
        if code == 0 || code > self.hardware.code_limit(leading) {
            return None;
        }
        let codes = i32::try_from(code).ok()?;
        let primary = if leading { codes } else { codes.checked_neg()? };
        let mut recipe = Recipe { code: primary, ..Recipe::default() };
        recipe.push(Level::Code(primary), width);
        recipe.push(Level::Open, self.dead_ticks);
        self.push_gap(&mut recipe);
        let owed = self.owed(&recipe, carry)?;
        let balancing = self.balancing(code, width, owed)?;
        recipe.carry = balancing.left_na_ticks.checked_mul(sign(leading))?;
        for (codes, ticks) in [balancing.first, balancing.last] {
            let level = i32::try_from(codes).ok()?;
            recipe.push(Level::Code(if leading { level.checked_neg()? } else { level }), ticks);
        }
        Some(recipe)
    }

    fn push_gap(&self, recipe: &mut Recipe) {
        let rest = self.gap_ticks.saturating_sub(self.dead_ticks);
        let gap_level = Level::from(self.gap_rest);
        if self.dead_ticks == 0 || (gap_level != Level::Open && rest >= self.segment_min) {
            recipe.push(gap_level, rest);
        } else if let Some(dead) = recipe.segments.get_mut(1) {
            dead.ticks = dead.ticks.saturating_add(rest);
        }
    }

    /// What the phases so far and the carry leave to pay, in the direction of the primary phase.
    fn owed(&self, recipe: &Recipe, carry: i64) -> Option<i64> {
        let driven = recipe.segments.get(..usize::from(recipe.len))?;
        let sum = driven.iter().try_fold(Charge::from_nanoamp_ticks(carry), |sum, s| {
            sum.checked_add(Charge::of(s.level.current_na(&self.hardware), u64::from(s.ticks))?)
        })?;
        sum.as_nanoamp_ticks().checked_mul(sign(recipe.code > 0))
    }

    fn balancing(&self, code: u32, width: u32, owed: i64) -> Option<Balancing> {
        let payer = self.payer(self.channel.pulse.leading == Polarity::Negative);
        let nominal = self.balancing_ticks(width);
        if self.hardware.is_exact() {
            return repay_units(u64::from(code).checked_mul(u64::from(width))?, nominal, &payer);
        }
        repay(owed, nominal, &payer)
    }

    /// How a polarity pays back.
    pub(crate) fn payer(&self, positive: bool) -> Payer {
        Payer {
            gain_na: self.hardware.gain_na(positive),
            // paying with a negative code, a positive offset flows the way of the charge that is owed
            drift_na: i64::from(self.hardware.offset_na).saturating_mul(sign(!positive)),
            spacing: self.segment_min,
            code_limit: self.hardware.code_limit(positive),
        }
    }
}

/// +1 or −1.
pub(crate) const fn sign(positive: bool) -> i64 {
    if positive { 1 } else { -1 }
}
