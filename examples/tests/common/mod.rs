//! What the tests of the workbench share.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "each test file uses its own part of this, and a test may panic"
)]

use clap::Parser;
use nmes_examples::cli::{Ask, Cli, Command, Format};
use nmes_examples::gait::Walk;
use nmes_examples::records::write_changes;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};

/// A directory of the test's own: tests run side by side, and each is a thread that has its name.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let test = std::thread::current().name().unwrap_or("main").replace("::", "-");
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test).join(name);
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// Runs the program.
pub(crate) fn nmes(args: &[&str]) -> Output {
    Process::new(env!("CARGO_BIN_EXE_nmes")).args(args).output().unwrap()
}

/// Runs the program and gives exit status, standard output and standard error.
pub(crate) fn said(args: &[&str]) -> (i32, String, String) {
    let output = nmes(args);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// What `nmes run foot-drop` with these options asks for.
pub(crate) fn ask(options: &[&str]) -> Ask {
    let args = ["nmes", "run", "foot-drop"].iter().chain(options);
    let Command::Run(run) = Cli::try_parse_from(args).unwrap().command else { panic!("run was asked for") };
    run.ask
}

/// Saves a walk as a gait file.
pub(crate) fn save_walk(name: &str, walk: &Walk) -> PathBuf {
    let path = scratch("walks").join(name);
    walk.write(std::fs::File::create(&path).unwrap()).unwrap();
    path
}

/// Saves a gait file from its lines, without the header.
pub(crate) fn save_lines(name: &str, lines: &str) -> PathBuf {
    let path = scratch("walks").join(name);
    std::fs::write(&path, format!("t_us,foot,event\n{lines}")).unwrap();
    path
}

/// One row of `nmes events --format csv`: tick, and the code or nothing.
pub(crate) type Row = (u64, Option<i64>);

/// Parses `nmes events --format csv`, by hand and not with the library under test.
pub(crate) fn rows(csv: &str) -> Vec<Row> {
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("tick,t_us,channel,code,current_ua"));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            assert_eq!((fields.len(), fields[2]), (5, "0"), "{line}");
            (fields[0].parse().unwrap(), fields[3].parse().ok())
        })
        .collect()
}

/// Driven spans: start, ticks, code.
pub(crate) fn spans(rows: &[Row]) -> Vec<(u64, u64, i64)> {
    let driven = |w: &[Row]| w[0].1.filter(|code| *code != 0).map(|code| (w[0].0, w[1].0 - w[0].0, code));
    rows.windows(2).filter_map(driven).collect()
}

/// Spans grouped into pulses: a pulse begins with the leading polarity, which is that of the first span.
pub(crate) fn pulses(rows: &[Row]) -> Vec<Vec<(u64, u64, i64)>> {
    let spans = spans(rows);
    let leading = spans[0].2.signum();
    let mut pulses: Vec<Vec<(u64, u64, i64)>> = Vec::new();
    let mut paying_back = true;
    for span in spans {
        if span.2.signum() == leading && paying_back {
            pulses.push(Vec::new());
        }
        paying_back = span.2.signum() != leading;
        pulses.last_mut().unwrap().push(span);
    }
    pulses
}

/// Σ code × ticks.
pub(crate) fn sum(spans: &[(u64, u64, i64)]) -> i64 {
    spans.iter().map(|(_, ticks, code)| i64::try_from(*ticks).unwrap() * code).sum()
}

/// The rows of `nmes events foot-drop` with these options, through the library.
pub(crate) fn events(options: &[&str]) -> Vec<Row> {
    let written = nmes_examples::app::with_run(&ask(options), |shown| {
        let mut text = Vec::new();
        let hardware = &shown.scenario.hardware;
        write_changes(&shown.run.played.changes, hardware, Format::Csv, &mut text).unwrap();
        assert_eq!(shown.fault(), None, "{options:?}");
        Ok(text)
    });
    rows(&String::from_utf8(written.unwrap()).unwrap())
}
