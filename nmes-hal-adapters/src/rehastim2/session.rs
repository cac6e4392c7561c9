//! A conversation with a RehaStim 2 from its first word to the last stop.

use super::commands::{List, Start};
use super::framing::{Decoder, FRAME_LONGEST, Packet};
use super::machine::{Fault, Machine, Next, Phase, Timing};
use super::replies::Reply;
use crate::wire::{Counts, Exchange, Poll};
use core::fmt;

/// Something was not asked of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denied {
    /// The conversation is not in a state for it.
    Phase(Phase),
    /// The pulses are not one for each channel of the list in use.
    Channels {
        /// Channels of the list.
        list: u32,
        /// Pulses given.
        pulses: usize,
    },
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phase(phase) => write!(f, "not while {phase:?}"),
            Self::Channels { list, pulses } => write!(f, "{pulses} pulses for a list of {list} channels"),
        }
    }
}

impl core::error::Error for Denied {}

/// Broken frames that are borne between two good answers.
const REFUSED_MAX: u32 = 16;
/// Stray bytes that are borne between two good answers.
const DISCARDED_MAX: u32 = 1_024;

/// A conversation, without port and clock.
///
/// The device speaks first; it is answered, asked for its mode, and stopped if it runs. Then a list is prepared and
/// started, and its pulses changed as asked. Every `keep_alive_ms` a packet goes out, a question for the mode and a
/// watchdog in turn, so that the device knows of us and we of it.
///
/// # Bounds
/// - Every fault leads to a stop: in the [`Exchange::poll`] after it, then again after each missed answer, three
///   in all. The conversation is over at most 3 × `reply_ms` after the fault.
/// - A link that is lost without notice is found at most 2 × `keep_alive_ms` + `reply_ms` after its last answer; the
///   device stops by itself 1,200 ms after the last packet that reached it (STD-S36).
/// - Anything said that fits no question is a fault, but for what an earlier conversation left in the port, and while
///   stopping. That an answer has the packet number of its question is taken from STD-S36; if a device does
///   otherwise, nothing starts.
///
/// ```
/// use nmes_hal_adapters::rehastim2::{Phase, Reply, Said, Session, Timing};
/// use nmes_hal_adapters::wire::{Exchange, Poll};
/// let (mut session, mut frame) = (Session::new(Timing::default()), [0; Session::FRAME_MAX]);
/// assert_eq!(session.poll(0, &mut frame), Poll::Wait(2_000)); // listens
/// let length = Reply { number: 9, said: Said::Init { version: 1 } }.encode(&mut frame).unwrap();
/// session.receive(&frame[..length], 10);
/// assert_eq!(session.poll(10, &mut frame), Poll::Send(9)); // heard
/// assert_eq!((frame[5], session.poll(10, &mut frame)), (9, Poll::Send(9))); // which mode?
/// assert_eq!(session.phase(), Phase::Opening);
/// ```
#[derive(Debug)]
pub struct Session {
    machine: Machine,
    decoder: Decoder,
}

impl Session {
    /// A conversation that listens for the device.
    #[must_use]
    pub fn new(timing: Timing) -> Self {
        Self { machine: Machine::new(timing), decoder: Decoder::new() }
    }

    /// Where it stands.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.machine.phase
    }

    /// Why it ended, if not because it was asked to.
    #[must_use]
    pub const fn fault(&self) -> Option<Fault> {
        self.machine.fault
    }

    /// The list that was sent last, while it is in use.
    #[must_use]
    pub const fn list(&self) -> Option<List> {
        self.machine.list
    }

    /// Prepares a list and starts it.
    ///
    /// # Errors
    /// Not ready, or not one pulse for each channel.
    pub fn start(&mut self, list: List, start: Start) -> Result<(), Denied> {
        if self.machine.phase != Phase::Ready {
            return Err(Denied::Phase(self.machine.phase));
        }
        Self::fits(&list, &start)?;
        self.machine.queued_list = Some(list);
        self.machine.queued_start = Some(start);
        Ok(())
    }

    /// Changes the pulses of the list that runs; a change that was not sent yet is replaced.
    ///
    /// # Errors
    /// Not running, or not one pulse for each channel.
    pub fn update(&mut self, start: Start) -> Result<(), Denied> {
        let (Phase::Running, Some(list)) = (self.machine.phase, self.machine.list) else {
            return Err(Denied::Phase(self.machine.phase));
        };
        Self::fits(&list, &start)?;
        self.machine.queued_start = Some(start);
        Ok(())
    }

    fn fits(list: &List, start: &Start) -> Result<(), Denied> {
        let (list, pulses) = (list.channels().count_ones(), start.as_slice().len());
        if usize::try_from(list) == Ok(pulses) { Ok(()) } else { Err(Denied::Channels { list, pulses }) }
    }

    /// Asks for the end: the next [`Exchange::poll`] sends a stop, whatever is not answered yet.
    pub fn stop(&mut self) {
        self.machine.stop();
    }

    /// A line that is too noisy is a fault.
    fn listen(&mut self) {
        let Counts { refused, discarded, .. } = self.decoder.counts();
        if refused > REFUSED_MAX || discarded > DISCARDED_MAX {
            self.decoder.forgive();
            self.machine.refused(Fault::Noise { refused, discarded });
        }
    }

    fn take(&mut self, byte: u8) {
        let Self { machine, decoder } = self;
        let Some(body) = decoder.push(byte) else { return };
        let Some(packet) = Packet::new(body) else { return };
        let good = match Reply::decode(&packet) {
            Ok(reply) => machine.on_reply(reply),
            Err(error) => {
                machine.on_malformed(error);
                false
            }
        };
        if good {
            decoder.forgive();
        }
    }
}

impl Exchange for Session {
    const FRAME_MAX: usize = FRAME_LONGEST;

    fn poll(&mut self, now_ms: u64, out: &mut [u8]) -> Poll {
        match self.machine.next(now_ms) {
            Next::Send(number, command) => match command.encode(number, out) {
                Ok(length) => Poll::Send(length),
                Err(_) => {
                    self.machine.lost();
                    Poll::Wait(now_ms)
                }
            },
            Next::Wait(until) => Poll::Wait(until),
            Next::Over => Poll::Over,
        }
    }

    fn receive(&mut self, bytes: &[u8], _now_ms: u64) {
        for &byte in bytes {
            self.take(byte);
            self.listen();
        }
    }

    fn stop(&mut self) {
        self.machine.stop();
    }

    fn lost(&mut self, _now_ms: u64) {
        self.machine.lost();
    }
}
