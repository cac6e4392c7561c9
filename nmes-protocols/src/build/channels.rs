//! A session of which each channel is built for what was measured of it.

use super::storage::EMPTY;
use super::{Built, NOTES, Storage, build_session, ms};
use crate::build_error::{BuildError, BuildNote};
use crate::condition::Condition;
use crate::gait::GaitConfig;
use crate::request::{Request, Subject};
use crate::screening::{Answers, Screening};
use crate::settings::Settings;
use nmes_core::{MAX_CHANNELS, Millis, Schedule, Session};

/// The same as [`build_session`] for channels of which different things were measured: channel n for `subjects[n]`, and for
/// the last of them where there are fewer. All with the same times.
///
/// # Errors
/// As [`build_session`]; and where ramps that are lengthened for one channel give it other times.
///
/// ```
/// use nmes_core::MicroAmps;
/// use nmes_protocols::*;
/// let person = Subject::new(Innervation::Intact, Side::Left);
/// let tolerated = |ma: u32| Subject { tolerated: MicroAmps::from_microamps(ma * 1_000), ..person };
/// let request = Request { channels: Some(2), ..Request::default() };
/// let mut storage = Storage::new();
/// let row = find("knee-oa").unwrap();
/// let people = [tolerated(50), tolerated(62)];
/// let built = build_channels(row, &people, &request, &Answers::all_no(), &mut storage).unwrap();
/// let set = |n: usize| built.session.channels()[n].set.amplitude.as_microamps();
/// assert_eq!((set(0), set(1)), (50_000, 62_000));
/// ```
pub fn build_channels<'a>(
    row: &'static Condition,
    subjects: &[Subject],
    request: &Request,
    answers: &Answers,
    storage: &'a mut Storage,
) -> Result<Built<'a>, BuildError> {
    let unknown = Subject::new(crate::innervation::Innervation::Unknown, crate::request::Side::Left);
    let first = subjects.first().unwrap_or(&unknown);
    let mut others = [EMPTY; MAX_CHANNELS];
    let mut scratch = Storage::new();
    let times = {
        let head = build_session(row, first, request, answers, &mut scratch)?;
        (head.session.channels().first().map(|c| (c.ramp.up, c.ramp.down)), head.session.channels().len())
    };
    for (index, slot) in others.iter_mut().enumerate().take(times.1) {
        let subject = subjects.get(index).or(subjects.last()).unwrap_or(first);
        build_session(row, subject, request, answers, &mut scratch)?;
        let channel = scratch.channels.get(index).copied().unwrap_or(EMPTY);
        if Some((channel.ramp.up, channel.ramp.down)) != times.0 {
            return Err(BuildError::ChannelTimes { row: row.name, channel: index });
        }
        *slot = channel;
    }
    let mut head = Head::of(&build_session(row, first, request, answers, &mut scratch)?);
    let count = times.1;
    let firsts = others.first().map(|c| (c.set, c.ramp));
    head.differs = others.iter().take(count).any(|c| Some((c.set, c.ramp)) != firsts);
    *storage = Storage { channels: others, stages: scratch.stages };
    let built = head.over(storage, count, scratch_length(row, request)).map_err(BuildError::Session)?;
    Ok(built.held_against(subjects))
}

fn scratch_length(row: &Condition, request: &Request) -> Millis {
    request.length.unwrap_or_else(|| ms(row.session_length.default))
}

/// What a whole session has from its first channel.
pub(crate) struct Head {
    gait: Option<GaitConfig>,
    settings: Settings,
    screening: Screening,
    notes: [Option<BuildNote>; NOTES],
    /// `None` for a programme of so many stages.
    schedule: Option<Schedule<'static>>,
    stages: usize,
    pub(crate) differs: bool,
}

impl Head {
    pub(crate) fn of(built: &Built<'_>) -> Self {
        let (schedule, stages) = match built.session.schedule() {
            Schedule::Continuous => (Some(Schedule::Continuous), 0),
            Schedule::Cyclic(cycle) => (Some(Schedule::Cyclic(cycle)), 0),
            Schedule::Gated(gate) => (Some(Schedule::Gated(gate)), 0),
            Schedule::Program(stages) => (None, stages.len()),
        };
        let Built { gait, settings, screening, notes, .. } = *built;
        Self { gait, settings, screening, notes, schedule, stages, differs: false }
    }

    /// The session of the channels and stages in the storage.
    pub(crate) fn over(
        mut self,
        storage: &mut Storage,
        count: usize,
        length: Millis,
    ) -> Result<Built<'_>, nmes_core::ConfigError> {
        let free = self.notes.iter_mut().find(|note| note.is_none()).filter(|_| self.differs);
        if let Some(slot) = free {
            *slot = Some(BuildNote::ChannelsDiffer);
        }
        let Storage { channels, stages } = storage;
        let programme = Schedule::Program(stages.get(..self.stages).unwrap_or_default());
        let schedule = self.schedule.unwrap_or(programme);
        let session = Session::new(channels.get(..count).unwrap_or_default(), schedule, length)?;
        let Self { gait, settings, screening, notes, .. } = self;
        Ok(Built { session, gait, settings, screening, notes })
    }
}
