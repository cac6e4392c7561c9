//! The last five durations and their median.

const LENGTH: usize = 5;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct History {
    newest_first: [u64; LENGTH],
    count: usize,
}

impl History {
    pub(crate) fn push(&mut self, duration_us: u64) {
        self.newest_first.rotate_right(1);
        if let Some(first) = self.newest_first.first_mut() {
            *first = duration_us;
        }
        self.count = self.count.saturating_add(1).min(LENGTH);
    }

    /// The median; of an even count the lower of the middle two. `None` before the first duration.
    pub(crate) fn median(&self) -> Option<u64> {
        let mut sorted = self.newest_first;
        let known = sorted.get_mut(..self.count)?;
        known.sort_unstable();
        let last = known.len().checked_sub(1)?;
        known.get(last >> 1).copied()
    }
}
