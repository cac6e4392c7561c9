//! Waveforms in words and tables.

use super::kinds::{KINDS, KindRow};
use super::played::Played;
use crate::text::{Paint, Table, trimmed};
use nmes_core::{Charge, FrameKind, Level, Plan, PulseFrame, Rounded};

/// Levels of a pulse that are printed; of longer ones the first are.
const LEVELS_MAX: usize = 24;

/// Every kind, what it is, and what it takes.
#[must_use]
pub fn list(paint: Paint) -> String {
    let mut table = Table::new(&["kind", "what it is", "takes"]);
    for row in &KINDS {
        let takes: Vec<String> = row.takes.iter().map(|flag| format!("--{flag}")).collect();
        table.row([row.word.into(), row.about.into(), takes.join(" ")]);
    }
    let head = paint.head("Pulses and trains that nmes-core makes");
    format!(
        "{head}\n{}\nEvery kind takes --amplitude-ma --polarity --frequency-hz --seconds, the output stage, --svg, \
         --samples and --format.\nFor example: nmes wave russian --carrier sine --svg russian.svg\n",
        table.plain()
    )
}

/// One kind as compiled and played.
#[must_use]
pub fn text(row: &KindRow, plan: &Plan<'_>, played: &Played, paint: Paint) -> String {
    let head = paint.head(&format!("{}: {}", row.word, row.about));
    let parts = [rounding(plan), pulse(plan, paint), train(plan, played, paint)];
    format!(
        "{head}\nOne channel on an output stage, on paper: not for use on a person.\n\n{}",
        parts.join("\n")
    )
}

fn rounding(plan: &Plan<'_>) -> String {
    let mut table = Table::new(&["value", ">asked", ">realised", ">error", "unit"]);
    let report = plan.rounding(0);
    for row in report.iter().flat_map(|report| report.rows()) {
        if row.requested == 0 && row.realised == 0 {
            continue;
        }
        let (scale, unit) = if row.unit == "nA" { (1e6, "mA") } else { (1e3, "µs") };
        let show = |value: f64| trimmed(value / scale, 6);
        table.row([
            label(plan, row),
            show(row.requested as f64),
            show(row.realised as f64),
            show(row.error() as f64),
            unit.into(),
        ]);
    }
    table.plain()
}

/// The width of a table or of points is that of all its levels.
fn label(plan: &Plan<'_>, row: &Rounded) -> String {
    let levels = plan.channel(0).is_some_and(|c| {
        matches!(c.channel().pulse.form, nmes_core::Form::Table(_) | nmes_core::Form::Points(_))
    });
    if levels && row.field == nmes_core::Field::PhaseWidth {
        return "all levels".into();
    }
    // the unit has a column of its own
    let name = row.field.to_string();
    name.split_once(" (").map_or_else(|| name.clone(), |(name, _)| name.into())
}

fn full<'f>(plan: &'f Plan<'_>) -> Option<PulseFrame<'f>> {
    let set = plan.channel(0)?.channel().set;
    plan.frame(0, set, 0).filter(|frame| frame.kind() == FrameKind::Pulse)
}

fn pulse(plan: &Plan<'_>, paint: Paint) -> String {
    let (Some(frame), Some(output)) = (full(plan), plan.hardware().channel(0)) else {
        return "Nothing is put out: the amplitude is under one code.\n".into();
    };
    let per_us = f64::from(plan.hardware().timing().ticks_per_second) / 1e6;
    let mut table = Table::new(&[">from µs", ">ticks", ">code", ">mA", ">code × ticks"]);
    let (mut at, mut sum) = (0_u64, 0_i64);
    for (number, segment) in frame.segments().enumerate() {
        let code = match segment.level {
            Level::Code(code) => Some(code),
            Level::Open | Level::Shorted => None,
        };
        let area = i64::from(code.unwrap_or(0)) * i64::from(segment.ticks);
        sum += area;
        if number < LEVELS_MAX {
            table.row([
                trimmed(at as f64 / per_us, 3),
                segment.ticks.to_string(),
                code.map_or("open".into(), |code| code.to_string()),
                trimmed(segment.level.current_na(output) as f64 / 1e6, 6),
                area.to_string(),
            ]);
        }
        at += u64::from(segment.ticks);
    }
    let more = usize::from(frame.segment_count()).saturating_sub(LEVELS_MAX);
    let more = if more == 0 { String::new() } else { format!("  and {more} more levels\n") };
    let levels = if frame.segment_count() == 1 { "level" } else { "levels" };
    let us = trimmed(at as f64 / per_us, 3);
    let head = format!("One pulse at full level: {} {levels} in {us} µs", frame.segment_count());
    let sum = if sum == 0 { paint.good("0") } else { paint.warn(&sum.to_string()) };
    format!("{}\n{}{more}  Σ code × ticks: {sum}\n", paint.head(&head), table.plain())
}

fn train(plan: &Plan<'_>, played: &Played, paint: Paint) -> String {
    let seconds = f64::from(plan.session().length().as_millis()) / 1e3;
    let exact = played.pulses.iter().filter(|p| p.code_ticks == 0).count();
    let worst = played.pulses.iter().map(|p| p.code_ticks.abs()).max().unwrap_or(0);
    let each = if exact == played.pulses.len() {
        paint.good("0 in every pulse")
    } else {
        format!("0 in {exact} of {} pulses, at most {worst}", played.pulses.len())
    };
    let gaps = played.pulses.windows(2).map(|w| w[1].onset - w[0].onset);
    let (least, most) = (gaps.clone().min(), gaps.max());
    let apart = match (least, most) {
        (Some(least), Some(most)) if least == most => format!("{least} ticks apart"),
        (Some(least), Some(most)) => format!("{least} to {most} ticks apart"),
        _ => "alone".into(),
    };
    let head = paint.head(&format!(
        "The train: {} pulses in {} s, {apart}",
        played.pulses.len(),
        trimmed(seconds, 3)
    ));
    let ledger = if played.ledger == Charge::ZERO {
        paint.good("0")
    } else {
        let pc = played.ledger.as_picocoulombs(plan.hardware().timing().ticks_per_second);
        paint.warn(&format!(
            "{} nA·ticks, {} nC",
            played.ledger.as_nanoamp_ticks(),
            trimmed(pc as f64 / 1e3, 3)
        ))
    };
    let (trims, silent) = (played.counters.trims, played.counters.silent);
    format!(
        "{head}\n  Σ code × ticks: {each}; {} over all {} level changes\n  left on the ledger: {ledger}; {trims} trims, {silent} \
         silent onsets\n",
        played.code_ticks,
        played.changes.len()
    )
}
