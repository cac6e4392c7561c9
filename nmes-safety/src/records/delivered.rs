//! The delivered log: one record a pulse of what was asked, put out and measured.

use core::ops::BitOr;

use nmes_core::{ChannelHardware, FrameKind, MicroAmps, Micros, PulseReceipt, Setting};

use super::DecodeError;
use super::bytes::{Writer, is_blank, open, require, seal};

/// Length of every entry of the log.
pub const LOG_BYTES: usize = 64;
const PULSE: u8 = 0xD7;
const CHANNEL: u8 = 0xD6;
const VERSION: u8 = 1;

/// What else there is to say of a pulse, a bit each.
///
/// ```
/// use nmes_safety::records::LogFlags;
/// let flags = LogFlags::FULL_LEVEL | LogFlags::DEFERRED;
/// assert!(flags.has(LogFlags::DEFERRED) && !flags.has(LogFlags::CUT));
/// assert_eq!(flags.bits(), 0b1001);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct LogFlags(u16);

impl LogFlags {
    /// None.
    pub const NONE: Self = Self(0);
    /// The envelope was at full level.
    pub const FULL_LEVEL: Self = Self(1);
    /// A hard off cut the pulse.
    pub const CUT: Self = Self(1 << 1);
    /// A repayment or a trim, no pulse of the session.
    pub const REPAYMENT: Self = Self(1 << 2);
    /// The onset waited for another pulse.
    pub const DEFERRED: Self = Self(1 << 3);
    /// `measured_ua` and `measured_mv` were measured.
    pub const MEASURED: Self = Self(1 << 4);
    /// `trigger` names the opening of a gate.
    pub const TRIGGERED: Self = Self(1 << 5);
    /// The contact was taken as lost: probe level.
    pub const PROBE_LEVEL: Self = Self(1 << 6);
    /// A warning stood while the pulse ran.
    pub const WARNING: Self = Self(1 << 7);
    /// A fault ended output during or after this pulse.
    pub const FAULT: Self = Self(1 << 8);
    /// A number was too large for its field, which holds the most it can.
    pub const SATURATED: Self = Self(1 << 9);
    const ALL: u16 = 0x03FF;
    /// Those that a field decides.
    const DECIDED: u16 = Self::REPAYMENT.0 | Self::DEFERRED.0 | Self::MEASURED.0 | Self::TRIGGERED.0;

    /// The bits, as stored.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// From stored bits; `None` where one without a meaning is set.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Option<Self> {
        if bits & !Self::ALL == 0 { Some(Self(bits)) } else { None }
    }

    /// Whether all of `other` are set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    const fn when(self, set: bool) -> Self {
        if set { self } else { Self::NONE }
    }
}

impl BitOr for LogFlags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// How to read the pulses of one channel: stands in the log before its first pulse, and again after each calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ChannelRecord {
    /// The channel.
    pub channel: u8,
    /// Ticks of one second.
    pub ticks_per_second: u32,
    /// Nanoamperes for one code above zero.
    pub na_per_code_positive: u32,
    /// Nanoamperes for one code below zero.
    pub na_per_code_negative: u32,
    /// Constant error while driven, in nanoamperes.
    pub offset_na: i32,
    /// Checksum of the limits the session was checked with.
    pub limits_crc: u32,
    /// Checksum of the calibration.
    pub calibration_crc: u32,
    /// The session's number, as in [`super::DoseRecord::begun`].
    pub session: u32,
}

impl ChannelRecord {
    /// From a plan's hardware; `None` for a channel that is not there.
    #[must_use]
    pub fn of(hardware: &nmes_core::Hardware, channel: u8, limits_crc: u32, session: u32) -> Option<Self> {
        let output: &ChannelHardware = hardware.channel(channel)?;
        Some(Self {
            channel,
            ticks_per_second: hardware.timing().ticks_per_second,
            na_per_code_positive: output.na_per_code_positive,
            na_per_code_negative: output.na_per_code_negative,
            offset_na: output.offset_na,
            limits_crc,
            calibration_crc: hardware.calibration_crc(),
            session,
        })
    }

    /// The entry as bytes. Fixed work.
    #[must_use]
    pub fn encode(&self) -> [u8; LOG_BYTES] {
        let mut bytes = [0; LOG_BYTES];
        let mut out = Writer::new(&mut bytes);
        out.u8(CHANNEL).u8(VERSION).u8(self.channel).u8(0).u32(self.ticks_per_second);
        out.u32(self.na_per_code_positive).u32(self.na_per_code_negative).i32(self.offset_na);
        out.u32(self.limits_crc).u32(self.calibration_crc).u32(self.session);
        seal(&mut bytes);
        bytes
    }

    /// The entry back.
    ///
    /// # Errors
    /// [`DecodeError`]. Never panics.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut fields = open(bytes, LOG_BYTES, [CHANNEL], VERSION)?;
        let channel = fields.u8();
        require(usize::from(channel) < nmes_core::MAX_CHANNELS, "channel")?;
        require(fields.u8() == 0, "reserved")?;
        let entry = Self {
            channel,
            ticks_per_second: fields.u32(),
            na_per_code_positive: fields.u32(),
            na_per_code_negative: fields.u32(),
            offset_na: fields.i32(),
            limits_crc: fields.u32(),
            calibration_crc: fields.u32(),
            session: fields.u32(),
        };
        require(entry.ticks_per_second > 0, "ticks_per_second")?;
        require(fields.take::<28>() == [0; 28], "reserved")?;
        Ok(entry)
    }
}

/// One pulse: set, realised, measured, trigger, flags, device time.
///
/// ```
/// use nmes_core::{Charge, FrameKind, PulseReceipt, Setting};
/// use nmes_safety::records::{LogFlags, PulseRecord};
/// fn log(receipt: &PulseReceipt, measured_ua: i32, measured_mv: i32, opening: u16) -> [u8; 64] {
///     PulseRecord::of(receipt).with_measured(measured_ua, measured_mv).with_trigger(opening).encode()
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PulseRecord {
    /// The channel.
    pub channel: u8,
    /// Why there was a frame.
    pub kind: FrameKind,
    /// The frame's number.
    pub sequence: u32,
    /// When the first edge was applied.
    pub onset_tick: u64,
    /// From there to the last edge.
    pub length_ticks: u32,
    /// How long the onset waited.
    pub deferred_ticks: u32,
    /// What was set, after the envelope.
    pub set: Setting,
    /// The code of the main phase, as realised.
    pub code: i32,
    /// Length of the main phase, as realised.
    pub primary_ticks: u32,
    /// The channel's commanded charge after the last edge, in nA·ticks.
    pub ledger: i64,
    /// Measured current of the main phase in µA, signed; 0 without [`LogFlags::MEASURED`].
    pub measured_ua: i32,
    /// Measured voltage of the main phase in mV, signed; 0 without [`LogFlags::MEASURED`].
    pub measured_mv: i32,
    /// Which opening of a gate, counted modulo 65,536; 0 without [`LogFlags::TRIGGERED`].
    pub trigger: u16,
    /// What else there is to say.
    pub flags: LogFlags,
}

impl PulseRecord {
    /// What a receipt says. Fixed work.
    #[must_use]
    pub fn of(receipt: &PulseReceipt) -> Self {
        let length = receipt.end_tick.saturating_sub(receipt.onset_tick);
        let fit = |ticks: u64| u32::try_from(ticks).unwrap_or(u32::MAX);
        let too_large = length.max(receipt.deferred_ticks) > u64::from(u32::MAX);
        Self {
            channel: receipt.channel,
            kind: receipt.kind,
            sequence: receipt.sequence,
            onset_tick: receipt.onset_tick,
            length_ticks: fit(length),
            deferred_ticks: fit(receipt.deferred_ticks),
            set: receipt.setting,
            code: receipt.code,
            primary_ticks: receipt.primary_ticks,
            ledger: receipt.ledger.as_nanoamp_ticks(),
            measured_ua: 0,
            measured_mv: 0,
            trigger: 0,
            flags: LogFlags::FULL_LEVEL.when(receipt.full_level)
                | LogFlags::CUT.when(receipt.cut)
                | LogFlags::REPAYMENT.when(receipt.kind != FrameKind::Pulse)
                | LogFlags::DEFERRED.when(receipt.deferred_ticks > 0)
                | LogFlags::SATURATED.when(too_large),
        }
    }

    /// The same with what was measured of the main phase.
    #[must_use]
    pub fn with_measured(self, microamps: i32, millivolts: i32) -> Self {
        let flags = self.flags | LogFlags::MEASURED;
        Self { measured_ua: microamps, measured_mv: millivolts, flags, ..self }
    }

    /// The same with the number of the gate's opening.
    #[must_use]
    pub fn with_trigger(self, opening: u16) -> Self {
        Self { trigger: opening, flags: self.flags | LogFlags::TRIGGERED, ..self }
    }

    /// The same with more flags: of those that a field of the entry decides ([`LogFlags::REPAYMENT`], [`LogFlags::DEFERRED`],
    /// [`LogFlags::MEASURED`], [`LogFlags::TRIGGERED`]) none is taken, as no entry with one that does not fit is ever read.
    #[must_use]
    pub fn with_flags(self, more: LogFlags) -> Self {
        Self { flags: self.flags | LogFlags(more.0 & !LogFlags::DECIDED), ..self }
    }

    /// The entry as bytes. Fixed work.
    #[must_use]
    pub fn encode(&self) -> [u8; LOG_BYTES] {
        let mut bytes = [0; LOG_BYTES];
        let mut out = Writer::new(&mut bytes);
        out.u8(PULSE).u8(VERSION).u8(self.channel).u8(kind_code(self.kind)).u32(self.sequence);
        out.u64(self.onset_tick).u32(self.length_ticks).u32(self.deferred_ticks);
        out.u32(self.set.amplitude.as_microamps()).u32(self.set.width.as_micros());
        out.i32(self.code).u32(self.primary_ticks).i64(self.ledger);
        out.i32(self.measured_ua).i32(self.measured_mv).u16(self.trigger).u16(self.flags.bits());
        seal(&mut bytes);
        bytes
    }

    /// The entry back.
    ///
    /// # Errors
    /// [`DecodeError`]. Never panics.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut fields = open(bytes, LOG_BYTES, [PULSE], VERSION)?;
        let channel = fields.u8();
        require(usize::from(channel) < nmes_core::MAX_CHANNELS, "channel")?;
        let kind = kind_of(fields.u8()).ok_or(DecodeError::Field { name: "kind" })?;
        let (sequence, onset_tick) = (fields.u32(), fields.u64());
        let (length_ticks, deferred_ticks) = (fields.u32(), fields.u32());
        let amplitude =
            MicroAmps::from_microamps(fields.u32()).ok_or(DecodeError::Field { name: "set_ua" })?;
        let width = Micros::from_micros(fields.u32()).ok_or(DecodeError::Field { name: "set_us" })?;
        let (code, primary_ticks, ledger) = (fields.i32(), fields.u32(), fields.i64());
        let (measured_ua, measured_mv, trigger) = (fields.i32(), fields.i32(), fields.u16());
        let flags = LogFlags::from_bits(fields.u16()).ok_or(DecodeError::Field { name: "flags" })?;
        let set = Setting { amplitude, width };
        let entry = Self {
            channel,
            kind,
            sequence,
            onset_tick,
            length_ticks,
            deferred_ticks,
            set,
            code,
            primary_ticks,
            ledger,
            measured_ua,
            measured_mv,
            trigger,
            flags,
        };
        entry.agrees().map(|()| entry)
    }

    /// Fields that say the same thing twice say the same.
    fn agrees(&self) -> Result<(), DecodeError> {
        let nothing = self.measured_ua == 0 && self.measured_mv == 0;
        require(self.flags.has(LogFlags::MEASURED) || nothing, "measured")?;
        require(self.flags.has(LogFlags::TRIGGERED) || self.trigger == 0, "trigger")?;
        require(self.flags.has(LogFlags::DEFERRED) == (self.deferred_ticks > 0), "deferred_ticks")?;
        require(self.flags.has(LogFlags::REPAYMENT) == (self.kind != FrameKind::Pulse), "kind")
    }
}

const fn kind_code(kind: FrameKind) -> u8 {
    match kind {
        FrameKind::Pulse => 0,
        FrameKind::Trim => 1,
        FrameKind::Recover => 2,
    }
}

const fn kind_of(code: u8) -> Option<FrameKind> {
    match code {
        0 => Some(FrameKind::Pulse),
        1 => Some(FrameKind::Trim),
        2 => Some(FrameKind::Recover),
        _ => None,
    }
}

/// One entry of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum LogEntry {
    /// How to read a channel.
    Channel(ChannelRecord),
    /// One pulse.
    Pulse(PulseRecord),
}

impl LogEntry {
    /// By its first byte.
    ///
    /// # Errors
    /// [`DecodeError`]. Never panics.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.first() == Some(&CHANNEL) {
            return ChannelRecord::decode(bytes).map(Self::Channel);
        }
        PulseRecord::decode(bytes).map(Self::Pulse)
    }
}

/// The entries of a log, one after another; see [`log_entries`].
#[derive(Clone, Debug)]
pub struct LogEntries<'a> {
    chunks: core::iter::Take<core::slice::Chunks<'a, u8>>,
}

/// Reads a log. A damaged entry is an error in its place and the next ones are still read; a tail of less than an entry
/// is one [`DecodeError::Length`]. Blank entries, all ones or all zeros, to the end of the memory are what was not written yet: the log
/// ends before them. Work: one pass over them here, and each step is one decoding.
///
/// ```
/// use nmes_safety::records::{DecodeError, log_entries};
/// assert_eq!(log_entries(&[0xFF; 4_096]).next(), None); // an erased page
/// let mut torn = [0xFF; 70];
/// torn[69] = 0xD7; // the first byte of an entry behind a blank one, and no more
/// let mut entries = log_entries(&torn);
/// assert_eq!(entries.next(), Some(Err(DecodeError::Blank)));
/// assert_eq!(entries.next(), Some(Err(DecodeError::Length { expected: 64, found: 6 })));
/// assert_eq!(entries.next(), None);
/// ```
#[must_use]
pub fn log_entries(bytes: &[u8]) -> LogEntries<'_> {
    let blank = |entry: &&[u8]| is_blank(entry);
    let written = bytes.chunks(LOG_BYTES).rev().skip_while(blank).count();
    LogEntries { chunks: bytes.chunks(LOG_BYTES).take(written) }
}

impl Iterator for LogEntries<'_> {
    type Item = Result<LogEntry, DecodeError>;
    fn next(&mut self) -> Option<Self::Item> {
        self.chunks.next().map(LogEntry::decode)
    }
}
