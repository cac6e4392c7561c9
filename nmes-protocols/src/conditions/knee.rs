//! Quadriceps after reconstruction of the anterior cruciate ligament.

use super::parts::*;
use super::rules::AFTER_SURGERY;
use crate::amplitude::AmplitudeRule;
use crate::condition::{Condition, Electrodes, Family, Finding};
use crate::dose::{Change, Dose, Progress};
use crate::provenance::{Evidence, Provenance, Sourced};
use crate::schedule_row::OnIncludesRamps;
use crate::screening::{Item, Site};
use crate::sources as src;
use crate::waveform::{Carrier, ChargeReturn, WaveKind, Waveform};

/// Sizes of the trials; of the place the collected facts do not say from where it is.
pub(super) const PADS: Electrodes = pads(
    square_mm(8_800, 9_000, 9_700, found(src::KNEE_TRIALS), PICKED),
    text("rectus femoris, proximal", UNMARKED),
    text("vastus medialis (or lateralis), distal", UNMARKED),
);

pub(super) const TOLERATED: AmplitudeRule = AmplitudeRule::MaxTolerated;

const STOP_KNEE: &[Sourced<&str>] =
    &[text("80 to 90 % of the other leg's strength: end", recalled(src::KNEE_PRACTICE)), RASH, REDNESS];

const RAISE: Progress = progress(
    0,
    Change::Text(
        "the amplitude is raised again to what is tolerated at each session and each third contraction",
    ),
    ours("as force falls within a session; trials raised it from session to session"),
);

/// Rows whose amplitude is what is tolerated.
const RAISED: &[Progress] = &[RAISE];

const MANY: Progress =
    progress(1, Change::Text("many contractions, for three weeks"), found(src::SINGLE_FIGURES));

const FEWER: Progress =
    progress(4, Change::Text("fewer contractions, for three weeks"), found(src::SINGLE_FIGURES));

/// The same over six weeks or more.
pub(super) const SIX_WEEKS: &[Progress] = &[RAISE, MANY, FEWER, REVIEW];

const REVIEW: Progress =
    progress(1, Change::Text("a review after one and after three weeks"), found(src::SINGLE_FIGURES));

const SURGERY: &[Item] = &[Item::GraftUnprotected, Item::NerveBlockActive];

/// A row after an operation of the knee.
pub(super) const KNEE: Condition = Condition {
    family: Family::KneeSurgery,
    needs: intact("femoral nerve"),
    site: Site::Thigh,
    amplitude: milliamps(1, 70, 100, recalled(src::USUAL_CURRENTS)),
    typical_amplitude_ua: band(40, 100, recalled(src::USUAL_CURRENTS)),
    amplitude_rule: Sourced::new(TOLERATED, found(src::KNEE_TRIALS)),
    electrodes: PADS,
    progression: RAISED,
    specific_items: SURGERY,
    item_rules: AFTER_SURGERY,
    stop_rules: STOP_KNEE,
    ..BASE
};

const SNYDER: Finding = finding(
    "Snyder-Mackler 1995: quadriceps above 70 % of the other side, 57 % with a home device, by week 6",
    Evidence::Positive,
    recalled(src::SNYDER_MACKLER),
);

const FITZGERALD: Finding = finding(
    "Fitzgerald 2003: strength at 12 weeks, effect size 0.48; daily activities 0.72 and 0.65",
    Evidence::Positive,
    found(src::FITZGERALD_2003),
);

const JO: Finding = finding(
    "Jo 2025: 30 contractions three times a week; three weeks were not enough",
    Evidence::Negative,
    found(src::ACL_DOSE),
);

/// What a row says of which only the settings were read.
pub(super) const LISTED: Finding = finding(
    "settings of one trial as a review lists them; its outcome was not looked up",
    Evidence::None,
    found(src::KNEE_TRIALS),
);

const ACL: Condition = Condition {
    headline: LISTED,
    amplitude_rule: Sourced::new(TOLERATED, recalled(src::KNEE_PRACTICE)),
    evidence: &[LISTED],
    related: &[SNYDER, FITZGERALD, JO],
    notes: &[text("aim: a torque of half of the other leg's maximal force", recalled(src::KNEE_PRACTICE))],
    ..KNEE
};

const ACL_HEADLINE: Finding = finding(
    "strength after reconstruction recovers more with it, at high intensity",
    Evidence::Positive,
    found(src::FITZGERALD_2003),
);

/// Bursts of a 2,500 Hz carrier: how many cycles, which no source states, and where it is from that it is one.
pub(super) const fn burst(shape: Carrier, cycles: u16, why: &'static str, carrier: Provenance) -> Waveform {
    wave(
        Sourced::new(WaveKind::BurstAc { shape, cycles }, ours(why)),
        Sourced::new(ChargeReturn::Symmetric, carrier),
    )
}

const TRIANGLE_FOUND: &str = "a triangular current of 2,500 Hz in 75 bursts a second is found (PRO-S3), the duty of the \
                              bursts is not: 16 cycles, half of each period, are our figure";

const TRIANGLE_RECALLED: &str = "a triangular current of 2,500 Hz in 75 bursts a second is recalled (LIT-SNYDER), the duty of \
                                 the bursts is not: 16 cycles, half of each period, are our figure";

pub(super) const HALF_CYCLE: &str = "half a cycle of 2,500 Hz";

/// Bursts of a triangular carrier, eleven seconds against two minutes.
pub static ACL_SNYDER_MACKLER: Condition = Condition {
    name: "acl-snyder-mackler",
    title: "After ACL reconstruction: burst current, knee fixed (Snyder-Mackler)",
    summary: "Few strong contractions against a fixed dynamometer at 65 degrees, with long rests.",
    headline: finding(
        "quadriceps above 70 % of the other side against 57 % with a home device, by week 6",
        Evidence::Positive,
        recalled(src::SNYDER_MACKLER),
    ),
    waveform: burst(Carrier::Triangle, 16, TRIANGLE_RECALLED, recalled_high(src::SNYDER_MACKLER)),
    phase_width: at_us(200, ours(HALF_CYCLE)),
    gap: NO_GAP,
    amplitude_rule: Sourced::new(TOLERATED, recalled_high(src::SNYDER_MACKLER)),
    rate: at_hz(75, recalled_high(src::SNYDER_MACKLER)),
    schedule: cyclic(
        ramps(
            seconds(2, 2, 3, recalled(src::SNYDER_MACKLER), PICKED),
            millis(0, 1_000, 1_000, UNSTATED, UNSTATED),
        ),
        at_ms(11_000, recalled_high(src::SNYDER_MACKLER)),
        at_ms(120_000, recalled_high(src::SNYDER_MACKLER)),
        Sourced::new(OnIncludesRamps::Yes, recalled(src::SNYDER_MACKLER)),
    ),
    session_length: millis(
        131_000,
        1_965_000,
        1_965_000,
        ours("1 to 15 contractions of 11 and 120 s"),
        ours("15 contractions of 11 and 120 s"),
    ),
    electrodes: pads(
        square_cm(
            100,
            130,
            130,
            ours("about 10 x 13 cm are recalled (LIT-SNYDER); down to 100 cm² is our figure"),
            recalled(src::SNYDER_MACKLER),
        ),
        text("vastus lateralis, proximal", recalled(src::SNYDER_MACKLER)),
        text("vastus medialis, distal", recalled(src::SNYDER_MACKLER)),
    ),
    dose: Dose {
        text: BURST_NOTE,
        ..dose(
            exactly(15, recalled_high(src::SNYDER_MACKLER)),
            None,
            exactly(3, recalled_high(src::SNYDER_MACKLER)),
            exactly(4, recalled_high(src::SNYDER_MACKLER)),
        )
    },
    evidence: &[SNYDER],
    related: &[FITZGERALD, JO],
    ..ACL
};

const BURST_NOTE: &[Sourced<&str>] = &[
    text(
        "half of each period is on: the duty of the bursts is not stated",
        ours("16 cycles of 400 µs of 13.3 ms"),
    ),
    text("65 degrees of flexion, fixed dynamometer, weeks 2 to 6", recalled_high(src::SNYDER_MACKLER)),
];

/// The modified protocol without a dynamometer.
pub static ACL_FITZGERALD: Condition = Condition {
    name: "acl-fitzgerald",
    title: "After ACL reconstruction: burst current, knee extended (Fitzgerald)",
    summary: "Ten contractions in full extension without a dynamometer, until the legs are nearly even.",
    headline: ACL_HEADLINE,
    waveform: burst(Carrier::Triangle, 16, TRIANGLE_FOUND, found(src::KNEE_TRIALS)),
    phase_width: at_us(200, ours(HALF_CYCLE)),
    gap: NO_GAP,
    rate: at_hz(75, found(src::KNEE_TRIALS)),
    amplitude_rule: Sourced::new(TOLERATED, recalled(src::FITZGERALD_PAPER)),
    schedule: cyclic(
        ramps(at_ms(2_000, found(src::KNEE_TRIALS)), millis(0, 1_000, 1_000, UNSTATED, UNSTATED)),
        at_ms(10_000, found(src::KNEE_TRIALS)),
        at_ms(50_000, found(src::KNEE_TRIALS)),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(
        1,
        10,
        10,
        ours("10 contractions of 10 and 50 s"),
        ours("10 contractions of 10 and 50 s"),
    ),
    electrodes: Electrodes {
        area: square_mm(8_860, 8_860, 8_860, found(src::KNEE_TRIALS), found(src::KNEE_TRIALS)),
        ..PADS
    },
    dose: Dose {
        text: FITZGERALD_DOSE,
        ..dose(
            exactly(10, recalled(src::FITZGERALD_PAPER)),
            None,
            exactly(2, recalled(src::FITZGERALD_PAPER)),
            None,
        )
    },
    evidence: &[FITZGERALD],
    related: &[SNYDER, JO],
    ..ACL
};

const FITZGERALD_DOSE: &[Sourced<&str>] = &[
    text(
        "until 80 % of the other leg's strength; full tetany with the kneecap gliding up",
        recalled(src::FITZGERALD_PAPER),
    ),
    text("modified because dynamometers are missing", found(src::FITZGERALD_2003)),
    text(
        "half of each period is on: the duty of the bursts is not stated",
        ours("16 cycles of 400 µs of 13.3 ms"),
    ),
];

/// What a consensus makes of the trials.
pub static ACL_CONSENSUS: Condition = Condition {
    name: "acl-consensus",
    title: "After ACL reconstruction: consensus settings",
    summary: "Strong contractions of the quadriceps from the first week on, at about 65 degrees of flexion.",
    headline: ACL_HEADLINE,
    phase_width: micros(250, 300, 400, found(src::NUSSBAUM_ACL), PICKED),
    rate: hertz(30, 50, 50, found(src::NUSSBAUM_ACL), PICKED),
    amplitude_rule: Sourced::new(TOLERATED, found(src::NUSSBAUM_ACL)),
    schedule: cyclic(
        our_ramps(2_000, 1_000),
        seconds(6, 10, 10, found(src::NUSSBAUM_ACL), PICKED),
        seconds(12, 50, 50, found(src::NUSSBAUM_ACL), PICKED),
        RAMPS_UNSTATED,
    ),
    session_length: minutes(
        3,
        15,
        15,
        ours("12 to 15 contractions and rests"),
        ours("15 contractions of 10 and 50 s"),
    ),
    dose: dose(
        Some(count(12, 15, 15, found(src::NUSSBAUM_ACL), PICKED)),
        None,
        exactly(3, found(src::NUSSBAUM_ACL)),
        from_to(4, 6, 6, found(src::NUSSBAUM_ACL)),
    ),
    electrodes: Electrodes {
        active: text(
            "femoral nerve, or belly of rectus femoris and vastus intermedius",
            found(src::NUSSBAUM_ACL),
        ),
        indifferent: text("vastus medialis", found(src::NUSSBAUM_ACL)),
        ..PADS
    },
    progression: &[
        RAISE,
        progress(0, Change::Text("weaker: rests of three to five times ON"), found(src::NUSSBAUM_ACL)),
        MANY,
        FEWER,
        REVIEW,
    ],
    reported: &[
        text("burst current of 2,500 Hz, 50 a second, is the other choice", found(src::NUSSBAUM_ACL)),
        text(
            "twice a week for 6 weeks; 30 contractions three times a week for 6 weeks",
            found(src::ACL_DOSE),
        ),
        text("pads on the hamstrings as well, if wanted", found(src::NUSSBAUM_ACL)),
    ],
    evidence: &[SNYDER, FITZGERALD, JO],
    related: &[],
    ..ACL
};

/// A garment, several times a day.
pub static ACL_FEIL: Condition = Condition {
    name: "acl-feil",
    title: "After ACL reconstruction: garment on top of movement (Feil)",
    summary: "Short contractions by a garment, several times a day, on top of exercise.",
    phase_width: micros(300, 300, 400, found(src::KNEE_TRIALS), PICKED),
    rate: at_hz(50, found(src::KNEE_TRIALS)),
    schedule: cyclic(
        ramps(at_ms(2_000, found(src::KNEE_TRIALS)), at_ms(1_000, found(src::KNEE_TRIALS))),
        at_ms(5_000, found(src::KNEE_TRIALS)),
        at_ms(10_000, found(src::KNEE_TRIALS)),
        RAMPS_UNSTATED,
    ),
    session_length: at_minutes(20, recalled(src::FEIL_2011)),
    electrodes: pads(
        square_cm(54, 75, 200, found(src::KNEE_TRIALS), PICKED),
        text("quadriceps, as the garment has its four pads", UNSTATED),
        text("the others of the garment, path after path", UNSTATED),
    ),
    dose: dose(
        None,
        exactly(3, recalled(src::FEIL_2011)),
        exactly(5, recalled(src::FEIL_2011)),
        exactly(12, recalled(src::FEIL_2011)),
    ),
    ..ACL
};

/// 50 a second, 10 s against 20 s.
pub static ACL_LIEBER: Condition = Condition {
    name: "acl-lieber",
    title: "After ACL reconstruction: 50 Hz, 10 on and 20 off (Lieber)",
    summary: "Pulses at 50 a second with short rests.",
    phase_width: at_us(250, found(src::KNEE_TRIALS)),
    rate: at_hz(50, found(src::KNEE_TRIALS)),
    schedule: cyclic(
        our_ramps(2_000, 1_000),
        at_ms(10_000, found(src::KNEE_TRIALS)),
        at_ms(20_000, found(src::KNEE_TRIALS)),
        RAMPS_UNSTATED,
    ),
    ..ACL
};

/// 40 a second, 10 s against 30 s.
pub static ACL_SISK: Condition = Condition {
    name: "acl-sisk",
    title: "After ACL reconstruction: 40 Hz, 10 on and 30 off (Sisk)",
    summary: "Pulses at 40 a second with a quick rise.",
    phase_width: at_us(300, found(src::KNEE_TRIALS)),
    rate: at_hz(40, found(src::KNEE_TRIALS)),
    schedule: cyclic(
        ramps(at_ms(500, found(src::KNEE_TRIALS)), millis(0, 500, 1_000, UNSTATED, UNSTATED)),
        at_ms(10_000, found(src::KNEE_TRIALS)),
        at_ms(30_000, found(src::KNEE_TRIALS)),
        RAMPS_UNSTATED,
    ),
    ..ACL
};

/// 30 a second, 6 s against 10 s.
pub static ACL_WIGERSTAD: Condition = Condition {
    name: "acl-wigerstad-lossing",
    title: "After ACL reconstruction: 30 Hz, 6 on and 10 off (Wigerstad-Lossing)",
    summary: "Pulses at 30 a second at 65 to 100 mA.",
    phase_width: at_us(300, found(src::KNEE_TRIALS)),
    rate: at_hz(30, found(src::KNEE_TRIALS)),
    amplitude: milliamps(1, 80, 100, found(src::KNEE_TRIALS)),
    typical_amplitude_ua: band(65, 100, found(src::KNEE_TRIALS)),
    schedule: cyclic(
        our_ramps(1_000, 1_000),
        at_ms(6_000, found(src::KNEE_TRIALS)),
        at_ms(10_000, found(src::KNEE_TRIALS)),
        RAMPS_UNSTATED,
    ),
    ..ACL
};

/// A sinusoidal carrier.
pub static ACL_WILLIAMS: Condition = Condition {
    name: "acl-williams",
    title: "After knee surgery: sinusoidal burst current, 15 on and 50 off (Williams)",
    summary: "Bursts of 2,500 Hz at 50 a second with a rise of 3.5 s.",
    waveform: burst(
        Carrier::Sine,
        25,
        "a sine of 2,500 Hz in 50 bursts a second is found (PRO-S3), the duty of the bursts is not: 25 cycles, half of each \
         period, are our figure",
        found(src::KNEE_TRIALS),
    ),
    phase_width: at_us(200, ours(HALF_CYCLE)),
    gap: NO_GAP,
    rate: at_hz(50, found(src::KNEE_TRIALS)),
    schedule: cyclic(
        ramps(at_ms(3_500, found(src::KNEE_TRIALS)), millis(0, 1_000, 2_000, UNSTATED, UNSTATED)),
        at_ms(15_000, found(src::KNEE_TRIALS)),
        at_ms(50_000, found(src::KNEE_TRIALS)),
        RAMPS_UNSTATED,
    ),
    ..ACL
};
