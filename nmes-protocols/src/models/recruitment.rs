//! Phase width to the share of a muscle that is recruited.

use super::error::{Field, ModelError, above, within};
use super::real;
use num_traits::Float;

/// The curve used by Riener and Fuhr, normalised to 0 at short and 1 at long widths:
/// `r(d) = ((d − dt)·atan(kt·(d − dt)) − (d − ds)·atan(ks·(d − ds)))/(π·(ds − dt)) + ½`.
///
/// Form and example values are recalled, not read (LIT-RIENER); the normalisation is ours.
///
/// ```
/// use nmes_protocols::models::data;
/// let curve = data::RIENER_RECRUITMENT.model::<f64>().unwrap();
/// assert!((curve.level(300.0).unwrap() - 0.488).abs() < 0.001);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recruitment<T> {
    threshold_us: T,
    saturation_us: T,
    slope_threshold: T,
    slope_saturation: T,
}

impl<T: Float> Recruitment<T> {
    /// Threshold dt (0 to 10,000 µs), saturation ds (at least 1 µs more, to 10,000 µs), and the sharpness of the bend at
    /// each, kt and ks (above 0, to 100 µs⁻¹).
    ///
    /// # Errors
    /// One of them is out of range or not finite.
    pub fn new(threshold_us: T, saturation_us: T, kt: T, ks: T) -> Result<Self, ModelError> {
        let threshold_us = within(Field::WidthThreshold, threshold_us, 0.0, 10_000.0)?;
        let least = threshold_us.to_f64().unwrap_or(f64::NAN) + 1.0;
        let saturation_us = within(Field::WidthSaturation, saturation_us, least, 10_000.0)?;
        Ok(Self {
            threshold_us,
            saturation_us,
            slope_threshold: above(Field::WidthSlope, kt, 0.0, 100.0)?,
            slope_saturation: above(Field::WidthSlope, ks, 0.0, 100.0)?,
        })
    }

    /// The recruited share, 0 to 1, at a phase width of 0 to 1,000,000 µs.
    ///
    /// # Errors
    /// The width is out of range or not finite.
    pub fn level(&self, width_us: T) -> Result<T, ModelError> {
        let width_us = within(Field::Width, width_us, 0.0, 1e6)?;
        let bend = |from: T, slope: T| (width_us - from) * (slope * (width_us - from)).atan();
        let rise =
            bend(self.threshold_us, self.slope_threshold) - bend(self.saturation_us, self.slope_saturation);
        let scale = real::<T>(core::f64::consts::PI) * (self.saturation_us - self.threshold_us);
        // with kt and ks that differ, the ends lie a little outside
        Ok((rise / scale + real(0.5)).max(T::zero()).min(T::one()))
    }
}
