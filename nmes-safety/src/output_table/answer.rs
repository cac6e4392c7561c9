//! What stands in a row.

use core::fmt;

use crate::rules::{Amount, Unit};

/// The loads that both documents name, in ohm.
pub const LOADS_OHM: [u32; 3] = [500, 2_000, 10_000];

/// The answer of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Answer {
    /// Words that follow from the plan.
    Words(&'static str),
    /// One value into each of [`LOADS_OHM`], rounded up.
    AtLoads {
        /// Unit of the values.
        unit: Unit,
        /// The values, in the order of the loads.
        values: [u64; 3],
    },
    /// One value.
    Figure {
        /// Unit of the value.
        unit: Unit,
        /// The value.
        value: u64,
    },
    /// From the least to the most that this plan allows.
    Range {
        /// Unit of both.
        unit: Unit,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// At least so much, and no bound above it.
    AtLeast {
        /// Unit of the value.
        unit: Unit,
        /// The least.
        value: u64,
    },
    /// The widths of the main phase and of the balancing phase, in µs, least and most.
    Phases {
        /// The main phase.
        main_us: [u64; 2],
        /// The phase that balances it.
        balancing_us: [u64; 2],
    },
    /// A number of things.
    Count(u64),
    /// Yes or no.
    YesNo(bool),
    /// The row does not apply, and why.
    NotApplicable(&'static str),
    /// Only the maker of a device can state it: what.
    MakerStates(&'static str),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |unit: Unit, value: u64| Amount { value, unit };
        match *self {
            Self::Words(words) => f.write_str(words),
            Self::AtLoads { unit, values: [low, middle, high] } => {
                let [one, two, three] = LOADS_OHM;
                write!(f, "{} @ {one} ohm, {} @ {two} ohm, ", show(unit, low), show(unit, middle))?;
                write!(f, "{} @ {three} ohm", show(unit, high))
            }
            Self::Figure { unit, value } => show(unit, value).fmt(f),
            Self::Range { unit, least, most } if least == most => show(unit, most).fmt(f),
            Self::Range { unit, least, most } => write!(f, "{} to {}", show(unit, least), show(unit, most)),
            Self::AtLeast { unit, value } => write!(f, "at least {}", show(unit, value)),
            Self::Phases { main_us, balancing_us } => {
                let range = |[least, most]: [u64; 2]| Self::Range { unit: Unit::Micros, least, most };
                write!(f, "main phase {}, balancing phase {}", range(main_us), range(balancing_us))
            }
            Self::Count(number) => write!(f, "{number}"),
            Self::YesNo(yes) => f.write_str(if yes { "yes" } else { "no" }),
            Self::NotApplicable(why) => write!(f, "not applicable: {why}"),
            Self::MakerStates(what) => write!(f, "the maker states: {what}"),
        }
    }
}

/// One row of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TableRow {
    /// Its number in the document, with a letter where a row has parts.
    pub number: &'static str,
    /// What is asked, in our words.
    pub title: &'static str,
    /// The answer.
    pub answer: Answer,
    /// What else has to be known to read it; empty for nothing.
    pub remark: &'static str,
}

impl TableRow {
    /// Whether it says what is asked, and something about it.
    pub(super) const fn is_answered(&self) -> bool {
        let says = match self.answer {
            Answer::Words(words) | Answer::NotApplicable(words) | Answer::MakerStates(words) => {
                !words.is_empty()
            }
            Answer::AtLoads { .. }
            | Answer::Figure { .. }
            | Answer::Range { .. }
            | Answer::AtLeast { .. }
            | Answer::Phases { .. }
            | Answer::Count(_)
            | Answer::YesNo(_) => true,
        };
        says && !self.title.is_empty()
    }

    pub(super) const fn new(number: &'static str, title: &'static str, answer: Answer) -> Self {
        Self { number, title, answer, remark: "" }
    }

    /// An answer with what else has to be known to read it.
    pub(super) const fn saying(
        number: &'static str,
        title: &'static str,
        (answer, remark): (Answer, &'static str),
    ) -> Self {
        Self { number, title, answer, remark }
    }

    pub(super) const fn noting(self, remark: &'static str) -> Self {
        Self { remark, ..self }
    }
}
