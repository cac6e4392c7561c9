//! Instructions that the engine and its ledger take for an edge: 4 channels, 40 Hz, symmetric biphasic with a gap,
//! the output write left out; the same with guard and preparation of the output, as the runner calls them; and of the
//! check of a session. Sizes of engine and guard.
//!
//! For QEMU's `mps2-an386` with `-icount shift=0`: one instruction is a nanosecond and SysTick runs at 25 MHz, so a
//! tick is 40 instructions. These are instructions, not cycles. An average is over all edges; a single step is known
//! to one tick, so the worst is a bound that may be up to 79 too high.
#![no_std]
#![no_main]

mod whole;

use core::hint::black_box;
use core::panic::PanicInfo;

use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{Peripherals, SYST};
use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use nmes_core::{
    Channel, ChannelHardware, ChannelState, ConfigError, Engine, Hardware, HardwareTiming, Micros, Millis,
    Next, Plan, PulseShape, Ramp, Rate, Schedule, Session, Setting, Train,
};

/// Instructions of one SysTick tick.
pub(crate) const TICK: u32 = 40;
/// Edges that are counted: 40 s of 160 pulses a second, 4 edges each.
pub(crate) const EDGES: u32 = 25_600;

/// How late edges are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lateness {
    Never,
    /// All by the same 3 ticks, as an interrupt is that nothing masks.
    Always,
    /// By 0 to 15 ticks.
    Varying,
}

impl Lateness {
    /// L, in ticks.
    pub(crate) const fn most(self) -> u32 {
        match self {
            Self::Never => 0,
            Self::Always | Self::Varying => 15,
        }
    }

    /// Ticks, from those of the edge before.
    pub(crate) fn after(self, before: u32) -> u32 {
        match self {
            Self::Never => 0,
            Self::Always => 3,
            Self::Varying => before.wrapping_mul(5).wrapping_add(3) & 15,
        }
    }
}

#[entry]
fn main() -> ! {
    let status = match Peripherals::take().map(|p| p.SYST) {
        Some(mut clock) => {
            clock.set_clock_source(SystClkSource::Core);
            clock.set_reload(0x00ff_ffff);
            clock.clear_current();
            clock.enable_counter();
            match report(&clock) {
                Ok(()) => debug::EXIT_SUCCESS,
                Err(error) => {
                    hprintln!("{}", error);
                    debug::EXIT_FAILURE
                }
            }
        }
        None => debug::EXIT_FAILURE,
    };
    leave(status)
}

fn report(clock: &SYST) -> Result<(), ConfigError> {
    calibrate(clock);
    hprintln!(
        "state of 4 channels: {} bytes; engine beside it: {} bytes",
        size_of::<[ChannelState; 4]>(),
        size_of::<Engine<'_, '_>>()
    );
    for (name, late, ramp_ms) in [
        ("on time", Lateness::Never, 0),
        ("late by 3 ticks", Lateness::Always, 0),
        ("late by 0 to 15 ticks", Lateness::Varying, 0),
        ("on time, in a ramp", Lateness::Never, 40_000),
    ] {
        let counted = count(clock, late, ramp_ms)?;
        let average = counted.ticks.saturating_mul(TICK).checked_div(counted.edges).unwrap_or(0);
        let worst = counted.worst.saturating_add(1).saturating_mul(TICK);
        hprintln!(
            "{}: {} edges, {} instructions an edge, at most {} a step",
            name,
            counted.edges,
            average,
            worst
        );
    }
    whole::report(clock)
}

/// A loop of known length, to see that a tick is what it is taken for.
fn calibrate(clock: &SYST) {
    let before = SYST::get_current();
    let mut n = 100_000_u32;
    while n > 0 {
        n = black_box(n).wrapping_sub(1);
    }
    let ticks = since(clock, before);
    let hundredths = ticks.saturating_mul(TICK).checked_div(1_000).unwrap_or(0);
    hprintln!("a countdown loop through memory: {} hundredths of an instruction a turn", hundredths);
}

/// Ticks since a reading; SysTick counts down in 24 bits.
pub(crate) fn since(_clock: &SYST, before: u32) -> u32 {
    before.wrapping_sub(SYST::get_current()) & 0x00ff_ffff
}

struct Counted {
    edges: u32,
    ticks: u32,
    worst: u32,
}

fn count(clock: &SYST, late: Lateness, ramp_ms: u32) -> Result<Counted, ConfigError> {
    let channels = channels(ramp_ms)?;
    let length = Millis::from_millis(3_600_000).unwrap_or(Millis::ZERO);
    let session = Session::new(&channels, Schedule::Continuous, length)?;
    let timing = HardwareTiming { late_max_ticks: late.most(), ..HardwareTiming::ideal(1_000_000) };
    let hardware = Hardware::new(timing, &[ChannelHardware::symmetric(61_035, -2_048, 2_047); 4], 0)?;
    let plan = Plan::compile(&session, &hardware)?;
    let mut storage = [ChannelState::new(); 4];
    let mut engine = Engine::new(&plan, &mut storage)?;
    for (index, channel) in (0..).zip(channels.iter()) {
        engine.command(index, channel.set, 0)?;
    }
    engine.start(0);
    let mut counted = Counted { edges: 0, ticks: 0, worst: 0 };
    let mut lateness = 0_u32;
    while counted.edges < EDGES {
        lateness = late.after(lateness);
        let before = SYST::get_current();
        edge(&mut engine, lateness);
        let ticks = since(clock, before);
        counted.worst = counted.worst.max(ticks);
        counted.ticks = counted.ticks.saturating_add(ticks);
        counted.edges = counted.edges.saturating_add(1);
    }
    Ok(counted)
}

/// All that an interrupt does with the engine for one step; a guard and an output come on top.
#[inline(never)]
fn edge(engine: &mut Engine<'_, '_>, late: u32) {
    let _ = engine.offer(|frame| {
        black_box(frame);
        true
    });
    if let Next::At(at) = engine.next() {
        if let Some(step) = engine.step() {
            for change in step.changes() {
                black_box(change);
            }
        }
        let _ = black_box(engine.applied(at.saturating_add(u64::from(late))));
    }
}

pub(crate) fn channels(ramp_ms: u32) -> Result<[Channel<'static>; 4], ConfigError> {
    let set = Setting::new(40_000, 300).unwrap_or(Setting::ZERO);
    let gap = Micros::from_micros(100).unwrap_or(Micros::ZERO);
    let up = Millis::from_millis(ramp_ms).unwrap_or(Millis::ZERO);
    let channel = Channel {
        pulse: PulseShape { gap, ..PulseShape::default() },
        rate: Rate::from_hz(40)?,
        train: Train::default(),
        set,
        ceiling: set,
        ramp: Ramp { up, floor: 1_000, ..Ramp::default() },
        offset: Micros::ZERO,
    };
    let mut channels = [channel; 4];
    for (channel, us) in channels.iter_mut().zip([0, 6_250, 12_500, 18_750]) {
        channel.offset = Micros::from_micros(us).unwrap_or(Micros::ZERO);
    }
    Ok(channels)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    leave(debug::EXIT_FAILURE)
}

fn leave(status: debug::ExitStatus) -> ! {
    loop {
        debug::exit(status);
    }
}
