//! Who is connected, what is told, and the time between two sessions.

use super::ServeArgs;
use super::aside::Aside;
use super::bout::{Bout, Ended};
use super::clients::{Clients, Incoming, listen};
use super::link::Stage;
use super::message::{READING, Request, VERSION, error, refused_set};
use crate::device::DeviceWord;
use crate::device::port::Port;
use crate::device::rig::{Rig, not_stopped};
use crate::device::run::{LATE_MAX_US, interrupts, rehastim2_session, sciencemode4_session};
use crate::failure::Failure;
use crate::written::may_be_made;
use nmes_core::ChannelState;
use nmes_hal_adapters::sim::{Bench, Load};
use nmes_hal_adapters::wire::{DeviceOutput, Plays};
use nmes_hal_adapters::{NoSense, Output, PacedClock, Stimulator};
use nmes_safety::Checked;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

/// A writer that says nothing for so long counts as lost.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_millis(1_000);
/// Pulses that are kept for `log`.
const KEPT: usize = 10_000;
/// The most pulses of one `log`.
const LOG_MAX: usize = 1_000;
/// Requests that wait to be taken.
const INCOMING_MAX: usize = 256;
/// Lines that wait to be written to the log: a minute of 8 channels of 50 pulses a second, and more.
const LOGGING_MAX: usize = 32_768;
/// Lines that wait for the terminal.
const SAYING_MAX: usize = 1_024;
/// Between two looks at Ctrl-C while nothing runs.
const IDLE: Duration = Duration::from_millis(20);

/// What the states of a server have in common.
pub(crate) struct Server<'s> {
    pub(crate) args: &'s ServeArgs,
    pub(crate) checked: &'s Checked<'s>,
    pub(crate) clients: Clients,
    pub(crate) pressed: &'static AtomicU32,
    from: Receiver<Incoming>,
    begin: Instant,
    log: Option<Aside>,
    terminal: Aside,
    delivered: VecDeque<Value>,
    fault: Option<String>,
}

/// What came from a client, as far as it is not answered yet.
pub(crate) enum Act {
    Nothing,
    /// The writer asked; what only reads was answered.
    Writer(Request),
    WriterGone,
}

impl<'s> Server<'s> {
    pub(crate) fn new(
        args: &'s ServeArgs,
        checked: &'s Checked<'s>,
        listener: TcpListener,
    ) -> Result<Self, Failure> {
        // whoever sends faster than is taken has to wait, in the socket and not in memory
        let (to, from) = sync_channel(INCOMING_MAX);
        let log = args.log.as_deref().map(log_file).transpose()?;
        let clients = Clients::new(to.clone());
        listen(listener, to);
        Ok(Self {
            args,
            checked,
            clients,
            pressed: interrupts()?,
            from,
            begin: Instant::now(),
            log,
            terminal: Aside::new("standard output".to_owned(), SAYING_MAX, std::io::stdout()),
            delivered: VecDeque::new(),
            fault: None,
        })
    }

    /// Until Ctrl-C; the terminal gets this first.
    ///
    /// # Errors
    /// The log was not kept to its end.
    pub(crate) fn run(&mut self, head: String) -> Result<(), Failure> {
        self.terminal.say(head);
        while self.pressed.load(Ordering::SeqCst) == 0 {
            let Some(incoming) = self.next(IDLE) else { continue };
            let idle = json!({ "state": "idle" });
            match self.sort(incoming, &|| idle.clone()) {
                Act::Writer(Request::Arm {}) => self.arm(),
                Act::Writer(Request::Set { seq, .. }) => {
                    self.clients.tell_writer(&refused_set(seq, "not armed", "{\"do\":\"arm\"} first"));
                }
                Act::Writer(Request::Stop {} | Request::Off {}) => self.event("idle", json!({})),
                Act::Writer(Request::Ping {} | Request::Status {} | Request::Log { .. })
                | Act::Nothing
                | Act::WriterGone => {}
            }
        }
        self.terminal.say("ended by Ctrl-C\n".to_owned());
        let (log, path) = (self.log.take(), self.args.log.as_deref());
        log.zip(path).map_or(Ok(()), |(log, path)| {
            log.end().map_err(|why| Failure::writing(path, &format!("{why}; what is missing is its end")))
        })
    }

    /// Microseconds since the server began.
    pub(crate) fn now_us(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// What comes within a time.
    pub(crate) fn next(&self, within: Duration) -> Option<Incoming> {
        self.from.recv_timeout(within).ok()
    }

    /// What is there already.
    pub(crate) fn more(&self) -> Option<Incoming> {
        self.from.try_recv().ok()
    }

    /// Answers what needs no state, and gives the rest.
    pub(crate) fn sort(&mut self, incoming: Incoming, status: &dyn Fn() -> Value) -> Act {
        match incoming {
            Incoming::Here(id, socket) => {
                if self.clients.add(id, socket).unwrap_or(false) {
                    let hello = self.hello(id);
                    self.clients.tell(id, &hello);
                }
                Act::Nothing
            }
            Incoming::Gone(id) => {
                if self.clients.remove(id) {
                    self.note(&json!({ "event": "client_lost", "at_us": self.now_us() }));
                    return Act::WriterGone;
                }
                Act::Nothing
            }
            Incoming::Asked(id, Err(refused)) => {
                self.clients.tell(id, &refused);
                Act::Nothing
            }
            Incoming::Asked(id, Ok(request)) => self.asked(id, request, status),
        }
    }

    fn asked(&mut self, id: u64, request: Request, status: &dyn Fn() -> Value) -> Act {
        match request {
            Request::Ping {} => self.clients.tell(id, &json!({ "pong": self.now_us() })),
            Request::Status {} => {
                let mut value = status();
                value["clients"] = json!(self.clients.count());
                value["has_writer"] = json!(self.clients.has_writer());
                value["fault"] = json!(self.fault);
                value["unlogged"] = json!(self.log.as_ref().map_or(0, Aside::lost));
                value["unsaid"] = json!(self.terminal.lost());
                self.clients.tell(id, &json!({ "status": value }));
            }
            Request::Log { last } => self.tell_log(id, last),
            Request::Arm {} | Request::Set { .. } | Request::Stop {} | Request::Off {} => {}
        }
        if self.clients.is_writer(id) {
            return Act::Writer(request);
        }
        if !request.reads_only() {
            let mut value = error("another client is the writer; this one reads", READING);
            if let Request::Set { seq, .. } = request {
                value["seq"] = json!(seq);
            }
            self.clients.tell(id, &value);
        }
        Act::Nothing
    }

    fn tell_log(&self, id: u64, last: usize) {
        let count = last.min(LOG_MAX).min(self.delivered.len());
        for pulse in self.delivered.iter().skip(self.delivered.len() - count) {
            self.clients.tell(id, pulse);
        }
        self.clients.tell(id, &json!({ "log_end": count }));
    }

    fn hello(&self, id: u64) -> Value {
        let plan = self.checked.plan();
        let channels: Vec<Value> = plan
            .channels()
            .zip(0..)
            .map(|(channel, ch)| {
                let own = channel.channel();
                json!({
                    "ch": ch,
                    "ceiling_ua": own.ceiling.amplitude.as_microamps(),
                    "ceiling_us": own.ceiling.width.as_micros(),
                    "least_us": channel.width_min_ticks(),
                    "code_na": channel.hardware().na_per_code_positive,
                    "rate_mhz": own.rate.as_millihertz(),
                })
            })
            .collect();
        json!({
            "hello": "nmes-serve",
            "version": VERSION,
            "role": if self.clients.is_writer(id) { "writer" } else { "reader" },
            "output": self.args.device.device.map_or_else(|| "simulated".to_owned(), |d| format!("{d:?}").to_lowercase()),
            "keep_alive_ms": KEEP_ALIVE.as_millis(),
            "stale_ms": self.args.stale_ms.value(),
            "ramp_ms": self.args.ramp_ms,
            "channels": channels,
        })
    }

    /// Tells everybody, the log and the terminal.
    pub(crate) fn event(&self, name: &str, more: Value) {
        let mut value = more;
        value["event"] = json!(name);
        value["at_us"] = json!(self.now_us());
        self.clients.tell_all(&value);
        self.note(&value);
        self.terminal.say(format!("{value}\n"));
    }

    pub(crate) fn note(&self, value: &Value) {
        if let Some(log) = &self.log {
            log.say(format!("{value}\n"));
        }
    }

    pub(crate) fn delivered(&mut self, pulse: Value) {
        self.note(&pulse);
        if self.delivered.len() >= KEPT {
            self.delivered.pop_front();
        }
        self.delivered.push_back(pulse);
    }

    /// One session, from arming to its end.
    fn arm(&mut self) {
        self.fault = None;
        let why = match self.bout() {
            Ok(Ended(why)) => why,
            Err(failure) => {
                let why = failure.to_string();
                self.fault = Some(why.clone());
                self.event("fault", json!({ "why": why }));
                why
            }
        };
        self.event("idle", json!({ "why": why }));
    }

    fn bout(&mut self) -> Result<Ended, Failure> {
        match self.args.device.device {
            None => self.on_stage(),
            Some(device @ DeviceWord::Sciencemode4) => self.on_device(sciencemode4_session()?, device),
            Some(device @ DeviceWord::Rehastim2) => self.on_device(rehastim2_session()?, device),
        }
    }

    fn on_stage(&mut self) -> Result<Ended, Failure> {
        let load = Load::skin(400.0, 600.0, 100.0).ok_or_else(|| Failure::Input("no load".to_owned()))?;
        let stage = nmes_hal_adapters::sim::Stage::ideal(150.0, load);
        let bench = Bench::new(*self.checked.plan().hardware(), stage, 0, 0);
        let (clock, mut states) = (PacedClock::new(LATE_MAX_US), [ChannelState::new(); 8]);
        let armed = Stimulator::arm(self.checked, &mut states, bench.output(), clock.alarm(), bench.sense());
        let stim = armed.map_err(|error| Failure::Denied(format!("not armed: {}", error.why)))?;
        Bout::new(self, stim, &clock, Stage(&bench)).run()
    }

    fn on_device<S: Plays>(&mut self, session: S, device: DeviceWord) -> Result<Ended, Failure> {
        let (session, mut buffer) = (RefCell::new(session), [0; 2_048]);
        let plan = self.checked.plan();
        crate::device::run::bind(&session, plan)?;
        let port = Port::open(self.args.device.port()?, self.args.device.line(device))?;
        let rig = Rig::open(&session, port, &mut buffer)?;
        let output = DeviceOutput::bind(&session, plan).map_err(|error| Failure::Input(error.to_string()))?;
        let (clock, mut states) = (crate::device::run::clock(output.repeats()), [ChannelState::new(); 8]);
        let armed = Stimulator::arm(self.checked, &mut states, output, clock.alarm(), NoSense);
        let stim = armed.map_err(|error| Failure::Denied(format!("not armed: {}", error.why)))?;
        let mut bout = Bout::new(self, stim, &clock, rig);
        let ended = bout.run();
        let rig = bout.into_link();
        match (not_stopped(rig.close()), ended) {
            (Some(why), Ok(_)) => Err(Failure::Faulted(why.to_owned())),
            (Some(why), Err(Failure::Faulted(fault))) => Err(Failure::Faulted(format!("{fault}; {why}"))),
            (_, ended) => ended,
        }
    }
}

/// A new one: the times of a log count from the start of its own server.
fn log_file(path: &std::path::Path) -> Result<Aside, Failure> {
    may_be_made(path, "--log")?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::writing(folder, &error))?;
    }
    let file = std::fs::File::create(path).map_err(|error| Failure::writing(path, &error))?;
    Ok(Aside::new(path.display().to_string(), LOGGING_MAX, file))
}
