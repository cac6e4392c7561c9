//! A conversation with a P24 or RehaMove3 from the first question to the last stop.

use super::commands::{ChannelConfig, Command, HighVoltage, Measurement, Update};
use super::framing::{COMMAND_LONGEST, Decoder, Packet};
use super::machine::{Fault, Level, Machine, Next, Phase, Timing};
use super::replies::{Reply, Version};
use crate::wire::{Counts, Exchange, Poll, Refusal};
use core::fmt;

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

/// Something was not asked of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denied {
    /// The conversation is not in a state for it.
    Phase(Phase),
    /// The device cannot, or must not, do it.
    Refusal(Refusal),
    /// The other level is the one in use.
    Level,
    /// The pulse before has not been answered.
    Busy,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phase(phase) => write!(f, "not while {phase:?}"),
            Self::Refusal(refusal) => refusal.fmt(f),
            Self::Level => f.write_str("the other level of the protocol is in use"),
            Self::Busy => f.write_str("the pulse before has not been answered"),
        }
    }
}

impl core::error::Error for Denied {}

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
/// - Every fault leads to a stop: in the [`Exchange::poll`] after it, then again after each missed answer, three
///   in all. The conversation is over at most 3 × `reply_ms` after the fault.
/// - A link that is lost without notice is found at most `keep_alive_ms` + 2 × `reply_ms` after its last answer; the
///   device stops by itself 2 s after the last question that reached it (STD-S26).
/// - An answer that fits no question is a fault, but for what an earlier conversation left in the port, and while
///   stopping.
///
/// What it does not do: ramp or guard. It refuses a pulse that leaves charge and what is off the device's grid; doses
/// are for the check and the guard of `nmes-safety`, once a plan is bound to it.
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
    machine: Machine,
    decoder: Decoder,
}

impl Session {
    /// A conversation that runs trains on the mid level.
    #[must_use]
    pub fn mid_level(timing: Timing) -> Self {
        Self { machine: Machine::new(Level::Mid, timing), decoder: Decoder::new() }
    }

    /// A conversation that sends pulse by pulse on the low level.
    #[must_use]
    pub fn low_level(timing: Timing, measurement: Measurement, high_voltage: HighVoltage) -> Self {
        let level = Level::Low { measurement, high_voltage };
        Self { machine: Machine::new(level, timing), decoder: Decoder::new() }
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

    /// Sets the trains of all channels; one that was not sent yet is replaced.
    ///
    /// # Errors
    /// Not ready or running, on the low level, or a pulse leaves charge.
    pub fn update(&mut self, update: Update) -> Result<(), Denied> {
        if self.machine.is_low() {
            return Err(Denied::Level);
        }
        self.working()?;
        Machine::balanced(&update).map_err(Denied::Refusal)?;
        self.machine.queued = Some(Command::MidLevelUpdate(update));
        Ok(())
    }

    /// Puts one pulse out.
    ///
    /// # Errors
    /// Not ready, on the mid level, the pulse leaves charge, or the one before was not sent yet.
    pub fn pulse(&mut self, config: ChannelConfig) -> Result<(), Denied> {
        if !self.machine.is_low() {
            return Err(Denied::Level);
        }
        self.working()?;
        if let Some(points) = &config.points {
            points.balanced().map_err(Denied::Refusal)?;
        }
        if self.machine.queued.is_some() {
            return Err(Denied::Busy);
        }
        self.machine.queued = Some(Command::LowLevelChannel(config));
        Ok(())
    }

    fn working(&self) -> Result<(), Denied> {
        match self.machine.phase {
            Phase::Ready | Phase::Running => Ok(()),
            phase @ (Phase::Opening | Phase::Stopping | Phase::Over) => Err(Denied::Phase(phase)),
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

    fn take(&mut self, byte: u8, now_ms: u64) {
        let Self { machine, decoder } = self;
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
