//! `nmes titrate`: the procedure against the simulated stage, a muscle of the response models, and a person who is made up
//! or sits at the keyboard. Every train goes through build, compile and check, and out of the simulated stimulator.

use crate::app::say;
use crate::cli::{TitrateArgs, unused};
use crate::desk::Played;
use crate::failure::Failure;
use crate::files;
use crate::flags;
use crate::play::play;
use crate::report::WARNING;
use crate::scenario::Scenario;
use crate::setup::guarded;
use crate::text::{Table, thousandths, trimmed};
use crate::today::today;
use crate::written::{may_write, save_whole};
use nmes_core::{MicroAmps, Millis, Plan};
use nmes_hal_adapters::sim::Random;
use nmes_protocols::files::{ElectrodeFile, Ended, MeasuredFile, OtherAnswers, SubjectFile, Syntax};
use nmes_protocols::models::{AmplitudeGain, Muscle, data};
use nmes_protocols::titration::{
    Command, Mark, Marks, PollAt, State, Thresholds, Titration, TitrationConfig, TitrationError,
};
use nmes_protocols::{Request, Storage, build_train};
use nmes_safety::{Layer, Setup, UseClass, check, rules};
use std::fmt::Write as _;
use std::io::{BufRead, Write};

/// A force that is seen as a first answer of the muscle, in N.
const SEEN_N: f64 = 1.0;

/// Somebody who answers.
enum Person {
    /// Made up: four amplitudes in µA, and where a key is pressed.
    Scripted { thresholds: [u32; 4], key_at_ua: Option<u32> },
    /// At the keyboard.
    Keys,
}

/// What is said after a train.
enum Said {
    Marks(Marks),
    Key,
}

/// One train as it was put out.
struct Train {
    ascent: usize,
    amplitude_ua: u32,
    pulses: usize,
    peak_ua: f64,
    force_n: f64,
    said: String,
}

/// `nmes titrate`.
pub(crate) fn run(args: &TitrateArgs, out: &mut dyn Write) -> Result<(), Failure> {
    unused::in_titration(&args.ask)?;
    let scenario = Scenario::of(&args.ask)?;
    if scenario.file.is_some() {
        return Err(Failure::Input(
            "--session: a titration takes a protocol, whose pulse it uses".to_owned(),
        ));
    }
    measurable(args, &scenario)?;
    let config = config(args, &scenario)?;
    // before a ladder of trains rather than after it
    if let Some(path) = &args.out {
        may_write(path, args.ask.subject.as_deref(), "--subject")?;
    }
    let person = person(args, &config);
    let mut titration = Titration::new(config);
    let mut trains = Vec::new();
    let ended = ascend(args, &scenario, &person, &mut titration, &mut trains, out);
    say(out, &shown(args, &scenario, &config, &person, &titration, &trains))?;
    ended?;
    let Some(found) = titration.thresholds() else {
        let why = titration.stopped().map_or_else(String::new, |why| why.to_string());
        return Err(Failure::Faulted(format!("titration stopped: {why}; it would begin again from zero")));
    };
    let file = subject_file(args, &scenario, &found)?;
    let text = |syntax| file.to_text(syntax);
    match &args.out {
        None => say(out, &format!("\n{}", text(Syntax::Toml))),
        Some(path) => {
            let syntax = Syntax::of_name(&path.to_string_lossy());
            save_whole(path, args.ask.subject.as_deref(), "--subject", text(syntax).as_bytes())?;
            say(out, &format!("\nWritten: {}{}\n", path.display(), unanswered(&file)))
        }
    }
}

/// A channel that no session of the protocol has would bind nothing with what was tolerated on it.
fn measurable(args: &TitrateArgs, scenario: &Scenario) -> Result<(), Failure> {
    let most = scenario.row.channels.max;
    if u32::from(args.channel) < most {
        return Ok(());
    }
    let channels =
        if most == 1 { "one channel, 0".to_owned() } else { format!("at most {most} channels, from 0") };
    Err(Failure::Input(format!(
        "--channel {}: {} has {channels}; accepted: 0 to {}",
        args.channel,
        scenario.row.name,
        most.saturating_sub(1)
    )))
}

/// What has to be done before the file is of use.
fn unanswered(file: &SubjectFile) -> &'static str {
    match file.screening.others {
        OtherAnswers::No => "",
        OtherAnswers::Unanswered => {
            "; its screening questions are unanswered, and that blocks every session: answer them in [screening] \
             (`nmes run --subject` lists them)"
        }
    }
}

/// The ceiling: asked for, and never above the protocol's range or the person's own limit.
fn config(args: &TitrateArgs, scenario: &Scenario) -> Result<TitrationConfig, Failure> {
    let refuse = |error: TitrationError| Failure::Input(format!("--ceiling-ma, --repeats: {error}"));
    let limit =
        scenario.setup.limit(&rules::E_PEAK_1, &scenario.profile).map_or(u64::MAX, |limit| limit.value);
    let range = scenario.row.amplitude_for(&scenario.answers);
    let highest = range.max.min(u32::try_from(limit).unwrap_or(u32::MAX));
    if let Some(asked) = args.ceiling_ma.filter(|asked| *asked > highest) {
        let by = if highest < range.max {
            "the limit of current that holds".to_owned()
        } else {
            range.range.to_string()
        };
        return Err(Failure::Input(format!(
            "--ceiling-ma {}: {} takes at most {} mA here ({by})",
            thousandths(u64::from(asked), 3),
            scenario.row.name,
            thousandths(u64::from(highest), 3)
        )));
    }
    let ceiling = MicroAmps::from_microamps(args.ceiling_ma.unwrap_or(highest)).unwrap_or(MicroAmps::MAX);
    TitrationConfig::new(ceiling).and_then(|config| config.with_repeats(args.repeats)).map_err(refuse)
}

/// Given, or drawn in order: each 15 to 45 % of the ceiling above the one before.
fn person(args: &TitrateArgs, config: &TitrationConfig) -> Person {
    if args.keys {
        return Person::Keys;
    }
    let mut random = Random::new(args.ask.stage.seed);
    let mut last = 0;
    let given = [args.sensory_ma, args.motor_ma, args.functional_ma, args.maximum_ma];
    let thresholds = given.map(|given| {
        let part = config.ceiling_ua() / 100 * (8 + random.up_to(14));
        last = given.unwrap_or(last + part);
        last
    });
    Person::Scripted { thresholds, key_at_ua: args.key_at_ma }
}

fn ascend(
    args: &TitrateArgs,
    scenario: &Scenario,
    person: &Person,
    titration: &mut Titration,
    trains: &mut Vec<Train>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut now_ms = 0;
    titration.start(now_ms);
    while let PollAt::At(due_ms) = titration.poll_at() {
        now_ms = due_ms;
        let Some(Command::Train { amplitude }) = titration.poll(now_ms) else { break };
        let played = match train(args, scenario, titration.config(), amplitude) {
            Ok(played) => played,
            Err(failure) => {
                let _ = titration.refused();
                return Err(failure);
            }
        };
        now_ms += u64::from(titration.config().train_ms());
        titration.train_ended(now_ms);
        let force_n = force(person, &played, scenario)?;
        let said = person.answer(titration, amplitude.as_microamps(), force_n, out)?;
        let peak_ua = played.pulses.iter().map(|p| p.delivered.peak_ua.abs()).fold(0.0, f64::max);
        trains.push(Train {
            ascent: titration.ascent(),
            amplitude_ua: amplitude.as_microamps(),
            pulses: played.pulses.iter().filter(|p| p.is_pulse()).count(),
            peak_ua,
            force_n,
            said: said.words(),
        });
        match said {
            Said::Key => {
                let _ = titration.key();
            }
            Said::Marks(marks) => {
                titration.answer(now_ms, marks).map_err(|error| Failure::Input(error.to_string()))?;
            }
        }
    }
    Ok(())
}

/// Through build, compile and check, and out of the simulated stimulator.
fn train(
    args: &TitrateArgs,
    scenario: &Scenario,
    config: &TitrationConfig,
    amplitude: MicroAmps,
) -> Result<Played, Failure> {
    let request = Request { amplitude: Some(amplitude), length: None, ..scenario.request };
    let length = Millis::from_millis(config.train_ms()).unwrap_or(Millis::MAX);
    let mut storage = Storage::new();
    let built =
        build_train(scenario.row, &scenario.subject, &request, length, &scenario.answers, &mut storage)
            .map_err(|error| flags::of_build(&error))?;
    let desk = scenario.desk();
    let plan = Plan::compile(&built.session, &desk.hardware).map_err(|error| flags::of_config(&error))?;
    let setup = setup(args, scenario, length)?;
    let checked = check(plan, &setup, &scenario.profile).map_err(|denied| {
        let rows: Vec<String> = denied.report().denied().map(ToString::to_string).collect();
        Failure::Denied(format!(
            "a train of {} mA: {}",
            thousandths(u64::from(amplitude.as_microamps()), 3),
            rows.join("; ")
        ))
    })?;
    let played = play(&desk, &checked, None, &mut |_| {})?;
    match &played.stopped {
        Some(stopped) => Err(Failure::Faulted(stopped.to_string())),
        None => Ok(played),
    }
}

/// One channel with the pads of the session; a single train, of the length that it has.
fn setup(args: &TitrateArgs, scenario: &Scenario, length: Millis) -> Result<Setup, Failure> {
    let area = scenario.setup.area_mm2(args.channel).or(scenario.setup.area_mm2(0)).unwrap_or(1);
    let class = match scenario.row.use_class.value {
        UseClass::Specialist => UseClass::Specialist,
        UseClass::Exercise | UseClass::FunctionalWear | UseClass::Continuous => UseClass::Continuous,
    };
    let refuse = |error: &dyn std::fmt::Display| Failure::Input(error.to_string());
    let setup = Setup::new(&[area], class).map_err(|error| refuse(&error))?;
    let setup = setup
        .with_rail_mv(args.ask.load.rail_v)
        .and_then(|setup| setup.with_load_ohm(args.ask.load.checked_load_ohm))
        .and_then(|setup| setup.with_contact_permille(scenario.setup.contact_permille()))
        .map_err(|error| refuse(&error))?;
    let setup = setup
        .with_limit(Layer::Protocol, &rules::E_SES_1, u64::from(length.as_millis()))
        .map_err(|error| refuse(&error))?;
    let setup = guarded(setup, &args.ask.load.guards)?;
    let setup = scenario.row.limit(setup).map_err(|error| refuse(&error))?;
    let Some(person) = scenario.person.as_ref() else { return Ok(setup) };
    person.limit(setup).map_err(|error| refuse(&error))
}

/// The peak force of the muscle model for the pulses that flowed. The model's own threshold is laid on the person's motor
/// threshold, by scaling the current that it sees.
fn force(person: &Person, played: &Played, scenario: &Scenario) -> Result<f64, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Input(format!("muscle model: {error}"));
    let gain: AmplitudeGain<f64> = data::HMED_2018.model().map_err(|error| failed(&error))?;
    let own = gain.threshold_ma().unwrap_or(0.0);
    let motor_ma = match person {
        Person::Scripted { thresholds, .. } => f64::from(thresholds[1]) / 1e3,
        Person::Keys => f64::from(scenario.threshold_ua()) / 1e3,
    };
    let scale = if motor_ma > 0.0 { own / motor_ma } else { 1.0 };
    let hz = f64::from(scenario.hardware.timing().ticks_per_second);
    let mut muscle =
        Muscle::<f64>::new(data::DING_2003.parameters(), None).map_err(|error| failed(&error))?;
    let (mut now, mut peak) = (0.0, 0.0_f64);
    for pulse in played.pulses.iter().filter(|p| p.is_pulse()) {
        let at = pulse.receipt.onset_tick as f64 / hz;
        muscle.advance((at - now).max(0.0)).map_err(|error| failed(&error))?;
        peak = peak.max(muscle.force());
        now = at;
        let seen_ma = (pulse.delivered.peak_ua.abs() / 1e3 * scale).min(1_000.0);
        let weight = gain.weight(seen_ma).map_err(|error| failed(&error))?;
        muscle.pulse(weight).map_err(|error| failed(&error))?;
    }
    for _ in 0..20 {
        muscle.advance(0.01).map_err(|error| failed(&error))?;
        peak = peak.max(muscle.force());
    }
    Ok(peak)
}

impl Person {
    fn answer(
        &self,
        titration: &Titration,
        amplitude_ua: u32,
        force_n: f64,
        out: &mut dyn Write,
    ) -> Result<Said, Failure> {
        match self {
            Self::Scripted { key_at_ua: Some(key), .. } if amplitude_ua >= *key => Ok(Said::Key),
            Self::Scripted { thresholds, .. } => {
                let [sensory, _, functional, maximum] = *thresholds;
                // the motor mark is what is seen of the muscle, not what was made up
                let reached = [
                    amplitude_ua >= sensory,
                    force_n >= SEEN_N,
                    amplitude_ua >= functional,
                    amplitude_ua >= maximum,
                ];
                let marks: Vec<Mark> =
                    Mark::ALL.into_iter().zip(reached).filter(|(_, on)| *on).map(|(mark, _)| mark).collect();
                Ok(Said::Marks(Marks::of(&marks)))
            }
            Self::Keys => keys(titration, amplitude_ua, force_n, out),
        }
    }
}

/// One line of keys. The end of the input is a key too.
fn keys(
    titration: &Titration,
    amplitude_ua: u32,
    force_n: f64,
    out: &mut dyn Write,
) -> Result<Said, Failure> {
    say(
        out,
        &format!(
            "ascent {}, {} mA, the model's force {} N; s felt, m moves, f as aimed at, x no more, nothing: next; any \
             other key stops\n> ",
            titration.ascent(),
            thousandths(u64::from(amplitude_ua), 3),
            trimmed(force_n, 1)
        ),
    )?;
    let _ = out.flush();
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line).unwrap_or(0);
    let mut marks = Vec::new();
    for key in line.trim().chars() {
        match key {
            's' => marks.push(Mark::Sensory),
            'm' => marks.push(Mark::Motor),
            'f' => marks.push(Mark::Functional),
            'x' => marks.push(Mark::Maximum),
            _ => return Ok(Said::Key),
        }
    }
    if read == 0 { Ok(Said::Key) } else { Ok(Said::Marks(Marks::of(&marks))) }
}

impl Said {
    fn words(&self) -> String {
        match self {
            Self::Key => "a key".to_owned(),
            Self::Marks(marks) => {
                let words: Vec<&str> =
                    Mark::ALL.into_iter().filter(|mark| marks.contains(*mark)).map(Mark::word).collect();
                if words.is_empty() { "-".to_owned() } else { words.join(", ") }
            }
        }
    }
}

fn shown(
    args: &TitrateArgs,
    scenario: &Scenario,
    config: &TitrationConfig,
    person: &Person,
    titration: &Titration,
    trains: &[Train],
) -> String {
    let ma = |ua: u32| format!("{} mA", thousandths(u64::from(ua), 3));
    let mut text = format!("{WARNING}\n");
    let who = match person {
        Person::Keys => "answers from the keyboard".to_owned(),
        Person::Scripted { thresholds, .. } => {
            let [sensory, motor, functional, maximum] = thresholds.map(ma);
            format!(
                "made up: felt at {sensory}, moves at {motor}, as aimed at {functional}, no more at {maximum}"
            )
        }
    };
    let _ = writeln!(
        text,
        "Titration of {}, channel {}: trains of {} ms in steps of at most 1 mA up to {}, {} ascents; {who}.\n",
        scenario.row.name,
        args.channel,
        config.train_ms(),
        ma(config.ceiling_ua()),
        config.repeats()
    );
    if args.trains {
        let mut table = Table::new(&[">ascent", ">amplitude", ">pulses", ">measured", ">force", "said"]);
        for train in trains {
            table.row([
                train.ascent.to_string(),
                ma(train.amplitude_ua),
                train.pulses.to_string(),
                format!("{} mA", trimmed(train.peak_ua / 1e3, 2)),
                format!("{} N", trimmed(train.force_n, 1)),
                train.said.clone(),
            ]);
        }
        text.push_str(&table.plain());
        text.push('\n');
    }
    let highest = trains.iter().map(|train| train.amplitude_ua).max().unwrap_or(0);
    let _ = writeln!(
        text,
        "  {} trains, the highest {}; ended in {}",
        trains.len(),
        ma(highest),
        titration.state()
    );
    if titration.state() == State::Done
        && let Some(found) = titration.thresholds()
    {
        text.push_str(&thresholds_text(&found));
    }
    text
}

fn thresholds_text(found: &Thresholds) -> String {
    let mut text = String::new();
    for (name, value) in [
        ("sensory", found.sensory),
        ("motor", found.motor),
        ("functional", found.functional),
        ("maximum", found.maximum),
    ] {
        let value = value.map_or_else(
            || "not in every ascent".to_owned(),
            |ua| format!("{} mA", thousandths(u64::from(ua.as_microamps()), 3)),
        );
        let _ = writeln!(text, "  {name}: {value}");
    }
    if found.ceiling_reached {
        text.push_str("  The ceiling was reached: what is tolerated is not known.\n");
    }
    text
}

/// What was measured, in the file of the person: the one that was named, with this channel's measurement in place.
fn subject_file(args: &TitrateArgs, scenario: &Scenario, found: &Thresholds) -> Result<SubjectFile, Failure> {
    let long = |what: &str, given: &str, most: usize| {
        let bytes = given.len();
        Failure::Input(format!(
            "{what}: {bytes} bytes are too long for a subject file; accepted: up to {most}"
        ))
    };
    let mut file = match &scenario.person {
        Some(person) => person.clone(),
        None => {
            let side = scenario.subject.side;
            let mut file = SubjectFile::new(&args.code, scenario.subject.innervation, side)
                .ok_or_else(|| long("--code", &args.code, 32))?;
            file.screening.others = OtherAnswers::Unanswered;
            file
        }
    };
    let width_us = scenario.request.width.map_or(scenario.row.phase_width.default, |width| width.as_micros());
    let measured = MeasuredFile {
        channel: args.channel,
        date: args.date.map_or_else(today, Ok)?,
        electrode: ElectrodeFile {
            area_mm2: scenario.setup.area_mm2(args.channel).or(scenario.setup.area_mm2(0)).unwrap_or(0),
            leading: scenario.row.waveform.leading.value,
            placement: args
                .placement
                .as_str()
                .try_into()
                .map_err(|_| long("--placement", &args.placement, 96))?,
        },
        width_us: nmes_core::Micros::from_micros(width_us).unwrap_or_default(),
        sensory_ua: found.sensory,
        motor_ua: found.motor,
        functional_ua: found.functional,
        maximum_ua: found.maximum,
        mvic_percent: None,
        repeats: found.repeats,
        ended: if found.ceiling_reached { Ended::Ceiling } else { Ended::Maximum },
    };
    let others = file.measured.iter().filter(|m| m.channel != args.channel).cloned();
    file.measured = others.chain([measured]).collect();
    file.validate().map_err(|error| files::refused("titration", &error))?;
    Ok(file)
}
