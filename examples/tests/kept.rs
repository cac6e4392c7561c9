//! Files that people keep, values that a person was measured for, and input without an end.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests: a panic here is a failed test")]

mod common;

use common::{said, scratch};

fn fresh(name: &str) -> String {
    let path = scratch("kept").join(name);
    let _ = std::fs::remove_file(&path);
    path.to_str().unwrap().to_owned()
}

/// A person of whom a titration of a protocol found something, every question answered with no.
fn person(protocol: &str, name: &str, thresholds: &[&str]) -> String {
    let file = fresh(name);
    let (status, _, err) = said(&[&["titrate", protocol, "--out", &file], thresholds].concat());
    assert_eq!(status, 0, "{err}");
    let text = std::fs::read_to_string(&file).unwrap().replace("unanswered", "no");
    std::fs::write(&file, text).unwrap();
    file
}

/// REQ-APP-273: a file of a person or a session that is there is changed only where it was read; else it stays as it is, and
/// nothing is run. What is written is whole or not there.
#[test]
fn what_people_keep_is_not_overwritten() {
    let first = person("knee-oa", "person.toml", &["--seed", "4"]);
    let kept = std::fs::read_to_string(&first).unwrap().replace("SIM-1", "PATIENT-7");
    std::fs::write(&first, &kept).unwrap();
    let again = ["titrate", "knee-oa", "--seed", "5", "--out", &first];
    let (status, out, err) = said(&again);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("is there already; accepted: another name, or with --subject"), "{err}");
    assert_eq!(std::fs::read_to_string(&first).unwrap(), kept);
    assert_eq!(said(&[&again[..], &["--subject", &first]].concat()).0, 0);
    assert!(std::fs::read_to_string(&first).unwrap().contains("PATIENT-7"));
    let session = fresh("session.toml");
    let export = ["session", "export", "knee-oa", "--out", &session];
    assert_eq!(said(&export).0, 0);
    let (status, _, err) = said(&export);
    assert!(status == 2 && err.contains("or with --session"), "{err}");
    let left = std::fs::read_dir(scratch("kept")).unwrap();
    assert_eq!(
        left.filter(|file| file.as_ref().unwrap().path().extension() == Some("part".as_ref())).count(),
        0
    );
    let (status, out, _) = said(&["session", "export", "knee-oa", "--out", "/dev/stdout"]);
    assert!(status == 0 && out.contains("nmes-session"), "{out}");
}

/// REQ-PRO-411, REQ-APP-273: what was tolerated bounds what a protocol comes to, and what is asked for beyond it is said by `check`.
#[test]
fn what_was_tolerated_is_said() {
    let file = person(
        "pelvic-stress",
        "pelvic.toml",
        &["--sensory-ma", "10", "--motor-ma", "15", "--functional-ma", "20", "--maximum-ma", "24"],
    );
    let check = ["check", "pelvic-stress", "--subject", &file];
    let (status, out, err) = said(&check);
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("note: the protocol comes to 30 mA; 24 mA is the most that was tolerated"), "{out}");
    let (_, out, _) = said(&[&check[..], &["--amplitude-ma", "26"]].concat());
    assert!(
        out.contains("note: channel 0: 26 mA was given, and 24 mA is the most that was tolerated"),
        "{out}"
    );
}

/// REQ-APP-273: a titration goes no higher than a session for the same answers may, and says by whose word.
#[test]
fn a_titration_ends_where_a_session_may() {
    let numb = fresh("numb.toml");
    let made = person("copd-hf", "made.toml", &["--seed", "1"]);
    let text = std::fs::read_to_string(&made).unwrap();
    let answers = "yes = [\"impaired_sensation\"]\nacknowledged = [\"impaired_sensation\"]\n";
    let text = text.replace("yes = []\n", "").replace("acknowledged = []\n", "");
    std::fs::write(&numb, text.replace("[screening]\n", &format!("[screening]\n{answers}"))).unwrap();
    let titrate =
        ["titrate", "copd-hf", "--subject", &numb, "--out", &numb, "--sensory-ma", "20", "--motor-ma", "30"];
    let strong = [&titrate[..], &["--functional-ma", "50", "--maximum-ma", "75"]].concat();
    let (status, out, err) = said(&strong);
    assert_eq!(status, 0, "{out}{err}");
    assert!(out.contains("The ceiling was reached"), "{out}");
    let (status, _, err) = said(&[&strong[..], &["--ceiling-ma", "61"]].concat());
    assert!(status == 2 && err.contains("at most 60 mA here (our choice: impaired sensation"), "{err}");
}

/// REQ-APP-273: an amplitude that a measured threshold comes to is not called a flag that nobody gave.
#[test]
fn a_rule_is_not_a_flag() {
    let file = person(
        "pelvic-stress",
        "high.toml",
        &["--sensory-ma", "30", "--motor-ma", "40", "--functional-ma", "50", "--maximum-ma", "59"],
    );
    let text = std::fs::read_to_string(&file).unwrap();
    let unbounded: Vec<&str> = text.lines().filter(|line| !line.starts_with("maximum_ua")).collect();
    std::fs::write(&file, unbounded.join("\n").replace("ended = \"maximum\"", "ended = \"ceiling\""))
        .unwrap();
    let (status, _, err) = said(&["check", "pelvic-stress", "--subject", &file]);
    assert!(
        status == 2 && err.contains("what was measured comes to 90 mA (300 % of sensory threshold"),
        "{err}"
    );
}

/// REQ-APP-290: input that has no end, and harm after the end, are refused.
#[cfg(unix)]
#[test]
fn what_has_no_end_is_refused() {
    for args in [
        &["diary", "/dev/zero"][..],
        &["run", "foot-drop", "--gait", "/dev/zero"],
        &["check", "--session", "/dev/zero"],
    ] {
        let (status, _, err) = said(args);
        assert!(status == 2 && err.contains("more than"), "{err}");
    }
    let out = scratch("ride");
    let ride = [
        "run",
        "fes-cycle",
        "--out-dir",
        out.to_str().unwrap(),
        "--harm",
        "stop",
        "--seconds",
        "20",
        "--harm-at-s",
    ];
    let (status, _, err) = said(&[&ride[..], &["20"]].concat());
    assert!(status == 2 && err.contains("--harm-at-s 20: the session ends at 20 s"), "{err}");
    assert_eq!(said(&[&ride[..], &["19"]].concat()).0, 0);
}

/// REQ-APP-290: a byte-order mark in front of a file is no part of it; a long pulse can be asked for; pads of a session of one's own
/// are refused by their place in the file.
#[test]
fn files_and_flags_of_every_row() {
    let (_, text, _) = said(&["session", "export", "knee-oa", "--format", "json"]);
    let marked = fresh("marked.json");
    std::fs::write(&marked, format!("\u{feff}{text}")).unwrap();
    assert_eq!(said(&["session", "validate", &marked]).0, 0);
    assert_eq!(said(&["check", "--session", &marked]).0, 0);
    let long = ["check", "bells-denervated", "--specialist", "--innervation", "denervated", "--phase-us"];
    let (_, _, err) = said(&[&long[..], &["300001"]].concat());
    assert!(err.contains("--phase-us 300.001 ms: bells-denervated takes 50 ms to 300 ms"), "{err}");
    let own = fresh("own.toml");
    let text =
        include_str!("../../docs/own-session.toml").replace("electrode_mm2 = 5000", "electrode_mm2 = 0");
    std::fs::write(&own, text).unwrap();
    let (status, _, err) = said(&["check", "--session", &own]);
    assert!(status == 2 && err.contains("own.toml: channels[0].electrode_mm2: 0 mm²"), "{err}");
}
