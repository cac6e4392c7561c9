//! The runner without interrupts: it waits for each edge itself.

use embedded_hal::delay::DelayNs;
use nmes_core::MAX_CHANNELS;

use crate::alarm::{Alarm, Late};
use crate::outcome::Stopped;
use crate::output::Output;
use crate::sense::Sense;
use crate::stimulator::Stimulator;

/// An [`Alarm`] that never interrupts: a counter that is asked. [`Extend`](crate::Extend) makes its 64 bits.
///
/// There is no runner without a counter: a wait tells nothing of the time that everything else took, so edges would be
/// stamped with times they did not have.
#[derive(Clone, Copy, Debug)]
pub struct Polled<C: FnMut() -> u64>(pub C);

impl<C: FnMut() -> u64> Alarm for Polled<C> {
    fn now(&mut self) -> u64 {
        (self.0)()
    }

    fn set(&mut self, at_tick: u64) -> Result<(), Late> {
        let now = self.now();
        now.checked_sub(at_tick).map_or(Ok(()), |by_ticks| Err(Late { by_ticks }))
    }

    fn clear(&mut self) {}
}

/// How a [`Blocking`] runner divides its time; all in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// From one tick of the slow side to the next: 1 to 10 ms.
    pub slow_ticks: u32,
    /// The longest that one tick of the slow side takes, with all that the caller does in it. It is not begun when an
    /// edge is due before it would end.
    pub tick_ticks: u32,
    /// How long before an edge the waiting ends and the counter is watched instead: the most that a delay lasts longer
    /// than it was asked to.
    pub spin_ticks: u32,
}

/// Runs a [`Stimulator`] from one loop: waits for an edge, puts it out, and does the slow side where there is room.
///
/// # Jitter
/// One turn of the loop that watches the counter, and whatever interrupts the program has: no part of it masks them. In
/// return nothing else may take long: edges wait for what the caller does in a tick.
///
/// # Stop bound
/// A stop is asked for in the tick's closure. That is called every [`Pace::slow_ticks`], later by one pulse at most where
/// pulses leave no room, and then acts as [`Stimulator::stop`] says. An emergency stop cuts the enable line by itself.
///
/// # A missed deadline
/// A delay that lasts too long, or a tick that takes longer than [`Pace::tick_ticks`], makes the next edge late. Late by
/// no more than L it is put out and balanced; later, the output opens, after the edge, and the runner answers
/// [`Stopped`]. Until then the level stands: only a one-shot bounds that. A tick that finds no room for twice
/// [`Pace::slow_ticks`] is done all the same, because keep-alive and windows need it; what that delays is judged alike.
#[derive(Debug)]
pub struct Blocking<'a, O: Output, A: Alarm, S: Sense, D: DelayNs, const N: usize = MAX_CHANNELS> {
    stim: Stimulator<'a, O, A, S, N>,
    delay: D,
    pace: Pace,
    ns_per_tick_shifted: u64,
    slow_at: Option<u64>,
}

/// Binary places of a tick's length in nanoseconds.
const SHIFT: u32 = 20;

impl<'a, O: Output, A: Alarm, S: Sense, D: DelayNs, const N: usize> Blocking<'a, O, A, S, D, N> {
    /// Takes an armed stimulator.
    pub fn new(stim: Stimulator<'a, O, A, S, N>, delay: D, pace: Pace) -> Self {
        let rate = u64::from(stim.output().hardware().timing().ticks_per_second);
        // a tick is between 1 ns and 1 ms; rounded down, so a wait is never too long
        let ns_per_tick_shifted = (1_000_000_000_u64 << SHIFT).checked_div(rate).unwrap_or(1 << SHIFT);
        Self { stim, delay, pace, ns_per_tick_shifted, slow_at: None }
    }

    /// The stimulator, to start, stop and ask.
    pub const fn stimulator(&mut self) -> &mut Stimulator<'a, O, A, S, N> {
        &mut self.stim
    }

    /// Runs until the closure says stop: it is called at each tick of the slow side with the stimulator, after
    /// [`Stimulator::on_tick`]; true goes on. There it gives signs of life, commands, and feeds a watchdog. False leaves
    /// with the output as it is: stop first, or drop the runner.
    ///
    /// # Errors
    /// The stimulator has stopped; the output is off.
    pub fn run(
        &mut self,
        mut tick: impl FnMut(&mut Stimulator<'a, O, A, S, N>) -> bool,
    ) -> Result<(), Stopped> {
        loop {
            let now = self.stim.now();
            let slow_at = *self.slow_at.get_or_insert(now);
            let due = self.stim.due();
            if self.is_time_for_tick(now, slow_at, due) {
                self.slow_at = Some(now.saturating_add(u64::from(self.pace.slow_ticks)));
                self.stim.on_tick()?;
                if !tick(&mut self.stim) {
                    return Ok(());
                }
                continue;
            }
            match due {
                Some(due) if due <= now => self.stim.on_alarm()?,
                Some(due) if due < slow_at || now >= slow_at => self.wait(now, due),
                _ => self.wait(now, slow_at),
            }
        }
    }

    fn is_time_for_tick(&self, now: u64, slow_at: u64, due: Option<u64>) -> bool {
        let Some(overdue) = now.checked_sub(slow_at) else { return false };
        let ends = now.saturating_add(u64::from(self.pace.tick_ticks));
        let starved = overdue >= u64::from(self.pace.slow_ticks);
        due.is_none_or(|due| ends < due || (starved && now < due))
    }

    /// Waits for most of it, then watches the counter.
    fn wait(&mut self, now: u64, until: u64) {
        let spin = u64::from(self.pace.spin_ticks);
        let ticks = until.saturating_sub(now).saturating_sub(spin);
        if ticks > 0 {
            // below 2^23 × 2^40; a wait that is cut short is begun again
            let ns = ticks.min(1 << 23).saturating_mul(self.ns_per_tick_shifted) >> SHIFT;
            self.delay.delay_ns(u32::try_from(ns).unwrap_or(u32::MAX));
            return;
        }
        while self.stim.now() < until {
            core::hint::spin_loop();
        }
    }
}
