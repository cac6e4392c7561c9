//! The conversation as states: what is sent next, and what an answer or a silence means.

use super::commands::{ChannelConfig, Command, HighVoltage, Kind, Measurement, Plain};
use super::replies::{Answer, Body, ChannelState, Reply, ResultCode, StimState};
use super::session::Identity;
use crate::wire::{DecodeError, Field, Limit, Refusal, Stops};
use core::fmt;

/// Times of a conversation, ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    reply_ms: u16,
    keep_alive_ms: u16,
}

impl Timing {
    /// How long an answer may take, and how often the device is asked for its channels while it runs. The device
    /// stops by itself 2,000 ms after the last question (STD-S26); `keep_alive_ms` + 2 × `reply_ms` is at most 1,500.
    ///
    /// # Errors
    /// Zero, or too long.
    ///
    /// ```
    /// use nmes_hal_adapters::sciencemode4::Timing;
    /// assert!(Timing::new(250, 500).is_ok() && Timing::new(500, 600).is_err());
    /// ```
    pub fn new(reply_ms: u16, keep_alive_ms: u16) -> Result<Self, Refusal> {
        let sum = i64::from(reply_ms).saturating_mul(2).saturating_add(i64::from(keep_alive_ms));
        let refuse = |value, limit| Err(Refusal { field: Field::Timing, value, limit, source: "STD-S26" });
        if reply_ms == 0 || keep_alive_ms == 0 {
            refuse(0, Limit::AtLeast(1))
        } else if sum > 1_500 {
            refuse(sum, Limit::AtMost(1_500))
        } else {
            Ok(Self { reply_ms, keep_alive_ms })
        }
    }
}

impl Default for Timing {
    /// 250 ms for an answer, a question every 500 ms.
    fn default() -> Self {
        Self { reply_ms: 250, keep_alive_ms: 500 }
    }
}

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Asking who is there, and ending what it finds running.
    Opening,
    /// Prepared; nothing is put out.
    Ready,
    /// The mid level runs by itself and is kept alive.
    Running,
    /// A stop was sent or is to be sent.
    Stopping,
    /// Nothing more will be sent.
    Over,
}

/// Why a conversation ended other than by being asked to. The first one is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The port is gone.
    Lost,
    /// No answer in time.
    NoReply {
        /// To this.
        kind: Kind,
    },
    /// The device refused a command.
    Rejected {
        /// The command.
        kind: Kind,
        /// Its reason.
        result: ResultCode,
    },
    /// The device reported an error that belongs to no command, or does not know one.
    Device {
        /// Its reason.
        result: ResultCode,
        /// Whether it said that it does not know the command.
        unknown: bool,
    },
    /// A channel is in error.
    Channel {
        /// The channel, from 0.
        channel: u8,
        /// Its state.
        state: ChannelState,
    },
    /// Channels run that were not asked for, or twice in a row do not run that were.
    Active {
        /// One bit for each channel asked for.
        asked: u8,
        /// One bit for each channel that runs.
        running: u8,
    },
    /// The device is not in the state that was prepared: it has started again, say.
    State {
        /// Its state.
        found: StimState,
    },
    /// An answer that fits nothing that was asked.
    Unexpected {
        /// What was answered.
        answer: Answer,
        /// Its packet number.
        number: u8,
    },
    /// An answer that says nothing the protocol knows.
    Malformed(DecodeError),
    /// What was to be sent is nothing that the device takes; it would have gone on with what it was told before.
    Refused(Refusal),
    /// Too many broken frames or stray bytes since the last good answer.
    Noise {
        /// Broken frames.
        refused: u32,
        /// Stray bytes.
        discarded: u32,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str("the port is gone"),
            Self::NoReply { kind } => write!(f, "no answer to {kind:?} in time"),
            Self::Rejected { kind, result } => write!(f, "the device refused {kind:?}: {result:?}"),
            Self::Device { result, unknown: false } => write!(f, "the device reports {result:?}"),
            Self::Device { result, unknown: true } => {
                write!(f, "the device does not know a command: {result:?}")
            }
            Self::Channel { channel, state } => write!(f, "channel {channel}: {state:?}"),
            Self::Active { asked, running } => {
                write!(f, "channels {asked:#010b} were asked for, {running:#010b} run")
            }
            Self::State { found } => {
                write!(f, "the device is in the state {found:?}, which was not asked for")
            }
            Self::Unexpected { answer, number } => {
                write!(f, "answer {answer:?} with packet number {number} fits no question")
            }
            Self::Malformed(error) => write!(f, "an answer makes no sense: {error}"),
            Self::Refused(refusal) => write!(f, "a change could not be sent: {refusal}"),
            Self::Noise { refused, discarded } => {
                write!(f, "{refused} broken frames and {discarded} stray bytes since the last good answer")
            }
        }
    }
}

impl core::error::Error for Fault {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Low { measurement: Measurement, high_voltage: HighVoltage },
    Mid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Status,
    Clear(Plain),
    Version,
    DeviceId,
    Init,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    kind: Kind,
    number: u8,
    deadline: u64,
    active: u8,
}

/// Answers passed over before the first one that fits: what an earlier conversation left in the port.
const STRAYS_MAX: u8 = 32;

/// What to do now.
#[expect(clippy::large_enum_variant, reason = "no allocation; it is used up at once")]
pub(super) enum Next {
    Send(u8, Command),
    Wait(u64),
    Over,
}

#[derive(Debug)]
pub(super) struct Machine {
    timing: Timing,
    level: Level,
    pub(super) phase: Phase,
    pub(super) fault: Option<Fault>,
    pub(super) identity: Identity,
    pub(super) active: u8,
    pub(super) queued: Option<Command>,
    step: Step,
    pending: Option<Pending>,
    number: u8,
    keep_alive_at: u64,
    asked_last: bool,
    strays: u8,
    idle_once: bool,
    pub(super) stops: Stops,
}

impl Machine {
    pub(super) fn new(level: Level, timing: Timing) -> Self {
        Self {
            timing,
            level,
            phase: Phase::Opening,
            fault: None,
            identity: Identity::default(),
            active: 0,
            queued: None,
            step: Step::Status,
            pending: None,
            number: 0,
            keep_alive_at: 0,
            asked_last: false,
            strays: 0,
            idle_once: false,
            stops: Stops::NONE,
        }
    }

    pub(super) const fn is_low(&self) -> bool {
        matches!(self.level, Level::Low { .. })
    }

    const fn stop_command(&self) -> Plain {
        if self.is_low() { Plain::LowLevelStop } else { Plain::MidLevelStop }
    }

    pub(super) fn stop(&mut self) {
        if !matches!(self.phase, Phase::Stopping | Phase::Over) {
            self.phase = Phase::Stopping;
            self.pending = None;
            self.queued = None;
        }
    }

    pub(super) fn fail(&mut self, fault: Fault) {
        if self.phase == Phase::Over {
            return;
        }
        self.fault.get_or_insert(fault);
        self.stop();
    }

    pub(super) fn lost(&mut self) {
        let again = self.fault == Some(Fault::Lost) || self.phase == Phase::Stopping;
        self.fail(Fault::Lost);
        if again {
            self.phase = Phase::Over;
        }
    }

    pub(super) fn next(&mut self, now: u64) -> Next {
        if let Some(pending) = self.pending.filter(|_| self.phase != Phase::Over) {
            if now < pending.deadline {
                return Next::Wait(pending.deadline);
            }
            self.pending = None;
            self.missed(pending.kind, now);
        }
        match self.due(now) {
            Some(command) => self.send(command, now),
            None => self.idle(),
        }
    }

    fn missed(&mut self, kind: Kind, now: u64) {
        if self.phase != Phase::Stopping {
            self.fail(Fault::NoReply { kind });
        } else if self.stops.are_over(now) {
            self.fault.get_or_insert(Fault::NoReply { kind });
            self.phase = Phase::Over;
        }
    }

    fn due(&mut self, now: u64) -> Option<Command> {
        match self.phase {
            Phase::Over => None,
            Phase::Opening => Some(self.opening()),
            Phase::Stopping => Some(Command::Plain(self.stop_command())),
            // after a question a change goes first, however slowly questions are answered
            Phase::Running if now >= self.keep_alive_at && !(self.asked_last && self.queued.is_some()) => {
                Some(Command::Plain(Plain::CurrentData))
            }
            Phase::Ready if self.is_low() && self.queued.is_none() && now >= self.keep_alive_at => {
                Some(Command::Plain(Plain::StimStatus))
            }
            Phase::Running | Phase::Ready => self.queued.take(),
        }
    }

    const fn idle(&self) -> Next {
        match self.phase {
            Phase::Over => Next::Over,
            Phase::Running => Next::Wait(self.keep_alive_at),
            Phase::Ready if self.is_low() => Next::Wait(self.keep_alive_at),
            Phase::Opening | Phase::Ready | Phase::Stopping => Next::Wait(u64::MAX),
        }
    }

    const fn opening(&self) -> Command {
        match (self.step, self.level) {
            (Step::Status, _) => Command::Plain(Plain::StimStatus),
            (Step::Clear(stop), _) => Command::Plain(stop),
            (Step::Version, _) => Command::Plain(Plain::Version),
            (Step::DeviceId, _) => Command::Plain(Plain::DeviceId),
            (Step::Init, Level::Mid) => Command::MidLevelInit { stop_all_on_error: true },
            (Step::Init, Level::Low { measurement, high_voltage }) => {
                Command::LowLevelInit { measurement, high_voltage }
            }
        }
    }

    /// Until when an answer to what is sent now is waited for.
    fn deadline(&mut self, now: u64) -> u64 {
        let reply_ms = u64::from(self.timing.reply_ms);
        if self.phase == Phase::Stopping {
            self.stops.send(now, reply_ms)
        } else {
            now.saturating_add(reply_ms)
        }
    }

    fn send(&mut self, command: Command, now: u64) -> Next {
        self.number = self.number.wrapping_add(1) & 0x3F;
        let kind = command.kind();
        self.asked_last = kind == Kind::CurrentData;
        if self.asked_last || self.is_low() {
            self.keep_alive_at = now.saturating_add(u64::from(self.timing.keep_alive_ms));
        }
        let active = match &command {
            Command::MidLevelUpdate(update) => update.active(),
            Command::LowLevelChannel(config) => place(config),
            Command::LowLevelInit { .. } | Command::MidLevelInit { .. } | Command::Plain(_) => 0,
        };
        let deadline = self.deadline(now);
        self.pending = Some(Pending { kind, number: self.number, deadline, active });
        Next::Send(self.number, command)
    }

    /// Takes an answer; `true` when it was the one waited for.
    pub(super) fn on_reply(&mut self, reply: &Reply<'_>, now: u64) -> bool {
        let Answer::To(kind) = reply.answer else {
            let unknown = reply.answer == Answer::UnknownCommand;
            self.refused(Fault::Device { result: reply.result, unknown });
            return false;
        };
        if self.is_of_a_stop(kind, reply.number) {
            self.stopped(kind, reply.result);
            return true;
        }
        match self.pending {
            Some(pending) if pending.kind == kind && pending.number == reply.number => {
                self.pending = None;
                self.fits(pending, reply, now);
                true
            }
            _ => {
                self.stray(Fault::Unexpected { answer: reply.answer, number: reply.number });
                false
            }
        }
    }

    pub(super) fn on_malformed(&mut self, error: DecodeError) {
        self.stray(Fault::Malformed(error));
    }

    /// An answer that fits nothing is passed over while the port is cleared and while stopping.
    fn stray(&mut self, fault: Fault) {
        let clearing = self.phase == Phase::Opening && self.step == Step::Status;
        if clearing && self.strays < STRAYS_MAX {
            self.strays = self.strays.saturating_add(1);
        } else {
            self.refused(fault);
        }
    }

    pub(super) fn refused(&mut self, fault: Fault) {
        if self.phase != Phase::Stopping {
            self.fail(fault);
        }
    }

    fn fits(&mut self, pending: Pending, reply: &Reply<'_>, now: u64) {
        let result = reply.result;
        if result != ResultCode::Successful {
            self.fail(Fault::Rejected { kind: pending.kind, result });
        } else if self.phase == Phase::Opening {
            self.opened(reply);
        } else {
            self.working(pending, reply, now);
        }
    }

    /// One of the stops that end the conversation, however late its answer.
    fn is_of_a_stop(&self, kind: Kind, number: u8) -> bool {
        kind.code() == self.stop_command().code() && self.stops.reach(self.number.wrapping_sub(number) & 0x3F)
    }

    /// A stop that was refused is sent again after a while.
    fn stopped(&mut self, kind: Kind, result: ResultCode) {
        if matches!(result, ResultCode::Successful | ResultCode::NotInitialised) {
            self.stops.taken();
            self.pending = None;
            self.active = 0;
            self.phase = Phase::Over;
        } else if let Some(again_at) = self.stops.refused() {
            if let Some(pending) = &mut self.pending {
                pending.deadline = pending.deadline.min(again_at);
            }
            self.fault.get_or_insert(Fault::Rejected { kind, result });
        }
    }

    fn opened(&mut self, reply: &Reply<'_>) {
        self.step = match (self.step, reply.body) {
            (Step::Status, Body::StimStatus { state: StimState::Idle, .. }) | (Step::Clear(_), _) => {
                Step::Version
            }
            (Step::Status, Body::StimStatus { state: StimState::LowLevel, .. }) => {
                Step::Clear(Plain::LowLevelStop)
            }
            (Step::Status, _) => Step::Clear(Plain::MidLevelStop),
            (Step::Version, Body::Version { firmware, protocol, .. }) => {
                (self.identity.firmware, self.identity.protocol) = (firmware, protocol);
                Step::DeviceId
            }
            (Step::DeviceId, Body::DeviceId(id)) => {
                self.identity.device = id;
                Step::Init
            }
            (Step::Version | Step::DeviceId | Step::Init, _) => {
                self.phase = Phase::Ready;
                Step::Init
            }
        };
    }

    fn working(&mut self, pending: Pending, reply: &Reply<'_>, now: u64) {
        match (pending.kind, reply.body) {
            (Kind::MidLevelUpdate, _) => {
                self.active = pending.active;
                self.idle_once = false;
                if self.phase == Phase::Ready {
                    self.phase = Phase::Running;
                    self.keep_alive_at = now.saturating_add(u64::from(self.timing.keep_alive_ms));
                }
            }
            (Kind::CurrentData, Body::Channels { active, states }) => self.channels(active, states),
            (Kind::StimStatus, Body::StimStatus { state: StimState::LowLevel, .. }) if self.is_low() => {}
            (Kind::StimStatus, Body::StimStatus { state: found, .. }) => self.fail(Fault::State { found }),
            (Kind::LowLevelChannel, Body::Pulse { channel, connector, .. })
                if (connector.code() << 4) | channel.code() == pending.active => {}
            _ => self.fail(Fault::Unexpected { answer: reply.answer, number: reply.number }),
        }
    }

    fn channels(&mut self, running: u8, states: [ChannelState; super::CHANNELS]) {
        let asked = self.active;
        for (channel, state) in (0..).zip(states) {
            if state != ChannelState::Ok {
                self.fail(Fault::Channel { channel, state });
            }
        }
        let missing = asked & !running != 0;
        if running & !asked != 0 || (missing && self.idle_once) {
            self.fail(Fault::Active { asked, running });
        }
        self.idle_once = missing;
    }
}

fn place(config: &ChannelConfig) -> u8 {
    (config.connector.code() << 4) | config.channel.code()
}
