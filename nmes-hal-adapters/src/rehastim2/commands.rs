//! What a host may ask of the device.

use super::framing::Packet;
use crate::wire::{DecodeError, EncodeError, Field, Fields, Grid, Limit, Refusal, codes};

/// Channels of the device.
pub const CHANNELS: usize = 8;

/// What a RehaStim 2 does exactly, as far as its vendor says. A width of 0 is none; 1 to 19 µs would become 20, so
/// they are refused. With 8 channels the period is at least 25,000 µs, and we take 3,125 µs a channel.
pub const GRID: Grid = Grid {
    channels: 8,
    current_step_ua: 2_000,
    current_max_ua: 126_000,
    width_step_us: 1,
    width_least_us: 20,
    width_most_us: 500,
    period_step_us: 500,
    period_least_us: 8_000,
    period_most_us: 1_025_000,
    source: "STD-S34",
};

/// Time that each channel of a list takes of the period, µs: the vendor's 40 Hz with 8 channels, in equal parts.
const CHANNEL_US: i64 = 3_125;

codes! {
    /// How many pulses stand in a group.
    Count {
        /// One.
        Single = 0,
        /// Two.
        Doublet = 1,
        /// Three.
        Triplet = 2,
    }
}

codes! {
    /// The answer to a device that says it has started.
    InitResult {
        /// Connected.
        Connected = 0,
        /// The version of the protocol is not known here.
        Version = 251,
    }
}

/// Which channels are used, and when.
///
/// ```
/// use nmes_hal_adapters::rehastim2::List;
/// let list = List::new(0b0000_0011, 25_000).unwrap().with_gap(8_000).unwrap();
/// assert_eq!((list.channels(), list.period_us(), list.gap_us()), (3, 25_000, 8_000));
/// assert!(List::new(0xFF, 20_000).is_err()); // all 8 channels at 50 Hz
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List {
    channels: u8,
    low_frequency: u8,
    factor: u8,
    gap: u8,
    period: u16,
}

impl List {
    /// Channels as bits, and the period of all of them: 8,000 to 1,025,000 µs in steps of 500, at least 3,125 µs for
    /// each channel. The gap within doublets and triplets is 2,000 µs.
    ///
    /// # Errors
    /// Off the grid, or no channel.
    pub fn new(channels: u8, period_us: u32) -> Result<Self, Refusal> {
        let count = i64::from(channels.count_ones());
        GRID.check(Field::Channels, count, 1, (1, 8))?;
        let steps = GRID.period(period_us)?;
        let least = count.saturating_mul(CHANNEL_US);
        if i64::from(period_us) < least {
            let (value, limit) = (i64::from(period_us), Limit::AtLeast(least));
            return Err(Refusal { field: Field::Period, value, limit, source: GRID.source });
        }
        let period = u16::try_from(steps.saturating_sub(2)).unwrap_or_default();
        Ok(Self { channels, low_frequency: 0, factor: 0, gap: 1, period })
    }

    /// Another gap between the pulses of doublets and triplets: 2,000 to 129,000 µs in steps of 500.
    ///
    /// # Errors
    /// Off the grid.
    pub fn with_gap(self, gap_us: u32) -> Result<Self, Refusal> {
        let steps = GRID.check(Field::PulseGap, i64::from(gap_us), 500, (2_000, 129_000))?;
        Ok(Self { gap: u8::try_from(steps.saturating_sub(3)).unwrap_or(1), ..self })
    }

    /// Channels that leave out `factor` (0 to 7) periods after each pulse.
    ///
    /// # Errors
    /// The factor is too large, or a channel is not in the list.
    pub fn with_low_frequency(self, channels: u8, factor: u8) -> Result<Self, Refusal> {
        GRID.check(Field::LowFrequency, i64::from(factor), 1, (0, 7))?;
        let strange = channels & !self.channels;
        if strange != 0 {
            let (value, limit) = (i64::from(strange.trailing_zeros()), Limit::AtMost(-1));
            return Err(Refusal { field: Field::Channel, value, limit, source: "ours" });
        }
        Ok(Self { low_frequency: channels, factor, ..self })
    }

    /// One bit for each channel.
    #[must_use]
    pub const fn channels(&self) -> u8 {
        self.channels
    }

    /// The period, µs.
    #[must_use]
    pub fn period_us(&self) -> u32 {
        u32::from(self.period).saturating_add(2).saturating_mul(500)
    }

    /// The gap within doublets and triplets, µs.
    #[must_use]
    pub fn gap_us(&self) -> u32 {
        u32::from(self.gap).saturating_add(3).saturating_mul(500)
    }

    const fn bytes(&self) -> [u8; 7] {
        let [high, low] = self.period.to_be_bytes();
        // the last one is the order of the channels; 0 as STD-S27 has it
        [self.factor, self.channels, self.low_frequency, self.gap, high, low, 0]
    }

    fn take(fields: &mut Fields<'_>) -> Result<Self, DecodeError> {
        let [factor, channels, low, gap, high, lower, order] = fields.array()?;
        if order != 0 {
            return Err(DecodeError::Value { field: "order of channels", value: u32::from(order) });
        }
        let units = |code: u32| code.saturating_mul(500);
        let period = units(u32::from(u16::from_be_bytes([high, lower])).saturating_add(2));
        let gap = units(u32::from(gap).saturating_add(3));
        Ok(Self::new(channels, period)?.with_gap(gap)?.with_low_frequency(low, factor)?)
    }
}

/// The pulse of a channel; the device adds the opposite phase.
///
/// ```
/// use nmes_hal_adapters::rehastim2::{Count, Pulse};
/// let pulse = Pulse::new(250, 20_000, Count::Single).unwrap();
/// assert_eq!((pulse.width_us(), pulse.current_ua()), (250, 20_000));
/// assert!(Pulse::new(250, 21_000, Count::Single).is_err()); // 2 mA steps
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    count: Count,
    width_us: u16,
    current_ma: u8,
}

impl Pulse {
    /// Nothing.
    pub const OFF: Self = Self { count: Count::Single, width_us: 0, current_ma: 0 };

    /// A phase of 20 to 500 µs (or 0) of 0 to 126,000 µA in steps of 2,000.
    ///
    /// # Errors
    /// Off the grid; nothing is rounded.
    pub fn new(width_us: u16, current_ua: u32, count: Count) -> Result<Self, Refusal> {
        if width_us != 0 {
            GRID.width(width_us)?;
        }
        let range = (0, i64::from(GRID.current_max_ua));
        let steps = GRID.check(Field::Current, i64::from(current_ua), GRID.current_step_ua, range)?;
        let current_ma = u8::try_from(steps.saturating_mul(2)).unwrap_or_default();
        Ok(Self { count, width_us, current_ma })
    }

    pub(super) const fn count(self) -> Count {
        self.count
    }

    /// Width of one phase, µs.
    #[must_use]
    pub const fn width_us(self) -> u16 {
        self.width_us
    }

    /// Current of one phase, µA.
    #[must_use]
    pub fn current_ua(self) -> u32 {
        u32::from(self.current_ma).saturating_mul(1_000)
    }

    /// Whether anything comes out.
    const fn is_on(self) -> bool {
        self.width_us != 0 && self.current_ma != 0
    }

    fn take(fields: &mut Fields<'_>) -> Result<Self, DecodeError> {
        let count = fields.code("pulses in a group", Count::from_code)?;
        let width = fields.word()?;
        let current = u32::from(fields.byte()?).saturating_mul(1_000);
        Ok(Self::new(width, current, count)?)
    }
}

/// The pulses of all channels of a list, in the order of the channels.
///
/// ```
/// use nmes_hal_adapters::rehastim2::{Count, List, Pulse, Start};
/// let list = List::new(0b0101, 25_000).unwrap();
/// let pulse = Pulse::new(250, 20_000, Count::Doublet).unwrap();
/// assert_eq!(Start::new(&list, &[pulse, Pulse::OFF]).unwrap().active(), 1);
/// assert!(Start::new(&list, &[pulse]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    pulses: [Pulse; CHANNELS],
    count: u8,
}

impl Start {
    /// A pulse for each channel of the list.
    ///
    /// # Errors
    /// Not one for each channel, or a group is longer than the period.
    pub fn new(list: &List, pulses: &[Pulse]) -> Result<Self, Refusal> {
        let wanted = i64::from(list.channels.count_ones());
        let count = i64::try_from(pulses.len()).unwrap_or(i64::MAX);
        GRID.check(Field::Channels, count, 1, (wanted, wanted))?;
        for pulse in pulses {
            let group = list.gap_us().saturating_mul(u32::from(pulse.count.code()));
            GRID.check(
                Field::PulseGap,
                i64::from(group),
                1,
                (0, i64::from(list.period_us()).saturating_sub(1)),
            )?;
        }
        Ok(Self::from_slice(pulses))
    }

    fn from_slice(pulses: &[Pulse]) -> Self {
        let mut own = [Pulse::OFF; CHANNELS];
        for (slot, pulse) in own.iter_mut().zip(pulses) {
            *slot = *pulse;
        }
        Self { pulses: own, count: u8::try_from(pulses.len().min(CHANNELS)).unwrap_or_default() }
    }

    /// The pulses.
    #[must_use]
    pub fn as_slice(&self) -> &[Pulse] {
        self.pulses.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// How many channels put anything out.
    #[must_use]
    pub fn active(&self) -> usize {
        self.as_slice().iter().filter(|pulse| pulse.is_on()).count()
    }
}

codes! {
    /// The commands that this crate sends. An answer has the number of its command and one more, where there is one.
    Kind {
        /// The host has heard that the device started.
        InitAck = 2,
        /// Keeps the device alive; not answered.
        Watchdog = 4,
        /// Asks for the mode.
        GetMode = 10,
        /// Prepares a list of channels.
        InitList = 30,
        /// Starts the list, or changes its pulses.
        StartList = 32,
        /// Stops.
        StopList = 34,
    }
}

/// A command with what belongs to it.
///
/// ```
/// use nmes_hal_adapters::rehastim2::{Command, InitResult};
/// let mut frame = [0; 16];
/// let length = Command::InitAck(InitResult::Connected).encode(0, &mut frame).unwrap();
/// assert_eq!(frame[..length], [0xF0, 0x81, 0x7F, 0x81, 0x56, 0x00, 0x02, 0x00, 0x0F]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// [`Kind::InitAck`]; its packet number is the one that the device sent.
    InitAck(InitResult),
    /// [`Kind::Watchdog`].
    Watchdog,
    /// [`Kind::GetMode`].
    GetMode,
    /// [`Kind::InitList`].
    InitList(List),
    /// [`Kind::StartList`].
    StartList(Start),
    /// [`Kind::StopList`].
    StopList,
}

impl Command {
    /// Which command it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::InitAck(_) => Kind::InitAck,
            Self::Watchdog => Kind::Watchdog,
            Self::GetMode => Kind::GetMode,
            Self::InitList(_) => Kind::InitList,
            Self::StartList(_) => Kind::StartList,
            Self::StopList => Kind::StopList,
        }
    }

    /// Writes the command as a frame and gives its length, at most [`FRAME_LONGEST`](super::FRAME_LONGEST) bytes.
    ///
    /// # Errors
    /// The buffer is too short.
    pub fn encode(&self, number: u8, out: &mut [u8]) -> Result<usize, EncodeError> {
        let mut data = [0_u8; 32];
        let payload = match self {
            Self::InitAck(result) => fill(&mut data, &[result.code()]),
            Self::InitList(list) => fill(&mut data, &list.bytes()),
            Self::StartList(start) => {
                for (chunk, pulse) in data.chunks_exact_mut(4).zip(start.as_slice()) {
                    let [high, low] = pulse.width_us.to_be_bytes();
                    chunk.copy_from_slice(&[pulse.count.code(), high, low, pulse.current_ma]);
                }
                data.get(..usize::from(start.count).saturating_mul(4)).unwrap_or_default()
            }
            Self::Watchdog | Self::GetMode | Self::StopList => &[],
        };
        Packet { number, command: self.kind().code(), payload }.encode(out)
    }

    /// Reads a command as the device would, and strictly: what this crate would not send is an error.
    ///
    /// # Errors
    /// No command, or not one of this crate.
    pub fn decode(packet: &Packet<'_>) -> Result<Self, DecodeError> {
        let unknown = DecodeError::Command { command: u16::from(packet.command) };
        let mut fields = Fields::new(packet.payload);
        let command = match Kind::from_code(packet.command).ok_or(unknown)? {
            Kind::InitAck => Self::InitAck(fields.code("result", InitResult::from_code)?),
            Kind::Watchdog => Self::Watchdog,
            Kind::GetMode => Self::GetMode,
            Kind::InitList => Self::InitList(List::take(&mut fields)?),
            Kind::StartList => Self::StartList(take_start(&mut fields)?),
            Kind::StopList => Self::StopList,
        };
        fields.end()?;
        Ok(command)
    }
}

fn fill<'a>(data: &'a mut [u8; 32], bytes: &[u8]) -> &'a [u8] {
    for (slot, byte) in data.iter_mut().zip(bytes) {
        *slot = *byte;
    }
    data.get(..bytes.len()).unwrap_or_default()
}

fn take_start(fields: &mut Fields<'_>) -> Result<Start, DecodeError> {
    let mut pulses = [Pulse::OFF; CHANNELS];
    let mut count = 0_usize;
    while fields.left() > 0 {
        let left = fields.left();
        let slot = pulses.get_mut(count).ok_or(DecodeError::Long { left })?;
        *slot = Pulse::take(fields)?;
        count = count.saturating_add(1);
    }
    Ok(Start::from_slice(pulses.get(..count).unwrap_or_default()))
}
