//! Lists of times between pulses, all of them ours.

use nmes_core::Micros;

/// `n` times in milliseconds as core takes them. Evaluated by the compiler.
const fn millis<const N: usize>(ms: [u32; N]) -> [Micros; N] {
    let mut list = [Micros::ZERO; N];
    let mut from: &[u32] = &ms;
    let mut to: &mut [Micros] = &mut list;
    while let ([ms, rest @ ..], [slot, room @ ..]) = (from, to) {
        if let Some(us) = Micros::from_micros(ms.saturating_mul(1_000)) {
            *slot = us;
        }
        (from, to) = (rest, room);
    }
    list
}

/// Irregular, 50 to 300 ms, 2,000 ms together: 8 a second on average.
pub(super) static TROPHIC: [Micros; 16] =
    millis([50, 80, 120, 60, 300, 90, 70, 150, 110, 50, 200, 130, 90, 75, 240, 185]);

/// From 10 to 20 ms and back in 1.2 s: a rate that is lowered by up to a half and raised again.
pub(super) static MODULATED: [Micros; 80] = millis([
    10, 10, 10, 10, 11, 11, 11, 11, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15, 16, 16,
    16, 16, 17, 17, 17, 17, 18, 18, 18, 18, 19, 19, 19, 19, 20, 20, 20, 20, 19, 19, 19, 19, 18, 18, 18, 18,
    17, 17, 17, 17, 16, 16, 16, 16, 15, 15, 15, 15, 14, 14, 14, 14, 13, 13, 13, 13, 12, 12, 12, 12, 11, 11,
    11, 11,
]);

/// A doublet and a third pulse 5 ms apart, then 50 ms apart: 400 ms of a train.
pub(super) static VARIABLE: [Micros; 10] = millis([5, 5, 50, 50, 50, 50, 50, 50, 50, 40]);
