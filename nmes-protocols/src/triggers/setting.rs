//! What is said of a setting that a trigger does not take.

use core::fmt;
use core::ops::RangeInclusive;
use nmes_core::Millis;

/// A setting of a trigger outside its range.
///
/// ```
/// use nmes_core::Millis;
/// use nmes_protocols::triggers::timer::{Timer, TimerTimes};
/// let ms = |n| Millis::from_millis(n).unwrap();
/// let times = TimerTimes { first: ms(0), on: ms(0), off: ms(50), ramp_down: ms(50), repeats: 0 };
/// let error = Timer::new(times).unwrap_err();
/// assert_eq!((error.trigger, error.what, error.value, error.min), ("timer", "on", 0, 1));
/// assert!(error.to_string().starts_with("timer, on: 0 ms; accepted: 1 to "));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SettingError {
    /// Whose setting.
    pub trigger: &'static str,
    /// Which.
    pub what: &'static str,
    /// What was given.
    pub value: i64,
    /// The least.
    pub min: i64,
    /// The most.
    pub max: i64,
    /// The unit of all three; empty for a count.
    pub unit: &'static str,
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trigger, what, value, min, max, unit } = self;
        let space = if unit.is_empty() { "" } else { " " };
        write!(f, "{trigger}, {what}: {value}{space}{unit}; accepted: {min} to {max}{space}{unit}")
    }
}

impl core::error::Error for SettingError {}

/// Whose settings are looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Of(pub(crate) &'static str);

impl Of {
    /// Refuses a value outside its range.
    pub(crate) fn within(
        self,
        (what, unit): (&'static str, &'static str),
        value: impl Into<i64>,
        range: RangeInclusive<u32>,
    ) -> Result<(), SettingError> {
        let (min, max) = range.into_inner();
        self.between((what, unit), value.into(), i64::from(min)..=i64::from(max))
    }

    /// The same for a time in milliseconds.
    pub(crate) fn ms(
        self,
        what: &'static str,
        time: Millis,
        range: RangeInclusive<u32>,
    ) -> Result<(), SettingError> {
        self.within((what, "ms"), time.as_millis(), range)
    }

    /// The same where a bound may be negative.
    pub(crate) fn between(
        self,
        (what, unit): (&'static str, &'static str),
        value: i64,
        range: RangeInclusive<i64>,
    ) -> Result<(), SettingError> {
        if range.contains(&value) {
            return Ok(());
        }
        let (min, max) = range.into_inner();
        Err(SettingError { trigger: self.0, what, value, min, max, unit })
    }
}
