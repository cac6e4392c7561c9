//! `nmes run ROW --device …`: a checked session on a commercial stimulator, in real time.

use super::DeviceWord;
use super::delivered::Delivered;
use super::port::{LineSettings, Port};
use super::progress::Progress;
use super::rig::{Rig, TURN, not_stopped};
use super::sent::sent;
use crate::app::say_json;
use crate::cli::{Ask, LOAD_OHM, RunArgs, SEED, unused};
use crate::desk::end_us;
use crate::failure::Failure;
use crate::scenario::Scenario;
use nmes_core::{ChannelState, Hardware, Micros, Overlap, Plan, PulseReceipt, Schedule, StopPolicy};
use nmes_hal_adapters::wire::{DeviceOutput, Plays, StopAnswer};
use nmes_hal_adapters::{
    NoSense, Output, PacedAlarm, PacedClock, Stimulator, Stopped, rehastim2, sciencemode4,
};
use nmes_protocols::Storage;
use nmes_safety::{Checked, check};
use serde::Serialize;
use std::cell::RefCell;
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Onsets may come so late before session time waits.
pub(crate) const LATE_MAX_US: u32 = 5_000;
/// For so long the host may be away from a device that repeats pulses by itself: three turns of the coarsest clock that a
/// system wakes programs by, 15.6 ms.
pub(crate) const AWAY_MAX_US: u32 = 50_000;
/// How often the slow side is called, µs.
pub(crate) const TICK_US: u64 = 5_000;
/// How long a pulse of a channel may wait for the one source of a device.
const WAIT_US: u32 = 8_000;

/// Who is responsible, before anything else.
pub(crate) const BANNER: &str = "\
THIS DRIVES A REAL STIMULATOR. Its intended use, instructions, limits and contraindications are its maker's, and
nothing here adds to them. This software is no medical device, is not part of the stimulator, and was never run
against one: only against independent implementations of its protocol and against a simulated far end.
Who connects it to a stimulator, and the stimulator to a person, is responsible for what follows.
Ctrl-C stops; again, it stops at once. The stimulator's own switch is the one to rely on.";

/// Runs what is asked on the device.
pub(crate) fn run(args: &RunArgs, device: DeviceWord, out: &mut dyn Write) -> Result<(), Failure> {
    let port_name = args.device.port()?;
    only_device_options(&args.ask)?;
    let row = args.ask.protocol.as_deref().and_then(nmes_protocols::find);
    unused::in_run(args, row)?;
    let mut scenario = Scenario::of(&args.ask)?;
    let channels = usize::from(scenario.hardware.channel_count());
    scenario.hardware = hardware(device, channels)?;
    let mut storage = Storage::new();
    let mut built = scenario.build(&mut storage)?;
    if let (Schedule::Gated(_), name) = (built.session.schedule(), scenario.row.name) {
        return Err(Failure::Input(format!(
            "protocol {name}: its trains follow a switch, and none is connected to a stimulator here; accepted: protocols \
             that follow a clock"
        )));
    }
    let wait = Micros::from_micros(WAIT_US).unwrap_or(Micros::ZERO);
    built.session = built.session.with_overlap(Overlap::Defer(wait));
    let plan = scenario.compile(&built)?;
    let checked = check(plan, &scenario.setup, &scenario.profile);
    let checked = checked.map_err(|denied| Failure::Denied(crate::app::denied_text(&denied)))?;
    let line = args.device.line(device);
    let to =
        Destination { port: port_name, line, folder: &args.out_dir, checked: &checked, quiet: args.json };
    // what is for people is not in the way of one JSON value
    let mut aside = std::io::stderr();
    let people: &mut dyn Write = if args.json { &mut aside } else { out };
    let (played, delivered) = match device {
        DeviceWord::Sciencemode4 => to.play(sciencemode4_session()?, &p24_name, people),
        DeviceWord::Rehastim2 => to.play(rehastim2_session()?, &|_| "RehaStim 2".to_owned(), people),
    }?;
    tell(scenario.row.name, &played, delivered, args.json, out)
}

/// How it ended, before anything that can go wrong with its record; then the first thing that was wrong, and what of the telling
/// and the record was wrong besides.
fn tell(
    protocol: &str,
    played: &Played,
    delivered: Delivered,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let (said, kept);
    if json {
        let place = delivered.place();
        kept = delivered.keep(&played.receipts);
        said = say_json(out, &PlayedJson::of(protocol, played, place, &kept));
    } else {
        let ended = say_end(played, out);
        kept = delivered.keep(&played.receipts);
        let written = kept.as_ref().map_or(Ok(()), |written| say(out, &format!("Written: {written}\n")));
        said = ended.and(written);
    }
    let wrong: Vec<Failure> = kept.map(drop).err().into_iter().chain(said.err()).collect();
    verdict(played.fault(), wrong)
}

/// A fault is what a session has ended by, whatever else was wrong.
fn verdict(fault: Option<&str>, wrong: Vec<Failure>) -> Result<(), Failure> {
    let Some(fault) = fault else { return wrong.into_iter().next().map_or(Ok(()), Err) };
    let besides: String = wrong.iter().map(|failure| format!("; {failure}")).collect();
    Err(Failure::Faulted(format!("{fault}{besides}")))
}

/// A session on a device, for programs.
#[derive(Serialize)]
struct PlayedJson<'a> {
    protocol: &'a str,
    /// `done`, `interrupted` or `fault`.
    ended: &'static str,
    /// Also that the stop was refused or not answered, however the session ended.
    fault: Option<&'a str>,
    end_us: u64,
    pulses: usize,
    /// Whether the device has taken a stop, also after a fault.
    stop_answered: bool,
    worst_late_us: u64,
    stalls: u32,
    waited_us: u64,
    /// `delivered.csv`, where it was written.
    written: Option<String>,
    /// Whether that is in place of one before.
    replaced: bool,
    /// Why it was not.
    not_written: Option<String>,
}

impl<'a> PlayedJson<'a> {
    fn of(
        protocol: &'a str,
        played: &'a Played,
        (path, replaces): (String, bool),
        kept: &Result<String, Failure>,
    ) -> Self {
        let ended = match &played.why {
            Why::Done => "done",
            Why::Interrupted => "interrupted",
            Why::Fault(_) => "fault",
        };
        Self {
            protocol,
            ended,
            fault: played.fault(),
            end_us: played.end_us,
            pulses: played.receipts.len(),
            stop_answered: played.stop == StopAnswer::Taken,
            worst_late_us: played.worst_late_us,
            stalls: played.stalls,
            waited_us: played.waited_us,
            written: kept.is_ok().then_some(path),
            replaced: kept.is_ok() && replaces,
            not_written: kept.as_ref().err().map(ToString::to_string),
        }
    }
}

/// A checked session, and where it goes.
struct Destination<'a> {
    port: &'a str,
    line: LineSettings,
    /// Where `delivered.csv` goes.
    folder: &'a Path,
    checked: &'a Checked<'a>,
    /// No line of progress.
    quiet: bool,
}

impl Destination<'_> {
    fn play<S: Plays>(
        &self,
        session: S,
        name: &dyn Fn(&S) -> String,
        out: &mut dyn Write,
    ) -> Result<(Played, Delivered), Failure> {
        let (session, mut buffer) = (RefCell::new(session), [0; 2_048]);
        // what the device cannot do is said before the port is touched
        bind(&session, self.checked.plan())?;
        let run_on = session.borrow().run_on(self.checked.plan());
        let delivered = Delivered::open(self.folder)?;
        // from here on it is not ended without a stop
        let pressed = interrupts()?;
        let run_on =
            run_on.map_or_else(String::new, |run_on| format!("The stimulator repeats pulses: {run_on}.\n"));
        say(out, &format!("{BANNER}\n{run_on}\n"))?;
        let rig = Rig::open(&session, Port::open(self.port, self.line)?, &mut buffer)?;
        let end_us = end_us(self.checked.plan().session());
        let progress = if self.quiet { Progress::none() } else { Progress::of(end_us) };
        let player = Player { checked: self.checked, session: &session, rig, progress };
        player.play(self.port, name, pressed, out).map(|played| (played, delivered))
    }
}

/// Holds a plan against a device.
pub(crate) fn bind<S: Plays>(session: &RefCell<S>, plan: &Plan<'_>) -> Result<(), Failure> {
    session.borrow_mut().bind(plan).map_err(|refusal| of_refusal(&refusal))
}

/// The clock that goes with an output: one that waits for a host that is late, or, where the device goes on meanwhile, one
/// that does not.
pub(crate) const fn clock(repeats: bool) -> PacedClock {
    if repeats { PacedClock::following(AWAY_MAX_US) } else { PacedClock::new(LATE_MAX_US) }
}

/// The grid of a device.
pub(crate) fn hardware(device: DeviceWord, channels: usize) -> Result<Hardware, Failure> {
    let made = match device {
        DeviceWord::Sciencemode4 => sciencemode4::hardware(channels),
        DeviceWord::Rehastim2 => rehastim2::hardware(channels),
    };
    made.map_err(|error| crate::flags::of_config(&error))
}

/// A conversation pulse by pulse, with the longest times that the device bears.
pub(crate) fn sciencemode4_session() -> Result<sciencemode4::Session, Failure> {
    let timing = sciencemode4::Timing::new(500, 500).map_err(|error| Failure::Input(error.to_string()))?;
    let (nothing, supply) = (sciencemode4::Measurement::None, sciencemode4::HighVoltage::Standard);
    Ok(sciencemode4::Session::low_level(timing, nothing, supply))
}

/// A conversation in lists, with the longest times that the device bears.
pub(crate) fn rehastim2_session() -> Result<rehastim2::Session, Failure> {
    let timing = rehastim2::Timing::new(600, 400).map_err(|error| Failure::Input(error.to_string()))?;
    Ok(rehastim2::Session::new(timing))
}

fn p24_name(session: &sciencemode4::Session) -> String {
    let identity = session.identity();
    let name: String =
        identity.device.iter().map(|&byte| char::from(byte)).filter(|c| c.is_ascii_graphic()).collect();
    let [a, b, c] = identity.firmware.numbers;
    format!("P24 {name}, firmware {a}.{b}.{c}")
}

/// The simulated stage is not there.
fn only_device_options(ask: &Ask) -> Result<(), Failure> {
    let stage = &ask.stage;
    let load = &ask.load;
    let given = [
        ("--seed", stage.seed != SEED),
        ("--load-ohm", load.load_ohm != LOAD_OHM),
        ("--polarity-mismatch-pct", load.polarity_mismatch_pct != 0),
        ("--stop-at-us", ask.stop.stop_at_us.is_some()),
        ("--gait", ask.walk.gait.is_some()),
    ];
    match unused::of_stage(ask).iter().chain(&given).find(|(_, given)| *given) {
        Some((flag, _)) => Err(Failure::Input(format!(
            "{flag}: of the simulation; with --device it has no meaning, leave it out"
        ))),
        None => Ok(()),
    }
}

fn say(out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    crate::app::say(out, text)?;
    out.flush().map_err(|error| Failure::Input(format!("standard output: {error}")))
}

/// How often Ctrl-C was pressed. The handler is set once in a process.
pub(crate) fn interrupts() -> Result<&'static AtomicU32, Failure> {
    static PRESSED: AtomicU32 = AtomicU32::new(0);
    static SET: OnceLock<Result<(), String>> = OnceLock::new();
    let count = || {
        PRESSED.fetch_add(1, Ordering::SeqCst);
    };
    let set = SET.get_or_init(|| ctrlc::set_handler(count).map_err(|error| error.to_string()));
    match set {
        Ok(()) => Ok(&PRESSED),
        Err(error) => Err(Failure::Input(format!("Ctrl-C cannot be taken: {error}"))),
    }
}

type Stim<'r, S> = Stimulator<'r, DeviceOutput<'r, S>, PacedAlarm<'r>, NoSense>;

struct Player<'r, S: Plays> {
    checked: &'r Checked<'r>,
    session: &'r RefCell<S>,
    rig: Rig<'r, S>,
    progress: Progress,
}

/// What came of it.
struct Played {
    receipts: Vec<PulseReceipt>,
    end_us: u64,
    why: Why,
    stop: StopAnswer,
    stalls: u32,
    waited_us: u64,
    worst_late_us: u64,
}

enum Why {
    Done,
    Interrupted,
    Fault(String),
}

impl Played {
    /// The first thing that was wrong.
    fn fault(&self) -> Option<&str> {
        match &self.why {
            Why::Fault(fault) => Some(fault),
            Why::Done | Why::Interrupted => not_stopped(self.stop),
        }
    }
}

impl<'r, S: Plays> Player<'r, S> {
    fn play(
        mut self,
        port: &str,
        name: &dyn Fn(&S) -> String,
        pressed: &AtomicU32,
        out: &mut dyn Write,
    ) -> Result<Played, Failure> {
        let device = name(&self.session.borrow());
        let session = self.checked.plan().session();
        let seconds = end_us(session) / 1_000_000;
        say(
            out,
            &format!("connected: {device} on {port}; {} channels, {seconds} s\n", session.channels().len()),
        )?;
        let mut states = [ChannelState::new(); 8];
        let output = DeviceOutput::bind(self.session, self.checked.plan())
            .map_err(|error| Failure::Input(error.to_string()))?;
        let clock = clock(output.repeats());
        let armed = Stimulator::arm(self.checked, &mut states, output, clock.alarm(), NoSense);
        let mut stim = armed.map_err(|error| Failure::Denied(format!("not armed: {}", error.why)))?;
        let mut receipts = Vec::new();
        let why = self.session(&mut stim, &clock, pressed, &mut receipts);
        // of a pulse that the end has cut
        receipts.extend(std::iter::from_fn(|| stim.take_receipt()));
        let end_us = clock.now();
        self.progress.end();
        drop(stim);
        let (stalls, waited_us, worst_late_us) = (clock.stalls(), clock.waited(), clock.worst_late());
        let stop = self.rig.close();
        let unsent = |channel| self.session.borrow().unsent(channel);
        let receipts = sent(receipts, self.checked.plan(), unsent);
        Ok(Played { receipts, end_us, why, stop, stalls, waited_us, worst_late_us })
    }

    /// From the first pulse to the last.
    fn session(
        &mut self,
        stim: &mut Stim<'_, S>,
        clock: &PacedClock,
        pressed: &AtomicU32,
        receipts: &mut Vec<PulseReceipt>,
    ) -> Why {
        match self.beat(stim, clock, pressed, receipts) {
            Ok(why) => why,
            Err(stopped) => {
                let cause = stim.output_error().map_or_else(|| stopped.to_string(), ToString::to_string);
                Why::Fault(cause)
            }
        }
    }

    fn beat(
        &mut self,
        stim: &mut Stim<'_, S>,
        clock: &PacedClock,
        pressed: &AtomicU32,
        receipts: &mut Vec<PulseReceipt>,
    ) -> Result<Why, Stopped> {
        let began = self.rig.now_us();
        stim.start()?;
        for (channel, of) in (0_u8..).zip(self.checked.plan().session().channels()) {
            if let Err(error) = stim.aim(channel, of.set) {
                return Ok(Why::Fault(format!("set level not raised: {error}")));
            }
        }
        let (mut tick_at, mut stopping) = (0, 0);
        loop {
            let host = self.rig.now_us().saturating_sub(began);
            while clock.turn(host, self.rig.is_busy()) {
                stim.on_alarm()?;
                receipts.extend(std::iter::from_fn(|| stim.take_receipt()));
                // a pulse that is due goes out before anything else is looked at
                if let Err(failure) = self.rig.step() {
                    return Ok(self.lost(stim, failure));
                }
            }
            if host >= tick_at && !clock.is_held() {
                stim.keep_alive();
                stim.on_tick()?;
                receipts.extend(std::iter::from_fn(|| stim.take_receipt()));
                tick_at = host + TICK_US;
                self.progress.is_at(clock.now(), receipts.len(), stopping > 0);
            }
            if let Err(failure) = self.rig.step() {
                return Ok(self.lost(stim, failure));
            }
            let presses = pressed.load(Ordering::SeqCst);
            if presses > stopping {
                stopping = presses;
                stim.stop(if presses > 1 { StopPolicy::HardOff } else { StopPolicy::FinishPulse })?;
            }
            if stim.finished().is_some() {
                return Ok(if stopping > 0 { Why::Interrupted } else { Why::Done });
            }
            pause(clock, began, self.rig.now_us());
        }
    }

    /// The device or the link is gone: nothing more goes out, whatever is asked.
    fn lost(&self, stim: &mut Stim<'_, S>, failure: Failure) -> Why {
        // the fault is the thing to tell; the output error is the same one again
        let _ = stim.stop(StopPolicy::HardOff);
        let text = failure.to_string();
        Why::Fault(text.trim_start_matches("fault: ").to_owned())
    }
}

/// Until the next edge, but no longer than it takes to look at the port again.
pub(crate) fn pause(clock: &PacedClock, began_us: u64, now_us: u64) {
    let due = clock.due_at().map(|at| Duration::from_micros((began_us + at).saturating_sub(now_us)));
    std::thread::sleep(due.map_or(TURN, |due| due.min(TURN)));
}

fn of_refusal(refusal: &nmes_hal_adapters::wire::Refusal) -> Failure {
    use nmes_hal_adapters::wire::Field;
    let flags = [
        (Field::Current, "--amplitude-ma: "),
        (Field::Width, "--phase-us: "),
        (Field::PhaseGap, "--gap-us: "),
        (Field::Period, "--frequency-hz: "),
        (Field::Rate, "--frequency-hz: "),
        (Field::Busy, "--frequency-hz: "),
    ];
    let flag = flags.iter().find(|(field, _)| *field == refusal.field).map_or("", |(_, flag)| flag);
    Failure::Input(format!("{flag}the device cannot do it: {refusal}"))
}

fn say_end(played: &Played, out: &mut dyn Write) -> Result<(), Failure> {
    let ended = match &played.why {
        Why::Done => "the session is over",
        Why::Interrupted => "stopped by Ctrl-C",
        Why::Fault(_) => "ended by a fault",
    };
    let answered = match played.stop {
        StopAnswer::Taken => "answered",
        StopAnswer::Refused => "refused",
        StopAnswer::None => "not answered",
    };
    say(
        out,
        &format!(
            "{ended} after {:.1} s: {} pulses, as commanded; nothing was measured\nthe stop of the device was {answered}\n\
             worst onset {:.1} ms late; session time waited {} times, {:.1} ms in all\n",
            played.end_us as f64 / 1e6,
            played.receipts.len(),
            played.worst_late_us as f64 / 1e3,
            played.stalls,
            played.waited_us as f64 / 1e3,
        ),
    )
}
