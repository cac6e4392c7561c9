//! A checked plan on the device: its grid as a [`Hardware`], frames as pulses of its list, and what it cannot do.

use super::commands::{CHANNELS, Command, Count, GRID, List, Pulse, Start};
use super::machine::{Fault, Phase};
use super::session::Session;
use crate::wire::{
    BOUND, Exchange, Field, Limit, PlayError, Plays, Refusal, RunOn, StopAnswer, TICKS, Unsent, at_most,
    even_period_us, refuse, second_plan, whole_pulse,
};
use nmes_core::{
    Balance, ChannelHardware, ChannelPlan, ConfigError, Control, Form, Hardware, HardwareTiming, Level, Plan,
    PulseFrame, Rest, Segment,
};
use nmes_safety::Admitted;

/// For how long the device goes on without a packet (STD-S36).
const RUN_ON_MS: u32 = 1_200;

/// The device as a [`Hardware`]: ticks of 1 µs, codes of 2 mA from −63 to 63, edges 20 µs apart, 1 to 8 channels. Which
/// channel of a list comes first is the device's affair, so its channels do not share a source in a plan.
///
/// # Errors
/// No channel, or more than eight.
///
/// ```
/// use nmes_hal_adapters::rehastim2;
/// let hardware = rehastim2::hardware(8).unwrap();
/// assert_eq!(hardware.channel(7).unwrap().current_na(10), 20_000_000); // 20 mA
/// ```
pub fn hardware(channels: usize) -> Result<Hardware, ConfigError> {
    let timing = HardwareTiming {
        min_edge_ticks: GRID.width_least_us,
        gap_rest: Rest::DrivenZero,
        pulse_rest: Rest::DrivenZero,
        ..HardwareTiming::ideal(TICKS)
    };
    // one too many is refused by its number
    let table = [ChannelHardware::symmetric(2_000_000, -63, 63); CHANNELS + 1];
    Hardware::new(timing, table.get(..channels).unwrap_or(&table), 0)
}

/// From the onset of a pulse of a group to the onset of the next, µs, where there are several.
fn spacing_us(frame: &PulseFrame<'_>) -> u32 {
    frame.cycle_segments().fold(0, |sum, segment| sum.saturating_add(segment.ticks))
}

impl Pulse {
    /// The pulse of a frame: a phase, at once its mirror image, one to three times with the gap of the list from onset to
    /// onset. Nothing is rounded. The protocol has no sign: which pad is the cathode first is a matter of the cable.
    ///
    /// The frame is of a plan for [`hardware`]; that is what [`Plays::bind`] makes sure of.
    ///
    /// # Errors
    /// Another form, or off the grid.
    pub fn of(frame: &PulseFrame<'_>, list: &List) -> Result<Self, Refusal> {
        let (code, width) = phases(frame)?;
        let count = count_of(frame.cycles())?;
        let spacing = spacing_us(frame);
        if count != Count::Single && spacing != list.gap_us() {
            let limit = Limit::Equal(i64::from(list.gap_us()));
            return refuse(Field::PulseGap, i64::from(spacing), limit, GRID.source);
        }
        let width = u16::try_from(width).unwrap_or(u16::MAX);
        Self::new(width, code.saturating_mul(GRID.current_step_ua), count)
    }
}

fn count_of(cycles: u16) -> Result<Count, Refusal> {
    let code = u8::try_from(cycles.saturating_sub(1)).unwrap_or(u8::MAX);
    match Count::from_code(code) {
        Some(count) => Ok(count),
        None => refuse(Field::Points, i64::from(cycles), Limit::AtMost(3), GRID.source),
    }
}

/// Code and width of the two phases of each repeat.
fn phases(frame: &PulseFrame<'_>) -> Result<(u32, u32), Refusal> {
    let mut segments = frame.cycle_segments();
    let (first, second) = (segments.next(), segments.next());
    let rest_is_gap = segments.next().is_none_or(|s| s.level == Level::Code(0)) && segments.next().is_none();
    match (first, second) {
        (
            Some(Segment { level: Level::Code(up), ticks: width }),
            Some(Segment { level: Level::Code(down), ticks: mirror }),
        ) if up != 0 && down == up.saturating_neg() && width == mirror && rest_is_gap => {
            Ok((up.unsigned_abs(), width))
        }
        _ => refuse(Field::Form, 0, Limit::Equal(1), GRID.source),
    }
}

/// What a plan fixes: the list, and the most that any of its pulses is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    list: List,
    most: [Pulse; CHANNELS],
}

impl Bound {
    /// Holds a plan against what the device can do.
    fn of(plan: &Plan<'_>) -> Result<Self, Refusal> {
        GRID.is_of(plan)?;
        let list = list_of(plan)?;
        let mut most = [Pulse::OFF; CHANNELS];
        for ((index, channel), slot) in (0_u8..).zip(plan.channels()).zip(&mut most) {
            if let Some(frame) = plan.frame(index, channel.channel().ceiling, 0) {
                *slot = Pulse::of(&frame, &list)?;
            }
        }
        Ok(Self { list, most })
    }

    /// The pulse is one that the plan may have.
    fn covers(&self, channel: u8, pulse: &Pulse) -> Result<(), Refusal> {
        let most = self.most.get(usize::from(channel)).unwrap_or(&Pulse::OFF);
        at_most(Field::Current, pulse.current_ua(), most.current_ua())?;
        at_most(Field::Width, u32::from(pulse.width_us()), u32::from(most.width_us()))?;
        let (count, fixed) = (i64::from(pulse.count().code()), i64::from(most.count().code()));
        if count == fixed {
            Ok(())
        } else {
            refuse(Field::Points, count.saturating_add(1), Limit::Equal(fixed.saturating_add(1)), BOUND)
        }
    }
}

/// What is to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    bound: Option<Bound>,
    pulses: [Pulse; CHANNELS],
    unsent: Unsent,
    told: bool,
    played: bool,
}

impl Wanted {
    pub(super) const NOTHING: Self = Self {
        bound: None,
        pulses: [Pulse::OFF; CHANNELS],
        unsent: Unsent::NOTHING,
        told: true,
        played: false,
    };

    /// The list and its pulses, if they have changed.
    ///
    /// # Errors
    /// They are none that the device takes: it goes on with what it was told before, so it has to be stopped.
    pub(super) fn take(&mut self) -> Result<Option<(List, Start)>, Refusal> {
        let Some(Bound { list, .. }) = self.bound.filter(|_| !self.told) else { return Ok(None) };
        let count = usize::try_from(list.channels().count_ones()).unwrap_or(CHANNELS);
        let start = Start::new(&list, self.pulses.get(..count).unwrap_or(&self.pulses))?;
        self.told = true;
        Ok(Some((list, start)))
    }

    /// A command is on its way.
    pub(super) fn sent(&mut self, command: &Command) {
        if matches!(command, Command::StartList(_)) {
            self.unsent.started();
        }
    }

    fn set(&mut self, channel: u8, pulse: Pulse) {
        if let Some(slot) = self.pulses.get_mut(usize::from(channel)).filter(|slot| **slot != pulse) {
            *slot = pulse;
            self.told = false;
        }
    }
}

impl Plays for Session {
    type Fault = Fault;

    fn bind(&mut self, plan: &Plan<'_>) -> Result<(), Refusal> {
        let bound = Bound::of(plan)?;
        if !self.wanted.played {
            self.wanted = Wanted { bound: Some(bound), ..Wanted::NOTHING };
        } else if self.wanted.bound != Some(bound) {
            return second_plan();
        }
        Ok(())
    }

    fn is_bound_to(&self, plan: &Plan<'_>) -> bool {
        self.wanted.bound.is_some_and(|bound| Bound::of(plan) == Ok(bound))
    }

    fn run_on(&self, plan: &Plan<'_>) -> Option<RunOn> {
        Some(RunOn::of(plan, RUN_ON_MS))
    }

    fn play(&mut self, admitted: &Admitted<'_>) -> Result<(), PlayError<Fault>> {
        whole_pulse(admitted)?;
        let (Some(bound), true) = (self.wanted.bound, self.is_ready()) else {
            return Err(match self.phase() {
                Phase::Stopping | Phase::Over => PlayError::Ended(self.fault()),
                Phase::Opening | Phase::Ready | Phase::Running => PlayError::NotReady,
            });
        };
        let pulse = Pulse::of(admitted.frame(), &bound.list)?;
        let channel = admitted.frame().channel();
        bound.covers(channel, &pulse)?;
        self.wanted.set(channel, pulse);
        self.wanted.unsent.taken(channel, admitted.frame().sequence());
        self.wanted.played = true;
        Ok(())
    }

    fn rest(&mut self, channel: u8) {
        self.wanted.set(channel, Pulse::OFF);
    }

    /// Never: the newest pulse replaces one that waits.
    fn is_behind(&self) -> bool {
        false
    }

    fn unsent(&self, channel: u8) -> Option<u32> {
        self.wanted.unsent.of(channel)
    }

    fn end(&mut self) -> Result<(), PlayError<Fault>> {
        if self.wanted.played {
            Exchange::stop(self);
        }
        let lost = matches!(self.fault(), Some(Fault::Lost | Fault::NoReply { .. }));
        let failed = self.machine.stops.failed(lost || self.phase() == Phase::Over);
        if failed && self.wanted.played { Err(PlayError::Ended(self.fault())) } else { Ok(()) }
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

/// The list of a plan: its channels, the one period, and the one gap of its groups.
fn list_of(plan: &Plan<'_>) -> Result<List, Refusal> {
    let mut periods = None;
    let mut gaps = None;
    for (index, channel) in (0_u8..).zip(plan.channels()) {
        fits(channel)?;
        let period = even_period_us(plan, channel)?;
        same(Field::Period, *periods.get_or_insert(period), period)?;
        if channel.channel().pulse.repeat.count > 1 {
            let frame = plan.frame(index, channel.channel().ceiling, 0);
            let gap = frame.as_ref().map_or(0, spacing_us);
            same(Field::PulseGap, *gaps.get_or_insert(gap), gap)?;
        }
    }
    let mask = 0xFF_u8.checked_shr(8_u32.saturating_sub(u32::from(plan.channel_count()))).unwrap_or(0);
    let list = List::new(mask, periods.unwrap_or(0))?;
    gaps.map_or(Ok(list), |gap| list.with_gap(gap))
}

/// The form of pulse that the device makes.
fn fits(channel: &ChannelPlan<'_>) -> Result<(), Refusal> {
    let own = channel.channel();
    let pulse = &own.pulse;
    if pulse.form != Form::Rectangular || pulse.balance != Balance::Symmetric {
        return refuse(Field::Form, 0, Limit::Equal(1), GRID.source);
    }
    let gap = i64::from(pulse.gap.as_micros());
    if gap != 0 {
        return refuse(Field::PhaseGap, gap, Limit::Equal(0), "the protocol has no gap between phases");
    }
    count_of(pulse.repeat.count)?;
    let moves = own.ramp.control == Control::Width || own.ceiling.width != own.set.width;
    if pulse.repeat.count > 1 && moves {
        // the other width that it may have
        let ceiling = own.ceiling.width.as_micros();
        let other = if ceiling == own.set.width.as_micros() { own.ramp.floor } else { ceiling };
        let limit = Limit::Equal(i64::from(own.set.width.as_micros()));
        return refuse(Field::Width, i64::from(other), limit, "groups keep their gap");
    }
    Ok(())
}

fn same(field: Field, first: u32, other: u32) -> Result<(), Refusal> {
    if first == other {
        return Ok(());
    }
    refuse(field, i64::from(other), Limit::Equal(i64::from(first)), GRID.source)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests; a panic is a failure")]
mod tests {
    use super::{Bound, Wanted};
    use crate::rehastim2::{Count, Fault, List, Phase, Pulse, Session, Timing};
    use crate::wire::{Exchange, Field, Poll};

    /// REQ-HAL-407: a change that no command of the device can say ends the conversation by a stop: the device would go on
    /// with what it was told before.
    #[test]
    fn a_change_that_cannot_be_sent_is_a_stop() {
        let list = List::new(1, 8_000).unwrap().with_gap(5_000).unwrap();
        let group = Pulse::new(250, 20_000, Count::Triplet).unwrap();
        let mut session = Session::new(Timing::default());
        session.machine.phase = Phase::Running;
        session.machine.list = Some(list);
        let pulses = [group; super::CHANNELS];
        session.wanted = Wanted {
            bound: Some(Bound { list, most: pulses }),
            pulses,
            told: false,
            played: true,
            ..Wanted::NOTHING
        };
        let mut out = [0; Session::FRAME_MAX];
        assert!(matches!(session.poll(0, &mut out), Poll::Send(_)));
        assert_eq!(session.phase(), Phase::Stopping);
        assert!(matches!(session.fault(), Some(Fault::Refused(why)) if why.field == Field::PulseGap));
    }
}
