//! `nmes records`: what a device kept, for people and for other programs.

use crate::app::{say, say_json};
use crate::cli::{RecordShape, RecordsArgs};
use crate::failure::Failure;
use crate::memory::is_blank;
use crate::records::kind_word;
use crate::text::{Table, thousandths, trimmed};
use nmes_safety::records::{
    BLACK_BOX_BYTES, ChannelRecord, DOSE_BYTES, DecodeError, DoseRecord, LOG_BYTES, LogEntry, LogFlags,
    PulseRecord, StoredBlackBox, log_entries,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

/// One file as it reads.
enum Content {
    Dose(Box<DoseRecord>, u32),
    BlackBox(Box<StoredBlackBox>),
    Log(Vec<Result<LogEntry, DecodeError>>),
    /// Never written: all ones, or all zeros.
    Blank,
    /// None of them, and why.
    Damaged(String),
}

/// `nmes records`.
pub(crate) fn run(args: &RecordsArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let mut damaged = Vec::new();
    let mut contents = Vec::new();
    for path in paths(&args.paths)? {
        let content = read(&path)?;
        damaged.extend(damage(&path, &content));
        contents.push((path, content));
    }
    match args.format {
        RecordShape::Text => say(out, &contents.iter().map(|(path, c)| text(path, c)).collect::<String>())?,
        RecordShape::Csv => say(out, &csv(&contents)?)?,
        RecordShape::Json => say_json(out, &contents.iter().map(|(p, c)| json(p, c)).collect::<Vec<_>>())?,
    }
    if damaged.is_empty() { Ok(()) } else { Err(Failure::Faulted(damaged.join("; "))) }
}

/// Files as they are named, and the records of a folder by name.
fn paths(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in named {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let unread = |error| Failure::Input(format!("{}: {error}", path.display()));
        let entries =
            std::fs::read_dir(path).map_err(unread)?.collect::<Result<Vec<_>, _>>().map_err(unread)?;
        let is_record = |file: &PathBuf| file.extension().is_some_and(|end| end == "bin" || end == "log");
        let mut files: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).filter(is_record).collect();
        if files.is_empty() {
            return Err(Failure::Input(format!("{}: no records (*.bin, *.log) in it", path.display())));
        }
        files.sort();
        all.append(&mut files);
    }
    Ok(all)
}

/// Longer files are not read: a delivered log of a day of 8 channels at 40 Hz, 1.77 GB, is below it.
const LONGEST: u64 = 4 << 30;

/// What a file is follows from its first bytes, and for a log from its length.
fn read(path: &Path) -> Result<Content, Failure> {
    let refused = |why: String| Failure::Input(format!("{}: {why}", path.display()));
    let bytes = crate::files::bytes(path, LONGEST).map_err(refused)?;
    let damaged = |error: DecodeError| Content::Damaged(error.to_string());
    if bytes.starts_with(b"NMDS") {
        let dose = |(record, number)| Content::Dose(Box::new(record), number);
        return Ok(DoseRecord::decode(&bytes).map_or_else(damaged, dose));
    }
    if bytes.starts_with(b"NMBB") {
        let black_box = |stored| Content::BlackBox(Box::new(stored));
        return Ok(StoredBlackBox::decode(&bytes).map_or_else(damaged, black_box));
    }
    if !bytes.is_empty() && is_blank(&bytes) {
        return Ok(Content::Blank);
    }
    let entries: Vec<_> = log_entries(&bytes).collect();
    if entries.iter().any(Result::is_ok) {
        return Ok(Content::Log(entries));
    }
    Ok(Content::Damaged(format!(
        "no record: accepted are a dose ({DOSE_BYTES} bytes from NMDS), a black box ({BLACK_BOX_BYTES} from NMBB) and a \
         delivered log ({LOG_BYTES} an entry), see docs/records.md"
    )))
}

/// What of a file cannot be read.
fn damage(path: &Path, content: &Content) -> Option<String> {
    let entries = match content {
        Content::Dose(..) | Content::BlackBox(_) | Content::Blank => return None,
        Content::Damaged(why) => return Some(format!("{}: {why}", path.display())),
        Content::Log(entries) => entries,
    };
    let bad: Vec<_> =
        (0..).zip(entries).filter_map(|(at, entry)| Some((at, entry.as_ref().err()?))).collect();
    let (at, error): &(u64, _) = bad.first()?;
    let (number, all) = (bad.len(), entries.len());
    Some(format!("{}: {number} of {all} entries damaged, the first is number {at}: {error}", path.display()))
}

fn text(path: &Path, content: &Content) -> String {
    let body = match content {
        Content::Dose(record, number) => dose_text(record, *number),
        Content::BlackBox(stored) => black_box_text(stored),
        Content::Log(entries) => log_text(entries),
        Content::Blank => "  never written\n".to_owned(),
        Content::Damaged(why) => format!("  damaged: {why}\n"),
    };
    format!("{}\n{body}\n", path.display())
}

fn dose_text(record: &DoseRecord, number: u32) -> String {
    let mut table = Table::new(&["dose and progress", ">"]);
    let level = |ua: u32| thousandths(u64::from(ua), 3);
    let levels: Vec<String> = record.last_level.iter().map(|ua| level(ua.as_microamps())).collect();
    for (what, value) in [
        ("number of this writing", number.to_string()),
        ("sessions begun", record.begun.to_string()),
        ("completed", record.completed.to_string()),
        ("ended by a fault", record.faulted.to_string()),
        ("time of all sessions", format!("{} s", trimmed(record.session_ms as f64 / 1e3, 1))),
        ("pulses", record.pulses.to_string()),
        ("time inside pulses", format!("{} s", trimmed(record.pulse_us as f64 / 1e6, 3))),
        ("charge of main phases", format!("{} µC", record.charge_uc)),
        ("limits", format!("{:#010x}", record.limits_crc)),
        ("mA of channels 0 to 7 at the last end", levels.join(" ")),
    ] {
        table.row([what.to_owned(), value]);
    }
    table.plain()
}

fn black_box_text(stored: &StoredBlackBox) -> String {
    let mut table = Table::new(&["fault", "answer", "channel", ">found", ">limit", "unit", "rule", ">tick"]);
    for trip in stored.entries() {
        let channel = trip.channel.map_or_else(|| "all".to_owned(), |channel| channel.to_string());
        table.row([
            format!("{:?}", trip.fault),
            format!("{:?}", trip.response),
            channel,
            trip.value.to_string(),
            trip.limit.to_string(),
            trip.unit.to_string(),
            trip.rule.to_string(),
            trip.at_tick.to_string(),
        ]);
    }
    let mut text = format!("  session {}, {} ticks a second\n", stored.session(), stored.ticks_per_second());
    text.push_str(&table.plain());
    if stored.later() > 0 {
        let _ = writeln!(text, "  and {} more, which are not kept", stored.later());
    }
    text
}

/// Session by session and channel by channel, as the log tells them apart.
struct Stretch<'e> {
    number: u8,
    /// How to read it; nothing where that is lost, and with it the session and every time.
    channel: Option<&'e ChannelRecord>,
    pulses: Vec<&'e PulseRecord>,
}

/// The stretch that a channel's pulses belong to, and whether an entry was damaged since the last one of them.
struct Open {
    at: usize,
    doubted: bool,
}

/// A channel's pulses belong to the last entry that says how to read it. Where that may have been a damaged one, because the
/// pulses after it begin again, and where there is none, they are of a session that is not known.
fn stretches(entries: &[Result<LogEntry, DecodeError>]) -> Vec<Stretch<'_>> {
    let (mut all, mut open, mut session) = (Vec::new(), BTreeMap::new(), None);
    for entry in entries {
        match entry {
            Err(_) => open.values_mut().for_each(|open: &mut Open| open.doubted = true),
            Ok(LogEntry::Channel(channel)) => {
                // a session says of all its channels how to read them, before its first pulse
                if session.replace(channel.session) != Some(channel.session) {
                    open.clear();
                }
                open.insert(channel.channel, Open { at: all.len(), doubted: false });
                all.push(Stretch { number: channel.channel, channel: Some(channel), pulses: Vec::new() });
            }
            Ok(LogEntry::Pulse(pulse)) => {
                let at = goes_to(&mut all, open.get(&pulse.channel), pulse);
                all[at].pulses.push(pulse);
                open.insert(pulse.channel, Open { at, doubted: false });
            }
        }
    }
    all
}

/// The place of a pulse's stretch, a new one where it cannot be of the open one.
fn goes_to<'e>(all: &mut Vec<Stretch<'e>>, open: Option<&Open>, pulse: &PulseRecord) -> usize {
    let goes_back =
        |last: &&PulseRecord| pulse.sequence <= last.sequence || pulse.onset_tick < last.onset_tick;
    if let Some(open) = open
        && !(open.doubted && all[open.at].pulses.last().is_some_and(goes_back))
    {
        return open.at;
    }
    all.push(Stretch { number: pulse.channel, channel: None, pulses: Vec::new() });
    all.len() - 1
}

fn log_text(entries: &[Result<LogEntry, DecodeError>]) -> String {
    let mut table = Table::new(&[
        ">session",
        ">channel",
        ">pulses",
        ">repaid",
        ">from s",
        ">to s",
        ">set mA",
        ">measured mA",
        ">V",
        ">ledger nA·s",
        ">cut",
        ">faults",
    ]);
    for stretch in stretches(entries) {
        table.row(log_line(&stretch));
    }
    table.plain()
}

fn log_line(Stretch { number, channel, pulses }: &Stretch<'_>) -> [String; 12] {
    let unknown = || "-".to_owned();
    let hz = channel.map(|channel| f64::from(channel.ticks_per_second));
    let seconds = |ticks: f64| hz.map_or_else(unknown, |hz| trimmed(ticks / hz, 3));
    let onset = |pulse: Option<&&PulseRecord>| pulse.map_or_else(unknown, |p| seconds(p.onset_tick as f64));
    let most = |of: fn(&PulseRecord) -> i64| pulses.iter().map(|p| of(p).abs()).max().unwrap_or(0) as f64;
    let count = |flag| pulses.iter().filter(|p| p.flags.has(flag)).count();
    let repaid = count(LogFlags::REPAYMENT);
    [
        channel.map_or_else(|| "unknown".to_owned(), |channel| channel.session.to_string()),
        number.to_string(),
        (pulses.len() - repaid).to_string(),
        repaid.to_string(),
        onset(pulses.first()),
        onset(pulses.last()),
        trimmed(most(|p| i64::from(p.set.amplitude.as_microamps())) / 1e3, 3),
        trimmed(most(|p| i64::from(p.measured_ua)) / 1e3, 3),
        trimmed(most(|p| i64::from(p.measured_mv)) / 1e3, 1),
        seconds(most(|p| p.ledger)),
        count(LogFlags::CUT).to_string(),
        count(LogFlags::FAULT).to_string(),
    ]
}

#[derive(Serialize)]
struct LogRow {
    /// Nothing where it is not known, as the two times.
    session: Option<u32>,
    channel: u8,
    kind: &'static str,
    sequence: u32,
    onset_us: Option<f64>,
    length_us: Option<f64>,
    set_ua: u32,
    set_us: u32,
    code: i32,
    primary_ticks: u32,
    ledger_na_ticks: i64,
    measured_ua: i32,
    measured_mv: i32,
    flags: u16,
}

const COLUMNS: [&str; 14] = [
    "session",
    "channel",
    "kind",
    "sequence",
    "onset_us",
    "length_us",
    "set_ua",
    "set_us",
    "code",
    "primary_ticks",
    "ledger_na_ticks",
    "measured_ua",
    "measured_mv",
    "flags",
];

fn csv(contents: &[(PathBuf, Content)]) -> Result<String, Failure> {
    let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    let failed = |error: &dyn std::fmt::Display| Failure::Input(format!("standard output: {error}"));
    // a log without a pulse has a header too
    csv.write_record(COLUMNS).map_err(|error| failed(&error))?;
    for (_, content) in contents {
        let Content::Log(entries) = content else { continue };
        for Stretch { channel, pulses, .. } in stretches(entries) {
            for pulse in pulses {
                csv.serialize(log_row(channel, pulse)).map_err(|error| failed(&error))?;
            }
        }
    }
    if contents.iter().all(|(path, content)| is_no_log(path, content)) {
        return Err(Failure::Input("no delivered log among these; only pulses have columns".to_owned()));
    }
    let bytes = csv.into_inner().map_err(|error| failed(&error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A blank page that is called as one of a dose or of faults is no log either.
fn is_no_log(path: &Path, content: &Content) -> bool {
    match content {
        Content::Dose(..) | Content::BlackBox(_) => true,
        Content::Blank => path.extension().is_some_and(|end| end == "bin"),
        Content::Log(_) | Content::Damaged(_) => false,
    }
}

fn log_row(channel: Option<&ChannelRecord>, pulse: &PulseRecord) -> LogRow {
    let us = |ticks: u64| Some(ticks as f64 * 1e6 / f64::from(channel?.ticks_per_second));
    LogRow {
        session: channel.map(|channel| channel.session),
        channel: pulse.channel,
        kind: kind_word(pulse.kind),
        sequence: pulse.sequence,
        onset_us: us(pulse.onset_tick),
        length_us: us(u64::from(pulse.length_ticks)),
        set_ua: pulse.set.amplitude.as_microamps(),
        set_us: pulse.set.width.as_micros(),
        code: pulse.code,
        primary_ticks: pulse.primary_ticks,
        ledger_na_ticks: pulse.ledger,
        measured_ua: pulse.measured_ua,
        measured_mv: pulse.measured_mv,
        flags: pulse.flags.bits(),
    }
}

fn json(path: &Path, content: &Content) -> serde_json::Value {
    let (kind, content) = match content {
        Content::Dose(record, number) => ("dose", serde_json::json!({ "number": number, "record": record })),
        Content::BlackBox(stored) => ("black_box", faults_json(stored)),
        Content::Log(entries) => ("delivered", entries.iter().map(entry_json).collect()),
        Content::Blank => ("blank", serde_json::Value::Null),
        Content::Damaged(why) => ("damaged", serde_json::json!({ "damaged": why })),
    };
    serde_json::json!({ "file": path.display().to_string(), "kind": kind, "content": content })
}

fn entry_json(entry: &Result<LogEntry, DecodeError>) -> serde_json::Value {
    match entry {
        Ok(entry) => serde_json::json!(entry),
        Err(error) => serde_json::json!({ "damaged": error.to_string() }),
    }
}

fn faults_json(stored: &StoredBlackBox) -> serde_json::Value {
    let entries = stored.entries().map(|trip| {
        serde_json::json!({
            "fault": format!("{:?}", trip.fault), "response": format!("{:?}", trip.response), "channel": trip.channel,
            "value": trip.value, "limit": trip.limit, "unit": trip.unit.as_str(), "rule": trip.rule.as_str(),
            "at_tick": trip.at_tick,
        })
    });
    serde_json::json!({
        "entries": entries.collect::<Vec<_>>(), "later": stored.later(), "session": stored.session(),
        "ticks_per_second": stored.ticks_per_second(),
    })
}
