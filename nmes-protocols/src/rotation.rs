//! Where pads go next time: moved for exercise and pain, on a marked motor point for function.

use crate::condition::Condition;
use crate::provenance::{Provenance, Sourced};
use core::fmt;
use nmes_safety::UseClass;

/// What to do with the place of the pads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum PadPlace {
    /// The motor point is marked on the skin and kept: the effect depends on it.
    MarkedMotorPoint,
    /// Away from the last place, within the muscle or the painful area.
    Moved {
        /// Which of four directions this time.
        towards: Towards,
    },
    /// As the specialist places them: the whole muscle is covered, or the area is too small to move in.
    AsPlaced,
}

/// A direction on the limb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Towards {
    /// Not moved: the first place.
    Middle,
    /// Towards the trunk.
    Trunk,
    /// To the outside.
    Outside,
    /// Away from the trunk.
    Away,
}

const CYCLE: [Towards; 4] = [Towards::Middle, Towards::Trunk, Towards::Outside, Towards::Away];

/// How far from the first place, in percent of a pad's width.
pub const SHIFT_PERCENT: Sourced<u8> = Sourced::new(
    50,
    Provenance::Ours {
        reason: "half a pad: a page of a clinic says not the identical place each time, and no number",
    },
);

impl Condition {
    /// Where the pads go in the session of this number, counted from 0: a cycle of four places for exercise and pain rows,
    /// the marked motor point for rows of function, as placed for specialists' rows. The skin is looked at each time.
    ///
    /// ```
    /// use nmes_protocols::{PadPlace, Towards, find};
    /// assert_eq!(find("foot-drop").unwrap().pad_place(3), PadPlace::MarkedMotorPoint);
    /// let knee = find("knee-oa").unwrap();
    /// assert_eq!(knee.pad_place(1), PadPlace::Moved { towards: Towards::Trunk });
    /// assert_ne!(knee.pad_place(1), knee.pad_place(2), "not the identical place each time");
    /// ```
    #[must_use]
    pub fn pad_place(&self, session: u32) -> PadPlace {
        if self.specialist.is_some() {
            return PadPlace::AsPlaced;
        }
        match self.use_class.value {
            UseClass::FunctionalWear => PadPlace::MarkedMotorPoint,
            UseClass::Specialist => PadPlace::AsPlaced,
            UseClass::Exercise | UseClass::Continuous => {
                let index = usize::try_from(session & 3).unwrap_or(0);
                PadPlace::Moved { towards: CYCLE.get(index).copied().unwrap_or(Towards::Middle) }
            }
        }
    }
}

impl fmt::Display for PadPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let towards = match self {
            Self::MarkedMotorPoint => return f.write_str("on the marked motor point, as every time"),
            Self::AsPlaced => return f.write_str("as the specialist places them"),
            Self::Moved { towards: Towards::Middle } => return f.write_str("at the first place"),
            Self::Moved { towards: Towards::Trunk } => "towards the trunk",
            Self::Moved { towards: Towards::Outside } => "to the outside",
            Self::Moved { towards: Towards::Away } => "away from the trunk",
        };
        write!(f, "{} % of a pad {towards} of the first place", SHIFT_PERCENT.value)
    }
}
