//! Fitness after Riener: fatigue as one number, moved by activation.

use super::calcium::LONGEST_S;
use super::error::{Field, ModelError, within};
use num_traits::Float;

/// `dµ/dt = (µ_min − µ)·a/T_fat + (1 − µ)·(1 − a)/T_rec`: fitness µ is 1 in a fresh muscle and falls towards µ_min while
/// activation a is 1. Between changes of a it is solved exactly. Source: PRO-S44.
///
/// ```
/// use nmes_protocols::models::data;
/// let mut fitness = data::RIENER_FITNESS.model::<f64>().unwrap();
/// fitness.advance(1.0, 30.0).unwrap(); // 30 s of full activation
/// assert!((fitness.level() - 0.494).abs() < 0.001);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fitness<T> {
    least: T,
    fatigue_s: T,
    recovery_s: T,
    level: T,
}

impl<T: Float> Fitness<T> {
    /// A fresh muscle: least fitness 0 to 1, time constants of fatigue and of recovery 0.1 to 100,000 s.
    ///
    /// # Errors
    /// One of them is out of range or not finite.
    pub fn new(least: T, fatigue_s: T, recovery_s: T) -> Result<Self, ModelError> {
        Ok(Self {
            least: within(Field::LeastFitness, least, 0.0, 1.0)?,
            fatigue_s: within(Field::FatigueTime, fatigue_s, 0.1, 1e5)?,
            recovery_s: within(Field::RecoveryTime, recovery_s, 0.1, 1e5)?,
            level: T::one(),
        })
    }

    /// What a constant activation (0 to 1) leads to, and the time constant with which it does, s.
    ///
    /// # Errors
    /// The activation is out of range or not finite.
    pub fn steady(&self, activation: T) -> Result<(T, T), ModelError> {
        let active = within(Field::Activation, activation, 0.0, 1.0)?;
        let (falling, rising) = (active / self.fatigue_s, (T::one() - active) / self.recovery_s);
        let rate = falling + rising;
        Ok(((self.least * falling + rising) / rate, rate.recip()))
    }

    /// Time at a constant activation: 0 to 1, for 0 to 3600 s.
    ///
    /// # Errors
    /// One of the two is out of range or not finite; nothing changes then.
    pub fn advance(&mut self, activation: T, seconds: T) -> Result<(), ModelError> {
        let (steady, time) = self.steady(activation)?;
        let seconds = within(Field::Duration, seconds, 0.0, LONGEST_S)?;
        self.level = steady + (self.level - steady) * (-seconds / time).exp();
        Ok(())
    }

    /// Fitness now: 1 fresh, never under the least.
    #[must_use]
    pub fn level(&self) -> T {
        self.level
    }
}
