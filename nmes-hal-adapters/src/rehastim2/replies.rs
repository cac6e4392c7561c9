//! What the device says.

use super::framing::Packet;
use crate::wire::{DecodeError, EncodeError, Fields, codes};

codes! {
    /// How a command went (STD-S27); the codes are 0, −1, −2, −3 and −8 in one byte.
    ResultCode {
        /// Done.
        Successful = 0,
        /// Checksum or length did not fit.
        Transfer = 255,
        /// A parameter is wrong.
        Parameter = 254,
        /// Not in this mode.
        WrongMode = 253,
        /// Busy with something else.
        Busy = 248,
    }
}

codes! {
    /// Why the device stopped by itself (STD-S27); the codes are −1, −2 and −3 in one byte.
    StimulationError {
        /// The emergency switch is pressed or not plugged in.
        EmergencySwitch = 255,
        /// An electrode is off.
        Electrode = 254,
        /// A stimulation module failed.
        Module = 253,
    }
}

codes! {
    /// What the device does.
    Mode {
        /// Nothing.
        Idle = 0,
        /// A list is prepared.
        Prepared = 1,
        /// A list runs.
        Running = 2,
    }
}

/// What was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Said {
    /// The device has started, or has lost its host, and waits to be heard.
    Init {
        /// Version of the protocol.
        version: u8,
    },
    /// It does not know a command.
    UnknownCommand,
    /// Its mode.
    Mode {
        /// How the question went.
        result: ResultCode,
        /// The mode; `None` when the question went wrong.
        mode: Option<Mode>,
    },
    /// The list was prepared or not.
    InitList(ResultCode),
    /// The list was started or changed, or not.
    StartList(ResultCode),
    /// The list was stopped or not.
    StopList(ResultCode),
    /// The device has stopped by itself.
    Error(StimulationError),
}

/// What the device said, and under which packet number. Bytes behind what is known are passed over.
///
/// ```
/// use nmes_hal_adapters::rehastim2::{Packet, Reply, Said, StimulationError};
/// let reply = Reply::decode(&Packet { number: 3, command: 38, payload: &[0xFE] }).unwrap();
/// assert_eq!(reply, Reply { number: 3, said: Said::Error(StimulationError::Electrode) });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The packet number.
    pub number: u8,
    /// What was said.
    pub said: Said,
}

impl Reply {
    /// Reads what the device said.
    ///
    /// # Errors
    /// Nothing known, too short, or a field with a value that is none.
    pub fn decode(packet: &Packet<'_>) -> Result<Self, DecodeError> {
        let mut fields = Fields::new(packet.payload);
        let said = match packet.command {
            1 => Said::Init { version: fields.byte()? },
            3 => Said::UnknownCommand,
            11 => Self::take_mode(&mut fields)?,
            31 => Said::InitList(fields.code("result", ResultCode::from_code)?),
            33 => Said::StartList(fields.code("result", ResultCode::from_code)?),
            35 => Said::StopList(fields.code("result", ResultCode::from_code)?),
            38 => Said::Error(fields.code("error", StimulationError::from_code)?),
            command => return Err(DecodeError::Command { command: u16::from(command) }),
        };
        Ok(Self { number: packet.number, said })
    }

    fn take_mode(fields: &mut Fields<'_>) -> Result<Said, DecodeError> {
        let result = fields.code("result", ResultCode::from_code)?;
        if result != ResultCode::Successful {
            return Ok(Said::Mode { result, mode: None });
        }
        Ok(Said::Mode { result, mode: Some(fields.code("mode", Mode::from_code)?) })
    }

    /// Writes it as the device would; for simulated devices and tests.
    ///
    /// # Errors
    /// The buffer is too short.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        let number = self.number;
        let mut send = |command, payload: &[u8]| Packet { number, command, payload }.encode(out);
        match self.said {
            Said::Init { version } => send(1, &[version]),
            Said::UnknownCommand => send(3, &[]),
            Said::Mode { result, mode: Some(mode) } => send(11, &[result.code(), mode.code()]),
            Said::Mode { result, mode: None } => send(11, &[result.code()]),
            Said::InitList(result) => send(31, &[result.code()]),
            Said::StartList(result) => send(33, &[result.code()]),
            Said::StopList(result) => send(35, &[result.code()]),
            Said::Error(error) => send(38, &[error.code()]),
        }
    }
}
