//! A whole stimulator in one loop, without an interrupt:
//!
//! ```text
//! cargo run --release -p nmes-examples --example blocking_runner
//! ```
//!
//! `treat` is what a board runs: it is generic over the output, the counter, the measurement and the delay, and needs
//! neither `std` nor an allocator. `main` gives it a simulated bench instead of a board.
//!
//! A simulation, not for use on a person.

use embedded_hal::delay::DelayNs;
use nmes_core::{
    Channel, ChannelHardware, ChannelState, GateInput, Hardware, HardwareTiming, Micros, Millis, Plan,
    PulseShape, Ramp, Rate, Schedule, Session, Setting, StopPolicy, Train,
};
use nmes_hal_adapters::sim::{Bench, Load, SimClock, Stage};
use nmes_hal_adapters::{Alarm, Blocking, Output, Pace, Polled, Sense, Stats, Stimulator, Stopped, Watchdog};
use nmes_safety::{Checked, Layer, Profile, Setup, UseClass, check, rules};
use std::error::Error;

/// 10 mA × 300 µs.
const LEVEL: Option<Setting> = Setting::new(10_000, 300);
/// The slow side every 5 ms; a tick of it takes 400 µs at most; delays are up to 50 µs too long.
const PACE: Pace = Pace { slow_ticks: 5_000, tick_ticks: 400, spin_ticks: 60 };
const SECOND: u64 = 1_000_000;

/// Raises the level, opens the gate for two seconds, closes it and ends.
fn treat<O: Output, A: Alarm, S: Sense>(
    stim: Stimulator<'_, O, A, S>,
    delay: impl DelayNs,
    watchdog: &mut impl Watchdog,
    level: Setting,
) -> Result<Stats, Stopped> {
    let mut runner = Blocking::new(stim, delay, PACE);
    runner.stimulator().start()?;
    let mut until = None;
    let asked = runner.stimulator().aim(0, level);
    runner.run(|stim| {
        watchdog.feed();
        stim.keep_alive();
        let now = stim.now();
        if asked.is_err() {
            return false;
        }
        match until {
            None if stim.engine().setting(0) == Some(level) => {
                until = Some(now.saturating_add(SECOND.saturating_mul(2)));
                stim.gate(GateInput::Open).is_ok()
            }
            None => true,
            Some(until) if now < until => true,
            Some(_) => false,
        }
    })?;
    runner.stimulator().stop(StopPolicy::FinishPulse)?;
    // the pulse under way, and its trims
    let end = runner.stimulator().now().saturating_add(SECOND / 10);
    runner.run(|stim| {
        watchdog.feed();
        stim.now() < end
    })?;
    Ok(runner.stimulator().stats())
}

/// Looking at this counter takes a tick, as a loop on a board does.
fn looked_at(clock: &SimClock) -> u64 {
    clock.advance_to(clock.now().saturating_add(1));
    clock.now()
}

/// Waits by moving the virtual clock, ten ticks too long.
struct Waits<'c>(&'c SimClock);

impl DelayNs for Waits<'_> {
    fn delay_ns(&mut self, ns: u32) {
        let ticks = u64::from(ns.div_ceil(1_000)).saturating_add(10);
        self.0.advance_to(self.0.now().saturating_add(ticks));
    }
}

fn channel(level: Setting) -> Option<Channel<'static>> {
    let ms = Millis::from_millis;
    Some(Channel {
        pulse: PulseShape { gap: Micros::from_micros(100)?, ..PulseShape::default() },
        rate: Rate::from_hz(40).ok()?,
        train: Train::default(),
        set: level,
        ceiling: level,
        ramp: Ramp { up: ms(200)?, down: ms(200)?, down_min: ms(200)?, ..Ramp::default() },
        offset: Micros::ZERO,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let level = LEVEL.ok_or("no such level")?;
    let channels = [channel(level).ok_or("no such channel")?];
    let seconds = |n: u32| Millis::from_millis(n.saturating_mul(1_000)).ok_or("no such time");
    let gate = nmes_core::Gate {
        max_on: seconds(4)?,
        min_off: seconds(1)?,
        max_triggers_per_minute: 10,
        refractory: Millis::ZERO,
    };
    let session = Session::new(&channels, Schedule::Gated(gate), seconds(600)?)?;
    let timing = HardwareTiming { late_max_ticks: 15, ..HardwareTiming::ideal(1_000_000) };
    let hardware = Hardware::new(timing, &[ChannelHardware::symmetric(25_000, -4_095, 4_095)], 0)?;
    let setup = Setup::new(&[2_500], UseClass::FunctionalWear)?;
    let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, 3_600_000)?;
    let checked: Checked<'_> = check(Plan::compile(&session, &hardware)?, &setup, &Profile::default())
        .map_err(|denied| denied.to_string())?;

    let load = Load::resistor(1_000.0).ok_or("no such load")?;
    let bench = Bench::new(hardware, Stage::ideal(120.0, load), 0, 0);
    let clock = bench.clock();
    let fed_at = core::cell::Cell::new(0);
    let mut watchdog = nmes_hal_adapters::sim::SimWatchdog::new(clock, 50_000, 1_000_000, &fed_at);
    let mut states = [ChannelState::new(); 1];
    let alarm = Polled(|| looked_at(clock));
    let stim = Stimulator::arm(&checked, &mut states, bench.output(), alarm, bench.sense());
    let stats = treat(stim.map_err(|refused| refused.to_string())?, Waits(clock), &mut watchdog, level)?;
    println!("{} edges late, by {} µs at most, of 15 declared", stats.late, stats.worst_late);
    println!("mean direct current while on: {:.6} µA", bench.mean_dc(0).on_ua);
    println!("the watchdog was {}", if watchdog.has_bitten() { "not fed in time" } else { "fed in time" });
    Ok(())
}
