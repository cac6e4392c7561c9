//! Reading gait files and making walks.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may panic, and its helpers too"
)]

use nmes_examples::gait::{Affected, Foot, FootEvent, Walk, affected, built_in};

fn refused(text: &str) -> String {
    Walk::parse(text.as_bytes(), "walk.csv").unwrap_err().to_string()
}

/// REQ-APP-001: a gait file that cannot be taken is refused with file, line, value and what is accepted.
#[test]
fn a_bad_gait_file_is_refused_with_its_line_and_what_is_accepted() {
    let head = "t_us,foot,event\n";
    let table = [
        (String::new(), "walk.csv", "empty"),
        (head.to_owned(), "walk.csv", "expected a line `t_us,foot,event`"),
        ("time,foot,event\n0,left,heel_off\n".to_owned(), "line 1", "expected the header t_us,foot,event"),
        (format!("{head}10,left,heel_off\n5,left,toe_off\n"), "line 3", "t_us 5 is before the 10"),
        (
            format!("{head}10,middle,heel_off\n"),
            "line 2",
            "foot \"middle\" does not exist; accepted: left, right",
        ),
        (format!("{head}10,left,hop\n"), "line 2", "event \"hop\" is not known; accepted: heel_off"),
        (format!("{head}NaN,left,heel_off\n"), "line 2", "t_us \"NaN\""),
        (format!("{head}-5,left,heel_off\n"), "line 2", "t_us \"-5\""),
        (format!("{head}1.5,left,heel_off\n"), "line 2", "a whole number of microseconds"),
        (format!("{head}43200000001,left,heel_off\n"), "line 2", "past 12 hours"),
        (format!("{head}10,left\n"), "line 2", "2 fields"),
    ];
    for (text, place, what) in table {
        let said = refused(&text);
        assert!(said.contains(place) && said.contains(what), "{text:?} gave {said:?}");
    }
}

/// REQ-APP-356: the same event of a foot at the same microsecond is refused with its line, wherever among those of that time it
/// stands; another event, foot or time is none.
#[test]
fn an_event_that_stands_twice_is_refused() {
    let head = "t_us,foot,event\n10,left,toe_off\n10,right,heel_off\n";
    let said = refused(&format!("{head}10,left,toe_off\n"));
    let told =
        "toe_off of the left foot at t_us 10 stands twice; accepted: each event of a foot once at a time";
    assert!(said.contains("line 4") && said.contains(told), "{said}");
    for other in ["10,right,toe_off", "10,left,heel_strike", "11,left,toe_off"] {
        let walk = Walk::parse(format!("{head}{other}\n").as_bytes(), "walk.csv").unwrap();
        assert_eq!(walk.events().len(), 3, "{other}");
    }
}

/// REQ-APP-001: a file that is not there is named.
#[test]
fn a_missing_gait_file_is_named() {
    let said = Walk::read(std::path::Path::new("/no/such/walk.csv")).unwrap_err().to_string();
    assert!(said.contains("/no/such/walk.csv") && said.contains("expected a CSV file"), "{said}");
}

/// REQ-APP-005, REQ-APP-011: a step has what there is of it, and what is missing is told.
#[test]
fn steps_are_made_of_what_is_there() {
    let text = "t_us,foot,event\n# a comment\n0,left,toe_off\n400000,left,heel_strike\n700000,left,heel_off\n\
                900000,left,toe_off\n2000000,left,toe_off\n2400000,left,heel_strike\n2500000,left,heel_off\n";
    let walk = Walk::parse(text.as_bytes(), "walk.csv").unwrap();
    let steps: Vec<_> = walk.steps(Foot::Left).iter().map(|s| (s.heel_off, s.toe_off, s.strike)).collect();
    let expected = [
        (None, Some(0), Some(400_000)),
        (Some(700_000), Some(900_000), None),
        (None, Some(2_000_000), Some(2_400_000)),
        (Some(2_500_000), None, None),
    ];
    assert_eq!(steps, expected);
    let said = walk.oddities(Foot::Left, 25_000).join("\n");
    assert!(
        said.contains("ends mid-step") && said.contains("1 steps land without loading the heel"),
        "{said}"
    );
    assert!(walk.oddities(Foot::Right, 25_000).is_empty());
}

/// REQ-APP-247: the numbers a hemiparetic walk has: cycle 1.2 to 2.0 s, heel-off to strike 0.5 to 1.2 s.
#[test]
fn made_walks_have_the_numbers_they_claim() {
    for walk in [built_in(60_000_000), affected(&Affected { seed: 3, strides: 40, ..Affected::default() })] {
        assert!(walk.events().is_sorted_by_key(|e| e.t_us));
        assert!(walk.oddities(Foot::Left, 50_000).is_empty(), "{:?}", walk.oddities(Foot::Left, 50_000));
        let steps = walk.steps(Foot::Left);
        assert!(steps.len() >= 39, "{}", steps.len());
        for pair in steps.windows(2) {
            let cycle = pair[1].strike.unwrap() - pair[0].strike.unwrap();
            assert!((1_200_000..=2_000_000).contains(&cycle), "cycle {cycle}");
            let lift = pair[1].strike.unwrap() - pair[1].heel_off.unwrap();
            assert!((500_000..=1_200_000).contains(&lift), "lift {lift}");
            assert!(pair[1].heel_off < pair[1].toe_off && pair[1].toe_off < pair[1].strike);
        }
    }
    assert!(built_in(20_000_000).length_us() <= 20_000_000);
}

/// REQ-APP-247: the two feet of a made walk are never both in the air.
#[test]
fn one_foot_is_on_the_ground() {
    let irregular = Affected { seed: 9, strides: 60, kerb_nth: 4, kerb_pause_ms: 900, ..Affected::default() };
    for walk in [built_in(60_000_000), affected(&irregular)] {
        let mut in_air = [false; 2];
        for event in walk.events() {
            match event.event {
                FootEvent::ToeOff => in_air[usize::from(event.foot == Foot::Left)] = true,
                FootEvent::HeelStrike => in_air[usize::from(event.foot == Foot::Left)] = false,
                FootEvent::HeelOff => {}
            }
            assert!(in_air != [true, true], "both feet in the air at {} µs of {}", event.t_us, walk.name());
        }
    }
}

/// REQ-APP-029: shuffles, forefoot landings and kerbs as asked, the same for the same seed.
#[test]
fn an_affected_walk_shows_what_it_was_asked_for() {
    let how =
        Affected { seed: 1, strides: 12, unloaded_nth: 5, shuffle_nth: 3, kerb_nth: 7, kerb_pause_ms: 800 };
    let walk = affected(&how);
    let steps = walk.steps(Foot::Left);
    assert_eq!(
        steps.iter().filter(|s| s.toe_off.is_none()).count(),
        2,
        "shuffles at 3 and 9; at 6 the heel is still up from 5"
    );
    assert_eq!(steps.iter().filter(|s| s.strike.is_none()).count(), 2, "no heel strike at 5 and 10");
    assert!(steps.iter().any(|s| s.toe_off.zip(s.strike).is_some_and(|(a, b)| b - a < 1_000_000)));
    let longest = steps.iter().filter_map(|s| Some(s.toe_off? - s.heel_off?)).max();
    assert!(longest > Some(800_000), "{longest:?}");
    assert_eq!(affected(&how), walk, "the same seed is the same walk");
}

/// REQ-APP-029: what was written is read.
#[test]
fn a_walk_that_was_written_is_read_back() {
    let walk = built_in(10_000_000);
    let mut text = Vec::new();
    walk.write(&mut text).unwrap();
    assert_eq!(Walk::parse(text.as_slice(), walk.name()).unwrap(), walk);
}
