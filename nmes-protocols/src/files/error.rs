//! What stands against a file: where, what was given, what is allowed.

use crate::build_error::BuildError;
use crate::provenance::{Provenance, Unit};
use crate::waveform::WaveKind;
use core::fmt;
use nmes_core::{Balance, ConfigError, Control, Polarity};
use nmes_safety::LimitError;
use nmes_safety::rules::Rule;

/// A place in a file, as in `channels[1].pulse.width_us`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The list it is in, and which of it, counted from 0.
    pub list: Option<(&'static str, usize)>,
    /// The field, with the tables on the way; empty for the entry of the list itself.
    pub field: &'static str,
}

impl Place {
    pub(crate) const fn top(field: &'static str) -> Self {
        Self { list: None, field }
    }

    pub(crate) const fn of(list: &'static str, index: usize, field: &'static str) -> Self {
        Self { list: Some((list, index)), field }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.list {
            None => f.write_str(self.field),
            Some((list, index)) if self.field.is_empty() => write!(f, "{list}[{index}]"),
            Some((list, index)) => write!(f, "{list}[{index}].{}", self.field),
        }
    }
}

/// A value of a file, for an error to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Said {
    /// A number with the symbol of its unit.
    Number(u64, &'static str),
    /// What a phase looks like.
    Wave(WaveKind),
    /// How the charge comes back.
    Balance(Balance),
    /// Which way the primary phase drives.
    Leading(Polarity),
    /// What a ramp moves.
    Control(Control),
    /// A word.
    Word(&'static str),
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number, "") => write!(f, "{number}"),
            Self::Number(number, unit) => write!(f, "{number} {unit}"),
            Self::Wave(kind) => kind.fmt(f),
            Self::Balance(Balance::Symmetric) => f.write_str("symmetric"),
            Self::Balance(Balance::Asymmetric { length_percent }) => {
                write!(f, "asymmetric, {length_percent} % as long")
            }
            Self::Balance(Balance::DeclaredDc { at_most }) => {
                write!(f, "a declared direct current of {at_most}")
            }
            Self::Leading(Polarity::Positive) => f.write_str("positive"),
            Self::Leading(Polarity::Negative) => f.write_str("negative"),
            Self::Control(Control::Amplitude) => f.write_str("amplitude"),
            Self::Control(Control::Width) => f.write_str("width"),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// What is wrong at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileProblem {
    /// A version that this release does not read.
    Version {
        /// The version of the file.
        found: u16,
        /// The one that is read.
        known: u16,
    },
    /// No row of the catalogue has this name.
    NoSuchProtocol,
    /// Outside the range of the file's protocol.
    Range {
        /// The value given.
        value: u64,
        /// The least that is taken.
        min: u64,
        /// The most that is taken.
        max: u64,
        /// Their unit.
        unit: Unit,
        /// Where the range is from.
        limit: Provenance,
    },
    /// Looser than a rule lets anybody state.
    Limit {
        /// The rule.
        rule: &'static Rule,
        /// The value given, in the rule's unit.
        value: u64,
        /// The least that is taken.
        min: u64,
        /// The most that is taken.
        max: u64,
    },
    /// Not what the protocol makes of the rest of the file.
    Other {
        /// What was given.
        given: Said,
        /// What is taken.
        accepted: Said,
    },
    /// A setup does not take the limit.
    Stated(LimitError),
    /// nmes-core does not take the value.
    Config(ConfigError),
    /// The builder refuses: a gate, the screening, or times that exclude one another.
    Build(BuildError),
    /// Something else that the text says.
    Words {
        /// What was given.
        given: Said,
        /// What is taken.
        accepted: &'static str,
    },
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { found, known } => write!(f, "version {found} is not known; accepted: {known}"),
            Self::NoSuchProtocol => {
                f.write_str("no protocol has this name; accepted: those of the catalogue")
            }
            Self::Range { value, min, max, unit, limit } => {
                let unit = unit.symbol();
                write!(
                    f,
                    "{value} {unit} is outside what the protocol takes; accepted: {min} to {max} {unit} ({limit})"
                )
            }
            Self::Limit { rule, value, min, max } => {
                let (value, least) = (rule.amount(*value), rule.amount(*min));
                write!(f, "{value} is looser than {} lets anybody state; accepted: {least}", rule.id)?;
                if *max == u64::MAX {
                    f.write_str(" or more")?
                } else {
                    write!(f, " to {}", rule.amount(*max))?
                }
                write!(f, " ({})", rule.source)
            }
            Self::Other { given, accepted } => {
                write!(f, "{given} is not what the protocol makes of it; accepted: {accepted}")
            }
            Self::Stated(error) => error.fmt(f),
            Self::Config(error) => error.fmt(f),
            Self::Build(error) => error.fmt(f),
            Self::Words { given, accepted } => write!(f, "{given}; accepted: {accepted}"),
        }
    }
}

/// What stands against a file, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileError {
    /// Where.
    pub place: Place,
    /// What.
    pub problem: FileProblem,
}

impl FileError {
    pub(crate) const fn new(place: Place, problem: FileProblem) -> Self {
        Self { place, problem }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

impl core::error::Error for FileError {}
