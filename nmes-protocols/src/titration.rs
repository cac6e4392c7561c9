//! Titration: which amplitude is felt, moves the muscle, does what is aimed at, and is the most that is tolerated.
//!
//! A sans-I/O procedure in the order that a clinician follows by hand: short trains, each a step of at most 1 mA above the
//! one before, a rest and a question between them. Every call brings the time in milliseconds of one monotonic clock.
//! [`Titration::poll_at`] says when to call [`Titration::poll`]; a [`Command::Train`] that it hands back is for the host to
//! build, compile, check and put out like any other session, and [`Command::Off`] ends output at once. Each call does a
//! bounded amount of work.
//!
//! ```text
#![doc = include_str!("titration/state-diagram.txt")]
//! ```
//!
//! - **Any key stops at once**, in every state with a train or before one, and so do a refusal by the check, a train of
//!   which no end is told, and a question without an answer. What comes after is an ascent **from zero**; ascents that were
//!   whole are kept, the one that was stopped is not.
//! - **Never above the ceiling**: no train is asked for above it. An ascent that reaches it without "no more" ends there,
//!   and the maximum stays unknown.
//! - **Marks** are given after a train, in order: sensory, motor, functional, maximum. The first train of an ascent that
//!   got a mark has it. "Maximum" ends the ascent.
//! - **Result**: of each mark the median over all ascents (of an even number the lower middle), and only where every ascent
//!   has it. So the four come out in order.
//!
//! # Limitations
//! A train that a host refuses to end is bounded by the session that was checked for it, not by this. What is measured
//! holds for the width, the pads and their place; a subject file keeps them beside it.

mod config;
mod marks;
mod states;

pub use config::{TitrationConfig, TitrationError};
pub use marks::{Mark, Marks};
pub use states::{AnswerError, Command, DIAGRAM, State, StopReason, TRANSITIONS};

use marks::Ascents;
use nmes_core::MicroAmps;

/// The most ascents.
pub const MAX_REPEATS: usize = 5;

/// How much longer than its length a train may take before its end has to be told.
const END_WITHIN_MS: u64 = 1_000;

/// What was measured: medians, and what ended the ascents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Thresholds {
    /// Just felt.
    pub sensory: Option<MicroAmps>,
    /// The muscle just answers.
    pub motor: Option<MicroAmps>,
    /// What the protocol aims at was seen.
    pub functional: Option<MicroAmps>,
    /// As much as was tolerated.
    pub maximum: Option<MicroAmps>,
    /// Of how many ascents.
    pub repeats: u8,
    /// At least one ascent ended at the ceiling, so the maximum is not known.
    pub ceiling_reached: bool,
}

/// When to call [`Titration::poll`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollAt {
    /// At this millisecond.
    At(u64),
    /// Nothing is due.
    Never,
}

/// The procedure.
///
/// ```
/// use nmes_core::MicroAmps;
/// use nmes_protocols::titration::*;
/// let config = TitrationConfig::new(MicroAmps::from_microamps(30_000).unwrap()).unwrap().with_repeats(1).unwrap();
/// let mut titration = Titration::new(config);
/// let mut now = 0;
/// titration.start(now);
/// while titration.state() != State::Done {
///     let PollAt::At(due) = titration.poll_at() else { break };
///     now = due;
///     let Some(Command::Train { amplitude }) = titration.poll(now) else { break };
///     now += 1_000; // the host puts the train out, through build, compile and check
///     titration.train_ended(now);
///     // somebody who feels 8 mA, moves at 14, and has had enough at 22
///     let marks = match amplitude.as_microamps() {
///         8_000 => Marks::of(&[Mark::Sensory]),
///         14_000 => Marks::of(&[Mark::Motor]),
///         22_000 => Marks::of(&[Mark::Maximum]),
///         _ => Marks::NONE,
///     };
///     titration.answer(now, marks).unwrap();
/// }
/// let found = titration.thresholds().unwrap();
/// assert_eq!(found.motor.map(MicroAmps::as_microamps), Some(14_000));
/// assert_eq!(found.functional, None, "no ascent has the mark");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Titration {
    config: TitrationConfig,
    state: State,
    /// The train that runs, or the last one; 0 before the first of an ascent.
    level_ua: u32,
    /// When the state ends by itself.
    due_ms: u64,
    /// The marks of this ascent.
    marks: [Option<MicroAmps>; 4],
    ascents: Ascents,
    stopped: Option<StopReason>,
}

impl Titration {
    /// Before its start.
    #[must_use]
    pub const fn new(config: TitrationConfig) -> Self {
        Self {
            config,
            state: State::Idle,
            level_ua: 0,
            due_ms: 0,
            marks: [None; 4],
            ascents: Ascents::NONE,
            stopped: None,
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Why it stopped, while it is stopped.
    #[must_use]
    pub const fn stopped(&self) -> Option<StopReason> {
        self.stopped
    }

    /// The amplitude of the train that runs, or of the last one; 0 before the first of an ascent.
    #[must_use]
    pub fn level(&self) -> MicroAmps {
        MicroAmps::from_microamps(self.level_ua).unwrap_or(MicroAmps::ZERO)
    }

    /// The ascent that is under way, counted from 1.
    #[must_use]
    pub fn ascent(&self) -> usize {
        self.ascents.count().saturating_add(1)
    }

    /// The times and the ceiling.
    #[must_use]
    pub const fn config(&self) -> &TitrationConfig {
        &self.config
    }

    /// Begins; or begins an ascent that was stopped again, from zero. Anywhere else it changes nothing.
    pub fn start(&mut self, now_ms: u64) {
        if matches!(self.state, State::Idle | State::Stopped) {
            self.stopped = None;
            self.ascend(now_ms);
        }
    }

    /// Any key: ends at once. Nothing in Idle, Done and Stopped.
    pub fn key(&mut self) -> Option<Command> {
        self.stop(StopReason::Key)
    }

    /// The train was not built, compiled or checked, or ended by a fault.
    pub fn refused(&mut self) -> Option<Command> {
        if self.state == State::Stimulating { self.stop(StopReason::Refused) } else { None }
    }

    /// The train that was asked for has ended.
    pub fn train_ended(&mut self, now_ms: u64) {
        if self.state == State::Stimulating {
            self.enter(State::Asking, now_ms, self.config.answer_ms);
        }
    }

    /// What the train did: none of the marks, one or several.
    ///
    /// # Errors
    /// Nobody was asked, or a mark stands before one that this ascent has already. Nothing changes then.
    pub fn answer(&mut self, now_ms: u64, given: Marks) -> Result<(), AnswerError> {
        if self.state != State::Asking {
            return Err(AnswerError::NotAsked { state: self.state });
        }
        if let Some(after) = self.highest() {
            let early = given.iter().find(|mark| *mark < after && self.mark(*mark).is_none());
            if let Some(given) = early {
                return Err(AnswerError::OutOfOrder { given, after });
            }
        }
        let level = self.level();
        for (mark, slot) in Mark::ALL.into_iter().zip(&mut self.marks) {
            if given.contains(mark) && slot.is_none() {
                *slot = Some(level);
            }
        }
        let enough = given.contains(Mark::Maximum);
        if enough || self.next_ua().is_none() {
            self.ascents.push(self.marks);
            if self.ascents.count() >= usize::from(self.config.repeats) {
                self.state = State::Done;
            } else {
                self.ascend(now_ms);
            }
        } else {
            self.enter(State::Resting, now_ms, self.config.rest_ms);
        }
        Ok(())
    }

    /// When to call [`Titration::poll`] next.
    #[must_use]
    pub const fn poll_at(&self) -> PollAt {
        match self.state {
            State::Resting | State::Stimulating | State::Asking => PollAt::At(self.due_ms),
            State::Idle | State::Done | State::Stopped => PollAt::Never,
        }
    }

    /// What is due at this time: the next train after a rest; the end of everything where an answer or the end of a train
    /// did not come. Early calls change nothing.
    pub fn poll(&mut self, now_ms: u64) -> Option<Command> {
        if now_ms < self.due_ms {
            return None;
        }
        match self.state {
            State::Resting => {
                // above the ceiling nothing is asked for: `answer` ended the ascent
                self.level_ua = self.next_ua().unwrap_or(self.level_ua);
                self.enter(State::Stimulating, now_ms, self.config.train_ms);
                self.due_ms = self.due_ms.saturating_add(END_WITHIN_MS);
                Some(Command::Train { amplitude: self.level() })
            }
            State::Stimulating => self.stop(StopReason::NoEnd),
            State::Asking => self.stop(StopReason::NoAnswer),
            State::Idle | State::Done | State::Stopped => None,
        }
    }

    /// What was measured, once all ascents are whole.
    #[must_use]
    pub fn thresholds(&self) -> Option<Thresholds> {
        if self.state != State::Done {
            return None;
        }
        let [sensory, motor, functional, maximum] = Mark::ALL.map(|mark| self.ascents.median(mark));
        Some(Thresholds {
            sensory,
            motor,
            functional,
            maximum,
            repeats: self.config.repeats,
            ceiling_reached: maximum.is_none(),
        })
    }

    /// From zero.
    fn ascend(&mut self, now_ms: u64) {
        self.level_ua = 0;
        self.marks = [None; 4];
        self.enter(State::Resting, now_ms, self.config.rest_ms);
    }

    fn enter(&mut self, state: State, now_ms: u64, for_ms: u32) {
        self.state = state;
        self.due_ms = now_ms.saturating_add(u64::from(for_ms));
    }

    /// One step up; `None` where that is above the ceiling.
    fn next_ua(&self) -> Option<u32> {
        self.level_ua.checked_add(self.config.step_ua).filter(|ua| *ua <= self.config.ceiling_ua)
    }

    fn highest(&self) -> Option<Mark> {
        Mark::ALL.into_iter().rev().find(|mark| self.mark(*mark).is_some())
    }

    fn mark(&self, mark: Mark) -> Option<MicroAmps> {
        self.marks.get(mark.index()).copied().flatten()
    }

    fn stop(&mut self, reason: StopReason) -> Option<Command> {
        match self.state {
            State::Resting | State::Stimulating | State::Asking => {
                self.state = State::Stopped;
                self.stopped = Some(reason);
                self.level_ua = 0;
                Some(Command::Off)
            }
            State::Idle | State::Done | State::Stopped => None,
        }
    }
}
