//! The step that comes next, ready to be put out.

use nmes_core::{Change, MAX_CHANNELS, Step};
use nmes_safety::{Admitted, AdmittedEdge};

/// Admitted edges and channels that go open, taken together from one [`Step`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prepared {
    step: Step,
    edges: Option<[AdmittedEdge; MAX_CHANNELS]>,
    count: u8,
}

impl Prepared {
    /// Finds the admitted edge of every change. `Err` names a channel whose frame was not admitted.
    pub(crate) fn new(step: Step, admitted: &[Option<Admitted>; MAX_CHANNELS]) -> Result<Self, u8> {
        let mut prepared = Self { step, edges: None, count: 0 };
        for change in step.changes() {
            if let Some(number) = change.edge {
                let frame = admitted.get(usize::from(change.channel)).copied().flatten();
                let edge =
                    frame.filter(|a| a.frame().sequence() == change.sequence).and_then(|a| a.edge(number));
                prepared.push(edge.filter(|e| e.level() == change.level).ok_or(change.channel)?);
            }
        }
        Ok(prepared)
    }

    fn push(&mut self, edge: AdmittedEdge) {
        let table = self.edges.get_or_insert([edge; MAX_CHANNELS]);
        if let Some(slot) = table.get_mut(usize::from(self.count)) {
            *slot = edge;
            self.count = self.count.saturating_add(1);
        }
    }

    pub(crate) const fn at_tick(&self) -> u64 {
        self.step.at_tick()
    }

    pub(crate) fn changes(&self) -> &[Change] {
        self.step.changes()
    }

    pub(crate) fn edges(&self) -> &[AdmittedEdge] {
        let all = self.edges.as_ref().map_or::<&[AdmittedEdge], _>(&[], |table| table);
        all.get(..usize::from(self.count)).unwrap_or(&[])
    }

    /// Channels that go open without a frame.
    pub(crate) fn offs(&self) -> impl Iterator<Item = u8> {
        self.changes().iter().filter(|c| c.edge.is_none()).map(|c| c.channel)
    }
}
