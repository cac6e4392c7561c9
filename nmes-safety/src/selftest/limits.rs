//! The limits themselves: a checksum over the rules, the profile and the limits that a plan was checked with. Its hardware and the rest of
//! the plan have [`nmes_core::ChannelPlan::word`], which the guard looks at.

use core::fmt;
use core::hint::black_box;

use crate::checked::Checked;
use crate::crc32::Crc32;
use crate::profile::{Layer, Profile};
use crate::rules::{self, Bound, Class, Confidence, Effect, Load, Rule, Unit, Window};

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

/// Every field, by its name, so that one more has to be put in here.
const fn rule_sum(crc: Crc32, rule: &Rule) -> Crc32 {
    let Rule {
        id,
        quantity,
        formula,
        bound,
        limit,
        loosest,
        warn,
        unit,
        window,
        load,
        class,
        effect,
        confidence,
        source,
    } = rule;
    let crc = text(text(text(text(crc, id), quantity), formula), source);
    let crc = crc.update(&limit.to_le_bytes()).update(&loosest.to_le_bytes());
    let warn = match warn {
        Some(warn) => *warn,
        None => u64::MAX,
    };
    let crc = crc.update(&warn.to_le_bytes());
    let crc = crc.update(&[bound_code(*bound), effect_code(*effect), unit_code(*unit)]);
    let crc = coded(coded(crc, window_code(*window)), load_code(*load));
    crc.update(&[class_code(*class), confidence_code(*confidence)])
}

/// Which of its kind, and the number that it holds.
const fn coded(crc: Crc32, (code, number): (u8, u32)) -> Crc32 {
    crc.update(&[code]).update(&number.to_le_bytes())
}

const fn bound_code(bound: Bound) -> u8 {
    match bound {
        Bound::AtMost => 0,
        Bound::AtLeast => 1,
    }
}

const fn effect_code(effect: Effect) -> u8 {
    match effect {
        Effect::Deny => 0,
        Effect::Trip => 1,
        Effect::Warn => 2,
        Effect::Inform => 3,
        Effect::Bench => 4,
    }
}

const fn unit_code(unit: Unit) -> u8 {
    match unit {
        Unit::MicroAmps => 0,
        Unit::MicroAmpsRms => 1,
        Unit::MicroAmpsRmsPerCm2 => 2,
        Unit::MicroAmpsPerCm2 => 3,
        Unit::MicroAmpsPerSecond => 4,
        Unit::MicroWattsPerCm2 => 5,
        Unit::MicroJoules => 6,
        Unit::MilliVolts => 7,
        Unit::Ohms => 8,
        Unit::PicoCoulombs => 9,
        Unit::Micros => 10,
        Unit::Millis => 11,
        Unit::MilliHertz => 12,
        Unit::Permille => 13,
        Unit::MilliCelsius => 14,
        Unit::NanoMicroCoulombsPerCm2 => 15,
        Unit::MilliAmps2SecondsPerCm4 => 16,
        Unit::Items => 17,
    }
}

const fn window_code(window: Window) -> (u8, u32) {
    match window {
        Window::Instant => (0, 0),
        Window::Pulse => (1, 0),
        Window::Pulses(count) => (2, count),
        Window::Period => (3, 0),
        Window::Rolling(ms) => (4, ms),
        Window::Cycle => (5, 0),
        Window::Ramp => (6, 0),
        Window::Action => (7, 0),
        Window::Start => (8, 0),
        Window::Session => (9, 0),
        Window::BeforeArming => (10, 0),
    }
}

const fn load_code(load: Load) -> (u8, u32) {
    match load {
        Load::Ohms(ohms) => (0, ohms),
        Load::Open => (1, 0),
        Load::Real => (2, 0),
        Load::Any => (3, 0),
    }
}

const fn class_code(class: Class) -> u8 {
    match class {
        Class::Standard => 0,
        Class::Guidance => 1,
        Class::Ours => 2,
    }
}

const fn confidence_code(confidence: Confidence) -> u8 {
    match confidence {
        Confidence::Found => 0,
        Confidence::RecalledHigh => 1,
        Confidence::RecalledMedium => 2,
        Confidence::RecalledLow => 3,
        Confidence::Ours => 4,
    }
}

/// Compares the rule table in the device with the one that was compiled. Work: about 270 bytes a rule of
/// [`rules::ALL`], two look-ups a byte; a few milliseconds at 100 MHz (estimated, not measured).
///
/// Every field of a rule is in the sum, its window too, by which the guard counts pulses.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(rule: &Rule, change: impl FnOnce(&mut Rule)) -> u32 {
        let &Rule {
            id,
            quantity,
            formula,
            bound,
            limit,
            loosest,
            warn,
            unit,
            window,
            load,
            class,
            effect,
            confidence,
            source,
        } = rule;
        let limits = Rule { bound, limit, loosest, warn, ..Rule::new(id, bound, limit, unit) };
        let mut own = Rule { quantity, formula, window, load, class, effect, confidence, source, ..limits };
        change(&mut own);
        rule_sum(Crc32::new(), &own).value()
    }

    /// REQ-SAF-633: each field of a rule is in the sum: the number of pulses of E-DEL-1 that the guard counts, too.
    #[test]
    fn each_field_is_in_the_sum() {
        let rule = &rules::E_DEL_1;
        assert!(matches!(rule.window, Window::Pulses(_)));
        let mut sums = [
            rule_sum(Crc32::new(), rule).value(),
            changed(rule, |own| own.id = "E-DEL-2"),
            changed(rule, |own| own.quantity = "x"),
            changed(rule, |own| own.formula = "x"),
            changed(rule, |own| own.bound = Bound::AtMost),
            changed(rule, |own| own.limit ^= 1),
            changed(rule, |own| own.loosest ^= 1),
            changed(rule, |own| own.warn = Some(1)),
            changed(rule, |own| own.unit = Unit::Items),
            changed(rule, |own| own.window = Window::Pulses(4)),
            changed(rule, |own| own.window = Window::Rolling(3)),
            changed(rule, |own| own.load = Load::Ohms(1)),
            changed(rule, |own| own.load = Load::Open),
            changed(rule, |own| own.class = Class::Standard),
            changed(rule, |own| own.effect = Effect::Inform),
            changed(rule, |own| own.confidence = Confidence::Found),
            changed(rule, |own| own.source = "x"),
        ];
        assert_eq!(changed(rule, |_| ()), rule_sum(Crc32::new(), rule).value());
        sums.sort_unstable();
        assert!(sums.windows(2).all(|pair| pair.first() != pair.last()), "{sums:?}");
    }
}
