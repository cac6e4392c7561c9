//! MCP4922: two 12-bit voltage DACs on SPI, as set-point of a current source.
//!
//! Written here because no driver fits: `mcp4x` 1.0.0 is for digital potentiometers, and `mcp49xx` 0.3.0 (the right
//! part) still stands on embedded-hal 0.2 and has no LDAC.
//!
//! # Limitations
//! The part cannot be read back: a write the part did not take is not noticed here. Sense the current.

use crate::error::Error;
use embedded_hal::digital::OutputPin;
use embedded_hal::spi::SpiDevice;

type Fault<SPI, P> =
    Error<<SPI as embedded_hal::spi::ErrorType>::Error, <P as embedded_hal::digital::ErrorType>::Error>;

/// Which of the two DACs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DacChannel {
    /// V_OUTA.
    A,
    /// V_OUTB.
    B,
}

impl DacChannel {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    pub(crate) const fn from_index(index: u8) -> Option<Self> {
        match index {
            0 => Some(Self::A),
            1 => Some(Self::B),
            _ => None,
        }
    }
}

/// A DAC's input register and its output, where known. A failed write leaves both unknown.
#[derive(Clone, Copy, Debug, Default)]
struct Half {
    input: Option<u16>,
    output: Option<u16>,
}

/// An MCP4922 with a gain of 1, unbuffered reference, never shut down (a shut-down output floats, and a floating
/// set-point is not zero). Also fits the MCP4912 and 4902 if the codes are shifted for them.
///
/// `SPI` is mode 0,0 or 1,1, at most 20 MHz. With an LDAC pin the outputs change only in [`Mcp4922::latch`], both
/// together; without one (LDAC tied low) each write takes effect as it ends.
///
/// Both DACs are written to zero in `new` and on drop. To keep the bus, pass it by `&mut`.
///
/// ```
/// use embedded_hal_mock::eh1::{digital, spi};
/// use nmes_hal_adapters::{DacChannel, Mcp4922};
/// let word = |bytes: [u8; 2]| {
///     [spi::Transaction::transaction_start(), spi::Transaction::write_vec(bytes.into()), spi::Transaction::transaction_end()]
/// };
/// let expected = [word([0x30, 0]), word([0xB0, 0]), word([0x37, 0xFF]), word([0x30, 0]), word([0xB0, 0])];
/// let mut bus = spi::Mock::new(expected.as_flattened());
/// let mut dac = Mcp4922::new(&mut bus, None::<digital::Mock>).unwrap(); // A and B to zero
/// dac.write(DacChannel::A, 0x7FF).unwrap();
/// drop(dac); // A and B to zero
/// bus.done();
/// ```
#[derive(Debug)]
pub struct Mcp4922<SPI: SpiDevice, P: OutputPin> {
    spi: SPI,
    ldac: Option<P>,
    halves: [Half; 2],
}

impl<SPI: SpiDevice, P: OutputPin> Mcp4922<SPI, P> {
    /// The highest code.
    pub const CODE_MAX: u16 = 4_095;

    /// Takes the part and writes both DACs to zero.
    ///
    /// # Errors
    /// The bus or the pin failed; everything was tried, and is tried once more as the value is dropped.
    pub fn new(spi: SPI, ldac: Option<P>) -> Result<Self, Fault<SPI, P>> {
        let mut dac = Self { spi, ldac, halves: [Half::default(); 2] };
        let idle = dac.ldac.as_mut().map_or(Ok(()), |pin| pin.set_high().map_err(Error::Pin));
        let zero = dac.zero();
        Error::join(idle, zero)?;
        Ok(dac)
    }

    /// Whether the outputs change together.
    pub const fn has_latch(&self) -> bool {
        self.ldac.is_some()
    }

    /// Writes a code of 0 to 4,095. Without an LDAC pin it takes effect now.
    ///
    /// # Errors
    /// The bus failed, and the output is unknown; or the code is too high, and nothing was written.
    pub fn write(&mut self, channel: DacChannel, code: u16) -> Result<(), Fault<SPI, P>> {
        let word = Self::word(channel, code)?;
        let latched = self.ldac.is_some();
        let sent = self.spi.write(&word).map_err(Error::Spi);
        let half = self.half(channel);
        half.input = sent.is_ok().then_some(code);
        if !latched || half.input.is_none() {
            half.output = half.input;
        }
        sent
    }

    /// Makes both outputs follow what was written: a low pulse on LDAC, of at least 100 ns.
    ///
    /// # Errors
    /// The pin failed, and the outputs are unknown.
    pub fn latch(&mut self) -> Result<(), Fault<SPI, P>> {
        let Some(pin) = self.ldac.as_mut() else { return Ok(()) };
        let low = pin.set_low().map_err(Error::Pin);
        let high = pin.set_high().map_err(Error::Pin);
        let pulsed = Error::join(low, high);
        for half in &mut self.halves {
            half.output = if pulsed.is_ok() { half.input } else { None };
        }
        pulsed
    }

    /// Writes both DACs to zero and latches; everything is tried, the first error of each kind is kept.
    ///
    /// # Errors
    /// The bus or the pin failed.
    pub fn zero(&mut self) -> Result<(), Fault<SPI, P>> {
        let a = self.write(DacChannel::A, 0);
        let b = self.write(DacChannel::B, 0);
        let latch = self.latch();
        Error::join(Error::join(a, b), latch)
    }

    /// The code an output holds; `None` when unknown after an error.
    pub const fn output(&self, channel: DacChannel) -> Option<u16> {
        let [a, b] = &self.halves;
        match channel {
            DacChannel::A => a.output,
            DacChannel::B => b.output,
        }
    }

    const fn half(&mut self, channel: DacChannel) -> &mut Half {
        let [a, b] = &mut self.halves;
        match channel {
            DacChannel::A => a,
            DacChannel::B => b,
        }
    }

    /// Data sheet DS22250A, register 5-1: !A/B, BUF = 0, !GA = 1 (gain 1), !SHDN = 1 (active), 12 bits of data.
    const fn word(channel: DacChannel, code: u16) -> Result<[u8; 2], Fault<SPI, P>> {
        let (select, index) = match channel {
            DacChannel::A => (0x3000, 0),
            DacChannel::B => (0xB000, 1),
        };
        if code > Self::CODE_MAX {
            return Err(Error::Code { channel: index, code: widen(code) });
        }
        Ok((select | code).to_be_bytes())
    }
}

#[expect(clippy::as_conversions, reason = "i32::from is not const; widening loses nothing")]
const fn widen(code: u16) -> i32 {
    code as i32
}

impl<SPI: SpiDevice, P: OutputPin> Drop for Mcp4922<SPI, P> {
    fn drop(&mut self) {
        // nobody is left to hear of a failure
        let _ = self.zero();
    }
}
