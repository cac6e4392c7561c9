//! Every limit as data: one number, once, with its unit, window, load, source and confidence.
//!
//! `N` rules are from a standard, `G` from guidance or makers' practice, `E` are this project's own. Where a figure
//! could not be read in the standard itself its [`Confidence`] says so, and it travels into every report.

use core::fmt;

mod all;
mod table;

pub use all::ALL;
pub use table::*;

/// What a number counts. Every value and every limit is a whole number of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Unit {
    /// Microamperes, peak or mean.
    MicroAmps,
    /// Microamperes r.m.s.
    MicroAmpsRms,
    /// Microamperes r.m.s. for each square centimetre.
    MicroAmpsRmsPerCm2,
    /// Microamperes of direct current for each square centimetre.
    MicroAmpsPerCm2,
    /// Microamperes each second.
    MicroAmpsPerSecond,
    /// Microwatts for each square centimetre.
    MicroWattsPerCm2,
    /// Microjoules.
    MicroJoules,
    /// Millivolts.
    MilliVolts,
    /// Ohms.
    Ohms,
    /// Picocoulombs.
    PicoCoulombs,
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
    /// Thousandths of a pulse each second.
    MilliHertz,
    /// Thousandths of what the rule compares with.
    Permille,
    /// Thousandths of a degree Celsius.
    MilliCelsius,
    /// Nanocoulombs × microcoulombs for each square centimetre: thousandths of a µC²/cm².
    NanoMicroCoulombsPerCm2,
    /// mA² × s for each cm⁴: millionths of an A²·s/cm⁴.
    MilliAmps2SecondsPerCm4,
    /// Things, counted.
    Items,
}

impl Unit {
    /// What people read, and how many of the unit make one of it.
    const fn shown(self) -> (u64, &'static str) {
        match self {
            Self::MicroAmps => (1_000, "mA"),
            Self::MicroAmpsRms => (1_000, "mA r.m.s."),
            Self::MicroAmpsRmsPerCm2 => (1_000, "mA r.m.s./cm²"),
            Self::MicroAmpsPerCm2 => (1_000, "mA/cm²"),
            Self::MicroAmpsPerSecond => (1_000, "mA/s"),
            Self::MicroWattsPerCm2 => (1_000_000, "W/cm²"),
            Self::MicroJoules => (1_000, "mJ"),
            Self::MilliVolts => (1_000, "V"),
            Self::Ohms => (1, "ohm"),
            Self::PicoCoulombs => (1_000_000, "µC"),
            Self::Micros => (1, "µs"),
            Self::Millis => (1_000, "s"),
            Self::MilliHertz => (1_000, "Hz"),
            Self::Permille => (10, "%"),
            Self::MilliCelsius => (1_000, "°C"),
            Self::NanoMicroCoulombsPerCm2 => (1_000, "µC²/cm²"),
            Self::MilliAmps2SecondsPerCm4 => (1_000_000, "A²·s/cm⁴"),
            Self::Items => (1, "items"),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown().1)
    }
}

/// A number with its unit, for people: 17 089 µA r.m.s. reads `17.089 mA r.m.s.`.
///
/// ```
/// use nmes_safety::{Amount, Unit};
/// assert_eq!(Amount { value: 65_000_000, unit: Unit::PicoCoulombs }.to_string(), "65 µC");
/// assert_eq!(Amount { value: 2_136, unit: Unit::MicroAmpsRmsPerCm2 }.to_string(), "2.136 mA r.m.s./cm²");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub value: u64,
    /// Of what.
    pub unit: Unit,
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scale, name) = self.unit.shown();
        if self.value == u64::MAX {
            return write!(f, "more than can be counted in {name}");
        }
        write!(f, "{}", self.value.checked_div(scale).unwrap_or(self.value))?;
        let mut rest = self.value.checked_rem(scale).unwrap_or(0);
        let mut digit = scale / 10;
        if rest > 0 {
            f.write_str(".")?;
        }
        while rest > 0 && digit > 0 {
            write!(f, "{}", rest.checked_div(digit).unwrap_or(0))?;
            rest = rest.checked_rem(digit).unwrap_or(0);
            digit /= 10;
        }
        write!(f, " {name}")
    }
}

/// Over what a quantity is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Window {
    /// At any instant.
    Instant,
    /// One pulse.
    Pulse,
    /// So many pulses, one after another.
    Pulses(u32),
    /// One pulse period while on, and every rolling second.
    Period,
    /// Any so many milliseconds.
    Rolling(u32),
    /// One contraction and the rest after it.
    Cycle,
    /// One ramp of the envelope.
    Ramp,
    /// One action on the set level.
    Action,
    /// The time after a start from zero.
    Start,
    /// The session.
    Session,
    /// Before arming.
    BeforeArming,
}

/// Into what load a quantity is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Load {
    /// A resistor of so many ohms.
    Ohms(u32),
    /// Nothing connected.
    Open,
    /// The electrodes and tissue there are, or what the setup states of them.
    Real,
    /// Whatever it is.
    Any,
}

impl Load {
    /// The resistor, where the rule names one.
    #[must_use]
    pub const fn ohms(self) -> Option<u32> {
        match self {
            Self::Ohms(ohms) => Some(ohms),
            Self::Open | Self::Real | Self::Any => None,
        }
    }
}

/// Who set a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Class {
    /// A standard.
    Standard,
    /// A regulator's guidance or makers' practice.
    Guidance,
    /// This project.
    Ours,
}

/// How sure we are of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Confidence {
    /// Read in a public source.
    Found,
    /// General knowledge, no copy seen; we expect it to hold.
    RecalledHigh,
    /// General knowledge, no copy seen; may be off.
    RecalledMedium,
    /// General knowledge, no copy seen; look it up before relying on it.
    RecalledLow,
    /// An engineering choice with no authority behind it.
    Ours,
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Found => "found",
            Self::RecalledHigh => "recalled, high confidence",
            Self::RecalledMedium => "recalled, medium confidence",
            Self::RecalledLow => "recalled, low confidence",
            Self::Ours => "our choice",
        })
    }
}

/// Which side of its limit a quantity has to stay on. The limit itself passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Bound {
    /// At or below.
    AtMost,
    /// At or above.
    AtLeast,
}

/// What the wrong side of a limit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Effect {
    /// The check refuses the plan.
    Deny,
    /// The guard opens the output, or refuses the action, while the session runs.
    Trip,
    /// The check says so.
    Warn,
    /// The report says so; nothing is wrong.
    Inform,
    /// A bench's figure fails: [`judge_measured`](crate::selftest::judge_measured). No check and no guard has it.
    Bench,
}

/// One limit. All of them are statics of [`crate::rules`], or of a built-in profile that has a figure of its own; there is no
/// other way to make one, and none can be copied and changed, so a limit that a row names is the limit in those tables.
///
/// ```compile_fail,E0507
/// let mut mine = nmes_safety::rules::E_PEAK_1; // not `Copy`
/// mine.limit = 1_000_000;
/// ```
///
/// ```compile_fail,E0639
/// let mine = nmes_safety::Rule { limit: 1_000_000, ..nmes_safety::rules::E_PEAK_1 };
/// ```
///
/// ```
/// use nmes_safety::rules;
/// assert_eq!(rules::by_id("N-RMS-1").map(|rule| rule.limit), Some(50_000)); // µA r.m.s.
/// ```
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Rule {
    /// Its name, as in reports.
    pub id: &'static str,
    /// What is compared.
    pub quantity: &'static str,
    /// How it is computed, in symbols: I current, t width, f pulse rate, A area, R load.
    pub formula: &'static str,
    /// Which side passes.
    pub bound: Bound,
    /// The limit, in `unit`.
    pub limit: u64,
    /// The loosest value that a profile or a protocol may state in its place; `limit` for nearly all rules.
    pub loosest: u64,
    /// For rules of the run time and of the bench, where a warning starts.
    pub warn: Option<u64>,
    /// Unit of the limits.
    pub unit: Unit,
    /// Over what the quantity is taken.
    pub window: Window,
    /// Into what load.
    pub load: Load,
    /// Who set it.
    pub class: Class,
    /// What the wrong side does.
    pub effect: Effect,
    /// How sure we are.
    pub confidence: Confidence,
    /// Where the number is from.
    pub source: &'static str,
}

impl Rule {
    pub(crate) const fn new(id: &'static str, bound: Bound, limit: u64, unit: Unit) -> Self {
        Self {
            id,
            quantity: "",
            formula: "",
            bound,
            limit,
            loosest: limit,
            warn: None,
            unit,
            window: Window::Pulse,
            load: Load::Any,
            class: Class::Ours,
            effect: Effect::Deny,
            confidence: Confidence::Ours,
            source: "",
        }
    }

    const fn at_most(id: &'static str, limit: u64, unit: Unit) -> Self {
        Self::new(id, Bound::AtMost, limit, unit)
    }

    const fn at_least(id: &'static str, limit: u64, unit: Unit) -> Self {
        Self::new(id, Bound::AtLeast, limit, unit)
    }

    const fn of(mut self, quantity: &'static str, formula: &'static str) -> Self {
        self.quantity = quantity;
        self.formula = formula;
        self
    }

    const fn over(mut self, window: Window, load: Load) -> Self {
        self.window = window;
        self.load = load;
        self
    }

    const fn cites(mut self, class: Class, confidence: Confidence, source: &'static str) -> Self {
        self.class = class;
        self.confidence = confidence;
        self.source = source;
        self
    }

    const fn ours(self, source: &'static str) -> Self {
        self.cites(Class::Ours, Confidence::Ours, source)
    }

    const fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    const fn trips(mut self, warn: Option<u64>) -> Self {
        self.effect = Effect::Trip;
        self.warn = warn;
        self
    }

    const fn up_to(mut self, loosest: u64) -> Self {
        self.loosest = loosest;
        self
    }

    const fn warns(mut self, warn: u64) -> Self {
        self.warn = Some(warn);
        self
    }

    /// The same rule with a figure of our own in place of its limit, for a built-in profile.
    pub(crate) const fn instead(&self, limit: u64, source: &'static str) -> Self {
        Self {
            id: self.id,
            quantity: self.quantity,
            formula: self.formula,
            bound: self.bound,
            limit,
            loosest: limit,
            warn: self.warn,
            unit: self.unit,
            window: self.window,
            load: self.load,
            class: Class::Ours,
            effect: self.effect,
            confidence: Confidence::Ours,
            source,
        }
    }

    /// Whether `value` is on the wrong side of `limit`, by the side this rule bounds.
    #[must_use]
    pub const fn breaks(&self, value: u64, limit: u64) -> bool {
        match self.bound {
            Bound::AtMost => value > limit,
            Bound::AtLeast => value < limit,
        }
    }

    /// The stricter of two limits.
    #[must_use]
    pub const fn stricter(&self, one: u64, other: u64) -> u64 {
        if self.breaks(one, other) { other } else { one }
    }

    /// A value of this rule's quantity, for people.
    #[must_use]
    pub const fn amount(&self, value: u64) -> Amount {
        Amount { value, unit: self.unit }
    }
}

/// A rule by its name.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}
