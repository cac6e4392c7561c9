//! Files as TOML and JSON, on a host.

extern crate std;

use super::diary_file::{DIARY_VERSION, DiaryFile};
use super::error::FileError;
use super::own_file::{OWN_VERSION, OwnFile};
use super::plain::{cut, of_field, of_syntax};
use super::session_file::{SESSION_VERSION, SessionFile};
use super::subject_file::{SUBJECT_VERSION, SubjectFile};
use core::fmt;
use serde::Serialize;
use serde::de::{Deserialize, DeserializeOwned};
use serde_json::Value;
use std::string::{String, ToString};

/// How a file is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// TOML.
    Toml,
    /// JSON.
    Json,
}

impl Syntax {
    /// By the end of a file's name; TOML unless it is `.json`.
    ///
    /// ```
    /// # #[cfg(feature = "text")] {
    /// use nmes_protocols::files::Syntax;
    /// assert_eq!(Syntax::of_name("knee.JSON"), Syntax::Json);
    /// # }
    /// ```
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        if name.to_ascii_lowercase().ends_with(".json") { Self::Json } else { Self::Toml }
    }
}

/// A text that is no file of this release: where, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextError {
    /// It is no TOML or JSON.
    Syntax {
        /// What the parser says.
        said: String,
    },
    /// A field is missing or unknown, or has a value of another kind or out of range.
    Field {
        /// Where, as in `channels[1].pulse.width_us`.
        path: String,
        /// The value, and what is allowed.
        said: String,
    },
    /// Fields that are each possible, and cannot stand together.
    File(FileError),
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { said } => f.write_str(said),
            Self::Field { path, said } => write!(f, "{path}: {said}"),
            Self::File(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for TextError {}

/// The head of any file, looked at before the rest so that another version is called that.
#[derive(serde::Deserialize)]
struct Head {
    format: Option<String>,
    version: Option<u16>,
}

fn parse<T: DeserializeOwned>(text: &str, syntax: Syntax) -> Result<T, TextError> {
    // editors put a byte-order mark in front
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match syntax {
        Syntax::Toml => {
            let parsed = toml::Deserializer::parse(text);
            let parsed = parsed.map_err(|error| TextError::Syntax { said: of_syntax(&error.to_string()) })?;
            pathed(parsed, |error| error.message().to_string())
        }
        Syntax::Json => {
            let mut parsed = serde_json::Deserializer::from_str(text);
            let value: T = match serde_path_to_error::deserialize(&mut parsed) {
                Ok(value) => value,
                Err(error) if error.inner().is_data() => {
                    return Err(field(error.path(), error.inner().to_string()));
                }
                Err(error) => return Err(TextError::Syntax { said: of_syntax(&error.inner().to_string()) }),
            };
            parsed.end().map_err(|error| TextError::Syntax { said: of_syntax(&error.to_string()) })?;
            Ok(value)
        }
    }
}

fn pathed<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    parsed: D,
    say: impl Fn(&D::Error) -> String,
) -> Result<T, TextError> {
    serde_path_to_error::deserialize(parsed).map_err(|error| field(error.path(), say(error.inner())))
}

fn field(path: &serde_path_to_error::Path, said: String) -> TextError {
    let path = if path.iter().next().is_none() { "the file".to_string() } else { cut(&path.to_string()) };
    TextError::Field { path, said: of_field(&said) }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// A file that was read, if its text has a table wherever the file has one: a list of values in the order of the fields would be
/// taken for one, and two that are the wrong way round would not be noticed.
fn named<T: DeserializeOwned + Serialize>(text: &str, syntax: Syntax) -> Result<T, TextError> {
    let file: T = parse(text, syntax)?;
    let given: Value = parse(text, syntax)?;
    let made = serde_json::to_value(&file).map_err(|error| TextError::Syntax { said: error.to_string() })?;
    match unnamed(&given, &made) {
        None => Ok(file),
        Some(path) => {
            let said = "a table of fields is expected, each value with its name".to_string();
            Err(TextError::Field { path: path.trim_start_matches('.').to_string(), said })
        }
    }
}

/// Where a list was given in the place of a table.
fn unnamed(given: &Value, made: &Value) -> Option<String> {
    match (given, made) {
        (Value::Array(_), Value::Object(_)) => Some(String::new()),
        (Value::Object(given), Value::Object(made)) => made.iter().find_map(|(name, made)| {
            unnamed(given.get(name)?, made).map(|below| std::format!(".{name}{below}"))
        }),
        (Value::Array(given), Value::Array(made)) => {
            let mut pairs = given.iter().zip(made).enumerate();
            pairs
                .find_map(|(n, (given, made))| unnamed(given, made).map(|below| std::format!("[{n}]{below}")))
        }
        _ => None,
    }
}

fn read<T: DeserializeOwned + Serialize>(
    text: &str,
    syntax: Syntax,
    format: &str,
    known: u16,
) -> Result<T, TextError> {
    let refuse = |path: &str, said: String| Err(TextError::Field { path: path.to_string(), said });
    // JSON takes a list for a table whose fields come in order
    if syntax == Syntax::Json && !text.trim_start().starts_with('{') && is_json(text) {
        return refuse("the file", "a table of fields is expected, as in { \"format\": … }".to_string());
    }
    let head: Head = parse(text, syntax)?;
    match head.format.as_deref() {
        Some(given) if given == format => {}
        Some(given) => {
            return refuse(
                "format",
                std::format!("\"{}\" is another kind of file; accepted: \"{format}\"", cut(given)),
            );
        }
        None => return refuse("format", std::format!("missing; accepted: \"{format}\"")),
    }
    match head.version {
        Some(version) if version == known => named(text, syntax),
        Some(version) => refuse("version", std::format!("{version} is not known; accepted: {known}")),
        None => refuse("version", std::format!("missing; accepted: {known}")),
    }
}

/// The text of a file. What these types hold can be written in both.
fn write(file: &impl Serialize, syntax: Syntax) -> String {
    match syntax {
        Syntax::Toml => toml::to_string(file).unwrap_or_default(),
        Syntax::Json => {
            let mut text = serde_json::to_string_pretty(file).unwrap_or_default();
            text.push('\n');
            text
        }
    }
}

impl SessionFile {
    /// The file in a text; value by value, not yet as a session: see [`SessionFile::build`].
    ///
    /// # Errors
    /// Names the place, the value and what is allowed.
    ///
    /// ```
    /// # #[cfg(feature = "text")] {
    /// use nmes_protocols::files::{SessionFile, Syntax};
    /// let error = SessionFile::from_text("format = \"nmes-session\"\nversion = 2\n", Syntax::Toml).unwrap_err();
    /// assert_eq!(error.to_string(), "version: 2 is not known; accepted: 1");
    /// # }
    /// ```
    pub fn from_text(text: &str, syntax: Syntax) -> Result<Self, TextError> {
        read(text, syntax, "nmes-session", SESSION_VERSION)
    }

    /// The file as a text.
    #[must_use]
    pub fn to_text(&self, syntax: Syntax) -> String {
        write(self, syntax)
    }
}

impl OwnFile {
    /// The file in a text; value by value, not yet as a session: see [`OwnFile::build`].
    ///
    /// # Errors
    /// Names the place, the value and what is allowed.
    pub fn from_text(text: &str, syntax: Syntax) -> Result<Self, TextError> {
        read(text, syntax, "nmes-own-session", OWN_VERSION)
    }

    /// The file as a text.
    #[must_use]
    pub fn to_text(&self, syntax: Syntax) -> String {
        write(self, syntax)
    }
}

impl SubjectFile {
    /// The file in a text, held against itself.
    ///
    /// # Errors
    /// Names the place, the value and what is allowed.
    pub fn from_text(text: &str, syntax: Syntax) -> Result<Self, TextError> {
        let file: Self = read(text, syntax, "nmes-subject", SUBJECT_VERSION)?;
        file.validate().map_err(TextError::File)?;
        Ok(file)
    }

    /// The file as a text.
    #[must_use]
    pub fn to_text(&self, syntax: Syntax) -> String {
        write(self, syntax)
    }
}

impl DiaryFile {
    /// The file in a text, held against itself.
    ///
    /// # Errors
    /// Names the place, the value and what is allowed.
    pub fn from_text(text: &str, syntax: Syntax) -> Result<Self, TextError> {
        let file: Self = read(text, syntax, "nmes-diary", DIARY_VERSION)?;
        file.validate().map_err(TextError::File)?;
        Ok(file)
    }

    /// The file as a text.
    #[must_use]
    pub fn to_text(&self, syntax: Syntax) -> String {
        write(self, syntax)
    }
}
