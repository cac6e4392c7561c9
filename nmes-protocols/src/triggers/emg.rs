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

#[path = "emg/level.rs"]
mod level;
#[path = "emg/threshold.rs"]
mod threshold;

use super::command::{GateCommands, GateTrigger};
use super::{Listen, us};
use crate::gait::{GateCommand, PollAt};
use core::fmt;
use level::{Heard, Level};
use nmes_core::Millis;
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

/// Where the threshold starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ThresholdStart {
    /// 20 % below the best of so many attempts, 1 to 10.
    BestOf(u8),
    /// This level in nanovolts, for one from the last time.
    Given(u32),
}

/// Times and levels of an [`Emg`] trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct EmgTimes {
    /// Samples in a second, 500 to 10,000.
    pub samples_per_second: u32,
    /// At or beyond this the amplifier is at its rail, in nanovolts.
    pub rail_nv: i32,
    /// The window of the level, 50 to 100 ms.
    pub window: Millis,
    /// No sample counts for this long after a pulse, at least 10 ms. As long as the amplifier needs to come back.
    pub blank: Millis,
    /// How long the muscle rests at the start.
    pub baseline: Millis,
    /// A level at rest above this is no rest, in nanovolts.
    pub rest_max_nv: u32,
    /// Where the threshold starts.
    pub start: ThresholdStart,
    /// How long the level has to be over the threshold.
    pub sustain: Millis,
    /// From the opening to the close, the ramp-up inside.
    pub on: Millis,
    /// How long a ramp-down takes.
    pub ramp_down: Millis,
    /// From the end of a ramp-down to the next listening.
    pub lockout: Millis,
    /// Listening for this long without a success is a miss.
    pub attempt: Millis,
}

impl EmgTimes {
    /// The trial of the row `stroke-wrist-emg`: 1 s up and 5 s, 1 s down, and 25 s from train to train; the numbers of
    /// detection are its reported ones, with window, blanking and baseline picked in their ranges by us.
    ///
    /// ```
    /// use nmes_protocols::triggers::emg::EmgTimes;
    /// let times = EmgTimes::wrist(1_000, 400_000_000);
    /// assert_eq!((times.on.as_millis(), times.blank.as_millis()), (6_000, 20));
    /// ```
    #[must_use]
    pub fn wrist(samples_per_second: u32, rail_nv: i32) -> Self {
        let ms = |n| Millis::from_millis(n).unwrap_or(Millis::MAX);
        Self {
            samples_per_second,
            rail_nv,
            window: ms(80),
            blank: ms(20),
            baseline: ms(2_000),
            rest_max_nv: 15_000,
            start: ThresholdStart::BestOf(3),
            sustain: ms(60),
            on: ms(6_000),
            ramp_down: ms(1_000),
            lockout: ms(20_000),
            attempt: ms(25_000),
        }
    }
}

/// Settings that the trigger does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum EmgError {
    /// A setting is outside its range.
    Range {
        /// Which.
        what: &'static str,
        /// What was given.
        value: u32,
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
}

impl fmt::Display for EmgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Range { what, value, min, max } = self;
        write!(f, "EMG, {what}: {value}; accepted: {min} to {max}")
    }
}

impl core::error::Error for EmgError {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Lockout,
    Off,
    Fault,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Off,
    Baseline { until_us: u64, rest: Rest },
    Attempts { left: u8, best_nv: u32, over: bool, quiet_us: u64 },
    Listen { miss_us: u64, windows: u32 },
    On { until_us: u64 },
    RampDown { until_us: u64, then: Then },
    Lockout { until_us: u64, quiet: bool },
    Fault,
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
    phase: Phase,
    listen: Listen,
    level: Level,
    threshold: Threshold,
    heard_us: u64,
    last_nv: Option<u32>,
    fault: Option<EmgFault>,
    counters: EmgCounters,
    command: Option<GateCommand>,
}

impl Emg {
    /// A trigger in OFF.
    ///
    /// # Errors
    /// Names the setting and its range.
    pub fn new(times: EmgTimes) -> Result<Self, EmgError> {
        check(&times)?;
        Ok(Self {
            times,
            phase: Phase::Off,
            listen: Listen::default(),
            level: fresh(&times),
            threshold: Threshold::new(u32::MAX, 0),
            heard_us: 0,
            last_nv: None,
            fault: None,
            counters: EmgCounters::default(),
            command: None,
        })
    }

    /// OFF to BASELINE: the muscle has to rest. In every other state it only polls.
    pub fn start(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |s, now| {
            if matches!(s.phase, Phase::Off) {
                s.level = fresh(&s.times);
                s.fault = None;
                s.heard_us = now;
                s.phase = s.baseline(now);
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
        let end = at_us.saturating_add(us(self.times.blank));
        self.level.blank(self.listen.last_us(), at_us..end);
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
    pub const fn state(&self) -> EmgState {
        match self.phase {
            Phase::Off => EmgState::Off,
            Phase::Baseline { .. } => EmgState::Baseline,
            Phase::Attempts { .. } => EmgState::Attempts,
            Phase::Listen { .. } => EmgState::Listen,
            Phase::On { .. } => EmgState::On,
            Phase::RampDown { .. } => EmgState::RampDown,
            Phase::Lockout { .. } => EmgState::Lockout,
            Phase::Fault => EmgState::Fault,
        }
    }

    /// The threshold in nanovolts, to be kept for the next time; `None` before there is one.
    #[must_use]
    pub const fn threshold_nv(&self) -> Option<u32> {
        if self.threshold.nv == u32::MAX { None } else { Some(self.threshold.nv) }
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
        let now = self.listen.hear(now_us);
        self.advance(now);
        input(self, now);
        self.command.take()
    }

    fn baseline(&self, now: u64) -> Phase {
        Phase::Baseline { until_us: now.saturating_add(us(self.times.baseline)), rest: Rest::default() }
    }

    /// A level of a window that could be judged.
    fn heard(&mut self, now: u64, nv: u32) {
        self.last_nv = Some(nv);
        match self.phase {
            Phase::Baseline { until_us, rest } => self.rests(now, nv, until_us, rest),
            Phase::Attempts { left, best_nv, over, quiet_us } => {
                self.tries(now, nv, (left, best_nv, over, quiet_us));
            }
            Phase::Listen { miss_us, windows } => self.listens(now, nv, miss_us, windows),
            Phase::Lockout { until_us, quiet } => {
                let quiet = quiet || nv < self.threshold.nv;
                self.phase = Phase::Lockout { until_us, quiet };
                if quiet && until_us <= now {
                    self.phase = self.listening(now);
                }
            }
            Phase::Off | Phase::On { .. } | Phase::RampDown { .. } | Phase::Fault => {}
        }
    }

    fn rests(&mut self, now: u64, nv: u32, until_us: u64, mut rest: Rest) {
        if nv > self.times.rest_max_nv {
            self.counters.restless = self.counters.restless.saturating_add(1);
            self.phase = self.baseline(now);
            return;
        }
        rest.add(nv);
        self.phase = Phase::Baseline { until_us, rest };
        let Some(floor) = rest.floor(REST_SPREADS).filter(|_| until_us <= now) else { return };
        match self.times.start {
            ThresholdStart::Given(nv) => {
                self.threshold = Threshold::new(nv, floor);
                self.phase = self.listening(now);
            }
            ThresholdStart::BestOf(left) => {
                self.threshold = Threshold::new(floor, floor);
                self.phase = Phase::Attempts { left, best_nv: 0, over: false, quiet_us: now };
            }
        }
    }

    /// An attempt is twice the level at rest and its wandering, and is over when the level was below that for a while.
    fn tries(&mut self, now: u64, nv: u32, (left, best_nv, over, quiet_us): (u8, u32, bool, u64)) {
        let least = self.threshold.floor_nv.saturating_mul(2);
        if nv >= least {
            self.phase = Phase::Attempts { left, best_nv: best_nv.max(nv), over: true, quiet_us: now };
            return;
        }
        if !over || now.saturating_sub(quiet_us) < ATTEMPT_OVER_US {
            return;
        }
        let left = left.saturating_sub(1);
        self.phase = Phase::Attempts { left, best_nv, over: false, quiet_us: now };
        if left == 0 {
            self.threshold = Threshold::new(percent(best_nv, OF_BEST_PERCENT), self.threshold.floor_nv);
            self.phase = self.listening(now);
        }
    }

    fn listening(&self, now: u64) -> Phase {
        Phase::Listen { miss_us: now.saturating_add(us(self.times.attempt)), windows: 0 }
    }

    fn listens(&mut self, now: u64, nv: u32, miss_us: u64, windows: u32) {
        let windows = if nv >= self.threshold.nv { windows.saturating_add(1) } else { 0 };
        self.phase = Phase::Listen { miss_us, windows };
        // windows slide by a quarter of one
        let quarter = self.times.window.as_millis() / 4;
        if windows > 0 && windows.saturating_mul(quarter) >= self.times.sustain.as_millis() {
            self.threshold.success();
            self.counters.opened = self.counters.opened.saturating_add(1);
            self.command = Some(GateCommand::Open);
            self.phase = Phase::On { until_us: now.saturating_add(us(self.times.on)) };
        }
    }

    /// When a state that does not wait for a level is over.
    const fn phase_due(&self) -> Option<u64> {
        match self.phase {
            Phase::Off
            | Phase::Baseline { .. }
            | Phase::Attempts { .. }
            | Phase::Lockout { .. }
            | Phase::Fault => None,
            Phase::Listen { miss_us, .. } => Some(miss_us),
            Phase::On { until_us } | Phase::RampDown { until_us, .. } => Some(until_us),
        }
    }

    fn silent_us(&self) -> Option<u64> {
        let listens = !matches!(self.phase, Phase::Off | Phase::RampDown { .. } | Phase::Fault);
        listens.then(|| self.heard_us.saturating_add(SILENT_US))
    }

    /// At most two changes of state.
    fn advance(&mut self, now: u64) {
        if self.silent_us().is_some_and(|at| at <= now) {
            self.distrust(now, EmgFault::Silent);
        }
        if self.phase_due().is_some_and(|at| at <= now) {
            self.elapsed(now);
        }
    }

    fn elapsed(&mut self, now: u64) {
        match self.phase {
            Phase::Off
            | Phase::Baseline { .. }
            | Phase::Attempts { .. }
            | Phase::Lockout { .. }
            | Phase::Fault => {}
            Phase::Listen { windows, .. } => {
                self.threshold.miss();
                self.counters.misses = self.counters.misses.saturating_add(1);
                self.phase = Phase::Listen { miss_us: now.saturating_add(us(self.times.attempt)), windows };
            }
            Phase::On { .. } => self.close(now, Then::Lockout),
            Phase::RampDown { then: Then::Lockout, .. } => {
                self.heard_us = self.heard_us.max(now);
                self.phase =
                    Phase::Lockout { until_us: now.saturating_add(us(self.times.lockout)), quiet: false };
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

    fn distrust(&mut self, now: u64, fault: EmgFault) {
        if matches!(self.phase, Phase::Off | Phase::Fault) {
            return;
        }
        self.fault.get_or_insert(fault);
        match self.phase {
            Phase::Off | Phase::Fault => {}
            Phase::Baseline { .. }
            | Phase::Attempts { .. }
            | Phase::Listen { .. }
            | Phase::Lockout { .. } => {
                self.phase = Phase::Fault;
            }
            Phase::On { .. } => self.close(now, Then::Fault),
            Phase::RampDown { until_us, .. } => self.phase = Phase::RampDown { until_us, then: Then::Fault },
        }
    }
}

fn check(times: &EmgTimes) -> Result<(), EmgError> {
    let range = |what, value: u32, min, max| {
        if (min..=max).contains(&value) { Ok(()) } else { Err(EmgError::Range { what, value, min, max }) }
    };
    range("samples a second", times.samples_per_second, 500, 10_000)?;
    range("rail, nV", times.rail_nv.unsigned_abs(), 1_000_000, 2_000_000_000)?;
    range("window, ms", times.window.as_millis(), 50, 100)?;
    range("blanking, ms", times.blank.as_millis(), 10, 500)?;
    range("baseline, ms", times.baseline.as_millis(), 500, 60_000)?;
    range("sustain, ms", times.sustain.as_millis(), 1, 2_000)?;
    range("on, ms", times.on.as_millis(), 1, 60_000)?;
    range("attempt, ms", times.attempt.as_millis(), 1_000, 120_000)?;
    match times.start {
        ThresholdStart::BestOf(attempts) => range("attempts", u32::from(attempts), 1, 10),
        ThresholdStart::Given(nv) => range("threshold, nV", nv, 1_000, 10_000_000),
    }
}

fn fresh(times: &EmgTimes) -> Level {
    let window = times.samples_per_second.saturating_mul(times.window.as_millis()) / 1_000;
    Level::new((window / 4).max(1), times.samples_per_second, times.rail_nv.saturating_abs())
}

impl GateTrigger for Emg {
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
            Phase::Baseline { .. }
            | Phase::Attempts { .. }
            | Phase::Listen { .. }
            | Phase::Lockout { .. } => {
                s.phase = Phase::Off;
            }
            Phase::On { .. } => s.close(now, Then::Off),
            Phase::RampDown { until_us, .. } => s.phase = Phase::RampDown { until_us, then: Then::Off },
        })
        .into()
    }

    fn is_off(&self) -> bool {
        matches!(self.phase, Phase::Off | Phase::Fault)
    }
}
