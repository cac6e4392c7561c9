//! The start contact, without its bouncing.

/// A contact that a person closes: it counts when it has closed, and only once it was open.
///
/// So nothing starts because the supply came back, the board started again, or a wire is shorted: after power, and after
/// every reset, somebody has to act.
///
/// ```
/// use nmes_hal_adapters::StartContact;
/// let mut contact = StartContact::new(20); // asked each millisecond: 20 ms
/// assert!((0..1_000).all(|_| !contact.closes(true))); // closed since power came: stuck
/// assert!((0..20).all(|_| !contact.closes(false)));
/// assert_eq!((0..100).filter(|_| contact.closes(true)).count(), 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct StartContact {
    closed: bool,
    still: u16,
    least: u16,
}

impl StartContact {
    /// Closed until it was seen open. It bounces for less than `least` askings; 0 is taken as 1.
    #[must_use]
    pub const fn new(least: u16) -> Self {
        Self { closed: true, still: 0, least: if least == 0 { 1 } else { least } }
    }

    /// Whether it has just been closed; asked at even intervals.
    pub const fn closes(&mut self, closed: bool) -> bool {
        self.still = if closed == self.closed { 0 } else { self.still.saturating_add(1) };
        if self.still < self.least {
            return false;
        }
        self.still = 0;
        self.closed = closed;
        closed
    }
}

#[cfg(test)]
mod tests {
    use super::StartContact;

    /// REQ-HAL-388: a contact counts when it has been closed for as long as it may bounce, once, and never while it is stuck
    /// or bounces.
    #[test]
    fn stuck_and_bouncing() {
        let mut stuck = StartContact::new(40);
        assert!((0..10_000).all(|_| !stuck.closes(true)));
        let mut contact = StartContact::new(40);
        let mut presses = |closed: bool, asked: u32| (0..asked).filter(|_| contact.closes(closed)).count();
        assert_eq!(presses(false, 40), 0);
        assert_eq!(presses(true, 39), 0);
        assert_eq!(presses(false, 1), 0);
        assert_eq!(presses(true, 39), 0);
        assert_eq!(presses(true, 1), 1);
        assert_eq!(presses(true, 1_000), 0);
        assert_eq!(presses(false, 40) + presses(true, 40), 1);
        let mut at_once = StartContact::new(0);
        assert!(
            !at_once.closes(true) && !at_once.closes(false) && at_once.closes(true) && !at_once.closes(true)
        );
    }
}
