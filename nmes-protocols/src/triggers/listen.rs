//! What every machine does with time: it never goes back, and goes on where a clock begins again.

use crate::gait::PollAt;
use nmes_core::Millis;

/// Inputs that wait for one another are out of order by no more than this; further back a clock has begun again. Our choice: far
/// more than a sensor's samples queue, and the longest that a clock which began again can hold a train.
const OUT_OF_ORDER_US: u64 = 1_000_000;

/// The last time that a machine was told, on a clock of its own that never goes back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Listen {
    last_us: u64,
    /// How far its own clock is ahead of the host's, which has begun again.
    ahead_us: u64,
    began_again: bool,
}

impl Listen {
    /// The time that counts: the latest one told so far, or that time going on where the clock has begun again.
    pub(crate) const fn hear(&mut self, now_us: u64) -> u64 {
        let now = self.own(now_us);
        let back_us = self.last_us.saturating_sub(now);
        self.began_again = back_us > OUT_OF_ORDER_US;
        if self.began_again {
            self.ahead_us = self.ahead_us.saturating_add(back_us);
        } else if now > self.last_us {
            self.last_us = now;
        }
        self.last_us
    }

    /// Whether the clock had begun again at the last call.
    pub(crate) const fn began_again(&self) -> bool {
        self.began_again
    }

    pub(crate) const fn last_us(&self) -> u64 {
        self.last_us
    }

    /// A time of the host on the machine's own clock.
    pub(crate) const fn own(&self, host_us: u64) -> u64 {
        host_us.saturating_add(self.ahead_us)
    }

    /// When the host has to poll.
    pub(crate) const fn for_host(&self, poll: PollAt) -> PollAt {
        match poll {
            PollAt::At(at_us) => PollAt::At(at_us.saturating_sub(self.ahead_us)),
            PollAt::Never => PollAt::Never,
        }
    }
}

/// In microseconds.
pub(crate) fn us(time: Millis) -> u64 {
    u64::from(time.as_millis()).saturating_mul(1_000)
}
