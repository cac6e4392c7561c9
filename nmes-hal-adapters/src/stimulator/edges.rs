//! The edge path, and what prepares it.

use super::Stimulator;
use crate::alarm::Alarm;
use crate::outcome::{Cause, Stopped};
use crate::output::Output;
use crate::prepared::Prepared;
use crate::sense::Sense;
use nmes_core::Change;
use nmes_safety::Trip;

/// The most frames one call has admitted: each channel twice.
const FRAMES_MAX: usize = 16;

impl<O: Output, A: Alarm, S: Sense> Stimulator<'_, O, A, S> {
    /// True when there is nothing to do now: nothing is prepared, or the alarm is set for later.
    pub(super) fn alarm_is_set(&mut self) -> bool {
        let Some(prepared) = self.prepared else {
            self.alarm.clear();
            return true;
        };
        self.alarm.now() < prepared.at_tick() && self.alarm.set(prepared.at_tick()).is_ok()
    }

    pub(super) fn put_out(&mut self, prepared: &Prepared) -> Result<(), Stopped> {
        self.put_levels(prepared).map_err(|error| self.fail_output(error))?;
        let t = self.alarm.now();
        let late = t.saturating_sub(prepared.at_tick());
        if !prepared.changes().is_empty() && late > 0 {
            self.worst_late = self.worst_late.max(late);
            self.late = self.late.saturating_add(1);
        }
        if let Err(fault) = self.engine.applied(t) {
            return Err(self.fail_edge(t, fault, prepared));
        }
        for change in prepared.changes() {
            let judged = self.judge(t, change);
            judged.or_else(|trip| self.respond(trip))?;
        }
        Ok(())
    }

    /// The end of the level before the edge, then the edge.
    pub(super) fn judge(&mut self, t: u64, change: &Change) -> Result<(), Trip> {
        if let Some(ended) = self.sense.ended(change.channel) {
            self.guard.sample(t, change.channel, ended)?;
        }
        let sample = self.sense.sample(change.channel, change.level);
        self.guard.edge(t, change, sample)
    }

    pub(super) fn put_levels(&mut self, prepared: &Prepared) -> Result<(), O::Error> {
        if !prepared.edges().is_empty() {
            self.output.apply(prepared.edges())?;
        }
        for channel in prepared.offs() {
            self.output.channel_off(channel)?;
        }
        Ok(())
    }

    /// Has every waiting frame admitted, then looks up what comes next.
    pub(super) fn prepare(&mut self) -> Result<(), Stopped> {
        self.prepared = None;
        for _ in 0..FRAMES_MAX {
            let Some(frame) = self.engine.pending() else { break };
            let now = self.alarm.now();
            match self.guard.admit(now, &frame) {
                Ok(admitted) => {
                    if let Some(slot) = self.admitted.get_mut(usize::from(frame.channel())) {
                        *slot = Some(admitted);
                    }
                    self.engine.accept(frame.channel(), frame.sequence());
                }
                Err(trip) => self.respond(trip)?,
            }
        }
        if let Some(frame) = self.engine.pending() {
            return Err(self.fail(Cause::NotAdmitted { channel: frame.channel() }));
        }
        if let Some(step) = self.engine.step() {
            let prepared = Prepared::new(&step, &self.admitted);
            self.prepared = Some(prepared.map_err(|channel| self.fail(Cause::NotAdmitted { channel }))?);
        }
        Ok(())
    }

    /// After anything that may have changed what comes next.
    pub(super) fn prepare_and_set(&mut self) -> Result<(), Stopped> {
        self.prepare()?;
        self.on_alarm()
    }
}
