//! What a row of the catalogue holds.

use crate::amplitude::AmplitudeRule;
use crate::dose::{Dose, Progress};
use crate::innervation::Innervation;
use crate::provenance::{Evidence, Provenance, Ranged, Source, Sourced};
use crate::schedule_row::{ScheduleRow, TriggerKind};
use crate::screening::{Item, ItemRule, Site};
use crate::waveform::{TimingRow, Waveform};
use nmes_safety::{Layer, LimitError, Setup, UseClass, rules};

/// One condition: settings, limits, placement, evidence, each with where it comes from.
///
/// Every number stands here once. It is data for software and its reviewers, not advice on treatment.
///
/// ```
/// let row = nmes_protocols::find("foot-drop").unwrap();
/// println!("{}: {} {} [{}]", row.title, row.rate.default, row.rate.unit.symbol(), row.rate.chosen.mark());
/// assert!(row.needs.accepts(nmes_protocols::Innervation::Intact));
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Condition {
    /// What it is called on a command line.
    pub name: &'static str,
    /// What it is called in text.
    pub title: &'static str,
    /// What is stimulated and when, in one sentence.
    pub summary: &'static str,
    /// The group that a list shows it in.
    pub family: Family,
    /// Whether a session can be built of it.
    pub availability: Availability,
    /// What the row as a whole shows, said before anything else of it.
    pub headline: Finding,
    /// The states of the nerve that this row is for.
    pub needs: InnervationGate,
    /// What only a specialist may build a session of, and why.
    pub specialist: Option<SpecialistGate>,
    /// Where the pads are, for screening.
    pub site: Site,
    /// Where else they may be: a request names one of these.
    pub other_sites: &'static [Site],
    /// Which rules of duty, rest and slope apply.
    pub use_class: Sourced<UseClass>,
    /// The shape of one pulse.
    pub waveform: Waveform,
    /// Width of the primary phase, in microseconds.
    pub phase_width: Ranged,
    /// Pulses (of a burst current: bursts) a second while on, in millihertz; the fastest, where the timing varies.
    pub rate: Ranged,
    /// When the pulses of a train stand, where that is not evenly.
    pub timing: Option<Sourced<TimingRow>>,
    /// Amplitude of the primary phase, in microamperes. Its default holds until the rule was measured. Its least is next to
    /// nothing, where a person begins; the origin of the range is that of its most, where no band was read.
    pub amplitude: Ranged,
    /// The band of amplitudes that most people use, in microamperes. With impaired sensation its top is the limit.
    pub typical_amplitude_ua: Sourced<(u32, u32)>,
    /// What the amplitude is set to reach.
    pub amplitude_rule: Sourced<AmplitudeRule>,
    /// How the ceilings of a session follow from its set values.
    pub ceiling: Sourced<CeilingRule>,
    /// Gap between the phases, in microseconds.
    pub gap: Ranged,
    /// Where a ramp starts.
    pub ramp_floor: Sourced<RampFloorRule>,
    /// What starts a train.
    pub trigger: Sourced<TriggerKind>,
    /// When trains run, and their ramps.
    pub schedule: ScheduleRow,
    /// Length of one session, in milliseconds.
    pub session_length: Ranged,
    /// Pads.
    pub electrodes: Electrodes,
    /// Channels of a session of this row, all with the same settings.
    pub channels: Ranged,
    /// How often and how long.
    pub dose: Dose,
    /// What changes from week to week.
    pub progression: &'static [Progress],
    /// Settings that trials report and that are too few for a session, or another choice than this row's.
    pub reported: &'static [Sourced<&'static str>],
    /// What was found out with this row, claim by claim.
    pub evidence: &'static [Finding],
    /// What was found out with other rows of the group, other settings or animals; each claim begins with what it is of.
    pub related: &'static [Finding],
    /// Screening items that this row asks beyond the general ones.
    pub specific_items: &'static [Item],
    /// Items that weigh less here because the row is for them, or more: our choice, with the reason.
    pub item_rules: &'static [ItemRule],
    /// When to stop.
    pub stop_rules: &'static [Sourced<&'static str>],
    /// What a reader must know about the outcome; none of it promises one.
    pub notes: &'static [Sourced<&'static str>],
}

/// The group of rows that a list shows together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Family {
    /// Foot drop, upper and lower motor neurone, and multiple sclerosis.
    FootDrop,
    /// Facial palsy.
    Face,
    /// Quadriceps after operations of the knee.
    KneeSurgery,
    /// Osteoarthritis of the knee.
    KneeOsteoarthritis,
    /// Disuse and immobilisation.
    Disuse,
    /// Weakness after intensive care.
    IntensiveCare,
    /// Chronic obstructive pulmonary disease.
    Lungs,
    /// Heart failure and heart surgery.
    Heart,
    /// Muscle without its nerve.
    Denervated,
    /// Stroke: arm, shoulder, gait.
    Stroke,
    /// Cycling, rowing, standing after spinal cord injury.
    SpinalCord,
    /// Bladder and bowel.
    Continence,
    /// Spasm and spasticity.
    Tone,
    /// Venous flow and swelling.
    Circulation,
    /// Pain.
    Pain,
    /// Warm-up and recovery of athletes.
    Recovery,
    /// Strength of athletes and of older adults.
    Strength,
    /// Relearning a movement.
    ReEducation,
    /// Swallowing.
    Swallowing,
}

impl Family {
    /// All of them, in the order of a list.
    pub const ALL: &[Self] = &[
        Self::FootDrop,
        Self::Face,
        Self::KneeSurgery,
        Self::KneeOsteoarthritis,
        Self::Disuse,
        Self::IntensiveCare,
        Self::Lungs,
        Self::Heart,
        Self::Denervated,
        Self::Stroke,
        Self::SpinalCord,
        Self::Continence,
        Self::Tone,
        Self::Circulation,
        Self::Pain,
        Self::Recovery,
        Self::Strength,
        Self::ReEducation,
        Self::Swallowing,
    ];

    /// The heading of the group.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::FootDrop => "Foot drop",
            Self::Face => "Facial palsy",
            Self::KneeSurgery => "Quadriceps after knee surgery",
            Self::KneeOsteoarthritis => "Knee osteoarthritis",
            Self::Disuse => "Disuse and immobilisation",
            Self::IntensiveCare => "Intensive care",
            Self::Lungs => "Chronic obstructive pulmonary disease",
            Self::Heart => "Heart failure and heart surgery",
            Self::Denervated => "Denervated muscle",
            Self::Stroke => "Stroke: arm, shoulder, gait",
            Self::SpinalCord => "Spinal cord injury: cycling, rowing, standing",
            Self::Continence => "Continence",
            Self::Tone => "Spasm and spasticity",
            Self::Circulation => "Venous pump and oedema",
            Self::Pain => "Pain (TENS)",
            Self::Recovery => "Warm-up and recovery",
            Self::Strength => "Strength: athletes and older adults",
            Self::ReEducation => "Re-education",
            Self::Swallowing => "Dysphagia",
        }
    }
}

/// Whether a session can be built of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Availability {
    /// It can.
    Enabled,
    /// It is here to be read; no session is built.
    Disabled(Sourced<&'static str>),
}

/// What stands before long pulses, faces and throats: a specialist says so, and the current is capped on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SpecialistGate {
    /// Why.
    pub why: Sourced<&'static str>,
    /// The most mean direct current for an area of the smaller pad, in µA/cm². A balanced pulse has none.
    pub direct_ua_per_cm2: Sourced<u32>,
}

/// A claim about the outcome, what the evidence for it is, and where that was read or recalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Finding {
    /// What was measured, in whom.
    pub claim: &'static str,
    /// What it shows.
    pub evidence: Evidence,
    /// Where it is from.
    pub provenance: Provenance,
}

/// Which states of the lower motor neurone a row is for, and what to do with the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct InnervationGate {
    /// The states that pass.
    pub accepted: &'static [Innervation],
    /// The nerve that must answer; of a row for denervated muscle, the muscle.
    pub nerve: &'static str,
    /// Said to somebody whose nerve is intact, where that does not pass.
    pub if_intact: Sourced<&'static str>,
    /// Said to somebody whose nerve does not.
    pub if_denervated: Sourced<&'static str>,
    /// Said when it is only partly there.
    pub if_partial: Sourced<&'static str>,
    /// The test to make when nobody knows.
    pub if_unknown: Sourced<&'static str>,
}

/// How the ceilings of a session follow from its set values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum CeilingRule {
    /// Ceilings equal the set amplitude and width, with nothing on top: to go higher, build and check a new session.
    AsSet,
}

/// Where a ramp of the amplitude starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RampFloorRule {
    /// The floor in percent of the motor threshold, where that is known; else the floor is 0.
    pub percent_of_motor_threshold: u32,
    /// The steepest ramp by default, in microamperes per millisecond (milliamperes a second) at the ceiling.
    pub steepest_ua_per_ms: u32,
    /// The shortest ramp over the whole set level by default, in milliseconds. From a floor, the part of it that is
    /// above the floor is the ramp-up.
    pub shortest_ms: u32,
    /// The shortest ramp-up from a floor by default, in milliseconds.
    pub shortest_from_floor_ms: u32,
}

/// Pads: how many, how large, where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Electrodes {
    /// Pads on each channel.
    pub count: Sourced<u8>,
    /// Area of one pad, in square millimetres.
    pub area: Ranged,
    /// Least diameter of a pad, in millimetres.
    pub min_diameter_mm: Sourced<u32>,
    /// Where the active pad goes. It is the first-named electrode of the channel.
    pub active: Sourced<&'static str>,
    /// Where the other pad goes.
    pub indifferent: Sourced<&'static str>,
    /// How to correct the placement.
    pub correction: Sourced<&'static str>,
    /// How long pads are used.
    pub replacement: Sourced<&'static str>,
}

impl Condition {
    /// Every ranged number of the row with its name, for tables and for tests of the data.
    pub fn ranges(&self) -> impl Iterator<Item = (&'static str, Ranged)> {
        let always = [
            ("phase width", self.phase_width),
            ("rate", self.rate),
            ("amplitude", self.amplitude),
            ("interphase gap", self.gap),
            ("session length", self.session_length),
            ("pad area", self.electrodes.area),
            ("channels", self.channels),
        ];
        always.into_iter().chain(self.dose.ranges()).chain(self.schedule.ranges())
    }

    /// The sources that the evidence of this row names, with repeats.
    pub fn citations(&self) -> impl Iterator<Item = Source> {
        self.evidence.iter().chain([&self.headline]).filter_map(|finding| finding.provenance.source())
    }

    /// Whether the pads may be at this site.
    #[must_use]
    pub fn is_for(&self, site: Site) -> bool {
        self.site == site || self.other_sites.contains(&site)
    }

    /// The most mean direct current of a monophasic pulse for an area of the row's pad, in µA/cm²: the specialist
    /// gate's, else that of rule E-DC-4.
    #[must_use]
    pub fn direct_cap(&self) -> Sourced<u32> {
        let rule = rules::E_DC_4.limit;
        let usual = Sourced::new(
            u32::try_from(rule).unwrap_or(0),
            Provenance::Ours { reason: "rule E-DC-4: iontophoresis practice, recalled" },
        );
        self.specialist.map_or(usual, |gate| gate.direct_ua_per_cm2)
    }

    /// The setup with the row's cap on direct current where it is tighter than the rule's, as the layer of the check that is
    /// called protocol: so it is held against the pad in use and the part of it in contact, as [`build_session`] holds it
    /// against the row's own pad. Whoever makes a setup for a row goes through this.
    ///
    /// ```
    /// use nmes_protocols::find;
    /// use nmes_safety::Setup;
    /// let row = find("bells-high-volt").unwrap();
    /// let setup = row.limit(Setup::new(&[20], row.use_class.value).unwrap()).unwrap(); // 0.2 cm²
    /// ```
    ///
    /// # Errors
    /// The setup has no room for another limit.
    ///
    /// [`build_session`]: crate::build_session
    pub fn limit(&self, setup: Setup) -> Result<Setup, LimitError> {
        let most = u64::from(self.direct_cap().value);
        if most < rules::E_DC_4.limit {
            return setup.with_limit(Layer::Protocol, &rules::E_DC_4, most);
        }
        Ok(setup)
    }

    /// Whether no benefit was shown: nothing was found either way, or studies found none.
    #[must_use]
    pub const fn shows_no_benefit(&self) -> bool {
        matches!(self.headline.evidence, Evidence::None | Evidence::Negative)
    }
}
