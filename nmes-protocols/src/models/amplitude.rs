//! Amplitude to the weight of a pulse, after Hmed and others, 2018.

use super::error::{Field, ModelError, above, within};
use num_traits::Float;

/// `ar·(tanh(bs·(I − Is)) + cr)`, never under 0: what a pulse of amplitude I weighs in [`Muscle::pulse`].
/// Source: PRO-S44; that it stops at 0 is ours.
///
/// [`Muscle::pulse`]: super::Muscle::pulse
///
/// ```
/// use nmes_protocols::models::data;
/// let gain = data::HMED_2018.model::<f64>().unwrap();
/// assert!((gain.threshold_ma().unwrap() - 17.03).abs() < 0.01);
/// assert_eq!(gain.weight(10.0).unwrap(), 0.0);
/// assert!((gain.plateau() - 1.074).abs() < 0.001);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AmplitudeGain<T> {
    height: T,
    slope_per_ma: T,
    middle_ma: T,
    offset: T,
}

impl<T: Float> AmplitudeGain<T> {
    /// Height ar (above 0, to 5), slope bs (above 0, to 10 mA⁻¹), middle Is (0 to 1000 mA), offset cr (0 to 1).
    ///
    /// # Errors
    /// One of them is out of range or not finite.
    pub fn new(height: T, slope_per_ma: T, middle_ma: T, offset: T) -> Result<Self, ModelError> {
        Ok(Self {
            height: above(Field::GainHeight, height, 0.0, 5.0)?,
            slope_per_ma: above(Field::GainSlope, slope_per_ma, 0.0, 10.0)?,
            middle_ma: within(Field::GainMiddle, middle_ma, 0.0, 1_000.0)?,
            offset: within(Field::GainOffset, offset, 0.0, 1.0)?,
        })
    }

    /// The weight of a pulse of 0 to 1000 mA.
    ///
    /// # Errors
    /// The amplitude is out of range or not finite.
    pub fn weight(&self, amplitude_ma: T) -> Result<T, ModelError> {
        let amplitude_ma = within(Field::Amplitude, amplitude_ma, 0.0, 1_000.0)?;
        let curve = (self.slope_per_ma * (amplitude_ma - self.middle_ma)).tanh() + self.offset;
        Ok((self.height * curve).max(T::zero()))
    }

    /// The amplitude up to which the weight is 0, in mA; `None` where even 0 mA has a weight.
    #[must_use]
    pub fn threshold_ma(&self) -> Option<T> {
        let at = (-self.offset).atanh() / self.slope_per_ma + self.middle_ma;
        Some(at).filter(|at| at.is_finite() && *at >= T::zero())
    }

    /// The weight that no amplitude exceeds.
    #[must_use]
    pub fn plateau(&self) -> T {
        self.height * (T::one() + self.offset)
    }
}
