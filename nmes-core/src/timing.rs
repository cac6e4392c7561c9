//! When the pulses of a train stand: evenly, in bursts, with a moving rate, or after listed intervals.

mod sweep;
#[cfg(test)]
mod tests;

use crate::error::{ConfigError, Field, at_least, at_most};
use crate::rate::Rate;
use crate::units::{Micros, Millis};
use sweep::SweepPlan;

/// The most intervals of a [`Timing::List`].
pub const MAX_INTERVALS: usize = 65_535;

/// When the pulses of a channel stand.
///
/// The channel's `rate` is the pulse rate, and for timings that vary the fastest rate that may occur: the time between
/// two onsets is never shorter than the period of `rate`, rounded down to a tick. A timing that asks for faster is
/// refused, so what was checked for `rate` holds for every pulse.
///
/// ```
/// use nmes_core::{Bursts, Micros, Millis, Rate, Sweep, SweepLaw, Timing};
/// let even = Timing::default();
/// // three pulses 10 ms apart (a rate of 100 Hz), 20 times a second
/// let triplets = Timing::Bursts(Bursts { pulses: 3, every: Rate::from_hz(20)? });
/// // from 10 Hz to 50 Hz in 8 s, then 50 Hz
/// let over = Millis::from_millis(8_000).ok_or("range")?;
/// let (from, to) = (Rate::from_hz(10)?, Rate::from_hz(50)?);
/// let sweep = Timing::Sweep(Sweep { from, to, over, law: SweepLaw::Exponential });
/// // 100 ms, 150 ms, 80 ms, and again
/// let intervals = [100_000, 150_000, 80_000].map(|us| Micros::from_micros(us).unwrap_or_default());
/// let list = Timing::List(&intervals);
/// assert!(even != triplets && sweep != list);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Timing<'a> {
    /// One pulse every period of the rate.
    #[default]
    Even,
    /// Groups of pulses at the rate: doublets, triplets, n-lets, burst stimulation.
    Bursts(Bursts),
    /// A rate that moves once from one value to another.
    Sweep(Sweep),
    /// The times between onsets, one after the other and then from the first again: 1 to 65,535 of them, each at
    /// least one period of the rate. For intervals that copy the firing of a motor unit, or that must not repeat soon.
    List(&'a [Micros]),
}

/// `pulses` onsets at the channel's rate, and a new burst at each onset of `every`.
///
/// Pulse `k` of burst `n` stands at floor(n × period of `every`) + floor(k × period of the rate), in ticks. The pulses
/// and one more period of the rate fit in a period of `every`, or the timing is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Bursts {
    /// Pulses of one burst, at least 1.
    pub pulses: u16,
    /// Bursts per time.
    pub every: Rate,
}

/// A rate that goes from `from` to `to` in the first `over` of a train, and stays at `to`.
///
/// Onset `n` stands where the integral of the rate over time reaches `n`. It is off that ideal by less than 2 ticks,
/// for sweeps of up to 2³⁶ ticks (19 h at 1 MHz), however many onsets there are. Where the rounding would make an
/// interval a tick shorter than the least one, the onset stands that tick later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Sweep {
    /// The rate at the first onset.
    pub from: Rate,
    /// The rate after `over`; one of the two is at most 10,000 times the other.
    pub to: Rate,
    /// How long the rate moves, at least 1 ms.
    pub over: Millis,
    /// How it moves.
    pub law: SweepLaw,
}

/// How the rate of a [`Sweep`] moves over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum SweepLaw {
    /// By the same number of pulses a second in each second.
    #[default]
    Linear,
    /// By the same ratio in each second.
    Exponential,
}

/// A period as whole ticks and a remainder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Period {
    whole: u64,
    remainder: u64,
    divisor: u64,
}

#[cfg(feature = "fault-injection")]
crate::flip_fields!(Period { whole, remainder, divisor });

impl Period {
    /// Ticks from onset to onset, rounded down.
    pub(crate) const fn ticks(&self) -> u64 {
        self.whole
    }

    pub(crate) fn of(rate: Rate, ticks_per_second: u32) -> Self {
        let numerator = u64::from(rate.per_us()).saturating_mul(u64::from(ticks_per_second));
        let divisor = u64::from(rate.pulses()).saturating_mul(MICROS_PER_SECOND);
        Self {
            whole: numerator.checked_div(divisor).unwrap_or(0),
            remainder: numerator.checked_rem(divisor).unwrap_or(0),
            divisor,
        }
    }

    /// The ticks of the next step, and what is left over after it. The sum is below 2 × 2^52.
    const fn step(&self, accumulated: u64) -> (u64, u64) {
        let sum = accumulated.wrapping_add(self.remainder);
        match sum.checked_sub(self.divisor) {
            Some(rest) => (self.whole.saturating_add(1), rest),
            None => (self.whole, sum),
        }
    }
}

const MICROS_PER_SECOND: u64 = 1_000_000;

/// Where the onsets of a train stand, in ticks: worked out once, from a timing and a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OnsetPlan<'a> {
    pub(crate) rate: Period,
    pub(crate) kind: Kind<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    Even,
    Bursts { pulses: u64, every: Period },
    Sweep { plan: SweepPlan, to: Period },
    List { intervals: &'a [Micros], ticks_per_second: u32 },
}

impl<'a> OnsetPlan<'a> {
    /// The onsets of `timing` at no more than `rate`, on a clock of `ticks_per_second`. Looks at each interval of a
    /// list once.
    ///
    /// # Errors
    /// A rate of more than one pulse a tick; a burst without pulses, or longer than the time to the next; a sweep over
    /// no time, over a ratio above 10,000, or to more than `rate`; an empty list, one of more than 65,535 intervals, or
    /// with an interval shorter than the period of `rate`.
    pub(crate) fn new(rate: Rate, timing: &Timing<'a>, ticks_per_second: u32) -> Result<Self, ConfigError> {
        let period = Period::of(rate, ticks_per_second);
        let whole = i64::try_from(period.whole).unwrap_or(i64::MAX);
        at_least(Field::Period, whole, 1, "a period is at least one tick")?;
        let kind = match *timing {
            Timing::Even => Kind::Even,
            Timing::Bursts(bursts) => {
                validate_bursts(rate, bursts)?;
                Kind::Bursts {
                    pulses: u64::from(bursts.pulses),
                    every: Period::of(bursts.every, ticks_per_second),
                }
            }
            Timing::Sweep(sweep) => {
                validate_sweep(rate, &sweep)?;
                Kind::Sweep {
                    plan: SweepPlan::new(&sweep, ticks_per_second),
                    to: Period::of(sweep.to, ticks_per_second),
                }
            }
            Timing::List(intervals) => {
                validate_list(rate, intervals)?;
                Kind::List { intervals, ticks_per_second }
            }
        };
        Ok(Self { rate: period, kind })
    }

    /// The least time between two onsets, in ticks: the period of the rate, rounded down.
    pub(crate) const fn period_ticks(&self) -> u64 {
        self.rate.whole
    }

    /// Ticks from onset 0 of a sweep to another; `None` where it is none.
    pub(crate) fn swept_ticks(&self, index: u64) -> Option<u64> {
        match &self.kind {
            Kind::Sweep { plan, .. } => Some(plan.elapsed(index)),
            Kind::Even | Kind::Bursts { .. } | Kind::List { .. } => None,
        }
    }
}

fn validate_bursts(rate: Rate, bursts: Bursts) -> Result<(), ConfigError> {
    let pulses = i64::from(bursts.pulses);
    at_least(Field::BurstPulses, pulses, 1, "a burst has at least one pulse")?;
    let between = u64::from(bursts.every.per_us()).saturating_mul(u64::from(rate.pulses()));
    let each = u64::from(bursts.every.pulses()).saturating_mul(u64::from(rate.per_us()));
    let fit = i64::try_from(between.checked_div(each).unwrap_or(0)).unwrap_or(i64::MAX);
    at_most(
        Field::BurstPulses,
        pulses,
        fit,
        "the pulses, and a period after the last, fit in the time to the next burst",
    )
}

fn validate_sweep(rate: Rate, sweep: &Sweep) -> Result<(), ConfigError> {
    at_least(Field::SweepTime, i64::from(sweep.over.as_millis()), 1, "a rate moves over at least 1 ms")?;
    for end in [sweep.from, sweep.to] {
        if cross(end, rate) > cross(rate, end) {
            let (value, limit) = (millihertz(end, true), millihertz(rate, false));
            let source = "the channel's rate is the fastest that may occur";
            return Err(ConfigError::Above { field: Field::SweepRate, value, limit, source });
        }
    }
    let (one, other) = (cross(sweep.from, sweep.to), cross(sweep.to, sweep.from));
    // both are products of numbers that are at least 1
    let ratio = one.max(other).div_ceil(one.min(other).max(1));
    let source = "the onsets of a sweep are exact to 2 ticks up to this ratio of its rates";
    at_most(Field::SweepRatio, i64::try_from(ratio).unwrap_or(i64::MAX), 10_000, source)
}

/// Larger than `cross(other, one)` when `one` is the faster.
fn cross(one: Rate, other: Rate) -> u64 {
    u64::from(one.pulses()).saturating_mul(u64::from(other.per_us()))
}

/// For messages: rounded up for a value that is too fast, down for the limit.
fn millihertz(rate: Rate, up: bool) -> i64 {
    let (scaled, per) =
        (u64::from(rate.pulses()).saturating_mul(1_000_000_000), u64::from(rate.per_us()).max(1));
    let whole = if up { scaled.div_ceil(per) } else { scaled.checked_div(per).unwrap_or(0) };
    i64::try_from(whole).unwrap_or(i64::MAX)
}

fn validate_list(rate: Rate, intervals: &[Micros]) -> Result<(), ConfigError> {
    let count = i64::try_from(intervals.len()).unwrap_or(i64::MAX);
    at_least(Field::Intervals, count, 1, "a list has 1 to 65,535 intervals")?;
    let most = i64::try_from(MAX_INTERVALS).unwrap_or(65_535);
    at_most(Field::Intervals, count, most, "a list has 1 to 65,535 intervals")?;
    let least = i64::from(rate.per_us().div_ceil(rate.pulses().max(1)));
    let source = "the channel's rate is the fastest that may occur";
    intervals.iter().try_for_each(|us| at_least(Field::Interval, i64::from(us.as_micros()), least, source))
}

/// Which onset a train is at. Moves by an [`OnsetPlan`] that is the same for the whole train.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OnsetState {
    tick: u64,
    /// Remainder of the rate, or of microseconds to ticks.
    accumulated: u64,
    /// Onset 0 of the train, or of the burst.
    base_tick: u64,
    /// Remainder of `every`.
    base_accumulated: u64,
    /// Pulse of the burst, onset of the sweep, place in the list.
    index: u64,
}

#[cfg(feature = "fault-injection")]
crate::flip_fields!(OnsetState { tick, accumulated, base_tick, base_accumulated, index });

impl OnsetState {
    /// The tick of the present onset.
    pub(crate) const fn tick(&self) -> u64 {
        self.tick
    }

    /// Onset number 0, at tick 0.
    pub(crate) const START: Self = Self::starting_at(0);

    /// Onset number 0, at `tick`.
    pub(crate) const fn starting_at(tick: u64) -> Self {
        Self { tick, accumulated: 0, base_tick: tick, base_accumulated: 0, index: 0 }
    }

    /// Goes to the next onset, in bounded time. Saturates at the end of the 64-bit clock, 584,000 years at 1 MHz.
    ///
    /// Even onsets and bursts need no division. A list needs one 64-bit division a pulse; a sweep, while its rate
    /// moves, one 128-bit division and a root of 64 steps (linear), or two such divisions and 20 multiplications
    /// (exponential).
    #[inline]
    pub(crate) fn advance(&mut self, plan: &OnsetPlan<'_>) {
        match &plan.kind {
            Kind::Even => self.step(&plan.rate),
            Kind::Bursts { .. } | Kind::Sweep { .. } | Kind::List { .. } => self.advance_unevenly(plan),
        }
    }

    #[inline(never)]
    fn advance_unevenly(&mut self, plan: &OnsetPlan<'_>) {
        match &plan.kind {
            Kind::Even => {}
            Kind::Bursts { pulses, every } => self.advance_burst(&plan.rate, *pulses, every),
            Kind::Sweep { plan: sweep, to } => self.advance_sweep(&plan.rate, sweep, to),
            Kind::List { intervals, ticks_per_second } => self.advance_list(intervals, *ticks_per_second),
        }
    }

    /// Goes one period on.
    pub(crate) const fn step(&mut self, period: &Period) {
        let (ticks, rest) = period.step(self.accumulated);
        self.accumulated = rest;
        self.tick = self.tick.saturating_add(ticks);
    }

    const fn advance_burst(&mut self, rate: &Period, pulses: u64, every: &Period) {
        self.index = self.index.saturating_add(1);
        if self.index < pulses {
            return self.step(rate);
        }
        let (ticks, rest) = every.step(self.base_accumulated);
        let (tick, base_accumulated) = (self.base_tick.saturating_add(ticks), rest);
        *self = Self { base_accumulated, ..Self::starting_at(tick) };
    }

    fn advance_sweep(&mut self, rate: &Period, sweep: &SweepPlan, to: &Period) {
        if sweep.is_over(self.tick.saturating_sub(self.base_tick)) {
            return self.step(to);
        }
        self.index = self.index.saturating_add(1);
        let ideal = self.base_tick.saturating_add(sweep.elapsed(self.index));
        self.tick = self.tick.saturating_add(rate.whole).max(ideal);
    }

    fn advance_list(&mut self, intervals: &[Micros], ticks_per_second: u32) {
        let interval = usize::try_from(self.index).ok().and_then(|place| intervals.get(place));
        let us = u64::from(interval.map_or(0, |us| us.as_micros()));
        // at most 10^7 × 2^32 + 10^6, below 2^56
        let sum = us.saturating_mul(u64::from(ticks_per_second)).saturating_add(self.accumulated);
        self.accumulated = sum.checked_rem(MICROS_PER_SECOND).unwrap_or(0);
        self.tick = self.tick.saturating_add(sum.checked_div(MICROS_PER_SECOND).unwrap_or(0));
        self.index = self.index.saturating_add(1);
        if usize::try_from(self.index).map_or(true, |place| place >= intervals.len()) {
            self.index = 0;
        }
    }
}
