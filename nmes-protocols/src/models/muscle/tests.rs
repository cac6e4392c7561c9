//! Slopes in a state that no train of pulses leads to exactly.
#![allow(clippy::unwrap_used, reason = "a test: a panic fails it")]

use super::*;
use crate::models::data;

/// REQ-PRO-101: PRO-S44's slope of force at calcium 5 and 100 N, and its three slopes of fatigue at 100 N.
#[test]
fn slopes_of_cocofest() {
    let tiring = Some(data::DING_2003_FATIGUE.parameters());
    let muscle = Muscle::<f64>::new(data::DING_2003.parameters(), tiring).unwrap();
    let slope = muscle.slope(5.0, State { f: 100.0, ..muscle.state });
    assert!((slope.f - 2_037.070_350_579_1).abs() < 1e-9, "{}", slope.f);
    assert!((slope.a + 40.0).abs() < 1e-12, "{}", slope.a);
    assert!((slope.tau1 - 0.002_1).abs() < 1e-15, "{}", slope.tau1);
    assert!((slope.km - 0.001_9).abs() < 1e-15, "{}", slope.km);
}

/// REQ-PRO-108: a sum of steps far below the last digit of `f32` arrives.
#[test]
fn compensation_keeps_small_steps() {
    let start = State { f: 0.0, a: 3_009.0_f32, tau1: 0.0, km: 0.0 };
    let (mut state, mut lost) = (start, State::zero());
    for _ in 0..100_000 {
        (state, lost) = state.compensated(State { a: 1e-5, ..State::zero() }, lost);
    }
    assert!((state.a - 3_010.0).abs() < 0.001, "{}", state.a);
    assert!(
        (0..100_000).fold(3_009.0_f32, |sum, _| sum + 1e-5) < 3_009.001,
        "without compensation nothing arrives"
    );
}
