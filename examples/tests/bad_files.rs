//! Files that are not taken: the place, the value and what is accepted, in words of files, and never a wall of text.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use common::{said, scratch};

fn file(name: &str, text: &str) -> String {
    let path = scratch("bad-files").join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn exported() -> String {
    let (status, text, err) = said(&["session", "export", "knee-oa"]);
    assert_eq!(status, 0, "{err}");
    text
}

/// What `session validate` says against a file, after its name.
fn refused(name: &str, text: &str) -> String {
    let path = file(name, text);
    let (status, out, err) = said(&["session", "validate", &path]);
    assert_eq!((status, out.as_str()), (2, ""), "{name}: {err}");
    let err = err.strip_prefix(&format!("error: {path}: ")).unwrap_or_else(|| panic!("{err}")).to_owned();
    for rust in ["u32", "u16", "i128", "struct ", "Head"] {
        assert!(!err.contains(rust), "{name} speaks Rust: {err}");
    }
    assert!(err.lines().all(|line| line.chars().count() < 320), "{name}: {} bytes", err.len());
    err
}

/// REQ-APP-241: numbers out of the range of their field are told with that range, whatever type holds them.
#[test]
fn ranges_stand_in_place_of_types() {
    let whole = exported();
    for (given, told) in [
        ("-1", "`-1`"),
        ("4294967296", "`4294967296`"),
        ("99999999999999999999", "`99999999999999999999`"),
        ("1.5", "`1.5`"),
        ("\"x\"", "\"x\""),
    ] {
        let said =
            refused("range.toml", &whole.replace("length_ms = 900000", &format!("length_ms = {given}")));
        assert!(said.starts_with("length_ms: ") && said.contains(told), "{said}");
        assert!(said.contains("expected a whole number from 0 to 4294967295"), "{said}");
    }
    let said = refused("version.toml", &whole.replace("version = 1", "version = 70000"));
    assert!(said.contains("`70000`, expected a whole number from 0 to 65535"), "{said}");
}

/// REQ-APP-241: JSON that is no table of fields is called that, lists among it.
#[test]
fn what_is_no_table_is_called_that() {
    for text in ["[1, 2]", "[]", "3", "\"a\"", "null", "[\"nmes-session\", 1]"] {
        assert!(refused("list.json", text).starts_with("the file: a table of fields is expected"), "{text}");
    }
    assert!(refused("empty.json", "").contains("EOF"));
}

/// REQ-APP-241: a protocol that does not exist is told with the nearest that does.
#[test]
fn a_protocol_that_is_not_known_is_told_with_the_nearest() {
    let text = exported().replace("knee-oa", "knee-ao");
    assert!(
        refused("name.toml", &text).starts_with("protocol \"knee-ao\" is not known; did you mean knee-oa?")
    );
    let path = file("name.toml", &text);
    for command in [["check", "--session"], ["run", "--session"]] {
        let (status, _, err) = said(&[&command[..], &[&path]].concat());
        assert!(status == 2 && err.contains("did you mean knee-oa?") && err.contains("name.toml"), "{err}");
    }
}

/// REQ-APP-241: of a long value as much is told as shows which it is, at every place that tells one.
#[test]
fn long_values_are_cut() {
    let (long, whole) = ("x".repeat(100_000), exported());
    for (name, text) in [
        ("line.toml", long.clone()),
        ("format.toml", whole.replace("nmes-session", &long)),
        ("site.toml", whole.replace("site = \"thigh\"", &format!("site = \"{long}\""))),
        ("number.toml", whole.replace("length_ms = 900000", &format!("length_ms = \"{long}\""))),
        ("field.toml", format!("{long} = 1\n{whole}")),
        ("field.json", format!("{{\"format\": \"nmes-session\", \"version\": 1, \"{long}\": 1}}")),
    ] {
        let said = refused(name, &text);
        assert!(said.len() < 1_000 && said.contains('…'), "{name}: {said}");
        // a line that is cut keeps its beginning
        assert!(name == "field.toml" || said.contains("xxxxxxxx"), "{name}: {said}");
    }
    assert!(refused("name.toml", &whole.replace("knee-oa", &long)).contains("no more than 48 bytes"));
}

/// REQ-APP-241: a subject's code and placement are refused with the room that there is, and taken when they fill it.
#[test]
fn what_is_too_long_is_told_with_its_room() {
    for (flag, most) in [("--code", 32), ("--placement", 96)] {
        let (status, _, err) = said(&["titrate", "foot-drop", flag, &"x".repeat(most)]);
        assert_eq!(status, 0, "{err}");
        let (status, _, err) = said(&["titrate", "foot-drop", flag, &"x".repeat(most + 1)]);
        assert!(
            status == 2 && err.contains(flag) && err.contains(&format!("accepted: up to {most}")),
            "{err}"
        );
    }
}

/// REQ-APP-241: a session of one's own that no output can put out is not valid, and no flag that was not given is blamed.
#[test]
fn what_no_output_can_do_is_not_valid() {
    let own =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/own-session.toml")).unwrap();
    let line = |field: &str, value: &str| {
        let is = |line: &&str| line.trim_start().starts_with(&format!("{field} ="));
        own.replacen(own.lines().find(is).unwrap(), &format!("{field} = {value}"), 1)
    };
    for (name, text, told) in [
        ("fast.toml", line("rate_millihertz", "4294967295"), "a period is at least one tick"),
        ("short.toml", line("length_ms", "1"), "fits into the session"),
    ] {
        assert!(refused(name, &text).contains(told), "{name}");
        let (status, _, err) = said(&["check", "--session", &file(name, &text)]);
        assert!(status == 2 && err.contains(name) && err.contains(told) && !err.contains("--"), "{err}");
    }
    let (status, out, err) = said(&["session", "validate", &file("own.toml", &own)]);
    assert!(status == 0 && out.contains("600 s"), "{out}{err}");
}

/// REQ-APP-243: one thing is one, not "1 channels"; a person of a file is not called assumed.
#[test]
fn words_fit_their_numbers() {
    let (_, out, _) = said(&["session", "validate", &file("one.toml", &exported())]);
    assert!(out.contains(", 1 channel, 900 s;"), "{out}");
    for protocol in ["foot-drop", "knee-oa"] {
        let dir = scratch("bad-files").join(protocol);
        let (dir, person) = (dir.to_str().unwrap(), dir.join("person.toml"));
        let person = person.to_str().unwrap();
        let _ = std::fs::remove_file(person);
        assert_eq!(said(&["titrate", protocol, "--out", person]).0, 0);
        let text = std::fs::read_to_string(person).unwrap().replace("unanswered", "no");
        std::fs::write(person, text).unwrap();
        let (_, out, _) = said(&["session", "validate", person]);
        assert!(out.contains("1 channel measured, 0 limits"), "{out}");
        let asked = ["run", protocol, "--subject", person, "--seconds", "5", "--out-dir", dir];
        let (status, out, err) = said(&asked);
        assert_eq!(status, 0, "{err}");
        assert!(
            out.contains("Of the person SIM-1, by the subject file") && !out.contains("Assumed of"),
            "{out}"
        );
    }
}
