//! What an output can do: its clock, its codes, how late it may be, and how it rests.

use crate::product::product;
use core::fmt;

use crate::error::{ConfigError, Field, at_least, at_most};

/// The most channels a session, a plan or a hardware has.
pub const MAX_CHANNELS: usize = 8;

/// What an output does when no current is commanded. [`Rest::Open`] is the only safe state; the other two are
/// for the interphase gap and the time between two pulses of a train.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Rest {
    /// Nothing is connected.
    #[default]
    Open,
    /// The electrodes are connected to each other.
    Shorted,
    /// The source drives a commanded zero.
    DrivenZero,
}

/// The time side of a [`Hardware`]. All lengths are in ticks.
///
/// [`HardwareTiming::ideal`] is a timer that is never late; set the fields that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct HardwareTiming {
    /// Ticks of the timer in one second, 1,000 to 1,000,000,000.
    pub ticks_per_second: u32,
    /// L: the most an edge may be applied after its time. Later is a fault.
    pub late_max_ticks: u32,
    /// ε: how far the time stamp of an edge may be from the edge.
    pub stamp_error_ticks: u32,
    /// Time the write of one channel takes; an edge may have to wait for those of the other channels.
    pub write_ticks: u32,
    /// Time the output needs to settle after a write.
    pub settle_ticks: u32,
    /// Least time between two edges of one channel.
    pub min_edge_ticks: u32,
    /// Least time a bridge is open between opposite polarities.
    pub dead_ticks: u32,
    /// Whether the edges of several channels at one instant are put out together.
    pub has_latch: bool,
    /// How the output rests in the interphase gap.
    pub gap_rest: Rest,
    /// How the output rests between two pulses of a train. Outside a train it is open.
    pub pulse_rest: Rest,
}

impl HardwareTiming {
    /// A clock of `ticks_per_second` on which every edge is exact, with a latch and open rests.
    #[must_use]
    pub const fn ideal(ticks_per_second: u32) -> Self {
        Self {
            ticks_per_second,
            late_max_ticks: 0,
            stamp_error_ticks: 0,
            write_ticks: 0,
            settle_ticks: 0,
            min_edge_ticks: 1,
            dead_ticks: 0,
            has_latch: true,
            gap_rest: Rest::Open,
            pulse_rest: Rest::Open,
        }
    }
}

/// The current side of one channel of a [`Hardware`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct ChannelHardware {
    /// Nanoamperes for one code above zero.
    pub na_per_code_positive: u32,
    /// Nanoamperes for one code below zero.
    pub na_per_code_negative: u32,
    /// Calibrated constant error while driven, in nanoamperes; at most half a code.
    pub offset_na: i32,
    /// Lowest code, at most −1.
    pub code_min: i32,
    /// Highest code, at least 1.
    pub code_max: i32,
    /// Which current source it is on, 1 to 255: channels with the same one share it. 0: one of its own.
    #[cfg_attr(feature = "serde", serde(default))]
    pub source: u8,
}

impl ChannelHardware {
    /// Equal gain in both polarities, no offset.
    #[must_use]
    pub const fn symmetric(na_per_code: u32, code_min: i32, code_max: i32) -> Self {
        Self {
            na_per_code_positive: na_per_code,
            na_per_code_negative: na_per_code,
            offset_na: 0,
            code_min,
            code_max,
            source: 0,
        }
    }

    /// The calibrated current of a driven code, in nanoamperes, signed.
    ///
    /// ```
    /// use nmes_core::ChannelHardware;
    /// let channel = ChannelHardware::symmetric(37_000, -2_048, 2_047);
    /// assert_eq!(channel.current_na(-1_000), -37_000_000);
    /// ```
    #[must_use]
    pub fn current_na(&self, code: i32) -> i64 {
        let most = if code < 0 { i64::MIN } else { i64::MAX };
        let driven = product(self.gain_na(code > 0), i64::from(code)).unwrap_or(most);
        driven.saturating_add(i64::from(self.offset_na))
    }

    pub(crate) fn gain_na(&self, positive: bool) -> i64 {
        i64::from(if positive { self.na_per_code_positive } else { self.na_per_code_negative })
    }

    /// Whether the commanded sum of a pulse can be exactly zero: equal gains and no offset.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.na_per_code_positive == self.na_per_code_negative && self.offset_na == 0
    }

    /// The highest code of a polarity, as a magnitude.
    pub(crate) fn code_limit(&self, positive: bool) -> u32 {
        if positive { self.code_max.unsigned_abs() } else { self.code_min.unsigned_abs() }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let gain = "one code is at least 1 nA and at most 100 mA";
        for na in [self.na_per_code_positive, self.na_per_code_negative] {
            at_least(Field::NanoampsPerCode, i64::from(na), 1, gain)?;
            at_most(Field::NanoampsPerCode, i64::from(na), 100_000_000, gain)?;
        }
        at_most(
            Field::CodeMin,
            i64::from(self.code_min),
            -1,
            "a balanced pulse needs codes below zero, zero and above",
        )?;
        at_least(
            Field::CodeMax,
            i64::from(self.code_max),
            1,
            "a balanced pulse needs codes below zero, zero and above",
        )?;
        at_least(Field::CodeMin, i64::from(self.code_min), -8_388_608, "codes have at most 24 bits")?;
        at_most(Field::CodeMax, i64::from(self.code_max), 8_388_607, "codes have at most 24 bits")?;
        let least = self.na_per_code_positive.min(self.na_per_code_negative);
        let reason = "an offset of more than half a code must be taken out by the calibration";
        at_most(Field::OffsetCurrent, i64::from(self.offset_na).abs(), i64::from(least / 2), reason)
    }
}

/// One output stage: its clock, its channels and its calibration.
///
/// A sample clock, a sound card or a commercial stimulator is a `Hardware` too; what it cannot do is refused or
/// rounded once, when a plan is compiled.
///
/// ```
/// use nmes_core::{ChannelHardware, Hardware, HardwareTiming};
/// let dac = ChannelHardware::symmetric(61_035, -2_048, 2_047);
/// let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
/// assert_eq!(hardware.channel_count(), 1);
/// let no_zero = ChannelHardware::symmetric(61_035, 1, 4_095);
/// assert!(Hardware::new(HardwareTiming::ideal(1_000_000), &[no_zero], 0).is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hardware {
    timing: HardwareTiming,
    channels: [ChannelHardware; MAX_CHANNELS],
    count: u8,
    calibration_crc: u32,
}

impl fmt::Debug for Hardware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hardware")
            .field("timing", &self.timing)
            .field("channels", &self.channels())
            .field("calibration_crc", &self.calibration_crc)
            .finish()
    }
}

impl Hardware {
    /// Checks and takes a description.
    ///
    /// # Errors
    /// Names the first value that is out of range: no channel or more than [`MAX_CHANNELS`], a clock outside
    /// 1 kHz to 1 GHz, a code range without zero, a lateness shorter than the edge spacing.
    pub fn new(
        timing: HardwareTiming,
        channels: &[ChannelHardware],
        calibration_crc: u32,
    ) -> Result<Self, ConfigError> {
        let count = u8::try_from(channels.len()).unwrap_or(u8::MAX);
        let (given, limits) =
            (i64::try_from(channels.len()).unwrap_or(i64::MAX), "a hardware has 1 to 8 channels");
        at_least(Field::Channels, given, 1, limits)?;
        at_most(Field::Channels, given, 8, limits)?;
        validate_timing(&timing, count)?;
        let mut table = [ChannelHardware::default(); MAX_CHANNELS];
        for (slot, channel) in table.iter_mut().zip(channels) {
            channel.validate()?;
            if timing.pulse_rest == Rest::DrivenZero && channel.offset_na != 0 {
                let reason =
                    "a driven zero with an offset is a direct current between pulses; rest open or shorted";
                return Err(ConfigError::Conflict { field: Field::RestMode, reason });
            }
            *slot = *channel;
        }
        Ok(Self { timing, channels: table, count, calibration_crc })
    }

    /// The time side.
    #[must_use]
    pub const fn timing(&self) -> &HardwareTiming {
        &self.timing
    }

    /// How many channels there are.
    #[must_use]
    pub const fn channel_count(&self) -> u8 {
        self.count
    }

    /// One channel; `None` past the last.
    #[must_use]
    pub fn channel(&self, index: u8) -> Option<&ChannelHardware> {
        self.channels().get(usize::from(index))
    }

    /// The channels.
    #[must_use]
    pub fn channels(&self) -> &[ChannelHardware] {
        self.channels.get(..usize::from(self.count)).unwrap_or(&[])
    }

    /// Checksum of the calibration these numbers came from; 0 when there is none.
    #[must_use]
    pub const fn calibration_crc(&self) -> u32 {
        self.calibration_crc
    }

    /// L as the engine uses it: the declared lateness, and the writes of the other channels that an edge may have
    /// to wait for.
    #[must_use]
    pub fn lateness_ticks(&self) -> u32 {
        let others = u32::from(self.count.saturating_sub(1));
        self.timing.late_max_ticks.saturating_add(self.timing.write_ticks.saturating_mul(others))
    }

    /// L + 2 ε: by how much the length of a segment, as stamped, may differ from what was planned. 0 means that
    /// every edge and every stamp is exact.
    #[must_use]
    pub fn jitter_ticks(&self) -> u32 {
        self.lateness_ticks().saturating_add(self.timing.stamp_error_ticks.saturating_mul(2))
    }

    /// Least time between two edges of a channel: the declared spacing, or write and settle time if longer.
    #[must_use]
    pub fn edge_spacing_ticks(&self) -> u32 {
        let busy = self.timing.write_ticks.saturating_add(self.timing.settle_ticks);
        self.timing.min_edge_ticks.max(busy).max(1)
    }
}

fn validate_timing(timing: &HardwareTiming, count: u8) -> Result<(), ConfigError> {
    let clock = "the tick is between 1 ns and 1 ms";
    at_least(Field::TicksPerSecond, i64::from(timing.ticks_per_second), 1_000, clock)?;
    at_most(Field::TicksPerSecond, i64::from(timing.ticks_per_second), 1_000_000_000, clock)?;
    let longest = i64::from(timing.ticks_per_second);
    for (field, ticks) in [
        (Field::Lateness, timing.late_max_ticks),
        (Field::Lateness, timing.stamp_error_ticks),
        (Field::EdgeSpacing, timing.min_edge_ticks),
        (Field::EdgeSpacing, timing.write_ticks),
        (Field::EdgeSpacing, timing.settle_ticks),
        (Field::EdgeSpacing, timing.dead_ticks),
    ] {
        at_most(field, i64::from(ticks), longest, "no time of an output stage is longer than a second")?;
    }
    if timing.dead_ticks > 0 && timing.pulse_rest != Rest::Open {
        let reason =
            "a bridge with a dead time rests open between pulses, so that it is open between polarities";
        return Err(ConfigError::Conflict { field: Field::RestMode, reason });
    }
    let probe = Hardware {
        timing: *timing,
        channels: [ChannelHardware::default(); MAX_CHANNELS],
        count,
        calibration_crc: 0,
    };
    if probe.jitter_ticks() > 0 {
        let reason =
            "a trim to one code × L needs edges as close as L: declare L no shorter than the edge spacing";
        at_least(
            Field::Lateness,
            i64::from(probe.jitter_ticks()),
            i64::from(probe.edge_spacing_ticks()),
            reason,
        )?;
    }
    Ok(())
}
