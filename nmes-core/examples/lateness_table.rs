//! What edges that are late leave, against L, and where `compile` refuses. Prints Markdown.
//!
//! `./ci.sh tables` compares the output with `docs/lateness-table.md`.
#![allow(
    unreachable_pub,
    clippy::arithmetic_side_effects,
    reason = "a program on the host: an overflow here ends it with a message"
)]

mod common;

use common::{Asked, Ended, asymmetric, nanocoulombs, random, run, symmetric, with_plan};
use nmes_core::*;

const INTRO: &str = "\
# What late edges leave

Made by `NMES_TABLES=write ./ci.sh tables`; `./ci.sh tables` fails when the engine does otherwise.

L is the most an edge may be late. Commanded charge on a virtual clock of 1 MHz, 0.1 mA a code. Worst seen: over 300 trains
of a quarter of a second with each edge 0 to L late at random, and 256 with every pattern of eight edges on time or late by
L. The bounds are those of REQ-INV-03: after a pulse two balancing codes × L, or all changes of its level × L where no edge is moved;
one code × L at the end of a train. Later than L is a fault, and no part of this.

## Residual against L
";

/// There and back three times, each for as long.
const TURNS: [Point; 6] = {
    const fn point(permille: i16) -> Point {
        let width = match Micros::from_micros(200) {
            Some(width) => width,
            None => Micros::ZERO,
        };
        Point { permille, width }
    }
    [point(1_000), point(-1_000), point(1_000), point(-1_000), point(1_000), point(-1_000)]
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Trains with random lateness, beside those with every pattern of eight edges that are on time or late by L.
const TRAINS: u64 = 300;

/// The worst of many trains of a quarter of a second.
fn worst(asked: &Asked, late: u32) -> Result<Ended> {
    with_plan(asked, 250, late, |plan| {
        let mut worst = Ended::default();
        let mut take = |ended: Ended| {
            worst.after_a_pulse = worst.after_a_pulse.max(ended.after_a_pulse);
            worst.left = worst.left.max(ended.left.saturating_abs());
            worst.to_rest = worst.to_rest.max(ended.to_rest);
            worst.trims = worst.trims.max(ended.trims);
        };
        for seed in 0..TRAINS {
            take(run(plan, None, random(late, seed * 77 + 1))?);
        }
        for pattern in 0..256_u32 {
            let mut edge = 0_u32;
            take(run(plan, None, || {
                edge += 1;
                if pattern.rotate_right(edge % 8) & 1 == 1 { u64::from(late) } else { 0 }
            })?);
        }
        Ok(worst)
    })?
}

/// The strongest balancing code of a pulse at full level, and by how many codes its levels change.
fn codes(asked: &Asked) -> Result<(i64, i64)> {
    Ok(with_plan(asked, 250, 0, |plan| {
        let set = Setting::new(asked.ua, asked.us).unwrap_or_default();
        let frame = plan.frame(0, set, 0);
        let code = |s: Segment| s.level.current_na(&common::DAC) / 100_000;
        let codes: Vec<i64> = frame.iter().flat_map(PulseFrame::segments).map(code).chain([0]).collect();
        let from = [0].iter().chain(&codes);
        let changes = from.zip(&codes).map(|(one, other)| (one - other).abs()).sum();
        (codes.iter().min().map_or(0, |code| code.abs()), changes)
    })?)
}

fn residuals(name: &str, pulse: PulseShape<'static>) -> Result<()> {
    let us = if let Form::Points(points) = pulse.form {
        points.iter().map(|point| point.width.as_micros()).sum()
    } else {
        200
    };
    let asked = Asked { ua: 40_000, us, hz: 40, pulse };
    let (code, changes) = codes(&asked)?;
    println!("\n### {name}: 40 mA, {us} µs, 40 Hz, balancing level {code} codes\n");
    println!(
        "| L | after a pulse, bound | worst seen | at the end, bound | worst seen | trims | at rest after |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    for late in [0, 1, 2, 5, 10, 15, 20, 21] {
        if let Err(error) = with_plan(&asked, 250, late, |_| ()) {
            println!("| {late} µs | refused: {error} | | | | | |");
            continue;
        }
        let ended = worst(&asked, late)?;
        let nc = |fc: i64| nanocoulombs(fc);
        let left = if matches!(pulse.form, Form::Points(_)) { changes } else { 2 * code };
        let (each, end) = (left * i64::from(late) * 100_000, i64::from(late) * 100_000);
        println!(
            "| {late} µs | {} nC | {} nC | {} nC | {} nC | {} | {} µs |",
            nc(each),
            nc(i64::try_from(ended.after_a_pulse)?),
            nc(end),
            nc(ended.left),
            ended.trims,
            ended.to_rest
        );
    }
    Ok(())
}

/// The largest L that is taken, and why the next is not.
fn limits(name: &str, asked: &Asked) {
    let first = (0..=10_000).find_map(|late| Some((late, with_plan(asked, 250, late, |_| ()).err()?)));
    let (most, reason) = match first {
        Some((0, error)) => ("none".to_owned(), error.to_string()),
        Some((late, error)) => (format!("{} µs", late - 1), error.to_string()),
        None => ("10 ms".to_owned(), String::new()),
    };
    let Asked { ua, us, hz, .. } = asked;
    println!(
        "| {name} | {} mA | {us} µs | {hz} Hz | {most} | {reason} |",
        nanocoulombs(i64::from(*ua) * 1_000)
    );
}

fn refusals() {
    println!("\n## Where `compile` refuses\n");
    println!("The largest L that is taken on this output, and what is said of one microsecond more.\n");
    println!("| pulse | amplitude | width | rate | L up to | then |");
    println!("|---|---:|---:|---:|---:|---|");
    let (even, long) = (symmetric(100), asymmetric(100, 400));
    for us in [25, 50, 100, 200, 300, 500] {
        limits("symmetric", &Asked { ua: 40_000, us, hz: 40, pulse: even });
    }
    for us in [100, 200, 300] {
        limits("asymmetric, 4 times as long", &Asked { ua: 40_000, us, hz: 40, pulse: long });
    }
    for ua in [100, 200, 1_000] {
        limits("symmetric", &Asked { ua, us: 300, hz: 40, pulse: even });
    }
    for hz in [100, 200, 300, 500, 1_000] {
        limits("symmetric", &Asked { ua: 40_000, us: 300, hz, pulse: even });
    }
    let apart = |us| Repeat { count: 2, gap: Micros::from_micros(us).unwrap_or_default() };
    for us in [200, 1_000] {
        let pulse = PulseShape { repeat: apart(us), ..even };
        limits(&format!("doublet, {us} µs apart"), &Asked { ua: 40_000, us: 300, hz: 40, pulse });
    }
    let pulse = PulseShape { form: Form::Triphasic { outer_percent: 50 }, ..even };
    limits("triphasic, outer 50 %", &Asked { ua: 40_000, us: 300, hz: 40, pulse });
}

fn main() -> Result<()> {
    print!("{INTRO}");
    residuals("Symmetric", symmetric(100))?;
    residuals("Balancing phase 4 times as long", asymmetric(100, 400))?;
    residuals(
        "Six custom points, 1 and -1 in turn",
        PulseShape { form: Form::Points(&TURNS), ..symmetric(0) },
    )?;
    refusals();
    Ok(())
}
