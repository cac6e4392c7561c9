//! What is done when something is wrong, the output always first.

use super::Stimulator;
use crate::alarm::Alarm;
use crate::outcome::{Cause, Stopped};
use crate::output::Output;
use crate::sense::Sense;
use nmes_core::{Engine, EngineFault, GateInput, MicroAmps, Schedule, Setting, StopPolicy};
use nmes_safety::{Event, Fault, PROBE_LEVEL, Response, Trip};

impl<O: Output, A: Alarm, S: Sense, const N: usize> Stimulator<'_, O, A, S, N> {
    /// Acts on a trip. `Err` only when it opened the output.
    pub(super) fn respond(&mut self, trip: Trip) -> Result<(), Stopped> {
        match trip.response {
            Response::OpenNow => return Err(self.fail(Cause::Guard(trip))),
            Response::Warn => {}
            Response::ProbeLevel => self.hold_at_probe(trip.channel),
            Response::RampDown => self.ramp_down(trip.fault),
        }
        self.last_trip = Some(trip);
        Ok(())
    }

    /// The guard has already lowered what it admits. The target stays, and is gone to again when contact is back.
    pub(super) fn hold_at_probe(&mut self, channel: Option<u8>) {
        let Some(channel) = channel else { return };
        let now = self.alarm.now();
        let present = self.engine.setting(channel).unwrap_or(Setting::ZERO);
        let probe = Setting { amplitude: present.amplitude.min(PROBE_LEVEL), ..present };
        if self.engine.command(channel, probe, now).is_err() {
            // coarser codes than the probe level: silence
            let _ = self.engine.command(channel, Setting { amplitude: MicroAmps::ZERO, ..present }, now);
        }
    }

    pub(super) fn ramp_down(&mut self, fault: Fault) {
        if self.ending {
            return;
        }
        self.end_levels();
        let now = self.alarm.now();
        close(&mut self.engine, fault, now);
    }

    pub(super) fn alive(&mut self) -> Result<(), Stopped> {
        match self.stopped {
            None => match self.alarm.overdue() {
                None => Ok(()),
                Some(late) => Err(self.fail(Cause::Overdue(late))),
            },
            Some(stopped) if !stopped.off_failed => Err(stopped),
            Some(stopped) => {
                let again = Stopped { off_failed: self.output.off().is_err(), ..stopped };
                self.stopped = Some(again);
                Err(again)
            }
        }
    }

    pub(super) fn fail_output(&mut self, error: O::Error) -> Stopped {
        self.output_error.get_or_insert(error);
        self.fail(Cause::Output)
    }

    /// The guard sees the edge too, so that it latches by its own judgement, but only after the output is open.
    pub(super) fn fail_edge(&mut self, t: u64, fault: EngineFault) -> Stopped {
        let off = self.output.off();
        for change in self.prepared.changes() {
            let _ = self.guard.edge(t, &change, None);
        }
        let stopped = self.fail(Cause::Engine(fault));
        if let Err(error) = off {
            self.output_error.get_or_insert(error);
        }
        stopped
    }

    /// Opens the output, before anything else is done; then stops everything, for good.
    pub(super) fn fail(&mut self, cause: Cause) -> Stopped {
        let off = self.output.off();
        let at_tick = self.shut_down();
        if !matches!(cause, Cause::Guard(_)) {
            self.guard.report_output_failure(at_tick);
        }
        let stopped = *self.stopped.get_or_insert(Stopped { cause, at_tick, off_failed: off.is_err() });
        if let Err(error) = off {
            self.output_error.get_or_insert(error);
        }
        stopped
    }

    pub(super) fn shut_down(&mut self) -> u64 {
        self.alarm.clear();
        self.prepared.clear();
        self.end_levels();
        let now = self.alarm.now();
        self.engine.stop(StopPolicy::HardOff, now);
        self.guard.off(now);
        now
    }

    pub(super) fn hard_off(&mut self) -> Result<(), Stopped> {
        match self.output.off() {
            Ok(()) => {
                let now = self.shut_down();
                self.disarm(now);
                self.stopped.map_or(Ok(()), Err)
            }
            Err(error) => Err(self.fail_output(error)),
        }
    }

    /// The session is over: no output without a new arm, and the host may fall silent.
    pub(super) fn disarm(&mut self, now: u64) {
        if self.guard.state().permits_output() {
            self.end_levels();
            for channel in 0..self.engine.plan().channel_count() {
                let set = self.engine.setting(channel).unwrap_or(Setting::ZERO);
                let _ = self.engine.command(channel, Setting { amplitude: MicroAmps::ZERO, ..set }, now);
            }
            let _ = self.guard.handle(now, Event::Disarm);
        }
    }
}

/// Every train goes down by its ramp, and none begins any more; where contact is lost there is nobody to ramp down for, and
/// no pulse follows.
pub(crate) fn close(engine: &mut Engine<'_, '_>, fault: Fault, now: u64) {
    if matches!(engine.plan().session().schedule(), Schedule::Gated(_)) {
        engine.gate(GateInput::Close { down: None }, now);
    } else if fault == Fault::ContactLoss {
        engine.stop(StopPolicy::FinishPulse, now);
    } else {
        engine.pause(now);
    }
}
