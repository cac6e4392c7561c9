//! The models against vectors that scipy integrated from the plain equations; `models_reference/reference.py` makes them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test: a panic fails it"
)]

mod models_common;

use models_common::{close, fresh, onsets, tiring};
use nmes_protocols::models::{Calcium, Muscle, data};

const FORCE: &str = include_str!("models_reference/force.csv");
const FATIGUE: &str = include_str!("models_reference/fatigue.csv");
const FITNESS: &str = include_str!("models_reference/fitness.csv");

/// Rows as numbers, after `skip` columns of text.
fn numbers(line: &str, skip: usize) -> Vec<f64> {
    line.split(',').skip(skip).map(|cell| cell.parse().unwrap()).collect()
}

fn rows(csv: &'static str) -> impl Iterator<Item = &'static str> {
    csv.lines().skip(1)
}

/// Moves a muscle to `at` and fires what comes before or, as the reference does, stops short of what comes at it.
fn go(muscle: &mut Muscle<f64>, now: &mut f64, left: &mut Vec<f64>, at: f64, weight: f64) {
    while left.first().is_some_and(|onset| *onset < at - 1e-9) {
        let onset = left.remove(0);
        muscle.advance(onset - *now).unwrap();
        muscle.pulse(weight).unwrap();
        *now = onset;
    }
    muscle.advance(at - *now).unwrap();
    *now = at;
}

fn state(muscle: &Muscle<f64>) -> [f64; 5] {
    let calcium = muscle.calcium().level();
    [calcium, muscle.force(), muscle.force_scale(), muscle.tau1(), muscle.half_saturation()]
}

/// What each state may differ by: calcium is exact, the reference itself is printed with ten digits.
fn agree(got: [f64; 5], wanted: &[f64], force_n: f64, what: &str) {
    let bounds = [1e-9, force_n, 1e-4, 1e-8, 1e-8];
    for ((got, wanted), bound) in got.iter().zip(wanted).zip(bounds) {
        assert!((got - wanted).abs() < bound, "{what}: {got} against {wanted}, bound {bound}");
    }
}

/// The muscle, its onsets and the weight of its pulses, by the name of a run.
fn run(name: &str) -> (Muscle<f64>, Vec<f64>, f64) {
    let number = || name.chars().filter(char::is_ascii_digit).collect::<String>();
    let after = |prefix: &str| name.strip_prefix(prefix).map(str::to_owned);
    if let Some(rate) = after("ding2003_fatigue_") {
        return (tiring(), onsets(rate.parse().unwrap(), 1.0), 1.0);
    }
    if let Some(rate) = after("ding2003_") {
        return (fresh(), onsets(rate.parse().unwrap(), 1.0), 1.0);
    }
    if let Some(us) = after("ding2007_") {
        let mut muscle = Muscle::new(data::DING_2007.parameters(), None).unwrap();
        let us = us.trim_end_matches("us").parse().unwrap();
        muscle.set_drive(data::DING_2007_WIDTH.model().unwrap().share(us).unwrap()).unwrap();
        return (muscle, onsets(40.0, 1.0), 1.0);
    }
    if let Some(ma) = after("hmed2018_") {
        let ma = ma.trim_end_matches("ma").parse().unwrap();
        return (tiring(), onsets(33.0, 1.0), data::HMED_2018.model().unwrap().weight(ma).unwrap());
    }
    if name == "marion2009" {
        let fatigue = Some(data::MARION_2009_FATIGUE.parameters());
        return (Muscle::new(data::MARION_2009.parameters(), fatigue).unwrap(), onsets(33.0, 1.0), 1.0);
    }
    assert_eq!((name, number().as_str()), ("twitch", ""));
    (fresh(), vec![0.0], 1.0)
}

/// REQ-PRO-111: force, calcium and what fatigue moves, in 19 trains of Ding 2003, Ding 2007, Hmed 2018 and Marion 2009.
#[test]
fn trains_agree_with_scipy() {
    let (mut names, mut current) = (0, String::new());
    let (mut muscle, mut left, mut weight, mut now) = (fresh(), Vec::new(), 1.0, 0.0);
    for line in rows(FORCE) {
        let name = line.split(',').next().unwrap();
        if name != current {
            (muscle, left, weight) = run(name);
            (current, now, names) = (name.to_owned(), 0.0, names + 1);
        }
        let row = numbers(line, 1);
        go(&mut muscle, &mut now, &mut left, row[0], weight);
        agree(state(&muscle), &row[1..], 1e-5, &format!("{name} at {} s", row[0]));
    }
    assert_eq!(names, 19);
}

/// REQ-PRO-111: 90 contractions and 300 s of recovery.
#[test]
fn fatigue_agrees_with_scipy() {
    let mut left: Vec<f64> =
        (0..90).flat_map(|c| onsets(33.0, 1.0).into_iter().map(move |at| 2.0 * f64::from(c) + at)).collect();
    let (mut muscle, mut now, mut seen) = (tiring(), 0.0, 0);
    for line in rows(FATIGUE) {
        let row = numbers(line, 0);
        go(&mut muscle, &mut now, &mut left, row[0], 1.0);
        agree(state(&muscle), &row[1..], 1e-4, &format!("at {} s", row[0]));
        seen += 1;
    }
    assert_eq!((seen, left.len()), (93, 0));
}

/// REQ-PRO-111: fitness, whose closed form is against an integration.
#[test]
fn fitness_agrees_with_scipy() {
    let mut fitness = data::RIENER_FITNESS.model::<f64>().unwrap();
    for line in rows(FITNESS) {
        let row = numbers(line, 0);
        fitness.advance(row[0], row[1]).unwrap();
        assert!((fitness.level() - row[2]).abs() < 2e-9, "{line}");
    }
}

/// REQ-PRO-100: the exact update against Euler's in steps of 1 µs, with unequal gaps and weights.
#[test]
fn calcium_is_exact() {
    let pulses = [(0.0, 1.0), (0.005, 1.0), (0.030, 0.4), (0.061, 1.2), (0.200, 1.0)];
    let (tc, r0, step) = (0.020, 1.143, 1e-6);
    let mut exact = Calcium::<f64>::new(tc).unwrap();
    let (mut cn, mut sum, mut before, mut done) = (0.0, 0.0, None::<f64>, 0);
    for i in 0..300_000_u32 {
        let now = f64::from(i) * step;
        if let Some((at, weight)) = pulses.get(done).filter(|(at, _)| *at <= now + step / 2.0) {
            exact.advance(at - before.unwrap_or(0.0)).unwrap();
            exact.pulse(*weight, r0).unwrap();
            sum += weight * before.map_or(1.0, |last| 1.0 + (r0 - 1.0) * (-(at - last) / tc).exp());
            (before, done) = (Some(*at), done + 1);
        }
        (cn, sum) = (cn + step * (sum - cn) / tc, sum - step * sum / tc);
    }
    exact.advance(0.300 - 0.200).unwrap();
    assert_eq!(done, pulses.len());
    assert!((exact.level() - cn).abs() < 2e-5, "{} against {cn}", exact.level());
}

/// REQ-PRO-100: however a time is split, calcium is the same; one pulse peaks at 1/e; a long train has the mean f·tc·R.
#[test]
fn calcium_closed_forms() {
    let mut whole = Calcium::<f64>::new(0.020).unwrap();
    whole.pulse(1.0, 1.143).unwrap();
    let mut split = whole;
    whole.advance(0.020).unwrap();
    for _ in 0..2_000 {
        split.advance(0.000_01).unwrap();
    }
    assert!((whole.level() - split.level()).abs() < 1e-12);
    assert!((whole.level() - (-1.0f64).exp()).abs() < 1e-15);
    for (rate, mean) in [(50.0, 1.05), (100.0, 2.17)] {
        let mut calcium = Calcium::<f64>::new(0.020).unwrap();
        let mut sum = 0.0;
        for pulse in 0..200 {
            calcium.pulse(1.0, 1.143).unwrap();
            for _ in 0..100 {
                calcium.advance(0.01 / rate).unwrap();
                sum += if pulse < 100 { 0.0 } else { calcium.level() / 10_000.0 };
            }
        }
        assert!(close(sum, mean, 0.01), "{sum}");
        assert!((calcium.steady_mean(rate, 1.143).unwrap() - sum).abs() < 1e-3);
    }
}
