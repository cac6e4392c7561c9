//! CRC-32, for stored records, flash and limits: two steps a byte, by a table of sixteen words. Where the table is damaged, sums
//! come out wrong, and nothing is taken for whole.

/// CRC-32 as zip, Ethernet and Python's `zlib.crc32` count it (polynomial 0x04C11DB7 reflected, from all ones,
/// inverted at the end), a slice at a time. Work: two look-ups a byte.
///
/// ```
/// use nmes_safety::Crc32;
/// assert_eq!(Crc32::of(b"123456789"), 0xCBF4_3926);
/// assert_eq!(Crc32::new().update(b"1234").update(b"56789").value(), 0xCBF4_3926);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crc32(u32);

impl Default for Crc32 {
    fn default() -> Self {
        Self::new()
    }
}

impl Crc32 {
    /// Of nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(u32::MAX)
    }

    /// With these bytes after those before.
    #[must_use]
    pub const fn update(self, bytes: &[u8]) -> Self {
        let mut crc = self.0;
        let mut left = bytes;
        while let [byte, rest @ ..] = left {
            crc = step(crc ^ u32::from_le_bytes([*byte, 0, 0, 0]));
            left = rest;
        }
        Self(crc)
    }

    /// The checksum of all bytes so far; more may follow.
    #[must_use]
    pub const fn value(self) -> u32 {
        !self.0
    }

    /// The checksum of one slice.
    #[must_use]
    pub const fn of(bytes: &[u8]) -> u32 {
        Self::new().update(bytes).value()
    }
}

/// What four shifts make of each value of the lowest four bits.
const NIBBLES: [u32; 16] = {
    let mut table = [0; 16];
    let mut value = 0_u8;
    let mut rest: &mut [u32] = &mut table;
    while let [slot, more @ ..] = rest {
        *slot = shift(shift(shift(shift(u32::from_le_bytes([value, 0, 0, 0])))));
        value = value.wrapping_add(1);
        rest = more;
    }
    table
};

const fn shift(crc: u32) -> u32 {
    (crc >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(crc & 1))
}

#[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "four bits, into sixteen places")]
const fn nibble(crc: u32) -> u32 {
    (crc >> 4) ^ NIBBLES[(crc & 15) as usize]
}

const fn step(crc: u32) -> u32 {
    nibble(nibble(crc))
}
