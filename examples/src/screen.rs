//! Screening on the command line: a flag for every item of the table.

use crate::app::{say, say_json};
use crate::cli::{InnervationWord, ScreenArgs};
use crate::failure::Failure;
use crate::names::{find_row, suggestion};
use crate::text::Table;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use nmes_protocols::{
    Action, Answers, Availability, Condition, Entry, Innervation, Item, Outcome, Screening, Site, Source,
    TABLE, Why, check_innervation, screen_row,
};
use serde::Serialize;
use std::io::Write;

/// The items that were answered with "yes", a flag each.
#[derive(Clone, Debug, Default)]
pub struct YesFlags {
    /// The items.
    pub items: Vec<Item>,
}

impl FromArgMatches for YesFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let said = |item: &&Item| matches.get_flag(item.flag());
        Ok(Self { items: Item::ALL.iter().filter(said).copied().collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for YesFlags {
    fn augment_args(command: Command) -> Command {
        TABLE.iter().fold(command, |command, entry| {
            let flag = entry.item.flag();
            let arg = Arg::new(flag).long(flag).action(ArgAction::SetTrue).help(entry.text);
            command.arg(arg.help_heading("Answered with yes"))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// `nmes screen`.
pub(crate) fn screen(args: &ScreenArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let row = find_row(&args.protocol)?;
    let site = site(args, row)?;
    let answers = answers(args)?;
    let screening = screen_row(row, site, args.specialist, &answers);
    let gates = Gates::of(args, row);
    if args.json {
        say_json(out, &Json::of(row, &gates, &screening))?;
    } else {
        say(out, &format!("{}{}", gates.text(row), text(args, row, &screening)))?;
    }
    let mut against = gates.against();
    if screening.outcome() != Outcome::NoBlockFound {
        against.push(word(screening.outcome()).to_owned());
    }
    let not_asked = screening.findings().filter(|(_, why)| *why == Why::NotAsked);
    against
        .extend(not_asked.map(|(entry, _)| format!("--{}: not asked by this protocol", entry.item.flag())));
    let said = format!("screening of {}: {}", row.name, against.join("; "));
    if against.is_empty() { Ok(()) } else { Err(Failure::Refused(said)) }
}

/// What stands before any answer, as the builder holds it.
#[derive(Serialize)]
struct Gates {
    /// Why no session is built of the row at all.
    disabled: Option<&'static str>,
    /// Why only a specialist may ask for it.
    for_specialists: Option<&'static str>,
    /// Whether one does.
    specialist: bool,
    /// The nerve that is asked about, and the states of it that the row is for.
    nerve: &'static str,
    accepted: &'static [Innervation],
    innervation: Option<Innervation>,
    /// Why the row is not for that state.
    refused: Option<String>,
}

impl Gates {
    fn of(args: &ScreenArgs, row: &'static Condition) -> Self {
        let innervation = args.innervation.map(InnervationWord::state);
        let refusal = innervation.and_then(|state| check_innervation(row, state).err());
        Self {
            disabled: match row.availability {
                Availability::Disabled(why) => Some(why.value),
                Availability::Enabled => None,
            },
            for_specialists: row.specialist.map(|gate| gate.why.value),
            specialist: args.specialist,
            nerve: row.needs.nerve,
            accepted: row.needs.accepted,
            innervation,
            refused: refusal.map(|refusal| format!("innervation {}: {}", refusal.given.word(), refusal.why)),
        }
    }

    fn text(&self, row: &Condition) -> String {
        let mut text = String::new();
        if let Some(why) = self.disabled {
            text += &format!("DISABLED, no session is built of {}: {why}\n", row.name);
        }
        if let Some(why) = self.for_specialists {
            let said = if self.specialist { "a specialist asks" } else { "--specialist says that one asks" };
            text += &format!("For specialists: {why} ({said})\n");
        }
        let states: Vec<&str> = self.accepted.iter().map(|state| state.word()).collect();
        let given = match (self.innervation, &self.refused) {
            (None, _) => "not held here, --innervation says what is known".to_owned(),
            (Some(state), None) => format!("{}: accepted", state.word()),
            (Some(state), Some(_)) => format!("{}: REFUSED", state.word()),
        };
        text + &format!("Innervation of {}: for {}; {given}\n\n", self.nerve, states.join(", "))
    }

    /// What denies a session whatever was answered.
    fn against(&self) -> Vec<String> {
        let disabled = self.disabled.map(|_| "disabled".to_owned());
        let specialist = self.for_specialists.filter(|_| !self.specialist);
        let specialist = specialist.map(|_| "for specialists (--specialist)".to_owned());
        [disabled, specialist, self.refused.clone()].into_iter().flatten().collect()
    }
}

fn site(args: &ScreenArgs, row: &Condition) -> Result<Site, Failure> {
    let Some(asked) = &args.site else { return Ok(row.site) };
    let known: Vec<Site> = Site::ALL.into_iter().filter(|site| row.is_for(*site)).collect();
    let words: Vec<String> = known.iter().map(|site| site.word().replace(' ', "-")).collect();
    let place = words.iter().position(|word| word == asked);
    place.and_then(|i| known.get(i).copied()).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Failure::Input(format!(
            "--site \"{asked}\" is not one of {}; {}",
            row.name,
            suggestion(asked, &words)
        ))
    })
}

fn answers(args: &ScreenArgs) -> Result<Answers, Failure> {
    let start = if args.unanswered { Answers::unanswered() } else { Answers::all_no() };
    let mut answers = args.yes.items.iter().fold(start, |answers, item| answers.yes(*item));
    for word in &args.acknowledge {
        answers = answers.acknowledge(acknowledged(args, word)?);
    }
    Ok(answers)
}

/// What was read and accepted was answered with "yes": without that there is nothing to accept.
fn acknowledged(args: &ScreenArgs, word: &str) -> Result<Item, Failure> {
    let item = Item::ALL.iter().find(|item| item.flag() == word).ok_or_else(|| {
        let known: Vec<&str> = Item::ALL.iter().map(|item| item.flag()).collect();
        Failure::Input(format!("--acknowledge \"{word}\" is not known; {}", suggestion(word, &known)))
    })?;
    if args.yes.items.contains(item) {
        return Ok(*item);
    }
    Err(Failure::Input(format!(
        "--acknowledge {word}: nothing is acknowledged that was not answered with yes; accepted: --{word} --acknowledge \
         {word}, or neither"
    )))
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NoBlockFound => "no block found",
        Outcome::NeedsAcknowledgement => "needs acknowledgement",
        Outcome::Blocked => "blocked",
    }
}

/// What a row asks before a session, and what a "yes" does with pads at its own site: what blocks comes first. With it the
/// strictest list of each.
pub(crate) fn asked_before(row: &Condition) -> (String, Vec<Source>) {
    let asked = |entry: &&Entry| entry.general || row.specific_items.contains(&entry.item);
    let rule = |entry: &Entry| row.item_rules.iter().find(|rule| rule.item == entry.item);
    let does = |entry: &Entry| rule(entry).map_or(entry.action(row.site), |rule| rule.action(false));
    let mut lists = Vec::new();
    let mut table = Table::new(&["a \"yes\"", "asked before a session", "by"]);
    for (action, word) in [(Action::Block, "blocks"), (Action::Acknowledge, "to be acknowledged")] {
        for entry in TABLE.iter().filter(asked).filter(|entry| does(entry) == action) {
            let own = if entry.general { "" } else { " (this protocol's own question)" };
            let word = rule(entry).map_or(word, |rule| rule.does.word());
            let list = entry.stricter_source_at(row.site);
            let choice = rule(entry).map(|rule| rule.why.value).or(entry.eased_at(row.site));
            let choice = choice.map_or(String::new(), |why| format!("; our choice: {why}"));
            table.row([word.to_owned(), format!("{}{own}", entry.text), format!("{}{choice}", list.tag)]);
            lists.push(list);
        }
    }
    (table.plain(), lists)
}

/// Why screening denies a session, a line for each item: what blocks or waits; then what nobody answered, by the words that
/// a subject file takes, and how to answer it.
pub(crate) fn denied(screening: &Screening, subject_file: Option<&str>) -> String {
    let of = |open: bool| screening.findings().filter(move |(_, why)| (*why == Why::NotAnswered) == open);
    let mut text = format!("screening: {}", word(screening.outcome()));
    for (entry, why) in of(false) {
        let list = entry.stricter_source_at(screening.site()).tag;
        text += &format!("\n  {} [{list}]", finding(screening, entry, why));
    }
    let unanswered = of(true).count();
    if unanswered > 0 {
        let (questions, file) = (
            if unanswered == 1 { "question" } else { "questions" },
            subject_file.unwrap_or("the subject file"),
        );
        text += &format!(
            "\n  {unanswered} {questions} unanswered, and that blocks: answer them in [screening] of {file}, \
             yes = [\"...\"] for each that is the case, and others = \"no\" once all the rest was answered with no:"
        );
        for (entry, _) in of(true) {
            let named = serde_json::to_value(entry.item).ok();
            let named = named.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
            text += &format!("\n    {named}: {}", entry.text);
        }
    }
    text
}

/// What a finding does, how hard the strictest list is about it at this site, and where we chose otherwise.
fn finding(screening: &Screening, entry: &Entry, why: Why) -> String {
    let severity = entry.severity_at(screening.site()).word();
    let choice = screening.by_our_choice(entry).or(screening.rule(entry.item).map(|rule| rule.why.value));
    let choice = choice.map_or(String::new(), |reason| format!("; by our choice: {reason}"));
    format!("{}: {} ({severity}{choice})", entry.text, why.word())
}

fn text(args: &ScreenArgs, row: &Condition, screening: &Screening) -> String {
    let others = if args.unanswered { "were not answered" } else { "are taken as answered with no" };
    let mut text = format!(
        "{}, pads on the {}; of the answers: {}\n  Questions that were not named {others}. A default for software, not a clinical rule.\n",
        row.name,
        screening.site().word(),
        word(screening.outcome())
    );
    for (entry, why) in screening.findings() {
        text.push_str(&format!("\n{}\n", finding(screening, entry, why)));
        let mut table = Table::new(&["list", "severity", "what it says"]);
        for list in entry.lists {
            let title = format!("{} [{}]", list.source.title, list.source.tag);
            table.row([title, list.severity.word().to_owned(), list.says.to_owned()]);
        }
        text.push_str(&table.plain());
    }
    text
}

#[derive(Serialize)]
struct Json<'s> {
    protocol: &'static str,
    #[serde(flatten)]
    gates: &'s Gates,
    site: Site,
    outcome: Outcome,
    findings: Vec<Said>,
}

#[derive(Serialize)]
struct Said {
    why: Why,
    entry: &'static Entry,
}

impl<'s> Json<'s> {
    fn of(row: &Condition, gates: &'s Gates, screening: &Screening) -> Self {
        Self {
            protocol: row.name,
            gates,
            site: screening.site(),
            outcome: screening.outcome(),
            findings: screening.findings().map(|(entry, why)| Said { why, entry }).collect(),
        }
    }
}
