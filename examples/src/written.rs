//! The files of a run: all of them are written, or none is left.

use crate::failure::Failure;
use crate::records::save;
use std::fmt::Display;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Files that stand beside their places until all of them are complete.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// Where it stands, where it goes, and what is said of it.
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    at: PathBuf,
    goes_to: PathBuf,
    named: String,
}

impl Files {
    /// Writes one more beside its place. What is no ordinary file, a pipe for one, is written to at once.
    ///
    /// # Errors
    /// Names the file: its folder cannot be made, it is a folder itself, or it cannot be written.
    pub(crate) fn add<E: Display>(
        &mut self,
        path: &Path,
        write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<(), Failure> {
        let named = path.display().to_string();
        let replaced = path.exists();
        if replaced {
            // a name that cannot be written to is refused, though another file could be put in its place
            let open = OpenOptions::new().write(true).open(path);
            let about =
                open.and_then(|file| file.metadata()).map_err(|error| Failure::writing(path, &error))?;
            if !about.is_file() {
                self.parts.push(Part { at: PathBuf::new(), goes_to: PathBuf::new(), named });
                return save(path, write);
            }
        }
        // through a link, not in place of it
        let goes_to = if replaced { fs::canonicalize(path) } else { Ok(path.to_owned()) };
        let goes_to = goes_to.map_err(|error| Failure::writing(path, &error))?;
        let at = beside(&goes_to);
        let named = if replaced { format!("{named} (in place of the one before)") } else { named };
        self.parts.push(Part { at: at.clone(), goes_to, named });
        // the name that was given, and not the one beside it
        let named = |text: &str| text.replace(&at.display().to_string(), &path.display().to_string());
        save(&at, write).map_err(|failure| match &failure {
            Failure::Input(text) => Failure::Input(named(text)),
            Failure::Denied(_) | Failure::Refused(_) | Failure::Faulted(_) => failure,
        })
    }

    /// Puts each in its place. What it gives back names them, for people.
    ///
    /// # Errors
    /// Names the file that could not be put there.
    pub(crate) fn keep(mut self) -> Result<String, Failure> {
        let mut named = Vec::new();
        for part in &mut self.parts {
            if !part.at.as_os_str().is_empty() {
                fs::rename(&part.at, &part.goes_to)
                    .map_err(|error| Failure::writing(&part.goes_to, &error))?;
                part.at = PathBuf::new();
            }
            named.push(std::mem::take(&mut part.named));
        }
        Ok(named.join(", "))
    }
}

/// What was not kept is not left.
impl Drop for Files {
    fn drop(&mut self) {
        for part in self.parts.iter().filter(|part| !part.at.as_os_str().is_empty()) {
            let _ = fs::remove_file(&part.at);
        }
    }
}

/// A name beside a file that nobody else uses.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.part", std::process::id()))
}
