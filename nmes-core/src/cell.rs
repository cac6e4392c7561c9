//! What is repeated in a frame: up to eight stored segments, and the steps of a table that is not stored.

use crate::frame::{Level, MAX_SEGMENTS, Segment};

/// A level in one word: a code, or one of two values that no code has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Packed(i32);

impl Packed {
    pub(crate) const OPEN: Self = Self(i32::MIN);
    pub(crate) const SHORTED: Self = Self(i32::MAX);

    /// As [`Level::word`].
    #[inline]
    pub(crate) const fn word(self) -> i32 {
        self.0
    }

    /// The code, 0 where nothing is driven.
    pub(crate) const fn code(self) -> i32 {
        if self.0 == i32::MIN || self.0 == i32::MAX { 0 } else { self.0 }
    }

    pub(crate) const fn is_driven(self) -> bool {
        self.0 != i32::MIN && self.0 != i32::MAX
    }

    /// Whether a level comes back as it went: not a code that means open or shorted here.
    pub(crate) const fn holds(level: Level) -> bool {
        !matches!(level, Level::Code(i32::MIN | i32::MAX))
    }

    pub(crate) const fn driven(code: i32) -> Self {
        Self(code)
    }
}

#[cfg(feature = "fault-injection")]
impl crate::flip::Flip for Packed {
    fn flip(&mut self, walk: &mut crate::flip::Walk<'_>) {
        crate::flip::Flip::flip(&mut self.0, walk);
    }
}

impl Default for Packed {
    fn default() -> Self {
        Self::OPEN
    }
}

impl From<Level> for Packed {
    fn from(level: Level) -> Self {
        match level {
            Level::Open => Self::OPEN,
            Level::Shorted => Self::SHORTED,
            Level::Code(code) => Self(code),
        }
    }
}

impl From<Packed> for Level {
    fn from(packed: Packed) -> Self {
        match packed {
            Packed::OPEN => Self::Open,
            Packed::SHORTED => Self::Shorted,
            Packed(code) => Self::Code(code),
        }
    }
}

/// One point of a custom pulse on a hardware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PlanPoint {
    /// Of the set code, with [`crate::FULL_SCALE`] as one.
    pub(crate) fraction: i16,
    pub(crate) ticks: u32,
}

/// The levels of a frame that are not stored in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Body<'a> {
    #[default]
    None,
    Points(&'a [PlanPoint]),
    Table(&'a [i16]),
}

impl Body<'_> {
    /// Whether it is the same table, or the same points, at the same place.
    #[inline]
    pub(crate) fn is_at(self, other: Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Points(one), Self::Points(other)) => core::ptr::eq(one, other),
            (Self::Table(one), Self::Table(other)) => core::ptr::eq(one, other),
            _ => false,
        }
    }
}

/// The most stored segments: those of a triphasic pulse whose two gaps are an open step and a rest each, which is paid
/// back in two levels, and the gap to its next repeat.
const STORED_MAX: usize = 9;

/// One repeat: body, stored segments, the body mirrored, stored segments.
///
/// The last stored segment may be the gap to the next repeat; after the last repeat it is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct Cell {
    // bytes and halves first: a Cortex-M0+ reads those near the start of a structure only with one instruction
    pub(crate) stored_len: u8,
    /// Stored segments ahead of the mirrored body.
    pub(crate) split: u8,
    pub(crate) mirrored: bool,
    /// The last stored segment is a gap between two repeats.
    pub(crate) gap_last: bool,
    pub(crate) cycles: u16,
    pub(crate) body_len: u16,
    pub(crate) extra: u16,
    /// First segment of the main phase, and the one after it.
    pub(crate) main: u16,
    pub(crate) main_end: u16,
    /// First segment that pays back.
    pub(crate) tail: u16,
    /// The segment whose end is re-timed; `u16::MAX` for none.
    pub(crate) movable: u16,
    /// Set code of the body, signed; its steps last `step` ticks, the first `extra` of them one tick longer.
    pub(crate) code: i32,
    pub(crate) step: u32,
    /// How a zero of the body rests.
    pub(crate) zero: Packed,
    pub(crate) levels: [Packed; STORED_MAX],
    pub(crate) ticks: [u32; STORED_MAX],
}

impl Default for Cell {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Cell {
    pub(crate) const EMPTY: Self = Self {
        levels: [Packed::OPEN; STORED_MAX],
        ticks: [0; STORED_MAX],
        stored_len: 0,
        split: 0,
        mirrored: false,
        gap_last: false,
        cycles: 1,
        body_len: 0,
        code: 0,
        step: 0,
        extra: 0,
        zero: Packed::OPEN,
        main: 0,
        main_end: 1,
        tail: 0,
        movable: u16::MAX,
    };

    /// From segments of any kind, the last one movable; `None` when they do not fit or one has no length.
    pub(crate) fn of(segments: &[Segment]) -> Option<Self> {
        let bad = |s: &Segment| s.ticks == 0 || !Packed::holds(s.level);
        if segments.is_empty() || segments.len() > MAX_SEGMENTS || segments.iter().any(bad) {
            return None;
        }
        let mut cell = Self::EMPTY;
        for segment in segments {
            cell.push(segment.level.into(), segment.ticks);
        }
        cell.movable = u16::from(cell.stored_len).saturating_sub(1);
        Some(cell)
    }

    /// Appends a stored segment; nothing when it has no length or there is no room.
    pub(crate) fn push(&mut self, level: Packed, ticks: u32) {
        let place = usize::from(self.stored_len);
        let slot = self.levels.get_mut(place).zip(self.ticks.get_mut(place));
        if let Some((slot, length)) = slot.filter(|_| ticks > 0) {
            (*slot, *length) = (level, ticks);
            self.stored_len = self.stored_len.saturating_add(1);
        }
    }

    /// Makes the last stored segment longer.
    pub(crate) fn lengthen(&mut self, ticks: u32) {
        let last = usize::from(self.stored_len).checked_sub(1);
        if let Some(length) = last.and_then(|i| self.ticks.get_mut(i)) {
            *length = length.saturating_add(ticks);
        }
    }

    pub(crate) const fn stored_len(&self) -> u8 {
        self.stored_len
    }

    /// Whether two cells with one body, or none, put out the same: their stored segments, how often they are repeated, and how
    /// the body is put out.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let alike = self.stored_len == other.stored_len
            && self.gap_last == other.gap_last
            && self.cycles == other.cycles
            && (self.main, self.main_end) == (other.main, other.main_end)
            && self.body_len == other.body_len
            && (self.body_len == 0 || self.has_body_as(other));
        let len = usize::from(self.stored_len);
        let mut parts = self.levels.iter().zip(&self.ticks).zip(other.levels.iter().zip(&other.ticks));
        alike && len <= STORED_MAX && parts.by_ref().take(len).all(|(one, two)| one == two)
    }

    #[inline(never)]
    fn has_body_as(&self, other: &Self) -> bool {
        (self.split, self.mirrored, self.code, self.zero)
            == (other.split, other.mirrored, other.code, other.zero)
            && (self.step, self.extra) == (other.step, other.extra)
    }

    /// The main phase is more than one segment.
    pub(crate) fn has_several_main(&self) -> bool {
        self.main_end.saturating_sub(self.main) > 1
    }

    /// Segments of one repeat, with the gap after it.
    pub(crate) fn per_cycle(&self) -> u16 {
        let body = if self.mirrored { self.body_len.saturating_mul(2) } else { self.body_len };
        body.saturating_add(u16::from(self.stored_len))
    }

    /// Segments of all repeats.
    #[inline]
    pub(crate) fn total(&self) -> u16 {
        if self.is_plain() {
            return u16::from(self.stored_len);
        }
        if self.cycles == 1 {
            return self.per_cycle().saturating_sub(u16::from(self.gap_last));
        }
        self.per_cycle().saturating_mul(self.cycles).saturating_sub(u16::from(self.gap_last))
    }

    /// One repeat without a body and without a gap after it: its segments are those that are stored.
    #[inline]
    pub(crate) const fn is_plain(&self) -> bool {
        self.cycles == 1 && self.body_len == 0 && !self.gap_last
    }

    /// Repeat, and segment within it, of an edge.
    pub(crate) fn locate(&self, edge: u16) -> (u16, u16) {
        let each = self.per_cycle();
        if self.cycles == 1 || each == 0 {
            return (0, edge);
        }
        (edge.checked_div(each).unwrap_or(0), edge.checked_rem(each).unwrap_or(0))
    }

    /// Level and ticks of a segment of a repeat.
    #[inline]
    pub(crate) fn part(&self, within: u16, body: Body<'_>) -> Option<(Packed, u32)> {
        if self.body_len == 0 { self.stored(within) } else { self.part_of_body(within, body) }
    }

    /// Level and ticks of a stored segment; open for no time past the room there is.
    #[inline]
    pub(crate) fn at(&self, index: usize) -> (Packed, u32) {
        match (self.levels.get(index), self.ticks.get(index)) {
            (Some(&level), Some(&ticks)) => (level, ticks),
            _ => (Packed::OPEN, 0),
        }
    }

    #[inline]
    pub(crate) fn stored(&self, index: u16) -> Option<(Packed, u32)> {
        if index >= u16::from(self.stored_len) {
            return None;
        }
        let index = usize::from(index);
        Some((*self.levels.get(index)?, *self.ticks.get(index)?))
    }

    fn part_of_body(&self, within: u16, body: Body<'_>) -> Option<(Packed, u32)> {
        let Some(after) = within.checked_sub(self.body_len) else {
            return self.step(within, body);
        };
        let split = u16::from(self.split);
        match after.checked_sub(split) {
            Some(image) if self.mirrored => match image.checked_sub(self.body_len) {
                Some(rest) => self.stored(split.saturating_add(rest)),
                None => {
                    let (level, ticks) = self.step(image, body)?;
                    Some((Packed::driven(level.code().saturating_neg()), ticks))
                }
            },
            _ => self.stored(after),
        }
    }

    fn step(&self, index: u16, body: Body<'_>) -> Option<(Packed, u32)> {
        match body {
            Body::None => None,
            Body::Points(points) => {
                let point = points.get(usize::from(index))?;
                let code = scale(self.code, point.fraction);
                Some((if point.fraction == 0 { self.zero } else { Packed::driven(code) }, point.ticks))
            }
            Body::Table(levels) => {
                let level = *levels.get(usize::from(index))?;
                let ticks = self.step.saturating_add(u32::from(index < self.extra));
                Some((Packed::driven(scale(self.code, level)), ticks))
            }
        }
    }

    /// The last segment of a repeat that is not the gap after it.
    pub(crate) fn last_paying(&self) -> u16 {
        self.per_cycle().saturating_sub(1).saturating_sub(u16::from(self.gap_last))
    }

    /// Ticks of one repeat, with the gap after it.
    pub(crate) fn cycle_ticks(&self, body: Body<'_>) -> u64 {
        let parts = (0..self.per_cycle()).map_while(|within| self.part(within, body));
        parts.fold(0, |sum, (_, ticks)| sum.saturating_add(u64::from(ticks)))
    }

    /// The greatest magnitude of the codes that drive one way; 1 when none does.
    pub(crate) fn strongest(&self, sign: i32, body: Body<'_>) -> u32 {
        let code = |within| self.part(within, body).map_or(0, |(level, _)| level.code());
        let all = (0..self.per_cycle()).map(code).filter(|c| c.signum() == sign);
        all.map(i32::unsigned_abs).max().unwrap_or(1)
    }
}

/// `code × fraction`, rounded to nearest, halves away from zero.
pub(crate) fn scale(code: i32, fraction: i16) -> i32 {
    let (whole, part) = (code.unsigned_abs(), u32::from(fraction.unsigned_abs()));
    // in two halves, neither of which is above 2^31 or carries into the other: no product of 64 bits is needed
    let high = (whole >> 16).wrapping_mul(part).min((1 << 30) - 1) << 2;
    let low = (whole & 0xffff).wrapping_mul(part).wrapping_add(8_192) >> 14;
    let magnitude = i32::try_from(high.saturating_add(low)).unwrap_or(i32::MAX);
    if (code < 0) == (fraction < 0) { magnitude } else { magnitude.saturating_neg() }
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::unwrap_used,
    reason = "tests: a panic here is a failed test"
)]
mod tests {
    use super::*;

    /// REQ-CORE-01: full scale is the code itself, and rounding is the same both ways.
    #[test]
    fn scaling() {
        for code in [1, 7, 2_047, 8_388_607] {
            assert_eq!(scale(code, 16_384), code);
            assert_eq!(scale(code, -16_384), -code);
            assert_eq!(scale(-code, 16_384), -code);
            assert_eq!(scale(code, 0), 0);
        }
        assert_eq!((scale(1, 8_192), scale(1, 8_191), scale(-1, 8_192)), (1, 0, -1));
    }

    /// REQ-CORE-01: in halves of 16 bits it is what it is in one product of 64.
    #[test]
    fn scaling_in_halves() {
        let wide = |code: i32, fraction: i16| {
            let product = i64::from(code) * i64::from(fraction);
            let magnitude = i32::try_from((product.abs() + 8_192) >> 14).unwrap_or(i32::MAX);
            if product < 0 { -magnitude } else { magnitude }
        };
        let mut code = 1_u32;
        for step in 0..2_000_u32 {
            code = code.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let edge = (1_i32 << (step % 31)).wrapping_add_unsigned(step % 3).wrapping_sub(1);
            for code in [code.cast_signed() >> (step % 32), edge, edge.wrapping_neg(), i32::MIN, i32::MAX] {
                for fraction in [1, 8_191, 8_192, 16_383, 16_384, i16::MAX, i16::MIN, code as i16] {
                    assert_eq!(scale(code, fraction), wide(code, fraction), "{code} × {fraction}");
                }
            }
        }
    }

    /// REQ-INV-12: repeats, tables and mirror images come in order, and the gap after the last repeat is left out.
    #[test]
    fn order() {
        let mut cell = Cell {
            body_len: 2,
            code: 100,
            step: 5,
            extra: 1,
            mirrored: true,
            cycles: 2,
            gap_last: true,
            ..Cell::EMPTY
        };
        cell.push(Packed::OPEN, 3);
        cell.split = 1;
        cell.push(Packed::OPEN, 9);
        let table = [8_192, 16_384];
        let codes: [i32; 11] = core::array::from_fn(|i| {
            cell.part(cell.locate(i as u16).1, Body::Table(&table)).unwrap().0.code()
        });
        assert_eq!(cell.total(), 11);
        assert_eq!(codes, [50, 100, 0, -50, -100, 0, 50, 100, 0, -50, -100]);
        assert_eq!(cell.cycle_ticks(Body::Table(&table)), 6 + 5 + 3 + 6 + 5 + 9);
        assert_eq!(cell.strongest(-1, Body::Table(&table)), 100);
    }
}
