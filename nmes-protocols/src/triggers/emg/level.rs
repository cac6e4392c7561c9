//! From samples to a level: high pass, blanking, and the mean square of a sliding window, in whole numbers.

use core::ops::Range;

/// Blocks of a window: it slides by a quarter.
const BLOCKS: usize = 4;
/// Of a window so many percent have to be left by blanking for it to be judged. Ours.
const LEAST_PERCENT: u64 = 50;
/// After the high pass anything beyond is cut: 20 mV in nanovolts, twice what a surface EMG reaches. Ours.
const CUT_NV: i64 = 20_000_000;
/// Samples at the rail one after the other that are no EMG. Ours.
const RAIL_RUN: u8 = 5;
/// The high pass is settled after so many of its own time constants.
const SETTLED: u32 = 8;

/// What a sample brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Nothing to judge yet.
    Nothing,
    /// The level of the last window: its root mean square, in nanovolts.
    Level(u32),
    /// Samples at the rail.
    Rail,
    /// A window of samples that are all the same.
    Dead,
}

#[derive(Clone, Copy, Debug, Default)]
struct Block {
    squares: u64,
    count: u32,
    taken: u32,
}

/// A sliding mean square. Constant work for a sample, one square root for a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    per_block: u32,
    shift: u32,
    rail_nv: i32,
    /// The slow mean that the high pass takes away, with 8 fractional bits.
    mean: i64,
    settle: u32,
    blocks: [Block; BLOCKS],
    now: Block,
    /// From here to before there no sample counts.
    blank: (u64, u64),
    at_rail: u8,
    last_nv: Option<i32>,
    same: u32,
}

impl Level {
    /// `per_block` samples a quarter of a window; the high pass is that of the nearest power of two to 20 Hz.
    pub(super) const fn new(per_block: u32, samples_per_second: u32, rail_nv: i32) -> Self {
        // 1 / (2 pi 20 Hz) is a 126th of a second
        let shift = (samples_per_second / 126).saturating_add(1).ilog2();
        Self {
            per_block,
            shift,
            rail_nv,
            mean: 0,
            settle: SETTLED.wrapping_shl(shift),
            blocks: [Block { squares: 0, count: 0, taken: 0 }; BLOCKS],
            now: Block { squares: 0, count: 0, taken: 0 },
            blank: (0, 0),
            at_rail: 0,
            last_nv: None,
            same: 0,
        }
    }

    /// No sample counts in this time: a pulse stands at its start. What is still to come is joined with what was said
    /// before, so nothing that was said is lost.
    pub(super) fn blank(&mut self, now: u64, span: Range<u64>) {
        let (from, until) = self.blank;
        self.blank =
            if until <= now { (span.start, span.end) } else { (from.min(span.start), until.max(span.end)) };
    }

    pub(super) fn sample(&mut self, now: u64, nv: i32) -> Heard {
        let blanked = (self.blank.0..self.blank.1).contains(&now);
        if !blanked {
            if let Some(fault) = self.cannot_be(nv) {
                return fault;
            }
            self.take(nv);
        }
        self.now.taken = self.now.taken.saturating_add(1);
        if self.now.taken < self.per_block {
            return Heard::Nothing;
        }
        self.blocks.rotate_right(1);
        if let Some(first) = self.blocks.first_mut() {
            *first = self.now;
        }
        self.now = Block::default();
        self.level().map_or(Heard::Nothing, Heard::Level)
    }

    fn cannot_be(&mut self, nv: i32) -> Option<Heard> {
        self.at_rail = if nv.saturating_abs() >= self.rail_nv { self.at_rail.saturating_add(1) } else { 0 };
        if self.at_rail >= RAIL_RUN {
            return Some(Heard::Rail);
        }
        self.same = if self.last_nv == Some(nv) { self.same.saturating_add(1) } else { 0 };
        self.last_nv = Some(nv);
        (self.same >= self.per_block.saturating_mul(4)).then_some(Heard::Dead)
    }

    /// The first samples set the mean; until it has settled nothing is counted.
    fn take(&mut self, nv: i32) {
        let wide = i64::from(nv).wrapping_shl(8);
        if self.settle == SETTLED.wrapping_shl(self.shift) {
            self.mean = wide;
        }
        let high = wide.saturating_sub(self.mean);
        self.mean = self.mean.saturating_add(high.wrapping_shr(self.shift));
        if self.settle > 0 {
            self.settle = self.settle.saturating_sub(1);
            return;
        }
        let high = high.wrapping_shr(8).max(CUT_NV.saturating_neg()).min(CUT_NV);
        self.now.squares =
            self.now.squares.saturating_add(high.unsigned_abs().saturating_mul(high.unsigned_abs()));
        self.now.count = self.now.count.saturating_add(1);
    }

    fn level(&self) -> Option<u32> {
        let fold = |sum: u64, n: u64| sum.saturating_add(n);
        let count = self.blocks.iter().map(|b| u64::from(b.count)).fold(0, fold);
        let taken = self.blocks.iter().map(|b| u64::from(b.taken)).fold(0, fold);
        let whole = u64::from(self.per_block).saturating_mul(4);
        if taken < whole || count.saturating_mul(100) < taken.saturating_mul(LEAST_PERCENT) {
            return None;
        }
        let squares = self.blocks.iter().map(|b| b.squares).fold(0, fold);
        u32::try_from(squares.checked_div(count)?.isqrt()).ok()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// REQ-PRO-354: the level of a sine is its amplitude over the root of two, times what the high pass
    /// (1 - z⁻¹) / (1 - 7/8 z⁻¹) does to it, whatever the direct voltage.
    #[test]
    #[expect(clippy::as_conversions, reason = "the signal of a test")]
    fn level_of_a_sine() {
        for direct in [0, 300_000_000, -250_000_000] {
            let mut level = Level::new(20, 1_000, 500_000_000);
            let mut heard = Vec::new();
            for i in 0..600_u32 {
                let volt = 30_000.0 * (f64::from(i) * 0.1 * std::f64::consts::TAU).sin();
                if let Heard::Level(nv) = level.sample(u64::from(i) * 1_000, direct + volt as i32) {
                    heard.push(nv);
                }
            }
            let turn = 0.1 * std::f64::consts::TAU;
            let gain = 2.0 * (turn / 2.0).sin() / (1.0 + 0.875 * 0.875 - 1.75 * turn.cos()).sqrt();
            let wanted = 30_000.0 / 2.0_f64.sqrt() * gain;
            let is_close = |nv: &u32| (f64::from(*nv) / wanted - 1.0).abs() < 0.01;
            assert!(heard.len() > 20 && heard.iter().all(is_close), "{wanted}: {heard:?}");
        }
    }
}
