//! Names that people type: found, or answered with the nearest.

use crate::failure::Failure;
use nmes_protocols::Condition;

pub(crate) fn find_row(name: &str) -> Result<&'static Condition, Failure> {
    nmes_protocols::find(name).ok_or_else(|| {
        let known: Vec<&str> = nmes_protocols::names().collect();
        Failure::Input(format!("protocol \"{name}\" is not known; {}", suggestion(name, &known)))
    })
}

/// As many words as are told beside the nearest.
const TOLD: usize = 20;

/// The nearest of the known words, and all of them where they are few or none is near.
pub(crate) fn suggestion(word: &str, known: &[&str]) -> String {
    let near = known.iter().map(|k| (strsim::jaro_winkler(word, k), k)).max_by(|a, b| a.0.total_cmp(&b.0));
    match near.filter(|(score, _)| *score > 0.75) {
        Some((_, near)) if known.len() > TOLD => format!("did you mean {near}?"),
        Some((_, near)) => format!("did you mean {near}? accepted: {}", known.join(", ")),
        None => format!("accepted: {}", known.join(", ")),
    }
}
