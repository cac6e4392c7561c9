//! Cycling, rowing and standing after spinal cord injury.

use super::parts::*;
use crate::amplitude::AmplitudeRule;
use crate::condition::{Condition, Electrodes, Family, Finding};
use crate::dose::Change;
use crate::provenance::{Evidence, Provenance, Sourced};
use crate::schedule_row::{GatedRow, ScheduleRow, TriggerKind};
use crate::screening::{Item, Site};
use crate::sources as src;
use nmes_safety::UseClass;

const DYSREFLEXIA: Sourced<&str> = text(
    "lesion at or above T6: stop at any sign of autonomic dysreflexia",
    recalled_high(src::SCI_PRACTICE),
);

const STOP_SCI: &[Sourced<&str>] = &[DYSREFLEXIA, RASH, REDNESS];

const STOP_CYCLE: &[Sourced<&str>] = &[
    DYSREFLEXIA,
    text("fewer turns a minute than some 20 to 35: stop", recalled(src::FES_DEVICES)),
    RASH,
    REDNESS,
];

const STOP_STAND: &[Sourced<&str>] = &[
    DYSREFLEXIA,
    text("a knee buckles, or blood pressure falls: sit down and stop", UNMARKED),
    RASH,
    REDNESS,
];

const AROUND_CYCLING: &[Sourced<&str>] = &[text(
    "before: 1 to 2 min moved by the motor, then a rise over 1 to 2 min; after: 2 to 5 min of cooling down",
    recalled(src::FES_DEVICES),
)];

const SCI: Condition = Condition {
    family: Family::SpinalCord,
    needs: intact("lower motor neurone below the lesion"),
    site: Site::Thigh,
    other_sites: &[Site::LowerLeg],
    use_class: Sourced::new(
        UseClass::FunctionalWear,
        ours("trains follow a movement, not a rest between contractions"),
    ),
    specific_items: &[
        Item::PressureSore,
        Item::Ossification,
        Item::SevereSpasticity,
        Item::FixedContracture,
        Item::UnstableFracture,
    ],
    stop_rules: STOP_SCI,
    ..BASE
};

const CYCLE_PADS: Electrodes = pads(
    square_mm(4_500, 9_750, 10_000, UNMARKED, UNMARKED),
    text("quadriceps proximal and lateral, hamstrings, gluteus maximus", UNMARKED),
    text("distal and medial on the same muscle", UNMARKED),
);

/// The facts have pads of cycling alone, of no other movement and of no children.
const PADS_AS_CYCLE: Provenance = ours("no source states it; as the row for cycling");

const OTHER_PADS: Electrodes =
    Electrodes { area: square_mm(4_500, 9_750, 10_000, PADS_AS_CYCLE, PADS_AS_CYCLE), ..CYCLE_PADS };

// The source's edges take 10 degrees (EMA_CYCLING): 83, 48 and 33 ms at 20, 35 and 50 turns a minute. The slope is what
// lengthens a ramp: 76 ms at 30 mA, 251 ms at 100 mA, for which windows of 70 to 100 degrees have room up to 23 to 33 turns
// a minute (`CrankTimes::fastest_rpm`).
const CRANK_RAMP: &str =
    "10 degrees of the crank at 33 turns a minute; lengthened with the set amplitude, to the steepest slope";

const CRANK: ScheduleRow = ScheduleRow::Gated(GatedRow {
    ramps: ramps(
        millis(25, 50, 1_000, ours("10 degrees of the crank at 40 to 5 turns a minute"), ours(CRANK_RAMP)),
        millis(25, 50, 1_000, ours("10 degrees of the crank at 40 to 5 turns a minute"), ours(CRANK_RAMP)),
    ),
    max_on: millis(
        300,
        1_500,
        3_000,
        ours("a window of 100 degrees at 20 turns a minute is 0.8 s"),
        ours("a window of 100 degrees at 20 turns a minute is 0.8 s, with room"),
    ),
    min_off: millis(
        0,
        100,
        1_000,
        ours("windows of one muscle are far apart"),
        ours("windows of one muscle are far apart"),
    ),
    max_triggers_per_minute: Sourced::new(
        62,
        ours("one window a turn, 60 turns a minute at most, of which a gate counts 61 seconds"),
    ),
});

const FIRST_SESSION: &str =
    "quadriceps 25, hamstrings 30, gluteus 35, calf 50 mA; small steps a session for 4 weeks";
const AT_TEN_WEEKS: &str = "quadriceps 100, hamstrings 80, gluteus 100, calf 60 mA";

/// A cycle driven by the legs.
pub static FES_CYCLE: Condition = Condition {
    name: "fes-cycle",
    title: "Spinal cord injury: cycling",
    summary: "Quadriceps, hamstrings and gluteus of both legs, each in its window of the crank.",
    headline: finding(
        "trained muscle is thicker; power stays an order below that of voluntary cycling",
        Evidence::Mixed,
        found(src::FES_CYCLING),
    ),
    phase_width: micros(250, 300, 300, recalled(src::FES_DEVICES), found(src::FES_CYCLING_TOOLKIT)),
    rate: hertz(20, 40, 40, UNMARKED, found(src::FES_CYCLING_TOOLKIT)),
    amplitude: ranged_ma(
        1_000,
        30_000,
        100_000,
        found(src::FES_CYCLING_TOOLKIT),
        ours("one figure for all muscles: that of the hamstrings in the first session"),
    ),
    typical_amplitude_ua: band(25, 100, found(src::FES_CYCLING_TOOLKIT)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::ToClinicalEffect { effect: "the cadence is kept" },
        recalled(src::FES_DEVICES),
    ),
    trigger: Sourced::new(TriggerKind::CrankAngle, found(src::EMA_CYCLING)),
    schedule: CRANK,
    session_length: minutes(15, 15, 45, found(src::FES_CYCLING_TOOLKIT), found(src::FES_CYCLING_TOOLKIT)),
    electrodes: CYCLE_PADS,
    channels: count(6, 6, 8, UNMARKED, UNMARKED),
    dose: dose(
        None,
        None,
        exactly(3, found(src::FES_CYCLING_TOOLKIT)),
        exactly(10, found(src::FES_CYCLING_TOOLKIT)),
    ),
    progression: &[
        progress(1, Change::Text(FIRST_SESSION), found(src::FES_CYCLING_TOOLKIT)),
        progress(1, Change::Session(900_000), found(src::FES_CYCLING_TOOLKIT)),
        progress(10, Change::Text(AT_TEN_WEEKS), found(src::FES_CYCLING_TOOLKIT)),
        progress(10, Change::Session(2_700_000), found(src::FES_CYCLING_TOOLKIT)),
        progress(10, Change::Text("from 20 to 40 turns a minute"), found(src::FES_CYCLING_TOOLKIT)),
    ],
    reported: &[text(
        "pulses of 200, 350 and 500 µs tired the muscle alike; children 33 Hz, 40 mA, 90 to 200 µs",
        found(src::FES_CYCLING),
    )],
    evidence: &[
        finding("8 to 35 W, an order below voluntary", Evidence::Mixed, found(src::FES_CYCLING)),
        finding(
            "trained: thickness 88 %, strength 34 %, power 13 % of people without a lesion",
            Evidence::Mixed,
            found(src::FES_CYCLING),
        ),
        finding(
            "smooth forced pedalling: first-trial distance +68 %",
            Evidence::Positive,
            found(src::FES_CYCLING),
        ),
    ],
    stop_rules: STOP_CYCLE,
    notes: AROUND_CYCLING,
    ..SCI
};

/// As a commercial cycle has it.
pub static FES_CYCLE_COMMERCIAL: Condition = Condition {
    name: "fes-cycle-commercial",
    title: "Spinal cord injury: cycling, settings of a commercial cycle",
    summary: "33.3 pulses a second of 250 µs, up to 140 mA, an hour.",
    headline: finding(
        "a device's settings, recalled; no trial of them was looked up",
        Evidence::None,
        recalled(src::FES_DEVICES),
    ),
    phase_width: at_us(250, recalled(src::FES_DEVICES)),
    rate: millihertz(33_300, 33_300, 33_300, recalled(src::FES_DEVICES), recalled(src::FES_DEVICES)),
    amplitude: ranged_ma(1_000, 60_000, 140_000, recalled(src::FES_DEVICES), PICKED),
    typical_amplitude_ua: band(25, 100, found(src::FES_CYCLING_TOOLKIT)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::ToClinicalEffect { effect: "35 to 50 turns a minute are kept" },
        recalled(src::FES_DEVICES),
    ),
    trigger: Sourced::new(TriggerKind::CrankAngle, recalled(src::FES_DEVICES)),
    schedule: CRANK,
    session_length: at_minutes(60, recalled(src::FES_DEVICES)),
    electrodes: OTHER_PADS,
    channels: count(
        6,
        6,
        8,
        ours("6 to 12 are recalled of the device (LIT-FESDEVICES); 8 are the most here"),
        recalled(src::FES_DEVICES),
    ),
    evidence: &[finding(
        "a device's settings, recalled; no trial of them was looked up",
        Evidence::None,
        recalled(src::FES_DEVICES),
    )],
    stop_rules: STOP_CYCLE,
    notes: AROUND_CYCLING,
    ..SCI
};

const CHILD: Finding = finding(
    "the settings of a pilot were read; its outcome was not looked up",
    Evidence::None,
    found(src::FES_CYCLING),
);

/// Children with cerebral palsy, a pilot.
pub static FES_CYCLE_CHILD: Condition = Condition {
    name: "fes-cycle-child",
    title: "Cerebral palsy: children cycling, settings of a pilot",
    summary: "33 pulses a second of 90 to 200 µs at 40 mA, each muscle in its window of the crank.",
    headline: CHILD,
    evidence: &[CHILD],
    needs: intact("lower motor neurone of the legs"),
    phase_width: micros(90, 150, 200, found(src::FES_CYCLING), PICKED),
    rate: at_hz(33, found(src::FES_CYCLING)),
    amplitude: ranged_ma(1_000, 40_000, 40_000, found(src::FES_CYCLING), found(src::FES_CYCLING)),
    typical_amplitude_ua: band(20, 40, ours("40 mA are found (PRO-S40); half of it is our figure")),
    amplitude_rule: Sourced::new(
        AmplitudeRule::ToClinicalEffect { effect: "the cadence is kept, and the child bears it" },
        UNSTATED,
    ),
    trigger: Sourced::new(TriggerKind::CrankAngle, ours("as the other rows for cycles")),
    schedule: CRANK,
    session_length: minutes(5, 15, 30, UNSTATED, UNSTATED),
    electrodes: OTHER_PADS,
    channels: count(2, 6, 6, UNSTATED, UNSTATED),
    specific_items: &[Item::SevereSpasticity, Item::FixedContracture, Item::UnstableFracture],
    stop_rules: STOP,
    ..SCI
};

/// Rowing with the legs.
pub static FES_ROW: Condition = Condition {
    name: "fes-row",
    title: "Spinal cord injury: rowing",
    summary: "Quadriceps in the drive, hamstrings in the recovery, by a switch or the position of the seat.",
    headline: finding("settings recalled; no trial was looked up", Evidence::None, recalled(src::ROWING)),
    phase_width: micros(250, 400, 450, recalled(src::ROWING), PICKED),
    rate: hertz(40, 40, 50, recalled(src::ROWING), PICKED),
    amplitude: milliamps(1, 80, 115, recalled(src::ROWING)),
    typical_amplitude_ua: band(60, 115, recalled(src::USUAL_CURRENTS)),
    amplitude_rule: Sourced::new(AmplitudeRule::MaxTolerated, recalled(src::ROWING)),
    trigger: Sourced::new(TriggerKind::SwitchOrPosition, recalled(src::ROWING)),
    schedule: ScheduleRow::Gated(GatedRow {
        ramps: ramps(
            millis(200, 300, 500, recalled(src::ROWING), recalled(src::ROWING)),
            millis(200, 300, 500, recalled(src::ROWING), recalled(src::ROWING)),
        ),
        max_on: millis(
            1_000,
            3_000,
            5_000,
            ours("half of a slow stroke of the rower"),
            ours("half of a slow stroke of the rower"),
        ),
        min_off: millis(
            100,
            500,
            2_000,
            ours("half of a fast stroke of the rower"),
            ours("half of a fast stroke of the rower"),
        ),
        max_triggers_per_minute: Sourced::new(
            42,
            ours("40 strokes a minute at most, of which a gate counts 61 seconds"),
        ),
    }),
    session_length: minutes(10, 20, 30, recalled(src::ROWING), PICKED),
    electrodes: OTHER_PADS,
    channels: count(4, 4, 4, recalled(src::ROWING), recalled(src::ROWING)),
    dose: dose(None, None, exactly(3, recalled(src::ROWING)), None),
    evidence: &[finding("settings recalled; no trial was looked up", Evidence::None, recalled(src::ROWING))],
    notes: &[text("the seat has a back and a strap for the trunk", UNMARKED)],
    ..SCI
};

const STAND_PADS: Electrodes = pads(
    square_cm(45, 90, 100, PADS_AS_CYCLE, PICKED),
    text("quadriceps, proximal", recalled(src::KRALJ)),
    text("quadriceps, distal", recalled(src::KRALJ)),
);

/// Standing with locked knees.
pub static FES_STAND: Condition = Condition {
    name: "fes-stand",
    title: "Spinal cord injury: standing",
    summary: "Locks the knees while a switch in the hand says so, and lets the person down slowly.",
    headline: finding(
        "settings recalled; one figure on the way down was read",
        Evidence::None,
        recalled(src::KRALJ),
    ),
    phase_width: micros(200, 300, 500, recalled(src::KRALJ), recalled(src::KRALJ)),
    rate: hertz(20, 25, 30, recalled(src::KRALJ), PICKED),
    amplitude: milliamps(1, 90, 120, recalled(src::USUAL_CURRENTS)),
    typical_amplitude_ua: band(60, 120, recalled(src::USUAL_CURRENTS)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::ToClinicalEffect { effect: "the knees lock" },
        recalled(src::KRALJ),
    ),
    trigger: Sourced::new(TriggerKind::ManualSwitch, recalled(src::KRALJ)),
    schedule: ScheduleRow::Gated(GatedRow {
        ramps: ramps(
            seconds(1, 2, 2, recalled(src::KRALJ), PICKED),
            seconds(2, 3, 4, recalled(src::KRALJ), PICKED),
        ),
        max_on: minutes(
            1,
            5,
            10,
            ours("stands of one to ten minutes are recalled"),
            ours("half of the longest stand"),
        ),
        min_off: seconds(10, 60, 120, ours("rest before the next stand"), ours("rest before the next stand")),
        max_triggers_per_minute: Sourced::new(2, ours("no stand follows a stand at once")),
    }),
    session_length: minutes(5, 30, 60, UNSTATED, UNSTATED),
    electrodes: STAND_PADS,
    channels: count(2, 2, 4, UNMARKED, PICKED),
    progression: &[progress(
        1,
        Change::Text("weeks 1 to 8 of the training row; then stands of 1 to 10 min"),
        recalled(src::KRALJ),
    )],
    evidence: &[finding(
        "the way down began 1.8 s ahead in one study of standing",
        Evidence::None,
        found(src::SINGLE_FIGURES),
    )],
    specific_items: &[
        Item::PressureSore,
        Item::Ossification,
        Item::SevereSpasticity,
        Item::FixedContracture,
        Item::UnstableFracture,
        Item::OrthostaticDrop,
    ],
    stop_rules: STOP_STAND,
    ..SCI
};

/// Strength before standing.
pub static FES_STAND_TRAINING: Condition = Condition {
    name: "fes-stand-training",
    title: "Spinal cord injury: quadriceps before standing",
    summary: "Knee extension, six seconds on and off, until the muscle carries.",
    headline: finding("settings recalled; no trial was looked up", Evidence::None, recalled(src::KRALJ)),
    use_class: BASE.use_class,
    phase_width: micros(200, 300, 500, recalled(src::KRALJ), recalled(src::KRALJ)),
    rate: at_hz(20, recalled(src::KRALJ)),
    amplitude: milliamps(1, 80, 120, recalled(src::USUAL_CURRENTS)),
    typical_amplitude_ua: band(60, 120, recalled(src::USUAL_CURRENTS)),
    amplitude_rule: Sourced::new(AmplitudeRule::FullRom, recalled(src::KRALJ)),
    schedule: cyclic(
        our_ramps(1_000, 1_000),
        at_ms(6_000, recalled(src::KRALJ)),
        at_ms(6_000, recalled(src::KRALJ)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(30, 30, 60, recalled(src::KRALJ), PICKED),
    electrodes: STAND_PADS,
    channels: count(1, 2, 4, ours("as the row for standing; one leg alone is ours"), PICKED),
    evidence: &[finding("settings recalled; no trial was looked up", Evidence::None, recalled(src::KRALJ))],
    ..SCI
};
