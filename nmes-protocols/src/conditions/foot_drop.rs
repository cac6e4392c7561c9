//! Foot drop of the upper motor neurone: the common peroneal nerve is intact and lifts the foot when it is stimulated
//! in swing.

use super::parts::*;
use crate::amplitude::AmplitudeRule;
use crate::condition::{
    Availability, CeilingRule, Condition, Electrodes, Family, Finding, InnervationGate, RampFloorRule,
};
use crate::dose::{Change, Dose, Progress};
use crate::innervation::Innervation;
use crate::provenance::{Evidence, Sourced};
use crate::schedule_row::{GateRow, ScheduleRow, StepRow, TriggerKind};
use crate::screening::{Item, Site};
use crate::sources as src;
use crate::waveform::{ChargeReturn, WaveKind, Waveform, WidthConvention};
use nmes_core::Polarity;
use nmes_safety::UseClass;

/// The row: single channel over the common peroneal nerve, triggered by a heel switch, worn while walking.
pub static FOOT_DROP: Condition = ROW;

const ROW: Condition = Condition {
    name: "foot-drop",
    title: "Foot drop, upper motor neurone, intact peroneal nerve",
    summary: "Stimulates the common peroneal nerve from heel-off until shortly after heel strike, so that the foot \
              is lifted in swing and lowered under control.",
    family: Family::FootDrop,
    availability: Availability::Enabled,
    headline: Finding {
        claim: "walking is faster while stimulated; a splint's effect, not a training effect",
        evidence: Evidence::Positive,
        provenance: recalled_high(src::KOTTINK_2004),
    },
    needs: NEEDS,
    specialist: None,
    site: Site::LowerLeg,
    other_sites: &[],
    use_class: Sourced::new(
        UseClass::FunctionalWear,
        ours("worn while walking; trains follow the steps, so rest rules of exercise would cut a walk"),
    ),
    waveform: WAVEFORM,
    phase_width: micros(
        25,
        300,
        365,
        recalled(src::DEVICE_DATA),
        ours("inside the range; the longest phase of two of the three devices recalled"),
    ),
    rate: hertz(20, 40, 60, recalled(src::DEVICE_DATA), recalled(src::DEVICE_DATA)),
    timing: None,
    amplitude: ranged_ma(
        1_000,
        40_000,
        100_000,
        recalled(src::DEVICE_DATA),
        ours("the middle of the band that most people use; a person's own value replaces it"),
    ),
    typical_amplitude_ua: Sourced::new((20_000, 60_000), recalled(src::FOOT_DROP_PRACTICE)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::ToClinicalEffect {
            effect: "raise from zero until the foot lifts with slight eversion",
        },
        recalled_high(src::FOOT_DROP_PRACTICE),
    ),
    ceiling: Sourced::new(
        CeilingRule::AsSet,
        ours("what was checked is what may run; headroom would have to pass the check as well"),
    ),
    gap: micros(
        0,
        100,
        250,
        ours("rule E-IPG-1: longer gaps bring nothing that the sources report"),
        recalled_high(src::MERRILL_2005),
    ),
    ramp_floor: Sourced::new(
        RampFloorRule {
            percent_of_motor_threshold: 90,
            steepest_ua_per_ms: 400,
            shortest_ms: 100,
            shortest_from_floor_ms: 50,
        },
        ours(
            "below motor threshold a ramp only costs time (125 of 200 ms with 25 of 40 mA): of the shortest ramp of \
             clinics, 100 ms, the part above the floor; at least two periods at 40 Hz, so that a lift that comes with \
             toe-off is at full level two periods later; slope as in rule E-SLEW-2",
        ),
    ),
    trigger: Sourced::new(TriggerKind::HeelOrTilt, found(src::AZEVEDO_2014)),
    schedule: ScheduleRow::Steps { step: STEP, gate: GATE },
    session_length: millis(
        1,
        3_600_000,
        57_600_000,
        ours("up to 16 h, a waking day; least as nmes-core takes it"),
        ours("the longest wearing time of the first days, 60 min"),
    ),
    electrodes: ELECTRODES,
    channels: count(1, 1, 2, found(src::ODFS_CLINICS), found(src::ODFS_CLINICS)),
    dose: Dose { text: DOSE, ..Dose::NONE },
    progression: PROGRESSION,
    reported: REPORTED,
    evidence: EVIDENCE,
    related: &[],
    specific_items: &[Item::AnkleContracture, Item::EpilepsyUncontrolled, Item::MsFastWalker],
    item_rules: &[],
    stop_rules: STOP_RULES,
    notes: NOTES,
};

const NEEDS: InnervationGate = InnervationGate {
    accepted: &[Innervation::Intact],
    nerve: "common peroneal nerve",
    if_intact: text("it is", ours("an intact nerve is what this row is for")),
    if_denervated: Sourced::new(
        "foot drop from a root or from the peroneal nerve itself: a denervated muscle does not answer pulses of 0.3 ms; \
         it belongs to the row for the lower motor neurone, which needs pulses of 10 ms or more and a specialist's \
         device: foot-drop-lmn",
        found(src::WALKAIDE_MANUALS),
    ),
    if_partial: Sourced::new(
        "part of the nerve is lost: a specialist has to decide, with a strength-duration test, whether what is left can \
         be used",
        recalled_high(src::ELECTRODIAGNOSIS),
    ),
    if_unknown: Sourced::new(
        "make the bedside test first: does the muscle answer pulses of 0.3 ms at 30 to 40 a second? If it answers only \
         pulses of 10 ms or more, or sluggishly, the nerve is not intact",
        recalled_high(src::ELECTRODIAGNOSIS),
    ),
};

const WAVEFORM: Waveform = Waveform {
    kind: Sourced::new(WaveKind::Rectangular, recalled(src::DEVICE_DATA)),
    balance: Sourced::new(ChargeReturn::Symmetric, recalled(src::DEVICE_DATA)),
    option: Some(Sourced::new(
        ChargeReturn::Asymmetric(400),
        ours(
            "asymmetric balanced pulses are recalled of all three devices, their ratio is not; four times as long",
        ),
    )),
    leading: Sourced::new(
        Polarity::Negative,
        ours("the active pad is the cathode of the primary phase; the sources read do not say"),
    ),
    width_convention: Sourced::new(WidthConvention::Phase, recalled(src::DEVICE_DATA)),
};

/// The step of the foot-drop rows, for a trigger that is used without a session.
pub static FOOT_DROP_STEP: StepRow = STEP;

const STEP: StepRow = StepRow {
    trigger: Sourced::new("heel-off starts, heel strike ends", found(src::AZEVEDO_2014)),
    debounce: millis(10, 25, 50, ours(DEBOUNCE), ours(DEBOUNCE)),
    refractory: millis(100, 200, 400, recalled(src::DEVICE_DATA), recalled(src::DEVICE_DATA)),
    delay: millis(0, 0, 300, recalled(src::DEVICE_DATA), recalled(src::DEVICE_DATA)),
    ramp_up: millis(0, 200, 4_000, recalled(src::DEVICE_DATA), recalled(src::FOOT_DROP_PRACTICE)),
    ramp_down: millis(0, 200, 4_000, recalled(src::DEVICE_DATA), recalled(src::FOOT_DROP_PRACTICE)),
    extension: millis(
        0,
        250,
        1_500,
        recalled(src::DEVICE_DATA),
        ours("inside the 100 to 500 ms used in clinics; shortened to the person's stance, see stance share"),
    ),
    hold_max: millis(1_000, 2_000, 6_000, ours(HOLD_RANGE), ours(HOLD)),
    hold_cap: millis(1_000, 6_000, 6_000, ours(HOLD_RANGE), ours(HOLD)),
    hold_first: millis(
        1_000,
        2_400,
        6_000,
        ours(HOLD_RANGE),
        ours("twice the slowest heel-off to strike of hemiparetic gait, 1.2 s"),
    ),
    hold_percent: percent(100, 200, 400, ours(HOLD)),
    stance_share: percent(
        20,
        60,
        90,
        ours(
            "250 + 200 ms left no Off in many stances of six healthy walks; 60 % of the median stance leaves some in all",
        ),
    ),
    stance_first: millis(
        200,
        400,
        2_000,
        ours(
            "strike to heel-off, about the shortest of six healthy walks (0.41 s); later stances are measured",
        ),
        ours(
            "strike to heel-off, about the shortest of six healthy walks (0.41 s); later stances are measured",
        ),
    ),
    off_min: millis(0, 100, 500, ours(OFF_MIN), ours(OFF_MIN)),
    merge_max: millis(1_000, 10_000, 60_000, ours(MERGE), ours(MERGE)),
    test_burst: millis(
        100,
        2_000,
        6_000,
        ours("a test burst is documented, its length is not; no longer than a step's cap"),
        ours("long enough to see the foot lift and settle"),
    ),
    vouch: millis(100, 600, 1_500, ours(VOUCH), ours(VOUCH)),
};

const DEBOUNCE: &str = "longer than contact bounce, shorter than the 0.14 s by which heel-off leads toe-off";
const VOUCH: &str = "both feet carry for some 30 % of a slow cycle of 2 s before the treated foot swings";
const HOLD: &str = "a fixed shorter time-out would cut output in mid-swing when a person slows at a kerb";
const HOLD_RANGE: &str =
    "1 to 6 s is our choice, around what devices have: 3 s, up to 6 s, 2 to 10 s are recalled (LIT-DEVICES)";
const OFF_MIN: &str = "less is hard to see as an Off, and is reported as merged";
const MERGE: &str = "a shuffle or a vibrating switch may not hold the output on for ever; some ten steps";

const GATE: GateRow = GateRow {
    max_on: Sourced::new(
        "longest merged run + time-out cap + extension + ramp-down",
        ours(
            "the gate is the second line: it never cuts a swing that the trigger's own time-out would not have cut",
        ),
    ),
    min_off_ms: Sourced::new(
        0,
        ours(
            "an Off enforced here would start a step late, when the foot is needed; the refractory time is the trigger's",
        ),
    ),
    max_triggers_per_minute: Sourced::new(
        150,
        ours("a stride every 0.4 s, faster than anybody walks with it"),
    ),
};

const ELECTRODES: Electrodes = Electrodes {
    count: Sourced::new(2, found(src::ODFS_CLINICS)),
    area: square_cm(
        20,
        25,
        25,
        recalled(src::FOOT_DROP_PRACTICE),
        ours("the larger of the two usual sizes: the lower density"),
    ),
    min_diameter_mm: Sourced::new(32, found(src::ODFS_MANUAL)),
    active: Sourced::new(
        "common peroneal nerve at or just below the head of the fibula",
        found(src::ODFS_CLINICS),
    ),
    indifferent: Sourced::new("motor point of tibialis anterior", found(src::ODFS_CLINICS)),
    correction: Sourced::new(
        "too much inversion: move the active pad towards the nerve; too much eversion: towards tibialis anterior",
        recalled_high(src::FOOT_DROP_PRACTICE),
    ),
    replacement: Sourced::new("every one to two weeks", found(src::WALKAIDE_MANUALS)),
};

const DOSE: &[Sourced<&str>] = &[
    Sourced::new(
        "seated exercise 10 to 30 min, once or twice a day, for two weeks before all-day wear",
        recalled(src::FOOT_DROP_PRACTICE),
    ),
    Sourced::new(
        "wearing time from 15 to 60 min a day to all day over two to four weeks",
        recalled(src::FOOT_DROP_PRACTICE),
    ),
    Sourced::new("the maker's manual has a wearing schedule of its own", found(src::WALKAIDE_MANUALS)),
];

const EVIDENCE: &[Finding] = &[
    finding(
        "walking speed while stimulated, pooled: +38 %",
        Evidence::Positive,
        recalled_high(src::KOTTINK_2004),
    ),
    finding(
        "stroke, while stimulated: speed +20.5 %, physiological cost index -24.9 %",
        Evidence::Positive,
        recalled_high(src::BURRIDGE_1997),
    ),
    finding(
        "while stimulated: stroke +27 % speed, multiple sclerosis +16 %",
        Evidence::Positive,
        recalled_high(src::TAYLOR_1999),
    ),
    finding(
        "multiple sclerosis, N = 187: +0.07 m/s at once, +0.11 m/s at 20 weeks, while stimulated",
        Evidence::Positive,
        found(src::STREET_MILLER),
    ),
    finding(
        "multiple sclerosis: a training effect without stimulation",
        Evidence::Negative,
        found(src::STREET_MILLER),
    ),
    finding(
        "multiple sclerosis: oxygen cost falls below 0.8 m/s of own speed and rises above",
        Evidence::Mixed,
        found(src::STREET_MILLER),
    ),
    finding(
        "plantarflexors added: more knee flexion in swing and push-off, slightly less dorsiflexion",
        Evidence::Mixed,
        found(src::KESAR_2009),
    ),
];

const STOP_RULES: &[Sourced<&str>] = &[
    RASH,
    REDNESS,
    Sourced::new(
        "lesion at or above T6: stop at any sign of autonomic dysreflexia",
        recalled_high(src::SCI_PRACTICE),
    ),
];

const NOTES: &[Sourced<&str>] = &[
    Sourced::new(
        "works like a splint: what is reported is walking while stimulated; it does not repair a nerve",
        found(src::STREET_MILLER),
    ),
    Sourced::new(
        "the first session is supervised; its first five minutes seated or lying",
        found(src::COMPEX_WARNINGS),
    ),
    Sourced::new(
        "a steep ramp may set off a stretch reflex of a spastic calf; a longer one can be asked for",
        recalled(src::FOOT_DROP_PRACTICE),
    ),
    Sourced::new(
        "below 32 mm of pad diameter the maker warns of high charge density",
        found(src::ODFS_MANUAL),
    ),
];

const PROGRESSION: &[Progress] = &[
    progress(
        0,
        Change::Text("wearing time from an hour to all day in two to four weeks"),
        recalled(src::FOOT_DROP_PRACTICE),
    ),
    progress(1, Change::Text("two weeks of the exercise row first"), recalled(src::FOOT_DROP_PRACTICE)),
];

const REPORTED: &[Sourced<&str>] = &[
    text(
        "Liberson 1961: one channel, heel switch, 20 to 250 µs at 30 to 100 a second, up to 90 mA",
        recalled(src::LYONS_2002),
    ),
    text(
        "ODFS 20 to 60 Hz (40), up to 365 µs, 10 to 100 mA; WalkAide 16.7 to 33 Hz (25), 25 to 300 µs; L300 20 to 45 Hz (30), 100, 200 or 300 µs, up to 80 mA",
        recalled(src::DEVICE_DATA),
    ),
    text(
        "the lowest rate of the WalkAide, 16.7 Hz, cannot be set here: the range begins where that of the ODFS does",
        ours(
            "20 to 60 Hz are recalled of the ODFS; the defaults of the two others, 25 and 30 Hz, lie in them (LIT-DEVICES)",
        ),
    ),
    text(
        "half of the width range is the working point of one device; the rest is headroom",
        found(src::ODFS_MANUAL),
    ),
    text(
        "time-outs of devices: 3 s; 0 to 6 s or adaptive; 2 to 10 s, 4 s by default",
        recalled_low(src::DEVICE_DATA),
    ),
];

/// The same in multiple sclerosis.
pub static FOOT_DROP_MS: Condition = Condition {
    name: "foot-drop-ms",
    title: "Foot drop in multiple sclerosis, intact peroneal nerve",
    summary: "As foot-drop; sessions of exercise are shorter, and own walking speed decides whether it is worth it.",
    headline: Finding {
        claim: "faster while stimulated (+0.07 m/s at once, +0.11 m/s at 20 weeks); no training effect",
        evidence: Evidence::Positive,
        provenance: found(src::STREET_MILLER),
    },
    specific_items: &[
        Item::AnkleContracture,
        Item::EpilepsyUncontrolled,
        Item::MsFastWalker,
        Item::HeatSensitive,
    ],
    evidence: MS_EVIDENCE,
    ..ROW
};

const MS_EVIDENCE: &[Finding] = &[
    finding(
        "N = 187: +0.07 m/s at once, +0.11 m/s at 20 weeks, 27 % in responders, while stimulated",
        Evidence::Positive,
        found(src::STREET_MILLER),
    ),
    finding("a training effect without stimulation", Evidence::Negative, found(src::STREET_MILLER)),
    finding("95 % kept or improved their walking category", Evidence::Positive, found(src::STREET_MILLER)),
    finding(
        "oxygen cost falls below 0.8 m/s of own speed and rises above",
        Evidence::Mixed,
        found(src::STREET_MILLER),
    ),
    finding("two devices compared: no difference", Evidence::None, found(src::STREET_MILLER)),
];

const PRACTICE: Finding = finding(
    "practice before wearing; no trial of it alone was looked up",
    Evidence::None,
    recalled(src::FOOT_DROP_PRACTICE),
);

const WORN: &[Finding] = &[finding(
    "Kottink 2004, worn while walking: walking speed while stimulated, pooled, +38 %",
    Evidence::Positive,
    recalled_high(src::KOTTINK_2004),
)];

/// Seated exercise with the same pads.
pub static FOOT_DROP_EXERCISE: Condition = Condition {
    name: "foot-drop-exercise",
    title: "Foot drop: seated exercise before all-day wear",
    summary: "Lifts the foot through its whole movement while the person sits, contraction after contraction.",
    headline: PRACTICE,
    evidence: &[PRACTICE],
    related: WORN,
    use_class: BASE.use_class,
    phase_width: micros(25, 300, 365, recalled(src::DEVICE_DATA), recalled(src::FOOT_DROP_PRACTICE)),
    amplitude_rule: Sourced::new(AmplitudeRule::FullRom, recalled(src::FOOT_DROP_PRACTICE)),
    ramp_floor: BASE.ramp_floor,
    trigger: Sourced::new(TriggerKind::Cyclic, recalled(src::FOOT_DROP_PRACTICE)),
    schedule: cyclic(
        ramps(
            millis(0, 1_000, 4_000, recalled(src::DEVICE_DATA), recalled(src::FOOT_DROP_PRACTICE)),
            millis(0, 1_000, 4_000, recalled(src::DEVICE_DATA), recalled(src::FOOT_DROP_PRACTICE)),
        ),
        seconds(3, 5, 10, UNSTATED, recalled(src::FOOT_DROP_PRACTICE)),
        seconds(5, 10, 20, UNSTATED, recalled(src::FOOT_DROP_PRACTICE)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(10, 20, 30, recalled(src::FOOT_DROP_PRACTICE), PICKED),
    dose: dose(
        None,
        from_to(1, 1, 2, recalled(src::FOOT_DROP_PRACTICE)),
        None,
        exactly(2, recalled(src::FOOT_DROP_PRACTICE)),
    ),
    progression: &[],
    reported: &[],
    ..ROW
};

/// Dorsiflexors in multiple sclerosis, for strength.
pub static MS_STRENGTH: Condition = Condition {
    name: "ms-strength",
    title: "Multiple sclerosis: keeping strength of the leg",
    summary: "Contractions at a low rate in short blocks, as heat and fatigue allow.",
    family: Family::FootDrop,
    headline: finding(
        "settings recalled with low confidence; no trial was looked up",
        Evidence::None,
        recalled_low(src::MS_PRACTICE),
    ),
    needs: intact("motor nerve of the muscle"),
    site: Site::LowerLeg,
    other_sites: &[Site::Thigh],
    waveform: BIPHASIC,
    phase_width: micros(200, 300, 300, UNSTATED, recalled_low(src::MS_PRACTICE)),
    rate: hertz(20, 30, 35, recalled_low(src::MS_PRACTICE), PICKED),
    amplitude: milliamps(1, 30, 60, recalled(src::USUAL_CURRENTS)),
    schedule: cyclic(
        our_ramps(1_000, 1_000),
        seconds(5, 5, 5, recalled_low(src::MS_PRACTICE), recalled_low(src::MS_PRACTICE)),
        seconds(10, 12, 15, recalled_low(src::MS_PRACTICE), PICKED),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(
        5,
        15,
        30,
        ours(
            "10 to 30 min are recalled with low confidence, blocks of 5 to 15 min for heat and fatigue with medium (LIT-MS)",
        ),
        PICKED,
    ),
    electrodes: pads(
        square_cm(20, 25, 50, UNSTATED, UNSTATED),
        text("motor point of the muscle", UNSTATED),
        text("the same muscle, distal", UNSTATED),
    ),
    channels: ONE_OR_TWO,
    evidence: &[finding(
        "blocks of 5 to 15 min, as heat and fatigue make symptoms worse for a while",
        Evidence::None,
        recalled(src::MS_PRACTICE),
    )],
    specific_items: &[Item::HeatSensitive, Item::EpilepsyUncontrolled, Item::FixedContracture],
    ..BASE
};
