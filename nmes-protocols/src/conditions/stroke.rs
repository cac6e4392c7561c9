//! Stroke: wrist and fingers, shoulder, gait.

use super::parts::*;
use crate::amplitude::AmplitudeRule;
use crate::condition::{Condition, Family, Finding};
use crate::dose::{Change, Progress};
use crate::provenance::{Evidence, Provenance, Sourced, Unit};
use crate::schedule_row::{CycleRow, GatedRow, RampRow, ScheduleRow, TriggerKind};
use crate::screening::{Item, Site};
use crate::sources as src;
use nmes_safety::UseClass;

const LADDER: &[Progress] = &[
    progress(1, Change::OnOff(5_000, 20_000), recalled_high(src::POWELL_1999)),
    progress(2, Change::OnOff(5_000, 15_000), recalled_high(src::POWELL_1999)),
    progress(3, Change::OnOff(5_000, 10_000), recalled_high(src::POWELL_1999)),
    progress(4, Change::OnOff(5_000, 5_000), recalled_high(src::POWELL_1999)),
];

const YUZER: Finding = finding(
    "Yuzer 2017, cyclic, 30 min five times a week, 20 sessions: flexor spasticity down",
    Evidence::Positive,
    found(src::YUZER_2017),
);

const WILSON: Finding = finding(
    "Wilson 2016, cyclic, EMG-triggered or sensory: no difference",
    Evidence::None,
    recalled(src::WILSON_2016),
);

const BRIDGE: Finding = finding(
    "a trial of 4 weeks, EMG of the other arm as the trigger: better than cyclic",
    Evidence::Positive,
    found(src::EMG_BRIDGE),
);

const WRIST: Condition = Condition {
    family: Family::Stroke,
    needs: intact("radial nerve"),
    site: Site::Arm,
    amplitude: milliamps(1, 20, 60, recalled(src::CHAE_1998)),
    typical_amplitude_ua: band(10, 30, recalled(src::USUAL_CURRENTS)),
    amplitude_rule: Sourced::new(AmplitudeRule::FullRom, found(src::YUZER_2017)),
    electrodes: pads(
        square_cm(10, 25, 25, UNMARKED, PICKED),
        text("belly of extensor digitorum and the radial wrist extensors", UNMARKED),
        text("distal back of the forearm", UNMARKED),
    ),
    related: &[YUZER, WILSON, BRIDGE],
    specific_items: &[
        Item::FixedContracture,
        Item::Causalgia,
        Item::EpilepsyUncontrolled,
        Item::BotulinumToxin,
    ],
    ..BASE
};

const POWELL_RAMPS: Provenance = ours("1 s up and 1.5 s down are recalled (LIT-POWELL); around them");

/// Contractions by a timer.
pub static STROKE_WRIST_CYCLIC: Condition = Condition {
    name: "stroke-wrist-cyclic",
    title: "Stroke: wrist and fingers, cyclic",
    summary: "Extends wrist and fingers contraction after contraction; rests shorten from week to week.",
    headline: finding(
        "full extension and less flexor spasticity in one trial; ways to trigger it did not differ in another",
        Evidence::Mixed,
        ours("two sources in one sentence: the first trial is of PRO-S27, the other of LIT-WILSON"),
    ),
    evidence: &[YUZER, WILSON],
    related: &[BRIDGE],
    phase_width: micros(200, 300, 300, recalled(src::CHAE_1998), PICKED),
    rate: hertz(20, 35, 50, recalled_high(src::POWELL_1999), found(src::WRIST_HZ)),
    schedule: cyclic(
        ramps(
            millis(1_000, 1_000, 2_000, POWELL_RAMPS, PICKED),
            millis(500, 1_000, 1_500, POWELL_RAMPS, PICKED),
        ),
        seconds(5, 5, 10, recalled(src::CHAE_1998), recalled_high(src::POWELL_1999)),
        seconds(5, 20, 20, recalled_high(src::POWELL_1999), PICKED),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(30, 30, 60, recalled(src::CHAE_1998), found(src::YUZER_2017)),
    dose: dose(
        None,
        from_to(1, 1, 2, recalled(src::WILSON_2016)),
        exactly(5, found(src::YUZER_2017)),
        Some(count(4, 4, 8, recalled_high(src::POWELL_1999), found(src::YUZER_2017))),
    ),
    progression: LADDER,
    reported: &[
        text("35 against 50 Hz was tested head to head in older people", found(src::WRIST_HZ)),
        text(
            "at home 29 min twice a session, 10 sessions a week, 12 weeks; contralaterally controlled 22 min twice",
            found(src::CCFES_DOSE),
        ),
        text("35 Hz, up to 40 mA, 40 min twice a day, 8 weeks", recalled(src::WILSON_2016)),
    ],
    ..WRIST
};

/// The ladder itself.
pub static STROKE_WRIST_POWELL: Condition = Condition {
    name: "stroke-wrist-powell",
    title: "Stroke: wrist, 20 Hz three times a day (Powell)",
    summary: "Wrist extension for half an hour three times a day over eight weeks.",
    headline: POWELL,
    evidence: &[POWELL],
    phase_width: at_us(300, recalled_high(src::POWELL_1999)),
    rate: at_hz(20, recalled_high(src::POWELL_1999)),
    schedule: cyclic(
        ramps(at_ms(1_000, recalled_high(src::POWELL_1999)), at_ms(1_500, recalled_high(src::POWELL_1999))),
        at_ms(5_000, recalled_high(src::POWELL_1999)),
        seconds(5, 20, 20, recalled_high(src::POWELL_1999), recalled_high(src::POWELL_1999)),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(30, recalled_high(src::POWELL_1999)),
    dose: dose(
        None,
        exactly(3, recalled_high(src::POWELL_1999)),
        None,
        exactly(8, recalled_high(src::POWELL_1999)),
    ),
    progression: LADDER,
    ..WRIST
};

/// Ten seconds on and off.
pub static STROKE_WRIST_CHAE: Condition = Condition {
    name: "stroke-wrist-chae",
    title: "Stroke: wrist and fingers, 10 on and 10 off (Chae)",
    summary: "An hour a day, 15 sessions.",
    headline: CHAE,
    evidence: &[CHAE],
    phase_width: at_us(300, recalled(src::CHAE_1998)),
    rate: hertz(25, 35, 50, recalled(src::CHAE_1998), PICKED),
    schedule: cyclic(
        our_ramps(2_000, 1_000),
        at_ms(10_000, recalled(src::CHAE_1998)),
        at_ms(10_000, recalled(src::CHAE_1998)),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(60, recalled(src::CHAE_1998)),
    dose: dose(
        None,
        exactly(1, recalled(src::CHAE_1998)),
        exactly(5, ours("15 sessions in three weeks")),
        Some(fixed(3, Unit::Count, ours("15 sessions, one a weekday"))),
    ),
    ..WRIST
};

const WILSON_HEAD: Finding = finding(
    "cyclic, EMG-triggered or sensory stimulation did not differ in one trial",
    Evidence::None,
    recalled(src::WILSON_2016),
);

/// The facts mark the whole of the logic as recalled and as a choice of design, and name no trial for it.
const EMG_LOGIC: Provenance =
    ours("partly recalled, partly design, and the collected facts do not say which figure is which");

/// Trains that the person's own EMG starts.
pub static STROKE_WRIST_EMG: Condition = Condition {
    name: "stroke-wrist-emg",
    title: "Stroke: wrist and fingers, started by the person's EMG",
    summary: "Each attempt that passes a threshold is completed by a train of five seconds.",
    headline: WILSON_HEAD,
    evidence: &[WILSON],
    related: &[YUZER, BRIDGE],
    phase_width: at_us(200, recalled(src::CAURAUGH_2000)),
    rate: hertz(35, 50, 50, found(src::WRIST_HZ), recalled(src::CAURAUGH_2000)),
    amplitude: milliamps(1, 20, 60, recalled(src::CHAE_1998)),
    typical_amplitude_ua: band(14, 29, recalled(src::CAURAUGH_2000)),
    trigger: Sourced::new(TriggerKind::EmgThreshold, recalled(src::CAURAUGH_2000)),
    schedule: ScheduleRow::Gated(GatedRow {
        ramps: ramps(at_ms(1_000, recalled(src::CAURAUGH_2000)), at_ms(1_000, recalled(src::CAURAUGH_2000))),
        max_on: millis(
            5_000,
            6_000,
            8_000,
            ours("the ramp up and the five seconds of the trial"),
            ours("the ramp up and the five seconds of the trial"),
        ),
        min_off: seconds(
            10,
            20,
            25,
            ours("the trial rests 25 s; less would refuse an early attempt"),
            ours("attempts come 20 to 30 s apart"),
        ),
        max_triggers_per_minute: Sourced::new(4, ours("32 s from one attempt to the next, with room")),
    }),
    session_length: minutes(
        15,
        30,
        60,
        ours("30 to 60 attempts, half a minute each"),
        ours("60 attempts, half a minute each"),
    ),
    dose: dose(
        Some(count(30, 60, 90, recalled(src::CAURAUGH_2000), PICKED)),
        None,
        from_to(3, 3, 5, recalled(src::CAURAUGH_2000)),
        exactly(2, recalled(src::CAURAUGH_2000)),
    ),
    progression: &[progress(
        0,
        Change::Text(
            "threshold 20 % below the best of three; +5 % after three successes, -5 % after two misses",
        ),
        EMG_LOGIC,
    )],
    reported: &[
        text("EMG 20 to 450 Hz, window 50 to 100 ms, blank at least 10 ms for each pulse", EMG_LOGIC),
        text("EMG of the other arm: 10 sessions a week, 4 weeks", found(src::EMG_BRIDGE)),
    ],
    ..WRIST
};

const SHOULDERS: &[Finding] = &[
    finding(
        "Lee 2017, early, at most an hour a day: SMD -0.91; longer: -1.49",
        Evidence::Positive,
        found(src::LEE_2017),
    ),
    finding("Lee 2017: chronic subluxation", Evidence::None, found(src::LEE_2017)),
    finding("Lee 2017: pain and function of the arm", Evidence::None, found(src::LEE_2017)),
    finding(
        "two reviews, early, four to six weeks: 6.5 mm less",
        Evidence::Positive,
        found(src::SHOULDER_DOSE),
    ),
];

const SHOULDER: Condition = Condition {
    family: Family::Stroke,
    headline: finding(
        "early it keeps the joint in place (SMD -0.91 to -1.49); no effect on pain or on the function of the arm",
        Evidence::Mixed,
        found(src::LEE_2017),
    ),
    needs: intact("axillary and suprascapular nerve"),
    site: Site::Arm,
    use_class: Sourced::new(
        UseClass::FunctionalWear,
        ours("hours a day in a sling; the trains hold a joint in place"),
    ),
    amplitude: milliamps(1, 28, 60, recalled(src::USUAL_CURRENTS)),
    typical_amplitude_ua: band(15, 40, recalled(src::USUAL_CURRENTS)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::ToClinicalEffect { effect: "the head of the humerus is lifted, the arm is not" },
        UNMARKED,
    ),
    electrodes: pads(
        square_cm(20, 25, 25, UNMARKED, PICKED),
        text("supraspinatus", found(src::ITO_2023)),
        text("posterior deltoid", found(src::ITO_2023)),
    ),
    channels: count(
        1,
        2,
        2,
        ours("two channels have no mark of their origin in the facts; one alone is ours"),
        UNMARKED,
    ),
    progression: &[progress(
        0,
        Change::Text("from 1.5 to 4 to 6 h a day; rests shorten as tolerated"),
        found(src::SHOULDER_DOSE),
    )],
    evidence: SHOULDERS,
    specific_items: &[Item::ShoulderInjury, Item::EpilepsyUncontrolled],
    stop_rules: &[
        text("the shoulder shrugs (upper trapezius) or pain rises: stop and place the pads anew", UNMARKED),
        RASH,
        REDNESS,
    ],
    ..BASE
};

/// Common settings.
pub static STROKE_SHOULDER: Condition = Condition {
    name: "stroke-shoulder",
    title: "Stroke: shoulder subluxation",
    summary: "Supraspinatus and posterior deltoid hold the head of the humerus in its socket.",
    phase_width: micros(200, 250, 300, found(src::KUMAR_2024), found(src::ITO_2023)),
    rate: hertz(10, 30, 36, found(src::KUMAR_2024), found(src::ITO_2023)),
    schedule: ScheduleRow::Cyclic(CycleRow { alternate: true, ..SHOULDER_CYCLE }),
    session_length: minutes(30, 60, 360, found(src::SHOULDER_DOSE), found(src::ITO_2023)),
    dose: dose(None, None, from_to(5, 5, 7, found(src::ITO_2023)), from_to(4, 5, 8, found(src::KUMAR_2024))),
    ..SHOULDER
};

const SHOULDER_CYCLE: CycleRow = CycleRow {
    ramps: ramps(seconds(2, 2, 3, UNMARKED, PICKED), seconds(2, 2, 3, UNMARKED, PICKED)),
    on: seconds(10, 10, 30, recalled(src::FAGHRI_1994), recalled(src::FAGHRI_1994)),
    on_includes_ramps: RAMPS_UNSTATED,
    off: seconds(2, 12, 12, recalled(src::FAGHRI_1994), recalled(src::FAGHRI_1994)),
    alternate: false,
};

/// 35 a second.
pub static STROKE_SHOULDER_FAGHRI: Condition = Condition {
    name: "stroke-shoulder-faghri",
    title: "Stroke: shoulder, 35 Hz, up to six hours a day (Faghri)",
    summary: "From 10 s on and 12 s off to 30 s on and 2 s off, as tolerated.",
    headline: FAGHRI,
    evidence: &[FAGHRI],
    related: SHOULDERS,
    phase_width: micros(200, 250, 300, found(src::KUMAR_2024), found(src::ITO_2023)),
    rate: at_hz(35, recalled_high(src::FAGHRI_1994)),
    schedule: ScheduleRow::Cyclic(SHOULDER_CYCLE),
    session_length: minutes(90, 90, 360, recalled_high(src::FAGHRI_1994), recalled_high(src::FAGHRI_1994)),
    dose: dose(
        None,
        None,
        exactly(7, recalled_high(src::FAGHRI_1994)),
        exactly(6, recalled_high(src::FAGHRI_1994)),
    ),
    progression: &[
        progress(1, Change::OnOff(10_000, 12_000), recalled(src::FAGHRI_1994)),
        progress(6, Change::OnOff(30_000, 2_000), recalled(src::FAGHRI_1994)),
    ],
    ..SHOULDER
};

/// Several muscles in walking.
pub static STROKE_GAIT: Condition = Condition {
    name: "stroke-gait",
    title: "Stroke: several muscles in walking",
    summary: "Besides the dorsiflexors: calf late in stance, quadriceps in stance, hamstrings late in swing.",
    family: Family::Stroke,
    headline: finding(
        "gait speed SMD 0.53, 6-minute walk +14.8 m; not spasticity (MAS), not timed up-and-go",
        Evidence::Mixed,
        found(src::SINGLE_FIGURES),
    ),
    needs: intact("tibial, femoral and sciatic nerve"),
    site: Site::LowerLeg,
    other_sites: &[Site::Thigh],
    use_class: Sourced::new(UseClass::FunctionalWear, ours("trains follow the steps of a walk")),
    phase_width: micros(200, 300, 300, recalled(src::GAIT_CHANNELS), PICKED),
    rate: hertz(30, 35, 40, recalled(src::GAIT_CHANNELS), PICKED),
    amplitude_rule: Sourced::new(
        AmplitudeRule::ToClinicalEffect { effect: "push-off and swing are seen to help" },
        recalled(src::GAIT_CHANNELS),
    ),
    trigger: Sourced::new(TriggerKind::HeelSwitch, found(src::KESAR_2009)),
    schedule: ScheduleRow::Gated(GatedRow {
        ramps: RampRow {
            up: millis(100, 200, 500, UNSTATED, UNSTATED),
            down: millis(100, 200, 500, UNSTATED, UNSTATED),
        },
        max_on: millis(500, 1_500, 3_000, ours("a stance of a slow walk"), ours("a stance of a slow walk")),
        min_off: millis(0, 200, 1_000, ours("some Off in each stride"), ours("some Off in each stride")),
        max_triggers_per_minute: Sourced::new(
            150,
            ours("a stride every 0.4 s, faster than anybody walks with it"),
        ),
    }),
    session_length: minutes(20, 30, 30, recalled(src::GAIT_CHANNELS), PICKED),
    electrodes: pads(
        square_cm(20, 25, 50, UNSTATED, UNSTATED),
        text("motor point of the muscle", UNSTATED),
        text("the same muscle, distal", UNSTATED),
    ),
    channels: count(2, 2, 4, recalled(src::GAIT_CHANNELS), PICKED),
    dose: dose(
        None,
        None,
        from_to(3, 3, 5, recalled(src::GAIT_CHANNELS)),
        from_to(4, 6, 8, recalled(src::GAIT_CHANNELS)),
    ),
    reported: &[text("calf from 30 to 40 % of stance to toe-off", recalled(src::GAIT_CHANNELS))],
    evidence: &[
        finding(
            "gait speed SMD 0.53, dorsiflexion +1.57 degrees, 6-minute walk +14.8 m",
            Evidence::Positive,
            found(src::SINGLE_FIGURES),
        ),
        finding("spasticity (MAS), timed up-and-go", Evidence::None, found(src::SINGLE_FIGURES)),
        finding(
            "plantarflexors added: more knee flexion in swing, slightly less dorsiflexion",
            Evidence::Mixed,
            found(src::KESAR_2009),
        ),
        finding(
            "20 min of tibialis anterior and walking, 3 a week, 7 weeks: calf spasticity down; gastrocnemius did less",
            Evidence::Positive,
            found(src::SPASTICITY),
        ),
    ],
    specific_items: &[Item::AnkleContracture, Item::EpilepsyUncontrolled, Item::SevereSpasticity],
    ..BASE
};

const POWELL: Finding = finding(
    "the settings are recalled; its outcome was not looked up",
    Evidence::None,
    recalled_high(src::POWELL_1999),
);

const CHAE: Finding = finding(
    "the settings are recalled; its outcome was not looked up",
    Evidence::None,
    recalled(src::CHAE_1998),
);

const FAGHRI: Finding = finding(
    "the settings are recalled; its outcome was not looked up",
    Evidence::None,
    recalled_high(src::FAGHRI_1994),
);

/// Forty minutes twice a day.
pub static STROKE_WRIST_WILSON: Condition = Condition {
    name: "stroke-wrist-wilson",
    title: "Stroke: wrist and fingers, 40 minutes twice a day (Wilson)",
    summary: "Cyclic, one arm of a trial of three ways to trigger; width, ON and OFF are not stated.",
    headline: WILSON_HEAD,
    evidence: &[WILSON],
    related: &[YUZER, BRIDGE],
    phase_width: micros(200, 300, 300, UNSTATED, UNSTATED),
    rate: at_hz(35, recalled(src::WILSON_2016)),
    amplitude: milliamps(1, 20, 40, recalled(src::WILSON_2016)),
    schedule: cyclic(
        our_ramps(2_000, 1_000),
        seconds(5, 10, 10, UNSTATED, UNSTATED),
        seconds(10, 10, 20, UNSTATED, UNSTATED),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(40, recalled(src::WILSON_2016)),
    dose: dose(None, exactly(2, recalled(src::WILSON_2016)), None, exactly(8, recalled(src::WILSON_2016))),
    ..WRIST
};
