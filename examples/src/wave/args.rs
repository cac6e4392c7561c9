//! The command line of `nmes wave`.

use super::kinds::Kind;
use crate::cli::{ControlWord, StageArgs};
use crate::parse;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How a waveform is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WaveFormat {
    /// What was asked and what is realised, one pulse level by level, sums.
    Table,
    /// Every level change of the train, as `nmes events` writes them.
    Csv,
}

/// Which way the main phase drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PolarityWord {
    /// Above zero.
    Positive,
    /// Below zero.
    Negative,
}

/// How a moving rate moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LawWord {
    /// By the same number of pulses a second in each second.
    Linear,
    /// By the same ratio in each second.
    Exponential,
}

/// The shape of a ramp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SlopeWord {
    /// A straight line.
    Linear,
    /// Half a period of a cosine.
    RaisedCosine,
    /// Slow first, then fast.
    Exponential,
}

/// The shape of a cycle of a kHz burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CarrierWord {
    /// Two rectangles.
    Rectangular,
    /// A sine.
    Sine,
}

/// Arguments of `wave`.
#[derive(Clone, Debug, Args)]
pub struct WaveArgs {
    /// Which kind; without it, all are listed.
    #[arg(value_enum)]
    pub kind: Option<Kind>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes the doc comment of a flattened field for a help text")]
    pub shape: ShapeArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub train: WaveTrain,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub stage: StageArgs,
    /// What is printed.
    #[arg(long, value_enum, default_value_t = WaveFormat::Table, help_heading = "Output")]
    pub format: WaveFormat,
    /// Draw one pulse and the train into this file.
    #[arg(long, value_name = "FILE.svg", help_heading = "Output")]
    pub svg: Option<PathBuf>,
    /// Write the same train as raw 16-bit samples, one a tick of --ticks-hz.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub samples: Option<PathBuf>,
}

/// The pulse. What a kind does not take is refused; `nmes wave` without a kind lists what each takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Pulse (default: an example of the kind)")]
pub struct ShapeArgs {
    /// Amplitude of the main phase.
    #[arg(long, value_name = "X", value_parser = parse::milliamps, allow_hyphen_values = true)]
    pub amplitude_ma: Option<u32>,
    /// Width of the main phase; of a table, of half a wave.
    #[arg(long, value_name = "N", value_parser = parse::long_us, allow_hyphen_values = true)]
    pub phase_us: Option<u32>,
    /// Gap between the phases.
    #[arg(long, value_name = "N", value_parser = parse::short_us, allow_hyphen_values = true)]
    pub gap_us: Option<u32>,
    /// Which way the main phase drives.
    #[arg(long, value_enum)]
    pub polarity: Option<PolarityWord>,
    /// Width of the balancing phase in percent of the main phase.
    #[arg(long, value_name = "P", value_parser = parse::small, allow_hyphen_values = true)]
    pub length_percent: Option<u16>,
    /// The most mean direct current that is admitted to.
    #[arg(long, value_name = "X", value_parser = parse::milliamps, allow_hyphen_values = true)]
    pub declared_dc_ma: Option<u32>,
    /// Amplitude of the pre-pulse in percent of the main phase.
    #[arg(long, value_name = "P", value_parser = parse::byte, allow_hyphen_values = true)]
    pub prepulse_percent: Option<u8>,
    /// Width of the pre-pulse.
    #[arg(long, value_name = "N", value_parser = parse::phase_us, allow_hyphen_values = true)]
    pub prepulse_us: Option<u32>,
    /// Amplitude of the first phase in percent of the main phase.
    #[arg(long, value_name = "P", value_parser = parse::byte, allow_hyphen_values = true)]
    pub outer_percent: Option<u8>,
    /// Levels in thousandths of the amplitude and how long each, for example 1000:200,0:100,-500:400.
    #[arg(long, value_name = "‰:µs,…", value_parser = parse::points, allow_hyphen_values = true)]
    pub points: Option<parse::Points>,
    /// Cycles of one burst of the carrier.
    #[arg(long, value_name = "N", value_parser = parse::small, allow_hyphen_values = true)]
    pub cycles: Option<u16>,
    /// From the end of one pulse of a group to the beginning of the next.
    #[arg(long, value_name = "N", value_parser = parse::long_us, allow_hyphen_values = true)]
    pub between_us: Option<u32>,
    /// The shape of a cycle of the carrier.
    #[arg(long, value_enum)]
    pub carrier: Option<CarrierWord>,
}

/// The train.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Train (default: an example of the kind)")]
pub struct WaveTrain {
    /// Pulses a second; the fastest there are, where the timing varies.
    #[arg(long, value_name = "F", value_parser = parse::hertz, allow_hyphen_values = true)]
    pub frequency_hz: Option<u32>,
    /// How long.
    #[arg(long, value_name = "S", value_parser = parse::wave_seconds, allow_hyphen_values = true)]
    pub seconds: Option<u32>,
    /// Pulses of one burst.
    #[arg(long, value_name = "N", value_parser = parse::small, allow_hyphen_values = true)]
    pub burst_pulses: Option<u16>,
    /// Bursts a second.
    #[arg(long, value_name = "F", value_parser = parse::hertz, allow_hyphen_values = true)]
    pub bursts_hz: Option<u32>,
    /// The rate at the beginning of a sweep.
    #[arg(long, value_name = "F", value_parser = parse::hertz, allow_hyphen_values = true)]
    pub from_hz: Option<u32>,
    /// The rate at its end.
    #[arg(long, value_name = "F", value_parser = parse::hertz, allow_hyphen_values = true)]
    pub to_hz: Option<u32>,
    /// How long the rate moves.
    #[arg(long, value_name = "N", value_parser = parse::millis, allow_hyphen_values = true)]
    pub sweep_ms: Option<u32>,
    /// How it moves.
    #[arg(long, value_enum)]
    pub law: Option<LawWord>,
    /// Times between onsets, one after the other and again, for example 20,35.5,50.
    #[arg(long, value_name = "N,…", value_parser = parse::intervals, allow_hyphen_values = true)]
    pub intervals_ms: Option<parse::Intervals>,
    /// From the floor to full level.
    #[arg(long, value_name = "N", value_parser = parse::millis, allow_hyphen_values = true)]
    pub ramp_up_ms: Option<u32>,
    /// From full level to the floor.
    #[arg(long, value_name = "N", value_parser = parse::millis, allow_hyphen_values = true)]
    pub ramp_down_ms: Option<u32>,
    /// Where ramps start, in percent of the amplitude or of the width: 0 to 100.
    #[arg(long, value_name = "P", value_parser = parse::byte, allow_hyphen_values = true)]
    pub floor_percent: Option<u8>,
    /// The shape of the ramps.
    #[arg(long, value_enum)]
    pub slope: Option<SlopeWord>,
    /// What the ramps move.
    #[arg(long, value_enum)]
    pub control: Option<ControlWord>,
}
