//! Trains whose rate moves: where their pulses stand closest.

use nmes_core::wide::{div_up, product};
use nmes_core::{ChannelPlan, Rate, Sweep};

use super::{Held, ROUNDED, fit};
use crate::metrics::narrow;

/// Onsets of a train that stand ever closer until its end, or ever farther from its beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Swept<'p> {
    plan: &'p ChannelPlan<'p>,
    sweep: Sweep,
    rises: bool,
    /// The last onset of the longest train.
    last: u64,
}

impl<'p> Swept<'p> {
    /// Of trains of no more than so many ticks.
    #[inline(never)]
    pub(super) fn new(plan: &'p ChannelPlan<'p>, sweep: Sweep, longest: u64) -> Self {
        let new = Self { plan, sweep, rises: is_faster(sweep.to, sweep.from), last: u64::MAX };
        Self { last: new.count(longest), ..new }
    }

    /// Ticks from the first onset to another.
    #[inline(never)]
    fn at(&self, index: u64) -> u64 {
        self.plan.swept_ticks(index).unwrap_or(u64::MAX)
    }

    /// The last onset that is no more than so many ticks after the first, looked for by halves.
    #[inline(never)]
    fn count(&self, ticks: u64) -> u64 {
        let (mut least, mut most) = (0, most_in(ticks, self.plan.period_ticks()).min(self.last));
        while least < most {
            let middle = most.saturating_sub(most.saturating_sub(least) / 2);
            if self.at(middle) <= ticks {
                least = middle;
            } else {
                most = middle.saturating_sub(1);
            }
        }
        least
    }

    /// What any window of so many ticks holds of one train.
    #[inline(never)]
    pub(super) fn window(&self, ticks: u64) -> Held {
        // each onset is up to 2 ticks from its ideal
        let ticks = ticks.saturating_add(ROUNDED.saturating_mul(2));
        let (first, last) = if self.rises {
            let end = self.at(self.last);
            let before = end.checked_sub(ticks).and_then(|before| before.checked_sub(1));
            (before.map_or(0, |before| self.count(before).saturating_add(1)), self.last)
        } else {
            (0, self.count(ticks))
        };
        let between = self.at(last).saturating_sub(self.at(first));
        let rest = u128::from(ticks.saturating_sub(between));
        Held { sure: 0, whole: u128::from(last.saturating_sub(first)), rest, most: None }
    }

    /// The shortest time between two pulses of a train, in ticks; `None` where it has one.
    #[inline(never)]
    pub(super) fn shortest(&self) -> Option<u64> {
        let before = self.last.checked_sub(1)?;
        let between = if self.rises { (before, self.last) } else { (0, 1) };
        Some(self.at(between.1).saturating_sub(self.at(between.0)))
    }

    /// The rate that it ends at, or passes on its way up.
    pub(super) const fn lasting(&self) -> Rate {
        self.sweep.to
    }

    /// By how many pulses, at most, a window is ahead of the rate that it ends at.
    #[inline(never)]
    pub(super) fn ahead(&self, hz: u32) -> u64 {
        if self.rises {
            return 2;
        }
        let over = product(u64::from(self.sweep.over.as_millis()), u64::from(hz));
        let falling = self.count(narrow(div_up(over, 1_000)));
        let to = self.sweep.to;
        let (lasting, _) = fit(hz, self.at(falling), u64::from(to.pulses()), u64::from(to.per_us()));
        // the onset at the beginning, a part of a pulse at the end, and what is rounded
        falling.saturating_sub(narrow(lasting)).saturating_add(3)
    }
}

/// Periods of at least so many ticks that end within a time.
fn most_in(ticks: u64, period: u64) -> u64 {
    ticks.checked_div(period).map_or(u64::MAX, |most| most.saturating_add(1))
}

/// Whether a rate is above another.
pub(super) fn is_faster(one: Rate, other: Rate) -> bool {
    product(u64::from(one.pulses()), u64::from(other.per_us()))
        > product(u64::from(other.pulses()), u64::from(one.per_us()))
}
