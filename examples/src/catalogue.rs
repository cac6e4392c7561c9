//! The catalogue for people and for scripts: all protocols by group, and one of them in full.

use crate::app::{say, say_json};
use crate::as_it_stands::denied_by;
use crate::cli::{ListArgs, ShowArgs};
use crate::failure::Failure;
use crate::names::find_row;
use crate::report::shown_value;
use crate::screen::asked_before;
use crate::text::Table;
use nmes_protocols::{
    Availability, CATALOGUE, Condition, Evidence, Family, Provenance, Ranged, RowValue, of_family,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

pub(crate) const MARKS: &str =
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
                at_most(row),
                counted(row),
                format!("{}{}", denied(row)?, said(row)),
            ]);
        }
        text.push_str(&table.plain());
    }
    let _ = writeln!(
        text,
        "\n{MARKS}.\nnumbers: how many of a protocol's values are F / recalled / ours. `nmes show NAME` has them all.\n\
         DENIED: with its own values the general profile does not let it run; `nmes check NAME` says why and by how much."
    );
    say(out, &text)
}

fn with_mark(range: Ranged) -> String {
    format!("{} {}", shown_value(range.default, range.unit), range.chosen.mark())
}

/// Of a timing that varies the row has the fastest rate.
fn at_most(row: &Condition) -> String {
    let most = if row.timing.is_some() { "up to " } else { "" };
    format!("{most}{}", with_mark(row.rate))
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

/// What the check has against its own values; nothing where it passes.
fn denied(row: &'static Condition) -> Result<String, Failure> {
    let rules = denied_by(row)?;
    Ok(if rules.is_empty() { String::new() } else { format!("DENIED by {}. ", rules.join(", ")) })
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
    if args.json {
        return say_json(out, row);
    }
    let (denied, text) = (denied(row)?, row_text(row));
    // that there is no benefit comes before anything else
    let whole = match text.split_once('\n') {
        Some((first, rest)) if row.shows_no_benefit() && !denied.is_empty() => {
            format!("{first}\n{}\n{rest}", denied.trim_end())
        }
        _ => format!("{denied}{text}"),
    };
    say(out, &whole)
}

fn row_text(row: &Condition) -> String {
    let head = format!("{}: {}\n", row.name, row.title);
    let mut text = if row.shows_no_benefit() { format!("{}.\n{head}", headline(row)) } else { head };
    let states: Vec<&str> = row.needs.accepted.iter().map(|state| state.word()).collect();
    let _ = writeln!(
        text,
        "  {}\n  Innervation of {}: for {}; pads on the {}. {NO_ADVICE}\n",
        row.summary,
        row.needs.nerve,
        states.join(", "),
        row.site.word()
    );
    let (mut numbers, mut words) =
        (Table::new(&["number", ">default", "from", ">least", ">most", "range from"]), String::new());
    let (mut sources, mut reasons) = (BTreeMap::new(), Reasons::default());
    row.visit(&mut |name, value| {
        for provenance in value.provenances() {
            if let Some(source) = provenance.source() {
                sources.insert(source.tag, source.title);
            }
        }
        one(name, &value, &mut numbers, &mut words, &mut reasons);
    });
    let (asked, lists) = asked_before(row);
    sources.extend(lists.into_iter().map(|list| (list.tag, list.title)));
    let _ = writeln!(
        text,
        "{}{}\n{words}\n{asked}  `nmes screen {}` holds answers against these.\n\n  {MARKS}\n\n  Sources",
        numbers.plain(),
        reasons.text(),
        row.name
    );
    for (tag, title) in sources {
        let _ = writeln!(text, "  {tag}: {title}");
    }
    text
}

/// Why numbers are ours, each reason once, with the number that stands for it in the table.
#[derive(Default)]
struct Reasons(Vec<&'static str>);

impl Reasons {
    /// The mark and the tag of the source; of what is ours the number of the reason.
    fn origin(&mut self, provenance: &Provenance) -> String {
        let Provenance::Ours { reason } = provenance else { return origin(provenance) };
        let known = self.0.iter().position(|known| known == reason);
        let at = known.unwrap_or_else(|| {
            self.0.push(reason);
            self.0.len() - 1
        });
        format!("{} ({})", provenance.mark(), at + 1)
    }

    fn text(&self) -> String {
        let lines = (1..).zip(&self.0).map(|(at, reason): (usize, _)| format!("  ({at}) {reason}\n"));
        if self.0.is_empty() { String::new() } else { format!("\n{}", lines.collect::<String>()) }
    }
}

fn one(name: &str, value: &RowValue<'_>, numbers: &mut Table, words: &mut String, reasons: &mut Reasons) {
    match value {
        RowValue::Range(range) => numbers.row([
            name.to_owned(),
            shown_value(range.default, range.unit),
            reasons.origin(&range.chosen),
            shown_value(range.min, range.unit),
            shown_value(range.max, range.unit),
            reasons.origin(&range.range),
        ]),
        RowValue::Number(number, unit, provenance) => numbers.row([
            name.to_owned(),
            shown_value(*number, *unit),
            reasons.origin(provenance),
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

/// The mark, and the tag of the source.
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
