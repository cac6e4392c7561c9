//! Every form of a pulse against what the check counts with.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test stops at the first surprise"
)]

mod check_support;
mod forms_support;

use check_support::{Case, config};
use forms_support::{Pulse, coarse, dacs, few_ticks, is_late_beyond_core, pulses, reference, timings, us};
use nmes_core::*;
use nmes_safety::{PulseMetrics, assess, rules};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

#[derive(Clone, Copy, Debug)]
struct Input {
    pulse: Pulse,
    ua: u32,
    rate: u32,
    gap_us: u32,
    negative: bool,
    dac: ChannelHardware,
    timing: HardwareTiming,
}

prop_compose! {
    fn inputs()(
        pulse in pulses(), ua in 500_u32..140_000, rate in 1_u32..60, gap_us in 0_u32..300,
        negative in any::<bool>(), dac in dacs(), timing in timings(),
    ) -> Input {
        Input { pulse, ua, rate, gap_us, negative, dac, timing }
    }
}

impl Input {
    fn case(&self) -> Case {
        Case {
            form: self.pulse.form,
            repeat: self.pulse.repeat,
            balance: self.pulse.balance,
            gap_us: self.gap_us,
            dac: self.dac,
            timing: self.timing,
            leading: if self.negative { Polarity::Negative } else { Polarity::Positive },
            schedule: Schedule::Continuous,
            length_ms: 1_000,
            up_down_min: (0, 0, 0),
            ..Case::pulse(self.ua, self.pulse.width_us, self.rate)
        }
    }
}

fn setting(case: &Case, amplitude: u32, width: u32) -> Setting {
    let us = if matches!(case.form, Form::Points(_)) {
        case.ceiling.1
    } else {
        (case.ceiling.1 * width).div_ceil(1_000)
    };
    Setting::new((case.ceiling.0 * amplitude).div_ceil(1_000), us).unwrap()
}

/// What the check counts with, the sums of the frame at a setting, and the rate.
fn both(case: &Case, setting: Setting) -> Option<(PulseMetrics, PulseMetrics, Rate)> {
    let seen = case.try_plan(|plan| {
        let frame = plan.frame(0, setting, 0)?;
        let sums = PulseMetrics::of_frame(&plan, &frame)?;
        reference(&frame, case, &sums);
        Some((PulseMetrics::worst(&plan, 0)?, sums, plan.channel(0)?.rate()))
    });
    seen.ok().flatten()
}

/// Each quantity that a rule looks at, with its name.
fn quantities(pulse: &PulseMetrics, rate: Rate) -> [(&'static str, u128); 12] {
    [
        ("peak", pulse.peak_ua().into()),
        ("primary charge", pulse.primary_charge_pc().into()),
        ("phase charge", pulse.phase_charge_pc().into()),
        ("absolute charge", pulse.absolute_charge_pc().into()),
        ("mean square", pulse.mean_square_na2(rate)),
        ("mean absolute", pulse.mean_absolute_ua(rate).into()),
        ("energy", pulse.energy_uj(500).into()),
        ("short energy", pulse.short_energy_uj(500).into()),
        ("primary width", pulse.primary_us().into()),
        ("long peak", pulse.long_peak_ua().unwrap_or(0).into()),
        ("direct current", pulse.mean_dc_ua(rate).into()),
        ("peak voltage", pulse.peak_mv(500).into()),
    ]
}

/// A pulse at a setting against the worst.
fn within(input: &Input, amplitude: u32, width: u32) -> Result<(), TestCaseError> {
    let case = input.case();
    let Some((worst, pulse, rate)) = both(&case, setting(&case, amplitude, width)) else {
        return Err(TestCaseError::reject("no pulse"));
    };
    let balanced = case.balance.is_balanced();
    for ((name, most), (_, value)) in quantities(&worst, rate).into_iter().zip(quantities(&pulse, rate)) {
        // a balanced pulse leaves less than a code × a tick each repeat
        let carried = name == "direct current" && balanced;
        prop_assert!(carried || value <= most, "{}: {} > {}", name, value, most);
    }
    Ok(())
}

/// The worst against the pulse at the ceiling.
fn tight(input: &Input) -> Result<(), TestCaseError> {
    let case = input.case();
    let dac = ChannelHardware::symmetric(case.dac.na_per_code_positive, -1_000_000, 1_000_000);
    let timing = HardwareTiming { late_max_ticks: 0, stamp_error_ticks: 0, ..case.timing };
    let case = Case { dac, timing, ..case };
    let Some((worst, pulse, rate)) = both(&case, setting(&case, 1_000, 1_000)) else {
        return Err(TestCaseError::reject("no pulse"));
    };
    prop_assume!(case.ceiling.0 * 1_000 >= dac.na_per_code_positive * 50 && !coarse(&case));
    prop_assume!(!few_ticks(&case));
    for ((name, most), (_, value)) in quantities(&worst, rate).into_iter().zip(quantities(&pulse, rate)) {
        // a rest within a phase counts as part of it, and so does a last point that few codes may turn round
        let rests = match case.form {
            Form::Points(points) => points.len() > 2,
            Form::Table(levels) => levels.iter().any(|level| *level < 1_000),
            _ => false,
        };
        // points that declare a direct current may leave next to none, less than their rounding
        let left = matches!((case.form, case.balance), (Form::Points(_), Balance::DeclaredDc { .. }));
        // zeros at the ends of a table part its repeats, where there is nothing else between them
        let joined = case.repeat.count > 1 && !case.balance.is_balanced();
        let looser = (name.starts_with("primary") && (rests || joined))
            || (left && ["direct current", "phase charge"].contains(&name));
        // 16 ticks that a balancing part may be wider
        let widened = if name == "primary width" { 64 } else { 8 };
        prop_assert!(looser || most * 4 <= value * 5 + widened, "{}: {} against {}", name, most, value);
    }
    Ok(())
}

/// Points of round figures, whose last one nearly cancels the others or is as strong as any: where codes and ticks turn it
/// round, or widen it.
fn pointed() -> impl Strategy<Value = Pulse> {
    let levels = prop::sample::select(vec![1_i16, 2, 5, 10, 50, 100, 250, 333, 500, 900, 999, 1_000]);
    let widths = prop::sample::select(vec![20_u32, 30, 37, 50, 60, 100, 150, 200, 250]);
    let body = prop::collection::vec((levels, any::<bool>(), widths), 1..5);
    (body, any::<prop::sample::Index>(), 1_u16..4).prop_map(|(body, which, count)| {
        let body = body.into_iter().map(|(level, up, width)| (if up { level } else { -level }, width));
        let mut points: Vec<(i16, u32)> = body.collect();
        let sum: i32 = points.iter().map(|&(level, width)| i32::from(level) * width as i32).sum();
        let fits = |width: &i32| sum != 0 && sum % width == 0 && (sum / width).abs() <= 1_000;
        let fitting: Vec<i32> = (10..600).filter(fits).collect();
        if fitting.is_empty() {
            points = vec![(999, 37), (-999, 37)];
        } else {
            let last = *which.get(&fitting);
            points.push(((-sum / last) as i16, last as u32));
        }
        let width_us = points.iter().map(|point| point.1).sum();
        let points: Vec<Point> =
            points.into_iter().map(|(permille, width)| Point { permille, width: us(width) }).collect();
        let form = Form::Points(Box::leak(points.into_boxed_slice()));
        Pulse { form, balance: Balance::Symmetric, repeat: Repeat { count, gap: Micros::ZERO }, width_us }
    })
}

prop_compose! {
    fn pointed_inputs()(
        pulse in pointed(), ua in 20_000_u32..130_000, gains in (50_000_u32..400_000, 850_u32..1_180, any::<bool>()),
        negative in any::<bool>(), late in prop::sample::select(vec![0_u32, 0, 1, 5]), spacing in 1_u32..4,
        hz in prop::sample::select(vec![333_333_u32, 1_000_000, 16_000_000]), offset in -400_i32..400,
    ) -> Input {
        let (gain, permille, even) = gains;
        let exact = ChannelHardware::symmetric(gain, -1_000_000, 1_000_000);
        let other = (u64::from(gain) * u64::from(permille) / 1_000) as u32;
        let offset_na = gain.min(other) as i32 / 1_000 * offset;
        let uneven = ChannelHardware { na_per_code_negative: other, offset_na, ..exact };
        let dac = if even { exact } else { uneven };
        let late_max_ticks = if late == 0 { 0 } else { late.max(spacing) };
        let timing = HardwareTiming { late_max_ticks, min_edge_ticks: spacing, ..HardwareTiming::ideal(hz) };
        Input { pulse, ua, rate: 5, gap_us: 0, negative, dac, timing }
    }
}

proptest! {
    #![proptest_config(config(3_000))]

    /// REQ-SAF-200: the same for points of which the last one is all but nothing, or as strong as any, with gains and ticks that
    /// turn it round.
    #[test]
    fn pointed_forms_are_within_the_worst(input in pointed_inputs(), amplitude in 1_u32..=1_000) {
        within(&input, amplitude, 1_000)?;
        within(&input, 1_000, 1_000)?;
    }

    /// REQ-SAF-200: a pulse of any form, repeat and balance, at any setting up to the ceilings and on any hardware,
    /// amounts to no more than the check counts with.
    #[test]
    fn every_form_is_within_the_worst(input in inputs(), amplitude in 1_u32..=1_000, width in 1_u32..=1_000) {
        within(&input, amplitude, width)?;
    }

    /// REQ-SAF-201: on exact hardware that is never late, the check counts with at most 1.25 times the pulse at the
    /// ceiling, where that has 50 codes or more and 50 ticks.
    #[test]
    fn the_closed_form_is_tight(input in inputs()) {
        tight(&input)?;
    }

    /// REQ-SAF-202: with lower ceilings no value of any rule is higher, whatever the form.
    #[test]
    fn values_grow_with_the_ceiling(input in inputs(), amplitude in 1_u32..=1_000, width in 1_u32..=1_000) {
        let case = input.case();
        let lower = setting(&case, amplitude, width);
        let at = |ceiling: (u32, u32)| {
            let case = Case { ceiling, set: None, ..case };
            case.try_plan(|plan| assess(&plan, &case.setup, &case.profile)).ok()
        };
        let low = (lower.amplitude.as_microamps(), lower.width.as_micros());
        let (Some(high), Some(low)) = (at(case.ceiling), at(low)) else {
            return Err(TestCaseError::reject("not a plan"));
        };
        for row in low.rows().filter(|row| row.rule != &rules::E_BAL_1) {
            let at_ceiling = high.row(row.rule).map(|r| (r.value, r.verdict));
            prop_assert!(at_ceiling.is_some_and(|(value, _)| row.value <= value), "{row}\n{at_ceiling:?}");
        }
    }
}

/// What one channel put out, as its edges were applied.
#[derive(Default)]
struct Sums {
    since: u64,
    current_na: i64,
    square: u128,
    absolute: u128,
    net: i128,
    peak: u64,
}

impl Sums {
    fn edge(&mut self, at: u64, current_na: i64) {
        let (magnitude, ticks) = (u128::from(self.current_na.unsigned_abs()), u128::from(at - self.since));
        self.square += magnitude * magnitude * ticks;
        self.absolute += magnitude * ticks;
        self.net += i128::from(self.current_na) * i128::from(at - self.since);
        self.peak = self.peak.max(self.current_na.unsigned_abs());
        (self.since, self.current_na) = (at, current_na);
    }
}

fn run_late(case: &Case, plan: &Plan<'_>, seed: u64) -> Result<(), TestCaseError> {
    let worst = PulseMetrics::worst(plan, 0).unwrap();
    let mut storage = [ChannelState::new(); 2];
    let mut engine = Engine::new(plan, &mut storage).unwrap();
    engine.command(0, plan.session().channels()[0].ceiling, 0).unwrap();
    engine.start(0);
    let (mut random, mut sums) = (seed | 1, Sums::default());
    let late = u64::from(plan.hardware().lateness_ticks());
    loop {
        while let Some(frame) = engine.pending() {
            prop_assert!(engine.accept(frame.channel(), frame.sequence()));
        }
        let Next::At(tick) = engine.next() else { break };
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (tick + (random >> 33) % (late + 1)).max(sums.since);
        let changes: Vec<Change> = engine.step().iter().flat_map(Step::changes).collect();
        for change in changes {
            sums.edge(at, change.level.current_na(&case.dac));
        }
        prop_assert_eq!(engine.applied(at), Ok(()), "due {} at {}", tick, at);
    }
    let pulses = u128::from(engine.counters(0).unwrap().pulses);
    prop_assume!(pulses > 0);
    let hz = u128::from(case.timing.ticks_per_second);
    let rate = plan.channel(0).unwrap().rate();
    let bound = worst.mean_square_na2(rate) * hz;
    prop_assert!(sums.square <= bound, "{} > {bound}", sums.square);
    prop_assert!(sums.peak.div_ceil(1_000) <= worst.peak_ua(), "{} nA > {} µA", sums.peak, worst.peak_ua());
    let absolute = (sums.absolute * 1_000).div_ceil(hz);
    prop_assert!(absolute <= pulses * u128::from(worst.absolute_charge_pc()));
    if !case.balance.is_balanced() {
        let most = worst.net_na_ticks().unsigned_abs() * pulses;
        prop_assert!(sums.net.unsigned_abs() <= most, "{} > {most}", sums.net);
    }
    Ok(())
}

/// A train with every edge as late as declared, at random.
fn late(input: &Input, seed: u64) -> Result<(), TestCaseError> {
    let case = input.case();
    prop_assume!(case.timing.late_max_ticks > 0 && !is_late_beyond_core(&input.pulse, case.dac.is_exact()));
    let Ok(result) = case.try_plan(|plan| run_late(&case, &plan, seed)) else {
        return Err(TestCaseError::reject("not a plan"));
    };
    result
}

proptest! {
    #![proptest_config(config(300))]

    /// REQ-SAF-203: with every edge as late as declared, at random, what a train of any form puts out stays within what
    /// the check counted with: mean square, peak, absolute charge, and the charge of a declared direct current.
    #[test]
    fn late_edges_stay_within(input in inputs(), seed in any::<u64>()) {
        late(&input, seed)?;
    }
}

/// REQ-SAF-533: a last point that unequal gains turn round goes on with the phase before it, with all its charge: 140 codes of
/// 3.207 µA for 300 µs, 134.694 nC, and 22.632 more where it turns; with gains the other way round it does not.
#[test]
fn a_last_point_that_turns_goes_on_with_the_phase_before_it() {
    let points = [(-500, 500), (900, 300), (-100, 200)];
    let points = points.map(|(permille, width)| Point { permille, width: us(width) });
    let points: &'static [Point] = Box::leak(Box::new(points));
    let charges = |na_per_code_positive, na_per_code_negative| {
        let dac = ChannelHardware {
            na_per_code_negative,
            ..ChannelHardware::symmetric(na_per_code_positive, -1_000_000, 1_000_000)
        };
        let (form, timing) = (Form::Points(points), HardwareTiming::ideal(16_000_000));
        let case = Case { form, leading: Polarity::Negative, dac, timing, ..Case::pulse(500, 1_000, 1) };
        let (worst, pulse, _) = both(&case, setting(&case, 1_000, 1_000)).unwrap();
        (pulse.primary_charge_pc(), worst.primary_charge_pc())
    };
    let (turned, counted) = charges(4_034, 3_207);
    assert_eq!(turned, 134_694 + 22_632);
    assert!((turned..turned * 5 / 4).contains(&counted), "{counted}");
    let (whole, counted) = charges(3_207, 4_034);
    assert_eq!(whole, 135_543); // 112 codes of 4.034 µA
    assert!((whole..whole * 5 / 4).contains(&counted), "{counted}");
}

/// Points in ‰ and µs at 1 MHz, with no gap between repeats.
fn of_points(points: &[(i16, u32)], ua: u32, dac: ChannelHardware, count: u16) -> Input {
    let width_us = points.iter().map(|point| point.1).sum();
    let points: Vec<Point> =
        points.iter().map(|&(permille, width)| Point { permille, width: us(width) }).collect();
    let repeat = Repeat { count, gap: Micros::ZERO };
    let form = Form::Points(Box::leak(points.into_boxed_slice()));
    let pulse = Pulse { form, balance: Balance::Symmetric, repeat, width_us };
    let timing = HardwareTiming { min_edge_ticks: 1, ..HardwareTiming::ideal(1_000_000) };
    Input { pulse, ua, rate: 1, gap_us: 0, negative: false, dac, timing }
}

fn dac_of(positive: u32, negative: u32) -> ChannelHardware {
    ChannelHardware {
        na_per_code_negative: negative,
        ..ChannelHardware::symmetric(positive, -1_000_000, 1_000_000)
    }
}

/// REQ-SAF-681: the offset that flows in the rests of a table counts the way it flows, whichever way the pulse leads, and once for
/// each repeat.
#[test]
fn an_offset_flows_one_way() {
    let levels: &'static [i16] = Box::leak(Box::new([16_384, 0, 0, 0]));
    for (negative, offset_na) in [(true, -300_000), (true, 300_000), (false, -300_000), (false, 300_000)] {
        for count in [1, 2, 8] {
            let repeat = Repeat { count, gap: Micros::ZERO };
            let balance = Balance::DeclaredDc { at_most: MicroAmps::MAX };
            let pulse = Pulse { form: Form::Table(levels), balance, repeat, width_us: 400 };
            let dac = ChannelHardware { offset_na, ..ChannelHardware::symmetric(1_000_000, -130, 130) };
            let timing = HardwareTiming::ideal(1_000_000);
            let input = Input { pulse, ua: 20_000, rate: 1, gap_us: 0, negative, dac, timing };
            within(&input, 1_000, 1_000).unwrap();
            let case = input.case();
            let (worst, frame, _) = both(&case, setting(&case, 1_000, 1_000)).unwrap();
            assert!(
                worst.net_na_ticks().abs() >= frame.net_na_ticks().abs(),
                "{negative} {offset_na} {count}"
            );
        }
    }
}

/// REQ-SAF-674: pulses that were once more than the check counted with. A last point that may be no stronger than the strongest
/// is widened; one that codes turn is a phase alone, or joins the one before it and the first of the next repeat; an offset is the
/// peak of a pulse of no code, and flows longer where its edges are late.
#[test]
fn last_points_that_were_more() {
    let even = |gain| ChannelHardware::symmetric(gain, -1_000_000, 1_000_000);
    let leaky = |gain, offset_na| ChannelHardware { offset_na, ..even(gain) };
    let widened = of_points(&[(-127, 291), (999, 37)], 47_112, even(89_900), 1);
    let joins = [(585, 46), (92, 241), (-369, 273), (256, 202), (-3, 20)];
    let joins = of_points(&joins, 1_001, leaky(5_309, 334), 2);
    let alone = [(701, 277), (-211, 98), (814, 38), (-743, 222), (616, 207), (-247, 72), (-497, 300)];
    let dac = ChannelHardware { na_per_code_negative: 1_732, ..leaky(1_000, -170) };
    let alone = of_points(&alone, 507, dac, 1);
    for (input, permille) in [(widened, 564), (joins, 125), (alone, 16)] {
        within(&input, permille, 1).unwrap();
    }
    // a level of a plan lasts a spacing and what edges may be late
    let mut late_edges = of_points(&[(-50, 20), (100, 10)], 130_000, even(400_000), 1);
    late_edges.timing = HardwareTiming { late_max_ticks: 1, ..HardwareTiming::ideal(333_333) };
    for permille in 300..500 {
        within(&late_edges, permille, 1_000).unwrap();
    }
    let gains = |other| ChannelHardware { na_per_code_negative: other, ..even(100_000) };
    let weak = of_points(&[(1_000, 250), (-999, 250), (-5, 50)], 107_582, gains(101_814), 2);
    let far = [(1_000, 200), (-900, 20), (-900, 200), (-2, 250), (-150, 10)];
    let far = of_points(&far, 127_335, gains(112_766), 2);
    let stronger = of_points(&[(250, 200), (-1_000, 50)], 130_000, dac_of(1_000_000, 1_047_995), 1);
    for input in [weak, far, stronger] {
        within(&input, 1_000, 1_000).unwrap();
    }
    let declared = |points, offset_na, late| {
        let mut input = of_points(points, 500, leaky(2_986, offset_na), 1);
        input.pulse.balance = Balance::DeclaredDc { at_most: MicroAmps::MAX };
        input.timing.late_max_ticks = late;
        input
    };
    for seed in 0..64 {
        late(&declared(&[(-1, 20), (1, 20)], 1, 2), seed).unwrap();
        late(&declared(&[(-1, 68), (3, 20)], -123, 7), 15_446_302_128_278_901_846 + seed).unwrap();
    }
}

/// REQ-SAF-674: what the last point of unequal gains would need at its length is no longer its peak where it may not be as strong.
#[test]
fn a_last_point_is_no_stronger_than_the_strongest() {
    let dac =
        ChannelHardware { na_per_code_negative: 4_622, ..ChannelHardware::symmetric(3_981, -9_999, 9_999) };
    let input = of_points(&[(236, 154), (-186, 280), (787, 20)], 4_667, dac, 1);
    let case = input.case();
    let (worst, pulse, _) = both(&case, setting(&case, 1_000, 1_000)).unwrap();
    assert_eq!(pulse.peak_ua(), 4_495); // over 25 ticks, of 20
    assert_eq!(worst.peak_ua(), 4_675); // 1,172 codes of 3.981 µA, and two of 4.622 µA at most
}

/// REQ-SAF-200, REQ-SAF-201, REQ-SAF-203: the same over pulses that are drawn alike every time, however few cases are asked for.
#[test]
fn pulses_drawn_alike() {
    let mut runner = TestRunner::deterministic();
    let mut kept = [0; 2];
    for seed in 0..12_000 {
        let input = inputs().new_tree(&mut runner).unwrap().current();
        let (amplitude, width) = (1 + seed * 7 % 1_000, 1 + seed * 13 % 1_000);
        let top = within(&input, 1_000, 1_000);
        let run = [within(&input, amplitude, width), top, tight(&input)];
        let train = if seed % 8 == 0 { late(&input, seed.into()) } else { Ok(()) };
        for answer in run.into_iter().chain([train]) {
            match answer {
                Ok(()) => kept[0] += 1,
                Err(TestCaseError::Reject(_)) => kept[1] += 1,
                Err(TestCaseError::Fail(why)) => panic!("{why}: {input:?} at {amplitude}, {width}"),
            }
        }
    }
    assert!(kept[0] > kept[1], "{kept:?}");
}
