//! Commands without a plan, to try a conversation on a simulated device; the pulses of a plan come by
//! [`Plays`](crate::wire::Plays).

use super::commands::{List, Start};
use super::machine::Phase;
use super::session::Session;
use core::fmt;

/// Something was not asked of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denied {
    /// The conversation is not in a state for it.
    Phase(Phase),
    /// The pulses are not one for each channel of the list in use.
    Channels {
        /// Channels of the list.
        list: u32,
        /// Pulses given.
        pulses: usize,
    },
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phase(phase) => write!(f, "not while {phase:?}"),
            Self::Channels { list, pulses } => write!(f, "{pulses} pulses for a list of {list} channels"),
        }
    }
}

impl core::error::Error for Denied {}

impl Session {
    /// Prepares a list and starts it.
    ///
    /// # Errors
    /// Not ready, or not one pulse for each channel.
    pub fn start(&mut self, list: List, start: Start) -> Result<(), Denied> {
        if self.machine.phase != Phase::Ready {
            return Err(Denied::Phase(self.machine.phase));
        }
        Self::fits(&list, &start)?;
        self.machine.queued_list = Some(list);
        self.machine.queued_start = Some(start);
        Ok(())
    }

    /// Changes the pulses of the list that runs; a change that was not sent yet is replaced.
    ///
    /// # Errors
    /// Not running, or not one pulse for each channel.
    pub fn update(&mut self, start: Start) -> Result<(), Denied> {
        let (Phase::Running, Some(list)) = (self.machine.phase, self.machine.list) else {
            return Err(Denied::Phase(self.machine.phase));
        };
        Self::fits(&list, &start)?;
        self.machine.queued_start = Some(start);
        Ok(())
    }

    fn fits(list: &List, start: &Start) -> Result<(), Denied> {
        let (list, pulses) = (list.channels().count_ones(), start.as_slice().len());
        if usize::try_from(list) == Ok(pulses) { Ok(()) } else { Err(Denied::Channels { list, pulses }) }
    }
}
