//! Merges the channels of a plan into one sequence of steps.

use crate::channel::{ChannelState, Counters, Pending, PulseReceipt, Train};
use crate::error::{ConfigError, EngineFault, Field, at_least, at_most};
use crate::frame::{Level, PulseFrame};
use crate::gate::{GateAnswer, GateInput, GateRefusal, TriggerCount};
use crate::hardware::MAX_CHANNELS;
use crate::plan::Plan;
use crate::session::{Gate, Schedule, Setting};
use crate::train::Clockwork;
use crate::units::Charge;

/// When to call again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A step is due at this tick.
    At(u64),
    /// Nothing is due until something comes from outside.
    Never,
}

/// How to end a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum StopPolicy {
    /// A pulse under way is finished. Residual: that of any pulse, trimmed to one code × L, 0 when L is 0.
    FinishPulse,
    /// A pulse under way is paid back at once, at no more than its balancing level: as soon as the frame that does it
    /// is accepted, one edge spacing from now. Residual as above.
    RecoverNow,
    /// Open at once, residual reported. Call [`Engine::stop`] after the output went off, with that time.
    HardOff,
}

/// What one channel does at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The channel.
    pub channel: u8,
    /// Number of the frame; of the last one when `edge` is `None`.
    pub sequence: u32,
    /// Which edge of the frame; `None` when the channel goes open at the end of a train, which needs no frame.
    pub edge: Option<u8>,
    /// The level the channel goes to.
    pub level: Level,
}

/// The changes of one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    at_tick: u64,
    changes: [Change; MAX_CHANNELS],
    len: u8,
}

impl Step {
    /// The instant, in ticks.
    #[must_use]
    pub const fn at_tick(&self) -> u64 {
        self.at_tick
    }

    /// The changes; none at a silent onset, where [`Engine::applied`] is all there is to do.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        self.changes.get(..usize::from(self.len)).unwrap_or(&[])
    }
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CommandReceipt {
    /// The channel.
    pub channel: u8,
    /// Codes of the primary phase at full level as they will be put out, as a magnitude.
    pub codes: u32,
    /// Width at full level in ticks.
    pub width_ticks: u32,
    /// No frame with a lower number has it.
    pub from_sequence: u32,
}

/// The end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Finished {
    /// When the last channel went open.
    pub at_tick: u64,
    /// The largest ledger of a channel, signed.
    pub residual: Charge,
}

/// Runs a [`Plan`]: makes a frame for each pulse, and says which edge comes when.
///
/// Sans-I/O: every call takes the time it happens at, does work bounded by the number of channels, and returns.
/// The caller's loop is: for each [`Engine::pending`] frame, have it admitted and [`Engine::accept`] it; wait for
/// [`Engine::next`]; put [`Engine::step`] out; read the clock *after* the level changed; [`Engine::applied`].
///
/// ```
/// use nmes_core::*;
/// # let set = Setting::new(40_000, 300).unwrap();
/// # let channels = [Channel { pulse: PulseShape::default(), rate: Rate::from_hz(40).unwrap(), set, ceiling: set,
/// #     ramp: Ramp::default(), offset: Micros::ZERO }];
/// # let session = Session::new(&channels, Schedule::Continuous, Millis::from_millis(1_000).unwrap()).unwrap();
/// # let dac = ChannelHardware::symmetric(100_000, -2_048, 2_047);
/// # let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
/// let plan = Plan::compile(&session, &hardware)?;
/// let mut storage = [ChannelState::new(); 1];
/// let mut engine = Engine::new(&plan, &mut storage)?;
/// engine.command(0, set, 0)?;
/// engine.start(0);
/// loop {
///     while let Some(frame) = engine.pending() {
///         engine.accept(frame.channel(), frame.sequence()); // a guard looks at it first
///     }
///     let Next::At(tick) = engine.next() else { break };
///     engine.applied(tick)?; // here every edge is on time
/// }
/// assert_eq!(engine.counters(0).unwrap().pulses, 40);
/// assert_eq!(engine.finished().unwrap().residual, Charge::ZERO);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Limits
/// A gate input or command takes effect at the next frame: at once when no pulse is under way, else after it. A
/// first pulse stands one edge spacing after its trigger, and never nearer than a period to the pulse before. When
/// an edge is applied later than the hardware declares, [`Engine::applied`] answers with a fault, no further step
/// comes, and the caller opens the output.
#[derive(Debug)]
pub struct Engine<'a> {
    plan: &'a Plan<'a>,
    channels: &'a mut [ChannelState],
    clock: Clockwork,
    triggers: TriggerCount,
    last_tick: u64,
    fault: Option<EngineFault>,
}

impl<'a> Engine<'a> {
    /// An engine in storage of the caller, every set level at zero.
    ///
    /// # Errors
    /// Less storage than the plan has channels.
    pub fn new(plan: &'a Plan<'a>, channels: &'a mut [ChannelState]) -> Result<Self, ConfigError> {
        let needed = usize::from(plan.channel_count());
        let given = i64::try_from(channels.len()).unwrap_or(i64::MAX);
        at_least(
            Field::Channels,
            given,
            i64::from(plan.channel_count()),
            "one state for each channel of the plan",
        )?;
        let channels = channels.get_mut(..needed).unwrap_or_default();
        for (state, plan) in channels.iter_mut().zip(plan.channels()) {
            *state = ChannelState { onsets: plan.onsets, ..ChannelState::new() };
        }
        let clock = Clockwork { start: None, end: u64::MAX, stopping: false };
        Ok(Self { plan, channels, clock, triggers: TriggerCount::EMPTY, last_tick: 0, fault: None })
    }

    /// Sets amplitude and width of a channel at full level, from its next frame on. An amplitude of zero is silence.
    ///
    /// # Errors
    /// Names the value and the limit: no such channel, above the session's ceiling, or not to be had from the
    /// hardware. Nothing changes then.
    pub fn command(
        &mut self,
        channel: u8,
        setting: Setting,
        now: u64,
    ) -> Result<CommandReceipt, ConfigError> {
        let missing = no_channel(channel, self.plan.channel_count());
        let plan = self.plan.channel(channel).ok_or(missing)?;
        let ceiling = plan.channel.ceiling;
        let (ua, us) = (setting.amplitude.as_microamps(), setting.width.as_micros());
        let source = "the channel's ceiling";
        at_most(Field::Amplitude, i64::from(ua), i64::from(ceiling.amplitude.as_microamps()), source)?;
        at_most(Field::PhaseWidth, i64::from(us), i64::from(ceiling.width.as_micros()), source)?;
        let codes = if ua == 0 { 0 } else { plan.validate_setting(setting)? };
        let width_ticks = plan.width_ticks(setting.width);
        let state = self.channels.get_mut(usize::from(channel)).ok_or(missing)?;
        if state.set != setting {
            state.set = setting;
            state.set_ticks = (if ua == 0 { 0 } else { plan.code_for(setting.amplitude) }, width_ticks);
            if !state.is_imminent(now.saturating_add(u64::from(plan.spacing))) {
                self.replan(channel, now);
            }
        }
        let from_sequence = self.channels.get(usize::from(channel)).map_or(0, |s| s.next_sequence(now));
        Ok(CommandReceipt { channel, codes, width_ticks, from_sequence })
    }

    /// Session time zero. Nothing is put out before; a second call does nothing.
    pub fn start(&mut self, now: u64) {
        if self.clock.start.is_some() || self.fault.is_some() {
            return;
        }
        self.clock.start = Some(now);
        self.clock.end = now.saturating_add(self.plan.length_ticks());
        self.replan_all(now);
    }

    /// Opens, holds or closes the gate of a gated session, within the bounds it declares.
    pub fn gate(&mut self, input: GateInput, now: u64) -> GateAnswer {
        let Schedule::Gated(gate) = self.plan.session().schedule() else {
            return GateAnswer::Refused(GateRefusal::NotGated);
        };
        match input {
            GateInput::Open => self.open_gate(&gate, now),
            GateInput::Hold => self.each_channel(now, |state, plan| state.hold(plan, now)),
            GateInput::Close { down } => {
                self.each_channel(now, |state, plan| state.close_gate(plan, down, now))
            }
        }
    }

    fn open_gate(&mut self, gate: &Gate, now: u64) -> GateAnswer {
        let Some(start) = self.clock.start.filter(|_| !self.clock.stopping && self.fault.is_none()) else {
            return GateAnswer::Refused(GateRefusal::Stopped);
        };
        let end = self.clock.end;
        let mut channels = self.channels.iter().zip(self.plan.channels());
        if let Some(refusal) = channels.find_map(|(state, plan)| state.may_open(plan, gate, now, end)) {
            return GateAnswer::Refused(refusal);
        }
        let hz = self.plan.hardware().timing().ticks_per_second;
        if !self.triggers.admit(now.saturating_sub(start), hz, gate.max_triggers_per_minute) {
            return GateAnswer::Refused(GateRefusal::TooManyTriggers);
        }
        self.each_channel(now, |state, plan| state.open_gate(plan, gate, now, end))
    }

    /// Applies a gate input to every channel, and plans anew where it did something.
    fn each_channel(
        &mut self,
        now: u64,
        input: impl Fn(&mut ChannelState, &crate::plan::ChannelPlan) -> GateAnswer,
    ) -> GateAnswer {
        let mut answer = GateAnswer::Ignored;
        for index in 0..self.plan.channel_count() {
            let part = self.channels.get_mut(usize::from(index)).zip(self.plan.channel(index));
            let this = part.map_or(GateAnswer::Ignored, |(state, plan)| input(state, plan));
            if this != GateAnswer::Ignored {
                self.replan(index, now);
            }
            answer = answer.and(this);
        }
        answer
    }

    /// Ends the session by a policy. Each later call may only be stricter: [`StopPolicy::HardOff`] always acts.
    pub fn stop(&mut self, policy: StopPolicy, now: u64) {
        self.clock.stopping = true;
        for state in self.channels.iter_mut() {
            state.queued = None;
        }
        match policy {
            StopPolicy::FinishPulse => {}
            StopPolicy::RecoverNow => {
                for state in self.channels.iter_mut() {
                    state.recover = true;
                }
            }
            StopPolicy::HardOff => return self.hard_off(now),
        }
        self.replan_all(now);
        if policy == StopPolicy::RecoverNow {
            for (index, (state, plan)) in (0_u8..).zip(self.channels.iter_mut().zip(self.plan.channels())) {
                let cut = now.max(state.since).saturating_add(u64::from(plan.spacing));
                state.make_recovery(index, plan, cut);
            }
        }
    }

    fn hard_off(&mut self, now: u64) {
        for (state, plan) in self.channels.iter_mut().zip(self.plan.channels()) {
            if state.open_now(plan, now.max(state.since)).is_none() {
                self.fault.get_or_insert(EngineFault::LedgerOverflow { channel: state.frame.channel() });
            }
        }
        self.last_tick = self.last_tick.max(now);
    }

    /// Lets time pass where no edge does: a gated session that is over ends here. Call it every 1 to 10 ms.
    pub fn tick(&mut self, now: u64) {
        if now < self.clock.end || self.clock.start.is_none() {
            return;
        }
        for state in self.channels.iter_mut() {
            if state.train == Train::Idle && state.pending == Pending::Nothing {
                state.train = Train::Done;
            }
        }
    }

    fn replan_all(&mut self, now: u64) {
        for index in 0..self.plan.channel_count() {
            self.replan(index, now);
        }
    }

    /// Withdraws what has not begun and decides again; a frame under way is left alone.
    fn replan(&mut self, index: u8, now: u64) {
        if self.fault.is_some() {
            return;
        }
        let clock = self.clock;
        let Some((state, plan)) = self.channels.get_mut(usize::from(index)).zip(self.plan.channel(index))
        else {
            return;
        };
        if state.under_way() || state.train == Train::Done {
            return;
        }
        let after = state.since.saturating_add(u64::from(plan.turn_ticks));
        let earliest = now.saturating_add(u64::from(plan.spacing)).max(after);
        state.plan_next(index, self.plan, &clock, earliest);
    }

    /// The next frame that waits for admission; `None` when all are accepted.
    #[must_use]
    pub fn pending(&self) -> Option<PulseFrame> {
        let waiting = self.channels.iter().find_map(ChannelState::waiting);
        waiting.filter(|_| self.fault.is_none()).copied()
    }

    /// The frame was admitted: its edges may come. False, and nothing happens, when it is not the one that waits.
    pub fn accept(&mut self, channel: u8, sequence: u32) -> bool {
        let Some(state) = self.channels.get_mut(usize::from(channel)) else { return false };
        state.accept(sequence)
    }

    /// When the next step is due.
    #[must_use]
    pub fn next(&self) -> Next {
        self.due().map_or(Next::Never, |due| Next::At(due.at))
    }

    /// The next instant and who takes part in it: one pass over the channels. Without a latch it is one channel at a
    /// time.
    fn due(&self) -> Option<Due> {
        let mut due = Due { at: u64::MAX, channels: 0 };
        let mut bit = 1_u8;
        for state in self.channels.iter() {
            if let Some(at) = state.due() {
                if at < due.at || due.channels == 0 {
                    due = Due { at, channels: bit };
                } else if at == due.at {
                    due.channels |= bit;
                }
            }
            bit = bit.wrapping_shl(1);
        }
        if !self.plan.hardware().timing().has_latch {
            // the lowest bit alone
            due.channels &= due.channels.wrapping_neg();
        }
        (due.channels != 0 && self.fault.is_none()).then_some(due)
    }

    /// The changes due at [`Engine::next`]; `None` when nothing is due.
    #[must_use]
    pub fn step(&self) -> Option<Step> {
        let due = self.due()?;
        let nothing = Change { channel: 0, sequence: 0, edge: None, level: Level::Open };
        let mut step = Step { at_tick: due.at, changes: [nothing; MAX_CHANNELS], len: 0 };
        for (number, state) in (0_u8..).zip(self.channels.iter()) {
            let Some(change) = due.includes(number).then(|| state.change(number)).flatten() else { continue };
            if let Some(slot) = step.changes.get_mut(usize::from(step.len)) {
                *slot = change;
                step.len = step.len.saturating_add(1);
            }
        }
        Some(step)
    }

    /// The step was put out; `t` is the clock read after the level changed.
    ///
    /// # Errors
    /// The edge was late beyond L + ε or early, the clock went back, the ledger overflowed or cannot be repaid, or
    /// no step was due. The engine then gives no further step: open the output.
    pub fn applied(&mut self, t: u64) -> Result<(), EngineFault> {
        let result = self.apply_all(t);
        if let Err(fault) = result {
            self.fault.get_or_insert(fault);
        }
        result
    }

    fn apply_all(&mut self, t: u64) -> Result<(), EngineFault> {
        let due = self.due().ok_or(EngineFault::OutOfOrder)?;
        if t < self.last_tick {
            return Err(EngineFault::ClockBackwards { last_tick: self.last_tick, now_tick: t });
        }
        let (plan, clock) = (self.plan, self.clock);
        let mut result = Ok(());
        for (number, state) in
            (0_u8..).zip(self.channels.iter_mut()).filter(|(number, _)| due.includes(*number))
        {
            // what was put out on the others counts, whatever one of them finds
            result = result.and(state.apply(number, plan, &clock, t));
        }
        self.last_tick = t;
        result
    }

    /// The record of a pulse that has ended since the last call; repeat until `None` after each [`Engine::applied`].
    pub fn take_receipt(&mut self) -> Option<PulseReceipt> {
        self.channels.iter_mut().find_map(|s| s.receipt.take())
    }

    /// The plan that runs.
    #[must_use]
    pub const fn plan(&self) -> &'a Plan<'a> {
        self.plan
    }

    /// Tick of session time zero.
    #[must_use]
    pub const fn start_tick(&self) -> Option<u64> {
        self.clock.start
    }

    /// The commanded charge a channel holds, counted up to its last level change.
    #[must_use]
    pub fn ledger(&self, channel: u8) -> Option<Charge> {
        self.channels.get(usize::from(channel)).map(|s| s.ledger)
    }

    /// The level a channel is at.
    #[must_use]
    pub fn level(&self, channel: u8) -> Option<Level> {
        self.channels.get(usize::from(channel)).map(|s| s.level)
    }

    /// The set value of a channel at full level.
    #[must_use]
    pub fn setting(&self, channel: u8) -> Option<Setting> {
        self.channels.get(usize::from(channel)).map(|s| s.set)
    }

    /// The counts of a channel.
    #[must_use]
    pub fn counters(&self, channel: u8) -> Option<Counters> {
        self.channels.get(usize::from(channel)).map(|s| s.counters)
    }

    /// Openings of the gate that were refused because there were too many in a minute; saturates.
    #[must_use]
    pub const fn refused_triggers(&self) -> u32 {
        self.triggers.refused
    }

    /// Set once every channel is open and nothing more will come.
    #[must_use]
    pub fn finished(&self) -> Option<Finished> {
        if self.channels.iter().any(|s| s.train != Train::Done) {
            return None;
        }
        let residual = self.channels.iter().map(|s| s.ledger).max_by_key(|c| c.magnitude())?;
        let at_tick = self.channels.iter().map(|s| s.since).max()?;
        Some(Finished { at_tick, residual })
    }

    /// The first fault; it stays.
    #[must_use]
    pub const fn fault(&self) -> Option<EngineFault> {
        self.fault
    }
}

/// An instant, and a bit for each channel that takes part in it.
#[derive(Clone, Copy, Debug)]
struct Due {
    at: u64,
    channels: u8,
}

impl Due {
    fn includes(self, channel: u8) -> bool {
        self.channels & 1_u8.wrapping_shl(u32::from(channel)) != 0
    }
}

fn no_channel(channel: u8, count: u8) -> ConfigError {
    let (value, limit) = (i64::from(channel), i64::from(count).saturating_sub(1));
    ConfigError::Above {
        field: Field::Channels,
        value,
        limit,
        source: "the channels of the plan, counted from 0",
    }
}
