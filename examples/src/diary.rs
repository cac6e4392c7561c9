//! A diary for people and for other programs.

use crate::app::{say, say_json};
use crate::cli::{DiaryArgs, DiaryShape};
use crate::failure::Failure;
use crate::files;
use crate::text::{Table, shown, thousandths};
use nmes_protocols::files::DiaryFile;
use nmes_protocols::{Adherence, Answers, CATALOGUE, DiaryEntry, Item, with_diary};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write;

/// `nmes diary`.
pub(crate) fn run(args: &DiaryArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let diary = files::diary(&args.file)?;
    match args.format {
        DiaryShape::Text => say(out, &text(&diary)),
        DiaryShape::Csv => say(out, &csv(&diary)?),
        DiaryShape::Json => say_json(out, &diary),
    }
}

/// Whether the skin stops sessions.
fn stopped(sessions: &[DiaryEntry]) -> bool {
    with_diary(Answers::all_no(), sessions).answer(Item::SkinReaction) == Some(true)
}

fn text(diary: &DiaryFile) -> String {
    let mut text = format!("Diary of {}, {} sessions\n\n", diary.code, diary.sessions.len());
    let mut table =
        Table::new(&["date", "protocol", ">min", ">of", ">mA", ">% MVIC", ">pain", "skin", "event"]);
    for entry in diary.sessions.iter() {
        let minutes = |ms: u32| thousandths(u64::from(ms) / 60, 1);
        let or_dash = |n: Option<u8>| n.map_or_else(|| "-".to_owned(), |n| n.to_string());
        let event =
            entry.event.as_ref().map(|event| format!("{}: {}", event.grade.word(), shown(&event.what)));
        table.row([
            entry.date.to_string(),
            entry.protocol.to_string(),
            minutes(entry.delivered_ms.as_millis()),
            minutes(entry.planned_ms.as_millis()),
            thousandths(u64::from(entry.amplitude_ua.as_microamps()), 3),
            or_dash(entry.mvic_percent),
            or_dash(entry.pain),
            entry.skin.word().to_owned(),
            event.unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    text.push_str(&table.plain());
    text.push('\n');
    for row in CATALOGUE {
        if let Some(adherence) = Adherence::of(row, &diary.sessions) {
            let number = adherence.sessions;
            let _ = writeln!(text, "  {}: {adherence}; pads next time {}", row.name, row.pad_place(number));
        }
    }
    if stopped(&diary.sessions) {
        text.push_str("  Stop, and have the skin looked at: no session until it is fully clear.\n");
    }
    text
}

#[derive(Serialize)]
struct Line<'d> {
    date: String,
    protocol: &'d str,
    planned_ms: u32,
    delivered_ms: u32,
    amplitude_ua: u32,
    mvic_percent: Option<u8>,
    pain: Option<u8>,
    skin: &'d str,
    event_grade: Option<&'d str>,
    event: Option<&'d str>,
}

fn csv(diary: &DiaryFile) -> Result<String, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Input(format!("CSV: {error}"));
    let mut csv = csv::Writer::from_writer(Vec::new());
    for entry in diary.sessions.iter() {
        let line = Line {
            date: entry.date.to_string(),
            protocol: &entry.protocol,
            planned_ms: entry.planned_ms.as_millis(),
            delivered_ms: entry.delivered_ms.as_millis(),
            amplitude_ua: entry.amplitude_ua.as_microamps(),
            mvic_percent: entry.mvic_percent,
            pain: entry.pain,
            skin: entry.skin.word(),
            event_grade: entry.event.as_ref().map(|event| event.grade.word()),
            event: entry.event.as_ref().map(|event| event.what.as_str()),
        };
        csv.serialize(line).map_err(|error| failed(&error))?;
    }
    let bytes = csv.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}
