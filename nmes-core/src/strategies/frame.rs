//! A frame taken down when it was offered: its segments in a list, and what follows from them, worked out plainly.

use crate::*;
use std::prelude::v1::*;

/// One frame as a list of segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The channel.
    pub channel: u8,
    /// Why it exists.
    pub kind: FrameKind,
    /// Its number on the channel.
    pub sequence: u32,
    /// The tick of its first edge.
    pub onset: u64,
    /// Every segment, repeats written out.
    pub list: Vec<Segment>,
    /// What follows the last edge.
    pub rest: Level,
    /// Segments of one repeat, with the gap after it.
    pub each: u16,
    /// How often the pulse is repeated.
    pub cycles: u16,
    /// The first segment of the main phase.
    pub main: u16,
}

impl Frame {
    /// Takes a frame down, and checks that its own answers are those of the list.
    ///
    /// # Panics
    /// When they are not.
    #[must_use]
    pub fn of(frame: &PulseFrame<'_>) -> Self {
        let list: Vec<_> = frame.segments().collect();
        let (channel, kind, sequence) = (frame.channel(), frame.kind(), frame.sequence());
        let (onset, each, cycles) =
            (frame.onset_tick(), frame.cycle_segments().count() as u16, frame.cycles());
        let own = Self {
            channel,
            kind,
            sequence,
            onset,
            list,
            rest: frame.rest(),
            each,
            cycles,
            main: frame.main_segment(),
        };
        assert_eq!(frame.edge_count(), own.edge_count());
        // every edge of a short frame, some of a long one
        let step = usize::from(own.edge_count() / 32 + 1);
        for edge in (0..=own.edge_count()).step_by(step).chain([own.edge_count() - 1]) {
            assert_eq!(frame.edge_tick(edge), own.edge_tick(edge), "edge {edge} of {own:?}");
            let level = own.edge_level(edge);
            assert_eq!(frame.edge_level(edge), level, "edge {edge} of {own:?}");
            let last = edge + 1 == own.edge_count();
            let word = level.map(|level| (level.word(), last));
            assert_eq!(frame.edge_word(edge), word, "edge {edge} of {own:?}");
            let part = own.list.get(usize::from(edge)).map(|s| (s.level.word(), s.ticks));
            assert_eq!(frame.segment_word(edge), part, "segment {edge} of {own:?}");
        }
        assert_eq!(frame.length_ticks(), own.list.iter().map(|s| u64::from(s.ticks)).sum::<u64>());
        own
    }

    /// Whether an edge ends the balancing part of a repeat: the one that is re-timed.
    #[must_use]
    pub fn is_retimed(&self, edge: u16) -> bool {
        let gap = u16::from(self.cycles > 1 && self.segment_count() < self.each * self.cycles);
        edge == self.segment_count() || (edge + gap).is_multiple_of(self.each)
    }

    /// How many segments there are.
    #[must_use]
    pub fn segment_count(&self) -> u16 {
        u16::try_from(self.list.len()).unwrap()
    }

    /// The channel.
    #[must_use]
    pub fn channel(&self) -> u8 {
        self.channel
    }

    /// Why it exists.
    #[must_use]
    pub fn kind(&self) -> FrameKind {
        self.kind
    }

    /// Its number on the channel.
    #[must_use]
    pub fn sequence(&self) -> u32 {
        self.sequence
    }

    /// The tick of its first edge.
    #[must_use]
    pub fn onset_tick(&self) -> u64 {
        self.onset
    }

    /// The segments in order.
    pub fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        self.list.iter().copied()
    }

    /// One segment.
    #[must_use]
    pub fn segment(&self, index: u16) -> Option<Segment> {
        self.list.get(usize::from(index)).copied()
    }

    /// What follows the last edge.
    #[must_use]
    pub fn rest(&self) -> Level {
        self.rest
    }

    /// One more than segments.
    #[must_use]
    pub fn edge_count(&self) -> u16 {
        u16::try_from(self.list.len()).unwrap() + 1
    }

    /// The level an edge goes to.
    #[must_use]
    pub fn edge_level(&self, edge: u16) -> Option<Level> {
        let past = usize::from(edge).checked_sub(self.list.len());
        if past == Some(0) { Some(self.rest) } else { self.segment(edge).map(|s| s.level) }
    }

    /// The tick an edge stands at.
    #[must_use]
    pub fn edge_tick(&self, edge: u16) -> Option<u64> {
        let before = self.list.get(..usize::from(edge))?;
        Some(self.onset + before.iter().map(|s| u64::from(s.ticks)).sum::<u64>())
    }

    /// The sum of current × time, from every segment.
    #[must_use]
    pub fn net_charge(&self, channel: &ChannelHardware) -> Option<Charge> {
        let charge = |s: &Segment| i128::from(s.level.current_na(channel)) * i128::from(s.ticks);
        i64::try_from(self.list.iter().map(charge).sum::<i128>()).ok().map(Charge::from_nanoamp_ticks)
    }

    /// The largest current, as a magnitude.
    #[must_use]
    pub fn peak_na(&self, channel: &ChannelHardware) -> u64 {
        self.list.iter().map(|s| s.level.current_na(channel).unsigned_abs()).max().unwrap_or(0)
    }
}
