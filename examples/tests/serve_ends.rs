//! `nmes serve`: how long a command is good for, and what is left of a log.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests; a panic is a failure")]

mod serving;

use serde_json::json;
use serving::{Served, small};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
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

/// `serve` with a log, started by a shell that says first how large a file may become.
fn with_log(log: &std::path::Path, limits: &str) -> Served {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (nmes, name) = (env!("CARGO_BIN_EXE_nmes"), log.to_str().unwrap());
    let line = format!("{limits} exec {nmes} serve --listen 127.0.0.1:0 --ceiling-ma 4 --log {name}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).stdin(Stdio::null()).stdout(OwnedFd::from(theirs)).stderr(Stdio::piped());
    let child = shell.spawn().unwrap();
    drop(shell);
    let mut shown = BufReader::new(ours);
    let mut line = String::new();
    while !line.starts_with("listening at ") {
        line.clear();
        assert!(shown.read_line(&mut line).unwrap() > 0, "it ended");
    }
    let address = line["listening at ".len()..].split(',').next().unwrap().to_owned();
    Served { child, shown, address, log: log.to_owned() }
}

/// Ctrl-C; exit status and standard error.
fn interrupted(mut child: Child) -> (Option<i32>, String) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    (child.wait().unwrap().code(), err)
}

/// REQ-APP-354: a log that may not grow any more ends with a whole line, the status has what is missing, and the program ends with 2; so
/// it does where nothing at all was taken; a log that was kept ends with 0.
#[test]
fn a_log_that_is_cut_short_ends_with_a_line() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (limits, expected) in [("trap '' XFSZ; ulimit -f 1;", 2), ("", 0)] {
        let log = folder.join(format!("log-{expected}.jsonl"));
        let _ = std::fs::remove_file(&log);
        let served = with_log(&log, limits);
        let mut client = served.client();
        client.arm();
        for seq in 0..40 {
            client.set(0, 3_000, seq);
            client.answer(seq);
        }
        client.say(&json!({ "do": "status" }));
        let unlogged = client.until("status")["status"]["unlogged"].as_u64().unwrap();
        assert_eq!(unlogged > 0, expected == 2, "{unlogged}");
        let (status, err) = interrupted(served.child);
        assert_eq!(status, Some(expected), "{err}");
        let text = std::fs::read_to_string(&log).unwrap();
        assert!(text.ends_with('\n') && text.lines().count() > 2, "{text}");
        text.lines().for_each(|line| drop(serde_json::from_str::<serde_json::Value>(line).unwrap()));
    }
    let served = with_log(std::path::Path::new("/dev/full"), "");
    served.client().arm();
    let (status, err) = interrupted(served.child);
    assert!(status == Some(2) && err.contains("error: /dev/full: "), "{status:?} {err}");
}

/// REQ-APP-357: empty lines get no answer, and a client that sends nothing else is taken for one that is lost.
#[test]
fn an_empty_line_is_no_sign_of_life() {
    let served = small(&[]);
    let mut client = served.client();
    client.next();
    client.raw(b"\n  \r\n\t\n{\"do\":\"ping\"}\n");
    assert!(client.next().get("pong").is_some(), "nothing was said before it");
    client.arm();
    client.socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let (begin, mut seen) = (Instant::now(), String::new());
    while !seen.contains("ramp_down") && begin.elapsed() < Duration::from_secs(5) {
        client.raw(b"\n");
        // what is not there in time is read with the next turn
        let _ = client.lines.read_line(&mut seen);
    }
    assert!(seen.contains("the client says nothing") && !seen.contains("error"), "{seen}");
    drop(client);
    served.end();
}
