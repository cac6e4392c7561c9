//! Simulated parts around an output: one-shot, supply, memory, lines, watchdog.

use core::cell::{Cell, RefCell};
use core::convert::Infallible;
use core::fmt;

use nmes_safety::records::{DOSE_BYTES, Slot, SlotWrite};

use crate::enable::Enable;
use crate::sim::{Bench, SimClock};
use crate::store::Store;
use crate::supply::Supply;
use crate::sync_lines::SyncLines;
use crate::watchdog::Watchdog;

/// The one-shot of a [`Bench`], made by [`Bench::with_one_shot`]: the stages are open until it is armed, and open again
/// when its time is over, at that very tick.
#[derive(Clone, Copy, Debug)]
pub struct SimEnable<'b>(pub(super) &'b Bench);

impl Enable for SimEnable<'_> {
    type Error = Infallible;

    /// Rounded up; [`u32::MAX`] on a bench without a one-shot, where a level stands without end.
    fn hold_us(&self) -> u32 {
        self.0.one_shot_us()
    }

    fn rearm(&mut self) -> Result<(), Infallible> {
        self.0.rearm_one_shot();
        Ok(())
    }

    fn release(&mut self) -> Result<(), Infallible> {
        self.0.release_one_shot();
        Ok(())
    }
}

/// A rail that is up a given time after it is charged, and may be made to fail.
#[derive(Clone, Debug)]
pub struct SimSupply<'c> {
    clock: &'c SimClock,
    rise_ticks: u64,
    up_at: Option<u64>,
    broken: &'c Cell<bool>,
}

impl<'c> SimSupply<'c> {
    /// A discharged rail. While `broken` is true it is not up, whatever was done.
    #[must_use]
    pub const fn new(clock: &'c SimClock, rise_ticks: u64, broken: &'c Cell<bool>) -> Self {
        Self { clock, rise_ticks, up_at: None, broken }
    }

    /// Whether it charges, or is charged.
    #[must_use]
    pub const fn is_charging(&self) -> bool {
        self.up_at.is_some()
    }
}

impl Supply for SimSupply<'_> {
    type Error = Infallible;

    fn charge(&mut self) -> Result<(), Infallible> {
        self.up_at.get_or_insert(self.clock.now().saturating_add(self.rise_ticks));
        Ok(())
    }

    fn ready(&mut self) -> Result<bool, Infallible> {
        Ok(!self.broken.get() && self.up_at.is_some_and(|at| at <= self.clock.now()))
    }

    fn discharge(&mut self) -> Result<(), Infallible> {
        self.up_at = None;
        Ok(())
    }
}

/// The supply failed, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerFailed {
    /// Bytes that were written before.
    pub after_bytes: usize,
}

impl fmt::Display for PowerFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the supply failed after {} bytes", self.after_bytes)
    }
}

impl core::error::Error for PowerFailed {}

/// Two slots in memory, erased to all ones; the supply may be made to fail at any byte of a writing, and bits to flip.
///
/// ```
/// use nmes_hal_adapters::{StoreError, load, save, sim::SimStore};
/// use nmes_safety::records::{DoseRecord, Found, OffPermit};
/// let mut store = SimStore::new();
/// store.fail_after(40);
/// let record = DoseRecord::default();
/// assert!(save(&mut store, &Found::Blank, &record, OffPermit::before_any_guard()).is_err());
/// assert!(matches!(load(&mut store), Err(StoreError::Slots(_)))); // a first record is lost, not blank
/// ```
#[derive(Clone, Debug)]
pub struct SimStore {
    slots: [[u8; DOSE_BYTES]; 2],
    fail_after: Option<usize>,
    writings: u32,
}

impl Default for SimStore {
    fn default() -> Self {
        Self::new()
    }
}

impl SimStore {
    /// Both slots blank.
    #[must_use]
    pub const fn new() -> Self {
        Self { slots: [[0xFF; DOSE_BYTES]; 2], fail_after: None, writings: 0 }
    }

    /// Lets the supply fail in the next writing, after so many bytes: the slot has been erased by then, and those bytes
    /// written. [`DOSE_BYTES`] and more fail once everything is written. Later writings succeed.
    pub const fn fail_after(&mut self, bytes: usize) {
        self.fail_after = Some(bytes);
    }

    /// Changes bits of a byte that is stored; nothing where there is no such byte.
    pub fn flip(&mut self, slot: Slot, byte: usize, bits: u8) {
        if let Some(byte) = self.slot(slot).get_mut(byte) {
            *byte ^= bits;
        }
    }

    /// Writings so far, cut ones included.
    #[must_use]
    pub const fn writings(&self) -> u32 {
        self.writings
    }

    const fn slot(&mut self, slot: Slot) -> &mut [u8; DOSE_BYTES] {
        let [a, b] = &mut self.slots;
        match slot {
            Slot::A => a,
            Slot::B => b,
        }
    }
}

impl Store for SimStore {
    type Error = PowerFailed;

    fn read(&mut self, slot: Slot) -> Result<[u8; DOSE_BYTES], PowerFailed> {
        Ok(*self.slot(slot))
    }

    fn write(&mut self, write: &SlotWrite<'_>) -> Result<(), PowerFailed> {
        self.writings = self.writings.saturating_add(1);
        let fails = self.fail_after.take();
        let place = self.slot(write.slot());
        *place = [0xFF; DOSE_BYTES];
        let written = fails.unwrap_or(DOSE_BYTES);
        for (to, from) in place.iter_mut().zip(write.bytes()).take(written) {
            *to = *from;
        }
        fails.map_or(Ok(()), |after_bytes| Err(PowerFailed { after_bytes }))
    }
}

/// What a line did, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEvent {
    /// The marker went high or low.
    Marker {
        /// When.
        at_tick: u64,
        /// To where.
        high: bool,
    },
    /// The gate went high or low.
    Blank {
        /// When.
        at_tick: u64,
        /// To where.
        high: bool,
    },
}

/// Lines whose changes are told to a closure, and a trigger that the host pulls.
#[derive(Debug)]
pub struct SimSync<'c, F: FnMut(LineEvent)> {
    clock: &'c SimClock,
    trigger: &'c Cell<bool>,
    told: RefCell<F>,
}

impl<'c, F: FnMut(LineEvent)> SimSync<'c, F> {
    /// `trigger` is set by the host, and taken back by the answer.
    pub const fn new(clock: &'c SimClock, trigger: &'c Cell<bool>, told: F) -> Self {
        Self { clock, trigger, told: RefCell::new(told) }
    }

    fn tell(&self, event: LineEvent) {
        if let Ok(mut told) = self.told.try_borrow_mut() {
            told(event);
        }
    }
}

impl<F: FnMut(LineEvent)> SyncLines for SimSync<'_, F> {
    type Error = Infallible;

    fn marker(&mut self, high: bool) -> Result<(), Infallible> {
        self.tell(LineEvent::Marker { at_tick: self.clock.now(), high });
        Ok(())
    }

    fn blank(&mut self, high: bool) -> Result<(), Infallible> {
        self.tell(LineEvent::Blank { at_tick: self.clock.now(), high });
        Ok(())
    }

    fn triggered(&mut self) -> Result<bool, Infallible> {
        Ok(self.trigger.take())
    }
}

/// A watchdog on a [`SimClock`]: the host asks whether it has bitten.
#[derive(Clone, Debug)]
pub struct SimWatchdog<'c> {
    clock: &'c SimClock,
    timeout_ticks: u64,
    timeout_us: u32,
    fed_at: &'c Cell<u64>,
    caused_reset: bool,
}

impl<'c> SimWatchdog<'c> {
    /// Fed now. `fed_at` is the tick of the last feed, for the host to look at.
    #[must_use]
    pub fn new(clock: &'c SimClock, timeout_us: u32, ticks_per_second: u32, fed_at: &'c Cell<u64>) -> Self {
        fed_at.set(clock.now());
        let ticks = u64::from(timeout_us).saturating_mul(u64::from(ticks_per_second)) / 1_000_000;
        Self { clock, timeout_ticks: ticks, timeout_us, fed_at, caused_reset: false }
    }

    /// The same after a reset of its own making.
    #[must_use]
    pub const fn after_reset(mut self) -> Self {
        self.caused_reset = true;
        self
    }

    /// Whether the board has been reset by now.
    #[must_use]
    pub fn has_bitten(&self) -> bool {
        self.clock.now().saturating_sub(self.fed_at.get()) > self.timeout_ticks
    }
}

impl Watchdog for SimWatchdog<'_> {
    fn timeout_us(&self) -> u32 {
        self.timeout_us
    }

    fn caused_reset(&self) -> bool {
        self.caused_reset
    }

    /// A board that was reset is not woken by it.
    fn feed(&mut self) {
        if !self.has_bitten() {
            self.fed_at.set(self.clock.now());
        }
    }
}
