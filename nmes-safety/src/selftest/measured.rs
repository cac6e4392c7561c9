//! Figures that only a bench or a board can give, against the rule that they belong to.

use core::fmt;

use nmes_core::wide::{div_up, product, times};
use nmes_core::{Level, MicroAmps, Rate};

use crate::checked::Checked;
use crate::rules::{self, Rule};
use crate::sense::{Sensed, nanoamps};
use crate::windows::EIGHTHS;

/// A figure on the wrong side of its limit: measured, or counted in a record or a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MeasuredFault {
    /// The rule.
    pub rule: &'static Rule,
    /// What was measured or counted, in the rule's unit.
    pub value: u64,
    /// The limit as it binds.
    pub limit: u64,
}

impl MeasuredFault {
    /// A figure against a limit of its rule.
    pub(crate) const fn judge(rule: &'static Rule, value: u64, limit: u64) -> Result<(), Self> {
        if rule.breaks(value, limit) { Err(Self { rule, value, limit }) } else { Ok(()) }
    }
}

impl fmt::Display for MeasuredFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, value, limit } = self;
        write!(f, "{}: {}: {}", rule.id, rule.quantity, rule.amount(*value))?;
        write!(f, " against {}; {}", rule.amount(*limit), rule.source)
    }
}

impl core::error::Error for MeasuredFault {}

/// Whether a measured figure is on the right side of the limit that binds a checked plan: `true` where it warns. For the
/// rules that the guard cannot judge by itself: the error of amplitude, width and rate (N-ACC-1), the impedance before
/// arming (E-Z-1-S, E-Z-1-O), the time from the emergency stop to no output (E-EST-1), which is no longer than the shortest
/// period of the plan either, in whole ms. Fixed work.
///
/// ```
/// use nmes_safety::{Checked, rules, selftest::judge_measured};
/// fn contact(checked: &Checked<'_>, ohms: u64) -> bool {
///     judge_measured(checked, &rules::E_Z_1_SHORT, ohms).is_ok()
///         && judge_measured(checked, &rules::E_Z_1_OPEN, ohms).is_ok()
/// }
/// ```
///
/// # Errors
/// [`MeasuredFault`].
pub fn judge_measured(checked: &Checked<'_>, rule: &'static Rule, value: u64) -> Result<bool, MeasuredFault> {
    let stated = checked.limit(rule).map_or(rule.limit, |limit| limit.value);
    let of_plan = if core::ptr::eq(rule, &rules::E_EST_1) { shortest_period_ms(checked) } else { None };
    let limit = of_plan.map_or(stated, |period| period.min(stated));
    MeasuredFault::judge(rule, value, limit)?;
    Ok(rule.warn.is_some_and(|warn| rule.breaks(value, warn)))
}

/// The shortest time between two onsets of any channel, in ms, rounded down; `None` of a plan without channels.
fn shortest_period_ms(checked: &Checked<'_>) -> Option<u64> {
    let us = |rate: Rate| u64::from(rate.per_us()).checked_div(u64::from(rate.pulses()));
    checked.plan().channels().filter_map(|channel| us(channel.rate())).min().map(|us| us / 1_000)
}

/// The direct current, in µA, that the guard counts at the most where every reading of a driven phase is off by this much, always the
/// same way. E-DC-3 takes what is read as it is read, noise or not: a measurement whose constant error comes to more than E-DC-3 here
/// may trip although nothing is wrong, and has to be trimmed better or to measure while nothing is driven. For the whole of
/// [`Setup::measurement_noise`](crate::Setup::measurement_noise) as a constant error give that. `None` past the last channel. One pass
/// over a pulse.
///
/// The figure is for pulses at the ceiling at the channel's rate, and for a second as the guard counts it: an eighth longer, and
/// a pulse. A mean over a long time is less.
///
/// ```
/// use nmes_core::MicroAmps;
/// use nmes_safety::{Checked, rules, selftest::read_as_dc_ua};
/// fn may_trip(checked: &Checked<'_>, error: MicroAmps) -> bool {
///     let most = checked.limit(&rules::E_DC_3).map_or(0, |limit| limit.value);
///     (0..8).filter_map(|channel| read_as_dc_ua(checked, channel, error)).any(|ua| ua > most)
/// }
/// ```
#[must_use]
pub fn read_as_dc_ua(checked: &Checked<'_>, channel: u8, error: MicroAmps) -> Option<u64> {
    let plan = checked.plan();
    let own = plan.channel(channel)?;
    let frame = plan.frame(channel, own.channel().ceiling, 0)?;
    let driven = frame.segments().filter(|segment| matches!(segment.level, Level::Code(code) if code != 0));
    let late = u128::from(plan.hardware().jitter_ticks());
    let ticks = driven.fold(0_u128, |sum, s| sum.saturating_add(late).saturating_add(s.ticks.into()));
    let rate = own.rate();
    let in_eighths = product(rate.pulses().into(), EIGHTHS.saturating_add(1).saturating_mul(1_000_000));
    let pulses = div_up(in_eighths, product(rate.per_us().into(), EIGHTHS)).saturating_add(1);
    let charge = times(times(ticks, pulses), error.as_microamps().into());
    let hz = u128::from(plan.hardware().timing().ticks_per_second);
    Some(u64::try_from(div_up(charge, hz)).unwrap_or(u64::MAX))
}

/// |V| / |I| of a sample in ohm, rounded down, as it is held against E-Z-1-S; `None` where no more current flows than the
/// measurement may read of none, as at an open electrode. Give it
/// [`Setup::measurement_noise`](crate::Setup::measurement_noise). Fixed work.
///
/// ```
/// use nmes_safety::{NOISE_FLOOR, SampleInstant, Sensed, selftest::impedance_ohm};
/// let sample = |current_na| Sensed { current_na, voltage_mv: -1_800, at_tick: 0, instant: SampleInstant::PhaseEnd };
/// assert_eq!(impedance_ohm(&sample(-2_000_000), NOISE_FLOOR), Some(900)); // 1.8 V at 2 mA
/// assert_eq!(impedance_ohm(&sample(-1_000_000), NOISE_FLOOR), None);
/// ```
#[must_use]
pub fn impedance_ohm(sample: &Sensed, noise: MicroAmps) -> Option<u64> {
    let (scaled, current) = told(sample, noise)?;
    scaled.checked_div(current)
}

/// The same rounded up, as it is held against E-Z-1-O: 5,000.1 ohm are over 5,000. Fixed work.
///
/// ```
/// use nmes_safety::{NOISE_FLOOR, SampleInstant, Sensed, selftest::impedance_up_ohm};
/// let sample = Sensed { current_na: 3_000_000, voltage_mv: 15_001, at_tick: 0, instant: SampleInstant::PhaseEnd };
/// assert_eq!(impedance_up_ohm(&sample, NOISE_FLOOR), Some(5_001)); // 5,000.33
/// ```
#[must_use]
pub fn impedance_up_ohm(sample: &Sensed, noise: MicroAmps) -> Option<u64> {
    let (scaled, current) = told(sample, noise)?;
    scaled.checked_add(current.saturating_sub(1))?.checked_div(current)
}

/// |V| in mV × 10⁶ and |I| in nA, where that is more than noise.
fn told(sample: &Sensed, noise: MicroAmps) -> Option<(u64, u64)> {
    let current = sample.current_na.unsigned_abs();
    let scaled = u64::from(sample.voltage_mv.unsigned_abs()).saturating_mul(1_000_000);
    (current > nanoamps(noise)).then_some((scaled, current))
}
