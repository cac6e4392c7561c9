//! Products of two signed numbers, no wider than they need to be.

/// `a × b`; `None` on overflow. Of two numbers of 32 bits it takes one multiplication, and nothing can overflow.
#[inline]
pub(crate) fn product(a: i64, b: i64) -> Option<i64> {
    match (i32::try_from(a), i32::try_from(b)) {
        (Ok(a), Ok(b)) => Some(i64::from(a).wrapping_mul(i64::from(b))),
        _ => a.checked_mul(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// REQ-CORE-131: at both sides of each width the product is that of 128 bits, and none where that does not fit.
    #[test]
    fn products() {
        let edges = [0, 1, 127, 32_767, 32_768, 2_147_483_647, 2_147_483_648, i64::MAX];
        let all = || edges.into_iter().flat_map(|n| [n, n.wrapping_neg(), n.wrapping_neg().wrapping_sub(1)]);
        for a in all() {
            for b in all() {
                let wide = i128::from(a).wrapping_mul(i128::from(b));
                assert_eq!(product(a, b), i64::try_from(wide).ok(), "{a} × {b}");
            }
        }
    }
}
