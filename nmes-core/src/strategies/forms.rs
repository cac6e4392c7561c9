//! Forms, timings and programmes that hold slices: made once from small numbers, so that a case is a few numbers, shrinks
//! and leaks nothing while it is repeated.

use super::random;
use crate::*;
use std::prelude::v1::*;
use std::sync::OnceLock;
use std::vec;

/// How many of each there are.
pub(super) const MADE: usize = 2_048;

fn made<T>(
    store: &'static OnceLock<Vec<Vec<T>>>,
    make: impl Fn(u64) -> Vec<T>,
    number: usize,
) -> &'static [T] {
    let all = store.get_or_init(|| (0..MADE as u64).map(make).collect());
    &all[number % MADE]
}

/// Custom points that sum to zero by construction: all but the last at random, the last one as long as they need. Lower
/// numbers are simpler.
pub(super) fn points(number: usize) -> &'static [Point] {
    static STORE: OnceLock<Vec<Vec<Point>>> = OnceLock::new();
    made(&STORE, balanced_points, number)
}

fn balanced_points(number: u64) -> Vec<Point> {
    let mut draw = random(u32::MAX - 1, number.wrapping_mul(0x9e37_79b9) ^ 0x70);
    let count = 1 + (draw() % 15).min(number / 64);
    let us = |n: u64| Micros::from_micros(n as u32).unwrap();
    let mut points = vec![Point { permille: 1_000, width: us(60 + draw() % 200) }];
    let mut charge = i64::from(points[0].width.as_micros()) * 1_000;
    for _ in 1..count {
        let (permille, width) = ((draw() % 2_001) as i64 - 1_000, 60 + draw() % 200);
        // a few rest, the others drive noticeably
        let permille = if permille.abs() < 60 { 0 } else { permille };
        charge += permille * width as i64;
        points.push(Point { permille: permille as i16, width: us(width) });
    }
    if charge.abs() < 30_000 {
        points.push(Point { permille: 1_000, width: us(300) });
        points.remove(usize::from(points.len() > 15));
        charge = points.iter().map(|p| i64::from(p.permille) * i64::from(p.width.as_micros())).sum();
    }
    points.push(paying(charge, 100 + draw() % 800));
    points
}

/// The point that pays `charge` back at about `permille`: the width is whole, and the level is right to its rounding.
fn paying(charge: i64, permille: u64) -> Point {
    let width = (charge.unsigned_abs() / permille).max(60);
    let half = (width / 2) as i64 * charge.signum();
    let level = -((charge + half) / width as i64) as i16;
    Point { permille: level, width: Micros::from_micros(width as u32).unwrap() }
}

/// The same with a dead time: a rest after every point that another polarity follows.
pub(super) fn resting_points(number: usize) -> &'static [Point] {
    static STORE: OnceLock<Vec<Vec<Point>>> = OnceLock::new();
    made(&STORE, |n| with_rests(points(n as usize)), number)
}

fn with_rests(points: &[Point]) -> Vec<Point> {
    let rest = Point { permille: 0, width: Micros::from_micros(120).unwrap() };
    let Some((last, body)) = points.split_last() else { return vec![] };
    let body = body.iter().take(7).flat_map(|p| [*p, rest]);
    let mut all: Vec<_> = body.collect();
    let charge = all.iter().map(|p| i64::from(p.permille) * i64::from(p.width.as_micros())).sum::<i64>();
    if charge.abs() < 30_000 {
        return vec![points[0], rest, Point { permille: -points[0].permille, ..points[0] }];
    }
    all.push(paying(charge, u64::from(last.permille.unsigned_abs()).max(100)));
    all
}

/// A table: one of the crate's shapes, or random levels.
pub(super) fn table(number: usize) -> &'static [i16] {
    static STORE: OnceLock<Vec<Vec<i16>>> = OnceLock::new();
    match number {
        0 => &shapes::TRIANGULAR,
        1 => &shapes::SAWTOOTH,
        2 => &shapes::EXPONENTIAL,
        3 => &shapes::HALF_SINE,
        _ => made(&STORE, random_table, number),
    }
}

fn random_table(number: u64) -> Vec<i16> {
    let mut draw = random(u32::MAX - 1, number.wrapping_mul(0x51_7cc1) ^ 0x7a);
    let count = 2 + draw() % 12;
    let mut levels: Vec<_> = (0..count).map(|_| (draw() % 16_385) as i16).collect();
    levels[0] = levels[0].max(4_000);
    levels
}

/// Intervals of at least a tenth of a second, or at least a second.
pub(super) fn intervals(number: usize, slow: bool) -> &'static [Micros] {
    static FAST: OnceLock<Vec<Vec<Micros>>> = OnceLock::new();
    static SLOW: OnceLock<Vec<Vec<Micros>>> = OnceLock::new();
    if slow {
        made(&SLOW, |n| random_intervals(n, 1_000_000), number)
    } else {
        made(&FAST, |n| random_intervals(n, 100_000), number)
    }
}

fn random_intervals(number: u64, least: u32) -> Vec<Micros> {
    let mut draw = random(u32::MAX - 1, number ^ 0x11);
    let count = 1 + draw() % 6;
    (0..count).map(|_| Micros::from_micros(least + (draw() % 90_000) as u32).unwrap()).collect()
}

/// Warm-up, work and cool-down, of up to four stages; with rates of their own, of up to 2 Hz, or with none. The first one is
/// a plain contraction.
pub(super) fn stages(number: usize, rates: bool) -> &'static [Stage] {
    static WITH: OnceLock<Vec<Vec<Stage>>> = OnceLock::new();
    static WITHOUT: OnceLock<Vec<Vec<Stage>>> = OnceLock::new();
    if rates {
        made(&WITH, |n| random_stages(n, true), number)
    } else {
        made(&WITHOUT, |n| random_stages(n, false), number)
    }
}

fn random_stages(number: u64, rates: bool) -> Vec<Stage> {
    let mut draw = random(u32::MAX - 1, number ^ 0x57a6e);
    let ms = |n: u64| Millis::from_millis(n as u32).unwrap();
    if number == 0 {
        let cycle = Cycle { hold: ms(100), rest: ms(100) };
        return vec![Stage { cycle, repeats: 1, level_permille: 1_000, rate: None }];
    }
    let count = 1 + draw() % 4;
    let stage = |_| {
        let cycle = Cycle { hold: ms(1 + draw() % 250), rest: ms(draw() % 250) };
        let rate = (draw().is_multiple_of(2) && rates)
            .then(|| Rate::from_millihertz(200 + (draw() % 1_800) as u32).unwrap());
        let full = draw().is_multiple_of(3);
        let level_permille = if full { 1_000 } else { 1 + (draw() % 1_000) as u16 };
        Stage { cycle, repeats: 1 + (draw() % 2) as u16, level_permille, rate }
    };
    (0..count).map(stage).collect()
}
