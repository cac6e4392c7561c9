//! Judging what was measured against what was commanded.

use nmes_core::{ChannelHardware, Level, MicroAmps};

use crate::fault::{Cite, Fault, Finding, signed};
use crate::rules;

/// The current a measurement may read although none flows: under it nothing is judged, and every tolerance is at
/// least this wide. Our choice: one step of N-STEP-1.
pub const NOISE_FLOOR: MicroAmps = match MicroAmps::from_microamps(1_000) {
    Some(floor) => floor,
    None => MicroAmps::ZERO,
};

/// [`NOISE_FLOOR`] in nanoamperes.
pub(crate) const NOISE_NA: u64 = 1_000_000;

/// A current in nanoamperes.
pub(crate) fn nanoamps(current: MicroAmps) -> u64 {
    u64::from(current.as_microamps()).saturating_mul(1_000)
}

/// Whether what arrives of a commanded current, in nA, can be told from noise: at least twice that, so that what is low
/// within its tolerance is still above it.
pub(crate) const fn is_above_noise(commanded_na: u64, noise_na: u64) -> bool {
    commanded_na >= noise_na.saturating_mul(2)
}

/// What a measurement is held against, of all layers: worked out once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tolerances {
    /// E-PEAK-1, in nA.
    pub(crate) peak_na: u64,
    /// E-OC-1 above what is commanded, and E-DEL-1 of it, in permille.
    pub(crate) over_permille: u64,
    pub(crate) least_permille: u64,
    /// E-BAL-2, in permille of the phase charge: warning, trip.
    pub(crate) balance_warn: u64,
    pub(crate) balance_trip: u64,
    /// What a measurement may read although nothing flows, in nA.
    pub(crate) noise_na: u64,
    /// E-COMP-1 of the rail, in mV; the largest value where the rail is not known.
    pub(crate) clip_mv: u32,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Tolerances {
    peak_na,
    over_permille,
    least_permille,
    balance_warn,
    balance_trip,
    noise_na,
    clip_mv
});

impl Tolerances {
    /// In a row, for a checksum.
    pub(crate) fn words(&self) -> [u64; 7] {
        let Self { peak_na, over_permille, least_permille, balance_warn, balance_trip, noise_na, clip_mv } =
            *self;
        [peak_na, over_permille, least_permille, balance_warn, balance_trip, noise_na, u64::from(clip_mv)]
    }

    /// How far a measurement may be from `commanded` (a magnitude): a part of it, but never less than the noise.
    fn around(&self, commanded: u64, permille: u64) -> u64 {
        // |commanded| is below 2^55 (24-bit codes of at most 100 mA), times 1,000 below 2^65: saturates on the wide side
        (commanded.saturating_mul(permille) / 1_000).max(self.noise_na)
    }
}

/// When in a phase a sample was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum SampleInstant {
    /// After an edge and its settling time: of the level the edge goes to.
    PhaseStart,
    /// Before an edge: of the level the edge ends.
    PhaseEnd,
    /// While nothing is driven.
    Rest,
}

/// One measurement at the electrodes of a channel.
///
/// ```
/// use nmes_safety::{SampleInstant, Sensed};
/// let sample = Sensed { current_na: -40_100_000, voltage_mv: -21_300, at_tick: 5_290, instant: SampleInstant::PhaseEnd };
/// # let _ = sample;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sensed {
    /// Current in nanoamperes, signed as commanded currents are.
    pub current_na: i64,
    /// Voltage in millivolts, signed likewise.
    pub voltage_mv: i32,
    /// When it was taken, on the clock of the edges.
    pub at_tick: u64,
    /// At which instant of its phase.
    pub instant: SampleInstant,
}

/// A level held for a time, and what was measured of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Interval {
    pub(crate) level: Level,
    pub(crate) current_na: i64,
    pub(crate) since: u64,
    /// Since when the samples below were taken: of a long rest, only of its last part.
    counted: u64,
    sum_na: i64,
    samples: u32,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Interval { level, current_na, since, counted, sum_na, samples });

impl Interval {
    pub(crate) fn new(level: Level, hardware: &ChannelHardware, since: u64) -> Self {
        Self { level, current_na: level.current_na(hardware), since, counted: since, sum_na: 0, samples: 0 }
    }

    /// An open output.
    pub(crate) const fn opened(since: u64) -> Self {
        Self { level: Level::Open, current_na: 0, since, counted: since, sum_na: 0, samples: 0 }
    }

    /// Whether a source drives current on purpose.
    pub(crate) fn is_driven(&self) -> bool {
        matches!(self.level, Level::Code(code) if code != 0)
    }

    pub(crate) const fn is_sampled(&self) -> bool {
        self.samples > 0
    }

    pub(crate) fn take(&mut self, sample: &Sensed) {
        self.sum_na = self.sum_na.saturating_add(sample.current_na);
        self.samples = self.samples.saturating_add(1);
    }

    /// What is measured of a rest beyond what a driven zero is off and may be noise, in nA. Of a shorted output nothing: what flows
    /// there is charge coming back by itself.
    pub(crate) fn leak_na(&self, limits: &Tolerances) -> i64 {
        let rests = !self.is_driven() && self.level != Level::Shorted;
        let off = |measured: i64| measured.saturating_sub(self.current_na);
        let measured = self.measured_na().filter(|_| rests).map_or(0, off);
        let beyond = signed(measured.unsigned_abs().saturating_sub(limits.noise_na));
        if measured < 0 { beyond.saturating_neg() } else { beyond }
    }

    /// What a rest has leaked since its samples began, up to `t`, and for how long, in nA and ticks.
    pub(crate) fn leaked(&self, t: u64, limits: &Tolerances) -> (i64, u64) {
        (self.leak_na(limits), t.saturating_sub(self.counted))
    }

    /// Begins its samples anew.
    pub(crate) fn count_from(&mut self, t: u64) {
        (self.counted, self.sum_na, self.samples) = (t, 0, 0);
    }

    /// Mean of the samples; `None` without any.
    pub(crate) fn measured_na(&self) -> Option<i64> {
        self.sum_na.checked_div(i64::from(self.samples))
    }
}

/// Faults that a single sample shows, at once: wrong way, too much, or anything while off. A shorted output is not
/// judged: what flows there is charge coming back by itself.
pub(crate) fn judge_sample(interval: &Interval, sample: &Sensed, most: &Tolerances) -> Option<Finding> {
    let measured = sample.current_na.unsigned_abs();
    let commanded = interval.current_na.unsigned_abs();
    if !interval.is_driven() {
        let off = interval.level != Level::Shorted;
        // a zero that is driven may have an offset
        let beside = sample.current_na.abs_diff(interval.current_na);
        return Finding::above(Fault::StuckOutput, Cite::NOISE, beside, NOISE_NA, "nA").filter(|_| off);
    }
    let opposite = (sample.current_na < 0) != (interval.current_na < 0);
    if opposite && measured > NOISE_NA && commanded > NOISE_NA {
        let noise = signed(NOISE_NA);
        return Some(Finding::new(
            Fault::Polarity,
            Cite::NOISE,
            sample.current_na,
            noise,
            "nA against its polarity",
        ));
    }
    let over = commanded.saturating_add(most.around(commanded, most.over_permille));
    let peak = Cite::of(&rules::E_PEAK_1);
    // a plan may go up to its peak, and be measured there
    let highest = most.peak_na.saturating_add(most.noise_na);
    Finding::above(Fault::OverCurrent, Cite::of(&rules::E_OC_1), measured, over, "nA")
        .or_else(|| Finding::above(Fault::OverCurrent, peak, measured, highest, "nA"))
}

/// How much of a commanded current arrived: short comes before enough, then by permille.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Delivered {
    pub(crate) enough: bool,
    pub(crate) permille: u64,
}

/// What arrived of a phase, by E-DEL-1. `None` when nothing was measured, or when so little is commanded that what
/// is left of it could be noise.
pub(crate) fn delivered(interval: &Interval, limits: &Tolerances) -> Option<Delivered> {
    let measured = interval.measured_na().filter(|_| interval.is_driven())?;
    let commanded = interval.current_na.unsigned_abs();
    if !is_above_noise(commanded, limits.noise_na) {
        return None;
    }
    let along = if interval.current_na < 0 { measured.saturating_neg() } else { measured };
    let along = u64::try_from(along).unwrap_or(0);
    let short = 1_000_u64.saturating_sub(limits.least_permille);
    let least = commanded.saturating_sub(limits.around(commanded, short));
    let permille = along.saturating_mul(1_000).checked_div(commanded).unwrap_or(0);
    Some(Delivered { enough: along >= least, permille })
}

/// Counts short pulses: contact is lost after E-DEL-1's number of them in a row, and back after as many good ones.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ContactWatch {
    in_a_row: u32,
    pub(crate) lost: bool,
    pub(crate) losses: u8,
    /// The last pulse that was judged, in permille of its commanded current.
    pub(crate) permille: u64,
}

/// How many pulses in a row E-DEL-1 and E-BAL-2 take.
pub(crate) fn pulses_of(rule: &rules::Rule) -> u32 {
    if let rules::Window::Pulses(count) = rule.window { count } else { 1 }
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(ContactWatch { in_a_row, lost, losses, permille });
#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Delivered { enough, permille });

impl ContactWatch {
    /// Takes one pulse. True when contact was lost with it.
    pub(crate) fn pulse(&mut self, delivered: Delivered) -> bool {
        self.permille = delivered.permille;
        let short = !delivered.enough;
        if short == self.lost {
            self.in_a_row = 0;
            return false;
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        if self.in_a_row < pulses_of(&rules::E_DEL_1) {
            return false;
        }
        self.in_a_row = 0;
        self.lost = short;
        if short {
            self.losses = self.losses.saturating_add(1);
        }
        short
    }
}
