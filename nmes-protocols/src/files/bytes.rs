//! Files as bytes for devices: `postcard`, into and out of slices, without an allocator.

use super::error::FileError;
use super::own_file::{OWN_VERSION, OwnFile, OwnFormat};
use super::session_file::{SESSION_VERSION, SessionFile, SessionFormat};
use super::subject_file::{SUBJECT_VERSION, SubjectFile, SubjectFormat};
use core::fmt;
use serde::{Deserialize, Serialize};

/// Bytes that are no file of this release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BytesError {
    /// There is no room for them in the slice that was lent.
    NoRoom,
    /// They end before the file does.
    Short,
    /// There are more of them than the file has.
    Long {
        /// How many are left over.
        bytes: usize,
    },
    /// They are a file of another version.
    Version {
        /// The version that they say.
        found: u16,
        /// The one that is read.
        known: u16,
    },
    /// They do not say that they are such a file, or hold a value that its field does not take.
    Value,
    /// The file that they hold is refused.
    File(FileError),
}

impl fmt::Display for BytesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoom => f.write_str("no room for the bytes of this file; lend a longer slice"),
            Self::Short => f.write_str("the bytes end before the file does"),
            Self::Long { bytes } => write!(f, "{bytes} bytes are left over behind the file"),
            Self::Version { found, known } => write!(f, "version {found} is not known; accepted: {known}"),
            Self::Value => f.write_str("not such a file, or a value that its field does not take"),
            Self::File(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for BytesError {}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what else postcard may call a wrong value is one to a reader"
)]
const fn of_postcard(error: &postcard::Error) -> BytesError {
    match error {
        postcard::Error::DeserializeUnexpectedEnd => BytesError::Short,
        postcard::Error::SerializeBufferFull => BytesError::NoRoom,
        _ => BytesError::Value,
    }
}

fn write<'b>(file: &impl Serialize, room: &'b mut [u8]) -> Result<&'b [u8], BytesError> {
    postcard::to_slice(file, room).map(|bytes| &*bytes).map_err(|error| of_postcard(&error))
}

/// The head first, so that another version is called that and not a wrong value.
fn read<'b, H: Deserialize<'b>, F: Deserialize<'b>>(bytes: &'b [u8], known: u16) -> Result<F, BytesError> {
    let head = postcard::take_from_bytes::<(H, u16)>(bytes).map_err(|error| of_postcard(&error))?;
    let found = head.0.1;
    if found != known {
        return Err(BytesError::Version { found, known });
    }
    let (file, rest) = postcard::take_from_bytes(bytes).map_err(|error| of_postcard(&error))?;
    if rest.is_empty() { Ok(file) } else { Err(BytesError::Long { bytes: rest.len() }) }
}

impl SessionFile {
    /// The file as bytes at the start of `room`.
    ///
    /// # Errors
    /// There is no room.
    ///
    /// ```
    /// # #[cfg(feature = "postcard")] {
    /// use nmes_protocols::{files::SessionFile, *};
    /// let (row, subject, request) =
    ///     (find("tens-burst").unwrap(), Subject::new(Innervation::Intact, Side::Left), Request::default());
    /// let mut storage = Storage::new();
    /// let built = build_session(row, &subject, &request, &Answers::all_no(), &mut storage).unwrap();
    /// let file = SessionFile::of(row, &request, &built).unwrap();
    /// let mut room = [0; 512];
    /// let bytes = file.to_bytes(&mut room).unwrap();
    /// assert!(bytes.len() < 64);
    /// assert_eq!(SessionFile::from_bytes(bytes).unwrap(), file);
    /// # }
    /// ```
    pub fn to_bytes<'b>(&self, room: &'b mut [u8]) -> Result<&'b [u8], BytesError> {
        write(self, room)
    }

    /// The file in the bytes, all of them; validated value by value, not yet as a session: see [`SessionFile::session`].
    ///
    /// # Errors
    /// Too few or too many bytes, another version, or a value that its field does not take.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BytesError> {
        read::<SessionFormat, Self>(bytes, SESSION_VERSION)
    }
}

impl OwnFile {
    /// The file as bytes at the start of `room`.
    ///
    /// # Errors
    /// There is no room.
    pub fn to_bytes<'b>(&self, room: &'b mut [u8]) -> Result<&'b [u8], BytesError> {
        write(self, room)
    }

    /// The file in the bytes, all of them; validated value by value, not yet as a session: see [`OwnFile::session`].
    ///
    /// # Errors
    /// Too few or too many bytes, another version, or a value that its field does not take.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BytesError> {
        read::<OwnFormat, Self>(bytes, OWN_VERSION)
    }
}

impl SubjectFile {
    /// The file as bytes at the start of `room`.
    ///
    /// # Errors
    /// There is no room.
    pub fn to_bytes<'b>(&self, room: &'b mut [u8]) -> Result<&'b [u8], BytesError> {
        write(self, room)
    }

    /// The file in the bytes, all of them, held against itself as [`SubjectFile::validate`] does.
    ///
    /// # Errors
    /// Too few or too many bytes, another version, or a value that is not taken.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BytesError> {
        let file = read::<SubjectFormat, Self>(bytes, SUBJECT_VERSION)?;
        file.validate().map_err(BytesError::File)?;
        Ok(file)
    }
}
