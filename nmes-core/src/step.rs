//! What comes next, of all channels that take part in it.

use crate::agenda::{Due, lowest};
use crate::channel::ChannelState;
use crate::engine::Change;

/// An edge of a frame by its words, which are compared with less work than a [`Change`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeWords {
    /// The channel.
    pub channel: u8,
    /// Which edge of the frame.
    pub edge: u16,
    /// Number of the frame.
    pub sequence: u32,
    /// The [word](crate::Level::word) of the level the channel goes to.
    pub level: i32,
}

impl EdgeWords {
    /// `None` where a channel goes open without a frame.
    #[inline]
    #[must_use]
    pub fn of(change: &Change) -> Option<Self> {
        let Change { channel, sequence, edge, level } = *change;
        edge.map(|edge| Self { channel, edge, sequence, level: level.word() })
    }
}

/// The changes of one instant.
#[derive(Clone, Copy, Debug)]
pub struct Step<'e> {
    pub(crate) due: &'e Due,
    pub(crate) channels: &'e [ChannelState],
}

impl Step<'_> {
    /// The instant, in ticks.
    #[must_use]
    pub const fn at_tick(&self) -> u64 {
        self.due.at
    }

    /// The only change, where one channel alone takes part and has an edge of a frame.
    #[inline]
    #[must_use]
    pub fn only(&self) -> Option<EdgeWords> {
        let number = self.due.first;
        if !self.due.is_alone {
            return None;
        }
        self.channels.get(usize::from(number)).and_then(|state| state.edge_words(number))
    }

    /// The changes; none at a silent onset, where [`Engine::applied`](crate::Engine::applied) is all there is to do.
    pub fn changes(&self) -> impl Iterator<Item = Change> {
        let mut left = self.due.channels;
        core::iter::from_fn(move || {
            while left != 0 {
                let number = lowest(left);
                left &= left.wrapping_sub(1);
                let change = self.channels.get(usize::from(number)).and_then(|state| state.change(number));
                if change.is_some() {
                    return change;
                }
            }
            None
        })
    }
}
