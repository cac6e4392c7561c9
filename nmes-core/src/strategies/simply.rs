//! The plainest value first: what fails is tried with it before anything is made smaller step by step.

use proptest::prelude::*;
use proptest::strategy::{NewTree, ValueTree};
use proptest::test_runner::TestRunner;

/// Values of `otherwise`, which shrink to `simple` at once where that will do, and in their own way where it will not.
///
/// The alternatives of a `prop_oneof!` are tried one by one from the last to the first, and the first that does not fail
/// ends that: a schedule that needs an input to run would keep all before it from being tried.
pub(super) fn simply<S: Strategy>(simple: S::Value, otherwise: S) -> Simply<S>
where
    S::Value: Clone,
{
    Simply { simple, otherwise }
}

/// See [`simply`].
#[derive(Clone, Debug)]
pub(super) struct Simply<S: Strategy> {
    simple: S::Value,
    otherwise: S,
}

impl<S: Strategy> Strategy for Simply<S>
where
    S::Value: Clone,
{
    type Tree = SimplyTree<S::Tree>;
    type Value = S::Value;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let otherwise = self.otherwise.new_tree(runner)?;
        Ok(SimplyTree { simple: self.simple.clone(), otherwise, tried: Tried::NotYet })
    }
}

/// Whether the plain value was tried.
#[derive(Clone, Copy, Debug)]
enum Tried {
    NotYet,
    /// It is the current one.
    Now,
    /// It did not do.
    InVain,
}

/// One value and what it shrinks to.
#[derive(Clone, Debug)]
pub(super) struct SimplyTree<T: ValueTree> {
    simple: T::Value,
    otherwise: T,
    tried: Tried,
}

impl<T: ValueTree> ValueTree for SimplyTree<T>
where
    T::Value: Clone,
{
    type Value = T::Value;

    fn current(&self) -> T::Value {
        match self.tried {
            Tried::Now => self.simple.clone(),
            Tried::NotYet | Tried::InVain => self.otherwise.current(),
        }
    }

    fn simplify(&mut self) -> bool {
        match self.tried {
            Tried::NotYet => self.tried = Tried::Now,
            Tried::Now => return false,
            Tried::InVain => return self.otherwise.simplify(),
        }
        true
    }

    fn complicate(&mut self) -> bool {
        match self.tried {
            Tried::NotYet => return false,
            Tried::Now => self.tried = Tried::InVain,
            Tried::InVain => return self.otherwise.complicate(),
        }
        true
    }
}
