//! Screening row by row: what nobody asked, what is eased and says so, and what a row is for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

use nmes_protocols::{
    Action, Answers, BuildError, CATALOGUE, ChargeReturn, Condition, Entry, Family, Innervation, Item,
    Outcome, Request, RuleAction, Side, Site, Storage, Subject, TABLE, Why, build_session, screen,
    screen_row, sources,
};

fn entry(item: Item) -> &'static Entry {
    TABLE.iter().find(|entry| entry.item == item).unwrap()
}

fn asked(row: &Condition, entry: &Entry) -> bool {
    entry.general || row.specific_items.contains(&entry.item)
}

fn matters(row: &Condition, entry: &Entry) -> bool {
    entry.action(row.site) != Action::Clear || row.item_rules.iter().any(|rule| rule.item == entry.item)
}

fn sites(row: &Condition) -> impl Iterator<Item = Site> + '_ {
    Site::ALL.into_iter().filter(|site| row.is_for(*site))
}

/// REQ-PRO-400: no "yes" is dropped: whatever item is answered with it, in every row at every site of it, the item comes up
/// with a reason; and where the row does not ask it, the outcome is not "no block found" until it is acknowledged.
#[test]
fn no_yes_is_dropped() {
    let mut not_asked = 0;
    for row in CATALOGUE {
        for (site, entry) in sites(row).flat_map(|site| TABLE.iter().map(move |entry| (site, entry))) {
            let answers = Answers::all_no().yes(entry.item);
            let screening = screen_row(row, site, false, &answers);
            let found: Vec<_> = screening.findings().map(|(entry, why)| (entry.item, why)).collect();
            assert_eq!(found.len(), 1, "{} {:?}", row.name, entry.item);
            assert_eq!(found[0].0, entry.item);
            let action = row.item_rules.iter().find(|rule| rule.item == entry.item);
            let action = action.map_or_else(|| entry.action(site), |rule| rule.action(false));
            let clear = asked(row, entry) && action == Action::Clear;
            assert_eq!(clear, found[0].1 == Why::NothingFollows, "{} {:?} {site:?}", row.name, entry.item);
            assert_eq!(clear, screening.outcome() == Outcome::NoBlockFound, "{} {:?}", row.name, entry.item);
            if !asked(row, entry) {
                not_asked += 1;
                assert_eq!(found[0].1, Why::NotAsked);
                let said = screening.to_string();
                assert!(said.contains("not asked by this protocol"), "{said}");
                // where a list blocks, that it does not here is our choice, acknowledged or not
                let hard = entry.severity_at(site).action() == Action::Block;
                assert_eq!(said.contains("eased by our choice"), hard, "{said}");
                let read = screen_row(row, site, false, &answers.acknowledge(entry.item));
                assert_eq!(read.by_our_choice(entry).is_some(), hard);
                let read = screen_row(row, site, false, &answers.acknowledge(entry.item));
                assert_eq!(read.outcome(), Outcome::NoBlockFound);
                assert_eq!(read.findings().next().unwrap().1, Why::Acknowledged);
            }
        }
    }
    assert!(not_asked > 1_000, "{not_asked}");
}

/// REQ-PRO-400: silence about an item that is not asked is no question; one that is asked and matters here is.
#[test]
fn silence_is_asked_for_only_where_it_matters() {
    for row in CATALOGUE {
        let screening = screen_row(row, row.site, false, &Answers::unanswered());
        for (entry, why) in screening.findings() {
            assert_eq!(why, Why::NotAnswered);
            assert!(asked(row, entry) && matters(row, entry), "{:?}", entry.item);
        }
        let matter = TABLE.iter().filter(|e| asked(row, e) && matters(row, e)).count();
        assert_eq!(screening.findings().count(), matter);
    }
}

/// REQ-PRO-401: at every site the table does what the strictest list makes of a "yes" there, or more; where it does less, the
/// entry says why, and whatever shows the finding says that it is our choice. No reason stands where nothing is eased.
#[test]
fn milder_than_a_list_is_said_to_be_our_choice() {
    let mut eased = 0;
    for entry in TABLE {
        let milder: Vec<_> = Site::ALL
            .into_iter()
            .filter(|site| entry.action(*site) < entry.severity_at(*site).action())
            .collect();
        assert_eq!(milder.is_empty(), entry.eased.is_none(), "{:?} at {milder:?}", entry.item);
        for site in Site::ALL {
            assert_eq!(entry.eased_at(site).is_some(), milder.contains(&site), "{:?} {site:?}", entry.item);
            assert!(entry.severity_at(site) <= entry.severity());
        }
        for site in milder {
            eased += 1;
            let shown = screen(site, &[entry.item], &Answers::all_no().yes(entry.item));
            let reason = shown.by_our_choice(entry).unwrap();
            assert!(reason.len() > 20 && shown.to_string().contains(&format!("by our choice: {reason}")));
            assert!(shown.to_string().contains(entry.severity_at(site).word()), "{shown}");
        }
    }
    assert!(eased > 20, "{eased}");
}

/// REQ-PRO-401: words of a list do not soften it: what is "contraindicated" or "excluded" is no precaution, what is "local" is
/// local, and "our choice" stands in no list.
#[test]
fn severities_are_the_words_of_the_lists() {
    for entry in TABLE {
        for list in entry.lists {
            let says = list.says;
            let denied = says.starts_with("no contraindication") || says.starts_with("local only");
            let hard = ["contraindicat", "excluded", "local", "absolute", "not without", "never"];
            if hard.iter().any(|word| says.contains(word)) && !denied {
                assert_eq!(list.severity.action(), Action::Block, "{:?}: {says}", entry.item);
            }
            assert!(!says.contains("our choice"), "{:?}: {says}", entry.item);
            assert!(list.elsewhere <= list.severity && !list.sites.is_empty(), "{:?}: {says}", entry.item);
        }
    }
}

/// REQ-PRO-401: current through the chest, the head or the neck blocks wherever the pads are: it is a path, not a place.
#[test]
fn a_path_through_the_heart_blocks_everywhere() {
    let item = Item::ThroughHeartHeadOrNeck;
    for row in CATALOGUE {
        for site in sites(row) {
            let screening = screen_row(row, site, true, &Answers::all_no().yes(item).acknowledge(item));
            assert_eq!(screening.outcome(), Outcome::Blocked, "{} {site:?}", row.name);
        }
    }
}

/// REQ-PRO-402: a block of the table is eased for three things only: an operation at the pads in rows for after it; with a
/// specialist, no answer in intensive care, and torn roots in rows for denervated muscle. All are acknowledged, with the hardest
/// list shown as it is.
#[test]
fn a_row_is_for_its_own_people() {
    for row in CATALOGUE {
        for entry in TABLE {
            let yes = Answers::all_no().yes(entry.item);
            for specialist in [false, true] {
                let screening = screen_row(row, row.site, specialist, &yes);
                let blocks = asked(row, entry) && entry.action(row.site) == Action::Block;
                let surgery =
                    row.family == Family::KneeSurgery && entry.item == Item::SurgeryOrFractureAtSite;
                let sedated = row.family == Family::IntensiveCare && entry.item == Item::NoFeedback;
                let torn = row.family != Family::Face && entry.item == Item::RootAvulsion && blocks;
                let for_them = surgery || ((sedated || torn) && specialist);
                if blocks {
                    assert_eq!(
                        screening.outcome() == Outcome::Blocked,
                        !for_them,
                        "{} {screening}",
                        row.name
                    );
                }
                assert_eq!(
                    screening.rule(entry.item).is_some(),
                    row.item_rules.iter().any(|r| r.item == entry.item)
                );
                if sedated && blocks && !specialist {
                    assert_eq!(screening.by_our_choice(entry), None, "nothing is eased without a specialist");
                }
                if for_them {
                    let rule = screening.rule(entry.item).unwrap().to_string();
                    assert!(rule.contains(entry.text) && rule.contains("by our choice"), "{rule}");
                    assert_eq!(
                        screening.by_our_choice(entry),
                        screening.rule(entry.item).map(|rule| rule.why.value)
                    );
                    let said = screening.to_string();
                    assert!(said.contains("eased by our choice: "), "{said}");
                    assert!(said.contains(entry.severity_at(row.site).word()), "{said}");
                    let read = screen_row(row, row.site, specialist, &yes.acknowledge(entry.item));
                    assert_eq!(read.outcome(), Outcome::NoBlockFound);
                }
            }
        }
    }
}

/// REQ-PRO-402: rows for muscle without its nerve take a specialist where skin is numb; others acknowledge it, but those of the
/// pelvic floor, where it blocks whoever asks.
#[test]
fn numb_skin_over_denervated_muscle_takes_a_specialist() {
    let yes = Answers::all_no().yes(Item::ImpairedSensation);
    let mut stricter = 0;
    for row in CATALOGUE {
        let denervated = row.family == Family::Denervated || row.needs.accepts(Innervation::Denervated);
        let expected = if denervated || row.site == Site::Face {
            Outcome::Blocked
        } else {
            Outcome::NeedsAcknowledgement
        };
        let pelvic = row.site == Site::PelvicFloor;
        let expected = if pelvic { Outcome::Blocked } else { expected };
        let specialist = if pelvic { Outcome::Blocked } else { Outcome::NeedsAcknowledgement };
        stricter += usize::from(expected == Outcome::Blocked && !pelvic);
        assert_eq!(screen_row(row, row.site, false, &yes).outcome(), expected, "{}", row.name);
        assert_eq!(screen_row(row, row.site, true, &yes).outcome(), specialist, "{}", row.name);
    }
    assert!(stricter >= 10);
    let eased = CATALOGUE
        .iter()
        .flat_map(|row| row.item_rules)
        .filter(|rule| rule.does == RuleAction::Acknowledge)
        .filter(|rule| !matches!(rule.item, Item::SurgeryOrFractureAtSite | Item::MetalImplant));
    assert_eq!(eased.count(), 0);
    assert!(entry(Item::ImpairedSensation).eased_at(Site::Thigh).is_some());
}

/// REQ-PRO-438: what a maker excludes from the pelvic floor does so here, as its source: numb skin blocks, with no word of
/// easing, and metal is acknowledged as not being in the pelvis; whoever asks, in rows and in sessions of one's own. No reason for
/// easing numb skin elsewhere says that one maker alone excludes it everywhere.
#[test]
fn the_pelvic_floor_has_its_makers_list() {
    let (numb, metal) = (entry(Item::ImpairedSensation), entry(Item::MetalImplant));
    let mut rows = 0;
    for row in CATALOGUE.iter().filter(|row| row.site == Site::PelvicFloor) {
        rows += 1;
        for specialist in [false, true] {
            let answers = Answers::all_no().yes(numb.item).acknowledge(numb.item);
            let screening = screen_row(row, row.site, specialist, &answers);
            assert_eq!((screening.outcome(), screening.by_our_choice(numb)), (Outcome::Blocked, None));
            let answers = Answers::all_no().yes(metal.item);
            let screening = screen_row(row, row.site, specialist, &answers);
            assert_eq!(screening.outcome(), Outcome::NeedsAcknowledgement, "{}", row.name);
            assert!(screening.by_our_choice(metal).unwrap().contains("in the pelvis"));
        }
    }
    assert_eq!(rows, 3);
    for entry in [numb, metal] {
        assert_eq!(entry.stricter_source_at(Site::PelvicFloor), sources::PELVIC, "{:?}", entry.item);
        assert_ne!(entry.stricter_source_at(Site::Thigh), sources::PELVIC, "{:?}", entry.item);
    }
    assert!(numb.eased_at(Site::Thigh).unwrap().starts_with("away from the pelvic floor"));
    let own = screen(Site::PelvicFloor, &[], &Answers::all_no().yes(numb.item).acknowledge(numb.item));
    assert_eq!(own.outcome(), Outcome::Blocked);
}

/// REQ-PRO-439: pain that nobody has explained blocks TENS for pain unless a specialist asks, and is acknowledged elsewhere; the
/// lists that contraindicate it for TENS stand in its entry, and the reason for easing does not say that they are silent.
#[test]
fn tens_does_not_cover_what_nobody_has_explained() {
    let pain = entry(Item::UndiagnosedPain);
    let yes = Answers::all_no().yes(pain.item);
    let mut tens = 0;
    for row in CATALOGUE {
        let for_pain = row.name.starts_with("tens-");
        tens += usize::from(for_pain);
        let expected = if for_pain { Outcome::Blocked } else { Outcome::NeedsAcknowledgement };
        assert_eq!(screen_row(row, row.site, false, &yes).outcome(), expected, "{}", row.name);
        let screening = screen_row(row, row.site, true, &yes);
        assert_eq!(screening.outcome(), Outcome::NeedsAcknowledgement, "{}", row.name);
        assert!(screening.by_our_choice(pain).is_some(), "{}", row.name);
    }
    assert_eq!(tens, 5);
    for source in [sources::TENS, sources::CONTRAINDICATION_LISTS, sources::MAKER_MANUALS] {
        assert!(pain.lists.iter().any(|list| list.source == source), "{source}");
    }
    assert!(pain.eased.unwrap().contains("TENS"));
}

/// REQ-PRO-412: metal under the skin is acknowledged in every row whose pulses are monophasic or may be asked to be, at the
/// pelvic floor, and nowhere else.
#[test]
fn metal_weighs_more_under_monophasic_pulses() {
    let yes = Answers::all_no().yes(Item::MetalImplant);
    let mut direct = 0;
    for row in CATALOGUE {
        let back = [Some(row.waveform.balance.value), row.waveform.option.map(|option| option.value)];
        let monophasic = back.contains(&Some(ChargeReturn::Monophasic));
        direct += usize::from(monophasic);
        let expected = if monophasic || row.site == Site::PelvicFloor {
            Outcome::NeedsAcknowledgement
        } else {
            Outcome::NoBlockFound
        };
        assert_eq!(screen_row(row, row.site, true, &yes).outcome(), expected, "{}", row.name);
    }
    assert!(direct >= 8, "{direct}");
}

/// REQ-PRO-402: the builder holds a row's own rules, with the specialist's word of the request.
#[test]
fn the_builder_knows_what_a_row_is_for() {
    let build = |name: &str, item: Item, specialist: bool| {
        let row = nmes_protocols::find(name).unwrap();
        let answers = Answers::all_no().yes(item).acknowledge(item);
        let request = Request { specialist, ..Request::default() };
        let mut storage = Storage::new();
        let subject = Subject::new(Innervation::Intact, Side::Left);
        build_session(row, &subject, &request, &answers, &mut storage).map(|_| ())
    };
    assert!(build("tka-stevens-lapsley", Item::SurgeryOrFractureAtSite, false).is_ok());
    assert!(build("icu-weakness", Item::NoFeedback, true).is_ok());
    for (name, item) in [
        ("icu-weakness", Item::NoFeedback),
        ("knee-oa", Item::SurgeryOrFractureAtSite),
        ("tka-stevens-lapsley", Item::NoFeedback),
    ] {
        let refused = build(name, item, false).unwrap_err();
        assert!(matches!(refused, BuildError::Screening(_)), "{name}: {refused}");
    }
}
