//! A small seeded generator.

/// SplitMix64 (Steele, Lea, Flood 2014; public domain by S. Vigna): the same numbers from the same seed on every
/// machine. Not for secrets.
///
/// ```
/// use nmes_hal_adapters::sim::Random;
/// let mut random = Random::new(7);
/// assert!((0..100).all(|_| random.up_to(15) <= 15));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Random(u64);

impl Random {
    /// A generator that starts from a seed; any will do.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next_bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..=most`, uniform to within 2⁻³².
    pub fn up_to(&mut self, most: u32) -> u32 {
        let span = u128::from(most).saturating_add(1);
        let scaled = u128::from(self.next_bits()).saturating_mul(span) >> 64;
        u32::try_from(scaled).unwrap_or(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// REQ-HAL-007: the generator is the published one.
    #[test]
    fn gives_the_published_sequence() {
        let mut random = Random::new(1_234_567);
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        for number in expected {
            assert_eq!(random.next_bits(), number);
        }
    }

    /// REQ-HAL-007: every number up to the most is drawn, both ends included, about equally often.
    #[test]
    fn draws_uniformly_with_both_ends() {
        let mut random = Random::new(0);
        let mut seen = [0_u32; 16];
        for _ in 0..16_000 {
            seen[usize::try_from(random.up_to(15)).unwrap()] += 1;
        }
        // 1,000 each; 5 standard deviations are about 155
        assert!(seen.iter().all(|&n| n.abs_diff(1_000) < 155), "{seen:?}");
        assert_eq!(random.up_to(0), 0);
    }
}
