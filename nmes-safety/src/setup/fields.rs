//! Values of a setup that are out of range.

use core::fmt;

/// The value of a setup that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SetupField {
    /// How many channels have an electrode area.
    Channels,
    /// Conductive area of an electrode, in mm².
    ElectrodeArea,
    /// The part of an electrode that is in contact, in thousandths.
    ContactFraction,
    /// Channels of a shared electrode, as a count.
    SharedChannels,
    /// How many electrodes are shared.
    SharedElectrodes,
    /// Supply rail, in mV.
    SupplyRail,
    /// Load, in ohm.
    Load,
    /// Declared direct current, in µA.
    DeclaredDc,
    /// Time of the hardware one-shot, in µs.
    OneShot,
    /// Time of the watchdog, in ms.
    Watchdog,
    /// What a measurement reads of nothing, in µA.
    MeasurementNoise,
}

impl fmt::Display for SetupField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Channels => "channels with an electrode",
            Self::ElectrodeArea => "electrode area (mm²)",
            Self::ContactFraction => "contact fraction (‰)",
            Self::SharedChannels => "channels of a shared electrode",
            Self::SharedElectrodes => "shared electrodes",
            Self::SupplyRail => "supply rail (mV)",
            Self::Load => "load (ohm)",
            Self::DeclaredDc => "declared direct current (µA)",
            Self::OneShot => "hardware one-shot (µs)",
            Self::Watchdog => "watchdog (ms)",
            Self::MeasurementNoise => "what a measurement reads of nothing (µA)",
        })
    }
}

/// A value of a setup out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetupError {
    /// Which value.
    pub field: SetupField,
    /// The value given.
    pub value: u64,
    /// The least that is taken.
    pub least: u64,
    /// The most that is taken.
    pub most: u64,
    /// Why.
    pub source: &'static str,
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, value, least, most, source } = self;
        write!(f, "{field}: {value} is not in {least} to {most}; {source}")
    }
}

impl core::error::Error for SetupError {}

pub(super) fn within(
    field: SetupField,
    value: u64,
    range: (u64, u64),
    source: &'static str,
) -> Result<(), SetupError> {
    let (least, most) = range;
    if value < least || value > most { Err(SetupError { field, value, least, most, source }) } else { Ok(()) }
}
