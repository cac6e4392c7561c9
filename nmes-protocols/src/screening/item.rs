//! What screening asks about, and what a row of its table holds.

use super::{Action, Severity, Site};
use crate::provenance::Source;
use crate::sources as src;

/// What screening asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Item {
    /// Pacemaker, ICD, pump, neurostimulator or another active implant.
    ElectronicImplant,
    /// Deep-vein thrombosis or thrombophlebitis, active or suspected.
    ThrombosisActive,
    /// Pregnancy.
    Pregnancy,
    /// Haemorrhage, or a bleeding disorder that is not treated.
    Bleeding,
    /// Active infection, tuberculosis, osteomyelitis under a wound.
    ActiveInfection,
    /// Cancer at or near the pads.
    CancerNearSite,
    /// Metastatic cancer.
    CancerMetastatic,
    /// Cancer elsewhere in the body.
    CancerElsewhere,
    /// Swollen, infected or inflamed skin, or varicose veins, at the pads.
    SkinInflamedAtSite,
    /// Damaged or frail skin, eczema, or skin irradiated within six months, at the pads.
    SkinDamagedAtSite,
    /// Rash, burn, or redness for more than 24 h from earlier pads that has not fully cleared.
    SkinReaction,
    /// Epilepsy.
    Epilepsy,
    /// Epilepsy that is poorly controlled.
    EpilepsyUncontrolled,
    /// Heart disease, arrhythmia or heart failure, known or suspected.
    HeartDisease,
    /// Impaired sensation at the pads.
    ImpairedSensation,
    /// Cannot understand what is done, or cannot say when it hurts.
    NoFeedback,
    /// Recent surgery, or a fracture that has not healed, at or near the pads.
    SurgeryOrFractureAtSite,
    /// Recent surgery, or a fracture that has not healed, elsewhere.
    SurgeryOrFractureElsewhere,
    /// Severe osteoporosis.
    Osteoporosis,
    /// Abdominal or inguinal hernia.
    Hernia,
    /// Serious arterial disease of the legs.
    ArterialDisease,
    /// Spinal-cord lesion at or above T6: autonomic dysreflexia; stop on the first symptom.
    SpinalLesionT6,
    /// Pain that nobody has explained.
    UndiagnosedPain,
    /// Menstruation, with pads over the uterus.
    Menstruation,
    /// A growing bone end (child or adolescent) under the pads.
    GrowthPlateAtSite,
    /// Pads over reproductive organs.
    ReproductiveOrgans,
    /// Current through the chest or the head, over the eyes, mouth, carotid sinus or front of the neck.
    ThroughHeartHeadOrNeck,
    /// Connected to high-frequency surgical equipment, or shortwave or microwave therapy within 1 m.
    HighFrequencyEquipment,
    /// Will drive or work at machines while it runs.
    Driving,
    /// First session: supervised, and not standing for the first five minutes.
    FirstSession,
    /// A metal implant without electronics.
    MetalImplant,
    /// Fixed contracture of the ankle.
    AnkleContracture,
    /// Multiple sclerosis with an own walking speed above 0.8 m/s: oxygen cost rose with stimulation.
    MsFastWalker,
    /// Facial palsy of less than two weeks.
    EarlyPalsy,
    /// Synkinesis or hemifacial spasm that grows.
    SynkinesisGrowing,
    /// A ligament graft that is not protected: open-chain extension at 0 to 40 degrees in the first weeks.
    GraftUnprotected,
    /// A regional nerve block that is still active.
    NerveBlockActive,
    /// A fracture that is not stable, or a tight cast.
    UnstableFracture,
    /// Unstable: blood pressure, oxygen, heart, seizures, open abdomen.
    UnstableCirculation,
    /// Breakdown of muscle (dark urine, high CK), now or lately.
    Rhabdomyolysis,
    /// Drugs that block the muscle.
    NeuromuscularBlock,
    /// Heart attack within two weeks, or ventricular arrhythmia.
    RecentInfarction,
    /// Fragile skin by age or long steroids, or blood thinners.
    FragileSkin,
    /// A nerve repaired less than three weeks ago.
    NerveRepairRecent,
    /// Causalgia or complex regional pain syndrome.
    Causalgia,
    /// A severe fixed contracture of the joint.
    FixedContracture,
    /// Botulinum toxin in these muscles lately.
    BotulinumToxin,
    /// Fracture of the shoulder, or an operation of it lately.
    ShoulderInjury,
    /// Severe spasticity or clonus.
    SevereSpasticity,
    /// An open pressure sore.
    PressureSore,
    /// Heterotopic ossification that is active.
    Ossification,
    /// Infection of bladder or vagina.
    PelvicInfection,
    /// Less than 12 weeks after a birth or an operation of the pelvis, or trying to conceive.
    BirthOrPelvicSurgery,
    /// A large prolapse.
    Prolapse,
    /// A torn muscle, or a blow to it within a day.
    MuscleTear,
    /// A knee that is hot and swollen, or unstable.
    KneeFlare,
    /// Blood pressure that falls on standing up.
    OrthostaticDrop,
    /// Spasm of the larynx, now or before.
    Laryngospasm,
    /// Heat or tiredness makes symptoms worse (Uhthoff).
    HeatSensitive,
    /// Metal or swelling at the ankle.
    AnkleOedema,
    /// Roots torn out of the spinal cord, with no prospect of recovery.
    RootAvulsion,
    /// Metal in the mouth: fillings, crowns, braces.
    MouthMetal,
}

impl Item {
    /// All of them, in the order of the table.
    pub const ALL: &[Self] = &[
        Self::ElectronicImplant,
        Self::ThrombosisActive,
        Self::Pregnancy,
        Self::Bleeding,
        Self::ActiveInfection,
        Self::CancerNearSite,
        Self::CancerMetastatic,
        Self::CancerElsewhere,
        Self::SkinInflamedAtSite,
        Self::SkinDamagedAtSite,
        Self::SkinReaction,
        Self::Epilepsy,
        Self::EpilepsyUncontrolled,
        Self::HeartDisease,
        Self::ImpairedSensation,
        Self::NoFeedback,
        Self::SurgeryOrFractureAtSite,
        Self::SurgeryOrFractureElsewhere,
        Self::Osteoporosis,
        Self::Hernia,
        Self::ArterialDisease,
        Self::SpinalLesionT6,
        Self::UndiagnosedPain,
        Self::Menstruation,
        Self::GrowthPlateAtSite,
        Self::ReproductiveOrgans,
        Self::ThroughHeartHeadOrNeck,
        Self::HighFrequencyEquipment,
        Self::Driving,
        Self::FirstSession,
        Self::MetalImplant,
        Self::AnkleContracture,
        Self::MsFastWalker,
        Self::EarlyPalsy,
        Self::SynkinesisGrowing,
        Self::GraftUnprotected,
        Self::NerveBlockActive,
        Self::UnstableFracture,
        Self::UnstableCirculation,
        Self::Rhabdomyolysis,
        Self::NeuromuscularBlock,
        Self::RecentInfarction,
        Self::FragileSkin,
        Self::NerveRepairRecent,
        Self::Causalgia,
        Self::FixedContracture,
        Self::BotulinumToxin,
        Self::ShoulderInjury,
        Self::SevereSpasticity,
        Self::PressureSore,
        Self::Ossification,
        Self::PelvicInfection,
        Self::BirthOrPelvicSurgery,
        Self::Prolapse,
        Self::MuscleTear,
        Self::KneeFlare,
        Self::OrthostaticDrop,
        Self::Laryngospasm,
        Self::HeatSensitive,
        Self::AnkleOedema,
        Self::RootAvulsion,
        Self::MouthMetal,
    ];

    /// The item's place in a 64-bit set.
    pub(super) const fn bit(self) -> u64 {
        match self {
            Self::ElectronicImplant => 1,
            Self::ThrombosisActive => 1 << 1,
            Self::Pregnancy => 1 << 2,
            Self::Bleeding => 1 << 3,
            Self::ActiveInfection => 1 << 4,
            Self::CancerNearSite => 1 << 5,
            Self::CancerMetastatic => 1 << 6,
            Self::CancerElsewhere => 1 << 7,
            Self::SkinInflamedAtSite => 1 << 8,
            Self::SkinDamagedAtSite => 1 << 9,
            Self::SkinReaction => 1 << 10,
            Self::Epilepsy => 1 << 11,
            Self::EpilepsyUncontrolled => 1 << 12,
            Self::HeartDisease => 1 << 13,
            Self::ImpairedSensation => 1 << 14,
            Self::NoFeedback => 1 << 15,
            Self::SurgeryOrFractureAtSite => 1 << 16,
            Self::SurgeryOrFractureElsewhere => 1 << 17,
            Self::Osteoporosis => 1 << 18,
            Self::Hernia => 1 << 19,
            Self::ArterialDisease => 1 << 20,
            Self::SpinalLesionT6 => 1 << 21,
            Self::UndiagnosedPain => 1 << 22,
            Self::Menstruation => 1 << 23,
            Self::GrowthPlateAtSite => 1 << 24,
            Self::ReproductiveOrgans => 1 << 25,
            Self::ThroughHeartHeadOrNeck => 1 << 26,
            Self::HighFrequencyEquipment => 1 << 27,
            Self::Driving => 1 << 28,
            Self::FirstSession => 1 << 29,
            Self::MetalImplant => 1 << 30,
            Self::AnkleContracture => 1 << 31,
            Self::MsFastWalker => 1 << 32,
            Self::EarlyPalsy => 1 << 33,
            Self::SynkinesisGrowing => 1 << 34,
            Self::GraftUnprotected => 1 << 35,
            Self::NerveBlockActive => 1 << 36,
            Self::UnstableFracture => 1 << 37,
            Self::UnstableCirculation => 1 << 38,
            Self::Rhabdomyolysis => 1 << 39,
            Self::NeuromuscularBlock => 1 << 40,
            Self::RecentInfarction => 1 << 41,
            Self::FragileSkin => 1 << 42,
            Self::NerveRepairRecent => 1 << 43,
            Self::Causalgia => 1 << 44,
            Self::FixedContracture => 1 << 45,
            Self::BotulinumToxin => 1 << 46,
            Self::ShoulderInjury => 1 << 47,
            Self::SevereSpasticity => 1 << 48,
            Self::PressureSore => 1 << 49,
            Self::Ossification => 1 << 50,
            Self::PelvicInfection => 1 << 51,
            Self::BirthOrPelvicSurgery => 1 << 52,
            Self::Prolapse => 1 << 53,
            Self::MuscleTear => 1 << 54,
            Self::KneeFlare => 1 << 55,
            Self::OrthostaticDrop => 1 << 56,
            Self::Laryngospasm => 1 << 57,
            Self::HeatSensitive => 1 << 58,
            Self::AnkleOedema => 1 << 59,
            Self::RootAvulsion => 1 << 60,
            Self::MouthMetal => 1 << 61,
        }
    }

    /// The word that answers it with "yes" on a command line: lower case with hyphens.
    #[must_use]
    pub const fn flag(self) -> &'static str {
        match self {
            Self::ElectronicImplant => "pacemaker",
            Self::ThrombosisActive => "thrombosis",
            Self::Pregnancy => "pregnant",
            Self::Bleeding => "bleeding",
            Self::ActiveInfection => "infection",
            Self::CancerNearSite => "cancer-near",
            Self::CancerMetastatic => "cancer-metastatic",
            Self::CancerElsewhere => "cancer-elsewhere",
            Self::SkinInflamedAtSite => "skin-inflamed",
            Self::SkinDamagedAtSite => "skin-damaged",
            Self::SkinReaction => "skin-reaction",
            Self::Epilepsy => "epilepsy",
            Self::EpilepsyUncontrolled => "epilepsy-uncontrolled",
            Self::HeartDisease => "heart-disease",
            Self::ImpairedSensation => "impaired-sensation",
            Self::NoFeedback => "no-feedback",
            Self::SurgeryOrFractureAtSite => "surgery-at-site",
            Self::SurgeryOrFractureElsewhere => "surgery-elsewhere",
            Self::Osteoporosis => "osteoporosis",
            Self::Hernia => "hernia",
            Self::ArterialDisease => "arterial-disease",
            Self::SpinalLesionT6 => "lesion-t6",
            Self::UndiagnosedPain => "undiagnosed-pain",
            Self::Menstruation => "menstruation",
            Self::GrowthPlateAtSite => "growth-plate",
            Self::ReproductiveOrgans => "reproductive-organs",
            Self::ThroughHeartHeadOrNeck => "through-heart-head-neck",
            Self::HighFrequencyEquipment => "high-frequency-equipment",
            Self::Driving => "driving",
            Self::FirstSession => "first-session",
            Self::MetalImplant => "metal-implant",
            Self::AnkleContracture => "ankle-contracture",
            Self::MsFastWalker => "ms-fast-walker",
            Self::EarlyPalsy => "early-palsy",
            Self::SynkinesisGrowing => "synkinesis",
            Self::GraftUnprotected => "graft-unprotected",
            Self::NerveBlockActive => "nerve-block",
            Self::UnstableFracture => "unstable-fracture",
            Self::UnstableCirculation => "unstable",
            Self::Rhabdomyolysis => "rhabdomyolysis",
            Self::NeuromuscularBlock => "neuromuscular-block",
            Self::RecentInfarction => "recent-infarction",
            Self::FragileSkin => "fragile-skin",
            Self::NerveRepairRecent => "nerve-repair",
            Self::Causalgia => "crps",
            Self::FixedContracture => "contracture",
            Self::BotulinumToxin => "botulinum",
            Self::ShoulderInjury => "shoulder-injury",
            Self::SevereSpasticity => "clonus",
            Self::PressureSore => "pressure-sore",
            Self::Ossification => "ossification",
            Self::PelvicInfection => "pelvic-infection",
            Self::BirthOrPelvicSurgery => "pelvic-surgery",
            Self::Prolapse => "prolapse",
            Self::MuscleTear => "muscle-tear",
            Self::KneeFlare => "knee-flare",
            Self::OrthostaticDrop => "orthostatic",
            Self::Laryngospasm => "laryngospasm",
            Self::HeatSensitive => "heat-sensitive",
            Self::AnkleOedema => "ankle-oedema",
            Self::RootAvulsion => "root-avulsion",
            Self::MouthMetal => "mouth-metal",
        }
    }
}

/// What one list says about an item, and what that would make of a "yes".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ListSays {
    /// The list.
    pub source: Source,
    /// How hard it is about it at the sites that it speaks of.
    pub severity: Severity,
    /// Its words, shortened.
    pub says: &'static str,
    /// What that severity makes of a "yes" at those sites: see [`Severity::action`].
    pub action: Action,
    /// The sites that it speaks of.
    pub sites: &'static [Site],
    /// How hard it is about the item at any other site.
    pub elsewhere: Severity,
}

impl ListSays {
    /// How hard the list is about the item with pads at this site.
    #[must_use]
    pub fn severity_at(&self, site: Site) -> Severity {
        if self.sites.contains(&site) { self.severity } else { self.elsewhere }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Entry {
    /// The item.
    pub item: Item,
    /// What is asked, as something that is the case or is not.
    pub text: &'static str,
    /// Whether every row asks it; else only the rows that name it.
    pub general: bool,
    /// What a "yes" does, in the order of [`Site::ALL`].
    pub at: [Action; 8],
    /// What the lists say.
    pub lists: &'static [ListSays],
    /// Why the table is milder than the strictest list at some site. That is our choice and is shown as such:
    /// [`Entry::eased_at`].
    pub eased: Option<&'static str>,
}

impl Entry {
    /// What a "yes" does with pads at this site.
    #[must_use]
    pub const fn action(&self, site: Site) -> Action {
        let [lower_leg, thigh, arm, abdomen, chest, head_neck, face, pelvic_floor] = self.at;
        match site {
            Site::LowerLeg => lower_leg,
            Site::Thigh => thigh,
            Site::Arm => arm,
            Site::Abdomen => abdomen,
            Site::Chest => chest,
            Site::HeadNeck => head_neck,
            Site::Face => face,
            Site::PelvicFloor => pelvic_floor,
        }
    }

    /// The hardest that any list says of it, at whatever site.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.lists.iter().map(|list| list.severity).max().unwrap_or(Severity::None)
    }

    /// The hardest that any list says of it with pads at this site.
    ///
    /// ```
    /// use nmes_protocols::{Item, Severity, Site, TABLE};
    /// let heart = TABLE.iter().find(|entry| entry.item == Item::HeartDisease).unwrap();
    /// assert_eq!(heart.severity_at(Site::Chest), Severity::Local);
    /// assert_eq!(heart.severity_at(Site::Thigh), Severity::SpecialistOnly);
    /// assert!(heart.eased_at(Site::Thigh).is_some() && heart.eased_at(Site::Chest).is_none());
    /// ```
    #[must_use]
    pub fn severity_at(&self, site: Site) -> Severity {
        self.lists.iter().map(|list| list.severity_at(site)).max().unwrap_or(Severity::None)
    }

    /// Why a "yes" does less at this site than the strictest list would have it do: by our choice, for this reason.
    /// `None` where the table is as strict as the lists.
    #[must_use]
    pub fn eased_at(&self, site: Site) -> Option<&'static str> {
        self.eased.filter(|_| self.action(site) < self.severity_at(site).action())
    }

    /// The list that is the strictest about the item; the first of them when several are.
    #[must_use]
    pub fn stricter_source(&self) -> Source {
        self.strictest(|list| list.action)
    }

    /// The same with pads at this site.
    #[must_use]
    pub fn stricter_source_at(&self, site: Site) -> Source {
        self.strictest(|list| list.severity_at(site).action())
    }

    fn strictest(&self, action: impl Fn(&ListSays) -> Action) -> Source {
        let mut best: Option<&ListSays> = None;
        for list in self.lists {
            if best.is_none_or(|b| action(list) > action(b)) {
                best = Some(list);
            }
        }
        best.map_or(src::CONTRAINDICATION_LISTS, |list| list.source)
    }
}
