//! Transfers that take effect and are told as failed, in the conformance suite: a driver that believes that nothing was
//! written is caught.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

use nmes_core::conformance::{Rig, Seen, check, holds};
use nmes_core::*;

/// A converter that only knows magnitudes, a bridge, and a driver that writes no code that it believes to be out.
struct Stage {
    /// In the converter, and closed: −1, 0 or 1.
    code: i32,
    side: i32,
    /// What the driver believes.
    known_code: Option<i32>,
    known_side: Option<i32>,
    /// It knows nothing after an error.
    forgets: bool,
    /// The rig can let a transfer fail with its effect.
    can: bool,
    stopped: bool,
    fail_in: Option<u32>,
    has_effect: bool,
    failed: bool,
    seen: Vec<Seen>,
    now: u64,
    event: u64,
}

type Told = Result<(), &'static str>;

impl Stage {
    fn new(forgets: bool, can: bool) -> Self {
        let mut stage = Self {
            code: 0,
            side: 0,
            known_code: None,
            known_side: None,
            forgets,
            can,
            stopped: false,
            fail_in: None,
            has_effect: false,
            failed: false,
            seen: vec![],
            now: 0,
            event: 0,
        };
        stage.open().unwrap();
        stage
    }

    fn transfer(&mut self, effect: impl FnOnce(&mut Self)) -> Told {
        self.event += 1;
        let fails = self.fail_in == Some(0);
        self.fail_in = self.fail_in.and_then(|left| left.checked_sub(1));
        if !fails || self.has_effect {
            effect(self);
            let level = if self.side == 0 { Level::Open } else { Level::Code(self.side * self.code) };
            self.seen.push(Seen { tick: self.now, event: self.event, channel: 0, level });
        }
        self.failed |= fails;
        if fails { Err("the bus failed") } else { Ok(()) }
    }

    fn write(&mut self, code: i32) -> Told {
        if self.known_code == Some(code) {
            return Ok(());
        }
        self.known_code = self.known_code.filter(|_| !self.forgets);
        self.transfer(|stage| stage.code = code)?;
        self.known_code = Some(code);
        Ok(())
    }

    fn close(&mut self, side: i32) -> Told {
        self.known_side = None;
        self.transfer(|stage| stage.side = side)?;
        self.known_side = Some(side);
        Ok(())
    }

    fn open(&mut self) -> Told {
        let (bridge, code) = (self.close(0), self.write(0));
        self.stopped = bridge.and(code).is_err();
        bridge.and(code)
    }

    fn put(&mut self, level: Level) -> Told {
        let (side, code) = match level {
            Level::Open => (0, 0),
            Level::Code(code @ -4_095..=4_095) => (if code < 0 { -1 } else { 1 }, code.abs()),
            Level::Code(_) | Level::Shorted => return Err("no such level"),
        };
        if self.known_side != Some(side) {
            self.write(0)?;
            self.close(side)?;
        }
        self.write(code)
    }

    fn all(&mut self, edges: &[(u8, Level)]) -> Told {
        if self.stopped || edges.iter().any(|(channel, _)| *channel != 0) {
            return Err("refused");
        }
        edges.iter().try_for_each(|(_, level)| self.put(*level))
    }
}

impl Rig for Stage {
    type Error = &'static str;

    fn hardware(&self) -> Hardware {
        let channel = ChannelHardware::symmetric(25_000, -4_095, 4_095);
        Hardware::new(HardwareTiming::ideal(1_000_000), &[channel], 0).unwrap()
    }

    fn apply(&mut self, now: u64, edges: &[(u8, Level)]) -> Result<u64, Self::Error> {
        self.now = now;
        let told = self.all(edges);
        if told.is_err() {
            let _ = self.open();
            self.stopped = true;
        }
        told.map(|()| now)
    }

    fn channel_off(&mut self, now: u64, channel: u8) -> Result<u64, Self::Error> {
        if !self.stopped {
            return self.apply(now, &[(channel, Level::Open)]);
        }
        let told = self.off(now);
        self.stopped = true;
        told
    }

    fn off(&mut self, now: u64) -> Result<u64, Self::Error> {
        self.now = now;
        self.open().map(|()| now)
    }

    fn end(&mut self, now: u64) {
        let _ = self.off(now);
    }

    fn fail_after(&mut self, transfers: u32) {
        (self.fail_in, self.has_effect, self.failed) = (Some(transfers), false, false);
    }

    fn fail_with_effect_after(&mut self, transfers: u32) -> bool {
        (self.fail_in, self.has_effect, self.failed) = (Some(transfers), true, false);
        self.can
    }

    fn failed(&self) -> bool {
        self.failed
    }

    fn seen(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.seen)
    }
}

/// REQ-CORE-168: a driver that keeps the code that it believed to be out, though the write that failed went through, is caught by
/// the level that comes out after the next `off`. One that knows nothing after an error passes.
#[test]
fn a_write_that_failed_may_have_gone_through() {
    check(|| Stage::new(true, true), 50).unwrap_or_else(|violation| panic!("{violation}"));
    let told = holds("nothing_follows_an_error", || Stage::new(false, true), 1).unwrap_err().to_string();
    assert!(told.contains("of Apply took effect and failed, and off was called, with [(0, Code("), "{told}");
    assert!(told.contains("Seen") && told.ends_with("came out"), "{told}");
}

/// REQ-CORE-168: on a rig that cannot let a transfer take effect and fail, nothing is looked at for it.
#[test]
fn a_rig_that_cannot_is_asked_for_nothing() {
    check(|| Stage::new(false, false), 50).unwrap_or_else(|violation| panic!("{violation}"));
}
