//! The interrupt-style runner: engine, guard and output, edge by edge.

mod clocks;
#[cfg(feature = "fault-injection")]
mod damage;
mod edges;
pub(crate) mod faults;
pub(crate) mod levels;
mod permit;
mod probe;

use crate::alarm::Alarm;
use crate::outcome::{ArmError, ArmRefusal, Cause, CommandError, Stats, Stopped, Ticked};
use crate::output::Output;
use crate::prepared::Prepared;
use crate::sense::Sense;
use crate::watchdog::Watchdog;
use levels::{could_have, is_lower, may_open};
use nmes_core::{
    ChannelState, CommandReceipt, Counters, Engine, Finished, GateAnswer, GateInput, GateRefusal, Hardware,
    MAX_CHANNELS, MicroAmps, PulseReceipt, Setting, StopPolicy,
};
use nmes_safety::{BlackBox, Checked, Guard, State, Trip};
pub(crate) use permit::permit;
use permit::{Permission, goes_with};

/// The most steps one call puts out before it gives up: each channel twice.
const STEPS_MAX: usize = 16;

/// Runs one checked plan on one output.
///
/// ```text
/// arm ──► on_alarm, at each edge:                                       on_tick, every 1 to 10 ms:
///           output.apply → t = alarm.now → engine.applied(t)              engine.tick, guard.tick
///           → guard.edge(t, sample) → guard.admit → engine.accept         raise the set levels a step
///           → prepare the next edge → alarm.set                           then the watchdog
/// ```
/// Any error, at any point: **the output is opened first**, then the engine is told, the guard latches
/// [`State::Fault`], and every later call answers with the same [`Stopped`]. Dropping it opens the output.
///
/// Every call does bounded work: at most 16 steps and 16 frames, each over at most 8 channels; usually one.
///
/// # Where to call from
/// [`Stimulator::on_alarm`] from the alarm's interrupt; all else with that interrupt masked, or through a
/// [`Mailbox`](crate::Mailbox). What the masking costs is part of L.
///
/// # Jitter
/// An edge is as late as its interrupt: by what masks it, and by what runs at its priority. [`Stats::worst_late`] is what it
/// came to. A constant part cancels; the rest is repaid by the last edge of each pulse.
///
/// # Stop bound
/// From the call of [`Stimulator::stop`]: with [`StopPolicy::HardOff`] the output opens before it returns; with the others
/// the pulse under way ends on its own grid, or is paid back at once, and trims close the ledger: `docs/stop-table.md`
/// has the times. From another priority a mailbox adds one interval of the slow side.
///
/// A ramp-down under way is no shelter: what cuts it, and what is reported then, is at [`Stimulator::ramping_down`].
///
/// # A missed deadline
/// An edge that comes late is put out late and stamped; balance is then restored by the engine. Later than the
/// hardware declares, it is a fault and the output opens: this is found *after* the late edge, so a phase lasts at
/// worst as long as the interrupt is away. A one-shot on the enable line bounds that, nothing else does. An onset that the
/// pulse before it overran waits on its grid and is counted in [`Stats::deferred`]; after a period it is left out and counted
/// in [`Stats::dropped`].
///
/// # Limitations
/// `arm` asks [`Sense::contact`] and puts nothing out itself; where that answers
/// [`Contact::Unknown`](crate::Contact::Unknown), the first pulses are the probe. [`Stimulator::probe`] puts out pulses that
/// look for contact, and [`Stimulator::arm_probed`] arms on what they measured.
#[derive(Debug)]
pub struct Stimulator<'a, O: Output, A: Alarm, S: Sense, const N: usize = MAX_CHANNELS> {
    engine: Engine<'a, 'a>,
    guard: Guard<'a, N>,
    output: O,
    alarm: A,
    sense: S,
    prepared: Prepared<N>,
    targets: [Option<Setting>; N],
    worst_late: u64,
    late: u32,
    ending: bool,
    stopped: Option<Stopped>,
    output_error: Option<O::Error>,
    last_trip: Option<Trip>,
}

impl<'a, O: Output, A: Alarm, S: Sense> Stimulator<'a, O, A, S> {
    /// Opens the output, compares its hardware with the plan's, asks for contact, and arms with every amplitude at
    /// zero. `channels` is storage for the engine.
    ///
    /// # Errors
    /// [`ArmError`] says why not and gives the parts back, the output off, but for [`ArmRefusal::Output`], where opening it failed.
    pub fn arm(
        checked: &'a Checked<'a>,
        channels: &'a mut [ChannelState],
        output: O,
        alarm: A,
        sense: S,
    ) -> Result<Self, ArmError<O, A, S>> {
        Self::arm_sized(checked, channels, output, alarm, sense)
    }
}

impl<'a, O: Output, A: Alarm, S: Sense, const N: usize> Stimulator<'a, O, A, S, N> {
    /// The same with room for `N` channels, which is less memory. The number stands in the type:
    ///
    /// ```
    /// # use nmes_core::ChannelState;
    /// # use nmes_hal_adapters::{Alarm, NoSense, Output, Stimulator};
    /// # use nmes_safety::Checked;
    /// fn two<'a, O: Output, A: Alarm>(
    ///     checked: &'a Checked<'a>, states: &'a mut [ChannelState; 2], output: O, alarm: A,
    /// ) -> Option<Stimulator<'a, O, A, NoSense, 2>> {
    ///     Stimulator::arm_sized(checked, states, output, alarm, NoSense).ok()
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`Stimulator::arm`]; [`ArmRefusal::Storage`] also when the plan has more than `N` channels.
    pub fn arm_sized(
        checked: &'a Checked<'a>,
        channels: &'a mut [ChannelState],
        output: O,
        alarm: A,
        sense: S,
    ) -> Result<Self, ArmError<O, A, S>> {
        Self::made(checked, (output, alarm, sense), |hardware, sense, now| {
            permit(checked, channels, hardware, sense, now)
        })
    }

    /// Opens the output, and puts the parts together if they may be.
    fn made(
        checked: &Checked<'_>,
        (mut output, mut alarm, mut sense): (O, A, S),
        permit: impl FnOnce(&Hardware, &mut S, u64) -> Permission<'a, N, O::Error>,
    ) -> Result<Self, ArmError<O, A, S>> {
        alarm.clear();
        let off = output.off().map_err(ArmRefusal::Output);
        let now = alarm.now();
        let ready = off.and_then(|()| permit(output.hardware(), &mut sense, now));
        let ready = ready.and_then(|ready| goes_with(checked, &output, &alarm).map(|()| ready));
        let (engine, guard) = match ready {
            Ok(ready) => ready,
            Err(why) => return Err(ArmError { why, output, alarm, sense }),
        };
        Ok(Self {
            engine,
            guard,
            output,
            alarm,
            sense,
            prepared: Prepared::none(),
            targets: [None; N],
            worst_late: 0,
            late: 0,
            ending: false,
            stopped: None,
            output_error: None,
            last_trip: None,
        })
    }

    /// Session time zero. Continuous and cyclic sessions begin; gated ones may be opened from now on.
    ///
    /// # Errors
    /// It has stopped, or the first frame was not admitted.
    pub fn start(&mut self) -> Result<(), Stopped> {
        self.alive()?;
        let now = self.alarm.now();
        self.engine.start(now);
        self.prepare_and_set()
    }

    /// The alarm's interrupt: puts out the edge that is due. Called early or for nothing, it only sets the alarm.
    ///
    /// # Errors
    /// Something was wrong with it; the output is off.
    pub fn on_alarm(&mut self) -> Result<(), Stopped> {
        self.alive()?;
        for _ in 0..STEPS_MAX {
            if self.alarm_is_set() {
                return Ok(());
            }
            if self.step().is_err() {
                return self.answer();
            }
        }
        if self.alarm_is_set() { Ok(()) } else { Err(self.fail(Cause::Overrun)) }
    }

    /// The slow side, every 1 to 10 ms: time-outs, keep-alive, ageing of measurements, contact, what flows in rests, and one step
    /// of each set level towards its target. At the end of a session it opens every channel once more, by [`Output::off`].
    ///
    /// # Errors
    /// Something was wrong; the output is off.
    pub fn on_tick(&mut self) -> Result<Ticked, Stopped> {
        self.alive()?;
        let now = self.alarm.now();
        self.engine.tick(now);
        let ticked = match self.guard.tick(now) {
            Ok(report) => Ticked::Well(report),
            Err(trip) => {
                self.respond(trip)?;
                Ticked::Tripped(trip)
            }
        };
        self.look_at_rests(now)?;
        self.raise_levels(now);
        self.prepare_and_set()?;
        if self.engine.finished().is_some() && self.guard.state().permits_output() {
            // where the last edge did not arrive no other would come
            self.output.off().map_err(|error| self.fail_output(error))?;
            self.disarm(now);
        }
        Ok(ticked)
    }

    /// [`Stimulator::on_tick`], and then, only if nothing has stopped it and every edge met its deadline, `feed`: the
    /// one place to feed a watchdog from. A ramp-down under way is still fed, so that it is not cut. Once stopped,
    /// `feed` is not called again, and the watchdog resets the board.
    ///
    /// # Errors
    /// As [`Stimulator::on_tick`].
    pub fn on_tick_feeding(&mut self, feed: impl FnOnce()) -> Result<Ticked, Stopped> {
        let ticked = self.on_tick()?;
        feed();
        Ok(ticked)
    }

    /// [`Stimulator::on_tick_feeding`] with a watchdog.
    ///
    /// # Errors
    /// As [`Stimulator::on_tick`].
    pub fn on_tick_watched(&mut self, watchdog: &mut impl Watchdog) -> Result<Ticked, Stopped> {
        self.on_tick_feeding(|| watchdog.feed())
    }

    /// Sets amplitude and width of a channel from its next pulse on. The guard takes rises only in small steps; to
    /// get to a level over time, see [`Stimulator::aim`]. Lowering is taken at once, and becomes the target.
    ///
    /// # Errors
    /// Says who refuses and why; nothing changes then.
    pub fn command(&mut self, channel: u8, setting: Setting) -> Result<(), CommandError> {
        self.alive().map_err(CommandError::Stopped)?;
        let now = self.alarm.now();
        let taken = self.set_level(channel, setting, now);
        if taken.is_ok() {
            self.set_target(channel, Some(setting));
        }
        // also after a refusal: a level that was tried may have taken the frame in hand away
        self.prepare_and_set().map_err(CommandError::Stopped)?;
        taken
    }

    /// Goes to a setting by itself, a step each tick, as fast as the guard lets it; after a lost contact it goes
    /// there again. What is lower than the present level is taken at once.
    ///
    /// A step within one edge spacing before an onset leaves its pulse as it is. Another may defer it, by
    /// [`ChannelPlan::deferral_ticks`](nmes_core::ChannelPlan::deferral_ticks) at most, and is counted in [`Stats::deferred`].
    ///
    /// # Errors
    /// The plan cannot have it (above its ceiling, or under one code), or it has stopped or is ending.
    pub fn aim(&mut self, channel: u8, setting: Setting) -> Result<(), CommandError> {
        self.alive().map_err(CommandError::Stopped)?;
        let now = self.alarm.now();
        let old = self.engine.setting(channel).unwrap_or(Setting::ZERO);
        if is_lower(setting, old) {
            return self.command(channel, setting);
        }
        if self.ending {
            return Err(CommandError::Ending);
        }
        let taken = could_have(&mut self.engine, channel, setting, now);
        if taken.is_ok() {
            self.set_target(channel, Some(setting));
        }
        self.prepare_and_set().map_err(CommandError::Stopped)?;
        taken
    }

    /// Sets amplitude and width of a channel from its next pulse on, anywhere at or below what the guard has authorised, up
    /// or down at once: for control from pulse to pulse, by a controller that stays within a level that was raised before
    /// by [`Stimulator::aim`] or [`Stimulator::command`]. What is authorised stays as it is; a target of `aim` is forgotten.
    ///
    /// # Errors
    /// Above what is authorised, not to be had from the plan, or it has stopped or is ending. Nothing changes then.
    pub fn modulate(&mut self, channel: u8, setting: Setting) -> Result<CommandReceipt, CommandError> {
        self.alive().map_err(CommandError::Stopped)?;
        let most = self.guard.authorised(channel).unwrap_or(Setting::ZERO);
        if self.ending {
            return Err(CommandError::Ending);
        }
        if setting.amplitude > MicroAmps::ZERO && !is_lower(setting, most) {
            return Err(CommandError::NotAuthorised { channel, most });
        }
        let now = self.alarm.now();
        let receipt = self.engine.command(channel, setting, now).map_err(CommandError::Plan)?;
        self.set_target(channel, None);
        self.prepare_and_set().map_err(CommandError::Stopped)?;
        Ok(receipt)
    }

    /// Ramps every channel down, by its own ramp and from now on, and keeps it silent; the session's clock goes on. False
    /// when it was paused before.
    ///
    /// # Errors
    /// It has stopped.
    pub fn pause(&mut self) -> Result<bool, Stopped> {
        self.alive()?;
        let now = self.alarm.now();
        let changed = self.engine.pause(now);
        self.prepare_and_set()?;
        Ok(changed)
    }

    /// Ramps every channel up again. False when it was not paused, or is ending.
    ///
    /// # Errors
    /// It has stopped.
    pub fn resume(&mut self) -> Result<bool, Stopped> {
        self.alive()?;
        if self.ending {
            return Ok(false);
        }
        let now = self.alarm.now();
        let changed = self.engine.resume(now);
        self.prepare_and_set()?;
        Ok(changed)
    }

    /// Opens, holds or closes the gate of a gated session, of all its channels together.
    ///
    /// # Errors
    /// It has stopped.
    pub fn gate(&mut self, input: GateInput) -> Result<GateAnswer, Stopped> {
        self.gated(input, |engine, now| engine.gate(input, now))
    }

    /// The same for one channel, where each follows a trigger of its own.
    ///
    /// # Errors
    /// It has stopped.
    pub fn gate_channel(&mut self, channel: u8, input: GateInput) -> Result<GateAnswer, Stopped> {
        self.gated(input, |engine, now| engine.gate_channel(channel, input, now))
    }

    fn gated(
        &mut self,
        input: GateInput,
        act: impl FnOnce(&mut Engine<'a, 'a>, u64) -> GateAnswer,
    ) -> Result<GateAnswer, Stopped> {
        self.alive()?;
        if self.ending && may_open(input) {
            return Ok(GateAnswer::Refused(GateRefusal::Stopped));
        }
        let now = self.alarm.now();
        let answer = act(&mut self.engine, now);
        self.prepare_and_set()?;
        Ok(answer)
    }

    /// Ends the session by a policy; [`StopPolicy::HardOff`] opens the output before anything else. Later calls may
    /// only be stricter.
    ///
    /// # Errors
    /// It has stopped, or the output could not be opened.
    pub fn stop(&mut self, policy: StopPolicy) -> Result<(), Stopped> {
        if policy == StopPolicy::HardOff {
            return self.hard_off();
        }
        self.alive()?;
        self.end_levels();
        let now = self.alarm.now();
        self.engine.stop(policy, now);
        self.prepare_and_set()
    }

    /// Something failed that nothing here can see: a supply that sags or comes back, a second clock that disagrees, a test
    /// of memory. Opens the output first of all, then stops for good: the guard latches and keeps it in its black box as a
    /// failure of the output. Of no effect on what has stopped before; the answer is the first cause.
    pub fn report_fault(&mut self) -> Stopped {
        match self.alive() {
            Ok(()) => self.fail(Cause::Reported),
            Err(stopped) => stopped,
        }
    }

    /// The host is alive: call it at least as often as the profile's keep-alive asks.
    pub fn keep_alive(&mut self) {
        let now = self.alarm.now();
        self.guard.keep_alive(now);
    }

    /// The record of a pulse that has ended. Each channel keeps its last one: take them once a pulse, or lose them.
    pub fn take_receipt(&mut self) -> Option<PulseReceipt> {
        self.engine.take_receipt()
    }

    /// The present tick of its clock.
    pub fn now(&mut self) -> u64 {
        self.alarm.now()
    }

    /// When the next edge is due; `None` while there is none. For whoever waits for it instead of being interrupted.
    #[must_use]
    pub fn due(&self) -> Option<u64> {
        self.prepared.due()
    }

    /// What the edge path did so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let counters =
            (0..self.engine.plan().channel_count()).filter_map(|channel| self.engine.counters(channel));
        let start = Stats { worst_late: self.worst_late, late: self.late, ..Stats::default() };
        counters.fold(start, |sum, c| Stats {
            deferred: sum.deferred.saturating_add(c.deferred),
            dropped: sum.dropped.saturating_add(c.dropped),
            ..sum
        })
    }

    /// The first faults.
    #[must_use]
    pub const fn black_box(&self) -> &BlackBox {
        self.guard.black_box()
    }

    /// The state of the interlock.
    #[must_use]
    pub fn state(&self) -> State {
        if self.stopped.is_some() { State::Fault } else { self.guard.state() }
    }

    /// Why it stopped by itself; `None` while it did not.
    #[must_use]
    pub const fn stopped(&self) -> Option<&Stopped> {
        self.stopped.as_ref()
    }

    /// The newest trip that did not stop it at once: contact lost, or a reason for a ramp-down, the first or a later one.
    #[must_use]
    pub const fn last_trip(&self) -> Option<&Trip> {
        self.last_trip.as_ref()
    }

    /// The first error of the output.
    #[must_use]
    pub const fn output_error(&self) -> Option<&O::Error> {
        self.output_error.as_ref()
    }

    /// The output, to look at.
    #[must_use]
    pub const fn output(&self) -> &O {
        &self.output
    }

    /// The engine, to look at: ledgers, levels, settings.
    #[must_use]
    pub const fn engine(&self) -> &Engine<'a, 'a> {
        &self.engine
    }

    /// The guard, to look at.
    #[must_use]
    pub const fn guard(&self) -> &Guard<'a, N> {
        &self.guard
    }

    /// The counts of a channel.
    #[must_use]
    pub fn counters(&self, channel: u8) -> Option<Counters> {
        self.engine.counters(channel)
    }

    /// The end of the session, once every channel is open and nothing more will come.
    #[must_use]
    pub fn finished(&self) -> Option<Finished> {
        self.engine.finished()
    }
}

impl<O: Output, A: Alarm, S: Sense, const N: usize> Drop for Stimulator<'_, O, A, S, N> {
    fn drop(&mut self) {
        // nobody is left to hear of a failure
        let _ = self.output.off();
        self.alarm.clear();
    }
}
