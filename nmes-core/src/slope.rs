//! The shape of a ramp between its two ends.

use crate::envelope::FULL;

/// How the level goes from the floor of a ramp to the set value. A ramp down is the mirror image of the ramp up.
///
/// At the part x of the way, 0 to 1, the level is at a part of the way from the floor to the set value:
///
/// | shape | part | half way | steepest |
/// |---|---|---|---|
/// | `Linear` | x | 0.5 | 1, everywhere |
/// | `RaisedCosine` | (1 − cos πx) / 2 | 0.5 | 1.57, in the middle |
/// | `Exponential` | (e³ˣ − 1) / (e³ − 1) | 0.18 | 3.16, at the set value |
///
/// The shapes are tables of 129 entries, each the formula at i/128 in 65,536ths to nearest, with straight lines between
/// them, to nearest. A value between two of them is within 4/65,536 of the raised cosine
/// and within 6/65,536 of the exponential. The ends are exact, and the level never falls on the way up.
///
/// The 3 in the exponential is a choice of this project, not a published value. It is for comfort: the steps near the
/// floor are small against the level there, and the steepest place is at the set value. Rules on how fast a level may
/// rise look at the steepest place.
///
/// ```
/// use nmes_core::Slope;
/// assert_eq!(Slope::default(), Slope::Linear);
/// let gentle_at_both_ends = Slope::RaisedCosine;
/// # let _ = gentle_at_both_ends;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Slope {
    /// The same step in the same time.
    #[default]
    Linear,
    /// Slow at both ends.
    RaisedCosine,
    /// Slow at the floor, steep at the set value.
    Exponential,
}

impl Slope {
    /// The part of the way from floor to set value at `fraction` of the ramp, both in 16 fractional bits; above full is
    /// full. A ramp down takes the fraction that is left.
    pub(crate) fn shape(self, fraction: u32) -> u32 {
        match self {
            Self::Linear => fraction.min(FULL),
            Self::RaisedCosine => interpolated(&RAISED_COSINE, fraction),
            Self::Exponential => interpolated(&EXPONENTIAL, fraction),
        }
    }
}

/// The bits of a fraction between two entries.
const STEP_BITS: u32 = 9;

fn interpolated(table: &[u32; 129], fraction: u32) -> u32 {
    let (entry, rest) = (fraction >> STEP_BITS, fraction & ((1 << STEP_BITS) - 1));
    let place = usize::try_from(entry).unwrap_or(usize::MAX);
    let (lower, upper) = (table.get(place).copied(), table.get(place.saturating_add(1)).copied());
    let (Some(lower), Some(upper)) = (lower, upper) else { return FULL };
    // a step of the table is below 2^11, so the product is below 2^20
    let risen = upper.saturating_sub(lower).saturating_mul(rest).saturating_add(1 << (STEP_BITS - 1));
    lower.saturating_add(risen >> STEP_BITS)
}

/// 65,536 × (1 − cos(π·i/128)) / 2, rounded to nearest.
static RAISED_COSINE: [u32; 129] = [
    0, 10, 39, 89, 158, 246, 355, 482, 630, 796, 982, 1_187, 1_411, 1_654, 1_915, 2_196, 2_494, 2_811, 3_146,
    3_499, 3_869, 4_257, 4_662, 5_084, 5_522, 5_977, 6_448, 6_935, 7_438, 7_956, 8_489, 9_036, 9_598, 10_173,
    10_762, 11_365, 11_980, 12_608, 13_248, 13_900, 14_563, 15_237, 15_922, 16_617, 17_321, 18_035, 18_758,
    19_489, 20_228, 20_975, 21_729, 22_489, 23_256, 24_028, 24_806, 25_588, 26_375, 27_166, 27_960, 28_757,
    29_556, 30_357, 31_160, 31_964, 32_768, 33_572, 34_376, 35_179, 35_980, 36_779, 37_576, 38_370, 39_161,
    39_948, 40_730, 41_508, 42_280, 43_047, 43_807, 44_561, 45_308, 46_047, 46_778, 47_501, 48_215, 48_919,
    49_614, 50_299, 50_973, 51_636, 52_288, 52_928, 53_556, 54_171, 54_774, 55_363, 55_938, 56_500, 57_047,
    57_580, 58_098, 58_601, 59_088, 59_559, 60_014, 60_452, 60_874, 61_279, 61_667, 62_037, 62_390, 62_725,
    63_042, 63_340, 63_621, 63_882, 64_125, 64_349, 64_554, 64_740, 64_906, 65_054, 65_181, 65_290, 65_378,
    65_447, 65_497, 65_526, 65_536,
];

/// 65,536 × (e^(3·i/128) − 1) / (e³ − 1), rounded to nearest.
static EXPONENTIAL: [u32; 129] = [
    0, 81, 165, 250, 337, 427, 518, 612, 708, 806, 907, 1_010, 1_115, 1_223, 1_334, 1_447, 1_562, 1_681,
    1_802, 1_926, 2_053, 2_184, 2_317, 2_453, 2_593, 2_736, 2_882, 3_032, 3_185, 3_342, 3_503, 3_667, 3_836,
    4_008, 4_184, 4_365, 4_550, 4_739, 4_933, 5_132, 5_335, 5_543, 5_756, 5_973, 6_197, 6_425, 6_659, 6_898,
    7_143, 7_394, 7_651, 7_914, 8_183, 8_458, 8_740, 9_029, 9_324, 9_627, 9_937, 10_254, 10_578, 10_911,
    11_251, 11_599, 11_955, 12_320, 12_694, 13_076, 13_468, 13_869, 14_279, 14_699, 15_129, 15_569, 16_020,
    16_481, 16_954, 17_437, 17_932, 18_439, 18_957, 19_488, 20_032, 20_588, 21_158, 21_741, 22_338, 22_949,
    23_575, 24_216, 24_871, 25_543, 26_230, 26_933, 27_653, 28_391, 29_145, 29_918, 30_709, 31_518, 32_347,
    33_196, 34_064, 34_954, 35_864, 36_796, 37_750, 38_727, 39_726, 40_750, 41_798, 42_870, 43_968, 45_093,
    46_243, 47_421, 48_627, 49_862, 51_126, 52_420, 53_744, 55_100, 56_488, 57_909, 59_364, 60_853, 62_378,
    63_938, 65_536,
];

#[cfg(test)]
mod tests {
    #![allow(
        clippy::arithmetic_side_effects,
        clippy::float_arithmetic,
        clippy::as_conversions,
        reason = "tests: the ideal is worked out in floating point, and a panic is a failed test"
    )]

    extern crate std;

    use super::*;

    const ALL: [Slope; 3] = [Slope::Linear, Slope::RaisedCosine, Slope::Exponential];

    /// The formula, and how far the table may be from it.
    fn ideal(slope: Slope, x: f64) -> (f64, f64) {
        match slope {
            Slope::Linear => (x, 0.0),
            Slope::RaisedCosine => ((1.0 - (core::f64::consts::PI * x).cos()) / 2.0, 4.0),
            Slope::Exponential => ((3.0 * x).exp_m1() / 3_f64.exp_m1(), 6.0),
        }
    }

    /// REQ-CORE-46: every fraction, not only some.
    #[test]
    fn shapes_are_their_formulas() {
        for slope in ALL {
            for fraction in 0..=FULL {
                let (part, bound) = ideal(slope, f64::from(fraction) / 65_536.0);
                let distance = f64::from(slope.shape(fraction)) - part * 65_536.0;
                assert!(distance.abs() <= bound, "{slope:?} at {fraction}: {distance}");
            }
        }
    }

    /// REQ-CORE-46: monotone, exact at the ends, full beyond them.
    #[test]
    fn shapes_rise_from_end_to_end() {
        for slope in ALL {
            assert_eq!((slope.shape(0), slope.shape(FULL)), (0, FULL));
            assert_eq!((slope.shape(FULL + 1), slope.shape(u32::MAX)), (FULL, FULL));
            assert!((1..=FULL).all(|f| slope.shape(f - 1) <= slope.shape(f)), "{slope:?}");
        }
    }

    /// REQ-CORE-46: the table entries are the formula, rounded to nearest.
    #[test]
    fn tables_are_rounded_to_nearest() {
        for (slope, table) in [(Slope::RaisedCosine, RAISED_COSINE), (Slope::Exponential, EXPONENTIAL)] {
            for (i, entry) in table.into_iter().enumerate() {
                let exact = ideal(slope, i as f64 / 128.0).0 * 65_536.0;
                assert!((f64::from(entry) - exact).abs() <= 0.5 + 1e-9, "{slope:?}[{i}]");
            }
        }
    }
}
