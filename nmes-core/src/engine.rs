//! Merges the channels of a plan into one sequence of steps.

use crate::agenda::{Agenda, Due, lowest};
use crate::channel::{ChannelState, Offered, Pending, Train};
use crate::error::{ConfigError, EngineFault, Field, at_least};
use crate::frame::{Level, PulseFrame};
use crate::plan::Plan;
use crate::receipt::{Counters, PulseReceipt};
use crate::session::Setting;
use crate::source::Reserved;
use crate::steady::OnGrid;
use crate::step::Step;
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
    pub edge: Option<u16>,
    /// The level the channel goes to.
    pub level: Level,
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
    /// When the last channel went open; where nothing was put out, when the session began (0 where it did not begin).
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
/// #     train: Train::default(), ramp: Ramp::default(), offset: Micros::ZERO }];
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
/// A gate input or command takes effect at the next frame: at once when no pulse is under way, else after it. A frame
/// that was accepted and begins within an edge spacing is left as it is; another one may have to wait, at most
/// [`crate::ChannelPlan::deferral_ticks`]. A first pulse stands one edge spacing after its trigger, and never nearer than
/// a period to the pulse before. When an edge is applied later than the hardware declares, [`Engine::applied`] answers
/// with a fault, no further step comes, and the caller opens the output.
#[derive(Debug)]
pub struct Engine<'p, 's> {
    pub(crate) plan: &'p Plan<'p>,
    pub(crate) channels: &'s mut [ChannelState],
    pub(crate) clock: Clockwork,
    pub(crate) refused_triggers: u32,
    pub(crate) agenda: Agenda,
    pub(crate) fault: Option<EngineFault>,
}

impl<'p, 's> Engine<'p, 's> {
    /// An engine in storage of the caller, every set level at zero.
    ///
    /// # Errors
    /// Less storage than the plan has channels.
    pub fn new(plan: &'p Plan<'p>, channels: &'s mut [ChannelState]) -> Result<Self, ConfigError> {
        let needed = usize::from(plan.channel_count());
        let given = i64::try_from(channels.len()).unwrap_or(i64::MAX);
        at_least(
            Field::Channels,
            given,
            i64::from(plan.channel_count()),
            "one state for each channel of the plan",
        )?;
        let channels = channels.get_mut(..needed).unwrap_or_default();
        for (number, state) in (0..).zip(channels.iter_mut()) {
            *state = ChannelState::new();
            state.frame.channel = number;
        }
        let clock = Clockwork { start: None, end: u64::MAX, stopping: false, reserved: Reserved::NONE };
        let agenda = Agenda::new(plan.hardware().timing().has_latch);
        Ok(Self { plan, channels, clock, refused_triggers: 0, agenda, fault: None })
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

    /// Ends the session by a policy. Each later call may only be stricter, and puts nothing off; [`StopPolicy::HardOff`]
    /// always acts.
    pub fn stop(&mut self, policy: StopPolicy, now: u64) {
        let again = core::mem::replace(&mut self.clock.stopping, true);
        for state in self.channels.iter_mut() {
            state.queued = None;
        }
        match policy {
            StopPolicy::FinishPulse => {}
            StopPolicy::RecoverNow => {
                for (state, plan) in self.channels.iter_mut().zip(self.plan.channels()) {
                    state.catch_up(plan);
                    state.recover = true;
                }
            }
            StopPolicy::HardOff => return self.hard_off(now),
        }
        if !again {
            self.withdraw_all();
            self.replan_all(now);
        }
        if policy == StopPolicy::RecoverNow {
            for (state, plan) in self.channels.iter_mut().zip(self.plan.channels()) {
                let cut = now.max(state.since).saturating_add(u64::from(plan.spacing));
                state.make_recovery(plan, cut);
            }
            self.refresh();
        }
    }

    fn hard_off(&mut self, now: u64) {
        for (state, plan) in self.channels.iter_mut().zip(self.plan.channels()) {
            if state.open_now(plan, now.max(state.since)).is_none() {
                self.fault.get_or_insert(EngineFault::LedgerOverflow { channel: state.frame.channel });
            }
        }
        self.agenda.last_tick = self.agenda.last_tick.max(now);
        self.refresh();
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

    pub(crate) fn replan_all(&mut self, now: u64) {
        for index in 0..self.plan.channel_count() {
            self.replan(index, now);
        }
    }

    /// Withdraws what has not begun and decides again; a frame under way is left alone.
    pub(crate) fn replan(&mut self, index: u8, now: u64) {
        if self.fault.is_some() {
            return;
        }
        if self.plan.shares_sources() {
            self.reserve(index);
        }
        let Some((state, plan)) = self.channels.get_mut(usize::from(index)).zip(self.plan.channel(index))
        else {
            return;
        };
        state.steady_until = 0;
        if !state.under_way() && state.train != Train::Done {
            let after = state.since.saturating_add(u64::from(plan.turn_ticks));
            let earliest = now.saturating_add(u64::from(plan.spacing)).max(after);
            state.plan_next(self.plan, plan, &self.clock, earliest);
        }
        self.refresh();
    }

    /// Takes down what the other channels on a channel's source have planned.
    fn reserve(&mut self, index: u8) {
        self.clock.reserved = Reserved::NONE;
        let own = self.plan.channel(index).map_or(0, |c| c.hardware().source);
        for (number, (state, plan)) in (0_u8..).zip(self.channels.iter().zip(self.plan.channels())) {
            // a frame that waits, is under way, or ends with its last repeat
            let holds = state.pending == Pending::Frame || state.under_way();
            if number != index && own != 0 && plan.hardware().source == own && holds {
                let onset = state.frame.onset_tick;
                let until = onset.saturating_add(state.room(plan, &self.clock)).max(state.at);
                self.clock.reserved.add(onset, until);
            }
        }
    }

    /// Looks at every channel: when the next step is due, who takes part in it, and who has a frame that waits.
    pub(crate) fn refresh(&mut self) {
        if self.fault.is_some() {
            return self.agenda.clear();
        }
        self.agenda.refresh(self.channels);
    }

    /// Whether a frame waits for admission.
    #[inline]
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        self.agenda.waiting != 0
    }

    /// The next frame that waits for admission; `None` when all are accepted.
    #[inline]
    #[must_use]
    pub fn pending(&self) -> Option<PulseFrame<'p>> {
        if self.agenda.waiting == 0 {
            return None;
        }
        let index = lowest(self.agenda.waiting);
        self.channels.get(usize::from(index))?.waiting(self.plan.channel(index)?)
    }

    /// Shows each frame that waits to `admit`, and accepts it when the answer is yes. False when it is no: then that frame
    /// still waits, and what comes after it. As [`Engine::pending`] and [`Engine::accept`], without a copy.
    #[inline]
    pub fn offer(&mut self, mut admit: impl FnMut(&PulseFrame<'p>) -> bool) -> bool {
        while self.agenda.waiting != 0 {
            let number = lowest(self.agenda.waiting);
            let Some(state) = self.channels.get_mut(usize::from(number)) else { return false };
            match state.offer(self.plan, &mut admit) {
                Offered::Refused => return false,
                Offered::Due(at) => self.agenda.joins(number, at, self.channels),
                Offered::Other => self.changed(number),
            }
        }
        true
    }

    /// The frame was admitted: its edges may come. False, and nothing happens, when it is not the one that waits.
    pub fn accept(&mut self, channel: u8, sequence: u32) -> bool {
        let parts = self.channels.get_mut(usize::from(channel)).zip(self.plan.channel(channel));
        let Some((state, plan)) = parts else { return false };
        let accepted = state.accept(plan, sequence);
        self.changed(channel);
        accepted
    }

    fn changed(&mut self, channel: u8) {
        if let Some(state) = self.channels.get(usize::from(channel)) {
            self.agenda.note(state, self.channels);
            self.agenda.settle(self.channels);
        }
    }

    /// When the next step is due.
    #[must_use]
    pub const fn next(&self) -> Next {
        if self.agenda.due.channels == 0 { Next::Never } else { Next::At(self.agenda.due.at) }
    }

    /// The changes due at [`Engine::next`]; `None` when nothing is due. Without a latch it is one channel at a time.
    #[must_use]
    pub const fn step(&self) -> Option<Step<'_>> {
        let due = &self.agenda.due;
        if due.channels == 0 { None } else { Some(Step { due, channels: self.channels }) }
    }

    /// The step was put out; `t` is the clock read after the level changed.
    ///
    /// # Errors
    /// The edge was late beyond L + ε or early, the clock went back, the ledger overflowed or cannot be repaid, or
    /// no step was due. The engine then gives no further step: open the output.
    #[inline]
    pub fn applied(&mut self, t: u64) -> Result<(), EngineFault> {
        if self.apply_on_time(t) { Ok(()) } else { self.apply_any(t) }
    }

    #[inline(never)]
    fn apply_any(&mut self, t: u64) -> Result<(), EngineFault> {
        let result = self.apply_all(t);
        if let Err(fault) = result {
            self.fault.get_or_insert(fault);
            self.agenda.clear();
        }
        result
    }

    /// The common case, taken ahead: one channel alone, its edge as late as those before it, with nothing owed. False when it
    /// is another.
    #[inline(never)]
    fn apply_on_time(&mut self, t: u64) -> bool {
        let Due { first: number, is_alone, .. } = self.agenda.due;
        if !is_alone {
            return false;
        }
        let Some(state) = self.channels.get_mut(usize::from(number)) else { return false };
        match state.take_on_grid(|number| self.plan.channel(number), t) {
            OnGrid::No => return false,
            OnGrid::Next(at) => self.agenda.goes_on(number, t, at, self.channels),
            OnGrid::Waits => self.agenda.leaves(number, t, self.channels),
        }
        true
    }

    fn apply_all(&mut self, t: u64) -> Result<(), EngineFault> {
        let due = self.agenda.due;
        if due.channels == 0 {
            return Err(EngineFault::OutOfOrder);
        }
        if t < self.agenda.last_tick {
            return Err(EngineFault::ClockBackwards { last_tick: self.agenda.last_tick, now_tick: t });
        }
        self.agenda.last_tick = t;
        if due.is_alone {
            let result = self.apply_one(due.first, t);
            if let Some(state) = self.channels.get(usize::from(due.first)) {
                self.agenda.follows(state, t, self.channels);
            }
            return result;
        }
        let mut result = Ok(());
        let mut left = due.channels;
        while left != 0 {
            let number = lowest(left);
            left &= left.wrapping_sub(1);
            // what was put out on the others counts, whatever one of them finds
            result = result.and(self.apply_one(number, t));
            if let Some(state) = self.channels.get(usize::from(number)) {
                self.agenda.note(state, self.channels);
            }
        }
        self.agenda.settle(self.channels);
        result
    }

    #[inline]
    fn apply_one(&mut self, number: u8, t: u64) -> Result<(), EngineFault> {
        if self.plan.shares_sources() {
            self.reserve(number);
        }
        let Some(state) = self.channels.get_mut(usize::from(number)) else { return Ok(()) };
        state.apply(self.plan, &self.clock, t)
    }

    /// The record of a pulse that has ended since the last call; repeat until `None` after each [`Engine::applied`].
    pub fn take_receipt(&mut self) -> Option<PulseReceipt> {
        let state = self.channels.iter_mut().find(|s| s.receipt_ready)?;
        state.receipt_ready = false;
        Some(state.receipt)
    }

    /// The plan that runs.
    #[must_use]
    pub const fn plan(&self) -> &'p Plan<'p> {
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
        let state = self.channels.get(usize::from(channel))?;
        state.ledger(self.plan.channel(channel)?)
    }

    /// The level a channel is at.
    #[must_use]
    pub fn level(&self, channel: u8) -> Option<Level> {
        self.channels.get(usize::from(channel)).map(|s| s.level.into())
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
        self.refused_triggers
    }

    /// Set once every channel is open and nothing more will come.
    #[must_use]
    pub fn finished(&self) -> Option<Finished> {
        if self.channels.iter().any(|s| s.train != Train::Done) {
            return None;
        }
        let parts = self.channels.iter().zip(self.plan.channels());
        let ledgers = parts.map(|(state, plan)| state.ledger(plan));
        let residual = ledgers.flatten().max_by_key(|c| c.magnitude())?;
        let at_tick = self.channels.iter().map(|s| s.since).chain(self.clock.start).max()?;
        Some(Finished { at_tick, residual })
    }

    /// The first fault; it stays.
    #[must_use]
    pub const fn fault(&self) -> Option<EngineFault> {
        self.fault
    }
}
