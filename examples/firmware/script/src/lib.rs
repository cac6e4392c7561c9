//! One scripted foot-drop run as a plain function: the same on a laptop and on any microcontroller.
//!
//! The row of `nmes-protocols`, checked by `nmes-safety`, run by `nmes-core`, each frame admitted and each edge
//! watched by the guard, triggered by a heel that was written down in [`walk`]. Edges come late by a scripted amount,
//! the amplitude is raised by commands, and the run is stopped within a pulse. The hash over all frames and applied
//! edges is one number; `GOLDEN.txt` has it, and every machine must give the same.
//!
//! No floating point, no allocation, no clock: time is a number that this script counts up.
#![no_std]

mod run;
mod walk;

pub use run::{Broken, Outcome, scripted_run};

/// The committed hash, as sixteen hexadecimal digits.
pub const GOLDEN: &str = include_str!("../GOLDEN.txt");

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{GOLDEN, scripted_run};
    use std::format;

    /// REQ-INV-11: the host gives the committed hash; the images are compared with the same file.
    #[test]
    fn the_hash_is_the_committed_one() {
        let outcome = scripted_run().unwrap();
        assert_eq!(format!("{:016x}", outcome.hash), GOLDEN.trim());
    }

    /// REQ-INV-11: the run is worth hashing: pulses, late edges, trims, and an end with nothing under way.
    #[test]
    fn the_run_has_something_in_it() {
        let outcome = scripted_run().unwrap();
        assert!(outcome.pulses > 200, "{outcome:?}");
        assert!(outcome.trims > 5, "{outcome:?}");
        assert!(outcome.late_edges > outcome.pulses, "{outcome:?}");
        assert!(outcome.steps > 8, "{outcome:?}");
    }
}
