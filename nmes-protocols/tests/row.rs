//! The data of the catalogue, held against itself.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

use nmes_protocols::sources::ALL;
use nmes_protocols::{
    CATALOGUE, Condition, Confidence, Evidence, FOOT_DROP, FOOT_DROP_STEP, Provenance, find, names,
};

fn provenances(row: &Condition) -> Vec<(&'static str, Provenance)> {
    let mut all = Vec::new();
    row.visit(&mut |name, value| all.extend(value.provenances().map(|p| (name, p))));
    all
}

/// REQ-PRO-001: every value says where it is from: a source of the list with a title, or a reason of our own.
#[test]
fn every_value_has_an_origin() {
    for row in CATALOGUE {
        for (name, provenance) in provenances(row) {
            match provenance {
                Provenance::Found { source } | Provenance::Recalled { source, .. } => {
                    assert!(ALL.contains(&source) && !source.title.is_empty(), "{name}: {source}");
                }
                Provenance::Ours { reason } => {
                    assert!(reason.len() > 20, "{name}: a reason, not a word: {reason}")
                }
            }
        }
    }
}

/// REQ-PRO-001: what was only recalled or is ours is never marked as found; nothing tagged as recalled literature is.
#[test]
fn recalled_is_not_published() {
    for row in CATALOGUE {
        for (name, provenance) in provenances(row) {
            let literature = provenance.source().is_some_and(|s| s.tag.starts_with("LIT"));
            assert!(!(literature && provenance.is_published()), "{name}: {provenance}");
            assert_eq!(provenance.is_published(), provenance.mark() == "F", "{name}");
        }
    }
    // the numbers of the sources that were not at hand
    let not_found = [FOOT_DROP.rate.chosen, FOOT_DROP.phase_width.range, FOOT_DROP.amplitude.range];
    assert!(not_found.iter().all(|p| p.mark() == "R-m"));
    let chosen = [FOOT_DROP.amplitude.chosen, FOOT_DROP.phase_width.chosen, FOOT_DROP_STEP.extension.chosen];
    assert!(chosen.iter().all(|p| p.mark() == "ours"), "a pick inside a range is ours");
}

/// REQ-PRO-001: marks and texts of every kind of provenance.
#[test]
fn marks() {
    let source = ALL[0];
    let recalled = |confidence| Provenance::Recalled { confidence, source };
    let all = [
        (Provenance::Found { source }, "F", "found"),
        (recalled(Confidence::High), "R-h", "recalled, high"),
        (recalled(Confidence::Medium), "R-m", "recalled, medium"),
        (recalled(Confidence::Low), "R-l", "recalled, low"),
        (Provenance::Ours { reason: "so" }, "ours", "our choice: so"),
    ];
    for (provenance, mark, text) in all {
        assert_eq!(provenance.mark(), mark);
        assert!(provenance.to_string().starts_with(text), "{provenance}");
    }
    assert!(
        ALL.iter().enumerate().all(|(i, s)| ALL.iter().skip(i + 1).all(|t| t.tag != s.tag)),
        "tags are unique"
    );
}

/// REQ-PRO-025: rows cite something and promise nothing.
#[test]
fn no_cure_is_claimed() {
    let softened = [
        "cure",
        "heals",
        "healing",
        "no discomfort",
        "painless",
        "guarantee",
        "restores",
        "repairs a",
        "safe for",
        "proven",
        "improves damaged",
        "flush",
        "compliant",
        "certified",
    ];
    for row in CATALOGUE {
        assert!(
            row.citations().count() > 0 && !row.evidence.is_empty() && !row.stop_rules.is_empty(),
            "{}",
            row.name
        );
        let mut texts = vec![row.title.to_owned(), row.summary.to_owned(), row.headline.claim.to_owned()];
        texts.extend(row.evidence.iter().map(|f| f.claim.to_owned()));
        let said = [row.dose.text, row.stop_rules, row.notes, row.reported].concat();
        texts.extend(said.iter().map(|s| s.value.to_owned()));
        texts.extend(row.progression.iter().map(ToString::to_string));
        for text in texts {
            let lower = text.to_lowercase();
            assert!(softened.iter().all(|word| !lower.contains(word)), "{}: {text}", row.name);
        }
    }
    assert!(FOOT_DROP.notes.iter().any(|n| n.value.contains("does not repair a nerve")));
    assert!(
        FOOT_DROP.evidence.iter().any(|f| f.evidence == Evidence::Negative),
        "what did not work is told as well"
    );
}

/// REQ-PRO-002: names are unique, lower case with hyphens, and found exactly.
#[test]
fn names_are_found() {
    for name in names() {
        assert_eq!(find(name).map(|row| row.name), Some(name));
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
        assert_eq!(names().filter(|n| *n == name).count(), 1);
    }
    assert!(find("foot_drop").is_none() && find("").is_none());
}
