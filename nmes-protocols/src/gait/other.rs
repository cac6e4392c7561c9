//! The heel of the other foot: evidence that a step is due, never a trigger.

use super::debounce::Debounce;

/// Steps without a strike of the other heel after which its switch is said to be silent. Ours: in walking the feet
/// take turns, so two would do; five pass a turn on the spot.
const SILENT_STEPS: u8 = 5;
/// A lift of the other heel that counts as a swing lasts so many debounce times: with 25 ms the 0.1 s of the shortest
/// of 3,866 recorded swings.
pub(super) const SWING_DEBOUNCES: u64 = 4;

/// What the other heel has said.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OtherHeel {
    heel: Option<Debounce>,
    struck_us: Option<u64>,
    steps_since: u8,
}

impl OtherHeel {
    /// Takes a raw level. A strike counts from its first edge, when the lift before it was long enough for a swing.
    pub(super) fn sample(&mut self, lifted: bool, now: u64, debounce_us: u64) {
        let Some(heel) = &mut self.heel else {
            self.heel = Some(Debounce::new(lifted, now));
            return;
        };
        if heel.due_us(debounce_us).is_some_and(|due| due <= now) {
            heel.settle();
        }
        let lifted_us = heel.raw().at_us;
        if heel.raw_lifted() == lifted {
            return;
        }
        heel.sample(lifted, now);
        let swing_us = debounce_us.saturating_mul(SWING_DEBOUNCES);
        if !lifted && heel.stable().lifted && now.saturating_sub(lifted_us) >= swing_us {
            self.struck_us = Some(now);
            self.steps_since = 0;
        }
    }

    /// Nothing that this heel said counts any more; a broken wire says nothing.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The other foot has just taken the weight: it struck within the window, is down, and vouched for no step yet.
    pub(super) fn vouches(&self, now: u64, window_us: u64, debounce_us: u64) -> bool {
        let is_down = self.heel.is_some_and(|heel| {
            let raw = heel.raw();
            !raw.lifted || now.saturating_sub(raw.at_us) < debounce_us
        });
        is_down && self.struck_us.is_some_and(|at| now.saturating_sub(at) <= window_us)
    }

    /// One strike vouches for one start.
    pub(super) const fn use_up(&mut self) {
        self.struck_us = None;
    }

    /// Counts a step of the treated foot. True once, when the other heel has been silent for too long.
    pub(super) const fn step(&mut self) -> bool {
        self.steps_since = self.steps_since.saturating_add(1);
        self.heel.is_some() && self.steps_since == SILENT_STEPS
    }
}
