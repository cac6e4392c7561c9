//! What the board looks at in itself after every start, before anything is armed.

use nmes_safety::selftest::{
    ClockCount, ClockFault, FlashCheck, FlashFault, FlashStep, LimitsFault, OpenFault, OpenLimits,
    OpenSample, RamCells, RamFault, check_rules, compare_clocks, judge_open, ram_test,
};

/// What the board read of itself; only it can. `docs/porting.md` says where each comes from.
#[derive(Debug)]
pub struct SelfTest<'b, M: RamCells + ?Sized> {
    /// The program as it lies in flash, all of it.
    pub image: &'b [u8],
    /// Its length and its CRC-32, as the build stored them behind it.
    pub stored: (usize, u32),
    /// Memory that nobody uses yet: not the stack. It is tried a piece of 128 words at a time, each with the last word of the one
    /// before; words further apart are not tried against each other.
    pub memory: &'b mut M,
    /// The alarm's timer and a clock with a source of its own, over the same time.
    pub clocks: [ClockCount; 2],
    /// What the two may be off against each other, in millionths.
    pub tolerance_ppm: u32,
    /// Currents while the bridge is commanded open, with the converter at zero and at a small level.
    pub open: &'b [OpenSample],
    /// What they are held against, with a reading of a known current.
    pub open_limits: OpenLimits,
}

/// What the board found wrong with itself. Nothing is armed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelfTestFault {
    /// A byte of the program changed.
    Flash(FlashFault),
    /// A word of memory does not hold what is written to it.
    Ram(RamFault),
    /// The clocks do not agree.
    Clock(ClockFault),
    /// The bridge does not open, or the measurement would not see it.
    Open(OpenFault),
    /// A limit changed.
    Limits(LimitsFault),
}

/// The board looked at itself and found nothing. Only [`SelfTest::run`] makes one, and without it nothing is armed.
#[derive(Debug)]
pub struct SelfTested(());

/// Bytes of the program between two calls of `feed`: some 2 ms on a Cortex-M0+ at 48 MHz (estimated, not measured).
const PIECE: usize = 4_096;

/// Words of memory between two calls of `feed`, one of them of the piece before: some 4 ms on the same (estimated, not measured).
const WORDS: usize = 128;

/// A part of the memory.
struct Part<'m, M: ?Sized> {
    memory: &'m mut M,
    from: usize,
    words: usize,
}

impl<M: RamCells + ?Sized> RamCells for Part<'_, M> {
    fn words(&self) -> usize {
        self.words
    }

    fn read(&mut self, index: usize) -> u32 {
        self.memory.read(self.from.saturating_add(index))
    }

    fn write(&mut self, index: usize, value: u32) {
        self.memory.write(self.from.saturating_add(index), value);
    }
}

/// All of a memory, a part at a time. The place of a word that is wrong counts from the start of the memory.
fn ram_in_parts<M: RamCells + ?Sized>(memory: &mut M, mut feed: impl FnMut()) -> Result<(), RamFault> {
    let (all, mut from) = (memory.words(), 0_usize);
    loop {
        feed();
        let words = all.saturating_sub(from).min(WORDS);
        let tried = ram_test(&mut Part { memory: &mut *memory, from, words });
        if let Err(RamFault::Word { index, wrote, read }) = tried {
            return Err(RamFault::Word { index: index.saturating_add(from), wrote, read });
        }
        tried?;
        if from.saturating_add(words) >= all {
            return Ok(());
        }
        from = from.saturating_add(WORDS - 1);
    }
}

impl<M: RamCells + ?Sized> SelfTest<'_, M> {
    /// Looks at everything, the cheap things first; `feed` is called between pieces and feeds the watchdog.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn run(self, mut feed: impl FnMut()) -> Result<SelfTested, SelfTestFault> {
        judge_open(self.open, &self.open_limits).map_err(SelfTestFault::Open)?;
        let [timer, other] = self.clocks;
        compare_clocks(timer, other, self.tolerance_ppm).map_err(SelfTestFault::Clock)?;
        check_rules().map_err(SelfTestFault::Limits)?;
        ram_in_parts(self.memory, &mut feed).map_err(SelfTestFault::Ram)?;
        let (length, crc) = self.stored;
        let mut flash = FlashCheck::new(length, crc, PIECE);
        loop {
            feed();
            match flash.step(self.image).map_err(SelfTestFault::Flash)? {
                FlashStep::More { .. } => {}
                FlashStep::Passed => return Ok(SelfTested(())),
            }
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests; a panic is a failure"
)]
pub(crate) mod tests {
    use core::cell::Cell;

    use nmes_safety::selftest::RAM_PASSES;

    use super::*;

    /// 10,000 bytes of 0x5A; the checksum is zlib's.
    const IMAGE: [u8; 10_000] = [0x5A; 10_000];
    const STORED: (usize, u32) = (10_000, 0xA61D_CAF6);

    const fn samples(driven_ua: i32) -> [OpenSample; 8] {
        let idle = OpenSample { driven: false, current_ua: 5 };
        let driven = OpenSample { driven: true, current_ua: driven_ua };
        [idle, idle, idle, idle, driven, driven, driven, driven]
    }

    static LEAKING: [OpenSample; 8] = samples(1_001);

    const TIMER: ClockCount = ClockCount { ticks: 1_000_000, ticks_per_second: 1_000_000 };
    const WATCH: ClockCount = ClockCount { ticks: 32_768, ticks_per_second: 32_768 };

    /// A board that found nothing.
    pub(crate) fn passed() -> SelfTested {
        run(|_| {}).0.unwrap()
    }

    fn run(change: impl FnOnce(&mut SelfTest<'_, [u32]>)) -> (Result<SelfTested, SelfTestFault>, u32) {
        let (mut memory, open) = ([7_u32; 64], samples(20));
        let mut test = SelfTest {
            image: &IMAGE,
            stored: STORED,
            memory: memory.as_mut_slice(),
            clocks: [TIMER, WATCH],
            tolerance_ppm: 5_000,
            open: &open,
            open_limits: OpenLimits::with_reference(5_020, 4_500, 5_500),
        };
        change(&mut test);
        let mut fed = 0_u32;
        let found = test.run(|| fed = fed.saturating_add(1));
        (found, fed)
    }

    /// REQ-HAL-440: a board that finds nothing wrong with itself is told so, with the watchdog fed between pieces; each thing that
    /// is wrong is told as what it is.
    #[test]
    fn each_fault_is_found() {
        let (found, fed) = run(|_| {});
        assert_eq!((found.is_ok(), fed), (true, 1 + 3));
        let found = |change: fn(&mut SelfTest<'_, [u32]>)| run(change).0.err();
        assert!(matches!(
            found(|test| test.stored.1 ^= 1),
            Some(SelfTestFault::Flash(FlashFault::Checksum { .. }))
        ));
        assert!(matches!(
            found(|test| test.stored.0 -= 1),
            Some(SelfTestFault::Flash(FlashFault::Length { .. }))
        ));
        let shorter = found(|test| test.image = test.image.split_last().unwrap().1);
        assert!(matches!(shorter, Some(SelfTestFault::Flash(FlashFault::Length { .. }))));
        let none = found(|test| test.memory = &mut []);
        assert_eq!(none, Some(SelfTestFault::Ram(RamFault::Nothing)));
        let slow = found(|test| test.clocks[0].ticks = 994_000);
        assert_eq!(slow, Some(SelfTestFault::Clock(ClockFault::Off { ppm: -6_000, tolerance_ppm: 5_000 })));
        let dead = found(|test| test.open_limits.reference_ua = 0);
        assert_eq!(dead, Some(SelfTestFault::Open(OpenFault::SenseDead { reading_ua: 0 })));
        let leaks = found(|test| test.open = &LEAKING);
        assert!(matches!(leaks, Some(SelfTestFault::Open(OpenFault::Leak { index: 4, driven: true, .. }))));
    }

    /// A memory of which one word does not take its lowest bit, and which counts what it is asked.
    struct Faulty<'c> {
        words: [u32; 400],
        broken: usize,
        asked: &'c Cell<u32>,
    }

    impl RamCells for Faulty<'_> {
        fn words(&self) -> usize {
            self.words.len()
        }

        fn read(&mut self, index: usize) -> u32 {
            self.asked.set(self.asked.get() + 1);
            self.words[index]
        }

        fn write(&mut self, index: usize, value: u32) {
            self.asked.set(self.asked.get() + 1);
            self.words[index] = if index == self.broken { value & !1 } else { value };
        }
    }

    /// REQ-HAL-440: every word of a memory is tried, whichever piece it is in, named by its place, and given back; between two
    /// feedings lies one piece at most.
    #[test]
    fn memory_in_pieces() {
        let words = core::array::from_fn(|index| u32::try_from(index).unwrap() << 1);
        for broken in [0, 1, 126, 127, 128, 254, 381, 399, 400] {
            let (asked, mut most, mut fed) = (Cell::new(0), 0, 0);
            let mut memory = Faulty { words, broken, asked: &asked };
            let found = ram_in_parts(&mut memory, || {
                (most, fed) = (asked.replace(0).max(most), fed + 1);
            });
            match found {
                Ok(()) => assert_eq!((broken, fed, memory.words), (400, 4, words)),
                Err(RamFault::Word { index, .. }) => assert_eq!(index, broken),
                Err(other) => assert_eq!(broken, 400, "{other}"),
            }
            let piece = RAM_PASSES * 128;
            assert!(most.max(asked.get()) <= piece && (broken < 400 || most == piece), "{broken}: {most}");
        }
    }
}
