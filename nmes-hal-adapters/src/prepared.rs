//! The step that comes next, ready to be put out.

use nmes_core::{Change, Level, MAX_CHANNELS, Step};
use nmes_safety::{Admitted, AdmittedEdge};

/// No change; a place to fill.
const NOTHING: Change = Change { channel: 0, sequence: 0, edge: None, level: Level::Open };

/// Admitted edges and channels that go open, taken together from one [`Step`]. It is a copy: the engine moves on
/// only when the step was put out, but is free to be commanded before that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prepared {
    at_tick: u64,
    changes: [Change; MAX_CHANNELS],
    changes_len: u8,
    edges: Option<[AdmittedEdge; MAX_CHANNELS]>,
    edges_len: u8,
}

impl Prepared {
    /// Finds the admitted edge of every change. `Err` names a channel whose frame was not admitted.
    pub(crate) fn new(step: &Step<'_>, admitted: &[Option<Admitted<'_>>; MAX_CHANNELS]) -> Result<Self, u8> {
        let changes = [NOTHING; MAX_CHANNELS];
        let mut prepared =
            Self { at_tick: step.at_tick(), changes, changes_len: 0, edges: None, edges_len: 0 };
        for change in step.changes() {
            if let Some(number) = change.edge {
                let frame = admitted.get(usize::from(change.channel)).and_then(Option::as_ref);
                let edge =
                    frame.filter(|a| a.frame().sequence() == change.sequence).and_then(|a| a.edge(number));
                prepared.push(edge.filter(|e| e.level() == change.level).ok_or(change.channel)?);
            }
            prepared.list(change);
        }
        Ok(prepared)
    }

    fn list(&mut self, change: Change) {
        if let Some(slot) = self.changes.get_mut(usize::from(self.changes_len)) {
            *slot = change;
            self.changes_len = self.changes_len.saturating_add(1);
        }
    }

    fn push(&mut self, edge: AdmittedEdge) {
        let table = self.edges.get_or_insert([edge; MAX_CHANNELS]);
        if let Some(slot) = table.get_mut(usize::from(self.edges_len)) {
            *slot = edge;
            self.edges_len = self.edges_len.saturating_add(1);
        }
    }

    pub(crate) const fn at_tick(&self) -> u64 {
        self.at_tick
    }

    pub(crate) fn changes(&self) -> &[Change] {
        self.changes.get(..usize::from(self.changes_len)).unwrap_or(&[])
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
