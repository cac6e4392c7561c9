//! The threshold: where it starts, and how it follows the person.

/// A running mean and spread of levels at rest.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rest {
    count: u64,
    sum: u64,
    squares: u128,
}

impl Rest {
    pub(super) fn add(&mut self, nv: u32) {
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.saturating_add(u64::from(nv));
        self.squares = self.squares.saturating_add(u128::from(nv).saturating_mul(u128::from(nv)));
    }

    /// Mean and `k` standard deviations.
    pub(super) fn floor(&self, k: u32) -> Option<u32> {
        let mean = self.sum.checked_div(self.count)?;
        let square = self.squares.checked_div(u128::from(self.count))?;
        let variance = square.saturating_sub(u128::from(mean).saturating_mul(u128::from(mean)));
        let spread = u64::try_from(variance).ok()?.isqrt();
        u32::try_from(mean.saturating_add(spread.saturating_mul(u64::from(k)))).ok()
    }
}

/// Follows the person: up after three successes in a row, down after two misses in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Threshold {
    pub(super) nv: u32,
    /// Never below: the level at rest and what it wanders.
    pub(super) floor_nv: u32,
    successes: u8,
    misses: u8,
}

/// How many successes raise it, and how many misses lower it.
const SUCCESSES: u8 = 3;
const MISSES: u8 = 2;
/// It rises by a twentieth and falls by a twentieth.
const STEP_PERCENT: u64 = 5;

impl Threshold {
    pub(super) fn new(nv: u32, floor_nv: u32) -> Self {
        Self { nv: nv.max(floor_nv), floor_nv, successes: 0, misses: 0 }
    }

    pub(super) fn success(&mut self) {
        self.misses = 0;
        self.successes = self.successes.saturating_add(1);
        if self.successes == SUCCESSES {
            self.successes = 0;
            self.nv = percent(self.nv, 100_u64.saturating_add(STEP_PERCENT));
        }
    }

    pub(super) fn miss(&mut self) {
        self.successes = 0;
        self.misses = self.misses.saturating_add(1);
        if self.misses == MISSES {
            self.misses = 0;
            self.nv = percent(self.nv, 100_u64.saturating_sub(STEP_PERCENT)).max(self.floor_nv);
        }
    }
}

/// A share of a level; saturates.
pub(super) fn percent(nv: u32, percent: u64) -> u32 {
    u32::try_from(u64::from(nv).saturating_mul(percent) / 100).unwrap_or(u32::MAX)
}
