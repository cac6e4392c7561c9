//! Warm-up and recovery, strength of athletes.

use super::parts::*;
use crate::amplitude::AmplitudeRule;
use crate::condition::{Condition, Family, Finding};
use crate::dose::Change;
use crate::provenance::{Evidence, Provenance, Sourced};
use crate::schedule_row::{ProgramRow, ScheduleRow, StageRow};
use crate::screening::{Item, Site};
use crate::sources as src;
use crate::waveform::{Carrier, ChargeReturn, WaveKind};

pub(super) const LEG: Condition = Condition {
    needs: intact("motor nerve of the muscle"),
    site: Site::Thigh,
    other_sites: &[Site::LowerLeg, Site::Arm, Site::Abdomen],
    channels: count(
        1,
        2,
        4,
        ours("two to four have no mark of their origin in the facts; one alone is ours"),
        PICKED,
    ),
    electrodes: pads(
        square_cm(
            25,
            50,
            100,
            ours("25 to 50 cm² of recovery, 50 to 100 of strength have no mark of their origin; one range"),
            PICKED,
        ),
        text("belly of the muscle, proximal", UNSTATED),
        text("belly of the muscle, distal", UNSTATED),
    ),
    specific_items: &[Item::MuscleTear, Item::Rhabdomyolysis],
    ..BASE
};

const RECOVERY: Condition = Condition {
    family: Family::Recovery,
    headline: finding(
        "effects on lactate are seen, effects on performance are not consistent",
        Evidence::Mixed,
        found(src::RECOVERY),
    ),
    use_class: CONTINUOUS.use_class,
    trigger: CONTINUOUS.trigger,
    schedule: CONTINUOUS.schedule,
    amplitude_rule: Sourced::new(AmplitudeRule::VisibleContraction, found(src::RECOVERY)),
    ..LEG
};

const RECOVERED: &[Finding] = &[
    finding(
        "Vanderthommen 2010, 5 Hz, 25 min, quadriceps: torque as after cycling or rest; 104 % at 24 h",
        Evidence::None,
        found(src::RECOVERY),
    ),
    finding(
        "one trial, calf, 15 min between two tests: -1.8 against -15.9 % passive, lactate back sooner",
        Evidence::Positive,
        found(src::RECOVERY),
    ),
    finding(
        "one trial, 15 min after hard training: no effect beyond a trend in perceived effort",
        Evidence::Negative,
        found(src::RECOVERY),
    ),
];

/// Twitches after effort.
pub static RECOVERY_ACTIVE: Condition = Condition {
    name: "recovery-active",
    title: "Recovery: twitches after effort",
    summary: "Visible twitches without tetanus for some twenty minutes.",
    phase_width: micros(200, 300, 400, recalled(src::SPORT_DEVICES), PICKED),
    // 5 and 7 Hz are found; 9 down to 1 are the steps of the ladder
    rate: hertz(1, 5, 9, recalled(src::SPORT_DEVICES), found(src::RECOVERY)),
    session_length: minutes(15, 25, 25, found(src::RECOVERY), found(src::RECOVERY)),
    dose: dose(None, exactly(1, found(src::RECOVERY)), None, None),
    evidence: RECOVERED,
    ..RECOVERY
};

const fn rung(hertz: u32) -> StageRow {
    const WHY: Provenance = ours("steps of two to three minutes from 9 to 1 Hz are recalled; two and a half");
    StageRow {
        name: "recovery",
        hold_ms: Sourced::new(148_000, WHY),
        rest_ms: Sourced::new(0, WHY),
        repeats: Sourced::new(1, WHY),
        level_permille: Sourced::new(1_000, WHY),
        rate_millihertz: Some(Sourced::new(hertz.saturating_mul(1_000), recalled(src::SPORT_DEVICES))),
    }
}

const LADDER: Finding = finding(
    "a device's programme, recalled; no trial of it was looked up",
    Evidence::None,
    recalled(src::SPORT_DEVICES),
);

/// From 9 to 1 a second.
pub static RECOVERY_LADDER: Condition = Condition {
    name: "recovery-ladder",
    title: "Recovery: from 9 to 1 Hz in steps",
    summary: "A programme as sports stimulators have it: the rate falls every two and a half minutes.",
    headline: LADDER,
    evidence: &[LADDER],
    related: RECOVERED,
    phase_width: micros(200, 300, 400, recalled(src::SPORT_DEVICES), PICKED),
    rate: at_hz(9, recalled(src::SPORT_DEVICES)),
    schedule: ScheduleRow::Program(ProgramRow {
        ramps: our_ramps(1_000, 1_000),
        on_includes_ramps: RAMPS_UNSTATED,
        stages: &[rung(9), rung(8), rung(7), rung(6), rung(5), rung(4), rung(3), rung(2), rung(1)],
    }),
    session_length: minutes(
        23,
        23,
        24,
        ours("nine steps of two and a half minutes"),
        ours("nine steps of two and a half minutes"),
    ),
    ..RECOVERY
};

const WARM: Finding = finding(
    "part of the protocols of trials; by itself nothing was looked up",
    Evidence::None,
    found(src::COPD_HZ),
);

/// Twitches before effort.
pub static WARM_UP: Condition = Condition {
    name: "warm-up",
    title: "Warm-up: twitches before a session",
    summary: "A few minutes of twitches before stronger contractions; the same afterwards cools down.",
    headline: WARM,
    evidence: &[WARM],
    amplitude_rule: Sourced::new(AmplitudeRule::VisibleContraction, UNMARKED),
    phase_width: micros(
        200,
        250,
        300,
        ours("250 µs are recalled of one trial (LIT-DIRKS); 50 µs to either side"),
        recalled_high(src::DIRKS_2014),
    ),
    rate: hertz(3, 5, 10, ours("5 Hz are found (PRO-S16); twitches on either side"), found(src::COPD_HZ)),
    session_length: minutes(
        3,
        5,
        5,
        ours("3 min are found (PRO-S16), 5 min recalled (LIT-DIRKS)"),
        recalled_high(src::DIRKS_2014),
    ),
    notes: &[text(
        "tetanic programmes of one maker begin with a warm-up that may be skipped",
        found(src::COMPEX_WARNINGS),
    )],
    ..RECOVERY
};

const NO_CURRENT: &str =
    "no source gives a current for this row; the band of disuse rows, below that of athletes (LIT-FILIPOVIC)";

pub(super) const DRINK: Sourced<&str> = text(
    "many muscles at once: see that enough is drunk, as muscle may break down",
    recalled_high(src::STRENGTH_PRACTICE),
);

pub(super) const STRENGTH: Condition = Condition {
    family: Family::Strength,
    amplitude: milliamps(1, 40, 80, ours(NO_CURRENT)),
    typical_amplitude_ua: band(20, 60, ours(NO_CURRENT)),
    stop_rules: &[
        text(
            "muscle pain for more than 72 h or dark urine: stop and have it looked at",
            recalled_high(src::STRENGTH_PRACTICE),
        ),
        text(
            "first sessions of many muscles: 10 to 12 min and not to what is tolerated",
            recalled_high(src::STRENGTH_PRACTICE),
        ),
        RASH,
        REDNESS,
    ],
    notes: &[DRINK],
    ..LEG
};

/// What effective sets of a review have.
pub static STRENGTH_ATHLETE: Condition = Condition {
    name: "strength-athlete",
    title: "Strength of athletes",
    summary: "Strong contractions of a few seconds with long rests, three times a week.",
    headline: finding(
        "eight weeks, three a week: force +9.3 %, volume +3.3 to 6.4 %",
        Evidence::Positive,
        found(src::STRENGTH),
    ),
    phase_width: micros(
        200,
        300,
        400,
        ours("around the 306.9 ± 105.1 µs recalled of a review (LIT-FILIPOVIC)"),
        PICKED,
    ),
    amplitude: ranged_ma(
        1_000,
        64_000,
        100_000,
        ours("63.7 ± 15.9 mA are recalled of a review; up to what stimulators of sport give is ours"),
        ours("the review's 63.7 mA in whole milliamperes"),
    ),
    typical_amplitude_ua: band(48, 80, recalled_high(src::FILIPOVIC_2011)),
    rate: hertz(
        60,
        75,
        120,
        ours("76.4 ± 20.9 Hz are recalled of a review; up to what stimulators of sport give is ours"),
        PICKED,
    ),
    amplitude_rule: Sourced::new(
        AmplitudeRule::PercentMvic { target: 60, least: 50 },
        ours(
            "at least 50 % is recalled of a review (LIT-FILIPOVIC); 60 % is the lower end of what it is raised to",
        ),
    ),
    schedule: cyclic(
        ramps(millis(500, 1_000, 2_000, UNMARKED, PICKED), millis(0, 1_000, 1_000, UNSTATED, UNSTATED)),
        seconds(3, 5, 10, recalled_high(src::FILIPOVIC_2011), PICKED),
        seconds(15, 20, 30, UNMARKED, PICKED),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(10, 15, 20, ours("inside the 17.7 ± 10.9 min recalled of a review"), PICKED),
    dose: dose(
        None,
        None,
        from_to(3, 3, 4, ours("inside the 3.2 ± 0.9 a week recalled of a review (LIT-FILIPOVIC)")),
        from_to(
            4,
            6,
            8,
            ours("4 to 6 are recalled of a review (LIT-FILIPOVIC), 8 found of a trial (PRO-S61)"),
        ),
    ),
    progression: &[progress(
        0,
        Change::Text("from 3 to 4 a week; 5 % of the maximal force more a week, to 60 to 80 %"),
        UNMARKED,
    )],
    reported: &[text(
        "review of effective sets: 76.4 ± 20.9 Hz, 306.9 ± 105.1 µs, 63.7 ± 15.9 mA, ON 3 to 10 s, 3.2 ± 0.9 a week, 17.7 ± 10.9 min",
        recalled_high(src::FILIPOVIC_2011),
    )],
    evidence: &[finding(
        "eight weeks, three a week: force +9.3 %, volume +3.3 to 6.4 %",
        Evidence::Positive,
        found(src::STRENGTH),
    )],
    ..STRENGTH
};

/// Burst current on the elbow flexors.
pub static STRENGTH_HOLCOMB: Condition = Condition {
    name: "strength-holcomb",
    title: "Strength: burst current, 15 on and 45 off (Holcomb)",
    summary: "Elbow flexors with bursts at 90 a second.",
    headline: finding(
        "the settings were read; its outcome was not looked up",
        Evidence::None,
        found(src::STRENGTH),
    ),
    site: Site::Arm,
    other_sites: &[],
    waveform: wave(
        Sourced::new(
            WaveKind::BurstAc { shape: Carrier::Sine, cycles: 13 },
            ours("Russian current is found; 13 cycles are half of each period, which is our figure"),
        ),
        Sourced::new(ChargeReturn::Symmetric, found(src::STRENGTH)),
    ),
    phase_width: at_us(200, ours("half a cycle of 2,500 Hz")),
    gap: NO_GAP,
    rate: at_hz(90, found(src::STRENGTH)),
    amplitude_rule: Sourced::new(AmplitudeRule::MaxTolerated, UNSTATED),
    schedule: cyclic(
        our_ramps(2_000, 1_000),
        at_ms(15_000, found(src::STRENGTH)),
        at_ms(45_000, found(src::STRENGTH)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(
        1,
        15,
        15,
        ours("15 contractions of 15 and 45 s"),
        ours("15 contractions of 15 and 45 s"),
    ),
    dose: dose(
        exactly(15, found(src::STRENGTH)),
        None,
        exactly(3, found(src::STRENGTH)),
        exactly(4, found(src::STRENGTH)),
    ),
    evidence: &[finding(
        "the settings were read; its outcome was not looked up",
        Evidence::None,
        found(src::STRENGTH),
    )],
    ..STRENGTH
};

/// The goal of a teaching table.
pub static STRENGTH_GOAL: Condition = Condition {
    name: "strength-goal",
    title: "Strength as a goal: 1 to 5",
    summary: "Contractions with rests five times as long, for muscle that is weak or sound.",
    headline: finding(
        "settings from teaching; no trial was looked up",
        Evidence::None,
        found(src::GOAL_TABLE),
    ),
    phase_width: micros(150, 300, 350, found(src::GOAL_TABLE), PICKED),
    rate: hertz(35, 50, 80, found(src::GOAL_TABLE), PICKED),
    amplitude_rule: Sourced::new(
        AmplitudeRule::PercentMvic { target: 50, least: 10 },
        found(src::GOAL_TABLE),
    ),
    schedule: cyclic(
        ramps(
            millis(2_000, 2_000, 3_000, ours("2 s or more are found (PRO-S55)"), found(src::GOAL_TABLE)),
            millis(0, 1_000, 2_000, UNSTATED, UNSTATED),
        ),
        seconds(6, 10, 10, found(src::GOAL_TABLE), PICKED),
        seconds(30, 50, 50, found(src::GOAL_TABLE), PICKED),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(6, 15, 20, ours("10 to 20 contractions"), ours("15 contractions of 10 and 50 s")),
    dose: dose(Some(count(10, 15, 20, found(src::GOAL_TABLE), PICKED)), None, None, None),
    evidence: &[finding(
        "settings from teaching; no trial was looked up",
        Evidence::None,
        found(src::GOAL_TABLE),
    )],
    ..STRENGTH
};

/// Wide pulses at low current.
pub static STRENGTH_WIDE: Condition = Condition {
    name: "strength-wide-pulse",
    title: "Strength: wide pulses at a high rate, an experiment",
    summary: "1 ms at 100 a second and a low current.",
    headline: finding(
        "experimental; recalled, no benefit was looked up",
        Evidence::None,
        recalled(src::STRENGTH_PRACTICE),
    ),
    phase_width: at_us(1_000, recalled(src::STRENGTH_PRACTICE)),
    rate: at_hz(100, recalled(src::STRENGTH_PRACTICE)),
    amplitude: milliamps(1, 15, 30, ours("low current is recalled, no figure")),
    typical_amplitude_ua: band(5, 25, ours("low current is recalled, no figure")),
    amplitude_rule: Sourced::new(AmplitudeRule::VisibleContraction, UNSTATED),
    schedule: cyclic(
        our_ramps(1_000, 1_000),
        seconds(10, 20, 20, UNSTATED, UNSTATED),
        seconds(20, 40, 60, UNSTATED, UNSTATED),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(5, 15, 20, UNSTATED, UNSTATED),
    evidence: &[finding(
        "experimental; recalled, no benefit was looked up",
        Evidence::None,
        recalled(src::STRENGTH_PRACTICE),
    )],
    ..STRENGTH
};
