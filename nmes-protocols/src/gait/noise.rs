//! What the trigger makes of a switch that cannot be a foot.

use super::TriggerNote;
use super::debounce::Debounce;
use super::trigger::{Trigger, us};
use super::work::{Phase, Then};

/// Bounces within [`WINDOW_US`] that are called a storm. Ours: two strides a second bounce less.
const STORM_BOUNCES: u8 = 10;
/// Levels within [`WINDOW_US`] that outlast the debounce time and are too short for any foot. Ours: three lifts.
const CHATTER_LEVELS: u8 = 6;
const WINDOW_US: u64 = 1_000_000;

/// One more within the window that began with the first: since when, and how many.
fn one_more(seen: Option<(u64, u8)>, now: u64) -> (u64, u8) {
    match seen {
        Some((since, count)) if now.saturating_sub(since) <= WINDOW_US => (since, count.saturating_add(1)),
        _ => (now, 1),
    }
}

impl Trigger {
    /// A change that did not last.
    pub(super) fn bounced(&mut self, now: u64) {
        self.counters.bounces = self.counters.bounces.saturating_add(1);
        let storm = one_more(self.storm, now);
        if storm.1 == STORM_BOUNCES {
            self.note(TriggerNote::BounceStorm);
        }
        self.storm = Some(storm);
    }

    /// A level that lasted, but for less than any stance or swing. Six of them are no gait: output ends.
    pub(super) fn chattered(&mut self, now: u64) {
        let chatter = one_more(self.chatter, now);
        self.chatter = Some(chatter);
        if chatter.1 < CHATTER_LEVELS {
            return;
        }
        if chatter.1 == CHATTER_LEVELS {
            self.counters.contradictions = self.counters.contradictions.saturating_add(1);
            self.note(TriggerNote::Chatter);
        }
        self.distrust(now);
    }

    /// The clock has begun again, and nobody knows how long it has been: what was measured of this step counts no more, and the
    /// level of the heel counts from now.
    pub(super) fn began_again(&mut self, now: u64) {
        self.heel = self.heel.map(|heel| Debounce::new(heel.raw_lifted(), now));
        self.other.forget();
        (self.struck_us, self.lifted_us) = (None, None);
        self.distrust(now);
    }

    /// Ends output by a ramp-down, and asks for a full heel strike before the next step.
    fn distrust(&mut self, now: u64) {
        let then = Then::Stance { full_strike: true };
        match self.phase {
            Phase::Off | Phase::Paused | Phase::Fault | Phase::ManualTest { .. } => {}
            Phase::Stance { .. } | Phase::Arm | Phase::Delay { .. } => {
                self.phase = Phase::Stance { rearm_us: now, full_strike: true };
            }
            Phase::Early { .. } | Phase::RampUp { .. } | Phase::Hold { .. } | Phase::Extend { .. } => {
                self.close(now, us(self.times().ramp_down.as_millis()), then);
            }
            Phase::RampDown { until_us, then: Then::Stance { .. } | Then::FalseStart } => {
                self.phase = Phase::RampDown { until_us, then };
            }
            Phase::RampDown { .. } => {}
        }
    }
}
