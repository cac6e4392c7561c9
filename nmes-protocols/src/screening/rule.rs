//! What a row does differently from the table, and why.

use super::{Action, Item, TABLE};
use crate::provenance::Sourced;
use core::fmt;

/// A row's own rule for an item: one that is what the row is for, or one that weighs more in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ItemRule {
    /// The item.
    pub item: Item,
    /// What a "yes" does in this row.
    pub does: RuleAction,
    /// Why.
    pub why: Sourced<&'static str>,
}

/// What a "yes" does in a row that has a rule for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum RuleAction {
    /// It has to be acknowledged.
    Acknowledge,
    /// It blocks, unless a specialist asks; then it has to be acknowledged.
    Specialist,
}

impl RuleAction {
    /// A few words for tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Acknowledge => "to be acknowledged",
            Self::Specialist => "blocks, or with a specialist to be acknowledged",
        }
    }
}

impl ItemRule {
    /// What a "yes" does, where a specialist asks or does not.
    #[must_use]
    pub const fn action(&self, specialist: bool) -> Action {
        match (self.does, specialist) {
            (RuleAction::Acknowledge, _) | (RuleAction::Specialist, true) => Action::Acknowledge,
            (RuleAction::Specialist, false) => Action::Block,
        }
    }
}

impl fmt::Display for ItemRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = TABLE.iter().find(|entry| entry.item == self.item).map_or("", |entry| entry.text);
        write!(f, "{text}: {}, by our choice: {}", self.does.word(), self.why.value)
    }
}
