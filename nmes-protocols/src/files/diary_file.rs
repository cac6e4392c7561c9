//! A diary as a file, on a host: a year of it is more than a device, or a stack, has room for.

use super::bounded::LongList;
use super::error::{FileError, FileProblem, Place, Said};
use crate::diary::DiaryEntry;
use heapless::String;
use serde::{Deserialize, Serialize};

/// The version of diary files that this release writes and reads.
pub const DIARY_VERSION: u16 = 1;
/// Entries of one file: a year of two sessions a day.
const MAX_ENTRIES: usize = 732;

/// What the first line of a diary file says that it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiaryFormat {
    /// A diary.
    #[default]
    #[serde(rename = "nmes-diary")]
    Diary,
}

/// The sessions of one person, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiaryFile {
    /// That it is a diary.
    pub format: DiaryFormat,
    /// [`DIARY_VERSION`].
    pub version: u16,
    /// The code of the person.
    pub code: String<32>,
    /// The sessions, the oldest first.
    pub sessions: LongList<DiaryEntry, MAX_ENTRIES>,
}

impl DiaryFile {
    /// Holds the file against itself: version, known protocols, dates in order.
    ///
    /// # Errors
    /// Names the place, the value and what is allowed.
    pub fn validate(&self) -> Result<(), FileError> {
        if self.version != DIARY_VERSION {
            let problem = FileProblem::Version { found: self.version, known: DIARY_VERSION };
            return Err(FileError::new(Place::top("version"), problem));
        }
        for (index, entry) in self.sessions.iter().enumerate() {
            let words = |field, given, accepted| {
                FileError::new(Place::of("sessions", index, field), FileProblem::Words { given, accepted })
            };
            if crate::catalogue::find(&entry.protocol).is_none() {
                let given = Said::Word("no protocol has this name");
                return Err(words("protocol", given, "those of the catalogue"));
            }
            let before = index.checked_sub(1).and_then(|index| self.sessions.get(index));
            if before.is_some_and(|before| before.date > entry.date) {
                let given = Said::Word("earlier than the session before it");
                return Err(words("date", given, "dates in order, the oldest first"));
            }
            if let Some(pain) = entry.pain.filter(|pain| *pain > 10) {
                return Err(words("pain", Said::Number(u64::from(pain), ""), "0 to 10"));
            }
            if let Some(percent) = entry.mvic_percent.filter(|percent| *percent > 150) {
                return Err(words("mvic_percent", Said::Number(u64::from(percent), ""), "0 to 150"));
            }
        }
        Ok(())
    }
}
