//! From an admitted frame to a device: the output that a conversation is.

use super::{Exchange, Poll, Refusal, RunOn};
use crate::output::Output;
use core::cell::RefCell;
use core::fmt;
use nmes_core::{FrameKind, Hardware, Plan};
use nmes_safety::{Admitted, AdmittedEdge};

/// A conversation that puts out the pulses of admitted frames, and nothing else.
pub trait Plays: Exchange {
    /// Why a conversation ended other than by being asked to.
    type Fault: Copy + fmt::Debug + fmt::Display;

    /// Holds a plan against what the device can do, before anything is sent. Frames of no other plan may be played; once
    /// one has been, no other plan is taken.
    ///
    /// # Errors
    /// Names the field, the value and the limit.
    fn bind(&mut self, plan: &Plan<'_>) -> Result<(), Refusal>;

    /// Whether the device is told the same of this plan as of the one that was bound: rates or period, groups, and on each
    /// channel the strongest and the longest pulse.
    fn is_bound_to(&self, plan: &Plan<'_>) -> bool;

    /// What the device puts out by itself, at the ceilings of a plan, if its link is lost; `None` where it puts out no
    /// pulse more than the one that was sent.
    fn run_on(&self, plan: &Plan<'_>) -> Option<RunOn>;

    /// Takes a frame whose first edge is due now. It goes out with the next [`Exchange::poll`].
    ///
    /// # Errors
    /// Nothing of the frame comes out: the device cannot do it, it is more than the bound plan ever has, or the conversation
    /// is not ready.
    fn play(&mut self, admitted: &Admitted<'_>) -> Result<(), PlayError<Self::Fault>>;

    /// The train of a channel is over.
    fn rest(&mut self, channel: u8);

    /// A pulse was taken and could not be sent yet.
    fn is_behind(&self) -> bool;

    /// The number of the oldest pulse of a channel that was taken and was not handed to the port, nor any after it; once the
    /// conversation is over none of them ever is. A device that repeats makes its pulses itself: before it was started none was
    /// sent, from then on this is `None`.
    fn unsent(&self, channel: u8) -> Option<u32>;

    /// Ends everything that was played. Nothing to do, and still ready, when nothing was.
    ///
    /// # Errors
    /// The stop was refused or is not answered, or the link is gone: the device goes on by itself until its own time-out. Where a
    /// later stop is taken the next call says so.
    fn end(&mut self) -> Result<(), PlayError<Self::Fault>>;

    /// Whether frames may be played.
    fn is_ready(&self) -> bool;

    /// What the device has said to the stop, also where it came late, and whatever went wrong before.
    fn stop_answer(&self) -> StopAnswer;

    /// Why it ended, if not because it was asked to.
    fn why(&self) -> Option<Self::Fault>;
}

/// What a device has said to the stop of its conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopAnswer {
    /// Nothing so far; once the conversation is over, nothing at all.
    #[default]
    None,
    /// It refuses.
    Refused,
    /// It has stopped.
    Taken,
}

/// A frame was not played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlayError<F> {
    /// The device cannot do it.
    Refusal(Refusal),
    /// No plan was bound, or the conversation has not begun.
    NotReady,
    /// The conversation is over: by this fault, or because it was asked to.
    Ended(Option<F>),
    /// The pulse before it has not been sent: the link is too slow for the plan.
    Behind {
        /// The channel.
        channel: u8,
    },
    /// A pulse in a device cannot be cut, so neither can it be repaid.
    Repayment,
    /// The hardware of the plan has no such channel.
    NoChannel {
        /// The channel asked for.
        channel: u8,
    },
    /// The conversation was in use at that moment; a fault of the program.
    InUse,
}

impl<F: fmt::Display> fmt::Display for PlayError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refusal(refusal) => refusal.fmt(f),
            Self::NotReady => f.write_str("no plan is bound to the device, or it is not ready"),
            Self::Ended(Some(fault)) => write!(f, "the conversation is over: {fault}"),
            Self::Ended(None) => f.write_str("the conversation is over"),
            Self::Behind { channel } => write!(f, "channel {channel}: the pulse before has not been sent"),
            Self::Repayment => f.write_str("a pulse in a device cannot be cut and repaid"),
            Self::NoChannel { channel } => write!(f, "the output has no channel {channel}"),
            Self::InUse => f.write_str("the conversation is in use"),
        }
    }
}

impl<F: fmt::Debug + fmt::Display> core::error::Error for PlayError<F> {}

impl<F> From<Refusal> for PlayError<F> {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

/// Only pulses are put out whole.
pub(crate) fn whole_pulse<F>(admitted: &Admitted<'_>) -> Result<(), PlayError<F>> {
    if admitted.frame().kind() == FrameKind::Pulse { Ok(()) } else { Err(PlayError::Repayment) }
}

/// A conversation as an [`Output`]: it takes whole frames and makes the edges itself.
///
/// It is shared with the [`Driver`](super::Driver) that moves the bytes: see [`Shared`]. The clock of such an output is
/// a [`PacedClock`](crate::PacedClock): one that [follows](crate::PacedClock::following) the host where the device repeats
/// pulses by itself, or it is not armed. Nor is it with another plan than the one that it was bound to.
///
/// # Limits
/// A pulse that was sent is put out whole; `off` sends a stop with the next poll. [`StopPolicy::RecoverNow`] is refused,
/// which ends the session by `off`.
///
/// [`StopPolicy::RecoverNow`]: nmes_core::StopPolicy::RecoverNow
#[derive(Debug)]
pub struct DeviceOutput<'r, S> {
    session: &'r RefCell<S>,
    hardware: Hardware,
    repeats: bool,
}

impl<'r, S: Plays> DeviceOutput<'r, S> {
    /// Binds a plan to a conversation.
    ///
    /// # Errors
    /// The device cannot do the plan, or has begun another.
    pub fn bind(session: &'r RefCell<S>, plan: &Plan<'_>) -> Result<Self, PlayError<S::Fault>> {
        let mut told = session.try_borrow_mut().map_err(|_| PlayError::InUse)?;
        told.bind(plan)?;
        Ok(Self { session, hardware: *plan.hardware(), repeats: told.run_on(plan).is_some() })
    }

    fn with<T>(
        &self,
        act: impl FnOnce(&mut S) -> Result<T, PlayError<S::Fault>>,
    ) -> Result<T, PlayError<S::Fault>> {
        act(&mut *self.session.try_borrow_mut().map_err(|_| PlayError::InUse)?)
    }
}

impl<S: Plays> Output for DeviceOutput<'_, S> {
    type Error = PlayError<S::Fault>;

    fn hardware(&self) -> &Hardware {
        &self.hardware
    }

    fn fits(&self, plan: &Plan<'_>) -> bool {
        self.session.try_borrow().is_ok_and(|session| session.is_bound_to(plan))
    }

    fn repeats(&self) -> bool {
        self.repeats
    }

    fn begin(&mut self, frame: &Admitted<'_>) -> Result<(), Self::Error> {
        self.with(|session| {
            session.play(frame).inspect_err(|_| {
                let _ = session.end();
            })
        })
    }

    fn apply(&mut self, _edges: &[AdmittedEdge]) -> Result<(), Self::Error> {
        self.with(|session| match session.why() {
            Some(fault) => Err(PlayError::Ended(Some(fault))),
            None => Ok(()),
        })
    }

    fn channel_off(&mut self, channel: u8) -> Result<(), Self::Error> {
        if self.hardware.channel(channel).is_none() {
            // whatever was meant may be on another channel
            let _ = self.off();
            return Err(PlayError::NoChannel { channel });
        }
        self.with(|session| {
            session.rest(channel);
            Ok(())
        })
    }

    fn off(&mut self) -> Result<(), Self::Error> {
        self.with(Plays::end)
    }
}

/// A conversation that an output and a [`Driver`](super::Driver) share.
///
/// While it is borrowed elsewhere, which is a fault of the program, it is not over: it is asked again at once, and what is said to it
/// meanwhile is lost, a stop too.
#[derive(Debug)]
pub struct Shared<'r, S>(pub &'r RefCell<S>);

impl<S: Exchange> Exchange for Shared<'_, S> {
    const FRAME_MAX: usize = S::FRAME_MAX;

    fn poll(&mut self, now_ms: u64, out: &mut [u8]) -> Poll {
        self.0.try_borrow_mut().map_or(Poll::Wait(now_ms), |mut session| session.poll(now_ms, out))
    }

    fn receive(&mut self, bytes: &[u8], now_ms: u64) {
        if let Ok(mut session) = self.0.try_borrow_mut() {
            session.receive(bytes, now_ms);
        }
    }

    fn stop(&mut self) {
        if let Ok(mut session) = self.0.try_borrow_mut() {
            session.stop();
        }
    }

    fn lost(&mut self, now_ms: u64) {
        if let Ok(mut session) = self.0.try_borrow_mut() {
            session.lost(now_ms);
        }
    }
}
