//! How densely the pulses of a channel may stand: the most of them in any window of time.

use nmes_core::{ChannelPlan, Micros, Plan, Rate, Schedule, Timing};

use crate::metrics::{div_up, divide, narrow, product, times};
use crate::stages::{shortest_rest, stages_of};
use crate::windows::EIGHTHS;

/// By how much two onsets may be nearer than their times say, in ticks: each is a sum of two that are rounded down.
const ROUNDED: u64 = 2;

/// Onsets that come again and again in the same order: those of a burst, or of a whole list of intervals.
#[derive(Clone, Copy, Debug)]
struct Group<'p> {
    pulses: u64,
    /// So many groups in so many µs.
    groups: u64,
    per_us: u64,
    /// Of a list; none of a burst, whose pulses stand at the rate.
    intervals: &'p [Micros],
}

impl<'p> Group<'p> {
    fn of(timing: Timing<'p>) -> Option<Self> {
        match timing {
            // a sweep is taken for a train at the fastest it may be
            Timing::Even | Timing::Sweep(_) => None,
            Timing::Bursts(bursts) => Some(Self {
                pulses: u64::from(bursts.pulses),
                groups: u64::from(bursts.every.pulses()),
                per_us: u64::from(bursts.every.per_us()),
                intervals: &[],
            }),
            Timing::List(intervals) => Some(Self {
                pulses: u64::try_from(intervals.len()).unwrap_or(u64::MAX),
                groups: 1,
                per_us: intervals.iter().map(|us| u64::from(us.as_micros())).fold(0, u64::saturating_add),
                intervals,
            }),
        }
    }
}

/// The most onsets of a list that is played again and again, in any window of so many µs; no more than it has. Each interval
/// is looked at twice.
fn most_of(intervals: &[Micros], window_us: u64) -> u64 {
    let mut ahead = intervals.iter().map(|us| u64::from(us.as_micros())).cycle().peekable();
    // from one onset on: the intervals that end within the window, and how long they take
    let (mut count, mut covered, mut most) = (0_u64, 0_u64, 0_u64);
    let all = u64::try_from(intervals.len()).unwrap_or(u64::MAX);
    for first in intervals {
        while count < all {
            let Some(next) = ahead.next_if(|us| covered.saturating_add(*us) < window_us) else { break };
            covered = covered.saturating_add(next);
            count = count.saturating_add(1);
        }
        most = most.max(count.saturating_add(1));
        if count == 0 {
            // the window begins at the next onset
            ahead.next();
        } else {
            covered = covered.saturating_sub(u64::from(first.as_micros()));
            count = count.saturating_sub(1);
        }
    }
    most.min(all)
}

/// What a window holds at most: `sure` pulses in any case, and beside them `whole` ones and as much of another as `rest` ticks
/// hold, but no more than `most`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    sure: u64,
    whole: u128,
    rest: u128,
    most: Option<u64>,
}

impl Held {
    /// Of a quantity of which a pulse has `each`, and a tick at most `a_tick`.
    #[inline(never)]
    pub(crate) fn amount(&self, each: u128, a_tick: u128) -> u128 {
        if each == 0 {
            return 0;
        }
        let part = times(self.rest, a_tick).min(each);
        let beside = times(each, self.whole).saturating_add(part);
        let Some(most) = self.most else { return beside };
        let beside = beside.min(times(each, u128::from(most)));
        times(each, u128::from(self.sure)).saturating_add(beside)
    }

    /// The most onsets.
    fn onsets(&self) -> u64 {
        let beside = narrow(self.whole).saturating_add(1);
        self.sure.saturating_add(self.most.map_or(beside, |most| most.min(beside)))
    }
}

/// When the pulses of a channel may come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Onsets<'p> {
    hz: u32,
    rate: Rate,
    group: Option<Group<'p>>,
    /// From the last pulse of a train to the first of the next at least, in ticks; the largest value where there is one train.
    apart: u64,
    /// The longest a pulse takes, and is late.
    span: u64,
}

impl<'p> Onsets<'p> {
    /// Of a channel whose onsets may be `wait` ticks late.
    pub(crate) fn of(plan: &Plan<'p>, channel: &ChannelPlan<'p>, wait: u64) -> Self {
        let hz = plan.hardware().timing().ticks_per_second;
        let stages = stages_of(plan);
        // stages that have a rate are played evenly: the fastest of all counts
        let is_staged = stages.iter().any(|stage| stage.rate.is_some());
        let group = Group::of(channel.channel().train.timing).filter(|_| !is_staged);
        let span = channel.longest_ticks().saturating_add(wait);
        let rest = match plan.session().schedule() {
            Schedule::Continuous => None,
            Schedule::Cyclic(cycle) => Some(cycle.rest),
            Schedule::Program(_) => Some(shortest_rest(stages)),
            Schedule::Gated(gate) => Some(gate.min_off),
        };
        let ticks = |ms: u32| u64::from(ms).saturating_mul(u64::from(hz)) / 1_000;
        let apart = rest.map_or(u64::MAX, |rest| ticks(rest.as_millis()).saturating_sub(span));
        Self { hz, rate: channel.rate(), group, apart, span }
    }

    /// Whether they are taken to come at the rate of the channel, and no further apart.
    pub(crate) const fn is_even(&self) -> bool {
        self.group.is_none()
    }

    /// How often `per_us / count` µs fit into so many ticks, and what is left of these, rounded up.
    #[inline(never)]
    fn fit(&self, ticks: u64, count: u64, per_us: u64) -> (u128, u128) {
        let parts = product(count, 1_000_000);
        let long = product(per_us, u64::from(self.hz)).max(1);
        let (whole, left) = divide(times(u128::from(ticks), parts), long).unwrap_or_default();
        (whole, div_up(left, parts))
    }

    fn at_rate(&self, ticks: u64) -> Held {
        let (whole, rest) = self.fit(ticks, u64::from(self.rate.pulses()), u64::from(self.rate.per_us()));
        Held { sure: 0, whole, rest, most: None }
    }

    /// What any window of so many ticks holds of pulses that may be cut by its ends.
    #[inline(never)]
    pub(crate) fn window(&self, ticks: u64) -> Held {
        let Some(group) = self.group else { return self.at_rate(ticks) };
        let ticks = ticks.saturating_add(ROUNDED);
        let (groups, left) = self.fit(ticks, group.groups, group.per_us);
        let (groups, left) = (narrow(groups), narrow(left));
        if ticks < self.apart {
            let sure = groups.saturating_mul(group.pulses);
            return Held { sure, most: Some(self.most_beside(&group, left)), ..self.at_rate(left) };
        }
        // each train that it touches begins a group anew
        let trains = ticks.checked_div(self.apart).map_or(u64::MAX, |n| n.saturating_add(1));
        let most = groups.saturating_add(trains).saturating_mul(group.pulses);
        Held { most: Some(most), ..self.at_rate(ticks) }
    }

    /// The pulses of one group that a window of less than it touches.
    fn most_beside(&self, group: &Group<'_>, ticks: u64) -> u64 {
        if group.intervals.is_empty() {
            return group.pulses;
        }
        let touched = u128::from(ticks.saturating_add(self.span));
        most_of(group.intervals, narrow(div_up(times(touched, 1_000_000), u128::from(self.hz))))
    }

    /// The most pulses that the guard's window of a second counts, each whole in each eighth that it touches: by eighths, or by
    /// pulses, whichever is less.
    pub(crate) fn in_guard(&self) -> u64 {
        let (eighth, kept) = (u64::from(self.hz).div_ceil(EIGHTHS), EIGHTHS.saturating_add(1));
        let touching = |ticks: u64| self.window(ticks.saturating_add(self.span)).onsets();
        let by_eighths = touching(eighth).saturating_mul(kept);
        let touched = self.span.checked_div(eighth).unwrap_or(0).saturating_add(2);
        by_eighths.min(touching(eighth.saturating_mul(kept)).saturating_mul(touched))
    }
}
