//! Measurement through a converter: the calibration record, and a session judged by it.
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
use nmes_hal_adapters::sim::{Bench, StageFault};
use nmes_hal_adapters::*;
use nmes_safety::{
    ContactState, Crc32, Fault, Probe, Profile, SampleInstant, Sensed, Setup, UseClass, check,
};
use proptest::prelude::*;

/// A 12-bit converter, ±102.4 mA and ±150 V, its current amplifier inverting.
const LINE: Line =
    Line { current_zero: 2_047, na_per_step: -50_000, voltage_zero: 2_050, mv_per_1024: 74_752 };

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let number = any::<i32>;
    let flat = prop_oneof![9 => number(), 1 => Just(0)];
    let line = (number(), flat.clone(), number(), flat).prop_map(|(current_zero, na, voltage_zero, mv)| {
        Line { current_zero, na_per_step: na, voltage_zero, mv_per_1024: mv }
    });
    proptest::collection::vec(line, 0..10)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    /// REQ-HAL-287: a calibration that was made reads back as it was; none is made for no channel, for nine, or with a
    /// step that is worth nothing.
    #[test]
    fn a_calibration_reads_back(lines in lines(), crc in any::<u32>()) {
        let flat = lines.iter().any(|line| line.na_per_step == 0 || line.mv_per_1024 == 0);
        let made = Calibration::new(&lines, crc);
        prop_assert_eq!(made.is_ok(), !flat && (1..=8).contains(&lines.len()));
        let Ok(made) = made else { return Ok(()) };
        let mut room = [0xAA; Calibration::MOST_BYTES];
        let bytes = made.encode(&mut room);
        prop_assert_eq!(bytes.len(), 16 + 16 * lines.len());
        prop_assert_eq!(Calibration::decode(bytes), Ok(made));
        for (channel, line) in (0..).zip(&lines) {
            prop_assert_eq!(made.line(channel), Some(line));
        }
        prop_assert_eq!(made.line(u8::try_from(lines.len()).unwrap()), None);
    }

    /// REQ-HAL-287: with any bit of it changed, or any byte missing or added, it is refused.
    #[test]
    fn a_damaged_calibration_is_refused(channels in 1..=8_usize, at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let made = Calibration::new(&vec![LINE; channels], 0x1234).unwrap();
        let mut room = [0; Calibration::MOST_BYTES];
        let mut bytes = made.encode(&mut room).to_vec();
        let whole = bytes.clone();
        bytes[at.index(whole.len())] ^= 1 << bit;
        prop_assert!(Calibration::decode(&bytes).is_err());
        let shorter = &whole[..at.index(whole.len())];
        prop_assert!(Calibration::decode(shorter).is_err());
        let longer = [&whole[..], &[0]].concat();
        prop_assert!(Calibration::decode(&longer).is_err());
    }

    /// REQ-HAL-287: no bytes at all make it panic, also where their checksum is right.
    #[test]
    fn any_bytes_are_refused_or_read(mut bytes in proptest::collection::vec(any::<u8>(), 0..160), sealed: bool) {
        if sealed && bytes.len() >= 12 {
            bytes[..5].copy_from_slice(b"NMAC\x01");
            bytes[5] %= 10;
            bytes.resize(12 + 16 * usize::from(bytes[5]), 0);
            let crc = Crc32::of(&bytes);
            bytes.extend(crc.to_le_bytes());
        }
        if let Ok(read) = Calibration::decode(&bytes) {
            for (channel, reading) in [(0, 0), (7, u16::MAX)] {
                let _ = read.line(channel).map(|line| (line.current_na(reading), line.voltage_mv(reading)));
            }
        }
    }
}

/// REQ-HAL-287: each refusal is the one it should be, and reads well.
#[test]
fn refusals_say_what_is_wrong() {
    let made = Calibration::new(&[LINE, LINE], 0x1234).unwrap();
    let mut room = [0; Calibration::MOST_BYTES];
    let whole = made.encode(&mut room).to_vec();
    let with = |at: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        Calibration::decode(&bytes)
    };
    assert_eq!(with(0, b'X'), Err(CalibrationError::Magic));
    assert_eq!(with(4, 2), Err(CalibrationError::Version { found: 2 }));
    assert_eq!(with(5, 9), Err(CalibrationError::Channels { found: 9 }));
    assert_eq!(with(5, 1), Err(CalibrationError::Length { needed: 32, found: 48 }));
    assert!(matches!(with(20, 77), Err(CalibrationError::Checksum { .. })));
    assert_eq!(Calibration::decode(&[0xFF; 48]), Err(CalibrationError::Magic));
    let one = hardware(late(0), 25_000, 1);
    assert_eq!(made.fits(&one), Err(CalibrationError::Channels { found: 2 }));
    let other = Calibration::new(&[LINE], 0x4321).unwrap();
    let refused = AdcSense::new(other, &one, |_| None).map(drop).unwrap_err();
    assert_eq!(refused.to_string(), "the calibration is for the output 0x00004321, this one is 0x00001234");
}

/// What a 12-bit converter with the line above reads of a bench now.
fn convert(bench: &Bench) -> Reading {
    let now = bench.clock().now();
    let point = bench.point(0, now);
    let current = 2_047.0 - point.current_ua * 1e3 / 50_000.0;
    let voltage = 2_050.0 + point.voltage_v * 1_024e3 / 74_752.0;
    let code = |reading: f64| reading.round().clamp(0.0, 4_095.0) as u16;
    Reading { current: code(current), voltage: code(voltage), at_tick: now }
}

/// A second of pulses whose readings are converted at the end of each level, with a fault from half of it on.
fn judged(fault: StageFault) -> Result<u32, Stopped> {
    let set = setting(20_000, 300);
    let channels = [channel(set)];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let newest = std::cell::Cell::new(None);
    let calibration = Calibration::new(&[LINE], 0x1234).unwrap();
    let sense = AdcSense::new(calibration, &hardware, |_| newest.take()).unwrap();
    let mut states = [ChannelState::new(); 1];
    let mut stim = Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), sense).unwrap();
    stim.start().unwrap();
    raise(&mut stim, bench.clock(), &[set]).unwrap();
    let _ = stim.gate(GateInput::Open).unwrap();
    let clock = bench.clock();
    let (middle, end) = (clock.now() + 500_000, clock.now() + 1_000_000);
    let (mut slow, mut injected) = (clock.now(), false);
    while clock.now() < end {
        if clock.now() >= middle && !injected {
            bench.inject(0, fault);
            injected = true;
        }
        let before = clock.next_alarm().map_or(slow, |at| (at - 1).min(slow));
        clock.advance_to(before);
        newest.set(Some(convert(&bench)));
        if clock.alarm_by(slow) {
            stim.on_alarm()?;
        } else {
            stim.keep_alive();
            stim.on_tick()?;
            slow += SLOW;
        }
    }
    assert!(bench.take_delivered(0).peak_ua > 19_000.0);
    Ok(stim.counters(0).unwrap().pulses)
}

/// REQ-HAL-288: readings of a sound output, rounded to the converter's steps and off by its zero, are judged sound; those
/// of a stuck or reversed one end the session.
#[test]
fn a_session_is_judged_by_what_the_converter_reads() {
    assert!(judged(StageFault::None).unwrap() > 30);
    for (fault, expected) in [
        (StageFault::StuckOn, Fault::StuckOutput),
        (StageFault::WrongPolarity, Fault::Polarity),
        (StageFault::StuckCode { magnitude: 2_000 }, Fault::OverCurrent),
    ] {
        let Err(stopped) = judged(fault) else { panic!("{fault:?} was not found") };
        assert!(matches!(stopped.cause, Cause::Guard(trip) if trip.fault == expected), "{stopped}");
    }
}

/// What a session of 3 s comes to whose converter never answers, and how many pulses it took.
fn dead_from_the_start(promised: bool) -> (u32, Option<Stopped>) {
    let set = setting(20_000, 300);
    let channels = [channel(set)];
    let session = Session::new(&channels, Schedule::Continuous, ms(60_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let setup = Setup::new(&[5_000], UseClass::Specialist).unwrap();
    let setup = if promised { setup.with_measurement() } else { setup };
    let plan = Plan::compile(&session, &hardware).unwrap();
    let checked = check(plan, &setup, &Profile::default()).unwrap();
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let line = Line { current_zero: 2_048, na_per_step: 50_000, voltage_zero: 2_048, mv_per_1024: 74_752 };
    let calibration = Calibration::new(&[line], 0x1234).unwrap();
    let sense = AdcSense::new(calibration, &hardware, |_| None).unwrap();
    let mut states = [ChannelState::new(); 1];
    let mut stim = Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), sense).unwrap();
    raise(&mut stim, bench.clock(), &[set]).unwrap();
    stim.start().unwrap();
    let until = bench.clock().now() + 3_000_000;
    let stopped = run_to(&mut stim, bench.clock(), until, &mut Seen::default()).err();
    (stim.counters(0).unwrap().pulses, stopped)
}

/// REQ-HAL-409: a converter that never answers ends a session whose setup promises a measurement, within a few pulses; one that
/// promises none runs as without.
#[test]
fn a_dead_converter_is_found_where_one_is_promised() {
    let (pulses, stopped) = dead_from_the_start(true);
    let Cause::Guard(trip) = stopped.unwrap().cause else { panic!("{stopped:?}") };
    assert_eq!(trip.fault, Fault::SenseStale);
    assert!((1..=5).contains(&pulses), "{pulses}");
    let (pulses, stopped) = dead_from_the_start(false);
    assert!(stopped.is_none() && pulses > 100, "{pulses}, {stopped:?}");
}

/// REQ-HAL-444: the level that a session was cut at is not that of the next: what a converter reads before its first pulse is a
/// reading of the rest.
#[test]
fn a_level_that_was_cut_is_forgotten() {
    let hardware = hardware(late(0), 25_000, 1);
    let newest = std::cell::Cell::new(None);
    let calibration = Calibration::new(&[LINE], 0x1234).unwrap();
    let mut sense = AdcSense::new(calibration, &hardware, |_| newest.take()).unwrap();
    for (again, instant) in [(false, SampleInstant::PhaseEnd), (true, SampleInstant::Rest)] {
        sense.sample(0, Level::Code(800));
        if again {
            sense.arming(10);
        }
        newest.set(Some(Reading { current: 2_047, voltage: 2_050, at_tick: 10 }));
        assert_eq!(sense.ended(0).unwrap().instant, instant);
    }
}

/// A measurement that always reads nothing at the end of a phase, and counts how often output begins.
struct Nothing(u64);

impl Sense for Nothing {
    fn sample(&mut self, _channel: u8, _level: Level) -> Option<Sensed> {
        None
    }

    fn ended(&mut self, _channel: u8) -> Option<Sensed> {
        self.0 += 1;
        Some(Sensed { current_na: 0, voltage_mv: 0, at_tick: self.0, instant: SampleInstant::PhaseEnd })
    }

    fn arming(&mut self, _now: u64) {
        self.0 += 100;
    }
}

/// REQ-HAL-444: a measurement that keeps contact does not hold the rest before the first pulse against the level that the session
/// before it was cut at; a contact check begins as a session does.
#[test]
fn a_rest_is_no_open_pad() {
    let set = setting(10_000, 300);
    let channels = [channel(set)];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let checked = checked(&session, &hardware(late(0), 25_000, 1), UseClass::FunctionalWear);
    let bench = bench(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
    let probe = Probe::of(&checked);
    let plan = probe.check(&checked).unwrap();
    for (again, state) in [(false, ContactState::Open), (true, ContactState::Unknown)] {
        let mut sense = ContactSense::new(&checked, Nothing(0));
        sense.sample(0, Level::Code(400));
        let mut states = [ChannelState::new(); 1];
        if again {
            let probing = Stimulator::probe(&plan, &mut states, bench.output(), bench.alarm(), &mut sense);
            drop(probing.unwrap());
        }
        for _ in 0..3 {
            assert!(sense.ended(0).unwrap().at_tick > if again { 100 } else { 0 });
        }
        assert_eq!(sense.state(0, 200), Some(state));
    }
}
