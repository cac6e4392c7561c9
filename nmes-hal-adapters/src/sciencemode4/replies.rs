//! What the device answers.

use super::commands::{ALL_CHANNELS, CHANNELS, Channel, Connector, HighVoltage, Kind, Measurement};
use super::framing::{Packet, begin};
use crate::wire::{DecodeError, EncodeError, Fields, codes};

codes! {
    /// The result that stands at the head of every answer (STD-S26).
    ResultCode {
        /// Done, or begun.
        Successful = 0,
        /// Checksum or length did not fit.
        Transfer = 1,
        /// A parameter is wrong or missing.
        Parameter = 2,
        /// The version of the protocol is not supported.
        Protocol = 3,
        /// A time-out inside the device.
        StimTimeout = 4,
        /// A time-out of the EMG part.
        EmgTimeout = 5,
        /// A register of the EMG part.
        EmgRegister = 6,
        /// The level is not initialised, or another one is.
        NotInitialised = 7,
        /// The supply of the output stage.
        HighVoltage = 8,
        /// The demultiplexer does not answer.
        DemuxTimeout = 9,
        /// An electrode is off; the device has stopped pulses.
        Electrode = 10,
        /// The device cannot process the command.
        InvalidCommand = 11,
        /// A parameter of the demultiplexer.
        DemuxParameter = 12,
        /// The demultiplexer is not initialised.
        DemuxNotInitialised = 13,
        /// The way to the demultiplexer.
        DemuxTransfer = 14,
        /// The demultiplexer gave an unknown answer.
        DemuxUnknownAck = 15,
        /// A pulse took too long.
        PulseTimeout = 16,
        /// The fuel gauge does not answer.
        FuelGauge = 17,
        /// The live signal.
        LiveSignal = 18,
        /// A file did not arrive in time.
        FileTimeout = 19,
        /// There is no such file.
        FileNotFound = 20,
        /// Busy with something else.
        Busy = 21,
        /// A file.
        File = 22,
        /// The flash could not be erased.
        FlashErase = 23,
        /// The flash could not be written.
        FlashWrite = 24,
        /// An unknown controller.
        UnknownController = 25,
        /// The firmware is too large.
        FirmwareTooLarge = 26,
        /// The fuel gauge is not programmed.
        FuelGaugeNotProgrammed = 27,
        /// The current of a pulse was not reached.
        LowCurrent = 28,
    }
}

codes! {
    /// What the device has prepared or runs.
    StimState {
        /// Nothing.
        Idle = 0,
        /// The low level is prepared.
        LowLevel = 1,
        /// The mid level is prepared.
        MidLevel = 2,
        /// The mid level runs.
        MidLevelRunning = 3,
    }
}

codes! {
    /// The state of a channel of the mid level.
    ChannelState {
        /// No error.
        Ok = 0,
        /// The electrode is off.
        Electrode = 1,
        /// The period cannot be kept.
        Timeout = 2,
        /// The current cannot be reached.
        LowCurrent = 3,
    }
}

/// A version of three numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// Major, minor, revision.
    pub numbers: [u8; 3],
}

/// 128 samples that the device took during a pulse; negative values are measured as positive ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Samples<'a> {
    /// What was measured.
    pub measurement: Measurement,
    /// Time between samples, µs.
    pub every_us: u16,
    raw: &'a [u8],
}

impl<'a> Samples<'a> {
    /// Bytes of 128 samples.
    const BYTES: usize = 256;

    /// The samples, in hundredths of a milliampere or volt.
    pub fn hundredths(&self) -> impl Iterator<Item = u16> + 'a {
        self.raw.chunks_exact(2).filter_map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?)))
    }
}

/// What an answer holds besides its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Body<'a> {
    /// Nothing, or an error that came without the rest.
    Empty,
    /// One pulse of the low level.
    Pulse {
        /// The channel.
        channel: Channel,
        /// The connector.
        connector: Connector,
        /// What was measured, if it was asked for.
        samples: Option<Samples<'a>>,
    },
    /// The state of each channel of the mid level.
    Channels {
        /// One bit for each channel that is running.
        active: u8,
        /// Errors.
        states: [ChannelState; CHANNELS],
    },
    /// The device's identity as it gives it.
    DeviceId([u8; 10]),
    /// The battery.
    Battery {
        /// Charge, 0 to 100 %.
        percent: u8,
        /// Voltage, mV.
        millivolts: u16,
    },
    /// What is prepared or running.
    StimStatus {
        /// The level.
        state: StimState,
        /// The supply.
        high_voltage: HighVoltage,
    },
    /// Versions.
    Version {
        /// Of the firmware.
        firmware: Version,
        /// Of the protocol.
        protocol: Version,
        /// First four bytes of the firmware's hash.
        hash: [u8; 4],
        /// 0 none, 1 git, 2 MD5, 3 SHA-256; and whether the device says it is valid.
        hash_kind: (u8, bool),
    },
}

/// Which answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To a command.
    To(Kind),
    /// An error that belongs to no command.
    GeneralError,
    /// The device does not know a command.
    UnknownCommand,
}

const GENERAL_ERROR: u16 = 66;
const UNKNOWN_COMMAND: u16 = 67;

impl Answer {
    fn from_number(command: u16) -> Option<Self> {
        match command {
            GENERAL_ERROR => Some(Self::GeneralError),
            UNKNOWN_COMMAND => Some(Self::UnknownCommand),
            _ => {
                let asked = command.checked_sub(1).and_then(|asked| u8::try_from(asked).ok())?;
                Kind::from_code(asked).map(Self::To)
            }
        }
    }

    fn number(self) -> u16 {
        match self {
            Self::To(kind) => u16::from(kind.code()).saturating_add(1),
            Self::GeneralError => GENERAL_ERROR,
            Self::UnknownCommand => UNKNOWN_COMMAND,
        }
    }
}

/// An answer of the device. Bytes behind what is known are passed over, as the vendor's library does.
///
/// ```
/// use nmes_hal_adapters::sciencemode4::{Answer, Body, Kind, Packet, Reply, ResultCode};
/// let reply = Reply::decode(&Packet { command: 33, number: 7, payload: &[10] }).unwrap();
/// assert_eq!(reply.answer, Answer::To(Kind::MidLevelUpdate));
/// assert_eq!((reply.number, reply.result, reply.body), (7, ResultCode::Electrode, Body::Empty));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    /// Packet number of the command it answers.
    pub number: u8,
    /// Which answer it is.
    pub answer: Answer,
    /// How it went.
    pub result: ResultCode,
    /// The rest.
    pub body: Body<'a>,
}

impl<'a> Reply<'a> {
    /// Reads an answer.
    ///
    /// # Errors
    /// No known answer, too short, or a field with a value that is none.
    pub fn decode(packet: &Packet<'a>) -> Result<Self, DecodeError> {
        let answer =
            Answer::from_number(packet.command).ok_or(DecodeError::Command { command: packet.command })?;
        let mut fields = Fields::new(packet.payload);
        let result = fields.code("result", ResultCode::from_code)?;
        let alone = result != ResultCode::Successful && fields.left() == 0;
        let body = match answer {
            Answer::To(kind) if !alone => take(kind, &mut fields)?,
            Answer::To(_) | Answer::GeneralError | Answer::UnknownCommand => Body::Empty,
        };
        Ok(Self { number: packet.number, answer, result, body })
    }

    /// Writes an answer as the device would; for simulated devices and tests.
    ///
    /// # Errors
    /// The buffer is too short.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        let mut writer = begin(self.answer.number(), self.number, out);
        writer.put(self.result.code());
        match self.body {
            Body::Empty => {}
            Body::Pulse { channel, connector, samples } => {
                writer.put((connector.code() << 4) | channel.code());
                let Some(samples) = samples else {
                    writer.put(Measurement::None.code());
                    return writer.finish();
                };
                writer.put(samples.measurement.code());
                writer.put_all(&samples.every_us.to_be_bytes());
                writer.put_all(samples.raw);
            }
            Body::Channels { active, states } => {
                writer.put_all(&[ALL_CHANNELS, active]);
                for pair in states.chunks_exact(2) {
                    writer.put(pair.iter().rev().fold(0, |byte, state| (byte << 4) | state.code()));
                }
            }
            Body::DeviceId(id) => writer.put_all(&id),
            Body::Battery { percent, millivolts } => {
                writer.put(percent);
                writer.put_all(&millivolts.to_be_bytes());
            }
            Body::StimStatus { state, high_voltage } => writer.put_all(&[state.code(), high_voltage.code()]),
            Body::Version { firmware, protocol, hash, hash_kind } => {
                writer.put_all(&firmware.numbers);
                writer.put_all(&protocol.numbers);
                writer.put_all(&hash);
                writer.put_all(&[hash_kind.0, u8::from(hash_kind.1)]);
            }
        }
        writer.finish()
    }
}

fn take<'a>(kind: Kind, fields: &mut Fields<'a>) -> Result<Body<'a>, DecodeError> {
    match kind {
        Kind::LowLevelInit
        | Kind::LowLevelStop
        | Kind::MidLevelInit
        | Kind::MidLevelUpdate
        | Kind::MidLevelStop
        | Kind::Reset => Ok(Body::Empty),
        Kind::LowLevelChannel => take_pulse(fields),
        Kind::CurrentData => take_channels(fields),
        Kind::DeviceId => Ok(Body::DeviceId(fields.array()?)),
        Kind::Battery => {
            let percent = fields.code("battery", |code| (code <= 100).then_some(code))?;
            Ok(Body::Battery { percent, millivolts: fields.word()? })
        }
        Kind::StimStatus => {
            let state = fields.code("level", StimState::from_code)?;
            Ok(Body::StimStatus { state, high_voltage: fields.code("supply", HighVoltage::from_code)? })
        }
        Kind::Version => {
            let (firmware, protocol) = (fields.array()?, fields.array()?);
            let hash = fields.array()?;
            let kind = fields.code("kind of hash", |code| (code <= 3).then_some(code))?;
            let valid = fields.code("validity of hash", |code| (code <= 1).then_some(code == 1))?;
            let (firmware, protocol) = (Version { numbers: firmware }, Version { numbers: protocol });
            Ok(Body::Version { firmware, protocol, hash, hash_kind: (kind, valid) })
        }
    }
}

fn take_pulse<'a>(fields: &mut Fields<'a>) -> Result<Body<'a>, DecodeError> {
    let place = fields.byte()?;
    let bad = DecodeError::Value { field: "channel", value: u32::from(place) };
    let channel = Channel::from_code(place & 0x0F).ok_or(bad)?;
    let connector = Connector::from_code(place >> 4).ok_or(bad)?;
    let measurement = fields.code("measurement", Measurement::from_code)?;
    if measurement == Measurement::None {
        return Ok(Body::Pulse { channel, connector, samples: None });
    }
    let every_us = fields.word()?;
    let raw = fields.slice(Samples::BYTES)?;
    Ok(Body::Pulse { channel, connector, samples: Some(Samples { measurement, every_us, raw }) })
}

fn take_channels<'a>(fields: &mut Fields<'_>) -> Result<Body<'a>, DecodeError> {
    fields.code("selection", |code| (code == ALL_CHANNELS).then_some(()))?;
    let active = fields.byte()?;
    let mut nibbles = u32::from_le_bytes(fields.array()?);
    let mut states = [ChannelState::Ok; CHANNELS];
    for slot in &mut states {
        let value = nibbles & 0x0F;
        let state = u8::try_from(value).ok().and_then(ChannelState::from_code);
        *slot = state.ok_or(DecodeError::Value { field: "state of a channel", value })?;
        nibbles >>= 4;
    }
    Ok(Body::Channels { active, states })
}
