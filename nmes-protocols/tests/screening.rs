//! Screening and the innervation gate.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

use nmes_protocols::conditions::OWN_SESSION;
use nmes_protocols::{
    Action, Answers, Availability, CATALOGUE, FOOT_DROP, Innervation, Item, ItemSet, Outcome, Provenance,
    RuleAction, Severity, Site, TABLE, Why, check_innervation, screen, screen_row,
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
        (Item::MetalImplant, [Clear, Clear, Clear, Clear, Clear, Clear, Clear, Acknowledge]),
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
                _ if site.answers().is_some() => (Outcome::Blocked, Outcome::Blocked),
                Action::Clear => (Outcome::NoBlockFound, Outcome::NoBlockFound),
                Action::Acknowledge => (Outcome::NeedsAcknowledgement, Outcome::NoBlockFound),
                Action::Block => (Outcome::Blocked, Outcome::Blocked),
            };
            assert_eq!((outcome(yes), outcome(yes.acknowledge(item))), expected, "{item:?} {site:?}");
            let without = if site.answers().is_some() { Outcome::Blocked } else { Outcome::NoBlockFound };
            assert_eq!(outcome(Answers::all_no()), without);
            assert_eq!(
                outcome(yes.acknowledge(item).no(item).yes(item)),
                expected.0,
                "taking it back drops the tick"
            );
            let silent = answers_without(item);
            let blocks = if action == Action::Clear { without } else { Outcome::Blocked };
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

/// REQ-PRO-433: where no row stands behind the pads, pads on the chest or on head and neck are current through them, whatever was
/// answered and acknowledged, and the finding says that it is the site; at no other site does the site answer.
#[test]
fn the_site_answers() {
    let item = Item::ThroughHeartHeadOrNeck;
    let yes = Answers::all_no().yes(item);
    for site in Site::ALL {
        let of_site = matches!(site, Site::Chest | Site::HeadNeck);
        for answers in [Answers::all_no(), Answers::all_no().no(item), yes, yes.acknowledge(item)] {
            let own_row = screen_row(&OWN_SESSION, site, true, &answers);
            for screening in [screen(site, &[], &answers), own_row] {
                let found = screening.findings().find(|(entry, _)| entry.item == item).map(|(_, why)| why);
                let said = (answers.answer(item) == Some(true)).then_some(Why::Blocks);
                assert_eq!(found, if of_site { Some(Why::OfSite) } else { said }, "{site:?}");
                assert_eq!(screening.outcome() == Outcome::Blocked, found.is_some(), "{site:?}");
            }
        }
    }
    let text = screen(Site::Chest, &[], &Answers::all_no()).to_string();
    assert!(
        text.starts_with("blocked; current through the chest") && text.contains("the pads are there"),
        "{text}"
    );
}

/// REQ-PRO-433: a row of the catalogue has weighed its site: its own gates hold there, and its screening is as it was.
#[test]
fn rows_have_weighed_their_site() {
    let at_neck: Vec<_> = CATALOGUE.iter().filter(|row| row.site.answers().is_some()).collect();
    assert_eq!(at_neck.len(), 2);
    for row in at_neck {
        assert!(matches!(row.availability, Availability::Disabled(_)), "{}", row.name);
        let screening = screen_row(row, row.site, true, &Answers::all_no());
        assert_eq!(screening.outcome(), Outcome::NoBlockFound, "{}", row.name);
    }
    assert!(CATALOGUE.iter().all(|row| row.other_sites.iter().all(|site| site.answers().is_none())));
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
        for site in Site::ALL {
            let hardest = entry.severity_at(site).action();
            let first = entry.lists.iter().find(|list| list.severity_at(site).action() == hardest).unwrap();
            assert_eq!(entry.stricter_source_at(site), first.source, "{:?} {site:?}", entry.item);
        }
    }
    assert!(several > 0, "there are such items");
}

/// REQ-PRO-391: no two sites, severities, states of a nerve, reasons of a finding or rules of a row have the same word.
#[test]
fn words_tell_apart() {
    use Severity::{Absolute, Local, None, Precaution, SpecialistOnly};
    let nerves = [
        Innervation::Intact,
        Innervation::PartiallyDenervated,
        Innervation::Denervated,
        Innervation::Unknown,
    ];
    let reasons = [
        Why::Blocks,
        Why::OfSite,
        Why::NotAcknowledged,
        Why::Acknowledged,
        Why::NotAnswered,
        Why::NotAsked,
        Why::NothingFollows,
    ];
    let severities = [None, Precaution, SpecialistOnly, Local, Absolute];
    for words in [
        Site::ALL.map(Site::word).to_vec(),
        severities.map(Severity::word).to_vec(),
        nerves.map(Innervation::word).to_vec(),
        reasons.map(Why::word).to_vec(),
        [RuleAction::Acknowledge, RuleAction::Specialist].map(RuleAction::word).to_vec(),
    ] {
        let different: BTreeSet<_> = words.iter().filter(|word| !word.is_empty()).collect();
        assert_eq!(different.len(), words.len(), "{words:?}");
    }
}
