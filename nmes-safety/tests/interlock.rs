//! The interlock's diagram, its table and its code are one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeSet;

use nmes_safety::{Event, Fault, Interlock, State, TRANSITIONS};

const SOURCE: &str = include_str!("../src/interlock.rs");

/// Arrows `From --Event--> To` and `To <--Event-- From` of the diagram in the doc comment of [`State`].
fn diagram() -> BTreeSet<(String, String, String)> {
    let block = SOURCE.split("/// ```text\n").nth(1).unwrap().split("/// ```\n").next().unwrap();
    let mut arrows = BTreeSet::new();
    for line in block.lines() {
        let words: Vec<&str> = line.trim_start_matches("///").split_whitespace().collect();
        for triple in words.windows(3) {
            let [left, arrow, right] = triple else { unreachable!() };
            let event = arrow.trim_matches(|c| matches!(c, '-' | '<' | '>'));
            if arrow.ends_with('>') {
                arrows.insert((left.to_string(), event.to_string(), right.to_string()));
            } else if arrow.starts_with('<') {
                arrows.insert((right.to_string(), event.to_string(), left.to_string()));
            }
        }
    }
    arrows
}

/// REQ-SAF-042: the diagram in the documentation has exactly the arrows of the table.
#[test]
fn diagram_is_the_table() {
    let table: BTreeSet<_> = TRANSITIONS
        .iter()
        .map(|(from, event, to)| (format!("{from:?}"), format!("{event:?}"), format!("{to:?}")))
        .collect();
    assert_eq!(table.len(), TRANSITIONS.len(), "no row twice");
    assert_eq!(diagram(), table);
}

fn in_state(state: State) -> Interlock {
    let mut interlock = Interlock::new();
    let path = [Event::Passed, Event::Probe, Event::Contact, Event::Pulse, Event::Level];
    for event in path {
        if interlock.state() == state {
            return interlock;
        }
        interlock.handle(event).unwrap();
    }
    if state == State::Fault {
        interlock.trip(Fault::Late);
    }
    assert_eq!(interlock.state(), state);
    interlock
}

/// REQ-SAF-042: through the public calls every move of the table happens and no other.
#[test]
fn calls_are_the_table() {
    use Event::{Contact, Disarm, Level, NoContact, Passed, Probe, Pulse, Ramp, Reset, Trip};
    for from in State::ALL {
        for event in [Passed, Probe, Contact, NoContact, Pulse, Level, Ramp, Disarm, Trip, Reset] {
            let row = TRANSITIONS.iter().find(|&&(f, e, _)| (f, e) == (from, event)).map(|&(_, _, to)| to);
            let mut interlock = in_state(from);
            match event {
                Trip => interlock.trip(Fault::Rms),
                Reset => {
                    let cause = interlock.cause().unwrap_or(Fault::Rms);
                    assert_eq!(interlock.reset(cause).ok(), row);
                }
                _ => assert_eq!(interlock.handle(event).ok(), row, "{from:?} on {event:?}"),
            }
            assert_eq!(interlock.state(), row.unwrap_or(from));
        }
    }
}

/// REQ-SAF-044: a latched fault is left by nothing but a reset that names it; the first cause stays.
#[test]
fn fault_is_left_only_by_reset() {
    use Event::{Contact, Disarm, Level, NoContact, Passed, Probe, Pulse, Ramp, Reset, Trip};
    let mut interlock = in_state(State::Running);
    interlock.trip(Fault::OverCurrent);
    interlock.trip(Fault::Late);
    for event in [Passed, Probe, Contact, NoContact, Pulse, Level, Ramp, Disarm, Trip, Reset] {
        assert!(interlock.handle(event).is_err());
        assert_eq!(interlock.state(), State::Fault);
    }
    assert!(interlock.reset(Fault::Late).is_err());
    assert_eq!(interlock.reset(Fault::OverCurrent), Ok(State::SelfTest));
    assert_eq!(interlock.cause(), None);
    assert!(interlock.reset(Fault::OverCurrent).is_err(), "there is nothing to reset");
}

/// REQ-SAF-043: states are at least sixteen bits apart, also from each other's complements.
#[test]
fn states_are_far_apart() {
    for a in State::ALL {
        for b in State::ALL {
            let bits = (a.word() ^ b.word()).count_ones();
            assert!(a == b || bits == 16, "{a:?} {b:?}");
        }
    }
}
