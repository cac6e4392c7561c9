//! The table itself. The stricter wins where the lists differ; what each list says is kept beside it.

use super::Action::{self, Acknowledge, Block, Clear};
use super::item::{Entry, Item, ListSays};
use crate::provenance::Source;
use crate::sources as src;

const fn list(source: Source, says: &'static str, action: Action) -> ListSays {
    ListSays { source, says, action }
}

const fn asked_by_all(item: Item, text: &'static str, at: [Action; 6], lists: &'static [ListSays]) -> Entry {
    Entry { item, text, general: true, at, lists }
}

const fn asked_by_some(item: Item, text: &'static str, at: [Action; 6], lists: &'static [ListSays]) -> Entry {
    Entry { item, text, general: false, at, lists }
}

/// The table: what a "yes" to each item does at each site.
///
/// Columns of `at`: lower leg, thigh, arm, abdomen, chest, head and neck.
pub static TABLE: &[Entry] = &[
    asked_by_all(
        Item::ElectronicImplant,
        "pacemaker, ICD, pump, neurostimulator or another active implant",
        [Block; 6],
        &[
            list(
                src::CONTRAINDICATION_LISTS,
                "absolute for trunk and arm; specialist only for the lower limb",
                Block,
            ),
            list(src::FDA_1999, "demand pacemaker: the only contraindication", Block),
            list(src::IEC_IFU, "not without a specialist opinion", Block),
            list(src::MAKER_MANUALS, "contraindicated (ICD)", Block),
        ],
    ),
    asked_by_all(
        Item::ThrombosisActive,
        "deep-vein thrombosis or thrombophlebitis, active or suspected",
        [Block; 6],
        &[
            list(src::CONTRAINDICATION_LISTS, "absolute", Block),
            list(src::FDA_1999, "warning: over phlebitis and thrombophlebitis", Acknowledge),
            list(src::HOUGHTON_2010, "local contraindication", Block),
        ],
    ),
    asked_by_all(
        Item::Pregnancy,
        "pregnancy",
        [Block; 6],
        &[
            list(
                src::CONTRAINDICATION_LISTS,
                "absolute in one list; others: not across the abdomen, care in the first three months",
                Block,
            ),
            list(src::CLINIC_PAGE, "excluded", Block),
            list(src::FDA_1999, "precaution: safety not established", Acknowledge),
            list(src::HOUGHTON_2010, "local: abdomen, low back, pelvis", Block),
        ],
    ),
    asked_by_all(
        Item::Bleeding,
        "haemorrhage, or a bleeding disorder that is not treated",
        [Block; 6],
        &[
            list(src::CONTRAINDICATION_LISTS, "absolute", Block),
            list(src::FDA_1999, "precaution: tendency to haemorrhage after trauma or fracture", Acknowledge),
            list(src::HOUGHTON_2010, "local: active bleeding", Block),
        ],
    ),
    asked_by_all(
        Item::ActiveInfection,
        "active infection, tuberculosis, osteomyelitis under a wound",
        [Block; 6],
        &[
            list(src::CONTRAINDICATION_LISTS, "absolute", Block),
            list(src::HOUGHTON_2010, "local contraindication", Block),
        ],
    ),
    asked_by_all(
        Item::CancerNearSite,
        "cancer at or near the pads",
        [Block; 6],
        &[
            list(src::CONTRAINDICATION_LISTS, "local", Block),
            list(src::FDA_1999, "warning: over or near", Acknowledge),
            list(src::MAKER_MANUALS, "local contraindication", Block),
        ],
    ),
    asked_by_all(
        Item::CancerMetastatic,
        "metastatic cancer",
        [Block; 6],
        &[
            list(src::CONTRAINDICATION_LISTS, "generally absolute unless palliative and agreed", Block),
            list(src::MAKER_MANUALS, "contraindicated", Block),
        ],
    ),
    asked_by_all(
        Item::CancerElsewhere,
        "cancer elsewhere in the body",
        [Acknowledge; 6],
        &[
            list(src::CONTRAINDICATION_LISTS, "local only", Clear),
            list(src::FDA_1999, "warning: over or near; acknowledged elsewhere by our choice", Acknowledge),
        ],
    ),
    asked_by_all(
        Item::SkinInflamedAtSite,
        "swollen, infected or inflamed skin, or varicose veins, at the pads",
        [Block; 6],
        &[
            list(src::FDA_1999, "warning", Acknowledge),
            list(src::MAKER_MANUALS, "local contraindication", Block),
            list(src::HOUGHTON_2010, "local contraindication", Block),
        ],
    ),
    asked_by_all(
        Item::SkinDamagedAtSite,
        "damaged or frail skin, eczema, or skin irradiated within six months, at the pads",
        [Block; 6],
        &[
            list(src::CONTRAINDICATION_LISTS, "local", Block),
            list(src::MAKER_MANUALS, "local contraindication", Block),
            list(src::HOUGHTON_2010, "local contraindication or precaution", Block),
        ],
    ),
    asked_by_all(
        Item::SkinReaction,
        "rash, burn, or redness for more than 24 h from earlier pads that has not fully cleared",
        [Block; 6],
        &[
            list(src::WALKAIDE_MANUALS, "stop; no restart until the skin is fully clear", Block),
            list(src::FDA_1999, "adverse reaction to be expected: irritation and burns", Acknowledge),
        ],
    ),
    asked_by_all(
        Item::Epilepsy,
        "epilepsy",
        [Acknowledge, Acknowledge, Acknowledge, Acknowledge, Acknowledge, Block],
        &[
            list(src::CONTRAINDICATION_LISTS, "local to head and neck; precaution elsewhere", Block),
            list(src::FDA_1999, "precaution", Acknowledge),
            list(src::MAKER_MANUALS, "contraindicated by one maker", Acknowledge),
            list(src::HOUGHTON_2010, "local: head and neck", Block),
        ],
    ),
    asked_by_some(
        Item::EpilepsyUncontrolled,
        "epilepsy that is poorly controlled",
        [Block; 6],
        &[list(src::FOOT_DROP_PRACTICE, "excluded for stimulation in walking", Block)],
    ),
    asked_by_all(
        Item::HeartDisease,
        "heart disease, arrhythmia or heart failure, known or suspected",
        [Acknowledge, Acknowledge, Acknowledge, Acknowledge, Block, Acknowledge],
        &[
            list(src::CONTRAINDICATION_LISTS, "local: anterior chest; the lower limb appears safe", Block),
            list(src::FDA_1999, "precaution", Acknowledge),
            list(src::MAKER_MANUALS, "not without an evaluation", Acknowledge),
        ],
    ),
    asked_by_all(
        Item::ImpairedSensation,
        "impaired sensation at the pads",
        [Acknowledge; 6],
        &[
            list(src::CONTRAINDICATION_LISTS, "precaution", Acknowledge),
            list(src::FDA_1999, "precaution", Acknowledge),
            list(
                src::MAKER_MANUALS,
                "contraindicated when poorly innervated, by one maker; see the innervation gate",
                Acknowledge,
            ),
        ],
    ),
    asked_by_all(
        Item::NoFeedback,
        "cannot understand what is done, or cannot say when it hurts",
        [Block; 6],
        &[
            list(src::CONTRAINDICATION_LISTS, "absolute at home; specialist only in intensive care", Block),
            list(src::HOUGHTON_2010, "precaution; contraindicated without supervision", Acknowledge),
        ],
    ),
    asked_by_all(
        Item::SurgeryOrFractureAtSite,
        "recent surgery, or a fracture that has not healed, at or near the pads",
        [Block; 6],
        &[
            list(src::CONTRAINDICATION_LISTS, "local or precaution", Block),
            list(src::FDA_1999, "precaution: contraction may disrupt healing", Acknowledge),
            list(src::HOUGHTON_2010, "precaution or local contraindication", Block),
        ],
    ),
    asked_by_all(
        Item::SurgeryOrFractureElsewhere,
        "recent surgery, or a fracture that has not healed, elsewhere",
        [Acknowledge; 6],
        &[
            list(src::CONTRAINDICATION_LISTS, "precaution", Acknowledge),
            list(src::FDA_1999, "precaution", Acknowledge),
        ],
    ),
    asked_by_all(
        Item::Osteoporosis,
        "severe osteoporosis",
        [Acknowledge; 6],
        &[
            list(src::CONTRAINDICATION_LISTS, "local or precaution", Acknowledge),
            list(src::HOUGHTON_2010, "local contraindication or precaution", Acknowledge),
        ],
    ),
    asked_by_all(
        Item::Hernia,
        "abdominal or inguinal hernia",
        [Block; 6],
        &[
            list(src::COMPEX_WARNINGS, "absolute", Block),
            list(src::MAKER_MANUALS, "contraindicated by one maker", Block),
        ],
    ),
    asked_by_all(
        Item::ArterialDisease,
        "serious arterial disease of the legs",
        [Block; 6],
        &[list(src::COMPEX_WARNINGS, "absolute", Block), list(src::HOUGHTON_2010, "precaution", Acknowledge)],
    ),
    asked_by_all(
        Item::SpinalLesionT6,
        "spinal-cord lesion at or above T6: autonomic dysreflexia; stop on the first symptom",
        [Acknowledge; 6],
        &[list(src::SCI_PRACTICE, "precaution with a stop rule", Acknowledge)],
    ),
    asked_by_all(
        Item::UndiagnosedPain,
        "pain that nobody has explained",
        [Acknowledge; 6],
        &[list(src::MAKER_MANUALS, "contraindication or local; acknowledged by our choice", Acknowledge)],
    ),
    asked_by_all(
        Item::Menstruation,
        "menstruation, with pads over the uterus",
        [Clear, Clear, Clear, Acknowledge, Clear, Clear],
        &[list(src::FDA_1999, "precaution", Acknowledge)],
    ),
    asked_by_all(
        Item::GrowthPlateAtSite,
        "a growing bone end (child or adolescent) under the pads",
        [Block; 6],
        &[list(src::CONTRAINDICATION_LISTS, "local", Block)],
    ),
    asked_by_all(
        Item::ReproductiveOrgans,
        "pads over reproductive organs",
        [Clear, Block, Clear, Block, Clear, Clear],
        &[list(src::CONTRAINDICATION_LISTS, "local", Block)],
    ),
    asked_by_all(
        Item::ThroughHeartHeadOrNeck,
        "current through the chest or the head, over the eyes, mouth, carotid sinus or front of the neck",
        [Clear, Clear, Clear, Clear, Block, Block],
        &[
            list(src::CONTRAINDICATION_LISTS, "local", Block),
            list(src::FDA_1999, "warning", Acknowledge),
            list(src::IEC_IFU, "warning; chest: fibrillation hazard", Block),
            list(src::MAKER_MANUALS, "local contraindication", Block),
        ],
    ),
    asked_by_all(
        Item::HighFrequencyEquipment,
        "connected to high-frequency surgical equipment, or shortwave or microwave therapy within 1 m",
        [Block; 6],
        &[list(src::IEC_IFU, "warning: hazard", Block), list(src::MAKER_MANUALS, "warning", Acknowledge)],
    ),
    asked_by_all(
        Item::Driving,
        "will drive or work at machines while it runs",
        [Acknowledge; 6],
        &[list(src::FDA_1999, "precaution", Acknowledge), list(src::MAKER_MANUALS, "warning", Acknowledge)],
    ),
    asked_by_all(
        Item::FirstSession,
        "first session: supervised, and not standing for the first five minutes",
        [Acknowledge; 6],
        &[list(src::COMPEX_WARNINGS, "first five minutes seated or lying", Acknowledge)],
    ),
    asked_by_all(
        Item::MetalImplant,
        "a metal implant without electronics",
        [Clear; 6],
        &[list(src::CONTRAINDICATION_LISTS, "no contraindication for balanced pulses", Clear)],
    ),
    asked_by_some(
        Item::AnkleContracture,
        "fixed contracture of the ankle",
        [Block; 6],
        &[list(src::FOOT_DROP_PRACTICE, "excluded for stimulation in walking", Block)],
    ),
    asked_by_some(
        Item::MsFastWalker,
        "multiple sclerosis with an own walking speed above 0.8 m/s: oxygen cost rose with stimulation",
        [Acknowledge; 6],
        &[list(src::STREET_MILLER, "benefit only below 0.8 m/s", Acknowledge)],
    ),
];
