//! A piece of memory, tried and given back as it was.

use core::fmt;

use crate::crc32::Crc32;

/// Accesses of each word in one [`ram_test`], reads and writes.
pub const RAM_PASSES: u32 = 98;

/// Halves of a word in which any two bits are apart at least once.
const HALVES: [u32; 5] = [0x5555_5555, 0x3333_3333, 0x0F0F_0F0F, 0x00FF_00FF, 0x0000_FFFF];

/// Words that can be read and written one by one. On a device every access has to reach the memory: implement it with
/// volatile accesses in a crate that may. The implementation for `[u32]` hides the accesses from the compiler with
/// [`core::hint::black_box`], which is a best effort and no promise.
pub trait RamCells {
    /// How many words.
    fn words(&self) -> usize;
    /// Reads one.
    fn read(&mut self, index: usize) -> u32;
    /// Writes one.
    fn write(&mut self, index: usize, value: u32);
}

impl RamCells for [u32] {
    fn words(&self) -> usize {
        self.len()
    }

    fn read(&mut self, index: usize) -> u32 {
        core::hint::black_box(&mut *self).get(index).copied().unwrap_or(0)
    }

    fn write(&mut self, index: usize, value: u32) {
        if let Some(word) = core::hint::black_box(&mut *self).get_mut(index) {
            *word = value;
        }
        core::hint::black_box(self);
    }
}

/// What is wrong with a piece of memory. It is not restored then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RamFault {
    /// A word does not hold what was written to it.
    Word {
        /// Which one.
        index: usize,
        /// What was written.
        wrote: u32,
        /// What was read back.
        read: u32,
    },
    /// A word held what was written to it, and later another value: a write to one word changed another, or a bit changed
    /// between two looks.
    Coupled,
    /// There is no word to try.
    Nothing,
}

impl fmt::Display for RamFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word { index, wrote, read } => {
                write!(f, "word {index} reads {read:#010x} after {wrote:#010x}")
            }
            Self::Coupled => f.write_str("a write to one word changed another"),
            Self::Nothing => f.write_str("no word to try"),
        }
    }
}

impl core::error::Error for RamFault {}

/// Tries a piece of memory and leaves it as it was.
///
/// First March C- on the content itself: every word to its complement and back, once upwards and once downwards, each time read before
/// it is written. No bit changes more than once in a pass, and checksums say what a pass has to read; so a write
/// that sets, clears or flips a bit of another word at a rise, at a fall or at both is found, and so is one word under two addresses.
/// Then each word by itself: of five pairs of halves, in which any two bits of a word are apart, each half changes while the
/// other one stands, in both of its states.
///
/// Nobody else, no interrupt either, may use the piece meanwhile; nor is it the stack. Work: [`RAM_PASSES`] accesses and
/// ten checksums (eight look-ups each) a word. Cut a memory into pieces to bound a call, with one word of
/// overlap if words of different pieces may be coupled: words of two pieces are not tried against each other.
///
/// ```
/// let mut words = [1, 2, 3, u32::MAX];
/// assert_eq!(nmes_safety::selftest::ram_test(words.as_mut_slice()), Ok(()));
/// assert_eq!(words, [1, 2, 3, u32::MAX]);
/// ```
///
/// # Errors
/// [`RamFault`]; the piece is not restored then.
pub fn ram_test<C: RamCells + ?Sized>(cells: &mut C) -> Result<(), RamFault> {
    let words = cells.words();
    if words == 0 {
        return Err(RamFault::Nothing);
    }
    let up = |step: usize| step;
    let down = |step: usize| words.saturating_sub(step).saturating_sub(1);
    let (own, inverted) = (sum(cells, up, |word| word), sum(cells, up, |word| !word));
    let back = (sum(cells, down, |word| word), sum(cells, down, |word| !word));
    invert(cells, up, own)?;
    invert(cells, up, inverted)?;
    invert(cells, down, back.0)?;
    invert(cells, down, back.1)?;
    halves(cells, own)?;
    unchanged(sum(cells, up, |word| word), own)
}

/// Every word to its complement, in an order in which they have to read as `expected`.
fn invert<C: RamCells + ?Sized>(
    cells: &mut C,
    order: impl Fn(usize) -> usize,
    expected: u32,
) -> Result<(), RamFault> {
    let mut crc = Crc32::new();
    for step in 0..cells.words() {
        let index = order(step);
        let word = cells.read(index);
        crc = crc.update(&word.to_le_bytes());
        holds(cells, index, !word)?;
    }
    unchanged(crc.value(), expected)
}

/// Bits of one word against each other; every word is its own again before the next one's turn.
fn halves<C: RamCells + ?Sized>(cells: &mut C, expected: u32) -> Result<(), RamFault> {
    let mut crc = Crc32::new();
    for index in 0..cells.words() {
        let own = cells.read(index);
        crc = crc.update(&own.to_le_bytes());
        for half in HALVES {
            for step in [half, u32::MAX, !half, 0, !half, u32::MAX, half, 0] {
                holds(cells, index, own ^ step)?;
            }
        }
    }
    unchanged(crc.value(), expected)
}

fn unchanged(found: u32, expected: u32) -> Result<(), RamFault> {
    if found == expected { Ok(()) } else { Err(RamFault::Coupled) }
}

fn holds<C: RamCells + ?Sized>(cells: &mut C, index: usize, wrote: u32) -> Result<(), RamFault> {
    cells.write(index, wrote);
    let read = cells.read(index);
    if read == wrote { Ok(()) } else { Err(RamFault::Word { index, wrote, read }) }
}

fn sum<C: RamCells + ?Sized>(
    cells: &mut C,
    order: impl Fn(usize) -> usize,
    seen: impl Fn(u32) -> u32,
) -> u32 {
    let words = cells.words();
    let all =
        (0..words).fold(Crc32::new(), |crc, step| crc.update(&seen(cells.read(order(step))).to_le_bytes()));
    all.value()
}
