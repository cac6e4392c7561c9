//! The tilt of the shank as the trigger: output while the shank swings from behind the vertical to before it.
//!
//! At the end of stance the shank turns, and before the swing it is behind: the gate opens as it passes the angle of the
//! start, and closes as it passes that of the end on its way forward, or after the longest ON. Between the two lies the
//! hysteresis. Angles are signed by the host; where a sensor's zero is that of a person who stands, both are measured on
//! the person.
//!
//! ```text
#![doc = include_str!("tilt-states.txt")]
//! ```
//!
//! [`ShankAngle`] makes the angle from an accelerometer and a gyroscope; a host with an angle of its own gives that.
//!
//! # Limitations
//! A person who sits down with the shank behind the vertical gets one train up to the longest ON; the next one needs the
//! shank before the vertical again. A sensor that has turned on the leg is not noticed unless it leaves the range.

#[path = "tilt/angle.rs"]
mod angle;

pub use angle::{Motion, ShankAngle, TiltFault};

use super::command::{GateCommands, GateTrigger};
use super::{Listen, us};
use crate::gait::{GateCommand, PollAt};
use core::fmt;
use nmes_core::Millis;

/// A shank is within this of the vertical, in millidegrees. Ours: a knee that is bent right up in a swing stays below.
const MOST_MDEG: i32 = 100_000;
/// A shank turns no faster than this, in degrees per second. Ours: twice the peak of a fast swing.
const MOST_DPS: u64 = 1_000;
/// What a reading may be off by in one step, in millidegrees.
const NOISE_MDEG: u64 = 5_000;

states! {
    /// Where the tilt trigger is. Only in [`TiltState::Swing`] and [`TiltState::RampDown`] is there output.
    TiltState,
    /// Every change of state that the tilt trigger makes.
    TRANSITIONS, "tilt-states.txt";
    /// Not started.
    Off = "OFF",
    /// The shank has to come before the vertical.
    Stance = "STANCE",
    /// Waits for it to fall behind.
    Armed = "ARMED",
    /// The gate is open.
    Swing = "SWING",
    /// The gate was closed; the level falls.
    RampDown = "RAMP_DOWN",
    /// The sensor cannot be trusted.
    Fault = "FAULT";
    on: Swing, RampDown;
    Off -> Stance,
    Stance -> Armed, Stance -> Off, Stance -> Fault,
    Armed -> Swing, Armed -> Off, Armed -> Fault,
    Swing -> RampDown,
    RampDown -> Stance, RampDown -> Off, RampDown -> Fault,
    Fault -> Off,
}

/// Angles and times of a [`Tilt`] trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TiltTimes {
    /// The gate opens at or below this angle, in millidegrees; behind the vertical is negative.
    pub start_mdeg: i32,
    /// It closes, and is armed again, at or above this one.
    pub end_mdeg: i32,
    /// From the end of a ramp-down to the next arming: 0.1 to 1 s on a device that has one.
    pub wait: Millis,
    /// The longest train.
    pub max_on: Millis,
    /// How long a ramp-down takes.
    pub ramp_down: Millis,
    /// The longest time without a reading.
    pub silence: Millis,
}

/// Settings that the trigger does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum TiltError {
    /// Start and end are less than 3 degrees apart, or the wrong way round.
    Hysteresis {
        /// The start, in millidegrees.
        start_mdeg: i32,
        /// The end, in millidegrees.
        end_mdeg: i32,
    },
    /// An angle beyond 60 degrees.
    Angle {
        /// The angle, in millidegrees.
        mdeg: i32,
    },
    /// The longest train has no length.
    NoMaxOn,
    /// The longest time without a reading is outside its range.
    Silence {
        /// The time, in milliseconds.
        ms: u32,
    },
}

impl fmt::Display for TiltError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hysteresis { start_mdeg, end_mdeg } => write!(
                f,
                "tilt, angles: the end, {end_mdeg} mdeg, has to be 3000 mdeg or more above the start, {start_mdeg} mdeg"
            ),
            Self::Angle { mdeg } => write!(f, "tilt, angle: {mdeg} mdeg; accepted: -60000 to 60000 mdeg"),
            Self::NoMaxOn => f.write_str("tilt, longest train: 0 ms is below 1 ms"),
            Self::Silence { ms } => write!(f, "tilt, time without a reading: {ms} ms; accepted: 5 to 200 ms"),
        }
    }
}

impl core::error::Error for TiltError {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Stance,
    Off,
    Fault,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Off,
    Stance { from_us: u64 },
    Armed,
    Swing { until_us: u64 },
    RampDown { until_us: u64, then: Then },
    Fault,
}

/// The tilt of the shank as the trigger. See the [module](self) for the states.
///
/// ```
/// use nmes_core::Millis;
/// use nmes_protocols::{GateCommand, triggers::{GateTrigger, tilt::*}};
/// let ms = |n| Millis::from_millis(n).unwrap();
/// let times = TiltTimes {
///     start_mdeg: -15_000, end_mdeg: 10_000, wait: ms(100), max_on: ms(2_000), ramp_down: ms(200), silence: ms(100),
/// };
/// let mut trigger = Tilt::new(times).unwrap();
/// trigger.start(0);
/// // a shank that rocks forward, falls behind, and swings forward again, every 10 ms
/// let path = (0..=12).chain((-16..=11).rev()).chain(-16..=11);
/// let told: Vec<_> = (1..).zip(path).filter_map(|(i, deg)| trigger.angle(i * 10_000, Ok(deg * 1_000))).collect();
/// assert_eq!(told, [GateCommand::Open, GateCommand::Close { down: ms(200) }]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tilt {
    times: TiltTimes,
    phase: Phase,
    listen: Listen,
    last: Option<(u64, i32)>,
    heard_us: u64,
    fault: Option<TiltFault>,
    command: Option<GateCommand>,
}

impl Tilt {
    /// A trigger in OFF.
    ///
    /// # Errors
    /// Names the angle or time and what is accepted.
    pub fn new(times: TiltTimes) -> Result<Self, TiltError> {
        let TiltTimes { start_mdeg, end_mdeg, .. } = times;
        if let Some(mdeg) = [start_mdeg, end_mdeg].into_iter().find(|a| !(-60_000..=60_000).contains(a)) {
            return Err(TiltError::Angle { mdeg });
        }
        if end_mdeg.saturating_sub(start_mdeg) < 3_000 {
            return Err(TiltError::Hysteresis { start_mdeg, end_mdeg });
        }
        if times.max_on == Millis::ZERO {
            return Err(TiltError::NoMaxOn);
        }
        let ms = times.silence.as_millis();
        if !(5..=200).contains(&ms) {
            return Err(TiltError::Silence { ms });
        }
        Ok(Self {
            times,
            phase: Phase::Off,
            listen: Listen::default(),
            last: None,
            heard_us: 0,
            fault: None,
            command: None,
        })
    }

    /// OFF to STANCE. In every other state it only polls.
    pub fn start(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |s, now| {
            if matches!(s.phase, Phase::Off) {
                s.fault = None;
                s.last = None;
                s.heard_us = now;
                s.phase = Phase::Stance { from_us: now };
            }
        })
    }

    /// The angle of the shank in millidegrees, positive with the knee before the ankle, or why there is none:
    /// [`ShankAngle::update`] answers with what this takes.
    pub fn angle(&mut self, now_us: u64, angle: Result<i32, TiltFault>) -> Option<GateCommand> {
        self.around(now_us, |s, now| match angle.and_then(|mdeg| s.believe(now, mdeg)) {
            Ok(mdeg) => s.moved(now, mdeg),
            Err(fault) => s.distrust(now, fault),
        })
    }

    /// Leaves FAULT for OFF.
    pub fn acknowledge(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |s, _| {
            if matches!(s.phase, Phase::Fault) {
                s.phase = Phase::Off;
            }
        })
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> TiltState {
        match self.phase {
            Phase::Off => TiltState::Off,
            Phase::Stance { .. } => TiltState::Stance,
            Phase::Armed => TiltState::Armed,
            Phase::Swing { .. } => TiltState::Swing,
            Phase::RampDown { .. } => TiltState::RampDown,
            Phase::Fault => TiltState::Fault,
        }
    }

    /// Why it went to FAULT, until the next start.
    #[must_use]
    pub const fn fault(&self) -> Option<TiltFault> {
        self.fault
    }

    fn around(&mut self, now_us: u64, input: impl FnOnce(&mut Self, u64)) -> Option<GateCommand> {
        let now = self.listen.hear(now_us);
        self.advance(now);
        input(self, now);
        self.advance(now);
        self.command.take()
    }

    /// Whether a shank can be there, and have come there.
    fn believe(&self, now: u64, mdeg: i32) -> Result<i32, TiltFault> {
        if mdeg.saturating_abs() > MOST_MDEG {
            return Err(TiltFault::OutOfRange);
        }
        let Some((at_us, before)) = self.last else { return Ok(mdeg) };
        // millidegrees: degrees a second × µs / 1,000
        let most = now.saturating_sub(at_us).saturating_mul(MOST_DPS) / 1_000;
        if u64::from(mdeg.abs_diff(before)) > most.saturating_add(NOISE_MDEG) {
            return Err(TiltFault::Jump);
        }
        Ok(mdeg)
    }

    fn moved(&mut self, now: u64, mdeg: i32) {
        self.last = Some((now, mdeg));
        self.heard_us = now;
        match self.phase {
            Phase::Stance { from_us } if mdeg >= self.times.end_mdeg && from_us <= now => {
                self.phase = Phase::Armed;
            }
            Phase::Armed if mdeg <= self.times.start_mdeg => {
                self.command = Some(GateCommand::Open);
                self.phase = Phase::Swing { until_us: now.saturating_add(us(self.times.max_on)) };
            }
            Phase::Swing { .. } if mdeg >= self.times.end_mdeg => self.close(now, Then::Stance),
            Phase::Off
            | Phase::Stance { .. }
            | Phase::Armed
            | Phase::Swing { .. }
            | Phase::RampDown { .. }
            | Phase::Fault => {}
        }
    }

    const fn phase_due(&self) -> Option<u64> {
        match self.phase {
            Phase::Off | Phase::Stance { .. } | Phase::Armed | Phase::Fault => None,
            Phase::Swing { until_us } | Phase::RampDown { until_us, .. } => Some(until_us),
        }
    }

    fn silent_us(&self) -> Option<u64> {
        let listens = matches!(self.phase, Phase::Stance { .. } | Phase::Armed | Phase::Swing { .. });
        listens.then(|| self.heard_us.saturating_add(us(self.times.silence)))
    }

    /// At most two changes of state.
    fn advance(&mut self, now: u64) {
        if self.silent_us().is_some_and(|at| at <= now) {
            self.distrust(now, TiltFault::Silent);
        }
        if self.phase_due().is_some_and(|at| at <= now) {
            self.elapsed(now);
        }
    }

    fn elapsed(&mut self, now: u64) {
        match self.phase {
            Phase::Off | Phase::Stance { .. } | Phase::Armed | Phase::Fault => {}
            Phase::Swing { .. } => self.close(now, Then::Stance),
            Phase::RampDown { then: Then::Stance, .. } => {
                self.heard_us = self.heard_us.max(now);
                self.phase = Phase::Stance { from_us: now.saturating_add(us(self.times.wait)) };
            }
            Phase::RampDown { then: Then::Off, .. } => self.phase = Phase::Off,
            Phase::RampDown { then: Then::Fault, .. } => self.phase = Phase::Fault,
        }
    }

    fn close(&mut self, now: u64, then: Then) {
        let down = self.times.ramp_down;
        self.command = Some(GateCommand::Close { down });
        self.phase = Phase::RampDown { until_us: now.saturating_add(us(down)), then };
    }

    fn distrust(&mut self, now: u64, fault: TiltFault) {
        self.last = None;
        if matches!(self.phase, Phase::Off | Phase::Fault) {
            return;
        }
        self.fault.get_or_insert(fault);
        match self.phase {
            Phase::Off | Phase::Fault => {}
            Phase::Stance { .. } | Phase::Armed => self.phase = Phase::Fault,
            Phase::Swing { .. } => self.close(now, Then::Fault),
            Phase::RampDown { until_us, .. } => self.phase = Phase::RampDown { until_us, then: Then::Fault },
        }
    }
}

impl GateTrigger for Tilt {
    fn poll(&mut self, now_us: u64) -> GateCommands {
        self.around(now_us, |_, _| {}).into()
    }

    fn poll_at(&self) -> PollAt {
        match (self.silent_us(), self.phase_due()) {
            (None, None) => PollAt::Never,
            (silent, phase) => PollAt::At(silent.unwrap_or(u64::MAX).min(phase.unwrap_or(u64::MAX))),
        }
    }

    fn stop(&mut self, now_us: u64) -> GateCommands {
        self.around(now_us, |s, now| match s.phase {
            Phase::Off | Phase::Fault | Phase::RampDown { then: Then::Fault, .. } => {}
            Phase::Stance { .. } | Phase::Armed => s.phase = Phase::Off,
            Phase::Swing { .. } => s.close(now, Then::Off),
            Phase::RampDown { until_us, .. } => s.phase = Phase::RampDown { until_us, then: Then::Off },
        })
        .into()
    }

    fn is_off(&self) -> bool {
        matches!(self.phase, Phase::Off | Phase::Fault)
    }
}
