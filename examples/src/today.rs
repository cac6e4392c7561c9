//! The day that it is.

use crate::failure::Failure;
use nmes_protocols::Date;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds of a day.
const DAY_S: u64 = 86_400;

/// Today, in UTC.
///
/// # Errors
/// The computer's clock stands before 1970 or after 2199.
pub(crate) fn today() -> Result<Date, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    since.and_then(|since| day(since.as_secs() / DAY_S)).ok_or_else(|| {
        Failure::Input("--date: the computer's clock says no day from 1970 to 2199; give one".to_owned())
    })
}

/// So many days after 1 January 1970, in the calendar of Gregory: whole spans of 400 years, then 100, 4 and 1 from a
/// 1 March, so that a leap day is the last of its span.
fn day(since_1970: u64) -> Option<Date> {
    // 1 March of the year 0 is 719,468 days before
    let days = since_1970.checked_add(719_468)?;
    let (era, in_era) = (days / 146_097, days % 146_097);
    let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    // months from March have 31 and 30 days in turn, with a period of five of them: 153 days
    let month = (5 * in_year + 2) / 153;
    let in_month = in_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    Date::new(
        u16::try_from(era * 400 + year + next).ok()?,
        u8::try_from(month).ok()?,
        u8::try_from(in_month).ok()?,
    )
}

#[cfg(test)]
mod tests {
    use super::{day, today};
    use nmes_protocols::Date;

    /// REQ-APP-233: every day from 1970 to 2199 is the one that the calendar of nmes-protocols counts, one after the other.
    #[test]
    fn days_are_those_of_the_calendar() {
        let Some(first) = Date::parse("1970-01-01") else { return assert_eq!("1970-01-01", "a day") };
        let last = Date::parse("2199-12-31").map_or(0, |last| last.days_after(first));
        for since in 0..=last {
            let found = day(u64::try_from(since).unwrap_or(u64::MAX)).map(|found| found.days_after(first));
            assert_eq!(found, Some(since));
        }
        assert_eq!(day(u64::try_from(last).unwrap_or(0) + 1), None);
        assert_eq!(day(u64::MAX), None);
        assert_eq!(day(20_778).map(|found| found.to_string()).as_deref(), Some("2026-11-21"));
        assert!(today().is_ok_and(|today| today.days_after(first) > 20_000));
    }
}
