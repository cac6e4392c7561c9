//! Session and subject files: types without an allocator, bytes for devices, TOML and JSON on a host.
//!
//! | feature | what it adds |
//! |---|---|
//! | `files` | the types, `no_std`: [`SessionFile`], [`OwnFile`], [`SubjectFile`] |
//! | `postcard` | bytes of sessions and subjects, into and out of slices |
//! | `text` | TOML and JSON, with `std`; and [`DiaryFile`], which only a host reads |
//!
//! A file says first what it is and which version. Unknown fields are refused, and so is a version that is not known:
//! an error names the place as in `channels[1].pulse.width_us`, the value, and what is allowed. The schemas stand in
//! `docs/schema`.
//!
//! A session file has every number of a session. [`SessionFile::build`] takes it through the row's gates, screening and
//! ranges and compares it with what the builder makes; [`SessionFile::session`] needs no catalogue and is for a device
//! that was sent one. Neither is permission to run: compiling and the check in nmes-safety come after both.
//!
//! A session of one's own, with no row behind it, is an [`OwnFile`]: screened, then compiled and checked like all else.

#![expect(
    clippy::result_large_err,
    reason = "without an allocator an error carries what the builder says of it by value"
)]

mod bounded;
#[cfg(feature = "postcard")]
mod bytes;
#[cfg(feature = "text")]
mod diary_file;
mod error;
mod hold;
mod own_file;
#[cfg(feature = "text")]
mod plain;
mod schedule_file;
mod session_file;
mod subject_file;
#[cfg(feature = "text")]
mod text;

pub use bounded::List;
#[cfg(feature = "text")]
pub use bounded::LongList;
#[cfg(feature = "postcard")]
pub use bytes::BytesError;
#[cfg(feature = "text")]
pub use diary_file::{DIARY_VERSION, DiaryFile, DiaryFormat};
pub use error::{FileError, FileProblem, Place, Said};
pub use own_file::{
    OWN_VERSION, OwnChannelFile, OwnFile, OwnFormat, OwnPulseFile, OwnWave, PointFile, PointsFile,
};
pub use schedule_file::{CycleFile, GateFile, ScheduleFile, StageFile, StepTimesFile};
pub use session_file::{
    ChannelFile, FileRoom, MAX_LISTED, PulseFile, RampFile, SESSION_VERSION, SessionFile, SessionFormat,
    TimingFile,
};
pub use subject_file::{
    ElectrodeFile, Ended, HomeFile, LimitFile, MAX_LIMITS, MeasuredFile, OtherAnswers, SUBJECT_VERSION,
    ScreeningFile, SubjectFile, SubjectFormat,
};
#[cfg(feature = "text")]
pub use text::{Syntax, TextError};
