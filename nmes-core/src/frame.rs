//! One whole pulse: levels and lengths, as codes and ticks.

use crate::hardware::{ChannelHardware, Rest};
use crate::units::Charge;

/// The most segments a frame has.
pub const MAX_SEGMENTS: usize = 6;

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
/// `i < len` starts segment `i`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PulseFrame {
    pub(crate) channel: u8,
    pub(crate) kind: FrameKind,
    pub(crate) sequence: u32,
    pub(crate) onset_tick: u64,
    pub(crate) segments: [Segment; MAX_SEGMENTS],
    pub(crate) len: u8,
    pub(crate) rest: Level,
}

impl PulseFrame {
    pub(crate) const EMPTY: Self = Self {
        channel: 0,
        kind: FrameKind::Pulse,
        sequence: 0,
        onset_tick: 0,
        segments: [Segment { level: Level::Open, ticks: 0 }; MAX_SEGMENTS],
        len: 0,
        rest: Level::Open,
    };

    /// A frame from its parts. The guard looks at every frame whoever made it, so this checks only the form.
    /// `None` without segments, with more than [`MAX_SEGMENTS`], or with a segment of no length.
    #[must_use]
    pub fn from_parts(
        channel: u8,
        kind: FrameKind,
        sequence: u32,
        onset_tick: u64,
        segments: &[Segment],
        rest: Level,
    ) -> Option<Self> {
        let len = u8::try_from(segments.len()).ok().filter(|&n| n > 0 && usize::from(n) <= MAX_SEGMENTS)?;
        if segments.iter().any(|s| s.ticks == 0) {
            return None;
        }
        let mut table = [Segment::default(); MAX_SEGMENTS];
        for (slot, segment) in table.iter_mut().zip(segments) {
            *slot = *segment;
        }
        Some(Self { channel, kind, sequence, onset_tick, segments: table, len, rest })
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

    /// The segments in order.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        self.segments.get(..usize::from(self.len)).unwrap_or(&[])
    }

    /// What the output does after the last edge.
    #[must_use]
    pub const fn rest(&self) -> Level {
        self.rest
    }

    /// How many edges there are: one more than segments.
    #[must_use]
    pub const fn edge_count(&self) -> u8 {
        self.len.saturating_add(1)
    }

    /// The level an edge goes to; `None` past the last edge.
    #[must_use]
    pub fn edge_level(&self, edge: u8) -> Option<Level> {
        if edge == self.len {
            Some(self.rest)
        } else {
            self.segments().get(usize::from(edge)).map(|s| s.level)
        }
    }

    /// The tick an edge stands at on the absolute grid; `None` past the last edge.
    #[must_use]
    pub fn edge_tick(&self, edge: u8) -> Option<u64> {
        if edge > self.len {
            return None;
        }
        let mut before = self.segments().iter().take(usize::from(edge));
        before.try_fold(self.onset_tick, |tick, s| tick.checked_add(u64::from(s.ticks)))
    }

    /// The sum of current × time over the frame, in calibrated nanoampere-ticks; `None` on overflow.
    #[must_use]
    pub fn net_charge(&self, channel: &ChannelHardware) -> Option<Charge> {
        self.segments().iter().try_fold(Charge::ZERO, |sum, s| {
            sum.checked_add(Charge::of(s.level.current_na(channel), u64::from(s.ticks))?)
        })
    }

    /// Ticks from the first to the last edge.
    #[must_use]
    pub fn length_ticks(&self) -> u64 {
        self.segments().iter().fold(0, |sum, s| sum.saturating_add(u64::from(s.ticks)))
    }

    /// The largest current of the frame, as a magnitude in nanoamperes.
    #[must_use]
    pub fn peak_na(&self, channel: &ChannelHardware) -> u64 {
        self.segments().iter().map(|s| s.level.current_na(channel).unsigned_abs()).max().unwrap_or(0)
    }
}
