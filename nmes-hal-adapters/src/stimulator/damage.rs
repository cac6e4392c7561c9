//! With the feature `fault-injection`: every stored value of a stimulator, for somebody who flips bits in it.

use super::Stimulator;
use crate::alarm::Alarm;
use crate::output::Output;
use crate::sense::Sense;
use nmes_core::flip::{Flip, Walk};

impl<O: Output, A: Alarm, S: Sense, const N: usize> Flip for Stimulator<'_, O, A, S, N> {
    fn flip(&mut self, walk: &mut Walk<'_>) {
        // the parts that belong to a board are damaged there; what only counts or reports is left alone
        let Self { engine, guard, prepared, targets, ending, .. } = self;
        walk.part("engine", engine);
        walk.part("guard", guard);
        walk.part("prepared", prepared);
        walk.part("targets", targets);
        walk.part("ending", ending);
    }
}
