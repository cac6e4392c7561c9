//! From the command line to what the layers below take: a row, a person, a hardware, a bench, a set of limits.

use crate::cli::{
    Ask, CODE_MAX, CODE_MIN, ControlWord, NA_PER_CODE, StopWord, TICKS_HZ, TriggerWord, unused,
};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::files;
use crate::flags;
use crate::gait::{Foot, Walk, built_in};
use crate::names::{find_row, suggestion};
use crate::own::SessionOnDisk;
use crate::screen::denied;
use crate::setup::{areas_mm2, setup};
use crate::text::thousandths;
use nmes_core::{
    ChannelHardware, ConfigError, Control, Hardware, HardwareTiming, MicroAmps, Micros, Millis, Plan,
    StopPolicy,
};
use nmes_hal_adapters::sim::{Load, Stage};
use nmes_protocols::files::{FileProblem, SubjectFile};
use nmes_protocols::{
    Answers, BuildError, Built, Condition, Origin, Param, Provenance, Request, Screening, Side, StepRow,
    Storage, Subject, TABLE, build_channels,
};
use nmes_safety::{Profile, Setup};

/// Session time of the built-in walk, also for a session that ends before.
const BUILT_IN_US: u64 = 20_000_000;
/// After the last event, and after the longest tail of stimulation, the session goes on for this long.
const QUIET_MS: u64 = 500;
/// Skin in parallel with this capacitance; part of the load that is in series with it.
const SKIN_NANOFARAD: f64 = 100.0;
const SERIES_SHARE: f64 = 0.4;
/// The motor threshold that a walk is run with where none is given.
const WALKING_THRESHOLD_UA: u32 = 25_000;
/// What says how long a session is where the walk does.
const AS_THE_WALK: Origin = Origin::Row(Provenance::Ours { reason: "as long as the walk" });
/// A load of 0 ohm is simulated as a very small one.
const SHORT_OHM: f64 = 0.01;

/// Everything that is known before a session is built.
#[derive(Debug)]
pub struct Scenario {
    /// The row of the catalogue.
    pub row: &'static Condition,
    /// The person, with what was measured on the first channel.
    pub subject: Subject,
    /// Whether the motor threshold was made up, for a walk.
    pub threshold_made_up: bool,
    /// The person channel by channel, where more was measured than that.
    pub subjects: Vec<Subject>,
    /// What is asked for beyond the row; with a session file nothing is.
    pub request: Request,
    /// The session file, where one was named, and its path.
    pub file: Option<(String, SessionOnDisk)>,
    /// The subject file, where one was named.
    pub person: Option<SubjectFile>,
    /// Its path.
    pub person_path: Option<String>,
    /// The screening answers: those of the subject file, else "no" to everything, assumed.
    pub answers: Answers,
    /// The walk.
    pub walk: Walk,
    /// The treated foot.
    pub foot: Foot,
    /// Whether the trigger reads the other heel too: it was asked for, and the walk has some of its events.
    pub other_heel: bool,
    /// Whether it was asked for.
    pub both_asked: bool,
    /// Whether a step starts at a strike of the other heel, and the treated one is not read.
    pub by_other: bool,
    /// The output stage as it is declared.
    pub hardware: Hardware,
    /// The output stage and load as they are simulated.
    pub stage: Stage,
    /// The resistance of that load.
    pub load_ohm: u32,
    /// The resistance that the check takes.
    pub checked_ohm: u32,
    /// How late edges are applied, in ticks.
    pub late_ticks: u32,
    /// Seed of the lateness.
    pub seed: u64,
    /// What the check is told.
    pub setup: Setup,
    /// The limits.
    pub profile: Profile,
    /// Whether the length of the session follows from the walk; else it was asked for.
    pub length_from_walk: bool,
    /// Where that length is from, where the request has it and nobody asked for it.
    pub length_origin: Option<Origin>,
    /// An early end: session time in µs, and how.
    pub stop: Option<(u64, StopPolicy)>,
}

impl Scenario {
    /// Reads the walk and takes every option.
    ///
    /// # Errors
    /// Names the flag or file, the value, and what is accepted.
    pub fn of(ask: &Ask) -> Result<Self, Failure> {
        let file = ask.session.as_deref().map(files::session).transpose()?;
        files::sizes(file.as_ref())?;
        let person = ask.subject.as_deref().map(files::subject).transpose()?;
        let row = row_of(ask, file.as_ref())?;
        unused::in_ask(ask, row)?;
        if let (Some(person), Some(path)) = (&person, &ask.subject) {
            person.fits(row).map_err(|error| files::refused(&path.display().to_string(), &error))?;
        }
        let foot = person.as_ref().map_or(ask.person.side, |person| foot_of(person.side));
        let subjects = subjects(ask, row, person.as_ref());
        let asked_us = ask.walk.seconds.map(|ms| u64::from(ms) * 1_000);
        let walk = match &ask.walk.gait {
            Some(path) => Walk::read(path)?,
            None => built_in(asked_us.unwrap_or(0).max(BUILT_IN_US)),
        };
        let by_other = by_other(ask, &walk, foot)?;
        let length_ms = length_ms(row, ask, &walk, foot)?.filter(|_| file.is_none());
        let count = file.as_ref().map_or_else(|| channels(row), |(_, file)| file.channels());
        let hardware = hardware(ask, count)?;
        let late_ticks = ticks_up(ask.stage.late_us, ask.stage.ticks_hz);
        let length_from_walk = ask.walk.seconds.is_none() && row.schedule.step().is_some() && file.is_none();
        Ok(Self {
            row,
            subject: subjects[0],
            threshold_made_up: person.is_none()
                && ask.person.motor_threshold_ma.is_none()
                && row.schedule.step().is_some(),
            request: request(ask, length_ms)?,
            answers: person.as_ref().map_or_else(Answers::all_no, SubjectFile::answers),
            both_asked: ask.shape.heels() == TriggerWord::BothHeels,
            by_other,
            other_heel: ask.shape.heels() != TriggerWord::Heel && walk.heel(foot.other()).next().is_some(),
            walk,
            foot,
            hardware,
            stage: stage(ask)?,
            load_ohm: ask.load.load_ohm,
            checked_ohm: ask.load.checked_load_ohm,
            late_ticks,
            seed: ask.stage.seed,
            setup: setup(
                ask,
                row,
                &areas_mm2(ask, row, count, file.as_ref(), person.as_ref()),
                person.as_ref(),
            )?,
            profile: profile(ask)?,
            length_from_walk,
            length_origin: length_from_walk.then_some(AS_THE_WALK),
            stop: stop(ask),
            subjects,
            file,
            person,
            person_path: ask.subject.as_ref().map(|path| path.display().to_string()),
        })
    }

    /// The same for something that is run: where fewer seconds are asked for than the shortest session of a protocol that
    /// runs by its own clock, that session is stopped after so many.
    ///
    /// # Errors
    /// As [`Scenario::of`].
    pub fn to_run(ask: &Ask) -> Result<Self, Failure> {
        let row = ask
            .protocol
            .as_deref()
            .and_then(nmes_protocols::find)
            .filter(|row| row.schedule.step().is_none());
        let shortest = row.map(|row| row.session_length);
        let Some((shortest, asked)) =
            shortest.zip(ask.walk.seconds).filter(|(shortest, asked)| *asked < shortest.min)
        else {
            return Self::of(ask);
        };
        let mut ask = ask.clone();
        ask.walk.seconds = Some(shortest.min);
        let mut scenario = Self::of(&ask)?;
        scenario.length_origin = Some(Origin::Row(shortest.range));
        let cut_us = u64::from(asked) * 1_000;
        let sooner = scenario.stop.filter(|(at_us, _)| *at_us <= cut_us);
        scenario.stop = Some(sooner.unwrap_or((cut_us, StopPolicy::FinishPulse)));
        Ok(scenario)
    }

    /// The session, screened.
    ///
    /// # Errors
    /// A gate, an answer or a range says no.
    pub fn build<'s>(&self, storage: &'s mut Storage) -> Result<Built<'s>, Failure> {
        if let Some((path, file)) = &self.file {
            let built = file.build(&self.subject, &self.answers, storage);
            let built = built.map(|built| built.held_against(&self.subjects));
            return built.map_err(|error| {
                if let FileProblem::Build(BuildError::Screening(screening)) = &error.problem {
                    self.screened_out(screening)
                } else {
                    files::refused(path, &error)
                }
            });
        }
        let built = build_channels(self.row, &self.subjects, &self.request, &self.answers, storage);
        let built = built.map(|mut built| {
            if let Some(origin) = self.length_origin {
                built.settings = built.settings.with_origin(Param::SessionLength, origin);
            }
            built
        });
        built.map_err(|error| {
            if let BuildError::Session(config) = &error {
                self.explain(config)
            } else if let BuildError::Screening(screening) = &error {
                self.screened_out(screening)
            } else {
                flags::of_row(&error, self.row, self.request.amplitude.is_some())
            }
        })
    }

    fn screened_out(&self, screening: &Screening) -> Failure {
        Failure::Denied(denied(screening, self.person_path.as_deref()))
    }

    /// A refusal of the session or the plan with the flag that is its cause.
    fn explain(&self, error: &ConfigError) -> Failure {
        if let Some((path, _)) = self.file.as_ref().filter(|_| !flags::is_of_stage(error)) {
            return Failure::Input(format!("{path}: {error}"));
        }
        let length_ms = self.request.length.filter(|_| !self.length_from_walk).map(Millis::as_millis);
        flags::of_plan(error, self.hardware.timing().late_max_ticks, length_ms)
    }

    /// The plan for this hardware.
    ///
    /// # Errors
    /// The hardware cannot do it.
    pub fn compile<'s>(&self, built: &Built<'s>) -> Result<Plan<'s>, Failure> {
        Plan::compile(&built.session, &self.hardware).map_err(|error| self.explain(&error))
    }

    /// The output stage as it is simulated.
    #[must_use]
    pub const fn desk(&self) -> Desk {
        let (hardware, stage) = (self.hardware, self.stage);
        Desk { hardware, stage, late_ticks: self.late_ticks, seed: self.seed }
    }

    /// What is known of the person, or was made up of them.
    #[must_use]
    pub fn person_text(&self, screening: &Screening) -> String {
        let (nerve, state) = (self.row.needs.nerve, self.subject.innervation.word());
        let threshold = self.subject.motor_threshold.map_or(String::new(), |threshold| {
            format!("; motor threshold {} mA", thousandths(u64::from(threshold.as_microamps()), 3))
        });
        match &self.person {
            Some(person) => format!(
                "Of the person {}, by the subject file: the answers to screening ({screening}); {nerve} {state}{threshold}.",
                person.code
            ),
            None => format!(
                "Assumed of the person: \"no\" to all {} screening questions ({screening}); {nerve} {state}{threshold}.",
                TABLE.len()
            ),
        }
    }

    /// What was made up of the person where a value of the session follows from it.
    #[must_use]
    pub fn made_up(&self) -> Option<String> {
        let ua = self.subject.motor_threshold.filter(|_| self.threshold_made_up)?;
        let ma = thousandths(u64::from(ua.as_microamps()), 3);
        Some(format!(
            "motor threshold {ma} mA assumed, and the ramp floor by it; --motor-threshold-ma, --subject say another"
        ))
    }

    /// Motor threshold, or 0 where it is not known.
    #[must_use]
    pub fn threshold_ua(&self) -> u32 {
        self.subject.motor_threshold.map_or(0, MicroAmps::as_microamps)
    }
}

/// Whether the other heel starts the steps; it needs that foot's events, and has no extension.
fn by_other(ask: &Ask, walk: &Walk, foot: Foot) -> Result<bool, Failure> {
    if ask.shape.heels() != TriggerWord::OtherHeel {
        return Ok(false);
    }
    if ask.shape.extension_ms.is_some() {
        let why = "--extension-ms: the other heel's trigger closes after a share of a stride, with no extension; \
                   accepted with --trigger heel, both-heels";
        return Err(Failure::Input(why.to_owned()));
    }
    if walk.heel(foot.other()).next().is_none() {
        let (name, word) = (walk.name(), foot.other().word());
        return Err(Failure::Input(format!(
            "gait file {name}: no heel_off or heel_strike of the {word} foot, which starts the steps; accepted with \
             --trigger heel, both-heels"
        )));
    }
    Ok(true)
}

fn has_heel_events(walk: &Walk, foot: Foot) -> Result<(), Failure> {
    if walk.heel(foot).next().is_some() {
        return Ok(());
    }
    let other = if walk.heel(foot.other()).next().is_some() {
        format!("; --side {} has some", foot.other().word())
    } else {
        String::new()
    };
    let (name, word) = (walk.name(), foot.word());
    Err(Failure::Input(format!(
        "gait file {name}: no heel_off or heel_strike of the {word} foot, so no step{other}"
    )))
}

/// Asked for; else as long as the walk, where trains follow steps; else the row's own.
fn length_ms(row: &Condition, ask: &Ask, walk: &Walk, foot: Foot) -> Result<Option<u32>, Failure> {
    let Some(step) = row.schedule.step() else { return Ok(ask.walk.seconds) };
    has_heel_events(walk, foot)?;
    ask.walk.seconds.map_or_else(|| session_ms(step, ask, walk, foot), Ok).map(Some)
}

/// The walk, the longest stimulation after its last event, and a little more.
fn session_ms(step: &StepRow, ask: &Ask, walk: &Walk, foot: Foot) -> Result<u32, Failure> {
    let extension = ask.shape.extension_ms.unwrap_or(step.extension.default);
    let down = ask.shape.ramp_down_ms.unwrap_or(step.ramp_down.default);
    let lifted = walk.heel(foot).last().is_some_and(|(_, lifted)| lifted);
    let time_out = if lifted { step.hold_cap.default } else { 0 };
    let tail = u64::from(extension) + u64::from(down) + u64::from(time_out) + QUIET_MS;
    let total = walk.length_us().div_ceil(1_000) + tail;
    u32::try_from(total)
        .map_err(|_| Failure::Input(format!("gait file {}: longer than a session", walk.name())))
}

fn row_of(ask: &Ask, file: Option<&(String, SessionOnDisk)>) -> Result<&'static Condition, Failure> {
    match (file, &ask.protocol) {
        (Some((path, file)), _) => files::row(path, file),
        (None, Some(name)) => find_row(name),
        (None, None) => {
            Err(Failure::Input("no protocol; accepted: a name of `nmes list`, or --session".to_owned()))
        }
    }
}

const fn foot_of(side: Side) -> Foot {
    match side {
        Side::Left => Foot::Left,
        Side::Right => Foot::Right,
    }
}

/// Channel by channel up to the last one that was measured; at least one.
fn subjects(ask: &Ask, row: &Condition, person: Option<&SubjectFile>) -> Vec<Subject> {
    let Some(person) = person else { return vec![subject(ask, row)] };
    let last = person.measured.iter().map(|measured| measured.channel).max().unwrap_or(0);
    (0..=last).map(|channel| person.subject(channel)).collect()
}

fn subject(ask: &Ask, row: &Condition) -> Subject {
    let side = match ask.person.side {
        Foot::Left => Side::Left,
        Foot::Right => Side::Right,
    };
    // a walk is judged by when motor threshold is passed, so there one has to be made up; elsewhere the row's own values hold
    let made_up = row.schedule.step().map(|_| WALKING_THRESHOLD_UA);
    let motor_threshold = ask.person.motor_threshold_ma.or(made_up).and_then(MicroAmps::from_microamps);
    Subject { motor_threshold, ..Subject::new(ask.person.innervation.state(), side) }
}

fn request(ask: &Ask, length_ms: Option<u32>) -> Result<Request, Failure> {
    let ms = |value: Option<u32>| value.and_then(Millis::from_millis);
    let us = |value: Option<u32>| value.and_then(Micros::from_micros);
    let control = ask.pulse.control.map(|word| match word {
        ControlWord::Amplitude => Control::Amplitude,
        ControlWord::Width => Control::Width,
    });
    if control == Some(Control::Width) && ask.shape.ramp_floor_ma.is_some() {
        let why = "--ramp-floor-ma: a ramp of the width starts at a width; accepted with --control amplitude";
        return Err(Failure::Input(why.to_owned()));
    }
    Ok(Request {
        amplitude: ask.pulse.amplitude_ma.and_then(MicroAmps::from_microamps),
        width: us(ask.pulse.phase_us),
        rate_millihertz: ask.pulse.frequency_hz,
        gap: us(ask.pulse.gap_us),
        balance: None,
        control,
        delay: ms(ask.shape.delay_ms),
        ramp_up: ms(ask.shape.ramp_up_ms),
        ramp_down: ms(ask.shape.ramp_down_ms),
        extension: ms(ask.shape.extension_ms),
        ramp_floor: ask.shape.ramp_floor_ma,
        length: ms(length_ms),
        specialist: ask.person.specialist,
        ..Request::default()
    })
}

/// Microseconds as ticks, rounded up; saturates.
pub(crate) fn ticks_up(us: u32, hz: u32) -> u32 {
    let ticks = (u64::from(us) * u64::from(hz)).div_ceil(1_000_000);
    u32::try_from(ticks).unwrap_or(u32::MAX)
}

/// The stage that is simulated where no flag says another.
pub(crate) fn usual_hardware(count: usize) -> Result<Hardware, ConfigError> {
    let channel = ChannelHardware::symmetric(NA_PER_CODE, CODE_MIN, CODE_MAX);
    Hardware::new(HardwareTiming::ideal(TICKS_HZ), &vec![channel; count], 0)
}

/// One channel for each that the session has.
fn hardware(ask: &Ask, count: usize) -> Result<Hardware, Failure> {
    let stage = &ask.stage;
    let declared = ticks_up(stage.declared_late_us.unwrap_or(stage.late_us), stage.ticks_hz);
    let timing = HardwareTiming { late_max_ticks: declared, ..HardwareTiming::ideal(stage.ticks_hz) };
    let channel = ChannelHardware::symmetric(stage.na_per_code, stage.code_min, stage.code_max);
    Hardware::new(timing, &vec![channel; count], 0).map_err(|error| flags::of_config(&error))
}

/// The load as simulated: its resistance at the end of a phase is what was asked for.
fn stage(ask: &Ask) -> Result<Stage, Failure> {
    let ohm = f64::from(ask.load.load_ohm).max(SHORT_OHM);
    let load = Load::skin(SERIES_SHARE * ohm, (1.0 - SERIES_SHARE) * ohm, SKIN_NANOFARAD)
        .ok_or_else(|| Failure::Input(format!("--load-ohm {}: not a load", ask.load.load_ohm)))?;
    let mismatch_percent = f64::from(ask.load.polarity_mismatch_pct) / 1e3;
    Ok(Stage { mismatch_percent, ..Stage::ideal(f64::from(ask.load.rail_v) / 1e3, load) })
}

fn channels(row: &Condition) -> usize {
    usize::try_from(row.channels.default).unwrap_or(1)
}

fn profile(ask: &Ask) -> Result<Profile, Failure> {
    let Some(name) = &ask.load.profile else { return Ok(Profile::default()) };
    Profile::named(name).ok_or_else(|| {
        let known = suggestion(name, &Profile::NAMES);
        Failure::Input(format!("--profile \"{name}\" is not known; {known}"))
    })
}

fn stop(ask: &Ask) -> Option<(u64, StopPolicy)> {
    let policy = match ask.stop.stop {
        StopWord::Finish => StopPolicy::FinishPulse,
        StopWord::Recover => StopPolicy::RecoverNow,
        StopWord::Off => StopPolicy::HardOff,
    };
    ask.stop.stop_at_us.map(|at_us| (at_us, policy))
}
