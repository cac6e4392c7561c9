//! A session as a file: every number of it, with its unit in its name.

use super::bounded::List;
use super::error::{FileError, FileProblem, Place, Said};
use super::schedule_file::ScheduleFile;
use crate::build::Built;
use crate::catalogue::find;
use crate::condition::Condition;
use crate::request::Request;
use crate::screening::Site;
use crate::waveform::{TimingRow, WaveKind};
use heapless::String;
use nmes_core::{
    Balance, Bursts, Channel, ConfigError, Control, Field, MAX_CHANNELS, MAX_STAGES, MicroAmps, Micros,
    Millis, Polarity, PulseShape, Ramp, Rate, Session, Setting, Stage, Timing, Train,
};
use serde::{Deserialize, Serialize};

/// The version of session files that this release writes and reads.
pub const SESSION_VERSION: u16 = 1;
/// The most intervals between pulses that a file lists.
pub const MAX_LISTED: usize = 96;

/// What the first line of a session file says that it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionFormat {
    /// A session.
    #[default]
    #[serde(rename = "nmes-session")]
    Session,
}

/// A session as a file: a protocol of the catalogue, and every number of the session that was built of it.
///
/// [`SessionFile::of`] makes one, [`SessionFile::build`] takes it through the same gates, screening, ranges and builder
/// as a session that never was a file, and refuses what those would not have made. [`SessionFile::session`] needs no
/// catalogue: it is for a device that was sent the file, and what comes of it still has to be compiled and checked.
///
/// Ceilings are not in the file: they equal the set values, as for every session of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionFile {
    /// That it is a session.
    pub format: SessionFormat,
    /// [`SESSION_VERSION`].
    pub version: u16,
    /// The row, by its name.
    pub protocol: String<48>,
    /// Where the pads are.
    pub site: Site,
    /// A specialist asks.
    pub specialist: bool,
    /// Length of the session.
    pub length_ms: Millis,
    /// When its channels run.
    pub schedule: ScheduleFile,
    /// The channels.
    pub channels: List<ChannelFile, MAX_CHANNELS>,
}

/// One channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelFile {
    /// Pulses a second while on, in thousandths; the fastest, where the timing varies.
    pub rate_millihertz: u32,
    /// How much later than the first this channel works.
    pub offset_us: Micros,
    /// The pulse.
    pub pulse: PulseFile,
    /// When the pulses of a train stand.
    pub timing: TimingFile,
    /// The slopes.
    pub ramp: RampFile,
}

/// One pulse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PulseFile {
    /// Amplitude of the primary phase.
    pub amplitude_ua: MicroAmps,
    /// Width of the primary phase.
    pub width_us: Micros,
    /// Gap between the phases.
    pub gap_us: Micros,
    /// Which way the primary phase drives the active pad.
    pub leading: Polarity,
    /// What a phase looks like.
    pub wave: WaveKind,
    /// How the charge comes back.
    pub balance: Balance,
}

/// When the pulses of a train stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "a list in place, for want of an allocator")]
pub enum TimingFile {
    /// Evenly.
    Even,
    /// So many pulses at the channel's rate, so often.
    Bursts {
        /// Pulses of one burst.
        pulses: u16,
        /// Bursts a second, in thousandths.
        every_millihertz: u32,
    },
    /// After these times in microseconds, and again.
    IntervalsUs(List<Micros, MAX_LISTED>),
}

/// The slopes of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RampFile {
    /// What they move.
    pub control: Control,
    /// From the floor to the set value.
    pub up_ms: Millis,
    /// From the set value to the floor.
    pub down_ms: Millis,
    /// The shortest ramp-down that a gate may ask for.
    pub down_min_ms: Millis,
    /// Where a ramp starts: µA, or µs where the width is moved.
    pub floor: u32,
}

impl SessionFile {
    /// The file of a session that was built of a row. `None` for a row whose name or lists have no room in a file; a
    /// test holds that no row of the catalogue is one.
    #[must_use]
    pub fn of(row: &Condition, request: &Request, built: &Built<'_>) -> Option<Self> {
        let mut channels = List::new();
        for channel in built.session.channels() {
            channels.push(ChannelFile::of(row, channel)?).ok()?;
        }
        Some(Self {
            format: SessionFormat::Session,
            version: SESSION_VERSION,
            protocol: String::try_from(row.name).ok()?,
            site: request.site.unwrap_or(row.site),
            specialist: request.specialist,
            length_ms: built.session.length(),
            schedule: ScheduleFile::of(&built.session.schedule(), built.gait.as_ref())?,
            channels,
        })
    }

    /// The row that the file names.
    ///
    /// # Errors
    /// The catalogue has none of this name.
    pub fn row(&self) -> Result<&'static Condition, FileError> {
        find(&self.protocol).ok_or(FileError::new(Place::top("protocol"), FileProblem::NoSuchProtocol))
    }

    /// The session as it stands in the file, for a device without a catalogue: validated by nmes-core and by nothing
    /// else. It has to be compiled and checked there as any other.
    ///
    /// # Errors
    /// Names the place, the value and the limit of what nmes-core does not take.
    pub fn session<'s, 'f: 's>(&'f self, room: &'s mut FileRoom<'f>) -> Result<Session<'s>, FileError> {
        self.known_version()?;
        for (index, (slot, file)) in room.channels.iter_mut().zip(self.channels.iter()).enumerate() {
            *slot = file.channel().map_err(|error| config(index, &error))?;
        }
        room.session(self.channels.len(), &self.schedule, self.length_ms)
    }

    pub(super) fn known_version(&self) -> Result<(), FileError> {
        if self.version == SESSION_VERSION {
            return Ok(());
        }
        let problem = FileProblem::Version { found: self.version, known: SESSION_VERSION };
        Err(FileError::new(Place::top("version"), problem))
    }
}

/// Room for the channels and stages of a session that comes from a file alone; see [`SessionFile::session`].
#[derive(Clone, Copy, Debug)]
pub struct FileRoom<'f> {
    pub(super) channels: [Channel<'f>; MAX_CHANNELS],
    pub(super) stages: [Stage; MAX_STAGES],
}

impl FileRoom<'_> {
    /// Room.
    #[must_use]
    pub const fn new() -> Self {
        Self { channels: [crate::build::EMPTY; MAX_CHANNELS], stages: [crate::build::NO_STAGE; MAX_STAGES] }
    }
}

impl Default for FileRoom<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl ChannelFile {
    fn of(row: &Condition, channel: &Channel<'_>) -> Option<Self> {
        let ramp = channel.ramp;
        Some(Self {
            rate_millihertz: u32::try_from(channel.rate.as_millihertz()).ok()?,
            offset_us: channel.offset,
            pulse: PulseFile {
                amplitude_ua: channel.set.amplitude,
                width_us: channel.set.width,
                gap_us: channel.pulse.gap,
                leading: channel.pulse.leading,
                wave: row.waveform.kind.value,
                balance: channel.pulse.balance,
            },
            timing: TimingFile::of(row.timing.map(|timing| timing.value))?,
            ramp: RampFile {
                control: ramp.control,
                up_ms: ramp.up,
                down_ms: ramp.down,
                down_min_ms: ramp.down_min,
                floor: ramp.floor,
            },
        })
    }

    fn channel(&self) -> Result<Channel<'_>, ConfigError> {
        let PulseFile { amplitude_ua, width_us, gap_us, leading, wave, balance } = self.pulse;
        let set = Setting { amplitude: amplitude_ua, width: width_us };
        let ramp = self.ramp;
        Ok(Channel {
            pulse: PulseShape { form: wave.form(), gap: gap_us, balance, leading, repeat: wave.repeat() },
            rate: Rate::from_millihertz(self.rate_millihertz)?,
            train: Train { timing: self.timing.timing()?, ..Train::EVEN },
            set,
            ceiling: set,
            ramp: Ramp {
                control: ramp.control,
                up: ramp.up_ms,
                down: ramp.down_ms,
                down_min: ramp.down_min_ms,
                floor: ramp.floor,
                ..Ramp::NONE
            },
            offset: self.offset_us,
        })
    }
}

impl TimingFile {
    pub(super) fn of(row: Option<TimingRow>) -> Option<Self> {
        Some(match row {
            None => Self::Even,
            Some(TimingRow::Bursts { pulses, every_millihertz }) => Self::Bursts { pulses, every_millihertz },
            Some(TimingRow::Intervals(list)) if list.len() <= MAX_LISTED => {
                Self::IntervalsUs(list.iter().copied().collect())
            }
            Some(TimingRow::Intervals(_)) => return None,
        })
    }

    pub(super) fn timing(&self) -> Result<Timing<'_>, ConfigError> {
        Ok(match self {
            Self::Even => Timing::Even,
            Self::Bursts { pulses, every_millihertz } => {
                Timing::Bursts(Bursts { pulses: *pulses, every: Rate::from_millihertz(*every_millihertz)? })
            }
            Self::IntervalsUs(list) => Timing::List(list),
        })
    }

    pub(super) const fn word(&self) -> Said {
        Said::Word(match self {
            Self::Even => "even",
            Self::Bursts { .. } => "bursts as the protocol has them",
            Self::IntervalsUs(_) => "the protocol's list of intervals",
        })
    }
}

pub(super) fn config(index: usize, error: &ConfigError) -> FileError {
    let field = of_channel(error.field()).unwrap_or("");
    FileError::new(Place::of("channels", index, field), FileProblem::Config(*error))
}

pub(super) fn of_session(error: &ConfigError) -> FileError {
    let known = [(Field::SessionLength, "length_ms"), (Field::Channels, "channels")];
    let field = known.into_iter().find(|(field, _)| *field == error.field()).map_or("schedule", |(_, at)| at);
    FileError::new(Place::top(field), FileProblem::Config(*error))
}

/// Where in a channel a value of nmes-core stands.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the fields of schedules, hardwares and patterns stand in no channel"
)]
pub(super) const fn of_channel(field: Field) -> Option<&'static str> {
    Some(match field {
        Field::PhaseWidth | Field::PhaseTicks => "pulse.width_us",
        Field::Amplitude | Field::AmplitudeCodes => "pulse.amplitude_ua",
        Field::InterphaseGap => "pulse.gap_us",
        Field::BalanceLength | Field::DirectCurrent => "pulse.balance",
        Field::Repeat | Field::PhasePercent | Field::Points | Field::PointLevel => "pulse.wave",
        Field::RampTime => "ramp",
        Field::RampFloor => "ramp.floor",
        Field::RatePulses | Field::RatePer | Field::Period | Field::PulseLength => "rate_millihertz",
        Field::Offset => "offset_us",
        Field::BurstPulses | Field::Intervals | Field::Interval => "timing",
        _ => return None,
    })
}
