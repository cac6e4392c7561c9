//! The tilt of the shank as the trigger: output while the shank swings from behind the vertical to before it.
//!
//! The shank hangs from the knee: it is before the vertical with the ankle before the knee, as when the heel strikes, and
//! behind it with the ankle behind, as when the heel rises. Before is positive. The gate opens at the end of stance, as the
//! shank passes the angle of the start, and closes as it passes that of the end on its way forward, or after the longest
//! ON. Between the two lies the hysteresis. Where a sensor's zero is that of a person who stands, both are measured on the
//! person.
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

mod angle;

pub use angle::{Motion, ShankAngle, TiltFault};

use super::command::{GateCommands, GateTrigger};
use super::one_gate::{OneGate, Phase, Then, earliest, is_due};
use super::setting::{Of, SettingError};
use super::us;
use crate::gait::{GateCommand, PollAt};
use core::ops::RangeInclusive;
use nmes_core::Millis;

/// A shank is within this of the vertical, in millidegrees. Ours: a knee that is bent right up in a swing stays below.
const MOST_MDEG: i32 = 100_000;
/// A shank turns no faster than this, in degrees per second. Ours: twice the peak of a fast swing.
const MOST_DPS: u64 = 1_000;
/// What a reading may be off by in one step, in millidegrees.
const NOISE_MDEG: u64 = 5_000;
/// Start and end are within this of the vertical, and the end this far above the start, in millidegrees. Ours.
const ANGLES_MDEG: RangeInclusive<i64> = -60_000..=60_000;
const HYSTERESIS_MDEG: i64 = 3_000;

states! {
    /// Where the tilt trigger is. Only in [`TiltState::Swing`] and [`TiltState::RampDown`] is there output.
    TiltState,
    /// Every change of state that the tilt trigger makes.
    TRANSITIONS, "tilt-states.txt";
    /// Not started.
    Off = "OFF",
    /// The wait after a train, and the shank has to have been before the vertical.
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
    /// The gate opens at or below this angle, in millidegrees; negative, with the ankle behind the knee.
    pub start_mdeg: i32,
    /// It closes at or above this one, and is armed again by a shank that has been there since.
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

/// Where it waits.
#[derive(Clone, Copy, Debug)]
enum Wait {
    Stance { from_us: u64 },
    Armed,
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
/// // an ankle that reaches before the knee, stays behind in stance, and swings forward again, every 10 ms
/// let path = (0..=12).chain((-16..=11).rev()).chain(-16..=11);
/// let told: Vec<_> = (1..).zip(path).filter_map(|(i, deg)| trigger.angle(i * 10_000, Ok(deg * 1_000))).collect();
/// assert_eq!(told, [GateCommand::Open, GateCommand::Close { down: ms(200) }]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tilt {
    times: TiltTimes,
    gate: OneGate<Wait>,
    last: Option<(u64, i32)>,
    /// The shank has been before the vertical since the last opening.
    before: bool,
    heard_us: u64,
    fault: Option<TiltFault>,
}

impl Tilt {
    /// A trigger in OFF.
    ///
    /// # Errors
    /// Names the angle or time and what is accepted.
    pub fn new(times: TiltTimes) -> Result<Self, SettingError> {
        let of = Of("tilt");
        let [start, end] = [times.start_mdeg, times.end_mdeg].map(i64::from);
        of.between(("start", "mdeg"), start, ANGLES_MDEG)?;
        of.between(("end", "mdeg"), end, start.saturating_add(HYSTERESIS_MDEG)..=*ANGLES_MDEG.end())?;
        of.ms("longest train", times.max_on, 1..=Millis::MAX.as_millis())?;
        of.ms("time without a reading", times.silence, 5..=200)?;
        let gate = OneGate::new(times.ramp_down);
        Ok(Self { times, gate, last: None, before: false, heard_us: 0, fault: None })
    }

    /// OFF to STANCE. In every other state it only polls.
    pub fn start(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |s, now| {
            if matches!(s.gate.phase, Phase::Off) {
                s.fault = None;
                s.last = None;
                s.before = false;
                s.heard_us = now;
                s.gate.phase = Phase::Idle(Wait::Stance { from_us: now });
            }
        })
    }

    /// The angle of the shank in millidegrees, positive with the ankle before the knee, or why there is none:
    /// [`ShankAngle::update`] answers with what this takes.
    pub fn angle(&mut self, now_us: u64, angle: Result<i32, TiltFault>) -> Option<GateCommand> {
        self.around(now_us, |s, now| match angle.and_then(|mdeg| s.believe(now, mdeg)) {
            Ok(mdeg) => s.moved(now, mdeg),
            Err(fault) => s.distrust(now, fault),
        })
    }

    /// Leaves FAULT for OFF.
    pub fn acknowledge(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |s, _| s.gate.acknowledge())
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> TiltState {
        match self.gate.phase {
            Phase::Off => TiltState::Off,
            Phase::Idle(Wait::Stance { .. }) => TiltState::Stance,
            Phase::Idle(Wait::Armed) => TiltState::Armed,
            Phase::On { .. } => TiltState::Swing,
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
        let now = self.gate.hear(now_us, ());
        self.advance(now);
        input(self, now);
        self.advance(now);
        self.gate.take()
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
        let TiltTimes { start_mdeg, end_mdeg, max_on, .. } = self.times;
        self.before |= mdeg >= end_mdeg;
        match self.gate.phase {
            Phase::Idle(Wait::Armed) if mdeg <= start_mdeg => {
                self.before = false;
                self.gate.open(now, us(max_on));
            }
            Phase::On { .. } if mdeg >= end_mdeg => self.gate.close(now, Then::Next(())),
            Phase::Off | Phase::Idle(_) | Phase::On { .. } | Phase::RampDown { .. } | Phase::Fault => {}
        }
    }

    fn silent_us(&self) -> Option<u64> {
        let listens = matches!(self.gate.phase, Phase::Idle(_) | Phase::On { .. });
        listens.then(|| self.heard_us.saturating_add(us(self.times.silence)))
    }

    /// When a wait is over whose shank has been before the vertical, or the gate's own state.
    const fn phase_due(&self) -> Option<u64> {
        match self.gate.phase {
            Phase::Idle(Wait::Stance { from_us }) if self.before => Some(from_us),
            Phase::Off | Phase::Idle(_) | Phase::On { .. } | Phase::RampDown { .. } | Phase::Fault => {
                self.gate.due_us()
            }
        }
    }

    /// At most three changes of state: a wait may be over when it begins.
    fn advance(&mut self, now: u64) {
        if is_due(self.silent_us(), now) {
            self.distrust(now, TiltFault::Silent);
        }
        for _ in 0..2 {
            if is_due(self.phase_due(), now) {
                self.elapsed(now);
            }
        }
    }

    fn elapsed(&mut self, now: u64) {
        match self.gate.phase {
            Phase::Off | Phase::Fault => {}
            Phase::Idle(_) => self.gate.phase = Phase::Idle(Wait::Armed),
            Phase::On { .. } => self.gate.close(now, Then::Next(())),
            Phase::RampDown { then, .. } => {
                if self.gate.ramped(then).is_some() {
                    self.heard_us = self.heard_us.max(now);
                    let from_us = now.saturating_add(us(self.times.wait));
                    self.gate.phase = Phase::Idle(Wait::Stance { from_us });
                }
            }
        }
    }

    fn distrust(&mut self, now: u64, fault: TiltFault) {
        self.last = None;
        if !self.gate.is_off() {
            self.fault.get_or_insert(fault);
            self.gate.fault(now);
        }
    }
}

impl GateTrigger for Tilt {
    fn poll(&mut self, now_us: u64) -> GateCommands {
        self.around(now_us, |_, _| {}).into()
    }

    fn poll_at(&self) -> PollAt {
        self.gate.listen.for_host(earliest([self.silent_us(), self.phase_due()]))
    }

    fn stop(&mut self, now_us: u64) -> GateCommands {
        self.around(now_us, |s, now| s.gate.stop(now)).into()
    }

    fn is_off(&self) -> bool {
        self.gate.is_off()
    }
}
