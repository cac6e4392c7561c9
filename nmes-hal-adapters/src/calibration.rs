//! What a converter's readings mean: found on a bench, kept as bytes, refused unless whole.

use core::fmt;

use nmes_core::{Hardware, MAX_CHANNELS};
use nmes_safety::Crc32;

const MAGIC: [u8; 4] = *b"NMAC";
const VERSION: u8 = 1;
const HEAD: usize = 12;
const EACH: usize = 16;
const CRC: usize = 4;

/// Straight lines from readings to current and voltage, for one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The reading at no current.
    pub current_zero: i32,
    /// Nanoamperes for one step; below zero where it is wired the other way round. Not 0.
    pub na_per_step: i32,
    /// The reading at no voltage.
    pub voltage_zero: i32,
    /// Millivolts for 1,024 steps; below zero where it is wired the other way round. Not 0.
    pub mv_per_1024: i32,
}

impl Line {
    /// A reading as nanoamperes.
    #[must_use]
    pub fn current_na(&self, reading: u16) -> i64 {
        // below 2^33 × 2^31
        i64::from(reading)
            .saturating_sub(i64::from(self.current_zero))
            .saturating_mul(i64::from(self.na_per_step))
    }

    /// A reading as millivolts, rounded down; at the end of the range where it does not fit. No division: this is on the
    /// edge path.
    #[must_use]
    pub fn voltage_mv(&self, reading: u16) -> i32 {
        let steps = i64::from(reading).saturating_sub(i64::from(self.voltage_zero));
        let mv = steps.saturating_mul(i64::from(self.mv_per_1024)) >> 10;
        i32::try_from(mv).unwrap_or(if mv < 0 { i32::MIN } else { i32::MAX })
    }
}

/// Why a calibration is refused. Nothing of it is used then: without one there is no [`AdcSense`](crate::AdcSense).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CalibrationError {
    /// There are not as many bytes as the record says it has.
    Length {
        /// How many it needs.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// It is no calibration: erased memory, or something else.
    Magic,
    /// It is of another version.
    Version {
        /// The version found.
        found: u8,
    },
    /// The checksum is wrong.
    Checksum {
        /// What the bytes come to.
        counted: u32,
        /// What the record says.
        stored: u32,
    },
    /// It is for none or for more than eight channels, or for another number than the hardware has.
    Channels {
        /// The number.
        found: u8,
    },
    /// A step is no current or no voltage.
    Flat {
        /// The channel.
        channel: u8,
    },
    /// It was made for another output: the checksum of the output's own calibration differs.
    OtherHardware {
        /// The checksum in the record.
        record: u32,
        /// The output's.
        hardware: u32,
    },
}

impl fmt::Display for CalibrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { needed, found } => {
                write!(f, "a calibration needs {needed} bytes here, there are {found}")
            }
            Self::Magic => f.write_str("there is no calibration"),
            Self::Version { found } => write!(f, "the calibration is of version {found}, not {VERSION}"),
            Self::Checksum { counted, stored } => {
                write!(f, "the calibration's checksum is {stored:#010x}, its bytes come to {counted:#010x}")
            }
            Self::Channels { found } => write!(f, "the calibration is for {found} channels"),
            Self::Flat { channel } => {
                write!(f, "channel {channel}: a step of the converter is worth nothing")
            }
            Self::OtherHardware { record, hardware } => {
                write!(f, "the calibration is for the output {record:#010x}, this one is {hardware:#010x}")
            }
        }
    }
}

impl core::error::Error for CalibrationError {}

/// The calibration of a measurement, for up to eight channels.
///
/// As bytes, little-endian: `NMAC`, version 1, channels, two zeros, checksum of the output's calibration
/// ([`Hardware::calibration_crc`]), for each channel the four numbers of its [`Line`], and a CRC-32 over all before it:
/// 16 + 16 × channels.
///
/// ```
/// use nmes_hal_adapters::{Calibration, CalibrationError, Line};
/// let line = Line { current_zero: 2_048, na_per_step: 50_000, voltage_zero: 2_048, mv_per_1024: 74_752 };
/// let made = Calibration::new(&[line], 0x1234).unwrap();
/// let mut bytes = [0; Calibration::MOST_BYTES];
/// let bytes = made.encode(&mut bytes);
/// assert_eq!(bytes.len(), 32);
/// assert_eq!(Calibration::decode(bytes), Ok(made));
/// assert_eq!(Calibration::decode(&[0xFF; 32]), Err(CalibrationError::Magic));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibration {
    lines: [Line; MAX_CHANNELS],
    channels: u8,
    hardware_crc: u32,
}

impl Calibration {
    /// Bytes of a record of eight channels.
    pub const MOST_BYTES: usize = HEAD + EACH * MAX_CHANNELS + CRC;

    /// For as many channels as there are lines.
    ///
    /// # Errors
    /// None or more than eight, or a step that is worth nothing.
    pub fn new(lines: &[Line], hardware_crc: u32) -> Result<Self, CalibrationError> {
        let channels = u8::try_from(lines.len()).unwrap_or(u8::MAX);
        let mut all = [Line::default(); MAX_CHANNELS];
        let Some(room) = all.get_mut(..lines.len()).filter(|room| !room.is_empty()) else {
            return Err(CalibrationError::Channels { found: channels });
        };
        room.copy_from_slice(lines);
        let flat = lines.iter().position(|line| line.na_per_step == 0 || line.mv_per_1024 == 0);
        if let Some(channel) = flat {
            return Err(CalibrationError::Flat { channel: u8::try_from(channel).unwrap_or(u8::MAX) });
        }
        Ok(Self { lines: all, channels, hardware_crc })
    }

    /// The line of a channel.
    #[must_use]
    pub fn line(&self, channel: u8) -> Option<&Line> {
        self.lines.get(..usize::from(self.channels))?.get(usize::from(channel))
    }

    /// Whether it was made for this output.
    ///
    /// # Errors
    /// Another number of channels, or another checksum.
    pub fn fits(&self, hardware: &Hardware) -> Result<(), CalibrationError> {
        if self.channels != hardware.channel_count() {
            return Err(CalibrationError::Channels { found: self.channels });
        }
        let (record, hardware) = (self.hardware_crc, hardware.calibration_crc());
        if record != hardware {
            return Err(CalibrationError::OtherHardware { record, hardware });
        }
        Ok(())
    }

    /// The record as bytes: the part of `room` that it takes.
    pub fn encode<'r>(&self, room: &'r mut [u8; Self::MOST_BYTES]) -> &'r [u8] {
        let mut out = Out { bytes: room, at: 0 };
        out.put(&MAGIC);
        out.put(&[VERSION, self.channels, 0, 0]);
        out.put(&self.hardware_crc.to_le_bytes());
        for line in self.lines.iter().take(usize::from(self.channels)) {
            for number in [line.current_zero, line.na_per_step, line.voltage_zero, line.mv_per_1024] {
                out.put(&number.to_le_bytes());
            }
        }
        let crc = Crc32::of(out.done());
        out.put(&crc.to_le_bytes());
        let end = out.at;
        room.get(..end).unwrap_or(&[])
    }

    /// The record in some bytes, all of which it has to be.
    ///
    /// # Errors
    /// [`CalibrationError`] says what is wrong with them.
    pub fn decode(bytes: &[u8]) -> Result<Self, CalibrationError> {
        let mut rest = bytes;
        let length = |needed| CalibrationError::Length { needed, found: bytes.len() };
        let magic = take::<4>(&mut rest).ok_or(length(HEAD))?;
        if magic != MAGIC {
            return Err(CalibrationError::Magic);
        }
        let [version, channels, _, _] = take(&mut rest).ok_or(length(HEAD))?;
        if version != VERSION {
            return Err(CalibrationError::Version { found: version });
        }
        let count = usize::from(channels);
        if count > MAX_CHANNELS {
            return Err(CalibrationError::Channels { found: channels });
        }
        let needed = EACH.saturating_mul(count).saturating_add(HEAD + CRC);
        if bytes.len() != needed {
            return Err(length(needed));
        }
        checksum(bytes)?;
        let hardware_crc = u32::from_le_bytes(take(&mut rest).ok_or(length(needed))?);
        let mut lines = [Line::default(); MAX_CHANNELS];
        for line in lines.iter_mut().take(count) {
            *line = read_line(&mut rest).ok_or(length(needed))?;
        }
        Self::new(lines.get(..count).unwrap_or(&[]), hardware_crc)
    }
}

struct Out<'r> {
    bytes: &'r mut [u8],
    at: usize,
}

impl Out<'_> {
    fn put(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if let Some(place) = self.bytes.get_mut(self.at) {
                *place = *byte;
                self.at = self.at.saturating_add(1);
            }
        }
    }

    fn done(&self) -> &[u8] {
        self.bytes.get(..self.at).unwrap_or(&[])
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*first)
}

fn read_line(rest: &mut &[u8]) -> Option<Line> {
    let mut number = || take(rest).map(i32::from_le_bytes);
    Some(Line {
        current_zero: number()?,
        na_per_step: number()?,
        voltage_zero: number()?,
        mv_per_1024: number()?,
    })
}

fn checksum(bytes: &[u8]) -> Result<(), CalibrationError> {
    let Some((body, stored)) = bytes.split_last_chunk::<CRC>() else {
        return Err(CalibrationError::Length { needed: HEAD + CRC, found: bytes.len() });
    };
    let (counted, stored) = (Crc32::of(body), u32::from_le_bytes(*stored));
    if counted == stored { Ok(()) } else { Err(CalibrationError::Checksum { counted, stored }) }
}
