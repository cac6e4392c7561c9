//! The clock of the edges, and a second one to hold it against.

use crate::fault::{Cite, Fault, Finding, Trip};
use crate::guard::Guard;
use crate::selftest::{ClockCount, ClockFault, compare_clocks};

/// Both clocks as they were read when a comparison began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Readings {
    own: u64,
    other: u64,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Readings { own, other });

impl<const N: usize> Guard<'_, N> {
    /// Holds the clock of the edges against a second one: `other` is what that one reads now, counted from whenever, and how
    /// many ticks it should make in a second; `tolerance_ppm` is what both together may be off, in millionths; 0 counts as 1, and more than
    /// [`MOST_PPM`](crate::selftest::MOST_PPM) as that. How
    /// much the clock of the edges is fast, once both have counted long enough to tell (4 × 10⁶ / tolerance ticks); then the
    /// next comparison begins. `None` until then. Call it every 1 to 100 ms. Fixed work.
    ///
    /// Without it a clock that runs at another rate is not found: every time the guard knows is counted by that clock. The
    /// second one needs a source of its own; two timers on one crystal always agree.
    ///
    /// ```
    /// # use nmes_core::*;
    /// # use nmes_safety::*;
    /// # use nmes_safety::selftest::ClockCount;
    /// # let set = Setting::new(40_000, 300).unwrap();
    /// # let half = Millis::from_millis(500).unwrap();
    /// # let channels = [Channel { pulse: PulseShape::default(), rate: Rate::from_hz(40).unwrap(), set, ceiling: set,
    /// #     train: Train::default(), ramp: Ramp { up: half, down: half, down_min: half, ..Ramp::default() }, offset: Micros::ZERO }];
    /// # let session = Session::new(&channels, Schedule::Continuous, Millis::from_millis(1_000).unwrap()).unwrap();
    /// # let dac = ChannelHardware::symmetric(100_000, -2_048, 2_047);
    /// # let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
    /// # let plan = Plan::compile(&session, &hardware).unwrap();
    /// # let setup = Setup::new(&[2_500], UseClass::Continuous).unwrap();
    /// let checked = check(plan, &setup, &Profile::default()).unwrap();
    /// let mut guard = Guard::new(&checked, 0); // 1 MHz
    /// let crystal = |ticks| ClockCount { ticks, ticks_per_second: 32_768 };
    /// assert_eq!(guard.cross_check(0, crystal(7), 10_000), Ok(None));
    /// assert_eq!(guard.cross_check(1_000_000, crystal(32_775), 10_000), Ok(Some(0)));
    /// // a second later by the one, two by the other
    /// let trip = guard.cross_check(3_000_000, crystal(65_543), 10_000).unwrap_err();
    /// assert_eq!((trip.fault, trip.value), (Fault::ClockDisagrees, 1_000_000));
    /// ```
    ///
    /// # Errors
    /// A [`Trip`]: they differ by more than the tolerance, or one of them stands still or goes back.
    pub fn cross_check(
        &mut self,
        now: u64,
        other: ClockCount,
        tolerance_ppm: u32,
    ) -> Result<Option<i64>, Trip> {
        if let Some(latched) = self.latched {
            return Err(latched);
        }
        let present = Readings { own: now, other: other.ticks };
        let Some(began) = self.readings else {
            self.readings = Some(present);
            return Ok(None);
        };
        // with none at all no time would be long enough to tell
        let tolerance_ppm = tolerance_ppm.max(1);
        let found = self.compared(began, present, other.ticks_per_second, tolerance_ppm);
        if found != Ok(None) {
            self.readings = Some(present);
        }
        found.map_err(|ppm| {
            let off = Finding::new(
                Fault::ClockDisagrees,
                Cite::CLOCKS,
                ppm,
                i64::from(tolerance_ppm),
                "millionths fast",
            );
            self.trip(now, None, &off)
        })
    }

    /// By how much the one is fast; `None` while it is too early to say. `Err` has it too, and the largest value for a clock
    /// that stands still or went back.
    fn compared(
        &self,
        began: Readings,
        present: Readings,
        other_hz: u32,
        ppm: u32,
    ) -> Result<Option<i64>, i64> {
        let hz = self.limits.ticks_per_second;
        let back = present.own < began.own || present.other < began.other;
        let own = ClockCount { ticks: present.own.saturating_sub(began.own), ticks_per_second: hz };
        let other =
            ClockCount { ticks: present.other.saturating_sub(began.other), ticks_per_second: other_hz };
        match compare_clocks(own, other, ppm) {
            _ if back => Err(i64::MAX),
            Ok(fast) => Ok(Some(fast)),
            Err(ClockFault::Off { ppm: off, .. }) => Err(off),
            // one of them has counted for twice as long as both need
            Err(_) if overdue(own, other, ppm) || overdue(other, own, ppm) => {
                Err(if own.ticks > other.ticks { i64::MAX } else { i64::MIN })
            }
            Err(_) => Ok(None),
        }
    }
}

/// Whether a clock has counted twice the time in which both have to count enough ticks, and at least twice as many itself.
fn overdue(clock: ClockCount, other: ClockCount, ppm: u32) -> bool {
    let least = 4_000_000_u64.checked_div(u64::from(ppm)).unwrap_or(u64::MAX);
    let slower = clock.ticks_per_second.min(other.ticks_per_second);
    // least ticks of the slower clock, twice, by this one: below 2^23 × 2^32
    let needed = least.saturating_mul(2).saturating_mul(u64::from(clock.ticks_per_second));
    slower == 0 || clock.ticks > needed.checked_div(u64::from(slower)).unwrap_or(u64::MAX)
}
