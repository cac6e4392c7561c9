//! A conversation with a device on a port, in real time.

use super::port::Port;
use crate::failure::Failure;
use nmes_hal_adapters::wire::{Driver, Plays, Poll, Shared, StopAnswer};
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// How long a device may take from the first question until it is ready.
const OPENING: Duration = Duration::from_secs(5);
/// How long stops may take: three times the longest answer, and a little.
const CLOSING: Duration = Duration::from_secs(3);
/// What is said where a stop was not taken.
pub(crate) const fn not_stopped(answer: StopAnswer) -> Option<&'static str> {
    match answer {
        StopAnswer::Taken => None,
        StopAnswer::Refused => Some("the device refused its stop"),
        StopAnswer::None => Some("the stop of the device was not answered"),
    }
}
/// Between two looks at the port.
pub(crate) const TURN: Duration = Duration::from_micros(500);

/// A conversation, its port, and the host's clock.
pub(crate) struct Rig<'r, S: Plays> {
    driver: Driver<'r, Shared<'r, S>, Port>,
    session: &'r RefCell<S>,
    begin: Instant,
}

impl<'r, S: Plays> Rig<'r, S> {
    /// Opens the conversation, until the device is ready.
    pub(crate) fn open(session: &'r RefCell<S>, port: Port, buffer: &'r mut [u8]) -> Result<Self, Failure> {
        let driver = Driver::new(Shared(session), port, buffer);
        let mut rig = Self { driver, session, begin: Instant::now() };
        while !rig.session.borrow().is_ready() {
            rig.step()?;
            if rig.begin.elapsed() > OPENING {
                return Err(Failure::Faulted("the device did not get ready within 5 s".to_owned()));
            }
            std::thread::sleep(TURN);
        }
        Ok(rig)
    }

    /// Microseconds since the conversation began.
    pub(crate) fn now_us(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Reads and sends what is due.
    pub(crate) fn step(&mut self) -> Result<(), Failure> {
        let stepped = self.driver.step(self.now_us() / 1_000);
        let fault = self.session.borrow().why();
        match (fault, stepped) {
            (Some(fault), Err(error)) => Err(Failure::Faulted(format!("the device: {fault} ({error})"))),
            (Some(fault), Ok(_)) => Err(Failure::Faulted(format!("the device: {fault}"))),
            (None, Err(error)) => Err(Failure::Faulted(format!("the device: {error}"))),
            (None, Ok(_)) => Ok(()),
        }
    }

    /// A pulse waits for the link.
    pub(crate) fn is_busy(&self) -> bool {
        self.session.borrow().is_behind()
    }

    /// The oldest pulse of a channel that was taken and did not go out.
    pub(crate) fn unsent(&self, channel: u8) -> Option<u32> {
        self.session.borrow().unsent(channel)
    }

    /// Sends stops and waits until one is taken; gives what was said to them, whatever went wrong before.
    pub(crate) fn close(mut self) -> StopAnswer {
        self.driver.session_mut().0.borrow_mut().stop();
        let begin = Instant::now();
        while begin.elapsed() < CLOSING {
            match self.driver.step(self.now_us() / 1_000) {
                Ok(Poll::Over) | Err(_) => break,
                Ok(_) => std::thread::sleep(TURN),
            }
        }
        self.session.borrow().stop_answer()
    }
}
