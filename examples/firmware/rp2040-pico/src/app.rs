//! What the two interrupts do: edges, and the slow side.

use embedded_hal::digital::OutputPin;
use nmes_core::{GateInput, Setting, StopPolicy};
use nmes_hal_adapters::{CalibrationError, CommandError, Output, StartContact, Stimulator, Stopped};
use nmes_protocols::{GateCommand, Trigger};

use crate::board::{Board, BoardOutput, Dog, Inputs, Out};
use crate::clock::{Alarms, EdgeClock, LEAD_US, next_edge};
use crate::heel::HeelLine;
use crate::report::{Report, say};
use crate::sense::{BoardSense, keep, sense};
use crate::session::{Ready, Refused};

/// Slow calls to one tick of the stimulator: 5 ms.
const CALLS_A_TICK: u8 = 5;
/// Slow calls for which the start contact has to stay as it is: 20 ms.
const STILL: u16 = 20;
/// How long before an edge current and voltage are converted.
const MEASURE_US: u64 = 8;
/// And how long the wait for it has to be.
const SPARE_US: u64 = 120;

/// One channel, and room for no more.
type Stim = Stimulator<'static, BoardOutput, EdgeClock, BoardSense, 1>;

/// Where the session is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Armed; nothing is put out and no level rises until the start contact closes.
    Waiting,
    /// The set level rises; nothing is put out.
    Raising,
    /// Session time zero was at this tick.
    Walking { zero: u64 },
    /// The emergency stop was pressed; until the next power-on.
    Halted,
    /// Something was wrong: the watchdog is no longer fed.
    Faulted,
}

/// Everything that runs.
pub(crate) struct App {
    stim: Stim,
    trigger: Trigger,
    target: Setting,
    alarms: Alarms,
    inputs: Inputs,
    line: HeelLine,
    start: StartContact,
    watchdog: Dog,
    running: Out,
    phase: Phase,
    calls: u8,
}

/// Why nothing runs.
#[expect(dead_code, reason = "the field is for the line, which is made by Debug")]
#[derive(Clone, Copy, Debug)]
pub(crate) enum NotReady {
    /// No plan that may run.
    Plan(Refused),
    /// What the converter reads means nothing for this output.
    Calibration(CalibrationError),
    /// Not armed.
    Arm,
    /// The plan has no channel.
    Level,
}

impl App {
    /// Arms. The watchdog runs from here on. Nothing rises by itself, whatever made the board start.
    pub(crate) fn new(board: Board, ready: Ready) -> Result<Self, NotReady> {
        let channel = ready.checked.plan().session().channels().first().ok_or(NotReady::Level)?;
        let target = channel.set;
        let sense = sense(board.output.hardware()).map_err(NotReady::Calibration)?;
        let stim = Stim::arm_sized(ready.checked, ready.states, board.output, board.clock, sense)
            .map_err(|_| NotReady::Arm)?;
        Ok(Self {
            stim,
            trigger: Trigger::new(ready.gait),
            target,
            alarms: board.alarms,
            inputs: board.inputs,
            line: HeelLine::new(),
            start: StartContact::new(STILL),
            watchdog: board.watchdog,
            running: board.running,
            phase: Phase::Waiting,
            calls: 0,
        })
    }

    /// The interrupt of the edges: waits for each edge that is near, and puts it out.
    pub(crate) fn edges(&mut self) {
        while let Some(at) = next_edge() {
            if at > self.alarms.now().saturating_add(LEAD_US) {
                break;
            }
            let halted = self.measure_before(at) || self.wait(at);
            if halted {
                self.halt();
                break;
            }
            let done = self.stim.on_alarm();
            self.take(done);
        }
        self.alarms.wind();
    }

    /// Waits for a tick; true at once when the emergency stop is pressed.
    fn wait(&mut self, until: u64) -> bool {
        loop {
            if self.inputs.stop_pressed() {
                return true;
            }
            if self.alarms.now() >= until {
                return false;
            }
        }
    }

    /// Converts shortly before an edge: of each phase, and of the rest before each pulse. True when the emergency stop
    /// is pressed.
    ///
    /// Not of gaps and trims: judging a measurement takes 25 µs, and the edges there stand too close for that.
    fn measure_before(&mut self, at: u64) -> bool {
        if at < self.alarms.now().saturating_add(SPARE_US) {
            keep(None);
            return false;
        }
        let halted = self.wait(at.saturating_sub(MEASURE_US));
        keep(self.inputs.measure());
        halted
    }

    /// The slow side, each millisecond.
    pub(crate) fn slow(&mut self) {
        let Some(due) = self.alarms.slow_due() else { return };
        if self.inputs.stop_pressed() {
            self.halt();
        }
        if self.start.closes(self.inputs.start_closed()) && self.phase == Phase::Waiting {
            self.raise();
        }
        self.calls = self.calls.saturating_add(1);
        if self.calls >= CALLS_A_TICK {
            self.calls = 0;
            self.tick(due);
        }
        self.heel(due);
        self.alarms.wind();
    }

    fn tick(&mut self, due: u64) {
        if self.phase == Phase::Faulted {
            return;
        }
        // the device is its own host
        self.stim.keep_alive();
        // in a rest no edge comes that would ask for it; before one it is converted anew
        keep(self.inputs.measure());
        let ticked = self.stim.on_tick_watched(&mut self.watchdog);
        self.take(ticked.map(drop));
        while self.stim.take_receipt().is_some() {}
        if self.phase == Phase::Raising && self.stim.engine().setting(0) == Some(self.target) {
            self.begin(due);
        }
    }

    /// Somebody has closed the start contact.
    fn raise(&mut self) {
        match self.stim.aim(0, self.target) {
            Ok(()) => {
                self.phase = Phase::Raising;
                say(Report::Raising);
            }
            Err(CommandError::Stopped(stopped)) => self.take(Err(stopped)),
            Err(_) => self.halt(),
        }
    }

    fn begin(&mut self, zero: u64) {
        let started = self.stim.start();
        self.phase = Phase::Walking { zero };
        self.take(started);
        self.trigger.start(0);
        let heel = self.line.read(self.inputs.heel());
        self.trigger.heel(0, heel);
        self.trigger.resume(0);
        let _ = self.running.set_high();
        say(Report::Running);
    }

    /// What the heel does, and what the trigger makes of it.
    fn heel(&mut self, due: u64) {
        let Phase::Walking { zero } = self.phase else { return };
        let now_us = due.saturating_sub(zero);
        let polled = self.trigger.poll(now_us);
        self.obey(polled);
        let heel = self.line.read(self.inputs.heel());
        let command = self.trigger.heel(now_us, heel);
        self.obey(command);
    }

    fn obey(&mut self, command: Option<GateCommand>) {
        let Some(command) = command else { return };
        let answered = self.stim.gate(GateInput::from(command));
        self.take(answered.map(drop));
    }

    /// The emergency stop: open at once, and nothing more until the next power-on.
    fn halt(&mut self) {
        if matches!(self.phase, Phase::Halted | Phase::Faulted) {
            return;
        }
        let stopped = self.stim.stop(StopPolicy::HardOff);
        self.phase = Phase::Halted;
        let _ = self.running.set_low();
        say(Report::Halted(self.stim.stats()));
        self.take(stopped);
    }

    /// A stop by itself: the output is open already, and the watchdog will make the board start again.
    fn take(&mut self, result: Result<(), Stopped>) {
        if let Err(stopped) = result
            && self.phase != Phase::Faulted
        {
            self.phase = Phase::Faulted;
            let _ = self.running.set_low();
            say(Report::Stopped(stopped, self.stim.stats()));
        }
    }
}
