//! Paying a primary phase back exactly, in codes × ticks.

use crate::error::{ConfigError, Field};

/// By how many ticks a balancing phase is widened at most, so that no edge comes too soon after another.
pub const WIDEN_MAX_TICKS: u32 = 16;

/// A balancing phase of one or two levels; the longer part stands last, so that the last edge has room to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Balancing {
    /// Codes (as a magnitude) and ticks of the shorter part; no ticks when one level is enough.
    pub(crate) first: (u32, u32),
    /// Codes (as a magnitude) and ticks of the longer part.
    pub(crate) last: (u32, u32),
    /// What is left over, in nanoampere-ticks: 0 on an exact channel, else less than one code × one tick.
    pub(crate) left_na_ticks: i64,
}

/// What the balancing polarity can do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payer {
    /// Nanoamperes for one code.
    pub(crate) gain_na: i64,
    /// What flows in the direction of the primary phase while a balancing code is driven (the offset).
    pub(crate) drift_na: i64,
    /// Least ticks between two edges.
    pub(crate) spacing: u32,
    /// Highest code, as a magnitude.
    pub(crate) code_limit: u32,
}

/// Pays `owed` nanoampere-ticks (in the direction of the primary phase) back over about `width` ticks.
///
/// `owed + drift × w = gain × (q·w + r) + left` with `0 ≤ left < gain`: q codes over w ticks and one more code for
/// r of them. r is 0 or leaves both parts at least `spacing` long; otherwise w is widened, by [`WIDEN_MAX_TICKS`] at most.
/// `None` when no such width exists, when the code range is too small, or when nothing is owed.
pub(crate) fn repay(owed: i64, width: u32, payer: &Payer) -> Option<Balancing> {
    over_width(owed, width, payer, |units, left_na_ticks, w| {
        Some(Balancing { left_na_ticks, ..split(units, w, payer)? })
    })
}

/// The same with `carried` more, from the pulse before, over a width that pays whatever it left: nothing, or one code × tick
/// more. So the width does not depend on what was carried. Custom points may have paid the other way before: what is carried
/// against this one, less than a code × tick too, is carried on until it is made up.
pub(crate) fn repay_carried(owed: i64, carried: i64, width: u32, payer: &Payer) -> Option<Balancing> {
    over_width(owed, width, payer, |units, left, w| {
        let (low, rest) = divide(units, w)?;
        let same = in_parts(low, rest, w, payer)?;
        let next = rest.checked_add(1)?;
        let (low, rest) = if next < w { (low, next) } else { (low.checked_add(1)?, 0) };
        let more = in_parts(low, rest, w, payer)?;
        let left = left.checked_add(carried)?;
        let over = left.checked_sub(payer.gain_na)?;
        Some(if over < 0 {
            Balancing { left_na_ticks: left, ..same }
        } else {
            Balancing { left_na_ticks: over, ..more }
        })
    })
}

/// The first width over which `pay` has levels for so many codes × ticks, with what is less than one of them.
#[inline]
fn over_width(
    owed: i64,
    width: u32,
    payer: &Payer,
    pay: impl Fn(u64, i64, u32) -> Option<Balancing>,
) -> Option<Balancing> {
    for extra in 0..=WIDEN_MAX_TICKS {
        let w = width.checked_add(extra)?;
        let total = owed.checked_add(payer.drift_na.checked_mul(i64::from(w))?)?;
        let units = u64::try_from(total.checked_div(payer.gain_na)?).ok()?;
        let found = pay(units, total.checked_rem(payer.gain_na)?, w);
        if found.is_some() || (payer.drift_na == 0 && units == 0) {
            return found;
        }
    }
    None
}

/// The same for a channel without offset, from code-ticks: one division a width.
pub(crate) fn repay_units(units: u64, width: u32, payer: &Payer) -> Option<Balancing> {
    (0..=WIDEN_MAX_TICKS).find_map(|extra| split(units, width.checked_add(extra)?, payer))
}

fn split(units: u64, width: u32, payer: &Payer) -> Option<Balancing> {
    let (low, rest) = divide(units, width)?;
    in_parts(low, rest, width, payer)
}

/// `low` codes over the width, and one more for `rest` ticks of it.
fn in_parts(low: u32, rest: u32, width: u32, payer: &Payer) -> Option<Balancing> {
    let high = low.checked_add(1)?;
    let low_ticks = width.checked_sub(rest)?;
    if low.max(if rest == 0 { 0 } else { high }) > payer.code_limit || (low == 0 && rest == 0) {
        return None;
    }
    let (first, last) = match (low, rest) {
        (_, 0) => ((0, 0), (low, width)),
        // less than one code over the whole width: one code, for a shorter time
        (0, _) if rest >= payer.spacing && payer.drift_na == 0 => ((0, 0), (1, rest)),
        (0, _) => return None,
        _ if rest < payer.spacing || low_ticks < payer.spacing => return None,
        _ if rest < low_ticks => ((high, rest), (low, low_ticks)),
        _ => ((low, low_ticks), (high, rest)),
    };
    Some(Balancing { first, last, left_na_ticks: 0 })
}

/// Quotient and remainder, in 32 bits where they fit.
fn divide(units: u64, width: u32) -> Option<(u32, u32)> {
    if let Ok(small) = u32::try_from(units) {
        return Some((small.checked_div(width)?, small.checked_rem(width)?));
    }
    let wide = u64::from(width);
    Some((u32::try_from(units.checked_div(wide)?).ok()?, u32::try_from(units.checked_rem(wide)?).ok()?))
}

/// The error for a pulse that no balancing phase of this hardware pays back.
pub(crate) fn unpayable(codes: u32, limit: u32) -> ConfigError {
    if codes > limit {
        let source = "the code range of the balancing polarity";
        return ConfigError::Above {
            field: Field::AmplitudeCodes,
            value: i64::from(codes),
            limit: i64::from(limit),
            source,
        };
    }
    let reason = "too few codes for an exact balancing phase: take a larger amplitude, a shorter balancing phase or finer codes";
    ConfigError::Conflict { field: Field::AmplitudeCodes, reason }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests: an overflow here is a failed test")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(crate::unit_cases())]

        /// REQ-INV-02: what is paid back is what is owed, to the code × tick, and no part is too short.
        #[test]
        fn repayment_is_exact(
            codes in 1_u32..4_096, primary in 20_u32..2_000, percent in 100_u32..1_000,
            spacing in 1_u32..5, gain in 1_i64..200_000,
        ) {
            let width = primary * percent / 100;
            let payer = Payer { gain_na: gain, drift_na: 0, spacing, code_limit: 8_191 };
            let units = u64::from(codes) * u64::from(primary);
            if let Some(b) = repay_units(units, width, &payer) {
                let paid = u64::from(b.first.0) * u64::from(b.first.1) + u64::from(b.last.0) * u64::from(b.last.1);
                prop_assert_eq!(paid, units);
                prop_assert!(b.first.1 == 0 || b.first.1 >= spacing);
                prop_assert!(b.last.1 >= spacing && b.last.0 >= 1);
                prop_assert!(b.first.1 <= b.last.1);
                let owed = i64::try_from(units).unwrap() * gain;
                prop_assert_eq!(repay(owed, width, &payer), Some(b));
            } else {
                prop_assert!(percent != 100, "a symmetric pulse is always payable");
            }
        }

        /// REQ-INV-02: with unequal gains and an offset less than one code × one tick is left.
        #[test]
        fn calibrated_repayment_leaves_less_than_a_code_tick(
            owed in 1_000_000_i64..100_000_000_000, width in 50_u32..2_000,
            gain in 1_000_i64..200_000, drift in -900_i64..900,
        ) {
            let payer = Payer { gain_na: gain, drift_na: drift, spacing: 2, code_limit: u32::MAX };
            if let Some(b) = repay(owed, width, &payer) {
                let per = |c: u32| i64::from(c) * gain - drift;
                let paid = per(b.last.0) * i64::from(b.last.1) + per(b.first.0) * i64::from(b.first.1);
                prop_assert_eq!(owed - paid, b.left_na_ticks);
                prop_assert!((0..gain).contains(&b.left_na_ticks));
            }
        }
    }
}
