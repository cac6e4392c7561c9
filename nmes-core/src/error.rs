//! What can be wrong with a configuration, and what can go wrong while it runs.

use core::fmt;

/// The value an error is about, with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Field {
    /// Width of the primary phase, in microseconds.
    PhaseWidth,
    /// Width of the primary phase, in ticks.
    PhaseTicks,
    /// Width of a pre-pulse, in microseconds.
    PrepulseWidth,
    /// Width of one point of a custom pulse, in microseconds.
    PointWidth,
    /// Amplitude of a further phase in percent of the main one.
    PhasePercent,
    /// Points of a custom pulse, or levels of a table.
    Points,
    /// One level of a custom pulse or a table.
    PointLevel,
    /// How often a pulse is repeated in one frame.
    Repeat,
    /// Gap between two repeats, in microseconds.
    RepeatGap,
    /// Mean direct current, in microamperes.
    DirectCurrent,
    /// Stages of a programme.
    Stages,
    /// Contractions of a stage.
    Repeats,
    /// Full level of a stage, in thousandths of the set value.
    StageLevel,
    /// Rate of a stage, in thousandths of a pulse a second.
    StageRate,
    /// Channels on one source, and how long an onset may wait for it, in microseconds.
    Overlap,
    /// Gap between the phases, in microseconds.
    InterphaseGap,
    /// Length of the balancing phase in percent of the primary phase.
    BalanceLength,
    /// Amplitude of the primary phase, in microamperes.
    Amplitude,
    /// The floor a ramp starts from, in microamperes or microseconds.
    RampFloor,
    /// Length of a ramp, in milliseconds.
    RampTime,
    /// Pulses of a rate.
    RatePulses,
    /// The time a rate counts its pulses in, in microseconds.
    RatePer,
    /// Time from onset to onset, in ticks.
    Period,
    /// Ticks a pulse needs with its worst stretch and the trim after it.
    PulseLength,
    /// Offset of a channel's first pulse, in microseconds.
    Offset,
    /// Time at full level in one contraction, in milliseconds.
    Hold,
    /// One contraction with its ramps and its rest, in milliseconds.
    Cycle,
    /// Length of the session, in milliseconds.
    SessionLength,
    /// Longest time a gate may stay open, in milliseconds.
    GateMaxOn,
    /// Triggers a minute.
    GateTriggers,
    /// Channels of a session or a hardware.
    Channels,
    /// Ticks a second.
    TicksPerSecond,
    /// Nanoamperes for one code.
    NanoampsPerCode,
    /// Constant error of the output, in nanoamperes.
    OffsetCurrent,
    /// Lowest code of a channel.
    CodeMin,
    /// Highest code of a channel.
    CodeMax,
    /// Codes that an amplitude becomes.
    AmplitudeCodes,
    /// L, the most an edge may be late, in ticks.
    Lateness,
    /// Charge that may be left at the end of a train, in code-ticks.
    ClosingCharge,
    /// Least time between two edges, in ticks.
    EdgeSpacing,
    /// How the output rests between two pulses.
    RestMode,
    /// Pulses of a burst.
    BurstPulses,
    /// An end of a sweep, in thousandths of a pulse a second.
    SweepRate,
    /// The faster rate of a sweep over the slower, rounded up.
    SweepRatio,
    /// Length of a sweep, in milliseconds.
    SweepTime,
    /// Intervals in a list.
    Intervals,
    /// An interval of a list, in microseconds.
    Interval,
    /// Curvature of an exponential rise, in thousandths.
    Curvature,
    /// Points of a recruitment pattern.
    PatternPoints,
    /// A command of a recruitment pattern, per mille.
    PatternCommand,
    /// Amplitude × width at a point of a recruitment pattern, in picocoulombs.
    PatternCharge,
}

impl Field {
    const fn text(self) -> &'static str {
        match self {
            Self::PhaseWidth => "phase width (µs)",
            Self::PhaseTicks => "phase width (ticks)",
            Self::PrepulseWidth => "width of the pre-pulse (µs)",
            Self::PointWidth => "width of a point (µs)",
            Self::PhasePercent => "amplitude of a further phase (% of the main phase)",
            Self::Points => "points of a pulse",
            Self::PointLevel => "level of a point",
            Self::Repeat => "repeats of a pulse",
            Self::RepeatGap => "gap between repeats (µs)",
            Self::DirectCurrent => "mean direct current (µA)",
            Self::Stages => "stages",
            Self::Repeats => "contractions of a stage",
            Self::StageLevel => "level of a stage (‰)",
            Self::StageRate => "rate of a stage (mHz)",
            Self::Overlap => "wait for a shared source (µs)",
            Self::InterphaseGap => "interphase gap (µs)",
            Self::BalanceLength => "balancing-phase length (% of the primary)",
            Self::Amplitude => "amplitude (µA)",
            Self::RampFloor => "ramp floor (µA or µs)",
            Self::RampTime => "ramp time (ms)",
            Self::RatePulses => "rate (pulses)",
            Self::RatePer => "rate (per µs)",
            Self::Period => "period (ticks)",
            Self::PulseLength => "pulse with its worst stretch and trim (ticks)",
            Self::Offset => "channel offset (µs)",
            Self::Hold => "hold time (ms)",
            Self::Cycle => "contraction with its ramps and rest (ms)",
            Self::SessionLength => "session length (ms)",
            Self::GateMaxOn => "gate max ON (ms)",
            Self::GateTriggers => "gate triggers per minute",
            Self::Channels => "channels",
            Self::TicksPerSecond => "ticks per second",
            Self::NanoampsPerCode => "nanoamperes per code",
            Self::OffsetCurrent => "offset current (nA)",
            Self::CodeMin => "lowest code",
            Self::CodeMax => "highest code",
            Self::AmplitudeCodes => "amplitude (codes)",
            Self::Lateness => "lateness L (ticks)",
            Self::ClosingCharge => "closing charge (code-ticks)",
            Self::EdgeSpacing => "minimum edge spacing (ticks)",
            Self::RestMode => "rest between pulses",
            Self::BurstPulses => "pulses in a burst",
            Self::SweepRate => "rate of a sweep (mHz)",
            Self::SweepRatio => "ratio of the rates of a sweep",
            Self::SweepTime => "sweep time (ms)",
            Self::Intervals => "intervals in a list",
            Self::Interval => "interval of a list (µs)",
            Self::Curvature => "curvature (thousandths)",
            Self::PatternPoints => "points of a pattern",
            Self::PatternCommand => "pattern command (‰)",
            Self::PatternCharge => "charge at a pattern point (pC)",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A session, a hardware or a command that cannot be taken: which value, which limit, and where the limit is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum ConfigError {
    /// The value is below the least that is taken.
    Below {
        /// What the value is.
        field: Field,
        /// The value given.
        value: i64,
        /// The least that is taken.
        limit: i64,
        /// Why the limit is there.
        source: &'static str,
    },
    /// The value is above the most that is taken.
    Above {
        /// What the value is.
        field: Field,
        /// The value given.
        value: i64,
        /// The most that is taken.
        limit: i64,
        /// Why the limit is there.
        source: &'static str,
    },
    /// Two values that are each possible exclude one another.
    Conflict {
        /// What the value is.
        field: Field,
        /// What it conflicts with, and what would be taken.
        reason: &'static str,
    },
}

impl ConfigError {
    /// The field the error is about.
    #[must_use]
    pub const fn field(&self) -> Field {
        match self {
            Self::Below { field, .. } | Self::Above { field, .. } | Self::Conflict { field, .. } => *field,
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Below { field, value, limit, source } => {
                write!(f, "{field}: {value} is below {limit}; {source}")
            }
            Self::Above { field, value, limit, source } => {
                write!(f, "{field}: {value} is above {limit}; {source}")
            }
            Self::Conflict { field, reason } => write!(f, "{field}: {reason}"),
        }
    }
}

impl core::error::Error for ConfigError {}

pub(crate) const fn at_least(
    field: Field,
    value: i64,
    limit: i64,
    source: &'static str,
) -> Result<(), ConfigError> {
    if value < limit { Err(ConfigError::Below { field, value, limit, source }) } else { Ok(()) }
}

pub(crate) const fn at_most(
    field: Field,
    value: i64,
    limit: i64,
    source: &'static str,
) -> Result<(), ConfigError> {
    if value > limit { Err(ConfigError::Above { field, value, limit, source }) } else { Ok(()) }
}

/// What the engine found wrong while it ran. Each of them ends output at once; see `Engine::fault`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum EngineFault {
    /// An edge was applied later than the hardware declares.
    Late {
        /// The channel.
        channel: u8,
        /// Ticks late.
        by_ticks: u64,
        /// L + ε of the hardware, in ticks.
        limit_ticks: u64,
    },
    /// An edge was applied before its time, or before the edge ahead of it.
    Early {
        /// The channel.
        channel: u8,
        /// Ticks early.
        by_ticks: u64,
    },
    /// The clock went backwards.
    ClockBackwards {
        /// The last time seen.
        last_tick: u64,
        /// The time now given.
        now_tick: u64,
    },
    /// The charge ledger left the range of its integer.
    LedgerOverflow {
        /// The channel.
        channel: u8,
    },
    /// The ledger holds more than the last edge of a pulse can repay.
    Repayment {
        /// The channel.
        channel: u8,
        /// The charge that could not be repaid, in nanoampere-ticks.
        ledger: i64,
    },
    /// `applied` was called with no step prepared, or for a frame nobody accepted.
    OutOfOrder,
}

impl fmt::Display for EngineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late { channel, by_ticks, limit_ticks } => write!(
                f,
                "channel {channel}: an edge was applied {by_ticks} ticks late; the hardware declares at most {limit_ticks}"
            ),
            Self::Early { channel, by_ticks } => {
                write!(f, "channel {channel}: an edge was applied {by_ticks} ticks before its time")
            }
            Self::ClockBackwards { last_tick, now_tick } => {
                write!(f, "the clock went back from tick {last_tick} to {now_tick}")
            }
            Self::LedgerOverflow { channel } => write!(f, "channel {channel}: the charge ledger overflowed"),
            Self::Repayment { channel, ledger } => {
                write!(f, "channel {channel}: {ledger} nA·ticks cannot be repaid within the pulse")
            }
            Self::OutOfOrder => f.write_str("an edge was reported that the engine did not ask for"),
        }
    }
}

impl core::error::Error for EngineFault {}
