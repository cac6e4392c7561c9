//! The rule table of a check.

use crate::catalogue::MARKS;
use crate::text::{Paint, Table, trimmed};
use nmes_safety::{Confidence, Effect, Remark, Report, Row, Rule, Verdict, Window, held_at_run_time, rules};
use std::fmt::Write as _;

fn margin(row: &Row) -> String {
    row.margin_permille
        .map_or_else(|| "-".to_owned(), |permille| format!("{} %", trimmed(permille as f64 / 10.0, 0)))
}

fn amount(value: Option<nmes_safety::Amount>) -> String {
    value.map_or_else(|| "-".to_owned(), |amount| amount.to_string())
}

/// How sure a limit is, in the marks of the settings.
const fn mark(rule: &Rule) -> &'static str {
    match rule.confidence {
        Confidence::Found => "F",
        Confidence::RecalledHigh => "R-h",
        Confidence::RecalledMedium => "R-m",
        Confidence::RecalledLow => "R-l",
        Confidence::Ours => "ours",
    }
}

fn is_of_device(row: &Row) -> bool {
    row.remark.is_some_and(Remark::is_of_device)
}

/// Names with their marks.
fn names<'r>(rules: impl Iterator<Item = &'r Rule>) -> String {
    let names: Vec<String> = rules.map(|rule| format!("{} {}", rule.id, mark(rule))).collect();
    names.join(", ")
}

/// What stands before the rules that are no row of a check, by who holds them.
const RUNNING: &str = "held while it runs";
const BEFORE_ARMING: &str = "looked at before arming, where something measures the electrodes";
const ASKED: &str = "told to whoever asks, where something measures the electrodes; nothing ends by it";
const BENCH: &str = "a figure of the bench, which nothing here holds";

/// Who holds a rule that is no row of a check.
fn holder(rule: &Rule) -> &'static str {
    match (rule.effect, rule.window) {
        (Effect::Bench, _) => BENCH,
        (_, Window::BeforeArming) => BEFORE_ARMING,
        _ if rule == &rules::E_Z_2 => ASKED,
        _ => RUNNING,
    }
}

/// One line a rule: what was found, against what, how far from it, and how sure the limit is. Rules that no plan answers stand
/// below, by name.
#[must_use]
pub fn limits_text(report: &Report, paint: Paint) -> String {
    let mut table = Table::new(&["rule", "verdict", ">value", ">limit", ">margin", "from", "what"]);
    for row in report.rows().filter(|row| !is_of_device(row)) {
        let quantity = row.rule.quantity;
        let what = match (row.denied_because(), row.remark) {
            (Some(reason), _) => format!("{reason} (not compared: {quantity})"),
            (None, Some(remark)) => format!("{quantity} ({remark})"),
            (None, None) => quantity.to_owned(),
        };
        let detail = row.detail.map_or(String::new(), |detail| format!(" ({detail})"));
        table.row([
            row.rule.id.to_owned(),
            row.verdict.to_string(),
            amount(row.value_amount()),
            amount(row.limit_amount()),
            margin(row),
            mark(row.rule).to_owned(),
            what + &detail,
        ]);
    }
    let deny = Verdict::Deny.to_string();
    let warn = Verdict::Warn.to_string();
    let mut text = table.lines(|row, line| match row.get(1) {
        Some(verdict) if *verdict == deny => paint.bad(&line),
        Some(verdict) if *verdict == warn => paint.warn(&line),
        _ => line,
    });
    let device = names(report.rows().filter(|row| is_of_device(row)).map(|row| row.rule));
    let _ = writeln!(text, "  not evaluated, to be shown on the device: {device}");
    for held in [RUNNING, BEFORE_ARMING, ASKED, BENCH] {
        let _ = writeln!(text, "  {held}: {}", names(held_at_run_time().filter(|rule| holder(rule) == held)));
    }
    let _ = writeln!(text, "  {MARKS}");
    text
}

/// Where each limit is from, how sure it is, and who set the one that binds.
#[must_use]
pub fn sources_text(report: &Report) -> String {
    let mut text = String::new();
    for row in report.rows() {
        let Row { rule, layer, .. } = row;
        let _ =
            write!(text, "  {:<10}  limit of the {layer}: {} [{}]", rule.id, rule.source, rule.confidence);
        let device = row.remark.filter(|_| is_of_device(row));
        let _ = writeln!(text, "{}", device.map_or(String::new(), |remark| format!("; {remark}")));
    }
    for rule in held_at_run_time() {
        let held = holder(rule);
        let _ = writeln!(text, "  {:<10}  {held}: {} [{}]", rule.id, rule.source, rule.confidence);
    }
    text
}
