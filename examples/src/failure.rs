//! Why the workbench ends without what was asked for, and with which exit status.

use std::fmt;

/// An end that is not "done".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A rule, the screening or a gate said no; nothing was run. Exit status 1.
    Denied(String),
    /// The same where nothing would have been run. Exit status 1.
    Refused(String),
    /// A fault or a trip ended the run, or lowered its level. Exit status 1.
    Faulted(String),
    /// The input cannot be taken, or a file cannot be written. Exit status 2.
    Input(String),
}

impl Failure {
    /// The exit status.
    #[must_use]
    pub const fn exit_status(&self) -> u8 {
        match self {
            Self::Denied(_) | Self::Refused(_) | Self::Faulted(_) => 1,
            Self::Input(_) => 2,
        }
    }

    /// The same for a command that runs nothing.
    #[must_use]
    pub fn of_check(self) -> Self {
        if let Self::Denied(text) = self { Self::Refused(text) } else { self }
    }

    /// A file that cannot be written.
    #[must_use]
    pub fn writing(path: &std::path::Path, error: &dyn fmt::Display) -> Self {
        Self::Input(format!("{}: cannot be written ({error}); name a place that can", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(text) => write!(f, "denied, nothing was run: {text}"),
            Self::Refused(text) => write!(f, "denied: {text}"),
            Self::Faulted(text) => write!(f, "fault: {text}"),
            Self::Input(text) => write!(f, "error: {text}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<crate::gait::GaitError> for Failure {
    fn from(error: crate::gait::GaitError) -> Self {
        Self::Input(error.to_string())
    }
}
