//! A threshold that was measured at one width, at another: Weiss's law in whole numbers.

use crate::provenance::{Confidence, Provenance, Sourced};
use crate::request::Subject;
use crate::sources as src;
use nmes_core::wide::{divide, times};
use nmes_core::{MicroAmps, Micros};

const fn recalled(value: u32, confidence: Confidence) -> Sourced<u32> {
    let source = src::SURFACE_CHRONAXIE;
    Sourced::new(value, Provenance::Recalled { confidence, source })
}

/// Chronaxie of motor nerve under pads on a muscle's belly, in microseconds: 150 to 500 are recalled.
pub const MOTOR_CHRONAXIE_US: Sourced<u32> = recalled(300, Confidence::Medium);
/// Chronaxie of sensory axons, in microseconds: 665 ± 182.
pub const SENSORY_CHRONAXIE_US: Sourced<u32> =
    Sourced::new(665, Provenance::Found { source: src::MOGYOROS_1996 });
/// Chronaxie of denervated muscle, in microseconds: 10 to 30 ms are recalled.
pub const MUSCLE_CHRONAXIE_US: Sourced<u32> = recalled(20_000, Confidence::High);

/// The amplitude that recruits at `to` what `amplitude` does at `from`, by Weiss's law with this chronaxie:
/// I₂ = I₁ (1 + c/d₂)/(1 + c/d₁), rounded down. `None` for a width of 0 or a result above 1 A.
///
/// Charge rises with the width even so: at c = 300 µs, 200 → 300 µs takes 0.80 of the current and 1.20 of the charge, so
/// what comes of a transfer has to be checked again; [`build_session`](crate::build_session) says so in a note. The law
/// says nothing about what a person feels, and a chronaxie of the literature is nobody's own.
///
/// ```
/// use nmes_core::{MicroAmps, Micros};
/// use nmes_protocols::{MOTOR_CHRONAXIE_US, weiss_transfer};
/// let (ma, us) = (|n: u32| MicroAmps::from_microamps(n * 1_000).unwrap(), |n| Micros::from_micros(n).unwrap());
/// let c = MOTOR_CHRONAXIE_US.value;
/// assert_eq!(weiss_transfer(ma(40), us(200), us(300), c), Some(ma(32)));
/// assert_eq!(weiss_transfer(ma(40), us(300), us(200), c), Some(ma(50)));
/// ```
#[must_use]
pub fn weiss_transfer(
    amplitude: MicroAmps,
    from: Micros,
    to: Micros,
    chronaxie_us: u32,
) -> Option<MicroAmps> {
    let [ua, d1, d2, c] =
        [amplitude.as_microamps(), from.as_micros(), to.as_micros(), chronaxie_us].map(u128::from);
    // at most 10⁶ × 3.6·10⁹ × 7.9·10⁹, below 2¹²⁸
    let above = times(times(ua, d1), d2.saturating_add(c));
    let below = times(d2, d1.saturating_add(c));
    let moved = divide(above, below)?.0;
    if d1 == 0 {
        return None;
    }
    MicroAmps::from_microamps(u32::try_from(moved).ok()?)
}

impl Subject {
    /// The person with what was measured at another width brought to this one. Sensory threshold by the chronaxie of
    /// sensory axons, motor threshold and effect by that of motor nerve (of denervated muscle above 10 ms); what was
    /// tolerated by whichever gives less. A threshold that leaves the range of its unit is forgotten; what was tolerated where
    /// both lead beyond it.
    #[must_use]
    pub fn at_width(&self, width: Micros) -> Self {
        let Some(from) = self.measured_width.filter(|from| *from != width) else { return *self };
        let muscle = from.as_micros().max(width.as_micros()) >= 10_000;
        let motor = if muscle { MUSCLE_CHRONAXIE_US.value } else { MOTOR_CHRONAXIE_US.value };
        let by =
            |threshold: Option<MicroAmps>, c| threshold.and_then(|ua| weiss_transfer(ua, from, width, c));
        let sensory = SENSORY_CHRONAXIE_US.value;
        Self {
            sensory_threshold: by(self.sensory_threshold, sensory),
            motor_threshold: by(self.motor_threshold, motor),
            effect: by(self.effect, motor),
            // `None` is less than any amplitude: of two options the least is none
            tolerated: [motor, sensory].into_iter().filter_map(|c| by(self.tolerated, c)).min(),
            measured_width: Some(width),
            ..*self
        }
    }
}
