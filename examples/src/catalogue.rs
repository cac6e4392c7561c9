//! The catalogue for people and for scripts: all protocols by group, and one of them in full.

use crate::app::{say, say_json};
use crate::cli::{ListArgs, ShowArgs};
use crate::failure::Failure;
use crate::report::shown_value;
use crate::scenario::find_row;
use crate::text::Table;
use nmes_protocols::{
    Availability, CATALOGUE, Condition, Evidence, Family, Provenance, Ranged, RowValue, of_family,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

const MARKS: &str =
    "F read in a source; R-h, R-m, R-l recalled with high, medium, low confidence; ours our own choice";
const NO_ADVICE: &str = "Data for software and its reviewers; not advice on treatment.";

/// `nmes list`.
pub(crate) fn list(args: &ListArgs, out: &mut dyn Write) -> Result<(), Failure> {
    if args.json {
        return say_json(out, &CATALOGUE);
    }
    let mut text = format!("{} protocols. {NO_ADVICE}\n", CATALOGUE.len());
    for family in Family::ALL {
        let _ = writeln!(text, "\n{}", family.title());
        let mut table = Table::new(&[
            "protocol",
            "evidence",
            ">width",
            ">rate",
            "numbers",
            "what it is, and what was shown",
        ]);
        for row in of_family(*family) {
            table.row([
                row.name.to_owned(),
                row.headline.evidence.word().to_owned(),
                with_mark(row.phase_width),
                with_mark(row.rate),
                counted(row),
                said(row),
            ]);
        }
        text.push_str(&table.plain());
    }
    let _ = writeln!(
        text,
        "\n{MARKS}.\nnumbers: how many of a protocol's values are F / recalled / ours. `nmes show NAME` has them all."
    );
    say(out, &text)
}

fn with_mark(range: Ranged) -> String {
    format!("{} {}", shown_value(range.default, range.unit), range.chosen.mark())
}

/// How many values are found, recalled, ours.
fn counted(row: &Condition) -> String {
    let mut count = BTreeMap::new();
    row.visit(&mut |_, value| {
        for provenance in value.provenances() {
            *count.entry(kind(&provenance)).or_insert(0_u32) += 1;
        }
    });
    let of = |kind: u8| count.get(&kind).copied().unwrap_or(0);
    format!("{}/{}/{}", of(0), of(1), of(2))
}

const fn kind(provenance: &Provenance) -> u8 {
    match provenance {
        Provenance::Found { .. } => 0,
        Provenance::Recalled { .. } => 1,
        Provenance::Ours { .. } => 2,
    }
}

/// What was not shown comes first.
fn said(row: &Condition) -> String {
    let disabled = if row.availability == Availability::Enabled { "" } else { "DISABLED. " };
    let first = headline(row);
    if row.shows_no_benefit() {
        format!("{disabled}{first}. {}", row.title)
    } else {
        format!("{disabled}{}. {first}", row.title)
    }
}

fn headline(row: &Condition) -> String {
    let claim = row.headline.claim;
    match row.headline.evidence {
        Evidence::None | Evidence::Negative => format!("No benefit shown: {claim}"),
        Evidence::Positive | Evidence::Mixed => claim.to_owned(),
    }
}

/// `nmes show`.
pub(crate) fn show(args: &ShowArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let row = find_row(&args.protocol)?;
    if args.json { say_json(out, row) } else { say(out, &row_text(row)) }
}

fn row_text(row: &Condition) -> String {
    let head = format!("{}: {}\n", row.name, row.title);
    let mut text = if row.shows_no_benefit() { format!("{}.\n{head}", headline(row)) } else { head };
    let intact = if row.needs.accepts(nmes_protocols::Innervation::Intact) { "an intact " } else { "" };
    let _ = writeln!(
        text,
        "  {}\n  Needs {intact}{}; pads on the {}. {NO_ADVICE}\n",
        row.summary,
        row.needs.nerve,
        row.site.word()
    );
    let (mut numbers, mut words) =
        (Table::new(&["number", ">default", "from", ">least", ">most", "range from"]), String::new());
    let mut sources = BTreeMap::new();
    row.visit(&mut |name, value| {
        for provenance in value.provenances() {
            if let Some(source) = provenance.source() {
                sources.insert(source.tag, source.title);
            }
        }
        one(name, &value, &mut numbers, &mut words);
    });
    let _ = writeln!(text, "{}\n{words}\n  {MARKS}\n\n  Sources", numbers.plain());
    for (tag, title) in sources {
        let _ = writeln!(text, "  {tag}: {title}");
    }
    text
}

fn one(name: &str, value: &RowValue<'_>, numbers: &mut Table, words: &mut String) {
    match value {
        RowValue::Range(range) => numbers.row([
            name.to_owned(),
            shown_value(range.default, range.unit),
            origin(&range.chosen),
            shown_value(range.min, range.unit),
            shown_value(range.max, range.unit),
            origin(&range.range),
        ]),
        RowValue::Number(number, unit, provenance) => numbers.row([
            name.to_owned(),
            shown_value(*number, *unit),
            origin(provenance),
            String::new(),
            String::new(),
            String::new(),
        ]),
        RowValue::Words(said, provenance) => {
            let _ = writeln!(words, "  {name}: {said} [{}]", why(provenance));
        }
        RowValue::Claim(claim, evidence, provenance) => {
            let _ = writeln!(words, "  {name}, {}: {claim} [{}]", evidence.word(), why(provenance));
        }
    }
}

/// The mark and the tag of the source.
fn origin(provenance: &Provenance) -> String {
    provenance
        .source()
        .map_or_else(|| provenance.mark().to_owned(), |s| format!("{} {}", provenance.mark(), s.tag))
}

/// The same, with the reason of what is ours.
fn why(provenance: &Provenance) -> String {
    match provenance {
        Provenance::Ours { reason } => format!("ours: {reason}"),
        Provenance::Found { .. } | Provenance::Recalled { .. } => origin(provenance),
    }
}
