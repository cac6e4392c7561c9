//! The limits themselves: a checksum over the rules, the profile and what a plan was checked with.

use core::fmt;
use core::hint::black_box;

use crate::check::Checked;
use crate::crc32::Crc32;
use crate::profile::{Layer, Profile};
use crate::rules::{self, Bound, Effect, Rule};

/// Checksum of the rule table as the compiler saw it. [`check_rules`] compares it with the table in the device.
pub const RULES_CRC: u32 = table_crc(&rules::ALL);

/// A checksum that is not the one it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitsFault {
    /// As it was.
    pub expected: u32,
    /// As it is.
    pub found: u32,
}

impl fmt::Display for LimitsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, found } = self;
        write!(f, "the limits' checksum is {found:#010x}, not {expected:#010x}")
    }
}

impl core::error::Error for LimitsFault {}

const fn text(crc: Crc32, text: &str) -> Crc32 {
    // no text holds this byte, so that none runs into the next
    crc.update(text.as_bytes()).update(&[0xFF])
}

const fn table_crc(table: &[&Rule]) -> u32 {
    let mut crc = Crc32::new();
    let mut left = table;
    while let [rule, rest @ ..] = left {
        crc = rule_sum(crc, rule);
        left = rest;
    }
    crc.value()
}

const fn rule_sum(crc: Crc32, rule: &Rule) -> Crc32 {
    let crc = text(text(text(crc, rule.id), rule.quantity), rule.formula);
    let crc = crc.update(&rule.limit.to_le_bytes()).update(&rule.loosest.to_le_bytes());
    let warn = match rule.warn {
        Some(warn) => warn,
        None => u64::MAX,
    };
    let side = match rule.bound {
        Bound::AtMost => 0,
        Bound::AtLeast => 1,
    };
    let effect = match rule.effect {
        Effect::Deny => 0,
        Effect::Trip => 1,
        Effect::Warn => 2,
        Effect::Inform => 3,
        Effect::Bench => 4,
    };
    text(crc.update(&warn.to_le_bytes()).update(&[side, effect]), rule.source)
}

/// Compares the rule table in the device with the one that was compiled. Work: about 250 bytes a rule of
/// [`rules::ALL`], two look-ups a byte; a few milliseconds at 100 MHz (estimated, not measured).
///
/// Units, windows and loads are not in the sum; [`crate::selftest::FlashCheck`] covers them with everything else.
///
/// ```
/// use nmes_safety::selftest::{RULES_CRC, check_rules};
/// assert_eq!(check_rules(), Ok(RULES_CRC));
/// ```
///
/// # Errors
/// [`LimitsFault`].
pub fn check_rules() -> Result<u32, LimitsFault> {
    compare(RULES_CRC, table_crc(black_box(&rules::ALL).as_slice()))
}

fn compare(expected: u32, found: u32) -> Result<u32, LimitsFault> {
    if found == expected { Ok(found) } else { Err(LimitsFault { expected, found }) }
}

const fn layer_code(layer: Layer) -> u8 {
    match layer {
        Layer::Rule => 0,
        Layer::Profile => 1,
        Layer::Device => 2,
        Layer::Protocol => 3,
        Layer::Subject => 4,
    }
}

/// A checksum over the rules, over which of them a profile applies and with which numbers, and over every limit that
/// binds a checked plan.
///
/// Two devices, or one device on two days, with the same number worked with the same limits; it stands in the dose
/// record and in the delivered log.
///
/// ```
/// use nmes_safety::{Profile, rules, selftest::LimitsSum};
/// let profile = Profile::default();
/// let kept = LimitsSum::of_profile(&profile);
/// assert!(kept.verify_profile(&profile).is_ok());
/// let stricter = profile.with_limit(&rules::E_PEAK_1, 80_000).unwrap(); // µA
/// assert!(kept.verify_profile(&stricter).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitsSum(u32);

impl LimitsSum {
    /// Over the rules and a profile. Work: as [`check_rules`], and one look a rule at the profile's own numbers.
    #[must_use]
    pub fn of_profile(profile: &Profile) -> Self {
        Self(profile_sum(profile).value())
    }

    /// Over the rules, the profile and every limit of a checked plan.
    #[must_use]
    pub fn of_checked(checked: &Checked<'_>) -> Self {
        let limits = rules::ALL.iter().map(|rule| checked.limit(rule));
        let crc = limits.fold(profile_sum(checked.profile()), |crc, limit| match limit {
            Some(limit) => crc.update(&limit.value.to_le_bytes()).update(&[1, layer_code(limit.layer)]),
            None => crc.update(&[0]),
        });
        Self(crc.value())
    }

    /// The checksum.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }

    /// Whether a profile still gives this sum.
    ///
    /// # Errors
    /// [`LimitsFault`].
    pub fn verify_profile(self, profile: &Profile) -> Result<u32, LimitsFault> {
        compare(self.0, Self::of_profile(black_box(profile)).0)
    }

    /// Whether a checked plan still gives this sum.
    ///
    /// # Errors
    /// [`LimitsFault`].
    pub fn verify_checked(self, checked: &Checked<'_>) -> Result<u32, LimitsFault> {
        compare(self.0, Self::of_checked(black_box(checked)).0)
    }
}

fn profile_sum(profile: &Profile) -> Crc32 {
    let crc = text(Crc32::new(), profile.name()).update(&table_crc(&rules::ALL).to_le_bytes());
    rules::ALL.iter().fold(crc, |crc, rule| {
        let limit = profile.limit(rule);
        let binds = [profile.applies(rule), profile.adds(rule)].map(u8::from);
        crc.update(&binds).update(&[layer_code(limit.layer)]).update(&limit.value.to_le_bytes())
    })
}
