//! Whether output is permitted at all: one state, read with its complement.

use core::fmt;

use crate::fault::{Cite, Fault, Finding};

/// Where a device is between power-on and output.
///
/// The discriminants differ from one another, and from each other's complements, in at least sixteen bits, so no
/// short run of flipped bits makes one state of another.
///
/// An arrow is an [`Event`]; what has no arrow is refused. [`TRANSITIONS`] is the same as data.
///
/// ```text
/// SelfTest --Passed--> Idle --Probe--> Probing --Contact--> Armed --Pulse--> Ramping --Level--> Running
///                                                                            Ramping <--Ramp--- Running
///                      Idle <-NoContact- Probing
///                      Idle <--Disarm--- Probing
///                      Idle <--Disarm------------------------ Armed
///                      Idle <--Disarm--------------------------------------- Ramping
///                      Idle <--Disarm---------------------------------------------------------- Running
///                      Idle --Disarm--> Idle
///
/// SelfTest --Trip--> Fault     Idle  --Trip--> Fault     Probing --Trip--> Fault     Fault --Trip--> Fault
/// Armed    --Trip--> Fault     Ramping --Trip--> Fault   Running --Trip--> Fault
///
/// SelfTest <--Reset-- Fault
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum State {
    /// Power is on, nothing is known yet.
    SelfTest = 0x5555_5555,
    /// Ready, every channel open, every set level at zero.
    Idle = 0x3333_3333,
    /// The contact check runs, a checked plan of its own with a tiny ceiling.
    Probing = 0x0f0f_0f0f,
    /// Contact is good, the set levels are still zero.
    Armed = 0x00ff_00ff,
    /// Output, and a set level is in its first rise (E-RAMP-1) or on its way back after a lost contact.
    Ramping = 0x6666_6666,
    /// Output at the set levels.
    Running = 0x5a5a_5a5a,
    /// Latched. Only [`Interlock::reset`] leaves it.
    Fault = 0x3c3c_3c3c,
}

/// What moves a [`State`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Event {
    /// The self test passed.
    Passed,
    /// The contact check begins.
    Probe,
    /// The contact check found every channel's electrodes in place.
    Contact,
    /// The contact check found a channel short or open.
    NoContact,
    /// The first pulse started.
    Pulse,
    /// The first rise of the set levels is over.
    Level,
    /// A set level starts from zero again, or from the probe level after a lost contact.
    Ramp,
    /// A stop, a supply return or a change of profile: amplitude zero, and a fresh arm.
    Disarm,
    /// Something is wrong that ends output.
    Trip,
    /// The explicit way out of [`State::Fault`].
    Reset,
}

/// Every permitted move: from, on, to.
///
/// ```
/// use nmes_safety::{Event, State, TRANSITIONS};
/// assert!(TRANSITIONS.contains(&(State::Fault, Event::Reset, State::SelfTest)));
/// assert!(!TRANSITIONS.iter().any(|&(from, _, to)| from == State::Fault && to == State::Running));
/// ```
pub const TRANSITIONS: &[(State, Event, State)] = &[
    (State::SelfTest, Event::Passed, State::Idle),
    (State::Idle, Event::Probe, State::Probing),
    (State::Probing, Event::Contact, State::Armed),
    (State::Probing, Event::NoContact, State::Idle),
    (State::Armed, Event::Pulse, State::Ramping),
    (State::Ramping, Event::Level, State::Running),
    (State::Running, Event::Ramp, State::Ramping),
    (State::Idle, Event::Disarm, State::Idle),
    (State::Probing, Event::Disarm, State::Idle),
    (State::Armed, Event::Disarm, State::Idle),
    (State::Ramping, Event::Disarm, State::Idle),
    (State::Running, Event::Disarm, State::Idle),
    (State::SelfTest, Event::Trip, State::Fault),
    (State::Idle, Event::Trip, State::Fault),
    (State::Probing, Event::Trip, State::Fault),
    (State::Armed, Event::Trip, State::Fault),
    (State::Ramping, Event::Trip, State::Fault),
    (State::Running, Event::Trip, State::Fault),
    (State::Fault, Event::Trip, State::Fault),
    (State::Fault, Event::Reset, State::SelfTest),
];

impl State {
    /// Every state, in the order of the diagram.
    pub const ALL: [Self; 7] =
        [Self::SelfTest, Self::Idle, Self::Probing, Self::Armed, Self::Ramping, Self::Running, Self::Fault];

    /// The bits that stand for this state.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "the discriminant of a repr(u32) enum without fields, exact")]
    pub const fn word(self) -> u32 {
        self as u32
    }

    /// Compared one after the other, those with output first.
    const fn from_word(word: u32) -> Option<Self> {
        const fn is(word: u32, state: State) -> bool {
            word == state.word()
        }
        if is(word, Self::Running) {
            Some(Self::Running)
        } else if is(word, Self::Ramping) {
            Some(Self::Ramping)
        } else if is(word, Self::Armed) {
            Some(Self::Armed)
        } else if is(word, Self::Probing) {
            Some(Self::Probing)
        } else if is(word, Self::Idle) {
            Some(Self::Idle)
        } else if is(word, Self::SelfTest) {
            Some(Self::SelfTest)
        } else if is(word, Self::Fault) {
            Some(Self::Fault)
        } else {
            None
        }
    }

    /// Whether a pulse of a session may start: probing, armed, ramping or running.
    #[must_use]
    pub const fn permits_output(self) -> bool {
        matches!(self, Self::Probing | Self::Armed | Self::Ramping | Self::Running)
    }

    /// Where an event leads; `None` when it is not permitted here.
    const fn after(self, event: Event) -> Option<Self> {
        Some(match (self, event) {
            (Self::SelfTest, Event::Passed)
            | (Self::Probing, Event::NoContact)
            | (Self::Idle | Self::Probing | Self::Armed | Self::Ramping | Self::Running, Event::Disarm) => {
                Self::Idle
            }
            (Self::Idle, Event::Probe) => Self::Probing,
            (Self::Probing, Event::Contact) => Self::Armed,
            (Self::Armed, Event::Pulse) | (Self::Running, Event::Ramp) => Self::Ramping,
            (Self::Ramping, Event::Level) => Self::Running,
            (
                Self::SelfTest
                | Self::Idle
                | Self::Probing
                | Self::Armed
                | Self::Ramping
                | Self::Running
                | Self::Fault,
                Event::Trip,
            ) => Self::Fault,
            (Self::Fault, Event::Reset) => Self::SelfTest,
            _ => return None,
        })
    }
}

/// Least number of bits in which two states differ.
const MIN_DISTANCE: u32 = 16;

const fn far_apart(a: State, b: State) -> bool {
    let different = (a.word() ^ b.word()).count_ones();
    different >= MIN_DISTANCE && different <= u32::BITS.saturating_sub(MIN_DISTANCE)
}

const fn all_far_apart(states: &[State]) -> bool {
    let mut rest = states;
    while let [first, others @ ..] = rest {
        let mut tail = others;
        while let [second, more @ ..] = tail {
            if !far_apart(*first, *second) {
                return false;
            }
            tail = more;
        }
        rest = others;
    }
    true
}

const _: () = assert!(all_far_apart(&State::ALL), "two states are too close to each other");

/// An event that is not permitted in the present state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The state, unchanged.
    pub state: State,
    /// What was asked.
    pub event: Event,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not permitted in {:?} ({})", self.event, self.state, crate::rules::N_LOCK_1.id)
    }
}

impl core::error::Error for Refused {}

/// The present [`State`], stored with its complement.
///
/// Every read compares the two; a word that is no state, or that differs from its complement, reads as
/// [`State::Fault`]. All calls do a fixed amount of work: a search among seven states.
///
/// ```
/// use nmes_safety::{Event, Fault, Interlock, State};
/// let mut interlock = Interlock::new();
/// interlock.handle(Event::Passed)?;
/// interlock.handle(Event::Probe)?;
/// assert_eq!(interlock.handle(Event::Contact)?, State::Armed);
/// interlock.trip(Fault::OverCurrent);
/// assert_eq!(interlock.state(), State::Fault);
/// assert!(interlock.handle(Event::Contact).is_err());
/// assert!(interlock.reset(Fault::Polarity).is_err()); // not the fault that latched
/// assert_eq!(interlock.reset(Fault::OverCurrent)?, State::SelfTest);
/// # Ok::<(), nmes_safety::Refused>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interlock {
    word: u32,
    complement: u32,
    cause: Option<Fault>,
}

impl Default for Interlock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Interlock { word, complement, cause });

impl Interlock {
    /// A device that was just switched on: [`State::SelfTest`].
    #[must_use]
    pub const fn new() -> Self {
        let word = State::SelfTest.word();
        Self { word, complement: !word, cause: None }
    }

    /// The present state, and what is wrong with it where the stored word is no state or does not fit its complement.
    pub(crate) fn read(&self) -> (State, Option<Finding>) {
        let known = if self.word == !self.complement { State::from_word(self.word) } else { None };
        let damaged = Finding::unless(known.is_some(), Fault::StateCorrupt, Cite::STATE);
        (known.unwrap_or(State::Fault), damaged)
    }

    /// The present state. A stored word that does not fit its complement reads as [`State::Fault`].
    #[must_use]
    pub fn state(&self) -> State {
        if self.word == !self.complement {
            State::from_word(self.word).unwrap_or(State::Fault)
        } else {
            State::Fault
        }
    }

    /// Whether it is in one of the two states in which pulses come.
    #[inline]
    pub(crate) const fn runs(&self) -> bool {
        let known = self.word == State::Ramping.word() || self.word == State::Running.word();
        known && self.word == !self.complement
    }

    /// Whether the stored word is a state and fits its complement.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.word == !self.complement && State::from_word(self.word).is_some()
    }

    /// The fault that latched; [`Fault::StateCorrupt`] when the stored state itself is damaged.
    #[must_use]
    pub fn cause(&self) -> Option<Fault> {
        if self.is_intact() { self.cause } else { Some(self.cause.unwrap_or(Fault::StateCorrupt)) }
    }

    /// Flips a bit of the stored state.
    #[cfg(test)]
    pub(crate) const fn damage(&mut self) {
        self.word ^= 1;
    }

    fn store(&mut self, state: State) {
        self.word = state.word();
        self.complement = !state.word();
    }

    /// Moves on an event.
    ///
    /// # Errors
    /// The event is not in [`TRANSITIONS`] for the present state, or it is [`Event::Trip`] or [`Event::Reset`],
    /// which need a fault: see [`Self::trip`] and [`Self::reset`].
    pub fn handle(&mut self, event: Event) -> Result<State, Refused> {
        let state = self.state();
        let needs_fault = matches!(event, Event::Trip | Event::Reset);
        let next = state.after(event).filter(|_| !needs_fault).ok_or(Refused { state, event })?;
        self.store(next);
        Ok(next)
    }

    /// Latches [`State::Fault`]. The first cause stays.
    pub fn trip(&mut self, fault: Fault) {
        self.cause = self.cause().or(Some(fault));
        if let Some(next) = self.state().after(Event::Trip) {
            self.store(next);
        }
    }

    /// Leaves [`State::Fault`] for [`State::SelfTest`]; whoever resets names the fault that latched.
    ///
    /// # Errors
    /// The state is not `Fault`, or `acknowledged` is not [`Self::cause`].
    pub fn reset(&mut self, acknowledged: Fault) -> Result<State, Refused> {
        let state = self.state();
        let refused = Refused { state, event: Event::Reset };
        let next = state.after(Event::Reset).filter(|_| self.cause() == Some(acknowledged)).ok_or(refused)?;
        self.store(next);
        self.cause = None;
        Ok(next)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests: an overflow here is a failed test")]
mod tests {
    use super::*;

    /// REQ-SAF-043: any one to seven flipped bits of the word, or of its complement, read as Fault.
    #[test]
    fn flipped_bits_read_as_fault() {
        for state in State::ALL {
            for bit in 0..32 {
                for run in 1..8 {
                    let mask = (0..run).fold(0_u32, |m, i| m | 1_u32.rotate_left(bit + i));
                    let mut damaged = Interlock::new();
                    damaged.store(state);
                    damaged.word ^= mask;
                    assert_eq!(damaged.state(), State::Fault, "{state:?} word ^ {mask:#x}");
                    assert_eq!(damaged.cause(), Some(Fault::StateCorrupt));
                    damaged.store(state);
                    damaged.complement ^= mask;
                    assert_eq!(damaged.state(), State::Fault, "{state:?} complement ^ {mask:#x}");
                }
            }
        }
    }

    /// REQ-SAF-043: a word that fits its complement but is no state reads as Fault, and can be reset.
    #[test]
    fn unknown_word_is_a_fault() {
        let mut damaged = Interlock { word: 0, complement: u32::MAX, cause: None };
        assert_eq!(damaged.state(), State::Fault);
        assert_eq!(damaged.reset(Fault::StateCorrupt), Ok(State::SelfTest));
        assert!(damaged.is_intact());
    }

    /// REQ-SAF-043: the proof that states are far apart fails where two are not.
    #[test]
    fn near_states_are_told() {
        assert!(far_apart(State::Idle, State::Armed));
        assert!(!far_apart(State::Idle, State::Idle));
        assert!(all_far_apart(&State::ALL));
        assert!(!all_far_apart(&[State::SelfTest, State::Idle, State::Armed, State::Idle]));
    }

    /// REQ-SAF-042: the code permits exactly the moves of the table.
    #[test]
    fn code_is_the_table() {
        use Event::{Contact, Disarm, Level, NoContact, Passed, Probe, Pulse, Ramp, Reset, Trip};
        for from in State::ALL {
            for event in [Passed, Probe, Contact, NoContact, Pulse, Level, Ramp, Disarm, Trip, Reset] {
                let row =
                    TRANSITIONS.iter().find(|&&(f, e, _)| (f, e) == (from, event)).map(|&(_, _, to)| to);
                assert_eq!(from.after(event), row, "{from:?} on {event:?}");
            }
        }
    }

    /// REQ-SAF-043: what asks at compile time whether states are far apart refuses those that are not.
    #[test]
    fn states_too_near_are_refused() {
        assert!(far_apart(State::Idle, State::Armed) && all_far_apart(&State::ALL));
        assert!(!far_apart(State::Idle, State::Idle));
        assert!(!all_far_apart(&[State::Idle, State::Armed, State::Idle]));
    }
}
