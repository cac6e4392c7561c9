//! What a row of the catalogue holds.

use crate::innervation::Innervation;
use crate::provenance::{Evidence, Provenance, Ranged, Source, Sourced};
use crate::screening::{Item, Site};
use nmes_core::{Balance, Polarity};
use nmes_safety::UseClass;

/// One condition: settings, limits, placement, evidence, each with where it comes from.
///
/// Every number stands here once. It is data for software and its reviewers, not advice on treatment.
///
/// ```
/// let row = nmes_protocols::find("foot-drop").unwrap();
/// println!("{}: {} {} [{}]", row.title, row.rate.default, row.rate.unit.symbol(), row.rate.chosen.mark());
/// assert!(row.needs.accepts(nmes_protocols::Innervation::Intact));
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Condition {
    /// What it is called on a command line.
    pub name: &'static str,
    /// What it is called in text.
    pub title: &'static str,
    /// What is stimulated and when, in one sentence.
    pub summary: &'static str,
    /// The states of the nerve that this row is for.
    pub needs: InnervationGate,
    /// Where the pads are, for screening.
    pub site: Site,
    /// Which rules of duty, rest and slope apply.
    pub use_class: Sourced<UseClass>,
    /// The shape of one pulse.
    pub waveform: Waveform,
    /// Width of the primary phase, in microseconds.
    pub phase_width: Ranged,
    /// Pulses a second while on, in millihertz.
    pub rate: Ranged,
    /// Amplitude of the primary phase, in microamperes.
    pub amplitude: Ranged,
    /// The band of amplitudes that most people use, in microamperes. With impaired sensation its top is the limit.
    pub typical_amplitude_ua: Sourced<(u32, u32)>,
    /// What the amplitude is set to reach.
    pub amplitude_rule: Sourced<&'static str>,
    /// How the ceilings of a session follow from its set values.
    pub ceiling: Sourced<CeilingRule>,
    /// Gap between the phases, in microseconds.
    pub gap: Ranged,
    /// Where a ramp starts.
    pub ramp_floor: Sourced<RampFloorRule>,
    /// The shape of one step, and the trigger that makes it.
    pub step: StepRow,
    /// Bounds for the session's gate.
    pub gate: GateRow,
    /// Length of one session, in milliseconds.
    pub session_length: Ranged,
    /// Pads.
    pub electrodes: Electrodes,
    /// Channels of a session of this row.
    pub channels: Sourced<u8>,
    /// How often and how long.
    pub dose: &'static [Sourced<&'static str>],
    /// What was found out, claim by claim.
    pub evidence: &'static [Finding],
    /// Screening items that this row asks beyond the general ones.
    pub specific_items: &'static [Item],
    /// When to stop.
    pub stop_rules: &'static [Sourced<&'static str>],
    /// What a reader must know about the outcome; none of it promises one.
    pub notes: &'static [Sourced<&'static str>],
}

/// A claim about the outcome, what the evidence for it is, and where that was read or recalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Finding {
    /// What was measured, in whom.
    pub claim: &'static str,
    /// What it shows.
    pub evidence: Evidence,
    /// Where it is from.
    pub provenance: Provenance,
}

/// Which states of the lower motor neurone a row is for, and what to do with the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct InnervationGate {
    /// The states that pass.
    pub accepted: &'static [Innervation],
    /// The nerve that must answer.
    pub nerve: &'static str,
    /// Said to somebody whose nerve does not.
    pub if_denervated: Sourced<&'static str>,
    /// Said when it is only partly there.
    pub if_partial: Sourced<&'static str>,
    /// The test to make when nobody knows.
    pub if_unknown: Sourced<&'static str>,
}

/// The shape of one pulse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Waveform {
    /// How the charge is paid back when nothing else is asked for.
    pub balance: Sourced<Balance>,
    /// The other way this row knows.
    pub option: Sourced<Balance>,
    /// Which way the primary phase drives the active electrode.
    pub leading: Sourced<Polarity>,
    /// What "pulse width" means in the sources of this row.
    pub width_convention: Sourced<WidthConvention>,
}

/// What a source means by the width of a pulse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum WidthConvention {
    /// One phase.
    Phase,
    /// Both phases together.
    Pulse,
    /// The source does not say.
    Unstated,
}

/// How the ceilings of a session follow from its set values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum CeilingRule {
    /// Ceilings equal the set amplitude and width, with nothing on top: to go higher, build and check a new session.
    AsSet,
}

/// Where a ramp of the amplitude starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RampFloorRule {
    /// The floor in percent of the motor threshold, where that is known; else the floor is 0.
    pub percent_of_motor_threshold: u32,
    /// The steepest ramp by default, in microamperes per millisecond (milliamperes a second) at the ceiling.
    pub steepest_ua_per_ms: u32,
    /// The shortest ramp over the whole set level by default, in milliseconds. From a floor, the part of it that is
    /// above the floor is the ramp-up.
    pub shortest_ms: u32,
    /// The shortest ramp-up from a floor by default, in milliseconds.
    pub shortest_from_floor_ms: u32,
}

/// The shape of one step and what triggers it. Times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct StepRow {
    /// How starts and ends are found.
    pub trigger: Sourced<&'static str>,
    /// How long a change of the switch must last to count.
    pub debounce: Ranged,
    /// Least stance before a step, and least time from one opening to the next.
    pub refractory: Ranged,
    /// Time from heel-off to the start of the ramp.
    pub delay: Ranged,
    /// Time from 0 to the set level. From a floor the ramp is shorter, see [`RampFloorRule`].
    pub ramp_up: Ranged,
    /// Time from the set level to where the ramp started.
    pub ramp_down: Ranged,
    /// Time at level after heel strike.
    pub extension: Ranged,
    /// The least time-out of a step.
    pub hold_max: Ranged,
    /// The most that the adaptive time-out may become.
    pub hold_cap: Ranged,
    /// The time-out before any step was measured.
    pub hold_first: Ranged,
    /// Time-out in percent of the median time from heel-off to strike.
    pub hold_percent: Ranged,
    /// Most that extension and ramp-down together take of the median stance, in percent.
    pub stance_share: Ranged,
    /// The stance assumed before any was measured.
    pub stance_first: Ranged,
    /// The least Off that a stance of normal length has to hold; less is reported as merged.
    pub off_min: Ranged,
    /// How long steps may go on without an Off between them.
    pub merge_max: Ranged,
    /// Length of the burst of a manual test.
    pub test_burst: Ranged,
    /// How long after a strike of the other heel a lift starts at its first edge.
    pub vouch: Ranged,
}

/// Bounds that the session's gate holds, whatever the trigger does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GateRow {
    /// How the longest opening follows from the step's times.
    pub max_on: Sourced<&'static str>,
    /// Least Off between two trains, in milliseconds.
    pub min_off_ms: Sourced<u32>,
    /// Most openings in a minute.
    pub max_triggers_per_minute: Sourced<u16>,
}

/// Pads: how many, how large, where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Electrodes {
    /// Pads on each channel.
    pub count: Sourced<u8>,
    /// Area of one pad, in square millimetres.
    pub area: Ranged,
    /// Least diameter of a pad, in millimetres.
    pub min_diameter_mm: Sourced<u32>,
    /// Where the active pad goes. It is the first-named electrode of the channel.
    pub active: Sourced<&'static str>,
    /// Where the other pad goes.
    pub indifferent: Sourced<&'static str>,
    /// How to correct the placement.
    pub correction: Sourced<&'static str>,
    /// How long pads are used.
    pub replacement: Sourced<&'static str>,
}

impl Condition {
    /// Every ranged number of the row with its name, for tables and for tests of the data.
    #[must_use]
    pub const fn ranges(&self) -> [(&'static str, Ranged); 22] {
        let step = &self.step;
        [
            ("phase width", self.phase_width),
            ("rate", self.rate),
            ("amplitude", self.amplitude),
            ("interphase gap", self.gap),
            ("session length", self.session_length),
            ("pad area", self.electrodes.area),
            ("debounce", step.debounce),
            ("refractory", step.refractory),
            ("delay", step.delay),
            ("ramp up", step.ramp_up),
            ("ramp down", step.ramp_down),
            ("extension", step.extension),
            ("time-out", step.hold_max),
            ("time-out cap", step.hold_cap),
            ("first time-out", step.hold_first),
            ("time-out share", step.hold_percent),
            ("stance share", step.stance_share),
            ("first stance", step.stance_first),
            ("least Off", step.off_min),
            ("longest merged run", step.merge_max),
            ("test burst", step.test_burst),
            ("vouching of the other heel", step.vouch),
        ]
    }

    /// The sources that the evidence of this row names, with repeats.
    pub fn citations(&self) -> impl Iterator<Item = Source> {
        self.evidence.iter().filter_map(|finding| finding.provenance.source())
    }
}
