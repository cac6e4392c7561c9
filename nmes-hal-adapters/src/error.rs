//! What can go wrong at an output made of a bus and pins.

use core::fmt;

/// A failure of an output on a bus and pins. Both causes are kept, the first of each.
///
/// `SPI` and `PIN` are the error types of the HAL, of which embedded-hal 1.0 asks only `Debug`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<SPI, PIN> {
    /// The bus failed.
    Spi(SPI),
    /// A pin failed.
    Pin(PIN),
    /// The bus and a pin failed.
    SpiAndPin(SPI, PIN),
    /// There is no such channel.
    NoChannel {
        /// The channel asked for.
        channel: u8,
    },
    /// The code is outside the range the hardware declares.
    Code {
        /// The channel.
        channel: u8,
        /// The code asked for.
        code: i32,
    },
    /// The bridge cannot short its load.
    CannotShort {
        /// The channel.
        channel: u8,
    },
    /// The output failed before, and has not been restarted.
    Stopped,
}

impl<SPI, PIN> Error<SPI, PIN> {
    /// This error, with the bus and pin causes of a later one where this one has none.
    #[must_use]
    pub fn with(self, later: Self) -> Self {
        match (self, later) {
            (Self::Spi(spi), Self::Pin(pin) | Self::SpiAndPin(_, pin)) => Self::SpiAndPin(spi, pin),
            (Self::Pin(pin), Self::Spi(spi) | Self::SpiAndPin(spi, _)) => Self::SpiAndPin(spi, pin),
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

impl<SPI: fmt::Debug, PIN: fmt::Debug> fmt::Display for Error<SPI, PIN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spi(spi) => write!(f, "the SPI bus failed: {spi:?}"),
            Self::Pin(pin) => write!(f, "a pin failed: {pin:?}"),
            Self::SpiAndPin(spi, pin) => write!(f, "the SPI bus failed: {spi:?}; a pin failed: {pin:?}"),
            Self::NoChannel { channel } => write!(f, "the output has no channel {channel}"),
            Self::Code { channel, code } => {
                write!(f, "channel {channel}: code {code} is outside the declared range")
            }
            Self::CannotShort { channel } => write!(f, "channel {channel}: the bridge cannot short its load"),
            Self::Stopped => f.write_str("the output failed before and has not been restarted"),
        }
    }
}

impl<SPI: fmt::Debug, PIN: fmt::Debug> core::error::Error for Error<SPI, PIN> {}
