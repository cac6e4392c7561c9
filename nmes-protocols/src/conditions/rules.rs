//! Rules of single rows for items of screening: what a row is for, and what weighs more in it.

use super::parts::{ours, text};
use crate::screening::{Item, ItemRule, RuleAction};

/// Rows for what comes after an operation at the pads.
pub(super) const AFTER_SURGERY: &[ItemRule] = &[ItemRule {
    item: Item::SurgeryOrFractureAtSite,
    does: RuleAction::Acknowledge,
    why: text(
        "the operation is what this row is for; whoever acknowledges says that the surgeon allows contractions",
        ours("begins days after an operation at the site, which a block would exclude for all"),
    ),
}];

/// Rows for people under sedation.
pub(super) const NO_ANSWER: &[ItemRule] = &[ItemRule {
    item: Item::NoFeedback,
    does: RuleAction::Specialist,
    why: text(
        "a person in intensive care is whom this row is for; a specialist answers for amplitude and skin",
        ours("the lists of makers leave it to specialists in intensive care, and exclude it at home"),
    ),
}];

const NUMB_SKIN: ItemRule = ItemRule {
    item: Item::ImpairedSensation,
    does: RuleAction::Specialist,
    why: text(
        "denervated skin feels no burn: specialist only",
        ours("stricter than the lists, which have a precaution; numb skin under long or strong pulses"),
    ),
};

const METAL: ItemRule = ItemRule {
    item: Item::MetalImplant,
    does: RuleAction::Acknowledge,
    why: text(
        "monophasic pulses leave a direct current: whoever acknowledges says that no metal lies in its way",
        ours(
            "what is said of metal is said of balanced pulses; a direct current corrodes it and leaves charge on it",
        ),
    ),
};

/// Rows and sessions whose pulses are monophasic, or may be asked to be.
pub(crate) const DIRECT: &[ItemRule] = &[METAL];

/// The same where the skin is numb.
pub(super) const NUMB_DIRECT: &[ItemRule] = &[NUMB_SKIN, METAL];

/// Rows for muscle that has lost its nerve, in part or for a while: what is numb with it takes a specialist.
pub(super) const NUMB: &[ItemRule] = &[NUMB_SKIN];

/// Rows for denervated muscle: the same, and a nerve that will not grow back.
pub(super) const DENERVATED: &[ItemRule] = &[NUMB_SKIN, NO_NERVE_COMES];

/// The same with monophasic pulses.
pub(super) const DENERVATED_DIRECT: &[ItemRule] = &[NUMB_SKIN, NO_NERVE_COMES, METAL];

const NO_NERVE_COMES: ItemRule = ItemRule {
    item: Item::RootAvulsion,
    does: RuleAction::Specialist,
    why: text(
        "no nerve will come: a specialist decides whether care of the tissue is aim enough",
        ours("practice excludes it, but for the care of tissue"),
    ),
};

/// Rows for pain: what nobody has explained is not covered up.
pub(super) const UNEXPLAINED: &[ItemRule] = &[ItemRule {
    item: Item::UndiagnosedPain,
    does: RuleAction::Specialist,
    why: text(
        "less pain may hide what causes it: a specialist who has looked for the cause decides",
        ours("two lists contraindicate it for TENS (PRO-S59, PRO-S63); that a specialist may is our choice"),
    ),
}];
