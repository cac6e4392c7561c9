//! What the tests of files share: rows that can be built, and whom for.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests: a panic fails the test")]

use nmes_protocols::files::Syntax;
use nmes_protocols::{Availability, CATALOGUE, Condition, Innervation, Request, Side, Subject};

pub const BOTH: [Syntax; 2] = [Syntax::Toml, Syntax::Json];

pub fn person(row: &Condition) -> Subject {
    let fits = [Innervation::Intact, Innervation::PartiallyDenervated, Innervation::Denervated];
    Subject::new(fits.into_iter().find(|i| row.needs.accepts(*i)).unwrap(), Side::Left)
}

pub fn specialist() -> Request {
    Request { specialist: true, ..Request::default() }
}

pub fn enabled() -> impl Iterator<Item = &'static Condition> {
    CATALOGUE.iter().copied().filter(|row| row.availability == Availability::Enabled)
}
