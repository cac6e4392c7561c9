//! Muscle without its nerve: long pulses, for specialists. The general limits refuse them, and say why.

use super::parts::*;
use super::rules::{DENERVATED, DENERVATED_DIRECT};
use crate::amplitude::AmplitudeRule;
use crate::condition::{Condition, Electrodes, Family, Finding, InnervationGate};
use crate::dose::{Change, Dose, Progress};
use crate::innervation::Innervation;
use crate::provenance::{Evidence, Sourced, Unit};
use crate::schedule_row::{ScheduleRow, TriggerKind};
use crate::screening::{Item, Site};
use crate::sources as src;
use crate::waveform::{ChargeReturn, WaveKind, Waveform, WidthConvention};
use nmes_core::Polarity;
use nmes_safety::UseClass;

const SPECIALIST: Sourced<UseClass> = Sourced::new(UseClass::Specialist, ours("pulses of 10 ms and more"));

const SLOWS: Sourced<&str> = text(
    "it slows the loss of muscle and does not make a nerve grow faster",
    recalled(src::DENERVATED_PRACTICE),
);

const SPROUTING: Sourced<&str> =
    text("early vigorous contraction may disturb sprouting, in animals", recalled(src::DENERVATED_PRACTICE));

/// Of every row for muscle that has lost its nerve.
const NOTES: &[Sourced<&str>] = &[SLOWS, SPROUTING];

/// Of long single pulses on small muscles.
const SMALL_NOTES: &[Sourced<&str>] = &[
    SLOWS,
    SPROUTING,
    text(
        "insensate skin feels no burn: skin is looked at each session",
        ours("long monophasic pulses have a direct current"),
    ),
];

/// Of the largest pulses.
const RISE_NOTES: &[Sourced<&str>] = &[
    SLOWS,
    SPROUTING,
    text(
        "insensate skin and 2.3 J a phase at the largest settings: a risk of burns; at home only after supervised trials",
        ours("250 mA for 75 ms into 500 ohm"),
    ),
];

const STOP_DENERVATED: &[Sourced<&str>] = &[
    text("look at the skin before and after each session; any mark: stop", recalled_high(src::KERN_2010)),
    text(
        "the muscle answers pulses of 1 ms or less: change to a row for innervated muscle",
        recalled(src::DENERVATED_PRACTICE),
    ),
    text("12 to 18 months without reinnervation: stop", recalled(src::DENERVATED_PRACTICE)),
    RASH,
    REDNESS,
];

const RISE_EVIDENCE: &[Finding] = &[finding(
    "25 people with complete lesions, two years at home: cross section +35 %, fibre diameter 16.6 to 29.1 µm",
    Evidence::Positive,
    found(src::RISE),
)];

pub(super) const ITEMS: &[Item] = &[Item::NerveRepairRecent, Item::Causalgia, Item::RootAvulsion];

const RISE_WAVE: Waveform = Waveform {
    balance: Sourced::new(ChargeReturn::Symmetric, found(src::RISE)),
    width_convention: Sourced::new(WidthConvention::Pulse, found(src::RISE)),
    option: None,
    ..BIPHASIC
};

const RISE: Condition = Condition {
    family: Family::Denervated,
    headline: RISE_HEADLINE,
    needs: NO_NERVE,
    specialist: Some(LONG_PULSES),
    use_class: SPECIALIST,
    waveform: RISE_WAVE,
    gap: NO_GAP,
    amplitude: ranged_ma(
        1_000,
        100_000,
        250_000,
        found(src::RISE),
        ours("well below the 250 mA of the trial, which were reached in weeks; a start, no target"),
    ),
    typical_amplitude_ua: Sourced::new(
        (50_000, 250_000),
        ours("the upper end is the trial's, the lower our guess"),
    ),
    electrodes: Electrodes {
        area: square_cm(180, 180, 200, recalled_high(src::KERN_2010), PICKED),
        ..pads(
            square_cm(180, 180, 200, recalled_high(src::KERN_2010), PICKED),
            text("whole front of the thigh, proximal, wet sponge or gel", recalled_high(src::KERN_2010)),
            text("whole front of the thigh, distal", recalled_high(src::KERN_2010)),
        )
    },
    channels: count(1, 1, 2, recalled(src::KERN_2010), PICKED),
    progression: RISE_PROGRESS,
    evidence: RISE_EVIDENCE,
    specific_items: ITEMS,
    item_rules: DENERVATED,
    stop_rules: STOP_DENERVATED,
    notes: RISE_NOTES,
    ..BASE
};

const RISE_HEADLINE: Finding = finding(
    "quadriceps of complete conus and cauda lesions grew in two years; one group without a control",
    Evidence::Positive,
    found(src::RISE),
);

const RISE_PROGRESS: &[Progress] = &[
    progress(0, Change::Text("set anew every 12 weeks"), found(src::RISE)),
    progress(
        0,
        Change::Text("from pulses of 150 ms to 40 ms, from twitches to tetanus to load; the phases overlap"),
        found(src::RISE),
    ),
];

/// Months 0 to 4: twitches.
pub static RISE_1: Condition = Condition {
    name: "denervated-rise-1",
    title: "Denervated quadriceps, phase 1: twitches",
    summary: "Trains of very long pulses half a second apart, each a twitch, in a muscle that cannot yet hold.",
    phase_width: micros(60_000, 75_000, 75_000, found(src::RISE), PICKED),
    rate: millihertz(
        1_500,
        1_538,
        1_818,
        ours("120 to 150 ms and a pause of 400 to 500 ms"),
        ours("150 ms and a pause of 500 ms"),
    ),
    amplitude_rule: Sourced::new(
        AmplitudeRule::MaxTolerated,
        ours("as much as the stimulator and the skin allow; the trial went to 250 mA"),
    ),
    schedule: cyclic(
        our_ramps(0, 0),
        seconds(4, 4, 5, recalled_high(src::KERN_2010), found(src::RISE)),
        seconds(1, 2, 2, recalled_high(src::KERN_2010), found(src::RISE)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(3, 15, 15, recalled_high(src::KERN_2010), recalled_high(src::KERN_2010)),
    dose: dose(
        None,
        exactly(1, recalled_high(src::KERN_2010)),
        exactly(5, recalled_high(src::KERN_2010)),
        Some(fixed(17, Unit::Count, ours("four months, as 17 weeks"))),
    ),
    reported: &[text("months 0 to 4 of the trial, whose four phases overlap", found(src::RISE))],
    ..RISE
};

/// Months 2 to 6: twitches and the first tetanus.
pub static RISE_2: Condition = Condition {
    name: "denervated-rise-2",
    title: "Denervated quadriceps, phase 2: twitches and the first tetanus",
    summary: "Shorter pulses, closer together, as the muscle follows.",
    phase_width: micros(
        20_000,
        20_000,
        60_000,
        recalled(src::KERN_2010),
        ours("the later of the two pulses of this phase, 40 ms"),
    ),
    rate: millihertz(
        1_900,
        8_000,
        8_300,
        ours(
            "pauses of 400 to 10 ms are recalled (LIT-KERN); no faster than the longest pulse, 120 ms, leaves room",
        ),
        ours("40 ms and a pause of 85 ms, between the pauses of 400 and 10 ms"),
    ),
    amplitude_rule: RISE_1_RULE,
    schedule: cyclic(
        our_ramps(0, 0),
        seconds(2, 2, 4, recalled(src::KERN_2010), PICKED),
        seconds(2, 2, 2, recalled(src::KERN_2010), recalled(src::KERN_2010)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(3, 15, 15, recalled(src::KERN_2010), recalled(src::KERN_2010)),
    dose: dose(None, None, exactly(5, recalled(src::KERN_2010)), None),
    reported: &[text("months 2 to 6 of the trial, whose four phases overlap", found(src::RISE))],
    ..RISE
};

const RISE_1_RULE: Sourced<AmplitudeRule> = Sourced::new(
    AmplitudeRule::MaxTolerated,
    ours("as much as the stimulator and the skin allow; the trial went to 250 mA"),
);

/// Months 4 to 12: tetanus.
pub static RISE_3: Condition = Condition {
    name: "denervated-rise-3",
    title: "Denervated quadriceps, phase 3: tetanus",
    summary: "Pulses of 40 ms at 20 a second, two seconds on and off: the leg extends, later against a weight.",
    phase_width: at_us(20_000, recalled_high(src::KERN_2010)),
    rate: at_hz(20, recalled_high(src::KERN_2010)),
    amplitude_rule: Sourced::new(AmplitudeRule::FullRom, recalled_high(src::KERN_2010)),
    schedule: cyclic(
        our_ramps(0, 0),
        seconds(2, 2, 2, recalled_high(src::KERN_2010), recalled_high(src::KERN_2010)),
        seconds(2, 2, 2, recalled_high(src::KERN_2010), recalled_high(src::KERN_2010)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(3, 9, 15, recalled_high(src::KERN_2010), ours("three sets of three minutes")),
    dose: dose(None, None, exactly(5, recalled_high(src::KERN_2010)), None),
    reported: &[text("months 4 to 12 of the trial, whose four phases overlap", found(src::RISE))],
    ..RISE
};

/// Months 8 to 24: with load, standing up.
pub static RISE_4: Condition = Condition {
    name: "denervated-rise-4",
    title: "Denervated quadriceps, phase 4: loaded, standing up",
    summary: "As phase 3, for longer and under load.",
    phase_width: micros(
        17_500,
        17_500,
        20_000,
        recalled(src::KERN_2010),
        ours("the shorter of the two pulses, which leaves room at 22 a second"),
    ),
    rate: hertz(20, 22, 22, recalled(src::KERN_2010), ours("35 ms and a pause of 10 ms")),
    amplitude_rule: Sourced::new(AmplitudeRule::FullRom, recalled(src::KERN_2010)),
    schedule: cyclic(
        our_ramps(0, 0),
        seconds(2, 2, 2, recalled(src::KERN_2010), recalled(src::KERN_2010)),
        seconds(2, 2, 2, recalled(src::KERN_2010), recalled(src::KERN_2010)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(3, 30, 30, recalled(src::KERN_2010), recalled(src::KERN_2010)),
    dose: dose(None, None, exactly(5, recalled(src::KERN_2010)), None),
    reported: &[text("months 8 to 24 of the trial, whose four phases overlap", found(src::RISE))],
    ..RISE
};

const SMALL: Condition = Condition {
    family: Family::Denervated,
    headline: SMALL_HEADLINE,
    needs: NO_NERVE,
    specialist: Some(LONG_PULSES),
    site: Site::Arm,
    other_sites: &[Site::LowerLeg, Site::Thigh],
    use_class: SPECIALIST,
    waveform: Waveform {
        option: Some(Sourced::new(
            ChargeReturn::Symmetric,
            ours("balanced by its mirror image: no direct current in the skin"),
        )),
        leading: Sourced::new(
            Polarity::Negative,
            ours(
                "found for tibialis anterior (PRO-S36), where it needs least current; no difference for another muscle",
            ),
        ),
        width_convention: Sourced::new(WidthConvention::Phase, found(src::PIEBER_2015)),
        ..wave(
            Sourced::new(WaveKind::SlowRise, found(src::PIEBER_2015)),
            Sourced::new(ChargeReturn::Monophasic, found(src::PIEBER_2015)),
        )
    },
    phase_width: micros(
        100_000,
        200_000,
        300_000,
        recalled(src::DENERVATED_PRACTICE),
        found(src::PIEBER_2015),
    ),
    gap: NO_GAP,
    rate: millihertz(500, 500, 1_000, recalled(src::DENERVATED_PRACTICE), PICKED),
    amplitude: milliamps(1, 20, 40, recalled(src::USUAL_CURRENTS)),
    typical_amplitude_ua: band(5, 40, recalled(src::USUAL_CURRENTS)),
    amplitude_rule: Sourced::new(AmplitudeRule::MotorThreshold { percent: 100 }, found(src::PIEBER_2015)),
    trigger: Sourced::new(TriggerKind::Cyclic, recalled(src::DENERVATED_PRACTICE)),
    schedule: ScheduleRow::Continuous(our_ramps(0, 0)),
    session_length: seconds(
        20,
        60,
        300,
        ours("30 pulses at one in two seconds; sets and rests are the person's"),
        ours("30 pulses at one in two seconds"),
    ),
    electrodes: pads(
        square_cm(
            10,
            25,
            25,
            recalled(src::DENERVATED_PRACTICE),
            ours("the larger: the lower density of the direct current"),
        ),
        text("belly of the muscle; the cathode proximal for tibialis anterior", found(src::PIEBER_2015)),
        text("the same muscle, distal", recalled(src::DENERVATED_PRACTICE)),
    ),
    dose: Dose {
        text: SMALL_DOSE,
        ..dose(
            Some(count(20, 30, 100, recalled(src::DENERVATED_PRACTICE), PICKED)),
            from_to(1, 1, 2, recalled(src::DENERVATED_PRACTICE)),
            from_to(5, 5, 7, recalled(src::DENERVATED_PRACTICE)),
            None,
        )
    },
    progression: &[progress(
        0,
        Change::Text("fewer ms as the strength-duration curve moves left"),
        recalled(src::DENERVATED_PRACTICE),
    )],
    evidence: &[
        finding(
            "tibialis anterior: cathode proximal needs least current; no difference for extensor digitorum",
            Evidence::Mixed,
            found(src::PIEBER_2015),
        ),
        finding(
            "whether it changes the outcome of a nerve injury",
            Evidence::None,
            recalled(src::DENERVATED_PRACTICE),
        ),
    ],
    specific_items: ITEMS,
    item_rules: DENERVATED_DIRECT,
    stop_rules: STOP_DENERVATED,
    notes: SMALL_NOTES,
    ..BASE
};

const SMALL_HEADLINE: Finding = finding(
    "thresholds and polarity are measured; that it changes the outcome was not shown",
    Evidence::None,
    found(src::PIEBER_2015),
);

const SMALL_DOSE: &[Sourced<&str>] = &[
    text("20 to 30 twitches in three to five sets for each muscle", recalled(src::DENERVATED_PRACTICE)),
    text("begin within one to two weeks of the injury", recalled(src::DENERVATED_PRACTICE)),
];

/// Small muscles.
pub static DENERVATED_SMALL: Condition = Condition {
    name: "denervated-small",
    title: "Denervated small muscle: slowly rising pulses",
    summary: "Single pulses of 200 ms, each a twitch of one muscle without its nerve.",
    ..SMALL
};

/// The arm after a plexus injury.
pub static BRACHIAL_PLEXUS: Condition = Condition {
    name: "brachial-plexus",
    title: "Brachial plexus injury: deltoid, biceps, triceps, wrist extensors, hand",
    summary: "Muscle after muscle of the arm, each with single long pulses, while the nerve grows.",
    other_sites: &[],
    electrodes: pads(
        square_cm(
            10,
            25,
            25,
            recalled(src::DENERVATED_PRACTICE),
            ours("the larger: the lower density of the direct current"),
        ),
        text(
            "belly of deltoid, biceps, triceps, wrist extensors or a hand muscle",
            recalled(src::DENERVATED_PRACTICE),
        ),
        text("the same muscle, distal", recalled(src::DENERVATED_PRACTICE)),
    ),
    reported: &[
        text(
            "nerves grow 1 to 3 mm a day after 2 to 4 weeks; to the hand 600 to 700 mm: 621 to 721 days at 1 mm",
            ours("21 days and distance over rate; texts give the rates"),
        ),
        text("end plates recover poorly after 12 to 18 months", recalled_high(src::REGENERATION)),
    ],
    ..SMALL
};

/// Foot drop from a root or the peroneal nerve.
pub static FOOT_DROP_LMN: Condition = Condition {
    name: "foot-drop-lmn",
    title: "Foot drop, lower motor neurone: tibialis anterior without its nerve",
    summary: "Single long pulses straight to the muscle, lying or seated; it lifts no foot in walking.",
    family: Family::FootDrop,
    site: Site::LowerLeg,
    other_sites: &[],
    waveform: Waveform {
        leading: Sourced::new(Polarity::Negative, found(src::PIEBER_2015)),
        ..SMALL.waveform
    },
    electrodes: pads(
        square_cm(
            10,
            25,
            25,
            recalled(src::DENERVATED_PRACTICE),
            ours("the larger: the lower density of the direct current"),
        ),
        text("tibialis anterior, proximal: there the cathode needs least current", found(src::PIEBER_2015)),
        text("tibialis anterior, distal", found(src::PIEBER_2015)),
    ),
    reported: &[text(
        "fibular head to the motor point 80 to 100 mm: 101 to 121 days at 1 mm a day; root to muscle some 750 mm: 771 days, past the end plates' time",
        ours("21 days and distance over rate; texts give the rates"),
    )],
    ..SMALL
};

/// What still has its nerve in a partly denervated muscle.
pub static DENERVATED_PARTIAL: Condition = Condition {
    name: "denervated-partial",
    title: "Partly denervated muscle: short pulses for what still has its nerve",
    summary: "Contractions through the fibres that answer short pulses, besides the long ones.",
    family: Family::Denervated,
    headline: finding(
        "recalled practice; no trial was looked up",
        Evidence::None,
        recalled(src::DENERVATED_PRACTICE),
    ),
    needs: InnervationGate {
        accepted: &[Innervation::PartiallyDenervated],
        nerve: "motor nerve that partly answers",
        if_intact: text(
            "a muscle with its whole nerve belongs to the rows for strength and movement",
            ours("this row is for what is left of a nerve"),
        ),
        ..intact("motor nerve")
    },
    site: Site::Arm,
    other_sites: &[Site::LowerLeg, Site::Thigh],
    phase_width: micros(200, 300, 300, UNSTATED, recalled(src::DENERVATED_PRACTICE)),
    rate: hertz(20, 30, 35, recalled(src::DENERVATED_PRACTICE), PICKED),
    schedule: cyclic(
        our_ramps(1_000, 1_000),
        seconds(5, 5, 5, recalled(src::DENERVATED_PRACTICE), recalled(src::DENERVATED_PRACTICE)),
        seconds(15, 15, 15, recalled(src::DENERVATED_PRACTICE), recalled(src::DENERVATED_PRACTICE)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(15, 20, 20, recalled(src::DENERVATED_PRACTICE), PICKED),
    evidence: &[finding(
        "recalled practice; no trial was looked up",
        Evidence::None,
        recalled(src::DENERVATED_PRACTICE),
    )],
    specific_items: ITEMS,
    item_rules: DENERVATED,
    notes: NOTES,
    ..BASE
};
