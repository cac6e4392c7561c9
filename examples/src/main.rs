//! The `nmes` workbench; see [`nmes_examples`].

use clap::Parser;
use nmes_examples::app::run_cli;
use nmes_examples::cli::Cli;
use nmes_examples::text::Paint;
use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => return tell(&told),
    };
    // not locked: `serve` writes from a thread of its own
    match run_cli(&cli, &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", Paint::for_stderr().bad(&failure.to_string()));
            ExitCode::from(failure.exit_status())
        }
    }
}

/// Help, a version, or what is wrong with the command line; that it cannot be written is an error too.
fn tell(told: &clap::Error) -> ExitCode {
    match told.print().and_then(|()| std::io::stdout().flush()) {
        // whoever read has had enough
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("{}", Paint::for_stderr().bad(&format!("error: standard output: {error}")));
            ExitCode::from(2)
        }
        _ => ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(2)),
    }
}
