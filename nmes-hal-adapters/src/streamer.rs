//! The runner for samples: a double buffer that DMA plays, filled half by half.

use embedded_hal::digital::OutputPin;
use nmes_core::{
    Change, ChannelState, Counters, Engine, Finished, GateAnswer, GateInput, GateRefusal, Hardware, Level,
    MAX_CHANNELS, PulseFrame, PulseReceipt, RenderCause, Renderer, Sample, Setting, StopPolicy, Watch,
};
use nmes_safety::{BlackBox, Checked, Event, Fault, Guard, Response, State, Trip};

use crate::outcome::{ArmRefusal, Cause, CommandError, Stopped};
use crate::sense::Sense;
use crate::stimulator::faults::close;
use crate::stimulator::levels::{could_have, is_lower, may_open, raise, set_level, silence};
use crate::stimulator::permit;

/// Renders one checked plan into the halves of a buffer that a DMA channel plays round and round into a converter.
///
/// ```text
/// plays │ half 0 │ half 1 │ half 0 │ half 1 │          fill(2, …) while half 1 plays: number 2 is the next to play
/// fills      ▲ 2      ▲ 3      ▲ 4
/// ```
/// Fill the halves 0 and 1 before DMA starts; then, in each "half transfer" and "transfer complete" interrupt, the half
/// that has just been played, with its running number. The tick of the plan is the sample, so nothing rounds and no edge
/// is ever late: L = 0.
///
/// # Jitter
/// The sample clock's: none that a program can make.
///
/// # Stop bound
/// What is asked for acts on what is not rendered yet: two halves later at most, and then by its policy.
/// [`StopPolicy::HardOff`] switches the enable line at once.
///
/// # A missed deadline
/// A half that is not filled in time is played again as it was, and that is not balanced. [`Streamer::fill`] is told which
/// half it fills: where a number is skipped the enable line goes off first of all, and everything after is zero. So the
/// damage lasts from the end of the half that was due until the interrupt comes: an interrupt that counts the halves
/// that DMA finishes must come even if the filling does not. Where nothing at all runs, a one-shot that the DMA's own end
/// of a half does *not* re-arm is what opens the stage: re-arm it in the interrupt, and make it two halves long.
///
/// # Open is not zero
/// A sample of 0 drives no current and does not open the output. The enable line does: it is low before the first half
/// that holds a pulse is handed over, and again once both halves of the buffer hold none.
///
/// # Limitations
/// The guard sees edges as they are rendered, up to two halves before they happen, and no measurement: a hardware limit of
/// current and a look at the electrodes stand beside this runner, not in it. Times of keep-alive and windows are those of
/// the samples.
///
/// `examples/double_buffer.rs` of `nmes-core` has the buffer's two halves and the interrupt, with a simulated DMA.
#[derive(Debug)]
pub struct Streamer<'a, S: Sample, P: OutputPin, const N: usize = MAX_CHANNELS> {
    renderer: Renderer<'a, 'a, S>,
    guard: Guard<'a, N>,
    enable: Enabled<P>,
    targets: [Option<Setting>; N],
    ending: bool,
    /// The line stays low: a hard off was asked for, and what is in the buffer still plays.
    cut: bool,
    next_half: u32,
    /// Whether the half before held a pulse: it plays while the next is filled.
    busy_before: bool,
    last_trip: Option<Trip>,
    stopped: Option<Stopped>,
    pin_failed: Option<P::Error>,
}

/// The enable line, low on drop.
#[derive(Debug)]
struct Enabled<P: OutputPin>(P);

impl<P: OutputPin> Drop for Enabled<P> {
    fn drop(&mut self) {
        let _ = self.0.set_low();
    }
}

/// One half that was filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Whether it holds a pulse, or part of one.
    pub busy: bool,
    /// Set once every channel is open, nothing more will come, and all of it was played: neither this half nor the one that plays
    /// holds a pulse, and the line is low. The streamer may be dropped.
    pub finished: Option<Finished>,
}

impl<'a, S: Sample, P: OutputPin> Streamer<'a, S, P> {
    /// Sets the enable line low, compares the board's hardware with the plan's, asks for contact, and arms with every
    /// amplitude at zero.
    ///
    /// # Errors
    /// [`ArmRefusal`] says why not; the enable line is low, but for [`ArmRefusal::Output`], where setting it low failed.
    pub fn arm(
        checked: &'a Checked<'a>,
        channels: &'a mut [ChannelState],
        hardware: &Hardware,
        enable: P,
        sense: &mut impl Sense,
    ) -> Result<Self, ArmRefusal<P::Error>> {
        Self::arm_sized(checked, channels, hardware, enable, sense)
    }
}

impl<'a, S: Sample, P: OutputPin, const N: usize> Streamer<'a, S, P, N> {
    /// The same with room for `N` channels, which is less memory.
    ///
    /// # Errors
    /// As [`Streamer::arm`]; [`ArmRefusal::Storage`] also when the plan has more than `N` channels.
    pub fn arm_sized(
        checked: &'a Checked<'a>,
        channels: &'a mut [ChannelState],
        hardware: &Hardware,
        enable: P,
        sense: &mut impl Sense,
    ) -> Result<Self, ArmRefusal<P::Error>> {
        let mut enable = Enabled(enable);
        enable.0.set_low().map_err(ArmRefusal::Output)?;
        let (engine, guard) = permit(checked, channels, hardware, sense, 0)?;
        let renderer = Renderer::new(engine, 0).map_err(ArmRefusal::Storage)?;
        Ok(Self {
            renderer,
            guard,
            enable,
            targets: [None; N],
            ending: false,
            cut: false,
            next_half: 0,
            busy_before: false,
            last_trip: None,
            stopped: None,
            pin_failed: None,
        })
    }

    /// Session time zero, at the first sample that is not rendered yet.
    ///
    /// # Errors
    /// It has stopped.
    pub fn start(&mut self) -> Result<(), Stopped> {
        self.alive()?;
        let now = self.renderer.tick();
        self.renderer.engine_mut().start(now);
        Ok(())
    }

    /// Fills one half, the channels interleaved; `half` counts the halves from 0 as they are played. Every sample is
    /// written, whatever the answer: after an error they are zero.
    ///
    /// # Errors
    /// It has stopped, now or before: a half was skipped, the buffer does not fit the channels, the guard refused, or the
    /// enable line failed. The enable line is low.
    pub fn fill(&mut self, half: u32, buffer: &mut [S]) -> Result<Filled, Stopped> {
        let filled = self.try_fill(half, buffer);
        if filled.is_err() {
            buffer.fill(S::ZERO);
        }
        filled
    }

    fn try_fill(&mut self, half: u32, buffer: &mut [S]) -> Result<Filled, Stopped> {
        self.alive()?;
        if half != self.next_half {
            return Err(self.fail(Cause::Overrun));
        }
        self.next_half = half.wrapping_add(1);
        self.raise_levels();
        let open_before = self.all_open();
        let mut judge = Judge { guard: &mut self.guard, now: self.renderer.tick(), trip: None };
        let rendered = self.renderer.render_interleaved(buffer, &mut judge);
        let trip = judge.trip;
        let rendered = rendered.map_err(|fault| self.fail(cause_of(fault.cause, trip)))?;
        if let Some(trip) = trip {
            self.respond(trip)?;
        }
        self.tick_guard()?;
        let busy = rendered.steps > 0 || !open_before;
        let connected = self.switch(busy)?;
        if rendered.finished.is_some() {
            self.disarm();
        }
        Ok(Filled { busy, finished: rendered.finished.filter(|_| !connected) })
    }

    /// [`Stimulator::command`](crate::Stimulator::command), from the next sample that is not rendered yet.
    ///
    /// # Errors
    /// Says who refuses and why; nothing changes then.
    pub fn command(&mut self, channel: u8, setting: Setting) -> Result<(), CommandError> {
        self.alive().map_err(CommandError::Stopped)?;
        let now = self.renderer.tick();
        set_level(self.renderer.engine_mut(), &mut self.guard, self.ending, (channel, setting, now))?;
        self.set_target(channel, Some(setting));
        Ok(())
    }

    /// [`Stimulator::aim`](crate::Stimulator::aim), a step each half.
    ///
    /// # Errors
    /// The plan cannot have it, or it has stopped or is ending.
    pub fn aim(&mut self, channel: u8, setting: Setting) -> Result<(), CommandError> {
        self.alive().map_err(CommandError::Stopped)?;
        let old = self.renderer.engine().setting(channel).unwrap_or(Setting::ZERO);
        if is_lower(setting, old) {
            return self.command(channel, setting);
        }
        if self.ending {
            return Err(CommandError::Ending);
        }
        let now = self.renderer.tick();
        could_have(self.renderer.engine_mut(), channel, setting, now)?;
        self.set_target(channel, Some(setting));
        Ok(())
    }

    /// Opens, holds or closes the gate of a gated session.
    ///
    /// # Errors
    /// It has stopped.
    pub fn gate(&mut self, input: GateInput) -> Result<GateAnswer, Stopped> {
        self.alive()?;
        if self.ending && may_open(input) {
            return Ok(GateAnswer::Refused(GateRefusal::Stopped));
        }
        let now = self.renderer.tick();
        Ok(self.renderer.engine_mut().gate(input, now))
    }

    /// Ends the session by a policy. [`StopPolicy::HardOff`] switches the enable line low before anything else; what is
    /// in the buffer already is then played into an open stage.
    ///
    /// # Errors
    /// It has stopped, or the enable line failed.
    pub fn stop(&mut self, policy: StopPolicy) -> Result<(), Stopped> {
        if policy == StopPolicy::HardOff {
            let low = self.enable.0.set_low();
            self.cut = true;
            self.shut_down();
            self.disarm();
            low.map_err(|error| self.fail_pin(error))?;
            self.stopped = self.stopped.map(|stopped| stopped.tried(false));
            return self.stopped.map_or(Ok(()), Err);
        }
        self.alive()?;
        self.end_levels();
        let now = self.renderer.tick();
        self.renderer.engine_mut().stop(policy, now);
        Ok(())
    }

    /// The host is alive.
    pub fn keep_alive(&mut self) {
        let now = self.renderer.tick();
        self.guard.keep_alive(now);
    }

    /// The engine, to look at.
    #[must_use]
    pub const fn engine(&self) -> &Engine<'a, 'a> {
        self.renderer.engine()
    }

    /// The counts of a channel.
    #[must_use]
    pub fn counters(&self, channel: u8) -> Option<Counters> {
        self.renderer.engine().counters(channel)
    }

    /// The state of the interlock.
    #[must_use]
    pub fn state(&self) -> State {
        if self.stopped.is_some() { State::Fault } else { self.guard.state() }
    }

    /// Why it stopped by itself.
    #[must_use]
    pub const fn stopped(&self) -> Option<&Stopped> {
        self.stopped.as_ref()
    }

    /// Why it is being ramped down, or was: as [`Stimulator::ramping_down`](crate::Stimulator::ramping_down).
    #[must_use]
    pub const fn ramping_down(&self) -> Option<&Trip> {
        self.guard.ramping_down()
    }

    /// The newest trip that did not stop it at once.
    #[must_use]
    pub const fn last_trip(&self) -> Option<&Trip> {
        self.last_trip.as_ref()
    }

    /// The first faults.
    #[must_use]
    pub const fn black_box(&self) -> &BlackBox {
        self.guard.black_box()
    }

    /// The first error of the enable line.
    #[must_use]
    pub const fn pin_error(&self) -> Option<&P::Error> {
        self.pin_failed.as_ref()
    }

    fn all_open(&self) -> bool {
        let engine = self.renderer.engine();
        let count = engine.plan().channel_count();
        (0..count).all(|channel| engine.level(channel).unwrap_or_default() == Level::Open)
    }

    /// The stage is connected while a half with a pulse plays or is the next to play. Whether it is.
    fn switch(&mut self, busy: bool) -> Result<bool, Stopped> {
        let connected = !self.cut && (busy || self.busy_before);
        self.busy_before = busy;
        self.enable.0.set_state(connected.into()).map_err(|error| self.fail_pin(error))?;
        Ok(connected)
    }

    fn tick_guard(&mut self) -> Result<(), Stopped> {
        match self.guard.tick(self.renderer.tick()) {
            Ok(_) => Ok(()),
            Err(trip) => self.respond(trip),
        }
    }

    fn respond(&mut self, trip: Trip) -> Result<(), Stopped> {
        match trip.response {
            // without measurements nothing says that a pad is back
            Response::OpenNow | Response::ProbeLevel => return Err(self.fail(Cause::Guard(trip))),
            Response::Warn => {}
            Response::RampDown => self.ramp_down(trip.fault),
        }
        self.last_trip = Some(trip);
        Ok(())
    }

    fn ramp_down(&mut self, fault: Fault) {
        let first = !self.ending;
        self.end_levels();
        let now = self.renderer.tick();
        close(self.renderer.engine_mut(), fault, first, now);
    }

    fn raise_levels(&mut self) {
        let now = self.renderer.tick();
        for (channel, target) in (0_u8..).zip(self.targets) {
            if let Some(target) = target.filter(|_| !self.ending) {
                raise(self.renderer.engine_mut(), &mut self.guard, channel, target, now);
            }
        }
    }

    fn set_target(&mut self, channel: u8, target: Option<Setting>) {
        if let Some(slot) = self.targets.get_mut(usize::from(channel)) {
            *slot = target;
        }
    }

    fn end_levels(&mut self) {
        self.ending = true;
        self.targets = [None; N];
    }

    fn alive(&mut self) -> Result<(), Stopped> {
        let Some(stopped) = self.stopped else { return Ok(()) };
        // as long as the line could not be set low, it is tried again
        let off_failed = stopped.off_failed && self.enable.0.set_low().is_err();
        let again = stopped.tried(off_failed);
        self.stopped = Some(again);
        Err(again)
    }

    fn fail_pin(&mut self, error: P::Error) -> Stopped {
        self.pin_failed.get_or_insert(error);
        self.fail(Cause::Output)
    }

    /// The line first, then everything else, for good.
    fn fail(&mut self, cause: Cause) -> Stopped {
        let low = self.enable.0.set_low();
        let at_tick = self.shut_down();
        if !matches!(cause, Cause::Guard(_)) {
            self.guard.report_output_failure(at_tick);
        }
        let stopped = Stopped::at_first(self.stopped, cause, at_tick).tried(low.is_err());
        self.stopped = Some(stopped);
        if let Err(error) = low {
            self.pin_failed.get_or_insert(error);
        }
        stopped
    }

    fn shut_down(&mut self) -> u64 {
        self.end_levels();
        let now = self.renderer.tick();
        self.renderer.engine_mut().stop(StopPolicy::HardOff, now);
        self.guard.off(now);
        now
    }

    fn disarm(&mut self) {
        if self.guard.state().permits_output() {
            self.end_levels();
            let now = self.renderer.tick();
            silence(self.renderer.engine_mut(), now);
            let _ = self.guard.handle(now, Event::Disarm);
        }
    }
}

/// The guard, looking at what is rendered.
struct Judge<'g, 'a, const N: usize> {
    guard: &'g mut Guard<'a, N>,
    now: u64,
    trip: Option<Trip>,
}

impl<const N: usize> Judge<'_, '_, N> {
    /// Whether it may go on.
    fn keep(&mut self, trip: Trip) -> bool {
        let goes_on = matches!(trip.response, Response::Warn | Response::RampDown);
        self.trip = if goes_on { self.trip.or(Some(trip)) } else { Some(trip) };
        goes_on
    }
}

impl<'a, const N: usize> Watch<'a> for Judge<'_, 'a, N> {
    fn admit(&mut self, frame: &PulseFrame<'a>) -> bool {
        match self.guard.admit(self.now, frame) {
            Ok(_) => true,
            Err(trip) => {
                self.trip = Some(trip);
                false
            }
        }
    }

    fn edge(&mut self, tick: u64, change: &Change) -> bool {
        self.now = tick;
        match self.guard.edge(tick, change, None) {
            Ok(()) => true,
            Err(trip) => self.keep(trip),
        }
    }

    fn receipt(&mut self, _receipt: &PulseReceipt) {}
}

fn cause_of(cause: RenderCause, trip: Option<Trip>) -> Cause {
    match (cause, trip) {
        (_, Some(trip)) => Cause::Guard(trip),
        (RenderCause::Engine(fault), None) => Cause::Engine(fault),
        (RenderCause::Refused { channel, .. } | RenderCause::Edge { channel, .. }, None) => {
            Cause::NotAdmitted { channel }
        }
        (_, None) => Cause::Output,
    }
}
