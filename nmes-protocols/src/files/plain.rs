//! What a parser says of a file, in words of files: ranges in place of names of types, and no more of a long value than
//! shows which it is.

extern crate std;

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

/// As much of a value as is told.
const TOLD: usize = 80;

/// The beginning of a text, with a sign where there is more.
pub(super) fn cut(text: &str) -> String {
    if text.chars().count() <= TOLD {
        return text.to_string();
    }
    let mut short: String = text.chars().take(TOLD).collect();
    short.push('…');
    short
}

/// What is wrong with a field: what was given, cut; what is accepted, with the range of a number in place of its type.
pub(super) fn of_field(said: &str) -> String {
    let Some((given, expected)) = said.rsplit_once(", expected ") else { return cut(said) };
    let given = given.strip_suffix(" as i128").or(given.strip_suffix(" as u128")).unwrap_or(given);
    let (expected, place) = expected.split_once(" at line ").unwrap_or((expected, ""));
    let expected = accepted(expected).unwrap_or_else(|| expected.to_string());
    let place = if place.is_empty() { String::new() } else { format!(" at line {place}") };
    format!("{}, expected {expected}{place}", cut(given))
}

fn accepted(expected: &str) -> Option<String> {
    let (low, high) = match expected {
        "u8" => (0, i128::from(u8::MAX)),
        "u16" => (0, i128::from(u16::MAX)),
        "u32" => (0, i128::from(u32::MAX)),
        "u64" => (0, i128::from(u64::MAX)),
        "i16" => (i128::from(i16::MIN), i128::from(i16::MAX)),
        "i32" => (i128::from(i32::MIN), i128::from(i32::MAX)),
        _ if expected.starts_with("struct ") => return Some("a table of fields".to_string()),
        _ => return None,
    };
    Some(format!("a whole number from {low} to {high}"))
}

/// What is wrong with a text, line by line; a sign under a place that is not told has no use.
pub(super) fn of_syntax(said: &str) -> String {
    let points_far = |line: &&str| line.trim_end().ends_with('^') && line.chars().count() > TOLD;
    let lines: Vec<String> = said.lines().filter(|line| !points_far(line)).map(cut).collect();
    lines.join("\n")
}
