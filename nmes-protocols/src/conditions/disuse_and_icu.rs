//! Disuse and intensive care.

use super::parts::*;
use super::rules::NO_ANSWER;
use crate::amplitude::AmplitudeRule;
use crate::condition::{Condition, Family, Finding};
use crate::dose::Change;
use crate::provenance::{Evidence, Sourced, Unit};
use crate::schedule_row::OnIncludesRamps;
use crate::schedule_row::{ProgramRow, ScheduleRow, StageRow};
use crate::screening::{Item, Site};
use crate::sources as src;
use crate::waveform::{ChargeReturn, Waveform};

/// A stage at the row's rate, all of its times from one source.
pub(super) const fn stage(
    name: &'static str,
    (hold, rest, repeats): (u32, u32, u16),
    level: u16,
    why: crate::provenance::Provenance,
) -> StageRow {
    StageRow {
        name,
        hold_ms: Sourced::new(hold, why),
        rest_ms: Sourced::new(rest, why),
        repeats: Sourced::new(repeats, why),
        level_permille: Sourced::new(
            level,
            ours("warm-up and cool-down at half the level of the work; no source gives it"),
        ),
        rate_millihertz: None,
    }
}

pub(super) const MUSCLE: Condition = Condition {
    needs: intact("femoral nerve"),
    site: Site::Thigh,
    amplitude: milliamps(1, 40, 80, recalled(src::USUAL_CURRENTS)),
    typical_amplitude_ua: band(20, 60, recalled(src::USUAL_CURRENTS)),
    electrodes: pads(
        square_cm(
            50,
            50,
            97,
            ours(
                "50 cm² have no mark of their origin in the facts; up to 97 are pads of knee trials (PRO-S3)",
            ),
            UNMARKED,
        ),
        text("rectus femoris and vastus medialis, in a cast through its window", UNMARKED),
        text("vastus lateralis", UNMARKED),
    ),
    channels: count(
        1,
        2,
        4,
        ours("two have no mark of their origin in the facts; one, and four, are ours"),
        UNMARKED,
    ),
    ..BASE
};

/// A leg in a cast for five days.
pub static DISUSE_DIRKS: Condition = Condition {
    name: "disuse-dirks",
    title: "Immobilised leg: 40 minutes twice a day (Dirks)",
    summary: "Warm-up, half an hour of short contractions at 100 a second, cool-down, while a leg is in a cast.",
    family: Family::Disuse,
    headline: finding(
        "five days in a cast: the muscle kept its size, not its strength",
        Evidence::Mixed,
        recalled_high(src::DIRKS_2014),
    ),
    phase_width: at_us(400, recalled_high(src::DIRKS_2014)),
    rate: at_hz(100, recalled_high(src::DIRKS_2014)),
    schedule: ScheduleRow::Program(ProgramRow {
        ramps: ramps(at_ms(750, recalled_high(src::DIRKS_2014)), at_ms(750, recalled_high(src::DIRKS_2014))),
        on_includes_ramps: Sourced::new(OnIncludesRamps::Yes, recalled_high(src::DIRKS_2014)),
        stages: &[
            StageRow {
                rate_millihertz: DIRKS_SLOW,
                ..stage("warm-up", (27_500, 1_000, 10), 500, DIRKS_PARTS)
            },
            StageRow {
                repeats: Sourced::new(120, ours("30 min in cycles of 15 s")),
                ..stage("work", (3_500, 10_000, 120), 1_000, recalled_high(src::DIRKS_2014))
            },
            StageRow {
                rate_millihertz: DIRKS_SLOW,
                ..stage("cool-down", (27_500, 1_000, 10), 500, DIRKS_PARTS)
            },
        ],
    }),
    session_length: at_minutes(40, recalled_high(src::DIRKS_2014)),
    channels: count(1, 2, 2, recalled_high(src::DIRKS_2014), recalled_high(src::DIRKS_2014)),
    dose: dose(
        exactly(120, ours("30 min in cycles of 15 s")),
        exactly(2, recalled_high(src::DIRKS_2014)),
        exactly(7, ours("daily while it is immobilised")),
        None,
    ),
    reported: &[text(
        "warm-up and cool-down of the trial have 250 µs; a stage of this software has the session's width",
        ours("nmes-core moves rate and level by stage, not the width"),
    )],
    evidence: &[
        finding(
            "size of the muscle after five days in a cast",
            Evidence::Positive,
            recalled_high(src::DIRKS_2014),
        ),
        finding("strength after five days in a cast", Evidence::Negative, recalled_high(src::DIRKS_2014)),
    ],
    specific_items: &[Item::UnstableFracture],
    ..MUSCLE
};

const DIRKS_SLOW: Option<Sourced<u32>> = Some(Sourced::new(5_000, recalled_high(src::DIRKS_2014)));

const DIRKS_PARTS: crate::provenance::Provenance =
    ours("5 min are recalled; in parts of half a minute, a second of rest between them");

/// Six weeks in a cast at low force.
pub static DISUSE_GIBSON: Condition = Condition {
    name: "disuse-gibson",
    title: "Immobilised leg: an hour a day at low force (Gibson)",
    summary: "Short weak contractions for an hour a day over six weeks in a cast.",
    family: Family::Disuse,
    headline: finding(
        "six weeks in a cast at about 5 % of the maximal force: the muscle kept its size",
        Evidence::Positive,
        recalled(src::GIBSON_1988),
    ),
    phase_width: at_us(300, recalled(src::GIBSON_1988)),
    rate: at_hz(30, recalled(src::GIBSON_1988)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::PercentMvic { target: 5, least: 5 },
        recalled(src::GIBSON_1988),
    ),
    schedule: cyclic(
        our_ramps(300, 300),
        at_ms(2_000, recalled(src::GIBSON_1988)),
        at_ms(9_000, recalled(src::GIBSON_1988)),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(60, recalled(src::GIBSON_1988)),
    dose: dose(None, exactly(1, recalled(src::GIBSON_1988)), None, exactly(6, recalled(src::GIBSON_1988))),
    evidence: &[finding(
        "size of the muscle after six weeks in a cast",
        Evidence::Positive,
        recalled(src::GIBSON_1988),
    )],
    specific_items: &[Item::UnstableFracture],
    ..MUSCLE
};

const KHO: Finding = finding(
    "Kho 2015: strength at discharge, no significant gain",
    Evidence::Negative,
    found(src::ICU_TRIALS),
);

const ANGELOPOULOS: Finding = finding(
    "Angelopoulos 2013: 45 and 75 Hz both raise microcirculation",
    Evidence::Positive,
    found(src::ICU_TRIALS),
);

const SEGERS: Finding = finding(
    "Segers 2014: sepsis, oedema and vasopressors, a poor answer of the muscle",
    Evidence::Negative,
    found(src::ICU_TRIALS),
);

const ICU: Condition = Condition {
    family: Family::IntensiveCare,
    headline: finding(
        "results are mixed; one trial of an hour a day found no significant gain of strength",
        Evidence::Mixed,
        found(src::ICU_TRIALS),
    ),
    other_sites: &[Site::LowerLeg],
    amplitude: milliamps(1, 30, 80, found(src::ICU_TRIALS)),
    typical_amplitude_ua: band(15, 47, found(src::ICU_TRIALS)),
    amplitude_rule: Sourced::new(AmplitudeRule::VisibleContraction, found(src::ICU_TRIALS)),
    electrodes: pads(
        square_cm(32, 32, 50, UNMARKED, found(src::VARIABLE_TRAINS)),
        text("quadriceps, proximal; on other channels tibialis anterior or gastrocnemius", UNMARKED),
        text("the same muscle, distal", UNSTATED),
    ),
    channels: count(4, 4, 8, UNMARKED, PICKED),
    related: &[KHO, ANGELOPOULOS, SEGERS],
    specific_items: &[
        Item::UnstableCirculation,
        Item::Rhabdomyolysis,
        Item::NeuromuscularBlock,
        Item::UnstableFracture,
    ],
    item_rules: NO_ANSWER,
    notes: &[text(
        "a person under sedation cannot say that it hurts: a cap on the amplitude, and skin is looked at each session",
        recalled(src::ICU_PRACTICE),
    )],
    ..MUSCLE
};

const NO_GAIN: Finding =
    finding("no significant gain of strength at discharge", Evidence::Negative, found(src::ICU_TRIALS));

/// Settings inside the range of the trials.
pub static ICU_WEAKNESS: Condition = Condition {
    name: "icu-weakness",
    title: "Intensive care: quadriceps and lower leg, daily",
    summary: "Contractions of both legs in turn while a person cannot exercise.",
    phase_width: micros(300, 400, 400, found(src::ICU_TRIALS), PICKED),
    rate: hertz(45, 50, 50, found(src::ICU_TRIALS), PICKED),
    schedule: ScheduleRow::Cyclic(crate::schedule_row::CycleRow {
        ramps: ramps(
            millis(1_000, 1_000, 2_000, ours("2 s are found of one trial (PRO-S14); down to one"), PICKED),
            millis(0, 500, 900, found(src::ICU_TRIALS), PICKED),
        ),
        on: seconds(5, 6, 12, found(src::ICU_TRIALS), PICKED),
        on_includes_ramps: Sourced::new(
            OnIncludesRamps::No,
            ours("six seconds after the rise, as the summary of the trials has it"),
        ),
        off: seconds(6, 12, 20, found(src::ICU_TRIALS), PICKED),
        alternate: true,
    }),
    session_length: minutes(25, 30, 60, found(src::ICU_TRIALS), PICKED),
    dose: dose(
        None,
        exactly(1, found(src::ICU_TRIALS)),
        exactly(7, found(src::ICU_TRIALS)),
        from_to(1, 4, 6, found(src::ICU_TRIALS)),
    ),
    progression: &[progress(0, Change::Text("from 25 to 60 min a day"), UNMARKED)],
    evidence: &[KHO, ANGELOPOULOS, SEGERS],
    related: &[],
    ..ICU
};

const KHO_WAVE: Waveform = Waveform {
    option: None,
    ..wave(
        BIPHASIC.kind,
        Sourced::new(
            ChargeReturn::Asymmetric(200),
            ours("asymmetric and balanced is found, the ratio is ours"),
        ),
    )
};

/// The quadriceps of one trial.
pub static ICU_KHO: Condition = Condition {
    name: "icu-kho-quadriceps",
    title: "Intensive care: quadriceps an hour a day (Kho)",
    summary: "Quadriceps, 5 s on and 10 s off, for an hour a day.",
    headline: NO_GAIN,
    evidence: &[KHO],
    related: &[ANGELOPOULOS, SEGERS],
    waveform: KHO_WAVE,
    phase_width: at_us(400, found(src::ICU_TRIALS)),
    rate: at_hz(50, found(src::ICU_TRIALS)),
    schedule: cyclic(
        ramps(
            at_ms(2_000, found(src::ICU_TRIALS)),
            millis(0, 900, 900, found(src::ICU_TRIALS), ours("below a second is found")),
        ),
        at_ms(5_000, found(src::ICU_TRIALS)),
        at_ms(10_000, found(src::ICU_TRIALS)),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(60, found(src::ICU_TRIALS)),
    dose: dose(
        None,
        exactly(1, found(src::ICU_TRIALS)),
        None,
        Some(fixed(6, Unit::Count, ours("up to 45 days, in whole weeks"))),
    ),
    ..ICU
};

/// The lower leg of the same trial.
pub static ICU_KHO_LEG: Condition = Condition {
    name: "icu-kho-lower-leg",
    title: "Intensive care: lower leg an hour a day (Kho)",
    summary: "Tibialis anterior and gastrocnemius, 5 s on and 5 s off.",
    headline: NO_GAIN,
    evidence: &[KHO],
    related: &[ANGELOPOULOS, SEGERS],
    needs: intact("peroneal and tibial nerve"),
    site: Site::LowerLeg,
    other_sites: &[],
    electrodes: pads(
        square_cm(32, 32, 50, UNMARKED, found(src::VARIABLE_TRAINS)),
        text("tibialis anterior, proximal; on other channels gastrocnemius", found(src::ICU_TRIALS)),
        text("the same muscle, distal", UNSTATED),
    ),
    waveform: KHO_WAVE,
    phase_width: at_us(250, found(src::ICU_TRIALS)),
    rate: at_hz(50, found(src::ICU_TRIALS)),
    schedule: cyclic(
        ramps(
            at_ms(2_000, found(src::ICU_TRIALS)),
            millis(0, 900, 900, found(src::ICU_TRIALS), ours("below a second is found")),
        ),
        at_ms(5_000, found(src::ICU_TRIALS)),
        at_ms(5_000, found(src::ICU_TRIALS)),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(60, found(src::ICU_TRIALS)),
    ..ICU
};

/// 25 minutes with a warm-up.
pub static ICU_SEGERS: Condition = Condition {
    name: "icu-segers",
    title: "Intensive care: 25 minutes, 8 on and 20 off (Segers)",
    summary: "Quadriceps five times a week; five minutes of warm-up come on top.",
    headline: finding(
        "sepsis, oedema and vasopressors: a poor answer of the muscle",
        Evidence::Negative,
        found(src::ICU_TRIALS),
    ),
    evidence: &[SEGERS],
    related: &[KHO, ANGELOPOULOS],
    phase_width: micros(300, 400, 500, found(src::ICU_TRIALS), PICKED),
    rate: at_hz(50, found(src::ICU_TRIALS)),
    schedule: cyclic(
        our_ramps(1_000, 1_000),
        at_ms(8_000, found(src::ICU_TRIALS)),
        at_ms(20_000, found(src::ICU_TRIALS)),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(25, found(src::ICU_TRIALS)),
    dose: dose(None, None, exactly(5, found(src::ICU_TRIALS)), None),
    ..ICU
};

/// 45 or 75 a second.
pub static ICU_ANGELOPOULOS: Condition = Condition {
    name: "icu-angelopoulos",
    title: "Intensive care: 45 or 75 Hz (Angelopoulos)",
    summary: "Half an hour; 45 a second with rests of 12 s, 75 a second with rests of 21 s.",
    headline: finding(
        "both rates raise microcirculation; strength was not looked up",
        Evidence::Mixed,
        found(src::ICU_TRIALS),
    ),
    evidence: &[ANGELOPOULOS],
    related: &[KHO, SEGERS],
    phase_width: at_us(400, found(src::ICU_TRIALS)),
    rate: hertz(45, 45, 75, found(src::ICU_TRIALS), PICKED),
    schedule: cyclic(
        our_ramps(500, 500),
        at_ms(5_000, found(src::ICU_TRIALS)),
        seconds(12, 12, 21, found(src::ICU_TRIALS), PICKED),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(30, found(src::ICU_TRIALS)),
    ..ICU
};

const GEROVASILI: Finding = finding(
    "the settings are recalled; its outcome was not looked up",
    Evidence::None,
    recalled_high(src::GEROVASILI_2009),
);

/// Quadriceps and peroneal muscles, daily.
pub static ICU_GEROVASILI: Condition = Condition {
    name: "icu-gerovasili",
    title: "Intensive care: 55 minutes, 12 on and 6 off (Gerovasili)",
    summary: "Quadriceps and peroneal muscles of both legs, daily.",
    headline: GEROVASILI,
    evidence: &[GEROVASILI],
    phase_width: at_us(400, recalled_high(src::GEROVASILI_2009)),
    rate: at_hz(45, recalled_high(src::GEROVASILI_2009)),
    schedule: cyclic(
        our_ramps(1_000, 1_000),
        at_ms(12_000, recalled_high(src::GEROVASILI_2009)),
        at_ms(6_000, recalled_high(src::GEROVASILI_2009)),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(55, recalled_high(src::GEROVASILI_2009)),
    dose: dose(
        None,
        exactly(1, recalled_high(src::GEROVASILI_2009)),
        exactly(7, recalled_high(src::GEROVASILI_2009)),
        None,
    ),
    ..ICU
};

const VARIABLE_HEAD: Finding =
    finding("the settings were read; no outcome was looked up", Evidence::None, found(src::VARIABLE_TRAINS));

/// Short trains that begin fast.
pub static ICU_VARIABLE: Condition = Condition {
    name: "icu-variable-train",
    title: "Intensive care: trains that begin at 200 Hz",
    summary: "Trains with a fast start and then 20 a second; a second on and off here, 0.4 and 0.6 s in the source.",
    headline: VARIABLE_HEAD,
    evidence: &[VARIABLE_HEAD],
    rate: at_hz(200, found(src::VARIABLE_TRAINS)),
    phase_width: micros(200, 300, 400, UNSTATED, UNSTATED),
    timing: Some(Sourced::new(
        crate::waveform::TimingRow::Intervals(&super::intervals::VARIABLE),
        ours("200 and then 20 a second are found; three pulses of the fast start are ours"),
    )),
    schedule: cyclic(
        our_ramps(0, 0),
        at_ms(1_000, ours("the least that leaves room for ramps within 400 mA/s; the source has 0.4 s")),
        at_ms(1_000, ours("rule E-REST-1; the source has 0.6 s")),
        RAMPS_UNSTATED,
    ),
    ..ICU
};
