//! A conversation on a port.

use super::{Exchange, Poll};
use core::fmt;
use embedded_io::{Read, ReadReady, Write};

/// The port failed. The conversation has been told and has failed too; its own record has the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DriverError<E> {
    /// Reading or writing failed.
    Port(E),
    /// The other end is gone.
    Closed,
}

impl<E: fmt::Debug> fmt::Display for DriverError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(error) => write!(f, "the port failed: {error:?}"),
            Self::Closed => f.write_str("the port is closed"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for DriverError<E> {}

/// Drives a conversation on a serial port, USB endpoint or socket.
///
/// [`Driver::step`] reads what is there, at most 256 bytes, then sends what is due; it waits only as long as the
/// port's `write` does. When it is dropped it sends a stop, unless the conversation is over; to keep the port, pass it
/// by `&mut`. Call it at least every 50 ms; the keep-alive is late by what it is called late.
///
/// ```
/// # struct Port; // a port of the HAL
/// # impl embedded_io::ErrorType for Port { type Error = core::convert::Infallible; }
/// # impl embedded_io::Read for Port { fn read(&mut self, _: &mut [u8]) -> Result<usize, Self::Error> { Ok(0) } }
/// # impl embedded_io::Write for Port {
/// #     fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> { Ok(bytes.len()) }
/// #     fn flush(&mut self) -> Result<(), Self::Error> { Ok(()) }
/// # }
/// # impl embedded_io::ReadReady for Port { fn read_ready(&mut self) -> Result<bool, Self::Error> { Ok(false) } }
/// use nmes_hal_adapters::{sciencemode4::{Session, Timing}, wire::{Driver, Poll}};
/// let mut buffer = [0; 1_200];
/// let mut driver = Driver::new(Session::mid_level(Timing::default()), Port, &mut buffer);
/// assert!(matches!(driver.step(0), Ok(Poll::Wait(_)))); // it has asked for the device's status
/// ```
#[derive(Debug)]
pub struct Driver<'a, S: Exchange, IO: Read + Write + ReadReady> {
    session: S,
    port: IO,
    buffer: &'a mut [u8],
    now_ms: u64,
}

impl<'a, S: Exchange, IO: Read + Write + ReadReady> Driver<'a, S, IO> {
    /// Takes a conversation, a port, and a buffer of at least [`Exchange::FRAME_MAX`] bytes.
    pub fn new(session: S, port: IO, buffer: &'a mut [u8]) -> Self {
        Self { session, port, buffer, now_ms: 0 }
    }

    /// The conversation, to look at.
    pub const fn session(&self) -> &S {
        &self.session
    }

    /// The conversation, to ask something of it.
    pub const fn session_mut(&mut self) -> &mut S {
        &mut self.session
    }

    /// Reads and sends what is due; gives what is left: [`Poll::Wait`] or [`Poll::Over`].
    ///
    /// # Errors
    /// The port failed or is closed. The conversation has been told, and one stop was still tried; where it was the writing that
    /// failed, a stop is tried at the next call or at the drop.
    pub fn step(&mut self, now_ms: u64) -> Result<Poll, DriverError<IO::Error>> {
        self.now_ms = now_ms;
        let received = self.read(now_ms);
        if received.is_err() {
            self.session.lost(now_ms);
        }
        let sent = self.send(now_ms);
        if sent.is_err() {
            self.session.lost(now_ms);
        }
        received.and(sent)
    }

    fn read(&mut self, now_ms: u64) -> Result<(), DriverError<IO::Error>> {
        if !self.port.read_ready().map_err(DriverError::Port)? {
            return Ok(());
        }
        let mut chunk = [0; 256];
        let length = self.port.read(&mut chunk).map_err(DriverError::Port)?;
        if length == 0 {
            return Err(DriverError::Closed);
        }
        self.session.receive(chunk.get(..length).unwrap_or_default(), now_ms);
        Ok(())
    }

    /// At most four frames: no state of a conversation has more to say without an answer.
    fn send(&mut self, now_ms: u64) -> Result<Poll, DriverError<IO::Error>> {
        for _ in 0..4 {
            match self.session.poll(now_ms, self.buffer) {
                Poll::Send(length) => self.write(length)?,
                waiting @ (Poll::Wait(_) | Poll::Over) => return Ok(waiting),
            }
        }
        Ok(Poll::Wait(now_ms))
    }

    fn write(&mut self, length: usize) -> Result<(), DriverError<IO::Error>> {
        let mut rest = self.buffer.get(..length).unwrap_or_default();
        while !rest.is_empty() {
            let written = self.port.write(rest).map_err(DriverError::Port)?;
            if written == 0 {
                return Err(DriverError::Closed);
            }
            rest = rest.get(written..).unwrap_or_default();
        }
        self.port.flush().map_err(DriverError::Port)
    }
}

impl<S: Exchange, IO: Read + Write + ReadReady> Drop for Driver<'_, S, IO> {
    fn drop(&mut self) {
        self.session.stop();
        if let Poll::Send(length) = self.session.poll(self.now_ms, self.buffer) {
            // nobody is left to hear of a failure; the device stops by itself a little later
            let _ = self.write(length);
        }
    }
}
