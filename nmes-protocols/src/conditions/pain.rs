//! Pain: the modes of TENS.

use super::parts::*;
use super::rules::UNEXPLAINED;
use crate::amplitude::AmplitudeRule;
use crate::condition::{Condition, Family};
use crate::dose::Change;
use crate::provenance::{Evidence, Provenance, Sourced};
use crate::screening::{Item, Site};
use crate::sources as src;
use crate::waveform::TimingRow;

const TENS: Condition = Condition {
    family: Family::Pain,
    headline: finding(
        "pain while it runs, in some; trials disagree, and the effect wears off within days of one mode",
        Evidence::Mixed,
        recalled(src::TENS_PRACTICE),
    ),
    needs: SENSORY_NERVE,
    site: Site::Abdomen,
    other_sites: &[Site::LowerLeg, Site::Thigh, Site::Arm],
    amplitude: milliamps(1, 20, 80, found(src::TENS)),
    typical_amplitude_ua: band(
        10,
        60,
        ours("10 to 80 mA are found for all modes (PRO-S59); the band in it is our figure"),
    ),
    electrodes: pads(
        square_cm(
            20,
            25,
            25,
            ours("5 x 5 cm has no mark of its origin in the facts; a little less is ours"),
            UNMARKED,
        ),
        text("around or over the pain, its dermatome or nerve trunk", UNMARKED),
        text("beside it", UNSTATED),
    ),
    channels: count(1, 1, 2, UNMARKED, PICKED),
    progression: &[progress(
        1,
        Change::Text("modes alternate from day 4 or 5, as it wears off"),
        recalled(src::TENS_PRACTICE),
    )],
    evidence: &[
        finding("trials of modes and intensities disagree", Evidence::Mixed, recalled(src::TENS_PRACTICE)),
        finding("varied pulses are meant against getting used to it", Evidence::None, found(src::TENS)),
    ],
    specific_items: &[Item::SevereSpasticity],
    item_rules: UNEXPLAINED,
    ..CONTINUOUS
};

const HOURS: Provenance = ours("30 min and more are found (PRO-S59); four hours is our figure");

/// Fast and only felt.
pub static TENS_CONVENTIONAL: Condition = Condition {
    name: "tens-conventional",
    title: "TENS, conventional",
    summary: "Short pulses at a high rate, strong but comfortable, without contraction.",
    phase_width: micros(20, 80, 100, UNMARKED, PICKED),
    rate: hertz(50, 100, 150, found(src::TENS), PICKED),
    amplitude: milliamps(
        1,
        20,
        60,
        ours("10 to 80 mA are found for all modes (PRO-S59); up to 60 is our figure"),
    ),
    typical_amplitude_ua: band(10, 30, UNMARKED),
    amplitude_rule: Sourced::new(
        AmplitudeRule::Sensory { percent: 200 },
        ours("strong and comfortable is found; twice the threshold is our figure"),
    ),
    session_length: minutes(30, 30, 240, HOURS, found(src::TENS)),
    ..TENS
};

/// Slow twitches.
pub static TENS_AL: Condition = Condition {
    name: "tens-al",
    title: "TENS, acupuncture-like",
    summary: "Wide pulses a few times a second that make the muscle twitch.",
    needs: intact("motor nerve under the pads"),
    phase_width: micros(100, 200, 250, UNMARKED, PICKED),
    rate: hertz(1, 4, 10, ours("1 to 5 Hz are found (PRO-S59); 10 have no mark of their origin"), PICKED),
    amplitude: milliamps(1, 40, 80, found(src::TENS)),
    typical_amplitude_ua: band(30, 80, UNMARKED),
    amplitude_rule: Sourced::new(AmplitudeRule::VisibleContraction, found(src::TENS)),
    session_length: minutes(20, 30, 45, found(src::TENS_DEVICES), PICKED),
    dose: dose(None, from_to(1, 1, 3, found(src::TENS_DEVICES)), None, None),
    ..TENS
};

/// Bursts.
pub static TENS_BURST: Condition = Condition {
    name: "tens-burst",
    title: "TENS, burst",
    summary: "Short bursts twice a second, strong, with twitches.",
    needs: intact("motor nerve under the pads"),
    phase_width: micros(40, 100, 200, recalled(src::TENS_PRACTICE), PICKED),
    rate: hertz(70, 100, 100, found(src::TENS), PICKED),
    timing: Some(Sourced::new(
        TimingRow::Bursts { pulses: 7, every_millihertz: 2_000 },
        recalled(src::TENS_PRACTICE),
    )),
    amplitude: milliamps(1, 40, 60, found(src::TENS)),
    typical_amplitude_ua: band(30, 60, found(src::TENS)),
    amplitude_rule: Sourced::new(AmplitudeRule::VisibleContraction, found(src::TENS)),
    session_length: minutes(20, 30, 40, recalled(src::TENS_PRACTICE), PICKED),
    ..TENS
};

/// As strong as is tolerated, briefly.
pub static TENS_BRIEF: Condition = Condition {
    name: "tens-brief-intense",
    title: "TENS, brief intense",
    summary: "Fast wide pulses, as strong as is tolerated, for a quarter of an hour at most.",
    phase_width: micros(150, 200, 200, found(src::TENS), PICKED),
    rate: hertz(70, 100, 100, found(src::TENS), PICKED),
    amplitude: milliamps(1, 30, 60, found(src::TENS)),
    typical_amplitude_ua: band(30, 60, found(src::TENS)),
    amplitude_rule: Sourced::new(AmplitudeRule::MaxTolerated, found(src::TENS)),
    session_length: minutes(1, 15, 15, recalled_high(src::TENS_PRACTICE), recalled_high(src::TENS_PRACTICE)),
    ..TENS
};

/// A rate that goes up and down.
pub static TENS_MODULATED: Condition = Condition {
    name: "tens-modulated",
    title: "TENS, modulated rate",
    summary: "As conventional, with a rate that falls and rises again so that it is noticed for longer.",
    phase_width: micros(20, 80, 100, UNMARKED, PICKED),
    rate: at_hz(100, ours("the fastest of the listed intervals")),
    timing: Some(Sourced::new(
        TimingRow::Intervals(&super::intervals::MODULATED),
        ours("10 to 50 % over 2 to 20 s is recalled; down to half and back in 1.2 s, list by list, is ours"),
    )),
    amplitude_rule: Sourced::new(
        AmplitudeRule::Sensory { percent: 200 },
        ours("as the base mode, conventional"),
    ),
    session_length: minutes(30, 30, 240, HOURS, PICKED),
    ..TENS
};
