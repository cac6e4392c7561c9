//! Through a nerve that is there at least in part: trophic stimulation, and the repaired nerve, which is disabled.

use super::denervated::ITEMS;
use super::parts::*;
use super::rules::{DENERVATED_DIRECT, NUMB};
use crate::amplitude::AmplitudeRule;
use crate::condition::{Availability, Condition, Electrodes, Family, InnervationGate, SpecialistGate};
use crate::innervation::Innervation;
use crate::provenance::{Evidence, Sourced, Unit};
use crate::screening::{Item, Site};
use crate::sources as src;
use crate::waveform::{ChargeReturn, WaveKind};

/// Low rates at irregular intervals for hours.
pub static TROPHIC: Condition = Condition {
    name: "trophic-patterned",
    title: "Trophic stimulation: irregular low rates for hours",
    summary: "Pulses at intervals that copy the firing of a motor unit, meant to keep a muscle's biology, not its force.",
    family: Family::Denervated,
    headline: finding(
        "settings recalled with low confidence; no benefit was looked up",
        Evidence::None,
        recalled_low(src::TROPHIC),
    ),
    needs: InnervationGate {
        accepted: &[Innervation::Intact, Innervation::PartiallyDenervated],
        ..intact("motor nerve, at least in part")
    },
    site: Site::Thigh,
    other_sites: &[Site::Arm, Site::LowerLeg],
    phase_width: micros(80, 100, 200, recalled_low(src::TROPHIC), PICKED),
    rate: fixed(
        20_000,
        Unit::MilliHertz,
        ours("the fastest of the listed intervals, 50 ms; their mean is 8 a second"),
    ),
    timing: Some(Sourced::new(
        crate::waveform::TimingRow::Intervals(&super::intervals::TROPHIC),
        ours("a mean of 5 to 10 a second is recalled; the intervals are ours"),
    )),
    amplitude: milliamps(1, 20, 40, recalled(src::USUAL_CURRENTS)),
    typical_amplitude_ua: band(10, 30, recalled(src::USUAL_CURRENTS)),
    channels: ONE_OR_TWO,
    amplitude_rule: Sourced::new(AmplitudeRule::MotorThreshold { percent: 100 }, recalled_low(src::TROPHIC)),
    session_length: minutes(60, 60, 480, recalled_low(src::TROPHIC), PICKED),
    evidence: &[finding(
        "facial palsy and quadriceps of older people: papers exist, their results were not read",
        Evidence::None,
        recalled_low(src::TROPHIC),
    )],
    specific_items: &[Item::SynkinesisGrowing],
    item_rules: NUMB,
    ..CONTINUOUS
};

/// A repaired nerve, in the operating theatre.
pub static NERVE_BOOST: Condition = Condition {
    name: "nerve-boost",
    title: "Brief stimulation of a repaired nerve, around an operation",
    summary: "One hour at 20 a second on the proximal stump, by a cuff or a needle. Not a surface mode.",
    family: Family::Denervated,
    availability: Availability::Disabled(text(
        "by cuff or needle in the operating theatre; no pad on skin does it",
        found(src::NERVE_BOOST),
    )),
    headline: finding(
        "trials report faster outgrowth; their settings vary widely",
        Evidence::Positive,
        found(src::NERVE_BOOST),
    ),
    needs: InnervationGate {
        accepted: &[Innervation::Denervated, Innervation::PartiallyDenervated],
        nerve: "repaired nerve",
        ..NO_NERVE
    },
    specialist: Some(SpecialistGate {
        why: text(
            "a cuff or needle on a nerve, during an operation",
            ours("densities and access are not those of a pad on skin"),
        ),
        direct_ua_per_cm2: DIRECT_CAP,
    }),
    site: Site::Arm,
    waveform: wave(
        Sourced::new(WaveKind::Rectangular, recalled_high(src::GORDON_2010)),
        Sourced::new(ChargeReturn::Monophasic, recalled_high(src::GORDON_2010)),
    ),
    phase_width: at_us(100, recalled_high(src::GORDON_2010)),
    gap: NO_GAP,
    rate: at_hz(20, found(src::NERVE_BOOST)),
    amplitude: ranged_ma(100, 1_000, 5_000, ours("small, as a cuff needs; clinicians set it"), PICKED),
    typical_amplitude_ua: Sourced::new((100, 5_000), ours("small, as a cuff needs; clinicians set it")),
    amplitude_rule: Sourced::new(
        AmplitudeRule::ToClinicalEffect { effect: "fibres are recruited" },
        found(src::NERVE_BOOST),
    ),
    session_length: at_minutes(60, found(src::NERVE_BOOST)),
    electrodes: Electrodes {
        min_diameter_mm: Sourced::new(1, ours("a cuff or needle is no pad on the skin")),
        correction: text("as the surgeon places it", UNSTATED),
        replacement: text("single use", UNSTATED),
        ..pads(
            square_mm(25, 25, 25, ours("the surface of a cuff or needle in tissue, roughly"), UNSTATED),
            text("cuff or needle on the proximal stump, above the repair", recalled_high(src::GORDON_2010)),
            text("beside it in the wound", UNSTATED),
        )
    },
    dose: dose(
        None,
        exactly(1, found(src::NERVE_BOOST)),
        exactly(1, found(src::NERVE_BOOST)),
        exactly(1, found(src::NERVE_BOOST)),
    ),
    evidence: &[finding(
        "one hour at 20 Hz around the operation: faster outgrowth",
        Evidence::Positive,
        found(src::NERVE_BOOST),
    )],
    specific_items: ITEMS,
    item_rules: DENERVATED_DIRECT,
    ..CONTINUOUS
};
