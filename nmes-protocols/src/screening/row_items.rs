//! The second part of the table: items that single rows ask, from the trials and the practice of those rows.

use super::Action::{Acknowledge, Block};
use super::Severity::{Absolute, Local, Precaution};
use super::item::{Entry, Item};
use super::table::{asked_by_some, eased, list};
use crate::sources as src;

/// Items that only the rows ask that name them.
pub(super) const OF_ROWS: &[Entry] = &[
    asked_by_some(
        Item::EarlyPalsy,
        "facial palsy of less than two weeks",
        [Acknowledge; 8],
        &[list(src::FACE_TEXTS, "cautious in the first two weeks", Precaution)],
    ),
    asked_by_some(
        Item::SynkinesisGrowing,
        "synkinesis or hemifacial spasm that grows",
        [Block; 8],
        &[list(src::FACE_TEXTS, "stop", Absolute)],
    ),
    asked_by_some(
        Item::GraftUnprotected,
        "a ligament graft that is not protected: open-chain extension at 0 to 40 degrees in the first weeks",
        [Block; 8],
        &[list(src::KNEE_PRACTICE, "not unless fixed or contracted together with the hamstrings", Absolute)],
    ),
    asked_by_some(
        Item::NerveBlockActive,
        "a regional nerve block that is still active",
        [Block; 8],
        &[list(src::KNEE_PRACTICE, "loss of sensation: not until it is over", Absolute)],
    ),
    asked_by_some(
        Item::UnstableFracture,
        "a fracture that is not stable, or a tight cast",
        [Block; 8],
        &[
            list(src::ICU_PRACTICE, "excluded", Absolute),
            list(src::CONTRAINDICATION_LISTS, "local or precaution", Local),
        ],
    ),
    asked_by_some(
        Item::UnstableCirculation,
        "unstable: blood pressure, oxygen, heart, seizures, open abdomen",
        [Block; 8],
        &[list(
            src::ICU_PRACTICE,
            "pause: mean pressure below 65, rising vasopressor, oxygen above 0.6",
            Absolute,
        )],
    ),
    asked_by_some(
        Item::Rhabdomyolysis,
        "breakdown of muscle (dark urine, high CK), now or lately",
        [Block; 8],
        &[
            list(src::ICU_PRACTICE, "excluded", Absolute),
            list(src::STRENGTH_PRACTICE, "risk with many muscles at once", Precaution),
        ],
    ),
    asked_by_some(
        Item::NeuromuscularBlock,
        "drugs that block the muscle",
        [Block; 8],
        &[list(src::ICU_PRACTICE, "no answer of the muscle", Absolute)],
    ),
    asked_by_some(
        Item::RecentInfarction,
        "heart attack within two weeks, or ventricular arrhythmia",
        [Block; 8],
        &[list(src::ICU_PRACTICE, "excluded", Absolute)],
    ),
    asked_by_some(
        Item::FragileSkin,
        "fragile skin by age or long steroids, or blood thinners",
        [Acknowledge; 8],
        &[list(src::ICU_PRACTICE, "precaution", Precaution)],
    ),
    asked_by_some(
        Item::NerveRepairRecent,
        "a nerve repaired less than three weeks ago",
        [Block; 8],
        &[
            list(src::DENERVATED_PRACTICE, "not under tension", Absolute),
            list(src::CONTRAINDICATION_LISTS, "regenerating superficial nerve: precaution", Precaution),
        ],
    ),
    asked_by_some(
        Item::Causalgia,
        "causalgia or complex regional pain syndrome",
        [Block; 8],
        &[
            list(src::WRIST_HZ, "excluded from a trial", Absolute),
            list(src::DENERVATED_PRACTICE, "excluded", Absolute),
        ],
    ),
    asked_by_some(
        Item::FixedContracture,
        "a severe fixed contracture of the joint",
        [Block; 8],
        &[list(src::WRIST_HZ, "excluded from a trial", Absolute)],
    ),
    eased(
        asked_by_some(
            Item::BotulinumToxin,
            "botulinum toxin in these muscles lately",
            [Acknowledge; 8],
            &[list(src::WRIST_HZ, "excluded from a trial", Absolute)],
        ),
        "a trial that leaves people out has not looked at them; it does not say that it harms",
    ),
    asked_by_some(
        Item::ShoulderInjury,
        "fracture of the shoulder, or an operation of it lately",
        [Block; 8],
        &[list(src::FAGHRI_1994, "excluded", Absolute)],
    ),
    asked_by_some(
        Item::SevereSpasticity,
        "severe spasticity or clonus",
        [Acknowledge; 8],
        &[list(src::TONE_PRACTICE, "stop when clonus begins", Precaution)],
    ),
    asked_by_some(
        Item::PressureSore,
        "an open pressure sore",
        [Block; 8],
        &[list(src::SCI_PRACTICE, "excluded", Absolute)],
    ),
    asked_by_some(
        Item::Ossification,
        "heterotopic ossification that is active",
        [Block; 8],
        &[list(src::SCI_PRACTICE, "excluded", Absolute)],
    ),
    asked_by_some(
        Item::PelvicInfection,
        "infection of bladder or vagina",
        [Block; 8],
        &[list(src::PELVIC, "contraindication of a maker", Absolute)],
    ),
    asked_by_some(
        Item::BirthOrPelvicSurgery,
        "less than 12 weeks after a birth or an operation of the pelvis, or trying to conceive",
        [Block; 8],
        &[list(src::PELVIC, "contraindication of a maker", Absolute)],
    ),
    asked_by_some(
        Item::Prolapse,
        "a large prolapse",
        [Block; 8],
        &[list(src::PELVIC, "contraindication of a maker", Absolute)],
    ),
    asked_by_some(
        Item::MuscleTear,
        "a torn muscle, or a blow to it within a day",
        [Block; 8],
        &[list(src::STRENGTH_PRACTICE, "excluded", Absolute)],
    ),
    asked_by_some(
        Item::KneeFlare,
        "a knee that is hot and swollen, or unstable",
        [Block; 8],
        &[list(src::KNEE_PRACTICE, "excluded", Absolute)],
    ),
    asked_by_some(
        Item::OrthostaticDrop,
        "blood pressure that falls on standing up",
        [Acknowledge; 8],
        &[list(src::KRALJ, "precaution with a stop rule", Precaution)],
    ),
    asked_by_some(
        Item::Laryngospasm,
        "spasm of the larynx, now or before",
        [Block; 8],
        &[list(src::CONTRAINDICATION_LISTS, "front of the neck: never", Absolute)],
    ),
    asked_by_some(
        Item::HeatSensitive,
        "heat or tiredness makes symptoms worse (Uhthoff)",
        [Acknowledge; 8],
        &[list(src::MS_PRACTICE, "shorter blocks", Precaution)],
    ),
    asked_by_some(
        Item::AnkleOedema,
        "metal or swelling at the ankle",
        [Acknowledge; 8],
        &[list(src::TIBIAL_PRACTICE, "precaution", Precaution)],
    ),
    asked_by_some(
        Item::RootAvulsion,
        "roots torn out of the spinal cord, with no prospect of recovery",
        [Block; 8],
        &[list(src::DENERVATED_PRACTICE, "excluded, but for the care of tissue", Absolute)],
    ),
    asked_by_some(
        Item::MouthMetal,
        "metal in the mouth: fillings, crowns, braces",
        [Acknowledge; 8],
        &[list(src::FACE_TEXTS, "discomfort", Precaution)],
    ),
];
