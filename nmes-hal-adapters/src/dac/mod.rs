//! Converters that set the current: a contract, and parts that keep it.

mod ad57x4;
mod ldac;
mod mcp4725;
mod mcp4728;
mod mcp4922;
mod on_chip;
mod power_up;
mod pwm;
mod tracked;

use core::fmt;

#[expect(deprecated, reason = "kept for those who named them")]
pub use ad57x4::{Ad57x2, Ad57x4};
pub use ad57x4::{Ad57xx, Ad5722, Ad5724, Ad5732, Ad5734, Ad5752, Ad5754, Coding, Range, Report};
pub use mcp4725::Mcp4725;
pub use mcp4728::{Mcp4728, Reference};
pub use mcp4922::{Mcp492x, Mcp4921, Mcp4922};
pub use on_chip::OnChipDac;
pub use pwm::{LowPass, PwmDac};

/// A converter as set-point of a current source: codes in, and zero is no current.
///
/// It is not an [`Output`](crate::Output): a zero is not an open output, and it takes any code of its range from anyone.
/// [`DacBridge`](crate::DacBridge) makes one of it.
///
/// # For driver authors
/// Write zero to every channel in `new`, on drop, and before an error of `new` is returned. What an output holds is
/// known only while every write to it succeeded: a failed one makes it unknown. Nothing waits for anything but its bus.
///
/// # For callers
/// After an error call [`Dac::zero`]; [`Dac::output`] answers `None` until a write has succeeded.
pub trait Dac {
    /// What can go wrong.
    type Error: fmt::Debug;

    /// How many outputs there are.
    fn channels(&self) -> u8;

    /// The lowest code: 0, or negative where the converter drives both ways.
    fn code_min(&self) -> i32;

    /// The highest code.
    fn code_max(&self) -> i32;

    /// Whether the outputs change together, in [`Dac::latch`]; without, each write takes effect as it ends.
    fn has_latch(&self) -> bool;

    /// Writes a code.
    ///
    /// # Errors
    /// The bus failed, and the output is unknown; or channel or code are out of range, and nothing was written.
    fn write(&mut self, channel: u8, code: i32) -> Result<(), Self::Error>;

    /// Makes all outputs follow what was written; does nothing without a latch.
    ///
    /// # Errors
    /// A pin or the bus failed, and the outputs are unknown.
    fn latch(&mut self) -> Result<(), Self::Error>;

    /// Writes zero to every output and latches; everything is tried, the first error of each kind is kept.
    ///
    /// # Errors
    /// Some write failed.
    fn zero(&mut self) -> Result<(), Self::Error>;

    /// The code an output holds; `None` when unknown after an error.
    fn output(&self, channel: u8) -> Option<i32>;
}

impl<D: Dac + ?Sized> Dac for &mut D {
    type Error = D::Error;

    fn channels(&self) -> u8 {
        (**self).channels()
    }

    fn code_min(&self) -> i32 {
        (**self).code_min()
    }

    fn code_max(&self) -> i32 {
        (**self).code_max()
    }

    fn has_latch(&self) -> bool {
        (**self).has_latch()
    }

    fn write(&mut self, channel: u8, code: i32) -> Result<(), D::Error> {
        (**self).write(channel, code)
    }

    fn latch(&mut self) -> Result<(), D::Error> {
        (**self).latch()
    }

    fn zero(&mut self) -> Result<(), D::Error> {
        (**self).zero()
    }

    fn output(&self, channel: u8) -> Option<i32> {
        (**self).output(channel)
    }
}

/// A failure of a converter on a bus, with a pin beside it. Both causes are kept, the first of each.
///
/// `BUS` and `PIN` are the error types of the HAL, of which embedded-hal 1.0 asks only `Debug`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DacError<BUS, PIN> {
    /// The bus failed.
    Bus(BUS),
    /// A pin failed.
    Pin(PIN),
    /// The bus and a pin failed.
    BusAndPin(BUS, PIN),
    /// There is no such channel.
    NoChannel {
        /// The channel asked for.
        channel: u8,
    },
    /// The code is outside the converter's range.
    Code {
        /// The channel.
        channel: u8,
        /// The code asked for.
        code: i32,
    },
    /// The part's own memory makes it drive this code at power-up, before any program runs: write zero to it once, at
    /// the factory.
    PowersUpDriving {
        /// The channel.
        channel: u8,
        /// The code it powers up with.
        code: u16,
    },
    /// A register does not read back as it was written.
    ReadBack {
        /// The first byte of the command that writes it.
        register: u8,
        /// What was written.
        wrote: u16,
        /// What was read.
        read: u16,
    },
}

impl<BUS, PIN> DacError<BUS, PIN> {
    /// This error, with the bus and pin causes of a later one where this one has none.
    #[must_use]
    pub fn with(self, later: Self) -> Self {
        match (self, later) {
            (Self::Bus(bus), Self::Pin(pin) | Self::BusAndPin(_, pin)) => Self::BusAndPin(bus, pin),
            (Self::Pin(pin), Self::Bus(bus) | Self::BusAndPin(bus, _)) => Self::BusAndPin(bus, pin),
            (first, _) => first,
        }
    }

    pub(crate) fn join(first: Result<(), Self>, later: Result<(), Self>) -> Result<(), Self> {
        match (first, later) {
            (Err(first), Err(later)) => Err(first.with(later)),
            (Err(error), Ok(())) | (Ok(()), Err(error)) => Err(error),
            (Ok(()), Ok(())) => Ok(()),
        }
    }
}

impl<BUS: fmt::Debug, PIN: fmt::Debug> fmt::Display for DacError<BUS, PIN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus(bus) => write!(f, "the bus failed: {bus:?}"),
            Self::Pin(pin) => write!(f, "a pin failed: {pin:?}"),
            Self::BusAndPin(bus, pin) => write!(f, "the bus failed: {bus:?}; a pin failed: {pin:?}"),
            Self::NoChannel { channel } => write!(f, "the converter has no channel {channel}"),
            Self::Code { channel, code } => {
                write!(f, "channel {channel}: code {code} is outside the converter's range")
            }
            Self::PowersUpDriving { channel, code } => {
                write!(f, "channel {channel}: the converter powers up with code {code}, not with 0")
            }
            Self::ReadBack { register, wrote, read } => {
                write!(f, "register {register:#04x} was written {wrote:#06x} and reads {read:#06x}")
            }
        }
    }
}

impl<BUS: fmt::Debug, PIN: fmt::Debug> core::error::Error for DacError<BUS, PIN> {}

/// A 12-bit code as it goes over the wire.
fn twelve_bits<BUS, PIN>(channel: u8, code: i32) -> Result<u16, DacError<BUS, PIN>> {
    let fits = u16::try_from(code).ok().filter(|&code| code <= TWELVE_BITS);
    fits.ok_or(DacError::Code { channel, code })
}

/// The highest 12-bit code.
const TWELVE_BITS: u16 = 4_095;
