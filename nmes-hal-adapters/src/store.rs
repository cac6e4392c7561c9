//! Where a device keeps its record of doses: two slots, written only while off.

use core::fmt;

use nmes_safety::records::{
    DOSE_BYTES, DoseRecord, Found, Kept, OffPermit, Slot, SlotError, SlotWrite, anew_writes, choose,
    first_write, next_write,
};

/// Two places of [`DOSE_BYTES`] bytes each, that outlast power.
///
/// # For driver authors
/// The slots never share a page, a sector or whatever else is erased at once: a writing that is cut may spoil the
/// slot it was for, and nothing else. `write` returns when the bytes are in the memory, not when they were handed over; it
/// may wait, as milliseconds of flash or EEPROM are allowed to pass while the output is off. Nothing is kept back for
/// later, and nothing is written anywhere else.
///
/// # For callers
/// A [`SlotWrite`] is the proof that the output is off: only an [`OffPermit`] makes one, and while it lives the
/// guard cannot be armed. Use [`load`], [`save`] and [`begin_anew`], which choose the slot and read back.
pub trait Store {
    /// What can go wrong.
    type Error: fmt::Debug;

    /// Reads a slot; one never written reads as all ones or all zeros.
    ///
    /// # Errors
    /// The memory did not answer.
    fn read(&mut self, slot: Slot) -> Result<[u8; DOSE_BYTES], Self::Error>;

    /// Writes the bytes into their slot.
    ///
    /// # Errors
    /// The memory did not take them. The slot may hold anything; the other one holds what it held.
    fn write(&mut self, write: &SlotWrite<'_>) -> Result<(), Self::Error>;
}

impl<T: Store + ?Sized> Store for &mut T {
    type Error = T::Error;

    fn read(&mut self, slot: Slot) -> Result<[u8; DOSE_BYTES], T::Error> {
        (**self).read(slot)
    }

    fn write(&mut self, write: &SlotWrite<'_>) -> Result<(), T::Error> {
        (**self).write(write)
    }
}

/// Why a record was not read or not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError<E> {
    /// The memory failed.
    Memory(E),
    /// What the slots hold cannot be relied on.
    Slots(SlotError),
    /// The slots do not hold what was found any more: somebody else saved since, so a record made from it would undo theirs.
    /// Nothing was written; load again.
    Stale,
    /// What was written does not read back; the record before it still counts.
    NotKept {
        /// The slot that was written.
        slot: Slot,
    },
}

impl<E: fmt::Debug> fmt::Display for StoreError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(error) => write!(f, "the memory of the record failed: {error:?}"),
            Self::Slots(error) => error.fmt(f),
            Self::Stale => f.write_str("the slots do not hold what was found any more"),
            Self::NotKept { slot } => write!(f, "slot {slot:?} does not read back as it was written"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for StoreError<E> {}

/// The record that counts.
///
/// # Errors
/// The memory failed, or the record is lost: that does not read as a first start.
pub fn load<T: Store>(store: &mut T) -> Result<Found, StoreError<T::Error>> {
    let a = store.read(Slot::A).map_err(StoreError::Memory)?;
    let b = store.read(Slot::B).map_err(StoreError::Memory)?;
    choose(&a, &b).map_err(StoreError::Slots)
}

/// Looks whether the slots still hold what [`load`] found, writes the record that comes after it, reads it back, and answers
/// with it. However often the supply fails on the way, [`load`] then finds this record or the one before it; where there was none
/// before it, a first writing that is cut may leave [`SlotError::Lost`], and [`begin_anew`] is the way on.
///
/// Save twice a session: [`DoseRecord::opened`] before arming, and what [`DoseMeter::close`](nmes_safety::records::DoseMeter::close)
/// makes of it after the end.
///
/// ```
/// use nmes_hal_adapters::{load, save, sim::SimStore};
/// use nmes_safety::records::{DoseRecord, Found, OffPermit};
/// let mut store = SimStore::new();
/// let found = load(&mut store)?;
/// assert_eq!(found, Found::Blank);
/// let kept = save(&mut store, &found, &DoseRecord::default(), OffPermit::before_any_guard())?;
/// assert_eq!((kept.sequence, load(&mut store)?), (1, Found::Kept(kept)));
/// # Ok::<(), nmes_hal_adapters::StoreError<nmes_hal_adapters::sim::PowerFailed>>(())
/// ```
///
/// # Errors
/// The memory failed, the slots hold something else than `found`, there are no more numbers, or the bytes do not read back. The
/// record before still counts.
pub fn save<T: Store>(
    store: &mut T,
    found: &Found,
    record: &DoseRecord,
    off: OffPermit<'_>,
) -> Result<Kept, StoreError<T::Error>> {
    if !is_same(&load(store)?, found) {
        return Err(StoreError::Stale);
    }
    let write = match found {
        Found::Blank => first_write(record, off),
        Found::Kept(kept) => next_write(kept, record, off).map_err(StoreError::Slots)?,
    };
    let slot = write.slot();
    store.write(&write).map_err(StoreError::Memory)?;
    if store.read(slot).map_err(StoreError::Memory)? != *write.bytes() {
        return Err(StoreError::NotKept { slot });
    }
    match load(store)? {
        Found::Kept(kept) if kept.slot == slot => Ok(kept),
        Found::Kept(_) | Found::Blank => Err(StoreError::NotKept { slot }),
    }
}

/// The same record; the other slot may have been damaged since.
fn is_same(present: &Found, found: &Found) -> bool {
    match (present, found) {
        (Found::Kept(present), Found::Kept(found)) => {
            let numbers = |kept: &Kept| (kept.record, kept.sequence, kept.slot);
            numbers(present) == numbers(found)
        }
        (present, found) => present == found,
    }
}

/// Begins with a record whatever the slots hold: another person's device, or a record that [`load`] refuses, once somebody was
/// told. Nothing of what was kept counts any more; where a fault of the supply cuts it, do it again.
///
/// ```
/// use nmes_hal_adapters::{begin_anew, load, save, sim::SimStore};
/// use nmes_safety::records::{DoseRecord, Found, OffPermit};
/// let mut store = SimStore::new();
/// store.fail_after(40); // in the first writing of all
/// let record = DoseRecord::default();
/// assert!(save(&mut store, &Found::Blank, &record, OffPermit::before_any_guard()).is_err());
/// assert!(load(&mut store).is_err()); // lost
/// let kept = begin_anew(&mut store, &record, OffPermit::before_any_guard())?;
/// assert_eq!(load(&mut store)?, Found::Kept(kept));
/// # Ok::<(), nmes_hal_adapters::StoreError<nmes_hal_adapters::sim::PowerFailed>>(())
/// ```
///
/// # Errors
/// The memory failed, or the bytes do not read back.
pub fn begin_anew<T: Store>(
    store: &mut T,
    record: &DoseRecord,
    off: OffPermit<'_>,
) -> Result<Kept, StoreError<T::Error>> {
    let a = store.read(Slot::A).map_err(StoreError::Memory)?;
    let b = store.read(Slot::B).map_err(StoreError::Memory)?;
    let writes = anew_writes(&a, &b, record, off);
    for write in &writes {
        let slot = write.slot();
        store.write(write).map_err(StoreError::Memory)?;
        if store.read(slot).map_err(StoreError::Memory)? != *write.bytes() {
            return Err(StoreError::NotKept { slot });
        }
    }
    match load(store)? {
        Found::Kept(kept) => Ok(kept),
        Found::Blank => Err(StoreError::NotKept { slot: Slot::A }),
    }
}
