//! How high the level stands at a tick: ramps, stages, pauses and commands that are too old.

use nmes_core::*;

use super::pulse::nearest;

/// The whole: fractions are parts of 65,536.
pub const FULL: i128 = 65_536;

/// One train: ramp up from `from`, hold, ramp down.
#[derive(Clone, Copy, Debug)]
pub struct Trapezoid {
    pub open: i128,
    pub from: i128,
    pub held: Option<i128>,
    pub close: i128,
    pub up: i128,
    pub down: i128,
}

impl Trapezoid {
    fn rise(&self, tick: i128) -> i128 {
        if tick < self.open {
            return self.from;
        }
        let elapsed = self.held.map_or(tick, |held| held.min(tick)) - self.open;
        if elapsed >= self.up { FULL } else { (self.from + elapsed * FULL / self.up).min(FULL) }
    }

    /// The part of full level; `None` when the train is over.
    pub fn at(&self, tick: i128) -> Option<i128> {
        if tick < self.close {
            return Some(self.rise(tick));
        }
        let fallen = tick - self.close;
        if fallen >= self.down {
            return None;
        }
        let left = self.rise(self.close) - fallen * FULL / self.down;
        (left > 0).then_some(left)
    }
}

/// The shape of a ramp: a table of 129 entries from the formula, and straight lines between them.
pub fn shaped(slope: Slope, fraction: i128) -> i128 {
    let formula = |x: f64| match slope {
        Slope::Linear => x,
        Slope::RaisedCosine => (1.0 - (core::f64::consts::PI * x).cos()) / 2.0,
        Slope::Exponential => (3.0 * x).exp_m1() / 3_f64.exp_m1(),
    };
    if slope == Slope::Linear || fraction == FULL {
        return fraction;
    }
    let entry = |n: i128| (formula(n as f64 / 128.0) * 65_536.0).round() as i128;
    let (place, rest) = (fraction / 512, fraction % 512);
    entry(place) + ((entry(place + 1) - entry(place)) * rest + 256) / 512
}

/// From a floor to a top, to nearest; never below the floor, nor above the top.
pub fn between(floor: i128, top: i128, fraction: i128) -> i128 {
    let floor = floor.min(top);
    (floor + nearest((top - floor) * fraction, FULL)).min(top)
}

/// What ramps a channel down or up again besides its envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Down,
    Up,
}

/// All pauses, resumes and commands so far, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Ducks {
    turns: Vec<(i128, Turn)>,
    paused: bool,
    stale: bool,
    commanded: Option<i128>,
    /// How often a command was too old.
    pub count: u32,
}

impl Ducks {
    /// The part of full level that is left, from the list alone.
    fn listed(&self, tick: i128, up: i128, down: i128) -> i128 {
        let mut level = FULL;
        for (n, (at, turn)) in self.turns.iter().enumerate() {
            let until = self.turns.get(n + 1).map_or(tick, |next| next.0);
            if until < *at {
                break;
            }
            let elapsed = until - at;
            level = match turn {
                Turn::Down if elapsed >= down => 0,
                Turn::Down => (level - elapsed * FULL / down).max(0),
                Turn::Up if elapsed >= up => FULL,
                Turn::Up => (level + elapsed * FULL / up).min(FULL),
            };
        }
        level
    }

    /// From here on the last command is too old.
    fn old_from(&self, good: i128) -> i128 {
        self.commanded.filter(|_| good > 0).map_or(i128::MAX, |at| at + good)
    }

    pub fn settle(&mut self, now: i128, good: i128) {
        if now > self.old_from(good) && !self.stale {
            if !self.paused {
                self.turns.push((self.old_from(good), Turn::Down));
            }
            self.stale = true;
            self.count += 1;
        }
    }

    pub fn left(&self, tick: i128, good: i128, up: i128, down: i128) -> i128 {
        let mut then = self.clone();
        then.settle(tick, good);
        then.listed(tick, up, down)
    }

    /// A pause, or a resume. False when it changes nothing.
    pub fn turn(&mut self, turn: Turn, now: i128, good: i128) -> bool {
        if self.paused == (turn == Turn::Down) {
            return false;
        }
        self.settle(now, good);
        self.paused = turn == Turn::Down;
        if !self.stale {
            self.turns.push((now, turn));
        }
        true
    }

    /// A command; whether the onset at `next` would have been without one.
    pub fn command(&mut self, now: i128, good: i128, next: i128) -> bool {
        self.settle(now, good);
        let missed = self.stale || next > self.old_from(good);
        self.commanded = Some(now);
        if core::mem::take(&mut self.stale) && !self.paused {
            self.turns.push((now, Turn::Up));
        }
        missed
    }
}
