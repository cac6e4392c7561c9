//! Lines that a thread writes, so that neither a slow disk nor a terminal that nobody reads holds anything up.

use serde_json::json;
use std::io::{ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Lines that are written at a time.
const BATCH: usize = 1_024;
/// How long the end of the program waits for what is not written yet.
const ENDING: Duration = Duration::from_secs(1);

/// A place for lines, with room for so many that wait.
pub(crate) struct Aside {
    to: Option<SyncSender<String>>,
    lost: Arc<AtomicU64>,
    /// Nothing comes from it; it closes when the thread has ended.
    done: Receiver<()>,
}

impl Aside {
    /// `name` is said where it can no longer be written.
    pub(crate) fn new(name: String, room: usize, out: impl Write + Send + 'static) -> Self {
        let (to, from) = sync_channel(room);
        let (ended, done) = sync_channel(0);
        let lost = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&lost);
        std::thread::spawn(move || {
            write(&name, &from, &count, out);
            drop(ended);
        });
        Self { to: Some(to), lost, done }
    }

    /// Takes a line, or counts it as lost where there is no room.
    pub(crate) fn say(&self, line: String) {
        if self.to.as_ref().is_none_or(|to| to.try_send(line).is_err()) {
            self.lost.fetch_add(1, Ordering::Relaxed);
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

fn write(name: &str, from: &Receiver<String>, lost: &AtomicU64, mut out: impl Write) {
    let mut told = 0;
    while let Ok(line) = from.recv() {
        let mut lines: String = std::iter::once(line).chain(from.try_iter().take(BATCH)).collect();
        // lines are lost only while others wait, so there is always a next time to say so
        let count = lost.load(Ordering::Relaxed) - told;
        if count > 0 {
            lines += &format!("{}\n", json!({ "event": "lost_lines", "count": count }));
            told += count;
        }
        if let Err(error) = out.write_all(lines.as_bytes()).and_then(|()| out.flush()) {
            // whoever read may have had enough; where standard error is closed too nobody is left to tell
            if error.kind() != ErrorKind::BrokenPipe {
                let _ = writeln!(std::io::stderr(), "{name}: {error}; nothing more is written there");
            }
            return;
        }
    }
}
