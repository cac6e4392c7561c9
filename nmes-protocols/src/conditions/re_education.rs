//! Re-education of a movement, and phases after an injury.

use super::parts::*;
use super::sport::LEG;
use crate::amplitude::AmplitudeRule;
use crate::condition::{Condition, Family, Finding};
use crate::dose::Change;
use crate::provenance::{Evidence, Sourced};
use crate::schedule_row::{GatedRow, ScheduleRow, TriggerKind};
use crate::screening::{Item, Site};
use crate::sources as src;

const RELEARN_HEAD: Finding =
    finding("settings from teaching; no trial was looked up", Evidence::None, found(src::GOAL_TABLE));

const RELEARN: Condition = Condition {
    family: Family::ReEducation,
    headline: RELEARN_HEAD,
    electrodes: pads(
        square_cm(10, 25, 25, UNMARKED, PICKED),
        text("motor point of the muscle", UNSTATED),
        text("the same muscle, distal", UNSTATED),
    ),
    channels: count(1, 1, 2, UNMARKED, PICKED),
    evidence: &[RELEARN_HEAD],
    specific_items: &[Item::MuscleTear],
    ..LEG
};

/// As the task asks.
pub static RE_EDUCATION: Condition = Condition {
    name: "re-education",
    title: "Re-education of a movement",
    summary: "A train helps a movement that the person makes, as long and as strong as the task asks.",
    phase_width: micros(150, 250, 350, found(src::GOAL_TABLE), PICKED),
    rate: hertz(35, 50, 50, found(src::GOAL_TABLE), found(src::GOAL_TABLE)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::ToClinicalEffect { effect: "enough for the task, not more" },
        found(src::GOAL_TABLE),
    ),
    trigger: Sourced::new(TriggerKind::ManualSwitch, UNMARKED),
    schedule: ScheduleRow::Gated(GatedRow {
        ramps: ramps(
            millis(2_000, 2_000, 4_000, ours("2 s or more are found (PRO-S55)"), found(src::GOAL_TABLE)),
            millis(0, 1_000, 2_000, UNSTATED, UNSTATED),
        ),
        max_on: seconds(3, 5, 10, ours("as the task asks; some bound"), ours("as the task asks; some bound")),
        min_off: seconds(
            1,
            5,
            30,
            ours("as the task asks; some bound"),
            ours("as the task asks; some bound"),
        ),
        max_triggers_per_minute: Sourced::new(4, ours("a train of five seconds and a rest")),
    }),
    session_length: minutes(10, 15, 20, UNMARKED, PICKED),
    dose: dose(None, from_to(1, 1, 2, UNMARKED), exactly(7, ours("daily, as seven days a week")), None),
    progression: &[progress(
        0,
        Change::Text("amplitude and cues fade: every, every second, every fourth trial"),
        ours("so that the movement is left without it"),
    )],
    stop_rules: &[
        text("pain, or other muscles do the task in place of the weak one: stop", UNMARKED),
        RASH,
        REDNESS,
    ],
    ..RELEARN
};

/// Vastus medialis with pain behind the kneecap.
pub static PATELLOFEMORAL: Condition = Condition {
    name: "patellofemoral-vmo",
    title: "Pain behind the kneecap: vastus medialis",
    summary: "Contractions of vastus medialis, with the person's own.",
    headline: finding(
        "goal-level settings, recalled; no trial was looked up",
        Evidence::None,
        recalled(src::INJURY_PRACTICE),
    ),
    needs: intact("femoral nerve"),
    phase_width: micros(250, 300, 350, recalled(src::INJURY_PRACTICE), PICKED),
    rate: hertz(35, 40, 50, recalled(src::INJURY_PRACTICE), PICKED),
    schedule: cyclic(
        our_ramps(1_000, 1_000),
        seconds(5, 8, 10, recalled(src::INJURY_PRACTICE), PICKED),
        seconds(10, 15, 20, recalled(src::INJURY_PRACTICE), PICKED),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(10, 15, 20, recalled(src::INJURY_PRACTICE), PICKED),
    ..RELEARN
};

/// Peroneal muscles after a sprain.
pub static ANKLE_SPRAIN: Condition = Condition {
    name: "ankle-sprain",
    title: "After an ankle sprain: peroneus longus",
    summary: "Contractions of peroneus longus, later with balance tasks.",
    headline: finding(
        "goal-level settings, recalled; no trial was looked up",
        Evidence::None,
        recalled(src::INJURY_PRACTICE),
    ),
    needs: intact("peroneal nerve"),
    site: Site::LowerLeg,
    other_sites: &[],
    phase_width: micros(250, 300, 350, recalled(src::INJURY_PRACTICE), PICKED),
    rate: hertz(35, 40, 50, recalled(src::INJURY_PRACTICE), PICKED),
    schedule: cyclic(
        our_ramps(1_000, 1_000),
        seconds(5, 8, 10, UNSTATED, UNSTATED),
        seconds(10, 15, 20, UNSTATED, UNSTATED),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(10, 15, 20, UNSTATED, UNSTATED),
    ..RELEARN
};

/// Muscle that wastes with an injury.
pub static INJURY_ATROPHY: Condition = Condition {
    name: "injury-atrophy",
    title: "Musculoskeletal injury: first phase, against wasting",
    summary: "Weak contractions while pain forbids more; then the strength and re-education rows.",
    headline: finding(
        "goal-level settings, recalled; no trial was looked up",
        Evidence::None,
        recalled(src::INJURY_PRACTICE),
    ),
    phase_width: micros(250, 300, 350, recalled(src::INJURY_PRACTICE), PICKED),
    rate: hertz(35, 40, 50, recalled(src::INJURY_PRACTICE), PICKED),
    amplitude_rule: Sourced::new(
        AmplitudeRule::PercentMvic { target: 10, least: 5 },
        ours("a low share of the maximal force is recalled (practice after injuries); the figures are ours"),
    ),
    schedule: cyclic(
        our_ramps(2_000, 1_000),
        at_ms(10_000, recalled(src::INJURY_PRACTICE)),
        seconds(30, 50, 50, recalled(src::INJURY_PRACTICE), PICKED),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(10, 15, 20, UNSTATED, UNSTATED),
    ..RELEARN
};
