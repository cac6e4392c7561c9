//! When the trains of a row run: without an end, in contractions, in stages, by steps or by another trigger.

use crate::provenance::{Ranged, Sourced};
use core::fmt;

/// When trains run, and their ramps.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[expect(clippy::large_enum_variant, reason = "rows are static; nothing is moved")]
pub enum ScheduleRow {
    /// One train over the session.
    Continuous(RampRow),
    /// One contraction after another.
    Cyclic(CycleRow),
    /// Stages of contractions: warm-up, work, cool-down.
    Program(ProgramRow),
    /// Trains that follow the steps of a walk.
    Steps {
        /// The shape of one step.
        step: StepRow,
        /// The bounds of the gate.
        gate: GateRow,
    },
    /// Trains that something else starts: a switch, an EMG, the angle of a crank.
    Gated(GatedRow),
}

/// What starts a train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum TriggerKind {
    /// The session's own clock.
    Cyclic,
    /// The start of the session.
    Continuous,
    /// A switch under the heel.
    HeelSwitch,
    /// A switch under the heel, or the tilt of the shank.
    HeelOrTilt,
    /// The person's own EMG over a threshold.
    EmgThreshold,
    /// The angle of a crank.
    CrankAngle,
    /// A switch in the hand.
    ManualSwitch,
    /// A switch or a position, of a seat or of the person.
    SwitchOrPosition,
}

impl TriggerKind {
    /// A few words for tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cyclic => "cyclic",
            Self::Continuous => "continuous",
            Self::HeelSwitch => "heel switch",
            Self::HeelOrTilt => "heel switch or tilt",
            Self::EmgThreshold => "EMG threshold",
            Self::CrankAngle => "crank angle",
            Self::ManualSwitch => "switch in the hand",
            Self::SwitchOrPosition => "switch or position",
        }
    }
}

impl fmt::Display for TriggerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Slopes, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RampRow {
    /// From nothing to the set level. Lengthened where it would be steeper than the row allows.
    pub up: Ranged,
    /// From the set level to nothing.
    pub down: Ranged,
}

/// Whether a source counts the ramps into ON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum OnIncludesRamps {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It does not say. A session counts them in, the shorter reading.
    Unstated,
}

impl OnIncludesRamps {
    /// A word for tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unstated => "not stated; a session counts them in",
        }
    }
}

/// One contraction and its rest, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CycleRow {
    /// The slopes.
    pub ramps: RampRow,
    /// The time that the source calls ON.
    pub on: Ranged,
    /// Whether that includes the ramps.
    pub on_includes_ramps: Sourced<OnIncludesRamps>,
    /// Time without output.
    pub off: Ranged,
    /// Whether the second half of the channels works while the first rests.
    pub alternate: bool,
}

impl CycleRow {
    /// The time at full level of an ON of `on` with ramps of `ramps` together; `None` where they leave nothing.
    #[must_use]
    pub const fn hold_ms(&self, on: u32, ramps: u32) -> Option<u32> {
        match self.on_includes_ramps.value {
            OnIncludesRamps::No => Some(on),
            OnIncludesRamps::Yes | OnIncludesRamps::Unstated => match on.checked_sub(ramps) {
                Some(0) | None => None,
                Some(hold) => Some(hold),
            },
        }
    }
}

/// Stages before and after the contractions of a row, which have no settings of their own beyond rate and level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ProgramRow {
    /// The slopes, of every stage.
    pub ramps: RampRow,
    /// Whether what the source calls ON includes the ramps. The times of a stage never do.
    pub on_includes_ramps: Sourced<OnIncludesRamps>,
    /// One after the other.
    pub stages: &'static [StageRow],
}

/// One stage of a programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct StageRow {
    /// What it is for.
    pub name: &'static str,
    /// Time at full level of one contraction, without its ramps, in milliseconds.
    pub hold_ms: Sourced<u32>,
    /// Time without output after it, in milliseconds.
    pub rest_ms: Sourced<u32>,
    /// How many contractions.
    pub repeats: Sourced<u16>,
    /// Level in thousandths of the set amplitude.
    pub level_permille: Sourced<u16>,
    /// Another rate than the row's, and no faster, in millihertz.
    pub rate_millihertz: Option<Sourced<u32>>,
}

/// Trains that a trigger starts, and the bounds that the session's gate holds whatever the trigger does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GatedRow {
    /// The slopes.
    pub ramps: RampRow,
    /// The longest one train may last, in milliseconds.
    pub max_on: Ranged,
    /// The least time without output between two trains, in milliseconds.
    pub min_off: Ranged,
    /// Most openings in a minute.
    pub max_triggers_per_minute: Sourced<u16>,
}

/// The shape of one step and what triggers it. Times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct StepRow {
    /// How starts and ends are found.
    pub trigger: Sourced<&'static str>,
    /// How long a change of the switch must last to count.
    pub debounce: Ranged,
    /// Least stance before a step, and least time from one opening to the next.
    pub refractory: Ranged,
    /// Time from heel-off to the start of the ramp.
    pub delay: Ranged,
    /// Time from 0 to the set level. From a floor the ramp is shorter, see [`RampFloorRule`](crate::RampFloorRule).
    pub ramp_up: Ranged,
    /// Time from the set level to where the ramp started.
    pub ramp_down: Ranged,
    /// Time at level after heel strike.
    pub extension: Ranged,
    /// The least time-out of a step.
    pub hold_max: Ranged,
    /// The most that the adaptive time-out may become.
    pub hold_cap: Ranged,
    /// The time-out before any step was measured.
    pub hold_first: Ranged,
    /// Time-out in percent of the median time from heel-off to strike.
    pub hold_percent: Ranged,
    /// Most that extension and ramp-down together take of the median stance, in percent.
    pub stance_share: Ranged,
    /// The stance assumed before any was measured.
    pub stance_first: Ranged,
    /// The least Off that a stance of normal length has to hold; less is reported as merged.
    pub off_min: Ranged,
    /// How long steps may go on without an Off between them.
    pub merge_max: Ranged,
    /// Length of the burst of a manual test.
    pub test_burst: Ranged,
    /// How long after a strike of the other heel a lift starts at its first edge.
    pub vouch: Ranged,
}

/// Bounds that the session's gate holds, whatever the heel trigger does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GateRow {
    /// How the longest opening follows from the step's times.
    pub max_on: Sourced<&'static str>,
    /// Least Off between two trains, in milliseconds.
    pub min_off_ms: Sourced<u32>,
    /// Most openings in a minute.
    pub max_triggers_per_minute: Sourced<u16>,
}

impl ScheduleRow {
    /// The slopes of a train.
    #[must_use]
    pub const fn ramps(&self) -> RampRow {
        match self {
            Self::Continuous(ramps) => *ramps,
            Self::Cyclic(cycle) => cycle.ramps,
            Self::Program(program) => program.ramps,
            Self::Steps { step, .. } => RampRow { up: step.ramp_up, down: step.ramp_down },
            Self::Gated(gated) => gated.ramps,
        }
    }

    /// The shape of a step, where trains follow steps.
    #[must_use]
    pub const fn step(&self) -> Option<&StepRow> {
        match self {
            Self::Steps { step, .. } => Some(step),
            Self::Continuous(_) | Self::Cyclic(_) | Self::Program(_) | Self::Gated(_) => None,
        }
    }

    /// The contraction, where there is one after another.
    #[must_use]
    pub const fn cycle(&self) -> Option<&CycleRow> {
        match self {
            Self::Cyclic(cycle) => Some(cycle),
            Self::Continuous(_) | Self::Program(_) | Self::Steps { .. } | Self::Gated(_) => None,
        }
    }

    /// Every ranged number with its name.
    pub fn ranges(&self) -> impl Iterator<Item = (&'static str, Ranged)> {
        let RampRow { up, down } = self.ramps();
        let own: [Option<(&'static str, Ranged)>; 14] = match self {
            Self::Continuous(_) | Self::Program(_) => [None; 14],
            Self::Cyclic(cycle) => first(&[("on", cycle.on), ("off", cycle.off)]),
            Self::Gated(gated) => first(&[("longest train", gated.max_on), ("least off", gated.min_off)]),
            Self::Steps { step, .. } => first(&step.ranges()),
        };
        [("ramp up", up), ("ramp down", down)].into_iter().chain(own.into_iter().flatten())
    }
}

fn first(ranges: &[(&'static str, Ranged)]) -> [Option<(&'static str, Ranged)>; 14] {
    let mut room = [None; 14];
    for (slot, range) in room.iter_mut().zip(ranges) {
        *slot = Some(*range);
    }
    room
}

impl StepRow {
    const fn ranges(&self) -> [(&'static str, Ranged); 14] {
        [
            ("debounce", self.debounce),
            ("refractory", self.refractory),
            ("delay", self.delay),
            ("extension", self.extension),
            ("time-out", self.hold_max),
            ("time-out cap", self.hold_cap),
            ("first time-out", self.hold_first),
            ("time-out share", self.hold_percent),
            ("stance share", self.stance_share),
            ("first stance", self.stance_first),
            ("least Off", self.off_min),
            ("longest merged run", self.merge_max),
            ("test burst", self.test_burst),
            ("vouching of the other heel", self.vouch),
        ]
    }
}
