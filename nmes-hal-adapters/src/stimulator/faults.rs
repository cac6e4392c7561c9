//! What is done when something is wrong, the output always first.

use super::Stimulator;
use super::levels::silence;
use crate::alarm::Alarm;
use crate::outcome::{Cause, Stopped};
use crate::output::Output;
use crate::sense::Sense;
use nmes_core::{Engine, EngineFault, MicroAmps, Schedule, Setting, StopPolicy};
use nmes_safety::{Event, Fault, PROBE_LEVEL, Response, Trip};

/// It has stopped. Why is large, and is kept by the runner: only what answers the caller looks it up.
pub(super) struct Halted(());

impl From<Stopped> for Halted {
    fn from(_: Stopped) -> Self {
        Self(())
    }
}

impl<O: Output, A: Alarm, S: Sense, const N: usize> Stimulator<'_, O, A, S, N> {
    /// Why it is being ramped down, or was: the first reason, whatever came after it.
    ///
    /// # A second reason
    /// A ramp-down is no shelter: while one is under way, what comes after it is answered as if there were none, where that ends
    /// output sooner.
    ///
    /// | comes while it ramps down | what is done | [`Stimulator::stopped`] |
    /// |---|---|---|
    /// | a fault that [opens at once](nmes_safety::Response::OpenNow), an error of the output or the engine, [`Stimulator::report_fault`] | the output opens, in the middle of a pulse too | names it |
    /// | [`StopPolicy::HardOff`], as for an emergency stop | the same | no cause |
    /// | [`StopPolicy::RecoverNow`] | the pulse under way is paid back, none follows | no cause |
    /// | [`StopPolicy::FinishPulse`]; contact lost in a session without a gate; the session's time is over | the pulse under way ends, none follows | no cause |
    /// | contact lost in functional wear | the channel goes on down from the probe level | no cause |
    /// | a silent host, a train that lasts too long | the ramp goes on as it was | no cause |
    ///
    /// Where no cause is named, the reason of the ramp-down is latched, and is the cause, once its time is over. In each row that
    /// first reason stays here, and the black box has it before the later one. Nothing that comes later makes a stop milder: a
    /// ramp-down that is asked for while a stop ends output lengthens nothing.
    #[must_use]
    pub const fn ramping_down(&self) -> Option<&Trip> {
        self.guard.ramping_down()
    }

    /// Acts on a trip. `Err` only when it opened the output.
    #[cold]
    #[inline(never)]
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

    /// Begins a ramp-down, or ends the one in hand with the pulse under way where the later reason asks for that.
    pub(super) fn ramp_down(&mut self, fault: Fault) {
        let first = !self.ending;
        self.end_levels();
        let now = self.alarm.now();
        close(&mut self.engine, fault, first, now);
    }

    #[inline]
    pub(super) fn alive(&mut self) -> Result<(), Stopped> {
        match self.stopped {
            None => match self.alarm.overdue() {
                None => Ok(()),
                Some(late) => Err(self.fail(Cause::Overdue(late))),
            },
            Some(stopped) => Err(self.still_stopped(stopped)),
        }
    }

    /// Whether it has stopped, and why.
    pub(super) fn answer(&self) -> Result<(), Stopped> {
        self.stopped.map_or(Ok(()), Err)
    }

    /// The first cause again; an output that could not be opened is tried once more.
    #[cold]
    #[inline(never)]
    fn still_stopped(&mut self, stopped: Stopped) -> Stopped {
        if !stopped.off_failed {
            return stopped;
        }
        let again = stopped.tried(self.output.off().is_err());
        self.stopped = Some(again);
        again
    }

    #[cold]
    #[inline(never)]
    pub(super) fn fail_output(&mut self, error: O::Error) -> Stopped {
        self.output_error.get_or_insert(error);
        self.fail(Cause::Output)
    }

    /// The guard sees the edge too, so that it latches by its own judgement, but only after the output is open.
    #[cold]
    #[inline(never)]
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
    #[cold]
    #[inline(never)]
    pub(super) fn fail(&mut self, cause: Cause) -> Stopped {
        let off = self.output.off();
        let at_tick = self.shut_down();
        if !matches!(cause, Cause::Guard(_)) {
            self.guard.report_output_failure(at_tick);
        }
        let stopped = Stopped::at_first(self.stopped, cause, at_tick).tried(off.is_err());
        self.stopped = Some(stopped);
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
                self.stopped = self.stopped.map(|stopped| stopped.tried(false));
                self.answer()
            }
            Err(error) => Err(self.fail_output(error)),
        }
    }

    /// The session is over: no output without a new arm, and the host may fall silent.
    pub(super) fn disarm(&mut self, now: u64) {
        if self.guard.state().permits_output() {
            self.end_levels();
            silence(&mut self.engine, now);
            let _ = self.guard.handle(now, Event::Disarm);
        }
    }
}

/// Every train goes down by its ramp at once, also where a channel has an offset, and none begins any more. No pulse follows where
/// the session's time is over, nor where contact is lost in a session without a gate: there is nobody to ramp down for. That holds
/// for a later reason too; one that asks for a ramp finds the session ending already, as it is or sooner.
pub(crate) fn close(engine: &mut Engine<'_, '_>, fault: Fault, first: bool, now: u64) {
    let gated = matches!(engine.plan().session().schedule(), Schedule::Gated(_));
    if fault == Fault::SessionLength || (fault == Fault::ContactLoss && !gated) {
        engine.stop(StopPolicy::FinishPulse, now);
    } else if first {
        engine.pause(now);
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "tests: a panic here is a failed test"
)]
mod tests {
    use nmes_core::{
        Channel, ChannelHardware, ChannelState, Hardware, HardwareTiming, Micros, Millis, Next, Plan,
        PulseShape, Ramp, Rate, Session, Train,
    };

    use super::*;

    /// How many pulses follow in 2 s after a continuous session of 40 Hz is closed for a fault, and 100 ms later for another, with
    /// ramps of half a second.
    fn pulses_after(first: Fault, second: Option<Fault>) -> u32 {
        let (set, ms) = (Setting::new(10_000, 300).unwrap(), |ms| Millis::from_millis(ms).unwrap());
        let ramp = Ramp { up: ms(500), down: ms(500), ..Ramp::default() };
        let (pulse, train, rate) = (PulseShape::default(), Train::default(), Rate::from_hz(40).unwrap());
        let channels = [Channel { pulse, rate, train, set, ceiling: set, ramp, offset: Micros::ZERO }];
        let session = Session::new(&channels, Schedule::Continuous, ms(60_000)).unwrap();
        let timing = HardwareTiming::ideal(1_000_000);
        let output = ChannelHardware::symmetric(100_000, -2_048, 2_047);
        let plan = Plan::compile(&session, &Hardware::new(timing, &[output], 0).unwrap()).unwrap();
        let mut states = [ChannelState::new()];
        let mut engine = Engine::new(&plan, &mut states).unwrap();
        engine.command(0, set, 0).unwrap();
        engine.start(0);
        let mut reasons = [(Some(first), 3_000_000), (second, 3_100_000)].into_iter().peekable();
        let mut pulses = 0;
        loop {
            while let Some(frame) = engine.pending() {
                let (channel, sequence) = (frame.channel(), frame.sequence());
                assert!(engine.accept(channel, sequence));
            }
            let Next::At(due) = engine.next() else { break };
            if due > 5_000_000 {
                break;
            }
            engine.applied(due).unwrap();
            if let Some((reason, at)) = reasons.next_if(|&(_, at)| due > at) {
                let is_first = at == 3_000_000;
                if is_first {
                    pulses = engine.counters(0).unwrap().pulses;
                }
                if let Some(fault) = reason {
                    close(&mut engine, fault, is_first, due);
                }
            }
        }
        engine.counters(0).unwrap().pulses - pulses
    }

    /// REQ-HAL-034, REQ-HAL-479: a silent host is ramped down; after the end of a session, and where contact is lost, none but the
    /// pulse under way. The sooner of two reasons holds, whichever is first.
    #[test]
    fn what_follows_a_ramp_down() {
        let ramped = [Fault::KeepAlive, Fault::OnTime];
        let cut = [Fault::SessionLength, Fault::ContactLoss];
        for first in ramped {
            for second in [None].into_iter().chain(ramped.map(Some)) {
                let pulses = pulses_after(first, second);
                assert!((15..21).contains(&pulses), "{first:?}, {second:?}: {pulses}");
            }
            for second in cut {
                let pulses = pulses_after(first, Some(second));
                assert!((4..6).contains(&pulses), "{first:?}, {second:?}: {pulses}");
            }
        }
        for first in cut {
            for second in [None].into_iter().chain(ramped.into_iter().chain(cut).map(Some)) {
                assert!(pulses_after(first, second) <= 1, "{first:?}, {second:?}");
            }
        }
    }
}
