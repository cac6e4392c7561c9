//! Bounds of the models: single against double precision, what is refused, and what no input can reach.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test: a panic fails it"
)]

mod models_common;

use models_common::{fresh, onsets, tiring};
use nmes_protocols::models::{
    AmplitudeGain, CANNOT_SHOW, Calcium, Enhancement, FatigueParameters, Field, Fitness, ForceParameters,
    Limit, ModelError, Muscle, PulseWidth, Recruitment, StrengthDuration, data,
};
use nmes_protocols::{Provenance, sources};
use num_traits::Float;
use proptest::prelude::*;

/// Force at the end of each period of a series of contractions, and the muscle after it.
fn forces<T: Float>(
    mut muscle: Muscle<T>,
    rate: f64,
    on: f64,
    off: f64,
    count: u32,
) -> (Vec<f64>, Muscle<T>) {
    let period = models_common::real::<T>(1.0 / rate);
    let mut seen = Vec::new();
    for _ in 0..count {
        for _ in onsets(rate, on) {
            muscle.pulse(T::one()).unwrap();
            muscle.advance(period).unwrap();
            seen.push(muscle.force().to_f64().unwrap());
        }
        muscle.advance(models_common::real(off)).unwrap();
    }
    (seen, muscle)
}

fn worst(single: &[f64], double: &[f64]) -> f64 {
    single.iter().zip(double).map(|(s, d)| (s - d).abs()).fold(0.0, f64::max)
}

/// REQ-PRO-108: `f32` is within 0.002 N of `f64` in a second of any rate and over 90 contractions, and A within
/// 0.01 N/s after ten minutes of recovery.
#[test]
fn single_against_double() {
    for rate in [1.0, 5.0, 20.0, 33.0, 50.0, 100.0] {
        let (single, _) = forces(fresh::<f32>(), rate, 1.0, 1.0, 2);
        let (double, _) = forces(fresh::<f64>(), rate, 1.0, 1.0, 2);
        let off = worst(&single, &double);
        assert!(off < 0.002, "{rate}: {off} N");
    }
    let (single, mut muscle32) = forces(tiring::<f32>(), 33.0, 1.0, 1.0, 90);
    let (double, mut muscle64) = forces(tiring::<f64>(), 33.0, 1.0, 1.0, 90);
    let off = worst(&single, &double);
    assert!(off < 0.002, "{off} N");
    muscle32.advance(600.0).unwrap();
    muscle64.advance(600.0).unwrap();
    let off = (f64::from(muscle32.force_scale()) - muscle64.force_scale()).abs();
    assert!(off < 0.01, "{off} N/s after recovery to {}", muscle64.force_scale());
    assert!(muscle64.force_scale() > 2_950.0, "it did recover");
}

/// REQ-PRO-108: the curves without time, in `f32`, within one millionth of their greatest value.
#[test]
fn curves_in_single() {
    let width =
        (data::DING_2007_WIDTH.model::<f32>().unwrap(), data::DING_2007_WIDTH.model::<f64>().unwrap());
    let gain = (data::HMED_2018.model::<f32>().unwrap(), data::HMED_2018.model::<f64>().unwrap());
    let curve =
        (data::RIENER_RECRUITMENT.model::<f32>().unwrap(), data::RIENER_RECRUITMENT.model::<f64>().unwrap());
    for i in 0..=1_000_u16 {
        let (single, double) = (f32::from(i), f64::from(i));
        let pairs = [
            (width.0.share(single).unwrap(), width.1.share(double).unwrap()),
            (gain.0.weight(single).unwrap(), gain.1.weight(double).unwrap()),
            (curve.0.level(single).unwrap(), curve.1.level(double).unwrap()),
        ];
        for (single, double) in pairs {
            assert!((f64::from(single) - double).abs() < 1.1e-6, "{i}: {single} against {double}");
        }
    }
}

/// Each way to give a number, tried with a value that is otherwise fine.
fn ways(x: f64) -> Vec<(Field, Result<(), ModelError>)> {
    let force = data::DING_2003.parameters::<f64>();
    let fatigue = data::DING_2003_FATIGUE.parameters::<f64>();
    let with = |force| Muscle::new(force, None).map(drop);
    let tired = |fatigue| Muscle::new(force, Some(fatigue)).map(drop);
    let (width, gain) =
        (data::DING_2007_WIDTH.model::<f64>().unwrap(), data::HMED_2018.model::<f64>().unwrap());
    let curve = StrengthDuration::weiss(5.0, 300.0).unwrap();
    vec![
        (Field::CalciumTime, with(ForceParameters { tc: x, ..force })),
        (Field::ForceScale, with(ForceParameters { a_rest: x, ..force })),
        (Field::Tau1, with(ForceParameters { tau1_rest: x, ..force })),
        (Field::Tau2, with(ForceParameters { tau2: x, ..force })),
        (Field::HalfSaturation, with(ForceParameters { km_rest: x, ..force })),
        (Field::Enhancement, with(ForceParameters { enhancement: Enhancement::Fixed(x), ..force })),
        (Field::Enhancement, with(ForceParameters { enhancement: Enhancement::AbovePresent(x), ..force })),
        (Field::AlphaA, tired(FatigueParameters { alpha_a: -x, ..fatigue })),
        (Field::AlphaTau1, tired(FatigueParameters { alpha_tau1: x, ..fatigue })),
        (Field::AlphaKm, tired(FatigueParameters { alpha_km: x, ..fatigue })),
        (Field::RecoveryTime, tired(FatigueParameters { tau_fat: x, ..fatigue })),
        (Field::Step, fresh::<f64>().with_step(x).map(drop)),
        (Field::Weight, fresh::<f64>().pulse(x)),
        (Field::Drive, fresh::<f64>().set_drive(x)),
        (Field::Duration, fresh::<f64>().advance(x)),
        (Field::CalciumTime, Calcium::new(x).map(drop)),
        (Field::Enhancement, Calcium::new(0.02).unwrap().pulse(1.0, x)),
        (Field::Duration, Calcium::new(0.02).unwrap().advance(x)),
        (Field::Frequency, Calcium::new(0.02).unwrap().steady_mean(x, 1.0).map(drop)),
        (Field::WidthThreshold, PulseWidth::new(x, 194.0).map(drop)),
        (Field::WidthConstant, PulseWidth::new(131.0, x).map(drop)),
        (Field::Width, width.share(x).map(drop)),
        (Field::GainHeight, AmplitudeGain::new(x, 0.026, 63.0, 0.8).map(drop)),
        (Field::GainSlope, AmplitudeGain::new(0.6, x, 63.0, 0.8).map(drop)),
        (Field::GainMiddle, AmplitudeGain::new(0.6, 0.026, x, 0.8).map(drop)),
        (Field::GainOffset, AmplitudeGain::new(0.6, 0.026, 63.0, x).map(drop)),
        (Field::Amplitude, gain.weight(x).map(drop)),
        (Field::WidthThreshold, Recruitment::new(x, 9_000.0, 0.05, 0.05).map(drop)),
        (Field::WidthSaturation, Recruitment::new(122.0, x, 0.05, 0.05).map(drop)),
        (Field::WidthSlope, Recruitment::new(122.0, 487.0, x, 0.05).map(drop)),
        (Field::WidthSlope, Recruitment::new(122.0, 487.0, 0.05, x).map(drop)),
        (Field::Rheobase, StrengthDuration::weiss(x, 300.0).map(drop)),
        (Field::Chronaxie, StrengthDuration::lapicque(5.0, x).map(drop)),
        (Field::Width, curve.charge_nc(x).map(drop)),
        (Field::Amplitude, curve.transfer_ma(x, 200.0, 300.0).map(drop)),
        (Field::Width, curve.transfer_ma(5.0, x, 300.0).map(drop)),
        (Field::LeastFitness, Fitness::new(x, 30.0, 50.0).map(drop)),
        (Field::FatigueTime, Fitness::new(0.2, x, 50.0).map(drop)),
        (Field::RecoveryTime, Fitness::new(0.2, 30.0, x).map(drop)),
        (Field::Activation, Fitness::new(0.2, 30.0, 50.0).unwrap().advance(x, 1.0)),
        (Field::Duration, Fitness::new(0.2, 30.0, 50.0).unwrap().advance(1.0, x)),
    ]
}

/// REQ-PRO-109: NaN, infinity, negative and absurd numbers are refused at every entry, by field, value, limit, source.
#[test]
fn refusals() {
    for (value, finite) in
        [(f64::NAN, false), (f64::INFINITY, false), (f64::NEG_INFINITY, false), (-0.5, true)]
    {
        for (field, result) in ways(value) {
            let error = result.expect_err(field.words().0);
            assert_eq!(error.field, field, "{value}");
            assert_eq!(error.limit == Limit::Finite, !finite, "{error}");
            assert!(
                matches!(error.source, Provenance::Ours { .. })
                    && error.to_string().contains(field.words().0)
            );
        }
    }
    for (field, result) in ways(1e9) {
        let error = result.expect_err(field.words().0);
        assert!(
            matches!((error.field, error.limit), (f, Limit::AtMost(_) | Limit::AtLeast(_)) if f == field)
        );
    }
}

/// REQ-PRO-109: zero is refused where the equation divides by it or scales with it, and nowhere else.
#[test]
fn zero() {
    let needed = [
        Field::CalciumTime,
        Field::ForceScale,
        Field::Tau1,
        Field::HalfSaturation,
        Field::RecoveryTime,
        Field::Step,
        Field::Frequency,
        Field::WidthConstant,
        Field::GainHeight,
        Field::GainSlope,
        Field::WidthSaturation,
        Field::WidthSlope,
        Field::Rheobase,
        Field::Chronaxie,
        Field::FatigueTime,
    ];
    for (field, result) in ways(0.0) {
        // of the widths only those of strength-duration divide
        if field != Field::Width {
            assert_eq!(result.is_err(), needed.contains(&field), "{field:?}");
        }
    }
    assert!(StrengthDuration::weiss(5.0, 300.0).unwrap().multiple(0.0).is_err());
    assert_eq!(data::DING_2007_WIDTH.model::<f64>().unwrap().share(0.0), Ok(0.0));
}

/// REQ-PRO-114: with nothing but growth, tau1 and Km stop at 10.
#[test]
fn growth_stops() {
    let runaway = FatigueParameters { alpha_a: 0.0, alpha_tau1: 0.1, alpha_km: 0.1, tau_fat: 10_000.0 };
    let mut muscle = Muscle::<f64>::new(data::DING_2003.parameters(), Some(runaway)).unwrap();
    for _ in 0..400 {
        muscle.pulse(1.0).unwrap();
        muscle.advance(0.05).unwrap();
    }
    assert!((muscle.tau1() - 10.0).abs() < 0.01 && (muscle.half_saturation() - 10.0).abs() < 0.01);
    assert!(muscle.tau1() <= 10.0 && muscle.half_saturation() <= 10.0 && muscle.force().is_finite());
}

/// REQ-PRO-109: what is refused changes nothing.
#[test]
fn refused_calls_change_nothing() {
    let mut muscle = tiring::<f64>();
    muscle.pulse(1.0).unwrap();
    muscle.advance(0.010).unwrap();
    let before = muscle;
    assert!(
        muscle.pulse(-1.0).is_err() && muscle.advance(f64::NAN).is_err() && muscle.set_drive(1.1).is_err()
    );
    assert_eq!(muscle, before);
    let mut fitness = data::RIENER_FITNESS.model::<f32>().unwrap();
    assert!(fitness.advance(0.5, f32::INFINITY).is_err());
    assert_eq!(fitness, data::RIENER_FITNESS.model().unwrap());
}

/// REQ-PRO-110: each constant of a set has a source that is listed, and what the sources disagree on says so.
#[test]
fn constants_name_sources_and_doubts() {
    let mut all = Vec::new();
    for set in [data::DING_2003, data::DING_2007, data::MARION_2009] {
        all.extend(set.constants());
    }
    for set in [data::DING_2003_FATIGUE, data::MARION_2009_FATIGUE] {
        all.extend(set.constants());
    }
    for (name, constant) in &all {
        match constant.provenance.source() {
            Some(source) => assert!(sources::ALL.contains(&source), "{name}"),
            None => assert!(constant.doubt.is_some(), "{name}: ours, and nothing in doubt"),
        }
    }
    let doubt = |constant: data::Constant| constant.doubt.unwrap();
    assert!(doubt(data::DING_2003.tau2).contains("100 ms"), "tau2 differs by paper");
    assert!(doubt(data::DING_2003_FATIGUE.alpha_km).contains("slip"), "powers of ten");
    assert!(doubt(data::DING_2003.a_rest).contains("misprint"));
    for alpha in [data::MARION_2009_FATIGUE.alpha_tau1, data::MARION_2009_FATIGUE.alpha_km] {
        assert!(doubt(alpha).contains("minus sign"));
    }
    assert!(doubt(data::MARION_2009.r0_above_km).contains("1.296"));
}

/// REQ-PRO-110: what cannot be shown names a model, what it says, what people show, and what follows.
#[test]
fn cannot_show_is_complete() {
    for blind in CANNOT_SHOW {
        let texts = [blind.model, blind.model_says, blind.people.claim, blind.so];
        assert!(texts.iter().all(|text| !text.is_empty()), "{blind:?}");
    }
    let about = |word: &str| CANNOT_SHOW.iter().any(|blind| blind.model_says.contains(word));
    assert!(["doublet", "electrodes", "one length", "smooth curve"].into_iter().all(about));
}

/// REQ-PRO-115: no crate on the way to an output turns the models on, and nothing else in this crate uses them.
#[test]
fn models_are_off_the_output_path() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |path: std::path::PathBuf| std::fs::read_to_string(path).unwrap();
    for manifest in ["nmes-core", "nmes-safety", "nmes-hal-adapters", "examples/firmware/script"] {
        assert!(!read(root.join(manifest).join("Cargo.toml")).contains("models"), "{manifest}");
    }
    let mut folders = vec![root.join("nmes-protocols/src")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("models") {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                seen += 1;
                assert!(!read(path.clone()).contains("models::"), "{}", path.display());
            }
        }
    }
    assert!(seen > 15, "{seen} files read");
}

prop_compose! {
    fn any_force()(tc in 0.001..0.1, a in 1.0..20_000.0, tau1 in 0.001..0.3, tau2 in 0.0..0.4, km in 0.001..2.0,
                   r0 in 0.0..3.0, fixed in any::<bool>()) -> ForceParameters<f64> {
        let enhancement = if fixed { Enhancement::Fixed(r0) } else { Enhancement::AbovePresent(r0) };
        ForceParameters { tc, a_rest: a, tau1_rest: tau1, tau2, km_rest: km, enhancement }
    }
}

prop_compose! {
    fn any_fatigue()(a in -100.0..0.0, tau1 in 0.0..0.1, km in 0.0..0.1, tau_fat in 1.0..10_000.0) -> FatigueParameters<f64> {
        FatigueParameters { alpha_a: a, alpha_tau1: tau1, alpha_km: km, tau_fat }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// REQ-PRO-114: with any valid parameters and any train, force stays finite, not negative, and under its bound; A
    /// never becomes negative.
    #[test]
    fn force_stays_in_bounds(
        force in any_force(),
        fatigue in proptest::option::of(any_fatigue()),
        gaps in proptest::collection::vec((0.001..0.2, 0.0..2.0), 1..20),
    ) {
        let mut muscle = Muscle::new(force, fatigue).unwrap().with_step(0.001).unwrap();
        let bound = match fatigue {
            None => force.greatest_force(),
            Some(_) => force.a_rest * (10.0 + force.tau2),
        };
        for (gap, weight) in gaps {
            muscle.pulse(weight).unwrap();
            muscle.advance(gap).unwrap();
            prop_assert!(muscle.force().is_finite() && muscle.force() >= 0.0);
            prop_assert!(muscle.force() <= bound * 1.000_1, "{} N of {bound}", muscle.force());
            prop_assert!(muscle.force_scale() >= 0.0 && muscle.force_scale() <= force.a_rest * 1.000_001);
            prop_assert!(muscle.tau1().is_finite() && muscle.half_saturation().is_finite());
        }
    }

    /// REQ-PRO-113: longer rests between contractions lose less force; a halved step changes little.
    #[test]
    fn longer_rests_lose_less(rate in 10.0..60.0, off in 0.5..4.0, more in 0.5..4.0) {
        let last = |off| *forces(tiring::<f64>(), rate, 1.0, off, 4).0.last().unwrap();
        // 0.6 N: the early rise that CANNOT_SHOW names
        prop_assert!(last(off) <= last(off + more) + 0.6);
        let fine = forces(tiring::<f64>().with_step(0.000_1).unwrap(), rate, 1.0, off, 4).0;
        prop_assert!((fine.last().unwrap() - last(off)).abs() < 1e-6);
    }
}
