//! Facial palsy. Every row is for specialists, with a site and ceilings of its own.

use super::parts::*;
use super::rules::{NUMB, NUMB_DIRECT};
use crate::amplitude::AmplitudeRule;
use crate::condition::{Condition, Electrodes, Family, Finding, InnervationGate};
use crate::dose::{Change, Progress};
use crate::innervation::Innervation;
use crate::provenance::{Evidence, Sourced, Unit};
use crate::schedule_row::{ScheduleRow, TriggerKind};
use crate::screening::{Item, Site};
use crate::sources as src;
use crate::waveform::{ChargeReturn, WaveKind, Waveform, WidthConvention};
use nmes_safety::UseClass;

const DOUBT: Finding = finding(
    "reviews find no strong evidence; the pooled review no significant benefit, possibly worse at 6 months",
    Evidence::None,
    recalled_high(src::TEIXEIRA_2011),
);

const POOLED: Finding = finding(
    "Teixeira 2011, a pooled review: no significant benefit, possibly worse at 6 months",
    Evidence::Negative,
    recalled_high(src::TEIXEIRA_2011),
);

const JENA: &[Finding] = &[
    finding(
        "Puls 2020, denervated faces: no delay of reinnervation (4.5 against 5.7 months, P = .2)",
        Evidence::Mixed,
        found(src::FACE_JENA),
    ),
    finding(
        "Puls 2020, denervated faces: less synkinesis (Sunnybrook 3.0 against 5.5, P = .02)",
        Evidence::Positive,
        found(src::FACE_JENA),
    ),
];

const PADS: Electrodes = pads(
    square_cm(1, 3, 4, recalled_high(src::FACE_TEXTS), PICKED),
    text(
        "frontalis, lateral orbicularis oculi, zygomaticus, orbicularis oris or mentalis",
        recalled_high(src::FACE_TEXTS),
    ),
    text(
        "in front of the ear, never across the eye, away from the carotid sinus",
        recalled_high(src::FACE_TEXTS),
    ),
);

const NOTES: &[Sourced<&str>] = &[
    text(
        "rectangular pulses hurt less than triangular ones at motor threshold in faces without palsy; patients have higher thresholds",
        found(src::FACE_JENA),
    ),
    text("triangular pulses are meant to spare innervated neighbours", found(src::PIEBER_2015)),
    text("it does not make a nerve grow", recalled(src::DENERVATED_PRACTICE)),
];

const STOP_FACE: &[Sourced<&str>] = &[
    text("synkinesis or hemifacial spasm grows: stop", recalled(src::FACE_TEXTS)),
    text("the current spreads to the masseter: stop and place the pads anew", recalled(src::FACE_TEXTS)),
    RASH,
    REDNESS,
];

const FACE: Condition = Condition {
    family: Family::Face,
    headline: DOUBT,
    specialist: Some(FACE_GATE),
    site: Site::Face,
    electrodes: PADS,
    channels: count(1, 1, 2, recalled(src::FACE_TEXTS), PICKED),
    evidence: &[POOLED],
    related: JENA,
    specific_items: &[Item::EarlyPalsy, Item::SynkinesisGrowing, Item::MouthMetal],
    item_rules: NUMB,
    stop_rules: STOP_FACE,
    notes: NOTES,
    ..BASE
};

/// Pulses of 100 ms for a face without its nerve.
pub static BELLS_DENERVATED: Condition = Condition {
    name: "bells-denervated",
    title: "Bell's palsy, denervated: long pulses",
    summary: "Single slowly rising pulses, each a minimal twitch of one muscle, until short pulses work again.",
    needs: InnervationGate { nerve: "facial muscle without its nerve", ..NO_NERVE },
    use_class: Sourced::new(UseClass::Specialist, ours("pulses of 10 ms and more on the face")),
    item_rules: NUMB_DIRECT,
    waveform: Waveform {
        option: Some(Sourced::new(ChargeReturn::Monophasic, recalled(src::FACE_TEXTS))),
        width_convention: Sourced::new(
            WidthConvention::Phase,
            ours("100 ms is the visible rise; its mirror image comes on top"),
        ),
        ..wave(
            Sourced::new(WaveKind::SlowRise, recalled(src::FACE_TEXTS)),
            Sourced::new(
                ChargeReturn::Symmetric,
                ours("both are in use; the balanced one leaves no direct current in the skin"),
            ),
        )
    },
    phase_width: micros(50_000, 100_000, 300_000, recalled(src::FACE_TEXTS), recalled(src::FACE_TEXTS)),
    gap: NO_GAP,
    rate: millihertz(
        400,
        1_000,
        1_600,
        ours("1 to 2 a second are recalled; slower, so that the longest pulse, both phases, fits"),
        PICKED,
    ),
    amplitude: ranged_ma(100, 5_000, 10_000, recalled(src::FACE_TEXTS), PICKED),
    typical_amplitude_ua: Sourced::new((2_000, 10_000), recalled(src::FACE_TEXTS)),
    amplitude_rule: Sourced::new(AmplitudeRule::MotorThreshold { percent: 100 }, recalled(src::FACE_TEXTS)),
    schedule: ScheduleRow::Continuous(our_ramps(0, 0)),
    session_length: seconds(
        10,
        30,
        120,
        ours("30 twitches at one a second, up to 90"),
        ours("30 twitches at one a second"),
    ),
    dose: dose(
        Some(count(30, 30, 90, recalled(src::FACE_TEXTS), recalled(src::FACE_TEXTS))),
        from_to(1, 1, 2, recalled(src::FACE_TEXTS)),
        None,
        None,
    ),
    progression: SHORTER,
    ..FACE
};

const SHORTER: &[Progress] = &[
    progress(0, Change::Width(100_000), recalled(src::FACE_TEXTS)),
    progress(
        0,
        Change::Text("as reinnervation returns 100, 30, 10, 1 ms, then stop"),
        recalled(src::FACE_TEXTS),
    ),
];

/// Short pulses for a face whose nerve partly answers.
pub static BELLS_INNERVATED: Condition = Condition {
    name: "bells-innervated",
    title: "Bell's palsy, partly innervated: short pulses",
    summary: "Just visible contractions before a mirror, together with the person's own effort.",
    needs: PARTIAL_FACE,
    phase_width: micros(50, 200, 300, recalled(src::FACE_TEXTS), PICKED),
    rate: hertz(10, 20, 35, recalled(src::FACE_TEXTS), PICKED),
    amplitude: ranged_ma(100, 5_000, 10_000, recalled(src::USUAL_CURRENTS), PICKED),
    typical_amplitude_ua: Sourced::new((2_000, 10_000), recalled(src::USUAL_CURRENTS)),
    amplitude_rule: Sourced::new(AmplitudeRule::MotorThreshold { percent: 100 }, recalled(src::FACE_TEXTS)),
    schedule: cyclic(
        our_ramps(300, 300),
        millis(1_000, 2_000, 2_000, recalled(src::FACE_TEXTS), PICKED),
        seconds(3, 6, 6, recalled(src::FACE_TEXTS), PICKED),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(15, 15, 30, recalled(src::FACE_TEXTS), PICKED),
    ..FACE
};

const PARTIAL_FACE: InnervationGate = InnervationGate {
    accepted: &[Innervation::PartiallyDenervated, Innervation::Intact],
    nerve: "facial nerve, at least in part",
    ..NO_NERVE_FACE
};

const NO_NERVE_FACE: InnervationGate = intact("facial nerve");

/// High-volt pulses, from the protocol of a trial.
pub static BELLS_HIGH_VOLT: Condition = Condition {
    name: "bells-high-volt",
    title: "Bell's palsy, acute with poor prognosis: high-volt pulses",
    summary: "Two-peaked pulses at motor level, as in the protocol of a placebo-controlled trial; no result was seen.",
    headline: finding(
        "the protocol of a trial was read, not its result",
        Evidence::None,
        found(src::FACE_TRIALS),
    ),
    needs: PARTIAL_FACE,
    waveform: wave(
        Sourced::new(
            WaveKind::TwinPeak { between_us: 100 },
            ours("two peaks are found; their distance is our figure"),
        ),
        Sourced::new(ChargeReturn::Monophasic, found(src::FACE_TRIALS)),
    ),
    phase_width: at_us(100, found(src::FACE_TRIALS)),
    gap: NO_GAP,
    rate: at_hz(35, found(src::FACE_TRIALS)),
    amplitude: ranged_ma(
        100,
        5_000,
        10_000,
        ours("no source gives a current; that of the other facial rows"),
        PICKED,
    ),
    typical_amplitude_ua: Sourced::new((2_000, 10_000), recalled(src::USUAL_CURRENTS)),
    amplitude_rule: Sourced::new(AmplitudeRule::MotorThreshold { percent: 100 }, found(src::FACE_TRIALS)),
    use_class: CONTINUOUS.use_class,
    trigger: CONTINUOUS.trigger,
    schedule: ScheduleRow::Continuous(our_ramps(1_000, 1_000)),
    session_length: minutes(5, 15, 30, UNSTATED, UNSTATED),
    item_rules: NUMB_DIRECT,
    ..FACE
};

const TARGAN: Finding = finding(
    "chronic palsy, no control group: latency -1.13 ms, 8 patients better by more than 40 %",
    Evidence::Mixed,
    found(src::FACE_TRIALS),
);

const KIM: Finding = finding(
    "with steroids, from day 7 at the latest: 96 against 88 % recovered",
    Evidence::Mixed,
    found(src::FACE_TRIALS),
);

/// Hours a day below motor threshold.
pub static BELLS_SUB_MOTOR: Condition = Condition {
    name: "bells-sub-motor",
    title: "Facial palsy, chronic: below motor threshold for hours",
    summary: "Pulses that move nothing, worn for up to six hours a day over months.",
    headline: TARGAN,
    evidence: &[TARGAN, POOLED],
    needs: PARTIAL_FACE,
    use_class: CONTINUOUS.use_class,
    phase_width: micros(50, 200, 300, UNSTATED, UNSTATED),
    rate: hertz(10, 20, 35, UNSTATED, UNSTATED),
    amplitude: ranged_ma(
        100,
        2_000,
        5_000,
        ours("below the motor thresholds of the other facial rows"),
        PICKED,
    ),
    typical_amplitude_ua: Sourced::new(
        (500, 3_000),
        ours("below the motor thresholds of the other facial rows"),
    ),
    amplitude_rule: Sourced::new(
        AmplitudeRule::SubMotor { percent: 80 },
        ours("sub-motor is found; four fifths of the threshold is our figure"),
    ),
    trigger: Sourced::new(TriggerKind::Continuous, found(src::FACE_TRIALS)),
    schedule: ScheduleRow::Continuous(our_ramps(2_000, 1_000)),
    session_length: minutes(
        30,
        60,
        360,
        ours("up to 6 h a day are found (PRO-S38); half an hour is our figure"),
        PICKED,
    ),
    dose: dose(None, None, None, Some(fixed(26, Unit::Count, ours("six months, as 26 weeks")))),
    ..FACE
};

/// Early, with steroids, below threshold.
pub static BELLS_SUB_THRESHOLD: Condition = Condition {
    name: "bells-sub-threshold",
    title: "Bell's palsy, first week: below threshold",
    summary: "Twenty pulses a second that are not felt to move anything, from the first week, with steroids.",
    headline: KIM,
    evidence: &[KIM, POOLED],
    rate: at_hz(20, found(src::FACE_TRIALS)),
    dose: dose(None, None, None, None),
    ..BELLS_SUB_MOTOR_ROW
};

const BELLS_SUB_MOTOR_ROW: Condition =
    Condition { session_length: minutes(30, 60, 360, UNSTATED, UNSTATED), ..SUB };

const SUB: Condition = Condition {
    needs: PARTIAL_FACE,
    use_class: CONTINUOUS.use_class,
    phase_width: micros(50, 200, 300, UNSTATED, UNSTATED),
    amplitude: ranged_ma(
        100,
        2_000,
        5_000,
        ours("below the motor thresholds of the other facial rows"),
        PICKED,
    ),
    typical_amplitude_ua: Sourced::new(
        (500, 3_000),
        ours("below the motor thresholds of the other facial rows"),
    ),
    amplitude_rule: Sourced::new(
        AmplitudeRule::SubMotor { percent: 80 },
        ours("below threshold is found; four fifths of it is our figure"),
    ),
    trigger: Sourced::new(TriggerKind::Continuous, found(src::FACE_TRIALS)),
    schedule: ScheduleRow::Continuous(our_ramps(2_000, 1_000)),
    ..FACE
};

/// Chronic palsy with synkinesis, pads close together.
pub static BELLS_SYNKINETIC: Condition = Condition {
    name: "bells-synkinetic",
    title: "Facial palsy, chronic with synkinesis: pads close together",
    summary: "Zygomaticus by pads at most 2 cm apart, so that neighbours answer less.",
    headline: finding(
        "the distance of pads and thresholds are measured; no outcome was looked up",
        Evidence::None,
        found(src::FACE_JENA),
    ),
    needs: PARTIAL_FACE,
    phase_width: micros(50, 200, 300, UNSTATED, UNSTATED),
    rate: hertz(10, 20, 35, UNSTATED, UNSTATED),
    amplitude: ranged_ma(2_500, 3_000, 6_000, found(src::FACE_JENA), PICKED),
    typical_amplitude_ua: Sourced::new((2_500, 3_500), found(src::FACE_JENA)),
    amplitude_rule: Sourced::new(AmplitudeRule::MotorThreshold { percent: 100 }, found(src::FACE_JENA)),
    schedule: cyclic(
        our_ramps(300, 300),
        seconds(1, 2, 2, UNSTATED, UNSTATED),
        seconds(3, 6, 6, UNSTATED, UNSTATED),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(5, 15, 30, UNSTATED, UNSTATED),
    electrodes: Electrodes {
        active: text("zygomaticus, pads at most 2 cm apart", found(src::FACE_JENA)),
        ..PADS
    },
    ..FACE
};
