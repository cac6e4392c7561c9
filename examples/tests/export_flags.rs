//! Each flag of `nmes session export`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod common;

use clap::CommandFactory;
use common::{said, scratch};
use nmes_examples::cli::Cli;
use std::collections::BTreeSet;

/// What stands without the flag, the flag with a value that is not its default, and whether it is taken.
const FLAGS: [(&str, &[&str], &[&str], bool); 42] = [
    ("--specialist", &["knee-oa"], &["--specialist"], true),
    ("--innervation", &["denervated-small", "--specialist"], &["--innervation", "denervated"], true),
    ("--side", &["foot-drop"], &["--side", "right"], false),
    ("--motor-threshold-ma", &["foot-drop"], &["--motor-threshold-ma", "20"], true),
    ("--motor-threshold-ma", &["--session", OWN], &["--motor-threshold-ma", "20"], false),
    ("--amplitude-ma", &["foot-drop"], &["--amplitude-ma", "30"], true),
    ("--phase-us", &["foot-drop"], &["--phase-us", "200"], true),
    ("--frequency-hz", &["foot-drop"], &["--frequency-hz", "30"], true),
    ("--gap-us", &["foot-drop"], &["--gap-us", "50"], true),
    ("--control", &["foot-drop"], &["--control", "width"], true),
    ("--trigger", &["foot-drop"], &["--trigger", "heel"], false),
    ("--delay-ms", &["foot-drop"], &["--delay-ms", "20"], true),
    ("--ramp-up-ms", &["foot-drop"], &["--ramp-up-ms", "150"], true),
    ("--extension-ms", &["foot-drop"], &["--extension-ms", "100"], true),
    ("--ramp-down-ms", &["foot-drop"], &["--ramp-down-ms", "250"], true),
    ("--ramp-floor-ma", &["foot-drop"], &["--ramp-floor-ma", "10"], true),
    ("--gait", &["foot-drop"], &["--gait", "walk.csv"], false),
    ("--seconds", &["knee-oa"], &["--seconds", "1000"], true),
    ("--ticks-hz", &["foot-drop"], &["--ticks-hz", "2000000"], false),
    ("--na-per-code", &["foot-drop"], &["--na-per-code", "50000"], false),
    ("--code-min", &["foot-drop"], &["--code-min", "-2047"], false),
    ("--code-max", &["foot-drop"], &["--code-max", "2000"], false),
    ("--late-us", &["foot-drop"], &["--late-us", "1"], false),
    ("--seed", &["foot-drop"], &["--seed", "2"], false),
    ("--declared-late-us", &["foot-drop"], &["--declared-late-us", "1"], false),
    ("--load-ohm", &["foot-drop"], &["--load-ohm", "900"], false),
    ("--checked-load-ohm", &["foot-drop"], &["--checked-load-ohm", "900"], false),
    ("--rail-v", &["foot-drop"], &["--rail-v", "140"], false),
    ("--polarity-mismatch-pct", &["foot-drop"], &["--polarity-mismatch-pct", "1"], false),
    ("--electrode-cm2", &["foot-drop"], &["--electrode-cm2", "21"], false),
    ("--contact-fraction", &["foot-drop"], &["--contact-fraction", "0.4"], false),
    ("--one-shot-us", &["foot-drop"], &["--one-shot-us", "5000"], false),
    ("--watchdog-ms", &["foot-drop"], &["--watchdog-ms", "50"], false),
    ("--profile", &["foot-drop"], &["--profile", "percutaneous-research"], false),
    ("--stop-at-us", &["foot-drop"], &["--stop-at-us", "100"], false),
    ("--stop", &["foot-drop"], &["--stop", "off", "--stop-at-us", "100"], false),
    ("--format", &["foot-drop"], &["--format", "json"], true),
    ("--week", &["stroke-wrist-powell"], &["--week", "3"], true),
    ("--week", &["foot-drop"], &["--week", "3"], false),
    // of these the test makes the value
    ("--session", &["foot-drop"], &["--session"], true),
    ("--subject", &["foot-drop"], &["--subject"], true),
    ("--out", &["foot-drop"], &["--out"], true),
];
const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/own-session.toml");

fn export(base: &[&str], more: &[&str]) -> (i32, String, String) {
    said(&[&["session", "export"], base, more].concat())
}

/// A person with another threshold, who answered every question.
fn person() -> String {
    let path = scratch("export-flags").join("person.toml");
    let _ = std::fs::remove_file(&path);
    let name = path.to_str().unwrap();
    assert_eq!(said(&["titrate", "foot-drop", "--seed", "4", "--out", name]).0, 0);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"unanswered\"", "\"no\"")).unwrap();
    name.to_owned()
}

/// REQ-APP-353: the table has every argument that clap takes for the command; each changes the file, or whether there is one, or is
/// refused with its name.
#[test]
fn every_flag_changes_the_file_or_is_refused() {
    let mut cli = Cli::command();
    cli.build();
    let export_of = cli.find_subcommand("session").unwrap().find_subcommand("export").unwrap();
    let longs = export_of.get_arguments().filter_map(|arg| arg.get_long()).filter(|long| *long != "help");
    let known: BTreeSet<String> = longs.map(|long| format!("--{long}")).collect();
    let tried: BTreeSet<String> = FLAGS.iter().map(|(flag, ..)| (*flag).to_owned()).collect();
    assert_eq!(known, tried, "a flag of the command and the table");
    let (person, out) = (person(), scratch("export-flags").join("out.toml"));
    let _ = std::fs::remove_file(&out);
    for (flag, base, given, taken) in FLAGS {
        let (base, given) = match flag {
            "--session" => (&[][..], vec!["--session", OWN]),
            "--subject" => (base, vec!["--subject", &person]),
            "--out" => (base, vec!["--out", out.to_str().unwrap()]),
            _ => (base, given.to_vec()),
        };
        let (status, text, err) = export(base, &given);
        if taken {
            assert_eq!((status, err.as_str()), (0, ""), "{given:?}");
            assert_ne!(text, export(if base.is_empty() { &["foot-drop"] } else { base }, &[]).1, "{given:?}");
        } else {
            let name = if flag == "--stop" { "--stop-at-us" } else { flag };
            assert!(status == 2 && err.starts_with(&format!("error: {name}: ")), "{given:?}: {status} {err}");
        }
    }
}
