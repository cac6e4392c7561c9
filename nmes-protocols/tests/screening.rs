//! Screening and the innervation gate.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

use nmes_protocols::{
    Action, Answers, FOOT_DROP, Innervation, Item, ItemSet, Outcome, Provenance, Severity, Site, TABLE, Why,
    check_innervation, screen,
};
use std::collections::BTreeSet;

/// REQ-PRO-004: one entry an item, in the order of the items, with texts and at least one list.
#[test]
fn one_row_an_item() {
    let items: Vec<_> = TABLE.iter().map(|entry| entry.item).collect();
    assert_eq!(items, Item::ALL);
    for entry in TABLE {
        assert!(!entry.text.is_empty() && !entry.lists.is_empty(), "{:?}", entry.item);
        assert!(entry.lists.iter().all(|list| !list.says.is_empty()));
    }
}

/// REQ-PRO-004: where the lists differ the table acts at each site on the strictest of them, or says that it is eased. It is
/// stricter than all of them where a list leaves a place open, and nowhere else.
#[test]
fn the_stricter_wins() {
    let mut stricter = Vec::new();
    for entry in TABLE {
        let strictest = entry.lists.iter().map(|list| list.action).max().unwrap();
        for site in Site::ALL {
            let there = entry.severity_at(site).action();
            assert!(
                entry.action(site) >= there || entry.eased_at(site).is_some(),
                "{:?} {site:?}",
                entry.item
            );
            if entry.action(site) > there {
                stricter.push((entry.item, site));
            }
        }
        assert!(entry.lists.iter().any(|l| l.action == strictest && l.source == entry.stricter_source()));
    }
    assert_eq!(stricter, []);
    let both = TABLE.iter().filter(|e| e.lists.iter().any(|l| l.action != e.lists[0].action)).count();
    assert!(both >= 8, "the disagreements are kept: {both}");
}

/// REQ-PRO-221: each list says how hard it is about an item, and what that does follows from it; every item has a flag
/// of its own.
#[test]
fn severities() {
    for entry in TABLE {
        for list in entry.lists {
            let blocks =
                matches!(list.severity, Severity::Absolute | Severity::Local | Severity::SpecialistOnly);
            assert_eq!(blocks, list.action == Action::Block, "{:?} {}", entry.item, list.says);
            assert_eq!(list.severity == Severity::None, list.action == Action::Clear, "{:?}", entry.item);
        }
        assert_eq!(entry.severity(), entry.lists.iter().map(|l| l.severity).max().unwrap());
        assert_eq!(Item::ALL.iter().filter(|item| item.flag() == entry.item.flag()).count(), 1);
    }
}

/// REQ-PRO-004: cells that matter most, site by site.
#[test]
fn cells() {
    use Action::{Acknowledge, Block, Clear};
    let cases = [
        (Item::ElectronicImplant, [Block; 8]),
        (Item::Pregnancy, [Block; 8]),
        (Item::ThrombosisActive, [Block; 8]),
        (
            Item::Epilepsy,
            [Acknowledge, Acknowledge, Acknowledge, Acknowledge, Acknowledge, Block, Block, Acknowledge],
        ),
        (
            Item::HeartDisease,
            [
                Acknowledge,
                Acknowledge,
                Acknowledge,
                Acknowledge,
                Block,
                Acknowledge,
                Acknowledge,
                Acknowledge,
            ],
        ),
        (Item::ThroughHeartHeadOrNeck, [Block; 8]),
        (Item::Menstruation, [Clear, Clear, Clear, Acknowledge, Clear, Clear, Clear, Acknowledge]),
        (Item::ReproductiveOrgans, [Block, Block, Block, Block, Block, Block, Block, Acknowledge]),
        (Item::MetalImplant, [Clear; 8]),
        (Item::NoFeedback, [Block; 8]),
    ];
    for (item, expected) in cases {
        let entry = TABLE.iter().find(|e| e.item == item).unwrap();
        assert_eq!(Site::ALL.map(|site| entry.action(site)), expected, "{item:?}");
    }
}

/// REQ-PRO-005: for every item at every site: "no" passes, "yes" does what the table says, silence blocks where a
/// "yes" would matter, an acknowledgement lifts no block.
#[test]
fn every_item_at_every_site() {
    for entry in TABLE {
        for site in Site::ALL {
            let item = entry.item;
            let specific = [item];
            let outcome = |answers: Answers| screen(site, &specific, &answers).outcome();
            let action = entry.action(site);
            let yes = Answers::all_no().yes(item);
            let expected = match action {
                Action::Clear => (Outcome::NoBlockFound, Outcome::NoBlockFound),
                Action::Acknowledge => (Outcome::NeedsAcknowledgement, Outcome::NoBlockFound),
                Action::Block => (Outcome::Blocked, Outcome::Blocked),
            };
            assert_eq!((outcome(yes), outcome(yes.acknowledge(item))), expected, "{item:?} {site:?}");
            assert_eq!(outcome(Answers::all_no()), Outcome::NoBlockFound);
            assert_eq!(
                outcome(yes.acknowledge(item).no(item).yes(item)),
                expected.0,
                "taking it back drops the tick"
            );
            let silent = answers_without(item);
            let blocks = if action == Action::Clear { Outcome::NoBlockFound } else { Outcome::Blocked };
            assert_eq!(outcome(silent), blocks, "{item:?} {site:?} not answered");
        }
    }
}

fn answers_without(item: Item) -> Answers {
    Item::ALL.iter().filter(|i| **i != item).fold(Answers::unanswered(), |answers, i| answers.no(*i))
}

/// REQ-PRO-005: findings name the item, why, and the list; items of other rows are not asked.
#[test]
fn findings_and_row_items() {
    let answers =
        Answers::all_no().yes(Item::AnkleContracture).yes(Item::ImpairedSensation).yes(Item::Driving);
    let answers = answers.acknowledge(Item::Driving);
    let with_row = screen(FOOT_DROP.site, FOOT_DROP.specific_items, &answers);
    let found: Vec<_> = with_row.findings().map(|(entry, why)| (entry.item, why)).collect();
    let expected = [
        (Item::ImpairedSensation, Why::NotAcknowledged),
        (Item::Driving, Why::Acknowledged),
        (Item::AnkleContracture, Why::Blocks),
    ];
    assert_eq!(found, expected);
    assert!(with_row.to_string().contains("contracture") && with_row.to_string().starts_with("blocked"));
    assert_eq!(screen(FOOT_DROP.site, &[], &answers).outcome(), Outcome::NeedsAcknowledgement);
    assert_eq!(with_row.site(), Site::LowerLeg);
}

/// REQ-PRO-003: only an intact nerve passes; each refusal says why and what to do, with an origin.
#[test]
fn innervation_gate() {
    assert_eq!(check_innervation(&FOOT_DROP, Innervation::Intact), Ok(()));
    for (given, words) in [
        (Innervation::Denervated, ["lower motor neurone", "10 ms"]),
        (Innervation::PartiallyDenervated, ["specialist", "strength-duration"]),
        (Innervation::Unknown, ["bedside test", "0.3 ms"]),
    ] {
        let refusal = check_innervation(&FOOT_DROP, given).unwrap_err();
        let text = refusal.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
        assert!(
            text.contains("needs an intact common peroneal nerve") && text.contains(given.word()),
            "{text}"
        );
        assert!(!matches!(refusal.provenance, Provenance::Ours { .. }));
    }
}

/// REQ-PRO-391: an answer to one question is that question's alone, whatever was said before; a set has each of its items.
#[test]
fn answers_one_by_one() {
    for item in Item::ALL.iter().copied() {
        let others = || Item::ALL.iter().copied().filter(move |other| *other != item);
        let yes = Answers::unanswered().yes(item);
        assert_eq!((yes.answer(item), yes.no(item).answer(item)), (Some(true), Some(false)), "{item:?}");
        assert!(others().all(|other| yes.answer(other).is_none()), "{item:?}");
        let set = ItemSet::EMPTY.with(item);
        assert!(
            set.contains(item) && !set.is_empty() && others().all(|other| !set.contains(other)),
            "{item:?}"
        );
        assert_eq!(set.without(item), ItemSet::EMPTY);
        assert!(!Answers::all_no().acknowledge(item).is_acknowledged(item), "only a yes is acknowledged");
    }
}

/// REQ-PRO-391: of lists that are equally strict the first is named.
#[test]
fn first_of_the_strictest() {
    let mut several = 0;
    for entry in TABLE {
        let strictest = entry.lists.iter().map(|list| list.action).max().unwrap();
        let mut of_them = entry.lists.iter().filter(|list| list.action == strictest);
        assert_eq!(entry.stricter_source(), of_them.next().unwrap().source, "{:?}", entry.item);
        several += usize::from(of_them.any(|list| list.source != entry.stricter_source()));
    }
    assert!(several > 0, "there are such items");
}

/// REQ-PRO-391: no two sites, severities or states of a nerve have the same word.
#[test]
fn words_tell_apart() {
    use Severity::{Absolute, Local, None, Precaution, SpecialistOnly};
    let nerves = [
        Innervation::Intact,
        Innervation::PartiallyDenervated,
        Innervation::Denervated,
        Innervation::Unknown,
    ];
    let severities = [None, Precaution, SpecialistOnly, Local, Absolute];
    for words in [
        Site::ALL.map(Site::word).to_vec(),
        severities.map(Severity::word).to_vec(),
        nerves.map(Innervation::word).to_vec(),
    ] {
        let different: BTreeSet<_> = words.iter().filter(|word| !word.is_empty()).collect();
        assert_eq!(different.len(), words.len(), "{words:?}");
    }
}
