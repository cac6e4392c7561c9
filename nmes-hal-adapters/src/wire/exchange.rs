//! A conversation without a port and without a clock.

/// What a conversation wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// Send the first so many bytes of the buffer, now, and ask again.
    Send(usize),
    /// Nothing to send; ask again at this time, ms, or when something was received.
    Wait(u64),
    /// Over: stopped, or failed with its stop sent. Nothing more will be sent.
    Over,
}

/// A conversation with a device as a plain state machine. Time is in milliseconds from any origin and does not go back.
pub trait Exchange {
    /// What is to be done. `out` is at least [`Exchange::FRAME_MAX`] bytes.
    fn poll(&mut self, now_ms: u64, out: &mut [u8]) -> Poll;

    /// Bytes that came in.
    fn receive(&mut self, bytes: &[u8], now_ms: u64);

    /// The end is asked for: the next [`Exchange::poll`] sends a stop.
    fn stop(&mut self);

    /// The port said that it is gone.
    fn lost(&mut self, now_ms: u64);

    /// Longest frame that [`Exchange::poll`] writes, bytes.
    const FRAME_MAX: usize;
}
