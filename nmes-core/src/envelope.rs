//! The trapezoid over a train, as a pure function of time.

/// Full level: a fraction of one in 16 fractional bits.
pub(crate) const FULL: u32 = 1 << 16;

/// One opening of a channel: ramp up from `from`, full level, ramp down from `close_tick`.
///
/// Configuration and position in one value: what changes it (a gate input) replaces fields, and the level at any
/// tick follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) open_tick: u64,
    pub(crate) from: u32,
    pub(crate) hold_tick: u64,
    pub(crate) close_tick: u64,
    pub(crate) up_ticks: u64,
    pub(crate) down_ticks: u64,
}

impl Envelope {
    /// An envelope that is over at every tick.
    pub(crate) const CLOSED: Self =
        Self { open_tick: 0, from: 0, hold_tick: 0, close_tick: 0, up_ticks: 0, down_ticks: 0 };

    /// Opens from nothing at a tick, and closes by a ramp at another.
    pub(crate) const fn opening(open_tick: u64, close_tick: u64, up_ticks: u64, down_ticks: u64) -> Self {
        Self { open_tick, from: 0, hold_tick: u64::MAX, close_tick, up_ticks, down_ticks }
    }

    fn rise(&self, tick: u64) -> u32 {
        let elapsed = tick.min(self.hold_tick).saturating_sub(self.open_tick);
        if self.up_ticks <= elapsed {
            // a ramp of no length is at full level at once, and so is one that is over
            return if tick < self.open_tick { self.from } else { FULL };
        }
        self.from.saturating_add(part(elapsed, self.up_ticks)).min(FULL)
    }

    /// The fraction of full level at `tick`; `None` when the train is over.
    pub(crate) fn fraction(&self, tick: u64) -> Option<u32> {
        if tick < self.close_tick {
            return Some(self.rise(tick));
        }
        let fallen = tick.saturating_sub(self.close_tick);
        if fallen >= self.down_ticks {
            return None;
        }
        self.rise(self.close_tick).checked_sub(part(fallen, self.down_ticks)).filter(|&left| left > 0)
    }

    /// No tick from here on is in the train.
    pub(crate) fn over_tick(&self) -> u64 {
        self.close_tick.saturating_add(self.down_ticks)
    }

    /// Opens from the present level, with the full ramp-down again. On a channel with an offset what was asked for is
    /// due only at `here`; what was asked before and is not due at `now` either is withdrawn, so that no level jumps.
    pub(crate) fn open_again(&mut self, now: u64, here: u64, latest_close: u64, down_ticks: u64) {
        let changed = self.close_tick <= here || self.hold_tick <= here;
        if self.hold_tick <= now && self.close_tick > here {
            // held until it is due to go on
            self.from = self.fraction(here).unwrap_or(0);
            self.open_tick = here;
        } else if changed && self.close_tick.min(self.hold_tick) <= now {
            self.from = self.fraction(now).unwrap_or(0);
            self.open_tick = now;
        }
        self.hold_tick = u64::MAX;
        self.close_tick = latest_close;
        self.down_ticks = down_ticks;
    }
}

/// `elapsed / whole` in 16 fractional bits, for `elapsed < whole`.
fn part(elapsed: u64, whole: u64) -> u32 {
    if let (Ok(elapsed), Ok(whole @ ..=0x7fff_ffff)) = (u32::try_from(elapsed), u32::try_from(whole)) {
        return part_of_short(elapsed, whole);
    }
    // ramps are at most 48 h at 1 GHz, below 2^48, so the shift keeps within 64 bits
    let scaled = elapsed.saturating_mul(u64::from(FULL)).checked_div(whole).unwrap_or(0);
    u32::try_from(scaled).unwrap_or(FULL).min(FULL)
}

/// The same bit by bit, which takes a small processor a fraction of what a division in 64 bits does.
fn part_of_short(elapsed: u32, whole: u32) -> u32 {
    let (mut rest, mut part) = (elapsed, 0_u32);
    for _ in 0..16 {
        // the rest is below `whole`, and so below 2^31
        (rest, part) = (rest << 1, part << 1);
        if rest >= whole {
            (rest, part) = (rest.wrapping_sub(whole), part | 1);
        }
    }
    part
}

/// The value between `floor` and `top` at a fraction of full level, rounded to nearest.
pub(crate) fn between(floor: u32, top: u32, fraction: u32) -> u32 {
    let span = u64::from(top.saturating_sub(floor));
    let risen = span.saturating_mul(u64::from(fraction)).saturating_add(u64::from(FULL / 2)) >> 16;
    floor.min(top).saturating_add(u32::try_from(risen).unwrap_or(u32::MAX)).min(top)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests: an overflow here is a failed test")]
mod tests {
    use super::*;

    const RAMP: Envelope = Envelope {
        open_tick: 1_000,
        from: 0,
        hold_tick: u64::MAX,
        close_tick: 3_000,
        up_ticks: 200,
        down_ticks: 400,
    };

    /// REQ-CORE-01: the trapezoid is at its corners where the numbers say.
    #[test]
    fn corners() {
        for (tick, level) in [
            (1_000, Some(0)),
            (1_100, Some(FULL / 2)),
            (1_200, Some(FULL)),
            (2_999, Some(FULL)),
            (3_000, Some(FULL)),
            (3_100, Some(FULL - FULL / 4)),
            (3_399, Some(FULL - 65_372)),
            (3_400, None),
        ] {
            assert_eq!(RAMP.fraction(tick), level, "at {tick}");
        }
    }

    /// REQ-CORE-01: a hold freezes the level reached; opening again goes on from the present level.
    #[test]
    fn hold_and_reopen() {
        let held = Envelope { hold_tick: 1_050, ..RAMP };
        assert_eq!(held.fraction(2_000), Some(FULL / 4));
        let mut reopened = RAMP;
        reopened.open_again(3_200, 3_200, u64::MAX, 50);
        assert_eq!(reopened.down_ticks, 50);
        assert_eq!(reopened.fraction(3_200), Some(FULL / 2));
        assert_eq!(reopened.fraction(3_300), Some(FULL));
    }

    /// REQ-CORE-01: a ramp of no length is a step, and a closed envelope stays closed.
    #[test]
    fn degenerate() {
        let step = Envelope { up_ticks: 0, down_ticks: 0, ..RAMP };
        assert_eq!(step.fraction(1_000), Some(FULL));
        assert_eq!(step.fraction(3_000), None);
        assert_eq!(Envelope::CLOSED.fraction(0), None);
        assert_eq!(between(10, 20, FULL / 2), 15);
        assert_eq!(between(30, 20, FULL), 20);
    }
}
