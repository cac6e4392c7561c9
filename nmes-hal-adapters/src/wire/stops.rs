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
