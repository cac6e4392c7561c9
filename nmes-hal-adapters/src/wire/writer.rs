//! A frame into a buffer of the caller's.

use super::{ESCAPE, Format, KEY, START, STOP};
use core::fmt;
use core::marker::PhantomData;

/// A frame was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The buffer is too short.
    Buffer {
        /// Its length in bytes.
        length: usize,
        /// What the frame needs.
        needed: usize,
    },
    /// The format has no way to say a length like this.
    TooLong {
        /// Bytes of the stuffed body.
        body: usize,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Buffer { length, needed } => {
                write!(f, "the frame needs {needed} bytes, the buffer has {length}")
            }
            Self::TooLong { body } => write!(f, "a body of {body} bytes is too long for the format"),
        }
    }
}

impl core::error::Error for EncodeError {}

/// Writes the body of a frame, stuffed, and closes it with header and stop byte.
///
/// ```
/// use nmes_hal_adapters::{rehastim2::Wire, wire::Writer};
/// let mut out = [0; 16];
/// let mut frame = Writer::<Wire>::new(&mut out);
/// frame.put(1); // packet number
/// frame.put(4); // watchdog
/// let length = frame.finish().unwrap();
/// assert_eq!(out[..length], [0xF0, 0x81, 0x5C, 0x81, 0x57, 0x01, 0x04, 0x0F]);
/// ```
#[derive(Debug)]
pub struct Writer<'a, F> {
    out: &'a mut [u8],
    at: usize,
    format: PhantomData<F>,
}

impl<'a, F: Format> Writer<'a, F> {
    const BODY: usize = F::HEADER.saturating_mul(2).saturating_add(1);

    /// Begins a frame at the start of a buffer.
    #[must_use]
    pub fn new(out: &'a mut [u8]) -> Self {
        Self { out, at: Self::BODY, format: PhantomData }
    }

    /// Appends a byte of the body.
    pub fn put(&mut self, byte: u8) {
        if F::escapes(byte) {
            self.raw(ESCAPE);
            self.raw(byte ^ KEY);
        } else {
            self.raw(byte);
        }
    }

    /// Appends bytes of the body.
    pub fn put_all(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.put(byte);
        }
    }

    fn raw(&mut self, byte: u8) {
        if let Some(slot) = self.out.get_mut(self.at) {
            *slot = byte;
        }
        self.at = self.at.saturating_add(1);
    }

    /// Closes the frame and gives its length in bytes.
    ///
    /// # Errors
    /// The buffer is too short, which was noticed only here; or the format cannot say the length.
    pub fn finish(mut self) -> Result<usize, EncodeError> {
        let (length, body_end) = (self.out.len(), self.at);
        self.raw(STOP);
        let needed = self.at;
        let body = self.out.get(Self::BODY..body_end).filter(|_| needed <= length);
        let body = body.ok_or(EncodeError::Buffer { length, needed })?;
        let header = F::header(body).ok_or(EncodeError::TooLong { body: body.len() })?;
        self.at = 0;
        self.raw(START);
        for byte in header.iter().take(F::HEADER) {
            self.raw(ESCAPE);
            self.raw(byte ^ KEY);
        }
        Ok(needed)
    }
}
