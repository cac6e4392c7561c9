//! The threshold of a tissue by phase width.

use super::error::{Field, ModelError, above};
use super::real;
use num_traits::Float;

/// Which equation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// `I = I_rh·(1 + c/d)`: charge rises linearly with width. Human data follow it (PRO-S50).
    Weiss,
    /// `I = I_rh/(1 − 2^(−d/c))`: a leaky membrane.
    Lapicque,
}

/// Threshold amplitude and charge by phase width, from rheobase and chronaxie. Source: PRO-S50, PRO-S51.
///
/// It says at which amplitude another width would recruit the same. It does not know what a person feels, and charge
/// rises with width even so: after a transfer the session has to be checked again.
///
/// ```
/// use nmes_protocols::models::StrengthDuration;
/// let nerve = StrengthDuration::weiss(5.0_f64, 300.0).unwrap(); // 5 mA, 300 µs
/// assert_eq!(nerve.threshold_ma(300.0).unwrap(), 10.0); // twice the rheobase at the chronaxie
/// let moved = nerve.transfer_ma(40.0, 200.0, 300.0).unwrap();
/// assert!((moved - 32.0).abs() < 1e-9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StrengthDuration<T> {
    law: Law,
    rheobase_ma: T,
    chronaxie_us: T,
}

impl<T: Float> StrengthDuration<T> {
    /// Weiss; rheobase above 0, to 1000 mA, chronaxie above 0, to 1,000,000 µs.
    ///
    /// # Errors
    /// One of them is out of range or not finite.
    pub fn weiss(rheobase_ma: T, chronaxie_us: T) -> Result<Self, ModelError> {
        Self::new(Law::Weiss, rheobase_ma, chronaxie_us)
    }

    /// Lapicque; ranges as for [`StrengthDuration::weiss`].
    ///
    /// # Errors
    /// One of them is out of range or not finite.
    pub fn lapicque(rheobase_ma: T, chronaxie_us: T) -> Result<Self, ModelError> {
        Self::new(Law::Lapicque, rheobase_ma, chronaxie_us)
    }

    fn new(law: Law, rheobase_ma: T, chronaxie_us: T) -> Result<Self, ModelError> {
        let rheobase_ma = above(Field::Rheobase, rheobase_ma, 0.0, 1_000.0)?;
        let chronaxie_us = above(Field::Chronaxie, chronaxie_us, 0.0, 1e6)?;
        Ok(Self { law, rheobase_ma, chronaxie_us })
    }

    /// How many times the rheobase a phase of this width (1 to 10,000,000 µs) needs.
    ///
    /// # Errors
    /// The width is out of range or not finite.
    pub fn multiple(&self, width_us: T) -> Result<T, ModelError> {
        let width_us = super::error::within(Field::Width, width_us, 1.0, 1e7)?;
        Ok(match self.law {
            Law::Weiss => T::one() + self.chronaxie_us / width_us,
            Law::Lapicque => {
                let leaked = -width_us / self.chronaxie_us * real::<T>(core::f64::consts::LN_2);
                -leaked.exp_m1().recip()
            }
        })
    }

    /// The threshold at a phase width, mA.
    ///
    /// # Errors
    /// As [`StrengthDuration::multiple`].
    pub fn threshold_ma(&self, width_us: T) -> Result<T, ModelError> {
        Ok(self.rheobase_ma * self.multiple(width_us)?)
    }

    /// The charge of one phase at threshold, nC (mA × µs).
    ///
    /// # Errors
    /// As [`StrengthDuration::multiple`].
    pub fn charge_nc(&self, width_us: T) -> Result<T, ModelError> {
        Ok(self.threshold_ma(width_us)? * width_us)
    }

    /// The amplitude (0 to 1000 mA) at one width that stands as far above threshold as this one does at another.
    /// A suggestion for a person to judge: charge and density have to be checked again.
    ///
    /// # Errors
    /// A width or the amplitude is out of range or not finite.
    pub fn transfer_ma(&self, amplitude_ma: T, from_us: T, to_us: T) -> Result<T, ModelError> {
        let amplitude_ma = super::error::within(Field::Amplitude, amplitude_ma, 0.0, 1_000.0)?;
        Ok(amplitude_ma * self.multiple(to_us)? / self.multiple(from_us)?)
    }
}
