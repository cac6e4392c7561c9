//! Whether everything that is commanded open is open.

use core::fmt;

use crate::sense::NOISE_FLOOR;

/// One reading while the bridge is commanded open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenSample {
    /// Whether the converter behind the open bridge was commanded to a level (a small one) or to zero. Only with a level
    /// does a current of zero say that the bridge is open.
    pub driven: bool,
    /// Current at the electrodes in µA, signed.
    pub current_ua: i32,
}

/// What to hold the readings against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenLimits {
    /// The most current that counts as none, in µA.
    pub most_ua: u32,
    /// The least readings of each kind, driven and not.
    pub least_samples: u16,
    /// What the measurement reads of a known current, in µA: by an internal reference load, or a bias the board has.
    pub reference_ua: i32,
    /// The least it has to read, in µA.
    pub reference_least_ua: i32,
    /// The most it may read, in µA.
    pub reference_most_ua: i32,
}

impl OpenLimits {
    /// The guard's own [`NOISE_FLOOR`] and four readings of each kind, with a reference of the board's own.
    #[must_use]
    pub const fn with_reference(reading_ua: i32, least_ua: i32, most_ua: i32) -> Self {
        Self {
            most_ua: NOISE_FLOOR.as_microamps(),
            least_samples: 4,
            reference_ua: reading_ua,
            reference_least_ua: least_ua,
            reference_most_ua: most_ua,
        }
    }
}

/// What was seen, when all is well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenFigures {
    /// The largest current, in µA.
    pub worst_ua: u32,
    /// Readings with the converter at a level.
    pub driven: u16,
    /// Readings with the converter at zero.
    pub idle: u16,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenFault {
    /// A current flows although everything is commanded open.
    Leak {
        /// Which reading.
        index: usize,
        /// Whether the converter was at a level: then the bridge does not open. Else the converter is not at zero either.
        driven: bool,
        /// The current, in µA.
        current_ua: i32,
        /// The most that counts as none, in µA.
        most_ua: u32,
    },
    /// Too few readings of one kind: zero of them shows nothing.
    TooFew {
        /// Readings with the converter at a level.
        driven: u16,
        /// Readings with the converter at zero.
        idle: u16,
        /// The least of each.
        least: u16,
    },
    /// The measurement does not read the reference: a measurement that always reads zero would find every bridge open.
    SenseDead {
        /// What it reads, in µA.
        reading_ua: i32,
    },
}

impl fmt::Display for OpenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leak { index, driven, current_ua, most_ua } => {
                let part = if *driven { "the bridge does not open" } else { "the output is not off" };
                write!(f, "{part}: reading {index} is {current_ua} µA, at most {most_ua} µA count as none")
            }
            Self::TooFew { driven, idle, least } => {
                write!(f, "{driven} readings at a level and {idle} at zero; {least} of each are needed")
            }
            Self::SenseDead { reading_ua } => write!(f, "the reference reads {reading_ua} µA"),
        }
    }
}

impl core::error::Error for OpenFault {}

/// Judges readings that were taken while the bridge was commanded open, with the converter at zero and at a small level.
/// Work: one pass over the readings.
///
/// The readings have to be the maker's own, on hardware: this only judges them. A current below `most_ua` passes, so a
/// leakage below it stays unseen.
///
/// ```
/// use nmes_safety::selftest::{OpenFault, OpenLimits, OpenSample, judge_open};
/// let limits = OpenLimits::with_reference(5_020, 4_500, 5_500); // a 5 mA reference
/// let samples = [false, false, false, false, true, true, true, true]
///     .map(|driven| OpenSample { driven, current_ua: 12 });
/// assert_eq!(judge_open(&samples, &limits).map(|seen| seen.worst_ua), Ok(12));
/// let mut stuck = samples;
/// stuck[5].current_ua = -1_900;
/// let found = judge_open(&stuck, &limits);
/// assert_eq!(found, Err(OpenFault::Leak { index: 5, driven: true, current_ua: -1_900, most_ua: 1_000 }));
/// ```
///
/// # Errors
/// [`OpenFault`], the reference first.
pub fn judge_open(samples: &[OpenSample], limits: &OpenLimits) -> Result<OpenFigures, OpenFault> {
    let reading_ua = limits.reference_ua;
    // a reference that may read as nothing shows nothing
    let alive = limits.reference_least_ua.unsigned_abs().min(limits.reference_most_ua.unsigned_abs());
    let one_sided = limits.reference_least_ua.signum() == limits.reference_most_ua.signum();
    let in_range = (limits.reference_least_ua..=limits.reference_most_ua).contains(&reading_ua);
    if !in_range || !one_sided || alive <= limits.most_ua {
        return Err(OpenFault::SenseDead { reading_ua });
    }
    let mut seen = OpenFigures::default();
    for (index, sample) in samples.iter().enumerate() {
        let &OpenSample { driven, current_ua } = sample;
        if current_ua.unsigned_abs() > limits.most_ua {
            return Err(OpenFault::Leak { index, driven, current_ua, most_ua: limits.most_ua });
        }
        seen.worst_ua = seen.worst_ua.max(current_ua.unsigned_abs());
        let count = if driven { &mut seen.driven } else { &mut seen.idle };
        *count = count.saturating_add(1);
    }
    let least = limits.least_samples.max(1);
    if seen.driven.min(seen.idle) < least {
        return Err(OpenFault::TooFew { driven: seen.driven, idle: seen.idle, least });
    }
    Ok(seen)
}
