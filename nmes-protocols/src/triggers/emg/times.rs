//! What an EMG trigger is set to.

use super::level::Level;
use crate::triggers::setting::{Of, SettingError};
use nmes_core::Millis;

/// Where the threshold starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ThresholdStart {
    /// 20 % below the best of so many attempts, 1 to 10.
    BestOf(u8),
    /// This level in nanovolts, for one from the last time.
    Given(u32),
}

/// Times and levels of an [`Emg`](super::Emg) trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct EmgTimes {
    /// Samples in a second, 500 to 10,000.
    pub samples_per_second: u32,
    /// At or beyond this the amplifier is at its rail, in nanovolts.
    pub rail_nv: i32,
    /// The window of the level, 50 to 100 ms.
    pub window: Millis,
    /// No sample counts for this long after a pulse, at least 10 ms. As long as the amplifier needs to come back.
    pub blank: Millis,
    /// How long the muscle rests at the start.
    pub baseline: Millis,
    /// A level at rest above this is no rest, in nanovolts.
    pub rest_max_nv: u32,
    /// Where the threshold starts.
    pub start: ThresholdStart,
    /// How long the level has to be over the threshold.
    pub sustain: Millis,
    /// From the opening to the close, the ramp-up inside.
    pub on: Millis,
    /// How long a ramp-down takes.
    pub ramp_down: Millis,
    /// From the end of a ramp-down to the next listening.
    pub lockout: Millis,
    /// Listening for this long without a success is a miss.
    pub attempt: Millis,
}

impl EmgTimes {
    /// The trial of the row `stroke-wrist-emg`: 1 s up and 5 s, 1 s down, and 25 s from train to train; the numbers of
    /// detection are its reported ones, with window, blanking and baseline picked in their ranges by us.
    ///
    /// ```
    /// use nmes_protocols::triggers::emg::EmgTimes;
    /// let times = EmgTimes::wrist(1_000, 400_000_000);
    /// assert_eq!((times.on.as_millis(), times.blank.as_millis()), (6_000, 20));
    /// ```
    #[must_use]
    pub fn wrist(samples_per_second: u32, rail_nv: i32) -> Self {
        let ms = |n| Millis::from_millis(n).unwrap_or(Millis::MAX);
        Self {
            samples_per_second,
            rail_nv,
            window: ms(80),
            blank: ms(20),
            baseline: ms(2_000),
            rest_max_nv: 15_000,
            start: ThresholdStart::BestOf(3),
            sustain: ms(60),
            on: ms(6_000),
            ramp_down: ms(1_000),
            lockout: ms(20_000),
            attempt: ms(25_000),
        }
    }
}

impl EmgTimes {
    pub(super) fn check(&self) -> Result<(), SettingError> {
        let of = Of("EMG");
        of.within(("samples a second", ""), self.samples_per_second, 500..=10_000)?;
        of.within(("rail", "nV"), self.rail_nv.unsigned_abs(), 1_000_000..=2_000_000_000)?;
        of.ms("window", self.window, 50..=100)?;
        of.ms("blanking", self.blank, 10..=500)?;
        of.ms("baseline", self.baseline, 500..=60_000)?;
        of.ms("sustain", self.sustain, 1..=2_000)?;
        of.ms("on", self.on, 1..=60_000)?;
        of.ms("attempt", self.attempt, 1_000..=120_000)?;
        match self.start {
            ThresholdStart::BestOf(attempts) => of.within(("attempts", ""), attempts, 1..=10),
            ThresholdStart::Given(nv) => of.within(("threshold", "nV"), nv, 1_000..=10_000_000),
        }
    }

    /// A level that has heard nothing.
    pub(super) fn level(&self) -> Level {
        let window = self.samples_per_second.saturating_mul(self.window.as_millis()) / 1_000;
        Level::new((window / 4).max(1), self.samples_per_second, self.rail_nv.saturating_abs())
    }
}
