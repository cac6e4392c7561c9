//! The shape of a pulse as the device takes it: up to 16 points of width and current.

use crate::wire::{DecodeError, Field, Fields, Grid, Limit, Refusal, Writer};

use super::framing::Wire;

/// What a P24 or RehaMove3 does exactly, as far as its vendor says.
///
/// The period is that of the mid level in half milliseconds; multiples of 250 µs up to 8,191,500 µs are possible
/// too ([`Train::new`](super::Train::new) takes both). A width below 10 µs would become 10 µs, so it is refused.
pub const GRID: Grid = Grid {
    channels: 8,
    current_step_ua: 500,
    current_max_ua: 130_000,
    width_step_us: 1,
    width_least_us: 10,
    width_most_us: 4_095,
    period_step_us: 500,
    period_least_us: 500,
    period_most_us: 16_383_000,
    source: "STD-S26",
};

/// The most points of a pulse.
pub const POINTS_MAX: usize = 16;

/// A current held for a width.
///
/// ```
/// use nmes_hal_adapters::sciencemode4::Point;
/// let point = Point::new(200, -20_000).unwrap();
/// assert_eq!((point.width_us(), point.current_ua()), (200, -20_000));
/// assert!(Point::new(9, 0).is_err()); // the device would make 10 µs of it
/// assert!(Point::new(200, 130_500).is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    width_us: u16,
    half_ma: i16,
}

impl Point {
    /// A current of −130,000 to 130,000 µA in steps of 500 for 10 to 4,095 µs.
    ///
    /// # Errors
    /// Off the grid; nothing is rounded.
    pub fn new(width_us: u16, current_ua: i32) -> Result<Self, Refusal> {
        GRID.width(width_us)?;
        let most = i64::from(GRID.current_max_ua);
        let range = (most.saturating_neg(), most);
        let steps = GRID.check(Field::Current, i64::from(current_ua), GRID.current_step_ua, range)?;
        Ok(Self { width_us, half_ma: i16::try_from(steps).unwrap_or_default() })
    }

    /// Width, µs.
    #[must_use]
    pub const fn width_us(self) -> u16 {
        self.width_us
    }

    /// Current, µA.
    #[must_use]
    pub fn current_ua(self) -> i32 {
        i32::from(self.half_ma).saturating_mul(500)
    }

    /// Twelve bits of width, ten of current in half milliamperes above −150 mA, two of interpolation (none), eight of
    /// nothing.
    fn word(self) -> u32 {
        let code = u32::try_from(self.half_ma.saturating_add(300)).unwrap_or_default();
        (u32::from(self.width_us) << 20) | (code << 10)
    }

    fn from_word(word: u32) -> Result<Self, DecodeError> {
        if word & 0x3FF != 0 {
            return Err(DecodeError::Value { field: "interpolation", value: word & 0x3FF });
        }
        let width = u16::try_from(word >> 20).unwrap_or_default();
        let code = i32::try_from((word >> 10) & 0x3FF).unwrap_or_default();
        Ok(Self::new(width, code.saturating_sub(300).saturating_mul(500))?)
    }
}

/// One to 16 points, one after another.
///
/// ```
/// use nmes_hal_adapters::sciencemode4::{Point, Points};
/// let point = |us, ua| Point::new(us, ua).unwrap();
/// let pulse = Points::new(&[point(200, 20_000), point(100, 0), point(200, -20_000)]).unwrap();
/// assert_eq!((pulse.net_nc(), pulse.width_us()), (0, 500));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Points {
    points: [Point; POINTS_MAX],
    count: u8,
}

impl Points {
    /// The points in order.
    ///
    /// # Errors
    /// None, or more than 16.
    pub fn new(points: &[Point]) -> Result<Self, Refusal> {
        let count = i64::try_from(points.len()).unwrap_or(i64::MAX);
        GRID.check(Field::Points, count, 1, (1, 16))?;
        let mut own = [Point::default(); POINTS_MAX];
        for (slot, point) in own.iter_mut().zip(points) {
            *slot = *point;
        }
        Ok(Self { points: own, count: u8::try_from(count).unwrap_or(1) })
    }

    /// A phase, a gap of zero current if there is one, and the phase turned over.
    ///
    /// # Errors
    /// Off the grid.
    pub fn symmetric(width_us: u16, gap_us: u16, current_ua: i32) -> Result<Self, Refusal> {
        let first = Point::new(width_us, current_ua)?;
        let last = Point::new(width_us, current_ua.saturating_neg())?;
        if gap_us == 0 {
            Self::new(&[first, last])
        } else {
            Self::new(&[first, Point::new(gap_us, 0)?, last])
        }
    }

    /// The points.
    #[must_use]
    pub fn as_slice(&self) -> &[Point] {
        self.points.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// From the first edge to the last, µs: at most 65,520.
    #[must_use]
    pub fn width_us(&self) -> u32 {
        self.as_slice().iter().fold(0, |sum, point| u32::from(point.width_us).saturating_add(sum))
    }

    /// The charge that one pulse leaves, nC, rounded away from zero: 0 exactly when it is balanced.
    #[must_use]
    pub fn net_nc(&self) -> i64 {
        let half_pc = self.as_slice().iter().fold(0_i64, |sum, point| {
            let charge = i64::from(point.half_ma).saturating_mul(i64::from(point.width_us));
            sum.saturating_add(charge)
        });
        // half a milliampere for a microsecond is half a nanocoulomb
        half_pc.saturating_add(half_pc.signum()).checked_div(2).unwrap_or_default()
    }

    /// Refuses a pulse that leaves charge.
    pub(super) fn balanced(&self) -> Result<(), Refusal> {
        match self.net_nc() {
            0 => Ok(()),
            value => Err(Refusal { field: Field::Net, value, limit: Limit::AtMost(0), source: "ours" }),
        }
    }

    /// The count less one, as the wire has it.
    pub(super) const fn count_code(&self) -> u8 {
        self.count.saturating_sub(1)
    }

    pub(super) fn put(&self, writer: &mut Writer<'_, Wire>) {
        for point in self.as_slice() {
            writer.put_all(&point.word().to_be_bytes());
        }
    }

    pub(super) fn take(fields: &mut Fields<'_>, count_code: u8) -> Result<Self, DecodeError> {
        let mut own = [Point::default(); POINTS_MAX];
        let count = count_code.saturating_add(1);
        for slot in own.iter_mut().take(usize::from(count)) {
            *slot = Point::from_word(u32::from_be_bytes(fields.array()?))?;
        }
        Ok(Self { points: own, count })
    }
}
