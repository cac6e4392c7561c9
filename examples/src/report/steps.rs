//! What the steps of a run got, for people.

use super::Shown;
use crate::gait::seconds;
use crate::judge::{Judgement, Outcome, StepVerdict, Swing};
use crate::text::{Paint, Table, trimmed};
use nmes_core::Control;
use std::fmt::Write as _;

/// Steps that a table lists before it only counts the rest.
const LISTED: usize = 24;
/// Moments that a line lists before it only counts the rest.
const NAMED: usize = 6;

fn ms(us: Option<u64>) -> String {
    us.map_or_else(|| "-".to_owned(), |us| format!("{} ms", us / 1_000))
}

pub(super) fn steps(shown: &Shown<'_>, every_step: bool, paint: Paint) -> String {
    let judged = &shown.judgement;
    let mut table = Table::new(&["what", ">found", "remark"]);
    swing_rows(&mut table, shown);
    stance_rows(&mut table, judged);
    let cautions = cautions(shown).into_iter();
    let cautions: String =
        cautions.map(|line| format!("  {}\n", paint.warn(&format!("note: {line}")))).collect();
    let mut text = cautions + &table.plain();
    for criterion in judged.criteria().iter().filter(|criterion| criterion.of > 0) {
        let word = if criterion.passes() { paint.good("yes") } else { paint.bad("NO ") };
        let _ = writeln!(text, "  {word}  {} of {}  {}", criterion.have, criterion.of, criterion.asked);
    }
    text + &step_table(shown, every_step)
}

/// One line of a table of three columns.
pub(super) fn row(table: &mut Table, what: &str, found: impl ToString, remark: impl ToString) {
    table.row([what.to_owned(), found.to_string(), remark.to_string()]);
}

fn swing_rows(table: &mut Table, shown: &Shown<'_>) {
    let judged = &shown.judgement;
    let count = |outcome| judged.count(outcome);
    let [on_time, late, missed, shuffled] =
        [Outcome::OnTime, Outcome::Late, Outcome::Missed, Outcome::Shuffle].map(count);
    let how = format!("{on_time} on time, {late} late, {missed} missed, {shuffled} shuffled");
    row(table, "steps", judged.steps.len(), how);
    let steps = judged.swings().count();
    let full = judged.swings().filter(|s| s.full_by_toe_off()).count();
    let worst = judged.swings().filter_map(StepVerdict::full_after_toe_off_us).max();
    let worst = match worst {
        None => "never reached".to_owned(),
        Some(0) => "none later, where it was reached".to_owned(),
        later => format!("worst: {} after toe-off", ms(later)),
    };
    row(table, "full level by toe-off", format!("{full} of {steps}"), worst);
    row(table, "heel-off to motor threshold", ms(judged.worst_to_threshold_us()), "the longest");
    let swings: Vec<Swing> = judged.swings().filter_map(|s| s.swing).collect();
    let through = swings.iter().filter(|s| s.is_full()).count();
    let remark = "95 % of it without a gap of more than two periods, whatever the lead of heel-off";
    row(table, "full level through the swing", format!("{through} of {}", swings.len()), remark);
    let strictly = swings.iter().filter(|s| s.is_strictly_full()).count();
    let remark = "the same with all the time before the first full pulse against it";
    row(table, "the same, strictly", format!("{strictly} of {}", swings.len()), remark);
    let unannounced: Vec<u64> =
        judged.swings().filter(|s| !s.announced).filter_map(|s| s.step.toe_off).collect();
    let remark = format!("neither heel came in time{}", moments(&unannounced));
    row(table, "swings that no heel announced", unannounced.len(), remark);
    let gaps = swings.iter().filter(|s| s.longest_gap_us > 2 * shown.terms.period_us).count();
    let longest = ms(swings.iter().map(|s| s.longest_gap_us).max());
    row(table, "gaps in swing over two periods", gaps, format!("longest gap {longest}"));
}

fn stance_rows(table: &mut Table, judged: &Judgement) {
    let long = judged.stances.iter().filter(|s| s.is_long()).count();
    let lacking = judged.stances.iter().filter(|s| s.lacks_off()).count();
    row(table, "stances without 80 ms of Off", format!("{lacking} of {long}"), "of those over 0.4 s");
    let past = judged.stances.iter().filter(|s| s.is_past_middle()).count();
    let latest = judged.stances.iter().filter_map(|s| s.last_permille).max();
    let latest = latest.map_or(String::new(), |permille| format!("; latest at {} %", permille / 10));
    let remark = format!("stances with a pulse above motor threshold past their middle{latest}");
    row(table, "output in mid-stance", format!("{past} of {}", judged.stances.len()), remark);
    row(table, "pulses without a step", judged.stray_pulses, "outside a step and its tail");
    row(table, "ON share", format!("{} %", trimmed(judged.on_percent(), 0)), "first heel-off to last strike");
}

fn step_table(shown: &Shown<'_>, every_step: bool) -> String {
    let cut = |s: &StepVerdict| s.swing.is_some_and(|swing| swing.longest_gap_us > 2 * shown.terms.period_us);
    let wanted = |s: &&StepVerdict| every_step || s.outcome() != Outcome::OnTime || cut(s);
    let wanted: Vec<&StepVerdict> = shown.judgement.steps.iter().filter(wanted).collect();
    if wanted.is_empty() {
        return String::new();
    }
    let listed = if every_step { wanted.len() } else { wanted.len().min(LISTED) };
    let header =
        [">heel-off s", "went", ">lead", ">to threshold", ">to full level", ">swing", ">full in swing"];
    let mut table = Table::new(&header);
    for step in &wanted[..listed] {
        let at = step.step.heel_off.or(step.step.toe_off).unwrap_or(0);
        let swing = step.swing.map_or_else(|| "-".to_owned(), |s| format!("{} ms", s.length_us / 1_000));
        let full = step.swing.map(|s| s.full_us * 100 / s.length_us.max(1));
        table.row([
            seconds(at),
            word_of(step.outcome(), step.step.strike.is_some(), cut(step)).to_owned(),
            ms(step.step.lead_us()),
            ms(step.to_threshold_us),
            ms(step.to_full_us),
            swing,
            full.map_or_else(|| "-".to_owned(), |percent| format!("{percent} %")),
        ]);
    }
    let title = if every_step { "  Every step:" } else { "  Steps that were late, missed, shuffled or cut:" };
    let more = wanted.len() - listed;
    let rest = if more == 0 { String::new() } else { format!("  … and {more} more; --steps lists all\n") };
    format!("{title}\n{}{rest}", table.plain())
}

const fn word_of(outcome: Outcome, landed: bool, cut: bool) -> &'static str {
    match outcome {
        Outcome::OnTime if cut => "on time, cut in swing",
        Outcome::OnTime if !landed => "on time, no heel strike",
        Outcome::OnTime => "on time",
        Outcome::Late if cut => "late, cut in swing",
        Outcome::Late => "late",
        Outcome::Missed => "missed",
        Outcome::Shuffle => "shuffle: no toe-off",
    }
}

/// What to know before the numbers are read.
pub(super) fn cautions(shown: &Shown<'_>) -> Vec<String> {
    let mut said = Vec::new();
    let (foot, scenario) = (shown.scenario.foot, shown.scenario);
    let channel = &shown.checked.plan().session().channels()[0];
    if scenario.walk.lacks_toe_off(foot) {
        said.push(format!(
            "the walk has no toe_off of the {} foot: no swing is known, so no step can be judged and each counts as \
             shuffled",
            foot.word()
        ));
    }
    if scenario.threshold_ua() >= channel.set.amplitude.as_microamps() {
        said.push(
            "the set amplitude is not above motor threshold: no pulse counts as above it, and no step as on time"
                .to_owned(),
        );
    }
    if channel.ramp.control == Control::Width {
        said.push(format!(
            "the ramps move the width: a level in mA, and \"above motor threshold\", mean the charge of the pulse as \
             an amplitude at {} µs",
            channel.set.width.as_micros()
        ));
    }
    said
}

/// Moments in seconds, the first few of them.
fn moments(at_us: &[u64]) -> String {
    let named: Vec<String> = at_us.iter().take(NAMED).map(|t| seconds(*t)).collect();
    match at_us.len().saturating_sub(NAMED) {
        0 if named.is_empty() => String::new(),
        0 => format!(": toe-off at {} s", named.join(", ")),
        more => format!(": toe-off at {} s and {more} more", named.join(", ")),
    }
}
