//! The checksum of stored records, flash and limits against one that is worked out bit by bit.
#![allow(clippy::arithmetic_side_effects, reason = "a test stops at the first surprise")]

use nmes_safety::Crc32;
use proptest::prelude::*;

mod check_support;

use check_support::config;

/// The remainder of a division of polynomials, highest bit first, with bits turned round on their way in and out.
fn by_division(bytes: &[u8]) -> u32 {
    let mut rest = u32::MAX;
    for byte in bytes {
        rest ^= u32::from(byte.reverse_bits()) << 24;
        for _ in 0..8 {
            let carry = rest & 0x8000_0000 != 0;
            rest <<= 1;
            if carry {
                rest ^= 0x04C1_1DB7;
            }
        }
    }
    !rest.reverse_bits()
}

proptest! {
    #![proptest_config(config(256))]

    /// REQ-SAF-551: the checksum is CRC-32, in one piece or in two; one flipped bit is another checksum.
    #[test]
    fn crc_32(bytes in proptest::collection::vec(any::<u8>(), 1..200), cut in any::<usize>(), bit in 0..8_u8) {
        let (first, second) = bytes.split_at(cut % bytes.len());
        prop_assert_eq!(Crc32::of(&bytes), by_division(&bytes));
        prop_assert_eq!(Crc32::new().update(first).update(second).value(), by_division(&bytes));
        let mut damaged = bytes.clone();
        if let Some(byte) = damaged.get_mut(cut % bytes.len()) {
            *byte ^= 1 << bit;
        }
        prop_assert_ne!(Crc32::of(&damaged), Crc32::of(&bytes));
    }
}

/// REQ-SAF-551: the check value that catalogues of checksums list for CRC-32.
#[test]
fn check_value() {
    assert_eq!((Crc32::of(b"123456789"), Crc32::of(b"")), (0xCBF4_3926, 0));
}
