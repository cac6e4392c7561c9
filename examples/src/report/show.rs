//! A run, for people.

use super::steps::{row, steps};
use super::words::{charge_text, found_by_guard};
use super::{BLOCKING_MICROFARAD, Shown, WARNING};
use crate::desk::Played;
use crate::gait::seconds;
use crate::scenario::Scenario;
use crate::text::{Paint, Table, thousandths, trimmed};
use nmes_core::StopPolicy;
use nmes_protocols::{Applied, Built, Unit};
use nmes_safety::{Checked, rules};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Where `run` writes a record for each pulse.
pub const PULSES: &str = "pulses.csv";

const MARKS: &str = "F read in a source; R-h, R-m, R-l recalled with high, medium, low confidence; ours our own \
                     choice or arithmetic; given by you; walk from the walk";

/// All that `run` prints. `every_step` lists the steps that went well too.
#[must_use]
pub fn run_text(shown: &Shown<'_>, every_step: bool, paint: Paint) -> String {
    let mut text = String::new();
    head(&mut text, shown, paint);
    section(&mut text, paint, "Settings", &settings(shown));
    let _ = writeln!(text, "  {MARKS}");
    let _ = writeln!(text, "  {}", rounding_of(shown.checked));
    for note in shown.scenario.notes(shown.built) {
        let _ = writeln!(text, "  {}", paint.warn(&format!("note: {note}")));
    }
    section(&mut text, paint, "Steps", &steps(shown, every_step, paint));
    section(&mut text, paint, "Trigger", &trigger(shown));
    section(&mut text, paint, "Dose", &dose(shown, paint));
    section(&mut text, paint, "Balance", &balance(shown));
    let limits = super::limits_text(shown.checked.report(), paint);
    section(&mut text, paint, "Limits (worst case at the ceilings; `nmes check` names the sources)", &limits);
    text
}

fn section(text: &mut String, paint: Paint, title: &str, body: &str) {
    let _ = write!(text, "\n{}\n{body}", paint.head(title));
}

fn head(text: &mut String, shown: &Shown<'_>, paint: Paint) {
    let scenario = shown.scenario;
    let _ = writeln!(text, "{}", paint.warn(WARNING));
    let _ = writeln!(text, "{}", scenario.person_text(&shown.built.screening));
    let timing = scenario.hardware.timing();
    let _ = writeln!(
        text,
        "Simulated: {} ohm; rail {} V; {}; {} nA a code; {} ticks a second; edges up to {} ticks late.",
        scenario.load_ohm,
        trimmed(scenario.stage.rail_v, 1),
        mismatch(scenario.stage.mismatch_percent),
        scenario.hardware.channels()[0].na_per_code_positive,
        timing.ticks_per_second,
        scenario.late_ticks
    );
    let _ = writeln!(
        text,
        "\n{}: {} foot, {}, {} s.",
        paint.head(scenario.row.title),
        scenario.foot.word(),
        scenario.walk.name(),
        seconds(shown.run.played.end_us)
    );
}

fn mismatch(percent: f64) -> String {
    let size = trimmed(percent.abs(), 3);
    match percent {
        p if p > 0.0 => format!("negative phase {size} % stronger"),
        p if p < 0.0 => format!("negative phase {size} % weaker"),
        _ => "both polarities alike".to_owned(),
    }
}

/// A value in the unit that people use.
pub(crate) fn shown_value(value: u32, unit: Unit) -> String {
    match unit {
        Unit::MicroAmps => format!("{} mA", thousandths(u64::from(value), 3)),
        Unit::MilliHertz => format!("{} Hz", thousandths(u64::from(value), 3)),
        Unit::SquareMillimetres => format!("{} cm²", trimmed(f64::from(value) / 100.0, 2)),
        Unit::Micros if value >= 10_000 => format!("{} ms", thousandths(u64::from(value), 3)),
        Unit::Millis if value >= 60_000 => format!("{} s", thousandths(u64::from(value), 3)),
        Unit::Count => value.to_string(),
        Unit::Micros | Unit::Millis | Unit::Millimetres | Unit::Percent => {
            format!("{value} {}", unit.symbol())
        }
    }
}

fn settings(shown: &Shown<'_>) -> String {
    settings_of(shown.built, shown.scenario.length_from_walk)
}

/// Every value of a session with its origin, in two columns.
pub(super) fn settings_of(built: &Built<'_>, length_from_walk: bool) -> String {
    let cell = |applied: &Applied| {
        let from_walk = length_from_walk && applied.name == "session length";
        let mark = if from_walk { "walk" } else { applied.origin.mark() };
        [applied.name.to_owned(), shown_value(applied.value, applied.unit), mark.to_owned()]
    };
    let all: Vec<[String; 3]> = built.settings.iter().map(cell).collect();
    let half = all.len().div_ceil(2);
    let mut table = Table::new(&["setting", ">value", "from", "  setting", ">value", "from"]);
    for i in 0..half {
        let [a, b, c] = all[i].clone();
        let [d, e, f] = all.get(half + i).cloned().unwrap_or_default();
        table.row([a, b, c, format!("  {d}"), e, f]);
    }
    table.plain()
}

/// What the hardware cannot do exactly, and by how much it misses: once where all channels are alike.
pub(super) fn rounding_of(checked: &Checked<'_>) -> String {
    let count = checked.plan().channel_count();
    let channels: Vec<String> = (0..count).map(|nth| rounded(checked, nth)).collect();
    let said = if channels.windows(2).all(|two| two[0] == two[1]) {
        channels.first().cloned().unwrap_or_default()
    } else {
        let named = |(nth, said): (usize, &String)| {
            let said = if said.is_empty() { "nothing" } else { said };
            format!("channel {nth}: {said}")
        };
        channels.iter().enumerate().map(named).collect::<Vec<_>>().join("; ")
    };
    if said.is_empty() {
        return "Rounded for this hardware: nothing".to_owned();
    }
    let ramps = "other set values are exact; in a ramp every pulse is within a code of its level";
    format!("Rounded for this hardware: {said}; {ramps}")
}

/// What is rounded of one channel.
fn rounded(checked: &Checked<'_>, channel: u8) -> String {
    let report = checked.plan().rounding(channel);
    let rows = report.iter().flat_map(|report| report.rows()).filter(|row| row.error() != 0);
    let said: Vec<String> = rows
        .map(|row| {
            let name = row.field.to_string();
            let name = name.split(" (").next().unwrap_or_default().to_owned();
            let (scale, unit) = if row.unit == "nA" { (1e6, "mA") } else { (1e3, "µs") };
            let part = 100.0 * row.error() as f64 / row.requested.max(1) as f64;
            let show = |value: u64| trimmed(value as f64 / scale, 4);
            format!("{name} {} as {} {unit} ({part:+.3} %)", show(row.requested), show(row.realised))
        })
        .collect();
    said.join(", ")
}

fn trigger(shown: &Shown<'_>) -> String {
    let end = &shown.run.trigger;
    let debounce_us = u64::from(shown.gait.times().debounce.as_millis()) * 1_000;
    let mut text = format!("  {}\n", switches(shown.scenario));
    if let Some((at_us, policy)) = shown.scenario.stop.filter(|_| shown.run.played.cut_short) {
        let how = match policy {
            StopPolicy::FinishPulse => "finish",
            StopPolicy::RecoverNow => "recover",
            StopPolicy::HardOff => "off",
        };
        let left = charge_text(shown.run.played.residual_na_ticks[0], shown.hz());
        let _ = writeln!(text, "  session stopped at {} s ({how}): {left} left", seconds(at_us));
    }
    if let Some(said) = never_stopped(shown.scenario, &shown.run.played) {
        let _ = writeln!(text, "  {said}");
    }
    let _ = writeln!(text, "  ended in {}; {} openings{}", end.state, end.openings, counted(shown));
    for oddity in shown.scenario.walk.oddities(shown.scenario.foot, debounce_us) {
        let _ = writeln!(text, "  walk: {oddity}");
    }
    let mut said: BTreeMap<String, (u64, u32)> = BTreeMap::new();
    for (at, note) in &end.notes {
        said.entry(note.to_string()).or_insert((*at, 0)).1 += 1;
    }
    let mut said: Vec<(String, (u64, u32))> = said.into_iter().collect();
    said.sort_by_key(|(_, (at, _))| *at);
    for (note, (at, times)) in said {
        let often = if times == 1 { String::new() } else { format!(", {times} times") };
        let _ = writeln!(text, "  at {} s{often}: {note}", seconds(at));
    }
    text
}

/// Of a stop that was asked for and did not come, as the session was over before.
pub(super) fn never_stopped(scenario: &Scenario, played: &Played) -> Option<String> {
    let (at_us, _) = scenario.stop.filter(|(at_us, _)| !played.cut_short || *at_us > played.end_us)?;
    let [asked, end] = [at_us, played.end_us].map(|us| thousandths(us / 1_000, 3));
    Some(format!("--stop-at-us: no stop at {asked} s, the session was over at {end} s"))
}

/// What the trigger of the treated heel counted besides its openings.
fn counted(shown: &Shown<'_>) -> String {
    shown.run.trigger.counters.map_or(String::new(), |counters| {
        format!(
            ", {} of them at the first edge of the lift, {} false starts, {} time-outs, {} merged (less than {} ms of \
             Off before), {} bounces",
            counters.early,
            counters.false_starts,
            counters.timeouts,
            counters.merged,
            shown.gait.times().off_min.as_millis(),
            counters.bounces
        )
    })
}

/// Which heels started the steps.
fn switches(scenario: &Scenario) -> &'static str {
    if scenario.by_other {
        return "the other heel alone: from its strike, for a share of the stride (--trigger other-heel)";
    }
    match (scenario.other_heel, scenario.both_asked) {
        (true, _) => {
            "both heels: just after the other foot struck, a lift starts at its first edge; else after the debounce"
        }
        (false, true) => "the treated heel alone, debounced: the walk has no heel events of the other foot",
        (false, false) => "the treated heel alone, debounced (--trigger heel)",
    }
}

fn dose(shown: &Shown<'_>, paint: Paint) -> String {
    let d = &shown.dose;
    let mut table = Table::new(&["what", ">value", "remark"]);
    row(
        &mut table,
        "pulses",
        d.pulses,
        format!("set level raised beforehand in {} s", seconds(shown.run.played.raised_us)),
    );
    row(
        &mut table,
        "phase charge",
        d.phase_charge_uc.map_or_else(|| "-".to_owned(), |uc| format!("{} µC", trimmed(uc, 3))),
        "measured, at full level",
    );
    row(&mut table, "r.m.s. while on", format!("{} mA", trimmed(d.rms_on_ma, 2)), "at full level");
    row(
        &mut table,
        "r.m.s. density",
        format!("{} mA/cm²", trimmed(d.density_ma_cm2, 3)),
        format!("limit {} mA/cm²", trimmed(d.density_limit_ma_cm2, 3)),
    );
    let (ohm, checked) = (shown.scenario.load_ohm, shown.scenario.checked_ohm);
    row(
        &mut table,
        "compliance needed",
        format!("{} V", trimmed(d.volts_needed, 1)),
        format!(
            "set amplitude × the simulated {ohm} ohm ({} took {checked} ohm); rail {} V; highest measured {} V",
            rules::E_COMP_1.id,
            trimmed(d.rail_v, 1),
            trimmed(d.volts, 1)
        ),
    );
    let mut text = table.plain();
    if d.clipped > 0 {
        let said = format!(
            "compliance clipping: the rail of {} V was too low in {} of {} pulses",
            trimmed(d.rail_v, 1),
            d.clipped,
            d.pulses
        );
        let _ = writeln!(text, "  {}", paint.bad(&said));
    }
    for found in found_by_guard(&shown.run.played.trips, shown.hz()) {
        let _ = writeln!(text, "  {}", paint.warn(&format!("guard: {found}")));
    }
    if let Some(fault) = shown.fault() {
        let _ = writeln!(text, "  {}", paint.bad(&fault));
    }
    text
}

fn balance(shown: &Shown<'_>) -> String {
    let b = &shown.balance;
    let ua = |value: f64| format!("{} µA", trimmed(value, 2));
    let mut table = Table::new(&["what", ">value", "remark"]);
    row(
        &mut table,
        "commanded, in all",
        format!("{} nA·ticks", b.commanded_na_ticks),
        "Σ code × ticks, exact",
    );
    row(
        &mut table,
        "commanded, worst pulse",
        format!("{} nA·ticks", b.worst_pulse_na_ticks),
        format!("bound with late edges: {} (two balancing codes × L)", b.pulse_bound_na_ticks),
    );
    let end = "bound with late edges: ";
    let remark = format!("{end}{} (one code × L); a hard stop keeps to neither", b.end_bound_na_ticks);
    row(
        &mut table,
        "commanded, at the end",
        format!("{} nA·ticks", shown.run.played.residual_na_ticks[0]),
        remark,
    );
    let at_full = b.full_level_ua.map_or_else(|| "-".to_owned(), ua);
    row(&mut table, "measured d.c., full level", at_full, "mean over its pulses and periods");
    row(&mut table, "measured d.c., while on", ua(b.on_ua), "mean over the trains, ramps included");
    row(&mut table, "measured d.c., session", ua(b.session_ua), "mean over all its time");
    row(
        &mut table,
        "measured d.c., worst second",
        ua(b.worst_second_ua),
        format!("as the guard saw it; {} trips at {} µA", rules::E_DC_3.id, rules::E_DC_3.limit),
    );
    let capacitor = trimmed(BLOCKING_MICROFARAD, 1);
    row(
        &mut table,
        "with a blocking capacitor",
        format!("≤ {}", ua(b.blocked_hour_ua)),
        format!(
            "over an hour: {capacitor} µF at this rail pass {} µC and no more; none is simulated",
            trimmed(b.blocked_uc, 0)
        ),
    );
    table.plain()
}
