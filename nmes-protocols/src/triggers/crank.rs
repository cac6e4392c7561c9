//! The angle of a crank as the trigger: each muscle in its window, ahead of it by what a muscle needs.
//!
//! ```text
#![doc = include_str!("crank-states.txt")]
//! ```
//!
//! # Angles
//! Zero and sense differ from source to source, so both are part of [`Encoder`] and [`Crank::zero`], and a zero has to be
//! confirmed on the cycle before anything starts. Windows are those of [`crate::CRANKS`] brought to that zero by a person,
//! or those that [`Finder`] has found.
//!
//! # Lead
//! A muscle pulls some 0.1 s after its pulses begin, and lets go as late. So everything is asked of the angle at which the
//! crank will be after that time at the speed it has: at 50 turns a minute and 115 ms that is 34.5 degrees ahead. The gate
//! opens where that angle enters the window, and closes where a ramp-down from there ends with it. Speed is the mean of the
//! last 0.14 s; under an acceleration `a` the lead is short by at most `a` × delay × (delay + 0.14 s) / 2, which at 90 °/s²
//! and 115 ms is 1.3 degrees. Between samples the angle goes on at that speed.
//!
//! A window that is too short for its ramp at the speed there is opens no gate at all: [`CrankTimes::fastest_rpm`] says up to
//! which cadence each one opens, [`Crank::is_too_short`] whether one stays shut now, and one that never opens is refused.
//!
//! # Limitations
//! A wrong zero is seen only with an index mark. A crank that is wired the wrong way round reads as backwards and starts
//! nothing; with a wrong sense *and* a motor that turns backwards it reads as forward. Where a chain or a belt slips, the
//! zero wanders unseen unless the index is on the crank itself.

mod encoder;
mod finding;
mod times;
mod window;

pub use encoder::{CrankFault, Encoder, Forward};
pub use finding::{Finder, NoWindow};
pub use times::CrankTimes;
pub use window::Window;

use super::command::{GateCommands, GateTrigger};
use super::one_gate::{earliest, is_due};
use super::setting::SettingError;
use super::{Listen, us};
use crate::gait::{GateCommand, PollAt};
use core::fmt;
use encoder::{STILL_US, TURN, Track};
use nmes_core::MAX_CHANNELS;
use window::{Ahead, Gate, Move};

/// Millidegrees a second of one turn a minute.
const RPM: u64 = 6_000;
/// Where an index mark may stand beside its place, in millidegrees. Ours.
const INDEX_MDEG: u64 = 10_000;
/// What a motor takes to get going. Ours.
const SPIN_UP_US: u64 = 1_000_000;
/// Of the least cadence, in percent: below it is too slow for a crank that turns.
const SLOW_PERCENT: u64 = 80;

states! {
    /// Where the crank trigger is. Only in [`CrankState::Turning`] and [`CrankState::RampDown`] is there output.
    CrankState,
    /// Every change of state that the crank trigger makes.
    TRANSITIONS, "crank-states.txt";
    /// Not started.
    Off = "OFF",
    /// The crank stands, or does not turn as it should.
    Still = "STILL",
    /// It turns; half a turn has to agree.
    Sync = "SYNC",
    /// Each gate is open in its window.
    Turning = "TURNING",
    /// The gates were closed; levels fall.
    RampDown = "RAMP_DOWN",
    /// The encoder cannot be trusted.
    Fault = "FAULT";
    on: Turning, RampDown;
    Off -> Still,
    Still -> Sync, Still -> Off, Still -> Fault,
    Sync -> Turning, Sync -> Still, Sync -> Off, Sync -> Fault,
    Turning -> RampDown, Turning -> Still, Turning -> Off, Turning -> Fault,
    RampDown -> Still, RampDown -> Off, RampDown -> Fault,
    Fault -> Off,
}

/// Why a zero or a start was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CrankRefusal {
    /// No sample of the encoder yet.
    NotRead,
    /// A zero is set in OFF only.
    NotOff,
    /// The zero was not confirmed, or was lost with a fault.
    NoZero,
}

impl fmt::Display for CrankRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotRead => "crank: the encoder has not been read",
            Self::NotOff => "crank: the zero is set while the trigger is off",
            Self::NoZero => "crank: turn it to a known angle and confirm that first",
        })
    }
}

impl core::error::Error for CrankRefusal {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Still,
    Off,
    Fault,
}

impl Then {
    const fn phase(self) -> Phase {
        match self {
            Self::Still => Phase::Still,
            Self::Off => Phase::Off,
            Self::Fault => Phase::Fault,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Off,
    Still,
    Sync { from: i64 },
    Turning,
    RampDown { until_us: u64, then: Then },
    Fault,
}

/// The angle of a crank as the trigger of up to eight gates, one for each window in order. See the [module](self) for the
/// states.
///
/// ```
/// use nmes_core::Millis;
/// use nmes_protocols::{GateCommand, triggers::{GateTrigger, crank::*}};
/// let encoder = Encoder { counts_per_turn: 360, forward: Forward::Up, index_mdeg: None };
/// let down = Millis::from_millis(80).unwrap();
/// let windows = [Window { start_deg: 280, width_deg: 80 }];
/// let mut crank = Crank::new(CrankTimes::new(encoder, down), &windows).unwrap();
/// crank.counts(0, 0);
/// crank.zero(0, 0).unwrap();
/// crank.start(0).unwrap();
/// // 40 turns a minute are 240 degrees a second: a count every 4,167 µs
/// let mut told = Vec::new();
/// for deg in 1..720_u32 {
///     let now = u64::from(deg) * 4_167;
///     told.extend(crank.counts(now, deg).iter().map(|(_, command)| (deg % 360, command)));
/// }
/// // 27.6 degrees of lead; the ramp takes 19.2 and is over 27.6 before the end
/// assert_eq!(told[..2], [(253, GateCommand::Open), (314, GateCommand::Close { down })]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Crank<'a> {
    times: CrankTimes,
    windows: &'a [Window],
    phase: Phase,
    listen: Listen,
    track: Track,
    zeroed: bool,
    gates: [Gate; MAX_CHANNELS],
    /// When the last ramp-down of a window is over.
    down_us: u64,
    heard_us: u64,
    /// Since when a motor turns the crank, with its time to get going.
    motor_us: Option<u64>,
    /// The position of the last index mark.
    index_at: i64,
    fault: Option<CrankFault>,
    commands: GateCommands,
}

impl<'a> Crank<'a> {
    /// A trigger in OFF without a zero.
    ///
    /// # Errors
    /// Names the setting and its range.
    pub fn new(times: CrankTimes, windows: &'a [Window]) -> Result<Self, SettingError> {
        times.check(windows)?;
        Ok(Self {
            times,
            windows,
            phase: Phase::Off,
            listen: Listen::default(),
            track: Track::new(times.encoder),
            zeroed: false,
            gates: [Gate::default(); MAX_CHANNELS],
            down_us: 0,
            heard_us: 0,
            motor_us: None,
            index_at: 0,
            fault: None,
            commands: GateCommands::NONE,
        })
    }

    /// The crank stands at this angle, in millidegrees, and a person has seen it.
    ///
    /// # Errors
    /// Not read yet, or not in OFF.
    pub fn zero(&mut self, now_us: u64, mdeg: u32) -> Result<(), CrankRefusal> {
        self.listen.hear(now_us);
        if !matches!(self.phase, Phase::Off) {
            return Err(CrankRefusal::NotOff);
        }
        if !self.track.is_read() {
            return Err(CrankRefusal::NotRead);
        }
        self.track.set_angle(mdeg);
        self.zeroed = true;
        Ok(())
    }

    /// OFF to STILL; in another state nothing.
    ///
    /// # Errors
    /// There is no zero.
    pub fn start(&mut self, now_us: u64) -> Result<(), CrankRefusal> {
        let now = self.listen.hear(now_us);
        if !self.zeroed {
            return Err(CrankRefusal::NoZero);
        }
        if matches!(self.phase, Phase::Off) {
            self.track.restart();
            self.fault = None;
            self.heard_us = now;
            self.gates = [Gate::default(); MAX_CHANNELS];
            self.index_at = self.track.position();
            self.motor_us = self.motor_us.map(|_| now.saturating_add(SPIN_UP_US));
            self.phase = Phase::Still;
        }
        Ok(())
    }

    /// The counter of the encoder, which may wrap at 2^32; a counter of 16 bits is extended by the host.
    pub fn counts(&mut self, now_us: u64, counts: u32) -> GateCommands {
        self.around(now_us, |s, now| {
            s.heard_us = now;
            let most = u64::from(s.times.max_rpm).saturating_mul(RPM);
            if let Some(fault) = s.track.sample(now, counts, most) {
                s.distrust(now, fault);
            }
        })
    }

    /// The index mark passes now.
    pub fn index(&mut self, now_us: u64) -> GateCommands {
        self.around(now_us, |s, now| {
            s.index_at = s.track.position();
            let passed = s.track.speed().saturating_mul(now.saturating_sub(s.track.at_us())) / 1_000_000;
            let most = INDEX_MDEG.saturating_add(passed);
            if s.zeroed && s.track.index_error().is_some_and(|error| error > most) {
                s.distrust(now, CrankFault::Index);
            }
        })
    }

    /// Whether a motor turns the crank: then standing still is a fault.
    pub fn motor(&mut self, now_us: u64, turns: bool) -> GateCommands {
        self.around(now_us, |s, now| {
            s.motor_us = turns.then(|| s.motor_us.unwrap_or(now.saturating_add(SPIN_UP_US)));
        })
    }

    /// Leaves FAULT for OFF.
    pub fn acknowledge(&mut self, now_us: u64) -> GateCommands {
        self.around(now_us, |s, _| {
            if matches!(s.phase, Phase::Fault) {
                s.phase = Phase::Off;
            }
        })
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> CrankState {
        match self.phase {
            Phase::Off => CrankState::Off,
            Phase::Still => CrankState::Still,
            Phase::Sync { .. } => CrankState::Sync,
            Phase::Turning => CrankState::Turning,
            Phase::RampDown { .. } => CrankState::RampDown,
            Phase::Fault => CrankState::Fault,
        }
    }

    /// Where the crank is in millidegrees, as far as the last sample and the zero say.
    #[must_use]
    pub fn angle_mdeg(&self) -> u32 {
        u32::try_from(self.track.angle()).unwrap_or(0)
    }

    /// How fast it turns forward, in millidegrees a second.
    #[must_use]
    pub fn speed_mdeg_s(&self) -> u32 {
        u32::try_from(self.track.speed()).unwrap_or(u32::MAX)
    }

    /// Whether the gate of this channel stays shut for want of room for its ramp at the speed there is.
    #[must_use]
    pub fn is_too_short(&self, channel: u8) -> bool {
        let down = self.ahead(self.listen.last_us()).down;
        self.windows.get(usize::from(channel)).is_some_and(|window| !window.holds(down))
    }

    /// Why it went to FAULT, until the next start.
    #[must_use]
    pub const fn fault(&self) -> Option<CrankFault> {
        self.fault
    }

    fn around(&mut self, now_us: u64, input: impl FnOnce(&mut Self, u64)) -> GateCommands {
        let now = self.listen.hear(now_us);
        self.advance(now);
        input(self, now);
        self.advance(now);
        core::mem::take(&mut self.commands)
    }

    const fn listens(&self) -> bool {
        matches!(self.phase, Phase::Still | Phase::Sync { .. } | Phase::Turning)
    }

    fn silent_us(&self) -> Option<u64> {
        self.listens().then(|| self.heard_us.saturating_add(us(self.times.silence)))
    }

    fn lost_us(&self) -> Option<u64> {
        let falls = matches!(self.phase, Phase::RampDown { then: Then::Still | Then::Off, .. });
        let motor = self.motor_us.filter(|_| self.listens() || falls)?;
        Some(motor.max(self.track.moved_us()).saturating_add(STILL_US))
    }

    fn ramped_us(&self) -> Option<u64> {
        match self.phase {
            Phase::RampDown { until_us, .. } => Some(until_us),
            Phase::Off | Phase::Still | Phase::Sync { .. } | Phase::Turning | Phase::Fault => None,
        }
    }

    /// At most two changes of state, and one step of each gate.
    fn advance(&mut self, now: u64) {
        let is_due = |at| is_due(at, now);
        if is_due(self.lost_us()) {
            self.distrust(now, CrankFault::Lost);
        }
        if is_due(self.silent_us()) {
            self.distrust(now, CrankFault::Silent);
        }
        match self.phase {
            Phase::Off | Phase::Fault => {}
            Phase::Still => {
                if self.turns_well(100) {
                    self.phase = Phase::Sync { from: self.track.position() };
                }
            }
            Phase::Sync { from } => self.sync(from),
            Phase::Turning => self.turn(now),
            Phase::RampDown { until_us, then } if until_us <= now => {
                self.phase = then.phase();
                self.track.restart();
            }
            Phase::RampDown { .. } => {}
        }
    }

    /// Forward, at so many percent of the least cadence or above, and not above the cap.
    fn turns_well(&self, percent: u64) -> bool {
        let speed = self.track.speed();
        let least = u64::from(self.times.min_rpm).saturating_mul(RPM).saturating_mul(percent) / 100;
        speed >= least
            && speed <= u64::from(self.times.max_rpm).saturating_mul(RPM)
            && !self.track.is_backwards()
    }

    fn sync(&mut self, from: i64) {
        if !self.turns_well(SLOW_PERCENT) {
            self.phase = Phase::Still;
        } else if self.track.position().saturating_sub(from) >= self.track.half_turn() {
            self.phase = Phase::Turning;
        }
    }

    fn turn(&mut self, now: u64) {
        let turn = self.track.half_turn().saturating_mul(2);
        let since_index = self.track.position().saturating_sub(self.index_at);
        if self.times.encoder.index_mdeg.is_some()
            && since_index > turn.saturating_add(self.track.half_turn())
        {
            return self.distrust(now, CrankFault::Index);
        }
        if !self.turns_well(SLOW_PERCENT) {
            return self.leave(now, Then::Still);
        }
        let ahead = self.ahead(now);
        for (channel, (window, gate)) in (0_u8..).zip(self.windows.iter().zip(&mut self.gates)) {
            match gate.step(window, ahead) {
                Move::Stay => {}
                Move::Open => self.commands.set(channel, GateCommand::Open),
                Move::Close => {
                    self.commands.set(channel, GateCommand::Close { down: self.times.ramp_down });
                    self.down_us = now.saturating_add(us(self.times.ramp_down));
                }
            }
        }
    }

    fn ahead(&self, now: u64) -> Ahead {
        let speed = self.track.speed();
        let led = speed.saturating_mul(us(self.times.delay)) / 1_000_000;
        let down = speed.saturating_mul(us(self.times.ramp_down)) / 1_000_000;
        Ahead { angle: self.track.angle_at(now, speed).saturating_add(led) % TURN, speed, down }
    }

    /// Closes what is open, and goes there when the last ramp is over.
    fn leave(&mut self, now: u64, then: Then) {
        let down = self.times.ramp_down;
        for (channel, gate) in (0_u8..).zip(&mut self.gates) {
            if gate.open {
                self.commands.set(channel, GateCommand::Close { down });
                self.down_us = now.saturating_add(us(down));
            }
            *gate = Gate::default();
        }
        self.phase =
            if self.down_us > now { Phase::RampDown { until_us: self.down_us, then } } else { then.phase() };
    }

    fn distrust(&mut self, now: u64, fault: CrankFault) {
        // silence loses no counts of an encoder that counts by itself
        if !matches!(fault, CrankFault::Silent) {
            self.zeroed = false;
        }
        if matches!(self.phase, Phase::Off | Phase::Fault) {
            return;
        }
        self.fault.get_or_insert(fault);
        match self.phase {
            Phase::Off | Phase::Fault => {}
            Phase::Still | Phase::Sync { .. } | Phase::Turning => self.leave(now, Then::Fault),
            Phase::RampDown { until_us, .. } => self.phase = Phase::RampDown { until_us, then: Then::Fault },
        }
    }

    fn edge_us(&self) -> Option<u64> {
        if !matches!(self.phase, Phase::Turning) {
            return None;
        }
        let now = self.listen.last_us();
        let ahead = self.ahead(now);
        let due =
            self.windows.iter().zip(&self.gates).filter_map(|(window, gate)| gate.due_in_us(window, ahead));
        due.min().map(|in_us| now.saturating_add(in_us.max(1)))
    }
}

impl GateTrigger for Crank<'_> {
    fn poll(&mut self, now_us: u64) -> GateCommands {
        self.around(now_us, |_, _| {})
    }

    fn poll_at(&self) -> PollAt {
        self.listen.for_host(earliest([self.silent_us(), self.lost_us(), self.ramped_us(), self.edge_us()]))
    }

    fn stop(&mut self, now_us: u64) -> GateCommands {
        self.around(now_us, |s, now| match s.phase {
            Phase::Off | Phase::Fault | Phase::RampDown { then: Then::Fault, .. } => {}
            Phase::Still | Phase::Sync { .. } | Phase::Turning => s.leave(now, Then::Off),
            Phase::RampDown { until_us, .. } => s.phase = Phase::RampDown { until_us, then: Then::Off },
        })
    }

    fn is_off(&self) -> bool {
        matches!(self.phase, Phase::Off | Phase::Fault)
    }
}
