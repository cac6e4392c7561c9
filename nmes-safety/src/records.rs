//! What a device keeps: dose and progress, one record a pulse, and the first faults, each as bytes of a fixed layout.
//!
//! Nothing here reads or writes a memory. A record becomes an array of bytes, and an array of bytes becomes a record or
//! an error; where the bytes go is the adapter's matter. Numbers stand least byte first, every array ends with its
//! CRC-32, and a byte without a meaning is zero. `docs/records.md` has the layouts as tables, for other languages.
//!
//! | record | bytes | kept |
//! |---|---|---|
//! | [`DoseRecord`] | [`DOSE_BYTES`] | in two slots, written only while output is off |
//! | [`PulseRecord`], [`ChannelRecord`] | [`LOG_BYTES`] each | one after another: the delivered log |
//! | [`crate::BlackBox`] | [`BLACK_BOX_BYTES`] | after a fault |

mod bytes;
mod codes;
mod delivered;
mod dose;
mod faults;
mod off;
mod slots;

pub use delivered::{ChannelRecord, LOG_BYTES, LogEntries, LogEntry, LogFlags, PulseRecord, log_entries};
pub use dose::{DOSE_BYTES, DoseMeter, DoseRecord, SessionEnd};
pub use faults::{BLACK_BOX_BYTES, StoredBlackBox, StoredTrip, Word};
pub use off::{OffPermit, StillOn};
pub use slots::{Found, Kept, Slot, SlotError, SlotWrite, anew_writes, choose, first_write, next_write};

use core::fmt;

/// Why bytes are not a record.
///
/// ```
/// use nmes_safety::records::{DecodeError, PulseRecord};
/// assert_eq!(PulseRecord::decode(&[0; 3]), Err(DecodeError::Length { expected: 64, found: 3 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// Too few or too many bytes.
    Length {
        /// How many a record has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// Every byte is 0xFF, or every byte is 0: nothing was ever written.
    Blank,
    /// The first bytes are those of no record, or of another one.
    Magic,
    /// Whole, and written by a program that knows another layout.
    Version {
        /// The version that stands there.
        found: u8,
    },
    /// The bytes changed since they were written, or were not all written.
    Checksum {
        /// What stands at the end.
        stored: u32,
        /// What the bytes before it give.
        computed: u32,
    },
    /// The checksum is right and a field is not: it was written by something else.
    Field {
        /// Its name, as in `docs/records.md`.
        name: &'static str,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { expected, found } => write!(f, "{found} bytes, a record has {expected}"),
            Self::Blank => f.write_str("nothing was ever written"),
            Self::Magic => f.write_str("the first bytes are not those of this record"),
            Self::Version { found } => write!(f, "version {found} is not known"),
            Self::Checksum { stored, computed } => {
                write!(f, "checksum {stored:#010x} stored, {computed:#010x} computed")
            }
            Self::Field { name } => write!(f, "the checksum is right and the field {name} is not"),
        }
    }
}

impl core::error::Error for DecodeError {}
