//! MCP4728: four 12-bit DACs on I2C.
//!
//! Written here although `mcp4728` 0.2.0 stands on embedded-hal 1.0: whoever holds that driver can write the EEPROM at any
//! moment, its write of one channel that spares the EEPROM takes a slice of all settings, and it brings a macro stack of
//! some twenty crates for eight bytes.

use super::ldac::{Ldac, writes_for};
use super::power_up::{powers_up_at_zero, store};
use super::tracked::Tracked;
use super::{Dac, DacError, TWELVE_BITS, twelve_bits};
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_hal::i2c::I2c;
use nmes_safety::records::OffPermit;

type Fault<I2C, P> =
    DacError<<I2C as embedded_hal::i2c::ErrorType>::Error, <P as embedded_hal::digital::ErrorType>::Error>;

/// What a code is measured against; it is sent with every write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The supply.
    Supply,
    /// 2.048 V at full scale.
    Internal,
    /// 4.096 V at full scale.
    InternalDoubled,
}

impl Reference {
    /// VREF and G_X of the second byte.
    const fn bits(self) -> u16 {
        match self {
            Self::Supply => 0x0000,
            Self::Internal => 0x8000,
            Self::InternalDoubled => 0x9000,
        }
    }
}

/// 210 ns at least (DS22187E, "Electrical Characteristics").
const LDAC_WRITES: u16 = writes_for(210);

/// An MCP4728, always powered (its power-down resistors are not an open output).
///
/// A write is three bytes and the address: 36 bit times and the ends, 93 µs at 400 kHz, 11 µs at 3.4 MHz. With an LDAC pin
/// the outputs change only in [`Dac::latch`], all together; without one LDAC is tied low.
///
/// The part powers up with what its EEPROM has: `new` reads it and refuses any channel that is not zero.
/// [`Mcp4728::store_zero`] writes it, once. Zero is written in `new` and on drop; the EEPROM is never written by either.
///
/// Bytes are those of the data sheet (DS22187): fast write, multi-write, sequential write, and read.
///
/// ```
/// use embedded_hal_mock::eh1::{digital, i2c::{Mock, Transaction}};
/// use nmes_hal_adapters::{Dac, Mcp4728, Reference};
/// let expected = [
///     Transaction::write(0x60, vec![0; 8]),
///     Transaction::read(0x60, vec![0; 24]),
///     Transaction::write(0x60, vec![0x42, 0x87, 0xFF]), // channel B, 2.048 V, 0x7FF
///     Transaction::write(0x60, vec![0; 8]),
/// ];
/// let mut bus = Mock::new(&expected);
/// let mut dac = Mcp4728::new(&mut bus, 0x60, Reference::Internal, None::<digital::Mock>).unwrap();
/// dac.write(1, 0x7FF).unwrap();
/// drop(dac);
/// bus.done();
/// ```
#[derive(Debug)]
pub struct Mcp4728<I2C: I2c, P: OutputPin> {
    i2c: I2C,
    ldac: Option<Ldac<P>>,
    address: u8,
    reference: Reference,
    state: Tracked<4>,
}

impl<I2C: I2c, P: OutputPin> Mcp4728<I2C, P> {
    /// Takes the part at its 7-bit address (0x60 to 0x67), writes zero, then looks at what it powers up with.
    ///
    /// # Errors
    /// The bus or the pin failed, or [`DacError::PowersUpDriving`]; zero is written once more as the value is dropped.
    pub fn new(i2c: I2C, address: u8, reference: Reference, ldac: Option<P>) -> Result<Self, Fault<I2C, P>> {
        let state = Tracked::new(ldac.is_some());
        let ldac = ldac.map(|pin| Ldac::new(pin, LDAC_WRITES));
        let mut dac = Self { i2c, ldac, address, reference, state };
        let idle = dac.ldac.as_mut().map_or(Ok(()), |ldac| ldac.idle().map_err(DacError::Pin));
        DacError::join(idle, dac.zero())?;
        dac.looks_at_eeprom()?;
        Ok(dac)
    }

    /// The same with LDAC written low so many times for a pulse, at least once, in place of 53. 53 writes take 212 ns where each is no
    /// shorter than a cycle of 250 MHz: a faster processor wants more of them; where one takes longer, fewer will do, and each
    /// edge is so much shorter. Look at the pin: a pulse that is too short is not seen by the part, nor by anybody here.
    #[must_use]
    pub fn with_ldac_writes(mut self, writes: u16) -> Self {
        if let Some(ldac) = self.ldac.as_mut() {
            ldac.hold(writes);
        }
        self
    }

    fn looks_at_eeprom(&mut self) -> Result<(), Fault<I2C, P>> {
        let mut read = [0; 24];
        self.i2c.read(self.address, &mut read).map_err(DacError::Bus)?;
        let (channels, _) = read.as_chunks::<6>();
        for (channel, [.., high, low]) in (0_u8..).zip(channels) {
            powers_up_at_zero(channel, u16::from_be_bytes([*high & 0x0F, *low]))?;
        }
        Ok(())
    }

    /// Writes zero to every channel and to its EEPROM, against the supply, and waits 50 ms: once, at the factory.
    ///
    /// # Errors
    /// The bus failed.
    pub fn store_zero(
        i2c: &mut I2C,
        delay: &mut impl DelayNs,
        address: u8,
        off: OffPermit<'_>,
    ) -> Result<(), Fault<I2C, P>> {
        store(i2c, delay, address, &[0x50, 0, 0, 0, 0, 0, 0, 0, 0], off).map_err(DacError::Bus)
    }
}

impl<I2C: I2c, P: OutputPin> Dac for Mcp4728<I2C, P> {
    type Error = Fault<I2C, P>;

    fn channels(&self) -> u8 {
        4
    }

    fn code_min(&self) -> i32 {
        0
    }

    fn code_max(&self) -> i32 {
        i32::from(TWELVE_BITS)
    }

    fn has_latch(&self) -> bool {
        self.ldac.is_some()
    }

    fn write(&mut self, channel: u8, code: i32) -> Result<(), Self::Error> {
        // multi-write: 0100 0, channel, !UDAC = 0
        let command = match channel {
            0 => 0x40,
            1 => 0x42,
            2 => 0x44,
            3 => 0x46,
            _ => return Err(DacError::NoChannel { channel }),
        };
        let [high, low] = (twelve_bits(channel, code)? | self.reference.bits()).to_be_bytes();
        // with UDAC set the output waits for LDAC, whatever the pin was as the byte ended
        let command = if self.ldac.is_some() { command | 1 } else { command };
        let sent = self.i2c.write(self.address, &[command, high, low]).map_err(DacError::Bus);
        self.state.wrote(channel, code, sent.is_ok());
        sent
    }

    /// A low pulse on LDAC: see [`Mcp4728::with_ldac_writes`].
    fn latch(&mut self) -> Result<(), Self::Error> {
        let Some(ldac) = self.ldac.as_mut() else { return Ok(()) };
        let [low, high] = ldac.pulse();
        let pulsed = DacError::join(low.map_err(DacError::Pin), high.map_err(DacError::Pin));
        self.state.latched(pulsed.is_ok());
        pulsed
    }

    /// One fast write of all channels, then the latch.
    fn zero(&mut self) -> Result<(), Self::Error> {
        let sent = self.i2c.write(self.address, &[0; 8]).map_err(DacError::Bus);
        self.state.wrote_all(0, sent.is_ok());
        DacError::join(sent, self.latch())
    }

    fn output(&self, channel: u8) -> Option<i32> {
        self.state.output(channel)
    }
}

impl<I2C: I2c, P: OutputPin> Drop for Mcp4728<I2C, P> {
    fn drop(&mut self) {
        // nobody is left to hear of a failure
        let _ = self.zero();
    }
}
