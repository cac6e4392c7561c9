//! What is measured at the electrodes, and how it gets to the guard.

use nmes_core::Level;
use nmes_safety::{Checked, Sensed};

/// Whether a channel's electrodes are on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Contact {
    /// Nobody can tell.
    #[default]
    Unknown,
    /// They are.
    Good,
    /// They are not, or not enough.
    Bad,
}

/// Measurement of the delivered current and voltage.
///
/// # For driver authors
/// [`Sense::sample`] is called on the edge path, after the level has changed and its time stamp has been read: give
/// the newest finished conversion, and do not wait for one. Start conversions from the timer, at stated instants of
/// the phase, and stamp them. [`Sense::resting`] is called from the slow side while nothing is put out: without it an output that
/// stays on after the last pulse of a train is found by the first pulse of the next.
///
/// # For callers
/// `None` means that nothing was measured; how long that is bearable is the guard's decision.
pub trait Sense {
    /// The newest sample of the level that a channel has just gone to.
    fn sample(&mut self, channel: u8, level: Level) -> Option<Sensed>;

    /// The last sample of the level that the same edge has ended. Asked before [`Sense::sample`].
    fn ended(&mut self, _channel: u8) -> Option<Sensed> {
        None
    }

    /// The newest sample of a rest. Asked by [`Stimulator::on_tick`](crate::Stimulator::on_tick) of each channel that has been at rest
    /// for a millisecond; one that was taken before the rest began counts for nothing. One that passes calls on passes this one on.
    fn resting(&mut self, _channel: u8) -> Option<Sensed> {
        None
    }

    /// The session that [`Stimulator::arm`](crate::Stimulator::arm) is about to arm, before its time and before it asks for contact. A
    /// measurement that judges by limits goes over to those of this one; one that passes calls on passes this one on.
    fn session(&mut self, _session: &Checked<'_>) {}

    /// The time at which [`Stimulator::arm`](crate::Stimulator::arm) is about to ask for contact, on the clock of the edges, or at
    /// which a [`Stimulator::probe`](crate::Stimulator::probe) begins, which does not ask. Every output is open. A measurement that
    /// ages needs it, and one that remembers levels forgets them; one that passes calls on passes this one on.
    fn arming(&mut self, _now: u64) {}

    /// Whether the electrodes are on, measured at the probe level while nothing is put out. Asked once a channel in
    /// [`Stimulator::arm`](crate::Stimulator::arm), where [`Contact::Bad`] refuses.
    fn contact(&mut self, _channel: u8) -> Contact {
        Contact::Unknown
    }
}

/// No measurement. The guard then rests on what was commanded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoSense;

impl Sense for NoSense {
    fn sample(&mut self, _channel: u8, _level: Level) -> Option<Sensed> {
        None
    }
}

impl<S: Sense + ?Sized> Sense for &mut S {
    fn sample(&mut self, channel: u8, level: Level) -> Option<Sensed> {
        (**self).sample(channel, level)
    }

    fn ended(&mut self, channel: u8) -> Option<Sensed> {
        (**self).ended(channel)
    }

    fn resting(&mut self, channel: u8) -> Option<Sensed> {
        (**self).resting(channel)
    }

    fn session(&mut self, session: &Checked<'_>) {
        (**self).session(session);
    }

    fn arming(&mut self, now: u64) {
        (**self).arming(now);
    }

    fn contact(&mut self, channel: u8) -> Contact {
        (**self).contact(channel)
    }
}
