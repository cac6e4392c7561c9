//! Pulses of every form, at random, and a slow way to sum up a frame.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test stops at the first surprise"
)]

use nmes_core::*;
use nmes_safety::PulseMetrics;
use proptest::prelude::*;

use super::check_support::Case;

/// What is random about a pulse.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pulse {
    pub(crate) form: Form<'static>,
    pub(crate) balance: Balance,
    pub(crate) repeat: Repeat,
    pub(crate) width_us: u32,
}

pub(crate) fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

/// For as long as the test runs.
fn kept<T>(values: Vec<T>) -> &'static [T] {
    Box::leak(values.into_boxed_slice())
}

fn balances() -> impl Strategy<Value = Balance> {
    let at_most = MicroAmps::MAX;
    prop_oneof![
        4 => Just(Balance::Symmetric),
        2 => (100_u16..700).prop_map(|length_percent| Balance::Asymmetric { length_percent }),
        1 => Just(Balance::DeclaredDc { at_most }),
    ]
}

fn nearest(charge: i64, width: i64) -> Option<i16> {
    let half = if charge < 0 { -width / 2 } else { width / 2 };
    i16::try_from((charge + half) / width).ok()
}

/// Points that sum to zero by the last, or not.
fn points() -> impl Strategy<Value = (Form<'static>, u32)> {
    let point = (prop_oneof![4 => -1_000_i16..=1_000, 1 => Just(0)], 20_u32..300);
    (prop::collection::vec(point, 1..8), 1_u32..4).prop_filter_map("they do not balance", |(body, times)| {
        let charge: i64 = body.iter().map(|(permille, width)| i64::from(*permille) * i64::from(*width)).sum();
        let width = u32::try_from((charge.unsigned_abs().div_ceil(1_000) * u64::from(times)).max(20)).ok()?;
        let permille = nearest(-charge, i64::from(width))?;
        let last = (permille, width);
        let all: Vec<Point> = body
            .iter()
            .chain([&last])
            .map(|(permille, w)| Point { permille: *permille, width: us(*w) })
            .collect();
        let total = all.iter().map(|p| p.width.as_micros()).sum();
        (permille != 0 && all.iter().any(|p| p.permille > 0)).then(|| (Form::Points(kept(all)), total))
    })
}

fn tables() -> impl Strategy<Value = Form<'static>> {
    let random = prop::collection::vec(0_i16..=FULL_SCALE, 2..40);
    prop_oneof![
        Just(&shapes::TRIANGULAR[..]),
        Just(&shapes::SAWTOOTH[..]),
        Just(&shapes::EXPONENTIAL[..]),
        Just(&shapes::HALF_SINE[..]),
        random.prop_filter_map("all zero", |levels| levels.iter().any(|l| *l > 0).then(|| kept(levels))),
    ]
    .prop_map(Form::Table)
}

fn forms() -> impl Strategy<Value = (Form<'static>, u32)> {
    let prepulse = (1_u8..=100, 40_u32..300, 60_u32..900).prop_map(|(amplitude_percent, ahead, width)| {
        (Form::Prepulse(Prepulse { amplitude_percent, width: us(ahead) }), width)
    });
    let triphasic = (1_u8..=90, 60_u32..900)
        .prop_map(|(outer_percent, width)| (Form::Triphasic { outer_percent }, width));
    prop_oneof![
        (60_u32..900).prop_map(|width| (Form::Rectangular, width)),
        prepulse,
        triphasic,
        points(),
        (tables(), 300_u32..2_500),
    ]
}

fn repeats() -> impl Strategy<Value = Repeat> {
    prop_oneof![
        2 => Just(Repeat::ONCE),
        1 => (2_u16..7, 0_u32..800).prop_map(|(count, gap)| Repeat { count, gap: us(gap) }),
        1 => (2_u16..30).prop_map(|count| Repeat { count, gap: Micros::ZERO }),
    ]
}

/// Any pulse; some of them no hardware puts out.
pub(crate) fn pulses() -> impl Strategy<Value = Pulse> {
    (forms(), balances(), repeats()).prop_map(|((form, width_us), balance, repeat)| {
        let balance = match form {
            Form::Triphasic { .. } => Balance::Symmetric,
            Form::Prepulse(_) if !balance.is_balanced() => Balance::Symmetric,
            Form::Points(_) if matches!(balance, Balance::Asymmetric { .. }) => Balance::Symmetric,
            _ => balance,
        };
        Pulse { form, balance, repeat, width_us }
    })
}

prop_compose! {
    /// Calibrated outputs, with an offset of up to 40 % of a code.
    pub(crate) fn dacs()(
        positive in 1_000_u32..120_000, mismatch in -2_000_i32..2_000, offset in -400_i32..400, exact in any::<bool>(),
    ) -> ChannelHardware {
        let negative = u32::try_from(i32::try_from(positive).unwrap() + mismatch).unwrap_or(1_000).max(1_000);
        ChannelHardware {
            na_per_code_positive: positive,
            na_per_code_negative: if exact { positive } else { negative },
            offset_na: if exact { 0 } else { offset },
            code_min: -1_000_000,
            code_max: 1_000_000,
            source: 0,
        }
    }
}

prop_compose! {
    pub(crate) fn timings()(
        hz in prop_oneof![Just(1_000_000_u32), Just(2_000_000), Just(16_000_000)],
        late_us in 0_u32..12, stamp in 0_u32..3, spacing in 1_u32..5, rest in 0_u8..3,
    ) -> HardwareTiming {
        let late = late_us * (hz / 500_000) / 2;
        HardwareTiming {
            late_max_ticks: if late == 0 { 0 } else { late.max(spacing) },
            stamp_error_ticks: if late == 0 { 0 } else { stamp },
            min_edge_ticks: spacing,
            gap_rest: [Rest::Open, Rest::Shorted, Rest::DrivenZero][usize::from(rest)],
            ..HardwareTiming::ideal(hz)
        }
    }
}

/// Custom points whose rounding to codes is over a twentieth of what the last of them pays, and tables of weak steps.
pub(crate) fn coarse(case: &Case) -> bool {
    let codes = u64::from(case.ceiling.0) * 1_000 / u64::from(case.dac.na_per_code_positive);
    match case.form {
        Form::Points(points) => {
            let last = points.last().unwrap();
            let driven: u32 = points.iter().filter(|p| p.permille != 0).map(|p| p.width.as_micros()).sum();
            let paid =
                codes * u64::from(last.permille.unsigned_abs()) * u64::from(last.width.as_micros()) / 1_000;
            paid < 10 * u64::from(driven)
        }
        Form::Table(levels) => {
            let sum: u64 = levels.iter().map(|level| u64::from(level.unsigned_abs())).sum();
            codes * sum < 10 * 16_384 * levels.len() as u64
        }
        _ => false,
    }
}

/// A table that is paid back in a rectangle, with under 20 ticks a step: where its charge stands in the first steps, one
/// tick more of each weighs. Custom points whose last has under 80 ticks, where it may have 16 more and is so much weaker.
pub(crate) fn few_ticks(case: &Case) -> bool {
    match case.form {
        Form::Points(points) => {
            let last = u64::from(points.last().unwrap().width.as_micros());
            let ticks = last * u64::from(case.timing.ticks_per_second) / 1_000_000;
            case.balance.is_balanced() && case.timing.min_edge_ticks > 1 && ticks < 80
        }
        Form::Table(levels) => {
            case.balance != Balance::Symmetric && (case.ceiling.1 as usize) < 20 * levels.len()
        }
        _ => false,
    }
}

/// Whether there are fewer than four pulses a second somewhere, or in the long run.
fn is_slow(case: &Case) -> bool {
    let below = |pulses: u32, per_us: u32| u64::from(pulses) * 250_000 < u64::from(per_us);
    match case.train.timing {
        Timing::Even => below(case.rate.0, case.rate.1),
        Timing::Bursts(bursts) => {
            below(u32::from(bursts.pulses) * bursts.every.pulses(), bursts.every.per_us())
        }
        Timing::List(list) => below(list.len() as u32, list.iter().map(|us| us.as_micros()).sum()),
        Timing::Sweep(sweep) => [sweep.from, sweep.to].iter().any(|rate| below(rate.pulses(), rate.per_us())),
    }
}

/// Where the closed form is further from what is played, and why.
pub(crate) fn looser(case: &Case, name: &str) -> bool {
    // a rest within a phase counts as part of it, and so does a last point that few codes may turn round
    let rests = match case.form {
        Form::Points(points) => points.len() > 2,
        Form::Table(levels) => levels.iter().any(|level| *level < 1_000),
        Form::Rectangular | Form::Prepulse(_) | Form::Triphasic { .. } => false,
    };
    let joined = case.repeat.count > 1 && !case.balance.is_balanced();
    // points that declare a direct current may leave next to none, less than their rounding and their lateness
    let left = matches!((case.form, case.balance), (Form::Points(_), Balance::DeclaredDc { .. }));
    // of a long pulse that the end of a second cuts, as much as its peak for that time, and what a narrower one may have sooner: up to a
    // pulse in four or fewer
    let steps = matches!(case.form, Form::Table(_) | Form::Triphasic { .. });
    let plain = case.repeat.count == 1 && !steps;
    // repeats that begin with a prepulse come nearer to one another when they are narrower, which is counted as if there were none before
    let nears = matches!(case.form, Form::Prepulse(_)) && case.repeat.count > 1;
    let cut = (is_slow(case) && !plain) || nears;
    let over_time =
        ["r.m.s.", "r.m.s. of 5 s", "density", "power density", "mean absolute", "direct current"];
    // where a balancing part does not fit, the next lower codes are tried: of a few codes that is much
    let few_codes = case.ceiling.0 * 1_000 < case.dac.na_per_code_positive * 50;
    coarse(case)
        || few_codes
        || few_ticks(case)
        || (cut && over_time.contains(&name))
        || (name == "primary width" && (rests || joined))
        || (left && ["direct current", "phase charge"].contains(&name))
}

/// What nmes-core compiles for late edges and does not repay yet: trims where the last edge of a pulse is not moved, a last
/// phase weaker than what a table or unequal gains leave for it.
pub(crate) fn is_late_beyond_core(pulse: &Pulse, exact: bool) -> bool {
    match pulse.form {
        Form::Rectangular | Form::Prepulse(_) => false,
        Form::Triphasic { outer_percent } => !exact && outer_percent > 50,
        Form::Points(_) | Form::Table(_) => pulse.balance.is_balanced(),
    }
}

/// Whether phases against the leading way are primary: those of custom points that are as strong as any that leads, or move
/// more charge, also where the last of one repeat goes on in the first of the next.
pub(crate) fn both_ways(case: &Case) -> bool {
    let Form::Points(points) = case.form else { return false };
    let mut runs: Vec<(i16, i64, u16)> = Vec::new();
    for point in points.iter().filter(|point| point.permille != 0) {
        let charge = i64::from(point.permille) * i64::from(point.width.as_micros());
        let new = runs.last().is_none_or(|run| run.0 != point.permille.signum());
        if new {
            runs.push((point.permille.signum(), 0, 0));
        }
        let run = runs.last_mut().unwrap();
        (run.1, run.2) = (run.1 + charge.abs(), run.2.max(point.permille.unsigned_abs()));
    }
    if case.repeat.count > 1
        && case.repeat.gap == Micros::ZERO
        && runs[0].0 == -1
        && runs[runs.len() - 1].0 == -1
    {
        let charge = runs[0].1 + runs[runs.len() - 1].1;
        runs.push((-1, charge, 0));
    }
    let most = |sign| {
        let of_sign = || runs.iter().filter(|run| run.0 == sign);
        let charge = of_sign().map(|run| run.1).max().unwrap_or(0);
        (charge, of_sign().map(|run| run.2).max().unwrap_or(0))
    };
    let (leads, other) = (most(1), most(-1));
    let last = i64::from(points[points.len() - 1].width.as_micros());
    other.1 >= leads.1 || other.0 > leads.0 + if case.balance.is_balanced() { last } else { 0 }
}

/// Sums of a frame, segment by segment over all repeats, against what the crate says of it.
pub(crate) fn reference(frame: &PulseFrame<'_>, case: &Case, said: &PulseMetrics) {
    let (dac, hz, leading) = (&case.dac, case.timing.ticks_per_second, case.leading);
    let (mut absolute, mut square, mut net, mut peak) = (0_u128, 0_u128, 0_i128, 0_u64);
    // what is moved between any two instants; a rest between two repeats ends it
    let each = frame.cycle_segments().len();
    let gaps = each * usize::from(frame.cycles()) > usize::from(frame.segment_count());
    let (mut low, mut high, mut largest) = (0_i128, 0_i128, 0_u128);
    let mut moved = 0_i128;
    for (index, segment) in frame.segments().enumerate() {
        let na = segment.level.current_na(dac);
        let charge = i128::from(na) * i128::from(segment.ticks);
        moved += charge;
        (low, high) = (low.min(moved), high.max(moved));
        largest = largest.max(high.abs_diff(low));
        if gaps && (index + 1) % each == 0 {
            (low, high, moved) = (0, 0, 0);
        }
        absolute += charge.unsigned_abs();
        square += u128::from(na.unsigned_abs()) * charge.unsigned_abs();
        net += charge;
        if segment.level != Level::Code(0) {
            peak = peak.max(na.unsigned_abs());
        }
    }
    phases(frame, case, said);
    // the gap after the last repeat is not there, and what an offset leaves in it counts
    let gap = if gaps { frame.cycle_segments().last() } else { None };
    let leak = gap.map_or(0, |s| i128::from(s.level.current_na(dac)) * i128::from(s.ticks));
    let pc = |na_ticks: u128| (na_ticks * 1_000).div_ceil(u128::from(hz));
    assert_eq!(u128::from(said.absolute_charge_pc()), pc(absolute + leak.unsigned_abs()));
    assert!(u128::from(said.phase_charge_pc()) >= pc(largest));
    // what each of joined repeats leaves is taken as moved one way
    let left = if gaps { 0 } else { net.unsigned_abs() };
    assert!(u128::from(said.phase_charge_pc()) <= pc(largest + leak.unsigned_abs() + left));
    assert_eq!(said.peak_ua(), peak.div_ceil(1_000));
    if leak == 0 {
        assert_eq!(
            u128::from(said.energy_uj(500)),
            (square * 500).div_ceil(u128::from(hz) * 1_000_000_000_000)
        );
        assert_eq!(said.net_na_ticks() * if leading == Polarity::Negative { -1 } else { 1 }, net);
    }
}

/// What flows one way until a rest or the other way: its sign, charge, ticks and peak.
fn runs(frame: &PulseFrame<'_>, dac: &ChannelHardware) -> Vec<(i64, u128, u64, u64)> {
    let mut runs: Vec<(i64, u128, u64, u64)> = Vec::new();
    let mut rested = true;
    for segment in frame.segments() {
        let driven = segment.level != Level::Code(0);
        let na = if driven { segment.level.current_na(dac) } else { 0 };
        let (ticks, charge) =
            (u64::from(segment.ticks), u128::from(na.unsigned_abs()) * u128::from(segment.ticks));
        match runs.last_mut() {
            Some(run) if !rested && run.0 == na.signum() => {
                *run = (run.0, run.1 + charge, run.2 + ticks, run.3.max(na.unsigned_abs()));
            }
            _ if na != 0 => runs.push((na.signum(), charge, ticks, na.unsigned_abs())),
            _ => {}
        }
        rested = na == 0;
    }
    runs
}

/// The phases of a frame, all its repeats one after another, against what the crate says of them.
fn phases(frame: &PulseFrame<'_>, case: &Case, said: &PulseMetrics) {
    let (dac, hz, leading, both) = (&case.dac, case.timing.ticks_per_second, case.leading, both_ways(case));
    let way = if leading == Polarity::Negative { -1 } else { 1 };
    let runs = runs(frame, dac);
    let primary = || runs.iter().filter(|run| both || run.0 == way);
    let charge = primary().map(|run| run.1).max().unwrap_or(0);
    assert_eq!(u128::from(said.primary_charge_pc()), (charge * 1_000).div_ceil(u128::from(hz)));
    let ticks = primary().map(|run| run.2).max().unwrap_or(0);
    assert_eq!(said.primary_us(), (ticks * 1_000_000).div_ceil(u64::from(hz)));
    let long = runs.iter().filter(|run| run.2 * 10 >= u64::from(hz)).map(|run| run.3).max();
    assert_eq!(said.long_peak_ua(), long.map(|na| na.div_ceil(1_000)));
}
