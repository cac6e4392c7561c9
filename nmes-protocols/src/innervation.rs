//! The gate before any row: which neurone is damaged?

use crate::condition::{Condition, InnervationGate};
use crate::provenance::Provenance;
use core::fmt;

/// What is known of the lower motor neurone, from the spinal cord to the muscle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Innervation {
    /// The nerve answers short pulses.
    Intact,
    /// Some of it does.
    PartiallyDenervated,
    /// It does not.
    Denervated,
    /// Nobody has tested it.
    Unknown,
}

impl Innervation {
    /// One word for tables and command lines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Intact => "intact",
            Self::PartiallyDenervated => "partial",
            Self::Denervated => "denervated",
            Self::Unknown => "unknown",
        }
    }
}

/// A row that does not fit the state of the nerve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct InnervationRefusal {
    /// The row.
    pub row: &'static str,
    /// The nerve that it needs, or the muscle.
    pub nerve: &'static str,
    /// Whether that has to be intact.
    pub intact: bool,
    /// The state that was given.
    pub given: Innervation,
    /// Why, and what to do instead.
    pub why: &'static str,
    /// Where that is from.
    pub provenance: Provenance,
}

impl fmt::Display for InnervationRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (row, nerve, given) = (self.row, self.nerve, self.given.word());
        let intact = if self.intact { "an intact " } else { "" };
        write!(
            f,
            "{row} needs {intact}{nerve}; innervation was given as {given}: {} ({})",
            self.why, self.provenance
        )
    }
}

impl core::error::Error for InnervationRefusal {}

impl InnervationGate {
    /// Whether the row is for a nerve in this state.
    #[must_use]
    pub fn accepts(&self, innervation: Innervation) -> bool {
        self.accepted.contains(&innervation)
    }
}

/// Lets a row through only for the states of the nerve that it is for.
///
/// # Errors
/// Says why not, and what would be needed.
///
/// ```
/// use nmes_protocols::{FOOT_DROP, Innervation, check_innervation};
/// assert!(check_innervation(&FOOT_DROP, Innervation::Intact).is_ok());
/// let refusal = check_innervation(&FOOT_DROP, Innervation::Denervated).unwrap_err();
/// assert!(refusal.to_string().contains("10 ms"));
/// ```
pub fn check_innervation(row: &Condition, innervation: Innervation) -> Result<(), InnervationRefusal> {
    if row.needs.accepts(innervation) {
        return Ok(());
    }
    let text = match innervation {
        Innervation::Denervated => row.needs.if_denervated,
        Innervation::PartiallyDenervated => row.needs.if_partial,
        Innervation::Intact => row.needs.if_intact,
        Innervation::Unknown => row.needs.if_unknown,
    };
    Err(InnervationRefusal {
        row: row.name,
        nerve: row.needs.nerve,
        intact: row.needs.accepts(Innervation::Intact),
        given: innervation,
        why: text.value,
        provenance: text.provenance,
    })
}
