#![allow(
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "tests: the ideal is worked out in floating point, and a panic is a failed test"
)]

extern crate std;

use super::*;
use crate::rate::Onsets;
use proptest::prelude::*;
use std::vec::Vec;

fn cases(usual: u32) -> ProptestConfig {
    ProptestConfig::with_cases(std::env::var("NMES_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual))
}

/// Onsets of `plan` from `start`.
fn onsets<'a>(plan: &'a OnsetPlan<'_>, start: u64) -> impl Iterator<Item = u64> + 'a {
    let mut state = OnsetState::starting_at(start);
    std::iter::repeat_with(move || {
        let tick = state.tick();
        state.advance(plan);
        tick
    })
}

/// floor(n × period), in ticks.
fn floor_of(n: u64, rate: Rate, hz: u32) -> u64 {
    let us_ticks = u128::from(n) * u128::from(rate.per_us()) * u128::from(hz);
    u64::try_from(us_ticks / (u128::from(rate.pulses()) * 1_000_000)).unwrap()
}

fn any_rate() -> impl Strategy<Value = Rate> {
    (1_u32..100_000, 1_u32..50_000_000).prop_map(|(pulses, per_us)| Rate::new(pulses, per_us).unwrap())
}

fn wild_rate() -> impl Strategy<Value = Rate> {
    let end = prop_oneof![Just(1), Just(u32::MAX), 1..=u32::MAX];
    (end.clone(), end).prop_map(|(pulses, per_us)| Rate::new(pulses, per_us).unwrap())
}

fn millis(ms: u32) -> Millis {
    Millis::from_millis(ms).unwrap()
}

fn micros(us: &[u32]) -> Vec<Micros> {
    us.iter().map(|&us| Micros::from_micros(us).unwrap()).collect()
}

/// The ideal time of onset `n` of a sweep, in ticks.
fn ideal(sweep: &Sweep, hz: u32, n: u64) -> f64 {
    let per_tick = |r: Rate| f64::from(r.pulses()) * 1e6 / (f64::from(r.per_us()) * f64::from(hz));
    let (f, g) = (per_tick(sweep.from), per_tick(sweep.to));
    let (length, n) = (f64::from(sweep.over.as_millis()) * f64::from(hz) / 1e3, n as f64);
    // the logarithm of the ratio, without loss where it is near 1 and where it is not
    let all = if (g - f).abs() < f / 2.0 { ((g - f) / f).ln_1p() } else { (g / f).ln() };
    let total = match sweep.law {
        SweepLaw::Linear => length * (f + g) / 2.0,
        SweepLaw::Exponential if f == g => length * f,
        SweepLaw::Exponential => length * (g - f) / all,
    };
    if n >= total {
        return length + (n - total) / g;
    }
    match sweep.law {
        SweepLaw::Linear => 2.0 * n / (f + (f * f + 2.0 * n * (g - f) / length).sqrt()),
        SweepLaw::Exponential if f == g => n / f,
        SweepLaw::Exponential => (n * all / length / f).ln_1p() * length / all,
    }
}

/// Each of the first `count` onsets is within 2 ticks of the ideal one; the largest distance.
fn farthest(sweep: Sweep, rate: Rate, hz: u32, count: usize) -> f64 {
    let plan = OnsetPlan::new(rate, &Timing::Sweep(sweep), hz).unwrap();
    onsets(&plan, 0)
        .take(count)
        .enumerate()
        .map(|(n, tick)| (tick as f64 - ideal(&sweep, hz, n as u64)).abs())
        .fold(0.0, f64::max)
}

fn refusal(rate: Rate, timing: &Timing<'_>) -> ConfigError {
    OnsetPlan::new(rate, timing, 1_000_000).unwrap_err()
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// REQ-CORE-40: even onsets are those of `Onsets`, which are floors.
    #[test]
    fn even_onsets_are_floors(rate in any_rate(), hz in 1_000_u32..1_000_000_000, start in 0_u64..1 << 40) {
        let plan = OnsetPlan::new(rate, &Timing::Even, hz);
        let Ok(old) = Onsets::new(rate, hz) else {
            prop_assert_eq!(plan.unwrap_err().field(), Field::Period);
            return Ok(());
        };
        let (plan, mut old) = (plan.unwrap(), old.starting_at(start));
        prop_assert_eq!(plan.period_ticks(), old.period_ticks());
        for (n, tick) in onsets(&plan, start).take(200).enumerate() {
            prop_assert_eq!(tick, start + floor_of(n as u64, rate, hz));
            prop_assert_eq!(tick, old.tick());
            old.advance();
        }
    }

    /// REQ-CORE-41: pulse k of burst n stands at floor(n × period of `every`) + floor(k × period of the rate); a burst
    /// that leaves no period of the rate before the next is refused, with the number that fits.
    #[test]
    fn bursts_stand_on_two_grids(rate in any_rate(), every in any_rate(), pulses in 0_u16..20, hz in 1_000_u32..100_000_000) {
        let fit = u128::from(every.per_us()) * u128::from(rate.pulses())
            / (u128::from(every.pulses()) * u128::from(rate.per_us()));
        match OnsetPlan::new(rate, &Timing::Bursts(Bursts { pulses, every }), hz) {
            Err(error) if error.field() == Field::Period => prop_assert!(floor_of(1, rate, hz) == 0),
            Err(ConfigError::Below { field, value: 0, limit: 1, .. }) => prop_assert_eq!((field, pulses), (Field::BurstPulses, 0)),
            Err(ConfigError::Above { field, value, limit, .. }) => {
                prop_assert_eq!((field, value, limit), (Field::BurstPulses, i64::from(pulses), fit as i64));
                prop_assert!(value > limit);
            }
            Err(error) => prop_assert!(false, "{}", error),
            Ok(plan) => {
                prop_assert!(u128::from(pulses) <= fit);
                let mut last = None;
                for (i, tick) in onsets(&plan, 77).take(100).enumerate() {
                    let (n, k) = (i as u64 / u64::from(pulses), i as u64 % u64::from(pulses));
                    prop_assert_eq!(tick, 77 + floor_of(n, every, hz) + floor_of(k, rate, hz));
                    prop_assert!(last.is_none_or(|l| tick >= l + plan.period_ticks()));
                    last = Some(tick);
                }
            }
        }
    }

    /// REQ-CORE-42, REQ-CORE-170: each onset of a sweep is within 2 ticks of the ideal one, both laws, up and down, also after the
    /// end, and no interval is shorter than the least; and each is so near to where it is said to be.
    #[test]
    fn sweeps_are_near_their_ideal(
        ends in (100_u32..2_000_000, 100_u32..2_000_000), over in 1_u32..=60_000,
        hz in prop_oneof![Just(1_000_000_u32), Just(32_768), 10_000_u32..170_000_000], exponential: bool, start in 0_u64..1 << 40,
    ) {
        let law = if exponential { SweepLaw::Exponential } else { SweepLaw::Linear };
        let [from, to] = [ends.0, ends.1].map(|mhz| Rate::from_millihertz(mhz).unwrap());
        let rate = Rate::from_millihertz(ends.0.max(ends.1)).unwrap();
        let sweep = Sweep { from, to, over: millis(over), law };
        let timing = Timing::Sweep(sweep);
        let Ok(plan) = OnsetPlan::new(rate, &timing, hz) else {
            let ratio = f64::from(ends.0.max(ends.1)) / f64::from(ends.0.min(ends.1));
            prop_assert!(ratio > 10_000.0);
            return Ok(());
        };
        let mut last = None;
        for (n, tick) in onsets(&plan, start).take(2_000).enumerate() {
            let distance = (tick - start) as f64 - ideal(&sweep, hz, n as u64);
            prop_assert!(distance.abs() < 2.0, "onset {} is {} ticks off", n, distance);
            let said = plan.swept_ticks(n as u64).unwrap();
            prop_assert!((tick - start).abs_diff(said) <= 2, "onset {} is said to be at {}", n, said);
            prop_assert!(last.is_none_or(|l| tick >= l + plan.period_ticks()));
            last = Some(tick);
        }
    }

    /// REQ-CORE-43: onset n of a list stands at the floor of the sum of the intervals before it, round after round.
    #[test]
    fn lists_do_not_drift(us in prop::collection::vec(0_u32..1_000_000, 0..12), rate in any_rate(), hz in 1_000_u32..=u32::MAX) {
        let intervals = micros(&us);
        let long_enough = |us: u32| u64::from(us) * u64::from(rate.pulses()) >= u64::from(rate.per_us());
        match OnsetPlan::new(rate, &Timing::List(&intervals), hz) {
            Err(error) => {
                let short = !us.iter().all(|&us| long_enough(us));
                let right = [
                    (Field::Period, floor_of(1, rate, hz) == 0),
                    (Field::Intervals, us.is_empty()),
                    (Field::Interval, short),
                ]
                .contains(&(error.field(), true));
                prop_assert!(right, "{}", error);
            }
            Ok(plan) => {
                prop_assert!(us.iter().all(|&us| long_enough(us)));
                let (mut sum, mut last) = (0_u128, None);
                for (tick, &us) in onsets(&plan, 5).zip(us.iter().cycle()).take(300) {
                    prop_assert_eq!(u128::from(tick), 5 + sum * u128::from(hz) / 1_000_000);
                    prop_assert!(last.is_none_or(|l| tick >= l + plan.period_ticks()));
                    last = Some(tick);
                    sum += u128::from(us);
                }
            }
        }
    }

    /// REQ-CORE-44: whatever the rates, times, clocks and starts, a timing is refused or its onsets never come nearer
    /// than the least interval, and stay at the end of the clock when they have come there.
    #[test]
    fn extremes_are_refused_or_kept(
        rates in (wild_rate(), wild_rate(), wild_rate()), over in prop_oneof![Just(1_u32), Just(172_800_000), 0..=172_800_000_u32],
        pulses in prop_oneof![Just(u16::MAX), any::<u16>()], hz in prop_oneof![Just(0), Just(1), Just(u32::MAX), any::<u32>()],
        us in prop::collection::vec(prop_oneof![Just(10_000_000_u32), 0_u32..=10_000_000], 1..4),
        start in prop_oneof![Just(0), Just(u64::MAX), any::<u64>()], same: bool,
    ) {
        let (rate, from, to) = rates;
        let (from, to) = if same { (rate, rate) } else { (from, to) };
        let intervals = micros(&us);
        let sweep = |law| Timing::Sweep(Sweep { from, to, over: millis(over), law });
        let timings = [
            Timing::Even,
            Timing::Bursts(Bursts { pulses, every: to }),
            sweep(SweepLaw::Linear),
            sweep(SweepLaw::Exponential),
            Timing::List(&intervals),
        ];
        for timing in &timings {
            let Ok(plan) = OnsetPlan::new(rate, timing, hz) else { continue };
            prop_assert!(plan.period_ticks() >= 1);
            let mut last: Option<u64> = None;
            for tick in onsets(&plan, start).take(50) {
                prop_assert!(last.is_none_or(|l| tick >= l.saturating_add(plan.period_ticks())), "{:?}", timing);
                last = Some(tick);
            }
        }
    }
}

/// REQ-CORE-42: over a minute, and a minute after it, at the ends of the field's rates.
#[test]
fn a_minute_of_sweep_is_within_two_ticks() {
    for law in [SweepLaw::Linear, SweepLaw::Exponential] {
        for (from, to) in [(1, 100), (100, 1), (10, 1_000), (1_000, 10), (30, 30), (40, 41), (1, 1_000)] {
            for hz in [1_000_000, 16_000_000, 170_000_000] {
                let [from, to] = [from, to].map(|hz| Rate::from_hz(hz).unwrap());
                let sweep = Sweep { from, to, over: millis(60_000), law };
                let worst = farthest(sweep, Rate::from_hz(1_000).unwrap(), hz, 100_000);
                assert!(worst < 2.0, "{law:?} {from:?} {to:?} {hz}: {worst}");
            }
        }
    }
}

/// REQ-CORE-42: the longest sweep that 2 ticks are stated for, 2^36 ticks, and rates that are nearly equal.
#[test]
fn long_and_narrow_sweeps_are_within_two_ticks() {
    let hz = |hz| Rate::from_hz(hz).unwrap();
    let nearly = Rate::new(999_999_999, 1_000_000_000).unwrap();
    let ends =
        [(hz(1), hz(10_000)), (hz(10_000), hz(1)), (Rate::new(1, 1).unwrap(), nearly), (hz(50), hz(51))];
    for (from, to) in ends {
        for law in [SweepLaw::Linear, SweepLaw::Exponential] {
            let sweep = Sweep { from, to, over: millis(68_719_000), law };
            let rate = Rate::new(1, 1).unwrap();
            let plan = OnsetPlan::new(rate, &Timing::Sweep(sweep), 1_000_000).unwrap();
            let Kind::Sweep { plan, .. } = plan.kind else { panic!("a sweep") };
            let mean = |r: Rate| (f64::from(r.pulses()) * 34e9 / f64::from(r.per_us())) as u64;
            let all = mean(from) + mean(to);
            for n in (0..all + all / 10).step_by(usize::try_from(all / 1_009).unwrap()) {
                let distance = plan.elapsed(n) as f64 - ideal(&sweep, 1_000_000, n);
                assert!(distance.abs() < 2.0, "{law:?} {from:?} {to:?}: onset {n} is {distance} off");
            }
        }
    }
}

/// REQ-CORE-45: a timing that is not taken names what is wrong, the value, the limit and why.
#[test]
fn refusals_name_value_and_limit() {
    let hz = |hz| Rate::from_hz(hz).unwrap();
    let sweep = |from, to, ms| {
        Timing::Sweep(Sweep { from: hz(from), to: hz(to), over: millis(ms), law: SweepLaw::Linear })
    };
    let short = micros(&[40_000, 33_333]);
    let many = std::vec![Micros::MAX; MAX_INTERVALS + 1];
    let rows = [
        (Timing::Bursts(Bursts { pulses: 0, every: hz(1) }), "pulses in a burst: 0 is below 1"),
        (Timing::Bursts(Bursts { pulses: 4, every: hz(10) }), "pulses in a burst: 4 is above 3"),
        (sweep(10, 20, 0), "sweep time (ms): 0 is below 1"),
        (sweep(10, 31, 5), "rate of a sweep (mHz): 31000 is above 30000"),
        (sweep(31, 10, 5), "rate of a sweep (mHz): 31000 is above 30000"),
        (Timing::List(&[]), "intervals in a list: 0 is below 1"),
        (Timing::List(&short), "interval of a list (µs): 33333 is below 33334"),
        (Timing::List(&many), "intervals in a list: 65536 is above 65535"),
    ];
    for (timing, start) in rows {
        let said = std::format!("{}", refusal(hz(30), &timing));
        assert!(said.starts_with(start), "{said}");
    }
    let wide = Timing::Sweep(Sweep {
        from: Rate::from_millihertz(2).unwrap(),
        to: hz(30),
        over: millis(9),
        law: SweepLaw::Linear,
    });
    assert_eq!(refusal(hz(30), &wide).field(), Field::SweepRatio);
    // at the limits they are taken
    let fits = [
        Timing::Bursts(Bursts { pulses: 3, every: hz(10) }),
        sweep(30, 30, 1),
        Timing::List(many.get(1..).unwrap()),
    ];
    for timing in fits {
        assert!(OnsetPlan::new(hz(30), &timing, 1_000_000).is_ok());
    }
}
