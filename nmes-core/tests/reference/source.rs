//! Channels that share a current source: who has it when.

use nmes_core::*;

use super::{Line, Machine, Next};

/// How a channel takes turns with others.
#[derive(Clone, Copy, Debug, Default)]
pub struct Turns {
    /// How long its longest pulse keeps the source, with all that may follow it.
    pub room: i128,
    /// The most that its onsets may wait, where it shares a source.
    pub most: Option<i128>,
}

impl Turns {
    /// Of a channel of a plan, by the figures that the plan gives.
    pub fn of(plan: &Plan<'_>, number: u8, turn: i128) -> Self {
        let channel = plan.channel(number).unwrap();
        let source = channel.hardware().source;
        let shares = source != 0 && plan.channels().filter(|c| c.hardware().source == source).count() > 1;
        let longest = channel.longest_ticks() + channel.stretch_ticks() + channel.trim_ticks();
        let hz = i128::from(plan.hardware().timing().ticks_per_second);
        let most = match plan.session().overlap() {
            Overlap::Defer(most) if shares => Some((i128::from(most.as_micros()) * hz + 500_000) / 1_000_000),
            Overlap::Defer(_) | Overlap::Forbid => None,
        };
        Self { room: i128::from(longest) + turn, most }
    }
}

impl Line<'_> {
    /// From when to when it keeps its source: for the pulse that it has under way, or has planned.
    fn keeps(&self) -> Option<(i128, i128)> {
        let from = match &self.next {
            _ if !self.under_way.is_empty() => self.begun,
            Next::Begin { at, .. } => *at,
            Next::Nothing | Next::Pass { .. } | Next::Open { .. } => return None,
        };
        let due = self.under_way.first().map_or(from, |edge| edge.0);
        Some((from, due.max(from + self.turns.room)))
    }
}

impl Machine<'_> {
    /// The first tick from `at` on from which no other channel keeps the source of this one for so long.
    pub(super) fn free(&self, number: usize, at: i128, ticks: i128) -> i128 {
        let source = |line: &Line<'_>| line.maker.output.source;
        let own = source(&self.lines[number]);
        let others = |(n, line): &(usize, &Line<'_>)| *n != number && own != 0 && source(line) == own;
        let taken: Vec<_> =
            self.lines.iter().enumerate().filter(others).filter_map(|(_, line)| line.keeps()).collect();
        // it begins at once, or where another channel gives it back
        let fits = |at: &i128| taken.iter().all(|(from, until)| at + ticks <= *from || *until <= *at);
        let ends = taken.iter().map(|(_, until)| *until).filter(|until| *until > at);
        core::iter::once(at).chain(ends).filter(fits).min().unwrap()
    }
}
