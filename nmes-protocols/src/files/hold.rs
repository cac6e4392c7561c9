//! A session file held against its protocol: built anew from what it asks, and compared.

use super::error::{FileError, FileProblem, Place, Said};
use super::schedule_file::{CycleFile, GateFile, ScheduleFile, StageFile, StepTimesFile};
use super::session_file::{ChannelFile, SessionFile, TimingFile};
use crate::amplitude::stand_in;
use crate::build::{Built, Head, Storage, build_session};
use crate::build_error::BuildError;
use crate::condition::Condition;
use crate::request::{BalanceChoice, Param, RangeError, Request, Subject};
use crate::schedule_row::{OnIncludesRamps, ScheduleRow};
use crate::screening::{Answers, Item};
use crate::waveform::ChargeReturn;
use nmes_core::{Balance, Channel, Control, Micros, Millis, Ramp};

impl SessionFile {
    /// The session, through the gates, the screening, the ranges and the builder of its protocol, channel by channel. What
    /// that does not make of the numbers that a row can be asked for is refused, so a file cannot hold a session that the
    /// builder would not have built.
    ///
    /// A value that the protocol makes of itself keeps its origin in [`Built::settings`]; any other is given. The list is
    /// the first channel's; a note says so where channels differ.
    ///
    /// # Errors
    /// Names the place in the file, the value, and what is allowed.
    ///
    /// ```
    /// # #[cfg(feature = "files")] {
    /// use nmes_core::MicroAmps;
    /// use nmes_protocols::{files::SessionFile, *};
    /// let (subject, request) = (Subject::new(Innervation::Intact, Side::Left), Request::default());
    /// let mut storage = Storage::new();
    /// let row = find("knee-oa").unwrap();
    /// let built = build_session(row, &subject, &request, &Answers::all_no(), &mut storage).unwrap();
    /// let mut file = SessionFile::of(row, &request, &built).unwrap();
    /// let mut again = Storage::new();
    /// assert_eq!(file.build(&subject, &Answers::all_no(), &mut again).unwrap().session, built.session);
    ///
    /// let mut channel = file.channels[0].clone();
    /// channel.pulse.amplitude_ua = MicroAmps::from_microamps(120_000).unwrap();
    /// file.channels = [channel].into_iter().collect();
    /// let error = file.build(&subject, &Answers::all_no(), &mut again).unwrap_err().to_string();
    /// assert!(error.starts_with("channels[0].pulse.amplitude_ua: 120000 µA"), "{error}");
    /// # }
    /// ```
    pub fn build<'a>(
        &self,
        subject: &Subject,
        answers: &Answers,
        storage: &'a mut Storage,
    ) -> Result<Built<'a>, FileError> {
        self.known_version()?;
        let row = self.row()?;
        let first = self.channels.first().ok_or_else(|| none("channels", "1 to 8 channels"))?;
        let mut scratch = Storage::new();
        let mut head = Head::of(&self.rebuild(row, 0, first, subject, answers, &mut scratch)?);
        for (index, file) in self.channels.iter().enumerate() {
            self.rebuild(row, index, file, subject, answers, &mut scratch)?;
            if let (Some(slot), Some(made)) = (storage.channels.get_mut(index), scratch.channels.get(index)) {
                *slot = *made;
            }
            head.differs |= file.pulse != first.pulse || file.ramp != first.ramp;
        }
        storage.stages = scratch.stages;
        let built = head.over(storage, self.channels.len(), self.length_ms);
        built.map_err(|error| FileError::new(Place::top("channels"), FileProblem::Config(error)))
    }

    /// One channel as the builder makes it, equal to what the file says.
    fn rebuild<'s>(
        &self,
        row: &'static Condition,
        index: usize,
        file: &ChannelFile,
        subject: &Subject,
        answers: &Answers,
        scratch: &'s mut Storage,
    ) -> Result<Built<'s>, FileError> {
        let place = |field| Place::of("channels", index, field);
        let mut request = self.request(row, index, file, subject, answers)?;
        // ramps and floor that the row makes of the rest by itself stay the row's
        for stage in 0..2 {
            let by_itself = build_session(row, subject, &request, answers, scratch);
            let ramp = by_itself.ok().and_then(|b| b.session.channels().first().map(|c| c.ramp));
            let differs = |of: fn(&Ramp) -> u32, here: u32| ramp.is_none_or(|ramp| of(&ramp) != here);
            if stage == 0 {
                request.ramp_floor = differs(|r| r.floor, file.ramp.floor).then_some(file.ramp.floor);
            } else {
                let (up, down) = (file.ramp.up_ms, file.ramp.down_ms);
                request.ramp_up = differs(|r| r.up.as_millis(), up.as_millis()).then_some(up);
                request.ramp_down = differs(|r| r.down.as_millis(), down.as_millis()).then_some(down);
            }
        }
        let built = build_session(row, subject, &request, answers, scratch)
            .map_err(|error| self.refused(row, index, file, &error))?;
        let made = built.session.channels().get(index).copied();
        let made = made.ok_or_else(|| none("channels", "as many as the protocol takes"))?;
        same_channel(file, &made, &place)?;
        let schedule = ScheduleFile::of(&built.session.schedule(), built.gait.as_ref());
        let schedule = schedule.ok_or_else(|| none("schedule", "a schedule of the protocol"))?;
        same_schedule(&self.schedule, &schedule)?;
        Ok(built)
    }

    /// What the channel asks of its row beyond the row itself.
    fn request(
        &self,
        row: &Condition,
        index: usize,
        file: &ChannelFile,
        subject: &Subject,
        answers: &Answers,
    ) -> Result<Request, FileError> {
        let place = |field| Place::of("channels", index, field);
        // what was measured, as the builder takes it
        let subject = &subject.at_width(file.pulse.width_us);
        let (kind, leading) = (row.waveform.kind.value, row.waveform.leading.value);
        unless(file.pulse.wave == kind, place("pulse.wave"), Said::Wave(file.pulse.wave), Said::Wave(kind))?;
        let (given, accepted) = (Said::Leading(file.pulse.leading), Said::Leading(leading));
        unless(file.pulse.leading == leading, place("pulse.leading"), given, accepted)?;
        let timing = TimingFile::of(row.timing.map(|timing| timing.value)).unwrap_or(TimingFile::Even);
        unless(file.timing == timing, place("timing"), Said::Word("this timing"), timing.word())?;
        let measured = row.amplitude_rule.value.for_person(subject).map(nmes_core::MicroAmps::as_microamps);
        let lowered = answers.answer(Item::ImpairedSensation) == Some(true);
        let usual =
            measured.unwrap_or_else(|| stand_in(row.amplitude.default, row.amplitude.chosen, subject).0);
        let ua = file.pulse.amplitude_ua.as_microamps();
        let mut request = Request {
            amplitude: Some(file.pulse.amplitude_ua).filter(|_| lowered || ua != usual),
            width: Some(file.pulse.width_us).filter(|us| us.as_micros() != row.phase_width.default),
            rate_millihertz: Some(file.rate_millihertz).filter(|rate| *rate != row.rate.default),
            gap: Some(file.pulse.gap_us).filter(|us| us.as_micros() != row.gap.default),
            balance: balance_of(row, file, &place)?,
            control: Some(file.ramp.control).filter(|control| *control != Control::Amplitude),
            length: Some(self.length_ms).filter(|ms| ms.as_millis() != row.session_length.default),
            site: Some(self.site).filter(|site| *site != row.site),
            specialist: self.specialist,
            ..Request::default()
        };
        let count = u8::try_from(self.channels.len()).unwrap_or(u8::MAX);
        request.channels = Some(count).filter(|count| u32::from(*count) != row.channels.default);
        self.ask_times(row, file, &mut request);
        Ok(request)
    }

    fn ask_times(&self, row: &Condition, file: &ChannelFile, request: &mut Request) {
        let asked = |here: Millis, default: u32| Some(here).filter(|ms| ms.as_millis() != default);
        match (&self.schedule, &row.schedule) {
            (ScheduleFile::Cyclic(cycle), ScheduleRow::Cyclic(of)) => {
                let on = cycle.hold_ms.as_millis().saturating_add(inside_ms(row, file));
                request.on = asked(Millis::from_millis(on).unwrap_or(Millis::MAX), of.on.default);
                request.off = asked(cycle.rest_ms, of.off.default);
            }
            (ScheduleFile::Steps { times, .. }, ScheduleRow::Steps { step, .. }) => {
                request.delay = asked(times.delay_ms, step.delay.default);
                request.extension = asked(times.extension_ms, step.extension.default);
            }
            _ => {}
        }
    }

    fn refused(&self, row: &Condition, index: usize, file: &ChannelFile, error: &BuildError) -> FileError {
        let problem = FileProblem::Build(*error);
        let field = match error {
            BuildError::Range(range) => return of_range(row, index, file, range),
            BuildError::Session(error) => {
                return FileError::new(Place::of("channels", index, ""), FileProblem::Config(*error));
            }
            BuildError::DirectCurrent { .. } => {
                return FileError::new(Place::of("channels", index, "pulse"), problem);
            }
            BuildError::NoHold { .. } => {
                return FileError::new(Place::of("channels", index, "ramp"), problem);
            }
            BuildError::SpecialistOnly { .. } => "specialist",
            BuildError::Site { .. } => "site",
            BuildError::Gait(_) => "schedule.steps.times",
            BuildError::Disabled { .. }
            | BuildError::NotAtHome { .. }
            | BuildError::ChannelTimes { .. }
            | BuildError::NoOtherBalance { .. }
            | BuildError::Innervation(_)
            | BuildError::Screening(_) => "protocol",
        };
        FileError::new(Place::top(field), problem)
    }
}

/// What of ON the ramps take.
fn inside_ms(row: &Condition, file: &ChannelFile) -> u32 {
    let includes = row.schedule.cycle().map(|cycle| cycle.on_includes_ramps.value);
    match includes {
        None | Some(OnIncludesRamps::No) => 0,
        Some(OnIncludesRamps::Yes | OnIncludesRamps::Unstated) => {
            file.ramp.up_ms.as_millis().saturating_add(file.ramp.down_ms.as_millis())
        }
    }
}

fn balance_of(
    row: &Condition,
    file: &ChannelFile,
    place: &dyn Fn(&'static str) -> Place,
) -> Result<Option<BalanceChoice>, FileError> {
    let is = |back: ChargeReturn| match (back, file.pulse.balance) {
        (ChargeReturn::Symmetric, Balance::Symmetric)
        | (ChargeReturn::Monophasic, Balance::DeclaredDc { .. }) => true,
        (ChargeReturn::Asymmetric(percent), Balance::Asymmetric { length_percent }) => {
            percent == length_percent
        }
        _ => false,
    };
    if is(row.waveform.balance.value) {
        return Ok(None);
    }
    if row.waveform.option.is_some_and(|other| is(other.value)) {
        return Ok(Some(BalanceChoice::Option));
    }
    let accepted = match (row.waveform.balance.value, row.waveform.option.is_some()) {
        (_, true) => "one of the protocol's two",
        (ChargeReturn::Symmetric, false) => "symmetric",
        (ChargeReturn::Asymmetric(_), false) => "asymmetric, as long as the protocol says",
        (ChargeReturn::Monophasic, false) => "a declared direct current",
    };
    let problem = FileProblem::Words { given: Said::Balance(file.pulse.balance), accepted };
    Err(FileError::new(place("pulse.balance"), problem))
}

fn none(field: &'static str, accepted: &'static str) -> FileError {
    FileError::new(Place::top(field), FileProblem::Words { given: Said::Word("nothing"), accepted })
}

fn unless(same: bool, place: Place, given: Said, accepted: Said) -> Result<(), FileError> {
    if same { Ok(()) } else { Err(FileError::new(place, FileProblem::Other { given, accepted })) }
}

fn equal(place: Place, unit: &'static str, given: u32, accepted: u32) -> Result<(), FileError> {
    let number = |n: u32| Said::Number(u64::from(n), unit);
    unless(given == accepted, place, number(given), number(accepted))
}

/// What the builder made of the channel is what the file says.
fn same_channel(
    file: &ChannelFile,
    made: &Channel<'_>,
    place: &dyn Fn(&'static str) -> Place,
) -> Result<(), FileError> {
    let (given, accepted) = (Said::Balance(file.pulse.balance), Said::Balance(made.pulse.balance));
    unless(file.pulse.balance == made.pulse.balance, place("pulse.balance"), given, accepted)?;
    let ms = Millis::as_millis;
    for (field, unit, given, accepted) in [
        (
            "pulse.amplitude_ua",
            "µA",
            file.pulse.amplitude_ua.as_microamps(),
            made.set.amplitude.as_microamps(),
        ),
        ("pulse.width_us", "µs", file.pulse.width_us.as_micros(), made.set.width.as_micros()),
        ("ramp.floor", "", file.ramp.floor, made.ramp.floor),
        ("ramp.up_ms", "ms", ms(file.ramp.up_ms), ms(made.ramp.up)),
        ("ramp.down_ms", "ms", ms(file.ramp.down_ms), ms(made.ramp.down)),
        ("ramp.down_min_ms", "ms", ms(file.ramp.down_min_ms), ms(made.ramp.down_min)),
        ("offset_us", "µs", Micros::as_micros(file.offset_us), made.offset.as_micros()),
    ] {
        equal(place(field), unit, given, accepted)?;
    }
    Ok(())
}

fn same_schedule(file: &ScheduleFile, made: &ScheduleFile) -> Result<(), FileError> {
    match (file, made) {
        (ScheduleFile::Continuous, ScheduleFile::Continuous) => Ok(()),
        (ScheduleFile::Cyclic(file), ScheduleFile::Cyclic(made)) => same_cycle(file, made),
        (ScheduleFile::Program(file), ScheduleFile::Program(made)) => same_stages(file, made),
        (ScheduleFile::Gated(file), ScheduleFile::Gated(made)) => same_gate(&GATED, file, made),
        (ScheduleFile::Steps { gate, times }, ScheduleFile::Steps { gate: made_gate, times: made }) => {
            same_gate(&STEPS_GATE, gate, made_gate)?;
            same_times(times, made)
        }
        _ => {
            let (given, accepted) = (Said::Word(file.word()), Said::Word(made.word()));
            unless(false, Place::top("schedule"), given, accepted)
        }
    }
}

fn same_cycle(file: &CycleFile, made: &CycleFile) -> Result<(), FileError> {
    let ms = Millis::as_millis;
    equal(Place::top("schedule.cyclic.hold_ms"), "ms", ms(file.hold_ms), ms(made.hold_ms))?;
    equal(Place::top("schedule.cyclic.rest_ms"), "ms", ms(file.rest_ms), ms(made.rest_ms))
}

fn same_stages(file: &[StageFile], made: &[StageFile]) -> Result<(), FileError> {
    let number = |n: usize| Said::Number(u64::try_from(n).unwrap_or(u64::MAX), "stages");
    let place = Place::top("schedule.program");
    unless(file.len() == made.len(), place, number(file.len()), number(made.len()))?;
    let ms = Millis::as_millis;
    for (index, (file, made)) in file.iter().zip(made).enumerate() {
        for (field, unit, given, accepted) in [
            ("hold_ms", "ms", ms(file.hold_ms), ms(made.hold_ms)),
            ("rest_ms", "ms", ms(file.rest_ms), ms(made.rest_ms)),
            ("repeats", "", u32::from(file.repeats), u32::from(made.repeats)),
            ("level_permille", "‰", u32::from(file.level_permille), u32::from(made.level_permille)),
            ("rate_millihertz", "mHz", file.rate_millihertz, made.rate_millihertz),
        ] {
            equal(Place::of("schedule.program", index, field), unit, given, accepted)?;
        }
    }
    Ok(())
}

/// The places of a gate's four numbers.
const GATED: [&str; 4] = [
    "schedule.gated.max_on_ms",
    "schedule.gated.min_off_ms",
    "schedule.gated.max_triggers_per_minute",
    "schedule.gated.refractory_ms",
];
const STEPS_GATE: [&str; 4] = [
    "schedule.steps.gate.max_on_ms",
    "schedule.steps.gate.min_off_ms",
    "schedule.steps.gate.max_triggers_per_minute",
    "schedule.steps.gate.refractory_ms",
];

fn same_gate(fields: &[&'static str; 4], file: &GateFile, made: &GateFile) -> Result<(), FileError> {
    let numbers = |gate: &GateFile| {
        let ms = Millis::as_millis;
        let triggers = u32::from(gate.max_triggers_per_minute);
        [ms(gate.max_on_ms), ms(gate.min_off_ms), triggers, ms(gate.refractory_ms)]
    };
    for (field, (given, accepted)) in fields.iter().zip(numbers(file).into_iter().zip(numbers(made))) {
        equal(Place::top(field), "", given, accepted)?;
    }
    Ok(())
}

fn same_times(file: &StepTimesFile, made: &StepTimesFile) -> Result<(), FileError> {
    let ms = Millis::as_millis;
    for (field, given, accepted) in [
        ("schedule.steps.times.debounce_ms", ms(file.debounce_ms), ms(made.debounce_ms)),
        ("schedule.steps.times.refractory_ms", ms(file.refractory_ms), ms(made.refractory_ms)),
        ("schedule.steps.times.delay_ms", ms(file.delay_ms), ms(made.delay_ms)),
        ("schedule.steps.times.extension_ms", ms(file.extension_ms), ms(made.extension_ms)),
        ("schedule.steps.times.hold_max_ms", ms(file.hold_max_ms), ms(made.hold_max_ms)),
        ("schedule.steps.times.hold_cap_ms", ms(file.hold_cap_ms), ms(made.hold_cap_ms)),
        ("schedule.steps.times.hold_first_ms", ms(file.hold_first_ms), ms(made.hold_first_ms)),
        ("schedule.steps.times.hold_percent", file.hold_percent, made.hold_percent),
        ("schedule.steps.times.stance_share_percent", file.stance_share_percent, made.stance_share_percent),
        ("schedule.steps.times.stance_first_ms", ms(file.stance_first_ms), ms(made.stance_first_ms)),
        ("schedule.steps.times.off_min_ms", ms(file.off_min_ms), ms(made.off_min_ms)),
        ("schedule.steps.times.merge_max_ms", ms(file.merge_max_ms), ms(made.merge_max_ms)),
        ("schedule.steps.times.test_burst_ms", ms(file.test_burst_ms), ms(made.test_burst_ms)),
        ("schedule.steps.times.vouch_ms", ms(file.vouch_ms), ms(made.vouch_ms)),
    ] {
        equal(Place::top(field), "", given, accepted)?;
    }
    Ok(())
}

/// A value outside the row's range, where it stands in the file. ON is told as the time at full level.
fn of_range(row: &Condition, index: usize, file: &ChannelFile, error: &RangeError) -> FileError {
    let channel = |field| Place::of("channels", index, field);
    let place = match error.param {
        Param::Amplitude => channel("pulse.amplitude_ua"),
        Param::PhaseWidth => channel("pulse.width_us"),
        Param::Rate => channel("rate_millihertz"),
        Param::Gap => channel("pulse.gap_us"),
        Param::RampUp => channel("ramp.up_ms"),
        Param::RampDown => channel("ramp.down_ms"),
        Param::RampFloor => channel("ramp.floor"),
        Param::Delay => Place::top("schedule.steps.times.delay_ms"),
        Param::Extension => Place::top("schedule.steps.times.extension_ms"),
        Param::SessionLength => Place::top("length_ms"),
        Param::On => Place::top("schedule.cyclic.hold_ms"),
        Param::Off => Place::top("schedule.cyclic.rest_ms"),
        Param::Channels => Place::top("channels"),
    };
    let less = if error.param == Param::On { inside_ms(row, file) } else { 0 };
    let [value, min, max] = [error.value, error.min, error.max].map(|n| u64::from(n.saturating_sub(less)));
    FileError::new(place, FileProblem::Range { value, min, max, unit: error.unit, limit: error.limit })
}
