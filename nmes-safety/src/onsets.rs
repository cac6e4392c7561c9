//! How densely the pulses of a channel may stand: the most of them in any window of time.

mod swept;

use nmes_core::wide::{div_up, divide, product, quotient, times};
use nmes_core::{ChannelPlan, Micros, Plan, Rate, Schedule, Stage, Timing};

use crate::metrics::{PulseMetrics, narrow};
use crate::stages::{longest_on, shortest_rest, stages_of};
use crate::windows::EIGHTHS;
use swept::{Swept, is_faster};

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
    /// Of a quantity of which a pulse has `each`, and a tick at most `a_tick`; the last pulse may be `ahead` of the first by so much.
    #[inline(never)]
    pub(crate) fn amount(&self, each: u128, a_tick: u128, ahead: u128) -> u128 {
        if each == 0 {
            return 0;
        }
        let part = times(self.rest, a_tick).min(each);
        let beside = times(each, self.whole).saturating_add(part);
        let beside = self.most.map_or(beside, |most| beside.min(times(each, u128::from(most))));
        times(each, u128::from(self.sure)).saturating_add(beside).saturating_add(ahead)
    }

    /// The most onsets.
    fn onsets(&self) -> u64 {
        let beside = narrow(self.whole).saturating_add(1);
        self.sure.saturating_add(self.most.map_or(beside, |most| most.min(beside)))
    }
}

/// What the pulses of groups come to in the long run: no window of `w` ticks has more onsets than `w / each + depth`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sustained {
    pub(crate) each: u64,
    pub(crate) depth: u64,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Sustained { each, depth });

/// What two kinds of trains hold at most in a window that only one of them is in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Either([Option<Held>; 2]);

impl Either {
    /// The larger of what the two come to, as [`Held::amount`].
    pub(crate) fn amount(&self, each: u128, a_tick: u128, ahead: u128) -> u128 {
        self.0.iter().flatten().map(|held| held.amount(each, a_tick, ahead)).max().unwrap_or(0)
    }

    fn onsets(&self) -> u64 {
        self.0.iter().flatten().map(Held::onsets).max().unwrap_or(0)
    }
}

/// How the pulses of a train follow one another.
#[derive(Clone, Copy, Debug)]
enum Train<'p> {
    Even,
    Grouped(Group<'p>),
    Swept(Swept<'p>),
}

/// When the pulses of a channel may come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Onsets<'p> {
    hz: u32,
    rate: Rate,
    /// The shortest time between two onsets, in ticks.
    period: u64,
    /// Trains by the timing of the channel; `None` where each stage has a rate of its own.
    timed: Option<Train<'p>>,
    /// Trains of stages with rates of their own, which are even: the fastest of them.
    staged: Option<Rate>,
    /// From the last pulse of a train to the first of the next at least, in ticks; the largest value where there is one train.
    apart: u64,
    /// The longest a pulse takes, and is late.
    span: u64,
}

impl<'p> Onsets<'p> {
    /// Of a channel whose onsets may be `wait` ticks late.
    pub(crate) fn of(plan: &Plan<'p>, channel: &'p ChannelPlan<'p>, wait: u64) -> Self {
        let hz = plan.hardware().timing().ticks_per_second;
        let ticks = |ms: u64| ms.saturating_mul(u64::from(hz)) / 1_000;
        let span = channel.longest_ticks().saturating_add(wait);
        let rest = match plan.session().schedule() {
            Schedule::Continuous => None,
            Schedule::Cyclic(cycle) => Some(cycle.rest),
            Schedule::Program(stages) => Some(shortest_rest(stages)),
            Schedule::Gated(gate) => Some(gate.min_off),
        };
        let apart = rest.map_or(u64::MAX, |rest| ticks(u64::from(rest.as_millis())).saturating_sub(span));
        let stages = stages_of(plan);
        let is_timed = stages.is_empty() || stages.iter().any(|stage| stage.rate.is_none());
        let train = || match channel.channel().train.timing {
            Timing::Sweep(sweep) => {
                let longest = ticks(longest_on(plan, channel.channel()).saturating_add(1));
                Train::Swept(Swept::new(channel, sweep, longest))
            }
            timing @ (Timing::Even | Timing::Bursts(_) | Timing::List(_)) => {
                Group::of(timing).map_or(Train::Even, Train::Grouped)
            }
        };
        let (timed, staged) = (is_timed.then(train), fastest(stages));
        Self { hz, rate: channel.rate(), period: channel.period_ticks(), timed, staged, apart, span }
    }

    /// By how much pulses may stand nearer in a window where trains follow without a rest: each rounds once more, and stands off the one
    /// before by a period that is rounded down. Nothing where a period is whole ticks.
    fn rounded_in(&self, ticks: u64) -> u64 {
        if self.apart >= self.period.saturating_add(ROUNDED) {
            return 0;
        }
        let asked = product(u64::from(self.rate.per_us()), u64::from(self.hz));
        if asked == times(u128::from(self.period), product(u64::from(self.rate.pulses()), 1_000_000)) {
            return 0;
        }
        ticks.checked_div(self.period).unwrap_or(0).saturating_add(1).saturating_mul(ROUNDED)
    }

    /// The mean square of the shortest period there is, in nA², where the worst second may have less: of bursts, lists and sweeps. At the
    /// rate within a burst, after the shortest interval of another.
    pub(crate) fn while_on_na2(&self, pulse: &PulseMetrics) -> u128 {
        let rate = match &self.timed {
            None | Some(Train::Even) => return 0,
            Some(Train::Grouped(group)) => {
                let least = group.intervals.iter().min().map(|us| us.as_micros());
                least.and_then(|us| Rate::new(1, us).ok()).unwrap_or(self.rate)
            }
            Some(Train::Swept(swept)) => {
                let Some(ticks) = swept.shortest() else { return 0 };
                let us = quotient(product(ticks, 1_000_000), u128::from(self.hz));
                u32::try_from(us).ok().and_then(|us| Rate::new(1, us).ok()).unwrap_or(self.rate)
            }
        };
        pulse.mean_square_na2(rate)
    }

    /// Of even trains at the channel's rate.
    fn at_rate(&self, ticks: u64) -> Held {
        self.evenly(self.rate, ticks.saturating_add(self.rounded_in(ticks)))
    }

    fn evenly(&self, rate: Rate, ticks: u64) -> Held {
        let (whole, rest) = fit(self.hz, ticks, u64::from(rate.pulses()), u64::from(rate.per_us()));
        Held { sure: 0, whole, rest, most: None }
    }

    /// What pulses come to in the long run, where that is less than one a period. A train that begins anew begins a group, or a sweep.
    pub(crate) fn sustained(&self) -> Option<Sustained> {
        let alone = match (&self.timed, self.staged) {
            (Some(Train::Grouped(group)), None) => return self.of_groups(group),
            (Some(Train::Swept(swept)), None) => {
                Sustained { each: self.period_of(swept.lasting()), depth: swept.ahead(self.hz) }
            }
            (None, Some(rate)) => Sustained { each: self.period_of(rate), depth: 2 },
            _ => return None,
        };
        self.begun_anew(alone).filter(|sustained| sustained.each > self.period)
    }

    /// What trains come to, where each of them comes to so much.
    fn begun_anew(&self, alone: Sustained) -> Option<Sustained> {
        let Sustained { each, depth } = alone;
        if self.apart == u64::MAX || (depth == 2 && self.apart > each) {
            return Some(alone);
        }
        let both = product(each, depth).saturating_add(u128::from(self.apart));
        let (each, _) = divide(product(each, self.apart), both)?;
        Some(Sustained { each: narrow(each), depth })
    }

    fn of_groups(&self, group: &Group<'_>) -> Option<Sustained> {
        let parts = product(group.groups, 1_000_000).max(1);
        let (long, _) = divide(product(group.per_us, u64::from(self.hz)), parts)?;
        let (each, depth) = if self.apart == u64::MAX {
            (divide(long, u128::from(group.pulses))?.0, group.pulses)
        } else {
            let apart = u128::from(self.apart);
            let both = times(long.saturating_add(apart), u128::from(group.pulses));
            (divide(times(long, apart), both)?.0, group.pulses.saturating_mul(2))
        };
        let each = narrow(each);
        (each > self.period).then_some(Sustained { each, depth })
    }

    /// Ticks of a period, rounded down.
    fn period_of(&self, rate: Rate) -> u64 {
        let parts = product(u64::from(rate.pulses()), 1_000_000);
        narrow(
            divide(product(u64::from(rate.per_us()), u64::from(self.hz)), parts)
                .map_or(0, |(whole, _)| whole),
        )
    }

    /// The most pulses that end in a window of so many ticks.
    pub(crate) fn ending_in(&self, ticks: u64) -> u64 {
        self.window(ticks.saturating_add(self.span)).onsets()
    }

    /// What any window of so many ticks holds of pulses that may be cut by its ends.
    #[inline(never)]
    pub(crate) fn window(&self, ticks: u64) -> Either {
        let touches_two = ticks.saturating_add(ROUNDED) > self.apart;
        match (&self.timed, self.staged) {
            // trains of both kinds may be in it
            (Some(_), Some(_)) if touches_two => Either([Some(self.at_rate(ticks)), None]),
            (None, Some(rate)) if touches_two && self.period_of(rate) >= self.apart => {
                Either([Some(self.at_rate(ticks)), None])
            }
            (timed, staged) => Either([
                timed.as_ref().map(|train| self.timed(train, ticks)),
                staged.map(|rate| self.evenly(rate, ticks)),
            ]),
        }
    }

    /// The same of trains by the timing of the channel.
    fn timed(&self, train: &Train<'_>, ticks: u64) -> Held {
        let wide = ticks.saturating_add(ROUNDED);
        match train {
            Train::Even => self.at_rate(ticks),
            Train::Grouped(group) => self.grouped(group, wide),
            Train::Swept(swept) => {
                let alone = swept.window(ticks);
                if wide <= self.apart {
                    return alone;
                }
                let most = self.trains_in(wide).saturating_mul(alone.onsets());
                Held { most: Some(most), ..self.at_rate(wide) }
            }
        }
    }

    fn grouped(&self, group: &Group<'_>, ticks: u64) -> Held {
        let (groups, left) = fit(self.hz, ticks, group.groups, group.per_us);
        let (groups, left) = (narrow(groups), narrow(left));
        // no window that is no longer than what is between two trains touches both
        if ticks <= self.apart {
            let sure = groups.saturating_mul(group.pulses);
            return Held { sure, most: Some(self.most_beside(group, left)), ..self.at_rate(left) };
        }
        // each train that it touches begins a group anew
        let most = groups.saturating_add(self.trains_in(ticks)).saturating_mul(group.pulses);
        Held { most: Some(most), ..self.at_rate(ticks) }
    }

    /// The trains that a window touches.
    fn trains_in(&self, ticks: u64) -> u64 {
        ticks.checked_div(self.apart).map_or(u64::MAX, |n| n.saturating_add(1))
    }

    /// The pulses of one group that a window of less than it touches.
    fn most_beside(&self, group: &Group<'_>, ticks: u64) -> u64 {
        if group.intervals.is_empty() {
            return group.pulses;
        }
        let touched = u128::from(ticks.saturating_add(self.span));
        most_of(group.intervals, narrow(div_up(times(touched, 1_000_000), u128::from(self.hz))))
    }

    /// The most pulses that the guard's window of a second counts: nine eighths of it, each pulse whole in each that it touches. By
    /// eighths, or where pulses are few by pulses, whichever is less.
    pub(crate) fn in_guard(&self) -> u64 {
        let (eighth, kept) = (u64::from(self.hz).div_ceil(EIGHTHS), EIGHTHS.saturating_add(1));
        let touching = |ticks: u64| self.window(ticks.saturating_add(self.span)).onsets();
        let by_eighths = touching(eighth).saturating_mul(kept);
        let touched = self.span.checked_div(eighth).unwrap_or(0).saturating_add(2);
        by_eighths.min(touching(eighth.saturating_mul(kept)).saturating_mul(touched))
    }
}

/// How often `per_us / count` µs fit into so many ticks, and what is left of these, rounded up.
#[inline(never)]
fn fit(hz: u32, ticks: u64, count: u64, per_us: u64) -> (u128, u128) {
    let parts = product(count, 1_000_000);
    let long = product(per_us, u64::from(hz)).max(1);
    let (whole, left) = divide(times(u128::from(ticks), parts), long).unwrap_or_default();
    (whole, div_up(left, parts))
}

/// The fastest rate that a stage has of its own.
fn fastest(stages: &[Stage]) -> Option<Rate> {
    let rates = stages.iter().filter_map(|stage| stage.rate);
    rates.reduce(|one, other| if is_faster(other, one) { other } else { one })
}

#[cfg(test)]
mod tests;
