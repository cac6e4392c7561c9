//! Shapes are their formulas, as tables and from `libm`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests: the ideal is worked out in floating point, and a panic is a failed test"
)]

use nmes_core::shapes::*;

fn near(got: &[i16], shape: impl Fn(f64) -> f64, tolerance: f64) {
    for (i, &value) in got.iter().enumerate() {
        let exact = shape((i as f64 + 0.5) / got.len() as f64) * f64::from(FULL_SCALE);
        assert!((f64::from(value) - exact).abs() <= tolerance, "entry {i} of {}: {value}", got.len());
        assert!((0..=FULL_SCALE).contains(&value));
    }
}

fn half_sine(x: f64) -> f64 {
    (std::f64::consts::PI * x).sin()
}

fn triangular(x: f64) -> f64 {
    1.0 - (2.0 * x - 1.0).abs()
}

fn exponential(k: f64) -> impl Fn(f64) -> f64 {
    move |x| (k * x).exp_m1() / k.exp_m1()
}

/// REQ-CORE-49: each table is its formula, rounded to nearest.
#[test]
fn tables_are_their_formulas() {
    near(&HALF_SINE, half_sine, 0.501);
    near(&TRIANGULAR, triangular, 0.501);
    near(&SAWTOOTH, |x| x, 0.501);
    near(&EXPONENTIAL, exponential(f64::from(EXPONENTIAL_CURVATURE_THOUSANDTHS) / 1e3), 0.501);
}

/// REQ-CORE-49: triangle and sine are the same backwards; sawtooth and exponential never fall.
#[test]
fn tables_have_their_symmetry() {
    for table in [HALF_SINE, TRIANGULAR] {
        assert!(table.iter().eq(table.iter().rev()));
        assert!(table[..LENGTH / 2].is_sorted());
    }
    assert!(SAWTOOTH.is_sorted() && EXPONENTIAL.is_sorted());
}

#[cfg(feature = "libm")]
mod from_libm {
    use super::*;
    use nmes_core::{ConfigError, Field};
    use proptest::prelude::*;

    /// REQ-CORE-49: the constructors give the tables, to 1 part of full scale.
    #[test]
    fn constructors_give_the_tables() {
        let made = |into: fn(&mut [i16])| {
            let mut samples = [0; LENGTH];
            into(&mut samples);
            samples
        };
        let exponential = |samples: &mut [i16]| {
            exponential_into(samples, EXPONENTIAL_CURVATURE_THOUSANDTHS).unwrap();
        };
        let pairs = [
            (HALF_SINE, made(half_sine_into)),
            (TRIANGULAR, made(triangular_into)),
            (SAWTOOTH, made(sawtooth_into)),
            (EXPONENTIAL, made(exponential)),
        ];
        for (table, made) in pairs {
            assert!(table.iter().zip(made).all(|(&a, b)| a.abs_diff(b) <= 1));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(nmes_core::conformance::cases(2_000)))]

        /// REQ-CORE-49: any length and any curvature that is taken; others are refused and change nothing.
        #[test]
        fn any_length_is_its_formula(length in 0_usize..5_000, curvature: u16) {
            let mut samples = vec![-7; length];
            half_sine_into(&mut samples);
            near(&samples, half_sine, 0.501);
            triangular_into(&mut samples);
            near(&samples, triangular, 0.501);
            sawtooth_into(&mut samples);
            near(&samples, |x| x, 0.501);
            let before = samples.clone();
            match exponential_into(&mut samples, curvature) {
                Ok(()) => near(&samples, exponential(f64::from(curvature) / 1e3), 0.501),
                Err(ConfigError::Below { field, .. }) => prop_assert_eq!((field, curvature), (Field::Curvature, 0)),
                Err(error) => {
                    prop_assert!(error.field() == Field::Curvature && curvature > 20_000);
                    prop_assert_eq!(&before, &samples);
                }
            }
        }
    }
}
