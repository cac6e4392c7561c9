//! The stage against numbers worked out by hand.

#![expect(clippy::arithmetic_side_effects, reason = "tests; overflow would panic")]

use crate::sim::{ChannelStage, Delivered, Load, Stage, StageFault};
use nmes_core::{ChannelHardware, Level};
use nmes_safety::SampleInstant;

const MHZ: u32 = 1_000_000;
/// 40 mA at 25 µA a code.
const FULL: i32 = 1_600;

fn channel(stage: Stage) -> ChannelStage {
    ChannelStage::new(stage, ChannelHardware::symmetric(25_000, -4_095, 4_095), MHZ)
}

fn resistor(ohm: f64, rail_v: f64) -> Stage {
    Stage::ideal(rail_v, Load::resistor(ohm).unwrap())
}

/// 300 µs out, 100 µs open, 300 µs back, from `at`.
fn pulse(channel: &mut ChannelStage, at: u64, code: i32) -> Delivered {
    for (after, level) in
        [(0, Level::Code(code)), (300, Level::Open), (400, Level::Code(-code)), (700, Level::Open)]
    {
        channel.set(at + after, level);
    }
    channel.take_delivered()
}

fn close(value: f64, expected: f64) -> bool {
    (value - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}

/// REQ-HAL-009: 40 mA for 300 µs is 12 µC each way at 40 V into 1 kΩ, and nothing is left.
#[test]
fn an_ideal_stage_delivers_what_is_commanded() {
    let mut channel = channel(resistor(1_000.0, 120.0));
    let d = pulse(&mut channel, 5, FULL);
    assert!(close(d.primary_nc, 12_000.0) && close(d.balance_nc, -12_000.0) && close(d.net_nc, 0.0), "{d:?}");
    assert!(close(d.max_v, 40.0) && close(d.min_v, -40.0) && close(d.peak_ua, 40_000.0), "{d:?}");
    assert!(!d.clipped);
    let d = pulse(&mut channel, 25_005, -FULL);
    assert!(
        close(d.primary_nc, -12_000.0) && close(d.balance_nc, 12_000.0),
        "primary is the first phase: {d:?}"
    );
}

/// REQ-HAL-009: 1 % mismatch at 40 mA × 300 µs × 40 Hz is 4.8 µA while on, and less over a session with rests.
#[test]
fn mismatch_is_a_direct_current() {
    let mut channel = channel(Stage { mismatch_percent: 1.0, ..resistor(1_000.0, 120.0) });
    for train in 0..3_u64 {
        for n in 0..80 {
            let d = pulse(&mut channel, train * 4_000_000 + n * 25_000, FULL);
            assert!(close(d.net_nc, -120.0), "{d:?}");
        }
    }
    channel.advance_to(12_000_000);
    let dc = channel.mean_dc();
    assert!((dc.on_ua + 4.8).abs() < 0.01, "{dc:?}");
    assert!((dc.whole_ua + 2.4).abs() < 0.01, "{dc:?}");
}

/// REQ-HAL-454: the mean while on is over the same time where a one-shot opens the stage after each pulse, and where a fault comes and
/// goes between two.
#[test]
fn a_one_shot_takes_no_time_off_a_train() {
    let stage = Stage { mismatch_percent: 1.0, ..resistor(1_000.0, 120.0) };
    let [mut plain, mut gated, mut hurt] = [channel(stage); 3];
    for at in (0..80).map(|n| n * 25_000) {
        pulse(&mut plain, at, FULL);
        gated.gate(at, false);
        pulse(&mut gated, at, FULL);
        gated.gate(at + 1_000, true);
        pulse(&mut hurt, at, FULL);
        hurt.inject(at + 10_000, StageFault::OpenCircuit);
        hurt.inject(at + 20_000, StageFault::None);
    }
    let expected = plain.mean_dc();
    assert!((expected.on_ua + 4.8).abs() < 0.01, "{expected:?}");
    assert!(close(gated.mean_dc().on_ua, expected.on_ua), "{:?}", gated.mean_dc());
    assert!(close(hurt.mean_dc().on_ua, expected.on_ua), "{:?}", hurt.mean_dc());
}

/// REQ-HAL-009: an offset flows only while driven: 10 µA for 600 of 25,000 µs is 0.24 µA.
#[test]
fn offset_flows_while_driven() {
    let mut channel = channel(Stage { offset_ua: 10.0, ..resistor(1_000.0, 120.0) });
    for n in 0..100 {
        pulse(&mut channel, n * 25_000, FULL);
    }
    assert!((channel.mean_dc().on_ua - 0.24).abs() < 1e-3, "{:?}", channel.mean_dc());
}

/// REQ-HAL-010: 40 mA into 4 kΩ needs 160 V; from 60 V it clips to 15 mA, with 4 V of headroom to 14 mA.
#[test]
fn the_rail_clips() {
    for (headroom_v, milliamps) in [(0.0, 15.0), (4.0, 14.0)] {
        let mut channel = channel(Stage { headroom_v, ..resistor(4_000.0, 60.0) });
        let d = pulse(&mut channel, 0, FULL);
        assert!(d.clipped);
        assert!(close(d.peak_ua, milliamps * 1e3) && close(d.primary_nc, milliamps * 300.0), "{d:?}");
        assert!(close(d.max_v, 60.0 - headroom_v) && close(d.min_v, headroom_v - 60.0), "{d:?}");
        // 15 mA = 600 codes is just within
        let d = pulse(&mut channel, 25_000, if headroom_v == 0.0 { 600 } else { 560 });
        assert!(!d.clipped, "{d:?}");
    }
}

/// REQ-HAL-010: with skin the source meets its rail within the phase: all of the voltage is then worked out by hand.
/// 10 mA into 1 kΩ + 4 kΩ ∥ 100 nF starts at 10 V and goes to 50 V with 400 µs; a rail of 30 V is met at
/// 400 µs × ln 2, and from there the current falls towards 30 V / 5 kΩ with 80 µs.
#[test]
fn the_rail_is_met_within_a_phase() {
    let mut channel = channel(Stage::ideal(30.0, Load::skin(1_000.0, 4_000.0, 100.0).unwrap()));
    channel.set(0, Level::Code(400));
    channel.advance_to(277);
    assert!(!channel.take_delivered().clipped);
    channel.advance_to(278);
    channel.advance_to(600);
    let d = channel.take_delivered();
    assert!(d.clipped && close(d.max_v, 30.0), "{d:?}");
    let met_us = 400.0 * core::f64::consts::LN_2;
    let expected_ua = 6_000.0 + 4_000.0 * libm::exp(-(600.0 - met_us) / 80.0);
    assert!((channel.point().current_ua - expected_ua).abs() < 1e-3, "{:?} {expected_ua}", channel.point());
    // in one step it is the same
    let mut whole = self::channel(Stage::ideal(30.0, Load::skin(1_000.0, 4_000.0, 100.0).unwrap()));
    whole.set(0, Level::Code(400));
    whole.advance_to(600);
    assert!((whole.point().current_ua - expected_ua).abs() < 1e-3);
}

/// REQ-HAL-009: unbalanced clipping is a direct current even from a balanced command (an asymmetric pulse).
#[test]
fn clipping_one_phase_unbalances() {
    let mut channel = channel(resistor(4_000.0, 60.0));
    for (at, level) in [(0, Level::Code(FULL)), (300, Level::Code(-FULL / 4)), (1_500, Level::Open)] {
        channel.set(at, level);
    }
    let d = channel.take_delivered();
    assert!(
        close(d.primary_nc, 4_500.0) && close(d.balance_nc, -12_000.0) && close(d.net_nc, -7_500.0),
        "{d:?}"
    );
}

/// REQ-HAL-011: behind a blocking capacitor the mean current goes to zero with time, and stays under the bound.
#[test]
fn a_blocking_capacitor_has_no_mean_current() {
    let load = Load::resistor(1_000.0).unwrap().with_blocking_capacitor(1.0).unwrap();
    let stage = Stage { mismatch_percent: 5.0, ..Stage::ideal(60.0, load) };
    let mut channel = channel(stage);
    let mut after = [0.0; 2];
    for (n, dc) in [(0..2_000, 0), (2_000..40_000, 1)] {
        for n in n {
            pulse(&mut channel, n * 25_000, FULL);
        }
        after[dc] = channel.mean_dc().whole_ua.abs();
    }
    let unblocked = 24.0;
    assert!(after[0] < unblocked / 10.0 && after[1] < after[0] / 10.0, "{after:?}");
    assert!(
        after[0] <= stage.blocked_dc_ua(1.0, 50.0) && after[1] <= stage.blocked_dc_ua(1.0, 1_000.0),
        "{after:?}"
    );
    // shorted between pulses the capacitor gives it back at once
    let mut shorted = self::channel(stage);
    for n in 0..400_u64 {
        pulse(&mut shorted, n * 25_000, FULL);
        shorted.set(n * 25_000 + 700, Level::Shorted);
    }
    shorted.advance_to(400 * 25_000);
    assert!(shorted.mean_dc().whole_ua.abs() < 1e-6, "{:?}", shorted.mean_dc());
}

/// REQ-HAL-009: open holds no current but lets the skin relax; shorted lets it discharge through the leads.
#[test]
fn rests_are_open_or_shorted() {
    let skin = Stage::ideal(120.0, Load::skin(500.0, 10_000.0, 100.0).unwrap());
    let mut open = channel(skin);
    open.set(0, Level::Code(400));
    open.set(300, Level::Open);
    assert_eq!(open.point().current_ua, 0.0);
    let held = open.point().voltage_v;
    open.advance_to(1_300); // one time constant of 1 ms
    assert!(close(open.point().voltage_v, held * libm::exp(-1.0)));
    let mut short = channel(skin);
    short.set(0, Level::Code(400));
    short.set(300, Level::Shorted);
    assert!(close(short.point().current_ua, -held / 500.0 * 1e6), "{:?}", short.point());
    short.take_delivered();
    short.advance_to(2_000);
    assert!(short.take_delivered().net_nc < 0.0);
    assert_eq!(short.point().voltage_v, 0.0);
}

/// REQ-HAL-012: each fault does what it says to current, voltage and level, and goes away again.
#[test]
fn faults_do_what_they_say() {
    let drive = |fault, code| {
        let mut channel = channel(resistor(1_000.0, 100.0));
        channel.inject(0, fault);
        channel.set(0, Level::Code(code));
        let driven = channel.point();
        channel.set(300, Level::Open);
        (driven.current_ua, driven.voltage_v, channel.level(), libm::round(channel.take_delivered().net_nc))
    };
    let none = (40_000.0, 40.0, Level::Open, 12_000.0);
    assert_eq!(drive(StageFault::None, FULL), none);
    assert_eq!(drive(StageFault::OpenCircuit, FULL), (0.0, 100.0, Level::Open, 0.0));
    assert_eq!(drive(StageFault::OpenCircuit, -FULL), (0.0, -100.0, Level::Open, 0.0));
    assert_eq!(drive(StageFault::ShortCircuit, FULL), (40_000.0, 0.0, Level::Open, 12_000.0));
    assert_eq!(drive(StageFault::Peel { percent: 50.0 }, FULL), (40_000.0, 80.0, Level::Open, 12_000.0));
    assert_eq!(drive(StageFault::StuckOn, FULL), (40_000.0, 40.0, Level::Code(FULL), 12_000.0));
    assert_eq!(drive(StageFault::StuckCode { magnitude: 800 }, FULL), (20_000.0, 20.0, Level::Open, 6_000.0));
    assert_eq!(
        drive(StageFault::StuckCode { magnitude: 800 }, -5),
        (-20_000.0, -20.0, Level::Open, -6_000.0)
    );
    assert_eq!(drive(StageFault::WrongPolarity, FULL), (-40_000.0, -40.0, Level::Open, -12_000.0));
    let mut channel = channel(resistor(1_000.0, 100.0));
    channel.inject(0, StageFault::OpenCircuit);
    channel.set(0, Level::Code(FULL));
    channel.inject(100, StageFault::None);
    channel.set(300, Level::Open);
    assert!(close(channel.take_delivered().net_nc, 8_000.0), "200 of 300 µs");
}

/// REQ-HAL-012: samples are in nanoamperes and millivolts, and know a rest by what was commanded.
#[test]
fn samples_have_their_units() {
    let mut channel = channel(resistor(1_000.0, 30.0));
    assert_eq!(channel.sensed(SampleInstant::PhaseStart).instant, SampleInstant::Rest);
    channel.set(7, Level::Code(-400));
    let sensed = channel.sensed(SampleInstant::PhaseStart);
    assert_eq!((sensed.current_na, sensed.voltage_mv, sensed.at_tick), (-10_000_000, -10_000, 7));
    channel.inject(100, StageFault::StuckOn);
    channel.set(300, Level::Open);
    let ended = channel.ended().unwrap();
    assert_eq!((ended.at_tick, ended.instant, ended.current_na), (300, SampleInstant::PhaseEnd, -10_000_000));
    let stuck = channel.sensed(SampleInstant::PhaseStart);
    assert_eq!((stuck.instant, stuck.current_na), (SampleInstant::Rest, -10_000_000));
}
