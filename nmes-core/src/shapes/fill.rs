//! The shapes at any length, from `libm`, at configuration time only.

use super::FULL_SCALE;
use crate::error::{ConfigError, Field, at_least, at_most};
use num_traits::FromPrimitive;

/// Fills `samples` with the half-wave of a sine, as [`HALF_SINE`](super::HALF_SINE) is made.
///
/// Values 0 to [`FULL_SCALE`]; an empty slice stays empty. One evaluation for each sample, up to 2³² of them.
///
/// ```
/// use nmes_core::shapes::{HALF_SINE, half_sine_into};
/// let mut samples = [0; 64];
/// half_sine_into(&mut samples);
/// assert_eq!(samples, HALF_SINE);
/// ```
#[expect(clippy::float_arithmetic, reason = "configuration time; the output path has integers only")]
pub fn half_sine_into(samples: &mut [i16]) {
    fill(samples, |x| libm::sin(core::f64::consts::PI * x));
}

/// Fills `samples` with a symmetric triangle, as [`TRIANGULAR`](super::TRIANGULAR) is made.
///
/// Values 0 to [`FULL_SCALE`]; an empty slice stays empty. One evaluation for each sample, up to 2³² of them.
///
/// ```
/// use nmes_core::shapes::triangular_into;
/// let mut samples = [0; 4];
/// triangular_into(&mut samples);
/// assert_eq!(samples, [4_096, 12_288, 12_288, 4_096]);
/// ```
#[expect(clippy::float_arithmetic, reason = "configuration time; the output path has integers only")]
pub fn triangular_into(samples: &mut [i16]) {
    fill(samples, |x| 1.0 - libm::fabs(2.0 * x - 1.0));
}

/// Fills `samples` with a straight rise, as [`SAWTOOTH`](super::SAWTOOTH) is made.
///
/// Values 0 to [`FULL_SCALE`]; an empty slice stays empty. One evaluation for each sample, up to 2³² of them.
///
/// ```
/// use nmes_core::shapes::sawtooth_into;
/// let mut samples = [0; 4];
/// sawtooth_into(&mut samples);
/// assert_eq!(samples, [2_048, 6_144, 10_240, 14_336]);
/// ```
pub fn sawtooth_into(samples: &mut [i16]) {
    fill(samples, |x| x);
}

/// Fills `samples` with an exponential rise of curvature k, (eᵏˣ − 1) / (eᵏ − 1), as
/// [`EXPONENTIAL`](super::EXPONENTIAL) is made with k = 3.
///
/// `curvature_thousandths` is 1,000 × k, 1 to 20,000: near 0 the rise is straight, at 20 nearly all of it is in the last
/// tenth. Values 0 to [`FULL_SCALE`]; an empty slice stays empty. One evaluation for each sample, up to 2³² of them.
///
/// # Errors
/// A curvature of 0 or above 20,000; `samples` is then as it was.
///
/// ```
/// use nmes_core::shapes::{EXPONENTIAL, exponential_into};
/// let mut samples = [0; 64];
/// exponential_into(&mut samples, 3_000)?;
/// assert_eq!(samples, EXPONENTIAL);
/// # Ok::<(), nmes_core::ConfigError>(())
/// ```
#[expect(clippy::float_arithmetic, reason = "configuration time; the output path has integers only")]
pub fn exponential_into(samples: &mut [i16], curvature_thousandths: u16) -> Result<(), ConfigError> {
    let value = i64::from(curvature_thousandths);
    at_least(Field::Curvature, value, 1, "an exponential rise is curved; a straight one is a sawtooth")?;
    at_most(Field::Curvature, value, 20_000, "above this nearly all of the rise is in the last samples")?;
    let curvature = f64::from(curvature_thousandths) / 1_000.0;
    let whole = libm::expm1(curvature);
    fill(samples, |x| libm::expm1(curvature * x) / whole);
    Ok(())
}

/// Each sample is `shape`, of a range 0 to 1, at its middle.
#[expect(clippy::float_arithmetic, reason = "configuration time; the output path has integers only")]
fn fill(samples: &mut [i16], shape: impl Fn(f64) -> f64) {
    let count = u32::try_from(samples.len()).unwrap_or(u32::MAX);
    for (place, sample) in (0..count).zip(samples) {
        let part = shape((f64::from(place) + 0.5) / f64::from(count));
        let value = libm::round(part * f64::from(FULL_SCALE));
        *sample = i16::from_f64(value).unwrap_or(FULL_SCALE).clamp(0, FULL_SCALE);
    }
}
