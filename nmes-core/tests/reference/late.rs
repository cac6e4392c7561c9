//! One channel of plain pulses on an exact output, whose edges are as late as they are told to be: the last edge of a
//! pulse moves, and trims repay the rest. The ledger is summed up anew from all edges each time.

use nmes_core::*;

use super::pulse::{Maker, Pulse, nearest};

/// A run: every edge as it was applied.
pub struct Late<'a, F> {
    pub maker: Maker<'a>,
    pub rest: Level,
    pub turn: i128,
    pub late: F,
    /// The clock does not go back, also when a stamp is early.
    pub now: i128,
    pub edges: Vec<(i128, Level)>,
}

fn code(level: Level) -> i128 {
    if let Level::Code(code) = level { i128::from(code) } else { 0 }
}

impl<F: FnMut() -> i64> Late<'_, F> {
    /// Code × ticks up to the last edge.
    fn ledger(&self) -> i128 {
        self.edges.windows(2).map(|pair| code(pair[0].1) * (pair[1].0 - pair[0].0)).sum()
    }

    /// An edge that is due; when it was applied.
    fn edge(&mut self, due: i128, level: Level) -> i128 {
        let tick = (due + i128::from((self.late)())).max(self.now);
        self.now = tick;
        self.edges.push((tick, level));
        tick
    }

    /// From when on the next frame may begin.
    fn free(&self, start: i128) -> i128 {
        self.edges.last().map_or(start + self.maker.spacing, |edge| edge.0 + self.turn)
    }

    /// The last level of a pulse, begun at `began` for an edge that was due at `due`, is moved from its planned length so
    /// that nothing is owed when its end is as late as its beginning.
    fn end(&mut self, due: i128, began: i128, (level, planned): (Level, i128), rest: Level) {
        let left = self.ledger() + code(level) * planned;
        let ticks = planned - nearest(left * code(level).signum(), code(level).abs());
        self.edge((due + ticks).max(began + self.maker.spacing), rest);
    }

    /// Trims, not before `soonest`, until no more than `allowed` is owed.
    fn trim(&mut self, soonest: i128, allowed: i128, balancing: i128, rest: Level) {
        while self.ledger().abs() > allowed {
            let owed = self.ledger();
            let codes =
                ((owed.abs() + 8 * self.maker.jitter - 1) / (8 * self.maker.jitter)).clamp(1, balancing);
            let level = Level::Code((-owed.signum() * codes) as i32);
            let due = self.free(0).max(soonest);
            let began = self.edge(due, level);
            // planned in whole ticks, rounded down; then the last edge moves for what is left, as if it were as late
            let planned = (owed.abs() / codes).max(self.maker.spacing);
            let ticks = planned + nearest(owed.abs() - planned * codes, codes);
            self.edge((due + ticks).max(began + self.maker.spacing), rest);
        }
    }

    /// What a pulse can take in beside its own late edges: one balancing code × (L + 2 ε + 1).
    fn taken_in(&self, pulse: &Pulse) -> i128 {
        (self.maker.jitter + 1) * pulse.segments.last().map_or(0, |last| code(last.0).abs())
    }

    /// Pulses of a width: where the onset stands ideally, the code, and when that was commanded; then the end of the
    /// train. What is owed is looked at when the pulse before ends, and when a command comes.
    pub fn play(&mut self, start: i128, ideals: &[(i128, i128, i128)], width: i128) {
        let mut balancing = 1;
        let mut before: Option<Pulse> = None;
        for (ideal, amplitude, commanded) in ideals {
            let pulse = self.maker.pulse(*amplitude, width, 0).unwrap();
            if let Some(before) = &before {
                self.trim(start, self.taken_in(before), balancing, self.rest);
            }
            self.now = self.now.max(*commanded);
            self.trim(commanded + self.maker.spacing, self.taken_in(&pulse), balancing, self.rest);
            let (last, body) = pulse.segments.split_last().unwrap();
            let mut due = self.free(start).max(*ideal);
            for (level, ticks) in body {
                self.edge(due, *level);
                due += ticks;
            }
            let began = self.edge(due, last.0);
            self.end(due, began, *last, self.rest);
            balancing = pulse.segments[1..].iter().map(|s| code(s.0).abs()).max().unwrap();
            before = Some(pulse);
        }
        self.trim(start, self.maker.jitter, balancing, Level::Open);
        if self.edges.last().is_some_and(|edge| edge.1 != Level::Open) {
            let due = self.free(start);
            self.edge(due, Level::Open);
        }
    }
}
