//! One fault after another in simulated sessions, and what came of it as a page of Markdown: a program apart from `nmes`,
//! because it is built with what flips bits behind a guard, and `nmes` drives stimulators.

use clap::Parser;
use nmes_examples::campaign::{KINDS, Kind, campaign, page};
use nmes_examples::failure::Failure;
use nmes_examples::text::Paint;
use std::path::PathBuf;
use std::process::ExitCode;

/// Put one fault after another into simulated sessions, and print what came of it as a page of Markdown.
#[derive(Debug, Parser)]
#[command(name = "nmes-campaign", version, after_help = EXAMPLE)]
struct Args {
    /// Kinds of fault by their names in the page, or how these begin, separated by commas; default: all.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    kinds: Vec<String>,
    /// Random instants of each kind.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    runs: u32,
    /// Seed of the instants; the same seed gives the same page.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Write to a file instead of the terminal.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    out: Option<PathBuf>,
}

const EXAMPLE: &str = "\
Examples:
  nmes-campaign --kinds clock,bridge --runs 100
      what comes of faults in clock and bridge, at 100 random instants each

Exit status: 0 every fault ended as it must; 1 one did not, and is named; 2 the input cannot be taken.";

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", Paint::for_stderr().bad(&failure.to_string()));
            ExitCode::from(failure.exit_status())
        }
    }
}

fn run(args: &Args) -> Result<(), Failure> {
    let asked = |kind: &Kind| {
        args.kinds.is_empty() || args.kinds.iter().any(|name| kind.name.starts_with(name.as_str()))
    };
    let kinds: Vec<Kind> = KINDS.into_iter().filter(asked).collect();
    if kinds.is_empty() {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        return Err(Failure::Input(format!("kinds: none of that name; there are {}", names.join(", "))));
    }
    let tallies = campaign(&kinds, args.runs, args.seed);
    let page = page(&kinds, &tallies, args.seed);
    match &args.out {
        Some(path) => std::fs::write(path, &page)
            .map_err(|error| Failure::Input(format!("{}: {error}", path.display())))?,
        None => print!("{page}"),
    }
    let holes: Vec<&str> = tallies.iter().flat_map(|tally| &tally.holes).map(String::as_str).collect();
    if holes.is_empty() { Ok(()) } else { Err(Failure::Faulted(holes.join("\n  "))) }
}
