//! The `nmes` workbench; see [`nmes_examples`].

use clap::Parser;
use nmes_examples::app::run_cli;
use nmes_examples::cli::Cli;
use nmes_examples::text::Paint;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // not locked: `serve` writes from a thread of its own
    match run_cli(&cli, &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", Paint::for_stderr().bad(&failure.to_string()));
            ExitCode::from(failure.exit_status())
        }
    }
}
