//! The start at the first edge of a lift, when the other foot has just taken the weight.

use super::other::SWING_DEBOUNCES;
use super::trigger::{Trigger, us};
use super::work::{Phase, Then};
use super::{GateCommand, TriggerNote};

impl Trigger {
    /// A lift of the treated heel has begun, and the other foot vouches for it. A delay has no use for an early start,
    /// and a ramp shorter than two debounce times would be past its middle before the lift is confirmed.
    pub(super) fn may_start_early(&self) -> bool {
        let times = self.times();
        let (debounce_us, window_us) = (us(times.debounce.as_millis()), us(times.vouch.as_millis()));
        let ramp_us = us(times.ramp_up.as_millis());
        self.heel.is_some_and(|heel| heel.is_lifting())
            && times.delay.as_millis() == 0
            && ramp_us >= debounce_us.saturating_mul(2)
            && self.other.vouches(self.last_us, window_us, debounce_us)
    }

    pub(super) fn begin_early(&mut self, now: u64) {
        self.other.use_up();
        self.run_begins(now);
        self.command = Some(GateCommand::Open);
        let most_us = us(self.times().debounce.as_millis()).saturating_mul(SWING_DEBOUNCES);
        self.phase = Phase::Early { from_us: now, until_us: now.saturating_add(most_us), broken: false };
    }

    /// A contact bounces: while it is closed the level stays where it is.
    pub(super) fn early_edge(&mut self, lifted: bool) {
        if let Phase::Early { broken, .. } = &mut self.phase {
            *broken = true;
            self.command = Some(if lifted { GateCommand::Open } else { GateCommand::Hold });
        }
    }

    /// When a heel that is down again is believed to be down.
    pub(super) fn unlifted_us(&self) -> Option<u64> {
        let raw = self.heel?.raw();
        let debounce_us = us(self.times().debounce.as_millis());
        (!raw.lifted).then(|| raw.at_us.saturating_add(debounce_us))
    }

    /// The lift has lasted: the early start was a step.
    pub(super) fn confirm(&mut self, now: u64, lifted_us: u64) {
        let Phase::Early { from_us, broken, .. } = self.phase else { return };
        let hold_us = self.hold_max_us();
        let hold_until_us = lifted_us.saturating_add(hold_us);
        self.counted(true);
        self.last_open_us = Some(from_us);
        let start_us = if broken { now } else { from_us };
        let full_us = start_us.saturating_add(us(self.times().ramp_up.as_millis()));
        self.phase = Phase::RampUp { full_us, hold_until_us, hold_us };
    }

    /// The lift did not last: output ends over the shortest ramp-down.
    pub(super) fn false_start(&mut self, now: u64) {
        self.counters.false_starts = self.counters.false_starts.saturating_add(1);
        self.note(TriggerNote::FalseStart);
        self.close(now, us(self.times().ramp_down_min.as_millis()), Then::FalseStart);
    }
}
