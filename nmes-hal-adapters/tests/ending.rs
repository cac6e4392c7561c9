//! While a session is ending nothing opens its gate again; a contact check is no way round the question for contact.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use embedded_hal::digital::{ErrorType, OutputPin};
use nmes_core::*;
use nmes_hal_adapters::*;
use nmes_safety::{Checked, PROBE_LIMITS, Probe, UseClass, rules};
use std::convert::Infallible;

const SET: (u32, u32) = (20_000, 300);
/// Everything but a close.
const OPENING: [GateInput; 3] = [GateInput::Open, GateInput::Toggle, GateInput::Hold];
const REFUSED: GateAnswer = GateAnswer::Refused(GateRefusal::Stopped);

/// A gated session of 5 Hz: the guard takes long to be sure that it has ended.
fn checked_gated<'a>(channels: &'a [Channel<'a>], timing: HardwareTiming) -> Checked<'a> {
    let session = Session::new(channels, gated(), ms(60_000)).unwrap();
    checked(&session, &hardware(timing, 25_000, 1), UseClass::FunctionalWear)
}

fn slow_channel() -> [Channel<'static>; 1] {
    [Channel { rate: Rate::from_hz(5).unwrap(), ..channel(setting(SET.0, SET.1)) }]
}

/// REQ-HAL-403: after a silent host has ended a session, nothing but a close is taken by its gate, from the trip to the end, by
/// the runner for interrupts.
#[test]
fn nothing_opens_a_session_that_is_ending() {
    let channels = slow_channel();
    let checked = checked_gated(&channels, late(0));
    let bench = bench(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let mut stim =
        Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense()).unwrap();
    raise(&mut stim, bench.clock(), &[setting(SET.0, SET.1)]).unwrap();
    stim.start().unwrap();
    stim.gate(GateInput::Open).unwrap();
    let (mut asked, mut tripped) = (0, false);
    for _ in 0..4_000 {
        let until = bench.clock().now() + SLOW;
        while bench.clock().alarm_by(until) {
            let _ = stim.on_alarm();
        }
        match stim.on_tick() {
            Ok(Ticked::Tripped(_)) => tripped = true,
            Ok(Ticked::Well(_)) => {}
            Err(_) => break,
        }
        for input in OPENING.into_iter().filter(|_| tripped) {
            match stim.gate(input) {
                Ok(answer) => assert_eq!(answer, REFUSED, "{input:?} at {until}"),
                Err(_) => break,
            }
            assert_eq!(stim.gate_channel(0, input).unwrap_or(REFUSED), REFUSED, "{input:?} at {until}");
            asked += 1;
        }
    }
    assert!(tripped && asked > 100, "{asked}");
    assert_eq!(bench.level(0), Level::Open);
}

struct Line;

impl ErrorType for Line {
    type Error = Infallible;
}

impl OutputPin for Line {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// REQ-HAL-403: and by the runner for samples.
#[test]
fn nothing_opens_a_stream_that_is_ending() {
    let channels = slow_channel();
    let checked = checked_gated(&channels, HardwareTiming::ideal(100_000));
    let mut states = [ChannelState::new(); 1];
    let own = *checked.plan().hardware();
    let mut streamer = Streamer::<i16, _>::arm(&checked, &mut states, &own, Line, &mut NoSense).unwrap();
    let mut half = [0; 500];
    streamer.aim(0, setting(SET.0, SET.1)).unwrap();
    let (mut number, mut asked) = (0, 0);
    while streamer.engine().setting(0) != Some(setting(SET.0, SET.1)) {
        streamer.keep_alive();
        streamer.fill(number, &mut half).unwrap();
        number += 1;
    }
    streamer.start().unwrap();
    assert_ne!(streamer.gate(GateInput::Open).unwrap(), REFUSED);
    while streamer.fill(number, &mut half).is_ok() && number < 10_000 {
        number += 1;
        let tripped = streamer.last_trip().is_some();
        for input in OPENING.into_iter().filter(|_| tripped) {
            assert_eq!(streamer.gate(input).unwrap(), REFUSED, "{input:?} in half {number}");
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked}");
}

/// REQ-HAL-455: a stream is told as finished only once its last pulse was played: the line is low, and neither half of the ring holds a
/// sample, so that a streamer may be dropped there; whether it ended by itself or by a stop.
#[test]
fn a_stream_has_finished_once_it_was_played() {
    let channels = [channel(setting(SET.0, SET.1))];
    let session = Session::new(&channels, Schedule::Continuous, ms(2_000)).unwrap();
    let own = hardware(HardwareTiming::ideal(100_000), 25_000, 1);
    let checked = checked(&session, &own, UseClass::Specialist);
    for (half_len, stop_at) in [(50, None), (37, None), (1_000, None), (50, Some(2_004)), (1_000, Some(100))]
    {
        let (line, mut states) = (std::cell::Cell::new(false), [ChannelState::new(); 1]);
        let mut streamer =
            Streamer::arm(&checked, &mut states, &own, EnableLine(&line), &mut NoSense).unwrap();
        streamer.aim(0, setting(SET.0, SET.1)).unwrap();
        streamer.start().unwrap();
        let (mut ring, mut sum, mut peak) = ([vec![0_i16; half_len], vec![0; half_len]], 0, 0);
        for number in 0_u32.. {
            // this one has just been played
            let half = &mut ring[(number % 2) as usize];
            peak = peak.max(half.iter().copied().max().unwrap());
            sum += half.iter().filter(|_| line.get()).map(|&code| i64::from(code)).sum::<i64>();
            streamer.keep_alive();
            if stop_at == Some(number) {
                streamer.stop(StopPolicy::FinishPulse).unwrap();
            }
            if streamer.fill(number, half).unwrap().finished.is_some() {
                break;
            }
        }
        drop(streamer);
        assert!(ring.iter().flatten().all(|&code| code == 0), "{half_len}: a pulse is still to be played");
        assert!(sum == 0 && peak > 100, "{half_len}: {sum}, {peak}");
    }
}

/// REQ-HAL-402: what is run without having asked for contact is the plan of a contact check: its type is made by the check
/// alone, and whatever session it was made for, every value stands below the limits of a check.
#[test]
fn only_a_probe_is_put_out_unasked() {
    for set in [(2_000, 100), (20_000, 300), (40_000, 400)] {
        let channels = [channel(setting(set.0, set.1))];
        let checked = checked_gated(&channels, late(0));
        let probe = Probe::of(&checked);
        let probing: nmes_safety::CheckedProbe<'_> = probe.check(&checked).unwrap();
        for (rule, limit) in PROBE_LIMITS {
            assert!(probing.report().row(rule).unwrap().value.unwrap() <= limit);
        }
        assert!(probing.limit(&rules::E_PEAK_1).unwrap().value <= 4_000);
        let bench = bench(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
        let mut states = [ChannelState::new(); 1];
        let mut stim =
            Stimulator::probe(&probing, &mut states, bench.output(), bench.alarm(), NoSense).unwrap();
        assert!(stim.aim(0, setting(5_000, 200)).is_err(), "above its ceiling");
    }
}
