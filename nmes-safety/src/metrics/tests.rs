//! The arithmetic against plain 128-bit operators.
#![allow(clippy::arithmetic_side_effects, reason = "the plain operators are what is compared with")]

use proptest::prelude::*;

use super::*;

/// Of any length in bits, so that every shorter way is taken.
fn wide() -> impl Strategy<Value = u128> {
    (any::<u128>(), 0..128_u32).prop_map(|(value, shift)| value >> shift)
}

fn word() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64_u32).prop_map(|(value, shift)| value >> shift)
}

proptest! {
    /// REQ-SAF-541: a part of a code is that of one product of 64 bits.
    #[test]
    fn parts_of_codes(code in any::<i32>(), shift in 0..32_u32, part in any::<i16>()) {
        let code = code >> shift;
        let product = i64::from(code) * i64::from(part);
        let magnitude = i32::try_from((product.abs() + 8_192) >> 14).unwrap_or(i32::MAX);
        prop_assert_eq!(scale(code, part), if product < 0 { -magnitude } else { magnitude });
    }

    /// REQ-SAF-541: a sum of charges and of squares is that of the plain operators, both signs.
    #[test]
    fn charges_and_squares(na in any::<i64>(), shift in 0..63_u32, ticks in word()) {
        let na = na >> shift;
        let magnitude = u128::from(na.unsigned_abs());
        prop_assert_eq!(charge_of(na, ticks), i128::from(na) * i128::from(ticks));
        prop_assert_eq!(square_of(na, ticks), (magnitude * magnitude).saturating_mul(u128::from(ticks)));
    }

    /// REQ-SAF-541: a fraction is above a whole number exactly where it is so rounded up; the larger of two fractions is
    /// never the smaller rounded up, and what is larger rounded up is the larger.
    #[test]
    fn fractions_compare_as_whole_numbers(value in wide(), by in word(), den in wide(), limit in word(), value_2 in wide(), den_2 in wide()) {
        let (one, two) = (Ratio::of(value, by, den), Ratio::of(value_2, by, den_2));
        let up = value.checked_mul(by.into()).filter(|_| den > 0 && value < u128::MAX).map_or(u128::MAX, |num| num.div_ceil(den));
        prop_assert_eq!(one.up(), up);
        prop_assert_eq!(scale_up(value, by, den), up);
        for limit in [u128::from(limit), up, up.saturating_sub(1), up.saturating_add(1)] {
            prop_assert_eq!(one.is_above(limit), up == u128::MAX || up > limit, "{}", limit);
        }
        prop_assert!(!one.exceeds(&two) || one.up() >= two.up());
        prop_assert!(one.up() <= two.up() || one.exceeds(&two));
        prop_assert!(!one.exceeds(&one));
        prop_assert_eq!(Ratio::whole(limit).up(), u128::from(limit));
    }

    /// REQ-SAF-541: the root shown is the least whole number whose square is not below.
    #[test]
    fn roots_round_up(square in wide()) {
        let root = root_up(square);
        prop_assert!(root.checked_mul(root).is_none_or(|again| again >= square));
        prop_assert!(root == 0 || (root - 1).checked_mul(root - 1).is_some_and(|below| below < square));
    }
}

/// REQ-SAF-541: fractions of one divisor and of two are told apart below a whole number: 1/3 and 2/3, 1/3 and 1/2.
#[test]
fn fractions_below_one() {
    let of = |num, den| Ratio::of(num, 1, den);
    assert!(of(2, 3).exceeds(&of(1, 3)) && !of(1, 3).exceeds(&of(2, 3)));
    assert!(of(1, 2).exceeds(&of(1, 3)) && !of(1, 3).exceeds(&of(1, 2)));
    assert_eq!((of(1, 3).up(), of(1, 2).up()), (1, 1));
    assert!(!of(2, 4).exceeds(&of(1, 2)) && !of(1, 2).exceeds(&of(2, 4)));
    assert_eq!((of(1, 0).up(), Ratio::of(u128::MAX, 1, 2).up()), (u128::MAX, u128::MAX));
}
