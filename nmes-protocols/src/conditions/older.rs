//! Strength of older adults.

use super::parts::*;
use super::sport::{DRINK, STRENGTH};
use crate::amplitude::AmplitudeRule;
use crate::condition::{Condition, Family, Finding};
use crate::dose::Change;
use crate::provenance::{Evidence, Provenance, Sourced};
use crate::screening::Item;
use crate::sources as src;

const OLDER_FOUND: &[Finding] = &[
    finding(
        "Caggiano 1994, older men, 36 % of the maximal force, 12 sessions: peak torque up",
        Evidence::Positive,
        found(src::CAGGIANO_1994),
    ),
    finding(
        "Western Kentucky, 15 % of the maximal force, 4 weeks: timed up-and-go 8.81 to 7.67 s",
        Evidence::Positive,
        found(src::OLDER_15),
    ),
    finding(
        "Hooker 1994: what is tolerated gives 1 to 20 % of the maximal force",
        Evidence::Mixed,
        found(src::HOOKER_1994),
    ),
    finding(
        "Piva 2018, rheumatoid arthritis: 31 % against 77 % by exercise, attrition 29 against 7 %",
        Evidence::Mixed,
        found(src::RHEUMATOID),
    ),
    finding(
        "Almeida 2019, rheumatoid arthritis: size of the muscle did not follow the dose",
        Evidence::Negative,
        found(src::RHEUMATOID_DOSE),
    ),
    finding(
        "NCT00765739, the registered study of 40 % of the maximal force: no results posted",
        Evidence::None,
        found(src::PITTSBURGH_2008),
    ),
];

const OLDER: Condition = Condition {
    family: Family::Strength,
    headline: finding(
        "strength and stairs improved in small trials; many reach only 1 to 20 % of their maximal force",
        Evidence::Mixed,
        ours("two trials (PRO-S10, PRO-S11) and what the elderly reach (PRO-S13), in one sentence"),
    ),
    other_sites: &[],
    needs: intact("femoral nerve"),
    electrodes: pads(
        square_cm(50, 90, 97, UNMARKED, PICKED),
        text("quadriceps, proximal", recalled(src::OLDER_PRACTICE)),
        text("quadriceps, distal", recalled(src::OLDER_PRACTICE)),
    ),
    channels: count(
        1,
        2,
        2,
        ours("two have no mark of their origin in the facts; one alone is ours"),
        UNMARKED,
    ),
    specific_items: &[Item::FragileSkin, Item::Rhabdomyolysis, Item::MuscleTear],
    notes: &[
        text("a target of 40 % may be out of reach: record what was reached", found(src::HOOKER_1994)),
        DRINK,
    ],
    ..STRENGTH
};

const AROUND_OLDER: Provenance = ours(
    "60 Hz, 15 s off, 40 min, 4 weeks are found (PRO-S11); the other end is from knee rows, where older people train too",
);

/// A share of the maximal force.
pub static STRENGTH_OLDER: Condition = Condition {
    name: "strength-older",
    title: "Older adults: quadriceps",
    summary: "Contractions at a share of the maximal force, as much as is tolerated.",
    phase_width: micros(250, 300, 400, recalled(src::OLDER_PRACTICE), PICKED),
    rate: hertz(50, 60, 60, AROUND_OLDER, found(src::OLDER_15)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::PercentMvic { target: 40, least: 15 },
        ours(
            "40 % is the arm of a trial without results (PRO-S7); 15 % improved stairs in another (PRO-S11)",
        ),
    ),
    schedule: cyclic(
        our_ramps(2_000, 1_000),
        at_ms(10_000, found(src::OLDER_15)),
        seconds(15, 15, 50, AROUND_OLDER, found(src::OLDER_15)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(15, 40, 40, AROUND_OLDER, found(src::OLDER_15)),
    dose: dose(
        None,
        None,
        exactly(3, found(src::OLDER_15)),
        Some(count(4, 4, 12, AROUND_OLDER, found(src::OLDER_15))),
    ),
    evidence: OLDER_FOUND,
    progression: &[progress(
        0,
        Change::Text("10, 20, 40 % of the maximal force as tolerated"),
        recalled(src::OLDER_PRACTICE),
    )],
    reported: &[
        text("40 % of one-repetition maximum, 4 months, ages 75 to 96", found(src::BENAVENT_2014)),
        text(
            "at least 11 to 20 % of the maximal force was useful, from abstracts",
            recalled(src::OLDER_PRACTICE),
        ),
    ],
    ..OLDER
};

const KERN: Finding = finding(
    "the settings are recalled; no trial of them was looked up",
    Evidence::None,
    recalled(src::OLDER_PRACTICE),
);

/// Short contractions in three blocks.
pub static OLDER_KERN: Condition = Condition {
    name: "strength-older-kern",
    title: "Older adults: 3.5 on and 4.5 off, three blocks",
    summary: "Ten minutes three times a session, two or three sessions a week over nine weeks.",
    headline: KERN,
    evidence: &[KERN],
    related: OLDER_FOUND,
    phase_width: micros(250, 300, 400, recalled(src::OLDER_PRACTICE), PICKED),
    rate: at_hz(60, recalled(src::OLDER_PRACTICE)),
    amplitude_rule: Sourced::new(AmplitudeRule::MaxTolerated, recalled(src::OLDER_PRACTICE)),
    schedule: cyclic(
        our_ramps(500, 500),
        at_ms(3_500, recalled(src::OLDER_PRACTICE)),
        at_ms(4_500, recalled(src::OLDER_PRACTICE)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(
        10,
        10,
        30,
        recalled(src::OLDER_PRACTICE),
        ours("one block; three make a session"),
    ),
    dose: dose(
        None,
        None,
        from_to(2, 2, 3, recalled(src::OLDER_PRACTICE)),
        exactly(9, recalled(src::OLDER_PRACTICE)),
    ),
    ..OLDER
};
