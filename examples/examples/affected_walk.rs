//! Prints a slow, irregular walk as a gait file, for `nmes run foot-drop --gait`:
//!
//! ```text
//! cargo run -p nmes-examples --example affected_walk -- 7 > slow.csv
//! ```
//!
//! The one argument is a seed; every fifth step lands without heel load, every third shuffles, every seventh waits
//! at a kerb.

use nmes_examples::gait::{Affected, affected};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seed = match std::env::args().nth(1) {
        Some(text) => {
            text.parse().map_err(|_| format!("seed \"{text}\" is not taken; accepted: a whole number"))?
        }
        None => 1,
    };
    let how =
        Affected { seed, strides: 20, unloaded_nth: 5, shuffle_nth: 3, kerb_nth: 7, kerb_pause_ms: 700 };
    affected(&how).write(std::io::stdout().lock())?;
    Ok(())
}
