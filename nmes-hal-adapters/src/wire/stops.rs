//! The stops that end a conversation.

use super::StopAnswer;

/// A stop that was refused is sent again so long after it, ms. At once, a device that is busy would have heard them all
/// within milliseconds.
const AGAIN_MS: u64 = 50;
/// So many are sent where none is answered, and so many answers may take their time.
const TRIES: u8 = 3;

/// What was sent of them and said to them.
#[derive(Debug)]
pub(crate) struct Stops {
    sent: u8,
    sent_ms: u64,
    until_ms: Option<u64>,
    answer: StopAnswer,
}

impl Stops {
    pub(crate) const NONE: Self = Self { sent: 0, sent_ms: 0, until_ms: None, answer: StopAnswer::None };

    /// One goes out. Gives until when its answer is waited for: none is sent for longer than three answers take, because any
    /// packet tells a device that its host is there.
    pub(crate) fn send(&mut self, now_ms: u64, reply_ms: u64) -> u64 {
        let all = reply_ms.saturating_mul(u64::from(TRIES));
        let until = *self.until_ms.get_or_insert(now_ms.saturating_add(all));
        self.sent = self.sent.saturating_add(1);
        self.sent_ms = now_ms;
        let deadline = now_ms.saturating_add(reply_ms);
        // a host that was away makes up for the tries that it missed
        if now_ms < until { deadline.min(until) } else { deadline }
    }

    /// Nothing more is sent.
    pub(crate) fn are_over(&self, now_ms: u64) -> bool {
        self.sent >= TRIES && self.until_ms.is_none_or(|until| now_ms >= until)
    }

    /// Whether the packet so many before the last one was one of them.
    pub(crate) const fn reach(&self, back: u8) -> bool {
        back < self.sent
    }

    pub(crate) const fn answer(&self) -> StopAnswer {
        self.answer
    }

    pub(crate) fn taken(&mut self) {
        self.answer = StopAnswer::Taken;
    }

    /// One was refused. Gives when it is sent again; nothing where another one was taken.
    pub(crate) fn refused(&mut self) -> Option<u64> {
        if self.answer == StopAnswer::Taken {
            return None;
        }
        self.answer = StopAnswer::Refused;
        Some(self.sent_ms.saturating_add(AGAIN_MS))
    }

    /// Whether what was played may go on; `lost` where no answer is to be had any more.
    pub(crate) fn failed(&self, lost: bool) -> bool {
        match self.answer {
            StopAnswer::Taken => false,
            StopAnswer::Refused => true,
            StopAnswer::None => lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// REQ-HAL-483: of an answer of 200 ms, none is waited for past 600 ms after the first stop, but for those that a host sends that was
    /// away: each of them has its whole time.
    #[test]
    fn stops_are_waited_for_so_long() {
        let mut stops = Stops::NONE;
        for (now, deadline) in
            [(100, 300), (300, 500), (499, 699), (500, 700), (501, 700), (699, 700), (700, 900), (701, 901)]
        {
            assert_eq!(stops.send(now, 200), deadline, "{now}");
        }
    }

    /// REQ-HAL-483: they are over after three and 600 ms, whichever is later; none is over before the first.
    #[test]
    fn stops_are_over_after_three_and_their_time() {
        let mut stops = Stops::NONE;
        assert!(!stops.are_over(u64::MAX));
        for now in [0, 5_000] {
            stops.send(now, 200);
            assert!(!stops.are_over(u64::MAX), "{now}: a host that was away has tries left");
        }
        stops.send(5_000, 200);
        assert!(stops.are_over(5_000));
        let mut stops = Stops::NONE;
        for now in [0, 50, 100, 150] {
            stops.send(now, 200);
        }
        assert!(!stops.are_over(599) && stops.are_over(600));
    }

    /// REQ-HAL-442: one that was refused is sent again 50 ms after it went out; after one that was taken none is.
    #[test]
    fn a_refused_stop_has_a_time() {
        let mut stops = Stops::NONE;
        for now in [70, 300] {
            stops.send(now, 200);
            assert_eq!(stops.refused(), Some(now + 50));
        }
        stops.taken();
        assert_eq!((stops.refused(), stops.answer()), (None, StopAnswer::Taken));
    }
}
