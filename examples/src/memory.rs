//! What a device keeps, in a folder instead of flash: the dose in two slots, one entry a pulse, the first faults.
//!
//! The bytes are those of `docs/records.md`. A folder that holds records of sessions before goes on from them; one whose
//! record is lost is refused before anything is run.

mod lock;
mod log;
mod show;

pub(crate) use show::run as show;

use crate::desk::{DeliveredPulse, Played};
use crate::failure::Failure;
use lock::Lock;
use nmes_core::{Hardware, MAX_CHANNELS, MicroAmps};
use nmes_hal_adapters::{Store, load, save};
use nmes_safety::records::{
    ChannelRecord, DOSE_BYTES, DoseMeter, DoseRecord, Found, LogFlags, OffPermit, PulseRecord, SessionEnd,
    Slot, SlotWrite,
};
use nmes_safety::{Checked, selftest::LimitsSum};
use std::cell::Cell;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The delivered log in a folder.
const LOG: &str = "delivered.log";

/// Never written: all ones, or all zeros.
fn is_blank(bytes: &[u8]) -> bool {
    [0, 0xFF].iter().any(|blank| bytes.iter().all(|byte| byte == blank))
}

/// Two files in place of two pages of flash.
struct Pages<'p>(&'p Path);

impl Pages<'_> {
    fn page(&self, slot: Slot) -> PathBuf {
        self.0.join(name(slot))
    }
}

const fn name(slot: Slot) -> &'static str {
    match slot {
        Slot::A => "dose-a.bin",
        Slot::B => "dose-b.bin",
    }
}

impl Store for Pages<'_> {
    type Error = io::Error;

    /// A file that is not there is a page that was never written; one that is too short is read as it is and filled up.
    fn read(&mut self, slot: Slot) -> io::Result<[u8; DOSE_BYTES]> {
        let mut page = [0xFF; DOSE_BYTES];
        match std::fs::read(self.page(slot)) {
            Ok(bytes) => page.iter_mut().zip(bytes).for_each(|(at, byte)| *at = byte),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(page)
    }

    fn write(&mut self, write: &SlotWrite<'_>) -> io::Result<()> {
        let mut file = std::fs::File::create(self.page(write.slot()))?;
        file.write_all(write.bytes())?;
        file.sync_all()
    }
}

/// A folder that keeps sessions. Several programs may use one: each reads and writes while it holds the folder's lock.
#[derive(Debug)]
pub struct Memory {
    folder: PathBuf,
    /// What is wrong with one slot, where the other one is good.
    damaged: Option<String>,
    /// The number of the session that was begun.
    session: Cell<u32>,
}

impl Memory {
    /// Opens or makes the folder and looks whether its dose record reads.
    ///
    /// # Errors
    /// The folder cannot be made or read, or its record is lost: that does not read as a first start. Another program
    /// holds its lock.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder).map_err(|error| Failure::writing(folder, &error))?;
        let memory = Self { folder: folder.to_owned(), damaged: None, session: Cell::new(0) };
        let _lock = Lock::take(folder)?;
        let damaged = memory.found().map(|found| damage(folder, &found))?;
        Ok(Self { damaged, ..memory })
    }

    /// What was wrong with one slot of the dose when it was opened, where the other one is good; for people and for programs.
    #[must_use]
    pub fn damaged(&self) -> Option<&str> {
        self.damaged.as_deref()
    }

    fn found(&self) -> Result<Found, Failure> {
        load(&mut Pages(&self.folder)).map_err(|error| refused(&self.folder, &error))
    }

    fn dose(&self) -> Result<(Found, DoseRecord), Failure> {
        let found = self.found()?;
        let record = match found {
            Found::Blank => DoseRecord::default(),
            Found::Kept(kept) => kept.record,
        };
        Ok((found, record))
    }

    fn save(&self, found: &Found, record: &DoseRecord) -> Result<(), Failure> {
        // before there is a stimulator, or after it is gone with its guard
        save(&mut Pages(&self.folder), found, record, OffPermit::before_any_guard())
            .map(drop)
            .map_err(|error| refused(&self.folder, &error))
    }

    /// Counts a session as begun, before anything is armed: one that is cut then has its number all the same.
    ///
    /// # Errors
    /// Another program holds the lock, or a file cannot be written.
    pub fn begin(&self) -> Result<(), Failure> {
        let _lock = Lock::take(&self.folder)?;
        let (found, before) = self.dose()?;
        let opened = before.opened();
        self.session.set(opened.begun);
        self.save(&found, &opened)
    }

    /// Keeps what a run left behind: first the log and the faults, then the dose.
    ///
    /// # Errors
    /// Output was still on, another program holds the lock, or a file cannot be written.
    pub fn keep(&self, checked: &Checked<'_>, played: &Played) -> Result<(), Failure> {
        if let Some(still_on) = played.still_on {
            return Err(Failure::Faulted(still_on.to_string()));
        }
        // what stands there now: another run may have kept its session since this one began
        let _lock = Lock::take(&self.folder)?;
        let (found, before) = self.dose()?;
        let limits_crc = LimitsSum::of_checked(checked).value();
        let session = self.session.get();
        let hz = checked.plan().hardware().timing().ticks_per_second;
        let path = self.folder.join(LOG);
        let entries = log(checked.plan().hardware(), played, limits_crc, session);
        log::append(&path, &entries).map_err(|error| Failure::writing(&path, &error))?;
        if played.black_box.entries().next().is_some() {
            let path = self.folder.join(format!("black-box-{session}.bin"));
            std::fs::write(&path, played.black_box.of_session(hz, session).encode())
                .map_err(|error| Failure::writing(&path, &error))?;
        }
        let mut meter = DoseMeter::new(hz);
        played.pulses.iter().for_each(|pulse| meter.add(&pulse.receipt));
        let mut last_level = [MicroAmps::ZERO; MAX_CHANNELS];
        last_level.iter_mut().zip(&played.levels).for_each(|(at, level)| *at = *level);
        let after = meter.close(&before, played.end_us / 1_000, end_of(played));
        let after = DoseRecord { limits_crc, last_level, ..after };
        self.save(&found, &after)
    }
}

/// A slot that is damaged beside one that is good.
fn damage(folder: &Path, found: &Found) -> Option<String> {
    let Found::Kept(kept) = found else { return None };
    let (bad, good) = (name(kept.slot.other()), name(kept.slot));
    let why = kept.damaged?;
    Some(format!(
        "{}: {bad} is damaged ({why}); {good} counts, and the next record goes to {bad}",
        folder.display()
    ))
}

fn refused(folder: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Input(format!("{}: {error}; name another folder, or look at `nmes records`", folder.display()))
}

/// A session is over with its last train, which may end before its length does.
fn end_of(played: &Played) -> SessionEnd {
    if played.is_faulted() {
        SessionEnd::Faulted
    } else if played.cut_short {
        SessionEnd::Stopped
    } else {
        SessionEnd::Completed
    }
}

/// The entries of one session: how to read each channel, then one a pulse, in the device's time.
fn log(hardware: &Hardware, played: &Played, limits_crc: u32, session: u32) -> Vec<u8> {
    let channels = (0_u8..).map_while(|channel| ChannelRecord::of(hardware, channel, limits_crc, session));
    let mut bytes: Vec<u8> = channels.flat_map(|channel| channel.encode()).collect();
    let faulted = played.is_faulted();
    for (at, pulse) in (1..).zip(&played.pulses) {
        let last = faulted && at == played.pulses.len();
        let flags = if last { LogFlags::FAULT } else { LogFlags::NONE };
        bytes.extend(record(played, pulse).with_flags(flags).encode());
    }
    bytes
}

fn record(played: &Played, pulse: &DeliveredPulse) -> PulseRecord {
    let mut receipt = pulse.receipt;
    receipt.onset_tick += played.start_tick;
    receipt.end_tick += played.start_tick;
    let told = [(pulse.told.warning, LogFlags::WARNING), (pulse.told.contact_lost, LogFlags::PROBE_LEVEL)];
    let flags = told.into_iter().filter(|(is, _)| *is).fold(LogFlags::NONE, |all, (_, flag)| all | flag);
    let record = PulseRecord::of(&receipt).with_flags(flags);
    let volts = if receipt.code < 0 { pulse.delivered.min_v } else { pulse.delivered.max_v };
    match pulse.phases {
        Some(phases) => record.with_measured(phases.main_ua.round() as i32, (volts * 1e3).round() as i32),
        None => record,
    }
}
