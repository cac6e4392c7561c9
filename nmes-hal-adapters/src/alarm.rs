//! A monotonic clock with one alarm.

use core::fmt;

/// A 64-bit monotonic clock that counts the ticks of the hardware, and one alarm on it.
///
/// # For driver authors
/// The clock never goes backwards, never wraps, and runs at
/// [`ticks_per_second`](nmes_core::HardwareTiming::ticks_per_second); [`Extend`] makes one from a timer of up to 32
/// bits. Calls come from the interrupt that runs the edges, and from `on_tick` with that interrupt masked.
///
/// # Limitations
/// If the interrupt comes late, the edge is late. The time stamp taken after the edge says by how much; later than
/// the hardware declares is a fault.
pub trait Alarm {
    /// The present tick.
    fn now(&mut self) -> u64;

    /// Calls for the interrupt at `at_tick`, in place of any alarm set before.
    ///
    /// For driver authors: a time that is now, past, or too near to be sure of must not wait for the counter to
    /// come round again. Either make the interrupt pend at once and return `Ok`, or return [`Late`] and set
    /// nothing. A time beyond the timer's range wakes early: an early call of
    /// [`Stimulator::on_alarm`](crate::Stimulator::on_alarm) does nothing but set the alarm again.
    ///
    /// # Errors
    /// [`Late`]: the time has passed, and no alarm is set. The caller runs the step now.
    fn set(&mut self, at_tick: u64) -> Result<(), Late>;

    /// Takes the alarm back. An interrupt that already pends may still come.
    fn clear(&mut self);

    /// Whether its time may stand still while whoever moves it on is late. Never for a timer in hardware. Not for an output
    /// that [repeats](crate::Output::repeats) by itself: that one goes on meanwhile.
    fn waits(&self) -> bool {
        false
    }

    /// By how much it was not looked after in time, once that was too much: the session is then over, by the next call of
    /// its runner. Never for a timer in hardware: there the stamp of an edge says it.
    fn overdue(&self) -> Option<Late> {
        None
    }
}

impl<A: Alarm + ?Sized> Alarm for &mut A {
    fn now(&mut self) -> u64 {
        (**self).now()
    }

    fn set(&mut self, at_tick: u64) -> Result<(), Late> {
        (**self).set(at_tick)
    }

    fn clear(&mut self) {
        (**self).clear();
    }

    fn waits(&self) -> bool {
        (**self).waits()
    }

    fn overdue(&self) -> Option<Late> {
        (**self).overdue()
    }
}

/// An alarm was set for a time that has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// By how many ticks; 0 when the time is now.
    pub by_ticks: u64,
}

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the alarm's time passed {} ticks ago", self.by_ticks)
    }
}

impl core::error::Error for Late {}

/// Makes a 64-bit monotonic tick of a counter that wraps after `BITS` bits (8 to 32).
///
/// Call [`Extend::extend`] at least twice in each wrap (from `on_tick`, say) and from one context only, or with
/// interrupts masked around *read counter and extend*.
///
/// # Limitations
/// If a whole wrap goes by unseen, the clock loses that wrap. A reading older than the one before it looks like
/// nearly a whole wrap forward: the next edge is then far too late, which is a fault and opens the output. Both
/// errors are in how it is called, and the second is on the safe side.
///
/// ```
/// use nmes_hal_adapters::Extend16;
/// let mut clock = Extend16::new(0xFFF0);
/// assert_eq!(clock.extend(0xFFFF), 15);
/// assert_eq!(clock.extend(0x0003), 19);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extend<const BITS: u32> {
    ticks: u64,
    last: u32,
}

/// [`Extend`] for a 32-bit counter.
pub type Extend32 = Extend<32>;
/// [`Extend`] for a 16-bit counter.
pub type Extend16 = Extend<16>;

impl<const BITS: u32> Extend<BITS> {
    pub(crate) const MASK: u32 = {
        assert!(BITS >= 8 && BITS <= 32, "a counter has 8 to 32 bits");
        u32::MAX >> (32_u32.saturating_sub(BITS))
    };

    /// Tick 0 is when the counter reads `raw`.
    #[must_use]
    pub const fn new(raw: u32) -> Self {
        Self { ticks: 0, last: raw & Self::MASK }
    }

    /// The tick at which the counter reads `raw`; bits above `BITS` are ignored.
    pub const fn extend(&mut self, raw: u32) -> u64 {
        let passed = raw.wrapping_sub(self.last) & Self::MASK;
        self.last = raw & Self::MASK;
        // 2^64 ticks of 1 ns are 584 years
        self.ticks = self.ticks.saturating_add(widen(passed));
        self.ticks
    }

    /// What the counter reads at a tick that is less than a wrap after the last [`Extend::extend`].
    pub(crate) const fn raw_of(&self, tick: u64) -> u32 {
        let ahead = tick.wrapping_sub(self.ticks) & widen(Self::MASK);
        self.last.wrapping_add(low(ahead)) & Self::MASK
    }

    /// As if it had counted up to here.
    #[cfg(test)]
    pub(crate) const fn assume(&mut self, ticks: u64, raw: u32) {
        self.ticks = ticks;
        self.last = raw;
    }
}

#[expect(clippy::as_conversions, reason = "u64::from is not const; widening loses nothing")]
const fn widen(raw: u32) -> u64 {
    raw as u64
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "it was masked to 32 bits")]
const fn low(ticks: u64) -> u32 {
    ticks as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// REQ-HAL-001: a wrapping counter becomes a 64-bit clock over many wraps of 2^32.
    #[test]
    fn extends_a_32_bit_counter_over_many_wraps() {
        let start: u64 = 0xFFFF_FF00;
        let mut clock = Extend32::new(u32::try_from(start).unwrap());
        // a step just below a whole wrap, one of half a wrap, and one of a single tick
        for step in [0xFFFF_FFFF_u64, 0x8000_0000, 1] {
            let mut clock = clock;
            let mut tick = 0_u64;
            for _ in 0..70_000 {
                tick += step;
                let raw = u32::try_from((start + tick) & 0xFFFF_FFFF).unwrap();
                assert_eq!(clock.extend(raw), tick);
            }
            assert!(step == 1 || tick >> 32 > 30_000);
        }
        assert_eq!(clock.extend(0), 0x100);
    }

    /// REQ-HAL-001: the same at 16 bits, for every start and several steps, and with rubbish above the counter.
    #[test]
    fn extends_a_16_bit_counter_from_every_start() {
        for start in 0..=0xFFFF_u32 {
            let mut clock = Extend16::new(start);
            let mut tick = 0_u64;
            for step in [0xFFFF_u32, 1, 0x7FFF, 0] {
                tick += u64::from(step);
                let raw = u32::try_from((u64::from(start) + tick) & 0xFFFF).unwrap();
                assert_eq!(clock.extend(raw | 0xABCD_0000), tick);
            }
        }
    }

    /// REQ-HAL-001: what a missed wrap and a stale reading do is as documented.
    #[test]
    fn a_missed_wrap_is_lost_and_a_stale_reading_jumps_forward() {
        let mut clock = Extend16::new(0);
        assert_eq!(clock.extend(10), 10); // 65,546 in truth
        assert_eq!(clock.extend(9), 10 + 0xFFFF);
    }
}
