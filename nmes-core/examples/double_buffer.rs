//! A DMA double buffer: two halves of one buffer, one playing while the other is filled. `no_std` in style, run on a host.
//!
//! ```text
//! cargo run -p nmes-core --example double_buffer
//! ```
//!
//! The sample clock shifts the code of each channel into the converters 48,000 times a second. After the first half the
//! DMA raises "half transfer", after the second "transfer complete", and goes on with the other half by itself. Each
//! interrupt marks the half that was played as free and looks whether the half that plays now was filled in time. The
//! main loop, or an interrupt of lower priority, fills the free half.
//!
//! - **Stop bound.** What was rendered will be played: a stop acts on the next half that is filled, so it is heard at
//!   most two halves later (here 10.7 ms). An emergency stop does not wait: it drops the enable line.
//! - **Underrun.** When a half begins to play that was not filled, the interrupt drops the enable line at once, because
//!   a DMA that goes on would repeat old samples, perhaps half a pulse. What the cut left is known exactly: the next
//!   sample to render is the first one that was not put out, so a hard off at that tick counts it.
//! - **The enable line** is what opens the outputs. A zero sample does not: see `Renderer`.
//!
//! On a target the halves stand in a `static` that the DMA reads (`static_cell`, or a HAL's double-buffer transfer), and
//! a critical section takes the place of `Mutex`.
#![allow(missing_docs, reason = "an example has no public interface")]

use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::Mutex;

use nmes_core::{
    Channel, ChannelHardware, ChannelState, ConfigError, Engine, FrameKind, Hardware, HardwareTiming, Micros,
    Millis, Plan, PulseFrame, PulseReceipt, PulseShape, Ramp, Rate, RenderFault, Renderer, Schedule, Session,
    Setting, StopPolicy, Train, Watch,
};

const RATE_HZ: u32 = 48_000;
const CHANNELS: usize = 2;
/// Samples of each channel in a half: 5.3 ms.
const HALF: usize = 256;

/// The two halves, interleaved as two converters on one bus take them.
static HALVES: [Mutex<[i16; HALF * CHANNELS]>; 2] =
    [Mutex::new([0; HALF * CHANNELS]), Mutex::new([0; HALF * CHANNELS])];
/// A bit for each half that was filled and not yet played to its end.
static FILLED: AtomicU8 = AtomicU8::new(0);
/// The outputs are connected.
static ENABLE: AtomicBool = AtomicBool::new(false);

/// "Half transfer" (`played` = 0) and "transfer complete" (`played` = 1). False after an underrun.
fn interrupt(played: u8) -> bool {
    let next = played ^ 1;
    let filled = FILLED.fetch_and(!(1 << played), Ordering::AcqRel);
    let in_time = filled & (1 << next) != 0;
    if !in_time {
        ENABLE.store(false, Ordering::Release);
    }
    in_time
}

/// What the board does, at the pace of the loop in `play`: the half that plays, and the sum of all samples of a channel
/// while its output was connected.
#[derive(Default)]
struct Dma {
    playing: u8,
    sums: [i64; CHANNELS],
}

impl Dma {
    /// Plays one half to its end and raises the interrupt.
    fn play_half(&mut self) -> bool {
        if ENABLE.load(Ordering::Acquire) {
            let samples = HALVES.get(usize::from(self.playing)).and_then(|half| half.lock().ok());
            for (place, &code) in samples.iter().flat_map(|half| half.iter().enumerate()) {
                if let Some(sum) = self.sums.get_mut(place & 1) {
                    *sum = sum.saturating_add(i64::from(code));
                }
            }
        }
        let in_time = interrupt(self.playing);
        self.playing ^= 1;
        in_time
    }
}

/// In place of a guard of nmes-safety: every pulse sums to zero.
struct Balanced {
    output: ChannelHardware,
    pulses: u32,
}

impl Watch<'_> for Balanced {
    fn admit(&mut self, frame: &PulseFrame<'_>) -> bool {
        frame.net_charge(&self.output).is_some_and(|sum| sum.magnitude() == 0)
    }
    fn receipt(&mut self, receipt: &PulseReceipt) {
        self.pulses = self.pulses.saturating_add(u32::from(receipt.kind == FrameKind::Pulse));
    }
}

/// Fills the halves that are free, in the order they will play; each at most once a call.
fn fill_free<'p>(
    renderer: &mut Renderer<'p, '_, i16>,
    next: &mut u8,
    watch: &mut impl Watch<'p>,
) -> Result<bool, RenderFault> {
    let mut finished = false;
    for _ in 0..2 {
        let bit = 1_u8 << *next;
        if FILLED.load(Ordering::Acquire) & bit != 0 {
            break;
        }
        let Some(mut half) = HALVES.get(usize::from(*next)).and_then(|half| half.try_lock().ok()) else {
            break;
        };
        let rendered = renderer.render_interleaved(half.as_mut_slice(), watch)?;
        FILLED.fetch_or(bit, Ordering::AcqRel);
        *next ^= 1;
        finished = rendered.finished.is_some();
    }
    Ok(finished)
}

/// Plays a session. `misses` is a half that the main loop is too late for, `stops` one before which it asks to stop.
fn play(plan: &Plan<'_>, misses: Option<u32>, stops: Option<u32>) -> Result<(), Box<dyn core::error::Error>> {
    let mut storage = [ChannelState::new(); CHANNELS];
    let mut renderer = Renderer::<i16>::new(Engine::new(plan, &mut storage)?, 0)?;
    for (index, channel) in (0..).zip(plan.channels()) {
        renderer.engine_mut().command(index, channel.channel().set, 0)?;
    }
    renderer.engine_mut().start(0);
    let output = plan.hardware().channels().first().copied().unwrap_or_default();
    let (mut watch, mut dma, mut next) = (Balanced { output, pulses: 0 }, Dma::default(), 0);
    FILLED.store(0, Ordering::Release);
    fill_free(&mut renderer, &mut next, &mut watch)?;
    ENABLE.store(true, Ordering::Release);
    for half in 0_u32.. {
        if stops == Some(half) {
            let now = renderer.tick();
            renderer.engine_mut().stop(StopPolicy::FinishPulse, now);
        }
        if !dma.play_half() {
            let now = renderer.tick();
            renderer.engine_mut().stop(StopPolicy::HardOff, now);
            println!("  underrun: off at sample {now}");
            break;
        }
        if misses != Some(half) && fill_free(&mut renderer, &mut next, &mut watch)? {
            // what is in the halves is still played; then the outputs are opened
            let _ = (dma.play_half(), dma.play_half());
            ENABLE.store(false, Ordering::Release);
            break;
        }
    }
    let residual = renderer.engine().finished().map(|finished| finished.residual);
    println!("  {} pulses to sample {}, residual {residual:?}", watch.pulses, renderer.tick());
    println!("  sums of the samples that were played: {:?} code × sample", dma.sums);
    Ok(())
}

fn channels() -> Result<[Channel<'static>; CHANNELS], ConfigError> {
    let us = |n| Micros::from_micros(n).unwrap_or_default();
    let ms = |n| Millis::from_millis(n).unwrap_or_default();
    let set = Setting::new(40_000, 300).unwrap_or_default();
    let channel = Channel {
        pulse: PulseShape { gap: us(100), ..PulseShape::default() },
        rate: Rate::from_hz(40)?,
        train: Train::default(),
        set,
        ceiling: set,
        ramp: Ramp { up: ms(300), down: ms(300), ..Ramp::default() },
        offset: Micros::ZERO,
    };
    Ok([channel, Channel { offset: us(12_500), ..channel }])
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let channels = channels()?;
    let session =
        Session::new(&channels, Schedule::Continuous, Millis::from_millis(2_000).unwrap_or_default())?;
    // 16-bit converters of 4 µA a code on a sample clock: every edge stands at its sample
    let outputs = [ChannelHardware::symmetric(4_000, -32_768, 32_767); CHANNELS];
    let hardware = Hardware::new(HardwareTiming::ideal(RATE_HZ), &outputs, 0)?;
    let plan = Plan::compile(&session, &hardware)?;
    for row in plan.rounding(0).iter().flat_map(|report| report.rows()) {
        println!(
            "{}: asked {} {unit}, realised {} {unit}",
            row.field,
            row.requested,
            row.realised,
            unit = row.unit
        );
    }
    println!("a whole session:");
    play(&plan, None, None)?;
    println!("a stop after 0.5 s:");
    play(&plan, None, Some(100))?;
    println!("a half that is not filled in time, in the gap of a pulse:");
    play(&plan, Some(134), None)
}
