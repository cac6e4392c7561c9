//! What a run leaves behind for other programs: level changes, and one record a pulse.

use crate::cli::Format;
use crate::desk::{DeliveredPulse, LevelChange};
use crate::failure::Failure;
use nmes_core::{FrameKind, Hardware, Level};
use serde::Serialize;
use std::io::{self, Write};

/// One level change. `code` is nothing when the output is open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EventRow {
    /// Ticks of session time at which it was applied.
    pub tick: u64,
    /// The same in µs.
    #[serde(serialize_with = "whole_if_whole")]
    pub t_us: f64,
    /// The channel.
    pub channel: u8,
    /// The code that is driven from here on.
    pub code: Option<i32>,
    /// Its calibrated current.
    #[serde(serialize_with = "whole_if_whole")]
    pub current_ua: f64,
}

const COLUMNS: [&str; 5] = ["tick", "t_us", "channel", "code", "current_ua"];

/// Every level change of a run.
pub fn event_rows(changes: &[LevelChange], hardware: &Hardware) -> impl Iterator<Item = EventRow> {
    let per_us = f64::from(hardware.timing().ticks_per_second) / 1e6;
    let channels = *hardware;
    changes.iter().map(move |change| EventRow {
        tick: change.tick,
        t_us: rounded(change.tick as f64 / per_us),
        channel: change.channel,
        code: match change.level {
            Level::Code(code) => Some(code),
            Level::Open | Level::Shorted => None,
        },
        current_ua: channels.channel(change.channel).map_or(0.0, |c| change.level.current_na(c) as f64 / 1e3),
    })
}

/// `1200001` and not `1200001.0`: readers that want whole numbers get them.
fn whole_if_whole<S: serde::Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    // whole numbers below 2^53 are exact
    if value.fract() == 0.0 && value.abs() < 9e15 {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}

/// To three decimals, which is all that a report needs.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// Writes level changes.
///
/// # Errors
/// The writer's own.
pub fn write_changes(
    changes: &[LevelChange],
    hardware: &Hardware,
    format: Format,
    mut out: impl Write,
) -> io::Result<()> {
    match format {
        Format::Csv => {
            let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(out);
            // a run without a pulse has a header too
            csv.write_record(COLUMNS).map_err(io::Error::other)?;
            for row in event_rows(changes, hardware) {
                csv.serialize(row).map_err(io::Error::other)?;
            }
            csv.flush()
        }
        Format::Jsonl => {
            for row in event_rows(changes, hardware) {
                serde_json::to_writer(&mut out, &row)?;
                writeln!(out)?;
            }
            out.flush()
        }
    }
}

const PULSE_COLUMNS: [&str; 22] = [
    "pulse",
    "kind",
    "onset_tick",
    "onset_us",
    "length_us",
    "set_ua",
    "set_width_us",
    "full_level",
    "code",
    "primary_ticks",
    "primary_charge_na_ticks",
    "ledger_na_ticks",
    "deferred_ticks",
    "measured_peak_ua",
    "measured_primary_nc",
    "measured_balance_nc",
    "measured_net_nc",
    "measured_min_v",
    "measured_max_v",
    "clipped",
    "channel",
    "cut",
];

#[derive(Serialize)]
struct PulseRow {
    pulse: u32,
    kind: &'static str,
    onset_tick: u64,
    #[serde(serialize_with = "whole_if_whole")]
    onset_us: f64,
    #[serde(serialize_with = "whole_if_whole")]
    length_us: f64,
    set_ua: u32,
    set_width_us: u32,
    full_level: bool,
    code: i32,
    primary_ticks: u32,
    primary_charge_na_ticks: i64,
    ledger_na_ticks: i64,
    deferred_ticks: u64,
    #[serde(serialize_with = "whole_if_whole")]
    measured_peak_ua: f64,
    /// Of the main phase, once.
    #[serde(serialize_with = "whole_if_whole")]
    measured_primary_nc: f64,
    #[serde(serialize_with = "whole_if_whole")]
    measured_balance_nc: f64,
    #[serde(serialize_with = "whole_if_whole")]
    measured_net_nc: f64,
    #[serde(serialize_with = "whole_if_whole")]
    measured_min_v: f64,
    #[serde(serialize_with = "whole_if_whole")]
    measured_max_v: f64,
    clipped: bool,
    channel: u8,
    /// Whether a hard off cut it.
    cut: bool,
}

pub(crate) const fn kind_word(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Pulse => "pulse",
        FrameKind::Trim => "trim",
        FrameKind::Recover => "recover",
    }
}

/// Writes one record a pulse.
///
/// # Errors
/// The writer's own.
pub fn write_pulses(
    pulses: &[DeliveredPulse],
    hardware: &Hardware,
    out: impl Write,
) -> Result<(), csv::Error> {
    let per_us = f64::from(hardware.timing().ticks_per_second) / 1e6;
    let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(out);
    // a run without a pulse has a header too
    csv.write_record(PULSE_COLUMNS)?;
    for pulse in pulses {
        let (receipt, delivered) = (&pulse.receipt, &pulse.delivered);
        csv.serialize(PulseRow {
            pulse: receipt.sequence,
            kind: kind_word(receipt.kind),
            onset_tick: receipt.onset_tick,
            onset_us: rounded(receipt.onset_tick as f64 / per_us),
            length_us: rounded((receipt.end_tick - receipt.onset_tick) as f64 / per_us),
            set_ua: receipt.setting.amplitude.as_microamps(),
            set_width_us: receipt.setting.width.as_micros(),
            full_level: receipt.full_level,
            code: receipt.code,
            primary_ticks: receipt.primary_ticks,
            primary_charge_na_ticks: receipt.primary_charge.as_nanoamp_ticks(),
            ledger_na_ticks: receipt.ledger.as_nanoamp_ticks(),
            deferred_ticks: receipt.deferred_ticks,
            measured_peak_ua: rounded(delivered.peak_ua),
            measured_primary_nc: rounded(pulse.main_nc()),
            measured_balance_nc: rounded(pulse.against_nc()),
            measured_net_nc: rounded(delivered.net_nc),
            measured_min_v: rounded(delivered.min_v),
            measured_max_v: rounded(delivered.max_v),
            clipped: delivered.clipped,
            channel: receipt.channel,
            cut: receipt.cut,
        })?;
    }
    Ok(csv.flush()?)
}

/// Creates a file, and the folders to it where they are missing, and writes to it.
///
/// # Errors
/// Names the file.
pub fn save<E: std::fmt::Display>(
    path: &std::path::Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::writing(folder, &error))?;
    }
    let file = std::fs::File::create(path).map_err(|error| Failure::writing(path, &error))?;
    let mut out = io::BufWriter::new(file);
    write(&mut out).map_err(|error| Failure::writing(path, &error))?;
    out.flush().map_err(|error| Failure::writing(path, &error))
}
