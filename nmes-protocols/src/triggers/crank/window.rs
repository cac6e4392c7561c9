//! One muscle's window, and when its gate opens and closes.

use super::encoder::TURN;

/// A window is not left, nor entered again, within this of its start, in millidegrees: speed is never quite known. Ours.
const ROCK_MDEG: u64 = 15_000;

/// The window of one channel, in degrees of the configured zero and sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Window {
    /// Where the muscle is to begin to pull, in degrees, 0 to 359.
    pub start_deg: u16,
    /// How wide it is, 10 to 300 degrees. It may pass zero.
    pub width_deg: u16,
}

/// Where a crank is, ahead of itself by what a muscle needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead {
    /// The angle for openings, led by the delay of a muscle.
    pub(super) angle: u64,
    /// Millidegrees a second.
    pub(super) speed: u64,
    /// What a ramp-down takes at this speed.
    pub(super) down: u64,
}

/// What a window does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    Stay,
    Open,
    Close,
}

/// One window at run time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gate {
    pub(super) open: bool,
    /// It was seen outside its window since the last opening.
    armed: bool,
}

impl Window {
    fn start(&self) -> u64 {
        u64::from(self.start_deg).saturating_mul(1_000)
    }

    fn width(&self) -> u64 {
        u64::from(self.width_deg).saturating_mul(1_000)
    }

    /// How far past the start, 0 to 359,999.
    fn phase(&self, ahead: Ahead) -> u64 {
        ahead.angle.saturating_add(TURN).saturating_sub(self.start()) % TURN
    }

    /// Where the ramp-down has to begin so that it is over at the end; `None` where the window is too short for a train
    /// as long as its ramp-down.
    fn closes(&self, ahead: Ahead) -> Option<u64> {
        self.width().checked_sub(ahead.down).filter(|_| self.holds(ahead.down))
    }

    /// Whether there is room for a train as long as its ramp-down, which takes so many millidegrees.
    pub(super) fn holds(&self, down: u64) -> bool {
        self.width() >= down.saturating_mul(2)
    }
}

impl Gate {
    pub(super) fn step(&mut self, window: &Window, ahead: Ahead) -> Move {
        let phase = window.phase(ahead);
        let closes = window.closes(ahead).unwrap_or(0);
        let before_start = phase >= TURN.saturating_sub(ROCK_MDEG);
        if self.open {
            if phase >= closes && !before_start {
                self.open = false;
                self.armed = phase >= window.width();
                return Move::Close;
            }
            return Move::Stay;
        }
        if phase >= window.width() {
            self.armed |= phase.saturating_sub(window.width())
                < TURN.saturating_sub(window.width()).saturating_sub(ROCK_MDEG);
            return Move::Stay;
        }
        if self.armed && phase < closes {
            self.open = true;
            self.armed = false;
            return Move::Open;
        }
        Move::Stay
    }

    /// How long until the next edge at this speed, in µs.
    pub(super) fn due_in_us(&self, window: &Window, ahead: Ahead) -> Option<u64> {
        let phase = window.phase(ahead);
        let closes = window.closes(ahead)?;
        let left = if self.open {
            if phase >= TURN.saturating_sub(ROCK_MDEG) {
                closes.saturating_add(TURN).saturating_sub(phase)
            } else {
                closes.saturating_sub(phase)
            }
        } else if self.armed && phase >= window.width() {
            TURN.saturating_sub(phase)
        } else {
            return None;
        };
        left.saturating_mul(1_000_000).div_ceil(ahead.speed.max(1)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window { start_deg: 100, width_deg: 80 };

    fn at(mdeg: u64) -> Ahead {
        Ahead { angle: mdeg, speed: 120_000, down: 10_000 }
    }

    /// What a gate that was seen at these angles does at the last of them.
    fn last(angles: &[u64]) -> Move {
        let mut gate = Gate::default();
        angles.iter().map(|mdeg| gate.step(&WINDOW, at(*mdeg))).last().unwrap_or(Move::Stay)
    }

    /// REQ-PRO-348: a gate opens where its window begins, once it was seen outside, further than a crank rocks before it; and
    /// closes a ramp before the end.
    #[test]
    fn edges_of_a_window() {
        let cases: [(&[u64], Move); 12] = [
            (&[100_000], Move::Stay),
            (&[99_999, 100_000], Move::Stay),
            (&[85_000, 100_000], Move::Stay),
            (&[84_999, 100_000], Move::Open),
            (&[180_000, 100_000], Move::Open),
            (&[180_000, 99_999], Move::Stay),
            (&[180_000, 169_999], Move::Open),
            (&[180_000, 170_000], Move::Stay),
            (&[0, 100_000, 169_999], Move::Stay),
            (&[0, 100_000, 170_000], Move::Close),
            // rocking back over the start keeps it open, going back further does not
            (&[0, 100_000, 85_000], Move::Stay),
            (&[0, 100_000, 84_999], Move::Close),
        ];
        for (angles, does) in cases {
            assert_eq!(last(angles), does, "{angles:?}");
        }
        // closed inside the window it does not open again there; closed outside it does
        assert_eq!(last(&[0, 100_000, 170_000, 165_000]), Move::Stay);
        assert_eq!(last(&[0, 100_000, 181_000, 165_000]), Move::Open);
    }

    /// REQ-PRO-348: the next edge is due when the angle gets there at the speed there is.
    #[test]
    fn edges_are_due() {
        let mut gate = Gate::default();
        gate.step(&WINDOW, at(40_000));
        assert_eq!(gate.due_in_us(&WINDOW, at(40_000)), Some(500_000));
        gate.step(&WINDOW, at(100_000));
        assert_eq!(gate.due_in_us(&WINDOW, at(110_000)), Some(500_000));
        assert_eq!(gate.due_in_us(&WINDOW, at(88_000)), Some(683_334), "rocked back over the start");
        assert_eq!(Gate::default().due_in_us(&WINDOW, at(40_000)), None, "not seen outside yet");
    }
}
