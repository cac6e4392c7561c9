//! Screening: one table of items by site, and what a set of answers makes of it.
//!
//! Two lists overlap and disagree in places. The table keeps what each of them says, and acts on the stricter. It is
//! our default for software, not a clinical rule: a clinic maps it to its own.

mod answers;
mod item;
mod row_items;
mod table;

pub use answers::{Answers, ItemSet};
pub use item::{Entry, Item, ListSays};
pub use table::TABLE;

use core::fmt;

/// Where the pads are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Site {
    /// Below the knee.
    LowerLeg,
    /// Knee to hip.
    Thigh,
    /// Shoulder to hand.
    Arm,
    /// Abdomen, lower back and pelvis.
    Abdomen,
    /// Chest and upper back.
    Chest,
    /// Neck, throat and head: current through them.
    HeadNeck,
    /// Small pads on the muscles of the face, away from eye and carotid sinus.
    Face,
    /// Pelvic floor, by a probe made for it or by pads beside it; and the sacrum.
    PelvicFloor,
}

impl Site {
    /// All of them, in the order of the table's columns.
    pub const ALL: [Self; 8] = [
        Self::LowerLeg,
        Self::Thigh,
        Self::Arm,
        Self::Abdomen,
        Self::Chest,
        Self::HeadNeck,
        Self::Face,
        Self::PelvicFloor,
    ];

    /// A word for tables and messages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::LowerLeg => "lower leg",
            Self::Thigh => "thigh",
            Self::Arm => "arm",
            Self::Abdomen => "abdomen or back",
            Self::Chest => "chest",
            Self::HeadNeck => "head or neck",
            Self::Face => "face",
            Self::PelvicFloor => "pelvic floor",
        }
    }
}

/// What follows from a "yes", from the mildest to the strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Action {
    /// Nothing.
    Clear,
    /// Has to be acknowledged, with the text of the item read.
    Acknowledge,
    /// Blocks a session of this crate.
    Block,
}

/// How hard a list is about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Severity {
    /// It says that this is no contraindication.
    None,
    /// Care, a warning, a note.
    Precaution,
    /// Only by a specialist.
    SpecialistOnly,
    /// Never at or near the site that it speaks of.
    Local,
    /// Never.
    Absolute,
}

impl Severity {
    /// A word for tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Precaution => "precaution",
            Self::SpecialistOnly => "specialist only",
            Self::Local => "local",
            Self::Absolute => "absolute",
        }
    }
}

/// What the table makes of a set of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Outcome {
    /// Every question was answered and nothing in the table stands against it. That is all it says.
    NoBlockFound,
    /// Something has to be acknowledged first.
    NeedsAcknowledgement,
    /// A contraindication, or a question that nobody answered.
    Blocked,
}

/// Why an item came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Why {
    /// Answered "yes", and that blocks.
    Blocks,
    /// Answered "yes", and not acknowledged yet.
    NotAcknowledged,
    /// Answered "yes", and acknowledged.
    Acknowledged,
    /// Not answered, and a "yes" would matter here.
    NotAnswered,
}

/// The result of [`screen`]: sets of items, and their texts on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Screening {
    site: Site,
    blocking: ItemSet,
    unanswered: ItemSet,
    open: ItemSet,
    acknowledged: ItemSet,
}

impl Screening {
    /// The result in one word.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        if !self.blocking.is_empty() || !self.unanswered.is_empty() {
            Outcome::Blocked
        } else if !self.open.is_empty() {
            Outcome::NeedsAcknowledgement
        } else {
            Outcome::NoBlockFound
        }
    }

    /// The site it was made for.
    #[must_use]
    pub const fn site(&self) -> Site {
        self.site
    }

    /// Every item that came up, with its entry and why, in the order of the table.
    pub fn findings(&self) -> impl Iterator<Item = (&'static Entry, Why)> + '_ {
        TABLE.iter().filter_map(|entry| self.why(entry.item).map(|why| (entry, why)))
    }

    const fn why(&self, item: Item) -> Option<Why> {
        if self.blocking.contains(item) {
            Some(Why::Blocks)
        } else if self.unanswered.contains(item) {
            Some(Why::NotAnswered)
        } else if self.open.contains(item) {
            Some(Why::NotAcknowledged)
        } else if self.acknowledged.contains(item) {
            Some(Why::Acknowledged)
        } else {
            None
        }
    }
}

impl fmt::Display for Screening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.outcome() {
            Outcome::NoBlockFound => "no block found",
            Outcome::NeedsAcknowledgement => "needs acknowledgement",
            Outcome::Blocked => "blocked",
        })?;
        for (entry, why) in self.findings() {
            let state = match why {
                Why::Blocks => "blocks",
                Why::NotAcknowledged => "to be acknowledged",
                Why::Acknowledged => "acknowledged",
                Why::NotAnswered => "not answered",
            };
            write!(f, "; {}: {state} [{}]", entry.text, entry.stricter_source().tag)?;
        }
        Ok(())
    }
}

/// Holds answers against the table, for pads at `site`, with the `specific` items of a row added to the general ones.
///
/// A question that nobody answered blocks as a "yes" would: silence is not a "no".
///
/// ```
/// use nmes_protocols::{Answers, Item, Outcome, Site, screen};
/// let answers = Answers::all_no().yes(Item::Epilepsy);
/// assert_eq!(screen(Site::LowerLeg, &[], &answers).outcome(), Outcome::NeedsAcknowledgement);
/// assert_eq!(screen(Site::HeadNeck, &[], &answers).outcome(), Outcome::Blocked);
/// let answers = answers.acknowledge(Item::Epilepsy);
/// assert_eq!(screen(Site::LowerLeg, &[], &answers).outcome(), Outcome::NoBlockFound);
/// assert_eq!(screen(Site::LowerLeg, &[], &Answers::unanswered()).outcome(), Outcome::Blocked);
/// ```
#[must_use]
pub fn screen(site: Site, specific: &[Item], answers: &Answers) -> Screening {
    let mut result = Screening {
        site,
        blocking: ItemSet::EMPTY,
        unanswered: ItemSet::EMPTY,
        open: ItemSet::EMPTY,
        acknowledged: ItemSet::EMPTY,
    };
    for entry in TABLE.iter().filter(|entry| entry.general || specific.contains(&entry.item)) {
        let item = entry.item;
        let set = match (entry.action(site), answers.answer(item)) {
            (Action::Clear, _) | (_, Some(false)) => continue,
            (_, None) => &mut result.unanswered,
            (Action::Block, Some(true)) => &mut result.blocking,
            (Action::Acknowledge, Some(true)) if answers.is_acknowledged(item) => &mut result.acknowledged,
            (Action::Acknowledge, Some(true)) => &mut result.open,
        };
        *set = set.with(item);
    }
    result
}
