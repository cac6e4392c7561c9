//! What a host may ask of the device.

use super::Wire;
use super::framing::begin;
use super::points::{GRID, Points};
use crate::wire::{DecodeError, EncodeError, Field, Fields, Limit, Refusal, Writer, codes};

/// Channels of the mid level.
pub const CHANNELS: usize = 8;

codes! {
    /// A channel of the low level, by the colour of its socket.
    Channel {
        /// Red.
        Red = 0,
        /// Blue.
        Blue = 1,
        /// Black.
        Black = 2,
        /// White.
        White = 3,
    }
}

codes! {
    /// A connector, by the colour of its cable.
    Connector {
        /// Yellow.
        Yellow = 0,
        /// Green.
        Green = 1,
    }
}

codes! {
    /// The supply of the output stage.
    HighVoltage {
        /// The device's own choice.
        Standard = 0,
        /// Off.
        Off = 1,
        /// 30 V.
        V30 = 2,
        /// 60 V.
        V60 = 3,
        /// 90 V.
        V90 = 4,
        /// 120 V.
        V120 = 5,
        /// 150 V.
        V150 = 6,
    }
}

codes! {
    /// What the low level measures during a pulse.
    Measurement {
        /// Nothing.
        None = 0,
        /// The current.
        Current = 1,
        /// The voltage.
        Voltage = 2,
        /// The supply.
        Supply = 3,
    }
}

/// One pulse of the low level, put out as the command arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelConfig {
    /// The channel.
    pub channel: Channel,
    /// The connector.
    pub connector: Connector,
    /// The pulse; `None` puts nothing out.
    pub points: Option<Points>,
}

/// What a channel of the mid level does by itself until the next update.
///
/// ```
/// use nmes_hal_adapters::sciencemode4::{Points, Train};
/// let pulse = Points::symmetric(250, 0, 20_000).unwrap();
/// assert_eq!(Train::new(28_500, 3, pulse).unwrap().period_us(), 28_500); // 35.09 Hz
/// assert!(Train::new(28_571, 3, pulse).is_err()); // 35 Hz is not on the device's grid
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Train {
    quarters: u32,
    ramp: u8,
    points: Points,
}

impl Train {
    /// A pulse every period, the first `ramp` of them rising.
    ///
    /// The period is 500 to 16,383,000 µs in steps of 500, or 250 to 8,191,500 µs in steps of 250; the ramp 0 to 15
    /// pulses.
    ///
    /// # Errors
    /// Off the grid, or the pulse and the 60 µs that the device needs around it are longer than the period.
    pub fn new(period_us: u32, ramp: u8, points: Points) -> Result<Self, Refusal> {
        GRID.check(Field::Ramp, i64::from(ramp), 1, (0, 15))?;
        let fine = period_us <= 8_191_500;
        let range = (if fine { 250 } else { 500 }, i64::from(GRID.period_most_us));
        let step = if fine { 250 } else { 500 };
        GRID.check(Field::Period, i64::from(period_us), step, range)?;
        let train = Self { quarters: period_us.checked_div(250).unwrap_or_default(), ramp, points };
        check_busy(train.busy_us())?;
        Ok(train)
    }

    /// The period, µs.
    #[must_use]
    pub const fn period_us(&self) -> u32 {
        self.quarters.saturating_mul(250)
    }

    /// Pulses of the device's own ramp.
    #[must_use]
    pub const fn ramp(&self) -> u8 {
        self.ramp
    }

    /// The pulse.
    #[must_use]
    pub const fn points(&self) -> &Points {
        &self.points
    }

    /// How long the source is busy with this channel in a second, µs, rounded up (STD-S26: 60 µs more a pulse).
    fn busy_us(&self) -> i64 {
        let pulse = i64::from(self.points.width_us()).saturating_add(60).saturating_mul(1_000_000);
        let period = i64::from(self.period_us()).max(1);
        pulse.saturating_add(period.saturating_sub(1)).checked_div(period).unwrap_or(i64::MAX)
    }

    fn put(&self, writer: &mut Writer<'_, Wire>) {
        writer.put((self.points.count_code() << 4) | self.ramp);
        let fine = self.quarters & 1 == 1;
        let units = if fine { self.quarters } else { self.quarters >> 1 };
        let word = u16::try_from((units << 1) | u32::from(fine)).unwrap_or(u16::MAX);
        writer.put_all(&word.to_be_bytes());
        self.points.put(writer);
    }

    fn take(fields: &mut Fields<'_>) -> Result<Self, DecodeError> {
        let head = fields.byte()?;
        let word = u32::from(fields.word()?);
        let quarters = if word & 1 == 1 { word >> 1 } else { (word >> 1).saturating_mul(2) };
        let points = Points::take(fields, head >> 4)?;
        Ok(Self::new(quarters.saturating_mul(250), head & 0x0F, points)?)
    }
}

fn check_busy(busy_us: i64) -> Result<(), Refusal> {
    let most = 999_000;
    if busy_us <= most {
        return Ok(());
    }
    Err(Refusal { field: Field::Busy, value: busy_us, limit: Limit::AtMost(most), source: GRID.source })
}

/// What all channels of the mid level do; a channel without a train is off.
///
/// ```
/// use nmes_hal_adapters::sciencemode4::{Points, Train, Update};
/// let train = Train::new(25_000, 0, Points::symmetric(250, 0, 20_000).unwrap()).unwrap();
/// let update = Update::new([Some(train), None, None, None, None, None, None, None]).unwrap();
/// assert_eq!(update.active(), 0b1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Update {
    trains: [Option<Train>; CHANNELS],
}

impl Update {
    /// Everything off.
    pub const OFF: Self = Self { trains: [None; CHANNELS] };

    /// A train for each channel that is on.
    ///
    /// # Errors
    /// The one current source would be busy for more than 999 ms of a second.
    pub fn new(trains: [Option<Train>; CHANNELS]) -> Result<Self, Refusal> {
        let busy = trains.iter().flatten().fold(0_i64, |sum, train| sum.saturating_add(train.busy_us()));
        check_busy(busy)?;
        Ok(Self { trains })
    }

    /// The trains by channel.
    #[must_use]
    pub const fn trains(&self) -> &[Option<Train>; CHANNELS] {
        &self.trains
    }

    /// One bit for each channel that is on.
    #[must_use]
    pub fn active(&self) -> u8 {
        self.trains.iter().rev().fold(0, |bits, train| (bits << 1) | u8::from(train.is_some()))
    }

    fn put(&self, writer: &mut Writer<'_, Wire>) {
        writer.put(self.active());
        for train in self.trains.iter().flatten() {
            train.put(writer);
        }
    }

    fn take(fields: &mut Fields<'_>) -> Result<Self, DecodeError> {
        let mut active = fields.byte()?;
        let mut trains = [None; CHANNELS];
        for slot in &mut trains {
            if active & 1 == 1 {
                *slot = Some(Train::take(fields)?);
            }
            active >>= 1;
        }
        Ok(Self::new(trains)?)
    }
}

codes! {
    /// The commands that this crate knows. An answer has the number of its command and one more.
    Kind {
        /// Prepares the low level.
        LowLevelInit = 0,
        /// One pulse.
        LowLevelChannel = 2,
        /// Ends the low level.
        LowLevelStop = 4,
        /// Prepares the mid level.
        MidLevelInit = 30,
        /// Sets the trains of all channels.
        MidLevelUpdate = 32,
        /// Ends the mid level.
        MidLevelStop = 34,
        /// Asks for the state of each channel; this keeps the mid level alive.
        CurrentData = 36,
        /// Asks for the device's identity.
        DeviceId = 52,
        /// Asks for the battery.
        Battery = 54,
        /// Starts the device anew.
        Reset = 58,
        /// Asks what is initialised or running.
        StimStatus = 62,
        /// Asks for versions.
        Version = 68,
    }
}

/// A command with what belongs to it.
///
/// ```
/// use nmes_hal_adapters::sciencemode4::{Command, HighVoltage, Measurement};
/// let mut frame = [0; 32];
/// let init = Command::LowLevelInit { measurement: Measurement::None, high_voltage: HighVoltage::Standard };
/// let length = init.encode(1, &mut frame).unwrap();
/// assert_eq!(frame[..length], [0xF0, 0x81, 0x55, 0x81, 0x58, 0x81, 0x89, 0x81, 0x95, 0x04, 0x00, 0x00, 0x0F]);
/// ```
#[expect(clippy::large_enum_variant, reason = "no allocation; a command is built, written and dropped")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// [`Kind::LowLevelInit`].
    LowLevelInit {
        /// What is measured during pulses.
        measurement: Measurement,
        /// The supply.
        high_voltage: HighVoltage,
    },
    /// [`Kind::LowLevelChannel`].
    LowLevelChannel(ChannelConfig),
    /// [`Kind::MidLevelInit`].
    MidLevelInit {
        /// Whether an error of one channel stops all.
        stop_all_on_error: bool,
    },
    /// [`Kind::MidLevelUpdate`].
    MidLevelUpdate(Update),
    /// A command without anything to it.
    Plain(Plain),
}

codes! {
    /// Commands without anything to them; the codes are those of [`Kind`].
    Plain {
        /// [`Kind::LowLevelStop`].
        LowLevelStop = 4,
        /// [`Kind::MidLevelStop`].
        MidLevelStop = 34,
        /// [`Kind::CurrentData`], always for all errors of all channels.
        CurrentData = 36,
        /// [`Kind::DeviceId`].
        DeviceId = 52,
        /// [`Kind::Battery`].
        Battery = 54,
        /// [`Kind::Reset`].
        Reset = 58,
        /// [`Kind::StimStatus`].
        StimStatus = 62,
        /// [`Kind::Version`].
        Version = 68,
    }
}

/// The selection of [`Kind::CurrentData`]: all errors of all channels.
pub(super) const ALL_CHANNELS: u8 = 4;

impl Command {
    /// Which command it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::LowLevelInit { .. } => Kind::LowLevelInit,
            Self::LowLevelChannel(_) => Kind::LowLevelChannel,
            Self::MidLevelInit { .. } => Kind::MidLevelInit,
            Self::MidLevelUpdate(_) => Kind::MidLevelUpdate,
            Self::Plain(plain) => Kind::from_code(plain.code()).unwrap_or(Kind::Reset),
        }
    }

    /// Writes the command as a frame and gives its length, at most
    /// [`COMMAND_LONGEST`](super::COMMAND_LONGEST) bytes. The packet number is 0 to 63; upper bits are lost.
    ///
    /// # Errors
    /// The buffer is too short.
    pub fn encode(&self, number: u8, out: &mut [u8]) -> Result<usize, EncodeError> {
        let mut writer = begin(u16::from(self.kind().code()), number, out);
        match self {
            Self::LowLevelInit { measurement, high_voltage } => {
                writer.put((measurement.code() << 4) | (high_voltage.code() << 1));
            }
            Self::LowLevelChannel(config) => config.put(&mut writer),
            Self::MidLevelInit { stop_all_on_error } => writer.put(u8::from(*stop_all_on_error)),
            Self::MidLevelUpdate(update) => update.put(&mut writer),
            Self::Plain(Plain::CurrentData) => writer.put(ALL_CHANNELS),
            Self::Plain(_) => {}
        }
        writer.finish()
    }

    /// Reads a command as the device would, and strictly: what this crate would not send is an error.
    ///
    /// # Errors
    /// No command, or not one of this crate.
    pub fn decode(packet: &super::Packet<'_>) -> Result<Self, DecodeError> {
        let unknown = DecodeError::Command { command: packet.command };
        let kind = u8::try_from(packet.command).ok().and_then(Kind::from_code).ok_or(unknown)?;
        let mut fields = Fields::new(packet.payload);
        let command = match Plain::from_code(kind.code()) {
            Some(plain) => Self::take_plain(plain, &mut fields)?,
            None => Self::take(kind, &mut fields)?,
        };
        fields.end()?;
        Ok(command)
    }

    fn take_plain(plain: Plain, fields: &mut Fields<'_>) -> Result<Self, DecodeError> {
        if plain == Plain::CurrentData {
            fields.code("selection", |code| (code == ALL_CHANNELS).then_some(()))?;
        }
        Ok(Self::Plain(plain))
    }

    fn take(kind: Kind, fields: &mut Fields<'_>) -> Result<Self, DecodeError> {
        if kind == Kind::MidLevelUpdate {
            return Update::take(fields).map(Self::MidLevelUpdate);
        }
        if kind == Kind::MidLevelInit {
            let flag = |code| (code <= 1).then_some(code == 1);
            return Ok(Self::MidLevelInit { stop_all_on_error: fields.code("stop on error", flag)? });
        }
        if kind == Kind::LowLevelChannel {
            return ChannelConfig::take(fields).map(Self::LowLevelChannel);
        }
        let byte = fields.byte()?;
        let bad = DecodeError::Value { field: "low-level init", value: u32::from(byte) };
        let measurement = Measurement::from_code(byte >> 4).ok_or(bad)?;
        let high_voltage = HighVoltage::from_code((byte >> 1) & 7).filter(|_| byte & 1 == 0).ok_or(bad)?;
        Ok(Self::LowLevelInit { measurement, high_voltage })
    }
}

impl ChannelConfig {
    fn put(&self, writer: &mut Writer<'_, Wire>) {
        let place = (self.channel.code() << 5) | (self.connector.code() << 4);
        match &self.points {
            Some(points) => {
                writer.put(0x80 | place | points.count_code());
                points.put(writer);
            }
            None => writer.put(place),
        }
    }

    fn take(fields: &mut Fields<'_>) -> Result<Self, DecodeError> {
        let head = fields.byte()?;
        let channel = Channel::from_code((head >> 5) & 3).unwrap_or(Channel::Red);
        let connector = Connector::from_code((head >> 4) & 1).unwrap_or(Connector::Yellow);
        let points = match (head & 0x80, head & 0x0F) {
            (0, 0) => None,
            (0, count) => {
                return Err(DecodeError::Value { field: "points of nothing", value: u32::from(count) });
            }
            (_, count) => Some(Points::take(fields, count)?),
        };
        Ok(Self { channel, connector, points })
    }
}
