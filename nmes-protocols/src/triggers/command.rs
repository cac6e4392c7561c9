//! What a trigger answers, and what all triggers have in common.

use crate::gait::{GateCommand, PollAt, Trigger};
use nmes_core::MAX_CHANNELS;

/// What gates are to do: at most one command for each channel.
///
/// ```
/// use nmes_protocols::{GateCommand, triggers::GateCommands};
/// let commands = GateCommands::one(1, GateCommand::Open);
/// // for `Engine::gate_channel`
/// assert_eq!(commands.iter().collect::<Vec<_>>(), [(1, GateCommand::Open)]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GateCommands {
    each: [Option<GateCommand>; MAX_CHANNELS],
}

impl GateCommands {
    /// Nothing to do.
    pub const NONE: Self = Self { each: [None; MAX_CHANNELS] };

    /// One command for one channel; nothing for a channel that no plan has.
    #[must_use]
    pub fn one(channel: u8, command: GateCommand) -> Self {
        let mut commands = Self::NONE;
        commands.set(channel, command);
        commands
    }

    /// The channels with something to do, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u8, GateCommand)> {
        (0_u8..).zip(self.each).filter_map(|(channel, command)| Some((channel, command?)))
    }

    /// The command of a trigger of one gate, for another channel.
    #[must_use]
    pub fn on_channel(&self, channel: u8) -> Self {
        self.iter().next().map_or(Self::NONE, |(_, command)| Self::one(channel, command))
    }

    /// Both; where both have a command for a channel, the later one stands.
    #[must_use]
    pub fn and(mut self, later: Self) -> Self {
        for (channel, command) in later.iter() {
            self.set(channel, command);
        }
        self
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.each.iter().all(Option::is_none)
    }

    /// Replaces the command of a channel: the last one stands.
    pub(crate) fn set(&mut self, channel: u8, command: GateCommand) {
        if let Some(slot) = self.each.get_mut(usize::from(channel)) {
            *slot = Some(command);
        }
    }
}

/// A trigger of one gate works channel 0; whoever drives a session with several puts it where it belongs.
impl From<Option<GateCommand>> for GateCommands {
    fn from(command: Option<GateCommand>) -> Self {
        command.map_or(Self::NONE, |command| Self::one(0, command))
    }
}

/// What a runner needs of any trigger. Readings come in by each trigger's own functions.
///
/// ```
/// use nmes_core::Millis;
/// use nmes_protocols::{GateCommand, PollAt, triggers::{GateTrigger, timer::{Timer, TimerTimes}}};
///
/// /// Polls a trigger whenever it asks for it, for a second; how often it opened a gate.
/// fn second(trigger: &mut impl GateTrigger) -> usize {
///     let mut opened = 0;
///     while let PollAt::At(at) = trigger.poll_at() {
///         if at > 1_000_000 { break }
///         opened += trigger.poll(at).iter().filter(|(_, c)| *c == GateCommand::Open).count();
///     }
///     opened
/// }
/// let ms = |n| Millis::from_millis(n).unwrap();
/// let times = TimerTimes { first: ms(0), on: ms(100), off: ms(50), ramp_down: ms(50), repeats: 0 };
/// let mut timer = Timer::new(times).unwrap();
/// timer.start(0);
/// assert_eq!(second(&mut timer), 5); // at 0 it opened in `start`; then at 200, 400, 600, 800, 1000 ms
/// ```
pub trait GateTrigger {
    /// Does what is due by now. Polling early changes nothing.
    fn poll(&mut self, now_us: u64) -> GateCommands;

    /// When there is something to do next if no reading comes.
    fn poll_at(&self) -> PollAt;

    /// The end: gates that are open are closed over the ramp-down, and nothing opens until the trigger is started again.
    fn stop(&mut self, now_us: u64) -> GateCommands;

    /// No gate is open or in its ramp-down, and none opens without a start.
    fn is_off(&self) -> bool;
}

impl GateTrigger for Trigger {
    fn poll(&mut self, now_us: u64) -> GateCommands {
        Self::poll(self, now_us).into()
    }

    fn poll_at(&self) -> PollAt {
        Self::poll_at(self)
    }

    fn stop(&mut self, now_us: u64) -> GateCommands {
        Self::stop(self, now_us).into()
    }

    fn is_off(&self) -> bool {
        use crate::gait::State;
        matches!(self.state(), State::Off | State::Paused | State::Fault)
    }
}
