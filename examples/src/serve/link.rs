//! Where the pulses go: a simulated stage, or a device.

use crate::device::DeviceWord;
use crate::device::rig::Rig;
use crate::device::run::{bind, rehastim2_session, sciencemode4_session};
use crate::device::sent::sent;
use crate::failure::Failure;
use nmes_core::{Plan, PulseReceipt};
use nmes_hal_adapters::sim::Bench;
use nmes_hal_adapters::wire::Plays;
use std::cell::RefCell;

/// What moves with the clock of a session.
pub(crate) trait Link {
    /// The session's clock is at this tick.
    fn follow(&mut self, tick: u64);
    /// A pulse could not be taken yet.
    fn is_busy(&self) -> bool;
    /// Reads and sends what is due.
    fn pump(&mut self) -> Result<(), Failure>;
    /// A pulse as it went out; nothing where it did not.
    fn sent(&self, receipt: PulseReceipt, plan: &Plan<'_>) -> Option<PulseReceipt>;
}

/// The clock of the simulated stage follows.
pub(crate) struct Stage<'b>(pub(crate) &'b Bench);

impl Link for Stage<'_> {
    fn follow(&mut self, tick: u64) {
        self.0.clock().advance_to(tick);
    }

    fn is_busy(&self) -> bool {
        false
    }

    fn pump(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn sent(&self, receipt: PulseReceipt, _plan: &Plan<'_>) -> Option<PulseReceipt> {
        Some(receipt)
    }
}

impl<S: Plays> Link for Rig<'_, S> {
    fn follow(&mut self, _tick: u64) {}

    fn is_busy(&self) -> bool {
        Rig::is_busy(self)
    }

    fn pump(&mut self) -> Result<(), Failure> {
        self.step()
    }

    /// A pulse that is over was sent: its clock waited for that, or the device repeats it.
    fn sent(&self, receipt: PulseReceipt, plan: &Plan<'_>) -> Option<PulseReceipt> {
        if receipt.cut {
            sent(vec![receipt], plan, |channel| self.unsent(channel)).pop()
        } else {
            Some(receipt)
        }
    }
}

/// Holds a plan against a device before anybody connects.
pub(crate) fn fits(device: DeviceWord, plan: &Plan<'_>) -> Result<(), Failure> {
    match device {
        DeviceWord::Sciencemode4 => bind(&RefCell::new(sciencemode4_session()?), plan),
        DeviceWord::Rehastim2 => bind(&RefCell::new(rehastim2_session()?), plan),
    }
}
