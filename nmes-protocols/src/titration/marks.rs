//! What an ascent marks, and the medians over several.

use super::MAX_REPEATS;
use nmes_core::MicroAmps;

/// What a train did, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Mark {
    /// It was felt.
    Sensory,
    /// The muscle answered.
    Motor,
    /// What the protocol aims at was seen.
    Functional,
    /// No more.
    Maximum,
}

impl Mark {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Sensory, Self::Motor, Self::Functional, Self::Maximum];

    /// A word for tables and keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sensory => "sensory",
            Self::Motor => "motor",
            Self::Functional => "functional",
            Self::Maximum => "maximum",
        }
    }

    pub(super) const fn index(self) -> usize {
        match self {
            Self::Sensory => 0,
            Self::Motor => 1,
            Self::Functional => 2,
            Self::Maximum => 3,
        }
    }
}

/// The marks of one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Marks([bool; 4]);

impl Marks {
    /// The train did nothing new.
    pub const NONE: Self = Self([false; 4]);

    /// These.
    #[must_use]
    pub fn of(marks: &[Mark]) -> Self {
        Self(Mark::ALL.map(|mark| marks.contains(&mark)))
    }

    /// Whether the mark is among them.
    #[must_use]
    pub fn contains(self, mark: Mark) -> bool {
        self.0.get(mark.index()).copied().unwrap_or(false)
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Mark> {
        Mark::ALL.into_iter().filter(move |mark| self.contains(*mark))
    }
}

/// The ascents that are whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ascents {
    rows: [[Option<MicroAmps>; 4]; MAX_REPEATS],
    count: usize,
}

impl Ascents {
    pub(super) const NONE: Self = Self { rows: [[None; 4]; MAX_REPEATS], count: 0 };

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    pub(super) fn push(&mut self, marks: [Option<MicroAmps>; 4]) {
        if let Some(slot) = self.rows.get_mut(self.count) {
            *slot = marks;
            self.count = self.count.saturating_add(1);
        }
    }

    /// The lower middle of a mark that every ascent has.
    pub(super) fn median(&self, mark: Mark) -> Option<MicroAmps> {
        let mut sorted = [MicroAmps::ZERO; MAX_REPEATS];
        let rows = self.rows.get(..self.count)?;
        for (slot, row) in sorted.iter_mut().zip(rows) {
            *slot = row.get(mark.index()).copied().flatten()?;
        }
        let sorted = sorted.get_mut(..self.count)?;
        sorted.sort_unstable();
        sorted.get(self.count.checked_sub(1)? / 2).copied()
    }
}
