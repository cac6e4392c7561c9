//! Whether a protocol runs with its own values: what `nmes check NAME` says of it, in a few words.

use crate::cli::{Cli, Command, InnervationWord};
use crate::failure::Failure;
use crate::scenario::Scenario;
use clap::{Parser, ValueEnum};
use nmes_protocols::{Availability, Condition, Storage};
use nmes_safety::assess;

/// The rules that deny a row with its own values, for somebody it is for, as the check does it; none for a row that
/// cannot be asked for.
pub(crate) fn denied_by(row: &'static Condition) -> Result<Vec<&'static str>, Failure> {
    let person = InnervationWord::value_variants().iter().find(|word| row.needs.accepts(word.state()));
    let word = person.and_then(InnervationWord::to_possible_value);
    let Some(word) = word.filter(|_| row.availability == Availability::Enabled) else {
        return Ok(Vec::new());
    };
    let asked = ["nmes", "check", row.name, "--innervation", word.get_name(), "--specialist"];
    let last = asked.len() - usize::from(row.specialist.is_none());
    let cli = Cli::try_parse_from(&asked[..last]).map_err(|error| Failure::Input(error.to_string()))?;
    let Command::Check(args) = cli.command else { return Ok(Vec::new()) };
    let scenario = Scenario::of(&args.ask)?;
    let mut storage = Storage::new();
    let built = scenario.build(&mut storage)?;
    let plan = scenario.compile(&built)?;
    Ok(assess(&plan, &scenario.setup, &scenario.profile).denied().map(|row| row.rule.id).collect())
}
