//! Permission to write to a memory that stops the processor, or takes supply current, while it writes.

use core::fmt;
use core::marker::PhantomData;

use crate::guard::Guard;
use crate::interlock::State;

/// Leave to write: of a guard ([`OffPermit::of`]) it is proof that no output is on and none can begin, for the guard is borrowed while
/// it lives, so nothing can arm it. Without a guard ([`OffPermit::before_any_guard`]) it is the caller's word.
///
/// ```compile_fail,E0502
/// use nmes_safety::{Event, Guard, records::OffPermit};
/// fn arm_while_writing(guard: &mut Guard<'_>) {
///     let permit = OffPermit::of(guard).unwrap();
///     guard.handle(0, Event::Probe).unwrap();
///     drop(permit);
/// }
/// ```
#[derive(Debug)]
pub struct OffPermit<'g> {
    guard: PhantomData<&'g ()>,
}

/// Output is on, or may begin at any moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StillOn {
    /// The state of the interlock.
    pub state: State,
    /// The first channel with a frame under way or admitted, if there is one.
    pub channel: Option<u8>,
}

impl fmt::Display for StillOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "state {:?}", self.state)?;
        if let Some(channel) = self.channel {
            write!(f, ", a pulse under way or admitted on channel {channel}")?;
        }
        f.write_str(": records are written while output is off")
    }
}

impl core::error::Error for StillOn {}

impl<'g> OffPermit<'g> {
    /// In [`State::SelfTest`], [`State::Idle`] or [`State::Fault`], with no frame under way and none admitted that waits. Work:
    /// one pass over the channels.
    ///
    /// Off is what was commanded. After [`Fault::StuckOutput`](crate::Fault::StuckOutput) or
    /// [`Fault::Output`](crate::Fault::Output) current may flow all the same: take the stage's supply away before writing. The dose
    /// of that session is worth keeping, so leave is given.
    ///
    /// # Errors
    /// Names the state, or the channel whose last frame is not over.
    pub fn of<const N: usize>(guard: &'g Guard<'_, N>) -> Result<Self, StillOn> {
        let state = guard.state();
        let channel = (0_u8..)
            .zip(&guard.watches)
            .find(|(_, watch)| watch.active.is_some() || watch.waits)
            .map(|(channel, _)| channel);
        if channel.is_some() || !Self::is_off(state) {
            return Err(StillOn { state, channel });
        }
        Ok(Self { guard: PhantomData })
    }

    /// Where there is no guard: at power-on, when the output stage has not been enabled, or after the guard is gone and the stage is
    /// off. Looks at nothing: that no output is on is the caller's word.
    #[must_use]
    pub const fn before_any_guard() -> OffPermit<'static> {
        OffPermit { guard: PhantomData }
    }

    const fn is_off(state: State) -> bool {
        match state {
            State::SelfTest | State::Idle | State::Fault => true,
            State::Probing | State::Armed | State::Ramping | State::Running => false,
        }
    }
}
