//! Isometric force of one muscle, fresh or tiring.

use super::calcium::{Calcium, LONGEST_S, MOST_WEIGHT, Span};
use super::error::{Field, ModelError, within};
use super::parameters::{FatigueParameters, ForceParameters, MOST_KM, MOST_TAU1_S};
use super::real;
use num_traits::Float;

/// The step of integration unless another is asked for, s.
const STEP_S: f64 = 0.000_2;
/// The steps that may be asked for, s.
const STEPS_S: (f64, f64) = (0.000_01, 0.001);

/// Isometric force after Ding, Wexler and Binder-Macleod, with the fatigue of 2003 where it is given.
///
/// Calcium is exact ([`Calcium`]); force, A, tau1 and Km are integrated by Runge and Kutta's fourth order in steps of
/// at most 0.2 ms, with calcium exact at both ends and in the middle, and summed with compensation so that in `f32`
/// the slow recovery does not drown in the last digit. A is held at 0 or above, tau1 and Km at 10 or below; with
/// published parameters none of them comes near. Source: PRO-S44, PRO-S45, PRO-S46.
///
/// What it cannot show stands in [`CANNOT_SHOW`](super::CANNOT_SHOW).
///
/// ```
/// use nmes_protocols::models::{Muscle, data};
/// let tiring = Some(data::DING_2003_FATIGUE.parameters());
/// let mut muscle = Muscle::<f32>::new(data::DING_2003.parameters(), tiring).unwrap();
/// let mut first_and_last = [0.0_f32; 2];
/// for contraction in 0..30 {
///     for _ in 0..33 {
///         muscle.pulse(1.0).unwrap();
///         muscle.advance(1.0 / 33.0).unwrap();
///     }
///     first_and_last[usize::from(contraction > 0)] = muscle.force();
///     muscle.advance(1.0).unwrap(); // a second of rest
/// }
/// assert!(first_and_last[1] < 0.8 * first_and_last[0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Muscle<T> {
    force: ForceParameters<T>,
    fatigue: Option<FatigueParameters<T>>,
    calcium: Calcium<T>,
    state: State<T>,
    lost: State<T>,
    drive: T,
    step: T,
}

/// Force and what fatigue moves.
#[derive(Clone, Copy, Debug, PartialEq)]
struct State<T> {
    f: T,
    a: T,
    tau1: T,
    km: T,
}

impl<T: Float> State<T> {
    fn zero() -> Self {
        Self { f: T::zero(), a: T::zero(), tau1: T::zero(), km: T::zero() }
    }

    fn with(self, other: Self, both: impl Fn(T, T) -> T) -> Self {
        Self {
            f: both(self.f, other.f),
            a: both(self.a, other.a),
            tau1: both(self.tau1, other.tau1),
            km: both(self.km, other.km),
        }
    }

    fn plus(self, slope: Self, time: T) -> Self {
        self.with(slope, |value, rate| value + rate * time)
    }

    /// The sum, and what it lost to rounding so far.
    fn compensated(self, more: Self, lost: Self) -> (Self, Self) {
        let wanted = more.with(lost, |more, lost| more - lost);
        let sum = self.with(wanted, |value, wanted| value + wanted);
        let gained = sum.with(self, |sum, value| sum - value);
        (sum, gained.with(wanted, |gained, wanted| gained - wanted))
    }
}

impl<T: Float> Muscle<T> {
    /// A muscle at rest; without fatigue where that is `None`.
    ///
    /// # Errors
    /// A parameter is outside the range that its field states, or not finite.
    pub fn new(force: ForceParameters<T>, fatigue: Option<FatigueParameters<T>>) -> Result<Self, ModelError> {
        let force = force.validated()?;
        let fatigue = fatigue.map(FatigueParameters::validated).transpose()?;
        Ok(Self {
            force,
            fatigue,
            calcium: Calcium::new(force.tc)?,
            state: State { f: T::zero(), a: force.a_rest, tau1: force.tau1_rest, km: force.km_rest },
            lost: State::zero(),
            drive: T::one(),
            step: real(STEP_S),
        })
    }

    /// Another longest step of integration, s; 0.000 01 to 0.001.
    ///
    /// # Errors
    /// The step is out of that range or not finite.
    pub fn with_step(self, seconds: T) -> Result<Self, ModelError> {
        let step = within(Field::Step, seconds, STEPS_S.0, STEPS_S.1)?;
        Ok(Self { step, ..self })
    }

    /// From now on only this share of the force scale, 0 to 1: [`PulseWidth::share`](super::PulseWidth::share) or
    /// [`Recruitment::level`](super::Recruitment::level).
    ///
    /// # Errors
    /// The share is out of that range or not finite; nothing changes then.
    pub fn set_drive(&mut self, share: T) -> Result<(), ModelError> {
        self.drive = within(Field::Drive, share, 0.0, 1.0)?;
        Ok(())
    }

    /// A pulse now, of a weight from 0 to 10: 1 where amplitude is not modelled, else
    /// [`AmplitudeGain::weight`](super::AmplitudeGain::weight).
    ///
    /// # Errors
    /// The weight is out of that range or not finite; nothing changes then.
    pub fn pulse(&mut self, weight: T) -> Result<(), ModelError> {
        let weight = within(Field::Weight, weight, 0.0, MOST_WEIGHT)?;
        self.calcium.pulse(weight, self.r0())
    }

    /// Time without a pulse, in seconds, 0 to 3600.
    ///
    /// # Errors
    /// The time is out of that range or not finite; nothing changes then.
    pub fn advance(&mut self, seconds: T) -> Result<(), ModelError> {
        let seconds = within(Field::Duration, seconds, 0.0, LONGEST_S)?;
        // at most 3600 s in steps of 10 µs, so the count fits
        let steps = (seconds / self.step).ceil();
        let length = seconds / steps.max(T::one());
        let half = self.calcium.span(length / real(2.0));
        for _ in 0..steps.to_u32().unwrap_or(0) {
            self.take_step(length, &half);
        }
        Ok(())
    }

    fn take_step(&mut self, time: T, half: &Span<T>) {
        let (two, six) = (real::<T>(2.0), real::<T>(6.0));
        let begin = self.calcium.level();
        self.calcium.pass(half);
        let middle = self.calcium.level();
        self.calcium.pass(half);
        let y = self.state;
        let k1 = self.slope(begin, y);
        let k2 = self.slope(middle, y.plus(k1, time / two));
        let k3 = self.slope(middle, y.plus(k2, time / two));
        let k4 = self.slope(self.calcium.level(), y.plus(k3, time));
        let sum = k1.plus(k2, two).plus(k3, two).plus(k4, T::one());
        let (next, lost) = y.compensated(State::zero().plus(sum, time / six), self.lost);
        self.state = Self::held(next);
        self.lost = lost;
    }

    fn held(state: State<T>) -> State<T> {
        State {
            f: state.f.max(T::zero()),
            a: state.a.max(T::zero()),
            tau1: state.tau1.min(real(MOST_TAU1_S)),
            km: state.km.min(real(MOST_KM)),
        }
    }

    fn slope(&self, cn: T, y: State<T>) -> State<T> {
        let bound = cn / (y.km + cn);
        let f = self.drive * y.a * bound - y.f / (y.tau1 + self.force.tau2 * bound);
        let Some(fatigue) = &self.fatigue else {
            return State { f, ..State::zero() };
        };
        let moved = |value: T, rest: T, alpha: T| (rest - value) / fatigue.tau_fat + alpha * y.f;
        State {
            f,
            a: moved(y.a, self.force.a_rest, fatigue.alpha_a),
            tau1: moved(y.tau1, self.force.tau1_rest, fatigue.alpha_tau1),
            km: moved(y.km, self.force.km_rest, fatigue.alpha_km),
        }
    }

    fn r0(&self) -> T {
        self.force.enhancement.r0(self.force.km_rest, self.state.km)
    }

    /// Force now, N.
    #[must_use]
    pub fn force(&self) -> T {
        self.state.f
    }

    /// The slope of force now, N/s.
    #[must_use]
    pub fn force_rate(&self) -> T {
        self.slope(self.calcium.level(), self.state).f
    }

    /// Calcium now.
    #[must_use]
    pub fn calcium(&self) -> &Calcium<T> {
        &self.calcium
    }

    /// Force scale A now, N/s; at rest that of the parameters.
    #[must_use]
    pub fn force_scale(&self) -> T {
        self.state.a
    }

    /// tau1 now, s.
    #[must_use]
    pub fn tau1(&self) -> T {
        self.state.tau1
    }

    /// Half-saturation Km now.
    #[must_use]
    pub fn half_saturation(&self) -> T {
        self.state.km
    }
}

#[cfg(test)]
mod tests;
