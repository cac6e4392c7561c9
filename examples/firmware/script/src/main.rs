//! Prints the hash of the scripted run on the host.

use std::process::ExitCode;

fn main() -> ExitCode {
    match nmes_firmware_script::scripted_run() {
        Ok(outcome) => {
            println!("{:016x}", outcome.hash);
            ExitCode::SUCCESS
        }
        Err(broken) => {
            eprintln!("{broken:?}");
            ExitCode::FAILURE
        }
    }
}
