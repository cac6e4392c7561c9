//! Trains of pulses for the tests of the models.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(unreachable_pub, reason = "a module of several test crates")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    reason = "helpers of tests: a panic fails the test"
)]

use nmes_protocols::models::{Muscle, data};
use num_traits::Float;

pub fn real<T: Float>(value: f64) -> T {
    T::from(value).unwrap()
}

pub fn fresh<T: Float>() -> Muscle<T> {
    Muscle::new(data::DING_2003.parameters(), None).unwrap()
}

pub fn tiring<T: Float>() -> Muscle<T> {
    Muscle::new(data::DING_2003.parameters(), Some(data::DING_2003_FATIGUE.parameters())).unwrap()
}

/// A muscle with the time that has gone by, the greatest force of late, and the integral of force.
pub struct Bench<T> {
    pub muscle: Muscle<T>,
    pub now: f64,
    pub peak: f64,
    pub least: f64,
    pub integral: f64,
}

impl<T: Float> Bench<T> {
    pub fn new(muscle: Muscle<T>) -> Self {
        Self { muscle, now: 0.0, peak: 0.0, least: f64::INFINITY, integral: 0.0 }
    }

    pub fn force(&self) -> f64 {
        self.muscle.force().to_f64().unwrap()
    }

    /// On to a moment, looking every 0.5 ms at most.
    pub fn to(&mut self, at: f64) {
        let looks = ((at - self.now) / 0.000_5).ceil().max(1.0);
        let piece = (at - self.now) / looks;
        let mut left = looks;
        while left > 0.0 && piece > 0.0 {
            let before = self.force();
            self.muscle.advance(real(piece)).unwrap();
            self.integral += (before + self.force()) / 2.0 * piece;
            self.peak = self.peak.max(self.force());
            self.least = self.least.min(self.force());
            left -= 1.0;
        }
        self.now = at;
    }

    /// On to a moment without looking.
    pub fn skip(&mut self, at: f64) {
        self.muscle.advance(real(at - self.now)).unwrap();
        self.now = at;
    }

    pub fn look_again(&mut self) {
        (self.peak, self.least, self.integral) = (0.0, f64::INFINITY, 0.0);
    }

    /// Pulses at these times from now on, then on to `end`, also from now.
    pub fn fire(&mut self, times: &[f64], end: f64) {
        let begin = self.now;
        for time in times {
            self.to(begin + time);
            self.muscle.pulse(T::one()).unwrap();
        }
        self.to(begin + end);
    }

    pub fn train(&mut self, hertz: f64, seconds: f64) {
        self.fire(&onsets(hertz, seconds), seconds);
    }
}

/// Onsets of a regular train.
pub fn onsets(hertz: f64, seconds: f64) -> Vec<f64> {
    (0..1_000_000_u32).map(|i| f64::from(i) / hertz).take_while(|at| *at < seconds - 1e-9).collect()
}

/// Equal within half a unit of the last printed digit, and a little for the 0.5 ms between looks.
pub fn close(value: f64, printed: f64, last_digit: f64) -> bool {
    (value - printed).abs() <= 0.55 * last_digit
}
