//! A person as a file: the nerve, the answers, what was measured and how, and the limits that somebody set.

use super::bounded::List;
use super::error::{FileError, FileProblem, Place, Said};
use crate::condition::Condition;
use crate::date::Date;
use crate::innervation::Innervation;
use crate::request::{Home, Side, Subject};
use crate::screening::{Answers, Item};
use heapless::String;
use nmes_core::{MAX_CHANNELS, MicroAmps, Micros, Polarity};
use nmes_safety::rules::{self, Rule};
use nmes_safety::{Layer, Setup};
use serde::{Deserialize, Serialize};

/// The version of subject files that this release writes and reads.
pub const SUBJECT_VERSION: u16 = 1;
/// The most limits in a subject file: a setup has room for as many besides those of device and protocol.
pub const MAX_LIMITS: usize = 8;
/// Items that are named at most; the table has no more.
const MAX_ITEMS: usize = 64;

/// What the first line of a subject file says that it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubjectFormat {
    /// A person.
    #[default]
    #[serde(rename = "nmes-subject")]
    Subject,
}

/// What is known of a person. No name: a code that a clinic's own list resolves.
///
/// ```
/// # #[cfg(feature = "files")] {
/// use nmes_protocols::{Innervation, Side, files::SubjectFile};
/// let file = SubjectFile::new("P-017", Innervation::Intact, Side::Left).unwrap();
/// assert_eq!(file.subject(0).innervation, Innervation::Intact);
/// assert!(file.answers().answer(nmes_protocols::Item::Pregnancy).is_none(), "nothing was answered");
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectFile {
    /// That it is a person.
    pub format: SubjectFormat,
    /// [`SUBJECT_VERSION`].
    pub version: u16,
    /// A code for the person.
    pub code: String<32>,
    /// State of the lower motor neurone.
    pub innervation: Innervation,
    /// Treated side.
    pub side: Side,
    /// The answers to the screening questions.
    pub screening: ScreeningFile,
    /// What was measured, channel by channel.
    pub measured: List<MeasuredFile, MAX_CHANNELS>,
    /// Limits for this person: each only makes a rule stricter.
    pub limits: List<LimitFile, MAX_LIMITS>,
    /// Bounds of use at home; absent for use in a clinic.
    #[serde(default)]
    pub home: Option<HomeFile>,
}

/// Answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScreeningFile {
    /// Answered with yes.
    pub yes: List<Item, MAX_ITEMS>,
    /// Of those: the text was read and is accepted.
    pub acknowledged: List<Item, MAX_ITEMS>,
    /// What is to be taken of all others.
    pub others: OtherAnswers,
}

/// What is to be taken of the items that are not named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherAnswers {
    /// They were not answered, and that blocks.
    #[default]
    Unanswered,
    /// All of them were answered with no.
    No,
}

/// What was measured on one channel: by [`Titration`](crate::titration::Titration), or by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredFile {
    /// The channel, from 0.
    pub channel: u8,
    /// When.
    pub date: Date,
    /// With which pads.
    pub electrode: ElectrodeFile,
    /// Width of the primary phase at which it was measured.
    pub width_us: Micros,
    /// Just felt.
    #[serde(default)]
    pub sensory_ua: Option<MicroAmps>,
    /// The muscle just answers.
    #[serde(default)]
    pub motor_ua: Option<MicroAmps>,
    /// What the protocol aims at was seen.
    #[serde(default)]
    pub functional_ua: Option<MicroAmps>,
    /// As much as was tolerated.
    #[serde(default)]
    pub maximum_ua: Option<MicroAmps>,
    /// Force at the functional amplitude, in percent of the maximal voluntary one.
    #[serde(default)]
    pub mvic_percent: Option<u8>,
    /// Of how many ascents these are the medians: 1 at least. A titration has up to 5; by hand there may be more.
    pub repeats: u8,
    /// What ended the last ascent.
    pub ended: Ended,
}

/// What ended an ascent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The person: no more.
    #[default]
    Maximum,
    /// The ceiling, which was tolerated: the maximum is not known.
    Ceiling,
}

/// The pads of a measurement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ElectrodeFile {
    /// Area of the smaller one.
    pub area_mm2: u32,
    /// Which way the primary phase drove the active one.
    pub leading: Polarity,
    /// Where they were, or how that is marked on the skin.
    pub placement: String<96>,
}

/// A limit, in the unit of its rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitFile {
    /// The rule, as reports name it: `E-PEAK-1`.
    pub rule: String<16>,
    /// The limit.
    pub value: u64,
}

/// What a clinician set for use at home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomeFile {
    /// Who set it, as a code.
    pub set_by: String<32>,
    /// When.
    pub date: Date,
    /// When the first session was supervised; absent while none was.
    #[serde(default)]
    pub supervised: Option<Date>,
}

impl SubjectFile {
    /// A person of whom nothing was measured or answered. `None` for a code of more than 32 bytes.
    #[must_use]
    pub fn new(code: &str, innervation: Innervation, side: Side) -> Option<Self> {
        Some(Self {
            format: SubjectFormat::Subject,
            version: SUBJECT_VERSION,
            code: String::try_from(code).ok()?,
            innervation,
            side,
            screening: ScreeningFile::default(),
            measured: List::new(),
            limits: List::new(),
            home: None,
        })
    }

    /// Holds the file against itself: version, channels once each, thresholds in order, areas, rules and limits.
    ///
    /// # Errors
    /// Names the place, the value and what is allowed.
    pub fn validate(&self) -> Result<(), FileError> {
        if self.version != SUBJECT_VERSION {
            let problem = FileProblem::Version { found: self.version, known: SUBJECT_VERSION };
            return Err(FileError::new(Place::top("version"), problem));
        }
        for (index, measured) in self.measured.iter().enumerate() {
            let before = self.measured.iter().take(index);
            measured.validate(index)?;
            if before.into_iter().any(|other| other.channel == measured.channel) {
                return Err(measured.refused(
                    index,
                    "channel",
                    u64::from(measured.channel),
                    "each channel once",
                ));
            }
        }
        for (index, item) in self.screening.acknowledged.iter().enumerate() {
            if !self.screening.yes.contains(item) {
                let problem = FileProblem::Words {
                    given: Said::Word(item.flag()),
                    accepted: "items that were answered with yes",
                };
                return Err(FileError::new(Place::of("screening.acknowledged", index, ""), problem));
            }
        }
        self.limits().try_for_each(|limit| limit.map(drop))
    }

    /// Whether what was measured holds for a row: thresholds of the other polarity do not, nor those of pads that the row
    /// does not take.
    ///
    /// # Errors
    /// Names the place, the value and what the row takes.
    pub fn fits(&self, row: &Condition) -> Result<(), FileError> {
        let (leading, area) = (row.waveform.leading.value, row.electrodes.area);
        for (index, measured) in self.measured.iter().enumerate() {
            let place = |field| Place::of("measured", index, field);
            if measured.electrode.leading != leading {
                let (given, accepted) = (Said::Leading(measured.electrode.leading), Said::Leading(leading));
                let problem = FileProblem::Other { given, accepted };
                return Err(FileError::new(place("electrode.leading"), problem));
            }
            if !area.holds(measured.electrode.area_mm2) {
                let problem = FileProblem::Range {
                    value: u64::from(measured.electrode.area_mm2),
                    min: u64::from(area.min),
                    max: u64::from(area.max),
                    unit: area.unit,
                    limit: area.range,
                };
                return Err(FileError::new(place("electrode.area_mm2"), problem));
            }
        }
        Ok(())
    }

    /// The person as the builder takes them, with what was measured on a channel; nothing where that channel was not.
    #[must_use]
    pub fn subject(&self, channel: u8) -> Subject {
        let home = self.home.as_ref().map(|home| Home { supervised: home.supervised.is_some() });
        let known = Subject { home, ..Subject::new(self.innervation, self.side) };
        let Some(measured) = self.measured(channel) else { return known };
        Subject {
            sensory_threshold: measured.sensory_ua,
            motor_threshold: measured.motor_ua,
            effect: measured.functional_ua,
            tolerated: measured.maximum_ua,
            measured_width: Some(measured.width_us),
            mvic_percent: measured.mvic_percent,
            ..known
        }
    }

    /// What was measured on a channel.
    #[must_use]
    pub fn measured(&self, channel: u8) -> Option<&MeasuredFile> {
        self.measured.iter().find(|measured| measured.channel == channel)
    }

    /// The answers to the screening questions.
    #[must_use]
    pub fn answers(&self) -> Answers {
        let start = match self.screening.others {
            OtherAnswers::No => Answers::all_no(),
            OtherAnswers::Unanswered => Answers::unanswered(),
        };
        let answers = self.screening.yes.iter().fold(start, |answers, item| answers.yes(*item));
        self.screening.acknowledged.iter().fold(answers, |answers, item| answers.acknowledge(*item))
    }

    /// The limits with their rules.
    pub fn limits(&self) -> impl Iterator<Item = Result<(&'static Rule, u64), FileError>> {
        self.limits.iter().enumerate().map(|(index, limit)| {
            let words = |field, given, accepted| {
                FileError::new(Place::of("limits", index, field), FileProblem::Words { given, accepted })
            };
            let rule = rules::by_id(&limit.rule).ok_or_else(|| {
                words("rule", Said::Word("this rule is not in the table"), "rules as `nmes check` names them")
            })?;
            if rule.breaks(limit.value, rule.loosest) {
                let (min, max) = match rule.bound {
                    rules::Bound::AtMost => (0, rule.loosest),
                    rules::Bound::AtLeast => (rule.loosest, u64::MAX),
                };
                let problem = FileProblem::Limit { rule, value: limit.value, min, max };
                return Err(FileError::new(Place::of("limits", index, "value"), problem));
            }
            Ok((rule, limit.value))
        })
    }

    /// The setup with the limits of this person, as the layer of the check that is called subject.
    ///
    /// # Errors
    /// A limit names no rule or is looser than its rule, or there are more than a setup has room for: no setup then, and none
    /// without that limit; see [`SubjectFile::validate`].
    pub fn limit(&self, setup: Setup) -> Result<Setup, FileError> {
        self.limits().enumerate().try_fold(setup, |setup, (index, limit)| {
            let (rule, value) = limit?;
            let stated = setup.with_limit(Layer::Subject, rule, value);
            stated.map_err(|error| FileError::new(Place::of("limits", index, ""), FileProblem::Stated(error)))
        })
    }
}

impl MeasuredFile {
    fn refused(&self, index: usize, field: &'static str, value: u64, accepted: &'static str) -> FileError {
        let problem = FileProblem::Words { given: Said::Number(value, ""), accepted };
        FileError::new(Place::of("measured", index, field), problem)
    }

    fn validate(&self, index: usize) -> Result<(), FileError> {
        if usize::from(self.channel) >= MAX_CHANNELS {
            return Err(self.refused(index, "channel", u64::from(self.channel), "0 to 7"));
        }
        let area = self.electrode.area_mm2;
        if area == 0 || area > 100_000 {
            return Err(self.refused(index, "electrode.area_mm2", u64::from(area), "1 to 100000 mm²"));
        }
        let width = self.width_us.as_micros();
        if width == 0 || width > 10_000_000 {
            return Err(self.refused(index, "width_us", u64::from(width), "1 to 10000000 µs"));
        }
        if self.repeats == 0 {
            return Err(self.refused(
                index,
                "repeats",
                0,
                "1 to 255: what was measured was measured once at least",
            ));
        }
        if let Some(percent) = self.mvic_percent.filter(|percent| *percent > 150) {
            return Err(self.refused(index, "mvic_percent", u64::from(percent), "0 to 150 %"));
        }
        self.in_order(index)
    }

    /// Sensory, motor, functional, maximum: none below the one before.
    fn in_order(&self, index: usize) -> Result<(), FileError> {
        let mut least = MicroAmps::ZERO;
        for (field, threshold) in [
            ("sensory_ua", self.sensory_ua),
            ("motor_ua", self.motor_ua),
            ("functional_ua", self.functional_ua),
            ("maximum_ua", self.maximum_ua),
        ] {
            let Some(threshold) = threshold else { continue };
            if threshold < least {
                let value = u64::from(threshold.as_microamps());
                let accepted = "none below the one before: sensory, motor, functional, maximum";
                return Err(self.refused(index, field, value, accepted));
            }
            least = threshold;
        }
        Ok(())
    }
}
