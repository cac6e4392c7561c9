//! Values that are checked when a program is compiled.

use crate::error::ConfigError;

/// A value that is checked while the program is compiled: a `Result` or an `Option` of this crate, without its wrapping.
///
/// So a whole session can be a `static` in flash, through the same types as one that is built at run time from a file,
/// and a wrong one does not compile.
///
/// ```
/// use nmes_core::*;
/// static CHANNELS: [Channel<'static>; 1] = [Channel {
///     pulse: PulseShape { gap: constant!(Micros::from_micros(100)), ..PulseShape::SYMMETRIC },
///     rate: constant!(Rate::from_hz(40)),
///     train: Train::EVEN,
///     set: constant!(Setting::new(40_000, 300)),
///     ceiling: constant!(Setting::new(60_000, 300)),
///     ramp: Ramp::NONE,
///     offset: Micros::ZERO,
/// }];
/// static SESSION: Session<'static> =
///     constant!(Session::new(&CHANNELS, Schedule::Continuous, constant!(Millis::from_millis(10_000))));
/// assert_eq!(SESSION.channels().len(), 1);
/// ```
///
/// A set value above its ceiling:
///
/// ```compile_fail,E0080
/// use nmes_core::*;
/// static CHANNELS: [Channel<'static>; 1] = [Channel {
///     pulse: PulseShape { gap: constant!(Micros::from_micros(100)), ..PulseShape::SYMMETRIC },
///     rate: constant!(Rate::from_hz(40)),
///     train: Train::EVEN,
///     set: constant!(Setting::new(40_000, 300)),
///     ceiling: constant!(Setting::new(39_999, 300)),
///     ramp: Ramp::NONE,
///     offset: Micros::ZERO,
/// }];
/// static SESSION: Session<'static> =
///     constant!(Session::new(&CHANNELS, Schedule::Continuous, constant!(Millis::from_millis(10_000))));
/// ```
///
/// A value that its unit does not hold:
///
/// ```compile_fail,E0080
/// use nmes_core::{MicroAmps, constant};
/// static TOO_MUCH: MicroAmps = constant!(MicroAmps::from_microamps(1_000_001));
/// ```
#[macro_export]
macro_rules! constant {
    ($value:expr) => {
        const {
            match $crate::Given($value).value() {
                Ok(value) => value,
                Err(why) => panic!("{}", why),
            }
        }
    };
}

/// What [`constant!`] is given.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Given<T>(pub T);

impl<T: Copy> Given<Option<T>> {
    /// The value, or why there is none.
    ///
    /// # Errors
    /// There is none.
    pub const fn value(self) -> Result<T, &'static str> {
        match self.0 {
            Some(value) => Ok(value),
            None => Err("the unit does not hold this value"),
        }
    }
}

impl<T: Copy> Given<Result<T, ConfigError>> {
    /// The value, or why it is none.
    ///
    /// # Errors
    /// It is none.
    pub const fn value(self) -> Result<T, &'static str> {
        match self.0 {
            Ok(value) => Ok(value),
            Err(ConfigError::Below { source, .. } | ConfigError::Above { source, .. }) => Err(source),
            Err(ConfigError::Conflict { reason, .. }) => Err(reason),
        }
    }
}
