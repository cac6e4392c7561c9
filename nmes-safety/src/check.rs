//! The check before a session: every rule against the worst that a plan allows at run time.

use core::cmp::Reverse;
use core::fmt;

use nmes_core::{MAX_CHANNELS, Plan, Rate};

use crate::metrics::{PulseMetrics, Second, narrow, root_up};
use crate::profile::{Limit, Profile};
use crate::report::{Place, Remark, Report, Row, Verdict};
use crate::rules::{Bound, Effect, Rule};
use crate::setup::{MAX_SHARED, Setup};
use crate::stages::{deferral, is_steady};

mod judges;

/// A value in a rule's unit, or the square of one: roots are only taken to show a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measured {
    Plain(u64),
    Square(u128),
}

impl Measured {
    /// No rule asks for a least square.
    fn breaks(self, rule: &Rule, limit: u64) -> bool {
        let wide = u128::from(limit);
        match self {
            Self::Plain(value) => rule.breaks(value, limit),
            Self::Square(square) => square > wide.saturating_mul(wide),
        }
    }

    fn shown(self) -> u64 {
        match self {
            Self::Plain(value) => value,
            Self::Square(square) => narrow(root_up(square)),
        }
    }
}

/// What a judge says of one place.
enum Found {
    /// Compare with the limit that binds.
    Value(Measured),
    /// The same, with something to say besides.
    Noted(Measured, Remark),
    /// Compare with this limit, which the rule makes from the plan.
    Against(Measured, u64),
    /// The verdict does not follow from a comparison.
    Judged(Measured, Verdict, Remark),
    /// There is nothing to compare.
    Missing(Verdict, Remark),
}

/// Whether a rule binds a place, and what is found there.
type Judge = fn(&Context<'_, '_>, Place) -> Option<Found>;

/// What the rules ask about one channel.
#[derive(Clone, Copy)]
struct Facts {
    pulse: PulseMetrics,
    /// The fastest there is. Where the timing varies, sums over time are those of a train at this rate: an upper bound.
    rate: Rate,
    /// The rate is the same for every pulse.
    is_steady: bool,
    /// The worst second.
    second: Second,
    /// Which current source the channel is on; 0 for one of its own.
    source: u8,
}

/// All that the judges look at. Computed once a check.
struct Context<'p, 'a> {
    plan: &'p Plan<'a>,
    setup: &'p Setup,
    profile: &'p Profile,
    facts: [Option<Facts>; MAX_CHANNELS],
}

impl<'p, 'a> Context<'p, 'a> {
    fn new(plan: &'p Plan<'a>, setup: &'p Setup, profile: &'p Profile) -> Self {
        let mut facts = [None; MAX_CHANNELS];
        for (channel, slot) in (0_u8..).zip(facts.iter_mut()) {
            *slot = Self::facts_of(plan, channel);
        }
        Self { plan, setup, profile, facts }
    }

    fn facts_of(plan: &Plan<'_>, channel: u8) -> Option<Facts> {
        let pulse = PulseMetrics::worst(plan, channel)?;
        let compiled = plan.channel(channel)?;
        let (rate, is_steady) = (compiled.rate(), is_steady(plan, compiled));
        let second = pulse.worst_second(rate, deferral(plan, compiled));
        Some(Facts { pulse, rate, is_steady, second, source: compiled.hardware().source })
    }

    fn facts(&self, channel: u8) -> Option<&Facts> {
        self.facts.get(usize::from(channel))?.as_ref()
    }

    /// The channels of the plan that are in a mask.
    fn members(&self, mask: u8) -> impl Iterator<Item = &Facts> {
        let chosen = move |n: u8| mask.checked_shr(u32::from(n)).unwrap_or(0) & 1 == 1;
        (0_u8..).zip(&self.facts).filter(move |(n, _)| chosen(*n)).filter_map(|(_, facts)| facts.as_ref())
    }

    fn places() -> impl Iterator<Item = (u8, bool)> {
        let channels = (0_u8..).take(MAX_CHANNELS).map(|n| (n, false));
        channels.chain((0_u8..).take(MAX_SHARED).map(|n| (n, true)))
    }

    fn place(&self, index: u8, shared: bool) -> Option<Place> {
        if shared {
            self.setup.shared(index).map(|(mask, _)| Place::Shared(mask))
        } else {
            self.facts(index).map(|_| Place::Channel(index))
        }
    }

    /// The worst row of a rule over all places.
    fn worst(&self, rule: &'static Rule, judge: Judge) -> Option<Row> {
        let places = Self::places().filter_map(|(index, shared)| self.place(index, shared));
        places
            .chain([Place::Session])
            .filter_map(|place| judge(self, place).map(|found| self.row(rule, place, &found)))
            .reduce(|one, other| if hardness(&other) > hardness(&one) { other } else { one })
    }

    fn row(&self, rule: &'static Rule, place: Place, found: &Found) -> Row {
        let limit = self.setup.limit(rule, self.profile);
        match *found {
            Found::Value(value) => compare(rule, place, value, limit, None),
            Found::Noted(value, remark) => compare(rule, place, value, limit, Some(remark)),
            Found::Against(value, own) => {
                let layer = limit.map(|l| l.layer).unwrap_or_default();
                compare(rule, place, value, Some(Limit { value: own, layer }), None)
            }
            Found::Judged(value, verdict, remark) => {
                Row { verdict, remark: Some(remark), ..compare(rule, place, value, limit, None) }
            }
            Found::Missing(verdict, remark) => Row { verdict, ..missing(rule, place, limit, remark) },
        }
    }
}

/// Which of two rows of a rule is shown: the harder verdict, then the smaller margin, then the larger value.
fn hardness(row: &Row) -> (Verdict, Reverse<Option<i64>>, Option<u64>) {
    (row.verdict, Reverse(row.margin_permille), row.value)
}

fn missing(rule: &'static Rule, place: Place, limit: Option<Limit>, remark: Remark) -> Row {
    Row {
        rule,
        place,
        value: None,
        limit: limit.map(|l| l.value),
        layer: limit.map(|l| l.layer).unwrap_or_default(),
        verdict: Verdict::NotEvaluated,
        margin_permille: None,
        remark: Some(remark),
    }
}

fn compare(
    rule: &'static Rule,
    place: Place,
    found: Measured,
    limit: Option<Limit>,
    remark: Option<Remark>,
) -> Row {
    let value = found.shown();
    let Some(limit) = limit else {
        return Row { value: Some(value), ..missing(rule, place, None, Remark::SessionLengthUnstated) };
    };
    let (verdict, remark) = match (found.breaks(rule, limit.value), rule.effect) {
        (false, _) => (Verdict::Pass, remark),
        (true, Effect::Deny | Effect::Trip) => (Verdict::Deny, remark),
        (true, Effect::Warn) => (Verdict::Warn, remark),
        (true, Effect::Inform) => (Verdict::Inform, Some(Remark::IndicatorNeeded)),
    };
    let margin_permille = margin(rule, value, limit.value);
    Row {
        rule,
        place,
        value: Some(value),
        limit: Some(limit.value),
        layer: limit.layer,
        verdict,
        margin_permille,
        remark,
    }
}

fn margin(rule: &Rule, value: u64, limit: u64) -> Option<i64> {
    let room = i128::from(limit).saturating_sub(i128::from(value));
    let room = match rule.bound {
        Bound::AtMost => room,
        Bound::AtLeast => room.saturating_neg(),
    };
    let scaled = room.saturating_mul(1_000);
    // mostly both fit 64 bits, where a division is much less work
    if let (Ok(scaled), Ok(limit)) = (i64::try_from(scaled), i64::try_from(limit)) {
        return scaled.checked_div_euclid(limit);
    }
    let permille = scaled.checked_div_euclid(i128::from(limit))?;
    Some(i64::try_from(permille).unwrap_or(if permille < 0 { i64::MIN } else { i64::MAX }))
}

/// Compares a plan with every rule of a profile, at the worst that can be set while it runs: amplitude and width at
/// their ceilings, edges as late as the hardware declares, the longest contractions and shortest rests and ramps
/// that a gate allows. The work depends on channels and rules, not on the length of the session.
///
/// Use [`check`] to run the plan; this only reports.
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
    let rows = judges::JUDGES.map(
        |(rule, judge)| {
            if profile.applies(rule) { context.worst(rule, judge) } else { None }
        },
    );
    Report { profile: profile.name(), use_class: setup.use_class(), rows }
}

/// Permission to run a plan. Only [`check`] makes one: there is no constructor, no `Default` and no `Deserialize`.
///
/// ```compile_fail,E0451
/// fn forge(plan: nmes_core::Plan<'_>, setup: nmes_safety::Setup, report: nmes_safety::Report) {
///     let profile = nmes_safety::Profile::default();
///     let _ = nmes_safety::Checked { plan, setup, profile, report };
/// }
/// ```
///
/// ```compile_fail,E0277
/// fn from_nothing<T: Default>() -> T { T::default() }
/// let _ = from_nothing::<nmes_safety::Checked<'static>>();
/// ```
///
/// ```compile_fail,E0277
/// fn from_plan<'a, T: From<nmes_core::Plan<'a>>>(plan: nmes_core::Plan<'a>) -> T { T::from(plan) }
/// fn forge(plan: nmes_core::Plan<'static>) -> nmes_safety::Checked<'static> { from_plan(plan) }
/// ```
#[cfg_attr(
    feature = "serde",
    doc = "With the `serde` feature a report is written, and nothing is read back:\n\n```compile_fail,E0277\nfn read<'a, T: serde::Deserialize<'a>>() {}\nread::<nmes_safety::Checked<'static>>();\n```"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked<'a> {
    plan: Plan<'a>,
    setup: Setup,
    profile: Profile,
    report: Report,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Checked<'_> { setup, profile } not { plan, report });

impl<'a> Checked<'a> {
    /// The plan that was checked.
    #[must_use]
    pub const fn plan(&self) -> &Plan<'a> {
        &self.plan
    }

    /// What the check took as given.
    #[must_use]
    pub const fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The profile it was checked with.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The report of the check.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// The limit of a rule over all layers, in the rule's unit; see [`Setup::limit`].
    #[must_use]
    pub fn limit(&self, rule: &Rule) -> Option<Limit> {
        self.setup.limit(rule, &self.profile)
    }
}

/// A plan that may not run, with the report that says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied<'a> {
    plan: Plan<'a>,
    report: Report,
}

impl<'a> Denied<'a> {
    /// The whole report.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// The plan back.
    #[must_use]
    pub const fn into_plan(self) -> Plan<'a> {
        self.plan
    }
}

impl fmt::Display for Denied<'_> {
    /// Every denied row, one a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("denied")?;
        self.report.denied().try_for_each(|row| write!(f, "\n  {row}"))
    }
}

impl core::error::Error for Denied<'_> {}

/// Checks a plan and, if no rule denies it, gives the permission to run it.
///
/// A row that was not evaluated for want of a datum does not deny, except a channel without an electrode.
///
/// # Errors
/// [`Denied`] names each rule that denies, with value, limit, unit and source, and gives the plan back.
#[expect(clippy::result_large_err, reason = "without an allocator the plan and the report go back by value")]
pub fn check<'a>(plan: Plan<'a>, setup: &Setup, profile: &Profile) -> Result<Checked<'a>, Denied<'a>> {
    let report = assess(&plan, setup, profile);
    if report.verdict() == Verdict::Deny {
        return Err(Denied { plan, report });
    }
    Ok(Checked { plan, setup: *setup, profile: *profile, report })
}
