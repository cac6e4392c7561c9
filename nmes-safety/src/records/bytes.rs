//! Fields out of bytes and into bytes, without an index.

use super::DecodeError;
use crate::crc32::Crc32;

/// Bytes of the checksum at the end of every record.
const CRC_BYTES: usize = 4;

/// Puts fields one after another. What has no room is left out; the layouts are constants, and tests compare them.
pub(super) struct Writer<'a> {
    rest: &'a mut [u8],
}

impl<'a> Writer<'a> {
    pub(super) const fn new(bytes: &'a mut [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn put<const N: usize>(&mut self, field: [u8; N]) -> &mut Self {
        let rest = core::mem::take(&mut self.rest);
        if let Some((head, tail)) = rest.split_first_chunk_mut::<N>() {
            *head = field;
            self.rest = tail;
        }
        self
    }

    pub(super) fn u8(&mut self, value: u8) -> &mut Self {
        self.put([value])
    }

    pub(super) fn u16(&mut self, value: u16) -> &mut Self {
        self.put(value.to_le_bytes())
    }

    pub(super) fn u32(&mut self, value: u32) -> &mut Self {
        self.put(value.to_le_bytes())
    }

    pub(super) fn u64(&mut self, value: u64) -> &mut Self {
        self.put(value.to_le_bytes())
    }

    pub(super) fn i32(&mut self, value: i32) -> &mut Self {
        self.put(value.to_le_bytes())
    }

    pub(super) fn i64(&mut self, value: i64) -> &mut Self {
        self.put(value.to_le_bytes())
    }
}

/// Writes the checksum of all bytes but the last four into the last four.
pub(super) fn seal(bytes: &mut [u8]) {
    if let Some((body, crc)) = bytes.split_last_chunk_mut::<CRC_BYTES>() {
        *crc = Crc32::of(body).to_le_bytes();
    }
}

/// Takes fields one after another. Past the end every field is zero; the length is looked at first.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn take<const N: usize>(&mut self) -> [u8; N] {
        let Some((head, tail)) = self.rest.split_first_chunk::<N>() else { return [0; N] };
        self.rest = tail;
        *head
    }

    pub(super) fn u8(&mut self) -> u8 {
        let [byte] = self.take::<1>();
        byte
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    pub(super) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    pub(super) fn i32(&mut self) -> i32 {
        i32::from_le_bytes(self.take())
    }

    pub(super) fn i64(&mut self) -> i64 {
        i64::from_le_bytes(self.take())
    }
}

/// Never written, as memories read then.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|&b| b == 0xFF) || bytes.iter().all(|&b| b == 0)
}

/// Length, blankness, first bytes, checksum and version of a record, in this order, so that another version is one that somebody
/// wrote and no damage; gives a reader behind magic and version.
pub(super) fn open<'a, const M: usize>(
    bytes: &'a [u8],
    length: usize,
    magic: [u8; M],
    version: u8,
) -> Result<Reader<'a>, DecodeError> {
    if bytes.len() != length {
        return Err(DecodeError::Length { expected: length, found: bytes.len() });
    }
    if is_blank(bytes) {
        return Err(DecodeError::Blank);
    }
    let mut reader = Reader::new(bytes);
    if reader.take::<M>() != magic {
        return Err(DecodeError::Magic);
    }
    let found = reader.u8();
    let Some((body, stored)) = bytes.split_last_chunk::<CRC_BYTES>() else {
        return Err(DecodeError::Length { expected: length, found: bytes.len() });
    };
    let (stored, computed) = (u32::from_le_bytes(*stored), Crc32::of(body));
    if stored != computed {
        return Err(DecodeError::Checksum { stored, computed });
    }
    if found == version { Ok(reader) } else { Err(DecodeError::Version { found }) }
}

pub(super) fn require(holds: bool, name: &'static str) -> Result<(), DecodeError> {
    if holds { Ok(()) } else { Err(DecodeError::Field { name }) }
}
