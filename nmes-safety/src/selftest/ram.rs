//! A piece of memory, tried and given back as it was.

use core::fmt;

use crate::crc32::Crc32;

/// Accesses of each word in one [`ram_test`], reads and writes.
pub const RAM_PASSES: u32 = 26;

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
    /// Each word held its values and yet the piece changed: a write to one word changed another.
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

/// Tries a piece of memory and leaves it as it was. Every word holds two patterns and its own complement on the way up,
/// then its own content again on the way down, and the same the other way round; checksums over the whole piece before,
/// between and after find a write that reached another word, or one word under two addresses.
///
/// Nobody else, no interrupt either, may use the piece meanwhile; nor is it the stack. Work: [`RAM_PASSES`] accesses and
/// six checksums (32 shifts each) a word. Cut a memory into pieces to bound a call, with one word of
/// overlap if words of different pieces may be coupled.
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
    let before = sum(cells, |word| word);
    let inverted = sum(cells, |word| !word);
    let up = |step: usize| step;
    let down = |step: usize| words.saturating_sub(step).saturating_sub(1);
    march(cells, up, down, (before, inverted))?;
    march(cells, down, up, (before, inverted))
}

/// Every word to its complement in one direction, and back to its own content in the other.
fn march<C: RamCells + ?Sized>(
    cells: &mut C,
    there: impl Fn(usize) -> usize,
    back: impl Fn(usize) -> usize,
    (before, inverted): (u32, u32),
) -> Result<(), RamFault> {
    for step in 0..cells.words() {
        let index = there(step);
        let own = cells.read(index);
        holds(cells, index, 0x5555_5555)?;
        holds(cells, index, 0xAAAA_AAAA)?;
        holds(cells, index, !own)?;
    }
    unchanged(cells, inverted)?;
    for step in 0..cells.words() {
        let index = back(step);
        let own = !cells.read(index);
        holds(cells, index, own)?;
    }
    unchanged(cells, before)
}

fn unchanged<C: RamCells + ?Sized>(cells: &mut C, expected: u32) -> Result<(), RamFault> {
    if sum(cells, |word| word) == expected { Ok(()) } else { Err(RamFault::Coupled) }
}

fn holds<C: RamCells + ?Sized>(cells: &mut C, index: usize, wrote: u32) -> Result<(), RamFault> {
    cells.write(index, wrote);
    let read = cells.read(index);
    if read == wrote { Ok(()) } else { Err(RamFault::Word { index, wrote, read }) }
}

fn sum<C: RamCells + ?Sized>(cells: &mut C, seen: impl Fn(u32) -> u32) -> u32 {
    let words = cells.words();
    (0..words).fold(Crc32::new(), |crc, index| crc.update(&seen(cells.read(index)).to_le_bytes())).value()
}
