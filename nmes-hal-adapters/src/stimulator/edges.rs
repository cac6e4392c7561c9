//! The edge path, and what prepares it.

use super::Stimulator;
use super::faults::Halted;
use crate::alarm::Alarm;
use crate::outcome::{Cause, Stopped};
use crate::output::Output;
use crate::prepared::{channels_of, opening};
use crate::sense::Sense;
use nmes_core::{Change, Level};
use nmes_safety::{AdmittedEdge, Sensed, Trip};

/// A rest is measured from a millisecond on: what a phase leaves in a stage or a filter is over then. Our choice.
const SETTLES_PER_SECOND: u32 = 1_000;

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

    /// Puts out what is prepared, and prepares what comes next. Apart from the loop around it, for which a compiler would
    /// work out every address ahead.
    #[inline(never)]
    pub(super) fn step(&mut self) -> Result<(), Halted> {
        self.put_out()?;
        self.prepare()
    }

    /// Puts out what is prepared; nothing if nothing is.
    fn put_out(&mut self) -> Result<(), Halted> {
        let Some(due) = self.prepared.due() else { return Ok(()) };
        match self.prepared.only().copied() {
            Some(edge) => self.put_one(due, &edge),
            None => self.put_any(due),
        }
    }

    /// The common case: one edge, and nothing else.
    #[inline]
    fn put_one(&mut self, due: u64, edge: &AdmittedEdge) -> Result<(), Halted> {
        self.put_level(edge).map_err(|error| self.fail_output(error))?;
        let t = self.applied(due)?;
        self.judge_edge(t, edge)
    }

    fn put_level(&mut self, edge: &AdmittedEdge) -> Result<(), O::Error> {
        let first = edge.number() == 0;
        if let Some(admitted) = self.guard.admitted(edge.channel()).filter(|_| first) {
            self.output.begin(admitted)?;
        }
        self.output.apply(core::slice::from_ref(edge))
    }

    #[inline(never)]
    fn put_any(&mut self, due: u64) -> Result<(), Halted> {
        if !self.prepared.is_whole() {
            return Err(self.fail(Cause::Damaged).into());
        }
        self.put_levels().map_err(|error| self.fail_output(error))?;
        let t = self.applied(due)?;
        for place in 0..N {
            let Some(edge) = self.prepared.edge(place) else { break };
            self.judge_edge(t, &edge)?;
        }
        for channel in channels_of(self.prepared.offs()) {
            self.judge_opening(t, &opening(channel))?;
        }
        Ok(())
    }

    /// The clock, read after the levels changed, and the engine told of it.
    #[inline]
    fn applied(&mut self, due: u64) -> Result<u64, Halted> {
        let t = self.alarm.now();
        let late = t.saturating_sub(due);
        if late > 0 && self.prepared.is_seen() {
            self.worst_late = self.worst_late.max(late);
            self.late = self.late.saturating_add(1);
        }
        match self.engine.applied(t) {
            Ok(()) => Ok(t),
            Err(fault) => Err(self.fail_edge(t, fault).into()),
        }
    }

    /// The end of the level before the edge, then the edge.
    #[inline]
    fn judge_edge(&mut self, t: u64, edge: &AdmittedEdge) -> Result<(), Halted> {
        let judged = self.sampled(t, edge.channel(), edge.level());
        match judged.and_then(|sample| self.guard.edge_put(t, edge, sample)) {
            Ok(()) => Ok(()),
            Err(trip) => Ok(self.respond(trip)?),
        }
    }

    fn judge_opening(&mut self, t: u64, change: &Change) -> Result<(), Halted> {
        let judged = self.sampled(t, change.channel, change.level);
        match judged.and_then(|sample| self.guard.edge(t, change, sample)) {
            Ok(()) => Ok(()),
            Err(trip) => Ok(self.respond(trip)?),
        }
    }

    /// What was measured of the level that ended is judged; what of the new one comes with it.
    #[inline]
    fn sampled(&mut self, t: u64, channel: u8, level: Level) -> Result<Option<Sensed>, Trip> {
        if let Some(ended) = self.sense.ended(channel) {
            self.guard.sample(t, channel, ended)?;
        }
        Ok(self.sense.sample(channel, level))
    }

    /// What is measured while nothing is put out: between two trains no edge comes that would ask for it.
    pub(super) fn look_at_rests(&mut self, now: u64) -> Result<(), Stopped> {
        let settled = self.engine.plan().hardware().timing().ticks_per_second / SETTLES_PER_SECOND;
        for channel in 0..self.engine.plan().channel_count() {
            let since = self.guard.rests_since(channel);
            let rests = since.is_some_and(|since| now.saturating_sub(since) >= settled.into());
            let Some(sensed) = rests.then(|| self.sense.resting(channel)).flatten() else { continue };
            // a conversion may have taken a while
            if let Err(trip) = self.guard.sample(self.alarm.now(), channel, sensed) {
                self.respond(trip)?;
            }
        }
        Ok(())
    }

    fn put_levels(&mut self) -> Result<(), O::Error> {
        let Self { prepared, guard, output, .. } = self;
        for first in prepared.edges().iter().filter(|edge| edge.number() == 0) {
            if let Some(admitted) = guard.admitted(first.channel()) {
                output.begin(admitted)?;
            }
        }
        if !prepared.edges().is_empty() {
            output.apply(prepared.edges())?;
        }
        for channel in channels_of(prepared.offs()) {
            output.channel_off(channel)?;
        }
        Ok(())
    }

    /// Has every waiting frame admitted, then looks up what comes next.
    #[inline]
    pub(super) fn prepare(&mut self) -> Result<(), Halted> {
        self.prepared.clear();
        if self.engine.is_waiting() {
            self.admit_all()?;
        }
        if let Some(step) = self.engine.step() {
            let filled = self.prepared.fill(&step, &self.guard);
            filled.map_err(|channel| self.fail(Cause::NotAdmitted { channel }))?;
        }
        Ok(())
    }

    #[inline(never)]
    fn admit_all(&mut self) -> Result<(), Halted> {
        for _ in 0..FRAMES_MAX {
            let Self { engine, guard, alarm, .. } = self;
            let mut refused = None;
            let all = engine.offer(|frame| {
                let answer = guard.admit(alarm.now(), frame);
                // kept only where it is no: a trip is large
                answer.map_err(|trip| refused = Some(trip)).is_ok()
            });
            match refused {
                Some(trip) => self.respond(trip)?,
                None if all => return Ok(()),
                None => {}
            }
        }
        match self.engine.pending() {
            Some(frame) => Err(self.fail(Cause::NotAdmitted { channel: frame.channel() }).into()),
            None => Ok(()),
        }
    }

    /// After anything that may have changed what comes next.
    pub(super) fn prepare_and_set(&mut self) -> Result<(), Stopped> {
        if self.prepare().is_err() {
            return self.answer();
        }
        self.on_alarm()
    }
}
