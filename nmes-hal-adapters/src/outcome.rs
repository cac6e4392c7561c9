//! What the runner answers.

use crate::alarm::Late;
use core::fmt;
use nmes_core::{ConfigError, EngineFault, Setting};
use nmes_safety::{SetRefusal, TickReport, Trip};

/// Why a stimulator stopped by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The output failed: see [`Stimulator::output_error`](crate::Stimulator::output_error).
    Output,
    /// The engine found a time or a ledger wrong.
    Engine(EngineFault),
    /// The guard found something wrong.
    Guard(Trip),
    /// More edges were overdue at once than one call puts out, or a half of a DMA buffer was not filled in time: the
    /// processor does not keep up.
    Overrun,
    /// What was prepared for an edge changed in memory before the edge was due.
    Damaged,
    /// Nobody moved the clock on for so long, while the output may have repeated pulses by itself: see
    /// [`PacedClock::following`](crate::PacedClock::following).
    Overdue(Late),
    /// Whoever runs it said that something failed: see [`Stimulator::report_fault`](crate::Stimulator::report_fault).
    Reported,
    /// An edge was due that no frame of the guard's covers.
    NotAdmitted {
        /// The channel.
        channel: u8,
    },
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output => f.write_str("the output failed"),
            Self::Engine(fault) => fault.fmt(f),
            Self::Guard(trip) => trip.fmt(f),
            Self::Overrun => f.write_str("the processor does not keep up"),
            Self::Damaged => f.write_str("what was prepared for an edge is damaged"),
            Self::Overdue(Late { by_ticks }) => {
                write!(f, "the host was away for {by_ticks} ticks, while the output went on by itself")
            }
            Self::Reported => f.write_str("a failure was reported"),
            Self::NotAdmitted { channel } => {
                write!(f, "channel {channel}: an edge was due that was not admitted")
            }
        }
    }
}

/// The stimulator has stopped by itself, and stays so. Every channel was opened first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// The first thing that opened it. What began a ramp-down before is in
    /// [`Stimulator::ramping_down`](crate::Stimulator::ramping_down), and is the cause where nothing cut the ramp-down.
    pub cause: Cause,
    /// When the output was off, in ticks.
    pub at_tick: u64,
    /// The output could not be opened, at the last try: cut the supply. Calls go on trying.
    pub off_failed: bool,
}

impl Stopped {
    /// The one that is kept: the first.
    pub(crate) fn at_first(kept: Option<Self>, cause: Cause, at_tick: u64) -> Self {
        kept.unwrap_or(Self { cause, at_tick, off_failed: false })
    }

    /// After a try to open the output.
    pub(crate) const fn tried(self, off_failed: bool) -> Self {
        Self { off_failed, ..self }
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stopped at tick {}: {}", self.at_tick, self.cause)?;
        if self.off_failed { f.write_str("; the output could not be opened, cut the supply") } else { Ok(()) }
    }
}

impl core::error::Error for Stopped {}

/// Why a stimulator was not armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArmRefusal<E> {
    /// The output could not be opened.
    Output(E),
    /// The output is another hardware than the plan was compiled for.
    Hardware {
        /// Calibration checksum of the plan's hardware.
        planned_crc: u32,
        /// Calibration checksum of the output; equal when something else differs.
        output_crc: u32,
    },
    /// The output was told of another plan.
    OtherPlan,
    /// The output repeats pulses by itself, and the alarm's time waits for a host that is late.
    Waits,
    /// The one-shot of the output is another than the setup says. One that lets a level stand longer than the longest makes the
    /// report promise too much; one that is shorter than the shortest may cut pulses that the check took to be whole.
    OneShot {
        /// The longest that the setup says, or the shortest, in µs.
        stated_us: u32,
        /// The longest of the output, in µs.
        output_us: u32,
    },
    /// The output has a one-shot of which the setup says nothing, so that nobody looked whether it cuts pulses: see
    /// [`Setup::with_one_shot_between`](nmes_safety::Setup::with_one_shot_between).
    OneShotUnstated {
        /// The longest of the output, in µs.
        output_us: u32,
    },
    /// The storage is too small.
    Storage(ConfigError),
    /// Electrodes are not on, or not enough.
    NoContact {
        /// The channel.
        channel: u8,
    },
    /// The guard does not permit it.
    Locked,
}

impl<E: fmt::Debug> fmt::Display for ArmRefusal<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output(error) => write!(f, "the output could not be opened: {error:?}"),
            Self::Hardware { planned_crc, output_crc } if planned_crc != output_crc => write!(
                f,
                "the plan is for the calibration {planned_crc:#010x}, the output has {output_crc:#010x}"
            ),
            Self::Hardware { .. } => f.write_str("the plan is for another hardware than the output's"),
            Self::OtherPlan => f.write_str("the output was told of another plan"),
            Self::Waits => {
                f.write_str("the output repeats pulses by itself, and the clock would wait meanwhile")
            }
            Self::OneShot { stated_us, output_us } => write!(
                f,
                "the one-shot of the output lets a level stand for {output_us} µs, the setup says {stated_us} µs"
            ),
            Self::OneShotUnstated { output_us } => write!(
                f,
                "the output has a one-shot, of at most {output_us} µs, of which the setup says nothing"
            ),
            Self::Storage(error) => error.fmt(f),
            Self::NoContact { channel } => write!(f, "channel {channel}: electrodes are not in contact"),
            Self::Locked => f.write_str("the interlock does not permit it"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for ArmRefusal<E> {}

/// A refused arm, with the parts it was given. The output is off, but for [`ArmRefusal::Output`], where opening it failed. Shown by
/// its reason alone.
pub struct ArmError<O: crate::Output, A, S> {
    /// Why.
    pub why: ArmRefusal<O::Error>,
    /// The output.
    pub output: O,
    /// The alarm.
    pub alarm: A,
    /// The measurement.
    pub sense: S,
}

impl<O: crate::Output, A, S> fmt::Display for ArmError<O, A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

impl<O: crate::Output, A, S> fmt::Debug for ArmError<O, A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArmError").field("why", &self.why).finish_non_exhaustive()
    }
}

impl<O: crate::Output, A, S> core::error::Error for ArmError<O, A, S> {}

/// Why a command was not taken. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// The guard refuses: too much, too much at once, or too soon.
    Guard(SetRefusal),
    /// The plan or the hardware cannot have it.
    Plan(ConfigError),
    /// The stimulator has stopped.
    Stopped(Stopped),
    /// A stop or a ramp-down is under way, and levels only go down.
    Ending,
    /// More than the guard has authorised so far: see [`Stimulator::modulate`](crate::Stimulator::modulate).
    NotAuthorised {
        /// The channel.
        channel: u8,
        /// The most of both that is taken now.
        most: Setting,
    },
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guard(refusal) => refusal.fmt(f),
            Self::Plan(error) => error.fmt(f),
            Self::Stopped(stopped) => stopped.fmt(f),
            Self::Ending => f.write_str("the session is ending"),
            Self::NotAuthorised { channel, most } => {
                write!(
                    f,
                    "channel {channel}: at most {} and {} are authorised now",
                    most.amplitude, most.width
                )
            }
        }
    }
}

impl core::error::Error for CommandError {}

/// What a tick came to, while output is not stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticked {
    /// All is well, or worth no more than a warning in the report.
    Well(TickReport),
    /// Something ends the session by a ramp-down, which is under way: silence of the host, say.
    Tripped(Trip),
}

/// What the edge path did, for measuring L on a bench. Counts saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// The most an edge was stamped after its time, in ticks: declare at least this, and a margin, as L.
    pub worst_late: u64,
    /// Steps stamped after their time.
    pub late: u32,
    /// Onsets that waited for the pulse before them, all channels.
    pub deferred: u32,
    /// Onsets left out because they would have waited a period, all channels.
    pub dropped: u32,
}
