//! Where the samples of a block go.

use core::marker::PhantomData;

use super::Sample;
use crate::hardware::MAX_CHANNELS;

/// Memory for one block of all channels.
pub(super) trait Sink<S> {
    /// Holds a code on a channel from one sample up to another. Each sample is held once, in order.
    fn hold(&mut self, channel: usize, from: usize, to: usize, code: S);

    /// Everything to zero.
    fn clear(&mut self);
}

/// One slice a channel.
pub(super) struct Planar<'b, S, B> {
    channels: &'b mut [B],
    sample: PhantomData<S>,
}

impl<'b, S, B> Planar<'b, S, B> {
    pub(super) const fn new(channels: &'b mut [B]) -> Self {
        Self { channels, sample: PhantomData }
    }
}

impl<S: Sample, B: AsMut<[S]>> Sink<S> for Planar<'_, S, B> {
    #[inline]
    fn hold(&mut self, channel: usize, from: usize, to: usize, code: S) {
        if let Some(run) = self.channels.get_mut(channel).and_then(|c| c.as_mut().get_mut(from..to)) {
            fill(run, code);
        }
    }

    fn clear(&mut self) {
        for channel in self.channels.iter_mut() {
            fill(channel.as_mut(), S::ZERO);
        }
    }
}

/// All channels of a sample side by side. It begins cleared, and only what is not zero is written after that.
pub(super) struct Interleaved<'b, S> {
    buffer: &'b mut [S],
    channels: usize,
}

impl<'b, S: Sample> Interleaved<'b, S> {
    pub(super) fn new(buffer: &'b mut [S], channels: usize) -> Self {
        fill(buffer, S::ZERO);
        Self { buffer, channels }
    }
}

impl<S: Sample> Sink<S> for Interleaved<'_, S> {
    #[inline]
    fn hold(&mut self, channel: usize, from: usize, to: usize, code: S) {
        if code == S::ZERO {
            return;
        }
        let mut place = from.saturating_mul(self.channels).saturating_add(channel);
        for _ in from..to {
            if let Some(sample) = self.buffer.get_mut(place) {
                *sample = code;
            }
            place = place.saturating_add(self.channels);
        }
    }

    fn clear(&mut self) {
        fill(self.buffer, S::ZERO);
    }
}

/// Zero is named, so that it can be a `memset`.
#[inline]
fn fill<S: Sample>(run: &mut [S], code: S) {
    if code == S::ZERO { run.fill(S::ZERO) } else { run.fill(code) }
}

/// A block that is being filled: the level of each channel, and from which sample on it is still to be written.
pub(super) struct Block<S, K> {
    sink: K,
    begin: u64,
    samples: usize,
    held: [(usize, S); MAX_CHANNELS],
}

impl<S: Sample, K: Sink<S>> Block<S, K> {
    pub(super) const fn new(sink: K, begin: u64, samples: usize) -> Self {
        Self { sink, begin, samples, held: [(0, S::ZERO); MAX_CHANNELS] }
    }

    /// The channel goes to `code` at `tick`.
    #[inline]
    pub(super) fn go_to(&mut self, channel: u8, tick: u64, code: S) {
        let to = self.place(tick);
        let channel = usize::from(channel);
        if let Some((from, held)) = self.held.get_mut(channel).filter(|(_, held)| *held != code) {
            self.sink.hold(channel, *from, to, *held);
            (*from, *held) = (to, code);
        }
    }

    /// Every channel goes to zero at `tick`.
    pub(super) fn silence(&mut self, tick: u64) {
        for channel in (0_u8..).take(MAX_CHANNELS) {
            self.go_to(channel, tick, S::ZERO);
        }
    }

    /// Writes what is still to be written.
    pub(super) fn finish(mut self) {
        for (channel, (from, code)) in self.held.into_iter().enumerate() {
            self.sink.hold(channel, from, self.samples, code);
        }
    }

    #[inline]
    fn place(&self, tick: u64) -> usize {
        usize::try_from(tick.saturating_sub(self.begin)).map_or(self.samples, |place| place.min(self.samples))
    }
}
