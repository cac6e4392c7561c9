//! What a check found: one row a rule, each with value, limit, margin and where the limit is from.

use core::fmt;

use crate::profile::Layer;
use crate::rules::{Amount, Bound, Rule, Unit};
use crate::setup::UseClass;

/// How many rules a check can have a row for.
pub(crate) const MAX_ROWS: usize = 45;

/// The answer of one row, from the mildest to the hardest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Verdict {
    /// Within the limit.
    Pass,
    /// A figure to know; nothing is wrong.
    Inform,
    /// Not compared; [`Row::remark`] names what is missing.
    NotEvaluated,
    /// Past a limit that does not stop a session.
    Warn,
    /// Past the limit.
    Deny,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pass => "pass",
            Self::Inform => "inform",
            Self::NotEvaluated => "not evaluated",
            Self::Warn => "warn",
            Self::Deny => "deny",
        })
    }
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Place {
    /// One channel.
    Channel(u8),
    /// An electrode that several channels share; bit n is channel n.
    Shared(u8),
    /// The session.
    Session,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel(channel) => write!(f, "channel {channel}"),
            Self::Shared(mask) => {
                f.write_str("electrode shared by channels")?;
                (0..8_u8)
                    .filter(|n| mask.checked_shr(u32::from(*n)).unwrap_or(0) & 1 == 1)
                    .try_for_each(|n| write!(f, " {n}"))
            }
            Self::Session => f.write_str("session"),
        }
    }
}

/// What is missing, or what else there is to say about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Remark {
    /// The supply rail is not known.
    RailUnknown,
    /// The load is not known.
    LoadUnknown,
    /// No direct current is declared.
    NoDcDeclared,
    /// The channel has no electrode area; this denies.
    ElectrodeUnknown,
    /// The rule does not bind this use class.
    UseClass,
    /// The use class is not exercise, but the schedule contracts and rests, past what exercise may; this warns.
    ClassAndSchedule,
    /// Nobody states how long a session of this use class may be.
    SessionLengthUnstated,
    /// There is no hardware one-shot: the figure is for one pulse period, or for the time of the watchdog if that is longer.
    NoOneShot,
    /// There is neither a hardware one-shot nor a watchdog: the figure is for one pulse period, and nothing bounds what a
    /// processor that stands still leaves on.
    Unwatched,
    /// There is no hardware one-shot: the figure is for one that is just longer than the longest level or gap.
    WithOneShot,
    /// The hardware one-shot may open the output within a phase, and leave its charge; this denies.
    OneShotShort,
    /// The hardware one-shot lets an output that stays on deliver more than twice the phase charge; this denies.
    OneShotLong,
    /// The figure is of a level that nobody ends; what does not open while edges go on stands longer.
    OneShotHeld,
    /// The figure is of a hardware one-shot that each channel has for itself.
    OneShotEach,
    /// Above this a device needs an output indicator.
    IndicatorNeeded,
    /// Above this a device needs a warning mark.
    MarkNeeded,
    /// The rule is for implanted and percutaneous electrodes: the figure only informs.
    Advisory,
    /// The profile is for a use class that the setup does not have; this denies.
    OtherUseClass,
    /// To be shown on the device: its output indicator.
    ShowIndicator,
    /// To be shown on the device: amplitude, width and rate as measured.
    ShowAccuracy,
    /// To be shown on the device: the output with the supply off its value.
    ShowSupply,
    /// To be shown on the device: the output after a time open and shorted.
    ShowOpenShort,
    /// To be shown on the device: leakage current.
    ShowLeakage,
    /// To be shown on the device: the temperature of what touches the skin.
    ShowTemperature,
    /// The polarities differ or there is an offset: less than one code × one tick is carried into the next pulse.
    Carried,
    /// The pulse cannot be made at its ceiling; this denies.
    NoPulse,
    /// The first pulse of a train steps from nothing to the ramp floor: the slope is of what follows, and the step warns.
    StepsToFloor,
    /// Within the limit by less than the guard counts besides: it sums up eighths of a second, nine of them, and a pulse
    /// whole in each that it touches.
    GuardMayTrip,
}

impl Remark {
    /// The same in words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::RailUnknown => "missing: the supply rail",
            Self::LoadUnknown => "missing: the load",
            Self::NoDcDeclared => "no direct current is declared",
            Self::ElectrodeUnknown => "missing: the electrode area of this channel",
            Self::UseClass => "the rule does not bind this use class",
            Self::ClassAndSchedule => {
                "the use class is not exercise and the schedule is one of contractions, past the limit of exercise"
            }
            Self::SessionLengthUnstated => "missing: a session length stated by the protocol",
            Self::NoOneShot => {
                "no hardware one-shot: what one output that stays on delivers until the next pulse, over a rest where nothing measures it, or until the watchdog, whichever is later"
            }
            Self::Unwatched => {
                "no hardware one-shot and no watchdog: what one output that stays on delivers until the next pulse, over a rest where nothing measures it; nothing bounds it while the processor stands still"
            }
            Self::WithOneShot => {
                "what a hardware one-shot on the enable line of each channel would leave of E-STUCK-1, its time just above the longest level or gap"
            }
            Self::OneShotShort => {
                "the one-shot on the enable line may be over before the longest phase is: it would cut pulses and leave their charge"
            }
            Self::OneShotHeld => {
                "what a level that nobody ends delivers; what does not open while edges go on stands for the rest of the pulse as well, until it is measured"
            }
            Self::OneShotEach => {
                "where each channel has a one-shot of its own: one for several is re-armed by the edges of all, and what stays on then stands until it is measured"
            }
            Self::OneShotLong => {
                "the one-shot on the enable line is too long: an output that stays on delivers more than twice the phase charge (E-Q-1)"
            }
            Self::MarkNeeded => "the device needs a warning mark near the electrode connectors",
            Self::Advisory => "for implanted and percutaneous electrodes; on skin it only informs",
            Self::OtherUseClass => "the profile is for use class specialist only",
            Self::ShowIndicator => "to be shown on the device: its output indicator",
            Self::ShowAccuracy => "to be shown on the device: amplitude, width and rate",
            Self::ShowSupply => "to be shown on the device: the output with the supply 10 % off",
            Self::ShowOpenShort => "to be shown on the device: the output after a time open and shorted",
            Self::ShowLeakage => "to be shown on the device: leakage current",
            Self::ShowTemperature => "to be shown on the device: surface temperature",
            Self::IndicatorNeeded => "the device needs an output indicator",
            Self::Carried => "less than one code × one tick, carried into the next pulse",
            Self::NoPulse => "no pulse can be made at the ceiling",
            Self::StepsToFloor => {
                "the slope is from the ramp floor on; a train begins with a step to it, which is for the protocol to justify"
            }
            Self::GuardMayTrip => {
                "the guard may trip at the ceiling: its window of a second is up to an eighth longer, with pulses at its edges whole"
            }
        }
    }
}

impl Remark {
    /// Whether only the device can show it: no plan and no setup has the datum.
    #[must_use]
    pub const fn is_of_device(self) -> bool {
        matches!(
            self,
            Self::ShowIndicator
                | Self::ShowAccuracy
                | Self::ShowSupply
                | Self::ShowOpenShort
                | Self::ShowLeakage
                | Self::ShowTemperature
        )
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A figure beside the value of a row: what it was worked out with, or what it does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Detail {
    /// The rate is that of frames, each of several pulses, which follow one another faster.
    Repeats {
        /// Pulses in a frame.
        pulses: u16,
        /// Their rate within it at the ceiling, in mHz.
        within_mhz: u32,
    },
    /// The density is on so much of the electrode.
    Contact {
        /// In thousandths.
        permille: u16,
    },
    /// A train begins with a step to the ramp floor.
    Step {
        /// The step, in µA.
        microamps: u32,
    },
    /// The value is at the peak of the plan; the range of the output is larger.
    FullScale {
        /// What a wrong code at the end of that range comes to in the same time, in µC, rounded up; the largest value where it is more.
        microcoulombs: u32,
    },
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = |value: u32, unit| Amount { value: u64::from(value), unit };
        match *self {
            Self::Repeats { pulses, within_mhz } => {
                let within = amount(within_mhz, Unit::MilliHertz);
                write!(f, "counts bursts: {pulses} pulses in each, at {within} within")
            }
            Self::Contact { permille } => {
                write!(f, "with {} of the area in contact", amount(permille.into(), Unit::Permille))
            }
            Self::FullScale { microcoulombs } => {
                let most = Amount {
                    value: u64::from(microcoulombs).saturating_mul(1_000_000),
                    unit: Unit::PicoCoulombs,
                };
                write!(f, "at the plan's peak; a wrong code at the end of the output's range comes to {most}")
            }
            Self::Step { microamps } => write!(f, "a step of {}", amount(microamps, Unit::MicroAmps)),
        }
    }
}

/// One rule against one plan, at the place where the plan comes off worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Row {
    /// The rule: of the table, or with the same name and the figure of a built-in profile.
    pub rule: &'static Rule,
    /// Where it was found.
    pub place: Place,
    /// The worst case, in the rule's unit, rounded away from the passing side. Nothing when it was not compared.
    pub value: Option<u64>,
    /// The limit as it binds, in the rule's unit. Nothing when there is none.
    pub limit: Option<u64>,
    /// Who set that limit.
    pub layer: Layer,
    /// The answer.
    pub verdict: Verdict,
    /// How far the value is from the limit, in thousandths of the limit; below zero on the wrong side. Nothing
    /// when it was not compared or the limit is 0.
    pub margin_permille: Option<i64>,
    /// What is missing, or what else there is to say.
    pub remark: Option<Remark>,
    /// A figure that belongs to it.
    pub detail: Option<Detail>,
}

impl Row {
    /// The channel, where the row is about one.
    #[must_use]
    pub const fn channel(&self) -> Option<u8> {
        match self.place {
            Place::Channel(channel) => Some(channel),
            Place::Shared(_) | Place::Session => None,
        }
    }

    /// The value for people.
    #[must_use]
    pub fn value_amount(&self) -> Option<Amount> {
        self.value.map(|value| self.rule.amount(value))
    }

    /// Why it denies, where that is not a comparison with its limit.
    #[must_use]
    pub fn denied_because(&self) -> Option<Remark> {
        self.remark.filter(|_| self.verdict == Verdict::Deny && self.value.is_none())
    }

    /// The limit for people.
    #[must_use]
    pub fn limit_amount(&self) -> Option<Amount> {
        self.limit.map(|limit| self.rule.amount(limit))
    }
}

impl fmt::Display for Row {
    /// `N-DOC-1: r.m.s. current density …: 2.136 mA r.m.s./cm², at most 2 mA r.m.s./cm² (rule; IEC …, found), channel 0`;
    /// of a denial without a comparison the reason is first: `E-W-1: the profile is for …; not compared: width …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.rule.id)?;
        let reason = self.denied_because();
        if let Some(reason) = reason {
            write!(f, "{reason}; not compared: ")?;
        }
        f.write_str(self.rule.quantity)?;
        if let Some(value) = self.value_amount() {
            write!(f, ": {value}")?;
        }
        if let Some(limit) = self.limit_amount() {
            let side = match self.rule.bound {
                Bound::AtMost => "at most",
                Bound::AtLeast => "at least",
            };
            write!(f, ", {side} {limit}")?;
        }
        let Self { rule, layer, place, .. } = self;
        write!(f, " (limit of the {layer}; {}; {}), {place}", rule.source, rule.confidence)?;
        let remark = self.remark.filter(|_| reason.is_none());
        remark.map_or(Ok(()), |remark| write!(f, "; {remark}"))?;
        self.detail.map_or(Ok(()), |detail| write!(f, "; {detail}"))
    }
}

/// All rows of a check. A rule has one slot of its own, so that no row can push another out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    pub(crate) profile: &'static str,
    pub(crate) use_class: UseClass,
    pub(crate) rows: [Option<Row>; MAX_ROWS],
}

impl Report {
    /// The rows, standards first.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().flatten()
    }

    /// The row of a rule; `None` when the rule does not apply to this plan or profile.
    #[must_use]
    pub fn row(&self, rule: &Rule) -> Option<&Row> {
        self.rows().find(|row| row.rule.id == rule.id)
    }

    /// The rows that deny.
    pub fn denied(&self) -> impl Iterator<Item = &Row> {
        self.rows().filter(|row| row.verdict == Verdict::Deny)
    }

    /// [`Verdict::Deny`] with a denied row, else [`Verdict::Warn`] with a warning, else [`Verdict::Pass`].
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let hardest = self.rows().map(|row| row.verdict).max();
        hardest.filter(|verdict| *verdict >= Verdict::Warn).unwrap_or(Verdict::Pass)
    }

    /// The compared row that is closest to its limit, or furthest past it.
    #[must_use]
    pub fn tightest(&self) -> Option<&Row> {
        self.rows().filter(|row| row.margin_permille.is_some()).min_by_key(|row| row.margin_permille)
    }

    /// Name of the profile.
    #[must_use]
    pub const fn profile(&self) -> &'static str {
        self.profile
    }

    /// The use class.
    #[must_use]
    pub const fn use_class(&self) -> UseClass {
        self.use_class
    }
}

#[cfg(feature = "serde")]
struct Rows<'r>(&'r Report);

#[cfg(feature = "serde")]
impl serde::Serialize for Rows<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.rows())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Report {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut out = serializer.serialize_struct("Report", 4)?;
        out.serialize_field("profile", self.profile)?;
        out.serialize_field("use_class", &self.use_class)?;
        out.serialize_field("verdict", &self.verdict())?;
        out.serialize_field("rows", &Rows(self))?;
        out.end()
    }
}
