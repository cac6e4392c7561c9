//! Which pulses were taken and did not go out.

use nmes_core::MAX_CHANNELS;

/// The oldest of each channel that is not on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsent {
    oldest: [Option<u32>; MAX_CHANNELS],
    /// A device that repeats was started: from then on it makes its pulses itself.
    started: bool,
}

impl Unsent {
    pub(crate) const NOTHING: Self = Self { oldest: [None; MAX_CHANNELS], started: false };

    /// A pulse was taken.
    pub(crate) fn taken(&mut self, channel: u8, sequence: u32) {
        if let Some(slot) = self.oldest.get_mut(usize::from(channel)).filter(|_| !self.started) {
            slot.get_or_insert(sequence);
        }
    }

    /// A pulse of the channel went out; `next` is the one that waits after it.
    pub(crate) fn sent(&mut self, channel: u8, next: Option<u32>) {
        if let Some(slot) = self.oldest.get_mut(usize::from(channel)) {
            *slot = next;
        }
    }

    /// What the device repeats went out.
    pub(crate) const fn started(&mut self) {
        *self = Self { started: true, ..Self::NOTHING };
    }

    pub(crate) fn of(&self, channel: u8) -> Option<u32> {
        self.oldest.get(usize::from(channel)).copied().flatten()
    }
}
