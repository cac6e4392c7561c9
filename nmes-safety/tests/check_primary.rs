//! Which phases are primary, how long they count as, and the charge that their length allows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod check_support;

use check_support::{Case, exercise, us};
use nmes_core::*;
use nmes_safety::{Layer, Profile, PulseMetrics, Verdict, rules};

const DECLARED: Balance = Balance::DeclaredDc { at_most: MicroAmps::MAX };

/// Points in ‰ and µs.
fn points(ua: u32, points: &[(i16, u32)]) -> Case {
    let width = points.iter().map(|point| point.1).sum();
    let points: Vec<Point> =
        points.iter().map(|&(permille, width)| Point { permille, width: us(width) }).collect();
    Case { form: Form::Points(Box::leak(points.into_boxed_slice())), ..Case::pulse(ua, width, 30) }
}

fn drafted(case: Case) -> Case {
    Case { profile: Profile::named("fda-limited-output-draft").unwrap(), ..case }
}

/// Verdict, value, limit and layer of G-LO-Q.
fn limited(case: Case) -> (Verdict, u64, u64, Layer) {
    let report = drafted(case).report();
    let row = report.row(&rules::G_LO_Q).unwrap();
    (row.verdict, row.value.unwrap(), row.limit.unwrap(), row.layer)
}

/// REQ-SAF-640: the limit of G-LO-Q grows with the time of the primary phase alone: 500 of 2,500 µs of custom points.
#[test]
fn the_slope_of_points() {
    let weak_back = |ua| points(ua, &[(1_000, 500), (-250, 2_000)]);
    assert_eq!(limited(weak_back(68_000)), (Verdict::Pass, 34_000_000, 34_000_000, Layer::Rule));
    assert_eq!(limited(weak_back(68_001)), (Verdict::Deny, 34_000_500, 34_000_000, Layer::Rule));
    assert_eq!(limited(weak_back(128_000)), (Verdict::Deny, 64_000_000, 34_000_000, Layer::Rule));
}

/// REQ-SAF-640: and only with as much of it as is at half its peak or above: 200 of 800 µs of a table, half of a triangle.
#[test]
fn the_slope_of_a_table() {
    // 100 % for 200 µs, 25 % for 600 µs
    let steps = |ua| Case { form: Form::Table(&[16_384, 4_096, 4_096, 4_096]), ..Case::pulse(ua, 800, 30) };
    assert_eq!(limited(steps(73_140)), (Verdict::Pass, 25_599_000, 25_600_000, Layer::Rule));
    assert_eq!(limited(steps(73_144)), (Verdict::Deny, 25_600_400, 25_600_000, Layer::Rule));
    let triangle = Case { form: Form::Table(&shapes::TRIANGULAR), ..Case::pulse(10_000, 640, 30) };
    assert_eq!(limited(triangle).2, 20_000_000 + 320 * 28_000);
    // half itself counts, and a level below it does not
    for (level, limit) in [(8_192, 25_600_000), (8_191, 22_800_000)] {
        let levels: &'static [i16] = Box::leak(Box::new([16_384, level]));
        assert_eq!(limited(Case { form: Form::Table(levels), ..Case::pulse(10_000, 200, 30) }).2, limit);
    }
}

/// REQ-SAF-640: a pre-pulse counts where it is at half the amplitude or above; of several phases the shortest that has the
/// largest peak or charge does, and a phase that is neither does not.
#[test]
fn the_slope_of_other_forms() {
    let ahead = |amplitude_percent| {
        let prepulse = Prepulse { amplitude_percent, width: us(300) };
        limited(Case { form: Form::Prepulse(prepulse), ..Case::pulse(10_000, 200, 30) }).2
    };
    assert_eq!((ahead(49), ahead(50)), (25_600_000, 34_000_000));
    let triphasic = Case { form: Form::Triphasic { outer_percent: 50 }, ..Case::pulse(10_000, 200, 30) };
    assert_eq!(limited(triphasic).2, 25_600_000);
    let of = |given: &[(i16, u32)]| limited(Case { balance: DECLARED, ..points(10_000, given) }).2;
    assert_eq!(of(&[(1_000, 100), (-200, 100), (900, 200)]), 22_800_000, "100 µs has the largest peak");
    assert_eq!(of(&[(1_000, 200), (-200, 100), (900, 100)]), 25_600_000, "100 µs has neither");
    assert_eq!(of(&[(1_000, 200), (-200, 100), (1_000, 100)]), 22_800_000);
    assert_eq!(of(&[(1_000, 200), (0, 50), (499, 70), (500, 10), (-200, 100)]), 25_880_000);
    assert_eq!(of(&[(100, 300), (-1_000, 50)]), 21_400_000, "the stronger one, which does not lead");
}

/// REQ-SAF-641: a figure for G-LO-Q that a layer states is a cap, whatever the width.
#[test]
fn a_stated_charge_is_a_cap() {
    let capped = |ua, cap| {
        let setup = exercise(5_000).with_limit(Layer::Subject, &rules::G_LO_Q, cap).unwrap();
        limited(Case { setup, ..Case::pulse(ua, 250, 30) })
    };
    assert_eq!(capped(40_000, 10_000_000), (Verdict::Pass, 10_000_000, 10_000_000, Layer::Subject));
    assert_eq!(capped(40_001, 10_000_000), (Verdict::Deny, 10_000_250, 10_000_000, Layer::Subject));
    assert_eq!(capped(80_001, 20_000_000), (Verdict::Deny, 20_000_250, 20_000_000, Layer::Subject));
    let profile = drafted(Case::new()).profile.with_limit(&rules::G_LO_Q, 10_000_000).unwrap();
    let report = Case { profile, ..Case::pulse(40_001, 250, 30) }.report();
    let row = report.row(&rules::G_LO_Q).unwrap();
    assert_eq!((row.verdict, row.limit, row.layer), (Verdict::Deny, Some(10_000_000), Layer::Profile));
    // of a profile's and a subject's the lower, whichever it is
    for (subject, limit, layer) in
        [(9_000_000, 9_000_000, Layer::Subject), (11_000_000, 10_000_000, Layer::Profile)]
    {
        let setup = exercise(5_000).with_limit(Layer::Subject, &rules::G_LO_Q, subject).unwrap();
        let report = Case { profile, setup, ..Case::pulse(40_001, 250, 30) }.report();
        let row = report.row(&rules::G_LO_Q).unwrap();
        assert_eq!((row.limit, row.layer), (Some(limit), layer));
    }
}

fn width(case: Case) -> (Verdict, Option<u64>) {
    case.row(&rules::E_W_1)
}

/// REQ-SAF-642: a phase against the leading way is as primary as one that leads, where it is as strong or moves more charge.
#[test]
fn primary_whichever_way() {
    let declared = |given: &[(i16, u32)]| width(Case { balance: DECLARED, ..points(20_000, given) });
    assert_eq!(declared(&[(1, 1), (-1_000, 500)]), (Verdict::Pass, Some(500)));
    assert_eq!(declared(&[(1, 1), (-1_000, 501)]), (Verdict::Deny, Some(501)));
    assert_eq!(declared(&[(1, 1), (-1_000, 2_000)]), (Verdict::Deny, Some(2_000)));
    // by its charge, and not where it only pays back
    assert_eq!(declared(&[(1_000, 100), (-500, 200)]).1, Some(100));
    assert_eq!(declared(&[(1_000, 100), (-500, 201)]).1, Some(201));
    assert_eq!(width(points(20_000, &[(1_000, 500), (-250, 2_000)])), (Verdict::Pass, Some(500)));
    // by its peak, though it moves less
    assert_eq!(declared(&[(1_000, 100), (-1_000, 1), (-10, 300)]).1, Some(301));
    assert_eq!(declared(&[(1_000, 100), (-999, 1), (-10, 300)]).1, Some(100));
    // with what goes on in the next repeat
    let repeated = |gap| {
        let repeat = Repeat { count: 2, gap: us(gap) };
        let given = [(-400, 150), (1_000, 100), (-400, 150)];
        width(Case { balance: DECLARED, repeat, ..points(20_000, &given) }).1
    };
    assert_eq!((repeated(0), repeated(1)), (Some(300), Some(100)));
    // its charge and width are those of the draft's rules as well
    let long = drafted(Case { balance: DECLARED, ..points(20_000, &[(1, 1), (-1_000, 2_000)]) });
    assert_eq!(long.row(&rules::G_LO_T), (Verdict::Deny, Some(2_000)));
    assert_eq!(long.row(&rules::G_LO_Q).1, Some(40_000_000));
}

/// REQ-SAF-642: the last of balanced points is right to a thousandth of the amplitude, and such a rounding makes no phase primary.
#[test]
fn a_thousandth_is_rounding() {
    // 100,000 ‰·µs are paid back in 303 µs at 330 or 331 ‰, 10 below and 293 above
    for last in [-330, -331] {
        let found =
            points(20_000, &[(1_000, 100), (last, 303)]).try_plan(|plan| PulseMetrics::worst(&plan, 0));
        let Ok(Some(pulse)) = found else { continue };
        assert_eq!(pulse.primary_us(), 100, "{last}");
    }
    let above = points(20_000, &[(1_000, 100), (-331, 303)]);
    assert_eq!(width(above), (Verdict::Pass, Some(100)));
}

/// REQ-SAF-643: the last of custom points counts with the 16 ticks that it may be widened by, and only where it may be.
#[test]
fn widened_points() {
    let spaced = |min_edge_ticks, given: &[(i16, u32)]| {
        let timing = HardwareTiming { min_edge_ticks, ..HardwareTiming::ideal(1_000_000) };
        Case { timing, ..points(20_000, given) }
    };
    // −1,000 ‰ for 50 µs goes on in −500 ‰ for 200
    let uneven = [(1_000, 150), (-1_000, 50), (-500, 200)];
    assert_eq!(width(spaced(1, &uneven)).1, Some(250));
    assert_eq!(width(spaced(2, &uneven)).1, Some(266));
    // as long and as strong as what it pays back: one level does
    let even = [(1_000, 500), (-1_000, 500)];
    assert_eq!(width(spaced(4, &even)), (Verdict::Pass, Some(500)));
    let offset = ChannelHardware { offset_na: 1, ..Case::new().dac };
    assert_eq!(width(Case { dac: offset, ..spaced(1, &even) }).1, Some(516));
    assert_eq!(width(spaced(4, &[(1_000, 500), (-999, 10), (-1_000, 490)])).1, Some(516));
    // the other polarity has no code for it
    let range =
        |codes: i32| Case { dac: ChannelHardware::symmetric(1_000, -codes, 30_000), ..spaced(1, &even) };
    let primary = |case: Case| case.try_plan(|plan| PulseMetrics::worst(&plan, 0).unwrap().primary_us());
    assert_eq!(primary(range(20_000)), Ok(500));
    assert!(primary(range(19_999)).is_ok_and(|us| us == 516));
}
