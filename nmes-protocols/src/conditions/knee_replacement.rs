//! Quadriceps after replacement of the knee.

use super::knee::{HALF_CYCLE, KNEE, LISTED, PADS, SIX_WEEKS, TOLERATED, burst};
use super::parts::*;
use crate::amplitude::AmplitudeRule;
use crate::condition::{Condition, Electrodes, Finding};
use crate::dose::Dose;
use crate::provenance::{Evidence, Sourced};
use crate::screening::Item;
use crate::sources as src;
use crate::waveform::Carrier;

const TKA: Condition = Condition {
    headline: LISTED,
    evidence: &[LISTED],
    related: STEVENS,
    specific_items: &[Item::NerveBlockActive, Item::UnstableFracture],
    notes: &[text("metal is no contraindication for balanced pulses", found(src::CONTRAINDICATION_LISTS))],
    ..KNEE
};

const STEVENS: &[Finding] = &[
    finding(
        "Stevens-Lapsley 2012: intensity of training explains strength, R² .68 at 3.5 weeks, .25 at 6.5 weeks",
        Evidence::Positive,
        found(src::STEVENS_DOSE),
    ),
    finding(
        "Stevens-Lapsley 2012: intensity of training explains activation, R² .22 and .00",
        Evidence::Mixed,
        found(src::STEVENS_DOSE),
    ),
];

/// As [`LISTED`], from the other review.
const LISTED_TKA: Finding = finding(LISTED.claim, Evidence::None, found(src::TKA_TRIALS));

/// Twice a day from 48 h after the operation.
pub static TKA_STEVENS_LAPSLEY: Condition = Condition {
    name: "tka-stevens-lapsley",
    title: "After knee replacement: 15 contractions twice a day (Stevens-Lapsley)",
    summary: "From 48 h after the operation, seated with the knee bent, for six weeks.",
    headline: finding(
        "the harder the contractions the more strength, R² .68 at 3.5 and .25 at 6.5 weeks",
        Evidence::Positive,
        found(src::STEVENS_DOSE),
    ),
    evidence: STEVENS,
    related: &[],
    progression: SIX_WEEKS,
    waveform: symmetric(found(src::KNEE_TRIALS)),
    phase_width: at_us(250, found(src::KNEE_TRIALS)),
    rate: at_hz(50, found(src::KNEE_TRIALS)),
    schedule: cyclic(
        ramps(at_ms(3_000, found(src::KNEE_TRIALS)), millis(0, 1_000, 3_000, UNSTATED, UNSTATED)),
        at_ms(15_000, found(src::KNEE_TRIALS)),
        at_ms(45_000, found(src::KNEE_TRIALS)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(
        1,
        15,
        15,
        ours("15 contractions of 15 and 45 s"),
        ours("15 contractions of 15 and 45 s"),
    ),
    electrodes: Electrodes {
        area: square_mm(9_650, 9_650, 9_650, found(src::KNEE_TRIALS), found(src::KNEE_TRIALS)),
        ..PADS
    },
    dose: Dose {
        text: &[text(
            "best responders trained near 15 to 20 % of the maximal force and above",
            recalled_low(src::KNEE_PRACTICE),
        )],
        ..dose(
            exactly(15, found(src::STEVENS_DOSE)),
            exactly(2, found(src::STEVENS_DOSE)),
            None,
            exactly(6, found(src::STEVENS_DOSE)),
        )
    },
    ..TKA
};

/// Hours a day on vastus medialis.
pub static TKA_AVRAMIDIS: Condition = Condition {
    name: "tka-avramidis",
    title: "After knee replacement: four hours a day on vastus medialis (Avramidis)",
    summary: "Vastus medialis for two hours twice a day; ON and OFF are not stated.",
    headline: LISTED_TKA,
    evidence: &[LISTED_TKA],
    phase_width: at_us(300, found(src::TKA_TRIALS)),
    rate: at_hz(40, found(src::TKA_TRIALS)),
    amplitude_rule: Sourced::new(TOLERATED, found(src::TKA_TRIALS)),
    schedule: cyclic(
        our_ramps(1_000, 1_000),
        seconds(5, 8, 10, UNSTATED, UNSTATED),
        seconds(8, 8, 50, UNSTATED, UNSTATED),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(120, found(src::TKA_TRIALS)),
    electrodes: Electrodes {
        active: text("vastus medialis", found(src::TKA_TRIALS)),
        indifferent: text("the same muscle, along its fibres", UNSTATED),
        ..PADS
    },
    dose: dose(None, exactly(2, found(src::TKA_TRIALS)), None, exactly(6, found(src::TKA_TRIALS))),
    ..TKA
};

/// A quarter of an hour a day at low current.
pub static TKA_VALDES: Condition = Condition {
    name: "tka-valdes",
    title: "After knee replacement: 15 minutes a day at 15 to 30 mA (Valdes)",
    summary: "A short session a day at a low current; ON and OFF are not stated.",
    headline: LISTED_TKA,
    evidence: &[LISTED_TKA],
    phase_width: at_us(300, found(src::TKA_TRIALS)),
    rate: at_hz(65, found(src::TKA_TRIALS)),
    amplitude: milliamps(15, 22, 30, found(src::TKA_TRIALS)),
    typical_amplitude_ua: band(15, 30, found(src::TKA_TRIALS)),
    amplitude_rule: Sourced::new(AmplitudeRule::VisibleContraction, UNSTATED),
    schedule: cyclic(
        our_ramps(2_000, 1_000),
        seconds(5, 10, 10, UNSTATED, UNSTATED),
        seconds(10, 50, 50, UNSTATED, UNSTATED),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(15, found(src::TKA_TRIALS)),
    dose: dose(None, exactly(1, found(src::TKA_TRIALS)), None, None),
    progression: &[],
    ..TKA
};

/// Burst current in the clinic.
pub static TKA_PETTERSON: Condition = Condition {
    name: "tka-petterson",
    title: "After knee replacement: burst current, 10 on and 80 off (Petterson)",
    summary: "Burst current in the clinic, two or three times a week.",
    headline: LISTED_TKA,
    evidence: &[LISTED_TKA],
    waveform: burst(
        Carrier::Triangle,
        25,
        "2,500 Hz in 50 bursts a second is recalled (LIT-PETTERSON), the shape and the duty of the bursts are not: triangular, \
         and 25 cycles, half of each period, are ours",
        recalled(src::PETTERSON_2009),
    ),
    phase_width: at_us(200, ours(HALF_CYCLE)),
    gap: NO_GAP,
    rate: at_hz(50, recalled(src::PETTERSON_2009)),
    amplitude_rule: Sourced::new(TOLERATED, found(src::TKA_TRIALS)),
    schedule: cyclic(
        our_ramps(2_000, 1_000),
        at_ms(10_000, recalled(src::PETTERSON_2009)),
        at_ms(80_000, recalled(src::PETTERSON_2009)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(
        1,
        15,
        15,
        ours("10 contractions of 10 and 80 s"),
        ours("10 contractions of 10 and 80 s"),
    ),
    dose: dose(None, None, from_to(2, 2, 3, found(src::TKA_TRIALS)), exactly(6, found(src::TKA_TRIALS))),
    ..TKA
};

/// Pulses of 1 ms.
pub static TKA_YOSHIDA: Condition = Condition {
    name: "tka-yoshida-motor",
    title: "After knee replacement: 100 Hz, 1 ms, motor level (Yoshida)",
    summary: "Wide pulses at 100 a second, 10 s on and 20 s off.",
    waveform: symmetric(found(src::KNEE_TRIALS)),
    phase_width: at_us(1_000, found(src::KNEE_TRIALS)),
    amplitude_rule: Sourced::new(TOLERATED, recalled(src::KNEE_PRACTICE)),
    rate: at_hz(100, found(src::KNEE_TRIALS)),
    amplitude: milliamps(1, 30, 60, ours("wide pulses need less current; no source gives any")),
    typical_amplitude_ua: band(15, 50, ours("wide pulses need less current; no source gives any")),
    schedule: cyclic(
        our_ramps(2_000, 1_000),
        at_ms(10_000, found(src::KNEE_TRIALS)),
        at_ms(20_000, found(src::KNEE_TRIALS)),
        RAMPS_UNSTATED,
    ),
    electrodes: Electrodes {
        area: square_cm(45, 45, 45, found(src::KNEE_TRIALS), found(src::KNEE_TRIALS)),
        ..PADS
    },
    ..TKA
};

/// The same, felt only.
pub static TKA_YOSHIDA_SENSORY: Condition = Condition {
    name: "tka-yoshida-sensory",
    title: "After knee replacement: 100 Hz, 1 ms, sensory level (Yoshida)",
    summary: "The same pulses as one train that is felt and moves nothing.",
    use_class: CONTINUOUS.use_class,
    trigger: CONTINUOUS.trigger,
    waveform: symmetric(found(src::KNEE_TRIALS)),
    phase_width: at_us(1_000, found(src::KNEE_TRIALS)),
    rate: at_hz(100, found(src::KNEE_TRIALS)),
    amplitude: milliamps(1, 8, 20, ours("sensory level of wide pulses; no source gives any")),
    typical_amplitude_ua: band(4, 15, ours("sensory level of wide pulses; no source gives any")),
    amplitude_rule: Sourced::new(
        AmplitudeRule::Sensory { percent: 120 },
        ours("sensory level is found; a fifth above the threshold is our figure"),
    ),
    schedule: CONTINUOUS.schedule,
    progression: &[],
    electrodes: Electrodes {
        area: square_cm(45, 45, 45, found(src::KNEE_TRIALS), found(src::KNEE_TRIALS)),
        ..PADS
    },
    ..TKA
};
