//! Limits of a plan by its own figures: what the set value alone is refused for, and lengths that lateness makes longer.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::{DAC, ms, plain};
use nmes_core::*;

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

fn on<R>(
    channel: Channel<'_>,
    timing: HardwareTiming,
    output: ChannelHardware,
    then: impl FnOnce(Result<&ChannelPlan<'_>, ConfigError>) -> R,
) -> R {
    let channels = [channel];
    let session = Session::new(&channels, Schedule::Continuous, ms(60_000)).unwrap();
    let plan = Plan::compile(&session, &Hardware::new(timing, &[output], 0).unwrap());
    match &plan {
        Ok(plan) => then(Ok(plan.channel(0).unwrap())),
        Err(error) => then(Err(*error)),
    }
}

fn refused(
    channel: Channel<'_>,
    timing: HardwareTiming,
    output: ChannelHardware,
) -> Option<(Field, i64, i64)> {
    on(channel, timing, output, |plan| {
        let error = plan.err()?;
        let (ConfigError::Above { field, value, limit, .. } | ConfigError::Below { field, value, limit, .. }) =
            error
        else {
            panic!("{error}")
        };
        Some((field, value, limit))
    })
}

fn ideal() -> HardwareTiming {
    HardwareTiming::ideal(1_000_000)
}

fn late(late_max_ticks: u32) -> HardwareTiming {
    HardwareTiming { late_max_ticks, ..ideal() }
}

/// REQ-CORE-85, REQ-INV-09: the set value is refused for itself, where its ceiling would be taken: too weak, too short, too little charge
/// for its closing.
#[test]
fn the_set_value_is_refused_for_itself() {
    let ceiling = Setting::new(40_000, 400).unwrap();
    let of = |ua, width| Channel { set: Setting::new(ua, width).unwrap(), ceiling, ..plain() };
    assert_eq!(refused(of(49, 300), ideal(), DAC), Some((Field::AmplitudeCodes, 0, 1)));
    assert_eq!(refused(of(50, 300), ideal(), DAC), None);
    let slow = HardwareTiming { min_edge_ticks: 50, ..ideal() };
    assert_eq!(refused(of(40_000, 49), slow, DAC), Some((Field::PhaseTicks, 49, 50)));
    assert_eq!(refused(of(40_000, 50), slow, DAC), None);
    assert_eq!(refused(of(100, 200), late(20), DAC), Some((Field::ClosingCharge, 20, 10)));
    assert_eq!(refused(of(200, 200), late(20), DAC), None);
}

/// REQ-INV-03: the period holds the longest pulse, its worst stretch, the trims after it and the turn to the next, to the tick, whatever
/// the pulse is made of.
#[test]
fn the_period_holds_all_that_may_follow() {
    let asymmetric = PulseShape { balance: Balance::Asymmetric { length_percent: 300 }, ..plain().pulse };
    let repeated = PulseShape { repeat: Repeat { count: 3, gap: us(2_000) }, ..plain().pulse };
    for pulse in [plain().pulse, asymmetric, repeated] {
        for timing in
            [ideal(), late(15), HardwareTiming { stamp_error_ticks: 2, min_edge_ticks: 5, ..late(9) }]
        {
            let channel = Channel { pulse, ..plain() };
            let needed = on(channel, timing, DAC, |plan| {
                let plan = plan.unwrap();
                let turn = u64::from(timing.min_edge_ticks.max(1));
                plan.longest_ticks() + plan.stretch_ticks() + plan.trim_ticks() + turn
            });
            let rate = |period: u64| Rate::new(1, u32::try_from(period).unwrap()).unwrap();
            let value = i64::try_from(needed).unwrap();
            let short = refused(Channel { rate: rate(needed - 1), ..channel }, timing, DAC);
            assert_eq!(short, Some((Field::PulseLength, value, value - 1)), "{pulse:?} {timing:?}");
            assert_eq!(refused(Channel { rate: rate(needed), ..channel }, timing, DAC), None);
        }
    }
}

/// REQ-INV-03: between two repeats there is room for the worst stretch of the one before and a least segment, to the tick; with no edge
/// late there need not be.
#[test]
fn the_gap_of_repeats_holds_what_late_edges_owe() {
    let of = |gap| {
        let repeat = Repeat { count: 3, gap: us(gap) };
        Channel { pulse: PulseShape { repeat, ..plain().pulse }, ..plain() }
    };
    let least = on(of(2_000), late(15), DAC, |plan| plan.unwrap().stretch_ticks()) + 1 + 15;
    let gap = u32::try_from(least).unwrap();
    let value = i64::from(gap);
    assert_eq!(refused(of(gap - 1), late(15), DAC), Some((Field::InterphaseGap, value - 1, value)));
    assert_eq!(refused(of(gap), late(15), DAC), None);
    assert_eq!(refused(of(gap - 1), ideal(), DAC), None);
}

/// REQ-CORE-07, REQ-CORE-08: a gap is the dead time and all by which its two edges, as stamped, may come nearer: L + 2 ε.
#[test]
fn a_gap_holds_the_dead_time_and_what_stamps_are_off() {
    for (lateness, error) in [(0, 0), (9, 0), (9, 3), (0, 3)] {
        let timing = HardwareTiming { dead_ticks: 40, stamp_error_ticks: error, ..late(lateness) };
        let channel = Channel { pulse: PulseShape::default(), ..plain() };
        let gap = on(channel, timing, DAC, |plan| plan.unwrap().gap_ticks());
        assert_eq!(gap, 40 + lateness + 2 * error, "{lateness} {error}");
    }
}

/// REQ-CORE-81: how long trims may take does not depend on which polarity has the larger range of codes.
#[test]
fn the_time_of_trims_is_that_of_the_larger_range() {
    let of = |code_min, code_max, leading| {
        let output = ChannelHardware { code_min, code_max, ..DAC };
        let channel = Channel { pulse: PulseShape { leading, ..plain().pulse }, ..plain() };
        on(channel, late(15), output, |plan| plan.unwrap().trim_ticks())
    };
    let most = of(-30_000, 30_000, Polarity::Positive);
    for leading in [Polarity::Positive, Polarity::Negative] {
        assert_eq!([of(-30_000, 500, leading), of(-500, 30_000, leading)], [most; 2], "{leading:?}");
        assert!(of(-500, 500, leading) < most);
    }
}

/// REQ-CORE-81: the outer phase of a triphasic pulse counts in the stretch by what it drives: with a gain that is half as large in its
/// polarity it is half of it, whichever polarity leads.
#[test]
fn the_stretch_of_a_triphasic_pulse_goes_by_charge() {
    let of = |positive, negative, leading| {
        let output =
            ChannelHardware { na_per_code_positive: positive, na_per_code_negative: negative, ..DAC };
        let pulse = PulseShape { form: Form::Triphasic { outer_percent: 30 }, leading, ..plain().pulse };
        let rate = Rate::from_hz(10).unwrap();
        let set = Setting::new(40_000, 1_000).unwrap();
        let channel = Channel { pulse, rate, set, ceiling: set, ..plain() };
        on(channel, late(5), output, |plan| plan.unwrap().stretch_ticks())
    };
    // outer phases of 60 % and of 15 % of the main charge: 3 · 160 / (2 · 40) + 1 = 7, and 3 · 115 / (2 · 85) + 1 = 4, each 4 times
    let stretch = |weaker: u64| 5 * (weaker * 4 + 1 + 2) + 2;
    assert_eq!(of(100_000, 200_000, Polarity::Positive), stretch(7));
    assert_eq!(of(200_000, 100_000, Polarity::Negative), stretch(7));
    assert_eq!(of(200_000, 100_000, Polarity::Positive), stretch(4));
    assert_eq!(of(100_000, 200_000, Polarity::Negative), stretch(4));
}

/// REQ-CORE-80, REQ-INV-09: a point of the other polarity is within the range of that, also where it is stronger than the last one,
/// which pays back; whichever polarity leads.
#[test]
fn a_point_is_within_the_range_of_its_polarity() {
    let points = [(1_000, 100), (-1_000, 50), (-250, 200)];
    let points = points.map(|(permille, width)| Point { permille, width: us(width) });
    let set = Setting::new(40_000, 350).unwrap();
    for (range, fits) in [(300, false), (391, false), (392, true), (400, true)] {
        for leading in [Polarity::Positive, Polarity::Negative] {
            let pulse = PulseShape { form: Form::Points(&points), leading, ..PulseShape::default() };
            let channels = [Channel { pulse, set, ceiling: set, ..plain() }];
            let (code_min, code_max) =
                if leading == Polarity::Positive { (-range, 2_047) } else { (-2_047, range) };
            let output = ChannelHardware { code_min, code_max, ..DAC };
            let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
            let plan = Plan::compile(&session, &Hardware::new(ideal(), &[output], 0).unwrap());
            assert_eq!(plan.is_ok(), fits, "{range} {leading:?}");
            let Ok(plan) = plan else { continue };
            let codes = |s: Segment| if let Level::Code(code) = s.level { code } else { 0 };
            let levels: Vec<i32> = plan.frame(0, set, 0).unwrap().segments().map(codes).collect();
            assert!(levels.iter().all(|code| (code_min..=code_max).contains(code)), "{levels:?}");
        }
    }
}

/// REQ-CORE-45: a sweep that is too fast by less than a thousandth of a pulse a second is told so: the value is above the limit.
#[test]
fn a_rate_that_is_too_fast_reads_so() {
    let third = |us| Rate::new(1, us).unwrap();
    let over = ms(1_000);
    for (from, to) in [(third(2_999_999), third(6_000_000)), (third(6_000_000), third(2_999_999))] {
        let timing = Timing::Sweep(Sweep { from, to, over, law: SweepLaw::Linear });
        let channel =
            Channel { rate: third(3_000_000), train: Train { timing, ..Train::default() }, ..plain() };
        assert_eq!(refused(channel, ideal(), DAC), Some((Field::SweepRate, 334, 333)));
    }
}
