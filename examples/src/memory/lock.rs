//! The lock of a folder: a file that only one program can make.

use crate::failure::Failure;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What the lock is called in its folder.
const LOCK: &str = "lock";
/// Reading and writing records takes milliseconds; who holds a lock for longer than this was ended while it did.
const PATIENCE: Duration = Duration::from_secs(3);
const AGAIN: Duration = Duration::from_millis(10);

/// A lock that is held; given back where it is dropped.
#[derive(Debug)]
pub(super) struct Lock(PathBuf);

impl Lock {
    /// Waits for it, up to three seconds.
    ///
    /// # Errors
    /// It is held for longer, or its file cannot be made; says which file and what to do about it.
    pub(super) fn take(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(LOCK);
        let began = Instant::now();
        loop {
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    // for somebody who finds it; the lock is that the file is there
                    let _ = writeln!(file, "held by process {}", std::process::id());
                    return Ok(Self(path));
                }
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(Failure::writing(&path, &error));
                }
                Err(_) if began.elapsed() >= PATIENCE => return Err(held(&path)),
                Err(_) => sleep(AGAIN),
            }
        }
    }
}

fn held(path: &Path) -> Failure {
    let by = std::fs::read_to_string(path).unwrap_or_default();
    let by = if by.is_empty() { String::new() } else { format!(" ({})", by.trim()) };
    Failure::Input(format!(
        "{}: another run writes its records there{by}. Where none is running, one was ended while it wrote: delete this \
         file, and look at `nmes records`",
        path.display()
    ))
}

impl Drop for Lock {
    fn drop(&mut self) {
        // who waits next says where it is, if this fails
        let _ = std::fs::remove_file(&self.0);
    }
}
