//! MCP4725: one 12-bit DAC on I2C.
//!
//! Written here because `mcp4725` 0.4.3 stands on embedded-hal 0.2 and can panic on what the part answers.

use core::convert::Infallible;

use super::power_up::{powers_up_at_zero, store};
use super::tracked::Tracked;
use super::{Dac, DacError, TWELVE_BITS, twelve_bits};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use nmes_safety::records::OffPermit;

type Fault<I2C> = DacError<<I2C as embedded_hal::i2c::ErrorType>::Error, Infallible>;

/// An MCP4725, always powered (its power-down resistors are not an open output).
///
/// A write is two bytes and the address: 27 bit times and the ends, 68 µs at 400 kHz, 8 µs at 3.4 MHz. There is no latch.
///
/// **From the factory the part powers up at half scale**, which is half the full current if a bridge lets it through:
/// `new` reads the part's EEPROM and refuses one that is not zero. [`Mcp4725::store_zero`] writes it, once.
///
/// Zero is written in `new` and on drop; the EEPROM is never written by either.
///
/// Bytes are those of the data sheet (DS22039): the fast mode write, the write of DAC register and EEPROM, and the read.
///
/// ```
/// use embedded_hal_mock::eh1::i2c::{Mock, Transaction};
/// use nmes_hal_adapters::{Dac, Mcp4725};
/// let expected = [
///     Transaction::write(0x60, vec![0x00, 0x00]),
///     Transaction::read(0x60, vec![0xC0, 0, 0, 0, 0]),
///     Transaction::write(0x60, vec![0x07, 0xFF]),
///     Transaction::write(0x60, vec![0x00, 0x00]),
/// ];
/// let mut bus = Mock::new(&expected);
/// let mut dac = Mcp4725::new(&mut bus, 0x60).unwrap();
/// dac.write(0, 0x7FF).unwrap();
/// drop(dac);
/// bus.done();
/// ```
#[derive(Debug)]
pub struct Mcp4725<I2C: I2c> {
    i2c: I2C,
    address: u8,
    state: Tracked<1>,
}

impl<I2C: I2c> Mcp4725<I2C> {
    /// Takes the part at its 7-bit address (0x60 to 0x67), writes zero, then looks at what it powers up with.
    ///
    /// # Errors
    /// The bus failed, or [`DacError::PowersUpDriving`]; zero is written once more as the value is dropped.
    pub fn new(i2c: I2C, address: u8) -> Result<Self, Fault<I2C>> {
        let mut dac = Self { i2c, address, state: Tracked::new(false) };
        dac.zero()?;
        let mut read = [0; 5];
        dac.i2c.read(address, &mut read).map_err(DacError::Bus)?;
        let [.., high, low] = read;
        powers_up_at_zero(0, u16::from_be_bytes([high & 0x0F, low]))?;
        Ok(dac)
    }

    /// Writes zero to the converter and to its EEPROM, and waits 50 ms: once, at the factory.
    ///
    /// # Errors
    /// The bus failed.
    pub fn store_zero(
        i2c: &mut I2C,
        delay: &mut impl DelayNs,
        address: u8,
        off: OffPermit<'_>,
    ) -> Result<(), Fault<I2C>> {
        store(i2c, delay, address, &[0x60, 0, 0], off).map_err(DacError::Bus)
    }
}

impl<I2C: I2c> Dac for Mcp4725<I2C> {
    type Error = Fault<I2C>;

    fn channels(&self) -> u8 {
        1
    }

    fn code_min(&self) -> i32 {
        0
    }

    fn code_max(&self) -> i32 {
        i32::from(TWELVE_BITS)
    }

    fn has_latch(&self) -> bool {
        false
    }

    fn write(&mut self, channel: u8, code: i32) -> Result<(), Self::Error> {
        if channel != 0 {
            return Err(DacError::NoChannel { channel });
        }
        // the upper four bits are a fast mode write, not powered down
        let bytes = twelve_bits(channel, code)?.to_be_bytes();
        let sent = self.i2c.write(self.address, &bytes).map_err(DacError::Bus);
        self.state.wrote(channel, code, sent.is_ok());
        sent
    }

    fn latch(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn zero(&mut self) -> Result<(), Self::Error> {
        self.write(0, 0)
    }

    fn output(&self, channel: u8) -> Option<i32> {
        self.state.output(channel)
    }
}

impl<I2C: I2c> Drop for Mcp4725<I2C> {
    fn drop(&mut self) {
        // nobody is left to hear of a failure
        let _ = self.zero();
    }
}
