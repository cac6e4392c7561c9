//! A switch that a person works on purpose: in the hand, in the other hand or arm, at a seat or a handle.
//!
//! One machine for all of them, as they differ only in where the contact is and in their mode. For a contralateral
//! switch the contact is a glove, a splint or a button at the sound arm, usually with [`Mode::Hold`]; for rowing it is
//! the seat.
//!
//! ```text
#![doc = include_str!("switch-states.txt")]
//! ```
//!
//! # A button that is stuck
//! It has to be seen open for the clear time before the first opening, so a button that is held down at the start does
//! nothing. One that stays closed ends its train after the longest ON and has to be let go for the clear time. One that
//! never settles for a quarter of a second ends output too.
//!
//! # Limitations
//! A broken wire of a contact that is open at rest reads as a contact that is open. With a line check (two resistors and
//! a range) it is told apart: say [`Contact::LineOpen`].

use super::command::{GateCommands, GateTrigger};
use super::{Listen, us};
use crate::gait::{GateCommand, PollAt};
use core::fmt;
use nmes_core::Millis;

/// A contact that has not settled for so long is no hand. Ours: ten times the longest usual bounce of 25 ms.
const TREMBLE_US: u64 = 250_000;

states! {
    /// Where the switch trigger is. Only in [`SwitchState::On`] and [`SwitchState::RampDown`] is there output.
    SwitchState,
    /// Every change of state that the switch trigger makes.
    TRANSITIONS, "switch-states.txt";
    /// Not started.
    Off = "OFF",
    /// The contact has to be seen open first.
    Release = "RELEASE",
    /// Waits for the contact to close.
    Ready = "READY",
    /// The gate is open.
    On = "ON",
    /// The gate was closed; the level falls.
    RampDown = "RAMP_DOWN",
    /// The line cannot be trusted.
    Fault = "FAULT";
    on: On, RampDown;
    Off -> Release,
    Release -> Ready, Release -> Off, Release -> Fault,
    Ready -> On, Ready -> Release, Ready -> Off, Ready -> Fault,
    On -> RampDown,
    RampDown -> Ready, RampDown -> Release, RampDown -> Off, RampDown -> Fault,
    Fault -> Off,
}

/// What the switch reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Contact {
    /// Let go.
    Open,
    /// Pressed.
    Closed,
    /// The line check says that the wire is broken or the switch is not plugged in.
    LineOpen,
}

/// What a press means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Mode {
    /// Output while it is held.
    Hold,
    /// One press opens, the next one closes.
    Toggle,
    /// One press gives one train of this length; letting go changes nothing.
    Press(Millis),
}

/// The times of a [`Switch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SwitchTimes {
    /// What a press means.
    pub mode: Mode,
    /// How long a level must last to count, 1 to 200 ms.
    pub debounce: Millis,
    /// How long the contact has to be open before the first opening, and after one that was held too long.
    pub clear: Millis,
    /// The longest train; longer is a stuck contact.
    pub max_on: Millis,
    /// How long a ramp-down takes.
    pub ramp_down: Millis,
    /// With samples: the longest time without one. Zero where the host tells changes only.
    pub silence: Millis,
}

impl SwitchTimes {
    /// Ours: 25 ms of debounce as for a heel, half a second to let go, and no promise of samples.
    ///
    /// ```
    /// use nmes_core::Millis;
    /// use nmes_protocols::triggers::switch::{Mode, SwitchTimes};
    /// let ms = |n| Millis::from_millis(n).unwrap();
    /// let times = SwitchTimes::new(Mode::Hold, ms(10_000), ms(500));
    /// assert_eq!(times.debounce, ms(25));
    /// ```
    #[must_use]
    pub fn new(mode: Mode, max_on: Millis, ramp_down: Millis) -> Self {
        let ms = |n| Millis::from_millis(n).unwrap_or(Millis::MAX);
        Self { mode, debounce: ms(25), clear: ms(500), max_on, ramp_down, silence: Millis::ZERO }
    }
}

/// Times that a switch does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum SwitchError {
    /// The debounce time is outside its range.
    Debounce {
        /// The time, in milliseconds.
        ms: u32,
    },
    /// The longest train is not longer than the debounce time.
    MaxOn {
        /// The time, in milliseconds.
        ms: u32,
        /// The debounce time, in milliseconds.
        debounce_ms: u32,
    },
    /// A train of [`Mode::Press`] is longer than the longest train, or has no length.
    Press {
        /// The time, in milliseconds.
        ms: u32,
        /// The longest train, in milliseconds.
        max_on_ms: u32,
    },
}

impl fmt::Display for SwitchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Debounce { ms } => write!(f, "switch, debounce: {ms} ms; accepted: 1 to 200 ms"),
            Self::MaxOn { ms, debounce_ms } => {
                write!(f, "switch, longest train: {ms} ms is not above the debounce time, {debounce_ms} ms")
            }
            Self::Press { ms, max_on_ms } => {
                write!(
                    f,
                    "switch, train of a press: {ms} ms; accepted: 1 to {max_on_ms} ms, the longest train"
                )
            }
        }
    }
}

impl core::error::Error for SwitchError {}

/// Where a ramp-down leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Ready,
    Release,
    Off,
    Fault,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Off,
    Release { open_since_us: Option<u64> },
    Ready,
    On { until_us: u64, burst: bool },
    RampDown { until_us: u64, then: Then },
    Fault,
}

/// A level and since when it has been so.
#[derive(Clone, Copy, Debug)]
struct Level {
    closed: bool,
    since_us: u64,
}

/// A switch that a person works. See the [module](self) for the states.
///
/// ```
/// use nmes_core::Millis;
/// use nmes_protocols::{GateCommand, triggers::{GateTrigger, switch::*}};
/// let ms = |n| Millis::from_millis(n).unwrap();
/// let mut hand = Switch::new(SwitchTimes::new(Mode::Hold, ms(10_000), ms(500))).unwrap();
/// hand.contact(0, Contact::Open);
/// hand.start(0);
/// hand.poll(500_000); // seen open for half a second
/// hand.contact(1_000_000, Contact::Closed);
/// assert_eq!(hand.poll(1_025_000).iter().next(), Some((0, GateCommand::Open)));
/// hand.contact(3_000_000, Contact::Open);
/// assert_eq!(hand.poll(3_025_000).iter().next(), Some((0, GateCommand::Close { down: ms(500) })));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Switch {
    times: SwitchTimes,
    phase: Phase,
    listen: Listen,
    raw: Option<Level>,
    closed: bool,
    /// Since when the contact has not settled.
    restless_us: Option<u64>,
    line_open: bool,
    heard_us: u64,
    command: Option<GateCommand>,
}

impl Switch {
    /// A switch in OFF that has not been read.
    ///
    /// # Errors
    /// Names the time and what is accepted.
    pub fn new(times: SwitchTimes) -> Result<Self, SwitchError> {
        let [debounce_ms, max_on_ms] = [times.debounce, times.max_on].map(Millis::as_millis);
        if !(1..=200).contains(&debounce_ms) {
            return Err(SwitchError::Debounce { ms: debounce_ms });
        }
        if max_on_ms <= debounce_ms {
            return Err(SwitchError::MaxOn { ms: max_on_ms, debounce_ms });
        }
        if let Mode::Press(burst) = times.mode {
            let ms = burst.as_millis();
            if ms == 0 || ms > max_on_ms {
                return Err(SwitchError::Press { ms, max_on_ms });
            }
        }
        Ok(Self {
            times,
            phase: Phase::Off,
            listen: Listen::default(),
            raw: None,
            closed: false,
            restless_us: None,
            line_open: false,
            heard_us: 0,
            command: None,
        })
    }

    /// OFF to RELEASE. In every other state it only polls.
    pub fn start(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |s, now| {
            if matches!(s.phase, Phase::Off) {
                s.heard_us = now;
                s.phase = Phase::Release { open_since_us: s.open_since(now) };
            }
        })
    }

    /// What the switch reads now: samples or changes.
    pub fn contact(&mut self, now_us: u64, contact: Contact) -> Option<GateCommand> {
        self.around(now_us, |s, now| {
            s.heard_us = now;
            s.line_open = matches!(contact, Contact::LineOpen);
            match contact {
                Contact::LineOpen => s.fault(now),
                Contact::Open => s.level(now, false),
                Contact::Closed => s.level(now, true),
            }
        })
    }

    /// Leaves FAULT for OFF, if the line is closed again.
    pub fn acknowledge(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |s, _| {
            if matches!(s.phase, Phase::Fault) && !s.line_open {
                s.phase = Phase::Off;
            }
        })
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> SwitchState {
        match self.phase {
            Phase::Off => SwitchState::Off,
            Phase::Release { .. } => SwitchState::Release,
            Phase::Ready => SwitchState::Ready,
            Phase::On { .. } => SwitchState::On,
            Phase::RampDown { .. } => SwitchState::RampDown,
            Phase::Fault => SwitchState::Fault,
        }
    }

    /// What was due, the input, and what that makes due. A close that follows an open in one call stands.
    fn around(&mut self, now_us: u64, input: impl FnOnce(&mut Self, u64)) -> Option<GateCommand> {
        let now = self.listen.hear(now_us);
        self.advance(now);
        input(self, now);
        self.advance(now);
        self.command.take()
    }

    fn level(&mut self, now: u64, closed: bool) {
        if self.raw.is_some_and(|raw| raw.closed == closed) {
            return;
        }
        if self.raw.is_none() {
            self.closed = closed;
        }
        self.raw = Some(Level { closed, since_us: now });
        if self.settles_us().is_some() {
            self.restless_us.get_or_insert(now);
        }
        if let Phase::Release { open_since_us } = &mut self.phase {
            *open_since_us = (!closed).then_some(now);
        }
    }

    /// When the level that came last counts, if it is not the one that counts now.
    fn settles_us(&self) -> Option<u64> {
        let raw = self.raw.filter(|raw| raw.closed != self.closed)?;
        Some(raw.since_us.saturating_add(us(self.times.debounce)))
    }

    /// When a contact that went back to where it was counts as settled again.
    fn quiet_us(&self) -> Option<u64> {
        let raw = self.raw.filter(|raw| raw.closed == self.closed && self.restless_us.is_some())?;
        Some(raw.since_us.saturating_add(us(self.times.debounce)))
    }

    fn open_since(&self, now: u64) -> Option<u64> {
        self.raw.filter(|raw| !raw.closed).map(|_| now)
    }

    fn phase_due(&self) -> Option<u64> {
        match self.phase {
            Phase::Off | Phase::Ready | Phase::Fault => None,
            Phase::Release { open_since_us } => {
                open_since_us.map(|t| t.saturating_add(us(self.times.clear.max(self.times.debounce))))
            }
            Phase::On { until_us, .. } | Phase::RampDown { until_us, .. } => Some(until_us),
        }
    }

    /// When silence counts as a fault, where samples are promised and output could come of them.
    fn silent_us(&self) -> Option<u64> {
        let listens = matches!(self.phase, Phase::Release { .. } | Phase::Ready | Phase::On { .. });
        let promised = self.times.silence != Millis::ZERO;
        (listens && promised).then(|| self.heard_us.saturating_add(us(self.times.silence)))
    }

    /// When a contact that does not settle counts as trembling, if it does not settle before.
    fn trembles_us(&self) -> Option<u64> {
        let matters = matches!(self.phase, Phase::Ready | Phase::On { .. });
        let at = self.restless_us.filter(|_| matters)?.saturating_add(TREMBLE_US);
        let settles = self.settles_us().or(self.quiet_us());
        settles.is_none_or(|settles| at < settles).then_some(at)
    }

    fn due(&self) -> Option<u64> {
        [self.settles_us(), self.quiet_us(), self.phase_due(), self.silent_us(), self.trembles_us()]
            .into_iter()
            .flatten()
            .min()
    }

    /// At most one change of the contact and three of the state.
    fn advance(&mut self, now: u64) {
        let is_due = |at: Option<u64>| at.is_some_and(|at| at <= now);
        if is_due(self.silent_us()) {
            self.fault(now);
        }
        if is_due(self.trembles_us()) {
            self.tremble(now);
        }
        if is_due(self.quiet_us()) {
            self.restless_us = None;
        }
        if is_due(self.settles_us()) {
            self.closed = !self.closed;
            self.restless_us = None;
            self.settled(now);
        }
        if is_due(self.phase_due()) {
            self.elapsed(now);
        }
    }

    fn settled(&mut self, now: u64) {
        match self.phase {
            Phase::Ready if self.closed => self.open(now),
            Phase::On { .. } => {
                let ends = match self.times.mode {
                    Mode::Hold => !self.closed,
                    Mode::Toggle => self.closed,
                    Mode::Press(_) => false,
                };
                if ends {
                    self.close(now, Then::Ready);
                }
            }
            Phase::Off | Phase::Release { .. } | Phase::Ready | Phase::RampDown { .. } | Phase::Fault => {}
        }
    }

    fn open(&mut self, now: u64) {
        let (on, burst) = match self.times.mode {
            Mode::Press(on) => (on, true),
            Mode::Hold | Mode::Toggle => (self.times.max_on, false),
        };
        self.command = Some(GateCommand::Open);
        self.phase = Phase::On { until_us: now.saturating_add(us(on)), burst };
    }

    fn close(&mut self, now: u64, then: Then) {
        let down = self.times.ramp_down;
        self.command = Some(GateCommand::Close { down });
        self.phase = Phase::RampDown { until_us: now.saturating_add(us(down)), then };
    }

    fn elapsed(&mut self, now: u64) {
        match self.phase {
            Phase::Off | Phase::Ready | Phase::Fault => {}
            Phase::Release { .. } => self.phase = Phase::Ready,
            Phase::On { burst: true, .. } => self.close(now, Then::Ready),
            Phase::On { burst: false, .. } => self.close(now, Then::Release),
            Phase::RampDown { then, .. } => {
                self.phase = match then {
                    Then::Ready => Phase::Ready,
                    Then::Release => Phase::Release { open_since_us: self.open_since(now) },
                    Then::Off => Phase::Off,
                    Then::Fault => Phase::Fault,
                };
            }
        }
    }

    fn tremble(&mut self, now: u64) {
        self.restless_us = None;
        match self.phase {
            Phase::Ready => self.phase = Phase::Release { open_since_us: self.open_since(now) },
            Phase::On { .. } => self.close(now, Then::Release),
            Phase::Off | Phase::Release { .. } | Phase::RampDown { .. } | Phase::Fault => {}
        }
    }

    fn fault(&mut self, now: u64) {
        match self.phase {
            Phase::Off | Phase::Fault => {}
            Phase::Release { .. } | Phase::Ready => self.phase = Phase::Fault,
            Phase::On { .. } => self.close(now, Then::Fault),
            Phase::RampDown { until_us, .. } => self.phase = Phase::RampDown { until_us, then: Then::Fault },
        }
    }
}

impl GateTrigger for Switch {
    fn poll(&mut self, now_us: u64) -> GateCommands {
        self.around(now_us, |_, _| {}).into()
    }

    fn poll_at(&self) -> PollAt {
        self.due().map_or(PollAt::Never, PollAt::At)
    }

    fn stop(&mut self, now_us: u64) -> GateCommands {
        self.around(now_us, |s, now| match s.phase {
            Phase::Off | Phase::Fault | Phase::RampDown { then: Then::Fault, .. } => {}
            Phase::Release { .. } | Phase::Ready => s.phase = Phase::Off,
            Phase::On { .. } => s.close(now, Then::Off),
            Phase::RampDown { until_us, .. } => s.phase = Phase::RampDown { until_us, then: Then::Off },
        })
        .into()
    }

    fn is_off(&self) -> bool {
        matches!(self.phase, Phase::Off | Phase::Fault)
    }
}
