//! A session of one's own as a file: waveform, amplitude, channels and timing without a row of the catalogue.

use super::bounded::List;
use super::error::{FileError, FileProblem, Place, Said};
use super::schedule_file::ScheduleFile;
use super::session_file::{FileRoom, RampFile, TimingFile, config, of_channel, of_session};
use crate::build::{Built, NOTES, Storage};
use crate::build_error::BuildError;
use crate::provenance::Unit;
use crate::screening::{Answers, Outcome, Screening, Site, screen_own};
use crate::settings::{Origin, Settings};
use crate::waveform::{Carrier, WaveKind};
use heapless::String;
use nmes_core::{
    Balance, Channel, ConfigError, Control, Form, MAX_CHANNELS, MAX_POINTS, MicroAmps, Micros, Millis, Point,
    Polarity, PulseShape, Ramp, Rate, Repeat, Session, Setting, Train,
};
use nmes_safety::UseClass;
use serde::{Deserialize, Serialize};

/// The version of files of one's own sessions that this release writes and reads.
pub const OWN_VERSION: u16 = 1;
/// From here on a pulse is for specialists, as in every row of the catalogue.
const LONG_US: u32 = 10_000;
const SPECIALIST: &str =
    "true, as pulses of 10 ms or more, a declared direct current and pads at the face are for specialists";

/// What the first line of such a file says that it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OwnFormat {
    /// A session of one's own.
    #[default]
    #[serde(rename = "nmes-own-session")]
    Own,
}

/// A session of one's own as a file. No protocol stands behind it, so no range does: what bounds it are screening at its
/// site, what nmes-core takes, and the check with its profile.
///
/// ```
/// # #[cfg(feature = "text")] {
/// use nmes_protocols::files::{FileRoom, OwnFile, Syntax};
/// let text = r#"
/// format = "nmes-own-session"
/// version = 1
/// name = "two unequal phases"
/// site = "thigh"
/// use_class = "exercise"
/// specialist = false
/// length_ms = 600000
/// [schedule.cyclic]
/// hold_ms = 5000
/// rest_ms = 20000
/// [[channels]]
/// rate_millihertz = 40000
/// offset_us = 0
/// timing = "even"
/// electrode_mm2 = 2500
/// [channels.pulse]
/// amplitude_ua = 30000
/// width_us = 500
/// gap_us = 0
/// leading = "negative"
/// balance = "symmetric"
/// wave = { points = [{ permille = 1000, width_us = 200 }, { permille = 0, width_us = 100 }, { permille = -1000, width_us = 200 }] }
/// [channels.ramp]
/// control = "amplitude"
/// up_ms = 1000
/// down_ms = 1000
/// down_min_ms = 1000
/// floor = 0
/// "#;
/// let file = OwnFile::from_text(text, Syntax::Toml).unwrap();
/// let mut room = FileRoom::new();
/// assert_eq!(file.session(&mut room).unwrap().channels()[0].set.amplitude.as_microamps(), 30_000);
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnFile {
    /// That it is one's own session.
    pub format: OwnFormat,
    /// [`OWN_VERSION`].
    pub version: u16,
    /// What it is called, up to 48 bytes.
    pub name: String<48>,
    /// Where the pads are: what is screened. [`Site::Chest`] and [`Site::HeadNeck`] are read, and no session is built there.
    pub site: Site,
    /// Which rules of the check apply.
    pub use_class: UseClass,
    /// A specialist asks.
    pub specialist: bool,
    /// Length of the session.
    pub length_ms: Millis,
    /// When its channels run. Steps of a walk are a protocol's.
    pub schedule: ScheduleFile,
    /// The channels.
    pub channels: List<OwnChannelFile, MAX_CHANNELS>,
}

/// One channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnChannelFile {
    /// Pulses a second while on, in thousandths; the fastest, where the timing varies.
    pub rate_millihertz: u32,
    /// How much later than the first this channel works.
    pub offset_us: Micros,
    /// When the pulses of a train stand.
    pub timing: TimingFile,
    /// The smaller of its two pads.
    pub electrode_mm2: u32,
    /// The pulse.
    pub pulse: OwnPulseFile,
    /// The slopes.
    pub ramp: RampFile,
}

/// One pulse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnPulseFile {
    /// Amplitude of the primary phase; the ceiling too.
    pub amplitude_ua: MicroAmps,
    /// Width of the primary phase; of points, of all of them.
    pub width_us: Micros,
    /// Gap between the phases.
    pub gap_us: Micros,
    /// Which way the primary phase drives the active pad.
    pub leading: Polarity,
    /// How the charge comes back.
    pub balance: Balance,
    /// What it looks like.
    pub wave: OwnWave,
}

/// What a pulse looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OwnWave {
    /// Rectangular.
    Rectangular,
    /// A slow straight rise over the whole width, then off.
    SlowRise,
    /// Cycles of a carrier in bursts; the width is half a cycle, and the rate counts bursts.
    BurstAc {
        /// The shape of a half cycle.
        shape: Carrier,
        /// Cycles in one burst.
        cycles: u16,
    },
    /// Two short peaks of one polarity.
    TwinPeak {
        /// From the end of one peak to the beginning of the other.
        between_us: u16,
    },
    /// An outer phase of the other polarity, the main phase, and an outer phase that balances.
    Triphasic {
        /// The first outer phase in percent of the main phase, 1 to 90.
        outer_percent: u8,
    },
    /// 2 to 16 levels that sum to zero, or declare a direct current.
    Points(PointsFile),
}

/// Levels of a pulse, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "List<PointFile, MAX_POINTS>", into = "List<PointFile, MAX_POINTS>")]
pub struct PointsFile(List<Point, MAX_POINTS>);

/// One level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointFile {
    /// In thousandths of the amplitude, −1,000 to 1,000; above zero drives the leading way.
    pub permille: i16,
    /// How long.
    pub width_us: Micros,
}

impl From<List<PointFile, MAX_POINTS>> for PointsFile {
    fn from(list: List<PointFile, MAX_POINTS>) -> Self {
        Self(list.iter().map(|p| Point { permille: p.permille, width: p.width_us }).collect())
    }
}

impl From<PointsFile> for List<PointFile, MAX_POINTS> {
    fn from(points: PointsFile) -> Self {
        points.0.iter().map(|p| PointFile { permille: p.permille, width_us: p.width }).collect()
    }
}

impl OwnFile {
    /// The session as it stands in the file: validated by nmes-core and by nothing else. It has to be screened, compiled
    /// and checked.
    ///
    /// # Errors
    /// Names the place, the value and the limit of what is not taken.
    pub fn session<'s, 'f: 's>(&'f self, room: &'s mut FileRoom<'f>) -> Result<Session<'s>, FileError> {
        self.known()?;
        for (index, (slot, file)) in room.channels.iter_mut().zip(self.channels.iter()).enumerate() {
            *slot = file.channel().map_err(|error| config(index, &error))?;
        }
        room.session(self.channels.len(), &self.schedule, self.length_ms)
    }

    /// The session for somebody with these answers, every value given: screened at its site, with a specialist's word where
    /// one is needed. Compiling and the check come after it.
    ///
    /// # Errors
    /// Names the place, the value and what is allowed.
    pub fn build<'a>(
        &'static self,
        answers: &Answers,
        storage: &'a mut Storage,
    ) -> Result<Built<'a>, FileError> {
        let screening = self.screened(answers)?;
        let mut room = FileRoom::new();
        self.session(&mut room)?;
        *storage = Storage { channels: room.channels, stages: room.stages };
        let Storage { channels, stages } = storage;
        let channels = channels.get(..self.channels.len()).unwrap_or_default();
        let schedule = self.schedule.schedule(stages).map_err(|error| of_session(&error))?;
        let session = Session::new(channels, schedule, self.length_ms).map_err(|error| of_session(&error))?;
        Ok(Built { session, gait: None, settings: self.settings(), screening, notes: [None; NOTES] })
    }

    /// What stands before any value: the version, a specialist's word, screening at the site, where metal weighs more under
    /// pulses that leave a direct current. Chest, head and neck block whoever asks.
    fn screened(&self, answers: &Answers) -> Result<Screening, FileError> {
        self.known()?;
        let long = |c: &OwnChannelFile| c.pulse.width_us.as_micros() >= LONG_US;
        let direct = |c: &OwnChannelFile| matches!(c.pulse.balance, Balance::DeclaredDc { .. });
        let leaves_direct = self.channels.iter().any(direct);
        let apart = leaves_direct || self.channels.iter().any(long);
        if (apart || self.site == Site::Face) && !self.specialist {
            return Err(words("specialist", "false", SPECIALIST));
        }
        let screening = screen_own(self.site, leaves_direct, answers);
        if screening.outcome() == Outcome::NoBlockFound {
            return Ok(screening);
        }
        Err(FileError::new(Place::top("site"), FileProblem::Build(BuildError::Screening(screening))))
    }

    fn known(&self) -> Result<(), FileError> {
        if self.version != OWN_VERSION {
            let problem = FileProblem::Version { found: self.version, known: OWN_VERSION };
            return Err(FileError::new(Place::top("version"), problem));
        }
        if matches!(self.schedule, ScheduleFile::Steps { .. }) {
            return Err(words("schedule", "steps", "continuous, cyclic, program or gated"));
        }
        self.channels.iter().enumerate().try_for_each(|(index, channel)| channel.known(index))
    }

    /// Of the first channel, as of every session.
    fn settings(&self) -> Settings {
        let mut settings = Settings::empty();
        let mut add = |name, value, unit| settings.add(name, value, unit, Origin::Given);
        if let Some(first) = self.channels.first() {
            let (pulse, ramp) = (&first.pulse, &first.ramp);
            add("amplitude", pulse.amplitude_ua.as_microamps(), Unit::MicroAmps);
            add("phase width", pulse.width_us.as_micros(), Unit::Micros);
            add("frequency", first.rate_millihertz, Unit::MilliHertz);
            add("interphase gap", pulse.gap_us.as_micros(), Unit::Micros);
            add("ramp-up", ramp.up_ms.as_millis(), Unit::Millis);
            add("ramp-down", ramp.down_ms.as_millis(), Unit::Millis);
        }
        add("session length", self.length_ms.as_millis(), Unit::Millis);
        settings
    }
}

fn words(field: &'static str, given: &'static str, accepted: &'static str) -> FileError {
    FileError::new(Place::top(field), FileProblem::Words { given: Said::Word(given), accepted })
}

impl FileRoom<'_> {
    /// The first channels of the room over a schedule, each looked at by itself first, so that an error names it.
    pub(super) fn session(
        &mut self,
        count: usize,
        schedule: &ScheduleFile,
        length: Millis,
    ) -> Result<Session<'_>, FileError> {
        let channels = self.channels.get(..count).unwrap_or_default();
        let schedule = schedule.schedule(&mut self.stages).map_err(|error| of_session(&error))?;
        for (index, channel) in channels.iter().enumerate() {
            Session::new(core::slice::from_ref(channel), schedule, length).map_err(|error| {
                if of_channel(error.field()).is_some() { config(index, &error) } else { of_session(&error) }
            })?;
        }
        Session::new(channels, schedule, length).map_err(|error| of_session(&error))
    }
}

impl OwnWave {
    fn shape(&self) -> (Form<'_>, Repeat) {
        let kind = match self {
            Self::Rectangular => WaveKind::Rectangular,
            Self::SlowRise => WaveKind::SlowRise,
            Self::BurstAc { shape, cycles } => WaveKind::BurstAc { shape: *shape, cycles: *cycles },
            Self::TwinPeak { between_us } => WaveKind::TwinPeak { between_us: *between_us },
            Self::Triphasic { outer_percent } => {
                return (Form::Triphasic { outer_percent: *outer_percent }, Repeat::ONCE);
            }
            Self::Points(points) => return (Form::Points(&points.0), Repeat::ONCE),
        };
        (kind.form(), kind.repeat())
    }
}

impl OwnChannelFile {
    /// What nmes-core does not ask: the pad, and a floor that leaves something of the ramp.
    fn known(&self, index: usize) -> Result<(), FileError> {
        let refused = |field, given, unit, accepted| {
            let problem = FileProblem::Words { given: Said::Number(u64::from(given), unit), accepted };
            Err(FileError::new(Place::of("channels", index, field), problem))
        };
        if !(1..=100_000).contains(&self.electrode_mm2) {
            return refused("electrode_mm2", self.electrode_mm2, "mm²", "1 to 100000 mm²");
        }
        let floor = self.ramp.floor;
        match self.ramp.control {
            Control::Amplitude if floor > self.pulse.amplitude_ua.as_microamps() => refused(
                "ramp.floor",
                floor,
                "µA",
                "up to the amplitude, from which a ramp would have nothing to do",
            ),
            Control::Width if floor > self.pulse.width_us.as_micros() => refused(
                "ramp.floor",
                floor,
                "µs",
                "up to the width, from which a ramp would have nothing to do",
            ),
            Control::Amplitude | Control::Width => Ok(()),
        }
    }

    fn channel(&self) -> Result<Channel<'_>, ConfigError> {
        let OwnPulseFile { amplitude_ua, width_us, gap_us, leading, balance, wave } = &self.pulse;
        let (form, repeat) = wave.shape();
        let set = Setting { amplitude: *amplitude_ua, width: *width_us };
        let ramp = self.ramp;
        Ok(Channel {
            pulse: PulseShape { form, gap: *gap_us, balance: *balance, leading: *leading, repeat },
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
