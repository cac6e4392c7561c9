//! How much stack it takes to read, copy and write a file.
#![cfg(feature = "text")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

use nmes_protocols::files::{DiaryFile, FileRoom, OwnFile, SessionFile, SubjectFile, Syntax};
use nmes_protocols::{Built, Condition, Storage};

/// A session; the event has all the words that there is room for.
fn entry(number: usize) -> String {
    let words = "w".repeat(160);
    let (month, day) = (1 + number / 62, (1 + number % 62 / 2).min(28));
    format!(
        "[[sessions]]\ndate = \"2026-{month:02}-{day:02}\"\nprotocol = \"knee-oa\"\nplanned_ms = 900000\n\
         delivered_ms = 900000\namplitude_ua = 60000\nskin = \"clear\"\nevent = {{ grade = \"mild\", what = \"{words}\" }}\n"
    )
}

fn diary(entries: usize) -> String {
    let head = "format = \"nmes-diary\"\nversion = 1\ncode = \"P-017\"\n".to_owned();
    (0..entries).map(entry).fold(head, |text, entry| text + &entry)
}

/// In a thread with so much stack; one that is too small ends the whole test.
fn with_stack(kibibytes: usize, work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(kibibytes * 1_024);
    thread.spawn(work).unwrap().join().unwrap();
}

/// REQ-PRO-440: the longest diary that is taken is read, copied and written, as TOML and as JSON, with half a mebibyte of stack;
/// one entry more is refused with the place.
#[test]
fn the_longest_diary_takes_little_stack() {
    let error = DiaryFile::from_text(&diary(733), Syntax::Toml).unwrap_err().to_string();
    assert_eq!(error, "sessions: invalid length 733, expected a list of at most 732");
    with_stack(512, || {
        let file = DiaryFile::from_text(&diary(732), Syntax::Toml).unwrap();
        let json = file.to_text(Syntax::Json);
        let again = DiaryFile::from_text(&json, Syntax::Json).unwrap();
        assert!(again == file.clone() && again.sessions.len() == 732);
        assert_eq!(DiaryFile::from_text(&file.to_text(Syntax::Toml), Syntax::Toml).unwrap(), file);
    });
}

/// REQ-PRO-441: no file, and nothing that a session is built of, is a value of more than 16 KiB.
#[test]
fn no_value_is_large() {
    for (bytes, what) in [
        (size_of::<DiaryFile>(), "DiaryFile"),
        (size_of::<SessionFile>(), "SessionFile"),
        (size_of::<OwnFile>(), "OwnFile"),
        (size_of::<SubjectFile>(), "SubjectFile"),
        (size_of::<FileRoom>(), "FileRoom"),
        (size_of::<Storage>(), "Storage"),
        (size_of::<Built<'_>>(), "Built"),
        (size_of::<Condition>(), "Condition"),
    ] {
        assert!(bytes <= 16 * 1_024, "{what}: {bytes}");
    }
}
