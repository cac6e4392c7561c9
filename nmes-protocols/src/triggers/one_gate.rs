//! What every trigger of one gate has in common: OFF, ON, RAMP_DOWN and FAULT, around states of its own without output.
//!
//! A trigger decides when to open and when to close; how a stop and a fault end output is decided here, once.

use super::{Listen, us};
use crate::gait::{GateCommand, PollAt};
use nmes_core::Millis;

/// Where a ramp-down leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then<N> {
    /// On: what that is, the trigger knows.
    Next(N),
    Off,
    Fault,
}

/// A state with the deadline that lives in it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Phase<W, N> {
    Off,
    /// A state of the trigger's own, without output.
    Idle(W),
    On {
        until_us: u64,
    },
    RampDown {
        until_us: u64,
        then: Then<N>,
    },
    Fault,
}

/// A gate with the state of its trigger: `W` are the states of its own, `N` is what may follow a ramp-down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OneGate<W, N = ()> {
    pub(crate) phase: Phase<W, N>,
    pub(crate) listen: Listen,
    ramp_down: Millis,
    command: Option<GateCommand>,
}

impl<W: Copy, N: Copy> OneGate<W, N> {
    /// In OFF.
    pub(crate) fn new(ramp_down: Millis) -> Self {
        Self { phase: Phase::Off, listen: Listen::default(), ramp_down, command: None }
    }

    /// The time that counts. Where the clock has begun again a train ends, as nobody knows how long it has been.
    pub(crate) fn hear(&mut self, now_us: u64, next: N) -> u64 {
        let now = self.listen.hear(now_us);
        if self.listen.began_again() && matches!(self.phase, Phase::On { .. }) {
            self.close(now, Then::Next(next));
        }
        now
    }

    /// The last command since it was asked for.
    pub(crate) const fn take(&mut self) -> Option<GateCommand> {
        self.command.take()
    }

    /// Whether there is one that was not taken.
    pub(crate) const fn has_command(&self) -> bool {
        self.command.is_some()
    }

    pub(crate) const fn is_off(&self) -> bool {
        matches!(self.phase, Phase::Off | Phase::Fault)
    }

    pub(crate) fn open(&mut self, now: u64, on_us: u64) {
        self.command = Some(GateCommand::Open);
        self.phase = Phase::On { until_us: now.saturating_add(on_us) };
    }

    pub(crate) fn close(&mut self, now: u64, then: Then<N>) {
        let down = self.ramp_down;
        self.command = Some(GateCommand::Close { down });
        self.phase = Phase::RampDown { until_us: now.saturating_add(us(down)), then };
    }

    /// A ramp-down is over: OFF, FAULT, or what the trigger has to enter.
    pub(crate) fn ramped(&mut self, then: Then<N>) -> Option<N> {
        match then {
            Then::Next(next) => return Some(next),
            Then::Off => self.phase = Phase::Off,
            Then::Fault => self.phase = Phase::Fault,
        }
        None
    }

    /// Nothing can be trusted: FAULT, by a ramp where there is output.
    pub(crate) fn fault(&mut self, now: u64) {
        match self.phase {
            Phase::Off | Phase::Fault => {}
            Phase::Idle(_) => self.phase = Phase::Fault,
            Phase::On { .. } => self.close(now, Then::Fault),
            Phase::RampDown { until_us, .. } => self.phase = Phase::RampDown { until_us, then: Then::Fault },
        }
    }

    /// OFF, by a ramp where there is output. A fault stays one.
    pub(crate) fn stop(&mut self, now: u64) {
        match self.phase {
            Phase::Off | Phase::Fault | Phase::RampDown { then: Then::Fault, .. } => {}
            Phase::Idle(_) => self.phase = Phase::Off,
            Phase::On { .. } => self.close(now, Then::Off),
            Phase::RampDown { until_us, .. } => self.phase = Phase::RampDown { until_us, then: Then::Off },
        }
    }

    /// FAULT to OFF.
    pub(crate) const fn acknowledge(&mut self) {
        if matches!(self.phase, Phase::Fault) {
            self.phase = Phase::Off;
        }
    }

    /// When ON or RAMP_DOWN is over.
    pub(crate) const fn due_us(&self) -> Option<u64> {
        match self.phase {
            Phase::On { until_us } | Phase::RampDown { until_us, .. } => Some(until_us),
            Phase::Off | Phase::Idle(_) | Phase::Fault => None,
        }
    }
}

/// When the first of them is due.
pub(crate) fn earliest<const N: usize>(due: [Option<u64>; N]) -> PollAt {
    due.into_iter().flatten().min().map_or(PollAt::Never, PollAt::At)
}

/// Whether it has a time, and that has come.
pub(crate) fn is_due(at: Option<u64>, now: u64) -> bool {
    at.is_some_and(|at| at <= now)
}
