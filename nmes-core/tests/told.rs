//! What a plan or an engine tells of a session, against what comes out.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::*;
use nmes_core::*;

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

fn point(permille: i16, width: u32) -> Point {
    Point { permille, width: us(width) }
}

/// A plan for one output and a clock of its own.
fn plan_for<R>(
    channel: Channel<'_>,
    output: ChannelHardware,
    (hz, min_edge_ticks): (u32, u32),
    then: impl FnOnce(Result<Plan<'_>, ConfigError>) -> R,
) -> R {
    let channels = [channel];
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
    let timing = HardwareTiming { min_edge_ticks, ..HardwareTiming::ideal(hz) };
    then(Plan::compile(&session, &Hardware::new(timing, &[output], 0).unwrap()))
}

/// REQ-CORE-171: the length of a custom pulse, and of its last point, which pays the others back and is made longer or shorter for it,
/// are told as they are put out, repeated or not.
#[test]
fn lengths_of_points_are_those_put_out() {
    let (wide, weak) = ([point(1_000, 200), point(-300, 667)], [point(1_000, 100), point(-50, 2_000)]);
    let cases: [&[Point]; 2] = [&wide, &weak];
    let (mut longer, mut shorter) = (0, 0);
    for (points, count) in cases.into_iter().flat_map(|points| [(points, 1), (points, 3)]) {
        for gain in [100_000, 250_000, 500_000, 1_000_000] {
            for clock in [(10_000, 2), (100_000, 10), (1_000_000, 100)] {
                let width = points.iter().map(|p| p.width.as_micros()).sum();
                let set = Setting::new(10_000, width).unwrap();
                let repeat = Repeat { count, gap: us(400) };
                let pulse = PulseShape { form: Form::Points(points), repeat, ..PulseShape::default() };
                let channel = Channel { pulse, set, ceiling: set, ..plain() };
                let output = ChannelHardware::symmetric(gain, -2_048, 2_047);
                plan_for(channel, output, clock, |plan| {
                    let Ok(plan) = plan else { return };
                    let frame = plan.frame(0, set, 0).unwrap();
                    let gaps = u64::from(count - 1) * u64::from(plan.channel(0).unwrap().repeat_gap_ticks());
                    let ns = |ticks: u64| ticks * 1_000_000_000 / u64::from(clock.0);
                    let whole = (frame.length_ticks() - gaps) / u64::from(count);
                    let first = u64::from(frame.segment(0).unwrap().ticks);
                    let report = plan.rounding(0).unwrap();
                    let told = |field| report.rows().iter().filter(move |row| row.field == field);
                    let lengths = |field| told(field).map(|row| row.realised).collect::<Vec<_>>();
                    assert_eq!(lengths(Field::PhaseWidth), [ns(whole)], "{gain} nA at {clock:?}");
                    assert_eq!(lengths(Field::PointWidth), [ns(first), ns(whole - first)]);
                    let last = told(Field::PointWidth).last().unwrap();
                    longer += u32::from(last.error() > i64::from(1_000_000_000 / clock.0));
                    shorter += u32::from(last.error() < -i64::from(1_000_000_000 / clock.0));
                });
            }
        }
    }
    assert!(longer > 0 && shorter > 0, "{longer} and {shorter}");
}
