//! An output that fails when it is told to.

use crate::output::Output;
use core::fmt;
use nmes_core::{Hardware, Plan};
use nmes_safety::{Admitted, AdmittedEdge};

/// Wraps an [`Output`] and fails given calls, counted from 0 over all of `apply`, `channel_off` and `off`.
///
/// A failed call is not passed on: the worst an output can do, since the trait asks it to open before it errs.
#[derive(Debug)]
pub struct FaultyOutput<O> {
    inner: O,
    calls: u32,
    fail_from: u32,
    fail_count: u32,
}

/// Why a [`FaultyOutput`] failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultyError<E> {
    /// On purpose, at this call.
    OnPurpose {
        /// Number of the call, from 0.
        call: u32,
    },
    /// The output itself failed.
    Inner(E),
}

impl<E: fmt::Debug> fmt::Display for FaultyError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnPurpose { call } => write!(f, "call {call} failed on purpose"),
            Self::Inner(error) => write!(f, "{error:?}"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for FaultyError<E> {}

impl<O: Output> FaultyOutput<O> {
    /// Fails `count` calls in a row, the first of them number `from`.
    pub const fn new(inner: O, from: u32, count: u32) -> Self {
        Self { inner, calls: 0, fail_from: from, fail_count: count }
    }

    /// Calls so far.
    pub const fn calls(&self) -> u32 {
        self.calls
    }

    fn call(&mut self) -> Result<&mut O, FaultyError<O::Error>> {
        let call = self.calls;
        self.calls = call.saturating_add(1);
        match call.checked_sub(self.fail_from) {
            Some(since) if since < self.fail_count => Err(FaultyError::OnPurpose { call }),
            _ => Ok(&mut self.inner),
        }
    }
}

impl<O: Output> Output for FaultyOutput<O> {
    type Error = FaultyError<O::Error>;

    fn hardware(&self) -> &Hardware {
        self.inner.hardware()
    }

    fn fits(&self, plan: &Plan<'_>) -> bool {
        self.inner.fits(plan)
    }

    fn repeats(&self) -> bool {
        self.inner.repeats()
    }

    fn one_shot_us(&self) -> Option<u32> {
        self.inner.one_shot_us()
    }

    fn begin(&mut self, frame: &Admitted<'_>) -> Result<(), Self::Error> {
        self.inner.begin(frame).map_err(FaultyError::Inner)
    }

    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), Self::Error> {
        self.call()?.apply(edges).map_err(FaultyError::Inner)
    }

    fn channel_off(&mut self, channel: u8) -> Result<(), Self::Error> {
        self.call()?.channel_off(channel).map_err(FaultyError::Inner)
    }

    fn off(&mut self) -> Result<(), Self::Error> {
        self.call()?.off().map_err(FaultyError::Inner)
    }
}
