//! Arithmetic of 128 bits: sums of current × time, squares of current, onsets of sweeps. No Cortex-M multiplies or divides such
//! numbers by itself, and a compiler that does it anew at every place takes 80 to 400 bytes of code each time on a Cortex-M0+: what is rare
//! here stands once in an image, and what is common, numbers of 64 bits, is done at the place.
//!
//! Nothing here wraps or panics.
//!
//! ```
//! use nmes_core::wide::{div_up, divide, product, quotient, times};
//! assert_eq!(product(u64::MAX, 2), 36_893_488_147_419_103_230);
//! assert_eq!((times(6, 7), times(u128::MAX, 2)), (42, u128::MAX));
//! assert_eq!((divide(100, 7), divide(100, 0)), (Some((14, 2)), None));
//! assert_eq!((quotient(100, 7), div_up(100, 7)), (14, 15));
//! ```

/// The product: it always fits.
#[must_use]
pub const fn product(one: u64, other: u64) -> u128 {
    widen(one).wrapping_mul(widen(other))
}

#[expect(clippy::as_conversions, reason = "`From` is no const; the wider integer holds every value")]
const fn widen(word: u64) -> u128 {
    word as u128
}

/// The product, or the largest value where it does not fit. Mostly both fit 64 bits, where it is much less work.
#[must_use]
pub fn times(one: u128, other: u128) -> u128 {
    match (u64::try_from(one), u64::try_from(other)) {
        (Ok(one), Ok(other)) => product(one, other),
        _ => times_wide(one, other),
    }
}

#[inline(never)]
const fn times_wide(one: u128, other: u128) -> u128 {
    one.saturating_mul(other)
}

/// Quotient and remainder; `None` for a zero divisor. Mostly both fit 64 bits, or the divisor 32: much less work.
#[must_use]
#[inline(never)]
pub fn divide(num: u128, den: u128) -> Option<(u128, u128)> {
    if let (Ok(num), Ok(den)) = (u64::try_from(num), u64::try_from(den)) {
        let whole = num.checked_div(den)?;
        return Some((u128::from(whole), u128::from(num.wrapping_sub(whole.wrapping_mul(den)))));
    }
    if let Ok(den) = u32::try_from(den) {
        return divide_by_word(num, den);
    }
    let whole = num.checked_div(den)?;
    Some((whole, num.wrapping_sub(whole.wrapping_mul(den))))
}

/// By hand: one word after another, what is left of each before the next.
fn divide_by_word(num: u128, den: u32) -> Option<(u128, u128)> {
    let den = u64::from(den);
    let (mut whole, mut left) = (0_u128, 0_u64);
    for shift in [96, 64, 32, 0] {
        let word = u64::try_from((num >> shift) & u128::from(u32::MAX)).unwrap_or(0);
        let part = (left << 32) | word;
        let each = part.checked_div(den)?;
        whole = (whole << 32) | u128::from(each);
        left = part.wrapping_sub(each.wrapping_mul(den));
    }
    Some((whole, u128::from(left)))
}

/// `num / den` rounded down; 0 for a zero divisor.
#[must_use]
pub fn quotient(num: u128, den: u128) -> u128 {
    divide(num, den).map_or(0, |(whole, _)| whole)
}

/// What is left of `num` by `den`; 0 for a zero divisor.
#[must_use]
pub fn rest(num: u128, den: u128) -> u128 {
    divide(num, den).map_or(0, |(_, left)| left)
}

/// `num / den` rounded up; the largest value for a zero divisor.
#[must_use]
pub fn div_up(num: u128, den: u128) -> u128 {
    divide(num, den).map_or(u128::MAX, |(whole, left)| if left > 0 { whole.saturating_add(1) } else { whole })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the plain operators are what is compared with")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Of any length in bits, so that every shorter way is taken.
    fn wide() -> impl Strategy<Value = u128> {
        (any::<u128>(), 0..128_u32).prop_map(|(value, shift)| value >> shift)
    }

    proptest! {
        /// REQ-CORE-186: quotient and remainder, products and rounding up are those of the plain operators; a zero divisor is
        /// no quotient, 0 rounded down and the largest value rounded up.
        #[test]
        fn as_plain_operators(num in wide(), den in wide(), one in any::<u64>(), other in any::<u64>(), shift in 0..64_u32) {
            let plain = num.checked_div(den).map(|whole| (whole, num % den));
            prop_assert_eq!(divide(num, den), plain);
            let (down, left) = plain.unwrap_or_default();
            prop_assert_eq!((quotient(num, den), rest(num, den)), (down, left));
            prop_assert_eq!(div_up(num, den), if den == 0 { u128::MAX } else { num.div_ceil(den) });
            let one = one >> shift;
            prop_assert_eq!(product(one, other), u128::from(one) * u128::from(other));
            prop_assert_eq!(times(num, den), num.saturating_mul(den));
            prop_assert_eq!(times(num, u128::from(one)), num.saturating_mul(u128::from(one)));
        }
    }

    /// REQ-CORE-186: without a divisor.
    #[test]
    fn no_divisor() {
        for num in [0, 1, u128::MAX] {
            assert_eq!(
                (divide(num, 0), quotient(num, 0), rest(num, 0), div_up(num, 0)),
                (None, 0, 0, u128::MAX)
            );
        }
    }
}
