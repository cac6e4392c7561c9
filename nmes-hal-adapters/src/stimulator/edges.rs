//! The edge path, and what prepares it.

use super::Stimulator;
use crate::alarm::Alarm;
use crate::outcome::{Cause, Stopped};
use crate::output::Output;
use crate::sense::Sense;
use nmes_core::Change;
use nmes_safety::Trip;

/// The most frames one call has admitted: each channel twice.
const FRAMES_MAX: usize = 16;

impl<O: Output, A: Alarm, S: Sense, const N: usize> Stimulator<'_, O, A, S, N> {
    /// True when there is nothing to do now: nothing is prepared, or the alarm is set for later.
    pub(super) fn alarm_is_set(&mut self) -> bool {
        let Some(due) = self.prepared.due() else {
            self.alarm.clear();
            return true;
        };
        self.alarm.now() < due && self.alarm.set(due).is_ok()
    }

    /// Puts out what is prepared; nothing if nothing is.
    pub(super) fn put_out(&mut self) -> Result<(), Stopped> {
        let Some(due) = self.prepared.due() else { return Ok(()) };
        if !self.prepared.is_whole() {
            return Err(self.fail(Cause::Damaged));
        }
        self.put_levels().map_err(|error| self.fail_output(error))?;
        let t = self.alarm.now();
        let late = t.saturating_sub(due);
        if !self.prepared.changes().is_empty() && late > 0 {
            self.worst_late = self.worst_late.max(late);
            self.late = self.late.saturating_add(1);
        }
        if let Err(fault) = self.engine.applied(t) {
            return Err(self.fail_edge(t, fault));
        }
        for index in 0..N {
            let Some(change) = self.prepared.change(index) else { break };
            let judged = self.judge(t, &change);
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

    fn put_levels(&mut self) -> Result<(), O::Error> {
        for change in self.prepared.changes().iter().filter(|change| change.edge == Some(0)) {
            if let Some(admitted) = self.guard.admitted(change.channel) {
                self.output.begin(admitted)?;
            }
        }
        if !self.prepared.edges().is_empty() {
            self.output.apply(self.prepared.edges())?;
        }
        for channel in self.prepared.offs() {
            self.output.channel_off(channel)?;
        }
        Ok(())
    }

    /// Has every waiting frame admitted, then looks up what comes next.
    pub(super) fn prepare(&mut self) -> Result<(), Stopped> {
        self.prepared.clear();
        for _ in 0..FRAMES_MAX {
            let Self { engine, guard, alarm, .. } = self;
            let mut refused = None;
            let all = engine.offer(|frame| {
                refused = guard.admit(alarm.now(), frame).err();
                refused.is_none()
            });
            match refused {
                Some(trip) => self.respond(trip)?,
                None if all => break,
                None => {}
            }
        }
        if let Some(frame) = self.engine.pending() {
            return Err(self.fail(Cause::NotAdmitted { channel: frame.channel() }));
        }
        if let Some(step) = self.engine.step() {
            let filled = self.prepared.fill(&step, &self.guard);
            filled.map_err(|channel| self.fail(Cause::NotAdmitted { channel }))?;
        }
        Ok(())
    }

    /// After anything that may have changed what comes next.
    pub(super) fn prepare_and_set(&mut self) -> Result<(), Stopped> {
        self.prepare()?;
        self.on_alarm()
    }
}
