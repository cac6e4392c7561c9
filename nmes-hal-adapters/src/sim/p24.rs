//! A simulated P24: the far end of a ScienceMode 4 conversation, with faults on purpose.

use super::device::{FarEnd, Send};
use crate::sciencemode4::{
    Answer, Body, CHANNELS, ChannelState, Command, Decoder, HighVoltage, Kind, Packet, Plain, Reply,
    ResultCode, StimState, Version,
};

/// What a simulated P24 does wrong from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum P24Fault {
    /// It refuses a command.
    Reject(Kind, ResultCode),
    /// It reports an error of a channel.
    Channel(usize, ChannelState),
    /// It answers nothing.
    Silent,
    /// It answers with another packet number.
    WrongNumber,
    /// It runs channels that it was not asked for.
    RunsAll,
    /// It sends broken frames before each answer.
    Garbage,
    /// It does not know any command.
    KnowsNothing,
}

/// A simulated P24. What it holds as state is what a test may look at.
///
/// It stops by itself 2,000 ms after the last question for its channels, as a device would (STD-S26).
#[derive(Debug, Default)]
pub struct SimP24 {
    decoder: Decoder,
    /// What goes wrong.
    pub fault: Option<P24Fault>,
    /// What it has prepared or runs.
    pub state: Running,
    /// One bit for each channel that is on.
    pub active: u8,
    /// Pulses asked for on the low level.
    pub pulses: u32,
    /// Stops asked for.
    pub stops: u32,
    /// Questions for the channels.
    pub kept_alive: u32,
    /// Whether it stopped by itself for want of one.
    pub timed_out: bool,
    /// Frames that were no command.
    pub strange: u32,
    alive_at: u64,
}

/// The state of a simulated P24; nothing at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running(pub StimState);

impl Default for Running {
    fn default() -> Self {
        Self(StimState::Idle)
    }
}

/// How long a P24 runs without a question, ms (STD-S26).
const ALIVE_MS: u64 = 2_000;

impl SimP24 {
    /// One at rest.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn answer(&mut self, number: u8, command: &Command, now_ms: u64) -> Reply<'static> {
        let kind = command.kind();
        let reply = |result, body| Reply { number, answer: Answer::To(kind), result, body };
        match self.fault {
            Some(P24Fault::Reject(which, result)) if which == kind => return reply(result, Body::Empty),
            Some(P24Fault::KnowsNothing) => {
                let (answer, result) = (Answer::UnknownCommand, ResultCode::InvalidCommand);
                return Reply { number, answer, result, body: Body::Empty };
            }
            _ => {}
        }
        let (result, body) = self.obey(command, now_ms);
        reply(result, body)
    }

    fn obey(&mut self, command: &Command, now_ms: u64) -> (ResultCode, Body<'static>) {
        let good = ResultCode::Successful;
        match command {
            Command::LowLevelInit { .. } => {
                self.state = Running(StimState::LowLevel);
                (good, Body::Empty)
            }
            Command::MidLevelInit { .. } => {
                self.state = Running(StimState::MidLevel);
                (good, Body::Empty)
            }
            Command::LowLevelChannel(config) => {
                let (channel, connector) = (config.channel, config.connector);
                self.pulses = self.pulses.saturating_add(1);
                (self.at(StimState::LowLevel), Body::Pulse { channel, connector, samples: None })
            }
            Command::MidLevelUpdate(update) => {
                if !matches!(self.state.0, StimState::MidLevel | StimState::MidLevelRunning) {
                    return (ResultCode::NotInitialised, Body::Empty);
                }
                self.state = Running(StimState::MidLevelRunning);
                self.active = update.active();
                self.alive_at = now_ms;
                (good, Body::Empty)
            }
            Command::Plain(plain) => self.plain(*plain, now_ms),
        }
    }

    fn at(&self, state: StimState) -> ResultCode {
        if self.state.0 == state { ResultCode::Successful } else { ResultCode::NotInitialised }
    }

    fn plain(&mut self, plain: Plain, now_ms: u64) -> (ResultCode, Body<'static>) {
        let good = ResultCode::Successful;
        match plain {
            Plain::LowLevelStop | Plain::MidLevelStop => {
                self.stops = self.stops.saturating_add(1);
                self.rest();
                (good, Body::Empty)
            }
            Plain::Reset => {
                self.rest();
                (good, Body::Empty)
            }
            Plain::CurrentData => {
                self.kept_alive = self.kept_alive.saturating_add(1);
                self.alive_at = now_ms;
                (self.at(StimState::MidLevelRunning), self.channels())
            }
            Plain::DeviceId => (good, Body::DeviceId(*b"SIMULATED ")),
            Plain::Battery => (good, Body::Battery { percent: 80, millivolts: 7_400 }),
            Plain::StimStatus => {
                (good, Body::StimStatus { state: self.state.0, high_voltage: HighVoltage::Standard })
            }
            Plain::Version => {
                let (firmware, protocol) = (Version { numbers: [0, 0, 0] }, Version { numbers: [4, 0, 0] });
                (good, Body::Version { firmware, protocol, hash: [0; 4], hash_kind: (0, false) })
            }
        }
    }

    fn channels(&self) -> Body<'static> {
        let mut states = [ChannelState::Ok; CHANNELS];
        let mut active = self.active;
        match self.fault {
            Some(P24Fault::Channel(channel, state)) => {
                if let Some(slot) = states.get_mut(channel) {
                    *slot = state;
                }
            }
            Some(P24Fault::RunsAll) => active = 0xFF,
            _ => {}
        }
        Body::Channels { active, states }
    }

    const fn rest(&mut self) {
        self.state = Running(StimState::Idle);
        self.active = 0;
    }

    fn respond(&mut self, mut reply: Reply<'_>, send: &mut Send<'_>) {
        let mut out = [0; 128];
        match self.fault {
            Some(P24Fault::Silent) => return,
            Some(P24Fault::WrongNumber) => reply.number = reply.number.wrapping_add(7) & 0x3F,
            Some(P24Fault::Garbage) => {
                for _ in 0..20 {
                    send(&[0xF0, 0x81, 0x55, 0x81, 0x59, 0x81, 0xF0, 0x81, 0x0F, 0x81, 0x0F]);
                }
            }
            _ => {}
        }
        if let Ok(length) = reply.encode(&mut out) {
            send(out.get(..length).unwrap_or_default());
        }
    }
}

impl FarEnd for SimP24 {
    fn receive(&mut self, bytes: &[u8], now_ms: u64, send: &mut Send<'_>) {
        for &byte in bytes {
            let Some(packet) = self.decoder.push(byte).and_then(Packet::new) else { continue };
            let number = packet.number;
            if let Ok(command) = Command::decode(&packet) {
                let reply = self.answer(number, &command, now_ms);
                self.respond(reply, send);
            } else {
                self.strange = self.strange.saturating_add(1);
            }
        }
    }

    fn tick(&mut self, now_ms: u64, _send: &mut Send<'_>) {
        let silent = now_ms.saturating_sub(self.alive_at);
        if self.state.0 == StimState::MidLevelRunning && silent > ALIVE_MS {
            self.timed_out = true;
            self.rest();
        }
    }
}
