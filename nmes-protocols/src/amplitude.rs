//! What an amplitude is raised to, and what that comes to for a person of whom it was measured.

use crate::provenance::Provenance;
use crate::request::Subject;
use core::fmt;
use nmes_core::MicroAmps;

/// What the amplitude is set to reach. A rule, not a number: the number is the person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum AmplitudeRule {
    /// So many percent of the sensory threshold.
    Sensory {
        /// 100 is the threshold itself.
        percent: u16,
    },
    /// Below motor threshold: so many percent of it.
    SubMotor {
        /// Below 100.
        percent: u16,
    },
    /// At motor threshold or above it: the least contraction that is seen.
    MotorThreshold {
        /// 100 is the threshold itself.
        percent: u16,
    },
    /// A contraction that is plainly seen.
    VisibleContraction,
    /// The whole movement.
    FullRom,
    /// A share of the force that the person can make.
    PercentMvic {
        /// What is aimed at, in percent.
        target: u8,
        /// The least that a source found useful, in percent.
        least: u8,
    },
    /// As much as is tolerated.
    MaxTolerated,
    /// A twitch of a muscle that the nerve serves.
    SegmentalTwitch {
        /// Which.
        muscle: &'static str,
    },
    /// Until this is seen.
    ToClinicalEffect {
        /// What.
        effect: &'static str,
    },
}

/// A contraction is plainly seen at so many percent of motor threshold.
const VISIBLE_PERCENT: u32 = 120;
const VISIBLE: Provenance = Provenance::Ours {
    reason: "120 % of motor threshold: a contraction that is plainly seen was not measured",
};
const NO_MORE: Provenance = Provenance::Ours { reason: "no more than was tolerated" };

impl AmplitudeRule {
    /// What the rule comes to with what was measured of the person, and no more than was tolerated; `None` where it was not
    /// measured.
    ///
    /// ```
    /// use nmes_core::MicroAmps;
    /// use nmes_protocols::{AmplitudeRule, Innervation, Side, Subject};
    /// let rule = AmplitudeRule::SubMotor { percent: 90 };
    /// let unknown = Subject::new(Innervation::Intact, Side::Left);
    /// assert_eq!(rule.for_person(&unknown), None);
    /// let known = Subject { motor_threshold: MicroAmps::from_microamps(20_000), ..unknown };
    /// assert_eq!(rule.for_person(&known).map(MicroAmps::as_microamps), Some(18_000));
    /// let sensitive = Subject { tolerated: MicroAmps::from_microamps(15_000), ..known };
    /// assert_eq!(rule.for_person(&sensitive), sensitive.tolerated);
    /// ```
    #[must_use]
    pub fn for_person(&self, subject: &Subject) -> Option<MicroAmps> {
        self.asks_for(subject).map(|ua| tolerable(ua, subject))
    }

    /// Where [`AmplitudeRule::for_person`] is from, of a rule from here.
    pub(crate) fn provenance(&self, subject: &Subject, rule: Provenance) -> Provenance {
        let asks_for = self.asks_for(subject);
        if asks_for != self.for_person(subject) {
            NO_MORE
        } else if matches!(self, Self::VisibleContraction) && subject.effect.is_none() {
            VISIBLE
        } else {
            rule
        }
    }

    /// The same, however much was tolerated.
    pub(crate) fn asks_for(&self, subject: &Subject) -> Option<MicroAmps> {
        match *self {
            Self::Sensory { percent } => share(subject.sensory_threshold, u32::from(percent)),
            Self::SubMotor { percent } | Self::MotorThreshold { percent } => {
                share(subject.motor_threshold, u32::from(percent))
            }
            Self::VisibleContraction => {
                subject.effect.or_else(|| share(subject.motor_threshold, VISIBLE_PERCENT))
            }
            Self::MaxTolerated => subject.tolerated,
            Self::FullRom
            | Self::PercentMvic { .. }
            | Self::SegmentalTwitch { .. }
            | Self::ToClinicalEffect { .. } => subject.effect,
        }
    }

    /// Whether a contraction is meant to come of it.
    #[must_use]
    pub const fn wants_contraction(&self) -> bool {
        !matches!(self, Self::Sensory { .. } | Self::SubMotor { .. } | Self::SegmentalTwitch { .. })
    }
}

/// No more than was tolerated, where that was measured.
pub(crate) fn tolerable(ua: MicroAmps, subject: &Subject) -> MicroAmps {
    subject.tolerated.map_or(ua, |most| ua.min(most))
}

/// What stands in for a rule that was not measured, and where it is from: the row's default, and no more than was tolerated.
pub(crate) fn stand_in(default: u32, chosen: Provenance, subject: &Subject) -> (u32, Provenance) {
    match subject.tolerated.map(MicroAmps::as_microamps) {
        Some(most) if most < default => (most, NO_MORE),
        _ => (default, chosen),
    }
}

fn share(of: Option<MicroAmps>, percent: u32) -> Option<MicroAmps> {
    let scaled = u64::from(of?.as_microamps()).saturating_mul(u64::from(percent)) / 100;
    MicroAmps::from_microamps(u32::try_from(scaled).ok()?)
}

impl fmt::Display for AmplitudeRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sensory { percent } => write!(f, "{percent} % of sensory threshold"),
            Self::SubMotor { percent } => write!(f, "below motor threshold, {percent} % of it"),
            Self::MotorThreshold { percent: 100 } => f.write_str("the least contraction that is seen"),
            Self::MotorThreshold { percent } => write!(f, "{percent} % of motor threshold"),
            Self::VisibleContraction => f.write_str("a contraction that is plainly seen"),
            Self::FullRom => f.write_str("the whole movement"),
            Self::PercentMvic { target, least } => {
                write!(f, "{target} % of the maximal voluntary force, at least {least} %")
            }
            Self::MaxTolerated => f.write_str("as much as is tolerated"),
            Self::SegmentalTwitch { muscle } => write!(f, "a twitch of {muscle}"),
            Self::ToClinicalEffect { effect } => f.write_str(effect),
        }
    }
}
