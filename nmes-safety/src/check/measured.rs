//! A value as it is compared with a limit: a fraction that nobody divides until it is shown.

use nmes_core::wide::product;

use crate::metrics::{Ratio, narrow, root_up};
use crate::rules::{Bound, Rule};

/// A value in a rule's unit, or the square of one: roots are only taken to show a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    ratio: Ratio,
    is_square: bool,
}

impl Measured {
    pub(super) const fn plain(ratio: Ratio) -> Self {
        Self { ratio, is_square: false }
    }

    pub(super) const fn square(ratio: Ratio) -> Self {
        Self { ratio, is_square: true }
    }

    pub(super) fn whole(value: u64) -> Self {
        Self::plain(Ratio::whole(value))
    }

    pub(super) fn breaks(self, rule: &Rule, limit: u64) -> bool {
        match rule.bound {
            Bound::AtMost if self.is_square => self.ratio.is_above(product(limit, limit)),
            Bound::AtMost => self.ratio.is_above(u128::from(limit)),
            Bound::AtLeast => rule.breaks(self.shown(), limit),
        }
    }

    /// Whether it is the worse of two values of a rule, of which either both are squares or none is.
    pub(super) fn is_worse(&self, other: &Self, rule: &Rule) -> bool {
        match rule.bound {
            Bound::AtMost => self.ratio.exceeds(&other.ratio),
            Bound::AtLeast => other.ratio.exceeds(&self.ratio),
        }
    }

    pub(super) fn shown(self) -> u64 {
        let value = self.ratio.up();
        narrow(if self.is_square { root_up(value) } else { value })
    }
}
