//! When each channel is due, and who takes part in the next step.

use crate::channel::ChannelState;
use crate::hardware::MAX_CHANNELS;

/// An instant, and a bit for each channel that takes part in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    pub(crate) at: u64,
    pub(crate) channels: u8,
}

impl Due {
    const NEVER: Self = Self { at: u64::MAX, channels: 0 };
}

/// The times of all channels, looked at only when one of them changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agenda {
    times: [u64; MAX_CHANNELS],
    count: usize,
    has_latch: bool,
    pub(crate) due: Due,
    /// A bit for each channel that has a frame that waits for admission.
    pub(crate) waiting: u8,
    /// When the first of the channels is due that take no part in the next step.
    others: u64,
}

#[cfg(feature = "fault-injection")]
crate::flip_fields!(Agenda { times, count, has_latch, due, waiting, others });

impl Agenda {
    /// Of so many channels, none of which is due.
    pub(crate) const fn new(count: usize, has_latch: bool) -> Self {
        let (times, due) = ([u64::MAX; MAX_CHANNELS], Due::NEVER);
        Self { times, count, has_latch, due, waiting: 0, others: u64::MAX }
    }

    /// Nothing is due any more.
    pub(crate) const fn clear(&mut self) {
        self.due = Due::NEVER;
        self.waiting = 0;
    }

    /// Takes down when a channel is due, and whether it has a frame that waits.
    #[inline]
    pub(crate) fn note(&mut self, index: u8, state: &ChannelState) {
        if let Some(time) = self.times.get_mut(usize::from(index)) {
            *time = state.due();
        }
        let bit = 1_u8.wrapping_shl(u32::from(index));
        self.waiting = if state.waits() { self.waiting | bit } else { self.waiting & !bit };
    }

    /// A channel that took no part in the next step has a time now: most often after it.
    #[inline]
    pub(crate) fn joins(&mut self, index: u8, state: &ChannelState) {
        self.note(index, state);
        let at = state.due();
        if at > self.due.at && self.due.channels & 1_u8.wrapping_shl(u32::from(index)) == 0 {
            self.others = self.others.min(at);
        } else {
            self.settle();
        }
    }

    /// The only channel of the present step is due next at `at`.
    #[inline]
    pub(crate) fn goes_on(&mut self, index: u8, at: u64) {
        if let Some(time) = self.times.get_mut(usize::from(index)) {
            *time = at;
        }
        if at < self.others {
            self.due.at = at;
        } else {
            self.settle();
        }
    }

    /// The next instant and who takes part in it: one pass over the times. Without a latch it is one channel at a time.
    pub(crate) fn settle(&mut self) {
        let mut due = Due::NEVER;
        let mut others = u64::MAX;
        let mut bit = 1_u8;
        for &at in self.times.iter().take(self.count) {
            if at < due.at {
                others = due.at;
                due = Due { at, channels: bit };
            } else if at == due.at && at != u64::MAX {
                due.channels |= bit;
            } else {
                others = others.min(at);
            }
            bit = bit.wrapping_shl(1);
        }
        if !self.has_latch && !due.channels.is_power_of_two() {
            // the lowest bit alone
            due.channels &= due.channels.wrapping_neg();
            others = due.at;
        }
        (self.due, self.others) = (due, others);
    }
}

/// The number of the lowest bit that is set.
#[inline]
pub(crate) fn lowest(bits: u8) -> u8 {
    u8::try_from(bits.trailing_zeros()).unwrap_or(0)
}
