//! Reading fields of a body, and what can be wrong with them.

use super::Refusal;
use core::fmt;

/// A whole frame whose body says nothing that the protocol knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The body ends too early.
    Short {
        /// Bytes found.
        found: usize,
    },
    /// Bytes are left over.
    Long {
        /// How many.
        left: usize,
    },
    /// No such command.
    Command {
        /// Its number.
        command: u16,
    },
    /// A field has a value that is none.
    Value {
        /// Its name.
        field: &'static str,
        /// The value found.
        value: u32,
    },
    /// A field is off the device's grid.
    OffGrid(Refusal),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { found } => write!(f, "the packet ends after {found} bytes"),
            Self::Long { left } => write!(f, "the packet has {left} bytes too many"),
            Self::Command { command } => write!(f, "there is no command {command}"),
            Self::Value { field, value } => write!(f, "{field} cannot be {value}"),
            Self::OffGrid(refusal) => refusal.fmt(f),
        }
    }
}

impl core::error::Error for DecodeError {}

impl From<Refusal> for DecodeError {
    fn from(refusal: Refusal) -> Self {
        Self::OffGrid(refusal)
    }
}

/// A reader that goes forward only.
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn byte(&mut self) -> Result<u8, DecodeError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(crate) fn word(&mut self) -> Result<u16, DecodeError> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let slice = self.slice(N)?;
        slice.try_into().map_err(|_| DecodeError::Short { found: self.bytes.len() })
    }

    pub(crate) fn slice(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.at.saturating_add(length);
        let slice = self.bytes.get(self.at..end).ok_or(DecodeError::Short { found: self.bytes.len() })?;
        self.at = end;
        Ok(slice)
    }

    /// A code, or the error that names its field.
    pub(crate) fn code<T>(&mut self, field: &'static str, of: fn(u8) -> Option<T>) -> Result<T, DecodeError> {
        let code = self.byte()?;
        of(code).ok_or(DecodeError::Value { field, value: u32::from(code) })
    }

    pub(crate) fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    pub(crate) fn end(&self) -> Result<(), DecodeError> {
        match self.left() {
            0 => Ok(()),
            left => Err(DecodeError::Long { left }),
        }
    }
}
