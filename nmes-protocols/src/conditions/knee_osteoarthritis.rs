//! Osteoarthritis of the knee.

use super::knee::{KNEE, PADS, TOLERATED};
use super::parts::*;
use crate::amplitude::AmplitudeRule;
use crate::condition::{Condition, Electrodes, Family, Finding};
use crate::dose::{Change, Dose};
use crate::provenance::{Evidence, Sourced, Unit};
use crate::screening::Item;
use crate::sources as src;

const OA: Condition = Condition {
    family: Family::KneeOsteoarthritis,
    amplitude_rule: Sourced::new(TOLERATED, found(src::NUSSBAUM_OA)),
    evidence: &[REVIEWED, COUNTED],
    related: &[SHAM],
    specific_items: &[Item::KneeFlare],
    item_rules: &[],
    ..KNEE
};

const REVIEWED: Finding = finding(
    "Nussbaum 2017, a review: pain fell in 4 of 6 studies, strength rose in 3 of 4",
    Evidence::Mixed,
    found(src::NUSSBAUM_OA),
);

const COUNTED: Finding = finding(
    "Nussbaum 2017, a review: 30 contractions a week gave nothing, 45 with exercise worked",
    Evidence::Mixed,
    found(src::NUSSBAUM_OA),
);

const SHAM: Finding = finding(
    "a sham-controlled trial of 2025: calf and quadriceps, N = 179, 8 weeks; no difference in pain",
    Evidence::Negative,
    found(src::SINGLE_FIGURES),
);

const ELBOIM: Finding = finding(
    "Elboim-Gabyzon 2013: activation +22.2 against +9.6 %, 75 Hz, 250 µs, 12 sessions",
    Evidence::Positive,
    found(src::OA_SETTINGS),
);

/// Consensus settings.
pub static KNEE_OA: Condition = Condition {
    name: "knee-oa",
    title: "Osteoarthritis of the knee: consensus settings",
    summary: "Quadriceps, seated with hip and knee bent, three days a week together with exercise.",
    headline: finding(
        "strength rose in 3 of 4 studies and pain fell in 4 of 6; a later sham-controlled trial found no difference in pain",
        Evidence::Mixed,
        ours("two sources in one sentence: the studies are of PRO-S2, the sham-controlled trial of PRO-S69"),
    ),
    phase_width: micros(250, 300, 300, found(src::NUSSBAUM_OA), PICKED),
    rate: hertz(50, 50, 75, found(src::OA_SETTINGS), found(src::NUSSBAUM_OA)),
    schedule: cyclic(
        our_ramps(2_000, 1_000),
        at_ms(10_000, found(src::NUSSBAUM_OA)),
        at_ms(50_000, found(src::NUSSBAUM_OA)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(
        15,
        15,
        20,
        ours("15 to 20 times 10 and 50 s"),
        ours("15 contractions of 10 and 50 s"),
    ),
    electrodes: Electrodes {
        active: text("rectus femoris, proximal", found(src::NUSSBAUM_OA)),
        indifferent: text("vastus medialis (or lateralis), distal", found(src::NUSSBAUM_OA)),
        ..PADS
    },
    dose: Dose {
        least_per_week: Some(Sourced::new(45, found(src::NUSSBAUM_OA))),
        ..dose(
            Some(count(15, 15, 20, found(src::NUSSBAUM_OA), PICKED)),
            None,
            exactly(3, found(src::NUSSBAUM_OA)),
            from_to(4, 8, 8, found(src::NUSSBAUM_OA)),
        )
    },
    reported: &[text("50 to 75 Hz, 200 to 400 µs, 20 min", found(src::OA_SETTINGS))],
    related: &[ELBOIM, SHAM],
    ..OA
};

const TALBOT: Finding = finding(
    "the settings are recalled; its outcome was not looked up",
    Evidence::None,
    recalled(src::TALBOT_2003),
);

/// At home for twelve weeks.
pub static KNEE_OA_TALBOT: Condition = Condition {
    name: "knee-oa-talbot",
    title: "Osteoarthritis of the knee: at home, 12 weeks (Talbot)",
    summary: "Quadriceps at home, from 10 to 20 up to 30 to 40 % of the maximal force.",
    headline: TALBOT,
    evidence: &[TALBOT],
    related: &[REVIEWED, COUNTED, ELBOIM, SHAM],
    phase_width: at_us(300, recalled(src::TALBOT_2003)),
    rate: at_hz(50, recalled(src::TALBOT_2003)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::PercentMvic { target: 40, least: 10 },
        recalled(src::TALBOT_2003),
    ),
    schedule: cyclic(
        our_ramps(2_000, 1_000),
        at_ms(10_000, recalled(src::TALBOT_2003)),
        at_ms(50_000, recalled(src::TALBOT_2003)),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(15, recalled(src::TALBOT_2003)),
    dose: dose(
        Some(fixed(15, Unit::Count, ours("15 min in cycles of 10 and 50 s"))),
        None,
        exactly(3, recalled(src::TALBOT_2003)),
        exactly(12, recalled(src::TALBOT_2003)),
    ),
    progression: &[progress(
        0,
        Change::Text("from 10 to 20 to 30 to 40 % of the maximal force"),
        recalled(src::TALBOT_2003),
    )],
    ..OA
};

/// 75 a second.
pub static KNEE_OA_ELBOIM: Condition = Condition {
    name: "knee-oa-elboim",
    title: "Osteoarthritis of the knee: 75 Hz, twice a week (Elboim-Gabyzon)",
    summary: "Quadriceps at 75 a second, with exercise, 12 sessions.",
    headline: finding("activation +22.2 against +9.6 %", Evidence::Positive, found(src::OA_SETTINGS)),
    evidence: &[ELBOIM],
    related: &[REVIEWED, COUNTED, SHAM],
    phase_width: at_us(250, found(src::OA_SETTINGS)),
    amplitude_rule: Sourced::new(TOLERATED, UNSTATED),
    rate: at_hz(75, found(src::OA_SETTINGS)),
    schedule: cyclic(
        our_ramps(2_000, 1_000),
        seconds(5, 10, 10, UNSTATED, UNSTATED),
        seconds(10, 50, 50, UNSTATED, UNSTATED),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(10, 20, 20, UNSTATED, UNSTATED),
    dose: dose(
        None,
        None,
        exactly(2, found(src::OA_SETTINGS)),
        Some(fixed(6, Unit::Count, ours("12 sessions at two a week"))),
    ),
    ..OA
};

const NOVAK: Finding =
    finding("the settings were read; its outcome was not looked up", Evidence::None, found(src::OA_SETTINGS));

/// A range of settings.
pub static KNEE_OA_NOVAK: Condition = Condition {
    name: "knee-oa-novak",
    title: "Osteoarthritis of the knee: 50 to 75 Hz, 20 minutes (Novak)",
    summary: "Quadriceps for twenty minutes; ON and OFF are not stated.",
    headline: NOVAK,
    evidence: &[NOVAK],
    related: &[REVIEWED, COUNTED, ELBOIM, SHAM],
    phase_width: micros(200, 300, 400, found(src::OA_SETTINGS), PICKED),
    rate: hertz(50, 50, 75, found(src::OA_SETTINGS), PICKED),
    amplitude_rule: Sourced::new(TOLERATED, UNSTATED),
    schedule: cyclic(
        our_ramps(2_000, 1_000),
        seconds(5, 10, 10, UNSTATED, UNSTATED),
        seconds(10, 50, 50, UNSTATED, UNSTATED),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(20, found(src::OA_SETTINGS)),
    ..OA
};
