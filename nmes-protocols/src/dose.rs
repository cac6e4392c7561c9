//! How often, how long, and what changes from week to week.

use crate::condition::Condition;
use crate::provenance::{Provenance, Ranged, Sourced, Thousandths};
use crate::request::Request;
use core::fmt;
use nmes_core::{Micros, Millis};

/// How often and how long. A number that no source gives is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Dose {
    /// Contractions in one session.
    pub contractions: Option<Ranged>,
    /// Sessions in a day.
    pub per_day: Option<Ranged>,
    /// Days with sessions in a week.
    pub per_week: Option<Ranged>,
    /// Weeks.
    pub weeks: Option<Ranged>,
    /// The least contractions in a week that a source found an effect with.
    pub least_per_week: Option<Sourced<u32>>,
    /// What else is said of it.
    pub text: &'static [Sourced<&'static str>],
}

impl Dose {
    /// Nothing is known.
    pub const NONE: Self = Self {
        contractions: None,
        per_day: None,
        per_week: None,
        weeks: None,
        least_per_week: None,
        text: &[],
    };

    /// Every ranged number with its name.
    pub fn ranges(&self) -> impl Iterator<Item = (&'static str, Ranged)> {
        let all = [
            ("contractions", self.contractions),
            ("sessions a day", self.per_day),
            ("days a week", self.per_week),
            ("weeks", self.weeks),
        ];
        all.into_iter().filter_map(|(name, range)| range.map(|range| (name, range)))
    }
}

/// A change from one week on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Progress {
    /// The first week that it holds for, counted from 1; 0 where it follows what is seen and not the calendar.
    pub from_week: u8,
    /// What changes.
    pub change: Change,
    /// Where that is from.
    pub provenance: Provenance,
}

/// What changes. A number lies in the row's range for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Change {
    /// ON and OFF, in milliseconds.
    OnOff(u32, u32),
    /// Length of a session, in milliseconds.
    Session(u32),
    /// Width of the primary phase, in microseconds.
    Width(u32),
    /// Something without a number of the row.
    Text(&'static str),
}

impl Condition {
    /// What is asked for, with what the row's progression changes by this week (counted from 1) where nothing else is asked
    /// for. Of several steps of one kind the latest holds. Changes that follow what is seen, and those in words, amplitudes
    /// among them, are for a person to make: [`Condition::progression`] has them.
    ///
    /// ```
    /// use nmes_protocols::{Request, find};
    /// let powell = find("stroke-wrist-powell").unwrap();
    /// let off = |week| powell.in_week(week, &Request::default()).off.map(|ms| ms.as_millis());
    /// assert_eq!((off(1), off(2), off(3), off(9)), (Some(20_000), Some(15_000), Some(10_000), Some(5_000)));
    /// ```
    #[must_use]
    pub fn in_week(&self, week: u8, request: &Request) -> Request {
        let mut by_week = Request::default();
        for step in self.progression.iter().filter(|step| step.from_week > 0 && step.from_week <= week) {
            match step.change {
                Change::OnOff(on, off) => {
                    (by_week.on, by_week.off) = (Millis::from_millis(on), Millis::from_millis(off));
                }
                Change::Session(ms) => by_week.length = Millis::from_millis(ms),
                Change::Width(us) => by_week.width = Micros::from_micros(us),
                Change::Text(_) => {}
            }
        }
        Request {
            on: request.on.or(by_week.on),
            off: request.off.or(by_week.off),
            length: request.length.or(by_week.length),
            width: request.width.or(by_week.width),
            ..*request
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnOff(on, off) => write!(f, "{} s on, {} s off", Thousandths(*on), Thousandths(*off)),
            Self::Session(ms) => write!(f, "sessions of {} min", ms / 60_000),
            Self::Width(us) if *us >= 1_000 => write!(f, "{} ms a phase", Thousandths(*us)),
            Self::Width(us) => write!(f, "{us} µs a phase"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from_week > 0 {
            write!(f, "week {}: ", self.from_week)?;
        }
        self.change.fmt(f)
    }
}
