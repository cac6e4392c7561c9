//! The two checksums, bit by bit: a few hundred bytes at 10 frames a second need no table.

/// CRC-16/XMODEM (polynomial 0x1021, from 0, not reflected), which ScienceMode 4 uses (STD-S26).
///
/// ```
/// assert_eq!(nmes_hal_adapters::wire::crc16(b"123456789"), 0x31C3);
/// ```
#[must_use]
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, &byte| {
        (0..8).fold(sum ^ u16::from_be_bytes([byte, 0]), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

/// CRC-8 (polynomial 0x07, from 0, not reflected), which ScienceMode 2 uses (STD-S27).
///
/// ```
/// assert_eq!(nmes_hal_adapters::wire::crc8(b"123456789"), 0xF4);
/// ```
#[must_use]
pub fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, &byte| {
        (0..8).fold(sum ^ byte, |crc, _| if crc & 0x80 == 0 { crc << 1 } else { (crc << 1) ^ 0x07 })
    })
}
