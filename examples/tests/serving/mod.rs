//! `nmes serve` as a process, and a client of it.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "each test file uses its own part of this, and a test may panic"
)]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) shown: BufReader<UnixStream>,
    pub(crate) address: String,
    pub(crate) log: PathBuf,
}

impl Served {
    pub(crate) fn new(more: &[&str]) -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        Self::on(ours, OwnedFd::from(theirs), more)
    }

    /// With this for a terminal.
    pub(crate) fn on(ours: UnixStream, theirs: OwnedFd, more: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let log = std::env::temp_dir().join(format!("nmes-serve-{}-{number}.jsonl", std::process::id()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_nmes"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", log.to_str().unwrap()]).args(more);
        let child = command.stdin(Stdio::null()).stdout(theirs).spawn().unwrap();
        drop(command);
        let mut shown = BufReader::new(ours);
        let address = loop {
            let mut line = String::new();
            assert!(shown.read_line(&mut line).unwrap() > 0, "it ended");
            if let Some(rest) = line.strip_prefix("listening at ") {
                break rest.split(',').next().unwrap().to_owned();
            }
        };
        Self { child, shown, address, log }
    }

    pub(crate) fn client(&self) -> Client {
        let socket = TcpStream::connect(&self.address).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let lines = BufReader::new(socket.try_clone().unwrap());
        Client { socket, lines, held: Vec::new() }
    }

    /// Waits for a line on the terminal that has a word.
    pub(crate) fn shows(&mut self, word: &str) -> Value {
        loop {
            let mut line = String::new();
            assert!(self.shown.read_line(&mut line).unwrap() > 0, "it ended before {word}");
            if line.contains(word) {
                return serde_json::from_str(&line).unwrap();
            }
        }
    }

    /// Ends it, and gives its log.
    pub(crate) fn end(mut self) -> Vec<Value> {
        let done = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(done.success() && self.child.wait().unwrap().success());
        let text = std::fs::read_to_string(&self.log).unwrap();
        std::fs::remove_file(&self.log).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

pub(crate) struct Client {
    pub(crate) socket: TcpStream,
    pub(crate) lines: BufReader<TcpStream>,
    pub(crate) held: Vec<Value>,
}

impl Client {
    pub(crate) fn say(&mut self, value: &Value) {
        self.raw(format!("{value}\n").as_bytes());
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
    }

    pub(crate) fn next(&mut self) -> Value {
        let mut line = String::new();
        assert!(self.lines.read_line(&mut line).unwrap() > 0, "the server closed");
        serde_json::from_str(&line).unwrap()
    }

    /// The next line with a key; what comes before it is kept.
    pub(crate) fn until(&mut self, key: &str) -> Value {
        loop {
            let value = self.next();
            if value.get(key).is_some() {
                return value;
            }
            self.held.push(value);
        }
    }

    pub(crate) fn event(&mut self, name: &str) -> Value {
        loop {
            let value = self.until("event");
            if value["event"] == name {
                return value;
            }
            self.held.push(value);
        }
    }

    pub(crate) fn arm(&mut self) {
        self.say(&json!({ "do": "arm" }));
        self.event("armed");
    }

    pub(crate) fn set(&mut self, ch: u8, ua: u32, seq: u64) {
        self.say(&json!({ "do": "set", "ch": ch, "ua": ua, "us": 250, "seq": seq }));
    }

    /// The answer to a command: a receipt or an error.
    pub(crate) fn answer(&mut self, seq: u64) -> Value {
        loop {
            let value = self.next();
            if value["receipt"] == seq || value["seq"] == seq {
                return value;
            }
            self.held.push(value);
        }
    }
}

pub(crate) const SMALL: [&str; 6] = ["--ceiling-ma", "4", "--ceiling-us", "250", "--frequency-hz", "50"];

pub(crate) fn small(more: &[&'static str]) -> Served {
    Served::new(&[&SMALL[..], more].concat())
}
