//! The table itself. Where the lists differ the strictest acts at each site, unless the entry says that it is eased by our
//! choice, and why; what each list says is kept beside it.

use super::Action::{self, Acknowledge, Block, Clear};
use super::Severity::{self, Absolute, Local, None, Precaution, SpecialistOnly};
use super::Site;
use super::item::{Entry, Item, ListSays};
use super::row_items::OF_ROWS;
use crate::provenance::Source;
use crate::sources as src;

/// A list that speaks of every site.
pub(super) const fn list(source: Source, says: &'static str, severity: Severity) -> ListSays {
    local(source, says, severity, &Site::ALL, severity)
}

/// A list that speaks of some sites, and more mildly or not at all of the others.
const fn local(
    source: Source,
    says: &'static str,
    severity: Severity,
    sites: &'static [Site],
    elsewhere: Severity,
) -> ListSays {
    ListSays { source, severity, says, action: severity.action(), sites, elsewhere }
}

const fn asked_by_all(item: Item, text: &'static str, at: [Action; 8], lists: &'static [ListSays]) -> Entry {
    Entry { item, text, general: true, at, lists, eased: Option::None }
}

pub(super) const fn asked_by_some(
    item: Item,
    text: &'static str,
    at: [Action; 8],
    lists: &'static [ListSays],
) -> Entry {
    Entry { item, text, general: false, at, lists, eased: Option::None }
}

/// An entry that is milder than its strictest list at some site, by our choice, and why.
pub(super) const fn eased(entry: Entry, why: &'static str) -> Entry {
    Entry { eased: Some(why), ..entry }
}

const HEAD: &[Site] = &[Site::HeadNeck, Site::Face];
const CHEST: &[Site] = &[Site::Chest];
const PELVIS: &[Site] = &[Site::PelvicFloor];
const TRUNK: &[Site] = &[Site::Abdomen, Site::PelvicFloor];
const NOT_THE_LEG: &[Site] =
    &[Site::Arm, Site::Abdomen, Site::Chest, Site::HeadNeck, Site::Face, Site::PelvicFloor];

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
            local(
                src::CONTRAINDICATION_LISTS,
                "absolute for trunk and arm; specialist only for the lower limb",
                Absolute,
                NOT_THE_LEG,
                SpecialistOnly,
            ),
            list(src::FDA_1999, "demand pacemaker: the only contraindication", Absolute),
            list(src::IEC_IFU, "not without a specialist opinion", SpecialistOnly),
            list(src::MAKER_MANUALS, "contraindicated (ICD)", Absolute),
        ],
    ),
    asked_by_all(
        Item::ThrombosisActive,
        "deep-vein thrombosis or thrombophlebitis, active or suspected",
        [Block; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "absolute", Absolute),
            list(src::FDA_1999, "warning: over phlebitis and thrombophlebitis", Precaution),
            list(src::HOUGHTON_2010, "local contraindication", Local),
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
            ),
            list(src::CLINIC_PAGE, "excluded", Absolute),
            list(src::FDA_1999, "precaution: safety not established", Precaution),
            list(src::MAKER_MANUALS, "warning", Precaution),
            local(src::HOUGHTON_2010, "local: abdomen, low back, pelvis", Local, TRUNK, None),
        ],
    ),
    asked_by_all(
        Item::Bleeding,
        "haemorrhage, or a bleeding disorder that is not treated",
        [Block; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "absolute", Absolute),
            list(src::FDA_1999, "precaution: tendency to haemorrhage after trauma or fracture", Precaution),
            list(src::HOUGHTON_2010, "local: active bleeding", Local),
        ],
    ),
    asked_by_all(
        Item::ActiveInfection,
        "active infection, tuberculosis, osteomyelitis under a wound",
        [Block; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "absolute", Absolute),
            list(src::HOUGHTON_2010, "local contraindication", Local),
        ],
    ),
    asked_by_all(
        Item::CancerNearSite,
        "cancer at or near the pads",
        [Block; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "local", Local),
            list(src::FDA_1999, "warning: over or near", Precaution),
            list(src::MAKER_MANUALS, "local contraindication", Local),
        ],
    ),
    asked_by_all(
        Item::CancerMetastatic,
        "metastatic cancer",
        [Block; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "generally absolute unless palliative and agreed", Absolute),
            list(src::MAKER_MANUALS, "contraindicated", Absolute),
        ],
    ),
    asked_by_all(
        Item::CancerElsewhere,
        "cancer elsewhere in the body",
        [Acknowledge; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "local only", None),
            list(src::FDA_1999, "warning: over or near; how near is not said", Precaution),
        ],
    ),
    asked_by_all(
        Item::SkinInflamedAtSite,
        "swollen, infected or inflamed skin, or varicose veins, at the pads",
        [Block; 8],
        &[
            list(src::FDA_1999, "warning", Precaution),
            list(src::MAKER_MANUALS, "local contraindication", Local),
            list(src::HOUGHTON_2010, "local contraindication", Local),
        ],
    ),
    asked_by_all(
        Item::SkinDamagedAtSite,
        "damaged or frail skin, eczema, or skin irradiated within six months, at the pads",
        [Block; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "local", Local),
            list(src::MAKER_MANUALS, "local contraindication", Local),
            list(src::HOUGHTON_2010, "local contraindication or precaution", Local),
        ],
    ),
    asked_by_all(
        Item::SkinReaction,
        "rash, burn, or redness for more than 24 h from earlier pads that has not fully cleared",
        [Block; 8],
        &[
            list(src::WALKAIDE_MANUALS, "stop; no restart until the skin is fully clear", Absolute),
            list(src::FDA_1999, "adverse reaction to be expected: irritation and burns", Precaution),
        ],
    ),
    eased(
        asked_by_all(
            Item::Epilepsy,
            "epilepsy",
            [Acknowledge, Acknowledge, Acknowledge, Acknowledge, Acknowledge, Block, Block, Acknowledge],
            &[
                local(
                    src::CONTRAINDICATION_LISTS,
                    "local to head and neck; precaution elsewhere",
                    Local,
                    HEAD,
                    Precaution,
                ),
                list(src::FDA_1999, "precaution", Precaution),
                list(src::MAKER_MANUALS, "contraindicated by one maker", Absolute),
                local(
                    src::HOUGHTON_2010,
                    "local: head and neck; precaution elsewhere",
                    Local,
                    HEAD,
                    Precaution,
                ),
            ],
        ),
        "one maker alone contraindicates it away from head and neck; the other lists ask for care there",
    ),
    asked_by_some(
        Item::EpilepsyUncontrolled,
        "epilepsy that is poorly controlled",
        [Block; 8],
        &[list(src::FOOT_DROP_PRACTICE, "excluded for stimulation in walking", Absolute)],
    ),
    eased(
        asked_by_all(
            Item::HeartDisease,
            "heart disease, arrhythmia or heart failure, known or suspected",
            [
                Acknowledge,
                Acknowledge,
                Acknowledge,
                Acknowledge,
                Block,
                Acknowledge,
                Acknowledge,
                Acknowledge,
            ],
            &[
                local(
                    src::CONTRAINDICATION_LISTS,
                    "local: anterior chest; the lower limb appears safe",
                    Local,
                    CHEST,
                    None,
                ),
                list(src::FDA_1999, "precaution", Precaution),
                local(src::MAKER_MANUALS, "local; not without an evaluation", Local, CHEST, SpecialistOnly),
                local(src::HOUGHTON_2010, "local: chest; precaution elsewhere", Local, CHEST, Precaution),
            ],
        ),
        "makers ask for an evaluation first; away from the chest the other lists ask for care",
    ),
    eased(
        asked_by_all(
            Item::ImpairedSensation,
            "impaired sensation at the pads",
            [
                Acknowledge,
                Acknowledge,
                Acknowledge,
                Acknowledge,
                Acknowledge,
                Acknowledge,
                Acknowledge,
                Block,
            ],
            &[
                local(
                    src::PELVIC,
                    "contraindicated by a maker, for the pelvic floor",
                    Absolute,
                    PELVIS,
                    None,
                ),
                list(src::CONTRAINDICATION_LISTS, "precaution", Precaution),
                list(src::FDA_1999, "precaution", Precaution),
                list(
                    src::MAKER_MANUALS,
                    "contraindicated when poorly innervated, by one maker; see the innervation gate",
                    Absolute,
                ),
                list(src::HOUGHTON_2010, "precaution", Precaution),
            ],
        ),
        "away from the pelvic floor one maker alone contraindicates it; the usual current is the most then, and denervated \
         muscle takes a specialist",
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
            ),
            list(src::HOUGHTON_2010, "contraindicated without supervision; a precaution with it", Absolute),
        ],
    ),
    asked_by_all(
        Item::SurgeryOrFractureAtSite,
        "recent surgery, or a fracture that has not healed, at or near the pads",
        [Block; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "local or precaution", Local),
            list(src::FDA_1999, "precaution: contraction may disrupt healing", Precaution),
            list(src::HOUGHTON_2010, "precaution or local contraindication", Local),
        ],
    ),
    asked_by_all(
        Item::SurgeryOrFractureElsewhere,
        "recent surgery, or a fracture that has not healed, elsewhere",
        [Acknowledge; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "precaution", Precaution),
            list(src::FDA_1999, "precaution", Precaution),
        ],
    ),
    eased(
        asked_by_all(
            Item::Osteoporosis,
            "severe osteoporosis",
            [Acknowledge; 8],
            &[
                list(src::CONTRAINDICATION_LISTS, "local or precaution", Local),
                list(src::HOUGHTON_2010, "local contraindication or precaution", Local),
            ],
        ),
        "both lists leave open whether it is local or a precaution, and it is asked of the whole body, not of the pads",
    ),
    asked_by_all(
        Item::Hernia,
        "abdominal or inguinal hernia",
        [Block; 8],
        &[
            list(src::COMPEX_WARNINGS, "absolute", Absolute),
            list(src::MAKER_MANUALS, "contraindicated by one maker", Absolute),
            list(src::HOUGHTON_2010, "precaution", Precaution),
        ],
    ),
    asked_by_all(
        Item::ArterialDisease,
        "serious arterial disease of the legs",
        [Block; 8],
        &[
            list(src::COMPEX_WARNINGS, "absolute", Absolute),
            list(src::MAKER_MANUALS, "contraindicated by one maker", Absolute),
            list(src::HOUGHTON_2010, "precaution", Precaution),
        ],
    ),
    asked_by_all(
        Item::SpinalLesionT6,
        "spinal-cord lesion at or above T6: autonomic dysreflexia; stop on the first symptom",
        [Acknowledge; 8],
        &[list(src::SCI_PRACTICE, "precaution with a stop rule", Precaution)],
    ),
    eased(
        asked_by_all(
            Item::UndiagnosedPain,
            "pain that nobody has explained",
            [Acknowledge; 8],
            &[
                list(src::MAKER_MANUALS, "contraindication or local", Absolute),
                list(src::TENS, "contraindicated for TENS", Absolute),
                list(src::CONTRAINDICATION_LISTS, "contraindicated for TENS", Absolute),
            ],
        ),
        "two lists speak of TENS for pain, whose rows take a specialist; of other uses makers' manuals alone do",
    ),
    eased(
        asked_by_all(
            Item::Menstruation,
            "menstruation, with pads over the uterus",
            [Clear, Clear, Clear, Acknowledge, Clear, Clear, Clear, Acknowledge],
            &[
                local(src::FDA_1999, "precaution", Precaution, TRUNK, None),
                local(src::HOUGHTON_2010, "local: over the uterus", Local, TRUNK, None),
            ],
        ),
        "one list, recalled and not read, has it as local; the guidance asks for care",
    ),
    asked_by_all(
        Item::GrowthPlateAtSite,
        "a growing bone end (child or adolescent) under the pads",
        [Block; 8],
        &[list(src::CONTRAINDICATION_LISTS, "local", Local)],
    ),
    eased(
        asked_by_all(
            Item::ReproductiveOrgans,
            "pads over reproductive organs",
            [Block, Block, Block, Block, Block, Block, Block, Acknowledge],
            &[list(src::CONTRAINDICATION_LISTS, "local", Local)],
        ),
        "a probe or pads of the pelvic floor are made for that place",
    ),
    // a path of the current, not only a place of the pads: pads on the back may send it through the chest; pads at chest, head
    // and neck do, and answer it themselves where no row stands behind them (`Site::answers`)
    asked_by_all(
        Item::ThroughHeartHeadOrNeck,
        "current through the chest or the head, over the eyes, mouth, carotid sinus or front of the neck",
        [Block; 8],
        &[
            list(src::CONTRAINDICATION_LISTS, "local", Local),
            list(src::FDA_1999, "warning", Precaution),
            list(src::IEC_IFU, "warning; chest: fibrillation hazard", Absolute),
            list(src::MAKER_MANUALS, "local contraindication", Local),
        ],
    ),
    asked_by_all(
        Item::HighFrequencyEquipment,
        "connected to high-frequency surgical equipment, or shortwave or microwave therapy within 1 m",
        [Block; 8],
        &[list(src::IEC_IFU, "warning: hazard", Absolute), list(src::MAKER_MANUALS, "warning", Precaution)],
    ),
    asked_by_all(
        Item::Driving,
        "will drive or work at machines while it runs",
        [Acknowledge; 8],
        &[list(src::FDA_1999, "precaution", Precaution), list(src::MAKER_MANUALS, "warning", Precaution)],
    ),
    asked_by_all(
        Item::FirstSession,
        "first session: supervised, and not standing for the first five minutes",
        [Acknowledge; 8],
        &[list(src::COMPEX_WARNINGS, "first five minutes seated or lying", Precaution)],
    ),
    eased(
        asked_by_all(
            Item::MetalImplant,
            "a metal implant without electronics",
            [Clear, Clear, Clear, Clear, Clear, Clear, Clear, Acknowledge],
            &[
                list(src::CONTRAINDICATION_LISTS, "no contraindication for balanced pulses", None),
                local(src::PELVIC, "local: no implant in the pelvis", Local, PELVIS, None),
            ],
        ),
        "it is asked of the whole body: whoever acknowledges says that none of it is in the pelvis",
    ),
    asked_by_some(
        Item::AnkleContracture,
        "fixed contracture of the ankle",
        [Block; 8],
        &[list(src::FOOT_DROP_PRACTICE, "excluded for stimulation in walking", Absolute)],
    ),
    asked_by_some(
        Item::MsFastWalker,
        "multiple sclerosis with an own walking speed above 0.8 m/s: oxygen cost rose with stimulation",
        [Acknowledge; 8],
        &[list(src::STREET_MILLER, "benefit only below 0.8 m/s", Precaution)],
    ),
];
