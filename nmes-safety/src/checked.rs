//! The permission to run a plan, and the refusal of one.

use core::fmt;

use nmes_core::Plan;

use crate::check::assess;
use crate::guard_sums::Words;
use crate::profile::{Limit, Profile};
use crate::report::{Report, Verdict};
use crate::rules::Rule;
use crate::setup::Setup;

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
    words: Words,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Checked<'_> { setup, profile } not { plan, report, words });

impl<'a> Checked<'a> {
    /// Of a plan that no rule denies.
    fn of(plan: &Plan<'a>, setup: &Setup, profile: &Profile, report: Report) -> Self {
        let words = Words::of(plan, setup);
        Self { plan: *plan, setup: *setup, profile: *profile, report, words }
    }

    /// The plan that was checked.
    #[must_use]
    pub const fn plan(&self) -> &Plan<'a> {
        &self.plan
    }

    /// As if the plan had changed in memory.
    #[cfg(test)]
    pub(crate) const fn with_plan(self, plan: Plan<'a>) -> Self {
        Self { plan, ..self }
    }

    /// Words of the plan as it was checked: what a guard is made of has to have them still.
    pub(crate) const fn words(&self) -> &Words {
        &self.words
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
    Ok(Checked::of(&plan, setup, profile, report))
}

/// The same as [`check`], into a place that the caller has, for a device whose stack is small: a [`Checked`] has some 9 kB on
/// a microcontroller, and each `Result` that one is passed on in is as much again. Where that is on the way to a `static`
/// nothing of it is on the stack of the caller.
///
/// What stood in the place is gone in either case.
///
/// # Errors
/// The report that denies, with value, limit, unit and source of each rule; the place is empty.
///
/// ```
/// # use nmes_core::*;
/// use nmes_safety::{check_into, Profile, Setup, UseClass};
/// # let set = Setting::new(40_000, 300).unwrap();
/// # let ms = |n| Millis::from_millis(n).unwrap();
/// # let channels = [Channel {
/// #     pulse: PulseShape::default(),
/// #     rate: Rate::from_hz(40).unwrap(),
/// #     train: Train::default(),
/// #     set,
/// #     ceiling: set,
/// #     ramp: Ramp { up: ms(200), down: ms(200), ..Ramp::default() },
/// #     offset: Micros::ZERO,
/// # }];
/// # let cycle = Schedule::Cyclic(Cycle { hold: ms(5_000), rest: ms(10_000) });
/// # let session = Session::new(&channels, cycle, ms(1_800_000)).unwrap();
/// # let dac = ChannelHardware::symmetric(50_000, -4_096, 4_095);
/// # let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
/// let plan = Plan::compile(&session, &hardware).unwrap();
/// let setup = Setup::new(&[2_500], UseClass::Exercise).unwrap();
/// let mut place = None; // on a device a static
/// let checked = check_into(&mut place, &plan, &setup, &Profile::default()).unwrap();
/// assert_eq!(checked.plan(), &plan);
/// // a quarter of the electrode is too little for 40 mA, and nothing is left that could be armed
/// let small = Setup::new(&[200], UseClass::Exercise).unwrap();
/// let report = check_into(&mut place, &plan, &small, &Profile::default()).unwrap_err();
/// assert!(report.denied().next().is_some() && place.is_none());
/// ```
#[expect(clippy::result_large_err, reason = "without an allocator the report goes back by value")]
#[inline(never)]
pub fn check_into<'s, 'a>(
    place: &'s mut Option<Checked<'a>>,
    plan: &Plan<'a>,
    setup: &Setup,
    profile: &Profile,
) -> Result<&'s Checked<'a>, Report> {
    *place = None;
    let report = assess(plan, setup, profile);
    if report.verdict() == Verdict::Deny {
        return Err(report);
    }
    Ok(place.insert(Checked::of(plan, setup, profile, report)))
}
