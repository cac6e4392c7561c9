//! Properties of the check over random sessions and hardwares.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "a test stops at the first surprise"
)]

mod check_support;

use check_support::{Case, config, ms};
use nmes_core::*;
use nmes_safety::{Phase, PulseMetrics, Report, Verdict, assess, rules};
use proptest::prelude::*;

/// Phases that carry current; the guard's view of a frame.
fn driven(frame: &PulseFrame<'_>, dac: &ChannelHardware) -> Vec<Phase> {
    let mut phases: Vec<Phase> = Vec::new();
    for segment in frame.segments() {
        let current_na = segment.level.current_na(dac);
        phases.push(Phase { current_na, ticks: u64::from(segment.ticks) });
    }
    phases
}

/// Charge of the phases of each sign, in pC rounded up.
fn largest_charge(frame: &PulseFrame<'_>, dac: &ChannelHardware, hz: u32) -> u64 {
    let of = |positive: bool| {
        let phases = driven(frame, dac).into_iter().filter(|p| (p.current_na > 0) == positive);
        phases.map(|p| u128::from(p.current_na.unsigned_abs()) * u128::from(p.ticks)).sum::<u128>()
    };
    u64::try_from((of(true).max(of(false)) * 1_000).div_ceil(u128::from(hz))).unwrap()
}

prop_compose! {
    /// Calibrated outputs, with an offset of up to 40 % of a code.
    fn dacs()(
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
    fn timings()(
        hz in prop_oneof![Just(1_000_000_u32), Just(2_000_000), Just(500_000), Just(16_000_000)],
        late_us in 0_u32..12, stamp in 0_u32..3, spacing in 1_u32..8, shorted in any::<bool>(),
    ) -> HardwareTiming {
        let late = late_us * (hz / 500_000) / 2;
        HardwareTiming {
            late_max_ticks: if late == 0 { 0 } else { late.max(spacing) },
            stamp_error_ticks: if late == 0 { 0 } else { stamp },
            min_edge_ticks: spacing,
            gap_rest: if shorted { Rest::Shorted } else { Rest::DrivenZero },
            ..HardwareTiming::ideal(hz)
        }
    }
}

prop_compose! {
    fn cases()(
        ua in 500_u32..140_000, us in 60_u32..1_500, rate in 1_u32..160, gap_us in 0_u32..300,
        percent in prop_oneof![Just(100_u16), 100_u16..700], negative in any::<bool>(),
        dac in dacs(), timing in timings(), width in any::<bool>(),
    ) -> Case {
        let balance = if percent == 100 { Balance::Symmetric } else { Balance::Asymmetric { length_percent: percent } };
        Case {
            balance,
            gap_us,
            dac,
            timing,
            leading: if negative { Polarity::Negative } else { Polarity::Positive },
            control: if width { Control::Width } else { Control::Amplitude },
            ..Case::pulse(ua, us, rate)
        }
    }
}

/// A case with another ceiling compiles, or is none of the check's.
fn report_at(case: &Case, ceiling: (u32, u32)) -> Option<Report> {
    let case = Case { ceiling, set: None, ..*case };
    case.try_plan(|plan| assess(&plan, &case.setup, &case.profile)).ok()
}

proptest! {
    #![proptest_config(config(2_000))]

    /// REQ-SAF-003: with lower ceilings no value of any rule is higher, in any unit, on any hardware.
    #[test]
    fn values_grow_with_the_ceiling(case in cases(), amplitude in 1_u32..=1_000, width in 1_u32..=1_000) {
        let lower = ((case.ceiling.0 * amplitude).div_ceil(1_000), (case.ceiling.1 * width).div_ceil(1_000));
        let (Some(high), Some(low)) = (report_at(&case, case.ceiling), report_at(&case, lower)) else {
            return Err(TestCaseError::reject("not a plan"));
        };
        for row in low.rows().filter(|row| row.rule != &rules::E_BAL_1) {
            let at_ceiling = high.row(row.rule).map(|r| (r.value, r.verdict));
            prop_assert!(at_ceiling.is_some_and(|(value, _)| row.value <= value), "{row}\n{at_ceiling:?}");
        }
    }

    /// REQ-SAF-003: a pulse at any setting up to the ceilings amounts to no more than the check counts with.
    #[test]
    fn every_pulse_is_within_the_worst(case in cases(), amplitude in 1_u32..=1_000, width in 1_u32..=1_000) {
        let setting = Setting::new(
            (case.ceiling.0 * amplitude).div_ceil(1_000),
            (case.ceiling.1 * width).div_ceil(1_000),
        ).unwrap();
        let hz = case.timing.ticks_per_second;
        let seen = case.try_plan(|plan| {
            let worst = PulseMetrics::worst(&plan, 0).unwrap();
            let rate = plan.channel(0).unwrap().rate();
            let frame = plan.frame(0, setting, 0)?;
            let pulse = PulseMetrics::of(&driven(&frame, &case.dac), hz);
            Some((worst, pulse, largest_charge(&frame, &case.dac, hz), rate))
        });
        let Ok(Some((worst, pulse, largest, rate))) = seen else {
            return Err(TestCaseError::reject("no pulse"));
        };
        prop_assert!(pulse.peak_ua() <= worst.peak_ua());
        prop_assert!(pulse.primary_charge_pc() <= worst.primary_charge_pc());
        prop_assert!(largest <= worst.phase_charge_pc());
        prop_assert!(pulse.absolute_charge_pc() <= worst.absolute_charge_pc());
        prop_assert!(pulse.mean_square_na2(rate) <= worst.mean_square_na2(rate));
        prop_assert!(pulse.mean_absolute_ua(rate) <= worst.mean_absolute_ua(rate));
        prop_assert!(pulse.energy_uj(500) <= worst.energy_uj(500));
        prop_assert!(pulse.short_energy_uj(500) <= worst.short_energy_uj(500));
        prop_assert!(pulse.primary_us() <= worst.primary_us());
    }

    /// REQ-SAF-007: a slow reference that plays the pulses of one second tick by tick finds the same sums, and with a
    /// symmetric pulse on a hardware that is never late the check counts with exactly these.
    #[test]
    fn slow_reference(case in cases(), pulses in 1_u32..40) {
        let case = Case {
            balance: Balance::Symmetric,
            rate: (pulses, 1_000_000),
            timing: HardwareTiming::ideal(1_000_000),
            dac: ChannelHardware::symmetric(case.dac.na_per_code_positive, -1_000_000, 1_000_000),
            ..case
        };
        let seen = case.try_plan(|plan| {
            let frame = plan.frame(0, plan.session().channels()[0].ceiling, 0).unwrap();
            (PulseMetrics::worst(&plan, 0).unwrap(), frame.segments().collect::<Vec<_>>())
        });
        let Ok((worst, segments)) = seen else { return Err(TestCaseError::reject("not a plan")) };
        let (mut square, mut absolute, mut net) = (0.0_f64, 0.0_f64, 0_i64);
        for _ in 0..pulses {
            for segment in &segments {
                for _ in 0..segment.ticks {
                    let na = segment.level.current_na(&case.dac);
                    let amps = na as f64 * 1e-9;
                    square += amps * amps * 1e-6;
                    absolute += amps.abs() * 1e-6;
                    net += na;
                }
            }
        }
        let rate = Rate::from_hz(pulses).unwrap();
        let near = |whole: u64, exact: f64| whole as f64 >= exact * (1.0 - 1e-9) && whole as f64 <= exact * (1.0 + 1e-9) + 1.0;
        prop_assert_eq!(net, 0);
        prop_assert_eq!(worst.net_na_ticks(), 0);
        prop_assert!(near(worst.rms_ua(rate), square.sqrt() * 1e6), "{} {}", worst.rms_ua(rate), square.sqrt());
        prop_assert!(near(worst.mean_absolute_ua(rate), absolute * 1e6));
        prop_assert!(near(worst.energy_uj(500) * u64::from(pulses), 500e6 * square) || pulses > 1);
    }

    /// REQ-SAF-003: the shown value is past the limit exactly when the squares are.
    #[test]
    fn shown_values_agree_with_the_squares(ma in 1_i64..200, us in 10_u64..1_000, hz in 1_u32..400, mm2 in 50_u32..20_000) {
        let phases = [Phase { current_na: ma * 1_000_000, ticks: us }, Phase { current_na: -ma * 1_000_000, ticks: us }];
        let pulse = PulseMetrics::of(&phases, 1_000_000);
        let rate = Rate::from_hz(hz).unwrap();
        let square = pulse.mean_square_na2(rate);
        prop_assert_eq!(pulse.rms_ua(rate) > 50_000, square > 50_000_000_u128.pow(2));
        let density = nmes_safety::density_ua_per_cm2(square, mm2, 1_000);
        let limit = 2_000_000_u128 * u128::from(mm2); // nA on mm², hundredfold
        prop_assert_eq!(density > 2_000, square * 10_000 > limit * limit);
    }
}

/// Sums as the edges were applied: what one channel put out in each second and in each pulse.
#[derive(Default)]
struct Meter {
    since: u64,
    current_na: i64,
    square: u128,
    peak: u64,
}

impl Meter {
    fn edge(&mut self, at: u64, current_na: i64) {
        let magnitude = u128::from(self.current_na.unsigned_abs());
        self.square += magnitude * magnitude * u128::from(at - self.since);
        self.peak = self.peak.max(self.current_na.unsigned_abs());
        self.since = at;
        self.current_na = current_na;
    }
}

proptest! {
    #![proptest_config(config(200))]

    /// REQ-SAF-008: with every edge as late as declared, at random, what is put out stays within what the check counted
    /// with: in mean square over the train, in peak, and in the charge of each primary phase.
    #[test]
    fn late_edges_stay_within(case in cases(), seed in any::<u64>()) {
        let case = Case { schedule: Schedule::Continuous, length_ms: 1_000, up_down_min: (0, 0, 0), ..case };
        let result = case.try_plan(|plan| run_late(&case, &plan, seed));
        let Ok(result) = result else { return Err(TestCaseError::reject("not a plan")) };
        result?;
    }
}

fn run_late(case: &Case, plan: &Plan<'_>, seed: u64) -> Result<(), TestCaseError> {
    let worst = PulseMetrics::worst(plan, 0).unwrap();
    let mut storage = [ChannelState::new(); 2];
    let mut engine = Engine::new(plan, &mut storage).unwrap();
    engine.command(0, plan.session().channels()[0].ceiling, 0).unwrap();
    engine.start(0);
    let (mut random, mut meter) = (seed | 1, Meter::default());
    let late = u64::from(plan.hardware().lateness_ticks());
    loop {
        while let Some(frame) = engine.pending() {
            prop_assert!(engine.accept(frame.channel(), frame.sequence()));
        }
        let Next::At(tick) = engine.next() else { break };
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (tick + (random >> 33) % (late + 1)).max(meter.since);
        for change in engine.step().iter().flat_map(|step| step.changes().collect::<Vec<_>>()) {
            meter.edge(at, change.level.current_na(&case.dac));
        }
        prop_assert_eq!(engine.applied(at), Ok(()), "due {} at {}", tick, at);
        while let Some(receipt) = engine.take_receipt() {
            let pc = u128::from(receipt.primary_charge.magnitude()) * 1_000;
            let pc = pc.div_ceil(u128::from(case.timing.ticks_per_second));
            prop_assert!(pc <= u128::from(worst.primary_charge_pc()));
        }
    }
    prop_assert!(engine.counters(0).unwrap().pulses >= case.rate.0 / 2);
    let bound =
        worst.mean_square_na2(plan.channel(0).unwrap().rate()) * u128::from(case.timing.ticks_per_second);
    prop_assert!(meter.square <= bound, "{} > {bound}", meter.square);
    prop_assert!(meter.peak.div_ceil(1_000) <= worst.peak_ua(), "{} nA > {} µA", meter.peak, worst.peak_ua());
    Ok(())
}

/// REQ-SAF-003: the property above can fail: a ceiling above that of the check is past what it counts with.
#[test]
fn the_worst_is_not_merely_large() {
    let case = Case::pulse(40_000, 300, 40);
    let above = Case { ceiling: (40_100, 300), ..case };
    let (one, other) = (case.report(), above.report());
    let more = |rule| other.row(rule).unwrap().value > one.row(rule).unwrap().value;
    assert!(more(&rules::E_PEAK_1) && more(&rules::E_Q_1) && more(&rules::N_RMS_1));
    assert_eq!(one.verdict(), Verdict::Warn); // no one-shot
    assert_eq!(ms(1), Millis::from_millis(1).unwrap());
}
