//! The heel of the other foot as the trigger: for a treated heel that never takes weight, or has no room for a switch.
//!
//! When the other heel strikes after a swing, both feet are down and the treated foot is about to leave the ground: the
//! gate opens, after a delay, and stays open for a share of the other foot's stride, measured from strike to strike. Where the
//! last train still is on then, the next one begins when its ramp is over, and ends when it would have ended without that.
//!
//! ```text
#![doc = include_str!("opposite-states.txt")]
//! ```
//!
//! # Limitations
//! The treated foot is not looked at. A person who stops with both feet down gets one train without a step, and a train
//! ends by time whether the foot is down or not. Where the treated heel loads a switch, [`gait`](crate::gait) is better.

use super::command::{GateCommands, GateTrigger};
use super::one_gate::{OneGate, Phase, Then, earliest};
use super::setting::{Of, SettingError};
use super::us;
use crate::gait::{Debounce, GateCommand, Heel, History, PollAt};
use nmes_core::Millis;

/// A lift that counts as a swing lasts so many debounce times, as in [`gait`](crate::gait).
const SWING_DEBOUNCES: u64 = 4;
/// Levels within a second that outlast the debounce time and are too short for any foot. As in [`gait`](crate::gait).
const CHATTER_LEVELS: u8 = 6;
const CHATTER_US: u64 = 1_000_000;
/// More changes of heel and state than any one call can need.
const MOST_CHANGES: u32 = 8;

states! {
    /// Where the trigger is. Only in [`OppositeState::On`] and [`OppositeState::RampDown`] is there output.
    OppositeState,
    /// Every change of state that the trigger makes.
    TRANSITIONS, "opposite-states.txt";
    /// Not started.
    Off = "OFF",
    /// The other foot is down, or has been in the air for too long.
    Stance = "STANCE",
    /// The other foot is in the air.
    Swing = "SWING",
    /// It has struck; the gate opens after a delay.
    Delay = "DELAY",
    /// The gate is open.
    On = "ON",
    /// The gate was closed; the level falls.
    RampDown = "RAMP_DOWN",
    /// The line cannot be trusted.
    Fault = "FAULT";
    on: On, RampDown;
    Off -> Stance,
    Stance -> Swing, Stance -> Off, Stance -> Fault,
    Swing -> Stance, Swing -> Delay, Swing -> Off, Swing -> Fault,
    Delay -> On, Delay -> Stance, Delay -> Off, Delay -> Fault,
    On -> RampDown,
    RampDown -> Stance, RampDown -> Swing, RampDown -> Delay, RampDown -> On, RampDown -> Off, RampDown -> Fault,
    Fault -> Off,
}

/// The times of an [`Opposite`] trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct OppositeTimes {
    /// How long a change of the switch must last to count, at least 1 ms.
    pub debounce: Millis,
    /// From the other heel's strike to the opening; the debounce time runs within it.
    pub delay: Millis,
    /// From the opening to the close, in percent of the median of the last five strides, 1 to 100.
    pub stride_percent: u32,
    /// The same before a stride was measured.
    pub on_first: Millis,
    /// Never more than this.
    pub on_max: Millis,
    /// A lift of the other foot that lasts longer is no step.
    pub swing_max: Millis,
    /// How long a ramp-down takes.
    pub ramp_down: Millis,
}

impl OppositeTimes {
    /// Ours. In six recorded walks a foot left the ground 150 ms after the other struck (median of 209; 0 to 590 ms) and was
    /// down again after half a stride (median of 204; 0.24 to 0.62). Six tenths, with the ramp outside, cover nearly all.
    ///
    /// ```
    /// use nmes_core::Millis;
    /// use nmes_protocols::triggers::opposite::OppositeTimes;
    /// assert_eq!(OppositeTimes::new(Millis::from_millis(100).unwrap()).stride_percent, 60);
    /// ```
    #[must_use]
    pub fn new(ramp_down: Millis) -> Self {
        let ms = |n| Millis::from_millis(n).unwrap_or(Millis::MAX);
        Self {
            debounce: ms(25),
            delay: Millis::ZERO,
            stride_percent: 60,
            on_first: ms(700),
            on_max: ms(2_000),
            swing_max: ms(2_000),
            ramp_down,
        }
    }
}

/// Where it waits.
#[derive(Clone, Copy, Debug)]
enum Wait {
    Stance,
    Swing { until_us: u64 },
    Delay { until_us: u64 },
}

/// The heel of the other foot as the trigger. See the [module](self) for the states.
///
/// ```
/// use nmes_core::Millis;
/// use nmes_protocols::{GateCommand, Heel, triggers::{GateTrigger, opposite::*}};
/// let down = Millis::from_millis(100).unwrap();
/// let mut trigger = Opposite::new(OppositeTimes::new(down)).unwrap();
/// trigger.heel(0, Heel::Loaded);
/// trigger.start(0);
/// trigger.heel(1_000_000, Heel::Lifted);
/// trigger.poll(1_025_000);
/// trigger.heel(1_400_000, Heel::Loaded);
/// assert_eq!(trigger.poll(1_425_000).iter().next(), Some((0, GateCommand::Open)));
/// assert_eq!(trigger.poll(2_125_000).iter().next(), Some((0, GateCommand::Close { down })));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Opposite {
    times: OppositeTimes,
    gate: OneGate<Wait>,
    heel: Option<Debounce>,
    line_open: bool,
    lifted_us: u64,
    struck_us: Option<u64>,
    /// When a strike that came in a train would have opened.
    pending_us: Option<u64>,
    strides: History,
    chatter: (u64, u8),
}

impl Opposite {
    /// A trigger in OFF.
    ///
    /// # Errors
    /// Names the time or share and what is accepted.
    pub fn new(times: OppositeTimes) -> Result<Self, SettingError> {
        let of = Of("other heel");
        of.ms("debounce", times.debounce, 1..=Millis::MAX.as_millis())?;
        of.within(("share of the stride", "%"), times.stride_percent, 1..=100)?;
        of.ms("first train, up to the longest", times.on_first, 1..=times.on_max.as_millis())?;
        Ok(Self {
            times,
            gate: OneGate::new(times.ramp_down),
            heel: None,
            line_open: false,
            lifted_us: 0,
            struck_us: None,
            pending_us: None,
            strides: History::default(),
            chatter: (0, 0),
        })
    }

    /// OFF to STANCE. In every other state, or with an open line, it only polls.
    pub fn start(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |s, _| {
            if matches!(s.gate.phase, Phase::Off) && !s.line_open {
                s.gate.phase = Phase::Idle(Wait::Stance);
            }
        })
    }

    /// What the other heel's switch reads now: samples or changes.
    pub fn heel(&mut self, now_us: u64, heel: Heel) -> Option<GateCommand> {
        self.around(now_us, |s, now| {
            s.line_open = matches!(heel, Heel::LineOpen);
            match heel {
                Heel::LineOpen => s.fault(now),
                Heel::Loaded => s.level(now, false),
                Heel::Lifted => s.level(now, true),
            }
        })
    }

    /// Leaves FAULT for OFF, if the line is closed again.
    pub fn acknowledge(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |s, _| {
            if !s.line_open {
                s.gate.acknowledge();
            }
        })
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> OppositeState {
        match self.gate.phase {
            Phase::Off => OppositeState::Off,
            Phase::Idle(Wait::Stance) => OppositeState::Stance,
            Phase::Idle(Wait::Swing { .. }) => OppositeState::Swing,
            Phase::Idle(Wait::Delay { .. }) => OppositeState::Delay,
            Phase::On { .. } => OppositeState::On,
            Phase::RampDown { .. } => OppositeState::RampDown,
            Phase::Fault => OppositeState::Fault,
        }
    }

    /// How long the next train lasts, in µs.
    #[must_use]
    pub fn on_us(&self) -> u64 {
        let share = |stride: u64| stride.saturating_mul(u64::from(self.times.stride_percent)) / 100;
        let on = self.strides.median().map_or(us(self.times.on_first), share);
        on.min(us(self.times.on_max))
    }

    fn around(&mut self, now_us: u64, input: impl FnOnce(&mut Self, u64)) -> Option<GateCommand> {
        let now = self.gate.hear(now_us, ());
        self.advance(now);
        input(self, now);
        self.advance(now);
        self.gate.take()
    }

    fn level(&mut self, now: u64, lifted: bool) {
        match &mut self.heel {
            None => self.heel = Some(Debounce::new(lifted, now)),
            Some(heel) => drop(heel.sample(lifted, now)),
        }
    }

    fn heel_due(&self) -> Option<u64> {
        self.heel.and_then(|heel| heel.due_us(us(self.times.debounce)))
    }

    const fn phase_due(&self) -> Option<u64> {
        match self.gate.phase {
            Phase::Idle(Wait::Swing { until_us } | Wait::Delay { until_us }) => Some(until_us),
            Phase::Off
            | Phase::Idle(Wait::Stance)
            | Phase::On { .. }
            | Phase::RampDown { .. }
            | Phase::Fault => self.gate.due_us(),
        }
    }

    /// Everything due by now, in the order in which it became due; what follows a command waits for the next call.
    fn advance(&mut self, now: u64) {
        for _ in 0..MOST_CHANGES {
            match (self.heel_due(), self.phase_due()) {
                (Some(heel), phase) if heel <= now && phase.is_none_or(|phase| heel <= phase) => {
                    self.settle(now)
                }
                (_, Some(phase)) if phase <= now && !self.gate.has_command() => self.elapsed(now),
                _ => return,
            }
        }
    }

    fn settle(&mut self, now: u64) {
        let Some(heel) = &mut self.heel else { return };
        let before_us = heel.stable().at_us;
        let change = heel.settle();
        let least_us = us(self.times.debounce).saturating_mul(SWING_DEBOUNCES);
        let short = change.at_us.saturating_sub(before_us) < least_us;
        if change.lifted {
            self.lifted(change.at_us);
        } else {
            self.struck(change.at_us, short);
        }
        if short {
            self.chattered(now);
        }
    }

    fn lifted(&mut self, at_us: u64) {
        self.lifted_us = at_us;
        if matches!(self.gate.phase, Phase::Idle(Wait::Stance)) {
            let until_us = at_us.saturating_add(us(self.times.swing_max));
            self.gate.phase = Phase::Idle(Wait::Swing { until_us });
        }
    }

    fn struck(&mut self, at_us: u64, short: bool) {
        let swings = matches!(self.gate.phase, Phase::Idle(Wait::Swing { .. }));
        if short {
            if swings {
                self.gate.phase = Phase::Idle(Wait::Stance);
            }
            return;
        }
        let longest_us = us(self.times.swing_max).saturating_mul(2);
        let stride = self.struck_us.map(|t| at_us.saturating_sub(t)).filter(|s| *s <= longest_us);
        if let Some(stride) = stride {
            self.strides.push(stride);
        }
        self.struck_us = Some(at_us);
        let until_us = at_us.saturating_add(us(self.times.delay.max(self.times.debounce)));
        let in_train = matches!(self.gate.phase, Phase::On { .. } | Phase::RampDown { .. });
        if swings {
            self.gate.phase = Phase::Idle(Wait::Delay { until_us });
        } else if in_train && at_us < self.lifted_us.saturating_add(us(self.times.swing_max)) {
            self.pending_us = Some(until_us);
        }
    }

    fn elapsed(&mut self, now: u64) {
        match self.gate.phase {
            Phase::Off | Phase::Fault => {}
            Phase::Idle(Wait::Delay { until_us }) => self.open(now, until_us),
            Phase::Idle(_) => self.gate.phase = Phase::Idle(Wait::Stance),
            Phase::On { .. } => self.gate.close(now, Then::Next(())),
            Phase::RampDown { then, .. } => {
                let pending = self.pending_us.take().filter(|due_us| self.left_us(now, *due_us) > 0);
                if self.gate.ramped(then).is_some() {
                    let wait = pending.map_or(self.on_the_ground(now), |until_us| Wait::Delay { until_us });
                    self.gate.phase = Phase::Idle(wait);
                }
            }
        }
    }

    /// What is left of the train that was due then.
    fn left_us(&self, now: u64, due_us: u64) -> u64 {
        due_us.saturating_add(self.on_us()).saturating_sub(now)
    }

    /// A train ends by the strike that it belongs to, however late it opens.
    fn open(&mut self, now: u64, due_us: u64) {
        match self.left_us(now, due_us) {
            0 => self.gate.phase = Phase::Idle(Wait::Stance),
            left_us => self.gate.open(now, left_us),
        }
    }

    /// STANCE, or SWING where the other foot lifted meanwhile.
    fn on_the_ground(&self, now: u64) -> Wait {
        let until_us = self.lifted_us.saturating_add(us(self.times.swing_max));
        let lifted = self.heel.is_some_and(|heel| heel.stable().lifted);
        if lifted && until_us > now { Wait::Swing { until_us } } else { Wait::Stance }
    }

    fn chattered(&mut self, now: u64) {
        let (since, count) = self.chatter;
        let within = count > 0 && now.saturating_sub(since) <= CHATTER_US;
        self.chatter = if within { (since, count.saturating_add(1)) } else { (now, 1) };
        if self.chatter.1 < CHATTER_LEVELS {
            return;
        }
        self.pending_us = None;
        match self.gate.phase {
            Phase::Idle(_) => self.gate.phase = Phase::Idle(Wait::Stance),
            Phase::On { .. } => self.gate.close(now, Then::Next(())),
            Phase::Off | Phase::RampDown { .. } | Phase::Fault => {}
        }
    }

    fn fault(&mut self, now: u64) {
        self.heel = None;
        self.struck_us = None;
        self.gate.fault(now);
    }
}

impl GateTrigger for Opposite {
    fn poll(&mut self, now_us: u64) -> GateCommands {
        self.around(now_us, |_, _| {}).into()
    }

    fn poll_at(&self) -> PollAt {
        self.gate.listen.for_host(earliest([self.heel_due(), self.phase_due()]))
    }

    fn stop(&mut self, now_us: u64) -> GateCommands {
        self.around(now_us, |s, now| s.gate.stop(now)).into()
    }

    fn is_off(&self) -> bool {
        self.gate.is_off()
    }
}
