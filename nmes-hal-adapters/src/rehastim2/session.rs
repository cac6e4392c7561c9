//! A conversation with a RehaStim 2 from its first word to the last stop.

use super::bind::Wanted;
use super::commands::List;
use super::framing::{Decoder, FRAME_LONGEST, Packet};
use super::machine::{Fault, Machine, Next, Phase, Timing};
use super::replies::Reply;
use crate::wire::{Counts, Exchange, Poll};

/// Broken frames that are borne between two good answers.
const REFUSED_MAX: u32 = 16;
/// Stray bytes that are borne between two good answers.
const DISCARDED_MAX: u32 = 1_024;

/// A conversation, without port and clock.
///
/// The device speaks first; it is answered, asked for its mode, and stopped if it runs. Then a list is prepared and
/// started, and its pulses changed as asked: they come as [admitted](nmes_safety::Admitted) frames of a plan that is
/// [bound](crate::wire::Plays::bind) to it, and the device repeats the newest of each channel. Every `keep_alive_ms` a packet goes out, a question for the mode and a
/// watchdog in turn, so that the device knows of us and we of it.
///
/// # Bounds
/// - Every fault leads to a stop: in the [`Exchange::poll`] after it, then again after each answer that is missed, and
///   50 ms after each that was refused (`reply_ms` after it, where that is less). The conversation is over when one is taken,
///   and at most 3 × `reply_ms` after the first, or with the third from a host that was away; then nothing more is sent.
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
    pub(super) machine: Machine,
    decoder: Decoder,
    pub(super) wanted: Wanted,
}

impl Session {
    /// A conversation that listens for the device.
    #[must_use]
    pub fn new(timing: Timing) -> Self {
        Self { machine: Machine::new(timing), decoder: Decoder::new(), wanted: Wanted::NOTHING }
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

    /// What was asked for by [`Plays`](crate::wire::Plays) and is not on its way yet, in place of what waits and is older.
    fn refill(&mut self) {
        let Machine { phase, list, queued_start, .. } = &self.machine;
        let prepares = *phase == Phase::Ready && list.is_none();
        let goes_on = *phase == Phase::Running && list.is_some();
        if !(prepares || goes_on || queued_start.is_some()) {
            return;
        }
        match self.wanted.take() {
            Ok(None) => {}
            Ok(Some((list, start))) => {
                self.machine.queued_list = prepares.then_some(list);
                self.machine.queued_start = Some(start);
            }
            Err(refusal) => self.machine.fail(Fault::Refused(refusal)),
        }
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
        let Self { machine, decoder, .. } = self;
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
        self.refill();
        match self.machine.next(now_ms) {
            Next::Send(number, command) => match command.encode(number, out) {
                Ok(length) => {
                    self.wanted.sent(&command);
                    Poll::Send(length)
                }
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
