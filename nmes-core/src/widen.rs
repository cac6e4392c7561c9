//! Widening in `const fn`, where `From` cannot be called yet.

#[expect(clippy::as_conversions, reason = "widening loses nothing; `i64::from` is not const")]
pub(crate) const fn wide(value: u32) -> i64 {
    value as i64
}

#[expect(clippy::as_conversions, reason = "widening loses nothing; `i64::from` is not const")]
pub(crate) const fn wide16(value: u16) -> i64 {
    value as i64
}

#[expect(clippy::as_conversions, reason = "widening loses nothing; `i64::from` is not const")]
pub(crate) const fn wide8(value: u8) -> i64 {
    value as i64
}

#[expect(clippy::as_conversions, reason = "widening loses nothing; `i64::from` is not const")]
pub(crate) const fn signed(value: i16) -> i64 {
    value as i64
}

/// The length of a slice; the largest value past 65,535.
#[expect(clippy::as_conversions, reason = "at most 65,535 here")]
pub(crate) const fn count(len: usize) -> i64 {
    if len > 0xffff { i64::MAX } else { len as i64 }
}

/// A number that is known to be in range; the nearest end otherwise.
#[expect(clippy::as_conversions, reason = "in range by the two comparisons; `u32::try_from` is not const")]
pub(crate) const fn narrow(value: i64) -> u32 {
    if value < 0 {
        0
    } else if value > wide(u32::MAX) {
        u32::MAX
    } else {
        value as u32
    }
}
