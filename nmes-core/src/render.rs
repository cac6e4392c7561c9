//! Edges as samples: blocks for a DMA buffer or a sound card, filled by runs.

mod layout;
mod sample;

use core::fmt;
use core::marker::PhantomData;

use crate::engine::{Change, Engine, Finished, Next, StopPolicy};
use crate::error::{ConfigError, EngineFault, Field, at_least, at_most};
use crate::frame::{Level, PulseFrame};
use crate::plan::Plan;
use crate::receipt::PulseReceipt;
use layout::{Block, Interleaved, Planar, Sink};
pub use sample::Sample;

/// Who looks at what is rendered: a guard. `'p` is the life of the plan whose frames it may keep. Every closure `|frame: &PulseFrame<'_>| -> bool` is one that only admits.
///
/// An implementation that answers `false` has to know why by itself: the renderer's fault names channel and frame.
///
/// ```
/// use nmes_core::{Change, Charge, ChannelHardware, PulseFrame, PulseReceipt, Watch};
/// /// Admits what sums to zero, and counts.
/// struct Counting { output: ChannelHardware, edges: u32, pulses: u32 }
/// impl<'p> Watch<'p> for Counting {
///     fn admit(&mut self, frame: &PulseFrame<'p>) -> bool {
///         frame.net_charge(&self.output) == Some(Charge::ZERO)
///     }
///     fn edge(&mut self, _tick: u64, _change: &Change) -> bool {
///         self.edges += 1;
///         true
///     }
///     fn receipt(&mut self, _receipt: &PulseReceipt) {
///         self.pulses += 1;
///     }
/// }
/// ```
pub trait Watch<'p> {
    /// Whether the frame may be put out; asked once for each frame, before its first edge. A frame that is admitted may
    /// still be withdrawn by a command, a gate input or a stop between two blocks.
    fn admit(&mut self, frame: &PulseFrame<'p>) -> bool;

    /// A change that stands at sample `tick`, before that sample is written. `false` ends output at this sample.
    fn edge(&mut self, tick: u64, change: &Change) -> bool {
        let _ = (tick, change);
        true
    }

    /// A pulse that has ended.
    fn receipt(&mut self, receipt: &PulseReceipt) {
        let _ = receipt;
    }
}

impl<'p, F: FnMut(&PulseFrame<'p>) -> bool> Watch<'p> for F {
    fn admit(&mut self, frame: &PulseFrame<'p>) -> bool {
        self(frame)
    }
}

/// Why rendering ended. From sample [`RenderFault::at_tick`] on every channel is zero, and stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RenderFault {
    /// The first sample that is zero because of it, in ticks.
    pub at_tick: u64,
    /// What it was.
    pub cause: RenderCause,
}

/// What ended rendering. After each of them the engine is stopped hard, and the output is to be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RenderCause {
    /// [`Watch::admit`] refused a frame. No sample of it was written.
    Refused {
        /// The channel.
        channel: u8,
        /// Number of the frame.
        sequence: u32,
    },
    /// [`Watch::edge`] refused a change.
    Edge {
        /// The channel.
        channel: u8,
        /// Number of the frame.
        sequence: u32,
    },
    /// The engine found a fault; [`EngineFault::Late`] when a command or a stop was given a time before
    /// [`Renderer::tick`].
    Engine(EngineFault),
    /// A code that the sample type does not hold: the engine was replaced by one for another hardware.
    Code {
        /// The channel.
        channel: u8,
        /// The code.
        code: i32,
    },
    /// The buffers do not have one slice of one length for each channel, or the interleaved buffer is no whole number
    /// of samples for each channel.
    Layout {
        /// How many channels the plan has.
        channels: u8,
    },
}

impl fmt::Display for RenderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "zero from sample {} on: ", self.at_tick)?;
        match self.cause {
            RenderCause::Refused { channel, sequence } => {
                write!(f, "channel {channel}: frame {sequence} was refused")
            }
            RenderCause::Edge { channel, sequence } => {
                write!(f, "channel {channel}: an edge of frame {sequence} was refused")
            }
            RenderCause::Engine(fault) => fault.fmt(f),
            RenderCause::Code { channel, code } => {
                write!(f, "channel {channel}: the sample type does not hold code {code}")
            }
            RenderCause::Layout { channels } => {
                write!(f, "the buffer is not as many samples for each of {channels} channels")
            }
        }
    }
}

impl core::error::Error for RenderFault {}

/// One block that was rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Steps of the engine that fell into it; at most samples × channels.
    pub steps: u32,
    /// Set once every channel is open and nothing more will come: all further samples are zero.
    pub finished: Option<Finished>,
}

/// Puts the edges of an [`Engine`] out as samples: the code of each channel, once a tick.
///
/// A sample clock is a [`crate::Hardware`] whose ticks a second are the sample rate and whose edges are exact, such as
/// [`crate::HardwareTiming::ideal`]`(48_000)`: that the tick is the sample period is the caller's word, given by
/// compiling the plan for it. `compile` then rounds every width and rate to samples, and reports it. Sample `t` is the
/// level from tick `t` to tick `t + 1`. An edge at tick `t` changes sample `t`, exactly: there is no lateness, so the
/// sum over every balanced pulse is 0.
///
/// *Open is not zero.* A sample cannot open or short the electrodes: both are rendered as code 0. The output stage
/// needs an enable line for that, off while [`Engine::finished`], before the start, and at every fault.
///
/// *Work of a call*: one pass over the samples in runs, and one engine step for each edge; at most samples × channels
/// steps. Nothing is allocated.
///
/// *Stopping*: commands, gate inputs and stops go to [`Renderer::engine_mut`] between two blocks with
/// [`Renderer::tick`] as the time, and act on what is not yet rendered. With a double buffer that is two buffers away
/// at most: the one that plays and the one that is full. The enable line is faster, and is what an emergency stop uses.
///
/// ```
/// use nmes_core::*;
/// # let set = Setting::new(40_000, 300).unwrap();
/// # let channels = [Channel { pulse: PulseShape::default(), rate: Rate::from_hz(40).unwrap(), set, ceiling: set,
/// #     train: Train::default(), ramp: Ramp::default(), offset: Micros::ZERO }; 2];
/// # let session = Session::new(&channels, Schedule::Continuous, Millis::from_millis(1_000).unwrap()).unwrap();
/// let dac = ChannelHardware::symmetric(4_000, -32_768, 32_767); // 4 µA a code
/// let hardware = Hardware::new(HardwareTiming::ideal(48_000), &[dac; 2], 0)?;
/// let plan = Plan::compile(&session, &hardware)?;
/// let mut storage = [ChannelState::new(); 2];
/// let mut renderer = Renderer::<i16>::new(Engine::new(&plan, &mut storage)?, 0)?;
/// for channel in 0..2 {
///     renderer.engine_mut().command(channel, set, 0)?;
/// }
/// renderer.engine_mut().start(0);
/// let mut sum = [0_i64; 2];
/// loop {
///     let mut block = [[0_i16; 480]; 2]; // 10 ms
///     // a guard goes here: `Watch` has its other calls
///     let mut admit = |frame: &PulseFrame<'_>| frame.net_charge(&dac) == Some(Charge::ZERO);
///     let rendered = renderer.render(&mut block, &mut admit)?;
///     for (sum, samples) in sum.iter_mut().zip(&block) {
///         *sum += samples.iter().map(|&code| i64::from(code)).sum::<i64>();
///     }
///     if rendered.finished.is_some() {
///         break;
///     }
/// }
/// assert_eq!(sum, [0, 0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Renderer<'p, 's, S: Sample> {
    engine: Engine<'p, 's>,
    tick: u64,
    fault: Option<RenderFault>,
    sample: PhantomData<S>,
}

impl<'p, 's, S: Sample> Renderer<'p, 's, S> {
    /// Takes an engine whose plan is for a sample clock. Its first sample is that of tick `first_tick`.
    ///
    /// # Errors
    /// Names the value and the limit: edges that may be late or stamps that may be off (L + 2 ε above 0), a code range
    /// that the sample type does not hold, a channel with an offset current, which would flow at every zero sample.
    pub fn new(engine: Engine<'p, 's>, first_tick: u64) -> Result<Self, ConfigError> {
        is_sample_clock::<S>(engine.plan())?;
        Ok(Self { engine, tick: first_tick, fault: None, sample: PhantomData })
    }

    /// The tick of the next sample that will be rendered: the time to give to every call of [`Renderer::engine_mut`].
    #[must_use]
    pub const fn tick(&self) -> u64 {
        self.tick
    }

    /// The engine.
    #[must_use]
    pub const fn engine(&self) -> &Engine<'p, 's> {
        &self.engine
    }

    /// The engine, for commands, gate inputs and stops between two blocks.
    pub const fn engine_mut(&mut self) -> &mut Engine<'p, 's> {
        &mut self.engine
    }

    /// The engine back.
    #[must_use]
    pub fn into_engine(self) -> Engine<'p, 's> {
        self.engine
    }

    /// The first fault; it stays.
    #[must_use]
    pub const fn fault(&self) -> Option<RenderFault> {
        self.fault
    }

    /// Renders one slice for each channel, all of one length. Every sample is written, whatever the answer.
    ///
    /// # Errors
    /// A frame or an edge was refused, the engine found a fault, or the slices are not as many or as long as they
    /// should be: from [`RenderFault::at_tick`] on the samples of all channels are zero, in this block and all that
    /// follow, each of which answers the same. The engine was stopped hard there: a pulse under way is cut, and what it
    /// leaves is [`Finished::residual`]. Switch the enable line off.
    pub fn render<B: AsMut<[S]>>(
        &mut self,
        channels: &mut [B],
        watch: &mut impl Watch<'p>,
    ) -> Result<Rendered, RenderFault> {
        let needed = usize::from(self.engine.plan().channel_count());
        let samples = channels.first_mut().map_or(0, |first| first.as_mut().len());
        let fits = channels.len() == needed && channels.iter_mut().all(|c| c.as_mut().len() == samples);
        self.fill(Planar::new(channels), samples, fits, watch)
    }

    /// Renders all channels into one buffer: the first sample of each channel, then the second of each.
    ///
    /// # Errors
    /// As [`Renderer::render`]; the length has to be a multiple of the number of channels.
    pub fn render_interleaved(
        &mut self,
        buffer: &mut [S],
        watch: &mut impl Watch<'p>,
    ) -> Result<Rendered, RenderFault> {
        let channels = usize::from(self.engine.plan().channel_count());
        let samples = buffer.len().checked_div(channels).unwrap_or(0);
        let fits = buffer.len() == samples.saturating_mul(channels);
        self.fill(Interleaved::new(buffer, channels), samples, fits, watch)
    }

    fn fill(
        &mut self,
        mut sink: impl Sink<S>,
        samples: usize,
        fits: bool,
        watch: &mut impl Watch<'p>,
    ) -> Result<Rendered, RenderFault> {
        let end = self.tick.saturating_add(u64::try_from(samples).unwrap_or(u64::MAX));
        if !fits {
            let channels = self.engine.plan().channel_count();
            self.end_at(self.tick, RenderCause::Layout { channels }, watch);
        }
        if let Some(fault) = self.fault {
            sink.clear();
            self.tick = end;
            return Err(fault);
        }
        let mut block = Block::new(sink, self.tick, samples);
        let rendered = self.run(&mut block, end, watch);
        block.finish();
        self.tick = end;
        let steps = rendered?;
        self.engine.tick(end);
        Ok(Rendered { steps, finished: self.engine.finished() })
    }

    /// All steps before `end`; how many there were.
    fn run(
        &mut self,
        block: &mut Block<S, impl Sink<S>>,
        end: u64,
        watch: &mut impl Watch<'p>,
    ) -> Result<u32, RenderFault> {
        let mut now = self.tick;
        let mut steps = 0_u32;
        let result = self.begin(block).and_then(|()| {
            loop {
                self.offer(watch)?;
                let Next::At(due) = self.engine.next() else { return Ok(()) };
                if due >= end {
                    return Ok(());
                }
                now = now.max(due);
                steps = steps.saturating_add(1);
                self.step(now, block, watch)?;
            }
        });
        result.map(|()| steps).map_err(|cause| {
            block.silence(now);
            self.end_at(now, cause, watch)
        })
    }

    /// The levels that the block begins with.
    fn begin(&self, block: &mut Block<S, impl Sink<S>>) -> Result<(), RenderCause> {
        for channel in 0..self.engine.plan().channel_count() {
            let level = self.engine.level(channel).unwrap_or_default();
            block.go_to(channel, self.tick, code_of(channel, level)?);
        }
        Ok(())
    }

    /// Has every frame that waits admitted.
    fn offer(&mut self, watch: &mut impl Watch<'p>) -> Result<(), RenderCause> {
        while let Some(frame) = self.engine.pending() {
            let (channel, sequence) = (frame.channel(), frame.sequence());
            if !watch.admit(&frame) {
                return Err(RenderCause::Refused { channel, sequence });
            }
            self.engine.accept(channel, sequence);
        }
        Ok(())
    }

    /// The changes of one instant.
    fn step(
        &mut self,
        now: u64,
        block: &mut Block<S, impl Sink<S>>,
        watch: &mut impl Watch<'p>,
    ) -> Result<(), RenderCause> {
        if let Some(step) = self.engine.step() {
            for change in step.changes() {
                let code = code_of(change.channel, change.level)?;
                if !watch.edge(now, &change) {
                    return Err(RenderCause::Edge { channel: change.channel, sequence: change.sequence });
                }
                block.go_to(change.channel, now, code);
            }
        }
        let applied = self.engine.applied(now).map_err(RenderCause::Engine);
        self.hand_receipts(watch);
        applied
    }

    fn hand_receipts(&mut self, watch: &mut impl Watch<'p>) {
        while let Some(receipt) = self.engine.take_receipt() {
            watch.receipt(&receipt);
        }
    }

    /// Nothing more from `at_tick` on.
    fn end_at(&mut self, at_tick: u64, cause: RenderCause, watch: &mut impl Watch<'p>) -> RenderFault {
        self.engine.stop(StopPolicy::HardOff, at_tick);
        self.hand_receipts(watch);
        *self.fault.get_or_insert(RenderFault { at_tick, cause })
    }
}

/// The sample of a level: zero where nothing is driven.
fn code_of<S: Sample>(channel: u8, level: Level) -> Result<S, RenderCause> {
    match level {
        Level::Open | Level::Shorted => Ok(S::ZERO),
        Level::Code(code) => S::from_code(code).ok_or(RenderCause::Code { channel, code }),
    }
}

fn is_sample_clock<S: Sample>(plan: &Plan<'_>) -> Result<(), ConfigError> {
    let source = "a sample stands exactly at its tick: declare L and ε as 0";
    at_most(Field::Lateness, i64::from(plan.hardware().jitter_ticks()), 0, source)?;
    let count = usize::from(plan.channel_count());
    for output in plan.hardware().channels().iter().take(count) {
        let source = "the codes of a channel fit the sample type";
        at_least(Field::CodeMin, i64::from(output.code_min), S::LEAST, source)?;
        at_most(Field::CodeMax, i64::from(output.code_max), S::MOST, source)?;
        let source = "an offset flows at every zero sample, where the plan has the output open: take it out";
        at_most(Field::OffsetCurrent, i64::from(output.offset_na).abs(), 0, source)?;
    }
    Ok(())
}
