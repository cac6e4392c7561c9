//! A timer that opens a gate by its own times: so many trains, each for so long, so far apart.
//!
//! For sessions whose gate something else opens as well. A session that only ever follows its own clock is a cyclic one
//! and needs no trigger.
//!
//! ```text
#![doc = include_str!("timer-states.txt")]
//! ```
//!
//! # Limitations
//! Times run from when something was done, not from when it was due: a host that polls late makes the whole row of trains
//! later, never a train longer or a rest shorter than they are set, by more than its own lateness.

use super::command::{GateCommands, GateTrigger};
use super::one_gate::{earliest, is_due};
use super::setting::{Of, SettingError};
use super::{Listen, us};
use crate::gait::{GateCommand, PollAt};
use nmes_core::Millis;

states! {
    /// Where the timer is. Only in [`TimerState::On`] and [`TimerState::RampDown`] is there output.
    TimerState,
    /// Every change of state that the timer makes.
    TRANSITIONS, "timer-states.txt";
    /// Not started, or over.
    Off = "OFF",
    /// Before the first train.
    Wait = "WAIT",
    /// The gate is open.
    On = "ON",
    /// The gate was closed; the level falls.
    RampDown = "RAMP_DOWN",
    /// Between two trains.
    Rest = "REST";
    on: On, RampDown;
    Off -> Wait, Wait -> On, Wait -> Off, On -> RampDown, RampDown -> Rest, RampDown -> Off, Rest -> On, Rest -> Off,
}

/// The times of a [`Timer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TimerTimes {
    /// From the start to the first opening.
    pub first: Millis,
    /// From an opening to its close, at least 1 ms; the session's ramp-up is inside.
    pub on: Millis,
    /// From the end of a ramp-down to the next opening.
    pub off: Millis,
    /// How long a ramp-down takes.
    pub ramp_down: Millis,
    /// How many trains; 0: until it is stopped.
    pub repeats: u16,
}

/// A state with the deadline that lives in it.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Off,
    Wait { until_us: u64 },
    On { until_us: u64 },
    RampDown { until_us: u64, last: bool },
    Rest { until_us: u64 },
}

/// Opens a gate by its own times. See the [module](self) for the states, and [`GateTrigger`] for an example.
#[derive(Clone, Copy, Debug)]
pub struct Timer {
    times: TimerTimes,
    phase: Phase,
    listen: Listen,
    opened: u16,
    command: Option<GateCommand>,
}

impl Timer {
    /// A timer in OFF.
    ///
    /// # Errors
    /// A train has to have a length.
    pub fn new(times: TimerTimes) -> Result<Self, SettingError> {
        Of("timer").ms("on", times.on, 1..=Millis::MAX.as_millis())?;
        Ok(Self { times, phase: Phase::Off, listen: Listen::default(), opened: 0, command: None })
    }

    /// OFF to WAIT. In every other state it only polls.
    pub fn start(&mut self, now_us: u64) -> Option<GateCommand> {
        let now = self.listen.hear(now_us);
        if matches!(self.phase, Phase::Off) {
            self.opened = 0;
            self.phase = Phase::Wait { until_us: now.saturating_add(us(self.times.first)) };
        }
        self.advance(now);
        self.command.take()
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> TimerState {
        match self.phase {
            Phase::Off => TimerState::Off,
            Phase::Wait { .. } => TimerState::Wait,
            Phase::On { .. } => TimerState::On,
            Phase::RampDown { .. } => TimerState::RampDown,
            Phase::Rest { .. } => TimerState::Rest,
        }
    }

    /// Trains opened since the start; saturates.
    #[must_use]
    pub const fn opened(&self) -> u16 {
        self.opened
    }

    const fn due(&self) -> Option<u64> {
        match self.phase {
            Phase::Off => None,
            Phase::Wait { until_us }
            | Phase::On { until_us }
            | Phase::RampDown { until_us, .. }
            | Phase::Rest { until_us } => Some(until_us),
        }
    }

    /// At most one change: what follows is measured from now.
    fn advance(&mut self, now: u64) {
        if !is_due(self.due(), now) {
            return;
        }
        match self.phase {
            Phase::Off => {}
            Phase::Wait { .. } | Phase::Rest { .. } => self.open(now),
            Phase::On { .. } => self.close(now, self.times.repeats != 0 && self.opened >= self.times.repeats),
            Phase::RampDown { last: true, .. } => self.phase = Phase::Off,
            Phase::RampDown { .. } => {
                self.phase = Phase::Rest { until_us: now.saturating_add(us(self.times.off)) };
            }
        }
    }

    fn open(&mut self, now: u64) {
        self.opened = self.opened.saturating_add(1);
        self.command = Some(GateCommand::Open);
        self.phase = Phase::On { until_us: now.saturating_add(us(self.times.on)) };
    }

    fn close(&mut self, now: u64, last: bool) {
        let down = self.times.ramp_down;
        self.command = Some(GateCommand::Close { down });
        self.phase = Phase::RampDown { until_us: now.saturating_add(us(down)), last };
    }
}

impl GateTrigger for Timer {
    fn poll(&mut self, now_us: u64) -> GateCommands {
        let now = self.listen.hear(now_us);
        self.advance(now);
        self.command.take().into()
    }

    fn poll_at(&self) -> PollAt {
        self.listen.for_host(earliest([self.due()]))
    }

    fn stop(&mut self, now_us: u64) -> GateCommands {
        let now = self.listen.hear(now_us);
        match self.phase {
            Phase::Off => {}
            Phase::Wait { .. } | Phase::Rest { .. } => self.phase = Phase::Off,
            Phase::On { .. } => self.close(now, true),
            Phase::RampDown { until_us, .. } => self.phase = Phase::RampDown { until_us, last: true },
        }
        self.command.take().into()
    }

    fn is_off(&self) -> bool {
        matches!(self.phase, Phase::Off)
    }
}
