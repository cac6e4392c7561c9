//! The two triggers that read heel switches, so that a walk works either: that of the treated foot, with the other as a
//! witness, and that of the other foot alone.

use crate::failure::Failure;
use nmes_protocols::triggers::opposite::{Opposite, OppositeTimes};
use nmes_protocols::triggers::{GateCommands, GateTrigger, SettingError};
use nmes_protocols::{Counters, GaitConfig, GateCommand, Heel, PollAt, Trigger, TriggerNote};

/// One of them.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one, on the stack of a run")]
pub enum HeelTrigger {
    /// Starts a step at a lift of the treated heel.
    Treated(Trigger),
    /// Starts one at a strike of the other heel.
    Other {
        /// It.
        trigger: Opposite,
        /// How often it opened the gate.
        openings: u32,
    },
}

/// Debounce time, delay and ramp as the step has them; the rest is the trigger's own.
fn times(gait: &GaitConfig) -> OppositeTimes {
    let own = gait.times();
    OppositeTimes { debounce: own.debounce, delay: own.delay, ..OppositeTimes::new(own.ramp_down) }
}

impl HeelTrigger {
    /// In OFF.
    ///
    /// # Errors
    /// A time of the step that the other heel's trigger does not take.
    pub fn new(gait: &GaitConfig, by_other: bool) -> Result<Self, Failure> {
        if !by_other {
            return Ok(Self::Treated(Trigger::new(*gait)));
        }
        let trigger = Opposite::new(times(gait))
            .map_err(|error: SettingError| Failure::Input(format!("--trigger other-heel: {error}")))?;
        Ok(Self::Other { trigger, openings: 0 })
    }

    /// Out of OFF, with what the switches read at first; `other` where that one is read.
    pub fn start(&mut self, treated: Heel, other: Option<Heel>) {
        match self {
            Self::Treated(trigger) => {
                trigger.start(0);
                trigger.heel(0, treated);
                if let Some(other) = other {
                    trigger.other_heel(0, other);
                }
                trigger.resume(0);
            }
            Self::Other { trigger, .. } => {
                if let Some(other) = other {
                    trigger.heel(0, other);
                }
                trigger.start(0);
            }
        }
    }

    /// A change of a switch.
    pub fn heel(&mut self, now_us: u64, heel: Heel, treated: bool) -> Option<GateCommand> {
        let command = match (&mut *self, treated) {
            (Self::Treated(trigger), true) => trigger.heel_edge(now_us, heel),
            (Self::Treated(trigger), false) => trigger.other_heel(now_us, heel),
            (Self::Other { trigger, .. }, false) => trigger.heel(now_us, heel),
            (Self::Other { .. }, true) => None,
        };
        self.counted(command)
    }

    /// Polls it.
    pub fn poll(&mut self, now_us: u64) -> Option<GateCommand> {
        let command = match self {
            Self::Treated(trigger) => trigger.poll(now_us),
            Self::Other { trigger, .. } => only(trigger.poll(now_us)),
        };
        self.counted(command)
    }

    /// When it wants to be polled.
    #[must_use]
    pub fn poll_at(&self) -> PollAt {
        match self {
            Self::Treated(trigger) => trigger.poll_at(),
            Self::Other { trigger, .. } => trigger.poll_at(),
        }
    }

    /// Stops it; its ramp follows.
    pub fn stop(&mut self, now_us: u64) {
        match self {
            Self::Treated(trigger) => drop(trigger.stop(now_us)),
            Self::Other { trigger, .. } => drop(trigger.stop(now_us)),
        }
    }

    /// The next thing it has to say.
    pub fn take_note(&mut self) -> Option<TriggerNote> {
        match self {
            Self::Treated(trigger) => trigger.take_note(),
            Self::Other { .. } => None,
        }
    }

    /// The name of its state.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match self {
            Self::Treated(trigger) => trigger.state().name(),
            Self::Other { trigger, .. } => trigger.state().name(),
        }
    }

    /// How often it opened the gate.
    #[must_use]
    pub const fn openings(&self) -> u32 {
        match self {
            Self::Treated(trigger) => trigger.counters().steps,
            Self::Other { openings, .. } => *openings,
        }
    }

    /// What it counts; nothing for the other heel's.
    #[must_use]
    pub const fn counters(&self) -> Option<Counters> {
        match self {
            Self::Treated(trigger) => Some(trigger.counters()),
            Self::Other { .. } => None,
        }
    }

    fn counted(&mut self, command: Option<GateCommand>) -> Option<GateCommand> {
        if let (Self::Other { openings, .. }, Some(GateCommand::Open)) = (self, command) {
            *openings = openings.saturating_add(1);
        }
        command
    }
}

/// It works one gate, and says one thing at a time.
fn only(commands: GateCommands) -> Option<GateCommand> {
    commands.iter().next().map(|(_, command)| command)
}
