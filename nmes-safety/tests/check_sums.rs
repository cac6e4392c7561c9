//! Sums of pulses by hand, to the last digit: what lateness adds to each, and what of a repeat goes on in the next.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod check_support;

use check_support::{Case, exercise, us};
use nmes_core::*;
use nmes_safety::{PulseMetrics, Remark, rules};

/// 4 µs late and stamps off by 1 µs: every edge moves by up to 6 µs, a balancing one by up to 3 × 6 + 2 more.
fn late(case: Case) -> Case {
    let timing = HardwareTiming {
        late_max_ticks: 4,
        stamp_error_ticks: 1,
        gap_rest: Rest::DrivenZero,
        ..HardwareTiming::ideal(1_000_000)
    };
    Case { timing, gap_us: 100, ..case }
}

fn worst(case: &Case) -> PulseMetrics {
    case.plan(|plan| PulseMetrics::worst(&plan, 0).unwrap())
}

/// The pulse at the ceiling.
fn at_ceiling(case: &Case) -> PulseMetrics {
    case.plan(|plan| {
        let frame = plan.frame(0, plan.channel(0).unwrap().channel().ceiling, 0).unwrap();
        PulseMetrics::of_frame(&plan, &frame).unwrap()
    })
}

/// A load in which a sum of mA² × µs is as many µJ.
const MEGOHM: u32 = 1_000_000;

/// REQ-SAF-008: 20 mA for 300 µs either way: each phase ends 6 µs late, and the second lasts 20 µs more to repay the first.
#[test]
fn a_late_rectangle() {
    let case = late(Case::pulse(20_000, 300, 40));
    let pulse = worst(&case);
    assert_eq!((pulse.primary_us(), pulse.primary_charge_pc()), (306, 20 * 306_000));
    assert_eq!(pulse.phase_charge_pc(), 20 * 326_000);
    assert_eq!(pulse.absolute_charge_pc(), 20 * (306_000 + 326_000));
    assert_eq!(pulse.energy_uj(MEGOHM), 400 * (306 + 326));
    assert_eq!(pulse.short_energy_uj(MEGOHM), pulse.energy_uj(MEGOHM));
    assert_eq!(pulse.net_na_ticks(), 0);
    // the longest phase, as a one-shot that cuts it tells
    let cut = |one_shot| {
        let setup = exercise(5_000).with_one_shot(us(one_shot)).unwrap();
        let report = Case { setup, ..case }.report();
        report.row(&rules::E_STUCK_1).unwrap().remark == Some(Remark::OneShotShort)
    };
    assert!(cut(325) && !cut(326));
}

/// REQ-SAF-008: a balancing phase of twice the length pays 20 mA × 300 µs, and goes on for what the plan lets it be stretched by
/// and 6 µs more, at the level that the shortest width may ask of it.
#[test]
fn a_late_longer_phase() {
    let case =
        late(Case { balance: Balance::Asymmetric { length_percent: 200 }, ..Case::pulse(20_000, 300, 40) });
    let (shortest, stretch) = case.plan(|plan| {
        let channel = plan.channel(0).unwrap();
        (u64::from(channel.width_min_ticks()), channel.stretch_ticks())
    });
    // in halves of a hundredth of a tick: nearest to twice the width, and no shorter than it
    let nominal = (400 * shortest - 100).max(200 * shortest);
    let level_na = ((20_000_000 * shortest * 200).div_ceil(nominal) + 1_000).min(20_000_000);
    let (front, back) = (20_000_000 * 306, 20_000_000 * 300 + level_na * (stretch + 6));
    assert_eq!(worst(&case).absolute_charge_pc(), (front + back).div_ceil(1_000));
}

/// REQ-SAF-200: what an offset leaks while a table of a declared direct current drives nothing counts with the level, and once
/// more for an offset that would flow the other way.
#[test]
fn an_offset_leaks_in_a_step_of_nothing() {
    let dac = ChannelHardware { offset_na: 400, ..ChannelHardware::symmetric(1_000, -50_000, 50_000) };
    let pulse = worst(&Case { dac, ..repeated(&[16_384, 0], 300, 1) });
    let leaked = 400 * 150;
    assert_eq!(pulse.net_na_ticks(), 20_000_400 * 150 + leaked + leaked);
    assert_eq!(pulse.absolute_charge_pc(), (20_000_400 * 150 + 400 * 150_u64).div_ceil(1_000));
}

/// REQ-SAF-203: a table of 20 and 10 mA is as much longer at each level as it falls by after it; its trims, counted twice,
/// repay half of all changes × 6 µs, and a code, at an eighth of all changes.
#[test]
fn a_late_table() {
    let falls = Form::Table(&[16_384, 8_192]);
    let rises = Form::Table(&[8_192, 16_384]);
    let changes_ua = 2 * (20_000 + 10_000 + 10_000);
    let trims_pc = (changes_ua + 1) * 6 * 2;
    // 10 mA × 6 µs at either fall, or 20 mA × 6 µs at one
    for form in [falls, rises] {
        let pulse = worst(&late(Case { form, ..Case::pulse(20_000, 300, 40) }));
        assert_eq!(pulse.primary_charge_pc(), 20 * 150_000 + 10 * 150_000 + 20 * 6_000);
        assert_eq!((pulse.primary_us(), pulse.net_na_ticks()), (306, 0));
        assert_eq!(pulse.absolute_charge_pc(), 2 * 4_620_000 + trims_pc);
        // (20² − 10²) × 6 and 10² × 6 at the falls, or 20² × 6 at one; trims of 80/8 mA and two codes
        let phases = 2 * (400 * 150 + 100 * 150 + 400 * 6);
        let trims = (10_002 * trims_pc).div_ceil(1_000_000);
        assert_eq!(pulse.energy_uj(MEGOHM), phases + trims);
    }
}

/// REQ-SAF-200: a point too weak for a code is part of the phase that drives its way, and ends the one that drives the other.
#[test]
fn a_point_of_no_code() {
    let coarse = ChannelHardware::symmetric(1_000_000, -2_000, 2_000);
    let primary_us = |points: &'static [(i16, u32)]| {
        let width = points.iter().map(|point| point.1).sum();
        let points: Vec<Point> =
            points.iter().map(|&(permille, width)| Point { permille, width: us(width) }).collect();
        let form = Form::Points(Box::leak(points.into_boxed_slice()));
        worst(&Case { form, dac: coarse, ..Case::pulse(2_000, width, 10) }).primary_us()
    };
    assert_eq!(primary_us(&[(1_000, 100), (100, 50), (-1_000, 105)]), 150);
    assert_eq!(
        primary_us(&[(1_000, 200), (-100, 50), (1_000, 70), (-900, 200), (100, 50), (-900, 100)]),
        200
    );
    // a rest is none of either
    assert_eq!(primary_us(&[(1_000, 100), (0, 50), (1_000, 70), (-1_000, 170)]), 220);
}

/// Two repeats or more of a table of 20 mA that leaves all its charge, one at once after the other.
fn repeated(levels: &'static [i16], width_us: u32, count: u16) -> Case {
    let balance = Balance::DeclaredDc { at_most: MicroAmps::MAX };
    let repeat = Repeat { count, gap: Micros::ZERO };
    Case { form: Form::Table(levels), balance, repeat, ..Case::pulse(20_000, width_us, 1) }
}

/// REQ-SAF-200: what joins the repeats of a frame into one phase, by their first and last steps: both have to drive. In the
/// worst case a rest within does not part a phase, since it would hide its length.
#[test]
fn what_goes_on_in_the_next_repeat() {
    let tables: [(&'static [i16], u64, u64); 5] = [
        (&[16_384, 16_384, 16_384], 900, 900),
        (&[0, 16_384, 16_384], 200, 600),
        (&[16_384, 16_384, 0], 200, 600),
        (&[16_384, 0, 16_384], 200, 900),
        (&[0, 16_384, 0], 100, 300),
    ];
    for (levels, frame_us, worst_us) in tables {
        let case = repeated(levels, 300, 3);
        let (pulse, most) = (at_ceiling(&case), worst(&case));
        assert_eq!(pulse.primary_us(), frame_us, "{levels:?}");
        assert_eq!(pulse.primary_charge_pc(), 20_000 * frame_us, "{levels:?}");
        assert_eq!(most.primary_us(), worst_us, "{levels:?}");
        let driven = u64::try_from(levels.iter().filter(|level| **level == FULL_SCALE).count()).unwrap();
        assert_eq!(most.primary_charge_pc(), 20_000 * 300 * driven, "{levels:?}");
        // none of it comes back: the largest charge moved one way is all of it
        assert_eq!(pulse.phase_charge_pc(), 20_000 * 300 * driven, "{levels:?}");
        assert_eq!(most.phase_charge_pc(), 20_000 * 300 * driven, "{levels:?}");
    }
}

/// REQ-SAF-200: a phase that is long only with what goes on in the next repeat counts its strongest level, wherever it is.
#[test]
fn a_phase_that_is_long_with_the_next_repeat() {
    for levels in [&[8_192, 0, 16_384], &[16_384, 0, 8_192]] {
        let long = at_ceiling(&repeated(levels, 150_000, 2)).long_peak_ua();
        assert_eq!(long, Some(20_000), "{levels:?}");
        assert_eq!(at_ceiling(&repeated(levels, 149_997, 2)).long_peak_ua(), None, "{levels:?}");
        assert_eq!(at_ceiling(&repeated(levels, 150_000, 1)).long_peak_ua(), None, "{levels:?}");
    }
}

/// REQ-SAF-200: the balancing phase of a triphasic pulse owes the main phase less the outer one, by unequal gains: 300 × 20 mA,
/// less 10,000 codes of 1.01 µA, and half a code more for its rounding.
#[test]
fn what_a_triphasic_pulse_owes() {
    let dac =
        ChannelHardware { na_per_code_negative: 1_010, ..ChannelHardware::symmetric(1_000, -50_000, 50_000) };
    let form = Form::Triphasic { outer_percent: 50 };
    let pulse = worst(&Case { form, dac, ..Case::pulse(20_000, 300, 40) });
    let (outer, main, back) = (300 * 10_100_000_u64, 300 * 20_000_000, 300 * (9_900_000 + 505) + 1_010);
    assert_eq!(pulse.absolute_charge_pc(), (outer + main + back).div_ceil(1_000));
}

/// REQ-SAF-200: what a calibrated output carries from pulse to pulse, a code for a tick, weighs most in the shortest pulse that can
/// be set, of 1 µs: at 16 MHz a sixteenth of a code, besides one for the rounding.
#[test]
fn the_shortest_pulse_that_can_be_set() {
    let dac =
        ChannelHardware { na_per_code_negative: 100_001, ..ChannelHardware::symmetric(100_000, -500, 500) };
    let case = Case { dac, timing: HardwareTiming::ideal(16_000_000), ..Case::pulse(20_000, 300, 40) };
    assert!(case.plan(|plan| plan.channel(0).unwrap().width_min_ticks()) < 16);
    let level_na = (20_000_000_u64 * 16 + 100_001).div_ceil(16) + 100_001;
    assert_eq!(worst(&case).peak_ua(), level_na.div_ceil(1_000));
}
