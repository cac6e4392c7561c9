//! A conversation with a P24 or RehaMove3 from the first question to the last stop.

use super::bind::Wanted;
use super::commands::{Command, HighVoltage, Measurement};
use super::framing::{COMMAND_LONGEST, Decoder, Packet};
use super::machine::{Fault, Level, Machine, Next, Phase, Timing};
use super::replies::{Reply, Version};
use crate::wire::{Counts, Exchange, Poll};

/// What a device said of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Version of the firmware.
    pub firmware: Version,
    /// Version of the protocol.
    pub protocol: Version,
    /// Its identity, as it gives it.
    pub device: [u8; 10],
}

/// Broken frames that are borne between two good answers.
const REFUSED_MAX: u32 = 16;
/// Stray bytes that are borne between two good answers.
const DISCARDED_MAX: u32 = 4_096;

/// A conversation, without port and clock.
///
/// It asks for status, ends what it finds running, asks for version and identity, and prepares one level. Then
/// updates or pulses go out one at a time, each waits for its answer, and while the mid level runs the device is asked
/// for its channels every `keep_alive_ms`.
///
/// # Bounds
/// - Every fault leads to a stop: in the [`Exchange::poll`] after it, then again after each answer that is missed, and
///   50 ms after each that was refused (`reply_ms` after it, where that is less). The conversation is over when one is taken,
///   and at most 3 × `reply_ms` after the first, or with the third from a host that was away; then nothing more is sent.
/// - A link that is lost without notice is found at most `keep_alive_ms` + 2 × `reply_ms` after its last answer; the
///   device stops by itself 2 s after the last question that reached it (STD-S26).
/// - An answer that fits no question is a fault, but for what an earlier conversation left in the port, and while
///   stopping.
///
/// Pulses come as [admitted](nmes_safety::Admitted) frames of a plan that is [bound](crate::wire::Plays::bind) to it. On the
/// low level each frame is one command, and the device puts out nothing by itself; its status is asked for every
/// `keep_alive_ms` while nothing else is said. On the mid level the newest frame of a channel is repeated by the device,
/// at the plan's period, until the next frame differs or the train ends.
///
/// ```
/// use nmes_hal_adapters::sciencemode4::{Phase, Session, Timing};
/// use nmes_hal_adapters::wire::{Exchange, Poll};
/// let (mut session, mut out) = (Session::mid_level(Timing::default()), [0; Session::FRAME_MAX]);
/// assert_eq!(session.poll(0, &mut out), Poll::Send(12)); // asks for the status
/// assert_eq!(session.poll(0, &mut out), Poll::Wait(250));
/// assert_eq!(session.poll(250, &mut out), Poll::Send(12)); // nobody there: a stop, to be sure
/// assert_eq!(session.phase(), Phase::Stopping);
/// assert_eq!(session.fault().unwrap().to_string(), "no answer to StimStatus in time");
/// ```
#[derive(Debug)]
pub struct Session {
    pub(super) machine: Machine,
    decoder: Decoder,
    pub(super) wanted: Wanted,
}

impl Session {
    /// A conversation that runs trains on the mid level.
    #[must_use]
    pub fn mid_level(timing: Timing) -> Self {
        Self { machine: Machine::new(Level::Mid, timing), decoder: Decoder::new(), wanted: Wanted::NOTHING }
    }

    /// A conversation that sends pulse by pulse on the low level.
    #[must_use]
    pub fn low_level(timing: Timing, measurement: Measurement, high_voltage: HighVoltage) -> Self {
        let level = Level::Low { measurement, high_voltage };
        Self { machine: Machine::new(level, timing), decoder: Decoder::new(), wanted: Wanted::NOTHING }
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

    /// What the device said of itself, once it is ready.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.machine.identity
    }

    /// One bit for each channel that the device has said it runs as asked.
    #[must_use]
    pub const fn active(&self) -> u8 {
        self.machine.active
    }

    pub(super) const fn is_low(&self) -> bool {
        self.machine.is_low()
    }

    /// A pulse is the next that will be sent.
    pub(super) const fn is_sending_a_pulse(&self) -> bool {
        matches!(self.machine.queued, Some(Command::LowLevelChannel(_)))
    }

    /// What was asked for by [`Plays`](crate::wire::Plays) and is not on its way yet: the next pulse, or the newest trains in
    /// place of those that wait.
    fn refill(&mut self) {
        let free = matches!(self.machine.queued, None | Some(Command::MidLevelUpdate(_)));
        if !(free && self.works()) {
            return;
        }
        match self.wanted.take() {
            Ok(None) => {}
            Ok(Some(command)) => self.machine.queued = Some(command),
            Err(refusal) => self.machine.fail(Fault::Refused(refusal)),
        }
    }

    /// Whether something may be asked of the device.
    const fn works(&self) -> bool {
        matches!(self.machine.phase, Phase::Ready | Phase::Running)
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

    fn take(&mut self, byte: u8, now_ms: u64) {
        let Self { machine, decoder, .. } = self;
        let Some(body) = decoder.push(byte) else { return };
        let Some(packet) = Packet::new(body) else { return };
        let good = match Reply::decode(&packet) {
            Ok(reply) => machine.on_reply(&reply, now_ms),
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
    const FRAME_MAX: usize = COMMAND_LONGEST;

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

    fn receive(&mut self, bytes: &[u8], now_ms: u64) {
        for &byte in bytes {
            self.take(byte, now_ms);
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
