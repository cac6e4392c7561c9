//! EMG as the trigger: the person tries, and a train completes the movement.
//!
//! ```text
#![doc = include_str!("emg-states.txt")]
//! ```
//!
//! # How it decides
//! - **Level**: root mean square of a window of 80 ms that slides by a quarter, behind a high pass near 20 Hz.
//! - **Blanking**: for each pulse that [`Emg::stimulated`] tells, no sample counts for the blanking time. A window of which
//!   less than half is left is not judged. In ON and RAMP_DOWN nothing is detected at all.
//! - **Threshold**: never below the mean at rest and three standard deviations. It starts at 80 % of the best of three
//!   attempts, or at what was left from the last time; it rises by 5 % after three successes in a row and falls by 5 %
//!   after two attempts' times without one.
//! - **Sustain**: so many windows in a row have to be over it, so that a spike opens nothing.
//! - **Again**: after the lockout the level has to have been under the threshold, so that one long effort, a spasm, or
//!   interference opens once and no more.
//!
//! # What is no EMG
//! The amplifier says that a lead is off; samples stay at its rail; every sample is the same; none come. Each ends
//! output and is a FAULT. Artefacts of a pulse are covered by blanking as long as the amplifier is back within it: see
//! [`EmgTimes::blank`].
//!
//! # Limitations
//! Interference at rest raises the baseline and with it the threshold; above [`EmgTimes::rest_max_nv`] the baseline is not
//! taken. Co-contraction and the EMG of a neighbour look like effort. The trigger hears that a muscle is active, not what
//! its owner wants.

mod level;
mod threshold;
mod times;

pub use times::{EmgTimes, ThresholdStart};

use super::command::{GateCommands, GateTrigger};
use super::one_gate::{OneGate, Phase, Then, earliest, is_due};
use super::setting::SettingError;
use super::us;
use crate::gait::{GateCommand, PollAt};
use core::fmt;
use level::{Heard, Level};
use threshold::{Rest, Threshold, percent};

/// Of the best attempt, in percent: 20 % below it.
const OF_BEST_PERCENT: u64 = 80;
/// Standard deviations over the mean at rest.
const REST_SPREADS: u32 = 3;
/// No sample for so long is a fault. Ours.
const SILENT_US: u64 = 100_000;
/// An attempt is over when the level was at rest for so long. Ours.
const ATTEMPT_OVER_US: u64 = 300_000;

states! {
    /// Where the EMG trigger is. Only in [`EmgState::On`] and [`EmgState::RampDown`] is there output.
    EmgState,
    /// Every change of state that the EMG trigger makes.
    TRANSITIONS, "emg-states.txt";
    /// Not started.
    Off = "OFF",
    /// The muscle rests, and its level is measured.
    Baseline = "BASELINE",
    /// The person tries so many times; the best is kept.
    Attempts = "ATTEMPTS",
    /// Waits for the level to pass the threshold.
    Listen = "LISTEN",
    /// The gate is open; nothing is detected.
    On = "ON",
    /// The gate was closed; the level falls.
    RampDown = "RAMP_DOWN",
    /// The rest after a train.
    Lockout = "LOCKOUT",
    /// The signal cannot be trusted.
    Fault = "FAULT";
    on: On, RampDown;
    Off -> Baseline,
    Baseline -> Attempts, Baseline -> Listen, Baseline -> Off, Baseline -> Fault,
    Attempts -> Listen, Attempts -> Off, Attempts -> Fault,
    Listen -> On, Listen -> Off, Listen -> Fault,
    On -> RampDown,
    RampDown -> Lockout, RampDown -> Off, RampDown -> Fault,
    Lockout -> Listen, Lockout -> Off, Lockout -> Fault,
    Fault -> Off,
}

/// Signals that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum EmgFault {
    /// The amplifier says that an electrode is off.
    LeadOff,
    /// Five samples in a row at the rail, outside the blanking time.
    Rail,
    /// A whole window of samples that are all the same.
    Dead,
    /// No sample in time.
    Silent,
}

impl fmt::Display for EmgFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LeadOff => "EMG: an electrode is off",
            Self::Rail => "EMG: the amplifier is at its rail",
            Self::Dead => "EMG: the same value over a whole window, the amplifier is dead",
            Self::Silent => "EMG: no sample in time",
        })
    }
}

/// What the amplifier gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmgSample {
    /// A sample in nanovolts, at the electrodes.
    Nanovolts(i32),
    /// Its lead-off detection says that an electrode is off.
    LeadOff,
}

/// Where it waits.
#[derive(Clone, Copy, Debug)]
enum Wait {
    Baseline { until_us: u64, rest: Rest, restless: bool },
    Attempts(Attempts),
    Listen { miss_us: u64, windows: u32 },
    Lockout { until_us: u64, quiet: bool },
}

/// What the attempts have come to.
#[derive(Clone, Copy, Debug)]
struct Attempts {
    left: u8,
    /// The level at rest and its wandering.
    floor_nv: u32,
    best_nv: u32,
    over: bool,
    quiet_us: u64,
}

impl Attempts {
    /// From here on a level is an attempt.
    const fn least_nv(&self) -> u32 {
        self.floor_nv.saturating_mul(2)
    }
}

/// What was counted since the trigger was made; saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct EmgCounters {
    /// Trains opened.
    pub opened: u32,
    /// Times of an attempt that passed without one.
    pub misses: u32,
    /// Baselines that were not taken as the muscle did not rest.
    pub restless: u32,
}

/// EMG as the trigger. See the [module](self) for the states.
///
/// ```
/// use nmes_protocols::{GateCommand, triggers::{GateTrigger, emg::*}};
/// let times = EmgTimes { start: ThresholdStart::Given(20_000), ..EmgTimes::wrist(1_000, 400_000_000) };
/// let mut emg = Emg::new(times).unwrap();
/// emg.start(0);
/// // rest of 2 µV, then an effort of 50 µV from 3 s on, as a square wave of 100 Hz
/// let wave = |i: u64, nv: i32| if i / 5 % 2 == 0 { nv } else { -nv };
/// let mut opened = None;
/// for i in 0..4_000_u64 {
///     let nv = wave(i, if i < 3_000 { 2_000 } else { 50_000 });
///     if emg.sample(i * 1_000, EmgSample::Nanovolts(nv)) == Some(GateCommand::Open) {
///         opened = Some(i);
///     }
/// }
/// assert!((3_040..3_160).contains(&opened.unwrap()), "{opened:?} ms");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Emg {
    times: EmgTimes,
    gate: OneGate<Wait>,
    level: Level,
    threshold: Threshold,
    heard_us: u64,
    last_nv: Option<u32>,
    fault: Option<EmgFault>,
    counters: EmgCounters,
}

impl Emg {
    /// A trigger in OFF.
    ///
    /// # Errors
    /// Names the setting and its range.
    pub fn new(times: EmgTimes) -> Result<Self, SettingError> {
        times.check()?;
        Ok(Self {
            times,
            gate: OneGate::new(times.ramp_down),
            level: times.level(),
            threshold: Threshold::new(u32::MAX, 0),
            heard_us: 0,
            last_nv: None,
            fault: None,
            counters: EmgCounters::default(),
        })
    }

    /// OFF to BASELINE: the muscle has to rest. In every other state it only polls.
    pub fn start(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |s, now| {
            if matches!(s.gate.phase, Phase::Off) {
                s.level = s.times.level();
                s.fault = None;
                s.heard_us = now;
                s.gate.phase = s.baseline(now, false);
            }
        })
    }

    /// A sample. They come at the rate that was declared; a gap of 0.1 s is a fault.
    pub fn sample(&mut self, now_us: u64, sample: EmgSample) -> Option<GateCommand> {
        self.around(now_us, |s, now| {
            s.heard_us = now;
            let heard = match sample {
                EmgSample::LeadOff => return s.distrust(now, EmgFault::LeadOff),
                EmgSample::Nanovolts(nv) => s.level.sample(now, nv),
            };
            match heard {
                Heard::Nothing => {}
                Heard::Rail => s.distrust(now, EmgFault::Rail),
                Heard::Dead => s.distrust(now, EmgFault::Dead),
                Heard::Level(nv) => s.heard(now, nv),
            }
        })
    }

    /// A pulse stands at this time, now or soon, on any channel: its artefact is not listened to. Told before the samples
    /// that it falls on.
    pub fn stimulated(&mut self, at_us: u64) {
        let at_us = self.gate.listen.own(at_us);
        let end = at_us.saturating_add(us(self.times.blank));
        self.level.blank(self.gate.listen.last_us(), at_us..end);
    }

    /// Leaves FAULT for OFF.
    pub fn acknowledge(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |s, _| s.gate.acknowledge())
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> EmgState {
        match self.gate.phase {
            Phase::Off => EmgState::Off,
            Phase::Idle(Wait::Baseline { .. }) => EmgState::Baseline,
            Phase::Idle(Wait::Attempts(_)) => EmgState::Attempts,
            Phase::Idle(Wait::Listen { .. }) => EmgState::Listen,
            Phase::On { .. } => EmgState::On,
            Phase::RampDown { .. } => EmgState::RampDown,
            Phase::Idle(Wait::Lockout { .. }) => EmgState::Lockout,
            Phase::Fault => EmgState::Fault,
        }
    }

    /// The threshold in nanovolts, to be kept for the next time; `None` before there is one.
    #[must_use]
    pub const fn threshold_nv(&self) -> Option<u32> {
        if self.threshold.nv == u32::MAX { None } else { Some(self.threshold.nv) }
    }

    /// In ATTEMPTS the level that counts as one, in nanovolts: twice the level at rest with its wandering.
    #[must_use]
    pub const fn attempt_nv(&self) -> Option<u32> {
        match self.gate.phase {
            Phase::Idle(Wait::Attempts(attempts)) => Some(attempts.least_nv()),
            Phase::Off | Phase::Idle(_) | Phase::On { .. } | Phase::RampDown { .. } | Phase::Fault => None,
        }
    }

    /// The level of the last window in nanovolts, for a display.
    #[must_use]
    pub const fn level_nv(&self) -> Option<u32> {
        self.last_nv
    }

    /// Why it went to FAULT, until the next start.
    #[must_use]
    pub const fn fault(&self) -> Option<EmgFault> {
        self.fault
    }

    /// What it has counted.
    #[must_use]
    pub const fn counters(&self) -> EmgCounters {
        self.counters
    }

    fn around(&mut self, now_us: u64, input: impl FnOnce(&mut Self, u64)) -> Option<GateCommand> {
        let now = self.gate.hear(now_us, ());
        self.advance(now);
        input(self, now);
        self.gate.take()
    }

    fn baseline(&self, now: u64, restless: bool) -> Phase<Wait, ()> {
        let until_us = now.saturating_add(us(self.times.baseline));
        Phase::Idle(Wait::Baseline { until_us, rest: Rest::default(), restless })
    }

    /// A level of a window that could be judged.
    fn heard(&mut self, now: u64, nv: u32) {
        self.last_nv = Some(nv);
        let Phase::Idle(wait) = self.gate.phase else { return };
        self.gate.phase = match wait {
            Wait::Baseline { until_us, rest, restless } => self.rests(now, nv, until_us, rest, restless),
            Wait::Attempts(attempts) => self.tries(now, nv, attempts),
            Wait::Listen { miss_us, windows } => return self.listens(now, nv, miss_us, windows),
            Wait::Lockout { until_us, quiet } => {
                let quiet = quiet || nv < self.threshold.nv;
                if quiet && until_us <= now {
                    self.listening(now)
                } else {
                    Phase::Idle(Wait::Lockout { until_us, quiet })
                }
            }
        };
    }

    /// A baseline that is not taken counts once, with the first window that is above the level of a rest.
    fn rests(&mut self, now: u64, nv: u32, until_us: u64, mut rest: Rest, restless: bool) -> Phase<Wait, ()> {
        if nv > self.times.rest_max_nv {
            self.counters.restless = self.counters.restless.saturating_add(u32::from(!restless));
            return self.baseline(now, true);
        }
        rest.add(nv);
        let Some(floor) = rest.floor(REST_SPREADS).filter(|_| until_us <= now) else {
            return Phase::Idle(Wait::Baseline { until_us, rest, restless: false });
        };
        match self.times.start {
            ThresholdStart::Given(nv) => {
                self.threshold = Threshold::new(nv, floor);
                self.listening(now)
            }
            ThresholdStart::BestOf(left) => {
                self.threshold = Threshold::new(u32::MAX, floor);
                Phase::Idle(Wait::Attempts(Attempts {
                    left,
                    floor_nv: floor,
                    best_nv: 0,
                    over: false,
                    quiet_us: now,
                }))
            }
        }
    }

    /// An attempt is twice the level at rest and its wandering, and is over when the level was below that for a while.
    fn tries(&mut self, now: u64, nv: u32, mut attempts: Attempts) -> Phase<Wait, ()> {
        if nv >= attempts.least_nv() {
            let best_nv = attempts.best_nv.max(nv);
            attempts = Attempts { best_nv, over: true, quiet_us: now, ..attempts };
        } else if attempts.over && now.saturating_sub(attempts.quiet_us) >= ATTEMPT_OVER_US {
            let left = attempts.left.saturating_sub(1);
            if left == 0 {
                let start = percent(attempts.best_nv, OF_BEST_PERCENT);
                self.threshold = Threshold::new(start, attempts.floor_nv);
                return self.listening(now);
            }
            attempts = Attempts { left, over: false, quiet_us: now, ..attempts };
        }
        Phase::Idle(Wait::Attempts(attempts))
    }

    fn listening(&self, now: u64) -> Phase<Wait, ()> {
        Phase::Idle(Wait::Listen { miss_us: now.saturating_add(us(self.times.attempt)), windows: 0 })
    }

    fn listens(&mut self, now: u64, nv: u32, miss_us: u64, windows: u32) {
        let windows = if nv >= self.threshold.nv { windows.saturating_add(1) } else { 0 };
        self.gate.phase = Phase::Idle(Wait::Listen { miss_us, windows });
        // windows slide by a quarter of one
        let quarter = self.times.window.as_millis() / 4;
        if windows > 0 && windows.saturating_mul(quarter) >= self.times.sustain.as_millis() {
            self.threshold.success();
            self.counters.opened = self.counters.opened.saturating_add(1);
            self.gate.open(now, us(self.times.on));
        }
    }

    /// When a state that does not wait for a level is over.
    const fn phase_due(&self) -> Option<u64> {
        match self.gate.phase {
            Phase::Idle(Wait::Listen { miss_us, .. }) => Some(miss_us),
            Phase::Off | Phase::Idle(_) | Phase::On { .. } | Phase::RampDown { .. } | Phase::Fault => {
                self.gate.due_us()
            }
        }
    }

    fn silent_us(&self) -> Option<u64> {
        let listens = matches!(self.gate.phase, Phase::Idle(_) | Phase::On { .. });
        listens.then(|| self.heard_us.saturating_add(SILENT_US))
    }

    /// At most two changes of state.
    fn advance(&mut self, now: u64) {
        if is_due(self.silent_us(), now) {
            self.distrust(now, EmgFault::Silent);
        }
        if is_due(self.phase_due(), now) {
            self.elapsed(now);
        }
    }

    fn elapsed(&mut self, now: u64) {
        match self.gate.phase {
            Phase::Off | Phase::Fault => {}
            // only LISTEN has a time of its own
            Phase::Idle(wait) => {
                if let Wait::Listen { windows, .. } = wait {
                    self.threshold.miss();
                    self.counters.misses = self.counters.misses.saturating_add(1);
                    let miss_us = now.saturating_add(us(self.times.attempt));
                    self.gate.phase = Phase::Idle(Wait::Listen { miss_us, windows });
                }
            }
            Phase::On { .. } => self.gate.close(now, Then::Next(())),
            Phase::RampDown { then, .. } => {
                if self.gate.ramped(then).is_some() {
                    self.heard_us = self.heard_us.max(now);
                    let until_us = now.saturating_add(us(self.times.lockout));
                    self.gate.phase = Phase::Idle(Wait::Lockout { until_us, quiet: false });
                }
            }
        }
    }

    fn distrust(&mut self, now: u64, fault: EmgFault) {
        if !self.gate.is_off() {
            self.fault.get_or_insert(fault);
            self.gate.fault(now);
        }
    }
}

impl GateTrigger for Emg {
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
