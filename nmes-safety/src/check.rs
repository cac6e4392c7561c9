//! The check before a session: every rule against the worst that a plan allows at run time.

use core::cmp::Reverse;
use core::ptr;

use nmes_core::wide::{divide, product};
use nmes_core::{Channel, ChannelPlan, MAX_CHANNELS, Plan};

use crate::metrics::{Ahead, PulseMetrics, Ratio, Second, narrow};
use crate::onsets::Onsets;
use crate::profile::{Limit, Profile};
use crate::report::{Detail, MAX_ROWS, Place, Remark, Report, Row, Verdict};
use crate::rules::{self, Bound, Effect, N_MARK_1, Rule, Window};
use crate::setup::Setup;
use crate::stages::{deferral, is_like, is_steady};

mod figures;
mod judges;
mod measured;
mod shape;
mod stuck;

pub(crate) use figures::{Figure, figures};
use measured::Measured;

/// What a judge says of one place.
#[derive(Clone, Copy)]
struct Found {
    /// To be compared; nothing where a datum is missing.
    value: Option<Measured>,
    /// The limit that the rule makes from the plan or its load, in place of the one that binds.
    limit: Option<u64>,
    /// The answer, where it does not follow from a comparison.
    verdict: Option<Verdict>,
    /// What else there is to say.
    remark: Option<Remark>,
    /// A figure that belongs to it.
    detail: Option<Detail>,
}

impl Found {
    const fn value(value: Measured) -> Self {
        Self { value: Some(value), limit: None, verdict: None, remark: None, detail: None }
    }

    const fn missing(verdict: Verdict, remark: Remark) -> Self {
        Self { value: None, limit: None, verdict: Some(verdict), remark: Some(remark), detail: None }
    }
}

/// Whether a rule binds a place, and what is found there: on each channel, on each channel and shared electrode, once,
/// by another rule, or not in a check.
#[derive(Clone, Copy)]
enum Judge {
    Channel(fn(&Context<'_>, &Facts<'_>) -> Option<Found>),
    Electrode(fn(&Context<'_>, Place) -> Option<Found>),
    Session(fn(&Context<'_>) -> Found),
    /// Once, by the row of a rule before it that says the same of the worst place.
    From(&'static Rule, fn(&Context<'_>, &Row) -> Found),
    /// Nothing: only the device can show it.
    Device(Remark),
}

/// What the rules ask about one channel.
#[derive(Clone, Copy)]
struct Facts<'p> {
    channel: u8,
    compiled: &'p ChannelPlan<'p>,
    pulse: PulseMetrics,
    /// The fastest that is allowed, in mHz.
    rate_mhz: Ratio,
    /// The lowest there is, in mHz: next to nothing where the timing varies.
    lowest_mhz: u64,
    /// The worst second.
    second: Second,
    /// The mean square over a pulse period while on, within a burst too, or over the worst second where that has more, in nA².
    while_on_na2: u128,
    /// What the guard may count of it, in nA² × s.
    in_guard: Ratio,
    /// A channel before it is like it and has an electrode of the same size: no rule finds more on this one.
    again: bool,
}

impl<'p> Facts<'p> {
    /// Of a channel that is like one before it, what was found of that one.
    fn of(plan: &'p Plan<'p>, setup: &Setup, channel: u8, before: &[Option<Self>]) -> Option<Self> {
        let compiled = plan.channel(channel)?;
        let mut like = before.iter().flatten().filter(|facts| is_like(facts.compiled, compiled)).peekable();
        if let Some(first) = like.peek().copied() {
            let area = setup.area_mm2(channel);
            let again = like.any(|facts| setup.area_mm2(facts.channel) == area);
            return Some(Self { channel, compiled, again, ..*first });
        }
        let pulse = PulseMetrics::worst(plan, channel)?;
        let rate = compiled.rate();
        let rate_mhz = Ratio::of(u128::from(rate.pulses()), 1_000_000_000, u128::from(rate.per_us()));
        let lowest_mhz = if is_steady(plan, compiled) { narrow(rate_mhz.up()) } else { 1 };
        let wait = deferral(plan, compiled);
        let onsets = Onsets::of(plan, compiled, wait);
        let second = pulse.worst_second(&onsets, wait, &Ahead::of(plan, channel, &pulse));
        // the worst second of even pulses is never less than a period of them
        let while_on_na2 = second.mean_square_na2.max(onsets.while_on_na2(&pulse));
        let in_guard = pulse.in_guard(onsets.in_guard(), compiled.longest_ticks());
        Some(Self {
            channel,
            compiled,
            pulse,
            rate_mhz,
            lowest_mhz,
            second,
            while_on_na2,
            in_guard,
            again: false,
        })
    }

    /// What the session asks of the channel.
    fn asked(&self) -> &Channel<'p> {
        self.compiled.channel()
    }

    /// The mean square over the window of a rule, in nA².
    fn mean_square(&self, rule: &Rule) -> u128 {
        if rule.window == Window::Period { self.while_on_na2 } else { self.second.mean_square_na2 }
    }

    /// Which current source the channel is on; 0 for one of its own.
    fn source(&self) -> u8 {
        self.compiled.hardware().source
    }
}

/// All that the judges look at. Computed once a check.
struct Context<'p> {
    plan: &'p Plan<'p>,
    setup: &'p Setup,
    profile: &'p Profile,
    facts: [Option<Facts<'p>>; MAX_CHANNELS],
}

impl<'p> Context<'p> {
    fn new(plan: &'p Plan<'p>, setup: &'p Setup, profile: &'p Profile) -> Self {
        let mut context = Self { plan, setup, profile, facts: [None; MAX_CHANNELS] };
        for channel in 0..plan.channel_count() {
            // the check is not left to the compiler, which does not always see that there are no more channels
            let Some((before, rest)) = context.facts.split_at_mut_checked(usize::from(channel)) else {
                break;
            };
            if let Some(slot) = rest.first_mut() {
                *slot = Facts::of(plan, setup, channel, before);
            }
        }
        context
    }

    fn facts(&self, channel: u8) -> Option<&Facts<'p>> {
        self.facts.get(usize::from(channel))?.as_ref()
    }

    /// The channels of the plan that are in a mask.
    fn members(&self, mask: u8) -> impl Iterator<Item = &Facts<'p>> {
        let chosen = move |n: u8| mask.checked_shr(u32::from(n)).unwrap_or(0) & 1 == 1;
        self.facts.iter().flatten().filter(move |facts| chosen(facts.channel))
    }

    /// The rule that the profile has in the place of one of the table, where it is used as it may be.
    fn own(&self, rule: &Rule) -> Option<&'static Rule> {
        self.profile.own(rule).filter(|_| self.profile.takes(self.setup.use_class()))
    }

    /// The worst row of a rule over all places; `rows` are those of the rules before it.
    fn worst(&self, rule: &'static Rule, judge: Judge, rows: &[Option<Row>]) -> Option<Row> {
        let limit = self.setup.limit(rule, self.profile);
        let mut worst = Worst { rule, limit, place: Place::Session, found: None };
        let channels = self.facts.iter().flatten().filter(|facts| !facts.again);
        match judge {
            Judge::Channel(judge) => {
                channels.for_each(|facts| worst.take(Place::Channel(facts.channel), judge(self, facts)));
            }
            Judge::Electrode(judge) => {
                let channels = channels.map(|facts| Place::Channel(facts.channel));
                let shared =
                    (0_u8..).map_while(|n| self.setup.shared(n)).map(|(mask, _)| Place::Shared(mask));
                channels.chain(shared).for_each(|place| worst.take(place, judge(self, place)));
            }
            Judge::Session(judge) => worst.take(Place::Session, Some(judge(self))),
            Judge::From(other, judge) => {
                let row = rows.iter().flatten().find(|row| ptr::eq(row.rule, other))?;
                worst.take(row.place, Some(judge(self, row)));
            }
            Judge::Device(remark) => {
                return Some(Row { remark: Some(remark), ..missing(rule, Place::Session, limit) });
            }
        }
        worst.found.as_ref().map(|found| worst.row(worst.place, found))
    }
}

/// The worst that was found of a rule so far. A row is made of it at the end, so that nothing is divided but once a rule.
struct Worst {
    rule: &'static Rule,
    limit: Option<Limit>,
    place: Place,
    found: Option<Found>,
}

impl Worst {
    fn take(&mut self, place: Place, found: Option<Found>) {
        let is_harder = match (&found, &self.found) {
            (Some(found), Some(before)) => self.is_harder((place, found), (self.place, before)),
            (Some(_), None) => true,
            (None, _) => false,
        };
        if is_harder {
            (self.place, self.found) = (place, found);
        }
    }

    /// The order of [`hardness`]; values against one limit are in the order of their fractions.
    fn is_harder(&self, (place, found): (Place, &Found), (at, before): (Place, &Found)) -> bool {
        match (&found.value, &before.value) {
            (Some(one), Some(other)) if found.limit == before.limit && found.verdict == before.verdict => {
                one.is_worse(other, self.rule)
            }
            (None, None) => found.verdict > before.verdict,
            _ => hardness(&self.row(place, found)) > hardness(&self.row(at, before)),
        }
    }

    fn row(&self, place: Place, found: &Found) -> Row {
        let layer = self.limit.map(|limit| limit.layer).unwrap_or_default();
        let limit = found.limit.map(|value| Limit { value, layer }).or(self.limit);
        let row = match found.value {
            Some(value) => compare(self.rule, place, value, limit),
            None => missing(self.rule, place, limit),
        };
        let (verdict, remark) = (found.verdict.unwrap_or(row.verdict), found.remark.or(row.remark));
        Row { verdict, remark, detail: found.detail, ..row }
    }
}

/// Which of two rows of a rule is shown: the harder verdict, then the smaller margin, then the larger value.
fn hardness(row: &Row) -> (Verdict, Reverse<Option<i64>>, Option<u64>) {
    (row.verdict, Reverse(row.margin_permille), row.value)
}

fn missing(rule: &'static Rule, place: Place, limit: Option<Limit>) -> Row {
    Row {
        rule,
        place,
        value: None,
        limit: limit.map(|l| l.value),
        layer: limit.map(|l| l.layer).unwrap_or_default(),
        verdict: Verdict::NotEvaluated,
        margin_permille: None,
        remark: None,
        detail: None,
    }
}

fn compare(rule: &'static Rule, place: Place, found: Measured, limit: Option<Limit>) -> Row {
    let value = found.shown();
    let row = Row { value: Some(value), ..missing(rule, place, limit) };
    let Some(limit) = limit else {
        return Row { remark: Some(Remark::SessionLengthUnstated), ..row };
    };
    let (verdict, remark) = match (found.breaks(rule, limit.value), rule.effect) {
        (false, _) => (Verdict::Pass, None),
        (true, Effect::Deny | Effect::Trip | Effect::Bench) => (Verdict::Deny, None),
        (true, Effect::Warn) => (Verdict::Warn, None),
        (true, Effect::Inform) if ptr::eq(rule, &N_MARK_1) => (Verdict::Inform, Some(Remark::MarkNeeded)),
        (true, Effect::Inform) => (Verdict::Inform, Some(Remark::IndicatorNeeded)),
    };
    Row { verdict, remark, margin_permille: margin(rule, value, limit.value), ..row }
}

/// What is left to a limit in thousandths of it, rounded down; below zero by what is too much.
fn margin(rule: &Rule, value: u64, limit: u64) -> Option<i64> {
    let beyond = match rule.bound {
        Bound::AtMost => value > limit,
        Bound::AtLeast => value < limit,
    };
    let (whole, left) = divide(product(limit.abs_diff(value), 1_000), limit.into())?;
    let permille = i64::try_from(if beyond && left > 0 { whole.saturating_add(1) } else { whole });
    Some(if beyond { permille.map_or(i64::MIN, i64::saturating_neg) } else { permille.unwrap_or(i64::MAX) })
}

/// Compares a plan with every rule of a profile, at the worst that can be set while it runs: amplitude and width at
/// their ceilings, edges as late as the hardware declares, the longest contractions and shortest rests and ramps
/// that a gate allows. The work depends on channels and rules, not on the length of the session.
///
/// Use [`check`](crate::check()) to run the plan; this only reports.
///
/// ```
/// use nmes_core::*;
/// use nmes_safety::{assess, rules, Profile, Setup, UseClass, Verdict};
/// let set = Setting::new(40_000, 300).unwrap(); // 40 mA, 300 µs
/// let ms = |n| Millis::from_millis(n).unwrap();
/// let channels = [Channel {
///     pulse: PulseShape::default(),
///     rate: Rate::from_hz(40).unwrap(),
///     train: Train::default(),
///     set,
///     ceiling: set,
///     ramp: Ramp { up: ms(200), down: ms(200), ..Ramp::default() },
///     offset: Micros::ZERO,
/// }];
/// let cycle = Schedule::Cyclic(Cycle { hold: ms(5_000), rest: ms(10_000) });
/// let session = Session::new(&channels, cycle, ms(1_800_000)).unwrap();
/// let dac = ChannelHardware::symmetric(50_000, -4_096, 4_095);
/// let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
/// let plan = Plan::compile(&session, &hardware).unwrap();
/// let setup = Setup::new(&[2_500], UseClass::Exercise).unwrap();
/// let report = assess(&plan, &setup, &Profile::default());
/// assert!(report.denied().next().is_none());
/// let charge = report.row(&rules::E_Q_1).unwrap();
/// assert_eq!((charge.value, charge.verdict), (Some(12_000_000), Verdict::Pass)); // 12 µC
/// // the rail is not known, and the report says so
/// assert_eq!(report.row(&rules::N_V_1).unwrap().verdict, Verdict::NotEvaluated);
/// ```
#[must_use]
pub fn assess(plan: &Plan<'_>, setup: &Setup, profile: &Profile) -> Report {
    let context = Context::new(plan, setup, profile);
    let mut report = Report { profile: profile.name(), use_class: setup.use_class(), rows: [None; MAX_ROWS] };
    for (index, (rule, judge)) in judges::JUDGES.iter().enumerate() {
        let applies = profile.applies(rule) || setup.states(rule);
        let row = if applies { context.worst(rule, *judge, &report.rows) } else { None };
        let row = row.map(|row| Row { rule: context.own(rule).unwrap_or(rule), ..row });
        if let Some(slot) = report.rows.get_mut(index) {
            *slot = row;
        }
    }
    report
}

/// The rules that no check has a row for, in any profile: the guard, the records, the reports and whoever arms hold them while a
/// session runs, or a bench gives their figure to [`judge_measured`](crate::selftest::judge_measured).
///
/// ```
/// use nmes_safety::{held_at_run_time, rules};
/// assert!(held_at_run_time().any(|rule| rule == &rules::N_LOCK_1));
/// assert!(held_at_run_time().all(|rule| rule != &rules::N_RMS_1));
/// ```
pub fn held_at_run_time() -> impl Iterator<Item = &'static Rule> {
    let is_judged = |rule: &Rule| judges::JUDGES.iter().any(|(judged, _)| ptr::eq(*judged, rule));
    rules::ALL.iter().copied().filter(move |rule| !is_judged(rule))
}

#[cfg(test)]
mod tests;
