//! `nmes serve` over loopback, with clients that behave and clients that do not.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests; a panic is a failure"
)]

mod serving;

use serde_json::{Value, json};
use serving::{SMALL, Served, small};
use std::io::{BufRead, BufReader};
use std::net::Shutdown;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// REQ-APP-160: a versioned hello says who may write and what may be commanded; every command is answered exactly once, by
/// a receipt with the pulse that had it first and the level that came out, or by another that overtook it.
#[test]
fn every_command_has_its_receipt() {
    let served = small(&["--channels", "2"]);
    let mut client = served.client();
    let hello = client.next();
    assert_eq!(
        (&hello["hello"], &hello["version"], &hello["role"]),
        (&json!("nmes-serve"), &json!(1), &json!("writer"))
    );
    assert_eq!(hello["channels"][1]["ceiling_ua"], 4_000);
    client.arm();
    let begin = Instant::now();
    let mut sent = 0;
    while begin.elapsed() < Duration::from_millis(1_500) {
        for ch in 0..2 {
            client.set(ch, 1_000 + 100 * (sent as u32 % 30), sent);
            sent += 1;
        }
        std::thread::sleep(Duration::from_millis(if sent % 20 == 0 { 2 } else { 20 }));
    }
    client.say(&json!({ "do": "stop" }));
    client.event("idle");
    let answers: Vec<&Value> = client.held.iter().filter(|v| v.get("receipt").is_some()).collect();
    let mut numbers: Vec<u64> = answers.iter().map(|v| v["receipt"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..sent).collect::<Vec<_>>());
    let applied: Vec<&&Value> = answers.iter().filter(|v| v.get("passed").is_some()).collect();
    assert!(applied.len() > 60, "{} of {sent}", applied.len());
    let late = applied.iter().filter(|v| v["passed"].as_u64().unwrap() > 1).count();
    assert_eq!(late, 0, "at the next pulse, or the one after it");
    let log = served.end();
    let pulses: Vec<&Value> = log.iter().filter(|v| v.get("pulse").is_some()).collect();
    for receipt in &applied {
        let of = |v: &&&Value| v["pulse"] == receipt["pulse"] && v["ch"] == receipt["ch"];
        let pulse = pulses.iter().find(of).expect("its pulse is in the log");
        assert_eq!((&pulse["ua"], &pulse["t_us"]), (&receipt["ua"], &receipt["t_us"]));
        // the first pulses are on the way up from silence; then the level is the one asked for
        let asked = 1_000 + 100 * (receipt["receipt"].as_u64().unwrap() % 30);
        assert!(receipt["ua"].as_u64().unwrap() <= asked, "{receipt}");
    }
    let full = applied.iter().skip(60).filter(|receipt| {
        let asked = 1_000 + 100 * (receipt["receipt"].as_u64().unwrap() % 30);
        receipt["ua"].as_u64() == Some(asked)
    });
    assert!(full.count() > 10);
}

/// REQ-APP-161: a client that is gone ramps every channel down over the ramp's time; then nothing comes out, and the log
/// says why.
#[test]
fn a_lost_client_ramps_down() {
    let mut served = small(&["--channels", "2", "--ramp-ms", "400"]);
    let mut client = served.client();
    client.next();
    client.arm();
    for seq in 0..60 {
        client.set((seq % 2) as u8, 4_000, seq);
        std::thread::sleep(Duration::from_millis(15));
    }
    client.socket.shutdown(Shutdown::Both).unwrap();
    drop(client);
    assert_eq!(served.shows("ramp_down")["why"], "the client is lost");
    assert_eq!(served.shows("\"idle\"")["why"], "the client is lost");
    std::thread::sleep(Duration::from_millis(200));
    let log = served.end();
    let lost = log.iter().position(|v| v["event"] == "client_lost").unwrap();
    let before = log[..lost].iter().rfind(|v| v.get("pulse").is_some()).unwrap();
    let after: Vec<&Value> =
        log[lost..].iter().filter(|v| v.get("pulse").is_some() && v["ch"] == 0).collect();
    assert_eq!(before["ua"], 4_000);
    let levels: Vec<u64> = after.iter().map(|v| v["ua"].as_u64().unwrap()).collect();
    assert!((15..=24).contains(&levels.len()), "400 ms of 50 Hz: {levels:?}");
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0]) && levels[levels.len() - 1] < 500, "{levels:?}");
    assert!(after.iter().all(|v| v["cut"] == false));
    let idle = log.iter().position(|v| v["event"] == "idle").unwrap();
    assert!(!log[idle..].iter().any(|v| v.get("pulse").is_some()));
}

/// REQ-APP-162: garbage of any kind gets an error line that says what would be accepted, is held within a bound, and leaves
/// the stimulation alone: no pulse is missed meanwhile.
#[test]
fn garbage_is_answered_and_changes_nothing() {
    let served = small(&[]);
    let mut client = served.client();
    client.next();
    client.arm();
    let mut stranger = served.client();
    assert_eq!(stranger.next()["role"], "reader");
    let begin = Instant::now();
    let mut seq = 0;
    let garbage: [&[u8]; 8] = [
        b"GET / HTTP/1.1\r\n",
        b"\xff\xfe\x00garbage\n",
        b"{\"do\":\"fly\"}\n",
        b"{\"do\":\"set\",\"ch\":0,\"ua\":-5,\"us\":250,\"seq\":99}\n",
        b"{\"do\":\"set\",\"ch\":0,\"ua\":1000,\"us\":250,\"seq\":99,\"more\":1}\n",
        b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
        b"{\"do\":\"set\"\n",
        b"{\"do\":\"ping\",\"more\":1}\n",
    ];
    while begin.elapsed() < Duration::from_millis(1_500) {
        client.set(0, 2_000, seq);
        for (who, bytes) in [&mut client, &mut stranger]
            .into_iter()
            .zip([garbage[seq as usize % 8], garbage[(seq as usize + 3) % 8]])
        {
            who.raw(bytes);
        }
        if seq % 10 == 5 {
            stranger.raw(&[b'x'; 100_000]);
            stranger.raw(b"\n");
        }
        seq += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    stranger.say(&json!({ "do": "ping" }));
    let pong = stranger.until("pong");
    assert!(pong["pong"].is_u64());
    assert!(stranger.held.len() as u64 >= seq, "an answer each");
    for answer in stranger.held.iter().filter(|v| v.get("event").is_none()) {
        assert!(
            answer["error"].is_string() && answer["accepted"].as_str().unwrap().contains("\"do\""),
            "{answer}"
        );
    }
    assert!(stranger.held.iter().any(|v| v["error"].as_str().is_some_and(|e| e.contains("4096 bytes"))));
    let last = client.answer(seq - 1);
    assert!(last.get("receipt").is_some(), "{last}");
    assert!(client.held.iter().any(|v| v.get("error").is_some() && v["seq"] == 99), "its number comes back");
    client.say(&json!({ "do": "status" }));
    let status = client.until("status")["status"].clone();
    assert_eq!((&status["state"], &status["clients"]), (&json!("running"), &json!(2)));
    assert_eq!(status["channels"][0]["counters"]["dropped"], 0);
    let log = served.end();
    let times: Vec<u64> =
        log.iter().filter(|v| v.get("pulse").is_some()).map(|v| v["t_us"].as_u64().unwrap()).collect();
    assert!(times.len() > 60 && times.windows(2).all(|pair| pair[1] - pair[0] == 20_000), "{times:?}");
}

/// REQ-APP-163: above what is authorised or the ceiling, on a channel that is not there, before arming and by a reader, a
/// command is refused with what would be accepted, and nothing changes; a reader may look.
#[test]
fn what_is_refused() {
    let served = small(&[]);
    let mut client = served.client();
    client.next();
    let mut reader = served.client();
    assert_eq!(reader.next()["role"], "reader");
    client.set(0, 1_000, 1);
    assert!(client.answer(1)["error"].as_str().unwrap().contains("not armed"));
    client.arm();
    client.set(0, 4_100, 2);
    let refused = client.answer(2);
    assert_eq!(refused["accepted"], "ua 0 to 4000, us 1 to 250");
    assert!(refused["error"].as_str().unwrap().contains("authorised"), "{refused}");
    client.say(&json!({ "do": "set", "ch": 0, "ua": 1_000, "us": 251, "seq": 3 }));
    assert!(client.answer(3)["error"].is_string());
    client.set(1, 1_000, 4);
    assert_eq!(client.answer(4)["accepted"], "ch 0 to 0");
    client.say(&json!({ "do": "arm" }));
    assert_eq!(client.until("error")["error"], "not while running");
    reader.set(0, 1_000, 5);
    let refused = reader.answer(5);
    assert!(refused["error"].as_str().unwrap().contains("another client is the writer"), "{refused}");
    for request in ["arm", "stop", "off"] {
        reader.say(&json!({ "do": request }));
        assert!(reader.until("error")["accepted"].as_str().unwrap().contains("status"));
    }
    reader.say(&json!({ "do": "status" }));
    let status = reader.until("status")["status"].clone();
    assert_eq!(
        (&status["state"], &status["channels"][0]["ua"]),
        (&json!("running"), &json!(0)),
        "nothing changed"
    );
    assert!(!served.end().iter().any(|v| v.get("pulse").is_some()), "and nothing came out");
}

/// REQ-APP-164: a channel that gets no command for as long as one is good ramps down and says so, and a command brings it
/// back; a client that says nothing at all for a second is taken for lost.
#[test]
fn silence_ramps_down() {
    let served = small(&["--ramp-ms", "200", "--stale-ms", "300"]);
    let mut client = served.client();
    client.next();
    client.arm();
    for seq in 0..30 {
        client.set(0, 2_000, seq);
        std::thread::sleep(Duration::from_millis(20));
    }
    for _ in 0..8 {
        client.say(&json!({ "do": "ping" }));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(client.event("stale")["ch"], 0);
    for seq in 30..50 {
        client.set(0, 2_000, seq);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(client.answer(49)["ua"], 2_000, "back by the ramp");
    assert_eq!(client.event("ramp_down")["why"], "the client says nothing");
    assert_eq!(client.event("idle")["why"], "the client says nothing");
    client.arm();
    client.set(0, 1_000, 60);
    assert!(client.answer(60).get("receipt").is_some(), "and it may arm again");
    client.say(&json!({ "do": "off" }));
    assert_eq!(client.event("idle")["why"], "off");
    client.say(&json!({ "do": "log", "last": 5 }));
    assert_eq!(client.until("log_end")["log_end"], 5);
    drop(served.end());
}

/// REQ-APP-165: the same commands on a simulated P24: pulse by pulse on its wire, and a stop at the end; its error ends the
/// session, and the client is told.
#[test]
fn a_device_is_served() {
    // a machine that did not run the far end for half a second is not what is tested
    assert!((0..4).any(|_| device_is_served()), "the far end was never run in time");
}

/// False when the far end did not answer in time.
fn device_is_served() -> bool {
    let mut far = Command::new(env!("CARGO_BIN_EXE_nmes"))
        .args(["simulate-device", "sciencemode4", "--fault", "error", "--after-ms", "1000"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut shown = BufReader::new(far.stdout.take().unwrap());
    let mut first = String::new();
    shown.read_line(&mut first).unwrap();
    let port = first.trim().rsplit_once(" at ").unwrap().1.to_owned();
    let device = ["--device", "sciencemode4", "--port", &port, "--channels", "2"];
    let served = Served::new(&[&SMALL[..], &device].concat());
    let mut client = served.client();
    assert_eq!(client.next()["output"], "sciencemode4");
    client.arm();
    let begin = Instant::now();
    let mut seq = 0;
    while begin.elapsed() < Duration::from_millis(1_800) {
        client.set((seq % 2) as u8, 2_000, seq);
        seq += 1;
        std::thread::sleep(Duration::from_millis(10));
    }
    let fault = client.event("fault");
    if fault["why"].as_str().unwrap().contains("no answer to") {
        drop(served.end());
        far.kill().unwrap();
        far.wait().unwrap();
        return false;
    }
    assert!(fault["why"].as_str().unwrap().contains("the device refused LowLevelChannel"), "{fault}");
    client.event("idle");
    let log = served.end();
    let done = Command::new("kill").args(["-INT", &far.id().to_string()]).status().unwrap();
    assert!(done.success() && far.wait().unwrap().success());
    let lines: Vec<String> = shown.lines().map(Result::unwrap).collect();
    let pulses = lines.iter().filter(|line| line.contains("< ") && line.contains("LowLevelChannel")).count();
    let logged = log.iter().filter(|v| v.get("pulse").is_some()).count();
    assert!(logged > 10 && pulses >= logged && pulses <= logged + 1, "{pulses} against {logged}");
    assert!(lines.iter().any(|line| line.contains("LowLevelStop")));
    true
}

/// REQ-APP-166: it listens on loopback unless remote machines are allowed on purpose, and refuses what its output cannot do
/// before anybody connects.
#[test]
fn options_are_held_against_the_output() {
    let refused = |more: &[&str], words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nmes"));
        let output = command.arg("serve").args(more).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(matches!(output.status.code(), Some(1 | 2)), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
    };
    refused(&["--listen", "0.0.0.0:0"], &["--allow-remote"]);
    refused(&["--listen", "nowhere"], &["--listen nowhere", "127.0.0.1:7410"]);
    refused(&["--listen", "127.0.0.1:0", "--channels", "9"], &["1..=8"]);
    refused(&["--listen", "127.0.0.1:0", "--ceiling-ma", "120", "--electrode-cm2", "2"], &["denied"]);
    let rehastim =
        ["--listen", "127.0.0.1:0", "--device", "rehastim2", "--port", "/nowhere", "--channels", "8"];
    refused(
        &[&rehastim[..], &["--frequency-hz", "50"]].concat(),
        &["--frequency-hz", "20000 µs", "25000 µs"],
    );
}

/// REQ-APP-337: a client that becomes the writer while a lost one's command waits for its pulse is told nothing of that command, and
/// the log says that the pulse came.
#[test]
fn receipts_of_a_lost_writer_go_to_nobody() {
    let served = Served::new(
        &[&SMALL[..4], &["--frequency-hz", "1", "--ramp-ms", "3000", "--stale-ms", "5000"]].concat(),
    );
    let mut first = served.client();
    first.next();
    first.arm();
    first.set(0, 4_000, 1);
    std::thread::sleep(Duration::from_millis(20));
    first.socket.shutdown(Shutdown::Both).unwrap();
    drop(first);
    std::thread::sleep(Duration::from_millis(50));
    let mut second = served.client();
    assert_eq!(second.next()["role"], "writer");
    second.event("idle");
    let told: Vec<&Value> = second.held.iter().filter(|v| v.get("receipt").is_some()).collect();
    assert!(told.is_empty(), "{told:?}");
    let log = served.end();
    let lost = log.iter().position(|v| v["event"] == "client_lost").unwrap();
    assert!(log[lost..].iter().any(|v| v.get("pulse").is_some()), "{log:?}");
}

/// REQ-APP-340: A one-shot that would cut the pulses of `serve` is denied before anybody can connect; one that would not is taken, and
/// a watchdog is, and the session arms.
#[test]
fn serve_counts_what_opens_a_stuck_output() {
    let mut refused = Command::new(env!("CARGO_BIN_EXE_nmes"));
    refused.args(["serve", "--listen", "127.0.0.1:0", "--one-shot-us", "100"]).stdin(Stdio::null());
    let refused = refused.output().unwrap();
    let err = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(1) && err.contains("E-STUCK"), "{err}");
    let served = small(&["--one-shot-us", "400", "--watchdog-ms", "50"]);
    let mut client = served.client();
    client.next();
    client.arm();
    client.set(0, 4_000, 1);
    assert_eq!(client.answer(1)["receipt"], 1);
    drop(client);
    served.end();
}
