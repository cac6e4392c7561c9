//! Physical quantities as validated integers.
//!
//! Only the operations that make physical sense exist, and all of them are checked. Tick counts stay plain
//! integers whose names end in `tick` (a moment) or `ticks` (a length).

use core::fmt;
use num_traits::Bounded;

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident, $ctor:ident, $getter:ident, $max:expr, $suffix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "u32", into = "u32"))]
        pub struct $name(u32);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0);
            /// The largest value that is accepted.
            pub const MAX: Self = Self($max);

            #[doc = concat!("From a whole number of ", $suffix, "; `None` above [`Self::MAX`].")]
            #[must_use]
            pub const fn $ctor(raw: u32) -> Option<Self> {
                if raw > $max { None } else { Some(Self(raw)) }
            }

            #[doc = concat!("The value in ", $suffix, ".")]
            #[must_use]
            pub const fn $getter(self) -> u32 {
                self.0
            }

            /// The sum, or `None` above [`Self::MAX`].
            #[must_use]
            pub const fn checked_add(self, other: Self) -> Option<Self> {
                match self.0.checked_add(other.0) {
                    Some(sum) => Self::$ctor(sum),
                    None => None,
                }
            }

            /// The difference, or `None` below zero.
            #[must_use]
            pub const fn checked_sub(self, other: Self) -> Option<Self> {
                match self.0.checked_sub(other.0) {
                    Some(rest) => Some(Self(rest)),
                    None => None,
                }
            }
        }

        #[cfg(feature = "fault-injection")]
        impl crate::flip::Flip for $name {
            fn flip(&mut self, walk: &mut crate::flip::Walk<'_>) {
                crate::flip::Flip::flip(&mut self.0, walk);
            }
        }

        impl Bounded for $name {
            fn min_value() -> Self {
                Self::ZERO
            }
            fn max_value() -> Self {
                Self::MAX
            }
        }

        impl From<$name> for u32 {
            fn from(value: $name) -> u32 {
                value.0
            }
        }

        impl TryFrom<u32> for $name {
            type Error = UnitError;
            fn try_from(raw: u32) -> Result<Self, UnitError> {
                Self::$ctor(raw).ok_or(UnitError { value: raw, limit: $max, unit: $suffix })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{} ", $suffix), self.0)
            }
        }
    };
}

/// A raw number above what its unit accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitError {
    value: u32,
    limit: u32,
    unit: &'static str,
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} is above the {} {} that the type holds",
            self.value, self.unit, self.limit, self.unit
        )
    }
}

impl core::error::Error for UnitError {}

unit!(
    /// The magnitude of a current, 0 to 1 A in whole microamperes.
    ///
    /// ```
    /// use nmes_core::MicroAmps;
    /// assert_eq!(MicroAmps::from_microamps(40_000).map(MicroAmps::as_microamps), Some(40_000));
    /// assert!(MicroAmps::from_microamps(1_000_001).is_none());
    /// ```
    ///
    /// A current and a width do not add:
    ///
    /// ```compile_fail,E0308
    /// use nmes_core::{MicroAmps, Micros};
    /// let _ = MicroAmps::ZERO.checked_add(Micros::ZERO);
    /// ```
    MicroAmps, from_microamps, as_microamps, 1_000_000, "µA"
);

unit!(
    /// A length of time within a pulse or between pulses, 0 to 1 h in whole microseconds. A phase is at most 10 s long.
    ///
    /// ```
    /// use nmes_core::Micros;
    /// assert_eq!(Micros::from_micros(300).map(Micros::as_micros), Some(300));
    /// assert!(Micros::from_micros(3_600_000_001).is_none());
    /// ```
    Micros, from_micros, as_micros, 3_600_000_000, "µs"
);

unit!(
    /// A length of time of envelopes, cycles and sessions, 0 to 48 h in whole milliseconds.
    ///
    /// ```
    /// use nmes_core::Millis;
    /// assert_eq!(Millis::from_millis(200).map(Millis::as_millis), Some(200));
    /// assert!(Millis::from_millis(172_800_001).is_none());
    /// ```
    Millis, from_millis, as_millis, 172_800_000, "ms"
);

/// Signed charge in nanoampere-ticks: what a ledger counts. Never saturates; every sum is checked.
///
/// One nanoampere-tick is 1 nA flowing for one tick of the hardware, so at 1 MHz it is 1 fC.
///
/// ```
/// use nmes_core::Charge;
/// let phase = Charge::of(40_000_000, 300).unwrap(); // 40 mA for 300 ticks
/// assert_eq!(phase.as_nanoamp_ticks(), 12_000_000_000);
/// assert_eq!(phase.as_picocoulombs(1_000_000), 12_000_000); // 12 µC at 1 MHz
/// assert_eq!(phase.checked_add(Charge::of(-40_000_000, 300).unwrap()), Some(Charge::ZERO));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Charge(i64);

impl Charge {
    /// No charge.
    pub const ZERO: Self = Self(0);

    /// From a count of nanoampere-ticks.
    #[must_use]
    pub const fn from_nanoamp_ticks(raw: i64) -> Self {
        Self(raw)
    }

    /// A current in nanoamperes that flows for a number of ticks; `None` on overflow.
    #[must_use]
    pub fn of(nanoamps: i64, ticks: u64) -> Option<Self> {
        i64::try_from(ticks).ok().and_then(|t| nanoamps.checked_mul(t)).map(Self)
    }

    /// The count of nanoampere-ticks.
    #[must_use]
    pub const fn as_nanoamp_ticks(self) -> i64 {
        self.0
    }

    /// The charge in picocoulombs on a clock of `ticks_per_second`, rounded towards zero. For reports only.
    #[must_use]
    pub fn as_picocoulombs(self, ticks_per_second: u32) -> i64 {
        let scaled = i128::from(self.0).saturating_mul(1_000);
        let pc = scaled.checked_div(i128::from(ticks_per_second)).unwrap_or(0);
        i64::try_from(pc).unwrap_or(if pc < 0 { i64::MIN } else { i64::MAX })
    }

    /// The sum; `None` on overflow.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The magnitude in nanoampere-ticks.
    #[must_use]
    pub const fn magnitude(self) -> u64 {
        self.0.unsigned_abs()
    }
}
