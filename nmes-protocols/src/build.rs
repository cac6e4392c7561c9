//! From a row and a person to a validated session.

use crate::condition::Condition;
use crate::gait::{GaitConfig, GaitConfigError, GaitTimes};
use crate::innervation::{InnervationRefusal, check_innervation};
use crate::provenance::{Provenance, Ranged, Unit};
use crate::request::{BalanceChoice, Param, RangeError, Request, Subject, pick};
use crate::screening::{Answers, Item, Outcome, Screening, screen};
use crate::settings::{Origin, Settings};
use crate::shape::{self, Shape};
use core::fmt;
use nmes_core::{
    Balance, Channel, ConfigError, Form, Gate, MicroAmps, Micros, Millis, PulseShape, Ramp, Rate, Repeat,
    Schedule, Session, Setting, Timing, Train,
};

/// A session, the trigger's times, and the account of every value.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Built<'a> {
    /// What is asked of a stimulator: gated.
    pub session: Session<'a>,
    /// The times of the trigger that works the gate.
    pub gait: GaitConfig,
    /// Every value with its origin.
    pub settings: Settings,
    /// What screening found: nothing that blocks.
    pub screening: Screening,
    /// What a person should know before it runs.
    notes: [Option<BuildNote>; 3],
}

impl Built<'_> {
    /// What a person should know before it runs.
    pub fn notes(&self) -> impl Iterator<Item = BuildNote> {
        self.notes.iter().copied().flatten()
    }
}

/// Something allowed that should be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum BuildNote {
    /// The motor threshold is not known, so the ramp starts at 0 and takes long to reach it.
    MotorThresholdUnknown,
    /// The set amplitude is not above motor threshold: no contraction is to be expected.
    SetNotAboveThreshold {
        /// The set amplitude.
        set: MicroAmps,
        /// The motor threshold.
        threshold: MicroAmps,
    },
    /// The width is ramped, and a threshold in amplitude does not say at which width the muscle answers.
    NoFloorForWidth,
}

impl fmt::Display for BuildNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MotorThresholdUnknown => f.write_str(
                "motor threshold unknown: the ramp starts at 0 and spends most of its time below threshold",
            ),
            Self::SetNotAboveThreshold { set, threshold } => {
                write!(
                    f,
                    "the set amplitude, {set}, is not above motor threshold, {threshold}: expect no contraction"
                )
            }
            Self::NoFloorForWidth => f.write_str(
                "width ramps start at 0: a threshold in mA does not say at which width the muscle answers",
            ),
        }
    }
}

/// Why no session was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum BuildError {
    /// The nerve is not in the state that the row is for.
    Innervation(InnervationRefusal),
    /// Something blocks, or waits for an answer or an acknowledgement.
    Screening(Screening),
    /// A value is outside the row's range.
    Range(RangeError),
    /// Times that are each possible exclude one another.
    Gait(GaitConfigError),
    /// The session was refused by nmes-core.
    Session(ConfigError),
    /// No room for the channels.
    Storage {
        /// Channels needed.
        needed: usize,
        /// Room given.
        given: usize,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Innervation(refusal) => refusal.fmt(f),
            Self::Screening(screening) => write!(f, "screening: {screening}"),
            Self::Range(error) => error.fmt(f),
            Self::Gait(error) => error.fmt(f),
            Self::Session(error) => error.fmt(f),
            Self::Storage { needed, given } => write!(f, "storage: {given} channels given, {needed} needed"),
        }
    }
}

impl core::error::Error for BuildError {}

impl From<RangeError> for BuildError {
    fn from(error: RangeError) -> Self {
        Self::Range(error)
    }
}

/// Makes a session of a row for a person: the innervation gate, then screening, then every value against its range.
///
/// Ceilings equal the set values: nothing is clamped, and nothing is added.
///
/// # Errors
/// Says which gate, answer or value stands against it, and what would be accepted.
///
/// ```
/// use nmes_core::{Channel, MicroAmps, Millis};
/// use nmes_protocols::*;
/// let subject = Subject {
///     motor_threshold: MicroAmps::from_microamps(25_000),
///     ..Subject::new(Innervation::Intact, Side::Left)
/// };
/// let request = Request { length: Millis::from_millis(30_000), ..Request::default() };
/// let mut storage = channel_storage();
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
    storage: &'a mut [Channel<'static>],
) -> Result<Built<'a>, BuildError> {
    check_innervation(row, subject.innervation).map_err(BuildError::Innervation)?;
    let screening = screen(row.site, row.specific_items, answers);
    if screening.outcome() != Outcome::NoBlockFound {
        return Err(BuildError::Screening(screening));
    }
    let amplitudes = amplitude_range(row, answers);
    let mut settings = Settings::empty();
    let (set, pulse, rate) = pulse(row, request, &amplitudes, &mut settings)?;
    let shape = shape::shape(row, subject, request, set, &mut settings)?;
    let gait = gait(row, request, &shape, &mut settings)?;
    let gate = gate(row, &gait, &mut settings);
    let length =
        pick(row.name, Param::SessionLength, &row.session_length, request.length.map(Millis::as_millis))?;
    add(&mut settings, "session length", length, &row.session_length, request.length.is_some());
    let given = storage.len();
    let slot = storage.first_mut().ok_or(BuildError::Storage { needed: 1, given })?;
    *slot = channel(set, pulse, rate, &shape);
    let channels: &'a [Channel<'static>] = storage.get(..1).unwrap_or_default();
    let session = Session::new(channels, Schedule::Gated(gate), ms(length)).map_err(BuildError::Session)?;
    Ok(Built { session, gait, settings, screening, notes: notes(subject, set, &shape) })
}

/// Room for the channel of a session, to lend to [`build_session`]. What stands in it before does not matter.
#[must_use]
pub const fn channel_storage() -> [Channel<'static>; 1] {
    [EMPTY]
}

// Evaluated by the compiler: the panic can only be a build error.
const EMPTY: Channel<'static> = Channel {
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
        range.range = Provenance::Ours { reason: IMPAIRED };
    }
    range
}

fn pulse(
    row: &Condition,
    request: &Request,
    amplitudes: &Ranged,
    settings: &mut Settings,
) -> Result<(Setting, PulseShape<'static>, Rate), BuildError> {
    let amplitude =
        pick(row.name, Param::Amplitude, amplitudes, request.amplitude.map(MicroAmps::as_microamps))?;
    let width = pick(row.name, Param::PhaseWidth, &row.phase_width, request.width.map(Micros::as_micros))?;
    let millihertz = pick(row.name, Param::Rate, &row.rate, request.rate_millihertz)?;
    let gap = pick(row.name, Param::Gap, &row.gap, request.gap.map(Micros::as_micros))?;
    let balance = match request.balance {
        None | Some(BalanceChoice::Default) => row.waveform.balance,
        Some(BalanceChoice::Option) => row.waveform.option,
    };
    add(settings, "amplitude", amplitude, amplitudes, request.amplitude.is_some());
    add(settings, "phase width", width, &row.phase_width, request.width.is_some());
    add(settings, "frequency", millihertz, &row.rate, request.rate_millihertz.is_some());
    add(settings, "interphase gap", gap, &row.gap, request.gap.is_some());
    let length_percent = u32::from(balance.value.length_percent());
    let origin = if request.balance.is_some() { Origin::Given } else { Origin::Row(balance.provenance) };
    settings.add("balancing phase length", length_percent, Unit::Percent, origin);
    let ceiling = |given: bool| if given { Origin::Given } else { Origin::Row(row.ceiling.provenance) };
    settings.add("ceiling amplitude", amplitude, Unit::MicroAmps, ceiling(request.amplitude.is_some()));
    settings.add("ceiling width", width, Unit::Micros, ceiling(request.width.is_some()));
    let set = Setting { amplitude: ua(amplitude), width: us(width) };
    let (balance, leading) = (balance.value, row.waveform.leading.value);
    let shape = PulseShape { gap: us(gap), balance, leading, ..PulseShape::default() };
    Ok((set, shape, Rate::from_millihertz(millihertz).map_err(BuildError::Session)?))
}

fn channel(set: Setting, pulse: PulseShape<'static>, rate: Rate, shape: &Shape) -> Channel<'static> {
    Channel {
        pulse,
        rate,
        train: Train::default(),
        set,
        ceiling: set,
        ramp: shape.ramp,
        offset: Micros::ZERO,
    }
}

fn gait(
    row: &Condition,
    request: &Request,
    shape: &Shape,
    settings: &mut Settings,
) -> Result<GaitConfig, BuildError> {
    let step = &row.step;
    let delay = pick(row.name, Param::Delay, &step.delay, request.delay.map(Millis::as_millis))?;
    let extension =
        pick(row.name, Param::Extension, &step.extension, request.extension.map(Millis::as_millis))?;
    add(settings, "delay", delay, &step.delay, request.delay.is_some());
    add(settings, "extension, at most", extension, &step.extension, request.extension.is_some());
    for (name, range) in [
        ("extension and ramp-down, share of stance", &step.stance_share),
        ("stance before one was measured", &step.stance_first),
        ("debounce", &step.debounce),
        ("refractory time", &step.refractory),
        ("time-out, at least", &step.hold_max),
        ("time-out, at most", &step.hold_cap),
        ("time-out before a step was measured", &step.hold_first),
        ("time-out, share of heel-off to strike", &step.hold_percent),
        ("longest run without an Off", &step.merge_max),
        ("other heel vouches for a lift within", &step.vouch),
    ] {
        add(settings, name, range.default, range, false);
    }
    let times = GaitTimes {
        delay: ms(delay),
        extension: ms(extension),
        ramp_up: shape.ramp.up,
        ramp_down: shape.ramp.down,
        ramp_down_min: shape.ramp.down_min,
        ..GaitTimes::of_row(step)
    };
    GaitConfig::new(times).map_err(BuildError::Gait)
}

fn gate(row: &Condition, gait: &GaitConfig, settings: &mut Settings) -> Gate {
    let row = &row.gate;
    let max_on = gait.times().longest_on_ms();
    let (min_off, triggers) = (row.min_off_ms.value, row.max_triggers_per_minute.value);
    settings.add("gate, longest opening", max_on, Unit::Millis, Origin::Row(row.max_on.provenance));
    settings.add("gate, least Off", min_off, Unit::Millis, Origin::Row(row.min_off_ms.provenance));
    let origin = Origin::Row(row.max_triggers_per_minute.provenance);
    settings.add("gate, openings a minute", u32::from(triggers), Unit::Count, origin);
    Gate {
        max_on: ms(max_on),
        min_off: ms(min_off),
        max_triggers_per_minute: triggers,
        refractory: Millis::ZERO,
    }
}

fn notes(subject: &Subject, set: Setting, shape: &Shape) -> [Option<BuildNote>; 3] {
    let threshold = subject.motor_threshold;
    let unknown = threshold.is_none() && shape.ramp.floor == 0;
    let too_low = threshold.filter(|t| *t >= set.amplitude);
    [
        unknown.then_some(BuildNote::MotorThresholdUnknown),
        too_low.map(|threshold| BuildNote::SetNotAboveThreshold { set: set.amplitude, threshold }),
        shape.no_floor_for_width.then_some(BuildNote::NoFloorForWidth),
    ]
}

pub(crate) fn add(settings: &mut Settings, name: &'static str, value: u32, range: &Ranged, given: bool) {
    let origin = if given { Origin::Given } else { Origin::Row(range.chosen) };
    settings.add(name, value, range.unit, origin);
}

/// Values of a row fit their units; a test over the catalogue holds that.
pub(crate) fn ms(value: u32) -> Millis {
    Millis::from_millis(value).unwrap_or(Millis::MAX)
}

fn us(value: u32) -> Micros {
    Micros::from_micros(value).unwrap_or(Micros::MAX)
}

fn ua(value: u32) -> MicroAmps {
    MicroAmps::from_microamps(value).unwrap_or(MicroAmps::MAX)
}
