//! `nmes run --device` and `nmes simulate-device`, two processes, for the tests that need both.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "each test file uses its own part of this, and a test may panic"
)]

use nmes_hal_adapters::sciencemode4 as sm4;
use nmes_hal_adapters::sim::{FarEnd as _, P24Fault, SimP24};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub(crate) fn nmes(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nmes"));
    command.args(arguments).stdin(Stdio::null());
    command
}

pub(crate) fn interrupt(child: &Child) {
    signal(child, "-INT");
}

pub(crate) fn signal(child: &Child, name: &str) {
    let done = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(done.success());
}

/// The far end: where it listens, and later all that it showed.
pub(crate) struct FarEnd {
    child: Child,
    shown: BufReader<ChildStdout>,
    pub(crate) port: String,
}

impl FarEnd {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let mut all = vec!["simulate-device"];
        all.extend(arguments);
        let mut child = nmes(&all).stdout(Stdio::piped()).spawn().unwrap();
        let mut shown = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        shown.read_line(&mut line).unwrap();
        let port = line.trim().rsplit_once(" at ").unwrap().1.to_owned();
        Self { child, shown, port }
    }

    /// Ends it without a look.
    pub(crate) fn gone(self) {
        drop(self);
    }

    /// Ends it, and gives its lines: time in ms, direction, words.
    pub(crate) fn end(mut self) -> Vec<(u64, char, String)> {
        interrupt(&self.child);
        let mut all = String::new();
        self.shown.read_to_string(&mut all).unwrap();
        self.child.wait().unwrap();
        all.lines().filter_map(line).collect()
    }
}

/// A test that fails leaves none behind.
impl Drop for FarEnd {
    fn drop(&mut self) {
        // it may have ended by itself
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn line(text: &str) -> Option<(u64, char, String)> {
    let (ms, rest) = text.trim_start().split_once(" ms ")?;
    let mut rest = rest.chars();
    let arrow = rest.next()?;
    Some((ms.parse().ok()?, arrow, rest.as_str().trim().to_owned()))
}

pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("nmes-device-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Plays a session; after `ctrl_c` it is interrupted. Gives what it said and wrote.
pub(crate) fn run(
    name: &str,
    device: &str,
    port: &str,
    more: &[&str],
    ctrl_c: Option<Duration>,
) -> (Output, String) {
    let out = folder(name);
    let mut arguments = vec!["run", "tka-stevens-lapsley", "--device", device, "--port", port];
    let written = out.to_str().unwrap().to_owned();
    arguments.extend(["--out-dir", &written]);
    arguments.extend(more);
    let child = nmes(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if let Some(after) = ctrl_c {
        let begin = Instant::now();
        while begin.elapsed() < after {
            std::thread::sleep(Duration::from_millis(20));
        }
        interrupt(&child);
    }
    let output = child.wait_with_output().unwrap();
    let csv = std::fs::read_to_string(out.join("delivered.csv")).unwrap_or_default();
    std::fs::remove_dir_all(&out).unwrap();
    (output, csv)
}

/// The same with a far end of its own, which is given back. A machine that did not run the far end for half a second, or
/// the host for 50 ms, is not what is tested: then it is done again.
pub(crate) fn play(
    name: &str,
    device: &[&str],
    more: &[&str],
    ctrl_c: Option<Duration>,
) -> (Output, String, FarEnd) {
    for _ in 0..4 {
        let far = FarEnd::new(device);
        let (output, csv) = run(name, device[0], &far.port, more, ctrl_c);
        let said = text(&output);
        let late = said.contains("no answer to") || said.contains("the host was away");
        if !late || device.contains(&"silent") {
            return (output, csv, far);
        }
        far.gone();
    }
    panic!("the far end was never run in time");
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Widths and currents of each pulse that arrived, with its time.
pub(crate) fn pulses(shown: &[(u64, char, String)]) -> Vec<(u64, Vec<i64>)> {
    let of = |words: &str| {
        let (_, points) = words.split_once(" LowLevelChannel Red Yellow ")?;
        let (points, _) = points.split_once(" [")?;
        Some(points.split(' ').map(|n| n.parse().unwrap()).collect())
    };
    shown.iter().filter(|(_, arrow, _)| *arrow == '<').filter_map(|(at, _, w)| Some((*at, of(w)?))).collect()
}

pub(crate) fn heard(shown: &[(u64, char, String)], word: &str) -> usize {
    shown.iter().filter(|(_, arrow, words)| *arrow == '<' && words.contains(word)).count()
}

/// A P24 in this process that refuses one thing, and in the end what it heard.
pub(crate) fn refusing(kind: sm4::Kind, result: sm4::ResultCode) -> (String, JoinHandle<Vec<sm4::Kind>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("tcp:{}", listener.local_addr().unwrap());
    let (mut device, mut decoder, mut heard) = (SimP24::new(), sm4::Decoder::<1_200>::new(), Vec::new());
    device.fault = Some(P24Fault::Reject(kind, result));
    let far = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_nodelay(true).unwrap();
        let mut chunk = [0; 512];
        while let Ok(length @ 1..) = socket.read(&mut chunk) {
            let mut back = Vec::new();
            for &byte in &chunk[..length] {
                if let Some(packet) = decoder.push(byte).and_then(sm4::Packet::new) {
                    heard.push(sm4::Command::decode(&packet).unwrap().kind());
                }
            }
            device.receive(&chunk[..length], 0, &mut |bytes| back.extend_from_slice(bytes));
            if socket.write_all(&back).is_err() {
                break;
            }
        }
        heard
    });
    (port, far)
}
