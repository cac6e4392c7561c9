//! The foot-drop trigger: heel switches in, gate commands out.
//!
//! A sans-I/O state machine. It reads no clock and no pin: every call brings the time in microseconds of one
//! monotonic clock, and may hand back one command for the gate of the session. [`Trigger::poll_at`] says when to call
//! [`Trigger::poll`] next. Each call does a bounded amount of work: at most 16 changes of state.
//!
//! ```text
#![doc = include_str!("gait/state-diagram.txt")]
//! ```
//!
//! # How it decides
//! - **Debounce**: a level counts once it has lasted for the debounce time, both ways; then it counts *from its first
//!   edge*. The extension is measured from that edge, and a delay contains the debounce time. So a lift costs 25 ms, a
//!   strike nothing. Acting on every first edge instead would start a burst at every spike in stance.
//! - **The other heel** ([`Trigger::other_heel`]) starts nothing. But when it has just struck, after a lift as long as a
//!   swing, both feet carry and the treated foot is about to leave: then a lift of the treated heel starts at its first
//!   edge, in EARLY, while the debounce time runs. One strike vouches for one such start, within the vouching time. In
//!   EARLY the ramp begins at its floor; while a bouncing contact is closed the level stays where it is; and a lift that
//!   does not last ends by itself: at most 4 debounce times and the shortest ramp-down after its first edge (0.2 s by
//!   default), from at most the middle of the ramp when it was a single spike. With a ramp shorter than two debounce
//!   times, or a delay, there is no early start.
//! - **Refractory**: a step needs that much stance before it, and openings stand at least that far apart. A lift that
//!   comes earlier is not lost: the step opens late, when the time has passed.
//! - **Time-out**: a share of the median time from heel-off to strike of the last five steps, never below
//!   `hold_max`, never above `hold_cap`. After a time-out (sitting, a stuck switch, a lost signal) nothing starts until
//!   the heel was down for the refractory time.
//! - **Extension and ramp-down** together take at most a share of the median stance of the last five steps: the
//!   extension is shortened first, then the ramp, down to its minimum.
//! - **Shuffling**: heel-off during extension or ramp-down opens again from the present level. Such a run without an
//!   Off ends after `merge_max`, at the next strike.
//! - **Chatter**: six levels within a second that outlast the debounce time and are shorter than four of them are no
//!   foot. Output ramps down, and nothing starts until the heel was down for the refractory time.
//! - **Broken wire**: an open line is not a lifted heel. It ramps down and stays in FAULT until acknowledged.
//!
//! # When the other switch fails
//!
//! | it is | what happens |
//! |---|---|
//! | not there, never read | the treated heel alone, debounced; nothing is said |
//! | an open line | the same; [`TriggerNote::OtherLineOpen`] |
//! | stuck, either way, or silent | the same, it never strikes; [`TriggerNote::OtherSilent`] after five steps |
//! | bouncing | a lift shorter than four debounce times is no swing: it vouches for nothing |
//! | struck, and no step follows (the person stops) | nothing: only a lift of the treated heel starts output |
//!
//! # Limitations
//! A lost signal that looks like a level cannot be told from that level: a switch stuck open ends by its time-out, a
//! switch stuck closed makes no step. Commands are given when the trigger is called; a host that polls late acts late.

mod config;
mod debounce;
mod early;
mod history;
mod noise;
mod other;
mod transitions;
mod trigger;
mod work;

pub use config::{GaitConfig, GaitConfigError, GaitTimes};
pub(crate) use debounce::Debounce;
pub(crate) use history::History;
pub use transitions::{State, TRANSITIONS};
pub use trigger::Trigger;

use core::fmt;
use nmes_core::Millis;

/// The drawing at the top of this module, with the list of transitions; a test holds [`TRANSITIONS`] against it.
pub const DIAGRAM: &str = include_str!("gait/state-diagram.txt");

/// What the heel switch reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Heel {
    /// The heel is on the ground.
    Loaded,
    /// The heel is off the ground.
    Lifted,
    /// The line check says that the wire is broken or the switch is not plugged in.
    LineOpen,
}

/// What the gate of the session is told. [`GateCommand::Hold`] freezes the level, for a heel that strikes while the
/// level still rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum GateCommand {
    /// Start, or rise again from the present level.
    Open,
    /// Stay at the present level.
    Hold,
    /// Ramp down.
    Close {
        /// Over this time.
        down: Millis,
    },
}

impl From<GateCommand> for nmes_core::GateInput {
    fn from(command: GateCommand) -> Self {
        match command {
            GateCommand::Open => Self::Open,
            GateCommand::Hold => Self::Hold,
            GateCommand::Close { down } => Self::Close { down: Some(down) },
        }
    }
}

/// When to poll next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PollAt {
    /// At this time, in microseconds. It may have passed.
    At(u64),
    /// Not before the next input.
    Never,
}

/// What a person or a log should know. The machine acts on all of these by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum TriggerNote {
    /// Nobody has said yet what the switch reads: no start.
    NoSwitch,
    /// The heel did not come back within the time-out: sitting, a switch stuck open, or a lost signal. The output ends
    /// and the next step needs a full heel strike.
    TimedOut {
        /// The time-out, in milliseconds.
        after_ms: u32,
    },
    /// A second edge of the same kind came with none of the other between: one was lost. It restarts no time-out.
    RepeatedEdge {
        /// Whether the edge said "lifted".
        lifted: bool,
    },
    /// Ten bounces within a second: the switch chatters. The believed level stays.
    BounceStorm,
    /// Six lifts and strikes within a second, each too short for a foot: output ends, and the next step needs a full
    /// heel strike.
    Chatter,
    /// A lift that the other foot vouched for did not last: output ended over the shortest ramp-down.
    FalseStart,
    /// The line of the other switch is open: the treated heel alone starts steps, after the debounce time.
    OtherLineOpen,
    /// The other heel has not struck for five steps: as above.
    OtherSilent,
    /// Stimulation merged across stance: the Off between two steps was shorter than wanted, or there was none.
    Merged {
        /// The Off there was, in milliseconds.
        off_ms: u32,
    },
    /// A run of steps with no Off between was ended; the next step needs a full heel strike.
    RunEnded,
    /// Stopped with the foot in the air.
    EndedMidStep,
    /// The line is open: a broken wire, or no switch.
    LineOpen,
    /// A time before the last one: a little out of order, or a clock that has begun again, which ends the step.
    ClockBackwards,
}

impl fmt::Display for TriggerNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSwitch => f.write_str("no heel switch: nothing is started"),
            Self::TimedOut { after_ms } => {
                write!(f, "no heel strike within {after_ms} ms: output ended, waiting for a full heel strike")
            }
            Self::RepeatedEdge { lifted: true } => {
                f.write_str("two heel-offs in a row: the strike between was lost")
            }
            Self::RepeatedEdge { lifted: false } => {
                f.write_str("two strikes in a row: the heel-off between was lost")
            }
            Self::BounceStorm => f.write_str("the heel switch chatters: ten bounces within a second"),
            Self::Chatter => f.write_str(
                "the heel switch chatters faster than any foot: output ended, waiting for a full heel strike",
            ),
            Self::FalseStart => f.write_str("false start: the heel rose for less than the debounce time"),
            Self::OtherLineOpen => {
                f.write_str("other heel switch: line open; the treated heel is debounced before each step")
            }
            Self::OtherSilent => f.write_str(
                "other heel switch: no strike for five steps; the treated heel is debounced before each step",
            ),
            Self::Merged { off_ms } => write!(f, "stimulation merged across stance: {off_ms} ms of Off"),
            Self::RunEnded => {
                f.write_str("steps without an Off for too long: output ended, waiting for a full strike")
            }
            Self::EndedMidStep => f.write_str("ended in mid-step: the gate was closed"),
            Self::LineOpen => {
                f.write_str("heel-switch line open: output ended, acknowledge when it is mended")
            }
            Self::ClockBackwards => f.write_str("the clock went backwards"),
        }
    }
}

/// Counts since the trigger was made. They saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Counters {
    /// Steps opened, re-openings included.
    pub steps: u32,
    /// Of these: started at the first edge of the lift.
    pub early: u32,
    /// Lifts that started something and did not last.
    pub false_starts: u32,
    /// Stances with less Off than wanted, those with none included.
    pub merged: u32,
    /// Steps ended by the time-out.
    pub timeouts: u32,
    /// Changes of the switch that did not last.
    pub bounces: u32,
    /// Repeated edges, chatter faster than any foot, and clocks that went backwards.
    pub contradictions: u32,
    /// Test bursts.
    pub tests: u32,
    /// Notes that were dropped because nobody took the earlier ones.
    pub notes_lost: u32,
    /// Time with output, in microseconds.
    pub on_us: u64,
}
