//! What a plan puts out, in the rows that regulators' documents ask for.

use crate::text::{Paint, Table};
use nmes_core::Plan;
use nmes_safety::Setup;
use nmes_safety::output_table::{Answer, Characteristics, OutputTable, TableRow};
use serde::Serialize;
use std::fmt::Write as _;

const TABLE_HEAD: &str = "output specifications in the rows of section 3 of FDA's guidance on 510(k)s of powered muscle \
                          stimulators (9 June 1999), titles in our own words";
const LIST_HEAD: &str =
    "electrical output as 21 CFR 882.5891(b)(3) lists it for one class of skin stimulators, in our own words";
const FOOT: &str = "\
Worked out from the plan at its ceilings, for an ideal stage that clips at the rail; rounded up. A simulation: what a
device puts out is measured on the device. For engineers who fill in papers of their own: no submission, no advice.";

/// One channel of a listing, for programs.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ChannelJson<'a> {
    channel: u8,
    rows: &'a [TableRow],
}

/// A listing for programs.
#[derive(Clone, Debug, Serialize)]
pub struct OutputJson<'a> {
    protocol: &'a str,
    document: &'a str,
    note: String,
    channels: Vec<ChannelJson<'a>>,
}

/// The rows of each channel of a plan, for people or programs.
#[derive(Clone, Debug)]
pub struct Listing {
    document: &'static str,
    channels: Vec<(u8, Vec<TableRow>)>,
}

impl Listing {
    /// The seventeen rows of FDA's guidance of 1999.
    #[must_use]
    pub fn fda_1999(plan: &Plan<'_>, setup: &Setup) -> Self {
        let tables = (0..plan.channel_count()).filter_map(|channel| OutputTable::of(plan, setup, channel));
        let channels = tables.map(|table| (table.channel(), table.rows().to_vec())).collect();
        Self { document: TABLE_HEAD, channels }
    }

    /// The list of 21 CFR 882.5891.
    #[must_use]
    pub fn cfr_882_5891(plan: &Plan<'_>, setup: &Setup) -> Self {
        let lists = (0..plan.channel_count()).filter_map(|channel| Characteristics::of(plan, setup, channel));
        let channels = lists.map(|list| (list.channel(), list.rows().to_vec())).collect();
        Self { document: LIST_HEAD, channels }
    }

    /// For people.
    #[must_use]
    pub fn text(&self, protocol: &str, paint: Paint) -> String {
        let mut text = String::new();
        for (channel, rows) in &self.channels {
            let head = format!("{protocol}, channel {channel}: {}", self.document);
            let _ = writeln!(text, "{}\n{}", paint.head(&head), rows_text(rows, paint));
        }
        let _ = writeln!(text, "{FOOT}");
        text
    }

    /// For programs.
    #[must_use]
    pub fn json<'a>(&'a self, protocol: &'a str) -> OutputJson<'a> {
        let channels =
            self.channels.iter().map(|(channel, rows)| ChannelJson { channel: *channel, rows }).collect();
        OutputJson { protocol, document: self.document, note: FOOT.replace('\n', " "), channels }
    }
}

fn rows_text(rows: &[TableRow], paint: Paint) -> String {
    let mut table = Table::new(&[">row", "asked", "answer"]);
    for row in rows {
        table.row([row.number.to_owned(), row.title.to_owned(), row.answer.to_string()]);
    }
    let maker = Answer::MakerStates("").to_string();
    let mut text = table.lines(|row, line| match row.get(2) {
        Some(answer) if answer.starts_with(&maker) => paint.warn(&line),
        _ => line,
    });
    for row in rows.iter().filter(|row| !row.remark.is_empty()) {
        let _ = writeln!(text, "  row {}: {}", row.number, row.remark);
    }
    text
}
