//! The rule table of a check.

use crate::text::{Paint, Table, trimmed};
use nmes_safety::{Class, Report, Row, Verdict};
use std::fmt::Write as _;

fn margin(row: &Row) -> String {
    row.margin_permille
        .map_or_else(|| "-".to_owned(), |permille| format!("{} %", trimmed(permille as f64 / 10.0, 0)))
}

fn amount(value: Option<nmes_safety::Amount>) -> String {
    value.map_or_else(|| "-".to_owned(), |amount| amount.to_string())
}

/// One line a rule: what was found, against what, and how far from it.
#[must_use]
pub fn limits_text(report: &Report, paint: Paint) -> String {
    let mut table = Table::new(&["rule", "verdict", ">value", ">limit", ">margin", "what"]);
    for row in report.rows() {
        let remark = row.remark.map_or(String::new(), |remark| format!(" ({remark})"));
        table.row([
            row.rule.id.to_owned(),
            row.verdict.to_string(),
            amount(row.value_amount()),
            amount(row.limit_amount()),
            margin(row),
            format!("{}{remark}", row.rule.quantity),
        ]);
    }
    let deny = Verdict::Deny.to_string();
    let warn = Verdict::Warn.to_string();
    table.lines(|row, line| match row.get(1) {
        Some(verdict) if *verdict == deny => paint.bad(&line),
        Some(verdict) if *verdict == warn => paint.warn(&line),
        _ => line,
    })
}

/// Where each limit is from, and who set the one that binds.
#[must_use]
pub fn sources_text(report: &Report) -> String {
    let mut text = String::new();
    for row in report.rows() {
        let sure = match row.rule.class {
            Class::Ours => String::new(),
            Class::Standard | Class::Guidance => format!(" [{}]", row.rule.confidence),
        };
        let _ = writeln!(text, "  {:<9}  limit of the {}: {}{sure}", row.rule.id, row.layer, row.rule.source);
    }
    text
}
