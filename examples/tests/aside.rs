//! What `events` and `plot` say on standard error of the session that they show, and where help goes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{said, scratch};

/// REQ-APP-324: where a timer stands in for a trigger `events` and `plot` say so on standard error, with its openings, and of a crank and
/// an EMG that `run` has another session; their help says it too. A session that needs no trigger has no such line.
#[test]
fn a_timer_in_place_of_a_trigger_is_told() {
    let svg = scratch("aside").join("aside.svg");
    let svg = svg.to_str().unwrap();
    for (protocol, own) in [
        ("fes-cycle", Some("a simulated crank")),
        ("stroke-wrist-emg", Some("a simulated EMG")),
        ("fes-stand", None),
        ("knee-oa", None),
        ("foot-drop", None),
    ] {
        let timed = !matches!(protocol, "knee-oa" | "foot-drop");
        for args in [&["events", protocol, "--seconds", "30"][..], &["plot", protocol, "--out", svg]] {
            let (status, out, err) = said(args);
            assert_eq!(status, 0, "{args:?} {err}");
            assert_eq!(err.contains("A timer stands in for the trigger"), timed, "{args:?} {err}");
            assert_eq!(err.contains(" openings within the bounds of the gate"), timed, "{args:?} {err}");
            assert_eq!(own.is_some_and(|word| err.contains(word)), own.is_some(), "{args:?} {err}");
            assert_eq!(err.contains("`nmes run`"), own.is_some(), "{args:?} {err}");
            assert!(!out.contains("A timer"), "{out}");
        }
    }
    for command in ["events", "plot"] {
        let (_, help, _) = said(&[command, "--help"]);
        assert!(help.contains("timer stands in") && help.contains("another session"), "{help}");
    }
}

/// REQ-APP-324: every note of a session that `check` prints is on the standard error of `events` and `plot`.
#[test]
fn notes_of_a_session_are_told_aside() {
    let folder = scratch("aside");
    let (svg, person) = (folder.join("notes.svg"), folder.join("person.toml"));
    let person = person.to_str().unwrap();
    let given = ["--sensory-ma", "5", "--motor-ma", "10", "--functional-ma", "20", "--maximum-ma", "30"];
    for protocol in ["foot-drop", "knee-oa"] {
        let _ = std::fs::remove_file(person);
        let (_, _, err) =
            said(&[&["titrate", protocol, "--repeats", "1", "--out", person], &given[..]].concat());
        let text = std::fs::read_to_string(person).unwrap();
        std::fs::write(person, text.replace("others = \"unanswered\"", "others = \"no\"")).unwrap();
        let asked = [protocol, "--subject", person, "--amplitude-ma", "60", "--electrode-cm2", "80"];
        let (_, out, _) = said(&[&["check"], &asked[..]].concat());
        let notes: Vec<&str> = out.lines().filter(|line| line.starts_with("note: ")).collect();
        for word in ["most that was tolerated", "pads of 80"] {
            assert!(notes.iter().any(|note| note.contains(word)), "{err} {out}");
        }
        for more in [&["events"][..], &["plot", "--out", svg.to_str().unwrap()]] {
            let (status, out, err) = said(&[&more[..1], &asked, &more[1..]].concat());
            assert!(notes.iter().all(|note| err.contains(note)), "{more:?} {notes:?} {err}");
            assert!(status == 0 && !out.contains("tolerated"), "{out}");
        }
    }
}

/// REQ-APP-329: help, a version and a list that cannot be written are an error, with exit status 2.
#[test]
#[cfg(target_os = "linux")]
fn help_that_is_not_written_is_an_error() {
    for args in [&["--help"][..], &["-h"], &["help", "run"], &["run", "--help"], &["--version"], &["list"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_nmes"));
        let output = command.args(args).stdout(full).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), err.contains("standard output: ")),
            (Some(2), true),
            "{args:?} {err}"
        );
        let (status, out, err) = said(args);
        assert!(status == 0 && !out.is_empty() && err.is_empty(), "{args:?}");
    }
    let (status, _, err) = said(&["no-such-command"]);
    assert!(status == 2 && err.contains("no-such-command"), "{err}");
}
