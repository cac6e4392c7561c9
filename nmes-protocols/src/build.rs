//! From a row and a person to a validated session.

mod channels;
mod notes;
mod pulse;
mod storage;

pub use channels::build_channels;
pub use storage::{Storage, channel_storage};

#[cfg(feature = "files")]
pub(crate) use {
    channels::Head,
    storage::{EMPTY, NO_STAGE},
};

use crate::build_error::{BuildError, BuildNote};
use crate::condition::{Availability, Condition};
use crate::gait::GaitConfig;
use crate::innervation::check_innervation;
use crate::provenance::{Provenance, Ranged, Unit};
use crate::request::{Param, Request, Subject, pick};
use crate::screening::{Answers, Outcome, Screening, screen_row};
use crate::settings::{Origin, Settings};
use crate::shape::{self, Shape};
use crate::timeline;
use nmes_core::{Channel, MAX_CHANNELS, Micros, Millis, Schedule, Session, Train};
use pulse::Pulse;

/// A session, the trigger's times, and the account of every value.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Built<'a> {
    /// What is asked of a stimulator.
    pub session: Session<'a>,
    /// The times of the trigger that works the gate, where trains follow steps.
    pub gait: Option<GaitConfig>,
    /// Every value with its origin.
    pub settings: Settings,
    /// What screening found: nothing that blocks.
    pub screening: Screening,
    /// What a person should know before it runs.
    pub(crate) notes: [Option<BuildNote>; NOTES],
}

/// How many notes there is room for.
pub(crate) const NOTES: usize = 10;

impl Built<'_> {
    /// What a person should know before it runs.
    pub fn notes(&self) -> impl Iterator<Item = BuildNote> {
        self.notes.iter().copied().flatten()
    }

    /// The same with a note of the first channel that is set above what was tolerated: channel n of `subjects[n]`, and of the
    /// last of them where there are fewer. [`build_session`] and [`build_channels`] have done so.
    #[must_use]
    pub fn held_against(mut self, subjects: &[Subject]) -> Self {
        // the last place is kept for it
        if let Some(slot) = self.notes.last_mut() {
            *slot = notes::above_tolerated(&self.session, subjects);
        }
        self
    }
}

/// Makes a session of a row for a person: is the row enabled, the innervation gate, the specialist's word, then
/// screening, then every value against its range.
///
/// One path for every row: contractions, one train, stages, steps and other triggers; rectangular, slowly rising,
/// burst and two-peaked pulses. The amplitude is the one asked for, else what the row's rule comes to with what was
/// measured of the person, else the row's default, which a note says; where it was not asked for, no more than the
/// person tolerates, and where it was, a note says that it is more. Ceilings equal the set values: nothing is
/// clamped, and nothing is added.
///
/// # Errors
/// Says which gate, answer or value stands against it, and what would be accepted.
///
/// ```
/// use nmes_core::{MicroAmps, Millis};
/// use nmes_protocols::*;
/// let subject = Subject {
///     motor_threshold: MicroAmps::from_microamps(25_000),
///     ..Subject::new(Innervation::Intact, Side::Left)
/// };
/// let request = Request { length: Millis::from_millis(30_000), ..Request::default() };
/// let mut storage = Storage::new();
/// let built = build_session(&FOOT_DROP, &subject, &request, &Answers::all_no(), &mut storage).unwrap();
/// assert_eq!(built.session.channels()[0].set.amplitude.as_microamps(), 40_000);
/// assert_eq!(built.session.channels()[0].ramp.floor, 22_500);
/// for applied in built.settings.iter() {
///     println!("{applied}");
/// }
/// ```
pub fn build_session<'a>(
    row: &'static Condition,
    subject: &Subject,
    request: &Request,
    answers: &Answers,
    storage: &'a mut Storage,
) -> Result<Built<'a>, BuildError> {
    let screening = gates(row, subject, request, answers)?;
    let width = request.width.unwrap_or_else(|| us(row.phase_width.default));
    let (measured, subject) = (subject, &subject.at_width(width));
    let amplitudes = row.amplitude_for(answers);
    let mut settings = Settings::empty();
    let pulse = pulse::pulse(row, subject, request, &amplitudes, &mut settings)?;
    let shape = shape::shape(row, subject, request, pulse.set, &mut settings)?;
    let Storage { channels, stages } = storage;
    let count = channel_count(row, request, &mut settings)?;
    let time = timeline::timeline(row, request, &shape, stages, &mut settings)?;
    let channels = fill(channels, count, &pulse, &shape, time.later);
    let session = Session::new(channels, time.schedule, time.length).map_err(BuildError::Session)?;
    let notes = notes::notes(row, (measured, subject), request, pulse.set, &shape);
    Ok(Built { session, gait: time.gait, settings, screening, notes }.held_against(&[*measured]))
}

/// What stands before any value.
fn gates(
    row: &'static Condition,
    subject: &Subject,
    request: &Request,
    answers: &Answers,
) -> Result<Screening, BuildError> {
    if let Availability::Disabled(why) = row.availability {
        return Err(BuildError::Disabled { row: row.name, why: why.value, provenance: why.provenance });
    }
    check_innervation(row, subject.innervation).map_err(BuildError::Innervation)?;
    if let Some(gate) = row.specialist.filter(|_| !request.specialist) {
        let (why, provenance) = (gate.why.value, gate.why.provenance);
        return Err(BuildError::SpecialistOnly { row: row.name, why, provenance });
    }
    at_home(row, subject)?;
    let site = request.site.unwrap_or(row.site);
    if !row.is_for(site) {
        return Err(BuildError::Site { row: row.name, site });
    }
    let screening = screen_row(row, site, request.specialist, answers);
    if screening.outcome() == Outcome::NoBlockFound {
        Ok(screening)
    } else {
        Err(BuildError::Screening(screening))
    }
}

/// At home: nothing that is for specialists, and nothing before a first session under supervision. What else bounds such
/// a session are the limits of the person, which the check holds.
fn at_home(row: &Condition, subject: &Subject) -> Result<(), BuildError> {
    let Some(home) = subject.home else { return Ok(()) };
    if row.specialist.is_some() {
        return Err(BuildError::NotAtHome {
            row: row.name,
            why: "what only specialists may ask for is not for use at home",
        });
    }
    if !home.supervised {
        return Err(BuildError::NotAtHome {
            row: row.name,
            why: "the first session has to be under supervision",
        });
    }
    Ok(())
}

/// A train for a titration: the row's pulse, rate and timing at this amplitude, on one channel, with a ramp up and down and
/// nothing else. The row's gates and screening stand before it, and no value leaves the row's range, but that an amplitude
/// below its least is what a titration begins with.
///
/// # Errors
/// As [`build_session`]; a train shorter than its two ramps.
pub fn build_train<'a>(
    row: &'static Condition,
    subject: &Subject,
    request: &Request,
    train: Millis,
    answers: &Answers,
    storage: &'a mut Storage,
) -> Result<Built<'a>, BuildError> {
    let screening = gates(row, subject, request, answers)?;
    let subject = &subject.at_width(request.width.unwrap_or_else(|| us(row.phase_width.default)));
    let amplitudes = Ranged { min: 1, ..row.amplitude_for(answers) };
    let mut settings = Settings::empty();
    let pulse = pulse::pulse(row, subject, request, &amplitudes, &mut settings)?;
    let ramp = shape::train_ramp(row, pulse.set);
    settings.add("ramp-up", ramp.up.as_millis(), Unit::Millis, TRAIN);
    settings.add("ramp-down", ramp.down.as_millis(), Unit::Millis, TRAIN);
    settings.add("session length", train.as_millis(), Unit::Millis, Origin::Given);
    let channels =
        fill(&mut storage.channels, 1, &pulse, &Shape { ramp, no_floor_for_width: false }, Micros::ZERO);
    let ramps_ms = ramp.up.as_millis().saturating_add(ramp.down.as_millis());
    if ramps_ms >= train.as_millis() {
        return Err(BuildError::NoHold { row: row.name, on_ms: train.as_millis(), ramps_ms });
    }
    let session = Session::new(channels, Schedule::Continuous, train).map_err(BuildError::Session)?;
    Ok(Built { session, gait: None, settings, screening, notes: [None; NOTES] })
}

const TRAIN: Origin =
    Origin::Row(Provenance::Ours { reason: "the shortest that a row's steepest slope allows" });

fn channel_count(row: &Condition, request: &Request, settings: &mut Settings) -> Result<usize, BuildError> {
    let count = pick(row.name, Param::Channels, &row.channels, request.channels.map(u32::from))?;
    add(settings, "channels", count, &row.channels, request.channels.is_some());
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// The channels, alike; the second half of them `later`.
fn fill<'a>(
    room: &'a mut [Channel<'static>; MAX_CHANNELS],
    count: usize,
    pulse: &Pulse,
    shape: &Shape,
    later: Micros,
) -> &'a [Channel<'static>] {
    let half = count.div_ceil(2);
    for (index, slot) in room.iter_mut().take(count).enumerate() {
        *slot = Channel {
            pulse: pulse.shape,
            rate: pulse.rate,
            train: Train { timing: pulse.timing, ..Train::default() },
            set: pulse.set,
            ceiling: pulse.set,
            ramp: shape.ramp,
            offset: if index < half { Micros::ZERO } else { later },
        };
    }
    room.get(..count).unwrap_or_default()
}

pub(crate) fn add(settings: &mut Settings, name: &'static str, value: u32, range: &Ranged, given: bool) {
    let origin = if given { Origin::Given } else { Origin::Row(range.chosen) };
    settings.add(name, value, range.unit, origin);
}

/// Values of a row fit their units; a test over the catalogue holds that.
pub(crate) fn ms(value: u32) -> Millis {
    Millis::from_millis(value).unwrap_or(Millis::MAX)
}

pub(crate) fn us(value: u32) -> Micros {
    Micros::from_micros(value).unwrap_or(Micros::MAX)
}
