//! All rows.

use crate::condition::Condition;
use crate::foot_drop::FOOT_DROP;

/// The rows of this release.
pub static CATALOGUE: &[&Condition] = &[&FOOT_DROP];

/// The row with this name, exactly as [`Condition::name`] spells it.
///
/// ```
/// assert_eq!(nmes_protocols::find("foot-drop").map(|row| row.name), Some("foot-drop"));
/// assert!(nmes_protocols::find("footdrop").is_none());
/// ```
#[must_use]
pub fn find(name: &str) -> Option<&'static Condition> {
    CATALOGUE.iter().copied().find(|row| row.name == name)
}

/// The names of all rows, for a list or a suggestion.
pub fn names() -> impl Iterator<Item = &'static str> {
    CATALOGUE.iter().map(|row| row.name)
}
