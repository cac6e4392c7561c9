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
    CATALOGUE, Condition, Confidence, Evidence, FOOT_DROP, Innervation, Provenance, find, names,
};

/// REQ-PRO-002: least <= default <= most for every number of every row.
#[test]
fn ranges_are_ordered() {
    for row in CATALOGUE {
        for (name, range) in row.ranges() {
            assert!(range.is_ordered() && range.min < range.max, "{} {name}: {range:?}", row.name);
        }
        let (low, high) = row.typical_amplitude_ua.value;
        assert!(row.amplitude.holds(low) && row.amplitude.holds(high) && low < high);
        assert!(row.step.hold_max.default <= row.step.hold_cap.default);
    }
}

/// REQ-PRO-002: the longest pulse at the highest rate fits its period, both balances; a nerve row has phases of at most 1 ms.
#[test]
fn pulses_fit() {
    for row in CATALOGUE {
        for balance in [row.waveform.balance.value, row.waveform.option.value] {
            let phases = row.phase_width.max * (100 + u32::from(balance.length_percent())) / 100;
            let period_us = 1_000_000_000 / row.rate.max;
            assert!(phases + row.gap.max < period_us, "{}: {phases} µs in {period_us} µs", row.name);
        }
        assert!(row.phase_width.max <= 1_000 || !row.needs.accepts(Innervation::Intact));
    }
}

fn provenances(row: &Condition) -> Vec<(&'static str, Provenance)> {
    let mut all: Vec<_> = row.ranges().iter().flat_map(|(n, r)| [(*n, r.range), (*n, r.chosen)]).collect();
    all.extend(row.evidence.iter().map(|f| (f.claim, f.provenance)));
    all.extend([row.dose, row.stop_rules, row.notes].concat().iter().map(|s| (s.value, s.provenance)));
    all.extend([
        ("use class", row.use_class.provenance),
        ("balance", row.waveform.balance.provenance),
        ("other balance", row.waveform.option.provenance),
        ("leading", row.waveform.leading.provenance),
        ("width convention", row.waveform.width_convention.provenance),
        ("typical amplitude", row.typical_amplitude_ua.provenance),
        ("amplitude rule", row.amplitude_rule.provenance),
        ("ceiling", row.ceiling.provenance),
        ("ramp floor", row.ramp_floor.provenance),
        ("trigger", row.step.trigger.provenance),
        ("gate max on", row.gate.max_on.provenance),
        ("gate min off", row.gate.min_off_ms.provenance),
        ("gate triggers", row.gate.max_triggers_per_minute.provenance),
        ("active pad", row.electrodes.active.provenance),
        ("pad diameter", row.electrodes.min_diameter_mm.provenance),
        ("channels", row.channels.provenance),
    ]);
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
    let chosen = [FOOT_DROP.amplitude.chosen, FOOT_DROP.phase_width.chosen, FOOT_DROP.step.extension.chosen];
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

/// REQ-PRO-025: rows cite something, screen for something, and promise nothing.
#[test]
fn no_cure_is_claimed() {
    let softened = [
        "cure",
        "heal",
        "no discomfort",
        "painless",
        "guarantee",
        "restores",
        "repairs",
        "safe for",
        "proven",
        "improves damaged",
        "compliant",
    ];
    for row in CATALOGUE {
        assert!(row.citations().count() > 0 && !row.specific_items.is_empty() && !row.stop_rules.is_empty());
        let mut texts = vec![row.title, row.summary];
        texts.extend(row.evidence.iter().map(|f| f.claim));
        texts.extend([row.dose, row.stop_rules, row.notes].concat().iter().map(|s| s.value));
        for text in texts {
            let lower = text.to_lowercase();
            assert!(softened.iter().all(|word| !lower.contains(word)), "{}: {text}", row.name);
        }
        assert!(row.notes.iter().any(|n| n.value.contains("does not repair a nerve")));
        assert!(
            row.evidence.iter().any(|f| f.evidence == Evidence::Negative),
            "what did not work is told as well"
        );
    }
}

/// REQ-PRO-002: names are unique, lower case with hyphens, and found exactly.
#[test]
fn names_are_found() {
    for name in names() {
        assert_eq!(find(name).map(|row| row.name), Some(name));
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
        assert_eq!(names().filter(|n| *n == name).count(), 1);
    }
    assert!(find("foot_drop").is_none() && find("").is_none());
}
