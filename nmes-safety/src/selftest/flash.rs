//! The program's own bytes, a bounded piece a call.

use core::fmt;

use crate::crc32::Crc32;

/// A CRC-32 over a program image, at most so many bytes a call.
///
/// ```
/// use nmes_safety::selftest::{FlashCheck, FlashStep};
/// let image = [0x5A_u8; 1_000];
/// let mut check = FlashCheck::new(1_000, 0xC70E_926C, 256);
/// let mut steps = 0;
/// let result = loop {
///     steps += 1; // feed the watchdog here
///     match check.step(&image) {
///         Ok(FlashStep::More { .. }) => {}
///         other => break other,
///     }
/// };
/// assert_eq!((steps, result), (4, Ok(FlashStep::Passed)));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FlashCheck {
    length: usize,
    expected: u32,
    per_call: usize,
    done: usize,
    crc: Crc32,
}

/// How far a flash check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashStep {
    /// So many bytes were looked at; call again.
    More {
        /// Bytes so far.
        done: usize,
    },
    /// All bytes, and the checksum is right.
    Passed,
}

/// What is wrong with the program's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlashFault {
    /// The checksum is another one.
    Checksum {
        /// As the maker's build stored it.
        expected: u32,
        /// As found.
        found: u32,
    },
    /// The image has another length than the check was made for.
    Length {
        /// As the maker's build stored it.
        expected: usize,
        /// As found.
        found: usize,
    },
    /// Nothing to look at: the image is empty, or no byte may be looked at in a call.
    Nothing,
}

impl fmt::Display for FlashFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checksum { expected, found } => {
                write!(f, "the program's checksum is {found:#010x}, not {expected:#010x}")
            }
            Self::Length { expected, found } => write!(f, "the program has {found} bytes, not {expected}"),
            Self::Nothing => f.write_str("no byte of the program to look at"),
        }
    }
}

impl core::error::Error for FlashFault {}

impl FlashCheck {
    /// For an image of `length` bytes with the checksum `expected`, at most `bytes_per_call` a call.
    #[must_use]
    pub const fn new(length: usize, expected: u32, bytes_per_call: usize) -> Self {
        Self { length, expected, per_call: bytes_per_call, done: 0, crc: Crc32::new() }
    }

    /// Looks at the next piece of `image`, which is the whole image each time. Work: two look-ups for each of at most
    /// `bytes_per_call` bytes. After the answer the check begins anew, so it can go on for as long as the device runs.
    ///
    /// # Errors
    /// [`FlashFault`], with the last piece, or at once for a wrong length.
    pub fn step(&mut self, image: &[u8]) -> Result<FlashStep, FlashFault> {
        if image.len() != self.length {
            return self.answer(Err(FlashFault::Length { expected: self.length, found: image.len() }));
        }
        let end = self.done.saturating_add(self.per_call).min(self.length);
        let piece = image.get(self.done..end).unwrap_or(&[]);
        if piece.is_empty() {
            return self.answer(Err(FlashFault::Nothing));
        }
        self.crc = self.crc.update(piece);
        self.done = end;
        if end < self.length {
            return Ok(FlashStep::More { done: end });
        }
        let (expected, found) = (self.expected, self.crc.value());
        self.answer(if found == expected {
            Ok(FlashStep::Passed)
        } else {
            Err(FlashFault::Checksum { expected, found })
        })
    }

    fn answer(&mut self, answer: Result<FlashStep, FlashFault>) -> Result<FlashStep, FlashFault> {
        *self = Self::new(self.length, self.expected, self.per_call);
        answer
    }
}
