//! What a crank trigger is set to.

use super::{Encoder, RPM, Window};
use crate::triggers::setting::{Of, SettingError};
use crate::triggers::us;
use nmes_core::Millis;

/// What a window is called that no cadence opens.
const SHORT: &str = "width of a window, for two ramps at the least cadence";

/// The encoder, the delay of a muscle, and the cadence within which there is output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CrankTimes {
    /// How the crank is read.
    pub encoder: Encoder,
    /// From a pulse to the pull it makes.
    pub delay: Millis,
    /// Below this many turns a minute there is no output, 5 to 30.
    pub min_rpm: u16,
    /// Above this many there is none, at least twice the least and up to 90. Speed is known to a count in 0.14 s (2 % at 60
    /// turns a minute and 360 counts), so a cadence that near the most may have none either.
    pub max_rpm: u16,
    /// How long a ramp-down takes.
    pub ramp_down: Millis,
    /// The longest time without a sample, 5 to 100 ms.
    pub silence: Millis,
}

impl CrankTimes {
    /// 115 ms of delay, the middle of 100 to 130; 12 to 60 turns a minute, as the rows for cycles have; 50 ms of silence.
    ///
    /// ```
    /// use nmes_core::Millis;
    /// use nmes_protocols::triggers::crank::{CrankTimes, Encoder, Forward};
    /// let encoder = Encoder { counts_per_turn: 1_024, forward: Forward::Up, index_mdeg: None };
    /// let times = CrankTimes::new(encoder, Millis::from_millis(80).unwrap());
    /// assert_eq!((times.min_rpm, times.max_rpm), (12, 60));
    /// ```
    #[must_use]
    pub fn new(encoder: Encoder, ramp_down: Millis) -> Self {
        let ms = |n| Millis::from_millis(n).unwrap_or(Millis::MAX);
        Self { encoder, delay: ms(115), min_rpm: 12, max_rpm: 60, ramp_down, silence: ms(50) }
    }

    /// The lead at a cadence, in millidegrees.
    #[must_use]
    pub fn lead_mdeg(&self, rpm: u16) -> u32 {
        let lead = u64::from(rpm).saturating_mul(RPM).saturating_mul(us(self.delay)) / 1_000_000;
        u32::try_from(lead).unwrap_or(u32::MAX)
    }
}

impl CrankTimes {
    /// The highest cadence, in whole turns a minute, at which a window holds a train as long as its ramp-down: above it its
    /// gate stays shut. `None` where it is too short at [`Self::min_rpm`] already, which [`Crank::new`](super::Crank::new)
    /// refuses.
    ///
    /// ```
    /// use nmes_core::Millis;
    /// use nmes_protocols::triggers::crank::{CrankTimes, Encoder, Forward, Window};
    /// let encoder = Encoder { counts_per_turn: 1_024, forward: Forward::Up, index_mdeg: None };
    /// let times = |ms| CrankTimes::new(encoder, Millis::from_millis(ms).unwrap());
    /// let window = Window { start_deg: 280, width_deg: 80 };
    /// // 2 × 250 ms at 26 turns a minute are 78 degrees
    /// assert_eq!(times(250).fastest_rpm(window), Some(26));
    /// assert_eq!(times(76).fastest_rpm(window), Some(60)); // the most there is output at
    /// assert_eq!(times(600).fastest_rpm(window), None);
    /// ```
    #[must_use]
    pub fn fastest_rpm(&self, window: Window) -> Option<u16> {
        (self.min_rpm..=self.max_rpm).rev().find(|rpm| {
            let down = u64::from(*rpm).saturating_mul(RPM).saturating_mul(us(self.ramp_down)) / 1_000_000;
            window.holds(down)
        })
    }

    pub(super) fn check(&self, windows: &[Window]) -> Result<(), SettingError> {
        let of = Of("crank");
        of.within(("counts in a turn", ""), self.encoder.counts_per_turn, 36..=65_536)?;
        of.within(("index", "mdeg"), self.encoder.index_mdeg.unwrap_or(0), 0..=359_999)?;
        of.ms("delay", self.delay, 0..=300)?;
        of.within(("least cadence", "1/min"), self.min_rpm, 5..=30)?;
        let least = u32::from(self.min_rpm).saturating_mul(2);
        of.within(("most cadence", "1/min"), self.max_rpm, least..=90)?;
        of.ms("ramp-down", self.ramp_down, 0..=1_000)?;
        of.ms("time without a sample", self.silence, 5..=100)?;
        of.within(("windows", ""), u32::try_from(windows.len()).unwrap_or(u32::MAX), 1..=8)?;
        for window in windows {
            of.within(("start of a window", "degrees"), window.start_deg, 0..=359)?;
            of.within(("width of a window", "degrees"), window.width_deg, 10..=300)?;
            if self.fastest_rpm(*window).is_none() {
                let speed = u64::from(self.min_rpm).saturating_mul(RPM);
                let ramps =
                    speed.saturating_mul(us(self.ramp_down)).saturating_mul(2).div_ceil(1_000_000_000);
                let least = u32::try_from(ramps).unwrap_or(u32::MAX);
                of.within((SHORT, "degrees"), window.width_deg, least..=300)?;
            }
        }
        Ok(())
    }
}
