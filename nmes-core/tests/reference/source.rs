//! Channels that share a current source: who has it when.

use nmes_core::*;

use super::pulse::nearest;
use super::{Line, Machine, Next};

/// How a channel takes turns with others.
#[derive(Clone, Copy, Debug, Default)]
pub struct Turns {
    /// How long its longest pulse keeps the source, with all that may follow it.
    pub room: i128,
    /// The most that its onsets may wait, where it shares a source.
    pub most: Option<i128>,
}

/// How long the longest pulse of a channel keeps its source, with its worst stretch, the trims after it, and the turn.
pub fn room(plan: &Plan<'_>, number: u8) -> i128 {
    let (channel, hardware) = (plan.channel(number).unwrap(), plan.hardware());
    let longest = channel.longest_ticks() + channel.stretch_ticks() + channel.trim_ticks();
    i128::from(longest) + i128::from(hardware.edge_spacing_ticks().max(hardware.timing().dead_ticks))
}

impl Turns {
    pub fn of(plan: &Plan<'_>, number: u8) -> Self {
        let source = plan.channel(number).unwrap().hardware().source;
        let shares = source != 0 && plan.channels().filter(|c| c.hardware().source == source).count() > 1;
        let hz = i128::from(plan.hardware().timing().ticks_per_second);
        let most = match plan.session().overlap() {
            Overlap::Defer(most) if shares => Some(nearest(i128::from(most.as_micros()) * hz, 1_000_000)),
            Overlap::Defer(_) | Overlap::Forbid => None,
        };
        Self { room: room(plan, number), most }
    }
}

impl Line<'_> {
    /// A trim with its worst stretch, and the turn to what comes next.
    pub(super) fn trim_room(&self, ticks: i128, turn: i128) -> i128 {
        ticks + i128::from(self.maker.bounds.repayment_stretch_ticks()) + turn
    }

    /// From when to when it keeps its source: for the frame that it has under way, or has planned; a trim as long as a pulse, but
    /// itself alone when none comes any more.
    fn keeps(&self, stopping: bool, turn: i128) -> Option<(i128, i128)> {
        let from = match &self.next {
            _ if !self.under_way.is_empty() => self.begun,
            Next::Begin { at, .. } | Next::Trim { at, .. } => *at,
            Next::Nothing | Next::Pass { .. } | Next::Open { .. } => return None,
        };
        let due = self.under_way.first().map_or(from, |edge| edge.at);
        let trim = match self.next {
            Next::Trim { ticks, .. } => Some(ticks),
            Next::Nothing | Next::Begin { .. } | Next::Pass { .. } | Next::Open { .. } => self.trimming,
        };
        let room = trim.filter(|_| stopping).map_or(self.turns.room, |ticks| self.trim_room(ticks, turn));
        Some((from, due.max(from + room)))
    }
}

impl Machine<'_> {
    /// The first tick from `at` on from which no other channel keeps the source of this one for so long.
    pub(super) fn free(&self, number: usize, at: i128, ticks: i128) -> i128 {
        let source = |line: &Line<'_>| line.maker.output.source;
        let own = source(&self.lines[number]);
        let others = |(n, line): &(usize, &Line<'_>)| *n != number && own != 0 && source(line) == own;
        let taken: Vec<_> = self
            .lines
            .iter()
            .enumerate()
            .filter(others)
            .filter_map(|(_, line)| line.keeps(self.stopping, self.turn))
            .collect();
        // it begins at once, or where another channel gives it back
        let fits = |at: &i128| taken.iter().all(|(from, until)| at + ticks <= *from || *until <= *at);
        let ends = taken.iter().map(|(_, until)| *until).filter(|until| *until > at);
        core::iter::once(at).chain(ends).filter(fits).min().unwrap()
    }
}
