//! A stop at every microsecond of one pulse, for each policy: what is left, and how long it takes.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::{Action, ms, play, started};
use nmes_core::*;

const GAIN: i64 = 100_000;

fn stopped(pulse: PulseShape, late: u32, policy: StopPolicy, at: u64) -> (i64, u64, i64) {
    let set = Setting::new(40_000, 300).unwrap();
    let (ramp, offset) = (Ramp::default(), Micros::ZERO);
    let channels = [Channel {
        pulse,
        rate: Rate::from_hz(40).unwrap(),
        train: Train::default(),
        set,
        ceiling: set,
        ramp,
        offset,
    }];
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
    let timing = HardwareTiming { late_max_ticks: late, ..HardwareTiming::ideal(1_000_000) };
    let output = ChannelHardware::symmetric(GAIN as u32, -2_048, 2_047);
    let hardware = Hardware::new(timing, &[output], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let mut script = started(&session);
    script.push((at, Action::Stop(policy)));
    let run = play(&plan, &script, common::lateness(&timing, at));
    assert_eq!(run.fault, None);
    let finished = run.finished.unwrap();
    assert_eq!(run.charge_from_edges(0, &output), finished.residual.as_nanoamp_ticks());
    let peak = run.edges.iter().map(|e| e.level.current_na(&output)).min().unwrap();
    (finished.residual.as_nanoamp_ticks(), finished.at_tick.saturating_sub(at), peak)
}

fn shapes() -> [(PulseShape<'static>, u64); 2] {
    let gap = Micros::from_micros(100).unwrap();
    let symmetric = PulseShape { gap, ..PulseShape::default() };
    let asymmetric = PulseShape { gap, balance: Balance::Asymmetric { length_percent: 400 }, ..symmetric };
    [(symmetric, 700), (asymmetric, 1_600)]
}

/// REQ-INV-06: finished and recovered pulses leave exactly nothing at every microsecond, within a pulse's length.
#[test]
fn finish_and_recover_leave_nothing() {
    for (pulse, length) in shapes() {
        for at in 25_000..25_000 + length + 5 {
            let (left, rest, _) = stopped(pulse, 0, StopPolicy::FinishPulse, at);
            assert_eq!(left, 0, "finish at {at}");
            assert!(rest <= 25_000 + length - at.min(25_000 + length) + 2);
            let (left, rest, lowest) = stopped(pulse, 0, StopPolicy::RecoverNow, at);
            assert_eq!(left, 0, "recover at {at}");
            assert!(rest <= length, "{rest} µs at {at}");
            assert!(lowest >= -400 * GAIN / if length > 1_000 { 4 } else { 1 }, "{lowest} nA at {at}");
        }
    }
}

/// REQ-INV-06: recovery is sooner than finishing in the first half of a symmetric pulse.
#[test]
fn recovery_is_sooner() {
    let (pulse, _) = shapes()[0];
    for at in 25_010..25_300 {
        let (_, finish, _) = stopped(pulse, 0, StopPolicy::FinishPulse, at);
        let (_, recover, _) = stopped(pulse, 0, StopPolicy::RecoverNow, at);
        assert!(recover < finish, "{recover} against {finish} at {at}");
    }
}

/// REQ-INV-06: a hard off is at rest at once, and its residual is the charge that had flowed.
#[test]
fn hard_off_reports_what_flowed() {
    let (pulse, length) = shapes()[0];
    for at in 25_000..25_000 + length {
        let (left, rest, _) = stopped(pulse, 0, StopPolicy::HardOff, at);
        let into = (at - 25_000) as i64;
        let paid = (into - 400).clamp(0, 300);
        assert_eq!(left, (into.min(300) - paid) * 400 * GAIN, "at {at}");
        assert_eq!(rest, 0);
    }
}

/// REQ-INV-03, REQ-INV-06: with edges up to 15 µs late a stop leaves at most one code × L, at every microsecond.
#[test]
fn late_stops_leave_a_code_times_l() {
    for (pulse, length) in shapes() {
        for at in 25_000..25_000 + length {
            for policy in [StopPolicy::FinishPulse, StopPolicy::RecoverNow] {
                let (left, rest, _) = stopped(pulse, 15, policy, at);
                assert!(left.abs() <= GAIN * 15, "{left} at {at}");
                assert!(rest <= 25_000, "{rest} µs at {at}");
            }
        }
    }
}
