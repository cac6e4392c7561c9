//! An [`Alarm`] from a counter that wraps and one compare register.

use crate::alarm::{Alarm, Extend, Late};

/// A free-running up-counter with one compare register: what nearly every timer of every processor has.
///
/// # For driver authors
/// The counter counts all values of its `BITS` bits and never stops, a debugger's halt included where that can be chosen.
/// A compare that is written takes effect before the next access of this trait (no preload), and matches when the
/// counter *becomes* the value: a match that has passed does not come back before the counter does.
pub trait CompareTimer {
    /// Reads the counter; bits above its width are ignored.
    fn count(&mut self) -> u32;

    /// Calls for the interrupt when the counter becomes `at`, in place of what was asked before; takes back one that
    /// pends.
    fn set_compare(&mut self, at: u32);

    /// Calls for no interrupt, and takes back one that pends.
    fn clear_compare(&mut self);

    /// Makes the interrupt pend now, whatever the counter is at: by the interrupt controller, or the timer's own software
    /// event.
    fn pend(&mut self);
}

/// A 64-bit [`Alarm`] on a [`CompareTimer`] of `BITS` bits.
///
/// [`Alarm::set`] reads the counter again after the compare is in place. What has passed by then is told as [`Late`];
/// what is nearer than `ahead` ticks, or went by in between, is made to pend at once, so it comes early and is set
/// again: nothing ever waits for the counter to come round. A time more than half a wrap away wakes after half a wrap.
///
/// # Limitations
/// [`Alarm::now`] has to be called twice a wrap, which `on_tick` does where half a wrap is longer than its interval:
/// 32 ms of a 16-bit counter at 1 MHz, and no more than 1 ms at 32 MHz. Give a fast 16-bit counter a prescaler.
///
/// Setting takes two or three reads of the counter: that is part of what is called from the edge path.
///
/// ```
/// use nmes_hal_adapters::{Alarm, CompareTimer, Late, TimerAlarm};
/// struct Tim2; // a 32-bit timer of an STM32
/// impl CompareTimer for Tim2 {
///     fn count(&mut self) -> u32 { 1_000 /* TIM2.cnt.read() */ }
///     fn set_compare(&mut self, _at: u32) { /* sr.cc1if = 0; ccr1 = at; dier.cc1ie = 1 */ }
///     fn clear_compare(&mut self) { /* dier.cc1ie = 0; sr.cc1if = 0 */ }
///     fn pend(&mut self) { /* egr.cc1g = 1 */ }
/// }
/// let mut alarm = TimerAlarm::<_, 32>::new(Tim2, 2);
/// assert_eq!(alarm.now(), 0);
/// alarm.set(50)?;
/// assert_eq!(alarm.set(0), Err(Late { by_ticks: 0 }));
/// # Ok::<(), Late>(())
/// ```
#[derive(Debug)]
pub struct TimerAlarm<T: CompareTimer, const BITS: u32> {
    timer: T,
    clock: Extend<BITS>,
    ahead: u64,
}

impl<T: CompareTimer, const BITS: u32> TimerAlarm<T, BITS> {
    /// Half a wrap: the furthest that a compare is set ahead.
    const FAR: u64 = 1 << (BITS - 1);

    /// Takes a counter that runs; tick 0 is now. `ahead` is how many ticks a compare has to be ahead to be sure to match:
    /// 1 where it is compared at once, more where it crosses into another clock (3 on an nRF's RTC).
    pub fn new(mut timer: T, ahead: u8) -> Self {
        timer.clear_compare();
        let clock = Extend::new(timer.count());
        Self { timer, clock, ahead: u64::from(ahead).max(1) }
    }

    /// The timer back, with no interrupt asked for.
    pub fn into_timer(mut self) -> T {
        self.timer.clear_compare();
        self.timer
    }
}

impl<T: CompareTimer, const BITS: u32> Alarm for TimerAlarm<T, BITS> {
    fn now(&mut self) -> u64 {
        self.clock.extend(self.timer.count())
    }

    fn set(&mut self, at_tick: u64) -> Result<(), Late> {
        let before = self.now();
        let wake = at_tick.min(before.saturating_add(Self::FAR));
        if wake > before {
            let raw = self.clock.raw_of(wake);
            self.timer.set_compare(raw);
        }
        let now = self.now();
        if let Some(by_ticks) = now.checked_sub(at_tick) {
            self.timer.clear_compare();
            return Err(Late { by_ticks });
        }
        if now.saturating_add(self.ahead) > wake {
            // too near to be sure of, or gone by: early, rather than a wrap late
            self.timer.pend();
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.timer.clear_compare();
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "tests; overflow would panic")]

    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// A counter that moves on by a given number of ticks at each access, and a compare that matches on equality only.
    struct Model {
        time: u64,
        bits: u32,
        steps: Vec<u64>,
        access: usize,
        compare: Option<u32>,
        pends: bool,
    }

    impl Model {
        fn raw(&self) -> u32 {
            u32::try_from(self.time & ((1 << self.bits) - 1)).unwrap()
        }

        fn advance(&mut self, ticks: u64) {
            for _ in 0..ticks {
                self.time += 1;
                self.pends |= self.compare == Some(self.raw());
            }
        }

        /// Time passes before the access takes effect.
        fn access(&mut self) {
            let step = self.steps.get(self.access).copied().unwrap_or(0);
            self.access += 1;
            self.advance(step);
        }
    }

    impl CompareTimer for &mut Model {
        fn count(&mut self) -> u32 {
            self.access();
            self.raw()
        }
        fn set_compare(&mut self, at: u32) {
            self.access();
            self.pends = false;
            self.compare = Some(at);
        }
        fn clear_compare(&mut self) {
            self.access();
            self.pends = false;
            self.compare = None;
        }
        fn pend(&mut self) {
            self.access();
            self.pends = true;
        }
    }

    /// A clock of `bits` that has counted to `start`, and the model with no steps yet.
    fn at<const BITS: u32>(model: &mut Model, start: u64, ahead: u8) -> TimerAlarm<&mut Model, BITS> {
        let raw = model.raw();
        model.time = start;
        let mut clock = Extend::<BITS>::new(raw);
        // the clock saw every half wrap up to now
        clock.assume(start, u32::try_from(start & u64::from(Extend::<BITS>::MASK)).unwrap());
        TimerAlarm { timer: model, clock, ahead: u64::from(ahead) }
    }

    /// Sets an alarm, then lets time pass and answers interrupts as the runner does, until the step would be put out.
    /// Answers when that was, and checks all that the contract says on the way.
    fn until_due<const BITS: u32>(start: u64, due: u64, steps: &[u64], ahead: u8) -> u64 {
        let mut model =
            Model { time: 0, bits: BITS, steps: steps.to_vec(), access: 0, compare: None, pends: false };
        let mut alarm = at::<BITS>(&mut model, start, ahead);
        let mut wakes = 0;
        loop {
            match alarm.set(due) {
                Err(late) => {
                    let time = alarm.timer.time;
                    assert!(time >= due && late.by_ticks <= time - due, "{start} {due} {steps:?}");
                    assert_eq!(alarm.timer.compare, None, "nothing is set");
                    return time;
                }
                Ok(()) => {
                    wakes += 1;
                    assert!(wakes < 40, "{start} {due} {steps:?}: it goes on for ever");
                    // a wake is there by the time it is due, or half a wrap from now
                    let model = &mut *alarm.timer;
                    let limit = due.max(model.time).min(model.time + (1 << (BITS - 1)));
                    while !model.pends {
                        assert!(model.time < limit, "{start} {due} {steps:?}: it waits for the wrap");
                        model.advance(1);
                    }
                    model.pends = false;
                    // the interrupt takes time of its own, so a compare too near is not tried for ever
                    model.advance(1);
                }
            }
        }
    }

    /// Every way in which up to three ticks pass before each of the accesses of one `set`.
    fn every_interleaving(mut check: impl FnMut(&[u64])) {
        for number in 0..4_u64.pow(5) {
            let steps = [0, 2, 4, 6, 8].map(|shift| number >> shift & 3);
            check(&steps);
        }
    }

    fn around_a_wrap<const BITS: u32>(wrap: u64) {
        for ahead in [1, 3] {
            for before in 0..5 {
                let start = wrap - before;
                for due in (start - 3)..=(start + 9) {
                    every_interleaving(|steps| {
                        let passed: u64 = steps.iter().sum();
                        let done = until_due::<BITS>(start, due, steps, ahead);
                        // never early, and late by no more than what the accesses and one interrupt took
                        assert!(
                            done >= due && done <= due.max(start) + passed + 2,
                            "{start} {due} {steps:?} {done}"
                        );
                    });
                }
            }
        }
    }

    /// REQ-HAL-286: at every interleaving of setting with counting, before, at and after a wrap of 2^16: never early, never a
    /// wrap late.
    #[test]
    fn a_16_bit_timer_keeps_the_contract_around_its_wrap() {
        around_a_wrap::<16>(1 << 16);
        around_a_wrap::<16>(1 << 32);
    }

    /// REQ-HAL-286: the same at 2^32 for 24 and 32 bits, where all upper bits change together.
    #[test]
    fn a_32_bit_timer_keeps_the_contract_around_its_wrap() {
        around_a_wrap::<32>(1 << 32);
        around_a_wrap::<24>(1 << 32);
    }

    /// REQ-HAL-286: an alarm many wraps away wakes each half wrap and comes at its time, whatever part of a wrap it is
    /// away.
    #[test]
    fn a_far_alarm_comes_in_its_own_time() {
        for away in [0x7F, 0x80, 0x81, 0xFF, 0x100, 0x101, 0x180, 0x3FF, 0x400] {
            for start in [0xFFFF_FF00_u64, 0xFFFF_FFFF, 0x1_0000_0000] {
                let done = until_due::<8>(start, start + away, &[1, 1, 1, 1], 1);
                assert!(done >= start + away && done <= start + away + 2, "{away}: {done}");
            }
        }
    }

    /// REQ-HAL-286: a time in the past is told with how far it is past, by one tick and by many wraps, and sets nothing.
    #[test]
    fn the_past_is_told_as_late() {
        for start in [1_u64 << 16, (1 << 32) - 1, 1 << 32, (1 << 32) + 5] {
            for by in [0, 1, 0xFFFF, 0x1_0000, 0x1_0001].into_iter().filter(|by| *by <= start) {
                let mut model =
                    Model { time: 0, bits: 16, steps: Vec::new(), access: 0, compare: None, pends: false };
                let mut alarm = at::<16>(&mut model, start, 1);
                assert_eq!(alarm.set(start - by), Err(Late { by_ticks: by }));
                assert_eq!((alarm.timer.compare, alarm.timer.pends), (None, false));
                // and one set before is gone
                alarm.set(start + 100).unwrap();
                assert!(alarm.set(start - by).is_err());
                assert_eq!(alarm.timer.compare, None);
                alarm.set(start + 100).unwrap();
                alarm.clear();
                assert_eq!(alarm.timer.compare, None);
            }
        }
    }
}
