//! When the channels of a session run.

use crate::error::{ConfigError, Field, at_least, at_most};
use crate::rate::Rate;
use crate::units::Millis;
use crate::widen::{count, wide, wide16};

/// One contraction after another: ramp up, `hold`, ramp down, `rest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Cycle {
    /// Time at full level.
    pub hold: Millis,
    /// Time with no output.
    pub rest: Millis,
}

/// Bounds on a train that is started from outside. The engine enforces them for each channel by itself, whatever the
/// trigger does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Gate {
    /// The longest one opening may last before it is closed by a ramp.
    pub max_on: Millis,
    /// The least time with no output between two trains; an opening before that waits for it.
    pub min_off: Millis,
    /// The most openings in a minute that begin a train (1 to 600); more are refused. One of a train that is on, or waits, is none
    /// of them.
    pub max_triggers_per_minute: u16,
    /// The least time from one opening that began a train to the next; a sooner one is refused. Zero for none.
    #[cfg_attr(feature = "serde", serde(default))]
    pub refractory: Millis,
}

/// Part of a programme: so many contractions at a level, such as the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Stage {
    /// Hold and rest of each contraction. The ramps are the channel's.
    pub cycle: Cycle,
    /// How many contractions, at least 1.
    pub repeats: u16,
    /// Full level in thousandths of the way from the ramp's floor to the set value, 1 to 1,000; from a floor of 0, of the
    /// set value.
    pub level_permille: u16,
    /// Another rate than the channel's, and no faster: even, whatever the channel's timing.
    pub rate: Option<Rate>,
}

/// The most stages of a programme.
pub const MAX_STAGES: usize = 16;

/// When the channels run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Schedule<'a> {
    /// One train over the whole session.
    Continuous,
    /// Contractions and rests.
    Cyclic(Cycle),
    /// Trains started and ended from outside.
    Gated(Gate),
    /// Stages of contractions and rests, one after the other: warm-up, work, cool-down.
    Program(&'a [Stage]),
}

impl Schedule<'_> {
    pub(crate) const fn validate(&self) -> Result<(), ConfigError> {
        match self {
            Self::Continuous => Ok(()),
            Self::Cyclic(cycle) => cycle.validate(),
            Self::Gated(gate) => gate.validate(),
            Self::Program(stages) => validate_stages(stages),
        }
    }
}

impl Cycle {
    const fn validate(&self) -> Result<(), ConfigError> {
        at_least(Field::Hold, wide(self.hold.as_millis()), 1, "a contraction holds its level at least 1 ms")
    }
}

impl Gate {
    const fn validate(&self) -> Result<(), ConfigError> {
        if let Err(e) =
            at_least(Field::GateMaxOn, wide(self.max_on.as_millis()), 1, "a gate may be open at least 1 ms")
        {
            return Err(e);
        }
        let triggers = wide16(self.max_triggers_per_minute);
        let source = "a gate takes 1 to 600 openings a minute";
        if let Err(e) = at_least(Field::GateTriggers, triggers, 1, source) {
            return Err(e);
        }
        at_most(Field::GateTriggers, triggers, 600, source)
    }
}

const fn validate_stages(stages: &[Stage]) -> Result<(), ConfigError> {
    let source = "a programme has 1 to 16 stages";
    if let Err(e) = at_least(Field::Stages, count(stages.len()), 1, source) {
        return Err(e);
    }
    if let Err(e) = at_most(Field::Stages, count(stages.len()), count(MAX_STAGES), source) {
        return Err(e);
    }
    let mut left = stages;
    while let [stage, rest @ ..] = left {
        if let Err(e) = stage.validate() {
            return Err(e);
        }
        left = rest;
    }
    Ok(())
}

impl Stage {
    const fn validate(&self) -> Result<(), ConfigError> {
        if let Err(e) = self.cycle.validate() {
            return Err(e);
        }
        if let Err(e) =
            at_least(Field::Repeats, wide16(self.repeats), 1, "a stage has at least one contraction")
        {
            return Err(e);
        }
        let (level, source) = (wide16(self.level_permille), "the full level of a stage is 1 to 1,000 ‰");
        if let Err(e) = at_least(Field::StageLevel, level, 1, source) {
            return Err(e);
        }
        at_most(Field::StageLevel, level, 1_000, source)
    }
}

/// One contraction of a schedule that runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contraction {
    /// From the start of the session, in milliseconds.
    pub(crate) begin_ms: u64,
    pub(crate) hold: Millis,
    pub(crate) level_permille: u16,
    pub(crate) rate: Option<Rate>,
}

/// Contraction number `k` of stages whose ramps take `ramps_ms` together. A bounded walk over the stages.
pub(crate) fn in_stages(stages: &[Stage], ramps_ms: u64, k: u64) -> Option<Contraction> {
    let (mut begin_ms, mut before) = (0_u64, 0_u64);
    for stage in stages {
        let each = period_ms(&stage.cycle, ramps_ms);
        let until = before.saturating_add(u64::from(stage.repeats));
        if k < until {
            return Some(Contraction {
                begin_ms: begin_ms.saturating_add(each.saturating_mul(k.saturating_sub(before))),
                hold: stage.cycle.hold,
                level_permille: stage.level_permille,
                rate: stage.rate,
            });
        }
        begin_ms = begin_ms.saturating_add(each.saturating_mul(u64::from(stage.repeats)));
        before = until;
    }
    None
}

/// From one contraction to the next, in milliseconds.
pub(crate) fn period_ms(cycle: &Cycle, ramps_ms: u64) -> u64 {
    ramps_ms
        .saturating_add(u64::from(cycle.hold.as_millis()))
        .saturating_add(u64::from(cycle.rest.as_millis()))
}
