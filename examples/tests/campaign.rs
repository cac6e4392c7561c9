//! Faults on purpose, thousands of them; the whole number is `./ci.sh campaign`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests; a panic is a failure"
)]

use nmes_examples::campaign::{
    Analogue, End, Fault, KINDS, Kind, Must, Sensing, Tally, campaign, page, scenes,
};

/// Eight instants in each session.
const RUNS: u32 = 48;

fn kind(name: &str) -> Kind {
    KINDS.into_iter().find(|kind| kind.name == name).unwrap()
}

/// REQ-SAF-450, REQ-SAF-451, REQ-SAF-452: every kind of fault ends as it must at every instant, and with the one-shot no
/// phase carries more than twice the profile's.
#[test]
fn every_fault_ends_as_it_must() {
    assert!(KINDS.len() >= 25 && scenes().len() == 6);
    for (kind, tally) in KINDS.iter().zip(campaign(&KINDS, RUNS, 7)) {
        assert!(tally.holes.is_empty(), "{:#?}", tally.holes);
        assert_eq!(tally.runs, RUNS, "{}", kind.name);
        assert!(tally.of_profile[0] <= 2.0, "{}: {:?}", kind.name, tally.of_profile);
    }
}

/// REQ-SAF-451: the one-shot is what bounds it: without one a processor that stops leaves far more.
#[test]
fn without_the_one_shot_there_is_no_such_bound() {
    let kinds = [kind("processor-stopped"), kind("bridge-stuck-on")];
    let tallies = campaign(&kinds, RUNS, 7);
    assert!(
        tallies[0].of_profile[1] > 10.0 && tallies[0].of_profile[0] <= 2.0,
        "{:?}",
        tallies[0].of_profile
    );
    assert_eq!((tallies[1].never_ended, tallies[1].runs), (RUNS, RUNS));
}

/// REQ-SAF-450, REQ-SAF-571: what is asked of a kind can fail: told to be harmless, or to be found sooner than it can be, it
/// does; told to be harmless, also where it ends a session and does nothing worse.
#[test]
fn the_campaign_can_fail() {
    let wrong = [
        Kind { must: Must::Harmless, ..kind("dac-stuck") },
        Kind { must: Must::Open(1), ..kind("sense-silent") },
        Kind {
            must: Must::Open(1_000_000),
            fault: Fault::Stage(Analogue::SwappedLeads),
            ..kind("leads-swapped")
        },
        Kind { must: Must::ContactLost(1), ..kind("dac-stuck") },
        Kind { must: Must::Harmless, fault: Fault::Sense(Sensing::Silent), ..kind("processor-stopped") },
        Kind { must: Must::ContactLost(1_000_000), ..kind("clock-halved") },
    ];
    let tallies = campaign(&wrong, RUNS, 7);
    let unheld: Vec<_> = tallies.iter().map(|tally| tally.holes.len()).collect();
    assert!(unheld.iter().all(|&holes| holes > 0), "{unheld:?}");
    assert!(tallies[4].holes.iter().all(|why| why.contains("it ended")), "{:?}", tallies[4].holes);
    // at the probe level, and twice as long
    assert!(tallies[5].holes.iter().any(|why| why.contains("held")), "{:?}", tallies[5].holes);
}

/// REQ-SAF-732: a lost contact that stays lost is held at the probe level and does no harm there; one that comes and goes with the
/// level latches at the third loss; a rail that returns brings contact back.
#[test]
fn what_becomes_of_a_lost_contact() {
    let kinds = [kind("electrode-open"), kind("pad-peel"), kind("rail-returns")];
    let tallies = campaign(&kinds, RUNS, 7);
    let [open, peel, returns] = tallies.as_slice() else { panic!("{tallies:?}") };
    let lost = End::Latched("contact lost".to_owned());
    let count = |tally: &Tally, end: &End| tally.ends.get(end).copied().unwrap_or_default();
    // three of six sessions are of functional wear
    assert_eq!((count(open, &End::Held), count(open, &lost)), (RUNS / 2, RUNS / 2));
    assert!(open.of_probe < 0.01, "{}", open.of_probe);
    assert!(count(peel, &lost) > RUNS / 5 && peel.open_ticks[0] > 1_000_000, "{peel:?}");
    assert!(count(returns, &End::Back) > RUNS / 5 && count(returns, &End::Held) == 0, "{returns:?}");
}

/// REQ-SAF-453: the same seed gives the same page, another seed another; a kind does not depend on its company.
#[test]
fn the_page_repeats() {
    let few = [kind("dac-stuck"), kind("bit-engine-channel")];
    let made = |kinds: &[Kind], seed| page(kinds, &campaign(kinds, RUNS, seed), seed);
    assert_eq!(made(&few, 7), made(&few, 7));
    assert_ne!(made(&few, 7), made(&few, 8));
    let (alone, both) = (campaign(&few[1..], RUNS, 7), campaign(&few, RUNS, 7));
    assert_eq!(alone[0].ends, both[1].ends);
}

/// REQ-HAL-252: the emergency stop opens within one edge path, at any instant of a phase or between two.
#[test]
fn the_emergency_stop_opens_at_once() {
    let tally = &campaign(&[kind("emergency-stop")], 240, 7)[0];
    assert!(tally.open_ticks.iter().all(|&ticks| ticks <= 20), "{:?}", tally.open_ticks);
    assert!(tally.of_plan[0] <= 1.2, "{:?}", tally.of_plan);
}
