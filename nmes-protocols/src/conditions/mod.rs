//! The rows, a file for each group of conditions.
//!
//! Sources that give a number are named beside it. Where a row has no number of its own for something that a session
//! needs, the number is ours and says so.

mod continence;
mod denervated;
mod disuse_and_icu;
mod face;
mod foot_drop;
mod heart_and_lungs;
mod intervals;
mod knee;
mod knee_osteoarthritis;
mod knee_replacement;
mod nerve;
mod older;
mod own;
mod pain;
mod parts;
mod re_education;
pub(crate) mod rules;
mod spinal;
mod sport;
mod stroke;
mod swallowing;
mod tone_and_flow;

pub use continence::{PELVIC_MIXED, PELVIC_STRESS, PELVIC_URGE, PTNS, PTNS_FAECAL, TTNS};
pub use denervated::{
    BRACHIAL_PLEXUS, DENERVATED_PARTIAL, DENERVATED_SMALL, FOOT_DROP_LMN, RISE_1, RISE_2, RISE_3, RISE_4,
};
pub use disuse_and_icu::{
    DISUSE_DIRKS, DISUSE_GIBSON, ICU_ANGELOPOULOS, ICU_GEROVASILI, ICU_KHO, ICU_KHO_LEG, ICU_SEGERS,
    ICU_VARIABLE, ICU_WEAKNESS,
};
pub use face::{
    BELLS_DENERVATED, BELLS_HIGH_VOLT, BELLS_INNERVATED, BELLS_SUB_MOTOR, BELLS_SUB_THRESHOLD,
    BELLS_SYNKINETIC,
};
pub use foot_drop::{FOOT_DROP, FOOT_DROP_EXERCISE, FOOT_DROP_MS, FOOT_DROP_STEP, MS_STRENGTH};
pub use heart_and_lungs::{
    CARDIAC_CERQUEIRA, CARDIAC_FISCHER, CHF_LOW, CHF_NUHR, CHF_QUITTAN, COPD_HF, COPD_LF,
};
pub use knee::{
    ACL_CONSENSUS, ACL_FEIL, ACL_FITZGERALD, ACL_LIEBER, ACL_SISK, ACL_SNYDER_MACKLER, ACL_WIGERSTAD,
    ACL_WILLIAMS,
};
pub use knee_osteoarthritis::{KNEE_OA, KNEE_OA_ELBOIM, KNEE_OA_NOVAK, KNEE_OA_TALBOT};
pub use knee_replacement::{
    TKA_AVRAMIDIS, TKA_PETTERSON, TKA_STEVENS_LAPSLEY, TKA_VALDES, TKA_YOSHIDA, TKA_YOSHIDA_SENSORY,
};
pub use nerve::{NERVE_BOOST, TROPHIC};
pub use older::{OLDER_KERN, STRENGTH_OLDER};
pub use own::OWN_SESSION;
pub use pain::{TENS_AL, TENS_BRIEF, TENS_BURST, TENS_CONVENTIONAL, TENS_MODULATED};
pub use re_education::{ANKLE_SPRAIN, INJURY_ATROPHY, PATELLOFEMORAL, RE_EDUCATION};
pub use spinal::{FES_CYCLE, FES_CYCLE_CHILD, FES_CYCLE_COMMERCIAL, FES_ROW, FES_STAND, FES_STAND_TRAINING};
pub use sport::{
    RECOVERY_ACTIVE, RECOVERY_LADDER, STRENGTH_ATHLETE, STRENGTH_GOAL, STRENGTH_HOLCOMB, STRENGTH_WIDE,
    WARM_UP,
};
pub use stroke::{
    STROKE_GAIT, STROKE_SHOULDER, STROKE_SHOULDER_FAGHRI, STROKE_WRIST_CHAE, STROKE_WRIST_CYCLIC,
    STROKE_WRIST_EMG, STROKE_WRIST_POWELL, STROKE_WRIST_WILSON,
};
pub use swallowing::{DYSPHAGIA, DYSPHAGIA_AMPCARE};
pub use tone_and_flow::{
    OEDEMA_HVPC, OEDEMA_MOTOR, SPASM_CONTINUOUS, SPASM_FATIGUE, SPASM_HIGH_VOLT, SPASTICITY_ANTAGONIST,
    SPASTICITY_TENS, VENOUS_PUMP,
};
