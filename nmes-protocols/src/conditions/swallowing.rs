//! Swallowing: present to be read, disabled.

use super::parts::*;
use crate::amplitude::AmplitudeRule;
use crate::condition::{Availability, Condition, Family, SpecialistGate};
use crate::provenance::{Evidence, Sourced};
use crate::screening::{Item, Site};
use crate::sources as src;
use crate::waveform::{Waveform, WidthConvention};

const WHY: Sourced<&str> = text(
    "the front of the neck is a contraindicated site (laryngospasm, carotid sinus); a speech pathologist's matter",
    found(src::CONTRAINDICATION_LISTS),
);

const NECK: Condition = Condition {
    family: Family::Swallowing,
    availability: Availability::Disabled(WHY),
    headline: finding("device settings; no benefit was looked up", Evidence::None, found(src::DYSPHAGIA)),
    needs: intact("motor nerve of the suprahyoid muscles"),
    specialist: Some(SpecialistGate {
        why: WHY,
        direct_ua_per_cm2: Sourced::new(0, ours("no direct current on the neck")),
    }),
    site: Site::HeadNeck,
    amplitude: ranged_ma(500, 10_000, 25_000, recalled(src::DYSPHAGIA_PRACTICE), PICKED),
    typical_amplitude_ua: Sourced::new(
        (2_000, 15_000),
        ours("up to 25 mA are recalled; the band inside it is our guess"),
    ),
    amplitude_rule: Sourced::new(
        AmplitudeRule::ToClinicalEffect { effect: "a grabbing sensation" },
        recalled(src::DYSPHAGIA_PRACTICE),
    ),
    electrodes: pads(
        square_cm(3, 6, 6, UNMARKED, PICKED),
        text("suprahyoid muscles", recalled(src::DYSPHAGIA_PRACTICE)),
        text("infrahyoid muscles", recalled(src::DYSPHAGIA_PRACTICE)),
    ),
    channels: count(
        1,
        2,
        2,
        ours("two have no mark of their origin in the facts; one alone is ours"),
        UNMARKED,
    ),
    evidence: &[finding("device settings; no benefit was looked up", Evidence::None, found(src::DYSPHAGIA))],
    specific_items: &[Item::Laryngospasm],
    ..BASE
};

/// 80 a second, nearly without a rest.
pub static DYSPHAGIA: Condition = Condition {
    name: "dysphagia",
    title: "Dysphagia, 80 Hz (VitalStim)",
    summary: "Muscles of the front of the neck, 59 s on and 1 s off, during swallowing exercise. Disabled.",
    phase_width: at_us(300, found(src::DYSPHAGIA)),
    waveform: Waveform {
        width_convention: Sourced::new(WidthConvention::Phase, recalled(src::DYSPHAGIA_PRACTICE)),
        ..BIPHASIC
    },
    rate: at_hz(80, found(src::DYSPHAGIA)),
    schedule: cyclic(
        our_ramps(500, 500),
        at_ms(59_000, recalled(src::DYSPHAGIA_PRACTICE)),
        at_ms(1_000, recalled(src::DYSPHAGIA_PRACTICE)),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(60, recalled(src::DYSPHAGIA_PRACTICE)),
    dose: dose(None, None, exactly(5, recalled(src::DYSPHAGIA_PRACTICE)), None),
    ..NECK
};

/// 30 a second, with exercises.
pub static DYSPHAGIA_AMPCARE: Condition = Condition {
    name: "dysphagia-ampcare",
    title: "Dysphagia, 30 Hz with exercises (Ampcare)",
    summary: "Suprahyoid muscles, with exercises without food. Disabled.",
    phase_width: micros(50, 150, 250, found(src::DYSPHAGIA), PICKED),
    rate: at_hz(30, found(src::DYSPHAGIA)),
    schedule: cyclic(
        our_ramps(500, 500),
        seconds(5, 5, 5, UNSTATED, UNSTATED),
        seconds(10, 25, 25, UNSTATED, UNSTATED),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(30, found(src::DYSPHAGIA)),
    reported: &[text(
        "suprahyoid muscles fire 150 to 350 ms ahead of the infrahyoid ones",
        found(src::DYSPHAGIA),
    )],
    ..NECK
};
