//! Screening: one table of items by site, and what a set of answers makes of it.
//!
//! Lists overlap and disagree in places. The table keeps what each of them says, and acts on the strictest at each site.
//! Where it is milder than that, the entry says so as our choice, with the reason ([`Entry::eased_at`]). A row may have rules
//! of its own ([`ItemRule`]): what the row is for is acknowledged, where the table would block. It is our default for
//! software, not a clinical rule: a clinic maps it to its own.

mod answers;
mod item;
mod row_items;
mod rule;
mod table;

pub use answers::{Answers, ItemSet};
pub use item::{Entry, Item, ListSays};
pub use rule::{ItemRule, RuleAction};
pub use table::TABLE;

use crate::condition::Condition;
use crate::conditions::OWN_SESSION;
#[cfg(feature = "files")]
use crate::conditions::rules::DIRECT;
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

    /// The question that pads at this site answer with "yes", whatever a person says: pads on the chest, or on neck and head,
    /// send the current through them. No row of the catalogue that is enabled has its pads there.
    #[must_use]
    pub const fn answers(self) -> Option<Item> {
        match self {
            Self::Chest | Self::HeadNeck => Some(Item::ThroughHeartHeadOrNeck),
            Self::LowerLeg | Self::Thigh | Self::Arm | Self::Abdomen | Self::Face | Self::PelvicFloor => None,
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
    /// What a "yes" does where a list is this hard about it.
    #[must_use]
    pub const fn action(self) -> Action {
        match self {
            Self::None => Action::Clear,
            Self::Precaution => Action::Acknowledge,
            Self::SpecialistOnly | Self::Local | Self::Absolute => Action::Block,
        }
    }

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
    /// The pads themselves answer it with "yes", and that blocks, whatever a person or a specialist says.
    OfSite,
    /// Answered "yes", and not acknowledged yet.
    NotAcknowledged,
    /// Answered "yes", and acknowledged.
    Acknowledged,
    /// Not answered, and a "yes" would matter here.
    NotAnswered,
    /// Answered "yes" without being asked: the row does not ask it. To be acknowledged.
    NotAsked,
    /// Answered "yes", and nothing follows from it with pads at this site. It changes no outcome.
    NothingFollows,
}

impl Why {
    /// A few words for tables and messages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::OfSite => "the pads are there, and that blocks, whatever was answered",
            Self::NotAcknowledged => "to be acknowledged",
            Self::Acknowledged => "acknowledged",
            Self::NotAnswered => "not answered, and that blocks",
            Self::NotAsked => "not asked by this protocol; as it was said, to be acknowledged",
            Self::NothingFollows => "nothing follows from it at this site",
        }
    }
}

/// The result of [`screen`] or [`screen_row`]: sets of items, and their texts on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Screening {
    site: Site,
    rules: &'static [ItemRule],
    specialist: bool,
    of_site: ItemSet,
    blocking: ItemSet,
    unanswered: ItemSet,
    open: ItemSet,
    acknowledged: ItemSet,
    not_asked: ItemSet,
    nothing_follows: ItemSet,
}

impl Screening {
    const fn empty(site: Site, rules: &'static [ItemRule], specialist: bool) -> Self {
        let none = ItemSet::EMPTY;
        Self {
            site,
            rules,
            specialist,
            of_site: none,
            blocking: none,
            unanswered: none,
            open: none,
            acknowledged: none,
            not_asked: none,
            nothing_follows: none,
        }
    }

    /// Without a row that has weighed its site: the site answers.
    const fn empty_at(site: Site, rules: &'static [ItemRule]) -> Self {
        let empty = Self::empty(site, rules, false);
        match site.answers() {
            Some(item) => Self { of_site: ItemSet::EMPTY.with(item), ..empty },
            None => empty,
        }
    }

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

    /// Every item that came up, with its entry and why, in the order of the table. What each list says at the site is
    /// [`Entry::severity_at`]; whether the outcome is milder than that, [`Screening::by_our_choice`].
    pub fn findings(&self) -> impl Iterator<Item = (&'static Entry, Why)> + '_ {
        TABLE.iter().filter_map(|entry| self.why(entry.item).map(|why| (entry, why)))
    }

    /// The rule that the row has of its own for this item.
    #[must_use]
    pub fn rule(&self, item: Item) -> Option<&'static ItemRule> {
        self.rules.iter().find(|rule| rule.item == item)
    }

    /// Why a "yes" does less here than the strictest list would have it do. `None` where it does as much: then nothing was
    /// eased. Whoever shows a finding shows this with it.
    #[must_use]
    pub fn by_our_choice(&self, entry: &Entry) -> Option<&'static str> {
        let strictest = entry.severity_at(self.site).action();
        match self.rule(entry.item) {
            _ if self.not_asked.contains(entry.item) => {
                (Action::Acknowledge < strictest).then_some(NOT_ASKED)
            }
            Some(rule) => (rule.action(self.specialist) < strictest).then_some(rule.why.value),
            None => entry.eased_at(self.site),
        }
    }

    const fn why(&self, item: Item) -> Option<Why> {
        if self.of_site.contains(item) {
            Some(Why::OfSite)
        } else if self.blocking.contains(item) {
            Some(Why::Blocks)
        } else if self.unanswered.contains(item) {
            Some(Why::NotAnswered)
        } else if self.acknowledged.contains(item) {
            Some(Why::Acknowledged)
        } else if self.not_asked.contains(item) {
            Some(Why::NotAsked)
        } else if self.open.contains(item) {
            Some(Why::NotAcknowledged)
        } else if self.nothing_follows.contains(item) {
            Some(Why::NothingFollows)
        } else {
            None
        }
    }

    /// Puts an item where it belongs, from what a "yes" does and what was answered; `None` where nobody asks it.
    const fn put(&mut self, item: Item, action: Option<Action>, answers: &Answers) {
        if self.of_site.contains(item) {
            self.blocking = self.blocking.with(item);
            return;
        }
        let yes = matches!(answers.answer(item), Some(true));
        if action.is_none() && yes {
            self.not_asked = self.not_asked.with(item);
        }
        let set = match (action, answers.answer(item)) {
            (_, Some(false)) | (None | Some(Action::Clear), None) => return,
            (Some(Action::Clear), Some(true)) => &mut self.nothing_follows,
            (Some(_), None) => &mut self.unanswered,
            (Some(Action::Block), Some(true)) => &mut self.blocking,
            (None | Some(Action::Acknowledge), Some(true)) if answers.is_acknowledged(item) => {
                &mut self.acknowledged
            }
            (None | Some(Action::Acknowledge), Some(true)) => &mut self.open,
        };
        *set = set.with(item);
    }
}

/// Why a "yes" that was not asked for is acknowledged where a list would block.
const NOT_ASKED: &str = "this protocol does not ask it, as its sources do not; whoever said it weighs it";

impl fmt::Display for Screening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.outcome() {
            Outcome::NoBlockFound => "no block found",
            Outcome::NeedsAcknowledgement => "needs acknowledgement",
            Outcome::Blocked => "blocked",
        })?;
        for (entry, why) in self.findings() {
            let (severity, source) =
                (entry.severity_at(self.site).word(), entry.stricter_source_at(self.site).tag);
            let state = if why == Why::NotAnswered { "not answered" } else { why.word() };
            write!(f, "; {}: {state} [{severity}, {source}", entry.text)?;
            match (self.by_our_choice(entry), self.rule(entry.item)) {
                (Some(reason), _) => write!(f, "; eased by our choice: {reason}]")?,
                (None, Some(rule)) => write!(f, "; {}]", rule.why.value)?,
                (None, None) => f.write_str("]")?,
            }
        }
        Ok(())
    }
}

/// Holds answers against the table, for pads at `site`, with the `specific` items of a row added to the general ones. For
/// a row of the catalogue take [`screen_row`], which knows the row's own rules.
///
/// Pads on the chest, or on head and neck, block by themselves: see [`Site::answers`].
///
/// A question that nobody answered blocks as a "yes" would: silence is not a "no". A "yes" to an item that is not asked is
/// not dropped: it has to be acknowledged.
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
    held(Screening::empty_at(site, &[]), specific, answers)
}

/// The same for a row: its items, and its own rules for some of them. With `specialist` a specialist asks. A row of the
/// catalogue has weighed its site; what stands for one's own session has not, and there the site answers.
///
/// ```
/// use nmes_protocols::{Answers, Item, Outcome, find, screen_row};
/// let row = find("tka-stevens-lapsley").unwrap(); // begins 48 h after the operation
/// let answers = Answers::all_no().yes(Item::SurgeryOrFractureAtSite);
/// let screening = screen_row(row, row.site, false, &answers);
/// assert_eq!(screening.outcome(), Outcome::NeedsAcknowledgement);
/// let (entry, _) = screening.findings().next().unwrap();
/// assert_eq!(entry.severity_at(row.site).word(), "local"); // the stricter list is still said
/// assert!(screening.by_our_choice(entry).unwrap().contains("is for"));
/// ```
#[must_use]
pub fn screen_row(row: &Condition, site: Site, specialist: bool, answers: &Answers) -> Screening {
    let empty = if row.name == OWN_SESSION.name {
        Screening::empty_at(site, row.item_rules)
    } else {
        Screening::empty(site, row.item_rules, specialist)
    };
    held(empty, row.specific_items, answers)
}

/// The same for a session of one's own, whose pulses may leave a direct current.
#[cfg(feature = "files")]
pub(crate) fn screen_own(site: Site, direct: bool, answers: &Answers) -> Screening {
    held(Screening::empty_at(site, if direct { DIRECT } else { &[] }), &[], answers)
}

fn held(mut result: Screening, specific: &[Item], answers: &Answers) -> Screening {
    for entry in TABLE {
        let item = entry.item;
        let by_table = entry.action(result.site);
        let of_row = result.rule(item).map_or(by_table, |rule| rule.action(result.specialist));
        let asked = entry.general || specific.contains(&item);
        result.put(item, asked.then_some(of_row), answers);
    }
    result
}
