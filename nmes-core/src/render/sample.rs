//! What a sample may be.

use core::fmt::Debug;

mod sealed {
    pub trait Sealed {}
    impl Sealed for i16 {}
    impl Sealed for i32 {}
}

/// A sample: `i16` or `i32`. It is the code as it is, neither scaled nor shifted, and never clamped.
///
/// ```
/// use nmes_core::Sample;
/// assert_eq!(i16::from_code(-32_768), Some(-32_768));
/// assert_eq!(i16::from_code(32_768), None);
/// ```
pub trait Sample: Copy + Debug + PartialEq + sealed::Sealed {
    /// No current.
    const ZERO: Self;
    /// The lowest code it holds.
    const LEAST: i64;
    /// The highest code it holds.
    const MOST: i64;

    /// The code; `None` when it does not fit.
    fn from_code(code: i32) -> Option<Self>;
}

impl Sample for i16 {
    const ZERO: Self = 0;
    const LEAST: i64 = -32_768;
    const MOST: i64 = 32_767;

    #[inline]
    fn from_code(code: i32) -> Option<Self> {
        Self::try_from(code).ok()
    }
}

impl Sample for i32 {
    const ZERO: Self = 0;
    const LEAST: i64 = -2_147_483_648;
    const MOST: i64 = 2_147_483_647;

    #[inline]
    fn from_code(code: i32) -> Option<Self> {
        Some(code)
    }
}
