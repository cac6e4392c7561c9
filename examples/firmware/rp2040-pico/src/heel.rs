//! A heel switch on a supervised line.
//!
//! Two resistors at the switch make four voltages of it: a shorted line, a loaded heel, a lifted heel, and an open line.
//! So a broken wire is told from a lifted heel.

use nmes_protocols::Heel;

/// Readings that follow each other before a line counts as broken: 5 ms.
const BROKEN_READINGS: u8 = 5;

/// What the line reads, in twelve bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeelLine {
    heel: Heel,
    broken: u8,
}

impl HeelLine {
    pub(crate) const fn new() -> Self {
        Self { heel: Heel::Lifted, broken: 0 }
    }

    /// What the heel does, by the newest reading; a single reading outside both bands is ignored.
    pub(crate) fn read(&mut self, reading: u16) -> Heel {
        let heel = match reading {
            700..=2_047 => Heel::Loaded,
            2_048..=3_400 => Heel::Lifted,
            _ => Heel::LineOpen,
        };
        if matches!(heel, Heel::LineOpen) {
            self.broken = self.broken.saturating_add(1);
        } else {
            self.broken = 0;
            self.heel = heel;
        }
        if self.broken >= BROKEN_READINGS { Heel::LineOpen } else { self.heel }
    }
}
