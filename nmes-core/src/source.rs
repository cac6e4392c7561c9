//! Channels that share one current source: their pulses must not overlap.

use crate::hardware::MAX_CHANNELS;

/// What the other channels on a source have planned: from the first edge to the next that may come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reserved {
    spans: [(u64, u64); MAX_CHANNELS],
    count: u8,
}

impl Reserved {
    pub(crate) const NONE: Self = Self { spans: [(0, 0); MAX_CHANNELS], count: 0 };

    pub(crate) fn add(&mut self, from: u64, until: u64) {
        if let Some(slot) = self.spans.get_mut(usize::from(self.count)) {
            *slot = (from, until);
            self.count = self.count.saturating_add(1);
        }
    }

    /// The first tick from `at` on at which the source is free for `ticks`. At most one look at each pair of spans.
    pub(crate) fn free_from(&self, at: u64, ticks: u64) -> u64 {
        let spans = self.spans.get(..usize::from(self.count)).unwrap_or(&[]);
        let mut at = at;
        for _ in spans {
            let end = at.saturating_add(ticks);
            match spans.iter().find(|(from, until)| *from < end && at < *until) {
                Some((_, until)) => at = *until,
                None => break,
            }
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(crate::unit_cases())]

        /// REQ-CORE-30: what is handed out overlaps nothing that is reserved, and is no earlier than asked.
        #[test]
        fn free_is_free(spans in prop::collection::vec((0_u64..1_000, 1_u64..200), 0..8), at in 0_u64..1_000, ticks in 1_u64..300) {
            let mut reserved = Reserved::NONE;
            for (from, length) in &spans {
                reserved.add(*from, from.saturating_add(*length));
            }
            let free = reserved.free_from(at, ticks);
            prop_assert!(free >= at);
            for (from, length) in spans {
                prop_assert!(free >= from.saturating_add(length) || free.saturating_add(ticks) <= from);
            }
        }
    }
}
