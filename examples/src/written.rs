//! The files of a run: all of them are written, or none is left. And those that people keep, which are not written over.

use crate::cli::Ask;
use crate::failure::Failure;
use crate::records::save;
use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Whether a file that people keep may be written: one that is there is changed only where it was read, by `flag`.
///
/// # Errors
/// Names the file and the flag.
pub(crate) fn may_write(path: &Path, read: Option<&Path>, flag: &str) -> Result<(), Failure> {
    if !path.is_file() || read.is_some_and(|read| is_one_file(path, read)) {
        return Ok(());
    }
    let name = path.display();
    Err(Failure::Input(format!(
        "--out {name}: is there already; accepted: another name, or with {flag} {name}"
    )))
}

/// [`may_write`], and then all of it or nothing.
///
/// # Errors
/// Names the file.
pub(crate) fn save_whole(
    path: &Path,
    read: Option<&Path>,
    flag: &str,
    content: &[u8],
) -> Result<(), Failure> {
    may_write(path, read, flag)?;
    let mut files = Files::default();
    files.add(path, |to| to.write_all(content))?;
    files.keep().map(drop)
}

/// The same for a file that nothing is read from: one that is there stays, unless it holds just this.
///
/// # Errors
/// Names the file.
pub(crate) fn save_new(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let holds_it = path.is_file() && fs::read(path).is_ok_and(|there| there == content);
    if holds_it {
        return Ok(());
    }
    may_be_made(path, "--out")?;
    let mut files = Files::default();
    files.add(path, |to| to.write_all(content))?;
    files.keep().map(drop)
}

/// Whether a file that people keep may be made: there is none. What is no ordinary file, a pipe for one, keeps nothing.
///
/// # Errors
/// Names the flag and the file.
pub(crate) fn may_be_made(path: &Path, flag: &str) -> Result<(), Failure> {
    if !path.is_file() {
        return Ok(());
    }
    Err(Failure::Input(format!("{flag} {}: is there already; accepted: another name", path.display())))
}

/// Whether a file may be written beside those that are read: it is none of them.
///
/// # Errors
/// Names it, and the flag that reads it.
pub(crate) fn is_no_input(path: &Path, ask: &Ask) -> Result<(), Failure> {
    let read = [("--gait", &ask.walk.gait), ("--session", &ask.session), ("--subject", &ask.subject)];
    let same = |file: &Option<PathBuf>| file.as_deref().is_some_and(|file| is_one_file(path, file));
    let Some((flag, _)) = read.into_iter().find(|(_, file)| same(file)) else { return Ok(()) };
    let name = path.display();
    Err(Failure::Input(format!("{name}: would be written over what {flag} reads; accepted: another name")))
}

/// Whether two names are of one file that is there: by a link of either kind, too.
#[cfg(unix)]
fn is_one_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| fs::metadata(path).map(|about| (about.dev(), about.ino())).ok();
    identity(one).is_some_and(|one| identity(other) == Some(one))
}

/// Whether two names are of one file that is there; hard links are not told apart here.
#[cfg(not(unix))]
fn is_one_file(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).is_ok_and(|one| fs::canonicalize(other).is_ok_and(|other| other == one))
}

/// The name of a file that is not there yet, by the folder that it will be in.
fn by_folder(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let whole = fs::canonicalize(folder).ok().zip(path.file_name());
    let whole = whole.map(|(folder, name)| folder.join(name));
    whole.or_else(|| std::path::absolute(path).ok()).unwrap_or_else(|| path.to_owned())
}

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
        let at = self.place(path)?;
        // the name that was given, and not the one beside it
        let named = |text: &str| text.replace(&at.display().to_string(), &path.display().to_string());
        save(&at, write).map_err(|failure| match &failure {
            Failure::Input(text) => Failure::Input(named(text)),
            Failure::Denied(_) | Failure::Refused(_) | Failure::Faulted(_) => failure,
        })
    }

    /// The same for one that is written to by and by, until [`Files::keep`].
    ///
    /// # Errors
    /// As [`Files::add`].
    pub(crate) fn open(&mut self, path: &Path) -> Result<File, Failure> {
        let at = self.place(path)?;
        if let Some(folder) = at.parent() {
            fs::create_dir_all(folder).map_err(|error| Failure::writing(folder, &error))?;
        }
        File::create(at).map_err(|error| Failure::writing(path, &error))
    }

    /// Where one more is written, beside its place; of what is no ordinary file, there.
    fn place(&mut self, path: &Path) -> Result<PathBuf, Failure> {
        let named = path.display().to_string();
        let replaced = path.exists();
        if replaced {
            // a name that cannot be written to is refused, though another file could be put in its place
            let open = OpenOptions::new().write(true).open(path);
            let about =
                open.and_then(|file| file.metadata()).map_err(|error| Failure::writing(path, &error))?;
            if !about.is_file() {
                self.parts.push(Part { at: PathBuf::new(), goes_to: PathBuf::new(), named });
                return Ok(path.to_owned());
            }
        }
        // through a link, not in place of it
        let goes_to = if replaced { fs::canonicalize(path) } else { Ok(by_folder(path)) };
        let goes_to = goes_to.map_err(|error| Failure::writing(path, &error))?;
        if self.parts.iter().any(|part| part.goes_to == goes_to || is_one_file(&part.goes_to, &goes_to)) {
            return Err(Failure::Input(format!(
                "{named}: named for two files that are written; accepted: a name for each"
            )));
        }
        let at = beside(&goes_to);
        let named = if replaced { format!("{named} (in place of the one before)") } else { named };
        self.parts.push(Part { at: at.clone(), goes_to, named });
        Ok(at)
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
