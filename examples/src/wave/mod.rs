//! `nmes wave`: one pulse, or a train, of every kind that nmes-core knows, as a table, a picture, edges or samples.

pub mod args;
pub mod kinds;
pub mod played;
pub mod show;

use crate::app::say;
use crate::failure::Failure;
use crate::flags;
use crate::plot::wave::WavePicture;
use crate::records::write_changes;
use crate::scenario::ticks_up;
use crate::text::Paint;
use crate::written::Files;
use args::{WaveArgs, WaveFormat};
use kinds::Kind;
use nmes_core::{ChannelHardware, ConfigError, Field, Hardware, HardwareTiming, Plan, Schedule, Session};
use played::Played;
use std::io::Write;

/// The most ticks of a session that samples are written of: 64 MB.
const SAMPLES_MAX: u64 = 32_000_000;

/// Lists the kinds, or shows one.
///
/// # Errors
/// What the kind does not take, a value out of range, a pulse that the hardware cannot put out, a file that cannot be
/// written: with the flag, the value and the limit.
pub fn wave(args: &WaveArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let Some(kind) = args.kind else {
        kinds::takes_nothing(args)?;
        return say(out, &show::list(Paint::for_stdout()));
    };
    kinds::refuse_foreign(kind, args)?;
    let parts = kind.parts(args)?;
    let channels = [parts.channel()?];
    let told = |error: &ConfigError| of_config(error, args);
    let session = Session::new(&channels, Schedule::Continuous, parts.length).map_err(|e| told(&e))?;
    let hardware = hardware(args)?;
    let plan = Plan::compile(&session, &hardware).map_err(|e| told(&e))?;
    let played = Played::of(&plan, args.stage.seed, ticks_up(args.stage.late_us, args.stage.ticks_hz))?;
    put_out(args, kind, &plan, &played, out)
}

fn put_out(
    args: &WaveArgs,
    kind: Kind,
    plan: &Plan<'_>,
    played: &Played,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let (mut files, mut written) = (Files::default(), Vec::new());
    if let Some(path) = &args.samples {
        let samples = played::samples(plan, SAMPLES_MAX)?;
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        files.add(path, |file| file.write_all(&bytes))?;
        written.push(format!("{} ({} samples, 16 bits, little endian)", path.display(), samples.len()));
    }
    if let Some(path) = &args.svg {
        let picture = WavePicture::of(kind.row(), plan, played);
        let svg = picture.to_svg().map_err(|error| Failure::writing(path, &error))?;
        files.add(path, |file| file.write_all(svg.as_bytes()))?;
        written.push(path.display().to_string());
    }
    files.keep()?;
    match args.format {
        WaveFormat::Csv => {
            let mut text = Vec::new();
            let result = write_changes(&played.changes, plan.hardware(), crate::cli::Format::Csv, &mut text);
            result.map_err(|error| Failure::Input(format!("standard output: {error}")))?;
            say(out, &String::from_utf8_lossy(&text))
        }
        WaveFormat::Table => {
            let text = show::text(kind.row(), plan, played, Paint::for_stdout());
            let end = if written.is_empty() {
                String::new()
            } else {
                format!("\nWritten: {}\n", written.join(", "))
            };
            say(out, &format!("{text}{end}"))
        }
    }
}

fn hardware(args: &WaveArgs) -> Result<Hardware, Failure> {
    let stage = &args.stage;
    let declared = ticks_up(stage.declared_late_us.unwrap_or(stage.late_us), stage.ticks_hz);
    let timing = HardwareTiming { late_max_ticks: declared, ..HardwareTiming::ideal(stage.ticks_hz) };
    let channel = ChannelHardware::symmetric(stage.na_per_code, stage.code_min, stage.code_max);
    Hardware::new(timing, &[channel], 0).map_err(|error| flags::of_config(&error))
}

/// A refusal, with the flag of this command that it is about.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other fields have the flags of the other commands")]
fn of_config(error: &ConfigError, args: &WaveArgs) -> Failure {
    let flag = match error.field() {
        Field::BalanceLength => "--length-percent",
        Field::PhasePercent => "--prepulse-percent, --outer-percent",
        Field::Points | Field::PointLevel => "--points",
        Field::Repeat => "--cycles",
        Field::DirectCurrent => "--declared-dc-ma",
        Field::BurstPulses => "--burst-pulses, --bursts-hz",
        Field::SweepRate | Field::SweepRatio => "--frequency-hz, --to-hz",
        Field::SweepTime => "--sweep-ms",
        Field::Intervals | Field::Interval => "--intervals-ms, --frequency-hz",
        _ => return flags::of_plan(error, ticks_up(args.stage.late_us, args.stage.ticks_hz), None),
    };
    Failure::Input(format!("{flag}: {error}"))
}
