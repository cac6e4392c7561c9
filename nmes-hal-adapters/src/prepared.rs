//! The step that comes next, ready to be put out.

use nmes_core::{Change, EdgeWords, Level, Step};
use nmes_safety::{AdmittedEdge, Guard};

/// When nothing is due.
const NEVER: u64 = u64::MAX;

/// Admitted edges and channels that go open, taken together from one [`Step`]. It is a copy: the engine moves on
/// only when the step was put out, but is free to be commanded before that.
///
/// It is filled where it stands and never moved: moving it about took a quarter of the edge path on a Cortex-M0+.
#[derive(Debug)]
pub(crate) struct Prepared<const N: usize> {
    at_tick: u64,
    /// What stands past `edges_len` is of earlier steps.
    edges: Option<[AdmittedEdge; N]>,
    edges_len: u8,
    /// A bit for each channel that goes open without a frame.
    offs: u8,
    /// All of the above in one word, as it was when it was filled.
    word: u32,
}

#[cfg(feature = "fault-injection")]
impl<const N: usize> nmes_core::flip::Flip for Prepared<N> {
    fn flip(&mut self, walk: &mut nmes_core::flip::Walk<'_>) {
        let Self { at_tick, edges, edges_len, offs, word } = self;
        walk.part("at_tick", at_tick);
        walk.part("edges", edges);
        walk.part("edges_len", edges_len);
        walk.part("offs", offs);
        walk.part("word", word);
    }
}

impl<const N: usize> Prepared<N> {
    /// Nothing to do.
    pub(crate) const fn none() -> Self {
        Self { at_tick: NEVER, edges: None, edges_len: 0, offs: 0, word: 0 }
    }

    pub(crate) const fn clear(&mut self) {
        (self.at_tick, self.edges_len, self.offs) = (NEVER, 0, 0);
    }

    /// Finds the admitted edge of every change. `Err` names a channel whose frame was not admitted; nothing is ready
    /// then.
    #[inline]
    pub(crate) fn fill(&mut self, step: &Step<'_>, guard: &Guard<'_, N>) -> Result<(), u8> {
        match step.only().and_then(|due| admitted(&due, guard)) {
            Some(edge) => self.fill_one(step.at_tick(), edge),
            None => self.fill_any(step, guard)?,
        }
        Ok(())
    }

    /// The common case: one edge.
    #[inline]
    fn fill_one(&mut self, at_tick: u64, edge: AdmittedEdge) {
        (self.edges_len, self.offs) = (0, 0);
        self.push(edge);
        self.at_tick = at_tick;
        self.word = and_so_on(and_so_on(in_one(at_tick), edge.word()), self.counts());
    }

    #[inline(never)]
    fn fill_any(&mut self, step: &Step<'_>, guard: &Guard<'_, N>) -> Result<(), u8> {
        self.clear();
        let mut word = in_one(step.at_tick());
        for change in step.changes() {
            let Some(due) = EdgeWords::of(&change) else {
                self.offs |= bit_of(change.channel);
                continue;
            };
            let edge = admitted(&due, guard).ok_or(due.channel)?;
            word = and_so_on(word, edge.word());
            self.push(edge);
        }
        self.at_tick = step.at_tick();
        self.word = and_so_on(word, self.counts());
        Ok(())
    }

    #[inline]
    #[expect(
        clippy::unnecessary_lazy_evaluations,
        reason = "the table is large and is filled once, not for each edge"
    )]
    fn push(&mut self, edge: AdmittedEdge) {
        let table = self.edges.get_or_insert_with(|| [edge; N]);
        if let Some(slot) = table.get_mut(usize::from(self.edges_len)) {
            *slot = edge;
            self.edges_len = self.edges_len.saturating_add(1);
        }
    }

    fn counts(&self) -> u32 {
        u32::from_le_bytes([self.edges_len, self.offs, 0, 0])
    }

    /// Whether it is as it was filled. What was damaged since is not put out.
    #[inline]
    pub(crate) fn is_whole(&self) -> bool {
        let edges = self.edges().iter().fold(in_one(self.at_tick), |word, edge| and_so_on(word, edge.word()));
        and_so_on(edges, self.counts()) == self.word
    }

    /// The edge, where it is one and nothing else, and as it was filled.
    #[inline]
    pub(crate) fn only(&self) -> Option<&AdmittedEdge> {
        let edge = self.edges.as_ref()?.first().filter(|_| (self.edges_len, self.offs) == (1, 0))?;
        let word = and_so_on(and_so_on(in_one(self.at_tick), edge.word()), self.counts());
        (word == self.word).then_some(edge)
    }

    /// When it is due; `None` when there is nothing to do.
    pub(crate) fn due(&self) -> Option<u64> {
        (self.at_tick != NEVER).then_some(self.at_tick)
    }

    /// Whether a level changes with it: not at a silent onset.
    pub(crate) const fn is_seen(&self) -> bool {
        self.edges_len > 0 || self.offs != 0
    }

    pub(crate) fn edges(&self) -> &[AdmittedEdge] {
        let all = self.edges.as_ref().map_or::<&[AdmittedEdge], _>(&[], |table| table);
        all.get(..usize::from(self.edges_len)).unwrap_or(&[])
    }

    /// One of the edges, by its place.
    pub(crate) fn edge(&self, place: usize) -> Option<AdmittedEdge> {
        self.edges().get(place).copied()
    }

    /// A bit for each channel that goes open without a frame.
    pub(crate) const fn offs(&self) -> u8 {
        self.offs
    }

    /// Everything that changes, edges first.
    pub(crate) fn changes(&self) -> impl Iterator<Item = Change> {
        self.edges().iter().map(AdmittedEdge::change).chain(channels_of(self.offs).map(opening))
    }
}

/// The admitted edge that is the one due.
#[inline]
fn admitted<const N: usize>(due: &EdgeWords, guard: &Guard<'_, N>) -> Option<AdmittedEdge> {
    let edge = guard.admitted(due.channel)?.edge(due.edge)?;
    edge.is_of(due).then_some(edge)
}

/// A channel goes open without a frame.
pub(crate) const fn opening(channel: u8) -> Change {
    Change { channel, sequence: 0, edge: None, level: Level::Open }
}

/// The channels whose bits are set.
pub(crate) fn channels_of(mut bits: u8) -> impl Iterator<Item = u8> {
    core::iter::from_fn(move || {
        let channel = u8::try_from(bits.trailing_zeros()).ok().filter(|_| bits != 0)?;
        bits &= bits.wrapping_sub(1);
        Some(channel)
    })
}

fn bit_of(channel: u8) -> u8 {
    1_u8.checked_shl(u32::from(channel)).unwrap_or(0)
}

fn in_one(tick: u64) -> u32 {
    let [a, b, c, d, e, f, g, h] = tick.to_le_bytes();
    u32::from_le_bytes([a, b, c, d]) ^ u32::from_le_bytes([e, f, g, h]).rotate_left(7)
}

fn and_so_on(sum: u32, word: u32) -> u32 {
    sum.rotate_left(3) ^ word
}
