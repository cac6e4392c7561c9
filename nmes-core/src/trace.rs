//! One number for a whole run, to show that two machines did the same.

use crate::engine::Change;
use crate::frame::{FrameKind, Level, PulseFrame};

/// FNV-1a (64 bit) over frames and edges, in the order they are given. Not for security: two runs that differ in
/// any code, tick, channel or order give different hashes with near certainty.
///
/// ```
/// use nmes_core::TraceHash;
/// assert_eq!(TraceHash::new().finish(), 0xcbf2_9ce4_8422_2325);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceHash(u64);

impl Default for TraceHash {
    fn default() -> Self {
        Self::new()
    }
}

impl TraceHash {
    /// The hash of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.byte(b);
        }
    }

    fn level(&mut self, level: Level) {
        match level {
            Level::Open => self.byte(0),
            Level::Shorted => self.byte(1),
            Level::Code(code) => {
                self.byte(2);
                self.bytes(&code.to_le_bytes());
            }
        }
    }

    /// Takes a whole frame.
    pub fn frame(&mut self, frame: &PulseFrame) {
        self.byte(frame.channel());
        self.byte(match frame.kind() {
            FrameKind::Pulse => 0,
            FrameKind::Trim => 1,
            FrameKind::Recover => 2,
        });
        self.bytes(&frame.sequence().to_le_bytes());
        self.bytes(&frame.onset_tick().to_le_bytes());
        for segment in frame.segments() {
            self.level(segment.level);
            self.bytes(&segment.ticks.to_le_bytes());
        }
        self.level(frame.rest());
    }

    /// Takes one level change as applied at `tick`.
    pub fn edge(&mut self, tick: u64, change: &Change) {
        self.bytes(&tick.to_le_bytes());
        self.byte(change.channel);
        self.bytes(&change.edge.unwrap_or(u16::MAX).to_le_bytes());
        self.level(change.level);
    }

    /// The hash so far.
    #[must_use]
    pub const fn finish(self) -> u64 {
        self.0
    }
}
