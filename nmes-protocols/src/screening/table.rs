//! The table itself. The stricter wins where the lists differ; what each list says is kept beside it.

use super::Action::{self, Acknowledge, Block, Clear};
use super::Severity::{self, Absolute, Local, None, Precaution, SpecialistOnly};
use super::item::{Entry, Item, ListSays};
use super::row_items::OF_ROWS;
use crate::provenance::Source;
use crate::sources as src;

pub(super) const fn list(source: Source, says: &'static str, severity: Severity, action: Action) -> ListSays {
    ListSays { source, severity, says, action }
}

const fn asked_by_all(item: Item, text: &'static str, at: [Action; 8], lists: &'static [ListSays]) -> Entry {
    Entry { item, text, general: true, at, lists }
}

pub(super) const fn asked_by_some(
    item: Item,
    text: &'static str,
    at: [Action; 8],
    lists: &'static [ListSays],
) -> Entry {
    Entry { item, text, general: false, at, lists }
}

/// How many rows the two parts have.
const LENGTH: usize = GENERAL.len().saturating_add(OF_ROWS.len());

/// The table: what a "yes" to each item does at each site.
///
/// Columns of `at`: lower leg, thigh, arm, abdomen, chest, head and neck, face, pelvic floor.
pub static TABLE: &[Entry] = &joined();

/// One part after the other. Evaluated by the compiler.
const fn joined() -> [Entry; LENGTH] {
    let mut table = [asked_by_some(Item::MetalImplant, "", [Clear; 8], &[]); LENGTH];
    let room: &mut [Entry] = &mut table;
    let (first_part, second_part) = room.split_at_mut(GENERAL.len());
    copy(GENERAL, first_part);
    copy(OF_ROWS, second_part);
    table
}

const fn copy(mut from: &[Entry], mut to: &mut [Entry]) {
    while let ([entry, rest @ ..], [slot, free @ ..]) = (from, to) {
        *slot = *entry;
        (from, to) = (rest, free);
    }
}

/// What several lists speak of.
const GENERAL: &[Entry] = &[
    asked_by_all(
        Item::ElectronicImplant,
        "pacemaker, ICD, pump, neurostimulator or another active implant",
        [Block; 8],
        &[
            list(
                src::CONTRAINDICATION_LISTS,
                "absolute for trunk and arm; specialist only for the lower limb",
                Absolute,
                Block,
            ),
            list(src::FDA_1999, "demand pacemaker: the only contraindication", Absolute, Block),
            list(src::IEC_IFU, "not without a specialist opinion", SpecialistOnly, Block),
            list(src::MAKER_MANUALS, "contraindicated (ICD)", Absolute, Block),
        ],
    ),
    asked_by_all(
        Item::ThrombosisActive,
        "deep-vein thrombosis or thrombophlebitis, active or suspected",
        [Block; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "absolute", Absolute, Block),
            list(src::FDA_1999, "warning: over phlebitis and thrombophlebitis", Precaution, Acknowledge),
            list(src::HOUGHTON_2010, "local contraindication", Local, Block),
        ],
    ),
    asked_by_all(
        Item::Pregnancy,
        "pregnancy",
        [Block; 8],
        &[
            list(
                src::CONTRAINDICATION_LISTS,
                "absolute in one list; others: not across the abdomen, care in the first three months",
                Absolute,
                Block,
            ),
            list(src::CLINIC_PAGE, "excluded", Absolute, Block),
            list(src::FDA_1999, "precaution: safety not established", Precaution, Acknowledge),
            list(src::HOUGHTON_2010, "local: abdomen, low back, pelvis", Local, Block),
        ],
    ),
    asked_by_all(
        Item::Bleeding,
        "haemorrhage, or a bleeding disorder that is not treated",
        [Block; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "absolute", Absolute, Block),
            list(
                src::FDA_1999,
                "precaution: tendency to haemorrhage after trauma or fracture",
                Precaution,
                Acknowledge,
            ),
            list(src::HOUGHTON_2010, "local: active bleeding", Local, Block),
        ],
    ),
    asked_by_all(
        Item::ActiveInfection,
        "active infection, tuberculosis, osteomyelitis under a wound",
        [Block; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "absolute", Absolute, Block),
            list(src::HOUGHTON_2010, "local contraindication", Local, Block),
        ],
    ),
    asked_by_all(
        Item::CancerNearSite,
        "cancer at or near the pads",
        [Block; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "local", Local, Block),
            list(src::FDA_1999, "warning: over or near", Precaution, Acknowledge),
            list(src::MAKER_MANUALS, "local contraindication", Local, Block),
        ],
    ),
    asked_by_all(
        Item::CancerMetastatic,
        "metastatic cancer",
        [Block; 8],
        &[
            list(
                src::CONTRAINDICATION_LISTS,
                "generally absolute unless palliative and agreed",
                Absolute,
                Block,
            ),
            list(src::MAKER_MANUALS, "contraindicated", Absolute, Block),
        ],
    ),
    asked_by_all(
        Item::CancerElsewhere,
        "cancer elsewhere in the body",
        [Acknowledge; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "local only", None, Clear),
            list(
                src::FDA_1999,
                "warning: over or near; acknowledged elsewhere by our choice",
                Precaution,
                Acknowledge,
            ),
        ],
    ),
    asked_by_all(
        Item::SkinInflamedAtSite,
        "swollen, infected or inflamed skin, or varicose veins, at the pads",
        [Block; 8],
        &[
            list(src::FDA_1999, "warning", Precaution, Acknowledge),
            list(src::MAKER_MANUALS, "local contraindication", Local, Block),
            list(src::HOUGHTON_2010, "local contraindication", Local, Block),
        ],
    ),
    asked_by_all(
        Item::SkinDamagedAtSite,
        "damaged or frail skin, eczema, or skin irradiated within six months, at the pads",
        [Block; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "local", Local, Block),
            list(src::MAKER_MANUALS, "local contraindication", Local, Block),
            list(src::HOUGHTON_2010, "local contraindication or precaution", Local, Block),
        ],
    ),
    asked_by_all(
        Item::SkinReaction,
        "rash, burn, or redness for more than 24 h from earlier pads that has not fully cleared",
        [Block; 8],
        &[
            list(src::WALKAIDE_MANUALS, "stop; no restart until the skin is fully clear", Absolute, Block),
            list(
                src::FDA_1999,
                "adverse reaction to be expected: irritation and burns",
                Precaution,
                Acknowledge,
            ),
        ],
    ),
    asked_by_all(
        Item::Epilepsy,
        "epilepsy",
        [Acknowledge, Acknowledge, Acknowledge, Acknowledge, Acknowledge, Block, Block, Acknowledge],
        &[
            list(src::CONTRAINDICATION_LISTS, "local to head and neck; precaution elsewhere", Local, Block),
            list(src::FDA_1999, "precaution", Precaution, Acknowledge),
            list(src::MAKER_MANUALS, "contraindicated by one maker", Precaution, Acknowledge),
            list(src::HOUGHTON_2010, "local: head and neck", Local, Block),
        ],
    ),
    asked_by_some(
        Item::EpilepsyUncontrolled,
        "epilepsy that is poorly controlled",
        [Block; 8],
        &[list(src::FOOT_DROP_PRACTICE, "excluded for stimulation in walking", Absolute, Block)],
    ),
    asked_by_all(
        Item::HeartDisease,
        "heart disease, arrhythmia or heart failure, known or suspected",
        [Acknowledge, Acknowledge, Acknowledge, Acknowledge, Block, Acknowledge, Acknowledge, Acknowledge],
        &[
            list(
                src::CONTRAINDICATION_LISTS,
                "local: anterior chest; the lower limb appears safe",
                Local,
                Block,
            ),
            list(src::FDA_1999, "precaution", Precaution, Acknowledge),
            list(src::MAKER_MANUALS, "not without an evaluation", Precaution, Acknowledge),
        ],
    ),
    asked_by_all(
        Item::ImpairedSensation,
        "impaired sensation at the pads",
        [Acknowledge; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "precaution", Precaution, Acknowledge),
            list(src::FDA_1999, "precaution", Precaution, Acknowledge),
            list(
                src::MAKER_MANUALS,
                "contraindicated when poorly innervated, by one maker; see the innervation gate",
                Precaution,
                Acknowledge,
            ),
        ],
    ),
    asked_by_all(
        Item::NoFeedback,
        "cannot understand what is done, or cannot say when it hurts",
        [Block; 8],
        &[
            list(
                src::CONTRAINDICATION_LISTS,
                "absolute at home; specialist only in intensive care",
                Absolute,
                Block,
            ),
            list(
                src::HOUGHTON_2010,
                "precaution; contraindicated without supervision",
                Precaution,
                Acknowledge,
            ),
        ],
    ),
    asked_by_all(
        Item::SurgeryOrFractureAtSite,
        "recent surgery, or a fracture that has not healed, at or near the pads",
        [Block; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "local or precaution", Local, Block),
            list(src::FDA_1999, "precaution: contraction may disrupt healing", Precaution, Acknowledge),
            list(src::HOUGHTON_2010, "precaution or local contraindication", Local, Block),
        ],
    ),
    asked_by_all(
        Item::SurgeryOrFractureElsewhere,
        "recent surgery, or a fracture that has not healed, elsewhere",
        [Acknowledge; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "precaution", Precaution, Acknowledge),
            list(src::FDA_1999, "precaution", Precaution, Acknowledge),
        ],
    ),
    asked_by_all(
        Item::Osteoporosis,
        "severe osteoporosis",
        [Acknowledge; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "local or precaution", Precaution, Acknowledge),
            list(src::HOUGHTON_2010, "local contraindication or precaution", Precaution, Acknowledge),
        ],
    ),
    asked_by_all(
        Item::Hernia,
        "abdominal or inguinal hernia",
        [Block; 8],
        &[
            list(src::COMPEX_WARNINGS, "absolute", Absolute, Block),
            list(src::MAKER_MANUALS, "contraindicated by one maker", Absolute, Block),
        ],
    ),
    asked_by_all(
        Item::ArterialDisease,
        "serious arterial disease of the legs",
        [Block; 8],
        &[
            list(src::COMPEX_WARNINGS, "absolute", Absolute, Block),
            list(src::HOUGHTON_2010, "precaution", Precaution, Acknowledge),
        ],
    ),
    asked_by_all(
        Item::SpinalLesionT6,
        "spinal-cord lesion at or above T6: autonomic dysreflexia; stop on the first symptom",
        [Acknowledge; 8],
        &[list(src::SCI_PRACTICE, "precaution with a stop rule", Precaution, Acknowledge)],
    ),
    asked_by_all(
        Item::UndiagnosedPain,
        "pain that nobody has explained",
        [Acknowledge; 8],
        &[list(
            src::MAKER_MANUALS,
            "contraindication or local; acknowledged by our choice",
            Precaution,
            Acknowledge,
        )],
    ),
    asked_by_all(
        Item::Menstruation,
        "menstruation, with pads over the uterus",
        [Clear, Clear, Clear, Acknowledge, Clear, Clear, Clear, Acknowledge],
        &[list(src::FDA_1999, "precaution", Precaution, Acknowledge)],
    ),
    asked_by_all(
        Item::GrowthPlateAtSite,
        "a growing bone end (child or adolescent) under the pads",
        [Block; 8],
        &[list(src::CONTRAINDICATION_LISTS, "local", Local, Block)],
    ),
    asked_by_all(
        Item::ReproductiveOrgans,
        "pads over reproductive organs",
        [Clear, Block, Clear, Block, Clear, Clear, Clear, Clear],
        &[list(src::CONTRAINDICATION_LISTS, "local", Local, Block)],
    ),
    asked_by_all(
        Item::ThroughHeartHeadOrNeck,
        "current through the chest or the head, over the eyes, mouth, carotid sinus or front of the neck",
        [Clear, Clear, Clear, Clear, Block, Block, Block, Clear],
        &[
            list(src::CONTRAINDICATION_LISTS, "local", Local, Block),
            list(src::FDA_1999, "warning", Precaution, Acknowledge),
            list(src::IEC_IFU, "warning; chest: fibrillation hazard", Absolute, Block),
            list(src::MAKER_MANUALS, "local contraindication", Local, Block),
        ],
    ),
    asked_by_all(
        Item::HighFrequencyEquipment,
        "connected to high-frequency surgical equipment, or shortwave or microwave therapy within 1 m",
        [Block; 8],
        &[
            list(src::IEC_IFU, "warning: hazard", Absolute, Block),
            list(src::MAKER_MANUALS, "warning", Precaution, Acknowledge),
        ],
    ),
    asked_by_all(
        Item::Driving,
        "will drive or work at machines while it runs",
        [Acknowledge; 8],
        &[
            list(src::FDA_1999, "precaution", Precaution, Acknowledge),
            list(src::MAKER_MANUALS, "warning", Precaution, Acknowledge),
        ],
    ),
    asked_by_all(
        Item::FirstSession,
        "first session: supervised, and not standing for the first five minutes",
        [Acknowledge; 8],
        &[list(src::COMPEX_WARNINGS, "first five minutes seated or lying", Precaution, Acknowledge)],
    ),
    asked_by_all(
        Item::MetalImplant,
        "a metal implant without electronics",
        [Clear; 8],
        &[list(src::CONTRAINDICATION_LISTS, "no contraindication for balanced pulses", None, Clear)],
    ),
    asked_by_some(
        Item::AnkleContracture,
        "fixed contracture of the ankle",
        [Block; 8],
        &[list(src::FOOT_DROP_PRACTICE, "excluded for stimulation in walking", Absolute, Block)],
    ),
    asked_by_some(
        Item::MsFastWalker,
        "multiple sclerosis with an own walking speed above 0.8 m/s: oxygen cost rose with stimulation",
        [Acknowledge; 8],
        &[list(src::STREET_MILLER, "benefit only below 0.8 m/s", Precaution, Acknowledge)],
    ),
];
