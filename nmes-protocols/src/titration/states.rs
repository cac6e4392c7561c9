//! Where the procedure is, what it asks of the host, and why it stops.

use super::Mark;
use core::fmt;
use nmes_core::MicroAmps;

/// The drawing at the top of the module, with the list of transitions; a test holds [`TRANSITIONS`] against it.
pub const DIAGRAM: &str = include_str!("state-diagram.txt");

/// Where the procedure is. There is output only in [`State::Stimulating`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum State {
    /// Not started.
    Idle,
    /// Before a train.
    Resting,
    /// A train runs.
    Stimulating,
    /// The person is asked what the train did.
    Asking,
    /// All ascents are whole.
    Done,
    /// Ended before that.
    Stopped,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Idle, Self::Resting, Self::Stimulating, Self::Asking, Self::Done, Self::Stopped];

    /// The name in the diagram.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "IDLE",
            Self::Resting => "RESTING",
            Self::Stimulating => "STIMULATING",
            Self::Asking => "ASKING",
            Self::Done => "DONE",
            Self::Stopped => "STOPPED",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which state may follow which.
pub const TRANSITIONS: &[(State, State)] = &[
    (State::Idle, State::Resting),
    (State::Resting, State::Stimulating),
    (State::Resting, State::Stopped),
    (State::Stimulating, State::Asking),
    (State::Stimulating, State::Stopped),
    (State::Asking, State::Resting),
    (State::Asking, State::Done),
    (State::Asking, State::Stopped),
    (State::Stopped, State::Resting),
];

/// What the host is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Command {
    /// Put out a train of the configured length at this amplitude, through build, compile and check, and tell its end by
    /// [`Titration::train_ended`](super::Titration::train_ended).
    Train {
        /// Amplitude of the primary phase; never above the ceiling.
        amplitude: MicroAmps,
    },
    /// End output at once.
    Off,
}

/// Why it stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum StopReason {
    /// A key.
    Key,
    /// A train was not built, compiled or checked, or the stimulator faulted.
    Refused,
    /// Nobody answered.
    NoAnswer,
    /// The end of a train was not told.
    NoEnd,
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "a key was pressed",
            Self::Refused => "a train was refused",
            Self::NoAnswer => "nobody answered",
            Self::NoEnd => "the end of a train was not told",
        })
    }
}

/// An answer that is not taken; nothing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerError {
    /// Nobody was asked.
    NotAsked {
        /// Where the procedure is.
        state: State,
    },
    /// The mark stands before one that was given already in this ascent.
    OutOfOrder {
        /// The mark.
        given: Mark,
        /// The one that was given.
        after: Mark,
    },
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked { state } => {
                write!(f, "an answer while {state}; accepted: while {}", State::Asking)
            }
            Self::OutOfOrder { given, after } => {
                write!(f, "{} after {}; accepted: in the order of the amplitudes", given.word(), after.word())
            }
        }
    }
}

impl core::error::Error for AnswerError {}
