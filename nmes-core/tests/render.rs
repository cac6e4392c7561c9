//! Samples against edges against frames: every form, timing and schedule, however the time is cut into blocks.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests: a panic here is a failed test"
)]

mod common;
#[path = "common/samples.rs"]
mod samples;

use common::*;
use nmes_core::*;
use proptest::prelude::*;
use samples::*;

/// A random sample clock, with equal gains or without.
fn sample_clock(exact: bool) -> impl Strategy<Value = Hardware> {
    let rest = || prop_oneof![Just(Rest::Open), Just(Rest::Shorted), Just(Rest::DrivenZero)];
    let numbers = (10_000_u32..30_000, 1_u32..3, 0_u32..4, 60_000_u32..400_000, -5_000_i32..5_000);
    (numbers, rest(), rest(), any::<bool>()).prop_map(move |(n, gap_rest, pulse_rest, has_latch)| {
        let (hz, min_edge_ticks, dead_ticks, na, skew) = n;
        let dead_ticks = if dead_ticks > 2 { 2 } else { 0 };
        let pulse_rest = if dead_ticks > 0 { Rest::Open } else { pulse_rest };
        let ideal = HardwareTiming::ideal(hz);
        let timing = HardwareTiming { min_edge_ticks, dead_ticks, gap_rest, pulse_rest, has_latch, ..ideal };
        let mut output = ChannelHardware::symmetric(na, -32_768, 32_767);
        if !exact {
            output.na_per_code_negative = na.saturating_add_signed(skew);
        }
        Hardware::new(timing, &[output; 4], 0).unwrap()
    })
}

/// A random session on a sample clock.
fn sampled_case(exact: bool) -> impl Strategy<Value = Case> {
    let random = case(Kind { late: false, exact: true });
    (random, sample_clock(exact)).prop_map(|(case, hardware)| Case { hardware, ..case })
}

fn stops() -> impl Strategy<Value = Option<StopPolicy>> {
    prop_oneof![
        Just(None),
        Just(Some(StopPolicy::FinishPulse)),
        Just(Some(StopPolicy::RecoverNow)),
        Just(Some(StopPolicy::HardOff)),
    ]
}

/// Commands, gate inputs and perhaps a stop at random moments; all stand on block boundaries.
fn script_with(case: &Case, stop: Option<StopPolicy>) -> Vec<(u64, Action)> {
    let mut script = script(case);
    if let Some(policy) = stop {
        let length =
            u64::from(case.length.as_millis()) * u64::from(case.hardware.timing().ticks_per_second) / 1_000;
        script.push((case.seed % (length + 1), Action::Stop(policy)));
        script.sort_by_key(|(tick, _)| *tick);
    }
    script
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// REQ-CORE-60, REQ-INV-12: samples are the edges to the sample, and the frames that were put out, whatever the
    /// blocks, the layout and the sample type; the sum of each channel is 0 unless a hard off cut a pulse.
    #[test]
    fn samples_are_edges_are_frames(case in sampled_case(true), stop in stops()) {
        let session = case.session();
        let plan = Plan::compile(&session, &case.hardware).map_err(|e| TestCaseError::reject(e.to_string()))?;
        let cut = stop == Some(StopPolicy::HardOff);
        let seen = all_equal(&plan, &script_with(&case, stop), case.seed);
        if stop.is_none_or(|policy| policy == StopPolicy::FinishPulse) {
            prop_assert_eq!(&seen.samples, &from_frames(&seen.run, &plan, seen.length));
        }
        for (channel, samples) in seen.samples.iter().enumerate() {
            let sum: i64 = samples.iter().map(|&code| i64::from(code)).sum();
            let ledger = seen.run.ledgers[channel].as_nanoamp_ticks();
            let gain = i64::from(case.hardware.channels()[channel].na_per_code_positive);
            prop_assert_eq!(sum * gain, ledger);
            let balanced = case.channels[channel].pulse.balance.is_balanced();
            prop_assert!(cut || sum == 0 || !balanced);
        }
    }

    /// REQ-CORE-60: with unequal gains the calibrated sum of the samples is the ledger.
    #[test]
    fn calibrated_samples_are_the_ledger(case in sampled_case(false), stop in stops()) {
        let session = case.session();
        let plan = Plan::compile(&session, &case.hardware).map_err(|e| TestCaseError::reject(e.to_string()))?;
        let seen = all_equal(&plan, &script_with(&case, stop), case.seed);
        for (channel, samples) in seen.samples.iter().enumerate() {
            let output = &case.hardware.channels()[channel];
            let sum: i64 = samples.iter().map(|&code| output.current_na(code)).sum();
            prop_assert_eq!(sum, seen.run.ledgers[channel].as_nanoamp_ticks());
        }
    }

    /// REQ-CORE-62: wherever a guard refuses a frame or an edge, the samples are those of a run nobody refuses up to
    /// that sample, and zero from it on, on every channel and in every further block; the ledger is what was put out.
    #[test]
    fn a_refusal_is_zero_from_there_on(case in sampled_case(true), nth in 0_u32..60, edges in any::<bool>()) {
        let session = case.session();
        let plan = Plan::compile(&session, &case.hardware).map_err(|e| TestCaseError::reject(e.to_string()))?;
        let seen = played(&plan, &script(&case));
        let watch = Refuser { left: nth, edges, pulses: 0 };
        let (cut, fault, engine_left) = with_refusals(&plan, &script(&case), case.seed, seen.length, watch);
        let at = fault.map_or(seen.length, |fault| fault.at_tick as usize);
        for (channel, (whole, cut)) in seen.samples.iter().zip(&cut).enumerate() {
            prop_assert_eq!(&whole[..at], &cut[..at]);
            prop_assert!(cut[at..].iter().all(|&code| code == 0));
            let sum: i64 = cut.iter().map(|&code| i64::from(code)).sum();
            let gain = i64::from(case.hardware.channels()[channel].na_per_code_positive);
            prop_assert_eq!(sum * gain, engine_left[channel].as_nanoamp_ticks());
        }
    }
}

/// REQ-CORE-60, REQ-INV-12: the same for every form × timing × schedule, by hand.
#[test]
fn every_form_timing_and_schedule() {
    let hardware = Hardware::new(HardwareTiming::ideal(50_000), &[DAC; 2], 0).unwrap();
    let mut seed = 0;
    for (name, pulse, width) in forms() {
        for timing in timings() {
            for schedule in schedules() {
                seed += 1;
                let why = format!("{name} {timing:?} {schedule:?}");
                let channels = pair(pulse, width, timing);
                let session = Session::new(&channels, schedule, ms(900)).unwrap();
                let plan = Plan::compile(&session, &hardware).unwrap_or_else(|e| panic!("{why}: {e}"));
                let mut script = started(&session);
                script.push((40, Action::Gate(GateInput::Open)));
                script.push((20_000, Action::Gate(GateInput::Close { down: None })));
                let seen = all_equal(&plan, &script, seed);
                assert_eq!(seen.samples, from_frames(&seen.run, &plan, seen.length), "{why}");
                assert!(seen.run.frames.len() > 3, "{why}");
                for samples in &seen.samples {
                    assert!(samples.iter().any(|&code| code != 0), "{why}");
                    let sum: i64 = samples.iter().map(|&code| i64::from(code)).sum();
                    assert_eq!(sum == 0, pulse.balance.is_balanced(), "{why}");
                }
            }
        }
    }
}
