//! A simulated RehaStim 2: the far end of a ScienceMode 2 conversation, with faults on purpose.

use super::device::{FarEnd, Send};
use crate::rehastim2::{
    Command, Decoder, Kind, List, Mode, Packet, Reply, ResultCode, Said, Start, StimulationError,
};

/// What a simulated RehaStim 2 does wrong from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RehaStimFault {
    /// It refuses a command.
    Reject(Kind, ResultCode),
    /// It reports that it stopped, once.
    Error(StimulationError),
    /// It answers nothing.
    Silent,
    /// It answers with another packet number.
    WrongNumber,
    /// It forgets its host and starts again, once.
    Restart,
    /// It says it runs when it does not, and the other way round.
    Lies,
}

/// A simulated RehaStim 2. What it holds as state is what a test may look at.
///
/// It says that it is there every 500 ms until it is heard, and stops 1,200 ms after the last packet (STD-S36).
#[derive(Debug, Default)]
pub struct SimRehaStim2 {
    decoder: Decoder,
    /// What goes wrong.
    pub fault: Option<RehaStimFault>,
    /// Whether a host has answered.
    pub connected: bool,
    /// The list it holds.
    pub list: Option<List>,
    /// The pulses it puts out.
    pub start: Option<Start>,
    /// Watchdogs.
    pub watchdogs: u32,
    /// Stops asked for.
    pub stops: u32,
    /// Whether it stopped by itself for want of a packet.
    pub timed_out: bool,
    /// Frames that were no command.
    pub strange: u32,
    number: u8,
    said_at: Option<u64>,
    heard_at: u64,
}

/// How often it says that it is there, ms.
const INIT_MS: u64 = 500;
/// How long it runs without a packet, ms.
const WATCHDOG_MS: u64 = 1_200;

impl SimRehaStim2 {
    /// One that has just been switched on.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    const fn mode(&self) -> Mode {
        match (&self.list, &self.start) {
            (_, Some(_)) => Mode::Running,
            (Some(_), None) => Mode::Prepared,
            (None, None) => Mode::Idle,
        }
    }

    fn rest(&mut self) {
        self.list = None;
        self.start = None;
    }

    fn answer(&mut self, number: u8, command: Command, send: &mut Send<'_>) {
        let good = match self.fault {
            Some(RehaStimFault::Reject(kind, result)) if kind == command.kind() => result,
            _ => ResultCode::Successful,
        };
        let said = match command {
            Command::InitAck(_) => {
                self.connected = true;
                return;
            }
            Command::Watchdog => {
                self.watchdogs = self.watchdogs.saturating_add(1);
                return;
            }
            Command::GetMode => Said::Mode { result: good, mode: Some(self.told_mode()) },
            Command::InitList(list) => {
                self.rest();
                self.list = Some(list).filter(|_| good == ResultCode::Successful);
                Said::InitList(good)
            }
            Command::StartList(start) => Said::StartList(self.begin(start, good)),
            Command::StopList => {
                self.stops = self.stops.saturating_add(1);
                if good == ResultCode::Successful {
                    self.rest();
                }
                Said::StopList(good)
            }
        };
        self.say(number, said, send);
    }

    fn begin(&mut self, start: Start, result: ResultCode) -> ResultCode {
        let fits = self
            .list
            .is_some_and(|list| usize::try_from(list.channels().count_ones()) == Ok(start.as_slice().len()));
        match (result, fits) {
            (ResultCode::Successful, true) => self.start = Some(start),
            (ResultCode::Successful, false) => return ResultCode::WrongMode,
            _ => {}
        }
        result
    }

    fn told_mode(&self) -> Mode {
        match (self.fault, self.mode()) {
            (Some(RehaStimFault::Lies), Mode::Running) => Mode::Idle,
            (Some(RehaStimFault::Lies), _) => Mode::Running,
            (_, mode) => mode,
        }
    }

    fn say(&mut self, number: u8, said: Said, send: &mut Send<'_>) {
        let number = match self.fault {
            Some(RehaStimFault::Silent) => return,
            Some(RehaStimFault::WrongNumber) => number.wrapping_add(3),
            _ => number,
        };
        let mut out = [0; 69];
        if let Ok(length) = (Reply { number, said }).encode(&mut out) {
            send(out.get(..length).unwrap_or_default());
        }
    }

    fn mishap(&mut self, send: &mut Send<'_>) {
        match self.fault {
            Some(RehaStimFault::Error(error)) => {
                self.fault = None;
                self.rest();
                self.say(0, Said::Error(error), send);
            }
            Some(RehaStimFault::Restart) => {
                self.fault = None;
                self.rest();
                self.connected = false;
                self.said_at = None;
            }
            _ => {}
        }
    }
}

impl FarEnd for SimRehaStim2 {
    fn receive(&mut self, bytes: &[u8], now_ms: u64, send: &mut Send<'_>) {
        for &byte in bytes {
            let Some(packet) = self.decoder.push(byte).and_then(Packet::new) else { continue };
            let number = packet.number;
            self.heard_at = now_ms;
            if let Ok(command) = Command::decode(&packet) {
                self.answer(number, command, send);
            } else {
                self.strange = self.strange.saturating_add(1);
            }
        }
    }

    fn tick(&mut self, now_ms: u64, send: &mut Send<'_>) {
        self.mishap(send);
        if self.connected && now_ms.saturating_sub(self.heard_at) > WATCHDOG_MS {
            self.timed_out = true;
            self.connected = false;
            self.rest();
        }
        let due = self.said_at.is_none_or(|at| now_ms.saturating_sub(at) >= INIT_MS);
        if !self.connected && due {
            self.said_at = Some(now_ms);
            self.number = self.number.wrapping_add(1);
            self.say(self.number, Said::Init { version: 1 }, send);
        }
    }
}
