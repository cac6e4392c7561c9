//! Whether the last of custom points counts as turned round, by the width of the primary phase: the last point goes on
//! with the phase before it.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod check_support;

use check_support::{Case, us};
use nmes_core::*;
use nmes_safety::PulseMetrics;

/// Points in ‰ and µs, the last one balancing, at 2,000 codes of 1 µA: what the check counts with.
fn worst(points: &[(i16, u32)], dac: ChannelHardware, repeat: Repeat, balance: Balance) -> PulseMetrics {
    let width = points.iter().map(|point| point.1).sum();
    let points: Vec<Point> =
        points.iter().map(|&(permille, width)| Point { permille, width: us(width) }).collect();
    let form = Form::Points(Box::leak(points.into_boxed_slice()));
    let case = Case { form, dac, repeat, balance, ..Case::pulse(2_000, width, 10) };
    case.plan(|plan| PulseMetrics::worst(&plan, 0).unwrap())
}

fn exact() -> ChannelHardware {
    ChannelHardware::symmetric(1_000, -1_000_000, 1_000_000)
}

fn unequal() -> ChannelHardware {
    ChannelHardware { na_per_code_negative: 1_010, ..exact() }
}

fn primary_us(points: &[(i16, u32)], dac: ChannelHardware) -> u64 {
    worst(points, dac, Repeat::ONCE, Balance::Symmetric).primary_us()
}

/// At 3 codes: 2 × 203 − 3 × 258 + 2 × 147 = −74, where the last point drives up.
const TURNS: [(i16, u32); 4] = [(769, 203), (-870, 258), (804, 147), (-142, 352)];
/// Never: its body moves 65.6 ‰ × ms up, and its roundings move less at every code.
const NEVER: [(i16, u32); 4] = [(323, 110), (-651, 96), (748, 178), (-398, 267)];

/// REQ-SAF-533: the last point counts as turned where some low code turns it, and not where none does; a code that leaves
/// exactly nothing to pay turns nothing.
#[test]
fn a_low_code_turns_it_or_not() {
    assert_eq!(primary_us(&TURNS, exact()), 147 + 352);
    assert_eq!(primary_us(&NEVER, exact()), 178);
    // one code: 0 × 210 + 0 × 146, as −125 and 490 ‰ of it are rounded to nothing
    assert_eq!(primary_us(&[(-125, 210), (490, 146), (-212, 214)], exact()), 146);
}

/// REQ-SAF-533: where the roundings weigh up to a code of 64 every code below is looked at; where they do beyond, it counts
/// as turned without.
#[test]
fn sixty_four_codes_are_looked_at() {
    assert_eq!(primary_us(&[(-811, 273), (831, 274), (-24, 257)], exact()), 274);
    // up to 71, and no code below turns it
    assert_eq!(primary_us(&[(-31, 203), (40, 286), (-22, 232)], exact()), 286 + 232);
}

/// REQ-SAF-533: with unequal gains it counts as turned wherever the points before it drive both ways, and never where they
/// drive one way, with rests or without.
#[test]
fn unequal_gains_turn_it_after_both_ways_only() {
    assert_eq!(primary_us(&NEVER, unequal()), 178 + 267);
    assert_eq!(primary_us(&[(500, 100), (-500, 100)], unequal()), 100);
    assert_eq!(primary_us(&[(500, 100), (0, 50), (-500, 100)], unequal()), 100);
    assert_eq!(primary_us(&[(0, 50), (500, 100), (-500, 100)], unequal()), 100);
}

/// REQ-SAF-674: the last point may be widened by 16 ticks where an edge spacing, lateness or an offset asks for it; not where it is as
/// strong as all the others and takes as long as they do, nor where one code is a tick.
#[test]
fn where_a_last_point_is_widened() {
    let primary = |points: &[(i16, u32)], spacing, late, offset_na| {
        let width = points.iter().map(|point| point.1).sum();
        let points: Vec<Point> =
            points.iter().map(|&(permille, width)| Point { permille, width: us(width) }).collect();
        let form = Form::Points(Box::leak(points.into_boxed_slice()));
        let timing = HardwareTiming {
            min_edge_ticks: spacing,
            late_max_ticks: late,
            ..HardwareTiming::ideal(1_000_000)
        };
        let dac = ChannelHardware { offset_na, ..exact() };
        let case = Case { form, dac, timing, ..Case::pulse(2_000, width, 10) };
        case.plan(|plan| PulseMetrics::worst(&plan, 0).unwrap().primary_us())
    };
    let even = [(-500, 100), (500, 100)];
    assert_eq!([1, 2].map(|spacing| primary(&even, spacing, 0, 0)), [100, 100]);
    assert_eq!(primary(&even, 1, 0, 100), 116);
    // the last one as long as the others, and weaker
    let weaker = [(-200, 150), (-400, 50), (250, 200)];
    assert_eq!([1, 2].map(|spacing| primary(&weaker, spacing, 0, 0)), [200, 216]);
    assert_eq!(primary(&weaker, 1, 1, 0), 217);
}

/// REQ-SAF-533, REQ-SAF-674: where repeats follow at once on one another a turned last point joins the phase before it and the first
/// of the next, and only there: not after a gap, not where it does not turn.
#[test]
fn it_goes_on_in_the_next_repeat() {
    let of = |points: &[(i16, u32)], gap| {
        worst(points, exact(), Repeat { count: 3, gap: us(gap) }, Balance::Symmetric)
    };
    let once = worst(&TURNS, exact(), Repeat::ONCE, Balance::Symmetric);
    let (at_once, apart) = (of(&TURNS, 0), of(&TURNS, 300));
    assert_eq!((at_once.primary_us(), apart.primary_us()), (147 + 352 + 203, 147 + 352));
    // 0.804 of 2 mA for 147 µs and 0.769 of it for 203, and half a code, 0.5 µA, over all 960 µs: what roundings move
    assert!(
        (548_580..=548_600).contains(&(at_once.primary_charge_pc() - 480)),
        "{}",
        at_once.primary_charge_pc()
    );
    assert_eq!(apart.primary_charge_pc(), once.primary_charge_pc());
    // with codes of 1.01 µA the other way, half of one over all 960 µs and one for a tick
    let uneven = worst(&TURNS, unequal(), Repeat { count: 3, gap: us(0) }, Balance::Symmetric);
    assert!((549_060..=549_090).contains(&uneven.primary_charge_pc()), "{}", uneven.primary_charge_pc());
    assert_eq!((of(&NEVER, 0).primary_us(), of(&NEVER, 300).primary_us()), (178, 178));
}

/// REQ-SAF-200: what points of a declared direct current leave adds up over the repeats that follow at once on one another,
/// and not over those with a gap; their roundings, 0.5 µA over 200 µs, are counted with each.
#[test]
fn what_repeats_leave_adds_up() {
    let of = |gap| {
        let balance = Balance::DeclaredDc { at_most: MicroAmps::MAX };
        worst(&[(1_000, 100), (-500, 100)], exact(), Repeat { count: 3, gap: us(gap) }, balance)
    };
    let (at_once, apart) = (of(0), of(300));
    // 2 mA × 100 µs up, half of it down
    assert_eq!(apart.phase_charge_pc(), 200_000 + 100);
    assert_eq!(at_once.phase_charge_pc(), 200_000 + 100 + 2 * (100_000 + 100));
    for pulse in [at_once, apart] {
        assert_eq!(pulse.net_na_ticks(), 3 * (100_000_000 + 100_000));
        assert_eq!(pulse.primary_us(), 100);
    }
}
