//! What the rows are written with: short names for origins and ranges, and parts that several rows share.

use crate::amplitude::AmplitudeRule;
use crate::condition::{
    Availability, CeilingRule, Condition, Electrodes, Family, Finding, InnervationGate, RampFloorRule,
    SpecialistGate,
};
use crate::dose::{Change, Dose, Progress};
use crate::innervation::Innervation;
use crate::provenance::{Confidence, Evidence, Provenance, Ranged, Source, Sourced, Unit};
use crate::schedule_row::{CycleRow, OnIncludesRamps, RampRow, ScheduleRow, TriggerKind};
use crate::screening::Site;
use crate::sources as src;
use crate::waveform::{ChargeReturn, WaveKind, Waveform, WidthConvention};
use nmes_core::Polarity;
use nmes_safety::UseClass;

pub(super) const fn found(source: Source) -> Provenance {
    Provenance::Found { source }
}

pub(super) const fn recalled_high(source: Source) -> Provenance {
    Provenance::Recalled { confidence: Confidence::High, source }
}

pub(super) const fn recalled(source: Source) -> Provenance {
    Provenance::Recalled { confidence: Confidence::Medium, source }
}

pub(super) const fn recalled_low(source: Source) -> Provenance {
    Provenance::Recalled { confidence: Confidence::Low, source }
}

pub(super) const fn ours(reason: &'static str) -> Provenance {
    Provenance::Ours { reason }
}

/// A default inside a range that is from somewhere else.
pub(super) const PICKED: Provenance = ours("picked inside the range of the sources");
/// A value that a session needs and that no source gives.
pub(super) const UNSTATED: Provenance = ours("no source states it; a usual value for such a row");
/// In the facts that this catalogue was made from, without a mark of its origin.
pub(super) const UNMARKED: Provenance =
    ours("the collected facts have it without a mark of its origin; not read");
/// Channels of a row that the facts do not speak of.
pub(super) const ONE_OR_TWO: Ranged = count(1, 1, 2, UNSTATED, UNSTATED);
/// The middle of a band of currents.
const MIDDLE: Provenance =
    ours("the middle of the band in common use, a start and no target; a person's own value replaces it");

const fn ranged(
    values: (u32, u32, u32),
    times: u32,
    unit: Unit,
    range: Provenance,
    chosen: Provenance,
) -> Ranged {
    let (min, default, max) = values;
    Ranged {
        min: min.saturating_mul(times),
        default: default.saturating_mul(times),
        max: max.saturating_mul(times),
        unit,
        range,
        chosen,
    }
}

pub(super) const fn micros(
    min: u32,
    default: u32,
    max: u32,
    range: Provenance,
    chosen: Provenance,
) -> Ranged {
    ranged((min, default, max), 1, Unit::Micros, range, chosen)
}

pub(super) const fn millis(
    min: u32,
    default: u32,
    max: u32,
    range: Provenance,
    chosen: Provenance,
) -> Ranged {
    ranged((min, default, max), 1, Unit::Millis, range, chosen)
}

pub(super) const fn minutes(
    min: u32,
    default: u32,
    max: u32,
    range: Provenance,
    chosen: Provenance,
) -> Ranged {
    ranged((min, default, max), 60_000, Unit::Millis, range, chosen)
}

pub(super) const fn seconds(
    min: u32,
    default: u32,
    max: u32,
    range: Provenance,
    chosen: Provenance,
) -> Ranged {
    ranged((min, default, max), 1_000, Unit::Millis, range, chosen)
}

pub(super) const fn hertz(min: u32, default: u32, max: u32, range: Provenance, chosen: Provenance) -> Ranged {
    ranged((min, default, max), 1_000, Unit::MilliHertz, range, chosen)
}

pub(super) const fn millihertz(
    min: u32,
    default: u32,
    max: u32,
    range: Provenance,
    chosen: Provenance,
) -> Ranged {
    ranged((min, default, max), 1, Unit::MilliHertz, range, chosen)
}

pub(super) const fn square_cm(
    min: u32,
    default: u32,
    max: u32,
    range: Provenance,
    chosen: Provenance,
) -> Ranged {
    ranged((min, default, max), 100, Unit::SquareMillimetres, range, chosen)
}

pub(super) const fn square_mm(
    min: u32,
    default: u32,
    max: u32,
    range: Provenance,
    chosen: Provenance,
) -> Ranged {
    ranged((min, default, max), 1, Unit::SquareMillimetres, range, chosen)
}

pub(super) const fn percent(min: u32, default: u32, max: u32, chosen: Provenance) -> Ranged {
    ranged((min, default, max), 1, Unit::Percent, chosen, chosen)
}

pub(super) const fn count(min: u32, default: u32, max: u32, range: Provenance, chosen: Provenance) -> Ranged {
    ranged((min, default, max), 1, Unit::Count, range, chosen)
}

/// One value, which a row of one trial does not move.
pub(super) const fn fixed(value: u32, unit: Unit, provenance: Provenance) -> Ranged {
    ranged((value, value, value), 1, unit, provenance, provenance)
}

pub(super) const fn at_us(value: u32, provenance: Provenance) -> Ranged {
    fixed(value, Unit::Micros, provenance)
}

pub(super) const fn at_ms(value: u32, provenance: Provenance) -> Ranged {
    fixed(value, Unit::Millis, provenance)
}

pub(super) const fn at_hz(value: u32, provenance: Provenance) -> Ranged {
    fixed(value.saturating_mul(1_000), Unit::MilliHertz, provenance)
}

pub(super) const fn at_minutes(value: u32, provenance: Provenance) -> Ranged {
    fixed(value.saturating_mul(60_000), Unit::Millis, provenance)
}

pub(super) const fn exactly(value: u32, provenance: Provenance) -> Option<Ranged> {
    Some(fixed(value, Unit::Count, provenance))
}

pub(super) const fn from_to(min: u32, default: u32, max: u32, range: Provenance) -> Option<Ranged> {
    Some(count(min, default, max, range, PICKED))
}

/// Amplitudes up to `max` mA with the middle of a band as the start.
pub(super) const fn milliamps(min: u32, default: u32, max: u32, range: Provenance) -> Ranged {
    ranged((min, default, max), 1_000, Unit::MicroAmps, range, MIDDLE)
}

/// Amplitudes in µA with a start of its own origin.
pub(super) const fn ranged_ma(
    min: u32,
    default: u32,
    max: u32,
    range: Provenance,
    chosen: Provenance,
) -> Ranged {
    ranged((min, default, max), 1, Unit::MicroAmps, range, chosen)
}

/// A band in mA.
pub(super) const fn band(low: u32, high: u32, provenance: Provenance) -> Sourced<(u32, u32)> {
    Sourced::new((low.saturating_mul(1_000), high.saturating_mul(1_000)), provenance)
}

pub(super) const fn text(value: &'static str, provenance: Provenance) -> Sourced<&'static str> {
    Sourced::new(value, provenance)
}

pub(super) const fn finding(claim: &'static str, evidence: Evidence, provenance: Provenance) -> Finding {
    Finding { claim, evidence, provenance }
}

pub(super) const fn progress(from_week: u8, change: Change, provenance: Provenance) -> Progress {
    Progress { from_week, change, provenance }
}

pub(super) const fn ramps(up: Ranged, down: Ranged) -> RampRow {
    RampRow { up, down }
}

/// Ramps that no source gives.
pub(super) const fn our_ramps(up: u32, down: u32) -> RampRow {
    const WHY: Provenance = ours("no source gives this ramp; long enough to feel the contraction come");
    ramps(millis(0, up, 8_000, WHY, WHY), millis(0, down, 8_000, WHY, WHY))
}

pub(super) const fn cyclic(
    ramps: RampRow,
    on: Ranged,
    off: Ranged,
    includes: Sourced<OnIncludesRamps>,
) -> ScheduleRow {
    ScheduleRow::Cyclic(CycleRow { ramps, on, on_includes_ramps: includes, off, alternate: false })
}

pub(super) const RAMPS_UNSTATED: Sourced<OnIncludesRamps> = Sourced::new(
    OnIncludesRamps::Unstated,
    ours("the source gives ON and does not say whether ramps are in it"),
);

pub(super) const fn dose(
    contractions: Option<Ranged>,
    per_day: Option<Ranged>,
    per_week: Option<Ranged>,
    weeks: Option<Ranged>,
) -> Dose {
    Dose { contractions, per_day, per_week, weeks, least_per_week: None, text: &[] }
}

const BALANCED: &str =
    "no source of this row says more than biphasic; symmetric, so that either pad may be the active one";

pub(super) const OTHER_BALANCE: Option<Sourced<ChargeReturn>> = Some(Sourced::new(
    ChargeReturn::Asymmetric(200),
    ours("asymmetric balanced pulses are in common use; twice as long is our figure"),
));

const LEADING: Sourced<Polarity> = Sourced::new(
    Polarity::Negative,
    ours("the active pad is the cathode of the primary phase; the sources do not say"),
);

const WIDTH_UNSTATED: Sourced<WidthConvention> = Sourced::new(
    WidthConvention::Unstated,
    ours(
        "the sources give a width and do not say of what; taken as one phase, the shorter pulse would be half",
    ),
);

/// Balanced pulses of a source that says no more.
pub(super) const BIPHASIC: Waveform = Waveform {
    kind: Sourced::new(
        WaveKind::Rectangular,
        ours("the sources call it biphasic, which is rectangular in such devices"),
    ),
    balance: Sourced::new(ChargeReturn::Symmetric, ours(BALANCED)),
    option: OTHER_BALANCE,
    leading: LEADING,
    width_convention: WIDTH_UNSTATED,
};

/// Symmetric biphasic pulses of a source that says so.
pub(super) const fn symmetric(provenance: Provenance) -> Waveform {
    Waveform { balance: Sourced::new(ChargeReturn::Symmetric, provenance), option: None, ..BIPHASIC }
}

/// Any kind and balance.
pub(super) const fn wave(kind: Sourced<WaveKind>, balance: Sourced<ChargeReturn>) -> Waveform {
    Waveform { kind, balance, option: None, ..BIPHASIC }
}

const NO_GAP_WHY: Provenance = ours("the shape has no gap between its phases");

/// No gap.
pub(super) const NO_GAP: Ranged = at_us(0, NO_GAP_WHY);

const GAP: Ranged = micros(
    0,
    100,
    250,
    ours("rule E-IPG-1: longer gaps bring nothing that the sources report"),
    recalled_high(src::MERRILL_2005),
);

const FROM_ZERO: Sourced<RampFloorRule> = Sourced::new(
    RampFloorRule {
        percent_of_motor_threshold: 0,
        steepest_ua_per_ms: 400,
        shortest_ms: 100,
        shortest_from_floor_ms: 50,
    },
    ours(
        "contractions of training and therapy rise from nothing, as trials had them; slope as in rule E-SLEW-2",
    ),
);

/// The gate of a row that works through a nerve.
pub(super) const fn intact(nerve: &'static str) -> InnervationGate {
    InnervationGate { accepted: &[Innervation::Intact], nerve, ..NERVE }
}

const NERVE: InnervationGate = InnervationGate {
    accepted: &[Innervation::Intact],
    nerve: "motor nerve",
    if_intact: text("it is", ours("an intact nerve is what this row is for")),
    if_denervated: text(
        "a denervated muscle does not answer pulses of 1 ms or less; it takes 10 ms or more, which the rows for \
         denervated muscle have",
        recalled_high(src::ELECTRODIAGNOSIS),
    ),
    if_partial: text(
        "a specialist decides from a strength-duration curve which fibres answer short pulses",
        recalled_high(src::ELECTRODIAGNOSIS),
    ),
    if_unknown: text(
        "make the bedside test first: does the muscle answer pulses of 0.3 ms at 30 to 40 a second? If it answers only \
         pulses of 10 ms or more, or sluggishly, the nerve is not intact",
        recalled_high(src::ELECTRODIAGNOSIS),
    ),
};

/// The gate of a row that is felt and moves nothing.
pub(super) const SENSORY_NERVE: InnervationGate = InnervationGate {
    accepted: &[Innervation::Intact, Innervation::PartiallyDenervated, Innervation::Unknown],
    nerve: "sensory nerve",
    ..NERVE
};

/// The gate of a row for muscle without its nerve.
pub(super) const NO_NERVE: InnervationGate = InnervationGate {
    accepted: &[Innervation::Denervated],
    nerve: "muscle without its nerve",
    if_intact: text(
        "an intact nerve answers pulses of 1 ms or less, with far less charge; take a row for innervated muscle",
        recalled_high(src::ELECTRODIAGNOSIS),
    ),
    ..NERVE
};

/// The direct current that a specialist's row may have, as rule E-DC-4 has it.
pub(super) const DIRECT_CAP: Sourced<u32> =
    Sourced::new(500, ours("the figure of rule E-DC-4, from recalled practice of iontophoresis"));

/// What stands before pulses of 10 ms and more.
pub(super) const LONG_PULSES: SpecialistGate = SpecialistGate {
    why: text(
        "pulses of 10 ms and more carry charges and energies far above those of stimulation through nerves, often on \
         skin that feels nothing",
        ours("a class of its own: the general output limits are made for short pulses"),
    ),
    direct_ua_per_cm2: DIRECT_CAP,
};

/// What stands before the face.
pub(super) const FACE_GATE: SpecialistGate = SpecialistGate {
    why: text(
        "small muscles beside the eye and the mouth, small pads, and an open question whether it does harm",
        ours("facial rows have a site and ceilings of their own and stay with specialists"),
    ),
    direct_ua_per_cm2: Sourced::new(250, ours("half of rule E-DC-4: skin of the face, pads of a few cm²")),
};

const AS_SET: Sourced<CeilingRule> = Sourced::new(
    CeilingRule::AsSet,
    ours("what was checked is what may run; headroom would have to pass the check as well"),
);

const NOTHING: Finding =
    finding("nothing was looked up for this row", Evidence::None, ours("a template that no row may keep"));

/// Pads of a row: how many cm², where.
pub(super) const fn pads(
    area: Ranged,
    active: Sourced<&'static str>,
    indifferent: Sourced<&'static str>,
) -> Electrodes {
    Electrodes { area, active, indifferent, ..PADS }
}

const PADS: Electrodes = Electrodes {
    count: Sourced::new(2, ours("one pair on each channel")),
    area: square_cm(25, 25, 25, UNSTATED, UNSTATED),
    min_diameter_mm: Sourced::new(10, ours("smaller is a point, not a pad")),
    active: text("belly of the muscle", UNSTATED),
    indifferent: text("the same muscle, along its fibres", UNSTATED),
    correction: text("move the active pad until the least current gives the movement", UNSTATED),
    replacement: text("when they no longer stick all over, or as their maker says", UNSTATED),
};

/// What every row begins with; each sets its own settings, headline and sources.
pub(super) const BASE: Condition = Condition {
    name: "",
    title: "",
    summary: "",
    family: Family::Strength,
    availability: Availability::Enabled,
    headline: NOTHING,
    needs: NERVE,
    specialist: None,
    site: Site::Thigh,
    other_sites: &[],
    use_class: Sourced::new(UseClass::Exercise, ours("contractions and rests")),
    waveform: BIPHASIC,
    phase_width: micros(200, 300, 400, UNSTATED, UNSTATED),
    rate: hertz(35, 50, 50, UNSTATED, UNSTATED),
    timing: None,
    amplitude: milliamps(1, 30, 60, recalled(src::USUAL_CURRENTS)),
    typical_amplitude_ua: band(15, 50, recalled(src::USUAL_CURRENTS)),
    amplitude_rule: Sourced::new(AmplitudeRule::VisibleContraction, UNSTATED),
    ceiling: AS_SET,
    gap: GAP,
    ramp_floor: FROM_ZERO,
    trigger: Sourced::new(
        TriggerKind::Cyclic,
        ours("a timer of the session; the sources name no other trigger"),
    ),
    schedule: ScheduleRow::Continuous(our_ramps(2_000, 1_000)),
    session_length: minutes(1, 30, 60, UNSTATED, UNSTATED),
    electrodes: PADS,
    channels: count(1, 1, 2, UNMARKED, PICKED),
    dose: Dose::NONE,
    progression: &[],
    reported: &[],
    evidence: &[],
    related: &[],
    specific_items: &[],
    item_rules: &[],
    stop_rules: STOP,
    notes: &[],
};

/// What every row says of the skin.
pub(super) const RASH: Sourced<&str> = text(
    "rash or irritation under a pad: no restart until the skin is fully clear",
    found(src::WALKAIDE_MANUALS),
);

/// And of marks on it.
pub(super) const REDNESS: Sourced<&str> = text(
    "redness for more than 24 h, or a burn: stop and have it looked at",
    recalled(src::FOOT_DROP_PRACTICE),
);

/// What a row says of stopping that has nothing of its own.
pub(super) const STOP: &[Sourced<&str>] = &[RASH, REDNESS];

/// A row that runs as one train.
pub(super) const CONTINUOUS: Condition = Condition {
    use_class: Sourced::new(
        UseClass::Continuous,
        ours("one train over the session, without contractions and rests"),
    ),
    trigger: Sourced::new(TriggerKind::Continuous, ours("starts with the session and ends with it")),
    ..BASE
};
