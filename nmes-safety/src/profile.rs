//! Which rules apply and with which numbers: profiles, and the layers that may lower them.

use core::{fmt, ptr};

use crate::probe::PROBE_LIMITS;
use crate::rules::{self, Amount, Bound, Class, Rule};
use crate::setup::UseClass;

/// How many limits a profile or a setup may state.
pub const MAX_STATED: usize = 12;

/// Who set the limit that binds. The strictest layer wins; at equal limits the first one here is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Layer {
    /// The rule's own limit.
    #[default]
    Rule,
    /// The profile.
    Profile,
    /// The device.
    Device,
    /// The protocol.
    Protocol,
    /// The subject.
    Subject,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rule => "rule",
            Self::Profile => "profile",
            Self::Device => "device",
            Self::Protocol => "protocol",
            Self::Subject => "subject",
        })
    }
}

/// A limit as it binds, and the layer it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The limit, in the rule's unit.
    pub value: u64,
    /// Who set it.
    pub layer: Layer,
}

/// A limit that cannot be stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitError {
    /// Looser than the rule allows anybody to state.
    Looser {
        /// The rule.
        rule: &'static Rule,
        /// The value given, in the rule's unit.
        value: u64,
    },
    /// A layer that does not belong to a setup: the rule's own or the profile's.
    Layer {
        /// The layer given.
        layer: Layer,
    },
    /// More than [`MAX_STATED`] limits.
    Full {
        /// The rule that found no place.
        rule: &'static Rule,
    },
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Looser { rule, value } => {
                let side = match rule.bound {
                    Bound::AtMost => "above",
                    Bound::AtLeast => "below",
                };
                write!(f, "{}: {} is {side} {}, ", rule.id, rule.amount(*value), rule.amount(rule.loosest))?;
                write!(f, "and a layer never loosens a rule; {}", rule.source)
            }
            Self::Layer { layer } => {
                write!(f, "layer {layer}: a setup states limits of the device, the protocol or the subject")
            }
            Self::Full { rule } => write!(f, "{}: more than {MAX_STATED} stated limits", rule.id),
        }
    }
}

impl core::error::Error for LimitError {}

/// Limits that somebody stated. A rule stated twice by one layer keeps the stricter value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stated<const N: usize = MAX_STATED> {
    items: [Option<(&'static Rule, Limit)>; N],
}

/// Those that are stated, and those of the contact check beside them.
const PLACES: usize = MAX_STATED + PROBE_LIMITS.len();

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Limit { value } not { layer });

#[cfg(feature = "fault-injection")]
impl<const N: usize> nmes_core::flip::Flip for Stated<N> {
    fn flip(&mut self, walk: &mut nmes_core::flip::Walk<'_>) {
        for item in &mut self.items {
            if item.is_some() && walk.leaf(1).is_some() {
                *item = None;
            } else if let Some((_, limit)) = item {
                walk.part("limit", limit);
            }
        }
    }
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Profile { stated } not { name, base });

impl<const N: usize> Stated<N> {
    pub(crate) const NONE: Self = Self { items: [None; N] };

    /// `loosest` has its bound from the rule of the table, or from the one that a built-in profile has in its place.
    pub(crate) fn state(
        &mut self,
        layer: Layer,
        (rule, loosest): (&'static Rule, &'static Rule),
        value: u64,
    ) -> Result<(), LimitError> {
        if rule.breaks(value, loosest.loosest) {
            return Err(LimitError::Looser { rule: loosest, value });
        }
        let places = self.items.iter_mut().take(MAX_STATED);
        let free = places.into_iter().find(|item| item.is_none()).ok_or(LimitError::Full { rule })?;
        *free = Some((rule, Limit { value, layer }));
        Ok(())
    }

    /// With the limits of the contact check, which have places of their own.
    fn probing(mut self) -> Self {
        for (item, (rule, value)) in self.items.iter_mut().skip(MAX_STATED).zip(PROBE_LIMITS) {
            *item = Some((rule, Limit { value, layer: Layer::Profile }));
        }
        self
    }

    /// Whether nothing is stated.
    fn is_empty(&self) -> bool {
        self.items.iter().all(Option::is_none)
    }

    /// Whether any layer states something of a rule.
    pub(crate) fn is_stated(&self, rule: &Rule) -> bool {
        self.items.iter().flatten().any(|(stated, _)| ptr::eq(*stated, rule))
    }

    /// Whether a layer states something of a rule.
    pub(crate) fn is_by(&self, layer: Layer, rule: &Rule) -> bool {
        self.items.iter().flatten().any(|(stated, limit)| ptr::eq(*stated, rule) && limit.layer == layer)
    }

    /// The strictest of what is stated of a rule, and of a limit besides.
    pub(crate) fn strictest(&self, rule: &Rule, mut limit: Option<Limit>) -> Option<Limit> {
        // all of them: one that is lost hides none behind it
        for (stated, other) in self.items.iter().flatten() {
            if ptr::eq(*stated, rule) {
                limit = Some(limit.map_or(*other, |one| stricter(rule, one, *other)));
            }
        }
        limit
    }
}

/// The stricter of two limits; the layer that comes first in [`Layer`] when they are equal.
pub(crate) fn stricter(rule: &Rule, one: Limit, other: Limit) -> Limit {
    if one.value == other.value {
        return if one.layer <= other.layer { one } else { other };
    }
    if rule.stricter(one.value, other.value) == one.value { one } else { other }
}

/// A set of rules and, for some, numbers in place of the rule's own.
///
/// Every profile has the base rules; some add to them. A name says which text the numbers lean on, not that a
/// device meets it.
///
/// - `iec-60601-2-10-style`: the base rules.
/// - `fda-limited-output-draft`, `aami-ns4-style-tens`: rules besides.
/// - `specialist-direct-muscle`: long pulses for muscle without its nerve. E-W-1 and E-Q-1, which are for surface
///   stimulation of nerves, have figures of its own; every other rule binds as it does elsewhere. Only for
///   [`UseClass::Specialist`]: with any other it denies, and its figures do not bind.
/// - `percutaneous-research`: E-SH-1 (Shannon) warns and denies, where the others only inform. The rules for the
///   skin bind as well.
///
/// ```
/// use nmes_safety::{rules, Profile};
/// let profile = Profile::named("iec-60601-2-10-style").unwrap();
/// assert_eq!(profile, Profile::default());
/// assert!(Profile::named("iec").is_none());
/// let ours = Profile::custom("clinic", &profile).with_limit(&rules::E_PEAK_1, 80_000).unwrap(); // µA
/// assert!(ours.with_limit(&rules::E_PEAK_1, 130_001).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    name: &'static str,
    base: &'static Base,
    stated: Stated<PLACES>,
}

/// What a built-in profile is made of.
#[derive(Debug, PartialEq, Eq)]
struct Base {
    name: &'static str,
    about: &'static str,
    /// Rules that bind in this profile and not in those that do not name them.
    extra: &'static [&'static Rule],
    /// Rules in place of those of the table with the same name. Nothing else loosens a rule beyond [`Rule::loosest`].
    own: &'static [&'static Rule],
    /// The one use class it is for.
    only_for: Option<UseClass>,
}

impl Base {
    const fn of(name: &'static str, about: &'static str, extra: &'static [&'static Rule]) -> Self {
        Self { name, about, extra, own: &[], only_for: None }
    }
}

/// The longest pulse read for muscle without its nerve; triangular.
static LONG_WIDTH: Rule = rules::E_W_1.instead(
    200_000,
    "direct muscle: the longest pulse read for muscle without its nerve (PRO-S36); recalled texts go to 300 ms",
);
/// N-DC-1 for the longest phase read of the RISE project.
static LONG_CHARGE: Rule = rules::E_Q_1.instead(
    6_000_000_000,
    "direct muscle: 80 mA (N-DC-1) for 75 ms (PRO-S35); the 250 mA of that trial are not followed",
);

static FDA_EXTRA: [&Rule; 4] = [&rules::G_LO_Q, &rules::G_LO_I, &rules::G_LO_T, &rules::G_LO_J];
static NS4_EXTRA: [&Rule; 1] = [&rules::G_NS4_Q];
static NEEDLE_EXTRA: [&Rule; 1] = [&rules::E_SH_1];
static MUSCLE_OWN: [&Rule; 2] = [&LONG_WIDTH, &LONG_CHARGE];

static IEC: Base = Base::of(
    Profile::NAMES[0],
    "output limits in the style of IEC 60601-2-10, with the rules of this project",
    &[],
);
static FDA: Base = Base::of(
    Profile::NAMES[1],
    "adds the limited-output figures of the FDA drafts of 2010, recalled and unverified",
    &FDA_EXTRA,
);
static NS4: Base = Base::of(
    Profile::NAMES[2],
    "adds the charge limit of ANSI/AAMI NS4 for TENS, recalled with low confidence",
    &NS4_EXTRA,
);
static MUSCLE: Base = Base {
    own: &MUSCLE_OWN,
    only_for: Some(UseClass::Specialist),
    ..Base::of(
        Profile::NAMES[3],
        "direct muscle: width and charge for long pulses on muscle without its nerve; use class specialist only",
        &[],
    )
};
static NEEDLE: Base = Base::of(
    Profile::NAMES[4],
    "research with percutaneous electrodes: Shannon's criterion denies, and the rules for the skin as well",
    &NEEDLE_EXTRA,
);

impl Default for Profile {
    /// `iec-60601-2-10-style`.
    fn default() -> Self {
        Self::of(&IEC)
    }
}

impl Profile {
    /// The names that [`Profile::named`] knows.
    pub const NAMES: [&'static str; 5] = [
        "iec-60601-2-10-style",
        "fda-limited-output-draft",
        "aami-ns4-style-tens",
        "specialist-direct-muscle",
        "percutaneous-research",
    ];

    /// What a profile that is not built in is called where it has the name of one that is.
    pub const UNNAMED: &'static str = "custom";

    const fn of(base: &'static Base) -> Self {
        Self { name: base.name, base, stated: Stated::NONE }
    }

    /// A built-in profile; `None` for a name that is not in [`Profile::NAMES`].
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [&IEC, &FDA, &NS4, &MUSCLE, &NEEDLE];
        all.into_iter().find(|base| base.name == name).map(Self::of)
    }

    /// A profile of one's own: the rules and numbers of `base`, to be changed by [`Profile::with_limit`]. A name of
    /// [`Profile::NAMES`] is refused: the profile is then [`Profile::UNNAMED`].
    #[must_use]
    pub const fn custom(name: &'static str, base: &Self) -> Self {
        Self { name, ..*base }
    }

    /// For the contact check: the same rules and numbers and [`PROBE_LIMITS`], but for the figures of a profile that is for one use
    /// class only.
    pub(crate) fn probing(&self, name: &'static str) -> Self {
        let base = if self.base.only_for.is_some() { &IEC } else { self.base };
        Self { name, base, stated: self.stated.probing() }
    }

    /// The same with a number in place of the rule's own, in the rule's unit. A rule stated again keeps the
    /// stricter number.
    ///
    /// # Errors
    /// Looser than [`Rule::loosest`], or than the figure that the built-in profile it is made of has of its own; more than
    /// [`MAX_STATED`] numbers.
    pub fn with_limit(mut self, rule: &'static Rule, value: u64) -> Result<Self, LimitError> {
        self.stated.state(Layer::Profile, (rule, self.own(rule).unwrap_or(rule)), value)?;
        Ok(self)
    }

    /// Its name. That of a built-in profile stands for it as it is, and for no other and none with numbers changed.
    ///
    /// ```
    /// use nmes_safety::{rules, Profile};
    /// let usual = Profile::default();
    /// assert_eq!(Profile::custom("clinic", &usual).name(), "clinic");
    /// assert_eq!(Profile::custom("aami-ns4-style-tens", &usual).name(), Profile::UNNAMED);
    /// assert_eq!(usual.with_limit(&rules::E_W_1, 1_000).unwrap().name(), Profile::UNNAMED);
    /// ```
    #[must_use]
    pub fn name(&self) -> &'static str {
        let as_it_is = self.name == self.base.name && self.stated.is_empty();
        if !as_it_is && Self::NAMES.contains(&self.name) { Self::UNNAMED } else { self.name }
    }

    /// What it is, in a line.
    #[must_use]
    pub const fn about(&self) -> &'static str {
        self.base.about
    }

    /// The one use class that it is for, if there is one.
    #[must_use]
    pub const fn only_for(&self) -> Option<UseClass> {
        self.base.only_for
    }

    /// Whether it has a rule besides those of the default profile, or one that elsewhere only informs.
    pub(crate) fn adds(&self, rule: &Rule) -> bool {
        self.base.extra.iter().any(|one| ptr::eq(*one, rule))
    }

    /// The rule that stands in the place of one of the table, if there is one.
    pub(crate) fn own(&self, rule: &Rule) -> Option<&'static Rule> {
        self.base.own.iter().copied().find(|own| own.id == rule.id)
    }

    /// Whether it may be used for a use class.
    pub(crate) fn takes(&self, class: UseClass) -> bool {
        self.base.only_for.is_none_or(|only| only == class)
    }

    /// Whether a rule applies in this profile: all do but the limited-output and TENS rules of other profiles, which apply where a figure
    /// of them is stated. One that a [`Setup`](crate::Setup) states binds in every profile.
    #[must_use]
    pub fn applies(&self, rule: &Rule) -> bool {
        // only guidance is opted into
        if rule.class != Class::Guidance {
            return true;
        }
        let is_in = |extra: &[&'static Rule]| extra.iter().any(|one| ptr::eq(*one, rule));
        !(is_in(&FDA_EXTRA) || is_in(&NS4_EXTRA)) || self.adds(rule) || self.states(rule)
    }

    /// Whether it states a figure of a rule.
    pub(crate) fn states(&self, rule: &Rule) -> bool {
        self.stated.is_stated(rule)
    }

    /// What the profile states of a rule, if it does.
    pub(crate) fn stated(&self, rule: &Rule) -> Option<Limit> {
        self.stated.strictest(rule, None)
    }

    /// The limit before the device, the protocol and the subject lower it, in the use class that the profile is for.
    #[must_use]
    pub fn limit(&self, rule: &Rule) -> Limit {
        if let Some(own) = self.own(rule) {
            let own = Limit { value: own.limit, layer: Layer::Profile };
            return self.stated.strictest(rule, Some(own)).unwrap_or(own);
        }
        self.stated.strictest(rule, None).unwrap_or(Limit { value: rule.limit, layer: Layer::Rule })
    }

    /// The same without the profile's own figures, or what is made of them: where it is used for a class that it is not for.
    pub(crate) fn limit_of_table(&self, rule: &Rule) -> Limit {
        let own = Limit { value: rule.limit, layer: Layer::Rule };
        self.stated
            .strictest(rule, None)
            .filter(|stated| !rule.breaks(stated.value, rule.loosest))
            .unwrap_or(own)
    }

    /// A limit for people.
    #[must_use]
    pub fn amount(&self, rule: &Rule) -> Amount {
        rule.amount(self.limit(rule).value)
    }
}
