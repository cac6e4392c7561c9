//! One whole pulse: levels and lengths, as codes and ticks.

use crate::cell::{Body, Cell, Packed};
use crate::hardware::{ChannelHardware, Rest};
use crate::units::Charge;

/// The most segments that a frame made by [`PulseFrame::from_parts`] has. A frame of a plan may have more: its repeats
/// and tables are not stored.
///
/// The most that is stored of a repeat: outer phase, dead step and gap, main phase, dead step and gap, two balancing
/// levels, and the gap to the next repeat.
pub const MAX_SEGMENTS: usize = 9;

/// What an output does from one edge to the next. Off is not zero: see [`Rest`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Level {
    /// Nothing connected.
    #[default]
    Open,
    /// Electrodes connected to each other.
    Shorted,
    /// The source drives this code; 0 is a driven zero.
    Code(i32),
}

impl Level {
    /// It in one word, which is kept and compared with less work: the code, or one of two values that no hardware has as a code.
    ///
    /// ```
    /// use nmes_core::Level;
    /// for level in [Level::Open, Level::Shorted, Level::Code(-1), Level::Code(0)] {
    ///     assert_eq!(Level::of_word(level.word()), level);
    /// }
    /// ```
    #[inline]
    #[must_use]
    pub const fn word(self) -> i32 {
        match self {
            Self::Open => Packed::OPEN.word(),
            Self::Shorted => Packed::SHORTED.word(),
            Self::Code(code) => code,
        }
    }

    /// The level of a [word](Self::word).
    #[inline]
    #[must_use]
    pub const fn of_word(word: i32) -> Self {
        if word == Packed::OPEN.word() {
            Self::Open
        } else if word == Packed::SHORTED.word() {
            Self::Shorted
        } else {
            Self::Code(word)
        }
    }

    /// The calibrated current in nanoamperes; 0 when the output is open or shorted.
    #[must_use]
    pub fn current_na(self, channel: &ChannelHardware) -> i64 {
        match self {
            Self::Open | Self::Shorted => 0,
            Self::Code(code) => channel.current_na(code),
        }
    }
}

impl From<Rest> for Level {
    fn from(rest: Rest) -> Self {
        match rest {
            Rest::Open => Self::Open,
            Rest::Shorted => Self::Shorted,
            Rest::DrivenZero => Self::Code(0),
        }
    }
}

/// A level held for a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Segment {
    /// What the output does.
    pub level: Level,
    /// For how many ticks.
    pub ticks: u32,
}

/// Why a frame exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum FrameKind {
    /// A pulse of the session.
    #[default]
    Pulse,
    /// A small repayment at the end of a train, or ahead of a much weaker pulse.
    Trim,
    /// The repayment of a pulse that was cut by [`crate::StopPolicy::RecoverNow`].
    Recover,
}

/// One whole pulse of one channel: admitted once, then put out edge by edge. Nothing below this rounds.
///
/// A frame has an edge at its onset, one after each segment, and the last edge goes to `rest`. Edge `i` for
/// `i < len` starts segment `i`. The tables of a custom pulse are those of the session and the plan: a frame holds a
/// reference to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct PulseFrame<'a> {
    // in this order, as the fields of `Cell` are
    pub(crate) channel: u8,
    pub(crate) kind: FrameKind,
    pub(crate) sequence: u32,
    pub(crate) onset_tick: u64,
    pub(crate) rest: Packed,
    pub(crate) cell: Cell,
    pub(crate) body: Body<'a>,
}

impl<'a> PulseFrame<'a> {
    pub(crate) const EMPTY: Self = Self {
        channel: 0,
        kind: FrameKind::Pulse,
        sequence: 0,
        onset_tick: 0,
        rest: Packed::OPEN,
        cell: Cell::EMPTY,
        body: Body::None,
    };

    /// A frame from its parts. The guard looks at every frame whoever made it, so this checks only the form.
    /// `None` without segments, with more than [`MAX_SEGMENTS`], with a segment of no length, or with a code of `i32::MIN` or
    /// `i32::MAX`, which no hardware has (codes have at most 24 bits).
    #[must_use]
    pub fn from_parts(
        channel: u8,
        kind: FrameKind,
        sequence: u32,
        onset_tick: u64,
        segments: &[Segment],
        rest: Level,
    ) -> Option<Self> {
        let cell = Cell::of(segments).filter(|_| Packed::holds(rest))?;
        Some(Self { channel, kind, sequence, onset_tick, rest: rest.into(), cell, body: Body::None })
    }

    /// The channel.
    #[must_use]
    pub const fn channel(&self) -> u8 {
        self.channel
    }

    /// Why the frame exists.
    #[must_use]
    pub const fn kind(&self) -> FrameKind {
        self.kind
    }

    /// Number of the frame on its channel. It rises with every frame that is made, also with one that is withdrawn.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        self.sequence
    }

    /// The tick of the first edge.
    #[must_use]
    pub const fn onset_tick(&self) -> u64 {
        self.onset_tick
    }

    /// The same frame at another time.
    #[must_use]
    pub const fn starting_at(mut self, onset_tick: u64) -> Self {
        self.onset_tick = onset_tick;
        self
    }

    /// Gives the frame another number and another time.
    pub const fn move_to(&mut self, sequence: u32, onset_tick: u64) {
        self.sequence = sequence;
        self.onset_tick = onset_tick;
    }

    /// Whether another frame is this one again, at whatever time and under whatever number: as many segments, each of the
    /// same level and length, and the same rest. Points or a table, which no frame stores, have to be those at the same place
    /// in memory, of the same set code; what stands there is not looked at.
    /// Work: a comparison for each stored segment.
    #[must_use]
    pub fn is_repeated_by(&self, other: &Self) -> bool {
        let alike = (self.channel, self.kind, self.rest) == (other.channel, other.kind, other.rest);
        alike && self.body.is_at(other.body) && self.cell.is_same(&other.cell)
    }

    /// Whether each level stands in the frame itself, and none in points or a table.
    #[inline]
    #[must_use]
    pub const fn is_stored(&self) -> bool {
        matches!(self.body, Body::None)
    }

    /// How often the pulse is repeated in the frame.
    #[must_use]
    pub const fn cycles(&self) -> u16 {
        self.cell.cycles
    }

    /// How many segments there are.
    #[must_use]
    pub fn segment_count(&self) -> u16 {
        self.cell.total()
    }

    /// One segment; `None` past the last.
    #[inline]
    #[must_use]
    pub fn segment(&self, index: u16) -> Option<Segment> {
        if self.cell.is_plain() {
            let (level, ticks) = self.cell.stored(index)?;
            return Some(Segment { level: level.into(), ticks });
        }
        self.segment_of_any(index)
    }

    /// The [word](Level::word) of the level that an edge goes to, and whether it is the last; `None` past that.
    #[inline]
    #[must_use]
    pub fn edge_word(&self, edge: u16) -> Option<(i32, bool)> {
        if !self.cell.is_plain() {
            return self.edge_word_of_any(edge);
        }
        if edge == u16::from(self.cell.stored_len()) {
            return Some((self.rest.word(), true));
        }
        self.cell.stored(edge).map(|(level, _)| (level.word(), false))
    }

    /// The [word](Level::word) of the level of a segment, and its ticks; `None` past the last.
    #[inline]
    #[must_use]
    pub fn segment_word(&self, index: u16) -> Option<(i32, u32)> {
        if self.cell.is_plain() {
            return self.cell.stored(index).map(|(level, ticks)| (level.word(), ticks));
        }
        self.segment_of_any(index).map(|segment| (segment.level.word(), segment.ticks))
    }

    #[inline(never)]
    fn edge_word_of_any(&self, edge: u16) -> Option<(i32, bool)> {
        let last = edge == self.cell.total();
        let level = if last { self.rest() } else { self.segment(edge)?.level };
        Some((level.word(), last))
    }

    #[inline(never)]
    fn segment_of_any(&self, index: u16) -> Option<Segment> {
        if index >= self.cell.total() {
            return None;
        }
        let (_, within) = self.cell.locate(index);
        let (level, ticks) = self.cell.part(within, self.body)?;
        Some(Segment { level: level.into(), ticks })
    }

    /// The segments in order.
    #[must_use]
    pub fn segments(&self) -> Segments<'_> {
        Segments { cell: &self.cell, body: self.body, within: 0, left: self.cell.total() }
    }

    /// The segments of the first of the repeats, with the gap after it.
    #[must_use]
    pub fn cycle_segments(&self) -> Segments<'_> {
        let left = self.cell.total().min(self.cell.per_cycle());
        Segments { cell: &self.cell, body: self.body, within: 0, left }
    }

    /// The first segments, as far as the main phase: none before it in a biphasic pulse.
    #[must_use]
    pub const fn main_segment(&self) -> u16 {
        self.cell.main
    }

    /// What the output does after the last edge.
    #[must_use]
    pub fn rest(&self) -> Level {
        self.rest.into()
    }

    /// How many edges there are: one more than segments.
    #[must_use]
    pub fn edge_count(&self) -> u16 {
        self.cell.total().saturating_add(1)
    }

    /// The level an edge goes to; `None` past the last edge.
    #[must_use]
    pub fn edge_level(&self, edge: u16) -> Option<Level> {
        if edge == self.cell.total() { Some(self.rest()) } else { self.segment(edge).map(|s| s.level) }
    }

    /// The tick an edge stands at on the absolute grid; `None` past the last edge.
    #[must_use]
    pub fn edge_tick(&self, edge: u16) -> Option<u64> {
        if edge > self.cell.total() {
            return None;
        }
        let (cycle, within) = self.cell.locate(edge);
        let cycles = u64::from(cycle).checked_mul(self.cell.cycle_ticks(self.body))?;
        let part = Segments { cell: &self.cell, body: self.body, within: 0, left: within };
        let before = part.fold(cycles, |sum, s| sum.saturating_add(u64::from(s.ticks)));
        self.onset_tick.checked_add(before)
    }

    /// The sum of current × time over the frame, in calibrated nanoampere-ticks; `None` on overflow.
    #[must_use]
    pub fn net_charge(&self, channel: &ChannelHardware) -> Option<Charge> {
        self.segments().try_fold(Charge::ZERO, |sum, s| {
            sum.checked_add(Charge::of(s.level.current_na(channel), u64::from(s.ticks))?)
        })
    }

    /// Ticks from the first to the last edge.
    #[must_use]
    pub fn length_ticks(&self) -> u64 {
        self.segments().fold(0, |sum, s| sum.saturating_add(u64::from(s.ticks)))
    }

    /// The largest current of the frame, as a magnitude in nanoamperes.
    #[must_use]
    pub fn peak_na(&self, channel: &ChannelHardware) -> u64 {
        self.cycle_segments().map(|s| s.level.current_na(channel).unsigned_abs()).max().unwrap_or(0)
    }
}

/// The segments of a frame, in order.
#[derive(Clone, Debug)]
pub struct Segments<'f> {
    cell: &'f Cell,
    body: Body<'f>,
    within: u16,
    left: u16,
}

impl Iterator for Segments<'_> {
    type Item = Segment;

    fn next(&mut self) -> Option<Segment> {
        self.left = self.left.checked_sub(1)?;
        let (level, ticks) = self.cell.part(self.within, self.body)?;
        self.within = self.within.saturating_add(1);
        if self.within >= self.cell.per_cycle() {
            self.within = 0;
        }
        Some(Segment { level: level.into(), ticks })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.left);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Segments<'_> {}
