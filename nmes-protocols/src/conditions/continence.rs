//! Bladder and bowel.

use super::parts::*;
use crate::amplitude::AmplitudeRule;
use crate::condition::{Condition, Electrodes, Family, Finding, SpecialistGate};
use crate::dose::Change;
use crate::provenance::{Evidence, Provenance, Sourced};
use crate::screening::{Item, Site};
use crate::sources as src;

const ITEMS: &[Item] = &[Item::PelvicInfection, Item::BirthOrPelvicSurgery, Item::Prolapse];

const STRESS: &[Finding] = &[
    finding(
        "Yamanishi 1998, stress incontinence: 30 to 50 % dry, 6 to 90 % better, adverse below 14 %",
        Evidence::Mixed,
        found(src::PELVIC),
    ),
    finding(
        "one study, stress incontinence: objective change came at 14 weeks of 20 or later",
        Evidence::Mixed,
        found(src::PELVIC),
    ),
    finding("trials of how often: more than three sessions a week", Evidence::None, found(src::PELVIC)),
];

const PELVIC: Condition = Condition {
    family: Family::Continence,
    needs: intact("pudendal nerve"),
    site: Site::PelvicFloor,
    amplitude: milliamps(1, 30, 60, recalled(src::USUAL_CURRENTS)),
    typical_amplitude_ua: band(10, 60, recalled(src::USUAL_CURRENTS)),
    amplitude_rule: Sourced::new(AmplitudeRule::Sensory { percent: 300 }, found(src::PELVIC)),
    electrodes: pads(
        square_cm(6, 10, 20, UNSTATED, UNSTATED),
        text("vaginal or anal probe, or perianal pads", recalled(src::CONTINENCE)),
        text("the other ring, or sacral pads", recalled(src::CONTINENCE)),
    ),
    channels: count(1, 1, 1, UNMARKED, UNMARKED),
    related: STRESS,
    specific_items: ITEMS,
    ..BASE
};

/// Stress incontinence.
pub static PELVIC_STRESS: Condition = Condition {
    name: "pelvic-stress",
    title: "Stress incontinence",
    summary: "Contractions of the pelvic floor, first with long rests.",
    headline: finding(
        "stress incontinence: 30 to 50 % dry and 6 to 90 % better, with adverse effects below 14 %",
        Evidence::Mixed,
        found(src::PELVIC),
    ),
    evidence: STRESS,
    related: &[],
    phase_width: micros(200, 250, 300, recalled(src::CONTINENCE), PICKED),
    rate: hertz(35, 50, 50, recalled(src::CONTINENCE), recalled(src::CONTINENCE)),
    schedule: cyclic(
        our_ramps(1_000, 1_000),
        at_ms(5_000, recalled(src::CONTINENCE)),
        seconds(5, 10, 10, recalled(src::CONTINENCE), recalled(src::CONTINENCE)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(15, 15, 20, recalled(src::CONTINENCE), PICKED),
    dose: dose(
        None,
        from_to(1, 1, 2, recalled(src::CONTINENCE)),
        from_to(3, 3, 7, found(src::PELVIC)),
        Some(count(12, 14, 20, recalled(src::CONTINENCE), found(src::PELVIC))),
    ),
    progression: &[
        progress(1, Change::OnOff(5_000, 10_000), recalled(src::CONTINENCE)),
        progress(3, Change::OnOff(5_000, 5_000), recalled(src::CONTINENCE)),
    ],
    reported: &[text("20 to 50 Hz and 1 to 5 ms close the urethra", found(src::PELVIC))],
    ..PELVIC
};

/// Urge incontinence.
pub static PELVIC_URGE: Condition = Condition {
    name: "pelvic-urge",
    title: "Urge incontinence",
    summary: "A low rate, strongly felt, that calms the bladder.",
    headline: URGE,
    evidence: &[URGE],
    phase_width: at_us(250, recalled(src::CONTINENCE)),
    rate: hertz(5, 10, 20, recalled(src::CONTINENCE), recalled(src::CONTINENCE)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::Sensory { percent: 200 },
        ours("strongly felt is recalled; twice the threshold is our figure"),
    ),
    schedule: cyclic(
        our_ramps(2_000, 2_000),
        at_ms(10_000, recalled(src::CONTINENCE)),
        at_ms(5_000, recalled(src::CONTINENCE)),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(20, recalled(src::CONTINENCE)),
    dose: dose(
        None,
        exactly(1, recalled(src::CONTINENCE)),
        exactly(7, recalled(src::CONTINENCE)),
        exactly(12, recalled(src::CONTINENCE)),
    ),
    reported: &[text("continuous for 20 min is the other way", recalled(src::CONTINENCE))],
    ..PELVIC
};

/// Of mixed incontinence the collected facts have rates alone.
const AS_STRESS: Provenance =
    ours("no source states it for mixed incontinence; as in the rows for stress and urge");

/// Mixed incontinence.
pub static PELVIC_MIXED: Condition = Condition {
    name: "pelvic-mixed",
    title: "Mixed incontinence",
    summary: "Between the rates of both, or both on alternate days.",
    headline: MIXED,
    evidence: &[MIXED],
    phase_width: at_us(250, AS_STRESS),
    rate: hertz(10, 20, 50, recalled(src::CONTINENCE), recalled(src::CONTINENCE)),
    schedule: cyclic(
        our_ramps(1_000, 1_000),
        at_ms(5_000, AS_STRESS),
        seconds(5, 10, 10, AS_STRESS, AS_STRESS),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(20, AS_STRESS),
    dose: dose(None, exactly(1, AS_STRESS), from_to(3, 7, 7, found(src::PELVIC)), exactly(12, AS_STRESS)),
    reported: &[text("or 50 Hz and 10 to 12.5 Hz on alternate days", recalled(src::CONTINENCE))],
    ..PELVIC
};

/// Of pads; the collected facts have settings of the needle, and no outcome.
const BY_PADS: &[Finding] = &[
    finding(
        "pads, an hour a day for 4 weeks: 15.1 to 12.0 voids, 3.20 to 0.47 episodes a day",
        Evidence::Positive,
        found(src::TIBIAL),
    ),
    finding(
        "pads, a meta-analysis: 12 to 24 sessions did better than fewer",
        Evidence::Positive,
        found(src::TIBIAL),
    ),
];

const BY_NEEDLE: Finding =
    finding("the settings were read; its outcome was not looked up", Evidence::None, found(src::TIBIAL));

const TIBIAL: Condition = Condition {
    family: Family::Continence,
    headline: BY_NEEDLE,
    needs: intact("tibial nerve"),
    site: Site::LowerLeg,
    phase_width: at_us(200, found(src::TIBIAL)),
    rate: at_hz(20, found(src::TIBIAL)),
    evidence: &[BY_NEEDLE],
    related: BY_PADS,
    specific_items: &[Item::AnkleOedema],
    ..CONTINUOUS
};

/// By a needle at the ankle.
pub static PTNS: Condition = Condition {
    name: "ptns",
    title: "Tibial nerve by a needle (PTNS)",
    summary: "A needle above the inner ankle and a pad, half an hour a week.",
    specialist: Some(NEEDLE),
    amplitude: ranged_ma(500, 4_000, 9_000, recalled_high(src::TIBIAL_PRACTICE), PICKED),
    typical_amplitude_ua: Sourced::new((500, 9_000), recalled_high(src::TIBIAL_PRACTICE)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::SegmentalTwitch { muscle: "the toes, or a tingling sole" },
        recalled_high(src::TIBIAL_PRACTICE),
    ),
    session_length: at_minutes(30, found(src::TIBIAL)),
    electrodes: Electrodes {
        min_diameter_mm: Sourced::new(1, ours("a needle is no pad on the skin")),
        ..pads(
            square_mm(25, 25, 25, ours("the surface of a needle in tissue, roughly"), UNSTATED),
            text("needle 3 to 5 cm above the inner ankle", recalled_high(src::TIBIAL_PRACTICE)),
            text("pad on the arch of the foot", recalled_high(src::TIBIAL_PRACTICE)),
        )
    },
    channels: count(1, 1, 1, UNMARKED, UNMARKED),
    dose: dose(
        None,
        exactly(1, found(src::TIBIAL)),
        exactly(1, found(src::TIBIAL)),
        exactly(12, found(src::TIBIAL)),
    ),
    progression: &[progress(0, Change::Text("after the twelve weeks once a month"), UNMARKED)],
    ..TIBIAL
};

const NEEDLE: SpecialistGate = SpecialistGate {
    why: text(
        "a needle through the skin is not for home and not for an untrained hand",
        ours("densities at a needle are not those of a pad"),
    ),
    direct_ua_per_cm2: Sourced::new(0, ours("no direct current at a needle")),
};

const FAECAL: Finding = finding(
    "13 women, half an hour a week, 12 weeks: the settings were read; its outcome was not looked up",
    Evidence::None,
    found(src::TIBIAL),
);

/// Of the 13 women the collected facts have half an hour, weekly, for 12 weeks.
const AS_PTNS: Provenance = ours("no source states it for the bowel; as in the row for the bladder");

/// The same for bowel.
pub static PTNS_FAECAL: Condition = Condition {
    name: "ptns-faecal",
    title: "Faecal incontinence: tibial nerve by a needle",
    summary: "As ptns, half an hour a week for twelve weeks.",
    headline: FAECAL,
    evidence: &[FAECAL],
    specialist: Some(NEEDLE),
    phase_width: at_us(200, AS_PTNS),
    rate: at_hz(20, AS_PTNS),
    amplitude: ranged_ma(500, 4_000, 9_000, recalled_high(src::TIBIAL_PRACTICE), PICKED),
    typical_amplitude_ua: Sourced::new((500, 9_000), recalled_high(src::TIBIAL_PRACTICE)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::SegmentalTwitch { muscle: "the toes, or a tingling sole" },
        recalled_high(src::TIBIAL_PRACTICE),
    ),
    session_length: at_minutes(30, found(src::TIBIAL)),
    electrodes: Electrodes {
        min_diameter_mm: Sourced::new(1, ours("a needle is no pad on the skin")),
        ..pads(
            square_mm(25, 25, 25, ours("the surface of a needle in tissue, roughly"), UNSTATED),
            text("needle 3 to 5 cm above the inner ankle", recalled_high(src::TIBIAL_PRACTICE)),
            text("pad on the arch of the foot", recalled_high(src::TIBIAL_PRACTICE)),
        )
    },
    channels: count(1, 1, 1, UNMARKED, UNMARKED),
    dose: dose(
        None,
        exactly(1, found(src::TIBIAL)),
        exactly(1, found(src::TIBIAL)),
        exactly(12, found(src::TIBIAL)),
    ),
    ..TIBIAL
};

/// By pads at the ankle.
pub static TTNS: Condition = Condition {
    name: "ttns",
    title: "Tibial nerve by pads (TTNS)",
    summary: "Two pads behind and above the inner ankle, below pain.",
    headline: finding(
        "fewer voids and fewer episodes in trials; 12 or more sessions do better",
        Evidence::Positive,
        found(src::TIBIAL),
    ),
    evidence: BY_PADS,
    related: &[],
    amplitude: milliamps(1, 20, 50, recalled(src::TIBIAL_PRACTICE)),
    typical_amplitude_ua: band(10, 50, recalled(src::TIBIAL_PRACTICE)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::SegmentalTwitch { muscle: "the toes, below pain" },
        recalled(src::TIBIAL_PRACTICE),
    ),
    session_length: minutes(30, 60, 60, recalled(src::TIBIAL_PRACTICE), found(src::TIBIAL)),
    electrodes: pads(
        square_cm(20, 25, 25, UNMARKED, PICKED),
        text("behind the inner ankle", UNMARKED),
        text("10 cm above it, or the arch of the foot", UNMARKED),
    ),
    channels: count(
        1,
        1,
        2,
        ours("one side is found (PRO-S53); a channel for the other side is ours"),
        found(src::TIBIAL),
    ),
    dose: dose(
        None,
        exactly(1, found(src::TIBIAL)),
        Some(count(1, 7, 7, recalled(src::TIBIAL_PRACTICE), found(src::TIBIAL))),
        Some(count(
            4,
            4,
            12,
            ours("4 weeks are found (PRO-S53); 12 are those of the needle, once a week"),
            found(src::TIBIAL),
        )),
    ),
    ..TIBIAL
};

const URGE: Finding = finding(
    "settings recalled; no trial of urge incontinence by probe was looked up",
    Evidence::None,
    recalled(src::CONTINENCE),
);

const MIXED: Finding = finding(
    "settings recalled; no trial of mixed incontinence was looked up",
    Evidence::None,
    recalled(src::CONTINENCE),
);
