//! What a switch does that is no foot, counted: bounces, levels too short for any foot, edges that are told twice.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests: a panic is a failed test"
)]

mod common;

use common::{Driver, config};
use nmes_protocols::GateCommand;
use nmes_protocols::Heel::{self, Lifted, LineOpen, Loaded};
use nmes_protocols::TriggerNote::{self, BounceStorm, Chatter, RepeatedEdge};

/// Lifts of so many milliseconds, one every so many, in stance.
fn lifts(count: u64, every_ms: u64, lifted_ms: u64) -> Driver {
    let mut driver = Driver::walking(config(), 0);
    for n in 0..count {
        let at = 2_000_000 + n * every_ms * 1_000;
        driver.heel(at, Lifted);
        driver.heel(at + lifted_ms * 1_000, Loaded);
    }
    driver.run_to(2_000_000 + (count + 5) * every_ms * 1_000);
    driver
}

fn noted(driver: &mut Driver, which: TriggerNote) -> usize {
    driver.notes().into_iter().filter(|note| *note == which).count()
}

/// REQ-PRO-024: every change that did not last the debounce time is counted, once; ten within a second are noted as a storm, once;
/// nine are not, nor are any number that are further apart.
#[test]
fn bounces_are_counted() {
    for (count, every_ms, storms) in
        [(9, 100, 0), (10, 100, 1), (12, 60, 1), (40, 120, 0), (10, 111, 1), (10, 112, 0)]
    {
        let mut driver = lifts(count, every_ms, 5);
        assert_eq!(u64::from(driver.trigger.counters().bounces), count, "{count} every {every_ms} ms");
        assert_eq!(noted(&mut driver, BounceStorm), storms, "{count} every {every_ms} ms");
        assert_eq!((driver.commands.len(), driver.trigger.counters().contradictions), (0, 0));
    }
}

/// REQ-PRO-028, REQ-PRO-024: six levels within a second that last and are too short for any foot are chatter, noted and counted once; five,
/// which are three lifts and what is between them, are not, nor are any number of which no six come within a second.
#[test]
fn chatter_is_counted() {
    for (count, every_ms, chatters) in [(3, 80, 0), (4, 80, 1), (5, 80, 1), (20, 700, 0)] {
        let mut driver = lifts(count, every_ms, 40);
        assert_eq!(driver.trigger.counters().bounces, 0, "each lasts the debounce time");
        assert_eq!(driver.trigger.counters().contradictions, chatters, "{count} every {every_ms} ms");
        assert_eq!(
            noted(&mut driver, Chatter),
            usize::try_from(chatters).unwrap(),
            "{count} every {every_ms} ms"
        );
    }
}

/// REQ-PRO-024: of a source that tells edges, an edge of the kind that came last is one that was lost between them: counted and noted
/// with its kind, which edges that take turns, the first one and an open line are not.
#[test]
fn repeated_edges_are_counted() {
    let told = |edges: &[Heel]| {
        let mut driver = Driver::new(config());
        driver.act(0, nmes_protocols::Trigger::start);
        for (at, edge) in (1..).zip(edges) {
            driver.act(at * 300_000, |trigger, now| trigger.heel_edge(now, *edge));
        }
        let notes: Vec<_> =
            driver.notes().into_iter().filter(|note| matches!(note, RepeatedEdge { .. })).collect();
        (driver.trigger.counters().contradictions, notes)
    };
    assert_eq!(told(&[Loaded, Lifted, Loaded, Lifted]), (0, vec![]));
    assert_eq!(told(&[Lifted]), (0, vec![]));
    assert_eq!(told(&[Loaded, Loaded]), (1, vec![RepeatedEdge { lifted: false }]));
    assert_eq!(told(&[Loaded, Lifted, Lifted]), (1, vec![RepeatedEdge { lifted: true }]));
    assert_eq!(told(&[Lifted, LineOpen, LineOpen]), (0, vec![]));
}

/// REQ-PRO-017, REQ-PRO-024: steps without an Off between them are one run, which ends. With the foot in the air at its end that is noted,
/// once, and nothing opens before the heel was down; with the heel down then nothing is noted, and the next lift is a step.
#[test]
fn a_run_without_an_off_ends() {
    // lifts of 700 ms with stances of 100 ms between them until the run may go on no longer; then the heel is as told
    let noted_and_next = |last: Heel| {
        let mut driver = Driver::walking(config(), 0);
        let run_ms = u64::from(config().times().merge_max.as_millis());
        let steps = run_ms.div_ceil(800);
        let mut ended = 0;
        for step in 0..steps {
            let at = 1_000 + step * 800;
            driver.heel(at * 1_000, Lifted);
            driver.heel((at + 700) * 1_000, Loaded);
            ended += noted(&mut driver, TriggerNote::RunEnded);
        }
        let at = 1_000 + steps * 800;
        driver.heel(at * 1_000, last);
        driver.run_to((at + 1_500) * 1_000);
        let closed = driver.commands.last().copied();
        ended += noted(&mut driver, TriggerNote::RunEnded);
        let before = driver.commands.len();
        driver.heel((at + 1_500) * 1_000, Lifted);
        driver.run_to((at + 1_600) * 1_000);
        assert!(closed.is_some_and(|last| matches!(last.command, GateCommand::Close { .. })), "{closed:?}");
        (ended, driver.commands.len() > before)
    };
    assert_eq!(noted_and_next(Lifted), (1, false), "in the air");
    assert_eq!(noted_and_next(Loaded), (0, true), "down");
}
