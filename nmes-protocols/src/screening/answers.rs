//! Answers to the table's questions, in three machine words.

use super::item::Item;

/// A set of items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ItemSet(u64);

#[cfg(feature = "serde")]
impl serde::Serialize for ItemSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(Item::ALL.iter().filter(|item| self.contains(**item)))
    }
}

impl ItemSet {
    /// None of them.
    pub const EMPTY: Self = Self(0);

    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the item is in it.
    #[must_use]
    pub const fn contains(self, item: Item) -> bool {
        self.0 & item.bit() != 0
    }

    /// The set with the item in it.
    #[must_use]
    pub const fn with(self, item: Item) -> Self {
        Self(self.0 | item.bit())
    }

    /// The set without the item.
    #[must_use]
    pub const fn without(self, item: Item) -> Self {
        Self(self.0 & !item.bit())
    }
}

/// What a person answered: yes, no or nothing for each item, and which "yes" was acknowledged.
///
/// ```
/// use nmes_protocols::{Answers, Item};
/// let answers = Answers::unanswered().no(Item::Pregnancy).yes(Item::Epilepsy);
/// assert_eq!(answers.answer(Item::Pregnancy), Some(false));
/// assert_eq!(answers.answer(Item::Epilepsy), Some(true));
/// assert_eq!(answers.answer(Item::ElectronicImplant), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Answers {
    answered: ItemSet,
    yes: ItemSet,
    acknowledged: ItemSet,
}

impl Answers {
    /// No question was answered.
    #[must_use]
    pub const fn unanswered() -> Self {
        Self { answered: ItemSet::EMPTY, yes: ItemSet::EMPTY, acknowledged: ItemSet::EMPTY }
    }

    /// Every question was answered with "no". Whoever assumes that for somebody has to say so.
    #[must_use]
    pub const fn all_no() -> Self {
        Self { answered: ItemSet(u64::MAX), yes: ItemSet::EMPTY, acknowledged: ItemSet::EMPTY }
    }

    /// The item was answered with "yes".
    #[must_use]
    pub const fn yes(self, item: Item) -> Self {
        Self { answered: self.answered.with(item), yes: self.yes.with(item), ..self }
    }

    /// The item was answered with "no"; an acknowledgement of it is dropped.
    #[must_use]
    pub const fn no(self, item: Item) -> Self {
        Self {
            answered: self.answered.with(item),
            yes: self.yes.without(item),
            acknowledged: self.acknowledged.without(item),
        }
    }

    /// The text of an item answered with "yes" was read and is accepted. Without a "yes" it changes nothing, and it
    /// never lifts a block.
    #[must_use]
    pub const fn acknowledge(self, item: Item) -> Self {
        if self.yes.contains(item) {
            Self { acknowledged: self.acknowledged.with(item), ..self }
        } else {
            self
        }
    }

    /// The answer, or `None` if there is none.
    #[must_use]
    pub const fn answer(&self, item: Item) -> Option<bool> {
        if self.answered.contains(item) { Some(self.yes.contains(item)) } else { None }
    }

    /// Whether a "yes" was acknowledged.
    #[must_use]
    pub const fn is_acknowledged(&self, item: Item) -> bool {
        self.acknowledged.contains(item)
    }
}
