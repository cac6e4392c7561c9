//! Permission as a value.

use nmes_core::{FrameKind, Level, PulseFrame};

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
nmes_core::flip_fields!(AdmittedEdge { level, number, channel, kind, last });

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
    #[must_use]
    pub fn edge(&self, edge: u16) -> Option<AdmittedEdge> {
        let frame = &self.frame;
        let (channel, kind) = (frame.channel(), frame.kind());
        let last = edge == frame.segment_count();
        let level = if last { frame.rest() } else { frame.segment(edge)?.level };
        Some(AdmittedEdge { level, number: edge, channel, kind, last })
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
}
