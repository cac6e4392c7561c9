//! What a device looks at in itself: each test finds what is wrong, and only that.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    clippy::panic,
    clippy::unreachable,
    reason = "a test stops at the first surprise"
)]

use nmes_safety::selftest::*;
use nmes_safety::{Crc32, NOISE_FLOOR};
use proptest::prelude::*;

fn flash(image: &[u8], check: &mut FlashCheck) -> (usize, Result<FlashStep, FlashFault>) {
    for calls in 1.. {
        match check.step(image) {
            Ok(FlashStep::More { .. }) => {}
            answer => return (calls, answer),
        }
    }
    unreachable!()
}

proptest! {
    /// REQ-SAF-310: in pieces of any size the checksum is that of the whole, in as many calls as the bound says; one
    /// changed bit anywhere is found, and the check can be run again.
    #[test]
    fn flash_in_pieces(image in proptest::collection::vec(any::<u8>(), 1..600), per_call in 1..700_usize, at in any::<usize>(), bit in 0..8_u8) {
        let expected = Crc32::of(&image);
        let mut check = FlashCheck::new(image.len(), expected, per_call);
        let calls = image.len().div_ceil(per_call);
        prop_assert_eq!(flash(&image, &mut check), (calls, Ok(FlashStep::Passed)));
        let mut damaged = image.clone();
        damaged[at % image.len()] ^= 1 << bit;
        let (_, found) = flash(&damaged, &mut check);
        let is_checksum = matches!(found, Err(FlashFault::Checksum { .. }));
        prop_assert!(is_checksum);
        prop_assert_eq!(flash(&image, &mut check), (calls, Ok(FlashStep::Passed)));
    }

    /// REQ-SAF-311: sound memory passes and is as it was, whatever stood in it.
    #[test]
    fn sound_memory(words in proptest::collection::vec(any::<u32>(), 1..200)) {
        let mut tried = words.clone();
        prop_assert_eq!(ram_test(tried.as_mut_slice()), Ok(()));
        prop_assert_eq!(tried, words);
    }

    /// REQ-SAF-311: a bit that is stuck, two words that are one, and a bit that another write changes are found,
    /// wherever they are and whatever stood there.
    #[test]
    fn broken_memory(words in proptest::collection::vec(any::<u32>(), 2..64), at in any::<usize>(), other in any::<usize>(), bit in 0..32_u32) {
        let (at, other) = (at % words.len(), other % words.len());
        prop_assume!(at != other);
        for fault in [Broken::StuckHigh, Broken::StuckLow, Broken::Alias, Broken::Flips, Broken::Sets, Broken::Clears] {
            let mut memory = Memory { words: words.clone(), fault, at, other, mask: 1 << bit };
            prop_assert!(ram_test(&mut memory).is_err(), "{:?}", fault);
        }
    }

    /// REQ-SAF-312: within the tolerance passes, beyond it does not, on either side, and which is fast is said.
    #[test]
    fn clocks(hz in 1_000_u32..200_000_000, other in 1_000_u32..200_000_000, seconds in 1_000_u64..10_000, ppm in 1_000_i64..100_000, slow in any::<bool>()) {
        let sign = if slow { -1 } else { 1 };
        let nominal = i128::from(hz) * i128::from(seconds);
        let ticks = u64::try_from(nominal + nominal * i128::from(sign * ppm) / 1_000_000).unwrap();
        let one = ClockCount { ticks, ticks_per_second: hz };
        let two = ClockCount { ticks: u64::from(other) * seconds, ticks_per_second: other };
        let (wide, tight) = (u32::try_from(ppm).unwrap() + 2, u32::try_from(ppm).unwrap() - 2);
        let seen = compare_clocks(one, two, wide).unwrap();
        prop_assert!((seen - sign * ppm).abs() <= 1);
        let off = compare_clocks(one, two, tight);
        let right_way = matches!(off, Err(ClockFault::Off { ppm, .. }) if ppm.signum() == sign);
        prop_assert!(right_way);
    }
}

/// REQ-SAF-310: another length, an empty image and a bound of nothing are faults, not passes.
#[test]
fn flash_refusals() {
    let image = [1_u8; 16];
    let crc = Crc32::of(&image);
    let step = |length, bytes, image: &[u8]| FlashCheck::new(length, crc, bytes).step(image);
    assert_eq!(step(17, 4, &image), Err(FlashFault::Length { expected: 17, found: 16 }));
    assert_eq!(step(0, 4, &[]), Err(FlashFault::Nothing));
    assert_eq!(step(16, 0, &image), Err(FlashFault::Nothing));
    assert_eq!(step(16, 4, &image), Ok(FlashStep::More { done: 4 }));
    let mut check = FlashCheck::new(16, crc, 4);
    check.step(&image).unwrap();
    assert!(check.step(&image[..15]).is_err());
    assert_eq!(check.step(&image), Ok(FlashStep::More { done: 4 }), "from the beginning");
}

#[derive(Clone, Copy, Debug)]
enum Broken {
    StuckHigh,
    StuckLow,
    /// Two addresses select one word.
    Alias,
    /// A write that changes one word flips, sets or clears a bit of another one.
    Flips,
    Sets,
    Clears,
}

struct Memory {
    words: Vec<u32>,
    fault: Broken,
    at: usize,
    other: usize,
    mask: u32,
}

impl Memory {
    fn cell(&self, index: usize) -> usize {
        if matches!(self.fault, Broken::Alias) && index == self.at { self.other } else { index }
    }
}

impl RamCells for Memory {
    fn words(&self) -> usize {
        self.words.len()
    }

    fn read(&mut self, index: usize) -> u32 {
        let word = self.words[self.cell(index)];
        match self.fault {
            Broken::StuckHigh if index == self.at => word | self.mask,
            Broken::StuckLow if index == self.at => word & !self.mask,
            _ => word,
        }
    }

    fn write(&mut self, index: usize, value: u32) {
        let cell = self.cell(index);
        if matches!(self.fault, Broken::Flips | Broken::Sets | Broken::Clears)
            && index == self.at
            && (self.words[cell] ^ value) & self.mask != 0
        {
            match self.fault {
                Broken::Sets => self.words[self.other] |= self.mask,
                Broken::Clears => self.words[self.other] &= !self.mask,
                _ => self.words[self.other] ^= self.mask,
            }
        }
        self.words[cell] = value;
    }
}

struct Counted(Vec<u32>, u32);

impl RamCells for Counted {
    fn words(&self) -> usize {
        self.0.len()
    }

    fn read(&mut self, index: usize) -> u32 {
        self.1 += 1;
        self.0[index]
    }

    fn write(&mut self, index: usize, value: u32) {
        self.1 += 1;
        self.0[index] = value;
    }
}

/// REQ-SAF-311: no memory is not a sound one, and the work is what is stated.
#[test]
fn ram_bound() {
    let mut none: [u32; 0] = [];
    assert_eq!(ram_test(none.as_mut_slice()), Err(RamFault::Nothing));
    let mut counted = Counted(vec![7; 100], 0);
    assert_eq!(ram_test(&mut counted), Ok(()));
    assert!(counted.1 == 100 * RAM_PASSES, "{}", counted.1);
    let mut stuck = Memory { words: vec![0; 4], fault: Broken::StuckLow, at: 2, other: 0, mask: 1 };
    let found = ram_test(&mut stuck);
    assert_eq!(found, Err(RamFault::Word { index: 2, wrote: u32::MAX, read: u32::MAX - 1 }));
}

/// A bit that a rise, a fall or either of another bit flips, sets or clears, in the same word or in another one.
#[derive(Clone, Copy, Debug)]
struct Coupling {
    from: (usize, u32),
    to: (usize, u32),
    rise: bool,
    fall: bool,
    does: fn(u32, u32) -> u32,
}

struct Coupled<'w>(&'w mut [u32], Coupling);

impl RamCells for Coupled<'_> {
    fn words(&self) -> usize {
        self.0.len()
    }

    fn read(&mut self, index: usize) -> u32 {
        self.0[index]
    }

    fn write(&mut self, index: usize, value: u32) {
        let Coupling { from: (word, bit), to, rise, fall, does } = self.1;
        let before = self.0[index];
        self.0[index] = value;
        let (rose, fell) = ((!before & value) >> bit & 1 == 1, (before & !value) >> bit & 1 == 1);
        if index == word && (rise && rose || fall && fell) {
            self.0[to.0] = does(self.0[to.0], 1 << to.1);
        }
    }
}

/// Every coupling of one bit to one other, in so many words with a content of each kind.
fn each_coupling(words: usize, bits: &[u32], mut with: impl FnMut(&mut [u32], Coupling)) {
    let does: [fn(u32, u32) -> u32; 3] =
        [|word, bit| word ^ bit, |word, bit| word | bit, |word, bit| word & !bit];
    let places = || (0..words).flat_map(|word| bits.iter().map(move |&bit| (word, bit)));
    for (from, to) in places().flat_map(|from| places().map(move |to| (from, to))).filter(|(a, b)| a != b) {
        for (does, (rise, fall)) in does
            .into_iter()
            .flat_map(|does| [(true, false), (false, true), (true, true)].map(|edges| (does, edges)))
        {
            for content in [0, u32::MAX, 0xA5C3_960F] {
                let mut memory = [content; 4];
                with(&mut memory[..words], Coupling { from, to, rise, fall, does });
            }
        }
    }
}

/// REQ-SAF-627: a rise, a fall or either of a bit that flips, sets or clears a bit of another word is found, whatever stands in
/// the two, in both orders.
#[test]
fn coupled_words_are_found() {
    each_coupling(3, &[0, 1, 7, 16, 31], |memory, coupling| {
        let found = ram_test(&mut Coupled(memory, coupling));
        assert!(found.is_err(), "{coupling:?}");
    });
}

/// REQ-SAF-627: so is one of two bits of one word, and two data lines that read as both of them or either.
#[test]
fn coupled_bits_of_a_word_are_found() {
    let bits: Vec<u32> = (0..32).collect();
    each_coupling(1, &bits, |memory, coupling| {
        let found = ram_test(&mut Coupled(memory, coupling));
        assert!(matches!(found, Err(RamFault::Word { index: 0, .. })), "{coupling:?} {found:?}");
    });
    for (one, other) in (0..32_u32).flat_map(|one| (0..one).map(move |other| (one, other))) {
        for (and, content) in [(true, 0), (true, u32::MAX), (false, 0), (false, u32::MAX)] {
            let found = ram_test(&mut Wired { words: vec![content; 2], pair: 1 << one | 1 << other, and });
            assert!(found.is_err(), "{one} {other} {and}");
        }
    }
}

/// Two data lines that touch.
struct Wired {
    words: Vec<u32>,
    pair: u32,
    and: bool,
}

impl RamCells for Wired {
    fn words(&self) -> usize {
        self.words.len()
    }

    fn read(&mut self, index: usize) -> u32 {
        let word = self.words[index];
        let both = word & self.pair == self.pair;
        let either = word & self.pair != 0;
        if if self.and { both } else { either } { word | self.pair } else { word & !self.pair }
    }

    fn write(&mut self, index: usize, value: u32) {
        self.words[index] = value;
    }
}

/// REQ-SAF-627: a word that changes between two looks although nothing is written is found in the last pass too.
#[test]
fn a_word_that_changes_later() {
    // from its own last writing, before two words more of 81 accesses, to the last look at it
    let end = 4 * RAM_PASSES;
    for after in end - 4 - 2 * 81..end - 2 {
        let mut memory = Changes { words: vec![0; 4], left: after };
        assert!(ram_test(&mut memory).is_err(), "{after}");
    }
}

/// The second word changes after so many accesses.
struct Changes {
    words: Vec<u32>,
    left: u32,
}

impl Changes {
    fn count(&mut self) {
        if self.left == 0 {
            self.words[1] ^= 4;
        }
        self.left = self.left.wrapping_sub(1);
    }
}

impl RamCells for Changes {
    fn words(&self) -> usize {
        self.words.len()
    }

    fn read(&mut self, index: usize) -> u32 {
        self.count();
        self.words[index]
    }

    fn write(&mut self, index: usize, value: u32) {
        self.count();
        self.words[index] = value;
    }
}

/// REQ-SAF-312: a clock that stands still or counted too little shows nothing; the tolerance itself passes.
#[test]
fn clock_edges() {
    let count = |ticks, ticks_per_second| ClockCount { ticks, ticks_per_second };
    let second = count(1_000_000, 1_000_000);
    for stopped in [count(0, 1_000), count(1_000, 0)] {
        assert_eq!(compare_clocks(second, stopped, 10_000), Err(ClockFault::Stopped));
        assert_eq!(compare_clocks(stopped, second, 10_000), Err(ClockFault::Stopped));
    }
    assert_eq!(compare_clocks(second, count(399, 399), 10_000), Err(ClockFault::TooShort { least: 400 }));
    assert_eq!(compare_clocks(second, count(400, 400), 10_000), Ok(0));
    assert_eq!(compare_clocks(second, second, 0), Err(ClockFault::TooShort { least: u64::MAX }));
    assert_eq!(compare_clocks(count(1_010_000, 1_000_000), second, 10_000), Ok(10_000));
    let off = Err(ClockFault::Off { ppm: 10_001, tolerance_ppm: 10_000 });
    assert_eq!(compare_clocks(count(1_010_001, 1_000_000), second, 10_000), off);
    let slow = Err(ClockFault::Off { ppm: -10_001, tolerance_ppm: 10_000 });
    assert_eq!(compare_clocks(count(989_999, 1_000_000), second, 10_000), slow);
}

/// REQ-SAF-746: a tenth is the most that two clocks may be apart, whatever tolerance is given.
#[test]
fn no_tolerance_is_wider_than_a_tenth() {
    let count = |ticks| ClockCount { ticks, ticks_per_second: 1_000_000 };
    for tolerance_ppm in [MOST_PPM, MOST_PPM + 1, u32::MAX] {
        let apart = |ticks| compare_clocks(count(ticks), count(1_000_000), tolerance_ppm);
        assert_eq!((apart(1_100_000), apart(900_000)), (Ok(100_000), Ok(-100_000)));
        for (ticks, ppm) in [(1_100_001, 100_001), (899_999, -100_001), (1_000, -999_000)] {
            assert_eq!(apart(ticks), Err(ClockFault::Off { ppm, tolerance_ppm: MOST_PPM }));
        }
    }
}

fn readings(driven: usize, idle: usize, current_ua: i32) -> Vec<OpenSample> {
    let kinds = std::iter::repeat_n(true, driven).chain(std::iter::repeat_n(false, idle));
    kinds.map(|driven| OpenSample { driven, current_ua }).collect()
}

/// REQ-SAF-313: what counts as none passes and one microampere more does not, in both polarities; a level behind the
/// bridge and none are told apart.
#[test]
fn open_and_leaking() {
    let limits = OpenLimits::with_reference(5_000, 4_500, 5_500);
    let most = i32::try_from(NOISE_FLOOR.as_microamps()).unwrap();
    for current in [most, -most] {
        let seen = judge_open(&readings(4, 4, current), &limits).unwrap();
        assert_eq!((seen.worst_ua, seen.driven, seen.idle), (most.unsigned_abs(), 4, 4));
        let past = current + current.signum();
        let found = judge_open(&readings(4, 4, past), &limits).unwrap_err();
        assert!(matches!(found, OpenFault::Leak { index: 0, driven: true, .. }), "{found}");
        assert!(found.to_string().contains("bridge"), "{found}");
        let found = judge_open(&readings(0, 4, past), &limits).unwrap_err();
        assert!(matches!(found, OpenFault::Leak { driven: false, .. }), "{found}");
    }
    let extreme = judge_open(&readings(4, 4, i32::MIN), &limits);
    assert!(matches!(extreme, Err(OpenFault::Leak { .. })));
}

/// REQ-SAF-313: too few readings of a kind, and a measurement that does not read its reference, are not a pass.
#[test]
fn open_and_blind() {
    let limits = OpenLimits::with_reference(5_000, 4_500, 5_500);
    for (driven, idle) in [(3, 4), (4, 3), (0, 100), (0, 0)] {
        let found = judge_open(&readings(driven, idle, 0), &limits);
        assert!(matches!(found, Err(OpenFault::TooFew { least: 4, .. })), "{driven} {idle}");
    }
    assert!(judge_open(&readings(4, 4, 0), &OpenLimits { least_samples: 0, ..limits }).is_ok());
    assert!(judge_open(&[], &OpenLimits { least_samples: 0, ..limits }).is_err(), "no readings");
    for (reading, least, most) in
        [(0, 4_500, 5_500), (4_499, 4_500, 5_500), (5_501, 4_500, 5_500), (0, -100, 100), (900, 800, 5_000)]
    {
        let found = judge_open(&readings(4, 4, 0), &OpenLimits::with_reference(reading, least, most));
        assert_eq!(found, Err(OpenFault::SenseDead { reading_ua: reading }), "{least} to {most}");
    }
    for reading in [4_500, 5_500, -5_000] {
        let (least, most) = if reading > 0 { (4_500, 5_500) } else { (-5_500, -4_500) };
        assert!(judge_open(&readings(4, 4, 0), &OpenLimits::with_reference(reading, least, most)).is_ok());
    }
}

/// REQ-SAF-538: the impedance of a sample: magnitudes, rounded down.
/// REQ-SAF-624: none where no more flows than the noise.
#[test]
fn impedance_of_a_sample() {
    let sample = |voltage_mv, current_na| nmes_safety::Sensed {
        current_na,
        voltage_mv,
        at_tick: 0,
        instant: nmes_safety::SampleInstant::PhaseEnd,
    };
    let noise = nmes_core::MicroAmps::from_microamps(20).unwrap();
    assert_eq!(impedance_ohm(&sample(-900, -1_000_000), noise), Some(900));
    assert_eq!(impedance_ohm(&sample(1_999, -1_000_000_000), noise), Some(1));
    assert_eq!(impedance_ohm(&sample(1_000, 0), noise), None);
    assert_eq!(impedance_ohm(&sample(80, 20_000), noise), None);
    assert_eq!(impedance_ohm(&sample(80, 20_001), noise), Some(3_999));
    assert_eq!(impedance_ohm(&sample(4_000, -1_000_000), NOISE_FLOOR), None, "an open pad");
}
