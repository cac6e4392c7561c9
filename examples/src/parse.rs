//! Numbers from the command line, as exact integers: no float, so that NaN, a sign or a lost digit cannot pass.

/// A decimal number with at most `decimals` places, times 10^`decimals`, within `low..=high`.
fn scaled(text: &str, decimals: usize, low: u64, high: u64, unit: &str) -> Result<u64, String> {
    let scale = 10_u64.pow(u32::try_from(decimals).map_err(|e| e.to_string())?);
    let refuse = || {
        let places =
            if decimals == 0 { "whole numbers".to_owned() } else { format!("at most {decimals} decimals") };
        format!("accepted: {} to {} {unit}, {places}", show(low, scale), show(high, scale))
    };
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > decimals || text.ends_with('.') {
        return Err(refuse());
    }
    let value = format!("{whole}{part:0<decimals$}").parse::<u64>().map_err(|_| refuse())?;
    if (low..=high).contains(&value) { Ok(value) } else { Err(refuse()) }
}

fn show(value: u64, scale: u64) -> String {
    let places = scale.ilog10() as usize;
    let text = format!("{}.{:0places$}", value / scale, value % scale);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn scaled_u32(text: &str, decimals: usize, low: u32, high: u32, unit: &str) -> Result<u32, String> {
    let value = scaled(text, decimals, u64::from(low), u64::from(high), unit)?;
    u32::try_from(value).map_err(|e| e.to_string())
}

/// Milliamperes, as microamperes: above 0, to 1,000 mA.
///
/// # Errors
/// Says what is accepted; so do all the others.
pub(crate) fn milliamps(text: &str) -> Result<u32, String> {
    scaled_u32(text, 3, 1, 1_000_000, "mA")
}

/// Milliamperes, as microamperes: 0 to 1,000 mA.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn milliamps_or_zero(text: &str) -> Result<u32, String> {
    scaled_u32(text, 3, 0, 1_000_000, "mA")
}

/// Microseconds of a phase: 1 to 10,000,000, as nmes-core takes it.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn phase_us(text: &str) -> Result<u32, String> {
    scaled_u32(text, 0, 1, 10_000_000, "µs")
}

/// Microseconds of a gap or a lateness: 0 to 10,000.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn short_us(text: &str) -> Result<u32, String> {
    scaled_u32(text, 0, 0, 10_000, "µs")
}

/// Pulses a second, as thousandths: 0.1 to 1,000.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn hertz(text: &str) -> Result<u32, String> {
    scaled_u32(text, 3, 100, 1_000_000, "Hz")
}

/// Turns a minute, as thousandths: 1 to 120.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn rpm(text: &str) -> Result<u32, String> {
    scaled_u32(text, 3, 1_000, 120_000, "turns a minute")
}

/// Microvolts, as nanovolts: 0 to 10,000.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn microvolts(text: &str) -> Result<u32, String> {
    scaled_u32(text, 3, 0, 10_000_000, "µV")
}

/// Milliseconds of a ramp, delay or extension: 0 to 10,000.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn millis(text: &str) -> Result<u32, String> {
    scaled_u32(text, 0, 0, 10_000, "ms")
}

/// Seconds of a session, as milliseconds: 0.1 s to 12 h.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn seconds(text: &str) -> Result<u32, String> {
    scaled_u32(text, 3, 100, 43_200_000, "s (12 hours)")
}

/// Square centimetres, as square millimetres: 0.1 to 1,000.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn square_cm(text: &str) -> Result<u32, String> {
    scaled_u32(text, 2, 10, 100_000, "cm²")
}

/// A share, as thousandths: 0.01 to 1.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn fraction(text: &str) -> Result<u32, String> {
    scaled_u32(text, 3, 10, 1_000, "of the electrode's area")
}

/// Ohms: 0 (a short) to 1,000,000.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn ohms(text: &str) -> Result<u32, String> {
    scaled_u32(text, 0, 0, 1_000_000, "ohm")
}

/// Volts, as millivolts: 1 to 500.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn volts(text: &str) -> Result<u32, String> {
    scaled_u32(text, 3, 1_000, 500_000, "V")
}

/// Percent, as thousandths, 0 to 50, either sign.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn percent(text: &str) -> Result<i32, String> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let value = scaled_u32(digits, 3, 0, 50_000, "% of either sign")?;
    i32::try_from(value).map(|v| sign * v).map_err(|e| e.to_string())
}

/// A moment of session time in microseconds: 0 to 12 h.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn moment_us(text: &str) -> Result<u64, String> {
    scaled(text, 0, 0, crate::gait::LONGEST_US, "µs (12 hours)")
}

/// A seed: any whole number of 64 bits.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|_| is_digits(text)).ok_or_else(|| whole_text(0, u64::MAX))
}

/// A whole number that the hardware judges: any of 32 bits.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn whole(text: &str) -> Result<u32, String> {
    text.parse().ok().filter(|_| is_digits(text)).ok_or_else(|| whole_text(0, u32::MAX))
}

/// A code of a converter, which the hardware judges: any of 32 bits.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn code(text: &str) -> Result<i32, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    text.parse().ok().filter(|_| is_digits(digits)).ok_or_else(|| whole_text(i32::MIN, i32::MAX))
}

/// Microseconds of a long phase or a wait: 0 to 1,000,000.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn long_us(text: &str) -> Result<u32, String> {
    scaled_u32(text, 0, 0, 1_000_000, "µs")
}

/// Seconds of a waveform, as milliseconds: 0.001 to 60.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn wave_seconds(text: &str) -> Result<u32, String> {
    scaled_u32(text, 3, 1, 60_000, "s")
}

/// A count or a percentage, which the session judges: any of 16 bits.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn small(text: &str) -> Result<u16, String> {
    text.parse().ok().filter(|_| is_digits(text)).ok_or_else(|| whole_text(0, u16::MAX))
}

/// A percentage, which the session judges: any of 8 bits.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn byte(text: &str) -> Result<u8, String> {
    text.parse().ok().filter(|_| is_digits(text)).ok_or_else(|| whole_text(0, u8::MAX))
}

/// Levels in thousandths, and microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Points(pub Vec<(i16, u32)>);

/// Pairs of a level and a time, which the session judges.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn points(text: &str) -> Result<Points, String> {
    let refuse = |part: &str| {
        format!("{part:?}; accepted: level:µs, as in 1000:200,0:100,-500:400, levels in thousandths")
    };
    let point = |part: &str| {
        let (level, us) = part.split_once(':').ok_or_else(|| refuse(part))?;
        let permille = i16::try_from(code(level).map_err(|_| refuse(part))?).map_err(|_| refuse(part))?;
        Ok((permille, long_us(us).map_err(|_| refuse(part))?))
    };
    text.split(',').map(point).collect::<Result<_, String>>().map(Points)
}

/// Microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intervals(pub Vec<u32>);

/// Times in milliseconds, as microseconds, which the session judges.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn intervals(text: &str) -> Result<Intervals, String> {
    let each = |part: &str| scaled_u32(part, 3, 1, 60_000_000, "ms").map_err(|e| format!("{part:?}; {e}"));
    text.split(',').map(each).collect::<Result<_, String>>().map(Intervals)
}

/// A day of the calendar.
///
/// # Errors
/// As [`milliamps`].
pub(crate) fn day(text: &str) -> Result<nmes_protocols::Date, String> {
    nmes_protocols::Date::parse(text).ok_or_else(|| "accepted: a day as in 2026-11-21".to_owned())
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn whole_text(low: impl std::fmt::Display, high: impl std::fmt::Display) -> String {
    format!("accepted: {low} to {high}, whole numbers")
}

#[cfg(test)]
mod tests {
    use super::{hertz, milliamps, percent, phase_us, seconds};

    /// REQ-APP-249.
    #[test]
    fn numbers_are_taken_exactly_or_not_at_all() {
        assert_eq!(milliamps("40"), Ok(40_000));
        assert_eq!(milliamps("0.001"), Ok(1));
        assert_eq!(milliamps("12.34"), Ok(12_340));
        assert_eq!(hertz("33.3"), Ok(33_300));
        assert_eq!(percent("-1.5"), Ok(-1_500));
        for bad in [
            "NaN", "nan", "inf", "-1", "+1", "1e3", "", ".", "1.", ".5", "0", "0.0001", "1000.001", "1,5",
            " 1",
        ] {
            assert!(milliamps(bad).unwrap_err().contains("accepted: 0.001 to 1000 mA"), "{bad:?}");
        }
        assert_eq!(phase_us("0").unwrap_err(), "accepted: 1 to 10000000 µs, whole numbers");
        assert!(hertz("0").unwrap_err().contains("0.1 to 1000 Hz"));
        assert!(seconds("99999999999999999999999999").unwrap_err().contains("43200 s (12 hours)"));
    }
}
