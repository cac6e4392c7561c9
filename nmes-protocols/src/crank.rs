//! Windows of a crank in which a muscle helps, as data. Zero and sense differ from source to source and are not converted.

use crate::provenance::{Provenance, Source, Sourced};
use crate::sources as src;

/// A window in degrees of one source's crank, for the right side.
///
/// ```
/// use nmes_protocols::CRANKS;
/// let window = CRANKS[0].windows[0];
/// // 280 to 360 degrees on the right is 100 to 180 on the left
/// assert_eq!((window.left_start(), window.left_end()), (100, 180));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CrankWindow {
    /// Which muscle.
    pub muscle: &'static str,
    /// Where the right side's window begins, 0 to 359.
    pub start_deg: u16,
    /// How wide it is, 1 to 359. It may pass zero.
    pub width_deg: u16,
}

impl CrankWindow {
    /// Where the left side's window begins: half a turn later.
    #[must_use]
    pub const fn left_start(&self) -> u16 {
        self.start_deg.saturating_add(180) % 360
    }

    /// Where the left side's window ends, 0 to 359.
    #[must_use]
    pub const fn left_end(&self) -> u16 {
        self.left_start().saturating_add(self.width_deg) % 360
    }

    /// Whether an angle of the right crank, in degrees, is inside; the ends are.
    #[must_use]
    pub const fn holds(&self, angle_deg: u16) -> bool {
        (angle_deg % 360).saturating_add(360).saturating_sub(self.start_deg) % 360 <= self.width_deg
    }
}

/// The windows of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CrankSource {
    /// What it drives.
    pub name: &'static str,
    /// What its zero is and which way it counts, as far as the source says.
    pub zero: Sourced<&'static str>,
    /// The windows.
    pub windows: &'static [CrankWindow],
    /// Where they are from.
    pub provenance: Provenance,
}

const fn window(muscle: &'static str, start_deg: u16, width_deg: u16) -> CrankWindow {
    CrankWindow { muscle, start_deg, width_deg }
}

const fn found(source: Source) -> Provenance {
    Provenance::Found { source }
}

const UNSTATED: &str = "the source's own zero and sense; check the sign against the cycle before use";

/// Windows of a trike, of a simulation and of a hand cycle.
pub static CRANKS: &[CrankSource] = &[
    CrankSource {
        name: "trike",
        zero: Sourced::new(UNSTATED, found(src::EMA_CYCLING)),
        windows: &[
            window("quadriceps", 280, 80),
            window("hamstrings", 30, 75),
            window("gluteus maximus", 70, 100),
        ],
        provenance: found(src::EMA_CYCLING),
    },
    CrankSource {
        name: "simulated cycle",
        zero: Sourced::new(UNSTATED, found(src::OPENSIM_CYCLING)),
        windows: &[
            window("quadriceps", 300, 100),
            window("hamstrings", 70, 100),
            window("gluteus maximus", 30, 70),
        ],
        provenance: found(src::OPENSIM_CYCLING),
    },
    CrankSource {
        name: "hand cycle",
        zero: Sourced::new(UNSTATED, found(src::PYSCIENCEMODE)),
        windows: &[
            window("biceps and posterior deltoid", 220, 150),
            window("triceps and anterior deltoid", 20, 160),
        ],
        provenance: found(src::PYSCIENCEMODE),
    },
];
