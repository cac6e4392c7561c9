//! One armed session under the command of a client.

use super::clients::Incoming;
use super::link::Link;
use super::message::{Request, refused_set};
use super::server::{Act, KEEP_ALIVE, Server};
use crate::device::rig::TURN;
use crate::device::run::TICK_US;
use crate::failure::Failure;
use nmes_core::{FrameKind, MAX_CHANNELS, MicroAmps, PulseReceipt, Setting, StopPolicy};
use nmes_hal_adapters::{Alarm, Output, PacedClock, Sense, Stimulator, Stopped, Ticked};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Requests that are taken between two looks at the clock.
const REQUESTS_MAX: usize = 64;

/// Why a session is over.
pub(crate) struct Ended(pub(crate) String);

/// A command that waits for its pulse.
struct Waiting {
    /// Who sent it; nobody else is told of it, and nobody where that one is gone.
    client: u64,
    seq: u64,
    heard_us: u64,
    from_sequence: u32,
    /// Pulses of the channel that began since, without it.
    passed: u32,
}

#[derive(Clone, PartialEq, Eq)]
enum Phase {
    /// What is authorised rises; nothing is put out.
    Raising,
    Running,
    /// Ramping down, for this reason, since this tick.
    Falling(String, u64),
    /// The last pulse is under way.
    Ending(String),
}

pub(crate) struct Bout<'b, 's, 'a, O: Output, A: Alarm, S: Sense, L> {
    server: &'b mut Server<'s>,
    stim: Stimulator<'a, O, A, S>,
    clock: &'b PacedClock,
    link: L,
    phase: Phase,
    waiting: [VecDeque<Waiting>; MAX_CHANNELS],
    stale: [u32; MAX_CHANNELS],
    began_us: u64,
    start_tick: u64,
    heard_us: u64,
    presses: u32,
}

impl<'b, 's, 'a, O, A, S, L> Bout<'b, 's, 'a, O, A, S, L>
where
    O: Output<Error: std::fmt::Display>,
    A: Alarm,
    S: Sense,
    L: Link,
{
    pub(crate) fn new(
        server: &'b mut Server<'s>,
        stim: Stimulator<'a, O, A, S>,
        clock: &'b PacedClock,
        link: L,
    ) -> Self {
        let now = server.now_us();
        Self {
            server,
            stim,
            clock,
            link,
            phase: Phase::Raising,
            waiting: Default::default(),
            stale: [0; MAX_CHANNELS],
            began_us: now,
            start_tick: 0,
            heard_us: now,
            presses: 0,
        }
    }

    /// Gives the link back; the stimulator is dropped, and its output off.
    pub(crate) fn into_link(self) -> L {
        self.link
    }

    pub(crate) fn run(&mut self) -> Result<Ended, Failure> {
        let ended = self.beat();
        if ended.is_err() {
            // nothing goes out any more; what was under way is told, and the fault is known
            let _ = self.stim.stop(StopPolicy::HardOff);
            let _ = self.note(Ok(()));
        }
        for channel in 0..MAX_CHANNELS {
            while let Some(waiting) = self.waiting[channel].pop_front() {
                let value =
                    json!({ "receipt": waiting.seq, "ch": channel, "dropped": "the session is over" });
                self.server.clients.tell(waiting.client, &value);
            }
        }
        ended
    }

    fn beat(&mut self) -> Result<Ended, Failure> {
        let ceilings = self.ceilings();
        for (channel, ceiling) in (0_u8..).zip(&ceilings) {
            self.stim.aim(channel, *ceiling).map_err(|error| Failure::Denied(error.to_string()))?;
        }
        self.server.event("arming", json!({}));
        let mut tick_at = 0;
        loop {
            let host = self.server.now_us().saturating_sub(self.began_us);
            while self.clock.turn(host, self.link.is_busy()) {
                self.link.follow(self.clock.now());
                let done = self.stim.on_alarm();
                self.note(done)?;
                self.link.pump()?;
            }
            self.link.follow(self.clock.now());
            if host >= tick_at && !self.clock.is_held() {
                self.tick()?;
                tick_at = host + TICK_US;
            }
            self.link.pump()?;
            if let Some(ended) = self.moves_on(&ceilings)? {
                return Ok(ended);
            }
            self.hear()?;
        }
    }

    fn ceilings(&self) -> Vec<Setting> {
        self.server.checked.plan().session().channels().iter().map(|channel| channel.ceiling).collect()
    }

    /// What a call on the stimulator left behind.
    fn note(&mut self, result: Result<(), Stopped>) -> Result<(), Failure> {
        while let Some(receipt) = self.stim.take_receipt() {
            if let Some(receipt) = self.link.sent(receipt, self.server.checked.plan()) {
                self.pulse(&receipt);
            }
        }
        result.map_err(|stopped| {
            Failure::Faulted(
                self.stim.output_error().map_or_else(|| stopped.to_string(), ToString::to_string),
            )
        })
    }

    fn tick(&mut self) -> Result<(), Failure> {
        // while ramping down nobody else is there to do it, and that is bounded
        self.stim.keep_alive();
        let ticked = self.stim.on_tick();
        let tripped = if let Ok(Ticked::Tripped(trip)) = &ticked { Some(trip.to_string()) } else { None };
        self.note(ticked.map(drop))?;
        if let Some(why) = tripped.filter(|_| self.phase == Phase::Running) {
            self.server.event("trip", json!({ "why": why }));
            self.phase = Phase::Ending(why);
        }
        for (channel, known) in (0_u8..).zip(self.stale) {
            let stale = self.stim.counters(channel).map_or(0, |counters| counters.stale);
            if stale > known {
                self.stale[usize::from(channel)] = stale;
                if self.phase == Phase::Running {
                    self.server.event("stale", json!({ "ch": channel }));
                }
            }
        }
        Ok(())
    }

    /// One step of what is under way.
    fn moves_on(&mut self, ceilings: &[Setting]) -> Result<Option<Ended>, Failure> {
        let presses = self.server.pressed.load(Ordering::SeqCst);
        if presses > self.presses {
            self.presses = presses;
            if presses > 1 {
                self.off()?;
            } else {
                self.fall("Ctrl-C")?;
            }
        }
        let silent = self.server.now_us().saturating_sub(self.heard_us);
        if self.phase != Phase::Raising && u128::from(silent) > KEEP_ALIVE.as_micros() {
            self.fall("the client says nothing")?;
        }
        match &self.phase {
            Phase::Raising => self.raised(ceilings)?,
            Phase::Running if self.stim.finished().is_some() => {
                return Ok(Some(Ended("the session is over".to_owned())));
            }
            Phase::Running => {}
            Phase::Falling(why, since) => {
                let ramp_us = u64::from(self.server.args.ramp_ms) * 1_000;
                if self.clock.now().saturating_sub(*since) > ramp_us + 50_000 {
                    self.phase = Phase::Ending(why.clone());
                    let done = self.stim.stop(StopPolicy::FinishPulse);
                    self.note(done)?;
                }
            }
            Phase::Ending(why) if self.stim.finished().is_some() => return Ok(Some(Ended(why.clone()))),
            Phase::Ending(_) => {}
        }
        Ok(None)
    }

    /// All is authorised: levels go to nothing, and the clock starts.
    fn raised(&mut self, ceilings: &[Setting]) -> Result<(), Failure> {
        let there =
            |(channel, ceiling): (u8, &Setting)| self.stim.engine().setting(channel) == Some(*ceiling);
        if !(0_u8..).zip(ceilings).all(there) {
            return Ok(());
        }
        for (channel, ceiling) in (0_u8..).zip(ceilings) {
            let silence = Setting { amplitude: MicroAmps::ZERO, ..*ceiling };
            self.stim.modulate(channel, silence).map_err(|error| Failure::Faulted(error.to_string()))?;
        }
        let started = self.stim.start();
        self.note(started)?;
        self.start_tick = self.clock.now();
        self.heard_us = self.server.now_us();
        self.phase = Phase::Running;
        self.server.event("armed", json!({}));
        Ok(())
    }

    /// Ramps down, then ends.
    fn fall(&mut self, why: &str) -> Result<(), Failure> {
        match self.phase {
            Phase::Falling(..) | Phase::Ending(_) => return Ok(()),
            Phase::Raising | Phase::Running => {}
        }
        self.server.event("ramp_down", json!({ "why": why }));
        self.phase = Phase::Falling(why.to_owned(), self.clock.now());
        let paused = self.stim.pause();
        self.note(paused.map(drop))
    }

    fn off(&mut self) -> Result<(), Failure> {
        self.phase = Phase::Ending("off".to_owned());
        let done = self.stim.stop(StopPolicy::HardOff);
        self.note(done)
    }

    /// Requests, until something is due.
    fn hear(&mut self) -> Result<(), Failure> {
        let now = self.server.now_us();
        let due =
            self.clock.due_at().map(|at| Duration::from_micros((self.began_us + at).saturating_sub(now)));
        let mut incoming = self.server.next(due.map_or(TURN, |due| due.min(TURN)));
        let begin = self.server.now_us();
        for _ in 0..REQUESTS_MAX {
            let Some(this) = incoming else { break };
            self.take(this)?;
            // one request may tell of a thousand pulses
            if u128::from(self.server.now_us().saturating_sub(begin)) > TURN.as_micros() {
                break;
            }
            incoming = self.server.more();
        }
        Ok(())
    }

    fn take(&mut self, incoming: Incoming) -> Result<(), Failure> {
        let asks = matches!(incoming, Incoming::Asked(_, Ok(Request::Status {})));
        let status = if asks { self.status() } else { Value::Null };
        match self.server.sort(incoming, &|| status.clone()) {
            Act::Nothing => Ok(()),
            Act::WriterGone => self.fall("the client is lost"),
            Act::Writer(request) => {
                self.heard_us = self.server.now_us();
                match request {
                    Request::Set { ch, ua, us, seq } => self.set(ch, ua, us, seq),
                    Request::Stop {} => self.fall("asked to"),
                    Request::Off {} => self.off(),
                    Request::Arm {} => {
                        let why = format!("not while {}", self.word());
                        let value =
                            super::message::error(&why, "{\"do\":\"stop\"}, and after the event idle");
                        self.server.clients.tell_writer(&value);
                        Ok(())
                    }
                    Request::Ping {} | Request::Status {} | Request::Log { .. } => Ok(()),
                }
            }
        }
    }

    fn set(&mut self, ch: u8, ua: u32, us: u32, seq: u64) -> Result<(), Failure> {
        if self.phase != Phase::Running {
            let word = self.word();
            let value =
                refused_set(seq, &format!("not while {word}"), "after the event armed, before the next stop");
            self.server.clients.tell_writer(&value);
            return Ok(());
        }
        let heard_us = self.server.now_us();
        let Some(setting) = Setting::new(ua, us) else {
            self.server.clients.tell_writer(&refused_set(seq, "out of range", &self.accepted(ch)));
            return Ok(());
        };
        match self.stim.modulate(ch, setting) {
            Ok(receipt) if receipt.codes > 0 => {
                let from_sequence = receipt.from_sequence;
                if let Some(client) = self.server.clients.writer() {
                    let waiting = Waiting { client, seq, heard_us, from_sequence, passed: 0 };
                    self.waiting[usize::from(ch)].push_back(waiting);
                }
            }
            Ok(_) => self.silenced(ch, seq),
            Err(error) => {
                let value = refused_set(seq, &error.to_string(), &self.accepted(ch));
                self.server.clients.tell_writer(&value);
            }
        }
        let alive = self.stim.stopped().copied().map_or(Ok(()), Err);
        self.note(alive)
    }

    /// Silence has no pulse to be applied with.
    fn silenced(&mut self, ch: u8, seq: u64) {
        for waiting in self.waiting[usize::from(ch)].drain(..) {
            let value = json!({ "receipt": waiting.seq, "ch": ch, "superseded_by": seq });
            self.server.clients.tell(waiting.client, &value);
        }
        let t_us = self.clock.now().saturating_sub(self.start_tick);
        self.server
            .clients
            .tell_writer(&json!({ "receipt": seq, "ch": ch, "ua": 0, "us": 0, "code": 0, "t_us": t_us }));
    }

    fn accepted(&self, ch: u8) -> String {
        let plan = self.server.checked.plan();
        let most = self.stim.guard().authorised(ch);
        match (plan.channel(ch), most) {
            (Some(channel), Some(most)) => format!(
                "ua 0 to {}, us {} to {}",
                most.amplitude.as_microamps(),
                channel.width_min_ticks(),
                most.width.as_micros()
            ),
            _ => format!("ch 0 to {}", plan.channel_count().saturating_sub(1)),
        }
    }

    /// A pulse came out: who waited for it is told, and it is logged.
    fn pulse(&mut self, receipt: &PulseReceipt) {
        if receipt.kind != FrameKind::Pulse {
            return;
        }
        let channel = usize::from(receipt.channel);
        let onset_us = self.began_us + self.clock.host_tick(receipt.onset_tick);
        let t_us = receipt.onset_tick.saturating_sub(self.start_tick);
        let hardware = self.server.checked.plan().hardware().channel(receipt.channel);
        let ua = hardware.map_or(0, |h| h.current_na(receipt.code).unsigned_abs() / 1_000);
        let (ch, code, us) = (receipt.channel, receipt.code, receipt.primary_ticks);
        let ready = self.waiting[channel].iter().filter(|w| w.from_sequence <= receipt.sequence).count();
        for waiting in self.waiting[channel].iter_mut().skip(ready).filter(|w| w.heard_us <= onset_us) {
            waiting.passed += 1;
        }
        let mut applied: Vec<Waiting> = self.waiting[channel].drain(..ready).collect();
        if let Some(last) = applied.pop() {
            for waiting in applied {
                let value = json!({ "receipt": waiting.seq, "ch": ch, "superseded_by": last.seq });
                self.server.clients.tell(waiting.client, &value);
            }
            let value = json!({
                "receipt": last.seq, "ch": ch, "ua": ua, "us": us, "code": code, "t_us": t_us,
                "pulse": receipt.sequence, "waited_us": onset_us.saturating_sub(last.heard_us), "passed": last.passed,
            });
            self.server.clients.tell(last.client, &value);
        }
        self.server.delivered(json!({
            "pulse": receipt.sequence, "ch": ch, "t_us": t_us, "ua": ua, "us": us, "code": code,
            "full_level": receipt.full_level, "cut": receipt.cut,
        }));
    }

    const fn word(&self) -> &'static str {
        match self.phase {
            Phase::Raising => "arming",
            Phase::Running => "running",
            Phase::Falling(..) => "ramping down",
            Phase::Ending(_) => "ending",
        }
    }

    fn status(&self) -> Value {
        let count = self.server.checked.plan().channel_count();
        let channel = |ch: u8| {
            let set = self.stim.engine().setting(ch).unwrap_or(Setting::ZERO);
            let most = self.stim.guard().authorised(ch).unwrap_or(Setting::ZERO);
            let counters = self.stim.counters(ch).unwrap_or_default();
            json!({
                "ch": ch, "ua": set.amplitude.as_microamps(), "us": set.width.as_micros(),
                "authorised_ua": most.amplitude.as_microamps(), "counters": counters,
            })
        };
        json!({
            "state": self.word(),
            "t_us": self.clock.now().saturating_sub(self.start_tick),
            "channels": (0..count).map(channel).collect::<Vec<_>>(),
            "stalls": self.clock.stalls(),
            "waited_us": self.clock.waited(),
            "worst_late_us": self.clock.worst_late(),
        })
    }
}
