//! What comes from outside while a session runs: settings, the gate, pause and resume.

use crate::channel::{ChannelState, Pending};
use crate::channel_plan::ChannelPlan;
use crate::engine::{CommandReceipt, Engine};
use crate::error::{ConfigError, Field, at_most};
use crate::gate::{GateAnswer, GateInput, GateRefusal};
use crate::schedule::{Gate, Schedule};
use crate::session::Setting;
use crate::ticks::millis_to_ticks;
use crate::units::MicroAmps;
use core::ops::Range;

impl<'p> Engine<'p, '_> {
    /// Pulses that have not begun come no more, so that no trim of another channel on their source waits for them.
    pub(crate) fn withdraw_all(&mut self) {
        for state in self.channels.iter_mut().filter(|state| !state.under_way()) {
            if state.pending == Pending::Frame {
                state.pending = Pending::Nothing;
            }
        }
    }

    /// Sets amplitude and width of a channel at full level, from its next frame on. An amplitude of zero is silence:
    /// an output that rests at something after a pulse goes open at once.
    /// The same setting again keeps it from going stale.
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
        let (plan, codes) = self.could_have(channel, setting)?;
        let silent = setting.amplitude == MicroAmps::ZERO;
        let width_ticks = plan.width_ticks(setting.width);
        let missing = no_channel(channel, self.plan.channel_count());
        let state = self.channels.get_mut(usize::from(channel)).ok_or(missing)?;
        let missed = state.refresh(plan, now);
        if state.set != setting || missed {
            state.set = setting;
            state.set_ticks = (if silent { 0 } else { plan.code_for(setting.amplitude) }, width_ticks);
            if !state.is_imminent(plan, now) {
                self.replan(channel, now);
            }
        }
        let state = self.channels.get(usize::from(channel));
        let from_sequence = state.map_or(0, |state| state.next_sequence(now));
        Ok(CommandReceipt { channel, codes, width_ticks, from_sequence })
    }

    /// Whether [`Engine::command`] would take a setting. Nothing changes.
    ///
    /// # Errors
    /// As [`Engine::command`].
    pub fn validate(&self, channel: u8, setting: Setting) -> Result<(), ConfigError> {
        self.could_have(channel, setting).map(drop)
    }

    /// The plan of a channel, and the codes that a setting is put out with.
    fn could_have(&self, channel: u8, setting: Setting) -> Result<(&'p ChannelPlan<'p>, u32), ConfigError> {
        let missing = no_channel(channel, self.plan.channel_count());
        let plan = self.plan.channel(channel).ok_or(missing)?;
        let ceiling = plan.channel.ceiling;
        let (ua, us) = (setting.amplitude.as_microamps(), setting.width.as_micros());
        let source = "the channel's ceiling";
        at_most(Field::Amplitude, i64::from(ua), i64::from(ceiling.amplitude.as_microamps()), source)?;
        at_most(Field::PhaseWidth, i64::from(us), i64::from(ceiling.width.as_micros()), source)?;
        Ok((plan, if ua == 0 { 0 } else { plan.validate_setting(setting)? }))
    }

    /// Sets a channel by its recruitment pattern: 0 to 1,000 thousandths. See [`crate::Pattern`]. What is too small for
    /// the hardware (under half a code, shorter than [`ChannelPlan::width_min_ticks`], or not to be paid back in levels as
    /// long as an edge spacing) is silence, so that less is never refused.
    ///
    /// # Errors
    /// The channel has no pattern, the command is above 1,000, or as [`Engine::command`]. Nothing changes then.
    pub fn command_level(
        &mut self,
        channel: u8,
        command_permille: u16,
        now: u64,
    ) -> Result<CommandReceipt, ConfigError> {
        let missing = no_channel(channel, self.plan.channel_count());
        let plan = self.plan.channel(channel).ok_or(missing)?;
        let reason = "the channel has no recruitment pattern";
        let none = ConfigError::Conflict { field: Field::PatternPoints, reason };
        let pattern = plan.channel.train.pattern.ok_or(none)?;
        let mut setting = pattern.setting(command_permille)?;
        if plan.is_too_small(setting) {
            setting.amplitude = MicroAmps::ZERO;
        }
        self.command(channel, setting, now)
    }

    /// Opens, holds, closes or toggles the gate of every channel of a gated session together, within the bounds it
    /// declares. An opening is taken by all channels or by none.
    pub fn gate(&mut self, input: GateInput, now: u64) -> GateAnswer {
        self.gate_of(0..self.plan.channel_count(), input, now)
    }

    /// The same for one channel, where each follows a trigger of its own: both feet, or the muscles of a crank. The
    /// bounds of the gate hold for each channel by itself; a channel that the plan has not is answered with
    /// [`GateAnswer::Ignored`].
    pub fn gate_channel(&mut self, channel: u8, input: GateInput, now: u64) -> GateAnswer {
        let end = channel.saturating_add(1).min(self.plan.channel_count());
        self.gate_of(channel..end, input, now)
    }

    fn gate_of(&mut self, which: Range<u8>, input: GateInput, now: u64) -> GateAnswer {
        let Schedule::Gated(gate) = self.plan.session().schedule() else {
            return GateAnswer::Refused(GateRefusal::NotGated);
        };
        match input {
            GateInput::Open => self.open_gate(which, &gate, now),
            // nothing stands after the pulse under way when a stop came: it is the last
            GateInput::Hold | GateInput::Close { .. } if self.clock.stopping => GateAnswer::Ignored,
            GateInput::Hold => self.each_of(which, now, |state, plan| state.hold(plan, now)),
            GateInput::Close { down } => {
                let answer =
                    self.each_of(which.clone(), now, |state, plan| state.close_gate(plan, down, now));
                // channels that were closed before this may be over after those that it closes
                self.part(&which).iter().fold(answer, |answer, state| answer.as_late_as(state.ramps_until()))
            }
            GateInput::Toggle => {
                let mut parts =
                    self.part(&which).iter().zip(self.plan.channels().skip(usize::from(which.start)));
                let open = !self.clock.stopping && parts.any(|(state, plan)| state.is_open(plan, now));
                self.gate_of(which, if open { GateInput::Close { down: None } } else { GateInput::Open }, now)
            }
        }
    }

    fn part(&self, which: &Range<u8>) -> &[ChannelState] {
        self.channels.get(usize::from(which.start)..usize::from(which.end)).unwrap_or_default()
    }

    fn open_gate(&mut self, which: Range<u8>, gate: &Gate, now: u64) -> GateAnswer {
        let Some(start) = self.clock.start.filter(|_| !self.clock.stopping && self.fault.is_none()) else {
            return GateAnswer::Refused(GateRefusal::Stopped);
        };
        let hz = self.plan.hardware().timing().ticks_per_second;
        let refractory = millis_to_ticks(gate.refractory, hz);
        let end = self.clock.end;
        if self.part(&which).iter().any(|state| state.openings.is_sooner(now, refractory)) {
            return GateAnswer::Refused(GateRefusal::Refractory);
        }
        let mut parts = self.part(&which).iter().zip(self.plan.channels().skip(usize::from(which.start)));
        if let Some(refusal) = parts.find_map(|(state, plan)| state.may_open(plan, gate, now, end)) {
            return GateAnswer::Refused(refusal);
        }
        if !self.admit(&which, now, now.saturating_sub(start), gate.max_triggers_per_minute) {
            return GateAnswer::Refused(GateRefusal::TooManyTriggers);
        }
        self.each_of(which, now, |state, plan| {
            if state.begins_train(plan, now) {
                state.openings.taken(now);
            }
            state.open_gate(plan, gate, now, end)
        })
    }

    /// Whether each channel of which a train begins has room for one more in the last minute; one that is too many is counted.
    fn admit(&mut self, which: &Range<u8>, now: u64, elapsed: u64, limit: u16) -> bool {
        let second =
            elapsed.checked_div(u64::from(self.plan.hardware().timing().ticks_per_second)).unwrap_or(0);
        let range = usize::from(which.start)..usize::from(which.end);
        let plans = self.plan.channels().skip(range.start);
        let mut parts = self.channels.get_mut(range).unwrap_or_default().iter_mut().zip(plans);
        let room = parts
            .all(|(state, plan)| state.openings.has_room(second, limit) || !state.begins_train(plan, now));
        if !room {
            self.refused_triggers = self.refused_triggers.saturating_add(1);
        }
        room
    }

    /// Ramps every channel down, at once also where it has an offset, and keeps it silent until [`Engine::resume`]; the
    /// session's clock goes on. A pulse under way is finished. The level is at most that of a ramp-down from full level
    /// that began now: a channel that is lower, in a ramp or in a stage, stays where it is until the ramp comes by. It is
    /// silent after one ramp-down, and open. False when it was paused before.
    pub fn pause(&mut self, now: u64) -> bool {
        self.each_channel(now, |state, plan| answer(state.pause(plan, now))) != GateAnswer::Ignored
    }

    /// Ramps every channel up again: from the level it has come down to it is at most that of a ramp-up. False when it was
    /// not paused.
    pub fn resume(&mut self, now: u64) -> bool {
        self.each_channel(now, |state, plan| answer(state.resume(plan, now))) != GateAnswer::Ignored
    }

    /// Applies an input to every channel, and plans anew where it did something.
    fn each_channel(
        &mut self,
        now: u64,
        input: impl Fn(&mut ChannelState, &ChannelPlan<'_>) -> GateAnswer,
    ) -> GateAnswer {
        self.each_of(0..self.plan.channel_count(), now, input)
    }

    fn each_of(
        &mut self,
        which: Range<u8>,
        now: u64,
        input: impl Fn(&mut ChannelState, &ChannelPlan<'_>) -> GateAnswer,
    ) -> GateAnswer {
        let mut answer = GateAnswer::Ignored;
        for index in which {
            let part = self.channels.get_mut(usize::from(index)).zip(self.plan.channel(index));
            let this = part.map_or(GateAnswer::Ignored, |(state, plan)| input(state, plan));
            if this != GateAnswer::Ignored {
                self.replan_unless_imminent(index, now);
            }
            answer = answer.and(this);
        }
        answer
    }

    fn replan_unless_imminent(&mut self, index: u8, now: u64) {
        let Some((state, plan)) = self.channels.get_mut(usize::from(index)).zip(self.plan.channel(index))
        else {
            return;
        };
        state.steady_until = 0;
        if !state.stays(plan, now) {
            self.replan(index, now);
        }
    }
}

fn answer(changed: bool) -> GateAnswer {
    if changed { GateAnswer::Continued } else { GateAnswer::Ignored }
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
