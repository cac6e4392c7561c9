//! Commands without a plan, to try a conversation on a simulated device; the pulses of a plan come by
//! [`Plays`](crate::wire::Plays).

use super::commands::{ChannelConfig, Command, Update};
use super::machine::Phase;
use super::session::Session;
use crate::wire::Refusal;
use core::fmt;

/// Something was not asked of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denied {
    /// The conversation is not in a state for it.
    Phase(Phase),
    /// The device cannot, or must not, do it.
    Refusal(Refusal),
    /// The other level is the one in use.
    Level,
    /// The pulse before has not been answered.
    Busy,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phase(phase) => write!(f, "not while {phase:?}"),
            Self::Refusal(refusal) => refusal.fmt(f),
            Self::Level => f.write_str("the other level of the protocol is in use"),
            Self::Busy => f.write_str("the pulse before has not been answered"),
        }
    }
}

impl core::error::Error for Denied {}

impl Session {
    /// Sets the trains of all channels; one that was not sent yet is replaced.
    ///
    /// # Errors
    /// Not ready or running, on the low level, or a pulse leaves charge.
    pub fn update(&mut self, update: Update) -> Result<(), Denied> {
        if self.machine.is_low() {
            return Err(Denied::Level);
        }
        self.working()?;
        let mut trains = update.trains().iter().flatten();
        trains.try_for_each(|train| train.points().balanced()).map_err(Denied::Refusal)?;
        self.machine.queued = Some(Command::MidLevelUpdate(update));
        Ok(())
    }

    /// Puts one pulse out.
    ///
    /// # Errors
    /// Not ready, on the mid level, the pulse leaves charge, or the one before was not sent yet.
    pub fn pulse(&mut self, config: ChannelConfig) -> Result<(), Denied> {
        if !self.machine.is_low() {
            return Err(Denied::Level);
        }
        self.working()?;
        if let Some(points) = &config.points {
            points.balanced().map_err(Denied::Refusal)?;
        }
        if self.machine.queued.is_some() {
            return Err(Denied::Busy);
        }
        self.machine.queued = Some(Command::LowLevelChannel(config));
        Ok(())
    }

    fn working(&self) -> Result<(), Denied> {
        match self.machine.phase {
            Phase::Ready | Phase::Running => Ok(()),
            phase @ (Phase::Opening | Phase::Stopping | Phase::Over) => Err(Denied::Phase(phase)),
        }
    }
}
