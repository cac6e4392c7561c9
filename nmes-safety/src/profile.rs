//! Which rules apply and with which numbers: profiles, and the layers that may lower them.

use core::{fmt, ptr};

use crate::rules::{self, Amount, Bound, Rule};

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stated {
    items: [Option<(&'static Rule, Limit)>; MAX_STATED],
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Limit { value } not { layer });

#[cfg(feature = "fault-injection")]
impl nmes_core::flip::Flip for Stated {
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
nmes_core::flip_fields!(Profile { stated } not { name, about, extra });

impl Stated {
    pub(crate) fn state(&mut self, layer: Layer, rule: &'static Rule, value: u64) -> Result<(), LimitError> {
        if rule.breaks(value, rule.loosest) {
            return Err(LimitError::Looser { rule, value });
        }
        let free = self.items.iter_mut().find(|item| item.is_none()).ok_or(LimitError::Full { rule })?;
        *free = Some((rule, Limit { value, layer }));
        Ok(())
    }

    /// The strictest of what is stated of a rule, and of a limit besides.
    pub(crate) fn strictest(&self, rule: &Rule, mut limit: Option<Limit>) -> Option<Limit> {
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
    about: &'static str,
    extra: &'static [&'static Rule],
    stated: Stated,
}

impl Default for Profile {
    /// `iec-60601-2-10-style`.
    fn default() -> Self {
        Self::of(Self::NAMES[0], IEC_ABOUT, &[])
    }
}

const IEC_ABOUT: &str = "output limits in the style of IEC 60601-2-10, with the rules of this project";
const FDA_ABOUT: &str = "adds the limited-output figures of the FDA drafts of 2010, recalled and unverified";
const NS4_ABOUT: &str = "adds the charge limit of ANSI/AAMI NS4 for TENS, recalled with low confidence";

static FDA_EXTRA: [&Rule; 4] = [&rules::G_LO_Q, &rules::G_LO_I, &rules::G_LO_T, &rules::G_LO_J];
static NS4_EXTRA: [&Rule; 1] = [&rules::G_NS4_Q];

impl Profile {
    /// The names that [`Profile::named`] knows.
    pub const NAMES: [&'static str; 3] =
        ["iec-60601-2-10-style", "fda-limited-output-draft", "aami-ns4-style-tens"];

    const fn of(name: &'static str, about: &'static str, extra: &'static [&'static Rule]) -> Self {
        Self { name, about, extra, stated: Stated { items: [None; MAX_STATED] } }
    }

    /// A built-in profile; `None` for a name that is not in [`Profile::NAMES`].
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let [iec, fda, ns4] = Self::NAMES;
        let all = [
            Self::of(iec, IEC_ABOUT, &[]),
            Self::of(fda, FDA_ABOUT, &FDA_EXTRA),
            Self::of(ns4, NS4_ABOUT, &NS4_EXTRA),
        ];
        all.into_iter().find(|profile| profile.name == name)
    }

    /// A profile of one's own: the rules and numbers of `base`, to be changed by [`Profile::with_limit`].
    #[must_use]
    pub const fn custom(name: &'static str, base: &Self) -> Self {
        Self { name, ..*base }
    }

    /// The same with a number in place of the rule's own, in the rule's unit. A rule stated again keeps the
    /// stricter number.
    ///
    /// # Errors
    /// Looser than [`Rule::loosest`]; more than [`MAX_STATED`] numbers.
    pub fn with_limit(mut self, rule: &'static Rule, value: u64) -> Result<Self, LimitError> {
        self.stated.state(Layer::Profile, rule, value)?;
        Ok(self)
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it is, in a line.
    #[must_use]
    pub const fn about(&self) -> &'static str {
        self.about
    }

    /// Whether a rule applies in this profile: all do but the limited-output and TENS rules of other profiles.
    #[must_use]
    pub fn applies(&self, rule: &Rule) -> bool {
        let is_in = |extra: &[&'static Rule]| extra.iter().any(|one| ptr::eq(*one, rule));
        !(is_in(&FDA_EXTRA) || is_in(&NS4_EXTRA)) || is_in(self.extra)
    }

    /// The limit before the device, the protocol and the subject lower it.
    #[must_use]
    pub fn limit(&self, rule: &Rule) -> Limit {
        let own = Limit { value: rule.limit, layer: Layer::Rule };
        self.stated.strictest(rule, None).unwrap_or(own)
    }

    /// A limit for people.
    #[must_use]
    pub fn amount(&self, rule: &Rule) -> Amount {
        rule.amount(self.limit(rule).value)
    }
}
