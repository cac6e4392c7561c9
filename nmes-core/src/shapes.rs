//! Shapes of long pulses and of medium-frequency carriers, as tables of whole numbers.
//!
//! A table is the first half of a balanced wave; the second half is the same values with the other sign. Entry `i` of
//! `n` is the shape at its middle, x = (i + ½) / n, in parts of [`FULL_SCALE`] and rounded to nearest, so no entry is
//! below 0 or above full scale, and a peak that lies between two entries is not among them.
//!
//! | table | current | where it is used |
//! |---|---|---|
//! | [`TRIANGULAR`] | symmetric triangle | triangular medium frequency; triangular pulses |
//! | [`SAWTOOTH`] | straight rise | slowly rising pulses for denervated muscle |
//! | [`EXPONENTIAL`] | exponential progressive current | the same |
//! | [`HALF_SINE`] | sine | medium-frequency carriers; sinusoidal currents |
//!
//! Rectangular phases need no table. Pulses of tens or hundreds of milliseconds carry charges and energies far above
//! those of ordinary stimulation through nerves: what a shape may be used at is not decided here.
//!
//! ```
//! use nmes_core::shapes::{FULL_SCALE, HALF_SINE};
//! // one entry in microamperes, for a peak of 40 mA
//! let peak_ua = 40_000_i32;
//! let first = HALF_SINE.first().map(|&part| i32::from(part) * peak_ua / i32::from(FULL_SCALE));
//! assert_eq!(first, Some(981));
//! ```
//!
//! With the feature `libm`, `half_sine_into`, `triangular_into`, `sawtooth_into` and `exponential_into` fill slices of
//! any length. They compute in floating point, at configuration time; nothing on the output path does.

#[cfg(feature = "libm")]
mod fill;

#[cfg(feature = "libm")]
pub use fill::{exponential_into, half_sine_into, sawtooth_into, triangular_into};

/// The value that stands for the whole of an amplitude.
pub const FULL_SCALE: i16 = 16_384;

/// Entries of each table.
pub const LENGTH: usize = 64;

/// The curvature of [`EXPONENTIAL`], in thousandths.
pub const EXPONENTIAL_CURVATURE_THOUSANDTHS: u16 = 3_000;

/// Up and down in straight lines: 16,384 × (1 − |2x − 1|).
///
/// The half-wave of a triangular medium-frequency current, such as the 2,500 Hz one of some clinical stimulators
/// (recalled), and the triangular pulse of stimulators that rise and fall alike.
pub static TRIANGULAR: [i16; LENGTH] = [
    256, 768, 1_280, 1_792, 2_304, 2_816, 3_328, 3_840, 4_352, 4_864, 5_376, 5_888, 6_400, 6_912, 7_424,
    7_936, 8_448, 8_960, 9_472, 9_984, 10_496, 11_008, 11_520, 12_032, 12_544, 13_056, 13_568, 14_080,
    14_592, 15_104, 15_616, 16_128, 16_128, 15_616, 15_104, 14_592, 14_080, 13_568, 13_056, 12_544, 12_032,
    11_520, 11_008, 10_496, 9_984, 9_472, 8_960, 8_448, 7_936, 7_424, 6_912, 6_400, 5_888, 5_376, 4_864,
    4_352, 3_840, 3_328, 2_816, 2_304, 1_792, 1_280, 768, 256,
];

/// Up in a straight line, then off: 16,384 × x.
///
/// The slowly rising pulse that clinics call triangular, with a rise time of 100 %: 100 ms to 500 ms for denervated muscle.
/// Nerve accommodates to the slow rise and denervated muscle does not, so innervated neighbours answer less (recalled;
/// LIT-EDX). Pieber and others 2015 (J NeuroEng Rehabil 12:51) used pulses of 200 ms. How far the widths at which nerve
/// and muscle answer are apart is in PRO-S51.
pub static SAWTOOTH: [i16; LENGTH] = [
    128, 384, 640, 896, 1_152, 1_408, 1_664, 1_920, 2_176, 2_432, 2_688, 2_944, 3_200, 3_456, 3_712, 3_968,
    4_224, 4_480, 4_736, 4_992, 5_248, 5_504, 5_760, 6_016, 6_272, 6_528, 6_784, 7_040, 7_296, 7_552, 7_808,
    8_064, 8_320, 8_576, 8_832, 9_088, 9_344, 9_600, 9_856, 10_112, 10_368, 10_624, 10_880, 11_136, 11_392,
    11_648, 11_904, 12_160, 12_416, 12_672, 12_928, 13_184, 13_440, 13_696, 13_952, 14_208, 14_464, 14_720,
    14_976, 15_232, 15_488, 15_744, 16_000, 16_256,
];

/// Up ever more steeply, then off: 16,384 × (e³ˣ − 1) / (e³ − 1).
///
/// The exponential progressive current of electrotherapy texts, for denervated muscle like [`SAWTOOTH`] (recalled; LIT-EDX).
/// The 3 is a choice of this project; with the feature `libm`, `exponential_into` takes others.
pub static EXPONENTIAL: [i16; LENGTH] = [
    20, 63, 107, 153, 202, 252, 306, 362, 420, 482, 546, 613, 684, 758, 835, 917, 1_002, 1_091, 1_185, 1_283,
    1_386, 1_493, 1_606, 1_725, 1_848, 1_978, 2_115, 2_257, 2_407, 2_563, 2_728, 2_900, 3_080, 3_269, 3_467,
    3_675, 3_892, 4_120, 4_359, 4_610, 4_872, 5_147, 5_435, 5_737, 6_054, 6_386, 6_733, 7_098, 7_479, 7_880,
    8_299, 8_738, 9_199, 9_682, 10_187, 10_718, 11_273, 11_855, 12_465, 13_105, 13_775, 14_477, 15_213,
    15_985,
];

/// The half-wave of a sine: 16,384 × sin πx.
///
/// The carrier of burst-modulated and interfering medium-frequency currents (2,500 Hz and 4,000 Hz; recalled), and the
/// half-wave of sinusoidal low-frequency currents.
pub static HALF_SINE: [i16; LENGTH] = [
    402, 1_205, 2_006, 2_801, 3_590, 4_370, 5_139, 5_897, 6_639, 7_366, 8_076, 8_765, 9_434, 10_080, 10_702,
    11_297, 11_866, 12_406, 12_916, 13_395, 13_842, 14_256, 14_635, 14_978, 15_286, 15_557, 15_791, 15_986,
    16_143, 16_261, 16_340, 16_379, 16_379, 16_340, 16_261, 16_143, 15_986, 15_791, 15_557, 15_286, 14_978,
    14_635, 14_256, 13_842, 13_395, 12_916, 12_406, 11_866, 11_297, 10_702, 10_080, 9_434, 8_765, 8_076,
    7_366, 6_639, 5_897, 5_139, 4_370, 3_590, 2_801, 2_006, 1_205, 402,
];
