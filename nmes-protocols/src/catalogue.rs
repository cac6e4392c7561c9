//! All rows.

use crate::condition::{Condition, Family};
use crate::conditions as rows;

/// The rows of this release.
pub static CATALOGUE: &[&Condition] = &[
    &rows::FOOT_DROP,
    &rows::FOOT_DROP_MS,
    &rows::FOOT_DROP_EXERCISE,
    &rows::MS_STRENGTH,
    &rows::BELLS_DENERVATED,
    &rows::BELLS_INNERVATED,
    &rows::BELLS_HIGH_VOLT,
    &rows::BELLS_SUB_MOTOR,
    &rows::BELLS_SUB_THRESHOLD,
    &rows::BELLS_SYNKINETIC,
    &rows::ACL_SNYDER_MACKLER,
    &rows::ACL_FITZGERALD,
    &rows::ACL_CONSENSUS,
    &rows::ACL_FEIL,
    &rows::ACL_LIEBER,
    &rows::ACL_SISK,
    &rows::ACL_WIGERSTAD,
    &rows::ACL_WILLIAMS,
    &rows::TKA_STEVENS_LAPSLEY,
    &rows::TKA_AVRAMIDIS,
    &rows::TKA_VALDES,
    &rows::TKA_PETTERSON,
    &rows::TKA_YOSHIDA,
    &rows::TKA_YOSHIDA_SENSORY,
    &rows::KNEE_OA,
    &rows::KNEE_OA_TALBOT,
    &rows::KNEE_OA_ELBOIM,
    &rows::KNEE_OA_NOVAK,
    &rows::DISUSE_DIRKS,
    &rows::DISUSE_GIBSON,
    &rows::ICU_WEAKNESS,
    &rows::ICU_KHO,
    &rows::ICU_KHO_LEG,
    &rows::ICU_SEGERS,
    &rows::ICU_ANGELOPOULOS,
    &rows::ICU_GEROVASILI,
    &rows::ICU_VARIABLE,
    &rows::COPD_HF,
    &rows::COPD_LF,
    &rows::CHF_LOW,
    &rows::CHF_NUHR,
    &rows::CHF_QUITTAN,
    &rows::CARDIAC_FISCHER,
    &rows::CARDIAC_CERQUEIRA,
    &rows::RISE_1,
    &rows::RISE_2,
    &rows::RISE_3,
    &rows::RISE_4,
    &rows::DENERVATED_SMALL,
    &rows::BRACHIAL_PLEXUS,
    &rows::FOOT_DROP_LMN,
    &rows::DENERVATED_PARTIAL,
    &rows::TROPHIC,
    &rows::NERVE_BOOST,
    &rows::STROKE_WRIST_CYCLIC,
    &rows::STROKE_WRIST_POWELL,
    &rows::STROKE_WRIST_WILSON,
    &rows::STROKE_WRIST_CHAE,
    &rows::STROKE_WRIST_EMG,
    &rows::STROKE_SHOULDER,
    &rows::STROKE_SHOULDER_FAGHRI,
    &rows::STROKE_GAIT,
    &rows::FES_CYCLE,
    &rows::FES_CYCLE_COMMERCIAL,
    &rows::FES_CYCLE_CHILD,
    &rows::FES_ROW,
    &rows::FES_STAND,
    &rows::FES_STAND_TRAINING,
    &rows::PELVIC_STRESS,
    &rows::PELVIC_URGE,
    &rows::PELVIC_MIXED,
    &rows::PTNS,
    &rows::PTNS_FAECAL,
    &rows::TTNS,
    &rows::SPASM_FATIGUE,
    &rows::SPASM_CONTINUOUS,
    &rows::SPASM_HIGH_VOLT,
    &rows::SPASTICITY_ANTAGONIST,
    &rows::SPASTICITY_TENS,
    &rows::VENOUS_PUMP,
    &rows::OEDEMA_HVPC,
    &rows::OEDEMA_MOTOR,
    &rows::TENS_CONVENTIONAL,
    &rows::TENS_AL,
    &rows::TENS_BURST,
    &rows::TENS_BRIEF,
    &rows::TENS_MODULATED,
    &rows::RECOVERY_ACTIVE,
    &rows::RECOVERY_LADDER,
    &rows::WARM_UP,
    &rows::STRENGTH_ATHLETE,
    &rows::STRENGTH_HOLCOMB,
    &rows::STRENGTH_GOAL,
    &rows::STRENGTH_WIDE,
    &rows::STRENGTH_OLDER,
    &rows::OLDER_KERN,
    &rows::RE_EDUCATION,
    &rows::PATELLOFEMORAL,
    &rows::ANKLE_SPRAIN,
    &rows::INJURY_ATROPHY,
    &rows::DYSPHAGIA,
    &rows::DYSPHAGIA_AMPCARE,
];

/// The row with this name, exactly as [`Condition::name`] spells it.
///
/// ```
/// assert_eq!(nmes_protocols::find("foot-drop").map(|row| row.name), Some("foot-drop"));
/// assert!(nmes_protocols::find("footdrop").is_none());
/// ```
#[must_use]
pub fn find(name: &str) -> Option<&'static Condition> {
    CATALOGUE.iter().copied().find(|row| row.name == name)
}

/// The names of all rows, for a list or a suggestion.
pub fn names() -> impl Iterator<Item = &'static str> {
    CATALOGUE.iter().map(|row| row.name)
}

/// The rows of a group, in the order of the catalogue.
///
/// ```
/// use nmes_protocols::{Family, of_family};
/// assert!(of_family(Family::Pain).any(|row| row.name == "tens-burst"));
/// ```
pub fn of_family(family: Family) -> impl Iterator<Item = &'static Condition> {
    CATALOGUE.iter().copied().filter(move |row| row.family == family)
}
