//! The conversation as states: what is sent next, and what an answer or a silence means.

use super::commands::{Command, InitResult, Kind, List, Start};
use super::replies::{Mode, Reply, ResultCode, Said, StimulationError};
use crate::wire::{DecodeError, Field, Limit, Refusal, Stops};
use core::fmt;

/// Times of a conversation, ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    reply_ms: u16,
    keep_alive_ms: u16,
}

impl Timing {
    /// How long an answer may take, and how often a watchdog or a question is sent. The device stops by itself 1,200
    /// ms after the last packet (STD-S36); the sum of both is at most 1,000.
    ///
    /// # Errors
    /// Zero, or too long.
    ///
    /// ```
    /// use nmes_hal_adapters::rehastim2::Timing;
    /// assert!(Timing::new(200, 300).is_ok() && Timing::new(500, 600).is_err());
    /// ```
    pub fn new(reply_ms: u16, keep_alive_ms: u16) -> Result<Self, Refusal> {
        let sum = i64::from(reply_ms).saturating_add(i64::from(keep_alive_ms));
        let refuse = |value, limit| Err(Refusal { field: Field::Timing, value, limit, source: "STD-S36" });
        if reply_ms == 0 || keep_alive_ms == 0 {
            refuse(0, Limit::AtLeast(1))
        } else if sum > 1_000 {
            refuse(sum, Limit::AtMost(1_000))
        } else {
            Ok(Self { reply_ms, keep_alive_ms })
        }
    }
}

impl Default for Timing {
    /// 200 ms for an answer, a packet every 300 ms.
    fn default() -> Self {
        Self { reply_ms: 200, keep_alive_ms: 300 }
    }
}

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Waiting for the device to say that it is there, and ending what it runs.
    Opening,
    /// Connected and kept alive; nothing is put out.
    Ready,
    /// A list runs and is kept alive.
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
    /// The device did not say that it is there within 2,000 ms.
    Silent,
    /// No answer in time.
    NoReply {
        /// To this.
        kind: Kind,
    },
    /// The protocol of the device has another version.
    Version {
        /// The one found.
        found: u8,
    },
    /// The device refused a command.
    Rejected {
        /// The command.
        kind: Kind,
        /// Its reason.
        result: ResultCode,
    },
    /// The device stopped by itself.
    Device(StimulationError),
    /// The device does not know a command.
    UnknownCommand,
    /// The device has started again, or takes its host for lost.
    Restarted,
    /// The device does something else than was asked.
    Mode {
        /// What it does.
        found: Mode,
    },
    /// Something said that fits nothing that was asked.
    Unexpected(Reply),
    /// Something said that the protocol does not know.
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
            Self::Silent => f.write_str("the device did not say that it is there within 2,000 ms"),
            Self::NoReply { kind } => write!(f, "no answer to {kind:?} in time"),
            Self::Version { found } => write!(f, "the device speaks version {found} of the protocol, not 1"),
            Self::Rejected { kind, result } => write!(f, "the device refused {kind:?}: {result:?}"),
            Self::Device(error) => write!(f, "the device stopped by itself: {error:?}"),
            Self::UnknownCommand => f.write_str("the device does not know a command"),
            Self::Restarted => f.write_str("the device has started again"),
            Self::Mode { found } => write!(f, "the device is {found:?}, which was not asked for"),
            Self::Unexpected(reply) => write!(f, "{reply:?} fits no question"),
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
enum Step {
    Listen,
    Answer(u8, InitResult),
    Ask,
    Clear,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    kind: Kind,
    number: u8,
    deadline: u64,
}

/// The device says every 500 ms that it is there (STD-S36).
const LISTEN_MS: u64 = 2_000;
/// Things said that are passed over before the first that fits.
const STRAYS_MAX: u8 = 32;
const VERSION: u8 = 1;

/// What to do now.
pub(super) enum Next {
    Send(u8, Command),
    Wait(u64),
    Over,
}

#[derive(Debug)]
pub(super) struct Machine {
    timing: Timing,
    pub(super) phase: Phase,
    pub(super) fault: Option<Fault>,
    pub(super) list: Option<List>,
    pub(super) queued_list: Option<List>,
    pub(super) queued_start: Option<Start>,
    step: Step,
    pending: Option<Pending>,
    number: u8,
    listen_until: Option<u64>,
    keep_alive_at: u64,
    ask_next: bool,
    strays: u8,
    pub(super) stops: Stops,
}

impl Machine {
    pub(super) const fn new(timing: Timing) -> Self {
        Self {
            timing,
            phase: Phase::Opening,
            fault: None,
            list: None,
            queued_list: None,
            queued_start: None,
            step: Step::Listen,
            pending: None,
            number: 0,
            listen_until: None,
            keep_alive_at: 0,
            ask_next: false,
            strays: 0,
            stops: Stops::NONE,
        }
    }

    pub(super) fn stop(&mut self) {
        if !matches!(self.phase, Phase::Stopping | Phase::Over) {
            self.phase = Phase::Stopping;
            self.pending = None;
            self.queued_list = None;
            self.queued_start = None;
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
        let again = self.phase == Phase::Stopping;
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
        if self.phase == Phase::Opening && self.step == Step::Listen {
            let until = *self.listen_until.get_or_insert(now.saturating_add(LISTEN_MS));
            if now < until {
                return None;
            }
            self.fail(Fault::Silent);
        }
        match self.phase {
            Phase::Over => None,
            Phase::Opening => self.opening(),
            Phase::Stopping => Some(Command::StopList),
            Phase::Ready | Phase::Running if now >= self.keep_alive_at => {
                self.ask_next = !self.ask_next;
                Some(if self.ask_next { Command::GetMode } else { Command::Watchdog })
            }
            Phase::Ready | Phase::Running => match self.queued_list.take() {
                Some(list) => {
                    self.list = Some(list);
                    Some(Command::InitList(list))
                }
                None => self.queued_start.take().map(Command::StartList),
            },
        }
    }

    const fn opening(&self) -> Option<Command> {
        match self.step {
            Step::Listen => None,
            Step::Answer(_, result) => Some(Command::InitAck(result)),
            Step::Ask => Some(Command::GetMode),
            Step::Clear => Some(Command::StopList),
        }
    }

    fn idle(&self) -> Next {
        match self.phase {
            Phase::Over => Next::Over,
            Phase::Ready | Phase::Running => Next::Wait(self.keep_alive_at),
            Phase::Opening | Phase::Stopping => Next::Wait(self.listen_until.unwrap_or(u64::MAX)),
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
        let kind = command.kind();
        // any packet shows the device that its host is there; only those that are sent by time are counted
        if matches!(kind, Kind::GetMode | Kind::Watchdog) {
            self.keep_alive_at = now.saturating_add(u64::from(self.timing.keep_alive_ms));
        }
        if let (Kind::InitAck, Step::Answer(number, result)) = (kind, self.step) {
            self.answered(result);
            return Next::Send(number, command);
        }
        self.number = self.number.wrapping_add(1);
        if kind != Kind::Watchdog {
            let deadline = self.deadline(now);
            self.pending = Some(Pending { kind, number: self.number, deadline });
        }
        Next::Send(self.number, command)
    }

    fn answered(&mut self, result: InitResult) {
        self.step = Step::Ask;
        if result == InitResult::Version {
            self.phase = Phase::Over;
        }
    }

    /// Takes what the device said; `true` when it was waited for.
    pub(super) fn on_reply(&mut self, reply: Reply) -> bool {
        match reply.said {
            Said::Init { version } => self.init(reply.number, version),
            Said::UnknownCommand => self.refused(Fault::UnknownCommand),
            Said::Error(error) => self.refused(Fault::Device(error)),
            Said::Mode { result, mode } => return self.answer(Kind::GetMode, reply, result, mode),
            Said::InitList(result) => return self.answer(Kind::InitList, reply, result, None),
            Said::StartList(result) => return self.answer(Kind::StartList, reply, result, None),
            Said::StopList(result) => return self.answer(Kind::StopList, reply, result, None),
        }
        false
    }

    fn init(&mut self, number: u8, version: u8) {
        // what it sent while the answer was on its way is not a restart
        let opening = self.phase == Phase::Opening;
        if opening && matches!(self.step, Step::Answer(_, InitResult::Version)) {
            return; // turned away once is turned away
        }
        if opening && self.step == Step::Ask {
            return; // it crossed the answer; a device that has not heard it leaves the question unanswered
        }
        if !(opening && matches!(self.step, Step::Listen | Step::Answer(..))) {
            return self.refused(Fault::Restarted);
        }
        if version == VERSION {
            self.step = Step::Answer(number, InitResult::Connected);
        } else {
            self.fault.get_or_insert(Fault::Version { found: version });
            self.step = Step::Answer(number, InitResult::Version);
        }
    }

    pub(super) fn on_malformed(&mut self, error: DecodeError) {
        self.stray(Fault::Malformed(error));
    }

    fn stray(&mut self, fault: Fault) {
        let listening = self.phase == Phase::Opening && self.step == Step::Listen;
        if listening && self.strays < STRAYS_MAX {
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

    fn answer(&mut self, kind: Kind, reply: Reply, result: ResultCode, mode: Option<Mode>) -> bool {
        if kind == Kind::StopList && self.is_of_a_stop(reply.number) {
            self.stopped(kind, result);
            return true;
        }
        let fits = self.pending.is_some_and(|asked| asked.kind == kind && asked.number == reply.number);
        if !fits {
            self.stray(Fault::Unexpected(reply));
            return false;
        }
        self.pending = None;
        if result != ResultCode::Successful {
            self.fail(Fault::Rejected { kind, result });
        } else {
            self.went_well(kind, mode);
        }
        true
    }

    /// One of the stops that end the conversation, however late its answer.
    const fn is_of_a_stop(&self, number: u8) -> bool {
        self.stops.reach(self.number.wrapping_sub(number))
    }

    /// A stop that was refused is sent again after a while.
    fn stopped(&mut self, kind: Kind, result: ResultCode) {
        if result == ResultCode::Successful {
            self.stops.taken();
            self.pending = None;
            self.list = None;
            self.phase = Phase::Over;
        } else if let Some(again_at) = self.stops.refused() {
            if let Some(pending) = &mut self.pending {
                pending.deadline = pending.deadline.min(again_at);
            }
            self.fault.get_or_insert(Fault::Rejected { kind, result });
        }
    }

    fn went_well(&mut self, kind: Kind, mode: Option<Mode>) {
        match (self.phase, kind, mode) {
            (Phase::Opening, Kind::GetMode, Some(Mode::Prepared | Mode::Running)) => self.step = Step::Clear,
            (Phase::Opening, _, _) => self.phase = Phase::Ready,
            (_, Kind::StartList, _) => self.phase = Phase::Running,
            (Phase::Running, Kind::GetMode, Some(Mode::Running))
            | (Phase::Ready, Kind::GetMode, Some(Mode::Idle | Mode::Prepared)) => {}
            (_, Kind::GetMode, Some(found)) => self.fail(Fault::Mode { found }),
            _ => {}
        }
    }
}
