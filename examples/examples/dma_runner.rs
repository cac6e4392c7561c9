//! A stimulator whose samples DMA plays, and what it does when a half of the buffer is not filled in time:
//!
//! ```text
//! cargo run --release -p nmes-examples --example dma_runner
//! ```
//!
//! The board is simulated: two halves of 10 ms, played in turn, and an enable line. `Streamer` is what a board runs in its
//! "half transfer" and "transfer complete" interrupts. `nmes-core/examples/double_buffer.rs` has those interrupts as they
//! are on a board.
//!
//! A simulation, not for use on a person.

use core::cell::Cell;
use core::convert::Infallible;
use embedded_hal::digital::{ErrorType, OutputPin};
use nmes_core::{
    Channel, ChannelHardware, ChannelState, Cycle, Hardware, HardwareTiming, Micros, Millis, Plan,
    PulseShape, Ramp, Rate, Schedule, Session, Setting, Train,
};
use nmes_hal_adapters::{NoSense, Streamer};
use nmes_safety::{Layer, Profile, Setup, UseClass, check, rules};
use std::error::Error;

const SAMPLE_RATE: u32 = 48_000;
const HALF: usize = 480;
/// 10 mA × 500 µs, which is 24 samples.
const LEVEL: Option<Setting> = Setting::new(10_000, 500);
/// The half that is not filled in time.
const MISSED: u32 = 800;

/// The enable line of the output stage.
struct Line<'l>(&'l Cell<bool>);

impl ErrorType for Line<'_> {
    type Error = Infallible;
}

impl OutputPin for Line<'_> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.set(false);
        Ok(())
    }
    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.set(true);
        Ok(())
    }
}

/// What came out of the converter while the stage was enabled.
#[derive(Default)]
struct Played {
    sum: i64,
    most: u16,
}

impl Played {
    fn play(&mut self, half: &[i16], enabled: bool) {
        for &sample in half.iter().filter(|_| enabled) {
            self.sum = self.sum.saturating_add(i64::from(sample));
            self.most = self.most.max(sample.unsigned_abs());
        }
    }
}

fn channel(level: Setting) -> Option<Channel<'static>> {
    let ms = Millis::from_millis;
    Some(Channel {
        pulse: PulseShape { gap: Micros::from_micros(125)?, ..PulseShape::default() },
        rate: Rate::from_hz(40).ok()?,
        train: Train::default(),
        set: level,
        ceiling: level,
        ramp: Ramp { up: ms(500)?, down: ms(500)?, down_min: ms(500)?, ..Ramp::default() },
        offset: Micros::ZERO,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let level = LEVEL.ok_or("no such level")?;
    let channels = [channel(level).ok_or("no such channel")?];
    let seconds = |n: u32| Millis::from_millis(n.saturating_mul(1_000)).ok_or("no such time");
    let schedule = Schedule::Cyclic(Cycle { hold: seconds(3)?, rest: seconds(6)? });
    let session = Session::new(&channels, schedule, seconds(600)?)?;
    // the tick is the sample: nothing rounds after `compile`, and no edge is late
    let dac = ChannelHardware::symmetric(4_000, -32_768, 32_767);
    let hardware = Hardware::new(HardwareTiming::ideal(SAMPLE_RATE), &[dac], 0)?;
    let setup = Setup::new(&[5_000], UseClass::Exercise)?;
    let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, 3_600_000)?;
    let checked = check(Plan::compile(&session, &hardware)?, &setup, &Profile::default())
        .map_err(|denied| denied.to_string())?;

    let enabled = Cell::new(false);
    let mut states = [ChannelState::new(); 1];
    let mut streamer =
        Streamer::<i16, _>::arm(&checked, &mut states, &hardware, Line(&enabled), &mut NoSense)?;
    streamer.start()?;
    streamer.aim(0, level)?;
    let mut halves = [[0_i16; HALF]; 2];
    let mut played = Played::default();
    for number in 0..MISSED.saturating_add(4) {
        let Some(half) = halves.get_mut(usize::from(number % 2 == 1)) else { break };
        // this half has just been played to its end, and the other one begins
        played.play(half, enabled.get());
        streamer.keep_alive();
        if number == MISSED {
            println!("until half {number}: {} codes × samples in all, {} at most", played.sum, played.most);
            continue;
        }
        match streamer.fill(number, half) {
            Ok(filled) if filled.finished.is_some() => break,
            Ok(_) => {}
            Err(stopped) => println!("half {number}: {stopped}; the enable line is high: {}", enabled.get()),
        }
    }
    Ok(())
}
