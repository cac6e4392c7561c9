//! What happens from outside, and when. Times in microseconds, which are the ticks of the script's clock.

use nmes_protocols::Heel;

/// When walking starts: the amplitude is at its set value by then.
pub(crate) const FIRST_STEP_US: u64 = 7_000_000;

/// The heel of the treated foot: even steps, a switch that bounces, a kerb where the foot hangs, a shuffle.
pub(crate) static HEEL: &[(u64, Heel)] = &[
    (0, Heel::Loaded),
    (FIRST_STEP_US, Heel::Lifted),
    (7_550_000, Heel::Loaded),
    (8_300_000, Heel::Lifted),
    (8_840_000, Heel::Loaded),
    (9_500_000, Heel::Lifted),
    (10_047_000, Heel::Loaded),
    // bounces at the next heel-off
    (10_750_000, Heel::Lifted),
    (10_753_000, Heel::Loaded),
    (10_757_000, Heel::Lifted),
    (10_760_000, Heel::Loaded),
    (10_766_000, Heel::Lifted),
    (11_320_000, Heel::Loaded),
    // the kerb: longer than the trigger waits
    (12_000_000, Heel::Lifted),
    (15_400_000, Heel::Loaded),
    (16_200_000, Heel::Lifted),
    (16_750_000, Heel::Loaded),
    // a shuffle: off again while the extension lasts
    (16_900_000, Heel::Lifted),
    (17_350_000, Heel::Loaded),
    (18_100_000, Heel::Lifted),
    (18_630_000, Heel::Loaded),
    (19_350_000, Heel::Lifted),
    (19_900_000, Heel::Loaded),
    (20_600_000, Heel::Lifted),
    (21_130_000, Heel::Loaded),
    (21_850_000, Heel::Lifted),
];

/// When the run is stopped: within a pulse of the last step.
pub(crate) const STOP_US: u64 = 22_200_137;
/// When the script ends.
pub(crate) const END_US: u64 = 22_400_000;

/// How late edges come: a linear congruence, so that every machine has the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lateness(u32);

impl Lateness {
    pub(crate) const fn new() -> Self {
        Self(7)
    }

    /// The next lateness, 0 to `most` ticks.
    pub(crate) fn next(&mut self, most: u32) -> u64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let span = u64::from(most).saturating_add(1);
        u64::from(self.0).saturating_mul(span) >> 32
    }
}
