//! Where a delivered log goes on.

use super::is_blank;
use nmes_safety::records::LOG_BYTES;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// Behind the last entry that was written, over blank ones. A torn entry, of a run that was ended while it wrote, is filled up.
pub(super) fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).read(true).write(true).truncate(false).open(path)?;
    let (end, torn) = end_of(&mut file)?;
    let fill = if torn == 0 { 0 } else { LOG_BYTES - torn };
    file.seek(SeekFrom::Start(end))?;
    file.write_all(&[&vec![0; fill], bytes].concat())
}

/// Where what was written ends, and how much of its last entry is there, where that is not all of it.
fn end_of(file: &mut File) -> io::Result<(u64, usize)> {
    let entry = LOG_BYTES as u64;
    let length = file.metadata()?.len();
    let mut entries = length.div_ceil(entry);
    while entries > 0 {
        let begin = (entries - 1) * entry;
        let there = (length - begin).min(entry);
        let mut last = vec![0; there as usize];
        file.seek(SeekFrom::Start(begin))?;
        file.read_exact(&mut last)?;
        if !is_blank(&last) {
            return Ok((begin + there, last.len() % LOG_BYTES));
        }
        entries -= 1;
    }
    Ok((0, 0))
}
