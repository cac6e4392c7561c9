//! The RP2040's 64-bit microsecond timer as the clock of the edges.
//!
//! [`EdgeClock`] only writes down when the next edge is due. Whoever calls the stimulator then winds the hardware alarm
//! with [`Alarms::wind`]: ahead of the edge by [`LEAD_US`], so that whatever masks interrupts for less than that delays
//! nothing. The interrupt waits out the rest.

use core::cell::Cell;

use critical_section::Mutex;
use nmes_hal_adapters::{Alarm, Late};
use rp2040_hal::Timer;
use rp2040_hal::fugit::MicrosDurationU32;
use rp2040_hal::timer::{Alarm as _, Alarm0, Alarm1, Instant};

/// How long before an edge its interrupt comes; what masks interrupts has to be shorter.
pub(crate) const LEAD_US: u64 = 500;
/// An alarm is wound at most so far ahead, well inside its 32 bits.
const FAR_US: u64 = 1_000_000;
/// The slow side's interval.
pub(crate) const SLOW_US: u64 = 1_000;

static NEXT_EDGE: Mutex<Cell<Option<u64>>> = Mutex::new(Cell::new(None));

/// When the next edge is due.
pub(crate) fn next_edge() -> Option<u64> {
    critical_section::with(|cs| NEXT_EDGE.borrow(cs).get())
}

fn set_next_edge(at: Option<u64>) {
    critical_section::with(|cs| NEXT_EDGE.borrow(cs).set(at));
}

/// The clock that the stimulator owns.
pub(crate) struct EdgeClock {
    timer: Timer,
}

impl EdgeClock {
    pub(crate) const fn new(timer: Timer) -> Self {
        Self { timer }
    }
}

/// Microseconds since the last reset of the timer.
pub(crate) fn now(timer: &Timer) -> u64 {
    timer.get_counter().ticks()
}

impl Alarm for EdgeClock {
    fn now(&mut self) -> u64 {
        now(&self.timer)
    }

    fn set(&mut self, at_tick: u64) -> Result<(), Late> {
        let now = self.now();
        if at_tick <= now {
            set_next_edge(None);
            return Err(Late { by_ticks: now.saturating_sub(at_tick) });
        }
        set_next_edge(Some(at_tick));
        Ok(())
    }

    fn clear(&mut self) {
        set_next_edge(None);
    }
}

/// The hardware alarms: one for the edges, one for the slow side.
pub(crate) struct Alarms {
    timer: Timer,
    edges: Alarm0,
    slow: Alarm1,
    slow_next: u64,
}

impl Alarms {
    pub(crate) fn new(timer: Timer, edges: Alarm0, slow: Alarm1) -> Self {
        let slow_next = now(&timer).saturating_add(SLOW_US);
        let mut alarms = Self { timer, edges, slow, slow_next };
        alarms.edges.enable_interrupt();
        alarms.slow.enable_interrupt();
        alarms.wind_slow();
        alarms
    }

    pub(crate) fn now(&self) -> u64 {
        now(&self.timer)
    }

    /// Winds the alarm of the edges for the next of them, if there is one.
    pub(crate) fn wind(&mut self) {
        self.edges.clear_interrupt();
        let Some(at) = next_edge() else {
            // cancelling cannot fail
            let _ = self.edges.cancel();
            return;
        };
        let now = self.now();
        let wake = at.saturating_sub(LEAD_US).min(now.saturating_add(FAR_US));
        // a time that has passed is made to come in two microseconds
        let soon = MicrosDurationU32::micros(2);
        if wake <= now.saturating_add(2) || self.edges.schedule_at(Instant::from_ticks(wake)).is_err() {
            let _ = self.edges.schedule(soon);
        }
    }

    /// Takes the slow side's interrupt: the time it was meant for.
    pub(crate) fn slow_due(&mut self) -> Option<u64> {
        self.slow.clear_interrupt();
        let due = self.slow_next;
        if self.now() < due {
            self.wind_slow();
            return None;
        }
        self.slow_next = due.saturating_add(SLOW_US);
        self.wind_slow();
        Some(due)
    }

    fn wind_slow(&mut self) {
        let soon = MicrosDurationU32::micros(2);
        let late = self.slow_next <= self.now().saturating_add(2);
        if late || self.slow.schedule_at(Instant::from_ticks(self.slow_next)).is_err() {
            let _ = self.slow.schedule(soon);
        }
    }
}
