//! MCP4921 and MCP4922: one or two 12-bit voltage DACs on SPI, as set-point of a current source.
//!
//! Written here because no driver fits: `mcp4x` 1.0.0 is for digital potentiometers, and `mcp49xx` 0.3.0 (the right
//! part) still stands on embedded-hal 0.2 and has no LDAC.
//!
//! # Limitations
//! The part cannot be read back: a write the part did not take is not noticed here. Sense the current.

use super::ldac::{Ldac, writes_for};
use super::tracked::Tracked;
use super::{Dac, DacError, TWELVE_BITS, twelve_bits};
use embedded_hal::digital::OutputPin;
use embedded_hal::spi::SpiDevice;

type Fault<SPI, P> =
    DacError<<SPI as embedded_hal::spi::ErrorType>::Error, <P as embedded_hal::digital::ErrorType>::Error>;

/// An MCP492x with `N` DACs, a gain of 1, unbuffered reference, never shut down (a shut-down output floats, and a
/// floating set-point is not zero). Not for the MCP491x of 10 bits and the MCP490x of 8, which drop the low bits of a code.
///
/// `SPI` is mode 0,0 or 1,1, at most 20 MHz. With an LDAC pin the outputs change only in [`Dac::latch`], both
/// together; without one (LDAC tied low) each write takes effect as it ends.
///
/// Every DAC is written to zero in `new` and on drop. To keep the bus, pass it by `&mut`. The part powers up with its
/// outputs off, at high impedance: the current source's input needs a resistor to zero.
///
/// ```
/// use embedded_hal_mock::eh1::{digital, spi};
/// use nmes_hal_adapters::{Dac, Mcp4922};
/// let word = |bytes: [u8; 2]| {
///     [spi::Transaction::transaction_start(), spi::Transaction::write_vec(bytes.into()), spi::Transaction::transaction_end()]
/// };
/// let expected = [word([0x30, 0]), word([0xB0, 0]), word([0x37, 0xFF]), word([0x30, 0]), word([0xB0, 0])];
/// let mut bus = spi::Mock::new(expected.as_flattened());
/// let mut dac = Mcp4922::new(&mut bus, None::<digital::Mock>).unwrap(); // A and B to zero
/// dac.write(0, 0x7FF).unwrap();
/// drop(dac); // A and B to zero
/// bus.done();
/// ```
#[derive(Debug)]
pub struct Mcp492x<SPI: SpiDevice, P: OutputPin, const N: usize> {
    spi: SPI,
    ldac: Option<Ldac<P>>,
    state: Tracked<N>,
}

/// 100 ns at least (DS22250A, "AC Characteristics", t_LD).
const LDAC_WRITES: u16 = writes_for(100);

/// One DAC.
pub type Mcp4921<SPI, P> = Mcp492x<SPI, P, 1>;
/// Two DACs.
pub type Mcp4922<SPI, P> = Mcp492x<SPI, P, 2>;

impl<SPI: SpiDevice, P: OutputPin, const N: usize> Mcp492x<SPI, P, N> {
    /// Takes the part and writes every DAC to zero.
    ///
    /// # Errors
    /// The bus or the pin failed; everything was tried, and is tried once more as the value is dropped.
    pub fn new(spi: SPI, ldac: Option<P>) -> Result<Self, Fault<SPI, P>> {
        const { assert!(N == 1 || N == 2, "an MCP4921 has one DAC, an MCP4922 two") }
        let state = Tracked::new(ldac.is_some());
        let ldac = ldac.map(|pin| Ldac::new(pin, LDAC_WRITES));
        let mut dac = Self { spi, ldac, state };
        let idle = dac.ldac.as_mut().map_or(Ok(()), |ldac| ldac.idle().map_err(DacError::Pin));
        let zero = dac.zero();
        DacError::join(idle, zero)?;
        Ok(dac)
    }

    /// The same with LDAC written low so many times for a pulse, at least once, in place of 25. 25 writes take 100 ns where each is no
    /// shorter than a cycle of 250 MHz: a faster processor wants more of them; where one takes longer, fewer will do, and each
    /// edge is so much shorter. Look at the pin: a pulse that is too short is not seen by the part, nor by anybody here.
    #[must_use]
    pub fn with_ldac_writes(mut self, writes: u16) -> Self {
        if let Some(ldac) = self.ldac.as_mut() {
            ldac.hold(writes);
        }
        self
    }

    /// The write command register of the data sheets (DS22248, DS22250): !A/B, BUF = 0, !GA = 1 (gain 1), !SHDN = 1 (active), 12 bits.
    fn word(channel: u8, code: i32) -> Result<[u8; 2], Fault<SPI, P>> {
        let select = match channel {
            0 => 0x3000,
            1 if N == 2 => 0xB000,
            _ => return Err(DacError::NoChannel { channel }),
        };
        twelve_bits(channel, code).map(|code| (select | code).to_be_bytes())
    }
}

impl<SPI: SpiDevice, P: OutputPin, const N: usize> Dac for Mcp492x<SPI, P, N> {
    type Error = Fault<SPI, P>;

    fn channels(&self) -> u8 {
        if N == 2 { 2 } else { 1 }
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
        let word = Self::word(channel, code)?;
        let sent = self.spi.write(&word).map_err(DacError::Bus);
        self.state.wrote(channel, code, sent.is_ok());
        sent
    }

    /// A low pulse on LDAC: see [`Mcp492x::with_ldac_writes`].
    fn latch(&mut self) -> Result<(), Self::Error> {
        let Some(ldac) = self.ldac.as_mut() else { return Ok(()) };
        let [low, high] = ldac.pulse();
        let pulsed = DacError::join(low.map_err(DacError::Pin), high.map_err(DacError::Pin));
        self.state.latched(pulsed.is_ok());
        pulsed
    }

    fn zero(&mut self) -> Result<(), Self::Error> {
        let mut first = Ok(());
        for channel in 0..self.channels() {
            first = DacError::join(first, self.write(channel, 0));
        }
        DacError::join(first, self.latch())
    }

    fn output(&self, channel: u8) -> Option<i32> {
        self.state.output(channel)
    }
}

impl<SPI: SpiDevice, P: OutputPin, const N: usize> Drop for Mcp492x<SPI, P, N> {
    fn drop(&mut self) {
        // nobody is left to hear of a failure
        let _ = self.zero();
    }
}
