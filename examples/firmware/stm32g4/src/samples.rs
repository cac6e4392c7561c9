//! The ring of samples that DMA plays.

use core::sync::atomic::{AtomicU16, Ordering, fence};

use crate::session::{HALF, RING};

/// Samples as twelve bits of two's complement, which is what the converter is set to. Atomics, because DMA is another hand on
/// them, which goes round in them whatever the program does.
#[derive(Debug)]
pub struct Samples([AtomicU16; RING]);

impl Samples {
    /// Zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self([const { AtomicU16::new(0) }; RING])
    }

    /// For the address of DMA, and to look at.
    #[must_use]
    pub const fn items(&self) -> &[AtomicU16; RING] {
        &self.0
    }

    /// Writes a half.
    pub fn put(&self, place: u8, samples: &[i16; HALF]) {
        let half = self.0.iter().skip(if place == 0 { 0 } else { HALF }).take(HALF);
        for (&sample, item) in samples.iter().zip(half) {
            item.store(sample.cast_unsigned() & 0x0FFF, Ordering::Relaxed);
        }
        fence(Ordering::Release);
    }

    /// No current in either half, the one that is being played too.
    pub fn silence(&self) {
        self.0.iter().for_each(|item| item.store(0, Ordering::Relaxed));
        fence(Ordering::Release);
    }
}

impl Default for Samples {
    fn default() -> Self {
        Self::new()
    }
}
