//! Where a number comes from, and, apart from that, what the evidence says.

use core::fmt;

/// A document or a body of literature that a value is taken from. The tag is the one in `docs/sources.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Source {
    /// The short tag, as in `PRO-S29`.
    pub tag: &'static str,
    /// What the document is, with the pages where they are known.
    pub title: &'static str,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.title, self.tag)
    }
}

/// How sure the memory of a value is that was not looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Confidence {
    /// Well known and repeated in the literature.
    High,
    /// Likely right; look it up before relying on it.
    Medium,
    /// A guess at what the literature says.
    Low,
}

/// Where a value comes from. It says nothing about whether the value works: that is [`Evidence`].
///
/// ```
/// use nmes_protocols::{Confidence, Provenance, Source};
/// let manual = Source { tag: "PRO-S29", title: "ODFS Pace manual" };
/// assert_eq!(Provenance::Found { source: manual }.mark(), "F");
/// let recalled = Provenance::Recalled { confidence: Confidence::Medium, source: manual };
/// assert_eq!(recalled.mark(), "R-m");
/// assert!(!recalled.is_published(), "a recalled value is never shown as published");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Provenance {
    /// Read in the source.
    Found {
        /// Where it was read.
        source: Source,
    },
    /// Recalled from the source named, which was not at hand.
    Recalled {
        /// How sure the memory is.
        confidence: Confidence,
        /// Where it should be looked up.
        source: Source,
    },
    /// Our own design choice or arithmetic, from no paper.
    Ours {
        /// Why this value.
        reason: &'static str,
    },
}

impl Provenance {
    /// The mark for tables: `F` found, `R-h`, `R-m`, `R-l` recalled with high, medium, low confidence, `ours`.
    #[must_use]
    pub const fn mark(&self) -> &'static str {
        match self {
            Self::Found { .. } => "F",
            Self::Recalled { confidence: Confidence::High, .. } => "R-h",
            Self::Recalled { confidence: Confidence::Medium, .. } => "R-m",
            Self::Recalled { confidence: Confidence::Low, .. } => "R-l",
            Self::Ours { .. } => "ours",
        }
    }

    /// Whether the value was read in a source; only such a value may be shown as published.
    #[must_use]
    pub const fn is_published(&self) -> bool {
        matches!(self, Self::Found { .. })
    }

    /// The source, if there is one.
    #[must_use]
    pub const fn source(&self) -> Option<Source> {
        match self {
            Self::Found { source } | Self::Recalled { source, .. } => Some(*source),
            Self::Ours { .. } => None,
        }
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found { source } => write!(f, "found: {source}"),
            Self::Recalled { confidence, source } => {
                let sure = match confidence {
                    Confidence::High => "high",
                    Confidence::Medium => "medium",
                    Confidence::Low => "low",
                };
                write!(f, "recalled, {sure} confidence: {source}")
            }
            Self::Ours { reason } => write!(f, "our choice: {reason}"),
        }
    }
}

/// What the literature says about a claim. It says nothing about where a setting's number is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Evidence {
    /// Studies show an effect.
    Positive,
    /// Some studies do, some do not, or it depends on the person.
    Mixed,
    /// Nothing was found either way.
    None,
    /// Studies show no effect, or harm.
    Negative,
}

impl Evidence {
    /// One word for tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Mixed => "mixed",
            Self::None => "none",
            Self::Negative => "negative",
        }
    }
}

/// A value together with where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub provenance: Provenance,
}

impl<T> Sourced<T> {
    /// Puts the two together.
    #[must_use]
    pub const fn new(value: T, provenance: Provenance) -> Self {
        Self { value, provenance }
    }
}

/// A number with the range it may be moved in. The range and the default often have different origins: a default
/// picked inside a published range is our choice and says so.
///
/// ```
/// let width = nmes_protocols::FOOT_DROP.phase_width;
/// assert!(width.min < width.default && width.default < width.max);
/// assert_eq!((width.default, width.unit.symbol()), (300, "µs"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Ranged {
    /// The least that is taken.
    pub min: u32,
    /// What is used when nothing else is asked for.
    pub default: u32,
    /// The most that is taken.
    pub max: u32,
    /// The unit of the three.
    pub unit: Unit,
    /// Where `min` and `max` come from.
    pub range: Provenance,
    /// Where `default` comes from.
    pub chosen: Provenance,
}

impl Ranged {
    /// Whether a value lies in the range, both ends included.
    #[must_use]
    pub const fn holds(&self, value: u32) -> bool {
        value >= self.min && value <= self.max
    }

    /// Whether the default lies in the range.
    #[must_use]
    pub const fn is_ordered(&self) -> bool {
        self.holds(self.default)
    }
}

/// The unit of a number in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Unit {
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
    /// Microamperes.
    MicroAmps,
    /// Thousandths of a pulse a second.
    MilliHertz,
    /// Square millimetres.
    SquareMillimetres,
    /// Millimetres.
    Millimetres,
    /// Percent.
    Percent,
    /// A plain count.
    Count,
}

impl Unit {
    /// The symbol that stands behind the number.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Micros => "µs",
            Self::Millis => "ms",
            Self::MicroAmps => "µA",
            Self::MilliHertz => "mHz",
            Self::SquareMillimetres => "mm²",
            Self::Millimetres => "mm",
            Self::Percent => "%",
            Self::Count => "",
        }
    }
}

/// A number of thousandths as a decimal number, without zeros at its end.
pub(crate) struct Thousandths(pub(crate) u32);

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 1_000, self.0 % 1_000);
        match (part % 10, part % 100, part) {
            (_, _, 0) => write!(f, "{whole}"),
            (_, 0, _) => write!(f, "{whole}.{}", part / 100),
            (0, _, _) => write!(f, "{whole}.{:02}", part / 10),
            _ => write!(f, "{whole}.{part:03}"),
        }
    }
}
