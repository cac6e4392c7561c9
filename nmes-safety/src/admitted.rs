//! Permission as a value.

use nmes_core::{Change, EdgeWords, FrameKind, Level, PulseFrame};

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
nmes_core::flip_fields!(Put { level, sequence, place });
#[cfg(feature = "fault-injection")]
impl nmes_core::flip::Flip for AdmittedEdge {
    fn flip(&mut self, walk: &mut nmes_core::flip::Walk<'_>) {
        self.put.flip(walk);
    }
}

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
        let (level, last) = frame.edge_word(edge)?;
        Some(AdmittedEdge::new((level, last), sequence, (edge, channel), kind))
    }
}

/// An edge by its words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Put {
    /// The [word](Level::word) of its level.
    pub(crate) level: i32,
    pub(crate) sequence: u32,
    /// Its number, the channel in the third byte, and in the fourth why there is a frame, and whether it ends that: three words
    /// are kept and compared with less work than six fields.
    place: u32,
}

impl Put {
    #[inline]
    const fn new(level: i32, sequence: u32, (number, channel): (u16, u8), bits: u8) -> Self {
        let [low, high] = number.to_le_bytes();
        Self { level, sequence, place: u32::from_le_bytes([low, high, channel, bits]) }
    }

    /// `None` where a channel goes open without a frame.
    #[inline]
    pub(crate) fn of(change: &Change) -> Option<Self> {
        let words = EdgeWords::of(change)?;
        Some(Self::new(words.level, words.sequence, (words.edge, words.channel), 0))
    }

    #[inline]
    pub(crate) const fn channel(&self) -> u8 {
        let [_, _, channel, _] = self.place.to_le_bytes();
        channel
    }

    /// Its place in the frame.
    #[inline]
    pub(crate) const fn number(&self) -> u16 {
        let [low, high, ..] = self.place.to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    #[inline]
    const fn bits(&self) -> u8 {
        let [.., bits] = self.place.to_le_bytes();
        bits
    }
}

/// One level change that the guard has admitted, as part of a whole frame.
///
/// ```compile_fail,E0451
/// use nmes_safety::AdmittedEdge;
/// fn forged(admitted: &AdmittedEdge) -> AdmittedEdge {
///     AdmittedEdge { put: admitted.put }
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AdmittedEdge {
    put: Put,
}

/// Bits of the fourth byte of a place.
const TRIM: u8 = 1;
const RECOVER: u8 = 2;
const KINDS: u8 = 3;
const LAST: u8 = 1 << 2;

impl core::fmt::Debug for AdmittedEdge {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AdmittedEdge")
            .field("level", &self.level())
            .field("sequence", &self.sequence())
            .field("number", &self.number())
            .field("channel", &self.channel())
            .field("kind", &self.kind())
            .field("last", &self.is_last())
            .finish()
    }
}

impl AdmittedEdge {
    #[inline]
    const fn new((level, last): (i32, bool), sequence: u32, place: (u16, u8), kind: FrameKind) -> Self {
        let kind = match kind {
            FrameKind::Pulse => 0,
            FrameKind::Trim => TRIM,
            FrameKind::Recover => RECOVER,
        };
        let bits = kind | if last { LAST } else { 0 };
        Self { put: Put::new(level, sequence, place, bits) }
    }

    /// The channel.
    #[must_use]
    pub const fn channel(&self) -> u8 {
        self.put.channel()
    }

    /// The level it goes to.
    #[must_use]
    pub const fn level(&self) -> Level {
        Level::of_word(self.put.level)
    }

    #[inline]
    pub(crate) const fn put(&self) -> &Put {
        &self.put
    }

    /// Whether it is what an engine says that is due.
    #[inline]
    #[must_use]
    pub fn is_of(&self, due: &EdgeWords) -> bool {
        let put = &self.put;
        put.sequence == due.sequence
            && put.level == due.level
            && (put.number(), put.channel()) == (due.edge, due.channel)
    }

    /// Number of its frame.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        self.put.sequence
    }

    /// Its place in the frame; 0 is the onset.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.put.number()
    }

    /// Whether it ends the frame.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.put.bits() & LAST != 0
    }

    /// Why the frame exists: a pulse, or a repayment.
    #[must_use]
    pub const fn kind(&self) -> FrameKind {
        match self.put.bits() & KINDS {
            0 => FrameKind::Pulse,
            TRIM => FrameKind::Trim,
            _ => FrameKind::Recover,
        }
    }

    /// What the channel does with it, as [`Engine::step`](nmes_core::Engine::step) says it and
    /// [`Guard::edge`](crate::Guard::edge) takes it.
    #[inline]
    #[must_use]
    pub const fn change(&self) -> Change {
        Change {
            channel: self.channel(),
            sequence: self.sequence(),
            edge: Some(self.number()),
            level: self.level(),
        }
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
        // each word turned another way, so that one bit of one is one bit of the sum
        let Put { level, sequence, place } = self.put;
        level.cast_unsigned() ^ sequence.rotate_left(11) ^ place.rotate_left(23)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    const NONE: Put = Put { level: 0, sequence: 0, place: 0 };
    const ALL: Put = Put { level: -1, sequence: u32::MAX, place: u32::MAX };

    /// REQ-HAL-251: any one flipped bit of an edge is one bit of its word, whatever the others are.
    #[test]
    fn each_bit_is_a_bit_of_the_word() {
        for put in [NONE, ALL] {
            let edge = AdmittedEdge { put };
            for bit in 0..u32::BITS {
                let one = 1_u32 << bit;
                for other in [
                    Put { level: put.level ^ one.cast_signed(), ..put },
                    Put { sequence: put.sequence ^ one, ..put },
                    Put { place: put.place ^ one, ..put },
                ] {
                    let other = AdmittedEdge { put: other };
                    assert_eq!((edge.word() ^ other.word()).count_ones(), 1, "{edge:?} and {other:?}");
                }
            }
        }
        // a driven zero, nothing connected, and electrodes connected to each other are told apart
        let [zero, open, shorted] = [Level::Code(0), Level::Open, Level::Shorted]
            .map(|level| AdmittedEdge::new((level.word(), false), 0, (0, 0), FrameKind::Pulse).word());
        assert!(zero != open && zero != shorted && open != shorted);
    }

    /// REQ-HAL-251: printed, an edge has what it says under its name, not the words it is packed in.
    #[test]
    fn an_edge_prints_what_it_says() {
        let edge = AdmittedEdge::new((Level::Code(-7).word(), true), 9, (2, 1), FrameKind::Trim);
        let printed =
            "AdmittedEdge { level: Code(-7), sequence: 9, number: 2, channel: 1, kind: Trim, last: true }";
        assert_eq!(std::format!("{edge:?}"), printed);
    }

    /// REQ-HAL-251: an edge says what it was made of, at both ends of each range.
    #[test]
    fn an_edge_says_what_it_was_made_of() {
        for level in [
            Level::Open,
            Level::Shorted,
            Level::Code(i32::MIN + 1),
            Level::Code(0),
            Level::Code(i32::MAX - 1),
        ] {
            for kind in [FrameKind::Pulse, FrameKind::Trim, FrameKind::Recover] {
                for (last, sequence, number, channel) in
                    [(false, 0, 0, 0), (true, u32::MAX, u16::MAX, u8::MAX), (false, 1, 0x102, 3)]
                {
                    let edge = AdmittedEdge::new((level.word(), last), sequence, (number, channel), kind);
                    assert_eq!((edge.level(), edge.is_last(), edge.kind()), (level, last, kind));
                    assert_eq!((edge.sequence(), edge.number(), edge.channel()), (sequence, number, channel));
                    assert_eq!(edge.change(), Change { channel, sequence, edge: Some(number), level });
                }
            }
        }
    }
}
