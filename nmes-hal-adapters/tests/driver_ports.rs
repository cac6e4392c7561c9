//! A conversation on a port that takes a few bytes at a time, that takes none, and that fails.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests; a panic is a failure"
)]

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write};
use nmes_hal_adapters::wire::{Driver, DriverError, Exchange, Poll};
use std::cell::RefCell;

/// What happened, in order: `w` for bytes that the port took, `f` for a flush, the rest as the conversation was told.
type Log = RefCell<Vec<String>>;

/// A conversation that has so many frames of four bytes to send, and a last one once it was told to stop or that the link is lost.
struct Says<'l> {
    log: &'l Log,
    frames: u8,
}

impl Says<'_> {
    fn told(&mut self, what: String) {
        self.log.borrow_mut().push(what);
        self.frames += 1;
    }
}

impl Exchange for Says<'_> {
    const FRAME_MAX: usize = 4;

    fn poll(&mut self, now_ms: u64, out: &mut [u8]) -> Poll {
        if self.frames == 0 {
            return Poll::Wait(now_ms + 10);
        }
        self.frames -= 1;
        out[..4].copy_from_slice(&[1, 2, 3, now_ms as u8]);
        Poll::Send(4)
    }

    fn receive(&mut self, bytes: &[u8], now_ms: u64) {
        self.log.borrow_mut().push(format!("got {bytes:?} at {now_ms}"));
    }

    fn stop(&mut self) {
        self.told("stop".to_string());
    }

    fn lost(&mut self, now_ms: u64) {
        self.told(format!("lost at {now_ms}"));
    }
}

/// A port that takes so many bytes at a time, has something to read or not, and fails from an access on: 0 never, `r` at a read, `w` at
/// a write, `f` at a flush; `c` is one whose other end is closed: it is ready, and nothing comes.
struct Port<'l> {
    log: &'l Log,
    takes: usize,
    reads: usize,
    fails: char,
}

impl ErrorType for Port<'_> {
    type Error = ErrorKind;
}

impl Port<'_> {
    fn is_well(&self, access: char) -> Result<(), ErrorKind> {
        if self.fails == access { Err(ErrorKind::TimedOut) } else { Ok(()) }
    }
}

impl ReadReady for Port<'_> {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        self.is_well('r').map(|()| self.reads > 0)
    }
}

impl Read for Port<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, ErrorKind> {
        let length = if self.fails == 'c' { 0 } else { bytes.len().min(self.reads) };
        bytes[..length].fill(9);
        self.reads -= length;
        Ok(length)
    }
}

impl Write for Port<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.is_well('w')?;
        let taken = bytes.len().min(self.takes);
        self.log.borrow_mut().push(format!("w{:?}", &bytes[..taken]));
        Ok(taken)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.is_well('f')?;
        self.log.borrow_mut().push("f".to_string());
        Ok(())
    }
}

/// What a step at 7 ms answers and logs, with so many frames to send; and what is logged by the drop after it.
fn step(
    frames: u8,
    port: impl FnOnce(&Log) -> Port<'_>,
) -> (Result<Poll, DriverError<ErrorKind>>, String, String) {
    let log = Log::default();
    let mut buffer = [0; 4];
    let mut driver = Driver::new(Says { log: &log, frames }, port(&log), &mut buffer);
    let answer = driver.step(7);
    let logged = log.take().join(" ");
    drop(driver);
    (answer, logged, log.take().join(" "))
}

/// REQ-HAL-478: what a conversation has to say goes out whole, frame by frame in the same step, however few bytes the port takes, and is
/// flushed; what was read is told first.
#[test]
fn frames_go_out_whole() {
    for (takes, pieces) in [(9, "w[1, 2, 3, 7] f"), (3, "w[1, 2, 3] w[7] f"), (1, "w[1] w[2] w[3] w[7] f")] {
        let (answer, logged, dropped) = step(3, |log| Port { log, takes, reads: 1, fails: '0' });
        assert_eq!(answer, Ok(Poll::Wait(17)));
        assert_eq!(logged, format!("got [9] at 7 {pieces} {pieces} {pieces}"));
        assert_eq!(dropped, format!("stop {pieces}"), "the stop is of the time of the last step");
    }
}

/// REQ-HAL-478: a port that fails is told to the conversation and to the caller, by the first error; a stop is sent where it may
/// still get through.
#[test]
fn a_port_that_fails_is_told() {
    let port = Err(DriverError::Port(ErrorKind::TimedOut));
    let (answer, logged, _) = step(0, |log| Port { log, takes: 9, reads: 1, fails: 'r' });
    assert_eq!((answer, logged.as_str()), (port, "lost at 7 w[1, 2, 3, 7] f"));
    let (answer, logged, dropped) = step(1, |log| Port { log, takes: 9, reads: 0, fails: 'w' });
    assert_eq!((answer, logged.as_str(), dropped.as_str()), (port, "lost at 7", "stop"));
    let (answer, logged, _) = step(1, |log| Port { log, takes: 9, reads: 0, fails: 'f' });
    assert_eq!((answer, logged.as_str()), (port, "w[1, 2, 3, 7] lost at 7"));
    let (answer, logged, _) = step(0, |log| Port { log, takes: 9, reads: 1, fails: 'c' });
    assert_eq!((answer, logged.as_str()), (Err(DriverError::Closed), "lost at 7 w[1, 2, 3, 7] f"));
    let (answer, logged, _) = step(1, |log| Port { log, takes: 0, reads: 0, fails: '0' });
    assert_eq!((answer, logged.as_str()), (Err(DriverError::Closed), "w[] lost at 7"));
}

/// REQ-HAL-482: a step sends four frames at most and asks to be called again at once where it sent as many, and reads 256 bytes at most;
/// what is beyond waits for the next step and is not lost.
#[test]
fn a_step_is_bounded() {
    let piece = "w[1, 2, 3, 7] f";
    for (frames, sent, next) in [(3, 3, 17), (4, 4, 7), (5, 4, 7)] {
        let (answer, logged, dropped) = step(frames, |log| Port { log, takes: 9, reads: 0, fails: '0' });
        assert_eq!((answer, logged), (Ok(Poll::Wait(next)), vec![piece; sent].join(" ")), "{frames}");
        assert_eq!(dropped, format!("stop {piece}"), "{frames}");
    }
    for (there, parts) in [(255, vec![255]), (256, vec![256]), (257, vec![256, 1])] {
        let (log, mut buffer) = (Log::default(), [0; 4]);
        let port = Port { log: &log, takes: 9, reads: there, fails: '0' };
        let mut driver = Driver::new(Says { log: &log, frames: 0 }, port, &mut buffer);
        let got: Vec<_> = (0..3)
            .map(|_| {
                driver.step(7).unwrap();
                log.take().iter().map(|told| told.matches('9').count()).sum::<usize>()
            })
            .collect();
        assert_eq!(got[..parts.len()], parts, "{there}");
        assert!(got[parts.len()..].iter().all(|&more| more == 0), "{there}");
    }
}
