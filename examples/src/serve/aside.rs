//! Lines that a thread writes, so that neither a slow disk nor a terminal that nobody reads holds anything up.

use serde_json::json;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Lines that are written at a time.
const BATCH: usize = 1_024;
/// How long the end of the program waits for what is not written yet.
const ENDING: Duration = Duration::from_secs(1);

/// Where lines go.
pub(crate) trait Place: Write {
    /// Takes away what stands after so many bytes, where that can be done: half a line, of which the rest was not taken.
    fn cut(&mut self, _length: u64) {}
}

impl Place for std::io::Stdout {}

impl Place for File {
    fn cut(&mut self, length: u64) {
        // a device or a pipe has no length
        let _ = self.set_len(length);
    }
}

/// A place for lines, with room for so many that wait.
pub(crate) struct Aside {
    to: Option<SyncSender<String>>,
    lost: Arc<AtomicU64>,
    /// How it ended; closes when the thread has.
    done: Receiver<String>,
}

impl Aside {
    /// `name` is said where it can no longer be written.
    pub(crate) fn new(name: String, room: usize, out: impl Place + Send + 'static) -> Self {
        let (to, from) = sync_channel(room);
        let (ended, done) = sync_channel(1);
        let lost = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&lost);
        std::thread::spawn(move || {
            if let Some(why) = write(&name, &from, &count, out) {
                // whoever listened has ended
                let _ = ended.send(why);
            }
        });
        Self { to: Some(to), lost, done }
    }

    /// Takes a line, or counts it as lost where there is no room.
    pub(crate) fn say(&self, line: String) {
        if self.to.as_ref().is_none_or(|to| to.try_send(line).is_err()) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits for what is not written yet.
    ///
    /// # Errors
    /// Why not all of it is.
    pub(crate) fn end(mut self) -> Result<(), String> {
        self.to = None;
        match self.done.recv_timeout(ENDING) {
            Ok(why) => Err(why),
            Err(RecvTimeoutError::Disconnected) => Ok(()),
            Err(RecvTimeoutError::Timeout) => Err("not written in time".to_owned()),
        }
    }

    /// Lines that there was no room for.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.to = None;
        // written, or too slow to wait for
        let _ = self.done.recv_timeout(ENDING);
    }
}

/// All of it, or as many whole lines of it as go in; `before` is what stands there already.
fn put(out: &mut impl Place, lines: &[u8], before: u64) -> std::io::Result<()> {
    let mut written = 0;
    while let Some(rest) = lines.get(written..).filter(|rest| !rest.is_empty()) {
        match out.write(rest) {
            Ok(count) if count > 0 => written += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => {
                let whole = lines[..written].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                out.cut(before + whole as u64);
                return Err(other.err().unwrap_or_else(|| ErrorKind::WriteZero.into()));
            }
        }
    }
    out.flush()
}

/// Until nobody says anything more; or until it can no longer be written, and then why.
fn write(name: &str, from: &Receiver<String>, lost: &AtomicU64, mut out: impl Place) -> Option<String> {
    let (mut told, mut before) = (0, 0);
    while let Ok(line) = from.recv() {
        let mut lines: String = std::iter::once(line).chain(from.try_iter().take(BATCH)).collect();
        // lines are lost only while others wait, so there is always a next time to say so
        let count = lost.load(Ordering::Relaxed) - told;
        if count > 0 {
            lines += &format!("{}\n", json!({ "event": "lost_lines", "count": count }));
            told += count;
        }
        if let Err(error) = put(&mut out, lines.as_bytes(), before) {
            // whoever read may have had enough; where standard error is closed too nobody is left to tell
            if error.kind() != ErrorKind::BrokenPipe {
                let _ = writeln!(std::io::stderr(), "{name}: {error}; nothing more is written there");
            }
            return Some(error.to_string());
        }
        before += lines.len() as u64;
    }
    None
}
