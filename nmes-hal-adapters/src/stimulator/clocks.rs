//! What is asked of the guard beside the road of a pulse: a second clock, and the output indicator.

use super::Stimulator;
use crate::alarm::Alarm;
use crate::outcome::Stopped;
use crate::output::Output;
use crate::sense::Sense;
use nmes_safety::selftest::ClockCount;

impl<O: Output, A: Alarm, S: Sense, const N: usize> Stimulator<'_, O, A, S, N> {
    /// Holds the clock of the edges against a second one, as [`Guard::cross_check`](nmes_safety::Guard::cross_check): `other`
    /// is what that one reads, and `tolerance_ppm` what both together may be off. Call it every 1 to 100 ms; without it a
    /// clock that runs at another rate is not found.
    ///
    /// # Errors
    /// They do not agree, and the output is off; or it has stopped before.
    pub fn cross_check(&mut self, other: ClockCount, tolerance_ppm: u32) -> Result<Option<i64>, Stopped> {
        self.alive()?;
        let now = self.alarm.now();
        self.guard.cross_check(now, other, tolerance_ppm).or_else(|trip| self.respond(trip).map(|()| None))
    }

    /// Whether the output indicator is to be lit (N-IND-2), also after a fault: see
    /// [`Guard::indicator`](nmes_safety::Guard::indicator).
    pub fn indicator(&mut self) -> bool {
        let now = self.alarm.now();
        self.guard.indicator(now)
    }
}
