//! Rests: what flows although nothing is put out is found while it flows, not by the next pulse.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use nmes_core::*;
use nmes_hal_adapters::sim::{Bench, SimError, SimOutput, SimSense, StageFault};
use nmes_hal_adapters::*;
use nmes_safety::{Admitted, AdmittedEdge, Checked, Fault, SampleInstant, Sensed, UseClass};
use std::cell::Cell;

/// An output to which the next write that ends a pulse does not get through, once it is told so.
struct Loses<'b, 'c>(SimOutput<'b, ()>, &'c Cell<bool>);

impl Output for Loses<'_, '_> {
    type Error = SimError;
    fn hardware(&self) -> &Hardware {
        self.0.hardware()
    }
    fn begin(&mut self, frame: &Admitted<'_>) -> Result<(), SimError> {
        self.0.begin(frame)
    }
    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), SimError> {
        let lost = edges.iter().any(AdmittedEdge::is_last) && self.1.take();
        if lost { Ok(()) } else { self.0.apply(edges) }
    }
    fn channel_off(&mut self, channel: u8) -> Result<(), SimError> {
        self.0.channel_off(channel)
    }
    fn off(&mut self) -> Result<(), SimError> {
        self.0.off()
    }
}

/// A measurement that has samples at edges, and in rests only where it is told so; how often it was asked in a rest.
struct Told<'b, 'c> {
    sense: SimSense<'b>,
    rests: bool,
    asked: &'c Cell<u32>,
    /// What the channel was told last: a converter does not know what the stage makes of it.
    level: Level,
}

impl Sense for Told<'_, '_> {
    fn sample(&mut self, _channel: u8, level: Level) -> Option<Sensed> {
        self.level = level;
        None
    }
    fn ended(&mut self, channel: u8) -> Option<Sensed> {
        let driven = matches!(self.level, Level::Code(code) if code != 0);
        let instant = if driven { SampleInstant::PhaseEnd } else { SampleInstant::Rest };
        Some(Sensed { instant, ..self.sense.ended(channel)? })
    }
    fn resting(&mut self, channel: u8) -> Option<Sensed> {
        self.asked.set(self.asked.get() + 1);
        self.sense.resting(channel).filter(|_| self.rests)
    }
    fn session(&mut self, session: &Checked<'_>) {
        self.sense.session(session);
    }
    fn contact(&mut self, channel: u8) -> Contact {
        self.sense.contact(channel)
    }
}

/// A session of so many ms, of pulses half a second apart.
fn slow(length: u32) -> Checked<'static> {
    let channels = vec![Channel { rate: Rate::from_hz(2).unwrap(), ..channel(setting(20_000, 300)) }].leak();
    let session = Session::new(channels, Schedule::Continuous, ms(length)).unwrap();
    checked(&session, &hardware(late(0), 25_000, 1), UseClass::Continuous)
}

/// What a fault of a rest came to: when it was found, in ticks from when it began, by what, and the charge until then in nC.
struct Found {
    after: u64,
    fault: Option<Fault>,
    charge_nc: f64,
}

/// Pulses half a second apart, of which something goes wrong with the rest after one.
fn rest(rests: bool, wrong: fn(&Bench, &Cell<bool>)) -> Found {
    let checked = slow(600_000);
    let bench = bench(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
    let (loses, asked) = (Cell::new(false), Cell::new(0));
    let sense = Told { sense: bench.sense(), rests, asked: &asked, level: Level::Open };
    let mut states = [ChannelState::new(); 1];
    let output = Loses(bench.output(), &loses);
    let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), sense).unwrap();
    stim.start().unwrap();
    raise(&mut stim, bench.clock(), &[setting(20_000, 300)]).unwrap();
    let clock = bench.clock();
    let mut seen = Seen::default();
    run_to(&mut stim, clock, clock.now() + 2_000_000, &mut seen).unwrap();
    // to the middle of a rest, so that the next pulse is whole
    let pulses = seen.receipts.len();
    while seen.receipts.len() == pulses {
        run_to(&mut stim, clock, clock.now() + 10_000, &mut seen).unwrap();
    }
    let _ = bench.take_delivered(0);
    wrong(&bench, &loses);
    let next = clock.next_alarm().unwrap();
    let began = if loses.get() { next + 700 } else { clock.now() };
    let stopped = run_to(&mut stim, clock, began + 4_000_000, &mut Seen::default()).err();
    let found = stopped.map(|stopped| match stopped.cause {
        Cause::Guard(trip) => trip.fault,
        other => panic!("{other}"),
    });
    assert!(asked.get() > 100, "asked {} times", asked.get());
    Found { after: clock.now() - began, fault: found, charge_nc: bench.take_delivered(0).net_nc.abs() }
}

/// REQ-HAL-503: the end of a pulse that does not arrive is found in the rest, by the second call of the slow side at the latest, and
/// the output is opened: what flowed is less than 6 ms of the level. A measurement without rests finds it with the next pulse.
#[test]
fn a_level_that_stays_is_found_in_the_rest() {
    let lost = |_: &Bench, loses: &Cell<bool>| loses.set(true);
    let found = rest(true, lost);
    assert_eq!(found.fault, Some(Fault::StuckOutput));
    assert!(found.after <= 1_000 + SLOW, "{}", found.after);
    assert!(found.charge_nc <= 20.0 * 6_000.0, "{}", found.charge_nc);
    let late = rest(false, lost);
    assert_eq!(late.fault, Some(Fault::StuckOutput));
    assert!((490_000..=500_000).contains(&late.after), "{}", late.after);
    assert!(late.charge_nc > 20.0 * 490_000.0, "{}", late.charge_nc);
}

/// REQ-HAL-503: a leak of 0.9 mA, under what a measurement of unknown noise may read of nothing, is none; one of 1.2 mA is found
/// at once.
#[test]
fn a_leak_above_the_noise_is_found_in_the_rest() {
    let found = rest(true, |bench, _| bench.inject(0, StageFault::Leak { ua: 1_200.0 }));
    assert_eq!(found.fault, Some(Fault::StuckOutput));
    assert!(found.after <= 1_000 + SLOW, "{}", found.after);
    assert_eq!(rest(true, |bench, _| bench.inject(0, StageFault::Leak { ua: 900.0 })).fault, None);
    assert_eq!(rest(true, |_, _| {}).fault, None);
}

/// REQ-HAL-503: a rest is asked for from a millisecond after the last edge on, and not a tick before.
#[test]
fn a_rest_is_asked_for_when_it_has_settled() {
    let checked = slow(60_000);
    let bench = bench(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
    let asked = Cell::new(0);
    let sense = Told { sense: bench.sense(), rests: true, asked: &asked, level: Level::Open };
    let mut states = [ChannelState::new(); 1];
    let mut stim = Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), sense).unwrap();
    let (clock, mut seen) = (bench.clock(), Seen::default());
    stim.start().unwrap();
    raise(&mut stim, clock, &[setting(20_000, 300)]).unwrap();
    run_to(&mut stim, clock, clock.now() + 2_000_000, &mut seen).unwrap();
    // the four edges of the next pulse
    let mut ended = 0;
    for _ in 0..4 {
        ended = clock.next_alarm().unwrap();
        assert!(clock.alarm_by(ended));
        stim.on_alarm().unwrap();
    }
    for (after, is_asked) in [(999, false), (1_000, true), (1_001, true)] {
        let rests = asked.get();
        clock.advance_to(ended + after);
        stim.keep_alive();
        stim.on_tick().unwrap();
        assert_eq!(asked.get() - rests, u32::from(is_asked), "{after} ticks after the last edge");
    }
}

/// REQ-HAL-504: at the end of a session every channel is opened once more, so that a level whose end did not arrive does not stay
/// for good where nothing measures it.
#[test]
fn the_end_of_a_session_opens() {
    let checked = slow(20_000);
    let bench = bench(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
    let loses = Cell::new(false);
    let mut states = [ChannelState::new(); 1];
    let output = Loses(bench.output(), &loses);
    let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), NoSense).unwrap();
    let (clock, mut seen) = (bench.clock(), Seen::default());
    stim.start().unwrap();
    let end = clock.now() + 20_000_000;
    raise(&mut stim, clock, &[setting(20_000, 300)]).unwrap();
    run_to(&mut stim, clock, end - 600_000, &mut seen).unwrap();
    let flows = || bench.point(0, clock.now()).current_ua.abs();
    assert!(flows() < 1.0 && stim.engine().finished().is_none());
    loses.set(true);
    while stim.engine().finished().is_none() {
        run_to(&mut stim, clock, clock.now() + 1_000, &mut seen).unwrap();
        assert!(clock.now() < end + 100_000, "the session has no end");
    }
    // the slow side comes
    run_to(&mut stim, clock, clock.now() + 2 * SLOW, &mut seen).unwrap();
    assert!(!loses.get(), "the last pulse is over");
    assert!(flows() < 1.0 && bench.take_delivered(0).peak_ua > 19_000.0, "{} µA stay", flows());
}

/// REQ-HAL-503: what was converted in a phase is no reading of a rest, and whoever passes calls on passes this one on.
#[test]
fn a_reading_of_a_phase_is_none_of_a_rest() {
    let hardware = hardware(late(0), 25_000, 1);
    let line = Line { current_zero: 2_048, na_per_step: 50_000, voltage_zero: 2_048, mv_per_1024: 74_752 };
    let newest = Cell::new(None);
    let calibration = Calibration::new(&[line], 0x1234).unwrap();
    let mut sense = AdcSense::new(calibration, &hardware, |_| newest.take()).unwrap();
    let reading = Reading { current: 2_088, voltage: 2_048, at_tick: 7 };
    let mut asked = |level| {
        newest.set(Some(reading));
        let _ = sense.sample(0, level);
        // as a board hands it over, by reference
        Sense::resting(&mut &mut sense, 0)
    };
    let rest = Sensed { current_na: 2_000_000, voltage_mv: 0, at_tick: 7, instant: SampleInstant::Rest };
    assert_eq!(asked(Level::Open), Some(rest));
    assert_eq!(asked(Level::Code(0)), Some(rest));
    assert_eq!(asked(Level::Code(800)), None);

    let set = setting(20_000, 300);
    let channels = [channel(set)];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    newest.set(Some(reading));
    let _ = sense.sample(0, Level::Open);
    assert_eq!(ContactSense::new(&checked, sense).resting(0), Some(rest));
}
