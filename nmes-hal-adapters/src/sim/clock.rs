//! A virtual clock with one alarm, which is answered late on purpose.

use crate::alarm::{Alarm, Late};
use crate::sim::Random;
use core::cell::Cell;

/// Virtual 64-bit ticks. Time stands still until the host moves it, so a run is the same on every machine.
///
/// [`SimClock::fire`] goes to the alarm plus a seeded, uniform 0 to `late_max` ticks: what the interrupt latency of
/// a real processor does to an edge.
///
/// ```
/// use nmes_hal_adapters::{Alarm, sim::SimClock};
/// let clock = SimClock::new(15, 7);
/// clock.alarm().set(1_000).unwrap();
/// let now = clock.fire().unwrap();
/// assert!((1_000..=1_015).contains(&now));
/// assert_eq!(clock.fire(), None, "one alarm, one call");
/// ```
#[derive(Debug)]
pub struct SimClock {
    now: Cell<u64>,
    alarm: Cell<Option<u64>>,
    random: Cell<Random>,
    late_max: u32,
}

impl SimClock {
    /// At tick 0, without an alarm; alarms are answered 0 to `late_max_ticks` late, from a seed.
    #[must_use]
    pub const fn new(late_max_ticks: u32, seed: u64) -> Self {
        let random = Cell::new(Random::new(seed));
        Self { now: Cell::new(0), alarm: Cell::new(None), random, late_max: late_max_ticks }
    }

    /// The present tick.
    pub const fn now(&self) -> u64 {
        self.now.get()
    }

    /// Moves on to a tick; a tick in the past changes nothing. Does not answer alarms on the way.
    pub fn advance_to(&self, tick: u64) {
        self.now.set(self.now.get().max(tick));
    }

    /// The tick the alarm is set for.
    pub const fn next_alarm(&self) -> Option<u64> {
        self.alarm.get()
    }

    /// Moves to the alarm, late as the seed has it, and takes it. `None` when no alarm is set.
    pub fn fire(&self) -> Option<u64> {
        let at = self.alarm.take()?;
        let mut random = self.random.get();
        let late = random.up_to(self.late_max);
        self.random.set(random);
        self.advance_to(at.saturating_add(u64::from(late)));
        Some(self.now())
    }

    /// Moves to the alarm, late as the seed has it, if it is set for `tick` or before, and answers true: call
    /// [`Stimulator::on_alarm`](crate::Stimulator::on_alarm). Else moves to `tick` and answers false.
    #[must_use]
    pub fn alarm_by(&self, tick: u64) -> bool {
        let due = self.alarm.get().is_some_and(|at| at <= tick);
        if due {
            self.fire();
        } else {
            self.advance_to(tick);
        }
        due
    }

    /// The alarm of this clock.
    pub const fn alarm(&self) -> SimAlarm<'_> {
        SimAlarm(self)
    }
}

/// The alarm of a [`SimClock`].
#[derive(Clone, Copy, Debug)]
pub struct SimAlarm<'c>(&'c SimClock);

impl Alarm for SimAlarm<'_> {
    fn now(&mut self) -> u64 {
        self.0.now()
    }

    fn set(&mut self, at_tick: u64) -> Result<(), Late> {
        self.0.alarm.set(None);
        match self.0.now().checked_sub(at_tick) {
            Some(by_ticks) => Err(Late { by_ticks }),
            None => {
                self.0.alarm.set(Some(at_tick));
                Ok(())
            }
        }
    }

    fn clear(&mut self) {
        self.0.alarm.set(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// REQ-HAL-007: a time that is now or past is told as late and sets nothing; the clock never goes back.
    #[test]
    fn tells_late_and_never_goes_back() {
        let clock = SimClock::new(0, 0);
        clock.advance_to(100);
        clock.advance_to(50);
        assert_eq!(clock.now(), 100);
        let mut alarm = clock.alarm();
        alarm.set(200).unwrap();
        assert_eq!(alarm.set(100), Err(Late { by_ticks: 0 }));
        assert_eq!(alarm.set(60), Err(Late { by_ticks: 40 }));
        assert_eq!(clock.next_alarm(), None);
        alarm.set(101).unwrap();
        assert!(!clock.alarm_by(100));
        assert_eq!((clock.alarm_by(150), clock.now()), (true, 101));
        assert_eq!((clock.alarm_by(150), clock.now()), (false, 150));
        alarm.set(160).unwrap();
        alarm.clear();
        assert_eq!(clock.fire(), None);
    }

    /// REQ-HAL-007: lateness covers the whole range, ends included, and repeats from the same seed.
    #[test]
    fn lateness_is_bounded_and_repeats() {
        let run = |seed| {
            let clock = SimClock::new(3, seed);
            core::array::from_fn::<u64, 200, _>(|_| {
                let at = clock.now() + 10;
                clock.alarm().set(at).unwrap();
                clock.fire().unwrap() - at
            })
        };
        let lates = run(1);
        assert_eq!(lates, run(1));
        assert_ne!(lates, run(2));
        assert!((0..=3).all(|late| lates.contains(&late)));
        assert!(lates.iter().all(|&late| late <= 3));
    }
}
