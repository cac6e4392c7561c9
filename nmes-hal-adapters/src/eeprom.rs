//! A record of doses in an I2C EEPROM.
//!
//! The record needs four page writes and one read of the part, and no more; a device that keeps other things in it
//! implements [`Store`] on the driver it has.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use nmes_safety::records::{DOSE_BYTES, Slot, SlotWrite};

use crate::store::Store;

/// Bytes written at once: a page of the smallest part, and a whole part of one of every other.
const CHUNK: usize = 32;

/// Two slots in an EEPROM with two address bytes and pages of 32 to 128 bytes (24xx64, 24xx256, 24xx512).
///
/// Each slot is 128 bytes of its own, so no page holds parts of both. A slot is written in pieces of 32 bytes, each
/// followed by a wait of the part's longest write cycle, 5 ms: 20 ms a record. Nothing is erased first.
///
/// Bytes are sent as the data sheet of the 24LC256 (DS20001203) has them for a page: address high, address low, data.
///
/// # Limitations
/// The size of the part is not known here: past its end a part begins at its first byte again, and what stands there is written
/// over. A 24xx64 has room for `page` up to 62, a 24xx256 up to 254.
///
/// An EEPROM endures some million writes of a cell: one record a session is many years, one record a pulse is a day.
#[derive(Debug)]
pub struct I2cEeprom<I2C, D> {
    i2c: I2C,
    delay: D,
    address: u8,
    base: u16,
}

impl<I2C: I2c, D: DelayNs> I2cEeprom<I2C, D> {
    /// How far apart the slots are: a whole page of the largest part.
    pub const STRIDE: u16 = 128;
    /// The longest write cycle, in milliseconds (DS20001203, table 1-2, T_WC).
    pub const WRITE_CYCLE_MS: u32 = 5;

    /// `address` is the 7-bit address of the part, 0x50 to 0x57; `page` is where slot A begins, in units of 128 bytes,
    /// and slot B follows. Nothing is read or written.
    pub const fn new(i2c: I2C, delay: D, address: u8, page: u8) -> Self {
        Self { i2c, delay, address, base: u16::from_be_bytes([page, 0]) >> 1 }
    }

    const fn start(&self, slot: Slot) -> u16 {
        // at most 255 × 128 + 128
        match slot {
            Slot::A => self.base,
            Slot::B => self.base.saturating_add(Self::STRIDE),
        }
    }
}

impl<I2C: I2c, D: DelayNs> Store for I2cEeprom<I2C, D> {
    type Error = I2C::Error;

    fn read(&mut self, slot: Slot) -> Result<[u8; DOSE_BYTES], I2C::Error> {
        let mut bytes = [0; DOSE_BYTES];
        self.i2c.write_read(self.address, &self.start(slot).to_be_bytes(), &mut bytes)?;
        Ok(bytes)
    }

    fn write(&mut self, write: &SlotWrite<'_>) -> Result<(), I2C::Error> {
        let mut at = self.start(write.slot());
        for chunk in write.bytes().chunks(CHUNK) {
            let mut frame = [0_u8; CHUNK + 2];
            let [high, low, data @ ..] = &mut frame;
            [*high, *low] = at.to_be_bytes();
            for (to, from) in data.iter_mut().zip(chunk) {
                *to = *from;
            }
            let sent = frame.get(..chunk.len().saturating_add(2)).unwrap_or(&frame);
            self.i2c.write(self.address, sent)?;
            self.delay.delay_ms(Self::WRITE_CYCLE_MS);
            at = at.saturating_add(32);
        }
        Ok(())
    }
}
