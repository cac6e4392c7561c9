//! A session of one's own as a file, as a person or a program meets it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
#[path = "common/schema.rs"]
mod schema;

use common::{said, scratch};
use nmes_protocols::files::{OwnFile, Syntax};
use schema::complaints;
use serde_json::Value;

const SCHEMA: &str = include_str!("../../docs/schema/own-session-file.schema.json");
const FILE: &str = include_str!("../../docs/own-session.toml");

fn written(name: &str, text: &str) -> String {
    let path = scratch("own-session").join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// REQ-APP-352: a channel that is later by more than a minute runs to its end in every command that runs it; `validate` and the picture
/// say the offset; what E-SES-1 does not take is denied and not run.
#[test]
fn a_late_channel_runs_to_its_end() {
    let (head, channel) = FILE.split_once("[[channels]]").unwrap();
    let channel = channel.split("[[channels]]").next().unwrap();
    let head: String = head
        .lines()
        .map(|line| {
            if line.starts_with("length_ms") { "length_ms = 12000\n".to_owned() } else { format!("{line}\n") }
        })
        .collect();
    let later = |us: u32| {
        let offset: String = channel
            .lines()
            .map(|line| {
                if line.starts_with("offset_us") {
                    format!("offset_us = {us}\n")
                } else {
                    format!("{line}\n")
                }
            })
            .collect();
        format!("{head}[[channels]]{offset}")
    };
    let path = written("later.toml", &later(90_000_000));
    let (dir, svg) = (scratch("later"), scratch("later").join("later.svg"));
    let (dir, svg) = (dir.to_str().unwrap(), svg.to_str().unwrap());
    for args in [["run", "--out-dir", dir], ["events", "--format", "csv"], ["plot", "--out", svg]] {
        let (status, out, err) = said(&[&args[..1], &["--session", &path], &args[1..]].concat());
        assert_eq!((status, err.as_str()), (0, ""), "{args:?}: {out}");
    }
    let drawn = std::fs::read_to_string(svg).unwrap();
    assert!(
        drawn.contains("length 12 s, its last channel 90 s later") && drawn.contains("over at 9"),
        "{drawn}"
    );
    assert!(said(&["session", "validate", &path]).1.contains("12 s, its last channel 90 s later;"));
    let far = written("far.toml", &later(3_600_000_000));
    let (status, _, err) = said(&["run", "--session", &far, "--out-dir", dir]);
    assert!(status == 1 && err.contains("E-SES-1"), "{err}");
}

/// REQ-APP-195: the example fits the schema; what the schema refuses the types refuse, for every field that is left out or
/// has another name, and each value of another kind.
#[test]
fn schema_and_types_agree() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let file = OwnFile::from_text(FILE, Syntax::Toml).unwrap();
    let text = file.to_text(Syntax::Json);
    let whole: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(complaints(&schema, &whole), Vec::<String>::new());
    let names: Vec<&str> =
        text.split('"').skip(1).step_by(2).filter(|word| text.contains(&format!("\"{word}\":"))).collect();
    let mut refused = 0;
    for name in names {
        for to in [
            format!("\"{name}s\":"),
            format!("\"more\": 1, \"{name}\":"),
            format!("\"{name}\": {{\"x\": 1}}, \"y\":"),
        ] {
            let changed: Value =
                serde_json::from_str(&text.replacen(&format!("\"{name}\":"), &to, 1)).unwrap();
            let taken = OwnFile::from_text(&changed.to_string(), Syntax::Json);
            assert_eq!(complaints(&schema, &changed).is_empty(), taken.is_ok(), "{taken:?}\n{changed}");
            refused += u32::from(taken.is_err());
        }
    }
    assert!(refused > 60, "{refused}");
}

/// REQ-APP-196: `session validate`, `session export`, `check`, `report` and `run` take it; exported it is the same; an
/// amplitude above a limit is denied by the check with the rule, and a run of it writes nothing.
#[test]
fn every_command_takes_it() {
    let name = written("own.toml", FILE);
    let (status, out, err) = said(&["session", "validate", &name]);
    assert_eq!((status, err.as_str()), (0, ""));
    for part in [
        "a session of one's own, \"a pause in the pulse, and bursts of three\"",
        "2 channels, 600 s",
        "no protocol",
    ] {
        assert!(out.contains(part), "{out}");
    }
    let (status, out, _) = said(&["session", "export", "--session", &name, "--format", "toml"]);
    let again = OwnFile::from_text(&out, Syntax::Toml);
    assert_eq!((status, again), (0, OwnFile::from_text(FILE, Syntax::Toml)));
    let (status, out, err) = said(&["check", "--session", &name]);
    assert!(status == 0 && out.contains("own-session"), "{out}{err}");
    let dir = scratch("own-run");
    let short = written("short.toml", &FILE.replace("length_ms = 600000", "length_ms = 60000"));
    let (status, out, err) =
        said(&["run", "--session", &short, "--json", "--out-dir", dir.to_str().unwrap()]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    let run: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(run["fault"], Value::Null);
    for channel in 0..2 {
        assert_eq!(run["channels"][channel]["commanded_na_ticks"], 0, "channel {channel}");
    }
    let fast = written("fast.toml", &FILE.replace("rate_millihertz = 40000", "rate_millihertz = 200000"));
    let empty = scratch("own-denied");
    for command in [
        &["check", "--session", &fast][..],
        &["run", "--session", &fast, "--out-dir", empty.to_str().unwrap()],
    ] {
        let (status, out, err) = said(command);
        assert!(status != 0 && (out + &err).contains("E-F-1"), "{command:?}");
    }
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 0);
}

/// REQ-PRO-433: pads on the chest, or on head and neck, are denied by every command that would run or check them, with exit status 1 and
/// the reason, with and without a specialist, and though a subject file says "no"; no file is written.
#[test]
fn chest_head_and_neck_are_denied() {
    let no = "format = \"nmes-subject\"\nversion = 1\ncode = \"P-1\"\nside = \"left\"\ninnervation = \"intact\"\nmeasured = []\nlimits = []\n[screening]\nyes = []\nacknowledged = []\nothers = \"no\"\n";
    let subject = written("no.toml", no);
    let empty = scratch("own-chest");
    for (site, specialist) in
        [("chest", "false"), ("chest", "true"), ("head_neck", "false"), ("head_neck", "true")]
    {
        let text = FILE.replacen("\"thigh\"", &format!("\"{site}\""), 1);
        let name = written(
            "chest.toml",
            &text.replacen("specialist = false", &format!("specialist = {specialist}"), 1),
        );
        for command in [
            &["run", "--session", &name, "--out-dir", empty.to_str().unwrap()][..],
            &["run", "--session", &name, "--subject", &subject, "--out-dir", empty.to_str().unwrap()],
            &["check", "--session", &name],
            &["report", "--session", &name],
            &["session", "validate", &name],
        ] {
            let (status, _, err) = said(command);
            assert_eq!(status, 1, "{command:?}: {err}");
            assert!(err.contains("the pads are there, and that blocks, whatever was answered"), "{err}");
        }
    }
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 0);
}

/// REQ-APP-196: what is wrong in it is told with the file, the place, the value and what is allowed, as bad input.
#[test]
fn mistakes_are_told() {
    for (from, to, said_of_it) in [
        ("permille = 1000,", "permille = 900,", "channels[0].pulse.wave: "),
        ("site = \"thigh\"", "site = \"face\"", "specialist: false; accepted: true"),
        ("use_class", "useclass", "useclass: unknown field"),
        ("[schedule.cyclic]", "[schedule.cycle]", "schedule: unknown variant `cycle`, expected one of"),
    ] {
        let name = written("wrong.toml", &FILE.replacen(from, to, 1));
        for command in [
            &["session", "validate", &name][..],
            &["check", "--session", &name],
            &["run", "--session", &name],
        ] {
            let (status, _, err) = said(command);
            assert_eq!(status, 2, "{command:?}: {err}");
            assert!(err.contains("wrong.toml") && err.contains(said_of_it), "{err}");
        }
    }
}
