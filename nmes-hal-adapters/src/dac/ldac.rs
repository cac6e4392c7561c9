//! The latch pin of a converter, held low for as long as the part wants.

use embedded_hal::digital::OutputPin;

/// A cycle of the processor that the counts of writes are reckoned for, 250 MHz: no write to a pin is shorter.
const CYCLE_NS: u16 = 4;

/// How many writes to a pin take so many nanoseconds at least.
pub(super) const fn writes_for(ns: u16) -> u16 {
    ns.div_ceil(CYCLE_NS)
}

/// An LDAC pin: high at rest, low for a pulse of a number of writes.
#[derive(Debug)]
pub(super) struct Ldac<P> {
    pin: P,
    writes: u16,
}

impl<P: OutputPin> Ldac<P> {
    pub(super) const fn new(pin: P, writes: u16) -> Self {
        Self { pin, writes }
    }

    /// At least one.
    pub(super) fn hold(&mut self, writes: u16) {
        self.writes = writes.max(1);
    }

    pub(super) fn idle(&mut self) -> Result<(), P::Error> {
        self.pin.set_high()
    }

    /// Low, low again until the pulse is long enough, and high, whatever failed before it. What going low came to, and high.
    pub(super) fn pulse(&mut self) -> [Result<(), P::Error>; 2] {
        let mut low = Ok(());
        for _ in 0..self.writes {
            low = low.and(self.pin.set_low());
        }
        [low, self.pin.set_high()]
    }
}
