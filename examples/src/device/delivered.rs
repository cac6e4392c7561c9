//! `delivered.csv`: what a session on a device put out, a line a pulse. Its file is made before the port is opened, so that a
//! session is not played whose record has no place.

use crate::failure::Failure;
use crate::written::Files;
use nmes_core::PulseReceipt;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

const COLUMNS: &str = "t_us,channel,sequence,code,width_us,set_ua,full_level";

/// The file beside its place, open, with its header.
#[derive(Debug)]
pub(super) struct Delivered {
    path: PathBuf,
    /// Whether there was one before.
    replaces: bool,
    // closed before it is taken away
    file: File,
    files: Files,
}

impl Delivered {
    /// Makes it, and the folder where there is none.
    ///
    /// # Errors
    /// Names what cannot be written.
    pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
        let (path, mut files) = (folder.join("delivered.csv"), Files::default());
        let replaces = path.exists();
        let mut file = files.open(&path)?;
        writeln!(file, "{COLUMNS}").map_err(|error| Failure::writing(&path, &error))?;
        Ok(Self { path, replaces, file, files })
    }

    /// Where it goes, and whether one stood there before, for programs.
    pub(super) fn place(&self) -> (String, bool) {
        (self.path.display().to_string(), self.replaces)
    }

    /// Writes every pulse and puts the file in its place; what it gives back names it, for people.
    ///
    /// # Errors
    /// Names the file. What stood there before stays.
    pub(super) fn keep(self, receipts: &[PulseReceipt]) -> Result<String, Failure> {
        let Self { path, file, files, .. } = self;
        rows(file, receipts).map_err(|error| Failure::writing(&path, &error))?;
        files.keep()
    }
}

fn rows(file: File, receipts: &[PulseReceipt]) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    for receipt in receipts {
        let at = receipt.onset_tick;
        let (channel, sequence, code) = (receipt.channel, receipt.sequence, receipt.code);
        let (width, set) = (receipt.primary_ticks, receipt.setting.amplitude.as_microamps());
        writeln!(out, "{at},{channel},{sequence},{code},{width},{set},{}", receipt.full_level)?;
    }
    out.flush()
}
