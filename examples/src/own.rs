//! A session file of either kind: of a protocol, or one's own.
#![expect(clippy::result_large_err, reason = "what the files' own functions answer with, by value")]

use nmes_protocols::conditions::OWN_SESSION;
use nmes_protocols::files::{FileError, OwnFile, SessionFile, Syntax};
use nmes_protocols::{Answers, Built, Condition, Provenance, Sourced, Storage, Subject};

/// What a session file holds. One's own lives as long as the program: it is read once.
#[derive(Clone, Debug)]
pub enum SessionOnDisk {
    /// A session of a protocol.
    Protocol(Box<SessionFile>),
    /// One's own.
    Own(&'static OwnFile),
}

impl SessionOnDisk {
    /// The protocol; or what stands for one, with the name, site and use class of the file.
    ///
    /// # Errors
    /// No protocol has this name.
    pub fn row(&self) -> Result<&'static Condition, FileError> {
        let file = match self {
            Self::Protocol(file) => return file.row(),
            Self::Own(file) => file,
        };
        let provenance = Provenance::Ours { reason: "the file says so" };
        let use_class = Sourced::new(file.use_class, provenance);
        let row = Condition { title: &file.name, site: file.site, use_class, ..OWN_SESSION };
        Ok(Box::leak(Box::new(row)))
    }

    /// The session, through every gate of its kind.
    ///
    /// # Errors
    /// Names the place, the value and what is allowed.
    pub fn build<'s>(
        &self,
        subject: &Subject,
        answers: &Answers,
        storage: &'s mut Storage,
    ) -> Result<Built<'s>, FileError> {
        match self {
            Self::Protocol(file) => file.build(subject, answers, storage),
            Self::Own(file) => file.build(answers, storage),
        }
    }

    /// How many channels it has.
    #[must_use]
    pub fn channels(&self) -> usize {
        match self {
            Self::Protocol(file) => file.channels.len(),
            Self::Own(file) => file.channels.len(),
        }
    }

    /// The smaller pad of a channel, where the file says it.
    #[must_use]
    pub fn electrode_mm2(&self, channel: u8) -> Option<u32> {
        match self {
            Self::Protocol(_) => None,
            Self::Own(file) => file.channels.get(usize::from(channel)).map(|c| c.electrode_mm2),
        }
    }

    /// The file as a text.
    #[must_use]
    pub fn to_text(&self, syntax: Syntax) -> String {
        match self {
            Self::Protocol(file) => file.to_text(syntax),
            Self::Own(file) => file.to_text(syntax),
        }
    }
}
