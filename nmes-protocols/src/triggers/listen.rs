//! What every machine does with time: it never goes back.

use nmes_core::Millis;

/// The last time that a machine was told.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Listen {
    last_us: u64,
}

impl Listen {
    /// The time that counts: the latest one told so far.
    pub(crate) const fn hear(&mut self, now_us: u64) -> u64 {
        if now_us > self.last_us {
            self.last_us = now_us;
        }
        self.last_us
    }

    pub(crate) const fn last_us(&self) -> u64 {
        self.last_us
    }
}

/// In microseconds.
pub(crate) fn us(time: Millis) -> u64 {
    u64::from(time.as_millis()).saturating_mul(1_000)
}
