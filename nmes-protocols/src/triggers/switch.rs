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
use super::one_gate::{OneGate, Phase, Then, earliest, is_due};
use super::setting::{Of, SettingError};
use super::us;
use crate::gait::{GateCommand, PollAt};
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

/// Where it waits.
#[derive(Clone, Copy, Debug)]
enum Wait {
    Release { open_since_us: Option<u64> },
    Ready,
}

/// Where it waits after a ramp-down.
#[derive(Clone, Copy, Debug)]
enum After {
    Ready,
    Release,
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
    gate: OneGate<Wait, After>,
    raw: Option<Level>,
    closed: bool,
    /// Since when the contact has not settled.
    restless_us: Option<u64>,
    line_open: bool,
    heard_us: u64,
}

impl Switch {
    /// A switch in OFF that has not been read.
    ///
    /// # Errors
    /// Names the time and what is accepted.
    pub fn new(times: SwitchTimes) -> Result<Self, SettingError> {
        check(&times)?;
        Ok(Self {
            times,
            gate: OneGate::new(times.ramp_down),
            raw: None,
            closed: false,
            restless_us: None,
            line_open: false,
            heard_us: 0,
        })
    }

    /// OFF to RELEASE. In every other state it only polls.
    pub fn start(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |s, now| {
            if matches!(s.gate.phase, Phase::Off) {
                s.heard_us = now;
                s.release(now);
            }
        })
    }

    /// What the switch reads now: samples or changes.
    pub fn contact(&mut self, now_us: u64, contact: Contact) -> Option<GateCommand> {
        self.around(now_us, |s, now| {
            s.heard_us = now;
            s.line_open = matches!(contact, Contact::LineOpen);
            match contact {
                Contact::LineOpen => s.gate.fault(now),
                Contact::Open => s.level(now, false),
                Contact::Closed => s.level(now, true),
            }
        })
    }

    /// Leaves FAULT for OFF, if the line is closed again.
    pub fn acknowledge(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |s, _| {
            if !s.line_open {
                s.gate.acknowledge();
            }
        })
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> SwitchState {
        match self.gate.phase {
            Phase::Off => SwitchState::Off,
            Phase::Idle(Wait::Release { .. }) => SwitchState::Release,
            Phase::Idle(Wait::Ready) => SwitchState::Ready,
            Phase::On { .. } => SwitchState::On,
            Phase::RampDown { .. } => SwitchState::RampDown,
            Phase::Fault => SwitchState::Fault,
        }
    }

    /// What was due, the input, and what that makes due. A close that follows an open in one call stands.
    fn around(&mut self, now_us: u64, input: impl FnOnce(&mut Self, u64)) -> Option<GateCommand> {
        let now = self.gate.hear(now_us, After::Release);
        self.advance(now);
        input(self, now);
        self.advance(now);
        self.gate.take()
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
        if let Phase::Idle(Wait::Release { open_since_us }) = &mut self.gate.phase {
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

    fn release(&mut self, now: u64) {
        let open_since_us = self.raw.filter(|raw| !raw.closed).map(|_| now);
        self.gate.phase = Phase::Idle(Wait::Release { open_since_us });
    }

    fn phase_due(&self) -> Option<u64> {
        let Phase::Idle(Wait::Release { open_since_us }) = self.gate.phase else { return self.gate.due_us() };
        Some(open_since_us?.saturating_add(us(self.times.clear.max(self.times.debounce))))
    }

    /// When silence counts as a fault, where samples are promised and output could come of them.
    fn silent_us(&self) -> Option<u64> {
        let listens = matches!(self.gate.phase, Phase::Idle(_) | Phase::On { .. });
        let promised = self.times.silence != Millis::ZERO;
        (listens && promised).then(|| self.heard_us.saturating_add(us(self.times.silence)))
    }

    /// When a contact that does not settle counts as trembling, if it does not settle before.
    fn trembles_us(&self) -> Option<u64> {
        let matters = matches!(self.gate.phase, Phase::Idle(Wait::Ready) | Phase::On { .. });
        let at = self.restless_us.filter(|_| matters)?.saturating_add(TREMBLE_US);
        let settles = self.settles_us().or(self.quiet_us());
        settles.is_none_or(|settles| at < settles).then_some(at)
    }

    /// At most one change of the contact and three of the state.
    fn advance(&mut self, now: u64) {
        let is_due = |at| is_due(at, now);
        if is_due(self.silent_us()) {
            self.gate.fault(now);
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
        match self.gate.phase {
            Phase::Idle(Wait::Ready) if self.closed => {
                let on = if let Mode::Press(on) = self.times.mode { on } else { self.times.max_on };
                self.gate.open(now, us(on));
            }
            Phase::On { .. } => {
                let ends = match self.times.mode {
                    Mode::Hold => !self.closed,
                    Mode::Toggle => self.closed,
                    Mode::Press(_) => false,
                };
                if ends {
                    self.gate.close(now, Then::Next(After::Ready));
                }
            }
            Phase::Off | Phase::Idle(_) | Phase::RampDown { .. } | Phase::Fault => {}
        }
    }

    fn elapsed(&mut self, now: u64) {
        match self.gate.phase {
            Phase::Off | Phase::Fault => {}
            Phase::Idle(_) => self.gate.phase = Phase::Idle(Wait::Ready),
            Phase::On { .. } => {
                // a train of its own length is over; any other was held too long
                let press = matches!(self.times.mode, Mode::Press(_));
                self.gate.close(now, Then::Next(if press { After::Ready } else { After::Release }));
            }
            Phase::RampDown { then, .. } => match self.gate.ramped(then) {
                Some(After::Ready) => self.gate.phase = Phase::Idle(Wait::Ready),
                Some(After::Release) => self.release(now),
                None => {}
            },
        }
    }

    fn tremble(&mut self, now: u64) {
        self.restless_us = None;
        match self.gate.phase {
            Phase::Idle(Wait::Ready) => self.release(now),
            Phase::On { .. } => self.gate.close(now, Then::Next(After::Release)),
            Phase::Off | Phase::Idle(_) | Phase::RampDown { .. } | Phase::Fault => {}
        }
    }
}

fn check(times: &SwitchTimes) -> Result<(), SettingError> {
    let of = Of("switch");
    of.ms("debounce", times.debounce, 1..=200)?;
    let least = times.debounce.as_millis().saturating_add(1);
    of.ms("longest train", times.max_on, least..=Millis::MAX.as_millis())?;
    match times.mode {
        Mode::Press(on) => of.ms("train of a press", on, 1..=times.max_on.as_millis()),
        Mode::Hold | Mode::Toggle => Ok(()),
    }
}

impl GateTrigger for Switch {
    fn poll(&mut self, now_us: u64) -> GateCommands {
        self.around(now_us, |_, _| {}).into()
    }

    fn poll_at(&self) -> PollAt {
        let due =
            [self.settles_us(), self.quiet_us(), self.phase_due(), self.silent_us(), self.trembles_us()];
        self.gate.listen.for_host(earliest(due))
    }

    fn stop(&mut self, now_us: u64) -> GateCommands {
        self.around(now_us, |s, now| s.gate.stop(now)).into()
    }

    fn is_off(&self) -> bool {
        self.gate.is_off()
    }
}
