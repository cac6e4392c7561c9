//! What a person has had so far, and how far a programme has come.

use nmes_core::{FrameKind, MAX_CHANNELS, MicroAmps, PulseReceipt};

use super::DecodeError;
use super::bytes::{Writer, open, require, seal};

/// Length of a dose record with its number and checksum.
pub const DOSE_BYTES: usize = 100;
const MAGIC: [u8; 4] = *b"NMDS";
const VERSION: u8 = 1;

/// Dose and progress since the record was begun. Every count saturates.
///
/// What stands here is told to people and compared with a protocol's own bounds. It gives no permission: amplitudes
/// begin at zero whatever `last_level` says.
///
/// It is written twice a session, each time while off: [`DoseRecord::opened`] before arming, and [`DoseMeter::close`] of that
/// after the end. So a session that a pulled battery ends counts as begun, and its number is not given again.
/// `begun - completed - faulted` sessions were stopped early or cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DoseRecord {
    /// Checksum of the limits the last session was checked with; see [`crate::selftest::LimitsSum`].
    pub limits_crc: u32,
    /// The stage of a programme of weeks, as the host numbers them.
    pub stage: u16,
    /// Sessions completed in this stage; at most `completed`.
    pub stage_sessions: u32,
    /// Sessions begun; the number of the last one.
    pub begun: u32,
    /// Sessions that ran to their end.
    pub completed: u32,
    /// Sessions that a latched fault ended; together with `completed` at most `begun`.
    pub faulted: u32,
    /// Time of all sessions, in ms.
    pub session_ms: u64,
    /// Pulses begun.
    pub pulses: u64,
    /// Time inside pulses, first edge to last, in µs, rounded up once a session.
    pub pulse_us: u64,
    /// Charge of the main phases of all repeats, magnitudes summed, in µC, rounded up once a session.
    pub charge_uc: u64,
    /// The set amplitude of each channel at the end of the last session.
    pub last_level: [MicroAmps; MAX_CHANNELS],
}

impl DoseRecord {
    /// The record with one more session begun, whose number is its `begun`: save it before arming. Saturates.
    #[must_use]
    pub const fn opened(&self) -> Self {
        Self { begun: self.begun.saturating_add(1), ..*self }
    }

    /// The record as bytes, with the number of this writing (1 and up). Fixed work.
    #[must_use]
    pub(super) fn encode(&self, sequence: u32) -> [u8; DOSE_BYTES] {
        let mut bytes = [0; DOSE_BYTES];
        let mut out = Writer::new(&mut bytes);
        out.put(MAGIC).u8(VERSION).u8(0).u16(self.stage).u32(sequence).u32(self.limits_crc);
        out.u32(self.begun).u32(self.completed).u32(self.faulted).u32(self.stage_sessions);
        out.u64(self.session_ms).u64(self.pulses).u64(self.pulse_us).u64(self.charge_uc);
        for level in self.last_level {
            out.u32(level.as_microamps());
        }
        seal(&mut bytes);
        bytes
    }

    /// The record and the number of its writing.
    ///
    /// # Errors
    /// [`DecodeError`]: length, blank, first bytes, version, checksum, a field out of its range. Never panics. Work: two
    /// passes over [`DOSE_BYTES`].
    pub fn decode(bytes: &[u8]) -> Result<(Self, u32), DecodeError> {
        let mut fields = open(bytes, DOSE_BYTES, MAGIC, VERSION)?;
        require(fields.u8() == 0, "reserved")?;
        let stage = fields.u16();
        let sequence = fields.u32();
        require(sequence > 0, "sequence")?;
        let mut record = Self {
            limits_crc: fields.u32(),
            stage,
            begun: fields.u32(),
            completed: fields.u32(),
            faulted: fields.u32(),
            stage_sessions: fields.u32(),
            session_ms: fields.u64(),
            pulses: fields.u64(),
            pulse_us: fields.u64(),
            charge_uc: fields.u64(),
            last_level: [MicroAmps::ZERO; MAX_CHANNELS],
        };
        for level in &mut record.last_level {
            let raw = MicroAmps::from_microamps(fields.u32());
            *level = raw.ok_or(DecodeError::Field { name: "last_level" })?;
        }
        require(record.completed <= record.begun, "completed")?;
        require(record.faulted <= record.begun, "faulted")?;
        // counts that saturate stay behind the sum of what they count
        let ended = u64::from(record.completed).saturating_add(u64::from(record.faulted));
        require(ended <= u64::from(record.begun) || record.begun == u32::MAX, "faulted")?;
        require(record.stage_sessions <= record.completed, "stage_sessions")?;
        Ok((record, sequence))
    }
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// At its planned length.
    Completed,
    /// Stopped before, by whoever.
    Stopped,
    /// By a latched fault.
    Faulted,
}

/// Sums the receipts of one session.
///
/// ```
/// use nmes_safety::records::{DoseMeter, DoseRecord, SessionEnd};
/// let meter = DoseMeter::new(1_000_000);
/// let before = DoseRecord::default().opened(); // saved before arming
/// let after = meter.close(&before, 600_000, SessionEnd::Completed);
/// assert_eq!((after.begun, after.completed, after.session_ms), (1, 1, 600_000));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DoseMeter {
    ticks_per_second: u32,
    pulses: u64,
    ticks: u64,
    na_ticks: u128,
}

impl DoseMeter {
    /// Nothing yet, on a clock of so many ticks a second.
    #[must_use]
    pub const fn new(ticks_per_second: u32) -> Self {
        Self { ticks_per_second, pulses: 0, ticks: 0, na_ticks: 0 }
    }

    /// Counts what a receipt says. Trims add their time and no pulse; a pulse that was paid back early has no receipt but that
    /// of its repayment, and is one. Repeats count as much as the first one, also the one in which a pulse was cut. Fixed work.
    pub fn add(&mut self, receipt: &PulseReceipt) {
        let one = u64::from(receipt.kind != FrameKind::Trim);
        self.pulses = self.pulses.saturating_add(one);
        self.ticks = self.ticks.saturating_add(receipt.end_tick.saturating_sub(receipt.onset_tick));
        let each = u128::from(receipt.primary_charge.magnitude());
        let all = each.saturating_mul(u128::from(receipt.repeats));
        self.na_ticks = self.na_ticks.saturating_add(all);
    }

    /// `before` with what this session came to. It was begun already, by [`DoseRecord::opened`]; where nobody did that, sessions
    /// begun are raised to those that ended.
    #[must_use]
    pub fn close(&self, before: &DoseRecord, session_ms: u64, end: SessionEnd) -> DoseRecord {
        let completed = u32::from(end == SessionEnd::Completed);
        // nA·ticks at one tick a second are 10⁻⁹ C
        let charge_uc = self.per_second(self.na_ticks, 1_000);
        let pulse_us = self.per_second(u128::from(self.ticks).saturating_mul(1_000_000), 1);
        let completed_all = before.completed.saturating_add(completed);
        let faulted = before.faulted.saturating_add(u32::from(end == SessionEnd::Faulted));
        DoseRecord {
            begun: before.begun.max(completed_all.saturating_add(faulted)),
            completed: completed_all,
            faulted,
            stage_sessions: before.stage_sessions.saturating_add(completed),
            session_ms: before.session_ms.saturating_add(session_ms),
            pulses: before.pulses.saturating_add(self.pulses),
            pulse_us: before.pulse_us.saturating_add(pulse_us),
            charge_uc: before.charge_uc.saturating_add(charge_uc),
            ..*before
        }
    }

    /// `sum / (ticks per second × by)`, rounded up; the most there is where nothing can be said.
    fn per_second(&self, sum: u128, by: u128) -> u64 {
        let divisor = u128::from(self.ticks_per_second).saturating_mul(by);
        let whole = sum.checked_div(divisor).unwrap_or(u128::MAX);
        let more = u128::from(sum.checked_rem(divisor).unwrap_or(0) > 0);
        u64::try_from(whole.saturating_add(more)).unwrap_or(u64::MAX)
    }
}
