//! Permission as a value.

use nmes_core::{Change, FrameKind, Level, PulseFrame};

/// A frame that the guard has looked at. Only [`Guard::admit`](crate::Guard::admit) makes one; an output takes
/// nothing else.
///
/// It cannot be made outside this crate:
///
/// ```compile_fail,E0451
/// use nmes_safety::Admitted;
/// let frame = nmes_core::PulseFrame::default();
/// let forged = Admitted { frame };
/// ```
///
/// nor changed:
///
/// ```compile_fail,E0616
/// fn tamper(mut admitted: nmes_safety::Admitted<'static>, frame: nmes_core::PulseFrame<'static>) {
///     admitted.frame = frame;
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted<'a> {
    frame: PulseFrame<'a>,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Admitted<'_> { frame });
#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(AdmittedEdge { level, sequence, number, channel, kind, last });

impl<'a> Admitted<'a> {
    pub(crate) const fn new(frame: PulseFrame<'a>) -> Self {
        Self { frame }
    }

    /// The same pulse again, under another number and at another time.
    pub(crate) const fn move_to(&mut self, again: &PulseFrame<'a>) {
        self.frame.move_to(again.sequence(), again.onset_tick());
    }

    /// The frame.
    #[must_use]
    pub const fn frame(&self) -> &PulseFrame<'a> {
        &self.frame
    }

    /// One edge of the frame, for [`Output::apply`]; `None` past the last edge, which goes to rest.
    ///
    /// ```
    /// fn last(admitted: &nmes_safety::Admitted<'_>) -> Option<nmes_safety::AdmittedEdge> {
    ///     let count = admitted.frame().edge_count();
    ///     assert!(admitted.edge(count).is_none());
    ///     admitted.edge(count - 1)
    /// }
    /// ```
    ///
    /// [`Output::apply`]: https://docs.rs/nmes-hal-adapters
    #[inline]
    #[must_use]
    pub fn edge(&self, edge: u16) -> Option<AdmittedEdge> {
        let frame = &self.frame;
        let (channel, kind, sequence) = (frame.channel(), frame.kind(), frame.sequence());
        let last = edge == frame.segment_count();
        let level = if last { frame.rest() } else { frame.segment(edge)?.level };
        Some(AdmittedEdge { level, sequence, number: edge, channel, kind, last })
    }
}

/// One level change that the guard has admitted, as part of a whole frame.
///
/// ```compile_fail,E0451
/// use nmes_safety::AdmittedEdge;
/// let forged = AdmittedEdge { channel: 0, level: nmes_core::Level::Code(4_095) };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmittedEdge {
    level: Level,
    sequence: u32,
    number: u16,
    channel: u8,
    kind: FrameKind,
    last: bool,
}

impl AdmittedEdge {
    /// The channel.
    #[must_use]
    pub const fn channel(&self) -> u8 {
        self.channel
    }

    /// The level it goes to.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Number of its frame.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Its place in the frame; 0 is the onset.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }

    /// Whether it ends the frame.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.last
    }

    /// Why the frame exists: a pulse, or a repayment.
    #[must_use]
    pub const fn kind(&self) -> FrameKind {
        self.kind
    }

    /// What the channel does with it, as [`Engine::step`](nmes_core::Engine::step) says it and
    /// [`Guard::edge`](crate::Guard::edge) takes it.
    #[inline]
    #[must_use]
    pub const fn change(&self) -> Change {
        let Self { channel, sequence, number, level, .. } = *self;
        Change { channel, sequence, edge: Some(number), level }
    }

    /// All of it in one word, for whoever keeps it a while: any one flipped bit of it gives another word.
    ///
    /// ```
    /// fn differ(admitted: &nmes_safety::Admitted<'_>) -> bool {
    ///     admitted.edge(0).map(|edge| edge.word()) != admitted.edge(1).map(|edge| edge.word())
    /// }
    /// ```
    #[inline]
    #[must_use]
    pub const fn word(&self) -> u32 {
        let Self { level, sequence, number, channel, kind, last } = *self;
        let (tag, code) = match level {
            Level::Open => (0, 0),
            Level::Shorted => (1, 0),
            Level::Code(code) => (2, code.cast_unsigned()),
        };
        let kind = match kind {
            FrameKind::Pulse => 0,
            FrameKind::Trim => 1,
            FrameKind::Recover => 2,
        };
        let [low, high] = number.to_le_bytes();
        let place = u32::from_le_bytes([low, high, channel, 0]);
        let ways = u32::from_le_bytes([tag, kind, if last { 1 } else { 0 }, 0]);
        // each word turned another way, so that one bit of one is one bit of the sum
        code ^ sequence.rotate_left(11) ^ place.rotate_left(23) ^ ways.rotate_left(17)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: AdmittedEdge = AdmittedEdge {
        level: Level::Code(0),
        sequence: 0,
        number: 0,
        channel: 0,
        kind: FrameKind::Pulse,
        last: false,
    };
    const ALL: AdmittedEdge = AdmittedEdge {
        level: Level::Code(-1),
        sequence: u32::MAX,
        number: u16::MAX,
        channel: u8::MAX,
        kind: FrameKind::Pulse,
        last: true,
    };

    /// REQ-HAL-251: any one flipped bit of an edge is one bit of its word, whatever the others are.
    #[test]
    fn each_bit_is_a_bit_of_the_word() {
        for (edge, code) in [(NONE, 0), (ALL, -1)] {
            let is_a_bit = |other: AdmittedEdge| {
                assert_eq!((edge.word() ^ other.word()).count_ones(), 1, "{edge:?} and {other:?}");
            };
            for bit in 0..u32::BITS {
                is_a_bit(AdmittedEdge { level: Level::Code(code ^ (1 << bit)), ..edge });
                is_a_bit(AdmittedEdge { sequence: edge.sequence ^ (1 << bit), ..edge });
            }
            for bit in 0..u16::BITS {
                is_a_bit(AdmittedEdge { number: edge.number ^ (1 << bit), ..edge });
            }
            for bit in 0..u8::BITS {
                is_a_bit(AdmittedEdge { channel: edge.channel ^ (1 << bit), ..edge });
            }
            is_a_bit(AdmittedEdge { last: !edge.last, ..edge });
            for kind in [FrameKind::Trim, FrameKind::Recover] {
                is_a_bit(AdmittedEdge { kind, ..edge });
            }
        }
        // a driven zero, nothing connected, and electrodes connected to each other are told apart
        let [zero, open, shorted] = [Level::Code(0), Level::Open, Level::Shorted].map(|level| {
            let edge = AdmittedEdge { level, ..NONE };
            edge.word()
        });
        assert!(zero != open && zero != shorted && open != shorted);
    }
}
