//! How the channels of a session are shifted against one another.

use crate::error::{ConfigError, Field, at_least, at_most};
use crate::rate::Rate;
use crate::schedule::Cycle;
use crate::session::Ramp;
use crate::units::Micros;
use crate::widen::{narrow, wide, wide8};

/// How channels share time, in the words of a treatment: what [`crate::Channel::offset`] becomes.
///
/// | | other words | offset of channel i of n |
/// |---|---|---|
/// | `Together` | synchronous, co-contraction | 0 |
/// | `Alternating` | reciprocal, agonist against antagonist | odd channels half a cycle later |
/// | `Sequential` | one muscle after the other | i × ON |
/// | `Interleaved` | asynchronous, (spatially) distributed, sequential low-rate stimulation | i/n of a pulse period |
///
/// A cycle is ON (ramp up, hold, ramp down) and rest. With `Interleaved` each of n electrodes over one muscle gets 1/n of
/// the rate that the muscle gets, which delays fatigue; channels on one current source ([`crate::ChannelHardware::source`])
/// are proved apart by it, where the pulses fit.
///
/// ```
/// use nmes_core::{Cycle, Micros, Millis, Ramp, Rate, Synchrony};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ms = |n| Millis::from_millis(n).unwrap_or_default();
/// // 1 s up, 4 s, 1 s down, 6 s rest; 30 Hz
/// let (cycle, ramp) = (Cycle { hold: ms(4_000), rest: ms(6_000) }, Ramp { up: ms(1_000), down: ms(1_000), ..Ramp::default() });
/// let rate = Rate::from_hz(30)?;
/// let offset = |synchrony: Synchrony, index, count| synchrony.offset(index, count, &cycle, &ramp, rate);
/// assert_eq!(offset(Synchrony::Alternating, 1, 2)?.as_micros(), 6_000_000);
/// assert_eq!(offset(Synchrony::Sequential, 1, 2)?.as_micros(), 6_000_000);
/// assert!(offset(Synchrony::Sequential, 2, 3).is_err()); // 18 s of ON do not fit into a cycle of 12 s
/// assert_eq!(offset(Synchrony::Interleaved, 1, 4)?.as_micros(), 8_333);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Synchrony {
    /// All at once.
    #[default]
    Together,
    /// Odd channels are ON while even ones rest.
    Alternating,
    /// One channel after the other.
    Sequential,
    /// All are ON together, and their pulses stand between one another.
    Interleaved,
}

impl Synchrony {
    /// The offset of channel `index` of `count`, in whole microseconds, rounded down.
    ///
    /// # Errors
    /// A count of 0 or above 8, or an index that is not below it; `Alternating` where ON is longer than half a cycle,
    /// `Sequential` where the ON times of all channels are longer than a cycle; an offset above an hour.
    pub const fn offset(
        self,
        index: u8,
        count: u8,
        cycle: &Cycle,
        ramp: &Ramp,
        rate: Rate,
    ) -> Result<Micros, ConfigError> {
        if let Err(error) = validate(index, count) {
            return Err(error);
        }
        let on = wide(ramp.up.as_millis()).saturating_add(wide(cycle.hold.as_millis()));
        let on = on.saturating_add(wide(ramp.down.as_millis()));
        let period = on.saturating_add(wide(cycle.rest.as_millis()));
        let (index, count) = (wide8(index), wide8(count));
        match self {
            Self::Together => Ok(Micros::ZERO),
            Self::Alternating => alternating(index, on, period),
            Self::Sequential => sequential(index, count, on, period),
            Self::Interleaved => interleaved(index, count, rate),
        }
    }
}

const fn validate(index: u8, count: u8) -> Result<(), ConfigError> {
    let source = "a session has 1 to 8 channels";
    if let Err(error) = at_least(Field::Channels, wide8(count), 1, source) {
        return Err(error);
    }
    if let Err(error) = at_most(Field::Channels, wide8(count), 8, source) {
        return Err(error);
    }
    at_most(Field::Channels, wide8(index), wide8(count).saturating_sub(1), "channels are counted from 0")
}

/// Both in milliseconds.
const fn alternating(index: i64, on: i64, period: i64) -> Result<Micros, ConfigError> {
    let source = "half a cycle: of two that alternate, one is on while the other rests";
    if let Err(error) = at_most(Field::Hold, on, period / 2, source) {
        return Err(error);
    }
    micros(if index % 2 == 0 { 0 } else { period.saturating_mul(500) })
}

/// Both in milliseconds.
const fn sequential(index: i64, count: i64, on: i64, period: i64) -> Result<Micros, ConfigError> {
    let source = "a cycle: the last of those that follow one another ends before the first begins again";
    if let Err(error) = at_most(Field::Hold, on.saturating_mul(count), period, source) {
        return Err(error);
    }
    micros(on.saturating_mul(index).saturating_mul(1_000))
}

const fn interleaved(index: i64, count: i64, rate: Rate) -> Result<Micros, ConfigError> {
    let pulses = wide(rate.pulses()).saturating_mul(count);
    match wide(rate.per_us()).saturating_mul(index).checked_div(pulses) {
        Some(us) => micros(us),
        None => Ok(Micros::ZERO), // a rate without pulses, which is none
    }
}

const fn micros(us: i64) -> Result<Micros, ConfigError> {
    let most = wide(Micros::MAX.as_micros());
    if let Err(error) = at_most(Field::Offset, us, most, "an offset is at most an hour") {
        return Err(error);
    }
    match Micros::from_micros(narrow(us)) {
        Some(us) => Ok(us),
        None => Ok(Micros::MAX),
    }
}
