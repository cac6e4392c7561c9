//! Screening on the command line: a flag for every item of the table.

use crate::app::{say, say_json};
use crate::cli::ScreenArgs;
use crate::failure::Failure;
use crate::scenario::{find_row, suggestion};
use crate::text::Table;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use nmes_protocols::{Answers, Condition, Entry, Item, Outcome, Screening, Site, TABLE, Why, screen as held};
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
    let screening = held(site, row.specific_items, &answers);
    if args.json {
        say_json(out, &Json::of(row, &screening))?;
    } else {
        say(out, &text(args, row, &screening))?;
    }
    match screening.outcome() {
        Outcome::NoBlockFound => Ok(()),
        Outcome::NeedsAcknowledgement | Outcome::Blocked => {
            Err(Failure::Denied(format!("screening of {}: {}", row.name, word(screening.outcome()))))
        }
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
        let item = Item::ALL.iter().find(|item| item.flag() == word).ok_or_else(|| {
            let known: Vec<&str> = Item::ALL.iter().map(|item| item.flag()).collect();
            Failure::Input(format!("--acknowledge \"{word}\" is not known; {}", suggestion(word, &known)))
        })?;
        answers = answers.acknowledge(*item);
    }
    Ok(answers)
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NoBlockFound => "no block found",
        Outcome::NeedsAcknowledgement => "needs acknowledgement",
        Outcome::Blocked => "blocked",
    }
}

const fn state(why: Why) -> &'static str {
    match why {
        Why::Blocks => "blocks",
        Why::NotAcknowledged => "to be acknowledged",
        Why::Acknowledged => "acknowledged",
        Why::NotAnswered => "not answered, and that blocks",
        Why::NotAsked => "not asked by this protocol; as it was said, to be acknowledged",
        Why::NothingFollows => "nothing follows from it at this site",
    }
}

fn text(args: &ScreenArgs, row: &Condition, screening: &Screening) -> String {
    let others = if args.unanswered { "were not answered" } else { "are taken as answered with no" };
    let mut text = format!(
        "{}, pads on the {}: {}\n  Questions that were not named {others}. A default for software, not a clinical rule.\n",
        row.name,
        screening.site().word(),
        word(screening.outcome())
    );
    for (entry, why) in screening.findings() {
        text.push_str(&format!("\n{}: {} ({})\n", entry.text, state(why), entry.severity().word()));
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
struct Json {
    protocol: &'static str,
    site: Site,
    outcome: Outcome,
    findings: Vec<Said>,
}

#[derive(Serialize)]
struct Said {
    why: Why,
    entry: &'static Entry,
}

impl Json {
    fn of(row: &Condition, screening: &Screening) -> Self {
        Self {
            protocol: row.name,
            site: screening.site(),
            outcome: screening.outcome(),
            findings: screening.findings().map(|(entry, why)| Said { why, entry }).collect(),
        }
    }
}
