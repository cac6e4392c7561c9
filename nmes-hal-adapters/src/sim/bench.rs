//! The parts of a simulated stimulator on one clock.

use crate::output::Output;
use crate::sense::{Contact, Sense};
use crate::sim::{ChannelStage, Delivered, MeanDc, Point, SimAlarm, SimClock, SimEnable, Stage, StageFault};
use core::cell::Cell;
use core::fmt;
use nmes_core::{ChannelHardware, Hardware, Level, MAX_CHANNELS};
use nmes_safety::{AdmittedEdge, Checked, Rule, SampleInstant, Sensed, rules};

/// Clock and stages, shared by reference between output, alarm, sense and host.
///
/// ```
/// use nmes_core::{ChannelHardware, Hardware, HardwareTiming, Level};
/// use nmes_hal_adapters::{Output, sim::{Bench, Load, Stage}};
/// let dac = ChannelHardware::symmetric(25_000, -4_000, 4_000);
/// let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
/// let bench = Bench::new(hardware, Stage::ideal(120.0, Load::resistor(1_000.0).unwrap()), 15, 7);
/// let mut output = bench.output();
/// output.off().unwrap();
/// assert_eq!(bench.level(0), Level::Open);
/// ```
#[derive(Debug)]
pub struct Bench {
    clock: SimClock,
    hardware: Hardware,
    channels: [Cell<ChannelStage>; MAX_CHANNELS],
    one_shot: Cell<OneShotState>,
}

impl Bench {
    /// Every channel of the hardware drives a copy of the stage. Alarms are answered 0 to `late_max_ticks` late, from
    /// a seed; that may be more than the hardware declares.
    #[must_use]
    pub fn new(hardware: Hardware, stage: Stage, late_max_ticks: u32, seed: u64) -> Self {
        let rate = hardware.timing().ticks_per_second;
        let channels = core::array::from_fn(|index| {
            let limits =
                hardware.channels().get(index).copied().unwrap_or(ChannelHardware::symmetric(1, -1, 1));
            Cell::new(ChannelStage::new(stage, limits, rate))
        });
        let clock = SimClock::new(late_max_ticks, seed);
        Self { clock, hardware, channels, one_shot: Cell::new(OneShotState::default()) }
    }

    /// Puts a one-shot in series with the stages: from now on they drive only for `hold_ticks` after each
    /// [`Enable::rearm`](crate::Enable::rearm) of [`Bench::enable`].
    ///
    /// When it runs out every stage opens at that very tick; an edge log does not see it, [`Bench::level`] does. Armed
    /// again, each goes on with what it was told last, as the copper would.
    #[must_use]
    pub fn with_one_shot(self, hold_ticks: u64) -> Self {
        self.one_shot.set(OneShotState { hold_ticks: Some(hold_ticks), ..OneShotState::default() });
        self.gate_all(self.clock.now(), true);
        self
    }

    /// The one-shot.
    #[must_use]
    pub const fn enable(&self) -> SimEnable<'_> {
        SimEnable(self)
    }

    /// How often the one-shot ran out while something was driven.
    #[must_use]
    pub fn one_shot_cuts(&self) -> u32 {
        self.expire();
        self.one_shot.get().cuts
    }

    /// The clock.
    pub const fn clock(&self) -> &SimClock {
        &self.clock
    }

    /// The alarm.
    pub const fn alarm(&self) -> SimAlarm<'_> {
        self.clock.alarm()
    }

    /// The output, unrecorded.
    pub const fn output(&self) -> SimOutput<'_, ()> {
        SimOutput { bench: self, sink: (), busy_until: 0, stopped: false }
    }

    /// The output, with every change of level told to `sink`.
    pub const fn output_to<K: EdgeSink>(&self, sink: K) -> SimOutput<'_, K> {
        SimOutput { bench: self, sink, busy_until: 0, stopped: false }
    }

    /// The measurement.
    pub const fn sense(&self) -> SimSense<'_> {
        SimSense { bench: self, short_ohm: rules::E_Z_1_SHORT.limit, open_ohm: rules::E_Z_1_OPEN.limit }
    }

    /// The resistance between the electrodes of a channel as they are now, in whole ohms: of a skin both parts, as it is once its
    /// capacitance has charged. `None` where a lead is off, and where there is no channel.
    pub fn resistance_ohm(&self, channel: u8) -> Option<u64> {
        self.copy(channel)?.resistance_ohm()
    }

    /// The level a channel is really at; open where there is no channel.
    pub fn level(&self, channel: u8) -> Level {
        self.cell(channel).map_or(Level::Open, |cell| cell.get().level())
    }

    /// Current and voltage of a channel at `tick`, if it stays as it is until then. For drawing.
    pub fn point(&self, channel: u8, tick: u64) -> Point {
        let mut stage = self.copy(channel);
        if let Some(stage) = stage.as_mut() {
            stage.advance_to(tick);
        }
        stage.map_or_else(Point::default, |stage| stage.point())
    }

    /// What a channel delivered since this was last called: once a receipt makes it one record a pulse.
    pub fn take_delivered(&self, channel: u8) -> Delivered {
        self.with(channel, ChannelStage::take_delivered).unwrap_or_default()
    }

    /// Mean direct current of a channel up to now.
    pub fn mean_dc(&self, channel: u8) -> MeanDc {
        let now = self.clock.now();
        let mean = |stage: &mut ChannelStage| {
            stage.advance_to(now);
            stage.mean_dc()
        };
        self.copy(channel).as_mut().map(mean).unwrap_or_default()
    }

    /// Gives a channel a fault now, or takes it away.
    pub fn inject(&self, channel: u8, fault: StageFault) {
        let now = self.clock.now();
        self.with(channel, |stage| stage.inject(now, fault));
    }

    pub(super) fn one_shot_us(&self) -> u32 {
        let Some(hold) = self.one_shot.get().hold_ticks else { return u32::MAX };
        let rate = u64::from(self.hardware.timing().ticks_per_second);
        u32::try_from(hold.saturating_mul(1_000_000).div_ceil(rate)).unwrap_or(u32::MAX)
    }

    pub(super) fn rearm_one_shot(&self) {
        self.expire();
        let now = self.clock.now();
        self.one_shot.set(self.one_shot.get().rearmed(now));
        self.gate_all(now, false);
    }

    pub(super) fn release_one_shot(&self) {
        self.expire();
        self.end_one_shot(self.clock.now());
    }

    /// Opens everything at the tick the one-shot ran out, if it has.
    fn expire(&self) {
        let Some(at) = self.one_shot.get().ran_out(self.clock.now()) else { return };
        let drives = |cell: &Cell<ChannelStage>| matches!(cell.get().level(), Level::Code(code) if code != 0);
        if self.channels.iter().any(drives) {
            self.one_shot.set(self.one_shot.get().cut());
        }
        self.end_one_shot(at);
    }

    fn end_one_shot(&self, at_tick: u64) {
        let state = self.one_shot.get();
        if state.hold_ticks.is_some() {
            self.one_shot.set(OneShotState { until: None, ..state });
            self.gate_all(at_tick, true);
        }
    }

    fn gate_all(&self, at_tick: u64, open: bool) {
        for cell in &self.channels {
            let mut stage = cell.get();
            stage.gate(at_tick, open);
            cell.set(stage);
        }
    }

    fn cell(&self, channel: u8) -> Option<&Cell<ChannelStage>> {
        self.expire();
        self.channels.get(usize::from(channel)).filter(|_| channel < self.hardware.channel_count())
    }

    fn copy(&self, channel: u8) -> Option<ChannelStage> {
        self.cell(channel).map(Cell::get)
    }

    fn with<T>(&self, channel: u8, act: impl FnOnce(&mut ChannelStage) -> T) -> Option<T> {
        let cell = self.cell(channel)?;
        let mut stage = cell.get();
        let result = act(&mut stage);
        cell.set(stage);
        Some(result)
    }
}

/// What a one-shot is at.
#[derive(Clone, Copy, Debug, Default)]
struct OneShotState {
    /// `None` where there is no one-shot.
    hold_ticks: Option<u64>,
    /// The tick it runs out at.
    until: Option<u64>,
    cuts: u32,
}

impl OneShotState {
    fn ran_out(self, now: u64) -> Option<u64> {
        self.until.filter(|&until| until <= now)
    }

    fn rearmed(self, now: u64) -> Self {
        Self { until: self.hold_ticks.map(|hold| now.saturating_add(hold)), ..self }
    }

    const fn cut(self) -> Self {
        Self { cuts: self.cuts.saturating_add(1), ..self }
    }
}

/// A change of level as it came out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimEdge {
    /// When.
    pub at_tick: u64,
    /// Which channel.
    pub channel: u8,
    /// What was commanded.
    pub level: Level,
    /// What came out.
    pub point: Point,
}

/// Takes edges as they happen. Closures are sinks; `()` keeps nothing.
pub trait EdgeSink {
    /// One channel changed its level.
    fn edge(&mut self, edge: SimEdge);
}

impl EdgeSink for () {
    fn edge(&mut self, _edge: SimEdge) {}
}

impl<F: FnMut(SimEdge)> EdgeSink for F {
    fn edge(&mut self, edge: SimEdge) {
        self(edge);
    }
}

/// Why a simulated output failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SimError {
    /// [`StageFault::WriteError`].
    Write {
        /// The channel.
        channel: u8,
    },
    /// There is no such channel.
    NoChannel {
        /// The channel.
        channel: u8,
    },
    /// The code is outside the range of the hardware.
    Code {
        /// The channel.
        channel: u8,
        /// The code.
        code: i32,
    },
    /// An error came before, and [`Output::off`] has not been called since.
    Stopped,
}

impl fmt::Display for SimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { channel } => write!(f, "channel {channel}: the write failed, on purpose"),
            Self::NoChannel { channel } => write!(f, "the output has no channel {channel}"),
            Self::Code { channel, code } => write!(f, "channel {channel} has no code {code}"),
            Self::Stopped => f.write_str("the output was stopped by an error, and not switched off since"),
        }
    }
}

impl core::error::Error for SimError {}

/// An [`Output`] into the stages of a [`Bench`]. It opens on drop.
///
/// Without a latch a write takes `write_ticks`, and a write that comes while the bus is busy waits for it.
#[derive(Debug)]
pub struct SimOutput<'b, K: EdgeSink> {
    bench: &'b Bench,
    sink: K,
    busy_until: u64,
    stopped: bool,
}

impl<K: EdgeSink> SimOutput<'_, K> {
    fn put(&mut self, channel: u8, level: Level, is_off: bool) -> Result<(), SimError> {
        self.wait_for_bus();
        let at_tick = self.bench.clock.now();
        let set = |stage: &mut ChannelStage| {
            if stage.fault() == StageFault::WriteError && !is_off {
                return Err(SimError::Write { channel });
            }
            stage.set(at_tick, level);
            Ok(stage.point())
        };
        let point = self.bench.with(channel, set).ok_or(SimError::NoChannel { channel })??;
        self.sink.edge(SimEdge { at_tick, channel, level, point });
        Ok(())
    }

    fn put_all(&mut self, edges: &[AdmittedEdge]) -> Result<(), SimError> {
        if self.stopped {
            return Err(SimError::Stopped);
        }
        edges.iter().try_for_each(|edge| self.check(edge.channel(), edge.level()))?;
        edges.iter().try_for_each(|edge| self.put(edge.channel(), edge.level(), false))
    }

    fn check(&self, channel: u8, level: Level) -> Result<(), SimError> {
        let limits = self.bench.hardware.channel(channel).ok_or(SimError::NoChannel { channel })?;
        match level {
            Level::Code(code) if !(limits.code_min..=limits.code_max).contains(&code) => {
                Err(SimError::Code { channel, code })
            }
            Level::Open | Level::Shorted | Level::Code(_) => Ok(()),
        }
    }

    fn stop_on(&mut self, result: Result<(), SimError>) -> Result<(), SimError> {
        result.inspect_err(|_| {
            self.stopped = true;
            let _ = self.all_off();
        })
    }

    fn wait_for_bus(&mut self) {
        let timing = self.bench.hardware.timing();
        if !timing.has_latch {
            self.bench.clock.advance_to(self.busy_until);
            self.busy_until = self.bench.clock.now().saturating_add(u64::from(timing.write_ticks));
        }
    }

    /// Opens what is not open yet, or is only because a one-shot has run out.
    fn all_off(&mut self) -> Result<(), SimError> {
        let mut first = Ok(());
        for channel in 0..self.bench.hardware.channel_count() {
            if self.bench.copy(channel).is_some_and(|stage| !stage.is_off()) {
                first = first.and(self.put(channel, Level::Open, true));
            }
        }
        first
    }
}

impl<K: EdgeSink> Output for SimOutput<'_, K> {
    type Error = SimError;

    fn hardware(&self) -> &Hardware {
        &self.bench.hardware
    }

    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), SimError> {
        let result = self.put_all(edges);
        self.stop_on(result)
    }

    fn channel_off(&mut self, channel: u8) -> Result<(), SimError> {
        let result = self.put(channel, Level::Open, true);
        self.stop_on(result)
    }

    fn off(&mut self) -> Result<(), SimError> {
        let result = self.all_off();
        self.stopped = result.is_err();
        result
    }
}

impl<K: EdgeSink> Drop for SimOutput<'_, K> {
    fn drop(&mut self) {
        let _ = self.all_off();
    }
}

/// [`Sense`] of a [`Bench`]: what the stage delivers, without noise, at the start and the end of every level, and in rests.
///
/// Before arming it answers by [`Bench::resistance_ohm`]: [`Contact::Bad`] below E-Z-1-S, where electrodes touch, and above
/// E-Z-1-O, where one is off, by the limits of the session that is armed. No probe is played for it. One of 200 µs would read less
/// of a skin that takes longer to charge (3.9 kΩ of 2.4 and 3.6 kΩ with 100 nF), so this answer is the stricter one.
#[derive(Clone, Copy, Debug)]
pub struct SimSense<'b> {
    bench: &'b Bench,
    /// E-Z-1 from below and from above.
    short_ohm: u64,
    open_ohm: u64,
}

impl Sense for SimSense<'_> {
    fn sample(&mut self, channel: u8, _level: Level) -> Option<Sensed> {
        Some(self.bench.copy(channel)?.sensed(SampleInstant::PhaseStart))
    }

    fn ended(&mut self, channel: u8) -> Option<Sensed> {
        self.bench.copy(channel)?.ended()
    }

    fn resting(&mut self, channel: u8) -> Option<Sensed> {
        let mut stage = self.bench.copy(channel)?;
        stage.advance_to(self.bench.clock().now());
        // whatever the stage does
        Some(Sensed { instant: SampleInstant::Rest, ..stage.sensed(SampleInstant::PhaseEnd) })
    }

    fn session(&mut self, session: &Checked<'_>) {
        let limit = |rule: &Rule| session.limit(rule).map_or(rule.limit, |limit| limit.value);
        (self.short_ohm, self.open_ohm) = (limit(&rules::E_Z_1_SHORT), limit(&rules::E_Z_1_OPEN));
    }

    fn contact(&mut self, channel: u8) -> Contact {
        match self.bench.resistance_ohm(channel) {
            Some(ohm) if (self.short_ohm..=self.open_ohm).contains(&ohm) => Contact::Good,
            Some(_) | None => Contact::Bad,
        }
    }
}
