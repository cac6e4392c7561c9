//! When the channels of a session file run.

use super::bounded::List;
use crate::gait::{GaitConfig, GaitTimes};
use nmes_core::{ConfigError, Cycle, Gate, MAX_STAGES, Millis, Rate, Schedule, Stage};
use serde::{Deserialize, Serialize};

/// When the channels run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ScheduleFile {
    /// One train over the session.
    Continuous,
    /// Contractions and rests.
    Cyclic(CycleFile),
    /// Stages, one after the other.
    Program(List<StageFile, MAX_STAGES>),
    /// Trains that a trigger starts.
    Gated(GateFile),
    /// Trains that follow the steps of a walk.
    Steps {
        /// The bounds of the gate.
        gate: GateFile,
        /// The times of the trigger.
        times: StepTimesFile,
    },
}

/// One contraction and its rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CycleFile {
    /// At full level, without the ramps.
    pub hold_ms: Millis,
    /// Without output.
    pub rest_ms: Millis,
}

/// One stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageFile {
    /// At full level, without the ramps.
    pub hold_ms: Millis,
    /// Without output.
    pub rest_ms: Millis,
    /// Contractions.
    pub repeats: u16,
    /// Full level in thousandths of the set value.
    pub level_permille: u16,
    /// Another rate than the channel's, in thousandths of a pulse a second; 0 for none.
    pub rate_millihertz: u32,
}

/// Bounds on trains that a trigger starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateFile {
    /// The longest opening.
    pub max_on_ms: Millis,
    /// The least time without output between two.
    pub min_off_ms: Millis,
    /// The most openings in a minute.
    pub max_triggers_per_minute: u16,
    /// The least time from one opening to the next.
    pub refractory_ms: Millis,
}

/// The times of the trigger that follows steps; see [`GaitTimes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "one for one the fields of `GaitTimes`, which has the words")]
pub struct StepTimesFile {
    pub debounce_ms: Millis,
    pub refractory_ms: Millis,
    pub delay_ms: Millis,
    pub extension_ms: Millis,
    pub hold_max_ms: Millis,
    pub hold_cap_ms: Millis,
    pub hold_first_ms: Millis,
    pub hold_percent: u32,
    pub stance_share_percent: u32,
    pub stance_first_ms: Millis,
    pub off_min_ms: Millis,
    pub merge_max_ms: Millis,
    pub test_burst_ms: Millis,
    pub vouch_ms: Millis,
}

impl ScheduleFile {
    pub(super) fn of(schedule: &Schedule<'_>, gait: Option<&GaitConfig>) -> Option<Self> {
        Some(match (schedule, gait) {
            (Schedule::Continuous, _) => Self::Continuous,
            (Schedule::Cyclic(cycle), _) => {
                Self::Cyclic(CycleFile { hold_ms: cycle.hold, rest_ms: cycle.rest })
            }
            (Schedule::Program(stages), _) => {
                Self::Program(stages.iter().filter_map(StageFile::of).collect())
            }
            (Schedule::Gated(gate), None) => Self::Gated(GateFile::of(gate)),
            (Schedule::Gated(gate), Some(gait)) => {
                Self::Steps { gate: GateFile::of(gate), times: StepTimesFile::of(gait.times()) }
            }
        })
    }

    pub(super) fn schedule<'s>(
        &self,
        room: &'s mut [Stage; MAX_STAGES],
    ) -> Result<Schedule<'s>, ConfigError> {
        Ok(match self {
            Self::Continuous => Schedule::Continuous,
            Self::Cyclic(cycle) => Schedule::Cyclic(Cycle { hold: cycle.hold_ms, rest: cycle.rest_ms }),
            Self::Program(stages) => {
                for (slot, stage) in room.iter_mut().zip(stages.iter()) {
                    *slot = stage.stage()?;
                }
                Schedule::Program(room.get(..stages.len()).unwrap_or_default())
            }
            Self::Gated(gate) | Self::Steps { gate, .. } => Schedule::Gated(gate.gate()),
        })
    }

    /// What it is, for an error to say.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Continuous => "continuous",
            Self::Cyclic(_) => "cyclic",
            Self::Program(_) => "program",
            Self::Gated(_) => "gated",
            Self::Steps { .. } => "steps",
        }
    }
}

impl StageFile {
    fn of(stage: &Stage) -> Option<Self> {
        Some(Self {
            hold_ms: stage.cycle.hold,
            rest_ms: stage.cycle.rest,
            repeats: stage.repeats,
            level_permille: stage.level_permille,
            rate_millihertz: stage.rate.map_or(Some(0), |rate| u32::try_from(rate.as_millihertz()).ok())?,
        })
    }

    fn stage(&self) -> Result<Stage, ConfigError> {
        let own = Some(self.rate_millihertz).filter(|rate| *rate > 0);
        Ok(Stage {
            cycle: Cycle { hold: self.hold_ms, rest: self.rest_ms },
            repeats: self.repeats,
            level_permille: self.level_permille,
            rate: own.map(Rate::from_millihertz).transpose()?,
        })
    }
}

impl GateFile {
    const fn of(gate: &Gate) -> Self {
        Self {
            max_on_ms: gate.max_on,
            min_off_ms: gate.min_off,
            max_triggers_per_minute: gate.max_triggers_per_minute,
            refractory_ms: gate.refractory,
        }
    }

    const fn gate(&self) -> Gate {
        Gate {
            max_on: self.max_on_ms,
            min_off: self.min_off_ms,
            max_triggers_per_minute: self.max_triggers_per_minute,
            refractory: self.refractory_ms,
        }
    }
}

impl StepTimesFile {
    const fn of(times: &GaitTimes) -> Self {
        Self {
            debounce_ms: times.debounce,
            refractory_ms: times.refractory,
            delay_ms: times.delay,
            extension_ms: times.extension,
            hold_max_ms: times.hold_max,
            hold_cap_ms: times.hold_cap,
            hold_first_ms: times.hold_first,
            hold_percent: times.hold_percent,
            stance_share_percent: times.stance_share_percent,
            stance_first_ms: times.stance_first,
            off_min_ms: times.off_min,
            merge_max_ms: times.merge_max,
            test_burst_ms: times.test_burst,
            vouch_ms: times.vouch,
        }
    }

    /// As the trigger takes them, with the ramps of the session's first channel.
    ///
    /// # Errors
    /// Times that exclude one another.
    pub fn gait(&self, ramp: &super::RampFile) -> Result<GaitConfig, crate::gait::GaitConfigError> {
        GaitConfig::new(GaitTimes {
            debounce: self.debounce_ms,
            refractory: self.refractory_ms,
            delay: self.delay_ms,
            ramp_up: ramp.up_ms,
            ramp_down: ramp.down_ms,
            ramp_down_min: ramp.down_min_ms,
            extension: self.extension_ms,
            hold_max: self.hold_max_ms,
            hold_cap: self.hold_cap_ms,
            hold_first: self.hold_first_ms,
            hold_percent: self.hold_percent,
            stance_share_percent: self.stance_share_percent,
            stance_first: self.stance_first_ms,
            off_min: self.off_min_ms,
            merge_max: self.merge_max_ms,
            test_burst: self.test_burst_ms,
            vouch: self.vouch_ms,
        })
    }
}
