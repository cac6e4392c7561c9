//! `nmes walk`: a slow, affected walk as a gait file, to run a step protocol on.

use crate::failure::Failure;
use crate::gait::{Affected, LONGEST_US, Walk, affected, seconds};
use crate::written::save_new;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `walk`.
#[derive(Debug, Args)]
pub struct MadeWalkArgs {
    /// Strides of each foot.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(2..=2_000))]
    pub strides: u32,
    /// Seed of the variation: the same seed is the same walk.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Every Nth step of the left foot lands on the forefoot and never loads its heel; 0 is none.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub forefoot_every: u32,
    /// Every Nth lift of the left foot drags its toes and is lifted again; 0 is none.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub shuffle_every: u32,
    /// Every Nth step of the left foot waits at a kerb with its heel lifted; 0 is none.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub kerb_every: u32,
    /// How long it waits, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(0..=60_000))]
    pub kerb_ms: u64,
    /// Write there, and over no other file; without it to the terminal.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

impl MadeWalkArgs {
    fn walk(&self) -> Walk {
        affected(&Affected {
            seed: self.seed,
            strides: self.strides,
            unloaded_nth: self.forefoot_every,
            shuffle_nth: self.shuffle_every,
            kerb_nth: self.kerb_every,
            kerb_pause_ms: self.kerb_ms,
        })
    }
}

/// Makes a walk and writes it in the columns that `--gait` reads.
///
/// # Errors
/// The walk is longer than `--gait` takes, or the file or the terminal cannot be written.
pub(crate) fn made_walk(args: &MadeWalkArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let walk = args.walk();
    if walk.length_us() > LONGEST_US {
        return Err(Failure::Input(format!(
            "--strides {}, --kerb-every {}, --kerb-ms {}: a walk of {} s; accepted: what comes to {} s at the most, which is \
             what --gait takes",
            args.strides,
            args.kerb_every,
            args.kerb_ms,
            seconds(walk.length_us()),
            seconds(LONGEST_US)
        )));
    }
    let mut text = Vec::new();
    walk.write(&mut text).map_err(|error| Failure::Input(format!("walk: {error}")))?;
    match &args.out {
        Some(path) => save_new(path, &text),
        None => crate::app::say(out, &String::from_utf8_lossy(&text)),
    }
}
