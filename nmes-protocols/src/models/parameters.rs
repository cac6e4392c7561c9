//! The parameters of force and fatigue, and the ranges in which the equations are integrated.

use super::calcium::MOST_WEIGHT;
use super::error::{Field, ModelError, above, within};
use super::real;
use num_traits::Float;

/// The longest tau1 that fatigue may come to, s.
pub(crate) const MOST_TAU1_S: f64 = 10.0;
/// The greatest half-saturation that fatigue may come to.
pub(crate) const MOST_KM: f64 = 10.0;

/// Where R0, what a pulse gains from the one before it, comes from.
///
/// Sources disagree. The paper of 2003 is quoted as `R0 = Km + 1.04`; PRO-S44 takes Km at rest also in a tired muscle,
/// PRO-S45 a fixed 2. At 33 pulses a second for 1 s the first two differ by 0.04 N of 270.5 N.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Enhancement<T> {
    /// Half-saturation at rest, and this; constant.
    AboveRest(T),
    /// Present half-saturation, and this; rises with fatigue.
    AbovePresent(T),
    /// This.
    Fixed(T),
}

impl<T: Float> Enhancement<T> {
    pub(crate) fn r0(self, km_rest: T, km: T) -> T {
        let most = real::<T>(MOST_WEIGHT);
        match self {
            Self::AboveRest(more) => (km_rest + more).min(most),
            Self::AbovePresent(more) => (km + more).min(most),
            Self::Fixed(r0) => r0,
        }
    }

    fn number(self) -> T {
        match self {
            Self::AboveRest(number) | Self::AbovePresent(number) | Self::Fixed(number) => number,
        }
    }
}

/// The force equation of Ding, Wexler and Binder-Macleod, isometric:
/// `dF/dt = A·x − F/(tau1 + tau2·x)`, `x = CN/(Km + CN)`.
///
/// [`Muscle::new`](super::Muscle::new) holds the fields against their ranges.
///
/// ```
/// use nmes_protocols::models::{ForceParameters, Muscle, data};
/// // another paper's tau2: sources disagree on it, so it is a field
/// let fitted = ForceParameters::<f64> { tau2: 0.100, ..data::DING_2003.parameters() };
/// assert!((fitted.greatest_force() - 454.2).abs() < 0.1);
/// assert!(Muscle::new(ForceParameters { tau2: -0.1, ..fitted }, None).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForceParameters<T> {
    /// Time constant of calcium, s; 0.001 to 10.
    pub tc: T,
    /// Force scale at rest, N/s; above 0, to 1,000,000.
    pub a_rest: T,
    /// Time constant of force without bound cross-bridges, s; 0.001 to 10.
    pub tau1_rest: T,
    /// Further time constant with bound cross-bridges, s; 0 to 10.
    pub tau2: T,
    /// Half-saturation of calcium; above 0, to 10.
    pub km_rest: T,
    /// Where R0 comes from; its number 0 to 10.
    pub enhancement: Enhancement<T>,
}

impl<T: Float> ForceParameters<T> {
    /// What no train can exceed in a fresh muscle, N: `A (tau1 + tau2)`.
    #[must_use]
    pub fn greatest_force(&self) -> T {
        self.a_rest * (self.tau1_rest + self.tau2)
    }

    pub(crate) fn validated(self) -> Result<Self, ModelError> {
        within(Field::CalciumTime, self.tc, 0.001, 10.0)?;
        above(Field::ForceScale, self.a_rest, 0.0, 1e6)?;
        within(Field::Tau1, self.tau1_rest, 0.001, MOST_TAU1_S)?;
        within(Field::Tau2, self.tau2, 0.0, 10.0)?;
        above(Field::HalfSaturation, self.km_rest, 0.0, MOST_KM)?;
        within(Field::Enhancement, self.enhancement.number(), 0.0, MOST_WEIGHT)?;
        Ok(self)
    }
}

/// The fatigue equations of Ding and others, 2003: each of A, tau1 and Km goes back to its value at rest with
/// `tau_fat`, and is moved by force: `dA/dt = −(A − A_rest)/tau_fat + alpha_a·F`, and the same for the other two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FatigueParameters<T> {
    /// Change of the force scale by force, s⁻²; −100 to 0. Printed with its sign, and so it is here.
    pub alpha_a: T,
    /// Change of tau1 by force, N⁻¹; 0 to 0.1.
    pub alpha_tau1: T,
    /// Change of Km by force, s⁻¹ N⁻¹; 0 to 0.1.
    pub alpha_km: T,
    /// Time constant of recovery, s; 1 to 10,000.
    pub tau_fat: T,
}

impl<T: Float> FatigueParameters<T> {
    pub(crate) fn validated(self) -> Result<Self, ModelError> {
        within(Field::AlphaA, self.alpha_a, -100.0, 0.0)?;
        within(Field::AlphaTau1, self.alpha_tau1, 0.0, 0.1)?;
        within(Field::AlphaKm, self.alpha_km, 0.0, 0.1)?;
        within(Field::RecoveryTime, self.tau_fat, 1.0, 10_000.0)?;
        Ok(self)
    }
}
