//! From a row and a person to a validated session.

use crate::amplitude::AmplitudeRule;
use crate::build_error::{BuildError, BuildNote};
use crate::condition::{Availability, Condition};
use crate::gait::GaitConfig;
use crate::innervation::check_innervation;
use crate::provenance::{Provenance, Ranged, Unit};
use crate::request::{BalanceChoice, Param, Request, Subject, pick};
use crate::screening::{Answers, Item, Outcome, Screening, screen};
use crate::settings::{Origin, Settings};
use crate::shape::{self, Shape};
use crate::timeline;
use crate::waveform::{ChargeReturn, TimingRow};
use nmes_core::{
    Balance, Channel, Cycle, Form, MAX_CHANNELS, MAX_STAGES, MicroAmps, Micros, Millis, PulseShape, Ramp,
    Rate, Repeat, Schedule, Session, Setting, Stage, Timing, Train,
};

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
pub(crate) const NOTES: usize = 8;

impl Built<'_> {
    /// What a person should know before it runs.
    pub fn notes(&self) -> impl Iterator<Item = BuildNote> {
        self.notes.iter().copied().flatten()
    }
}

/// Makes a session of a row for a person: is the row enabled, the innervation gate, the specialist's word, then
/// screening, then every value against its range.
///
/// One path for every row: contractions, one train, stages, steps and other triggers; rectangular, slowly rising,
/// burst and two-peaked pulses. The amplitude is the one asked for, else what the row's rule comes to with what was
/// measured of the person, else the row's default, which a note says. Ceilings equal the set values: nothing is
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
    let amplitudes = amplitude_range(row, answers);
    let mut settings = Settings::empty();
    let pulse = pulse(row, subject, request, &amplitudes, &mut settings)?;
    let shape = shape::shape(row, subject, request, pulse.set, &mut settings)?;
    let Storage { channels, stages } = storage;
    let count = channel_count(row, request, &mut settings)?;
    let time = timeline::timeline(row, request, &shape, stages, &mut settings)?;
    let channels = fill(channels, count, &pulse, &shape, time.later);
    let session = Session::new(channels, time.schedule, time.length).map_err(BuildError::Session)?;
    let notes = notes(row, (measured, subject), request, pulse.set, &shape);
    Ok(Built { session, gait: time.gait, settings, screening, notes })
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
    let screening = screen(site, row.specific_items, answers);
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
    head.over(storage, count, scratch_length(row, request)).map_err(BuildError::Session)
}

fn scratch_length(row: &Condition, request: &Request) -> Millis {
    request.length.unwrap_or_else(|| ms(row.session_length.default))
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
    let amplitudes = Ranged { min: 1, ..amplitude_range(row, answers) };
    let mut settings = Settings::empty();
    let pulse = pulse(row, subject, request, &amplitudes, &mut settings)?;
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

/// Room for the channels and stages of a session, to lend to [`build_session`]: about two kilobytes. What stands in it
/// before does not matter.
#[derive(Clone, Copy, Debug)]
pub struct Storage {
    pub(crate) channels: [Channel<'static>; MAX_CHANNELS],
    pub(crate) stages: [Stage; MAX_STAGES],
}

impl Storage {
    /// Room.
    #[must_use]
    pub const fn new() -> Self {
        Self { channels: [EMPTY; MAX_CHANNELS], stages: [NO_STAGE; MAX_STAGES] }
    }
}

impl Default for Storage {
    fn default() -> Self {
        Self::new()
    }
}

/// The same as [`Storage::new`].
#[must_use]
pub const fn channel_storage() -> Storage {
    Storage::new()
}

pub(crate) const NO_STAGE: Stage = Stage {
    cycle: Cycle { hold: Millis::ZERO, rest: Millis::ZERO },
    repeats: 0,
    level_permille: 0,
    rate: None,
};

// Evaluated by the compiler: the panic can only be a build error.
pub(crate) const EMPTY: Channel<'static> = Channel {
    pulse: PulseShape {
        gap: Micros::ZERO,
        balance: Balance::Symmetric,
        leading: nmes_core::Polarity::Positive,
        form: Form::Rectangular,
        repeat: Repeat::ONCE,
    },
    rate: match Rate::new(1, 1_000_000) {
        Ok(rate) => rate,
        Err(_) => panic!("one in a second"),
    },
    train: Train { timing: Timing::Even, pulses_max: 0, stale_after: Millis::ZERO, pattern: None },
    set: Setting { amplitude: MicroAmps::ZERO, width: Micros::ZERO },
    ceiling: Setting { amplitude: MicroAmps::ZERO, width: Micros::ZERO },
    ramp: Ramp {
        control: nmes_core::Control::Amplitude,
        slope: nmes_core::Slope::Linear,
        up: Millis::ZERO,
        down: Millis::ZERO,
        down_min: Millis::ZERO,
        floor: 0,
    },
    offset: Micros::ZERO,
};

const IMPAIRED: &str =
    "impaired sensation: the top of the band that most people use, as the lists ask for a lower cap";

/// The row's range, lowered for a person who feels less.
fn amplitude_range(row: &Condition, answers: &Answers) -> Ranged {
    let mut range = row.amplitude;
    if answers.answer(Item::ImpairedSensation) == Some(true) {
        range.max = range.max.min(row.typical_amplitude_ua.value.1);
        range.default = range.default.min(range.max);
        range.range = Provenance::Ours { reason: IMPAIRED };
    }
    range
}

/// What one pulse of the session is, and when pulses stand.
struct Pulse {
    set: Setting,
    shape: PulseShape<'static>,
    rate: Rate,
    timing: Timing<'static>,
}

fn pulse(
    row: &Condition,
    subject: &Subject,
    request: &Request,
    amplitudes: &Ranged,
    settings: &mut Settings,
) -> Result<Pulse, BuildError> {
    let amplitude = amplitude(row, subject, request, amplitudes, settings)?;
    let width = pick(row.name, Param::PhaseWidth, &row.phase_width, request.width.map(Micros::as_micros))?;
    let millihertz = pick(row.name, Param::Rate, &row.rate, request.rate_millihertz)?;
    let gap = pick(row.name, Param::Gap, &row.gap, request.gap.map(Micros::as_micros))?;
    add(settings, "phase width", width, &row.phase_width, request.width.is_some());
    add(settings, "frequency", millihertz, &row.rate, request.rate_millihertz.is_some());
    add(settings, "interphase gap", gap, &row.gap, request.gap.is_some());
    let back = charge_return(row, request, settings)?;
    let ceiling = |given: bool| if given { Origin::Given } else { Origin::Row(row.ceiling.provenance) };
    settings.add("ceiling amplitude", amplitude, Unit::MicroAmps, ceiling(request.amplitude.is_some()));
    settings.add("ceiling width", width, Unit::Micros, ceiling(request.width.is_some()));
    let direct = direct_current(row, back, (amplitude, width, millihertz), settings)?;
    Ok(Pulse {
        set: Setting { amplitude: ua(amplitude), width: us(width) },
        shape: row.waveform.shape(back, us(gap), ua(direct)),
        rate: Rate::from_millihertz(millihertz).map_err(BuildError::Session)?,
        timing: timing(row.timing.map(|timing| timing.value))?,
    })
}

fn timing(row: Option<TimingRow>) -> Result<Timing<'static>, BuildError> {
    row.map_or(Ok(Timing::Even), |row| row.timing().map_err(BuildError::Session))
}

/// Asked for; else what the rule comes to for the person; else the row's default.
fn amplitude(
    row: &Condition,
    subject: &Subject,
    request: &Request,
    range: &Ranged,
    settings: &mut Settings,
) -> Result<u32, BuildError> {
    let asked = request.amplitude.map(MicroAmps::as_microamps);
    let measured = row.amplitude_rule.value.for_person(subject).map(MicroAmps::as_microamps);
    let amplitude = pick(row.name, Param::Amplitude, range, asked.or(measured))?;
    let origin = match (asked, measured) {
        (Some(_), _) => Origin::Given,
        (None, Some(_)) => Origin::Measured(row.amplitude_rule.provenance),
        (None, None) => Origin::Row(range.chosen),
    };
    settings.add("amplitude", amplitude, range.unit, origin);
    if let (AmplitudeRule::PercentMvic { .. }, Some(percent)) =
        (row.amplitude_rule.value, subject.mvic_percent)
    {
        let origin = Origin::Measured(row.amplitude_rule.provenance);
        settings.add("share of maximal force, measured", u32::from(percent), Unit::Percent, origin);
    }
    Ok(amplitude)
}

fn charge_return(
    row: &Condition,
    request: &Request,
    settings: &mut Settings,
) -> Result<ChargeReturn, BuildError> {
    let back = match request.balance {
        None | Some(BalanceChoice::Default) => row.waveform.balance,
        Some(BalanceChoice::Option) => {
            row.waveform.option.ok_or(BuildError::NoOtherBalance { row: row.name })?
        }
    };
    let length_percent = u32::from(back.value.length_percent());
    let origin = if request.balance.is_some() { Origin::Given } else { Origin::Row(back.provenance) };
    settings.add("balancing phase length", length_percent, Unit::Percent, origin);
    Ok(back.value)
}

const DIRECT: &str = "phase charge × rate of the set values, and 2 % for what a hardware rounds up";

/// What a monophasic pulse declares, held against the row's cap for its pads. 0 for a balanced one.
fn direct_current(
    row: &Condition,
    back: ChargeReturn,
    (amplitude, width, millihertz): (u32, u32, u32),
    settings: &mut Settings,
) -> Result<u32, BuildError> {
    if back != ChargeReturn::Monophasic {
        return Ok(0);
    }
    let direct = row.waveform.kind.value.direct_ua(amplitude, width, millihertz);
    let origin = Origin::Row(Provenance::Ours { reason: DIRECT });
    settings.add("declared direct current", direct, Unit::MicroAmps, origin);
    let most = row.direct_cap();
    let area = u64::from(row.electrodes.area.default.max(1));
    let density = u64::from(direct).saturating_mul(100).div_ceil(area);
    let ua_per_cm2 = u32::try_from(density).unwrap_or(u32::MAX);
    if ua_per_cm2 > most.value {
        let limit = most.provenance;
        return Err(BuildError::DirectCurrent { row: row.name, ua_per_cm2, most: most.value, limit });
    }
    Ok(direct)
}

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

fn notes(
    row: &Condition,
    (measured_at, subject): (&Subject, &Subject),
    request: &Request,
    set: Setting,
    shape: &Shape,
) -> [Option<BuildNote>; NOTES] {
    let threshold = subject.motor_threshold;
    let rule = row.amplitude_rule.value;
    let steps = row.schedule.step().is_some();
    let unknown = steps && threshold.is_none() && shape.ramp.floor == 0;
    let too_low = threshold.filter(|t| *t >= set.amplitude && rule.wants_contraction());
    let measured = request.amplitude.is_some() || rule.for_person(subject).is_some();
    // of a step the settings say that its amplitude is the row's; there the foot is seen to lift
    let stands_in = !measured && !steps;
    [
        unknown.then_some(BuildNote::MotorThresholdUnknown),
        too_low.map(|threshold| BuildNote::SetNotAboveThreshold { set: set.amplitude, threshold }),
        shape.no_floor_for_width.then_some(BuildNote::NoFloorForWidth),
        stands_in.then_some(BuildNote::RuleNotMeasured { set: set.amplitude, rule }),
        transferred(measured_at, subject, set),
        share_of_force(row, subject),
        None,
        None,
    ]
}

/// The charge of a phase at the amplitude that was moved, against the same where it was measured.
fn transferred(measured: &Subject, moved: &Subject, set: Setting) -> Option<BuildNote> {
    let from = measured.measured_width.filter(|from| *from != set.width)?;
    let known = |s: &Subject| s.motor_threshold.or(s.effect).or(s.tolerated).or(s.sensory_threshold);
    let charge = |ua: MicroAmps, width: Micros| {
        u64::from(ua.as_microamps()).saturating_mul(u64::from(width.as_micros()))
    };
    let (was, is) = (charge(known(measured)?, from), charge(known(moved)?, set.width));
    let permille = is.saturating_mul(1_000).checked_div(was)?;
    let charge_permille = u32::try_from(permille).unwrap_or(u32::MAX);
    Some(BuildNote::Transferred { from, to: set.width, charge_permille })
}

/// What was reached of a share of the maximal voluntary force.
fn share_of_force(row: &Condition, subject: &Subject) -> Option<BuildNote> {
    let AmplitudeRule::PercentMvic { target, least } = row.amplitude_rule.value else { return None };
    match subject.mvic_percent {
        None if subject.effect.is_some() => Some(BuildNote::ForceNotRecorded { target }),
        Some(achieved) if achieved < target => Some(BuildNote::TargetNotReached { achieved, target, least }),
        None | Some(_) => None,
    }
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

fn ua(value: u32) -> MicroAmps {
    MicroAmps::from_microamps(value).unwrap_or(MicroAmps::MAX)
}
