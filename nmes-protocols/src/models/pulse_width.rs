//! Pulse width to a share of the force scale, after Ding and others, 2007.

use super::error::{Field, ModelError, above, within};
use num_traits::Float;

/// `1 − exp(−(w − PD0)/PDt)`, and 0 at widths up to PD0: the share of the force scale that a phase width reaches.
/// Source: PRO-S44, from a paper on muscle after spinal cord injury.
///
/// ```
/// use nmes_protocols::models::data;
/// let width = data::DING_2007_WIDTH.model::<f64>().unwrap();
/// assert_eq!(width.share(131.0).unwrap(), 0.0); // under the threshold width
/// assert!((width.share(300.0).unwrap() - 0.580).abs() < 0.001);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PulseWidth<T> {
    threshold_us: T,
    constant_us: T,
}

impl<T: Float> PulseWidth<T> {
    /// Threshold PD0 (0 to 10,000 µs) and constant PDt (above 0, to 10,000 µs).
    ///
    /// # Errors
    /// One of them is out of range or not finite.
    pub fn new(threshold_us: T, constant_us: T) -> Result<Self, ModelError> {
        let threshold_us = within(Field::WidthThreshold, threshold_us, 0.0, 10_000.0)?;
        let constant_us = above(Field::WidthConstant, constant_us, 0.0, 10_000.0)?;
        Ok(Self { threshold_us, constant_us })
    }

    /// The share, 0 to 1, at a phase width of 0 to 1,000,000 µs; for [`Muscle::set_drive`](super::Muscle::set_drive).
    ///
    /// # Errors
    /// The width is out of range or not finite.
    pub fn share(&self, width_us: T) -> Result<T, ModelError> {
        let width_us = within(Field::Width, width_us, 0.0, 1e6)?;
        let beyond = (width_us - self.threshold_us).max(T::zero());
        Ok(-(-beyond / self.constant_us).exp_m1())
    }
}
