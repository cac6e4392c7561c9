//! Sessions, hardware and a host loop for the tests with a simulated stage.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(unreachable_pub, reason = "a module of several test crates")]
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

use embedded_hal::digital::{ErrorType, OutputPin};
use nmes_core::*;
use nmes_hal_adapters::sim::{Bench, Load, SimClock, SimEdge, Stage};
use nmes_hal_adapters::{Alarm, Output, Sense, Stimulator, Stopped};
use nmes_safety::{Checked, Layer, Profile, Setup, UseClass, check, rules};
use std::cell::Cell;
use std::convert::Infallible;

pub const MHZ: u32 = 1_000_000;
/// Ticks of the slow loop: 5 ms.
pub const SLOW: u64 = 5_000;

pub fn ms(n: u32) -> Millis {
    Millis::from_millis(n).unwrap()
}

pub fn setting(ua: u32, us: u32) -> Setting {
    Setting::new(ua, us).unwrap()
}

pub fn channel(set: Setting) -> Channel<'static> {
    Channel {
        pulse: PulseShape { gap: Micros::from_micros(100).unwrap(), ..PulseShape::default() },
        rate: Rate::from_hz(40).unwrap(),
        train: Train::default(),
        set,
        ceiling: set,
        ramp: Ramp { up: ms(200), down: ms(200), down_min: ms(200), ..Ramp::default() },
        offset: Micros::ZERO,
    }
}

pub fn gated() -> Schedule<'static> {
    Schedule::Gated(Gate {
        max_on: ms(4_000),
        min_off: ms(50),
        max_triggers_per_minute: 60,
        refractory: Millis::ZERO,
    })
}

pub fn cyclic() -> Schedule<'static> {
    Schedule::Cyclic(Cycle { hold: ms(5_000), rest: ms(10_000) })
}

pub fn late(late_max_ticks: u32) -> HardwareTiming {
    HardwareTiming { late_max_ticks, ..HardwareTiming::ideal(MHZ) }
}

pub fn hardware(timing: HardwareTiming, na_per_code: u32, channels: usize) -> Hardware {
    let limit = i32::try_from(100_000_000 / na_per_code).unwrap().min(4_095);
    Hardware::new(timing, &vec![ChannelHardware::symmetric(na_per_code, -limit, limit); channels], 0x1234)
        .unwrap()
}

pub fn checked<'a>(session: &Session<'a>, hardware: &Hardware, class: UseClass) -> Checked<'a> {
    let plan = Plan::compile(session, hardware).unwrap();
    let areas = vec![5_000; session.channels().len()];
    let setup = Setup::new(&areas, class).unwrap();
    let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, 3_600_000).unwrap();
    check(plan, &setup, &Profile::default()).unwrap_or_else(|denied| panic!("{denied}"))
}

pub fn stage(ohm: f64, rail_v: f64) -> Stage {
    Stage::ideal(rail_v, Load::resistor(ohm).unwrap())
}

/// Everything that came out.
#[derive(Default)]
pub struct Seen {
    pub receipts: Vec<PulseReceipt>,
    pub ledgers: Vec<(u64, i64)>,
}

/// Runs the interrupt and the slow loop up to a tick.
pub fn run_to<O: Output, A: Alarm, S: Sense>(
    stim: &mut Stimulator<'_, O, A, S>,
    clock: &SimClock,
    until: u64,
    seen: &mut Seen,
) -> Result<(), Stopped> {
    let mut slow = clock.now() + SLOW;
    while clock.now() < until {
        if clock.alarm_by(slow.min(until)) {
            stim.on_alarm()?;
        } else {
            stim.keep_alive();
            stim.on_tick()?;
            slow = clock.now() + SLOW;
        }
        while let Some(receipt) = stim.take_receipt() {
            seen.receipts.push(receipt);
        }
    }
    Ok(())
}

/// Runs the slow loop alone until every channel is at its setting.
pub fn raise<O: Output, A: Alarm, S: Sense>(
    stim: &mut Stimulator<'_, O, A, S>,
    clock: &SimClock,
    set: &[Setting],
) -> Result<(), Stopped> {
    for (channel, &setting) in (0_u8..).zip(set) {
        stim.aim(channel, setting).unwrap();
    }
    let seen = &mut Seen::default();
    for _ in 0..200 {
        run_to(stim, clock, clock.now() + 100_000, seen)?;
        let there = |(channel, s): (u8, &Setting)| stim.engine().setting(channel) == Some(*s);
        if (0_u8..).zip(set).all(there) {
            return Ok(());
        }
    }
    panic!("the set levels did not rise: {:?}", stim.engine().setting(0));
}

/// Σ code × ticks of the edges of a channel, as they came out; the channel is open at the end.
pub fn code_ticks(edges: &[SimEdge], channel: u8) -> i64 {
    let mine: Vec<_> = edges.iter().filter(|e| e.channel == channel).collect();
    if let Some(last) = mine.last() {
        assert_eq!(last.level, Level::Open);
    }
    let area = |pair: &[&SimEdge]| {
        let ticks = i64::try_from(pair[1].at_tick - pair[0].at_tick).unwrap();
        code_of(pair[0].level) * ticks
    };
    mine.windows(2).map(area).sum()
}

pub fn code_of(level: Level) -> i64 {
    match level {
        Level::Code(code) => i64::from(code),
        Level::Open | Level::Shorted => 0,
    }
}

pub fn bench(hardware: Hardware, stage: Stage, late: u32, seed: u64) -> Bench {
    Bench::new(hardware, stage, late, seed)
}

/// Cases of a property: `NMES_CASES`, or 64.
pub fn cases() -> u32 {
    std::env::var("NMES_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(64)
}

/// The enable line of a stream, which is high or not.
pub struct EnableLine<'l>(pub &'l Cell<bool>);

impl ErrorType for EnableLine<'_> {
    type Error = Infallible;
}

impl OutputPin for EnableLine<'_> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.set(false);
        Ok(())
    }
    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.set(true);
        Ok(())
    }
}
