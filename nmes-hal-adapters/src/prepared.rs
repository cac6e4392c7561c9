//! The step that comes next, ready to be put out.

use nmes_core::{Change, Level, Step};
use nmes_safety::{AdmittedEdge, Guard};

/// No change; a place to fill.
const NOTHING: Change = Change { channel: 0, sequence: 0, edge: None, level: Level::Open };

/// Admitted edges and channels that go open, taken together from one [`Step`]. It is a copy: the engine moves on
/// only when the step was put out, but is free to be commanded before that.
///
/// It is filled where it stands and never moved: moving it about took a quarter of the edge path on a Cortex-M0+.
#[derive(Debug)]
pub(crate) struct Prepared<const N: usize> {
    ready: bool,
    at_tick: u64,
    changes: [Change; N],
    changes_len: u8,
    /// What stands past `edges_len` is of earlier steps.
    edges: Option<[AdmittedEdge; N]>,
    edges_len: u8,
}

#[cfg(feature = "fault-injection")]
impl<const N: usize> nmes_core::flip::Flip for Prepared<N> {
    fn flip(&mut self, walk: &mut nmes_core::flip::Walk<'_>) {
        let Self { ready, at_tick, changes, changes_len, edges, edges_len } = self;
        walk.part("ready", ready);
        walk.part("at_tick", at_tick);
        walk.part("changes", changes);
        walk.part("changes_len", changes_len);
        walk.part("edges", edges);
        walk.part("edges_len", edges_len);
    }
}

impl<const N: usize> Prepared<N> {
    /// Nothing to do.
    pub(crate) const fn none() -> Self {
        let changes = [NOTHING; N];
        Self { ready: false, at_tick: 0, changes, changes_len: 0, edges: None, edges_len: 0 }
    }

    pub(crate) const fn clear(&mut self) {
        self.ready = false;
        self.changes_len = 0;
        self.edges_len = 0;
    }

    /// Finds the admitted edge of every change. `Err` names a channel whose frame was not admitted; nothing is ready
    /// then.
    pub(crate) fn fill(&mut self, step: &Step<'_>, guard: &Guard<'_, N>) -> Result<(), u8> {
        self.clear();
        self.at_tick = step.at_tick();
        for change in step.changes() {
            if let Some(number) = change.edge {
                let frame = guard.admitted(change.channel);
                let edge =
                    frame.filter(|a| a.frame().sequence() == change.sequence).and_then(|a| a.edge(number));
                self.push(edge.filter(|e| e.level() == change.level).ok_or(change.channel)?);
            }
            self.list(change);
        }
        self.ready = true;
        Ok(())
    }

    fn list(&mut self, change: Change) {
        if let Some(slot) = self.changes.get_mut(usize::from(self.changes_len)) {
            *slot = change;
            self.changes_len = self.changes_len.saturating_add(1);
        }
    }

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

    /// Whether edges and changes, which hold the same levels, still agree: each change has its edge, in their order, or
    /// opens its channel. What was damaged since it was filled is not put out.
    pub(crate) fn is_whole(&self) -> bool {
        let mut edges = self.edges().iter();
        let agree = self.changes().iter().all(|change| match change.edge {
            Some(number) => edges.next().is_some_and(|e| {
                (e.channel(), e.number(), e.level()) == (change.channel, number, change.level)
            }),
            None => change.level == Level::Open,
        });
        agree && edges.next().is_none()
    }

    /// When it is due; `None` when there is nothing to do.
    pub(crate) fn due(&self) -> Option<u64> {
        self.ready.then_some(self.at_tick)
    }

    pub(crate) fn changes(&self) -> &[Change] {
        self.changes.get(..usize::from(self.changes_len)).unwrap_or(&[])
    }

    /// One of the changes, by its place.
    pub(crate) fn change(&self, index: usize) -> Option<Change> {
        self.changes().get(index).copied()
    }

    pub(crate) fn edges(&self) -> &[AdmittedEdge] {
        let all = self.edges.as_ref().map_or::<&[AdmittedEdge], _>(&[], |table| table);
        all.get(..usize::from(self.edges_len)).unwrap_or(&[])
    }

    /// Channels that go open without a frame.
    pub(crate) fn offs(&self) -> impl Iterator<Item = u8> {
        self.changes().iter().filter(|c| c.edge.is_none()).map(|c| c.channel)
    }
}
