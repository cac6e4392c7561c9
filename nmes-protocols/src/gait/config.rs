//! Times of the trigger, checked once.

use crate::condition::StepRow;
use crate::provenance::Ranged;
use core::fmt;
use nmes_core::Millis;

/// The times of a [`super::Trigger`], in milliseconds unless a name says percent.
///
/// ```
/// use nmes_core::Millis;
/// use nmes_protocols::{FOOT_DROP, GaitConfig, GaitTimes};
/// let times = GaitTimes { delay: Millis::from_millis(50).unwrap(), ..GaitTimes::of_row(&FOOT_DROP.step) };
/// let config = GaitConfig::new(times).unwrap();
/// assert_eq!(config.times().delay.as_millis(), 50);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GaitTimes {
    /// How long a change of the switch must last to count.
    pub debounce: Millis,
    /// Least stance before a step, and least time from one opening to the next.
    pub refractory: Millis,
    /// Time from heel-off to the start of the ramp. The debounce time runs within it, not on top.
    pub delay: Millis,
    /// Time from the start of the ramp to full level, as the session has it.
    pub ramp_up: Millis,
    /// The usual ramp-down.
    pub ramp_down: Millis,
    /// The shortest ramp-down; a pause uses it, and short stances do.
    pub ramp_down_min: Millis,
    /// Time at level after heel strike, counted from the strike itself.
    pub extension: Millis,
    /// The least time-out.
    pub hold_max: Millis,
    /// The most the time-out may become.
    pub hold_cap: Millis,
    /// The time-out before any step was measured.
    pub hold_first: Millis,
    /// Time-out in percent of the median time from heel-off to strike.
    pub hold_percent: u32,
    /// Most that extension and ramp-down together take of the median stance, in percent.
    pub stance_share_percent: u32,
    /// The stance assumed before any was measured.
    pub stance_first: Millis,
    /// The least Off that counts as one between two steps.
    pub off_min: Millis,
    /// How long steps may follow one another without an Off.
    pub merge_max: Millis,
    /// Length of the burst of a manual test.
    pub test_burst: Millis,
    /// How long after a strike of the other heel a lift starts at its first edge. 0: never.
    pub vouch: Millis,
}

impl GaitTimes {
    /// The defaults of a row, with its ramps as they are.
    #[must_use]
    pub fn of_row(row: &StepRow) -> Self {
        let ms = |range: Ranged| Millis::from_millis(range.default).unwrap_or(Millis::MAX);
        Self {
            debounce: ms(row.debounce),
            refractory: ms(row.refractory),
            delay: ms(row.delay),
            ramp_up: ms(row.ramp_up),
            ramp_down: ms(row.ramp_down),
            ramp_down_min: ms(row.ramp_down),
            extension: ms(row.extension),
            hold_max: ms(row.hold_max),
            hold_cap: ms(row.hold_cap),
            hold_first: ms(row.hold_first),
            hold_percent: row.hold_percent.default,
            stance_share_percent: row.stance_share.default,
            stance_first: ms(row.stance_first),
            off_min: ms(row.off_min),
            merge_max: ms(row.merge_max),
            test_burst: ms(row.test_burst),
            vouch: ms(row.vouch),
        }
    }

    /// The longest that the output can be on without an Off between, in milliseconds: what a gate has to allow.
    #[must_use]
    pub fn longest_on_ms(&self) -> u32 {
        [self.merge_max, self.hold_cap.max(self.test_burst), self.extension, self.ramp_down]
            .iter()
            .fold(0_u32, |sum, part| sum.saturating_add(part.as_millis()))
    }
}

/// Times that exclude one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum GaitConfigError {
    /// The debounce time is zero: every bounce would be a step.
    NoDebounce,
    /// The refractory time is shorter than the debounce time.
    RefractoryBelowDebounce {
        /// The refractory time, in milliseconds.
        refractory_ms: u32,
        /// The least that is taken, in milliseconds.
        debounce_ms: u32,
    },
    /// The time-out is above its cap.
    HoldAboveCap {
        /// The time-out, in milliseconds.
        hold_ms: u32,
        /// The cap, in milliseconds.
        cap_ms: u32,
    },
    /// Delay and ramp would not be over before the time-out.
    HoldBelowRamp {
        /// The time-out, in milliseconds.
        hold_ms: u32,
        /// Delay + ramp-up, in milliseconds.
        ramp_ms: u32,
    },
    /// The shortest ramp-down is longer than the usual one.
    RampDownMin {
        /// The shortest, in milliseconds.
        min_ms: u32,
        /// The usual, in milliseconds.
        usual_ms: u32,
    },
    /// Extension and ramp-down may take at most the whole stance.
    StanceShare {
        /// The share given, in percent.
        percent: u32,
    },
}

impl fmt::Display for GaitConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDebounce => f.write_str("debounce: 0 ms is below 1 ms; every bounce would be a step"),
            Self::RefractoryBelowDebounce { refractory_ms, debounce_ms } => {
                write!(f, "refractory time: {refractory_ms} ms is below the debounce time, {debounce_ms} ms")
            }
            Self::HoldAboveCap { hold_ms, cap_ms } => {
                write!(f, "time-out: {hold_ms} ms is above its cap, {cap_ms} ms")
            }
            Self::HoldBelowRamp { hold_ms, ramp_ms } => {
                write!(f, "time-out: {hold_ms} ms is not above delay + ramp-up, {ramp_ms} ms; shorten those")
            }
            Self::RampDownMin { min_ms, usual_ms } => {
                write!(f, "shortest ramp-down: {min_ms} ms is above the usual ramp-down, {usual_ms} ms")
            }
            Self::StanceShare { percent } => {
                write!(f, "share of the stance: {percent} % is above 100 %")
            }
        }
    }
}

impl core::error::Error for GaitConfigError {}

/// Checked times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GaitConfig {
    times: GaitTimes,
}

impl GaitConfig {
    /// Checks times against one another. Ranges of single values are the row's matter.
    ///
    /// # Errors
    /// Names the two values that exclude one another.
    pub fn new(times: GaitTimes) -> Result<Self, GaitConfigError> {
        let [debounce_ms, refractory_ms, hold_ms, first_ms, cap_ms, min_ms, usual_ms] = [
            times.debounce,
            times.refractory,
            times.hold_max,
            times.hold_first,
            times.hold_cap,
            times.ramp_down_min,
            times.ramp_down,
        ]
        .map(Millis::as_millis);
        let ramp_ms = times.delay.as_millis().saturating_add(times.ramp_up.as_millis());
        if debounce_ms == 0 {
            return Err(GaitConfigError::NoDebounce);
        }
        if refractory_ms < debounce_ms {
            return Err(GaitConfigError::RefractoryBelowDebounce { refractory_ms, debounce_ms });
        }
        if hold_ms.max(first_ms) > cap_ms {
            return Err(GaitConfigError::HoldAboveCap { hold_ms: hold_ms.max(first_ms), cap_ms });
        }
        if hold_ms.min(first_ms) <= ramp_ms {
            return Err(GaitConfigError::HoldBelowRamp { hold_ms: hold_ms.min(first_ms), ramp_ms });
        }
        if min_ms > usual_ms {
            return Err(GaitConfigError::RampDownMin { min_ms, usual_ms });
        }
        if times.stance_share_percent > 100 {
            return Err(GaitConfigError::StanceShare { percent: times.stance_share_percent });
        }
        Ok(Self { times })
    }

    /// The times.
    #[must_use]
    pub const fn times(&self) -> &GaitTimes {
        &self.times
    }
}
