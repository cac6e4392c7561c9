//! The numbers of the models, each once, with its source, and with what is in doubt.
//!
//! Where sources disagree or print a slip, the constant says so in [`Constant::doubt`], so that a report can show it.
//! The powers of ten of the fatigue constants are the worst case: PRO-S44 writes `10e-2` for 0.1, PRO-S46 prints one of
//! them a thousandfold.
//!
//! ```
//! use nmes_protocols::models::data;
//! let tau2 = data::DING_2003.tau2;
//! assert_eq!((tau2.value, tau2.unit, tau2.provenance.mark()), (0.060, "s", "F"));
//! assert!(tau2.doubt.is_some_and(|doubt| doubt.contains("69.5 ms")));
//! ```

use super::error::ModelError;
use super::parameters::{Enhancement, FatigueParameters, ForceParameters};
use super::{AmplitudeGain, Fitness, PulseWidth, Recruitment, real};
use crate::provenance::{Confidence, Provenance, Source, Sourced};
use crate::sources::{COCOFEST, DING_QUOTED, MOGYOROS_1996, MUSCLE_FORCE_MODEL, RIENER};
use crate::transfer::{MOTOR_CHRONAXIE_US, MUSCLE_CHRONAXIE_US, SENSORY_CHRONAXIE_US};
use num_traits::Float;

/// One number of a model.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Constant {
    /// The value, in SI units with seconds and newtons, or in µs and mA where the unit says so.
    pub value: f64,
    /// Its unit; empty for a plain number.
    pub unit: &'static str,
    /// Where it is from.
    pub provenance: Provenance,
    /// What else is printed for it, or what is uncertain.
    pub doubt: Option<&'static str>,
}

impl Constant {
    const fn found(value: f64, unit: &'static str, source: Source) -> Self {
        Self { value, unit, provenance: Provenance::Found { source }, doubt: None }
    }

    const fn recalled(value: f64, unit: &'static str, confidence: Confidence, source: Source) -> Self {
        Self { value, unit, provenance: Provenance::Recalled { confidence, source }, doubt: None }
    }

    /// A number that stands in whole units elsewhere in this crate.
    #[expect(clippy::as_conversions, reason = "every u32 is an f64, and `From` is not const")]
    const fn whole(of: Sourced<u32>, unit: &'static str) -> Self {
        Self { value: of.value as f64, unit, provenance: of.provenance, doubt: None }
    }

    const fn ours(value: f64, unit: &'static str, reason: &'static str) -> Self {
        Self { value, unit, provenance: Provenance::Ours { reason }, doubt: None }
    }

    const fn but(self, doubt: &'static str) -> Self {
        Self { doubt: Some(doubt), ..self }
    }
}

/// Published constants of the force equation.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ForceSet {
    /// Whose fit, in whom.
    pub name: &'static str,
    /// Time constant of calcium.
    pub tc: Constant,
    /// Force scale at rest.
    pub a_rest: Constant,
    /// Time constant without bound cross-bridges.
    pub tau1_rest: Constant,
    /// Further time constant with them.
    pub tau2: Constant,
    /// Half-saturation at rest.
    pub km_rest: Constant,
    /// R0 less half-saturation at rest.
    pub r0_above_km: Constant,
}

impl ForceSet {
    /// The constants in the number type of a model.
    #[must_use]
    pub fn parameters<T: Float>(&self) -> ForceParameters<T> {
        ForceParameters {
            tc: real(self.tc.value),
            a_rest: real(self.a_rest.value),
            tau1_rest: real(self.tau1_rest.value),
            tau2: real(self.tau2.value),
            km_rest: real(self.km_rest.value),
            enhancement: Enhancement::AboveRest(real(self.r0_above_km.value)),
        }
    }

    /// Every constant with its symbol.
    #[must_use]
    pub const fn constants(&self) -> [(&'static str, Constant); 6] {
        [
            ("tc", self.tc),
            ("A_rest", self.a_rest),
            ("tau1_rest", self.tau1_rest),
            ("tau2", self.tau2),
            ("Km_rest", self.km_rest),
            ("R0 - Km", self.r0_above_km),
        ]
    }
}

/// Published constants of the fatigue equations.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct FatigueSet {
    /// Whose fit, in whom.
    pub name: &'static str,
    /// Change of the force scale by force.
    pub alpha_a: Constant,
    /// Change of tau1 by force.
    pub alpha_tau1: Constant,
    /// Change of half-saturation by force.
    pub alpha_km: Constant,
    /// Time constant of recovery.
    pub tau_fat: Constant,
}

impl FatigueSet {
    /// The constants in the number type of a model.
    #[must_use]
    pub fn parameters<T: Float>(&self) -> FatigueParameters<T> {
        FatigueParameters {
            alpha_a: real(self.alpha_a.value),
            alpha_tau1: real(self.alpha_tau1.value),
            alpha_km: real(self.alpha_km.value),
            tau_fat: real(self.tau_fat.value),
        }
    }

    /// Every constant with its symbol.
    #[must_use]
    pub const fn constants(&self) -> [(&'static str, Constant); 4] {
        [
            ("alpha_A", self.alpha_a),
            ("alpha_tau1", self.alpha_tau1),
            ("alpha_Km", self.alpha_km),
            ("tau_fat", self.tau_fat),
        ]
    }
}

const R0_RELATION: Constant = Constant::found(1.04, "", COCOFEST)
    .but("PRO-S45 uses a fixed R0 of 2; whether Km is the one at rest or the present one is not settled");

/// Human quadriceps, able-bodied; Ding and others, 2003.
pub const DING_2003: ForceSet = ForceSet {
    name: "Ding 2003, human quadriceps",
    tc: Constant::found(0.020, "s", COCOFEST),
    a_rest: Constant::found(3_009.0, "N/s", COCOFEST)
        .but("PRO-S46 prints 3.0009 N/ms, taken for a misprint of 3.009"),
    tau1_rest: Constant::found(0.050_957, "s", COCOFEST),
    tau2: Constant::found(0.060, "s", COCOFEST).but(
        "PRO-S44 calls it a close value; PRO-S45 uses 69.5 ms, PRO-S46 100 ms: fit it, or compare all three",
    ),
    km_rest: Constant::found(0.103, "", COCOFEST),
    r0_above_km: R0_RELATION,
};

/// Its fatigue.
pub const DING_2003_FATIGUE: FatigueSet = FatigueSet {
    name: "Ding 2003, human quadriceps",
    alpha_a: Constant::found(-0.4, "1/s²", COCOFEST)
        .but("PRO-S44 writes -4.0*10e-2, which is -0.4; as printed -4.0e-7 per ms²; PRO-S45 also has -3.9e-7"),
    alpha_tau1: Constant::found(2.1e-5, "1/N", COCOFEST)
        .but("PRO-S44 writes 2.1*10e-6, which is 2.1e-5; PRO-S45 also has 7.3e-6"),
    alpha_km: Constant::found(1.9e-5, "1/(s·N)", MUSCLE_FORCE_MODEL).but(
        "as printed 1.9e-8 per ms and N; PRO-S46 prints 1.9e-5 per ms, a slip of 1000; PRO-S45 also has 4.0e-8",
    ),
    tau_fat: Constant::found(127.0, "s", DING_QUOTED),
};

/// Muscle after spinal cord injury; Ding and others, 2007. Its force scale is that of an infinitely wide phase.
pub const DING_2007: ForceSet = ForceSet {
    name: "Ding 2007, quadriceps after spinal cord injury",
    tc: Constant::found(0.011, "s", COCOFEST),
    a_rest: Constant::found(4_920.0, "N/s", COCOFEST),
    tau1_rest: Constant::found(0.060_601, "s", COCOFEST),
    tau2: Constant::found(0.001, "s", COCOFEST),
    km_rest: Constant::found(0.137, "", COCOFEST),
    r0_above_km: R0_RELATION,
};

/// Human quadriceps at 90° of knee flexion; Marion and others, 2009, without their terms of angle and motion.
pub const MARION_2009: ForceSet = ForceSet {
    name: "Marion 2009, human quadriceps at 90 degrees",
    tc: Constant::found(0.020, "s", COCOFEST),
    a_rest: Constant::found(1_473.0, "N/s", COCOFEST),
    tau1_rest: Constant::found(0.042_98, "s", COCOFEST),
    tau2: Constant::found(0.105_36, "s", COCOFEST),
    km_rest: Constant::found(0.128, "", COCOFEST),
    r0_above_km: Constant::ours(1.04, "", "0.128 + 1.04 = 1.168, so the printed 1.168 is read as R0 itself")
        .but("PRO-S44 adds Km to 1.168 once more, which makes R0 = 1.296"),
};

/// Its fatigue, **uncertain in sign and power of ten**.
pub const MARION_2009_FATIGUE: FatigueSet = FatigueSet {
    name: "Marion 2009, human quadriceps at 90 degrees",
    alpha_a: Constant::found(-0.200_6, "1/s²", COCOFEST).but("PRO-S44 writes -2.006*10e-2, which is -0.2006"),
    alpha_tau1: Constant::found(1.563e-4, "1/N", COCOFEST)
        .but("PRO-S44 writes 1.563*10e-5 and says it dropped the paper's minus sign; the paper was not seen"),
    alpha_km: Constant::found(6.269e-5, "1/(s·N)", COCOFEST)
        .but("PRO-S44 writes 6.269*10e-6 and says it dropped the paper's minus sign; the paper was not seen"),
    tau_fat: Constant::found(97.48, "s", COCOFEST),
};

/// Constants of [`PulseWidth`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct WidthSet {
    /// Width under which nothing answers.
    pub threshold: Constant,
    /// Constant of the exponential.
    pub constant: Constant,
}

impl WidthSet {
    /// The model.
    ///
    /// # Errors
    /// A constant was changed to one out of range.
    pub fn model<T: Float>(&self) -> Result<PulseWidth<T>, ModelError> {
        PulseWidth::new(real(self.threshold.value), real(self.constant.value))
    }
}

/// Pulse width after Ding and others, 2007.
pub const DING_2007_WIDTH: WidthSet = WidthSet {
    threshold: Constant::found(131.405, "µs", COCOFEST),
    constant: Constant::found(194.138, "µs", COCOFEST),
};

/// Constants of [`AmplitudeGain`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct AmplitudeSet {
    /// Height.
    pub height: Constant,
    /// Slope.
    pub slope: Constant,
    /// Middle.
    pub middle: Constant,
    /// Offset.
    pub offset: Constant,
}

impl AmplitudeSet {
    /// The model.
    ///
    /// # Errors
    /// A constant was changed to one out of range.
    pub fn model<T: Float>(&self) -> Result<AmplitudeGain<T>, ModelError> {
        let [height, slope, middle, offset] =
            [self.height, self.slope, self.middle, self.offset].map(|constant| real(constant.value));
        AmplitudeGain::new(height, slope, middle, offset)
    }
}

/// Amplitude after Hmed and others, 2018.
pub const HMED_2018: AmplitudeSet = AmplitudeSet {
    height: Constant::found(0.586, "", COCOFEST),
    slope: Constant::found(0.026, "1/mA", COCOFEST),
    middle: Constant::found(63.1, "mA", COCOFEST),
    offset: Constant::found(0.833, "", COCOFEST),
};

/// Constants of [`Recruitment`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RecruitmentSet {
    /// Width at which the first fibres answer.
    pub threshold: Constant,
    /// Width at which nearly all do.
    pub saturation: Constant,
    /// Sharpness of both bends.
    pub sharpness: Constant,
}

impl RecruitmentSet {
    /// The model.
    ///
    /// # Errors
    /// A constant was changed to one out of range.
    pub fn model<T: Float>(&self) -> Result<Recruitment<T>, ModelError> {
        let sharpness = real(self.sharpness.value);
        Recruitment::new(real(self.threshold.value), real(self.saturation.value), sharpness, sharpness)
    }
}

/// Example values of a recruitment curve.
pub const RIENER_RECRUITMENT: RecruitmentSet = RecruitmentSet {
    threshold: Constant::recalled(122.0, "µs", Confidence::Low, RIENER),
    saturation: Constant::recalled(487.0, "µs", Confidence::Low, RIENER),
    sharpness: Constant::ours(0.05, "1/µs", "bends that spread over some tens of microseconds"),
};

/// Constants of [`Fitness`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct FitnessSet {
    /// Least fitness.
    pub least: Constant,
    /// Time constant of fatigue.
    pub fatigue: Constant,
    /// Time constant of recovery.
    pub recovery: Constant,
}

impl FitnessSet {
    /// The model, fresh.
    ///
    /// # Errors
    /// A constant was changed to one out of range.
    pub fn model<T: Float>(&self) -> Result<Fitness<T>, ModelError> {
        Fitness::new(real(self.least.value), real(self.fatigue.value), real(self.recovery.value))
    }
}

/// Fitness after Riener.
pub const RIENER_FITNESS: FitnessSet = FitnessSet {
    least: Constant::found(0.2, "", COCOFEST),
    fatigue: Constant::found(30.0, "s", COCOFEST).but("a set of 1996 is recalled with 18 s"),
    recovery: Constant::found(50.0, "s", COCOFEST).but("a set of 1996 is recalled with 30 s"),
};

/// Chronaxie of human motor axons; found with a spread of 126 µs.
pub const CHRONAXIE_MOTOR: Constant =
    Constant::found(459.0, "µs", MOGYOROS_1996).but("mean of a group, standard deviation 126 µs");

/// Chronaxie of human sensory axons; found with a spread of 182 µs.
pub const CHRONAXIE_SENSORY: Constant =
    Constant::whole(SENSORY_CHRONAXIE_US, "µs").but("mean of a group, standard deviation 182 µs");

/// Chronaxie of an innervated muscle under surface electrodes.
pub const CHRONAXIE_SURFACE: Constant =
    Constant::whole(MOTOR_CHRONAXIE_US, "µs").but("150 to 500 µs are recalled");

/// Chronaxie of a denervated muscle.
pub const CHRONAXIE_DENERVATED: Constant =
    Constant::whole(MUSCLE_CHRONAXIE_US, "µs").but("10 to 30 ms are recalled");
