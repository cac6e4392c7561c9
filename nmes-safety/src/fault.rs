//! What the guard finds wrong, and what has to be done about it.

use core::fmt;

use crate::rules::{self, Rule};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Fault {
    /// A frame or an edge names a channel that the plan does not have.
    Channel,
    /// A frame is not what the plan puts out at its main code and width, or not a plain repayment.
    Form,
    /// A frame's number is not above the one before it on its channel.
    Sequence,
    /// A frame's first edge is already past.
    OnsetPast,
    /// A pulse comes sooner than a period after the one before it.
    Rate,
    /// A code is outside the calibrated range.
    CodeRange,
    /// A pulse is stronger than the set level or the ceiling.
    Amplitude,
    /// A pulse is wider than the set width or the ceiling.
    Width,
    /// A pulse does not sum to zero, or leaves more than its profile lets a declared direct current.
    Unbalanced,
    /// A trim or recovery does not pay back what the guard's own ledger holds.
    Repayment,
    /// A pulse carries too much energy.
    Energy,
    /// Output was asked for in a state that does not permit it.
    NotArmed,
    /// An edge that is not the next one of an admitted frame, or at another level, or the first of a pulse on a current source
    /// that is at another one.
    OutOfOrder,
    /// An edge came later than the hardware declares.
    Late,
    /// An edge came before its time.
    Early,
    /// An edge is due and was not applied.
    MissingEdge,
    /// The clock went backwards.
    ClockBackwards,
    /// The clock stands still.
    ClockStopped,
    /// The clock and a second one do not agree.
    ClockDisagrees,
    /// The charge ledger left the range of its integer.
    LedgerOverflow,
    /// More charge stays after a pulse than late edges explain.
    Ledger,
    /// The measured current is above the commanded one, or above the peak ceiling.
    OverCurrent,
    /// The measured current flows the wrong way.
    Polarity,
    /// Current flows while the output is commanded off.
    StuckOutput,
    /// Too little current reaches the electrodes: a pad is off, or the rail is too low.
    ContactLoss,
    /// The voltage at the electrodes is so near to the rail that the current may be cut short. A warning.
    Compliance,
    /// The measured charge of the phases does not cancel.
    MeasuredBalance,
    /// Measurements stopped coming.
    SenseStale,
    /// The r.m.s. current of the last second is above its limit.
    Rms,
    /// The measured direct current of the last second is above its limit.
    MeasuredDc,
    /// The host is silent.
    KeepAlive,
    /// Pulses go on and [`Guard::tick`](crate::Guard::tick) is not called.
    SlowSide,
    /// The session lasted longer than planned.
    SessionLength,
    /// A train lasted longer than planned.
    OnTime,
    /// The stored state is damaged.
    StateCorrupt,
    /// Output went on after a ramp-down was due to be over.
    RampDownOverdue,
    /// The output stage or its runner failed, and said so.
    Output,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_variants!(Fault { Channel, Late, KeepAlive, ContactLoss });

impl Fault {
    const fn text(self) -> &'static str {
        match self {
            Self::Channel => "no such channel",
            Self::Form => "the frame has the wrong form",
            Self::Sequence => "the frame's number is not above the last",
            Self::OnsetPast => "the frame's onset is past",
            Self::Rate => "the pulse comes too soon",
            Self::CodeRange => "a code is outside the calibrated range",
            Self::Amplitude => "the pulse is stronger than is set",
            Self::Width => "the pulse is wider than is set",
            Self::Unbalanced => "the pulse does not sum to zero",
            Self::Repayment => "the repayment does not fit the ledger",
            Self::Energy => "the pulse carries too much energy",
            Self::NotArmed => "the state does not permit output",
            Self::OutOfOrder => "an edge that was not next",
            Self::Late => "an edge was late",
            Self::Early => "an edge was early",
            Self::MissingEdge => "an edge is missing",
            Self::ClockBackwards => "the clock went backwards",
            Self::ClockStopped => "the clock stands still",
            Self::ClockDisagrees => "two clocks do not agree",
            Self::LedgerOverflow => "the charge ledger overflowed",
            Self::Ledger => "charge was left after a pulse",
            Self::OverCurrent => "over-current",
            Self::Polarity => "wrong polarity",
            Self::StuckOutput => "current while off",
            Self::ContactLoss => "contact lost",
            Self::Compliance => "the voltage is near the rail",
            Self::MeasuredBalance => "the measured phases do not cancel",
            Self::SenseStale => "no measurement",
            Self::Rms => "r.m.s. current",
            Self::MeasuredDc => "measured direct current",
            Self::KeepAlive => "no keep-alive",
            Self::SlowSide => "the slow side hangs",
            Self::SessionLength => "the session is over",
            Self::OnTime => "a train lasts too long",
            Self::StateCorrupt => "the stored state is damaged",
            Self::RampDownOverdue => "output after the ramp-down",
            Self::Output => "the output stage failed",
        }
    }

    /// The answer to this fault. What impugns the output, the measurement, the clock or the software upstream opens
    /// the output at once; what only ends the permission to stimulate is ramped down. `contact` answers a lost
    /// contact, which depends on the use class.
    pub(crate) const fn response(self, contact: Response) -> Response {
        if matches!(self, Self::ContactLoss) {
            contact
        } else if matches!(self, Self::KeepAlive | Self::SessionLength | Self::OnTime) {
            Response::RampDown
        } else {
            Response::OpenNow
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// What has to be done, from the mildest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Response {
    /// Tell the user; output goes on. Only in [`TickReport::warning`](crate::TickReport::warning), never an error.
    Warn,
    /// Command the channel down to [`PROBE_LEVEL`](crate::PROBE_LEVEL), warn, and raise it again when contact is
    /// back. Output goes on.
    ProbeLevel,
    /// Close every train by its ramp, then stay off; where the session's time is over, and where contact is lost in a session without
    /// a gate, the runners of this project end every train with the pulse under way. The guard opens the output itself if that takes
    /// too long.
    RampDown,
    /// Open every channel now.
    OpenNow,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_variants!(Response { Warn, ProbeLevel, RampDown, OpenNow });

impl Response {
    /// Whether output ends and stays off until a reset.
    #[must_use]
    pub const fn latches(self) -> bool {
        matches!(self, Self::RampDown | Self::OpenNow)
    }
}

/// Where a limit is from: a rule of the table, or a requirement of the guard's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cite {
    pub(crate) rule: &'static str,
    pub(crate) source: &'static str,
}

impl Cite {
    pub(crate) const LOCK: Self = Self { rule: rules::N_LOCK_1.id, source: rules::N_LOCK_1.source };
    pub(crate) const SET: Self =
        Self { rule: "SET-LEVEL", source: "what set_level authorised, to the nearest code" };
    pub(crate) const PLAN: Self =
        Self { rule: "PLAN", source: "what the checked plan puts out at this setting" };
    pub(crate) const HARDWARE: Self =
        Self { rule: "HARDWARE", source: "the calibrated hardware the plan is checked for" };
    pub(crate) const ORDER: Self =
        Self { rule: "ORDER", source: "frames and edges come once, in order, as admitted" };
    pub(crate) const SOURCE: Self =
        Self { rule: "SOURCE", source: "one current source puts out one pulse at a time" };
    pub(crate) const LATENESS: Self =
        Self { rule: "LATENESS", source: "L and ε as the hardware declares them" };
    pub(crate) const CLOCK: Self = Self { rule: "CLOCK", source: "one monotonic clock" };
    pub(crate) const CLOCKS: Self =
        Self { rule: "CLOCKS", source: "a second clock with a source of its own, and what both may be off" };
    pub(crate) const PROBING: Self = Self {
        rule: "PROBING",
        source: "PROBE_LIMITS: before contact is known no more than a contact check",
    };
    pub(crate) const LEDGER: Self = Self {
        rule: "LEDGER",
        source: "two balancing codes × (L + 2 ε) after a pulse, or all changes of its level × that where trims repay; \
                 nothing when L and ε are 0",
    };
    pub(crate) const OUTPUT: Self =
        Self { rule: "OUTPUT", source: "the output's own error, or edges it did not keep up with" };
    pub(crate) const STATE: Self = Self { rule: "STATE", source: "a stored state fits its complement" };
    pub(crate) const NOISE: Self =
        Self { rule: "NOISE", source: "NOISE_FLOOR, what a measurement may read of nothing" };

    pub(crate) const fn of(rule: &'static Rule) -> Self {
        Self { rule: rule.id, source: rule.source }
    }
}

/// Something found in one pass, before it is decided what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) fault: Fault,
    pub(crate) cite: Cite,
    pub(crate) value: i64,
    pub(crate) limit: i64,
    pub(crate) unit: &'static str,
}

impl Finding {
    pub(crate) const fn new(fault: Fault, cite: Cite, value: i64, limit: i64, unit: &'static str) -> Self {
        Self { fault, cite, value, limit, unit }
    }

    /// The finding when `value` is above `limit`.
    pub(crate) fn above(
        fault: Fault,
        cite: Cite,
        value: u64,
        limit: u64,
        unit: &'static str,
    ) -> Option<Self> {
        (value > limit).then(|| Self::new(fault, cite, signed(value), signed(limit), unit))
    }

    /// The finding when from one time to a later one it is longer than `limit`.
    pub(crate) fn longer(
        fault: Fault,
        cite: Cite,
        (from, to): (u64, u64),
        limit: u64,
        unit: &'static str,
    ) -> Option<Self> {
        to.checked_sub(from).and_then(|value| Self::above(fault, cite, value, limit, unit))
    }

    /// The finding when something does not hold.
    pub(crate) fn unless(holds: bool, fault: Fault, cite: Cite) -> Option<Self> {
        (!holds).then(|| Self::new(fault, cite, 1, 0, ""))
    }
}

pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A fault with all that is needed to act on it and to explain it.
///
/// ```
/// use nmes_safety::Trip;
/// fn must_open(trip: &Trip) -> bool {
///     trip.response == nmes_safety::Response::OpenNow
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Trip {
    /// What is wrong.
    pub fault: Fault,
    /// What has to be done.
    pub response: Response,
    /// On which channel; `None` for all.
    pub channel: Option<u8>,
    /// The value found, in `unit`.
    pub value: i64,
    /// Its limit, in `unit`.
    pub limit: i64,
    /// The unit of both; empty where the fault is not a matter of degree.
    pub unit: &'static str,
    /// The rule's name, as in [`rules::by_id`], or that of a requirement of the guard's own.
    pub rule: &'static str,
    /// Where the limit is from.
    pub source: &'static str,
    /// When it was found, in ticks.
    pub at_tick: u64,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Trip { fault, response, channel, value, limit, at_tick } not { unit, rule, source });

impl Trip {
    pub(crate) const fn new(
        finding: &Finding,
        response: Response,
        channel: Option<u8>,
        at_tick: u64,
    ) -> Self {
        let Finding { fault, cite, value, limit, unit } = *finding;
        Self { fault, response, channel, value, limit, unit, rule: cite.rule, source: cite.source, at_tick }
    }

    /// The rule of the table, when it is one.
    #[must_use]
    pub fn table_rule(&self) -> Option<&'static Rule> {
        rules::by_id(self.rule)
    }
}

impl fmt::Display for Trip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(channel) = self.channel {
            write!(f, "channel {channel}: ")?;
        }
        write!(f, "{}", self.fault)?;
        if !self.unit.is_empty() {
            write!(f, ": {} against {} {}", self.value, self.limit, self.unit)?;
        }
        write!(f, " ({}; {}) at tick {}", self.rule, self.source, self.at_tick)
    }
}

impl core::error::Error for Trip {}
