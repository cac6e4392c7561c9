//! What can go wrong at an output made of a converter and pins.

use core::fmt;

/// A failure of an output made of a converter and pins. Both causes are kept, the first of each.
///
/// `DAC` is the error of the [`Dac`](crate::Dac), `PIN` that of the pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<DAC, PIN> {
    /// The converter failed.
    Dac(DAC),
    /// A pin failed.
    Pin(PIN),
    /// The converter and a pin failed.
    DacAndPin(DAC, PIN),
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

impl<DAC, PIN> Error<DAC, PIN> {
    /// This error, with the bus and pin causes of a later one where this one has none.
    #[must_use]
    pub fn with(self, later: Self) -> Self {
        match (self, later) {
            (Self::Dac(dac), Self::Pin(pin) | Self::DacAndPin(_, pin)) => Self::DacAndPin(dac, pin),
            (Self::Pin(pin), Self::Dac(dac) | Self::DacAndPin(dac, _)) => Self::DacAndPin(dac, pin),
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

impl<DAC: fmt::Debug, PIN: fmt::Debug> fmt::Display for Error<DAC, PIN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dac(dac) => write!(f, "the converter failed: {dac:?}"),
            Self::Pin(pin) => write!(f, "a pin failed: {pin:?}"),
            Self::DacAndPin(dac, pin) => write!(f, "the converter failed: {dac:?}; a pin failed: {pin:?}"),
            Self::NoChannel { channel } => write!(f, "the output has no channel {channel}"),
            Self::Code { channel, code } => {
                write!(f, "channel {channel}: code {code} is outside the declared range")
            }
            Self::CannotShort { channel } => write!(f, "channel {channel}: the bridge cannot short its load"),
            Self::Stopped => f.write_str("the output failed before and has not been restarted"),
        }
    }
}

impl<DAC: fmt::Debug, PIN: fmt::Debug> core::error::Error for Error<DAC, PIN> {}
