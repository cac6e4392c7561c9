//! AD5722, AD5732, AD5752 (two channels) and AD5724, AD5734, AD5754 (four): bipolar voltage DACs on SPI.
//!
//! Written here although `ad57xx` 0.3.0 stands on embedded-hal 1.0: its answer to a read-back puts the echoed command where
//! the low byte belongs, it tracks nothing, and it has no safe level in `new` or on drop.

use super::ldac::{Ldac, writes_for};
use super::tracked::Tracked;
use super::{Dac, DacError};
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_hal::spi::{Operation, SpiDevice};

type Fault<SPI, P> =
    DacError<<SPI as embedded_hal::spi::ErrorType>::Error, <P as embedded_hal::digital::ErrorType>::Error>;

/// How the part reads codes: the level at its BIN/2sCOMP pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// High: zero is 0x8000.
    OffsetBinary,
    /// Low: zero is 0x0000.
    TwosComplement,
}

/// Full scale at a reference of 2.5 V.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// ±5 V.
    Bipolar5,
    /// ±10 V.
    Bipolar10,
    /// ±10.8 V.
    Bipolar10_8,
}

impl Range {
    /// The bits of the output range select register, by the data sheet.
    const fn bits(self) -> u16 {
        match self {
            Self::Bipolar5 => 3,
            Self::Bipolar10 => 4,
            Self::Bipolar10_8 => 5,
        }
    }
}

/// What the part says of itself in its power control register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Every channel is powered.
    pub powered: bool,
    /// It is too hot; it has powered the channels down.
    pub too_hot: bool,
    /// Some output is at its current limit.
    pub over_current: bool,
}

/// An AD57x2 (`N` = 2) or AD57x4 (`N` = 4) of 12, 14 or 16 `BITS`, both polarities. Codes are those of the part, from
/// −2^(`BITS` − 1) on, and sent left-aligned. Say the bits that the part has, best by the alias of its name: a part of 12 bits
/// driven as one of 16 drops the low bits of each code, down whatever the sign, so that 1000 is put out as 992, −1000 as −1008,
/// and no pulse is balanced.
///
/// `SPI` is mode 1 (data is taken at the falling edge of the clock), at most 30 MHz for writes and 13 MHz for reads.
/// With an LDAC pin the outputs change only in [`Dac::latch`]; without one LDAC is tied low.
///
/// # Order
/// `new`: LDAC high, control (clamp and thermal shutdown on), range, codes to zero, load, read range and control back,
/// power up, 10 µs, codes to zero, load. The outputs are held at ground through 4 kΩ until then, by the part itself. On
/// drop: codes to zero, load, power down.
///
/// Words are those of the data sheets AD5724/AD5734/AD5754 and AD5722/AD5732/AD5752: the input shift register, the
/// registers of codes, range, control and power, and how one is read back.
///
/// # Limitations
/// What is read back is the configuration. A code that the part did not take shows in the current, which
/// [`Sense`](crate::Sense) sees.
#[derive(Debug)]
pub struct Ad57xx<SPI: SpiDevice, P: OutputPin, const N: usize, const BITS: u32> {
    spi: SPI,
    ldac: Option<Ldac<P>>,
    coding: Coding,
    state: Tracked<N>,
}

/// Two channels of 12 bits.
pub type Ad5722<SPI, P> = Ad57xx<SPI, P, 2, 12>;
/// Two channels of 14 bits.
pub type Ad5732<SPI, P> = Ad57xx<SPI, P, 2, 14>;
/// Two channels of 16 bits.
pub type Ad5752<SPI, P> = Ad57xx<SPI, P, 2, 16>;
/// Four channels of 12 bits.
pub type Ad5724<SPI, P> = Ad57xx<SPI, P, 4, 12>;
/// Four channels of 14 bits.
pub type Ad5734<SPI, P> = Ad57xx<SPI, P, 4, 14>;
/// Four channels of 16 bits.
pub type Ad5754<SPI, P> = Ad57xx<SPI, P, 4, 16>;
/// Two channels of 16 bits.
#[deprecated = "it is the AD5752 alone: name the part, Ad5722, Ad5732 or Ad5752"]
pub type Ad57x2<SPI, P> = Ad5752<SPI, P>;
/// Four channels of 16 bits.
#[deprecated = "it is the AD5754 alone: name the part, Ad5724, Ad5734 or Ad5754"]
pub type Ad57x4<SPI, P> = Ad5754<SPI, P>;

/// 20 ns at least (data sheet).
const LDAC_WRITES: u16 = writes_for(20);
const READ: u8 = 0x80;
const ALL_CODES: u8 = 0x04;
const ALL_RANGES: u8 = 0x0C;
const FIRST_RANGE: u8 = 0x08;
const POWER: u8 = 0x10;
const NOTHING: u8 = 0x18;
const CONTROL: u8 = 0x19;
const LOAD: u8 = 0x1D;
/// Thermal shutdown and clamp on; clear to zero; read-back on.
const CONFIG: u16 = 0x000C;
/// The bits of the range and control registers that are ours.
const RANGE_MASK: u16 = 0x0007;
const CONFIG_MASK: u16 = 0x000F;
const TOO_HOT: u16 = 0x0020;
const OVER_CURRENT: u16 = 0x0780;

impl<SPI: SpiDevice, P: OutputPin, const N: usize, const BITS: u32> Ad57xx<SPI, P, N, BITS> {
    /// How far a code is moved up to be left-aligned.
    const SHIFT: u32 = 16_u32.saturating_sub(BITS);
    const CODE_MIN: i16 = i16::MIN.wrapping_shr(Self::SHIFT);
    const CODE_MAX: i16 = i16::MAX.wrapping_shr(Self::SHIFT);
    /// The bits that power each channel; the second of two is where the third of four is.
    const POWERED: u16 = if N == 2 { 0x0005 } else { 0x000F };

    /// Takes the part through the order above. `delay` waits out the 10 µs after power-up.
    ///
    /// # Errors
    /// The bus or the pin failed, or a register does not read back; zero and power down are tried as the value is
    /// dropped.
    pub fn new(
        spi: SPI,
        ldac: Option<P>,
        range: Range,
        coding: Coding,
        delay: &mut impl DelayNs,
    ) -> Result<Self, Fault<SPI, P>> {
        const { assert!(N == 2 || N == 4, "an AD57x2 has two channels, an AD57x4 four") }
        const { assert!(matches!(BITS, 12 | 14 | 16), "an AD572x has 12 bits, an AD573x 14, an AD575x 16") }
        let state = Tracked::new(ldac.is_some());
        let ldac = ldac.map(|pin| Ldac::new(pin, LDAC_WRITES));
        let mut dac = Self { spi, ldac, coding, state };
        dac.ldac.as_mut().map_or(Ok(()), |ldac| ldac.idle().map_err(DacError::Pin))?;
        dac.send(CONTROL, CONFIG)?;
        dac.send(ALL_RANGES, range.bits())?;
        dac.zero()?;
        dac.holds(FIRST_RANGE, range.bits(), RANGE_MASK)?;
        dac.holds(CONTROL, CONFIG, CONFIG_MASK)?;
        dac.send(POWER, Self::POWERED)?;
        delay.delay_us(10);
        dac.zero()?;
        Ok(dac)
    }

    /// The same with LDAC written low so many times for a pulse, at least once, in place of 5. 5 writes take 20 ns where each is no
    /// shorter than a cycle of 250 MHz: a faster processor wants more of them; where one takes longer, fewer will do, and each
    /// edge is so much shorter. Look at the pin: a pulse that is too short is not seen by the part, nor by anybody here.
    #[must_use]
    pub fn with_ldac_writes(mut self, writes: u16) -> Self {
        if let Some(ldac) = self.ldac.as_mut() {
            ldac.hold(writes);
        }
        self
    }

    /// Asks the part how it is: 48 bits, so from the slow side, while no edge is due.
    ///
    /// # Errors
    /// The bus failed.
    pub fn report(&mut self) -> Result<Report, Fault<SPI, P>> {
        let register = self.read(POWER)?;
        Ok(Report {
            powered: register & Self::POWERED == Self::POWERED,
            too_hot: register & TOO_HOT != 0,
            over_current: register & OVER_CURRENT != 0,
        })
    }

    fn send(&mut self, command: u8, data: u16) -> Result<(), Fault<SPI, P>> {
        let [high, low] = data.to_be_bytes();
        self.spi.write(&[command, high, low]).map_err(DacError::Bus)
    }

    /// The register is shifted out while the next word, which does nothing, is shifted in.
    fn read(&mut self, register: u8) -> Result<u16, Fault<SPI, P>> {
        self.send(register | READ, 0)?;
        let mut word = [NOTHING, 0, 0];
        self.spi.transaction(&mut [Operation::TransferInPlace(&mut word)]).map_err(DacError::Bus)?;
        let [_, high, low] = word;
        Ok(u16::from_be_bytes([high, low]))
    }

    fn holds(&mut self, register: u8, wrote: u16, mask: u16) -> Result<(), Fault<SPI, P>> {
        let read = self.read(register)? & mask;
        if read == wrote { Ok(()) } else { Err(DacError::ReadBack { register, wrote, read }) }
    }

    fn data(&self, channel: u8, code: i32) -> Result<u16, Fault<SPI, P>> {
        let own = i16::try_from(code).ok().filter(|own| (Self::CODE_MIN..=Self::CODE_MAX).contains(own));
        let aligned = own.ok_or(DacError::Code { channel, code })?.wrapping_shl(Self::SHIFT);
        let complement = u16::from_be_bytes(aligned.to_be_bytes());
        Ok(match self.coding {
            Coding::TwosComplement => complement,
            Coding::OffsetBinary => complement ^ 0x8000,
        })
    }

    fn address(channel: u8) -> Result<u8, Fault<SPI, P>> {
        if !Tracked::<N>::has(channel) {
            return Err(DacError::NoChannel { channel });
        }
        // DAC A and B of an AD57x2 are at the addresses 0 and 2
        Ok(if N == 2 { channel << 1 } else { channel })
    }
}

impl<SPI: SpiDevice, P: OutputPin, const N: usize, const BITS: u32> Dac for Ad57xx<SPI, P, N, BITS> {
    type Error = Fault<SPI, P>;

    fn channels(&self) -> u8 {
        if N == 2 { 2 } else { 4 }
    }

    fn code_min(&self) -> i32 {
        i32::from(Self::CODE_MIN)
    }

    fn code_max(&self) -> i32 {
        i32::from(Self::CODE_MAX)
    }

    fn has_latch(&self) -> bool {
        self.ldac.is_some()
    }

    fn write(&mut self, channel: u8, code: i32) -> Result<(), Self::Error> {
        let (address, data) = (Self::address(channel)?, self.data(channel, code)?);
        let sent = self.send(address, data);
        self.state.wrote(channel, code, sent.is_ok());
        sent
    }

    /// A low pulse on LDAC: see [`Ad57xx::with_ldac_writes`].
    fn latch(&mut self) -> Result<(), Self::Error> {
        let Some(ldac) = self.ldac.as_mut() else { return Ok(()) };
        let [low, high] = ldac.pulse();
        let pulsed = DacError::join(low.map_err(DacError::Pin), high.map_err(DacError::Pin));
        self.state.latched(pulsed.is_ok());
        pulsed
    }

    /// One write to all channels, then the load function, which works whatever the LDAC pin does.
    fn zero(&mut self) -> Result<(), Self::Error> {
        let zero = match self.coding {
            Coding::OffsetBinary => 0x8000,
            Coding::TwosComplement => 0,
        };
        let sent = self.send(ALL_CODES, zero);
        self.state.wrote_all(0, sent.is_ok());
        let loaded = self.send(LOAD, 0);
        self.state.latched(loaded.is_ok());
        DacError::join(sent, loaded)
    }

    fn output(&self, channel: u8) -> Option<i32> {
        self.state.output(channel)
    }
}

impl<SPI: SpiDevice, P: OutputPin, const N: usize, const BITS: u32> Drop for Ad57xx<SPI, P, N, BITS> {
    fn drop(&mut self) {
        // nobody is left to hear of a failure; the part then holds its outputs at ground
        let _ = self.zero();
        let _ = self.send(POWER, 0);
    }
}
