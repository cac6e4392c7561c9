//! `nmes serve`: how long a command is good for, and what is left of a log.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests; a panic is a failure")]

mod serving;

use serde_json::json;
use serving::small;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// `serve` that has to refuse what it is given; one that serves instead is ended.
fn refused(more: &[&str]) -> (Option<i32>, String) {
    let mut serve = Command::new(env!("CARGO_BIN_EXE_nmes"));
    serve.args(["serve", "--listen", "127.0.0.1:0"]).args(more).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = serve.stderr(Stdio::piped()).spawn().unwrap();
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() && begin.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let refused = child.wait_with_output().unwrap();
    (refused.status.code(), String::from_utf8(refused.stderr).unwrap())
}

/// REQ-APP-351: no time for which a command is good is 0; `never` is a word, which `hello` says, and a level then stands for as long
/// as the client gives a sign of life; 1 ms is one, and is stale at once.
#[test]
fn never_stale_is_a_word() {
    for given in ["0", "-1", "10001", "Never", "1.5", ""] {
        // what clap takes for another flag has no value
        let (status, err) = refused(&[&format!("--stale-ms={given}")]);
        assert_eq!(status, Some(2), "{given}: {err}");
        assert!(given.is_empty() || err.contains("1 to 10000 ms, whole numbers, or the word never"), "{err}");
    }
    for (given, said, is_stale) in [("never", json!("never"), false), ("1", json!(1), true)] {
        let served = small(&["--stale-ms", given]);
        let mut client = served.client();
        assert_eq!(client.next()["stale_ms"], said);
        client.arm();
        client.set(0, 3_000, 1);
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_millis(1_200) {
            client.say(&json!({ "do": "ping" }));
            client.until("pong");
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(client.held.iter().any(|line| line["event"] == "stale"), is_stale, "{given}");
        drop(client);
        served.end();
    }
}
