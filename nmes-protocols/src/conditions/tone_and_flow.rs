//! Spasm, spasticity, venous flow and swelling.

use super::parts::*;
use super::rules::DIRECT;
use crate::amplitude::AmplitudeRule;
use crate::condition::{Condition, Family, Finding};
use crate::dose::Change;
use crate::provenance::{Evidence, Sourced};
use crate::schedule_row::OnIncludesRamps;
use crate::screening::{Item, Site};
use crate::sources as src;
use crate::waveform::{ChargeReturn, WaveKind, Waveform};
use nmes_safety::UseClass;

const CLONUS: &[Sourced<&str>] =
    &[text("clonus begins or spasm rises: stop", recalled(src::TONE_PRACTICE)), RASH, REDNESS];

const TONE: Condition = Condition {
    family: Family::Tone,
    needs: intact("motor nerve of the muscle"),
    site: Site::LowerLeg,
    other_sites: &[Site::Thigh, Site::Arm, Site::Abdomen],
    amplitude: milliamps(1, 30, 60, recalled(src::USUAL_CURRENTS)),
    typical_amplitude_ua: band(15, 60, recalled(src::USUAL_CURRENTS)),
    electrodes: pads(
        square_cm(25, 25, 50, UNMARKED, PICKED),
        text("belly of the muscle", UNSTATED),
        text("the same muscle, along its fibres", UNSTATED),
    ),
    specific_items: &[Item::SevereSpasticity, Item::EpilepsyUncontrolled, Item::UnstableFracture],
    stop_rules: CLONUS,
    ..BASE
};

const SPASM_HEAD: Finding =
    finding("settings from teaching; no trial was looked up", Evidence::None, found(src::GOAL_TABLE));

/// A muscle in spasm is tired out.
pub static SPASM_FATIGUE: Condition = Condition {
    name: "spasm-fatigue",
    title: "Muscle spasm: tiring the muscle",
    summary: "Contractions with rests as long as themselves tire a muscle in spasm.",
    headline: SPASM_HEAD,
    phase_width: micros(150, 200, 350, found(src::GOAL_TABLE), PICKED),
    rate: hertz(50, 50, 100, UNMARKED, found(src::GOAL_TABLE)),
    amplitude_rule: Sourced::new(AmplitudeRule::VisibleContraction, found(src::GOAL_TABLE)),
    schedule: cyclic(
        ramps(
            millis(1_000, 1_000, 2_000, ours("1 s or more is found (PRO-S55)"), found(src::GOAL_TABLE)),
            millis(0, 500, 1_000, UNSTATED, UNSTATED),
        ),
        seconds(2, 5, 5, found(src::GOAL_TABLE), PICKED),
        seconds(2, 5, 5, found(src::GOAL_TABLE), PICKED),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(10, 20, 30, found(src::GOAL_TABLE), PICKED),
    progression: &[progress(0, Change::Text("from 10 to 30 min"), recalled(src::TONE_PRACTICE))],
    evidence: &[SPASM_HEAD],
    notes: &[text(
        "an acutely painful spasm from a fracture or a disc is not tired out: first TENS that is only felt",
        recalled(src::TONE_PRACTICE),
    )],
    ..TONE
};

/// One tetanus of many minutes.
pub static SPASM_CONTINUOUS: Condition = Condition {
    name: "spasm-continuous",
    title: "Muscle spasm: one long tetanus",
    summary: "A fast rate and wide pulses without rests, for twenty minutes.",
    headline: finding(
        "described in a manual; no trial was looked up",
        Evidence::None,
        found(src::SPASTICITY),
    ),
    use_class: CONTINUOUS.use_class,
    phase_width: micros(200, 300, 350, ours("wide is found (PRO-S57), without a figure"), PICKED),
    rate: hertz(50, 100, 100, ours("fast is found (PRO-S57), without a figure"), PICKED),
    amplitude_rule: Sourced::new(AmplitudeRule::VisibleContraction, found(src::GOAL_TABLE)),
    trigger: CONTINUOUS.trigger,
    schedule: CONTINUOUS.schedule,
    session_length: minutes(20, 20, 30, found(src::SPASTICITY), PICKED),
    evidence: &[finding(
        "described in a manual; no trial was looked up",
        Evidence::None,
        found(src::SPASTICITY),
    )],
    ..TONE
};

/// High-volt pulses on a spasm.
pub static SPASM_HIGH_VOLT: Condition = Condition {
    name: "spasm-high-volt",
    title: "Muscle spasm: high-volt pulses",
    summary: "Two-peaked pulses, positive pole on the muscle, a moderate contraction.",
    headline: finding("from a talk; no trial was looked up", Evidence::None, found(src::HIGH_VOLT)),
    use_class: CONTINUOUS.use_class,
    waveform: Waveform {
        leading: Sourced::new(nmes_core::Polarity::Positive, found(src::HIGH_VOLT)),
        ..HIGH_VOLT
    },
    phase_width: micros(20, 100, 100, UNMARKED, PICKED),
    gap: NO_GAP,
    rate: hertz(1, 30, 50, found(src::HIGH_VOLT), PICKED),
    amplitude: milliamps(1, 50, 100, ours("sources give volts; some 500 ohm for such short peaks")),
    typical_amplitude_ua: band(20, 100, ours("sources give volts; some 500 ohm for such short peaks")),
    amplitude_rule: Sourced::new(AmplitudeRule::VisibleContraction, found(src::HIGH_VOLT)),
    trigger: CONTINUOUS.trigger,
    schedule: CONTINUOUS.schedule,
    session_length: minutes(10, 20, 30, UNSTATED, UNSTATED),
    evidence: &[finding("from a talk; no trial was looked up", Evidence::None, found(src::HIGH_VOLT))],
    item_rules: DIRECT,
    ..TONE
};

/// Two peaks of one polarity.
const HIGH_VOLT: Waveform = wave(
    Sourced::new(
        WaveKind::TwinPeak { between_us: 100 },
        ours("two peaks are found; their distance is our figure"),
    ),
    Sourced::new(ChargeReturn::Monophasic, found(src::HIGH_VOLT)),
);

/// The opposite muscle of a spastic one.
pub static SPASTICITY_ANTAGONIST: Condition = Condition {
    name: "spasticity-antagonist",
    title: "Spasticity: the opposite muscle",
    summary: "Contractions of the muscle opposite to the spastic one, through the whole movement.",
    headline: finding(
        "pooled: MAS -0.30, range of movement +2.87 degrees",
        Evidence::Positive,
        found(src::SPASTICITY),
    ),
    phase_width: micros(200, 250, 300, UNMARKED, PICKED),
    rate: hertz(30, 40, 50, UNMARKED, PICKED),
    amplitude_rule: Sourced::new(AmplitudeRule::FullRom, UNMARKED),
    schedule: cyclic(
        our_ramps(2_000, 1_000),
        seconds(6, 8, 10, recalled(src::TONE_PRACTICE), PICKED),
        seconds(10, 16, 20, recalled(src::TONE_PRACTICE), PICKED),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(20, 20, 30, UNMARKED, PICKED),
    dose: dose(
        None,
        exactly(1, recalled(src::TONE_PRACTICE)),
        Some(count(3, 3, 7, UNMARKED, found(src::SPASTICITY))),
        Some(count(3, 7, 7, UNMARKED, found(src::SPASTICITY))),
    ),
    evidence: &[
        finding(
            "MAS -0.30 (-0.58 to -0.03), range +2.87 degrees (1.18 to 4.56)",
            Evidence::Positive,
            found(src::SPASTICITY),
        ),
        finding(
            "stimulating the spastic muscle itself: sometimes worse, sometimes better",
            Evidence::Mixed,
            recalled(src::TONE_PRACTICE),
        ),
    ],
    ..TONE
};

/// TENS over the spastic muscle or its nerve.
pub static SPASTICITY_TENS: Condition = Condition {
    name: "spasticity-tens",
    title: "Spasticity: TENS over the muscle or the peroneal nerve",
    summary: "Felt, without contraction, half an hour five times a week.",
    headline: finding("MAS -0.80", Evidence::Positive, found(src::SPASTICITY)),
    use_class: CONTINUOUS.use_class,
    phase_width: at_us(200, recalled(src::TONE_PRACTICE)),
    rate: at_hz(100, recalled(src::TONE_PRACTICE)),
    amplitude: milliamps(1, 15, 40, recalled(src::USUAL_CURRENTS)),
    typical_amplitude_ua: band(10, 30, recalled(src::USUAL_CURRENTS)),
    amplitude_rule: Sourced::new(
        AmplitudeRule::Sensory { percent: 200 },
        ours("felt without contraction; twice the threshold is our figure"),
    ),
    trigger: CONTINUOUS.trigger,
    schedule: CONTINUOUS.schedule,
    session_length: at_minutes(30, found(src::SPASTICITY)),
    dose: dose(
        None,
        exactly(1, found(src::SPASTICITY)),
        exactly(5, found(src::SPASTICITY)),
        exactly(6, found(src::SPASTICITY)),
    ),
    evidence: &[finding("30 min, 5 a week, 6 weeks: MAS -0.80", Evidence::Positive, found(src::SPASTICITY))],
    ..TONE
};

const FLOW: Condition = Condition {
    family: Family::Circulation,
    needs: intact("tibial nerve"),
    site: Site::LowerLeg,
    amplitude: milliamps(1, 25, 60, recalled(src::USUAL_CURRENTS)),
    typical_amplitude_ua: band(15, 40, recalled(src::USUAL_CURRENTS)),
    electrodes: pads(
        square_cm(20, 25, 40, UNMARKED, PICKED),
        text("gastrocnemius", recalled(src::BRODERICK)),
        text("soleus", recalled(src::BRODERICK)),
    ),
    channels: count(
        1,
        2,
        4,
        ours(
            "two to four of the pump, one or two of oedema have no mark of their origin in the facts; one range",
        ),
        PICKED,
    ),
    specific_items: &[Item::UnstableFracture],
    ..BASE
};

/// The calf as a pump.
pub static VENOUS_PUMP: Condition = Condition {
    name: "venous-pump",
    title: "Venous pump: the calf",
    summary: "Short contractions of the calf every ten seconds move blood out of the leg.",
    headline: finding(
        "flow is faster while it runs; that it prevents anything is another question",
        Evidence::Mixed,
        found(src::VENOUS),
    ),
    use_class: Sourced::new(UseClass::FunctionalWear, ours("hours in bed, a second of contraction in ten")),
    phase_width: micros(200, 200, 350, recalled(src::BRODERICK), found(src::VENOUS)),
    rate: at_hz(36, found(src::VENOUS)),
    amplitude_rule: Sourced::new(AmplitudeRule::VisibleContraction, found(src::VENOUS)),
    schedule: cyclic(
        ramps(
            millis(500, 500, 1_000, recalled(src::BRODERICK), recalled(src::BRODERICK)),
            millis(500, 500, 1_000, recalled(src::BRODERICK), recalled(src::BRODERICK)),
        ),
        seconds(1, 1, 2, recalled(src::BRODERICK), recalled(src::BRODERICK)),
        seconds(8, 8, 10, recalled(src::BRODERICK), PICKED),
        Sourced::new(OnIncludesRamps::No, recalled(src::BRODERICK)),
    ),
    session_length: minutes(
        20,
        60,
        240,
        ours("4 h were tolerated in a study that was read (PRO-S58); 20 min have no mark of their origin"),
        PICKED,
    ),
    reported: &[text(
        "calf and quadriceps together: popliteal peak velocity x 2.2, femoral x 1.4",
        found(src::VENOUS),
    )],
    evidence: &[
        finding(
            "peak venous velocity +99 % in operated, +288 % in other legs; volume +159 and +614 %",
            Evidence::Positive,
            found(src::VENOUS),
        ),
        finding(
            "four hours were tolerated the day after hip surgery",
            Evidence::Positive,
            found(src::VENOUS),
        ),
    ],
    ..FLOW
};

/// High-volt pulses on a fresh swelling.
pub static OEDEMA_HVPC: Condition = Condition {
    name: "oedema-hvpc",
    title: "Acute oedema: high-volt pulses below motor threshold",
    summary: "The cathode over a fresh swelling, 120 pulses a second that move nothing.",
    headline: finding(
        "shown in frogs, not with pads on skin; evidence in people is weak",
        Evidence::None,
        found(src::HIGH_VOLT),
    ),
    needs: SENSORY_NERVE,
    other_sites: &[Site::Arm, Site::Thigh],
    use_class: CONTINUOUS.use_class,
    waveform: Waveform {
        leading: Sourced::new(nmes_core::Polarity::Negative, found(src::HIGH_VOLT)),
        ..HIGH_VOLT
    },
    phase_width: micros(20, 50, 100, UNMARKED, PICKED),
    gap: NO_GAP,
    rate: at_hz(120, found(src::HIGH_VOLT)),
    amplitude: milliamps(1, 30, 80, ours("sources give volts; some 500 ohm for such short peaks")),
    typical_amplitude_ua: band(10, 60, ours("sources give volts; some 500 ohm for such short peaks")),
    amplitude_rule: Sourced::new(AmplitudeRule::SubMotor { percent: 90 }, found(src::HIGH_VOLT)),
    trigger: CONTINUOUS.trigger,
    schedule: CONTINUOUS.schedule,
    session_length: at_minutes(30, found(src::HIGH_VOLT)),
    electrodes: pads(
        square_cm(20, 50, 50, UNSTATED, UNSTATED),
        text("over or beside the swelling, the cathode", found(src::HIGH_VOLT)),
        text("a pad of 100 cm² or more elsewhere", UNMARKED),
    ),
    dose: dose(None, exactly(4, found(src::HIGH_VOLT)), None, None),
    reported: &[text(
        "another table (more than 100 a second, 150 to 250 V, anode first) is wound care and kept apart",
        found(src::HIGH_VOLT),
    )],
    evidence: &[finding("people: no trial was looked up", Evidence::None, found(src::HIGH_VOLT))],
    related: &[
        finding(
            "frogs: four times 30 min a day beat once; the effect lasts 4 to 7.5 h",
            Evidence::Positive,
            found(src::HIGH_VOLT),
        ),
        finding("frogs: not with pads on the skin", Evidence::Negative, found(src::HIGH_VOLT)),
    ],
    stop_rules: &[text("both sides have the same girth: stop", recalled(src::TONE_PRACTICE)), RASH, REDNESS],
    item_rules: DIRECT,
    ..FLOW
};

/// Contractions around a swelling.
pub static OEDEMA_MOTOR: Condition = Condition {
    name: "oedema-motor",
    title: "Oedema: contractions with the limb raised",
    summary: "Contractions with rests as long as themselves, the limb raised.",
    headline: SPASM_HEAD,
    other_sites: &[Site::Arm, Site::Thigh],
    phase_width: micros(150, 250, 350, UNMARKED, PICKED),
    rate: at_hz(50, found(src::GOAL_TABLE)),
    amplitude_rule: Sourced::new(AmplitudeRule::VisibleContraction, found(src::GOAL_TABLE)),
    schedule: cyclic(
        our_ramps(1_000, 500),
        seconds(2, 5, 5, found(src::GOAL_TABLE), PICKED),
        seconds(2, 5, 5, found(src::GOAL_TABLE), PICKED),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(30, found(src::GOAL_TABLE)),
    evidence: &[SPASM_HEAD],
    ..FLOW
};
