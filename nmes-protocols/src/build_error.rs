//! What a person should know of a session that was built, and why none was.

use crate::amplitude::AmplitudeRule;
use crate::gait::GaitConfigError;
use crate::innervation::InnervationRefusal;
use crate::provenance::{Provenance, Thousandths};
use crate::request::RangeError;
use crate::screening::{Screening, Site};
use core::fmt;
use nmes_core::{ConfigError, MicroAmps, Micros};

/// Something allowed that should be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum BuildNote {
    /// The motor threshold is not known, so the ramp starts at 0 and takes long to reach it.
    MotorThresholdUnknown,
    /// The set amplitude is not above motor threshold: no contraction is to be expected.
    SetNotAboveThreshold {
        /// The set amplitude.
        set: MicroAmps,
        /// The motor threshold.
        threshold: MicroAmps,
    },
    /// The row's rule for the amplitude was not measured on the person: the row's own default stands in.
    RuleNotMeasured {
        /// The amplitude that stands in.
        set: MicroAmps,
        /// The rule.
        rule: AmplitudeRule,
    },
    /// The row's rule, or its default, comes to more than was tolerated: what was tolerated is set.
    NoMoreThanTolerated {
        /// What it comes to.
        asked: MicroAmps,
        /// What is set.
        set: MicroAmps,
    },
    /// What was given for a channel is more than was tolerated there.
    AboveTolerated {
        /// The channel, from 0.
        channel: u8,
        /// The set amplitude.
        set: MicroAmps,
        /// The most that was tolerated, at the width that is set.
        tolerated: MicroAmps,
    },
    /// Ramps are of the width, as was asked for, and not of the amplitude.
    RampsWidth,
    /// The width is ramped, and a threshold in amplitude does not say at which width the muscle answers.
    NoFloorForWidth,
    /// Thresholds were measured at another width and moved to this one by Weiss's law.
    Transferred {
        /// The width that they were measured at.
        from: Micros,
        /// The width that is set.
        to: Micros,
        /// Charge of a phase in thousandths of what it was.
        charge_permille: u32,
    },
    /// The share of the maximal voluntary force that is aimed at was not reached.
    TargetNotReached {
        /// What was reached, in percent.
        achieved: u8,
        /// What is aimed at, in percent.
        target: u8,
        /// The least that a source found useful, in percent.
        least: u8,
    },
    /// Nobody measured which share of the maximal voluntary force the amplitude makes.
    ForceNotRecorded {
        /// What is aimed at, in percent.
        target: u8,
    },
    /// The channels differ; the account of values is the first one's.
    ChannelsDiffer,
}

impl fmt::Display for BuildNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MotorThresholdUnknown => f.write_str(
                "motor threshold unknown: the ramp starts at 0 and spends most of its time below threshold",
            ),
            Self::SetNotAboveThreshold { set, threshold } => {
                let [set, threshold] = [set, threshold].map(|ua| Thousandths(ua.as_microamps()));
                write!(
                    f,
                    "the set amplitude, {set} mA, is not above motor threshold, {threshold} mA: expect no contraction"
                )
            }
            Self::RuleNotMeasured { set, rule } => {
                let set = Thousandths(set.as_microamps());
                write!(f, "{set} mA is the row's default, not measured; the row's rule: {rule}")
            }
            Self::NoMoreThanTolerated { asked, set } => {
                let [asked, set] = [asked, set].map(|ua| Thousandths(ua.as_microamps()));
                write!(
                    f,
                    "the protocol comes to {asked} mA; {set} mA is the most that was tolerated, and is set"
                )
            }
            Self::AboveTolerated { channel, set, tolerated } => {
                let [set, most] = [set, tolerated].map(|ua| Thousandths(ua.as_microamps()));
                write!(
                    f,
                    "channel {channel}: {set} mA was given, and {most} mA is the most that was tolerated"
                )
            }
            Self::Transferred { from, to, charge_permille } => write!(
                f,
                "thresholds were measured at {from} and moved to {to} by Weiss's law; the charge of a phase is {charge_permille} \
                 ‰ of what it was, and is checked as it now is"
            ),
            Self::TargetNotReached { achieved, target, least } => {
                write!(f, "{target} % of the maximal voluntary force is aimed at; {achieved} % was reached")?;
                if achieved < least {
                    write!(f, ", and less than {least} % was not found useful")
                } else {
                    Ok(())
                }
            }
            Self::ForceNotRecorded { target } => {
                write!(
                    f,
                    "{target} % of the maximal voluntary force is aimed at; what is reached was not measured"
                )
            }
            Self::ChannelsDiffer => f.write_str("channels differ; the settings listed are the first one's"),
            Self::RampsWidth => f.write_str("ramps are of the width and not of the amplitude, as asked for"),
            Self::NoFloorForWidth => f.write_str(
                "width ramps start at 0: a threshold in mA does not say at which width the muscle answers",
            ),
        }
    }
}

/// Why no session was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum BuildError {
    /// The row is there to be read, not to be built.
    Disabled {
        /// The row.
        row: &'static str,
        /// Why.
        why: &'static str,
        /// Where that is from.
        provenance: Provenance,
    },
    /// Only a specialist may ask for a session of this row.
    SpecialistOnly {
        /// The row.
        row: &'static str,
        /// Why.
        why: &'static str,
        /// Where that is from.
        provenance: Provenance,
    },
    /// The row is not for use at home, or not yet.
    NotAtHome {
        /// The row.
        row: &'static str,
        /// Why.
        why: &'static str,
    },
    /// Channels that are set for one person come out with different times.
    ChannelTimes {
        /// The row.
        row: &'static str,
        /// The channel whose contractions are not those of the first.
        channel: usize,
    },
    /// The pads are somewhere that the row does not know.
    Site {
        /// The row.
        row: &'static str,
        /// The site asked for.
        site: Site,
    },
    /// The row has no other balance than its own.
    NoOtherBalance {
        /// The row.
        row: &'static str,
    },
    /// A monophasic pulse would carry too much direct current for its pads.
    DirectCurrent {
        /// The row.
        row: &'static str,
        /// Mean direct current for an area of the row's pad, in µA/cm².
        ua_per_cm2: u32,
        /// The most that the row takes.
        most: u32,
        /// Where that is from.
        limit: Provenance,
    },
    /// Ramps that are inside ON leave nothing of it.
    NoHold {
        /// The row.
        row: &'static str,
        /// ON, in milliseconds.
        on_ms: u32,
        /// Both ramps, in milliseconds.
        ramps_ms: u32,
    },
    /// The nerve is not in the state that the row is for.
    Innervation(InnervationRefusal),
    /// Something blocks, or waits for an answer or an acknowledgement.
    Screening(Screening),
    /// A value is outside the row's range.
    Range(RangeError),
    /// Times that are each possible exclude one another.
    Gait(GaitConfigError),
    /// The session was refused by nmes-core.
    Session(ConfigError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Innervation(refusal) => refusal.fmt(f),
            Self::Screening(screening) => write!(f, "screening: {screening}"),
            Self::Range(error) => error.fmt(f),
            Self::Gait(error) => error.fmt(f),
            Self::Session(error) => error.fmt(f),
            Self::Disabled { row, why, provenance } => write!(f, "{row} is disabled: {why} ({provenance})"),
            Self::SpecialistOnly { row, why, provenance } => {
                write!(f, "{row} is for specialists: {why} ({provenance})")
            }
            Self::NotAtHome { row, why } => write!(f, "{row} at home: {why}"),
            Self::ChannelTimes { row, channel } => write!(
                f,
                "{row}: channel {channel} needs other ramps than the first, so their contractions differ; ask for one ramp-up \
                 and ramp-down for all"
            ),
            Self::Site { row, site } => write!(f, "{row} has no pads at {}", site.word()),
            Self::NoOtherBalance { row } => write!(f, "{row} has one balance and no other"),
            Self::DirectCurrent { row, ua_per_cm2, most, limit } => write!(
                f,
                "{row}: a mean direct current of {ua_per_cm2} µA/cm² is above {most} µA/cm²; a smaller amplitude, width \
                 or rate, a larger pad, or a balanced pulse ({limit})"
            ),
            Self::NoHold { row, on_ms, ramps_ms } => {
                write!(f, "{row}: ramps of {ramps_ms} ms leave nothing of {on_ms} ms ON, which includes them")
            }
        }
    }
}

impl core::error::Error for BuildError {}

impl From<RangeError> for BuildError {
    fn from(error: RangeError) -> Self {
        Self::Range(error)
    }
}
