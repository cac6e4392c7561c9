//! The far end of a conversation with a device.

/// Takes what a simulated device sends.
pub type Send<'a> = dyn FnMut(&[u8]) + 'a;

/// A simulated device without a port: bytes and time in, bytes out.
///
/// ```
/// use nmes_hal_adapters::{sciencemode4::{Command, Plain}, sim::{FarEnd, SimP24}};
/// let (mut device, mut question, mut answer) = (SimP24::new(), [0; 16], Vec::new());
/// let length = Command::Plain(Plain::StimStatus).encode(5, &mut question).unwrap();
/// device.receive(&question[..length], 0, &mut |bytes| answer.extend_from_slice(bytes));
/// assert_eq!(answer[9..], [20, 63, 0, 0, 0, 0x0F]); // packet number 5, stimulation status, nothing runs
/// ```
pub trait FarEnd {
    /// Bytes that came in; what is answered goes to `send`.
    fn receive(&mut self, bytes: &[u8], now_ms: u64, send: &mut Send<'_>);

    /// Time has passed; to be called every few milliseconds.
    fn tick(&mut self, now_ms: u64, send: &mut Send<'_>);
}
