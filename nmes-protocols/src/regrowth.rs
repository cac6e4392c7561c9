//! How long a nerve may take to grow back over a distance: arithmetic with its uncertainty, not a date for a person.

use crate::provenance::{Confidence, Provenance, Sourced};
use crate::sources as src;
use core::fmt;

const fn recalled(value: (u32, u32)) -> Sourced<(u32, u32)> {
    let source = src::REGENERATION;
    Sourced::new(value, Provenance::Recalled { confidence: Confidence::High, source })
}

/// Days before a cut nerve begins to grow: two to four weeks.
pub const LATENCY_DAYS: Sourced<(u32, u32)> = recalled((14, 28));
/// Millimetres a day: one to three.
pub const MM_PER_DAY: Sourced<(u32, u32)> = recalled((1, 3));
/// Days after which endplates take a nerve poorly: twelve to eighteen months.
pub const ENDPLATE_DAYS: Sourced<(u32, u32)> = recalled((365, 548));

/// Between how many and how many days.
///
/// A partial lesion recovers earlier, by sprouting; a nerve that meets a gap or a scar does not arrive at all; no term of
/// this is a person's own. It is here so that a plan of stimulation says how long it may have to go on, and when endplates
/// may no longer take the nerve.
///
/// ```
/// use nmes_protocols::Regrowth;
/// let fibular_head_to_muscle = Regrowth::over_mm(100);
/// assert_eq!((fibular_head_to_muscle.least_days, fibular_head_to_muscle.most_days), (47, 128));
/// let root_to_muscle = Regrowth::over_mm(750);
/// assert!(root_to_muscle.may_be_too_late(), "{root_to_muscle}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Regrowth {
    /// The distance, in millimetres.
    pub distance_mm: u32,
    /// The shorter latency and the faster growth.
    pub least_days: u32,
    /// The longer latency and the slower growth.
    pub most_days: u32,
}

impl Regrowth {
    /// Over a distance along the nerve, latency + distance / rate; saturates.
    #[must_use]
    pub const fn over_mm(distance_mm: u32) -> Self {
        let ((soon, late), (slow, fast)) = (LATENCY_DAYS.value, MM_PER_DAY.value);
        Self {
            distance_mm,
            least_days: soon.saturating_add(days(distance_mm, fast, false)),
            most_days: late.saturating_add(days(distance_mm, slow, true)),
        }
    }

    /// Whether the slower end is past the time when endplates begin to fail.
    #[must_use]
    pub const fn may_be_too_late(&self) -> bool {
        self.most_days > ENDPLATE_DAYS.value.0
    }
}

const fn days(distance_mm: u32, mm_per_day: u32, up: bool) -> u32 {
    match distance_mm.checked_add(if up { mm_per_day.saturating_sub(1) } else { 0 }) {
        Some(sum) => match sum.checked_div(mm_per_day) {
            Some(days) => days,
            None => u32::MAX,
        },
        None => u32::MAX,
    }
}

impl fmt::Display for Regrowth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { distance_mm, least_days, most_days } = self;
        write!(
            f,
            "{distance_mm} mm of nerve: {least_days} to {most_days} days, if it grows at all; a partial lesion"
        )?;
        f.write_str(" recovers earlier. Arithmetic over recalled rates, not a date for a person")?;
        if self.may_be_too_late() {
            let (from, to) = ENDPLATE_DAYS.value;
            write!(f, "; endplates take a nerve poorly after {from} to {to} days")?;
        }
        Ok(())
    }
}
