//! What one output that stays on comes to.

use nmes_core::wide::{div_up, product, times};

use super::judges::plain;
use super::measured::Measured;
use super::{Context, Facts, Found};
use crate::metrics::{Ratio, narrow, scale_up};
use crate::report::{Detail, Remark, Verdict};
use crate::rules::E_STUCK_1;
use crate::stages::{is_steady, longest_period, longest_silence};

/// Until a rest is measured: it settles for a millisecond, and the slow side comes every 10 ms at least.
const MEASURED_US: u64 = 11_000;

/// How long an output stays on, in µs as a fraction.
type Time = (u64, u32);

impl Context<'_> {
    /// Peak current for the time of the one-shot. Without one until the next pulse, also over a rest where nothing measures it, or
    /// until the watchdog if that is later.
    pub(super) fn stuck(&self, facts: &Facts<'_>) -> Found {
        if let (Some(longest), Some(least)) = (self.setup.one_shot(), self.setup.one_shot_least()) {
            let level = self.micros_up(facts.pulse.longest_ticks());
            if u64::from(least.as_micros()) < level {
                return Found::missing(Verdict::Deny, Remark::OneShotShort);
            }
            return self.held_by_one_shot(facts, longest.as_micros().into());
        }
        let (next, per) = self.until_found_us(facts);
        let Some(watchdog) = self.setup.watchdog() else {
            return self.charge(facts, (next, per), Some(Remark::Unwatched));
        };
        let reset = u64::from(watchdog.as_millis()).saturating_mul(1_000);
        let later = product(reset, per.into()) > u128::from(next);
        self.charge(facts, if later { (reset, 1) } else { (next, per) }, Some(Remark::NoOneShot))
    }

    fn held_by_one_shot(&self, facts: &Facts<'_>, longest_us: u64) -> Found {
        let several = self.plan.channel_count() > 1;
        let found = self.charge(
            facts,
            (longest_us, 1),
            Some(if several { Remark::OneShotEach } else { Remark::OneShotHeld }),
        );
        let limit = self.setup.limit(&E_STUCK_1, self.profile).map_or(0, |limit| limit.value);
        if found.value.is_some_and(|charge: Measured| charge.breaks(&E_STUCK_1, limit)) {
            return Found { verdict: Some(Verdict::Deny), remark: Some(Remark::OneShotLong), ..found };
        }
        found
    }

    /// Where there is no one-shot: peak current for as long as one has to let a level stand, the longest of all phases and gaps
    /// with their edges as late as they may be.
    pub(super) fn stuck_with_one_shot(&self, facts: &Facts<'_>) -> Option<Found> {
        if self.setup.one_shot().is_some() {
            return None;
        }
        let gap = facts.compiled.gap_ticks().max(facts.compiled.repeat_gap_ticks());
        let gap = u64::from(gap).saturating_add(facts.compiled.jitter_ticks());
        let time = self.micros_up(facts.pulse.longest_ticks().max(gap));
        Some(self.charge(facts, (time, 1), Some(Remark::WithOneShot)))
    }

    /// The peak of the plan for a time, and beside it what the output's own range would come to if a wrong code stood that long.
    fn charge(&self, facts: &Facts<'_>, (time, per): Time, remark: Option<Remark>) -> Found {
        let peak = u128::from(facts.pulse.peak_ua());
        let output = facts.compiled.hardware();
        let ends = [output.code_min, output.code_max].map(|code| output.current_na(code).unsigned_abs());
        let full_na = ends.into_iter().max().unwrap_or(0);
        let beyond = u128::from(full_na) > times(peak, 1_000);
        // nA·µs are 10⁻⁹ µC
        let per_uc = product(per.into(), 1_000_000_000);
        let microcoulombs = || u32::try_from(div_up(product(full_na, time), per_uc)).unwrap_or(u32::MAX);
        let detail = beyond.then(|| Detail::FullScale { microcoulombs: microcoulombs() });
        // µA·µs are pC
        Found { remark, detail, ..plain(Ratio::of(peak, time, per.into())) }
    }

    /// The longest until the next pulse or a measurement of the rest finds a level that stays, in µs, as a fraction.
    fn until_found_us(&self, facts: &Facts<'_>) -> Time {
        let (next, per) = self.until_next_us(facts);
        let in_parts = |us: u64| us.saturating_mul(per.into());
        if self.setup.is_measured() {
            return (next.max(in_parts(MEASURED_US)), per);
        }
        let silent = longest_silence(self.plan, facts.compiled.channel()).saturating_mul(1_000);
        (next.saturating_add(in_parts(silent)), per)
    }

    /// The longest from one pulse of a train to the next, in µs, as a fraction.
    fn until_next_us(&self, facts: &Facts<'_>) -> Time {
        let rate = facts.compiled.rate();
        if is_steady(self.plan, facts.compiled) {
            return (u64::from(rate.per_us()), rate.pulses());
        }
        (self.micros_up(longest_period(self.plan, facts.compiled)), 1)
    }

    /// Ticks in µs, rounded up.
    pub(super) fn micros_up(&self, ticks: u64) -> u64 {
        let hz = u128::from(self.plan.hardware().timing().ticks_per_second);
        narrow(scale_up(u128::from(ticks), 1_000_000, hz))
    }
}
