//! The scripted foot-drop run on a bare Cortex-M.
//!
//! Prints the hash of its frames and edges as sixteen hexadecimal digits over semihosting, then exits: with 0 when
//! the run ended as scripted, else with 1.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};

#[entry]
fn main() -> ! {
    match nmes_firmware_script::scripted_run() {
        Ok(outcome) => {
            hprintln!("{:016x}", outcome.hash);
            leave(debug::EXIT_SUCCESS)
        }
        Err(broken) => {
            hprintln!("{:?}", broken);
            leave(debug::EXIT_FAILURE)
        }
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    leave(debug::EXIT_FAILURE)
}

fn leave(status: debug::ExitStatus) -> ! {
    loop {
        debug::exit(status);
    }
}
