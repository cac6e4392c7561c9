//! Chronic obstructive pulmonary disease, heart failure, heart surgery.

use super::disuse_and_icu::{MUSCLE, stage};
use super::parts::*;
use crate::amplitude::AmplitudeRule;
use crate::condition::{Condition, Electrodes, Family, Finding};
use crate::dose::Change;
use crate::provenance::{Evidence, Sourced, Unit};
use crate::schedule_row::{OnIncludesRamps, ProgramRow, ScheduleRow, StageRow};
use crate::screening::Item;
use crate::sources as src;

const COPD: Condition = Condition {
    family: Family::Lungs,
    headline: finding(
        "75 Hz strengthened more than 15 Hz in the trial that compared them",
        Evidence::Positive,
        recalled_high(src::DICES),
    ),
    waveform: symmetric(found(src::COPD_HZ)),
    phase_width: at_us(400, found(src::COPD_HZ)),
    amplitude_rule: Sourced::new(AmplitudeRule::MaxTolerated, found(src::COPD_TRIALS)),
    schedule: ScheduleRow::Program(ProgramRow {
        ramps: ramps(at_ms(1_000, found(src::COPD_HZ)), at_ms(1_000, found(src::COPD_HZ))),
        on_includes_ramps: Sourced::new(OnIncludesRamps::No, found(src::COPD_HZ)),
        stages: &[
            StageRow {
                rate_millihertz: Some(Sourced::new(5_000, found(src::COPD_HZ))),
                ..stage(
                    "warm-up",
                    (27_000, 1_000, 6),
                    500,
                    ours("3 min are found; in parts of half a minute, a second of rest between them"),
                )
            },
            StageRow {
                repeats: Sourced::new(68, COPD_WORK),
                ..stage("work", (6_000, 8_000, 68), 1_000, found(src::COPD_HZ))
            },
        ],
    }),
    session_length: at_minutes(22, ours("3 min of warm-up and 18 min of work, with the last ramp")),
    electrodes: pads(
        square_cm(96, 96, 96, found(src::COPD_HZ), found(src::COPD_HZ)),
        text("quadriceps, two pairs on each leg", found(src::COPD_HZ)),
        text("the same muscle, distal", UNSTATED),
    ),
    channels: count(
        2,
        4,
        4,
        ours("two pairs on each leg are found (PRO-S16); one is ours"),
        found(src::COPD_HZ),
    ),
    dose: dose(
        Some(fixed(68, Unit::Count, COPD_WORK)),
        exactly(2, recalled_high(src::DICES)),
        exactly(5, recalled_high(src::DICES)),
        exactly(8, recalled_high(src::DICES)),
    ),
    progression: &[progress(0, Change::Text("raised again each session"), found(src::COPD_HZ))],
    reported: &[
        text(
            "35 Hz, 1 h, 5 a week, 6 weeks (Abdellaoui); 50 Hz, 20 sessions (Akar)",
            found(src::COPD_TRIALS),
        ),
        text(
            "8 to 45 Hz, 36 min, 3 a week, 12 weeks (Dang); 35 Hz, 36 min, 6 a week, 3 weeks (Kucio)",
            found(src::COPD_TRIALS),
        ),
        text(
            "35 Hz, 30 min, 5 a week, 8 weeks (Tardif); 50 Hz, 20 min, 2 a week, 10 weeks (Tasdemir)",
            found(src::COPD_TRIALS),
        ),
        text("pads of 4 x 6 cm on the calf", found(src::COPD_HZ)),
    ],
    evidence: &[
        finding("75 against 15 Hz: better", Evidence::Positive, recalled_high(src::DICES)),
        finding(
            "trials differ in rate, time and muscles; all went to what was tolerated",
            Evidence::Mixed,
            found(src::COPD_TRIALS),
        ),
    ],
    specific_items: &[Item::UnstableCirculation, Item::FragileSkin],
    ..MUSCLE
};

const COPD_WORK: crate::provenance::Provenance =
    ours("18 min of cycles of 16 s, 1 s up, 6 s, 1 s down, 8 s off, which are found");

/// 75 a second.
pub static COPD_HF: Condition = Condition {
    name: "copd-hf",
    title: "COPD: 75 Hz",
    summary: "Warm-up, then contractions of thighs and calves at 75 a second.",
    rate: at_hz(75, found(src::COPD_HZ)),
    ..COPD
};

/// 15 a second.
pub static COPD_LF: Condition = Condition {
    name: "copd-lf",
    title: "COPD: 15 Hz, the comparison",
    summary: "The same at 15 a second.",
    headline: finding(
        "weaker than 75 Hz in the trial that compared them",
        Evidence::Mixed,
        recalled_high(src::DICES),
    ),
    rate: at_hz(15, found(src::COPD_HZ)),
    ..COPD
};

const STRONGER: Finding = finding(
    "Schardong 2017, after surgery: +7.2 kg one-repetition maximum, +2.2 sit-to-stands",
    Evidence::Positive,
    found(src::SCHARDONG_2017),
);

const WALK: Finding =
    finding("Schardong 2017, after surgery: 6-minute walk", Evidence::None, found(src::SCHARDONG_2017));

const DECOMPENSATED: Finding = finding(
    "inpatients after decompensation, 2022: 6-minute walk 206 to 300 m",
    Evidence::Positive,
    found(src::SINGLE_FIGURES),
);

const HEART_PADS: Electrodes = pads(
    square_cm(50, 97, 130, UNMARKED, PICKED),
    text("quadriceps, proximal; on other channels hamstrings", UNMARKED),
    text("the same muscle, distal", UNSTATED),
);

const HEART: Condition = Condition {
    family: Family::Heart,
    amplitude: milliamps(1, 40, 80, recalled(src::USUAL_CURRENTS)),
    electrodes: HEART_PADS,
    channels: count(2, 2, 4, UNMARKED, PICKED),
    reported: &[
        text(
            "0.4 s on, 0.6 s off, ten trains and 30 s of rest, 30 min (Kitamura)",
            found(src::CARDIAC_TRIALS),
        ),
        text("inpatients after decompensation: 30 to 90 min, 7 to 10 sessions", found(src::SINGLE_FIGURES)),
    ],
    related: &[STRONGER, WALK, DECOMPENSATED],
    specific_items: &[Item::RecentInfarction, Item::UnstableCirculation],
    ..MUSCLE
};

const ITS_WEEK: crate::provenance::Provenance =
    ours("the step from half an hour to an hour is recalled (LIT-QUITTAN), its week is not");

/// The matrix row: low frequency.
pub static CHF_LOW: Condition = Condition {
    name: "chf-low",
    title: "Heart failure: low frequency",
    summary: "Long sessions of short contractions at 15 a second, thighs and calves.",
    headline: finding(
        "strength and sit-to-stand rose; the 6-minute walk did not in every trial",
        Evidence::Mixed,
        found(src::SCHARDONG_2017),
    ),
    evidence: &[STRONGER, WALK],
    related: &[DECOMPENSATED],
    electrodes: Electrodes {
        active: text("vastus medialis and lateralis of both legs", found(src::SCHARDONG_2017)),
        ..HEART_PADS
    },
    waveform: symmetric(found(src::SCHARDONG_2017)),
    phase_width: at_us(500, found(src::SCHARDONG_2017)),
    rate: at_hz(15, found(src::SCHARDONG_2017)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::PercentMvic { target: 30, least: 25 },
        recalled_high(src::NUHR_2004),
    ),
    schedule: cyclic(
        our_ramps(500, 500),
        seconds(2, 5, 5, recalled_high(src::NUHR_2004), found(src::SCHARDONG_2017)),
        seconds(4, 10, 10, recalled_high(src::NUHR_2004), found(src::SCHARDONG_2017)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(
        30,
        40,
        60,
        ours("the trials go to 240 min a day; an hour at a time"),
        found(src::SCHARDONG_2017),
    ),
    dose: dose(
        None,
        None,
        from_to(2, 5, 7, recalled(src::NUHR_2004)),
        from_to(8, 8, 10, recalled(src::NUHR_2004)),
    ),
    progression: &[
        progress(1, Change::Session(1_800_000), recalled(src::QUITTAN_2001)),
        progress(4, Change::Session(3_600_000), ITS_WEEK),
    ],
    ..HEART
};

/// Four hours a day.
pub static CHF_NUHR: Condition = Condition {
    name: "chf-nuhr",
    title: "Heart failure: four hours a day (Nuhr)",
    summary: "Two seconds on and four off at 15 a second, four hours a day for ten weeks.",
    headline: NUHR,
    evidence: &[NUHR],
    electrodes: Electrodes {
        active: text("quadriceps, proximal; on other channels hamstrings", recalled_high(src::NUHR_2004)),
        ..HEART_PADS
    },
    phase_width: at_us(500, recalled_high(src::NUHR_2004)),
    rate: at_hz(15, recalled_high(src::NUHR_2004)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::PercentMvic { target: 30, least: 25 },
        recalled_high(src::NUHR_2004),
    ),
    schedule: cyclic(
        our_ramps(300, 300),
        at_ms(2_000, recalled_high(src::NUHR_2004)),
        at_ms(4_000, recalled_high(src::NUHR_2004)),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(240, recalled_high(src::NUHR_2004)),
    dose: dose(
        None,
        exactly(1, recalled_high(src::NUHR_2004)),
        exactly(7, recalled_high(src::NUHR_2004)),
        exactly(10, recalled_high(src::NUHR_2004)),
    ),
    ..HEART
};

/// 50 a second, wide pulses.
pub static CHF_QUITTAN: Condition = Condition {
    name: "chf-quittan",
    title: "Heart failure: 50 Hz, 0.7 ms (Quittan)",
    summary: "Two seconds on and six off, half an hour and later an hour a day.",
    headline: QUITTAN,
    evidence: &[QUITTAN],
    electrodes: Electrodes {
        active: text("quadriceps, proximal; on other channels hamstrings", recalled(src::QUITTAN_2001)),
        ..HEART_PADS
    },
    phase_width: at_us(700, recalled(src::QUITTAN_2001)),
    rate: at_hz(50, recalled(src::QUITTAN_2001)),
    schedule: cyclic(
        our_ramps(300, 300),
        at_ms(2_000, recalled(src::QUITTAN_2001)),
        at_ms(6_000, recalled(src::QUITTAN_2001)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(30, 30, 60, recalled(src::QUITTAN_2001), recalled(src::QUITTAN_2001)),
    dose: dose(None, None, exactly(5, recalled(src::QUITTAN_2001)), exactly(8, recalled(src::QUITTAN_2001))),
    progression: &[
        progress(1, Change::Session(1_800_000), recalled(src::QUITTAN_2001)),
        progress(4, Change::Session(3_600_000), ITS_WEEK),
    ],
    ..HEART
};

/// After heart surgery.
pub static CARDIAC_FISCHER: Condition = Condition {
    name: "cardiac-fischer",
    title: "After heart surgery: 66 Hz twice a day (Fischer)",
    summary: "Thighs, half an hour twice a day until day 14.",
    headline: FISCHER,
    evidence: &[FISCHER],
    phase_width: at_us(400, found(src::CARDIAC_TRIALS)),
    rate: at_hz(66, found(src::CARDIAC_TRIALS)),
    schedule: cyclic(
        our_ramps(500, 500),
        at_ms(3_500, found(src::CARDIAC_TRIALS)),
        at_ms(4_500, found(src::CARDIAC_TRIALS)),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(30, found(src::CARDIAC_TRIALS)),
    dose: dose(
        None,
        exactly(2, found(src::CARDIAC_TRIALS)),
        exactly(7, found(src::CARDIAC_TRIALS)),
        Some(fixed(2, Unit::Count, ours("up to day 14, as two weeks"))),
    ),
    ..HEART
};

/// After heart surgery, an hour.
pub static CARDIAC_CERQUEIRA: Condition = Condition {
    name: "cardiac-cerqueira",
    title: "After heart surgery: 50 Hz for an hour (Cerqueira)",
    summary: "Thighs, three seconds on and nine off, for an hour.",
    headline: CERQUEIRA,
    evidence: &[CERQUEIRA],
    phase_width: at_us(200, found(src::CERQUEIRA_2019)),
    rate: at_hz(50, found(src::CERQUEIRA_2019)),
    schedule: cyclic(
        our_ramps(500, 500),
        at_ms(3_000, found(src::CERQUEIRA_2019)),
        at_ms(9_000, found(src::CERQUEIRA_2019)),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(60, found(src::CERQUEIRA_2019)),
    ..HEART
};

const NUHR: Finding = finding(
    "the settings are recalled; its outcome was not looked up",
    Evidence::None,
    recalled_high(src::NUHR_2004),
);

const QUITTAN: Finding = finding(
    "the settings are recalled; its outcome was not looked up",
    Evidence::None,
    recalled(src::QUITTAN_2001),
);

const FISCHER: Finding = finding(
    "settings of one trial as a review lists them; its outcome was not looked up",
    Evidence::None,
    found(src::CARDIAC_TRIALS),
);

const CERQUEIRA: Finding =
    finding("the settings were read; no outcome was looked up", Evidence::None, found(src::CERQUEIRA_2019));
