//! The whole road on a simulated stage: session, plan, check, stimulator, edges, current.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::wildcard_enum_match_arm,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use nmes_core::*;
use nmes_hal_adapters::sim::SimEdge;
use nmes_hal_adapters::{NoSense, Stimulator, Ticked};
use nmes_safety::{State, UseClass};
use proptest::prelude::*;
use std::cell::RefCell;

/// REQ-HAL-020: a gated session on exact hardware: every pulse and the whole sum to zero in codes × ticks as they
/// came out, the counts are those asked for, the current is 40 mA both ways, and the output ends open.
#[test]
fn an_exact_session_is_balanced_as_it_came_out() {
    let set = setting(40_000, 300);
    let channels = [channel(set)];
    let session = Session::new(&channels, gated(), ms(60_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let edges = RefCell::new(Vec::new());
    let mut states = [ChannelState::new(); 1];
    let output = bench.output_to(|edge: SimEdge| edges.borrow_mut().push(edge));
    let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), bench.sense()).unwrap();
    assert_eq!(stim.state(), State::Armed);
    stim.start().unwrap();
    raise(&mut stim, bench.clock(), &[set]).unwrap();
    assert!(edges.borrow().is_empty(), "nothing comes out of a closed gate");
    assert!(matches!(stim.gate(GateInput::Open).unwrap(), GateAnswer::Started { .. }));
    let opened = bench.clock().now();
    let mut seen = Seen::default();
    run_to(&mut stim, bench.clock(), opened + 2_000_000, &mut seen).unwrap();
    assert!(matches!(stim.gate(GateInput::Close { down: None }).unwrap(), GateAnswer::Closed { .. }));
    run_to(&mut stim, bench.clock(), opened + 3_000_000, &mut seen).unwrap();
    // 40 a second for 2 s and a ramp-down of 0.2 s; the first of the ramp-up and the last of the ramp-down are silent
    let counters = stim.counters(0).unwrap();
    assert_eq!(counters.pulses + counters.silent, 88);
    assert!(counters.silent <= 2, "{counters:?}");
    assert_eq!(seen.receipts.len(), usize::try_from(counters.pulses).unwrap());
    assert!(seen.receipts.iter().all(|r| r.ledger == Charge::ZERO && r.deferred_ticks == 0));
    let full: Vec<_> = seen.receipts.iter().filter(|r| r.full_level).collect();
    assert!(full.len() >= 70 && full.iter().all(|r| r.code == 1_600 && r.primary_ticks == 300));
    stim.stop(StopPolicy::FinishPulse).unwrap();
    assert_eq!(stim.finished().unwrap().residual, Charge::ZERO);
    assert_eq!(stim.stats(), Default::default());
    drop(stim);
    let edges = edges.into_inner();
    assert_eq!(code_ticks(&edges, 0), 0);
    for receipt in &seen.receipts {
        let within = |e: &&SimEdge| (receipt.onset_tick..=receipt.end_tick).contains(&e.at_tick);
        assert_eq!(code_ticks(&edges.iter().filter(within).copied().collect::<Vec<_>>(), 0), 0);
    }
    let peak = edges.iter().map(|e| e.point.current_ua).fold(0.0, f64::max);
    assert!((peak - 40_000.0).abs() < 1e-6);
    assert!(bench.mean_dc(0).on_ua.abs() < 1e-6);
}

/// REQ-HAL-021: two channels that share instants, with and without a latch, stay within their bounds.
#[test]
fn two_channels_share_instants() {
    for has_latch in [true, false] {
        let set = setting(20_000, 250);
        let channels = [channel(set), Channel { rate: Rate::from_hz(50).unwrap(), ..channel(set) }];
        let session = Session::new(&channels, gated(), ms(60_000)).unwrap();
        let timing = HardwareTiming { write_ticks: 4, min_edge_ticks: 4, has_latch, ..late(5) };
        let hardware = hardware(timing, 20_000, 2);
        let checked = checked(&session, &hardware, UseClass::FunctionalWear);
        let bench = bench(hardware, stage(800.0, 120.0), 5, 99);
        let edges = RefCell::new(Vec::new());
        let mut states = [ChannelState::new(); 2];
        let output = bench.output_to(|edge: SimEdge| edges.borrow_mut().push(edge));
        let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), bench.sense()).unwrap();
        stim.start().unwrap();
        raise(&mut stim, bench.clock(), &[set, set]).unwrap();
        stim.gate(GateInput::Open).unwrap();
        let mut seen = Seen::default();
        let until = bench.clock().now() + 1_500_000;
        run_to(&mut stim, bench.clock(), until, &mut seen).unwrap();
        stim.stop(StopPolicy::FinishPulse).unwrap();
        run_to(&mut stim, bench.clock(), until + 50_000, &mut seen).unwrap();
        assert!(stim.finished().is_some());
        let lateness = i64::from(hardware.lateness_ticks());
        let shared = edges
            .borrow()
            .windows(2)
            .filter(|e| e[0].channel != e[1].channel && e[0].at_tick.abs_diff(e[1].at_tick) <= 4)
            .count();
        assert!(shared > 10, "the channels do share instants: {shared}");
        drop(stim);
        for index in 0..2 {
            let sum = code_ticks(&edges.borrow(), index);
            assert!(sum.abs() <= lateness, "channel {index}, latch {has_latch}: {sum} code-ticks");
        }
    }
}

fn cases() -> u32 {
    std::env::var("NMES_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(256)
}

#[derive(Clone, Copy, Debug)]
struct Case {
    late: u32,
    seed: u64,
    na_per_code: u32,
    ua: u32,
    us: u32,
    gap_us: u32,
    percent: u16,
    millihertz: u32,
    leading: Polarity,
    stop_after: u64,
    policy: StopPolicy,
    rest: Rest,
}

fn any_case() -> impl Strategy<Value = Case> {
    let policy =
        prop_oneof![Just(StopPolicy::FinishPulse), Just(StopPolicy::RecoverNow), Just(StopPolicy::HardOff)];
    let rest = prop_oneof![Just(Rest::Open), Just(Rest::Shorted), Just(Rest::DrivenZero)];
    let leading = prop_oneof![Just(Polarity::Positive), Just(Polarity::Negative)];
    let shape = (2_000_u32..20_000, 200_u32..400, 0_u32..200, prop_oneof![Just(100_u16), 100_u16..400]);
    let clock = (0_u32..=15, any::<u64>(), 20_000_u32..60_000, 15_000_u32..45_000);
    (shape, clock, leading, 0_u64..120_000, policy, rest).prop_map(
        |(shape, clock, leading, stop_after, policy, rest)| Case {
            late: clock.0,
            seed: clock.1,
            na_per_code: clock.2,
            ua: shape.0,
            us: shape.1,
            gap_us: if shape.2 < 50 { 0 } else { shape.2 },
            percent: shape.3,
            millihertz: clock.3,
            leading,
            stop_after,
            policy,
            rest,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// REQ-HAL-022: with every edge a random 0..=L late, any gains, shapes, rests, instants and policies of stopping:
    /// after a pulse at most two balancing codes × L are owed, at the end at most one code × L, and the sum over the
    /// edges as they came out is exactly what the engine and the guard each say.
    #[test]
    fn ledgers_hold_at_any_lateness_and_stop(case in any_case()) {
        let set = setting(case.ua, case.us);
        let balance = if case.percent == 100 { Balance::Symmetric } else { Balance::Asymmetric { length_percent: case.percent } };
        let gap = Micros::from_micros(case.gap_us).unwrap();
        let channels = [Channel {
            pulse: PulseShape { gap, balance, leading: case.leading, ..PulseShape::default() },
            rate: Rate::from_millihertz(case.millihertz).unwrap(),
            ..channel(set)
        }];
        let session = Session::new(&channels, gated(), ms(60_000)).unwrap();
        let min_edge_ticks = case.late.clamp(1, 5);
        let timing = HardwareTiming { min_edge_ticks, gap_rest: case.rest, pulse_rest: case.rest, ..late(case.late) };
        let hardware = hardware(timing, case.na_per_code, 1);
        let checked = checked(&session, &hardware, UseClass::FunctionalWear);
        let bench = bench(hardware, stage(1_000.0, 150.0), case.late, case.seed);
        let edges = RefCell::new(Vec::new());
        let mut states = [ChannelState::new(); 1];
        let output = bench.output_to(|edge: SimEdge| edges.borrow_mut().push(edge));
        let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), NoSense).unwrap();
        stim.start().unwrap();
        raise(&mut stim, bench.clock(), &[set]).unwrap();
        stim.gate(GateInput::Open).unwrap();
        let mut seen = Seen::default();
        let until = bench.clock().now() + 300_000 + case.stop_after;
        run_to(&mut stim, bench.clock(), until, &mut seen).unwrap();
        stim.stop(case.policy).unwrap();
        if case.policy == StopPolicy::HardOff {
            prop_assert_eq!(bench.level(0), Level::Open);
        }
        run_to(&mut stim, bench.clock(), until + 60_000, &mut seen).unwrap();
        prop_assert_eq!(bench.level(0), Level::Open);
        let finished = stim.finished().unwrap();
        let (na, late) = (i64::from(case.na_per_code), i64::from(case.late));
        let guard = stim.guard().ledger(0).unwrap();
        prop_assert!(stim.stats().worst_late <= u64::from(case.late));
        drop(stim);
        prop_assert_eq!(code_ticks(&edges.borrow(), 0) * na, finished.residual.as_nanoamp_ticks());
        prop_assert_eq!(guard, finished.residual);
        if case.policy != StopPolicy::HardOff {
            prop_assert!(finished.residual.magnitude() <= u64::try_from(na * late).unwrap(), "{:?}", finished);
        }
        prop_assert!(seen.receipts.len() > 3);
        for r in seen.receipts.iter().filter(|r| r.kind == FrameKind::Pulse && !r.cut) {
            let balancing = i64::from(r.code.abs()) + 1;
            prop_assert!(r.ledger.magnitude() <= u64::try_from(2 * balancing * na * late).unwrap(), "{:?}", r);
        }
    }
}

/// REQ-HAL-023: an edge later than declared opens the output at that edge and latches, and the board's watchdog is
/// not fed from then on.
#[test]
fn later_than_declared_is_a_fault() {
    let set = setting(10_000, 300);
    let channels = [channel(set)];
    let session = Session::new(&channels, gated(), ms(60_000)).unwrap();
    let hardware = hardware(late(15), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let bench = bench(hardware, stage(1_000.0, 120.0), 30, 7);
    let edges = RefCell::new(Vec::new());
    let mut states = [ChannelState::new(); 1];
    let output = bench.output_to(|edge: SimEdge| edges.borrow_mut().push(edge));
    let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), NoSense).unwrap();
    stim.start().unwrap();
    raise(&mut stim, bench.clock(), &[set]).unwrap();
    let mut fed = 0;
    assert!(matches!(stim.on_tick_feeding(|| fed += 1), Ok(Ticked::Well(_))));
    assert_eq!(fed, 1);
    stim.gate(GateInput::Open).unwrap();
    let stopped = run_to(&mut stim, bench.clock(), u64::MAX, &mut Seen::default()).unwrap_err();
    let late = |cause| {
        matches!(
            cause,
            nmes_hal_adapters::Cause::Engine(EngineFault::Late { by_ticks: 16..=30, limit_ticks: 15, .. })
        )
    };
    assert!(late(stopped.cause), "{stopped}");
    assert_eq!(stopped.at_tick, bench.clock().now(), "within the edge");
    assert_eq!((stim.state(), bench.level(0)), (State::Fault, Level::Open));
    assert_eq!(stim.black_box().first().unwrap().fault, nmes_safety::Fault::Late);
    assert_eq!(bench.clock().next_alarm(), None);
    for _ in 0..3 {
        assert_eq!(stim.on_tick_feeding(|| fed += 1), Err(stopped));
        assert_eq!(stim.on_alarm(), Err(stopped));
        assert_eq!(stim.gate(GateInput::Open), Err(stopped));
        assert_eq!(stim.start(), Err(stopped));
    }
    assert_eq!(fed, 1);
    assert_eq!(edges.borrow().last().unwrap().level, Level::Open);
}
