//! A checked plan on the device: its grid as a [`Hardware`], frames as points, and what it cannot do.

use super::commands::{CHANNELS, Channel, ChannelConfig, Command, Connector, Train, Update};
use super::machine::{Fault, Phase};
use super::points::{GRID, POINTS_MAX, Point, Points};
use super::session::Session;
use crate::wire::{
    Exchange, Field, Limit, PlayError, Plays, Refusal, RunOn, StopAnswer, TICKS, Unsent, at_most,
    even_period_us, refuse, second_plan, whole_pulse,
};
use nmes_core::{
    Balance, ChannelHardware, ChannelPlan, ConfigError, Form, Hardware, HardwareTiming, Level, Plan,
    PulseFrame, Rest, Setting,
};
use nmes_safety::Admitted;

/// Pulses of all channels in a second that are taken on the low level. Ours: a command has 1 ms latency (STD-S34) and is
/// answered before the next.
const PULSES_MAX_MHZ: i64 = 500_000;
/// What the device needs around a pulse, µs (STD-S26).
const AROUND_US: u64 = 60;
/// For how long the mid level goes on without a question (STD-S26).
const RUN_ON_MS: u32 = 2_000;

/// The device as a [`Hardware`]: ticks of 1 µs, codes of 500 µA from −260 to 260, edges 10 µs apart, one current source
/// for 1 to 8 channels. Gaps and the time between pulses are driven zeros;
/// outside trains nothing is connected.
///
/// Channels 0 to 3 are red, blue, black and white of the yellow connector, 4 to 7 those of the green one. As all share one
/// source, a session of several channels needs offsets, or [`Overlap::Defer`](nmes_core::Overlap::Defer).
///
/// # Errors
/// No channel, or more than eight.
///
/// ```
/// use nmes_hal_adapters::sciencemode4;
/// let hardware = sciencemode4::hardware(2).unwrap();
/// assert_eq!(hardware.channel(1).unwrap().current_na(40), 20_000_000); // 20 mA
/// ```
pub fn hardware(channels: usize) -> Result<Hardware, ConfigError> {
    let timing = HardwareTiming {
        min_edge_ticks: GRID.width_least_us,
        gap_rest: Rest::DrivenZero,
        pulse_rest: Rest::DrivenZero,
        ..HardwareTiming::ideal(TICKS)
    };
    let channel = ChannelHardware { source: 1, ..ChannelHardware::symmetric(500_000, -260, 260) };
    // one too many is refused by its number
    let table = [channel; CHANNELS + 1];
    Hardware::new(timing, table.get(..channels).unwrap_or(&table), 0)
}

impl Points {
    /// The points of a frame: one for each segment, and more for one that is longer than 4,095 µs. Nothing is rounded.
    ///
    /// The frame is of a plan for [`hardware`]; that is what [`Plays::bind`] makes sure of.
    ///
    /// # Errors
    /// More than 16 points, or off the grid.
    pub fn of(frame: &PulseFrame<'_>) -> Result<Self, Refusal> {
        let (mut own, mut count) = ([Point::default(); POINTS_MAX], 0_usize);
        for segment in frame.segments() {
            let current_ua = match segment.level {
                Level::Open | Level::Shorted => 0,
                Level::Code(code) => code.saturating_mul(500),
            };
            let mut left = segment.ticks;
            while left > 0 {
                let width = piece(left);
                left = left.saturating_sub(u32::from(width));
                let slot = own.get_mut(count);
                count = count.saturating_add(1);
                let Some(slot) = slot else {
                    let limit = Limit::AtMost(16);
                    return refuse(
                        Field::Points,
                        i64::from(frame.segment_count()).max(17),
                        limit,
                        GRID.source,
                    );
                };
                *slot = Point::new(width, current_ua)?;
            }
        }
        Self::new(own.get(..count).unwrap_or_default())
    }
}

/// As long as a point may be, and so that what is left is long enough for one.
fn piece(left: u32) -> u16 {
    let most = GRID.width_most_us;
    let width = if left <= most { left } else { most.min(left.saturating_sub(GRID.width_least_us)) };
    u16::try_from(width).unwrap_or(u16::MAX)
}

/// What a plan fixes for the frames that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    channels: [Most; CHANNELS],
}

/// What a plan fixes for a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Most {
    /// The period of the mid level, µs.
    period_us: u32,
    /// Thousandths of a hertz.
    rate_mhz: i64,
    /// Of any of its pulses, µs.
    longest_us: u64,
    /// The pulse at the ceiling.
    pulse: Option<Points>,
}

impl Bound {
    /// Holds a plan against what the device can do on one of its levels.
    fn of(plan: &Plan<'_>, is_low: bool) -> Result<Self, Refusal> {
        GRID.is_of(plan)?;
        let mut bound = Self { channels: [Most::default(); CHANNELS] };
        let (mut busy_us, mut rate_mhz) = (0_i64, 0_i64);
        for (channel, slot) in plan.channels().zip(&mut bound.channels) {
            *slot = Most::of(plan, channel, is_low)?;
            let each = i64::try_from(slot.longest_us.saturating_add(AROUND_US)).unwrap_or(i64::MAX);
            rate_mhz = rate_mhz.saturating_add(slot.rate_mhz);
            let busy = each.saturating_mul(slot.rate_mhz).checked_div(1_000).unwrap_or(0);
            busy_us = busy_us.saturating_add(busy);
        }
        if busy_us > 999_000 {
            return refuse(Field::Busy, busy_us, Limit::AtMost(999_000), GRID.source);
        }
        if is_low && rate_mhz > PULSES_MAX_MHZ {
            return refuse(Field::Rate, rate_mhz, Limit::AtMost(PULSES_MAX_MHZ), "ours");
        }
        Ok(bound)
    }

    /// The period of a channel whose plan may have these points.
    fn covers(&self, channel: u8, points: &Points) -> Result<u32, Refusal> {
        let most = self.channels.get(usize::from(channel)).copied().unwrap_or_default();
        let strongest = most.pulse.as_ref().map_or(0, peak_ua);
        at_most(Field::Current, peak_ua(points), strongest)?;
        at_most(Field::Width, points.width_us(), u32::try_from(most.longest_us).unwrap_or(u32::MAX))?;
        Ok(most.period_us)
    }
}

impl Most {
    fn of(plan: &Plan<'_>, channel: &ChannelPlan<'_>, is_low: bool) -> Result<Self, Refusal> {
        let pulse = fits(plan, channel)?;
        let period_us = if is_low { 0 } else { even_period_us(plan, channel)? };
        if !is_low {
            Train::new(period_us, 0, pulse)?;
        }
        let rate_mhz = i64::try_from(channel.rate().as_millihertz()).unwrap_or(i64::MAX);
        Ok(Self { period_us, rate_mhz, longest_us: channel.longest_ticks(), pulse: Some(pulse) })
    }
}

fn peak_ua(points: &Points) -> u32 {
    points.as_slice().iter().map(|point| point.current_ua().unsigned_abs()).max().unwrap_or(0)
}

/// A pulse of the low level, the how manieth it is of all channels, and its number.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    order: u32,
    sequence: u32,
    config: ChannelConfig,
}

/// What is to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) bound: Option<Bound>,
    /// Pulses of the low level.
    pulses: [Option<Waiting>; CHANNELS],
    order: u32,
    unsent: Unsent,
    /// Trains of the mid level, and whether the device has been told.
    trains: [Option<Train>; CHANNELS],
    told: bool,
    played: bool,
}

impl Wanted {
    pub(super) const NOTHING: Self = Self {
        bound: None,
        pulses: [None; CHANNELS],
        order: 0,
        unsent: Unsent::NOTHING,
        trains: [None; CHANNELS],
        told: true,
        played: false,
    };

    /// The oldest pulse that waits, or the trains if they have changed.
    ///
    /// # Errors
    /// They are none that the device takes: it goes on with what it was told before, so it has to be stopped.
    pub(super) fn take(&mut self) -> Result<Option<Command>, Refusal> {
        let waiting = self.pulses.iter_mut().filter(|slot| slot.is_some());
        let oldest = waiting.min_by_key(|slot| slot.map_or(u32::MAX, |waiting| waiting.order));
        if let Some(Waiting { config, .. }) = oldest.and_then(Option::take) {
            return Ok(Some(Command::LowLevelChannel(config)));
        }
        if self.told {
            return Ok(None);
        }
        let update = Update::new(self.trains)?;
        self.told = true;
        Ok(Some(Command::MidLevelUpdate(update)))
    }

    fn is_waiting(&self) -> bool {
        self.pulses.iter().any(Option::is_some)
    }

    /// A command is on its way.
    pub(super) fn sent(&mut self, command: &Command) {
        match command {
            Command::LowLevelChannel(config) => {
                let channel = (config.connector.code() << 2) | config.channel.code();
                let next = self.pulses.get(usize::from(channel)).and_then(Option::as_ref);
                self.unsent.sent(channel, next.map(|waiting| waiting.sequence));
            }
            Command::MidLevelUpdate(_) => self.unsent.started(),
            Command::LowLevelInit { .. } | Command::MidLevelInit { .. } | Command::Plain(_) => {}
        }
    }
}

impl Plays for Session {
    type Fault = Fault;

    fn bind(&mut self, plan: &Plan<'_>) -> Result<(), Refusal> {
        let bound = Bound::of(plan, self.is_low())?;
        if !self.wanted.played {
            self.wanted = Wanted { bound: Some(bound), ..Wanted::NOTHING };
        } else if self.wanted.bound != Some(bound) {
            return second_plan();
        }
        Ok(())
    }

    fn is_bound_to(&self, plan: &Plan<'_>) -> bool {
        self.wanted.bound.is_some_and(|bound| Bound::of(plan, self.is_low()) == Ok(bound))
    }

    /// On the low level the device has nothing to repeat.
    fn run_on(&self, plan: &Plan<'_>) -> Option<RunOn> {
        (!self.is_low()).then(|| RunOn::of(plan, RUN_ON_MS))
    }

    fn play(&mut self, admitted: &Admitted<'_>) -> Result<(), PlayError<Fault>> {
        whole_pulse(admitted)?;
        let (Some(bound), true) = (self.wanted.bound, self.is_ready()) else {
            return Err(self.not_ready());
        };
        let (channel, sequence) = (admitted.frame().channel(), admitted.frame().sequence());
        let points = Points::of(admitted.frame())?;
        points.balanced()?;
        let period = bound.covers(channel, &points)?;
        let index = usize::from(channel);
        if self.is_low() {
            let (channel_of, connector) = place(channel)?;
            let slot = self.wanted.pulses.get_mut(index).filter(|slot| slot.is_none());
            let slot = slot.ok_or(PlayError::Behind { channel })?;
            let config = ChannelConfig { channel: channel_of, connector, points: Some(points) };
            *slot = Some(Waiting { order: self.wanted.order, sequence, config });
            self.wanted.order = self.wanted.order.wrapping_add(1);
        } else {
            let train = Some(Train::new(period, 0, points)?);
            if let Some(slot) = self.wanted.trains.get_mut(index).filter(|slot| **slot != train) {
                *slot = train;
                self.wanted.told = false;
            }
        }
        self.wanted.unsent.taken(channel, sequence);
        self.wanted.played = true;
        Ok(())
    }

    fn rest(&mut self, channel: u8) {
        if let Some(slot) = self.wanted.trains.get_mut(usize::from(channel)).filter(|slot| slot.is_some()) {
            *slot = None;
            self.wanted.told = false;
        }
    }

    fn is_behind(&self) -> bool {
        self.wanted.is_waiting() || self.is_sending_a_pulse()
    }

    fn unsent(&self, channel: u8) -> Option<u32> {
        self.wanted.unsent.of(channel)
    }

    fn end(&mut self) -> Result<(), PlayError<Fault>> {
        if self.wanted.played {
            Exchange::stop(self);
        }
        let goes_on = !self.is_low() && self.wanted.played;
        let lost = matches!(self.fault(), Some(Fault::Lost | Fault::NoReply { .. }));
        let failed = self.machine.stops.failed(lost || self.phase() == Phase::Over);
        if failed && goes_on { Err(PlayError::Ended(self.fault())) } else { Ok(()) }
    }

    fn stop_answer(&self) -> StopAnswer {
        self.machine.stops.answer()
    }

    fn is_ready(&self) -> bool {
        matches!(self.phase(), Phase::Ready | Phase::Running)
    }

    fn why(&self) -> Option<Fault> {
        self.fault()
    }
}

impl Session {
    fn not_ready(&self) -> PlayError<Fault> {
        match self.phase() {
            Phase::Stopping | Phase::Over => PlayError::Ended(self.fault()),
            Phase::Opening | Phase::Ready | Phase::Running => PlayError::NotReady,
        }
    }
}

/// A pulse that can be made of 16 points whatever its setting, and leaves nothing: its points at the ceiling.
fn fits(plan: &Plan<'_>, channel: &ChannelPlan<'_>) -> Result<Points, Refusal> {
    let pulse = &channel.channel().pulse;
    if let Balance::DeclaredDc { at_most } = pulse.balance {
        let value = i64::from(at_most.as_microamps());
        return refuse(Field::Net, value, Limit::AtMost(0), "ours");
    }
    let points = longest(plan, channel)?;
    // at another setting the balancing phase may be in two levels, once in each repeat
    let plain = pulse.form == Form::Rectangular && pulse.balance == Balance::Symmetric;
    let more = if plain { 0 } else { i64::from(pulse.repeat.count) };
    let most = i64::try_from(points.as_slice().len()).unwrap_or(i64::MAX).saturating_add(more);
    if most > 16 {
        return refuse(Field::Points, most, Limit::AtMost(16), GRID.source);
    }
    Ok(points)
}

/// The points at the ceiling.
fn longest(plan: &Plan<'_>, channel: &ChannelPlan<'_>) -> Result<Points, Refusal> {
    let index = plan.channels().position(|other| core::ptr::eq(other, channel));
    let index = index.and_then(|index| u8::try_from(index).ok()).unwrap_or(u8::MAX);
    let Setting { amplitude, width } = channel.channel().ceiling;
    match plan.frame(index, Setting { amplitude, width }, 0) {
        Some(frame) => Points::of(&frame),
        None => refuse(Field::Channel, i64::from(index), Limit::AtMost(7), "the plan has no such frame"),
    }
}

fn place(channel: u8) -> Result<(Channel, Connector), Refusal> {
    let found = Channel::from_code(channel & 3);
    let connector = if channel < 4 { Connector::Yellow } else { Connector::Green };
    match found.filter(|_| channel < 8) {
        Some(found) => Ok((found, connector)),
        None => refuse(Field::Channel, i64::from(channel), Limit::AtMost(7), GRID.source),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests; a panic is a failure")]
mod tests {
    use super::Wanted;
    use crate::sciencemode4::{Fault, Phase, Point, Points, Session, Timing, Train};
    use crate::wire::{Exchange, Field, Poll};

    /// REQ-HAL-407: a change that no command of the device can say ends the conversation by a stop: the device would go on
    /// with what it was told before.
    #[test]
    fn a_change_that_cannot_be_sent_is_a_stop() {
        let points = Points::new(&[Point::new(4_000, 0).unwrap(); 16]).unwrap();
        let train = Train::new(100_000, 0, points).unwrap();
        let mut session = Session::mid_level(Timing::default());
        session.machine.phase = Phase::Running;
        session.wanted =
            Wanted { trains: [Some(train); super::CHANNELS], told: false, played: true, ..Wanted::NOTHING };
        let mut out = [0; Session::FRAME_MAX];
        assert!(matches!(session.poll(0, &mut out), Poll::Send(_)));
        assert_eq!(session.phase(), Phase::Stopping);
        assert!(matches!(session.fault(), Some(Fault::Refused(why)) if why.field == Field::Busy));
    }
}
