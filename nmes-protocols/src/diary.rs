//! What was done and how the skin took it, session by session; adherence over a time.

use crate::condition::Condition;
use crate::date::Date;
use crate::screening::{Answers, Item};
use core::fmt;
use heapless::String;
use nmes_core::{MicroAmps, Millis};
use serde::{Deserialize, Serialize};

/// One session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiaryEntry {
    /// The day.
    pub date: Date,
    /// The row, by its name.
    pub protocol: String<48>,
    /// How long it was to be.
    pub planned_ms: Millis,
    /// How long it was.
    pub delivered_ms: Millis,
    /// The highest amplitude.
    pub amplitude_ua: MicroAmps,
    /// Force reached, in percent of the maximal voluntary one, where it was measured.
    #[serde(default)]
    pub mvic_percent: Option<u8>,
    /// Pain, 0 to 10, where it was asked.
    #[serde(default)]
    pub pain: Option<u8>,
    /// The skin under the pads, looked at afterwards.
    pub skin: Skin,
    /// Something else that happened, and how bad it was.
    #[serde(default)]
    pub event: Option<AdverseEvent>,
}

/// The skin under the pads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skin {
    /// Nobody looked.
    NotChecked,
    /// As before.
    Clear,
    /// Red, and clear again within 24 h.
    RedBriefly,
    /// Red for more than 24 h.
    RedOver24h,
    /// Rash or irritation.
    Irritated,
    /// A burn or a blister.
    Burn,
}

impl Skin {
    /// A few words for tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotChecked => "not checked",
            Self::Clear => "clear",
            Self::RedBriefly => "red, gone within 24 h",
            Self::RedOver24h => "red for more than 24 h",
            Self::Irritated => "irritated",
            Self::Burn => "burn",
        }
    }

    /// Whether sessions stop until somebody has looked at it: redness over 24 h and burns (recalled), rash or irritation
    /// (PRO-S31: no restart until the skin is fully clear).
    #[must_use]
    pub const fn stops(self) -> bool {
        matches!(self, Self::RedOver24h | Self::Irritated | Self::Burn)
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdverseEvent {
    /// How bad.
    pub grade: Grade,
    /// What, in words.
    pub what: String<160>,
}

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Noticed.
    Mild,
    /// Needed something to be done.
    Moderate,
    /// Needed a physician.
    Serious,
}

impl Grade {
    /// A word for tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mild => "mild",
            Self::Moderate => "moderate",
            Self::Serious => "serious",
        }
    }
}

/// Sessions done of those that a row asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Adherence {
    /// Days from the first session to the last, both counted.
    pub days: u32,
    /// Sessions begun.
    pub sessions: u32,
    /// Sessions that the row asks for in these days; `None` where it states no number.
    pub asked: Option<u32>,
    /// Time delivered of the time planned, in percent.
    pub time_percent: u32,
}

impl Adherence {
    /// Of the sessions of one row, in order. `None` where there is none of it.
    #[must_use]
    pub fn of(row: &Condition, sessions: &[DiaryEntry]) -> Option<Self> {
        let of_row = || sessions.iter().filter(|entry| entry.protocol.as_str() == row.name);
        let (first, last) = (of_row().next()?.date, of_row().next_back()?.date);
        let days = u32::try_from(last.days_after(first)).ok()?.saturating_add(1);
        let sum = |of: fn(&DiaryEntry) -> Millis| {
            of_row().fold(0_u64, |sum, entry| sum.saturating_add(u64::from(of(entry).as_millis())))
        };
        let (planned, delivered) = (sum(|entry| entry.planned_ms), sum(|entry| entry.delivered_ms));
        let percent = delivered.saturating_mul(100).checked_div(planned).unwrap_or(0);
        Some(Self {
            days,
            sessions: u32::try_from(of_row().count()).unwrap_or(u32::MAX),
            asked: asked(row, days),
            time_percent: u32::try_from(percent).unwrap_or(u32::MAX),
        })
    }
}

/// Days a week, by sessions a day, over these days; rounded down, and at least one.
fn asked(row: &Condition, days: u32) -> Option<u32> {
    let a_week = row.dose.per_week?.default.saturating_mul(row.dose.per_day.map_or(1, |n| n.default));
    a_week.saturating_mul(days).checked_div(7).map(|n| n.max(1))
}

impl fmt::Display for Adherence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sessions in {} days", self.sessions, self.days)?;
        if let Some(asked) = self.asked {
            write!(f, ", {asked} asked for")?;
        }
        write!(f, "; {} % of the planned time", self.time_percent)
    }
}

/// The answers with what the diary says of the skin: after a session that stops, the question for a skin reaction is
/// answered with yes, whatever was answered before, and an acknowledgement of it is gone. It stays so until a later entry
/// says that the skin is clear.
#[must_use]
pub fn with_diary(answers: Answers, sessions: &[DiaryEntry]) -> Answers {
    let said = sessions.iter().rev().find(|entry| entry.skin == Skin::Clear || entry.skin.stops());
    let stops = said.is_some_and(|entry| entry.skin.stops());
    if stops { answers.no(Item::SkinReaction).yes(Item::SkinReaction) } else { answers }
}
