//! What each call of the runner for samples leaves behind: levels, targets, the enable line, and what is kept of errors.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use embedded_hal::digital::{Error, ErrorKind, ErrorType, OutputPin};
use nmes_core::*;
use nmes_hal_adapters::{ArmRefusal, Cause, CommandError, NoSense, Streamer};
use nmes_safety::{Checked, Fault, State, UseClass};
use std::cell::Cell;

/// The number of the access that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Broken(u32);

impl Error for Broken {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// An enable line: whether it is high, its accesses so far, and from which to which they fail.
#[derive(Debug, Default)]
struct Line {
    high: Cell<bool>,
    calls: Cell<u32>,
    fails: Cell<(u32, u32)>,
}

impl Line {
    /// Fails so many of the next accesses.
    fn fail(&self, count: u32) {
        self.fails.set((self.calls.get(), self.calls.get() + count));
    }
}

#[derive(Debug)]
struct Pin<'l>(&'l Line);

impl ErrorType for Pin<'_> {
    type Error = Broken;
}

impl Pin<'_> {
    fn set(&self, high: bool) -> Result<(), Broken> {
        let (call, (from, to)) = (self.0.calls.get(), self.0.fails.get());
        self.0.calls.set(call + 1);
        if (from..to).contains(&call) {
            return Err(Broken(call));
        }
        self.0.high.set(high);
        Ok(())
    }
}

impl OutputPin for Pin<'_> {
    fn set_low(&mut self) -> Result<(), Broken> {
        self.set(false)
    }
    fn set_high(&mut self) -> Result<(), Broken> {
        self.set(true)
    }
}

/// A streamer, its halves so far, and its line.
struct Rig<'a, 'l> {
    streamer: Streamer<'a, i16, Pin<'l>>,
    line: &'l Line,
    half: u32,
}

impl Rig<'_, '_> {
    /// A half of 5 ms; whether it is busy.
    fn fill(&mut self) -> Result<nmes_hal_adapters::Filled, nmes_hal_adapters::Stopped> {
        let mut half = [0; 500];
        let filled = self.streamer.fill(self.half, &mut half);
        self.half += 1;
        filled
    }

    fn run(&mut self, halves: u32) {
        for _ in 0..halves {
            self.streamer.keep_alive();
            self.fill().unwrap();
        }
    }

    fn level(&self) -> Setting {
        self.streamer.engine().setting(0).unwrap()
    }

    fn raise(&mut self, set: Setting) {
        self.streamer.aim(0, set).unwrap();
        while self.level() != set {
            self.run(1);
        }
    }

    /// Into a train, until a half holds a pulse.
    fn busy(&mut self) {
        self.raise(set());
        self.streamer.gate(GateInput::Open).unwrap();
        self.run(60);
        while !self.fill().unwrap().busy {}
        assert!(self.line.high.get());
    }
}

fn set() -> Setting {
    setting(20_000, 300)
}

fn with(schedule: Schedule<'_>, length: Millis, body: impl Fn(Rig<'_, '_>)) {
    let channels = [channel(set())];
    let session = Session::new(&channels, schedule, length).unwrap();
    let own = hardware(HardwareTiming::ideal(100_000), 25_000, 1);
    let class =
        if matches!(schedule, Schedule::Gated(_)) { UseClass::FunctionalWear } else { UseClass::Continuous };
    let checked = checked(&session, &own, class);
    let (mut states, line) = ([ChannelState::new(); 1], Line::default());
    let mut streamer = Streamer::arm(&checked, &mut states, &own, Pin(&line), &mut NoSense).unwrap();
    streamer.start().unwrap();
    body(Rig { streamer, line: &line, half: 0 });
    assert!(!line.high.get(), "low on drop");
}

fn gated_rig(body: impl Fn(Rig<'_, '_>)) {
    with(gated(), ms(600_000), body);
}

fn guard_trip(cause: Cause) -> Fault {
    let Cause::Guard(trip) = cause else { panic!("{cause}") };
    trip.fault
}

/// REQ-HAL-301: a line that cannot be set low is not armed.
#[test]
fn a_line_that_does_not_go_low_is_not_armed() {
    let channels = [channel(set())];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let own = hardware(HardwareTiming::ideal(100_000), 25_000, 1);
    let checked: Checked<'_> = checked(&session, &own, UseClass::FunctionalWear);
    let (mut states, line) = ([ChannelState::new(); 1], Line::default());
    line.fail(1);
    let refused = Streamer::<i16, _>::arm(&checked, &mut states, &own, Pin(&line), &mut NoSense);
    assert_eq!(refused.unwrap_err(), ArmRefusal::Output(Broken(0)));
    assert_eq!(line.calls.get(), 2, "tried again on drop");
}

/// REQ-HAL-469: of a stream too, what is refused leaves no target, what is lower is taken at once and stays, and nothing rises
/// while it is ending.
#[test]
fn a_refusal_leaves_no_target() {
    gated_rig(|mut rig| {
        let (high, low, above) = (setting(9_000, 300), setting(2_000, 300), setting(21_000, 300));
        assert!(matches!(rig.streamer.command(0, high), Err(CommandError::Guard(_))));
        assert!(matches!(rig.streamer.aim(0, above), Err(CommandError::Plan(_))));
        rig.run(1_000);
        assert_eq!(rig.level().amplitude, MicroAmps::ZERO);
        rig.streamer.aim(0, set()).unwrap();
        while rig.level().amplitude < high.amplitude {
            rig.run(1);
        }
        rig.streamer.aim(0, low).unwrap();
        assert_eq!(rig.level(), low, "at once");
        rig.run(1_000);
        assert_eq!(rig.level(), low, "and it is the target");
        rig.busy();
        rig.streamer.command(0, high).unwrap();
        rig.run(1_000);
        assert_eq!(rig.level(), high, "so is what was commanded");
        rig.streamer.stop(StopPolicy::FinishPulse).unwrap();
        assert_eq!(rig.streamer.aim(0, set()), Err(CommandError::Ending));
        assert_eq!(rig.streamer.command(0, set()), Err(CommandError::Ending));
        rig.streamer.aim(0, low).unwrap();
        assert_eq!(rig.level(), low);
    });
}

/// REQ-HAL-468: a stream that is over by itself is disarmed with the half in which it ended, and aims at nothing any more.
#[test]
fn a_stream_that_is_over_is_disarmed() {
    with(Schedule::Continuous, ms(3_000), |mut rig| {
        rig.streamer.aim(0, setting(2_000, 300)).unwrap();
        while rig.fill().unwrap().finished.is_none() {
            rig.streamer.keep_alive();
            assert!(rig.half < 2_000);
        }
        assert_eq!((rig.streamer.state(), rig.line.high.get()), (State::Idle, false));
        assert_eq!(rig.streamer.aim(0, set()), Err(CommandError::Ending));
        // and a host that is silent from now on is no fault
        for _ in 0..2_000 {
            rig.fill().unwrap();
        }
    });
}

/// REQ-HAL-301, REQ-HAL-042: a stop at once sets the line low, opens and disarms, with levels at zero; what plays is played into an
/// open stage.
#[test]
fn a_stop_at_once_disarms_at_once() {
    gated_rig(|mut rig| {
        rig.busy();
        rig.streamer.stop(StopPolicy::HardOff).unwrap();
        assert_eq!((rig.streamer.state(), rig.line.high.get()), (State::Idle, false));
        assert_eq!(rig.streamer.engine().level(0), Some(Level::Open));
        assert_eq!(rig.level().amplitude, MicroAmps::ZERO);
        for _ in 0..4 {
            assert!(!rig.fill().unwrap().busy);
            assert!(!rig.line.high.get());
        }
        assert_eq!(rig.streamer.aim(0, set()), Err(CommandError::Ending));
    });
}

/// REQ-HAL-301: a stop at once in the middle of a pulse is no fault: the guard knows that the output is open.
#[test]
fn a_stop_at_once_within_a_pulse_is_no_fault() {
    gated_rig(|mut rig| {
        rig.raise(set());
        rig.streamer.gate(GateInput::Open).unwrap();
        while rig.streamer.engine().level(0) == Some(Level::Open) {
            rig.streamer.keep_alive();
            rig.streamer.fill(rig.half, &mut [0; 20]).unwrap();
            rig.half += 1;
        }
        rig.streamer.stop(StopPolicy::HardOff).unwrap();
        for _ in 0..2_000 {
            assert!(!rig.fill().unwrap().busy);
        }
        assert_eq!((rig.streamer.state(), rig.streamer.black_box().first()), (State::Idle, None));
    });
}

/// REQ-HAL-301: the line stays high for the half that still plays, and for one in which a pulse of the half before ends.
#[test]
fn the_line_is_high_while_a_pulse_plays() {
    gated_rig(|mut rig| {
        rig.raise(set());
        rig.streamer.gate(GateInput::Open).unwrap();
        let (mut before, mut seen) = (false, 0);
        // halves of 0.2 ms: a pulse of 0.7 ms lies in four of them
        for _ in 0..20_000 {
            let mut half = [0_i16; 20];
            let filled = rig.streamer.fill(rig.half, &mut half).unwrap();
            rig.half += 1;
            rig.streamer.keep_alive();
            let holds = half.iter().any(|sample| *sample != 0);
            assert!(filled.busy || !holds);
            assert_eq!(rig.line.high.get(), filled.busy || before);
            before = filled.busy;
            seen += u32::from(holds);
        }
        assert!(seen > 200, "{seen}");
    });
}

/// REQ-HAL-301: an error of the line is kept, the first one, also where it is that of setting it low; the guard has it in its black
/// box, and all that is played from then on is zero.
#[test]
fn errors_of_the_line_are_kept() {
    for count in [1, 2, 3] {
        gated_rig(|mut rig| {
            rig.busy();
            let first = rig.line.calls.get();
            rig.line.fail(count);
            let stopped = rig.fill().unwrap_err();
            assert_eq!((stopped.cause, stopped.off_failed), (Cause::Output, count > 1));
            assert_eq!(rig.streamer.pin_error(), Some(&Broken(first)));
            assert_eq!(rig.streamer.black_box().first().map(|trip| trip.fault), Some(Fault::Output));
            assert_eq!(rig.streamer.engine().level(0), Some(Level::Open));
            // tried again with each call until it is low
            assert_eq!(rig.fill().unwrap_err().off_failed, count > 2);
            assert!(!rig.fill().unwrap_err().off_failed && !rig.line.high.get());
        });
    }
    gated_rig(|mut rig| {
        rig.busy();
        let first = rig.line.calls.get();
        rig.line.fail(4);
        // the stop finds it, the fault that follows too, and so does the next stop
        assert!(rig.streamer.stop(StopPolicy::HardOff).unwrap_err().off_failed);
        assert!(rig.streamer.stop(StopPolicy::HardOff).unwrap_err().off_failed);
        assert_eq!(rig.streamer.pin_error(), Some(&Broken(first)));
    });
    gated_rig(|mut rig| {
        rig.busy();
        let first = rig.line.calls.get();
        rig.line.fail(1);
        assert!(rig.streamer.fill(rig.half + 1, &mut [0; 500]).unwrap_err().off_failed);
        assert_eq!(
            rig.streamer.pin_error(),
            Some(&Broken(first)),
            "of setting it low after a half was skipped"
        );
    });
}

/// REQ-HAL-381: what was skipped is kept in the guard's black box as a failure, and a frame that the guard refuses is told by its word.
#[test]
fn causes_are_kept() {
    gated_rig(|mut rig| {
        rig.busy();
        let stopped = rig.streamer.fill(rig.half + 1, &mut [0; 500]).unwrap_err();
        assert_eq!(stopped.cause, Cause::Overrun);
        assert_eq!(rig.streamer.black_box().first().map(|trip| trip.fault), Some(Fault::Output));
        assert_eq!(rig.streamer.state(), State::Fault);
    });
    // halves so long that the guard is not asked in between
    gated_rig(|mut rig| {
        rig.busy();
        let mut half = vec![0; 500_000];
        let stopped = rig.streamer.fill(rig.half, &mut half).unwrap_err();
        assert_eq!(guard_trip(stopped.cause), Fault::SlowSide, "{stopped}");
        assert!(half.iter().all(|sample| *sample == 0));
    });
}
