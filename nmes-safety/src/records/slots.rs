//! Two slots for one record: the last good one wins, whenever the supply fails.

use core::fmt;
use core::marker::PhantomData;

use super::DecodeError;
use super::dose::{DOSE_BYTES, DoseRecord};
use super::off::OffPermit;

/// One of the two places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The first.
    A,
    /// The second.
    B,
}

impl Slot {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// The record that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The record.
    pub record: DoseRecord,
    /// The number of its writing.
    pub sequence: u32,
    /// Where it stands.
    pub slot: Slot,
    /// What is wrong with the other slot: after a writing that was cut this record is the one before it. Nothing is
    /// wrong with a blank one.
    pub damaged: Option<DecodeError>,
}

/// What two slots hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing was ever written.
    Blank,
    /// A record.
    Kept(Kept),
}

/// Two slots that tell nothing that can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlotError {
    /// Neither slot is good, and at least one was written: a record is lost. It does not read as a first start.
    Lost {
        /// What is wrong with the first.
        a: DecodeError,
        /// What is wrong with the second.
        b: DecodeError,
    },
    /// A slot holds a whole record of a version that this program does not know, which may be the one that counts. It is neither
    /// overwritten nor passed over; the program that wrote it reads it.
    Newer {
        /// The slot; the first, where it is both.
        slot: Slot,
        /// The version that stands there.
        version: u8,
    },
    /// Both slots are good, differ, and claim to be the same writing.
    SameNumber {
        /// The number.
        sequence: u32,
    },
    /// There are no more numbers: the record was written 2³² − 1 times.
    NumbersUsedUp,
}

impl fmt::Display for SlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { a, b } => write!(f, "the record is lost; slot A: {a}; slot B: {b}"),
            Self::Newer { slot, version } => {
                write!(f, "slot {slot:?} holds a record of version {version}, which is not known")
            }
            Self::SameNumber { sequence } => write!(f, "both slots differ and are number {sequence}"),
            Self::NumbersUsedUp => f.write_str("the record was written as often as it can be"),
        }
    }
}

impl core::error::Error for SlotError {}

/// Which of two slots counts: the good one with the higher number. Work: two decodings.
///
/// ```
/// use nmes_safety::records::*;
/// let erased = [0xFF; DOSE_BYTES];
/// assert_eq!(choose(&erased, &erased), Ok(Found::Blank));
/// let first = first_write(&DoseRecord::default(), OffPermit::before_any_guard());
/// let Ok(Found::Kept(kept)) = choose(first.bytes(), &erased) else { panic!() };
/// assert_eq!((kept.sequence, kept.slot, kept.damaged), (1, Slot::A, None));
/// ```
///
/// # Errors
/// [`SlotError::Lost`], [`SlotError::Newer`] and [`SlotError::SameNumber`].
pub fn choose(a: &[u8], b: &[u8]) -> Result<Found, SlotError> {
    match (DoseRecord::decode(a), DoseRecord::decode(b)) {
        (Err(DecodeError::Version { found }), _) => Err(SlotError::Newer { slot: Slot::A, version: found }),
        (_, Err(DecodeError::Version { found })) => Err(SlotError::Newer { slot: Slot::B, version: found }),
        (Ok(one), Ok(two)) => newer(one, two).map(Found::Kept),
        (Ok(good), Err(bad)) => Ok(Found::Kept(alone(good, Slot::A, bad))),
        (Err(bad), Ok(good)) => Ok(Found::Kept(alone(good, Slot::B, bad))),
        (Err(DecodeError::Blank), Err(DecodeError::Blank)) => Ok(Found::Blank),
        (Err(a), Err(b)) => Err(SlotError::Lost { a, b }),
    }
}

type Numbered = (DoseRecord, u32);

fn newer(a: Numbered, b: Numbered) -> Result<Kept, SlotError> {
    if a.1 == b.1 && a.0 != b.0 {
        return Err(SlotError::SameNumber { sequence: a.1 });
    }
    let (slot, (record, sequence)) = if a.1 >= b.1 { (Slot::A, a) } else { (Slot::B, b) };
    Ok(Kept { record, sequence, slot, damaged: None })
}

fn alone((record, sequence): Numbered, slot: Slot, other: DecodeError) -> Kept {
    let damaged = Some(other).filter(|error| *error != DecodeError::Blank);
    Kept { record, sequence, slot, damaged }
}

/// Bytes, and the slot they belong in. While it lives the guard cannot be armed.
#[derive(Debug)]
pub struct SlotWrite<'g> {
    slot: Slot,
    bytes: [u8; DOSE_BYTES],
    off: PhantomData<OffPermit<'g>>,
}

impl SlotWrite<'_> {
    /// The slot to erase and write; never the one that counts now, but in [`anew_writes`].
    #[must_use]
    pub const fn slot(&self) -> Slot {
        self.slot
    }

    /// What to write there, in any order of bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; DOSE_BYTES] {
        &self.bytes
    }
}

/// The first record of all, for slot A: at the factory. Where something was written before, see [`anew_writes`].
#[must_use]
pub fn first_write<'g>(record: &DoseRecord, off: OffPermit<'g>) -> SlotWrite<'g> {
    write(Slot::A, record, 1, &off)
}

/// The next record, for the slot that does not count now. Write it, read it back with [`choose`], and only then rely
/// on it.
///
/// # Errors
/// [`SlotError::NumbersUsedUp`].
pub fn next_write<'g>(
    kept: &Kept,
    record: &DoseRecord,
    off: OffPermit<'g>,
) -> Result<SlotWrite<'g>, SlotError> {
    let sequence = kept.sequence.checked_add(1).ok_or(SlotError::NumbersUsedUp)?;
    Ok(write(kept.slot.other(), record, sequence, &off))
}

/// A record to begin with whatever the slots hold: of another person, or because the record is lost, refused or has no more
/// numbers, and somebody was told. Do both writings in their order: the record, and then the other slot, erased.
///
/// Until the second one is done the slots are refused as before or hold a record that counted before, so a supply that fails on the way
/// leaves nothing that looks like the new record and is not: do both again. Only of two writings of one number, one counts if the
/// first is cut.
///
/// ```
/// use nmes_safety::records::*;
/// let (mut a, mut b) = ([7; DOSE_BYTES], [9; DOSE_BYTES]);
/// assert!(matches!(choose(&a, &b), Err(SlotError::Lost { .. })));
/// for write in anew_writes(&a, &b, &DoseRecord::default(), OffPermit::before_any_guard()) {
///     match write.slot() {
///         Slot::A => a = *write.bytes(),
///         Slot::B => b = *write.bytes(),
///     }
/// }
/// assert!(matches!(choose(&a, &b), Ok(Found::Kept(kept)) if kept.record == DoseRecord::default()));
/// ```
#[must_use]
pub fn anew_writes<'g>(a: &[u8], b: &[u8], record: &DoseRecord, off: OffPermit<'g>) -> [SlotWrite<'g>; 2] {
    let (slot, before) = match choose(a, b) {
        Ok(Found::Kept(kept)) => (kept.slot.other(), kept.sequence),
        Err(SlotError::SameNumber { sequence }) => (Slot::A, sequence),
        // what has the slots refused goes last
        Err(SlotError::Newer { slot, .. }) => (slot.other(), 0),
        Err(SlotError::Lost { b: DecodeError::Blank, .. }) => (Slot::B, 0),
        Ok(Found::Blank) | Err(SlotError::Lost { .. } | SlotError::NumbersUsedUp) => (Slot::A, 0),
    };
    // after the last number the first: what stands in the other slot counts until it is erased
    let sequence = before.checked_add(1).unwrap_or(1);
    let erased = SlotWrite { slot: slot.other(), bytes: [0xFF; DOSE_BYTES], off: PhantomData };
    [write(slot, record, sequence, &off), erased]
}

fn write<'g>(slot: Slot, record: &DoseRecord, sequence: u32, _off: &OffPermit<'g>) -> SlotWrite<'g> {
    SlotWrite { slot, bytes: record.encode(sequence), off: PhantomData }
}
