//! A recruitment pattern: one command, from nothing to all, as amplitude and width together.

use crate::error::{ConfigError, Field};
use crate::session::Setting;
use crate::units::{MicroAmps, Micros};

/// The most points of a [`Pattern`].
pub const MAX_PATTERN_POINTS: usize = 20;

/// The command that is full.
const FULL_PERMILLE: u16 = 1_000;

/// One point of a [`Pattern`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct PatternPoint {
    /// The command, 0 to 1,000 per mille.
    pub command_permille: u16,
    /// What is set at that command.
    pub setting: Setting,
}

/// How one command becomes an amplitude and a width: straight lines between 2 to 20 points.
///
/// A controller that knows only "more" and "less" drives both values at once, the way a person's recruitment was
/// measured. From point to point the charge (amplitude × width) does not fall. Between two points it is never below the
/// smaller of theirs, but for the rounding to whole microamperes and microseconds; where one value rises while the other
/// falls it may be above both, so a ceiling is checked for amplitude and width, not for the charge at the points.
///
/// ```
/// use nmes_core::{Pattern, PatternPoint, Setting};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let at = |command_permille, amplitude_ua, width_us| {
///     Setting::new(amplitude_ua, width_us).map(|setting| PatternPoint { command_permille, setting })
/// };
/// // width first, at threshold current; then current
/// let points = [at(0, 20_000, 0), at(400, 20_000, 300), at(1_000, 60_000, 300)].map(Option::unwrap);
/// let pattern = Pattern::new(&points)?;
/// assert_eq!(pattern.setting(200)?, Setting::new(20_000, 150).unwrap());
/// assert_eq!(pattern.setting(700)?, Setting::new(40_000, 300).unwrap());
/// assert!(pattern.setting(1_001).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Pattern<'a> {
    points: &'a [PatternPoint],
}

impl<'a> Pattern<'a> {
    /// Checks and takes the points, also in a constant.
    ///
    /// # Errors
    /// Fewer than 2 points or more than 20; a first command that is not 0, a last that is not 1,000, one that is not
    /// above the one before it; a charge below that of the point before it.
    pub const fn new(points: &'a [PatternPoint]) -> Result<Self, ConfigError> {
        let (count, source) = (length(points), "a pattern has 2 to 20 points");
        if count < 2 {
            return below(Field::PatternPoints, count, 2, source);
        }
        if points.len() > MAX_PATTERN_POINTS {
            return above(Field::PatternPoints, count, 20, source);
        }
        if let [first, ..] = points
            && first.command_permille != 0
        {
            return above(Field::PatternCommand, wide(first.command_permille), 0, "the first command is 0");
        }
        let mut rest = points;
        while let [lower, tail @ ..] = rest {
            if let Err(error) = follows(lower, tail) {
                return Err(error);
            }
            rest = tail;
        }
        Ok(Self { points })
    }

    /// The points.
    #[must_use]
    pub const fn points(&self) -> &'a [PatternPoint] {
        self.points
    }

    /// What is set at a command of 0 to 1,000 per mille, rounded to the nearest microampere and microsecond (halves
    /// up). Looks at each point at most once.
    ///
    /// # Errors
    /// A command above 1,000.
    pub fn setting(&self, command_permille: u16) -> Result<Setting, ConfigError> {
        let command = wide(command_permille);
        if command_permille > FULL_PERMILLE {
            return above(Field::PatternCommand, command, 1_000, "a command is at most 1,000 per mille");
        }
        let mut rest = self.points;
        while let [lower, tail @ ..] = rest {
            match tail.first() {
                Some(upper) if command_permille > upper.command_permille => rest = tail,
                Some(upper) => return Ok(mix(lower, upper, command_permille)),
                None => return Ok(lower.setting),
            }
        }
        Ok(Setting::ZERO) // without points, which `new` does not take
    }
}

/// Whether the point after `lower` may follow it, or `lower` may be the last.
const fn follows(lower: &PatternPoint, tail: &[PatternPoint]) -> Result<(), ConfigError> {
    let command = wide(lower.command_permille);
    let [upper, ..] = tail else {
        return match lower.command_permille {
            0..FULL_PERMILLE => below(Field::PatternCommand, command, 1_000, "the last command is 1,000"),
            FULL_PERMILLE => Ok(()),
            _ => above(Field::PatternCommand, command, 1_000, "the last command is 1,000"),
        };
    };
    if upper.command_permille <= lower.command_permille {
        let (value, limit) = (wide(upper.command_permille), command.saturating_add(1));
        return below(Field::PatternCommand, value, limit, "commands rise from point to point");
    }
    let (value, limit) = (picocoulombs(&upper.setting), picocoulombs(&lower.setting));
    if value < limit {
        return below(Field::PatternCharge, value, limit, "more command is never less charge");
    }
    Ok(())
}

/// The setting at a command between those of two points.
fn mix(lower: &PatternPoint, upper: &PatternPoint, command: u16) -> Setting {
    let span = upper.command_permille.saturating_sub(lower.command_permille);
    let above = command.saturating_sub(lower.command_permille);
    let (from, to) = (lower.setting, upper.setting);
    let amplitude = part(from.amplitude.as_microamps(), to.amplitude.as_microamps(), above, span);
    let width = part(from.width.as_micros(), to.width.as_micros(), above, span);
    // both are between two values that their units hold
    Setting {
        amplitude: MicroAmps::from_microamps(amplitude).unwrap_or(from.amplitude),
        width: Micros::from_micros(width).unwrap_or(from.width),
    }
}

/// `above / span` of the way from one value to another, to nearest. Below 10^7 × 2^16 on the way.
fn part(from: u32, to: u32, above: u16, span: u16) -> u32 {
    let left = u64::from(span.saturating_sub(above));
    let sum = u64::from(from)
        .saturating_mul(left)
        .saturating_add(u64::from(to).saturating_mul(u64::from(above)))
        .saturating_add(u64::from(span / 2));
    sum.checked_div(u64::from(span)).and_then(|value| u32::try_from(value).ok()).unwrap_or(from)
}

/// 1 µA for 1 µs is 1 pC; at most 10^13.
const fn picocoulombs(setting: &Setting) -> i64 {
    wide_u32(setting.amplitude.as_microamps()).saturating_mul(wide_u32(setting.width.as_micros()))
}

/// `i64::from`, which is not const.
const fn wide(value: u16) -> i64 {
    let [low, high] = value.to_le_bytes();
    i64::from_le_bytes([low, high, 0, 0, 0, 0, 0, 0])
}

/// `i64::from`, which is not const.
const fn wide_u32(value: u32) -> i64 {
    let [a, b, c, d] = value.to_le_bytes();
    i64::from_le_bytes([a, b, c, d, 0, 0, 0, 0])
}

/// The length of a slice for a message.
const fn length(points: &[PatternPoint]) -> i64 {
    let (mut count, mut rest) = (0_i64, points);
    while let [_, tail @ ..] = rest {
        count = count.saturating_add(1);
        rest = tail;
    }
    count
}

const fn below<T>(field: Field, value: i64, limit: i64, source: &'static str) -> Result<T, ConfigError> {
    Err(ConfigError::Below { field, value, limit, source })
}

const fn above<T>(field: Field, value: i64, limit: i64, source: &'static str) -> Result<T, ConfigError> {
    Err(ConfigError::Above { field, value, limit, source })
}
