//! Real walks, and slow irregular ones made from numbers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use common::{ask, save_walk};
use nmes_examples::app::with_run;
use nmes_examples::gait::{Affected, affected};
use nmes_examples::judge::{Judgement, Outcome};
use nmes_examples::simulation::TriggerEnd;
use std::path::{Path, PathBuf};

/// The recorded walks, where they are: `NMES_GAIT_DIR`, or beside the repository.
fn recorded() -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/gait");
    let dir = std::env::var_os("NMES_GAIT_DIR").map_or(beside, PathBuf::from);
    let Ok(entries) = std::fs::read_dir(&dir) else {
        println!("skipped: no recorded walks in {}; set NMES_GAIT_DIR", dir.display());
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "csv"));
    files.sort();
    files
}

fn judged(path: &Path, side: &str) -> (Judgement, TriggerEnd) {
    let ask = ask(&["--gait", path.to_str().unwrap(), "--side", side]);
    with_run(&ask, |shown| {
        assert_eq!(shown.fault(), None, "{}", path.display());
        assert_eq!(shown.balance.commanded_na_ticks, 0);
        Ok((shown.judgement.clone(), shown.run.trigger.clone()))
    })
    .unwrap()
}

/// REQ-APP-010: on recorded walks, both sides: above motor threshold by toe-off in at least 95 % of steps whose
/// heel-off leads by 150 ms, full level through every swing that a heel announced (at most one of a walk is not), an Off
/// in at least 90 % of stances, nothing outside.
#[test]
fn recorded_walks_are_served() {
    for path in recorded() {
        for side in ["left", "right"] {
            let (judgement, trigger) = judged(&path, side);
            let criteria = judgement.criteria();
            let swings: Vec<_> = judgement.swings().filter_map(|s| s.swing).collect();
            let full = swings.iter().filter(|s| s.is_full()).count();
            let strictly = swings.iter().filter(|s| s.is_strictly_full()).count();
            println!(
                "{} {side}: {:?}; of {} swings {full} full, {strictly} strictly",
                path.display(),
                criteria.map(|c| (c.have, c.of)),
                swings.len()
            );
            let unannounced = judgement.swings().filter(|s| !s.announced).count();
            assert!(full + unannounced >= swings.len() && unannounced <= 1, "{}", path.display());
            assert!(judgement.passes(), "{} {side}: {criteria:#?}", path.display());
            assert!(judgement.swings().count() >= 15, "the walk was read");
            assert_eq!(trigger.state, "OFF");
        }
    }
}

/// REQ-APP-011: slow affected gait with kerb pauses: no pulse without a step, and no swing is cut as long as the lift
/// is shorter than the time-out of two seconds.
#[test]
fn slow_gait_with_kerb_pauses_is_not_cut() {
    for seed in 1..=8 {
        let how = Affected { seed, strides: 24, kerb_nth: 5, kerb_pause_ms: 600, ..Affected::default() };
        let (judgement, _) = judged(&save_walk(&format!("kerb-{seed}.csv"), &affected(&how)), "left");
        assert_eq!(judgement.stray_pulses, 0, "seed {seed}");
        assert_eq!(judgement.count(Outcome::Missed), 0, "seed {seed}");
        let mut pauses = 0;
        for step in judgement.swings() {
            let lift = step.step.strike.unwrap() - step.step.heel_off.unwrap();
            pauses += usize::from(lift > 1_200_000);
            let swing = step.swing.unwrap();
            assert!(
                lift >= 2_000_000 || swing.held_permille == 1_000,
                "seed {seed}: cut at a lift of {lift} µs"
            );
            assert!(lift >= 2_000_000 || swing.longest_gap_us <= 50_000, "seed {seed}: {swing:?}");
        }
        assert!(pauses > 0, "seed {seed}: there are kerbs in it");
    }
}

/// REQ-APP-011: missing heel load and shuffling: no pulse outside a lift and its tail, the end is Off, and the table
/// says what happened.
#[test]
fn unloaded_and_shuffled_steps_are_told() {
    for seed in 1..=8 {
        let how = Affected { seed, strides: 24, unloaded_nth: 6, shuffle_nth: 4, ..Affected::default() };
        let path = save_walk(&format!("shuffle-{seed}.csv"), &affected(&how));
        let (judgement, trigger) = judged(&path, "left");
        assert_eq!(judgement.stray_pulses, 0, "seed {seed}");
        assert_eq!(trigger.state, "OFF");
        // shuffles at 4, 8, 12, 16 and 20; the one at 24 is the last stride
        assert_eq!(judgement.count(Outcome::Shuffle), 5, "seed {seed}");
        let ordinary = judgement.swings().filter(|s| s.step.heel_off.is_some() && s.step.strike.is_some());
        let missed = ordinary.filter(|s| s.outcome() == Outcome::Missed).count();
        assert_eq!(missed, 0, "seed {seed}: {judgement:#?}");
    }
    let dir = common::scratch("shuffle");
    let how = Affected { seed: 3, strides: 24, unloaded_nth: 6, shuffle_nth: 4, ..Affected::default() };
    let path = save_walk("shuffle.csv", &affected(&how));
    let run = ["run", "foot-drop", "--gait", path.to_str().unwrap(), "--out-dir", dir.to_str().unwrap()];
    let (status, out, err) = common::said(&run);
    assert_eq!(status, 0, "{err}");
    for phrase in
        ["5 shuffled", "shuffle: no toe-off", "3 steps land without loading the heel", "ended in OFF"]
    {
        assert!(out.contains(phrase), "{phrase}: {out}");
    }
}
