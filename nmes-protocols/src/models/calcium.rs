//! Calcium after a train of pulses, exactly, with two numbers of state.

use super::error::{Field, ModelError, above, within};
use super::real;
use num_traits::Float;

/// The longest time that one call moves a model, s.
pub(crate) const LONGEST_S: f64 = 3_600.0;
/// The greatest weight of one pulse, and the greatest R0.
pub(crate) const MOST_WEIGHT: f64 = 10.0;

/// The normalised calcium-troponin complex `CN` of Ding and others: each pulse i adds
/// `Rᵢ (t − tᵢ)/tc · exp(−(t − tᵢ)/tc)`, where `Rᵢ = 1 + (R0 − 1) exp(−(tᵢ − tᵢ₋₁)/tc)`, and 1 for the first.
///
/// The sum over all pulses is never formed. With `s = Σ Rᵢ exp(−(t − tᵢ)/tc)` a time h without a pulse is, exactly,
/// `CN ← (CN + s·h/tc)·e`, `s ← s·e`, `e = exp(−h/tc)`; a pulse is `s ← s + Rᵢ`. Source: PRO-S44, PRO-S45; the
/// recursion is our arithmetic.
///
/// ```
/// use nmes_protocols::models::Calcium;
/// let mut calcium = Calcium::<f64>::new(0.020).unwrap();
/// calcium.pulse(1.0, 1.143).unwrap();
/// calcium.advance(0.020).unwrap(); // one pulse peaks after tc, at 1/e
/// assert!((calcium.level() - (-1.0f64).exp()).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calcium<T> {
    tc: T,
    level: T,
    drive: T,
    since: Option<T>,
}

/// One length of time, with its exponential worked out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<T> {
    length: T,
    share: T,
    decay: T,
}

impl<T: Float> Calcium<T> {
    /// At rest; `tc` in seconds, 0.001 to 10.
    ///
    /// # Errors
    /// `tc` is out of that range or not finite.
    pub fn new(tc: T) -> Result<Self, ModelError> {
        let tc = within(Field::CalciumTime, tc, 0.001, 10.0)?;
        Ok(Self { tc, level: T::zero(), drive: T::zero(), since: None })
    }

    /// A pulse now, of a weight from 0 to 10 (1: as the model was fitted) and with this R0, from 0 to 10.
    ///
    /// # Errors
    /// One of the two is out of range or not finite; nothing changes then.
    pub fn pulse(&mut self, weight: T, r0: T) -> Result<(), ModelError> {
        let weight = within(Field::Weight, weight, 0.0, MOST_WEIGHT)?;
        let r0 = within(Field::Enhancement, r0, 0.0, MOST_WEIGHT)?;
        self.drive = self.drive + weight * self.enhancement(r0);
        self.since = Some(T::zero());
        Ok(())
    }

    /// `Rᵢ` of a pulse that would come now.
    fn enhancement(&self, r0: T) -> T {
        match self.since {
            None => T::one(),
            Some(since) => T::one() + (r0 - T::one()) * (-since / self.tc).exp(),
        }
    }

    /// Time without a pulse, in seconds, 0 to 3600.
    ///
    /// # Errors
    /// The time is out of that range or not finite; nothing changes then.
    pub fn advance(&mut self, seconds: T) -> Result<(), ModelError> {
        let seconds = within(Field::Duration, seconds, 0.0, LONGEST_S)?;
        self.pass(&self.span(seconds));
        Ok(())
    }

    /// `CN` now, from 0; it has no unit.
    #[must_use]
    pub fn level(&self) -> T {
        self.level
    }

    /// `s` now: the sum of what the pulses so far still drive. The slope of `CN` is `(s − CN)/tc`.
    #[must_use]
    pub fn drive(&self) -> T {
        self.drive
    }

    /// What a long regular train tends to on average, `f·tc·R`, at `hertz` pulses a second (above 0, to 10,000):
    /// each pulse has the area `tc·R`.
    ///
    /// # Errors
    /// A number is out of range or not finite.
    pub fn steady_mean(&self, hertz: T, r0: T) -> Result<T, ModelError> {
        let hertz = above(Field::Frequency, hertz, 0.0, 10_000.0)?;
        let r0 = within(Field::Enhancement, r0, 0.0, MOST_WEIGHT)?;
        let gain = T::one() + (r0 - T::one()) * (-(hertz * self.tc).recip()).exp();
        Ok(hertz * self.tc * gain)
    }

    pub(crate) fn span(&self, seconds: T) -> Span<T> {
        let share = seconds / self.tc;
        Span { length: seconds, share, decay: (-share).exp() }
    }

    pub(crate) fn pass(&mut self, span: &Span<T>) {
        self.level = (self.level + self.drive * span.share) * span.decay;
        self.drive = self.drive * span.decay;
        // one step of the time since the last pulse may be far below its last digit; by then it no longer matters
        let most = real::<T>(LONGEST_S);
        self.since = self.since.map(|since| (since + span.length).min(most));
    }
}
