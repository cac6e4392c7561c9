//! The shape of a row's pulses, and what core makes of it.

use crate::provenance::{Sourced, Thousandths};
use core::fmt;
use nmes_core::{
    Balance, Bursts, FULL_SCALE, Form, MicroAmps, Micros, Polarity, PulseShape, Rate, Repeat, Timing, shapes,
};

/// The shape of one pulse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Waveform {
    /// What a phase looks like, and how often it is repeated in a pulse.
    pub kind: Sourced<WaveKind>,
    /// How the charge is paid back when nothing else is asked for.
    pub balance: Sourced<ChargeReturn>,
    /// The other way this row knows.
    pub option: Option<Sourced<ChargeReturn>>,
    /// Which way the primary phase drives the active electrode.
    pub leading: Sourced<Polarity>,
    /// What "pulse width" means in the sources of this row.
    pub width_convention: Sourced<WidthConvention>,
}

/// What a phase looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
pub enum WaveKind {
    /// Rectangular.
    Rectangular,
    /// A slow straight rise over the whole width, then off: the "triangular" pulse of electrotherapy.
    SlowRise,
    /// Cycles of a carrier in bursts; the phase width is half a cycle, and the rate counts bursts.
    BurstAc {
        /// The shape of a half cycle.
        shape: Carrier,
        /// Cycles in one burst.
        cycles: u16,
    },
    /// Two short peaks of one polarity, as high-voltage stimulators have them. Put out as two rectangles.
    TwinPeak {
        /// From the end of one peak to the beginning of the other, in microseconds.
        between_us: u16,
    },
}

/// The half cycle of a carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Carrier {
    /// Up and down in straight lines.
    Triangle,
    /// A sine.
    Sine,
}

/// How the charge of a pulse comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum ChargeReturn {
    /// By the mirror image.
    Symmetric,
    /// By a weaker phase of so many percent of the width.
    Asymmetric(u16),
    /// Not at all: monophasic. A session declares the direct current that follows from its own set values.
    Monophasic,
}

impl ChargeReturn {
    /// Width of the balancing phase in percent of the primary one; 0 where there is none.
    #[must_use]
    pub const fn length_percent(self) -> u16 {
        match self {
            Self::Symmetric => 100,
            Self::Asymmetric(percent) => percent,
            Self::Monophasic => 0,
        }
    }
}

impl fmt::Display for ChargeReturn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symmetric => f.write_str("symmetric biphasic"),
            Self::Asymmetric(percent) => write!(f, "asymmetric balanced biphasic, {percent} % as long"),
            Self::Monophasic => f.write_str("monophasic, with a direct current"),
        }
    }
}

impl fmt::Display for WaveKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rectangular => f.write_str("rectangular"),
            Self::SlowRise => f.write_str("slow rise over the whole width (triangular)"),
            Self::BurstAc { shape, cycles } => {
                let shape = match shape {
                    Carrier::Triangle => "triangular",
                    Carrier::Sine => "sinusoidal",
                };
                write!(f, "bursts of {cycles} {shape} cycles")
            }
            Self::TwinPeak { between_us } => write!(f, "two peaks, {between_us} µs apart"),
        }
    }
}

/// When the pulses of a train stand, where that is not evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum TimingRow {
    /// So many pulses at the row's rate, so often.
    Bursts {
        /// Pulses of one burst.
        pulses: u16,
        /// Bursts a second, in millihertz.
        every_millihertz: u32,
    },
    /// The times between pulses, one after the other and again.
    Intervals(&'static [Micros]),
}

impl fmt::Display for TimingRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bursts { pulses, every_millihertz } => {
                write!(f, "bursts of {pulses} pulses, {} a second", Thousandths(*every_millihertz))
            }
            Self::Intervals(list) => write!(f, "{} listed intervals, again and again", list.len()),
        }
    }
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

impl WidthConvention {
    /// A word for tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Phase => "one phase",
            Self::Pulse => "both phases; the number here is one of them",
            Self::Unstated => "not stated; taken as one phase",
        }
    }
}

/// Steps of a carrier's half cycle: few enough for a clock of 10 µs and 200 µs of it.
const STEPS: usize = 10;

/// 16,384 × (1 − |2x − 1|) at x = (i + ½) / 10, by the formula of [`shapes::TRIANGULAR`].
static TRIANGLE: [i16; STEPS] = [1_638, 4_915, 8_192, 11_469, 14_746, 14_746, 11_469, 8_192, 4_915, 1_638];
/// 16,384 × sin πx at x = (i + ½) / 10, by the formula of [`shapes::HALF_SINE`].
static SINE: [i16; STEPS] = [2_563, 7_438, 11_585, 14_598, 16_182, 16_182, 14_598, 11_585, 7_438, 2_563];

impl WaveKind {
    pub(crate) const fn form(self) -> Form<'static> {
        match self {
            Self::Rectangular | Self::TwinPeak { .. } => Form::Rectangular,
            Self::SlowRise => Form::Table(&shapes::SAWTOOTH),
            Self::BurstAc { shape: Carrier::Triangle, .. } => Form::Table(&TRIANGLE),
            Self::BurstAc { shape: Carrier::Sine, .. } => Form::Table(&SINE),
        }
    }

    pub(crate) fn repeat(self) -> Repeat {
        match self {
            Self::Rectangular | Self::SlowRise => Repeat::ONCE,
            Self::BurstAc { cycles, .. } => Repeat { count: cycles, gap: Micros::ZERO },
            Self::TwinPeak { between_us } => {
                let gap = Micros::from_micros(u32::from(between_us)).unwrap_or_default();
                Repeat { count: 2, gap }
            }
        }
    }

    /// Whether the phase is made of steps: the shape, not the peak, gives its charge.
    #[must_use]
    pub const fn is_stepped(self) -> bool {
        matches!(self, Self::SlowRise | Self::BurstAc { .. })
    }

    /// How often the phases are repeated in one pulse.
    #[must_use]
    pub const fn repeats(self) -> u16 {
        match self {
            Self::Rectangular | Self::SlowRise => 1,
            Self::BurstAc { cycles, .. } => cycles,
            Self::TwinPeak { .. } => 2,
        }
    }

    /// The longest pulse with these phases, in microseconds: all repeats, the gaps between phases and between repeats.
    #[must_use]
    pub fn pulse_us(self, width_us: u32, gap_us: u32, back: ChargeReturn) -> u64 {
        let back_us = u64::from(width_us).saturating_mul(u64::from(back.length_percent())) / 100;
        let gap = if back == ChargeReturn::Monophasic { 0 } else { u64::from(gap_us) };
        let each = u64::from(width_us).saturating_add(gap).saturating_add(back_us);
        let between = u64::from(self.repeat().gap.as_micros());
        let repeats = u64::from(self.repeats());
        each.saturating_mul(repeats).saturating_add(between.saturating_mul(repeats.saturating_sub(1)))
    }

    /// Mean direct current of a monophasic pulse at `amplitude_ua`, in microamperes, rounded up.
    #[must_use]
    pub fn direct_ua(self, amplitude_ua: u32, width_us: u32, millihertz: u32) -> u32 {
        // a rise has half the charge of its peak; 2 % on top for what a hardware rounds up
        let (share, of) = if self.is_stepped() { (1_u64, 2_u64) } else { (1, 1) };
        let per_pulse = u64::from(amplitude_ua).saturating_mul(u64::from(width_us)).saturating_mul(share);
        let a_second = u128::from(per_pulse)
            .saturating_mul(u128::from(self.repeats()))
            .saturating_mul(u128::from(millihertz));
        let per = u128::from(of).saturating_mul(1_000_000_000);
        let mean = a_second.checked_div(per).and_then(|ua| u32::try_from(ua).ok()).unwrap_or(u32::MAX);
        mean.saturating_add(mean.div_ceil(50)).saturating_add(1)
    }
}

impl Waveform {
    /// The pulse as core takes it. `direct` is what a monophasic one declares.
    pub(crate) fn shape(&self, back: ChargeReturn, gap: Micros, direct: MicroAmps) -> PulseShape<'static> {
        let balance = match back {
            ChargeReturn::Symmetric => Balance::Symmetric,
            ChargeReturn::Asymmetric(length_percent) => Balance::Asymmetric { length_percent },
            ChargeReturn::Monophasic => Balance::DeclaredDc { at_most: direct },
        };
        let kind = self.kind.value;
        PulseShape { form: kind.form(), gap, balance, leading: self.leading.value, repeat: kind.repeat() }
    }
}

impl TimingRow {
    pub(crate) fn timing(self) -> Result<Timing<'static>, nmes_core::ConfigError> {
        Ok(match self {
            Self::Bursts { pulses, every_millihertz } => {
                Timing::Bursts(Bursts { pulses, every: Rate::from_millihertz(every_millihertz)? })
            }
            Self::Intervals(list) => Timing::List(list),
        })
    }
}

const _: () = assert!(FULL_SCALE == 16_384, "the tables above are in parts of it");
