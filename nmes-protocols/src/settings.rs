//! What a built session really uses, value by value, with its origin.

use crate::provenance::{Provenance, Unit};
use crate::request::Param;
use core::fmt;

/// Where a value of a session is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Origin {
    /// From the row, or made from its values by a rule of the row.
    Row(Provenance),
    /// Measured of the person, by a rule of the row.
    Measured(Provenance),
    /// Asked for.
    Given,
}

impl Origin {
    /// The mark for tables: that of the provenance, `person` or `given`.
    #[must_use]
    pub const fn mark(&self) -> &'static str {
        match self {
            Self::Row(provenance) => provenance.mark(),
            Self::Measured(_) => "person",
            Self::Given => "given",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(provenance) => provenance.fmt(f),
            Self::Measured(rule) => write!(f, "measured of the person; the rule: {rule}"),
            Self::Given => f.write_str("given by you"),
        }
    }
}

/// One value of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Applied {
    /// What it is.
    pub name: &'static str,
    /// How much.
    pub value: u32,
    /// Of what.
    pub unit: Unit,
    /// Where from.
    pub origin: Origin,
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {} [{}]", self.name, self.value, self.unit.symbol(), self.origin.mark())
    }
}

pub(crate) const SETTINGS: usize = 32;

/// All values of a session, in the order of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    values: [Option<Applied>; SETTINGS],
}

impl Settings {
    pub(crate) const fn empty() -> Self {
        Self { values: [None; SETTINGS] }
    }

    pub(crate) fn add(&mut self, name: &'static str, value: u32, unit: Unit, origin: Origin) {
        if let Some(slot) = self.values.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(Applied { name, value, unit, origin });
        }
    }

    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = &Applied> {
        self.values.iter().flatten()
    }

    /// The same with another origin of one value: for whoever asks for it, and not by a person's wish.
    #[must_use]
    pub fn with_origin(mut self, param: Param, origin: Origin) -> Self {
        for applied in self.values.iter_mut().flatten().filter(|applied| applied.name == param.name()) {
            applied.origin = origin;
        }
        self
    }

    /// The value with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Applied> {
        self.iter().find(|applied| applied.name == name)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Settings {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
