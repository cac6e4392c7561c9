//! When each channel is due, and who takes part in the next step.

use crate::channel::ChannelState;

/// An instant, and a bit for each channel that takes part in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    pub(crate) at: u64,
    pub(crate) channels: u8,
    /// The lowest of them.
    pub(crate) first: u8,
    /// It is the only one, and due no sooner than the last step was put out.
    pub(crate) is_alone: bool,
}

impl Due {
    const NEVER: Self = Self { at: u64::MAX, channels: 0, first: 0, is_alone: false };
}

/// In what order the channels are due, looked at only when one of them changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agenda {
    pub(crate) due: Due,
    /// When the first of the channels is due that take no part in the next step.
    others: u64,
    /// When the last step was put out.
    pub(crate) last_tick: u64,
    /// The channels that are due some time, four bits each: the soonest lowest, of those due together the lower number.
    order: u32,
    /// How many they are, and a bit for each.
    listed: u8,
    bits: u8,
    has_latch: bool,
    /// A bit for each channel that has a frame that waits for admission.
    pub(crate) waiting: u8,
}

#[cfg(feature = "fault-injection")]
crate::flip_fields!(Agenda { due, others, last_tick, order, listed, bits, has_latch, waiting });

impl Agenda {
    /// Of channels none of which is due.
    pub(crate) const fn new(has_latch: bool) -> Self {
        let (due, others) = (Due::NEVER, u64::MAX);
        Self { due, others, last_tick: 0, order: 0, listed: 0, bits: 0, has_latch, waiting: 0 }
    }

    /// Nothing is due any more.
    pub(crate) const fn clear(&mut self) {
        self.due = Due::NEVER;
        self.waiting = 0;
    }

    /// Looks at every channel.
    pub(crate) fn refresh(&mut self, channels: &[ChannelState]) {
        (self.order, self.listed, self.bits) = (0, 0, 0);
        for state in channels {
            self.note(state, channels);
        }
        self.settle(channels);
    }

    /// Takes down that a channel changed: when it is due, and whether it has a frame that waits. [`Agenda::settle`] has
    /// to follow.
    pub(crate) fn note(&mut self, state: &ChannelState, channels: &[ChannelState]) {
        let bit = bit_of(state.frame.channel);
        self.waiting = if state.waits() { self.waiting | bit } else { self.waiting & !bit };
        self.list(state.frame.channel, state.due(), channels);
    }

    /// The channel in a place of the order, and when it is due; `u64::MAX` after the last.
    #[inline]
    fn place(&self, place: u8, channels: &[ChannelState]) -> (u8, u64) {
        let index = u8::try_from(self.order.wrapping_shr(u32::from(place).wrapping_mul(4)) & 7).unwrap_or(0);
        if place >= self.listed {
            return (index, u64::MAX);
        }
        (index, channels.get(usize::from(index)).map_or(u64::MAX, |state| state.at))
    }

    /// Puts a channel where it belongs by its time, seen from the front; `u64::MAX` takes it out.
    fn list(&mut self, index: u8, at: u64, channels: &[ChannelState]) {
        let bit = bit_of(index);
        if self.bits & bit != 0 {
            let mut place = 0;
            while place < self.listed && self.place(place, channels).0 != index {
                place = place.wrapping_add(1);
            }
            let ahead = self.order & ahead_of(place);
            self.order = ahead | ((self.order >> 4) & !ahead_of(place));
            self.listed = self.listed.wrapping_sub(1);
            self.bits &= !bit;
        }
        if at == u64::MAX {
            return;
        }
        let mut place = 0;
        while place < self.listed {
            let (other, then) = self.place(place, channels);
            if (then, other) > (at, index) {
                break;
            }
            place = place.wrapping_add(1);
        }
        let behind = (self.order & !ahead_of(place)) << 4;
        self.order = (self.order & ahead_of(place)) | own_at(place, index) | behind;
        self.listed = self.listed.wrapping_add(1);
        self.bits |= bit;
    }

    /// The frame of a channel was accepted, the only one it had, and is due at `at`: most often after all others.
    #[inline]
    pub(crate) fn joins(&mut self, index: u8, at: u64, channels: &[ChannelState]) {
        let bit = bit_of(index);
        self.waiting &= !bit;
        let last = self.place(self.listed.wrapping_sub(1), channels).1;
        if last < at && self.listed > 1 && self.bits & bit == 0 {
            self.order |= own_at(self.listed, index);
            self.listed = self.listed.wrapping_add(1);
            self.bits |= bit;
            return;
        }
        self.list(index, at, channels);
        self.settle(channels);
    }

    /// The only channel of the step that was put out at `t` is due next at `at`.
    #[inline]
    pub(crate) fn goes_on(&mut self, index: u8, t: u64, at: u64, channels: &[ChannelState]) {
        self.last_tick = t;
        if at < self.others {
            self.due.at = at;
        } else {
            self.list(index, at, channels);
            self.settle(channels);
        }
    }

    /// The only channel of the step that was put out at `t` has a frame that waits.
    #[inline]
    pub(crate) fn leaves(&mut self, index: u8, t: u64, channels: &[ChannelState]) {
        self.last_tick = t;
        self.waiting |= bit_of(index);
        self.bits &= !bit_of(index);
        self.order >>= 4;
        self.listed = self.listed.wrapping_sub(1);
        let (_, third) = self.place(1, channels);
        if third == self.others {
            // two at once, or none
            return self.settle(channels);
        }
        let first = u8::try_from(self.order & 7).unwrap_or(0);
        self.due = Due { at: self.others, channels: bit_of(first), first, is_alone: self.others >= t };
        self.others = third;
    }

    /// The only channel of the step that was put out at `t` changed.
    #[inline]
    pub(crate) fn follows(&mut self, state: &ChannelState, t: u64, channels: &[ChannelState]) {
        let (index, at, waits) = (state.frame.channel, state.due(), state.waits());
        if waits && at == u64::MAX {
            self.leaves(index, t, channels);
        } else if waits || at == u64::MAX {
            self.note(state, channels);
            self.settle(channels);
        } else {
            self.waiting &= !bit_of(index);
            self.goes_on(index, t, at, channels);
        }
    }

    /// The next instant and who takes part in it. Without a latch it is one channel at a time.
    pub(crate) fn settle(&mut self, channels: &[ChannelState]) {
        let (first, at) = self.place(0, channels);
        let mut bits = if self.listed == 0 { 0 } else { bit_of(first) };
        let mut place = 1;
        let mut next = self.place(place, channels);
        while self.has_latch && next.1 == at && place < self.listed {
            bits |= bit_of(next.0);
            place = place.wrapping_add(1);
            next = self.place(place, channels);
        }
        let is_alone = place == 1 && self.listed > 0 && at >= self.last_tick;
        self.due = Due { at, channels: bits, first, is_alone };
        self.others = next.1;
    }
}

#[inline]
fn bit_of(index: u8) -> u8 {
    1_u8.wrapping_shl(u32::from(index))
}

/// A channel in a place of the order, 0 to 7.
#[inline]
fn own_at(place: u8, index: u8) -> u32 {
    u32::from(index).wrapping_shl(u32::from(place).wrapping_mul(4))
}

/// The places of the order ahead of one.
#[inline]
fn ahead_of(place: u8) -> u32 {
    own_at(place, 1).wrapping_sub(1)
}

/// The number of the lowest bit that is set.
#[inline]
pub(crate) fn lowest(bits: u8) -> u8 {
    u8::try_from(bits.trailing_zeros()).unwrap_or(0)
}
