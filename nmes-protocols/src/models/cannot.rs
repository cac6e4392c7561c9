//! What the models cannot show, as data, so that a report that uses them can say it.

use crate::condition::Finding;
use crate::provenance::{Confidence, Evidence, Provenance};
use crate::sources::{BICKEL_2004, COCOFEST, DISTRIBUTED, ELECTRODIAGNOSIS, RIENER};

/// Something that a model leaves out or gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Blind {
    /// Which model.
    pub model: &'static str,
    /// What it says; computed by us.
    pub model_says: &'static str,
    /// What was seen in people.
    pub people: Finding,
    /// What follows for whoever uses it.
    pub so: &'static str,
}

const fn seen(claim: &'static str, evidence: Evidence, provenance: Provenance) -> Finding {
    Finding { claim, evidence, provenance }
}

/// What the models of this module cannot show.
///
/// ```
/// use nmes_protocols::Evidence;
/// use nmes_protocols::models::CANNOT_SHOW;
/// let doublets = CANNOT_SHOW.iter().find(|blind| blind.model_says.contains("doublet")).unwrap();
/// assert_eq!(doublets.people.evidence, Evidence::Mixed);
/// ```
pub const CANNOT_SHOW: &[Blind] = &[
    Blind {
        model: "Muscle",
        model_says: "at an equal number of pulses a doublet at the start costs 9 to 12 % of the force-time integral; only \
                     with one pulse more, at equal duration, is there a gain, of 5 to 7 %",
        people: seen(
            "tired muscle, torque-time integral with a doublet at the start: +18 % able-bodied, +6 % chronic spinal cord \
             injury, nothing in acute injury",
            Evidence::Mixed,
            Provenance::Found { source: BICKEL_2004 },
        ),
        so: "neither for nor against doublets can be argued from this model",
    },
    Blind {
        model: "Muscle",
        model_says: "fatigue follows force alone, so electrodes that share the work tire as fast as one at the same force",
        people: seen(
            "sequential stimulation over several electrodes: more power and far longer endurance",
            Evidence::Positive,
            Provenance::Found { source: DISTRIBUTED },
        ),
        so: "model each part by itself and compare the ripple; take the gain from measurements",
    },
    Blind {
        model: "Muscle",
        model_says: "180 contractions of 6 pulses, one each 0.84 s: peak force falls by 58 %, whoever it is",
        people: seen(
            "the same protocol: 44 % able-bodied, 56 % acute and 67 % chronic spinal cord injury",
            Evidence::Mixed,
            Provenance::Found { source: BICKEL_2004 },
        ),
        so: "it ranks protocols; it predicts no person without a fit to that person",
    },
    Blind {
        model: "Muscle",
        model_says: "the first contractions of a series grow by about 0.5 % before they fall, because tau1 rises sooner than \
                     A falls",
        people: seen(
            "not compared with measurements of the first contractions",
            Evidence::None,
            Provenance::Ours { reason: "seen in the solution of the equations" },
        ),
        so: "a small early rise is the equations', not a potentiation that was measured",
    },
    Blind {
        model: "Muscle",
        model_says: "force at one length, without motion",
        people: seen(
            "force depends on joint angle and its speed",
            Evidence::Positive,
            Provenance::Found { source: COCOFEST },
        ),
        so: "no conclusion on moving limbs",
    },
    Blind {
        model: "PulseWidth, AmplitudeGain, Recruitment",
        model_says: "force by width or amplitude of one fitted muscle and one electrode placement",
        people: seen(
            "comfort, spread to other muscles and the order of recruitment",
            Evidence::None,
            Provenance::Ours { reason: "none of the three equations has a term for them" },
        ),
        so: "no setting for a person; thresholds are measured",
    },
    Blind {
        model: "StrengthDuration",
        model_says: "one smooth curve for rectangular phases",
        people: seen(
            "a kink in partial denervation; a slow rise raises the threshold of nerve and not of denervated muscle",
            Evidence::Positive,
            Provenance::Recalled { confidence: Confidence::High, source: ELECTRODIAGNOSIS },
        ),
        so: "no test of innervation",
    },
    Blind {
        model: "Fitness",
        model_says: "fatigue by activation and time, the same at every rate",
        people: seen(
            "a later form of the model multiplies activation by a factor of the rate",
            Evidence::None,
            Provenance::Recalled { confidence: Confidence::Medium, source: RIENER },
        ),
        so: "not for comparing rates",
    },
];
