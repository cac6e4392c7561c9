//! The start contact, without its bouncing.

/// Halves for which a contact has to stay as it is: 20 ms.
const STILL: u8 = 40;

/// A contact that starts the session, and ends it by its ramps: it counts when it closes, and only once it was open.
#[derive(Clone, Copy, Debug)]
pub struct StartContact {
    closed: bool,
    still: u8,
}

impl StartContact {
    /// Closed until it was seen open: a contact that is stuck starts nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { closed: true, still: 0 }
    }

    /// Whether it has just been closed; asked once a half.
    pub fn closes(&mut self, closed: bool) -> bool {
        self.still = if closed == self.closed { 0 } else { self.still.saturating_add(1) };
        if self.still < STILL {
            return false;
        }
        self.still = 0;
        self.closed = closed;
        closed
    }
}

impl Default for StartContact {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::StartContact;

    /// REQ-HAL-388: a contact counts when it has been closed for 20 ms, once, and never while it is stuck or bounces.
    #[test]
    fn stuck_and_bouncing() {
        let mut stuck = StartContact::new();
        assert!((0..10_000).all(|_| !stuck.closes(true)));
        let mut contact = StartContact::new();
        let mut presses = |closed: bool, halves: u32| (0..halves).filter(|_| contact.closes(closed)).count();
        assert_eq!(presses(false, 40), 0);
        assert_eq!(presses(true, 39), 0);
        assert_eq!(presses(false, 1), 0);
        assert_eq!(presses(true, 39), 0);
        assert_eq!(presses(true, 1), 1);
        assert_eq!(presses(true, 1_000), 0);
        assert_eq!(presses(false, 40) + presses(true, 40), 1);
    }
}
